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

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

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
from symgrad.chosen import by_letters, put_labels
from symgrad.contract import guard
from symgrad.equation import Equation
from symgrad.errors import NetworkError
from symgrad.expr import (
    ONE,
    ZERO,
    Expr,
    Mul,
    Num,
    Partial,
    Reduce,
    Ref,
    free_names,
    names,
    nodes,
    transform,
    walk,
)
from symgrad.index import Facts, Index
from symgrad.latex import latex
from symgrad.naming import Naming
from symgrad.opaque import before, opaque, through
from symgrad.recursion import (
    Closed,
    before_the_end,
    by_ends,
    coefficient,
    gradients_last,
    put_closed,
    transition,
    unrolled,
)
from symgrad.rewrite import Derivation, Step, put_in
from symgrad.rules.algebra import tidy
from symgrad.rules.brackets import compared
from symgrad.rules.calculus import reads_of
from symgrad.rules.forms import distinct_bounds, in_decimals, out_of_sums
from symgrad.rules.given import put_given
from symgrad.rules.known import recognised
from symgrad.rules.named import by_names
from symgrad.rules.neat import joined, neaten
from symgrad.rules.plain import product, total
from symgrad.rules.shared import shared
from symgrad.rules.sums import over_own_ranges, pinned

INLINE = 60
"""An upstream gradient of at most this many nodes is written into the formulas that use it."""


