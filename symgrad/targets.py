r"""The printers of the three targets: Typst, LaTeX and Markdown.

Each says how a target spells a formula and lays out rows, tables and lists; the templates say the
rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from symgrad import escape
from symgrad.page import Block, Cell, Figure, Heading, Row, Rows, Span, Spans, Table
from symgrad.printing import (
    NAME,
    Macros,
    Printer,
    Raw,
    bold_answers,
    checked,
    code_lines,
    drawn,
    figure_name,
    respelt,
    right,
    with_answers,
)
from symgrad.spelling import Dialect, is_aligned, pieces, respell
from symgrad.typeset import quoted, typst_body

LONG_WORDS = re.compile(r"(\S{25,})")
"""Words so long that they may break."""

LONG = 60
"""Formulas longer than this are handed over with the places where a line may break."""


class TypstPrinter(Printer):
    """Typst: formulas converted, long ones with the places where a line may break."""

    dialect: Dialect = "tex"

    def words(self, text: str) -> Raw:
        return Raw(escape.typst(text))

    def maths(self, latex: str) -> Raw:
        formula = f"${typst_body(latex)}$"
        return Raw(f"#box({formula});" if is_range(latex) else formula)

    def code(self, text: str) -> Raw:
        return Raw(quoted(escape.one_line(text)))

    def target(self, address: str) -> Raw:
        return Raw(quoted(address))

    def level(self, level: int) -> Raw:
        return Raw(level)

    def entry(self, item: Sequence[Block], n: int, start: int | None) -> dict[str, Raw]:
        return {"body": self.blocks(item)}

    def code_block(self, text: str, language: str) -> Raw:
        lines = "\\n".join(quoted(line)[1:-1] for line in code_lines(text))
        return self.macros("code_block", lines=[], whole=Raw(f'"{lines}"'), language="")

    def display(self, latex: str) -> Raw:
        parts = self.parts(latex) if len(latex) > LONG and not is_aligned(latex) else []
        return self.macros("display", formula=Raw(typst_body(latex)), parts=parts)

    def parts(self, latex: str) -> list[Raw]:
        """The pieces between which a line may break, in display style. Each starts with nothing
        at all, so that a sign there keeps the space of a sign between two terms."""
        cut = pieces(latex) if len(latex) > LONG else [latex]
        return [Raw(f'"" display({typst_body(piece)})') for piece in cut]

    def rows(self, rows: Rows) -> Raw:
        entries = [
            {
                "left": Raw(f"display({typst_body(row.left)})") if row.left else "",
                "parts": self.parts(right(row)),
                "reason": self.reason(row.reason),
                "answer": answer,
            }
            for row, answer in with_answers(rows)
        ]
        return self.macros("rows", entries=entries)

    def space(self, left: str, lines: int) -> Raw:
        start = Raw(f"display({typst_body(left)})") if left else ""
        return self.macros("space", left=start, lines=Raw(lines))

    def table(self, table: Table) -> Raw:
        names = {"l": "left", "c": "center", "r": "right"}
        sides = [Raw(names[side]) for side in table.align]
        return self.macros(
            "table",
            header=self.row(table.header, bold=False),
            entries=[self.row(row, bold_answers(table)) for row in table.rows],
            align={"sides": sides, "count": Raw(len(sides))},
            foot=Raw(table.foot),
        )

    def cell(self, cell: Cell, bold: bool) -> Raw:
        """A cell with the parts that stay whole, for the page to find the widths of columns."""
        if cell.role == "blank":
            return self.macros("blank")
        free = super().cell(cell, bold)
        parts = [part for span in cell.spans for part in self.whole(span)]
        body = self.spans(cell.spans)
        if any(span.kind == "math" for span in cell.spans):
            body = Raw("".join(map(self.held, cell.spans)))
        elif cell.role == "answer" and bold and body:
            body = free
        listed = "".join(f"[{part}], " for part in parts)
        return Raw(f"cell-of([{body}], ({listed}), [{free}])")

    def whole(self, span: Span) -> list[Raw]:
        """The parts of a span that no line may break: words, and the sides of equations."""
        if span.kind == "math":
            return [Raw(f"${typst_body(part)}$") for part in equations(checked(span.content))]
        if span.kind in ("text", "em", "strong"):
            return [self.words(word) for word in span.content.split()]
        return [self.span(span)]

    def held(self, span: Span) -> Raw:
        """A span that breaks only between words and before relations."""
        if span.kind != "math":
            return self.span(span)
        parts = equations(checked(span.content))
        # an empty start keeps the space before a relation; before a sign it would make a difference
        chunks = (('"" ' if n else "") + typst_body(part) for n, part in enumerate(parts))
        return Raw("#sym.zws;".join(f"#chunk[${chunk}$];" for chunk in chunks))

    def figure(self, figure: Figure) -> Raw:
        return self.macros(
            "figure",
            drawing=drawn(figure.drawing),
            source="",
            caption=self.spans(figure.caption),
            alt=Raw(quoted(escape.one_line(figure.alt))),
        )


class LatexPrinter(Printer):
    """LaTeX for xelatex; derivations and tables through the commands of the page's style."""

    dialect: Dialect = "tex"

    def words(self, text: str) -> Raw:
        # The short words keep the spaces between them.
        parts = LONG_WORDS.split(escape.one_line(text))
        return Raw("".join((escape.latex, _breakable)[n % 2](p) for n, p in enumerate(parts)))

    def maths(self, latex: str) -> Raw:
        formula = f"${respell(latex, 'tex')}$"
        return Raw(rf"\mbox{{{formula}}}" if is_range(latex) else formula)

    def code(self, text: str) -> Raw:
        return Raw(escape.latex(text))

    def target(self, address: str) -> Raw:
        return Raw(escape.latex(address))

    def level(self, level: int) -> Raw:
        return Raw({1: r"\Large", 2: r"\large"}.get(level, r"\normalsize"))

    def entry(self, item: Sequence[Block], n: int, start: int | None) -> dict[str, Raw]:
        marker = r"\textbullet" if start is None else f"{start + n}."
        return {"marker": Raw(marker), "body": self.blocks(item)}

    def code_block(self, text: str, language: str) -> Raw:
        lines = [Raw(_spaces(line)) for line in code_lines(text)]
        return self.macros("code_block", lines=lines, whole="", language="")

    def display(self, latex: str) -> Raw:
        breaks = len(latex) > LONG and not is_aligned(latex) and len(pieces(latex)) > 1
        formula = self.breakable(latex) if breaks else Raw(respell(latex, "tex"))
        if is_aligned(latex) and max(map(len, latex.split("\\\\"))) > 2 * LONG:
            formula = Raw(rf"\shrunk{{{formula}}}")
        return self.macros("display", formula=formula, parts=breaks)

    def breakable(self, latex: str) -> Raw:
        """The formula, a long one with the places where a line may break."""
        cut = pieces(latex) if len(latex) > LONG else [latex]
        return Raw(" \\allowbreak ".join(respell(piece, "tex") for piece in cut))

    def rows(self, rows: Rows) -> Raw:
        entries = [
            {
                "left": Raw(respell(row.left, "tex")),
                "right": Raw("{}" + self.breakable(right(row))),
                "reason": self.reason(row.reason),
                "answer": answer,
            }
            for row, answer in with_answers(rows)
        ]
        return self.macros("rows", entries=entries)

    def space(self, left: str, lines: int) -> Raw:
        return self.macros("space", left=Raw(respell(left, "tex")), lines=Raw(lines))

    def table(self, table: Table) -> Raw:
        last = len(table.rows) - table.foot
        return self.macros(
            "table",
            header=self.between(table.header, bold=False),
            entries=[
                {
                    "rule": table.foot > 0 and n == last,
                    "cells": self.between(row, bold_answers(table)),
                    "named": self.named(table, row),
                }
                for n, row in enumerate(table.rows)
            ],
            align={"sides": [Raw(side) for side in table.align]},
            foot="",
        )

    def named(self, table: Table, row: Sequence[Cell]) -> list[Raw]:
        """The row as a block: its name, then each quantity with its own."""
        bold = bold_answers(table)
        rest = [(h, c) for h, c in zip(table.header, row, strict=False) if c is not row[0]]
        lines = [
            rf"\quantity{{{self.cell(head, False)}}}{{{self.cell(cell, bold)}}}"
            for head, cell in rest
            if cell.spans or cell.role == "blank"
        ]
        return [Raw(rf"\rowname{{{self.cell(row[0], bold)}}}"), *map(Raw, lines)]

    def cell(self, cell: Cell, bold: bool) -> Raw:
        """A cell; an equation alone in it may break before its relations."""
        if len(cell.spans) == 1 and cell.spans[0].kind == "math" and cell.role != "blank":
            first, *rest = equations(checked(cell.spans[0].content))
            if rest:
                others = "".join(rf"\side{{${{}}{respell(part, 'tex')}$}}" for part in rest)
                return Raw(rf"\sides{{${respell(first, 'tex')}${others}}}")
        return super().cell(cell, bold)

    def between(self, cells: Sequence[Cell], bold: bool) -> list[dict[str, Raw | bool]]:
        """The cells, each with what stands before it, and whether it is taller than words."""
        return [
            {
                "before": Raw(" & " if n else ""),
                "body": self.cell(cell, bold),
                "tall": any(s.kind == "math" and r"\frac" in s.content for s in cell.spans),
            }
            for n, cell in enumerate(cells)
        ]

    def figure(self, figure: Figure) -> Raw:
        drawing = respelt(figure.drawing)
        caption = self.spans(figure.caption)
        return self.macros(
            "figure", drawing=Raw(drawing.tikz()), source="", caption=caption, alt=""
        )


