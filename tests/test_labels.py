"""Labels, data in subscripts: look-ups and the loss of a class, against the oracle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import product
from random import Random

import pytest
from judge import faults, name, network

from symgrad.derive import Sweep
from symgrad.errors import NetworkError, SymgradError
from symgrad.evaluate import Point, Unrolled
from symgrad.expr import Ref, num, substitute
from symgrad.latex import latex
from symgrad.witness import confirm_formula

LOOK_UP = r"e_{t,d} = E_{c_t,d}, \quad t = 1, \dots, T, \quad d = 1, \dots, D"
WORDS = r"c_t \in \{1, \dots, V\}"
SOFTMAX = r"p_k = \frac{e^{z_k}}{\sum_{j=1}^{K} e^{z_j}}, \quad k = 1, \dots, K"

CASES: Mapping[str, tuple[tuple[str, ...], str, list[dict[str, int]]]] = {
    "look-up": (
        (LOOK_UP, WORDS, r"\delta_{t,d} = \frac{\partial L}{\partial e_{t,d}}"),
        "E_{v,d} E_{1,d} E_{v,1}",
        [{"T": T, "V": V, "D": 2} for T, V in product((1, 2, 4), (1, 3))],
    ),
    "look-up and square": (
        (
            r"e_t = E_{c_t}, \quad t = 1, \dots, T",
            r"1 \le c_t \le V",
            r"L = \sum_{t=1}^{T} (e_t - y_t)^2",
        ),
        "E_v e_t y_t",
        [{"T": T, "V": V} for T, V in product((1, 3, 5), (1, 2))],
    ),
    "a bag of words": (
        (
            r"s_d = \frac1T \sum_{t=1}^{T} E_{c_t,d}, \quad d = 1, \dots, D",
            WORDS,
            r"L = \sum_{d=1}^{D} s_d^2",
        ),
        "E_{v,d} s_d",
        [{"T": T, "V": 3, "D": 2} for T in (1, 4)],
    ),
    "the word before": (
        (
            r"e_t = E_{c_t} F_{c_{t-1}}, \quad t = 2, \dots, T",
            r"c_t \in \{1, \dots, V\}",
            r"L = \sum_{t=2}^{T} e_t^2",
        ),
        "E_v F_v",
        [{"T": T, "V": 2} for T in (2, 4)],
    ),
    "the entry of a class": (
        (r"L = (1 - p_y)^3", r"y \in \{1, \dots, K\}"),
        "p_k p_1",
        [{"K": K, "y": y} for K, y in ((1, 1), (3, 2), (3, 3))],
    ),
    "cross-entropy of a class": (
        (SOFTMAX, r"L = -\log p_y", r"y \in \{1, \dots, K\}"),
        "p_k z_k z_i z_j",
        [{"K": K, "y": y} for K, y in ((1, 1), (2, 2), (4, 3))],
    ),
    "classes from zero": (
        (
            r"p_k = \frac{e^{z_k}}{\sum_{j=0}^{K-1} e^{z_j}}, \quad k = 0, \dots, K - 1",
            r"L = -\log p_y",
            r"y \in \{0, \dots, K - 1\}",
        ),
        "p_k z_k",
        [{"K": K, "y": y} for K, y in ((1, 0), (3, 0), (3, 2))],
    ),
    "a class of the data": (
        (SOFTMAX, r"L = -\log p_y, \quad (x, y) \sim \mathcal D", r"y = 1, \dots, K"),
        "z_k",
        [{"K": 3, "y": 2}],
    ),
    "a batch": (
        (
            r"p_{n,k} = \frac{e^{z_{n,k}}}{\sum_{j=1}^{K} e^{z_{n,j}}},"
            r" \quad n = 1, \dots, N, \quad k = 1, \dots, K",
            r"L = -\frac1N \sum_{n=1}^{N} \log p_{n,y_n}",
            r"y_n \in \{1, \dots, K\}",
        ),
        "p_{n,k} z_{n,k}",
        [{"N": N, "K": K} for N, K in ((1, 2), (3, 2))],
    ),
    "hinges": (
        (r"L = \sum_{k=1}^{K} \max(0, s_k - s_y + 1)", r"y \in \{1, \dots, K\}"),
        "s_k s_l",
        [{"K": K, "y": y} for K, y in ((1, 1), (3, 2))],
    ),
    "words through time": (
        (
            r"h_t = a h_{t-1} + E_{c_t}, \quad t = 1, \dots, T",
            WORDS,
            r"L = h_T^2",
        ),
        "h_t E_v a",
        [{"T": T, "V": 2} for T in (1, 2, 4)],
    ),
}
"""Statements, by what is differentiated, sizes."""


@pytest.mark.parametrize("case", CASES)
def test_every_formula_of_every_step(case: str) -> None:
    lines, asked, instances = CASES[case]
    net = network("\n".join(lines))
    for by, sizes, seed in product(asked.split(), instances, (0, 1)):
        assert faults(net, name("L"), name(by), sizes, seed) == [], (by, sizes, seed)
        confirm_formula(net, Sweep(net, name("L")).gradient(name(by)))


def answer(case: str, by: str) -> str:
    return latex(Sweep(network("\n".join(CASES[case][0])), name("L")).gradient(name(by)).answer)


def test_answers_as_textbooks_write_them() -> None:
    assert answer("look-up", "E_{v,d}") == (r"\sum_{t=1}^{T} \delta_{t,d}\, \mathbf{1}[c_t = v]")
    net = network(r"L = -\log p_y" + "\n" + r"y \in \{1, \dots, K\}")
    found = Sweep(net, name("L")).gradient(name("p_k")).answer
    assert latex(found) == r"-\frac{1}{p_k}\, \mathbf{1}[y = k]"
    assert answer("cross-entropy of a class", "z_k") == r"p_k - \mathbf{1}[y = k]"
    assert answer("classes from zero", "z_k") == r"p_k - \mathbf{1}[y = k]"


def test_labels_are_data_and_tables_are_parameters() -> None:
    net = network("\n".join(CASES["look-up"][0]))
    assert [latex(r) for r in net.parameters] == ["E_{v,d}"]
    assert {"c"} <= net.data


REFUSED = {
    "no values stated": (
        (r"e_t = E_{c_t}, \quad t = 1, \dots, T", r"L = \sum_{t=1}^{T} e_t"),
        r"if it is a label, state its values: c_t \in \{1, \dots, n\}",
    ),
    "no values of a letter": (
        ("L = -\\log p_y",),
        r"of a label of the data, y \in \{1, \dots, n\}",
    ),
    "a range, but no word that it is data": (
        (SOFTMAX, r"L = -\log p_y", r"y = 1, \dots, K"),
        r"of a label of the data, y \in \{1, \dots, n\}",
    ),
    "a label beyond the classes": (
        (SOFTMAX, r"L = -\log p_y", r"y \in \{0, \dots, K\}"),
        "found p_y (at K = 1, y = 0)",
    ),
    "labels beyond the classes": (
        (SOFTMAX, r"L = \sum_{t=1}^{T} \log p_{y_t}", r"y_t \in \{0, \dots, K\}"),
        "with y_t from 0 to K, expected an index from 1 to K",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_missing_is_said(case: str) -> None:
    lines, message = REFUSED[case]
    with pytest.raises(NetworkError) as caught:
        network("\n".join(lines))
    assert message in caught.value.headline()


def test_there_is_no_gradient_by_a_label() -> None:
    net = network("\n".join(CASES["look-up and square"][0]))
    with pytest.raises(SymgradError, match="inside the subscript"):
        Sweep(net, name("L")).gradient(name("c_t"))


CHOSEN = {
    "the score of a class": (
        (
            r"s_{n,k} = \sum_{d=1}^{D} A_{k,d} x_{n,d}, \quad k = 1, \dots, K, \quad n = 1, \dots, N",
            r"c_n \in \{1, \dots, K\}",
            r"L_n = \sum_{k=1}^{K} s_{n,k}^2 - s_{n,c_n}^3, \quad n = 1, \dots, N",
        ),
        "A_{c_n,d}",
    ),
    "all but the class": (
        (
            r"L_n = \sum_{k \ne c_n} \max(0, A_k x_n - A_{c_n} x_n + 1), \quad n = 1, \dots, N",
            r"c_n \in \{1, \dots, K\}",
            r"k = 1, \dots, K",
        ),
        "A_{c_n}",
    ),
}


@pytest.mark.parametrize("case", CHOSEN)
def test_a_gradient_by_the_entry_of_a_label(case: str) -> None:
    """∂L_n/∂A_{c_n} is what the oracle says of the entry that the label is."""
    texts, by = CHOSEN[case]
    net = network("\n".join(texts))
    goal = name(by)
    d = Sweep(net, Ref("L", (Ref("n"),))).gradient(goal)
    assert d.consistent()
    for label, seed in product((1, 2, 3), range(3)):
        judge = Unrolled(net, Point({"N": 2, "K": 3, "D": 2}), drawn(label, Random(seed)))
        put = {"n": num(2), "d": num(1)}
        chosen = tuple(num(label) if i.indices else substitute(i, put) for i in goal.indices)
        found = judge.value(substitute(d.answer, put))
        assert found == judge.derivative(Ref("L", (num(2),)), goal.at(chosen))


def drawn(label: int, draw: Random) -> Callable[[Ref], Fraction]:
    """Whole numbers for all entries, one label for all examples."""
    known: dict[Ref, Fraction] = {}

    def at(r: Ref) -> Fraction:
        return known.setdefault(r, Fraction(label if r.name == "c" else draw.randint(-9, 9)))

    return at


def test_a_label_that_leaves_the_axis_is_refused() -> None:
    net = network(
        r"L_n = \sum_{k=1}^{K} A_k^2 + c_n^2, \quad n = 1, \dots, N, \quad c_n \in \{0, \dots, K\}"
    )
    with pytest.raises(NetworkError, match="c_n from 0 to K"):
        Sweep(net, Ref("L", (Ref("n"),))).gradient(Ref("A", (Ref("c", (Ref("n"),)),)))
