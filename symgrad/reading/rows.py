r"""Where statements begin and end: the layout around mathematics.

Knows alignment, line breaks, wide spaces, commas and words; knows nothing of formulas.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from symgrad.dressing import balanced
from symgrad.reading.scan import CALLS, Fault, Mark, partners

CONDITIONAL = {
    "if",
    "otherwise",
    "else",
    "elsewhere",
    "when",
    "unless",
    "or",
    "not",
    "iff",
    "only if",
    "if and only if",
}
OTHERWISE = {"otherwise", "else", "elsewhere"}
WHEN = {"if", "for", "when", "where", "whenever"}
LEADS = {
    "let", "with", "and", "then", "so", "thus", "hence", "given", "since", "therefore", "because",
    "compute", "find", "note", "here", "assume", "suppose", "consider", "using", "as", "that", "is",
    "or", "all", "by",
}  # fmt: skip
"""Words of a sentence around formulas, which are no names of quantities."""
LAYOUT = ("comma", "stop", "amp", "newline", "quad", "words", "begin", "end", "and", "arrow")


@dataclass
class Item:
    """The marks between two separators; `group` counts the hard separators before it."""

    group: int
    marks: list[Mark] = field(default_factory=list)
    jumps: list[int] = field(default_factory=list)
    otherwise: bool = False
    """Does a word such as `otherwise` follow: x_l = 0 otherwise?"""

    def zero(self) -> bool:
        """Does it say that something is 0?"""
        return [m.text for m in self.marks[-2:]] == ["=", "0"]

    def compares(self) -> bool:
        """Is it a comparison such as l < 1?"""
        ops = [m.text for m in self.marks if m.kind == "rel"]
        return bool(ops) and "=" not in ops

    def sides(self) -> list[list[Mark]]:
        """The marks between its relations."""
        found: list[list[Mark]] = [[]]
        depth = 0
        for mark in self.marks:
            depth += (mark.kind == "open") - (mark.kind == "close")
            if mark.kind == "rel" and not depth:
                found.append([])
            else:
                found[-1].append(mark)
        return [side for side in found if side]

    def latex(self, text: str) -> str:
        """The source of the item, without what stands between its pieces."""
        edges = [0, *self.jumps, len(self.marks)]
        pairs = pairwise(edges)
        pieces = (text[self.marks[a].pos : self.marks[b - 1].end] for a, b in pairs)
        return " ".join(map(balanced, pieces))


def items(marks: list[Mark], padding: bool = False) -> list[Item]:
    """The statements of a text, each without the layout around it.

    `padding`: x_l = 0 came before, and the words between comparisons tell where it holds.
    """
    found: list[Item] = []
    row = current = Item(0)
    depth = n = 0
    while n < len(marks):
        mark = marks[n]
        if depth or mark.kind not in LAYOUT or _is_name(marks, n):
            if not depth and mark.text == "(" and current.zero():
                row = current = Item(current.group + 1)  # a remark: x_l = 0 (l < 1)
            if not current.marks:
                found.append(current)
            current.marks.append(mark)
            depth += (mark.kind == "open") - (mark.kind == "close")
            n += 1
            continue
        padding = current.zero() or (padding and current.compares())
        run = _run(marks, n, padding)
        _refuse_conditional(current, run)
        current.otherwise = padding and any(m.text.strip().lower() in OTHERWISE for m in run)
        n += len(run)
        after = marks[n] if n < len(marks) else None
        step = _step(run, current.marks[-1] if current.marks else None, after)
        if step == "continue":
            current = row
            current.jumps.append(len(current.marks))
        elif step in ("next", "row", "soft"):
            current = Item(current.group + (step != "soft"))
            row = current if step == "row" else row
        if not row.marks and step == "":
            row = current
    zeros = [padding, *(item.zero() for item in found)]
    return [
        piece for item, zero in zip(found, zeros, strict=False) for piece in _unwrapped(item, zero)
    ]


def _unwrapped(item: Item, padding: bool) -> list[Item]:
    r"""The statements in a remark in parentheses, ``(i = 1, \dots, n)``; else the item itself."""
    marks = item.marks
    pair = partners(marks)
    n, compares = 1, False
    if marks[0].text != "(" or pair[0] != len(marks) - 1 or item.jumps:
        return [item]
    while n < len(marks) - 1:
        compares = compares or marks[n].kind == "rel"
        n = pair.get(n, n) + 1
    if not compares:
        return [item]
    return [Item(item.group, inner.marks, inner.jumps) for inner in items(marks[1:-1], padding)]


def _run(marks: list[Mark], n: int, padding: bool) -> list[Mark]:
    end = n
    while end < len(marks) and marks[end].kind in LAYOUT and not _is_name(marks, end):
        end += 1
    run = marks[n:end]
    for mark in run:
        words = mark.text.strip().lower() if mark.kind == "words" else ""
        if words in CONDITIONAL and not (padding and words in {"if", "or", "when", *OTHERWISE}):
            hint = r"write the branches with \begin{cases}"
            raise Fault(mark.pos, f"found the word '{mark.text.strip()}' outside cases", hint)
    if len(run) == 1 and run[0].kind == "words" and _is_word(run[0].text):
        _refuse_word(marks, n)
    return run


def _refuse_conditional(before: Item, run: list[Mark]) -> None:
    """Refuse z > 0 ⇒ h = z: an equation that holds under a condition."""
    arrow = next((m for m in run if m.kind == "arrow"), None)
    if arrow is not None and before.compares():
        hint = r"write the branches with \begin{cases}"
        raise Fault(arrow.pos, f"found a condition before {arrow.text}", hint)


def _is_word(text: str) -> bool:
    """Is it a word by itself that may be the name of a quantity?"""
    return text.isalpha() and text.lower() not in CONDITIONAL | WHEN | LEADS


def _refuse_word(marks: list[Mark], n: int) -> None:
    """Refuse a word that touches a formula: a factor or a remark."""
    touching = marks[n + 1 : n + 2] if n == 0 else marks[n - 1 : n]
    if touching and touching[0].kind not in LAYOUT:
        word = marks[n].text
        if len(word) == 1:
            hint = rf"write {word}, or \mathbf{{{word}}} for another name"
            raise Fault(marks[n].pos, f"found the letter {word} as text in a formula", hint)
        raise Fault(
            marks[n].pos,
            f"found the word '{word}' beside a formula, a factor or a remark",
            rf"a factor is written \mathrm{{{word}}}; a remark stands after a comma or \quad",
        )


def _is_name(marks: list[Mark], n: int) -> bool:
    r"""Is the ``\text{…}`` at `n` a name in a formula, not words between two?"""
    mark = marks[n]
    if mark.kind != "words" or not mark.text.strip():
        return False
    before = marks[n - 1].kind if n else "begin"
    after = marks[n + 1].kind if n + 1 < len(marks) else "end"
    if mark.text != mark.text.strip():
        return False
    follows = marks[n + 1] if n + 1 < len(marks) else None
    touches = follows is not None and follows.kind not in LAYOUT and _is_word(mark.text)
    if touches and (mark.text in CALLS or (follows is not None and follows.text == "(")):
        return True
    if before in ("rel", "op", "sub", "sup", "style", "function", "in", "sim"):
        return True
    if after in ("sub", "sup", "prime", "rel", "op", "in", "sim"):
        return True
    apart = before in LAYOUT or after in LAYOUT
    return (n == 0 and len(marks) == 1) or not (apart or " " in mark.text or mark.text in WHEN)


def _step(run: list[Mark], before: Mark | None, after: Mark | None) -> str:
    """What a run of layout does: "continue" a row, go to the "next" statement or "row", a
    "soft" comma, or nothing."""
    kinds = [m.kind for m in run]
    commas = kinds.count("comma") + kinds.count("stop")
    if (
        commas
        and (before is None or commas > 1)
        and "words" not in kinds
        and "newline" not in kinds
    ):
        mark = next(m for m in run if m.kind in ("comma", "stop"))
        raise Fault(mark.pos, f"found '{mark.text}', expected a formula before it")
    if before is None or after is None:
        return ""
    apart = not {"words", "arrow"}.isdisjoint(kinds)
    joins = before.kind in ("rel", "op", "in", "sim") or after.kind in ("rel", "op", "in", "sim")
    if "newline" in kinds:
        plain = not commas and not apart
        if after.kind == "rel" or (after.kind == "op" and plain):
            return "continue"
        return "" if before.kind in ("rel", "op") and plain else "row"
    if apart or "stop" in kinds:
        return "next"
    if "amp" in kinds:
        return "" if joins and not commas and kinds.count("amp") == 1 else "next"
    if commas:
        return "soft"
    return "" if joins else "next"
