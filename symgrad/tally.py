r"""Numbers in words: ``(16 - 2)/2 + 1 = 8``, and ``10x(5x5x1 + 1)`` behind the name of a layer.

What a number counts is what the line, or one before it, names: a layer of the exam's table and a
quantity. A product that nothing names is no claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache

from symgrad.amount import (
    cells_of,
    count_verdict,
    counts_of,
    formula,
    formula_of,
    layer_of,
    question_of,
    symbolic,
    symbols_of,
)
from symgrad.answer import TableWork
from symgrad.assertion import Claim, numeric
from symgrad.cells import TOTAL_WORDS
from symgrad.count import Kind, Quantity, quantity
from symgrad.errors import SymgradError
from symgrad.evaluate import exact
from symgrad.expr import Expr, names
from symgrad.notation import read_expression
from symgrad.solve import Solved
from symgrad.verdict import Equal, Verdict
from symgrad.work import Piece, label_end

NUMBER = r"(?:\d{1,3}(?:[ \u00a0\u202f,]\d{3}){1,9}(?!\d)|\d{1,30}(?:[.,]\d{1,30})?)"
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
SIZED = re.compile(
    r"(?:filters?|kernels?|windows?|patch(?:es)?|stride)\s{0,9}(?:of|are|is|:)?\s{0,9}$", re.I
)
"""Words before the size of a filter, which is no count."""
LEADING = re.compile(
    r"has|have|is|are|and|with|while|that|of|the|its|it|to|in|so|for|but|layer|then|nothing"
)
"""Words of a sentence that goes on with another layer, and the same quantity."""
QUANTITIES = {
    Kind.MEMORY: r"memor|activation|speicher|메모리|mémoire|内存|activ",
    Kind.PARAMETERS: r"param|파라미터|매개변수|参数|weights and bias",
    Kind.CONNECTIONS: r"connections",
    Kind.MACS: r"multiply[- ]adds?\b|multiply[- ]accumulates?\b|\bmacs\b",
    Kind.OUTPUT: r"output(?! (?:channel|unit|neuron))|shape|출력 ?크기",
}
SAYS = r"=|:|\bis|\bare|\bhas|\bhave|\bwith|\bto|는|은|est|beträgt|hat"
UNIT = r"(?:이다|입니다|개|parameters?|params?|numbers?|values?|weights?|floats?|trainable|only)"
PLAIN = re.compile(
    rf"(?<![\w.×*^+/−–-])(?P<n>{NUMBER})(?![A-Za-z0-9_×*^/+]|[.,]\d)"
    rf"(?P<ends>(?:\s{{0,9}}{UNIT}){{0,9}}\s{{0,9}}(?:[.。;,)]|\band\b|\bwhile\b|\bund\b|$))?"
)
"""A number by itself: a count where a quantity stands behind it, or a sentence says no more."""
AFTER = re.compile(rf"\s*(?:numbers?|trainable)?\s*((?:{'|'.join(QUANTITIES.values())})\w*)", re.I)
"""A quantity right behind its number: 260 parameters."""
NOTHING = re.compile(
    r"\b(?:has|have|with)\s{1,9}(?P<n>no(?=\s{1,9}(?:trainable\s|learnable\s)?param)|none\b)"
)
"""No number, but a count: no parameters."""
BEHIND = re.compile(rf"(?:{SAYS})\s{{0,9}}$")
SENTENCE = re.compile(r"[.。;!?]\s")
LENGTH = 200
"""Longest arithmetic that is read in a line of words."""


@dataclass(frozen=True)
class Count:
    """A number in a line of words that may be a count: where it stands, what it says."""

    start: int
    end: int
    text: str
    sum: bool = False
    """The last side of (16 - 2)/2 + 1 = 8: on the way to a count, maybe."""
    plain: bool = False
    """A number by itself, which is no count unless the words say of what."""


@dataclass
class Tally:
    """Which layer and which quantity the words are about: `rows` of one name, from `row` on,
    the last that was counted."""

    row: int = -1
    rows: list[int] = field(default_factory=list)
    kind: Kind | None = None
    said: Kind | None = None
    """The quantity that the sentence has named."""
    heads: tuple[Kind | None, ...] = ()
    """The quantities that the head of the work's own table names."""
    clear: bool = False
    """One layer and one quantity are named right before a number."""

    def leave(self) -> None:
        """Another part of the work begins."""
        self.row, self.rows, self.kind, self.said, self.heads = -1, [], None, None, ()

    def line(self, piece: Piece, section: Solved | None) -> Iterator[Claim]:
        """The claims in a line of words; numbers in its formulas may be counts."""
        text = piece.text
        table = None if section is None else table_of(section)
        if table is not None and text.lstrip().startswith("|"):
            yield from self.cells(text, piece, table)
            return
        start = label_end(text)
        for hit in ARITHMETIC.finditer(text, start):
            yield from self.arithmetic(hit, piece)
        if table is None:
            return
        at = start
        self.said = None
        text = with_numbers(text, piece.words)
        for count in counts_in(text, start):
            between = text[at : count.start]
            if SENTENCE.search(between):
                self.said = None
            self.subject(between, table)
            behind = AFTER.match(text, count.end)
            if behind:
                self.kind = self.said = kind_of(behind[1])
                self.clear = True
            if self.rows and (self.clear or not count.plain):
                claim = self.counted(count.text, count.start, piece, table)
                sure = self.clear and (behind is not None or not count.sum)
                if claim is not None and (sure or isinstance(claim.verdict, Equal)):
                    yield claim
            at = behind.end() if behind else count.end
        self.subject(text[at:], table)

    def formula(self, text: str, piece: Piece, section: Solved | None) -> Claim | None:
        """A number in a formula as the count of the layer the words are about."""
        table = None if section is None else table_of(section)
        if table is None or not self.rows or self.kind is None:
            return None
        if re.search(r"\w", LATEX.sub(" ", piece.words.replace(piece.text, " "))):
            return None  # read with the words of its line
        claim = self.counted(text.split("=")[-1], 0, piece, table)
        sure = self.clear and "=" not in text
        return claim if claim is not None and (sure or isinstance(claim.verdict, Equal)) else None

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
        """The layer and the quantity that the words before a number name, the last of each; it is
        clear what is counted if they name one layer and one quantity at most, and something."""
        layers = mentions(text, table)
        kinds = sorted(
            (m.start(), k) for k, w in QUANTITIES.items() for m in re.finditer(w, text, re.I)
        )
        if layers:
            _, rows = layers[-1]
            self.rows = [k for k in rows if k >= self.row] or rows
            self.kind = self.said
        if kinds:
            self.kind = self.said = kinds[-1][1]
        several = len({tuple(rows) for _, rows in layers}) > 1 or len({k for _, k in kinds}) > 1
        words = re.findall(r"[^\W\d_]{2,}", text.lower())
        goes_on = bool(kinds) or all(
            LEADING.fullmatch(w)
            or any(w in squeezed(table.count.rows[k].layer.text) for k in self.rows)
            for w in words
        )
        self.clear = self.kind is not None and not several and goes_on

    def counted(self, text: str, start: int, piece: Piece, table: TableWork) -> Claim | None:
        """A product as the count of the layer the words are about."""
        each = {k: counts_of(table, k) for k in self.rows}
        kinds = (self.kind,) if self.kind is not None else tuple(Kind)
        said = count_of(text, {v for c in each.values() for k, v in c.items() if k in kinds})
        if said is None:
            return None
        fit = [k for k, counts in each.items() if any(counts.get(q) == said for q in kinds)]
        if self.kind is None and not fit:
            return None
        self.row = (fit or self.rows)[0]
        self.rows = [self.row]
        row, counts = table.count.rows[self.row], each[self.row]
        fits = [k for k, v in counts.items() if v == said]
        at = replace(piece.at, column=start + 1)
        asked = (k for k in fits if question_of(table, self.row, k))
        kind = self.kind if self.kind is not None else next(asked, fits[0])
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
        heads = [quantity(c) for c in cells]
        if any(heads) and not mentions(cells[0], table):
            self.heads = kinds_of(heads)
            return
        kinds = self.heads if len(self.heads) == len(cells) else kinds_of(table.columns)
        if len(cells) != len(kinds):
            return
        row: int | None = None
        if cells[0].lower() not in TOTAL_WORDS:
            after = [k for _, rows in mentions(cells[0], table) for k in rows if k > self.row]
            if not after:
                return
            row = self.row = after[0]
        written = [c.strip() for c in piece.words.strip().strip("|").split("|")]
        written = written if len(written) == len(cells) else cells
        for c, kind in enumerate(kinds):
            if kind is None or not question_of(table, row, kind):
                continue
            verdict = self.cell(cells[c], written[c], kind, row, table)
            if verdict is None:
                continue
            at = replace(piece.at, column=max(1, piece.text.find(cells[c]) + 1))
            right = None if isinstance(verdict, Equal) else cells_of(table, row).get(kind)
            yield Claim(
                at,
                written[c],
                "count",
                str(piece.part),
                verdict,
                right="" if right is None else right.working,
                question=question_of(table, row, kind),
            )

    def cell(
        self, text: str, written: str, kind: Kind, row: int | None, table: TableWork
    ) -> Verdict | None:
        """What a cell is worth: a number, or a formula in size symbols."""
        layer, counts = layer_of(table, row), counts_of(table, row)
        last = re.sub(r"\([^()\d]*\)\s*$", "", text).split("=")[-1]
        right = counts.get(kind)
        said = None if right is None else count_of(last, {right})
        if said is not None:
            return count_verdict(said, kind, layer, counts)
        made, wanted = formula(written), formula_of(table, row, kind)
        if made is None or wanted is None or not names(made):
            return None
        return symbolic(made, wanted, kind, layer, symbols_of(table))


