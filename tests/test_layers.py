"""The catalogue: every textbook claim is proved for all sizes, and every derived gradient holds
entry by entry against the unrolled network; the reference card holds every layer."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import islice, product
from pathlib import Path

import pytest
from judge import judged

from symgrad.claims import derived, pair
from symgrad.compare import pair_of
from symgrad.curvature import curvature
from symgrad.decide import decide
from symgrad.dual import Number, Undefined
from symgrad.errors import NetworkError
from symgrad.evaluate import Point, value
from symgrad.expr import Ref, derivatives
from symgrad.latex import latex
from symgrad.layers import CATALOGUE, FAMILIES, Claim, Family, Layer, every_claim, layer
from symgrad.network import Network as Bare
from symgrad.notation import read_expression
from symgrad.pair import Pair
from symgrad.slip import slipped
from symgrad.verdict import Differs, Equal, EqualExceptTies, Undecided
from symgrad.witness import confirm_formula

SOLUTIONS = Path(__file__).parent.parent / "solutions"
CLAIMS = [pytest.param(x, c, id=f"{x.name} {c.left}") for x, c in every_claim()]
BARE = Bare()
PROVED_BY = {"normal form", "index sets", "cells"}
"""How a proof is reached; definitions and facts that are given may take part in it."""


@pytest.mark.parametrize(("made", "claim"), CLAIMS)
def test_each_claim_is_proved_for_all_sizes(made: Layer, claim: Claim) -> None:
    found = decide(pair(made, claim)[1])
    assert isinstance(found, Equal), found
    kind, _, stepped = found.by.partition(", for ")
    assert kind.removesuffix(" and what is given") in PROVED_BY
    assert all(part.endswith("= 1, 2, 3, 4") for part in stepped.split("; ") if part)


def numbers(ref: Ref) -> Fraction:
    """A number for an entry, another one for each."""
    return Fraction(random.Random(latex(ref)).randint(2, 9999), 7)


def values(both: Pair, at: dict[str, int]) -> tuple[Number, Number]:
    """Both formulas at some sizes, by the oracle alone."""
    point = Point(at)
    return value(both.left, point, numbers), value(both.right, point, numbers)


def instances(both: Pair) -> Iterator[dict[str, int]]:
    """Sizes up to 3, few where there are many, every index in its range."""
    span = range(1, 4) if len(both.roles.sizes) <= 3 else range(1, 3)
    for sizes in product(span, repeat=len(both.roles.sizes)):
        at = dict(zip(both.roles.sizes, sizes, strict=True))
        yield from islice(both.roles.places(at, 3), 6)


@pytest.mark.parametrize(("made", "claim"), CLAIMS)
def test_each_slip_of_a_claim_is_caught_or_is_equal(
    made: Layer, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("symgrad.decide.SLIP_BUDGET", 0.0)  # that it is caught, not its name
    net, found = derived(made, claim)
    letters = {**net.scope.letters, **{i.name: i.range for i in found.indices}}
    scope = replace(net.scope, letters=letters)
    right = read_expression(claim.right)
    wrong = list(slipped(right, tuple(sorted(net.scope.network.sizes))))
    of_each_kind = [next(f for name, f in wrong if name == kind) for kind in dict(wrong)]
    some = [f for _, f in wrong[:: max(1, len(wrong) // 4)]]
    for slip, formula in [p for p in wrong if p[1] in (*some, *of_each_kind)][:30]:
        try:
            both = pair_of(right, formula, scope)
        except NetworkError:
            continue  # a sum without its index is no formula
        both = replace(both, network=BARE)
        told = decide(both)
        if isinstance(told, Equal | EqualExceptTies):
            for at in instances(both):
                a, b = values(both, at)
                assert a == b, (slip, latex(formula), at)
        elif isinstance(told, Undecided):  # 1/(p \cdot 1 - p) of 1/(p (1 - p)) has no value
            for at in instances(both):
                with pytest.raises(Undefined):
                    value(both.right, Point(at), numbers)
        else:
            assert isinstance(told, Differs), (slip, latex(formula), told)


@pytest.mark.parametrize("made", CATALOGUE, ids=lambda x: x.name)
def test_each_gradient_holds_entry_by_entry(made: Layer) -> None:
    net, found = derived(made, made.claims[0])
    network, (of, by) = net.scope.network, derivatives(found.goal)
    if len(by) > 1:  # the gradient is one more equation
        again = curvature(network, found.goal)
        network, of, found = again.network, again.name, again.found
    assert isinstance(of, Ref)
    if network.totals:  # values of which the sums hold
        confirm_formula(network, found)
        return
    single = {k: v for k, v in network.labels.items() if k in network.sizes}
    sizes = sorted(network.sizes - set(single))
    few = [1, 2, 3] if len(sizes) <= 2 else [1, 2]
    drawn = [dict.fromkeys(sizes, 2), {s: few[k % len(few)] for k, s in enumerate(sizes)}]
    drawn.append({s: few[(k + 1) % len(few)] for k, s in enumerate(sizes)})
    for at in drawn:
        ends = {k: int(value(r.hi, Point(at))) for k, r in single.items()}
        try:  # small numbers: 1 - tanh² has few digits far from 0
            assert judged(network, of, at | ends, tamed=lambda x: x / 8) == []
        except Undefined:  # a logarithm or a root of a number below 0
            assert judged(network, of, at | ends, tamed=lambda x: abs(x) / 8) == []


@pytest.mark.parametrize("made", FAMILIES, ids=lambda f: f.name)
def test_the_sheet_of_a_family_holds_every_layer(made: Family) -> None:
    card = " ".join((SOLUTIONS / made.name / "exam.md").read_text(encoding="utf-8").split())
    for x in made.layers:
        assert f"## {x.title}" in card, x.name
        for equation in x.equations:
            assert " ".join(equation.split()) in card, (x.name, equation)
        for question in x.questions:
            assert f"{question} = ?" in card, (x.name, question)


@pytest.mark.parametrize("made", FAMILIES[1:], ids=lambda f: f.name)
def test_the_sheet_of_a_family_is_what_the_catalogue_says(made: Family) -> None:
    found = (SOLUTIONS / made.name / "exam.md").read_text(encoding="utf-8")
    assert found == made.exam, f"symgrad layers {made.name} --exam > solutions/{made.name}/exam.md"


def test_names_and_titles_are_used_once() -> None:
    for words in (
        [x.name for x in CATALOGUE] + [f.name for f in FAMILIES],
        [x.title for x in CATALOGUE],
    ):
        assert len(set(words)) == len(words)


def test_a_layer_is_found_by_name() -> None:
    assert layer("dense").title == "Fully connected layer"
    with pytest.raises(NetworkError, match="found the layer nothing, expected one of conv1d, "):
        layer("nothing")
