r"""Circuits of an exam: the value and the gradient of every wire, exact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import reduce

from symgrad.answer import Answer, CircuitWork, Flow, Source
from symgrad.circuit import Circuit, circuit
from symgrad.derive import Sweep
from symgrad.dual import DIGITS, Number, plus, precision, times
from symgrad.equation import Equation, check_length, entries
from symgrad.errors import ExamError, NetworkError, Place
from symgrad.evaluate import Point, Unrolled
from symgrad.expr import Expr, Ref, replace_refs
from symgrad.latex import latex
from symgrad.network import Network
from symgrad.notation import read
from symgrad.numeral import shown
from symgrad.scope import Scope
from symgrad.section import Drawn
from symgrad.witness import confirm


def circuit_work(item: Drawn, scope: Scope, where: str) -> CircuitWork:
    """Every wire's value and gradient."""
    target = drawn_name(item)
    definitions = {e.target: e.body for eq in scope.network.equations for e in written_out(eq)}
    for ref, value in scope.network.values.items():
        definitions.setdefault(ref, value)
    drawn = circuit(target, definitions)
    gates = tuple(Equation(g.output, (), g.body) for g in drawn.gates)
    network = Network(gates, ties=scope.network.ties)
    sweep = Sweep(network, drawn.output)
    values = wire_values(drawn, network, scope)
    wires = [*drawn.inputs, *(g.output for g in drawn.gates)]
    gradients: dict[Ref, Number] = {}
    flows: list[Flow] = []
    with precision(DIGITS):
        for wire in reversed(wires):
            sweep.gradient(wire)
            found = list(wire_flows(wire, drawn, sweep, network, (values, gradients)))
            flows += found
            if values:
                seed: Number = Fraction(1) if wire == drawn.output else Fraction(0)
                products = (f.product for f in found if f.product is not None)
                gradients[wire] = reduce(plus, products, seed)
    if values:
        given = Point({}, {r: values[r] for r in drawn.inputs})
        for wire, gradient in gradients.items():
            confirm(network, drawn.output, wire, gradient, given)
    formulas = {w: spelled_out(drawn, sweep.gradient(w).answer) for w in wires}
    work = CircuitWork((), True, drawn, values, gradients, tuple(flows), formulas)
    asked = [w for w in wires if w != drawn.output]
    answers = tuple(wire_answer(work, w, where, item.at, sweep) for w in asked)
    return replace(work, answers=answers)


def drawn_name(item: Drawn) -> Ref:
    """The name in ``![circuit](f)``."""
    found = read(item.target, item.at)
    if len(found) == 1 and len(getattr(found[0], "parts", ())) == 1:
        name = found[0].parts[0]  # type: ignore[union-attr]
        if isinstance(name, Ref):
            return name
    raise ExamError(
        f"found ![circuit]({item.target}), expected the name of a defined quantity such as f"
    )


def written_out(eq: Equation) -> Iterator[Equation]:
    """The entries of an equation with numbers as sizes; of others nothing can be drawn."""
    check_length(eq)
    if all(i.range.size is not None for i in eq.indices):
        yield from entries(eq)


def wire_values(drawn: Circuit, network: Network, scope: Scope) -> dict[Ref, Number]:
    """The forward values, if the exam gives its inputs; all or none of them."""
    given = {r: v.value for r, v in scope.network.values.items()}
    known = [r for r in drawn.inputs if r in given]
    if not known:
        return {}
    missing = [latex(r) for r in drawn.inputs if r not in given]
    if missing:
        raise NetworkError(
            f"found values for {len(known)} of the {len(drawn.inputs)} inputs of the circuit, "
            f"expected one for each; missing: {', '.join(missing)}",
            hint=f"give them as {missing[0]} = 1",
        )
    unrolled = Unrolled(network, Point({}, {r: given[r] for r in known}))
    wires = [*drawn.inputs, *(g.output for g in drawn.gates)]
    return {w: unrolled.value(w) for w in wires}


def wire_flows(
    wire: Ref,
    drawn: Circuit,
    sweep: Sweep,
    network: Network,
    known: tuple[Mapping[Ref, Number], Mapping[Ref, Number]],
) -> Iterator[Flow]:
    """What flows back into a wire, gate by gate."""
    values, gradients = known
    gates = {g.output: g for g in drawn.gates}
    for term in sweep.terms(wire):
        gate = gates[term.consumer]
        upstream = gradients.get(gate.output)
        slope = None
        if values:
            slope = Unrolled(network, Point({}, dict(values))).value(term.local)
        product = None if upstream is None or slope is None else times(upstream, slope)
        yield Flow(gate, wire, gate.operands().index(wire), term.local, upstream, slope, product)


def spelled_out(drawn: Circuit, e: Expr) -> Expr:
    """`e` with the engine's own wire names replaced by what the author writes for them."""
    own = {g.output: g.expression for g in drawn.gates}
    return replace_refs(e, lambda r: own.get(r))


def wire_answer(work: CircuitWork, wire: Ref, where: str, at: Place | None, sweep: Sweep) -> Answer:
    """The gradient of one wire as an answer."""
    bottom = latex(work.spelled(wire))
    if not isinstance(work.spelled(wire), Ref):
        bottom = f"({bottom})"
    question = rf"\frac{{\partial {latex(work.circuit.output)}}}{{\partial {bottom}}}"
    value = work.gradients.get(wire)
    text = latex(work.formulas[wire]) if value is None else shown(value)[0]
    found = sweep.gradient(wire)
    source = Source(sweep.network, found)
    return Answer(where, question, text, value, at, derivation=found, source=source)
