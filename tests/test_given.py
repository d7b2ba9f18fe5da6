"""What is given of two formulas: gradients, facts about sizes, facts about values."""

from __future__ import annotations

import pytest

from symgrad.compare import equal
from symgrad.verdict import Agrees, Differs, Equal

LAYER = (
    r"z_i = \sum_{j=1}^{m} k_j x_{i+j-1}, i = 1, \dots, n; "
    r"\delta_i = \frac{\partial L}{\partial z_i}"
)
TOTAL = r"y_i = \sum_{j=1}^{n} x_j, i = 1, \dots, n; \delta_i = \frac{\partial L}{\partial y_i}"


@pytest.mark.parametrize(
    ("a", "b", "given"),
    [
        (r"\frac{\partial L}{\partial k_j}", r"\sum_{i=1}^n \delta_i x_{i+j-1}", LAYER),
        (r"\frac{\partial L}{\partial x_i}", r"\sum_{j=1}^n \delta_j", TOTAL),
        (r"\sum_{i=1}^n x_i", r"\sum_{i=1}^4 x_i", r"n \le m; m \le 4; n \ge 4"),
    ],
)
def test_what_is_given_proves(a: str, b: str, given: str) -> None:
    assert equal(a, b, given).name == "Equal"


def test_a_free_index_may_be_called_as_the_index_of_a_given_gradient() -> None:
    given = rf"{TOTAL}; L = \sum_{{i=1}}^n y_i^2"
    assert isinstance(equal(r"\delta_i + \delta_n", r"2 y_i + 2 y_n", given), Agrees)


def test_sizes_of_definitions_are_positive_and_satisfy_the_facts() -> None:
    found = equal("z_1", "z_2", rf"{LAYER}; n \ge 2, m \ge 2")
    assert isinstance(found, Differs)
    assert found.counterexample.sizes == {"m": 2, "n": 2}


def test_an_entry_that_does_not_exist_is_named() -> None:
    right = r"\sum_{i=\max(1,l-m+1)}^{\min(n,l)} \delta_i k_{l-i+1}"
    wide = r"\sum_{j=1}^{m} k_j \delta_{l-j+1}"
    given = rf"{LAYER}; l = 1, \dots, n+m-1"
    found = equal(right, wide, given)
    assert found.name == "Invalid"
    assert r"found \delta_0 in the second formula" in found.message
    zeros = r"\delta_i = 0 \text{ for } i < 1 \text{ or } i > n"
    assert equal(right, wide, f"{given}; {zeros}").name in ("Equal", "Agrees")


@pytest.mark.parametrize(
    ("a", "b", "given"),
    [
        ("|x|", "x", "x > 0"),
        (r"\sqrt{x^2}", "x", "x > 0"),
        (r"\sum_{i=1}^n |x_i|", r"\sum_{i=1}^n x_i", r"x_i \ge 0, i = 1, \dots, n"),
        ("|n|", "n", r"n \ge 1"),
        (r"\max(x, y)", "y", r"x \le y"),
        (r"\sqrt{x^2} \sqrt{(1 - x)^2}", "x (1 - x)", "0 < x < 1"),
        ("|h|", "h", "h = w x; h > 0"),
        (r"\max(a, b)", "b", r"a \le c; c \le b"),
        (r"\max_{i=1}^n x_i", "x_n", r"x_i \le x_{i+1}, i = 1, \dots, n-1; n \ge 2"),
        (r"\delta [z > 0]", r"\delta", "z > 0"),
    ],
)
def test_facts_about_values_are_no_counterexample(a: str, b: str, given: str) -> None:
    assert equal(a, b, given).name in ("Equal", "Agrees")
    assert equal(a, b).name == "Differs"


def test_a_counterexample_satisfies_the_facts() -> None:
    found = equal("x^2", "1", "0 < x < 1")
    assert isinstance(found, Differs)
    assert 0 < found.counterexample.values["x"] < 1


def test_facts_that_nothing_satisfies() -> None:
    assert equal("|x|", "y", "x > 0; x < 0").name == "Undecided"
    found = equal(r"\sum_{i=1}^n x_i", r"\sum_{i=2}^n x_i", r"n \ge 2; n \le 1")
    assert found.name == "Invalid"
    assert "no size satisfies" in found.message


@pytest.mark.parametrize(
    ("a", "given", "message"),
    [
        (r"\frac{\partial z}{\partial x}", "", "found a gradient of z, which nothing defines"),
        (r"\frac{\partial L}{\partial q}", "L = x^2", "which occurs in no equation"),
    ],
)
def test_a_gradient_of_what_is_not_there_is_invalid(a: str, given: str, message: str) -> None:
    found = equal(a, "0", given)
    assert found.name == "Invalid"
    assert message in found.message


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (r"e \cdot e", "e^2"),
        ("e e^x", "e^{x+1}"),
        (r"\exp(1)", "e"),
        (r"\log e", "1"),
    ],
)
def test_a_bare_constant_is_a_number_or_a_name(a: str, b: str) -> None:
    found = equal(a, b)
    assert found.name == "Invalid"
    assert "a number or a name" in found.message


