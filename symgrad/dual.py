"""Exact numbers, 50-digit numbers, and dual numbers a + b ε with ε² = 0.

A number is a `Fraction` as long as the mathematics allows, and a `Decimal` of the precision of
the current decimal context after that. A dual number carries a value and its derivative; each
operation here is one line of the table of derivatives. Knows nothing of formulas or networks.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Literal, NamedTuple, NoReturn

from symgrad.errors import SymgradError

Number = Fraction | Decimal

DIGITS = 50
"""Significant digits of a number that is not rational."""

GUARD = 10
"""Last digits of a `Decimal` that rounding may have spoiled."""

MAX_BITS = 200_000
"""Longest numerator or denominator of an exact number."""
LONG: int = 1 << MAX_BITS

MAX_ARGUMENT = 10**6
"""Largest argument of exp, sin, …, and largest exponent."""

MAX_ROOT = 64
"""Largest root that is tried exactly."""


class Ties(SymgradError):
    """A derivative was asked where the compared values are equal: there is none."""


class Undefined(SymgradError):
    """A formula has no value where it was asked for: 1/0, log 0, the root of -1."""


@lru_cache(maxsize=64)
def _context(digits: int) -> decimal.Context:
    traps = [decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow, decimal.Underflow]
    return decimal.Context(
        prec=digits, rounding=decimal.ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999, traps=traps
    )


class precision:
    """Decimals of so many digits inside; what leaves their range is an error."""

    __slots__ = ("before", "own")

    def __init__(self, digits: int) -> None:
        self.own = _context(digits)

    def __enter__(self) -> None:
        self.before = decimal.getcontext()
        decimal.setcontext(self.own)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        decimal.setcontext(self.before)
        if isinstance(error, decimal.DecimalException):
            raise SymgradError(
                "found a number out of range, expected one between 1e-999999 and 1e999999",
                hint="use smaller values",
            ) from error


def to_decimal(x: Number) -> Decimal:
    """`x` rounded to the digits of the current context.

    >>> to_decimal(Fraction(1, 4))
    Decimal('0.25')
    """
    if isinstance(x, Decimal):
        return +x
    return Decimal(x.numerator) / Decimal(x.denominator)


MOST_BITS = 10_000
"""Python writes no integer of more than 4300 digits."""


def exact_text(value: Number) -> str:
    """A number as text; one of thousands of digits in its first fifty."""
    if isinstance(value, Fraction) and _bits(value) > MOST_BITS:
        return str(to_decimal(value))
    return str(value)


def as_text(value: Number | None) -> str:
    """A value as a person reads it."""
    if value is None:
        return "undefined"
    text = exact_text(value)
    return text if len(text) <= 24 else f"{to_decimal(value):.12g}"


def _checked(x: Fraction) -> Fraction:
    top, bottom = x.as_integer_ratio()
    return x if -LONG < top < LONG and bottom < LONG else _refuse_long()


def _bits(x: Fraction) -> int:
    return max(x.numerator.bit_length(), x.denominator.bit_length())


def _refuse_long() -> NoReturn:
    raise SymgradError(
        f"found an exact number of more than {MAX_BITS} bits, expected a shorter one",
        hint="use smaller values, or fewer factors",
    )


def plus(a: Number, b: Number) -> Number:
    """a + b."""
    if type(a) is Fraction and type(b) is Fraction:
        (m, d), (n, e) = a.as_integer_ratio(), b.as_integer_ratio()
        # of whole numbers no common divisor is looked for
        return _checked(Fraction(m + n) if d == 1 and e == 1 else a + b)
    return to_decimal(a) + to_decimal(b)


def times(a: Number, b: Number) -> Number:
    """a b; an exact 0 stays exact."""
    if type(a) is Fraction and type(b) is Fraction:
        (m, d), (n, e) = a.as_integer_ratio(), b.as_integer_ratio()
        return _checked(Fraction(m * n) if d == 1 and e == 1 else a * b)
    if any(isinstance(x, Fraction) and not x for x in (a, b)):
        return Fraction(0)
    return to_decimal(a) * to_decimal(b)


def over(a: Number, b: Number) -> Number:
    """a / b."""
    if not b:
        raise Undefined("found a division by 0, expected a denominator other than 0")
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return _checked(a / b)
    return Fraction(0) if isinstance(a, Fraction) and not a else to_decimal(a) / to_decimal(b)


def compare(a: Number, b: Number) -> int:
    """The sign of a - b; rounded numbers that agree but for their last ten digits are equal."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return (a > b) - (a < b)
    x, y = to_decimal(a), to_decimal(b)
    gap = x - y
    if abs(gap) <= max(abs(x), abs(y)).scaleb(GUARD - decimal.getcontext().prec):
        return 0
    return 1 if gap > 0 else -1


