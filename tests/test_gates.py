r"""Gates of row vectors, with dots for products of entries and stars for products of matrices."""

from __future__ import annotations

import pytest

from symgrad.errors import SymgradError
from symgrad.exam import Exam
from symgrad.grade import check
from symgrad.reading.habits import ENTRIES, by_entries, habits
from symgrad.solve import solve

HIGHWAY = r"""# 1 (6 points)

Here $a \cdot b = a \odot b$, and $*$ is the product of matrices.

$$
x, y, c, v, a_c, a_v, \delta_c, \delta_1 \in \mathbb{R}^{1 \times n}, \quad W_c, W_v \in \mathbb{R}^{n \times n}
$$

$$
a_c = x * W_c, \quad c = \sigma(a_c), \quad a_v = x * W_v, \quad v = \tanh(a_v), \quad y = c \cdot v + (1 - c) \cdot x
$$

$$
\delta_1 = \frac{\partial L}{\partial y}, \qquad \delta_c = \frac{\partial L}{\partial a_c}
$$

$$
\delta_c = ? \qquad \frac{\partial L}{\partial c} = ? \qquad \frac{\partial L}{\partial x} = ?
$$
"""  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"\frac{\partial L}{\partial c} = \delta_1 \cdot (v - x)", "Equal"),
        (r"\frac{\partial L}{\partial c} = \delta_1 \cdot v", "Differs"),
        (r"\delta_c = \delta_1 \cdot (v - x) \cdot c(1 - c)", "Equal"),
        (r"\delta_c = \delta_1 \cdot (v - x) \cdot c", "Differs"),
        (r"\delta_c = \delta_1 \cdot (v - x) \cdot (1 - c^2)", "Differs"),
        (r"\frac{\partial L}{\partial x} = \delta_1 \cdot (1 - c) + \delta_c * W_c^\top + (\delta_1 \cdot c \cdot (1 - v^2)) * W_v^\top", "Equal"),
        (r"\frac{\partial L}{\partial x} = \delta_1 \cdot (1 - c) + \delta_c * W_c + (\delta_1 \cdot c \cdot (1 - v^2)) * W_v^\top", "Differs"),
        (r"\frac{\partial L}{\partial c} = \delta_1 * (v - x)", "Invalid"),
    ],
)  # fmt: skip
def test_dots_and_stars_of_an_exam_hold_in_its_works(text: str, found: str) -> None:
    claims = check(f"$${text}$$", Exam.parse(HIGHWAY)).claims
    assert [c.verdict.name for c in claims if c.verdict is not None and not c.inner] == [found]


def test_a_name_of_the_works_own_is_no_entry_of_numbered_gradients() -> None:
    text = r"""$$\delta_c = \delta_1 \cdot (v - x) \cdot c(1 - c)$$

$$\delta_v = \delta_1 \cdot c \cdot (1 - v^2)$$

$$\frac{\partial L}{\partial x} = \delta_1 \cdot (1 - c) + \delta_c * W_c^\top + \delta_v * W_v^\top$$
"""
    report = check(text, Exam.parse(HIGHWAY.replace(r", \delta_c, \delta_1 \in", r", \delta_1 \in").replace(r", \qquad \delta_c = \frac{\partial L}{\partial a_c}", "").replace(r"\delta_c = ? \qquad", "")))  # fmt: skip
    kinds = [(c.kind, c.verdict and c.verdict.name) for c in report.claims]
    assert ("definition", None) in kinds
    assert not any(c.wrong for c in report.claims)


def test_the_gradient_that_a_name_stands_for_is_asked_for_and_answered() -> None:
    exam = Exam.parse(HIGHWAY)
    assert solve(exam).answers[0].question == r"\delta_c"
    text = r"$$\delta_c = \delta_1 \cdot (v - x) \cdot c \cdot (1 - c)$$"
    assert [g.earned for g in check(text, exam).answers] == [2, 0, 0]


SCALAR = r"""# 1

$$z = w x, \qquad h = z^3, \qquad \delta_1 = \frac{\partial L}{\partial h}, \qquad \delta_2 = \frac{\partial L}{\partial z}$$

$$\delta_2 = ? \qquad \frac{\partial L}{\partial w} = ?$$
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"\delta_2 = 3 z^2 \delta_1", "Equal"),
        (r"\delta_2 = 3 z^2", "Differs"),
        (r"\delta_1 = \delta_2", "Differs"),
        (r"\frac{\partial L}{\partial w} = \delta_2 x", "Equal"),
        (r"\frac{\partial L}{\partial w} = 3 z^2 \delta_1 x", "Equal"),
        (r"\frac{\partial L}{\partial w} = 3 z^2 \delta_2 x", "Differs"),
    ],
)
def test_a_given_gradient_that_follows_from_another_is_no_free_name(text: str, found: str) -> None:
    claims = check(f"$${text}$$", Exam.parse(SCALAR)).claims
    assert [c.verdict.name for c in claims if c.verdict is not None and not c.inner] == [found]


def test_labels_of_declared_matrices_have_no_range() -> None:
    assert r"W_{r}\in" in habits([r"W_r, U_r \in \mathbb{R}^{n \times n}"])
    assert r"U_{r}\in" in habits([r"W_r, U_r \in \mathbb{R}^{n \times n}"])
    assert r"h_{t-1}\in" in habits([r"h_t, h_{t-1} \in \mathbb{R}^{n}"])
    assert not habits([r"h_t \in \mathbb{R}^{n}, \quad t = 1, \dots, T"])
    assert not habits([r"h_t \in \mathbb{R}^{n}"], frozenset(), ["t"])
    assert not habits([r"y_i \in \{1, \dots, K\}"])


def test_a_dot_is_the_product_of_entries_where_that_is_said() -> None:
    assert ENTRIES in habits([r"a \cdot b = a \odot b"])
    assert ENTRIES not in habits([r"a \cdot b = b \odot a", r"c = a \cdot b"])
    assert by_entries(r"h \cdot r + \cdots") == r"h \odot r + \cdots"
    vectors = (
        r"$$u, v, w \in \mathbb{R}^n, \quad w = u \cdot v$$"
        + "\n\n"
        + r"$$\frac{\partial w}{\partial u} = ?$$"
    )
    with pytest.raises(SymgradError, match="transpose one of them"):
        solve(Exam.parse(vectors))
    said = r"$a \cdot b = a \odot b$" + "\n\n" + vectors
    assert [a.latex for a in solve(Exam.parse(said)).answers] == [r"\operatorname{diag}(v)"]


def test_a_letter_may_have_its_range_under_a_heading_below() -> None:
    exam = r"""# 1

$$h_t, x_t \in \mathbb{R}^n, \quad W \in \mathbb{R}^{n \times n}$$

## (a)

$$h_t = W h_{t-1} + x_t, \quad t = 1, \dots, T, \qquad \delta_t = \frac{\partial L}{\partial h_t}$$

$$\frac{\partial L}{\partial W} = ?$$
"""
    assert [a.latex for a in solve(Exam.parse(exam)).answers] == [
        r"\sum_{t=1}^{T} \delta_t h_{t-1}^\top"
    ]
