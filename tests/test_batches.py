r"""Batches: layers in square brackets above names, vectors beside matrices, d of a name."""

from __future__ import annotations

import pytest

from symgrad.errors import SymgradError
from symgrad.exam import Exam
from symgrad.grade import check
from symgrad.solve import solve

LAYER = r"""# 1

$$U^{[k]} \in \mathbb{R}^{p \times q}, \quad H^{[k-1]} \in \mathbb{R}^{q \times N}, \quad c^{[k]} \in \mathbb{R}^{p}$$

$$Y^{[k]} = U^{[k]} H^{[k-1]} + c^{[k]}, \quad H^{[k]} = \tanh(Y^{[k]})$$

$$G = \frac{\partial L}{\partial H^{[k]}}, \quad dU^{[k]} = \frac{\partial L}{\partial U^{[k]}}, \quad dY^{[k]} = \frac{\partial L}{\partial Y^{[k]}}$$

$$dY^{[k]} = ? \quad dU^{[k]} = ? \quad \frac{\partial L}{\partial c^{[k]}} = ? \quad \frac{\partial L}{\partial H^{[k-1]}} = ?$$
"""  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"dU^{[k]} = dY^{[k]} H^{[k-1]\top}", "Equal"),
        (r"dU^{[k]} = dY^{[k]} H^{[k-1]}", "Invalid"),
        (r"dU^{[k]} = (G \odot (1 - H^{[k]} \odot H^{[k]})) H^{[k-1]\top}", "Equal"),
        (r"dU^{[k]} = G H^{[k-1]\top}", "Differs"),
        (r"\frac{\partial L}{\partial c^{[k]}} = dY^{[k]} \mathbf{1}", "Equal"),
        (r"\frac{\partial L}{\partial c^{[k]}} = \sum_{i=1}^{N} dY^{[k](i)}", "Equal"),
        (r"\frac{\partial L}{\partial c^{[k]}} = \frac1N \sum_{i=1}^{N} dY^{[k](i)}", "Differs"),
        (r"\frac{\partial L}{\partial c^{[k]}} = \sum_{i=2}^{N} dY^{[k](i)}", "Undecided"),
        (r"\frac{\partial L}{\partial c^{[k]}} = dY^{[k](i)}", "Undecided"),
        (r"dU^{[k]} = \sum_{i=1}^{N} dY^{[k](i)} H^{[k-1](i)\top}", "Equal"),
        (r"\frac{\partial L}{\partial H^{[k-1]}} = U^{[k]\top} dY^{[k]}", "Equal"),
        (r"dY^{[k]} = G \odot (1 - H^{[k]} \odot H^{[k]})", "Equal"),
        (r"dY^{[k]} = G \odot (1 - H^{[k]})", "Differs"),
    ],
)  # fmt: skip
def test_a_layer_of_a_batch(text: str, found: str) -> None:
    claims = check(f"$${text}$$", Exam.parse(LAYER)).claims
    assert [c.verdict.name for c in claims if c.verdict is not None and not c.inner] == [found]


@pytest.mark.parametrize(
    ("declared", "by", "found"),
    [
        (r"X \in \mathbb{R}^{N \times k}, b \in \mathbb{R}^k", "b", r"\delta^\top \mathbf{1}"),
        (r"X \in \mathbb{R}^{N \times k}, b \in \mathbb{R}^N", "b", r"\delta \mathbf{1}"),
        (r"X \in \mathbb{R}^{N \times k}, b \in \mathbb{R}^{1 \times k}", "b", r"\mathbf{1}_1 \mathbf{1}^\top \delta"),
    ],
)  # fmt: skip
def test_a_vector_is_added_where_its_size_fits(declared: str, by: str, found: str) -> None:
    exam = (
        rf"$${declared}, \quad Y = X + b, \quad \delta = \frac{{\partial L}}{{\partial Y}}$$"
        + "\n\n"
    )
    (answer,) = solve(Exam.parse(exam + rf"$$\frac{{\partial L}}{{\partial {by}}} = ?$$")).answers
    assert answer.latex == found


def test_a_vector_that_fits_rows_and_columns_is_refused() -> None:
    exam = (
        r"$$X \in \mathbb{R}^{n \times n}, b \in \mathbb{R}^n, \quad Y = X + b$$"
        + "\n\n"
        + r"$$\frac{\partial Y}{\partial b} = ?$$"
    )
    with pytest.raises(SymgradError, match="to add to each row or each column"):
        solve(Exam.parse(exam))
