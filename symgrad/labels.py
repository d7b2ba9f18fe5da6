r"""Labels: data that are whole numbers and stand in subscripts, y of p_y and c_t of E_{c_t}.

A label with an index says so itself. A plain letter is a label where an equation reads it freely in
a subscript: it is no index of the target, no sum binds it, and the exam says that it is data, by
``y \in \{1, \dots, K\}`` or by ``(x, y) \sim \mathcal D`` and a range.

A label in a superscript is part of a name, w^{(1)}, and computes nothing: an index there is
refused.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence

from symgrad.affine import Condition, affine
from symgrad.errors import NetworkError, Place
from symgrad.expr import Expr, Ref, free, names, walk
from symgrad.index import Range, range_conditions
from symgrad.latex import latex
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


SUPERSCRIPT = re.compile(r"(.*)\^\{[(\[](.*)[)\]]\}(.*)")
"""A name with a label in its superscript: what it labels, the label, a label below."""


def check_superscripts(
    written: Iterable[tuple[Expr, Place]], equations: Sequence[Defined], indices: Container[str]
) -> None:
    r"""Refuse a superscript that is meant as an index: x^{(l-1)}, x^{(l)} where l is an index, and
    x^{(2)} beside an equation of x^{(l)}. a^{[l-1]} of a layer is a name."""
    layers = {
        found[2] for d in equations if (found := SUPERSCRIPT.fullmatch(d.target.name)) is not None
    }
    for e, at in written:
        for ref in (x for x in walk(e) if isinstance(x, Ref)):
            found = SUPERSCRIPT.fullmatch(ref.name)
            if found and "^{[" in ref.name and found[2][0] in layers and found[2][0] not in indices:
                continue  # a^{[l-1]} of the layer before, where z^{[l]} is computed
            if found and (sign := re.search("[+-]", found[2])):
                raise _superscript(ref, found, at, f"{sign.group()} in the label")
            if found and found[2] in indices:
                raise _superscript(ref, found, at, f"the index {found[2]} in the label")
    targets = {d.target.name: d for d in equations}
    for d in equations:
        for ref in (x for x in walk(d.body) if isinstance(x, Ref) and x.name not in targets):
            found = SUPERSCRIPT.fullmatch(ref.name)
            if found is None or not found[2].isdigit():
                continue
            for other in (t for t in targets.values() if t is not d):
                general = SUPERSCRIPT.fullmatch(other.target.name)
                if general and general.group(1, 3) == found.group(1, 3):
                    if general[2].isdigit():
                        continue
                    what = f"the letter {general[2]} in the label"
                    raise _superscript(other.target, general, other.at, what, beside=ref)


def _superscript(
    ref: Ref, found: re.Match[str], at: Place, what: str, beside: Ref | None = None
) -> NetworkError:
    index = Ref(found[1] + found[3], (Ref(found[2]), *ref.indices))
    also = f" beside {latex(beside)}, which nothing defines" if beside else ""
    return NetworkError(
        f"found {what} of {latex(ref)}{also}; expected a label that is no index",
        at=at.find(latex(ref)),
        hint=f"write it as a subscript, {latex(index)}",
    )
