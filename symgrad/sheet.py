r"""Sheets: a solved exam as a question paper, an answer key or a worked solution.

Decides what each audience sees and in which order; `worked` lays out the single answers, `page`
holds the blocks, `render` prints them.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import groupby
from typing import Literal

from symgrad import gates, worked
from symgrad.answer import NEXT, Answer, CircuitWork, Evidence, TableWork, Work
from symgrad.expr import Expr
from symgrad.latex import latex
from symgrad.numeral import shown
from symgrad.page import Block, Cell, Heading, Remark, Row, Rows, Sheet, Space, Table
from symgrad.roles import STEPS
from symgrad.section import Grid, Item, Section
from symgrad.solve import TIES, Solution, Solved
from symgrad.wording import label, say

Kind = Literal["solution", "key", "paper"]


def sheet(solution: Solution, kind: Kind) -> Sheet:
    """The exam for one audience.

    >>> from symgrad.exam import Exam
    >>> from symgrad.solve import solve
    >>> exam = Exam.parse("$$L = w x$$\\n\\n$$\\\\frac{\\\\partial L}{\\\\partial w} = ?$$\\n")
    >>> [type(b).__name__ for b in sheet(solve(exam), "paper").blocks]
    ['Display', 'Space']
    """
    exam = solution.exam
    blocks = Writer(kind, exam.options.get("ties", "strict")).section(solution.root)
    if kind != "paper":
        blocks += evidence(solution.answers)
    points = total_points(solution.root)
    named = (exam.options.get(key, "") for key in ("course", "author", "date"))
    byline = " · ".join(n for n in named if n)
    worth = points and worded(points)
    author = exam.options.get("author", "")
    size = exam.options.get("paper", "a4")
    columns = int(exam.options.get("columns", "1")) if kind == "key" else 1
    return Sheet(kind, exam.title, "en", tuple(blocks), worth, byline, author, size, columns)


def total_points(root: Solved) -> str | None:
    """The points of the topmost headings that have any, added."""
    total = _points(root)
    return shown(total)[0] if total else None


def _points(s: Solved) -> Fraction:
    if s.section.points is not None:
        return Fraction(s.section.points)
    return sum((_points(c) for c in s.children), Fraction(0))


def worded(points: str) -> str:
    """3 points, 1 point."""
    return label("point" if points == "1" else "points", n=points)


class Writer:
    """Writes the sections of one sheet."""

    def __init__(self, kind: Kind, ties: str) -> None:
        self.kind = kind
        self.ties = TIES[ties]
        self.figures = 0
        self.told: set[Expr] = set()
        self.asked: frozenset[str] = frozenset()
        """The names whose value is asked for in this section, above or below it."""

    def section(self, solved: Solved, above: frozenset[str] = frozenset()) -> list[Block]:
        """A heading, its items and its subsections; `above` is what the sections around it ask
        the value of."""
        blocks = self.heading(solved.section)
        self.told = set()
        self.asked = above | names_asked(solved, solved.walk())
        if -1 in solved.works:
            blocks += self.work(solved.works[-1])
        for k, item in enumerate(solved.section.items):
            blocks += self.item(item, solved.works.get(k))
        for child in solved.children:
            blocks += self.section(child, above | names_asked(solved, [solved]))
        return blocks

    def heading(self, section: Section) -> list[Block]:
        """The heading with its points."""
        if not section.title:
            return []
        points = None if section.points is None else worded(section.points)
        return [Heading(section.level, section.title, points)]

    def item(self, item: Item, work: Work | None) -> list[Block]:
        """An item of the exam, with its answers, or with room for them."""
        if isinstance(work, CircuitWork):
            return self.circuit(work)
        if isinstance(item, Grid):
            asked = [] if work is None or isinstance(work, TableWork) else self.work(work)
            return [*self.table(item, work), *asked]
        if work is None:
            return [item.block]
        prompt = [] if work.alone else [item.block]
        return [*prompt, *self.work(work)]

    def work(self, work: Work) -> list[Block]:
        """The answers to the question marks of one item."""
        if self.kind == "paper":
            return [Space(f"{a.question} =", room(a)) for a in work.answers]
        if self.kind == "key":
            rows = Rows(tuple(r for a in work.answers for r in key_rows(a)), answer=True)
            return [rows, *unproved(work.answers)]
        blocks: list[Block] = []
        for derived, group in groupby(work.answers, lambda a: a.derivation is not None):
            if derived:
                blocks += worked.gradients(list(group), self.told, self.ties)
            else:
                blocks += (worked.parameters(a) if a.listed else worked.valued(a) for a in group)
        return [*blocks, *unproved(work.answers)]

    def circuit(self, work: CircuitWork) -> list[Block]:
        """A circuit: worked, filled in, or to fill in."""
        self.figures += 1
        name = f"circuit-{self.figures}"
        if self.kind == "paper":
            return [gates.figure(work, f"{name}-paper", filled=False, asked=self.asked)]
        if self.kind == "solution":
            return gates.circuit(work, name)
        drawn: list[Block] = [gates.figure(work, name, filled=True)]
        if work.values:
            return drawn
        return [*drawn, Rows(tuple(r for a in work.answers for r in key_rows(a)), answer=True)]

    def table(self, item: Grid, work: Work | None) -> list[Block]:
        """A table: counted, or as the exam has it."""
        if isinstance(work, TableWork) and self.kind != "paper":
            return worked.table(item, work, worked=self.kind == "solution")
        rows = tuple(
            tuple(Cell(c.spans) if c.text != "?" else Cell((), "blank") for c in row)
            for row in item.rows
        )
        return [Table(tuple(Cell(h.spans) for h in item.header), rows, item.align)]


def names_asked(solved: Solved, sections: Iterable[Solved]) -> frozenset[str]:
    """What some sections ask the value of, with the formulas that define it in one of them."""
    asked = {
        a.question
        for s in sections
        for w in s.works.values()
        if not isinstance(w, CircuitWork)
        for a in w.answers
        if a.derivation is None and a.value is not None
    }
    equations = [(latex(e.target), latex(e.body)) for e in solved.scope.network.equations]
    for _ in equations:  # a name of a name of a wire
        asked |= {body for target, body in equations if target in asked}
    return frozenset(asked)


def evidence(answers: Iterable[Answer]) -> list[Remark]:
    """What all the gradients of a sheet are proved to be, but for those that are marked."""
    every = [a.evidence for a in answers if a.evidence and a.evidence.proof is not None]
    proofs = [e.proof for e in every if e.proof]
    if not proofs:
        return []
    key = "rest" if len(proofs) < len(every) else "one" if len(every) == 1 else "all"
    spans = say("remarks", f"evidence-{key}")
    stepped = sorted({n for e in every for n in e.steps})
    if stepped:
        told = rf"{', '.join(stepped)} \le {STEPS[-1]}"
        spans += say("remarks", "evidence-steps", steps=told)
    return [Remark(spans)]


def unproved(answers: Iterable[Answer]) -> list[Remark]:
    """A remark for each gradient that is not proved: what it was compared with."""
    tried = ((a, a.evidence) for a in answers if a.evidence and a.evidence.proof is not None)
    return [told for a, known in tried if (told := marked(a, known)) is not None]


def marked(answer: Answer, known: Evidence) -> Remark | None:
    """The evidence for a gradient that is not proved."""
    match known.kind:
        case "proved":
            return None
        case "derived":
            return Remark(say("remarks", "by-rules", goal=answer.question))
    sizes = [", ".join(f"{n} = {v}" for n, v in at.items()) for at in known.sizes if at]
    if not sizes:
        return Remark(say("remarks", "compared-numbers", goal=answer.question))
    put = r"\text{ and }".join(sizes)
    n = str(known.entries)
    return Remark(say("remarks", "compared", goal=answer.question, n=n, sizes=put))


def key_rows(answer: Answer) -> list[Row]:
    """One answer of the key, with the range of its indices and its number; below it what the
    gradients in it stand for."""
    right, *rest = answer.latex.split(NEXT)
    if answer.derivation is not None and answer.whole is None:
        right += worked.where(answer.derivation.indices)
    if answer.value is not None and answer.derivation is not None:
        text, exact = shown(answer.value)
        if text != answer.latex:
            right += f" = {text}" if exact else rf" \approx {text}"
    rounded = answer.derivation is None and answer.value is not None
    exact = not rounded or shown(answer.value or Fraction(0))[1]
    sides = (r.split(" = ", 1) for r in rest)
    return [
        Row(answer.question, right, relation="=" if exact else r"\approx"),
        *(Row(left, formula) for left, formula in sides),
    ]


def room(answer: Answer) -> float:
    """Lines of room for an answer: more for a longer one."""
    return 2.0 if answer.derivation is None else min(6.0, 3.0 + len(answer.latex) // 120)
