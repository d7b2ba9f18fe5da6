r"""Numbers for the names of two formulas at one point, and what is given of them.

The numbers are the same each time. Those that are drawn freely are moved until they satisfy the
comparisons that are given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from random import Random

from symgrad.affine import shift
from symgrad.clock import now
from symgrad.dual import Number
from symgrad.errors import SymgradError
from symgrad.evaluate import Point, Unrolled, value
from symgrad.expr import Add, Bound, Expr, Iverson, Neg, Num, Ref, Rel, free, names, num, walk
from symgrad.network import Network
from symgrad.pair import Asked
from symgrad.roles import Roles

POOLS: tuple[tuple[Fraction, ...], ...] = tuple(
    tuple(Fraction(*x) if isinstance(x, tuple) else Fraction(x) for x in pool)
    for pool in (
        (2, 3, 5, 7, 4, 6, 9, 8, 11, 13, 10, 12, 17, 15, 14, 19),
        (3, -2, 5, -4, 7, 2, -3, 6, -5, 9, 4, -7, 8, -6, 11, -9),
        ((1, 3), (1, 2), (2, 5), (1, 7), (3, 5), (2, 3), (1, 5), (3, 7), (2, 7), (4, 5), (1, 11)),
        ((-5, 2), (7, 3), (4, 3), (-1, 2), (9, 4), (-3, 5), (11, 7), (-8, 3), (5, 4), (-2, 7)),
    )
)  # fmt: skip

GENERIC_POOL = len(POOLS)
"""Numbers that satisfy no equation but those that all numbers satisfy."""

ROUNDS = 12
"""How often numbers are moved until they satisfy what is given."""

LABELS = (1, 2, 3, 2, 1, 3, 1, 2)

OTHER_LABELS = (0, 2, -1, 1, -2, 3, 4)
"""A tensor that is compared by = may be any integer; as a subscript it has no value outside."""


def _random_pool() -> tuple[Fraction, ...]:
    draw = Random(1)
    return tuple(Fraction(draw.getrandbits(40) - (1 << 39), (1 << 37) - 25) for _ in range(64))


POOLS = (*POOLS, _random_pool())


@dataclass
class Draw:
    """Numbers for names in the order in which they are read; the same each time."""

    pool: Sequence[Fraction]
    roles: Roles
    network: Network
    table: dict[Ref, Number] = field(default_factory=dict)
    fixed: dict[Ref, Number] = field(default_factory=dict)
    start: int = 0
    sizes: Mapping[str, int] = field(default_factory=dict)
    until: float = float("inf")

    def __call__(self, ref: Ref) -> Number:
        """The number for an entry."""
        if ref in self.fixed:
            self.table[ref] = self.fixed[ref]
            return self.fixed[ref]
        if ref in self.network.values:
            return self.network.values[ref].value
        if ref not in self.table:
            k = len(self.table) - sum(1 for r in self.fixed if r in self.table)
            if ref.name in self.roles.labels:
                some = self.labels(ref.name)
                drawn = Fraction(some[(k + self.start) % len(some)])
            else:
                lap, at = k // len(self.pool), (k + self.start) % len(self.pool)
                drawn = self.pool[at] + lap * Fraction(23, 2)
            self.table[ref] = drawn
        return self.table[ref]

    def allowed(self) -> bool:
        """Is every label that is fixed one of its values?"""
        return all(
            v in self.labels(r.name) for r, v in self.fixed.items() if r.name in self.network.labels
        )

    def labels(self, name: str) -> Sequence[int]:
        """The values of a label: those that are stated, or a few."""
        r = self.network.labels.get(name)
        if r is not None:
            with suppress(SymgradError):
                lo, hi = (int(value(e, Point(self.sizes))) for e in (r.lo, r.hi))
                most = max(hi - lo + 1, 1)
                return [lo + (k * 2 if most % 2 else k) % most for k in range(most)]
        return LABELS if not self.start else OTHER_LABELS


@dataclass
class Satisfied:
    """What is given of values, at one point."""

    asked: Sequence[Asked]
    network: Network
    sizes: Mapping[str, int]
    draw: Draw

    def meet(self) -> bool:
        """Do the numbers satisfy all that is given, once some that are drawn freely are moved?"""
        for _ in range(ROUNDS):
            broken = self.broken()
            if broken is None:
                return False
            if not broken:
                return True
            if not self.moved(broken[0], len(broken)):
                return False
        return False

    def broken(self) -> list[Rel] | None:
        """The comparisons that do not hold; None where one has no value."""
        plain = Unrolled(self.network, Point(self.sizes), self.draw)
        try:
            return [rel for rel in self.instances() if not plain.value(Iverson(rel))]
        except SymgradError:
            return None

    def instances(self) -> Iterator[Rel]:
        """Every comparison at every value of its indices."""
        for a in self.asked:
            spans = [self.span(a, name) for name in (*a.ranges, *a.letters)]
            for at in product(*spans):
                put: dict[str, Expr] = {
                    n: num(k) for n, k in zip((*a.ranges, *a.letters), at, strict=True)
                }
                rel = shift(a.rel, put)
                assert isinstance(rel, Rel)
                yield rel

    def span(self, a: Asked, name: str) -> list[int]:
        """The values of an index: its range, or the places at which its tensors are read."""
        if name in a.ranges:
            r = a.ranges[name]
            lo, hi = (int(value(e, Point(self.sizes))) for e in (r.lo, r.hi))
            return list(range(lo, hi + 1))
        found = {self.sizes[name]} if name in self.sizes else set()
        for x in walk(a.rel):
            if isinstance(x, Ref):
                for k, i in enumerate(x.indices):
                    if isinstance(i, Ref) and i.name == name:
                        found |= {_at(r, k) for r in self.draw.table if r.name == x.name}
        return sorted(found)

    def moved(self, rel: Rel, broken: int) -> bool:
        """Move one number so that fewer comparisons are broken."""
        plain = Unrolled(self.network, Point(self.sizes), self.draw)
        sides = [plain.value(rel.lhs), plain.value(rel.rhs)]
        bound = {x.name for x in walk(rel) if isinstance(x, Bound)}
        named = (x for x in free(rel) if not names(x) & bound)
        entries = [plain.concrete(x) for x in named]
        first = [r for r in entries if r in self.draw.table]
        table = self.draw.table
        for ref in dict.fromkeys([*first, *table]):
            held = table[ref]
            if ref in self.draw.fixed or ref.name in self.draw.roles.labels:
                continue
            for to in (*self.solved(rel, ref), *_beside(held, sides)):
                table[ref] = to
                left = self.broken()
                if left is not None and len(left) < broken:
                    return True
                if now() > self.draw.until:
                    return False
            table[ref] = held
        return False

    def solved(self, rel: Rel, ref: Ref) -> Iterator[Fraction]:
        """The number at which an equation holds that is linear in it: one step of the secant."""
        table, held = self.draw.table, self.draw.table[ref]
        if rel.op != "=" or not isinstance(held, Fraction):
            return
        gaps: list[Number] = []
        for k in (0, 1):
            table[ref] = held + k
            plain = Unrolled(self.network, Point(self.sizes), self.draw)
            gaps.append(plain.value(Add((rel.lhs, Neg(rel.rhs)))))
        table[ref] = held
        a, b = gaps
        if isinstance(a, Fraction) and isinstance(b, Fraction) and a != b:
            yield held - a / (b - a)


def _at(ref: Ref, k: int) -> int:
    i = ref.indices[k]
    assert isinstance(i, Num)
    return int(i.value)


def _beside(held: Number, sides: Sequence[Number]) -> Iterator[Fraction]:
    """Numbers to put in place of one: its opposite, numbers around both sides, small ones."""
    if isinstance(held, Fraction):
        yield -held
        if held:
            yield 1 / abs(held)
    exact = [s for s in sides if isinstance(s, Fraction)]
    for k in (Fraction(1), Fraction(1, 2), Fraction(3)):
        for s in exact:
            yield from (s + k, s - k)
    if len(exact) == len(sides):
        yield sum(exact, Fraction(0)) / len(exact)
    yield from exact
    yield from (Fraction(1, d) for d in (2, 3, 5, 7))
