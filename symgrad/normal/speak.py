r"""Normal forms back into formulas, as far as a person would write them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from symgrad.affine import Affine
from symgrad.expr import (
    ONE,
    ZERO,
    Add,
    Call,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    Partial,
    Pow,
    Ref,
    num,
)
from symgrad.latex import latex
from symgrad.normal.atoms import Atoms
from symgrad.normal.term import Factor, Normal, Term
from symgrad.polynomial import Polynomial

INNER = {"exp": "exp", "log": "log", "root": "sqrt", "sin": "sin", "cos": "cos"}


def tensor(f: Factor) -> Expr | None:
    """A tensor, or a gradient, at its places."""
    name, *more = f.key[1].split("|")
    at = tuple(a.expr() for a in f.at)
    if not more:
        return Ref(name, at)
    if ":" in f.key[1] or len(more) != 2:
        return None
    split = int(more[0])
    return Partial(Ref(name, at[:split]), Ref(more[1], at[split:]))


def factor(f: Factor, atoms: Atoms) -> Expr | None:
    """A factor with its power."""
    kind = f.key[0]
    if kind == "ref":
        base = tensor(f)
    elif kind == "power":
        base = Pow(Ref(f.key[1], tuple(a.expr() for a in f.at[:-1])), f.at[-1].expr())
    elif kind in INNER or kind == "sum":
        inside = formula(atoms.inside(f), atoms)
        base = inside if kind == "sum" or inside is None else Call(INNER[kind], (inside,))
    else:
        return None
    if base is None or f.power == 1:
        return base
    if f.power == -1:
        return Div(ONE, base)
    return Pow(base, num(f.power))


def formula(e: Normal, atoms: Atoms) -> Expr | None:
    """A normal form without sums as a formula, or None."""
    parts = [term(t, atoms) for t in e]
    if any(p is None for p in parts):
        return None
    said = [p for p in parts if p is not None]
    return ZERO if not said else said[0] if len(said) == 1 else Add(tuple(said))


def term(t: Term, atoms: Atoms) -> Expr | None:
    """One term."""
    if t.bound or t.conds:
        return None
    factors = [factor(f, atoms) for f in t.factors]
    if any(f is None for f in factors):
        return None
    said = [f for f in factors if f is not None]
    value = t.weight.number
    if value is None:
        return _product([polynomial_formula(t.weight), *said])
    size = abs(value)
    body = _product([*([Num(size)] if size != 1 or not said else []), *said])
    return Neg(body) if value < 0 else body


def polynomial_formula(p: Polynomial) -> Expr:
    """A polynomial in integer names."""
    parts: list[Expr] = []
    for monomial, c in p.terms:
        names = [Ref(n) if k == 1 else Pow(Ref(n), num(k)) for n, k in monomial]
        body = _product([*([Num(abs(c))] if abs(c) != 1 or not names else []), *names])
        parts.append(Neg(body) if c < 0 else body)
    return parts[0] if len(parts) == 1 else Add(tuple(parts))


def _product(factors: list[Expr]) -> Expr:
    return ONE if not factors else factors[0] if len(factors) == 1 else Mul(tuple(factors))


def equation(guard: Factor, atoms: Atoms, letters: Mapping[str, str]) -> tuple[Expr, Expr] | None:
    """An equation as a person writes it, gains left and losses right: z_1 = z_2."""
    moved = Factor(guard.key, tuple(_lettered(a, letters) for a in guard.at), guard.power)
    inside = atoms.inside(moved)
    gains = [t for t in inside if (t.weight.number or Fraction(1)) > 0]
    losses = [
        Term(t.weight.scaled(Fraction(-1)), t.factors, t.bound, t.conds)
        for t in inside
        if t not in gains
    ]
    left, right = formula(tuple(gains), atoms), formula(tuple(losses), atoms)
    return None if left is None or right is None else (left, right)


def _lettered(a: Affine, letters: Mapping[str, str]) -> Affine:
    return Affine(a.constant, tuple((letters.get(n, n), c) for n, c in a.coefficients))


def spelled(flat: tuple[Factor, ...], forms: tuple[Affine, ...]) -> str:
    """The product of the factors at a point."""
    said: list[Expr] = []
    at = 0
    for f in flat:
        here = tensor(Factor(f.key, forms[at : at + len(f.at)]))
        at += len(f.at)
        if here is None:
            return ""
        said.append(here)
    powers = [Pow(e, num(said.count(e))) if said.count(e) > 1 else e for e in dict.fromkeys(said)]
    return latex(Mul(tuple(powers)) if len(powers) > 1 else powers[0] if powers else num(1))