@dataclass
class Sweep(Naming):
    """Gradients of one quantity `of`; upstream gradients are derived once and shared."""

    inline: int = INLINE
    identities: bool = True
    """May what sums are known to be be used? It does not move where a name in it does."""
    _done: dict[Ref, Derivation] = field(default_factory=dict)
    _terms: dict[Ref, tuple[Term, ...]] = field(default_factory=dict)
    _closed: dict[str, Closed] = field(default_factory=dict)

    def gradient(self, by: Ref) -> Derivation:
        r"""∂of/∂by with its steps.

        >>> from symgrad.consistency import validated
        >>> from symgrad.network import Network
        >>> w, x = Ref("w"), Ref("x")
        >>> net = validated(Network((Equation(Ref("L"), (), Mul((w, x))),)))
        >>> Sweep(net, Ref("L")).gradient(w).latex()
        '\\frac{\\partial L}{\\partial w} = x'
        """
        if (cut := before(self.network, self.of)) is not self.network:
            return Sweep(cut, self.of, self.inline).gradient(by)
        general, chosen = by_letters(self.network, self.of, by)
        if chosen:
            found = self.gradient(general)
            taken, facts = self._reserved, self._inside(general, self.of)
            return put_labels(found, chosen, lambda e, goal: neaten(e, goal, taken, facts))
        self._refuse_ambiguous(by)
        if by not in self._done:
            self._sweep(by)
            if self._is_state(by):
                self._attach_peers(by)
            self._add_given(by)
        return self._done[by]

    def _add_given(self, by: Ref) -> None:
        """What flows through quantities that are known by given gradients alone."""
        parts = [
            (Sweep(self.network, self.of).gradient(s), Sweep(self.network, s).gradient(by))
            for s in opaque(self.network, self.of, by)
        ]
        if parts:
            facts, goal = self._inside(by, self.of), Partial(self.of, by)
            neat = partial(neaten, goal=goal, taken=self._reserved, facts=facts)
            self._done[by] = through(self._done[by], parts, neat)

    def _attach_peers(self, by: Ref) -> None:
        """The other tensors of a recurrence beside one of its states: their gradients are
        defined with one another, step by step."""
        peers = [p for p in self._circle(by) if self._within(p, by) and p.name != by.name]
        for peer in peers:
            self._sweep(peer)
        whole = self._done[by]
        others = (*whole.upstream, *(self._done[p] for p in peers))
        apart = {u.goal: u for u in others if u.goal.by != self._generic(by)}
        self._done[by] = replace(whole, upstream=tuple(apart.values()))

    def _sweep(self, by: Ref) -> None:
        stack = [by]
        open_: set[Ref] = set()
        while stack:
            node = stack[-1]
            if node in self._done:
                open_.discard(stack.pop())
                continue
            missing = [d for d in self._needs(node) if d not in self._done]
            if missing and node in open_:
                raise NetworkError(
                    f"found states of {node.name} that other states read by their numbers, "
                    "expected one rule for all steps",
                    hint="give the number of steps as a number",
                )
            if missing:
                open_.add(node)
                stack.extend(reversed(missing))
            else:
                found = self._derive(node)
                self._done[node] = spelled_in_decimals(found) if self._decimals else found

    # -- the chain rule -------------------------------------------------------------------------

    def _needs(self, node: Ref) -> list[Ref]:
        """The upstream gradients that must be known first."""
        circle = self._circle(node)
        inside = {p for p in circle if self._is_state(node) and self._within(p, node)}
        needed = [p for p in circle if p not in inside]
        for own in (node, *inside):
            needed += [c for c in self._consumers(own) if not self._is_state(c)]
        return list(dict.fromkeys(needed))

    def _consumers(self, node: Ref) -> list[Ref]:
        """What reads `node` and passes a gradient on that is to be derived."""
        found = []
        for term in self.terms(node):
            for t in (term, *term.parts):
                if not self._is_goal(t.consumer) and self._given(t.consumer) is None:
                    found.append(self._generic(t.consumer))
        return list(dict.fromkeys(found))

    # -- recurrences ----------------------------------------------------------------------------

    def _circle(self, node: Ref) -> list[Ref]:
        """The states that `node` flows into, one step after the other, at their own letters."""
        found: dict[Ref, None] = {}
        waiting = [node]
        while waiting and self.network.recurrent:
            for c in self._consumers(waiting.pop(0)):
                if self._is_state(c) and c not in found:
                    found[c] = None
                    waiting.append(c)
        return list(found)

    def _alive(self, state: Ref) -> bool:
        """Does the gradient reach a recurrence at all, through any of its states?"""
        return any(
            self._identity(s) is not None
            or self._given_last(s) is not None
            or any(map(self._feeds, self.terms(s)))
            for s in dict.fromkeys((state, *self._circle(state)))
        )

    def _feeds(self, t: Term) -> bool:
        """Does a summand bring a gradient that is no other state's?"""
        if self._is_goal(t.consumer) or self._given(t.consumer) is not None:
            return True
        generic = self._generic(t.consumer)
        return not self._is_state(generic) and self._done[generic].answer != ZERO

    def _recursion(self, neat: Expr, node: Ref, terms: Sequence[Term], facts: Facts) -> list[Step]:
        """The steps from a gradient with other states' in it to its cases and its closed form."""
        if not self.network.recurrent:
            return []
        steps: list[Step] = []
        taken = self._reserved | free_names(Partial(self.of, node))
        if self._is_state(node):
            step, sign = self._step_of(node)
            cases = by_ends(neat, step, sign, facts)
            if cases != neat:
                steps.append(Step("last-states", neat, cases))
            whole = self._unrolled(node, terms, facts)
            if whole is not None:
                whole = put_closed(whole, self._closed_at, facts, taken)
                self._closed[node.name] = Closed(node, whole)
                steps.append(Step("unroll", cases, whole))
            return steps
        whole = put_closed(neat, self._closed_at, facts, taken)
        return [Step("unroll", neat, whole)] if whole != neat else []

    def _closed_at(self, gradient: Partial) -> Expr | None:
        """The gradient of a state without that of any other, where it has such a form."""
        by = gradient.by
        if gradient.of != self.of or not isinstance(by, Ref):
            return None
        own = self._done.get(by)
        if own is not None and own.steps[-1].rule == "unroll":
            return own.answer
        if by.name not in self._closed:
            return None
        closed = self._closed[by.name]
        return closed.at(by) if self._generic(by) == self._generic(closed.node) else None

    def _unrolled(self, node: Ref, terms: Sequence[Term], facts: Facts) -> Expr | None:
        """The gradient of a state as a sum over later ones, where each is linear in the last."""
        r = self.network.recurrent[node.name]
        own = [t for t in terms if t.consumer.name in r.names and not self._is_goal(t.consumer)]
        if len(own) != 1 or own[0].parts:
            return None
        step, sign = self._step_of(node)
        factor, here = coefficient(own[0].local, step, sign, facts), self.indices(node)
        if factor is None or r.names & names(factor):
            return None
        to = transition(factor, own[0].consumer, own[0].bounds, node, here, step, sign)
        flows = (self._flow(p) for t in terms if t is not own[0] for p in t.parts or (t,))
        direct, taken = tidy(total(*flows)), self._reserved | names(node)
        return None if to is None else unrolled(direct, to, step, sign, facts, taken)

    def terms(self, node: Ref) -> tuple[Term, ...]:
        """The summands of the chain rule for ∂of/∂node."""
        if node not in self._terms:
            self._terms[node] = tuple(self._chain(node))
        return self._terms[node]

    def _chain(self, node: Ref) -> list[Term]:
        facts = self._inside(node)
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
        last = self._given_last(node) if same is None else None
        same = same if last is None else last
        if same is not None and not terms:
            return Derivation(goal, (Step("same", goal, same),), indices)
        terms.sort(key=lambda t: self._distance(node, t))
        if same is not None:
            terms.insert(0, Term(self.of, (), same, same, ()))
        if not terms:
            if self._open(node):
                return Derivation(goal, (Step("open", goal, goal),), indices)
            return Derivation(goal, (Step("no-path", goal, ZERO),), indices, note="no-path")
        return self._steps(goal, node, indices, terms)

    def _steps(
        self, goal: Partial, node: Ref, indices: tuple[Index, ...], terms: list[Term]
    ) -> Derivation:
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
            if self.network.recurrent:
                after = gradients_last(after)
            steps.append(Step("substitute", at, after, using=using))
            at = after
            if any(t.parts for t in terms):
                after = total(*(self._flow(p) for t in terms for p in t.parts or (t,)))
                steps.append(Step("contract-delta", at, after))
                at = after
        facts = self._inside(node, self.of)
        padding = self.network.is_padding
        seen = transform(at, lambda x: ZERO if isinstance(x, Ref) and padding(x) else x)
        neat = neaten(seen, goal, taken, facts)
        labels = self.network.labels
        if labels and (known := pinned(neat, labels)) != neat:
            neat = neaten(known, goal, taken, facts)
        shifted = over_own_ranges(neat, self._padded, facts)
        if shifted != neat:
            neat = neaten(shifted, goal, taken, facts)
        if neat != at:
            steps.append(Step("tidy", at, neat))
        given, totals = put_given(neat, self._totals if self.identities else ())
        if totals:
            steps.append(Step("given-sum", neat, neaten(given, goal, taken, facts), using=totals))
            neat = steps[-1].after
        formed = self._formed(neat, goal, taken, facts)
        if formed != neat:
            steps.append(Step("collect", neat, formed))
            neat = formed
        steps += self._recursion(neat, node, terms, facts)
        if self._is_state(node):
            step, sign = self._step_of(node)
            locals_ = tuple(before_the_end(d, step, sign, facts) for d in locals_)
        return Derivation(goal, tuple(steps), indices, locals_, self._lemmas(node, chained))

    def _formed(self, e: Expr, goal: Expr, taken: frozenset[str], facts: Facts) -> Expr:
        """Known functions and names for quotients, what all terms share in front."""
        e = compared(e) if self._has_sigma else recognised(compared(e))
        # of L = w/x the gradient is -w/x², not -L/x; of a softmax it is p_k (1 - p_k)
        named = [q for q in self._quotients if self.of.indices or q.equation.target != self.of]
        for _ in range(2):  # a name may be seen only once factors are in front of their sum
            e = out_of_sums(by_names(e, named, facts))
        return distinct_bounds(shared(e), taken | frozenset(free_names(goal)))

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

    def _lemmas(self, node: Ref, terms: Iterable[Term]) -> tuple[Derivation, ...]:
        found: dict[Ref, Derivation] = {}
        for t in terms:
            if self._given(t.consumer) is None:
                generic = self._generic(t.consumer)
                if generic in self._done:
                    found[generic] = self._done[generic]
        if not self._is_state(node):
            found |= {p: self._done[p] for p in self._circle(node)}
        return tuple(found.values())

    def _upstream(self, consumer: Ref) -> Expr:
        """∂of/∂consumer: given, derived and short, or left named."""
        given = self._given(consumer)
        if given is not None:
            return given
        if consumer.name in self.network.recurrent:
            return Partial(self.of, consumer)
        generic = self._generic(consumer)
        answer = self._done[generic].answer
        if nodes(answer) > self.inline:
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
        generic = self._generic(consumer)
        if self._is_state(generic):
            return self._alive(generic)
        return self._done[generic].answer != ZERO

    # -- names ------------------------------------------------------------------------------------

    @cached_property
    def _decimals(self) -> bool:
        """Does the author write decimals?"""
        numbers = (x for eq in self.network.equations for x in walk(eq.body))
        return any(isinstance(x, Num) and "." in (x.text or "") for x in numbers)

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
                if not self._is_of_the_last(u):
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

    def _given_last(self, node: Ref) -> Expr | None:
        """The given gradient of the last state, inside a bracket: no other state adds to it."""
        opaque = self.of.name not in self.network.by_name
        given = [u for u in self.network.upstream if opaque and self._is_of_the_last(u)]
        found = [match for u in given if (match := self._given_at(u, node)) is not None]
        return total(*(product(s, *guard(g)) for s, g in found)) if found else None


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
