r"""What stands below a sign: the indices that Σ, Π, max and min bind, and their ranges."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from symgrad.expr import Add, Bound, Expr, Mul, Neg, Num, Ref, Rel, free_names
from symgrad.latex import latex
from symgrad.reading.scan import Fault

PAIR = r"1 \le i < j \le n"


class Listed(NamedTuple):
    """A bracketed list of formulas; `None` stands for dots."""

    items: tuple[Any, ...]


def bound_below(conds: Any, high: Expr | None, pos: int) -> tuple[Bound, ...]:
    r"""The indices below a sign with their ranges: ``j=1``, ``i,j``, ``1 \le i \le n``."""
    found: list[Bound] = []
    for sides, ops in _ranges(conds, pos):
        bound = _bound(sides, ops, found, pos)
        if isinstance(bound, Bound):
            found.append(bound)
        elif isinstance(bound, Expr):
            found[-1] = replace(found[-1], conds=(*found[-1].conds, bound))
        else:
            found += bound
    lows = [b.lo for b in found if b.lo is not None]
    if len(found) > 1 and len(lows) == 1 and found[-1].lo is not None and not found[-1].conds:
        found = [replace(b, lo=found[-1].lo, hi=b.hi or found[-1].hi) for b in found]
    if len({b.name for b in found}) < len(found):
        raise Fault(pos, "found one index twice below a sign")
    if high is not None:
        if any(b.hi is not None for b in found):
            raise Fault(pos, "found two upper ends of one index")
        found = [replace(b, hi=high) for b in found]
    return tuple(found)


def _ranges(conds: Any, pos: int) -> Any:
    r"""The conditions with ``j = 1, \dots, m`` as one, like ``j \in \{1, \dots, m\}``."""
    out: list[Any] = []
    rest = list(conds)
    while rest:
        sides, ops = rest.pop(0)
        if sides == (None,):
            if not out or out[-1][1] != ("=",) or not rest or rest[0][1] != ():
                raise Fault(
                    pos, "found dots below a sign without both ends", r"write j = 1, \dots, m"
                )
            (index, first), _ = out.pop()
            (last,), _ = rest.pop(0)
            sides, ops = (index,), Listed((first, None, last))
        out.append((sides, ops))
    return out


def _bound(sides: Any, ops: Any, found: list[Bound], pos: int) -> Any:
    first = sides[0]
    if isinstance(ops, Listed):
        lo, hi = ends(ops.items, pos)
        return Bound(_index_name(first, pos), lo, hi)
    if not ops:
        if isinstance(first, Mul) and all(
            isinstance(f, Ref) and not f.indices for f in first.factors
        ):
            return [Bound(_index_name(f, pos)) for f in first.factors]
        return Bound(_index_name(first, pos))
    if len(sides) > 2:
        return _ascending(sides, ops, pos)
    if ops == ("=",):
        return Bound(_index_name(first, pos), sides[1])
    cond = Rel(ops[0], sides[0], sides[1])
    if found and {b.name for b in found} & free_names(cond):
        return cond
    return Bound(_index_name(first, pos), None, None, (cond,))


def _ascending(sides: Any, ops: Any, pos: int) -> list[Bound]:
    r"""``1 \le i \le n``; ``1 \le i < j \le n``: i from 1 to n - 1, j from i + 1 to n."""
    lo, *letters, hi = sides
    if not set(ops) <= {"<", "<="}:
        what, hint = ("range", r"1 \le i \le n") if len(letters) == 1 else ("chain", PAIR)
        raise Fault(pos, f"found a {what} below a sign that does not ascend", f"write {hint}")
    if ops == ("<", "<") and isinstance(lo, Ref) and isinstance(hi, Ref):
        raise Fault(pos, "found a chain of indices below a sign", "write one sign for each index")
    found: list[Bound] = []
    for k, letter in enumerate(letters):
        strict = ops[k + 1 :].count("<")
        low = _moved(lo, ops[k] == "<")
        found.append(Bound(_index_name(letter, pos), low, _moved(hi, -strict)))
        lo = letter
    return found


def _moved(e: Expr, by: int) -> Expr:
    if not by:
        return e
    if isinstance(e, Num):
        return Num(e.value + by)
    step = Num(Fraction(abs(by)))
    return Add((e, step if by > 0 else Neg(step)))


def _index_name(e: Expr, pos: int) -> str:
    if isinstance(e, Ref) and not e.indices:
        return e.name
    raise Fault(pos, f"found {latex(e)} below a sign, expected an index", "write j = 1")


def integer(e: object) -> int | None:
    if isinstance(e, Neg):
        inner = integer(e.arg)
        return None if inner is None else -inner
    if isinstance(e, Num) and e.value.denominator == 1:
        return int(e.value)
    return None


def ends(members: list[Expr | None] | tuple[Expr | None, ...], pos: int) -> tuple[Expr, Expr]:
    r"""The ends of ``1, 2, 3`` or ``1, \dots, n``; `None` stands for the dots."""
    if members.count(None) > 1 or members[0] is None or members[-1] is None:
        raise Fault(pos, "found dots without an end", r"write i = 1, \dots, n")
    listed = members[: members.index(None)] if None in members else members
    numbers = [integer(e) for e in listed]
    if len(listed) > 1 or None not in members:
        steps = pairwise(numbers)
        if None in numbers or any(b != a + 1 for a, b in steps if a is not None and b is not None):
            hint = r"write i = 1, 2, 3 or i = 1, \dots, n; a set is written \{a, b\}"
            raise Fault(pos, "found a list that does not count up by one", hint)
    if None in members and members.index(None) != len(members) - 2:
        raise Fault(pos, "found more after the dots than one end", r"write i = 1, \dots, n")
    return members[0], members[-1]
