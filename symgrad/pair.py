r"""Two formulas, what their names are, and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from symgrad.affine import Affine, Condition, conditions, shift
from symgrad.equation import Equation, Upstream
from symgrad.expr import Expr, Ref, Rel, num, substitute
from symgrad.index import Facts, Index, Range
from symgrad.network import Network
from symgrad.roles import Roles


@dataclass(frozen=True)
class Asked:
    """A comparison of values that is given, for every value of some indices: x_i ≥ 0,
    i = 1, …, n. A letter without a range takes the values at which entries are read."""

    rel: Rel
    ranges: Mapping[str, Range] = field(default_factory=dict)
    letters: tuple[str, ...] = ()

    def put(self, by: Mapping[str, Expr]) -> Asked:
        """The comparison at given sizes."""
        rel = shift(self.rel, by)
        assert isinstance(rel, Rel)
        ranges = {
            n: Range(substitute(r.lo, by), substitute(r.hi, by)) for n, r in self.ranges.items()
        }
        return Asked(rel, ranges, self.letters)


@dataclass(frozen=True)
class Pair:
    """Two formulas, what their names are, and what is known of them."""

    left: Expr
    right: Expr
    roles: Roles
    network: Network = field(default_factory=Network)
    known: tuple[Condition, ...] = ()
    asked: tuple[Asked, ...] = ()

    @cached_property
    def facts(self) -> tuple[Condition, ...]:
        """Sizes are at least 1, indices lie in their ranges, and what is given."""
        ones = tuple(Condition(Affine(-1, ((s, 1),))) for s in self.roles.sizes)
        inside: list[Condition] = []
        for name, r in self.roles.ranges.items():
            for lo, hi in ((r.lo, Ref(name)), (Ref(name), r.hi)):
                inside += conditions(_at_most(lo, hi)) or ()
        return (*ones, *inside, *self.known)

    def put(self, values: Mapping[str, int]) -> Pair:
        """The pair at given sizes."""
        by: dict[str, Expr] = {n: num(v) for n, v in values.items()}
        kept = tuple(n for n in self.roles.sizes if n not in values)
        indices = tuple(n for n in self.roles.indices if n not in values)
        steps = tuple(n for n in self.roles.steps if n not in values)
        ranges = {
            n: replace(r, lo=substitute(r.lo, by), hi=substitute(r.hi, by))
            for n, r in self.roles.ranges.items()
            if n not in values
        }
        known = tuple(_at(c, values) for c in self.known)
        return Pair(
            shift(self.left, by),
            shift(self.right, by),
            replace(self.roles, sizes=kept, indices=indices, steps=steps, ranges=ranges),
            at_sizes(self.network, values),
            known,
            tuple(a.put(by) for a in self.asked),
        )


def at_sizes(network: Network, values: Mapping[str, int]) -> Network:
    """A network at given sizes."""
    by: dict[str, Expr] = {n: num(v) for n, v in values.items()}

    def put(r: Range) -> Range:
        return Range(shift(r.lo, by), shift(r.hi, by))

    def at(ref: Ref) -> Ref:
        return ref.at(tuple(shift(i, by) for i in ref.indices))

    equations = (
        Equation(
            at(eq.target),
            tuple(Index(i.name, put(i.range)) for i in eq.indices),
            shift(eq.body, by),
            eq.at,
        )
        for eq in network.equations
    )
    facts = network.facts
    known = tuple(_at(c, values) for c in facts.known)
    padded = {
        name: {k: edge.put(by) for k, edge in axes.items()} for name, axes in network.padded.items()
    }
    return replace(
        network,
        equations=tuple(equations),
        upstream=tuple(Upstream(shift(u.symbol, by), at(u.of), at(u.by)) for u in network.upstream),
        facts=Facts(known, facts.sizes - values.keys()),
        shapes={name: tuple(map(put, axes)) for name, axes in network.shapes.items()},
        padded=padded,
        labels={name: put(r) for name, r in network.labels.items()},
    )


def _at_most(a: Expr, b: Expr) -> Expr:
    return Rel("<=", a, b)


def _at(c: Condition, values: Mapping[str, int]) -> Condition:
    form = c.form
    for name, v in values.items():
        form = form.with_value(name, Affine(v))
    return Condition(form, c.equality)
