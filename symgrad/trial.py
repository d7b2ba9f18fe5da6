r"""Two formulas at points: sizes ascending, small numbers, exact values.

A comparison that happens to tie, or a division by zero, makes a point worth nothing, so such
points are drawn anew and never counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import chain, combinations, islice, product

from symgrad.affine import Condition, conditions
from symgrad.clock import now
from symgrad.draw import GENERIC_POOL, POOLS, ROUNDS, Draw, Satisfied
from symgrad.dual import DIGITS, Dual, Number, add, negate, order, precision, to_decimal
from symgrad.errors import NetworkError, SymgradError
from symgrad.evaluate import Point, Unrolled
from symgrad.expr import Call, Expr, Num, Reduce, Ref, Rel, free_names, walk
from symgrad.interpret import NOTHING, Interpreter, Meanings
from symgrad.latex import latex
from symgrad.network import Network
from symgrad.pair import Asked
from symgrad.roles import Roles
from symgrad.subscript import Env
from symgrad.verdict import Counterexample

MORE = 120
"""Digits beyond those that large numbers take, with which a difference of rounded values is
confirmed."""
DEEP = 400
"""Most digits for that."""
LEVELS = 5
"""Sizes up to this are tried."""
MOST_INSTANCES = 160
GENERIC = 12
"""Points in general position that must agree before two formulas are said to agree."""
MOST_BESIDE = 100
"""Instances beside the numbers that formulas mention."""
MOST_PLACES = 400
"""Values of the indices that are looked through for some that satisfy what is given."""
MOST_WORK = 30_000
"""Terms that the value of a formula at one point may have."""
MOST_EQUATIONS = 4
EACH = 12
"""So many comparisons of integers are looked at where they hold, at so many instances each."""
Met = tuple[Expr, int, tuple[tuple[str, int], ...]]
"""A comparison, which of its arguments, and the indices around it."""


class Noted(Interpreter):
    """Notes the differences of values that are compared, and whether one of them is 0."""

    def __init__(
        self,
        read: Callable[[Ref, tuple[int, ...]], Dual],
        partial: Callable[[Expr, Ref, Env], Dual],
        sizes: Mapping[str, int],
        meanings: Meanings | None,
    ) -> None:
        super().__init__(read, partial, sizes=sizes, meanings=meanings, pretend=True)
        self.tied = False
        self.integers: frozenset[str] = frozenset()
        self.met: dict[Met, Number] = {}
        self.until = float("inf")
        self.largest = 0

    def added(self, total: Dual) -> None:
        """How large sums become on the way says how many digits a difference of rounded ones may
        lose."""
        if isinstance(total.value, Decimal) and total.value:
            self.largest = max(self.largest, total.value.adjusted())

    def count(self, more: int) -> None:
        """A point is small, or worth nothing."""
        super().count(more)
        if self.work > MOST_WORK or now() > self.until:
            raise SymgradError("found a value of too many terms for a point to try")

    def _note(self, e: Expr, k: int, env: Env, a: Dual, b: Dual) -> bool:
        self.met[e, k, tuple(sorted(env.items()))] = add(a, negate(b)).value
        return order(a, b) == 0

    def compared(
        self, e: Expr, names: frozenset[str], env: Env, a: Dual, b: Dual = NOTHING
    ) -> None:
        """A tie of two values is noted."""
        if names <= self.integers | set(env):
            return
        tie = self._note(e, 0, env, a, b)
        always = isinstance(e, Rel) and (e.lhs == e.rhs or e.op in ("=", "!="))
        self.tied = self.tied or (tie and not always)

    def contended(
        self, e: Call | Reduce, names: frozenset[str], env: Env, found: list[Dual]
    ) -> None:
        """A tie of two of several arguments is noted; over an index [x_j = max] says it."""
        if isinstance(e, Reduce) or names <= self.integers | set(env):
            return
        for k, (a, b) in enumerate(combinations(found, 2)):
            self.tied = self._note(e, k, env, a, b) or self.tied


class Judge(Unrolled):
    """A network at one point; says whether a formula's value was met at a tie."""

    def __init__(
        self,
        network: Network,
        point: Point,
        draw: Draw,
        digits: int = DIGITS,
        meanings: Meanings | None = None,
    ) -> None:
        super().__init__(network, point, draw, digits=digits)
        self.outside: Ref | None = None
        self.read: dict[Ref, None] = {}
        self.noted = Noted(self._read, self._partial, point.sizes, meanings)
        self.noted.until = draw.until
        self.noted.integers = frozenset(point.sizes) | draw.roles.labels
        self._formula = self.noted

    def _leaf(self, ref: Ref) -> Dual:
        """A leaf; an entry beyond the range of a tensor that equations define is none."""
        stated = ref in self.network.values or self._padding(ref)
        if ref.name in self.network.by_name and not stated and not self._begins(ref):
            self._check_range(ref)
        try:
            found = super()._leaf(ref)
        except NetworkError:
            self.outside = self.outside and ref
            raise
        self.read.setdefault(ref)
        return found

    def _begins(self, ref: Ref) -> bool:
        """Is it a state before the first one: h_0?"""
        starts = (r for r in self.network.leaves if r.name == ref.name)
        return any(self._letters(r, ref) is not None for r in starts)

    def _check_range(self, ref: Ref) -> None:
        try:
            super()._check_range(ref)
        except NetworkError:
            self.outside = ref
            raise

    def look(self, e: Expr) -> Number | None:
        """The value of a formula, None where it has none."""
        try:
            return self.value(e)
        except SymgradError:
            return None


