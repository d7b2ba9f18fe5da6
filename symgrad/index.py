r"""Index ranges and affine subscripts as sets of integer points.

It answers three questions about linear conditions over symbolic
sizes: does a comparison follow from the facts, is there an instance where it fails, and which
bounds remain when a subscript is set equal to a given index.

Size symbols are positive integers; facts say more (``m \le n``). A product of sizes and indices is
outside that arithmetic: what is implied holds for all sizes, by products of conditions with a
size; a counterexample is an instance with small factors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

from symgrad.affine import Affine, Condition, affine, factors
from symgrad.errors import NetworkError
from symgrad.expr import (
    Add,
    Bound,
    Call,
    Div,
    Expr,
    Num,
    Ref,
    num,
)
from symgrad.latex import latex
from symgrad.points import sample


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
            absent = (sample(self.system((c,))) is None for c in negations(condition))
            hit = self._cache[condition] = all(absent)
        return hit

    def hold(self, inner: Range, outer: Range) -> bool:
        """Is all of one range known to lie in another?"""
        ends = [affine(e) for e in (inner.lo, inner.hi)]
        try:
            conds = [c for e in ends for c in range_conditions(e, outer)]
        except NetworkError:
            return False
        return None not in ends and all(map(self.imply, conds))

    def contradictory(self) -> bool:
        """Do no positive sizes satisfy the facts?"""
        return sample(self.system(())) is None

    def instance(self, alternatives: Sequence[Condition]) -> dict[str, int] | None:
        """A smallest instance of the facts where one of the alternatives holds, or None. Where
        sizes are multiplied, of instances with factors up to 4."""
        for extra in alternatives:
            conds = self.system((extra,))
            point = sample(conds)
            if point is not None and any(c.form.products for c in conds):
                point = _with_factors(conds, self.sizes)
            if point is not None:
                return point
        return None

    def system(self, more: Iterable[Condition]) -> tuple[Condition, ...]:
        """The facts and more, with size ≥ 1 for every size that occurs, and what is known of
        products: c ≥ 0 gives s c ≥ c for a size s."""
        conds = (*self.known, *more)
        seen = {n for c in conds for n in c.form.names}
        zero = {n for n in self.sizes if Condition(Affine(0, ((n, 1),))) in conds}
        counted = sorted((seen & self.sizes) - zero)
        conds = (*(Condition(Affine(-1, ((s, 1),))) for s in counted), *conds)
        products = {n for c in conds for n in c.form.products}
        for s in counted:
            if any(s in factors(n) for n in products):
                conds += tuple(_multiples(conds, s, products))
        return conds


def _multiples(conds: Sequence[Condition], s: str, products: set[str]) -> Iterator[Condition]:
    """The conditions times s - 1, those that speak of the same products."""
    for c in conds:
        if c.form.names:
            scaled = c.form.times(Affine(0, ((s, 1),)))
            if scaled.products and scaled.products <= products:
                yield Condition(scaled.plus(c.form, -1), c.equality)


MOST_FACTOR = 4
"""The largest value of a size that multiplies another, where an instance is looked for."""


def _with_factors(conds: Sequence[Condition], sizes: frozenset[str]) -> dict[str, int] | None:
    """An instance of conditions with products: some factors are given small values."""
    left = {n for c in conds for n in c.form.products}
    fixed: list[str] = []
    while left:
        counts = Counter(f for n in left for f in factors(n) if f in sizes)
        fixed.append(
            min(counts, key=lambda f: (-counts[f], f)) if counts else factors(min(left))[0]
        )
        left = {n for n in left if sum(f not in fixed for f in factors(n)) > 1}
    for values in product(range(1, MOST_FACTOR + 1), repeat=len(fixed)):
        put = dict(zip(fixed, values, strict=True))
        point = sample(tuple(_at(c, put) for c in conds))
        if point is not None:
            return {**point, **put}
    return None


def _at(c: Condition, put: Mapping[str, int]) -> Condition:
    form = c.form
    for name, value in put.items():
        form = form.with_value(name, Affine(value))
    return Condition(form, c.equality)


def negations(c: Condition) -> tuple[Condition, ...]:
    """The conditions one of which holds where `c` does not."""
    below = Condition(Affine(-c.form.constant - 1, c.form.scaled(-1).coefficients))
    if not c.equality:
        return (below,)
    return (below, Condition(Affine(c.form.constant - 1, c.form.coefficients)))


NOTHING, WHOLE = Affine(0), Affine(1)


@dataclass(frozen=True)
class End:
    """One end of a range: ⌊top / by⌋ + plus, or with `up` ⌈top / by⌉ + plus."""

    top: Affine
    by: Affine = WHOLE
    plus: Affine = NOTHING
    up: bool = False

    @property
    def exact(self) -> Affine | None:
        """The end as an affine form, where nothing is rounded."""
        return self.top.plus(self.plus) if self.by == WHOLE else None

    def below(self, form: Affine) -> Condition:
        """end ≤ form: for integers ⌈a/k⌉ ≤ v is a ≤ k v."""
        slack = Affine(0) if self.up else self.by.plus(Affine(-1))
        whole = self.by.times(form.plus(self.plus, -1))
        return Condition(whole.plus(self.top, -1).plus(slack))

    def above(self, form: Affine) -> Condition:
        """form ≤ end: for integers v ≤ ⌊a/k⌋ is k v ≤ a."""
        slack = self.by.plus(Affine(-1)) if self.up else Affine(0)
        whole = self.by.times(form.plus(self.plus, -1))
        return Condition(self.top.plus(whole, -1).plus(slack))


def range_ends(e: Expr, fn: str) -> list[End]:
    """The ends that `e` is the `fn` of (max or min); one, if it is no such call.

    >>> [end.plus.constant for end in range_ends(Add((Call("floor", (Ref("l"),)), num(1))), "min")]
    [1]
    """
    parts = e.args if isinstance(e, Call) and e.fn == fn else (e,)
    found = [_end(p) for p in parts]
    if any(f is None for f in found):
        raise NetworkError(
            f"found the bound {latex(e)}, expected an affine one such as n - m + 1",
            hint="write the bound as a sum of sizes and integers",
        )
    return [f for f in found if f is not None]


def _end(e: Expr) -> End | None:
    form = affine(e)
    if form is not None:
        return End(form)
    terms = e.terms if isinstance(e, Add) else (e,)
    calls = [t for t in terms if isinstance(t, Call) and t.fn in ("floor", "ceil")]
    if len(calls) != 1:
        return None
    (call,) = calls
    inner = call.args[0]
    over = (inner.num, inner.den) if isinstance(inner, Div) else (inner, num(1))
    top, by = map(affine, over)
    plus = affine(Add(tuple(t for t in terms if t is not call)))
    if top is None or by is None or plus is None or by.sign != 1:
        return None
    return End(top, by, plus, call.fn == "ceil")


def rounded_subscript(i: Expr) -> End | None:
    r"""\lceil l/2 \rceil and \lfloor (l-1)/s \rfloor + 1 as ends; None of any other subscript."""
    end = None if affine(i) is not None else _end(i)
    return None if end is None or end.by == WHOLE else end


def rounded_extent(end: End, indices: Sequence[Index], facts: Facts) -> Range:
    r"""The smallest and largest value of a rounded subscript over the ranges of its indices.

    >>> from symgrad.latex import latex
    >>> end = End(Affine(0, (("l", 1),)), Affine(2), up=True)
    >>> r = rounded_extent(end, [Index("l", Range(num(1), Ref("n")))], Facts())
    >>> latex(r.lo), latex(r.hi)
    ('1', '\\left\\lceil \\frac{n}{2} \\right\\rceil')
    """
    top = extent(end.top, indices, facts)
    return Range(*(_quotient(e, end) for e in (top.lo, top.hi)))


def _quotient(top: Expr, end: End) -> Expr:
    """⌈top / k⌉ + plus, whole parts divided: ⌈1/s⌉ = 1 and ⌈s n/s⌉ = n for a size s."""
    form = affine(top)
    if form is not None:
        whole = _divided(form, end)
        if whole is not None:
            return whole.plus(end.plus).expr()
    call = Call("ceil" if end.up else "floor", (Div(top, end.by.expr()),))
    rest = end.plus.expr()
    parts = rest.terms if isinstance(rest, Add) else (rest,)
    return call if end.plus == NOTHING else Add((call, *parts))


def _divided(form: Affine, end: End) -> Affine | None:
    """The rounded quotient, where it is affine."""
    by, number = end.by.constant, form.constant
    if not end.by.coefficients:
        if any(c % by for _, c in form.coefficients):
            return None
        rounded = -(-number // by) if end.up else number // by
        return Affine(rounded, tuple((n, c // by) for n, c in form.coefficients))
    (lead, c), *others = end.by.coefficients
    least = (0, 1) if end.up else (-1, 0)
    if others or by or c != 1 or number not in least:
        return None
    whole = form.coefficient(lead)
    rest = whole.times(Affine(0, ((lead, 1),)))
    return whole.plus(Affine(number)) if rest.by == form.by else None


def range_conditions(form: Affine | None, r: Range) -> tuple[Condition, ...]:
    """`r.lo` ≤ form ≤ `r.hi`; max and min give one condition each."""
    if form is None:
        return ()
    lows = [end.below(form) for end in range_ends(r.lo, "max")]
    return (*lows, *(end.above(form) for end in range_ends(r.hi, "min")))


def extent(form: Affine, indices: Sequence[Index], facts: Facts | None = None) -> Range:
    """The smallest and largest value of an affine subscript over the ranges of the indices.

    >>> from symgrad.latex import latex
    >>> n, m = Range(num(1), Ref("n")), Range(num(1), Ref("m"))
    >>> r = extent(Affine(-1, (("i", 1), ("j", 1))), [Index("i", n), Index("j", m)])
    >>> latex(r.lo), latex(r.hi)
    ('1', 'n + m - 1')
    """
    ends = []
    for fn in ("max", "min"):
        forms = [form]
        for index in reversed(indices):
            forms = [at for f in forms for at in _at_end(f, index, down=fn == "max")]
        ends.append(_extreme([f.expr() for f in forms], facts or Facts(), fn))
    return Range(*ends)


def _at_end(form: Affine, index: Index, down: bool) -> list[Affine]:
    """What bounds the form from below (or above) over the range of one index: the form at the
    index's end, at each of its ends if it has several."""
    c = form.coefficient(index.name)
    if c == Affine(0):
        return [form]
    if not c.sign or index.name in c.names:
        raise NetworkError(
            f"found {latex(c.expr())} as factor of the index {index.name}, expected one that is "
            "positive for all sizes",
            hint="write a number, or a size such as s",
        )
    low = (c.sign > 0) == down
    end = index.range.lo if low else index.range.hi
    found = []
    for e in range_ends(end, "max" if low else "min"):
        if e.exact is not None:
            found.append(form.with_value(index.name, e.exact))
        elif e.by.scaled(c.sign) == c:
            slack = e.by.plus(Affine(-1)) if e.up != low else Affine(0)
            top = e.top.plus(slack, -1 if low else 1)
            found.append(form.without(index.name).plus(c.times(e.plus)).plus(top, c.sign))
    if not found:
        raise NetworkError(
            f"found the bound {latex(end)}, expected an affine one such as n - m + 1",
            hint="write the bound as a sum of sizes and integers",
        )
    return found


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
