r"""The chain rule through one equation: which entries of a consumer a tensor reaches, and the
local gradient there, with every index equation solved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from symgrad.affine import Affine, Condition, affine, shift
from symgrad.contract import Contraction, contract, guard
from symgrad.equation import Equation
from symgrad.errors import NetworkError
from symgrad.expr import (
    ONE,
    ZERO,
    Bound,
    Expr,
    Num,
    Reduce,
    Ref,
    Rel,
    free_names,
    fresh,
    names,
    substitute,
)
from symgrad.index import Facts, Index, Range, range_conditions, rounded_subscript
from symgrad.latex import latex
from symgrad.rewrite import Through
from symgrad.rules.algebra import tidy
from symgrad.rules.calculus import Place
from symgrad.rules.forms import WRITTEN_OUT, count, write_out
from symgrad.rules.plain import product, total
from symgrad.rules.terms import in_terms_of


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
    """φ(I, J) = p solved for `free` indices of the read; a label c_t, which is data, stays in
    the condition c_t = p, and ⌈l/2⌉ = p is 2p - 1 ≤ l ≤ 2p."""
    pairs: list[tuple[Expr, Expr]] = []
    looked_up: list[Expr] = []
    rounds: list[Condition] = []
    for phi, p in zip(place.ref.indices, node.indices, strict=True):
        if isinstance(phi, Ref) and phi.indices:
            looked_up.append(Rel("=", phi, p))
            continue
        end, at = rounded_subscript(phi), affine(p)
        if end is not None and at is not None:
            rounds += (end.below(at), end.above(at))
            continue
        pairs.append((phi, p))
        if affine(phi) is None:
            raise NetworkError(
                f"found the subscript {latex(phi)} of {latex(place.ref)}, expected an affine one",
                at=eq.at,
                hint="write indices and sizes added, an index times a number or a size",
            )
    found = contract(free, pairs, facts, rounds)
    if found is None or not looked_up:
        return found
    same = (shift(c, found.values) for c in looked_up)
    return replace(found, guards=(*found.guards, *same))


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

    def defined(index: str, name: str) -> bool:
        """Does all that bounds the target's index hold of `name` too?"""
        sides = [c for c in here.known if index in c.form.names]
        moved = (c.form.with_value(index, Affine(0, ((name, 1),))) for c in sides)
        return bool(sides) and all(here.imply(Condition(form)) for form in moved)

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
    return any(overlap(a, b, facts) for k, a in enumerate(terms) for b in terms[k + 1 :])


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
    more = [c for i in indices for c in loose_range(affine(Ref(i.name)), i.range.lo, i.range.hi)]
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
    """A summand over a short range of numbers as one summand for each, one over a single entry
    as that entry: ⌈l/m⌉ for i = ⌈l/m⌉, …, ⌈l/m⌉; others as they are."""
    for k, b in enumerate(t.bounds):
        if b.lo is not None and b.lo == b.hi and not b.conds and not isinstance(b.lo, Num):
            put = {b.name: b.lo}
            consumer = shift(t.consumer, put)
            assert isinstance(consumer, Ref)
            rest = (*t.bounds[:k], *(_moved(x, put) for x in t.bounds[k + 1 :]))
            one = Term(consumer, rest, shift(t.raw, put), ZERO, t.because, ())
            return entry_by_entry(finished(one))
    size_ = count(t.bounds)
    if not t.bounds or size_ is None or size_ > WRITTEN_OUT:
        return [t]
    return [
        finished(replace(e, general=(t.consumer, t.local), span=t.bounds)) for e in enumerated(t)
    ]


def _moved(b: Bound, put: Mapping[str, Expr]) -> Bound:
    """A range with values put into its ends."""
    return Bound(b.name, b.lo and shift(b.lo, put), b.hi and shift(b.hi, put), b.conds)


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
    found: dict[tuple[Ref, tuple[Bound, ...]], list[Term]] = {}
    for t in terms:
        found.setdefault((t.consumer, t.bounds), []).append(t)
    return [group[0] if len(group) == 1 else joint(group) for group in found.values()]


def joint(group: Sequence[Term]) -> Term:
    """Several summands through the same entries as one."""
    because = tuple(dict.fromkeys(r for t in group for r in t.because))
    raw = total(*(t.raw for t in group))
    return finished(replace(group[-1], raw=raw, because=because, general=None))


def merged(terms: Sequence[Term], avoid: frozenset[str] = frozenset()) -> list[Term]:
    """All summands, the entries of one tensor in the order of their numbers, those over
    different ranges of entries under letters of their own."""
    place = {name: k for k, name in enumerate(dict.fromkeys(t.consumer.name for t in terms))}
    ordered = sorted(added(terms), key=lambda t: (place[t.consumer.name], *entry_numbers(t)))
    return lettered([t for t in ordered if t.local != ZERO], avoid)


def lettered(terms: Sequence[Term], avoid: frozenset[str]) -> list[Term]:
    """Summands with one name for one local gradient: ∂v_i/∂x for i ≤ 3, ∂v_j/∂x for j ≥ 4."""
    out: list[Term] = []
    for t in terms:
        if t.bounds and t.consumer in {o.consumer for o in out}:
            taken = avoid.union(*(names(e) for o in (*out, t) for e in (o.consumer, o.raw)))
            put: dict[str, Ref] = {}
            for b in t.bounds:
                put[b.name] = Ref(fresh(b.name, taken))
                taken |= {put[b.name].name}
            t = under(t, put)
        out.append(t)
    return out


def under(t: Term, put: Mapping[str, Ref]) -> Term:
    """The summand with its bound indices under other letters."""
    consumer = substitute(t.consumer, put)
    assert isinstance(consumer, Ref)
    bounds = tuple(
        Bound(put[b.name].name, b.lo and substitute(b.lo, put), b.hi and substitute(b.hi, put))
        for b in t.bounds
    )
    through = tuple(replace(h, value=substitute(h.value, put)) for h in t.through)
    raw = substitute(t.raw, put)
    return finished(replace(t, consumer=consumer, bounds=bounds, raw=raw, through=through))


def entry_numbers(t: Term) -> tuple[Fraction, ...]:
    """The numbers of a consumer's entry, so that v_1 comes before v_2; () for a whole range."""
    numbers = tuple(i.value for i in t.consumer.indices if isinstance(i, Num))
    return numbers if len(numbers) == len(t.consumer.indices) and not t.bounds else ()
