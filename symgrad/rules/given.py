r"""What is given of sums of leaves, used: Σ_k y_k = 1 makes p_i Σ_k y_k just p_i.

A statement holds at every value of its free letters: Σ_k y_{nk} = 1 is one equation for each n.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from symgrad.affine import shift
from symgrad.equation import Equation, Total
from symgrad.expr import (
    ONE,
    ZERO,
    Add,
    Bound,
    Div,
    Expr,
    Iverson,
    Mul,
    Neg,
    Num,
    Reduce,
    Ref,
    Rel,
    canonical,
    children,
    names,
    rebuild,
    same,
)
from symgrad.index import Range
from symgrad.rules.algebra import tidy
from symgrad.rules.plain import product
from symgrad.rules.shared import gathered, parts


def put_given(e: Expr, given: Sequence[Total]) -> tuple[Expr, tuple[tuple[Expr, Expr], ...]]:
    r"""`e` with every sum that is given replaced by what it is, and the equations that were used.

    >>> from symgrad.expr import ONE, Bound
    >>> from symgrad.latex import latex
    >>> y = lambda k: Reduce("sum", (Bound(k, ONE, Ref("C")),), Ref("y", (Ref(k),)))
    >>> latex(put_given(Mul((Ref("p"), y("j"))), [Total(y("k"), ONE)])[0])
    'p \\cdot 1'
    """
    used: dict[tuple[Expr, Expr], None] = {}

    def visit(x: Expr) -> Expr:
        kids = children(x)
        x = rebuild(x, [visit(k) for k in kids]) if kids else x
        if isinstance(x, Reduce) and x.op == "sum":
            for one in given:
                found = replaced(x, one)
                if found is not None:
                    used.setdefault(found[1])
                    return found[0]
        return x

    return visit(e), tuple(used)


def centred(equations: Iterable[Equation]) -> Iterator[Total]:
    r"""What a mean says: Σ_i (x_i - μ) = 0 and Σ_i (μ - x_i) = 0 for μ = (1/N) Σ_i x_i.

    >>> from symgrad.expr import ONE, Bound, Div
    >>> from symgrad.latex import latex
    >>> x = Reduce("sum", (Bound("i", ONE, Ref("N")),), Ref("x", (Ref("i"),)))
    >>> latex(next(centred([Equation(Ref("m"), (), Div(x, Ref("N")))])).sum)
    '\\sum_{i=1}^{N} (x_i - m)'
    """
    for eq in equations:
        found = mean(eq.body)
        if found is not None:
            for gap in (Add((found.body, Neg(eq.target))), Add((eq.target, Neg(found.body)))):
                yield Total(Reduce("sum", found.bounds, gap), ZERO, eq.indices)


def mean(e: Expr) -> Reduce | None:
    """The sum of a mean over 1, …, N, which N divides; over several indices alike."""
    found = parts(e)
    if found.weight != 1 or len(found.above) != 1:
        return None
    total, below = found.above[0][0], found.below
    while isinstance(total, Reduce) and isinstance(total.body, Reduce):
        if total.op != total.body.op:
            return None
        total = Reduce(total.op, (*total.bounds, *total.body.bounds), total.body.body)
    if not isinstance(total, Reduce) or total.op != "sum":
        return None
    if not below:  # Σ_i (1/N) x_i
        inner = parts(total.body)
        ends = {b.hi for b in total.bounds}
        below = tuple((b, n) for b, n in inner.below if b in ends)
        rest = tuple(x for x in inner.below if x not in below)
        total = replace(total, body=replace(inner, below=rest).formula)
    ends_left = gathered((b.hi, Fraction(1)) for b in total.bounds if b.hi is not None)
    whole = all(b.lo == ONE and b.hi is not None and not b.conds for b in total.bounds)
    return total if whole and set(ends_left) == set(below) else None


def normalised(
    equations: Iterable[Equation], given: Sequence[Total], labels: Mapping[str, Range]
) -> tuple[Total, ...]:
    r"""The tensors whose entries add up to a number by their definitions: Σ_k p_k = 1 of a softmax
    p, Σ_k q_k = 1 of q_k = (1 - ε) y_k + ε/K where Σ_k y_k = 1.

    >>> from symgrad.expr import ONE, Bound, Call, Div
    >>> from symgrad.index import Index
    >>> from symgrad.latex import latex
    >>> power = lambda k: Call("exp", (Ref("z", (Ref(k),)),), "e^")
    >>> below = Reduce("sum", (Bound("j", ONE, Ref("n")),), power("j"))
    >>> i = Index("i", Range(ONE, Ref("n")))
    >>> found = normalised([Equation(Ref("p", (Ref("i"),)), (i,), Div(power("i"), below))], [], {})
    >>> latex(found[0].sum), latex(found[0].value)
    ('\\sum_{i=1}^{n} p_i', '1')
    """
    found: list[Total] = []
    for eq in equations:
        for i in eq.indices:
            bound = i.bound()
            value = tidy(_added_up(eq.body, bound, (*given, *found), labels) or Ref(i.name))
            if isinstance(value, Num):
                others = tuple(o for o in eq.indices if o is not i)
                found.append(Total(Reduce("sum", (bound,), eq.target), value, others))
    return tuple(found)


def _added_up(
    e: Expr, b: Bound, given: Sequence[Total], labels: Mapping[str, Range]
) -> Expr | None:
    """Σ e over one index without a sum, if it has such a form."""
    if b.name not in names(e):
        return product(b.hi, e) if b.lo == ONE and isinstance(b.hi, Ref) else None
    whole = Reduce("sum", (b,), e)
    for one in given:
        hit = replaced(whole, one)
        if hit is not None:
            return hit[0]
    match e:
        case Add(terms=terms):
            each = [_added_up(t, b, given, labels) for t in terms]
            return Add(tuple(x for x in each if x is not None)) if None not in each else None
        case Neg(arg=a):
            inner = _added_up(a, b, given, labels)
            return None if inner is None else Neg(inner)
        case Div(num=a, den=d) if b.name not in names(d):
            if same(Reduce("sum", (b,), a), d):
                return ONE
            inner = _added_up(a, b, given, labels)
            return None if inner is None else Div(inner, d)
        case Mul(factors=factors):
            mine = [f for f in factors if b.name in names(f)]
            rest = [f for f in factors if b.name not in names(f)]
            inner = _added_up(mine[0], b, given, labels) if len(mine) == 1 else None
            return None if inner is None else product(*rest, inner)
        case Iverson(cond=Rel(op="=", lhs=Ref(name=y, indices=()), rhs=Ref(name=k, indices=()))):
            span = labels.get(y)
            return ONE if k == b.name and span == Range(b.lo or ONE, b.hi or ONE) else None
    return None


def replaced(e: Reduce, given: Total) -> tuple[Expr, tuple[Expr, Expr]] | None:
    """Σ_l w_l Σ_k y_{lk} = Σ_l w_l: the sum with its innermost part put in, and the equation."""
    count = len(given.sum.bounds)
    outer, own = e.bounds[:-count], e.bounds[-count:]
    inner = {b.name for b in own}
    factors = e.body.factors if isinstance(e.body, Mul) else (e.body,)
    mine = [f for f in factors if inner & names(f)]
    rest = [f for f in factors if not inner & names(f)]
    if len(own) < count or not mine:
        return None
    part = Reduce("sum", own, product(*mine))
    put: dict[str, Expr] = {}
    if not unify(
        canonical(given.sum), canonical(part), frozenset(i.name for i in given.indices), put
    ):
        return None
    to = shift(given.value, put)
    whole = product(*rest, to)
    return Reduce("sum", outer, whole) if outer else whole, (part, to)


def unify(pattern: Expr, e: Expr, variables: frozenset[str], put: dict[str, Expr]) -> bool:
    """Is `e` the pattern at some values of the variables, which are added to `put`?"""
    if isinstance(pattern, Ref) and pattern.name in variables and not pattern.indices:
        local = any(n.startswith("#") for n in names(e))
        return not local and put.setdefault(pattern.name, e) == e
    mine, its = children(pattern), children(e)
    same = type(pattern) is type(e) and len(mine) == len(its) and rebuild(pattern, its) == e
    return same and all(unify(a, b, variables, put) for a, b in zip(mine, its, strict=True))
