r"""An exam: Markdown with LaTeX maths, read into sections with their formulas, tables and figures.

Knows Markdown and places; does not read the mathematics. Markdown is read by markdown-it-py with
its dollarmath, amsmath and front-matter plugins. Nothing of the text is lost: every block that is
neither formula, table nor circuit is kept as a block of words.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from markdown_it.tree import SyntaxTreeNode

from symgrad import page
from symgrad.errors import ExamError, Place, cited
from symgrad.file import text_of
from symgrad.macros import plain_blanks
from symgrad.markdown import (
    COMMENT,
    NESTING,
    Finder,
    Source,
    cell_starts,
    displayed,
    is_math_fence,
    markdown,
    points_of,
    words,
)
from symgrad.page import Span, Spans
from symgrad.section import Cell, Drawn, Formula, Grid, Item, Section

OPTIONS = {
    "title": None,
    "ties": ("strict", "ge", "first", "split"),
    "indicator": ("bracket", "cases"),
    "layout": ("gradient", "numerator"),
    "lang": ("en",),
    "dialect": ("dollar", "github"),
    "paper": ("a4", "letter", "a3"),
    "columns": ("1", "2", "3", "4"),
    "author": None,
    "course": None,
    "date": None,
}
"""What the front matter may say, and the values it may take (None: any words)."""


LARGEST = 500_000
"""An exam file may have this many bytes."""


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
        text = text_of(path, LARGEST, "an exam in Markdown", "the exam")
        if not text.strip():
            raise ExamError(
                "found an empty file, expected an exam in Markdown",
                at=Place(str(path)),
                hint=r"write equations and questions such as $\frac{\partial L}{\partial w} = ?$",
            )
        return cls.parse(text, str(path))

    @classmethod
    def parse(cls, text: str, path: str = "") -> Exam:
        """The exam in a text.

        >>> exam = Exam.parse("# Part (2 points)\\n\\nFind $x = ?$.\\n")
        >>> exam.root.children[0].points, exam.root.children[0].items[0].formulas[0].latex
        ('2', 'x = ?')
        """
        source = Source(text.replace("\r\n", "\n").replace("\r", "\n"), path)
        return Reader(source).exam()


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
                raise ExamError(f"found {cited(line.strip())}, expected key: value", at=at)
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
            raise ExamError(f"found {key}: {value!r}, expected one of {', '.join(allowed)}", at=at)

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
            return [
                Item(page.Display(plain_blanks(latex)), (self.formula(latex, place, True),), at)
            ]
        if node.type == "table":
            return [self.table(node)]
        finder = Finder(self.source, first, last)
        drawn = self.circuit(node, at)
        if drawn is not None:
            return [drawn]
        block, formulas = self.block(node, finder)
        lines = tuple(self.source.lines[first:last])
        return [Item(block, tuple(formulas), at, lines=lines)] if block else []

    def circuit(self, node: SyntaxTreeNode, at: Place) -> Drawn | None:
        """A paragraph that is one image ``![circuit](f)``."""
        images = [n for n in node.walk() if n.type == "image"]
        asked = [n for n in images if n.content.strip().lower() == "circuit"]
        if not asked:
            if images:
                raise ExamError(
                    f"found the picture {cited(images[0].content)}, expected ![circuit](f)",
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
                if node.type == "code_block" and ASKS.search(node.content):
                    raise ExamError(
                        "found a question in indented lines, which Markdown prints as code; "
                        "expected it in a formula",
                        at=self.source.start(node.map[0] if node.map else 0),
                        hint="indent it less, or put three backquotes around what is code",
                    )
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
        return Formula(plain_blanks(latex).rstrip(), at, display, tuple(lines))

    def display(self, node: SyntaxTreeNode, finder: Finder) -> tuple[page.Block, list[Formula]]:
        """A displayed formula inside a list or quotation."""
        latex = displayed(node)
        place = finder.find(latex if latex in node.content else node.content)
        return page.Display(plain_blanks(latex)), [self.formula(latex, place, True)]

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
        self.check_brackets(inline, finder)
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
                    f"found the picture {cited(node.content)} among words, expected "
                    "![circuit](f) in a paragraph of its own",
                    at=finder.find("!["),
                )
            if node.type != "text":
                continue
            if "$" in node.content and "\\$" not in inline.content:
                self.check_lone_dollar(inline, finder)
            for sign, expected, hint in HIDDEN:
                hit = sign.search(node.content)
                escaped = hit and "$" in hit.group() and "\\$" in inline.content
                if hit and not escaped:
                    raise ExamError(
                        f"found {cited(hit.group().strip())} among words, expected {expected}",
                        at=finder.find(hit.group()),
                        hint=hint,
                    )

    def check_lone_dollar(self, inline: SyntaxTreeNode, finder: Finder) -> None:
        """A dollar sign that opens what looks like words is a price."""
        for node in inline.walk(include_self=False):
            if node.type == "math_inline" and LONE.match(node.content):
                text = node.content.split("\n")[0]
                raise ExamError(
                    f"found {cited('$' + text)}, expected a formula between two $",
                    at=finder.find("$" + text),
                    hint="write \\$ for a dollar sign that opens no formula",
                )

    def check_brackets(self, inline: SyntaxTreeNode, finder: Finder) -> None:
        r"""No formula stands in ``\[ … \]`` or ``\( … \)``, which Markdown prints as brackets."""
        bare = SET_APART.sub(lambda m: " " * len(m[0]), inline.content)
        hit = BRACKETS.search(bare)
        if hit:
            sign, marks = hit.group()[:2], "$$ … $$" if hit.group()[1] == "[" else "$ … $"
            end = "]" if sign == r"\[" else ")"
            line = bare[: hit.start()].count("\n")
            start = bare.rfind("\n", 0, hit.start()) + 1
            lead = inline.content[start : hit.start() + 2]
            finder.line = max(
                finder.line, (inline.map[0] if inline.map else 0) - finder.first + line
            )
            raise ExamError(
                rf"found {sign} among words, which Markdown prints as {sign[1]}; "
                f"expected a formula between dollar signs",
                at=finder.find(lead).shifted(len(lead.lstrip()) - 2),
                hint=rf"write {marks} for {sign} … \{end}",
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
                asks = plain_blanks(text.strip("*_$ ")).rstrip() == "?"
                formulas += [] if asks else more
                cells.append(Cell(spans, "?" if asks else text, at))
            rows.append(tuple(cells))
        at = self.source.start(first)
        words_ = page.Paragraph(())
        return Grid(words_, tuple(formulas), at, rows[0], tuple(rows[1:]), tuple(align))


INLINE_MATHS = ("math_inline", "math_inline_double")


ASKS = re.compile(r"\$[^$]*=\s*\?")
"""A question between dollar signs."""

SET_APART = re.compile(r"(`+).*?\1|\$\$.*?\$\$|\$[^$]*\$|\\\\", re.DOTALL)
"""Code and formulas among words, and a backslash that is one."""

BRACKETS = re.compile(
    r"\\\((?=.*?\\\))|\\\[(?=\s*(?:\n|$)|(?:(?!\\\]).)*?(?:[=?^_]|\\(?!\])).*?\\\])", re.DOTALL
)
r"""The start of ``\( … \)``, or of ``\[ … \]`` around what looks like a formula."""

LONE = re.compile(r"\d[\d.,]*\s+(?!\\)[A-Za-z]{2,}|\d[\d.,]*[.,]\s|[^\s$][^$]*\s$", re.DOTALL)
"""What follows a dollar sign that is a price: $5 for it, $5. Then …"""

HIDDEN = (
    (
        re.compile(r"^\s*=\s*\?"),
        "the question inside the formula",
        r"put = ? between the dollar signs, $\frac{\partial L}{\partial w} = ?$",
    ),
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
