r"""What a terminal shows: a derivation as lines of Unicode or LaTeX, counted layers as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from symgrad.answer import Answer, Whole
from symgrad.count import Cell, Count, Kind, Quantity, Row
from symgrad.dual import Number
from symgrad.errors import Place, point
from symgrad.expr import Expr, Num, names, num
from symgrad.index import Index, Range
from symgrad.latex import latex
from symgrad.notation import Formula, Labels, Ranges, Statement, read
from symgrad.numeral import shown
from symgrad.reading.habits import INVERSES
from symgrad.rewrite import Derivation, Step
from symgrad.text import name, text
from symgrad.verdict import Counterexample, Differs, Equal, EqualExceptTies, Invalid, Verdict
from symgrad.wording import say

if TYPE_CHECKING:
    from rich.table import Table

WIDEST = 60
"""Reasons stand in one column, at most this far to the right."""


@dataclass(frozen=True)
class Line:
    """One equality of a derivation and the reason for it; an empty `left` continues the line
    above."""

    left: Expr | None
    right: Expr
    reason: str = ""
    within: str = ""


def steps(d: Derivation) -> tuple[Derivation, ...]:
    """The derivations that lead to `d`, what is used first, and `d` itself last."""
    found: dict[Expr, Derivation] = {}
    stack = [(d, False)]
    while stack:
        one, ready = stack.pop()
        if ready:
            found.setdefault(one.goal, one)
        elif one.goal not in found:
            stack.append((one, True))
            stack += [(u, False) for u in reversed((*one.upstream, *one.locals))]
    return tuple(found.values())


def lines(d: Derivation) -> list[Line]:
    """The chain of equalities of one derivation; a step that changes nothing to see is left out."""
    out: list[Line] = []
    seen: Expr = d.goal
    for step in d.steps:
        if step.after == seen and out:
            continue
        out.append(Line(None if out else d.goal, step.after, reason(d, step)))
        seen = step.after
    return [*out[:-1], replace(out[-1], within=holds_for(d))]


def holds_for(d: Derivation) -> str:
    """The entries of the consumer that a local gradient is stated for."""
    said_ = names(d.goal) | names(d.answer)
    known = [Index(b.name, Range(b.lo, b.hi)) for b in d.within if b.lo and b.hi]
    known = [i for i in known if i.name in said_]
    return f"   ({ranges(known)})" if known else ""


def reason(d: Derivation, step: Step) -> str:
    """The margin of one step."""
    if step.rule in ("given-sum", "under", "through-given"):
        return ", ".join(f"{text(a)} = {text(b)}" for a, b in step.using)
    ids = [step.rule, *step.because]
    words = (said(i, of=text(d.goal.of), by=text(d.goal.by)) for i in ids)
    return ", ".join(dict.fromkeys(w for w in words if w))


def said(key: str, **formulas: str) -> str:
    """The reason `key` in plain words."""
    spans = say("reasons", key, **formulas)
    return "".join(s.content if s.kind == "text" else name(s.content) for s in spans)


def in_unicode(derivations: Sequence[Derivation]) -> Iterator[str]:
    """Every step of the derivations, aligned at their signs of equality."""
    rows = [line for d in derivations for line in lines(d)]
    lefts = ["" if r.left is None else text(r.left) for r in rows]
    indent = max(map(len, lefts), default=0)
    body = [
        f"{left:<{indent}} = {text(r.right)}{r.within}" for left, r in zip(lefts, rows, strict=True)
    ]
    margin = min(WIDEST, max(map(len, body), default=0))
    for row, line in zip(rows, body, strict=True):
        yield f"{line:<{margin}}   {row.reason}".rstrip()


def in_latex(derivations: Sequence[Derivation]) -> str:
    r"""Every step of the derivations as ``aligned`` LaTeX."""
    rows = [line for d in derivations for line in lines(d)]
    body = " \\\\\n".join(
        f"{'' if r.left is None else latex(r.left)} &= {latex(r.right)}" for r in rows
    )
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def plainly(answer: Answer) -> str:
    """An answer in one line: the question, the formula, and the number that it comes to."""
    if answer.whole is not None:
        parts = [text(answer.whole.goal), text(answer.whole.formula)]
    elif answer.derivation is not None:
        parts = [text(answer.derivation.goal), text(answer.derivation.answer)]
    else:
        parts = [name(answer.question)]
        parts += [name(answer.latex)] if answer.value is None else []
    if answer.value is None:
        return " = ".join(parts)
    digits, exact = number(answer.value)
    start = " = ".join(p for p in parts if p != digits)
    return f"{start} {'=' if exact else '≈'} {digits}"


def stated(d: Derivation | Whole) -> str:
    """A derivation as one equality, with the ranges of its indices."""
    where = ranges(d.indices)
    found = d.formula if isinstance(d, Whole) else d.answer
    return f"{text(d.goal)} = {text(found)}" + (f"   ({where})" if where else "")


def number(x: Number) -> tuple[str, bool]:
    """A number in a few digits, and whether these are all of it."""
    digits, exact = shown(x)
    if isinstance(x, Fraction) and "frac" in digits:
        return text(Num(x)), exact
    return name(digits.replace("-", "−")), exact


def ranges(indices: Sequence[Index]) -> str:
    r"""The ranges of the free indices of an answer.

    >>> from symgrad.expr import ONE, Ref
    >>> from symgrad.index import Range
    >>> ranges([Index("j", Range(ONE, Ref("m")))])
    'j = 1, …, m'
    """
    return "; ".join(f"{name(i.name)} = {ends(i.range)}" for i in indices if i.range.size != 0)


FEW = 4
"""A range of at most this many numbers is listed."""


def ends(r: Range) -> str:
    """The values of an index: all of them where they are few."""
    if r.size is not None and r.size <= FEW:
        return ", ".join(text(num(v)) for v in r.values())
    return f"{text(r.lo)}, …, {text(r.hi)}"


COLUMNS = (Kind.OUTPUT, Kind.MEMORY, Kind.PARAMETERS, Kind.MACS)
"""What `symgrad count` shows when nobody asks for anything else."""


def counted(found: Count, quantities: Sequence[Quantity]) -> Table:
    """The layers with the working of each count, and the totals."""
    from rich.box import SIMPLE_HEAD  # only a command that prints a table loads rich
    from rich.table import Table

    adds = any(found.total(q) is not None for q in quantities)
    table = Table(box=SIMPLE_HEAD, show_footer=adds, pad_edge=False, show_edge=False)
    table.add_column("layer", footer="total", no_wrap=True)
    for q in quantities:
        total = found.total(q)
        unit = f" ({q.unit})" if q.unit else ""
        footer = "" if total is None else result(total)
        table.add_column(q.kind.value + unit, footer=footer, justify="right")
    for row in found.rows:
        table.add_row(row.layer.text, *(cell(row, q) for q in quantities))
    return table


def cell(row: Row, q: Quantity) -> str:
    """The working of one count, or a dash where there is nothing to count."""
    return row.cell(q).text if q.kind in row.cells else "–"


def result(c: Cell) -> str:
    """What a total comes to: the working of a sum over a column is the column itself."""
    if c.value is None:
        return c.text
    digits, exact = number(Fraction(c.value))
    return digits if exact else f"≈ {digits}"


def remarks(found: Count) -> list[str]:
    """The conventions behind a count, as sentences."""
    out = []
    for remark in found.remarks:
        layers = ", ".join(r.layer.text for r in found.rows if remark in r.remarks)
        spans = say("remarks", remark.value, layers=layers)
        out.append("".join(s.content if s.kind == "text" else name(s.content) for s in spans))
    return out


def verdict_lines(verdict: Verdict) -> list[str]:
    """A verdict as lines of Unicode: what was read, the word for it, the sentence, the values."""
    if isinstance(verdict, Invalid):
        caret = "" if verdict.place is None else f"\n{point_at(verdict.place)}"
        return [f"Invalid: {verdict.message}{caret}"]
    said = {}
    example: Counterexample | None = None
    match verdict:
        case Differs(counterexample=example, missing=missing, extra=extra):
            said = {f: plain(f, verdict.functions) for f in (missing, extra) if f}
        case EqualExceptTies(ties=ties, at=example):
            said = {f: plain(f, verdict.functions) for f in ties}
    sentence = verdict.message
    for formula, text_ in said.items():
        sentence = sentence.replace(formula, text_)
    read_ = (plain(e, verdict.functions) for e in verdict.reading)
    out = [f"{letter} = {e}" for letter, e in zip("ab", read_, strict=False)]
    out.append(f"{verdict.name}: {sentence}")
    if example is not None and example.values:
        values = ", ".join(f"{plain(n)} = {v}" for n, v in example.values.items())
        out.append(f"  {values}")
    return out


def plain(formula: str, functions: Sequence[str] = ()) -> str:
    """A formula, or an equation, in LaTeX as one line of Unicode."""
    return plain_statement(formula, functions)


def plain_statement(latex_: str, functions: Sequence[str] = ()) -> str:
    """Statements in LaTeX as one line of Unicode."""
    found = read(latex_, functions=frozenset(functions), variables=frozenset({INVERSES}))
    return ", ".join(map(_stated, found))


def _stated(s: Statement) -> str:
    if isinstance(s, Formula):
        signs = (RELATIONS.get(op, op) for op in s.ops)
        rest = zip(signs, s.parts[1:], strict=True)
        return text(s.parts[0]) + "".join(f" {op} {text(p)}" for op, p in rest)
    if isinstance(s, Ranges):
        return f"{', '.join(map(name, s.names))} = {text(s.lo)}, …, {text(s.hi)}"
    if isinstance(s, Labels):
        return f"{', '.join(map(text, s.refs))} ∈ {{{text(s.lo)}, …, {text(s.hi)}}}"
    return s.latex


RELATIONS = {"<=": "≤", ">=": "≥", "!=": "≠"}


def claim_lines(d: Derivation, verdict: Verdict, source: str) -> list[str]:
    """A derived gradient, its range, and the proof that a textbook says the same."""
    where = ranges(d.indices)
    head = f"  {text(d.goal)} = {text(d.answer)}" + (f"   ({where})" if where else "")
    if any("max-rule" in s.because for x in steps(d) for s in x.steps):
        head += "   where the maximum is unique"
    by = verdict.by if isinstance(verdict, Equal | EqualExceptTies) else verdict.message
    return [head, f"      {verdict.name}, by {by}: {source}"]


def point_at(place: Place) -> str:
    """The line of a place with a caret."""
    return point(place.source, place.column)