def table_of(section: Solved) -> TableWork | None:
    """The table of layers of a section, or of the sections in it."""
    works = (w for w in counting(section).works.values() if isinstance(w, TableWork))
    return next(works, None)


def counting(section: Solved) -> Solved:
    """The section that has the table of layers: itself, or one in it."""
    for s in section.walk():
        if any(isinstance(w, TableWork) for w in s.works.values()):
            return s
    return section


def number(text: str) -> Expr | None:
    """Arithmetic in plain text."""
    made = re.sub(r"(?<=\d)(?:[ ,\u00a0\u202f]|\{,\}|\\,)(?=\d{3}(?!\d))", "", text.strip())
    made = re.sub(r"(?<![A-Za-z\\])[xX](?![A-Za-z])|[×·*]", r"\\times ", made)
    made = made.replace("−", "-").replace("–", "-").replace("{", "(").replace("}", ")")
    if made.count("(") != made.count(")"):
        made = made.rstrip() + ")" * (made.count("(") - made.count(")"))
    try:
        return read_expression(made.strip().rstrip("."))
    except SymgradError:
        return None


LATEX = re.compile(r"\$|\\[()\[\]]")
NUMERIC = re.compile(r"[\d\s.,()+=*/×·−-]*\d[\d\s.,()+=*/×·−-]*")


