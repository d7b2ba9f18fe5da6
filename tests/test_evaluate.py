"""The oracle is right: exact arithmetic, limits, and two witnesses for every derivative."""

from __future__ import annotations

import math
import random
from decimal import Decimal
from fractions import Fraction

import pytest
from oracle import (
    NETWORKS,
    SIZES,
    chained,
    convolution,
    difference,
    entries_of,
    field,
    formula,
    leaf_entries,
    minus,
    random_point,
    ref,
)

from symgrad.dual import compare, precision
from symgrad.equation import Equation, Upstream
from symgrad.errors import SymgradError
from symgrad.evaluate import (
    Number,
    Point,
    Ties,
    derivative,
    exact,
    forward,
    holds,
    value,
)
from symgrad.expr import (
    ONE,
    PI,
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
    num,
    substitute,
)
from symgrad.index import Index, Range
from symgrad.network import Network
from symgrad.special import FUNCTIONS

i, j, n = Ref("i"), Ref("j"), Ref("n")
HALF = num(Fraction(1, 2))


def over(op: str, name: str, lo: Expr, hi: Expr, body: Expr, *conds: Expr) -> Reduce:
    return Reduce(op, (Bound(name, lo, hi, conds),), body)


def close(a: Number, b: Number, digits: int = 25) -> bool:
    with precision(60):
        x, y = (
            Decimal(t.numerator) / t.denominator if isinstance(t, Fraction) else t for t in (a, b)
        )
        return abs(x - y) <= max(abs(x), abs(y), Decimal(1)).scaleb(-digits)


# -- formulas -------------------------------------------------------------------------------

EXACT = [
    (Add((num(1), Neg(num(3)))), -2),
    (Div(num(1), num(3)), Fraction(1, 3)),
    (Pow(num(2), num(-3)), Fraction(1, 8)),
    (Pow(num(0), num(0)), 1),
    (Pow(Div(num(8), num(27)), Div(num(-2), num(3))), Fraction(9, 4)),
    (Call("sqrt", (Div(num(9), num(4)),)), Fraction(3, 2)),
    (Call("sqrt", (num(0),)), 0),
    (Call("exp", (num(0),)), 1),
    (Call("log", (num(1),)), 0),
    (Call("sigmoid", (num(0),)), Fraction(1, 2)),
    (Call("tanh", (num(0),)), 0),
    (Call("cos", (num(0),)), 1),
    (Call("floor", (Div(num(-7), num(2)),)), -4),
    (Call("ceil", (Div(num(-7), num(2)),)), -3),
    (Call("floor", (num(5),)), 5),
    (Call("ceil", (num(5),)), 5),
    (Call("floor", (Call("exp", (num(1),)),)), 2),
    (Call("ceil", (Neg(Call("exp", (num(1),))),)), -2),
    (Call("max", (num(2), num(7), num(5))), 7),
    (Call("min", (num(2), num(7), num(5))), 2),
    (Call("abs", (num(-3),)), 3),
    (Call("sign", (num(-3),)), -1),
    (Call("sign", (num(0),)), 0),
    (Call("relu", (num(-3),)), 0),
    (Call("relu", (num(3),)), 3),
    (over("sum", "j", ONE, num(4), Pow(j, num(2))), 30),
    (over("prod", "j", ONE, num(5), j), 120),
    (over("max", "j", ONE, num(5), Mul((j, minus(num(4), j)))), 4),
    (over("sum", "j", num(3), num(1), j), 0),
    (over("prod", "j", num(3), num(1), j), 1),
    (over("sum", "j", ONE, num(4), j, Rel("!=", j, num(2))), 8),
    (Reduce("sum", (Bound("i", ONE, num(3)), Bound("j", ONE, i)), ONE), 6),
    (over("sum", "j", ONE, num(2), over("sum", "j", j, num(3), j)), 11),
    (Iverson(Rel("<", num(1), num(2))), 1),
    (Iverson(And((Rel("<=", num(1), num(2)), Rel(">=", num(1), num(2))))), 0),
    (Cases(((num(5), Rel("=", ZERO, ONE)), (num(6), Rel("!=", ZERO, ONE)))), 6),
    (Cases(((num(5), Rel("=", ZERO, ONE)), (num(7), None))), 7),
    (Mul((Iverson(Rel(">", ZERO, ONE)), Div(ONE, ZERO))), 0),
    (Mul((Div(ONE, ZERO), Iverson(And((Rel(">", ZERO, ONE), Rel(">", Div(ONE, ZERO), ONE)))))), 0),
]


