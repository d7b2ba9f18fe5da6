r"""What has two readings is refused with both, and what has one is read."""

from __future__ import annotations

import pytest

from symgrad import Network
from symgrad.errors import SymgradError

NAMES = ["f", "g", r"\phi", r"\varphi", r"\psi", r"\rho", r"\phi_{\text{out}}", r"\phi^{(1)}"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("argument", ["(w x + b)", r"\left(w x + b\right)", "(z)"])
def test_a_function_that_nothing_defines_is_refused(name: str, argument: str) -> None:
    with pytest.raises(SymgradError, match="a function that nothing defines") as found:
        Network(f"h = {name}{argument}")
    assert rf"{name} \cdot {argument}" in found.value.headline()
    assert r"(z) = \tanh z" in found.value.headline()
    Network(rf"h = {name} \cdot {argument}")


@pytest.mark.parametrize("name", ["k", "w", "a", "x"])
def test_a_letter_before_a_lone_name_in_parentheses_is_refused(name: str) -> None:
    with pytest.raises(SymgradError, match="before a parenthesis"):
        Network(f"h = {name}(z)")


@pytest.mark.parametrize(
    ("text", "by", "right"),
    [
        ("h = k(a + b)", "a", "k"),
        ("h = f(a + b) + f", "a", "f"),
        ("f = 2 v, h = f(a + b)", "a", "f"),
        ("h = w x + w(x + b)", "x", "2 w"),
        ("h = p(1 - p)", "p", "1 - 2 p"),
        (r"\rho(z) = \tanh z, h = \rho(x)", "x", "1 - h^2"),
        (r"(f, x) \sim \mathcal D, h = f(x + 1)", "x", "f"),
    ],
)
def test_what_is_used_otherwise_stays_a_product(text: str, by: str, right: str) -> None:
    assert Network(text).gradient("h", by).latex().endswith(f"= {right}")


@pytest.mark.parametrize("fn", [r"\log", r"\sin", r"\tanh", r"\exp"])
def test_a_function_before_a_product_of_names_is_refused(fn: str) -> None:
    with pytest.raises(SymgradError, match="a product after") as found:
        Network(rf"L = a {fn} p_1 y_1 + b")
    assert rf"{fn}(p_1 y_1) or y_1 {fn} p_1" in found.value.headline()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"\sin 2\pi x", r"\sin(2 \pi x)"),
        (r"\log 2 x", r"\log(2 x)"),
        (r"y \log p", r"y \cdot \log(p)"),
        (r"\log p \log y", r"\log(p) \cdot \log(y)"),
        (r"\log p \cdot y", r"\log(p) \cdot y"),
    ],
)
def test_a_bare_function_with_one_reading_is_read(written: str, meant: str) -> None:
    x = "p" if "p" in meant.replace("pi", "") else "x"
    assert Network(f"L = {written}").gradient("L", x) == Network(f"L = {meant}").gradient("L", x)


@pytest.mark.parametrize("asked", [r"\partial L/\partial n", r"\partial n/\partial x_1"])
def test_a_gradient_by_a_size_is_refused(asked: str) -> None:
    with pytest.raises(SymgradError, match=r"size|nothing defines"):
        Network(r"L = \frac1n \sum_{i=1}^n x_i").answer(asked)


@pytest.mark.parametrize("sign", ["+", "-"])
def test_the_advice_after_a_sum_keeps_the_sign(sign: str) -> None:
    with pytest.raises(SymgradError) as found:
        Network(rf"L = \sum_{{i=1}}^n a_i {sign} b_i")
    assert rf"\sum_{{i=1}}^{{n}} (a_i {sign} b_i)" in found.value.headline()


def test_div_is_a_slash() -> None:
    assert Network(r"L = a \div b").gradient("L", "a").latex().endswith(r"= \frac{1}{b}")
    with pytest.raises(SymgradError, match="above or below the fraction bar"):
        Network(r"L = a \div b c")
