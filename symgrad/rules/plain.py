"""Sums and products as a person writes them: no zero, no one, no double sign."""

from __future__ import annotations

from symgrad.expr import MINUS_ONE, ONE, ZERO, Add, Expr, Mul, Neg, Num


def negate(e: Expr) -> Expr:
    """-e without a double sign."""
    if isinstance(e, Neg):
        return e.arg
    return Num(-e.value) if isinstance(e, Num) and e.value < 0 else Neg(e)


def product(*factors: Expr) -> Expr:
    """The product without ones; zero if a factor is zero."""
    if any(f == ZERO for f in factors):
        return ZERO
    kept = [f for f in factors if f != ONE]
    signs = sum(isinstance(f, Neg) for f in kept) + sum(f == MINUS_ONE for f in kept)
    bare = [f.arg if isinstance(f, Neg) else f for f in kept if f not in (MINUS_ONE, Neg(ONE))]
    flat = [x for f in bare for x in (f.factors if isinstance(f, Mul) else (f,))]
    out: Expr = ONE if not flat else flat[0] if len(flat) == 1 else Mul(tuple(flat))
    return negate(out) if signs % 2 else out


def total(*terms: Expr) -> Expr:
    """The sum without zeros."""
    kept = [x for t in terms if t != ZERO for x in (t.terms if isinstance(t, Add) else (t,))]
    return ZERO if not kept else kept[0] if len(kept) == 1 else Add(tuple(kept))
