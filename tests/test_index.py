"""Affine forms, ranges, facts and contractions, each against counting out all the points."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product

import pytest
from oracle import instances, ref, subscript

from symgrad.affine import Affine, Condition, affine, conditions, shift, tidy_indices
from symgrad.contract import contract, guard
from symgrad.errors import NetworkError
from symgrad.evaluate import Point, holds, value
from symgrad.expr import (
    ONE,
    ZERO,
    Add,
    And,
    Call,
    Div,
    Expr,
    Iverson,
    Mul,
    Neg,
    Pow,
    Reduce,
    Ref,
    Rel,
    num,
    substitute,
)
from symgrad.index import Facts, Index, Range, extent, hull, range_conditions
from symgrad.latex import latex

SEEDS = range(100)
NAMES = ["i", "j", "n", "m"]
n, m = Ref("n"), Ref("m")
SIZED = Facts(sizes=frozenset({"n", "m"}))


def span(name: str, lo: Expr | int, hi: Expr | int) -> Index:
    return Index(name, Range(*(num(x) if isinstance(x, int) else x for x in (lo, hi))))


def at(form: Affine, env: Mapping[str, int]) -> int:
    return form.constant + sum(c * env[name] for name, c in form.coefficients)


def points(indices: Sequence[Index], env: dict[str, int]) -> Iterator[dict[str, int]]:
    """Every value of the indices, counted out."""
    if not indices:
        yield env
        return
    first, *rest = indices
    lo, hi = (int(value(e, Point(env))) for e in (first.range.lo, first.range.hi))
    for k in range(lo, hi + 1):
        yield from points(rest, {**env, first.name: k})


def random_affine(rng: random.Random, depth: int = 3) -> Expr:
    """An affine formula in a random spelling."""
    if depth == 0:
        return rng.choice([num(rng.randint(-3, 3)), Ref(rng.choice(NAMES))])
    match rng.randint(0, 3):
        case 0:
            return Neg(random_affine(rng, depth - 1))
        case 1:
            return Mul((num(rng.randint(-3, 3)), random_affine(rng, depth - 1)))
        case _:
            return Add(tuple(random_affine(rng, depth - 1) for _ in range(rng.randint(2, 3))))


# -- affine forms ---------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_affine_forms_keep_the_value(seed: int) -> None:
    rng = random.Random(seed)
    e, f = random_affine(rng), random_affine(rng)
    a, b = affine(e), affine(f)
    assert a is not None
    assert b is not None
    env = {name: rng.randint(-4, 4) for name in NAMES}
    point = Point(env)
    assert at(a, env) == value(e, point) == value(a.expr(), point)
    assert affine(a.expr()) is not None
    assert at(a.plus(b, -2), env) == at(a, env) - 2 * at(b, env)
    assert at(a.scaled(3), env) == 3 * at(a, env)
    moved = {**env, "i": at(b, env)}
    assert at(a.with_value("i", b), env) == at(a, moved)
    assert all(c for _, c in a.coefficients)


@pytest.mark.parametrize("seed", SEEDS)
def test_solve_finds_the_root(seed: int) -> None:
    rng = random.Random(seed)
    e = Add((random_affine(rng), Mul((num(rng.choice([1, -1])), Ref("p")))))
    form = affine(e)
    assert form is not None
    env = {name: rng.randint(-4, 4) for name in NAMES}
    assert at(form, {**env, "p": at(form.solve("p"), env)}) == 0


@pytest.mark.parametrize(
    "e",
    [
        num(Fraction(1, 2)),
        Div(n, num(2)),
        Pow(n, num(2)),
        ref("x", 1),
        Call("max", (n, m)),
        Add((n, Div(ONE, n))),
        Mul((num(2), Div(n, m))),
    ],
)
def test_what_is_not_affine_is_none(e: Expr) -> None:
    assert affine(e) is None


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        (Affine(1, (("i", -1), ("l", 1))), "l - i + 1"),
        (Affine(-1, (("n", 1), ("m", 1))), "n + m - 1"),
        (Affine(0, (("i", 2),)), "2 i"),
        (Affine(0), "0"),
        (Affine(-3), "-3"),
        (Affine(2, (("i", -1),)), "2 - i"),
    ],
)
def test_forms_read_as_a_person_writes_them(form: Affine, shown: str) -> None:
    assert latex(form.expr()) == shown


# -- conditions and facts -------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_conditions_hold_where_the_comparison_does(seed: int) -> None:
    rng = random.Random(seed)
    rel = Rel(rng.choice(["<", "<=", "=", ">", ">="]), random_affine(rng), random_affine(rng))
    found = conditions(rel)
    assert found is not None
    for _ in range(20):
        env = {name: rng.randint(-4, 4) for name in NAMES}
        assert all(_satisfied(c, env) for c in found) == holds(rel, Point(env)), (seed, env)


def _satisfied(c: Condition, env: Mapping[str, int]) -> bool:
    return at(c.form, env) == 0 if c.equality else at(c.form, env) >= 0


def test_conditions_of_several_are_the_conditions_of_each() -> None:
    a, b = Rel("<", Ref("i"), n), Rel("=", Ref("j"), m)
    both = conditions(And((a, b)))
    assert both == (*(conditions(a) or ()), *(conditions(b) or ()))
    assert conditions(Rel("!=", n, m)) is None
    assert conditions(And((a, Rel("<", Div(n, m), n)))) is None
    assert conditions(n) is None


BOX = 5


@pytest.mark.parametrize("seed", SEEDS)
def test_facts_imply_what_holds_at_every_point_of_a_box(seed: int) -> None:
    rng = random.Random(seed)
    box = [
        Condition(f) for v in NAMES[:3] for f in (Affine(-1, ((v, 1),)), Affine(BOX, ((v, -1),)))
    ]
    drawn = [_drawn(rng) for _ in range(rng.randint(0, 2))]
    goal = _drawn(rng)
    facts = Facts(tuple(box + drawn))
    everywhere = [
        env for env in instances(NAMES[:3], BOX) if all(_satisfied(c, env) for c in drawn)
    ]
    assert facts.imply(goal) == all(_satisfied(goal, env) for env in everywhere), seed
    assert facts.contradictory() == (not everywhere)
    found = facts.instance([goal])
    assert (found is None) == (not any(_satisfied(goal, env) for env in everywhere))
    if found is not None:
        env = {**dict.fromkeys(NAMES, 1), **found}
        assert all(_satisfied(c, env) for c in (*box, *drawn, goal))


def _drawn(rng: random.Random) -> Condition:
    named = tuple((v, rng.choice([-2, -1, 1, 2])) for v in NAMES[:3] if rng.random() < 0.6)
    return Condition(Affine(rng.randint(-4, 6), named), equality=rng.random() < 0.2)


def test_sizes_are_positive_and_indices_lie_in_their_ranges() -> None:
    assert SIZED.imply(Condition(Affine(-1, (("n", 1),))))
    assert not SIZED.imply(Condition(Affine(-2, (("n", 1),))))
    assert not Facts().imply(Condition(Affine(-1, (("n", 1),))))
    inside = SIZED.within([span("i", 1, n)])
    assert inside.imply(Condition(Affine(0, (("n", 1), ("i", -1)))))
    assert not inside.imply(Condition(Affine(0, (("m", 1), ("i", -1)))))


def test_a_bound_that_is_not_affine_is_named() -> None:
    with pytest.raises(NetworkError) as caught:
        range_conditions(Affine(0, (("i", 1),)), Range(ONE, Pow(n, num(2))))
    assert str(caught.value) == (
        "found the bound n^2, expected an affine one such as n - m + 1; "
        "write the bound as a sum of sizes and integers"
    )


# -- extent and hull ------------------------------------------------------------------------


def drawn_indices(rng: random.Random) -> list[Index]:
    """Two ranges; the second may be triangular or shifted."""
    first = span("i", rng.randint(-1, 1), rng.choice([n, m, Add((n, num(2)))]))
    second = rng.choice(
        [
            span("j", 1, m),
            span("j", 1, Ref("i")),
            span("j", Ref("i"), Add((n, m, num(2)))),
            span("j", 0, Add((m, Neg(ONE)))),
            span("j", 1, rng.randint(1, 4)),
        ]
    )
    return [first, second]


@pytest.mark.parametrize("seed", SEEDS)
def test_extent_is_least_and_greatest_value(seed: int) -> None:
    rng = random.Random(seed)
    indices = drawn_indices(rng)
    form = affine(subscript(rng, ["i", "j"]))
    assert form is not None
    r = extent(form, indices)
    for sizes in instances(["n", "m"], 4):
        inside = list(points(indices, dict(sizes)))
        rows: dict[int, int] = {}
        for env in inside:
            rows[env["i"]] = rows.get(env["i"], 0) + 1
        reached = [at(form, env) for env in inside]
        low, high = value(r.lo, Point(sizes)), value(r.hi, Point(sizes))
        assert all(low <= k <= high for k in reached), (seed, sizes)
        if len(rows) == len(list(points(indices[:1], dict(sizes)))) and rows:
            assert (low, high) == (min(reached), max(reached)), (seed, sizes)


@pytest.mark.parametrize("seed", SEEDS)
def test_hull_is_the_smallest_range_around(seed: int) -> None:
    rng = random.Random(seed)
    ends: list[Expr] = [ONE, ZERO, n, m, Add((n, m)), Add((n, ONE)), num(3), Add((m, Neg(ONE)))]
    ranges = [Range(rng.choice(ends), rng.choice(ends)) for _ in range(rng.randint(1, 4))]
    facts = rng.choice([SIZED, SIZED.plus([Condition(Affine(0, (("n", 1), ("m", -1))))])])
    r = hull(ranges, facts)
    for sizes in instances(["n", "m"], 5):
        if not all(_satisfied(c, sizes) for c in facts.known):
            continue
        point = Point(sizes)
        assert value(r.lo, point) == min(value(x.lo, point) for x in ranges), (seed, sizes)
        assert value(r.hi, point) == max(value(x.hi, point) for x in ranges), (seed, sizes)


def test_hull_drops_what_never_wins() -> None:
    r = hull([Range(ONE, n), Range(ONE, Add((n, m, Neg(ONE)))), Range(num(2), n)], SIZED)
    assert (latex(r.lo), latex(r.hi)) == ("1", "n + m - 1")
    undecided = hull([Range(ONE, n), Range(ONE, m)], SIZED)
    assert latex(undecided.hi) == r"\max(n, m)"


def test_ranges_of_numbers_have_a_size() -> None:
    assert Range(ONE, num(3)).size == 3
    assert list(Range(ZERO, num(2)).values()) == [0, 1, 2]
    assert Range(num(3), ONE).size == 0
    assert Range(ONE, n).size is None


# -- contraction ----------------------------------------------------------------------------


def weight(k: Sequence[int]) -> Fraction:
    """A value for every point, different from its neighbours'."""
    total = 1
    for x in k:
        total = total * 1009 + (x + 50) * (x + 77)
    return Fraction(total % 99991 + 2, 7)


