"""What a fair teacher would say: right answers in other words and forms keep their points, and what
is not read, or said of a special case, is no mistake."""

from __future__ import annotations

from fractions import Fraction

import pytest

from symgrad.compare import equal
from symgrad.errors import SymgradError
from symgrad.exam import Exam
from symgrad.grade import check
from symgrad.mark import Report
from symgrad.report import lines
from symgrad.solve import solve
from symgrad.verdict import Differs

SIGMOID = r"""## 1. Gate (3 points)

$$f = \frac{1}{1 + e^{-(u a + v b + c)}}, \quad u = 2, a = -1, v = -3, b = -2, c = -3$$

$$f = ? \qquad \frac{\partial f}{\partial u} = ? \qquad \frac{\partial f}{\partial a} = ?$$
"""
UNIT = r"""## 1. Unit (2 points)

$$z = w x + b, \quad h = \tanh(z), \quad L = \tfrac12 (h - y)^2$$

$$\frac{\partial L}{\partial h} = ? \qquad \frac{\partial L}{\partial w} = ?$$
"""


def marked(work: str, exam: str) -> Report:
    return check(work + "\n", Exam.parse(exam))


def earned(work: str, exam: str) -> list[Fraction | None]:
    return [a.earned for a in marked(work, exam).answers]


def full(work: str, exam: str) -> bool:
    """All the points, and nothing called wrong."""
    report = marked(work, exam)
    return not report.wrong and all(a.earned == a.points for a in report.answers)


# -- numbers --------------------------------------------------------------------------------------


def test_exact_values_of_a_gradient_are_equal_in_their_first_digits() -> None:
    work = r"""$f = \frac{1}{1+e^{-1}}$, $\frac{\partial f}{\partial u} = -\frac{e^{-1}}{(1+e^{-1})^2}$,
$\frac{\partial f}{\partial a} = \frac{2e}{(1+e)^2}$"""
    assert full(work, SIGMOID)


def test_arithmetic_with_rounded_numbers_is_no_wrong_step() -> None:
    work = """f = 0.73, df/du = f(1-f) a = 0.73*0.27*(-1) = -0.20, df/da = 0.2 * 2 = 0.4"""
    assert full(work, SIGMOID)
    assert earned("f = 0.74, df/du = 0.73*0.27, df/da = -0.39", SIGMOID) == [0, 0, 0]


# -- suppositions ---------------------------------------------------------------------------------

UNIT_ANSWERS = (
    r"$\frac{\partial L}{\partial h} = h - y$, $\frac{\partial L}{\partial w} = (h-y)(1-h^2)x$."
)


@pytest.mark.parametrize(
    "aside",
    [
        r"If $x = 0$ then $\frac{\partial L}{\partial w} = 0$.",
        r"If $h = y$, $\frac{\partial L}{\partial w} = 0$ and $w$ is not learned.",
        r"$\frac{\partial L}{\partial w} = 0$ when $x = 0$.",
        r"At a minimum $\frac{\partial L}{\partial w} = 0$, thus $h = y$.",
        r"Setting $\frac{\partial L}{\partial h} = 0$ gives $h = y$.",
        r"For example, with $h = 1$, $y = 0$ this is $1$.",
        r"E.g. if $x = 2$ and $h = 0.5$ it is small.",
        r"At $x = 0$ we have $\frac{\partial L}{\partial w} = 0$.",
        "If x = 0 then dL/dw = 0.",
        r"Check: $w = 0, b = 0, x = 1, y = 1$ gives $h = 0$ and $\frac{\partial L}{\partial w} = -1$.",
        r"When the unit saturates ($h = 1$), $\frac{\partial L}{\partial w} = 0$.",
        r"When the unit saturates, $\frac{\partial L}{\partial w} = 0$.",
    ],
)
def test_what_is_said_of_a_special_case_takes_no_right_answer_back(aside: str) -> None:
    assert full(f"{UNIT_ANSWERS} {aside}", UNIT)
    assert full(f"{aside} In general {UNIT_ANSWERS}", UNIT)


