r"""Tidying of quotients: what is above and below cancels, and a fraction stands where a person
would put it: ``y \frac1p`` becomes ``\frac yp``.
"""

from __future__ import annotations

from symgrad.expr import ONE, ZERO, Add, Call, Div, Expr, Mul, Neg, Num, Pow, Ref, num
from symgrad.rules.plain import product


def number_into_fraction(e: Expr) -> Expr | None:
    r"""2 \frac1N x = \frac2N x."""
    assert isinstance(e, Mul)
    match e.factors:
        case (Num(value=v), Div(num=Num(value=top), den=den), *rest):
            fraction = Div(Num(v * top), den)
            return Mul((fraction, *rest)) if rest else fraction
    return None


def fraction_after_factor(e: Expr) -> Expr | None:
    r"""y \frac1p = \frac yp, \frac yp p = y, and a plain \frac1N goes first."""
    assert isinstance(e, Mul)
    for k, f in enumerate(e.factors):
        if not isinstance(f, Div):
            continue
        for n, g in enumerate(e.factors):
            fewer = cancelled(g, f.den) if n != k and not isinstance(g, Num | Div) else None
            if fewer is not None:
                rest = list(e.factors)
                below = fewer.den if isinstance(fewer, Div) else ONE
                rest[n] = fewer.num if isinstance(fewer, Div) else fewer
                rest[k] = f.num if below == ONE else Div(f.num, below)
                return product(*rest)
        before, after = e.factors[:k], e.factors[k + 1 :]
        short = k and isinstance(before[-1], Ref | Pow | Call)
        if f.num == ONE and (
            short or (k and isinstance(f.den, Add) and isinstance(before[-1], Add))
        ):
            return product(*before[:-1], Div(before[-1], f.den), *after)
        if k and isinstance(f.num, Num) and isinstance(f.den, Ref) and before[0] != f:
            front = isinstance(before[0], Num | Div)
            return None if front else product(f, *before, *after)
    return None


def tidy_quotient(e: Expr) -> Expr | None:
    """0/b = 0, a/1 = a, numbers divided, the sign outside."""
    assert isinstance(e, Div)
    match e.num, e.den:
        case (Num(value=a), Num(value=b)) if b:
            return Num(a / b)
        case (Num(value=a), _) if a == 0:
            return ZERO
        case (a, Num(value=b)) if b == 1:
            return a
        case (Neg(arg=a), b):
            return Neg(Div(a, b))
        case (Num(value=a), b) if a < 0:
            return Neg(Div(Num(-a), b))
        case (Div(num=a, den=b), c):
            return Div(a, Mul((b, c)))
    return cancelled(e.num, e.den)


def cancelled(top: Expr, bottom: Expr) -> Expr | None:
    r"""\frac{x z}{y z} = \frac xy, \frac{x z^2}{z} = x z, \frac{2}{2 L} = \frac1L."""
    over, under = list(_factors(top)), list(_factors(bottom))
    match over[0], under[0]:
        case Num(value=a), Num(value=b) if a.denominator == b.denominator == 1 and b:
            ratio = a / b
            if abs(ratio.numerator) != abs(a):
                over[0], under[0] = num(ratio.numerator), num(ratio.denominator)
                return Div(product(*over), product(*under))
    for k, f in enumerate(over):
        for n, g in enumerate(under):
            left = _shared(f, g)
            if left is not None:
                over[k], under[n] = left
                below = product(*under)
                return product(*over) if below == ONE else Div(product(*over), below)
    return None


def _factors(e: Expr) -> tuple[Expr, ...]:
    return e.factors if isinstance(e, Mul) else (e,)


def _shared(f: Expr, g: Expr) -> tuple[Expr, Expr] | None:
    """f and g without the powers of one base that they share; None if they share none."""
    (a, n), (b, m) = base_and_exponent(f), base_and_exponent(g)
    if a != b or isinstance(a, Num):
        return None
    least = min(n, m)
    return _power(a, n - least), _power(a, m - least)


def base_and_exponent(e: Expr) -> tuple[Expr, int]:
    """x^n as x and n, for a positive whole n; anything else as itself, once."""
    match e:
        case Pow(base=base, exp=Num(value=v)) if v.denominator == 1 and v > 0:
            return base, int(v)
    return e, 1


def _power(base: Expr, n: int) -> Expr:
    return ONE if n == 0 else base if n == 1 else Pow(base, num(n))
