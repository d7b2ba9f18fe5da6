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
from fractions import Fraction
from functools import cached_property

from symgrad.errors import NetworkError
from symgrad.expr import (
    LETTERS,
    ONE,
    ZERO,
    Bound,
    Expr,
    Mul,
    Num,
    Partial,
    Reduce,
    Ref,
    free_names,
    fresh,
    names,
    substitute,
    transform,
    walk,
)
from symgrad.index import (
    Affine,
    Condition,
    Contraction,
    Facts,
    Index,
    Range,
    affine,
    contract,
    guard,
    range_conditions,
    shift,
)
from symgrad.latex import latex
from symgrad.network import Equation, Network, Upstream
from symgrad.rewrite import Derivation, Step, Through, put_in
from symgrad.rules.algebra import (
    WRITTEN_OUT,
    count,
    distinct_bounds,
    out_of_sums,
    product,
    tidy,
    total,
    write_out,
)
from symgrad.rules.calculus import Place, in_terms_of, reads_of

INLINE = 60
"""An upstream gradient of at most this many nodes is written into the formulas that use it."""


@dataclass(frozen=True)
class Term:
    """One summand of the chain rule: the consumer's entry, the bounds of the sum over its
    entries, and the local gradient there."""

    consumer: Ref
    bounds: tuple[Bound, ...]
    raw: Expr
    local: Expr
    because: tuple[str, ...]
    through: tuple[Through, ...] = ()
    general: tuple[Ref, Expr] | None = None
    """The consumer at its own letters and the local gradient there, for one of several entries."""
    parts: tuple[Term, ...] = ()
    """The reads of a local gradient that has several, each contracted."""
    span: tuple[Bound, ...] = ()
    """The bounds before the sum over entries was written out."""


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
                self._done[node] = self._derive(node)
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
            own = renamed(eq, avoid | self._scalars)
            pieces += self._through(own, node, facts, eq == self._goal)
        return merged(pieces)

    def _through(self, eq: Equation, node: Ref, facts: Facts, goal: bool) -> list[Term]:
        """The summands that flow through one equation.

        Reads that can meet in one entry of the equation's target are one local gradient: the
        chain rule sums over all entries, and each read is contracted afterwards.
        """
        at_goal = goal_entry(eq, self.of) if goal else None
        if at_goal is not None:
            eq, facts = at_goal, within(facts, self.indices(self.of))
        taken = self._scalars | names(node) | names(self.of) | {i.name for i in eq.indices}
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
            after = joined(put_in(at, using))
            steps.append(Step("substitute", at, after, using=using))
            at = after
            if any(t.parts for t in terms):
                after = total(*(self._flow(p) for t in terms for p in t.parts or (t,)))
                steps.append(Step("contract-delta", at, after))
                at = after
        neat = neaten(at, goal, indices)
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
    def _scalars(self) -> frozenset[str]:
        """The quantities without indices that have the name of an index letter."""
        refs = [r.ref for eq in self.network.equations for r in eq.reads]
        refs += [eq.target for eq in self.network.equations]
        refs += [u.symbol for u in self.network.upstream if isinstance(u.symbol, Ref)]
        plain = {r.name for r in refs if not r.indices} - self.network.sizes
        inside = (i for eq in self.network.equations for r in eq.reads for i in r.inside)
        return frozenset(plain & ({i.name for i in inside} | set(LETTERS)))

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
            (e.target for e in self.network.by_name[ref.name] if len(e.target.indices) == len(ref.indices)),
            ref,
        )
        avoid = names(self.of) | self._scalars
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
        ranges = self.network.ranges(node.name) or ()
        found = []
        for i, r in zip(node.indices, ranges, strict=False):
            if isinstance(i, Ref) and not i.indices and i.name not in self.network.sizes:
                found.append(Index(i.name, r))
        return tuple(found)


def renamed(eq: Equation, avoid: frozenset[str]) -> Equation:
    """`eq` with its indices under letters that are not in `avoid`."""
    clashes = [i.name for i in eq.indices if i.name in avoid]
    if not clashes:
        return eq
    taken = set(avoid) | names(eq.body) | names(eq.target)
    new: dict[str, Expr] = {}
    for name in clashes:
        letter = fresh(name, taken)
        taken.add(letter)
        new[name] = Ref(letter)
    target = substitute(eq.target, new)
    assert isinstance(target, Ref)
    indices = tuple(_renamed_index(i, new) for i in eq.indices)
    return Equation(target, indices, substitute(eq.body, new), eq.at)


def _renamed_index(i: Index, new: dict[str, Expr]) -> Index:
    to = new.get(i.name)
    name = to.name if isinstance(to, Ref) else i.name
    return Index(name, Range(substitute(i.range.lo, new), substitute(i.range.hi, new)))


