"""Circuits: gates of one operation each, in the author's order, that compute the formula."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from symgrad.circuit import MOST_GATES, Circuit, circuit, draw
from symgrad.errors import ExamError, NetworkError, SymgradError
from symgrad.expr import (
    MINUS_ONE,
    ONE,
    ZERO,
    Add,
    Blank,
    Bound,
    Call,
    Cases,
    Div,
    Expr,
    Iverson,
    Mul,
    Neg,
    Num,
    Partial,
    Pow,
    Reduce,
    Ref,
    Rel,
    children,
    free,
    num,
)
from symgrad.graph import Label

F, Q = Ref("f"), Ref("q")
W0, X0, W1, X1, W2 = (
    Ref(name, (num(index),)) for name, index in (("w", 0), ("x", 0), ("w", 1), ("x", 1), ("w", 2))
)
X, Y, Z, W = (Ref(name) for name in "xyzw")
LEAVES = [X, Y, Z, Ref("g"), Ref("g", (num(1),)), W1]


def exp(e: Expr) -> Expr:
    return Call("exp", (e,), "e^")


def labels(formula: Expr) -> list[str]:
    return [gate.label for gate in circuit(F, {F: formula}).gates]


FUNCTIONS: dict[str, Callable[..., Fraction]] = {
    "max": max,
    "min": min,
    "abs": abs,
    # Any functions do for telling formulas apart; exact ones keep the comparison exact.
    "exp": lambda x: 3 * x + 1,
    "tanh": lambda x: x * x - 5,
}


def value(e: Expr, at: Mapping[Expr, Fraction]) -> Fraction:
    if e in at:
        return at[e]
    if isinstance(e, Num):
        return e.value
    parts = [value(child, at) for child in children(e)]
    match e:
        case Add():
            return sum(parts, Fraction(0))
        case Mul():
            return reduce(operator.mul, parts)
        case Neg():
            return -parts[0]
        case Div():
            return parts[0] / parts[1]
        case Pow():
            return Fraction(parts[0] ** int(parts[1]))
        case Call(fn=fn):
            return FUNCTIONS[fn](*parts)
    raise TypeError(e)


def run(c: Circuit, at: Mapping[Expr, Fraction]) -> Fraction:
    known: dict[Expr, Fraction] = {r: at[r] for r in c.inputs}
    for gate in c.gates:
        known[gate.output] = value(gate.body, known)
    return known[c.output]


numbers = st.integers(-3, 3).map(num)
halves = st.just(Num(Fraction(1, 2)))


def compound(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    several = st.lists(inner, min_size=2, max_size=4).map(tuple)
    return st.one_of(
        several.map(Add),
        several.map(Mul),
        inner.map(Neg),
        st.builds(Div, inner, inner),
        st.builds(Pow, inner, st.sampled_from([num(2), num(3), MINUS_ONE])),
        st.builds(Call, st.sampled_from(["max", "min"]), several),
        st.builds(lambda fn, x: Call(fn, (x,)), st.sampled_from(["abs", "exp", "tanh"]), inner),
    )


formulas = st.recursive(st.one_of(st.sampled_from(LEAVES), numbers, halves), compound, max_leaves=9)
points = st.lists(
    st.fractions(-4, 4, max_denominator=5), min_size=len(LEAVES), max_size=len(LEAVES)
).map(lambda vs: dict(zip(LEAVES, vs, strict=True)))


def made(definitions: Mapping[Ref, Expr]) -> Circuit:
    """The circuit of f, if there is a gate to draw and no constant divides by 0."""
    try:
        return circuit(F, definitions)
    except ExamError as error:
        assume("no operation" not in error.message and "division by 0" not in error.message)
        raise


@given(formulas, points)
def test_the_gates_compute_the_formula(formula: Expr, at: dict[Expr, Fraction]) -> None:
    try:
        expected = value(formula, at)
    except ZeroDivisionError:
        assume(False)
    assert run(made({F: formula}), at) == expected


@given(formulas, formulas, points)
def test_stages_compute_what_they_name(q: Expr, f: Expr, at: dict[Expr, Fraction]) -> None:
    outer = Add((Mul((Q, f)), Q))
    try:
        inner = value(q, at)
        expected = value(outer, {**at, Q: inner})
    except ZeroDivisionError:
        assume(False)
    c = made({Q: q, F: outer})
    at = {**at, Q: inner}
    assert run(c, at) == expected


@given(formulas)
def test_every_gate_is_one_operation_on_earlier_wires(formula: Expr) -> None:
    c = made({F: formula})
    known = set(c.inputs)
    for gate in c.gates:
        parts = [p.arg if isinstance(p, Neg) else p for p in children(gate.body)]
        assert all(isinstance(p, Ref) or not free(p) for p in parts), gate
        assert gate.operands(), gate
        assert set(gate.operands()) <= known, gate
        assert gate.output not in known
        known.add(gate.output)
    assert c.output == c.gates[-1].output == F


@given(formulas)
def test_the_inputs_are_the_leaves_in_reading_order(formula: Expr) -> None:
    c = made({F: formula})
    assert c.inputs == tuple(free(formula))


MIDTERM = Div(ONE, Add((Mul((W0, X0)), Mul((W1, X1)), W2, ONE)))
LINEAR = Add((Mul((W0, X0)), Mul((W1, X1)), W2))


@pytest.mark.parametrize(
    ("formula", "signs"),
    [
        (MIDTERM, [r"\times", r"\times", "+", "+", "+1", "1/x"]),
        (
            Div(ONE, Add((ONE, exp(Neg(LINEAR))))),
            [r"\times", r"\times", "+", "+", r"\times(-1)", r"\exp", "+1", "1/x"],
        ),
        (
            Mul((num(2), Add((Mul((X, Y)), Call("max", (Z, W)))))),
            [r"\times", r"\max", "+", r"\times 2"],
        ),
        (Add((X, Neg(Y))), ["-"]),
        (Add((X, Neg(ONE))), ["-1"]),
        (Add((X, MINUS_ONE)), ["-1"]),
        (Add((ONE, Neg(X))), [r"\times(-1)", "+1"]),
        (Neg(Mul((num(2), X))), [r"\times(-2)"]),
        (Neg(Mul((X, Y))), [r"\times", r"\times(-1)"]),
        (Neg(Div(ONE, X)), ["1/x", r"\times(-1)"]),
        (Div(X, Y), ["1/y", r"\times"]),
        (Div(num(3), X), ["1/x", r"\times 3"]),
        (Div(X, num(3)), [r"\div 3"]),
        (Mul((Div(ONE, num(2)), Pow(X, num(2)))), ["x^2", r"\times \frac{1}{2}"]),
        (Pow(X, MINUS_ONE), ["x^{-1}"]),
        (Pow(X, Y), ["x^y"]),
        (Add((X, Add((Y, Z)))), ["+", "+"]),
        (Add((ONE, ONE, X)), ["+2"]),
        (Add((X, ONE, ONE)), ["+1", "+1"]),
        (Call("sigmoid", (X,), r"\sigma"), [r"\sigma"]),
        (Call("log", (X,), r"\ln"), [r"\ln"]),
        (Call("relu", (X,)), [r"\mathrm{ReLU}"]),
        (Call("sqrt", (X,)), [r"\sqrt{x}"]),
        (Call("max", (ZERO, Y)), [r"\max(0, x)"]),
        (Call("max", (Z, Y, ZERO)), [r"\max(x, y, 0)"]),
        (Call("max", (X, Y, Z, W, ZERO)), [r"\max(\dots, 0)"]),
    ],
)
def test_gates_carry_the_signs_of_an_exam(formula: Expr, signs: list[str]) -> None:
    assert labels(formula) == signs


def test_inner_wires_show_what_the_author_wrote_and_clash_with_no_name() -> None:
    g = Ref("g")
    c = circuit(F, {F: Add((Mul((g, X)), Mul((Y, X)), ONE))})
    shown = [gate.expression for gate in c.gates]
    products = Mul((g, X)), Mul((Y, X))
    assert shown == [*products, Add(products), F]
    assert all(gate.output.name not in ("g", "x", "y") for gate in c.gates)


def test_stages_keep_their_name_order_and_one_forking_wire() -> None:
    definitions: dict[Ref, Expr] = {
        Ref("unused"): Pow(Z, num(2)),
        Q: Add((X, Y)),
        F: Mul((Q, Add((Q, X)))),
    }
    c = circuit(F, definitions)
    assert [gate.output for gate in c.gates if gate.expression == gate.output] == [Q, F]
    assert c.inputs == (X, Y)
    assert [operand for gate in c.gates for operand in gate.operands()].count(Q) == 2


def test_another_name_for_a_wire_is_that_wire() -> None:
    c = circuit(F, {Q: Mul((X, Y)), Z: Q, F: Add((Z, Q))})
    assert c.gates[-1].operands() == (Q, Q)


def test_a_name_defined_as_a_number_is_an_input() -> None:
    c = circuit(F, {W: Div(ONE, num(2)), F: Mul((W, X))})
    assert c.inputs == (W, X)


def test_short_sums_are_written_out() -> None:
    j, k = Ref("j"), Ref("k")
    body = Mul((Ref("w", (j,)), Ref("x", (Add((j, k, MINUS_ONE)),))))
    bounds = (Bound("j", ONE, num(2)), Bound("k", j, num(2), (Rel("!=", k, num(3)),)))
    c = circuit(F, {F: Reduce("sum", bounds, body)})
    ws = [Ref("w", (num(n),)) for n in (1, 2)]
    xs = [Ref("x", (num(n),)) for n in (1, 2, 3)]
    assert c.inputs == (ws[0], xs[0], xs[1], ws[1], xs[2])
    assert [gate.label for gate in c.gates].count(r"\times") == 3
    assert circuit(F, {F: Reduce("max", (Bound("j", ONE, num(3)),), body)}).gates[-1].label == (
        r"\max"
    )


@pytest.mark.parametrize(
    ("definitions", "found", "hint"),
    [
        ({}, "which no equation defines", "write an equation f = "),
        ({F: X}, "found no operation in f", "leave the figure out"),
        ({F: ONE}, "found no operation in f", "leave the figure out"),
        ({F: Mul((Q, X)), Q: Neg(F)}, "defined through itself", "another name"),
        ({F: Add((X, Iverson(Rel(">", X, ZERO))))}, "found an indicator", "without it"),
        ({F: Neg(Cases(((X, None),)))}, "found a case distinction", "without it"),
        ({F: Neg(Partial(X, Y))}, "found a gradient", "without it"),
        ({F: Add((X, Blank()))}, "found a question mark", "without it"),
        ({F: Reduce("sum", (Bound("j", ONE, Ref("n")),), X)}, "no whole numbers", "sizes"),
        ({F: Reduce("sum", (Bound("j", ONE, num(13)),), X)}, "13 terms", "sizes"),
        ({F: Add((X, Div(ONE, Add((ONE, MINUS_ONE)))))}, "division by 0", "correct"),
        ({F: Add((Pow(ZERO, MINUS_ONE), ONE, X))}, "division by 0", "correct"),
    ],
)
def test_what_is_no_circuit_is_refused_with_advice(
    definitions: dict[Ref, Expr], found: str, hint: str
) -> None:
    with pytest.raises(SymgradError) as caught:
        circuit(F, definitions)
    assert found in str(caught.value)
    assert hint in caught.value.hint
    assert isinstance(caught.value, ExamError | NetworkError)


def test_long_chains_and_deep_formulas_end_well() -> None:
    stages = [Ref("h", (num(n),)) for n in range(MOST_GATES + 2)]
    chain: dict[Ref, Expr] = {b: Call("tanh", (a,)) for a, b in pairwise(stages)}
    assert len(circuit(stages[MOST_GATES], chain).gates) == MOST_GATES
    with pytest.raises(ExamError, match=f"more than {MOST_GATES} gates"):
        circuit(stages[-1], chain)
    deep: Expr = X
    for _ in range(5000):
        deep = Neg(deep)
    with pytest.raises(ExamError, match="inside one another"):
        circuit(F, {F: deep})


@settings(max_examples=25, deadline=None)
@given(formulas)
def test_every_circuit_can_be_drawn(formula: Expr) -> None:
    c = made({F: formula})
    wires = {r: Label("-1.25", "0.5") for r in (*c.inputs, *(g.output for g in c.gates))}
    drawing = draw(c, wires)
    signs = [t.latex for t in drawing.texts if t.role == "sign"]
    assert sorted(signs) == sorted(g.label for g in c.gates)
    assert len(drawing.discs) == len(c.gates)
    assert len([t for t in drawing.texts if t.role == "value"]) == len(wires)


@pytest.mark.parametrize(
    ("formula", "taken", "sign"),
    [
        (Call("min", (Ref("u"), Ref("v"), num(3))), "w", r"\min(x, y, 3)"),
        (Call("min", (Ref("u"), Ref("v"), num(3))), "x", r"\min(u, v, 3)"),
        (Call("min", (Ref("x"), Ref("v"), num(3))), "w", r"\min(x, y, 3)"),
        (Pow(Add((Ref("u"), Ref("x"))), num(2)), "y", "y^2"),
        (Pow(Add((Ref("u"), Ref("v"))), num(2)), "w", "x^2"),
        (Div(ONE, Ref("v")), "x", "1/v"),
        (Call("sqrt", (Ref("v"),)), "x", r"\sqrt{v}"),
    ],
)
def test_a_sign_uses_no_letter_of_another_wire(formula: Expr, taken: str, sign: str) -> None:
    c = circuit(F, {F: Add((formula, Ref(taken)))})
    found = [g.label for g in c.gates]
    if taken == "y":
        assert found[1] in ("t^2", "z^2")  # x and y are taken
    else:
        assert sign in found