@dataclass(frozen=True)
class Outcome:
    """Two values at one point."""

    sizes: Mapping[str, int]
    values: Mapping[Ref, Number]
    left: Number | None
    right: Number | None
    tied: bool
    generic: bool = False
    met: Mapping[Met, Number] = field(default_factory=dict)
    outside: Ref | None = None
    """An entry that is read and does not exist."""

    @property
    def usable(self) -> bool:
        """Can the two be compared here? A tie at numbers that satisfy no equation is always
        there."""
        defined = self.left is not None and self.right is not None
        return defined and (self.generic or not self.tied)

    @property
    def differ(self) -> bool:
        """Are both defined, and are they two numbers?"""
        return self.left is not None and self.right is not None and apart(self.left, self.right)

    @property
    def example(self) -> Counterexample:
        """The point with the values that were read, for a person."""
        values = {latex(r): v for r, v in self.values.items()}
        return Counterexample(self.sizes, values, self.left, self.right)


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
    asked: tuple[Asked, ...] = ()
    outside: Outcome | None = None
    """The first point at which a formula reads an entry that does not exist."""
    meanings: Meanings = field(default_factory=dict)
    place: tuple[Outcome, Judge] | None = None
    """Where the last of the other formulas was asked for its value."""

    def at(
        self,
        sizes: Mapping[str, int],
        pool: int,
        fixed: Callable[[Judge, Draw], None] | None = None,
        start: int = 0,
    ) -> Outcome:
        """Both values at one instance."""
        draw = Draw(POOLS[pool], self.roles, self.network, {}, {}, start, sizes, self.until)
        judge = self.judge(sizes, draw)
        if fixed is not None:
            fixed(judge, draw)
            if not draw.allowed():
                return Outcome(dict(sizes), {}, None, None, True)
            judge = self.judge(sizes, draw)
        a, b = self.certain(sizes, draw, judge)
        generic = pool == GENERIC_POOL and fixed is None
        values = dict(draw.table)
        if self.asked:
            met = Satisfied(self.asked, self.network, sizes, draw)
            for _ in range(ROUNDS):
                before = dict(draw.table)
                if not met.meet():
                    return Outcome(dict(sizes), values, None, None, True)
                if all(draw.table[r] == v for r, v in before.items()):
                    break
                generic = False
                judge = self.judge(sizes, draw)
                a, b = self.certain(sizes, draw, judge)
                values = {r: draw.table[r] for r in judge.read if r in draw.table}
            else:
                return Outcome(dict(sizes), values, None, None, True)
        noted = judge.noted
        found = Outcome(dict(sizes), values, a, b, noted.tied, generic, noted.met, judge.outside)
        if judge.outside is not None and self.outside is None:
            self.outside = found
        return found

    def judge(self, sizes: Mapping[str, int], draw: Draw, digits: int = DIGITS) -> Judge:
        """The network at one point."""
        return Judge(self.network, Point(sizes), draw, digits, self.meanings)

    def certain(
        self, sizes: Mapping[str, int], draw: Draw, judge: Judge
    ) -> tuple[Number | None, Number | None]:
        """Both values, or none where more digits do not confirm that rounded ones differ.

        x + e^{300} - e^{300} loses 130 digits of x.
        """
        a, b = judge.look(self.left), judge.look(self.right)
        if a is None or b is None or not apart(a, b):
            return a, b
        if isinstance(a, Fraction) and isinstance(b, Fraction):
            return a, b
        digits = max(judge.noted.largest, 0) + MORE
        if digits > DEEP:
            return None, None
        again = Draw((), self.roles, self.network, dict(draw.table), draw.fixed, until=self.until)
        deep = self.judge(sizes, again, digits)
        x, y = deep.look(self.left), deep.look(self.right)
        lost = deep.noted.largest + DIGITS > digits
        if lost or x is None or y is None or not apart(x, y) or apart(x, a) or apart(y, b):
            return None, None
        return a, b

    def value(self, e: Expr, there: Outcome) -> Number | None:
        """The value of another formula at a point that was tried; None where it has none."""
        if self.place is None or self.place[0] is not there:
            draw = Draw(POOLS[1], self.roles, self.network, dict(there.values), until=self.until)
            self.place = there, Judge(self.network, Point(there.sizes), draw)
        return self.place[1].look(e)

    def outcomes(self) -> Iterator[Outcome]:
        """Points in ascending order of sizes, then again with other numbers; with few sizes more
        numbers."""
        small = list(islice(instances(self.roles, self.known), MOST_INSTANCES))
        turns = [(0, 0, 1), (0, 2, 3), (0, GENERIC_POOL)]
        if len(small) < GENERIC:
            turns += [(3 * k, 1, 3, GENERIC_POOL) for k in range(1, 6)]
        for start, *pools in turns:
            for k, sizes in enumerate(small):
                for pool in pools:
                    if now() > self.until:
                        return
                    # each name meets numbers of both signs
                    yield self.at(sizes, pool, start=start + (7 * k if pool else 0))

    def beside_numbers(self) -> Iterator[dict[str, int]]:
        """Instances at and beside the numbers that the formulas mention: [n = 7]."""
        stated = {
            int(x.value) + k
            for e in (self.left, self.right)
            for x in walk(e)
            if isinstance(x, Num) and x.value.denominator == 1 and LEVELS <= abs(x.value) + 1 < 100
            for k in (-1, 0, 1)
        } | set(range(-2, LEVELS + 2))
        bases = (instances(self.roles, self.known), spots(self.roles, self.known))
        for base in (b for found in bases for b in islice(found, 1)):
            for name, v in product(base, sorted(stated, key=abs)):
                at = {**base, name: v}
                if fits(at, self.known):
                    yield at

    def at_equations(self) -> Iterator[dict[str, int]]:
        """Instances at which a comparison of sizes and indices holds, [t = m - t + 1]: few of all
        instances do."""
        rels = {
            x: None
            for e in (self.left, self.right)
            for x in walk(e)
            if isinstance(x, Rel) and free_names(x) and free_names(x) <= self.roles.integers
        }
        for rel in islice(rels, MOST_EQUATIONS):
            more = conditions(rel)
            if more:
                yield from islice(instances(self.roles, (*self.known, *more)), EACH)

    def difference(self) -> tuple[Outcome | None, list[Outcome]]:
        """The first point at which the two differ, and the usable ones before it."""
        usable: list[Outcome] = []
        signs: dict[tuple[Expr, int], set[bool]] = {}
        tied: dict[tuple[tuple[str, int], ...], None] = {}
        for outcome in self.outcomes():
            if outcome.usable:
                if outcome.differ:
                    return outcome, usable
                usable.append(outcome)
                for (e, k, _), gap in outcome.met.items():
                    signs.setdefault((e, k), set()).add(gap > 0)
            elif outcome.differ:
                tied.setdefault(tuple(outcome.sizes.items()))
            if enough(usable) and all(len(seen) == 2 for seen in signs.values()):
                break
        for outcome in self.beside(tied):
            if outcome.usable and outcome.differ:
                return outcome, usable
        return None, usable

    def beside(self, tied: Iterable[tuple[tuple[str, int], ...]]) -> Iterator[Outcome]:
        """Points at and beside the numbers that the formulas mention, then where they differed at
        a tie; a tie that is always there, min(y_0, y_0), is none at numbers in general position."""
        more = chain(islice(self.beside_numbers(), MOST_BESIDE), self.at_equations())
        for k, sizes in enumerate(more):
            for pool in (1, 3):
                if now() > self.until:
                    return
                outcome = self.at(sizes, pool, start=7 * k)
                yield outcome
                if outcome.differ and not outcome.usable:
                    yield self.at(sizes, GENERIC_POOL)
        for there in islice(tied, GENERIC):
            yield self.at(dict(there), GENERIC_POOL)

    def spot(self) -> Outcome | None:
        """A difference at a few points with unequal sizes: none if the two are equal."""
        for sizes, pool in zip(spots(self.roles, self.known), (1, 2), strict=False):
            outcome = self.at(sizes, pool)
            if outcome.usable and outcome.differ:
                return outcome
        return None


