r"""Tidying of quotients: what is above and below cancels, and a fraction stands where a person
would put it: ``y \frac1p`` becomes ``\frac yp``.
"""

from __future__ import annotations

from fractions import Fraction

from symgrad.expr import (
    ONE,
    ZERO,
    Add,
    Call,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    Pow,
    Reduce,
    Ref,
    names,
    num,
)
from symgrad.rules.plain import negate, product

HALF = Fraction(1, 2)

MOST_POWER = 64
"""Higher powers of numbers, and of products, stay powers."""


def number_into_fraction(e: Expr) -> Expr | None:
    r"""2 \frac1N x = \frac2N x, 2 x \frac\lambda2 = x \lambda."""
    assert isinstance(e, Mul)
    match e.factors:
        case (Num(value=v), Div(num=Num(value=top), den=den), *rest):
            fraction = Div(Num(v * top), den)
            return Mul((fraction, *rest)) if rest else fraction
    weight, *others = e.factors
    for k, f in enumerate(others) if isinstance(weight, Num) else ():
        if isinstance(f, Div):
            below = cancelled(weight, f.den)
            match below:
                case None:
                    continue
                case Div(num=n, den=d):
                    return product(n, *others[:k], Div(f.num, d), *others[k + 1 :])
            return product(below, *others[:k], f.num, *others[k + 1 :])
    return None


def fraction_after_factor(e: Expr) -> Expr | None:
    r"""y \frac1p = \frac yp, \frac yp p = y, \frac1{1 + e^z} e^z is one fraction, and a plain
    \frac1N goes first."""
    assert isinstance(e, Mul)
    for k, f in enumerate(e.factors):
        if not isinstance(f, Div):
            continue
        for n, g in enumerate(e.factors):
            top = g.num if isinstance(g, Div) else g
            bare = isinstance(g, Num)  # a number in front has a rule of its own
            fewer = cancelled(top, f.den) if n != k and not bare else None
            if n != k and isinstance(g, Add):
                fewer = fewer or _term_by_term(g, f.den)
            if fewer is not None:
                rest = list(e.factors)
                below = fewer.den if isinstance(fewer, Div) else ONE
                rest[n] = fewer.num if isinstance(fewer, Div) else fewer
                if isinstance(g, Div):
                    rest[n] = Div(rest[n], g.den)
                rest[k] = f.num if below == ONE else Div(f.num, below)
                return product(*rest)
        before, after = e.factors[:k], e.factors[k + 1 :]
        short = k and isinstance(before[-1], Ref | Pow | Call)
        if f.num == ONE and (
            short or (k and isinstance(f.den, Add) and isinstance(before[-1], Add))
        ):
            return product(*before[:-1], Div(before[-1], f.den), *after)
        if f.num == ONE and isinstance(f.den, Add | Reduce) and after:
            match after[0]:
                case Call(fn="exp"):
                    return product(*before, Div(after[0], f.den), *after[1:])
        if k and isinstance(f.num, Num) and isinstance(f.den, Ref) and before[0] != f:
            match before[0]:
                case Num(value=v):
                    return product(Div(Num(v * f.num.value), f.den), *before[1:], *after)
                case Div():
                    return None
            return product(f, *before, *after)
    return None


def _term_by_term(e: Add, below: Expr) -> Expr | None:
    """(p² - p)/p = p - 1, where every term has the denominator."""
    out: list[Expr] = []
    for t in e.terms:
        body = t.arg if isinstance(t, Neg) else t
        fewer = _inside(body, below)
        if fewer is None:
            return None
        out.append(negate(fewer) if isinstance(t, Neg) else fewer)
    return Add(tuple(out))


def _inside(e: Expr, below: Expr) -> Expr | None:
    """Σ_k p a_k / p = Σ_k a_k, and without a sum; None where a denominator is left."""
    if isinstance(e, Reduce) and e.op == "sum" and not {b.name for b in e.bounds} & names(below):
        inner = _inside(e.body, below)
        return None if inner is None else Reduce("sum", e.bounds, inner)
    fewer = cancelled(e, below)
    left = isinstance(fewer, Div) and not isinstance(below, Ref)  # a name goes as a whole
    return None if left else fewer


