"""A formula that eats memory, never ends or ends the program is lost alone; the rest is judged."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_check import LINEAR

import symgrad.ground
from symgrad.cli import main
from symgrad.decide import decide
from symgrad.errors import SymgradError
from symgrad.exam import Exam
from symgrad.grade import check
from symgrad.guard import Lost, guarded
from symgrad.pair import Pair
from symgrad.solve import solve
from symgrad.verdict import Undecided, Verdict
from symgrad.work import written

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")


def pieces(faults: dict[int, Callable[[], int]], seconds: float = 5) -> list[int | str]:
    """Five pieces, some of which have a fault; what each comes to, with a state that all share."""

    def work(piecewise: Callable[[Callable[[], int], float], int | Lost]) -> list[int | str]:
        found: list[int | str] = []
        done: list[int] = []
        for k in range(5):

            def piece(k: int = k) -> int:
                done.append(k)
                return faults[k]() if k in faults else sum(done)

            one = piecewise(piece, seconds)
            found.append(one.why if isinstance(one, Lost) else one)
        return found

    return guarded(work)


def hungry() -> int:
    return len(bytearray(2**40))


def test_nothing_is_lost_where_nothing_is_wrong() -> None:
    assert pieces({}) == [0, 1, 3, 6, 10]


@pytest.mark.parametrize(
    ("fault", "why"),
    [(lambda: os._exit(3), "ends the program"), (os.abort, "ends the program"), (hungry, "memory")],
)
def test_a_piece_that_dies_is_lost_alone(fault: Callable[[], int], why: str) -> None:
    found = pieces({1: fault, 3: fault})
    assert [found[0], found[2], found[4]] == [0, 2, 6]
    assert why in str(found[1])
    assert why in str(found[3])


def test_a_piece_that_never_ends_is_lost_alone() -> None:
    found = pieces({2: lambda: time.sleep(60) or 0}, seconds=0.3)
    assert [*found[:2], *found[3:]] == [0, 1, 4, 8]
    assert "takes more than" in str(found[2])


def test_an_error_of_a_work_is_its_error() -> None:
    def work(piecewise: object) -> int:
        raise SymgradError("found a fault", hint="mend it")

    with pytest.raises(SymgradError, match="found a fault"):
        guarded(work)


def test_a_claim_that_ends_the_program_is_not_decided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deadly(pair: Pair, *args: object, **more: object) -> Verdict:
        if "zz" in str(pair.left) + str(pair.right) or r"\zeta" in str(pair.right):
            os.abort()
        return decide(pair)

    monkeypatch.setattr(symgrad.ground, "decide", deadly)
    text = r"""(b) $\frac{\partial L}{\partial \hat y} = \hat y - y$,
$e = \hat y - y$, $(\zeta + 1)^2 = \zeta^2 + 2 \zeta + 1$,
$\frac{\partial L}{\partial w} = e v$."""
    exam = solve(Exam.parse(LINEAR))
    found = guarded(lambda piecewise: check(written(text), exam, piecewise=piecewise))
    verdicts = [c.verdict.name for c in found.claims if c.verdict is not None]
    assert verdicts == ["Equal", "Undecided", "Equal"]
    lost = next(c for c in found.claims if isinstance(c.verdict, Undecided))
    assert (lost.at.line, lost.kind) == (2, "link")
    work = tmp_path / "work.md"
    work.write_text(text)
    out = CliRunner().invoke(main, ["check", str(work)])
    assert out.exit_code in (0, 1)
    assert "ends the program" in out.output
