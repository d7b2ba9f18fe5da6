r"""\pi is the number where nothing shows that it is a name."""

from __future__ import annotations

import pytest

from symgrad.api import Exam, Network
from symgrad.compare import equal
from symgrad.errors import SymgradError
from symgrad.expr import PI, Ref, walk
from symgrad.latex import latex
from symgrad.notation import Formula, read
from symgrad.text import text

NUMBERS = [
    r"2 \pi x",
    r"\log 2 \pi",
    r"\log(2\pi\sigma^2)",
    r"\sqrt{\frac{2}{\pi}}",
    r"\pi^2 x",
    r"\pi [x > 0]",
    r"\sin(2 \pi \cdot (x - 1))",
    r"\frac{x}{\pi}",
    "2 π x",
]
NAMES = [
    r"\pi_a r_a",
    r"x \pi^*",
    r"\pi' x",
    r"\pi^{(1)} x",
    r"\pi = \sigma(z)",
    r"\frac{\partial J}{\partial \pi}",
    r"\nabla_\pi J",
    r"x_\pi",
    r"\pi \in \mathbb{R}^{K}",
    r"\hat\pi x",
]


def circles(source: str) -> bool:
    """Does a formula hold the number?"""
    found = read(source)
    return any(PI in walk(p) for s in found if isinstance(s, Formula) for p in s.parts)


@pytest.mark.parametrize("source", NUMBERS)
def test_bare_it_is_the_number(source: str) -> None:
    assert circles(source)
    (formula,) = read(source)
    assert isinstance(formula, Formula)
    printed = latex(formula.parts[0])
    (again,) = read(printed)
    assert isinstance(again, Formula)
    assert again.parts == formula.parts, printed
    assert "π" in text(formula.parts[0])


@pytest.mark.parametrize("source", NAMES)
def test_what_shows_that_it_is_a_name(source: str) -> None:
    assert not circles(source)


@pytest.mark.parametrize(
    ("display", "parameters"),
    [
        (r"L = \pi w", "w"),
        (r"L = \pi w, \quad \pi \in \mathbb{R}", r"\pi, w"),
        (r"\pi = 3 v, \quad L = \pi w", "v, w"),
        (r"L = \pi w, \quad \pi = 2", r"\pi, w"),
        (r"L = \pi w, \quad \pi \sim \mathcal D", "w"),
    ],
)
def test_an_exam_declares_it(display: str, parameters: str) -> None:
    found = Exam.parse(f"$${display}$$\n\n$$\\theta = ?$$", "exam.md").solve().answers
    assert [a.latex for a in found] == [parameters]


def test_what_is_outside_a_heading_holds_inside() -> None:
    text_ = "$$\\pi, x \\in \\mathbb{R}^{K}$$\n\n# A\n\n$$L = \\pi^\\top x$$\n\n$$\\nabla_x L = ?$$"
    assert [a.latex for a in Exam.parse(text_, "exam.md").solve().answers] == [r"\pi"]


def test_the_sheet_says_that_it_is_the_number() -> None:
    exam = Exam.parse("$$A = \\pi r^2$$\n\n$$\\frac{\\partial A}{\\partial r} = ?$$", "exam.md")
    assert r"$\pi$ is the number 3.14159…" in exam.solve().markdown()
    exam = Exam.parse("$$A = \\pi_1 r^2$$\n\n$$\\frac{\\partial A}{\\partial r} = ?$$", "exam.md")
    assert "is the number" not in exam.solve().markdown()


def test_before_a_parenthesis_it_is_refused() -> None:
    with pytest.raises(SymgradError, match="a number or an undefined function"):
        Network(r"L = 2 \pi (x - 1)")
    net = Network(r"\pi(a) = e^{a}, \quad L = 2 \pi(x)")
    assert net.gradient("L", "x").latex() == r"\frac{\partial L}{\partial x} = 2 e^{x}"


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        (r"\sqrt{\frac{2}{\pi}}", r"\frac{\sqrt 2}{\sqrt\pi}", "Equal"),
        (r"\sqrt{2 \pi v}", r"\sqrt{2 \pi} \sqrt{v}", "Equal"),
        (r"\log(2 \pi)", r"\log 2 + \log \pi", "Equal"),
        (r"\frac{1}{\sqrt{2\pi}} e^{-x^2/2}", r"\frac{1}{\sqrt{2 \pi e^{x^2}}}", "Equal"),
        (r"\pi x", r"3.14159265 x", "Differs"),
        (r"\pi x", r"\sqrt\pi x", "Differs"),
        (r"\operatorname{erf}(x)", r"\operatorname{erf}(2 x)", "Differs"),
        (r"\sqrt{\pi x}", r"\sqrt{\pi} x", "Differs"),
    ],
)
def test_it_is_positive_in_proofs_and_a_number_at_points(a: str, b: str, verdict: str) -> None:
    assert equal(a, b).name == verdict


def test_sympy_has_it() -> None:
    import sympy

    x = Ref("x")
    net = Network(r"A = \pi x^2")
    found = net.gradient("A", "x").result
    assert found == 2 * sympy.pi * sympy.Symbol(x.name)
