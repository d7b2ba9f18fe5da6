r"""Recurrences: equations that read one another some steps apart, h_t of h_{t-1}.

A circle of equations is a recurrence when each tensor in it has an index, its *step*, such that
every read goes to an earlier step, or stays at the same one without closing a circle there; or
every read goes to a later one. isl decides "earlier" for all sizes and all values of the indices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product

from symgrad.affine import Affine, Condition, affine
from symgrad.equation import Equation, Read
from symgrad.errors import NetworkError
from symgrad.expr import Num, Ref
from symgrad.index import Facts, Index, Range, extent, hull
from symgrad.latex import latex

Feed = tuple[Read, Equation]
"""A read of an equation, and an equation that may define what is read."""

Depends = Callable[[Equation], Iterable[Feed]]

MOST_CHOICES = 256
"""How many ways to choose the steps of the tensors in a circle are tried."""


@dataclass(frozen=True)
class Recurrence:
    """Equations that build on one another step by step.

    `axes` says which index of each tensor is its step; `sign` is 1 where states read earlier
    ones, -1 where they read later ones.
    """

    equations: tuple[Equation, ...]
    axes: tuple[tuple[str, int], ...]
    sign: int

    @cached_property
    def names(self) -> frozenset[str]:
        """The tensors of the circle."""
        return frozenset(name for name, _ in self.axes)

    def axis(self, name: str) -> int:
        """Which index of a tensor is its step."""
        return dict(self.axes)[name]

    @property
    def endless(self) -> bool:
        """Is the number of steps a symbol, for some equation?"""
        return any(step(eq, self.axis(eq.target.name)).range.size is None for eq in self.equations)

    def ranges(self, name: str, facts: Facts) -> tuple[Range, ...]:
        """The range of each index of a tensor over the recurrence's own equations."""
        own = [eq for eq in self.equations if eq.target.name == name]
        columns = zip(*(_axes(eq) for eq in own), strict=True)
        return tuple(c[0] if len(set(c)) == 1 else hull(c, facts) for c in columns)

    def beyond(self, read: Read, facts: Facts) -> tuple[Ref, ...]:
        """The states a read takes from outside the steps: h_0 of h_{t-1}, t = 1, …, T.

        Nothing defines them: they are where the recurrence starts. None where the number of
        them is not a number.
        """
        name, axis = read.ref.name, self.axis(read.ref.name)
        form = affine(read.ref.indices[axis])
        own = self.ranges(name, facts)[axis]
        end = affine(own.lo if self.sign > 0 else own.hi)
        if form is None or end is None:
            return ()
        reach = extent(form, read.inside)
        far = affine(reach.lo if self.sign > 0 else reach.hi)
        gap = None if far is None else end.plus(far, -1).scaled(self.sign)
        if gap is None or gap.coefficients:
            return ()
        home = next(eq.target for eq in self.equations if eq.target.name == name)
        steps = (end.plus(Affine(-self.sign * k)) for k in range(gap.constant, 0, -1))
        return tuple(_at(home, axis, s) for s in steps)


def _at(target: Ref, axis: int, at: Affine) -> Ref:
    before, after = target.indices[:axis], target.indices[axis + 1 :]
    return target.at((*before, at.expr(), *after))


def _axes(eq: Equation) -> tuple[Range, ...]:
    own = {i.name: i.range for i in eq.indices}
    return tuple(
        own[i.name] if isinstance(i, Ref) and i.name in own else Range(i, i)
        for i in eq.target.indices
    )


def step(eq: Equation, axis: int) -> Index:
    """The index that counts an equation's steps."""
    letter = eq.target.indices[axis]
    return next(i for i in eq.indices if letter == Ref(i.name))


def recurrence(circle: Sequence[Equation], facts: Facts, depends: Depends) -> Recurrence | None:
    """The circle as a recurrence, or None where no choice of steps makes every read earlier.

    >>> from symgrad.expr import ONE
    >>> t, before = Ref("t"), Affine(-1, (("t", 1),)).expr()
    >>> eq = Equation(Ref("h", (t,)), (Index("t", Range(ONE, Ref("T"))),), Ref("h", (before,)))
    >>> found = recurrence([eq], Facts(sizes=frozenset("T")), lambda e: [(e.reads[0], e)])
    >>> found.axes, found.sign
    ((('h', 0),), 1)
    """
    inside = set(circle)
    edges = [(eq, read, to) for eq in circle for read, to in depends(eq) if to in inside]
    names = list(dict.fromkeys(eq.target.name for eq in circle))
    candidates = [_letters_of(name, circle) for name in names]
    for choice in islice(product(*candidates), MOST_CHOICES):
        axes = dict(zip(names, choice, strict=True))
        for sign in (1, -1):
            if _causal(edges, axes, sign, facts):
                return Recurrence(tuple(circle), tuple(axes.items()), sign)
    return None


