r"""π and the error function, to the digits of the current decimal context.

erf x = 2/√π Σ_n (-1)^n x^{2n+1} / (n! (2n+1))
"""

from __future__ import annotations

import decimal
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from symgrad.dual import GUARD, SMOOTH, Function, Number, exp, over, pi, times, to_decimal

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