def assert_contracts(
    indices: Sequence[Index], phis: Sequence[Expr], facts: Facts, most: int = 4
) -> None:
    """Σ_V [φ(V) = p] f(V) = Σ_remaining guards · f(solved V), at all sizes and all p."""
    ps = [Ref("p"), Ref("q")][: len(phis)]
    names = [i.name for i in indices]
    found = contract(indices, list(zip(phis, ps, strict=True)), facts)
    for sizes in instances(sorted(facts.sizes), most):
        if not all(_satisfied(c, sizes) for c in facts.known):
            continue
        totals: dict[tuple[int, ...], Fraction] = {}
        for env in points(indices, dict(sizes)):
            key = tuple(int(value(phi, Point(env))) for phi in phis)
            totals[key] = totals.get(key, Fraction(0)) + weight([env[v] for v in names])
        for p in product(range(-4, 12), repeat=len(phis)):
            point = {**sizes, **{r.name: k for r, k in zip(ps, p, strict=True)}}
            expected = totals.get(tuple(p), Fraction(0))
            if found is None:
                assert expected == 0
                continue
            body = Mul(
                (*guard(found.guards), Ref("f", tuple(found.values.get(v, Ref(v)) for v in names)))
            )
            e: Expr = Reduce("sum", found.bounds, body) if found.bounds else body
            got = value(e, Point(point), lambda r: weight([int(x.value) for x in r.indices]))
            assert got == expected, f"{sizes}, p = {p}: {latex(e)}"


