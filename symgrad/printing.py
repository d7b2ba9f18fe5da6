r"""A sheet's blocks in the words of a target: what all targets share.

Walks the blocks, escapes every word, checks every formula, and hands the pieces to the target's
template macros. What a piece looks like is the templates' affair.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Protocol

from symgrad import escape
from symgrad.errors import SheetError
from symgrad.figure import Drawing
from symgrad.page import (
    Block,
    Cell,
    Code,
    Display,
    Figure,
    Heading,
    Items,
    Paragraph,
    Quote,
    Remark,
    Row,
    Rows,
    Rule,
    Sheet,
    Space,
    Span,
    Spans,
    Table,
)
from symgrad.spelling import Dialect, respell
from symgrad.typeset import quoted, settled, typst_body

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")

WORDS = {
    "en": {"name": "Name", "page": "page {page} of {pages}"},
    "ko": {"name": "이름", "page": "{page} / {pages}쪽"},
}
"""Fixed words of a page, where a sheet brings none."""


class Raw(str):
    """Text already in the target's language."""


class Macros(Protocol):
    """The block macros of one target."""

    def __call__(self, name: str, /, **parts: Any) -> Raw:
        """The named macro with its parts filled in."""
        ...


class Printer(ABC):
    """What all targets share: the walk over blocks and spans."""

    dialect: Dialect

    def __init__(self, macros: Macros) -> None:
        self.macros = macros

    def page(self, sheet: Sheet) -> dict[str, Any]:
        """The pieces of a whole page, for the page's own template."""
        words = WORDS.get(sheet.language, WORDS["en"]) | sheet.labels
        before, between, after = _around_numbers(words["page"])
        return {
            "title": self.words(sheet.title),
            "running": Raw(quoted(escape.one_line(sheet.title))),
            "author": Raw(quoted(escape.one_line(sheet.author))) if sheet.author else "",
            "language": Raw(quoted(sheet.language if sheet.language in WORDS else "en")),
            "subtitle": self.words(" · ".join(filter(None, (sheet.byline, sheet.points)))),
            "name": self.words(words["name"]) if sheet.kind == "paper" else "",
            "page_before": self.words(before),
            "page_between": self.words(between),
            "page_after": self.words(after),
            "paper": Raw(sheet.paper),
            "columns": Raw(str(sheet.columns)) if sheet.columns > 1 else "",
            "body": self.blocks(sheet.blocks),
        }

    # Spans

    @abstractmethod
    def words(self, text: str) -> Raw:
        """Plain text, escaped."""

    @abstractmethod
    def maths(self, latex: str) -> Raw:
        """An inline formula."""

    @abstractmethod
    def code(self, text: str) -> Raw:
        """A piece of code inside a line."""

    @abstractmethod
    def target(self, address: str) -> Raw:
        """The address of a link."""

    def spans(self, spans: Spans) -> Raw:
        """A run of words and formulas."""
        return Raw("".join(self.span(span) for span in spans))

    def span(self, span: Span) -> Raw:
        match span.kind:
            case "text":
                return self.words(span.content)
            case "math":
                return self.maths(checked(span.content))
            case "em" | "strong":
                return self.macros(span.kind, body=self.words(span.content))
            case "code":
                return self.macros("code", body=self.code(span.content))
            case "break":
                return self.macros("break")
            case "link":
                body, address = self.words(span.content), escape.address(span.target)
                if not address:
                    return body
                return self.macros("link", body=body, target=self.target(address))
        raise SheetError(f"found a span of kind {span.kind!r}, expected text, math, em, …")

    # Blocks

    def blocks(self, blocks: Sequence[Block]) -> Raw:
        """Blocks one below another."""
        return Raw("\n\n".join(self.led(blocks[n:]) for n in range(len(blocks))))

    def led(self, blocks: Sequence[Block]) -> Raw:
        """The first block; words or a formula that lead to what follows stay on its page."""
        body = self.block(blocks[0])
        return self.macros("lead", body=body) if leads(blocks) else body

    def reason(self, spans: Spans) -> Raw:
        """A reason is set small, so a fraction in it is set as large as in a display."""
        tall = tuple(
            replace(span, content=rf"\displaystyle {span.content}")
            if span.kind == "math" and r"\frac" in span.content
            else span
            for span in spans
        )
        return self.spans(tall)

    def block(self, block: Block) -> Raw:
        match block:
            case Heading(level, spans, points):
                worth = self.words(points) if points else ""
                body = self.spans(spans)
                return self.macros("heading", level=self.level(level), body=body, points=worth)
            case Paragraph(spans):
                return self.macros("paragraph", body=self.opening(spans))
            case Remark(spans):
                return self.macros("remark", body=self.opening(spans))
            case Items(items, start):
                entries = [self.entry(item, n, start) for n, item in enumerate(items)]
                number = "" if start is None else str(start)
                ordered = start is not None
                return self.macros("items", entries=entries, ordered=ordered, start=Raw(number))
            case Quote(blocks):
                body = self.blocks(blocks)
                lines = [Raw(line) for line in body.split("\n")]
                return self.macros("quote", body=body, lines=lines)
            case Code(text, language):
                return self.code_block(text, language)
            case Rule():
                return self.macros("rule")
            case Display(latex):
                return self.display(checked(latex))
            case Rows():
                return self.rows(block)
            case Space(left, height):
                room = max(1, round(height))
                return self.space(checked(left) if left else "", room)
            case Table():
                return self.table(block)
            case Figure():
                return self.figure(block)
        raise SheetError(f"found a block {type(block).__name__}, expected one of symgrad.page")

    def opening(self, spans: Spans) -> Raw:
        """The spans of a paragraph."""
        return self.spans(spans)

    @abstractmethod
    def level(self, level: int) -> Raw: ...

    @abstractmethod
    def entry(self, item: Sequence[Block], n: int, start: int | None) -> dict[str, Raw]: ...

    @abstractmethod
    def code_block(self, text: str, language: str) -> Raw: ...

    @abstractmethod
    def display(self, latex: str) -> Raw: ...

    @abstractmethod
    def rows(self, rows: Rows) -> Raw: ...

    @abstractmethod
    def space(self, left: str, lines: int) -> Raw: ...

    @abstractmethod
    def table(self, table: Table) -> Raw: ...

    @abstractmethod
    def figure(self, figure: Figure) -> Raw: ...

    def row(self, cells: Sequence[Cell], bold: bool) -> list[Raw]:
        """The cells of a table row."""
        return [self.cell(cell, bold) for cell in cells]

    def cell(self, cell: Cell, bold: bool) -> Raw:
        """A table cell; with `bold` an answer stands out."""
        if cell.role == "blank":
            return self.macros("blank")
        body = self.spans(cell.spans)
        return self.macros("answer", body=body) if cell.role == "answer" and bold and body else body


