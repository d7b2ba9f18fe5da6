"""Substitution captures nothing; same means equal up to bound names; trees come apart."""

from __future__ import annotations

import random

import pytest
from oracle import SIZES, field, formula, outcome, ref

from symgrad.evaluate import Point, value
from symgrad.expr import (
    ONE,
    ZERO,
    Add,
    And,
    Blank,
    Bound,
    Call,
    Cases,
    Div,
    Expr,
    Iverson,
    Mul,
    Neg,
    Num,
    Partial,
    Pow,
    Reduce,
    Ref,
    Rel,
    canonical,
    children,
    constant,
    free,
    free_names,
    fresh,
    names,
    num,
    rebuild,
    replace_refs,
    same,
    substitute,
    transform,
    walk,
)

SEEDS = range(100)
i, j, n, x = Ref("i"), Ref("j"), Ref("n"), ref("x")
BOUND = "ijkl"

KINDS = [
    num(3),
    Blank(),
    Ref("x", (i, num(2))),
    Add((i, j)),
    Mul((i, j)),
    And((Rel("<", i, j),)),
    Call("exp", (i,), r"\exp"),
    Neg(i),
    Iverson(Rel("=", i, j)),
    Div(i, j),
    Pow(i, j),
    Rel("<=", i, j),
    Partial(i, j, True),
    Cases(((i, Rel("<", i, j)), (j, None))),
    Bound("k", i, j, (Rel("<", i, j),)),
    Bound("k", None, j),
    Reduce("sum", (Bound("k", i), Bound("l", j)), x),
]


def over(op: str, name: str, lo: Expr | None, hi: Expr | None, body: Expr, *conds: Expr) -> Reduce:
    return Reduce(op, (Bound(name, lo, hi, conds),), body)


@pytest.mark.parametrize("e", KINDS, ids=lambda e: type(e).__name__)
def test_children_and_rebuild_are_inverse(e: Expr) -> None:
    again = rebuild(e, children(e))
    assert again == e
    for slot in ("spelling", "text", "total"):
        assert getattr(again, slot, None) == getattr(e, slot, None)


@pytest.mark.parametrize("seed", SEEDS)
def test_transform_without_change_gives_the_very_same_formula(seed: int) -> None:
    e = formula(random.Random(seed))
    assert transform(e, lambda part: part) is e
    assert substitute(e, {"nobody": ONE}) is e or substitute(e, {"nobody": ONE}) == e


@pytest.mark.parametrize("seed", SEEDS)
def test_walk_meets_every_part_once_outermost_first(seed: int) -> None:
    e = formula(random.Random(seed))

    def parts(part: Expr) -> list[Expr]:
        return [part, *(inner for child in children(part) for inner in parts(child))]

    assert list(walk(e)) == parts(e)


def test_walk_does_not_recurse() -> None:
    e: Expr = x
    for _ in range(20_000):
        e = Neg(e)
    assert sum(1 for _ in walk(e)) == 20_001


# -- free -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_a_value_depends_on_free_references_only(seed: int) -> None:
    """Closed under sizes, a formula needs nothing but what `free` names."""
    e = formula(random.Random(seed))
    known = free_names(e)
    assert not known & set(BOUND)
    point = Point({s: k for s, k in SIZES.items() if s in known}, {})
    everything = field(seed)
    asked: set[str] = set()

    def lookup(r: Ref):  # type: ignore[no-untyped-def]
        asked.add(r.name)
        return everything[r]

    value(e, point, lookup)
    assert asked <= known, f"seed {seed}"


@pytest.mark.parametrize(
    ("e", "expected"),
    [
        (over("sum", "j", ONE, n, Mul((Ref("k", (j,)), Ref("x", (i,))))), ["n", "k", "x", "i"]),
        (over("sum", "j", j, n, j), ["j", "n"]),
        (Add((over("sum", "j", ONE, n, j), j)), ["n", "j"]),
        (over("sum", "j", ONE, n, ONE, Rel("!=", j, i)), ["n", "i"]),
        (Reduce("sum", (Bound("i", ONE, n), Bound("j", i, n)), j), ["n"]),
        (Reduce("sum", (Bound("i", j, n), Bound("j", ONE, i)), j), ["j", "n"]),
        (over("sum", "j", ONE, n, Ref("j", (j,))), ["n", "j"]),
    ],
)
def test_free_leaves_out_what_is_bound(e: Expr, expected: list[str]) -> None:
    assert list(dict.fromkeys(r.name for r in free(e))) == expected


# -- substitute -----------------------------------------------------------------------------

REPLACEMENTS = [Ref("j"), Ref("i"), Add((Ref("k"), ONE)), num(2), Add((Ref("l"), Neg(Ref("i"))))]


@pytest.mark.parametrize("seed", SEEDS)
def test_substitution_is_evaluation_elsewhere(seed: int) -> None:
    """e[i := r] at a point is e at the point where i is the value of r: nothing is captured."""
    rng = random.Random(seed)
    e = formula(rng, 3, ["i", "k"])
    new = rng.choice(REPLACEMENTS)
    letters = {letter: rng.randint(1, 4) for letter in BOUND}
    values = field(seed)
    here = Point({**SIZES, **letters}, values)
    moved = Point({**SIZES, **letters, "i": int(value(new, here))}, values)
    assert outcome(substitute(e, {"i": new}), here) == outcome(e, moved), f"seed {seed}: {e}"


