"""Solved exams: every number against the oracle, the midterm against its known answers."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from judge import Judge, entries, point_of
from oracle import general, instances

from symgrad.answer import CircuitWork, TableWork
from symgrad.dual import Ties
from symgrad.equation import Equation
from symgrad.errors import ExamError, SymgradError
from symgrad.evaluate import Point, derivative, forward
from symgrad.exam import Exam
from symgrad.expr import Partial, Ref, num, substitute
from symgrad.latex import latex
from symgrad.network import Network
from symgrad.solve import Solution, solve

EXAMPLES = int(os.environ.get("SYMGRAD_EXAMPLES", "60"))
FIRST = int(os.environ.get("SYMGRAD_SEED", "0"))
MIDTERM = Path(__file__).parents[1] / "solutions" / "cs231n-2017-midterm" / "exam.md"


@pytest.fixture(scope="module")
def midterm() -> Solution:
    return solve(Exam.read(str(MIDTERM)))


def test_midterm_answers(midterm: Solution) -> None:
    found = {(a.scope.split(" / ")[-1][:3], a.question): a.latex for a in midterm.answers}
    general_ = {
        r"\frac{\partial L}{\partial k_j}": r"\sum_{i=1}^{n} \delta_i x_{i+j-1}",
        r"\frac{\partial L}{\partial b}": r"\sum_{i=1}^{n} \delta_i",
        r"\frac{\partial L}{\partial x_l}": (
            r"\sum_{i=\max(1, l-m+1)}^{\min(n, l)} \delta_i k_{l-i+1}"
        ),
    }
    assert {q: a for (s, q), a in found.items() if s == "(e)"} == general_
    assert found["(b)", r"\frac{\partial L}{\partial a}"] == r"\hat y - y"
    numbers = [a.value for a in midterm.answers if a.scope.split(" / ")[-1].startswith("3.1")]
    assert [numbers.count(Fraction(k)) for k in (-3, 2, -2)] == [1, 1, 1]


def test_midterm_holds_entry_by_entry(midterm: Solution) -> None:
    """(b) to (e) against the unrolled network; (e) for all n, m ≤ 5."""
    checked = 0
    for section in midterm.root.walk():
        net = section.scope.network
        asked = [a for w in section.works.values() for a in w.answers if a.derivation]
        if any(isinstance(w, CircuitWork) for w in section.works.values()):
            continue
        if net.sizes:  # what comes after z is known by δ alone: it was stated for three entries
            given = {u.by.name for u in net.upstream}
            net = replace(net, equations=tuple(e for e in net.equations if e.target.name in given))
        for sizes in instances(sorted(net.sizes), 5):
            for a in asked:
                assert a.derivation is not None
                goal = a.derivation.goal
                assert isinstance(goal, Partial)
                assert isinstance(goal.of, Ref)
                judge = Judge(net, point_of(net, sizes, 1), goal.of)
                for at in entries(net, goal, sizes):
                    put = {k: num(v) for k, v in at.items()}
                    wanted = judge.value(substitute(goal, put))
                    assert judge.value(substitute(a.derivation.answer, put)) == wanted, (goal, at)
                    checked += 1
    assert checked > 200


# -- circuits -----------------------------------------------------------------------------------------


def text(rng: random.Random, depth: int) -> str:
    """A formula in a, b, c that forks often."""
    if depth == 0:
        return rng.choice(["a", "b", "c"])
    one, two = text(rng, depth - 1), text(rng, rng.randrange(depth))
    forms = [
        "({} + {})",
        "({} - {})",
        r"{} \cdot {}",
        r"\max({}, {}, 0)",
        r"\frac{{{}}}{{3 + ({})^2}}",
    ]
    return rng.choice(forms).format(one, two)


def test_circuits() -> None:
    """Every wire's value and gradient; at a fork the gradient is the sum of what flows back."""
    drawn = 0
    for seed in range(FIRST, FIRST + EXAMPLES):
        rng, taken = random.Random(seed), set[Fraction]()
        values = {x: general(rng, taken) for x in "abc"}
        shown = ", ".join(
            rf"{x} = \frac{{{v.numerator}}}{{{v.denominator}}}" for x, v in values.items()
        )
        body = text(rng, 3)
        used = [
            x
            for x in "abc"
            if x in body.replace(r"\frac", "").replace(r"\max", "").replace("cdot", "")
        ]
        exam = Exam.parse(
            f"$$q = {body}$$\n\n$$f = q a + {text(rng, 2)}$$\n\n$${shown}$$\n\n![circuit](f)\n"
        )
        try:
            (work,) = (
                w
                for s in solve(exam).root.walk()
                for w in s.works.values()
                if isinstance(w, CircuitWork)
            )
            check(work, seed)
        except Ties:
            continue
        except ExamError as error:  # two arguments of a maximum that are one: always a tie
            assert "at the given values" in error.message
            continue
        assert used
        drawn += 1
    assert drawn > EXAMPLES // 2


def check(work: CircuitWork, seed: int) -> None:
    net = Network(tuple(Equation(g.output, (), g.body) for g in work.circuit.gates))
    point = Point({}, {r: work.values[r] for r in work.circuit.inputs})
    for wire, gradient in work.gradients.items():
        assert work.values[wire] == forward(net, point, wire), (seed, latex(wire))
        try:
            wanted = derivative(net, work.circuit.output, wire, point)
        except SymgradError as error:
            raise Ties("") from error
        assert gradient == wanted, (seed, latex(wire))
        shares = [f.product for f in work.flows if f.operand == wire]
        if wire != work.circuit.output:
            assert sum(s for s in shares if s is not None) == gradient, (seed, latex(wire))


def test_a_number_of_the_exam_that_is_not_counted_is_said() -> None:
    rows = "| Layer | Parameters |\n|---|---|\n| INPUT 32×32×1 | 0 |\n"
    rows += "| CONV5-10 | {} |\n| FC-10 | ? |\n"
    (work,) = solve(Exam.parse(rows.format(300))).root.works.values()
    assert isinstance(work, TableWork)
    assert work.differing == (("CONV5-10", "300", "260"),)
    (work,) = solve(Exam.parse(rows.format(260))).root.works.values()
    assert isinstance(work, TableWork)
    assert not work.differing
