r"""Ranges as they are written and as they are meant: limits left out of sums, names in the ends
of ranges, letters of targets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from symgrad.affine import Condition, affine, factors
from symgrad.errors import NetworkError, Place
from symgrad.expr import (
    And,
    Bound,
    Expr,
    Num,
    Reduce,
    Ref,
    Rel,
    children,
    constant,
    free,
    names,
    num,
    rebuild,
    substitute,
    walk,
)
from symgrad.index import Range, range_conditions, range_ends
from symgrad.latex import latex
from symgrad.notation import Formula, Statement
from symgrad.power import exponents


@dataclass(frozen=True)
class Defined:
    """An equation as it was written, before its ranges are known."""

    target: Ref
    body: Expr
    at: Place
    ranges: Mapping[str, Range] = field(default_factory=dict)


MOST_PARTS = 50_000
"""A formula has at most this many parts when the functions in it are written out."""


def bounded(e: Expr, fn: str) -> Expr:
    """`e`, unless writing the functions out has made it too large."""
    if sum(1 for _ in islice(walk(e), MOST_PARTS + 1)) > MOST_PARTS:
        raise NetworkError(
            f"found calls of {fn} that make a formula of more than {MOST_PARTS} parts, "
            "expected a shorter one",
            hint="give intermediate results names",
        )
    return e


def subscript_names(s: Statement) -> Iterator[str]:
    """The names in the subscripts of a statement."""
    if isinstance(s, Formula):
        for part in s.parts:
            for x in walk(part):
                if isinstance(x, Ref):
                    yield from (n for i in x.indices for n in names(i))


class Limits:
    """Fills in the limits an author left out of a sum: from a stated range of the letter, else
    from a tensor that the letter indexes by itself."""

    def __init__(
        self,
        letters: Mapping[str, Range],
        shapes: Mapping[str, tuple[Range, ...]],
        defined: Mapping[str, Defined],
    ) -> None:
        self.letters = letters
        self.shapes = shapes
        self.defined = defined

    def fill(self, e: Expr) -> Expr:
        """`e` with every sum's limits known where they can be."""
        return self._filled(e) if any(isinstance(x, Reduce) for x in walk(e)) else e

    def _filled(self, e: Expr) -> Expr:
        kids = children(e)
        if kids:
            e = rebuild(e, [self._filled(k) for k in kids])
        if isinstance(e, Reduce):
            return Reduce(e.op, tuple(self.bound(b, e.body) for b in e.bounds), e.body)
        return e

    def bound(self, b: Bound, body: Expr) -> Bound:
        """The bound with its range."""
        r = _range_in(b)
        if r is not None:
            return Bound(b.name, r.lo, r.hi)
        if b.lo is not None and b.hi is not None:
            return b
        found = self.letters.get(b.name) or self.from_reads(b.name, body)
        if found is None:
            return b
        return Bound(b.name, b.lo or found.lo, b.hi or found.hi, b.conds)

    def from_reads(self, name: str, body: Expr) -> Range | None:
        """The range of an axis that the letter indexes alone."""
        for x in walk(body):
            if isinstance(x, Ref):
                for k, i in enumerate(x.indices):
                    if i == Ref(name):
                        found = self.axis(x.name, k)
                        if found is not None:
                            return found
        return None

    def axis(self, tensor: str, k: int) -> Range | None:
        """The range of the k-th index of a tensor with a shape or an equation."""
        if tensor in self.shapes:
            return self.shapes[tensor][k] if k < len(self.shapes[tensor]) else None
        d = self.defined.get(tensor)
        if d is None or k >= len(d.target.indices):
            return None
        own = d.target.indices[k]
        return d.ranges.get(own.name) if isinstance(own, Ref) else None


def _range_in(b: Bound) -> Range | None:
    r"""The range that a condition states: \sum_{1 \le i \le n}."""
    if b.lo is not None or b.hi is not None or len(b.conds) == 0:
        return None
    rels = [c for cond in b.conds for c in (cond.conds if isinstance(cond, And) else (cond,))]
    lo: Expr | None = None
    hi: Expr | None = None
    for rel in rels:
        if not isinstance(rel, Rel):
            return None
        me = Ref(b.name)
        if rel.rhs == me and rel.op in ("<=", "<"):
            lo = rel.lhs if rel.op == "<=" else _shifted(rel.lhs, 1)
        elif rel.lhs == me and rel.op in ("<=", "<"):
            hi = rel.rhs if rel.op == "<=" else _shifted(rel.rhs, -1)
        else:
            return None
    return Range(lo, hi) if lo is not None and hi is not None else None


def whole_numbers(e: Expr) -> Expr:
    """-1 as a subscript or as a limit is a number, not minus a number."""
    if isinstance(e, Ref):
        return e.at(tuple(_whole(i) for i in e.indices))
    if isinstance(e, Bound):
        lo = None if e.lo is None else _whole(e.lo)
        hi = None if e.hi is None else _whole(e.hi)
        return Bound(e.name, lo, hi, e.conds)
    return e


def _whole(e: Expr) -> Expr:
    value = constant(e)
    return e if value is None or isinstance(e, Num) else Num(value)


def _letters(target: Ref) -> list[str]:
    """The letters among the indices of a target."""
    return [i.name for i in target.indices if isinstance(i, Ref) and not i.indices]


