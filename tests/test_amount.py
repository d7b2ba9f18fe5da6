"""Counts in a work: numbers and formulas in size symbols against a table of the exam."""

from __future__ import annotations

import pytest

from symgrad.exam import Exam
from symgrad.grade import check
from symgrad.verdict import Differs

EXAM = r"""# 1

| Layer | Output size | Weights | Multiply-adds |
| --- | --- | --- | --- |
| INPUT H×W×C | | | |
| CONV3-F, same, no bias | ? | ? | ? |
| CONV1-G, no bias | ? | ? | ? |
| Total | | ? | ? |
"""
HEAD = "# 1\n\n| Layer | Output size | Weights | Multiply-adds |\n| --- | --- | --- | --- |\n"


def verdicts(rows: str, exam: str = EXAM) -> list[str]:
    """What the cells of some rows are worth."""
    claims = check(HEAD + rows, Exam.parse(exam)).claims
    return [c.verdict.name for c in claims if c.kind == "count" and c.verdict is not None]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("| CONV3-F | $H W F$ | $9 C F$ | $9 H W C F$ |\n", ["Equal"] * 3),
        ("| CONV3-F | H×W×F | $F \\cdot 3^2 C$ | |\n", ["Equal"] * 2),
        ("| CONV3-F | | $9 C F + F$ | |\n", ["Differs"]),
        ("| CONV3-F | | $(3 C)^2 F / C$ | |\n", ["Equal"]),
        ("| CONV3-F | | $3 C F$ | $9 H W F G$ |\n", ["Differs"] * 2),
        ("| CONV1-G | | $F G$ | $H W F G$ |\n", ["Equal"] * 2),
        ("| Total | | $9 C F + F G$ | $H W F (9 C + G)$ |\n", ["Equal"] * 2),
        ("| Total | | $9 C F$ | |\n", ["Differs"]),
        ("| CONV3-F | | $9 C Q$ | |\n", ["Undecided"]),
        ("| CONV3-F | | many | |\n", []),
        ("| CONV3-F | | $(H + W + C + F)^9 (H + W + C + F)^9$ | |\n", ["Undecided"]),
    ],
)
def test_a_cell_may_be_a_formula_in_sizes(rows: str, found: list[str]) -> None:
    assert verdicts(rows) == found


def test_a_wrong_formula_comes_with_sizes_at_which_it_is_wrong() -> None:
    claims = check(HEAD + "| CONV3-F | | $9 C F^2$ | |\n", Exam.parse(EXAM)).claims
    (found,) = (c.verdict for c in claims if isinstance(c.verdict, Differs))
    assert dict(found.counterexample.sizes) == {"F": 2, "C": 3}
    assert (found.counterexample.left, found.counterexample.right) == (54, 108)


def test_formulas_in_sizes_earn_their_points() -> None:
    exam = EXAM.replace("# 1", "# 1 (8 points)")
    answers = check(HEAD + "| CONV3-F | $H W F$ | $9 C F$ | $9 C F$ |\n", Exam.parse(exam)).answers
    assert sum(g.earned or 0 for g in answers) == 2
