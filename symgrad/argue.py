"""Proofs about two formulas: by their names, with definitions put in, with what is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from symgrad.affine import Affine, affine, shift
from symgrad.clock import now
from symgrad.equation import WHOLES
from symgrad.expr import (
    ONE,
    PI,
    ZERO,
    Add,
    Call,
    Div,
    Expr,
    Iverson,
    Mul,
    Neg,
    Num,
    Partial,
    Pow,
    Reduce,
    Ref,
    Rel,
    constant,
    free_names,
    names,
    num,
    substitute,
    transform,
    walk,
)
from symgrad.index import Range, range_conditions
from symgrad.normal.algebra import Algebra
from symgrad.normal.build import Builder
from symgrad.normal.diagonal import off_diagonal
from symgrad.normal.given import Known, proved
from symgrad.normal.prove import Proof, Prover
from symgrad.normal.term import Normal, put
from symgrad.pair import Asked, Pair
from symgrad.polynomial import Outside
from symgrad.power import powers_named

Put = Literal["names", "plain", "all"]
"""Which definitions are put in: none, those without sums, all."""

FEW = 4
"""A label of so many values is a root of a polynomial that proofs may use."""

SHARE = 0.4
"""Of the time for a proof, what the search for multiples of given equations may take."""


@dataclass(frozen=True)
class Argument:
    """Proofs about formulas of one pair's names."""

    pair: Pair

    def proof(
        self, left: Expr, right: Expr, until: float
    ) -> tuple[Prover | None, Proof | None, Normal]:
        """A proof that the difference is zero, as far as it goes; with definitions put in where
        the names by themselves do not do."""
        found: list[tuple[Prover, Proof, Normal]] = []
        turns = self.turns
        for put_in in turns:
            if put_in == "plain" and not found:
                continue
            prover, builder = self.prover(put_in, until)
            try:
                labels = self.pair.network.labels
                sides = (looked_up(self.named(e), labels) for e in (left, right))
                gap = prover.algebra.minus(*(builder.normal(e) for e in sides))
                proof = prover.zero(gap)
            except (Outside, RecursionError):
                continue
            if proof.left or proof.ties:
                proof = self.with_premises(prover, builder, gap, put_in) or proof
            if proof.left:
                gap, proof = self.off_diagonal(prover, gap, proof)
            if not proof.left and not proof.ties:
                return prover, proof, gap
            if put_in != "plain":
                found.append((prover, proof, gap))
        if not found:
            return None, None, ()
        # a free name ties on a null set, a defined one anywhere
        if len(found) < len(set(turns) - {"plain"}):
            return found[0][0], replace(found[0][1], left=found[0][2]), found[0][2]
        return found[-1] if any(f[1].left for f in found) else found[0]

    def off_diagonal(self, prover: Prover, gap: Normal, proof: Proof) -> tuple[Normal, Proof]:
        """The proof that is left once [x_k = x_j] is 1 at j = k, and a tie elsewhere."""
        try:
            split = off_diagonal(prover.algebra, gap)
            again = proof if split == gap else prover.zero(split)
        except (Outside, RecursionError):
            return gap, proof
        return (gap, proof) if again.left else (split, again)

    def with_premises(
        self, prover: Prover, builder: Builder, gap: Normal, put_in: Put
    ) -> Proof | None:
        """A proof that uses definitions and equations that are given, within a share of the time
        that is left."""
        known = tuple(premises(self.pair, prover, builder, put_in, self.named))
        if not known:
            return None
        algebra, until = prover.algebra, prover.algebra.until
        algebra.until = min(until, now() + SHARE * (until - now()))
        try:
            return proved(prover, gap, known)
        except (Outside, RecursionError):
            return None
        finally:
            algebra.until = until

    @property
    def turns(self) -> tuple[Put, ...]:
        """With names as they are; if names are defined, also with their definitions put in, first
        those without sums, where the others may be known by what is given of them."""
        network = self.pair.network
        if not network.equations and not network.values:
            return ("names",)
        summed = {has_sum(eq.body) for eq in network.equations}
        return ("names", "plain", "all") if len(summed) == 2 else ("names", "all")

    def prover(self, put_in: Put, until: float) -> tuple[Prover, Builder]:
        """Arithmetic of its own, from formulas to proofs."""
        algebra = Algebra(until=until, known=self.pair.facts)
        meaning = {"names": nothing, "plain": self.plain, "all": self.meaning}[put_in]
        builder = Builder(
            self.pair.roles.integers,
            meaning,
            algebra,
            self.given,
            self.pair.network.padded,
            positive(self.pair.asked) | {CIRCLE.name, ROOT.name},
        )
        return Prover(builder.guards, self.pair.roles.labels), builder

    def gap(self, until: float) -> tuple[Prover | None, Normal]:
        """The normal form of the difference, with nothing proved of it."""
        for put_in in [p for p in reversed(self.turns) if p != "plain"]:
            prover, builder = self.prover(put_in, until)
            with suppress(Outside, RecursionError):
                both = (self.pair.left, self.pair.right)
                sides = (builder.normal(self.named(e)) for e in both)
                return prover, prover.algebra.minus(*sides)
        return None, ()

    @cached_property
    def rooted(self) -> bool:
        """Does π stand under a root, in the formulas or in a definition?"""
        bodies = (eq.body for eq in self.pair.network.equations)
        return any(map(under_root, (self.pair.left, self.pair.right, *bodies)))

    def named(self, e: Expr) -> Expr:
        """A formula with names for π and for powers of matrices."""
        found = powers_named(e)
        return circled(found, self.rooted) if PI in walk(found) else found

    def meaning(self, ref: Ref) -> Expr | None:
        """What a name is defined to be."""
        if ref in self.pair.network.values:
            return self.pair.network.values[ref]
        found = self.pair.network.defining(ref)
        if found is None:
            return None
        equation_, values = found
        if isinstance(equation_.body, Call) and equation_.body.fn in WHOLES:
            return None  # an inverse is known by its name
        return self.named(shift(equation_.body, values))

    def plain(self, ref: Ref) -> Expr | None:
        """What a name is defined to be, if that is no sum."""
        meant = self.meaning(ref)
        return None if meant is None or has_sum(meant) else meant

    def given(self, partial: Partial) -> Expr | None:
        """The name of a gradient that is given."""
        if not isinstance(partial.by, Ref):
            return None
        for u in self.pair.network.upstream:
            if u.of == partial.of:
                found = u.of_entry(partial.by)
                if found is not None:
                    return found
        return None