@dataclass(frozen=True)
class Looked:
    """Ties of a pair at points: how many were looked at, what is compared and was never tied,
    and the first tie at which the two differ."""

    ties: int
    unseen: tuple[Expr, ...]
    apart: tuple[Expr, Outcome] | None
    beyond: Outcome | None = None
    """A point on the other side of a tie at which the two differ."""


def look_at_ties(trial: Trial, most: int = 400) -> Looked:
    """Values moved until a comparison ties: a compared difference that is linear in a value is
    solved for it."""
    count, tries = 0, 0
    seen: dict[Expr, bool] = {}
    for sizes in islice(instances(trial.roles, trial.known), 8):
        base = trial.at(sizes, 1)
        for which, gap in base.met.items():
            seen.setdefault(which[0], False)
            for ref, v in base.values.items():
                tries += 1
                if tries > most or now() > trial.until:
                    return Looked(count, tuple(e for e, s in seen.items() if not s), None)
                found = _root(trial, sizes, which, gap, ref, v)
                if found is None:
                    continue
                root, beyond = found
                if beyond.usable and beyond.differ:
                    return Looked(count, (), None, beyond)
                seen[which[0]] = True
                count += 1
                if root.differ:
                    return Looked(count, (), (which[0], root))
    return Looked(count, tuple(e for e, s in seen.items() if not s), None)


