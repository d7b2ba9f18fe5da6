r"""Equations of one tensor's entries off their diagonal: [x_k = x_j] is 1 at j = k, whatever x is,
and elsewhere a tie.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations

from symgrad.affine import Affine, Condition
from symgrad.normal.algebra import Algebra
from symgrad.normal.term import Normal, Term, combined, straight

MOST = 64
"""Terms that are made; of more nothing is split."""


def off_diagonal(algebra: Algebra, e: Normal) -> Normal:
    """`e` with each sum over an equation of two entries split where they are one entry."""
    left = [*e]
    done: list[Term] = []
    while left:
        if len(left) + len(done) > MOST:
            return e
        t = left.pop()
        parts = next(_splits(algebra, t), None)
        if parts is None:
            done.append(t)
        else:
            left += [x for p in parts for x in algebra.cleaned(p)]
    return combined(done)


def _splits(algebra: Algebra, t: Term) -> Iterator[list[Term]]:
    """A term as those where two entries are one, and those where they are not."""
    for f in t.factors:
        if f.key[0] != "zero":
            continue
        inside = algebra.atoms.inside(f)
        value = Fraction(0) if not inside else inside[0].weight.number
        if not inside or (len(inside) == 1 and not inside[0].factors and value is not None):
            rest = tuple(x for x in t.factors if x != f)
            yield [] if value else [Term(t.weight, rest, t.bound, t.conds)]
            continue
        for gaps in _gaps(inside):
            gap = next((g for g in gaps if g.coefficients), None)
            if gap is None or any(_apart(t, g) for g in gaps):
                continue
            beyond = Affine(gap.constant - 1, gap.coefficients)
            before = straight(-gap.constant - 1, {n: -c for n, c in gap.coefficients})
            ends = Condition(gap, equality=True), Condition(beyond), Condition(before)
            yield [Term(t.weight, t.factors, t.bound, (*t.conds, c)) for c in ends]


def _gaps(inside: Normal) -> Iterator[list[Affine]]:
    """What the indices of x_a and x_b differ by, axis by axis, for each x_a - x_b in a sum."""
    alone = [t for t in inside if len(t.factors) == 1 and not t.bound and not t.conds]
    for s, t in combinations(alone, 2):
        (a,), (b,) = s.factors, t.factors
        alike = a.key == b.key and a.key[0] == "ref" and a.power == b.power == 1
        if alike and len(a.at) == len(b.at) and s.weight == t.weight.scaled(Fraction(-1)):
            yield [_difference(i, j) for i, j in zip(a.at, b.at, strict=True)]


def _difference(i: Affine, j: Affine) -> Affine:
    form = i.plus(j, -1)
    return straight(form.constant, form.by)


def _apart(t: Term, gap: Affine) -> bool:
    """Do the conditions say that it is not 0?"""
    if not gap.coefficients:
        return gap.constant != 0
    other = tuple((n, -c) for n, c in gap.coefficients)
    for c in t.conds:
        if c.equality:
            continue
        if c.form.coefficients == gap.coefficients and c.form.constant < gap.constant:
            return True
        if c.form.coefficients == other and c.form.constant < -gap.constant:
            return True
    return False
