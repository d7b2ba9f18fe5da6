r"""Gradients through a quantity that is known by its given gradients alone: J = S/m, δ = ∂S/∂z."""

from __future__ import annotations

import pytest

from symgrad.compare import equal
from symgrad.exam import Exam
from symgrad.grade import check
from symgrad.solve import solve

GIVEN = r"\delta_i = \frac{\partial S}{\partial z_i}"
CASES = [
    ("z_i = w x_i, i = 1, \\dots, n", "J = \\frac{1}{n} S", "w"),
    ("z_i = w x_i, i = 1, \\dots, n", "J = S^2 + w^3", "w"),
    ("z_i = w^2 x_i + b, i = 1, \\dots, n", "J = w S + \\sum_{i=1}^{n} z_i^2", "w"),
    ("z_i = w x_i, i = 1, \\dots, n", "J = e^{S} \\sum_{i=1}^{n} z_i", "x_j"),
]


def answer(*blocks: str) -> str:
    """The one answer of an exam."""
    (found,) = solve(Exam.parse("\n\n".join(f"$${b}$$" for b in blocks))).answers
    return found.latex


@pytest.mark.parametrize(("z", "loss", "by"), CASES)
def test_it_is_the_gradient_of_any_such_quantity(z: str, loss: str, by: str) -> None:
    """With S = Σ z³ for the quantity, and δ = 3 z² for its gradient, both ways agree."""
    question = rf"\frac{{\partial J}}{{\partial {by}}} = ?"
    found = answer(z, GIVEN, loss, question)
    known = answer(z, r"S = \sum_{i=1}^{n} z_i^3", loss, question)
    given = rf"{z}; S = \sum_{{i=1}}^{{n}} z_i^3; {loss}; \delta_i = 3 z_i^2, i = 1, \dots, n"
    verdict = equal(found, known, given=given + (", j = 1, \\dots, n" if by == "x_j" else ""))
    assert verdict.name in ("Equal", "Agrees")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"\frac{\partial J}{\partial W} = \frac1m G A^\top", "Equal"),
        (r"\frac{\partial J}{\partial W} = G A^\top", "Differs"),
        (r"\frac{\partial J}{\partial W} = 0", "Differs"),
        (r"\frac{\partial S}{\partial A} = W^\top G", "Equal"),
    ],
)
def test_a_mean_of_losses(text: str, found: str) -> None:
    exam = r"""$$W \in \mathbb{R}^{n \times k}, \quad A \in \mathbb{R}^{k \times m}, \quad Z = W A$$

$$G = \frac{\partial S}{\partial Z}, \qquad J = \frac1m S$$

$$\frac{\partial J}{\partial W} = ? \qquad \frac{\partial S}{\partial A} = ?$$
"""
    claims = check(f"$${text}$$", Exam.parse(exam)).claims
    assert [c.verdict.name for c in claims if c.verdict is not None] == [found]
