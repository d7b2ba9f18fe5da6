"""What is asked of a network as people state it: sizes made of sizes, ranges stated for a letter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symgrad.api import Network
from symgrad.derive import Sweep
from symgrad.errors import SymgradError
from symgrad.expr import Neg, Reduce, Ref, num, walk
from symgrad.latex import latex
from symgrad.rewrite import Step
from symgrad.witness import Leaves, confirm_formula

CONVOLUTION = (
    r"z_i = \sum_{j=1}^m w_j x_{i+j-1}, i = 1, \dots, n; \delta_i = \frac{\partial L}{\partial z_i}"
)
STRIDE = CONVOLUTION.replace("i+j-1", "s(i-1)+j")
OUTPUTS = {CONVOLUTION: "n = N - m + 1", STRIDE: r"n = \lfloor (N-m)/s \rfloor + 1"}


def asked(*text: str) -> Network:
    return Network("; ".join(text))


@pytest.mark.parametrize("layer", [CONVOLUTION, STRIDE])
def test_what_a_size_is_made_of_is_a_size(layer: str) -> None:
    net = asked(layer, OUTPUTS[layer], r"x \sim \mathcal D")
    assert net.answer(r"\theta").latex == r"w_1, \dots, w_m"
    for size in "Nnm":
        with pytest.raises(SymgradError, match=f"with {size}, which is a size"):
            net.gradient("L", size)


@pytest.mark.parametrize("layer", [CONVOLUTION, STRIDE])
@pytest.mark.parametrize(
    "stated",
    [
        r"l = 1, \dots, N",
        r"x \in \mathbb R^N",
        r"x_1, \dots, x_N",
        r"x_1, x_2, \dots, x_N \sim \mathcal D",
    ],
)
def test_the_range_that_is_stated_is_shown(layer: str, stated: str) -> None:
    net = asked(layer, OUTPUTS[layer], stated)
    (index,) = net.gradient("L", "x_l").indices
    assert index.range.hi.name == "N"  # type: ignore[attr-defined]


def test_a_stated_range_that_may_not_hold_the_reads_is_not_taken() -> None:
    (index,) = asked(CONVOLUTION, r"l = 1, \dots, N").gradient("L", "x_l").indices
    assert latex(index.range.hi) == "n + m - 1"


def test_a_size_of_numbers_is_a_number() -> None:
    net = asked(STRIDE, OUTPUTS[STRIDE], "N = 8, m = 3, s = 2")
    (index,) = net.gradient("L", "x_l").indices
    assert index.range.size == 7
    assert net.answer("n").value == 3
    with pytest.raises(SymgradError, match="n, which is a size"):
        net.gradient("L", "n")
    with pytest.raises(SymgradError, match="the size n = 0, expected a positive"):
        asked(CONVOLUTION, OUTPUTS[CONVOLUTION], "N = 2, m = 3")


def test_entries_begin_at_number_1() -> None:
    with pytest.raises(SymgradError, match="entries from number 0"):
        asked(CONVOLUTION, r"x_0, \dots, x_N")


SOFTMAX = (
    r"p_i = \frac{e^{z_i}}{\sum_{k=1}^{C} e^{z_k}}, i = 1, \dots, C",
    r"L = -\sum_{k=1}^{C} y_k \log p_k",
)


@pytest.mark.parametrize("fact", [r"\sum_{k=1}^{C} y_k = 1", r"\sum_c y_c = 1"])
def test_what_is_given_of_a_sum_is_used(fact: str) -> None:
    found = asked(*SOFTMAX, fact).gradient("L", "z_i")
    assert latex(found.answer) == "p_i - y_i"
    assert found.steps[-1].rule == "given-sum"
    assert found.consistent()


def test_contradictory_sums_prove_nothing() -> None:
    one, two = (rf"\sum_{{k=1}}^{{C}} y_k = {v}" for v in (1, 2))
    with pytest.raises(SymgradError, match="expected equations that some values satisfy"):
        asked(r"L = x \sum_{k=1}^{C} y_k", one, two).gradient("L", "x")
    free = asked(r"L = \sum_{k=1}^{C} x_k y_k", one, two).gradient("L", "x_k")
    assert latex(free.answer) == "y_k"


def test_what_is_given_of_each_row_is_used() -> None:
    text = r"L = \sum_{n=1}^{N} \sum_{k=1}^{C} a_n y_{nk}; \sum_{k=1}^{C} y_{nk} = 3"
    assert latex(asked(text).gradient("L", "a_n").answer) == "3"


@pytest.mark.parametrize(
    "fact",
    [
        r"\sum_{k=1}^{C} y_{2,k} = 1",
        r"\sum_{k=2}^{C} y_{nk} = 1",
        r"\sum_{n=1}^{N} y_{nk} = 1",
        r"\sum_{k=1}^{C} y_{nk}^2 = 1",
        r"n = 1, \dots, 3; \sum_{k=1}^{C} y_{nk} = 1",
    ],
)
def test_what_is_given_of_something_else_is_not_used(fact: str) -> None:
    text = r"L = \sum_{n=1}^{N} \sum_{k=1}^{C} a_n y_{nk}"
    assert latex(asked(text, fact).gradient("L", "a_n").answer) == r"\sum_{k=1}^{C} y_{nk}"


def test_the_witness_draws_values_of_which_the_given_holds() -> None:
    net = asked(*SOFTMAX, r"\sum_{k=1}^{C} y_k = 1").scope.network
    leaves = Leaves(net, {"C": 4})
    assert leaves.meet()
    assert sum(leaves(Ref("y", (num(k),))) for k in range(1, 5)) == 1
    right = Sweep(net, Ref("L")).gradient(Ref("z", (Ref("i"),)))
    wrong = replace(right, steps=(*right.steps, Step("slip", right.answer, Neg(right.answer))))
    with pytest.raises(AssertionError, match="the oracle says"):
        confirm_formula(net, wrong)


BY_FORM = {
    r"y_l = \sum_{i=1}^n x_i w_{l-s(i-1)}, l = 1, \dots, s(n-1)+m; w_j = 0 \text{ for } j < 1 \text{ or } j > m; "
    r"\delta_l = \frac{\partial L}{\partial y_l} ? x_i": r"\sum_{j=1}^{m} \delta_{s(i-1)+j} w_j",
    r"y_l = \sum_{i=1}^n x_i w_{l-s(i-1)} [1 \le l-s(i-1) \le m], l = 1, \dots, s(n-1)+m; "
    r"\delta_l = \frac{\partial L}{\partial y_l} ? x_i": r"\sum_{j=1}^{m} \delta_{s(i-1)+j} w_j",
    r"z_i = \frac12 (x_{2i-1} + x_{2i}), i = 1, \dots, n; \delta_i = \frac{\partial L}{\partial z_i} ? x_p": r"\frac{1}{2} \delta_{\left\lceil \frac{p}{2} \right\rceil}",
    r"z_{ij} = x_{2i-1,2j-1} + x_{2i,2j-1} + x_{2i-1,2j} + x_{2i,2j}, i = 1, \dots, n, j = 1, \dots, m; "
    r"\delta_{ij} = \frac{\partial L}{\partial z_{ij}} ? x_{pq}": r"\delta_{\left\lceil \frac{p}{2} \right\rceil,\left\lceil \frac{q}{2} \right\rceil}",
    r"p_{ni} = \frac{e^{z_{ni}}}{\sum_{k=1}^{C} e^{z_{nk}}}, i = 1, \dots, C, n = 1, \dots, N; y_n \in \{1, \dots, C\}; "
    r"L = -\frac{1}{N} \sum_{n=1}^N \log p_{n y_n} ? z_{ni}": r"\frac{1}{N}\, (p_{ni} - \mathbf{1}[y_n = i])",
    r"L = \max(0, \sum_{d=1}^D (a_d - p_d)^2 - \sum_{d=1}^D (a_d - n_d)^2) ? a_d": "",
}


@pytest.mark.parametrize("text", BY_FORM)
def test_answers_have_the_form_that_is_written_on_paper(text: str) -> None:
    given, _, by = text.rpartition(" ? ")
    found = latex(asked(given).gradient("L", by).answer)
    if BY_FORM[text]:
        assert found == BY_FORM[text]
    else:
        assert found.endswith(r"(n_d - p_d)")


@pytest.mark.parametrize(
    "text", [r"\max(x_{3i-2}, x_{3i-1})", "x_{3i-2} x_{3i}", "x_{3i} - 2 x_{3i-1} + x_{3i-2}"]
)
def test_one_value_is_left_of_a_stride(text: str) -> None:
    found = asked(
        f"z_i = {text}, i = 1, \\dots, n", r"\delta_i = \frac{\partial L}{\partial z_i}"
    ).gradient("L", "x_p")
    assert not any(isinstance(x, Reduce) for x in walk(found.answer))


def test_two_values_are_not() -> None:
    """2i = p and 2i = p + 2 are two values of i."""
    found = asked(
        r"z_i = x_{2i} x_{2i-2}, i = 1, \dots, n", r"\delta_i = \frac{\partial L}{\partial z_i}"
    ).gradient("L", "x_p")
    assert any(isinstance(x, Reduce) for x in walk(found.answer))


def test_a_letter_twice_has_one_range() -> None:
    net = asked(
        r"y_i = \sum_{j=1}^n W_{ij} x_j, i = 1, \dots, n",
        r"\delta_i = \frac{\partial L}{\partial y_i}",
    )
    assert len(net.gradient("L", "W_{ii}").indices) == 1


def test_a_state_before_the_first_has_its_number() -> None:
    net = asked(r"h_t = a h_{t-2} + x_t, t = 1, \dots, T", r"L = \sum_{t=1}^T h_t")
    assert latex(net.gradient("L", "h_{-1}").goal.by) == "h_{-1}"


ROUNDED = {
    r"y_l = x_{\lceil l/2 \rceil}, l = 1, \dots, 2n": ("2p - 1", "2p"),
    r"y_l = x_{\lfloor l/2 \rfloor}, l = 0, \dots, 2n-1": ("2p", "2p + 1"),
    r"y_l = x_{\lceil l/2 \rceil}, l = 1, \dots, N": ("2p - 1", r"\min(N, 2p)"),
    r"y_l = x_{\lceil l/s \rceil}, l = 1, \dots, s n": (r"s\, (p - 1) + 1", "s p"),
}


@pytest.mark.parametrize("layer", ROUNDED)
def test_a_rounded_read_is_summed_over_what_is_rounded_to_it(layer: str) -> None:
    found = asked(layer, r"\delta_l = \frac{\partial L}{\partial y_l}").gradient("L", "x_p").answer
    assert isinstance(found, Reduce)
    (bound,) = found.bounds
    assert latex(found.body) == r"\delta_l"
    assert tuple(
        latex(e).replace(r"\,", "").replace(" ", "") for e in (bound.lo, bound.hi) if e
    ) == tuple(e.replace(r"\,", "").replace(" ", "") for e in ROUNDED[layer])


def test_a_rounded_read_out_of_range_is_refused() -> None:
    with pytest.raises(SymgradError, match="expected an index from 1 to n"):
        asked(r"x_p = u_p^2, p = 1, \dots, n", r"y_l = x_{\lceil l/2 \rceil}, l = 1, \dots, 2n+1")


def test_labels_of_a_set_of_numbers_are_data() -> None:
    net = asked(
        r"L = \sum_{n=1}^N \max(0, 1 - y_n w x_n)", r"y_n \in \{-1, 1\}", r"x \sim \mathcal D"
    )
    assert net.parameters == ("w",)
    with pytest.raises(SymgradError, match="stands in a subscript"):
        asked(r"z = x_c", r"c \in \{-1, 1\}")
    with pytest.raises(SymgradError, match="a set of names, expected numbers"):
        asked(r"z = c x", r"c \in \{a, b\}")


def test_a_padding_is_added_where_the_stride_is_subtracted() -> None:
    net = asked(
        r"y_l = \sum_{i=1}^n x_i w_{l-s(i-1)+p}, l = 1, \dots, N",
        r"w_j = 0 \text{ for } j < 1 \text{ or } j > m; \delta_l = \frac{\partial L}{\partial y_l}",
    )
    assert latex(net.gradient("L", "x_i").answer) == r"\sum_{l=1}^{N} \delta_l w_{l+p-s(i-1)}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (r"z = x_{(i+j) \bmod n}", "write two equations"),
        (r"z = \sum_{\substack{j=1 \\ j \ne i}}^n x_j", r"j \\ne i"),
        (r"w \leftarrow w - g", "write w' = w"),
    ],
)
def test_what_is_not_read_says_what_to_write(text: str, says: str) -> None:
    with pytest.raises(SymgradError, match=says):
        asked(text)


# -- what a mean says -----------------------------------------------------------------------------

BATCH = (
    r"\mu = \frac{1}{N}\sum_{i=1}^{N} x_i; v = \frac{1}{N}\sum_{i=1}^{N}(x_i-\mu)^2; "
    r"h_i = \frac{x_i-\mu}{\sqrt{v+\epsilon}}, i=1,\dots,N; \delta_i = \frac{\partial L}{\partial h_i}"
)
ROWS = (
    r"\mu_n = \frac{1}{D}\sum_{d=1}^{D} x_{n,d}, n = 1, \dots, N; "
    r"v_n = \frac{1}{D}\sum_{d=1}^{D}(x_{n,d}-\mu_n)^2, n = 1, \dots, N; "
    r"h_{n,d} = \frac{x_{n,d}-\mu_n}{\sqrt{v_n+\epsilon}}, n=1,\dots,N, d = 1, \dots, D; "
    r"\delta_{n,d} = \frac{\partial L}{\partial h_{n,d}}"
)


@pytest.mark.parametrize(
    ("given", "by", "sum_"),
    [
        (BATCH, "x_i", r"\sum_{i=1}^{N} (\mu - x_i)"),
        (ROWS, "x_{n,d}", r"\sum_{d=1}^{D} (\mu_n - x_{n,d})"),
    ],
)
def test_deviations_from_a_mean_add_to_zero(given: str, by: str, sum_: str) -> None:
    net = asked(given)
    found = net.gradient("L", by)
    every = (found, *found.upstream, *(u for d in found.upstream for u in d.upstream))
    used = [(latex(a), latex(b)) for d in every for s in d.steps for a, b in s.using]
    assert (sum_, "0") in used
    assert sum_ not in found.latex()
