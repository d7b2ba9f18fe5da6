r"""A second witness: what was derived, held against the oracle before it is shown.

The oracle unrolls the network at a few small sizes and differentiates numbers; it shares no rule
with the sweep. A disagreement is a fault of symgrad and stops the run: no sheet is better than a
wrong one.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import chain, islice, permutations, product
from math import prod

from symgrad.affine import Condition, factors, shift
from symgrad.dual import Number, Ties, precision, to_decimal
from symgrad.errors import ExamError, SymgradError
from symgrad.evaluate import Point, Unrolled, value
from symgrad.expr import Expr, Partial, Ref, num, walk
from symgrad.index import Index
from symgrad.latex import latex
from symgrad.network import Network
from symgrad.rewrite import Derivation

TOLERANCE = Decimal("1e-35")
MOST_EQUATIONS = 60
"""A larger network is not unrolled for a check."""
MOST_POINTS = 6
"""Entries looked at, first and last ones among them."""
MOST_TRIED = 5_000
"""Choices of sizes looked at where facts tie them to one another."""
SIZES = (3, 2, 4, 5)
SMALL = (2, 3, 1)


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

    At a tie the strict convention has no answer: an ExamError asks for another one. The other
    conventions are definitions there, which the oracle does not know.
    """
    try:
        expected = Unrolled(network, point).derivative(of, by)
    except Ties as tie:
        if network.ties == "strict":
            raise ExamError(
                f"{tie.message} at the given values, expected a maximum attained once",
                hint="change the values, or choose a convention in the front matter: "
                "ties: ge, ties: first or ties: split",
            ) from None
        return
    except SymgradError:
        return
    disagree(of, by, found, expected, point.sizes)


def disagree(of: Ref, by: Ref, found: Number, expected: Number, at: Mapping[str, int]) -> None:
    """Stop if the two witnesses disagree."""
    if not close(found, expected):
        raise AssertionError(
            f"the gradient of {latex(of)} by {latex(by)} is derived as {found}, "
            f"the oracle says {expected}, at {dict(at)}"
        )


def confirm_formula(network: Network, derivation: Derivation) -> None:
    """A derived formula is what the oracle says, at a few small sizes, at every kind of entry."""
    if len(network.equations) > MOST_EQUATIONS:
        return
    if any(isinstance(x, Partial) for x in walk(derivation.answer)):
        return
    for sizes in islice(instances(network), 2):
        judge = Unrolled(network, Point(sizes), drawn)
        for put in entries(derivation.indices, sizes):
            try:
                agree(judge, derivation, put, sizes)
            except SymgradError:
                continue  # a tie, a pole, or an outer equation that does not fit these sizes


def agree(
    judge: Unrolled, derivation: Derivation, put: Mapping[str, Expr], sizes: Mapping[str, int]
) -> None:
    """Formula and oracle at one entry."""
    of, by = shift(derivation.goal.of, put), shift(derivation.goal.by, put)
    assert isinstance(of, Ref)
    assert isinstance(by, Ref)
    found = judge.value(shift(derivation.answer, put))
    disagree(of, by, found, judge.derivative(of, by), sizes)


def instances(network: Network) -> Iterator[dict[str, int]]:
    """Small sizes that satisfy the facts, different ones for different symbols as far as there
    are few: the work grows with the product of all."""
    names = sorted(network.sizes)
    few = len(names) <= len(SIZES)
    turns = ([SMALL[(k + turn) % 3] for k in range(len(names))] for turn in range(3))
    apart = islice(permutations(SIZES, len(names)), 40) if few else turns
    every = islice(product((2, 1, 3, 4, 5), repeat=len(names)), MOST_TRIED)
    for drawn_sizes in chain(apart, every):
        sizes = dict(zip(names, drawn_sizes, strict=True))
        if all(_holds(c, sizes) for c in network.facts.known):
            yield sizes


def _holds(c: Condition, sizes: Mapping[str, int]) -> bool:
    value = c.form.constant + sum(
        k * prod(sizes.get(f, 0) for f in factors(n)) for n, k in c.form.coefficients
    )
    return value == 0 if c.equality else value >= 0


def entries(indices: tuple[Index, ...], sizes: Mapping[str, int]) -> list[dict[str, Expr]]:
    """Values of the free indices: both ends and what lies between, as far as there is room."""
    point = Point(sizes)
    spans = []
    for i in indices:
        lo, hi = int(value(i.range.lo, point)), int(value(i.range.hi, point))
        spans.append(
            sorted({lo, hi, *range(lo, min(hi, lo + 2) + 1), hi - 1} & set(range(lo, hi + 1)))
        )
    every = list(product(*spans))
    step = max(1, len(every) // MOST_POINTS)
    chosen = dict.fromkeys((*every[::step], *every[-1:]))
    return [dict(zip((i.name for i in indices), map(num, v), strict=True)) for v in chosen]


def drawn(ref: Ref) -> Number:
    """A number in general position for a leaf, always the same for the same leaf."""
    rng = random.Random(latex(ref))
    return Fraction(rng.randint(3, 400), rng.choice([17, 19, 23, 29])) * rng.choice([1, 1, -1])
