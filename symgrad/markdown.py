r"""Markdown blocks as plain nodes: the reader with its plugins, spans, points, places."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.dollarmath.index import math_block_dollar
from mdit_py_plugins.front_matter import front_matter_plugin

from symgrad import page
from symgrad.errors import Place
from symgrad.macros import plain_blanks
from symgrad.page import Span, Spans

NESTING = 60
"""Lists and quotations nest this deep, each counting two; Markdown drops what is deeper."""


COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


DOLLARS = math_block_dollar(allow_labels=False, allow_blank_lines=True)


NEIGHBOURS = re.compile(r"\$\$[ \t]*\$\$")
"""What stands between two displays in one line."""


ENVIRONMENT = re.compile(r"\\(begin|end)\{(align|gather|alignat|equation)\*?\}(?:\{\d+\})?")


INSIDE = {"align": "aligned", "alignat": "aligned", "gather": "gathered"}


@dataclass(frozen=True)
class Source:
    """The text with its lines, to find places."""

    text: str
    file: str

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends."""
        return self.text.split("\n")

    def place(self, line: int, column: int = 1) -> Place:
        """A place; `line` counts from 0 as Markdown tokens do."""
        lines = self.lines
        text = lines[line] if 0 <= line < len(lines) else ""
        return Place(self.file, line + 1, column, text)

    def start(self, line: int) -> Place:
        """The place of the first sign of a line, behind the space that indents it."""
        text = self.lines[line] if 0 <= line < len(self.lines) else ""
        return self.place(line, len(text) - len(text.lstrip()) + 1)


class Finder:
    """Finds the formulas of a block in the source, one after the other."""

    def __init__(self, source: Source, first: int, last: int) -> None:
        self.source = source
        self.lines = source.lines[first:last]
        self.first = first
        self.line = 0
        self.column = 0

    def skip(self, node: SyntaxTreeNode) -> None:
        """Go on at the first line of a block, if that lies ahead."""
        if node.map and node.map[0] - self.first > self.line:
            self.line, self.column = node.map[0] - self.first, 0

    def inline(self, node: SyntaxTreeNode) -> Place:
        """The place of the formula, or of the code, between its marks."""
        mark = node.markup
        lead = next((p for p in node.content.split("\n") if p.strip()), "")
        if node.content.split("\n")[0].strip():
            at = self.find(mark + lead)
            if at.source.startswith(mark, at.column - 1):
                return at.shifted(len(mark) + len(lead) - len(lead.lstrip()))
        return self.find(lead)

    def find(self, piece: str) -> Place:
        """The place of the next occurrence of the first line of `piece`."""
        head = next((part for part in piece.split("\n") if part.strip()), "").strip()
        for number in range(self.line, len(self.lines)):
            start = self.column if number == self.line else 0
            hit = self.lines[number].find(head, start)
            if hit >= 0:
                self.line, self.column = number, hit + len(head)
                return self.source.place(self.first + number, hit + 1)
        return self.source.place(self.first)


def cell_starts(line: str) -> list[int]:
    """The column at which each cell of a row of a table starts.

    >>> cell_starts("| a |  b \\\\| c |")
    [3, 8]
    """
    bars = [m.start() for m in re.finditer(r"(?<!\\)\|", line)]
    edges = [-1, *bars, len(line)]
    cells = [line[a + 1 : b] for a, b in pairwise(edges)]
    starts = [a + 2 + len(c) - len(c.lstrip()) for a, c in zip(edges, cells, strict=False)]
    skip = 1 if cells and not cells[0].strip() else 0
    end = len(cells) - 1 if len(cells) > 1 and not cells[-1].strip() else len(cells)
    return starts[skip:end]


def markdown() -> MarkdownIt:
    """The Markdown reader."""
    reader = MarkdownIt("commonmark", {"maxNesting": NESTING}).enable("table")
    reader.use(dollarmath_plugin, allow_labels=False, double_inline=True)
    ends = ["paragraph", "blockquote", "list"]
    reader.block.ruler.at("math_block", display_block, {"alt": ends})
    return reader.use(amsmath_plugin).use(front_matter_plugin)


def display_block(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """A display between two ``$$``, which also ends a paragraph; asked in silence whether one
    starts here, it leaves no trace. Displays that follow one another in a line are apart."""
    tokens, line = len(state.tokens), state.line
    found = DOLLARS(state, first, last, silent)
    if silent:
        del state.tokens[tokens:]
        state.line = line
    else:
        state.tokens[tokens:] = [one for token in state.tokens[tokens:] for one in apart(token)]
    return found


def apart(token: Token) -> list[Token]:
    """The displays that one line holds: ``$$a = 1$$ $$b = 2$$``."""
    pieces = NEIGHBOURS.split(token.content) if token.type == "math_block" else [token.content]
    return [token.copy(content=piece) for piece in pieces]


def displayed(node: SyntaxTreeNode) -> str:
    r"""A displayed formula for any printer: equation is a display itself, and align, which cannot
    stand inside one, is aligned."""

    def inner(match: re.Match[str]) -> str:
        if match[2] == "equation":
            return " " * len(match[0])
        return f"\\{match[1]}{{{INSIDE[match[2]]}}}"

    if node.type != "amsmath":
        return node.content.strip()
    return ENVIRONMENT.sub(inner, node.content).strip()


def is_math_fence(node: SyntaxTreeNode) -> bool:
    """A fenced block marked ``math``."""
    return node.type == "fence" and node.info.strip() == "math"


def words(node: SyntaxTreeNode) -> list[Span]:
    """One inline Markdown node as spans."""
    match node.type:
        case "html_inline" if COMMENT.fullmatch(node.content):
            return []
        case "text" | "html_inline":
            return [Span("text", node.content)] if node.content else []
        case "softbreak":
            return [Span("text", " ")]
        case "hardbreak":
            return [Span("break", "")]
        case "code_inline":
            return [Span("code", node.content)]
        case "math_inline" | "math_inline_double":
            return [Span("math", plain_blanks(node.content).strip())]
        case "em" | "strong":
            return within(node, "em" if node.type == "em" else "strong")
        case "link":
            return within(node, "link", str(node.attrs.get("href", "")))
    return [Span("text", node.content)]


def within(node: SyntaxTreeNode, kind: page.SpanKind, target: str = "") -> list[Span]:
    """The words inside emphasis or a link; formulas inside stay formulas."""
    return [
        Span(kind, span.content, target) if span.kind == "text" else span
        for child in node.children
        for span in words(child)
    ]


POINTS = re.compile(r"\s*[(\[]\s*(\d+(?:\.\d+)?)\s*(?:points?|pts?\.?|marks?|점)\s*[)\]]\s*$", re.I)


def points_of(spans: Spans) -> tuple[Spans, str | None]:
    """The points at the end of a heading, and the heading without them."""
    if not spans or spans[-1].kind not in ("text", "em", "strong"):
        return spans, None
    hit = POINTS.search(spans[-1].content)
    if not hit:
        return spans, None
    rest = spans[-1].content[: hit.start()].rstrip()
    before = (*spans[:-1], *((replace(spans[-1], content=rest),) if rest else ()))
    if not rest and before and before[-1].kind == "text":
        before = (*before[:-1], replace(before[-1], content=before[-1].content.rstrip()))
    return before, hit.group(1)
