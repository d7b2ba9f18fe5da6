r"""Denominators: when one may be multiplied out, and what is never zero."""

from __future__ import annotations

from dataclasses import dataclass

from symgrad.affine import Affine, Condition
from symgrad.normal.algebra import GUARDS, Algebra, Outgrown
from symgrad.normal.atoms import weight_only
from symgrad.normal.term import Factor, Key, Normal, Term, combined
from symgrad.normal.weights import inner
from symgrad.points import Hidden, inhabited

MOST_ROUNDS = 12


@dataclass
class Denominators:
    """Denominators over one algebra."""

    algebra: Algebra

    def inhabited(self, t: Term) -> bool:
        """Does a term run over a point, whatever the sizes are?"""
        facts = self.algebra.about(n for c in t.conds for n in c.form.by)
        try:
            return not t.conds or inhabited(t.conds, t.bound, facts)
        except Hidden:
            return False

    def cleared(self, e: Normal) -> Normal:
        """`e` times the denominators that depend on no bound index.

        Where a denominator is 0, a quotient has no value, unless it stands under a bracket that
        is 0 there: [x ≠ 0]/x + [x = 0] is not zero, though it is when multiplied by x. So a
        denominator that can be 0 is multiplied out where no bracket is in front of it.
        """
        for _ in range(MOST_ROUNDS):
            below: dict[tuple[Key, tuple[Affine, ...]], int] = {}
            for f in (f for t in e for f in t.factors if f.power < 0):
                if not inner(f):
                    below[f.key, f.at] = max(below.get((f.key, f.at), 0), -f.power)
            below = {which: n for which, n in below.items() if self.divides(*which, e)}
            if not below:
                return e
            key, at = min(below, key=lambda k: (-k[0][2], k[0], str(k[1])))
            more = Factor(key, at, below[key, at])
            e = combined(
                x
                for t in e
                for x in self.algebra.cleaned(Term(t.weight, (*t.factors, more), t.bound, t.conds))
            )
            e = self.algebra.without_facts(e)
        raise Outgrown("found denominators inside one another")

    def divides(self, key: Key, at: tuple[Affine, ...], e: Normal) -> bool:
        """Does `e` have no value wherever this denominator is 0, or is it never 0?"""
        mine = [t for t in e if any((f.key, f.at) == (key, at) and f.power < 0 for f in t.factors)]
        bare = [t for t in mine if not any(f.key[0] in GUARDS for f in t.factors)]
        if len(bare) == len(mine) and all(self.inhabited(t) for t in bare):
            return True
        return self.never_zero(Factor(key, at))

    def never_zero(self, f: Factor) -> bool:
        """Is a quantity different from 0 whatever the values are?"""
        if f.key[0] == "exp":
            return True
        if f.key[0] not in ("sum", "root"):
            return False
        return self.positive(self.algebra.atoms.inside(f))

    def positive(self, e: Normal) -> bool:
        """Is every term at least 0, and one more than 0, whatever the values are?"""
        weight = weight_only(e)
        if weight is not None and weight.names:
            return self.sized(e[0])
        if not all(self.sized(t) and all(map(self.at_least_zero, t.factors)) for t in e):
            return False
        return any(all(map(self.never_zero, t.factors)) and self.inhabited(t) for t in e)

    def at_least_zero(self, f: Factor) -> bool:
        """Is a factor with its power at least 0, whatever the values are?"""
        if f.power % 2 == 0 or f.key[0] in ("exp", "root", *GUARDS):
            return True
        return f.key[0] == "sum" and self.positive(self.algebra.atoms.inside(f))

    def sized(self, t: Term) -> bool:
        """Is a weight more than 0: positive numbers times sizes?"""
        if any(c <= 0 for _, c in t.weight.terms):
            return False
        return all(
            not self.algebra.possible((*self.algebra.about((n,)), Condition(Affine(0, ((n, -1),)))))
            for n in t.weight.names
        )