def _shifted(e: Expr, by: int) -> Expr:
    form = affine(e)
    if form is None:
        raise NetworkError(f"found the bound {latex(e)}, expected a sum of sizes and numbers")
    return type(form)(form.constant + by, form.coefficients).expr()


def _put_range(r: Range, put: Mapping[str, Expr]) -> Range:
    def end(e: Expr) -> Expr:
        form = affine(substitute(e, put))
        return substitute(e, put) if form is None else form.expr()

    return Range(end(r.lo), end(r.hi))


def range_names(
    equations: Sequence[Defined],
    letters: Iterable[Range],
    shapes: Iterable[tuple[Range, ...]],
) -> set[str]:
    """The names in the ends of all ranges, and in exponents of matrices."""
    ends: list[Expr] = []
    for r in (*letters, *(r for axes in shapes for r in axes)):
        ends += (r.lo, r.hi)
    for d in equations:
        for r in d.ranges.values():
            ends += (r.lo, r.hi)
        ends += exponents(d.body)
        for x in walk(d.body):
            if isinstance(x, Bound):
                ends += (e for e in (x.lo, x.hi) if e is not None)
                for cond in x.conds:
                    ends += (i for i in children(cond) if affine(i) is not None)
    inside = {r.name for e in ends for r in free(e) if not r.indices}
    return inside.union(*factor_names(equations)) - bound_names(equations)


def factor_names(equations: Sequence[Defined]) -> tuple[set[str], set[str]]:
    r"""Strides and dilations, and paddings: names that are no index, and that multiply an index
    of a subscript, or are subtracted in one: s and p of x_{s(i-1)+j-p}. Where the stride is
    subtracted, the padding is added: w_{l-s(i-1)+p}."""
    indices = {n for d in equations for n in (*d.ranges, *_letters(d.target))}
    indices |= bound_names(equations)
    strides: set[str] = set()
    paddings: set[str] = set()
    other = {d.target.name for d in equations} | indices
    for d in equations:
        for x in walk(d.body):
            for i in x.indices if isinstance(x, Ref) else ():
                other |= {i.name} if isinstance(i, Ref) else set()
                form = affine(i)
                if form is not None and indices & form.names:
                    strides |= {f for n in form.products for f in factors(n)}
                    scaled = (n for n in form.products if indices & set(factors(n)))
                    turned = any(form.by[n] < 0 for n in scaled)
                    paddings |= {n for n, c in form.coefficients if c < 0 or turned} - form.products
    return strides - other, paddings - other - strides


def with_made_of(sizes: set[str], equations: Sequence[Defined]) -> set[str]:
    r"""The sizes, and the names that the equation of a size is made of: N and m of
    n = N - m + 1."""
    found = set(sizes)
    waiting = list(equations)
    while made := [d for d in waiting if d.target.name in found and _is_size(d)]:
        found = found.union(*(scalars(d.body) for d in made))
        waiting = [d for d in waiting if d not in made]
    return found


def _is_size(d: Defined) -> bool:
    """Is the equation one of whole numbers: sums, roundings, no tensor?"""
    if d.target.indices or any(r.indices for r in free(d.body)):
        return False
    try:
        return bool(range_conditions(affine(d.target), Range(d.body, d.body)))
    except NetworkError:
        return False


def worked_out(e: Expr) -> Num | None:
    r"""The whole number that a size of numbers is: \lfloor (7-3)/2 \rfloor + 1.

    >>> from symgrad.expr import Add
    >>> worked_out(Add((num(7), num(3)))).value
    Fraction(10, 1)
    """
    try:
        (end,) = range_ends(e, "max")
    except (NetworkError, ValueError):
        return None
    if end.top.coefficients or end.by.coefficients or end.plus.coefficients:
        return None
    top, by = end.top.constant, end.by.constant
    return num(end.plus.constant + (-(-top // by) if end.up else top // by))


def made_of(
    put: Mapping[str, Expr], sizes: set[str], equations: Sequence[Defined]
) -> Iterator[tuple[str, Expr]]:
    """The sizes whose equations are numbers once sizes are put in: n = N - m + 1 at N = 7."""
    known = dict(put)
    waiting = [d for d in equations if not d.target.indices and d.target.name in sizes - set(put)]
    while waiting:
        found = [(d, v) for d in waiting if (v := worked_out(substitute(d.body, known)))]
        for d, v in found:
            if v.value < 1:
                raise NetworkError(
                    f"found the size {latex(d.target)} = {latex(v)}, expected a positive whole "
                    "number",
                    at=d.at,
                )
            known[d.target.name] = v
            yield d.target.name, v
        waiting = [d for d in waiting if d.target.name not in known] if found else []


def size_conditions(d: Defined, sizes: set[str]) -> tuple[Condition, ...]:
    r"""What an equation of a size says: n = \lfloor (N-m)/s \rfloor + 1."""
    if d.target.indices or d.target.name not in sizes or not scalars(d.body) <= sizes:
        return ()
    try:
        return range_conditions(affine(d.target), Range(d.body, d.body))
    except NetworkError:  # no sum of sizes, rounded or not: nothing that is decided
        return ()


def scalars(e: Expr) -> set[str]:
    """The free names without indices."""
    return {r.name for r in free(e) if not r.indices}


def bound_names(equations: Iterable[Defined]) -> frozenset[str]:
    """The letters that sums bind."""
    return frozenset(x.name for d in equations for x in walk(d.body) if isinstance(x, Bound))
