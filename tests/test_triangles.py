"""Ranges that lean on one another: a triangle has no entries beside it."""

from __future__ import annotations

import pytest
from judge import name, network

from symgrad import Network
from symgrad.derive import Sweep
from symgrad.errors import SymgradError
from symgrad.expr import Ref
from symgrad.latex import latex
from symgrad.witness import confirm_formula

LOWER = r"h_{ij} = w x_{ij}, \quad i = 1, \dots, %s, \quad j = 1, \dots, i"


@pytest.mark.parametrize("size", ["n", "3"])
@pytest.mark.parametrize(
    ("inner", "fits"), [("i", True), ("%s", False), ("i + 1", False), ("i - 1", True)]
)
def test_a_read_beside_the_triangle_is_refused(size: str, inner: str, fits: bool) -> None:
    top = inner.replace("%s", size)
    loss = rf"L = \sum_{{i=1}}^{{{size}}} \sum_{{j=1}}^{{{top}}} h_{{ij}}^2"
    if fits:
        Network(LOWER % size, loss)
        return
    with pytest.raises(SymgradError, match=r"expected an (entry of|index from)"):
        Network(LOWER % size, loss)


def test_the_diagonal_defined_apart_belongs_to_the_triangle() -> None:
    strict = (LOWER % "4").replace(r"\dots, i", r"\dots, i - 1").replace("i = 1", "i = 2")
    diagonal = r"h_{11} = b, h_{22} = b, h_{33} = b, h_{44} = b"
    loss = r"L = \sum_{i=1}^4 \sum_{j=1}^{i} h_{ij}"
    Network(strict, diagonal, loss)
    with pytest.raises(SymgradError, match=r"expected an (entry of|index from)"):
        Network(strict, diagonal.replace("h_{33}", "g_{33}"), loss)


@pytest.mark.parametrize("entry", ["h_{ij}", "h_{kl}", "h_{ji}"])
def test_the_answer_states_the_range_that_leans(entry: str) -> None:
    net = network((LOWER % "n") + "\n" + r"L = \sum_{i=1}^n \sum_{j=1}^i h_{ij}^2")
    asked = name(entry)
    found = Sweep(net, Ref("L")).gradient(asked)
    confirm_formula(net, found)
    first, second = found.indices
    assert [first.name, second.name] == [latex(i) for i in asked.indices]
    assert latex(second.range.hi) == first.name
    assert latex(found.answer) == f"2 {entry}"


def test_an_entry_beside_the_triangle_is_not_asked_for() -> None:
    net = Network(LOWER % "n", r"L = \sum_{i=1}^n \sum_{j=1}^i h_{ij}^2")
    net.gradient("L", "h_{2,1}")
    with pytest.raises(SymgradError, match="in its ranges"):
        net.gradient("L", "h_{1,2}")