@pytest.mark.parametrize(
    "work",
    [
        r"When we apply the chain rule we get $\frac{\partial L}{\partial w} = (h-y)x$.",
        r"For the weight we find $\frac{\partial L}{\partial w} = (h-y)x$.",
        r"Looking at $\frac{\partial L}{\partial w} = (h-y)x$ we see it is not zero.",
        r"If $x = 0$ nothing is learned. But $\frac{\partial L}{\partial w} = (h-y)x$.",
        "- for $x = 0$ nothing\n" + r"- $\frac{\partial L}{\partial w} = (h-y)x$",
        r"In the maximum likelihood setting, $\frac{\partial L}{\partial w} = (h-y)x$.",
        r"If $h = \tanh(z)$, then $\frac{\partial L}{\partial w} = (h-y)x$.",
    ],
)
def test_words_that_suppose_nothing_hide_no_mistake(work: str) -> None:
    assert marked(work, UNIT).answers[1].verdict.name == "Differs"


def test_two_letters_that_are_compared_are_no_definition() -> None:
    exam = r"""## 1. P (1 point)

$$L = \log \sum_{j=1}^{K} e^{z_j}$$

$$\frac{\partial^2 L}{\partial z_k \partial z_l} = ?$$
"""
    work = r"""With $p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}$, for $k = l$ it is small. In general
$\frac{\partial^2 L}{\partial z_k \partial z_l} = p_k \mathbf{1}[k = l] - p_k p_l$."""
    assert full(work, exam)


def test_a_gradient_that_is_only_supposed_is_for_a_person() -> None:
    assert earned(r"It works if $\frac{\partial L}{\partial w} = (h-y)x$.", UNIT)[1] is None


# -- what is not read -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "work",
    [
        r"$\frac{\partial L}{\partial w} = (h-y) \operatorname{sech}^2(z) x$",
        r"$\frac{\partial L}{\partial w}$ is $(h-y)(1-h^2)x$.",
        r"(1) $\frac{\partial L}{\partial w} \to (h-y)(1-h^2)x$",
    ],
)
def test_an_answer_that_cannot_be_read_costs_no_points(work: str) -> None:
    assert earned(work, UNIT)[1] is None


def test_what_is_not_read_in_one_part_leaves_another_without_an_answer() -> None:
    work = r"# 1\n\n$\frac{\partial L}{\partial w} \to x$\n"
    exam = UNIT + "\n## 2. Q (1 point)\n\n$$L = a b$$\n\n$$\\frac{\\partial L}{\\partial a} = ?$$\n"
    assert earned(work.replace("\\n", "\n"), exam) == [None, None, 0]


# -- vectors and matrices -------------------------------------------------------------------------

SOFTMAX = r"""## 1. Classifier (4 points)

$$z_k = \sum_{j=1}^{d} w_{kj} x_j + b_k, \quad k = 1, \dots, K, \quad p_k = \frac{e^{z_k}}{\sum_{l=1}^{K} e^{z_l}}$$

$$L = -\sum_{k=1}^{K} y_k \log p_k, \quad \sum_{k=1}^{K} y_k = 1$$

$$\frac{\partial L}{\partial z_k} = ? \qquad \frac{\partial L}{\partial w_{kj}} = ? \qquad
\frac{\partial L}{\partial x_j} = ? \qquad \frac{\partial L}{\partial b_k} = ?$$
"""


@pytest.mark.parametrize(
    "work",
    [
        r"$\nabla_z L = p - y$, $\nabla_w L = (p - y) x^\top$, $\nabla_x L = w^\top (p - y)$, "
        r"$\nabla_b L = p - y$",
        r"Let $\delta = p - y$. $\frac{\partial L}{\partial z} = \delta$, "
        r"$\frac{\partial L}{\partial W} = \delta x^T$, $\frac{\partial L}{\partial x} = W^T \delta$, "
        r"$\frac{\partial L}{\partial b} = \delta$",
    ],
)
def test_an_exam_with_indices_may_be_answered_with_matrices(work: str) -> None:
    assert full(work, SOFTMAX)