def tidy_quotient(e: Expr) -> Expr | None:
    """0/b = 0, a/1 = a, numbers divided, the sign outside, no fraction in a fraction."""
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
        case (a, Div(num=b, den=c)):
            return Div(product(a, c), b)
        case (Mul(factors=fs), c) if any(isinstance(f, Div) for f in fs):
            above = (f.num if isinstance(f, Div) else f for f in fs)
            below = (f.den for f in fs if isinstance(f, Div))
            return Div(product(*above), product(*below, c))
    return cancelled(e.num, e.den)


def cancelled(top: Expr, bottom: Expr) -> Expr | None:
    r"""\frac{x z}{y z} = \frac xy, \frac{x z^2}{z} = x z, \frac{2}{2 L} = \frac1L,
    \frac{4 s}{(2 s^2)^2} = \frac1{s^3}."""
    found = _cancelled(list(_factors(top)), list(_factors(bottom)))
    if found is None and any(_is_spread(f) for f in (*_factors(top), *_factors(bottom))):
        return _cancelled(_spread(top), _spread(bottom))
    return found


def _cancelled(over: list[Expr], under: list[Expr]) -> Expr | None:
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


def _is_spread(e: Expr) -> bool:
    """Is it a whole power of a product?"""
    base, n = base_and_exponent(e)
    return 1 < n <= MOST_POWER and isinstance(base, Mul)


def _spread(e: Expr) -> list[Expr]:
    """The factors of `e`, those of a power of a product one by one: (2 s²)² is 4 s⁴; the number
    in front."""
    weight = Fraction(1)
    rest: list[Expr] = []
    for f in _factors(e):
        base, n = base_and_exponent(f) if _is_spread(f) else (f, 1)
        for g in _factors(base):
            if isinstance(g, Num):
                weight *= g.value**n
            else:
                inner, m = base_and_exponent(g)
                rest.append(_power(inner, n * m))
    return [num(weight), *rest] if weight != 1 or not rest else rest


def _factors(e: Expr) -> tuple[Expr, ...]:
    return e.factors if isinstance(e, Mul) else (e,)


def _shared(f: Expr, g: Expr) -> tuple[Expr, Expr] | None:
    """f and g without the powers of one base that they share; None if they share none."""
    (a, n), (b, m) = base_and_root(f), base_and_root(g)
    if a != b or isinstance(a, Num):
        return None
    least = min(n, m)
    return raised(a, n - least), raised(a, m - least)


def base_and_root(e: Expr) -> tuple[Expr, Fraction]:
    """x^r as x and r, for a positive number r, a root among them; anything else as itself, once."""
    match e:
        case Pow(base=base, exp=Num(value=v)) if v > 0:
            return base, v
        case Pow(base=base, exp=Div(num=Num(value=a), den=Num(value=b))) if b and a / b > 0:
            return base, a / b
        case Call(fn="sqrt", args=(x,)):
            return x, Fraction(1, 2)
    return e, Fraction(1)


def base_and_exponent(e: Expr) -> tuple[Expr, int]:
    """x^n as x and n, for a positive whole n; anything else as itself, once."""
    match e:
        case Pow(base=base, exp=Num(value=v)) if v.denominator == 1 and v > 0:
            return base, int(v)
    return e, 1


def raised(base: Expr, n: Fraction) -> Expr:
    """x^n; a half power is a root."""
    whole, half = divmod(n, 1)
    factors: list[Expr] = []
    if whole:
        factors.append(base if whole == 1 else Pow(base, num(whole)))
    if half:
        factors.append(Call("sqrt", (base,)) if half == HALF else Pow(base, Num(half)))
    return product(*factors) if factors else ONE


def _power(base: Expr, n: int) -> Expr:
    return ONE if n == 0 else base if n == 1 else Pow(base, num(n))