@pytest.mark.parametrize("seed", SEEDS)
def test_contraction_keeps_every_sum(seed: int) -> None:
    rng = random.Random(seed)
    phi = subscript(rng, ["i", "j"])
    assert_contracts(drawn_indices(rng), [phi], SIZED, most=3)


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("pad", [0, 1, 2])
def test_strided_padded_convolutions_contract(stride: int, pad: int) -> None:
    form = Affine(-stride - pad, (("i", stride), ("j", 1))).expr()
    assert_contracts([span("i", 1, n), span("j", 1, m)], [form], SIZED, most=5)


@pytest.mark.parametrize("seed", range(60))
def test_two_subscripts_contract_together(seed: int) -> None:
    rng = random.Random(seed)
    indices = [*drawn_indices(rng), span("k", 1, rng.choice([n, m]))]
    phis = [subscript(rng, ["i", "j", "k"]), subscript(rng, ["i", "j", "k"])]
    assert_contracts(indices, phis, SIZED, most=2)


@pytest.mark.parametrize(
    "indices",
    [
        [span("i", 1, n), span("l", 1, Ref("i"))],
        [span("i", 1, n), span("l", Ref("i"), n)],
        [span("i", 1, n), span("l", 1, Add((n, Neg(Ref("i")))))],
    ],
)
@pytest.mark.parametrize(
    "phi", [Ref("i"), Ref("l"), Add((Ref("i"), Ref("l"))), Mul((num(2), Ref("i")))]
)
def test_triangles_contract(indices: list[Index], phi: Expr) -> None:
    assert_contracts(indices, [phi], Facts(sizes=frozenset({"n"})), most=5)


