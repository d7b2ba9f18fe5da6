r"""Two formulas at points: sizes ascending, small numbers, exact values.

A comparison that happens to tie, or a division by zero, makes a point worth nothing, so such
points are drawn anew and never counted.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import islice, product
from time import monotonic

from symgrad.affine import Condition
from symgrad.dual import Dual, Number, order, precision, to_decimal
from symgrad.errors import SymgradError
from symgrad.evaluate import Point, Unrolled
from symgrad.expr import Call, Expr, Ref, Rel, free_names
from symgrad.interpret import Env, Interpreter
from symgrad.network import Network
from symgrad.roles import Roles

LEVELS = 5
"""Sizes up to this are tried."""
MOST_INSTANCES = 160
MOST_LAPS = 60
ENOUGH = 240
"""Points in general position after which no difference is looked for: a product of several
indicators is seldom 1."""
POOLS: tuple[tuple[Fraction, ...], ...] = tuple(
    tuple(Fraction(*x) if isinstance(x, tuple) else Fraction(x) for x in pool)
    for pool in (
        (2, 3, 5, 7, 4, 6, 9, 8, 11, 13, 10, 12, 17, 15, 14, 19),
        (3, -2, 5, -4, 7, 2, -3, 6, -5, 9, 4, -7, 8, -6, 11, -9),
        ((1, 3), (1, 2), (2, 5), (1, 7), (3, 5), (2, 3), (1, 5), (3, 7), (2, 7), (4, 5), (1, 11)),
        ((-5, 2), (7, 3), (4, 3), (-1, 2), (9, 4), (-3, 5), (11, 7), (-8, 3), (5, 4), (-2, 7)),
    )
)  # fmt: skip
LABELS = (1, 2, 3, 2, 1, 3, 1, 2)


class Noted(Interpreter):
    """Notes whether values that are not integers tie where they are compared."""

    tied = False
    integers: frozenset[str] = frozenset()

    def holds(self, cond: Expr, env: Env) -> bool:
        """Is the comparison true? A tie of two values is noted."""
        if isinstance(cond, Rel) and cond.op not in ("=", "!="):
            names = free_names(cond)
            if not names <= self.integers | set(env):
                a, b = self.value(cond.lhs, env), self.value(cond.rhs, env)
                self.tied = self.tied or order(a, b) == 0
        return super().holds(cond, env)

    def _call(self, e: Call, env: Env) -> Dual:
        if free_names(e) <= self.integers | set(env):
            return super()._call(e, env)
        if e.fn in ("max", "min"):
            found = [self.value(a, env) for a in dict.fromkeys(e.args)]
            for k, a in enumerate(found):
                self.tied = self.tied or any(order(a, b) == 0 for b in found[k + 1 :])
        elif e.fn in ("relu", "abs", "sign"):
            self.tied = self.tied or self.value(e.args[0], env).value == 0
        return super()._call(e, env)


class Judge(Unrolled):
    """A network at one point; says whether a formula's value was met at a tie."""

    def __init__(self, network: Network, point: Point, lookup: Callable[[Ref], Number]) -> None:
        super().__init__(network, point, lookup)
        self.noted = Noted(self._read, self._partial)
        self.noted.integers = frozenset(point.sizes)
        self._formula = self.noted

    def look(self, e: Expr) -> Number | None:
        """The value of a formula, None where it has none."""
        try:
            return self.value(e)
        except SymgradError:
            return None


@dataclass
class Draw:
    """Numbers for names in the order in which they are read; the same each time."""

    pool: Sequence[Fraction]
    roles: Roles
    network: Network
    table: dict[Ref, Number] = field(default_factory=dict)
    fixed: dict[Ref, Number] = field(default_factory=dict)

    def __call__(self, ref: Ref) -> Number:
        """The number for an entry."""
        if ref in self.fixed:
            self.table[ref] = self.fixed[ref]
            return self.fixed[ref]
        if ref in self.network.values:
            return self.network.values[ref].value
        if ref not in self.table:
            k = len(self.table)
            if ref.name in self.roles.labels:
                drawn = Fraction(LABELS[k % len(LABELS)])
            else:
                lap, at = divmod(k, len(self.pool))
                drawn = self.pool[at] + lap * Fraction(23, 2)
            self.table[ref] = drawn
        return self.table[ref]


@dataclass(frozen=True)
class Outcome:
    """Two values at one point."""

    sizes: Mapping[str, int]
    values: Mapping[Ref, Number]
    left: Number | None
    right: Number | None
    tied: bool

    def numbers(self, ref: Ref) -> Number:
        """The number that was drawn for an entry; another one for what nobody read."""
        return self.values.get(ref, Fraction(1009, 7))

    @property
    def usable(self) -> bool:
        """Can the two be compared here?"""
        return self.left is not None and self.right is not None and not self.tied

    @property
    def differ(self) -> bool:
        """Are both defined, and are they two numbers?"""
        return self.left is not None and self.right is not None and apart(self.left, self.right)


