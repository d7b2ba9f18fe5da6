"""How a document writes: scripts and brackets that are parts of names, in exams and in works."""

from __future__ import annotations

import pytest

from symgrad import check
from symgrad.api import Exam
from symgrad.errors import SymgradError
from symgrad.reading.habits import habits


def verdict(exam: str, work: str) -> list[str]:
    """What is said of the one answer of a work."""
    report = check(f"$$ {work} $$", Exam.parse(exam, "exam.md"))
    return [c.verdict.name for c in report.claims if c.kind == "answer" and c.verdict]


VARIANCE = (
    r"$$ v^2 = w x, \quad L = u^2 v^2 + \log v^2 $$ $$ \frac{\partial L}{\partial v^2} = ? $$"
)
LAYER = (
    r"$$ z^l_i = \sum_{j=1}^{n} w^l_{ij} a^{l-1}_j, \quad i = 1, \dots, m $$"
    "\n\n"
    r"$$ g_i = \frac{\partial C}{\partial z^l_i} $$"
    "\n\n"
    r"$$ \frac{\partial C}{\partial w^l_{ij}} = ? $$"
)
FUNCTION = "$$ f(x) = x^2 e^{c x} $$\n\n$$ f'(x) = ? $$"
LOG = (
    r"$$ L = u v^2, \quad s = \log v $$"
    "\n\n"
    r"$$ \frac{\partial L}{\partial s} = ? $$"
)
SQUARE = (
    r"$$ y[i] = \sum_{k=0}^{2} x[i+k] w[k], \quad i = 0, \dots, n $$"
    "\n\n"
    r"$$ \frac{\partial y[i]}{\partial w[k]} = ? $$"
)
WORKS = [
    (VARIANCE.replace("$$ $$", "$$\n\n$$"), r"\frac{\partial L}{\partial v^2} = u^2 + \frac{1}{v^2}",
     r"\frac{\partial L}{\partial v^2} = u^2 + \frac{2}{v^2}"),
    (LAYER, r"\frac{\partial C}{\partial w^l_{ij}} = \frac{\partial C}{\partial z_i} a^{l-1}_j",
     r"\frac{\partial C}{\partial w^l_{ij}} = g_j a^{l-1}_i"),
    (FUNCTION, r"f'(x) = 2 x e^{c x} + c f(x)", r"f'(x) = 2 x e^{c x} + f(x)"),
    (LOG, r"\frac{\partial L}{\partial s} = 2 u e^{2 s}", r"\frac{\partial L}{\partial s} = 2 u v"),
    (SQUARE, r"\frac{\partial y[i]}{\partial w[k]} = x[i+k]",
     r"\frac{\partial y[i]}{\partial w[k]} = x[i-k]"),
]  # fmt: skip


LABEL = (
    r"$$ q_k = \frac{e^{s_k}}{\sum_{j=1}^{n} e^{s_j}}, \quad k = 1, \dots, n, \quad E = -\log q_c, "
    r"\quad c \in \{1, \dots, n\} $$"
    "\n\n"
    r"$$ \frac{\partial E}{\partial s_k} = ? $$"
)
EACH = (
    r"$$ f(x) = w \sigma(x), \quad L = \sum_{i=1}^{n} f(x_i)^2 $$"
    "\n\n"
    r"$$ \frac{\partial L}{\partial w} = ? $$"
)
WORKS += [
    (LABEL, r"\frac{\partial E}{\partial s_k} = \sum_{j=1}^{n} c_j (q_k - [j = k])",
     r"\frac{\partial E}{\partial s_k} = \sum_{j=1}^{n} c_j (q_j - [j = k])"),
    (EACH, r"\frac{\partial L}{\partial w} = 2 \sum_{i=1}^{n} f(x_i) \frac{\partial f(x_i)}{\partial w}",
     r"\frac{\partial L}{\partial w} = \sum_{i=1}^{n} f(x_i) \frac{\partial f(x_i)}{\partial w}"),
]  # fmt: skip


