r"""Terms as weights on integer points: their factors one by one, and where they are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import chain, permutations, product
from math import factorial, prod

from symgrad.affine import Affine
from symgrad.normal.algebra import Outgrown
from symgrad.normal.term import Factor, Key, Normal, Term, straight
from symgrad.points import Hidden, Piece

MOST_ORDERS = 24
MOST_FACTORS = 40

Skeleton = tuple[tuple[Key, int], ...]
"""What a product is made of, wherever it is read."""


def with_powers(e: Normal) -> list[tuple[Term, tuple[Factor, ...]]]:
    """Each term with its factors one by one; a scalar that is raised to a symbolic power
    somewhere is raised to a power everywhere."""
    raised = {f.key[1] for t in e for f in t.factors if f.key[0] == "power" and len(f.at) == 1}
    out = []
    for t in e:
        if sum(abs(f.power) for f in t.factors) > MOST_FACTORS:
            raise Outgrown("found too many factors")
        factors: list[Factor] = []
        exponents = dict.fromkeys(sorted(raised), Affine(0))
        for f in t.factors:
            if f.key[0] == "power" and f.key[1] in raised and len(f.at) == 1:
                exponents[f.key[1]] = exponents[f.key[1]].plus(f.at[0], f.power)
            elif f.key[0] == "ref" and f.key[1] in raised and not f.at:
                exponents[f.key[1]] = exponents[f.key[1]].plus(Affine(f.power))
            else:
                factors += [Factor(f.key, f.at, 1 if f.power > 0 else -1)] * abs(f.power)
        for name, a in exponents.items():
            factors.append(Factor(("power", name, 0), (straight(a.constant, a.by),)))
        out.append((t, tuple(factors)))
    return out


def piece(t: Term, factors: Sequence[Factor]) -> Piece:
    """A term as a weight on the points at which its factors are read."""
    at = tuple(a for f in factors for a in f.at)
    if rank([[a.by.get(b, 0) for b in t.bound] for a in at]) < len(t.bound):
        raise Hidden("an index that no subscript tells apart")
    return Piece(at, t.bound, t.conds, t.weight)


def rank(rows: Sequence[Sequence[int]]) -> int:
    """The rank of a matrix of whole numbers."""
    left = [[Fraction(x) for x in row] for row in rows]
    found = 0
    width = len(left[0]) if left else 0
    for column in range(width):
        pivot = next((r for r in range(found, len(left)) if left[r][column]), None)
        if pivot is None:
            continue
        left[found], left[pivot] = left[pivot], left[found]
        for r in range(found + 1, len(left)):
            factor = left[r][column] / left[found][column]
            left[r] = [a - factor * b for a, b in zip(left[r], left[found], strict=True)]
        found += 1
    return found


def orders(skeleton: Skeleton, factors: Sequence[Factor]) -> list[tuple[int, ...]]:
    """The orders of the coordinates that equal factors allow."""
    starts, at = [], 0
    for f in factors:
        starts.append((at, len(f.at)))
        at += len(f.at)
    groups: dict[tuple[Key, int], list[int]] = {}
    for k, kind in enumerate(skeleton):
        groups.setdefault(kind, []).append(k)
    moving = [g for g in groups.values() if len(g) > 1 and starts[g[0]][1]]
    if prod(factorial(len(g)) for g in moving) > MOST_ORDERS:
        raise Hidden("too many equal factors")
    out = []
    for choice in product(*(permutations(g) for g in moving)):
        to = dict(zip(chain(*moving), chain(*choice), strict=True))
        order: list[int] = []
        for k, (start, length) in enumerate(starts):
            first = starts[to.get(k, k)][0] if k in to else start
            order += range(first, first + length)
        out.append(tuple(order))
    return out


def without(factors: Sequence[Factor], common: Counter[Factor]) -> tuple[Factor, ...]:
    """The factors but for some, each as often as it is counted."""
    left = Counter(common)
    out = []
    for f in factors:
        if left[f] > 0:
            left[f] -= 1
        else:
            out.append(f)
    return tuple(out)


def inner(f: Factor) -> bool:
    """Is a factor read at a bound index?"""
    return any(n.startswith("#") for a in f.at for n, _ in a.coefficients)
