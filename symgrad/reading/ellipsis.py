r"""Sums with dots: k_1 x_i + k_2 x_{i+1} + \dots + k_m x_{i+m-1} is Σ_{j=1}^{m} k_j x_{i+j-1}.

The terms before the dots and the one behind them must be one formula, read at whole numbers that
advance by fixed steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symgrad.affine import Affine, affine
from symgrad.expr import (
    Bound,
    Expr,
    Neg,
    Num,
    Pow,
    Reduce,
    Ref,
    children,
    names,
    rebuild,
)

LETTERS = ("j", "k", "s", "t", "q", "r", "p", "u", "v")

Spot = tuple[int, ...]
"""Where a whole number stands in a formula: the way down to it."""


def spots(e: Expr, at: Spot = ()) -> Iterator[tuple[Spot, Affine | None]]:
    """The places that may advance from term to term: subscripts, exponents, numbers."""
    match e:
        case Ref(indices=indices):
            if indices:
                for k, i in enumerate(indices):
                    yield (*at, k), affine(i)
            elif not e.name.startswith("\\"):
                yield at, affine(e)
        case Num():
            yield at, affine(e)
        case Pow(base=base, exp=exp):
            yield from spots(base, (*at, 0))
            yield (*at, 1), affine(exp)
        case _:
            for k, kid in enumerate(children(e)):
                yield from spots(kid, (*at, k))


def shape(e: Expr) -> object:
    """A formula but for its places."""
    match e:
        case Ref(name=name, indices=indices):
            if not indices and not name.startswith("\\"):
                return "number"
            return (name, len(indices))
        case Num():
            return "number"
        case Pow(base=base):
            return ("pow", shape(base))
    signs = tuple(getattr(e, sign, "") for sign in ("fn", "op", "name"))
    return (type(e).__name__, signs, tuple(shape(k) for k in children(e)))


def filled(e: Expr, values: dict[Spot, Expr], at: Spot = ()) -> Expr:
    """The formula with other whole numbers at some of its places."""
    if at in values:
        return values[at]
    match e:
        case Ref(indices=indices):
            return e.at(tuple(values.get((*at, k), i) for k, i in enumerate(indices)))
        case Num():
            return e
        case Pow(base=base, exp=exp):
            return Pow(filled(base, values, (*at, 0)), values.get((*at, 1), exp))
    kids = children(e)
    return rebuild(e, tuple(filled(k, values, (*at, n)) for n, k in enumerate(kids)))


def steps(a: Expr, b: Expr) -> dict[Spot, Affine] | None:
    """By how much each place differs from one formula to another; None if they are not alike."""
    if shape(a) != shape(b):
        return None
    found: dict[Spot, Affine] = {}
    for (at, x), (_, y) in zip(spots(a), spots(b), strict=True):
        if x is None or y is None:
            return None
        gap = y.plus(x, -1)
        if gap.constant or gap.coefficients:
            found[at] = gap
    return found


def series(before: Sequence[Expr], last: Expr) -> tuple[int, Reduce] | None:
    """The sum that the last terms of `before`, dots, and `last` are, and how many of `before`
    belong to it; None if there is none."""
    if any(isinstance(e, Neg) for e in (before[-1], last)):
        return None
    step = _step(before)
    if step is None:
        return None
    count = 1
    while count < len(before) and steps(before[-count - 1], before[-count]) == step:
        count += 1
    first = before[-count]
    whole = steps(first, last)
    if whole is None or not whole:
        return None
    if count == 1:
        step = dict.fromkeys(whole, Affine(1))
    if set(whole) != set(step):
        return None
    start = {at: x for at, x in spots(first) if x is not None}
    plain = [at for at in whole if not start[at].coefficients]
    lead = next((at for at in plain if step[at] == Affine(1)), next(iter(plain), None))
    if lead is None:
        return None
    length = _over(whole[lead], step[lead].constant)
    if length is None:
        return None
    if any(gap != length.scaled(step[at].constant) for at, gap in whole.items()):
        return None
    letter = next(n for n in LETTERS if n not in names(first) | names(last))
    low = start[lead] if step[lead] == Affine(1) else Affine(1)
    index = Affine(-low.constant, ((letter, 1),))
    values = {at: start[at].plus(index, step[at].constant).expr() for at in whole}
    bound = Bound(letter, low.expr(), low.plus(length).expr())
    return count, Reduce("sum", (bound,), filled(first, values))


def _over(form: Affine, by: int) -> Affine | None:
    """The form divided by a number that divides it."""
    numbers = (form.constant, *(c for _, c in form.coefficients))
    if not by or any(c % by for c in numbers):
        return None
    return Affine(form.constant // by, tuple((n, c // by) for n, c in form.coefficients))


def _step(before: Sequence[Expr]) -> dict[Spot, Affine] | None:
    """What advances between the last two terms before the dots; nothing is known of one term."""
    if len(before) < 2 or isinstance(before[-2], Neg):
        return {}
    found = steps(before[-2], before[-1])
    if not found or any(g.coefficients for g in found.values()):
        return {}
    return found
