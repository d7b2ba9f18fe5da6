r"""Products of matrices: row by row times column by column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from symgrad.affine import affine
from symgrad.errors import NetworkError, UnreadError
from symgrad.expr import ONE, Bound, Call, Div, Expr, Iverson, Mul, Pow, Ref, Rel, constant
from symgrad.latex import latex
from symgrad.matrix.array import OPEN, Array, Shape, shown, summed
from symgrad.power import power

Factors = tuple[tuple[Bound, ...], tuple[Expr, ...]]
"""The sums that are open, and the factors under them."""


@dataclass(frozen=True)
class Chain:
    """A product of matrices so far: at a row and a column, the sums that are open and the
    factors under them."""

    e: Expr
    rows: Expr | None
    columns: Expr | None
    at: Callable[[Expr | None, Expr | None], Factors]
    tall: bool = False
    """Is it a vector, not a matrix with one column?"""
    flat: bool = False
    """Is it the transpose of a vector?"""

    def array(self) -> Array:
        """The product as an array."""

        def entry(at: Shape) -> Expr:
            if self.rows is None:
                return summed(*self.at(None, None))
            if self.tall:
                return summed(*self.at(at[0], None))
            if self.flat:
                return summed(*self.at(None, at[0]))
            return summed(*self.at(*at))

        sizes = (None if self.flat else self.rows, None if self.tall else self.columns)
        return Array(self.e, tuple(s for s in sizes if s is not None), entry, self.flat)


def link(a: Array) -> Chain:
    """One factor of a product."""

    def at(i: Expr | None, j: Expr | None) -> Factors:
        return (), (a.entry(tuple(x for x in (i, j) if x is not None)),)

    tall = len(a.shape) == 1 and not a.row
    return Chain(a.e, a.rows, a.columns, at, tall, a.row)


def times(
    a: Chain, b: Chain, same: Callable[[Expr, Expr], bool], bind: Callable[[Expr, Expr], Bound]
) -> Chain:
    """The product of two chains; `same` compares sizes, `bind` makes an index of a size."""
    e = Mul((*(a.e.factors if isinstance(a.e, Mul) else (a.e,)), b.e))
    if a.rows is None or b.rows is None:
        lead = b if a.rows is None else a
        return replace(lead, e=e, at=lambda i, j: joined(a.at(i, j), b.at(i, j)))
    assert a.columns is not None
    assert b.rows is not None
    outer = (a.tall and (b.flat or b.rows == ONE)) or (b.flat and a.columns == ONE)
    fits = OPEN in (a.columns, b.rows) or same(a.columns, b.rows)
    if not outer and (a.tall or b.flat or not fits):
        raise misfit(e, a, b)
    size = b.rows if a.columns == OPEN else a.columns

    def at(i: Expr | None, j: Expr | None) -> Factors:
        if outer:
            left = a.at(i, None if a.tall else ONE)
            return joined(left, b.at(None if b.flat else ONE, j))
        k = bind(size, e)
        bounds, factors = joined(a.at(i, Ref(k.name)), b.at(Ref(k.name), j))
        return (*bounds, k), factors

    if a.flat and b.tall:
        return Chain(e, None, None, lambda i, j: ((), (summed(*at(None, None)),)))
    one = a.rows == ONE == b.columns and not (a.flat or b.tall)
    if one:
        return Chain(e, None, None, lambda i, j: ((), (summed(*at(ONE, ONE)),)))
    return Chain(e, a.rows, b.columns, at, tall=b.tall, flat=a.flat)


def joined(a: Factors, b: Factors) -> Factors:
    """The sums and factors of both."""
    return (*a[0], *b[0]), (*a[1], *b[1])


def misfit(e: Expr, a: Chain, b: Chain) -> NetworkError:
    """Two factors whose shapes do not fit."""
    left, right = a.array(), b.array()
    alike = left.shape == right.shape
    return NetworkError(
        f"found {latex(e)} with {latex(a.e)} of shape {shown(left)} and {latex(b.e)} of "
        f"shape {shown(right)}, expected as many columns on the left as rows on the right",
        hint=r"transpose one of them, or write \odot for the product of entries"
        if alike
        else "transpose one of them, or correct a declaration",
    )


def transposed(f: Ref, bare: str) -> NetworkError:
    """x' beside x where nothing says what it is."""
    return NetworkError(
        f"found {latex(f)} beside {bare}, which nothing declares: a transpose, or another vector",
        hint=rf"write {bare}^\top for the transpose, or declare {latex(f)}",
    )


def stranger(a: Array, f: Expr) -> NetworkError:
    """A factor behind an array, which nothing declares."""
    name = latex(f)
    return NetworkError(
        f"found {latex(Mul((a.e, f)))} with {latex(a.e)} of shape {shown(a)} and {name}, "
        "which nothing declares",
        hint=rf"declare it, {name} \in \mathbb{{R}}^{{n}} for a vector or "
        rf"{name} \in \mathbb{{R}} for a number, or write a number in front",
    )


MOST_FACTORS = 4
"""A power of so many factors is their product; one of more is a quantity of its own."""


def repeated(
    e: Pow,
    a: Array,
    exponent: Expr,
    same: Callable[[Expr, Expr], bool],
    product: Callable[[tuple[Expr, ...]], Array],
) -> Array:
    """A^k of a square matrix, A^0 the identity; of more than a few factors, or of k factors, of
    one that has a name."""
    value = constant(exponent)
    whole = affine(exponent) is not None and (value is None or value >= 0)
    square = len(a.shape) == 2 and same(*a.shape)
    if not whole or not square:
        raise powerless(e, a, square)
    if value == 0:
        return Array(e, a.shape, lambda at: Iverson(Rel("=", *at)))
    if value is not None and value <= MOST_FACTORS:
        return replace(product((e.base,) * int(value)), e=e)
    place = Ref("%i"), Ref("%j")
    entry = a.entry(place)
    if not isinstance(entry, Ref) or {*entry.indices[-2:]} != {*place}:
        raise UnreadError(
            f"found {latex(e)}, a power of a formula; expected one of a name",
            hint=f"give the matrix a name, M = {latex(e.base)}",
        )

    def at(indices: Shape) -> Expr:
        found = a.entry(indices)
        assert isinstance(found, Ref)
        return power(found, a.shape[0], exponent)

    return Array(e, a.shape, at)


def powerless(e: Pow, a: Array, square: bool) -> UnreadError:
    """A power of a matrix that is none: of one that is not square, to no whole number."""
    base = latex(e.base)
    found = f"found the power {latex(e)} of a matrix of shape {shown(a)}"
    if not square:
        return UnreadError(
            f"{found}, expected a square matrix", hint=rf"write {base} \odot {base} for its entries"
        )
    below = (constant(e.exp) or 0) < 0
    return UnreadError(
        f"{found}, expected a whole number as its exponent",
        hint=f"write {base}^{{-1}}, or give the inverse a name" if below else "correct it",
    )


def divided(e: Div, b: Array) -> UnreadError:
    """A matrix below the bar."""
    return UnreadError(
        f"found {latex(e)} with {latex(b.e)} of shape {shown(b)} below the bar, "
        "expected a number or a vector",
        hint="write an inverse, X^{-1}, or the entries with indices",
    )


def elsewhere(e: Call, own: Expr) -> UnreadError:
    """A function of vectors at other arguments than those that it is defined for."""
    return UnreadError(
        f"found {latex(e)}, but {e.fn} is defined for {latex(own)} "
        "alone, as a vector or of vectors",
        hint="write the formula out",
    )
