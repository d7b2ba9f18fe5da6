"""A network knows who defines, who reads and how far; what is no network is refused in words."""

from __future__ import annotations

from fractions import Fraction

import pytest
from oracle import (
    NETWORKS,
    convolution,
    dense,
    entries_of,
    instances,
    midterm,
    minus,
    random_point,
    ref,
    sized,
)

from symgrad.consistency import validated
from symgrad.equation import Equation, Upstream, entries
from symgrad.errors import NetworkError, Place
from symgrad.evaluate import Point, forward, value
from symgrad.expr import ONE, ZERO, Add, Bound, Call, Expr, Mul, Pow, Reduce, Ref, Rel, num
from symgrad.index import Index, Range
from symgrad.latex import latex
from symgrad.network import Network, facts_of

i, j, t, n, m = (Ref(letter) for letter in "ijtnm")


def span(name: str, lo: int, hi: int | Expr) -> Index:
    return Index(name, Range(num(lo), num(hi) if isinstance(hi, int) else hi))


def scalar(name: str, body: Expr, line: int = 1) -> Equation:
    return Equation(ref(name), (), body, Place("exam.md", line))


def ranged(target: Ref, body: Expr, *indices: Index, line: int = 1) -> Equation:
    return Equation(target, indices, body, Place("exam.md", line))


def shown(refs: tuple[Ref, ...]) -> list[str]:
    return [latex(r) for r in refs]


# -- the midterm ----------------------------------------------------------------------------


def written_out() -> Network:
    """The midterm network entry by entry."""
    network = midterm()
    flat = tuple(e for eq in network.equations for e in entries(eq))
    return Network(flat, data=network.data)


def test_the_midterm_has_its_seven_parameters() -> None:
    assert shown(written_out().parameters) == ["k_1", "k_2", "k_3", "b", "w_1", "w_2", "a"]
    assert set(shown(midterm().parameters)) == {"k_1", "k_2", "k_3", "b", "w_1", "w_2", "a"}
    assert {"x", "y"} <= {leaf.name for leaf in midterm().leaves}


@pytest.mark.parametrize("network", [midterm(), written_out()], ids=["ranged", "written out"])
def test_the_midterm_ranges_and_readers(network: Network) -> None:
    network = validated(network)
    ends = {
        name: [(latex(r.lo), latex(r.hi)) for r in network.ranges(name) or ()]
        for name in ("z", "v", "x", "k", "b", "L")
    }
    assert ends == {
        "z": [("1", "3")],
        "v": [("1", "2")],
        "x": [("1", "5")],
        "k": [("1", "3")],
        "b": [],
        "L": [],
    }
    readers = {name: {eq.target.name for eq in network.readers(ref(name))} for name in ("b", "a")}
    assert readers == {"b": {"z"}, "a": {r"\hat y"}}
    assert [eq.target.name for eq in network.readers(ref("v", 1))] == [r"\hat y"]
    assert {eq.target.name for eq in network.readers(ref("z", 2))} == {"v"}
    assert network.readers(ref("L")) == ()


def test_reading_entry_by_entry_is_exact() -> None:
    network = written_out()
    assert shown(tuple(eq.target for eq in network.readers(ref("z", 1)))) == ["v_1"]
    assert shown(tuple(eq.target for eq in network.readers(ref("z", 2)))) == ["v_1", "v_2"]
    assert shown(tuple(eq.target for eq in network.readers(ref("x", 3)))) == ["z_1", "z_2", "z_3"]


def test_defining_gives_the_equation_and_its_indices() -> None:
    network = midterm()
    z = network.equations[0]
    assert network.defining(ref("z", 2)) == (z, {"i": num(2)})
    assert network.defining(Ref("z", (t,))) == (z, {"i": t})
    assert network.defining(ref("z", 4)) is None
    assert network.defining(ref("x", 1)) is None
    assert written_out().defining(ref("z", 2)) == (written_out().equations[1], {})


