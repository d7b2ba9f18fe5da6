"""The second witness lets right gradients pass and stops wrong ones."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from judge import name, network

from symgrad.api import Network
from symgrad.derive import Sweep
from symgrad.errors import SymgradError
from symgrad.evaluate import Point, Unrolled
from symgrad.exam import Exam
from symgrad.expr import ONE, Expr, Mul, Neg, Ref, num
from symgrad.rewrite import Derivation, Step
from symgrad.solve import solve
from symgrad.witness import CHEAP, affordable, confirm, confirm_formula, drawn, work

CONVOLUTION = r"""
z_i = \sum_{j=1}^{m} k_j x_{i+j-1} + b, \quad i = 1, \dots, n
\delta_i = \frac{\partial L}{\partial z_i}
"""


def with_answer(d: Derivation, answer: Expr) -> Derivation:
    return replace(d, steps=(*d.steps, Step("slip", d.answer, answer)))


@pytest.mark.parametrize("by", ["k_j", "b", "x_l", "k_1", "x_i"])
def test_what_is_derived_passes(by: str) -> None:
    net = network(CONVOLUTION)
    confirm_formula(net, Sweep(net, Ref("L")).gradient(name(by)))


@pytest.mark.parametrize("by", ["k_j", "b", "x_l"])
@pytest.mark.parametrize("slip", [Neg, lambda e: Mul((num(2), e)), lambda e: ONE])
def test_a_slip_is_stopped(by: str, slip) -> None:  # type: ignore[no-untyped-def]
    net = network(CONVOLUTION)
    right = Sweep(net, Ref("L")).gradient(name(by))
    with pytest.raises(AssertionError, match="the oracle says"):
        confirm_formula(net, with_answer(right, slip(right.answer)))


def test_the_other_ones_gradient_is_stopped() -> None:
    net = network(CONVOLUTION)
    sweep = Sweep(net, Ref("L"))
    right, other = sweep.gradient(name("x_l")), sweep.gradient(name("k_l"))
    with pytest.raises(AssertionError, match="the oracle says"):
        confirm_formula(net, with_answer(right, other.answer))


def test_a_wrong_number_is_stopped() -> None:
    net = network(r"f = w x")
    at = Point({}, {name("w"): Fraction(2), name("x"): Fraction(3)})
    confirm(net, name("f"), name("w"), Fraction(3), at)
    with pytest.raises(AssertionError, match="the oracle says 3"):
        confirm(net, name("f"), name("w"), Fraction(2), at)


TIED = r"""---
ties: {ties}
---

$$f = 3 \max(a, b), \quad a = 2, \quad b = 2$$

{asked}
"""


@pytest.mark.parametrize("asked", ["![circuit](f)", r"$\frac{\partial f}{\partial a} = ?$"])
def test_a_tie_at_the_given_values_needs_a_convention(asked: str) -> None:
    with pytest.raises(SymgradError) as found:
        solve(Exam.parse(TIED.format(ties="strict", asked=asked), "exam.md"))
    assert "at the given values" in found.value.headline()
    assert "ties: ge" in found.value.headline()
    assert found.value.headline().count("expected") == 1


def test_a_tie_of_an_indexed_maximum_needs_one_too() -> None:
    text = r"$$L = \max_{i=1}^{3} x_i, x_1 = 2, x_2 = 2, x_3 = 1, \frac{\partial L}{\partial x_1} = ?$$"
    with pytest.raises(SymgradError, match="at the given values"):
        solve(Exam.parse(text))


@pytest.mark.parametrize(("ties", "a", "b"), [("ge", 3, 3), ("first", 3, 0), ("split", 1.5, 1.5)])
def test_a_convention_settles_a_tie_alike_everywhere(ties: str, a: float, b: float) -> None:
    asked = "![circuit](f)\n\n" + r"$\frac{\partial f}{\partial a} = ?$ "
    asked += r"$\frac{\partial f}{\partial b} = ?$"
    answers = solve(Exam.parse(TIED.format(ties=ties, asked=asked))).json()["answers"]
    by = {r"\frac{\partial f}{\partial a}": a, r"\frac{\partial f}{\partial b}": b}
    values = [(x["question"], x["value"]) for x in answers if x["question"] in by]
    assert len(values) == 4
    assert all(by[question] == value for question, value in values)


VOLUME = r"""
z_{a,b,c} = \sum_{u=-r}^{r} \sum_{v=-r}^{r} \sum_{q=-r}^{r} w_{u,v,q} x_{a+u,b+v,c+q},
\quad a = 1, \dots, A, \quad b = 1, \dots, B, \quad c = 1, \dots, C
"""


def test_a_network_of_many_terms_is_written_out_at_small_sizes() -> None:
    net = network(VOLUME)
    first, second = affordable(net, 2)
    assert max(work(net, first), work(net, second)) <= CHEAP
    assert len(set(first.values())) == 4
    assert all(first[n] != 1 or second[n] != 1 for n in net.sizes)


def test_what_does_not_read_an_entry_keeps_its_value() -> None:
    net = network(CONVOLUTION + r"L = \sum_{i=1}^n z_i^2")
    at = Unrolled(net, Point({"n": 4, "m": 2}), drawn)
    for k in range(1, 6):
        by = Ref("x", (num(k),))
        fresh = Unrolled(net, Point({"n": 4, "m": 2}), drawn)
        assert at.derivative(Ref("L"), by) == fresh.derivative(Ref("L"), by) != 0


def test_what_cancels_is_looked_at_with_more_digits() -> None:
    """1 - σ(z) of a large z has no digit of fifty left."""
    net = network(
        r"z = \sum_{j=1}^{d} w_j x_j, \quad p = \sigma(z), "
        r"\quad L = -y \log p - (1 - y) \log(1 - p)"
    )
    right = Sweep(net, Ref("L")).gradient(name("w_j"))
    confirm_formula(net, right)
    with pytest.raises(AssertionError):
        confirm_formula(net, with_answer(right, Mul((num(2), right.answer))))


PARTLY = [
    (
        r"p_i = \frac{e^{z_i}}{\sum_{k=1}^n e^{z_k}}, \quad i = 1, \dots, n",
        r"\frac{\partial p_i}{\partial z_j}",
    ),
    (r"L = \sum_{k=1}^n q_k \log \frac{q_k}{p_k}", r"\frac{\partial L}{\partial p_k}"),
    (r"L = \sum_{k=1}^n \log(1 - \sqrt{p_k})", r"\frac{\partial L}{\partial p_k}"),
]


@pytest.mark.parametrize(("text", "question"), PARTLY)
def test_what_has_values_at_few_numbers_is_looked_at_too(text: str, question: str) -> None:
    """Jacobians at both letters, logarithms and roots where they have values."""
    net = Network(text)
    answer = net.answer(question)
    assert answer.evidence is not None
    assert answer.evidence.entries > 2
    assert answer.source is not None
    right = answer.source.derivation
    with pytest.raises(AssertionError):
        confirm_formula(answer.source.network, with_answer(right, Mul((num(2), right.answer))))
