r"""Two formulas in LaTeX, what is given, and the verdict: one pair, or a line of a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from symgrad.affine import Condition, affine, conditions
from symgrad.ask import check_goal
from symgrad.coincide import unique
from symgrad.curvature import opened
from symgrad.decide import BUDGET, decide
from symgrad.derive import Sweep
from symgrad.dual import Number, exact_text
from symgrad.errors import NetworkError, Place, SymgradError
from symgrad.expr import (
    ONE,
    PI,
    And,
    Bound,
    Call,
    Expr,
    Iverson,
    Mul,
    Partial,
    Ref,
    Rel,
    free,
    free_names,
    substitute,
    transform,
    walk,
)
from symgrad.facing import entrywise
from symgrad.index import Range
from symgrad.inverse import turned
from symgrad.latex import latex
from symgrad.limits import Limits
from symgrad.network import Network
from symgrad.notation import Formula, read
from symgrad.pair import Asked, Pair, at_sizes
from symgrad.points import Hidden, possible
from symgrad.rewrite import Derivation
from symgrad.roles import (
    Roles,
    check_limits,
    check_ranks,
    check_subscripts,
    positions,
    quotients,
    roles,
)
from symgrad.scope import Scope
from symgrad.settle import inlined, read_scope
from symgrad.solve import refuse_functions
from symgrad.unsaid import derivatives_of, unsaid
from symgrad.verdict import (
    Agrees,
    Counterexample,
    Differs,
    Equal,
    EqualExceptTies,
    Invalid,
    Verdict,
)

NOWHERE = Place()
GIVEN = " and what is given"


def equal(a: str, b: str, given: str = "", budget: float = BUDGET) -> Verdict:
    r"""Is the formula `b` equal to `a`, for all sizes and values? `given` holds equations, ranges
    and facts.

    >>> equal(r"\sum_{i=1}^{n} x_i", r"\sum_{j=0}^{n-1} x_{j+1}").name
    'Equal'
    >>> equal(r"\sum_{i=1}^{n}\delta_i x_{i+j-1}", r"\sum_{i=1}^{m}\delta_i x_{i+j-1}").missing
    '\\delta_2 x_{j+1}'
    """
    check_arguments({"a": a, "b": b, "given": given}, budget)
    try:
        pair = paired(a, b, given)
    except SymgradError as error:
        return Invalid(error.headline(), place=error.at)
    reading = (latex(pair.left), latex(pair.right))
    bare = {fn.rstrip("'") for e in (pair.left, pair.right) for fn in unsaid(e)}
    functions = tuple(name for fn in sorted(bare) for name in derivatives_of(fn))
    return replace(decided(pair, budget), reading=reading, functions=functions)


def decided(pair: Pair, budget: float) -> Verdict:
    """The verdict; where integers are given to differ, [a ≠ b] times the formulas may be proved."""
    found = decide(pair, budget)
    apart = tuple(a.rel for a in pair.asked if a.rel.op == "!=" and not a.ranges and not a.letters)
    if not apart or isinstance(found, Equal):
        return found
    left, right = (Mul((Iverson(And(apart)), e)) for e in (pair.left, pair.right))
    more = decide(replace(pair, left=left, right=right), budget)
    if isinstance(more, Equal):
        told = more.message.removesuffix(GIVEN) + GIVEN
        return replace(more, message=told)
    return more if isinstance(more, EqualExceptTies) else found


def check_arguments(texts: Mapping[str, object], budget: object) -> None:
    """Formulas are text, the budget a positive number of seconds."""
    for name, text in texts.items():
        if not isinstance(text, str):
            hint = "; write what is given in one text, parted by ;" if name == "given" else ""
            raise TypeError(
                f"found {name} = {text!r}, expected a text of LaTeX such as r'\\sum_i x_i'{hint}"
            )
    if isinstance(budget, bool) or not isinstance(budget, int | float):
        raise TypeError(f"found budget = {budget!r}, expected a number of seconds such as 2")
    if not 0 < budget < float("inf"):
        raise ValueError(f"found budget = {budget!r}, expected seconds above 0, such as 2")


def paired(a: str, b: str, given: str = "") -> Pair:
    """The pair that the texts are; f(x) of an f that nothing defines is refused."""
    scope = Scope()
    if given.strip():
        at = Place("<given>", 1, 1, given.split("\n", 1)[0])
        scope = read_scope([read(given, at)])
    places = (_start(a, "<a>"), _start(b, "<b>"))
    left, right = (_side(text, at, scope) for text, at in zip((a, b), places, strict=True))
    check_constants((left, right), scope, places)
    left, right, ranges = entrywise(left, right, scope.lowering)
    scope = replace(scope, letters={**ranges, **scope.letters})
    return pair_of(left, right, scope, places)


ANGLES = {"sin", "cos", "arctan"}
"""Functions beside which π is the number."""


def check_constants(sides: Sequence[Expr], scope: Scope, places: Sequence[Place]) -> None:
    r"""Refuse a bare e beside exponentials and a bare π beside angles: a number or a name?"""
    parts = [x for e in sides for x in walk(e)]
    calls = {x.fn for x in parts if isinstance(x, Call)}
    log_of_e = any(isinstance(x, Call) and x.fn == "log" and Ref("e") in x.args for x in parts)
    asked = (
        ("e", "exp" in calls or log_of_e, "exponentials and logarithms", r"\exp(1)"),
        (r"\pi", bool(calls & ANGLES), "sines and cosines", "the value at that angle"),
    )
    for name, beside, what, number in asked:
        for e, at in zip(sides, places, strict=True):
            bare = any(isinstance(x, Ref) and x == Ref(name) for x in walk(e))
            if beside and bare and name not in scope.variables and not scope.network.knows(name):
                raise NetworkError(
                    f"found {name} beside {what}, a number or a name that is free",
                    at=at.find(name),
                    hint=f"write {number} for the number, another letter for a name, "
                    "or define it in what is given",
                )


def _start(text: str, name: str) -> Place:
    return Place(name, 1, 1, text.split("\n", 1)[0])


def _side(text: str, at: Place, scope: Scope) -> Expr:
    found = read(text, at, frozenset(scope.functions), scope.variables)
    if len(found) != 1 or not isinstance(found[0], Formula) or len(found[0].parts) != 1:
        what = "nothing" if not found else "a statement" if len(found) == 1 else "several formulas"
        raise NetworkError(f"found {what}, expected one formula without =", at=at)
    refuse_functions(found, scope)
    side = found[0].parts[0]
    if side == Ref(r"\pi") and not scope.network.knows(r"\pi") and r"\pi" not in scope.variables:
        return PI  # alone it may be the beginning of a list of names, which a side is not
    return inlined(side, scope.functions)


def pair_of(
    left: Expr, right: Expr, scope: Scope, places: tuple[Place, Place] = (NOWHERE, NOWHERE)
) -> Pair:
    """Two formulas in a scope, their limits filled in and their names sorted; `places` are where
    they stand."""
    network = scope.network
    axes = {d.target.name: d for d in scope.equations}
    limits = Limits(scope.letters, network.shapes, axes)
    filled = (limits.fill(e) for e in (left, right))
    spans: dict[str, Range] = {}
    sides = tuple(derived(e, network, spans, at) for e, at in zip(filled, places, strict=True))
    sides = kronecker(sides, network.ranges(r"\delta") is not None or bool(network.upstream))
    check_limits(sides)
    check_pairs(sides, places)
    facts = scope.rels
    labels = labels_of(sides, scope)
    letters = {**spans, **scope.letters}
    ranges = {n: r for n, r in letters.items() if not _bound_only(n, sides)} | labels
    sizes = defined_sizes(sides, ranges, network)
    sides = tuple(substitute(e, sizes) for e in sides)
    ranges = {n: Range(substitute(r.lo, sizes), substitute(r.hi, sizes)) for n, r in ranges.items()}
    counted = spanned(facts, scope.letters) | labels.keys()
    found = sorted_names(sides, ranges, network, facts, counted)
    named = {x.name for e in sides for x in walk(e) if isinstance(x, Ref)}
    check_ranks(sides, found.integers, {n for n in named if len(network.ranks(n)) > 1})
    check_subscripts(sides, found.integers)
    values = {
        r.name: v for r, v in network.values.items() if r.name in found.integers and not r.indices
    }
    if values:
        sides = tuple(substitute(e, values) for e in sides)
        ranges = {
            n: Range(substitute(r.lo, values), substitute(r.hi, values)) for n, r in ranges.items()
        }
        facts = tuple(substitute(rel, values) for rel in facts)
        whole = {n: int(v.value) for n, v in values.items() if v.value.denominator == 1}
        network = at_sizes(network, whole)
        network = replace(
            network, values={r: v for r, v in network.values.items() if r.name not in whole}
        )
        found = sorted_names(sides, ranges, network, facts, counted - values.keys())
    known = [*network.facts.known]
    asked: list[Asked] = []
    for rel in facts:
        conds = conditions(rel) if free_names(rel) <= found.integers else None
        known += conds or ()
        if conds is None and isinstance(rel, Rel):
            asked += asked_of(rel, sides, found, scope)
    pair = Pair(sides[0], sides[1], found, network, tuple(dict.fromkeys(known)), tuple(asked))
    lengths, more = positive_lengths(pair, sizes)
    pair = replace(pair, known=(*pair.known, *lengths), asked=(*pair.asked, *more))
    check_facts(pair, facts)
    return pair


def positive_lengths(pair: Pair, put_in: Mapping[str, Expr]) -> tuple[list[Condition], list[Asked]]:
    """Sizes are at least 1, those too that equations define: n = ⌊N/2⌋, and those put in."""
    network = pair.network
    ends = [x for e in (pair.left, pair.right) for x in positions(e)]
    for eq in network.equations:
        ends += [x for i in eq.indices for x in (i.range.lo, i.range.hi)]
        ends += list(positions(eq.body))
    named = put_in.keys() | {n for e in ends for n in free_names(e)}
    known: list[Condition] = []
    asked: list[Asked] = []
    for eq in network.equations:
        if eq.target.name in named and not eq.target.indices:
            rel = Rel(">=", eq.body, ONE)
            conds = conditions(rel) if free_names(eq.body) <= pair.roles.integers else None
            known += conds or ()
            asked += [Asked(rel)] if conds is None else []
    return known, asked


def defined_sizes(
    sides: Sequence[Expr], ranges: Mapping[str, Range], network: Network
) -> dict[str, Expr]:
    """The sizes in two formulas that are defined as sums of others: n = N - m + 1."""
    ends = [e for r in ranges.values() for e in (r.lo, r.hi)]
    places = [*ends, *(x for e in sides for x in positions(e))]
    asked = {n for e in places for n in free_names(e)}
    return {
        eq.target.name: eq.body
        for eq in network.equations
        if eq.target.name in asked and not eq.target.indices and affine(eq.body) is not None
    }


def asked_of(rel: Rel, sides: Sequence[Expr], found: Roles, scope: Scope) -> Iterator[Asked]:
    """A comparison of values that are read: it holds for all values of the indices it has."""
    subscripts = [i for x in walk(rel) if isinstance(x, Ref) for i in x.indices]
    plain = {i.name for i in subscripts if isinstance(i, Ref) and not i.indices} & free_names(rel)
    letters = (free_names(rel) & scope.letters.keys()) | (plain - set(found.sizes))
    if free_names(rel) - letters - found.integers:
        ranges = {n: scope.letters[n] for n in sorted(letters) if n in scope.letters}
        yield Asked(rel, ranges, tuple(sorted(letters - ranges.keys())))
    elif rel.op == "!=":  # of integers: no half-space, so no condition of the index sets
        yield Asked(rel)


def check_facts(pair: Pair, facts: Sequence[Expr]) -> None:
    """Some sizes satisfy what is given."""
    try:
        some = possible(pair.facts)
    except Hidden:
        return
    if not some:
        shown = ", ".join(latex(rel) for rel in facts) or "the ranges"
        raise NetworkError(
            f"found that no size satisfies {shown}, expected facts that some sizes satisfy",
            hint="drop one of them",
        )


def sorted_names(
    sides: Sequence[Expr],
    ranges: Mapping[str, Range],
    network: Network,
    facts: Sequence[Expr],
    counted: Set[str],
) -> Roles:
    """The roles of the names of two formulas, of the sizes of what they are made of, of the
    integers that facts compare with those, and of the sizes that facts run over."""
    indexed = frozenset(_indexed(sides, facts)) & network.labels.keys()
    sizes = network.sizes - indexed
    through = reached(sides, network)
    bodies = (eq.body for eq in network.equations if eq.target.name in through)
    parts = [e for body in bodies for q in quotients(body) for e in q]
    inner = sizes & through | {r.name for e in parts for r in free(e) if not r.indices}
    inner |= beside(sides, ranges, network, facts) | counted
    found = roles(tuple(sides), ranges, sizes, frozenset(network.by_name), inner)
    return replace(found, labels=found.labels | indexed)


def labels_of(sides: Sequence[Expr], scope: Scope) -> dict[str, Range]:
    """The labels without an index that two formulas are made of, with their ranges."""
    network = scope.network
    loops = {i.name for eq in network.equations for i in eq.indices}
    bound = {x.name for eq in network.equations for x in walk(eq.body) if isinstance(x, Bound)}
    stated = {n: r for n, r in scope.letters.items() if n not in loops | bound}
    stated.update(network.labels)
    plain = stated.keys() & reached(sides, network) - _indexed(sides, scope.rels)
    return {n: stated[n] for n in sorted(plain)}


def _indexed(sides: Sequence[Expr], facts: Sequence[Expr]) -> set[str]:
    every = (x for e in (*sides, *facts) for x in walk(e))
    return {x.name for x in every if isinstance(x, Ref) and x.indices}


def check_pairs(sides: Sequence[Expr], places: Sequence[Place]) -> None:
    r"""Refuse \sum_{i<j} in which nothing binds j: a sum over i, or over both?"""
    for e, other, at in zip(sides, reversed(sides), places, strict=True):
        alone = free_names(e) - free_names(other)
        for b in (x for x in walk(e) if isinstance(x, Bound)):
            for c in (c for c in b.conds if isinstance(c, Rel) and c.op != "!="):
                over = [x.name for x in (c.lhs, c.rhs) if isinstance(x, Ref) and x.name in alone]
                if over and Ref(b.name) in (c.lhs, c.rhs):
                    raise NetworkError(
                        f"found a sum over {b.name} with {latex(c)}, in which nothing binds "
                        f"{over[0]}; expected a sum over {b.name} alone or over both",
                        at=at,
                        hint=r"write \sum_{1 \le i < j \le n} for both, \sum_{i=1}^{j-1} for one",
                    )


def spanned(facts: Sequence[Expr], ranges: Mapping[str, Range]) -> set[str]:
    """The sizes of the ranges of what facts say of entries: n of x_i ≥ 0, i = 1, …, n."""
    read = {n for rel in facts for n in free_names(rel)}
    spans = [r for n, r in ranges.items() if n in read]
    return {n for r in spans for end in (r.lo, r.hi) for n in free_names(end)}


def beside(
    sides: Sequence[Expr], ranges: Mapping[str, Range], network: Network, facts: Sequence[Expr]
) -> set[str]:
    """The integers that only facts name: m of n ≤ m, m ≤ 4."""
    if not facts:
        return set()
    taken = frozenset(network.by_name)
    known = set(roles(tuple(sides), ranges, network.sizes, taken).integers)
    values = reached(sides, network) - network.sizes - known
    linked = set(known)
    grown = True
    while grown:
        before = len(linked)
        for rel in facts:
            own = free_names(rel)
            if conditions(rel) is not None and own & linked and not own & values:
                linked |= own
        grown = len(linked) > before
    return linked - known


def reached(sides: Sequence[Expr], network: Network) -> set[str]:
    """The names that the values of the formulas depend on, through what is given."""
    named = {u.symbol.name: u for u in network.upstream if isinstance(u.symbol, Ref)}
    seen: set[str] = set()
    todo = {n for e in sides for n in free_names(e)}
    while todo:
        name = todo.pop()
        seen.add(name)
        more: set[str] = set()
        for eq in network.by_name.get(name, ()):
            ends = [end for i in eq.indices for end in (i.range.lo, i.range.hi)]
            more |= {n for e in (eq.body, *ends) for n in free_names(e)}
        for edge in network.padded.get(name, {}).values():
            more |= {n for e in (edge.lo, edge.hi) if e is not None for n in free_names(e)}
        if name in named:
            more |= {named[name].of.name, named[name].by.name}
        todo |= more - seen
    return seen


def derived(
    e: Expr, network: Network, spans: dict[str, Range] | None = None, at: Place = NOWHERE
) -> Expr:
    """`e` with each gradient as its formula; one of what nothing defines is refused. The entries
    that there are give the ranges of their indices, put into `spans`."""

    def one(x: Expr) -> Expr:
        match x:
            case Partial(of=Ref() as of, by=Ref() as by):
                check_goal(network, of, by, at)
                found = gradient(network, of, by)
                if spans is not None:
                    spans.update({i.name: i.range for i in found.indices})
                return found.answer
        return x

    return transform(opened(e, network), one)


SWEPT: dict[tuple[int, Ref, Ref], tuple[Network, Derivation]] = {}
"""Gradients of networks, by identity: every claim of a work names the same few."""
MOST_SWEPT = 256


def gradient(network: Network, of: Ref, by: Ref) -> Derivation:
    """The gradient as it is derived, once."""
    key = id(network), of, by
    known = SWEPT.get(key)
    if known is not None and known[0] is network:
        return known[1]
    found = Sweep(unique(turned(network, of, by), of, by), of).gradient(by)
    if len(SWEPT) >= MOST_SWEPT:
        SWEPT.clear()
    SWEPT[key] = network, found
    return found


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
        given = json.loads(raw.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        told = f"found a line that is no JSON in UTF-8 ({error}), expected {EXPECTED}"
        return {"id": None, **record(Invalid(told))}
    name = given.get("id") if isinstance(given, Mapping) else None
    return {"id": name, **record(judged(given, budget))}


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


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
