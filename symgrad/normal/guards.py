r"""Indicators of comparisons in a normal form.

[e ≥ 0] = [e > 0] + [e = 0] and [e < 0] = 1 - [e > 0] - [e = 0], so two indicators of e, oriented
so that its first coefficient is positive, spell every comparison; max, min, |·| and ReLU are
written with them. A comparison of integers is a condition on the points of a sum instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations
from math import lcm

from symgrad.affine import Affine, Condition
from symgrad.normal.algebra import Algebra
from symgrad.normal.atoms import leading, scaled, weight_only
from symgrad.normal.term import Factor, Normal, Term, combined, number, straight
from symgrad.polynomial import Polynomial

ONE = number(1)


@dataclass
class Guards:
    """Indicators over one algebra; remembers which comparisons can tie."""

    algebra: Algebra
    ordered: set[int] = field(default_factory=set)
    """Templates of inequalities: [z ≥ 0] and [z > 0] differ in the tie z = 0. An equation that a
    formula states, [y = 1], is none."""

    def holds(self, op: str, e: Normal) -> Normal:
        """[e op 0]."""
        whole = whole_form(e)
        if whole is not None:
            return self.whole(op, whole)
        if op in ("=", "!="):
            zero = self.zero(e, asked=True)
            return zero if op == "=" else self.algebra.minus(ONE, zero)
        if op in ("<", "<="):
            return self.algebra.minus(ONE, self.holds(">=" if op == "<" else ">", e))
        parts = [self.positive(e)]
        if op == ">=":
            parts.append(self.zero(e))
        return self.algebra.total(parts)

    def whole(self, op: str, form: Affine) -> Normal:
        """[form op 0] for integers."""
        one_less = Affine(form.constant - 1, form.coefficients)
        minus = straight(-form.constant, form.scaled(-1).by)
        minus_less = Affine(minus.constant - 1, minus.coefficients)
        match op:
            case "=":
                return self.algebra.under([Condition(form, equality=True)])
            case ">=":
                return self.algebra.under([Condition(form)])
            case ">":
                return self.algebra.under([Condition(one_less)])
            case "<=":
                return self.algebra.under([Condition(minus)])
            case "<":
                return self.algebra.under([Condition(minus_less)])
        return self.algebra.total(
            (self.algebra.under([Condition(one_less)]), self.algebra.under([Condition(minus_less)]))
        )

    def denied(self, e: Normal) -> Normal:
        """1 - [P]; of one condition on integers its opposite, so that what is impossible shows."""
        conds = e[0].conds if len(e) == 1 else ()
        if len(conds) == 1 and e == (Term(ONE[0].weight, (), (), conds),):
            return self.whole("!=" if conds[0].equality else "<", conds[0].form)
        return self.algebra.minus(ONE, e)

    def positive(self, e: Normal) -> Normal:
        """[e > 0]."""
        whole = whole_form(e)
        if whole is not None:
            return self.whole(">", whole)
        value = _value(e)
        if value is not None:
            return ONE if value > 0 else ()
        first = orientation(e)
        if first < 0:
            negative = scaled(e, Fraction(-1))
            off = self.algebra.total((self.positive(negative), self.zero(negative)))
            return self.algebra.minus(ONE, off)
        return self._apart("pos", scaled(e, 1 / first))

    def zero(self, e: Normal, asked: bool = False) -> Normal:
        """[e = 0]."""
        whole = whole_form(e)
        if whole is not None:
            return self.whole("=", whole)
        value = _value(e)
        if value is not None:
            return ONE if value == 0 else ()
        return self._apart("zero", scaled(e, 1 / orientation(e)), asked)

    def _apart(self, kind: str, e: Normal, asked: bool = False) -> Normal:
        """The indicator where two readings of one tensor differ, and where they are the same."""
        pair = _may_meet(e)
        if pair is None:
            return self._guard(kind, e, asked)
        a, b, gap = pair
        meet = self.algebra.under(Condition(g, equality=True) for g in gap)
        merged = combined(_with_places(t, b, a) for t in e)
        inner = self.positive(merged) if kind == "pos" else self.zero(merged, asked)
        off = self.algebra.product(self.algebra.minus(ONE, meet), self._guard(kind, e, asked))
        return self.algebra.total((off, self.algebra.product(meet, inner)))

    def _guard(self, kind: str, e: Normal, asked: bool) -> Normal:
        zero = self.algebra.atoms.factor("zero", e)
        if not asked:
            self.ordered.add(zero.key[2])
        f = zero if kind == "zero" else Factor(("pos", "", zero.key[2]), zero.at)
        return (Term(Polynomial((((), Fraction(1)),)), (f,)),)

    # -- functions with kinks -------------------------------------------------------------------

    def maximum(self, args: list[Normal], sign: int = 1) -> Normal:
        """max(a, b, …), or min for sign -1: the first of the greatest ones."""
        if len(args) == 2:
            a, b = args
            gap = scaled(self.algebra.minus(a, b), Fraction(sign))
            over = self.algebra.product(self.algebra.minus(a, b), self.positive(gap))
            return self.algebra.total((b, over))
        parts = []
        for k, a in enumerate(args):
            wins = [a]
            for other, b in enumerate(args):
                if other != k:
                    gap = scaled(self.algebra.minus(a, b), Fraction(sign))
                    wins.append(self.holds(">=" if k < other else ">", gap))
            parts.append(self.algebra.product(*wins))
        return self.algebra.total(parts)

    def relu(self, e: Normal) -> Normal:
        """e [e > 0]."""
        return self.algebra.product(e, self.positive(e))

    def absolute(self, e: Normal) -> Normal:
        """2 e [e > 0] - e."""
        return self.algebra.minus(scaled(self.relu(e), Fraction(2)), e)

    def sign(self, e: Normal) -> Normal:
        """2 [e > 0] + [e = 0] - 1."""
        up = scaled(self.positive(e), Fraction(2))
        return self.algebra.minus(self.algebra.total((up, self.zero(e))), ONE)


def orientation(e: Normal) -> Fraction:
    """The number in front of the first term that is a quantity, so that [y > 2] is one indicator;
    of the first term if none is."""
    return leading(tuple(t for t in e if t.factors) or e)


def whole_form(e: Normal) -> Affine | None:
    """The affine form, times a positive number, that a normal form of integers is."""
    weight = weight_only(e)
    if weight is None or weight.number is not None:
        return None
    if any(sum(k for _, k in monomial) > 1 for monomial, _ in weight.terms):
        return None
    common = lcm(*(c.denominator for _, c in weight.terms))
    by = {m[0][0]: int(c * common) for m, c in weight.terms if m}
    return straight(int(sum(c * common for m, c in weight.terms if not m)), by)


def _value(e: Normal) -> Fraction | None:
    weight = weight_only(e)
    return None if weight is None else weight.number


def _may_meet(e: Normal) -> tuple[Factor, Factor, list[Affine]] | None:
    """Two readings of one tensor that are the same entry at some places, not at all."""
    single = [t.factors[0] for t in e if len(t.factors) == 1 and not t.bound and not t.conds]
    for a, b in combinations(single, 2):
        if a.key == b.key and a.power == b.power and len(a.at) == len(b.at):
            gaps = [x.plus(y, -1) for x, y in zip(a.at, b.at, strict=True)]
            gaps = [straight(g.constant, g.by) for g in gaps]
            if any(not g.coefficients and g.constant for g in gaps):
                continue
            if a.at != b.at:
                return a, b, [g for g in gaps if g.coefficients]
    return None


def _with_places(t: Term, old: Factor, new: Factor) -> Term:
    factors = tuple(new if f == old else f for f in t.factors)
    return Term(t.weight, factors, t.bound, t.conds)
