"""Equations among words: judged where they are whole, listed where they may not be, never dropped."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_check import LINEAR, judged, words

from symgrad.exam import Exam
from symgrad.grade import check
from symgrad.prose import equations
from symgrad.typed import in_latex
from symgrad.verdict import Undecided


@pytest.mark.parametrize(
    ("line", "latex"),
    [
        ("dL/dw_1 = (y_hat - y) * v_1", r"\frac{\partial L}{\partial w_1} = (\hat{y} - y) * v_1"),
        ("(b) ∂L/∂a = delta_1", r"\frac{\partial L}{\partial a} = \delta_1"),
        ("so dL/dw = x * d", r"\frac{\partial L}{\partial w} = x * d"),
        ("dL/db = d because b is added.", r"\frac{\partial L}{\partial b} = d"),
        (
            "Hence ∂L/∂kⱼ = Σᵢ δᵢ xᵢ₊ⱼ₋₁.",
            r"\frac{\partial L}{\partial k_{j}} = \sum_{i} δ_{i} x_{i+j-1}",
        ),
        ("We get y = x^(n-1) / √(a+b)", r"y = x^{n-1} / \sqrt{a+b}"),
        ("따라서 dL/dw = x * d이다", r"\frac{\partial L}{\partial w} = x * d"),
        ("so z_i = w x_i, i = 1, ..., n and", "z_i = w x_i, i = 1, ..., n"),
    ],
)
def test_an_equation_among_words_is_found(line: str, latex: str) -> None:
    (span,) = equations(line)
    assert span.latex == latex
    assert span.whole
    assert line[span.start :].startswith(span.text)


@pytest.mark.parametrize(
    "line",
    ["the answer = 3 apples", "Let us see", "a == b", "https://x.org/?a=b&c=d", "the map z -> w",
     "learning rate = 0.01", '<img src="a" width=5>', "batch size = 32, seed = 4", "so 24x24x8 = 4608", "2 x 3 = 6"],
)  # fmt: skip
def test_prose_is_no_equation(line: str) -> None:
    assert not list(equations(line))


@pytest.mark.parametrize(
    "line",
    ["half of (y - t)^2 = L", "dL/dw = upstream * x", "* db = 3", "so dw = x * d", "w = w - lr * dw",
     "the product of x_1 = x_2 units", "dL/dw = x * d apples"],
)  # fmt: skip
def test_what_may_be_a_part_of_an_equation_is_listed_and_no_claim(line: str) -> None:
    spans = list(equations(line))
    assert spans
    assert not any(s.whole for s in spans)
    assert not any(c.wrong for c in judged(line) if c.kind != "unread")


@pytest.mark.parametrize(
    ("text", "verdicts"),
    [
        ("(b) so dL/dw = (ŷ − y) · v", ["Equal"]),
        ("(b) so dL/dw = (y_hat - y) * w because the weight", ["Differs"]),
        ("(b) dL/dw = (ŷ - y) * v and dL/dq = (ŷ − y) w (1 − v²) x", ["Equal", "Equal"]),
        ("(a) ∂L/∂xⱼ = Σᵢ wᵢⱼ δᵢ", ["Equal"]),
        ("(a) Thus ∂L/∂xⱼ = Σ_{i=1}^{n} wᵢⱼ·δᵢ.", ["Equal"]),
        ("(a) ∂L/∂wᵢⱼ = δᵢ × xⱼ", ["Equal"]),
        ("(a) ∂L/∂xⱼ = ∑ᵢ₌₁ⁿ wⱼᵢ δᵢ", ["Differs"]),
        ("(b) if the unit is on, dL/dw = y_hat - y", ["Undecided"]),
        ("(b) dL/dw = upstream * v", ["Invalid"]),
        ("(b) dL/dw = (y_hat - y) * frob_{", ["Invalid"]),
    ],
)
def test_equations_among_words_are_judged(text: str, verdicts: list[str]) -> None:
    assert words(judged(text, LINEAR)) == verdicts


@pytest.mark.parametrize(
    "lead", ["", "so ", "Hence ", "we get ", "answer: ", "- ", "Since z > 0, then "]
)
@pytest.mark.parametrize("tail", ["", ".", ", so", " because", " by the chain rule", "; next"])
def test_the_words_beside_an_equation_change_nothing(lead: str, tail: str) -> None:
    report = check(f"(b) {lead}dL/dw = (y_hat - y) * v{tail}", Exam.parse(LINEAR))
    assert [c.verdict.name for c in report.claims if c.verdict] == ["Equal"]


@pytest.mark.parametrize(
    "word", ["of", "times", "half", "plus", "over", "apples", "squared", "minus"]
)
def test_a_word_that_may_be_a_part_of_the_formula_makes_no_claim(word: str) -> None:
    for text in (f"{word} dL/dw = 3 * v", f"dL/dw = 3 * v {word}"):
        claims = judged(f"(b) {text}", LINEAR)
        assert [c.kind for c in claims] == ["unread"]
        assert claims[0].at.column == 4 + text.index("dL") + 1


@given(st.text(alphabet="dLw=x*y_0 ᵢ₊Σ∂/(){}[],.so√ŷ²|-><한이다", max_size=60))
def test_spans_are_pieces_of_the_line_in_order(line: str) -> None:
    at = 0
    for span in equations(line):
        assert line[span.start : span.start + len(span.text)] == span.text
        assert span.start >= at
        assert re.search(r"[=<>≤≥≠]", span.text)
        at = span.start + len(span.text)


@given(st.text(max_size=40))
def test_any_text_is_put_in_latex(text: str) -> None:
    in_latex(text)


def test_a_claim_that_cannot_be_told_leaves_the_points_open() -> None:
    report = check("(b) dL/dw = upstream * v", Exam.parse(LINEAR))
    first = next(a for a in report.answers if a.part == "(b)")
    assert isinstance(first.verdict, Undecided)
    assert first.earned is None


def test_a_sign_that_is_not_read_does_not_end_an_equation() -> None:
    found = [(s.text, s.whole) for s in equations("∂L/∂x = W δ † 2")]
    assert all(not whole for _, whole in found)
    assert [s.latex for s in equations("dL/db = (a - y) ⊙ a")] == [
        r"\frac{\partial L}{\partial b} = (a - y) \odot  a"
    ]
    assert [s.whole for s in equations("so dL/db = δ.")] == [True]