@pytest.mark.parametrize(("e", "expected"), EXACT)
def test_rational_formulas_are_exact(e: Expr, expected: int | Fraction) -> None:
    assert exact(e) == expected
    assert isinstance(value(e), Fraction)


@pytest.mark.parametrize(
    "e", [ref("x"), Call("exp", (ONE,)), Div(ONE, ZERO), Blank(), Rel("=", ONE, ONE)]
)
def test_exact_gives_nothing_for_what_is_no_rational_number(e: Expr) -> None:
    assert exact(e) is None


FLOATS = {
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "tanh": math.tanh,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "arctan": math.atan,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "erf": math.erf,
    "pi": lambda x: math.pi * x,
}


@pytest.mark.parametrize("fn", sorted(FUNCTIONS))
def test_elementary_functions_agree_with_floats(fn: str) -> None:
    rng = random.Random(fn)
    for _ in range(40):
        x = Fraction(rng.randint(1, 10**6), 10 ** rng.randint(5, 9)) * (
            1 if fn in ("log", "sqrt") else rng.choice([1, -1])
        )
        found = value(Call(fn, (num(x),)))
        assert math.isclose(float(found), FLOATS[fn](float(x)), rel_tol=1e-12), (fn, x)


@pytest.mark.parametrize("x", [Fraction(1, 10**30), Fraction(-7, 3), Fraction(50), Fraction(1, 3)])
def test_elementary_functions_satisfy_their_identities_to_45_digits(x: Fraction) -> None:
    def f(fn: str, at: Fraction = x) -> Expr:
        return Call(fn, (num(at),))

    identities = [
        (Add((Pow(f("sin"), num(2)), Pow(f("cos"), num(2)))), ONE),
        (f("sin", 2 * x), Mul((num(2), f("sin"), f("cos")))),
        (Mul((f("exp"), f("exp", -x))), ONE),
        (f("tanh"), minus(Mul((num(2), f("sigmoid", 2 * x))), 1)),
        (Call("log", (f("exp"),)), num(x)),
        (Call("tan", (f("arctan"),)), num(x)),
        (f("sinh", 2 * x), Mul((num(2), f("sinh"), f("cosh")))),
    ]
    for a, b in identities:
        assert close(value(a), value(b), 45), (x, a)


@pytest.mark.parametrize("x", [Fraction(1, 10**30), Fraction(-7, 3), Fraction(9), Fraction(1, 3)])
def test_erf_is_the_integral_of_its_slope_to_45_digits(x: Fraction) -> None:
    """erf x = 2x/√π e^{-x²} Σ_n (2x²)^n / (1·3·5⋯(2n+1)): another series, of positive terms."""
    term = total_ = Fraction(1)
    for n in range(1, 700):
        term *= 2 * x * x / (2 * n + 1)
        term = Fraction(int(term * 10**70), 10**70)
        total_ += term
    series = Mul((num(2 * x * total_), Call("exp", (num(-x * x),)), Div(ONE, Call("sqrt", (PI,)))))
    assert close(value(Call("erf", (num(x),))), value(series), 45)


def test_pi_is_a_number() -> None:
    assert str(value(PI))[:50] == "3.141592653589793238462643383279502884197169399375"
    assert value(Call("erf", (num(500),))) == 1
    with precision(120):
        assert close(value(Call("sin", (PI,))), Fraction(0), 45)


