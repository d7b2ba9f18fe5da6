"""Derivations against the oracle: every formula of every step, entry by entry."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from dataclasses import replace

import pytest
from judge import faults, judged, name, network, verdict
from wild import Wild

from symgrad.derive import Sweep
from symgrad.dual import Ties
from symgrad.errors import NetworkError
from symgrad.expr import Mul, Ref, num
from symgrad.latex import latex
from symgrad.network import Ties as Policy
from symgrad.witness import confirm_formula

EXAMPLES = int(os.environ.get("SYMGRAD_EXAMPLES", "64"))
"""How many random networks a run draws; `SYMGRAD_SEED` is the first."""

FIRST = int(os.environ.get("SYMGRAD_SEED", "0"))

POLICIES: list[Policy] = ["strict", "ge", "first", "split"]

INSTANCES = [{"n": 3, "m": 2}, {"n": 2, "m": 3}, {"n": 4, "m": 1}, {"n": 1, "m": 2}]

DELTA = r"\delta_i = \frac{{\partial L}}{{\partial {}}}"

CASES: Mapping[str, tuple[str, str, list[dict[str, int]]]] = {
    "convolution": (
        r"z_i = \sum_{j=1}^{m} k_j x_{i+j-1} + b, \quad i = 1, \dots, n" "\n" + DELTA.format("z_i"),
        "L",
        [{"n": 3, "m": 2}, {"n": 2, "m": 3}, {"n": 1, "m": 1}],
    ),
    "stride 2, relu": (
        r"""z_i = \sum_{j=1}^{m} k_j x_{2i+j-2} + b, \quad i = 1, \dots, n
        v_i = \max(0, z_i), \quad i = 1, \dots, n
        L = \sum_{i=1}^n a_i v_i""",
        "L",
        [{"n": 2, "m": 3}, {"n": 3, "m": 1}, {"n": 1, "m": 4}],
    ),
    "stride 3 with a hole": (
        r"""z_i = k_1 x_{3i-2} + k_2 x_{3i}, \quad i = 1, \dots, n
        L = \sum_{i=1}^n \sigma(z_i)^2""",
        "L",
        [{"n": 2}],
    ),
    "two filters, two losses": (
        r"""z_{f,i} = \sum_{j=1}^{m} k_{f,j} x_{2i+j-2} + b_f, \quad f = 1, 2, \quad i = 1, \dots, n
        v_{f,i} = \operatorname{ReLU}(z_{f,i}), \quad f = 1, 2, \quad i = 1, \dots, n
        s = \sum_{f=1}^2 \sum_{i=1}^n w_{f,i} v_{f,i} + c
        E_1 = \tfrac12 (s - y)^2
        E_2 = |s| + \sum_{f=1}^2 \sum_{j=1}^m k_{f,j}^2
        L = E_1 + \lambda E_2""",
        "L",
        [{"n": 2, "m": 3}],
    ),
    "a read beside a running sum": (
        r"z_i = \sum_{j=1}^m k_j x_j + \sum_{j=1}^i x_j, \quad i = 1, \dots, m"
        "\n" + DELTA.format("z_i"),
        "L",
        [{"m": 3}, {"m": 1}],
    ),
    "softmax": (
        r"p_i = \frac{e^{z_i}}{\sum_{j=1}^n e^{z_j}}, \quad i = 1, \dots, n"
        "\n" + DELTA.format("p_i"),
        "L",
        [{"n": 3}],
    ),
    "softmax without its last entry": (
        r"p_i = \frac{e^{z_i}}{\sum_{j=1}^n e^{z_j}}, \quad i = 1, \dots, n-1"
        "\n" + DELTA.format("p_i"),
        "L",
        [{"n": 3}],
    ),
    "softmax itself": (
        r"p_i = \frac{e^{z_i}}{\sum_{j=1}^n e^{z_j}}, \quad i = 1, \dots, n",
        "p_i",
        [{"n": 3}],
    ),
    "cross-entropy": (
        r"""z_i = \sum_{j=1}^m W_{ij} x_j + b_i, \quad i = 1, \dots, n
        p_i = \frac{e^{z_i}}{\sum_{j=1}^n e^{z_j}}, \quad i = 1, \dots, n
        L = -\sum_{i=1}^n y_i \log p_i""",
        "L",
        [{"n": 3, "m": 2}],
    ),
    "perceptron": (
        r"""h_i = \tanh(\sum_{j=1}^d W_{ij} x_j + b_i), \quad i = 1, \dots, h
        o_i = \sum_{j=1}^h V_{ij} h_j + c_i, \quad i = 1, \dots, m
        L = \tfrac12 \sum_{i=1}^m (o_i - y_i)^2""",
        "L",
        [{"h": 3, "d": 2, "m": 2}],
    ),
    "batch norm": (
        r"""\mu = \frac1n \sum_{i=1}^n x_i
        v = \frac1n \sum_{i=1}^n (x_i - \mu)^2
        \hat x_i = \frac{x_i - \mu}{\sqrt{v + \epsilon}}, \quad i = 1, \dots, n
        y_i = \gamma \hat x_i + \beta, \quad i = 1, \dots, n
        """
        + DELTA.format("y_i"),
        "L",
        [{"n": 3}],
    ),
    "attention": (
        r"""s_{ij} = \sum_{k=1}^d Q_{ik} K_{jk}, \quad i = 1, \dots, n, \quad j = 1, \dots, m
        A_{ij} = \frac{e^{s_{ij}}}{\sum_{k=1}^m e^{s_{ik}}}, \; i = 1, \dots, n, \; j = 1, \dots, m
        O_{ik} = \sum_{j=1}^m A_{ij} V_{jk}, \quad i = 1, \dots, n, \quad k = 1, \dots, d
        G_{ik} = \frac{\partial L}{\partial O_{ik}}""",
        "L",
        [{"n": 2, "m": 3, "d": 2}],
    ),
    "one tensor, three roles": (
        r"""s_{ij} = \sum_{k=1}^d x_{ik} x_{jk}, \quad i, j = 1, \dots, n
        O_{ik} = \sum_{j=1}^n s_{ij} x_{jk}, \quad i = 1, \dots, n, \quad k = 1, \dots, d
        G_{ik} = \frac{\partial L}{\partial O_{ik}}""",
        "L",
        [{"n": 3, "d": 2}],
    ),
    "unit length": (
        r"y_i = \frac{x_i}{\sqrt{\sum_{j=1}^n x_j^2}}, \quad i = 1, \dots, n"
        "\n" + DELTA.format("y_i"),
        "L",
        [{"n": 3}],
    ),
    "maximum, product": (
        r"""y_i = \max_{1 \le j \le 2} x_{2i+j-2}, \quad i = 1, \dots, n
        p = \prod_{i=1}^n y_i
        \mu = \max_{1 \le i \le n} y_i
        L = p \mu""",
        "L",
        [{"n": 3}],
    ),
    "indices from 0, read backwards": (
        r"""y_i = x_i x_{n-1-i}, \quad i = 0, \dots, n-1
        L = \sum_{i=0}^{n-1} y_i^2""",
        "L",
        [{"n": 3}, {"n": 4}],
    ),
    "recurrence": (r"h_t = \tanh(w h_{t-1} + x_t), \quad t = 1, \dots, 3", "h_3", [{}]),
    "inner layer of a tensor": (
        r"""y_i = \sum_{j=1}^m W_{ij} x_j, \quad i = 1, \dots, n
        z_i = \tanh(y_i), \quad i = 1, \dots, n""",
        "z_i",
        [{"n": 3, "m": 2}],
    ),
    "inner layer of an entry": (
        r"""y_i = \sum_{j=1}^m W_{ij} x_j, \quad i = 1, \dots, n
        z_i = \tanh(y_i), \quad i = 1, \dots, n""",
        "z_2",
        [{"n": 3, "m": 2}],
    ),
    "dilation 2": (
        r"z_i = \sum_{j=1}^{m} k_j x_{i+2j-2}, \quad i = 1, \dots, n" "\n" + DELTA.format("z_i"),
        "L",
        [{"n": 4, "m": 2}, {"n": 2, "m": 3}],
    ),
    "a size among the entries read": (
        r"L = x_3^2 + \sum_{i=1}^n x_i x_n + \sum_{i=1}^m x_i",
        "L",
        [{"n": 2, "m": 3}, {"n": 4, "m": 2}],
    ),
    "sums that hide one another's letters": (
        r"""h_i = a x_i, \quad i = 1, 2, 3
        L = \sum_{k=1}^4 w_k (\sum_{j=1}^m h_1) \sum_{j=1}^m W_{kk}""",
        "L",
        [{"m": 2}],
    ),
    "entries reached range by range": (
        r"v_i = \sum_{k=1}^2 (x_2 x_{3i+k-1} - x_{i-k}), \quad i = 1, \dots, n"
        "\n" + DELTA.format("v_i"),
        "L",
        [{"n": 4}],
    ),
    "means over windows of any length": (
        r"""y_i = \frac1m \sum_{j=1}^m x_{m(i-1)+j}, \quad i = 1, \dots, n
        L = \sum_{i=1}^n (y_i - t_i)^2""",
        "L",
        [{"n": 2, "m": 3}, {"n": 3, "m": 1}, {"n": 1, "m": 2}],
    ),
    "attention with a temperature": (
        r"""p_{ij} = \frac{e^{s_{ij}/c}}{\sum_{k=1}^n e^{s_{ik}/c}}, \quad i = 1, \dots, m, \quad j = 1, \dots, n
        o_i = \sum_{j=1}^n p_{ij} v_j, \quad i = 1, \dots, m
        L = \sum_{i=1}^m (o_i - t_i)^2""",
        "L",
        [{"n": 3, "m": 2}, {"n": 1, "m": 2}],
    ),
    "quotients and powers": (
        r"""u = \frac{(y - w x)^2}{2 s^2}
        v = \frac{1}{1 + e^{-u}}
        q = \frac{x}{(2 x y)^2}
        L = \log \frac{v}{x^2} + \prod_{i=1}^n u + \frac{3}{2} \frac{q^2}{x} + \frac{e^u}{e^u + e^w}""",
        "L",
        [{"n": 3}, {"n": 1}],
    ),
    "gradient given at the last entry": (
        r"""h_t = a x_t, \quad t = 1, \dots, n
        \delta = \frac{\partial L}{\partial h_n}""",
        "L",
        [{"n": 3}, {"n": 1}],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_gradient(case: str) -> None:
    text, of, instances = CASES[case]
    net = network(text)
    assert [f for sizes in instances for f in judged(net, name(of), sizes)] == []


def test_the_judge_condemns() -> None:
    """A derivation with a wrong last step, and one with a wrong local gradient, are found."""
    text, of, (sizes, *_) = CASES["convolution"]
    sweep = Sweep(network(text), name(of))
    d = sweep.gradient(name("k_j"))
    wrong = replace(d.steps[-1], after=Mul((num(2), d.answer)))
    sweep._done[name("k_j")] = replace(d, steps=(*d.steps[:-1], wrong))
    assert verdict(sweep, [name("k_j")], sizes, 0)
    local = replace(d.locals[0].steps[-1], after=num(3))
    sweep._done[name("k_j")] = replace(d, locals=(replace(d.locals[0], steps=(local,)),))
    assert verdict(sweep, [name("k_j")], sizes, 0)


# -- random networks ------------------------------------------------------------------------------


@pytest.mark.parametrize("block", range(8))
def test_random_networks(block: int) -> None:
    """Every gradient, and every formula on the way to it, in networks of every kind."""
    judged_ = 0
    for seed in range(FIRST + block, FIRST + EXAMPLES, 8):
        rng = random.Random(seed)
        try:
            net, of = Wild(rng, rng.choice(POLICIES), exact=seed % 2 == 0).network()
            faults_ = judged(net, of, rng.choice(INSTANCES), seed)
        except Ties:
            continue
        except NetworkError as error:
            if "through itself" in error.message or "definitions of their own" in error.message:
                continue
            raise
        judged_ += 1
        shown = [f"{latex(e.target)} = {latex(e.body)}" for e in net.equations]
        assert faults_ == [], (seed, shown)
    assert judged_ or EXAMPLES < 8


# -- what must not be answered --------------------------------------------------------------------


def refusal(text: str, of: str, by: str) -> str:
    with pytest.raises(NetworkError) as error:
        Sweep(network(text), name(of)).gradient(name(by))
    return error.value.headline()


def test_an_index_that_is_a_quantity_too() -> None:
    text = r"""h_i = a x_i, \quad i = 1, \dots, n
    L = \sum_{i=1}^n (h_i - j)^2"""
    assert refusal(text, "L", "x_j") == (
        "found the index j of x_j, which is a quantity of the network too; "
        "expected a letter of its own; rename the index, as in x_i"
    )
    assert faults(network(text), name("L"), name("x_k"), {"n": 2}) == []


def test_a_fresh_letter_is_no_quantity() -> None:
    net = network(r"""h_i = a x_i, \quad i = 1, \dots, n
    v_i = \sum_{l=1}^n h_l h_i, \quad i = 1, \dots, n
    L = \sum_{i=1}^n (v_i - j)^2 k""")
    for by in ("x_i", "x_l", "a", "h_i"):
        assert faults(net, name("L"), name(by), {"n": 2}) == []


def test_entries_with_definitions_of_their_own() -> None:
    text = "v_1 = w x \n v_2 = w^2"
    assert "ask for the gradient of v_2" in refusal(text, "v_i", "w")


CANCELLED = [
    (r"L = \log(w x)", "x", r"\frac{1}{x}"),
    (r"L = \frac{x}{y z}", "y", r"-\frac{L}{y}"),
    (r"L = \frac{x}{y z^2}", "z", r"-\frac{2}{z}\, L"),
    (r"s = \sum_{i=1}^n x_i^2, L = \sqrt{s}", "x_k", r"\frac{1}{L}\, x_k"),
    (
        r"L = \frac{1}{2N} \sum_{i=1}^N (w x_i - y_i)^2",
        "w",
        r"\frac{1}{N}\, \sum_{i=1}^{N} (w x_i - y_i)\, x_i",
    ),
    ("L = x_1 x_2 x_1", "x_1", "2 x_2 x_1"),
    (r"L = \sum_{i=1}^n \sum_{j=1}^i x_j", "x_k", "n - k + 1"),
    (r"L = \sum_{i=1}^n (x_i + b)", "b", "n"),
    (
        r"z = w x + b, p = \sigma(z), L = -(y \log p + (1 - y) \log(1 - p))",
        "w",
        r"(p - y)\, x",
    ),
    (r"z = w x + b, p = \sigma(z), L = -y \log p - (1 - y) \log(1 - p)", "w", r"(p - y)\, x"),
    (r"L = \frac{\lambda}{2} w^2", "w", r"\lambda w"),
    (
        r"L = \frac{(y - w x)^2}{2 s^2} + \log s",
        "s",
        r"\frac{1}{s} - \frac{(y - w x)^2}{s^3}",
    ),
    (r"L = \log \frac{x}{y}", "x", r"\frac{1}{x}"),
    (r"L = \log \frac{x}{y}", "y", r"-\frac{1}{y}"),
    (r"L = x^x", "x", r"L\, (1 + \log(x))"),
    (r"L = \prod_{i=1}^n x", "x", "n x^{n - 1}"),
    (
        r"p = \frac{1}{n} \sum_{i=1}^n w x_i, L = (p - y)^2",
        "w",
        r"\frac{2}{n}\, (p - y)\, \sum_{i=1}^{n} x_i",
    ),
    (
        r"z = w x, p = \frac{1}{1 + e^{-z}}, L = -y \log p - (1 - y) \log(1 - p)",
        "w",
        r"(p - y)\, x",
    ),
    (
        r"z = w x, \sigma(z) = \frac{1}{1 + e^{-z}}, p = \sigma(z), "
        r"L = -y \log p - (1 - y) \log(1 - p)",
        "w",
        r"(p - y)\, x",
    ),
    (r"p = \frac{e^a}{e^a + e^b}, L = -\log p", "a", "p - 1"),
    (r"p = \frac{1}{x}, L = 3 p", "x", r"-\frac{3}{x^2}"),
]


@pytest.mark.parametrize(("text", "by", "right"), CANCELLED)
def test_factors_cancel(text: str, by: str, right: str) -> None:
    net = network(text.replace(", ", "\n"))
    found = Sweep(net, Ref("L")).gradient(name(by))
    confirm_formula(net, found)
    assert latex(found.answer) == right


STRIDED = r"v_i = \max(z_{2i-1}, z_{2i}), \quad i = 1, \dots, n" "\n" + DELTA.format("v_i")
MEANS = r"y_i = \frac1m \sum_{j=1}^m x_{m(i-1)+j}, \quad i = 1, \dots, n" "\n"
TEMPERATURE = r"""p_i = \frac{e^{z_i/\tau}}{\sum_{k=1}^n e^{z_k/\tau}}, \quad i = 1, \dots, n
    L = -\sum_{i=1}^n y_i \log p_i"""
ATTENTION = r"""p_{ij} = \frac{e^{s_{ij}}}{\sum_{k=1}^n e^{s_{ik}}}, \quad i = 1, \dots, n, \quad j = 1, \dots, n
    o_i = \sum_{j=1}^n p_{ij} v_j, \quad i = 1, \dots, n
    g_i = \frac{\partial L}{\partial o_i}"""
DIFFERENCES = r"""u_i = x_{i+1} - x_i, \quad i = 1, \dots, n - 1
    v_i = w u_i, \quad i = 1, \dots, n - 1
    g_i = \frac{\partial L}{\partial v_i}"""

SHORT = [
    (STRIDED, "z_3", r"\delta_2\, \mathbf{1}[z_3 > z_4]\, \mathbf{1}[2 \le n]"),
    (STRIDED, "z_{2i}", r"\delta_i\, \mathbf{1}[z_{2 i} > z_{2 i-1}]"),
    (STRIDED, "z_{2i-1}", r"\delta_i\, \mathbf{1}[z_{2 i-1} > z_{2 i}]"),
    (
        MEANS + r"L = \sum_{i=1}^n (y_i - t_i)^2",
        "x_l",
        r"\frac{2}{m}\, \left(y_{\left\lceil \frac{l}{m} \right\rceil} - "
        r"t_{\left\lceil \frac{l}{m} \right\rceil}\right)",
    ),
    (TEMPERATURE, "z_i", r"\frac{1}{\tau}\, \left(p_i\, \sum_{j=1}^{n} y_j - y_i\right)"),
    (ATTENTION, "s_{ij}", r"g_i p_{ij}\, \left(v_j - \sum_{q=1}^{n} v_q p_{iq}\right)"),
    (
        DIFFERENCES,
        "x_l",
        r"w\, (g_{l-1}\, \mathbf{1}[2 \le l] - g_l\, \mathbf{1}[l \le n - 1])",
    ),
    (
        r"h_t = a h_{t-1} + x_t, \quad t = 1, \dots, T" "\n" r"5 \le T" "\n" r"L = h_5",
        "a",
        r"\sum_{t=1}^{5} a^{5 - t} h_{t-1}",
    ),
]


@pytest.mark.parametrize(("text", "by", "right"), SHORT)
def test_sums_with_one_term_and_brackets_in_lowest_terms(text: str, by: str, right: str) -> None:
    net = network(text)
    found = Sweep(net, Ref("L")).gradient(name(by))
    confirm_formula(net, found)
    assert latex(found.answer) == right


def test_a_sum_over_one_entry_is_no_sum_in_any_step() -> None:
    net = network(MEANS + r"L = \sum_{i=1}^n (y_i - t_i)^2")
    found = Sweep(net, Ref("L")).gradient(name("x_l"))
    assert not any(r"\sum" in latex(s.after) for s in found.steps)


DECIMALS = [
    ("L = 0.9 x + 0.1 y", "x", "0.9"),
    ("L = 0.9 x^2 + y", "x", "1.8 x"),
    (r"L = \tfrac{9}{10} x + 2 y", "x", r"\frac{9}{10}"),
    (
        r"h = \max(0.01 z, z), L = h",
        "z",
        r"0.01 \cdot \mathbf{1}[z < 0] + \mathbf{1}[z > 0]",
    ),
]


@pytest.mark.parametrize(("text", "by", "right"), DECIMALS)
def test_decimals_stay_decimals(text: str, by: str, right: str) -> None:
    found = Sweep(network(text.replace(", L", "\nL")), Ref("L")).gradient(name(by))
    assert latex(found.answer) == right


def test_the_branches_of_cases_are_one_case_distinction() -> None:
    leaky = r"h_i = \begin{cases} z_i & z_i > 0 \\ 0.01 z_i & z_i \le 0 \end{cases}, i=1,\dots,n"
    net = network(leaky + "\n" + r"L = \sum_{i=1}^n h_i")
    found = Sweep(net, Ref("L")).gradient(name("z_k"))
    (local,) = found.locals
    assert [latex(s.after) for s in local.steps] == [
        r"\begin{cases} 1 & \text{if } z_k > 0 \\ 0.01 & \text{if } z_k \le 0 \end{cases}"
    ]
