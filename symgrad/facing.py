r"""Two formulas of which one or both are vectors or matrices, as formulas of one entry.

``\delta x^\top`` and ``\delta_i x_j`` are compared at the row i and the column j: a formula with
indices says by what its letters range over, or by W_{ij} of a gradient, which axis each is.
"""

from __future__ import annotations

from dataclasses import replace

from symgrad.errors import NetworkError
from symgrad.expr import ONE, Expr, Num, Partial, Ref, free_names, names, num, transform, walk
from symgrad.index import Range
from symgrad.latex import latex
from symgrad.matrix import Array, Lowering, shown


def entrywise(left: Expr, right: Expr, lowering: Lowering) -> tuple[Expr, Expr, dict[str, Range]]:
    """One entry of two formulas, and the ranges of its letters."""
    left, right = (transform(e, lambda x: digits_apart(x, lowering)) for e in (left, right))
    known = replace(lowering, taken=lowering.taken | names(left) | names(right))
    if not known.speaks(left) and not known.speaks(right):
        return left, right, {}
    a, b = known.array(left), known.array(right)
    letters: tuple[str, ...] = ()
    if a.shape and not b.shape:
        letters = axes(a, right, known)
    elif b.shape and not a.shape:
        letters = axes(b, left, known)
    if letters:
        shape = a.shape or b.shape
    else:
        a, b = known.equated(left, right)
        shape = a.shape
        letters = tuple(i.name for i in known.letters(a))
    at = [Ref(n) for n in letters]
    sides = [known.entry(s, at if s.shape else ()) for s in (a, b)]
    ranges = {n: Range(ONE, size) for n, size in zip(letters, shape, strict=True)}
    return sides[0], sides[1], ranges


def digits_apart(x: Expr, known: Lowering) -> Expr:
    """A_{12} of a declared matrix is A_{1,2}; anything else is as it was."""
    d = known.declared.get(x.name) if isinstance(x, Ref) and len(x.indices) == 1 else None
    if d is None or not isinstance(x, Ref) or not isinstance(x.indices[0], Num):
        return x
    digits = latex(x.indices[0])
    apart = digits.isdigit() and len(digits) == d.lead + len(d.shape) > 1
    return x.at(tuple(num(int(c)) for c in digits)) if apart else x


def axes(array: Array, e: Expr, known: Lowering) -> tuple[str, ...]:
    """The letters of a formula with indices that run along the axes of an array, in their order;
    none if it has no such letters."""
    if isinstance(e, Partial):
        found = [n for part in (e.of, e.by) for n in indexed(part, known)]
        if len(found) == len(array.shape) == len(set(found)):
            turned = known.numerator and not indexed(e.of, known)
            return tuple(found[::-1] if turned else found)
    sizes: dict[str, Expr] = {}
    free = free_names(e)
    for x in (x for x in walk(e) if isinstance(x, Ref)):
        d = known.declared.get(x.name)
        if d is not None and len(x.indices) == d.lead + len(d.shape):
            for i, size in zip(x.indices[d.lead :], d.shape, strict=True):
                if isinstance(i, Ref) and not i.indices and i.name in free - known.sizes:
                    sizes.setdefault(i.name, size)
    if not sizes:
        return ()
    turned = array.row and not known.numerator
    fits = [[n for n, s in sizes.items() if known.same(s, size)] for size in array.shape]
    if len(sizes) != len(array.shape) or any(len(f) != 1 for f in fits) or turned:
        raise NetworkError(
            f"found {latex(array.e)} of shape {shown(array)} beside {latex(e)} with the letters "
            f"{', '.join(sizes)}, expected one letter for each axis",
            hint="write both with indices, or both without",
        )
    return tuple(f[0] for f in fits)


def indexed(e: Expr, known: Lowering) -> tuple[str, ...]:
    """The letters of an entry of an array: i and j of W_{ij}."""
    d = known.declared.get(e.name) if isinstance(e, Ref) else None
    if d is None or not isinstance(e, Ref) or len(e.indices) != d.lead + len(d.shape):
        return ()
    return tuple(i.name for i in e.indices[d.lead :] if isinstance(i, Ref) and not i.indices)
