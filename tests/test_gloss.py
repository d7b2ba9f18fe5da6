"""How an exam was read: each sign of several meanings, under which heading, and why."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from symgrad.api import Exam
from symgrad.cli import main
from symgrad.gloss import readings

CASES = [
    (r"\delta_i = \frac{\partial L}{\partial z_i}, z_i = w x_i, i = 1, \dots, n", r"\frac{\partial L}{\partial w}",
     ("δ", "the gradient ∂L/∂zᵢ", "declaration")),
    (r"L = \sum_{i=1}^{n} \delta_i w_i", r"\frac{\partial L}{\partial w_i}",
     ("δ", "a parameter or data", "default")),
    (r"L = \sum_{i=1}^{n} \delta_{i=2} w_i, 2 \le n", r"\frac{\partial L}{\partial w_k}",
     ("δ_{a=b}", "Kronecker's delta", "default")),
    (r"L = \log \sigma(w)", r"\frac{\partial L}{\partial w}", ("σ(…)", "the logistic function", "default")),
    (r"\sigma(u) = \tanh u, L = \sigma(w)", r"\frac{\partial L}{\partial w}",
     ("σ(…)", "the function that is defined", "declaration")),
    (r"\sigma = w x, L = \sigma^2", r"\frac{\partial L}{\partial w}", ("σ", "a quantity", "declaration")),
    (r"\sigma^2 = w x, L = \log \sigma^2", r"\frac{\partial L}{\partial w}",
     ("σ²", "one name, no square", "declaration")),
    (r"L = w * x", r"\frac{\partial L}{\partial w}", ("*", "a product", "default")),
    (r"c' = w x, L = c'^2", r"\frac{\partial L}{\partial w}", ("c′", "a name of its own, no derivative", "declaration")),
    (r"f(x) = x^3", r"f'(x)", ("f'", "the derivative of f", "declaration")),
    (r"\bar y = \frac{\partial L}{\partial y}, y = w x", r"\frac{\partial L}{\partial w}",
     ("ȳ", "the gradient ∂L/∂y", "declaration")),
    (r"L = w^t x", r"\frac{\partial L}{\partial w}", ("^t", "a power", "default")),
    (r"z = w^{(1)} x", r"\frac{\partial z}{\partial x}", ("w⁽¹⁾", "a name with a label, no power", "default")),
    (r"z^l = w^l a^{l-1}, C = (z^l)^2", r"\frac{\partial C}{\partial a^{l-1}}",
     ("^l", "part of the name, no power", "declaration")),
    (r"x \in \mathbb{R}^n, L = x^T x", r"\frac{\partial L}{\partial x}", ("^T", "the transpose", "default")),
    (r"e = y - w x, L = e^2", r"\frac{\partial L}{\partial w}", ("e", "a quantity", "declaration")),
    (r"L = e^{w}", r"\frac{\partial L}{\partial w}", ("e^…", "the exponential function", "default")),
    (r"x \in \mathbb{R}^d, L = \frac1d \|x\|^2", r"\frac{\partial L}{\partial x}", ("d", "a size", "declaration")),
    (r"\pi = \sigma(w), L = \log \pi", r"\frac{\partial L}{\partial w}", ("π", "a quantity", "declaration")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "asked", "expected"), CASES)
def test_each_sign_is_told_as_it_was_read(
    text: str, asked: str, expected: tuple[str, str, str]
) -> None:
    exam = Exam.parse(f"$$ {text} $$\n\n$$ {asked} = ? $$\n")
    assert expected in [(r.sign, r.meaning, r.why) for r in readings(exam.solve())]


def test_a_heading_around_is_a_scope() -> None:
    exam = Exam.parse(
        "# A\n\n$$\\sigma = w x$$\n\n## B\n\n$$L = \\sigma^2$$\n\n"
        "$$\\frac{\\partial L}{\\partial w} = ?$$\n\n# C\n\n$$M = \\sigma(u)$$\n\n"
        "$$\\frac{\\partial M}{\\partial u} = ?$$\n"
    )
    found = [(r.where, r.sign, r.meaning, r.why) for r in readings(exam.solve())]
    assert found == [
        ("A", "σ", "a quantity", "declaration"),
        ("A / B", "σ", "a quantity", "scope"),
        ("C", "σ(…)", "the logistic function", "default"),
    ]


def test_the_command_tells_and_writes_nothing(tmp_path: Path) -> None:
    exam = tmp_path / "quiz.md"
    exam.write_text("# 1\n\n$$L = w * x$$\n\n$$\\frac{\\partial L}{\\partial w} = ?$$\n")
    result = CliRunner().invoke(main, ["solve", str(exam), "--explain-reading"])
    assert result.exit_code == 0
    assert result.output.splitlines()[0] == "1"
    assert "a product   (default: no sign of another product)" in result.output
    assert list(tmp_path.iterdir()) == [exam]


def test_an_exam_without_such_signs_says_so(tmp_path: Path) -> None:
    exam = tmp_path / "quiz.md"
    exam.write_text("$$L = w x$$\n\n$$\\frac{\\partial L}{\\partial w} = ?$$\n")
    result = CliRunner().invoke(main, ["solve", str(exam), "--explain-reading"])
    assert result.output == "No sign of this exam has several meanings.\n"
