"""A work as it is handed in: labels in many hands, what is struck out, works that are too much."""

from __future__ import annotations

import pytest

from symgrad.errors import ExamError
from symgrad.work import Part, label_end, labelled, written


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("1.", ("1", "")),
        ("1)", ("1", "")),
        ("**1.**", ("1", "")),
        (r"\section*{Question 1}", ("1", "")),
        (r"\section{1}", ("1", "")),
        (r"\textbf{1.}", ("1", "")),
        ("Q1.", ("1", "")),
        ("Übung 1:", ("1", "")),
        ("Ejercicio 1.", ("1", "")),
        ("Exercice 2", ("2", "")),
        ("1b", ("1", "b")),
        ("1b)", ("1", "b")),
        ("Q1(b)", ("1", "b")),
        ("Q1 (a) dL/dk_j = 3", ("1", "a")),
        ("1(b):", ("1", "b")),
        (
            r"Problem 2: $s = \frac{\partial L}{\partial w} + \frac{\partial L}{\partial b} + 1$",
            ("2", ""),
        ),
        ("2x + 1 = y", ("9", "")),
        ("3d convolution has 5 parameters", ("9", "")),
        ("0.5 + 1 = 1.5", ("9", "")),
        ("(3) * 5 = 15", ("9", "")),
        ("213 / 4 = 53.25", ("9", "")),
        ("1e3 = 1000", ("9", "")),
    ],
)
def test_labels_in_many_hands(line: str, part: tuple[str, str]) -> None:
    found = labelled(line, Part("9"))
    assert (found.number, found.letter) == part


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        ("(3) 5 + 3 = 8", "5 + 3 = 8"),
        ("a) 2 x 3 = 6", "2 x 3 = 6"),
        ("1. 5 + 3 = 8", "5 + 3 = 8"),
        ("Q1 (a) dL/dk_j = 1", "dL/dk_j = 1"),
        ("(3) * 5 = 15", "(3) * 5 = 15"),
        ("1.5 + 3 = 4.5", "1.5 + 3 = 4.5"),
    ],
)
def test_where_a_label_ends(line: str, rest: str) -> None:
    assert line[label_end(line) :] == rest


@pytest.mark.parametrize(
    "struck",
    ["~~$x = 1$~~", r"\sout{$x = 1$}", r"\st{$x = 1$}", r"\cancel{$x = 1$}", "<del>$x = 1$</del>"],
)
def test_what_is_struck_out_is_no_claim(struck: str) -> None:
    pieces = written(f"so {struck} but $x = 2$").pieces
    assert [p.text for p in pieces if p.maths] == ["x = 2"]


def test_a_cancelled_factor_inside_a_formula_stays() -> None:
    pieces = written(r"$\frac{\cancel{a} b}{\cancel{a}} = b$").pieces
    assert [p.text for p in pieces if p.maths] == [r"\frac{\cancel{a} b}{\cancel{a}} = b"]


@pytest.mark.parametrize("text", ["$a+1$ " * 6_000, "x = 1 + 2\n" * 6_000, "$$" * 18_000])
def test_a_work_of_too_many_formulas_is_refused(text: str) -> None:
    with pytest.raises(ExamError, match="more than 5000 formulas"):
        written(text)


def test_a_line_that_is_too_long_is_listed() -> None:
    (piece,) = written("so " * 2_000 + "x = 1").pieces
    assert piece.fault is not None
    assert "expected at most 4000" in str(piece.fault)
