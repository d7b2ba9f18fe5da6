r"""Sets of integer points, and weights on them: the only room that knows isl.

A weight is a polynomial on the points of a set with symbolic sizes. Weights add, and the sum is
zero for all sizes, or there are points where it is not: two sums of products are equal exactly
when, product by product, their weights are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import islpy

from symgrad.affine import Affine, Condition
from symgrad.polynomial import Polynomial

MOST_OPERATIONS = 150_000
"""Operations that isl may spend on one question of a proof: a tenth of a second."""


class Hidden(ValueError):
    """A question about points that is not asked, or takes isl too long."""


@contextmanager
def bounded() -> Iterator[None]:
    """isl within `MOST_OPERATIONS`; what goes beyond is `Hidden`."""
    context: Any = islpy.DEFAULT_CONTEXT
    context.reset_operations()
    context.set_max_operations(MOST_OPERATIONS)
    try:
        yield
    except islpy.Error as error:
        raise Hidden("found sets that take too long") from error
    finally:
        context.set_max_operations(0)
        context.reset_operations()


@lru_cache(maxsize=4096)
def possible(conds: tuple[Condition, ...]) -> bool:
    """Is there an integer point that satisfies the conditions?

    >>> possible((Condition(Affine(-1, (("n", 2),)), equality=True),))
    False
    """
    with bounded():
        return not _points(conds)[0].is_empty()


@lru_cache(maxsize=4096)
def inhabited(
    conds: tuple[Condition, ...], bound: tuple[str, ...], known: tuple[Condition, ...]
) -> bool:
    """Is there, whatever the free names are that satisfy `known`, a point of `bound` with
    `conds`?

    >>> one = Condition(Affine(-1, (("i", 1),)))
    >>> up = Condition(Affine(0, (("i", -1), ("n", 1))))
    >>> inhabited((one, up), ("i",), (Condition(Affine(-1, (("n", 1),))),))
    True
    >>> inhabited((one, up), ("i",), ())
    False
    """
    free = sorted({n for c in (*conds, *known) for n in c.form.by} - set(bound))
    spelled = {n: f"p{k}" for k, n in enumerate(free)}
    head = ", ".join(spelled.values())
    inner = {n: f"e{k}" for k, n in enumerate(bound)}
    exists = f"exists ({', '.join(inner.values())}: " if inner else "("
    some = " and ".join(_condition(c, {**spelled, **inner}) for c in conds) or "1 = 1"
    facts = " and ".join(_condition(c, spelled) for c in known) or "1 = 1"
    with bounded():
        places = islpy.Set(f"{{ [{head}] : {facts} }}")
        return bool(places.is_subset(islpy.Set(f"{{ [{head}] : {exists}{some}) }}")))


@lru_cache(maxsize=4096)
def sample(conds: tuple[Condition, ...]) -> dict[str, int] | None:
    """The lexicographically smallest integer point in the absolute sense isl offers, or None."""
    points, order = _points(conds)
    if points.is_empty():
        return None
    with suppress(islpy.Error):  # unbounded below: any point will do
        points = points.lexmin()
    point = points.sample_point()
    at = [point.get_coordinate_val(islpy.dim_type.set, k).to_python() for k in range(len(order))]
    return dict(zip(order, at, strict=True))


def _points(conds: Sequence[Condition]) -> tuple[Any, list[str]]:
    """The points that satisfy the conditions, and the order of their coordinates."""
    order = sorted({n for c in conds for n in c.form.by})
    spelled = {n: f"v{k}" for k, n in enumerate(order)}
    text = " and ".join(_condition(c, spelled) for c in conds) or "1 = 1"
    dims = ", ".join(spelled[n] for n in order)
    return islpy.Set(f"{{ [{dims}] : {text} }}"), order


def _condition(c: Condition, spelled: Mapping[str, str]) -> str:
    return f"{_form(c.form, spelled)} {'=' if c.equality else '>='} 0"


def _form(form: Affine, spelled: Mapping[str, str]) -> str:
    terms = [f"{k}*{spelled[n]}" for n, k in form.coefficients]
    return " + ".join([*terms, str(form.constant)])


@dataclass(frozen=True)
class Piece:
    """`weight` at the points `at` for every value of `bound` that satisfies `conds`.

    The points tell the bound names apart: the map from them to the point is one to one.
    """

    at: tuple[Affine, ...]
    bound: tuple[str, ...]
    conds: tuple[Condition, ...]
    weight: Polynomial


def vanish(
    pieces: Sequence[Piece], known: Sequence[Condition], orders: Iterable[Sequence[int]]
) -> bool:
    """Do the weights add to zero at every point, for all sizes that satisfy `known`?

    `orders` are the orders of the coordinates that mean the same point (x_a x_b is x_b x_a).

    >>> from symgrad.affine import conditions
    >>> one = Polynomial((((), Fraction(1)),))
    >>> i = Affine(0, (("i", 1),))
    >>> up = Piece((i,), ("i",), (Condition(Affine(-1, (("i", 1),))),), one)
    >>> down = Piece((i,), ("i",), (Condition(Affine(0, (("i", 1),))),), one.scaled(Fraction(-1)))
    >>> vanish([up, down], [], [(0,)])
    False
    >>> vanish([up, up, down, down], [Condition(Affine(-1))], [(0,)])
    True
    """
    with bounded():
        gap = _gap(pieces, known, tuple(orders))
        return _is_zero(gap)


def everywhere(
    pieces: Sequence[Piece], known: Sequence[Condition], orders: Iterable[Sequence[int]]
) -> bool:
    """Is there, whatever the free names are that satisfy `known`, a point where the weights do
    not add to zero?

    x_i - x_j is zero at i = j:

    >>> one = Polynomial((((), Fraction(1)),))
    >>> i, j = (Piece((Affine(0, ((n, 1),)),), (), (), one) for n in "ij")
    >>> j = Piece(j.at, (), (), one.scaled(Fraction(-1)))
    >>> everywhere([i, j], [], [(0,)])
    False
    >>> everywhere([i, j], [Condition(Affine(-1, (("i", 1), ("j", -1))))], [(0,)])
    True
    """
    some: list[Any] = []

    def one(domain: Any, weight: Any) -> None:
        kinds = (islpy.dim_type.param, islpy.dim_type.in_, islpy.dim_type.div)
        moves = any(weight.involves_dims(k, 0, weight.dim(k)) for k in kinds[:2])
        if not moves and not weight.dim(kinds[2]) and not weight.is_zero():
            some.append(domain)

    with bounded():
        gap = _gap(pieces, known, tuple(orders))
        gap.foreach_piece(one)
        if not some:
            return False
        seen = some[0]
        for s in some[1:]:
            seen = seen.union(s)
        names = _names(pieces, known)
        spelled = {n: f"p{k}" for k, n in enumerate(names)}
        facts = " and ".join(_condition(c, spelled) for c in known) or "1 = 1"
        places = islpy.Set(f"[{', '.join(spelled.values())}] -> {{ : {facts} }}")
        return bool(places.is_subset(seen.params()))


def extremes(
    pieces: Sequence[Piece],
    known: Sequence[Condition],
    orders: Iterable[Sequence[int]],
    fixed: Mapping[str, int],
) -> tuple[tuple[Affine, ...], int] | None:
    """A point where the weights do not add to zero, as affine forms of the sizes that are not
    fixed, and the sign there; None where there is none, or no single one."""
    with bounded():
        return _extremes(pieces, known, tuple(orders), fixed)


def _extremes(
    pieces: Sequence[Piece],
    known: Sequence[Condition],
    orders: Sequence[Sequence[int]],
    fixed: Mapping[str, int],
) -> tuple[tuple[Affine, ...], int] | None:
    at = [Condition(Affine(-v, ((n, 1),)), equality=True) for n, v in sorted(fixed.items())]
    gap = _gap(pieces, [*known, *at], orders)
    if _is_zero(gap):
        return None
    names = _names(pieces, [*known, *at])
    spelled = {n: f"p{k}" for k, n in enumerate(names)}
    found: list[tuple[Affine, ...]] = []

    def one(_: Any, at: Any) -> None:
        forms = []
        for k in range(at.dim(islpy.dim_type.out)):
            aff = at.get_aff(k)
            if aff.dim(islpy.dim_type.div):
                return
            by = {
                n: _whole(aff.get_coefficient_val(islpy.dim_type.param, _param(aff, spelled[n])))
                for n in names
            }
            constant = _whole(aff.get_constant_val()) + sum(
                by[n] * v for n, v in fixed.items() if n in by
            )
            left = tuple(sorted((n, c) for n, c in by.items() if c and n not in fixed))
            forms.append(Affine(constant, left))
        found.append(tuple(forms))

    with suppress(islpy.Error):
        gap.domain().lexmin_pw_multi_aff().foreach_piece(one)
    if not found:
        return None
    forms = found[0]
    there = islpy.Set.from_point(gap.domain().lexmin().sample_point())
    least = gap.intersect_domain(there).min()
    return forms, -1 if least.is_neg() else 1


def _param(aff: Any, name: str) -> int:
    return int(aff.find_dim_by_name(islpy.dim_type.param, name))


def _whole(value: Any) -> int:
    return int(value.to_python())


def _names(pieces: Sequence[Piece], known: Sequence[Condition]) -> list[str]:
    """The names that are free in the pieces, sorted."""
    found: set[str] = {n for c in known for n in c.form.by}
    for p in pieces:
        forms = [*p.at, *(c.form for c in p.conds)]
        inside = {n for f in forms for n in f.by} | p.weight.names
        found |= inside - set(p.bound)
    return sorted(found)


def _gap(
    pieces: Sequence[Piece], known: Sequence[Condition], orders: Sequence[Sequence[int]]
) -> Any:
    """The sum of the weights, over every order of the coordinates."""
    names = _names(pieces, known)
    spelled = {n: f"p{k}" for k, n in enumerate(names)}
    head = f"[{', '.join(spelled.values())}] -> "
    facts = [_condition(c, spelled) for c in known]
    total: Any = None
    for p in pieces:
        for order in orders:
            found = islpy.PwQPolynomial(head + _spelled(p, order, spelled, facts))
            total = found if total is None else total.add(found)
    return total


def _is_zero(gap: Any) -> bool:
    """Is a piecewise polynomial zero? n - m on n = m is when the equation is put in, which a
    restriction does."""
    if gap is None or gap.is_zero():
        return True
    left: list[Any] = []

    def one(_: Any, weight: Any) -> None:
        if not weight.is_zero():
            left.append(weight)

    gap.intersect_domain(gap.domain()).foreach_piece(one)
    return not left


def _spelled(
    p: Piece, order: Sequence[int], spelled: Mapping[str, str], facts: Sequence[str]
) -> str:
    inner = {n: f"e{k}" for k, n in enumerate(p.bound)}
    both = {**spelled, **inner}
    dims = [f"a{k}" for k in range(len(p.at))]
    conds = [f"{dims[order[k]]} = {_form(a, both)}" for k, a in enumerate(p.at)]
    conds += [_condition(c, both) for c in p.conds] + list(facts)
    weight = _in_dims(p, {n: dims[order[k]] for n, k in _direct(p).items()}, spelled)
    exists = f"exists ({', '.join(inner.values())}: " if inner else ""
    text = f"{exists}{' and '.join(conds) or '1 = 1'}{')' if inner else ''}"
    return f"{{ [{', '.join(dims)}] -> {weight} : {text} }}"


def _direct(p: Piece) -> dict[str, int]:
    """The coordinate that each bound name is, where one is the name itself."""
    found: dict[str, int] = {}
    for k, a in enumerate(p.at):
        if not a.constant and len(a.coefficients) == 1 and a.coefficients[0][1] == 1:
            found.setdefault(a.coefficients[0][0], k)
    return found


def _in_dims(p: Piece, direct: Mapping[str, str], spelled: Mapping[str, str]) -> str:
    """The weight spelled over coordinates and sizes."""
    terms = []
    for monomial, c in p.weight.terms:
        factors = [f"({_number(c)})"]
        for name, power in monomial:
            if name in p.bound and name not in direct:
                raise Hidden(name)
            said = direct[name] if name in p.bound else spelled[name]
            factors += [said] * power
        terms.append(" * ".join(factors))
    return " + ".join(terms) or "0"


def _number(c: Fraction) -> str:
    return str(c.numerator) if c.denominator == 1 else f"{c.numerator}/{c.denominator}"
