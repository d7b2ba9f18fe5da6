"""The form of a gradient: names for quotients, known functions, what terms share in front."""

from __future__ import annotations

import random

import pytest
from oracle import SIZES, field, formula, outcome

from symgrad import equal
from symgrad.api import Network
from symgrad.errors import SymgradError
from symgrad.evaluate import Point
from symgrad.expr import (
    ONE,
    ZERO,
    Add,
    Call,
    Div,
    Expr,
    Iverson,
    Mul,
    Neg,
    Num,
    Pow,
    Reduce,
    Ref,
    Rel,
    num,
    walk,
)
from symgrad.notation import read_expression
from symgrad.rules.algebra import tidy
from symgrad.rules.brackets import compared
from symgrad.rules.known import recognised
from symgrad.rules.shared import parts, shared

MEAN = r"\mu = \frac1N \sum_{i=1}^{N} x_i"
SPREAD = r"v = \frac1N \sum_{i=1}^{N} (x_i - \mu)^2"
FORMS = [
    # the one-line gradient of batch normalisation
    (
        rf"{MEAN}, {SPREAD}, \hat x_i = \frac{{x_i - \mu}}{{\sqrt{{v + \epsilon}}}}, "
        r"i = 1, \dots, N, y_i = \gamma \hat x_i + \beta, \delta_i = \frac{\partial L}{\partial y_i}",
        "x_i",
        r"\frac{\gamma}{N\, \sqrt{v + \epsilon}}\, \left(N \delta_i - \sum_{j=1}^{N} \delta_j "
        r"- \hat x_i\, \sum_{j=1}^{N} \delta_j \hat x_j\right)",
    ),
    # a mean over two indices is centred as well
    (
        r"\mu = \frac{1}{C m} \sum_{c=1}^{C} \sum_{i=1}^{m} x_{ci}, "
        r"v = \frac{1}{C m} \sum_{c=1}^{C} \sum_{i=1}^{m} (x_{ci} - \mu)^2, L = v^2",
        r"\mu",
        "0",
    ),
    # a vector that is divided by its length
    (
        r"r = \sqrt{\sum_{i=1}^{d} x_i^2}, y_i = \frac{x_i}{r}, i = 1, \dots, d, "
        r"\delta_i = \frac{\partial L}{\partial y_i}",
        "x_i",
        r"\frac{1}{r}\, \left(\delta_i - y_i\, \sum_{j=1}^{d} \delta_j y_j\right)",
    ),
    # known functions
    (r"L = \sum_{i=1}^{n} \log(1 + e^{z_i})", "z_i", r"\sigma(z_i)"),
    (r"L = \log(1 + e^{-z})", "z", r"-\sigma(-z)"),
    (r"L = \log(1 + e^{z}) - y z", "z", r"\sigma(z) - y"),
    (r"L = \log \cosh(p - y)", "p", r"\tanh(p - y)"),
    (r"L = -\log \sigma(-t)", "t", r"\sigma(t)"),
    # no fraction in a fraction, roots above and below cancel
    (r"L = \frac{a}{\sqrt{x^2 + 1} u}", "x", r"-L \frac{x}{x^2 + 1}"),
    (r"L = \frac{a}{(x^2 + 1)^{3/2}}", "x", r"-L \frac{3 x}{x^2 + 1}"),
    # not where \sigma is a name, or a function of the exam
    (r"L = \log(1 + e^{z}) + z \sigma", "z", r"\frac{e^{z}}{1 + e^{z}} + \sigma"),
    (
        r"\sigma(u) = \tanh u, L = \log(1 + e^{z}) + \sigma(z)",
        "z",
        r"\frac{e^{z}}{1 + e^{z}} + 1 - \tanh^2(z)",
    ),
    (r"L = -\log \frac{e^{a}}{\sum_{j=1}^{n} e^{z_j}}", "z_k", r"\frac{e^{z_k}}{\sum_{j=1}^{n} e^{z_j}}"),
    # sums that definitions make known
    (
        r"p_k = \frac{e^{z_k}}{\sum_{j=1}^{K} e^{z_j}}, q_k = \frac{e^{v_k}}{\sum_{j=1}^{K} e^{v_j}}, "
        r"k = 1, \dots, K, L = -\sum_{k=1}^{K} q_k \log p_k",
        "z_k",
        "p_k - q_k",
    ),
    (
        r"p_k = \frac{e^{z_k}}{\sum_{j=1}^{K} e^{z_j}}, \sum_{k=1}^{K} y_k = 1, "
        r"q_k = (1 - \epsilon) y_k + \frac{\epsilon}{K}, k = 1, \dots, K, "
        r"L = -\sum_{k=1}^{K} q_k \log p_k",
        "z_k",
        "p_k - q_k",
    ),
    # what terms share
    (
        r"p_k = \frac{e^{z_k}}{\sum_{j=1}^{K} e^{z_j}}, k = 1, \dots, K, g_k = \frac{\partial L}{\partial p_k}",
        "z_k",
        r"p_k\, \left(g_k - \sum_{i=1}^{K} g_i p_i\right)",
    ),
    (r"L = \log s + \frac{(y - m)^2}{2 s^2}", "s", r"\frac{1}{s} - \frac{(y - m)^2}{s^3}"),
    # brackets
    (
        r"p_k = \frac{e^{z_k}}{\sum_{j=1}^{K} e^{z_j}}, k = 1, \dots, K, y \in \{1, \dots, K\}, "
        r"L = \log p_y",
        "z_k",
        r"\mathbf{1}[y = k] - p_k",
    ),
    (r"L = \max(0, \min(1, \frac{z + 3}{6}))", "z", r"\frac{1}{6} \cdot \mathbf{1}[-3 < z < 3]"),
    (r"L = \min(\max(0, z), 6)", "z", r"\mathbf{1}[0 < z < 6]"),
    (r"L = \max(0, m - z)^2", "z", r"-2 \max(0, m - z)"),
    (
        r"L = \max(\tau (y - p), (\tau - 1) (y - p))",
        "p",
        r"\mathbf{1}[y < p]\, (1 - \tau) - \mathbf{1}[y > p]\, \tau",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "by", "right"), FORMS)