@cache
def drawn(pool: int) -> tuple[Fraction, ...]:
    """A pool of numbers: small ones first, then others in another order, with other signs."""
    if pool < len(POOLS):
        return POOLS[pool]
    rng = random.Random(pool)
    numbers = list(POOLS[rng.choice((0, 2)) if pool % 3 else 0])
    rng.shuffle(numbers)
    return tuple(x * rng.choice((1, -1)) for x in numbers)


def apart(a: Number, b: Number) -> bool:
    """Two numbers: exactly, or in the first 30 of 50 digits."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a != b
    with precision(50):
        x, y = to_decimal(a), to_decimal(b)
        return abs(x - y) > Decimal("1e-30") * max(Decimal(1), abs(x), abs(y))


@dataclass
class Trial:
    """Two formulas, tried at points."""

    left: Expr
    right: Expr
    roles: Roles
    network: Network
    known: tuple[Condition, ...]
    until: float = float("inf")

    def at(
        self,
        sizes: Mapping[str, int],
        pool: int,
        fixed: Callable[[Judge, Draw], None] | None = None,
    ) -> Outcome:
        """Both values at one instance."""
        draw = Draw(drawn(pool), self.roles, self.network)
        judge = Judge(self.network, Point(sizes), draw)
        if fixed is not None:
            fixed(judge, draw)
            judge = Judge(self.network, Point(sizes), draw)
        a = judge.look(self.left)
        b = judge.look(self.right)
        return Outcome(dict(sizes), dict(draw.table), a, b, judge.noted.tied)

    def outcomes(self) -> Iterator[Outcome]:
        """Points in ascending order of sizes, then larger sizes and other numbers again."""
        small = list(islice(instances(self.roles, self.known), MOST_INSTANCES))
        for lap in range(MOST_LAPS):
            for k, sizes in enumerate(small):
                for pool in (0, 1 + k) if not lap else (2 + k + lap * len(small),):
                    if monotonic() > self.until:
                        return
                    yield self.at(sizes, pool)

    def difference(self) -> tuple[Outcome | None, list[Outcome]]:
        """The first point at which the two differ, and the usable ones before it."""
        usable: list[Outcome] = []
        for outcome in self.outcomes():
            if outcome.usable:
                if outcome.differ:
                    return outcome, usable
                usable.append(outcome)
            elif outcome.differ and self.always(outcome):
                return outcome, usable
            if len(usable) >= ENOUGH:
                break
        return None, usable

    def always(self, outcome: Outcome) -> bool:
        """Do the values tie and differ whatever they are? x_i and x_j do at i = j."""
        others = (self.at(outcome.sizes, 1000 + k) for k in range(4))
        return all(o.tied and o.differ for o in others)

    def spot(self) -> Outcome | None:
        """A difference at a few points with unequal sizes: none if the two are equal."""
        for sizes in islice(spots(self.roles, self.known), 2):
            for pool in (1, 2):
                outcome = self.at(sizes, pool)
                if outcome.usable and outcome.differ:
                    return outcome
        return None


def instances(roles: Roles, known: Iterable[Condition]) -> Iterator[dict[str, int]]:
    """Values of sizes and indices, the largest size ascending."""
    conds = tuple(known)
    for level in range(1, LEVELS + 1):
        every = product(range(1, level + 1), repeat=len(roles.sizes))
        tuples = sorted((t for t in every if max(t, default=level) == level), key=_small)
        for t in tuples:
            sizes = dict(zip(roles.sizes, t, strict=True))
            for at in islice(roles.places(sizes, level), 8):
                if fits(at, conds):
                    yield at
        if not roles.sizes and level > 2:
            return


def _small(t: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    """The first size of the first formula is the larger one: a term is missing, not too many."""
    return sum(t), tuple(-v for v in t)


def spots(roles: Roles, known: Iterable[Condition]) -> Iterator[dict[str, int]]:
    """A few instances with sizes that differ from one another; small ones where there are many,
    since their product is the work."""
    conds = tuple(known)
    count = len(roles.sizes)
    large = ((3, 2, 4), (2, 4, 3)) if count <= 3 else ((2, 3), (3, 2)) if count == 4 else ((2, 1),)
    for base in (*large, (1, 2)):
        sizes = dict(zip(roles.sizes, (base * count)[:count], strict=True))
        yield from (at for at in islice(roles.places(sizes, 3), 2) if fits(at, conds))


def fits(at: Mapping[str, int], conds: Iterable[Condition]) -> bool:
    """Do the sizes satisfy the conditions among them?"""
    for c in conds:
        if c.form.by.keys() <= at.keys():
            value = c.form.constant + sum(k * at[n] for n, k in c.form.coefficients)
            if value < 0 or (c.equality and value):
                return False
    return True