def leads(blocks: Sequence[Block]) -> bool:
    """Whether the first block leads to the mathematics after it, maybe by another sentence."""
    if len(blocks) < 2 or not isinstance(blocks[0], Paragraph | Remark | Display):
        return False
    after = next((b for b in blocks[1:3] if not isinstance(b, Paragraph | Remark)), None)
    return isinstance(after, Display | Rows | Table | Figure | Space)


@lru_cache(maxsize=4096)
def checked(latex: str) -> str:
    """The formula, known to hold only what every target can print."""
    return settled(latex)


def right(row: Row) -> str:
    """The relation sign and what follows it."""
    return checked(f"{row.relation} {row.right}".strip())


def with_answers(rows: Rows) -> list[tuple[Row, bool]]:
    """Each row, and whether it ends a chain of equations that is an answer."""
    following = [*(bool(row.left) for row in rows.rows[1:]), True]
    return [(row, rows.answer and end) for row, end in zip(rows.rows, following, strict=True)]


def bold_answers(table: Table) -> bool:
    """Whether a table's answers are words alone: bold cannot mark a formula, and half a column in
    bold marks nothing."""
    answers = [cell for row in table.rows for cell in row if cell.role == "answer"]
    return all(span.kind == "text" for cell in answers for span in cell.spans)


def drawn(drawing: Drawing) -> Raw:
    """A drawing as Typst markup."""
    return Raw(drawing.typst(typst_body))


def respelt(drawing: Drawing) -> Drawing:
    """The drawing with every label checked and in LaTeX's own spelling."""
    texts = tuple(
        replace(text, latex=respell(checked(text.latex), "tex") if text.latex else "")
        for text in drawing.texts
    )
    return replace(drawing, texts=texts)


def figure_name(figure: Figure) -> str:
    """The figure's name, fit for a file."""
    if not NAME.fullmatch(figure.name):
        message = f"found the figure name {figure.name!r}, expected letters, digits, - and _"
        raise SheetError(message)
    return figure.name


def figures(blocks: Sequence[Block]) -> Mapping[str, Drawing]:
    """Every drawing of the blocks, by name."""
    found: dict[str, Drawing] = {}
    for block in blocks:
        match block:
            case Figure():
                found[figure_name(block)] = block.drawing
            case Quote(inner):
                found.update(figures(inner))
            case Items(items):
                for item in items:
                    found.update(figures(item))
    return found


def code_lines(text: str) -> list[str]:
    """The lines of a code block, tabs spread out, unprintable characters dropped."""
    lines = text.expandtabs(4).rstrip("\n").split("\n")
    return ["".join(c for c in line if c.isprintable()) for line in lines]


def _around_numbers(words: str) -> tuple[str, str, str]:
    """What stands before, between and after the page number and the number of pages."""
    found = re.fullmatch(r"(.*)\{page\}(.*)\{pages\}(.*)", words)
    return (found[1], found[2], found[3]) if found else ("", " / ", "")
