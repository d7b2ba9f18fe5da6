"""Recurrences of symbolic length: every gradient against the network unrolled at each length."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from judge import name, network

from symgrad.affine import shift
from symgrad.derive import Sweep
from symgrad.errors import NetworkError
from symgrad.evaluate import Number, Point, Unrolled
from symgrad.expr import Partial, Ref, walk
from symgrad.latex import latex
from symgrad.rewrite import Derivation
from symgrad.witness import close, entries

STEPS = r"\quad t = 1, \dots, T"
CASES = {
    "linear, a loss at every step": (
        rf"h_t = a h_{{t-1}} + b x_t, {STEPS}, \quad L = \sum_{{t=1}}^{{T}} (h_t - y_t)^2",
        ["h_t", "a", "b", "x_t", "h_0", "y_t"],
    ),
    "linear, a loss at the end": (
        rf"h_t = a h_{{t-1}} + x_t, {STEPS}, \quad L = \tfrac12 (h_T - y)^2",
        ["h_t", "a", "x_t", "h_0"],
    ),
    "a coefficient for each step": (
        rf"h_t = a_t h_{{t-1}} + x_t, {STEPS}, \quad L = \tfrac12 (h_T - y)^2",
        ["h_t", "a_t", "x_t"],
    ),
    "squares": (
        rf"h_t = w h_{{t-1}}^2 + u x_t, {STEPS}, \quad L = \sum_{{t=1}}^{{T}} h_t y_t",
        ["h_t", "w", "u", "x_t", "h_0"],
    ),
    "two states back": (
        rf"h_t = a h_{{t-1}} + b h_{{t-2}} + x_t, {STEPS}, \quad L = \sum_{{t=1}}^{{T}} h_t y_t",
        ["h_t", "a", "b", "x_t"],
    ),
    "vectors": (
        r"h_{t,i} = \sum_{j=1}^{H} W_{ij} h_{t-1,j} + x_{t,i}, "
        rf"{STEPS}, \quad i = 1, \dots, H, \quad L = \sum_{{i=1}}^{{H}} h_{{T,i}} y_i",
        ["h_{t,i}", "W_{ij}", "x_{t,i}"],
    ),
    "two tensors": (
        rf"z_t = a h_{{t-1}} + x_t, \quad h_t = z_t^2, {STEPS}, \quad L = \sum_{{t=1}}^{{T}} h_t",
        ["z_t", "h_t", "a", "x_t"],
    ),
}


def number(ref: Ref) -> Number:
    """A number for an entry, another one for each."""
    return Fraction(random.Random(latex(ref)).randint(2, 99), 37)


def faults(found: Derivation, text: str, sizes: dict[str, int]) -> list[str]:
    """Entries at which a formula is not what the unrolled network says."""
    net = network(text)
    judge = Unrolled(net, Point(sizes), number)
    out = []
    for put in entries(found.indices, sizes):
        by = shift(found.goal.by, put)
        assert isinstance(by, Ref)
        for e in (found.answer, *(s.before for s in found.steps if s.rule == "unroll")):
            a, b = judge.value(shift(e, put)), judge.derivative(found.goal.of, by)
            if not close(a, b):
                out.append(f"{latex(found.goal)} is {a}, expected {b} at {sizes}, {put}")
    return out


@pytest.mark.parametrize(
    ("case", "by"), [(c, by) for c, (_, wanted) in CASES.items() for by in wanted]
)
def test_gradients_hold_at_every_length(case: str, by: str) -> None:
    text, _ = CASES[case]
    net = network(text)
    found = Sweep(net, Ref("L")).gradient(name(by))
    assert found.consistent()
    for length in range(1, 6):
        sizes = {"T": length} | ({"H": 2} if "H" in net.sizes else {})
        assert faults(found, text, sizes) == []


def test_a_linear_recurrence_is_unrolled() -> None:
    net = network(CASES["linear, a loss at every step"][0])
    found = Sweep(net, Ref("L")).gradient(name("h_t"))
    assert latex(found.answer) == r"2\, \sum_{k=t}^{T} a^{k - t}\, (h_k - y_k)"
    assert not any(isinstance(x, Partial) for x in walk(found.answer))
    assert found.steps[-1].rule == "unroll"


def test_another_recurrence_stays_a_recursion() -> None:
    net = network(CASES["squares"][0])
    found = Sweep(net, Ref("L")).gradient(name("h_t"))
    assert Partial(Ref("L"), name("h_{t+1}")) in set(walk(found.answer))


def test_a_recurrence_in_both_directions_is_refused() -> None:
    with pytest.raises(NetworkError, match="a recurrence reads earlier states only"):
        network(rf"h_t = a h_{{t-1}} + b h_{{t+1}}, {STEPS}, \quad L = h_T")