def test_a_matrix_whose_shape_the_exam_does_not_say_is_never_called_wrong() -> None:
    work = r"$\nabla_z L = p - y$, $\nabla_w L = x (p - y)^\top$, $\nabla_x L = w (p - y)$"
    assert earned(work, SOFTMAX) == [1, None, None, 0]
    assert not marked(work, SOFTMAX).wrong
    assert not marked(r"$\nabla_x L = V^\top (p - y)$", SOFTMAX).wrong


# -- typed without LaTeX --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "work",
    [
        "dL/dh = h - y\ndL/dw = (h-y)(1-h^2)\n  * x",
        "dL/dh = h - y\ndL/dw = (h-y)(1-tanh(z)^2) x\n      = (h-y)(1-h^2) x",
        "dL/dh = h - y\ndL/dw = (h-y) *\n (1-h^2) x",
        "- dL/dh = h - y\n- dL/dw = (h-y)(1-h^2)x",
        "dL/dh = h - y (power rule)\ndL/dw = (h-y)(1-h^2)x (chain rule)",
        "dL/dh = h - y ✓\ndL/dw = (h-y)(1-h^2)x ∎",
        "**dL/dh = h - y**\n\n**dL/dw = (h - y)(1 - h^2) x**",
        "dL/dh = tanh(wx+b) - y\ndL/dw = (tanh(wx+b) - y) * (1 - tanh(wx+b)^2) * x",
        "dL/dh = h - y\ndL/dw = (h-y) x (1-h^2)",
        "dL/dh = h - y\ndL/dw = (h-y) x (1-h^2) x",
    ],
)
def test_typed_answers_are_read_to_their_end(work: str) -> None:
    assert full(work, UNIT)


def test_a_point_between_factors_ends_no_formula() -> None:
    for work in (r"$\frac{\partial L}{\partial w} = (h-y).(1-h^2).x$", "dL/dw = (h-y).(1-h^2).x"):
        assert not any(c.kind == "answer" for c in marked(work, UNIT).claims)
        assert earned(work, UNIT)[1] is None


def test_a_line_that_goes_on_is_no_answer_by_itself() -> None:
    assert earned("dL/dw = (h-y)(1-h^2)x\n * 2", UNIT) == [0, Fraction(1, 2)]
    assert earned("dL/dh = h - y\n- see above", UNIT)[0] == 1


@pytest.mark.parametrize(
    "listed", ["θ = {a, w}", "θ = a, w", "θ = w and a.", "dL/da = d, θ = a, w"]
)
def test_typed_lists_of_parameters(listed: str) -> None:
    exam = "## 1. P (1 point)\n\n$$z = w x + a, L = z^2, x \\sim D$$\n\n$$\\theta = ?$$\n"
    assert earned(listed, exam) == [1]


def test_letters_that_stand_together_are_products_of_known_names() -> None:
    exam = r"""## 1. P (1 point)

$$f = (x + y) z, \quad x = -2, y = 5, z = -4$$

$$f = ?$$
"""
    assert full("Let q = x + y = 3. Then f = qz = -12.", exam)


# -- parts and names ------------------------------------------------------------------------------

LAYER = r"""## 1. Layer (4 points)

$$z_i = \sum_{j=1}^{d} w_{ij} x_j + b_i, \quad i = 1, \dots, h, \quad a_i = \sigma(z_i), \quad L = \sum_{i=1}^{h} v_i a_i$$

### (b) i. Output weights (1 point)

$$\frac{\partial L}{\partial v_i} = ?$$

### (b) ii. Sums (1 point)

$$\frac{\partial L}{\partial z_i} = ?$$

### (c) Weights (2 points)

$$\frac{\partial L}{\partial w_{ij}} = ? \qquad \frac{\partial L}{\partial b_i} = ?$$
"""