def test_functions_keep_their_digits_near_zero() -> None:
    x = Fraction(1, 10**40)
    for fn in ("tanh", "sinh", "sin", "tan"):
        ratio = value(Div(Call(fn, (num(x),)), num(x)))
        assert close(ratio, Fraction(1), 45), fn


@pytest.mark.parametrize(
    ("e", "message"),
    [
        (Div(ONE, minus(n, 3)), "found a division by 0, expected a denominator other than 0"),
        (
            Call("log", (minus(n, 3),)),
            "found log of a number that is not positive, expected a positive one",
        ),
        (
            Call("sqrt", (num(-1),)),
            "found a root of a negative number, expected a base that is not negative",
        ),
        (Pow(num(0), num(-1)), "found a division by 0, expected a denominator other than 0"),
        (
            Call("exp", (num(10**7),)),
            "found exp of a number beyond 1000000, expected a smaller argument; use smaller values",
        ),
        (
            Pow(num(2), num(10**9)),
            "found a power of a number beyond 1000000, expected a smaller argument; "
            "use smaller values",
        ),
        (
            Pow(num(3), num(10**6)),
            "found an exact number of more than 200000 bits, expected a shorter one; "
            "use smaller values, or fewer factors",
        ),
        (
            Call("exp", (Call("exp", (num(20),)),)),
            "found exp of a number beyond 1000000, expected a smaller argument; use smaller values",
        ),
        (
            Pow(Call("exp", (num(10**6),)), num(3)),
            "found a number out of range, expected one between 1e-999999 and 1e999999; "
            "use smaller values",
        ),
        (
            over("max", "j", ONE, ZERO, j),
            r"found \max_{1 \le j \le 0} j over no index at all, expected one or more",
        ),
        (
            Reduce("sum", (Bound("j"),), j),
            "found a sum over j without a range, expected its limits",
        ),
        (
            over("sum", "j", ONE, Div(n, num(2)), j),
            r"found \frac{n}{2} = 3/2, expected a whole number",
        ),
        (
            Cases(((ONE, Rel("<", ONE, ZERO)),)),
            r"found no branch that holds in \begin{cases} 1 & \text{if } 1 < 0 \end{cases}, "
            "expected one",
        ),
        (ref("x", 1), "found x_1 without a value, expected a number for it; give a value: x_1 = 2"),
        (Blank(), "found ?, expected a formula with a value"),
        (Rel("<", ONE, ZERO), "found 1 < 0, expected a formula with a value"),
        (Iverson(ONE), "found 1, expected a comparison"),
        (Call("exp", (ONE, ONE)), "found e^{1, 1} with 2 arguments, expected one"),
        (
            Call("gamma", (ONE,)),
            "found the function gamma, expected one of abs, arctan, ceil, cos, cosh, erf, exp, floor, log, max, "
            "min, relu, sigmoid, sign, sin, sinh, sqrt, tan, tanh",
        ),
    ],
)
def test_what_has_no_value_says_so(e: Expr, message: str) -> None:
    with pytest.raises(SymgradError) as caught:
        value(e, Point({"n": 3}))
    assert str(caught.value) == message


def test_work_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("symgrad.interpret.MAX_WORK", 1000)
    nothing = Rel("<", i, ZERO)
    long = [
        over("sum", "j", ONE, num(10**12), j),
        over("max", "j", ONE, num(10**12), j),
        over("sum", "i", ONE, num(10**12), i, nothing),
        over("sum", "i", ONE, num(100), over("prod", "j", ONE, num(100), j)),
    ]
    for e in long:
        with pytest.raises(SymgradError, match="more than 1000 terms, expected fewer; use small"):
            value(e)
    assert value(over("sum", "j", ONE, num(1000), ONE)) == 1000


def test_deep_formulas_are_refused_and_not_a_crash() -> None:
    e: Expr = ref("u")
    for _ in range(5000):
        e = Neg(e)
    with pytest.raises(SymgradError, match="nested too deeply"):
        value(e, Point(values={ref("u"): Fraction(1)}))


