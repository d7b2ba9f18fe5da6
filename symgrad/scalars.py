r"""Formulas of scalars: constants folded, short sums written out.

What a circuit, which has a wire for every number, needs of a formula. Refuses what is no
operation on numbers.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from math import prod

from symgrad.errors import ExamError
from symgrad.expr import (
    Add,
    And,
    Blank,
    Bound,
    Call,
    Cases,
    Div,
    Expr,
    Iverson,
    Mul,
    Neg,
    Num,
    Partial,
    Pow,
    Reduce,
    Ref,
    Rel,
    children,
    num,
    rebuild,
    substitute,
)
from symgrad.latex import latex

MOST_TERMS = 12
MOST_BITS = 4096
"""Constants larger than this stay powers: an exam may not make a number that fills memory."""

COMPARISONS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


REFUSED: dict[type[Expr], str] = {
    Cases: "a case distinction",
    Iverson: "an indicator",
    Blank: "a question mark",
    Partial: "a gradient",
    Rel: "a comparison",
    And: "a condition",
}


def written_out(e: Expr) -> Expr:
    r"""`e` with its short sums, products and maxima written out and indices computed.

    >>> from symgrad.expr import *
    >>> j = Ref("j")
    >>> latex(written_out(Reduce("sum", (Bound("j", ONE, num(2)),), Mul((Ref("w", (j,)), j)))))
    'w_1 \\cdot 1 + w_2 \\cdot 2'
    """
    match e:
        case Num():
            return e
        case Ref(indices=indices):
            return e.at(tuple(folded(i) for i in indices))
        case Reduce():
            return _expanded(e)
        case Add() | Mul() | Neg() | Div() | Pow() | Call():
            new = rebuild(e, [written_out(x) for x in children(e)])
            if isinstance(new, Div) and rational(new.den) == 0:
                raise _division_by_zero(new)
            return new
    raise ExamError(
        f"found {REFUSED.get(type(e), 'an unknown sign')}, {latex(e)}, expected an operation that "
        "is drawn as a gate: a sum, a product, 1/x, a power, max or a function",
        hint="ask for the circuit of a part without it",
    )


def _expanded(e: Reduce) -> Expr:
    points: list[dict[str, Expr]] = [{}]
    for bound in e.bounds:
        points = [
            {**point, bound.name: num(n)} for point in points for n in _range(e, bound, point)
        ]
        points = [p for p in points if all(_holds(substitute(c, p), e) for c in bound.conds)]
    if not 0 < len(points) <= MOST_TERMS:
        raise _unwritten(e, f"{len(points)} terms")
    terms = tuple(written_out(substitute(e.body, point)) for point in points)
    if len(terms) == 1:
        return terms[0]
    match e.op:
        case "sum":
            return Add(terms)
        case "prod":
            return Mul(terms)
    return Call(e.op, terms)


def _range(e: Reduce, bound: Bound, point: Mapping[str, Expr]) -> range:
    ends = [
        None if end is None else rational(substitute(end, point)) for end in (bound.lo, bound.hi)
    ]
    low, high = ends
    if low is None or high is None or low.denominator != 1 or high.denominator != 1:
        raise _unwritten(e, "ends that are no whole numbers")
    if high - low >= MOST_TERMS:
        raise _unwritten(e, f"{high - low + 1} terms")
    return range(int(low), int(high) + 1)


def _holds(cond: Expr, e: Reduce) -> bool:
    match cond:
        case And(conds=conds):
            return all(_holds(c, e) for c in conds)
        case Rel(op=op, lhs=a, rhs=b):
            left, right = rational(a), rational(b)
            if left is not None and right is not None:
                return COMPARISONS[op](left, right)
    raise _unwritten(e, f"the condition {latex(cond)}")


def _unwritten(e: Reduce, what: str) -> ExamError:
    return ExamError(
        f"found {latex(e)} with {what}, expected 1 to {MOST_TERMS} terms that can be drawn",
        hint="give the sizes numbers, or ask for the circuit of a part without it",
    )


def wires(body: Expr) -> Iterator[Ref]:
    """The references of an operation, in operand order, with repetitions.

    >>> [r.name for r in wires(Mul((Ref("x"), Add((Ref("y"), Ref("x"))))))]
    ['x', 'y', 'x']
    """
    match body:
        case Ref():
            yield body
        case Add(terms=xs) | Mul(factors=xs) | Call(args=xs):
            for x in xs:
                yield from wires(x)
        case Neg(arg=x):
            yield from wires(x)
        case Div(num=a, den=b) | Pow(base=a, exp=b):
            yield from wires(a)
            yield from wires(b)


def is_constant(e: Expr) -> bool:
    """Does `e` read no name?

    >>> is_constant(num(2)), is_constant(Ref("x"))
    (True, False)
    """
    return next(wires(e), None) is None


def rational(e: Expr) -> Fraction | None:
    """The value of a formula of rational numbers; None if it has another kind of part.

    >>> rational(Div(num(1), Add((num(1), num(2)))))
    Fraction(1, 3)
    """
    if isinstance(e, Num):
        return e.value
    if not isinstance(e, Add | Mul | Neg | Div | Pow):
        return None
    values = []
    for part in children(e):
        value = rational(part)
        if value is None:
            return None
        values.append(value)
    match e:
        case Add():
            return sum(values, Fraction(0))
        case Mul():
            return prod(values, start=Fraction(1))
        case Neg():
            return -values[0]
        case Div():
            return values[0] / _nonzero(values[1], e)
    base, power = values
    bits = max(base.numerator.bit_length(), base.denominator.bit_length()) * abs(power)
    if power.denominator != 1 or bits > MOST_BITS:
        return None
    return Fraction((base if power >= 0 else _nonzero(base, e)) ** int(power))


def _nonzero(value: Fraction, e: Expr) -> Fraction:
    if not value:
        raise _division_by_zero(e)
    return value


def _division_by_zero(e: Expr) -> ExamError:
    return ExamError(
        f"found a division by 0 in {latex(e)}, expected a divisor that is not 0",
        hint="correct the formula",
    )


def folded(e: Expr) -> Expr:
    """A rational constant as one number; anything else as it is.

    >>> folded(Neg(num(2))) == num(-2)
    True
    """
    value = rational(e)
    return e if value is None or isinstance(e, Num) else num(value)
