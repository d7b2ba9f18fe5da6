r"""Solving an exam: every question mark answered, in document order.

Reads the formulas of each section into its scope, derives gradients, fills tables and circuits.
What it returns holds formulas and numbers, no words: `sheet` words them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from symgrad.answer import Answer, TableWork, Work
from symgrad.ask import Asker
from symgrad.cells import table_work
from symgrad.errors import ExamError, NotationError, SymgradError
from symgrad.exam import Exam
from symgrad.expr import Blank, Bound, Call, Expr, Ref, walk
from symgrad.matrix import Lowering
from symgrad.network import Ties
from symgrad.notation import Data, Labels, Listing, Maps, Ranges, Shape, Statement, read
from symgrad.notation import Formula as Chain
from symgrad.page import Block, Display, Paragraph
from symgrad.reading.habits import counted, defined, habits
from symgrad.scope import Question, Scope
from symgrad.section import Cell, Drawn, Formula, Grid, Item, Section
from symgrad.settle import read_scope
from symgrad.typeset import check
from symgrad.unsaid import derivatives_of
from symgrad.wires import circuit_work


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
    laid = Lowering(numerator=exam.options.get("layout") == "numerator")
    return Solution(exam, pointed(Solver(exam).section(exam.root, Scope(lowering=laid), ())))


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
        outer = accustomed(groups, outer, formulas_below(section))
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
        works = dict(sorted(works.items()))
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
            return not re.search(
                r"(?<![_^])(?<![_^]\{)\\(text|mbox)", text
            )  # r_{\text{w}} is a name
        case Paragraph(spans=spans):
            return all(s.kind == "math" or not s.content.strip(" ,.;") for s in spans)
    return False


def formulas_below(section: Section) -> Iterator[Formula]:
    """The formulas under the headings in a section."""
    for child in section.children:
        yield from child.formulas
        for item in child.items:
            yield from item.formulas
        yield from formulas_below(child)


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
    taken = outer.variables
    known = frozenset(outer.functions) | defined(_texts(groups), taken)
    first = {k: [tried(f, known, taken) for f in fs] for k, fs in spoken.items()}
    blocks = [b for group in first.values() for b in group if b is not None]
    heads = known | {h for block in blocks for h in called(block)}
    names = taken | variables(blocks)
    settled = heads == known and names == taken
    read_ = {
        k: [
            block if settled and block is not None else read_or_prose(f, heads, names, outer)
            for f, block in zip(spoken[k], first[k], strict=True)
        ]
        for k in groups
    }
    refuse_functions([s for group in read_.values() for block in group for s in block], outer)
    return read_


def _texts(groups: Mapping[int, Sequence[Formula]]) -> list[str]:
    return [f.latex for fs in groups.values() for f in fs if speaks(f)]


def accustomed(
    groups: Mapping[int, Sequence[Formula]], outer: Scope, below: Iterable[Formula] = ()
) -> Scope:
    """The outer scope with the habits of what is written in it; a letter may have its range in
    what is written under the headings `below`."""
    ranged = counted(f.latex for f in below if speaks(f)) | outer.letters.keys()
    found = habits(_texts(groups), outer.variables, ranged)
    return replace(outer, habits=outer.habits | found)


FUNCTION_LETTERS = frozenset(
    (*"fghFGH", *(rf"\{x}" for x in ("phi", "varphi", "Phi", "psi", "Psi", "rho", "sigma")))
)
"""Letters that stand for a function more often than for a number."""


def refuse_functions(statements: Sequence[Statement], outer: Scope) -> None:
    r"""Refuse ``\phi(w x + b)`` and ``u(z)``, a function or a product, of a name that is nothing
    else: not defined, and never without its parenthesis. ``k(a + b)`` stays a product."""
    applied = [a for s in statements if isinstance(s, Chain) for a in s.applied]
    uses = Counter(name for s in statements for name in spoken_names(s))
    for a in applied:
        alone = uses[a.name] == sum(o.name == a.name for o in applied)
        letter = re.split("[_^]", a.name)[0]
        function = a.plain or letter in FUNCTION_LETTERS
        if function and alone and not outer.network.knows(a.name):
            raise NotationError(
                f"found {a.name} before a parenthesis, a function that nothing defines "
                "or a product",
                at=a.at,
                hint=rf"define it, {letter}(z) = \tanh z, declare it, {letter}: \mathbb{{R}} \to "
                rf"\mathbb{{R}}, or write {a.name} \cdot {a.latex} for a product",
            )


def spoken_names(s: Statement) -> Iterator[str]:
    """The names of a statement, each as often as it is written."""
    parts: Iterable[Expr]
    match s:
        case Chain(parts=parts) | Listing(items=parts):
            pass
        case Data(refs=refs) | Shape(refs=refs) | Maps(refs=refs):
            parts = refs
        case Labels(refs=refs, lo=lo, hi=hi):
            parts = (*refs, lo, hi)
        case Ranges(names=names, lo=lo, hi=hi):
            yield from names
            parts = (lo, hi)
    yield from (x.name for part in parts for x in walk(part) if isinstance(x, Ref | Bound))


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
    return tuple(placed(s, f) for s in found)


def read_or_prose(
    f: Formula, functions: frozenset[str], taken: frozenset[str], outer: Scope
) -> tuple[Statement, ...]:
    """The statements of a formula; none of one in prose that cannot be read and says nothing."""
    try:
        return read_placed(f, functions, taken)
    except NotationError:
        said = None if f.display else INTERVAL.fullmatch(f.latex)
        if said is None or set(re.split(r"[\s,]+", said[1])) & outer.letters.keys():
            raise
        return ()


INTERVAL = re.compile(
    r"([^(){}^=?]*)(?:\\in(?![A-Za-z])|∈)\s*"
    r"(?:(?:\\left)?\s*[\[(][^\[\](){}^]*,[^\[\](){}^]*[\])]|\\mathbb\s*(?:[NZQC]|\{[NZQC]\}))\s*"
)
r"""A remark in prose on which values a number takes: ``x \in [0, 1)``, ``k \in \mathbb N``."""


def placed(s: Statement, f: Formula) -> Statement:
    """The statement at its place in the file."""
    if isinstance(s, Chain):
        s = replace(s, applied=tuple(replace(a, at=f.placed(a.at)) for a in s.applied))
    return replace(s, at=f.placed(s.at))


SPEAKS = re.compile(
    "[=<>?≤≥≠∈\N{TILDE OPERATOR}]"
    r"|\\(?:l[et]q?|leqslant|g[et]q?|geqslant|neq?|sim|in)(?![A-Za-z])"
    r"|\\(?:to|rightarrow)\s*\\mathbb"
)


def speaks(f: Formula) -> bool:
    """Does a formula state or ask something? A lone inline symbol in prose does not."""
    return f.display or SPEAKS.search(f.latex) is not None


def called(block: Sequence[Statement]) -> Iterator[str]:
    """Functions that the left sides of a block define, or that it declares."""
    for s in block:
        if isinstance(s, Maps):
            yield from (name for r in s.refs for name in derivatives_of(r.name))
        if isinstance(s, Chain) and isinstance(s.parts[0], Call) and len(s.parts) > 1:
            fn = s.parts[0].fn
            yield from () if fn.endswith("'") else (fn,)  # f'(x) = … says nothing new of f


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


def pointed(s: Solved, each: Fraction | None = None) -> Solved:
    """A section whose questions have points: those of its heading, without what headings in it
    state for themselves, divided evenly over the question marks that are left; `each` is what an
    outer heading has for one."""
    if s.section.points is not None:
        whole = Fraction(s.section.points)
        inner = sum((stated(c) for c in s.children), Fraction(0))
        number = unpointed(s)
        each = (whole - inner if inner <= whole else whole) / number if number else None
    works = s.works
    if each is not None:
        works = {
            k: replace(w, answers=tuple(replace(a, points=each) for a in w.answers))
            for k, w in s.works.items()
        }
    return replace(s, works=works, children=tuple(pointed(c, each) for c in s.children))


def stated(s: Solved) -> Fraction:
    """The points that a section states, or the sections in it."""
    if s.section.points is not None:
        return Fraction(s.section.points)
    return sum((stated(c) for c in s.children), Fraction(0))


def unpointed(s: Solved) -> int:
    """The question marks of a section that no heading in it states points for."""
    inner = (c for c in s.children if c.section.points is None)
    return sum(len(w.answers) for w in s.works.values()) + sum(map(unpointed, inner))