def test_writing_out_changes_no_value() -> None:
    network = midterm()
    point = random_point(network, {}, 1)
    for eq in network.equations:
        for entry in entries_of(network, eq.target.name, {}):
            assert forward(written_out(), point, entry) == forward(network, point, entry)


# -- symbolic sizes -------------------------------------------------------------------------


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_ranges_of_leaves_are_what_is_read(stride: int) -> None:
    """Counted out at all sizes up to 4: every entry of x between the ends, no end too far."""
    network = validated(convolution(stride))
    (r,) = network.ranges("x") or ()
    for sizes in instances(["n", "m"], 4):
        read = {
            stride * (a - 1) + b for a in range(1, sizes["n"] + 1) for b in range(1, sizes["m"] + 1)
        }
        point = Point(sizes)
        assert (value(r.lo, point), value(r.hi, point)) == (min(read), max(read))


def test_leaves_of_a_symbolic_network_are_whole_tensors() -> None:
    assert shown(convolution().leaves) == ["k_j", "x_{i+j-1}", "b", "a_i"]
    assert [r.name for r in dense().leaves] == ["W", "x", "b", "y"]


def test_declared_shapes_and_hulls_are_kept() -> None:
    twice = ranged(
        Ref("z", (i,)), Add((Ref("x", (i,)), Ref("x", (Add((i, num(2))),)))), span("i", 1, n)
    )
    network = Network((twice,), facts=sized("n", "p"))
    assert [(latex(r.lo), latex(r.hi)) for r in network.ranges("x") or ()] == [("1", "n + 2")]
    shape = (Range(ONE, Ref("p")),)
    assert Network((twice,), shapes={"x": shape}, facts=sized("n", "p")).ranges("x") == shape
    assert network.ranges("nobody") is None


def test_triangular_and_shifted_targets_range_over_all_their_values() -> None:
    k, l = Ref("k"), Ref("l")  # noqa: E741 - other letters than those of the definition
    lower = ranged(Ref("W", (i, j)), i, span("i", 1, n), Index("j", Range(ONE, i)))
    later = ranged(Ref("h", (Add((t, ONE)),)), t, span("t", 1, n))
    inside = Reduce("sum", (Bound("k", ONE, n), Bound("l", ONE, k)), Ref("W", (k, l)))
    network = validated(Network((lower, later, scalar("L", inside)), facts=sized("n")))
    ends = {x: [(latex(r.lo), latex(r.hi)) for r in network.ranges(x) or ()] for x in "Wh"}
    assert ends == {"W": [("1", "n"), ("1", "n")], "h": [("2", "n + 1")]}
    assert forward(network, Point({"n": 3}), ref("L")) == 1 + 2 * 2 + 3 * 3
    outside = Reduce("sum", (Bound("k", ONE, n),), Ref("W", (k, Add((k, ONE)))))
    with pytest.raises(NetworkError, match="expected an index from 1 to n"):
        validated(Network((lower, scalar("L", outside)), facts=sized("n")))


def test_given_gradients_speak_of_their_entries() -> None:
    delta = Upstream(Ref(r"\delta", (i,)), ref("L"), Ref("z", (i,)))
    assert delta.of_entry(ref("z", 2)) == ref(r"\delta", 2)
    assert delta.of_entry(Ref("z", (Add((t, ONE)),))) == Ref(r"\delta", (Add((t, ONE)),))
    assert delta.of_entry(ref("v", 2)) is None
    assert delta.of_entry(ref("z")) is None
    diagonal = Upstream(Ref("g", (i,)), ref("L"), Ref("W", (i, i)))
    assert diagonal.of_entry(ref("W", 2, 2)) == ref("g", 2)
    assert diagonal.of_entry(ref("W", 2, 3)) is None
    last = Upstream(ref("g"), ref("L"), ref("h", 4))
    assert (last.of_entry(ref("h", 4)), last.of_entry(ref("h", 3))) == (ref("g"), None)


