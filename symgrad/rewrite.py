r"""Steps and derivations: what was rewritten, by which rule, with which equalities.

The answer of a derivation is what its last step left; there is no other answer. A step holds the
formulas before and after it, so it can be checked by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from symgrad.bridge import to_sympy
from symgrad.expr import Bound, Expr, Partial, Ref, canonical, transform, walk
from symgrad.index import Index, Range
from symgrad.latex import latex

if TYPE_CHECKING:
    import sympy


@dataclass(frozen=True)
class Step:
    """One rewriting. `rule` is a frozen id in kebab-case; `using` are the equalities put in
    (left side, right side); `because` are the ids of the identities behind it."""

    rule: str
    before: Expr
    after: Expr
    using: tuple[tuple[Expr, Expr], ...] = ()
    because: tuple[str, ...] = ()

    def equalities(self) -> str:
        """The equalities put in, as LaTeX."""
        return r",\; ".join(f"{latex(a)} = {latex(b)}" for a, b in self.using)


@dataclass(frozen=True)
class Through:
    """The value an inner index takes where a given entry is read, and the index's range:
    x_l is read through j = l - i + 1, when 1 ≤ j ≤ m."""

    name: str
    value: Expr
    range: Range


@dataclass(frozen=True)
class Derivation:
    """From a goal such as ∂L/∂k_j to its formula.

    `lemmas` are the derivations it builds on, in reading order: upstream gradients first, then
    local ones. `indices` are the free indices of the goal with their ranges.
    """

    goal: Partial
    steps: tuple[Step, ...]
    indices: tuple[Index, ...] = ()
    locals: tuple[Derivation, ...] = ()
    upstream: tuple[Derivation, ...] = ()
    note: str = ""
    through: tuple[Through, ...] = ()
    general: tuple[Partial, Expr] | None = None
    """For a local gradient at one entry of several: the same at general indices."""
    within: tuple[Bound, ...] = ()
    """For a local gradient at general indices: the entries it holds for, i = l, …, n."""

    @property
    def answer(self) -> Expr:
        """What the last step left."""
        return self.steps[-1].after

    @property
    def result(self) -> sympy.Basic:
        """The answer as a SymPy expression."""
        return to_sympy(self.answer)

    def latex(self) -> str:
        """goal = answer."""
        return f"{latex(self.goal)} = {latex(self.answer)}"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def consistent(self) -> bool:
        """Do consecutive steps meet, up to bound names?"""
        first = canonical(self.steps[0].before) == canonical(self.goal)
        pairs = zip(self.steps, self.steps[1:], strict=False)
        return first and all(canonical(a.after) == canonical(b.before) for a, b in pairs)


def put_in(e: Expr, equalities: Iterable[tuple[Expr, Expr]]) -> Expr:
    """`e` with each left side replaced by its right side, all at once."""
    table: dict[Any, Expr] = dict(equalities)
    return transform(e, lambda x: table.get(x, x)) if table else e


def before(d: Derivation) -> Iterator[Expr]:
    """The formula before the recursions in it are unrolled."""
    return (s.before for s in d.steps if s.rule == "unroll" and s.before != d.goal)


def left_named(d: Derivation) -> Iterator[Derivation]:
    """The derivations of the upstream gradients that an answer leaves named, and of those that
    theirs leave."""
    known = {u.goal: u for u in d.upstream}
    waiting = [d.answer]
    told: set[Expr] = {d.goal}
    while waiting:
        for x in walk(waiting.pop(0)):
            u = defining(x, known) if isinstance(x, Partial) else None
            if u is not None and u.goal not in told:
                told.add(u.goal)
                yield u
                waiting.append(u.answer)
                known |= {v.goal: v for v in u.upstream}


def defining(x: Partial, known: Mapping[Partial, Derivation]) -> Derivation | None:
    """The derivation of a named gradient, or the one at general letters that it is an entry of:
    ∂L/∂h_t for ∂L/∂h_{t+1}."""
    if x in known:
        return known[x]
    same = (u for u in known.values() if u.goal.of == x.of and isinstance(u.goal.by, Ref))
    return next((u for u in same if isinstance(x.by, Ref) and u.goal.by.name == x.by.name), None)  # type: ignore[attr-defined]
