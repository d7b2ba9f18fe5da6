"""What a letter of an index may be: nothing that is not said makes it positive."""

from __future__ import annotations

import pytest

from symgrad.compare import equal
from symgrad.verdict import Differs

REFUTED = [
    (r"\sum_{i=j}^{j} x_i", r"\sum_{i=j}^{j} x_i [j \ge 1]"),
    (r"\sum_{i=j-1}^{j} x_i", r"[j \ge 1] \sum_{i=j-1}^{j} x_i"),
    (r"\sum_{i=-j}^{j} x_i", r"\sum_{i=-j}^{j} x_i [j \ge 1]"),
    (r"\sum_{i=1}^{n} \sum_{l=j}^{j} x_i y_l", r"\sum_{i=1}^{n} \sum_{l=j}^{j} x_i y_l [j > 0]"),
    (r"\sum_{j=1}^{m} k_j x_{s i + j}", r"\sum_{j=1}^{m} k_j x_{s i + j} [s i + j \ge 1]"),
    (r"x_{i,j}", r"[i j > 0] x_{i,j}"),
    (r"x_{i} y_{j} [i j = 0]", r"0"),
    (r"x_i y_j", r"[i j \ge 0] x_i y_j"),
    (r"\sum_{k=1}^{n} x_k y_i", r"\sum_{k=1}^{n} [k i > 0] x_{k} y_i"),
    (r"\sum_{j=1}^{m} k_j x_{d \cdot i + j}", r"\sum_{j=1}^{m} k_j x_{d \cdot i + j} [i \ge 0]"),
    (
        r"\sum_{i=1}^{n} \sum_{j=1}^{m} x_{s i + d j}",
        r"\sum_{i=1}^{n} \sum_{j=1}^{m} x_{s i + d j} [s \le 4 + d]",
    ),
]
"""Each differs at an index that is 0 or below it, or at strides that are not the same."""


@pytest.mark.parametrize(("a", "b"), REFUTED)
def test_an_index_may_be_0_or_below(a: str, b: str) -> None:
    found = equal(a, b)
    assert isinstance(found, Differs), found
    assert found.counterexample.left != found.counterexample.right


def test_with_its_range_it_is_what_the_range_says() -> None:
    a, b = r"\sum_{i=j}^{j} x_i", r"\sum_{i=j}^{j} x_i [j \ge 1]"
    assert equal(a, b, r"j = 1, \dots, n").name == "Equal"


def test_a_product_of_two_indices_is_not_proved_for_all() -> None:
    """Values of one of them are looked at; that proves nothing of the others."""
    found = equal(r"x_{i \cdot j} + y_i", r"y_i + x_{i \cdot j}")
    assert found.name == "Undecided"
    assert "state the range of an index" in found.message


def test_a_stride_is_fixed_and_the_index_beside_it_stays() -> None:
    found = equal(r"\sum_{j=1}^{m} k_j x_{s i + j}", r"\sum_{l=0}^{m-1} k_{l+1} x_{s i + l + 1}")
    assert found.name == "Equal"
    assert "s = 1, 2, 3, 4" in found.message
    assert "i =" not in found.message
