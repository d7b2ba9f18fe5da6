r"""Contraction: solving the equation of a subscript for an index of unit coefficient.

The range of an eliminated index becomes bounds of those that remain, redundant ones dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from symgrad.affine import Affine, Condition, affine
from symgrad.expr import (
    Add,
    And,
    Bound,
    Call,
    Div,
    Expr,
    Iverson,
    Neg,
    Ref,
    Rel,
    num,
)
from symgrad.index import Facts, Index, Range, end_forms, extent, range_conditions, sample


@dataclass(frozen=True)
class Contraction:
    r"""What is left of ``\sum_{V} [φ(V) = p]``: the values of the eliminated indices, the
    bounds of the remaining ones, and conditions that no remaining index can absorb."""

    values: dict[str, Expr]
    bounds: tuple[Bound, ...]
    guards: tuple[Expr, ...]


def contract(
    indices: Sequence[Index],
    pairs: Sequence[tuple[Expr, Expr]],
    facts: Facts,
) -> Contraction | None:
    r"""Solve φ_k(V) = p_k for indices of unit coefficient, innermost first.

    Returns None when no point satisfies the equations. The range of an eliminated index becomes
    bounds of those that remain: for φ = i+j-1 and p = l the index j = l-i+1 goes, and
    ``1 ≤ l-i+1 ≤ m`` bounds i by ``max(1, l-m+1)`` and ``min(n, l)``.
    """
    inside = [i.name for i in indices]
    values: dict[str, Affine] = {}
    rest: list[Condition] = []
    for phi, p in pairs:
        a, b = affine(phi), affine(p)
        assert a is not None and b is not None
        gap = a.plus(b, -1)
        for name, value in values.items():
            gap = gap.with_value(name, value)
        units = [n for n in inside if abs(gap.by.get(n, 0)) == 1 and n not in values]
        if units:
            values = {n: v.with_value(units[-1], gap.solve(units[-1])) for n, v in values.items()}
            values[units[-1]] = gap.solve(units[-1])
        elif gap.coefficients:
            rest.append(Condition(gap, equality=True))
        elif gap.constant:
            return None
    spoken: dict[Condition, Expr] = {}
    conds = []
    for i in indices:
        for c in range_conditions(affine(Ref(i.name)), i.range):
            conds.append(_with_values(c, values))
            if i.name in values:
                spoken.setdefault(conds[-1], _side(c, i.name, values))
    equalities = [_with_values(c, values) for c in rest]
    return _assemble(indices, values, (conds, equalities, spoken), facts)


def _side(c: Condition, name: str, values: Mapping[str, Affine]) -> Expr:
    """lo ≤ value or value ≤ hi for an eliminated index; by its own letter where it has one:
    2 ≤ l, not 1 ≤ l - 1."""
    value = values[name]
    k = c.form.by[name]
    end = Affine(c.form.constant, tuple((n, v) for n, v in c.form.coefficients if n != name))
    end = _with_values(Condition(end.scaled(-k)), values).form
    if len(value.coefficients) == 1 and value.coefficients[0][1] == 1:
        end = Affine(end.constant - value.constant, end.coefficients)
        value = Affine(0, value.coefficients)
    pair = (end.expr(), value.expr())
    return Rel("<=", *(pair if k > 0 else pair[::-1]))


def _with_values(c: Condition, values: Mapping[str, Affine]) -> Condition:
    form = c.form
    for name, value in values.items():
        form = form.with_value(name, value)
    return Condition(form, c.equality)


def _assemble(
    indices: Sequence[Index],
    values: Mapping[str, Affine],
    what: tuple[Sequence[Condition], Sequence[Condition], Mapping[Condition, Expr]],
    facts: Facts,
) -> Contraction | None:
    conds, equalities, spoken = what
    remaining = [i.name for i in indices if i.name not in values]
    every = (*conds, *equalities)
    if sample((*facts.relevant(Condition(Affine(0))), *_sized(facts, every), *every)) is None:
        return None
    kept = _needed(conds, facts, remaining)
    own: dict[str, list[Condition]] = {n: [] for n in remaining}
    guards: list[Expr] = []
    for c in kept:
        home = next((n for n in reversed(remaining) if n in c.form.by), None)
        if home is None:
            guards.append(spoken.get(c) or _relation(c))
        else:
            own[home].append(c)
    guards += [_relation(c) for c in equalities]
    for n in remaining:
        if len({c.form.by[n] > 0 for c in own[n]}) < 2:
            own[n] += _closing(n, own[n], indices)
    bounds = tuple(_bound(n, own[n], facts) for n in remaining)
    return Contraction({n: v.expr() for n, v in values.items()}, bounds, tuple(guards))


def _closing(name: str, conds: Sequence[Condition], indices: Sequence[Index]) -> list[Condition]:
    """Implied conditions that give an index both ends where only inner indices bound it."""
    before = [i.name for i in indices].index(name)
    least, most = (
        extent(end_forms(end, "")[0], indices[:before])
        for end in (indices[before].range.lo, indices[before].range.hi)
    )
    ends = range_conditions(affine(Ref(name)), Range(least.lo, most.hi))
    signs = {c.form.by[name] > 0 for c in conds}
    return [c for c in ends if (c.form.by[name] > 0) not in signs]


def _sized(facts: Facts, conds: Sequence[Condition]) -> tuple[Condition, ...]:
    names = {n for c in conds for n in c.form.by} & facts.sizes
    return tuple(Condition(Affine(-1, ((s, 1),))) for s in sorted(names))


def _needed(conds: Sequence[Condition], facts: Facts, remaining: Sequence[str]) -> list[Condition]:
    """The conditions that the facts and the other conditions do not imply.

    A condition on a remaining index always leaves the index at least one bound below and above.
    """
    kept = [c for c in dict.fromkeys(conds) if c.form.coefficients or c.form.constant < 0]
    for c in sorted(kept, key=lambda c: -kept.index(c)):
        others = [o for o in kept if o != c]
        home = next((n for n in reversed(remaining) if n in c.form.by), None)
        if home is not None:
            sign = c.form.by[home] > 0
            if not any(
                home == next((n for n in reversed(remaining) if n in o.form.by), None)
                and (o.form.by[home] > 0) == sign
                for o in others
            ):
                continue
        if facts.plus(others).imply(c):
            kept = others
    return kept


def _relation(c: Condition) -> Expr:
    """The condition as a comparison with plus signs on both sides: ``l \\le n + m - 1``."""
    gains = Affine(max(c.form.constant, 0), tuple((n, k) for n, k in c.form.coefficients if k > 0))
    losses = Affine(
        max(-c.form.constant, 0), tuple((n, -k) for n, k in c.form.coefficients if k < 0)
    )
    if c.equality:
        return Rel("=", gains.expr(), losses.expr())
    return Rel("<=", losses.expr(), gains.expr())


def _bound(name: str, conds: Sequence[Condition], facts: Facts) -> Bound:
    lows: list[Expr] = []
    highs: list[Expr] = []
    for c in conds:
        k = c.form.by[name]
        rest = Affine(c.form.constant, tuple((n, v) for n, v in c.form.coefficients if n != name))
        if k > 0:
            lows.append(_quotient(rest.scaled(-1), k, "ceil"))
        else:
            highs.append(_quotient(rest, -k, "floor"))
    return Bound(name, _joined("max", lows), _joined("min", highs))


def _quotient(form: Affine, k: int, rounding: str) -> Expr:
    """⌈form / k⌉ or ⌊form / k⌋, whole parts taken out of the bracket."""
    if k == 1:
        return form.expr()
    if all(c % k == 0 for _, c in form.coefficients):
        exact = Fraction(form.constant, k)
        whole = (
            -((-exact.numerator) // exact.denominator) if rounding == "ceil" else exact.__floor__()
        )
        return Affine(int(whole), tuple((n, c // k) for n, c in form.coefficients)).expr()
    return _shortest(form, k, rounding)


def _shortest(form: Affine, k: int, rounding: str) -> Expr:
    """The bracket with the smallest number inside, then outside: ⌈(l+1)/2⌉ - 1 is ⌊l/2⌋."""
    floor = form.constant + (k - 1 if rounding == "ceil" else 0)
    spellings = []
    for name, constant in (("floor", floor), ("ceil", floor - k + 1)):
        whole, left = divmod(constant, k)
        spellings += [(name, left, whole), (name, left - k, whole + 1)]
    order = {rounding: 0}
    name, left, whole = min(spellings, key=lambda s: (abs(s[1]), abs(s[2]), order.get(s[0], 1)))
    inner = Call(name, (Div(Affine(left, form.coefficients).expr(), num(k)),))
    if not whole:
        return inner
    return Add((inner, num(whole) if whole > 0 else Neg(num(-whole))))


def _joined(fn: str, ends: Sequence[Expr]) -> Expr | None:
    if not ends:
        return None
    return ends[0] if len(ends) == 1 else Call(fn, tuple(ends))


def guard(conds: Sequence[Expr]) -> tuple[Expr, ...]:
    """One bracket for all the conditions, or nothing."""
    if not conds:
        return ()
    return (Iverson(conds[0] if len(conds) == 1 else And(tuple(conds))),)
