r"""Affine forms over integer names: the subscripts and bounds that isl decides.

Knows how to read them out of formulas and to write them as a person would. A product of names,
such as a stride times an index, is one name more, ``s*i``: an integer of which only
`index.Facts` knows something.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from symgrad.expr import (
    LETTERS,
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


def factors(name: str) -> tuple[str, ...]:
    """The names whose product a name is: itself, if it is none.

    >>> factors("s*i"), factors("i")
    (('s', 'i'), ('i',))
    """
    return tuple(name.split("*")) if "*" in name else (name,)


@lru_cache(maxsize=4096)
def times(a: str, b: str) -> str:
    """The product of two names, in one order whoever multiplies: sizes first, s i."""
    rank = {letter: k for k, letter in enumerate(reversed(LETTERS))}
    parts = sorted((*factors(a), *factors(b)), key=lambda f: (rank.get(f, -1), f))
    return "*".join(parts)


@dataclass(frozen=True)
class Affine:
    """c₀ + Σ c_v v over integer names v and products of names."""

    constant: int
    coefficients: tuple[tuple[str, int], ...] = ()

    @cached_property
    def by(self) -> dict[str, int]:
        """Coefficient of each name."""
        return dict(self.coefficients)

    def plus(self, other: Affine, factor: int = 1) -> Affine:
        """self + factor · other."""
        total = dict(self.coefficients)
        for name, c in other.coefficients:
            total[name] = total.get(name, 0) + factor * c
        kept = total.items() if all(total.values()) else [(n, c) for n, c in total.items() if c]
        return Affine(self.constant + factor * other.constant, tuple(kept))

    def scaled(self, factor: int) -> Affine:
        """factor · self."""
        return Affine(0).plus(self, factor)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that occur, those inside products included."""
        return frozenset(f for n in self.by for f in factors(n))

    @cached_property
    def products(self) -> frozenset[str]:
        """The products of names that occur."""
        return frozenset(n for n in self.by if len(factors(n)) > 1)

    def times(self, other: Affine) -> Affine:
        """self · other."""
        total = dict(self.scaled(other.constant).coefficients)
        for name, c in other.coefficients:
            moved = [(times(n, name), k * c) for n, k in self.coefficients]
            for n, k in (*moved, (name, self.constant * c)):
                total[n] = total.get(n, 0) + k
                if not total[n]:
                    del total[n]
        return Affine(self.constant * other.constant, tuple(total.items()))

    def coefficient(self, name: str) -> Affine:
        """What multiplies `name`: s in s (i - 1) + j for i.

        >>> Affine(0, (("s*i", 1), ("j", 1))).coefficient("i")
        Affine(constant=0, coefficients=(('s', 1),))
        """
        total = Affine(self.by.get(name, 0))
        for n, c in self.coefficients:
            parts = list(factors(n))
            if len(parts) > 1 and name in parts:
                parts.remove(name)
                total = total.plus(Affine(0, (("*".join(parts), c),)))
        return total

    def without(self, name: str) -> Affine:
        """The terms that `name` does not occur in."""
        return Affine(
            self.constant, tuple((n, c) for n, c in self.coefficients if name not in factors(n))
        )

    def unit(self, name: str) -> bool:
        """Is the coefficient of `name` 1 or -1?"""
        c = self.coefficient(name)
        return not c.coefficients and abs(c.constant) == 1

    @property
    def sign(self) -> int:
        """1 or -1 where the form has this sign for all positive names, else 0."""
        counts = [c for _, c in self.coefficients]
        for sign in (1, -1):
            least = sign * (self.constant + sum(counts))
            if all(sign * c >= 0 for c in counts) and least > 0:
                return sign
        return 0

    def solve(self, name: str) -> Affine:
        """The value of `name` (of coefficient ±1) at which self = 0."""
        assert self.unit(name)
        return self.without(name).scaled(-self.by[name])

    def with_value(self, name: str, value: Affine) -> Affine:
        """self with `name` replaced, in place: n + m - 1 stays in that order."""
        if name not in self.names:
            return self
        total = Affine(self.constant)
        for n, k in self.coefficients:
            term = Affine(k)
            for factor in factors(n):
                term = term.times(value if factor == name else Affine(0, ((factor, 1),)))
            total = total.plus(term)
        return total

    def expr(self) -> Expr:
        r"""As a formula a person would write: gains first, then losses, then the number, which is
        first where it is the only gain; what a stride multiplies is one term, s (i - 1).

        >>> from symgrad.latex import latex
        >>> latex(Affine(1, (("i", -1), ("l", 1))).expr())
        'l - i + 1'
        >>> latex(Affine(1, (("p", -1),)).expr())
        '1 - p'
        >>> latex(Affine(0, (("s*i", 1), ("j", 1), ("s", -1))).expr())
        's\\, (i - 1) + j'
        """
        gains: list[Expr] = []
        losses: list[Expr] = []
        left = dict(self.coefficients)
        while left:
            name = next(iter(left))
            common = next((f for f in factors(name) if f == _shared(left, f)), None)
            if common is None:
                c = left.pop(name)
                (gains if c > 0 else losses).append(_times(abs(c), name))
                continue
            inner = Affine(0, tuple(left.items())).coefficient(common)
            left = {n: c for n, c in left.items() if common not in factors(n)}
            leads = any(k > 0 for _, k in inner.coefficients)
            inner = inner if leads else inner.scaled(-1)
            (gains if leads else losses).append(Mul((Ref(common), inner.expr())))
        if self.constant > 0 and not gains:
            gains.append(num(self.constant))
        terms = [*gains, *map(Neg, losses)]
        if (self.constant and gains != [num(self.constant)]) or not terms:
            value = num(abs(self.constant))
            terms.append(Neg(value) if self.constant < 0 and terms else num(self.constant))
        return terms[0] if len(terms) == 1 else Add(tuple(terms))


def _shared(left: Mapping[str, int], name: str) -> str | None:
    """What the terms that `name` is a factor of have in common, if there are several: the name
    itself, or a factor that more of them share."""
    products = [n for n in left if len(factors(n)) > 1 and name in factors(n)]
    shared = sorted({f for n in products for f in factors(n)})
    counts = {f: sum(f in factors(n) for n in left) for f in shared}
    best = max(shared, key=lambda f: (f in left, counts[f]), default=None)
    return best if best is not None and counts[best] > 1 else None


def _times(c: int, name: str) -> Expr:
    parts = tuple(map(Ref, factors(name)))
    if c == 1:
        return parts[0] if len(parts) == 1 else Mul(parts)
    return Mul((num(c), *parts))


def affine(e: Expr) -> Affine | None:
    r"""`e` as an affine form over names and their products with integer coefficients, or None.

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
                product = product and part and product.times(part)
            return product
    return None


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
        return e.at(tuple(_tidied(i) for i in e.indices))
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
