r"""What a section of an exam holds: formulas, blocks, tables, circuits, with their places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from symgrad import page
from symgrad.errors import Place
from symgrad.page import Spans


@dataclass(frozen=True)
class Formula:
    """One piece of mathematics: LaTeX without its dollar signs, and where it starts."""

    latex: str
    at: Place
    display: bool
    lines: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """The lines of the file on which it stands, with what a list or quotation puts before them."""

    def placed(self, at: Place) -> Place:
        """A place counted in the formula's own lines, as a place in the file."""
        number = at.line - self.at.line
        if not 0 < number < len(self.lines):
            return at
        line, own = self.lines[number], at.source
        start = line.find(own.strip()) - (len(own) - len(own.lstrip()))
        return replace(at, column=at.column + max(start, 0), source=line)


@dataclass(frozen=True)
class Item:
    """A block of a section: its page block, and the formulas in it in reading order."""

    block: page.Block
    formulas: tuple[Formula, ...] = ()
    at: Place | None = None
    lines: tuple[str, ...] = field(default=(), compare=False, repr=False, kw_only=True)
    """The lines of the file on which it stands."""

    def place(self, words: str, offset: int) -> Place | None:
        """Where the word at `offset` of the item's plain words stands in the file."""
        word = (words[offset:].split() or [""])[0]
        before = words[:offset].count(word) if word else 0
        for number, line in enumerate(self.lines):
            for hit in re.finditer(re.escape(word), line):
                if before == 0 and self.at is not None:
                    at = replace(self.at, line=self.at.line + number, source=line)
                    return replace(at, column=hit.start() + 1)
                before -= 1
        return self.at


@dataclass(frozen=True)
class Cell:
    """A table cell: its words, its raw text and where it stands."""

    spans: Spans
    text: str
    at: Place


@dataclass(frozen=True)
class Grid(Item):
    """A table; `answers` says whether some cell is a question mark."""

    header: tuple[Cell, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    align: tuple[str, ...] = ()

    @property
    def asks(self) -> bool:
        """Is there a cell to fill?"""
        return any(c.text == "?" for row in self.rows for c in row)


@dataclass(frozen=True)
class Drawn(Item):
    r"""``![circuit](f)``: the circuit of `target` is asked for."""

    target: str = ""


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it, up to the next heading of its level or above."""

    level: int
    title: Spans
    points: str | None
    at: Place | None
    items: tuple[Item, ...]
    children: tuple[Section, ...] = ()
    formulas: tuple[Formula, ...] = ()
    """The formulas of the heading itself."""

    def words(self) -> str:
        """The plain words of the section, for conventions stated in prose."""
        return "\n".join(w for item in self.items for w in block_words(item.block))

    def place(self, at: Place) -> Place | None:
        """A place in the plain words of the section, as a place in the file."""
        lines = self.words().split("\n")
        offset = sum(len(line) + 1 for line in lines[: at.line - 1]) + at.column - 1
        for item in self.items:
            words = list(block_words(item.block))
            text = "\n".join(words)
            if words and offset <= len(text):
                return item.place(text, offset)
            offset -= len(text) + 1 if words else 0
        return self.at


def block_words(block: page.Block) -> Iterator[str]:
    """The plain words of a block, formulas left out."""
    match block:
        case page.Paragraph(spans=spans) | page.Heading(spans=spans):
            yield "".join(s.content for s in spans)
        case page.Items(items=items):
            for one in items:
                for inner in one:
                    yield from block_words(inner)
        case page.Quote(blocks=blocks):
            for inner in blocks:
                yield from block_words(inner)
