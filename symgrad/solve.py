r"""Solving an exam: every question mark answered, in document order.

Reads the formulas of each section into its scope, derives gradients, fills tables and circuits.
What it returns holds formulas and numbers, no words: `sheet` words them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import reduce
from typing import Any

from symgrad.circuit import Circuit, Gate, circuit
from symgrad.count import Cell as Counted
from symgrad.count import (
    Count,
    Layer,
    Quantity,
    count,
    names_layers,
    quantity,
    read_conventions,
    read_layer,
    unknown,
)
from symgrad.derive import Sweep
from symgrad.dual import Number, plus, times
from symgrad.errors import ExamError, NetworkError, NotationError, Place, SymgradError
from symgrad.evaluate import Point, Unrolled
from symgrad.exam import Cell, Drawn, Exam, Formula, Grid, Item, Section
from symgrad.expr import Blank, Call, Expr, Num, Partial, Ref, constant, num, replace_refs
from symgrad.latex import latex
from symgrad.network import Equation, Network, Ties, check_entry, check_length, entries
from symgrad.notation import Formula as Chain
from symgrad.notation import Listing, Statement, read
from symgrad.numeral import plain, shown
from symgrad.page import Block, Display, Paragraph
from symgrad.rewrite import Derivation, Step
from symgrad.rules.algebra import as_cases
from symgrad.scope import PARAMETER_NAMES, Question, Scope, read_scope
from symgrad.typeset import check


@dataclass(frozen=True)
class Answer:
    """One filled question mark. `value` is a number where the answer has one; `exact` says
    whether the digits shown are the whole number."""

    scope: str
    question: str
    latex: str
    value: Number | None
    at: Place | None
    points: Fraction | None = None
    derivation: Derivation | None = None
    listed: tuple[Ref, ...] = ()

    def json(self) -> dict[str, Any]:
        """For ``--json``."""
        points = None if self.points is None else plain(self.points)
        return {
            "scope": self.scope,
            "question": self.question,
            "latex": self.latex,
            "value": plain(self.value),
            "points": points,
        }


@dataclass(frozen=True)
class Work:
    """The answers that one item of a section asks for. `alone`: the item asks and says no more."""

    answers: tuple[Answer, ...]
    alone: bool = False


@dataclass(frozen=True)
class Flow:
    """What flows back through one operand of a gate: upstream · local = product."""

    gate: Gate
    operand: Ref
    place: int
    local: Expr
    upstream: Number | None
    slope: Number | None
    product: Number | None


@dataclass(frozen=True)
class CircuitWork(Work):
    """A circuit with the value and the gradient of every wire."""

    circuit: Circuit = field(default_factory=lambda: Circuit((), (), Ref("f")))
    values: Mapping[Ref, Number] = field(default_factory=dict)
    gradients: Mapping[Ref, Number] = field(default_factory=dict)
    flows: tuple[Flow, ...] = ()
    formulas: Mapping[Ref, Expr] = field(default_factory=dict)

    def spelled(self, wire: Ref) -> Expr:
        """What the author writes for a wire."""
        for gate in self.circuit.gates:
            if gate.output == wire:
                return gate.expression
        return wire


@dataclass(frozen=True)
class TableWork(Work):
    """A table of layers, counted. `cells` holds the count of each cell that was a question."""

    count: Count = field(default_factory=lambda: Count((), {}))
    columns: tuple[Quantity | None, ...] = ()
    cells: Mapping[tuple[int, int], Counted] = field(default_factory=dict)
    layers: tuple[int | None, ...] = ()
    """For each row of the table, the row of the count it shows; None for a total."""


@dataclass(frozen=True)
class Solved:
    """A section with its scope and the work of its items; key -1 is the heading's own."""

    section: Section
    scope: Scope
    path: str
    works: Mapping[int, Work]
    children: tuple[Solved, ...] = ()

    def walk(self) -> Iterator[Solved]:
        """This section and those below, in document order."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Solution:
    """A solved exam."""

    exam: Exam
    root: Solved

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Every answer in document order."""
        return tuple(
            a for s in self.root.walk() for k in sorted(s.works) for a in s.works[k].answers
        )

    def json(self) -> dict[str, Any]:
        """The answers and the filled tables as plain data."""
        tables = [
            table_json(s.path, s.section.items[k], w)
            for s in self.root.walk()
            for k, w in sorted(s.works.items())
            if isinstance(w, TableWork)
        ]
        return {"answers": [a.json() for a in self.answers], "tables": tables}


