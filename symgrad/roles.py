r"""What the names of two formulas are: sizes, indices, labels, numbers.

A name in a subscript or in the end of a range is an integer; one that is an upper end by itself
is a size, at least 1. A tensor that is an index, or that is compared with one by =, is a label:
its values are integers.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

from symgrad.affine import affine
from symgrad.errors import NetworkError, SymgradError
from symgrad.evaluate import Point, value
from symgrad.expr import (
    Add,
    Bound,
    Call,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    Reduce,
    Ref,
    Rel,
    children,
    free,
    free_names,
    walk,
)
from symgrad.index import Range
from symgrad.latex import latex
from symgrad.limits import scalars
from symgrad.power import exponents

STEPS = (1, 2, 3, 4)
"""Values of a symbolic stride or dilation, which is outside linear arithmetic."""


@dataclass(frozen=True)
class Roles:
    """Integer names in reading order: sizes (at least 1), indices (any integer, or in a range)."""

    sizes: tuple[str, ...] = ()
    indices: tuple[str, ...] = ()
    ranges: Mapping[str, Range] = field(default_factory=dict)
    labels: frozenset[str] = frozenset()
    steps: tuple[str, ...] = ()
    """Names that multiply an index in a subscript, so that all else is linear once they are
    numbers: strides and dilations, which are sizes, or else an index beside another."""

    @property
    def integers(self) -> frozenset[str]:
        """All integer names."""
        return frozenset(self.sizes) | frozenset(self.indices)

    def places(self, sizes: Mapping[str, int], level: int) -> Iterator[dict[str, int]]:
        """The sizes with values of the indices: in their ranges, or small."""
        spans: list[list[int]] = []
        for name in self.indices:
            if name in self.ranges:
                r = self.ranges[name]
                try:
                    lo, hi = (int(value(e, Point(sizes))) for e in (r.lo, r.hi))
                except SymgradError:
                    lo, hi = 1, level
                inner = range(lo, hi + 1)
                spans.append(sorted(set(inner), key=lambda k: (k not in (lo, hi), k))[:6])
            else:
                spans.append([1, 2, 3, 4, 0, -1, 5])
        for ranks in ranked(tuple(map(len, spans))):
            at = [span[k] for span, k in zip(spans, ranks, strict=True)]
            yield {**sizes, **dict(zip(self.indices, at, strict=True))}


@lru_cache(maxsize=64)
def ranked(lengths: tuple[int, ...]) -> list[tuple[int, ...]]:
    """A place in each of several lists, those near their beginnings first."""
    return sorted(product(*map(range, lengths)), key=sum)


def roles(
    formulas: tuple[Expr, ...],
    ranges: Mapping[str, Range],
    sizes: frozenset[str],
    taken: frozenset[str] = frozenset(),
    inner: frozenset[str] = frozenset(),
) -> Roles:
    """The roles of the free names of some formulas; `taken` are tensors that others define,
    `inner` sizes of what the formulas are made of."""
    integers, uppers = set(sizes) | set(ranges) | inner, set(sizes)
    for e in formulas:
        for x in positions(e):
            integers |= {r for r in free_names(x) if _plain(x, r)}
        for top, bottom in quotients(e):
            integers |= scalars(top) | scalars(bottom)
            uppers |= scalars(bottom)
        for b in (x for x in walk(e) if isinstance(x, Bound)):
            form = None if b.hi is None else affine(b.hi)
            low = set() if b.lo is None else free_names(b.lo)
            uppers |= {x.name for x in _ends(b.hi) if not x.indices} - low | _length(b)
            uppers |= {n for n, c in (form.coefficients if form else ()) if c > 0 and n not in low}
    labels: set[str] = set()
    grown = True
    while grown:
        before = len(integers) + len(labels)
        for e in formulas:
            _compared(e, integers, labels)
        grown = len(integers) + len(labels) > before
    bound = {x.name for e in formulas for x in walk(e) if isinstance(x, Bound)}
    unbound = {n for e in formulas for n in free_names(e)}
    ends = {n for r in ranges.values() for x in (r.lo, r.hi) for n in free_names(x)}
    integers &= unbound | ends | inner
    integers -= taken
    products = {
        p
        for e in formulas
        for x in (*positions(e), *_integer_sides(e, integers | bound))
        for p in _products(x, integers - bound)
    }
    stepping = _fixed(products, uppers | ends) & integers
    strides = {n for n in stepping if n in uppers | ends or n not in INDEX_LETTERS}
    counted = (uppers | ends | strides) & integers - set(ranges)
    reading = {r.name: k for k, r in enumerate(r for e in formulas for r in free(e))}
    ordered = sorted(integers, key=lambda n: (reading.get(n, len(reading)), n))
    return Roles(
        tuple(n for n in ordered if n in counted),
        tuple(n for n in ordered if n not in counted),
        {n: r for n, r in ranges.items() if n in integers},
        frozenset(labels),
        tuple(sorted(stepping)),
    )


INDEX_LETTERS = frozenset("ijklpqtuv")
"""Letters of indices, which may be 0 or below it, where nothing says what they are."""


def _length(b: Bound) -> set[str]:
    """n for a range of n indices: from 0 to n - 1, from 3 to n + 2."""
    lo, hi = (None if e is None else affine(e) for e in (b.lo, b.hi))
    if lo is None or hi is None:
        return set()
    gap = hi.plus(lo, -1)
    alone = gap.constant == -1 and len(gap.coefficients) == 1 and gap.coefficients[0][1] == 1
    return {gap.coefficients[0][0]} if alone else set()


def _plain(e: Expr, name: str) -> bool:
    return any(isinstance(x, Ref) and x.name == name and not x.indices for x in walk(e))


def _ends(e: Expr | None) -> list[Ref]:
    if isinstance(e, Ref):
        return [e]
    if isinstance(e, Add):
        return [r for t in e.terms if isinstance(t, Call) for r in _ends(t)]
    return [a for a in e.args if isinstance(a, Ref)] if isinstance(e, Call) else []


def positions(e: Expr) -> Iterator[Expr]:
    """Every subscript, end of a range and exponent of a matrix."""
    for x in walk(e):
        if isinstance(x, Ref):
            yield from x.indices
        elif isinstance(x, Bound):
            yield from (end for end in (x.lo, x.hi) if end is not None)
    yield from exponents(e)


def quotients(e: Expr) -> Iterator[tuple[Expr, Expr]]:
    r"""Numerator and denominator of what is rounded, \lfloor (N - m)/s \rfloor: whole numbers."""
    for x in walk(e):
        if isinstance(x, Call) and x.fn in ("floor", "ceil"):
            yield from ((q.num, q.den) for q in walk(x.args[0]) if isinstance(q, Div))


def _integer_sides(e: Expr, integers: set[str]) -> Iterator[Expr]:
    """The sides of comparisons of integers."""
    for x in walk(e):
        if isinstance(x, Rel) and free_names(x) <= integers:
            yield from (x.lhs, x.rhs)


def _compared(e: Expr, integers: set[str], labels: set[str]) -> None:
    """A name set equal to an integer is one too; so are the values of such a tensor."""
    for x in walk(e):
        if isinstance(x, Ref):
            labels.update(i.name for i in x.indices if isinstance(i, Ref) and i.indices)
        if not isinstance(x, Rel):
            continue
        bound = {y.name for y in walk(e) if isinstance(y, Bound)}
        for a, b in ((x.lhs, x.rhs), (x.rhs, x.lhs)):
            form = affine(b)
            if form is None or not form.by.keys() <= integers | bound:
                continue
            if form.coefficients and all(not r.indices for r in walk(a) if isinstance(r, Ref)):
                integers |= free_names(a) - bound
            elif isinstance(a, Ref) and a.indices and x.op in ("=", "!="):
                labels.add(a.name)


def _products(e: Expr, free: set[str]) -> Iterator[tuple[frozenset[str], int]]:
    """The free integers of each product, and how many of them may stay names: one, if all other
    factors are numbers."""
    alone = {x.name for x in _summands(e) if isinstance(x, Ref)}
    for x in walk(e):
        if isinstance(x, Mul):
            several = [f for f in x.factors if free_names(f)]
            found = {f.name for f in several if isinstance(f, Ref) and f.name in free}
            if len(several) > 1 and found:
                plain = [f for f in several if isinstance(f, Ref) and f.name in found]
                yield frozenset(found - alone or found), int(len(plain) == len(several))
        if isinstance(x, Div) and isinstance(x.den, Ref) and x.den.name in free:
            yield frozenset({x.den.name}), 0


def _fixed(products: Iterable[tuple[frozenset[str], int]], sizes: set[str]) -> set[str]:
    """As few names as leave no product of two: strides and sizes before indices."""

    def last(name: str) -> tuple[bool, bool, str]:
        return name in INDEX_LETTERS, name not in sizes, name

    chosen: set[str] = set()
    for found, spare in sorted(products, key=lambda p: (p[1], len(p[0]), sorted(p[0]))):
        left = sorted(found - chosen, key=last)
        chosen |= set(left[: max(0, len(left) - spare)])
    return chosen


def _summands(e: Expr) -> tuple[Expr, ...]:
    return children(e) if not isinstance(e, Mul | Div | Ref) else (e,)


def check_ranks(
    formulas: tuple[Expr, ...], integers: frozenset[str], apart: Container[str] = ()
) -> None:
    """No name has two numbers of indices, but those that are known to be two: x and x_1."""
    seen: dict[str, Ref] = {}
    for e in formulas:
        bound = {x.name for x in walk(e) if isinstance(x, Bound)}
        for x in walk(e):
            if not isinstance(x, Ref) or (not x.indices and x.name in bound | integers):
                continue
            if x.name in apart:
                continue
            other = seen.setdefault(x.name, x)
            if len(other.indices) != len(x.indices):
                raise NetworkError(
                    f"found {latex(other)} and {latex(x)}, expected {x.name} with one number of "
                    "indices",
                    hint="rename one of them, or separate the indices with commas",
                )


def check_subscripts(formulas: tuple[Expr, ...], integers: frozenset[str]) -> None:
    """Every subscript is a sum of indices and sizes with whole numbers or sizes as factors."""
    for e in formulas:
        bound = {x.name for x in walk(e) if isinstance(x, Bound)}
        for x in (x for x in walk(e) if isinstance(x, Ref)):
            for i in x.indices:
                if not _stepped(i, integers | bound):
                    raise NetworkError(
                        f"found the subscript {latex(i)} of {latex(x)}, expected indices and sizes "
                        "added, with whole numbers or sizes as factors",
                        hint="two indices are written x_{i,j}; give a computed index a name",
                    )


def _stepped(e: Expr, integers: frozenset[str]) -> bool:
    """Affine but for sizes as factors, a label, or rounded."""
    match e:
        case Num(value=v):
            return v.denominator == 1
        case Ref(indices=xs):
            return all(_stepped(x, integers) for x in xs)
        case Neg(arg=a):
            return _stepped(a, integers)
        case Add(terms=xs):
            return all(_stepped(x, integers) for x in xs)
        case Mul(factors=xs):
            return all(_stepped(x, integers) for x in xs) and len(set(xs)) == len(xs)
        case Call(fn="floor" | "ceil"):
            return True
    return False


def check_limits(formulas: tuple[Expr, ...]) -> None:
    """Every sum has limits that do not depend on its own index."""
    for e in formulas:
        for x in walk(e):
            if not isinstance(x, Reduce):
                continue
            for b in x.bounds:
                if isinstance(b.lo, Num) and isinstance(b.hi, Num) and b.hi.value < b.lo.value:
                    raise NetworkError(
                        f"found the empty range {b.name} = {latex(b.lo)}, …, {latex(b.hi)}, "
                        "expected a last index that is not below the first"
                    )
                for end in (b.lo, b.hi):
                    if end is None:
                        raise NetworkError(
                            f"found a sum over {b.name} without a range, expected its limits",
                            hint=rf"write \sum_{{{b.name}=1}}^{{n}}",
                        )
                    if b.name in free_names(end):
                        raise NetworkError(
                            f"found the limit {latex(end)} of a sum over {b.name}, expected one "
                            f"without {b.name}",
                            hint="rename the index of the sum",
                        )
