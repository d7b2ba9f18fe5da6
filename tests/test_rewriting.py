"""Sound rewritings are never refuted, slips and unrelated formulas never accepted.

A seed is a case (`tests/rewriting.py`). `python tests/rewriting.py 1000000 100000` was run once, at
commit bfd65f7: of 49,910 rewritings 49,517 were proved equal, 392 agreed, one (1097933, mended
since) was called equal except at ties, none was refuted; of 50,090 slips and unrelated formulas
48,678 differed, 1,105 were proved equal and are, by the oracle, 270 agreed, 33 were undecided and 4
refused. Whether the 270 differ was not asked then; of 5,000 cases from 1200000 that agreed, six did,
at signs that no point had. Points have both signs since; 10,000 cases from 1220000 gave no such case,
and one rewriting (1222640) that is called equal except at ties.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import rewriting

from symgrad.compare import equal
from symgrad.expr import Ref

FIRST, COUNT, CHUNK = 500_000, 400, 50

NASTY = [
    ("{" * 10_000 + "x" + "}" * 10_000, "x"),
    ("9^{9^{9^9}}", "9^{9^{9^9}}"),
    ("x^{9^9}", "x^{9^9+1}"),
    ("e^{9^9 x}", "e^{9^9 y}"),
    ("(x+y)^{1000}", "(y+x)^{1000}"),
    (r"\sum_{i=1}^{1000000000} x_i", r"\sum_{i=1}^{1000000000} x_{i+1}"),
    (r"\prod_{i=1}^{10000} (i x)", r"\prod_{i=1}^{10000} (i y)"),
    (r"(\sum_{i=1}^n x_i + y)" * 20, r"(y + \sum_{i=1}^n x_{n-i+1})" * 20),
    (
        r"\max(" + ",".join(f"x_{{{k}}}" for k in range(15)) + ")",
        r"\max(" + ",".join(f"x_{{{k}}}" for k in reversed(range(15))) + ")",
    ),
    (
        r"\sum_{i=1}^{n}\sum_{j=1}^n\sum_{k=1}^n x_{17i+13j-11k}y_{3i-7j+5k}",
        r"\sum_{i=1}^{n}\sum_{j=1}^n\sum_{k=1}^n x_{17k+13j-11i}y_{3k-7j+5i}",
    ),
    (r"\frac{1}{x+" * 12 + "y" + "}" * 12, r"\frac{1}{x+" * 12 + "z" + "}" * 12),
    (r"\tanh(" * 15 + "x" + ")" * 15, r"\tanh(" * 15 + "y" + ")" * 15),
]


@pytest.mark.parametrize("first", range(FIRST, FIRST + COUNT, CHUNK))
def test_verdicts_on_generated_pairs(first: int) -> None:
    for seed in range(first, first + CHUNK):
        case = rewriting.case(seed)
        told = rewriting.faulty(case, seed)
        if told:
            small = rewriting.smaller(case, seed)
            pytest.fail(rewriting.report(seed, small, told))


def test_verdicts_on_relaxed_comparisons() -> None:
    seen = set()
    for seed in range(FIRST, FIRST + 150):
        case = rewriting.tied_case(seed)
        verdict = rewriting.judged(case.left, case.right)
        told = rewriting.fault(case, seed, verdict)
        assert not told, rewriting.report(seed, case, told)
        seen.add(verdict and verdict.name)
    assert seen >= {"EqualExceptTies", "Differs", "Equal"}


def test_rewritings_are_proved() -> None:
    proved = total = 0
    for seed in range(FIRST, FIRST + COUNT):
        case = rewriting.case(seed)
        if case.sound:
            verdict = rewriting.judged(case.left, case.right)
            total += verdict is not None
            proved += verdict is not None and verdict.name == "Equal"
    assert total > COUNT // 3
    assert proved >= 0.97 * total, (proved, total)


def test_every_rewriting_is_drawn_and_is_sound() -> None:
    seen: set[str] = set()
    for seed in range(FIRST, FIRST + 600):
        case = rewriting.case(seed)
        if case.sound:
            seen |= set(case.kind.split("+"))
            if seed % 6 == 0:
                told = rewriting.difference(case.left, case.right, seed, True)
                assert not told, rewriting.report(seed, case, told)
    assert seen >= set(rewriting.REWRITINGS)


def test_the_oracle_tells_formulas_apart() -> None:
    assert rewriting.difference(Ref("a"), Ref("b"), 0, False)
    assert not rewriting.difference(Ref("a"), Ref("a"), 0, True)


@pytest.mark.parametrize(("a", "b"), NASTY, ids=range(len(NASTY)))
def test_the_budget_ends_what_is_large(a: str, b: str) -> None:
    start = time.process_time()
    verdict = equal(a, b, budget=0.5)
    assert verdict.name in ("Agrees", "Undecided", "Differs", "Invalid")
    # no speed is tested: hangs are, and they last minutes
    assert time.process_time() - start < 30


def test_generated_verdicts_do_not_depend_on_the_hash_seed() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import rewriting as r\n"
        "r.decide_room.SLIP_BUDGET = 60.0\n"  # no clock decides here
        "for s in range(600000, 600040):\n"
        "    c = r.case(s); v = r.judged(c.left, c.right, 60.0)\n"
        "    print(c.kind, v and (v.name, v.message))"
    )
    seen = set()
    for seed in "017":
        done = subprocess.run(
            [sys.executable, "-c", code, str(Path(__file__).parent)],
            env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        seen.add(done.stdout)
    assert len(seen) == 1
