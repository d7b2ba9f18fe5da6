r"""Reading mathematics: LaTeX as people write it becomes statements made of formulas.

One grammar (`notation.lark`) over the tokens of `reading`. The reader is strict: every sign is
read or refused with its place, and what has two readings is refused with both. `latex` is its
inverse. Nothing is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, cast

from symgrad.dressing import balanced
from symgrad.errors import NotationError, Place
from symgrad.expr import Blank, Expr, Ref, constant
from symgrad.reading.below import Listed, ends, integer
from symgrad.reading.cursor import Head
from symgrad.reading.grammar import Unexpected, automaton
from symgrad.reading.habits import ENTRIES, by_entries, complements, policies
from symgrad.reading.rows import Item, items
from symgrad.reading.scan import Fault, Source, scan
from symgrad.reading.tokens import Pass
from symgrad.unsaid import derivatives_of


@dataclass(frozen=True)
class Applied:
    r"""A name that is no declared function, right before a parenthesis: ``\phi(z)``. `plain`: the
    parenthesis, `latex`, holds a name and no more."""

    name: str
    latex: str
    plain: bool
    at: Place


@dataclass(frozen=True)
class Formula:
    """A chain ``A = B = C``: `parts` and the relations between them; or a lone expression.
    `otherwise`: the word follows, x_l = 0 otherwise. `applied` are its names that may be meant as
    functions."""

    parts: tuple[Expr, ...]
    ops: tuple[str, ...]
    at: Place
    latex: str
    otherwise: bool = False
    applied: tuple[Applied, ...] = field(default=(), compare=False)
    written: tuple[tuple[Place, str], ...] = field(default=(), compare=False)
    """Where each side stands, and how it is written."""


@dataclass(frozen=True)
class Ranges:
    r"""Each index of `names` runs from `lo` to `hi`: ``i, j = 1, \dots, n``."""

    names: tuple[str, ...]
    lo: Expr
    hi: Expr
    at: Place
    latex: str
    member: bool = False
    r"""Said as ``y \in \{1, \dots, n\}``: of an index, or of a label."""


@dataclass(frozen=True)
class Labels:
    r"""Data that are whole numbers from `lo` to `hi`: ``c_t \in \{1, \dots, V\}``."""

    refs: tuple[Ref, ...]
    lo: Expr
    hi: Expr
    at: Place
    latex: str


@dataclass(frozen=True)
class Data:
    r"""What is drawn from a distribution: ``(x, y) \sim \mathcal D``; or from a set of numbers,
    the `values` of ``y \in \{-1, 1\}``."""

    refs: tuple[Ref, ...]
    at: Place
    latex: str
    values: tuple[Expr, ...] = ()


@dataclass(frozen=True)
class Shape:
    r"""The sizes of a tensor: ``W \in \mathbb{R}^{h \times d}``; none for a scalar."""

    refs: tuple[Ref, ...]
    sizes: tuple[Expr, ...]
    at: Place
    latex: str


@dataclass(frozen=True)
class Listing:
    r"""A name for a list: ``\theta = \{k_1, k_2, b\}``."""

    ref: Expr
    items: tuple[Expr, ...]
    at: Place
    latex: str


@dataclass(frozen=True)
class Maps:
    r"""Functions of one number of which nothing else is said: ``f: \mathbb{R} \to \mathbb{R}``."""

    refs: tuple[Ref, ...]
    at: Place
    latex: str


Statement = Formula | Ranges | Labels | Data | Shape | Maps | Listing


def read(
    text: str,
    at: Place | None = None,
    functions: frozenset[str] = frozenset(),
    variables: frozenset[str] = frozenset(),
) -> tuple[Statement, ...]:
    r"""The statements of a piece of mathematics, in reading order.

    `at` is the place of its first character. `functions` are the names that call when a
    parenthesis follows; `variables` the names that look like functions of the notation and
    are not (sigma as a deviation).

    >>> formula, ranges = read(r"z_i = w x_i + b, \quad i = 1, \dots, n")
    >>> formula.ops, ranges.names
    (('=',), ('i',))
    """
    source = Source(text, at or Place())
    dotted = ENTRIES in variables
    try:
        known = set(functions)
        variables |= policies([text])
        marks = complements(scan(by_entries(text)), functions) if dotted else scan(text)
        cut = items(marks)
        known.update(*map(derivatives_of, mapped(cut)))
        raw = [_parsed(item, source, known, variables) for item in cut]
        return tuple(_statements(raw, source))
    except Fault as fault:
        raise source.error(fault) from None


def mapped(cut: Sequence[Item]) -> Iterator[str]:
    r"""The names of functions that are declared, f and g of ``f, g: \mathbb{R} \to \mathbb{R}``."""
    for k, item in enumerate(cut):
        if {"such", "to"} <= {m.kind for m in item.marks}:
            yield item.marks[0].text
            for before in reversed(cut[:k]):
                if before.group != item.group or len(before.marks) != 1:
                    break
                yield before.marks[0].text


reread = lru_cache(maxsize=4096)(read)
"""`read`, for those who read one text several times, as a work is read."""


def read_expression(
    text: str,
    at: Place | None = None,
    functions: frozenset[str] = frozenset(),
    variables: frozenset[str] = frozenset(),
) -> Expr:
    r"""The one expression that `text` is.

    >>> read_expression(r"W_{ij}^{(1)}").name
    'W^{(1)}'
    """
    found = read(text, at, functions, variables)
    if len(found) == 1 and isinstance(found[0], Formula) and len(found[0].parts) == 1:
        return found[0].parts[0]
    place = found[0].at if found else Source(text, at or Place()).place(0)
    what = "nothing" if not found else "a statement" if len(found) == 1 else "several statements"
    raise NotationError(f"found {what}, expected one expression", at=place)


# Parsing one item


class _Parsed(NamedTuple):
    """An item as the grammar read it: the kind of statement and what it is made of."""

    item: Item
    kind: str
    values: tuple[Any, ...]
    heads: tuple[Head, ...] = ()


def _parsed(item: Item, source: Source, functions: set[str], variables: frozenset[str]) -> _Parsed:
    end = item.marks[-1].end
    reader = Pass(list(item.marks), functions, variables, end)
    try:
        kind, *values = cast("tuple[Any, ...]", automaton().parsed(reader.tokens()))
    except Unexpected as unexpected:
        raise _fault(unexpected, source, end) from None
    return _Parsed(item, str(kind), tuple(values), tuple(reader.heads))


def _fault(unexpected: Unexpected, source: Source, end: int) -> Fault:
    token, kind = unexpected.token, unexpected.kind
    at = end if token is None else token.start_pos
    operand = "NAME" in unexpected.expected
    wanted = "a term" if operand else "an operator, a relation or the end"
    if kind == "BLANK" or source.text[:at].rstrip().endswith("?"):
        return Fault(at, "found ? inside a formula", "a ? stands alone as one side of an equation")
    if kind == "DOTS":
        hint = r"write the sum with \sum, a range as i = 1, \dots, n"
        return Fault(at, f"found dots, expected {wanted}", hint)
    if at >= end:
        return Fault(end, f"found the end of the formula, expected {wanted}")
    shown = _word(source.text, at)
    if kind == "_END":
        return Fault(at, f"found {shown}, expected {wanted} before it")
    if kind in ("REL", "_COMMA") and not operand:
        wanted = "one formula"
    hint = "a condition stands in square brackets, [z > 0]" if kind == "REL" and not operand else ""
    return Fault(at, f"found {shown}, expected {wanted}", hint)


def _word(text: str, at: int) -> str:
    match = re.compile(r"\\[A-Za-z]+|\\.|[\d.]+|.", re.DOTALL).match(text, at)
    return match.group() if match else "the end"


# Statements out of items


def _statements(raw: list[_Parsed], source: Source) -> Iterator[Statement]:
    n = 0
    while n < len(raw):
        listed = _entries(raw, n)
        if listed:
            yield from _shaped(raw[n:listed], source)
            n = listed
            continue
        m = n
        while m < len(raw) and raw[m].item.group == raw[n].item.group and _lone(raw[m]) is not None:
            m += 1
        same = m < len(raw) and raw[m].item.group == raw[n].item.group
        last = _last(raw, m) if same else m
        if (same and raw[m].kind in ("data", "shape", "member", "maps")) or last > m:
            yield _joined(raw[n : last + 1], m - n, source)
            n = last + 1
            continue
        yield _single(raw[n], source)
        n += 1


def _entries(raw: list[_Parsed], n: int) -> int:
    r"""Where the entries x_1, x_2, \dots, x_N that begin at an item end; 0 where none begin."""
    first, at = _lone(raw[n]), n + 1
    if first is None or len(first.indices) != 1 or integer(first.indices[0]) is None:
        return 0
    while at < len(raw) and (more := _lone(raw[at])) and more.name == first.name:
        at += 1
    if at + 1 >= len(raw) or raw[at].kind != "dots":
        return 0
    end = raw[at + 1]
    last = _lone(end) or (_refs(end)[0] if end.kind == "data" and len(_refs(end)) == 1 else None)
    same = end.item.group == raw[n].item.group
    return at + 2 if same and last and last.name == first.name and len(last.indices) == 1 else 0


def _shaped(raw: list[_Parsed], source: Source) -> Iterator[Statement]:
    """What entries with dots say: how many there are, and what is said of the last one."""
    pos = raw[0].item.marks[0].pos
    place, text = source.place(pos), source.text[pos : raw[-1].item.marks[-1].end]
    first, *_, last = (_lone(p) or _refs(p)[0] for p in raw if p.kind != "dots")
    if integer(first.indices[0]) != 1:
        found = integer(first.indices[0])
        hint = rf"state the range of an index, l = {found}, \dots, N"
        raise Fault(pos, f"found entries from number {found}, expected some from number 1", hint)
    tensor = (Ref(first.name),)
    yield Shape(tensor, last.indices, place, text)
    if raw[-1].kind == "data":
        yield Data(tensor, place, text)


def _lone(parsed: _Parsed) -> Ref | None:
    """The name that an item consists of, if it is one."""
    if parsed.kind == "chain" and not parsed.values[1] and isinstance(parsed.values[0][0], Ref):
        return parsed.values[0][0]
    return None


def _last(raw: list[_Parsed], m: int) -> int:
    """The last item of the range that the equation at `m` begins, `m` if it begins none."""
    parsed = raw[m]
    if parsed.kind != "chain" or parsed.values[1] != ("=",):
        return m
    end = m
    while end + 1 < len(raw) and raw[end + 1].item.group == parsed.item.group:
        more = raw[end + 1]
        if more.kind != "dots" and not (more.kind == "chain" and not more.values[1]):
            break
        end += 1
        if more.kind == "chain" and end > m + 1 and raw[end - 1].kind == "dots":
            break
    if any(p.kind == "dots" for p in raw[m : end + 1]):
        return end
    first = parsed.values[0][1]
    values = [p.values[0][0] for p in raw[m + 1 : end + 1]]
    numeric = integer(first) is not None and any(integer(v) is not None for v in values)
    return end if numeric else m


def _joined(raw: list[_Parsed], m: int, source: Source) -> Statement:
    """One statement out of several items: lone names, then what is said of all of them."""
    refs = [r for r in map(_lone, raw[:m]) if r is not None]
    place = source.place(raw[0].item.marks[0].pos)
    text = source.text[raw[0].item.marks[0].pos : raw[-1].item.marks[-1].end]
    said = raw[m]
    if said.kind == "chain":
        refs.append(_index(said, said.values[0][0]))
        members = [said.values[0][1]]
        members += [None if p.kind == "dots" else p.values[0][0] for p in raw[m + 1 :]]
        lo, hi = ends(members, said.item.marks[0].pos)
        return Ranges(tuple(_index(said, r).name for r in refs), lo, hi, place, text)
    refs += _refs(said)
    if said.kind == "data":
        return Data(tuple(refs), place, text)
    if said.kind == "maps":
        return Maps(tuple(map(_function, refs)), place, text)
    if said.kind == "shape":
        return Shape(tuple(refs), said.values[1], place, text)
    listed = said.values[1]
    if None not in listed:
        numbers = [integer(e) for e in listed if e is not None]
        if any(constant(e) is None for e in listed if e is not None):
            hint = r"write \{1, \dots, n\} for whole numbers, \{-1, 1\} for others"
            raise Fault(said.item.marks[0].pos, "found a set of names, expected numbers", hint)
        if None in numbers or numbers != list(range(numbers[0] or 0, (numbers[-1] or 0) + 1)):
            return Data(tuple(refs), place, text, listed)
    lo, hi = ends(listed, said.item.marks[0].pos)
    if any(r.indices for r in refs):
        return Labels(tuple(refs), lo, hi, place, text)
    return Ranges(tuple(_index(said, r).name for r in refs), lo, hi, place, text, member=True)


def _index(said: _Parsed, e: Expr) -> Ref:
    if isinstance(e, Ref) and not e.indices:
        return e
    pos = said.item.marks[0].pos
    raise Fault(pos, "found a range of something that is no index", r"write i = 1, \dots, n")


def _function(ref: Ref) -> Ref:
    if ref.indices:
        raise Fault(0, f"found {ref.name} with indices, expected the name of a function")
    return ref


def _refs(said: _Parsed) -> list[Ref]:
    side = said.values[0]
    found = side.items if isinstance(side, Listed) else (side,)
    if not all(isinstance(r, Ref) for r in found):
        raise Fault(said.item.marks[0].pos, "found a formula before the sign, expected names")
    return list(found)


def _single(parsed: _Parsed, source: Source) -> Statement:
    pos = parsed.item.marks[0].pos
    place, text = source.place(pos), parsed.item.latex(source.text)
    if parsed.kind == "dots":
        raise Fault(pos, "found dots that continue nothing", r"write i = 1, \dots, n")
    if parsed.kind != "chain":
        return _joined([parsed], 0, source)
    parts, ops = parsed.values
    if any(isinstance(p, Listed) for p in parts):
        return _listing(parsed, place, text)
    applied = tuple(_applied(h, source) for h in parsed.heads)
    written = tuple(_sides(parsed.item, source))
    return Formula(parts, ops, place, text, parsed.item.otherwise, applied, written)


def _sides(item: Item, source: Source) -> Iterator[tuple[Place, str]]:
    """Where the sides of a chain stand, and how they are written."""
    for marks in item.sides():
        yield source.place(marks[0].pos), balanced(source.text[marks[0].pos : marks[-1].end])


def _applied(head: Head, source: Source) -> Applied:
    argument = source.text[head.start : head.end].strip()
    return Applied(head.name, argument, head.plain, source.place(head.pos))


def _listing(parsed: _Parsed, place: Place, text: str) -> Statement:
    parts, ops = parsed.values
    if ops != ("=",) or isinstance(parts[0], Listed):
        raise Fault(parsed.item.marks[0].pos, "found a list, expected one on the right of one =")
    members = parts[1].items
    if None in members:
        hint = r"name each entry, or give the tensor without its index"
        raise Fault(parsed.item.marks[0].pos, "found dots in a list", hint)
    if len(members) == 1 and not isinstance(members[0], Ref | Blank):
        return Formula((parts[0], members[0]), ops, place, text)
    return Listing(parts[0], members, place, text)
