"""The pieces of a layer string, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from symgrad.errors import CountError, Place, cited
from symgrad.expr import Expr, Ref, num


def place(text: str, offset: int, at: Place | None) -> Place:
    """Where the character at `offset` stands, in a text that begins at `at`."""
    line = text.count("\n", 0, offset)
    column = offset - (text.rfind("\n", 0, offset) + 1)
    source = text.split("\n")[line]
    if at is None:
        return Place("", 1 + line, 1 + column, source)
    if line == 0:
        return replace(at, column=at.column + column, source=at.source or source)
    return Place(at.file, at.line + line, 1 + column, source)


SIZE_NAME = r"[A-Za-z](?:_(?:\{(?:\\(?:text|mathrm)\{)?[A-Za-z0-9]+\}{1,2}|[A-Za-z0-9]+))?"
TOKEN = re.compile(
    rf"""(?P<skip>\s+|[$`{{}}]|\\[,;:!\ ]|\\q?quad\b|\\(?:left|right)\b
          |\\(?:text|mathrm|texttt|textrm|textbf|mathbf)\{{|\*\*|[“”"‘’])
      |(?P<times>×|⨯|✕|\\times\b|\\cdot\b|\*|·|[xX](?![A-Za-z_])|[xX](?=[A-Z0-9]))
      |(?P<number>\d{{1,3}}(?:\{{,\}}\d{{3}})+(?!\d)|\d+(?:\.\d+)?)
      |(?P<name>[A-Z](?:_[A-Za-z0-9])?(?=[xX][A-Z0-9])|{SIZE_NAME}(?![A-Za-z_]))
      |(?P<word>[A-Za-z]+)
      |(?P<sign>[-–—−:,;()=/\[\]@.+%#<>&'?!|→])""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """A piece of a layer string; `glued` when it follows the last one without a space."""

    kind: str
    text: str
    start: int
    glued: bool


def tokens(
    text: str, start: int, at: Place | None, prose: bool = False, stop: int | None = None
) -> list[Token]:
    """The pieces of `text` from `start` to `stop`, what carries no meaning left out."""
    stop = len(text) if stop is None else stop
    out: list[Token] = []
    glued = True
    while start < stop:
        match = TOKEN.match(text, start, stop)
        if match is None and prose:
            start += 1
            glued = False
            continue
        if match is None:
            raise CountError(
                f"found {cited(text[start])} in a layer, expected words, sizes and options",
                at=place(text, start, at),
                hint="write a layer as CONV5-10, stride 1, pad 2",
            )
        if match.lastgroup == "skip":
            glued = glued and match.group() in "{}$`"
        else:
            kind = str(match.lastgroup)
            out.append(Token(kind, match.group(), start, glued))
            glued = True
        start = match.end()
    return out


def size_name(text: str) -> Expr:
    r"""The name of a size as a formula: C, D_K, C_{\text{in}}."""
    head, _, label = text.partition("_")
    label = re.sub(r"\\(?:text|mathrm)|[{}]", "", label)
    if not label:
        return Ref(head)
    if label.isdigit():
        return Ref(head, (num(int(label)),))
    return Ref(head, (Ref(label),)) if len(label) == 1 else Ref(rf"{head}_{{\text{{{label}}}}}")