class MarkdownPrinter(Printer):
    """Markdown in one of two dialects: `dollar` or `github`."""

    def __init__(self, macros: Macros, dialect: Dialect) -> None:
        super().__init__(macros)
        self.dialect = dialect

    def words(self, text: str) -> Raw:
        return Raw(escape.markdown(text))

    def maths(self, latex: str) -> Raw:
        body = respell(latex, self.dialect)
        return Raw(f"$`{body}`$" if self.dialect == "github" else f"${body}$")

    def code(self, text: str) -> Raw:
        return Raw(escape.code_span(text))

    def target(self, address: str) -> Raw:
        return Raw(address)

    def opening(self, spans: Spans) -> Raw:
        body = self.spans(spans)
        plain = bool(spans) and spans[0].kind == "text"
        return Raw(escape.markdown_block(body)) if plain else body

    def spans(self, spans: Spans) -> Raw:
        """A run of words and formulas. Emphasis holds words alone, its spaces outside the marks;
        words after a hard break start no list and no heading."""
        runs = apart(spans)
        out, touching = "", ""
        for n, span in enumerate(runs):
            if span.kind in MARKS:
                body = self.words(span.content)
                after = self.span(runs[n + 1])[:1] if n + 1 < len(runs) else ""
                out += escape.emphasis(MARKS[span.kind], body, out[-1:], touching, after)
                touching = out[-1:]
                continue
            body = self.span(span)
            if span.kind == "text" and n and runs[n - 1].kind == "break":
                body = Raw(escape.markdown_block(body))
            out, touching = out + body, ""
        return Raw(out)

    def span(self, span: Span) -> Raw:
        return Raw("\\\n") if span.kind == "break" else super().span(span)

    def block(self, block: Block) -> Raw:
        """A block; a heading is one line."""
        if isinstance(block, Heading):
            block = replace(block, spans=unbroken(block.spans))
        return super().block(block)

    def level(self, level: int) -> Raw:
        return Raw("#" * level)

    def entry(self, item: Sequence[Block], n: int, start: int | None) -> dict[str, Raw]:
        marker = "-" if start is None else f"{start + n}."
        pad = " " * (len(marker) + 1)
        body = self.blocks(item).replace("\n", "\n" + pad)
        return {"marker": Raw(marker), "body": Raw(re.sub(r"\n +(?=\n)", "\n", body))}

    def code_block(self, text: str, language: str) -> Raw:
        fence = "`" * max(3, escape.longest_run(text) + 1)
        named = language if NAME.fullmatch(language) else ""
        lines = [Raw(line) for line in code_lines(text)]
        return self.macros("code_block", lines=lines, whole=Raw(fence), language=Raw(named))

    def display(self, latex: str) -> Raw:
        body = respell(latex, self.dialect, inline=False)
        return self.macros("display", formula=self.displayed(_lines(body)), parts=[])

    def displayed(self, body: str) -> Raw:
        """A displayed formula; a line that Markdown could take for a list or a quotation is
        indented."""
        lines = [
            "    " + line if re.match(r"[-+=>#*:~]", line) else line for line in body.split("\n")
        ]
        opening, closing = ("```math", "```") if self.dialect == "github" else ("$$", "$$")
        return Raw("\n".join([opening, *lines, closing]))

    def rows(self, rows: Rows) -> Raw:
        noted = any(row.reason for row in rows.rows)
        lines = [self.line(row, noted) for row in rows.rows]
        body = lines[0].replace("&", "", 1)
        if len(lines) > 1 or noted:
            inside = " \\\\\n".join(lines)
            body = f"\\begin{{aligned}}\n{inside}\n\\end{{aligned}}"
        return self.macros("rows", entries=self.displayed(body))

    def line(self, row: Row, noted: bool) -> str:
        reason = "".join(
            self.in_display(checked(s.content))
            if s.kind == "math"
            else escape.words_in_maths(s.content)
            for s in row.reason
        )
        left = f"{self.in_display(checked(row.left))} " if row.left else "  "
        line = f"{left}&{self.in_display(right(row))}"
        return f"{line} && {reason}" if noted and reason else line

    def in_display(self, latex: str) -> str:
        """A part of a displayed formula."""
        return respell(latex, self.dialect, inline=False)

    def space(self, left: str, lines: int) -> Raw:
        return self.macros("space", left=self.maths(left) if left else "", lines=Raw(lines))

    def table(self, table: Table) -> Raw:
        sides = {"l": ":---", "c": ":---:", "r": "---:"}
        return self.macros(
            "table",
            header=self.row(table.header, bold=False),
            entries=[self.row(row, bold_answers(table)) for row in table.rows],
            align={"sides": [Raw(sides[side]) for side in table.align]},
            foot="",
        )

    def cell(self, cell: Cell, bold: bool) -> Raw:
        """A cell is one line, and a bar inside code would end it."""
        body = super().cell(Cell(unbroken(cell.spans), cell.role), bold)
        return Raw(re.sub(r"(?<!\\)\|", r"\\|", body))

    def figure(self, figure: Figure) -> Raw:
        return self.macros(
            "figure",
            drawing="",
            source=Raw(f"figures/{figure_name(figure)}.svg"),
            caption=self.spans(figure.caption),
            alt=self.words(figure.alt),
        )


