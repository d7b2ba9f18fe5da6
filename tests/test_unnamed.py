r"""Derivatives of formulas that have no name: asked, derived, proved, claimed, refused."""

from __future__ import annotations

import pytest

from symgrad.api import Exam, Network
from symgrad.errors import SymgradError
from symgrad.evidence import Prover
from symgrad.expr import Partial, Ref, walk
from symgrad.grade import check

SOFTMAX = r"p_k = \frac{e^{z_k}}{\sum_{l=1}^{K} e^{z_l}}, \quad k = 1, \dots, K"
VECTORS = r"z, \pi, w, x \in \mathbb{R}^n; \pi = \operatorname{softmax}(z), s = w^\top x"
LINE = "z = w x + b"

ANSWERS = [
    (SOFTMAX, r"\frac{\partial \log p_k}{\partial z_j}", r"\mathbf{1}[k = j] - p_j"),
    (SOFTMAX, r"\frac{\partial \log p_a}{\partial z_j}", r"\mathbf{1}[a = j] - p_j"),
    (SOFTMAX, r"\nabla_{z_j} \log p_k", r"\mathbf{1}[k = j] - p_j"),
    (SOFTMAX, r"\frac{\partial p_k^2}{\partial p_j}", r"2 p_k\, \mathbf{1}[k = j]"),
    (SOFTMAX, r"\frac{\partial (-\sum_{k=1}^{K} p_k \log p_k)}{\partial p_j}", r"-(1 + \log(p_j))"),
    (VECTORS, r"\nabla_z \log \pi_a", r"\mathbf{1}[a = i] - \pi_i"),
    (VECTORS, r"\nabla_w \log \sigma(w^\top x)", r"(1 - \sigma(w^\top x))\, x"),
    (VECTORS, r"\frac{\partial (w^\top x)^2}{\partial w}", r"2 (w^\top x)\, x"),
    (LINE, r"\frac{\partial}{\partial w} \log \sigma(z)", r"(1 - \sigma(z))\, x"),
    (LINE, r"\frac{\partial}{\partial w} \sigma(z)", r"\sigma(z)\, (1 - \sigma(z))\, x"),
    (LINE, r"\frac{\partial}{\partial w} (z - y)^2", r"2 (z - y)\, x"),
    (LINE, r"\frac{\partial (z y)}{\partial w}", "y x"),
    (LINE, r"\frac{\partial^2 (z - y)^2}{\partial w^2}", "2 x^2"),
    (LINE, r"\frac{d}{dw} \log z", r"\frac{1}{z}\, x"),
    (
        r"f(x) = x^3, \quad z = f(x)",
        r"\frac{\partial \log f(x)}{\partial x}",
        r"\frac{3}{x}",
    ),
]


@pytest.mark.parametrize(("given", "question", "said"), ANSWERS, ids=[a[1] for a in ANSWERS])
def test_formulas_are_differentiated(given: str, question: str, said: str) -> None:
    net = Network(given)
    answer = net.answer(question)
    assert answer.latex == said
    told = Prover().proved(answer, net.scope).evidence
    assert told is not None
    assert told.kind == "proved"


@pytest.mark.parametrize(("given", "question", "said"), ANSWERS, ids=[a[1] for a in ANSWERS])
def test_what_is_differentiated_is_shown_as_it_is_written(
    given: str, question: str, said: str
) -> None:
    answer = Network(given).answer(question)
    assert answer.derivation is not None
    shown = [answer.derivation.goal, *(s.after for s in answer.derivation.steps)]
    assert not any("#" in x.name for e in shown for x in walk(e) if isinstance(x, Ref))
    assert any(isinstance(x, Partial) and not isinstance(x.of, Ref) for x in walk(shown[0]))


REFUSED = [
    (LINE, r"\frac{\partial \log q}{\partial w}", "does not depend on w"),
    (LINE, r"\frac{\partial f(x)}{\partial x}", "a function that nothing defines or a product"),
    (SOFTMAX, r"\frac{\partial \log p_{k+1}}{\partial z_j}", "expected an index from 1 to K"),
    (VECTORS, r"\frac{\partial (x + z)}{\partial x}", "a vector or matrix without a name"),
    (LINE, r"\frac{\partial z}{\partial (w x)}", "a derivative by a formula"),
    (LINE, r"\frac{\partial}{\partial w} \log z y", "found a product after"),
]


@pytest.mark.parametrize(("given", "question", "said"), REFUSED)
def test_what_is_refused(given: str, question: str, said: str) -> None:
    with pytest.raises(SymgradError) as caught:
        Network(given).answer(question)
    assert said in caught.value.headline()


def test_no_equation_holds_a_derivative_of_a_formula() -> None:
    with pytest.raises(SymgradError, match="a derivative of a formula, expected one of a name"):
        Network(r"p = \sigma(w), L = \frac{\partial \log p}{\partial w}")


EXAM = Exam.parse(f"$${SOFTMAX}$$\n\n$$\\frac{{\\partial \\log p_k}}{{\\partial z_j}} = ?$$\n")

CLAIMS = {
    r"\frac{\partial \log p_k}{\partial z_j} = [k = j] - p_j": ("answer", "Equal"),
    r"\frac{\partial \log p_a}{\partial z_i} = [a = i] - p_i": ("answer", "Equal"),
    r"\nabla_{z_j} \log p_k = [k = j] - p_j": ("answer", "Equal"),
    r"\frac{\partial \log p_k}{\partial z_j} = [k = j] - p_k": ("answer", "Differs"),
    r"\frac{\partial \log p_k}{\partial p_j} = \frac{1}{p_k} [k = j]": ("link", "Equal"),
    r"\frac{\partial p_k^2}{\partial z_j} = 2 p_k^2 ([k = j] - p_j)": ("link", "Equal"),
    r"\frac{\partial p_k^2}{\partial z_j} = 2 p_k ([k = j] - p_j)": ("link", "Differs"),
    r"\frac{\partial \log q_k}{\partial z_j} = 0": ("link", "Undecided"),
    r"\frac{\partial f(x)}{\partial x} = f": ("link", "Undecided"),
}


@pytest.mark.parametrize(("claim", "said"), CLAIMS.items())
def test_claims_about_derivatives_of_formulas(claim: str, said: tuple[str, str]) -> None:
    (found,) = check(f"$${claim}$$", EXAM).claims
    assert found.verdict is not None
    assert (found.kind, found.verdict.name) == said


def test_a_name_of_the_work_in_what_is_differentiated() -> None:
    claims = check(
        r"Let $q_k = p_k^2$. Then $\frac{\partial \log q_k}{\partial z_j} = 2 ([k = j] - p_j)$ and "
        r"$\frac{\partial \log q_k}{\partial z_j} = [k = j] - p_j$",
        EXAM,
    ).claims
    assert [c.verdict.name for c in claims if c.verdict is not None] == ["Equal", "Differs"]
