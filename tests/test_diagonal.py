"""[x_k >= x_j] at j = k is 1, whatever x is; elsewhere its equality is a tie."""

from __future__ import annotations

import pytest

from symgrad.compare import equal

RANGE = r"k = 1, \dots, n"
PAIRS = r"L = \sum_{i=1}^{n} \sum_{j=1}^{n} \max(x_i, x_j)"
SVM = r"y \in \{1, \dots, K\}, L = \sum_{j=1}^K \max(0, s_j - s_y + 1)"
HINGE = r"[s_k - s_y + 1 \ge 0] [k \ne y] - [y = k] \sum_{j=1, j \ne y}^K [s_j - s_y + 1 \ge 0]"

CASES = [
    (r"\sum_{j=1}^n [x_k \ge x_j]", r"1 + \sum_{j=1}^n [x_k > x_j]", RANGE, "EqualExceptTies"),
    (r"\sum_{j=1}^n [x_k \ge x_j]", r"\sum_{j=1}^n [x_k > x_j]", RANGE, "Differs"),
    (
        r"\frac{\partial L}{\partial x_k}",
        r"2\sum_{j=1}^n [x_k \ge x_j] - 1",
        PAIRS,
        "EqualExceptTies",
    ),
    (r"\frac{\partial L}{\partial x_k}", r"2\sum_{j=1}^n [x_k \ge x_j]", PAIRS, "Differs"),
    (r"\frac{\partial L}{\partial s_k}", HINGE, SVM, "EqualExceptTies"),
    (r"\frac{\partial L}{\partial s_k}", HINGE.replace(r", j \ne y", ""), SVM, "Differs"),
    (
        r"\sum_{i=1}^n \sum_{j=1}^n [x_{ij} \ge x_{ji}]",
        r"n + \sum_{i=1}^n \sum_{j=1}^n [x_{ij} > x_{ji}]",
        "",
        "EqualExceptTies",
    ),
    (r"\sum_{i=1}^n \sum_{j=1}^n [x_i = x_j] y_i", r"\sum_{i=1}^n y_i", "", "Differs"),
]


@pytest.mark.parametrize(("a", "b", "given", "verdict"), CASES)
def test_an_entry_is_equal_to_itself(a: str, b: str, given: str, verdict: str) -> None:
    assert equal(a, b, given).name == verdict