def test_parts_of_one_letter_are_told_apart_by_what_they_ask() -> None:
    work = r"""1b) i) $\frac{\partial L}{\partial v_i} = a_i$

1b) ii) $\frac{\partial L}{\partial z_i} = v_i a_i (1-a_i)$"""
    assert earned(work, LAYER) == [1, 1, 0, 0]


def test_a_gradient_that_is_worked_out_in_one_part_may_be_used_in_another() -> None:
    right = r"""1b) ii) $\frac{\partial L}{\partial z_i} = v_i a_i (1-a_i)$

1c) $\frac{\partial L}{\partial w_{ij}} = \frac{\partial L}{\partial z_i} x_j$,
$\frac{\partial L}{\partial b_i} = \frac{\partial L}{\partial z_i} \cdot 1$"""
    assert earned(right, LAYER) == [0, 1, 1, 1]
    wrong = right.replace("(1-a_i)", "")
    assert earned(wrong, LAYER)[2:] == [0, 0]
    assert earned(right.split("\n\n")[1], LAYER)[2:] == [0, 0]


def test_a_gradient_may_be_answered_by_the_name_that_the_work_gives_it() -> None:
    work = r"""Let $g = \frac{\partial L}{\partial h}$. Then $g = %s$
and $\frac{\partial L}{\partial w} = g (1-h^2) x$."""
    assert full(work % "h - y", UNIT)
    report = marked(work % "y - h", UNIT)
    assert [c.latex for c in report.wrong] == ["g = y - h"]


STATES = r"""## 1. States (3 points)

$$h_t = u h_{t-1} + v x_t, \quad t = 1, \dots, T, \quad L = \tfrac12 (h_T - y)^2$$

$$\frac{\partial L}{\partial h_T} = ? \qquad \frac{\partial L}{\partial h_t} = ?$$
"""


def test_a_general_gradient_that_is_not_judged_takes_no_special_one_back() -> None:
    work = r"""$\frac{\partial L}{\partial h_T} = h_T - y$ and for $t < T$
$\frac{\partial L}{\partial h_t} = u \frac{\partial L}{\partial h_{t+1}}$."""
    assert earned(work, STATES)[0] == Fraction(3, 2)
    named = r"Let $\delta_t = \frac{\partial L}{\partial h_t}$. Then $\delta_T = h_T - y$."
    assert earned(named, STATES)[0] == Fraction(3, 2)


def test_what_is_zero_beyond_an_edge_is_no_claim() -> None:
    exam = r"""## 1. P (1 point)

$$z_i = \sum_{j=1}^{m} k_j x_{i+j-1}, \quad i = 1, \dots, n, \quad \delta_i = \frac{\partial L}{\partial z_i}$$

$$\frac{\partial L}{\partial x_l} = ?$$
"""
    work = r"""$\frac{\partial L}{\partial x_l} = \sum_{j=1}^{m} k_j \delta_{l-j+1}$,
where $\delta_i = 0$ outside $1, \dots, n$."""
    assert not marked(work, exam).wrong


def test_a_name_with_a_prime_that_the_exam_has_is_no_derivative() -> None:
    exam = r"""## 1. P (2 points)

$$s' = f s + i g, \quad h = o \tanh(s'), \quad \delta = \frac{\partial L}{\partial h}$$

$$\frac{\partial L}{\partial s'} = ? \qquad \frac{\partial L}{\partial f} = ?$$
"""
    work = r"""$\frac{\partial L}{\partial s'} = \delta o (1 - \tanh^2(s'))$,
$\frac{\partial L}{\partial f} = \delta o (1 - \tanh^2(s')) s$"""
    assert full(work, exam)


# -- what is said ---------------------------------------------------------------------------------


def test_a_counterexample_satisfies_what_its_names_make_of_one_another() -> None:
    exam = UNIT.replace(r"\tanh(z)", r"\max(0, z)")
    work = r"$\frac{\partial L}{\partial h} = h - y$, $\frac{\partial L}{\partial w} = (h - y) x$"
    (wrong,) = marked(work, exam).wrong
    found = wrong.verdict
    assert isinstance(found, Differs)
    values = {name: Fraction(x) for name, x in found.counterexample.values.items()}
    assert values.keys() == {"z", "x", "y"}
    h = max(Fraction(0), values["z"])
    right = (h - values["y"]) * (values["z"] > 0) * values["x"]
    assert (right, (h - values["y"]) * values["x"]) == (
        found.counterexample.left,
        found.counterexample.right,
    )