# -- elementary functions -------------------------------------------------------------------


def _limited(x: Number, fn: str) -> Number:
    if not -MAX_ARGUMENT <= x <= MAX_ARGUMENT:
        raise SymgradError(
            f"found {fn} of a number beyond {MAX_ARGUMENT}, expected a smaller argument",
            hint="use smaller values",
        )
    return x


@contextmanager
def _extra(digits: int) -> Iterator[None]:
    with decimal.localcontext() as context:
        context.prec += digits
        yield


def exp(x: Number) -> Number:
    """e^x."""
    return to_decimal(_limited(x, "exp")).exp() if x else Fraction(1)


def log(x: Number) -> Number:
    """ln x, for x > 0."""
    if x <= 0:
        raise Undefined("found log of a number that is not positive, expected a positive one")
    return Fraction(0) if x == 1 else to_decimal(x).ln()


def sinh(x: Number) -> Number:
    """(e^x - e^-x) / 2."""
    if not x:
        return Fraction(0)
    small = max(0, -to_decimal(x).adjusted())
    if small > decimal.getcontext().prec:
        return to_decimal(x)
    with _extra(GUARD + 2 * small):
        up = to_decimal(_limited(x, "sinh")).exp()
        result = (up - 1 / up) / 2
    return +result


def cosh(x: Number) -> Number:
    """(e^x + e^-x) / 2."""
    up = exp(x)
    return over(plus(up, over(Fraction(1), up)), Fraction(2))


def tanh(x: Number) -> Number:
    """sinh x / cosh x."""
    return over(sinh(x), cosh(x))


def sigmoid(x: Number) -> Number:
    """1 / (1 + e^-x)."""
    return over(Fraction(1), plus(Fraction(1), exp(-x)))


def sin(x: Number) -> Number:
    """x - x³/3! + x⁵/5! - …."""
    return _series(x, 1) if x else Fraction(0)


def cos(x: Number) -> Number:
    """1 - x²/2! + x⁴/4! - …."""
    return _series(x, 0) if x else Fraction(1)


def _series(x: Number, start: int) -> Decimal:
    """The alternating series of sin (start 1) or cos (start 0), after whole turns are removed."""
    small = min(max(0, -to_decimal(x).adjusted()), decimal.getcontext().prec)
    with _extra(2 * GUARD + small):
        turn = 2 * pi(decimal.getcontext().prec)
        angle = to_decimal(_limited(x, "sin")).remainder_near(turn)
        term = angle if start else Decimal(1)
        total, n = Decimal(0), start
        while total + term != total:
            total += term
            term *= -angle * angle / ((n + 1) * (n + 2))
            n += 2
    return +total


