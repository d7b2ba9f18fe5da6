"""The rules, one by one: every rewriting keeps the value, every local factor adds up."""

from __future__ import annotations

import os
import random
from fractions import Fraction

import pytest
from oracle import SIZES, field, formula, outcome

from symgrad.affine import shift
from symgrad.dual import Dual
from symgrad.errors import SymgradError
from symgrad.evaluate import Point, Unrolled
from symgrad.expr import (
    Add,
    And,
    Bound,
    Div,
    Expr,
    Iverson,
    Mul,
    Neg,
    Num,
    Pow,
    Reduce,
    Ref,
    Rel,
    canonical,
    children,
    num,
    rebuild,
    same,
    substitute,
    transform,
)
from symgrad.network import Network
from symgrad.rules.algebra import RULES, tidy
from symgrad.rules.calculus import Place, reads_of
from symgrad.rules.forms import count, distinct_bounds, out_of_sums, write_out
from symgrad.rules.terms import in_terms_of

EXAMPLES = int(os.environ.get("SYMGRAD_EXAMPLES", "300"))

SEEDS = range(
    int(os.environ.get("SYMGRAD_SEED", "0")), int(os.environ.get("SYMGRAD_SEED", "0")) + EXAMPLES
)


def inside(e: Expr) -> list[Expr]:
    return [e, *(x for child in children(e) for x in inside(child))]


def keeps(before: Expr, after: Expr, seed: int) -> None:
    """The two agree wherever the first has a value."""
    point = Point(SIZES, field(seed))
    old = outcome(before, point)
    if not isinstance(old, str):
        assert outcome(after, point) == old, seed


@pytest.mark.parametrize("block", range(4))
def test_tidy_keeps_the_value_and_has_nothing_left_to_do(block: int) -> None:
    for seed in SEEDS[block::4]:
        e = formula(random.Random(seed), 4)
        neat = tidy(e)
        keeps(e, neat, seed)
        assert tidy(neat) == neat, seed


def test_every_rule_keeps_the_value() -> None:
    fired = set()
    for seed in SEEDS[::3]:
        for x in inside(formula(random.Random(seed), 4)):
            for node in (x, _children_tidied(x)):
                for rule in RULES.get(type(node), ()):
                    after = rule(node)
                    if after is not None:
                        fired.add(rule.__name__)
                        free = {i: num(2) for i in "ijkl"}
                        keeps(substitute(node, free), substitute(after, free), seed)
    if EXAMPLES >= 300:
        assert len(fired) >= 12, sorted(fired)


def fraction(rng: random.Random, depth: int = 3) -> Expr:
    """Products, quotients and powers of a few scalars that share factors with one another."""
    if not depth or rng.random() < 0.2:
        return rng.choice([Ref("u"), Ref("u"), Ref("v"), num(2), num(4), Add((Ref("u"), Ref("v")))])
    parts = [fraction(rng, depth - 1) for _ in range(rng.randint(2, 3))]
    match rng.choice(["mul", "mul", "div", "div", "pow", "neg", "add", "name"]):
        case "mul":
            return Mul(tuple(parts))
        case "div":
            return Div(parts[0], parts[1])
        case "pow":
            return Pow(parts[0], num(rng.randint(1, 3)))
        case "neg":
            return Neg(parts[0])
        case "add":
            return Add(tuple(parts))
    base = rng.choice([Ref("u"), Ref("v")])
    return Mul((base, Pow(base, Add((Ref("n"), Neg(num(1)))))))


def test_fractions_keep_the_value() -> None:
    for seed in range(4 * EXAMPLES):
        e = fraction(random.Random(seed))
        neat = tidy(e)
        keeps(e, neat, seed)
        assert tidy(neat) == neat, seed
        assert len(inside(neat)) <= len(inside(e)) + 4, seed


def test_a_quotient_by_its_name_keeps_the_value() -> None:
    u, v, y = Ref("u"), Ref("v"), Ref("w")
    for seed in range(EXAMPLES):
        rng = random.Random(seed)
        a = rng.choice([num(1), u, Mul((u, v))])
        b = Add((a, v)) if rng.random() < 0.7 else Add((v, num(1), a))
        rest = rng.choice([v, Add((v, num(1))), u, num(3)])
        top = Mul(tuple(rng.sample([a, rest, v, Div(num(1), u)], 3)))
        e: Expr = Div(Neg(top) if seed % 2 else top, Pow(b, num(2)))
        called = in_terms_of(y, Div(a, b), e)
        point = Point(SIZES, field(seed))
        put = transform(called, lambda x, a=a, b=b: Div(a, b) if x == y else x)
        assert outcome(put, point) == outcome(e, point), seed


