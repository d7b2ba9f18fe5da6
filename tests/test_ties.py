"""Where arguments of a maximum tie, every spelling of it keeps the convention that was chosen."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from fractions import Fraction

import pytest

from symgrad.compare import equal
from symgrad.exam import Exam
from symgrad.solve import solve

INDEXED = r"L = \max_{i=1}^{%d} x_i"
WRITTEN = r"L = \max(%s)"


def shares(values: Sequence[int], ties: str, sign: int) -> list[Fraction]:
    """The derivative by each argument, from the words of the convention."""
    best = max(values, key=lambda v: sign * v)
    hits = [k for k, v in enumerate(values) if v == best]
    winners = hits[:1] if ties == "first" else hits
    part = Fraction(1, len(hits)) if ties == "split" else Fraction(1)
    return [part if k in winners else Fraction(0) for k in range(len(values))]


def vectors(n: int) -> Iterator[list[int]]:
    """Values that tie often, all equal ones among them."""
    rng = random.Random(n)
    yield [2] * n
    yield from ([rng.randint(1, 3) for _ in range(n)] for _ in range(5))


def gradients(
    equation: str, names: Sequence[str], values: Sequence[int], ties: str
) -> list[object]:
    given = ", ".join(f"{x} = {v}" for x, v in zip(names, values, strict=True))
    asked = "\n\n".join(rf"$$\frac{{\partial L}}{{\partial {x}}} = ?$$" for x in names)
    exam = Exam.parse(f"---\nties: {ties}\n---\n\n$${equation}, {given}$$\n\n{asked}\n")
    return [a.value for a in solve(exam).answers]


@pytest.mark.parametrize("ties", ["ge", "first", "split"])
@pytest.mark.parametrize("fn", ["max", "min"])
@pytest.mark.parametrize("n", [2, 4])
def test_one_index(n: int, fn: str, ties: str) -> None:
    names = [f"x_{k + 1}" for k in range(n)]
    for values in vectors(n):
        right = shares(values, ties, 1 if fn == "max" else -1)
        indexed = (INDEXED % n).replace("max", fn)
        written = (WRITTEN % ", ".join(names)).replace("max", fn)
        assert gradients(indexed, names, values, ties) == right, values
        assert gradients(written, names, values, ties) == right, values


@pytest.mark.parametrize("ties", ["ge", "first", "split"])
@pytest.mark.parametrize(
    "equation", [r"L = \max_{i=1}^{2} \max_{j=1}^{2} y_{ij}", r"L = \max_{i,j=1}^{2} y_{ij}"]
)
def test_two_indices_in_reading_order(equation: str, ties: str) -> None:
    names = ["y_{11}", "y_{12}", "y_{21}", "y_{22}"]
    nested = "max_{j" in equation and ties == "split"  # each maximum is shared by itself
    for values in vectors(4):
        found = gradients(equation, names, values, ties)
        assert nested or found == shares(values, ties, 1), values


def test_every_path_moves_the_first_one() -> None:
    exam = Exam.parse(
        "---\nties: first\n---\n\n"
        r"$$L = \max_{i=1}^{3} w x_i, x_1 = 2, x_2 = 2, x_3 = 1, w = 1$$"
        "\n\n"
        r"$$\frac{\partial L}{\partial w} = ?$$"
        "\n"
    )
    assert [a.value for a in solve(exam).answers] == [2]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (
            r"\min(y_{2t}, 2)",
            r"\min(\frac{\sum_{i=1}^m [i \le 2] y_{2t} + \sum_{i=1}^m [i > 2] y_{2t}}{m}, 2)",
        ),
        (
            r"\sum_{i=1}^n \log(e^c + 1) x_i [x_1 \le c] x_{i-1+t}",
            r"\log(e^c + 1) x_1 [x_1 \le c] x_t + \sum_{i=2}^n \log(e^c + 1) x_i [x_1 \le c] x_{i-1+t}",
        ),
    ],
)
def test_equal_at_every_tie_that_was_looked_at_is_no_verdict_of_ties(a: str, b: str) -> None:
    assert equal(a, b).name in ("Equal", "Agrees")
