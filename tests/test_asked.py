"""What is asked of a network as people state it: sizes made of sizes, ranges stated for a letter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symgrad.api import Network
from symgrad.derive import Sweep
from symgrad.errors import SymgradError
from symgrad.expr import Neg, Ref, num
from symgrad.latex import latex
from symgrad.rewrite import Step
from symgrad.witness import Leaves, confirm_formula

CONVOLUTION = (
    r"z_i = \sum_{j=1}^m w_j x_{i+j-1}, i = 1, \dots, n; \delta_i = \frac{\partial L}{\partial z_i}"
)
STRIDE = CONVOLUTION.replace("i+j-1", "s(i-1)+j")
OUTPUTS = {CONVOLUTION: "n = N - m + 1", STRIDE: r"n = \lfloor (N-m)/s \rfloor + 1"}


def asked(*text: str) -> Network:
    return Network("; ".join(text))


@pytest.mark.parametrize("layer", [CONVOLUTION, STRIDE])
def test_what_a_size_is_made_of_is_a_size(layer: str) -> None:
    net = asked(layer, OUTPUTS[layer], r"x \sim \mathcal D")
    assert net.answer(r"\theta").latex == r"w_1, \dots, w_m"
    for size in "Nnm":
        with pytest.raises(SymgradError, match=f"with {size}, which is a size"):
            net.gradient("L", size)


@pytest.mark.parametrize("layer", [CONVOLUTION, STRIDE])
@pytest.mark.parametrize(
    "stated",
    [
        r"l = 1, \dots, N",
        r"x \in \mathbb R^N",
        r"x_1, \dots, x_N",
        r"x_1, x_2, \dots, x_N \sim \mathcal D",
    ],
)
def test_the_range_that_is_stated_is_shown(layer: str, stated: str) -> None:
    net = asked(layer, OUTPUTS[layer], stated)
    (index,) = net.gradient("L", "x_l").indices
    assert index.range.hi.name == "N"  # type: ignore[attr-defined]


def test_a_stated_range_that_may_not_hold_the_reads_is_not_taken() -> None:
    (index,) = asked(CONVOLUTION, r"l = 1, \dots, N").gradient("L", "x_l").indices
    assert latex(index.range.hi) == "n + m - 1"


def test_a_size_of_numbers_is_a_number() -> None:
    net = asked(STRIDE, OUTPUTS[STRIDE], "N = 8, m = 3, s = 2")
    (index,) = net.gradient("L", "x_l").indices
    assert index.range.size == 7
    assert net.answer("n").value == 3
    with pytest.raises(SymgradError, match="n, which is a size"):
        net.gradient("L", "n")
    with pytest.raises(SymgradError, match="the size n = 0, expected a positive"):
        asked(CONVOLUTION, OUTPUTS[CONVOLUTION], "N = 2, m = 3")


def test_entries_begin_at_number_1() -> None:
    with pytest.raises(SymgradError, match="entries from number 0"):
        asked(CONVOLUTION, r"x_0, \dots, x_N")


SOFTMAX = (
    r"p_i = \frac{e^{z_i}}{\sum_{k=1}^{C} e^{z_k}}, i = 1, \dots, C",
    r"L = -\sum_{k=1}^{C} y_k \log p_k",
)


@pytest.mark.parametrize("fact", [r"\sum_{k=1}^{C} y_k = 1", r"\sum_c y_c = 1"])
def test_what_is_given_of_a_sum_is_used(fact: str) -> None:
    found = asked(*SOFTMAX, fact).gradient("L", "z_i")
    assert latex(found.answer) == "p_i - y_i"
    assert found.steps[-1].rule == "given-sum"
    assert found.consistent()


def test_what_is_given_of_each_row_is_used() -> None:
    text = r"L = \sum_{n=1}^{N} \sum_{k=1}^{C} a_n y_{nk}; \sum_{k=1}^{C} y_{nk} = 3"
    assert latex(asked(text).gradient("L", "a_n").answer) == "3"


@pytest.mark.parametrize(
    "fact",
    [
        r"\sum_{k=1}^{C} y_{2,k} = 1",
        r"\sum_{k=2}^{C} y_{nk} = 1",
        r"\sum_{n=1}^{N} y_{nk} = 1",
        r"\sum_{k=1}^{C} y_{nk}^2 = 1",
        r"n = 1, \dots, 3; \sum_{k=1}^{C} y_{nk} = 1",
    ],
)
def test_what_is_given_of_something_else_is_not_used(fact: str) -> None:
    text = r"L = \sum_{n=1}^{N} \sum_{k=1}^{C} a_n y_{nk}"
    assert latex(asked(text, fact).gradient("L", "a_n").answer) == r"\sum_{k=1}^{C} y_{nk}"


def test_the_witness_draws_values_of_which_the_given_holds() -> None:
    net = asked(*SOFTMAX, r"\sum_{k=1}^{C} y_k = 1").scope.network
    leaves = Leaves(net, {"C": 4})
    assert leaves.meet()
    assert sum(leaves(Ref("y", (num(k),))) for k in range(1, 5)) == 1
    right = Sweep(net, Ref("L")).gradient(Ref("z", (Ref("i"),)))
    wrong = replace(right, steps=(*right.steps, Step("slip", right.answer, Neg(right.answer))))
    with pytest.raises(AssertionError, match="the oracle says"):
        confirm_formula(net, wrong)
