r"""Numbers as people write them: exact inside, rounded only where they are shown."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

PLACES = 4
"""A number that ends after this many decimals is shown whole; others are rounded to it."""
LARGEST_DENOMINATOR = 100


def shown(x: Fraction | Decimal, places: int = PLACES) -> tuple[str, bool]:
    r"""The number as LaTeX, and whether that is exact.

    >>> shown(Fraction(-1, 2)), shown(Fraction(1, 3)), shown(Decimal("0.39322386"))
    (('-0.5', True), ('\\frac{1}{3}', True), ('0.3932', False))
    """
    if isinstance(x, Fraction):
        if x.denominator == 1:
            return str(x.numerator), True
        if (x * 10**places).denominator == 1:
            return rounded(x, places), True
        if x.denominator <= LARGEST_DENOMINATOR:
            sign = "-" if x < 0 else ""
            return rf"{sign}\frac{{{abs(x.numerator)}}}{{{x.denominator}}}", True
    return rounded(x, places), False


def rounded(x: Fraction | Decimal, places: int, tiny: Fraction | None = None) -> str:
    """The number in decimals, halves away from zero, without trailing zeros; one below `tiny`
    (where a single decimal would be left) keeps its first digits.

    >>> rounded(Fraction(-2, 3), 2), rounded(Fraction(1, 3000), 2)
    ('-0.67', '3.3 \\\\cdot 10^{-4}')
    >>> rounded(Fraction(1, 10**900), 4)
    '1.0 \\\\cdot 10^{-900}'
    """
    value = Fraction(x)
    least = Fraction(1, 2 * 10 ** (places - 1)) if tiny is None else tiny
    if value and abs(value) < least:
        digits = f"{Decimal(value.numerator) / Decimal(value.denominator):.1e}"
        mantissa, exponent = digits.split("e")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    scaled = abs(value) * 10**places + Fraction(1, 2)
    whole = scaled.numerator // scaled.denominator
    text = f"{whole // 10**places}.{whole % 10**places:0{places}d}"
    if (value * 10**places).denominator == 1:
        text = text.rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 and whole else text


def plain(x: Fraction | Decimal | None) -> int | float | None:
    """The number for JSON."""
    if x is None:
        return None
    value = Fraction(x)
    return int(value) if value.denominator == 1 else float(value)
