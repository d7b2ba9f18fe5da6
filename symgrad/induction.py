r"""Closed forms of backward recursions, by induction from the last state.

A formula A_t for g_t is right where A_T is what the recursion says of the last state, and A_t, its
sums and products taken apart at their first index, what it makes of A_{t+1}. What is to be
proved are such pairs; `evidence` proves them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from symgrad.affine import Affine, Condition, affine, shift
from symgrad.chain import loose_range
from symgrad.expr import (
    ONE,
    Add,
    Bound,
    Call,
    Cases,
    Expr,
    Mul,
    Partial,
    Reduce,
    Ref,
    Rel,
    children,
    names,
    rebuild,
    substitute,
    transform,
)
from symgrad.index import Facts, Index, Range
from symgrad.kronecker import entry
from symgrad.network import Network
from symgrad.power import POWER, factor_apart, powers_joined
from symgrad.recursion import into_sum
from symgrad.rewrite import Derivation


@dataclass(frozen=True)
class Obligation:
    """Two formulas to be proved equal, their letters in ranges."""

    left: Expr
    right: Expr
    indices: tuple[Index, ...]


def obligations(network: Network, d: Derivation) -> Iterator[Obligation]:
    """What makes the last step of a derivation right, which puts closed forms for gradients of
    states: for a state the induction, for anything else its formula with them put in."""
    last = d.steps[-1]

    def closed(x: Expr) -> Expr:
        if isinstance(x, Partial) and isinstance(x.by, Ref) and x.of == d.goal.of:
            for u in (d, *d.upstream):
                found = entry(u, x.by)
                if found is not None and u.steps[-1].rule == "unroll":
                    return found
        return x

    if not isinstance(last.before, Cases):
        left = transform(transform(last.before, closed), into_sum)
        yield Obligation(powers_joined(left), last.after, d.indices)
        return
    facts = network.facts.within(i for i in d.indices)
    for value, cond in last.before.branches:
        assert isinstance(cond, Rel)
        assert isinstance(cond.lhs, Ref)
        step = next(i for i in d.indices if i.name == cond.lhs.name)
        here, others = affine(cond.lhs), tuple(i for i in d.indices if i != step)
        end = affine(cond.rhs)
        assert here is not None
        assert end is not None
        if cond.op == "=":
            at = shift(last.after, {step.name: cond.rhs})
            known = Facts(tuple(_put(c, step.name, end) for c in facts.known), facts.sizes)
            sign = 1 if cond.rhs == step.range.hi else -1
            yield Obligation(Apart(end, sign, known).apart(at), value, others)
            continue
        sign = 1 if cond.op == "<" else -1
        edge = end.plus(Affine(-sign))
        lo, hi = (step.range.lo, edge.expr()) if sign > 0 else (edge.expr(), step.range.hi)
        inside = replace(step, range=Range(lo, hi))
        known = facts.within([inside])
        left = Apart(here, sign, known).apart(last.after)
        yield Obligation(left, transform(value, closed), (*others, inside))


def _put(c: Condition, name: str, value: Affine) -> Condition:
    return Condition(c.form.with_value(name, value), c.equality)


@dataclass(frozen=True)
class Apart:
    """Sums from `here` on, and products after it, taken apart at the index nearest to `here`."""

    here: Affine
    sign: int
    facts: Facts
    bound: frozenset[str] = frozenset()
    """The letters that are bound around a formula."""

    def apart(self, e: Expr) -> Expr:
        """Σ_{k=t}^{T} f(k) as f(t) + Σ_{k=t+1}^{T} f(k), Π_{s=t+1}^{k} likewise; each where its
        range is not empty; (A^{k-t})_{ij} as Σ_l (A^{k-t-1})_{il} A_{lj}."""
        if isinstance(e, Call) and e.fn == POWER:
            return self.factor(e)
        if isinstance(e, Reduce) and e.op == "sum" and len(e.bounds) > 1:
            e = Reduce("sum", e.bounds[:1], Reduce("sum", e.bounds[1:], e.body))
        if isinstance(e, Reduce) and len(e.bounds) == 1 and not e.bounds[0].conds:
            b = e.bounds[0]
            if b.lo is not None and b.hi is not None:
                near = affine(b.lo if self.sign > 0 else b.hi)
                after = self.here.plus(Affine(self.sign))
                if e.op == "sum" and near == self.here and self.filled(b):
                    return self.first(e, b, Add)
                if e.op == "prod" and near == after:
                    if self.empty(b):
                        return ONE
                    if self.filled(b):
                        return self.first(e, b, Mul)
        inner = self
        if isinstance(e, Reduce):
            inner = self.inside(e.bounds)
        kids = children(e)
        return rebuild(e, [inner.apart(k) for k in kids]) if kids else e

    def first(self, e: Reduce, b: Bound, joined: type[Add] | type[Mul]) -> Expr:
        """The nearest term or factor, and the rest."""
        assert b.lo is not None
        assert b.hi is not None
        near = b.lo if self.sign > 0 else b.hi
        form = affine(near)
        assert form is not None
        following = form.plus(Affine(self.sign)).expr()
        rest = replace(b, lo=following) if self.sign > 0 else replace(b, hi=following)
        one = self.apart(substitute(e.body, {b.name: near}))
        if self.empty(rest):
            return one
        return joined((one, Reduce(e.op, (rest,), self.inside((rest,)).apart(e.body))))

    def factor(self, e: Call) -> Expr:
        """A power of a matrix with its factor at a free index apart, where it has one."""
        entry, _, exponent = e.args
        form = affine(exponent)
        assert isinstance(entry, Ref)
        free = [not self.bound & names(i) for i in entry.indices[-2:]]
        some = form is not None and self.facts.imply(Condition(form.plus(Affine(-1))))
        if form is None or not some or not self.here.names & form.names or not any(free):
            return e
        return factor_apart(e, last=free[1])

    def inside(self, bounds: tuple[Bound, ...]) -> Apart:
        """The same where the bound indices are in their ranges."""
        more = [
            c
            for b in bounds
            if b.lo is not None and b.hi is not None
            for c in loose_range(affine(Ref(b.name)), b.lo, b.hi)
        ]
        inner = self.bound.union(b.name for b in bounds)
        return replace(self, facts=self.facts.plus(more), bound=inner)

    def filled(self, b: Bound) -> bool:
        """Has the range of an index a value at all instances?"""
        gap = length(b)
        return gap is not None and self.facts.imply(Condition(gap))

    def empty(self, b: Bound) -> bool:
        """Has it none at any?"""
        gap = length(b)
        return gap is not None and self.facts.imply(Condition(gap.scaled(-1).plus(Affine(-1))))


def length(b: Bound) -> Affine | None:
    """hi - lo."""
    lo, hi = (None if e is None else affine(e) for e in (b.lo, b.hi))
    return None if lo is None or hi is None else hi.plus(lo, -1)
