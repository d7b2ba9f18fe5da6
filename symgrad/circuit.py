r"""Circuits: a formula taken apart into gates of one operation each, as an exam draws them.

``f = \frac{1}{w x + 1}`` becomes ``\times``, ``+1``, ``1/x``. Sums and products go from left to
right in the author's order, a constant operand makes a gate of one input, and what the author put
in parentheses stays together. Named stages (``q = x + y``) keep their names. Knows how to take
formulas apart; neither differentiates nor evaluates them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from symgrad.errors import ExamError, NetworkError
from symgrad.expr import (
    LETTERS,
    ONE,
    Add,
    Call,
    Div,
    Expr,
    Mul,
    Neg,
    Pow,
    Ref,
    children,
    free,
    fresh,
    names,
    num,
    transform,
)
from symgrad.figure import Drawing
from symgrad.graph import Label, Node, Wire
from symgrad.latex import FUNCTIONS, latex
from symgrad.layout import TEXT_WIDTH, layout
from symgrad.scalars import folded, is_constant, rational, wires, written_out

MOST_GATES = 400
DEEPEST = 100

Whole = Callable[[tuple[Expr, ...]], Expr]
Join = Callable[[Expr, Expr, Expr], Ref]

DOTS = r"\dots"
VARIABLES = "xyz"
"""What the inputs of a gate are called on its sign."""

SPARE = "uvwst"
"""The next ones, where an author's names are among these; i and j would look like indices."""

AROUND = ("sqrt", "abs", "floor", "ceil")
"""Functions whose sign stands around its argument."""


@dataclass(frozen=True)
class Gate:
    """One operation: `output` names its wire, `body` is the operation on wires and numbers,
    `label` the LaTeX of its sign, `expression` what the author writes for this wire."""

    output: Ref
    body: Expr
    label: str
    expression: Expr
    variable: Ref
    """What a formula of this gate calls its first input, where that has no name."""

    def operands(self) -> tuple[Ref, ...]:
        """The wires it reads, in operand order; one that is read twice stands twice."""
        return tuple(wires(self.body))


@dataclass(frozen=True)
class Circuit:
    """Gates in an order in which each reads only inputs and earlier gates."""

    inputs: tuple[Ref, ...]
    gates: tuple[Gate, ...]
    output: Ref


def circuit(target: Ref, definitions: Mapping[Ref, Expr]) -> Circuit:
    r"""The circuit that computes `target`; names without a definition, and names defined as a
    number, are its inputs.

    >>> from symgrad.expr import *
    >>> w, x = Ref("w"), Ref("x")
    >>> f = Div(ONE, Add((Mul((w, x)), ONE)))
    >>> [gate.label for gate in circuit(Ref("f"), {Ref("f"): f}).gates]
    ['\\times', '+1', '1/y']
    """
    if target not in definitions:
        raise NetworkError(
            f"found a circuit of {latex(target)}, which no equation defines; expected a name "
            "with an equation",
            hint=f"write an equation {latex(target)} = … before the figure",
        )
    stages = _stages(target, definitions)
    taken = {n for r, e in definitions.items() for n in names(r) | names(e)}
    plain = {r for e in (*definitions, *definitions.values()) for r in free(e) if not r.indices}
    build = _Builder(fresh("g", taken), frozenset(plain))
    for stage in _in_order(stages):
        build.stage(stage, stages[stage])
    output = build.alias.get(target, target)
    if output not in build.made:
        raise ExamError(
            f"found no operation in {latex(target)}, expected at least one gate to draw",
            hint="leave the figure out",
        )
    return Circuit(_inputs(build.gates, output), tuple(build.gates), output)


def _reads(e: Expr) -> list[Ref]:
    """The leaves and stages that a written-out formula reads."""
    return list(dict.fromkeys(wires(e)))


def _inputs(gates: Sequence[Gate], output: Ref) -> tuple[Ref, ...]:
    """The leaves, as they come when the circuit is read from its output, operand by operand."""
    by_wire = {g.output: g for g in gates}
    seen: dict[Ref, None] = {}
    todo = [output]
    while todo:
        wire = todo.pop()
        if wire not in seen:
            seen[wire] = None
            todo += reversed(by_wire[wire].operands() if wire in by_wire else ())
    return tuple(r for r in seen if r not in by_wire)


def _stages(target: Ref, definitions: Mapping[Ref, Expr]) -> dict[Ref, Expr]:
    """The stages that the target depends on, in the author's order, sums written out."""
    found: dict[Ref, Expr] = {}
    todo = [target]
    while todo:
        ref = todo.pop()
        if ref in definitions and ref not in found:
            _refuse_deep(ref, definitions[ref])
            found[ref] = written_out(definitions[ref])
            todo += _reads(found[ref])
    return {r: found[r] for r in definitions if r in found and _reads(found[r])}


