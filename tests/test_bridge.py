"""Formulas survive the way to SymPy and back, and mean the same there."""

from __future__ import annotations

import random
import subprocess
import sys
from fractions import Fraction

import pytest
import sympy
from oracle import SIZES, field, formula, ref

from symgrad.bridge import from_sympy, our_name, symbol_name, to_sympy
from symgrad.errors import SymgradError
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
    Partial,
    Pow,
    Reduce,
    Ref,
    Rel,
    num,
    substitute,
)

i, j, n = Ref("i"), Ref("j"), Ref("n")
x, y = ref("x"), ref("y")


def over(op: str, name: str, lo: Expr, hi: Expr, body: Expr, *conds: Expr) -> Reduce:
    return Reduce(op, (Bound(name, lo, hi, conds),), body)


NAMES = [
    r"\hat y", r"\bar x", r"\alpha", r"\hat \alpha", r"\ddot x", r"\lambda", r"\ell", r"\hat \ell",
    "x", "alpha", "xhat", "dot", "xdot", "z'", "W^{(1)}", r"x_{\text{in}}", r"\mathrm{loss}", "L",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_go_there_and_back(name: str) -> None:
    assert our_name(symbol_name(name)) == name
    assert from_sympy(to_sympy(Ref(name))) == Ref(name)
    assert from_sympy(to_sympy(Ref(name, (i, num(2))))) == Ref(name, (i, num(2)))


def test_no_two_names_share_a_symbol() -> None:
    assert len({symbol_name(name) for name in NAMES}) == len(NAMES)


@pytest.mark.parametrize(
    ("name", "shown"), [(r"\hat y", r"\hat{y}"), (r"\hat \alpha", r"\hat{\alpha}"), ("z'", "z'")]
)
def test_symbols_print_as_the_names_they_stand_for(name: str, shown: str) -> None:
    assert sympy.latex(to_sympy(Ref(name))) == shown


@pytest.mark.parametrize(
    ("e", "shown"),
    [
        (Div(x, y), "x/y"),
        (Neg(Pow(x, num(2))), "-x**2"),
        (num(Fraction(2, 6)), "1/3"),
        (ref("x", 1), "x[1]"),
        (Ref("W", (i, j)), "W[i, j]"),
        (over("sum", "j", ONE, n, Ref("x", (j,))), "Sum(x[j], (j, 1, n))"),
        (over("prod", "j", ONE, n, Ref("x", (j,))), "Product(x[j], (j, 1, n))"),
        (
            Reduce("sum", (Bound("i", ONE, n), Bound("j", ONE, i)), Ref("W", (i, j))),
            "Sum(W[i, j], (j, 1, i), (i, 1, n))",
        ),
        (Iverson(Rel(">", x, ZERO)), "Piecewise((1, x > 0), (0, True))"),
        (Call("relu", (x,)), "Max(0, x)"),
        (Call("sigmoid", (x,)), "1/(1 + exp(-x))"),
        (Call("max", (x, y)), "Max(x, y)"),
        (Call("sqrt", (x,)), "sqrt(x)"),
        (Call("ceil", (x,)), "ceiling(x)"),
        (Call("swish", (x,)), "swish(x)"),
        (Cases(((x, Rel("<=", x, y)), (y, None))), "Piecewise((x, x <= y), (y, True))"),
        (Partial(ref("L"), ref("z", 1)), "Gradient(L, z[1])"),
        (over("max", "j", ONE, num(3), Ref("x", (j,))), "Max(x[1], x[2], x[3])"),
        (
            over("sum", "j", ONE, n, x, Rel("!=", j, i)),
            "Sum(Piecewise((x, Ne(i, j)), (0, True)), (j, 1, n))",
        ),
        (Pow(num(2), num(10**9)), "2**1000000000"),
    ],
)
def test_formulas_become_the_sympy_objects_of_the_field(e: Expr, shown: str) -> None:
    assert sympy.sstr(to_sympy(e)) == shown


@pytest.mark.parametrize("seed", range(200))
def test_values_agree_with_sympy(seed: int) -> None:
    e = _numeric_extremes(formula(random.Random(seed)))
    point = Point(SIZES, field(seed))
    there = to_sympy(e)
    assert _sympy_value(there, point) == value(e, point), f"seed {seed}: {there}"


@pytest.mark.parametrize("seed", range(200))
def test_the_way_back_means_the_same(seed: int) -> None:
    e = _numeric_extremes(formula(random.Random(seed)))
    point = Point(SIZES, field(seed))
    back = from_sympy(to_sympy(e))
    assert value(back, point) == value(e, point), f"seed {seed}: {back}"
    again = to_sympy(back)
    assert _sympy_value(again, point) == value(e, point), f"seed {seed}: {again}"


def _numeric_extremes(e: Expr) -> Expr:
    """Sizes put in, because SymPy has no maximum over a range of unknown length."""
    return substitute(e, {name: num(size) for name, size in SIZES.items()})


def _sympy_value(s: sympy.Basic, point: Point) -> Fraction:
    """The value by SymPy: sums worked out, then every name replaced."""
    table = {
        to_sympy(r): sympy.Rational(v.numerator, v.denominator) for r, v in point.values.items()
    }
    result = s.doit().xreplace(table)
    result = result.doit() if not result.is_Rational else result
    assert result.is_Rational, result
    return Fraction(int(result.p), int(result.q))


def test_nothing_is_captured_by_a_binder_of_the_same_name() -> None:
    """Σ_i (x_i + Σ_{i=1}^{i} i): three different i."""
    inner = over("sum", "i", ONE, i, i)
    e = over("sum", "i", ONE, num(3), Add((Ref("x", (i,)), inner)))
    point = Point(values={ref("x", k): Fraction(0) for k in (1, 2, 3)})
    assert value(e, point) == 10
    assert _sympy_value(to_sympy(e), point) == 10
    twice = Reduce("sum", (Bound("i", ONE, num(3)), Bound("i", ONE, i)), i)
    assert value(twice) == 10
    assert to_sympy(twice).doit() == 10
    outside = Mul((i, over("sum", "i", ONE, i, i)))
    assert to_sympy(outside).subs(sympy.Symbol("i"), 3).doit() == 18


def test_a_gradient_is_inert_and_keeps_its_index() -> None:
    e = over("sum", "i", ONE, num(2), Mul((Partial(ref("L"), Ref("z", (i,))), Ref("x", (i,)))))
    there = to_sympy(e)
    assert sympy.sstr(there.doit()) == "x[1]*Gradient(L, z[1]) + x[2]*Gradient(L, z[2])"
    assert sympy.latex(to_sympy(Partial(ref("L"), ref("b")))) == r"\frac{\partial L}{\partial b}"
    assert from_sympy(there).body == Mul((Ref("x", (i,)), Partial(ref("L"), Ref("z", (i,)))))


SYMPY_X, SYMPY_Y = sympy.symbols("x y")


@pytest.mark.parametrize(
    ("s", "e"),
    [
        (SYMPY_X - SYMPY_Y, Add((x, Neg(y)))),
        (-SYMPY_X / 2, Neg(Div(x, num(2)))),
        (2 * SYMPY_X, Mul((num(2), x))),
        (SYMPY_X / SYMPY_Y**2, Div(x, Pow(y, num(2)))),
        (1 / SYMPY_X, Div(ONE, x)),
        (sympy.sqrt(SYMPY_X), Call("sqrt", (x,))),
        (sympy.exp(-SYMPY_X), Call("exp", (Neg(x),))),
        (sympy.E, Call("exp", (ONE,))),
        (sympy.Max(SYMPY_Y, SYMPY_X, 0), Call("max", (ZERO, x, y))),
        (sympy.Lt(SYMPY_X, 2), Rel("<", x, num(2))),
        (sympy.Piecewise((1, SYMPY_X > 0), (0, True)), Iverson(Rel(">", x, ZERO))),
        (
            sympy.Piecewise((1, (SYMPY_X > 0) & (SYMPY_Y > 0)), (0, True)),
            Iverson(And((Rel(">", x, ZERO), Rel(">", y, ZERO)))),
        ),
        (sympy.KroneckerDelta(SYMPY_X, SYMPY_Y), Iverson(Rel("=", x, y))),
        (sympy.Function("f")(SYMPY_X), Call("f", (x,))),
        (sympy.Derivative(sympy.Function("f")(SYMPY_X), SYMPY_X), Partial(Call("f", (x,)), x)),
    ],
)
def test_sympy_objects_become_formulas(s: sympy.Basic, e: Expr) -> None:
    assert from_sympy(s) == e


@pytest.mark.parametrize(
    ("s", "message"),
    [
        (
            0.5 * SYMPY_X,
            "found the float 0.500000000000000, expected a rational number; write Rational(1, 2)",
        ),
        (sympy.nan, "found NaN in a SymPy expression"),
        (sympy.zoo, "found ComplexInfinity in a SymPy expression"),
        (sympy.I * SYMPY_X, "found ImaginaryUnit in a SymPy expression"),
        (sympy.Integral(SYMPY_X, SYMPY_X), "found Integral in a SymPy expression"),
        (sympy.Matrix([[SYMPY_X]]), "found MutableDenseMatrix in a SymPy expression"),
        (sympy.Or(SYMPY_X > 0, SYMPY_Y > 0), "found Or in a SymPy expression"),
        (
            sympy.Derivative(sympy.Function("f")(SYMPY_X), SYMPY_X, 2),
            "found the derivative Derivative(f(x), (x, 2)), expected one of first order",
        ),
    ],
)
def test_what_we_have_no_word_for_is_refused(s: sympy.Basic, message: str) -> None:
    with pytest.raises(SymgradError) as caught:
        from_sympy(s)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    "e", [Blank(), over("max", "j", ONE, n, j), Reduce("sum", (Bound("j"),), j)]
)
def test_what_sympy_has_no_word_for_is_refused(e: Expr) -> None:
    with pytest.raises(SymgradError, match="expected"):
        to_sympy(e)


def test_text_is_never_evaluated() -> None:
    name = "__import__('os').getcwd()"
    assert to_sympy(Ref(name)) == sympy.Symbol(name)
    assert to_sympy(Ref(name, (i,))).base.label == sympy.Symbol(name)


def test_sympy_is_loaded_only_when_asked() -> None:
    code = "import sys, symgrad.bridge, symgrad.evaluate; print('sympy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
