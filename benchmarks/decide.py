"""Pairs decided per second, beside SymPy on the same pairs.

    python benchmarks/decide.py [GENERATED] [SAMPLE]

The pairs are the catalogue's textbook claims, and generated rewritings (equal) and slips (mostly
not). symgrad decides them for all sizes. SymPy is given an easier task: the same pairs with every
sum written out at n = 3, m = 2, in a process that is killed after ten seconds for one pair; it is
asked a sample. What is right is what the oracle says at many small sizes, or, for SymPy, at those.
"""

from __future__ import annotations

import multiprocessing
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from respelling import formula, rewritten
from test_respelling import differ

from symgrad.affine import shift
from symgrad.bridge import to_sympy
from symgrad.claims import pair
from symgrad.compare import pair_of
from symgrad.decide import Pair, decide
from symgrad.errors import SymgradError
from symgrad.evaluate import exact
from symgrad.expr import Add, Expr, Iverson, Num, Reduce, Ref, children, num, rebuild, substitute
from symgrad.layers import every_claim
from symgrad.scope import Scope
from symgrad.slip import slipped

AT = {"n": 3, "m": 2, "j": 1}
LIMIT = 10.0


@dataclass(frozen=True)
class Case:
    """A pair, and whether the two are equal."""

    both: Pair
    equal: bool
    generated: bool


def cases(generated: int) -> list[Case]:
    """The claims, then so many generated pairs, half of them rewritings."""
    out = [Case(pair(made, claim)[1], True, False) for made, claim in every_claim()]
    seed = 0
    while len(out) < generated + len(list(every_claim())):
        seed += 1
        rng = random.Random(seed)
        a = formula(rng, rng.randint(1, 3))
        if seed % 2:
            b, _ = rewritten(a, rng, rng.randint(1, 3))
            same = True
        else:
            wrong = list(slipped(a, ("n", "m")))
            if not wrong:
                continue
            b = rng.choice(wrong)[1]
            same = not differ(a, b, small=False) and not differ(a, b, small=True)
        try:
            out.append(Case(pair_of(a, b, Scope()), same, True))
        except SymgradError:
            continue
    return out


# -- SymPy --------------------------------------------------------------------------------------


def written_out(e: Expr) -> Expr:
    """Every sum as its terms, every comparison of numbers decided."""
    if isinstance(e, Reduce) and e.op == "sum":
        head, rest = e.bounds[0], e.bounds[1:]
        assert head.lo is not None
        assert head.hi is not None
        lo, hi = (exact(x) for x in (head.lo, head.hi))
        assert lo is not None
        assert hi is not None
        body: Expr = Reduce(e.op, rest, e.body) if rest else e.body
        terms = [written_out(shift(body, {head.name: num(k)})) for k in range(int(lo), int(hi) + 1)]
        return num(0) if not terms else terms[0] if len(terms) == 1 else Add(tuple(terms))
    if isinstance(e, Iverson):
        value = exact(e)
        if value is not None:
            return Num(value)
    if isinstance(e, Ref):
        return Ref(e.name, tuple(Num(v) for i in e.indices if (v := exact(i)) is not None))
    kids = children(e)
    return rebuild(e, [written_out(k) for k in kids]) if kids else e


def concrete(both: Pair) -> tuple[object, object]:
    """The pair at n = 3, m = 2 as SymPy's expressions."""
    by: dict[str, Expr] = {n: num(v) for n, v in AT.items()}
    a, b = (to_sympy(written_out(substitute(e, by))) for e in (both.left, both.right))
    return a, b


def answer(connection: Connection) -> None:
    """A process that says what SymPy thinks of pairs."""
    import sympy

    while True:
        how, a, b = connection.recv()
        try:
            if how == "simplify":
                said: object = bool(sympy.simplify(a - b) == 0)
            else:
                said = a.equals(b)
        except Exception as error:
            said = type(error).__name__
        connection.send(said if isinstance(said, bool | str) else None)


class Asked:
    """SymPy in a process of its own, started anew when a pair takes too long."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """A fresh process."""
        self.mine, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=answer, args=(theirs,), daemon=True)
        self.process.start()

    def __call__(self, how: str, a: object, b: object) -> object:
        """True, False, or None: no answer, or not in time."""
        self.mine.send((how, a, b))
        if self.mine.poll(LIMIT):
            return self.mine.recv()
        self.process.kill()
        self.start()
        return "time"


# -- the table ------------------------------------------------------------------------------------


@dataclass
class Row:
    """What one decider did."""

    name: str
    times: list[float]
    right: int = 0
    accepted: int = 0
    rejected: int = 0
    silent: int = 0

    def count(self, said: object, equal: bool) -> None:
        """One verdict: True, False, or anything else for none."""
        if not isinstance(said, bool):
            self.silent += 1
        elif said == equal:
            self.right += 1
        elif said:
            self.accepted += 1
        else:
            self.rejected += 1

    def line(self, base: float) -> str:
        """The row of the table."""
        rate = len(self.times) / sum(self.times)
        ms = [1000 * t for t in sorted(self.times)]
        p95 = ms[int(0.95 * (len(ms) - 1))]
        return (
            f"{self.name:<24} {len(ms):>6} {rate:>9.1f} {rate / base:>8.2f}× "
            f"{statistics.median(ms):>9.2f} {p95:>9.1f} {ms[-1]:>9.0f} "
            f"{self.right:>6} {self.accepted:>8} {self.rejected:>8} {self.silent:>7}"
        )


def timed(ask: Callable[[], object]) -> tuple[object, float]:
    """The answer and the seconds."""
    start = time.perf_counter()
    said = ask()
    return said, time.perf_counter() - start


WORDS = {"Equal": True, "EqualExceptTies": False, "Differs": False}


def main(generated: int, sample: int) -> None:
    """Print the table."""
    every = cases(generated)
    ours = Row("symgrad, all sizes", [])
    proved = 0
    for case in every:
        verdict, seconds = timed(lambda case=case: decide(case.both))  # type: ignore[misc]
        ours.times.append(seconds)
        name = verdict.name  # type: ignore[attr-defined]
        proved += name == "Equal" and case.equal
        ours.count(WORDS.get(name), case.equal)
    asked = Asked()
    chosen = [c for c in every if c.generated][:: max(1, generated // sample)][:sample]
    rows = [Row("simplify(a - b) == 0", []), Row("a.equals(b)", [])]
    for case in chosen:
        try:
            a, b = concrete(case.both)
        except (SymgradError, AssertionError):
            continue
        from respelling import evaluated

        x, y = (evaluated(e, AT, 5, False) for e in (case.both.left, case.both.right))
        for row, how in zip(rows, ("simplify", "equals"), strict=True):
            said, seconds = timed(lambda how=how, a=a, b=b: asked(how, a, b))  # type: ignore[misc]
            row.times.append(seconds)
            row.count(said, case.equal or x == y)
    asked.process.kill()
    equal = sum(c.equal for c in every)
    base = max(len(r.times) / sum(r.times) for r in rows)
    print(
        f"{'decider':<24} {'pairs':>6} {'per s':>9} {'ratio':>9} {'median ms':>9} {'p95':>9} "
        f"{'max':>9} {'right':>6} {'accepted':>8} {'rejected':>8} {'silent':>7}"
    )
    for row in (ours, *rows):
        print(row.line(base))
    print(f"equal pairs proved Equal: {proved} of {equal} ({100 * proved / equal:.1f} %)")


if __name__ == "__main__":
    numbers = [int(x) for x in sys.argv[1:]]
    main(*(numbers + [1000, 60][len(numbers) :]))