def table_json(path: str, item: Item, work: TableWork) -> dict[str, Any]:
    """One filled table: header and rows of plain text."""
    assert isinstance(item, Grid)
    rows = [
        [work.cells[r, c].text if (r, c) in work.cells else cell.text for c, cell in enumerate(row)]
        for r, row in enumerate(item.rows)
    ]
    totals = {
        item.header[c].text: total.text
        for c, q in enumerate(work.columns)
        if q is not None and (total := work.count.total(q)) is not None
    }
    return {"scope": path, "header": [c.text for c in item.header], "rows": rows, "totals": totals}


def solve(exam: Exam) -> Solution:
    r"""Answer every question mark of an exam.

    >>> exam = Exam.parse("$$L = w x$$\n\n$$\\frac{\\partial L}{\\partial w} = ?$$\n")
    >>> [a.latex for a in solve(exam).answers]
    ['x']
    """
    return Solution(exam, Solver(exam).section(exam.root, Scope(), ()))


TIES: dict[str, Ties] = {"strict": "strict", "ge": "ge", "first": "first", "split": "split"}


class Solver:
    """Walks the sections of an exam with the scope of each."""

    def __init__(self, exam: Exam) -> None:
        self.exam = exam
        self.ties = TIES[exam.options.get("ties", "strict")]
        self.cases = exam.options.get("indicator") == "cases"

    def section(self, section: Section, outer: Scope, path: tuple[str, ...]) -> Solved:
        """One section and those below it."""
        title = "".join(s.content for s in section.title)
        path = (*path, title) if title else path
        groups = {-1: section.formulas} | {k: i.formulas for k, i in enumerate(section.items)}
        read_ = read_groups({k: fs for k, fs in groups.items() if fs}, outer)
        for formula in (f for fs in groups.values() for f in fs):
            check(formula.latex, formula.at)
        for cell in (c for item in section.items for c in cells_of(item)):
            for span in cell.spans:
                if span.kind == "math":
                    check(span.content, cell.at)
        try:
            scope = read_scope([s for group in read_.values() for s in group], outer, self.ties)
        except SymgradError as error:
            raise error.located(next((f.at for fs in groups.values() for f in fs), None)) from None
        where = " / ".join(path)
        works = {}
        for k, group in read_.items():
            asked = questions(group, scope)
            if asked:
                answers = tuple(Asker(scope, where, self.cases).answer(q) for q in asked)
                alone = k >= 0 and wordless(section.items[k].block)
                alone = alone and all(is_question(s) for block in group for s in block)
                works[k] = Work(answers, alone)
        for k, item in enumerate(section.items):
            special = self.special(item, section, scope, where)
            if special is not None and k in works:
                raise ExamError(
                    "found cells to fill and questions in formulas in one table, expected one kind",
                    at=item.at,
                    hint="ask the questions below the table",
                )
            if special is not None:
                works[k] = special
        works = dict(sorted(pointed(works, section.points).items()))
        children = tuple(self.section(c, scope, path) for c in section.children)
        return Solved(section, scope, where, works, children)

    def special(self, item: Item, section: Section, scope: Scope, where: str) -> Work | None:
        """Circuits and tables."""
        try:
            if isinstance(item, Drawn):
                return circuit_work(item, scope, where)
            if isinstance(item, Grid) and item.asks:
                return table_work(item, section, where)
        except SymgradError as error:
            raise error.located(item.at) from None
        return None


def wordless(block: Block) -> bool:
    """Is a block mathematics and nothing else?"""
    match block:
        case Display(latex=text):
            return not re.search(r"\\(text|mbox)", text)
        case Paragraph(spans=spans):
            return all(s.kind == "math" or not s.content.strip(" ,.;") for s in spans)
    return False


def cells_of(item: Item) -> Iterator[Cell]:
    """The cells of a table; other items have none."""
    if isinstance(item, Grid):
        for row in (item.header, *item.rows):
            yield from row


def statements(formulas: Sequence[Formula], outer: Scope) -> list[tuple[Statement, ...]]:
    """The statements of some formulas, one tuple per formula. Inline mathematics without a
    relation is prose."""
    return read_groups({0: formulas}, outer)[0]


