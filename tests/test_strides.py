"""Layers with symbolic strides, dilations and paddings, held against the oracle at all small sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, product

import pytest
from judge import judged, name, network

from symgrad.derive import Sweep
from symgrad.errors import NetworkError
from symgrad.latex import latex

DELTA = "\n" + r"\delta_i = \frac{\partial L}{\partial z_i}"
TAPS = r"z_i = \sum_{{j=1}}^{{m}} k_j x_{{{}}}, \quad i = 1, \dots, n"
ZERO = "\n" + r"x_l = 0 \text{ for } l < 1 \text{ or } l > N"
SCATTER = (
    r"z_l = \sum_{i=1}^{n} \sum_{j=1}^{m} [s(i-1)+j = l] k_j x_i, \quad l = 1, \dots, s(n-1)+m"
)
GATHER = (
    r"z_l = \sum_{i=\max(1, \lceil (l-m)/s \rceil + 1)}^{\min(n, \lfloor (l-1)/s \rfloor + 1)} "
    r"k_{l-s(i-1)} x_i, \quad l = 1, \dots, s(n-1)+m"
)
OF_L = "\n" + r"\delta_l = \frac{\partial L}{\partial z_l}"

LAYERS: Mapping[str, str] = {
    "stride": TAPS.format("s(i-1)+j") + DELTA,
    "stride, from 0": r"z_i = \sum_{j=0}^{m-1} k_j x_{si+j}, \quad i = 0, \dots, n-1" + DELTA,
    "stride s i": TAPS.format(r"s i+j-1") + DELTA,
    "dilation": TAPS.format("i+d(j-1)") + DELTA,
    "stride and dilation": TAPS.format("s(i-1)+d(j-1)+1") + DELTA,
    "window as stride": TAPS.format("m(i-1)+j") + DELTA,
    "stride and padding": TAPS.format("s(i-1)+j-p") + DELTA,
    "padding with zeros": TAPS.format("i+j-1-p") + ZERO + DELTA,
    "stride, padding with zeros": TAPS.format("s(i-1)+j-p") + ZERO + DELTA,
    "dilation, padding with zeros": TAPS.format("i+d(j-1)-p") + ZERO + DELTA,
    "max pooling": r"z_i = \max_{1 \le j \le m} x_{s(i-1)+j}, \quad i = 1, \dots, n" + DELTA,
    "average pooling": r"z_i = \frac1m \sum_{j=1}^{m} x_{s(i-1)+j}, \quad i = 1, \dots, n" + DELTA,
    "average pooling, side by side": (
        r"z_i = \frac1m \sum_{j=1}^{m} x_{m(i-1)+j}, \quad i = 1, \dots, n" + DELTA
    ),
    "flipped kernel": (
        r"z_i = \sum_{j=\max(1,i-m+1)}^{\min(n,i)} x_j k_{i-j+1}, \quad i = 1, \dots, n+m-1" + DELTA
    ),
    "causal": r"z_i = \sum_{j=1}^{i} x_j k_{i-j+1}, \quad i = 1, \dots, n" + DELTA,
    "transposed, scatter": SCATTER + OF_L,
    "transposed, gather": GATHER + OF_L,
    "transposed, scatter below the sign": (
        r"z_l = \sum_{i,j : s(i-1)+j=l} k_j x_i, \quad l = 1, \dots, s(n-1)+m, \quad "
        r"i = 1, \dots, n, \quad j = 1, \dots, m" + OF_L
    ),
    "pooling in two dimensions": (
        r"z_{i,j} = \max_{1 \le u \le m, 1 \le v \le 2} x_{s(i-1)+u,i+j+v-2}, "
        r"\quad i = 1, \dots, n, \quad j = 1, \dots, 2"
        "\n"
        r"\delta_{i,j} = \frac{\partial L}{\partial z_{i,j}}"
    ),
    "channels in two dimensions": (
        r"z_{o,i,j} = \sum_{c=1}^{2} \sum_{u=1}^{m} \sum_{v=1}^{2} W_{o,c,u,v} "
        r"x_{c,s(i-1)+u,d(j-1)+v} + b_o, \quad o = 1, 2, \quad i = 1, \dots, n, \quad j = 1, 2"
        "\n"
        r"\delta_{o,i,j} = \frac{\partial L}{\partial z_{o,i,j}}"
    ),
    "groups": (
        r"z_{g,i} = \sum_{c=1}^C k_{g,c} x_{c+(g-1)C,i}, \quad g = 1, \dots, G, \quad i = 1, \dots, n"
        "\n"
        r"\delta_{g,i} = \frac{\partial L}{\partial z_{g,i}}"
    ),
    "two layers": (
        TAPS.format("s(i-1)+j") + "\n"
        r"a_i = \max(0, z_i), \quad i = 1, \dots, n" + "\n"
        r"L = \frac1n \sum_{i=1}^n a_i^2"
    ),
}


def sizes_of(names: frozenset[str]) -> Iterator[dict[str, int]]:
    """All small sizes, strides up to 4, paddings from 0; of many sizes every fifth choice."""
    most = {"s": 4, "m": 3, "n": 3, "d": 3, "p": 2, "N": 4, "G": 2, "C": 3}
    least = {"p": 0}
    order = sorted(names)
    every = product(*(range(least.get(x, 1), most[x] + 1) for x in order))
    for drawn in islice(every, 0, None, 5 if len(order) > 3 else 1):
        yield dict(zip(order, drawn, strict=True))


@pytest.mark.parametrize("layer", LAYERS)
def test_every_gradient_at_all_small_sizes(layer: str) -> None:
    net = network(LAYERS[layer])
    assert [f for sizes in sizes_of(net.sizes) for f in judged(net, name("L"), sizes)] == []


ANSWERS = [
    ("stride", "k_j", r"\sum_{i=1}^{n} \delta_i x_{s(i-1)+j}"),
    (
        "stride",
        "x_l",
        r"\sum_{i=\max\left(1, \left\lceil \frac{l-m}{s} \right\rceil+1\right)}"
        r"^{\min\left(n, \left\lfloor \frac{l-1}{s} \right\rfloor+1\right)} \delta_i k_{l-s(i-1)}",
    ),
    (
        "stride and dilation",
        "x_l",
        r"\sum_{i=1}^{n} \delta_i\, \sum_{j=1}^{m} k_j\, \mathbf{1}[l = s\, (i - 1) + d \cdot (j - 1) + 1]",
    ),
    (
        "average pooling, side by side",
        "x_l",
        r"\frac{\delta_{\left\lceil \frac{l}{m} \right\rceil}}{m}",
    ),
    ("padding with zeros", "k_j", r"\sum_{i=1}^{n} \delta_i x_{i+j-p-1}"),
    ("transposed, scatter", "x_i", r"\sum_{j=1}^{m} \delta_{s(i-1)+j} k_j"),
    ("transposed, scatter", "k_j", r"\sum_{i=1}^{n} \delta_{s(i-1)+j} x_i"),
    ("transposed, gather", "k_j", r"\sum_{i=1}^{n} \delta_{s(i-1)+j} x_i"),
    ("flipped kernel", "x_j", r"\sum_{l=1}^{m} \delta_{j+l-1} k_l"),
]


@pytest.mark.parametrize(("layer", "by", "answer"), ANSWERS)
def test_answers_as_books_write_them(layer: str, by: str, answer: str) -> None:
    assert latex(Sweep(network(LAYERS[layer]), name("L")).gradient(name(by)).answer) == answer


SIZES = [
    r"N = s(n-1)+m",
    r"s(n-1)+m \le N",
    r"n = \lfloor (N-m)/s \rfloor + 1, \quad m \le N",
    r"n = \left\lfloor \frac{N-m}{s} \right\rfloor + 1, \quad m \le N",
]


@pytest.mark.parametrize("stated", SIZES)
def test_sizes_are_related_by_equations(stated: str) -> None:
    """A read that a stated size keeps in range is in range."""
    net = network(stated + "\n" + TAPS.format("s(i-1)+j") + "\n" + r"x \in \mathbb{R}^N" + DELTA)
    assert latex(Sweep(net, name("L")).gradient(name("k_j")).indices[0].range.hi) == "m"
    assert net.sizes >= {"n", "m"}
    with pytest.raises(NetworkError, match="expected an index from 1 to N"):
        network(TAPS.format("s(i-1)+j") + "\n" + r"x \in \mathbb{R}^N" + DELTA)


def test_a_range_with_dots_below_a_sign() -> None:
    dots, braces = (
        network(rf"z_i = \max_{{{below}}} x_{{s(i-1)+j}}, \quad i = 1, \dots, n" + DELTA).equations
        for below in (r"j = 1, \dots, m", r"j \in \{1, \dots, m\}")
    )
    assert dots == braces


PADDINGS = [
    r"x_l = 0, \quad l < 1, \quad l > N",
    r"x_l = 0 \text{ for } l < 1 \text{ or } l > N",
    r"x_l = 0 \text{ if } l \le 0 \text{ or } l \ge N + 1",
    r"x_l = 0 \ (l < 1, l > N)",
    r"x_l = 0 \quad (l < 1 \text{ or } N < l)",
    r"x_l = 0 \text{ otherwise}, \quad l = 1, \dots, N",
    r"x \in \mathbb{R}^N, \quad x_l = 0 \text{ otherwise}",
]


@pytest.mark.parametrize("stated", PADDINGS)
def test_padding_is_stated_in_many_ways(stated: str) -> None:
    net = network(TAPS.format("i+j-1-p") + "\n" + stated + DELTA)
    d = Sweep(net, name("L")).gradient(name("x_l"))
    assert [(latex(i.range.lo), latex(i.range.hi)) for i in d.indices] == [("1", "N")]
    assert judged(net, name("L"), {"m": 3, "n": 3, "p": 1, "N": 3}) == []


def test_a_padded_layer_of_numbers_reads_no_padding() -> None:
    net = network(
        r"z_i = \sum_{j=1}^3 k_j x_{i+j-2}, \; i = 1, 2, 3, \; x_l = 0, l < 1, l > 3" + DELTA
    )
    assert (
        latex(Sweep(net, name("L")).gradient(name("k_1")).answer) == r"\delta_2 x_1 + \delta_3 x_2"
    )


def test_padding_of_a_layer_that_is_defined() -> None:
    net = network(
        r"x_i = \tanh(a_i), \quad i = 1, \dots, N" "\n" + TAPS.format("s(i-1)+j-p") + ZERO + DELTA
    )
    assert judged(net, name("L"), {"m": 3, "n": 2, "p": 1, "s": 2, "N": 3}) == []


REFUSED = {
    r"x \in \mathbb{R}^N": (
        "found x_{i+j-1-p} (at i = 1, j = 1, m = 1, n = 1, p = 1) in the definition of z_i, "
        "expected an index from 1 to N; change the range of the indices, or define more entries "
        "of x"
    ),
    r"x_l = 0 \text{ otherwise}": (
        "found x_l = 0 otherwise, expected the range that l has elsewhere; write x_l = 0 for "
        "l < 1 or l > N"
    ),
    r"x \in \mathbb{R}^{N+1}, \quad x_l = 0, l < 1, l > N": (
        "found x zero outside 1, …, N, expected the range it has, 1, …, N + 1; state one range, "
        "or how the sizes are related"
    ),
}


@pytest.mark.parametrize("stated", REFUSED)
def test_what_is_not_stated_is_not_assumed(stated: str) -> None:
    with pytest.raises(NetworkError) as caught:
        network(TAPS.format("i+j-1-p") + "\n" + stated + DELTA)
    assert caught.value.headline().endswith(f": {REFUSED[stated]}")


SLIPS = {
    r"z_i = x_{i^2}, \quad i = 1, \dots, n": (
        "found the subscript i^2 of x_{i^2}, expected one such as s (i - 1) + j: indices and "
        "sizes added, an index times a number or a size"
    ),
    r"z_i = \sum_{j=1}^m x_{i \cdot j}, \quad i = 1, \dots, n": (
        "found the subscript i j of x_{i \\cdot j}, expected one such as s (i - 1) + j: indices "
        "and sizes added, an index times a number or a size"
    ),
    r"z_i = \sum_{j=1}^{j} x_j, \quad i = 1, \dots, n": (
        "found the index j in its own limit j, expected a limit made of sizes and outer indices; "
        "give the index of the sum a letter of its own"
    ),
}


@pytest.mark.parametrize("text", SLIPS)
def test_slips_are_named(text: str) -> None:
    with pytest.raises(NetworkError) as caught:
        network(text)
    assert caught.value.headline().endswith(f": {SLIPS[text]}")
