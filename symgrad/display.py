r"""The rows of a display: which belong together, where one does not go on.

A row that begins with a sign of addition, or follows one that ends so, is a part of the row before;
a row that begins with a relation continues its chain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

EDGE = re.compile(r"\\(?:begin|end)\{(?:aligned|gathered|split)\}")
GAP = r"(?:\s|&|\\[,;:!> ]|\\q?quad(?![A-Za-z])|\{\})"
RELATION = re.compile(
    rf"{GAP}{{0,40}}(?:=|:=|<|>|≤|≥|≈|\\(?:le|ge|leq|geq|approx|equiv|lt|gt)(?![A-Za-z])|"
    r"\\(?:stackrel|overset)\s{0,9}\{[^{}]{0,40}\}\s{0,9}\{=\})"
)
TERM = re.compile(rf"{GAP}{{0,40}}(?:[-+*/·×−]|\\(?:cdot|times|pm|mp)(?![A-Za-z])|[)\]}}])")
ENDS = re.compile(
    rf"(?:[-+*/·×−=<>(\[{{]|\\(?:cdot|times|pm|mp|le|ge|leq|geq|approx|left\()){GAP}{{0,40}}$"
)


@dataclass(frozen=True)
class Row:
    """A row as it is written, and where it starts in the display; `goes_on`: it begins with a
    relation, whose left side stands in a row before."""

    text: str
    start: int
    goes_on: bool


def rows(text: str) -> list[Row]:
    r"""The rows of one display; one if it holds other environments.

    >>> [(r.text.strip(), r.goes_on) for r in rows(r"a &= b \\ &\quad + c \\ &= d")]
    [('a &= b \\\\ &\\quad + c', False), ('&= d', True)]
    """
    bare = unframed(text)
    if r"\begin" in bare:
        return [Row(text, 0, False)]
    cuts: list[tuple[int, int]] = []
    at = 0
    for hit in re.finditer(r"\\\\(?:\[[^\]]{0,20}\])?", bare):
        cuts.append((at, hit.start()))
        at = hit.end()
    cuts.append((at, len(bare)))
    joined: list[tuple[int, int]] = []
    for first, last in cuts:
        piece = bare[first:last]
        if not piece.strip():
            continue
        before = bare[joined[-1][0] : joined[-1][1]] if joined else ""
        if joined and (TERM.match(piece) or ENDS.search(before[-60:])):
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return [Row(bare[a:b], a, RELATION.match(bare[a:b]) is not None) for a, b in joined]


def unframed(text: str) -> str:
    """A display without its own environment, every sign in its place."""
    return EDGE.sub(lambda m: " " * len(m[0]), text)


def left_side(row: str) -> str:
    r"""What stands before the first relation of a row, '' for nothing.

    >>> left_side(r"\frac{a}{b} &= \blah")
    '\\frac{a}{b}'
    """
    depth = 0
    for hit in re.finditer(r"\\[A-Za-z]+|\\.|[{}=<>]", row):
        match hit.group():
            case "{":
                depth += 1
            case "}":
                depth -= 1
            case "=" if not depth:
                return re.sub(r"^[\s&]+|[\s&:]+$", "", row[: hit.start()])
    return ""
