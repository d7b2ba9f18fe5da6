"""Second derivatives: read, derived, held against differences of the values of the network itself."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pytest
from judge import network

from symgrad.affine import shift
from symgrad.api import Exam, Network
from symgrad.compare import equal
from symgrad.curvature import curvature
from symgrad.dual import Number, precision, to_decimal
from symgrad.errors import SymgradError
from symgrad.evaluate import Point, Unrolled
from symgrad.expr import Expr, Partial, Ref, derivatives, num
from symgrad.notation import read_expression
from symgrad.witness import drawn, entries

H = Decimal("1e-25")
DIGITS = 120

CASES = {
    "cube": (r"f = x^3 + a x", r"\frac{\partial^2 f}{\partial x^2}"),
    "mixed": (r"f = e^{w x} + \sin(x) w^2", r"\frac{\partial^2 f}{\partial w \partial x}"),
    "third": (r"f = \sigma(x) x^2", r"\frac{d^3 f}{d x^3}"),
    "logistic": (
        r"z = \sum_{j=1}^{d} w_j x_j, \quad p = \sigma(z), \quad L = -y \log p - (1-y) \log(1-p)",
        r"\frac{\partial^2 L}{\partial w_i \partial w_j}",
    ),
    "diagonal": (
        r"z = \sum_{j=1}^{d} w_j x_j, \quad L = \log(1 + e^z)",
        r"\frac{\partial^2 L}{\partial w_i^2}",
    ),
    "softmax": (
        r"p_i = \frac{e^{z_i}}{\sum_{k=1}^{n} e^{z_k}}, \quad i = 1, \dots, n, "
        r"\quad L = -\sum_{i=1}^{n} y_i \log p_i",
        r"\frac{\partial^2 L}{\partial z_i \partial z_j}",
    ),
    "two layers": (
        r"h_i = \tanh\left(\sum_{j=1}^{d} W_{ij} x_j\right), \quad i = 1, \dots, m, "
        r"\quad L = \left(\sum_{i=1}^{m} v_i h_i - y\right)^2",
        r"\frac{\partial^2 L}{\partial W_{ij} \partial W_{kl}}",
    ),
    "two names": (
        r"h_i = \tanh\left(\sum_{j=1}^{d} W_{ij} x_j\right), \quad i = 1, \dots, m, "
        r"\quad L = \left(\sum_{i=1}^{m} v_i h_i - y\right)^2",
        r"\frac{\partial^2 L}{\partial v_k \partial W_{ij}}",
    ),
    "a vector's": (
        r"z_i = \sum_{j=1}^{d} x_j^2 W_{ij}, \quad i = 1, \dots, m",
        r"\frac{\partial^2 z_i}{\partial x_j \partial x_k}",
    ),
    "convolution": (
        r"z_i = \sum_{j=1}^{m} k_j x_{i+j-1}, \quad i = 1, \dots, n, \quad L = \sum_{i=1}^{n} e^{z_i}",
        r"\frac{\partial^2 L}{\partial k_i \partial k_j}",
    ),
    "kinked": (
        r"h_i = \max(0, u_i), \quad i = 1, \dots, n, \quad L = \left(\sum_{i=1}^{n} h_i\right)^3",
        r"\frac{\partial^2 L}{\partial u_i \partial u_j}",
    ),
    "numbered": (
        r"L = (w_1 x_1 + w_2 x_2)^4",
        r"\frac{\partial^2 L}{\partial w_1 \partial w_2}",
    ),
    "steps": (
        r"h_t = a h_{t-1} + x_t, \quad t = 1, \dots, 3, \quad L = h_3^2",
        r"\frac{\partial^2 L}{\partial a^2}",
    ),
}


def goal(text: str) -> Partial:
    found = read_expression(text)
    assert isinstance(found, Partial)
    return found


def differenced(net: object, of: Ref, by: list[Ref], sizes: Mapping[str, int]) -> Decimal:
    """The derivative of a value by several entries, by central differences."""

    def value(at: Mapping[Ref, Decimal]) -> Decimal:
        def leaf(ref: Ref) -> Number:
            found = drawn(ref) / 40
            return to_decimal(found) + at[ref] if ref in at else found

        return to_decimal(Unrolled(net, Point(sizes), leaf, digits=DIGITS).value(of))  # type: ignore[arg-type]

    def moved(at: Mapping[Ref, Decimal], rest: list[Ref]) -> Decimal:
        if not rest:
            return value(at)
        up, down = ({**at, rest[0]: at.get(rest[0], Decimal(0)) + s * H} for s in (1, -1))
        return (moved(up, rest[1:]) - moved(down, rest[1:])) / (2 * H)

    with precision(DIGITS):
        return +moved({}, by)


@pytest.mark.parametrize(("text", "asked"), CASES.values(), ids=CASES)
def test_the_formula_is_the_limit_of_differences(text: str, asked: str) -> None:
    net = network(text)
    d = curvature(net, goal(asked)).told
    assert d.goal == goal(asked)
    assert d.consistent()
    of, by = derivatives(d.goal)
    for sizes in ({s: 2 + k for k, s in enumerate(sorted(net.sizes))}, dict.fromkeys(net.sizes, 2)):
        for put in entries(d.indices, sizes):
            at: list[Expr] = [shift(e, put) for e in (of, *by, d.answer)]
            names = [e for e in at[:-1] if isinstance(e, Ref)]

            def leaf(ref: Ref) -> Number:
                return drawn(ref) / 40

            ours = Unrolled(net, Point(sizes), leaf, digits=DIGITS).value(at[-1])
            theirs = differenced(net, names[0], names[1:], sizes)
            with precision(DIGITS):
                assert abs(to_decimal(ours) - theirs) < Decimal("1e-20"), (put, sizes)


SAID = {
    r"\frac{\partial^2 L}{\partial w\, \partial w^\top}": r"2 X^\top X",
    r"\frac{\partial^2 L}{\partial w^2}": r"2 X^\top X",
    r"\nabla^2_w L": r"2 X^\top X",
    r"\nabla_w^2 L": r"2 X^\top X",
    r"\frac{\partial}{\partial w_i} \frac{\partial L}{\partial w_j}": (
        r"2\, \sum_{k=1}^{N} X_{ki} X_{kj}"
    ),
    r"\frac{\partial^2 L}{\partial w_i \partial w_j}": r"2\, \sum_{k=1}^{N} X_{ki} X_{kj}",
}


@pytest.mark.parametrize("asked", SAID)
def test_each_way_of_writing_it(asked: str) -> None:
    text = (
        r"$$X \in \mathbb{R}^{N \times d}, w \in \mathbb{R}^d, y \in \mathbb{R}^N, "
        r"L = \|X w - y\|_2^2$$" + "\n\n" + f"$${asked} = ?$$"
    )
    assert [a.latex for a in Exam.parse(text, "exam.md").solve().answers] == [SAID[asked]]


def test_a_row_for_each_entry_of_the_first_name() -> None:
    net = Network(
        r"A \in \mathbb{R}^{n \times m}, x \in \mathbb{R}^n, y \in \mathbb{R}^m, L = x^\top A y"
    )
    assert net.answer(r"\frac{\partial^2 L}{\partial x \partial y}").latex == "A"
    assert net.answer(r"\frac{\partial^2 L}{\partial y \partial x}").latex == r"A^\top"


def test_with_values_it_is_a_number() -> None:
    net = Network(r"f = x^3 y, \quad x = 2, \quad y = 5")
    assert net.answer(r"\frac{\partial^2 f}{\partial x^2}").value == 60
    assert net.answer(r"\frac{\partial^2 f}{\partial x \partial y}").value == 12


def test_a_square_below_the_bar_counts_and_names_nothing() -> None:
    """∂²L/∂w² does not make w² a name; ∂L/∂σ² does."""
    text = "$$L = w^2 x$$\n\n$$\\frac{\\partial^2 L}{\\partial w^2} = ?$$"
    assert [a.latex for a in Exam.parse(text, "exam.md").solve().answers] == ["2 x"]


def test_primes_of_a_function() -> None:
    text = "$$f(x) = x^4$$\n\n$$f'(x) = ? \\quad f''(x) = ? \\quad f'''(x) = ?$$"
    found = [a.latex for a in Exam.parse(text, "exam.md").solve().answers]
    assert found == ["4 x^3", "12 x^2", "24 x"]


REFUSED = {
    "given": (
        r"\delta = \frac{\partial L}{\partial z}, z = w x",
        r"\frac{\partial^2 L}{\partial w^2}",
        "which nothing defines; a given gradient says nothing of its own derivatives",
    ),
    "recursion": (
        r"h_t = \tanh(a h_{t-1} + x_t), t = 1, \dots, T, L = h_T",
        r"\frac{\partial^2 L}{\partial a^2}",
        "which is a recursion",
    ),
    "unknown": (r"L = w x", r"\frac{\partial^2 L}{\partial v^2}", "which occurs in no equation"),
    "through": (
        r"p = \sigma(z), L = p^2",
        r"\frac{\partial^2 L}{\partial p \partial z}",
        "in which p is computed from z",
    ),
    "order": (r"L = w x", r"\frac{\partial^2 L}{\partial w}", "order differs above and below"),
    "laplacian": (r"L = w x", r"\nabla^2 L", "expected a gradient of a name"),
    "four axes": (
        r"W \in \mathbb{R}^{n \times m}, L = \|W\|_F^2",
        r"\nabla^2_W L",
        "an array with 4 indices, expected at most two",
    ),
}


@pytest.mark.parametrize(("text", "asked", "because"), REFUSED.values(), ids=REFUSED)
def test_what_has_none_is_refused(text: str, asked: str, because: str) -> None:
    with pytest.raises(SymgradError) as caught:
        Network(text).answer(asked)
    assert because in caught.value.headline()


def test_what_is_known_of_sums_is_not_held_fixed_where_it_moves() -> None:
    """Σ y = 1 says nothing where y moves, Σ (x - μ) = 0 nothing where μ moves by itself."""
    softmax = (
        r"p_i = \frac{e^{z_i}}{\sum_{k=1}^{n} e^{z_k}}, \quad i = 1, \dots, n, "
        r"\quad L = -\sum_{i=1}^{n} y_i \log p_i, \quad \sum_{i=1}^{n} y_i = 1"
    )
    for asked in (
        r"\frac{\partial^2 L}{\partial y_j \partial z_i}",
        r"\frac{\partial^2 L}{\partial z_i \partial y_j}",
    ):
        assert equal(asked, "p_i - [i = j]", softmax).name == "Equal"
    mean = r"\mu = \frac1n \sum_{i=1}^{n} x_i, \quad L = \sum_{i=1}^{n} (x_i - \mu)^2"
    assert Network(mean).answer(r"\frac{\partial^2 L}{\partial \mu^2}").latex == "2 n"
    found = equal(
        r"\frac{\partial^2 L}{\partial x_i \partial x_j}", r"2 [i = j] - \frac{2}{n}", mean
    )
    assert found.name == "Equal"


def test_labels() -> None:
    net = (
        r"p_i = \frac{e^{z_i}}{\sum_{k=1}^{n} e^{z_k}}, \quad i = 1, \dots, n, "
        r"\quad y \in \{1, \dots, n\}, \quad L = -\log p_y"
    )
    asked = r"\frac{\partial^2 L}{\partial z_i \partial z_j}"
    assert equal(asked, r"p_i [i = j] - p_i p_j", net).name == "Equal"


def test_facts_of_data_are_used() -> None:
    net = Network(
        r"z, y \in \mathbb{R}^n; p = \operatorname{softmax}(z), L = -y^\top \log p; "
        r"\mathbf{1}^\top y = 1"
    )
    assert net.answer(r"\nabla^2_z L").latex == r"\operatorname{diag}(p) - p p^\top"


@pytest.mark.parametrize(
    ("right", "verdict"), [("2 x^2", "Equal"), ("2 x", "Differs"), ("x^2", "Differs")]
)
def test_claims_are_decided(right: str, verdict: str) -> None:
    found = equal(r"\frac{\partial^2 L}{\partial w^2}", right, "L = (w x - y)^2")
    assert found.name == verdict


def test_the_oracle_is_asked_at_exact_points() -> None:
    """A wrong second derivative is stopped: the gradient is an equation like any other."""
    net = network("f = x^3")
    found = curvature(net, goal(r"\frac{\partial^2 f}{\partial x^2}"))
    value = Unrolled(found.network, Point({}, {Ref("x"): Fraction(5)})).derivative(
        found.name, Ref("x")
    )
    assert value == Unrolled(net, Point({}, {Ref("x"): Fraction(5)})).value(found.told.answer)
    assert num(30).value == value
