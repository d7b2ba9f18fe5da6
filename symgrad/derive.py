r"""The backward sweep: gradients of a network, with the steps that lead to them.

For a tensor u read by equations v, w, …, with p the entry asked for,

    ∂L/∂u_p  =  Σ over consumers v, Σ over their entries I:   ∂L/∂v_I · ∂v_I/∂u_p.

Each read u_{φ(I,J)} with factor c contributes Σ_{I,J} ∂L/∂v_I · c · [φ(I,J) = p]; solving
φ(I,J) = p for an index of unit coefficient removes the sum and turns that index's range into
bounds of the others (`index.contract`). Numbers and symbols as sizes go the same way.

The sweep is iterative and shares every upstream gradient, so its cost grows with the number of
equations, whatever the depth. An upstream gradient too large to write into a formula stays named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from symgrad.affine import shift
from symgrad.chain import (
    Term,
    added,
    contracted,
    entry_by_entry,
    goal_entry,
    meet,
    merged,
    renamed,
    together,
    within,
)
from symgrad.contract import contract, guard
from symgrad.equation import Equation, Upstream
from symgrad.errors import NetworkError
from symgrad.expr import (
    LETTERS,
    ONE,
    ZERO,
    Expr,
    Mul,
    Num,
    Partial,
    Reduce,
    Ref,
    free_names,
    fresh,
    names,
    transform,
    walk,
)
from symgrad.index import Facts, Index
from symgrad.latex import latex
from symgrad.network import Network
from symgrad.rewrite import Derivation, Step, put_in
from symgrad.rules.algebra import product, tidy, total
from symgrad.rules.calculus import reads_of
from symgrad.rules.forms import distinct_bounds, in_decimals, out_of_sums
from symgrad.rules.sums import sift

INLINE = 60
"""An upstream gradient of at most this many nodes is written into the formulas that use it."""


@dataclass
class Sweep:
    """Gradients of one quantity `of`; upstream gradients are derived once and shared."""

    network: Network
    of: Ref
    inline: int = INLINE
    _done: dict[Ref, Derivation] = field(default_factory=dict)
    _terms: dict[Ref, tuple[Term, ...]] = field(default_factory=dict)

    def gradient(self, by: Ref) -> Derivation:
        r"""∂of/∂by with its steps.

        >>> from symgrad.expr import num, Neg
        >>> w, x = Ref("w"), Ref("x")
        >>> net = Network((Equation(Ref("L"), (), Mul((w, x))),)).validated()
        >>> Sweep(net, Ref("L")).gradient(w).latex()
        '\\frac{\\partial L}{\\partial w} = x'
        """
        self._refuse_ambiguous(by)
        stack = [by]
        while stack:
            node = stack[-1]
            if node in self._done:
                stack.pop()
                continue
            missing = [d for d in self._needs(node) if d not in self._done]
            if missing:
                stack.extend(reversed(missing))
            else:
                found = self._derive(node)
                self._done[node] = spelled_in_decimals(found) if self._decimals else found
                stack.pop()
        return self._done[by]

    # -- the chain rule -------------------------------------------------------------------------

    def _needs(self, node: Ref) -> list[Ref]:
        """The upstream gradients that must be known first."""
        needed = []
        for term in self.terms(node):
            for t in (term, *term.parts):
                if not self._is_goal(t.consumer) and self._given(t.consumer) is None:
                    needed.append(self._generic(t.consumer))
        return list(dict.fromkeys(needed))

    def terms(self, node: Ref) -> tuple[Term, ...]:
        """The summands of the chain rule for ∂of/∂node."""
        if node not in self._terms:
            self._terms[node] = tuple(self._chain(node))
        return self._terms[node]

    def _chain(self, node: Ref) -> list[Term]:
        facts = within(self.network.facts, self.indices(node))
        avoid = frozenset(names(node) | names(self.of))
        pieces: list[Term] = []
        for eq in self.network.readers(node):
            own = renamed(eq, avoid | self._reserved)
            pieces += self._through(own, node, facts, eq == self._goal)
        return merged(pieces, avoid | self._reserved)

    def _through(self, eq: Equation, node: Ref, facts: Facts, goal: bool) -> list[Term]:
        """The summands that flow through one equation.

        Reads that can meet in one entry of the equation's target are one local gradient: the
        chain rule sums over all entries, and each read is contracted afterwards.
        """
        at_goal = goal_entry(eq, self.of) if goal else None
        if at_goal is not None:
            eq, facts = at_goal, within(facts, self.indices(self.of))
        taken = self._reserved | names(node) | names(self.of) | {i.name for i in eq.indices}
        places = [
            p
            for p in reads_of(eq.body, node.name, self.network.ties, taken)
            if len(p.ref.indices) == len(node.indices)
        ]
        found = [t for p in places if (t := contracted(eq, p, node, facts)) is not None]
        terms = added(found)
        if len(terms) > 1 and eq.indices and meet(terms, facts):
            return [together(eq, places, node, facts, terms)]
        return [piece for t in terms for piece in entry_by_entry(t)]

    # -- one gradient ---------------------------------------------------------------------------

    def _derive(self, node: Ref) -> Derivation:
        goal = Partial(self.of, node)
        indices = self.indices(node)
        same = self._identity(node)
        if same == ONE:
            return Derivation(goal, (Step("same", goal, ONE),), indices)
        given = self._given(node)
        if given is not None:
            return Derivation(goal, (Step("given", goal, given),), indices)
        terms = [t for t in self.terms(node) if self._reaches(t.consumer)]
        if same is not None and not terms:
            return Derivation(goal, (Step("same", goal, same),), indices)
        if same is not None:
            terms.insert(0, Term(self.of, (), same, same, ()))
        if not terms:
            if self._open(node):
                return Derivation(goal, (Step("open", goal, goal),), indices)
            return Derivation(goal, (Step("no-path", goal, ZERO),), indices, note="no-path")
        return self._steps(goal, indices, terms)

    def _steps(self, goal: Partial, indices: tuple[Index, ...], terms: list[Term]) -> Derivation:
        """Chain rule, local gradients and upstream gradients put in, tidied."""
        steps: list[Step] = []
        taken = self._reserved | {i.name for i in indices}
        at: Expr = goal
        chained = [t for t in terms if not self._is_goal(t.consumer)]
        if chained:
            links = total(*(self._link(t, goal.by) for t in terms))
            steps.append(Step("chain-rule", at, links))
            at = links
        locals_ = tuple(local_derivation(t, goal.by, indices) for t in chained)
        if not chained:
            raw = total(*(t.raw for t in terms))
            because = tuple(dict.fromkeys(r for t in terms for r in t.because))
            steps.append(Step("differentiate", at, raw, because=because))
            at, locals_ = raw, ()
        else:
            upstream = [(Partial(goal.of, t.consumer), self._upstream(t.consumer)) for t in chained]
            equalities = [(d.goal, d.answer) for d in locals_] + upstream
            using = tuple((a, b) for a, b in dict(equalities).items() if a != b)
            after = distinct_bounds(joined(put_in(at, using)), taken | free_names(goal))
            steps.append(Step("substitute", at, after, using=using))
            at = after
            if any(t.parts for t in terms):
                after = total(*(self._flow(p) for t in terms for p in t.parts or (t,)))
                steps.append(Step("contract-delta", at, after))
                at = after
        facts = within(self.network.facts, (*indices, *self.indices(self.of)))
        neat = neaten(at, goal, taken, facts)
        if neat != at:
            steps.append(Step("tidy", at, neat))
        return Derivation(goal, tuple(steps), indices, locals_, self._lemmas(chained))

    def _link(self, t: Term, by: Expr) -> Expr:
        """∂of/∂v · ∂v/∂u, summed over the entries of v."""
        if self._is_goal(t.consumer):
            return t.raw
        link: Expr = Mul((Partial(self.of, t.consumer), Partial(t.consumer, by)))
        return Reduce("sum", t.bounds, link) if t.bounds else link

    def _flow(self, t: Term) -> Expr:
        """∂of/∂v · ∂v/∂u with both put in, summed over the entries of v."""
        if self._is_goal(t.consumer):
            return t.local
        flow = product(self._upstream(t.consumer), t.local)
        return Reduce("sum", t.bounds, flow) if t.bounds else flow

    def _lemmas(self, terms: Iterable[Term]) -> tuple[Derivation, ...]:
        found: dict[Ref, Derivation] = {}
        for t in terms:
            if self._given(t.consumer) is None:
                generic = self._generic(t.consumer)
                found[generic] = self._done[generic]
        return tuple(found.values())

    def _upstream(self, consumer: Ref) -> Expr:
        """∂of/∂consumer: given, derived and short, or left named."""
        given = self._given(consumer)
        if given is not None:
            return given
        generic = self._generic(consumer)
        answer = self._done[generic].answer
        if size(answer) > self.inline:
            return Partial(self.of, consumer)
        values = {
            g.name: c
            for g, c in zip(generic.indices, consumer.indices, strict=True)
            if isinstance(g, Ref)
        }
        return tidy(shift(answer, values)) if values else answer

    def _reaches(self, consumer: Ref) -> bool:
        if self._is_goal(consumer) or self._given(consumer) is not None:
            return True
        return self._done[self._generic(consumer)].answer != ZERO

    # -- names ------------------------------------------------------------------------------------

    def _is_goal(self, ref: Ref) -> bool:
        return ref == self.of

    def _identity(self, node: Ref) -> Expr | None:
        """[of and node are one entry], or None where they never are."""
        if node.name != self.of.name or len(node.indices) != len(self.of.indices):
            return None
        facts = within(self.network.facts, (*self.indices(node), *self.indices(self.of)))
        pairs = zip(node.indices, self.of.indices, strict=True)
        solved = contract((), [(a, b) for a, b in pairs if a != b], facts)
        return None if solved is None else product(*guard(solved.guards))

    @cached_property
    def _goal(self) -> Equation | None:
        """The one equation that defines `of`."""
        facts = within(self.network.facts, self.indices(self.of))
        found = []
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
    def _decimals(self) -> bool:
        """Does the author write decimals?"""
        numbers = (x for eq in self.network.equations for x in walk(eq.body))
        return any(isinstance(x, Num) and "." in (x.text or "") for x in numbers)

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
                    better = Ref(ref.name, (Ref(fresh("i", self._scalars)),))
                    raise NetworkError(
                        f"found the index {latex(i)} of {latex(ref)}, which is a quantity of the "
                        "network too; expected a letter of its own",
                        hint=f"rename the index, as in {latex(better)}",
                    )

    def _given(self, ref: Ref) -> Expr | None:
        """The given gradient with respect to `ref`; inside a bracket where it is given for some
        entries only, of a quantity that is known by its given gradients alone."""
        some: list[Expr] = []
        for u in self.network.upstream:
            match = self._given_at(u, ref)
            if match is not None:
                symbol, guards = match
                if not guards:
                    return symbol
                some.append(product(symbol, *guard(guards)))
        if not some or self.of.name in self.network.by_name:
            return None
        if self.terms(ref):
            raise NetworkError(
                f"found gradients of {latex(self.of)} for some entries of {ref.name}, expected "
                "one for every entry",
                hint=f"give it with an index, or ask for an entry of {ref.name}",
            )
        return total(*some)

    def _given_at(self, u: Upstream, ref: Ref) -> tuple[Expr, tuple[Expr, ...]] | None:
        """The symbol of a given gradient at `ref`, and the conditions for it to be that entry."""
        if u.of != self.of or u.by.name != ref.name or len(ref.indices) != len(u.by.indices):
            return None
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
        if all(isinstance(i, Num) for i in ref.indices):
            return ref
        home = next(
            (
                e.target
                for e in self.network.by_name[ref.name]
                if len(e.target.indices) == len(ref.indices)
            ),
            ref,
        )
        avoid = names(self.of) | self._reserved
        letters: list[Expr] = []
        for own, actual in zip(home.indices, ref.indices, strict=True):
            if isinstance(actual, Num):
                letters.append(actual)
                continue
            letter = fresh(own.name if isinstance(own, Ref) else "i", avoid)
            avoid.add(letter)
            letters.append(Ref(letter))
        return Ref(ref.name, tuple(letters))

    def indices(self, node: Ref) -> tuple[Index, ...]:
        """The free indices of `node`, with the ranges its tensor gives them."""
        ranges = self.network.ranges_at(node) or ()
        found = []
        for i, r in zip(node.indices, ranges, strict=False):
            if isinstance(i, Ref) and not i.indices and i.name not in self.network.sizes:
                found.append(Index(i.name, r))
        return tuple(found)


def spelled_in_decimals(d: Derivation) -> Derivation:
    """The derivation with decimals for fractions; those it builds on are spelled already."""
    steps = tuple(
        replace(
            s,
            before=in_decimals(s.before),
            after=in_decimals(s.after),
            using=tuple((a, in_decimals(b)) for a, b in s.using),
        )
        for s in d.steps
    )
    return replace(d, steps=steps, locals=tuple(map(spelled_in_decimals, d.locals)))


def local_derivation(t: Term, by: Expr, indices: tuple[Index, ...]) -> Derivation:
    """∂v/∂u for one consumer: the raw derivative, then tidied."""
    goal = Partial(t.consumer, by)
    steps = [Step("differentiate", goal, t.raw, because=t.because)]
    if t.local != t.raw:
        steps.append(Step("tidy", t.raw, t.local))
    general = t.general and (Partial(t.general[0], by), t.general[1])
    return Derivation(
        goal, tuple(steps), indices, through=t.through, general=general, within=t.span or t.bounds
    )


def joined(e: Expr) -> Expr:
    """Products inside products written as one, without factors 1."""
    return transform(e, lambda x: product(*x.factors) if isinstance(x, Mul) else x)


def neaten(e: Expr, goal: Expr, taken: frozenset[str], facts: Facts) -> Expr:
    """Tidied, factors in front of sums, bound letters distinct from each other and from `taken`."""
    neat = out_of_sums(tidy(sift(tidy(e), facts)))
    return distinct_bounds(neat, taken | frozenset(free_names(goal)))


def size(e: Expr) -> int:
    """How many nodes."""
    return sum(1 for _ in walk(e))
