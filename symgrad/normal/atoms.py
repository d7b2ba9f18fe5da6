r"""Opaque quantities: exp(Σ_k W_{ik} x_k) is the template exp(Σ_k W_{?0,k} x_k) at the place i.

Two formulas that differ only in the integers they are read at have one template; which one is
found by the text of its normal form with every outer integer taken out. Each normal form that
`Atoms` holds can be put back in: a root squared, a denominator cleared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby, islice, permutations, product

from symgrad.affine import Affine, Condition
from symgrad.normal.term import (
    Factor,
    Normal,
    Term,
    combined,
    order_of_term,
    settled,
    straight,
)
from symgrad.polynomial import Polynomial, polynomial

MOST_ORDERS = 24
"""Orders of terms that differ in outer integers alone, of which the first template is taken."""


@dataclass
class Atoms:
    """The templates met so far; their numbers are the order in which they were met."""

    _numbers: dict[tuple[str, Normal], int] = field(default_factory=dict)
    _inside: list[Normal] = field(default_factory=list)
    _fresh: int = 0

    def factor(self, kind: str, inside: Normal, power: int = 1) -> Factor:
        """The quantity `kind` of a normal form: exp, log, the sum in a denominator, …"""
        if any(not b.startswith("#") for t in inside for b in t.bound):  # out of another atom
            inside = combined(s for t in inside for s in settled(t))
        template, places = hollow(inside)
        number = self._numbers.get((kind, template))
        if number is None:
            number = self._numbers[kind, template] = len(self._inside)
            self._inside.append(template)
        return Factor((kind, "", number), places, power)

    def inside(self, f: Factor) -> Normal:
        """The normal form that a factor is opaque for, at its place; its own bound indices have
        names no one else has."""
        values = {f"?{k}": a for k, a in enumerate(f.at)}
        return tuple(t.put(self.apart(t)).put(values) for t in self._inside[f.key[2]])

    def apart(self, t: Term) -> dict[str, Affine]:
        """New names for the bound indices of a term."""
        self._fresh += len(t.bound)
        first = self._fresh - len(t.bound)
        return {b: Affine(0, ((f"~{first + k}", 1),)) for k, b in enumerate(t.bound)}

    def template(self, number: int) -> Normal:
        """The template of a number."""
        return self._inside[number]


def hollow(e: Normal) -> tuple[Normal, tuple[Affine, ...]]:
    """A normal form with its outer integers taken out, and those integers.

    A place is a whole outer part of a subscript: x_{i+1} is x_{?0} at i + 1.
    """
    found: list[tuple[Normal, tuple[Affine, ...]]] = []
    for terms in islice(_orders(e), MOST_ORDERS):
        holes: dict[Affine, str] = {}
        template = tuple(_hollowed(t, holes) for t in terms)
        found.append((template, tuple(holes)))
    return min(found, key=lambda f: [order_of_term(t) for t in f[0]]) if found[1:] else found[0]


def _orders(e: Normal) -> Iterator[Normal]:
    """The terms sorted but for their outer integers, and so their conditions; those that are alike
    in every order."""
    keyed = sorted(((_blind(t), order_of_term(t), t) for t in e), key=lambda k: k[:2])
    alike = [[k[2] for k in group] for _, group in groupby(keyed, key=lambda k: k[0])]
    for orders in product(*map(permutations, alike)):
        yield from product(*(_in_orders(t) for ts in orders for t in ts))


def _in_orders(t: Term) -> Iterator[Term]:
    """A term with its conditions sorted but for their outer integers."""
    conds = sorted(t.conds, key=_blindly)
    alike = [list(group) for _, group in groupby(conds, key=_blindly)]
    for orders in product(*map(permutations, alike)):
        yield Term(t.weight, t.factors, t.bound, tuple(c for cs in orders for c in cs))


def _blindly(c: Condition) -> tuple[object, ...]:
    """A condition but for its outer integers; one that has none, whole."""
    inner = _inner(c.form)
    plain = len(inner) == len(c.form.coefficients)
    return (not c.equality, inner, plain, c.form.constant if plain and inner else 0)


def _blind(t: Term) -> tuple[object, ...]:
    """A term but for its outer integers."""
    factors = tuple((f.key, f.power, tuple(_inner(a) for a in f.at)) for f in t.factors)
    conds = tuple(sorted(map(_blindly, t.conds)))
    return (factors, t.bound, conds, tuple(c for _, c in t.weight.terms))


def _inner(form: Affine) -> tuple[tuple[str, int], ...]:
    return tuple((n, c) for n, c in form.coefficients if n.startswith("#"))


def _hollowed(t: Term, holes: dict[Affine, str]) -> Term:
    factors = tuple(
        Factor(f.key, tuple(_emptied(a, holes) for a in f.at), f.power) for f in t.factors
    )
    conds = tuple(
        Condition(_emptied(c.form, holes, keep=not _inner(c.form)), c.equality) for c in t.conds
    )
    outer = sorted(n for n in t.weight.names if not n.startswith("#"))
    values = {n: polynomial(_hole(Affine(0, ((n, 1),)), holes)) for n in outer}
    return Term(t.weight.put(values), factors, t.bound, conds)


def _emptied(form: Affine, holes: dict[Affine, str], keep: bool = True) -> Affine:
    """A subscript with its outer part as a hole; a constant beside a bound index stays."""
    inner = dict(_inner(form))
    outer = straight(form.constant, {n: c for n, c in form.coefficients if n not in inner})
    if inner and not outer.coefficients:
        return form
    if not inner and not keep:
        return form
    return straight(0, {**inner, _hole(outer, holes).coefficients[0][0]: 1})


def _hole(outer: Affine, holes: dict[Affine, str]) -> Affine:
    name = holes.setdefault(outer, f"?{len(holes)}")
    return Affine(0, ((name, 1),))


def leading(e: Normal) -> Fraction:
    """The number in front of the first term whose weight is one, else 1."""
    for t in e:
        value = t.weight.number
        if value is not None:
            return value
    return Fraction(1)


def scaled(e: Normal, factor: Fraction) -> Normal:
    """factor · e."""
    return tuple(Term(t.weight.scaled(factor), t.factors, t.bound, t.conds) for t in e)


def weight_only(e: Normal) -> Polynomial | None:
    """The polynomial in integer names that a normal form is, if it is nothing else."""
    if not e:
        return Polynomial()
    if len(e) == 1 and not e[0].factors and not e[0].bound and not e[0].conds:
        return e[0].weight
    return None