def _refuse_deep(ref: Ref, e: Expr) -> None:
    level, depth = [e], 0
    while level:
        depth += 1
        level = [x for parent in level for x in children(parent)]
        if depth > DEEPEST:
            raise ExamError(
                f"found {DEEPEST} formulas inside one another in {latex(ref)}, expected a circuit "
                "that can be drawn",
                hint="name some of the parts",
            )


def _in_order(stages: Mapping[Ref, Expr]) -> list[Ref]:
    """The stages, each after those it reads, else in their order."""
    order: dict[Ref, None] = {}
    for root in stages:
        path = [root]
        while path:
            unread = [r for r in _reads(stages[path[-1]]) if r in stages and r not in order]
            if not unread:
                order.setdefault(path.pop())
            elif unread[0] in path:
                raise NetworkError(
                    f"found {latex(unread[0])} defined through itself, expected a circuit "
                    "without a circle",
                    hint="give one of the names on the way another name",
                )
            else:
                path.append(unread[0])
    return list(order)


@dataclass
class _Builder:
    letter: str
    plain: frozenset[Ref] = frozenset()
    gates: list[Gate] = field(default_factory=list)
    made: set[Ref] = field(default_factory=set)
    alias: dict[Ref, Ref] = field(default_factory=dict)

    def stage(self, name: Ref, formula: Expr) -> None:
        """The gates of a named stage; the last of them gets its name."""
        before = len(self.gates)
        wire = self.wire(formula)
        if len(self.gates) == before or self.gates[-1].output != wire:
            self.alias[name] = wire
            return
        last = self.gates.pop()
        self.made.discard(wire)
        self.gates.append(replace(last, output=name, expression=name))
        self.made.add(name)

    def gate(self, body: Expr, label: str, expression: Expr) -> Ref:
        """A new gate and its wire."""
        if len(self.gates) == MOST_GATES:
            raise ExamError(
                f"found a circuit of more than {MOST_GATES} gates, expected one that can be drawn",
                hint="ask for the circuit of a smaller part",
            )
        wire = Ref(self.letter, (num(len(self.gates) + 1),))
        letters = self.letters(body)
        self.gates.append(Gate(wire, body, label, expression, next(iter(letters.values()))))
        self.made.add(wire)
        return wire

    def wire(self, e: Expr) -> Ref:
        """The wire that carries `e`, which is no constant; its gates are made first."""
        match e:
            case Ref():
                return self.alias.get(e, e)
            case Add(terms=terms):
                return self.chain(terms, Add, self.plus)
            case Mul(factors=factors):
                return self.chain(factors, Mul, self.times)
            case Neg(arg=arg):
                return self.negated(arg, e)
            case Div(num=a, den=b):
                return self.quotient(a, b, e)
            case Pow(base=base, exp=exp):
                body = Pow(self.operand(base), self.operand(exp))
                return self.gate(body, latex(self.with_variables(body)), e)
            case Call(fn=fn, args=args):
                call = Call(fn, tuple(self.operand(a) for a in args), e.spelling)
                return self.gate(call, self.function_sign(call), e)
        raise TypeError(f"not an operation: {type(e).__name__}")

    def operand(self, e: Expr) -> Expr:
        """A constant as it is, anything else as its wire."""
        return e if is_constant(e) else self.wire(e)

    def chain(self, parts: tuple[Expr, ...], whole: Whole, join: Join) -> Ref:
        """a ∘ b ∘ c as (a ∘ b) ∘ c; constants in front count as one."""
        lead = next(n for n, part in enumerate(parts) if not is_constant(part))
        wire = self.wire(parts[lead])
        if lead:
            front = parts[0] if lead == 1 else folded(whole(parts[:lead]))
            wire = join(front, wire, whole(parts[: lead + 1]))
        for n in range(lead + 1, len(parts)):
            wire = join(wire, parts[n], whole(parts[: n + 1]))
        return wire

    def plus(self, left: Expr, right: Expr, expression: Expr) -> Ref:
        """left + right, of which one may be a constant and the right one a subtracted term."""
        if is_constant(left) or is_constant(right):
            constant = left if is_constant(left) else right
            text = latex(constant)
            return self.gate(
                Add((left, right)), text if text.startswith("-") else f"+{text}", expression
            )
        if isinstance(right, Neg):
            return self.gate(Add((left, Neg(self.wire(right.arg)))), "-", expression)
        return self.gate(Add((left, self.wire(right))), "+", expression)

    def times(self, left: Expr, right: Expr, expression: Expr) -> Ref:
        """left · right, of which one may be a constant."""
        body = Mul((left, self.operand(right)))
        if is_constant(left) or is_constant(right):
            constant = left if is_constant(left) else right
            return self.gate(body, _scaling_sign(r"\times", constant), expression)
        return self.gate(body, r"\times", expression)

    def negated(self, arg: Expr, e: Expr) -> Ref:
        """-u is u times -1; a sign before a constant factor belongs to the factor."""
        match arg:
            case Mul(factors=(first, *rest)) if is_constant(first):
                return self.chain((folded(Neg(first)), *rest), Mul, self.times)
            case Div(num=a, den=b) if is_constant(a):
                return self.quotient(folded(Neg(a)), b, e)
        return self.gate(Neg(self.wire(arg)), r"\times(-1)", e)

    def quotient(self, a: Expr, b: Expr, e: Expr) -> Ref:
        """a / b is a times 1/b; a constant divisor stays one."""
        if is_constant(b):
            return self.gate(Div(self.wire(a), b), _scaling_sign(r"\div", b), e)
        left = self.operand(a)
        plain = rational(left) == 1
        body = Div(ONE, self.wire(b))
        sign = f"1/{latex(self.with_variables(body.den))}"
        inverse = self.gate(body, sign, e if plain else Div(ONE, b))
        return inverse if plain else self.times(left, inverse, e)

    def with_variables(self, body: Expr) -> Expr:
        """An operation on x, y, … instead of wires."""
        letters = self.letters(body)
        return transform(body, lambda e: letters.get(e, e) if isinstance(e, Ref) else e)

    def letters(self, body: Expr) -> dict[Ref, Ref]:
        """What stands for each wire: x, y, …; where x is somebody's name, the names of the wires,
        and free letters for those that have none."""
        read = list(dict.fromkeys(wires(body)))
        letters = dict(zip(read, map(Ref, VARIABLES), strict=False))
        if any(x in self.plain and x != wire for wire, x in letters.items()):
            spare = (Ref(x) for x in (*VARIABLES, *SPARE, *LETTERS) if Ref(x) not in self.plain)
            letters = {r: next(spare) if r.name == self.letter else r for r in read}
        return letters

    def function_sign(self, call: Call) -> str:
        """What stands on the gate of a function."""
        if call.fn in ("max", "min"):
            sign = FUNCTIONS[call.fn]
            if not any(is_constant(a) for a in call.args):
                return sign
            if len(set(wires(call))) <= len(VARIABLES):
                return latex(self.with_variables(call))
            constants = [latex(a) for a in call.args if is_constant(a)]
            return f"{sign}({', '.join([DOTS, *constants])})"
        if call.fn in AROUND:
            return latex(self.with_variables(call))
        spelling = "" if call.spelling == "e^" else call.spelling
        return spelling or FUNCTIONS.get(call.fn) or rf"\mathrm{{{call.fn}}}"