def test_a_name_is_an_index_before_a_size_before_a_value() -> None:
    point = Point({"j": 10}, {ref("j"): Fraction(100)})
    assert value(j, point) == 10
    assert value(over("sum", "j", ONE, num(2), j), point) == 3
    assert value(j, Point({}, point.values)) == 100
    assert value(ref("q", 2), lookup=lambda r: Fraction(len(r.name) + len(r.indices))) == 2


def test_comparisons_ignore_the_last_digits_of_rounded_numbers() -> None:
    e = Call("exp", (num(Fraction(1, 3)),))
    cube = Mul((e, e, e))
    assert holds(Rel("=", cube, Call("exp", (ONE,))))
    assert not holds(Rel("<", cube, Call("exp", (ONE,))))
    assert holds(Rel("<", cube, Add((cube, num(Fraction(1, 10**30))))))
    assert compare(Fraction(1), Fraction(10**60 + 1, 10**60)) == -1


@pytest.mark.parametrize("seed", range(150))
def test_values_do_not_depend_on_spelling(seed: int) -> None:
    """Reversed sums and products, and indices put in by hand, give the same value."""
    rng = random.Random(seed)
    e = formula(rng)
    point = Point(SIZES, field(seed))
    assert value(_backwards(e), point) == value(e, point), f"seed {seed}: {e}"
    assert value(_by_hand(e), point) == value(e, point), f"seed {seed}: {e}"


def _backwards(e: Expr) -> Expr:
    match e:
        case Add(terms=ts):
            return Add(tuple(_backwards(t) for t in reversed(ts)))
        case Mul(factors=fs):
            return Mul(tuple(_backwards(f) for f in reversed(fs)))
        case Reduce(op=op, bounds=bounds, body=body):
            return Reduce(op, bounds, _backwards(body))
    return e


def _by_hand(e: Expr) -> Expr:
    """A sum with numbers as limits as an addition."""
    if isinstance(e, Reduce) and e.op == "sum" and e.bounds[0].lo == ONE:
        (b,) = e.bounds
        assert isinstance(b.hi, Ref)
        terms: list[Expr] = []
        for k in range(1, SIZES[b.hi.name] + 1):
            guards = tuple(Iverson(substitute(c, {b.name: num(k)})) for c in b.conds)
            terms.append(Mul((*guards, substitute(e.body, {b.name: num(k)}))))
        return Add(tuple(terms))
    return e


# -- networks -------------------------------------------------------------------------------


def test_entries_come_from_definitions_then_from_values() -> None:
    network, sizes = NETWORKS["convolution"]
    point = random_point(network, sizes, 1)
    v = point.values
    assert forward(network, point, ref("z", 2)) == (
        v[ref("k", 1)] * v[ref("x", 2)] + v[ref("k", 2)] * v[ref("x", 3)] + v[ref("b")]
    )
    assert forward(network, point, ref("x", 4)) == v[ref("x", 4)]
    assert value(Ref("z", (n,)), point, network=network) == forward(network, point, ref("z", 3))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            ref("z", 4),
            "found z_4 at n = 3, m = 2, expected an index from 1 to 3; "
            "change the ranges of the indices",
        ),
        (
            ref("x", 5),
            "found x_5 at n = 3, m = 2, expected an index from 1 to 4; "
            "change the ranges of the indices",
        ),
        (
            ref("k", 0),
            "found k_0 at n = 3, m = 2, expected an index from 1 to 2; "
            "change the ranges of the indices",
        ),
    ],
)
def test_reads_out_of_range_are_errors(entry: Ref, message: str) -> None:
    network, sizes = NETWORKS["convolution"]
    with pytest.raises(SymgradError) as caught:
        forward(network, random_point(network, sizes, 1), entry)
    assert str(caught.value) == message