CIRCLE, ROOT = Ref(r"{\pi}"), Ref(r"\sqrt{\pi}")
"""π and √π in a proof: positive numbers of which nothing else is known; no name is spelled so."""


def circled(e: Expr, rooted: bool) -> Expr:
    """A formula with a name for π, or where it stands under a root its square for it: √(2 π v) is
    √2 √π √v. What is equal for every positive number is equal for this one."""
    if PI not in walk(e):
        return e
    if rooted:
        return transform(transform(e, _halved), _rooted)
    return transform(e, lambda x: CIRCLE if x == PI else x)


def under_root(e: Expr) -> bool:
    """Does π stand under a root?"""
    halved = transform(e, _halved)
    roots = (x for x in walk(halved) if isinstance(x, Call) and x.fn == "sqrt")
    return any(PI in walk(x) for x in roots)


def _halved(x: Expr) -> Expr:
    """(2 π)^{-1/2} as a power of a root."""
    half = constant(x.exp) if isinstance(x, Pow) and PI in walk(x.base) else None
    if not isinstance(x, Pow) or half is None or half.denominator != 2:
        return x
    return Pow(Call("sqrt", (x.base,)), num(2 * half))


def _rooted(x: Expr) -> Expr:
    if x == PI:
        return Pow(ROOT, num(2))
    if not isinstance(x, Call) or x.fn != "sqrt":
        return x
    top, bottom = _parts(x.args[0])
    square = Pow(ROOT, num(2))
    if square not in (*top, *bottom):
        return x
    roots = [[ROOT if f == square else f for f in side] for side in (top, bottom)]
    rooted = [
        [f if f == ROOT else Call("sqrt", (f,)) for f in side if _positive(f)] for side in roots
    ]
    rest = [[f for f in side if not _positive(f)] for side in roots]
    if any(rest):
        rooted[0].append(Call("sqrt", (Div(_times(rest[0]), _times(rest[1])),)))
    return Div(_times(rooted[0]), _times(rooted[1]))


def _parts(e: Expr) -> tuple[list[Expr], list[Expr]]:
    """The factors above and below the bars of a formula."""
    match e:
        case Mul(factors=factors):
            found = [_parts(f) for f in factors]
            return [x for a, _ in found for x in a], [x for _, b in found for x in b]
        case Div(num=a, den=b):
            (top, under), (bottom, over_) = _parts(a), _parts(b)
            return top + over_, under + bottom
    return [e], []


def _positive(e: Expr) -> bool:
    return e == ROOT or (isinstance(e, Num) and e.value > 0)


def _times(factors: Sequence[Expr]) -> Expr:
    return Mul(tuple(factors)) if factors else ONE


def positive(asked: Iterable[Asked]) -> frozenset[str]:
    """The tensors of which it is given that every entry is positive: x_i > 0 for every i, not
    for i = 2, …, n."""
    found: set[str] = set()
    for a in asked:
        sides = (a.rel.rhs, a.rel.lhs) if a.rel.op == "<" else (a.rel.lhs, a.rel.rhs)
        least = constant(sides[1])
        if a.ranges or a.rel.op not in ("<", ">") or least is None or least < 0:
            continue
        if isinstance(sides[0], Ref):
            letters = [i.name for i in sides[0].indices if isinstance(i, Ref) and not i.indices]
            if len(set(letters)) == len(sides[0].indices):
                found.add(sides[0].name)
    return frozenset(found)


