r"""Functions that a quotient is, e^z/(1 + e^z) = σ(z), \sinh z/\cosh z = \tanh z, or a difference,
1 - σ(-z) = σ(z).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from symgrad.expr import ONE, Add, Call, Div, Expr, Mul, Neg, children, rebuild
from symgrad.rules.algebra import tidy
from symgrad.rules.shared import Parts, Powers, gathered, parts

ONCE = Fraction(1)


def recognised(e: Expr) -> Expr:
    r"""`e` with every quotient, or difference, that is a known function written as that.

    >>> from symgrad.expr import Ref
    >>> from symgrad.latex import latex
    >>> power = Call("exp", (Ref("z"),), "e^")
    >>> latex(recognised(Mul((Div(ONE, Add((ONE, power))), power))))
    '\\sigma(z)'
    >>> flipped = Call("sigmoid", (Neg(Ref("z")),), r"\sigma")
    >>> latex(recognised(Add((ONE, Neg(flipped)))))
    '\\sigma(z)'
    """

    if isinstance(e, Mul | Div):
        p = parts(e)
        better = next(_functions(p), None)
        if better is not None:
            return recognised(tidy(better.formula))
    match e:
        case Add(terms=(one, Neg(arg=Call(fn="sigmoid", args=(Neg(arg=z),), spelling=spelling)))):
            if one == ONE:
                return Call("sigmoid", (recognised(z),), spelling)
    kids = children(e)
    return rebuild(e, [recognised(k) for k in kids]) if kids else e


def _functions(p: Parts) -> Iterator[Parts]:
    """The product with a quotient in it as a function, e^{-z}/(1 + e^{-z}) before the quotient
    1/(1 + e^{-z}) that is part of it."""
    for n, (below, power) in enumerate(p.below):
        for k, (above, times) in enumerate(p.above):
            made = _quotient(above, below) if power >= 1 else None
            if made is not None:
                left = (*p.above[:k], (made, ONCE), (above, times - 1), *p.above[k + 1 :])
                yield replace(p, above=gathered(x for x in left if x[1]), below=_less(p, n))
    for n, (below, power) in enumerate(p.below):
        made = _reciprocal(below) if power >= 1 else None
        if made is not None:
            yield replace(p, above=gathered((*p.above, (made, ONCE))), below=_less(p, n))


def _less(p: Parts, n: int) -> Powers:
    """What is below the bar, without the n-th factor once."""
    base, power = p.below[n]
    rest = ((base, power - 1),) if power > 1 else ()
    return (*p.below[:n], *rest, *p.below[n + 1 :])


def _quotient(above: Expr, below: Expr) -> Expr | None:
    match above, below:
        case Call(fn="exp", args=(z,)), _ if z == _exponent(below):
            return Call("sigmoid", (z,), r"\sigma")
        case Call(fn="sinh", args=(x,)), Call(fn="cosh", args=(y,)) if x == y:
            return Call("tanh", (x,), r"\tanh")
    return None


def _reciprocal(below: Expr) -> Expr | None:
    """1/(1 + e^{-z}) = σ(z)."""
    match _exponent(below):
        case Neg(arg=z):
            return Call("sigmoid", (z,), r"\sigma")
    return None


def _exponent(e: Expr) -> Expr | None:
    """The z of 1 + e^z."""
    match e:
        case Add(terms=(Call(fn="exp", args=(z,)), one)) if one == ONE:
            return z
        case Add(terms=(one, Call(fn="exp", args=(z,)))) if one == ONE:
            return z
    return None