def test_a_link_that_is_wrong_as_the_one_before_says_so() -> None:
    exam = UNIT.replace(r"\tanh(z)", r"\max(0, z)")
    work = (
        r"$\frac{\partial L}{\partial w} = \frac{\partial L}{\partial h}\frac{\partial h}{\partial w}"
        r" = (h - y) x$"
    )
    told = [text.strip() for text, _ in lines(marked(work, exam))]
    assert told.count("as in the formula above") == 1


def test_a_setting_of_a_name_among_words_is_listed() -> None:
    assert [c.kind for c in marked("we take y = 3 apples", UNIT).claims] == ["unread"]
    assert not marked("we take seed = 3 apples and k = 5 folds", UNIT).claims


def test_an_entry_of_a_declared_matrix_has_two_indices() -> None:
    given = r"A \in \mathbb{R}^{2 \times 2}"
    assert equal("A_{11} + A_{22}", r"\operatorname{tr}(A)", given).name == "Equal"
    assert equal("A_{12}", "A_{1,2}", given).name == "Equal"
    assert equal("A_{12}", "A_{2,1}", given).name == "Differs"
    assert equal("x_{12}", "x_{1,2}", r"x \in \mathbb{R}^{20}").name == "Invalid"


@pytest.mark.parametrize("given", [r"a \ne b", r"a, b \in \{1, \dots, n\}, a \ne b"])
def test_integers_that_are_given_to_differ_are_never_equal_in_a_counterexample(given: str) -> None:
    assert equal("x_a [a = b]", "0", given).name == "Equal"
    assert equal(r"[a \ne b]", "1", given).name == "Equal"
    assert equal(r"[a=v][E_a \ge E_b]", "[a=v][E_a > E_b]", given).name == "EqualExceptTies"
    found = equal("x_a", "x_b", given)
    assert isinstance(found, Differs)
    assert found.counterexample.sizes["a"] != found.counterexample.sizes["b"]
    assert equal("x_a [a = b]", "0", "a, b \\in \\{1, \\dots, n\\}").name == "Differs"


def test_a_constant_is_no_slip_of_a_formula() -> None:
    work = r"$\frac{\partial L}{\partial h} = h - y$, $\frac{\partial L}{\partial w} = 0$"
    (wrong,) = marked(work, UNIT).wrong
    assert isinstance(wrong.verdict, Differs)
    assert not wrong.verdict.slip
    assert earned(work, UNIT) == [1, 0]


def test_what_says_what_a_new_name_is_is_no_mistake() -> None:
    exam = r"""## 1. P (1 point)

$$L = \tfrac12 \sum_{i=1}^{d} (e^{v_i} - v_i)$$

$$\frac{\partial L}{\partial v_i} = ?$$
"""
    report = marked(
        r"With $s_i^2 = e^{v_i}$, $\frac{\partial L}{\partial v_i} = \frac12 (s_i^2 - 1)$.", exam
    )
    assert not report.wrong
    assert len(marked("$(a + b)^2 = a^2 + b^2$", exam).wrong) == 1


def test_a_vector_as_an_index_is_refused_with_its_place() -> None:
    exam = r"""$$a, p \in \mathbb{R}^k, \quad d_p = \lVert a - p \rVert^2, \quad L = d_p^2$$

$$\frac{\partial L}{\partial a} = ?$$
"""
    with pytest.raises(SymgradError, match="found the array p as an index of d_p"):
        solve(Exam.parse(exam))