def looked_up(e: Expr, labels: Mapping[str, Range]) -> Expr:
    r"""Σ_{k=1}^{K} [y_i = k] f(k) as f(y_i), for a label y_i of 1, …, K."""

    def one(x: Expr) -> Expr:
        if not isinstance(x, Reduce) or x.op != "sum":
            return x
        factors = x.body.factors if isinstance(x.body, Mul) else (x.body,)
        for n, f in enumerate(factors):
            pair = f.cond if isinstance(f, Iverson) else None
            if not isinstance(pair, Rel) or pair.op != "=":
                continue
            rest = factors[:n] + factors[n + 1 :]
            for here, b in enumerate(x.bounds):
                others = x.bounds[:here] + x.bounds[here + 1 :]
                label = pair.rhs if pair.lhs == Ref(b.name) else pair.lhs
                if Ref(b.name) not in (pair.lhs, pair.rhs) or not isinstance(label, Ref):
                    continue
                r = labels.get(label.name) if label.indices else None
                inner = {o.name for o in x.bounds[here:]} & names(label)
                if r is None or (r.lo, r.hi) != (b.lo, b.hi) or b.conds or inner:
                    continue
                if any(b.name in free_names(o) for o in others):
                    continue
                body = substitute(Mul(rest) if rest else ONE, {b.name: label})
                return one(Reduce("sum", others, body)) if others else body
        return x

    return transform(e, one)


def has_sum(e: Expr) -> bool:
    """Is a formula made with a sum, a product or a maximum over indices?"""
    return any(isinstance(x, Reduce) for x in walk(e))


def nothing(ref: Ref) -> Expr | None:
    """No name has a definition."""
    return None


def premises(
    pair: Pair, prover: Prover, builder: Builder, put_in: Put, named: Callable[[Expr], Expr]
) -> Iterator[Known]:
    """What is given of values, and the definitions where `builder` leaves names as they are."""
    for a in pair.asked:
        less = a.rel.op in ("<", "<=")
        sides = (a.rel.rhs, a.rel.lhs) if less else (a.rel.lhs, a.rel.rhs)
        op = {"<": ">", "<=": ">="}.get(a.rel.op, a.rel.op)
        yield from known(*sides, op, (*a.ranges, *a.letters), a.ranges, prover, builder)
    for ref, values in few_values(pair):
        letters = tuple(i.name for i in ref.indices if isinstance(i, Ref))
        off = Mul(tuple(Add((ref, Neg(num(v)))) for v in values))
        yield from known(off, ZERO, "=", letters, {}, prover, builder)
    for eq in pair.network.equations:
        if put_in == "all" or (put_in == "plain" and not has_sum(eq.body)):
            continue
        ranges = {i.name: i.range for i in eq.indices}
        top, bottom = over(eq.body)
        left: Expr = Mul((eq.target, bottom))
        left, top = named(left), named(top)
        yield from known(left, top, "=", tuple(ranges), ranges, prover, builder)


def few_values(pair: Pair) -> Iterator[tuple[Ref, range]]:
    """Labels that have few values, at letters: d_i of {0, 1}."""
    for name, r in pair.network.labels.items():
        lo, hi = constant(r.lo), constant(r.hi)
        if lo is None or hi is None or hi - lo >= FEW:
            continue
        reads = (x for e in (pair.left, pair.right) for x in walk(e))
        ranks = {len(x.indices) for x in reads if isinstance(x, Ref) and x.name == name}
        for n in sorted(ranks):
            yield Ref(name, tuple(Ref(f"i{k}") for k in range(n))), range(int(lo), int(hi) + 1)


def over(e: Expr) -> tuple[Expr, Expr]:
    """A formula as numerator and denominator, as it is written: √v below stays √v."""
    match e:
        case Div(num=a, den=b):
            return a, b
        case Neg(arg=a):
            top, bottom = over(a)
            return Neg(top), bottom
        case Mul(factors=factors):
            parts = [over(f) for f in factors]
            return Mul(tuple(t for t, _ in parts)), Mul(tuple(b for _, b in parts))
    return e, ONE


def known(
    left: Expr,
    right: Expr,
    op: str,
    letters: tuple[str, ...],
    ranges: Mapping[str, Range],
    prover: Prover,
    builder: Builder,
) -> Iterator[Known]:
    """left - right `op` 0, its letters called as no name of a formula is; an equation without
    denominators; nothing where there is no normal form."""
    values = {name: Affine(0, ((f"%{k}", 1),)) for k, name in enumerate(letters)}
    with suppress(Outside, RecursionError):
        form = builder.normal(Add((left, Neg(right))), values)
        form = prover.below.cleared(form) if op == "=" else form
        conds = [c for n, r in ranges.items() for c in range_conditions(affine(Ref(n)), r)]
        moved = tuple(type(c)(put(c.form, values), c.equality) for c in conds)
        if form:
            yield Known(form, op, frozenset(f"%{k}" for k in range(len(letters))), moved)