def goal_entry(eq: Equation, of: Ref) -> Equation | None:
    """The equation at the entry that is differentiated, if it defines it."""
    if eq.target.name != of.name or len(eq.target.indices) != len(of.indices):
        return None
    own = {i.name for i in eq.indices}
    values: dict[str, Expr] = {}
    for mine, asked in zip(eq.target.indices, of.indices, strict=True):
        if isinstance(mine, Ref) and mine.name in own:
            values[mine.name] = asked
        elif mine != asked:
            return None
    return eq.entry(values)


def solved(
    eq: Equation, place: Place, node: Ref, facts: Facts, free: Sequence[Index]
) -> Contraction | None:
    """φ(I, J) = p solved for `free` indices of the read."""
    pairs = list(zip(place.ref.indices, node.indices, strict=True))
    for phi, _ in pairs:
        if affine(phi) is None:
            raise NetworkError(
                f"found the subscript {latex(phi)} of {latex(place.ref)}, expected an affine one",
                at=eq.at,
                hint="give symbolic strides and dilations a number",
            )
    return contract(free, pairs, facts)


def contracted(eq: Equation, place: Place, node: Ref, facts: Facts) -> Term | None:
    """One read as a summand of the chain rule, its index equations solved."""
    found = solved(eq, place, node, facts, (*eq.indices, *place.inside))
    if found is None:
        return None
    own = {i.name for i in eq.indices}
    target = shift(eq.target, found.values)
    assert isinstance(target, Ref)
    through = tuple(
        Through(i.name, value, i.range)
        for i in place.inside
        if not isinstance(value := found.values.get(i.name, ONE), Ref | Num)
    )
    leaked = names(target) - own & {b.name for b in found.bounds}
    outer = tuple(b for b in found.bounds if b.name in own | leaked)
    inner = tuple(b for b in found.bounds if b.name not in own | leaked)
    if leaked and (len(leaked) > 1 or found.bounds[: len(outer)] != outer):
        return entrywise(eq, place, node, facts)
    raw = local_factor(eq, place, found, inner, facts)
    return finished(Term(target, outer, raw, ZERO, place.rules, through))


def entrywise(eq: Equation, place: Place, node: Ref, facts: Facts) -> Term | None:
    """One read as a summand over every entry of the target, where no index of it is solved for."""
    here = within(facts, eq.indices)
    found = solved(eq, place, node, here, place.inside)
    if found is None:
        return None
    raw = local_factor(eq, place, found, found.bounds, here)
    bounds = tuple(i.bound() for i in eq.indices)
    return finished(Term(eq.target, bounds, raw, ZERO, place.rules))


def local_factor(
    eq: Equation, place: Place, found: Contraction, inner: tuple[Bound, ...], facts: Facts
) -> Expr:
    """∂v/∂u at one read: the factor there, its conditions, summed over inner indices."""
    here = within(facts, (*eq.indices, *place.inside))
    ranges = {i.name: i.range for i in eq.indices}

    def defined(index: str, name: str) -> bool:
        """Is the equation's target defined where `index` is `name`?"""
        sides = range_conditions(affine(Ref(name)), ranges[index]) if index in ranges else ()
        return bool(sides) and all(map(here.imply, sides))

    factor = in_terms_of(eq.target, eq.body, place.factor, defined)
    factor = shift(factor, found.values)
    bound = {b.name for b in inner}
    apart = [c for c in found.guards if not bound & free_names(c)]
    if inner:
        mixed = [c for c in found.guards if bound & free_names(c)]
        factor = Reduce("sum", inner, product(factor, *guard(mixed)))
    return product(factor, *guard(apart))


def together(
    eq: Equation, places: Sequence[Place], node: Ref, facts: Facts, parts: Sequence[Term]
) -> Term:
    """The local gradient of a general entry, all its reads in it; `parts` are the contracted
    reads."""
    here = within(facts, eq.indices)
    factors = []
    for place in places:
        found = solved(eq, place, node, here, place.inside)
        if found is not None:
            factors.append(local_factor(eq, place, found, found.bounds, facts))
    because = tuple(dict.fromkeys(r for p in places for r in p.rules))
    bounds = tuple(i.bound() for i in eq.indices)
    whole = Term(eq.target, bounds, total(*factors), ZERO, because, parts=tuple(parts))
    return finished(whole)


def meet(terms: Sequence[Term], facts: Facts) -> bool:
    """Can two of the summands go through the same entry?"""
    return any(
        overlap(a, b, facts) for k, a in enumerate(terms) for b in terms[k + 1 :]
    )


