r"""Is a normal form zero for all sizes and all values?

Cheapest first: no term is left; none is left after the denominators are multiplied out; product
by product, the weights on the integer points add to zero; in every cell of the order of the
compared values, what is left is zero. Cells with a tie are kept apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from symgrad.affine import Affine, Condition
from symgrad.clock import now
from symgrad.normal.algebra import GUARDS, Algebra, Outgrown
from symgrad.normal.denominators import Denominators
from symgrad.normal.guards import Guards
from symgrad.normal.term import Factor, Key, Normal, Term, combined, straight
from symgrad.normal.weights import Skeleton, inner, orders, piece, with_powers, without
from symgrad.points import Hidden, everywhere, vanish
from symgrad.polynomial import ONE

MOST_GUARDS = 8
MOST_ALIKE = 8
SMOOTH = {"ref", "exp", "log", "root", "sum", "power", "sin", "cos"}
"""What an equation between such quantities, not identically true, holds on a null set of."""

OPAQUE = ("exp", "log", "root", "sum", "sin", "cos")
"""Quantities known by what is inside them."""


@dataclass(frozen=True)
class Proof:
    """`by` says how zero was shown; `ties` are the equations on which it is not; `left` is what
    could not be shown to be zero."""

    by: str = "normal form"
    ties: tuple[Factor, ...] = ()
    left: Normal = ()


@dataclass
class Prover:
    """Proofs over one set of templates, under facts about sizes and indices."""

    guards: Guards
    labels: frozenset[str] = frozenset()
    assumed: tuple[tuple[Normal, str], ...] = ()
    """Forms that are =, ≥ or > 0 whatever the indices are: cells in which they are not are none."""

    def __post_init__(self) -> None:
        self.below = Denominators(self.algebra)

    @property
    def known(self) -> tuple[Condition, ...]:
        """Facts about sizes and indices."""
        return self.algebra.known

    @property
    def algebra(self) -> Algebra:
        """The arithmetic that the normal forms were made with."""
        return self.guards.algebra

    def zero(self, e: Normal) -> Proof:
        """Is `e` zero?"""
        e = self.algebra.without_facts(e)
        if not e or not self.below.cleared(e):
            return Proof()
        left = self.unweighted(self.alike(self.split(e)))
        left = self.unweighted(self.below.cleared(left)) if left else ()
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

    def split(self, e: Normal) -> Normal:
        """`e` with σ(x) spelled 1 - 1/(1 + e^x) everywhere, as it is inside sums."""
        if not any(f.key[0] == "sum" and f.power < 0 for t in e for f in t.factors):
            return e
        self.algebra.apart = True
        try:
            return combined(x for t in e for x in self.algebra.cleaned(t))
        finally:
            self.algebra.apart = False

    def alike(self, e: Normal) -> Normal:
        """`e` with opaque quantities replaced by equal ones that are spelled in other ways."""
        kinds: dict[str, list[Factor]] = {}
        for f in dict.fromkeys(Factor(f.key, f.at) for t in e for f in t.factors):
            if f.key[0] in (*OPAQUE, *GUARDS) and not inner(f):
                kinds.setdefault(f.key[0], []).append(f)
        same: dict[Factor, Factor] = {}
        for found in kinds.values():
            for k, f in enumerate(found[:MOST_ALIKE]):
                for g in found[:k]:
                    if g not in same and f not in same and self.equal(f, g):
                        same[f] = g
        return e if not same else combined(x for t in e for x in self.exchanged(t, same))

    def exchanged(self, t: Term, same: dict[Factor, Factor]) -> Normal:
        """A term with factors replaced."""
        factors = []
        for f in t.factors:
            new = same.get(Factor(f.key, f.at))
            factors.append(f if new is None else Factor(new.key, new.at, f.power))
        return self.algebra.cleaned(Term(t.weight, tuple(factors), t.bound, t.conds))

    def equal(self, f: Factor, g: Factor) -> bool:
        """Have two opaque quantities of one kind the same inside, for all sizes?"""
        atoms = self.algebra.atoms
        gap = self.algebra.minus(atoms.inside(f), atoms.inside(g))
        if len(gap) > MOST_ALIKE or any(k.key[0] in GUARDS for t in gap for k in t.factors):
            return False
        return not self.unweighted(self.below.cleared(self.algebra.without_facts(gap)))

    # -- weights ----------------------------------------------------------------------------------

    def unweighted(self, e: Normal) -> Normal:
        """The terms of those products whose weights do not add to zero for all sizes."""
        groups: dict[Skeleton, list[tuple[Term, tuple[Factor, ...]]]] = {}
        for t, factors in with_powers(e):
            flat = sorted(factors, key=lambda f: (f.key, f.power < 0))
            skeleton = tuple((f.key, 1 if f.power > 0 else -1) for f in flat)
            groups.setdefault(skeleton, []).append((t, tuple(flat)))
        left: list[Term] = []
        for members in groups.values():
            if now() > self.algebra.until:
                raise Outgrown("found weights that take too long to add")
            if not self.vanish(members):
                left += [t for t, _ in members]
        return combined(left)

    def vanish(self, members: Sequence[tuple[Term, tuple[Factor, ...]]]) -> bool:
        """Do the weights of one product add to zero? Factors that all terms share stand aside;
        the orders of equal factors are only tried if the one that is there does not do."""
        shared = [Counter(f for f in fs if not inner(f)) for _, fs in members]
        common = shared[0]
        for other in shared[1:]:
            common &= other
        mine = [(t, without(fs, common)) for t, fs in members]
        try:
            pieces = [piece(t, fs) for t, fs in mine]
            if vanish(pieces, self.known, [range(len(pieces[0].at))]):
                return True
            skeleton = tuple((f.key, 1 if f.power > 0 else -1) for f in mine[0][1])
            every = orders(skeleton, mine[0][1])
            return len(every) > 1 and vanish(pieces, self.known, every)
        except Hidden:
            return False

    # -- cells ------------------------------------------------------------------------------------

    def pointwise(self, group: Sequence[Term]) -> list[Factor] | None:
        """The ties on which summands over one domain do not add to zero; None if they do not
        where nothing ties."""
        moved = [t.put(renaming(t)) for t in group]
        inside = self.below.cleared(combined(Term(t.weight, t.factors) for t in moved))
        if not inside:
            return []
        domain = moved[0].conds
        signs = self.compared(inside)
        inner_ones = any(n.startswith("~") for g in signs for a in g.at for n in a.by)
        if not signs or len(signs) > MOST_GUARDS or inner_ones:
            return None
        differ: list[list[Factor]] = []
        for cell in self.cells(signs, {}):
            if now() > self.algebra.until:
                raise Outgrown("found too many cells")
            if self.in_cell(inside, cell):
                zeros = [g for g, s in cell.items() if s == 0 and self.is_tie(g, domain)]
                if not zeros:
                    return None
                differ.append(zeros)
        least = [z for z in differ if not any(set(o) < set(z) for o in differ)]
        return list(dict.fromkeys(g for z in least for g in z))

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
        seen: dict[object, str] = {}
        for guard, sign in chosen.items():
            inside = resolved(self.algebra.atoms.inside(guard), chosen)
            form = self.linear(inside, (guard.key[2], guard.at), seen)
            if sign == 0:
                conds.append(Condition(form, equality=True))
            else:
                scaled = straight(-1, form.scaled(sign).by)
                conds.append(Condition(scaled))
        for assumed, op in self.assumed:
            form = self.linear(assumed, assumed, seen)
            least = straight(-1 if op == ">" else 0, form.by)
            conds.append(Condition(least, equality=op == "="))
        for said, name in seen.items():
            if isinstance(said, Term) and said.factors and all(map(_grows, said.factors)):
                conds.append(Condition(Affine(-1, ((name, 1),))))
        return self.algebra.possible(tuple(conds))

    def linear(self, inside: Normal, of: object, seen: dict[object, str]) -> Affine:
        """A compared difference as a linear form of its monomials, sums those `of` it alone; `one`
        is the number 1."""
        by: dict[str, Fraction] = {}
        for t in inside:
            value = t.weight.number
            unit = t.weight if value is None else ONE
            said: object = Term(unit, t.factors, (), t.conds)
            if t.bound:
                said = (of, t)
            plain = value is not None and not t.factors and not t.conds
            name = "one" if plain else seen.setdefault(said, f"v{len(seen)}")
            by[name] = by.get(name, Fraction(0)) + (Fraction(1) if value is None else value)
        common = lcm(*(c.denominator for c in by.values()))
        return straight(0, {n: int(c * common) for n, c in by.items()})

    def in_cell(self, e: Normal, cell: dict[Factor, int]) -> bool:
        """Is something left of `e` where the signs are these?"""
        zeros = [z for g, s in cell.items() if s == 0 for z in self.plainly(g, cell)]
        left = resolved(e, cell)
        if left and zeros:
            left = self.below.cleared(left)
            done: list[Factor] = []
            for z in zeros:  # an equation that those before it are put into says more
                inside = self.where(self.algebra.atoms.inside(z), done)
                if inside:
                    done.append(self.algebra.atoms.factor("zero", inside))
                    left = self.where(left, (*zeros, done[-1]))
            left = self.below.cleared(left)
        return bool(left)

    def where(self, e: Normal, zeros: Sequence[Factor]) -> Normal:
        """`e` with equations put in, and no guard left."""
        put_in = combined(
            x
            for t in e
            for x in self.algebra.cleaned(Term(t.weight, (*t.factors, *zeros), t.bound, t.conds))
        )
        return combined(
            Term(
                t.weight,
                tuple(f for f in t.factors if f.key[0] not in GUARDS),
                t.bound,
                t.conds,
            )
            for t in put_in
        )

    def plainly(self, guard: Factor, cell: dict[Factor, int]) -> list[Factor]:
        """An equation with the guards inside it replaced by 1 or 0."""
        inside = resolved(self.algebra.atoms.inside(guard), cell)
        return [self.algebra.atoms.factor("zero", inside)] if inside else []

    def is_tie(self, guard: Factor, domain: tuple[Condition, ...] = ()) -> bool:
        """Does the equation hold on a null set only, and does it come from a comparison?

        An analytic function on a connected domain that is not zero identically is zero on a null
        set; on a diagonal, x_i - x_j is zero identically.
        """
        number = guard.key[2]
        template = self.algebra.atoms.template(number)
        if number not in self.guards.ordered or not any(t.factors for t in template):
            return False
        if any(not t.factors and t.weight.number is None for t in template):
            return False
        parts = list(self.quantities(template))
        named = [f for f in parts if f.key[0] in ("ref", "power")]
        if any(f.key[0] not in SMOOTH or f.key[1] in self.labels for f in parts):
            return False
        if len(named) > 1 and any(":" in f.key[1] for f in named):
            return False
        cut = {f.key for f in parts if f.key[0] in ("root", "log") and not self.whole_domain(f)}
        return len(cut) <= 1 and all(map(self.half_space, cut)) and self.moves(guard, domain)

    def quantities(self, e: Normal) -> Iterator[Factor]:
        """The factors of a normal form, and those inside them."""
        for f in (f for t in e for f in t.factors):
            yield f
            if f.key[0] in OPAQUE:
                yield from self.quantities(self.algebra.atoms.template(f.key[2]))

    def whole_domain(self, f: Factor) -> bool:
        """Has a root or logarithm a value everywhere?"""
        return self.below.positive(self.algebra.atoms.template(f.key[2]))

    def half_space(self, key: Key) -> bool:
        """Is what is under a root v + f(other values), so that its domain is connected?"""
        template = self.algebra.atoms.template(key[2])
        kinds = {f.key[0] for t in template for f in t.factors}
        names = [f.key for t in template for f in t.factors]
        return kinds == {"ref"} and any(
            len(t.factors) == 1
            and not t.bound
            and not t.conds
            and t.factors[0].power == 1
            and names.count(t.factors[0].key) == 1
            for t in template
        )

    def moves(self, guard: Factor, domain: tuple[Condition, ...]) -> bool:
        """Is a compared difference, at the places it is read, never zero identically?"""
        groups: dict[Skeleton, list[tuple[Term, tuple[Factor, ...]]]] = {}
        for t, factors in with_powers(self.algebra.atoms.inside(guard)):
            flat = tuple(sorted(factors, key=lambda f: (f.key, f.power < 0)))
            skeleton = tuple((f.key, 1 if f.power > 0 else -1) for f in flat)
            groups.setdefault(skeleton, []).append((t, flat))
        for skeleton, members in groups.items():
            first = members[0][0]
            if not skeleton:
                continue
            if len(members) == 1 and not first.bound and not first.conds and first.weight.number:
                return True
            with suppress(Hidden):
                pieces = [piece(t, fs) for t, fs in members]
                same = orders(skeleton, members[0][1])
                if everywhere(pieces, (*self.known, *domain), same):
                    return True
        return False


def _grows(f: Factor) -> bool:
    return f.key[0] == "exp"


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
