r"""A formula with indices as one formula of vectors and matrices: Σ_i δ_i W_{ij} is W^⊤ δ.

The factors of a product are read as a graph: an index that two matrices share is a product of
matrices, one that a vector shares with a vector an inner product, factors with the same indices a
product of entries. What comes of it is read back, entry by entry, and shown to be the formula it
came from; else there is no such form.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from symgrad.affine import Affine, Condition
from symgrad.errors import SymgradError
from symgrad.expr import (
    ONE,
    Add,
    Call,
    Cases,
    Div,
    Expr,
    Mul,
    Neg,
    Pow,
    Reduce,
    Ref,
    canonical,
    children,
    free_names,
    nodes,
    num,
    rebuild,
    same,
    walk,
)
from symgrad.index import Index
from symgrad.matrix import Lowering
from symgrad.network import Network
from symgrad.normal.algebra import Algebra
from symgrad.normal.build import Builder
from symgrad.normal.prove import Prover
from symgrad.polynomial import Outside
from symgrad.power import powers_named
from symgrad.rules.algebra import tidy
from symgrad.rules.plain import product
from symgrad.whole.weave import Formless, Weaver
from symgrad.whole.web import turned

BUDGET = 1.0
"""Seconds to show that a form with matrices is the formula it came from."""


def whole(
    e: Expr,
    indices: Sequence[Index],
    lowering: Lowering,
    network: Network,
    beside: Sequence[Index] = (),
) -> Expr | None:
    """`e` at all values of `indices` as one vector, matrix or number, its letters `beside` them
    kept; None where there is none that is shown to be the same."""
    if len(indices) > 2:
        return None
    forms = [f for x in dict.fromkeys((e, distributed(e))) if (f := woven(x, indices, lowering))]
    every = list({i.name: i for i in (*indices, *beside)}.values())
    for found, back in sorted(forms, key=lambda f: nodes(f[0])):
        if proved(e, back, every, network):
            return found
    return None


def woven(e: Expr, indices: Sequence[Index], lowering: Lowering) -> tuple[Expr, Expr] | None:
    """`e` as one array of the shape that the indices say, and an entry of that array."""
    axes = tuple(i.name for i in indices)
    try:
        found = Weaver(lowering, {i.name: i.range.hi for i in indices}).array(e, axes)
        array = lowering.array(found)
        back = lowering.entry(array, [Ref(a) for a in axes])
    except (Formless, SymgradError):
        return None
    fits = len(array.shape) == len(axes) and not array.row
    fits = fits and all(
        i.range.lo == ONE and lowering.same(i.range.hi, size)
        for i, size in zip(indices, array.shape, strict=False)
    )
    return (found, back) if fits else None


def distributed(e: Expr) -> Expr:
    """p ([i = j] - q) as p [i = j] - p q: an array may be shorter without what terms share."""
    match e:
        case Neg(arg=a):
            inner = distributed(a)
            return e if inner == a else tidy(Neg(inner))
        case Mul(factors=factors):
            at = next((k for k, f in enumerate(factors) if isinstance(f, Add)), None)
            if at is not None:
                before, middle, after = factors[:at], factors[at], factors[at + 1 :]
                return tidy(Add(tuple(product(*before, t, *after) for t in children(middle))))
    return e


def as_row(e: Expr, lowering: Lowering, index: Index, network: Network) -> Expr | None:
    """The transpose of a column, factor by factor; None where that is not shown to be one."""

    def number(x: Expr) -> bool:
        return not lowering.array(x).shape

    def flipped(x: Expr) -> Expr:
        match x:
            case Add(terms=terms):
                return Add(tuple(map(flipped, terms)))
            case Neg(arg=arg):
                return Neg(flipped(arg))
            case Div(num=a, den=b) if number(b):
                return Div(flipped(a), b)
            case Mul(factors=factors):
                front = [f for f in factors if number(f)]
                rest = [turned(f) for f in reversed(factors) if not number(f)]
                return Mul((*front, *rest))
        return turned(x)

    try:
        found = flipped(e)
        array = lowering.array(found)
        sides = [lowering.entry(a, [Ref(index.name)]) for a in (lowering.array(e), array)]
        return found if array.row and proved(sides[0], sides[1], [index], network) else None
    except SymgradError:
        return None


def proved(a: Expr, b: Expr, indices: Sequence[Index], network: Network) -> bool:
    """Are two formulas the same by their normal forms?"""
    if same(a, b):
        return True
    if isinstance(a, Cases) and isinstance(b, Cases):
        pairs = list(zip(a.branches, b.branches, strict=False))
        alike = len(a.branches) == len(b.branches) and all(x[1] == y[1] for x, y in pairs)
        return alike and all(proved(x[0], y[0], indices, network) for x, y in pairs)
    facts = network.facts.within(indices)
    sizes = tuple(Condition(Affine(-1, ((s, 1),))) for s in sorted(facts.sizes))
    algebra = Algebra(until=monotonic() + BUDGET, known=(*facts.known, *sizes))
    builder = Builder(network.sizes | {i.name for i in indices}, algebra=algebra)
    table = roots(a, b)
    try:
        sides = (builder.normal(powers_named(rootless(e, table))) for e in (a, b))
        gap = algebra.minus(*sides)
        proof = Prover(builder.guards, frozenset(network.labels)).zero(gap)
    except (Outside, RecursionError):
        return False
    return not proof.left and not proof.ties


def rootless(e: Expr, table: dict[Expr, Expr], bound: frozenset[str] = frozenset()) -> Expr:
    """`e` with a name for each root in `table`, and its square for what stands under the root.

    What is equal for every value of such names is equal for the roots.
    """
    if not table:
        return e
    if not bound & free_names(e):
        known = table.get(canonical(e))
        if known is not None:
            return known
    if isinstance(e, Reduce):
        bound |= {b.name for b in e.bounds}
    kids = children(e)
    return rebuild(e, [rootless(k, table, bound) for k in kids]) if kids else e


def roots(*formulas: Expr) -> dict[Expr, Expr]:
    """A name for each root of a sum, and its square for the sum."""
    table: dict[Expr, Expr] = {}
    for x in (x for e in formulas for x in walk(e)):
        match x:
            case Call(fn="sqrt", args=(Reduce() as inner,)) if canonical(x) not in table:
                name = Ref(f"%{len(table)}")
                table |= {canonical(x): name, canonical(inner): Pow(name, num(2))}
    return table
