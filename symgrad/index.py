r"""Index ranges and affine subscripts as sets of integer points.

The only room that knows isl. It answers three questions about linear conditions over symbolic
sizes: does a comparison follow from the facts, is there an instance where it fails, and which
bounds remain when a subscript is set equal to a given index.

Size symbols are positive integers; facts say more (``m \le n``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache

import islpy

from symgrad.errors import NetworkError
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
    Ref,
    Rel,
    children,
    num,
    rebuild,
    substitute,
)
from symgrad.latex import latex


@dataclass(frozen=True)
class Range:
    """The integers from `lo` to `hi`, both included."""

    lo: Expr
    hi: Expr

    @cached_property
    def size(self) -> int | None:
        """How many integers, when both ends are numbers; an empty range has 0."""
        if isinstance(self.lo, Num) and isinstance(self.hi, Num):
            return max(0, int(self.hi.value - self.lo.value) + 1)
        return None

    def values(self) -> range:
        """The integers of a range whose ends are numbers."""
        assert isinstance(self.lo, Num) and isinstance(self.hi, Num)
        return range(int(self.lo.value), int(self.hi.value) + 1)


@dataclass(frozen=True)
class Index:
    """An integer variable with its range."""

    name: str
    range: Range

    def bound(self) -> Bound:
        """The binder of a sum over this index."""
        return Bound(self.name, self.range.lo, self.range.hi)


@dataclass(frozen=True)
class Affine:
    """c₀ + Σ c_v v over integer names v: the subscripts that isl decides."""

    constant: int
    coefficients: tuple[tuple[str, int], ...] = ()

    @cached_property
    def by(self) -> dict[str, int]:
        """Coefficient of each name."""
        return dict(self.coefficients)

    def plus(self, other: Affine, factor: int = 1) -> Affine:
        """self + factor · other."""
        total = dict(self.by)
        for name, c in other.coefficients:
            total[name] = total.get(name, 0) + factor * c
        kept = tuple((n, c) for n, c in total.items() if c)
        return Affine(self.constant + factor * other.constant, kept)

    def scaled(self, factor: int) -> Affine:
        """factor · self."""
        return Affine(0).plus(self, factor)

    def solve(self, name: str) -> Affine:
        """The value of `name` (of coefficient ±1) at which self = 0."""
        c = self.by[name]
        assert c in (1, -1)
        rest = Affine(self.constant, tuple((n, k) for n, k in self.coefficients if n != name))
        return rest.scaled(-c)

    def with_value(self, name: str, value: Affine) -> Affine:
        """self with `name` replaced, in place: n + m - 1 stays in that order."""
        c = self.by.get(name, 0)
        if not c:
            return self
        total = Affine(self.constant + c * value.constant)
        for n, k in self.coefficients:
            total = total.plus(Affine(0, value.scaled(c).coefficients if n == name else ((n, k),)))
        return total

    def expr(self) -> Expr:
        """As a formula a person would write: gains first, then losses, then the number.

        >>> from symgrad.latex import latex
        >>> latex(Affine(1, (("i", -1), ("l", 1))).expr())
        'l - i + 1'
        """
        terms: list[Expr] = [_times(c, n) for n, c in self.coefficients if c > 0]
        terms += [Neg(_times(-c, n)) for n, c in self.coefficients if c < 0]
        if self.constant or not terms:
            value = num(abs(self.constant))
            terms.append(Neg(value) if self.constant < 0 and terms else num(self.constant))
        return terms[0] if len(terms) == 1 else Add(tuple(terms))


def _times(c: int, name: str) -> Expr:
    return Ref(name) if c == 1 else Mul((num(c), Ref(name)))


def affine(e: Expr) -> Affine | None:
    r"""`e` as an affine form over plain names with integer coefficients, or None.

    >>> affine(Add((Ref("i"), Ref("j"), Neg(num(1)))))
    Affine(constant=-1, coefficients=(('i', 1), ('j', 1)))
    """
    match e:
        case Num(value=v) if v.denominator == 1:
            return Affine(int(v))
        case Ref(name=name, indices=()):
            return Affine(0, ((name, 1),))
        case Neg(arg=a):
            inner = affine(a)
            return inner and inner.scaled(-1)
        case Add(terms=terms):
            total = Affine(0)
            for t in terms:
                part = affine(t)
                if part is None:
                    return None
                total = total.plus(part)
            return total
        case Mul(factors=factors):
            product: Affine | None = Affine(1)
            for f in factors:
                part = affine(f)
                product = product and part and _product(product, part)
            return product
    return None


def _product(a: Affine, b: Affine) -> Affine | None:
    if not a.coefficients:
        return b.scaled(a.constant)
    return a.scaled(b.constant) if not b.coefficients else None


@dataclass(frozen=True)
class Condition:
    """An affine form that is ≥ 0 (or = 0 with `equality`)."""

    form: Affine
    equality: bool = False


def conditions(rel: Expr) -> tuple[Condition, ...] | None:
    """The comparison as affine conditions over the integers; None where it is not one."""
    if isinstance(rel, And):
        parts = [conditions(c) for c in rel.conds]
        return None if None in parts else tuple(c for p in parts if p is not None for c in p)
    if not isinstance(rel, Rel):
        return None
    a, b = affine(rel.lhs), affine(rel.rhs)
    if a is None or b is None:
        return None
    less = b.plus(a, -1)
    match rel.op:
        case "<=":
            return (Condition(less),)
        case "<":
            return (Condition(Affine(less.constant - 1, less.coefficients)),)
        case ">=":
            return (Condition(less.scaled(-1)),)
        case ">":
            return (Condition(Affine(-less.constant - 1, less.scaled(-1).coefficients)),)
        case "=":
            return (Condition(less, equality=True),)
    return None


@dataclass(frozen=True)
class Facts:
    """What is known of sizes and indices: affine conditions, and names that are sizes (≥ 1)."""

    known: tuple[Condition, ...] = ()
    sizes: frozenset[str] = frozenset()
    _cache: dict[Condition, bool] = field(default_factory=dict, compare=False, repr=False)

    def plus(self, more: Iterable[Condition], sizes: Iterable[str] = ()) -> Facts:
        """These facts and more."""
        return Facts(self.known + tuple(more), self.sizes | frozenset(sizes))

    def within(self, indices: Iterable[Index]) -> Facts:
        """These facts, with each index inside its range."""
        more = [c for i in indices for c in range_conditions(affine(Ref(i.name)), i.range)]
        return self.plus(more)

    def imply(self, condition: Condition) -> bool:
        """Does the condition hold at every instance of the facts?

        >>> Facts(sizes=frozenset({"n"})).imply(Condition(Affine(-1, (("n", 1),))))
        True
        """
        hit = self._cache.get(condition)
        if hit is None:
            hit = self._cache[condition] = self.instance(_negations(condition)) is None
        return hit

    def contradictory(self) -> bool:
        """Do no positive sizes satisfy the facts?"""
        return self.instance([Condition(Affine(0))]) is None

    def instance(self, alternatives: Sequence[Condition]) -> dict[str, int] | None:
        """A smallest instance of the facts where one of the alternatives holds, or None."""
        for extra in alternatives:
            point = _sample((*self._relevant(extra), extra))
            if point is not None:
                return point
        return None

    def _relevant(self, condition: Condition) -> tuple[Condition, ...]:
        """Known conditions, with size ≥ 1 for every size that occurs."""
        seen = {n for c in (*self.known, condition) for n in c.form.by}
        ones = tuple(Condition(Affine(-1, ((s, 1),))) for s in sorted(seen & self.sizes))
        return ones + self.known


def _negations(c: Condition) -> tuple[Condition, ...]:
    below = Condition(Affine(-c.form.constant - 1, c.form.scaled(-1).coefficients))
    if not c.equality:
        return (below,)
    return (below, Condition(Affine(c.form.constant - 1, c.form.coefficients)))


def range_conditions(form: Affine | None, r: Range) -> tuple[Condition, ...]:
    """`r.lo` ≤ form ≤ `r.hi`, as far as the ends are affine (max and min give one each)."""
    if form is None:
        return ()
    lows = [form.plus(a, -1) for a in _ends(r.lo, "max")]
    highs = [a.plus(form, -1) for a in _ends(r.hi, "min")]
    return tuple(Condition(f) for f in lows + highs)


def _ends(e: Expr, fn: str) -> list[Affine]:
    parts = e.args if isinstance(e, Call) and e.fn == fn else (e,)
    forms = [affine(p) for p in parts]
    if any(f is None for f in forms):
        raise NetworkError(
            f"found the bound {latex(e)}, expected an affine one such as n - m + 1",
            hint="write the bound as a sum of sizes and integers",
        )
    return [f for f in forms if f is not None]


@lru_cache(maxsize=4096)
def _sample(conds: tuple[Condition, ...]) -> dict[str, int] | None:
    """The lexicographically smallest integer point in the absolute sense isl offers, or None."""
    order = sorted({n for c in conds for n in c.form.by})
    spelled = {n: f"v{k}" for k, n in enumerate(order)}
    text = " and ".join(_isl(c, spelled) for c in conds) or "1 = 1"
    dims = ", ".join(spelled[n] for n in order)
    points = islpy.Set(f"{{ [{dims}] : {text} }}")
    if points.is_empty():
        return None
    with suppress(islpy.Error):  # unbounded below: any point will do
        points = points.lexmin()
    point = points.sample_point()
    at = [
        point.get_coordinate_val(islpy.dim_type.set, k).to_python() for k in range(len(order))
    ]
    return dict(zip(order, at, strict=True))


def _isl(c: Condition, spelled: Mapping[str, str]) -> str:
    terms = [f"{k}*{spelled[n]}" for n, k in c.form.coefficients]
    total = " + ".join([*terms, str(c.form.constant)])
    return f"{total} {'=' if c.equality else '>='} 0"


def extent(form: Affine, indices: Sequence[Index]) -> Range:
    """The smallest and largest value of an affine subscript over the ranges of the indices.

    >>> from symgrad.latex import latex
    >>> n, m = Range(num(1), Ref("n")), Range(num(1), Ref("m"))
    >>> r = extent(Affine(-1, (("i", 1), ("j", 1))), [Index("i", n), Index("j", m)])
    >>> latex(r.lo), latex(r.hi)
    ('1', 'n + m - 1')
    """
    lo = hi = form
    for index in reversed(indices):
        low, high = _ends(index.range.lo, ""), _ends(index.range.hi, "")
        up = (low[0], high[0])
        lo = lo.with_value(index.name, up[0] if lo.by.get(index.name, 0) > 0 else up[1])
        hi = hi.with_value(index.name, up[1] if hi.by.get(index.name, 0) > 0 else up[0])
    return Range(lo.expr(), hi.expr())


def hull(ranges: Sequence[Range], facts: Facts) -> Range:
    """The smallest range that holds all the ranges; max and min where sizes do not decide."""
    return Range(
        _extreme([r.lo for r in ranges], facts, "min"),
        _extreme([r.hi for r in ranges], facts, "max"),
    )


def _extreme(ends: Sequence[Expr], facts: Facts, fn: str) -> Expr:
    """The least (`min`) or greatest (`max`) of some bounds, without those that never win."""
    flat = [x for e in ends for x in (e.args if isinstance(e, Call) and e.fn == fn else (e,))]
    kept = list(dict.fromkeys(flat))
    for e in list(kept):
        if len(kept) > 1 and any(
            o is not e and _beats(o, e, facts, fn) for o in kept
        ):
            kept.remove(e)
    return kept[0] if len(kept) == 1 else Call(fn, tuple(kept))


def _beats(winner: Expr, loser: Expr, facts: Facts, fn: str) -> bool:
    a, b = affine(winner), affine(loser)
    if a is None or b is None:
        return False
    gap = a.plus(b, -1) if fn == "max" else b.plus(a, -1)
    return facts.imply(Condition(gap))


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
    if _sample((*facts._relevant(Condition(Affine(0))), *_sized(facts, conds), *conds, *equalities)) is None:
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
        extent(_ends(end, "")[0], indices[:before])
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
        whole = -((-exact.numerator) // exact.denominator) if rounding == "ceil" else exact.__floor__()
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


INTEGER_NAME = re.compile(r"[A-Za-z]|\\[A-Za-z]+")
"""What an index may be called: one letter or a Greek macro."""


def shift(e: Expr, values: Mapping[str, Expr]) -> Expr:
    """`e` with index values put in and affine subscripts tidied (``i+1`` at i = 2 is 3).

    >>> from symgrad.latex import latex
    >>> latex(shift(Ref("x", (Add((Ref("i"), num(1))),)), {"i": num(2)}))
    'x_3'
    """
    return tidy_indices(substitute(e, values)) if values else e


def tidy_indices(e: Expr) -> Expr:
    """`e` with every affine subscript and bound in the form a person would write."""
    if isinstance(e, Ref):
        return Ref(e.name, tuple(_tidied(i) for i in e.indices))
    if isinstance(e, Bound):
        lo = None if e.lo is None else _tidied(e.lo)
        hi = None if e.hi is None else _tidied(e.hi)
        return Bound(e.name, lo, hi, e.conds)
    kids = children(e)
    return rebuild(e, [tidy_indices(k) for k in kids]) if kids else e


def _tidied(i: Expr) -> Expr:
    form = affine(i)
    if form is None or (isinstance(i, Add | Mul | Neg) and i == form.expr()):
        return i
    return form.expr() if not isinstance(i, Num | Ref) else i
