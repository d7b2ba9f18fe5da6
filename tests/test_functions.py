r"""Functions of which nothing is said but that they are there: ``f: \mathbb{R} \to \mathbb{R}``."""

from __future__ import annotations

from fractions import Fraction

import pytest
from judge import name, network

from symgrad.api import Exam
from symgrad.compare import equal
from symgrad.derive import Sweep
from symgrad.errors import SymgradError
from symgrad.evaluate import Point, Unrolled
from symgrad.expr import Ref
from symgrad.grade import check
from symgrad.special import function
from symgrad.text import text
from symgrad.verdict import Differs, Equal
from symgrad.witness import confirm_formula

MAPS = r"f, g: \mathbb{R} \to \mathbb{R}"


@pytest.mark.parametrize(
    ("equations", "by", "answer"),
    [
        ("z = f(w x + b), L = (z - y)^2", "w", "2 (z − y) f′(w x + b) x"),
        ("L = f(g(w x))", "w", "f′(g(w x)) g′(w x) x"),
        (r"L = \sum_{i=1}^{n} f(w x_i)", "w", "Σ_{i=1}^{n} f′(w xᵢ) xᵢ"),
        ("L = f'(x) y", "x", "f″(x) y"),
        (r"L = \prod_{i=1}^{n} f(x_i)", "x_k", "(Π_{j=1, j ≠ k}^{n} f(xⱼ)) f′(xₖ)"),
    ],
)
def test_the_chain_rule_leaves_the_derivative_named(equations: str, by: str, answer: str) -> None:
    net = network(f"{MAPS}\n{equations}".replace("\n", ", "))
    found = Sweep(net, Ref("L")).gradient(name(by))
    confirm_formula(net, found)
    assert text(found.answer) == answer


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        ("f(a + b) + f'(a)", "f'(a) + f(b + a)", "Equal"),
        (r"\sum_{i=1}^{n} f(x_i)", r"\sum_{k=0}^{n-1} f(x_{k+1})", "Equal"),
        ("f(a + b)", "f(a) + f(b)", "Differs"),
        ("f(2 a)", "2 f(a)", "Differs"),
        ("f'(a)", "f(a)", "Differs"),
        ("f(a)", "g(a)", "Differs"),
        ("f'(a) g(a)", "f(a) g'(a)", "Differs"),
    ],
)
def test_nothing_is_known_of_it(a: str, b: str, verdict: str) -> None:
    found = equal(a, b, MAPS)
    assert found.name == verdict
    assert ("with f(z) = " in found.message) == (verdict == "Differs")


@pytest.mark.parametrize("fn", ["@f", "@g'", r"@\phi''"])
def test_what_stands_for_it_has_the_slope_that_its_derivative_says(fn: str) -> None:
    made, slope = function(fn), function(fn + "'")
    assert made is not None
    assert slope is not None
    h = Fraction(1, 10**9)
    for x in map(Fraction, (-2, 0, 1, 3)):
        rise = (made.value(x + h) - made.value(x - h)) / (2 * h)  # type: ignore[operator]
        assert abs(rise - slope.value(x)) < Fraction(1, 10**6)  # type: ignore[operator]
        assert made.slope(x) == slope.value(x)


def test_a_vector_passes_through_it_entry_by_entry() -> None:
    exam = rf"""
$${MAPS}, \quad W \in \mathbb{{R}}^{{h \times d}}, \quad x \in \mathbb{{R}}^d$$

$$a = W x, \quad z = f(a), \quad \delta = \frac{{\partial L}}{{\partial z}}$$

$$\frac{{\partial L}}{{\partial W}} = ? \qquad \frac{{\partial z}}{{\partial a}} = ?$$
"""
    found = [a.latex for a in Exam.parse(exam, "exam.md").solve().answers]
    assert found == [
        r"(\delta \odot f'(a))\, x^\top",
        r"\operatorname{diag}(f'(a))",
    ]


def test_a_work_is_judged_with_it() -> None:
    exam = Exam.parse(
        rf"$${MAPS}, \quad z = f(w x)$$" "\n\n" r"$$\frac{\partial z}{\partial w} = ?$$", "exam.md"
    )
    for answer, kind in (("x f'(w x)", Equal), ("f'(w x)", Differs), ("x f(w x)", Differs)):
        report = check(rf"$$\frac{{\partial z}}{{\partial w}} = {answer}$$", exam)
        assert [type(a.verdict) for a in report.answers] == [kind]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (r"f: \mathbb{R}^n \to \mathbb{R}, z = f(x)", "expected a function of one number"),
        ("z = f(w x + b)", r"declare it, f: \mathbb{R} \to \mathbb{R}"),
        (r"f \to g", "limits and arrows are not read"),
    ],
)
def test_what_is_no_such_function_is_refused(given: str, expected: str) -> None:
    with pytest.raises(SymgradError) as caught:
        Exam.parse(f"$${given}$$\n\n" r"$$\frac{\partial z}{\partial x} = ?$$", "exam.md").solve()
    assert expected in caught.value.headline()


def test_it_has_no_value_at_given_numbers() -> None:
    net = network(rf"{MAPS}, \quad z = f(x)")
    with pytest.raises(SymgradError, match="nothing is said"):
        Unrolled(net, Point(values={Ref("x"): Fraction(2)})).value(Ref("z"))
    exam = rf"$${MAPS}, \quad z = f(w x), \quad w = 1, \quad x = 2$$"
    (answer,) = (
        Exam.parse(exam + "\n\n" + r"$$\frac{\partial z}{\partial w} = ?$$", "e.md").solve().answers
    )
    assert answer.value is None


@pytest.mark.parametrize(("a", "b"), [("f(0)", "2"), ("|f'(x)|", "f'(x)"), ("f(0) + g(0)", "0")])
def test_one_such_function_proves_nothing_of_the_others(a: str, b: str) -> None:
    assert equal(a, b, MAPS).name in ("Undecided", "Differs")