def test_a_gradient_has_the_form_of_textbooks(text: str, by: str, right: str) -> None:
    net = Network(text)
    asked = net.question(rf"\frac{{\partial L}}{{\partial {by}}} = ?")
    answer = net.answered(asked)  # held against the oracle
    assert answer.latex.partition(" = ")[2] == right or answer.latex == right


MATRICES = [
    (
        r"X \in \mathbb{R}^{N \times d}, W \in \mathbb{R}^{d \times k}, Y \in \mathbb{R}^{N \times k}, "
        r"P = \operatorname{softmax}(X W), L = -\frac1N \operatorname{tr}(Y^\top \log P), "
        r"Y \mathbf{1} = \mathbf{1}",
        "L",
        "W",
        r"\frac{X^\top\, (P - Y)}{N}",
    ),
    (
        r"x, \gamma \in \mathbb{R}^d, \mu = \frac{1}{d} \mathbf{1}^\top x, "
        r"v = \frac1d \|x - \mu \mathbf 1\|^2, \hat x = \frac{x - \mu \mathbf 1}{\sqrt{v + \epsilon}}, "
        r"y = \gamma \odot \hat x, \delta = \frac{\partial L}{\partial y}",
        "L",
        "x",
        r"\frac{d \cdot (\delta \odot \gamma) - (\delta^\top \gamma)\, \mathbf{1}_d - (\delta^\top\, "
        r"(\gamma \odot \hat x))\, \hat x}{d \cdot \sqrt{v + \epsilon}}",
    ),
    (r"A \in \mathbb{R}^{n \times n}, f = \operatorname{tr}(A A A)", "f", "A", r"3 A^\top A^\top"),
    (r"A \in \mathbb{R}^{n \times n}, x \in \mathbb{R}^n, f = x^\top A^\top A x", "f", "x", r"2 A^\top A x"),
    (
        r"x \in \mathbb{R}^n, u = \frac{x}{\|x\|}, g = \frac{\partial L}{\partial u}",
        "L",
        "x",
        r"\frac{g - (g^\top u)\, u}{\left\lVert x \right\rVert}",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "of", "by", "right"), MATRICES)
def test_a_gradient_of_matrices_has_the_form_of_textbooks(
    text: str, of: str, by: str, right: str
) -> None:
    net = Network(text)
    answer = net.answered(net.question(rf"\frac{{\partial {of}}}{{\partial {by}}} = ?"))
    assert answer.latex == right


# -- every rewriting keeps the value ----------------------------------------------------------------


def keeps(before: Expr, after: Expr, seed: int) -> None:
    point = Point(SIZES, field(seed))
    old = outcome(before, point)
    if not isinstance(old, str):
        assert outcome(after, point) == old, seed


