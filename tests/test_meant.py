r"""What names of given definitions mean for a pair: strides, labels, ranges of gradients, zeros."""

from __future__ import annotations

import pytest

from symgrad.compare import equal

STRIDED = r"z_i = x_{s(i-1)+1}, i=1,\dots,n"
POOLED = r"z_i = \max_{1 \le j \le m} x_{s(i-1)+j}, i=1,\dots,n"
LABELS = r"y_i \in \{1,\dots,K\}, i=1,\dots,n"
BATCH = r"y_n \in \{1,\dots,K\}, n=1,\dots,N"
ONE_HOT = (
    r"c \in \{1,\dots,K\}; t_k = [k=c], k=1,\dots,K; "
    r"p_k = \frac{e^{z_k}}{\sum_{j=1}^K e^{z_j}}, k=1,\dots,K; L = -\sum_{k=1}^K t_k \log p_k"
)
CAUSAL = (
    r"z_i = \sum_{j=0}^{m-1} w_j x_{i-j}, i=1,\dots,n; x_l = 0 \text{ for } l < 1; "
    r"\delta_i = \frac{\partial L}{\partial z_i}"
)
FULL = r"\delta_i = 0 \text{ for } i < 1 \text{ or } i > n"

PROVED = [
    ("z_i", "x_{s(i-1)+1}", STRIDED),
    ("z_i", r"\max_{1 \le j \le m} x_{s(i-1)+j}", POOLED),
    (r"\sum_{k=1}^K [y_i = k]", "1", LABELS),
    (r"\sum_{k=1}^K [k = y_i] x_{i,k}", "x_{i,y_i}", LABELS),
    (
        r"-\sum_{n=1}^N \log p_{n,y_n}",
        r"-\sum_{n=1}^N \sum_{k=1}^K [y_n=k] \log p_{n,k}",
        BATCH,
    ),
    ("d_i^2", "d_i", r"d_i \in \{0,1\}, i=1,\dots,n"),
    (r"\frac{\partial L}{\partial z_k}", "p_k - t_k", ONE_HOT),
    (r"\frac{\partial L}{\partial x_l}", r"2x_l[l\le n]", r"L=\sum_{i=1}^n x_i^2"),
    (r"\frac{\partial L}{\partial w_j}", r"\sum_{i=j+1}^n\delta_i x_{i-j}", CAUSAL),
    (
        r"\sum_{j=1}^{m} \delta_{l-j+1} k_j",
        r"\sum_{i=\max(1,l-m+1)}^{\min(n,l)} \delta_i k_{l-i+1}",
        FULL,
    ),
    (r"x^\gamma x", r"x^{\gamma + 1}", ""),
    (r"(1-p)^\gamma \log p", r"\log(p) (1-p)^{\gamma}", ""),
    (
        r"-\log \frac{e^{z_y}}{\sum_{j=1}^K e^{z_j}}",
        r"\log(\sum_{j=1}^K e^{z_j}) - z_y",
        "",
    ),
    (r"\log \frac{a}{b}", r"\log a - \log b", "a > 0; b > 0"),
]

DIFFERENT = [
    ("z_i", "x_{s i}", STRIDED),
    (r"\sum_{k=1}^{K-1} [y_i = k]", "1", LABELS),
    (r"\sum_{k=1}^K [k = y_i] x_{i,k}", "x_{i,1}", LABELS),
    ("d_i^2", "2 d_i", r"d_i \in \{0,1\}, i=1,\dots,n"),
    (r"\frac{\partial L}{\partial z_k}", "t_k - p_k", ONE_HOT),
    (r"\frac{\partial L}{\partial w_j}", r"\sum_{i=j+2}^n\delta_i x_{i-j}", CAUSAL),
    (r"\sum_{j=1}^{m} \delta_{l-j+1} k_j", r"\sum_{i=1}^{n} \delta_i k_{i-l+1}", FULL),
    (r"x^\gamma x", r"x^{2 \gamma}", ""),
]

NOT_REFUTED = [
    (r"\lceil N/2\rceil", r"\lfloor (N-1)/2\rfloor+1", ""),
    (r"\lfloor (N+2p-m)/s\rfloor+1", r"\lceil (N+2p-m+1)/s\rceil", ""),
    ("n", "N-m+1", r"n=\lfloor(N-m)/s\rfloor+1, s=1"),
    (r"\sum_{j=1}^n [x_j=\max_{1 \le k \le n} x_k]", "1", ""),
]


