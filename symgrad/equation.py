r"""Equations: what defines a tensor, what it reads, and what is given of its gradient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod

from symgrad.affine import Affine, affine, shift
from symgrad.errors import NetworkError, Place
from symgrad.expr import (
    ONE,
    Bound,
    Call,
    Expr,
    Num,
    Reduce,
    Ref,
    Rel,
    children,
    fresh,
    names,
    num,
    walk,
)
from symgrad.index import Facts, Index, Range, extent, rounded_extent, rounded_subscript
from symgrad.latex import latex
from symgrad.power import POWER


@dataclass(frozen=True)
class Equation:
    r"""``target = body`` for every value of `indices`: z_i = …, i = 1, …, n."""

    target: Ref
    indices: tuple[Index, ...]
    body: Expr
    at: Place | None = field(default=None, compare=False)

    @cached_property
    def reads(self) -> tuple[Read, ...]:
        """Every reference in the body, indices and sizes left out, in reading order."""
        return tuple(_reads(self.body, self.indices))

    def entry(self, values: Mapping[str, Expr]) -> Equation:
        """This equation with some of its indices given."""
        rest = tuple(
            Index(i.name, Range(shift(i.range.lo, values), shift(i.range.hi, values)))
            for i in self.indices
            if i.name not in values
        )
        target = shift(self.target, values)
        assert isinstance(target, Ref)
        return Equation(target, rest, shift(self.body, values), self.at)


@dataclass(frozen=True)
class Read:
    """One reference of a body, and the bound indices around it with their ranges."""

    ref: Ref
    inside: tuple[Index, ...]


def _reads(e: Expr, inside: tuple[Index, ...]) -> Iterator[Read]:
    bound = {i.name for i in inside}
    if isinstance(e, Ref):
        if e.indices or e.name not in bound:
            yield Read(e, inside)
        labels = (x for i in e.indices for x in walk(i) if isinstance(x, Ref) and x.indices)
        yield from (Read(x, inside) for x in labels)
        return
    if isinstance(e, Call) and e.fn in (*WHOLES, POWER):
        yield read_whole(e, inside)
        return
    if isinstance(e, Reduce):
        for b in e.bounds:
            inside = (*inside, index_of(b))
        yield from _reads(e.body, inside)
        return
    for child in children(e):
        yield from _reads(child, inside)


def powers_in(e: Expr, inside: tuple[Index, ...]) -> Iterator[tuple[Call, tuple[Index, ...]]]:
    """The powers of matrices in a formula, and the bound indices around each."""
    if isinstance(e, Call) and e.fn == POWER:
        yield e, inside
    if isinstance(e, Reduce):
        inside = (*inside, *map(index_of, e.bounds))
        yield from powers_in(e.body, inside)
        return
    for child in children(e):
        yield from powers_in(child, inside)


WHOLES = frozenset(("inverse", "det"))
"""What reads a matrix whole: (X^{-1})_{ij} is inverse(X, n, i, j), det X is det(X, n)."""


def inverse_name(matrix: str) -> str:
    """What the inverse of a matrix is called."""
    return f"{matrix}^{{-1}}"


def det_name(matrix: str) -> str:
    """What the determinant of a matrix is called."""
    return rf"\det({matrix})"


def read_whole(e: Call, inside: tuple[Index, ...] = ()) -> Read:
    """The read of every entry of the matrix in an inverse, a determinant or a power, at letters of
    its own."""
    matrix, size = e.args[:2]
    assert isinstance(matrix, Ref)
    taken = names(e) | {i.name for i in inside}
    letters: list[Index] = []
    for wanted in "kl":
        letters.append(Index(fresh(wanted, taken), Range(ONE, size)))
        taken.add(letters[-1].name)
    at = tuple(Ref(i.name) for i in letters)
    return Read(matrix.at((*matrix.indices[:-2], *at)), (*inside, *letters))


def index_of(b: Bound) -> Index:
    """The index a sum binds; its range must be known by now."""
    if b.lo is None or b.hi is None:
        raise NetworkError(
            f"found a sum over {b.name} without a range, expected its limits",
            hint=rf"write \sum_{{{b.name}=1}}^{{n}}, or state the range: {b.name} = 1, \dots, n",
        )
    for end in (b.lo, b.hi):
        if b.name in names(end):
            raise NetworkError(
                f"found the index {b.name} in its own limit {latex(end)}, expected a limit made "
                "of sizes and outer indices",
                hint="give the index of the sum a letter of its own",
            )
    return Index(b.name, Range(b.lo, b.hi))


@dataclass(frozen=True)
class Upstream:
    r"""A given gradient: ``symbol`` = ∂of/∂by, such as δ_i = ∂L/∂z_i."""

    symbol: Expr
    of: Ref
    by: Ref

    def of_entry(self, ref: Ref) -> Expr | None:
        """The given gradient with respect to `ref`, or None if it says nothing of it."""
        if ref.name != self.by.name or len(ref.indices) != len(self.by.indices):
            return None
        values: dict[str, Expr] = {}
        for pattern, actual in zip(self.by.indices, ref.indices, strict=True):
            if isinstance(pattern, Ref):
                if values.setdefault(pattern.name, actual) != actual:
                    return None
            elif pattern != actual:
                return None
        return shift(self.symbol, values)


@dataclass(frozen=True)
class Total:
    r"""What a sum of leaves is given to be, at every value of `indices`: \sum_k y_{nk} = 1,
    n = 1, \dots, N."""

    sum: Reduce
    value: Expr
    indices: tuple[Index, ...] = ()


def total_of(
    rel: Rel,
    axes: Mapping[str, tuple[Range, ...]],
    stated: Mapping[str, Range],
    sizes: frozenset[str],
) -> Total | None:
    """The statement of a sum with all its limits; its other letters run over the `axes` of the
    tensors. None where it says so of some entries only, or of no plain sum."""
    left = rel.lhs
    if not isinstance(left, Reduce) or left.op != "sum":
        return None
    if any(b.conds or b.lo is None or b.hi is None for b in left.bounds):
        return None
    bound = {b.name for b in left.bounds}
    found: dict[str, Range] = {}
    for r in (x for x in walk(rel) if isinstance(x, Ref) and x.indices):
        for i, axis in zip(r.indices, axes[r.name], strict=False):
            plain = isinstance(i, Ref) and not i.indices
            if not names(i) - bound - sizes:
                continue
            if not plain or found.setdefault(i.name, axis) != axis:  # type: ignore[attr-defined]
                return None
    if any(stated.get(n, r) != r for n, r in found.items()):
        return None
    return Total(left, rel.rhs, tuple(Index(n, r) for n, r in found.items()))


def linear(i: Expr, inside: Sequence[Index]) -> Affine | None:
    """A subscript as an affine form in its indices, a size or a number times each; else None."""
    form = affine(i)
    letters = {x.name for x in inside}
    if form is None or any(letters & form.coefficient(n).names for n in letters & form.names):
        return None
    return form


def read_extent(read: Read, facts: Facts, labels: Mapping[str, Range]) -> tuple[Range, ...] | None:
    """The range each subscript of a read takes; None where a subscript is not affine. A label
    among them takes every value that is stated for it."""
    axes = []
    inside = (*read.inside, *(Index(name, r) for name, r in labels.items()))
    for i in read.ref.indices:
        if isinstance(i, Ref) and i.indices and i.name in labels:
            axes.append(labels[i.name])
            continue
        end = rounded_subscript(i)
        if end is not None:
            axes.append(rounded_extent(end, inside, facts))
            continue
        form = linear(i, inside)
        if form is None:
            return None
        axes.append(Range(i, i) if isinstance(i, Num) else extent(form, inside, facts))
    return tuple(axes)


def entries(eq: Equation, letters: Sequence[str] | None = None) -> Iterator[Equation]:
    """The equation written out for every value of its indices (or of some `letters` among
    them), the last index fastest.

    >>> i = Index("i", Range(num(1), num(2)))
    >>> z, x = Ref("z", (Ref("i"),)), Ref("x", (Ref("i"),))
    >>> [latex(e.body) for e in entries(Equation(z, (i,), x))]
    ['x_1', 'x_2']
    """
    first = next((i for i in eq.indices if letters is None or i.name in letters), None)
    if first is None:
        yield eq
        return
    for value in first.range.values():
        yield from entries(eq.entry({first.name: num(value)}), letters)


MOST_ENTRIES = 10_000
"""An equation with numbers as sizes is written out to at most this many entries."""


def check_length(eq: Equation) -> None:
    """The equation is short enough to be written out."""
    number = prod(i.range.size or 1 for i in eq.indices)
    if number > MOST_ENTRIES:
        raise NetworkError(
            f"found {number} entries of {latex(eq.target)} to write out, "
            f"expected at most {MOST_ENTRIES}",
            at=eq.at,
            hint="use smaller sizes",
        )
