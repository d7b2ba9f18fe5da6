r"""Quantities that are compared and are always the same: max(x_i, x_j) at i = j.

A tie of numbers says nothing of a formula. One that is there at numbers in general position is no
tie of numbers: the two are one quantity there, and what each of them is told to win is lost, or
counted twice. The first of equals then wins, which is right whatever the two are: where they are
one quantity they move alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import chain

from symgrad.affine import shift
from symgrad.derive import Sweep
from symgrad.dual import Dual, Ties
from symgrad.equation import Equation
from symgrad.errors import SymgradError
from symgrad.evaluate import Point, Unrolled, value
from symgrad.expr import Call, Expr, Num, Reduce, Ref, walk
from symgrad.interpret import Interpreter
from symgrad.network import Network
from symgrad.subscript import Env
from symgrad.witness import MOST_WORK, Leaves, affordable, entries, work

DRAWN = 12
"""Draws of numbers: |x| and x are one quantity at some of them only."""
DEAR = 100
"""Terms of a network at sizes that are drawn a few times only."""
MOST = 2
"""Choices of sizes for each."""


def unique(network: Network, of: Ref, by: Ref) -> Network:
    r"""The network whose ties are settled so that ∂of/∂by has one formula.

    >>> from symgrad.equation import Equation
    >>> L = Equation(Ref("L"), (), Call("max", (Ref("x"), Call("abs", (Ref("x"),)))))
    >>> unique(Network((L,)), Ref("L"), Ref("x")).ties
    'once'
    """
    if network.ties in ("strict", "ge") and known(network) and coincide(network, of, by):
        return replace(network, ties="once" if entries_alone(network) else "alike")
    return network


def known(network: Network) -> bool:
    """The same as `tied`, asked once for the many gradients of one network."""
    if not _last or _last[0][0] is not network:
        _last[:] = [(network, tied(network))]
    return _last[0][1]


_last: list[tuple[Network, bool]] = []


def entries_alone(network: Network) -> bool:
    """Are the names that are compared by themselves entries of leaves, which are the same where
    their indices are?"""
    calls = (x for eq in network.equations for x in walk(eq.body) if _looks(x))
    compared = (a for x in calls if isinstance(x, Call) for a in x.args)
    return not any(isinstance(a, Ref) and a.name in network.by_name for a in compared)


def contends(eq: Equation) -> bool:
    """Does an equation look for the greatest or least of several quantities? What ties with a
    number, and always does, does not move."""
    return any(_looks(x) for x in walk(eq.body))


def _looks(x: Expr) -> bool:
    if isinstance(x, Reduce):
        return x.op in ("max", "min")
    several = isinstance(x, Call) and x.fn in ("max", "min")
    return several and sum(not isinstance(a, Num) for a in x.args) > 1  # type: ignore[attr-defined]


class Watch(Interpreter):
    """Sees whether two of the numbers of which the greatest is taken are the same."""

    tied = False

    def contended(
        self, e: Call | Reduce, names: frozenset[str], env: Env, found: list[Dual]
    ) -> None:
        """Two equal numbers."""
        seen = [d.value for d in found]
        self.tied = self.tied or len(set(seen)) < len(seen)


class Watched(Unrolled):
    """The network at one point, watched."""

    def __init__(self, network: Network, point: Point, leaves: Leaves) -> None:
        super().__init__(network, point, leaves)
        self.watch = Watch(self._read, self._partial, "first", point.sizes, pretend=True)
        self._formula = self.watch

    def ties(self, names: Iterable[str]) -> bool:
        """Is there a tie in an entry of these tensors?"""
        for entry in chain.from_iterable(map(self._all_entries, names)):
            with suppress(SymgradError):
                self.value(entry)
            if self.watch.tied:
                return True
        return False


def tied(network: Network) -> bool:
    """Does any tie show at numbers in general position?"""
    found = dict.fromkeys(eq.target.name for eq in network.equations if contends(eq))
    return bool(found) and any(
        Watched(network, Point(leaves.sizes), leaves).ties(found) for leaves in drawings(network)
    )


def drawings(network: Network) -> Iterator[Leaves]:
    """Small sizes, and numbers there."""
    for sizes in places(network):
        if work(network, sizes) > MOST_WORK:
            continue
        for draw in range(DRAWN if work(network, sizes) <= DEAR else DRAWN // 4):
            leaves = Leaves(network, sizes, draw=draw)
            leaves.meet()
            yield leaves


def places(network: Network) -> Iterator[dict[str, int]]:
    """Small sizes, and there every value of a label that is a name of its own."""
    found = affordable(network, MOST)
    yield from found
    for base in found[:1]:
        for name in sorted(network.sizes & network.labels.keys()):
            r = network.labels[name]
            lo, hi = (int(value(e, Point(base))) for e in (r.lo, r.hi))
            yield from ({**base, name: k} for k in range(lo, hi + 1))


def coincide(network: Network, of: Ref, by: Ref) -> bool:
    """Do compared quantities tie at numbers in general position, and move with `by`?"""
    strict = replace(network, ties="strict")
    sweep = Sweep(strict, of)
    letters = tuple(dict.fromkeys((*sweep.indices(by), *sweep.indices(of))))
    for leaves in drawings(network):
        judge = Unrolled(strict, Point(leaves.sizes), leaves)
        for put in entries(letters, leaves.sizes):
            ends = shift(of, put), shift(by, put)
            try:
                judge.derivative(*ends)  # type: ignore[arg-type]
            except Ties:
                return True
            except SymgradError:
                continue
    return False