def test_a_defined_e_and_a_pi_without_angles_are_names() -> None:
    assert equal(r"e \exp(x)", r"(y - t) \exp(x)", "e = y - t").name == "Equal"
    assert equal(r"\frac{1}{\sqrt{2 \pi}} e^{-x}", r"e^{-x} (2 \pi)^{-1/2}").name == "Equal"
    assert equal("2 e", "e + e").name == "Equal"
    assert equal(r"\sin(\pi)", "0").name in ("Equal", "Agrees")
    assert equal(r"\sin(\pi)", "1").name == "Differs"


def test_a_function_that_is_given_is_its_body() -> None:
    assert equal(r"\phi(y_i) + 1", r"1 + \tanh y_i", r"\phi(z) = \tanh z").name == "Equal"


def test_a_state_before_the_first_exists_and_one_after_the_last_does_not() -> None:
    given = r"h_t = a h_{t-1}, t = 1, \dots, T"
    assert equal("h_1", "a h_0", given).name in ("Equal", "Agrees")
    found = equal("h_{t+1}", "a h_t", given)
    assert found.name == "Invalid"
    assert "found h_2 in the first formula" in found.message


# -- facts about values in proofs -----------------------------------------------------------------

SOFTMAX = (
    r"p_i = \frac{e^{z_i}}{\sum_{k=1}^{C} e^{z_k}}, i = 1,\dots,C; "
    r"L = -\sum_{k=1}^{C} y_k \log p_k; \sum_{k=1}^{C} y_k = 1"
)
NORM = (
    r"\mu = \frac{1}{N}\sum_{i=1}^{N} x_i; v = \frac{1}{N}\sum_{i=1}^{N}(x_i-\mu)^2; "
    r"h_i = \frac{x_i-\mu}{\sqrt{v+\epsilon}}, i=1,\dots,N; "
    r"\delta_i = \frac{\partial L}{\partial h_i}"
)
ROWS = r"\sum_{j=1}^{m} w_{ij} = 1, i = 1, \dots, n"

PROVED = [
    (r"\frac{\partial L}{\partial z_i}", "p_i - y_i", SOFTMAX),
    (
        r"\frac{\partial L}{\partial x_i}",
        r"\frac{1}{N \sqrt{v+\epsilon}}(N \delta_i - \sum_{k=1}^{N} \delta_k"
        r" - h_i \sum_{k=1}^{N} \delta_k h_k)",
        NORM,
    ),
    (r"\sum_{i=1}^{N} (x_i - \mu)", "0", NORM),
    (r"\sum_{k=1}^{N} h_k^2", r"\frac{N v}{v + \epsilon}", NORM),
    (r"\sum_{i=1}^n \sum_{j=1}^n p_{ij} (y_i - y_j)", "0", "p_{ij} = p_{ji}"),
    (r"x_k \sum_{j=1}^n u_j u_j", "x_k", r"\sum_{i=1}^n u_i^2 = 1"),
    (r"\sum_{i=1}^{n} \sum_{j=1}^{m} w_{ij} c_i", r"\sum_{i=1}^{n} c_i", ROWS),
    ("a x + b x", "x", "a + b = 1"),
    ("|x| + |y|", "x - y", r"x > 0; y < 0"),
    (r"\sum_{i=1}^n |x_i|", r"\sum_{i=1}^n x_i", r"x_i \ge 0, i = 1, \dots, n"),
    (r"\max(a, b, c)", r"\max(a, c)", r"a \ge b"),
]

DIFFERENT = [
    (r"\frac{\partial L}{\partial z_i}", "y_i - p_i", SOFTMAX),
    (r"\sum_{k=1}^{C-1} y_k", "1", r"\sum_{k=1}^{C} y_k = 1"),
    (r"\sum_{k=1}^{C} y_k z_k", "1", r"\sum_{k=1}^{C} y_k = 1"),
    (r"\sum_{k=1}^{C} y_k^2", "1", r"\sum_{k=1}^{C} y_k = 1"),
    (r"\sum_{j=1}^{m} w_{ji}", "1", ROWS),
    (r"\sum_{i=1}^n \sum_{j=1}^n p_{ij} (y_i + y_j)", "0", "p_{ij} = p_{ji}"),
    (r"|x_1| + |a|", "x_1 + a", r"x_i \ge 0, i = 1, \dots, n; n \ge 1"),
    (r"\max(a, b, c)", r"\max(a, c)", r"b \ge a"),
    ("a x + b y", "x", "a + b = 1"),
]


@pytest.mark.parametrize(("a", "b", "given"), PROVED)
def test_facts_and_definitions_prove(a: str, b: str, given: str) -> None:
    found = equal(a, b, given, budget=20)
    assert found.name == "Equal"
    assert isinstance(found, Equal)
    derived = r"\partial" in a  # the derivation has used what is given
    assert derived or found.by.endswith("what is given")


@pytest.mark.parametrize(("a", "b", "given"), DIFFERENT)
def test_facts_prove_nothing_false(a: str, b: str, given: str) -> None:
    assert equal(a, b, given, budget=20).name == "Differs"


def test_without_the_fact_the_same_claim_differs() -> None:
    bare = SOFTMAX.rpartition(";")[0]
    assert equal(r"\frac{\partial L}{\partial z_i}", "p_i - y_i", bare).name == "Differs"
