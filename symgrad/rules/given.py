r"""What is given of sums of leaves, used: Σ_k y_k = 1 makes p_i Σ_k y_k just p_i.

A statement holds at every value of its free letters: Σ_k y_{nk} = 1 is one equation for each n.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from symgrad.affine import shift
from symgrad.equation import Equation, Total
from symgrad.expr import (
    ONE,
    ZERO,
    Add,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    Reduce,
    Ref,
    canonical,
    children,
    names,
    rebuild,
)
from symgrad.rules.plain import product


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
    """The sum of a mean over 1, …, N, which N divides."""
    match e:
        case Div(num=Reduce() as total, den=size):
            pass
        case Mul(factors=(Div(num=Num(value=v), den=size), Reduce() as total)) if v == 1:
            pass
        case _:
            return None
    whole = len(total.bounds) == 1 and total.bounds[0].lo == ONE and total.bounds[0].hi == size
    return total if total.op == "sum" and whole and not total.bounds[0].conds else None


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
