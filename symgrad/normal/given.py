r"""What is given of values, used in proofs: what is zero but for multiples of it is zero.

Comparisons that hold decide the indicators they are about. Σ_c y_c = 1 is given as the form
Σ_c y_c - 1. A term of which a monomial of the form is a part, p_l Σ_c y_c, is the cofactor p_l
times that monomial; p_l (Σ_c y_c - 1), which is zero, is taken away. Which multiple to take is
searched, fewest terms first; any is sound.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from heapq import heappop, heappush
from itertools import count

from symgrad.affine import Affine, Condition
from symgrad.clock import now
from symgrad.normal.algebra import Algebra
from symgrad.normal.atoms import scaled
from symgrad.normal.prove import Proof, Prover
from symgrad.normal.term import Factor, Normal, Term, combined, number, put, straight
from symgrad.polynomial import ONE

MOST_NODES = 60
"""So many differences are looked at."""
MOST_STEPS = 8
MOST_GROWN = 12
"""A difference with so many more terms than the first is not looked at."""
BY = "what is given"


@dataclass(frozen=True)
class Known:
    """`form` `op` 0 for all integers `letters` that satisfy `conds`."""

    form: Normal
    op: str = "="
    letters: frozenset[str] = frozenset()
    conds: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Match:
    """A monomial found in a term: what its letters and bound indices are there, and what is left
    of the term's factors."""

    values: Mapping[str, Affine]
    taken: frozenset[str]
    """The term's bound indices that are the monomial's."""
    left: tuple[Factor, ...]


def proved(prover: Prover, gap: Normal, known: Sequence[Known]) -> Proof | None:
    """A proof that `gap` is zero where what is known holds; None if none is found."""
    algebra = prover.algebra
    equations = [k for k in known if k.op == "="]
    prover.assumed = tuple((k.form, k.op) for k in known if not k.letters and k.op != "!=")
    first = decided(algebra, algebra.without_facts(gap), [k for k in known if k.op != "="])
    first = prover.below.cleared(first)
    order = count()
    queue = [(len(first), next(order), 0, first)]
    seen = {first}
    for _ in range(MOST_NODES):
        if not queue or now() > algebra.until:
            return None
        _, _, steps, here = heappop(queue)
        found = prover.zero(here)
        if not found.left and not found.ties:
            return replace(found, by=f"{found.by} and {BY}")
        if steps == MOST_STEPS:
            continue
        for new in nearby(algebra, here, equations):
            if new not in seen and len(new) <= len(first) + MOST_GROWN:
                seen.add(new)
                heappush(queue, (len(new), next(order), steps + 1, new))
    return None


def decided(algebra: Algebra, e: Normal, known: Sequence[Known]) -> Normal:
    """`e` with the indicators put in that what is known decides: [x > 0] is 1 where x > 0."""
    out: list[Normal] = []
    for t in e:
        for f in t.factors:
            value = indicator(algebra, f, t, known) if f.key[0] in ("pos", "zero") else None
            if value is not None:
                rest = tuple(o for o in t.factors if o != f)
                put_in = times_all(algebra, Term(t.weight, rest, t.bound, t.conds), value)
                out.append(decided(algebra, put_in, known))
                break
        else:
            out.append((t,))
    return algebra.total(out)


def indicator(algebra: Algebra, f: Factor, t: Term, known: Sequence[Known]) -> Normal | None:
    """What an indicator of a term is, as far as it is known."""
    inside = algebra.atoms.inside(f)
    for k in known:
        scale = multiple_of(algebra, inside, t, k)
        if scale is None:
            continue
        if f.key[0] == "zero":
            if k.op in (">", "!="):
                return ()
        elif k.op != "!=":
            if scale < 0:
                return ()
            zero = (Term(ONE, (Factor(("zero", "", f.key[2]), f.at),)),)
            return number(1) if k.op == ">" else algebra.minus(number(1), zero)
    return None


def multiple_of(algebra: Algebra, e: Normal, t: Term, k: Known) -> Fraction | None:
    """c where `e` is c times a form that is known, at the points of `t`."""
    monomial = k.form[0]
    w = monomial.weight.number
    for x in e:
        c = x.weight.number
        if not c or not w or x.bound:
            continue
        for m in matches(x, monomial, k.letters):
            here = {n: v for n, v in m.values.items() if n in k.letters}
            inside = tuple(Condition(put(c.form, here), c.equality) for c in k.conds)
            if m.left or here.keys() != k.letters:
                continue
            if not all(follows(algebra, one, t.conds) for one in inside):
                continue
            form = combined(s for y in k.form for s in algebra.cleaned(y.put(here)))
            if not algebra.minus(e, scaled(form, c / w)):
                return c / w
    return None


