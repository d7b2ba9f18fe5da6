r"""The chain rule with Kronecker deltas, nothing contracted and nothing tidied:

    ∂L/∂u_p  =  Σ over consumers v, over all entries I of v and all J of the sums in it:
                ∂L/∂v_I · factor · [φ(I, J) = p].

It is what a derivation is proved against: the sweep solves φ(I, J) = p, moves bounds, and puts the
sum in the form of a textbook; here the deltas stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from symgrad.affine import shift
from symgrad.chain import goal_entry, renamed
from symgrad.contract import guard
from symgrad.equation import Equation
from symgrad.expr import ONE, Expr, Partial, Reduce, Ref, Rel, names, transform, walk
from symgrad.index import Range
from symgrad.network import Network
from symgrad.rewrite import Derivation
from symgrad.rules.calculus import reads_of
from symgrad.rules.forms import distinct_bounds
from symgrad.rules.plain import product, total
from symgrad.rules.terms import in_terms_of


def unreduced(network: Network, found: Derivation) -> Expr:
    r"""∂of/∂by of a derivation as a sum over every entry of every consumer, each with its
    Kronecker deltas; the gradients of the consumers are those that the derivation builds on.

    >>> from symgrad.consistency import validated
    >>> from symgrad.derive import Sweep
    >>> from symgrad.expr import Mul
    >>> from symgrad.latex import latex
    >>> w, x = Ref("w"), Ref("x")
    >>> net = validated(Network((Equation(Ref("L"), (), Mul((w, x))),)))
    >>> latex(unreduced(net, Sweep(net, Ref("L")).gradient(w)))
    'x'
    """
    of, by = found.goal.of, found.goal.by
    assert isinstance(of, Ref)
    assert isinstance(by, Ref)
    return Unreduced(network, found, of, by).gradient()


@dataclass(frozen=True)
class Unreduced:
    """One gradient, written out."""

    network: Network
    found: Derivation
    of: Ref
    by: Ref

    def gradient(self) -> Expr:
        """The sum over all that reads the name, and over what is given of it."""
        behind = self.behind()
        readers = [eq for eq in self.network.readers(self.by) if eq.target.name in behind]
        flows = [f for eq in readers for f in self.through(eq)]
        if self.by.name == self.of.name:
            flows.append(product(*guard(same(self.by.indices, self.of.indices))))
        elif self.by.name in self.network.recurrent:
            flows += self.given(self.by)
        return distinct_bounds(total(*flows), self.taken)

    def behind(self) -> set[str]:
        """The names that `of` is computed from, by equations or given gradients, itself among
        them."""
        ends = {self.of.name, *(u.by.name for u in self.network.upstream if u.of == self.of)}
        return ends.union(*map(self.network.behind, ends))

    @property
    def taken(self) -> frozenset[str]:
        """Letters that no entry of a consumer may have."""
        own = names(self.by) | names(self.of) | {i.name for i in self.found.indices}
        return frozenset(own | self.network.sizes)

    def through(self, eq: Equation) -> Iterator[Expr]:
        """What flows through one equation, a sum for each read."""
        eq = renamed(eq, self.taken)
        bounds = tuple(i.bound() for i in eq.indices)
        upstream: Expr = ONE
        if eq.target.name == self.of.name and eq.target.name not in self.network.recurrent:
            at = goal_entry(eq, self.of)
            if at is None:
                return
            eq, bounds = at, ()
        else:
            upstream = self.upstream(eq.target)
        taken = self.taken | names(eq.target) | names(upstream)
        for place in reads_of(eq.body, self.by.name, self.network.ties, taken):
            if len(place.ref.indices) != len(self.by.indices):
                continue
            alike = partial(together, {i.name: i.range for i in (*eq.indices, *place.inside)})
            local = in_terms_of(eq.target, eq.body, place.factor, alike)
            delta = same(place.ref.indices, self.by.indices)
            flow = looked_up(product(upstream, local, *guard(delta)), delta)
            every = (*bounds, *(i.bound() for i in place.inside))
            yield Reduce("sum", every, flow) if every else flow

    def upstream(self, consumer: Ref) -> Expr:
        """∂of/∂consumer: as derived, as given, or its name where the answer keeps it."""
        name = Partial(self.of, consumer)
        for d in (self.found, *self.found.upstream):
            formula = entry(d, consumer)
            if formula is not None and not self.keeps(consumer.name):
                return formula
        given = self.given(consumer)
        return total(*given) if given and not self.keeps(consumer.name) else name

    def keeps(self, name: str) -> bool:
        """Does the answer leave the gradient of a tensor named?"""
        return any(
            isinstance(x, Partial)
            and x.of == self.of
            and isinstance(x.by, Ref)
            and x.by.name == name
            for x in walk(self.found.answer)
        )

    def given(self, ref: Ref) -> list[Expr]:
        """The given gradients with respect to `ref`, each inside the bracket of its entry."""
        flows = []
        for u in self.network.upstream:
            if u.of != self.of or u.by.name != ref.name or len(u.by.indices) != len(ref.indices):
                continue
            put: dict[str, Expr] = {}
            apart: list[Expr] = []
            for pattern, actual in zip(u.by.indices, ref.indices, strict=True):
                if isinstance(pattern, Ref) and pattern.name not in {*put, *self.network.sizes}:
                    put[pattern.name] = actual
                else:
                    apart.append(Rel("=", shift(pattern, put), actual))
            flows.append(
                product(shift(u.symbol, put), *guard([c for c in apart if not trivial(c)]))
            )
        return flows


def entry(d: Derivation, ref: Ref) -> Expr | None:
    """What a derivation says of one entry: its answer with the entry's indices for its letters."""
    by = d.goal.by
    if not isinstance(by, Ref) or by.name != ref.name or len(by.indices) != len(ref.indices):
        return None
    own = {i.name for i in d.indices}
    put: dict[str, Expr] = {}
    for mine, asked in zip(by.indices, ref.indices, strict=True):
        if isinstance(mine, Ref) and mine.name in own:
            put[mine.name] = asked
    return shift(d.answer, put) if shift(by, put) == ref else None


def together(ranges: Mapping[str, Range], a: str, b: str) -> bool:
    """Have two letters one range?"""
    return ranges.get(a) == ranges.get(b)


def looked_up(flow: Expr, delta: Sequence[Expr]) -> Expr:
    """f(c_t) [c_t = a] as f(a) [c_t = a], for labels, which are data, in subscripts."""
    labels: dict[Expr, Expr] = {
        c.lhs: c.rhs
        for c in delta
        if isinstance(c, Rel) and isinstance(c.lhs, Ref) and c.lhs.indices
    }
    if not labels:
        return flow

    def one(x: Expr) -> Expr:
        return x.at(tuple(labels.get(i, i) for i in x.indices)) if isinstance(x, Ref) else x

    return transform(flow, one)


def same(left: Sequence[Expr], right: Sequence[Expr]) -> list[Expr]:
    """[i = p] for each index, those that are one formula left out."""
    return [c for c in (Rel("=", a, b) for a, b in zip(left, right, strict=True)) if not trivial(c)]


def trivial(c: Expr) -> bool:
    """Are both sides of an equation one formula?"""
    return isinstance(c, Rel) and c.lhs == c.rhs
