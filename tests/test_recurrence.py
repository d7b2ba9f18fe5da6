"""Recurrences of symbolic length: every gradient against the oracle, for every short length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from judge import close, faults, name, network
from oracle import random_point

from symgrad.derive import Sweep
from symgrad.errors import NetworkError
from symgrad.evaluate import Unrolled
from symgrad.expr import Expr, Partial, Ref, num, substitute, walk
from symgrad.latex import latex
from symgrad.rewrite import Derivation
from symgrad.witness import confirm_formula, entries

LINEAR = r"h_t = a h_{t-1} + b x_t, \quad t = 1, \dots, T"
SQUARES = r"L = \sum_{t=1}^{T} (h_t - y_t)^2"

CASES: Mapping[str, tuple[tuple[str, ...], str, str]] = {
    "linear": ((LINEAR, SQUARES), "L", "h_t h_l a b x_t h_0 h_1 h_T h_{T-1}"),
    "the last state": ((LINEAR, r"L = \tfrac12 (h_T - y)^2"), "L", "h_t a b x_t h_0"),
    "a state itself": ((LINEAR,), "h_T", "h_t a b x_t h_0"),
    "the first state read": ((LINEAR, "L = h_0^2 h_T"), "L", "h_t a b h_0"),
    "from zero": (
        (r"s_t = a s_{t-1} + x_t, \quad t = 0, \dots, T", r"L = \sum_{t=0}^{T} s_t^2"),
        "L",
        "s_t a x_t s_{-1}",
    ),
    "a coefficient for each step": (
        (r"h_t = a_t h_{t-1} + x_t, \quad t = 1, \dots, T", SQUARES),
        "L",
        "h_t a_t x_t h_0",
    ),
    "a gate of the data": (
        (r"h_t = \sigma(x_t) h_{t-1} + (1 - \sigma(x_t)) u_t, \quad t = 1, \dots, T", SQUARES),
        "L",
        "h_t u_t x_t h_0",
    ),
    "a running sum": ((r"h_t = h_{t-1} + x_t, \quad t = 1, \dots, T", SQUARES), "L", "h_t x_t"),
    "two steps back": (
        (r"h_t = a h_{t-1} + c h_{t-2} + x_t, \quad t = 1, \dots, T", SQUARES),
        "L",
        "h_t a c x_t h_0 h_{-1}",
    ),
    "every state before": (
        (r"h_t = x_t + \sum_{s=1}^{t-1} w_s h_s, \quad t = 1, \dots, T", SQUARES),
        "L",
        "h_t w_s x_t",
    ),
    "from later to earlier": (
        (r"h_t = a h_{t+1} + b x_t, \quad t = 1, \dots, T", SQUARES),
        "L",
        "h_t a b x_t h_{T+1}",
    ),
    "later to earlier, a coefficient for each step": (
        (r"h_t = a_t h_{t+1} + x_t, \quad t = 1, \dots, T", SQUARES),
        "L",
        "h_t a_t x_t h_{T+1}",
    ),
    "a hyperbolic tangent": (
        (r"h_t = \tanh(w h_{t-1} + u x_t), \quad t = 1, \dots, T", SQUARES),
        "L",
        "h_t w u x_t h_0",
    ),
    "through outputs": (
        (
            LINEAR,
            r"o_t = c h_t, \quad t = 1, \dots, T",
            r"\delta_t = \frac{\partial L}{\partial o_t}",
        ),
        "L",
        "h_t o_t a b c x_t h_0",
    ),
    "given for the last state": (
        (LINEAR, r"\delta = \frac{\partial L}{\partial h_T}"),
        "L",
        "h_t h_T h_1 a b x_t h_0",
    ),
    "given for the last vector": (
        (
            r"h_{t,i} = \tanh(\sum_{j=1}^{n} W_{ij} h_{t-1,j} + x_{t,i}),"
            r" \quad t = 1, \dots, T, \quad i = 1, \dots, n",
            r"\delta_i = \frac{\partial L}{\partial h_{T,i}}",
        ),
        "L",
        "h_{t,i} W_{ij} x_{t,i} h_{0,j}",
    ),
    "given for each state": (
        (LINEAR, r"\delta_t = \frac{\partial L}{\partial h_t}"),
        "L",
        "h_t a b x_t h_0",
    ),
    "one recurrence on another": (
        (LINEAR, r"g_t = c g_{t-1} + h_t, \quad t = 1, \dots, T", r"L = (g_T - y)^2"),
        "L",
        "g_t h_t a b c x_t h_0 g_0",
    ),
    "in turns": (
        (
            r"f_t = \sigma(w h_{t-1} + u x_t), \quad t = 1, \dots, T",
            r"c_t = f_t c_{t-1} + x_t, \quad t = 1, \dots, T",
            r"h_t = v \tanh(c_t), \quad t = 1, \dots, T",
            SQUARES,
        ),
        "L",
        "c_t h_t f_t w u v x_t h_0 c_0",
    ),
    "a first state of its own": (
        (r"h_1 = b x_1", r"h_t = a h_{t-1} + b x_t, \quad t = 2, \dots, T", SQUARES),
        "L",
        "h_1 a b",
    ),
    "nothing reads it": ((LINEAR, "L = a^2"), "L", "h_t a b"),
    "vectors": (
        (
            r"h_{t,i} = \tanh(\sum_{j=1}^{n} W_{ij} h_{t-1,j} + x_{t,i}),"
            r" \quad t = 1, \dots, T, \quad i = 1, \dots, n",
            r"L = \sum_{t=1}^{T} \sum_{i=1}^{n} (h_{t,i} - y_{t,i})^2",
        ),
        "L",
        "h_{t,i} W_{ij} x_{t,i} h_{0,j} h_{T,1}",
    ),
    "each unit by itself": (
        (
            r"h_{t,i} = a_i h_{t-1,i} + x_{t,i}, \quad t = 1, \dots, T, \quad i = 1, \dots, n",
            r"L = \sum_{i=1}^{n} (h_{T,i} - y_i)^2",
        ),
        "L",
        "h_{t,i} a_i x_{t,i} h_{0,i}",
    ),
}
"""Statements, what is differentiated, by what."""


def sizes_of(text: str) -> list[dict[str, int]]:
    """Every length up to 5; where states are vectors, up to 3 of 2 numbers."""
    if r"\dots, n" in text:
        return [{"T": T, "n": 2} for T in (1, 2, 3)]
    return [{"T": T} for T in (1, 2, 3, 4, 5)]


@pytest.mark.parametrize("case", [c for c in CASES if c != "a state itself"])
def test_every_formula_of_every_step(case: str) -> None:
    lines, of, asked = CASES[case]
    text = "\n".join(lines)
    least = 2 if "= 2, " in text else 1
    for sizes in (s for s in sizes_of(text) if s["T"] >= least):
        net = network(text)
        for by in asked.split():
            if by == "h_{T-1}" and sizes["T"] == 1:
                continue
            assert faults(net, name(of), name(by), sizes) == [], (by, sizes)


@pytest.mark.parametrize("by", CASES["a state itself"][2].split())
def test_the_gradient_of_a_state(by: str) -> None:
    """The answers only: on the way, the local ∂h_t/∂a at t = T is written like the whole one."""
    d = derived("a state itself", by)
    net = network(LINEAR)
    for last in (1, 2, 3, 4, 5):
        sizes = {"T": last}
        judge = Unrolled(net, random_point(net, sizes, 0))
        for put in entries(d.indices, sizes):
            of, moved = entry(name("h_T"), put), entry(name(by), put)
            assert judge.value(substitute(d.answer, put)) == judge.derivative(of, moved)


@pytest.mark.parametrize("case", CASES)
def test_the_witness_looks_at_what_is_named(case: str) -> None:
    lines, of, asked = CASES[case]
    net = network("\n".join(lines))
    for by in asked.split():
        confirm_formula(net, Sweep(net, name(of)).gradient(name(by)))


def derived(case: str, by: str) -> Derivation:
    lines, of, _ = CASES[case]
    return Sweep(network("\n".join(lines)), name(of)).gradient(name(by))


def after(d: Derivation, rule: str) -> str:
    return next(latex(s.after) for s in d.steps if s.rule == rule)


def test_a_linear_recurrence_as_textbooks_write_it() -> None:
    d = derived("linear", "h_t")
    assert after(d, "last-states") == (
        r"\begin{cases} 2 (h_T - y_T) & \text{if } t = T \\ "
        r"2 (h_t - y_t) + a\, \frac{\partial L}{\partial h_{t+1}} & \text{if } t < T \end{cases}"
    )
    assert latex(d.answer) == r"2\, \sum_{k=t}^{T} a^{k - t}\, (h_k - y_k)"
    d = derived("linear", "a")
    assert after(d, "substitute") == r"\sum_{t=1}^{T} \frac{\partial L}{\partial h_t}\, h_{t-1}"
    assert [latex(u.goal.by) for u in d.upstream] == ["h_t"]


def test_a_coefficient_of_each_step_gives_a_product() -> None:
    d = derived("a coefficient for each step", "h_t")
    assert latex(d.answer) == (
        r"2\, \sum_{k=t}^{T} \left(\prod_{s=t+1}^{k} a_s\right)\, (h_k - y_k)"
    )


def test_the_last_state_alone_leaves_one_power() -> None:
    assert latex(derived("the last state", "h_t").answer) == r"a^{T - t}\, (h_T - y)"
    assert latex(derived("the last state", "h_0").answer) == r"a^T\, (h_T - y)"


def test_what_is_not_linear_is_not_unrolled() -> None:
    d = derived("a hyperbolic tangent", "h_t")
    assert [s.rule for s in d.steps][-1] == "last-states"
    assert r"(1 - h_{t+1}^2)\, w\, \frac{\partial L}{\partial h_{t+1}}" in latex(d.answer)


@pytest.mark.parametrize("case", ["linear", "two steps back", "in turns", "from later to earlier"])
def test_nothing_beyond_the_last_state_is_read(case: str) -> None:
    """Evaluated where only what exists has a value: any other entry is refused."""
    lines, of, asked = CASES[case]
    net = network("\n".join(lines))
    state = next(by for by in asked.split() if by in ("h_t", "c_t"))
    d = Sweep(net, name(of)).gradient(name(state))
    cases = next(s.after for s in d.steps if s.rule == "last-states")
    for last in (2, 3, 5):
        point = random_point(net, {"T": last}, 0)
        judge = Unrolled(net, point)
        for k in range(1, last + 1):
            put = {"t": num(k)}
            expected = judge.derivative(name(of), judge.concrete(entry(name(state), put)))
            assert close(judge.value(substitute(cases, put)), expected)


def entry(ref: Ref, put: Mapping[str, Expr]) -> Ref:
    found = substitute(ref, put)
    assert isinstance(found, Ref)
    return found


def test_a_wrong_recursion_is_caught() -> None:
    d = derived("linear", "a")
    net = network("\n".join(CASES["linear"][0]))
    wrong = substitute(d.upstream[0].answer, {"a": num(2)})
    bad = replace(d.upstream[0], steps=(replace(d.upstream[0].steps[-1], after=wrong),))
    named = replace(d, steps=d.steps[:2], upstream=(bad,))
    assert any(isinstance(x, Partial) for x in walk(named.answer))
    with pytest.raises(AssertionError, match="the oracle says"):
        confirm_formula(net, named)


REFUSED = {
    "both ways": r"h_t = a h_{t-1} + b h_{t+1}, \quad t = 1, \dots, T",
    "itself": r"h_t = a h_t + x_t, \quad t = 1, \dots, T",
    "another at the same step": (
        r"h_t = a g_t, \quad t = 1, \dots, T" "\n" r"g_t = b h_t, \quad t = 1, \dots, T"
    ),
    "all the others": r"h_t = \sum_{s=1}^{T} w_s h_s, \quad t = 1, \dots, T",
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_causal_is_refused(case: str) -> None:
    with pytest.raises(NetworkError, match="defined through itself") as caught:
        network(REFUSED[case])
    if case == "both ways":
        assert caught.value.hint == (
            "a recurrence reads earlier states only, such as h_{t-1}, or later ones only"
        )


def test_a_state_beyond_the_last_is_refused() -> None:
    with pytest.raises(NetworkError, match=r"found h_\{T\+1\}"):
        network(LINEAR + "\n" + "L = h_{T+1}^2")


def test_two_recurrences_of_known_length() -> None:
    net = network(
        r"h_t = a h_{t-1}, \quad t = 1, \dots, 3" "\n" r"g_t = a g_{t-1}, \quad t = 1, \dots, 3"
    )
    assert len(net.equations) == 6


def test_the_state_before_the_first_is_a_parameter_unless_it_is_given() -> None:
    assert [latex(r) for r in network(LINEAR).parameters] == ["a", "h_0", "b", "x_t"]
    assert [latex(r) for r in network("h_0 = 0\n" + LINEAR).parameters] == ["a", "b", "x_t"]