def test_a_bracket_guards_a_read_out_of_range() -> None:
    network, sizes = NETWORKS["convolution"]
    point = random_point(network, sizes, 1)
    l = Ref("l")  # noqa: E741 - the letter the exam uses
    taps = Mul((Iverson(And((Rel("<=", ONE, l), Rel("<=", l, Ref("m"))))), Ref("k", (l,))))
    total = value(over("sum", "l", num(-3), num(6), taps), point, network=network)
    assert total == point.values[ref("k", 1)] + point.values[ref("k", 2)]


@pytest.mark.parametrize("length", [3, 60, 400])
def test_a_cycle_is_an_error_and_not_a_crash(length: int) -> None:
    eqs = [Equation(ref("h", t), (), Add((ref("h", (t + 1) % length), ONE))) for t in range(length)]
    with pytest.raises(SymgradError, match="defined through itself"):
        forward(Network(tuple(eqs)), Point(), ref("h", 0))


@pytest.mark.parametrize("backwards", [False, True])
def test_chains_of_ten_thousand_equations(backwards: bool) -> None:
    eqs = [Equation(ref("h", t), (), Call("tanh", (Add((ref("h", t - 1), ONE)),))) for t in CHAIN]
    network = Network(tuple(reversed(eqs) if backwards else eqs))
    point = Point(values={ref("h", 0): Decimal(1)})
    fixed = forward(network, point, ref("h", CHAIN[-1]))
    assert close(
        fixed, value(Call("tanh", (Add((ref("f"), ONE)),)), Point(values={ref("f"): fixed}))
    )


CHAIN = range(1, 10_001)


def test_a_recurrence_over_a_range_is_followed() -> None:
    t = Ref("t")
    step = Equation(
        Ref("h", (t,)), (Index("t", Range(ONE, n)),), Add((Ref("h", (minus(t, 1),)), t))
    )
    first = Equation(ref("h", 0), (), ref("a"))
    network = Network((first, step))
    point = Point({"n": 400}, {ref("a"): Fraction(7)})
    assert forward(network, point, ref("h", 400)) == 7 + 400 * 401 // 2


def test_targets_with_shifted_subscripts_are_found() -> None:
    step = Equation(Ref("h", (Add((Mul((num(2), i)), ONE)),)), (Index("i", Range(ONE, n)),), i)
    network = Network((step,))
    assert forward(network, Point({"n": 3}), ref("h", 7)) == 3
    for outside in (4, 1, 9):
        with pytest.raises(SymgradError):
            forward(network, Point({"n": 3}), ref("h", outside))


# -- derivatives ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("seed", range(3))
def test_dual_numbers_agree_with_differences(name: str, seed: int) -> None:
    network, sizes = NETWORKS[name]
    point = random_point(network, sizes, seed)
    cuts = [e for eq in network.equations for e in entries_of(network, eq.target.name, sizes)]
    for by in (*leaf_entries(network, sizes), *cuts):
        slope = derivative(network, ref("L"), by, point)
        assert close(slope, difference(network, ref("L"), by, point)), (name, seed, by)


@pytest.mark.parametrize("seed", range(120))
def test_random_chains_agree_with_differences(seed: int) -> None:
    network = chained(random.Random(seed), smooth=seed % 2 == 0)
    point = random_point(network, {}, seed)
    for by in (*network.leaves, *(eq.target for eq in network.equations)):
        try:
            slope = derivative(network, ref("L"), by, point)
            witness = difference(network, ref("L"), by, point)
        except Ties:
            continue
        assert close(slope, witness), f"seed {seed}, by {by}: {network.equations}"


def test_an_entry_with_a_definition_is_cut_off() -> None:
    """L = z₁ z₂ with z₂ = z₁²: ∂L/∂z₂ = z₁, ∂L/∂z₁ = 3 z₁²."""
    network = Network(
        (
            Equation(ref("z", 1), (), Mul((num(2), ref("a")))),
            Equation(ref("z", 2), (), Pow(ref("z", 1), num(2))),
            Equation(ref("L"), (), Mul((ref("z", 1), ref("z", 2)))),
        )
    )
    point = Point(values={ref("a"): Fraction(5)})
    assert derivative(network, ref("L"), ref("z", 2), point) == 10
    assert derivative(network, ref("L"), ref("z", 1), point) == 300
    assert derivative(network, ref("L"), ref("a"), point) == 600
    assert derivative(network, ref("z", 1), ref("z", 2), point) == 0
    assert derivative(network, ref("L"), ref("L"), point) == 1