def with_numbers(text: str, line: str) -> str:
    """A line of words with the formulas in it that are made of numbers alone."""
    if "\N{REPLACEMENT CHARACTER}" not in text or len(text) != len(line):
        return text

    def put(hit: re.Match[str]) -> str:
        formula = LATEX.sub(" ", line[hit.start() : hit.end()])
        made = re.sub(r"\\(?:times|cdot)(?![A-Za-z])", "×", formula)
        return made.ljust(len(hit[0])) if NUMERIC.fullmatch(made) else hit[0]

    return re.sub("\N{REPLACEMENT CHARACTER}+", put, text)


def kinds_of(columns: Sequence[Quantity | None]) -> tuple[Kind | None, ...]:
    """The kinds of the quantities of some columns."""
    return tuple(None if q is None else q.kind for q in columns)


def kind_of(word: str) -> Kind:
    """The quantity that a word names."""
    return next(k for k, w in QUANTITIES.items() if re.search(w, word, re.I))


def counts_in(text: str, start: int) -> list[Count]:
    """The numbers in a line that may be counts, in their order."""
    found: list[Count] = []
    free = [True] * len(text)

    def take(first: int, last: int) -> bool:
        fits = all(free[first:last])
        free[first:last] = [False] * (last - first)
        return fits

    for hit in ARITHMETIC.finditer(text, start):
        whole = hit.group().rstrip(" .")
        take(hit.start(), hit.start() + len(whole))
        last = whole.split("=")[-1]
        found.append(Count(hit.start(), hit.start() + len(whole), last, sum=True))
    for hit in PRODUCT.finditer(text, start):
        before = text[max(0, hit.start() - 20) : hit.start()]
        sized = BESIDE.match(text, hit.end()) or SIZED.search(before)
        if not sized and take(hit.start(), hit.end()):
            found.append(Count(hit.start(), hit.end(), hit.group()))
    for hit in PLAIN.finditer(text, start):
        before = text[max(0, hit.start() - 20) : hit.start()]
        counted = AFTER.match(text, hit.end("n")) or (
            hit["ends"] is not None and BEHIND.search(before)
        )
        if counted and take(*hit.span("n")):
            found.append(Count(*hit.span("n"), hit["n"], plain=True))
    for hit in NOTHING.finditer(text, start):
        found.append(Count(*hit.span("n"), "0", plain=True))
    return sorted(found, key=lambda c: c.start)


