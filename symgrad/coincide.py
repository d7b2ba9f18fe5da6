r"""Quantities that are compared and are always the same: max(x_i, x_j) at i = j.

A tie of numbers says nothing of a formula. One that is there at numbers in general position is no
tie of numbers: the two are one quantity there, and what each of them is told to win is lost, or
counted twice. The first of equals then wins, which is right whatever the two are: where they are
one quantity they move alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from symgrad.affine import shift
from symgrad.derive import Sweep
from symgrad.dual import Ties
from symgrad.errors import SymgradError
from symgrad.evaluate import Point, Unrolled, value
from symgrad.expr import Call, Expr, Reduce, Ref, walk
from symgrad.network import Network
from symgrad.witness import Leaves, affordable, entries, work

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
    if network.ties in ("strict", "ge") and contends(network) and coincide(network, of, by):
        return replace(network, ties="once" if entries_alone(network) else "first")
    return network


def entries_alone(network: Network) -> bool:
    """Are the names that are compared by themselves entries of leaves, which are the same where
    their indices are?"""
    calls = (x for eq in network.equations for x in walk(eq.body) if _looks(x))
    compared = (a for x in calls if isinstance(x, Call) for a in x.args)
    return not any(isinstance(a, Ref) and a.name in network.by_name for a in compared)


def contends(network: Network) -> bool:
    """Does an equation look for the greatest or least of several?"""
    return any(_looks(x) for eq in network.equations for x in walk(eq.body))


def _looks(x: Expr) -> bool:
    if isinstance(x, Reduce):
        return x.op in ("max", "min")
    return isinstance(x, Call) and x.fn in ("max", "min", "relu", "abs")


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
    for sizes in places(network):
        for draw in range(DRAWN if work(network, sizes) <= DEAR else DRAWN // 4):
            leaves = Leaves(network, sizes, draw=draw)
            leaves.meet()
            judge = Unrolled(strict, Point(sizes), leaves)
            for put in entries(letters, sizes):
                ends = shift(of, put), shift(by, put)
                try:
                    judge.derivative(*ends)  # type: ignore[arg-type]
                except Ties:
                    return True
                except SymgradError:
                    continue
    return False
