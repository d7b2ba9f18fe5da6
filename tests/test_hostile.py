"""Whatever a stranger hands in ends in a report, soon."""

from __future__ import annotations

import pytest
from hostile import EXAM, HOSTILE, judged, text_of

from symgrad.exam import Exam
from symgrad.solve import Solution, solve

KNOWN = solve(Exam.parse(EXAM))
SEEDS = 60


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("exam", [None, KNOWN], ids=["alone", "exam"])
def test_hostile_works_end_in_a_report(text: str, exam: Solution | None) -> None:
    assert judged(text, exam) < 20


@pytest.mark.parametrize("start", range(0, 600, SEEDS))
def test_random_works_end_in_a_report(start: int) -> None:
    for seed in range(start, start + SEEDS):
        assert judged(text_of(seed), KNOWN if seed % 3 else None) < 20, seed
