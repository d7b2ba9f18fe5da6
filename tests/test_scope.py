r"""Scopes: what a statement means, what a heading shadows, where ranges and values come from."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symgrad.answer import Answer
from symgrad.api import Network
from symgrad.errors import NetworkError
from symgrad.exam import Exam
from symgrad.latex import latex
from symgrad.notation import read
from symgrad.scope import Scope
from symgrad.settle import read_scope
from symgrad.solve import solve

ASK = r"\frac{\partial L}{\partial w} = ?"


def answers(*blocks: str) -> list[Answer]:
    """The answers to an exam of displays; one that starts with # is a heading, with For words."""
    text = "\n\n".join(b if b.startswith(("#", "For ")) else f"$$\n{b}\n$$" for b in blocks)
    return list(solve(Exam.parse(text + "\n")).answers)


def found(*blocks: str) -> list[str]:
    """The answers as LaTeX."""
    return [a.latex for a in answers(*blocks)]


def scope(*blocks: str, outer: Scope | None = None) -> Scope:
    """The scope of some formulas."""
    return read_scope([read(b) for b in blocks], outer)


# Ranges


RANGES = {
    "after the equation": [r"z_i = w x_i, \quad i = 1, \dots, n", r"L = \sum_{i=1}^n z_i"],
    "before it": [r"i = 1, \dots, n", r"z_i = w x_i", r"L = \sum_i z_i"],
    "before it, inline": [r"For $i = 1, \dots, n$ let $z_i = w x_i$ and $L = \sum_i z_i$."],
    "between bounds": [r"z_i = w x_i, \quad 1 \le i \le n", r"L = \sum_i z_i"],
    "between bounds, before it": [r"For $1 \le i \le n$ let $z_i = w x_i$, $L = \sum_i z_i$."],
    "between strict bounds": [r"z_i = w x_i, \quad 0 < i < n + 1", r"L = \sum_i z_i"],
    "in a set": [r"z_i = w x_i, \quad i \in \{1, \dots, n\}", r"L = \sum_i z_i"],
    "in words": [r"z_i = w x_i \quad \text{for all } i = 1, \dots, n", r"L = \sum_i z_i"],
    "from a shape": [r"x \in \mathbb{R}^n", r"L = \sum_i w x_i"],
    "under the sum": [r"L = \sum_{1 \le i \le n} w x_i"],
    "of a tensor defined above": [r"z_i = w x_i, i = 1, \dots, n", r"L = \sum_k z_k"],
}


@pytest.mark.parametrize("name", RANGES)
def test_a_range_is_said_in_many_ways(name: str) -> None:
    assert found(*RANGES[name], ASK) == [r"\sum_{i=1}^{n} x_i"]


def test_a_range_may_start_anywhere() -> None:
    blocks = [r"z_i = w x_i, \quad i = 0, \dots, n-1", r"L = \sum_{i=0}^{n-1} z_i", ASK]
    assert found(*blocks) == [r"\sum_{i=0}^{n-1} x_i"]


def test_a_range_of_one_display_serves_the_next_and_an_inner_scope() -> None:
    first = r"z_i = w x_i, \quad i = 1, 2"
    assert found(first, r"L = \sum_i z_i", ASK) == ["x_1 + x_2"]
    assert found(first, "# In", r"L = \sum_i z_i", ASK) == ["x_1 + x_2"]


def test_a_given_size_is_put_in_everywhere() -> None:
    general = [r"z_i = w x_i, \quad i = 1, \dots, n", r"L = \sum_{i=1}^n z_i"]
    assert found(*general, "n = 3", ASK) == ["x_1 + x_2 + x_3"]
    assert found("n = 3", *general, ASK) == ["x_1 + x_2 + x_3"]
    inner = found(*general, "# A", "n = 2", ASK, "# B", ASK)
    assert inner == ["x_1 + x_2", r"\sum_{i=1}^{n} x_i"]


# Facts and remarks


def test_a_comparison_of_sizes_is_a_fact() -> None:
    conv = r"z_i = \sum_{j=1}^m k_j x_{i+j-1}, \quad i = 1, \dots, n"
    network = scope(conv, r"m \le n").network
    assert network.sizes == {"m", "n"}
    assert not network.facts.contradictory()


@pytest.mark.parametrize(
    "remark",
    [
        r"\lambda \ge 0", r"\lambda > 0.5", r"0 < \lambda < 1", r"x_i > 0", r"3 < 4", "w > w^2 / 2",
        r"5 \cdot 5 = 25", r"(4 - 2) / 2 + 1 = 2", r"w \ne 0",
    ],
)  # fmt: skip
def test_a_remark_about_values_changes_nothing(remark: str) -> None:
    blocks = (r"L = \lambda w + \sum_{i=1}^n x_i", ASK, r"\theta = ?")
    assert found(*blocks, remark) == found(remark, *blocks) == found(*blocks)


# Values, functions, data


def test_values_make_numbers_and_an_inner_scope_has_its_own() -> None:
    values = answers("L = w x", "## A", "w = 2, x = 3", "L = ?", ASK, "## B", "x = 7", ASK)
    assert [a.value for a in values] == [6, 3, 7]