@pytest.mark.parametrize("n_", [1, 2, 3, 4])
@pytest.mark.parametrize("m_", [1, 2, 3])
def test_given_gradients_stand_for_the_rest(n_: int, m_: int) -> None:
    """With δ_i = a_i the partial network has the gradients of the whole one."""
    whole = convolution()
    delta = Upstream(Ref(r"\delta", (i,)), ref("L"), Ref("z", (i,)))
    part = Network(whole.equations[:1], upstream=(delta,), facts=whole.facts)
    point = random_point(whole, {"n": n_, "m": m_}, 3)
    given = {ref(r"\delta", k): point.values[ref("a", k)] for k in range(1, n_ + 1)}
    cut = Point(point.sizes, {**point.values, **given})
    for by in (*leaf_entries(part, point.sizes), ref("z", 1)):
        if by.name == r"\delta":
            continue
        assert derivative(part, ref("L"), by, cut) == derivative(whole, ref("L"), by, point), by


def test_given_gradients_on_two_tensors_are_not_counted_twice() -> None:
    """L = v + u v, v = u²; given dL/du and dL/dv, dL/dx = δ^u du/dx for v read through u only."""
    eqs = (
        Equation(ref("u"), (), Mul((num(3), ref("x")))),
        Equation(ref("v"), (), Mul((Pow(ref("u"), num(2)), ref("x")))),
    )
    loss = Equation(ref("L"), (), Add((ref("v"), Mul((ref("u"), ref("v"))))))
    ups = tuple(Upstream(ref(f"g_{{{t}}}"), ref("L"), ref(t)) for t in "uv")
    whole, part = Network((*eqs, loss)), Network(eqs, upstream=ups)
    point = Point(values={ref("x"): Fraction(5, 7)})
    given = {u.symbol: derivative(whole, ref("L"), u.by, point) for u in ups}
    cut = Point(values={**point.values, **given})
    assert derivative(part, ref("L"), ref("x"), cut) == derivative(whole, ref("L"), ref("x"), point)


def test_upstream_symbols_and_partials_have_values() -> None:
    network, sizes = NETWORKS["convolution"]
    delta = Upstream(Ref(r"\delta", (i,)), ref("L"), Ref("z", (i,)))
    defined = Network(network.equations, upstream=(delta,), facts=network.facts)
    point = random_point(network, sizes, 1)
    assert value(ref(r"\delta", 2), point, network=defined) == point.values[ref("a", 2)]
    claim = over(
        "sum", "i", ONE, n, Mul((Partial(ref("L"), Ref("z", (i,))), Ref("x", (Add((i, ONE)),))))
    )
    assert value(claim, point, network=network) == derivative(network, ref("L"), ref("k", 2), point)
    with pytest.raises(SymgradError, match="expected an index from 1 to 3"):
        value(ref(r"\delta", 4), point, network=defined)
    away = Network((Equation(ref("L"), (), ref("q")),), upstream=(delta,))
    assert (
        value(ref(r"\delta", 1), Point(values={ref(r"\delta", 1): Fraction(9)}), network=away) == 9
    )


