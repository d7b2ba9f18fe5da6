"""Sums that a condition collapses keep their value, at every entry and at small sizes."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from symgrad.evaluate import Point, value
from symgrad.expr import ONE, Add, And, Bound, Expr, Iverson, Mul, Reduce, Ref, Rel, num, substitute
from symgrad.index import Facts, Index, Range
from symgrad.latex import latex
from symgrad.rules.sums import sift

N, M = Ref("n"), Ref("m")
I_RANGE = Range(num(-1), Add((N, num(2))))


def affine_in(rng: random.Random, letter: str) -> Expr:
    scale, lift = rng.choice([1, 1, 1, 2, -1]), rng.randint(-2, 2)
    return Add((Mul((num(scale), Ref(letter))), num(lift)))


def some_sum(rng: random.Random) -> Expr:
    """2 Σ_k Σ_j [k-form = form] [other] w_k v_{k+j}, with the free index i about."""
    equation = Rel("=", affine_in(rng, "k"), affine_in(rng, rng.choice("iij")))
    more = Rel(rng.choice(["<=", "<", ">="]), affine_in(rng, rng.choice("kj")), affine_in(rng, "i"))
    bracket = Iverson(And((equation, more)) if rng.random() < 0.5 else equation)
    body = Mul((num(2), Ref("w", (Ref("k"),)), bracket, Ref("v", (Add((Ref("k"), Ref("j"))),))))
    bounds = [Bound("k", ONE, N), Bound("j", ONE, rng.choice([M, N, num(3)]))]
    rng.shuffle(bounds)
    return Reduce("sum", tuple(bounds), body)


def leaf(ref: Ref) -> Fraction:
    return Fraction(random.Random(latex(ref)).randint(2, 99), 7)


@pytest.mark.parametrize("seed", range(120))
def test_sifting_keeps_the_value(seed: int) -> None:
    e = some_sum(random.Random(seed))
    facts = Facts(sizes=frozenset({"n", "m"})).within([Index("i", I_RANGE)])
    sifted = sift(e, facts)
    assert sift(sifted, facts) == sifted, f"not settled at once: seed {seed}"
    for n, m in ((1, 2), (3, 2), (2, 4)):
        point = Point({"n": n, "m": m})
        for i in range(-1, n + 3):
            before, after = (value(substitute(x, {"i": num(i)}), point, leaf) for x in (e, sifted))
            assert before == after, f"seed {seed}, n = {n}, m = {m}, i = {i}: {latex(sifted)}"


@pytest.mark.parametrize("seed", range(120))
def test_ranges_cut_and_products_counted_keep_the_value(seed: int) -> None:
    rng = random.Random(seed)
    k, lift = Ref("k"), Add((Ref("i"), num(rng.randint(-1, 1))))
    scale = num(rng.choice([1, 1, -1, 2]))
    bracket = Iverson(Rel(rng.choice(["<=", "<", ">=", ">", "=", "!="]), Mul((scale, k)), lift))
    inner = Reduce("prod", (Bound("j", ONE, N, (Rel("!=", Ref("j"), k),)),), Ref("u"))
    factor = rng.choice([Ref("w", (k,)), inner, Reduce("prod", (Bound("j", ONE, N),), Ref("u"))])
    e = Reduce("sum", (Bound("k", ONE, N),), Mul((bracket, factor)))
    facts = Facts(sizes=frozenset({"n"})).within([Index("i", Range(ONE, N))])
    sifted = sift(e, facts)
    assert sift(sifted, facts) == sifted, latex(sifted)
    for n in (1, 2, 4):
        for i in range(1, n + 1):
            before, after = (
                value(substitute(x, {"i": num(i)}), Point({"n": n}), leaf) for x in (e, sifted)
            )
            assert before == after, f"seed {seed}, n = {n}, i = {i}: {latex(sifted)}"