def nearby(algebra: Algebra, e: Normal, known: Sequence[Known]) -> Iterator[Normal]:
    """`e` less one multiple of one form."""
    for t in e:
        for k in known:
            for monomial in k.form:
                w = monomial.weight.number
                if not monomial.factors or not w:
                    continue
                for m in matches(t, monomial, k.letters):
                    if now() > algebra.until:
                        return
                    multiple = times(algebra, t, m, k)
                    if multiple is not None:
                        yield algebra.minus(e, scaled(multiple, 1 / w))


def times(algebra: Algebra, t: Term, m: Match, k: Known) -> Normal | None:
    """The cofactor of a match times the whole form."""
    if m.taken & t.weight.names or any(m.taken & set(a.by) for f in m.left for a in f.at):
        return None
    bound = tuple(b for b in t.bound if b not in m.taken)
    conds = tuple(c for c in t.conds if not m.taken & set(c.form.by))
    letters = {n: v for n, v in m.values.items() if n in k.letters}
    if letters.keys() != k.letters or any(m.taken & set(v.by) for v in letters.values()):
        return None
    inside = (Condition(put(c.form, letters), c.equality) for c in k.conds)
    conds += tuple(c for c in inside if not follows(algebra, c, conds))
    cofactor = Term(t.weight, m.left, bound, conds)
    return times_all(
        algebra, cofactor, [x.put(algebra.atoms.apart(x)).put(letters) for x in k.form]
    )


def times_all(algebra: Algebra, t: Term, e: Iterable[Term]) -> Normal:
    """t · e under the bound indices of `t`, which `e` may mention; those of `e` are others."""
    out: list[Term] = []
    for y in e:
        joined = Term(
            t.weight.times(y.weight), t.factors + y.factors, t.bound + y.bound, t.conds + y.conds
        )
        out += algebra.cleaned(joined)
    return algebra.without_facts(out)


def follows(algebra: Algebra, c: Condition, conds: tuple[Condition, ...]) -> bool:
    """Does a condition follow from others and from the facts about sizes?"""
    names = {n for x in (c, *conds) for n in x.form.by}
    below = Condition(straight(-c.form.constant - 1, c.form.scaled(-1).by))
    return not c.equality and not algebra.possible((*conds, *algebra.about(names), below))


def matches(t: Term, monomial: Term, letters: frozenset[str]) -> Iterator[Match]:
    """The ways in which the factors of a monomial are among those of a term."""
    open_names = letters | set(monomial.bound)

    def step(k: int, values: Mapping[str, Affine], left: tuple[Factor, ...]) -> Iterator[Match]:
        if k == len(monomial.factors):
            taken = bound_to(monomial, t, values)
            if taken is not None:
                yield Match(values, taken, left)
            return
        wanted = monomial.factors[k]
        for n, f in enumerate(left):
            power = f.power - wanted.power
            if f.key != wanted.key or wanted.power * f.power < 0 or power * f.power < 0:
                continue
            more = unified(wanted.at, f.at, values, open_names)
            if more is not None:
                rest = (Factor(f.key, f.at, power),) if power else ()
                yield from step(k + 1, more, left[:n] + rest + left[n + 1 :])

    yield from step(0, {}, t.factors)


def bound_to(monomial: Term, t: Term, values: Mapping[str, Affine]) -> frozenset[str] | None:
    """The bound indices of a term that those of a monomial are, each one of its own; None where
    one is none."""
    taken: list[str] = []
    for b in monomial.bound:
        mine = [n for n in t.bound if abs(values.get(b, Affine(0)).by.get(n, 0)) == 1]
        free = [n for n in mine if n not in taken]
        if not free:
            return None
        taken.append(free[0])
    return frozenset(taken)


def unified(
    wanted: tuple[Affine, ...],
    there: tuple[Affine, ...],
    values: Mapping[str, Affine],
    open_names: frozenset[str] | set[str],
) -> dict[str, Affine] | None:
    """What open names must be for two lists of places to be the same; None if they cannot."""
    found = dict(values)
    if len(wanted) != len(there):  # x and x_1
        return None
    for a, b in zip(wanted, there, strict=True):
        unknown = [n for n, _ in a.coefficients if n in open_names and n not in found]
        if len(unknown) > 1 or (unknown and abs(a.by[unknown[0]]) != 1):
            return None
        others = tuple(x for x in a.coefficients if x[0] not in unknown)
        gap = b.plus(put(Affine(a.constant, others), found), -1)
        if unknown:
            k = a.by[unknown[0]]
            found[unknown[0]] = straight(k * gap.constant, gap.scaled(k).by)
        elif gap.constant or any(c for _, c in gap.coefficients):
            return None
    return found