def read_groups(
    groups: Mapping[int, Sequence[Formula]], outer: Scope
) -> dict[int, list[tuple[Statement, ...]]]:
    """The statements of the items of a section. What f and σ mean is settled by all of them:
    ``f(x) = …`` in one display makes ``f(2)`` a call in every other."""
    spoken = {k: [f for f in fs if speaks(f)] for k, fs in groups.items()}
    known, taken = frozenset(outer.functions), outer.variables
    first = {k: [tried(f, known, taken) for f in fs] for k, fs in spoken.items()}
    blocks = [b for group in first.values() for b in group if b is not None]
    heads = known | {h for block in blocks for h in called(block)}
    names = taken | variables(blocks)
    settled = heads == known and names == taken
    return {
        k: [
            block if settled and block is not None else read_placed(f, heads, names)
            for f, block in zip(spoken[k], first[k], strict=True)
        ]
        for k in groups
    }


def tried(
    f: Formula, functions: frozenset[str], taken: frozenset[str]
) -> tuple[Statement, ...] | None:
    """The statements of a formula as far as the functions known so far let it be read."""
    try:
        return read_placed(f, functions, taken)
    except NotationError:
        return None


def read_placed(
    f: Formula, functions: frozenset[str], taken: frozenset[str]
) -> tuple[Statement, ...]:
    """The statements of a formula, at their places in the file."""
    try:
        found = read(f.latex, f.at, functions, taken)
    except SymgradError as error:
        error.at = error.at and f.placed(error.at)
        raise
    return tuple(replace(s, at=f.placed(s.at)) for s in found)


SPEAKS = re.compile(
    "[=<>?≤≥≠∈\N{TILDE OPERATOR}]"
    r"|\\(?:l[et]q?|leqslant|g[et]q?|geqslant|neq?|sim|in)(?![A-Za-z])"
)


def speaks(f: Formula) -> bool:
    """Does a formula state or ask something? A lone inline symbol in prose does not."""
    return f.display or SPEAKS.search(f.latex) is not None


def called(block: Sequence[Statement]) -> Iterator[str]:
    """Functions that the left sides of a block define."""
    for s in block:
        if isinstance(s, Chain) and isinstance(s.parts[0], Call) and len(s.parts) > 1:
            yield s.parts[0].fn


def variables(blocks: Sequence[Sequence[Statement]]) -> frozenset[str]:
    """Names like σ that are defined as variables in this scope."""
    return frozenset(
        s.parts[0].name
        for block in blocks
        for s in block
        if isinstance(s, Chain) and len(s.parts) > 1 and isinstance(s.parts[0], Ref)
    )


def is_question(s: Statement) -> bool:
    """Does the statement end in a question mark?"""
    if isinstance(s, Chain):
        return isinstance(s.parts[-1], Blank)
    return isinstance(s, Listing) and any(isinstance(i, Blank) for i in s.items)


def questions(group: Sequence[Sequence[Statement]], scope: Scope) -> list[Question]:
    """The scope's questions that come from these statements."""
    places = [s.at for block in group for s in block if is_question(s)]
    return [q for q in scope.questions if q.at in places]


def pointed(works: Mapping[int, Work], points: str | None) -> dict[int, Work]:
    """The heading's points, divided evenly over its question marks."""
    number = sum(len(w.answers) for w in works.values())
    if points is None or not number:
        return dict(works)
    each = Fraction(points) / number
    return {
        k: replace(w, answers=tuple(replace(a, points=each) for a in w.answers))
        for k, w in works.items()
    }


# -- questions about networks ---------------------------------------------------------------------


