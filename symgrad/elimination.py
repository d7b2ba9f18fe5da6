"""Determinants, inverses and powers of matrices of dual numbers.

A determinant is expanded row by row, without a division: it moves rightly where it is 0 too.
"""

from __future__ import annotations

from collections.abc import Iterable

from symgrad.dual import Dual, Number, add, compare, constant, divide, multiply, negate
from symgrad.errors import SymgradError

LARGEST = 12
"""Rows of the largest determinant that is expanded."""


def determinant(rows: list[list[Dual]]) -> Dual:
    """The determinant of a matrix: of its first k rows at each choice of k columns, k = 1, 2, ….

    >>> one, two = constant(1), constant(2)
    >>> determinant([[one, two], [two, one]]).value
    Fraction(-3, 1)
    """
    n = len(rows)
    if n > LARGEST:
        raise SymgradError(
            f"found a determinant of {n} rows, expected at most {LARGEST}",
            hint="use smaller sizes",
        )
    minors = {0: constant(1)}
    for row in rows:
        grown: dict[int, Dual] = {}
        for columns, minor in minors.items():
            for j in range(n):
                if not columns >> j & 1:
                    term = multiply(row[j], minor)
                    if (columns >> j).bit_count() % 2:  # columns behind j are passed
                        term = negate(term)
                    key = columns | 1 << j
                    grown[key] = add(grown[key], term) if key in grown else term
        minors = grown
    return minors[(1 << n) - 1]


def inverse(rows: list[list[Dual]], row: int, column: int) -> Dual | None:
    """An entry of the inverse of a matrix, counted from 0; None where there is no inverse."""
    rows = [[*r, constant(int(k == column))] for k, r in enumerate(rows)]
    n = len(rows)
    for k in range(n):
        best = k
        for r in range(k + 1, n):
            if compare(_size(rows[r][k]), _size(rows[best][k])) > 0:
                best = r
        rows[k], rows[best] = rows[best], rows[k]
        pivot = rows[k][k]
        if not pivot.value:
            return None
        rows[k] = [divide(x, pivot) for x in rows[k]]
        for r in range(n):
            if r != k:
                times = rows[r][k]
                pairs = zip(rows[r], rows[k], strict=True)
                rows[r] = [add(x, negate(multiply(times, y))) for x, y in pairs]
    return rows[row][-1]


def powered(rows: list[list[Dual]], row: int, column: int, times: int) -> Dual | None:
    """An entry, counted from 0, of a power of a matrix: of the identity to the power 0, of powers
    of the inverse below it; None where there is no inverse.

    >>> powered([[constant(1), constant(2)], [constant(0), constant(3)]], 0, 1, 2).value
    Fraction(8, 1)
    """
    if times == -1:
        return inverse(rows, row, column)
    span = range(len(rows))
    if times < 0:
        inverted = [[inverse(rows, i, j) for j in span] for i in span]
        rows = [[x for x in r if x is not None] for r in inverted]
        if not all(rows):
            return None
    found = [constant(int(k == row)) for k in span]
    for _ in range(abs(times)):
        columns = list(zip(*rows, strict=True))
        found = [_inner(found, each) for each in columns]
    return found[column]


def _inner(a: Iterable[Dual], b: Iterable[Dual]) -> Dual:
    total = constant(0)
    for x, y in zip(a, b, strict=True):
        total = add(total, multiply(x, y))
    return total


def _size(x: Dual) -> Number:
    """|x|."""
    return x.value if x.value >= 0 else -x.value
