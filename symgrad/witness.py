r"""A second witness: what was derived, held against the oracle before it is shown.

The oracle unrolls the network at a few small sizes and differentiates numbers; it shares no rule
with the sweep. A disagreement is a fault of symgrad and stops the run: no sheet is better than a
wrong one.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import chain, islice, permutations, product
from math import prod

from symgrad.affine import Condition, factors, shift
from symgrad.dual import SETTLED, Number, Ties, Undefined, precision, to_decimal
from symgrad.errors import ExamError, NetworkError, SymgradError
from symgrad.evaluate import Point, Unrolled, value
from symgrad.expr import Add, Expr, Neg, Partial, Reduce, Ref, children, free_names, num, walk
from symgrad.index import Index
from symgrad.latex import latex
from symgrad.network import Network
from symgrad.rewrite import Derivation

TOLERANCE = Decimal("1e-35")
MORE = (200, 800)
"""Digits of a second and a third look where fifty do not agree."""
MOST_EQUATIONS = 60
"""A larger network is not unrolled for a check."""
MOST_WORK = 20_000
"""Terms that are written out at all."""
MOST_POINTS = 6
"""Entries looked at, first and last ones among them."""
LEAST_POINTS = 3
DEAR = 6_000
"""Terms that are written out for all the entries together; more only for the least points."""
MOST_TRIED = 5_000
"""Choices of sizes looked at where facts tie them to one another."""
SIZES = (3, 2, 4, 5)
SMALL = (3, 2, 4, 1)
CHEAP = 3_000
"""Terms of a network at sizes that need no cheaper ones."""
ROUNDS = 3
"""How often leaves are moved until all that is given holds."""
GREATEST = 25
"""No number that is drawn is as great."""
MOST_WEIGHED = 60
"""Choices of sizes whose cost is looked at."""


@dataclass(frozen=True)
class Held:
    """Entries at which a formula is what the oracle says, and the sizes of the instances."""

    entries: int = 0
    sizes: tuple[Mapping[str, int], ...] = ()


def close(a: Number, b: Number) -> bool:
    """Equal if both are rational, else to 35 digits.

    >>> close(Fraction(1, 3), Fraction(2, 6)), close(Fraction(1, 3), Fraction(1, 2))
    (True, False)
    """
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a == b
    with precision(50):
        x, y = to_decimal(a), to_decimal(b)
        return abs(x - y) <= TOLERANCE * max(Decimal(1), abs(x), abs(y))


def confirm(network: Network, of: Ref, by: Ref, found: Number, point: Point) -> None:
    """The gradient at given values is what the oracle says.

    At a tie the strict convention has no answer: an ExamError asks for another one. The oracle
    knows what the others say of a maximum, and nothing of a condition at its edge.
    """
    try:
        expected = Unrolled(network, point).derivative(of, by)
    except Ties as tie:
        if network.ties in ("strict", *SETTLED):
            raise tied_values(tie) from None
        return
    except SymgradError:
        return
    if network.ties in SETTLED and not close(found, expected):
        raise tied_values(Ties("found compared values that are equal"))
    disagree(of, by, found, expected, point.sizes)


def tied_values(tie: Ties) -> ExamError:
    """At a tie of numbers a convention says who wins."""
    return ExamError(
        f"{tie.message.split(',')[0]} at the given values, expected values that differ",
        hint="change the values, or choose a convention in the front matter: "
        "ties: ge, ties: first or ties: split",
    )


def disagree(of: Ref, by: Ref, found: Number, expected: Number, at: Mapping[str, int]) -> None:
    """Stop if the two witnesses disagree."""
    if not close(found, expected):
        raise AssertionError(
            f"the gradient of {latex(of)} by {latex(by)} is derived as {found}, "
            f"the oracle says {expected}, at {dict(at)}"
        )


def confirm_formula(network: Network, derivation: Derivation) -> Held:
    """A derived formula is what the oracle says, at a few small sizes, at every kind of entry; the
    entries where it was, and their sizes.

    So are the gradients that it leaves named, by their own formulas: each is evaluated with the
    oracle's gradients for the names in it.
    """
    if len(network.equations) > MOST_EQUATIONS:
        return Held()
    seen: Counter[str] = Counter()
    at: list[Mapping[str, int]] = []
    most = 2 if len(network.sizes) <= len(SIZES) else 3
    for sizes in affordable(network, most):
        if work(network, sizes) > MOST_WORK:
            continue
        for small in (False, True):
            leaves = Leaves(network, sizes, small=small)
            if not leaves.meet():
                if uses_totals(derivation):
                    raise contradiction(network)
                leaves.moved.clear()
            found = looked_at(network, derivation, leaves)
            if found["own"] or not small:
                seen += found
            if found["own"]:
                at.append(sizes)
                break
            if not found["none"]:
                break
    if seen["pole"] and set(+seen) <= {"pole", "none"}:
        raise NetworkError(
            f"found {latex(derivation.answer)} for {latex(derivation.goal)}, which has no value "
            "at any point that was tried: a division by 0",
            hint="leave out the terms that do not move, such as \\sqrt{(x_i - x_j)^2} at i = j",
        )
    return Held(seen["own"], tuple(at))


def looked_at(network: Network, derivation: Derivation, leaves: Leaves) -> Counter[str]:
    """How many entries are what the oracle says, `own` of those of the derivation itself; where it
    has no value, `pole` if the quantity has one there."""
    seen: Counter[str] = Counter()
    sizes = leaves.sizes
    judge = Unrolled(network, Point(sizes), leaves)
    points = min(MOST_POINTS, max(LEAST_POINTS, DEAR // (1 + work(network, sizes))))
    claims = [(d, e) for d in told(derivation) for e in formulas(d)]
    for d, e in claims:
        wanted = free_names(d.goal) - {i.name for i in d.indices}
        outer = (i for i in derivation.indices if i.name in wanted)
        indices = (*d.indices, *outer)
        for put in entries(indices, sizes, points):
            try:
                finer = (Unrolled(network, Point(sizes), leaves, digits=n) for n in MORE)
                agree(chain((judge,), finer), d.goal, e, put, sizes)
            except Undefined:
                pole = d is derivation and has_value(judge, d.goal.of, put)
                seen["pole" if pole else ""] += 1
                seen["none"] += 1
            except SymgradError:
                seen[""] += 1  # a tie, or an outer equation that does not fit these sizes
            else:
                seen["fine"] += 1
                seen["own"] += d is derivation
    return +seen


def has_value(judge: Unrolled, of: Expr, put: Mapping[str, Expr]) -> bool:
    """Has the quantity itself a value?"""
    try:
        judge.value(shift(of, put))
    except SymgradError:
        return False
    return True


def uses_totals(derivation: Derivation) -> bool:
    """Does the derivation, or one that it builds on, use what is given of sums?"""
    waiting, seen = [derivation], set[Expr]()
    while waiting:
        d = waiting.pop()
        if any(s.rule == "given-sum" for s in d.steps):
            return True
        seen.add(d.goal)
        waiting += (u for u in d.upstream if u.goal not in seen)
    return False


def contradiction(network: Network) -> NetworkError:
    """No values were found of which all that is given holds."""
    shown = ", ".join(f"{latex(t.sum)} = {latex(t.value)}" for t in network.totals)
    return NetworkError(
        f"found {shown}, expected equations that some values satisfy together",
        hint="drop one of them, or state them of other tensors",
    )


def told(derivation: Derivation) -> list[Derivation]:
    """The derivation, and those of the gradients that it, and they, leave named."""
    found = {derivation.goal: derivation}
    known: dict[Expr, Derivation] = {}
    waiting = [derivation]
    while waiting:
        d = waiting.pop()
        known |= {u.goal: u for u in d.upstream}
        if any(isinstance(x, Partial) for e in formulas(d) for x in walk(e)):
            new = [u for u in known.values() if u.goal not in found]
            found |= {u.goal: u for u in new}
            waiting += new
    return list(found.values())


def formulas(d: Derivation) -> list[Expr]:
    """The formulas that a sheet shows for a goal: before and after a recursion is unrolled."""
    return [d.answer, *(s.before for s in d.steps if s.rule == "unroll")]


def sides(
    judge: Unrolled, goal: Partial, formula: Expr, put: Mapping[str, Expr]
) -> tuple[Number, Number]:
    """The values of formula and oracle at one entry."""
    of, by = shift(goal.of, put), shift(goal.by, put)
    assert isinstance(of, Ref)
    assert isinstance(by, Ref)
    return judge.value(shift(formula, put)), judge.derivative(of, by)


def agree(
    judges: Iterable[Unrolled],
    goal: Partial,
    formula: Expr,
    put: Mapping[str, Expr],
    sizes: Mapping[str, int],
) -> None:
    """Formula and oracle at one entry, with ever more digits until they agree: what cancels, as in
    1 - σ(300), takes the first ones with it."""
    found: Number = Fraction(0)
    expected: Number = Fraction(0)
    for judge in judges:
        found, expected = sides(judge, goal, formula, put)
        if close(found, expected):
            return
    of, by = shift(goal.of, put), shift(goal.by, put)
    assert isinstance(of, Ref)
    assert isinstance(by, Ref)
    disagree(of, by, found, expected, sizes)


def affordable(network: Network, most: int) -> list[dict[str, int]]:
    """The first so many instances that cost little to write out, no size 1 in two of them; where
    there are none, the cheapest."""
    found: list[dict[str, int]] = []
    spare: list[tuple[int, dict[str, int]]] = []
    for sizes in islice(instances(network), MOST_WEIGHED):
        cost = max(CHEAP, work(network, sizes))
        seen = {n for f in found for n, size in f.items() if size == 1}
        if cost > CHEAP or any(sizes[n] == 1 for n in seen):
            spare.append((cost, sizes))
        else:
            found.append(sizes)
        if len(found) == most:
            return found
    spare.sort(key=lambda x: x[0])
    return [*found, *(sizes for _, sizes in spare)][:most]


def work(network: Network, sizes: Mapping[str, int]) -> int:
    """About how many terms the network has at these sizes, all of its entries written out."""

    def length(lo: Expr | None, hi: Expr | None, at: Mapping[str, int]) -> int:
        if lo is None or hi is None:
            return 1
        try:
            first, last = (int(value(e, Point(at))) for e in (lo, hi))
        except SymgradError:
            return 1
        return max(0, last - first + 1)

    def terms(e: Expr, at: Mapping[str, int]) -> int:
        times = 1
        if isinstance(e, Reduce):
            for b in e.bounds:
                times *= length(b.lo, b.hi, at)
                at = {**at, b.name: 1}
            return times * terms(e.body, at)
        return 1 if isinstance(e, Ref) else sum(terms(k, at) for k in children(e))

    total = 0
    for eq in network.equations:
        at = {**sizes, **{i.name: 1 for i in eq.indices}}
        total += prod(length(i.range.lo, i.range.hi, at) for i in eq.indices) * terms(eq.body, at)
    return total


def instances(network: Network) -> Iterator[dict[str, int]]:
    """Small sizes that satisfy the facts, different ones for different symbols."""
    names = sorted(network.sizes)
    every = islice(product((2, 1, 3, *SIZES[2:]), repeat=len(names)), MOST_TRIED)
    for drawn_sizes in dict.fromkeys(chain(islice(drawings(len(names)), MOST_WEIGHED), every)):
        sizes = dict(zip(names, drawn_sizes, strict=True))
        if all(_holds(c, sizes) for c in network.facts.known):
            yield sizes


def drawings(count: int) -> Iterator[tuple[int, ...]]:
    """Sizes for so many symbols: all different ones for a few, then small ones; for many, small
    ones alone, since their product is the work, any two symbols different in one of the drawings.

    >>> [d[:3] for d in islice(drawings(6), 3)]
    [(2, 3, 2), (2, 2, 3), (2, 2, 2)]
    """
    if count <= len(SIZES):
        yield from permutations(SIZES, count)
        mixed = sorted(product((2, 3), repeat=count), key=lambda d: abs(2 * sum(d) - 5 * count))
        yield from chain.from_iterable(zip(permutations(SMALL, count), mixed, strict=False))
        return
    least = 2 if count <= 6 else 1
    bits = range((count - 1).bit_length())
    yield from (tuple(least + (k >> bit & 1) for k in range(count)) for bit in bits)
    for size in (2, 3):
        yield from ((size,) * count, tuple(size + k % 2 for k in range(count)))
    yield from permutations(range(3, 3 + count))


def _holds(c: Condition, sizes: Mapping[str, int]) -> bool:
    value = c.form.constant + sum(
        k * prod(sizes.get(f, 0) for f in factors(n)) for n, k in c.form.coefficients
    )
    return value == 0 if c.equality else value >= 0


def entries(
    indices: tuple[Index, ...], sizes: Mapping[str, int], most: int = MOST_POINTS
) -> list[dict[str, Expr]]:
    """Values of the free indices: both ends and what lies between, as far as there is room."""
    every = list(_corners(indices, dict(sizes)))
    step = max(1, len(every) // most)
    chosen = dict.fromkeys((*every[::step], *every[-1:]))
    return [dict(zip((i.name for i in indices), map(num, v), strict=True)) for v in chosen]


def _corners(indices: tuple[Index, ...], known: dict[str, int]) -> Iterator[tuple[int, ...]]:
    """Values near the ends of each range; a later range may lean on an earlier index."""
    if not indices:
        yield ()
        return
    first, rest = indices[0], indices[1:]
    point = Point(known)
    lo, hi = int(value(first.range.lo, point)), int(value(first.range.hi, point))
    near = {lo, hi, *range(lo, min(hi, lo + 2) + 1), hi - 1} & set(range(lo, hi + 1))
    for k in sorted(near):
        for others in _corners(rest, {**known, first.name: k}):
            yield (k, *others)


@dataclass
class Leaves:
    """The values of leaves at some sizes, moved until what is given of their sums holds."""

    network: Network
    sizes: Mapping[str, int]
    moved: dict[Ref, Number] = field(default_factory=dict)
    asked: dict[Ref, None] = field(default_factory=dict)
    draw: int = 0
    """Which of several choices of values."""
    small: bool = False
    """Are the values between 0 and 1, where logarithms have values?"""

    def __call__(self, ref: Ref) -> Number:
        """The value of a leaf."""
        self.asked[ref] = None
        if ref in self.moved:
            return self.moved[ref]
        found = leaf(self.network, self.sizes, ref, self.draw)
        if self.small and isinstance(found, Fraction) and ref.name not in self.network.labels:
            return abs(found) / GREATEST
        return found

    def meet(self) -> bool:
        """Do the values satisfy what is given, once some are moved?"""
        for _ in range(ROUNDS):
            broken = [gap for gap in self.gaps() if self.value(gap)]
            if not broken:
                return True
            if not all(map(self.close, broken)):
                return False
        return False

    def gaps(self) -> Iterator[Expr]:
        """What is given, left side minus right side, at every value of its letters."""
        for t in self.network.totals:
            spans = []
            for i in t.indices:
                lo, hi = (int(value(e, Point(self.sizes))) for e in (i.range.lo, i.range.hi))
                spans.append(range(lo, hi + 1))
            for at in product(*spans):
                put = {i.name: num(k) for i, k in zip(t.indices, at, strict=True)}
                yield shift(Add((t.sum, Neg(t.value))), put)

    def value(self, e: Expr) -> Number:
        """The value of a formula of leaves."""
        self.asked.clear()
        return value(e, Point(self.sizes), self)

    def close(self, gap: Expr) -> bool:
        """Move the last leaf that a gap reads so that it is 0, if it is linear in that leaf."""
        before = self.value(gap)
        last = next(reversed(self.asked), None)
        if not before or last is None:
            return not before
        held = self(last)
        self.moved[last] = held + 1
        slope = self.value(gap) - before  # type: ignore[operator]
        self.moved[last] = held - before / slope if slope else held  # type: ignore[operator]
        return bool(slope)


def leaf(network: Network, sizes: Mapping[str, int], ref: Ref, draw: int = 0) -> Number:
    """The value of a leaf; of a label, one of those that are stated for it."""
    values = network.labels.get(ref.name)
    if values is None:
        return drawn(ref, draw)
    lo, hi = (int(value(e, Point(sizes))) for e in (values.lo, values.hi))
    return Fraction(_random(ref, draw).randint(lo, hi))


def _random(ref: Ref, draw: int) -> random.Random:
    return random.Random(latex(ref) + "'" * draw)


def drawn(ref: Ref, draw: int = 0) -> Number:
    """A number in general position for a leaf, always the same for the same leaf and draw."""
    rng = _random(ref, draw)
    below = rng.choice([17, 19, 23, 29])
    return Fraction(rng.randint(3, 16 * GREATEST), below) * rng.choice([1, 1, -1])