def mentions(text: str, table: TableWork) -> list[tuple[int, list[int]]]:
    """The layers that a text names, by place: their whole names, or the first words of them."""
    found: list[tuple[int, int, list[int]]] = []
    for whole in (True, False):
        named: dict[str, list[int]] = {}
        for k, r in enumerate(table.count.rows):
            words = r.layer.text if whole else first_word(r.layer.text)
            if words:
                named.setdefault(squeezed(words), []).append(k)
        for name, rows in named.items():
            for hit in spoken(name).finditer(text):
                if not any(a <= hit.start() < b for a, b, _ in found):
                    found.append((hit.start(), hit.end(), rows))
    return [(a, rows) for a, _, rows in sorted(found)]


def first_word(layer: str) -> str:
    """The word that a layer begins with: CONV5-8, its name C1."""
    return layer.split()[0].rstrip(",;:") if layer.split() else ""


def count_of(text: str, right: set[Fraction]) -> Fraction | None:
    """The number that a text says; 23.050 is twenty-three thousand where that is `right`."""
    for made in (text, re.sub(r"(?<=\d)\.(?=\d{3}(?!\d))", "", text)):
        value = number(made)
        said = None if value is None else exact(value)
        if said is not None and (said in right or made != text):
            return said if said in right else plain_of(text)
    return plain_of(text)


def plain_of(text: str) -> Fraction | None:
    """The number that a text says, as it stands."""
    value = number(text)
    return None if value is None else exact(value)


@cache
def spoken(name: str) -> re.Pattern[str]:
    """A squeezed name in words, with space between its signs or not."""
    signs = r"\s*".join(re.escape(c) for c in name)
    return re.compile(rf"(?<![A-Za-z0-9]){signs}(?![A-Za-z0-9-])", re.I)


def squeezed(name: str) -> str:
    """A layer's name without case, space and signs that differ by hand."""
    return re.sub(r"\s+", "", name).lower().replace("×", "x").replace("–", "-")
