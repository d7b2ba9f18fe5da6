r"""A circuit worked out: the figure with its numbers, and the table of gates behind it."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from symgrad.answer import CircuitWork, Flow
from symgrad.circuit import draw
from symgrad.dual import Number
from symgrad.expr import (
    Expr,
    Num,
    Ref,
    replace_refs,
)
from symgrad.graph import BLANK, Label
from symgrad.latex import latex
from symgrad.numeral import rounded, shown
from symgrad.page import (
    Block,
    Cell,
    Figure,
    Row,
    Rows,
    Span,
    Table,
)
from symgrad.wording import label, say
from symgrad.worked import maths, sentence

DIGITS = 2
"""Numbers in a figure are rounded to this many decimals, as on the blackboard."""

SMALL = Fraction(1, 2 * 10**DIGITS)
"""A smaller number, of which no decimal is left, keeps two digits."""


def short(x: Number) -> str:
    """A number in a figure."""
    return rounded(x, DIGITS, SMALL)


def figure(
    work: CircuitWork, name: str, *, filled: bool, asked: frozenset[str] = frozenset()
) -> Figure:
    """The circuit with its values; with its gradients if `filled`, else with blanks for them and
    for the values that are `asked` for (LaTeX)."""
    f = latex(work.circuit.output)
    wires = [*work.circuit.inputs, *(g.output for g in work.circuit.gates)]
    hidden = {w for w in wires if w in work.values and asked & {latex(w), latex(work.spelled(w))}}
    labels = {w: wire_label(work, w, filled) for w in wires}
    labels |= {w: replace(labels[w], value=BLANK) for w in hidden}
    shares = {
        (t.gate.output, t.place): short(t.product)
        for t in work.flows
        if t.product is not None and filled and forks(work, t.operand)
    }
    key = "figure-bare" if not work.values and filled else "figure" if filled else "figure-values"
    caption = say("labels", "figure-asked" if hidden else key, f=f)
    shown_values = [x for w, x in work.values.items() if w not in hidden]
    drawn = [Fraction(x) for x in (*shown_values, *(work.gradients.values() if filled else ()))]
    if any((x * 10**DIGITS).denominator != 1 for x in drawn):
        small = any(0 < abs(x) < SMALL for x in drawn)
        caption += say("labels", "rounded-small" if small else "rounded")
    alt = label("alt", f=f)
    return Figure(draw(work.circuit, labels, shares), name, caption, alt)


def wire_label(work: CircuitWork, wire: Ref, filled: bool) -> Label:
    """The two numbers of a wire."""
    value = short(work.values[wire]) if wire in work.values else None
    if not filled:
        return Label(value, "1" if wire == work.circuit.output else BLANK)
    gradient = short(work.gradients[wire]) if wire in work.gradients else None
    return Label(value, gradient)


def forks(work: CircuitWork, wire: Ref) -> bool:
    """Is a wire used more than once?"""
    return sum(t.operand == wire for t in work.flows) > 1


def circuit(work: CircuitWork, name: str) -> list[Block]:
    """Figure and table of gates; formulas where there are no values."""
    blocks: list[Block] = [figure(work, name, filled=True)]
    if not work.values:
        rows = [Row(a.question, a.latex) for a in reversed(work.answers)]
        return [*blocks, sentence("answer-symbolic"), Rows(tuple(rows))]
    blocks.append(sentence("backward"))
    if any(forks(work, w) for w in work.gradients):
        blocks.append(sentence("fork"))
    return [*blocks, gate_table(work)]


def gate_table(work: CircuitWork) -> Table:
    """Gate, local gradient, upstream, product; from the output to the inputs."""
    heads = [label(k) for k in ("gate", "wire", "local", "upstream", "gradient")]
    header = tuple(Cell((Span("text", h),)) for h in heads)
    rows: list[tuple[Cell, ...]] = []
    position = {g.output: n for n, g in enumerate(work.circuit.gates)}
    flows = sorted(work.flows, key=lambda t: (-position[t.gate.output], t.place))
    for flow in flows:
        rows.append(flow_row(work, flow))
        last = [t for t in flows if t.operand == flow.operand][-1] is flow
        if forks(work, flow.operand) and last:
            rows.append(sum_row(work, flow))
    return Table(header, tuple(rows), ("l", "l", "l", "r", "r"))


def flow_row(work: CircuitWork, flow: Flow) -> tuple[Cell, ...]:
    """One operand of one gate."""
    whole = forks(work, flow.operand)
    product = number(flow.product)
    return (
        Cell(maths(flow.gate.label)),
        Cell(maths(latex(work.spelled(flow.operand)))),
        Cell(maths(local_text(work, flow))),
        Cell(maths(number(flow.upstream))),
        Cell(maths(product), "given" if whole else "answer"),
    )


def sum_row(work: CircuitWork, flow: Flow) -> tuple[Cell, ...]:
    """The sum at a fork."""
    parts = [number(t.product) for t in work.flows if t.operand == flow.operand]
    text = " + ".join(f"({p})" if p.startswith("-") else p for p in parts)
    return (
        Cell((Span("text", label("sum")),)),
        Cell(maths(latex(work.spelled(flow.operand)))),
        Cell(maths(text)),
        Cell(()),
        Cell(maths(number(work.gradients[flow.operand])), "answer"),
    )


def local_text(work: CircuitWork, flow: Flow) -> str:
    """The local gradient: the textbook formula of the gate, then its number."""
    slope = number(flow.slope)
    if isinstance(flow.local, Num):
        return slope
    equals = "=" if flow.slope is None or shown(flow.slope)[1] else r"\approx"
    formula = FLAT.sub(r"\1/\2", sign_formula(work, flow))
    return slope if formula == slope else f"{formula} {equals} {slope}"


FLAT = re.compile(r"\\frac\{(\w+)\}\{(\w(?:\^\w)?)\}")
"""A fraction so small that a slash reads better in a cell."""


def sign_formula(work: CircuitWork, flow: Flow) -> str:
    """The local gradient in the author's names; a gate whose one input has none is written in
    the letter that stands for it on the gate."""
    operands = set(flow.gate.operands())
    own = flow.gate.output
    input_ = work.spelled(flow.operand)
    if len(operands) == 1 and not isinstance(input_, Ref):
        input_ = flow.gate.variable

    def named(r: Ref) -> Expr | None:
        if len(operands) == 1 and r in operands:
            return input_
        if r == own and len(operands) == 1:
            return replace_refs(flow.gate.body, lambda o: input_ if o in operands else None)
        return work.spelled(r)

    return latex(replace_refs(flow.local, named))


def number(x: Number | None) -> str:
    """A number in a cell; rounded ones to four decimals."""
    return "" if x is None else shown(x)[0]
