r"""Labels: data that are whole numbers and stand in subscripts, y of p_y and c_t of E_{c_t}.

A label with an index says so itself. A plain letter is a label where an equation reads it freely in
a subscript: it is no index of the target, no sum binds it, and the exam says that it is data, by
``y \in \{1, \dots, K\}`` or by ``(x, y) \sim \mathcal D`` and a range.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from symgrad.affine import Condition, affine
from symgrad.expr import Ref, free, names
from symgrad.index import Range, range_conditions
from symgrad.limits import Defined, _letters


def plain_labels(
    equations: Iterable[Defined], ranges: Mapping[str, Range], said: Container[str]
) -> dict[str, Range]:
    r"""The letters that are labels, with their values.

    >>> from symgrad.errors import Place
    >>> from symgrad.expr import ONE
    >>> loss = Defined(Ref("L"), Ref("p", (Ref("y"),)), Place())
    >>> list(plain_labels([loss], {"y": Range(ONE, Ref("K"))}, {"y"}))
    ['y']
    """
    found: dict[str, Range] = {}
    for d in equations:
        refs = free(d.body)
        inside = {n for r in refs for i in r.indices for n in names(i)}
        for name in sorted(inside - set(_letters(d.target))):
            if Ref(name) in refs and name in ranges and name in said:
                found[name] = ranges[name]
    return found


def values_of(labels: Mapping[str, Range], plain: Iterable[str]) -> tuple[Condition, ...]:
    """What is known of the plain labels: 1 ≤ y ≤ K."""
    return tuple(c for name in plain for c in range_conditions(affine(Ref(name)), labels[name]))
