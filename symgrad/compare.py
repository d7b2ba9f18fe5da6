r"""Two formulas in LaTeX, what is given, and the verdict: one pair, or a line of a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from symgrad.affine import conditions
from symgrad.decide import BUDGET, decide, exact_text
from symgrad.derive import Sweep
from symgrad.dual import Number
from symgrad.errors import NetworkError, Place, SymgradError
from symgrad.expr import (
    Expr,
    Iverson,
    Partial,
    Ref,
    Rel,
    free_names,
    substitute,
    transform,
    walk,
)
from symgrad.index import Range
from symgrad.latex import latex
from symgrad.limits import Limits
from symgrad.network import Network
from symgrad.notation import Formula, read
from symgrad.pair import Pair
from symgrad.roles import check_limits, check_ranks, check_subscripts, roles
from symgrad.scope import Scope
from symgrad.settle import read_scope
from symgrad.solve import refuse_functions
from symgrad.verdict import (
    Agrees,
    Counterexample,
    Differs,
    Equal,
    EqualExceptTies,
    Invalid,
    Verdict,
)


def equal(a: str, b: str, given: str = "", budget: float = BUDGET) -> Verdict:
    r"""Is the formula `b` equal to `a`, for all sizes and values? `given` holds equations, ranges
    and facts.

    >>> equal(r"\sum_{i=1}^{n} x_i", r"\sum_{j=0}^{n-1} x_{j+1}").name
    'Equal'
    >>> equal(r"\sum_{i=1}^{n}\delta_i x_{i+j-1}", r"\sum_{i=1}^{m}\delta_i x_{i+j-1}").missing
    '\\delta_2 x_{j+1}'
    """
    try:
        pair = paired(a, b, given)
    except SymgradError as error:
        return Invalid(error.headline(), place=error.at)
    reading = (latex(pair.left), latex(pair.right))
    return replace(decide(pair, budget), reading=reading)


def paired(a: str, b: str, given: str = "") -> Pair:
    """The pair that the texts are; f(x) of an f that nothing defines is refused."""
    scope = Scope()
    if given.strip():
        at = Place("<given>", 1, 1, given.split("\n", 1)[0])
        scope = read_scope([read(given, at)])
    left, right = (_side(text, name, scope) for text, name in ((a, "<a>"), (b, "<b>")))
    return pair_of(left, right, scope)


def _side(text: str, name: str, scope: Scope) -> Expr:
    at = Place(name, 1, 1, text.split("\n", 1)[0])
    found = read(text, at, frozenset(scope.functions), scope.variables)
    if len(found) != 1 or not isinstance(found[0], Formula) or len(found[0].parts) != 1:
        what = "nothing" if not found else "a statement" if len(found) == 1 else "several formulas"
        raise NetworkError(f"found {what}, expected one formula without =", at=at)
    refuse_functions(found, scope)
    return found[0].parts[0]


def pair_of(left: Expr, right: Expr, scope: Scope) -> Pair:
    """Two formulas in a scope, their limits filled in and their names sorted."""
    network = scope.network
    axes = {d.target.name: d for d in scope.equations}
    limits = Limits(scope.letters, network.shapes, axes)
    sides = tuple(derived(limits.fill(e), network) for e in (left, right))
    sides = kronecker(sides, network.ranges(r"\delta") is not None or bool(network.upstream))
    check_limits(sides)
    ranges = {n: r for n, r in scope.letters.items() if not _bound_only(n, sides)}
    found = roles(sides, ranges, network.sizes, frozenset(network.by_name))
    check_ranks(sides, found.integers)
    check_subscripts(sides, found.integers)
    values: dict[str, Expr] = {
        r.name: v for r, v in network.values.items() if r.name in found.integers and not r.indices
    }
    if values:
        sides = tuple(substitute(e, values) for e in sides)
        ranges = {
            n: Range(substitute(r.lo, values), substitute(r.hi, values)) for n, r in ranges.items()
        }
        found = roles(sides, ranges, network.sizes, frozenset(network.by_name))
    known = [*network.facts.known]
    for rel in scope.rels:
        if free_names(rel) <= found.integers:
            known += conditions(rel) or ()
    return Pair(sides[0], sides[1], found, network, tuple(dict.fromkeys(known)))


def derived(e: Expr, network: Network) -> Expr:
    """`e` with each gradient of a defined quantity as its formula."""

    def one(x: Expr) -> Expr:
        match x:
            case Partial(of=Ref() as of, by=Ref() as by) if of.name in network.by_name or any(
                u.of == of for u in network.upstream
            ):
                return Sweep(network, of).gradient(by).answer
        return x

    return transform(e, one)


def _bound_only(name: str, sides: Sequence[Expr]) -> bool:
    return not any(name in free_names(e) for e in sides)


def kronecker(sides: tuple[Expr, ...], declared: bool) -> tuple[Expr, ...]:
    r"""δ_{ij} with two indices on one side only, and nothing else called δ, is Kronecker's."""
    refs = [[x for x in walk(e) if isinstance(x, Ref) and x.name == r"\delta"] for e in sides]
    here = [bool(r) for r in refs]
    if declared or here.count(True) != 1:
        return sides
    if any(len(x.indices) != 2 for r in refs for x in r):
        return sides

    def one(x: Expr) -> Expr:
        if isinstance(x, Ref) and x.name == r"\delta":
            return Iverson(Rel("=", *x.indices))
        return x

    return tuple(transform(e, one) for e in sides)


