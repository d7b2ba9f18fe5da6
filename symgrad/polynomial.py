r"""Polynomials with rational coefficients in integer names: the weights of a normal form.

Σ_{i=1}^{n} i is n(n+1)/2 here: a sum over an index that nothing else reads is worked out by
Faulhaber's formula.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import comb

from symgrad.affine import Affine
from symgrad.errors import SymgradError

Monomial = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Polynomial:
    """Σ coefficient · monomial, sorted; a monomial is its names with their powers."""

    terms: tuple[tuple[Monomial, Fraction], ...] = ()

    @property
    def number(self) -> Fraction | None:
        """The value of a constant polynomial, else None."""
        if not self.terms:
            return Fraction(0)
        return self.terms[0][1] if len(self.terms) == 1 and not self.terms[0][0] else None

    @property
    def names(self) -> set[str]:
        """The integer names that occur."""
        return {name for monomial, _ in self.terms for name, _ in monomial}

    def __bool__(self) -> bool:
        return bool(self.terms)

    def plus(self, other: Polynomial) -> Polynomial:
        """self + other."""
        if not other.terms:
            return self
        return collected((*self.terms, *other.terms)) if self.terms else other

    def scaled(self, factor: Fraction) -> Polynomial:
        """factor · self."""
        if factor == 1:
            return self
        return Polynomial(tuple((m, c * factor) for m, c in self.terms) if factor else ())

    def times(self, other: Polynomial) -> Polynomial:
        """self · other."""
        for a, b in ((self, other), (other, self)):
            number = a.number
            if number is not None:
                return b.scaled(number)
        return collected((_joined(m, k), c * d) for m, c in self.terms for k, d in other.terms)

    def power(self, n: int) -> Polynomial:
        """self^n for n ≥ 0."""
        out = ONE
        for _ in range(n):
            out = out.times(self)
        return out

    def put(self, values: Mapping[str, Polynomial]) -> Polynomial:
        """self with names replaced."""
        if not self.names & set(values):
            return self
        total = ZERO
        for monomial, c in self.terms:
            product = constant(c)
            for name, n in monomial:
                base = values.get(name)
                product = product.times((variable(name) if base is None else base).power(n))
            total = total.plus(product)
        return total

    def over(self, name: str, times: int) -> Polynomial:
        """self / name^times, where every term has that many."""
        if not times:
            return self
        return collected(
            (tuple((n, k - times * (n == name)) for n, k in m if n != name or k > times), c)
            for m, c in self.terms
        )

    def summed(self, name: str, lo: Polynomial, hi: Polynomial) -> Polynomial:
        """Σ_{name=lo}^{hi} self, for hi ≥ lo - 1.

        >>> total = variable("i").summed("i", ONE, variable("n"))
        >>> total == collected([((("n", 2),), Fraction(1, 2)), ((("n", 1),), Fraction(1, 2))])
        True
        """
        before = lo.plus(constant(Fraction(-1)))
        total = ZERO
        for monomial, c in self.terms:
            power = dict(monomial).get(name, 0)
            rest = tuple((n, k) for n, k in monomial if n != name)
            gap = powers(power, hi).plus(powers(power, before).scaled(Fraction(-1)))
            total = total.plus(Polynomial(((rest, c),)).times(gap))
        return total


class Outside(SymgradError):
    """A formula that has no normal form here."""


MOST_TERMS = 400
"""Terms of a polynomial beyond which nothing is proved with it."""


def collected(terms: Iterable[tuple[Monomial, Fraction]]) -> Polynomial:
    """The polynomial with like terms added."""
    found: dict[Monomial, Fraction] = {}
    for monomial, c in terms:
        found[monomial] = found.get(monomial, Fraction(0)) + c
        if len(found) > MOST_TERMS:
            raise Outside(f"found a polynomial of more than {MOST_TERMS} terms")
    return Polynomial(tuple(sorted((m, c) for m, c in found.items() if c)))


def _joined(a: Monomial, b: Monomial) -> Monomial:
    powers_ = dict(a)
    for name, n in b:
        powers_[name] = powers_.get(name, 0) + n
    return tuple(sorted(powers_.items()))


def constant(value: Fraction | int) -> Polynomial:
    """A number."""
    return Polynomial((((), Fraction(value)),)) if value else ZERO


def variable(name: str) -> Polynomial:
    """A name."""
    return Polynomial(((((name, 1),), Fraction(1)),))


def polynomial(form: Affine) -> Polynomial:
    """An affine form as a polynomial."""
    parts = [(((name, 1),), Fraction(c)) for name, c in form.coefficients]
    return collected([*parts, ((), Fraction(form.constant))])


ZERO = Polynomial()
ONE = constant(1)


@cache
def bernoulli(k: int) -> Fraction:
    """B_k with B_1 = +1/2."""
    if k == 1:
        return Fraction(1, 2)
    total = sum((comb(k + 1, j) * _minus(j) for j in range(k)), Fraction(0))
    return Fraction(1) if k == 0 else -total / (k + 1)


def _minus(k: int) -> Fraction:
    return -bernoulli(1) if k == 1 else bernoulli(k)


def powers(k: int, top: Polynomial) -> Polynomial:
    """Σ_{i=1}^{top} i^k (Faulhaber's polynomial, 0 at top = 0, also right for top < 0 in
    differences)."""
    total = ZERO
    for j in range(k + 1):
        weight = Fraction(comb(k + 1, j), k + 1) * bernoulli(j)
        total = total.plus(top.power(k + 1 - j).scaled(weight))
    return total