def _letters_of(name: str, circle: Sequence[Equation]) -> list[int]:
    """The indices of a tensor that are letters in each of its equations."""
    own = [eq for eq in circle if eq.target.name == name]
    ranks = min(len(eq.target.indices) for eq in own)
    return [
        k
        for k in range(ranks)
        if all(eq.target.indices[k] in [Ref(i.name) for i in eq.indices] for eq in own)
    ]


def _causal(
    edges: Sequence[tuple[Equation, Read, Equation]], axes: dict[str, int], sign: int, facts: Facts
) -> bool:
    """Does every read go back, or stay at its step without closing a circle there?"""
    level: dict[Equation, list[Equation]] = {}
    for eq, read, to in edges:
        here = affine(eq.target.indices[axes[eq.target.name]])
        there = affine(read.ref.indices[axes[read.ref.name]])
        if here is None or there is None:
            return False
        gap = here.plus(there, -1).scaled(sign)
        try:
            known = facts.within(read.inside)
        except NetworkError:  # a range with an end that is rounded
            known = facts
        if not known.imply(Condition(gap)):
            return False
        if not known.imply(Condition(gap.plus(Affine(-1)))):
            level.setdefault(eq, []).append(to)
    return not find_cycle(tuple(level), lambda eq: level.get(eq, ()))


def find_cycle(
    equations: Sequence[Equation], depends: Callable[[Equation], Iterable[Equation]]
) -> tuple[Equation, ...]:
    """The equations of one cycle of definitions, or ()."""
    state: dict[Equation, int] = {}
    for root in equations:
        if root in state:
            continue
        path: list[Equation] = [root]
        stack = [iter(depends(root))]
        state[root] = 1
        while stack:
            nxt = next(stack[-1], None)
            if nxt is None:
                state[path.pop()] = 2
                stack.pop()
            elif nxt not in state:
                state[nxt] = 1
                path.append(nxt)
                stack.append(iter(depends(nxt)))
            elif state[nxt] == 1:
                return tuple(path[path.index(nxt) :])
    return ()


def looping(loop: Sequence[Equation]) -> NetworkError:
    """The refusal of a cycle of definitions."""
    path = " -> ".join(latex(eq.target) for eq in (*loop, loop[0]))
    shifted = any(i.range.size is None for eq in loop for i in eq.indices)
    nxt = loop[1 % len(loop)].target.name
    read = next(r.ref for r in loop[0].reads if r.ref.name == nxt)
    shifted = shifted and any(
        r.ref.name == eq.target.name and r.ref != eq.target for eq in loop for r in eq.reads
    )
    hint = (
        "a recurrence reads earlier states only, such as h_{t-1}, or later ones only"
        if shifted
        else "break the cycle: an equation may read only what comes before it"
    )
    return NetworkError(
        f"found {latex(loop[0].target)} defined through itself ({path}), "
        "expected equations that build on one another",
        at=loop[0].at and loop[0].at.find(latex(read), after="="),
        hint=hint,
    )


def circles(
    equations: Sequence[Equation], depends: Callable[[Equation], Iterable[Equation]]
) -> Iterator[tuple[Equation, ...]]:
    """The largest sets of equations that all lead to one another, each in the given order.

    Tarjan's strongly connected components, without recursion; one equation alone is a circle
    when it reads itself.
    """
    order = {eq: k for k, eq in enumerate(equations)}
    number: dict[Equation, int] = {}
    low: dict[Equation, int] = {}
    waiting: dict[Equation, None] = {}
    for root in equations:
        if root in number:
            continue
        path, stack = [root], [iter(tuple(depends(root)))]
        number[root] = low[root] = len(number)
        waiting[root] = None
        while stack:
            here = path[-1]
            nxt = next(stack[-1], None)
            if nxt is not None:
                if nxt not in number:
                    number[nxt] = low[nxt] = len(number)
                    waiting[nxt] = None
                    path.append(nxt)
                    stack.append(iter(tuple(depends(nxt))))
                elif nxt in waiting:
                    low[here] = min(low[here], number[nxt])
                continue
            stack.pop()
            path.pop()
            if path:
                low[path[-1]] = min(low[path[-1]], low[here])
            if low[here] == number[here]:
                found = _popped(waiting, here)
                if len(found) > 1 or here in depends(here):
                    yield tuple(sorted(found, key=order.__getitem__))


def _popped(waiting: dict[Equation, None], root: Equation) -> list[Equation]:
    found: list[Equation] = []
    while not found or found[-1] != root:
        found.append(waiting.popitem()[0])
    return found


def may_be(target: Ref, ref: Ref) -> bool:
    """Can the two be one entry? Not where they differ in a number."""
    return len(target.indices) == len(ref.indices) and all(
        a == b or not (isinstance(a, Num) and isinstance(b, Num))
        for a, b in zip(target.indices, ref.indices, strict=True)
    )
