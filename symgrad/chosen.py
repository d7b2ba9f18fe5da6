r"""Gradients by an entry that data choose: ∂L/∂w_{y_i} is ∂L/∂w_p at p = y_i; for entries of which
something is said: ∂L/∂w_j for j ≠ y_i.

The gradient by any entry is derived, and the label is put in for its letter; what that decides,
[y_i ≠ y_i] = 0, is tidied away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from symgrad.errors import NetworkError
from symgrad.expr import (
    ONE,
    ZERO,
    And,
    Expr,
    Iverson,
    Partial,
    Ref,
    Rel,
    fresh,
    names,
    same,
    substitute,
    transform,
)
from symgrad.latex import latex
from symgrad.network import Network
from symgrad.rewrite import Derivation, Step


def by_letters(network: Network, of: Ref, by: Ref) -> tuple[Ref, dict[str, Expr]]:
    r"""`by` with a letter for each label with an index, and which letter stands for which label.

    A label takes the values that its axis has; another one could leave the tensor.
    """
    chosen: dict[str, Expr] = {}
    indices: list[Expr] = []
    axes = network.ranges(by.name) or ()
    for k, i in enumerate(by.indices):
        label = isinstance(i, Ref) and i.indices and i.name in network.labels
        if not label or len(axes) != len(by.indices):
            indices.append(i)
            continue
        assert isinstance(i, Ref)
        if not network.facts.hold(network.labels[i.name], axes[k]):
            span, own = network.labels[i.name], axes[k]
            raise NetworkError(
                f"found {latex(by)} with {latex(i)} from {latex(span.lo)} to {latex(span.hi)}, "
                f"expected an index from {latex(own.lo)} to {latex(own.hi)}",
                hint=rf"state {latex(i)} \in \{{{latex(own.lo)}, \dots, {latex(own.hi)}\}}",
            )
        taken = {*names(by), *names(of), *chosen, *network.sizes, *network.labels}
        letter = fresh("p", taken | set(network.by_name) | {r.name for r in network.leaves})
        chosen[letter] = i
        indices.append(Ref(letter))
    return by.at(tuple(indices)), chosen


def put_labels(
    d: Derivation, chosen: Mapping[str, Expr], neat: Callable[[Expr, Expr], Expr]
) -> Derivation:
    """A derivation at letters with the labels in their place, each formula tidied by `neat`."""
    goal = substitute(d.goal, chosen)
    assert isinstance(goal, Partial)

    def put(e: Expr) -> Expr:
        if e == d.goal:
            return goal
        return neat(transform(substitute(e, chosen), decided), goal)

    steps = tuple(replace(s, before=put(s.before), after=put(s.after), using=()) for s in d.steps)
    kept = [s for s in steps if not same(s.before, s.after)] or steps[-1:]
    indices = tuple(i for i in d.indices if i.name not in chosen)
    locals_ = d.locals if not any(chosen.keys() & names(x.answer) for x in d.locals) else ()
    return replace(d, goal=goal, steps=tuple(kept), indices=indices, locals=locals_)


def under(d: Derivation, when: Sequence[Expr], neat: Callable[[Expr], Expr]) -> Derivation:
    """A derivation for the entries of which a question asks, j ≠ y: their brackets have values."""
    rels = [r for r in when if isinstance(r, Rel)]
    after = neat(transform(d.answer, lambda e: decided(e, rels)))
    if not rels or after == d.answer:
        return d
    using = tuple((Iverson(r), ONE) for r in rels)
    return replace(d, steps=(*d.steps, Step("under", d.answer, after, using=using)))


OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
MIRRORED = {"=": "=", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


def decided(e: Expr, known: Sequence[Rel] = ()) -> Expr:
    """A bracket whose comparisons are known has its value: [y ≠ y] = 0, [j ≠ y] = 1 where j ≠ y."""
    if not isinstance(e, Iverson):
        return e
    conds = e.cond.conds if isinstance(e.cond, And) else (e.cond,)
    told = [truth(c, known) if isinstance(c, Rel) else None for c in conds]
    if False in told:
        return ZERO
    kept = [c for c, t in zip(conds, told, strict=True) if t is None]
    if len(kept) == len(conds):
        return e
    return Iverson(kept[0] if len(kept) == 1 else And(tuple(kept))) if kept else ONE


def truth(c: Rel, known: Sequence[Rel]) -> bool | None:
    """Does a comparison hold, of a name with itself or by what is known? None: not said."""
    if c.lhs == c.rhs:
        return c.op in ("=", "<=", ">=")
    both = {(k.op, k.lhs, k.rhs) for k in known}
    both |= {(MIRRORED[k.op], k.rhs, k.lhs) for k in known}
    if (c.op, c.lhs, c.rhs) in both:
        return True
    return False if (OPPOSITE[c.op], c.lhs, c.rhs) in both else None
