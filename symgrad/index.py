r"""Index ranges and affine subscripts as sets of integer points.

The only room that knows isl. It answers three questions about linear conditions over symbolic
sizes: does a comparison follow from the facts, is there an instance where it fails, and which
bounds remain when a subscript is set equal to a given index.

Size symbols are positive integers; facts say more (``m \le n``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import islpy

from symgrad.affine import Affine, Condition, affine
from symgrad.errors import NetworkError
from symgrad.expr import (
    Bound,
    Call,
    Expr,
    Num,
    Ref,
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
            hit = self._cache[condition] = self.instance(negations(condition)) is None
        return hit

    def contradictory(self) -> bool:
        """Do no positive sizes satisfy the facts?"""
        return self.instance([Condition(Affine(0))]) is None

    def instance(self, alternatives: Sequence[Condition]) -> dict[str, int] | None:
        """A smallest instance of the facts where one of the alternatives holds, or None."""
        for extra in alternatives:
            point = sample((*self.relevant(extra), extra))
            if point is not None:
                return point
        return None

    def relevant(self, condition: Condition) -> tuple[Condition, ...]:
        """Known conditions, with size ≥ 1 for every size that occurs."""
        seen = {n for c in (*self.known, condition) for n in c.form.by}
        ones = tuple(Condition(Affine(-1, ((s, 1),))) for s in sorted(seen & self.sizes))
        return ones + self.known


def negations(c: Condition) -> tuple[Condition, ...]:
    """The conditions one of which holds where `c` does not."""
    below = Condition(Affine(-c.form.constant - 1, c.form.scaled(-1).coefficients))
    if not c.equality:
        return (below,)
    return (below, Condition(Affine(c.form.constant - 1, c.form.coefficients)))


def range_conditions(form: Affine | None, r: Range) -> tuple[Condition, ...]:
    """`r.lo` ≤ form ≤ `r.hi`, as far as the ends are affine (max and min give one each)."""
    if form is None:
        return ()
    lows = [form.plus(a, -1) for a in end_forms(r.lo, "max")]
    highs = [a.plus(form, -1) for a in end_forms(r.hi, "min")]
    return tuple(Condition(f) for f in lows + highs)


def end_forms(e: Expr, fn: str) -> list[Affine]:
    parts = e.args if isinstance(e, Call) and e.fn == fn else (e,)
    forms = [affine(p) for p in parts]
    if any(f is None for f in forms):
        raise NetworkError(
            f"found the bound {latex(e)}, expected an affine one such as n - m + 1",
            hint="write the bound as a sum of sizes and integers",
        )
    return [f for f in forms if f is not None]


@lru_cache(maxsize=4096)
def sample(conds: tuple[Condition, ...]) -> dict[str, int] | None:
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
    at = [point.get_coordinate_val(islpy.dim_type.set, k).to_python() for k in range(len(order))]
    return dict(zip(order, at, strict=True))


def _isl(c: Condition, spelled: Mapping[str, str]) -> str:
    terms = [f"{k}*{spelled[n]}" for n, k in c.form.coefficients]
    total = " + ".join([*terms, str(c.form.constant)])
    return f"{total} {'=' if c.equality else '>='} 0"


def extent(form: Affine, indices: Sequence[Index]) -> Range:
    """The smallest and largest value of an affine subscript over the ranges of the indices.

    >>> from symgrad.latex import latex
    >>> from symgrad.expr import num
    >>> n, m = Range(num(1), Ref("n")), Range(num(1), Ref("m"))
    >>> r = extent(Affine(-1, (("i", 1), ("j", 1))), [Index("i", n), Index("j", m)])
    >>> latex(r.lo), latex(r.hi)
    ('1', 'n + m - 1')
    """
    lo = hi = form
    for index in reversed(indices):
        low, high = end_forms(index.range.lo, ""), end_forms(index.range.hi, "")
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
        if len(kept) > 1 and any(o is not e and _beats(o, e, facts, fn) for o in kept):
            kept.remove(e)
    return kept[0] if len(kept) == 1 else Call(fn, tuple(kept))


def _beats(winner: Expr, loser: Expr, facts: Facts, fn: str) -> bool:
    a, b = affine(winner), affine(loser)
    if a is None or b is None:
        return False
    gap = a.plus(b, -1) if fn == "max" else b.plus(a, -1)
    return facts.imply(Condition(gap))
