r"""Powers of matrices: read, valued, proved, differentiated, put back in matrix form, claimed."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest
from judge import judged, network

from symgrad import evidence
from symgrad.answer import Answer, Source
from symgrad.api import Exam, Network
from symgrad.compare import equal
from symgrad.dual import Undefined
from symgrad.errors import SymgradError
from symgrad.evaluate import Point, Unrolled
from symgrad.evidence import Prover
from symgrad.expr import Add, Call, Expr, Ref, num, transform
from symgrad.grade import check
from symgrad.power import POWER, power
from symgrad.witness import drawn

SQUARE = r"A, B \in \mathbb{R}^{n \times n}, x, y \in \mathbb{R}^n; "
RNN = (
    r"h_t \in \mathbb{R}^n, x_t \in \mathbb{R}^d, U \in \mathbb{R}^{n \times d}, "
    r"W \in \mathbb{R}^{n \times n}, V \in \mathbb{R}^{q \times n}; "
    r"h_t = U x_t + W h_{t-1}, o_t = V h_t, t = 1, \dots, T; "
    r"g_t = \frac{\partial L}{\partial o_t}"
)


def entry(name: str, *at: int) -> Ref:
    return Ref(name, tuple(map(num, at)))


def matrix(n: int) -> list[list[Fraction]]:
    """What the oracle draws for A."""
    return [[Fraction(drawn(entry("A", i, j))) for j in range(1, n + 1)] for i in range(1, n + 1)]


@pytest.mark.parametrize(("n", "k"), list(product((1, 2, 3), (0, 1, 2, 5))))
def test_the_oracle_multiplies(n: int, k: int) -> None:
    judge = Unrolled(network(SQUARE + r"L = x^\top A^2 x"), Point({"n": n, "k": k}), drawn)
    m = matrix(n)
    found = [[Fraction(i == j) for j in range(n)] for i in range(n)]
    for _ in range(k):
        found = [[sum(r[m_] * m[m_][j] for m_ in range(n)) for j in range(n)] for r in found]
    for i, j in product(range(n), repeat=2):
        assert judge.value(power(entry("A", i + 1, j + 1), Ref("n"), Ref("k"))) == found[i][j]


@pytest.mark.parametrize("k", [-1, -3])
def test_a_power_below_0_is_one_of_the_inverse(k: int) -> None:
    judge = Unrolled(network(SQUARE + r"L = x^\top A^2 x"), Point({"n": 2, "k": k}), drawn)
    for i, j in product((1, 2), repeat=2):
        up, down = (
            [judge.value(power(at, num(2), num(times))) for at in entries]
            for times, entries in (
                (-k, [entry("A", i, m) for m in (1, 2)]),
                (k, [entry("A", m, j) for m in (1, 2)]),
            )
        )
        assert sum(a * b for a, b in zip(up, down, strict=True)) == (i == j)


@pytest.mark.parametrize("i", [-1, 0, 3])
def test_no_entry_outside_has_a_value(i: int) -> None:
    judge = Unrolled(network(SQUARE + r"L = x^\top A^2 x"), Point({"n": 2}), drawn)
    with pytest.raises(Undefined):
        judge.value(power(entry("A", i, 1), Ref("n"), num(2)))


@pytest.mark.parametrize("exponent", ["T - 2", "t - 2", "1 - t"])
def test_exponents_that_may_be_below_0_are_refused(exponent: str) -> None:
    text = rf"z_t = A^{{{exponent}}} x, t = 1, \dots, T"
    with pytest.raises(SymgradError, match="expected 0 or more"):
        network(SQUARE + text)
    assert network(SQUARE + text.replace("- 2", "- 2 + 1").replace("1 - t", "T - t"))


PAIRS = {
    (r"A^2 x", r"A A x"): "Equal",
    (r"A^3", r"A^2 A"): "Equal",
    (r"A^0 x", r"x"): "Equal",
    (r"(A^\top)^2", r"(A^2)^\top"): "Equal",
    (r"(A + B)^2", r"A^2 + A B + B A + B^2"): "Equal",
    (r"(A + B)^2", r"A^2 + 2 A B + B^2"): "Differs",
    (r"(A^\top)^k x", r"(A^k)^\top x"): "Equal",
    (r"A^k x", r"(A^k)^\top x"): "Differs",
    (r"A^{k+1}", r"A A^k"): "Agrees",
    (r"A^{k+1}", r"A^k"): "Differs",
    (r"A^k B", r"B A^k"): "Differs",
    (r"A^6", r"A^3 A^3"): "Agrees",
    (r"A^6", r"A^5"): "Differs",
    (r"\operatorname{tr}(A^k)", r"\operatorname{tr}((A^\top)^k)"): "Equal",
    (r"\sum_{i=1}^{T} A^{T-i} x", r"\sum_{i=0}^{T-1} A^i x"): "Equal",
    (r"\sum_{i=1}^{T} A^{T-i} x", r"\sum_{i=1}^{T} A^i x"): "Differs",
    (r"\sum_{i=0}^{k} A^i x", r"x + A \sum_{i=0}^{k-1} A^i x"): "Agrees",
    (r"\sum_{i=0}^{k} A^i x", r"A \sum_{i=0}^{k-1} A^i x"): "Differs",
}


@pytest.mark.parametrize(("pair", "said"), PAIRS.items(), ids=[f"{a} ~ {b}" for a, b in PAIRS])
def test_pairs_with_powers(pair: tuple[str, str], said: str) -> None:
    found = equal(*pair, SQUARE)
    assert found.name == said, found.message
    assert r"\cdot" not in found.message


def test_the_term_that_is_missing_is_one_of_a_power() -> None:
    found = equal(r"A^k x", r"A^{k+1} x", SQUARE)
    assert r"the term (A^{k})_{1,1} x_1" in found.message


GRADIENTS = {
    (r"L = y^\top A^2 x", "A"): r"y x^\top A^\top + A^\top y x^\top",
    (r"L = y^\top A^k x", "x"): r"(A^\top)^k y",
    (r"L = y^\top A^k x", "y"): r"A^k x",
    (r"L = y^\top A^k x", "A"): (r"\sum_{s=0}^{k-1} (A^\top)^s y x^\top\, (A^\top)^{k - s - 1}"),
    (r"L = y^\top (A^\top)^{k+1} x", "A"): r"\sum_{s=0}^{k} (A^\top)^s x y^\top\, (A^\top)^{k - s}",
    (r"z_t = A^t x, t = 1, \dots, T; \delta_t = \frac{\partial L}{\partial z_t}", "x"): (
        r"\sum_{t=1}^{T} (A^\top)^t \delta_t"
    ),
}


@pytest.mark.parametrize(("given", "said"), GRADIENTS.items(), ids=[" ".join(g) for g in GRADIENTS])
def test_gradients_through_powers(given: tuple[str, str], said: str) -> None:
    equations, by = given
    net = Network(SQUARE + equations)
    assert net.answer(rf"\frac{{\partial L}}{{\partial {by}}}").latex == said


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("loss", [r"y^\top A^k x", r"\operatorname{tr}(B (A^\top)^{k+1})"])
def test_a_power_moves_as_the_oracle_says(loss: str, k: int) -> None:
    net = network(SQUARE + rf"L = {loss} + \log(x^\top y)")
    assert judged(net, Ref("L"), {"n": 2, "k": k}) == []


CLAIMS = {
    r"\frac{\partial L}{\partial h_t} = \sum_{i=t}^T (W^\top)^{T-i} V^\top g_{T+t-i}": True,
    r"\frac{\partial L}{\partial h_t} = \sum_{k=t}^T (W^\top)^{k-t} V^\top g_k": True,
    r"\frac{\partial L}{\partial h_t} = \sum_{k=t}^T W^{k-t} V^\top g_k": False,
    r"\frac{\partial L}{\partial h_t} = \sum_{k=t}^T (W^\top)^{k-t+1} V^\top g_k": False,
    r"\frac{\partial L}{\partial h_t} = \sum_{k=1}^T (W^\top)^{k-t} V^\top g_k": False,
}


@pytest.mark.parametrize(("claim", "right"), CLAIMS.items())
def test_the_closed_form_of_a_linear_recurrence_is_judged(claim: str, right: bool) -> None:
    exam = Exam.parse(f"$${RNN}$$\n\n$$\\frac{{\\partial L}}{{\\partial h_t}} = ?$$")
    (found,) = check(f"${claim}$", exam).claims
    assert (found.fine, found.wrong) == (right, not right)


def test_a_label_of_a_name_is_the_same_question() -> None:
    shapes = r"W_{hx} \in \mathbb{R}^{h \times d}, x \in \mathbb{R}^d, z \in \mathbb{R}^h"
    stated = rf"{shapes}; z = W_{{hx}} x; \delta = \frac{{\partial L}}{{\partial z}}"
    exam = Exam.parse(f"$${stated}$$\n\n$$\\frac{{\\partial L}}{{\\partial W_{{hx}}}} = ?$$")
    report = check(r"$\frac{\partial L}{\partial W_{hx}} = \delta x^\top$", exam)
    assert [a.verdict.name for a in report.answers] == ["Equal"]


CLOSED = {
    "h_t": (
        r"\begin{cases} V^\top g_T & \text{if } t = T \\ "
        r"V^\top g_t + W^\top\, \frac{\partial L}{\partial h_{t+1}} & \text{if } t < T \end{cases}"
        r" = \sum_{k=t}^{T} (W^\top)^{k - t} V^\top g_k"
    ),
    "U": (
        r"\sum_{t=1}^{T} \frac{\partial L}{\partial h_t}\, x_t^\top"
        r" = \sum_{t=1}^{T} \sum_{k=t}^{T} (W^\top)^{k - t} V^\top g_k x_t^\top"
    ),
    "h_0": (r"W^\top\, \frac{\partial L}{\partial h_1} = \sum_{p=1}^{T} (W^\top)^p V^\top g_p"),
}


@pytest.mark.parametrize(("by", "said"), CLOSED.items())
def test_a_linear_recurrence_of_vectors_has_a_closed_form(by: str, said: str) -> None:
    assert Network(RNN).answer(rf"\frac{{\partial L}}{{\partial {by}}}").latex == said


STATES = r"W \in \mathbb{R}^{n \times n}, h_t, x_t \in \mathbb{R}^n; "

RECURRENCES = {
    r"h_t = c W h_{t-1} + x_t, t = 1, \dots, T; L = \sum_{t=1}^T h_t^\top h_t": (
        r"\sum_{k=t}^{T} 2 c^{k - t}\, (W^\top)^{k - t} h_k"
    ),
    r"h_t = W^\top h_{t-1} + x_t, t = 1, \dots, T; L = \|h_T\|^2": r"2 W^{T - t} h_T",
    r"h_t = W h_{t+1} + x_t, t = 1, \dots, T; L = \|h_1\|^2": r"2 (W^\top)^{t - 1} h_1",
}


@pytest.mark.parametrize(("equations", "said"), RECURRENCES.items())
def test_closed_forms_of_other_recurrences(equations: str, said: str) -> None:
    net = Network(STATES + equations)
    assert net.answer(r"\frac{\partial L}{\partial h_t}").latex.endswith(f" = {said}")
    found = network(STATES + equations)
    assert judged(found, Ref("L"), {"n": 2, "T": 3}) == []


@pytest.mark.parametrize(
    "step",
    [
        r"h_t = h_{t-1} + W h_{t-1} + x_t",
        r"h_t = \tanh(W h_{t-1}) + x_t",
        r"h_t = x_t \odot W h_{t-1}",
        r"h_t = W h_{t-2} + x_t",
    ],
)
def test_other_recurrences_stay_recursions(step: str) -> None:
    net = Network(STATES + step + r", t = 1, \dots, T; L = \|h_T\|^2")
    answer = net.answer(r"\frac{\partial L}{\partial h_t}")
    assert answer.latex.startswith(r"\begin{cases}")
    assert "^{k" not in answer.latex


def with_answer(answer: Answer, formula: Expr) -> Answer:
    """The answer as if its last step had left another formula."""
    source = answer.source
    assert source is not None
    d = source.derivation
    wrong = replace(d, steps=(*d.steps[:-1], replace(d.steps[-1], after=formula)))
    return replace(answer, derivation=wrong, source=Source(source.network, wrong), whole=None)


def later(x: Expr) -> Expr:
    """(A^k)_{ij} with one factor more."""
    if isinstance(x, Call) and x.fn == POWER:
        entry, size, exponent = x.args
        return Call(POWER, (entry, size, Add((exponent, num(1)))))
    return x


def turned(x: Expr) -> Expr:
    """(A^k)_{ij} as one of the transpose."""
    if isinstance(x, Call) and x.fn == POWER:
        entry, *rest = x.args
        assert isinstance(entry, Ref)
        return Call(POWER, (entry.at(entry.indices[::-1]), *rest))
    return x


@pytest.mark.parametrize("by", ["h_t", "W"])
@pytest.mark.parametrize("equations", [RNN, *(STATES + e for e in RECURRENCES)])
def test_closed_forms_with_powers_are_proved_and_no_wrong_one(
    equations: str, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = Network(equations)
    answer = net.answered(net.question(rf"\frac{{\partial L}}{{\partial {by}}} = ?"))
    told = Prover().proved(answer, net.scope).evidence
    assert told is not None
    assert told.kind == "proved"
    monkeypatch.setattr(evidence, "BUDGET", 1.0)
    assert answer.source is not None
    for slip in (later, turned):
        formula = transform(answer.source.derivation.answer, slip)
        told = Prover().proved(with_answer(answer, formula), net.scope).evidence
        assert told is not None
        assert not told.proof