class Asker:
    """Answers questions in one scope; shares one sweep per loss."""

    def __init__(self, scope: Scope, where: str, cases: bool = False) -> None:
        self.scope = scope
        self.cases = cases
        self.network = scope.network
        self.where = where
        self.sweeps: dict[Ref, Sweep] = {}

    def answer(self, q: Question) -> Answer:
        """The answer to one question, its faults placed."""
        try:
            if isinstance(q.left, Partial):
                return self.gradient(q, q.left)
            if isinstance(q.left, Ref):
                return self.name(q, q.left)
            raise NetworkError(
                f"found the question {q.latex} = ?, expected a gradient, a defined name or \\theta",
                hint=r"ask for \frac{\partial L}{\partial w}, for a value, or for \theta",
            )
        except SymgradError as error:
            raise error.located(q.at) from None

    def gradient(self, q: Question, goal: Partial) -> Answer:
        """∂of/∂by."""
        of, by = goal.of, goal.by
        if not isinstance(of, Ref) or not isinstance(by, Ref):
            raise NetworkError(f"found {latex(goal)}, expected names above and below")
        self.check(of, by, q.at)
        sweep = self.sweeps.setdefault(of, Sweep(self.network, of))
        derivation = sweep.gradient(by)
        value = self.value(derivation.answer)
        if self.cases:
            derivation = spelled_as_cases(derivation)
        return Answer(
            self.where, q.latex, latex(derivation.answer), value, q.at, derivation=derivation
        )

    def check(self, of: Ref, by: Ref, at: Place) -> None:
        """Both names are known, their indices in range."""
        given = any(u.of == of for u in self.network.upstream)
        if of.name not in self.network.by_name and not given:
            raise NetworkError(
                f"found a gradient of {latex(of)}, which nothing defines; expected a defined name",
                at=at.find(latex(of)),
                hint=f"define {latex(of)}, or give an upstream gradient such as "
                rf"\delta_i = \frac{{\partial {latex(of)}}}{{\partial z_i}}",
            )
        if not self.network.knows(by.name):
            known = ", ".join(latex(r) for r in self.network.leaves[:12])
            raise NetworkError(
                f"found a gradient by {latex(by)}, which occurs in no equation; "
                f"expected a name of the network",
                at=at.find(latex(by)),
                hint=f"the names it reads are {known}" if known else "state its equations first",
            )
        for ref in (of, by):
            check_entry(self.network, ref, at.find(latex(ref)))

    def name(self, q: Question, ref: Ref) -> Answer:
        """The parameters, or the value of a defined name."""
        if not self.network.knows(ref.name):
            if ref.name not in PARAMETER_NAMES:
                raise NetworkError(
                    f"found a question about {latex(ref)}, which nothing defines; "
                    "expected a defined name",
                    hint=r"define it, or ask for the parameters with \theta = ?",
                )
            listed = self.network.parameters
            shown_ = ", ".join(family(self.network, r) for r in listed)
            return Answer(self.where, q.latex, shown_, None, q.at, listed=listed)
        check_entry(self.network, ref, q.at.find(latex(ref)))
        if not all(isinstance(i, Num) for i in ref.indices):
            raise NetworkError(
                f"found a question about the value of {latex(ref)}, expected one entry",
                hint=f"ask for entries by their numbers, such as {latex(first_entry(ref))} = ?",
            )
        try:
            value = self.unrolled().value(ref)
        except SymgradError as fault:
            missing = [latex(r) for r in self.network.leaves if r not in self.network.values]
            if not missing:
                raise fault.located(q.at) from None
            raise NetworkError(
                f"found a question about the value of {latex(ref)}, expected values for "
                f"{', '.join(missing)}",
                hint=f"give them as {missing[0]} = 2",
            ) from None
        return Answer(self.where, q.latex, shown(value)[0], value, q.at)

    def value(self, e: Expr) -> Number | None:
        """The number that the given values make of a formula, or None if some are missing."""
        if not self.network.values and constant(e) is None:
            return None
        try:
            return self.unrolled().value(e)
        except SymgradError:
            return None

    def unrolled(self) -> Unrolled:
        """The network at the given values."""
        point = Point({}, {r: v.value for r, v in self.network.values.items()})
        return Unrolled(self.network, point)


def first_entry(ref: Ref) -> Ref:
    """The entry with 1 for every letter."""
    return Ref(ref.name, tuple(i if isinstance(i, Num) else num(1) for i in ref.indices))


MOST_LISTED = 4
"""A tensor of at most this many entries is listed in full among the parameters."""


def spelled_as_cases(d: Derivation) -> Derivation:
    """The derivation with its brackets written as cases in a last step."""
    after = as_cases(d.answer)
    if after == d.answer:
        return d
    return replace(d, steps=(*d.steps, Step("as-cases", d.answer, after)))


def family(network: Network, ref: Ref) -> str:
    r"""A tensor as a list of its entries: k_1, \dots, k_m."""
    ranges = network.ranges(ref.name)
    if len(ref.indices) != 1 or isinstance(ref.indices[0], Num) or not ranges:
        return latex(ref)
    known = ranges[0].size
    if known is not None and known <= MOST_LISTED:
        return ", ".join(latex(Ref(ref.name, (num(v),))) for v in ranges[0].values())
    first, last = latex(Ref(ref.name, (ranges[0].lo,))), latex(Ref(ref.name, (ranges[0].hi,)))
    return rf"{first}, \dots, {last}"


# -- circuits -------------------------------------------------------------------------------------


