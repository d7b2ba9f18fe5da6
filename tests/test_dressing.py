"""Formulas as people dress them: boxes, braces below, words on signs, arrows between, signs of nearness."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_check import LINEAR, judged, words

from symgrad.dressing import balanced, undressed
from symgrad.errors import SymgradError
from symgrad.exam import Exam
from symgrad.notation import Formula, read
from symgrad.solve import solve
from symgrad.verdict import Differs, Equal, Undecided


@pytest.mark.parametrize(
    ("dressed", "bare"),
    [
        (r"\boxed{a = b}", "a = b"),
        (r"a = \boxed{b + c}", "a = b + c"),
        (r"a = 2 \boxed{b + c}", "a = 2 (b + c)"),
        (r"a = \boxed{b c} d", "a = b c d"),
        (r"a = \underbrace{(b + c)}_{\text{upstream}} d", "a = (b + c) d"),
        (r"a = \underbrace{b + c}_{x} \overbrace{d}^{y}", "a = (b + c) d"),
        (r"a \stackrel{(1)}{=} b \overset{!}{=} c", "a = b = c"),
        (r"a \le \boxed{\frac{b}{c}}", r"a \le \frac{b}{c}"),
        (r"\textcolor{red}{a} = b", "a = b"),
        (r"a \equiv b", "a = b"),
        (r"a \triangleq b", "a = b"),
        (r"a := b", "a = b"),
        (r"a = b \Rightarrow c = d", r"a = b \quad c = d"),
        (r"a = b \implies c = d \iff e = f", r"a = b \quad c = d \quad e = f"),
        (r"\therefore a = b", "a = b"),
        (r"a &= b \\ \Rightarrow -c &= d", r"a = b, \quad -c = d"),
        (r"\partial_w L = b", r"\frac{\partial L}{\partial w} = b"),
        (r"\frac{d}{dw} L = b", r"\frac{dL}{dw} = b"),
        (
            r"\frac{\partial}{\partial w_{ij}} \hat y = b",
            r"\frac{\partial \hat y}{\partial w_{ij}} = b",
        ),
        ("∂ₜ", "∂ₜ"),
    ],
)
def test_what_is_dressed_reads_as_what_is_bare(dressed: str, bare: str) -> None:
    def meaning(text: str) -> list[tuple[object, ...]] | str:
        try:
            return [(s.parts, s.ops) for s in read(text) if isinstance(s, Formula)]
        except SymgradError:
            return "unread"

    assert meaning(dressed) == meaning(bare)


@given(st.text(alphabet=r"\boxedunrc{}_^ +=ab$", max_size=40))
def test_every_sign_stays_in_its_place(text: str) -> None:
    bare = undressed(text)
    assert len(bare) == len(text)
    assert all(
        a == b or b == " " or (a, b) in (("{", "("), ("}", ")"))
        for a, b in zip(text, bare, strict=True)
    )


@given(st.text(alphabet=r"\{}ab ", max_size=20))
def test_a_piece_is_balanced(text: str) -> None:
    once = balanced(text.rstrip("\\"))
    assert balanced(once) == once


@pytest.mark.parametrize(
    ("text", "verdicts"),
    [
        (r"(b) $\boxed{\frac{\partial L}{\partial w} = (\hat y - y) v}$", ["Equal"]),
        (r"(b) $\frac{\partial L}{\partial w} = \underbrace{(\hat y - y)}_{\delta} v$", ["Equal"]),
        (r"(b) $\frac{\partial L}{\partial w} = \boxed{(y - \hat y) v}$", ["Differs"]),
        (r"(b) $\partial_w L = (\hat y - y) v$ and $\frac{d}{dw} L = (\hat y - y) v$", ["Equal", "Equal"]),
        (r"(a) $\partial_{x_j} L = \sum_i w_{ij} \delta_i$", ["Equal"]),
        (r"(b) $\frac{\partial L}{\partial \hat y} = \hat y - y \implies \frac{\partial L}{\partial w} = (\hat y - y) v$", ["Equal", "Equal"]),
        (r"(b) $\frac{\partial L}{\partial w} \ne (\hat y - y) w$", ["Equal"]),
        (r"(b) $\frac{\partial L}{\partial w} \ne (\hat y - y) v$", ["Invalid"]),
        (r"(b) $1/3 \approx 0.33$, $\sqrt 2 \approx 1.41$, $1000 \approx 1024$, $\frac23 \approx 0.5$", ["Equal", "Equal", "Equal", "Differs"]),
        (r"(b) $\frac23 \approx 0.66$, $0.73 (1 - 0.73) \approx 0.1966$", ["Undecided", "Undecided"]),
        (r"(b) $\hat y \approx w v$", ["Undecided"]),
    ],
)  # fmt: skip
def test_dressed_claims_are_judged(text: str, verdicts: list[str]) -> None:
    assert words(judged(text, LINEAR)) == verdicts


def test_what_is_near_is_judged_by_rounding_and_defines_nothing() -> None:
    text = r"$f = \frac{x}{z}$, $x = 2$, $z = 3$, $f \approx 0.67$, $f \approx 0.75$, $g \approx 2$"
    claims = judged(text)
    assert [type(c.verdict) for c in claims] == [Equal, Differs]


def test_an_exam_takes_no_formula_that_is_only_near() -> None:
    with pytest.raises(SymgradError, match="answers are exact"):
        solve(
            Exam.parse(
                "# 1\n\n$$u = x^2, \\quad v \\approx u$$\n\n$$\\frac{\\partial u}{\\partial x} = ?$$\n"
            )
        )


@pytest.mark.parametrize("formula", [r"\nabla_x L = \delta", r"\nabla_x L = w \delta", r"\frac{\partial L}{\partial x} = \delta"])  # fmt: skip
def test_a_whole_tensor_is_not_called_wrong(formula: str) -> None:
    (claim,) = judged(f"(a) ${formula}$", LINEAR)
    assert isinstance(claim.verdict, Undecided)
