r"""An exam: Markdown with LaTeX maths, read into sections with their formulas, tables and figures.

Knows Markdown and places; does not read the mathematics. Markdown is read by markdown-it-py with
its dollarmath, amsmath and front-matter plugins. Nothing of the text is lost: every block that is
neither formula, table nor circuit is kept as a block of words.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.dollarmath.index import math_block_dollar
from mdit_py_plugins.front_matter import front_matter_plugin

from symgrad import page
from symgrad.errors import ExamError, Place
from symgrad.page import Span, Spans

OPTIONS = {
    "title": None,
    "ties": ("strict", "ge", "first", "split"),
    "indicator": ("bracket", "cases"),
    "lang": ("en",),
    "dialect": ("dollar", "github"),
    "author": None,
    "course": None,
    "date": None,
}
"""What the front matter may say, and the values it may take (None: any words)."""

LARGEST = 500_000
"""An exam file may have this many bytes."""


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


@dataclass(frozen=True)
class Exam:
    """A whole exam file. `root` holds what stands before the first heading."""

    root: Section
    options: dict[str, str] = field(default_factory=dict)
    path: str = ""

    @property
    def title(self) -> str:
        """The front matter's title, else the file's name."""
        return self.options.get("title") or Path(self.path).stem or "Exam"

    @classmethod
    def read(cls, path: str | Path) -> Exam:
        """The exam in a file; ExamError if it is missing, too large or no UTF-8."""
        file = Path(path)
        try:
            with file.open("rb") as opened:
                raw = opened.read(LARGEST + 1)
        except OSError as error:
            raise ExamError(
                f"found no readable file {file} ({error.strerror}), expected an exam in Markdown",
                hint="check the path",
            ) from None
        if len(raw) > LARGEST:
            raise ExamError(
                f"found more than {LARGEST} bytes in {file}, expected an exam in Markdown",
                hint="split the exam into several files",
            )
        text = decoded(raw, str(file))
        if not text.strip():
            raise ExamError(
                "found an empty file, expected an exam in Markdown",
                at=Place(str(file)),
                hint=r"write equations and questions such as $\frac{\partial L}{\partial w} = ?$",
            )
        return cls.parse(text, str(file))

    @classmethod
    def parse(cls, text: str, path: str = "") -> Exam:
        """The exam in a text.

        >>> exam = Exam.parse("# Part (2 points)\\n\\nFind $x = ?$.\\n")
        >>> exam.root.children[0].points, exam.root.children[0].items[0].formulas[0].latex
        ('2', 'x = ?')
        """
        source = Source(text.replace("\r\n", "\n").replace("\r", "\n"), path)
        return Reader(source).exam()


def decoded(raw: bytes, file: str) -> str:
    """The bytes as text; the place of the first that is no UTF-8."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        start = before.rfind(b"\n") + 1
        tail = raw[start:].split(b"\n", 1)[0].decode("utf-8", "replace")
        at = Place(file, line, len(before[start:].decode("utf-8", "replace")) + 1, tail)
        raise ExamError(
            f"found the byte 0x{raw[error.start]:02x}, expected text in UTF-8",
            at=at,
            hint="save the file in UTF-8",
        ) from None


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


