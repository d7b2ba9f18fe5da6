r"""Affine forms over integer names: the subscripts and bounds that isl decides.

Knows how to read them out of formulas and to write them as a person would.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from symgrad.expr import (
    Add,
    And,
    Bound,
    Expr,
    Mul,
    Neg,
    Num,
    Ref,
    Rel,
    children,
    num,
    rebuild,
    substitute,
)


@dataclass(frozen=True)
class Affine:
    """c₀ + Σ c_v v over integer names v: the subscripts that isl decides."""

    constant: int
    coefficients: tuple[tuple[str, int], ...] = ()

    @cached_property
    def by(self) -> dict[str, int]:
        """Coefficient of each name."""
        return dict(self.coefficients)

    def plus(self, other: Affine, factor: int = 1) -> Affine:
        """self + factor · other."""
        total = dict(self.by)
        for name, c in other.coefficients:
            total[name] = total.get(name, 0) + factor * c
        kept = tuple((n, c) for n, c in total.items() if c)
        return Affine(self.constant + factor * other.constant, kept)

    def scaled(self, factor: int) -> Affine:
        """factor · self."""
        return Affine(0).plus(self, factor)

    def solve(self, name: str) -> Affine:
        """The value of `name` (of coefficient ±1) at which self = 0."""
        c = self.by[name]
        assert c in (1, -1)
        rest = Affine(self.constant, tuple((n, k) for n, k in self.coefficients if n != name))
        return rest.scaled(-c)

    def with_value(self, name: str, value: Affine) -> Affine:
        """self with `name` replaced, in place: n + m - 1 stays in that order."""
        c = self.by.get(name, 0)
        if not c:
            return self
        total = Affine(self.constant + c * value.constant)
        for n, k in self.coefficients:
            total = total.plus(Affine(0, value.scaled(c).coefficients if n == name else ((n, k),)))
        return total

    def expr(self) -> Expr:
        """As a formula a person would write: gains first, then losses, then the number.

        >>> from symgrad.latex import latex
        >>> latex(Affine(1, (("i", -1), ("l", 1))).expr())
        'l - i + 1'
        """
        terms: list[Expr] = [_times(c, n) for n, c in self.coefficients if c > 0]
        terms += [Neg(_times(-c, n)) for n, c in self.coefficients if c < 0]
        if self.constant or not terms:
            value = num(abs(self.constant))
            terms.append(Neg(value) if self.constant < 0 and terms else num(self.constant))
        return terms[0] if len(terms) == 1 else Add(tuple(terms))


def _times(c: int, name: str) -> Expr:
    return Ref(name) if c == 1 else Mul((num(c), Ref(name)))


def affine(e: Expr) -> Affine | None:
    r"""`e` as an affine form over plain names with integer coefficients, or None.

    >>> affine(Add((Ref("i"), Ref("j"), Neg(num(1)))))
    Affine(constant=-1, coefficients=(('i', 1), ('j', 1)))
    """
    match e:
        case Num(value=v) if v.denominator == 1:
            return Affine(int(v))
        case Ref(name=name, indices=()):
            return Affine(0, ((name, 1),))
        case Neg(arg=a):
            inner = affine(a)
            return inner and inner.scaled(-1)
        case Add(terms=terms):
            total = Affine(0)
            for t in terms:
                part = affine(t)
                if part is None:
                    return None
                total = total.plus(part)
            return total
        case Mul(factors=factors):
            product: Affine | None = Affine(1)
            for f in factors:
                part = affine(f)
                product = product and part and _product(product, part)
            return product
    return None


def _product(a: Affine, b: Affine) -> Affine | None:
    if not a.coefficients:
        return b.scaled(a.constant)
    return a.scaled(b.constant) if not b.coefficients else None


@dataclass(frozen=True)
class Condition:
    """An affine form that is ≥ 0 (or = 0 with `equality`)."""

    form: Affine
    equality: bool = False


def conditions(rel: Expr) -> tuple[Condition, ...] | None:
    """The comparison as affine conditions over the integers; None where it is not one."""
    if isinstance(rel, And):
        parts = [conditions(c) for c in rel.conds]
        return None if None in parts else tuple(c for p in parts if p is not None for c in p)
    if not isinstance(rel, Rel):
        return None
    a, b = affine(rel.lhs), affine(rel.rhs)
    if a is None or b is None:
        return None
    less = b.plus(a, -1)
    match rel.op:
        case "<=":
            return (Condition(less),)
        case "<":
            return (Condition(Affine(less.constant - 1, less.coefficients)),)
        case ">=":
            return (Condition(less.scaled(-1)),)
        case ">":
            return (Condition(Affine(-less.constant - 1, less.scaled(-1).coefficients)),)
        case "=":
            return (Condition(less, equality=True),)
    return None


def shift(e: Expr, values: Mapping[str, Expr]) -> Expr:
    """`e` with index values put in and affine subscripts tidied (``i+1`` at i = 2 is 3).

    >>> from symgrad.latex import latex
    >>> latex(shift(Ref("x", (Add((Ref("i"), num(1))),)), {"i": num(2)}))
    'x_3'
    """
    return tidy_indices(substitute(e, values)) if values else e


def tidy_indices(e: Expr) -> Expr:
    """`e` with every affine subscript and bound in the form a person would write."""
    if isinstance(e, Ref):
        return Ref(e.name, tuple(_tidied(i) for i in e.indices))
    if isinstance(e, Bound):
        lo = None if e.lo is None else _tidied(e.lo)
        hi = None if e.hi is None else _tidied(e.hi)
        return Bound(e.name, lo, hi, e.conds)
    kids = children(e)
    return rebuild(e, [tidy_indices(k) for k in kids]) if kids else e


def _tidied(i: Expr) -> Expr:
    form = affine(i)
    if form is None or (isinstance(i, Add | Mul | Neg) and i == form.expr()):
        return i
    return form.expr() if not isinstance(i, Num | Ref) else i
