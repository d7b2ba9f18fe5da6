"""The exception family, and the caret that points at the fault.

Knows places in a file and how to show them; knows nothing of mathematics.
Every message says what was found, what was expected, where, and what to do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Place:
    """Where a piece of text stands: file, line and column (both from 1), and the line itself."""

    file: str = ""
    line: int = 1
    column: int = 1
    source: str = ""

    def shifted(self, columns: int) -> Place:
        """The place `columns` further right on the same line."""
        return replace(self, column=self.column + columns)

    def find(self, piece: str, after: str = "") -> Place:
        r"""Where a piece of LaTeX stands from here on in this line, behind the first `after`;
        this place if it is not found.

        >>> Place("exam.md", 4, 1, r"z = w z_{ 3 } + x").find("z_3", after="=").column
        7
        """
        tokens = re.findall(r"\\[A-Za-z]+|\\.|[^\s{}\\]", piece)
        if not tokens:
            return self
        start = self.column - 1
        if after:
            start = max(start, self.source.find(after, start) + len(after))
        pattern = r"[\s{}]*".join(re.escape(t) for t in tokens)
        before = r"(?<![A-Za-z\\])" if tokens[0][0].isalnum() else ""
        behind = r"(?!\w)" if tokens[-1][-1].isalnum() else ""
        hit = re.compile(before + pattern + behind).search(self.source, start)
        return replace(self, column=hit.start() + 1) if hit else self

    def __str__(self) -> str:
        return f"{self.file or '<text>'}:{self.line}:{self.column}"


class SymgradError(Exception):
    """Base of every error symgrad reports to a person: message, place, and what to do.

    >>> print(SymgradError("found 'w', expected a number", hint="write w = 2"))
    found 'w', expected a number; write w = 2
    """

    def __init__(self, message: str, *, at: Place | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.hint = hint

    def located(self, at: Place | None) -> SymgradError:
        """This error with a place, if it has none yet."""
        if self.at is None:
            self.at = at
        return self

    def headline(self) -> str:
        """One line: place, what was found and expected, what to do."""
        where = f"{self.at}: " if self.at else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{where}{self.message}{hint}"

    def caret(self) -> str:
        """The source line with a caret below the fault, or '' without a place."""
        if self.at is None or not self.at.source:
            return ""
        return point(self.at.source, self.at.column)

    def __str__(self) -> str:
        caret = self.caret()
        return self.headline() + (f"\n{caret}" if caret else "")


class NotationError(SymgradError):
    """The text is not mathematics this reader knows."""


class NetworkError(SymgradError):
    """The equations do not define a network: a cycle, an unknown name, an index out of range."""


class UnreadError(NetworkError):
    """A formula that means something, which symgrad does not read: it may be right."""


class NoRuleError(SymgradError):
    """No rule differentiates this expression."""


class CountError(SymgradError):
    """A layer string or a table cannot be counted."""


class ExamError(SymgradError):
    """The exam file cannot be read, or asks something that cannot be answered."""


class SheetError(SymgradError):
    """A sheet cannot be typeset: an engine is missing, or a formula has no form in the target."""


class FontError(SheetError):
    """No font of a PDF has these `characters`."""

    def __init__(self, characters: str, around: str, hint: str) -> None:
        shown = " ".join(characters[:FEW]) + (" …" if len(characters) > FEW else "")
        named = f"the character {shown}" if len(characters) == 1 else f"the characters {shown}"
        where = f" in “{around}”" if around else ""
        super().__init__(
            f"found {named}{where}, expected characters that the fonts of a PDF have "
            "(Latin, Greek, Hangul)",
            hint=hint,
        )
        self.characters = characters

    def within(self, text: str, file: str) -> FontError:
        """This error with the place of the first of the characters in the text of a file."""
        for c in self.characters:
            for n, line in enumerate(text.split("\n"), start=1):
                if c in line:
                    placed = FontError(self.characters, "", self.hint)
                    placed.at = Place(file, n, line.index(c) + 1, line)
                    return placed
        return self


FEW = 12
"""So many of the missing characters are named."""


def cited(text: str) -> str:
    r"""A piece of the source in quotation marks, as it was written.

    >>> print(cited(r"\partial L"))
    '\partial L'
    """
    shown = "".join(c if c.isprintable() else " " for c in text)
    return f'"{shown}"' if "'" in shown else f"'{shown}'"


WINDOW = 100
"""Longest piece of a source line shown above a caret."""


def point(source: str, column: int) -> str:
    """The source line and a caret under `column` (from 1); long lines are cut around it.

    >>> print(point("z = w x + b", 5))
      z = w x + b
          ^
    """
    start = max(0, column - 1 - WINDOW // 2) if len(source) > WINDOW else 0
    piece = source[start : start + WINDOW]
    left = "…" if start else ""
    right = "…" if start + WINDOW < len(source) else ""
    shown = "".join(c if c.isprintable() else " " for c in piece)
    return f"  {left}{shown}{right}\n  " + " " * (len(left) + column - 1 - start) + "^"