def _scaling_sign(sign: str, constant: Expr) -> str:
    text = latex(constant)
    loose = text.startswith("-") or isinstance(constant, Add)
    return f"{sign}({text})" if loose else f"{sign} {text}"


def draw(
    circuit: Circuit,
    labels: Mapping[Ref, Label],
    shares: Mapping[tuple[Ref, int], str] | None = None,
    width: float = TEXT_WIDTH,
) -> Drawing:
    """The drawing of a circuit with the numbers of its wires; `shares` maps a gate's output and
    an operand's place (from 0) to the part of the gradient that flows back there."""
    names = {r: str(n) for n, r in enumerate([*circuit.inputs, *(g.output for g in circuit.gates)])}
    nodes = [Node(names[r], "input", latex(r)) for r in circuit.inputs]
    edges = []
    for gate in circuit.gates:
        named = isinstance(gate.expression, Ref) and gate.output != circuit.output
        name = latex(gate.output) if named else ""
        nodes.append(Node(names[gate.output], "gate", gate.label, name, _commutes(gate.body)))
        edges += [
            Wire(names[r], names[gate.output], (shares or {}).get((gate.output, n)))
            for n, r in enumerate(gate.operands())
        ]
    nodes.append(Node("output", "output", latex(circuit.output)))
    edges.append(Wire(names[circuit.output], "output"))
    return layout(nodes, edges, {names[r]: label for r, label in labels.items()}, width)


def _commutes(body: Expr) -> bool:
    match body:
        case Add(terms=terms):
            return not any(isinstance(t, Neg) for t in terms)
        case Call(fn=fn):
            return fn in ("max", "min")
    return isinstance(body, Mul)