class Reader:
    """Markdown tokens to sections."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.options: dict[str, str] = {}

    def exam(self) -> Exam:
        """The whole exam."""
        tokens = markdown().parse(self.source.text)
        for token in tokens:
            if token.level >= NESTING - 1 and token.map:
                raise ExamError(
                    f"found lists or quotations nested more than {NESTING // 2} deep, "
                    "expected fewer",
                    at=self.source.start(token.map[0]),
                )
        tree = SyntaxTreeNode(tokens)
        if not tree.children or tree.children[0].type != "front_matter":
            self.check_unclosed()
        flat = [Section(0, (), None, None, ())]
        for node in tree.children:
            if node.type == "heading":
                flat.append(self.heading(node))
                continue
            if node.type == "front_matter":
                self.options = self.front_matter(node)
                continue
            flat[-1] = with_items(flat[-1], self.items(node))
        return Exam(nested(flat), self.options, self.source.file)

    # -- front matter and headings -----------------------------------------------------------------

    def front_matter(self, node: SyntaxTreeNode) -> dict[str, str]:
        """Lines of ``key: value``."""
        found: dict[str, str] = {}
        start = node.map[0] + 1 if node.map else 1
        for number, line in enumerate(node.content.split("\n"), start):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            key, colon, value = line.partition(":")
            key, value = key.strip(), value.strip().strip("'\"")
            at = self.source.place(number)
            if not colon:
                raise ExamError(f"found {line.strip()!r}, expected key: value", at=at)
            if key in found:
                raise ExamError(f"found a second {key!r}, expected one", at=at, hint="drop one")
            self.check_option(key, value, at)
            found[key] = value
        return found

    def check_unclosed(self) -> None:
        """A first line of dashes before a known key opens a front matter."""
        lines = self.source.lines
        if len(lines) > 1 and lines[0].rstrip() == "---" and lines[1].partition(":")[0] in OPTIONS:
            raise ExamError(
                "found front matter that is never closed, expected a second line ---",
                at=self.source.place(0),
                hint="write --- below the last key",
            )

    def check_option(self, key: str, value: str, at: Place) -> None:
        """A known key has a known value; a key that is nearly a known one is a slip."""
        if key not in OPTIONS:
            near = difflib.get_close_matches(key, OPTIONS, 1, 0.75)
            if near:
                raise ExamError(f"found the key {key!r}, expected {near[0]!r}", at=at)
            return
        allowed = OPTIONS[key]
        if allowed and value not in allowed:
            raise ExamError(
                f"found {key}: {value!r}, expected one of {', '.join(allowed)}", at=at
            )

    def heading(self, node: SyntaxTreeNode) -> Section:
        """A heading, its points taken off its end."""
        line = node.map[0] if node.map else 0
        last = node.map[1] if node.map else line + 1
        spans, formulas = self.spans(node.children[0], Finder(self.source, line, last))
        spans, points = points_of(spans)
        level = int(node.tag[1])
        return Section(level, spans, points, self.source.place(line), (), (), tuple(formulas))

    # -- blocks ------------------------------------------------------------------------------------

    def items(self, node: SyntaxTreeNode) -> list[Item]:
        """The items a top-level block gives."""
        first, last = node.map or (0, len(self.source.lines))
        at = self.source.start(first)
        if node.type in ("math_block", "math_block_label", "amsmath") or is_math_fence(node):
            latex = displayed(node)
            start = latex if latex in node.content else node.content
            place = Finder(self.source, first, last).find(start)
            return [Item(page.Display(latex), (self.formula(latex, place, True),), at)]
        if node.type == "table":
            return [self.table(node)]
        finder = Finder(self.source, first, last)
        drawn = self.circuit(node, at)
        if drawn is not None:
            return [drawn]
        block, formulas = self.block(node, finder)
        return [Item(block, tuple(formulas), at)] if block else []

    def circuit(self, node: SyntaxTreeNode, at: Place) -> Drawn | None:
        """A paragraph that is one image ``![circuit](f)``."""
        images = [n for n in node.walk() if n.type == "image"]
        asked = [n for n in images if n.content.strip().lower() == "circuit"]
        if not asked:
            if images:
                raise ExamError(
                    f"found the picture {images[0].content!r}, expected ![circuit](f)",
                    at=at,
                    hint="pictures from files are not taken over into sheets; remove it",
                )
            return None
        words = [n for n in node.walk() if n.type == "text" and n.content.strip()]
        beside = any(w.parent and w.parent.type == "inline" for w in words)
        if len(asked) > 1 or node.type != "paragraph" or beside:
            raise ExamError(
                "found words beside ![circuit](…), expected it in a paragraph of its own", at=at
            )
        target = str(asked[0].attrs.get("src", "")).replace("%5C", "\\").replace("%20", " ")
        return Drawn(page.Paragraph(()), (), at, target)

    def block(
        self, node: SyntaxTreeNode, finder: Finder
    ) -> tuple[page.Block | None, list[Formula]]:
        """A block of words, with its formulas."""
        finder.skip(node)
        match node.type:
            case "paragraph":
                spans, formulas = self.spans(node.children[0], finder)
                return page.Paragraph(spans), formulas
            case "heading":
                spans, formulas = self.spans(node.children[0], finder)
                return page.Heading(6, spans), formulas
            case "bullet_list" | "ordered_list":
                return self.listing(node, finder)
            case "blockquote":
                blocks, formulas = self.blocks(node.children, finder)
                return page.Quote(blocks), formulas
            case "fence" | "code_block":
                if is_math_fence(node):
                    return self.display(node, finder)
                return page.Code(node.content.rstrip("\n"), node.info.strip()), []
            case "math_block" | "math_block_label" | "amsmath":
                return self.display(node, finder)
            case "hr":
                return page.Rule(), []
            case "html_block":
                return self.html(node), []
        line = node.map[0] if node.map else 0
        raise ExamError(
            f"found a {node.type.replace('_', ' ')} here, expected it at the left margin",
            at=self.source.start(line),
            hint="move it out of the list or quotation",
        )

    def html(self, node: SyntaxTreeNode) -> page.Block | None:
        """HTML is shown as it is, its comments left out; mathematics inside it would be lost."""
        text = COMMENT.sub("", node.content).strip()
        if "$" in text:
            raise ExamError(
                "found mathematics inside HTML, expected it in Markdown",
                at=self.source.start(node.map[0] if node.map else 0),
                hint="put a blank line between the tag and the formula",
            )
        return page.Paragraph((Span("text", text),)) if text else None

    def formula(self, latex: str, at: Place, display: bool) -> Formula:
        """A formula with its lines."""
        lines = self.source.lines[at.line - 1 : at.line + latex.count("\n")]
        return Formula(latex, at, display, tuple(lines))

    def display(self, node: SyntaxTreeNode, finder: Finder) -> tuple[page.Block, list[Formula]]:
        """A displayed formula inside a list or quotation."""
        latex = displayed(node)
        place = finder.find(latex if latex in node.content else node.content)
        return page.Display(latex), [self.formula(latex, place, True)]

    def blocks(
        self, nodes: Sequence[SyntaxTreeNode], finder: Finder
    ) -> tuple[tuple[page.Block, ...], list[Formula]]:
        """Several blocks inside another."""
        out: list[page.Block] = []
        formulas: list[Formula] = []
        for node in nodes:
            block, more = self.block(node, finder)
            if block:
                out.append(block)
            formulas += more
        return tuple(out), formulas

    def listing(self, node: SyntaxTreeNode, finder: Finder) -> tuple[page.Block, list[Formula]]:
        """A bulleted or numbered list."""
        items: list[tuple[page.Block, ...]] = []
        formulas: list[Formula] = []
        for child in node.children:
            blocks, more = self.blocks(child.children, finder)
            items.append(blocks)
            formulas += more
        start = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None
        return page.Items(tuple(items), start), formulas

    # -- inline ------------------------------------------------------------------------------------

    def spans(self, inline: SyntaxTreeNode, finder: Finder) -> tuple[Spans, list[Formula]]:
        """Words and inline formulas."""
        self.check_words(inline, finder)
        formulas: list[Formula] = []
        for node in inline.walk(include_self=False):
            if node.type in INLINE_MATHS:
                formulas.append(self.formula(node.content.strip(), finder.inline(node), False))
            elif node.type == "code_inline":
                finder.inline(node)
        return tuple(span for node in inline.children for span in words(node)), formulas

    def check_words(self, inline: SyntaxTreeNode, finder: Finder) -> None:
        """No formula, figure or table hides among the words because a mark of it is missing."""
        for node in inline.walk(include_self=False):
            if node.type == "image":
                raise ExamError(
                    f"found the picture {node.content!r} among words, expected ![circuit](f) in a "
                    "paragraph of its own",
                    at=finder.find("!["),
                )
            if node.type != "text":
                continue
            for sign, expected, hint in HIDDEN:
                hit = sign.search(node.content)
                escaped = hit and "$" in hit.group() and "\\$" in inline.content
                if hit and not escaped:
                    raise ExamError(
                        f"found {hit.group().strip()!r} among words, expected {expected}",
                        at=finder.find(hit.group()),
                        hint=hint,
                    )

    # -- tables ------------------------------------------------------------------------------------

    def table(self, node: SyntaxTreeNode) -> Grid:
        """A table with the place of every cell."""
        first = node.map[0] if node.map else 0
        align: list[str] = []
        rows: list[tuple[Cell, ...]] = []
        formulas: list[Formula] = []
        for line in (r for r in node.walk() if r.type == "tr"):
            number = line.map[0] if line.map else first
            starts = cell_starts(self.source.lines[number])
            if len(starts) > len(line.children):
                raise ExamError(
                    f"found {len(starts)} cells, expected {len(line.children)} as in the header",
                    at=self.source.place(number, starts[len(line.children)]),
                    hint=r"a bar inside a cell is written \|",
                )
            cells = []
            for k, cell in enumerate(line.children):
                if len(rows) == 0:
                    style = str(cell.attrs.get("style", ""))
                    align.append("c" if "center" in style else "r" if "right" in style else "l")
                at = self.source.place(number, starts[k] if k < len(starts) else 1)
                finder = Finder(self.source, number, number + 1)
                finder.column = at.column - 1
                spans, more = self.spans(cell.children[0], finder)
                text = cell.children[0].content.strip()
                asks = text.strip("*_$ ") == "?"
                formulas += [] if asks else more
                cells.append(Cell(spans, "?" if asks else text, at))
            rows.append(tuple(cells))
        at = self.source.start(first)
        words_ = page.Paragraph(())
        return Grid(words_, tuple(formulas), at, rows[0], tuple(rows[1:]), tuple(align))


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


NESTING = 60
"""Lists and quotations nest this deep, each counting two; Markdown drops what is deeper."""
INLINE_MATHS = ("math_inline", "math_inline_double")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
HIDDEN = (
    (
        re.compile(r"\$\$"),
        "a formula between two $$",
        "close it with $$, or write \\$ for a dollar sign",
    ),
    (
        re.compile(r"\$[^$]*=\s*\?|=\s*\?[^$]*\$"),
        "a formula between two $",
        "close it with $; a line of a formula in a sentence must not begin with + or -",
    ),
    (
        re.compile(r"!\[circuit\]\(", re.IGNORECASE),
        "![circuit](f) with a name without spaces",
        "write the name in angle brackets, ![circuit](<\\hat y>)",
    ),
    (
        re.compile(r"\|\s*\?\s*\|"),
        "a table with a row of dashes below its header",
        "add the row |---|---|",
    ),
)
"""What stays among the words only by a slip: its look, what was meant, what to do."""


def markdown() -> MarkdownIt:
    """The Markdown reader."""
    reader = MarkdownIt("commonmark", {"maxNesting": NESTING}).enable("table")
    reader.use(dollarmath_plugin, allow_labels=False, double_inline=True)
    ends = ["paragraph", "blockquote", "list"]
    reader.block.ruler.at("math_block", display_block, {"alt": ends})
    return reader.use(amsmath_plugin).use(front_matter_plugin)


DOLLARS = math_block_dollar(allow_labels=False, allow_blank_lines=True)


def display_block(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """A display between two ``$$``, which also ends a paragraph; asked in silence whether one
    starts here, it leaves no trace."""
    tokens, line = len(state.tokens), state.line
    found = DOLLARS(state, first, last, silent)
    if silent:
        del state.tokens[tokens:]
        state.line = line
    return found


ENVIRONMENT = re.compile(r"\\(begin|end)\{(align|gather|alignat|equation)\*?\}(?:\{\d+\})?")
INSIDE = {"align": "aligned", "alignat": "aligned", "gather": "gathered"}


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
            return [Span("math", node.content.strip())]
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


def with_items(section: Section, items: Sequence[Item]) -> Section:
    """The section with more items."""
    return replace(section, items=(*section.items, *items))


def nested(flat: Sequence[Section]) -> Section:
    """A flat run of sections as a tree by their levels."""

    def build(k: int) -> tuple[Section, int]:
        head = flat[k]
        children = []
        k += 1
        while k < len(flat) and flat[k].level > head.level:
            child, k = build(k)
            children.append(child)
        return replace(head, children=tuple(children)), k

    return build(0)[0]


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

