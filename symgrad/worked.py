r"""Worked solutions as blocks: the steps a teacher writes, in the order a teacher writes them.

For a gradient: the upstream gradients it builds on, the local gradients that deserve a line of
their own, then chain rule, substitution, result. For a circuit: the figure and a table of gates.
For a table of layers: the workings. Bookkeeping is never printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from symgrad.answer import Answer, TableWork
from symgrad.expr import (
    PI,
    Call,
    Cases,
    Expr,
    Iverson,
    Mul,
    Num,
    Partial,
    Reduce,
    Ref,
    children,
    names,
    walk,
)
from symgrad.index import Index, Range
from symgrad.latex import latex
from symgrad.network import Ties
from symgrad.numeral import shown
from symgrad.page import (
    Block,
    Cell,
    Items,
    Paragraph,
    Remark,
    Row,
    Rows,
    Span,
    Spans,
    Table,
)
from symgrad.rewrite import Derivation
from symgrad.section import Cell as ExamCell
from symgrad.section import Grid
from symgrad.wording import label, listed, say

MARGIN = 4
"""A local gradient of at most this many nodes is named in the margin, not in a line of its own."""


ONE_LINE = 22
"""A chain of at most this many nodes stands on one line with its result."""


def weight(e: Expr) -> int:
    """How much there is to read: a tensor with its indices counts as one."""
    return 1 if isinstance(e, Ref) else 1 + sum(weight(k) for k in children(e))


def maths(text: str) -> Spans:
    """One formula."""
    return (Span("math", text),)


def sentence(key: str, **formulas: str) -> Paragraph:
    """A paragraph of one sentence."""
    return Paragraph(say("sentences", key, **formulas))


def gradients(answers: Sequence[Answer], told: set[Expr], ties: Ties) -> list[Block]:
    """The worked solution of some gradients, those of second derivatives each after the gradient
    that it differentiates; `told` are the goals that need no second telling."""
    blocks: list[Block] = []
    for curved, run in groupby(answers, lambda a: before(a) is not None):
        if not curved:
            blocks += first_order(list(run), told, ties)
            continue
        for answer in run:
            inner, d = before(answer), answer.derivation
            assert inner is not None and d is not None
            if not any(alike(inner.goal, goal) for goal in told):
                whole = replace(answer, derivation=inner, value=None, whole=None)
                blocks += gradients([whole], told, ties)
            rest = replace(d, upstream=tuple(u for u in d.upstream if u != inner))
            blocks += first_order([replace(answer, derivation=rest)], told, ties)
    return blocks


def before(answer: Answer) -> Derivation | None:
    """The derivation of the gradient that a second derivative differentiates."""
    d = answer.derivation
    own = d.goal.of if d is not None else None
    return next((u for u in d.upstream if u.goal == own), None) if d is not None else None


def alike(a: Expr, b: Expr) -> bool:
    """Are two gradients the same, but for their letters?"""
    match a, b:
        case Partial(of=p, by=Ref() as x), Partial(of=q, by=Ref() as y):
            letters = [isinstance(i, Ref) for r in (x, y) for i in r.indices]
            return p == q and x.name == y.name and all(letters)
    return False


def first_order(answers: Sequence[Answer], told: set[Expr], ties: Ties) -> list[Block]:
    """The worked solution of some gradients: what they build on, then each of them."""
    derivations = [a.derivation for a in answers if a.derivation is not None]
    ties = next((a.ties for a in answers if a.ties), ties)
    blocks: list[Block] = []
    blocks += lemmas(derivations, told, ties)
    blocks += flow_of(derivations)
    blocks += local_lines(derivations, told, ties)
    for answer in answers:
        if answer.derivation is not None:
            for block in one_gradient(answer, answer.derivation):
                append(blocks, block)
            told.add(answer.derivation.goal)
            if PI not in told and PI in walk(answer.derivation.answer):
                told.add(PI)
                blocks.append(Remark(say("remarks", "circle-number")))
    return blocks


def append(blocks: list[Block], block: Block) -> None:
    """Answers without words between them are aligned with one another."""
    last = blocks[-1] if blocks else None
    if isinstance(last, Rows) and isinstance(block, Rows) and last.answer and block.answer:
        blocks[-1] = Rows((*last.rows, *block.rows), answer=True)
    else:
        blocks.append(block)


def lemmas(asked: Sequence[Derivation], told: set[Expr], ties: Ties) -> list[Block]:
    """The upstream gradients that the asked ones build on, deepest first."""
    goals = {d.goal for d in asked}
    found: dict[Expr, Derivation] = {}
    stack = [(u, False) for d in reversed(asked) for u in reversed(d.upstream)]
    while stack:
        d, ready = stack.pop()
        if d.goal in found or d.goal in told or d.goal in goals:
            continue
        if ready:
            if not isinstance(d.answer, Num):
                found[d.goal] = d
        else:
            stack.append((d, True))
            stack += [(u, False) for u in reversed(d.upstream)]
    if not found:
        return []
    told |= set(found)
    blocks = local_lines(list(found.values()), told, ties)
    rows = tuple(r for d in found.values() for r in lines(d))
    return [*blocks, common(asked, list(found.values())), Rows(rows)]


def common(asked: Sequence[Derivation], found: Sequence[Derivation]) -> Paragraph:
    """Why the upstream gradients come first."""
    first = not any(isinstance(d.goal.of, Partial) for d in found)
    if (
        len(found) == 1
        and first
        and all([u.goal for u in d.upstream] == [found[0].goal] for d in asked)
    ):
        names = ", ".join(latex(d.goal.by) for d in asked)
        return sentence("through", names=names, middle=latex(found[0].goal.by))
    return sentence("lemmas")


def flow_of(asked: Sequence[Derivation]) -> list[Block]:
    """Which unit feeds which, where several entries are asked for and the flow differs."""
    fed = {d.goal.by: [p.goal.of for p in d.locals] for d in asked if d.locals}
    entries = [indices(v) for vs in fed.values() for v in vs]
    numbered = all(isinstance(i, Num) for e in entries for i in e)
    if (
        len(fed) < 2
        or not all(entries)
        or not numbered
        or len({tuple(v) for v in fed.values()}) == 1
    ):
        return []
    phrases = []
    for name, consumers in fed.items():
        to = listed([maths(latex(c)) for c in consumers])
        phrases.append(
            (*maths(latex(name)), *say("sentences", "feeds-one", name="", consumers="")[1:-1], *to)
        )
    spans: list[Span] = []
    for n, phrase in enumerate(phrases):
        spans += [*([Span("text", "; ")] if n else []), *phrase]
    return [Paragraph((*spans, Span("text", ".")))]


def indices(e: Expr) -> tuple[Expr, ...]:
    """The indices of a reference."""
    return e.indices if isinstance(e, Ref) else ()


def local_lines(derivations: Iterable[Derivation], told: set[Expr], ties: Ties) -> list[Block]:
    """The local gradients that are more than a name: maxima, brackets, functions."""
    every = (p for d in derivations for p in d.locals)
    found = {p.goal: p for p in every if not marginal(p) and p.goal not in told}
    if not found:
        return []
    told |= set(found)
    rules = {r for p in found.values() for s in p.steps for r in s.because}
    if "max-rule" in rules:
        opening = sentence(f"max-{ties}")
    elif "relu-rule" in rules:
        opening = sentence(f"relu-{ties}")
    else:
        opening = sentence("locals")
    return [opening, Rows(tuple(r for p in found.values() for r in lines(p)))]


def marginal(d: Derivation) -> bool:
    """Is a local gradient short enough for the margin?"""
    return weight(d.answer) <= MARGIN and not any(
        isinstance(x, Iverson | Call) for x in walk(d.answer)
    )


def lines(d: Derivation) -> list[Row]:
    """A lemma or a local gradient on one line, its chain of equals in full."""
    parts = chain(d)
    reason = margin(d)
    short = sum(weight(p) for p in parts) <= 2 * ONE_LINE
    if (short and not any(isinstance(p, Cases) for p in parts)) or len(parts) == 1:
        tail = holds_for(d) + where(d.indices)
        return [Row(latex(d.goal), " = ".join(latex(p) for p in parts) + tail, reason)]
    rows = [Row(latex(d.goal), latex(parts[0]), reason)]
    rows = reasoned([*rows, *(Row("", latex(p)) for p in parts[1:])], d)
    tail = holds_for(d) + where(d.indices)
    return [*rows[:-1], Row(rows[-1].left, rows[-1].right + tail, rows[-1].reason)]


def chain(d: Derivation) -> list[Expr]:
    """The formulas of a derivation after its goal, without repetitions."""
    out: list[Expr] = []
    by_cases = any(s.rule == "last-states" for s in d.steps)
    for step in d.steps:
        if by_cases and step.rule not in ("chain-rule", *RECURSION):
            continue  # brackets, where the cases say the same
        if not out or latex(out[-1]) != latex(step.after):
            out.append(step.after)
    return out


RECURSION = ("last-states", "unroll")
"""The rules that turn a gradient of a recurrence into a form of its own: each has its reason."""


def reasoned(rows: Sequence[Row], d: Derivation) -> list[Row]:
    """The rows, those that a rule of recursions or what is given made with its reason."""
    why = {
        latex(s.after): say("reasons", s.rule, equalities=s.equalities())
        for s in d.steps
        if s.rule in (*RECURSION, "given-sum", "under", "through-given")
    }
    return [replace(r, reason=r.reason or why.get(r.right, ())) for r in rows]


def where(free: Sequence[Index]) -> str:
    r"""\qquad j = 1, \dots, m."""
    return "".join(rf" \qquad {ranged(i)}" for i in free if i.range.size != 0)


def holds_for(d: Derivation) -> str:
    """The entries of the consumer that a local gradient is stated for."""
    said = names(d.goal) | names(d.answer)
    known = [Index(b.name, Range(b.lo, b.hi)) for b in d.within if b.lo and b.hi]
    return where([i for i in known if i.name in said])


def ranged(i: Index) -> str:
    """An index with its range, as on paper."""
    n = i.range.size
    if n is not None and n <= 4:
        return f"{i.name} = " + ", ".join(str(v) for v in i.range.values())
    return rf"{i.name} = {latex(i.range.lo)}, \dots, {latex(i.range.hi)}"


def margin(d: Derivation) -> Spans:
    """The reason beside a derivation: its local gradients, or the rule that gave it."""
    short = [p for p in d.locals if marginal(p)]
    if short:
        return listed_equalities(short)
    rules = [r for s in d.steps for r in s.because]
    for rule in rules:
        words = say("reasons", rule)
        if words:
            return words
    return ()


def listed_equalities(locals_: Sequence[Derivation]) -> Spans:
    """∂v/∂u = c, one after the other; at general indices where several entries share a form."""
    found: dict[str, None] = {}
    for p in locals_:
        goal, answer = p.general or (p.goal, p.answer)
        if len(locals_) == 1:
            goal, answer = p.goal, p.answer
        found[f"{flat(goal)} = {latex(answer)}"] = None
    spans: list[Span] = []
    for n, text in enumerate(list(found)[:3]):
        spans += [*([Span("text", ", ")] if n else []), Span("math", text)]
    return (*spans, Span("text", ", …")) if len(found) > 3 else tuple(spans)


def flat(goal: Partial) -> str:
    """A gradient on one line, legible in small print."""
    return rf"\partial {latex(goal.of)}/\partial {latex(goal.by)}"


def one_gradient(answer: Answer, d: Derivation) -> list[Block]:
    """The lines of one asked gradient, its sentence before them."""
    rows = reasoned(answer_rows(d), d)
    last = rows[-1]
    rows[-1] = Row(last.left, last.right + where(d.indices), last.reason, last.relation)
    if answer.whole is not None:
        first, *rest = (*answer.whole.earlier, answer.whole.formula)
        rows.append(Row(latex(answer.whole.goal), latex(first), say("reasons", "whole")))
        rows += (Row("", latex(e), say("reasons", "unroll")) for e in rest)
    if answer.value is not None and not isinstance(d.answer, Num):
        text, exact = shown(answer.value)
        reason = say("reasons", "values" if exact else "rounded")
        rows.append(Row("", text, reason, "=" if exact else r"\approx"))
    return [*explained(d), Rows(tuple(rows), answer=True)]


def answer_rows(d: Derivation) -> list[Row]:
    """Chain rule, substitution, result."""
    goal = latex(d.goal)
    steps = {s.rule: s for s in d.steps}
    if "no-path" in steps:
        reason = say("reasons", "no-path", of=latex(d.goal.of), by=latex(d.goal.by))
        return [Row(goal, "0", reason)]
    if "given" in steps:
        return [Row(goal, latex(d.answer), say("reasons", "given"))]
    parts = chain(d)
    if "chain-rule" not in steps:
        return lines_of(goal, parts, margin(d))
    link, rest = parts[0], parts[1:]
    single = not isinstance(link, Reduce) and isinstance(link, Mul | Partial)
    if single and sum(weight(p) for p in parts) <= ONE_LINE:
        return [Row(goal, " = ".join(latex(p) for p in parts), margin(d))]
    words = say("reasons", "chain-rule")
    if isinstance(link, Reduce):
        words = say("reasons", "chain-rule-sum", consumer=latex(d.locals[0].goal.of))
    return [Row(goal, latex(link), words), *lines_of("", rest, margin(d))]


def lines_of(goal: str, parts: Sequence[Expr], reason: Spans) -> list[Row]:
    """Formulas below one another, or on one line where that is short."""
    if sum(weight(p) for p in parts) <= ONE_LINE:
        return [Row(goal, " = ".join(latex(p) for p in parts), reason)]
    rows = [Row(goal, latex(parts[0]), reason)] if parts else []
    return rows + [Row("", latex(p)) for p in parts[1:]]


def explained(d: Derivation) -> list[Block]:
    """Why a gradient is a sum, in words."""
    links = [s.after for s in d.steps if s.rule == "chain-rule"]
    if not links or not isinstance(links[0], Reduce) or not d.locals:
        return []
    through = d.locals[0].through
    name, consumer = latex(d.goal.by), latex(d.locals[0].goal.of)
    if through:
        t = through[0]
        value = rf"{t.name} = {latex(t.value)}"
        condition = rf"{latex(t.range.lo)} \le {latex(t.value)} \le {latex(t.range.hi)}"
        return [
            sentence("reads-at", consumer=consumer, name=name, value=value, condition=condition)
        ]
    b = links[0].bounds[0]
    if b.lo is None or b.hi is None:
        return []
    span = rf"{b.name} = {latex(b.lo)}, \dots, {latex(b.hi)}"
    return [sentence("every-entry", name=name, consumer=consumer, range=span)]


def parameters(answer: Answer) -> Rows:
    """θ = …."""
    return Rows((Row(answer.question, answer.latex, say("reasons", "parameters")),), answer=True)


def valued(answer: Answer) -> Rows:
    """A defined name at the given values."""
    exact = answer.value is None or shown(answer.value)[1]
    reason = say("reasons", "values" if exact else "rounded")
    return Rows(
        (Row(answer.question, answer.latex, reason, "=" if exact else r"\approx"),), answer=True
    )


def table(item: Grid, work: TableWork, *, worked: bool) -> list[Block]:
    """The filled table; with workings, the sizes and the conventions behind it if `worked`."""
    rows = [
        tuple(counted_cell(work, (r, c), cell, worked) for c, cell in enumerate(row))
        for r, row in enumerate(item.rows)
    ]
    totals = total_row(item, work)
    header = tuple(Cell(h.spans) for h in item.header)
    align = tuple("l" if q is None else "r" for q in work.columns)
    out: list[Block] = [Table(header, (*rows, *totals), align, len(totals))]
    out += [
        Remark(say("remarks", "given-differs", layer=layer, given=given, counted=found))
        for layer, given, found in work.differing
    ]
    return [*out, *sizes(item, work), *remarks(work)] if worked else out


def counted_cell(work: TableWork, at: tuple[int, int], cell: ExamCell, worked: bool) -> Cell:
    """A cell of the exam, or the count that fills it."""
    counted = work.cells.get(at)
    if counted is None:
        return Cell(cell.spans)
    text = counted.working
    if not worked:
        text = result_of(text)
    return Cell(maths(text), "answer")


def result_of(working: str) -> str:
    """What a working comes to: the part after its last sign of equality."""
    return re.split(r"=|\\approx", working)[-1].strip()


def total_row(item: Grid, work: TableWork) -> list[tuple[Cell, ...]]:
    """The sums of the columns that ask, unless the exam has such a row itself."""
    if None in work.layers or len(item.rows) < 2:
        return []
    asked = {c for _, c in work.cells}
    cells = []
    for c, q in enumerate(work.columns):
        total = work.count.total(q) if q is not None and c in asked else None
        text = "" if total is None else result_of(total.working)
        cells.append(Cell(maths(text) if text else ()))
    if not any(c.spans for c in cells):
        return []
    names = next(k for k, q in enumerate(work.columns) if q is None)
    cells[names] = Cell((Span("text", label("total")),))
    return [tuple(cells)]


def sizes(item: Grid, work: TableWork) -> list[Block]:
    """How the sizes of the outputs come about."""
    lines_: list[tuple[Block, ...]] = []
    for row in work.count.rows:
        if row.sizes:
            spans: list[Span] = [Span("text", f"{row.layer.text}: ")]
            for n, cell in enumerate(row.sizes):
                spans += [*([Span("text", ", ")] if n else []), Span("math", cell.working)]
            lines_.append((Paragraph(tuple(spans)),))
    return [sentence("sizes"), Items(tuple(lines_))] if lines_ else []


def remarks(work: TableWork) -> list[Block]:
    """The conventions behind the counts."""
    found: dict[str, list[str]] = {}
    for row in work.count.rows:
        for remark in row.remarks:
            found.setdefault(remark.value, []).append(row.layer.text)
    for counted in work.cells.values():
        for remark in counted.remarks:
            found.setdefault(remark.value, [])
    for c, q in enumerate(work.columns):
        asked = any(column == c for _, column in work.cells)
        total = work.count.total(q) if asked and q is not None else None
        for remark in total.remarks if total is not None else ():
            found.setdefault(remark.value, [])
    out: list[Block] = []
    for key, layers in found.items():
        spans = say("remarks", key, layers=", ".join(dict.fromkeys(layers)))
        if spans:
            out.append(Remark(spans))
    return out
