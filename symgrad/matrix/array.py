r"""Arrays: a formula with its shape, and its entry at given indices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from symgrad.errors import NetworkError, UnreadError
from symgrad.expr import (
    ONE,
    Bound,
    Expr,
    Mul,
    Partial,
    Reduce,
    Ref,
    children,
    fresh,
    rebuild,
    substitute,
)
from symgrad.latex import latex

Shape = tuple[Expr, ...]
"""The sizes of an array: none of a number, one of a vector, two of a matrix."""

OPEN = Ref("?")
"""The size of a vector of ones that what stands beside it settles."""


@dataclass(frozen=True)
class Declared:
    r"""A name that is a vector or a matrix once it has `lead` indices: h_t of
    ``h_t \in \mathbb{R}^n`` has one."""

    shape: Shape
    lead: int = 0
    row: bool = False
    """Is it a vector that stands as a row: ∂L/∂x in numerator layout?"""
    inferred: bool = False
    """Is the shape that of the formula which defines the name?"""


@dataclass(frozen=True)
class Array:
    """A formula as an array: `entry` gives its entry at some indices. `row`: the transpose of a
    vector, a matrix with one row."""

    e: Expr
    shape: Shape
    entry: Callable[[Shape], Expr]
    row: bool = False

    @property
    def rows(self) -> Expr | None:
        """The number of rows; None of a number."""
        return None if not self.shape else ONE if self.row else self.shape[0]

    @property
    def columns(self) -> Expr | None:
        """The number of columns; a vector has one."""
        match self.shape:
            case ():
                return None
            case (n,):
                return n if self.row else ONE
        return self.shape[1]


UNNAMED = "%"
"""The first sign of an index that has no letter yet."""


def sizeless(e: Expr) -> NetworkError:
    """A vector of ones whose size nothing settles."""
    return NetworkError(
        rf"found \mathbf{{1}} in {latex(e)}, of a size that nothing says",
        hint=r"write \mathbf{1}_n for a vector, \mathbf{1}[z > 0] for a bracket",
    )


def misplaced(e: Expr, found: Array) -> NetworkError:
    """A vector or matrix where a number is expected."""
    return NetworkError(
        f"found {latex(e)} of shape {shown(found)}, expected a number",
        hint="write the entries with indices, or a norm or product that is a number",
    )


def laid_out(a: Array, numerator: bool) -> Array:
    """The gradient of a number, or its transpose where the layout is that of the numerator."""
    if not numerator or not a.shape:
        return a
    if len(a.shape) == 1:
        return replace(a, row=not a.row)
    return replace(a, shape=a.shape[::-1], entry=lambda at: a.entry(at[::-1]))


def halves(e: Partial) -> tuple[Expr, Ref]:
    """What a gradient is of, and by."""
    assert isinstance(e.by, Ref)
    return e.of, e.by


def lettered(e: Expr, taken: frozenset[str]) -> Expr:
    """`e` with letters for the indices that have none: the first that are free, from outside in."""
    if isinstance(e, Reduce):
        put: dict[str, Expr] = {}
        bounds = []
        for b in e.bounds:
            name = fresh("i", taken) if b.name.startswith(UNNAMED) else b.name
            taken |= {name}
            put[b.name] = Ref(name)
            bounds.append(replace(b, name=name))
        return Reduce(e.op, tuple(bounds), lettered(substitute(e.body, put), taken))
    return rebuild(e, [lettered(k, taken) for k in children(e)]) if children(e) else e


def number(e: Expr, written: Expr | None = None) -> Array:
    """A number."""
    return Array(e if written is None else written, (), partial(_same, e))


def _same(e: Expr, at: Shape) -> Expr:
    del at
    return e


def summed(bounds: tuple[Bound, ...], factors: tuple[Expr, ...]) -> Expr:
    """Σ of a product, each factor of a product by itself."""
    flat = [x for f in factors for x in (f.factors if isinstance(f, Mul) else (f,))]
    kept = tuple(f for f in flat if f != ONE) or (ONE,)
    body = kept[0] if len(kept) == 1 else Mul(kept)
    return Reduce("sum", bounds, body) if bounds else body


def shown(a: Array) -> str:
    """A shape in words: h × d."""
    if not a.shape:
        return "a number"
    sizes = ["any size" if s == OPEN else latex(s) for s in a.shape]
    return " × ".join(["1", *sizes] if a.row else sizes)


Same = Callable[[Expr, Expr], bool]
"""Are two sizes the same?"""


def flat(a: Array, same: Same) -> bool:
    """Is it a vector that is declared as a matrix, 1 × n or n × 1?"""
    return len(a.shape) == 2 and ONE in a.shape and not same(*a.shape)


def spread(parts: Sequence[Array], whole: Expr, same: Same) -> list[Array]:
    """The terms of a sum, a vector beside matrices added to each column whose size it has, or to
    each row; where both have it, nothing says which."""
    lead = next((p for p in parts if len(p.shape) == 2 and OPEN not in p.shape), None)
    if lead is None or flat(lead, same):
        return list(parts)
    out = []
    for p in parts:
        narrow = flat(p, same)
        if not (narrow or len(p.shape) == 1) or OPEN in p.shape:
            out.append(p)
            continue
        size = next((s for s in p.shape if s != ONE), ONE)
        axes = [k for k in (0, 1) if same(size, lead.shape[k])]
        if narrow or p.row:  # a column beside columns, a row beside rows
            axes = [k for k in axes if k == int(p.row or p.shape[0] == ONE)]
        if len(axes) > 1:
            raise NetworkError(
                f"found {latex(whole)} with {latex(lead.e)} of shape {shown(lead)} and "
                f"{latex(p.e)} of shape {shown(p)}, to add to each row or each column",
                hint=rf"write {latex(p.e)} \mathbf{{1}}^\top for each column, "
                rf"\mathbf{{1}} {latex(p.e)}^\top for each row",
            )
        out.append(along(p, lead.shape, axes[0], narrow) if axes else p)
    return out


def along(a: Array, shape: Shape, axis: int, narrow: bool) -> Array:
    """A vector, `narrow` as a matrix of one row or column, beside each column (axis 0) or each row
    (axis 1) of a matrix of some shape."""

    def entry(at: Shape) -> Expr:
        if narrow:
            return a.entry((at[0], ONE) if axis == 0 else (ONE, at[1]))
        return a.entry((at[axis],))

    return Array(a.e, shape, entry)


def example(e: Expr, a: Array, at: Expr, end: Expr | None, same: Same) -> Array:
    """Z^{[l](i)}, the example i of a batch: a column where the columns run as far as i does, which
    is to `end`; a row where the rows do."""
    runs = [k for k, size in enumerate(a.shape) if end is not None and same(size, end)]
    if len(a.shape) != 2 or len(runs) != 1:
        raise UnreadError(
            f"found {latex(e)}, an example of {latex(a.e)} of shape {shown(a)}, expected a sum "
            "over all columns, or all rows",
            hint="write the entries with indices",
        )
    if runs == [0]:
        return Array(e, a.shape[1:], lambda i: a.entry((at, i[0])))
    return Array(e, a.shape[:1], lambda i: a.entry((i[0], at)))
