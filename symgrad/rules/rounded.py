r"""Sums over an index of which brackets allow one value, rounded: Σ_i δ_i ([2i = p + 1] a_i +
[2i = p] b_i) with both brackets at i = ⌈p/2⌉ only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from symgrad.affine import Affine, Condition, affine, shift
from symgrad.contract import guard
from symgrad.expr import (
    Add,
    And,
    Bound,
    Call,
    Div,
    Expr,
    Iverson,
    Mul,
    Neg,
    Num,
    Reduce,
    Ref,
    Rel,
    canonical,
    names,
    num,
    transform,
)
from symgrad.index import Facts
from symgrad.rules.plain import negate, product, total


class Case(NamedTuple):
    """A term that is there only where `by` times the index is `at`, without that bracket."""

    by: int
    at: Affine
    rest: Expr


def rounded(e: Reduce, facts: Facts) -> Expr | None:
    r"""The sum without an index that all brackets give the one value ⌈p/k⌉, if that is known to
    be in its range.

    >>> from symgrad.expr import ONE
    >>> from symgrad.index import Index, Range
    >>> from symgrad.latex import latex
    >>> i, p, n = Ref("i"), Ref("p"), Ref("n")
    >>> even, odd = (Iverson(Rel("=", Mul((num(2), i)), x)) for x in (p, Add((p, ONE))))
    >>> body = Mul((Ref("d", (i,)), Add((even, odd))))
    >>> known = Facts(sizes=frozenset("n")).within([Index("p", Range(ONE, Mul((num(2), n))))])
    >>> latex(rounded(Reduce("sum", (Bound("i", ONE, n),), body), known))
    'd_{\\left\\lceil \\frac{p}{2} \\right\\rceil}'
    """
    factors = e.body.factors if isinstance(e.body, Mul) else (e.body,)
    for k, f in enumerate(factors):
        for n, b in enumerate(e.bounds) if isinstance(f, Add) else ():
            rest = (*e.bounds[:n], *e.bounds[n + 1 :])
            found = _cases(f, b.name) if isinstance(f, Add) else None
            if found is None or b.conds or any(b.name in names(x) for x in rest):
                continue
            at = _single(found, b, facts)
            if at is None:
                continue
            value = Call("ceil", (Div(at.expr(), num(found[0].by)),))
            put: dict[str, Expr] = {b.name: value}
            new = _at_value(found, b.name, value)
            before, after = factors[:k], factors[k + 1 :]
            whole = shift(product(*before, new, *after), put)
            return Reduce("sum", rest, whole) if rest else whole
    return None


def _cases(e: Add, name: str) -> list[Case] | None:
    """Every term with the value that its bracket gives a multiple of the index."""
    found = [_case(t, name) for t in e.terms]
    if len(found) < 2 or None in found:
        return None
    cases = [c for c in found if c is not None]
    alike = {(c.by, frozenset(c.at.coefficients)) for c in cases}
    return cases if len(alike) == 1 else None


def _case(t: Expr, name: str) -> Case | None:
    body = t.arg if isinstance(t, Neg) else t
    factors = body.factors if isinstance(body, Mul) else (body,)
    for k, f in enumerate(factors):
        conds = _conjuncts(f) if isinstance(f, Iverson) else ()
        for c in conds:
            solved = _multiple(c, name)
            if solved is not None:
                left = guard([x for x in conds if x is not c])
                rest = product(*factors[:k], *left, *factors[k + 1 :])
                return Case(*solved, negate(rest) if isinstance(t, Neg) else rest)
    return None


def _conjuncts(e: Iverson) -> tuple[Expr, ...]:
    return e.cond.conds if isinstance(e.cond, And) else (e.cond,)


def _multiple(c: Expr, name: str) -> tuple[int, Affine] | None:
    """k and e of k i = e, for k ≥ 2 and an e without the index."""
    left, right = (affine(c.lhs), affine(c.rhs)) if isinstance(c, Rel) else (None, None)
    if not isinstance(c, Rel) or c.op != "=" or left is None or right is None:
        return None
    gap = left.plus(right, -1)
    by = gap.coefficient(name)
    if by.coefficients or abs(by.constant) < 2:
        return None
    sign = -1 if by.constant > 0 else 1
    return abs(by.constant), gap.without(name).scaled(sign)


def _single(cases: Sequence[Case], b: Bound, facts: Facts) -> Affine | None:
    """The p of ⌈p/k⌉ that is every case's value of the index, in the range of the index."""
    by, form = cases[0].by, cases[0].at
    numbers = [c.at.constant for c in cases]
    if max(numbers) - min(numbers) >= by or b.lo is None or b.hi is None:
        return None
    lo, hi = affine(b.lo), affine(b.hi)
    if lo is None or hi is None:
        return None
    starts = range(max(numbers) - by + 1, min(numbers) + 1)
    at = Affine(min(starts, key=abs), form.coefficients)
    low = at.plus(lo.scaled(by), -1).plus(Affine(by - 1))
    high = hi.scaled(by).plus(at, -1)
    return at if all(facts.imply(Condition(x)) for x in (low, high)) else None


def _at_value(cases: Sequence[Case], name: str, value: Expr) -> Expr:
    """The terms at the one value; those that differ in nothing and cover every remainder as one."""
    by = cases[0].by
    groups: dict[Affine, list[Expr]] = {}
    for c in cases:
        rest = shift(_moved(c, name), {name: value})
        groups.setdefault(c.at, []).append(rest)
    sums = {at: total(*terms) for at, terms in groups.items()}
    if len(sums) == by and len({canonical(x) for x in sums.values()}) == 1:
        return next(iter(sums.values()))
    out = []
    for at, terms in groups.items():
        here = Iverson(Rel("=", Mul((num(by), value)), at.expr()))
        out += [_inside(t, here) for t in terms]
    return total(*out)


def _inside(t: Expr, here: Iverson) -> Expr:
    """A term inside a bracket that is read before its own ones: what these speak of may exist
    there only."""
    body = t.arg if isinstance(t, Neg) else t
    factors = body.factors if isinstance(body, Mul) else (body,)
    at = next((k for k, f in enumerate(factors) if isinstance(f, Iverson)), len(factors))
    whole = product(*factors[:at], here, *factors[at:])
    return negate(whole) if isinstance(t, Neg) else whole


def _moved(c: Case, name: str) -> Expr:
    """x_{2i-1} at 2i = p + 1 is x_p."""

    def one(x: Expr) -> Expr:
        if not isinstance(x, Ref) or not x.indices:
            return x
        return x.at(tuple(index(i) for i in x.indices))

    def index(i: Expr) -> Expr:
        form = affine(i)
        if form is None or isinstance(i, Num):
            return i
        own = form.coefficient(name)
        if own.coefficients or not own.constant or own.constant % c.by:
            return i
        return form.without(name).plus(c.at, own.constant // c.by).expr()

    return transform(c.rest, one)
