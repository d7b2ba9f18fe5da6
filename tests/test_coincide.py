r"""Maxima whose arguments are one quantity somewhere: each derived gradient is what finite
differences say, at numbers in general position."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from judge import name, network

from symgrad.coincide import unique
from symgrad.compare import equal
from symgrad.derive import Sweep
from symgrad.dual import to_decimal
from symgrad.errors import SymgradError
from symgrad.evaluate import Point, Unrolled, value
from symgrad.expr import Ref, num, substitute
from symgrad.witness import confirm_formula

STEP = Fraction(1, 10**12)

CASES = [
    (r"L = \sum_{i=1}^{n} \sum_{j=1}^{n} \max(x_i, x_j)", "x_k"),
    (r"L = \sum_{i=1}^{n} \sum_{j=1}^{n} \min(x_i, x_j)", "x_k"),
    (r"L = \sum_{i=1}^{n} \max(x_i, x_1)", "x_1"),
    (r"L = \sum_{i=1}^{n} \max(x_i, x_{n+1-i})", "x_k"),
    (r"L = \max_{1 \le i \le n} (w x_1)", "w"),
    (r"L = \max_{1 \le i \le n} (x_i + x_{n+1-i})", "x_k"),
    (r"L = \max_{1 \le i \le n} \max_{1 \le j \le n} |x_i - x_j|", "x_k"),
    (
        r"y_i = \max(x_i, x_{i+1}), i = 1, \dots, n+1"
        "\n"
        r"z_i = \max(y_i, y_{i+1}), i = 1, \dots, n, \quad L = \sum_{i=1}^{n} z_i",
        "x_k",
    ),
    (
        r"y_i = \max_{1 \le j \le m} x_{i+j-1}, i = 1, \dots, n + m - 1"
        "\n"
        r"z_i = \max_{1 \le j \le m} y_{i+j-1}, i = 1, \dots, n, \quad L = \sum_{i=1}^{n} z_i",
        "x_k",
    ),
    (r"L = \max(2 x, x + x)", "x"),
    (r"L = \max(x + y, y + x)", "x"),
    (r"L = \max(x y, y x, z)", "x"),
    (r"a = x y, b = y x, \quad L = \max(a, b)", "x"),
    (r"L = \max(|x|, x)", "x"),
    (r"L = \max(x, \min(x, 1))", "x"),
    (r"L = \max(\max(x, y), \max(y, z))", "y"),
    (r"L = \sum_{j=1}^{C} \max(s_j, s_y), y \in \{1, \dots, C\}", "s_k"),
    (
        r"h_j = \max_{1 \le t \le T} E_{c_t, j}, c_t \in \{1, \dots, V\}, j = 1, \dots, d"
        "\n"
        r"L = \sum_{j=1}^{d} h_j",
        "E_{vj}",
    ),
]


@pytest.mark.parametrize("ties", ["strict", "ge", "first", "split"])
@pytest.mark.parametrize(("equations", "by"), CASES)
def test_the_gradient_is_that_of_finite_differences(equations: str, by: str, ties: str) -> None:
    net, of = network(equations, ties), Ref("L")
    wanted = name(by)
    own = unique(net, of, wanted)
    found = Sweep(own, of).gradient(wanted)
    confirm_formula(own, found)
    looked = 0
    for seed in range(12):
        rng = random.Random(seed)
        sizes = {n: rng.randint(1, 4) for n in sorted(net.sizes)}
        for y in net.sizes & net.labels.keys():
            sizes[y] = rng.randint(1, sizes["C"])
        table: dict[Ref, Fraction] = {}

        def leaf(
            ref: Ref, rng: random.Random = rng, table: dict = table, at: dict = sizes
        ) -> Fraction:
            if ref.name in net.labels:
                return table.setdefault(ref, Fraction(rng.randint(1, at["V"])))
            return table.setdefault(ref, Fraction(rng.randint(-(10**6), 10**6), 9973))

        put = {
            i.name: num(rng.randint(1, int(value(i.range.hi, Point(sizes))))) for i in found.indices
        }
        entry = substitute(wanted, put)
        assert isinstance(entry, Ref)
        try:
            low = Unrolled(own, Point(sizes), leaf).value(of)
            said = Unrolled(own, Point(sizes), leaf).value(substitute(found.answer, put))
        except SymgradError:
            continue
        if entry not in table:
            continue  # an entry that nothing reads here
        held, looked = table[entry], looked + 1
        table[entry] = held + STEP
        high = Unrolled(own, Point(sizes), leaf).value(of)
        slope = (to_decimal(high) - to_decimal(low)) / to_decimal(STEP)
        assert abs(slope - to_decimal(said)) < 1e-6, (seed, sizes, table, slope, said)
    assert looked >= 6


@pytest.mark.parametrize(
    ("right", "wrong", "given"),
    [
        (
            r"1 + 2 \sum_{j=1}^{n} [x_k > x_j]",
            r"2 \sum_{j=1}^{n} [x_k > x_j]",
            r"L = \sum_{i=1}^{n} \sum_{j=1}^{n} \max(x_i, x_j)",
        ),
        ("1", "0", r"L = \max(x_1 + y, y + x_1)"),
        ("[x_1 > z] [x_1 > y]", "0", r"L = \max(\max(x_1, y), \max(x_1, z))"),
    ],
)
def test_a_claim_about_such_a_gradient_is_judged(right: str, wrong: str, given: str) -> None:
    goal = r"\frac{\partial L}{\partial x_k}".replace("k", "k" if "x_k" in right else "1")
    assert equal(goal, right, given).name in ("Equal", "EqualExceptTies")
    assert equal(goal, wrong, given).name == "Differs"


def test_ties_of_numbers_change_nothing() -> None:
    """max(z_1, z_2, 0) and a maximum of rectified values keep their textbook form."""
    for text in (
        r"L = \max(z_1, z_2, 0)",
        r"y_1 = \max(0, z_1), y_2 = \max(0, z_2), L = \max(y_1, y_2)",
    ):
        net = network(text)
        assert unique(net, Ref("L"), name("z_1")).ties == "strict"


def test_a_gradient_without_a_value_is_refused() -> None:
    r"""\sqrt{(x_i - x_j)^2} at i = j is 0 and moves like |0|: its quotient is 0/0."""
    net = network(r"L = \sum_{i=1}^{n} \sum_{j=1}^{n} \sqrt{(x_i - x_j)^2}")
    with pytest.raises(SymgradError, match="no value at any point"):
        confirm_formula(net, Sweep(net, Ref("L")).gradient(name("x_k")))
