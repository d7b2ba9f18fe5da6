r"""Tables of an exam: the layers of a column, the counts of the cells that ask."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from symgrad.answer import Answer, TableWork
from symgrad.count import Cell as Counted
from symgrad.count import (
    Count,
    Layer,
    Quantity,
    count,
    names_layers,
    quantity,
    read_conventions,
    read_layer,
    unknown,
)
from symgrad.errors import ExamError, SymgradError
from symgrad.numeral import shown
from symgrad.section import Cell, Grid, Section

TOTAL_WORDS = ("total", "totals", "sum", "all", "total:", "sum:")


def table_work(item: Grid, section: Section, where: str) -> TableWork:
    """The cells of a table of layers."""
    try:
        said = read_conventions(section.words())
    except SymgradError as error:
        error.at = section.place(error.at) if error.at else section.at
        raise
    names = next((c for c, h in enumerate(item.header) if names_layers(h.text)), 0)
    columns = tuple(column(item, c, names) for c in range(len(item.header)))
    layers: list[Layer] = []
    rows: list[int | None] = []
    for row in item.rows:
        if row[names].text.strip().lower() in TOTAL_WORDS:
            rows.append(None)
        else:
            rows.append(len(layers))
            layers.append(read_layer(row[names].text, row[names].at, said))
    counted = count(layers)
    cells = {
        (r, c): cell_count(counted, rows[r], columns[c], cell)
        for r, row in enumerate(item.rows)
        for c, cell in enumerate(row)
        if cell.text == "?"
    }
    answers = tuple(
        Answer(
            where,
            rf"\text{{{plain_text(item.rows[r][names].text)}: {plain_text(item.header[c].text)}}}",
            cells[r, c].working,
            None if cells[r, c].value is None else Fraction(cells[r, c].value or 0),
            item.rows[r][c].at,
        )
        for r, c in sorted(cells)
    )
    differing = tuple(differences(item, counted, columns, rows, {c for _, c in cells}))
    return TableWork(answers, True, counted, columns, cells, tuple(rows), differing)


def differences(
    item: Grid,
    counted: Count,
    columns: Sequence[Quantity | None],
    rows: Sequence[int | None],
    asked: set[int],
) -> Iterator[tuple[str, str, str]]:
    """Numbers that the exam gives in a column that asks and that the count does not find: the
    total adds up what is counted."""
    for r, row in enumerate(item.rows):
        for c in sorted(asked):
            q, layer = columns[c], rows[r]
            given = row[c].text.strip(" $") if c < len(row) else ""
            if q is None or layer is None or not re.fullmatch(r"\d+", given):
                continue
            found = counted.rows[layer].cell(q)
            if found.value is not None and found.value != int(given):
                yield counted.rows[layer].layer.text, given, shown(Fraction(found.value))[0]


def column(item: Grid, c: int, names: int) -> Quantity | None:
    """The quantity of a column; a column that asks must name one."""
    if c == names:
        return None
    found = quantity(item.header[c].text)
    if found is None and any(row[c].text == "?" for row in item.rows if c < len(row)):
        raise unknown(item.header[c].text, item.header[c].at)
    return found


def cell_count(counted: Count, row: int | None, asked: Quantity | None, cell: Cell) -> Counted:
    """The count of one cell."""
    if asked is None:
        raise ExamError("found ? in the column of layers, expected a layer", at=cell.at)
    try:
        found = counted.total(asked) if row is None else counted.rows[row].cell(asked)
    except SymgradError as error:
        raise error.located(cell.at) from None
    if found is None:
        raise ExamError(
            f"found ? for the total of {asked.kind.value}, expected a quantity that adds up",
            at=cell.at,
        )
    return found


def plain_text(text: str) -> str:
    """Table text made safe inside ``\text{…}``."""
    return "".join(c for c in text if c not in "\\{}$#%&_^~")
