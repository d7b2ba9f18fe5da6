"""The evidence of derived formulas: what is right is proved, what is wrong never is."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from symgrad import evidence
from symgrad.answer import Answer, Source
from symgrad.api import Exam
from symgrad.claims import derived
from symgrad.evidence import Prover, Shown, gradient, identity
from symgrad.expr import Expr, Mul, num
from symgrad.latex import latex
from symgrad.layers import CATALOGUE, Layer
from symgrad.rewrite import Derivation
from symgrad.scope import Scope
from symgrad.slip import slipped
from symgrad.witness import confirm_formula


def solved(*lines: str) -> Exam:
    """An exam of some formulas."""
    return Exam.parse("# Quiz\n\n" + "\n\n".join(f"$$\n{line}\n$$" for line in lines) + "\n")


PRODUCT = (r"L = \prod_{i=1}^{n} x_i", r"\frac{\partial L}{\partial x_k} = ?")
STRIDED = (
    r"z_i = \sum_{j=1}^{m} k_j x_{s(i-1)+j}, \quad i = 1, \dots, n \qquad \delta_i = \frac{\partial L}{\partial z_i}",
    r"\frac{\partial L}{\partial x_l} = ? \qquad \frac{\partial L}{\partial k_j} = ?",
)
FORWARD = (
    r"c_t = f_t c_{t-1} + g_t, \quad t = 1, \dots, T, \qquad L = \sum_{t=1}^{T} (c_t - y_t)^2",
    r"\frac{\partial L}{\partial c_t} = ? \qquad \frac{\partial L}{\partial f_t} = ?",
)
BACKWARD = (
    r"h_t = a_t h_{t+1} + x_t, \quad t = 1, \dots, T, \qquad L = \sum_{t=1}^{T} c_t h_t",
    r"\frac{\partial L}{\partial h_t} = ? \qquad \frac{\partial L}{\partial a_t} = ?",
)
LAST = (
    r"h_t = (1 - z_t) h_{t-1} + z_t g_t, \quad t = 1, \dots, T, \qquad L = (h_T - y)^2",
    r"\frac{\partial L}{\partial h_t} = ? \qquad \frac{\partial L}{\partial z_t} = ?",
)
LAGS = (
    r"h_t = a h_{t-1} + b h_{t-2} + x_t, \quad t = 1, \dots, T, \qquad L = \sum_{t=1}^{T} c_t h_t",
    r"\frac{\partial L}{\partial h_t} = ? \qquad \frac{\partial L}{\partial a} = ?",
)
CURVED = (
    r"p_k = \frac{e^{z_k}}{\sum_{l=1}^{K} e^{z_l}}, \quad k = 1, \dots, K, \qquad L = -\sum_{k=1}^{K} y_k \log p_k, \qquad \sum_{k=1}^{K} y_k = 1",
    r"\frac{\partial^2 L}{\partial z_i \partial z_j} = ?",
)
WHOLE = (
    r"W \in \mathbb{R}^{h \times d}, \quad x \in \mathbb{R}^d, \quad y \in \mathbb{R}^h, \quad a = \tanh(W x), \quad L = \|a - y\|^2",
    r"\nabla_W L = ? \qquad \nabla_x L = ?",
)
LABELS = (
    r"L = -\sum_{t=1}^{T} G_t \log \pi_{t, c_t}, \quad c_t \in \{1, \dots, A\}",
    r"\frac{\partial L}{\partial \pi_{ta}} = ?",
)
NETWORKS = (PRODUCT, STRIDED, FORWARD, BACKWARD, LAST, LAGS, CURVED, WHOLE, LABELS)


@pytest.mark.parametrize("lines", NETWORKS, ids=lambda lines: lines[0][:30])
def test_each_gradient_is_proved(lines: tuple[str, ...]) -> None:
    for answer in solved(*lines).solve().proved.answers:
        assert answer.evidence is not None
        assert answer.evidence.kind == "proved", (answer.latex, answer.evidence)
        assert answer.evidence.entries > 0


@pytest.mark.parametrize("made", CATALOGUE, ids=lambda x: x.name)
def test_each_gradient_of_the_catalogue_is_proved_and_no_slip_of_it(
    made: Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = made.claims[0]
    net, _ = derived(made, claim)
    answer = net.answered(net.question(f"{claim.left} = ?"))
    told = Prover().proved(answer, net.scope)
    assert told.evidence is not None
    assert told.evidence.kind == "proved", answer.latex
    assert told.evidence.entries > 0
    monkeypatch.setattr(evidence, "BUDGET", 1.0)
    for wrong in slips_of(answer, most=2):
        assert_not_proved(wrong, net.scope)


def slips_of(answer: Answer, most: int) -> list[Answer]:
    """The answer with a slip in its formula."""
    source = answer.source
    assert source is not None
    d = source.derivation
    found = list(slipped(d.answer, tuple(sorted(source.network.sizes))))
    random.Random(latex(d.answer)).shuffle(found)
    return [with_answer(answer, formula) for _, formula in found[:most]]


def assert_not_proved(wrong: Answer, scope: Scope) -> None:
    """It is not proved, unless the oracle says that it is the same formula after all."""
    told, source = Prover().proved(wrong, scope).evidence, wrong.source
    assert told is not None
    assert source is not None
    if told.proof:
        confirm_formula(source.network, source.derivation)


def with_answer(answer: Answer, formula: Expr) -> Answer:
    """The answer as if its last step had left another formula."""
    source = answer.source
    assert source is not None
    d = source.derivation
    wrong = replace(d, steps=(*d.steps[:-1], replace(d.steps[-1], after=formula)))
    return replace(answer, derivation=wrong, source=Source(source.network, wrong), whole=None)


@pytest.mark.parametrize("lines", [PRODUCT, STRIDED, FORWARD, BACKWARD, LAST, LAGS, LABELS])
def test_no_wrong_formula_is_proved(
    lines: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "BUDGET", 1.0)
    solution = solved(*lines).solve()
    for s in solution.root.walk():
        for work in s.works.values():
            for answer in work.answers:
                for wrong in slips_of(answer, most=4):
                    assert_not_proved(wrong, s.scope)


def test_a_gradient_is_not_proved_from_a_wrong_one() -> None:
    exam = solved(
        r"z = w x, \quad a = \tanh(z), \quad L = (a - y)^2", r"\frac{\partial L}{\partial w} = ?"
    )
    solution = exam.solve()
    ((answer, scope),) = [
        (a, s.scope) for s in solution.root.walk() for w in s.works.values() for a in w.answers
    ]
    source = answer.source
    assert source is not None
    (below,) = source.derivation.upstream

    def doubled(d: Derivation) -> Derivation:
        last = replace(d.steps[-1], after=Mul((num(2), d.steps[-1].after)))
        return replace(d, steps=(*d.steps[:-1], last))

    wrong = replace(doubled(source.derivation), upstream=(doubled(below),))
    assert gradient(source.network, wrong, scope)  # it follows from the wrong one
    told = Prover().proved(
        replace(answer, source=Source(source.network, wrong), derivation=wrong), scope
    )
    assert told.evidence is not None
    assert not told.evidence.proof


def test_a_formula_of_matrices_with_other_entries_is_not_proved() -> None:
    solution = solved(*WHOLE).solve()
    answers = [
        (a, s.scope) for s in solution.root.walk() for w in s.works.values() for a in w.answers
    ]
    (one, scope), (two, _) = answers
    assert one.whole is not None
    assert two.whole is not None
    mixed = replace(two, whole=replace(two.whole, formula=one.whole.formula))
    told = Prover().proved(mixed, scope).evidence
    assert told is not None
    assert not told.proof


def test_sheets_say_what_is_proved_and_mark_what_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    proved = solved(*STRIDED).solve()
    for kind in ("solution", "key"):
        text = proved.markdown(kind)  # type: ignore[arg-type]
        assert "Every gradient here is proved, for all values and sizes" in text
        assert r"proved for $s \le 4$." in text
        assert "not proved" not in text
    assert "proved" not in proved.markdown("paper")
    monkeypatch.setattr(evidence, "BUDGET", -1.0)
    text = solved(*PRODUCT).solve().markdown("key")
    assert r"not proved; equal to the network written out at 5 entries, for $n = 3" in text
    assert "here is proved" not in text
    found = solved(*PRODUCT).solve().proved.json()["answers"][0]["evidence"]
    assert found == {
        "kind": "compared",
        "by": "",
        "steps": [],
        "entries": 5,
        "sizes": [{"n": 3}, {"n": 2}],
    }


def test_a_number_is_held_too() -> None:
    exam = solved(
        r"L = w^2 x, \quad w = 2, \quad x = 3", r"L = ? \qquad \frac{\partial L}{\partial w} = ?"
    )
    value, slope = exam.solve().proved.answers
    assert value.evidence is None
    assert slope.evidence is not None
    assert slope.evidence.kind == "proved"


def test_one_formula_is_the_other() -> None:
    exam = solved(*PRODUCT).solve()
    scope = next(s.scope for s in exam.root.walk() if s.works)
    answer = exam.answers[0].derivation
    assert answer is not None
    assert identity(answer.answer, answer.answer, answer.indices, scope) == Shown()
