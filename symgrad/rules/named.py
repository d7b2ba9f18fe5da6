r"""Quotients by the names that equations give them: (x_i - μ)/s is \hat x_i, wherever it occurs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from symgrad.affine import affine, conditions, shift
from symgrad.equation import Equation
from symgrad.errors import NetworkError
from symgrad.expr import Add, Expr, Iverson, Mul, Neg, Reduce, Ref, canonical, names
from symgrad.index import Facts, Range, range_conditions
from symgrad.rules.algebra import tidy
from symgrad.rules.given import unify
from symgrad.rules.plain import product
from symgrad.rules.shared import Parts, Powers, gathered, parts, without
from symgrad.rules.sums import known, under


@dataclass(frozen=True)
class Quotient:
    """An equation whose body is one factor above a fraction bar, where conditions hold:
    target = [conds] top / below."""

    equation: Equation
    top: Expr
    below: Powers
    conds: tuple[Iverson, ...] = ()


def quotients(equations: Sequence[Equation]) -> tuple[Quotient, ...]:
    """The equations that name a quotient."""
    found = []
    for eq in equations:
        p = parts(eq.body)
        conds = tuple(b for b, _ in p.above if isinstance(b, Iverson))
        above = [x for x in p.above if x[0] not in conds]
        if p.weight == 1 and len(above) == 1 and above[0][1] == 1 and p.below:
            found.append(Quotient(eq, above[0][0], p.below, conds))
    return tuple(found)


def by_names(e: Expr, defined: Sequence[Quotient], facts: Facts) -> Expr:
    r"""`e` with every quotient that has a name under that name.

    >>> from symgrad.expr import Div
    >>> from symgrad.latex import latex
    >>> x, m, s = Ref("x"), Ref("m"), Ref("s")
    >>> eq = Equation(Ref("h"), (), Div(Add((x, Neg(m))), s))
    >>> e = Mul((Ref("g"), Div(Add((m, Neg(x))), Mul((s, s)))))
    >>> latex(by_names(e, quotients([eq]), Facts()))
    '-\\frac{g h}{s}'
    """
    match e:
        case Add(terms=terms):
            return tidy(Add(tuple(by_names(t, defined, facts) for t in terms)))
        case Neg(arg=a):
            return tidy(Neg(by_names(a, defined, facts)))
        case Reduce(op="sum", bounds=bounds, body=body):
            inner = by_names(body, defined, under(facts, bounds))
            return e if inner == body else tidy(Reduce("sum", bounds, inner))
    if isinstance(e, Mul):
        e = product(*(by_names(f, defined, facts) if _is_sum(f) else f for f in e.factors))
    found = parts(e)
    for q in defined:
        better = _named(found, q, facts) or _bare(found, q)
        if better is not None:
            return by_names(tidy(better.formula), defined, facts)
    return e


def _is_sum(e: Expr) -> bool:
    return isinstance(e, Add) or (isinstance(e, Reduce) and e.op == "sum")


def _named(found: Parts, q: Quotient, facts: Facts) -> Parts | None:
    """A product with the quotient under its name, if the quotient is in it."""
    for k, (factor, n) in enumerate(found.above):
        hit = _hit(factor, q, holding(facts, found.above), found.below)
        if hit is None:
            continue
        sign, new, below = hit
        rest = (factor, n - 1)
        left = (*found.above[:k], (new, Fraction(1)), rest, *found.above[k + 1 :])
        above = gathered(x for x in left if x[1])
        return Parts(found.weight * sign, above, below)
    return None


def _bare(found: Parts, q: Quotient) -> Parts | None:
    """A product without a bracket that one of its names is 0 outside of."""
    target = q.equation.target
    letters = frozenset(i.name for i in q.equation.indices)
    for factor, _ in found.above if q.conds else ():
        put: dict[str, Expr] = {}
        if isinstance(factor, Ref) and unify(target, factor, letters, put):
            outside = {canonical(shift(c, put)) for c in q.conds}
            above = tuple(x for x in found.above if canonical(x[0]) not in outside)
            if above != found.above:
                return replace(found, above=above)
    return None


def _hit(factor: Expr, q: Quotient, facts: Facts, below: Powers) -> tuple[int, Expr, Powers] | None:
    """The sign, what a factor becomes and what is left below the bar."""
    for sign, top in ((1, q.top), (-1, tidy(Neg(q.top)))):
        if sign < 0 and not isinstance(q.top, Add):
            continue
        put: dict[str, Expr] = {}
        letters = frozenset(i.name for i in q.equation.indices)
        if not unify(canonical(top), canonical(factor), letters, put) or put.keys() != letters:
            continue
        rest = without(below, tuple((shift(b, put), n) for b, n in q.below))
        known = rest is not None and _defined(q.equation, put, facts)
        if rest is not None and known and all(_holds(shift(c, put), facts) for c in q.conds):
            return sign, shift(q.equation.target, put), rest
    if not isinstance(factor, Reduce) or factor.op != "sum":
        return None
    bound = {b.name for b in factor.bounds}
    inner = parts(factor.body)
    reach = tuple((b, n) for b, n in below if not bound & names(b))
    for k, (f, n) in enumerate(inner.above):
        here = holding(under(facts, factor.bounds), inner.above)
        hit = _hit(f, q, here, reach) if n == 1 else None
        if hit is not None:
            above = gathered((*inner.above[:k], (hit[1], Fraction(1)), *inner.above[k + 1 :]))
            made = replace(factor, body=replace(inner, above=above).formula)
            away = tuple((b, n) for b, n in below if bound & names(b))
            return hit[0], made, (*hit[2], *away)
    return None


def holding(facts: Facts, above: Powers) -> Facts:
    """The facts where the brackets of a product hold: elsewhere it is 0."""
    integers = known(facts)
    brackets = (b for b, _ in above if isinstance(b, Iverson) and names(b) <= integers)
    found = (conditions(b.cond) for b in brackets)
    return facts.plus(c for conds in found if conds is not None for c in conds)


def _holds(bracket: Expr, facts: Facts) -> bool:
    """Do the facts imply the condition of a bracket?"""
    sure = isinstance(bracket, Iverson) and names(bracket) <= known(facts)
    found = conditions(bracket.cond) if sure and isinstance(bracket, Iverson) else None
    return found is not None and all(map(facts.imply, found))


def _defined(eq: Equation, put: dict[str, Expr], facts: Facts) -> bool:
    """Is the entry that is named one of those that the equation defines?"""
    for i in eq.indices:
        try:
            at = Range(shift(i.range.lo, put), shift(i.range.hi, put))
            inside = range_conditions(affine(put[i.name]), at)
        except NetworkError:
            return False
        if not all(map(facts.imply, inside)):
            return False
    return True
