r"""Powers of matrices: (A^k)_{ij} is a function of the entry A_{ij}, the size of A, and k.

The matrix is read whole, whatever entry stands in the function; its transpose to a power is
(A^\top)^k_{ij} = (A^k)_{ji}.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symgrad.affine import Affine, affine
from symgrad.expr import (
    ONE,
    Add,
    Bound,
    Call,
    Expr,
    Iverson,
    Mul,
    Reduce,
    Ref,
    Rel,
    fresh,
    names,
    transform,
    walk,
)
from symgrad.latex import latex

POWER = "matrixpower"
"""The function of an entry, a size and an exponent."""


def power(entry: Ref, size: Expr, exponent: Expr) -> Call:
    r"""(A^k)_{ij}, of the entry A_{ij} of a square matrix with so many rows.

    >>> from symgrad.latex import latex
    >>> i, j = Ref("i"), Ref("j")
    >>> print(latex(power(Ref("A", (j, i)), Ref("n"), Ref("k"))))
    (A^k)_{ji}
    """
    return Call(POWER, (entry, size, exponent))


def exponents(e: Expr) -> Iterator[Expr]:
    """The exponents of the matrices in a formula: whole numbers."""
    return (x.args[2] for x in walk(e) if isinstance(x, Call) and x.fn == POWER)


def powers_named(e: Expr) -> Expr:
    """A formula with a name for the powers of each matrix, the exponent its first index, but for
    A^0 and A^1. What is equal for every value of such names is equal for the powers."""

    def one(x: Expr) -> Expr:
        match x:
            case Call(fn="matrixpower", args=(Ref(name=name, indices=at), _, exponent)):
                form = affine(exponent)
                if form is not None and not form.coefficients and form.constant in (0, 1):
                    return Iverson(Rel("=", *at[-2:])) if not form.constant else x.args[0]
                *lead, above, i, j = (Ref(f"%{k}") for k in range(1, len(at) + 2))
                shown = latex(power(Ref(name, (*lead, i, j)), ONE, above))
                return Ref(shown.replace("%", "#"), (*at[:-2], exponent, *at[-2:]))
        return x

    return transform(e, one)


def powers_joined(e: Expr) -> Expr:
    r"""Σ_l (A^p)_{il} (A^q)_{lj} = (A^{p+q})_{ij}, where one of the two may be A_{il}.

    >>> i, j, l, n = map(Ref, "ijln")
    >>> both = Mul((power(Ref("A", (i, l)), n, Ref("p")), Ref("A", (l, j))))
    >>> print(latex(powers_joined(Reduce("sum", (Bound("l", ONE, n),), both))))
    (A^{p + 1})_{ij}
    """
    return transform(e, lambda x: _joined(x) if isinstance(x, Reduce) else x)


def _joined(e: Reduce) -> Expr:
    inner = e.body
    if isinstance(inner, Reduce) and e.op == inner.op == "sum":
        outer, below = ({b.name for b in x.bounds} for x in (e, inner))
        if not outer & below:
            return _joined(Reduce("sum", (*e.bounds, *inner.bounds), inner.body))
    factors = e.body.factors if isinstance(e.body, Mul) else ()
    for n, b in enumerate(e.bounds):
        rest = e.bounds[:n] + e.bounds[n + 1 :]
        own = [f for f in factors if b.name in names(f)]
        found = _product(own, b) if e.op == "sum" and len(own) == 2 else None
        if found is None or any(b.name in names(other) for other in rest):
            continue
        left = tuple(found if f is own[0] else f for f in factors if f is not own[1])
        body = left[0] if len(left) == 1 else Mul(left)
        return _joined(Reduce("sum", rest, body)) if rest else body
    return e


def factor_apart(e: Call, last: bool) -> Expr:
    r"""(A^k)_{ij} as Σ_l (A^{k-1})_{il} A_{lj}, or with its first factor apart.

    >>> print(latex(factor_apart(power(Ref("A", (Ref("i"), Ref("j"))), Ref("n"), Ref("k")), True)))
    \sum_{l=1}^{n} (A^{k - 1})_{il}\, A_{lj}
    """
    entry, size, exponent = e.args
    assert isinstance(entry, Ref)
    form = affine(exponent)
    assert form is not None
    *lead, i, j = entry.indices
    name = fresh("l", names(e))
    b, rest = Ref(name), form.plus(Affine(-1)).expr()
    one, others = ((b, j), (i, b)) if last else ((i, b), (b, j))
    both = (power(entry.at((*lead, *others)), size, rest), entry.at((*lead, *one)))
    return Reduce("sum", (Bound(name, ONE, size),), Mul(both if last else both[::-1]))


def _product(pair: Sequence[Expr], b: Bound) -> Expr | None:
    """The product of two matrices that are powers of one, summed over the index they share."""
    (a, size, p), (c, other, q) = map(_parts, pair)
    if a is None or c is None or {size, other} - {None} != {b.hi} or b.lo != ONE or b.conds:
        return None
    (*lead, i, k), (*same, m, j) = a.indices, c.indices
    if (i, j) == (Ref(b.name), Ref(b.name)):
        (i, k), (m, j) = (m, j), (i, k)  # A_{kj} (A^p)_{ik}
    exponent = affine(Add((p, q)))
    letters = (*lead, i, j, p, q)
    shared = k == m == Ref(b.name) and not any(b.name in names(x) for x in letters)
    if (a.name, lead) != (c.name, same) or not shared or exponent is None or b.hi is None:
        return None
    return power(a.at((*lead, i, j)), b.hi, exponent.expr())


def _parts(e: Expr) -> tuple[Ref | None, Expr | None, Expr]:
    """An entry of a matrix, its size where it is one of a power, and the exponent."""
    match e:
        case Call(fn="matrixpower", args=(Ref() as entry, size, exponent)):
            return entry, size, exponent
        case Ref(indices=(_, _, *_)):
            return e, None, ONE
    return None, None, ONE
