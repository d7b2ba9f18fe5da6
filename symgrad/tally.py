r"""Numbers in words: ``(16 - 2)/2 + 1 = 8``, and ``10x(5x5x1 + 1)`` behind the name of a layer.

What a number counts is what the line, or one before it, names: a layer of the exam's table and a
quantity. A product that nothing names is no claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from math import prod

from symgrad.answer import TableWork
from symgrad.assertion import Claim, numeric
from symgrad.count import Kind
from symgrad.errors import SymgradError
from symgrad.evaluate import exact
from symgrad.expr import Expr
from symgrad.notation import read_expression
from symgrad.numeral import shown
from symgrad.solve import Solved
from symgrad.verdict import Counterexample, Differs, Equal, Verdict
from symgrad.work import Piece, label_end

NUMBER = r"\d{1,30}(?:[.,]\d{1,30})?"
ARITHMETIC = re.compile(
    rf"(?<![A-Za-z0-9_.,)\]}}%/^({{\[])[({{\[]{{0,20}}-?{NUMBER}[\d\s.(){{}}+\-−–*/×·^xX]{{0,200}}?"
    rf"(?:=\s{{0,20}}[({{]{{0,20}}-?{NUMBER}[\d\s.(){{}}+\-−–*/×·^xX]{{0,200}}){{1,50}}"
)
PRODUCT = re.compile(
    rf"(?<![A-Za-z0-9_.,])\(?{NUMBER}(?:\s{{0,9}}[x×X*·]\s{{0,9}}(?:{NUMBER}|\([\d\s+x×X*·−-]{{1,99}}\))){{1,20}}\)?"
)
BESIDE = re.compile(
    r"\s*-?\s*(?:filter|kernel|window|pool|conv|max|avg|patch|image|input|stride|필터|커널|풀링|"
    r"입력|이미지|Filter|Kern|フィルタ|卷积|滤波)",
    re.I,
)
QUANTITIES = {
    Kind.MEMORY: r"memor|activation|speicher|메모리|mémoire|内存|activ",
    Kind.PARAMETERS: r"param|파라미터|매개변수|参数|weights and bias",
    Kind.OUTPUT: r"output(?! (?:channel|unit|neuron))|shape|출력 ?크기",
}
ALONE = re.compile(
    r"(?:=|:|\bis|\bare|\bhas|는|은|est|beträgt)\s*(\d[\d,]*)\s*"
    r"(?:이다|입니다|개|parameters?|params?|numbers?|values?|weights?|floats?)*\s*(?:[.。;]|$)"
)
"""A number by itself that a sentence ends with."""
AFTER = re.compile(rf"\s*(?:numbers?|trainable)?\s*((?:{'|'.join(QUANTITIES.values())})\w*)", re.I)
"""A quantity right behind its number: 260 parameters."""
LENGTH = 200
"""Longest arithmetic that is read in a line of words."""


@dataclass
class Tally:
    """Which layer and which quantity the words are about: `rows` of one name, from `row` on,
    the last that was counted."""

    row: int = -1
    rows: list[int] = field(default_factory=list)
    kind: Kind | None = None
    named: bool = False
    named_here: bool = False

    def leave(self) -> None:
        """Another part of the work begins."""
        self.row, self.rows, self.kind, self.named = -1, [], None, False

    def line(self, piece: Piece, section: Solved | None) -> Iterator[Claim]:
        """The claims in a line of words."""
        text = piece.text
        table = None if section is None else table_of(section)
        if table is not None and text.lstrip().startswith("|"):
            yield from self.cells(text, piece, table)
            return
        start = label_end(text)
        for hit in ARITHMETIC.finditer(text, start):
            yield from self.arithmetic(hit, piece)
        rest = ARITHMETIC.sub(lambda m: " " * len(m[0]), " " * start + text[start:])
        if table is None:
            return
        found = [h for h in PRODUCT.finditer(rest) if not BESIDE.match(rest, h.end())]
        at = 0
        for hit in found:
            self.subject(rest[at : hit.start()], table)
            behind = AFTER.match(rest, hit.end())
            if behind and self.rows:
                self.kind = next(k for k, w in QUANTITIES.items() if re.search(w, behind[1], re.I))
                self.named_here = True
            if self.rows and (self.named_here or hit is found[-1]):
                claim = self.counted(hit.group(), hit.start(), piece, table)
                yield from () if claim is None else (claim,)
            at = behind.end() if behind else hit.end()
        self.subject(rest[at:], table)
        alone = ALONE.search(rest)
        if self.rows and self.kind is not None and self.named_here and alone and not found:
            claim = self.counted(alone[1].replace(",", ""), alone.start(1), piece, table)
            yield from () if claim is None else (claim,)

    def formula(self, text: str, piece: Piece, section: Solved | None) -> Claim | None:
        """A number in a formula as the count of the layer the words are about."""
        table = None if section is None else table_of(section)
        if table is None or not self.rows or self.kind is None:
            return None
        return self.counted(text.split("=")[-1], 0, piece, table)

    def arithmetic(self, hit: re.Match[str], piece: Piece) -> Iterator[Claim]:
        """``(16 - 2)/2 + 1 = 8`` in words."""
        text = hit.group().strip()
        sides = [s.strip() for s in text.split("=")]
        if len(text) > LENGTH or not any(
            re.search(r"\d\)?\s*[+\-−*/×·^xX(]\s*[\d(]", s) for s in sides
        ):
            return
        values = [number(s) for s in sides]
        at = replace(piece.at, column=hit.start() + 1)
        for k in range(len(sides) - 1):
            a, b = values[k], values[k + 1]
            if a is None or b is None:
                continue
            claimed = f"{sides[k]} = {sides[k + 1]}"
            yield Claim(at, claimed, "numeric", str(piece.part), numeric(a, "=", b))

    def subject(self, text: str, table: TableWork) -> None:
        """The layer that a line names, and the quantity."""
        rows = table.count.rows
        names = [squeezed(r.layer.text) for r in rows]
        short = [squeezed(r.layer.text.split()[0]) if r.layer.text.split() else "" for r in rows]
        here = [k for k, n in enumerate(names) if n and spoken(n).search(text)]
        if not here:
            here = [k for k, n in enumerate(short) if n and spoken(n).search(text)]
            names = short
        self.named_here = False
        if here:
            longest = max((names[k] for k in here), key=len)
            self.rows = [k for k in here if names[k] == longest and k >= self.row]
            self.rows = self.rows or [k for k in here if names[k] == longest]
            self.kind, self.named = None, False
        kinds = [k for k, words in QUANTITIES.items() if re.search(words, text, re.I)]
        if kinds and (here or self.named):
            self.kind = kinds[0] if len(kinds) == 1 else None
            self.named = self.named_here = True

    def counted(self, text: str, start: int, piece: Piece, table: TableWork) -> Claim | None:
        """A product as the count of the layer the words are about."""
        value = number(text)
        said = None if value is None else exact(value)
        if said is None:
            return None
        each = {k: counts_of(table, k) for k in self.rows}
        kinds = (self.kind,) if self.kind is not None else tuple(Kind)
        fit = [k for k, counts in each.items() if any(counts.get(q) == said for q in kinds)]
        if self.kind is None and not fit:
            return None
        self.row = (fit or self.rows)[0]
        self.rows = [self.row]
        row, counts = table.count.rows[self.row], each[self.row]
        fits = [k for k, v in counts.items() if v == said]
        at = replace(piece.at, column=start + 1)
        kind = self.kind if self.kind is not None else fits[0]
        return Claim(
            at,
            text.strip(),
            "count",
            str(piece.part),
            count_verdict(said, kind, row.layer.text, counts),
            right="" if kind in fits or kind not in counts else row.cells[kind].working,
            question=question_of(table, self.row, kind),
        )

    def cells(self, text: str, piece: Piece, table: TableWork) -> Iterator[Claim]:
        """A row of a table in the work: the name of a layer, then its counts."""
        cells = [c.strip(" $`*") for c in text.strip().strip("|").split("|")]
        names = [squeezed(r.layer.text) for r in table.count.rows]
        if not cells or squeezed(cells[0]) not in names or len(cells) != len(table.columns):
            return
        after = [k for k, n in enumerate(names) if n == squeezed(cells[0]) and k > self.row]
        if not after:
            return
        self.row = after[0]
        row, counts = table.count.rows[self.row], counts_of(table, self.row)
        for c, q in enumerate(table.columns):
            if q is None or (self.row, c) not in asked_cells(table):
                continue
            last = cells[c].split("=")[-1]
            value = number(last)
            said = None if value is None else exact(value)
            if said is None or q.kind not in counts:
                continue
            at = replace(piece.at, column=max(1, piece.text.find(cells[c]) + 1))
            yield Claim(
                at,
                cells[c],
                "count",
                str(piece.part),
                count_verdict(said, q.kind, row.layer.text, counts),
                right="" if counts[q.kind] == said else row.cells[q.kind].working,
                question=question_of(table, self.row, q.kind),
            )


def counts_of(table: TableWork, row: int) -> dict[Kind, Fraction]:
    """The numbers of one layer."""
    found = table.count.rows[row]
    counts = {k: Fraction(c.value) for k, c in found.cells.items() if c.value is not None}
    sizes = [exact(e) for e in found.after]
    if all(s is not None for s in sizes):
        counts[Kind.OUTPUT] = prod((s for s in sizes if s is not None), start=Fraction(1))
    return counts


def asked_cells(table: TableWork) -> set[tuple[int, int]]:
    """The asked cells by row of the count and column."""
    return {(table.layers[r] or 0, c) for r, c in table.cells if table.layers[r] is not None}


def question_of(table: TableWork, row: int, kind: Kind) -> str:
    """The question of the exam that a count answers; '' if it asks no such."""
    order = sorted(table.cells)
    for (r, c), answer in zip(order, table.answers, strict=False):
        q = table.columns[c]
        if table.layers[r] == row and q is not None and q.kind == kind:
            return f"{row}: {answer.question}"
    return ""


def count_verdict(said: Fraction, kind: Kind, layer: str, counts: dict[Kind, Fraction]) -> Verdict:
    """Is a count right, and if not, what is it?"""
    right = counts.get(kind)
    if right == said:
        return Equal(f"the {kind.value} of {layer} is {shown(said)[0]}", by="count")
    told = f"the {kind.value} of {layer} is {shown(right)[0] if right is not None else 'undefined'}"
    told += f", not {shown(said)[0]}"
    other = next((k for k, v in counts.items() if v == said), None)
    if other is not None:
        told += f"; {shown(said)[0]} is its {other.value}"
    return Differs(told, counterexample=Counterexample({}, {}, right, said))


def table_of(section: Solved) -> TableWork | None:
    """The table of layers of a section, or of the sections in it."""
    for s in section.walk():
        for work in s.works.values():
            if isinstance(work, TableWork):
                return work
    return None


def number(text: str) -> Expr | None:
    """Arithmetic in plain text."""
    made = re.sub(r"(?<=\d)(?:,|\{,\}|\\,)(?=\d{3}(?!\d))", "", text.strip())
    made = re.sub(r"(?<![A-Za-z\\])[xX](?![A-Za-z])|[×·*]", r"\\times ", made)
    made = made.replace("−", "-").replace("–", "-").replace("{", "(").replace("}", ")")
    if made.count("(") != made.count(")"):
        made = made.rstrip() + ")" * (made.count("(") - made.count(")"))
    try:
        return read_expression(made.strip().rstrip("."))
    except SymgradError:
        return None


@cache
def spoken(name: str) -> re.Pattern[str]:
    """A squeezed name in words, with space between its signs or not."""
    signs = r"\s*".join(re.escape(c) for c in name)
    return re.compile(rf"(?<![A-Za-z0-9]){signs}(?![A-Za-z0-9-])", re.I)


def squeezed(name: str) -> str:
    """A layer's name without case, space and signs that differ by hand."""
    return re.sub(r"\s+", "", name).lower().replace("×", "x").replace("–", "-")
