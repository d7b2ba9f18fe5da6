r"""Pairs decided per second, beside SymPy on an easier task.

    python benchmarks/decide.py [SAMPLE]

Two sets of pairs: textbook claims (those of `tests/test_decide.py` and gradients of layers, each
with its slips' first), and 1,000 generated rewritings and slips of random formulas
(`tests/rewriting.py`, seed SEED). symgrad decides each for all sizes. SymPy is given the same pair
with its sums written out at n = 3, m = 2 and every other index 2, and is asked
`simplify(a - b) == 0` and `a.equals(b)`, in a process that is killed after LIMIT seconds; of the
generated pairs it is asked SAMPLE. Whether a pair is equal is known by construction or from values
at many points. Seconds of CPU; a pair that is killed counts LIMIT seconds. Ratios are of pairs per
second on the pairs that SymPy was asked, without the search for the slip that explains a
difference, which the first row of each set includes.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import rewriting
import test_decide

import symgrad.decide as decide_room
from symgrad.affine import shift
from symgrad.bridge import to_sympy
from symgrad.compare import pair_of, paired
from symgrad.decide import decide
from symgrad.errors import SymgradError
from symgrad.evaluate import Point, holds, value
from symgrad.expr import (
    ONE,
    ZERO,
    Add,
    Call,
    Expr,
    Iverson,
    Mul,
    Num,
    Reduce,
    Ref,
    children,
    free_names,
    num,
    rebuild,
)
from symgrad.pair import Pair
from symgrad.scope import Scope
from symgrad.slip import slipped

SEED = 7_000_000
GENERATED = 1000
SAMPLE = 100
LIMIT = 5.0
SIZES = {"n": 3, "m": 2}

LAYERS = [
    # a convolution with channels, one gradient by the input in two ways
    (
        r"\sum_{o=1}^{C}\sum_{j=1}^{m}\delta_{o,i-j+1} w_{o,c,j} [1 \le i-j+1][i-j+1 \le n]",
        r"\sum_{o=1}^{C}\sum_{p=\max(1,i-m+1)}^{\min(n,i)}\delta_{o,p} w_{o,c,i-p+1}",
    ),
    # a two-dimensional one, by the kernel
    (
        r"\sum_{p=1}^{n}\sum_{q=1}^{m}\delta_{p,q} x_{p+u-1,q+v-1}",
        r"\sum_{b=v}^{m+v-1}\sum_{a=u}^{n+u-1} x_{a,b}\delta_{a-u+1,b-v+1}",
    ),
    # stride 2, dilation 2
    (
        r"\sum_{p=1}^{n}\sum_{j=1}^{m}\delta_p w_j [l = 2(p-1)+j]",
        r"\sum_{p=1}^{n}\delta_p w_{l-2p+2} [1 \le l-2p+2][l-2p+2 \le m]",
    ),
    (
        r"\sum_{j=1}^{m} w_j x_{i+2(j-1)}",
        r"\sum_{k=0}^{m-1} x_{2k+i} w_{k+1}",
    ),
    # pooling
    (r"\max(x_{2i-1}, x_{2i})", r"x_{2i} + \mathrm{ReLU}(x_{2i-1} - x_{2i})"),
    (r"\frac{1}{m}\sum_{j=1}^{m} x_{m(i-1)+j}", r"\sum_{j=0}^{m-1}\frac{x_{m(i-1)+j+1}}{m}"),
    # fully connected, batch mean
    (
        r"\sum_{i=1}^{n}\delta_i \sum_{j=1}^{m} w_{ij} x_j",
        r"\sum_{j=1}^{m} x_j \sum_{i=1}^{n} w_{ij}\delta_i",
    ),
    (
        r"\frac{1}{n}\sum_{b=1}^{n} 2 (p_b - y_b) x_{b,j}",
        r"\frac{2}{n}\sum_{b=1}^{n} p_b x_{b,j} - \frac{2}{n}\sum_{b=1}^{n} y_b x_{b,j}",
    ),
    (
        r"\frac{1}{n}\sum_{b=1}^{n}(x_b - \frac1n\sum_{k=1}^{n}x_k)^2",
        r"\frac1n\sum_{b=1}^{n}x_b^2 - (\frac1n\sum_{k=1}^{n}x_k)^2",
    ),
    # softmax with cross-entropy, σ with cross-entropy
    (
        r"\sum_{k=1}^{n} y_k (\frac{e^{z_k}}{\sum_{j=1}^{n} e^{z_j}} - [k = l])",
        r"\frac{\sum_{k=1}^{n} y_k e^{z_k}}{\sum_{j=1}^{n} e^{z_j}} - \sum_{k=1}^{n} y_k [k = l]",
    ),
    (
        r"\frac{\sigma(z) - y}{\sigma(z)(1-\sigma(z))}\sigma(z)(1-\sigma(z))",
        r"\sigma(z) - y",
    ),
    (r"1 - \tanh(z)^2", r"4\sigma(2z)(1-\sigma(2z))"),
    # recurrences
    (r"\sum_{k=1}^{t} a^{t-k} x_k", r"\sum_{k=0}^{t-1} a^k x_{t-k}"),
    (r"\sum_{k=1}^{t} a^{t-k} x_k", r"x_t + a \sum_{k=1}^{t-1} a^{t-1-k} x_k"),
    # ReLU layer
    (
        r"\sum_{i=1}^{n} w_{ij}\delta_i [z_i > 0]",
        r"\sum_{i=1}^{n} \begin{cases} w_{ij}\delta_i & z_i > 0 \\ 0 & \text{otherwise}\end{cases}",
    ),
]


@dataclass(frozen=True)
class Claim:
    """A pair, and whether it is equal."""

    pair: Pair
    equal: bool


@dataclass
class Row:
    """Answers of one decider on one set."""

    right: int = 0
    wrong: int = 0
    none: int = 0
    accepted: int = 0
    """Wrong answers that call different formulas equal."""
    proved: int = 0
    equal: int = 0
    seconds: list[float] = field(default_factory=list)

    def line(self, name: str, base: float | None) -> str:
        """One row of the table."""
        ms = sorted(1000 * s for s in self.seconds)
        rate = len(ms) / (sum(ms) / 1000)
        ratio = "" if base is None else f"{base / rate:6.0f}×"
        return (
            f"{name:30}{len(ms):6}{self.right:7}{self.wrong:7}{self.accepted:9}{self.none:6}"
            f"{median(ms):9.1f}{ms[int(0.95 * len(ms))]:9.1f}{ms[-1]:9.0f}{rate:9.1f}{ratio}"
        )

    @property
    def rate(self) -> float:
        """Pairs per second."""
        return len(self.seconds) / sum(self.seconds)


# -- pairs ----------------------------------------------------------------------------------------


def textbook() -> Iterator[Claim]:
    """The claims, and for each the first slips that change a value."""
    texts = list(test_decide.EQUAL) + [(a, b, "") for a, b in LAYERS]
    for a, b, given in texts:
        pair = paired(a, b, given)
        yield Claim(pair, True)
        for _, wrong in islice(slipped(pair.right, pair.roles.sizes), 0, 40, 13):
            other = Pair(pair.left, wrong, pair.roles, pair.network, pair.known)
            if differs(other):
                yield Claim(other, False)


def differs(pair: Pair) -> bool:
    """Do the two differ at some point?"""
    from symgrad.trial import Trial

    trial = Trial(pair.left, pair.right, pair.roles, pair.network, pair.facts)
    return trial.difference()[0] is not None


def generated() -> Iterator[Claim]:
    """Rewritings, and slips that the oracle tells apart."""
    seed, count = SEED, 0
    while count < GENERATED:
        seed += 1
        case = rewriting.case(seed)
        try:
            pair = pair_of(case.left, case.right, Scope())
        except SymgradError:
            continue
        off = "" if case.sound else rewriting.difference(case.left, case.right, seed, False)
        if case.sound or off:
            count += 1
            yield Claim(pair, case.sound)


# -- SymPy ----------------------------------------------------------------------------------------


def written_out(e: Expr, at: Mapping[str, int]) -> Expr:
    """A formula without sums, at sizes."""
    if isinstance(e, Ref):
        return (
            num(at[e.name])
            if e.name in at and not e.indices
            else Ref(e.name, tuple(Num(value(i, Point(at))) for i in e.indices))
        )  # type: ignore[arg-type]
    if isinstance(e, Reduce):
        terms = list(_terms(e, at))
        if e.op in ("max", "min"):
            return Call(e.op, tuple(terms))
        empty = ZERO if e.op == "sum" else ONE
        made = Add(tuple(terms)) if e.op == "sum" else Mul(tuple(terms))
        return empty if not terms else terms[0] if len(terms) == 1 else made
    if isinstance(e, Iverson) and free_names(e) <= set(at):
        return num(int(holds(e.cond, Point(at))))
    kids = children(e)
    return rebuild(e, [written_out(k, at) for k in kids]) if kids else e


def _terms(e: Reduce, at: Mapping[str, int]) -> Iterator[Expr]:
    first, rest = e.bounds[0], e.bounds[1:]
    assert first.lo is not None
    assert first.hi is not None
    lo, hi = (int(value(end, Point(at))) for end in (first.lo, first.hi))
    for k in range(lo, hi + 1):
        here = {**at, first.name: k}
        if all(holds(c, Point(here)) for c in first.conds):
            yield written_out(Reduce(e.op, rest, e.body) if rest else e.body, here)


def instance(pair: Pair) -> tuple[Expr, Expr] | None:
    """Both sides at n = 3, m = 2; None where they have no value there."""
    at = {name: SIZES.get(name, 2) for name in pair.roles.integers}
    try:
        left, right = (written_out(meant(e, pair), at) for e in (pair.left, pair.right))
    except (SymgradError, KeyError, AssertionError):
        return None
    return left, right


def meant(e: Expr, pair: Pair) -> Expr:
    """Definitions put in."""
    from symgrad.expr import replace_refs

    def one(ref: Ref) -> Expr | None:
        found = pair.network.defining(ref)
        return None if found is None else shift(found[0].body, found[1])

    return replace_refs(e, one)


def worker(way: str, link: Connection) -> None:
    """Answers pairs until killed."""
    import sympy

    def answer(a: sympy.Basic, b: sympy.Basic) -> bool | None:
        if way == "equals":
            return a.equals(b)
        return bool(sympy.simplify(a - b) == 0)

    while True:
        left, right = link.recv()
        start = time.process_time()
        try:
            said = answer(to_sympy(left), to_sympy(right))
        except Exception:  # SymPy's own, of any kind: no answer
            said = None
        link.send((said, time.process_time() - start))


@dataclass
class Asked:
    """SymPy in a process of its own."""

    way: str

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """A new process, warmed up."""
        self.link, there = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=worker, args=(self.way, there), daemon=True)
        self.process.start()
        self.link.send((Ref("x"), Ref("x")))
        self.link.recv()

    def __call__(self, left: Expr, right: Expr) -> tuple[bool | None, float]:
        """The answer, and the seconds it took."""
        self.link.send((left, right))
        if self.link.poll(3 * LIMIT):
            try:
                said, took = self.link.recv()
                return (said, took) if took <= LIMIT else (None, LIMIT)
            except EOFError:
                pass
        self.process.kill()
        self.process.join()
        self.start()
        return None, LIMIT


def ask(claims: list[Claim], way: str) -> Row:
    """SymPy on the pairs that have an instance."""
    row, asked = Row(), Asked(way)
    for k, claim in enumerate(claims):
        both = instance(claim.pair)
        if both is None:
            continue
        told = rewriting.difference(*both, k, False) or rewriting.difference(*both, k, True)
        said, took = asked(*both)
        row.seconds.append(took)
        count(row, said, not told)
    asked.process.kill()
    return row


def count(row: Row, said: bool | None, equal: bool) -> None:
    """One more answer."""
    row.equal += equal
    row.none += said is None
    row.right += said is equal
    row.wrong += said is not None and said is not equal
    row.accepted += said is True and not equal
    row.proved += said is True and equal


def judge(claims: list[Claim]) -> Row:
    """symgrad on the pairs."""
    names = {"Equal": True, "Differs": False, "EqualExceptTies": False}
    row = Row()
    for claim in claims:
        start = time.process_time()
        verdict = decide(claim.pair)
        row.seconds.append(time.process_time() - start)
        count(row, names.get(verdict.name), claim.equal)
    return row


def main(sample: int) -> None:
    """Print the table."""
    sets: list[tuple[str, list[Claim], Callable[[list[Claim]], list[Claim]]]] = [
        ("textbook", list(textbook()), lambda c: c),
        ("generated", list(generated()), lambda c: c[:: max(1, len(c) // sample)]),
    ]
    head = f"{'':30}{'pairs':>6}{'right':>7}{'wrong':>7}{'accepted':>9}{'none':>6}"
    print(f"{head}{'median':>9}{'p95':>9}{'max ms':>9}{'pairs/s':>9}")
    for name, claims, some in sets:
        judge(claims[:20])
        decide_room.SLIP_BUDGET = 0.1
        print(judge(claims).line(f"symgrad, {name}, and slips", None), flush=True)
        decide_room.SLIP_BUDGET = 0.0
        ours = judge(claims)
        print(ours.line(f"symgrad, {name}", None), flush=True)
        share = f"{ours.proved} of {ours.equal} equal pairs proved"
        asked = some(claims)
        beside = judge(asked)
        for way in ("simplify", "equals"):
            theirs = ask(asked, way)
            print(theirs.line(f"{way}, {name}", beside.rate), flush=True)
        print(f"  {share} equal")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE)
