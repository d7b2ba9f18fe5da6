r"""Who wins a maximum or minimum, and what is told of equals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain

from symgrad.affine import shift
from symgrad.expr import (
    MINUS_ONE,
    ONE,
    ZERO,
    Add,
    And,
    Call,
    Div,
    Expr,
    Iverson,
    Mul,
    Reduce,
    Ref,
    Rel,
    canonical,
    num,
    substitute,
)
from symgrad.index import Index
from symgrad.network import Ties
from symgrad.rules.forms import distinct_bounds
from symgrad.rules.plain import product


def flat(e: Call) -> Call:
    """max(max(a, b), c, b) is max(a, b, c)."""
    parts = chain.from_iterable(
        flat(a).args if isinstance(a, Call) and a.fn == e.fn else (a,) for a in e.args
    )
    once = {canonical(a): a for a in reversed(list(parts))}
    return Call(e.fn, tuple(reversed(once.values())), e.spelling)


def winning(e: Call, k: int, ties: Ties) -> Expr:
    """The indicator that the k-th argument of a max or min is the one."""
    if len(e.args) == 1:
        return ONE
    arg = e.args[k]
    over = ">" if e.fn == "max" else "<"
    if ties == "split":
        shares = [Iverson(Rel("=", a, e)) for a in e.args]
        return Div(shares[k], Add(tuple(shares)))
    brackets: list[Expr] = []
    for other, rival in enumerate(e.args):
        if other != k:
            first = k < other
            same = one_entry(arg, rival) if ties == "once" and first else None
            if same is not None:
                beats = Iverson(Rel(over, arg, rival))
                brackets.append(Add((beats, Iverson(same))))
                continue
            loose = ties == "ge" or (ties in ("first", "once", "alike") and first)
            brackets.append(Iverson(Rel(over + ("=" if loose else ""), arg, rival)))
    return product(*brackets)


def one_entry(a: Expr, b: Expr) -> Expr | None:
    """Where two names are one entry, x_i and x_j at i = j; None of anything else."""
    if not isinstance(a, Ref) or not isinstance(b, Ref) or a.name != b.name or not a.indices:
        return None
    pairs = zip(a.indices, b.indices, strict=False)
    conds = tuple(Rel("=", i, j) for i, j in pairs if i != j)
    return And(conds) if len(conds) > 1 else conds[0] if conds else None


def extremal(
    e: Reduce, opened: tuple[Index, ...], ties: Ties, taken: frozenset[str] = frozenset()
) -> Expr:
    """[x_j = max_i x_i], shared between equals if ties are split; the first of equals is the one
    that no earlier entry is as great as."""
    put: dict[str, Expr] = {b.name: Ref(i.name) for b, i in zip(e.bounds, opened, strict=True)}
    body = substitute(e.body, put)
    hit = Iverson(Rel("=", body, e))
    if ties == "split":
        return Div(hit, Reduce("sum", e.bounds, Iverson(Rel("=", e.body, e))))
    if ties in ("first", "once", "alike"):
        return product(hit, *no_earlier(e, opened, body, taken))
    return hit


def no_earlier(
    e: Reduce, opened: tuple[Index, ...], body: Expr, taken: frozenset[str]
) -> Iterator[Expr]:
    r"""Π_{i=1}^{j-1} [x_i < x_j]: no entry before the own one, in reading order, is as great.

    With several indices an earlier entry agrees in the first of them and comes before in the
    next: one product for each.
    """
    rivals = distinct_bounds(e, taken | {i.name for i in opened})
    assert isinstance(rivals, Reduce)
    beaten = Iverson(Rel("<" if e.op == "max" else ">", rivals.body, body))
    own: dict[str, Expr] = {}
    for k, (b, i) in enumerate(zip(rivals.bounds, opened, strict=True)):
        before = replace(b, hi=Add((Ref(i.name), MINUS_ONE)))
        yield shift(Reduce("prod", (before, *rivals.bounds[k + 1 :]), beaten), own)
        own[b.name] = Ref(i.name)


def step(e: Call, ties: Ties) -> Expr:
    """ReLU: [x > 0], by the tie policy at 0."""
    x = e.args[0]
    if ties == "split":
        return Add(
            (Iverson(Rel(">", x, ZERO)), Mul((num(Fraction(1, 2)), Iverson(Rel("=", x, ZERO)))))
        )
    return Iverson(Rel(">" if ties in ("strict", "once", "alike") else ">=", x, ZERO))