def test_a_value_in_an_inner_scope_shadows_an_equation() -> None:
    (answer,) = answers("z = w x, L = z^2", "# A", "z = 5", r"\frac{\partial L}{\partial z} = ?")
    assert answer.latex == "2 z"
    assert answer.value == 10


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_function_is_known_to_every_display_of_its_heading(order: tuple[int, ...]) -> None:
    displays = ["f(x) = g(x) w", "g(t) = t^2", "L = f(3) + f(2 a)"]
    assert found(*(displays[k] for k in order), ASK) == ["9 + (2 a)^2"]


def test_the_argument_of_a_function_that_is_called_is_no_parameter() -> None:
    assert found("f(x) = w x + b", "L = f(2)^2", r"\theta = ?") == ["w, b"]
    assert found("f(x) = w x + b", "L = f(x)^2", r"\theta = ?") == ["w, x, b"]


def test_data_are_no_parameters_even_below_a_heading() -> None:
    blocks = (r"L = (w x - y)^2, \quad (x, y) \sim \mathcal D", "## A", r"\theta = ?")
    assert found(*blocks) == ["w"]


# Headings


def test_an_equation_shadows_the_outer_one_until_its_heading_ends() -> None:
    exam = ["L = w x", "## A", "L = w^2", ASK, "### A1", ASK, "## B", ASK, "## A", "L = 3 w", ASK]
    assert found(*exam) == ["2 w", "2 w", "x", "3"]


def test_what_builds_on_a_shadowed_name_follows_it() -> None:
    assert found("z = w x, L = z^2", "# A", "z = 3 w", ASK) == ["6 z"]


def test_a_given_gradient_shadows_the_outer_one() -> None:
    exam = [
        "z = w x, v = z^2, L = v^3",
        "## A", r"\delta = \frac{\partial L}{\partial v}", ASK,
        "### B", r"\delta = \frac{\partial L}{\partial z}", ASK,
        "## C", ASK,
    ]  # fmt: skip
    assert found(*exam) == [r"2 \delta z x", r"\delta x", "6 v^2 z x"]


def test_a_bias_may_be_the_entry_zero_of_another_name() -> None:
    blocks = ("L = w x + w_0", ASK, r"\frac{\partial L}{\partial w_0} = ?", r"\theta = ?")
    assert found(*blocks) == ["x", "1", "w, x, w_0"]


@given(st.permutations(["a = w x", "b = a^2", "c = a + b", "L = c y"]))
def test_the_order_of_definitions_does_not_matter(displays: list[str]) -> None:
    (answer,) = answers(*displays, "w = 2, x = 3, y = 5", ASK)
    assert answer.value == 5 * (1 + 2 * 2 * 3) * 3


@given(st.permutations(["a", "b", "c", "d"]), st.integers(1, 4))
def test_a_cycle_of_any_length_is_refused(names: list[str], length: int) -> None:
    chain = names[:length]
    blocks = [f"{a} = w {b} + 1" for a, b in zip(chain, [*chain[1:], chain[0]], strict=True)]
    with pytest.raises(NetworkError, match="defined through itself") as caught:
        scope(*blocks)
    assert str(caught.value).count("->") == length


@given(st.integers(1, 4), st.integers(0, 3), st.integers(1, 4), st.integers(0, 3))
def test_two_ranges_overlap_exactly_if_they_share_an_entry(a: int, m: int, b: int, n: int) -> None:
    blocks = (rf"z_i = w, i = {a}, \dots, {a + m}", rf"z_i = x, i = {b}, \dots, {b + n}")
    if set(range(a, a + m + 1)) & set(range(b, b + n + 1)):
        with pytest.raises(NetworkError, match="second definition"):
            scope(*blocks)
    else:
        assert len(scope(*blocks).network.equations) == 2


@given(st.integers(-1, 6), st.integers(1, 4))
def test_an_entry_is_asked_for_exactly_in_its_range(k: int, n: int) -> None:
    asked = rf"\frac{{\partial L}}{{\partial w_{{{k}}}}} = ?"
    blocks = (rf"L = \sum_{{i=1}}^{{{n}}} w_i x_i", asked)
    if 1 <= k <= n:
        assert found(*blocks) == [f"x_{k}"]
    else:
        with pytest.raises(NetworkError, match=f"expected an index from 1 to {n}"):
            found(*blocks)


def test_questions_keep_their_left_side_as_it_is_written() -> None:
    asked = scope(r"L = w x, \quad \dfrac{ \partial L }{ \partial w } = ?").questions
    assert [(q.latex, latex(q.left)) for q in asked] == [
        (r"\dfrac{ \partial L }{ \partial w }", r"\frac{\partial L}{\partial w}")
    ]


def test_a_gradient_is_not_given_of_what_does_not_depend_on_it() -> None:
    with pytest.raises(NetworkError, match="beside an equation of L that does not read z"):
        Network(r"z = x^2, \delta = \frac{\partial L}{\partial z}, L = 3 x")
    # J depends on z through S, of which only the gradient is known
    net = Network(
        r"z = w x, J = \frac{1}{m} S, \delta = \frac{\partial S}{\partial z}, d = \frac{\partial J}{\partial w}"
    )
    assert net.answer(r"\frac{\partial J}{\partial w}").latex
    # the L of an inner heading is its own
    exam = Exam.parse(
        "# Outer\n\n$$\nz = x^2, \\quad \\delta = \\frac{\\partial L}{\\partial z}\n$$\n\n"
        "## Inner\n\n$$\nL = 3 x, \\qquad \\frac{\\partial L}{\\partial x} = ?\n$$\n"
    )
    assert [a.latex for a in solve(exam).answers] == ["3"]
