r"""Words that say of the formula beside them that it is false: a common mistake is …, … is wrong.

Words are trusted to take a formula out of what is judged, never to make it right or wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

BEFORE = re.compile(
    r"\b(?:false|falsely|wrong|wrongly|incorrect|incorrectly|untrue|mistake|mistaken|mistakenly|"
    r"misconception|"
    r"not\s+(?:equal|true|right|correct|the\s+same|the\s+case|hold)|"
    r"(?:is|are|does|do|would|can)\s?(?:not|n't)\s+(?:be|equal|mean|imply)|"
    r"falsch|fälschlich|irrtümlich|nicht\s+gleich|faux|fausse|incorrecte|"
    r"falso|incorrecto)\b"
    r"|틀린|틀리|틀렸|잘못|오답|거짓|실수|아니라|错误|錯誤|不是|誤り|間違",
    re.I,
)
"""Words before a formula, in its clause."""
INSTEAD = re.compile(
    r"\b(?:instead\s+of|rather\s+than|contrary\s+to|statt|au\s+lieu\s+de|en\s+lugar\s+de)\b[^$=]*$",
    re.I,
)
"""Words that say it of the next formula only."""
AFTER = re.compile(
    r"[\s,$)\]]{0,9}(?:which\s+)?(?:(?:is|are|was|would\s+be|ist|wäre|est|es)\s+)?"
    r"(?:(?:clearly|simply|just|of\s+course|also)\s+)?"
    r"(?:wrong|false|incorrect|untrue|a\s+(?:common\s+)?mistake|"
    r"not\s+(?:true|right|correct|equal|the\s+case)|falsch|faux|fausse|falso|incorrecto)\b"
    r"|[^.;!?。]{0,30}?(?:틀린|틀렸|틀리|잘못|오답|거짓|아니다|아닙니다|아니라|是错|是錯|不对|不對|誤り|間違)",
    re.I,
)
"""Words right behind a formula."""
CLAUSE = re.compile(
    r"[.!?。;]\s|[.!?。]$|\bbut\b|\binstead\b(?!\s+of)|"
    r",\s{0,9}(?:so|hence|thus|therefore|then|because|since|it\s+is|the\s+right)\b|"
    r"\bright\s+is\b|\bcorrect\s+is\b|따라서|그러므로|하지만|그러나|sondern|mais|sino",
    re.I,
)
"""Where what was said before ends."""
END = re.compile(r"[.!?。]\s|[.!?。]$")
"""The end of a sentence."""
OPENING = re.compile(r"(?:\$\$?|\\\[|\\\(|\\begin\{\w{1,20}\*?\}|[\s>])*$")
OPEN_END = re.compile(r"^(?!\s{0,9}#).*[^.!?。\s]\s*$")
"""A line that leads on to the display behind it."""
NEAR = 3
"""Lines around a formula that are looked at."""


def denied(lines: Sequence[str], line: int, column: int, text: str) -> bool:
    r"""Do the words beside a formula, which starts at a line and a column, say that it is false?

    >>> denied(["It is false that $a = b$."], 1, 19, "a = b")
    True
    >>> denied(["Not so wrong. Now $a = b$."], 1, 19, "a = b")
    False
    """
    before = said_before(lines, line, column)
    if BEFORE.search(before) or INSTEAD.search(before):
        return True
    if not 0 < line <= len(lines):
        return False
    here = lines[line - 1]
    start = here.find(text.strip(), max(0, column - 1)) if "\n" not in text else -1
    if start < 0:
        return False
    behind = here[start + len(text.strip()) :]
    behind = re.sub(r"^\s*(?:\$\$?|\\\)|\\\])", "", behind)
    if (
        len(behind) < 40
        and line < len(lines)
        and lines[line].strip()
        and behind.strip() in ("", "is")
    ):
        behind = f"{behind} {lines[line]}"
    return AFTER.match(behind) is not None


def said_before(lines: Sequence[str], line: int, column: int) -> str:
    """The clause before a formula, on its line and the few before it."""
    here = lines[line - 1][: max(0, column - 1)] if 0 < line <= len(lines) else ""
    said = OPENING.sub("", here)
    above = line - 2
    for _ in range(NEAR):
        if CLAUSE.search(said) or above < 0:
            break
        if not lines[above].strip():
            if said.strip() or above < 1 or not OPEN_END.search(lines[above - 1]):
                break
            above -= 1
        said = f"{lines[above]} {said}"
        above -= 1
    last = 0
    for hit in CLAUSE.finditer(said):
        last = hit.end()
    return said[last:]


def sentence(lines: Sequence[str], line: int, column: int) -> str:
    """The sentence around a formula, as far as it stands on its line and the one before."""
    if not 0 < line <= len(lines):
        return ""
    here = lines[line - 1]
    before, behind = here[: max(0, column - 1)], here[max(0, column - 1) :]
    if line > 1 and not END.search(before):
        before = f"{lines[line - 2]} {before}"
    cut = max((m.end() for m in END.finditer(before)), default=0)
    stop = END.search(behind)
    return before[cut:] + (behind[: stop.start()] if stop else behind)
