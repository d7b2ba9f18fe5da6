r"""Sums that a condition collapses: Σ_k [k = e] f(k) = f(e), Σ_{i=a}^{a} f(i) = f(a).

A bracket that the facts decide goes as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import gcd

from symgrad.affine import Affine, Condition, affine, conditions, shift
from symgrad.contract import contract, guard
from symgrad.errors import NetworkError
from symgrad.expr import (
    ONE,
    ZERO,
    And,
    Bound,
    Expr,
    Iverson,
    Mul,
    Pow,
    Reduce,
    Ref,
    Rel,
    children,
    fresh,
    names,
    rebuild,
    substitute,
    transform,
    walk,
)
from symgrad.index import Facts, Index, Range, range_conditions
from symgrad.rules.algebra import tidy
from symgrad.rules.plain import product
from symgrad.rules.rounded import rounded


def sift(e: Expr, facts: Facts) -> Expr:
    r"""`e` with every sum removed that an equality in a bracket solves.

    >>> from symgrad.expr import Ref
    >>> from symgrad.latex import latex
    >>> i, k = Ref("i"), Ref("k")
    >>> body = Mul((Iverson(Rel("=", i, k)), Ref("W", (k,))))
    >>> facts = Facts(sizes=frozenset("n")).within([Index("i", Range(ONE, Ref("n")))])
    >>> latex(sift(Reduce("sum", (Bound("k", ONE, Ref("n")),), body), facts))
    'W_i'
    """
    if isinstance(e, Reduce):
        outer = scattered(e, facts) if e.op == "sum" else None
        if outer is not None:
            return sift(tidy(outer), facts)
        inner = under(facts, e.bounds)
        e = Reduce(e.op, e.bounds, sift(e.body, inner))
        found = None
        if e.op == "sum":
            found = collapsed(e, facts) or at_one(e) or narrowed(e, facts) or counted(e, facts)
            found = found or rounded(e, facts)
        elif e.op == "prod":
            found = repeated(e, facts)
        return e if found is None else sift(tidy(found), facts)
    if isinstance(e, Iverson):
        return settled(e, facts)
    kids = children(e)
    return rebuild(e, [sift(k, facts) for k in kids]) if kids else e


def pinned(e: Expr, labels: Mapping[str, Range]) -> Expr:
    r"""[y = k] f(y) = [y = k] f(k), and Σ_k [y = k] f(k) = f(y) over all the values of a label.

    >>> from symgrad.expr import Ref
    >>> from symgrad.latex import latex
    >>> y, k, values = Ref("y"), Ref("k"), Range(ONE, Ref("K"))
    >>> body = Mul((Ref("p", (y,)), Iverson(Rel("=", y, k))))
    >>> latex(pinned(body, {"y": values}))
    'p_k\\, \\mathbf{1}[y = k]'
    >>> latex(pinned(Reduce("sum", (Bound("k", ONE, Ref("K")),), body), {"y": values}))
    'p_y'
    """
    kids = children(e)
    e = rebuild(e, [pinned(k, labels) for k in kids]) if kids else e
    if isinstance(e, Mul):
        for label, value in equalities(e.factors, labels):
            new = (f if isinstance(f, Iverson) else moved(f, label, value) for f in e.factors)
            e = Mul(tuple(new))
    match e:
        case Reduce(op="sum", bounds=(Bound(conds=()) as b,), body=body):
            factors = body.factors if isinstance(body, Mul) else (body,)
            for label, value in equalities(factors, labels):
                if value == Ref(b.name) and labels[label.name] == Range(b.lo or ONE, b.hi or ONE):
                    rest = (f for f in factors if f != Iverson(Rel("=", label, value)))
                    return substitute(product(*rest), {b.name: label})
    return e


def equalities(
    factors: Iterable[Expr], labels: Mapping[str, Range]
) -> tuple[tuple[Ref, Expr], ...]:
    """The values that brackets alone in a product give to labels."""
    conds = (f.cond for f in factors if isinstance(f, Iverson))
    return tuple(
        (c.lhs, c.rhs)
        for c in conds
        if isinstance(c, Rel) and c.op == "=" and isinstance(c.lhs, Ref) and c.lhs.name in labels
    )


def moved(e: Expr, label: Ref, value: Expr) -> Expr:
    """`e` with a label replaced by its value, unless a binder in `e` has a letter of either."""
    if not label.indices:
        return substitute(e, {label.name: value})
    bound = {x.name for x in walk(e) if isinstance(x, Bound)}
    if bound & (names(label) | names(value)):
        return e
    return transform(e, lambda x: value if x == label else x)


def under(facts: Facts, bounds: tuple[Bound, ...]) -> Facts:
    """The facts below a binder: what they say of its letters is of other things."""
    for b in bounds:
        facts = Facts(tuple(c for c in facts.known if b.name not in c.form.names), facts.sizes)
        facts = Facts(facts.known, facts.sizes - {b.name})
        facts = facts.plus(_range(b))
    return facts


def _range(b: Bound) -> tuple[Condition, ...]:
    if b.lo is None or b.hi is None:
        return ()
    try:
        return range_conditions(Affine(0, ((b.name, 1),)), Range(b.lo, b.hi))
    except NetworkError:  # an end that is rounded says nothing
        return ()


def known(facts: Facts) -> set[str]:
    """The names that stand for integers."""
    return {n for c in facts.known for n in c.form.names} | facts.sizes


def conjuncts(e: Iverson) -> tuple[Expr, ...]:
    """The comparisons of a bracket."""
    return e.cond.conds if isinstance(e.cond, And) else (e.cond,)


def settled(e: Iverson, facts: Facts) -> Expr:
    """A bracket without the comparisons that the facts imply; 0 if they contradict one."""
    left = []
    for c in conjuncts(e):
        if names(c) <= known(facts):
            c = lowest_terms(c)
        if c in (ZERO, ONE):
            if c == ZERO:
                return ZERO
            continue
        found = conditions(c) if names(c) <= known(facts) else None
        if found is None or not all(map(facts.imply, found)):
            left.append(c)
        if found is not None and facts.plus(found).contradictory() and not facts.contradictory():
            return ZERO
    return product(*guard(left))


def lowest_terms(c: Expr) -> Expr:
    """A comparison of integers with one number in it and no common factor: [l - 1 ≤ n - 1] is
    [l ≤ n], [2 i = 4] is [i = 2]; 0 for [2 i = 3], which no integer solves."""
    left, right = (affine(c.lhs), affine(c.rhs)) if isinstance(c, Rel) else (None, None)
    if not isinstance(c, Rel) or left is None or right is None:
        return c
    gap = left.plus(right, -1)
    shared = gcd(*(k for _, k in gap.coefficients))
    if shared > 1 and gap.constant % shared:
        return {"=": ZERO, "!=": ONE}.get(c.op, c)
    if shared < 2 and not (left.constant and right.constant):
        return c
    step = max(shared, 1)
    parts = [(n, k // step) for n, k in gap.coefficients]
    number = gap.constant // step
    gains = Affine(max(number, 0), tuple((n, k) for n, k in parts if k > 0))
    losses = Affine(max(-number, 0), tuple((n, -k) for n, k in parts if k < 0))
    return Rel(c.op, gains.expr(), losses.expr())


def at_one(e: Reduce) -> Expr | None:
    """The sum without an index whose range has one end: Σ_{i=⌈l/m⌉}^{⌈l/m⌉} f(i) = f(⌈l/m⌉)."""
    for at, b in enumerate(e.bounds):
        if b.lo is not None and b.lo == b.hi and not b.conds:
            inner = Reduce("sum", e.bounds[at + 1 :], e.body)
            rest = shift(inner if inner.bounds else e.body, {b.name: b.lo})
            return Reduce("sum", e.bounds[:at], rest) if at else rest
    return None


def collapsed(e: Reduce, facts: Facts) -> Expr | None:
    """The sum with one index solved for, if a bracket of its body has an equation for it."""
    factors = e.body.factors if isinstance(e.body, Mul) else (e.body,)
    for at, f in enumerate(factors):
        for c in conjuncts(f) if isinstance(f, Iverson) else ():
            if isinstance(c, Rel) and c.op == "=" and _solvable(c, e.bounds, facts):
                rest = guard([x for x in conjuncts(f) if x is not c])  # type: ignore[arg-type]
                others = (*factors[:at], *rest, *factors[at + 1 :])
                return _solved(e.bounds, c, product(*others), facts)
    return None


def scattered(e: Reduce, facts: Facts) -> Expr | None:
    """Σ_l δ_l Σ_j [e(j) = l] k_j = Σ_j δ_{e(j)} k_j, where every e(j) is in the range of l."""
    factors = e.body.factors if isinstance(e.body, Mul) else (e.body,)
    for at, f in enumerate(factors):
        if (
            not isinstance(f, Reduce)
            or f.op != "sum"
            or {b.name for b in f.bounds}
            & names(Mul((*factors[:at], *factors[at + 1 :], *e.bounds)))
        ):
            continue
        inside = f.body.factors if isinstance(f.body, Mul) else (f.body,)
        whole = product(*factors[:at], *inside, *factors[at + 1 :])
        rest = [c for g in inside if isinstance(g, Iverson) for c in conjuncts(g)]
        for c in rest:
            for b in e.bounds:
                bounds = (*(x for x in e.bounds if x is not b), *f.bounds)
                if any(b.name in names(x) for x in bounds):
                    continue
                found = _eliminated(b, bounds, c, whole, facts)
                if found is not None:
                    return found
    return None


def _eliminated(
    b: Bound, bounds: tuple[Bound, ...], c: Expr, body: Expr, facts: Facts
) -> Expr | None:
    """The sum over `b` and `bounds` without `b`, if the bracket of `c` gives it one value in its
    range."""
    every = (*bounds, b)
    if not isinstance(c, Rel) or c.op != "=" or not _solvable(c, every, facts):
        return None
    left, right = affine(c.lhs), affine(c.rhs)
    if left is None or right is None or not left.plus(right, -1).unit(b.name):
        return None
    value = left.plus(right, -1).solve(b.name)
    here = under(facts, bounds)
    inside = range_conditions(value, Range(b.lo or ONE, b.hi or ONE))
    if not all(map(here.imply, inside)):
        return None
    rest = shift(body, {b.name: value.expr()})
    return Reduce("sum", bounds, rest)


def counted(e: Reduce, facts: Facts) -> Expr | None:
    r"""Σ_{i=k}^{n} a = (n - k + 1) a, where the innermost index does not occur in a and its range
    is known not to end before it begins."""
    *outer, b = e.bounds
    if b.lo is None or b.hi is None or b.conds or b.name in names(e.body):
        return None
    lo, hi = affine(b.lo), affine(b.hi)
    if lo is None or hi is None:
        return None
    length = Affine(hi.constant - lo.constant + 1, hi.plus(lo, -1).coefficients)
    if not under(facts, tuple(outer)).imply(Condition(length)):
        return None
    inner = product(length.expr(), e.body)
    return Reduce("sum", tuple(outer), inner) if outer else inner


def repeated(e: Reduce, facts: Facts) -> Expr | None:
    r"""Π_{i=1}^{n} a = a^n and Π_{j=1, j≠i}^{n} a = a^{n-1} for 1 ≤ i ≤ n, where the index does
    not occur in a and its range is known not to end before it begins."""
    if len(e.bounds) != 1 or e.bounds[0].name in names(e.body):
        return None
    b = e.bounds[0]
    lo, hi = (None if x is None else affine(x) for x in (b.lo, b.hi))
    if lo is None or hi is None or len(b.conds) > 1:
        return None
    for c in b.conds:
        pair = (c.lhs, c.rhs) if isinstance(c, Rel) and c.op == "!=" else ()
        left_out = affine(pair[1]) if pair and pair[0] == Ref(b.name) else None
        if left_out is None or b.name in left_out.names:
            return None
        inside = range_conditions(left_out, Range(b.lo or ONE, b.hi or ONE))
        if not left_out.names <= known(facts) or not all(map(facts.imply, inside)):
            return None
    length = Affine(hi.constant - lo.constant + 1, hi.plus(lo, -1).coefficients)
    if not facts.imply(Condition(length)):
        return None
    return Pow(e.body, length.plus(Affine(-len(b.conds))).expr())


def narrowed(e: Reduce, facts: Facts) -> Expr | None:
    r"""Σ_{t=1}^{T} [t ≤ k] f(t) = Σ_{t=1}^{k} f(t), where k ≤ T is known."""
    factors = e.body.factors if isinstance(e.body, Mul) else (e.body,)
    for at, f in enumerate(factors):
        for c in conjuncts(f) if isinstance(f, Iverson) else ():
            for n, b in enumerate(e.bounds):
                shorter = _shortened(b, c, under(facts, e.bounds[:n]), e.bounds[n:])
                if shorter is not None:
                    rest = guard([x for x in conjuncts(f) if x is not c])  # type: ignore[arg-type]
                    body = product(*factors[:at], *rest, *factors[at + 1 :])
                    return Reduce("sum", (*e.bounds[:n], shorter, *e.bounds[n + 1 :]), body)
    return None


def _shortened(b: Bound, c: Expr, facts: Facts, inner: tuple[Bound, ...]) -> Bound | None:
    """The range of an index with an end that a comparison gives it, if that end is known to lie
    in the range or one beside it."""
    left, right = (affine(c.lhs), affine(c.rhs)) if isinstance(c, Rel) else (None, None)
    lo, hi = (None if x is None else affine(x) for x in (b.lo, b.hi))
    if left is None or right is None or lo is None or hi is None or b.conds:
        return None
    gap = left.plus(right, -1)
    closed = {"<=": 1, "<": 1, ">=": -1, ">": -1}.get(c.op) if isinstance(c, Rel) else None
    if closed is None or not gap.unit(b.name) or {x.name for x in inner[1:]} & gap.names:
        return None
    if not gap.names <= known(facts) | {b.name}:
        return None
    strict = isinstance(c, Rel) and c.op in "<>"
    end = gap.solve(b.name)
    upper = closed * gap.by[b.name] > 0
    end = end.plus(Affine(int(strict) * (-1 if upper else 1)))
    near = Affine(1)
    room = (
        (hi.plus(end, -1), end.plus(lo, -1).plus(near))
        if upper
        else (end.plus(lo, -1), hi.plus(end, -1).plus(near))
    )
    if not all(facts.imply(Condition(x)) for x in room):
        return None
    return Bound(b.name, b.lo, end.expr()) if upper else Bound(b.name, end.expr(), b.hi)


def over_own_ranges(e: Expr, axes: Axes, facts: Facts) -> Expr:
    r"""Σ_l δ_l w_{l-s(i-1)} = Σ_{j=1}^{m} δ_{s(i-1)+j} w_j, where w is 0 beyond 1, …, m, or where
    the range of l says the same: a sum over the range of a tensor that it reads."""
    if not isinstance(e, Reduce) or e.op != "sum":
        kids = children(e)
        return rebuild(e, [over_own_ranges(k, axes, facts) for k in kids]) if kids else e
    for n, b in enumerate(e.bounds):
        here = under(facts, e.bounds[:n])
        for f in e.body.factors if isinstance(e.body, Mul) else (e.body,):
            if not isinstance(f, Ref):
                continue
            padded = () if _at_home(e.body, b.name, axes) else axes(f, b.name)
            beside = (x for x in padded if len(x[1].coefficients) > 1)
            for r, form in (*beside, *_run_through(f, b, facts)):
                found = _reindexed(e, n, r, form, here)
                if found is not None:
                    return over_own_ranges(found, axes, facts)
    return Reduce(e.op, e.bounds, over_own_ranges(e.body, axes, under(facts, e.bounds)))


Axes = Callable[[Ref, str], Iterable[tuple[Range, Affine]]]
"""The subscripts of a tensor that move with an index, l - s (i - 1), and for each the range
beyond which all is 0."""


def _at_home(body: Expr, letter: str, axes: Axes) -> bool:
    """Does the index stand alone in a subscript of a padded tensor already?"""
    factors = body.factors if isinstance(body, Mul) else (body,)
    refs = (f for f in factors if isinstance(f, Ref))
    return any(form == Affine(0, ((letter, 1),)) for r in refs for _, form in axes(r, letter))


def _run_through(ref: Ref, b: Bound, facts: Facts) -> Iterator[tuple[Range, Affine]]:
    """The subscripts that run from one number or size to another as the index runs between ends
    that hold other letters."""
    ends = [None if x is None else affine(x) for x in (b.lo, b.hi)]
    if all(x is None or x.names <= facts.sizes for x in ends):
        return
    for form in map(affine, ref.indices):
        if form is None or form.coefficient(b.name) != Affine(1) or None in ends:
            continue
        lo, hi = (form.with_value(b.name, x) for x in ends if x is not None)
        if len(form.coefficients) > 1 and lo.names | hi.names <= facts.sizes:
            yield Range(lo.expr(), hi.expr()), form


def _reindexed(e: Reduce, n: int, r: Range, form: Affine, facts: Facts) -> Expr | None:
    """The sum over the range of a subscript instead of over its n-th index, if that stays in its
    own range meanwhile."""
    b, inner = e.bounds[n], e.bounds[n + 1 :]
    if b.lo is None or b.hi is None or b.conds:
        return None
    j = fresh("j", names(e) | names(r.lo) | names(r.hi) | known(facts))
    value = form.plus(Affine(0, ((j, 1),)), -1).solve(b.name)
    try:
        inside = range_conditions(value, Range(b.lo, b.hi))
        own = range_conditions(Affine(0, ((j, 1),)), r)
    except NetworkError:  # an end that is rounded
        return None
    if not all(map(facts.plus(own).imply, inside)):
        return None
    rest = Reduce("sum", inner, e.body) if inner else e.body
    rest = shift(rest, {b.name: value.expr()})
    bounds = (*e.bounds[:n], Bound(j, r.lo, r.hi))
    if isinstance(rest, Reduce) and inner:
        return Reduce("sum", (*bounds, *rest.bounds), rest.body)
    return Reduce("sum", bounds, rest)


def _solvable(c: Rel, bounds: tuple[Bound, ...], facts: Facts) -> bool:
    """Has the equation a bound index of coefficient ±1, and integers alone?"""
    a, b = affine(c.lhs), affine(c.rhs)
    if a is None or b is None or any(x.conds or x.lo is None or x.hi is None for x in bounds):
        return False
    letters = {x.name for x in bounds}
    gap = a.plus(b, -1)
    integers = names(c) <= known(facts) | letters
    return integers and any(gap.unit(n) for n in letters)


def _solved(bounds: tuple[Bound, ...], c: Rel, body: Expr, facts: Facts) -> Expr | None:
    indices = [Index(b.name, Range(b.lo or ONE, b.hi or ONE)) for b in bounds]
    letters = {b.name for b in bounds}
    outside = tuple(k for k in facts.known if not letters & k.form.names)
    try:
        found = contract(indices, [(c.lhs, c.rhs)], Facts(outside, facts.sizes - letters))
    except NetworkError:  # a range with an end that is rounded
        return None
    if found is None:
        return ZERO
    inner = shift(body, found.values)
    left = Reduce("sum", found.bounds, inner) if found.bounds else inner
    return product(left, *guard(found.guards))