@pytest.mark.parametrize("seed", SEEDS)
def test_substitution_is_simultaneous(seed: int) -> None:
    """i and k swap."""
    e = formula(random.Random(seed), 3, ["i", "k"])
    values = field(seed)
    swapped = substitute(e, {"i": Ref("k"), "k": Ref("i")})
    here, there = ({**SIZES, "i": a, "k": b} for a, b in ((2, 3), (3, 2)))
    assert outcome(swapped, Point(here, values)) == outcome(e, Point(there, values)), f"seed {seed}"


def test_a_bound_name_is_not_replaced() -> None:
    e = Add((j, over("sum", "j", j, n, j)))
    out = substitute(e, {"j": num(7)})
    assert out == Add((num(7), over("sum", "j", num(7), n, j)))


def test_side_conditions_and_later_bounds_follow_a_renamed_index() -> None:
    e = Reduce("sum", (Bound("j", ONE, num(3)), Bound("l", ONE, j, (Rel("!=", Ref("l"), i),))), j)
    for at in (1, 2, 3):
        moved = substitute(e, {"i": j})
        assert value(moved, Point({"j": at})) == value(e, Point({"i": at}))


def test_tensors_of_the_same_name_stay() -> None:
    assert substitute(Ref("x", (Ref("x"),)), {"x": num(2)}) == ref("x", 2)


def test_replace_refs_replaces_tensors_inside_binders() -> None:
    e = over("sum", "j", ONE, n, Ref("k", (j,)))
    out = replace_refs(e, lambda r: Mul((r.indices[0], x)) if r.name == "k" else None)
    assert out == over("sum", "j", ONE, n, Mul((j, x)))


# -- same, canonical ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_renaming_bound_indices_is_not_seen(seed: int) -> None:
    e = formula(random.Random(seed))
    renamed = _renamed(e)
    assert same(e, renamed), f"seed {seed}: {e}"
    assert canonical(canonical(e)) == canonical(e)
    assert value(renamed, Point(SIZES, field(seed))) == value(e, Point(SIZES, field(seed)))


def _renamed(e: Expr) -> Expr:
    """Every bound index under a name of its own."""
    if isinstance(e, Reduce):
        (b,) = e.bounds
        new = fresh("r", names(e))
        inner = substitute(Reduce(e.op, (), e.body), {b.name: Ref(new)})
        assert isinstance(inner, Reduce)
        conds = tuple(substitute(c, {b.name: Ref(new)}) for c in b.conds)
        return Reduce(e.op, (Bound(new, b.lo, b.hi, conds),), _renamed(inner.body))
    return rebuild(e, [_renamed(c) for c in children(e)])


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (over("sum", "i", ONE, n, i), over("sum", "j", ONE, n, j), True),
        (over("sum", "i", ONE, n, j), over("sum", "j", ONE, n, j), False),
        (over("sum", "i", ONE, n, i), over("sum", "i", ONE, n, j), False),
        (over("sum", "i", ONE, n, i), over("prod", "i", ONE, n, i), False),
        (over("sum", "i", i, n, i), over("sum", "j", i, n, j), True),
        (over("sum", "i", i, n, i), over("sum", "j", j, n, j), False),
        (
            Reduce("sum", (Bound("i", ONE, n), Bound("j", ONE, i)), Add((i, j))),
            Reduce("sum", (Bound("j", ONE, n), Bound("i", ONE, j)), Add((j, i))),
            True,
        ),
        (
            over("sum", "i", ONE, n, over("sum", "j", ONE, n, Ref("x", (i,)))),
            over("sum", "j", ONE, n, over("sum", "i", ONE, n, Ref("x", (i,)))),
            False,
        ),
        (
            over("sum", "i", ONE, n, over("sum", "i", ONE, n, i)),
            over("sum", "i", ONE, n, over("sum", "j", ONE, n, j)),
            True,
        ),
        (
            over("sum", "i", ONE, n, i, Rel("!=", i, j)),
            over("sum", "k", ONE, n, Ref("k"), Rel("!=", Ref("k"), j)),
            True,
        ),
        (Add((i, j)), Add((j, i)), False),
        (Num(ONE.value, "1.0"), ONE, True),
    ],
)
def test_same_is_equality_up_to_bound_names(a: Expr, b: Expr, expected: bool) -> None:
    assert same(a, b) is expected
    assert same(b, a) is expected


# -- small things ---------------------------------------------------------------------------


def test_fresh_never_takes_what_is_taken() -> None:
    taken: set[str] = set()
    for _ in range(60):
        new = fresh("i", taken)
        assert new not in taken
        taken.add(new)


@pytest.mark.parametrize("seed", SEEDS)
def test_constant_is_the_value_of_a_written_number(seed: int) -> None:
    rng = random.Random(seed)
    e: Expr = num(rng.randint(-5, 5))
    for _ in range(rng.randint(0, 3)):
        e = rng.choice([Neg(e), Div(e, num(rng.randint(1, 4)))])
    assert constant(e) == value(e)


@pytest.mark.parametrize("e", [x, Neg(x), Div(ONE, ZERO), Div(x, ONE), Add((ONE, ONE))])
def test_constant_gives_nothing_for_other_formulas(e: Expr) -> None:
    assert constant(e) is None


def test_a_formula_is_walked_the_same_each_time() -> None:
    """What a formula is made of is kept by identity: one that is dropped leaves no trace."""
    for seed in range(1000):
        made = formula(random.Random(seed))
        first = list(walk(made))
        assert first[0] is made
        assert len(first) == 1 + sum(len(list(walk(k))) for k in children(made))
        assert list(walk(made)) == first