def unbroken(spans: Spans) -> Spans:
    """The spans on one line."""
    return tuple(Span("text", " ") if s.kind == "break" else s for s in spans)


MARKS = {"em": "*", "strong": "**"}
"""The marks of emphasis in Markdown."""


def apart(spans: Spans) -> list[Span]:
    """The spans with the spaces at the ends of emphasis as words of their own, what belongs
    together in one, and no space at the start of a line.

    >>> [s.content for s in apart((Span("text", "a "), Span("strong", "b "), Span("math", "x")))]
    ['a ', 'b', ' ', 'x']
    """
    out: list[Span] = []
    for span in spans:
        for part in _spaces_out(span):
            last = out[-1].kind if out else ""
            if last == "break" and part.kind == "text":
                part = replace(part, content=part.content.lstrip())
            if part.kind in ("text", *MARKS) and last == part.kind:
                out[-1] = replace(out[-1], content=out[-1].content + part.content)
            elif part.content or part.kind == "break":
                out.append(part)
    return out


def _spaces_out(span: Span) -> list[Span]:
    """Emphasis without the spaces at its ends, which stand beside it."""
    if span.kind not in MARKS:
        return [span]
    content = escape.one_line(span.content)
    space = [Span("text", " ")]
    inner = [replace(span, content=content.strip())] if content.strip() else []
    ends = space * content.startswith(" "), space * (content.endswith(" ") and bool(inner))
    return [*ends[0], *inner, *ends[1]]


