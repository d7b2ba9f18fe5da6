r"""π and the error function, to the digits of the current decimal context; functions of which
nothing is said.

erf x = 2/√π Σ_n (-1)^n x^{2n+1} / (n! (2n+1))
"""

from __future__ import annotations

import decimal
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from symgrad.dual import (
    GUARD,
    SMOOTH,
    STILL,
    Dual,
    Function,
    Number,
    exp,
    over,
    pi,
    plus,
    times,
    to_decimal,
)
from symgrad.expr import Add, Expr, Mul, Neg, Pow, Ref, num
from symgrad.text import text
from symgrad.unsaid import UNSPECIFIED, unsaid

MOST = 1_000
"""Beyond this erf x is ±1 to more digits than anybody asks for."""


def circle(x: Number) -> Number:
    """π x."""
    return to_decimal(x) * pi(decimal.getcontext().prec + GUARD) if x else Fraction(0)


def erf(x: Number) -> Number:
    """2/√π ∫_0^x e^{-t²} dt: its terms grow to e^{x²} before they fall, so many digits more are
    carried.

    >>> str(erf(Fraction(1)))[:12]
    '0.8427007929'
    """
    if not x:
        return Fraction(0)
    digits = decimal.getcontext().prec
    square = to_decimal(x) ** 2
    if square > MOST or square > 3 * (digits + GUARD):
        return Decimal(1 if x > 0 else -1)  # rounded: 1 - erf x is not 0
    small = min(max(0, -to_decimal(x).adjusted()), digits)
    with decimal.localcontext() as context:
        context.prec += 2 * GUARD + small + int(square)
        z = to_decimal(x)
        term = total = z
        n = 0
        while term and abs(term) > abs(total).scaleb(-context.prec):
            n += 1
            term *= -z * z / n
            total += term / (2 * n + 1)
        total = 2 * total / pi(context.prec).sqrt()
    return +total


def _slope(x: Number) -> Number:
    """2/√π e^{-x²}."""
    root = pi(decimal.getcontext().prec + GUARD).sqrt()
    return over(times(Fraction(2), exp(-times(x, x))), +root)


FUNCTIONS: Mapping[str, Function] = {
    **SMOOTH,
    "erf": Function(erf, _slope),
    "pi": Function(circle, lambda x: circle(Fraction(1))),
}
"""The functions with a derivative wherever they are defined; π is pi(1)."""


def function(fn: str) -> Function | None:
    """A function by its name, None if there is none; one of which nothing is said is a polynomial,
    each name another.

    >>> f, slope = function("@f"), function("@f'")
    >>> f.slope(Fraction(2)) == slope.value(Fraction(2))
    True
    """
    return _polynomial(fn) if fn.startswith(UNSPECIFIED) else FUNCTIONS.get(fn)


def apply(fn: str, x: Dual) -> Dual:
    """f(x)' = f'(x) x', of a function that there is."""
    digits = decimal.getcontext().prec
    value = _value(fn, x.value, digits)
    return Dual(
        value, times(_value_of_slope(fn, x.value, digits), x.tangent) if x.tangent else STILL
    )


@lru_cache(maxsize=4096, typed=True)
def _value(fn: str, x: Number, digits: int) -> Number:
    """f(x) to the digits of the context: formulas that are alike ask for it again and again."""
    f = function(fn)
    assert f is not None
    return f.value(x)


@lru_cache(maxsize=4096, typed=True)
def _value_of_slope(fn: str, x: Number, digits: int) -> Number:
    f = function(fn)
    assert f is not None
    return f.slope(x)


DEGREE = 5
"""Of the polynomials: no derivative that has a name is 0."""


def coefficients(fn: str) -> tuple[int, ...]:
    """c_0, c_1, …, the highest 1: small numbers that a name draws."""
    name = fn.removeprefix(UNSPECIFIED)
    bare = name.rstrip("'")
    seed = sum((k + 1) * ord(c) for k, c in enumerate(bare))
    found = [(seed * (k + 3) + 5 * k * k) % 7 - 3 or 2 for k in range(DEGREE)] + [1]
    for _ in range(len(name) - len(bare)):
        found = [k * c for k, c in enumerate(found)][1:]
    return tuple(found)


def stand_ins(formulas: Iterable[Expr]) -> list[str]:
    """What stands for the functions of which nothing is said, where values are told."""
    bare = {fn.rstrip("'") for e in formulas for fn in unsaid(e)}
    return [f"with {fn}(z) = {text(polynomial(fn, Ref('z')))}" for fn in sorted(bare)]


def polynomial(fn: str, x: Expr) -> Expr:
    """The polynomial that stands for a function of which nothing is said."""
    terms = [(k, c) for k, c in enumerate(coefficients(fn)) if c]
    parts: list[Expr] = []
    for k, c in reversed(terms):
        power = x if k == 1 else Pow(x, num(k))
        size = num(abs(c)) if not k else power if abs(c) == 1 else Mul((num(abs(c)), power))
        parts.append(Neg(size) if c < 0 else size)
    return Add(tuple(parts))


@lru_cache(maxsize=256)
def _polynomial(fn: str) -> Function:
    own, slope = coefficients(fn), coefficients(fn + "'")
    return Function(lambda x: _horner(own, x), lambda x: _horner(slope, x))


def _horner(found: tuple[int, ...], x: Number) -> Number:
    total: Number = Fraction(0)
    for c in reversed(found):
        total = plus(times(total, x), Fraction(c))
    return total
