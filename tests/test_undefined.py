"""Where a formula has no value, the answer says so."""

from __future__ import annotations

import pytest

from symgrad import Network
from symgrad.errors import SymgradError

NOWHERE = [
    ("1/x", "0"),
    (r"\log x", "0"),
    (r"\log x", "-1"),  # the derivative has a value there, the quantity none
    (r"\sqrt{x}", "0"),
    (r"\sqrt{x}", "-1"),
    (r"\begin{cases} x^2 & x > 1 \\ 3 & x < -1 \end{cases}", "0"),
    (r"w + \log x", "-2"),
]


@pytest.mark.parametrize(("body", "at"), NOWHERE)
def test_a_quantity_without_a_value_has_no_gradient(body: str, at: str) -> None:
    given = f"L = {body}, x = {at}, w = 1"
    with pytest.raises(SymgradError, match="without a value at the given values"):
        Network(given).answer(r"\partial L/\partial x")


@pytest.mark.parametrize(("body", "at"), [("1/x", "2"), (r"\log x", "1"), (r"\sqrt{x}", "4")])
def test_elsewhere_it_has_its_number(body: str, at: str) -> None:
    assert Network(f"L = {body}, x = {at}").answer(r"\partial L/\partial x").value is not None


def test_without_all_values_the_formula_stands() -> None:
    found = Network("L = w/x, x = 2").answer(r"\partial L/\partial x")
    assert found.value is None
    assert found.latex == r"-\frac{w}{x^2}"


@pytest.mark.parametrize("body", ["3 x / 0", r"\frac{x}{1 - 1}", r"\frac{w}{0} + x"])
def test_a_division_by_0_is_refused_where_it_stands(body: str) -> None:
    with pytest.raises(SymgradError, match="a division by 0"):
        Network(f"L = {body}")