def test_given_gradients_are_no_parameters() -> None:
    delta = Upstream(Ref(r"\delta", (i,)), ref("L"), Ref("z", (i,)))
    body = Mul((Ref(r"\delta", (i,)), Ref("x", (i,)), ref("c")))
    network = Network(
        (ranged(Ref("g", (i,)), body, span("i", 1, n)),), upstream=(delta,), facts=sized("n")
    )
    assert shown(network.parameters) == ["x_i", "c"]


# -- recurrences ----------------------------------------------------------------------------


def recurrence(last: int | Expr, shift: int = 1) -> Network:
    """h_t = w h_{t-1} + x_t for t = 1 … last."""
    before = Ref("h", (minus(t, shift) if shift > 0 else Add((t, num(-shift))),))
    step = Add((Mul((ref("w"), before)), Ref("x", (t,))))
    return Network((ranged(Ref("h", (t,)), step, span("t", 1, last)),), facts=sized("T"))


def test_recurrences_of_known_length_are_written_out() -> None:
    network = validated(recurrence(4))
    assert shown(tuple(eq.target for eq in network.equations)) == ["h_1", "h_2", "h_3", "h_4"]
    assert latex(network.equations[2].body) == "w h_2 + x_3"
    assert ref("h", 0) in network.leaves
    point = Point(
        values={
            ref("w"): Fraction(2),
            ref("h", 0): Fraction(3),
            **{ref("x", k): Fraction(k) for k in range(1, 5)},
        }
    )
    assert forward(network, point, ref("h", 4)) == 3 * 16 + 8 + 2 * 4 + 3 * 2 + 4


def test_two_tensors_that_take_turns_are_written_out() -> None:
    a = ranged(Ref("a", (t,)), Add((Ref("h", (minus(t, 1),)), ONE)), span("t", 1, 3))
    h = ranged(Ref("h", (t,)), Mul((num(2), Ref("a", (t,)))), span("t", 1, 3))
    network = validated(Network((a, h)))
    assert {eq.target.name for eq in network.equations} == {"a", "h"}
    assert len(network.equations) == 6
    assert forward(network, Point(values={ref("h", 0): Fraction(1)}), ref("h", 3)) == 22


def test_long_chains_validate() -> None:
    eqs = [Equation(ref("h", k), (), Add((ref("h", k - 1), ref("b", k)))) for k in range(1, 3001)]
    network = validated(Network(tuple(eqs)))
    assert len(network.equations) == 3000
    assert len(network.leaves) == 3001


# -- what is no network ---------------------------------------------------------------------

