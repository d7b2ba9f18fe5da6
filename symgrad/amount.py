"""What an amount in a work is worth: a number, or a formula in size symbols, against a count of
the exam's table.

    9 C F          is the weights of DWCONV3 after F filters, for all C and F
    9 C F^2        is not: at C = 2, F = 3 one is 54, the other 162
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from fractions import Fraction
from itertools import count as counting_up
from math import prod

from symgrad.answer import TableWork
from symgrad.count import Cell, Kind, number, polynomial
from symgrad.errors import SymgradError
from symgrad.evaluate import exact
from symgrad.expr import Add, Expr, Mul, Num, Pow, Ref, children, free, num, replace_refs
from symgrad.latex import latex
from symgrad.notation import read_expression
from symgrad.numeral import shown
from symgrad.verdict import Counterexample, Differs, Equal, Undecided, Verdict

MOST = 200
"""Characters of a formula in a cell."""
WIDEST = 2_000
"""Terms of a formula that is multiplied out."""
TRIES = 50
"""Instances at which two different polynomials are held against each other."""


def cells_of(table: TableWork, row: int | None) -> Mapping[Kind, Cell]:
    """The counts of one layer; the totals, if `row` is None."""
    return table.count.totals if row is None else table.count.rows[row].cells


def counts_of(table: TableWork, row: int | None) -> dict[Kind, Fraction]:
    """The numbers of one layer, or of the totals."""
    cells = cells_of(table, row)
    counts = {k: Fraction(c.value) for k, c in cells.items() if c.value is not None}
    if row is not None:
        sizes = [exact(e) for e in table.count.rows[row].after]
        if all(s is not None for s in sizes):
            counts[Kind.OUTPUT] = prod((s for s in sizes if s is not None), start=Fraction(1))
    return counts


def formula_of(table: TableWork, row: int | None, kind: Kind) -> Expr | None:
    """The count of one layer as a formula; of an output, the product of its sizes."""
    if kind == Kind.OUTPUT and row is not None:
        return Mul(table.count.rows[row].after)
    found = cells_of(table, row).get(kind)
    return None if found is None else found.formula


def question_of(table: TableWork, row: int | None, kind: Kind) -> str:
    """The question of the exam that a count answers; '' if it asks no such."""
    order = sorted(table.cells)
    for (r, c), answer in zip(order, table.answers, strict=False):
        q = table.columns[c]
        if table.layers[r] == row and q is not None and q.kind == kind:
            return f"{row}: {answer.question}"
    return ""


def layer_of(table: TableWork, row: int | None) -> str:
    """The name of a row of the count."""
    return "the total" if row is None else table.count.rows[row].layer.text


def count_verdict(
    said: Fraction, kind: Kind, layer: str, counts: Mapping[Kind, Fraction]
) -> Verdict:
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


def formula(text: str) -> Expr | None:
    r"""A cell as a formula in size symbols: ``$9 C F$``, ``H×W×C``; None for words.

    >>> formula("$9 C F$") == formula("9×C×F")
    True
    """
    if "$" not in text and re.search(r"[^\W\d_]{2}", text):
        return None
    made = re.sub(r"[×·*]", r"\\times ", text.strip(" $`").split("=")[-1].replace("$", ""))
    if not made.strip() or len(made) > MOST:
        return None
    try:
        return read_expression(made)
    except SymgradError:
        return None


def symbolic(
    said: Expr, right: Expr, kind: Kind, layer: str, known: Collection[Expr] | None = None
) -> Verdict:
    """Is a formula in size symbols the count, for all sizes? `known` are the symbols there are."""
    told = f"the {kind.value} of {layer}"
    known = free(right) if known is None else known
    strange = next((r for r in free(said) if r not in known), None)
    if strange is not None:
        has = ", ".join(f"${latex(r)}$" for r in known) or "numbers alone"
        return Undecided(
            f"not judged: found ${latex(strange)}$, which the table does not have; it has {has}"
        )
    if width(said) > WIDEST:
        return Undecided("not judged: a formula of too many terms")
    if polynomial(said) == polynomial(right):
        return Equal(f"{told} is ${latex(said)}$", by="count")
    return _differing(said, right, told)


def width(e: Expr) -> int:
    """At most so many terms a formula has when it is multiplied out."""
    match e:
        case Add(terms=terms):
            found = sum(map(width, terms))
        case Mul(factors=factors):
            found = prod(min(width(f), WIDEST) for f in factors)
        case Pow(base=base, exp=Num(value=v)):
            found = min(width(base), WIDEST) ** min(int(abs(v)), 9)
        case _:
            found = max([1, *map(width, children(e))])
    return min(found, WIDEST + 1)


def symbols_of(table: TableWork) -> tuple[Expr, ...]:
    """The size symbols of a table."""
    cells = (c for row in table.count.rows for c in row.cells.values())
    found = (r for c in cells if c.formula is not None for r in free(c.formula))
    return tuple(dict.fromkeys(found))


def _differing(said: Expr, right: Expr, told: str) -> Verdict:
    """The smallest of some instances at which two counts differ."""
    letters = list(dict.fromkeys((*free(right), *free(said))))
    for low in range(2, TRIES):
        at = dict(zip(letters, counting_up(low), strict=False))
        ours, theirs = _at(right, at), _at(said, at)
        if ours is None or theirs is None or ours == theirs:
            continue
        sizes = {latex(r): v for r, v in at.items()}
        where = ", ".join(f"{k} = {v}" for k, v in sizes.items())
        message = f"{told} is {shown(ours)[0]} at {where}, not {shown(theirs)[0]}"
        return Differs(message, counterexample=Counterexample(sizes, {}, ours, theirs))
    return Undecided(f"not judged: {told} is written in another way")


def _at(e: Expr, at: Mapping[Ref, int]) -> Fraction | None:
    """The value of a formula at some sizes."""

    def put(r: Ref) -> Num | None:
        return num(at[r]) if r in at else None

    return number(replace_refs(e, put))