@pytest.mark.parametrize(("exam", "right", "wrong"), WORKS)
def test_a_work_is_read_with_the_habits_of_its_exam(exam: str, right: str, wrong: str) -> None:
    assert verdict(exam, right) in (["Equal"], ["Agrees"])
    assert verdict(exam, wrong)[0] in ("Differs", "Invalid")


def test_a_square_is_a_square_where_its_root_has_a_name() -> None:
    assert not habits([r"v = w x, \quad L = v^2, \quad v^2 = L"])
    assert not habits([r"\partial L/\partial v, \quad \partial L/\partial v^2"])
    assert not habits(["x^2 = 4"])


def test_a_root_without_a_name_is_refused() -> None:
    with pytest.raises(SymgradError, match=r"found v beside v\^2"):
        Exam.parse("$$ v^2 = w x, L = v^2 y + v $$\n\n$$ L = ? $$", "e.md").solve()


def test_a_derivative_at_another_place_is_refused() -> None:
    with pytest.raises(SymgradError, match="expected the derivative at x"):
        Exam.parse("$$ f(x) = x^2, L = f'(y) w $$\n\n$$ L = ? $$", "e.md").solve()


def test_a_letter_with_a_range_counts_no_layers_of_names() -> None:
    assert r"^{l}" not in habits([r"z^l = w^l x, \quad l = 1, \dots, N"])


def test_a_label_of_capitals_is_one_where_they_stand_for_nothing_else() -> None:
    assert habits([r"E_{AB} = w x"]) == {r"E_{\text{AB}}"}
    assert not habits([r"E_{AB} = w x, \quad A = 1, \dots, n"])
    assert not habits([r"E_{AB} = w A"])


def test_what_holds_for_an_active_unit_is_not_called_wrong() -> None:
    exam = "$$ L = \\max(0, w x) $$\n\n$$ \\frac{\\partial L}{\\partial w} = ? $$"
    assert verdict(exam, r"\frac{\partial L}{\partial w} = x \ \text{(active unit)}") == [
        "Undecided"
    ]


def test_two_letters_below_a_declared_matrix_are_a_label() -> None:
    exam = (
        r"$$ W_{hx} \in \mathbb{R}^{n \times m}, \quad x \in \mathbb{R}^m, \quad z = W_{hx} x, \quad "
        r"\delta = \frac{\partial L}{\partial z} $$"
        "\n\n"
        r"$$ \frac{\partial L}{\partial W_{hx}} = ? $$"
    )
    assert [a.latex for a in Exam.parse(exam, "e.md").solve().answers] == [r"\delta x^\top"]


STEPS = (
    r"$$ h_t, x_t \in \mathbb{R}^n, \quad A \in \mathbb{R}^{n \times n}, \quad B \in \mathbb{R}^{m \times n}, "
    r"\quad o_t \in \mathbb{R}^m, \quad h_t = A h_{t-1} + x_t, \quad o_t = B h_t, \quad t = 1, \dots, T $$"
    "\n\n"
    r"$$ g_t = \frac{\partial L}{\partial o_t} $$"
    "\n\n"
    r"$$ \frac{\partial L}{\partial A} = ? \qquad \frac{\partial L}{\partial B} = ? $$"
)


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (r"\frac{\partial L}{\partial B} = \sum_{t=1}^{T} \frac{\partial L}{\partial o_t} h_t^\top", "Equal"),
        (r"\frac{\partial L}{\partial A} = \sum_{t=1}^{T} \frac{\partial L}{\partial h_t} h_{t-1}^\top", "Equal"),
        (r"\frac{\partial L}{\partial A} = \sum_{t=1}^{T} \frac{\partial L}{\partial h_t} h_t^\top", "Differs"),
        (r"\frac{\partial L}{\partial A} = \sum_{t=1}^{T} (A^\top)^{T-t} B^\top g_t h_{t-1}^\top", "Differs"),
        (r"\frac{\partial L}{\partial A} = \sum_{t=1}^{T} \sum_{k=t}^{T} (A^\top)^{k-t} B^\top g_k h_{t-1}^\top", "Equal"),
    ],
)  # fmt: skip
def test_gradients_of_a_recurrence_may_stand_in_an_answer(work: str, expected: str) -> None:
    assert verdict(STEPS, work) == [expected]
