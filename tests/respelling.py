"""Random formulas, and random ways to write them that do not change what they are.

Everything is drawn from a `random.Random`, so a seed is a case. Sizes are n and m, j is a free
index, tensors have a value for every index; every rewriting holds for all of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from symgrad.errors import SymgradError
from symgrad.evaluate import Number, Point, Unrolled
from symgrad.expr import (
    ONE,
    ZERO,
    Add,
    And,
    Bound,
    Call,
    Cases,
    Div,
    Expr,
    Iverson,
    Mul,
    Neg,
    Pow,
    Reduce,
    Ref,
    Rel,
    children,
    free_names,
    names,
    num,
    rebuild,
    substitute,
)
from symgrad.network import Network

SIZES = ("n", "m")
FREE = "j"
LETTERS = ("i", "k", "l", "p", "q", "r", "s", "t")


# -- formulas ---------------------------------------------------------------------------------


def subscript(rng: random.Random, indices: list[str]) -> Expr:
    """i, i + 1, i + j - 1, n - i + 1."""
    at = Ref(rng.choice([*indices, FREE]))
    match rng.randrange(5):
        case 0 | 1:
            return at
        case 2:
            return Add((at, num(rng.randint(1, 2))))
        case 3:
            return Add((at, Ref(rng.choice([*indices, FREE])), Neg(ONE)))
    return Add((Ref(rng.choice(SIZES)), Neg(at), ONE))


def leaf(rng: random.Random, indices: list[str]) -> Expr:
    """A number, a scalar, a tensor, now and then an index as a value."""
    match rng.randrange(9):
        case 0:
            return num(rng.choice([2, 3, Fraction(1, 2), -1]))
        case 1 | 2:
            return Ref(rng.choice("uvw"))
        case 3:
            return Ref("W", (subscript(rng, indices), subscript(rng, indices)))
        case 4 if indices:
            return Ref(rng.choice(indices))
    return Ref(rng.choice("xy"), (subscript(rng, indices),))


def bracket(rng: random.Random, indices: list[str]) -> Expr:
    """An indicator of indices, or of values."""
    if rng.random() < 0.5 and indices:
        op = rng.choice(["=", "<=", "<", "!="])
        return Iverson(Rel(op, Ref(rng.choice(indices)), subscript(rng, indices)))
    sides = (leaf(rng, indices), rng.choice([ZERO, leaf(rng, indices)]))
    return Iverson(Rel(rng.choice([">", ">=", "<", "<="]), *sides))


def formula(rng: random.Random, depth: int, indices: list[str] | None = None) -> Expr:
    """A random formula."""
    at = indices or []
    if depth <= 0:
        return leaf(rng, at)

    def inner() -> Expr:
        return formula(rng, depth - 1, at)

    kinds = [
        "add",
        "add",
        "mul",
        "mul",
        "mul",
        "neg",
        "div",
        "pow",
        "sum",
        "sum",
        "sum",
        "bracket",
        "max",
        "relu",
        "abs",
        "fn",
        "cases",
    ]
    match rng.choice(kinds):
        case "add":
            return Add((inner(), rng.choice([Neg, lambda x: x])(inner())))
        case "mul":
            return Mul((inner(), inner()))
        case "neg":
            return Neg(inner())
        case "div":
            return Div(inner(), Add((Pow(leaf(rng, at), num(2)), num(2))))
        case "pow":
            return Pow(leaf(rng, at), num(2))
        case "sum":
            if len(at) > 2:
                return leaf(rng, at)
            letter = next(x for x in LETTERS if x not in at)
            low = Ref(at[-1]) if at and rng.random() < 0.15 else ONE
            high = Ref(rng.choice(SIZES))
            return Reduce(
                "sum", (Bound(letter, low, high),), formula(rng, depth - 1, [*at, letter])
            )
        case "bracket":
            return Mul((bracket(rng, at), inner()))
        case "max":
            return Call(rng.choice(["max", "min"]), (leaf(rng, at), leaf(rng, at)))
        case "relu":
            return Call("relu", (leaf(rng, at),))
        case "abs":
            return Call("abs", (leaf(rng, at),))
        case "fn":
            return Call(rng.choice(["exp", "sigmoid", "tanh"]), (leaf(rng, at),))
    return Cases(((inner(), Rel(">", leaf(rng, at), ZERO)), (leaf(rng, at), None)))


# -- rewritings -------------------------------------------------------------------------------

Rewriting = Callable[[Expr, random.Random], Expr | None]


def unused(e: Expr) -> str:
    """A letter that does not occur."""
    return next(x for x in ("a", "b", "c", "d", "f", "g") if x not in names(e))


def one_sum(e: Expr) -> Bound | None:
    """The index of a sum over one index."""
    if isinstance(e, Reduce) and e.op == "sum" and len(e.bounds) == 1 and not e.bounds[0].conds:
        return e.bounds[0]
    return None


def renamed(e: Expr, rng: random.Random) -> Expr | None:
    """Σ_i f(i) = Σ_a f(a)."""
    b = one_sum(e)
    if b is None:
        return None
    new = unused(e)
    body = substitute(e.body, {b.name: Ref(new)})  # type: ignore[attr-defined]
    return Reduce("sum", (Bound(new, b.lo, b.hi),), body)


def shifted(e: Expr, rng: random.Random) -> Expr | None:
    """Σ_{i=lo}^{hi} f(i) = Σ_{i=lo+c}^{hi+c} f(i-c)."""
    b = one_sum(e)
    if b is None or b.lo is None or b.hi is None:
        return None
    by = rng.choice([num(1), num(2), Neg(num(1)), Ref(FREE), Ref("m")])
    if b.name in free_names(by):
        return None
    body = substitute(e.body, {b.name: Add((Ref(b.name), Neg(by)))})  # type: ignore[attr-defined]
    return Reduce("sum", (Bound(b.name, Add((b.lo, by)), Add((b.hi, by))),), body)


def reversed_(e: Expr, rng: random.Random) -> Expr | None:
    """Σ_{i=lo}^{hi} f(i) = Σ_{i=lo}^{hi} f(lo + hi - i)."""
    b = one_sum(e)
    if b is None or b.lo is None or b.hi is None:
        return None
    turned = Add((b.lo, b.hi, Neg(Ref(b.name))))
    return Reduce("sum", (b,), substitute(e.body, {b.name: turned}))  # type: ignore[attr-defined]


def first_apart(e: Expr, rng: random.Random) -> Expr | None:
    """Σ_{i=1}^{n} f(i) = f(1) + Σ_{i=2}^{n} f(i)."""
    b = one_sum(e)
    if b is None or b.lo != ONE or not isinstance(b.hi, Ref):
        return None
    head = substitute(e.body, {b.name: ONE})  # type: ignore[attr-defined]
    return Add((head, Reduce("sum", (Bound(b.name, num(2), b.hi),), e.body)))  # type: ignore[attr-defined]


def last_apart(e: Expr, rng: random.Random) -> Expr | None:
    """Σ_{i=1}^{n} f(i) = Σ_{i=1}^{n-1} f(i) + f(n)."""
    b = one_sum(e)
    if b is None or b.lo != ONE or not isinstance(b.hi, Ref):
        return None
    tail = substitute(e.body, {b.name: b.hi})  # type: ignore[attr-defined]
    rest = Reduce("sum", (Bound(b.name, b.lo, Add((b.hi, Neg(ONE)))),), e.body)  # type: ignore[attr-defined]
    return Add((rest, tail))


def split(e: Expr, rng: random.Random) -> Expr | None:
    """Σ f = Σ f [i ≤ c] + Σ f [i > c]."""
    b = one_sum(e)
    if b is None:
        return None
    at = rng.choice([num(2), Ref(FREE), Ref("m")])
    parts = (Iverson(Rel(op, Ref(b.name), at)) for op in ("<=", ">"))
    return Add(tuple(Reduce("sum", (b,), Mul((e.body, p))) for p in parts))  # type: ignore[attr-defined]


def exchanged(e: Expr, rng: random.Random) -> Expr | None:
    """Σ_i Σ_k = Σ_k Σ_i."""
    b = one_sum(e)
    inner = e.body if b is not None else None  # type: ignore[attr-defined]
    c = one_sum(inner) if inner is not None else None
    if b is None or c is None or b.name == c.name:
        return None
    if b.name in {n for end in (c.lo, c.hi) if end is not None for n in free_names(end)}:
        return None
    return Reduce("sum", (c,), Reduce("sum", (b,), inner.body))  # type: ignore[union-attr]


def kronecker(e: Expr, rng: random.Random) -> Expr | None:
    """f(i) = Σ_a [a = i] f(a), for i in the range of a."""
    b = one_sum(e)
    if b is None:
        return None
    a = unused(e)
    inner = Mul((Iverson(Rel("=", Ref(a), Ref(b.name))), substitute(e.body, {b.name: Ref(a)})))  # type: ignore[attr-defined]
    return Reduce("sum", (b,), Reduce("sum", (Bound(a, b.lo, b.hi),), inner))


def sum_of_sums(e: Expr, rng: random.Random) -> Expr | None:
    """Σ (a + b) = Σ a + Σ b."""
    b = one_sum(e)
    if b is None or not isinstance(e.body, Add):  # type: ignore[attr-defined]
        return None
    return Add(tuple(Reduce("sum", (b,), t) for t in e.body.terms))  # type: ignore[attr-defined]


def distributed(e: Expr, rng: random.Random) -> Expr | None:
    """a (b + c) = a b + a c."""
    if isinstance(e, Mul):
        for k, f in enumerate(e.factors):
            if isinstance(f, Add):
                rest = (e.factors[:k], e.factors[k + 1 :])
                return Add(tuple(Mul((*rest[0], t, *rest[1])) for t in f.terms))
    return None


def into_sum(e: Expr, rng: random.Random) -> Expr | None:
    """a Σ_i b = Σ_i a b."""
    if isinstance(e, Mul) and len(e.factors) == 2:
        a, b = e.factors
        at = one_sum(b)
        if at is not None and at.name not in names(a):
            return Reduce("sum", (at,), Mul((a, b.body)))  # type: ignore[attr-defined]
    return None


def commuted(e: Expr, rng: random.Random) -> Expr | None:
    """a + b = b + a, a b = b a, max(a, b) = max(b, a)."""
    if isinstance(e, Add | Mul) or (isinstance(e, Call) and e.fn in ("max", "min")):
        kids = list(children(e))
        rng.shuffle(kids)
        return rebuild(e, kids)
    return None


def nothing_added(e: Expr, rng: random.Random) -> Expr | None:
    """a = a + b - b."""
    if isinstance(e, Bound | Rel | And):
        return None
    extra = formula(rng, 1, [])
    return Add((e, extra, Neg(extra)))


def times_inverse(e: Expr, rng: random.Random) -> Expr | None:
    """a/b = a b^{-1}."""
    return Mul((e.num, Pow(e.den, num(-1)))) if isinstance(e, Div) else None


def spelled(e: Expr, rng: random.Random) -> Expr | None:
    """Functions by their definitions."""
    if not isinstance(e, Call):
        return None
    x = e.args[0]
    match e.fn:
        case "sigmoid":
            return Div(ONE, Add((ONE, Call("exp", (Neg(x),)))))
        case "tanh":
            up, down = Call("exp", (x,)), Call("exp", (Neg(x),))
            return Div(Add((up, Neg(down))), Add((up, down)))
        case "relu":
            return rng.choice([Call("max", (ZERO, x)), Mul((x, Iverson(Rel(">", x, ZERO))))])
        case "abs":
            return rng.choice([Call("max", (x, Neg(x))), Mul((x, Call("sign", (x,))))])
        case "max":
            a, b = e.args
            return Neg(Call("min", (Neg(a), Neg(b))))
        case "min":
            a, b = e.args
            gap = Call("abs", (Add((a, Neg(b))),))
            return Mul((num(Fraction(1, 2)), Add((a, b, Neg(gap)))))
    return None


def complement(e: Expr, rng: random.Random) -> Expr | None:
    """[a > b] = 1 - [a ≤ b]."""
    against = {">": "<=", "<=": ">", "<": ">=", ">=": "<", "=": "!=", "!=": "="}
    if isinstance(e, Iverson) and isinstance(e.cond, Rel):
        r = e.cond
        return Add((ONE, Neg(Iverson(Rel(against[r.op], r.lhs, r.rhs)))))
    return None


def turned(e: Expr, rng: random.Random) -> Expr | None:
    """a > b is b < a is a - b > 0."""
    flip = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "=": "=", "!=": "!="}
    if isinstance(e, Rel):
        return Rel(flip[e.op], e.rhs, e.lhs)
    return None


def square(e: Expr, rng: random.Random) -> Expr | None:
    """x² = x x."""
    return Mul((e.base, e.base)) if isinstance(e, Pow) and e.exp == num(2) else None


def as_brackets(e: Expr, rng: random.Random) -> Expr | None:
    """Cases as products with indicators."""
    if isinstance(e, Cases) and len(e.branches) == 2 and e.branches[0][1] is not None:
        (a, cond), (b, _) = e.branches
        here = Iverson(cond)
        return Add((Mul((a, here)), Mul((b, Add((ONE, Neg(here)))))))
    return None


REWRITINGS: Mapping[str, Rewriting] = {
    f.__name__: f
    for f in (
        renamed, shifted, reversed_, first_apart, last_apart, split, exchanged, kronecker,
        sum_of_sums, distributed, into_sum, commuted, nothing_added, times_inverse, spelled,
        complement, turned, square, as_brackets,
    )
}  # fmt: skip


def everywhere(
    e: Expr, inside_subscript: bool = False
) -> Iterator[tuple[Expr, Callable[[Expr], Expr]]]:
    """Each part of a formula that is no subscript, with what puts another in its place."""
    yield e, lambda x: x
    if isinstance(e, Ref):
        return
    kids = children(e)
    for k, kid in enumerate(kids):
        if isinstance(e, Reduce | Bound) and isinstance(kid, Bound):
            continue
        whole = isinstance(e, Rel) and all(n in (*LETTERS, *SIZES, FREE) for n in names(e))
        if whole or isinstance(e, Bound):
            continue
        for part, put in everywhere(kid):
            yield part, lambda x, k=k, put=put: rebuild(e, (*kids[:k], put(x), *kids[k + 1 :]))  # type: ignore[misc]


def rewritten(e: Expr, rng: random.Random, times: int) -> tuple[Expr, list[str]]:
    """A formula after some rewritings, and which they were."""
    done: list[str] = []
    for _ in range(times * 6):
        if len(done) == times:
            break
        name = rng.choice(list(REWRITINGS))
        places = list(everywhere(e))
        part, put = rng.choice(places)
        new = REWRITINGS[name](part, rng)
        if new is not None:
            e = put(new)
            done.append(name)
    return e, done


# -- the oracle -------------------------------------------------------------------------------


def numbers(seed: int, small: bool) -> Callable[[Ref], Number]:
    """A number for each entry: in general position, or small whole ones that may tie."""

    def at(ref: Ref) -> Number:
        rng = random.Random(f"{seed} {ref}")
        if small:
            return Fraction(rng.randint(-2, 2))
        return Fraction(rng.randint(-999, 999) or 1, rng.choice([7, 11, 13]))

    return at


def evaluated(e: Expr, at: Mapping[str, int], seed: int, small: bool) -> Number | None:
    """The value at a point, None where there is none."""
    try:
        judge = Unrolled(Network(), Point(dict(at)), numbers(seed, small), digits=400)
        return judge.value(e)
    except SymgradError:
        return None


def points(small: bool) -> Iterator[tuple[dict[str, int], int]]:
    """Sizes up to 3, the free index around them, with other numbers each time."""
    for n in (1, 2, 3):
        for m in (1, 2, 3):
            for j in (-1, 0, 1, 2, 3):
                yield {"n": n, "m": m, "j": j}, 100 * n + 10 * m + j + (7 if small else 0)