@lru_cache(maxsize=8)
def pi(digits: int) -> Decimal:
    """π = 16 arctan 1/5 - 4 arctan 1/239, Machin's formula.

    >>> str(pi(20))[:12]
    '3.1415926535'
    """
    unit: int = 10 ** (digits + GUARD)

    def arctan(d: int) -> int:
        power = total = unit // d
        n, sign = 3, -1
        while power:
            power //= d * d
            total += sign * (power // n)
            n, sign = n + 2, -sign
        return total

    return Decimal(16 * arctan(5) - 4 * arctan(239)).scaleb(-digits - GUARD)


def arctan(x: Number) -> Number:
    """t - t³/3 + t⁵/5 - …, after the angle is halved four times: t = x / (1 + √(1 + x²))."""
    if not x:
        return Fraction(0)
    small = min(max(0, -to_decimal(x).adjusted()), decimal.getcontext().prec)
    with _extra(2 * GUARD + small):
        t = to_decimal(x)
        for _ in range(HALVINGS):
            t = t / (1 + (1 + t * t).sqrt())
        total, power_, n = Decimal(0), t, 1
        while total + power_ / n != total:
            total += power_ / n
            power_ *= -t * t
            n += 2
        result = total * (1 << HALVINGS)
    return +result


HALVINGS = 4


def power(base: Number, exponent: Number) -> Number:
    """base ^ exponent: exact for whole exponents and perfect roots, 0 ^ 0 = 1."""
    _limited(exponent, "a power")
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        return _whole_power(base, exponent.numerator)
    if base < 0:
        raise Undefined("found a root of a negative number, expected a base that is not negative")
    if not base:
        return _whole_power(base, 1 if exponent > 0 else -1)
    if isinstance(base, Fraction) and isinstance(exponent, Fraction):
        exact = _perfect_root(base, exponent.denominator)
        if exact is not None:
            return _whole_power(exact, exponent.numerator)
    return to_decimal(base) ** to_decimal(exponent)


def _whole_power(base: Number, n: int) -> Number:
    if n < 0:
        return over(Fraction(1), _whole_power(base, -n))
    if isinstance(base, Decimal):
        return base**n if n else Fraction(1)
    if abs(base) <= 1 and base.denominator == 1:
        return base ** min(n, 2 + n % 2)
    return base**n if n * (_bits(base) - 1) <= MAX_BITS else _refuse_long()


def _perfect_root(x: Fraction, q: int) -> Fraction | None:
    if q > MAX_ROOT:
        return None
    a, b = _whole_root(x.numerator, q), _whole_root(x.denominator, q)
    return None if a is None or b is None else Fraction(a, b)


def _whole_root(n: int, q: int) -> int | None:
    """The whole q-th root of n ≥ 1 by Newton's iteration from above, if there is one."""
    root = 1 << -(-n.bit_length() // q)
    while (better := ((q - 1) * root + n // root ** (q - 1)) // q) < root:
        root = better
    return root if root**q == n else None


@dataclass(frozen=True)
class Function:
    """A smooth function of one number, and its derivative."""

    value: Callable[[Number], Number]
    slope: Callable[[Number], Number]


def _square(x: Number) -> Number:
    return times(x, x)


HALF = Fraction(1, 2)

SMOOTH: Mapping[str, Function] = {
    "exp": Function(exp, exp),
    "log": Function(log, lambda x: over(Fraction(1), x)),
    "sqrt": Function(lambda x: power(x, HALF), lambda x: over(HALF, power(x, HALF))),
    "tanh": Function(tanh, lambda x: over(Fraction(1), _square(cosh(x)))),
    "sinh": Function(sinh, cosh),
    "cosh": Function(cosh, sinh),
    "sin": Function(sin, cos),
    "cos": Function(cos, lambda x: -sin(x)),
    "tan": Function(lambda x: over(sin(x), cos(x)), lambda x: over(Fraction(1), _square(cos(x)))),
    "arctan": Function(arctan, lambda x: over(Fraction(1), plus(Fraction(1), _square(x)))),
    "sigmoid": Function(sigmoid, lambda x: times(sigmoid(x), sigmoid(-x))),
}
"""The functions with a derivative wherever they are defined."""


# -- dual numbers ---------------------------------------------------------------------------


STILL = Fraction(0)
"""The tangent of what does not move."""


class Dual(NamedTuple):
    """value + tangent ε, with ε² = 0.

    >>> x = Dual(Fraction(3), Fraction(1))
    >>> multiply(x, x).tangent
    Fraction(6, 1)
    """

    value: Number
    tangent: Number = STILL


@lru_cache(maxsize=1024)
def _whole(value: int) -> Dual:
    return Dual(Fraction(value))


def constant(value: int | Number) -> Dual:
    """A number that does not move."""
    return _whole(value) if isinstance(value, int) else Dual(value)


def add(a: Dual, b: Dual) -> Dual:
    """(a + b)' = a' + b'."""
    if b.tangent is STILL:
        return Dual(plus(a.value, b.value), a.tangent)
    return Dual(plus(a.value, b.value), plus(a.tangent, b.tangent))


def negate(a: Dual) -> Dual:
    """(-a)' = -a'."""
    return Dual(-a.value, STILL if a.tangent is STILL else -a.tangent)


def multiply(a: Dual, b: Dual) -> Dual:
    """(a b)' = a' b + a b'."""
    if a.tangent is STILL and b.tangent is STILL:
        return Dual(times(a.value, b.value))
    tangent = plus(times(a.tangent, b.value), times(a.value, b.tangent))
    return Dual(times(a.value, b.value), tangent)


def divide(a: Dual, b: Dual) -> Dual:
    """(a / b)' = (a' - (a / b) b') / b."""
    value = over(a.value, b.value)
    if a.tangent is STILL and b.tangent is STILL:
        return Dual(value)
    return Dual(value, over(plus(a.tangent, -times(value, b.tangent)), b.value))


def raise_to(a: Dual, b: Dual) -> Dual:
    """(a ^ b)' = b a ^ (b-1) a' + a ^ b log(a) b'."""
    value = power(a.value, b.value)
    tangent: Number = STILL
    if a.tangent and b.value:
        slope = times(b.value, power(a.value, plus(b.value, Fraction(-1))))
        tangent = times(slope, a.tangent)
    if b.tangent:
        tangent = plus(tangent, times(times(value, log(a.value)), b.tangent))
    return Dual(value, tangent)


Convention = Literal["strict", "ge", "first", "split", "once", "alike"]
"""How the derivative of an extreme is shared out where arguments tie."""


SETTLED = ("once", "alike")
"""Strict, but that of quantities which are one and move alike each is as good as the other."""


def extreme(args: Sequence[Dual], sign: int, convention: Convention = "strict") -> Dual:
    """The greatest (sign 1) or least (sign -1) of the arguments; it moves as the winner does.

    A tie of arguments that move is refused even where all move alike: which of them is said to
    win, and so the gradient of each, is a convention. One that is named says how it moves.

    >>> a, b = Dual(Fraction(2), Fraction(1)), Dual(Fraction(2), Fraction(3))
    >>> [int(extreme([a, b], 1, c).tangent) for c in ("ge", "first", "split")]
    [4, 1, 2]
    """
    best = args[0]
    for x in args[1:]:
        if sign * compare(x.value, best.value) > 0:
            best = x
    tied = [x for x in args if compare(x.value, best.value) == 0]
    if len(tied) == 1 or not any(x.tangent for x in tied):
        return best
    same = all(compare(x.tangent, tied[0].tangent) == 0 for x in tied)
    if convention == "strict" or (convention in SETTLED and not same):
        raise _tie(best)
    return Dual(best.value, _shared([x.tangent for x in tied], convention))


def _shared(tangents: Sequence[Number], convention: Convention) -> Number:
    """All of the equals count, the first one, or each its part."""
    if convention == "first" or convention in SETTLED:
        return tangents[0]
    total: Number = Fraction(0)
    for t in tangents:
        total = plus(total, t)
    return total if convention == "ge" else over(total, Fraction(len(tangents)))


def order(a: Dual, b: Dual) -> int:
    """The sign of a - b, which must not be about to change."""
    result = compare(a.value, b.value)
    if not result and compare(a.tangent, b.tangent):
        raise _tie(a)
    return result


def kinked(fn: str, x: Dual, convention: Convention) -> Dual:
    """ReLU, |x|, the sign, ⌊x⌋ or ⌈x⌉."""
    match fn:
        case "relu":
            return extreme([x, constant(0)], 1, convention)
        case "abs":  # every convention takes sign 0 = 0
            strict = convention in ("strict", *SETTLED)
            return extreme([x, negate(x)], 1, convention if strict else "split")
        case "sign":
            return constant(order(x, constant(0)))
    return rounded(x, up=fn == "ceil")


def rounded(x: Dual, up: bool) -> Dual:
    """⌊x⌋ or ⌈x⌉: constant between whole numbers."""
    nearest = Fraction(round(x.value))
    if compare(x.value, nearest) == 0:
        order(x, constant(nearest))
        return constant(nearest)
    return constant(_floor(x.value) + up)


def _floor(x: Number) -> int:
    return int(x.to_integral_value(decimal.ROUND_FLOOR)) if isinstance(x, Decimal) else x // 1


def _tie(a: Dual) -> Ties:
    return Ties(
        f"found a derivative where compared values are both {a.value}, expected values that differ",
        hint="choose a point without ties",
    )