def is_range(latex: str) -> bool:
    r"""Whether an inline formula is the range of an index or of several, which stays on a line.

    >>> is_range(r"i = 1, \dots, m"), is_range(r"f(x) = x_1 + \dots + x_n")
    (True, False)
    """
    return RANGE.fullmatch(latex) is not None


RANGE = re.compile(r"[^=+]{1,12}=[^=+]{1,12},\s*\\[lc]?dots[cb]?\s*,[^=]{1,20}")


def equations(latex: str) -> list[str]:
    r"""The sides of a chain of equations, each but the first with its relation sign.

    >>> equations(r"= 2 + 3 = 5 \approx 6")
    ['= 2 + 3', '= 5', '\\approx 6']
    """
    sides: list[str] = []
    for piece in pieces(latex):
        if not sides or re.match(r"=|\\approx", piece):
            sides.append(piece)
        else:
            sides[-1] += " " + piece
    return sides


def _breakable(word: str) -> str:
    """A long word, which may break behind its punctuation."""
    parts = re.split(r"(?<=[,;:/=_)])(?=\w)", word)
    return "\\allowbreak{}".join(map(escape.latex, parts))


def _spaces(line: str) -> str:
    """A line of code with every space kept; a long word may break inside."""
    words = ([word[n : n + 20] for n in range(0, len(word), 20)] for word in line.split(" "))
    return "~".join("\\allowbreak{}".join(map(escape.latex, word)) for word in words)


def _lines(latex: str) -> str:
    """One row of an environment on a line."""
    return re.sub(r"(\\\\|\\begin\{\w+\}(?:\{[lcr|]+\})?) ", r"\1" + "\n", latex).replace(
        " \\end{aligned}", "\n\\end{aligned}"
    )
