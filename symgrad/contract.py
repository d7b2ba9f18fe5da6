r"""Contraction: solving the equation of a subscript for an index of unit coefficient.

The range of an eliminated index becomes bounds of those that remain, redundant ones dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from symgrad.affine import Affine, Condition, affine, factors
from symgrad.errors import NetworkError
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
from symgrad.index import Facts, Index, Range, extent, range_conditions, range_ends
from symgrad.latex import latex
from symgrad.points import sample


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
    more: Sequence[Condition] = (),
) -> Contraction | None:
    r"""Solve φ_k(V) = p_k for indices of unit coefficient, innermost first.

    Returns None when no point satisfies the equations. The range of an eliminated index becomes
    bounds of those that remain: for φ = i+j-1 and p = l the index j = l-i+1 goes, and
    ``1 ≤ l-i+1 ≤ m`` bounds i by ``max(1, l-m+1)`` and ``min(n, l)``. `more` conditions bound
    what remains as well.
    """
    inside = [i.name for i in indices]
    values: dict[str, Affine] = {}
    rest: list[Condition] = []
    told: dict[Condition, Expr] = {}
    for phi, p in pairs:
        a, b = affine(phi), affine(p)
        if a is None or b is None:
            strange = phi if a is None else p
            raise NetworkError(
                f"found the subscript {latex(strange)}, expected a sum of indices and numbers",
                hint="ask for an entry such as i, or i + 1",
            )
        gap = a.plus(b, -1)
        for name, value in values.items():
            gap = gap.with_value(name, value)
        units = [n for n in inside if gap.unit(n) and n not in values]
        if units:
            values = {n: v.with_value(units[-1], gap.solve(units[-1])) for n, v in values.items()}
            values[units[-1]] = gap.solve(units[-1])
        elif gap.coefficients:
            rest.append(Condition(gap, equality=True))
            if gap.products and gap == a.plus(b, -1):
                told[rest[-1]] = Rel("=", p, phi)
        elif gap.constant:
            return None
    spoken: dict[Condition, Expr] = {}
    conds = []
    for i in indices:
        for c in range_conditions(affine(Ref(i.name)), i.range):
            conds.append(_with_values(c, values))
            if i.name in values:
                spoken.setdefault(conds[-1], _side(c, i.name, values))
    conds += [_with_values(c, values) for c in more]
    equalities = [_with_values(c, values) for c in rest]
    spoken |= {c: told[old] for c, old in zip(equalities, rest, strict=True) if c in told}
    return _assemble(indices, values, (conds, equalities, spoken), facts)


def _side(c: Condition, name: str, values: Mapping[str, Affine]) -> Expr:
    """lo ≤ value or value ≤ hi for an eliminated index; by its own letter where it has one:
    2 ≤ l, not 1 ≤ l - 1."""
    value = values[name]
    if not c.form.unit(name):
        return _relation(_with_values(c, values))
    k = c.form.by[name]
    end = c.form.without(name)
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
    if sample(facts.system((*conds, *equalities))) is None:
        return None
    kept = _needed(conds, facts, remaining)
    own: dict[str, list[Condition]] = {n: [] for n in remaining}
    guards: list[Expr] = []
    for c in kept:
        home = _home(c, remaining)
        if home is None:
            guards.append(spoken.get(c) or _relation(c))
        else:
            own[home].append(c)
    guards += [spoken.get(c) or _relation(c) for c in equalities]
    for n in remaining:
        if len({_sign(c, n) for c in own[n]}) < 2:
            own[n] += _closing(n, own[n], indices, facts)
    bounds = tuple(_bound(n, own[n]) for n in remaining)
    return Contraction({n: v.expr() for n, v in values.items()}, bounds, tuple(guards))


def _sign(c: Condition, name: str) -> int:
    """1 where the condition bounds the index from below, -1 from above."""
    return c.form.coefficient(name).sign


def _home(c: Condition, remaining: Sequence[str]) -> str | None:
    """The innermost index that the condition bounds; None where none does for all sizes."""
    home = next((n for n in reversed(remaining) if n in c.form.names), None)
    return home if home is not None and _sign(c, home) else None


def _closing(
    name: str, conds: Sequence[Condition], indices: Sequence[Index], facts: Facts
) -> list[Condition]:
    """Implied conditions that give an index both ends where only inner indices bound it."""
    before = [i.name for i in indices].index(name)
    r = indices[before].range
    least, most = (
        [extent(form, indices[:before], facts) for e in range_ends(end, fn) if (form := e.exact)]
        for end, fn in ((r.lo, "max"), (r.hi, "min"))
    )
    if not least or not most:
        raise NetworkError(
            f"found rounded ends of the index {name}, expected affine ones such as n - m + 1",
            hint="write the bounds as sums of sizes and integers",
        )
    ends = range_conditions(affine(Ref(name)), Range(least[0].lo, most[0].hi))
    signs = {_sign(c, name) for c in conds}
    return [c for c in ends if _sign(c, name) not in signs]


def _needed(conds: Sequence[Condition], facts: Facts, remaining: Sequence[str]) -> list[Condition]:
    """The conditions that the facts and the other conditions do not imply.

    A condition on a remaining index always leaves the index at least one bound below and above.
    """
    kept = [c for c in dict.fromkeys(conds) if c.form.coefficients or c.form.constant < 0]
    for c in sorted(kept, key=lambda c: -kept.index(c)):
        others = [o for o in kept if o != c]
        home = _home(c, remaining)
        if home is not None and not any(
            home == _home(o, remaining) and _sign(o, home) == _sign(c, home) for o in others
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


def _bound(name: str, conds: Sequence[Condition]) -> Bound:
    """The range of an index that k i + c ≥ 0 gives it: from ⌈-c/k⌉, or up to ⌊c/-k⌋."""
    lows: dict[tuple[Affine, Affine], Expr] = {}
    highs: list[Expr] = []
    for c in conds:
        k = c.form.coefficient(name)
        if k.sign > 0:
            top = c.form.without(name).scaled(-1)
            lows[top, k] = _quotient(top, k, "ceil")
    for c in conds:
        k = c.form.coefficient(name).scaled(-1)
        if k.sign > 0:
            top = c.form.without(name)
            start = top.plus(k, -1).plus(Affine(1))  # ⌊a/k⌋ = ⌈(a - k + 1)/k⌉
            highs.append(_known(lows, start, k) or _quotient(top, k, "floor"))
    return Bound(name, _joined("max", list(lows.values())), _joined("min", highs))


def _known(lows: Mapping[tuple[Affine, Affine], Expr], top: Affine, by: Affine) -> Expr | None:
    """The spelling of an equal lower end with a symbolic divisor."""
    if not by.coefficients:
        return None
    zero = Affine(0)
    return next((e for (t, k), e in lows.items() if k == by and t.plus(top, -1) == zero), None)


def _quotient(form: Affine, by: Affine, rounding: str) -> Expr:
    """⌈form / by⌉ or ⌊form / by⌋, whole parts taken out of the bracket."""
    if by.coefficients:
        return _symbolic_quotient(form, by, rounding)
    k = by.constant
    if k == 1:
        return form.expr()
    if all(c % k == 0 for _, c in form.coefficients):
        exact = Fraction(form.constant, k)
        whole = (
            -((-exact.numerator) // exact.denominator) if rounding == "ceil" else exact.__floor__()
        )
        return Affine(int(whole), tuple((n, c // k) for n, c in form.coefficients)).expr()
    return _shortest(form, k, rounding)


def _symbolic_quotient(form: Affine, by: Affine, rounding: str) -> Expr:
    """⌈(l - m + s)/s⌉ = ⌈(l - m)/s⌉ + 1."""
    whole = _whole_part(form, by)
    left = form.plus(whole.times(by), -1)
    if left == Affine(0):
        return whole.expr()
    inner = Call(rounding, (Div(left.expr(), by.expr()),))
    if whole == Affine(0):
        return inner
    rest = whole.expr()
    return Add((inner, *(rest.terms if isinstance(rest, Add) else (rest,))))


def _whole_part(form: Affine, by: Affine) -> Affine:
    """The terms of `form` that are multiples of a size, divided by it."""
    lead, k = by.coefficients[0]
    if len(by.coefficients) > 1 or by.constant:
        return Affine(form.by.get(lead, 0) // k)
    whole = Affine(0)
    for name, c in form.coefficients:
        rest = list(factors(name))
        if c % k == 0 and all(f in rest for f in factors(lead)):
            for f in factors(lead):
                rest.remove(f)
            whole = whole.plus(Affine(0, (("*".join(rest), c // k),)) if rest else Affine(c // k))
    return whole


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