def circuit_work(item: Drawn, scope: Scope, where: str) -> CircuitWork:
    """Every wire's value and gradient."""
    target = drawn_name(item)
    definitions = {
        e.target: e.body for eq in scope.network.equations for e in written_out(eq)
    }
    for ref, value in scope.network.values.items():
        definitions.setdefault(ref, value)
    drawn = circuit(target, definitions)
    network = Network(tuple(Equation(g.output, (), g.body) for g in drawn.gates))
    sweep = Sweep(network, drawn.output)
    values = wire_values(drawn, network, scope)
    wires = [*drawn.inputs, *(g.output for g in drawn.gates)]
    gradients: dict[Ref, Number] = {}
    flows: list[Flow] = []
    for wire in reversed(wires):
        sweep.gradient(wire)
        found = list(wire_flows(wire, drawn, sweep, network, (values, gradients)))
        flows += found
        if values:
            seed: Number = Fraction(1) if wire == drawn.output else Fraction(0)
            products = (f.product for f in found if f.product is not None)
            gradients[wire] = reduce(plus, products, seed)
    formulas = {w: spelled_out(drawn, sweep.gradient(w).answer) for w in wires}
    work = CircuitWork((), True, drawn, values, gradients, tuple(flows), formulas)
    asked = [w for w in wires if w != drawn.output]
    return CircuitWork(
        tuple(wire_answer(work, w, where, item.at, sweep) for w in asked),
        True, drawn, values, gradients, tuple(flows), formulas,
    )  # fmt: skip


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
        yield Flow(
            gate, wire, gate.operands().index(wire), term.local, upstream, slope, product
        )


def spelled_out(drawn: Circuit, e: Expr) -> Expr:
    """`e` with the engine's own wire names replaced by what the author writes for them."""
    own = {g.output: g.expression for g in drawn.gates}
    return replace_refs(e, lambda r: own.get(r))


def wire_answer(
    work: CircuitWork, wire: Ref, where: str, at: Place | None, sweep: Sweep
) -> Answer:
    """The gradient of one wire as an answer."""
    bottom = latex(work.spelled(wire))
    if not isinstance(work.spelled(wire), Ref):
        bottom = f"({bottom})"
    question = rf"\frac{{\partial {latex(work.circuit.output)}}}{{\partial {bottom}}}"
    value = work.gradients.get(wire)
    text = latex(work.formulas[wire]) if value is None else shown(value)[0]
    return Answer(where, question, text, value, at, derivation=sweep.gradient(wire))


# -- tables ---------------------------------------------------------------------------------------

TOTAL_WORDS = ("total", "totals", "sum", "all", "total:", "sum:")


def table_work(item: Grid, section: Section, where: str) -> TableWork:
    """The cells of a table of layers."""
    said = read_conventions(section.words(), section.at)
    names = next((c for c, h in enumerate(item.header) if names_layers(h.text)), 0)
    columns = tuple(column(item, c, names) for c in range(len(item.header)))
    layers: list[Layer] = []
    rows: list[int | None] = []
    for row in item.rows:
        if row[names].text.strip().lower() in TOTAL_WORDS:
            rows.append(None)
        else:
            rows.append(len(layers))
            layers.append(read_layer(row[names].text, row[names].at, said))
    counted = count(layers)
    cells = {
        (r, c): cell_count(counted, rows[r], columns[c], cell)
        for r, row in enumerate(item.rows)
        for c, cell in enumerate(row)
        if cell.text == "?"
    }
    answers = tuple(
        Answer(
            where,
            rf"\text{{{plain_text(item.rows[r][names].text)}: {plain_text(item.header[c].text)}}}",
            cells[r, c].working,
            None if cells[r, c].value is None else Fraction(cells[r, c].value or 0),
            item.rows[r][c].at,
        )
        for r, c in sorted(cells)
    )
    return TableWork(answers, True, counted, columns, cells, tuple(rows))


def column(item: Grid, c: int, names: int) -> Quantity | None:
    """The quantity of a column; a column that asks must name one."""
    if c == names:
        return None
    found = quantity(item.header[c].text)
    if found is None and any(row[c].text == "?" for row in item.rows if c < len(row)):
        raise unknown(item.header[c].text, item.header[c].at)
    return found


def cell_count(counted: Count, row: int | None, asked: Quantity | None, cell: Cell) -> Counted:
    """The count of one cell."""
    if asked is None:
        raise ExamError("found ? in the column of layers, expected a layer", at=cell.at)
    try:
        found = counted.total(asked) if row is None else counted.rows[row].cell(asked)
    except SymgradError as error:
        raise error.located(cell.at) from None
    if found is None:
        raise ExamError(
            f"found ? for the total of {asked.kind.value}, expected a quantity that adds up",
            at=cell.at,
        )
    return found


def plain_text(text: str) -> str:
    """Table text made safe inside ``\text{…}``."""
    return "".join(c for c in text if c not in "\\{}$#%&_^~")
