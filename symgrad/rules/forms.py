r"""Forms of a formula that the engine asks for by name: sums written out, factors in front of
sums, brackets as cases, distinct letters for bound indices.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from symgrad.expr import (
    ONE,
    ZERO,
    Add,
    And,
    Bound,
    Cases,
    Div,
    Expr,
    Iverson,
    Mul,
    Neg,
    Num,
    Pow,
    Reduce,
    Ref,
    children,
    free_names,
    fresh,
    names,
    num,
    rebuild,
    substitute,
    transform,
    walk,
)
from symgrad.rules.algebra import tidy
from symgrad.rules.plain import product, total

WRITTEN_OUT = 6
"""A sum over at most this many numbers is written out."""


def count(bounds: tuple[Bound, ...]) -> int | None:
    """How many terms a sum with numbers as limits has."""
    total = 1
    for b in bounds:
        if not isinstance(b.lo, Num) or not isinstance(b.hi, Num) or b.conds:
            return None
        total *= max(0, int(b.hi.value - b.lo.value) + 1)
    return total


def write_out(e: Reduce, at: Callable[[Expr, dict[str, Expr]], Expr]) -> Expr:
    """A short sum with numbers as limits as its terms: Σ_{i=1}^{2} x_i = x_1 + x_2."""
    head, rest = e.bounds[0], e.bounds[1:]
    assert isinstance(head.lo, Num) and isinstance(head.hi, Num)
    terms = []
    for value in range(int(head.lo.value), int(head.hi.value) + 1):
        put: dict[str, Expr] = {head.name: num(value)}
        inner = at(Reduce(e.op, rest, e.body), put) if rest else at(e.body, put)
        terms.append(write_out(inner, at) if isinstance(inner, Reduce) and rest else inner)
    return ZERO if not terms else terms[0] if len(terms) == 1 else Add(tuple(terms))


def distinct_bounds(e: Expr, taken: frozenset[str] = frozenset()) -> Expr:
    """`e` with bound indices renamed where their letter is free, or bound, around them."""
    if not isinstance(e, Reduce):
        kids = children(e)
        return rebuild(e, [distinct_bounds(k, taken) for k in kids]) if kids else e
    bounds: list[Bound] = []
    body = e.body
    rest = list(e.bounds)
    used = taken | free_names(e)
    while rest:
        b = rest.pop(0)
        name = b.name
        if name in used:
            others = set().union(*(names(r) for r in rest))
            name = fresh(name, used | names(body) | others)
            from_to: dict[str, Expr] = {b.name: Ref(name)}
            body = substitute(body, from_to)
            rest = [_rebound(r, from_to) for r in rest]
            b = Bound(name, b.lo, b.hi, tuple(substitute(c, from_to) for c in b.conds))
        used = used | {name}
        bounds.append(b)
    return Reduce(e.op, tuple(bounds), distinct_bounds(body, used))


def _rebound(b: Bound, by: dict[str, Expr]) -> Bound:
    lo = None if b.lo is None else substitute(b.lo, by)
    hi = None if b.hi is None else substitute(b.hi, by)
    return Bound(b.name, lo, hi, tuple(substitute(c, by) for c in b.conds))


def out_of_sums(e: Expr) -> Expr:
    r"""Factors that no bound index touches in front of a sum: Σ_k y_k p_i = p_i Σ_k y_k.

    Only the sums that are terms of `e`, not those inside an author's own formulas.
    """
    match e:
        case Add(terms=terms):
            return Add(tuple(out_of_sums(t) for t in terms))
        case Neg(arg=a):
            return Neg(out_of_sums(a))
        case Mul(factors=factors):
            moved = tuple(out_of_sums(f) if isinstance(f, Reduce) else f for f in factors)
            return e if moved == factors else tidy(product(*moved))
        case Reduce(op="sum", bounds=bounds, body=Mul(factors=factors)):
            bound = {b.name for b in bounds}
            split = [x for f in factors for x in denominator_apart(f, bound)]
            outside = [f for f in split if not bound & free_names(f)]
            inside = [f for f in split if bound & free_names(f)]
            if outside and inside:
                return tidy(product(*outside, Reduce("sum", bounds, product(*inside))))
    return e


def gathered(e: Expr) -> Expr:
    r"""What all terms of a sum share in front of it: (1/N) p - (1/N) t = (1/N) (p - t), and
    2 c (a - p) + 2 c (n - a) = 2 c (n - p).

    Only in the sums that are terms and factors of `e`, not in those of an author's own formulas.
    """
    match e:
        case Add(terms=terms):
            return tidy(_shared_denominator(_differences_joined(tuple(map(gathered, terms)))))
        case Neg(arg=a):
            return tidy(Neg(gathered(a)))
        case Mul(factors=factors):
            moved = [gathered(f) if isinstance(f, Add | Reduce) else f for f in factors]
            return e if tuple(moved) == factors else tidy(product(*moved))
        case Reduce(op="sum", bounds=bounds, body=body):
            return tidy(Reduce("sum", bounds, gathered(body)))
    return e


def _differences_joined(terms: tuple[Expr, ...]) -> Expr:
    """The terms, two of them as one where they are alike but for a sum each, and these cancel."""
    for n, b in enumerate(terms):
        for k, a in enumerate(terms[:n]):
            joined = _joined(a, b)
            if joined is not None:
                return _differences_joined((*terms[:k], joined, *terms[k + 1 : n], *terms[n + 1 :]))
    return total(*terms)


def _joined(a: Expr, b: Expr) -> Expr | None:
    """c x + c y = c (x + y) for sums x and y with terms that cancel."""
    mine, its = _unsigned(a), _unsigned(b)
    for k, x in enumerate(mine):
        for n, y in enumerate(its):
            rest = mine[:k] + mine[k + 1 :]
            if not isinstance(x, Add) or not isinstance(y, Add):
                continue
            if Counter(rest) != Counter(its[:n] + its[n + 1 :]):
                continue
            one = isinstance(a, Neg) == isinstance(b, Neg)
            both = tidy(total(x, y if one else Neg(y)))
            length = len(both.terms) if isinstance(both, Add) else 1
            if length < len(x.terms) + len(y.terms) - 1:
                whole = product(*mine[:k], both, *mine[k + 1 :])
                return Neg(whole) if isinstance(a, Neg) else whole
    return None


def _unsigned(e: Expr) -> tuple[Expr, ...]:
    e = e.arg if isinstance(e, Neg) else e
    return e.factors if isinstance(e, Mul) else (e,)


def _shared_denominator(e: Expr) -> Expr:
    """a/N - b/N = (a - b)/N, where N is made of names without indices."""
    if not isinstance(e, Add):
        return e
    below = next((f.den for f in _unsigned(e.terms[0]) if isinstance(f, Div)), None)
    if below is None or any(isinstance(x, Ref) and x.indices for x in walk(below)):
        return e
    if not all(isinstance(x, Ref | Num | Mul | Pow) for x in walk(below)):
        return e
    above: list[Expr] = []
    for t in e.terms:
        factors = _unsigned(t)
        at = next((k for k, f in enumerate(factors) if isinstance(f, Div) and f.den == below), None)
        if at is None:
            return e
        numerator = factors[at]
        assert isinstance(numerator, Div)
        whole = product(*factors[:at], numerator.num, *factors[at + 1 :])
        above.append(Neg(whole) if isinstance(t, Neg) else whole)
    short = all(len(_unsigned(t)) == 1 for t in e.terms)
    inner = total(*above)
    return Div(inner, below) if short else product(Div(ONE, below), inner)


def denominator_apart(e: Expr, bound: set[str]) -> tuple[Expr, ...]:
    """a_i/b as a_i and 1/b, where b does not depend on the bound index."""
    match e:
        case Div(num=a, den=b) if bound & free_names(a) and not bound & free_names(b):
            return a, Div(ONE, b)
    return (e,)


def in_decimals(e: Expr) -> Expr:
    """Fractions that end as decimals written so.

    >>> from fractions import Fraction
    >>> from symgrad.latex import latex
    >>> latex(in_decimals(Mul((Num(Fraction(9, 10)), Num(Fraction(1, 3))))))
    '0.9 \\\\cdot \\\\frac{1}{3}'
    """

    def one(x: Expr) -> Expr:
        if not isinstance(x, Num) or x.text or x.value.denominator == 1:
            return x
        for places in range(1, MOST_PLACES + 1):
            if (x.value * 10**places).denominator == 1:
                return Num(x.value, f"{float(x.value):.{places}f}")
        return x

    return transform(e, one)


MOST_PLACES = 8
"""Decimals of a number that is still written as one."""


def as_cases(e: Expr) -> Expr:
    r"""Brackets spelled as cases: a [z > 0] is a if z > 0, else 0.

    >>> from symgrad.expr import Rel
    >>> from symgrad.latex import latex
    >>> latex(as_cases(Mul((Ref("a"), Iverson(Rel(">", Ref("z"), ZERO))))))
    '\\begin{cases} a & \\text{if } z > 0 \\\\ 0 & \\text{otherwise} \\end{cases}'
    """
    factors = e.factors if isinstance(e, Mul) else (e,)
    brackets = [f for f in factors if isinstance(f, Iverson)]
    if brackets:
        conds = tuple(
            c for b in brackets for c in (b.cond.conds if isinstance(b.cond, And) else (b.cond,))
        )
        rest = as_cases(product(*(f for f in factors if not isinstance(f, Iverson))))
        return Cases(((rest, conds[0] if len(conds) == 1 else And(conds)), (ZERO, None)))
    kids = children(e)
    return rebuild(e, [as_cases(k) for k in kids]) if kids else e