@pytest.mark.parametrize(("a", "b", "given"), PROVED)
def test_what_is_meant_is_proved(a: str, b: str, given: str) -> None:
    assert equal(a, b, given, budget=20).name == "Equal"


@pytest.mark.parametrize(("a", "b", "given"), DIFFERENT)
def test_what_is_not_meant_differs(a: str, b: str, given: str) -> None:
    assert equal(a, b, given, budget=20).name == "Differs"


@pytest.mark.parametrize(("a", "b", "given"), NOT_REFUTED)
def test_what_holds_for_whole_numbers_or_without_ties_is_not_refuted(
    a: str, b: str, given: str
) -> None:
    assert equal(a, b, given, budget=20).name == "Agrees"


def test_a_size_that_is_defined_is_what_it_is() -> None:
    given = "n = N - m + 1"
    assert equal(r"\sum_{i=1}^n x_i", r"\sum_{i=1}^{N-m+1} x_i", given).name == "Equal"
    assert equal(r"\sum_{i=1}^n x_i", r"\sum_{i=1}^{N-m} x_i", given).name == "Differs"


PAIRS = r"\frac12((\sum_{i=1}^n x_i)^2 - \sum_{i=1}^n x_i^2)"


def test_a_sum_over_pairs_runs_over_both() -> None:
    assert equal(r"\sum_{1 \le i < j \le n} x_i x_j", PAIRS).name == "Equal"
    assert equal(r"\sum_{1 \le i \le j \le n} x_i x_j", PAIRS).name == "Differs"
    assert equal(r"\sum_{1 \le i < j < k \le n} 1", r"\frac{n(n-1)(n-2)}{6}").name == "Equal"


def test_a_sum_over_pairs_that_binds_one_is_ambiguous() -> None:
    found = equal(r"\sum_{i<j} x_i x_j", PAIRS, r"i = 1, \dots, n; j = 1, \dots, n")
    assert found.name == "Invalid"
    assert "nothing binds j" in found.message
    given = r"i = 1, \dots, n; j = 1, \dots, n"
    assert equal(r"\sum_{i<j} x_i", r"\sum_{i=1}^{j-1} x_i", given).name == "Equal"


# -- what was once decided wrongly ----------------------------------------------------------------

STRIDE = (
    r"z_i = \sum_{j=1}^{m} k_j x_{s(i-1)+j}, i = 1, \dots, n; "
    r"n = \lfloor (N-m)/s \rfloor + 1; \delta_i = \frac{\partial L}{\partial z_i}"
)
SIGNS = r"y_i \in \{-1, 1\}"


@pytest.mark.parametrize(
    ("a", "b", "given"),
    [
        # a power of a power, where the base is negative
        (r"(x^{2\gamma})^{1/2}", r"x^\gamma", ""),
        (r"((x^\gamma)^2)^{1/2}", r"x^\gamma", ""),
        (r"|x^\gamma|", r"x^\gamma", ""),
        (r"(x_1^2)^{\gamma/2}", r"x_1^\gamma", r"x_i > 0, i = 2, \dots, n"),
        (r"\sqrt{x^n}", "x^{n/2}", r"m \le n"),
        # a stride above 1
        (r"\frac{\partial L}{\partial k_j}", r"\sum_{i=1}^{n} \delta_i x_{i-1+j}", STRIDE),
        (
            r"\frac{\partial L}{\partial k_j}",
            r"\sum_{i=1}^{\lfloor (N-m+1)/s \rfloor} \delta_i x_{s(i-1)+j}",
            STRIDE,
        ),
        ("y_i^2", "2 y_i", SIGNS),
    ],
)
def test_it_is_not_accepted(a: str, b: str, given: str) -> None:
    assert equal(a, b, given, budget=20).name == "Differs"


@pytest.mark.parametrize(
    ("a", "b", "given"),
    [
        (r"\sum_{i=1}^n 1", "n", "n = N - m + 1"),
        (r"\sum_{i=1}^n 1", "n", r"n = \lfloor N/2 \rfloor"),
        ("y_i^2", "1", SIGNS),
        ("y_i^3", "y_i", SIGNS),
        ("a x", "2 x", "a = 2, x < 0"),
        (r"(xy)^\gamma", r"x^\gamma y^\gamma", "x > 0; y > 0"),
        (r"\frac{\partial L}{\partial k_j}", r"\sum_{i=1}^{n} \delta_i x_{s(i-1)+j}", STRIDE),
    ],
)
def test_it_is_not_refuted(a: str, b: str, given: str) -> None:
    assert equal(a, b, given, budget=20).name in ("Equal", "Agrees")
