r"""Expectations and variances over vectors of probabilities are sums; over data they are refused."""

from __future__ import annotations

import pytest

from symgrad.api import Exam, Network
from symgrad.compare import equal
from symgrad.errors import SymgradError
from symgrad.grade import check

GIVEN = r"\pi, r, q \in \mathbb{R}^K"

SUMS = {
    r"\mathbb{E}_{a \sim \pi}[r_a]": r"\sum_{a=1}^{K} \pi_a r_a",
    r"\mathbb E_{a \sim \pi}\left[ (r_a - b)^2 \right]": r"\sum_{a=1}^{K} \pi_a (r_a - b)^2",
    r"\mathbb{E}_{a \sim \pi}[r_a]^2": r"\left(\sum_{a=1}^{K} \pi_a r_a\right)^2",
    r"2 \mathbb{E}_{a \sim \pi}[r_a] q_k": r"2 q_k \sum_{a=1}^{K} \pi_a r_a",
    r"\mathbb{E}_{a \sim \pi}[r_a] + q_k": r"q_k + \sum_{a=1}^{K} \pi_a r_a",
    r"\mathbb{E}_{a \sim \pi}[\mathbb{E}_{b \sim q}[r_a r_b]]": (
        r"\sum_{a=1}^{K} \sum_{b=1}^{K} \pi_a q_b r_a r_b"
    ),
    r"\operatorname{Var}_{a \sim \pi}(r_a)": (
        r"\sum_{a=1}^{K} \pi_a r_a^2 - \left(\sum_{a=1}^{K} \pi_a r_a\right)^2"
    ),
    r"\mathbb{E}_{a \sim \pi}[-\log \pi_a]": r"-\sum_{a=1}^{K} \pi_a \log \pi_a",
}


@pytest.mark.parametrize(("mean", "written"), SUMS.items())
def test_a_mean_is_a_sum(mean: str, written: str) -> None:
    assert equal(mean, written, GIVEN).name == "Equal"


def test_a_variance_is_the_mean_of_squares_where_probabilities_add_to_1() -> None:
    pair = (
        r"\operatorname{Var}_{a \sim \pi}(r_a)",
        r"\mathbb{E}_{a \sim \pi}[(r_a - \mathbb{E}_{b \sim \pi}[r_b])^2]",
    )
    assert equal(*pair, GIVEN + r"; \sum_{a=1}^{K} \pi_a = 1").name == "Equal"
    assert equal(*pair, GIVEN).name == "Differs"


def test_a_distribution_with_an_index() -> None:
    policy = r"\pi_{sa} = \frac{e^{z_{sa}}}{\sum_{b=1}^{A} e^{z_{sb}}}, s = 1, \dots, S, a = 1, \dots, A; "
    net = Network(policy + r"V_s = \mathbb{E}_{a \sim \pi_s}[r_{sa}], s = 1, \dots, S")
    answer = net.answer(r"\frac{\partial V_s}{\partial r_{sb}}")
    assert answer.latex == r"\pi_{sb}"


REFUSED = {
    r"\mathbb{E}_{(x, y) \sim \mathcal D}[w x]": r"an expectation over \mathcal",
    r"\mathbb{E}_{x \sim \mathcal D}[w x_i]": "expected a vector of probabilities",
    r"\mathbb{E}_{a, b \sim \pi}[r_a]": r"more than a letter before \sim",
    r"\mathbb{E}_{a \sim \pi}[w a]": "outside of a subscript",
    r"\mathbb{E}_{a \sim p}[w r_a]": "without a range",
    r"\mathbb{E}[w x]": "expectations are not read",
}


@pytest.mark.parametrize(("mean", "said"), REFUSED.items())
def test_other_expectations_are_refused(mean: str, said: str) -> None:
    with pytest.raises(SymgradError) as caught:
        Network(rf"\pi \in \mathbb{{R}}^K; L = {mean}".replace("r_a", "x_a"))
    assert said in caught.value.headline()


CLAIMS = {
    r"\frac{\partial J}{\partial z_k} = \pi_k (r_k - J)": "Equal",
    r"\frac{\partial J}{\partial z_k} = \pi_k (r_k - \mathbb{E}_{a \sim \pi}[r_a])": "Equal",
    r"\frac{\partial J}{\partial z_k} = \mathbb{E}_{a \sim \pi}\left[r_a \frac{\partial \log \pi_a}{\partial z_k}\right]": "Missing",
    r"\mathbb{E}_{a \sim \pi}\left[r_a \frac{\partial \log \pi_a}{\partial z_k}\right] = \pi_k (r_k - J)": "Equal",
    r"\mathbb{E}_{a \sim \pi}\left[\frac{\partial \log \pi_a}{\partial z_k}\right] = 0": "Equal",
    r"\mathbb{E}_{a \sim \pi}\left[\frac{\partial \log \pi_a}{\partial z_k}\right] = 1": "Differs",
    r"\frac{\partial J}{\partial z_k} = \pi_k r_k": "Differs",
}


@pytest.mark.parametrize(("claim", "said"), CLAIMS.items())
def test_claims_with_expectations(claim: str, said: str) -> None:
    stated = (
        r"$$\pi_k = \frac{e^{z_k}}{\sum_{l=1}^{K} e^{z_l}}, \quad k = 1, \dots, K, "
        r"\quad J = \mathbb{E}_{a \sim \pi}[r_a]$$"
    )
    exam = Exam.parse(stated + "\n\n" + r"$$\frac{\partial J}{\partial z_k} = ?$$")
    verdicts = [c.verdict for c in check(f"$${claim}$$", exam).claims]
    assert [v.name for v in verdicts if v is not None] == [said]
