r"""Brackets of comparisons as a person writes them: \max(0, x) [x > 0] = \max(0, x),
[\min(1, z) > 0] = [z > 0], [z > 0] [z < 6] = [0 < z < 6].
"""

from __future__ import annotations

from symgrad.expr import (
    ZERO,
    Add,
    And,
    Call,
    Div,
    Expr,
    Iverson,
    Mul,
    Neg,
    Num,
    Ref,
    Rel,
    constant,
    nodes,
    substitute,
    transform,
)
from symgrad.rules.algebra import tidy
from symgrad.rules.plain import negate, product, total

TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""a < b is b > a."""


def compared(e: Expr) -> Expr:
    r"""`e` with simpler comparisons in its brackets, and without brackets that say nothing.

    >>> from symgrad.expr import num
    >>> from symgrad.latex import latex
    >>> z = Ref("z")
    >>> high = Iverson(Rel("<", Call("max", (ZERO, z)), num(6)))
    >>> latex(compared(Mul((high, Iverson(Rel(">", z, ZERO))))))
    '\\mathbf{1}[0 < z < 6]'
    """
    found = transform(e, _one)
    return found if found == e else tidy(found)


def _one(e: Expr) -> Expr:
    match e:
        case Iverson(cond=Rel(op=op) as rel) if op in TURNED:
            return tidy(product(*(Iverson(r) for r in apart(rel))))
        case Mul():
            return joined(without_idle(met(tidy(e))))
    return e


def apart(rel: Rel) -> tuple[Rel, ...]:
    """A comparison as comparisons of what an extreme is of: max(a, b) < c is a < c and b < c."""
    a, b = rel.lhs, rel.rhs
    if isinstance(b, Call) and b.fn in ("max", "min") and not isinstance(a, Call):
        turned = apart(Rel(TURNED[rel.op], b, a))
        return turned if len(turned) > 1 or turned[0].lhs != b else (rel,)
    if isinstance(a, Call) and a.fn in ("max", "min"):
        least = (a.fn == "max") == (rel.op in ("<", "<="))
        if least:
            return tuple(r for x in a.args for r in apart(Rel(rel.op, x, b)))
        left = [x for x in a.args if _never(Rel(rel.op, x, b)) is not True]
        if len(left) == 1:
            return apart(Rel(rel.op, left[0], b))
        return (rel,)
    return (plainer(rel),)


def _never(rel: Rel) -> bool | None:
    """Is a comparison of two numbers false?"""
    a, b = constant(rel.lhs), constant(rel.rhs)
    if a is None or b is None:
        return None
    return not {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[rel.op]


def plainer(rel: Rel) -> Rel:
    """(z + 3)/6 > 0 is z > -3; (t - 1) u > t u is u < 0."""
    match rel:
        case Rel(op=op, lhs=Div(num=top, den=Num(value=below)), rhs=right) if below > 0:
            value = constant(right)
            return rel if value is None else _alone(Rel(op, top, signed(Num(value * below))))
    return _shared(rel) or rel


def _alone(rel: Rel) -> Rel:
    """z + 3 > 0 is z > -3."""
    value = constant(rel.rhs)
    match rel.lhs:
        case Add(terms=(x, y)) if value is not None:
            for name, number in ((x, constant(y)), (y, constant(x))):
                if isinstance(name, Ref) and number is not None:
                    return Rel(rel.op, name, signed(Num(value - number)))
    return rel


def signed(e: Num) -> Expr:
    """A negative number as minus a positive one."""
    return Neg(Num(-e.value)) if e.value < 0 else e


def _shared(rel: Rel) -> Rel | None:
    """p u > q u is u > 0 where p - q is a positive number, and u < 0 where it is negative."""
    left, right = (list(e.factors) if isinstance(e, Mul) else [e] for e in (rel.lhs, rel.rhs))
    u = next((f for f in left if f in right), None)
    if u is None or isinstance(u, Num):
        return None
    left.remove(u)
    right.remove(u)
    gap = constant(tidy(total(product(*left), negate(product(*right)))))
    if not gap:
        return None
    op = rel.op if gap > 0 else TURNED[rel.op]
    match u:
        case Add(terms=(a, Neg(arg=b))):
            return Rel(op, a, b)
    return Rel(op, u, ZERO)


def without_idle(e: Expr) -> Expr:
    """max(0, x) [x > 0] is max(0, x), which is 0 elsewhere."""
    factors = e.factors if isinstance(e, Mul) else (e,)
    positive: list[Expr] = []
    for f in factors:
        match f:
            case Call(fn="max", args=(zero, x)) | Call(fn="max", args=(x, zero)) if zero == ZERO:
                positive += [Iverson(Rel(op, x, ZERO)) for op in (">", ">=")]
            case Call(fn="relu", args=(x,)):
                positive += [Iverson(Rel(op, x, ZERO)) for op in (">", ">=")]
    rest = [f for f in factors if f not in positive]
    return e if len(rest) == len(factors) else product(*rest)


def met(e: Expr) -> Expr:
    """[a = b] p_b/p_a is [a = b]: what is shorter where the letters are one."""
    factors = e.factors if isinstance(e, Mul) else ()
    for k, f in enumerate(factors):
        match f:
            case Iverson(
                cond=Rel(op="=", lhs=Ref(name=a, indices=()), rhs=Ref(name=b, indices=()))
            ):
                rest = product(*factors[:k], *factors[k + 1 :])
                one = tidy(product(f, substitute(rest, {b: Ref(a)})))
                if nodes(one) < nodes(e):
                    return met(one)
    return e


def joined(e: Expr) -> Expr:
    """[z > 0] [z < 6] is [0 < z < 6]."""
    factors = e.factors if isinstance(e, Mul) else (e,)
    for k, low in enumerate(factors):
        for n, high in enumerate(factors):
            between = _between(low, high) if k != n else None
            if between is not None:
                at = min(k, n)
                rest = [f for m, f in enumerate(factors) if m not in (k, n)]
                return joined(product(*rest[:at], between, *rest[at:]))
    return e


def _between(low: Expr, high: Expr) -> Expr | None:
    match low, high:
        case (
            Iverson(cond=Rel(op=">" | ">=" as a, lhs=z, rhs=x)),
            Iverson(cond=Rel(op="<" | "<=" as b, lhs=same, rhs=y)),
        ) if z == same and constant(x) is not None and constant(y) is not None:
            return Iverson(And((Rel(TURNED[a], x, z), Rel(b, z, y))))
    return None