# -- for programs ---------------------------------------------------------------------------------


def record(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON: verdict, by, counterexample, ties, message."""
    example: Counterexample | None = None
    by = ""
    ties: tuple[str, ...] = ()
    more: dict[str, Any] = {}
    match verdict:
        case Equal(by=by):
            pass
        case EqualExceptTies(by=by, ties=ties, at=example):
            pass
        case Agrees(trials=trials, ties=ties, at=example):
            by = f"{trials} points"
        case Differs(counterexample=example, missing=missing, extra=extra, slip=slip):
            more = {"missing": missing, "extra": extra, "slip": slip}
    return {
        "verdict": verdict.name,
        "by": by or None,
        "counterexample": None if example is None else example_record(example),
        "ties": list(ties),
        "message": verdict.message,
        "reading": list(verdict.reading),
        **more,
    }


def example_record(c: Counterexample) -> dict[str, Any]:
    """Sizes, values and both results, exact numbers as text."""
    return {
        "sizes": dict(c.sizes),
        "values": {name: _number(v) for name, v in c.values.items()},
        "a": _number(c.left),
        "b": _number(c.right),
    }


def _number(v: Number | None) -> str | None:
    return None if v is None else exact_text(v)


def line(raw: bytes, budget: float = BUDGET) -> dict[str, Any]:
    """One line of a file of pairs, judged; a bad line is Invalid."""
    try:
        given = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        told = f"found a line that is no JSON in UTF-8 ({error}), expected {EXPECTED}"
        return {"id": None, **record(Invalid(told))}
    name = given.get("id") if isinstance(given, Mapping) else None
    return {"id": name, **record(judged(given, budget))}


EXPECTED = '{"id": …, "a": "…", "b": "…", "given": "…"}'


def judged(given: Any, budget: float) -> Verdict:
    """The verdict on one pair of a file."""
    if not isinstance(given, Mapping):
        return Invalid(f"found no object, expected {EXPECTED}")
    missing = [k for k in ("a", "b") if k not in given]
    if missing:
        return Invalid(f"found no {' and no '.join(missing)}, expected {EXPECTED}")
    other = [k for k in ("a", "b", "given") if not isinstance(given.get(k, ""), str)]
    if other:
        return Invalid(f"found {other[0]} that is no text, expected {EXPECTED}")
    return equal(given["a"], given["b"], given.get("given", ""), budget)
