r"""Inverses and determinants of matrices that have a name: X^{-1} and det X are quantities of their
own, with an equation each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from symgrad.equation import det_name, inverse_name
from symgrad.errors import NetworkError, UnreadError
from symgrad.expr import MINUS_ONE, Call, Expr, Neg, Num, Pow, Ref, num, walk
from symgrad.latex import latex
from symgrad.matrix.array import Array, Declared, number, shown

Same = Callable[[Expr, Expr], bool]


def inverted(formulas: Iterable[Expr]) -> Iterator[tuple[str, bool]]:
    """The names that stand below the power -1 or behind det, and whether it is det."""
    for x in (x for e in formulas for x in walk(e)):
        match x:
            case Pow(base=base, exp=exp) if is_minus_one(exp):
                yield from ((n, False) for n in named(base))
            case Call(fn="det", args=(base,)):
                yield from ((n, True) for n in named(base))


def is_minus_one(e: Expr) -> bool:
    """Is it the power of an inverse?"""
    return e in (MINUS_ONE, Neg(num(1))) or (isinstance(e, Num) and e.value == -1)


def named(e: Expr) -> Iterator[str]:
    """The name of a matrix, maybe transposed."""
    match e:
        case Ref(name=name, indices=()):
            yield name
        case Call(fn="transpose", args=(Ref(name=name, indices=()),)):
            yield name


def inverse(e: Expr, a: Array, known: frozenset[str], same: Same) -> Array:
    """The inverse of a square matrix with a name, as one more matrix with a name."""
    name, turned = whole_name(e, a, known, same)
    found = Ref(inverse_name(name))

    def entry(at: tuple[Expr, ...]) -> Expr:
        return found.at(at[::-1] if turned else at)

    return Array(e, a.shape, entry)


def determinant(e: Expr, a: Array, known: frozenset[str], same: Same) -> Array:
    """The determinant of a square matrix with a name, a number with a name."""
    name, _ = whole_name(e, a, known, same)
    return number(Ref(det_name(name)), e)


def whole_name(e: Expr, a: Array, known: frozenset[str], same: Same) -> tuple[str, bool]:
    """The name of the matrix that is inverted, and whether it is transposed."""
    if len(a.shape) != 2 or not same(*a.shape):
        raise NetworkError(
            f"found {latex(e)} with {latex(a.e)} of shape {shown(a)}, expected a square matrix"
        )
    own = next(named(a.e), None)
    if own is None:
        raise UnreadError(
            f"found {latex(e)}, an inverse or a determinant of a formula; expected one of a name",
            hint=f"give the matrix a name, M = {latex(a.e)}",
        )
    if own not in known:
        raise UnreadError(
            f"found {latex(e)}, which the equations here do not have",
            hint=f"name it among them, K = {own}^{{-1}}",
        )
    return own, isinstance(a.e, Call)


def with_inverses(declared: Mapping[str, Declared], names: Iterable[str]) -> dict[str, Declared]:
    """The declarations, those of inverses with them: matrices of the same shape."""
    more = {inverse_name(n): replace(declared[n], inferred=True) for n in names if n in declared}
    return {**declared, **more}
