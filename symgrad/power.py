r"""Powers of matrices: (A^k)_{ij} is a function of the entry A_{ij}, the size of A, and k.

The matrix is read whole, whatever entry stands in the function; its transpose to a power is
(A^\top)^k_{ij} = (A^k)_{ji}.
"""

from __future__ import annotations

from collections.abc import Iterator

from symgrad.expr import ONE, Call, Expr, Ref, transform, walk
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
    """A formula with a name for the powers of each matrix, the exponent its first index. What is
    equal for every value of such names is equal for the powers."""

    def one(x: Expr) -> Expr:
        match x:
            case Call(fn="matrixpower", args=(Ref(name=name, indices=at), _, exponent)):
                *lead, above, i, j = (Ref(f"%{k}") for k in range(1, len(at) + 2))
                shown = latex(power(Ref(name, (*lead, i, j)), ONE, above))
                return Ref(shown.replace("%", "#"), (*at[:-2], exponent, *at[-2:]))
        return x

    return transform(e, one)