def _root(
    trial: Trial, sizes: Mapping[str, int], which: Met, gap: Number, ref: Ref, v: Number
) -> tuple[Outcome, Outcome] | None:
    """The point at which a compared difference is 0, if one step of the secant finds it, and one
    as far beyond it."""
    if not isinstance(gap, Fraction) or not isinstance(v, Fraction):
        return None
    if ref.name in trial.roles.labels:
        return None

    def moved(to: Fraction) -> Outcome:
        def fix(judge: Judge, draw: Draw) -> None:
            draw.fixed[ref] = to

        return trial.at(sizes, 1, fix)

    beside = moved(v + 1).met.get(which)
    if not isinstance(beside, Fraction) or beside == gap:
        return None
    step = gap / (beside - gap)
    found = moved(v - step)
    return (found, moved(v - 2 * step)) if found.met.get(which) == 0 else None


def enough(usable: Sequence[Outcome]) -> bool:
    """Do the points go far: many, and sizes of which one is at least 3 and no two are equal?"""
    return len(usable) >= 80 and len({tuple(o.sizes.items()) for o in usable}) >= 40


def instances(roles: Roles, known: Iterable[Condition]) -> Iterator[dict[str, int]]:
    """Values of sizes and indices, the largest size ascending."""
    conds = tuple(known)
    for level in range(1, LEVELS + 1):
        every = product(range(1, level + 1), repeat=len(roles.sizes))
        tuples = sorted((t for t in every if max(t, default=level) == level), key=_small)
        for t in tuples:
            sizes = dict(zip(roles.sizes, t, strict=True))
            near = islice(roles.places(sizes, level), MOST_PLACES)
            yield from islice((at for at in near if fits(at, conds)), 8)
        if not roles.sizes and level > 2:
            return


def _small(t: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    """The first size of the first formula is the larger one: a term is missing, not too many."""
    return sum(t), tuple(-v for v in t)


def spots(roles: Roles, known: Iterable[Condition]) -> Iterator[dict[str, int]]:
    """A few instances with sizes that differ from one another."""
    conds = tuple(known)
    for base in ((3, 2, 4, 5, 6, 7, 8, 9), (2, 3, 4, 6, 5, 8, 7, 9)):
        sizes = dict(zip(roles.sizes, (base * 4)[: len(roles.sizes)], strict=True))
        yield from islice((at for at in roles.places(sizes, 3) if fits(at, conds)), 1)


def fits(at: Mapping[str, int], conds: Iterable[Condition]) -> bool:
    """Do the sizes satisfy the conditions among them?"""
    for c in conds:
        if c.form.by.keys() <= at.keys():
            value = c.form.constant + sum(k * at[n] for n, k in c.form.coefficients)
            if value < 0 or (c.equality and value):
                return False
    return True
