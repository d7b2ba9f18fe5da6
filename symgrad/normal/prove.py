r"""Is a normal form zero for all sizes and all values?

Cheapest first: no term is left; none is left after the denominators are multiplied out; product
by product, the weights on the integer points add to zero; in every cell of the order of the
compared values, what is left is zero. Cells with a tie are kept apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, pairwise, permutations, product
from math import factorial, lcm, prod
from time import monotonic

from symgrad.affine import Affine, Condition
from symgrad.normal.algebra import GUARDS, Algebra, Outgrown
from symgrad.normal.guards import Guards
from symgrad.normal.term import (
    Factor,
    Key,
    Normal,
    Term,
    combined,
    order_of_factor,
    settled,
    straight,
)
from symgrad.points import Hidden, Piece, sample, vanish
from symgrad.polynomial import Polynomial

MOST_GUARDS = 8
MOST_ORDERS = 24
MOST_ROUNDS = 12
MOST_PLACES = 5
SMOOTH = {"ref", "exp", "log", "root", "sum", "power", "sin", "cos"}
"""What an equation between such quantities, not identically true, holds on a null set of."""

Skeleton = tuple[tuple[Key, int], ...]


@dataclass(frozen=True)
class Proof:
    """`by` says how zero was shown; `ties` are the equations on which it is not; `left` is what
    could not be shown to be zero."""

    by: str = "normal form"
    ties: tuple[Factor, ...] = ()
    left: Normal = ()


@dataclass(frozen=True)
class Monomial:
    """What a compared difference is linear in."""

    factors: tuple[Factor, ...]
    bound: tuple[str, ...]
    conds: tuple[Condition, ...]
    weight: Polynomial | None

    @property
    def positive(self) -> bool:
        """Is it a product of exponentials?"""
        plain = not self.bound and not self.conds and self.weight is None
        return plain and bool(self.factors) and all(f.key[0] == "exp" for f in self.factors)


@dataclass
class Prover:
    """Proofs over one set of templates, under facts about sizes and indices."""

    guards: Guards
    known: tuple[Condition, ...] = ()

    @property
    def algebra(self) -> Algebra:
        """The arithmetic that the normal forms were made with."""
        return self.guards.algebra

    def zero(self, e: Normal) -> Proof:
        """Is `e` zero?"""
        left = self.cleared(self.without_facts(e))
        if not left:
            return Proof()
        left = self.unweighted(left)
        if not left:
            return Proof("index sets")
        ties: dict[Factor, None] = {}
        rest: list[Term] = []
        for group in by_domain(left):
            found = self.pointwise(group)
            if found is None:
                rest += group
            else:
                ties |= dict.fromkeys(found)
        return Proof("cells", tuple(ties), tuple(rest))

    # -- facts and denominators -------------------------------------------------------------------

    def without_facts(self, e: Normal) -> Normal:
        """`e` without the conditions on sizes that the facts imply."""
        return combined(
            Term(t.weight, t.factors, t.bound, tuple(c for c in t.conds if not self.implied(c, t)))
            for t in e
        )

    def implied(self, c: Condition, t: Term) -> bool:
        """Do the facts say so, without any bound index?"""
        if c.equality or set(t.bound) & set(c.form.by):
            return False
        names = set(c.form.by)
        facts = tuple(k for k in self.known if names & set(k.form.by))
        if not facts:
            return False
        below = straight(-c.form.constant - 1, c.form.scaled(-1).by)
        return sample((*facts, Condition(below))) is None

    def cleared(self, e: Normal) -> Normal:
        """`e` times the denominators that depend on no bound index."""
        for _ in range(MOST_ROUNDS):
            below: dict[tuple[Key, tuple[Affine, ...]], int] = {}
            for f in (f for t in e for f in t.factors if f.power < 0):
                if not any(n.startswith("#") for a in f.at for n, _ in a.coefficients):
                    below[f.key, f.at] = max(below.get((f.key, f.at), 0), -f.power)
            if not below:
                return e
            key, at = min(below, key=lambda k: (-k[0][2], k[0], str(k[1])))
            more = Factor(key, at, below[key, at])
            e = combined(
                x
                for t in e
                for x in self.algebra.cleaned(Term(t.weight, (*t.factors, more), t.bound, t.conds))
            )
            e = self.without_facts(e)
        raise Outgrown("found denominators inside one another")

    # -- weights ----------------------------------------------------------------------------------

    def unweighted(self, e: Normal) -> Normal:
        """The terms of those products whose weights do not add to zero for all sizes."""
        groups: dict[Skeleton, list[tuple[Term, tuple[Factor, ...]]]] = {}
        for t, factors in with_powers(e):
            flat = sorted(factors, key=lambda f: (f.key, f.power < 0))
            skeleton = tuple((f.key, 1 if f.power > 0 else -1) for f in flat)
            groups.setdefault(skeleton, []).append((t, tuple(flat)))
        left: list[Term] = []
        for skeleton, members in groups.items():
            if monotonic() > self.algebra.until:
                raise Outgrown("found weights that take too long to add")
            try:
                pieces = [piece(t, factors) for t, factors in members]
                if vanish(pieces, self.known, orders(skeleton, members[0][1])):
                    continue
            except Hidden:
                pass
            left += [t for t, _ in members]
        return combined(left)

    # -- cells ------------------------------------------------------------------------------------

    def pointwise(self, group: Sequence[Term]) -> list[Factor] | None:
        """The ties on which summands over one domain do not add to zero; None if they do not
        where nothing ties."""
        inside = self.cleared(combined(Term(t.weight, t.factors).put(renaming(t)) for t in group))
        if not inside:
            return []
        signs = self.compared(inside)
        if not signs or len(signs) > MOST_GUARDS:
            return None
        differ: list[list[Factor]] = []
        for cell in self.cells(signs, {}):
            if monotonic() > self.algebra.until:
                raise Outgrown("found too many cells")
            if self.in_cell(inside, cell):
                zeros = [g for g, s in cell.items() if s == 0 and self.is_tie(g)]
                if not zeros:
                    return None
                differ.append(zeros)
        least = min((len(z) for z in differ), default=0)
        return list(dict.fromkeys(g for z in differ if len(z) == least for g in z))

    def compared(self, e: Normal) -> list[Factor]:
        """The guards of `e`, those that occur inside others first."""
        found: dict[Factor, None] = {}
        for f in (f for t in e for f in t.factors if f.key[0] in GUARDS):
            zero = Factor(("zero", "", f.key[2]), f.at)
            if zero not in found:
                found |= dict.fromkeys(self.compared(self.algebra.atoms.inside(zero)))
                found[zero] = None
        return list(found)

    def cells(
        self, signs: Sequence[Factor], chosen: dict[Factor, int]
    ) -> Iterator[dict[Factor, int]]:
        """Every consistent choice of signs."""
        if len(chosen) == len(signs):
            yield dict(chosen)
            return
        guard = signs[len(chosen)]
        for sign in (1, -1, 0):
            chosen[guard] = sign
            if self.consistent(chosen):
                yield from self.cells(signs, chosen)
            del chosen[guard]

    def consistent(self, chosen: dict[Factor, int]) -> bool:
        """Can these signs occur together, monomials taken as free variables?"""
        conds: list[Condition] = [Condition(Affine(-1, (("one", 1),)))]
        seen: dict[Monomial, str] = {}
        for guard, sign in chosen.items():
            form = self.linear(guard, seen, chosen)
            if sign == 0:
                conds.append(Condition(form, equality=True))
            else:
                scaled = straight(-1, form.scaled(sign).by)
                conds.append(Condition(scaled))
        for said, name in seen.items():
            if said.positive:
                conds.append(Condition(Affine(-1, ((name, 1),))))
        return sample(tuple(conds)) is not None

    def linear(self, guard: Factor, seen: dict[Monomial, str], cell: dict[Factor, int]) -> Affine:
        """The compared difference as a linear form of its monomials; `one` is the number 1."""
        opened = resolved(self.algebra.atoms.inside(guard), cell)
        inside = combined(x for t in opened for x in settled(t))
        by: dict[str, Fraction] = {}
        for t in inside:
            value = t.weight.number
            weight = None if value is not None else t.weight
            said = Monomial(t.factors, t.bound, t.conds, weight)
            plain = value is not None and not t.factors and not t.conds
            name = "one" if plain else seen.setdefault(said, f"v{len(seen)}")
            by[name] = by.get(name, Fraction(0)) + (Fraction(1) if value is None else value)
        common = lcm(*(c.denominator for c in by.values()))
        return straight(0, {n: int(c * common) for n, c in by.items()})

    def in_cell(self, e: Normal, cell: dict[Factor, int]) -> bool:
        """Is something left of `e` where the signs are these?"""
        zeros = tuple(z for g, s in cell.items() if s == 0 for z in self.plainly(g, cell))
        left = resolved(e, cell)
        if left and zeros:
            left = combined(
                x
                for t in left
                for x in self.algebra.cleaned(
                    Term(t.weight, (*t.factors, *zeros), t.bound, t.conds)
                )
            )
            left = combined(
                Term(
                    t.weight,
                    tuple(f for f in t.factors if f.key[0] not in GUARDS),
                    t.bound,
                    t.conds,
                )
                for t in left
            )
            left = self.cleared(left)
        return bool(left)

    def plainly(self, guard: Factor, cell: dict[Factor, int]) -> list[Factor]:
        """An equation with the guards inside it replaced by 1 or 0."""
        inside = resolved(self.algebra.atoms.inside(guard), cell)
        return [self.algebra.atoms.factor("zero", inside)] if inside else []

    def is_tie(self, guard: Factor) -> bool:
        """Does the equation hold on a null set, and does it come from a comparison?"""
        number = guard.key[2]
        template = self.algebra.atoms.template(number)
        if number not in self.guards.ordered:
            return False
        smooth = all(f.key[0] in SMOOTH for t in template for f in t.factors)
        moved = any(t.factors for t in template)
        whole = any(not t.factors and t.weight.number is None for t in template)
        null = smooth and moved and not whole and self.deep_smooth(template)
        return null and not self.may_vanish(guard)

    def may_vanish(self, guard: Factor) -> bool:
        """Is the compared difference zero for all values where some of its places meet?
        x_i y_j - x_j y_i is, at i = j."""
        places = list(dict.fromkeys(guard.at))
        if len(places) > MOST_PLACES:
            return True
        template = self.algebra.atoms.template(guard.key[2])
        names = [f"?{k}" for k in range(len(guard.at))]
        for joined in partitions(names):
            values = {n: Affine(0, ((group[0], 1),)) for group in joined for n in group[1:]}
            apart = any(
                not _may_meet(guard.at[int(a[1:])], guard.at[int(b[1:])])
                for group in joined
                for a, b in pairwise(group)
            )
            if (
                values
                and not apart
                and not combined(merged_factors(t.put(values)) for t in template)
            ):
                return True
        return False

    def deep_smooth(self, e: Normal) -> bool:
        """Are the opaque quantities smooth all the way in?"""
        for f in (f for t in e for f in t.factors):
            if f.key[0] not in SMOOTH:
                return False
            if f.key[0] in ("exp", "log", "root", "sum") and not self.deep_smooth(
                self.algebra.atoms.template(f.key[2])
            ):
                return False
        return True


def _may_meet(a: Affine, b: Affine) -> bool:
    gap = a.plus(b, -1)
    return bool(gap.coefficients) or not gap.constant


def merged_factors(t: Term) -> Term:
    """The term with equal factors as one power."""
    powers: dict[tuple[Key, tuple[Affine, ...]], int] = {}
    for f in t.factors:
        powers[f.key, f.at] = powers.get((f.key, f.at), 0) + f.power
    factors = (Factor(k, at, n) for (k, at), n in powers.items() if n)
    return Term(t.weight, tuple(sorted(factors, key=order_of_factor)), t.bound, t.conds)


def partitions(items: Sequence[str]) -> Iterator[list[list[str]]]:
    """Every way to put items into groups.

    >>> [len(p) for p in partitions("abc")]
    [1, 2, 2, 2, 3]
    """
    if not items:
        yield []
        return
    head, rest = items[0], items[1:]
    for p in partitions(rest):
        for k, group in enumerate(p):
            yield [*p[:k], [head, *group], *p[k + 1 :]]
        yield [[head], *p]


def resolved(e: Normal, cell: dict[Factor, int]) -> Normal:
    """`e` with its guards replaced by 1 or 0."""
    out: list[Term] = []
    for t in e:
        rest, holds = [], True
        for f in t.factors:
            if f.key[0] in GUARDS:
                sign = cell[Factor(("zero", "", f.key[2]), f.at)]
                holds = holds and sign == (1 if f.key[0] == "pos" else 0)
            else:
                rest.append(f)
        if holds:
            out.append(Term(t.weight, tuple(rest), t.bound, t.conds))
    return combined(out)


def renaming(t: Term) -> dict[str, Affine]:
    """Bound indices as names that nothing binds."""
    return {b: Affine(0, ((f"!{b[1:]}", 1),)) for b in t.bound}


def by_domain(e: Normal) -> list[list[Term]]:
    """The terms by the points they run over."""
    groups: dict[object, list[Term]] = {}
    for t in e:
        groups.setdefault((t.bound, t.conds), []).append(t)
    return list(groups.values())


def with_powers(e: Normal) -> list[tuple[Term, tuple[Factor, ...]]]:
    """Each term with its factors one by one; a scalar that is raised to a symbolic power
    somewhere is raised to a power everywhere."""
    raised = {f.key[1] for t in e for f in t.factors if f.key[0] == "power" and len(f.at) == 1}
    out = []
    for t in e:
        factors: list[Factor] = []
        exponents = dict.fromkeys(sorted(raised), Affine(0))
        for f in t.factors:
            if f.key[0] == "power" and f.key[1] in raised and len(f.at) == 1:
                exponents[f.key[1]] = exponents[f.key[1]].plus(f.at[0], f.power)
            elif f.key[0] == "ref" and f.key[1] in raised and not f.at:
                exponents[f.key[1]] = exponents[f.key[1]].plus(Affine(f.power))
            else:
                factors += [Factor(f.key, f.at, 1 if f.power > 0 else -1)] * abs(f.power)
        for name, a in exponents.items():
            factors.append(Factor(("power", name, 0), (straight(a.constant, a.by),)))
        out.append((t, tuple(factors)))
    return out


def piece(t: Term, factors: Sequence[Factor]) -> Piece:
    """A term as a weight on the points at which its factors are read."""
    at = tuple(a for f in factors for a in f.at)
    if rank([[a.by.get(b, 0) for b in t.bound] for a in at]) < len(t.bound):
        raise Hidden("an index that no subscript tells apart")
    return Piece(at, t.bound, t.conds, t.weight)


def rank(rows: Sequence[Sequence[int]]) -> int:
    """The rank of a matrix of whole numbers."""
    left = [[Fraction(x) for x in row] for row in rows]
    found = 0
    width = len(left[0]) if left else 0
    for column in range(width):
        pivot = next((r for r in range(found, len(left)) if left[r][column]), None)
        if pivot is None:
            continue
        left[found], left[pivot] = left[pivot], left[found]
        for r in range(found + 1, len(left)):
            factor = left[r][column] / left[found][column]
            left[r] = [a - factor * b for a, b in zip(left[r], left[found], strict=True)]
        found += 1
    return found


def orders(skeleton: Skeleton, factors: Sequence[Factor]) -> list[tuple[int, ...]]:
    """The orders of the coordinates that equal factors allow."""
    starts, at = [], 0
    for f in factors:
        starts.append((at, len(f.at)))
        at += len(f.at)
    groups: dict[tuple[Key, int], list[int]] = {}
    for k, kind in enumerate(skeleton):
        groups.setdefault(kind, []).append(k)
    moving = [g for g in groups.values() if len(g) > 1 and starts[g[0]][1]]
    if prod(factorial(len(g)) for g in moving) > MOST_ORDERS:
        raise Hidden("too many equal factors")
    out = []
    for choice in product(*(permutations(g) for g in moving)):
        to = dict(zip(chain(*moving), chain(*choice), strict=True))
        order: list[int] = []
        for k, (start, length) in enumerate(starts):
            first = starts[to.get(k, k)][0] if k in to else start
            order += range(first, first + length)
        out.append(tuple(order))
    return out