@pytest.mark.parametrize(
    "body",
    [
        Call("relu", (minus(ref("a"), 2),)),
        Call("abs", (minus(ref("a"), 2),)),
        Call("sign", (minus(ref("a"), 2),)),
        Call("max", (ref("a"), num(2))),
        Call("min", (num(2), ref("a"))),
        Call("floor", (ref("a"),)),
        Call("ceil", (ref("a"),)),
        Iverson(Rel(">", ref("a"), num(2))),
        Mul((Iverson(Rel(">=", ref("a"), num(2))), ref("b"))),
        Cases(((ref("a"), Rel(">", ref("a"), num(2))), (ZERO, None))),
        over("max", "j", ONE, num(3), Mul((ref("a"), j, minus(num(3), j)))),
    ],
)
def test_ties_have_values_and_no_derivative(body: Expr) -> None:
    network = Network((Equation(ref("L"), (), body),))
    point = Point(values={ref(t): Fraction(k) for t, k in (("a", 2), ("b", 3), ("c", 5))})
    forward(network, point, ref("L"))
    with pytest.raises(Ties, match="compared values are both"):
        derivative(network, ref("L"), ref("a"), point)
    assert derivative(network, ref("L"), ref("c"), point) == 0


def test_ties_below_the_maximum_do_no_harm() -> None:
    top = Equation(ref("L"), (), Call("max", (ref("a"), ref("b"), ZERO)))
    point = Point(values={ref("a"): Fraction(-2), ref("b"): Fraction(-2)})
    assert derivative(Network((top,)), ref("L"), ref("a"), point) == 0


def test_powers_move_with_base_and_exponent() -> None:
    network = Network((Equation(ref("L"), (), Pow(ref("a"), ref("b"))),))
    point = Point(values={ref("a"): Fraction(3), ref("b"): Fraction(2)})
    assert derivative(network, ref("L"), ref("a"), point) == 6
    by_exponent = derivative(network, ref("L"), ref("b"), point)
    assert close(by_exponent, value(Mul((num(9), Call("log", (num(3),))))), 45)
    square = Network((Equation(ref("L"), (), Pow(ref("a"), num(2))),))
    assert derivative(square, ref("L"), ref("a"), Point(values={ref("a"): Fraction(0)})) == 0


def test_softmax_cross_entropy_has_the_textbook_gradient() -> None:
    """∂L/∂z_k = p_k - t_k for L = -Σ t_i log p_i with Σ t = 1."""
    total = over("sum", "j", ONE, n, Call("exp", (Ref("z", (j,)),)))
    p = Equation(
        Ref("p", (i,)), (Index("i", Range(ONE, n)),), Div(Call("exp", (Ref("z", (i,)),)), total)
    )
    loss = Neg(over("sum", "i", ONE, n, Mul((Ref("t", (i,)), Call("log", (Ref("p", (i,)),))))))
    network = Network((p, Equation(ref("L"), (), loss)))
    truth = [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]
    values = {ref("t", k): t for k, t in enumerate(truth, 1)}
    values |= {ref("z", k): Fraction(k * k - 3, 5) for k in (1, 2, 3)}
    point = Point({"n": 3}, values)
    for k in (1, 2, 3):
        slope = derivative(network, ref("L"), ref("z", k), point)
        assert close(slope, value(minus(ref("p", k), ref("t", k)), point, network=network), 45)


def test_second_derivatives_are_refused() -> None:
    network = Network(
        (
            Equation(ref("L"), (), Pow(ref("a"), num(3))),
            Equation(ref("g"), (), Partial(ref("L"), ref("a"))),
        )
    )
    point = Point(values={ref("a"): Fraction(2)})
    assert forward(network, point, ref("g")) == 12
    with pytest.raises(SymgradError, match="expected a first derivative"):
        derivative(network, ref("g"), ref("a"), point)


def test_numbers_from_the_exam_are_read() -> None:
    network = Network(
        (Equation(ref("f"), (), Div(ONE, Add((Mul((ref("w"), ref("x"))), ONE)))),),
        values={ref("w"): num(2), ref("x"): num(-1)},
    )
    assert forward(network, Point(), ref("f")) == -1
    assert derivative(network, ref("f"), ref("w"), Point()) == 1
    assert derivative(
        network, ref("f"), ref("w"), Point(values={ref("x"): Fraction(-2)})
    ) == Fraction(2, 9)
    assert isinstance(network.values[ref("w")], Num)