def _children_tidied(e: Expr) -> Expr:
    return rebuild(e, [tidy(k) for k in children(e)]) if children(e) else e


def test_distinct_letters_keep_the_value() -> None:
    for seed in SEEDS:
        e = formula(random.Random(seed), 4)
        apart = distinct_bounds(e, frozenset("ik"))
        keeps(e, apart, seed)
        assert canonical(apart) == canonical(e), seed
        assert not nested_twice(apart, frozenset("ik")), seed


def nested_twice(e: Expr, around: frozenset[str]) -> bool:
    if isinstance(e, Reduce):
        for b in e.bounds:
            if b.name in around:
                return True
            around = around | {b.name}
        return nested_twice(e.body, around)
    return any(nested_twice(x, around) for x in children(e))


def test_two_letters_are_never_merged() -> None:
    body = Mul((Ref("x", (Ref("k"),)), Ref("y", (Ref("j"),))))
    e = Reduce("sum", (Bound("k", num(1), num(2)), Bound("j", num(1), Ref("m"))), body)
    assert same(distinct_bounds(e, frozenset("ik")), e)


def test_factors_in_front_of_sums_keep_the_value() -> None:
    for seed in SEEDS:
        e = formula(random.Random(seed), 4)
        keeps(e, out_of_sums(e), seed)


def test_short_sums_written_out_keep_the_value() -> None:
    written = 0
    for seed in SEEDS:
        e = substitute(formula(random.Random(seed), 4), {n: num(v) for n, v in SIZES.items()})
        for x in inside(e):
            if isinstance(x, Reduce) and x.op == "sum" and count(x.bounds) is not None:
                free = {i: num(2) for i in "ijkl"}
                before = substitute(x, free)
                assert isinstance(before, Reduce)
                if count(before.bounds) is not None:
                    keeps(before, write_out(before, shift), seed)
                    written += 1
    assert written or EXAMPLES < 300


def test_local_factors_add_up_to_the_derivative() -> None:
    """∂e/∂x_p = Σ over reads Σ_J factor(J) [φ(J) = p], against dual numbers."""
    compared = 0
    for seed in SEEDS:
        e = formula(random.Random(seed), 4)
        values = field(seed)
        plain = Unrolled(Network(), Point(SIZES, values))
        for name in ("u", "x"):
            places = reads_of(e, name)
            for at in [()] if name == "u" else [(k,) for k in range(-2, 5)]:
                p = Ref(name, tuple(map(num, at)))
                moved = Dual(values[p], Fraction(1))
                try:
                    wanted = (
                        Unrolled(Network(), Point(SIZES, values), given={p: moved}).dual(e).tangent
                    )
                    got = sum((plain.value(share(place, p)) for place in places), Fraction(0))
                except SymgradError:
                    continue  # a tie, or a value beyond reach
                assert got == wanted, (seed, name, at)
                compared += 1
    assert compared > EXAMPLES or EXAMPLES < 300


def share(place: Place, p: Ref) -> Expr:
    """Σ_J factor(J) [φ(J) = p]."""
    hits = [Rel("=", a, b) for a, b in zip(place.ref.indices, p.indices, strict=True)]
    body = Mul((Iverson(And(tuple(hits))), place.factor)) if hits else place.factor
    bounds = tuple(Bound(i.name, i.range.lo, i.range.hi) for i in place.inside)
    return Reduce("sum", bounds, body) if bounds else body


def test_numbers_have_one_spelling() -> None:
    assert not any(
        isinstance(x, Num) and x.value < 0 for x in inside(tidy(Mul((num(-2), Ref("u")))))
    )


@pytest.mark.parametrize(("op", "empty"), [("sum", 0), ("prod", 1), ("max", None), ("min", None)])
def test_a_range_of_one_number_is_no_range(op: str, empty: int | None) -> None:
    i, a = Ref("i"), Ref("a")
    body = Ref("x", (i,))
    assert tidy(Reduce(op, (Bound("i", a, a),), body)) == Ref("x", (a,))
    nothing = Reduce(op, (Bound("i", num(1), num(0)),), body)
    assert tidy(nothing) == (nothing if empty is None else num(empty))
    both = Reduce(op, (Bound("j", num(1), Ref("n")), Bound("i", Ref("j"), Ref("j"))), body)
    assert tidy(both) == Reduce(op, (Bound("j", num(1), Ref("n")),), Ref("x", (Ref("j"),)))