def test_a_count_that_stands_beside_no_layer_costs_no_points() -> None:
    exam = """## 1. Sizes (4 points)

| Layer         | Output size | Parameters |
| ------------- | ----------- | ---------- |
| INPUT 28×28×1 |             |            |
| CONV5-8 valid | ?           | ?          |
| POOL2         | ?           | ?          |
"""
    work = "We find 24 × 24 × 8, with 208 of them, and then a half of it."
    assert earned(work, exam) == [None, None, 0, 0]


def test_parameters_that_are_listed_in_words_cost_no_points() -> None:
    exam = "## 1. P (1 point)\n\n$$z = w x + a, L = z^2, x \\sim D$$\n\n$$\\theta = ?$$\n"
    assert earned("The parameters are w and a.", exam) == [None]
    assert earned("The parameters are many.", exam) == [0]


TYPED = [
    "The answers: `dL/dh = h - y` and `dL/dw = (h - y) * (1 - h^2) * x`.",
    "```\ndL/dh = h - y\ndL/dw = (h - y) (1 - h^2) x\n```",
    "~~~ text\ndL/dh = h - y\n\ndL/dw = (h - y) (1 - h^2) x\n~~~",
    "``dL/dh = h - y``, then $\\frac{\\partial L}{\\partial w} = (h - y) (1 - h^2) x$",
]


@pytest.mark.parametrize("work", TYPED)
def test_equations_between_backticks_are_read(work: str) -> None:
    assert earned(work, UNIT) == [1, 1]


PROGRAMS = [
    "`dh = np.subtract(h, y)`, `dL/dh == h - y`, `f(x=1)`",
    "```python\ndL = h + y\n```",
    "```\nimport numpy\ndL/dh = h + y\n```",
    "```\nfor i in x:\n    dL/dh = h + y\n```",
]


@pytest.mark.parametrize("work", PROGRAMS)
def test_programs_are_no_claims(work: str) -> None:
    assert marked(work, UNIT).claims == ()


JACOBIAN = r"""## 1. Softmax (2 points)

$$p_i = \frac{e^{z_i}}{\sum_{k=1}^n e^{z_k}}, \quad i = 1, \dots, n, \qquad \frac{\partial p_i}{\partial z_j} = ?$$
"""
DIAGONAL = r"$\frac{\partial p_i}{\partial z_i} = p_i (1 - p_i)$"


def test_a_diagonal_entry_is_no_answer_for_every_entry() -> None:
    assert earned(DIAGONAL, JACOBIAN) == [0]
    (claim,) = marked(DIAGONAL, JACOBIAN).claims
    assert claim.fine
    # with the other entries beside it, under a condition, a person decides
    both = rf"$\frac{{\partial p_i}}{{\partial z_j}} = -p_i p_j$ for $i \ne j$, and {DIAGONAL}"
    assert earned(both, JACOBIAN) == [None]
    assert earned(r"$\frac{\partial p_i}{\partial z_j} = p_i ([i = j] - p_j)$", JACOBIAN) == [2]
    matrix = r"""## 1. Layer (1 point)

$$a_i = \sum_{j=1}^d W_{ij} x_j, \quad i = 1, \dots, h, \qquad L = \sum_{i=1}^h a_i^2, \qquad \frac{\partial L}{\partial W_{ij}} = ?$$
"""
    assert earned(r"$\frac{\partial L}{\partial W_{ii}} = 2 a_i x_i$", matrix) == [0]
    assert earned(r"$\frac{\partial L}{\partial W_{rs}} = 2 a_r x_s$", matrix) == [1]


PRIMED = r"""## 1. Gate (1 point)

$$f(x) = x^2 \sigma(x), \qquad f'(x) = ?$$
"""


@pytest.mark.parametrize("left", ["f'(x)", r"\frac{df}{dx}", r"\frac{\partial f}{\partial x}"])
def test_a_derivative_that_is_asked_with_a_prime_is_answered(left: str) -> None:
    assert earned(rf"${left} = 2 x \sigma(x) + x^2 \sigma(x) (1 - \sigma(x))$", PRIMED) == [1]
    assert earned(rf"${left} = 2 x \sigma(x)$", PRIMED) != [1]
