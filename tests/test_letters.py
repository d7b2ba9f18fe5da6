"""Letters that mean several things: sizes, indices of questions, bound indices, quantities."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from judge import faults, name, network

from symgrad.expr import Ref

PLANE = r"""
z_{ij} = \sum_{a=1}^{p}\sum_{b=1}^{q} k_{ab} x_{i+a-1,j+b-1}, i=1,\dots,n, j=1,\dots,m
\delta_{ij} = \frac{\partial L}{\partial z_{ij}}
"""
ROWS = r"""
z_i = \sum_{j=1}^{m} W_{ij} x_j, i = 1, \dots, k
\delta_i = \frac{\partial L}{\partial z_i}
"""
SQUARES = r"""
z_i = \sum_{j=1}^{k} w_j x_{i+j-1}, i = 1, \dots, l
L = \sum_{i=1}^{l} z_i^2
"""
PRODUCTS = r"""
y_i = \prod_{j=1}^{k} x_{ij}, i = 1, \dots, l
L = \sum_{i=1}^{l} y_i^2
"""
DILATED = r"""
z_i = \sum_{j=1}^{m} k_j x_{i+2j-2}, i = 1, \dots, n
\delta_i = \frac{\partial L}{\partial z_i}
"""
CASES = [
    *[
        (PLANE, by, {"p": 2, "q": 3, "n": 3, "m": 2})
        for by in ("k_{ab}", "x_{ab}", "x_{ba}", "k_{ij}")
    ],
    (r"L = \sum_{i=1}^{p}\sum_{j=1}^{q} k_{ij} x_{ij}", "k_{ij}", {"p": 3, "q": 2}),
    (r"L = \sum_{i=1}^{k}\sum_{j=1}^{l} a_{ij} x_{ij}", "a_{ij}", {"k": 3, "l": 2}),
    *[(ROWS, by, {"m": 3, "k": 2}) for by in ("x_i", "x_j", "W_{ij}", "W_{ji}")],
    *[(SQUARES, by, {"k": 2, "l": 3}) for by in ("w_i", "x_i", "w_j", "z_i")],
    *[(PRODUCTS, by, {"k": 3, "l": 2}) for by in ("x_{ij}", "x_{ji}", "y_i")],
    *[(DILATED, by, {"m": 3, "n": 4}) for by in ("x_l", "x_i", "x_j", "k_j", "k_i")],
]


@pytest.mark.parametrize(("text", "by", "sizes"), CASES)
def test_no_index_takes_a_letter_that_is_taken(
    text: str, by: str, sizes: Mapping[str, int]
) -> None:
    net = network(text)
    assert faults(net, Ref("L"), name(by), sizes) == []
