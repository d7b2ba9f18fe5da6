r"""Names in a sweep: the quantity that is differentiated, the letters of its tensors, their ranges.

Which entry a name stands for, which letters are free, what is given: no derivative is taken here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from symgrad.affine import Affine, affine, shift
from symgrad.chain import Term, goal_entry, loose_range, renamed, within
from symgrad.contract import contract, guard
from symgrad.equation import Equation, Total, Upstream
from symgrad.errors import NetworkError
from symgrad.expr import LETTERS, Expr, Num, Ref, fresh, names
from symgrad.index import Facts, Index, Range
from symgrad.latex import latex
from symgrad.network import Network
from symgrad.recursion import is_general
from symgrad.rules.given import centred, normalised
from symgrad.rules.named import Quotient, quotients
from symgrad.rules.plain import product


@dataclass
class Naming:
    """What the names of a network mean where `of` is differentiated."""

    network: Network
    of: Ref

    def _is_goal(self, ref: Ref) -> bool:
        return ref == self.of

    def _identity(self, node: Ref) -> Expr | None:
        """[of and node are one entry], or None where they never are."""
        if node.name != self.of.name or len(node.indices) != len(self.of.indices):
            return None
        facts = self._inside(node, self.of)
        pairs = zip(node.indices, self.of.indices, strict=True)
        solved = contract((), [(a, b) for a, b in pairs if a != b], facts)
        return None if solved is None else product(*guard(solved.guards))

    @cached_property
    def _goal(self) -> Equation | None:
        """The one equation that defines `of`."""
        facts = self._inside(self.of)
        found = []
        if self.of.name in self.network.recurrent:
            return None  # states feed one another: each is a consumer as well
        for eq in self.network.by_name.get(self.of.name, ()):
            if len(eq.target.indices) == len(self.of.indices):
                own = renamed(eq, frozenset(names(self.of)))
                pairs = list(zip(own.target.indices, self.of.indices, strict=True))
                if contract(own.indices, pairs, facts) is not None:
                    found.append(eq)
        if len(found) > 1 or (found and goal_entry(found[0], self.of) is None):
            raise NetworkError(
                f"found a gradient of {latex(self.of)}, whose entries have definitions of their "
                "own; expected one entry",
                hint=f"ask for the gradient of {latex(found[-1].target)}",
            )
        return found[0] if found else None

    @cached_property
    def _scalars(self) -> frozenset[str]:
        """The quantities without indices that have the name of an index letter."""
        refs = [r.ref for eq in self.network.equations for r in eq.reads]
        refs += [eq.target for eq in self.network.equations]
        refs += [u.symbol for u in self.network.upstream if isinstance(u.symbol, Ref)]
        plain = {r.name for r in refs if not r.indices} - self.network.sizes
        inside = (i for eq in self.network.equations for r in eq.reads for i in r.inside)
        return frozenset(plain & ({i.name for i in inside} | set(LETTERS)))

    @property
    def _reserved(self) -> frozenset[str]:
        """Letters that no index may be renamed to: sizes and quantities have them."""
        return self._scalars | self.network.sizes

    def _refuse_ambiguous(self, by: Ref) -> None:
        """A letter of the question must not name a quantity of the network as well."""
        for ref in (self.of, by):
            for i in ref.indices:
                if isinstance(i, Ref) and i.name in self._scalars:
                    better = ref.at((Ref(fresh("i", self._scalars)),))
                    raise NetworkError(
                        f"found the index {latex(i)} of {latex(ref)}, which is a quantity of the "
                        "network too; expected a letter of its own",
                        hint=f"rename the index, as in {latex(better)}",
                    )

    def _is_of_the_last(self, u: Upstream) -> bool:
        """Is a gradient given of the last state of a recurrence alone: δ = ∂L/∂h_T?"""
        r = self.network.recurrent.get(u.by.name)
        if r is None or u.of != self.of:
            return False
        axis = r.axis(u.by.name)
        span = r.ranges(u.by.name, self.network.facts)[axis]
        return u.by.indices[axis] == (span.hi if r.sign > 0 else span.lo)

    def _given_at(self, u: Upstream, ref: Ref) -> tuple[Expr, tuple[Expr, ...]] | None:
        """The symbol of a given gradient at `ref`, and the conditions for it to be that entry."""
        if u.of != self.of or u.by.name != ref.name or len(ref.indices) != len(u.by.indices):
            return None
        if u.by != ref and ref in self.network.leaves and ref.name in self.network.by_name:
            return None  # δ_t of the states is none of h_0, from which they start
        values: dict[str, Expr] = {}
        pairs: list[tuple[Expr, Expr]] = []
        for pattern, actual in zip(u.by.indices, ref.indices, strict=True):
            if isinstance(pattern, Ref) and pattern.name not in self.network.sizes:
                if values.setdefault(pattern.name, actual) != actual:
                    pairs.append((values[pattern.name], actual))
            elif pattern != actual:
                pairs.append((pattern, actual))
        solved = contract((), pairs, self.network.facts)
        return None if solved is None else (shift(u.symbol, values), solved.guards)

    def _open(self, node: Ref) -> bool:
        """Is `node` an end of the network while nothing defines `of`? Then its gradient stays
        a name: the rest of the network is not known."""
        known = self.network.by_name
        return self.of.name not in known and node.name in known and not self.network.readers(node)

    def _generic(self, ref: Ref) -> Ref:
        """`ref` at its own letters, unless all its indices are numbers."""
        r = self.network.recurrent.get(ref.name)
        if all(isinstance(i, Num) for i in ref.indices):
            found = self.network.defining(ref) if r else None
            if r is None or found is None or found[0] not in r.equations:
                return ref
        home = next(
            (
                e.target
                for e in (r.equations if r else self.network.by_name[ref.name])
                if len(e.target.indices) == len(ref.indices) and e.target.name == ref.name
            ),
            ref,
        )
        avoid = names(self.of) | self._reserved
        letters: list[Expr] = []
        for own, actual in zip(home.indices, ref.indices, strict=True):
            if isinstance(actual, Num) and (r is None or isinstance(own, Num)):
                letters.append(actual)
                continue
            letter = fresh(own.name if isinstance(own, Ref) else "i", avoid)
            avoid.add(letter)
            letters.append(Ref(letter))
        return ref.at(tuple(letters))

    def indices(self, node: Ref) -> tuple[Index, ...]:
        """The free indices of `node`, with the ranges its tensor gives them."""
        ranges = self.network.ranges_at(node) or ()
        if self._is_state(node):
            ranges = self.network.recurrent[node.name].ranges(node.name, self.network.facts)
        found = []
        for i, span in zip(node.indices, ranges, strict=False):
            if isinstance(i, Ref) and not i.indices and i.name not in self.network.sizes:
                found.append(Index(i.name, span))
        return tuple(dict.fromkeys(found))

    def _padded(self, ref: Ref, letter: str) -> Iterator[tuple[Range, Affine]]:
        """The subscripts of a padded leaf that move with an index, w_{l-s(i-1)} for l, each with
        the range beyond which all is 0."""
        ranges = self.network.ranges(ref.name) or self._given_ranges(ref.name)
        for k, edge in self.network.padded.get(ref.name, {}).items():
            form = affine(ref.indices[k]) if k < min(len(ref.indices), len(ranges)) else None
            both = None not in (edge.lo, edge.hi) and ref.name not in self.network.by_name
            if form is not None and both and form.unit(letter):
                yield ranges[k], form

    def _given_ranges(self, name: str) -> tuple[Range, ...]:
        """The ranges of a given gradient: δ_i = ∂L/∂z_i has those of z."""
        for u in self.network.upstream:
            if isinstance(u.symbol, Ref) and u.symbol.name == name:
                own = u.symbol.indices == u.by.indices
                return (self.network.ranges(u.by.name) or ()) if own else ()
        return ()

    def _inside(self, *nodes: Ref) -> Facts:
        """What is known where the entries exist: their letters are in their ranges, and so are
        sums and multiples of letters, 1 ≤ 2i ≤ 2n for z_{2i}."""
        facts = within(self.network.facts, (i for node in nodes for i in self.indices(node)))
        for node in nodes:
            ranges = self.network.ranges_at(node) or ()
            for index, span in zip(node.indices, ranges, strict=False):
                if not isinstance(index, Ref) and names(index) - self.network.sizes:
                    facts = facts.plus(loose_range(affine(index), span.lo, span.hi))
        return facts

    @cached_property
    def _totals(self) -> tuple[Total, ...]:
        """What is known of sums: given, or by a definition, as of a mean or a softmax."""
        given, equations = self.network.totals, self.network.equations
        made = normalised(equations, given, self.network.labels)
        return (*given, *centred(equations), *made)

    @cached_property
    def _quotients(self) -> tuple[Quotient, ...]:
        """The equations that name a quotient."""
        return quotients(self.network.equations)

    @cached_property
    def _has_sigma(self) -> bool:
        r"""Is \sigma, the sign of a function, a name here?"""
        equations = self.network.equations
        read = {n for eq in equations for e in (eq.target, eq.body) for n in names(e)}
        named = any(n.startswith(r"\sigma") for n in read | names(self.of))
        return named or "sigmoid" in self.network.by_name

    def _is_state(self, node: Ref) -> bool:
        """Is `node` any state of a recurrence: its gradient comes from that of other states?"""
        return node.name in self.network.recurrent and is_general(node, self.network.sizes)

    def _within(self, a: Ref, b: Ref) -> bool:
        """Are both of one recurrence?"""
        known = self.network.recurrent
        return a.name in known and b.name in known and known[a.name] == known[b.name]

    def _step_of(self, node: Ref) -> tuple[Index, int]:
        """The index that counts the steps of a state, and the direction it reads in."""
        r = self.network.recurrent[node.name]
        return self.indices(node)[r.axis(node.name)], r.sign

    def _distance(self, node: Ref, t: Term) -> int:
        """Other quantities come first, then states of the same step, then of other steps."""
        known = self.network.recurrent
        if t.consumer.name not in known:
            return 0
        at = node.indices[known[node.name].axis(node.name)] if node.name in known else None
        here = t.consumer.indices[known[t.consumer.name].axis(t.consumer.name)]
        return 1 if here == at else 2