def overlap(a: Term, b: Term, facts: Facts) -> bool:
    """Is some entry a consumer in both?"""
    renaming: dict[str, Expr] = {x.name: Ref(f"{x.name}'") for x in b.bounds}
    conds: list[Condition] = []
    for bounds, put in ((a.bounds, {}), (b.bounds, renaming)):
        for x in bounds:
            lo, hi = substitute(x.lo or ZERO, put), substitute(x.hi or ZERO, put)
            conds += loose_range(affine(substitute(Ref(x.name), put)), lo, hi)
    for left, right in zip(a.consumer.indices, b.consumer.indices, strict=True):
        here, there = affine(left), affine(shift(right, renaming))
        if here is not None and there is not None:
            conds.append(Condition(here.plus(there, -1), equality=True))
    return facts.plus(conds).instance([Condition(Affine(0))]) is not None


def within(facts: Facts, indices: Iterable[Index]) -> Facts:
    """The facts, with each index inside its range as far as that is affine."""
    more = [
        c for i in indices for c in loose_range(affine(Ref(i.name)), i.range.lo, i.range.hi)
    ]
    return facts.plus(more)


def loose_range(form: Affine | None, lo: Expr, hi: Expr) -> tuple[Condition, ...]:
    """lo ≤ form ≤ hi as far as it is affine: an end that is rounded, or the larger of two sizes,
    says nothing."""
    found: list[Condition] = []
    for ends, side in (((lo, ZERO), slice(0, -1)), ((ZERO, hi), slice(1, None))):
        try:
            found += range_conditions(form, Range(*ends))[side]
        except NetworkError:
            continue
    return tuple(found)


def entry_by_entry(t: Term) -> list[Term]:
    """A summand over a short range of numbers as one summand for each; others as they are."""
    size_ = count(t.bounds)
    if not t.bounds or size_ is None or size_ > WRITTEN_OUT:
        return [t]
    return [finished(replace(e, general=(t.consumer, t.local), span=t.bounds)) for e in enumerated(t)]


def enumerated(t: Term) -> list[Term]:
    """A summand over a short range of numbers, entry by entry."""
    head, rest = t.bounds[0], t.bounds[1:]
    assert isinstance(head.lo, Num) and isinstance(head.hi, Num)
    out: list[Term] = []
    for value in range(int(head.lo.value), int(head.hi.value) + 1):
        put = {head.name: Num(head.lo.value + value - int(head.lo.value))}
        consumer = shift(t.consumer, put)
        assert isinstance(consumer, Ref)
        one = Term(consumer, rest, shift(t.raw, put), ZERO, t.because, ())
        out += enumerated(one) if rest else [one]
    return out


def finished(t: Term) -> Term:
    """The summand with its local gradient tidied and short sums written out."""
    return replace(t, local=spelled_out(tidy(t.raw)))


def spelled_out(e: Expr) -> Expr:
    """`e` with a short outer sum of numbers as limits written out."""
    if isinstance(e, Reduce) and e.op == "sum":
        size_ = count(e.bounds)
        if size_ is not None and size_ <= WRITTEN_OUT:
            return tidy(write_out(e, shift))
    return e


def added(terms: Sequence[Term]) -> list[Term]:
    """Summands through the same entries added: the product rule inside one equation."""
    found: dict[tuple[Ref, tuple[Bound, ...]], Term] = {}
    for t in terms:
        key = (t.consumer, t.bounds)
        old = found.get(key)
        if old is not None:
            because = tuple(dict.fromkeys((*old.because, *t.because)))
            t = finished(replace(t, raw=total(old.raw, t.raw), because=because, general=None))
        found[key] = t
    return list(found.values())


def merged(terms: Sequence[Term]) -> list[Term]:
    """All summands, the entries of one tensor in the order of their numbers."""
    place = {name: k for k, name in enumerate(dict.fromkeys(t.consumer.name for t in terms))}
    ordered = sorted(added(terms), key=lambda t: (place[t.consumer.name], *entry_numbers(t)))
    return [t for t in ordered if t.local != ZERO]


def entry_numbers(t: Term) -> tuple[Fraction, ...]:
    """The numbers of a consumer's entry, so that v_1 comes before v_2; () for a whole range."""
    numbers = tuple(i.value for i in t.consumer.indices if isinstance(i, Num))
    return numbers if len(numbers) == len(t.consumer.indices) and not t.bounds else ()


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


def neaten(e: Expr, goal: Expr, indices: Sequence[Index]) -> Expr:
    """Tidied, short sums written out, bound letters distinct."""
    taken = frozenset(i.name for i in indices) | frozenset(free_names(goal))
    return distinct_bounds(out_of_sums(tidy(e)), taken)


def size(e: Expr) -> int:
    """How many nodes."""
    return sum(1 for _ in walk(e))
