r"""What is put around a formula and means nothing: a box, a brace below, words on a sign, a colour.

A formula keeps its length when it is undressed, so every sign stays in its place.
"""

from __future__ import annotations

import re

AROUND = (
    r"boxed|fbox|colorbox|textcolor|underbrace|overbrace|underbracket|overbracket|mathclap|smash"
)
UPON = r"overset|underset|stackrel"
WORN = re.compile(rf"\\(?P<around>{AROUND})(?![A-Za-z])|\\(?P<upon>{UPON})(?![A-Za-z])")
BRACES = re.compile(r"\\.|[{}]", re.S)
COLOURED = ("colorbox", "textcolor")
SIGN = re.compile(
    r"\s*(?:=|:=|<|>|\\(?:le|ge|leq|geq|lt|gt|ne|neq|equiv|approx|triangleq|Rightarrow|implies)"
    r"(?![A-Za-z]))\s*"
)
"""What words may be set upon."""
BESIDE = re.compile(
    r"(?:[=<>&,;.:]|\\\\|\\(?:q?quad|le|ge|leq|geq|ne|neq|equiv|approx|triangleq|Rightarrow|implies|"
    r"iff|therefore|[,;!: ]|text\{[^{}]*\}|begin\{aligned\}|end\{aligned\})(?![A-Za-z]))"
)
"""What stands beside a whole side of an equation."""
LOOSE = re.compile(r"[-+=<>]|\\(?:pm|mp|le|ge|leq|geq|ne|neq|sum|prod)(?![A-Za-z])")
"""Signs that bind less than a product."""


def undressed(text: str) -> str:
    r"""A formula without boxes, braces below it and words on its signs; what is taken away becomes
    space, a group that is a factor gets parentheses.

    >>> undressed(r"a = 2 \boxed{b + c} \stackrel{(1)}{=} \underbrace{x}_{y}").split()
    ['a', '=', '2', '(b', '+', 'c)', '=', 'x']
    """
    if WORN.search(text) is None:
        return text
    pairs = partners(text)
    out = list(text)
    end = 0
    for hit in WORN.finditer(text):
        if hit["upon"]:
            words, base = group(text, hit.end(), pairs), None
            if words is not None:
                base = group(text, words[1] + 1, pairs)
            if words is None or base is None or not SIGN.fullmatch(text[base[0] + 1 : base[1]]):
                continue
            blank(out, hit.start(), base[0] + 1)
            blank(out, base[1], base[1] + 1)
            continue
        inner = group(text, hit.end(), pairs)
        if inner is not None and hit["around"] in COLOURED:
            inner = group(text, inner[1] + 1, pairs)
        if inner is None:
            continue
        first, last = inner
        end = last + 1
        if hit["around"].startswith(("under", "over")):
            note = re.compile(r"\s*[_^]\s*").match(text, end)
            below = group(text, note.end(), pairs) if note else None
            if note and below is None:
                continue
            end = end if below is None else below[1] + 1
        if re.match(r"\s*[_^']", text[end:]):
            continue
        factor = LOOSE.search(text, first + 1, last) and not whole(text, hit.start(), end)
        blank(out, hit.start(), first + 1)
        blank(out, last, end)
        if factor:
            out[first], out[last] = "(", ")"
    return "".join(out)


def partners(text: str) -> dict[int, int]:
    """Where the brace that stands at each place is closed."""
    found: dict[int, int] = {}
    stack: list[int] = []
    for hit in BRACES.finditer(text):
        if hit.group() == "{":
            stack.append(hit.start())
        elif hit.group() == "}" and stack:
            found[stack.pop()] = hit.start()
    return found


def group(text: str, at: int, pairs: dict[int, int]) -> tuple[int, int] | None:
    """The braces that stand at a place, after space."""
    while text[at : at + 1].isspace():
        at += 1
    return (at, pairs[at]) if at in pairs else None


def whole(text: str, start: int, end: int) -> bool:
    """Does nothing but a relation or a gap stand beside text[start:end]?"""
    before, after = text[max(0, start - 40) : start].rstrip(), text[end : end + 40].lstrip()
    left = not before or any(m.end() == len(before) for m in BESIDE.finditer(before))
    return left and (not after or BESIDE.match(after) is not None)


def blank(out: list[str], first: int, last: int) -> None:
    """Space in the place of some characters."""
    out[first:last] = [c if c == "\n" else " " for c in out[first:last]]


def balanced(text: str) -> str:
    r"""A piece of a formula without half a box.

    >>> balanced(r"x = \boxed{y"), balanced("y} = x")
    ('x = \\boxed{y}', 'y  = x')
    """
    out = list(text)
    depth = 0
    for hit in BRACES.finditer(text):
        if hit.group() == "{":
            depth += 1
        elif hit.group() == "}" and depth:
            depth -= 1
        elif hit.group() == "}":
            out[hit.start()] = " "
    return "".join(out) + "}" * depth