BAD = {
    "a scalar through itself": (
        Network((scalar("z", Add((ref("z"), ONE)), 4),)),
        "exam.md:4:1: found z defined through itself (z -> z), expected equations that build on "
        "one another; break the cycle: an equation may read only what comes before it",
    ),
    "three in a ring": (
        Network((scalar("a", ref("b")), scalar("b", ref("c")), scalar("c", ref("a")))),
        "exam.md:1:1: found a defined through itself (a -> b -> c -> a), expected equations that "
        "build on one another; break the cycle: an equation may read only what comes before it",
    ),
    "a recurrence both ways": (
        Network(
            (
                ranged(
                    Ref("h", (t,)),
                    Add((Ref("h", (minus(t, 1),)), Ref("h", (Add((t, ONE)),)))),
                    span("t", 1, Ref("T")),
                ),
            ),
            facts=sized("T"),
        ),
        "exam.md:1:1: found h_t defined through itself (h_t -> h_t), expected equations that build "
        "on one another; a recurrence reads earlier states only, such as h_{t-1}, or later ones "
        "only",
    ),
    "two definitions of a scalar": (
        Network((scalar("z", ONE, 2), scalar("z", ZERO, 5))),
        "exam.md:5:1: found a second definition of z (first at exam.md:2:1), expected one in a "
        "scope; rename one of them, or put the new z under a heading of its own",
    ),
    "an entry inside a range": (
        Network(
            (
                ranged(Ref("z", (i,)), i, span("i", 1, n), line=2),
                Equation(ref("z", 1), (), ONE, Place("exam.md", 3)),
            ),
            facts=sized("n"),
        ),
        "exam.md:3:1: found a second definition of z_1 (first at exam.md:2:1), expected one in a "
        "scope; rename one of them, or put the new z under a heading of its own",
    ),
    "a range over an entry": (
        Network(
            (
                Equation(ref("z", 1), (), ONE, Place("exam.md", 2)),
                ranged(Ref("z", (i,)), i, span("i", 1, n), line=3),
            ),
            facts=sized("n"),
        ),
        "exam.md:3:1: found a second definition of z_i (first at exam.md:2:1), expected one in a "
        "scope; rename one of them, or put the new z under a heading of its own",
    ),
    "another number of indices": (
        Network((scalar("z", Add((ref("x", 1), ref("x", 1, 2))), 7),)),
        "exam.md:7:1: found x_{1,2} with 2 indices, expected 1 as in x_1; "
        "use one number of indices for one tensor, or another name",
    ),
    "a read too far, numbers": (
        Network(
            (
                ranged(Ref("z", (i,)), Ref("x", (i,)), span("i", 1, 3)),
                scalar("L", ref("z", 4), 6),
            )
        ),
        "exam.md:6:1: found z_4 in the definition of L, expected an index from 1 to 3; "
        "change the range of the indices, or define more entries of z",
    ),
    "a read too far, at the last index": (
        Network(
            (
                ranged(Ref("z", (i,)), Ref("x", (i,)), span("i", 1, 3)),
                ranged(Ref("v", (i,)), Ref("z", (Add((i, ONE)),)), span("i", 1, 3), line=6),
            )
        ),
        "exam.md:6:1: found z_{i+1} (at i = 3) in the definition of v_i, expected an index from "
        "1 to 3; change the range of the indices, or define more entries of z",
    ),
    "a read too far, sizes": (
        Network(
            (
                ranged(Ref("z", (i,)), Ref("x", (i,)), span("i", 1, n)),
                ranged(Ref("v", (i,)), Ref("z", (i,)), span("i", 1, m), line=6),
            ),
            facts=sized("n", "m"),
        ),
        "exam.md:6:1: found z_i (at i = 2, m = 2, n = 1) in the definition of v_i, expected an "
        "index from 1 to n; change the range of the indices, or define more entries of z",
    ),
    "a read outside a declared shape": (
        Network((scalar("z", ref("x", 5), 3),), shapes={"x": (Range(ONE, num(4)),)}),
        "exam.md:3:1: found x_5 in the definition of z, expected an index from 1 to 4; "
        "change the range of the indices, or define more entries of x",
    ),
    "an index without a range": (
        Network((scalar("z", Ref("x", (Ref("q"),)), 3),)),
        "exam.md:3:1: found the index q in x_q, expected one with a range; "
        "state its range: q = 1, \\dots, n, or sum over it; of a label of the data, "
        "q \\in \\{1, \\dots, n\\}",
    ),
    "a subscript that is not affine": (
        Network((ranged(Ref("z", (i,)), Ref("x", (Pow(i, num(2)),)), span("i", 1, 3), line=3),)),
        "exam.md:3:1: found the subscript i^2 of x_{i^2}, expected one such as s (i - 1) + "
        "j: indices and sizes added, an index times a number or a size",
    ),
    "a sum without limits": (
        Network((scalar("z", Reduce("sum", (Bound("j"),), Ref("x", (j,)))),)),
        "found a sum over j without a range, expected its limits; "
        "write \\sum_{j=1}^{n}, or state the range: j = 1, \\dots, n",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_network_is_refused_in_words(case: str) -> None:
    network, message = BAD[case]
    with pytest.raises(NetworkError) as caught:
        validated(network)
    assert str(caught.value) == message


GOOD = {
    "entries apart": Network(
        (Equation(ref("z", 1), (), ONE), Equation(ref("z", 2), (), ref("z", 1)))
    ),
    "an entry beside a range": Network(
        (Equation(ref("z", 0), (), ONE), ranged(Ref("z", (i,)), i, span("i", 1, n))),
        facts=sized("n"),
    ),
    "two ranges side by side": Network(
        (
            ranged(Ref("z", (i,)), i, span("i", 1, n)),
            ranged(Ref("z", (j,)), j, Index("j", Range(Add((n, ONE)), Add((n, m))))),
        ),
        facts=sized("n", "m"),
    ),
    "guarded by a fact": Network(
        (
            ranged(Ref("z", (i,)), i, span("i", 1, n)),
            ranged(Ref("v", (i,)), Ref("z", (i,)), span("i", 1, m)),
        ),
        facts=facts_of([Rel("<=", m, n)], frozenset({"n", "m"})),
    ),
    "out of order": Network((scalar("b", ref("a")), scalar("a", ref("c")))),
}


@pytest.mark.parametrize("case", GOOD)
def test_what_is_a_network_is_not_refused(case: str) -> None:
    assert validated(GOOD[case]).equations


@pytest.mark.parametrize("name", NETWORKS)
def test_the_networks_of_the_tests_validate(name: str) -> None:
    network, _ = NETWORKS[name]
    assert validated(network) is network


def test_validation_keeps_everything_else() -> None:
    full = Network(
        recurrence(3).equations,
        data=frozenset("x"),
        values={ref("w"): num(2)},
        upstream=(Upstream(ref("g"), ref("L"), ref("h", 3)),),
        facts=sized("T"),
        shapes={"x": (Range(ONE, num(3)),)},
        ties="split",
    )
    after = validated(full)
    for kept in ("data", "values", "upstream", "facts", "shapes", "ties"):
        assert getattr(after, kept) == getattr(full, kept)


# -- small things ---------------------------------------------------------------------------


def test_entries_run_through_all_indices_the_last_fastest() -> None:
    eq = ranged(Ref("W", (i, j)), Mul((i, j)), span("i", 1, 2), Index("j", Range(ONE, i)))
    assert shown(tuple(e.target for e in entries(eq))) == ["W_{1,1}", "W_{2,1}", "W_{2,2}"]
    nothing = ranged(Ref("z", (i,)), i, span("i", 1, 0))
    assert list(entries(nothing)) == []


def test_reads_know_the_indices_around_them() -> None:
    body = Add((Reduce("sum", (Bound("j", ONE, i),), Ref("x", (j,))), ref("b")))
    reads = ranged(Ref("z", (i,)), body, span("i", 1, n)).reads
    assert [(latex(r.ref), [x.name for x in r.inside]) for r in reads] == [
        ("x_j", ["i", "j"]),
        ("b", ["i"]),
    ]


def test_knows_what_occurs() -> None:
    network = midterm()
    assert all(network.knows(name) for name in ("L", "z", "x", r"\hat y", "w"))
    assert not network.knows("q")


def test_facts_are_comparisons_of_sizes() -> None:
    facts = facts_of([Rel("<=", m, n), Rel("=", Ref("p"), num(3))], frozenset("nmp"))
    assert not facts.contradictory()
    assert facts_of([Rel("<", n, ONE)], frozenset("n")).contradictory()
    with pytest.raises(NetworkError) as caught:
        facts_of([Rel("<", Mul((n, m)), Call("exp", (n,)))], frozenset("nm"))
    assert str(caught.value) == (
        "found the fact n m < e^{n}, expected a comparison of sums of sizes; "
        "write it as m \\le n, or n = 4"
    )


@pytest.mark.parametrize("low", [-2, -1, 0])
def test_negative_subscripts_are_entries_like_others(low: int) -> None:
    before = Ref("x", (minus(i, 1 - low),))
    network = validated(Network((ranged(Ref("z", (i,)), before, span("i", 1, 3)),)))
    (r,) = network.ranges("x") or ()
    assert (r, r.size) == (Range(num(low), num(low + 2)), 3)
    (first, *_) = entries(network.equations[0])
    assert first.body == ref("x", low)
    assert Network((first,)).leaves == (ref("x", low),)
