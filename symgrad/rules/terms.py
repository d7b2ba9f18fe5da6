r"""Local derivatives by names: where a = σ(z), σ(z) (1 - σ(z)) is a (1 - a)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

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
    free,
    free_names,
    num,
    substitute,
    transform,
)
from symgrad.rules.calculus import one_minus
from symgrad.rules.plain import negate, product, total


def in_terms_of(
    target: Ref, body: Expr, factor: Expr, defined: Callable[[str, str], bool] | None = None
) -> Expr:
    r"""`factor` with the whole body written as its name, at whatever indices it occurs;
    ``defined(i, l)`` says whether the target exists where its index i is l.

    For a = σ(z), σ(z)(1 - σ(z)) is a(1 - a); for p_k = e^{s_k}/Z, e^{s_k} e^{s_i}/Z² is p_k p_i.
    """
    if not isinstance(body, Call | Div | Pow | Reduce | Cases):
        return factor
    found = instances(target, body, factor, defined or (lambda index, name: True))
    named = {canonical(b): t for t, b in found}

    def one(x: Expr) -> Expr:
        if type(x) is type(body):
            x = named.get(canonical(x), x)
        return folded(x, named) if isinstance(x, Div) else x

    return transform(factor, one)


def instances(
    target: Ref, body: Expr, factor: Expr, defined: Callable[[str, str], bool]
) -> Iterator[tuple[Ref, Expr]]:
    """The equation at its own indices, and with one of them at each other plain name free in the
    factor."""
    yield target, body
    for letter in [i.name for i in target.indices if isinstance(i, Ref)]:
        for name in sorted(free_names(factor)):
            put: dict[str, Expr] = {letter: Ref(name)}
            if name != letter and Ref(name) in free(factor) and defined(letter, name):
                moved = substitute(target, put)
                assert isinstance(moved, Ref)
                yield moved, substitute(body, put)


def folded(x: Div, named: Mapping[Expr, Ref]) -> Expr:
    """a f / b² = (a/b) (f/b) and a f / b = (a/b) f, where a/b has a name; with that name y also
    (b - a) / b² · a = y (1 - y)."""
    if isinstance(x.num, Neg):
        return negate(folded(Div(x.num.arg, x.den), named))
    over = list(x.num.factors) if isinstance(x.num, Mul) else [x.num]
    below = x.den.factors if isinstance(x.den, Mul) else (x.den,)
    for at, d in enumerate(below):
        squared = isinstance(d, Pow) and d.exp == num(2)
        b = d.base if isinstance(d, Pow) and squared else d
        rest = (*below[:at], *((b,) if squared else ()), *below[at + 1 :])
        for k, f in enumerate(over):
            name = None if f == ONE else named.get(canonical(Div(f, b)))
            left = over[:k] + over[k + 1 :]
            if name is not None and (left or not squared):  # -w/x² stays
                return product(name, _over(left, rest, named))
        if squared:
            for k, f in enumerate(over):
                left = over[:k] + over[k + 1 :]
                hit = _opposite(f, b, left, named)
                if hit is not None:
                    y, a = hit
                    if a != ONE:
                        left.remove(a)
                    others = (*below[:at], *below[at + 1 :])
                    return product(y, one_minus(y), _over(left, others, named))
    return x


def _over(over: Sequence[Expr], below: Sequence[Expr], named: Mapping[Expr, Ref]) -> Expr:
    """The quotient of two products, by names where it has some."""
    top, bottom = product(*over), product(*below)
    if bottom == ONE:
        return top
    return named.get(canonical(Div(top, bottom))) or folded(Div(top, bottom), named)


def _opposite(
    f: Expr, b: Expr, others: Sequence[Expr], named: Mapping[Expr, Ref]
) -> tuple[Ref, Expr] | None:
    """The name of a/b and its a, where `f` is b - a and a is 1 or among the other factors."""
    if not isinstance(b, Add):
        return None
    for k, a in enumerate(b.terms):
        rest = total(*b.terms[:k], *b.terms[k + 1 :])
        name = named.get(canonical(Div(a, b)))
        if name is not None and canonical(rest) == canonical(f) and (a == ONE or a in others):
            return name, a
    return None
