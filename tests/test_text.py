"""Formulas in one line of Unicode."""

from __future__ import annotations

import math
import random
from itertools import product

import pytest
from oracle import formula

from symgrad.expr import (
    Add,
    Bound,
    Call,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    Pow,
    Reduce,
    Ref,
    num,
)
from symgrad.notation import Formula, read
from symgrad.text import name, text


@pytest.mark.parametrize(
    ("latex", "shown"),
    [
        (
            r"\frac{\partial L}{\partial k_j} = \sum_{i=1}^{n} \delta_i x_{i+j-1}",
            "∂L/∂kⱼ = Σ_{i=1}^{n} δᵢ xᵢ₊ⱼ₋₁",
        ),
        (
            r"g_l = \sum_{i=\max(1, l-m+1)}^{\min(n, l)} \delta_i k_{l-i+1}",
            "gₗ = Σ_{i=max(1, l − m + 1)}^{min(n, l)} δᵢ kₗ₋ᵢ₊₁",
        ),
        (r"L = \tfrac12 (y - \hat y)^2", "L = ½ (y − ŷ)²"),
        (r"p_c = \frac{e^{z_c}}{\sum_{k=1}^{C} e^{z_k}}", "p_c = exp(z_c)/(Σ_{k=1}^{C} exp(zₖ))"),
        (r"s = \frac{1}{1 + e^{-x}}", "s = 1/(1 + e⁻ˣ)"),
        (r"h = \sigma(w x) \mathbf{1}[z_1 > z_2]", "h = σ(w x) [z₁ > z₂]"),
        (r"z^{(2)}_{ij} = W'_{12} x_{i,2}", "z⁽²⁾ᵢⱼ = W′₁₂ x_{i,2}"),
        (r"a = \sqrt{x^2 + 1} + |x|", "a = √(x² + 1) + |x|"),
        (r"q = \lfloor x \rfloor d^{-1/2}", "q = ⌊x⌋ d^(−½)"),
        (r"y = \begin{cases} 1 & x > 0 \\ 0 & \text{otherwise} \end{cases}",
         "y = {1 if x > 0; 0 otherwise}"),
    ],
)  # fmt: skip
def test_formulas_as_a_book_would_print_them(latex: str, shown: str) -> None:
    statement = read(latex)[0]
    assert isinstance(statement, Formula)
    assert " = ".join(text(p) for p in statement.parts) == shown


@pytest.mark.parametrize(
    ("latex", "shown"),
    [
        (r"\hat y", "ŷ"),
        (r"\hat{\beta}", "β̂"),
        (r"\bar x'", "x̄′"),
        (r"\mathcal{L}", "L"),
        (r"\mathrm{ReLU}", "ReLU"),
        (r"x_{\text{in}}", "xᵢₙ"),
        (r"b^{[l-1]}", "b^([l-1])"),
        (r"k_1, \dots, k_m", "k₁, …, kₘ"),
        (r"\tanh' = 1 - \tanh^2", "tanh′ = 1 - tanh²"),
    ],
)
def test_names_lose_their_macros(latex: str, shown: str) -> None:
    assert name(latex) == shown


@pytest.mark.parametrize("seed", range(300))
def test_one_line_without_macros_and_with_matching_brackets(seed: int) -> None:
    e = formula(random.Random(seed), 4)
    shown = text(e)
    assert "\n" not in shown
    assert "\\" not in shown
    assert "$" not in shown
    for left, right in ("()", "[]", "{}", "⌊⌋"):
        assert shown.count(left) == shown.count(right), shown


# -- a line has one reading ------------------------------------------------------------------------

A, B = Ref("a"), Ref("b")
VALUES = {"a": 1.3, "b": 0.7}


def unary(e: Expr) -> list[Expr]:
    return [Neg(e), Call("tanh", (e,)), Reduce("sum", (Bound("j", num(1), num(2)),), e)]


def binary(a: Expr, b: Expr) -> list[Expr]:
    return [Add((a, b)), Add((a, Neg(b))), Mul((a, b)), Div(a, b), Pow(a, b)]


def grown(items: list[Expr]) -> list[Expr]:
    return [u for e in items for u in unary(e)] + [
        x for a, b in product(items, repeat=2) for x in binary(a, b)
    ]


def value(e: Expr) -> complex:
    match e:
        case Num(value=v):
            return complex(v)
        case Ref(name=n):
            return VALUES[n]
        case Add(terms=xs):
            return sum(map(value, xs))
        case Mul(factors=xs):
            return math.prod(map(value, xs))
        case Neg(arg=x):
            return -value(x)
        case Div(num=x, den=y):
            return value(x) / value(y)
        case Pow(base=x, exp=y):
            return value(x) ** value(y)
        case Call(args=(x,)):
            return (value(x) * 3 + 1) / 7  # any injective function does
        case Reduce(body=x):
            return 2 * value(x)
    raise AssertionError(e)


def test_formulas_of_different_value_never_look_alike() -> None:
    small = [A, B, num(2)]
    seen: dict[str, Expr] = {}
    for e in small + grown(small) + grown(small + grown(small)[::3]):
        other = seen.setdefault(text(e), e)
        try:
            same = value(other) == pytest.approx(value(e))
        except (OverflowError, ZeroDivisionError):
            continue
        assert same, f"{text(e)} is both {e} and {other}"
