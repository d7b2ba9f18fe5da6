r"""Conditional bars: p(y = k \mid x) is one name, with the indices that stand in it."""

from __future__ import annotations

import pytest

from symgrad.errors import NotationError
from symgrad.exam import Exam
from symgrad.expr import Ref, num
from symgrad.grade import check
from symgrad.latex import latex
from symgrad.notation import read_expression
from symgrad.solve import solve
from symgrad.text import text

EXAM = r"""# 1

$$s_{tk} = \sum_{d=1}^{D} a_{kd} u_{td}, \qquad q(z=k\,|\,u_t) = \frac{e^{s_{tk}}}{\sum_{j=1}^{K} e^{s_{tj}}}, \quad k = 1, \dots, K, \quad t = 1, \dots, T$$

$$c_t \in \{1, \dots, K\}$$

$$L = -\sum_{t=1}^{T} \log q(z=c_t \mid u_t)$$

$$\frac{\partial L}{\partial a_{kd}} = ? \qquad \frac{\partial L}{\partial q(z=k\,|\,u_t)} = ?$$
"""


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        (r"\frac{\partial L}{\partial a_{kd}} = \sum_{t=1}^{T} u_{td} (q(z=k\mid u_t) - \mathbf{1}[c_t = k])", "Equal"),
        (r"\frac{\partial L}{\partial a_{kd}} = \sum_{t=1}^{T} u_{td} (\mathbf{1}[c_t = k] - q(z=k\,|\,u_t))", "Differs"),
        (r"\frac{\partial L}{\partial a_{kd}} = \sum_{t=1}^{T} u_{td} (q(z=1\mid u_t) - \mathbf{1}[c_t = k])", "Differs"),
        (r"\frac{\partial L}{\partial q(z=k\,|\,u_t)} = -\frac{\mathbf{1}[c_t = k]}{q(z=k\,|\,u_t)}", "Equal"),
    ],
)  # fmt: skip
def test_a_probability_is_a_name_with_indices(formula: str, found: str) -> None:
    claims = check(f"$${formula}$$", Exam.parse(EXAM)).claims
    assert [c.verdict.name for c in claims if c.verdict is not None] == [found]


def test_answers_write_the_name_as_it_is_written() -> None:
    told = [a.latex for a in solve(Exam.parse(EXAM)).answers]
    assert told[1] == r"-\frac{1}{q(z = k \mid u_{t})}\, \mathbf{1}[c_t = k]"


@pytest.mark.parametrize(
    ("formula", "name", "indices"),
    [
        (r"p(y=k|x;\theta)", r"p(y = #1 \mid x; \theta)", (Ref("k"),)),
        (r"p_\theta(y = 1 \mid x)", r"p_{\theta}(y = #1 \mid x)", (num(1),)),
        (r"p(j | i)", r"p(#1 \mid #2)", (Ref("j"), Ref("i"))),
        (r"p(x_i \mid z_i)", r"p(x_{#1} \mid z_{#1})", (Ref("i"),)),
        (r"p(y | x)", r"p(y \mid x)", ()),
    ],
)
def test_what_runs_in_it_is_an_index(formula: str, name: str, indices: tuple[Ref, ...]) -> None:
    found = read_expression(formula)
    assert found == Ref(name, indices)
    assert "#" not in latex(found) + text(found)


def test_a_letter_with_a_range_is_an_index_behind_the_bar_too() -> None:
    exam = (
        r"$$L = \sum_{t=1}^{T} b_t p(y | t)^2$$"
        + "\n\n"
        + r"$$\frac{\partial L}{\partial p(y | t)} = ?$$"
    )
    assert [a.latex for a in solve(Exam.parse(exam)).answers] == [r"2 b_t p(y \mid t)"]


@pytest.mark.parametrize("formula", [r"p(y=k+1|x)", r"(a | b)", r"a \mid b", r"p(2 x | y)"])
def test_other_bars_are_refused(formula: str) -> None:
    with pytest.raises(NotationError, match="conditional bar"):
        read_expression(formula)


@pytest.mark.parametrize("formula", ["|a| + |b|", "(|x| + 1)", r"p(|x|)", r"p(\left|x\right|)"])
def test_absolute_values_are_no_conditional_bars(formula: str) -> None:
    assert "\\mid" not in latex(read_expression(formula))