def test_facts_about_sizes_are_used_and_kept() -> None:
    facts = SIZED.plus([Condition(Affine(0, (("n", 1), ("m", -1))))])
    assert_contracts([span("i", 1, n), span("j", 1, m)], [Add((Ref("i"), Ref("j")))], facts, most=5)


def test_contraction_of_a_convolution_reads_as_in_the_textbook() -> None:
    """z_i = Σ_j k_j x_{i+j-1} at x_l: j = l - i + 1, max(1, l - m + 1) ≤ i ≤ min(n, l)."""
    form = Add((Ref("i"), Ref("j"), Neg(ONE)))
    found = contract([span("i", 1, n), span("j", 1, m)], [(form, Ref("l"))], SIZED)
    assert found is not None
    assert {name: latex(e) for name, e in found.values.items()} == {"j": "l - i + 1"}
    (bound,) = found.bounds
    assert bound.lo is not None
    assert bound.hi is not None
    assert bound.name == "i"
    assert latex(bound.lo) == r"\max(1, l - m + 1)"
    assert latex(bound.hi) == r"\min(n, l)"
    assert found.guards == ()


def test_contraction_with_no_point_is_none() -> None:
    assert contract([span("i", 1, 3)], [(num(2), num(5))], Facts()) is None
    assert contract([span("i", 1, 3)], [(Ref("i"), num(5))], Facts()) is None
    kept = contract([span("i", 1, 3)], [(num(2), num(2))], Facts())
    assert kept is not None
    assert [b.name for b in kept.bounds] == ["i"]


def test_guard_is_one_bracket_or_none() -> None:
    a, b = Rel("<", n, m), Rel("=", n, m)
    assert guard(()) == ()
    assert guard((a,)) == (Iverson(a),)
    assert guard((a, b)) == (Iverson(And((a, b))),)


# -- shifting -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_shift_is_substitution_with_tidy_subscripts(seed: int) -> None:
    rng = random.Random(seed)
    e = Add((Ref("x", (subscript(rng, ["i", "j"]),)), Ref("x", (Ref("j"),))))
    new = {"i": rng.choice([num(2), Add((Ref("j"), ONE)), Neg(Ref("n"))])}
    env = {name: rng.randint(1, 4) for name in NAMES}

    def lookup(r: Ref) -> Fraction:
        return weight([int(k.value) for k in r.indices])  # type: ignore[attr-defined]

    plain = value(substitute(e, new), Point(env), lookup)
    assert value(shift(e, new), Point(env), lookup) == plain
    assert value(tidy_indices(e), Point(env), lookup) == value(e, Point(env), lookup)


@pytest.mark.parametrize("k", [-3, -1, 0, 1, 4])
def test_shifted_subscripts_without_names_are_plain_numbers(k: int) -> None:
    """Entries are keyed by numbers, negative ones too."""
    read = Ref("x", (Add((Ref("i"), ONE)),))
    assert shift(read, {"i": num(k - 1)}) == ref("x", k)
