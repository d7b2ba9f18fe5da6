r"""What a sheet is made of: plain blocks of words, formulas, tables and figures.

Holds only strings, numbers and tuples, so that a template can print it without thinking.
Formulas are LaTeX; words are plain text, not yet escaped for any target.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from symgrad.figure import Drawing

SpanKind = Literal["text", "math", "em", "strong", "code", "link", "break"]


@dataclass(frozen=True)
class Span:
    """A run of words or one inline formula. `math` holds LaTeX, the others plain text; a
    link's `target` is its address."""

    kind: SpanKind
    content: str
    target: str = ""


Spans = tuple[Span, ...]


@dataclass(frozen=True)
class Block:
    """A paragraph-sized piece of a sheet."""


@dataclass(frozen=True)
class Heading(Block):
    """A heading; `level` 1 to 6; `points` is None where the exam gives none."""

    level: int
    spans: Spans
    points: str | None = None


@dataclass(frozen=True)
class Paragraph(Block):
    """Words with inline formulas."""

    spans: Spans


@dataclass(frozen=True)
class Remark(Block):
    """A quiet sentence beside the mathematics: a convention, an assumption, a reason."""

    spans: Spans


@dataclass(frozen=True)
class Items(Block):
    """A list; `start` is the first number of an ordered one, None for bullets."""

    items: tuple[tuple[Block, ...], ...]
    start: int | None = None


@dataclass(frozen=True)
class Quote(Block):
    """A block quotation."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Code(Block):
    """A block of code, printed as it is."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class Rule(Block):
    """A horizontal rule."""


@dataclass(frozen=True)
class Display(Block):
    """A displayed formula as its author wrote it (LaTeX without the dollar signs)."""

    latex: str


@dataclass(frozen=True)
class Row:
    r"""One line of aligned mathematics: ``left = right``, with a reason in the margin.

    An empty `left` continues the line above. `reason` is set small and quiet at the right.
    """

    left: str
    right: str
    reason: Spans = ()
    relation: str = "="


@dataclass(frozen=True)
class Rows(Block):
    """Aligned lines of a derivation or of a list of answers. With `answer`, each line that ends
    a chain (the next one has a left side, or there is none) is a result to be made prominent."""

    rows: tuple[Row, ...]
    answer: bool = False


@dataclass(frozen=True)
class Space(Block):
    """Room to write: `left` is what stands before the answer line (LaTeX, may be empty),
    `height` the room in lines of text."""

    left: str
    height: float = 2.0


@dataclass(frozen=True)
class Cell:
    """A table cell. `role` says what the cell is: the exam's own text, an answer, or a blank."""

    spans: Spans
    role: Literal["given", "answer", "blank"] = "given"


@dataclass(frozen=True)
class Table(Block):
    """A table; `align` holds one of l, c, r per column; `foot` counts total rows at the end."""

    header: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    align: tuple[str, ...]
    foot: int = 0


@dataclass(frozen=True)
class Figure(Block):
    """A circuit drawn from one geometry; `name` is its file name without an ending, `alt` says
    in words what it shows."""

    drawing: Drawing
    name: str
    caption: Spans = ()
    alt: str = ""


@dataclass(frozen=True)
class Sheet:
    """A whole sheet: solution, key or paper."""

    kind: Literal["solution", "key", "paper"]
    title: str
    language: str = "en"
    blocks: tuple[Block, ...] = ()
    points: str | None = None
    byline: str = ""
    """Course, author and date, as far as the exam gives them."""
    author: str = ""
    """For the document's properties."""
    paper: str = "a4"
    columns: int = 1
    """With two or more the sheet is a card: landscape, in smaller type."""
    labels: dict[str, str] = field(default_factory=dict)
    """Fixed words of the templates, where they differ from the language's own: `name` before the
    line for a name, `page` as in ``page {page} of {pages}``."""
