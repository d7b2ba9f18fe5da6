"""Numerator layout: the gradient of a number is the transpose, in answers and in claims."""

from __future__ import annotations

import pytest

from symgrad.api import Exam
from symgrad.errors import SymgradError
from symgrad.grade import check

LAYER = (
    r"W \in \mathbb{R}^{h \times d}, x \in \mathbb{R}^d, b \in \mathbb{R}^h, z = W x + b, "
    r"\delta = \frac{\partial L}{\partial z}"
)
SQUARES = (
    r"X \in \mathbb{R}^{N \times d}, w \in \mathbb{R}^d, y \in \mathbb{R}^N, L = \|X w - y\|^2"
)
TRACE = r"A \in \mathbb{R}^{n \times m}, B \in \mathbb{R}^{m \times n}, f = \operatorname{tr}(A B)"
FORM = r"M \in \mathbb{R}^{n \times n}, x \in \mathbb{R}^n, f = x^\top M x"
SIGMOID = (
    r"x \in \mathbb{R}^d, W \in \mathbb{R}^{h \times d}, y \in \mathbb{R}^h, a = \sigma(W x), "
    r"L = \frac12 \|a - y\|^2"
)
LOGDET = r"M \in \mathbb{R}^{n \times n}, f = \log\det M"

ANSWERS = [
    (LAYER, r"\frac{\partial L}{\partial W}", r"\delta x^\top", r"x \delta"),
    (LAYER, r"\frac{\partial L}{\partial x}", r"W^\top \delta", r"\delta W"),
    (LAYER, r"\frac{\partial L}{\partial b}", r"\delta", r"\delta"),
    (LAYER, r"\frac{\partial z}{\partial x}", "W", "W"),
    (SQUARES, r"\frac{\partial L}{\partial w}", r"2 X^\top (X w - y)", r"2 (X w - y)^\top X"),
    (SQUARES, r"\frac{\partial L}{\partial X}", r"2 (X w - y) w^\top", r"2 w (X w - y)^\top"),
    (SQUARES, r"\nabla_w^2 L", r"2 X^\top X", r"2 X^\top X"),
    (TRACE, r"\frac{\partial f}{\partial A}", r"B^\top", "B"),
    (FORM, r"\nabla_x f", r"(M + M^\top) x", r"x^\top (M + M^\top)^\top"),
    (LOGDET, r"\nabla_M f", r"M^{-\top}", "M^{-1}"),
    (
        SIGMOID,
        r"\nabla_W L",
        r"((a - y) \odot a \odot (1 - a)) x^\top",
        r"x ((a - y) \odot a \odot (1 - a))^\top",
    ),
]


def exam(text: str, asked: str, layout: str) -> Exam:
    return Exam.parse(f"---\nlayout: {layout}\n---\n\n$${text}$$\n\n$${asked} = ?$$\n", "exam.md")


@pytest.mark.parametrize(("text", "asked", "gradient", "numerator"), ANSWERS)
def test_answers_and_claims(text: str, asked: str, gradient: str, numerator: str) -> None:
    for layout, right, other in (
        ("gradient", gradient, numerator),
        ("numerator", numerator, gradient),
    ):
        solution = exam(text, asked, layout).solve()
        (answer,) = solution.answers
        assert answer.latex.replace(r"\,", "").split() == right.replace(r"\,", "").split()
        for said in (right, answer.latex):
            (claim,) = check(f"${asked} = {said}$", solution).claims
            assert claim.verdict is not None
            assert claim.verdict.name == "Equal", (layout, said)
        if other != right:
            (claim,) = check(f"${asked} = {other}$", solution).claims
            assert claim.verdict is not None
            assert claim.verdict.name in ("Invalid", "Differs"), (layout, other)


def test_entries_are_the_same_in_both() -> None:
    for layout in ("gradient", "numerator"):
        solution = exam(LAYER, r"\frac{\partial L}{\partial W}", layout).solve()
        said = r"$\frac{\partial L}{\partial W_{ij}} = \delta_i x_j$"
        assert [c.verdict.name for c in check(said, solution).claims if c.verdict] == ["Equal"]


def test_what_is_right_is_said_in_the_layout() -> None:
    for asked, wrong, right in (
        (r"\frac{\partial L}{\partial x}", r"2 \delta W", r"\delta W"),
        (r"\frac{\partial L}{\partial W}", r"2 x \delta", r"x \delta"),
    ):
        solution = exam(LAYER, asked, "numerator").solve()
        (claim,) = check(f"${asked} = {wrong}$", solution).claims
        assert (claim.verdict and claim.verdict.name, claim.right) == ("Differs", right)


def test_another_layout_is_refused() -> None:
    with pytest.raises(SymgradError, match="layout"):
        exam(LAYER, r"\frac{\partial L}{\partial W}", "denominator")
