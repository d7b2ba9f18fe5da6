"""Formulas written otherwise are never different; formulas with a slip are never equal.

``python tests/test_respelling.py 100000 SEED`` runs many cases and prints what it finds.
"""

from __future__ import annotations

import random
import sys
from collections import Counter

import pytest
from respelling import evaluated, formula, points, rewritten

from symgrad.compare import pair_of
from symgrad.decide import decide
from symgrad.errors import NetworkError
from symgrad.expr import Expr
from symgrad.latex import latex
from symgrad.scope import Scope
from symgrad.slip import slipped
from symgrad.trial import apart
from symgrad.verdict import Verdict


def told(a: Expr, b: Expr, budget: float = 1.0) -> Verdict | None:
    """The verdict on two formulas; None where one is no formula (a sum without its index)."""
    try:
        pair = pair_of(a, b, Scope())
    except NetworkError:
        return None
    return decide(pair, budget)


def differ(a: Expr, b: Expr, small: bool) -> str:
    """Where the oracle tells two formulas apart, or ''."""
    for at, seed in points(small):
        x, y = (evaluated(e, at, seed, small) for e in (a, b))
        if x is not None and y is not None and apart(x, y):
            return f"{x} and {y} at {at}, seed {seed}"
    return ""


def rewriting_fault(seed: int) -> tuple[str, str]:
    """The verdict on a formula and a rewriting of it, and what is wrong with that."""
    rng = random.Random(seed)
    a = formula(rng, rng.randint(1, 3))
    b, done = rewritten(a, rng, rng.randint(1, 3))
    verdict = told(a, b)
    name = "none" if verdict is None else verdict.name
    shown = f"seed {seed}: {latex(a)} | {latex(b)} | {done} | {verdict}"
    if name in ("Equal", "Agrees", "none", "Undecided"):
        return name, ""
    return name, shown


def slip_fault(seed: int) -> tuple[str, str]:
    """The verdict on a formula and a slip of it, and what is wrong with that."""
    rng = random.Random(seed)
    a = formula(rng, rng.randint(1, 3))
    wrong = list(slipped(a, ("n", "m")))
    if not wrong:
        return "none", ""
    slip, b = rng.choice(wrong)
    b, _ = rewritten(b, rng, rng.randint(0, 1))
    verdict = told(a, b)
    name = "none" if verdict is None else verdict.name
    shown = f"seed {seed}: {latex(a)} | {latex(b)} | {slip} | {verdict}"
    if name in ("Equal", "Agrees"):
        gap = differ(a, b, small=False) or (differ(a, b, small=True) if name == "Equal" else "")
        return name, f"{shown} | {gap}" if gap else ""
    if name == "EqualExceptTies":
        gap = differ(a, b, small=False)
        return name, f"{shown} | {gap}" if gap else ""
    return name, "" if name in ("Differs", "Undecided", "none") else shown


@pytest.mark.parametrize("block", range(8))
def test_rewritings_are_never_different(block: int) -> None:
    faults = [rewriting_fault(seed)[1] for seed in range(block * 40, block * 40 + 40)]
    assert [f for f in faults if f] == []


@pytest.mark.parametrize("block", range(8))
def test_slips_are_never_equal(block: int) -> None:
    faults = [slip_fault(seed)[1] for seed in range(block * 40, block * 40 + 40)]
    assert [f for f in faults if f] == []


def test_most_rewritings_are_proved() -> None:
    found = Counter(rewriting_fault(seed)[0] for seed in range(1000, 1400))
    assert found["Equal"] >= 0.97 * (sum(found.values()) - found["none"]), found


def main(cases: int, first: int) -> None:
    """Many cases, half of each kind; every fault on a line of its own, then the counts."""
    counts: Counter[tuple[str, str]] = Counter()
    for k in range(cases):
        kind, fault = ("rewriting", rewriting_fault) if k % 2 else ("slip", slip_fault)
        try:
            name, wrong = fault(first + k)
        except Exception as error:
            name, wrong = "crash", f"seed {first + k}: {type(error).__name__}: {error}"
        counts[kind, name] += 1
        if wrong:
            print(kind, wrong, flush=True)
        if k % 1000 == 999:
            print(k + 1, dict(counts), flush=True)
    print(cases, dict(counts))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