def likely(rng: random.Random, depth: int = 2) -> Expr:
    """A formula in which the rewritings have something to do."""
    u, v, w = Ref("u"), Ref("v"), Ref("w")
    atoms: list[Expr] = [u, v, w, num(2), Num(ONE.value / 3)]
    if not depth:
        return rng.choice(atoms)
    a, b = likely(rng, depth - 1), likely(rng, depth - 1)
    op = rng.choice(["<", "<=", ">", ">="])
    body = Mul((a, Ref("x", (Ref("j"),))))
    return rng.choice(
        [
            Add((Mul((a, b)), Neg(Mul((b, rng.choice(atoms)))))),
            Add((Div(a, w), Div(b, w), Neg(Div(a, Mul((u, w)))))),
            Mul((a, b, rng.choice(atoms))),
            Div(a, Add((ONE, Pow(b, num(2))))),
            Mul((a, Iverson(Rel(op, Call(rng.choice(["max", "min"]), (ZERO, u)), num(6))))),
            Mul((Call("max", (ZERO, v)), Iverson(Rel(rng.choice([">", ">="]), v, ZERO)), a)),
            Mul((Iverson(Rel(op, Div(Add((u, num(3))), num(6)), num(1))), b)),
            Mul((Iverson(Rel(op, Mul((Add((w, num(-1))), u)), Mul((w, u)))), b)),
            Add((Reduce("sum", (_span("j"),), body), Neg(Reduce("sum", (_span("j"),), Mul((b, Ref("x", (Ref("j"),)))))))),
        ]
    )  # fmt: skip


def _span(letter: str):  # type: ignore[no-untyped-def]
    return read_expression(rf"\sum_{{{letter}=1}}^{{n}} x_{{{letter}}}").bounds[0]  # type: ignore[attr-defined]


@pytest.mark.parametrize("rewrite", [shared, compared, recognised])
def test_each_rewriting_keeps_the_value_and_has_nothing_left_to_do(rewrite) -> None:  # type: ignore[no-untyped-def]
    changed = 0
    for seed in range(60):
        rng = random.Random(seed)
        for e in (likely(rng), formula(rng, 3)):
            neat = tidy(e)
            found = rewrite(neat)
            keeps(neat, found, seed)
            again = rewrite(found)
            keeps(neat, again, seed)
            changed += found != neat
    assert changed > 5 or rewrite is recognised


def test_the_parts_of_a_product_make_it_again() -> None:
    for seed in range(60):
        e = tidy(likely(random.Random(seed)))
        keeps(e, parts(e).formula, seed)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (r"\frac{e^z}{1 + e^z}", r"\sigma(z)"),
        (r"\frac{a e^{-z}}{e^{-z} + 1} b", r"a \sigma(-z) b"),
        (r"\frac{1}{(1 + e^{-z})^2}", r"\sigma(z)^2"),
        (r"\frac{e^z}{(1 + e^z)^2}", r"\frac{\sigma(z)}{1 + e^z}"),
        (r"\frac{e^z}{1 + e^y}", r"\frac{e^z}{1 + e^y}"),
        (r"\frac{1}{1 + e^z}", r"\frac{1}{1 + e^z}"),
        (r"\frac{e^z}{2 + e^z}", r"\frac{e^z}{2 + e^z}"),
    ],
)
def test_what_is_the_logistic_function_and_what_is_not(before: str, after: str) -> None:
    found = recognised(tidy(read_expression(before)))
    assert any(isinstance(x, Call) and x.fn == "sigmoid" for x in walk(found)) == (
        r"\sigma" in after
    )
    assert equal(before, after).name == "Equal"


@pytest.mark.parametrize(
    "text",
    [
        r"y_i = \frac{x_i}{r}, i = 2, \dots, n, L = \sum_{i=1}^{n} \frac{x_i^2}{r}",
        r"y_i = \frac{x_i - m}{r}, i = 1, \dots, k, k \le n, L = \sum_{i=1}^{n} (x_i - m)^2 \frac1r",
    ],
)
def test_an_entry_that_no_equation_defines_gets_no_name(text: str) -> None:
    try:
        net = Network(text)
        answer = net.answered(net.question(r"\frac{\partial L}{\partial x_i} = ?"))
    except SymgradError:
        pytest.skip("refused")
    assert "y" not in answer.latex
