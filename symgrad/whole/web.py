r"""The factors of a product as a graph, and the signs of products of vectors and matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from symgrad.expr import (
    Add,
    Call,
    Expr,
    Mul,
    Num,
    Pow,
    Ref,
    children,
    constant,
    num,
)
from symgrad.matrix import ONES
from symgrad.rules.algebra import coefficient, scale

Axes = tuple[str, ...]
"""The letters of the axes of an array, in order."""

Placed = tuple[int, Expr]
"""A factor and its place among those that were written."""


@dataclass
class Web:
    """A product as a graph: numbers, vectors by their index, matrices by their two."""

    scalars: list[Placed] = field(default_factory=list)
    vectors: dict[str, list[Placed]] = field(default_factory=dict)
    matrices: dict[frozenset[str], tuple[Axes, list[Placed]]] = field(default_factory=dict)

    def vector(self, a: str, place: int, e: Expr) -> None:
        """One more factor with the index `a`."""
        self.vectors.setdefault(a, []).append((place, e))

    def matrix(self, order: Axes, place: int, e: Expr) -> None:
        """One more factor with two indices."""
        known, parts = self.matrices.setdefault(frozenset(order), (order, []))
        parts.append((place, e if known == order else turned(e)))

    def at(self, index: str) -> list[frozenset[str]]:
        """The matrices with an index."""
        return [key for key in self.matrices if index in key]

    def oriented(self, key: frozenset[str], order: Axes) -> Placed:
        """A matrix taken out of the graph, with its axes in this order."""
        known, parts = self.matrices.pop(key)
        found = hadamard(parts)
        return first(parts), found if known == order else turned(found)


def times(*factors: Expr) -> Expr:
    """A product of matrices, flat."""
    flat = [x for f in factors for x in (f.factors if isinstance(f, Mul) else (f,))]
    return flat[0] if len(flat) == 1 else Mul(tuple(flat))


def first(parts: Sequence[Placed]) -> int:
    """The place of the first of some factors."""
    return min(place for place, _ in parts)


def flat(parts: Sequence[Placed]) -> list[Expr]:
    """Factors in the order they were written, products of entries spread out."""
    return [x for _, p in sorted(parts, key=lambda part: part[0]) for x in spread(p)]


def powers(factors: Sequence[Expr]) -> Expr:
    """A product of numbers, equal ones as a power."""
    number = {f: factors.count(f) for f in factors}
    return times(*(f if n == 1 else Pow(f, num(n)) for f, n in number.items()))


def hadamard(parts: Sequence[Placed]) -> Expr:
    """A product of entries."""
    return of_entries(flat(parts))


def of_entries(parts: Sequence[Expr]) -> Expr:
    """A product of entries; one factor is itself."""
    return parts[0] if len(parts) == 1 else Call("hadamard", tuple(parts), r"\odot")


def spread(e: Expr) -> tuple[Expr, ...]:
    """The factors of a product of entries."""
    return e.args if isinstance(e, Call) and e.fn == "hadamard" else (e,)


def turned(e: Expr) -> Expr:
    """The transpose."""
    match e:
        case Call(fn="transpose", args=(a,)):
            return a
        case Call(fn="diag"):
            return e
        case Pow(base=base, exp=exp) if constant(exp) is None:  # of a matrix: (A^k)^⊤ is (A^⊤)^k
            return Pow(turned(base), exp)
        case Mul(factors=factors):
            return Mul(tuple(turned(f) for f in reversed(factors)))
    return Call("transpose", (e,), r"\top")


def symmetric(terms: Sequence[Expr]) -> Expr:
    """A sum of arrays; A x + A^⊤ x, as a quadratic form gives it, is (A + A^⊤) x."""
    match terms:
        case Mul(factors=(a, x)), Mul(factors=(b, y)) if x == y and a == turned(b):
            return Mul((Add((a, b)), x))
    return Add(tuple(terms))


def alike(terms: Sequence[Expr]) -> list[Expr]:
    """The terms of a sum of arrays, equal ones once: A x + A x is 2 A x."""
    weights: dict[Expr, Fraction] = {}
    for t in terms:
        weight, body = coefficient(t)
        weights[body] = weights.get(body, Fraction(0)) + weight
    if len(weights) == len(terms) or not all(weights.values()):
        return list(terms)
    return [scale(w, body) for body, w in weights.items()]


def inner(parts: Sequence[Placed]) -> Expr:
    """The sum of a product of vectors: ‖x‖², or x^⊤ y."""
    found = flat(parts)
    if len(found) == 2 and found[0] == found[1]:
        return Pow(Call("norm", (found[0],)), num(2))
    if len(found) == 1:
        diagonal = isinstance(found[0], Call) and found[0].fn == "diag"
        return Call("trace", children(found[0])) if diagonal else times(turned(Ref(ONES)), found[0])
    left = next((x for x in found if not isinstance(x, Mul)), found[0])
    found.remove(left)
    return times(turned(left), of_entries(found))


def entries(parts: Sequence[Placed]) -> Expr:
    """The sum of all entries of a product of matrices, entry by entry."""
    found = flat(parts)
    if len(found) == 2 and found[0] == found[1]:
        return Pow(Call("norm_F", (found[0],)), num(2))
    if len(found) == 1:
        return times(turned(Ref(ONES)), found[0], Ref(ONES))
    return Call("inner", (found[0], of_entries(found[1:])))


def root(e: Call, arg: Expr) -> Expr:
    """The root of ‖x‖² is ‖x‖."""
    match arg:
        case Pow(base=Call(fn="norm" | "norm_F") as norm, exp=Num(value=v)) if v == 2:
            return norm
    return Call("sqrt", (arg,), e.spelling)
