r"""Seconds for every gradient of the catalogue, beside SymPy, tensorgrad and PyTorch.

    python benchmarks/derive.py

symgrad derives each gradient from the layer's equations, for all sizes, its equations read and the
formula held against the oracle. SymPy is given the same layer written out at the smallest sizes the
oracle uses, and differentiates by one entry: a formula for these sizes alone. tensorgrad, where it
is installed, derives a few layers for all sizes; PyTorch, where it is there, gives the values of
all gradients of a layer at one point. Seconds of CPU; SymPy and tensorgrad have LIMIT for each.

`form` is the number of operations of a formula over that of the textbook's, both counted alike:
1.0 is as long as the textbook. SymPy's formula and the textbook's are counted at the same sizes.
The aims: each gradient at most 1 s, the median at most 100 ms.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import sympy
from decide import written_out

from symgrad.affine import shift
from symgrad.api import Network
from symgrad.bridge import to_sympy
from symgrad.errors import SymgradError
from symgrad.expr import Call, Expr, Num, Ref, children, walk
from symgrad.layers import FAMILIES, Claim, Layer
from symgrad.layers.record import grad
from symgrad.notation import read_expression
from symgrad.rewrite import Derivation
from symgrad.witness import affordable, entries, leaf

LIMIT = 5.0
TEXTBOOK = 1.25
"""At most so many times the operations of the textbook: its form."""
SHOWN = [
    "conv1d",
    "dense",
    "softplus",
    "softmax",
    "cross-entropy",
    "binary-cross-entropy-logits",
    "batch-norm",
    "layer-norm",
    "attention-dot-product",
    "rnn",
    "lstm",
]


class Over(Exception):
    """The time is over."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """At most so many seconds of CPU."""

    def stop(signum: int, frame: object) -> None:
        raise Over

    signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


@dataclass
class Row:
    """One gradient of a layer."""

    layer: str
    question: str
    seconds: float
    form: float
    theirs: float | None = None
    their_form: float | None = None


def operations(e: Expr) -> int:
    """Signs of a formula: every node that is no name and no number."""
    return sum(1 for x in walk(e) if children(x) and not isinstance(x, Ref | Num)) or 1


def parts(e: Expr) -> int:
    """Tensors and functions of a formula, in tensorgrad's way of counting."""
    return sum(1 for x in walk(e) if isinstance(x, Call) or (isinstance(x, Ref) and x.indices))


def derived(made: Layer, question: str) -> tuple[Network, Derivation, float]:
    """A gradient from the text of a layer, and the seconds it took."""
    start = time.process_time()
    net = Network(*made.equations)
    found = net.answered(net.question(f"{question} = ?")).derivation
    assert found is not None
    return net, found, time.process_time() - start


# -- SymPy ----------------------------------------------------------------------------------------


@dataclass
class Unrolled:
    """A network as SymPy's formulas of its leaves, at sizes; one tensor is held as it is."""

    net: Network
    sizes: dict[str, int]
    held: str
    known: dict[Ref, sympy.Expr] = field(default_factory=dict)

    def formula(self, e: Expr) -> sympy.Expr:
        """A formula, its sums written out and its names put in."""
        flat = written_out(e, self.sizes)
        refs = {x for x in walk(flat) if isinstance(x, Ref)}
        return to_sympy(flat).xreplace({to_sympy(r): self.entry(r) for r in refs})

    def entry(self, ref: Ref) -> sympy.Expr:
        """One entry of a tensor."""
        network = self.net.scope.network
        if ref not in self.known:
            found = None if ref.name == self.held else network.defining(ref)
            if ref.name in network.labels:
                self.known[ref] = sympy.Integer(leaf(network, self.sizes, ref))
            elif found is None:
                self.known[ref] = to_sympy(ref)
            else:
                self.known[ref] = self.formula(shift(found[0].body, found[1]))
        return self.known[ref]

    def goal(self, of: Ref) -> sympy.Expr:
        """What is differentiated: an equation, or the sum of the given gradients times their
        entries."""
        network = self.net.scope.network
        if of.name in network.by_name:
            return self.entry(of)
        total: sympy.Expr = sympy.Integer(0)
        for u in network.upstream:
            ranges = network.ranges_at(u.by) or ()
            for at in spread(u.by, ranges, self.sizes):
                symbol, target = shift(u.symbol, at), shift(u.by, at)
                assert isinstance(target, Ref)
                total += to_sympy(written_out(symbol, self.sizes)) * self.entry(
                    written_out(target, self.sizes)  # type: ignore[arg-type]
                )
        return total


def spread(ref: Ref, ranges: tuple, sizes: dict[str, int]) -> list[dict[str, Expr]]:  # type: ignore[type-arg]
    """The values of the letters of a tensor, at all of its entries."""
    from symgrad.index import Index

    letters = [
        Index(i.name, r)
        for i, r in zip(ref.indices, ranges, strict=False)
        if isinstance(i, Ref) and i.name not in sizes
    ]
    return entries(tuple(letters), sizes, 10**6)


def beside(net: Network, found: Derivation, claim: Claim) -> tuple[float, float] | None:
    """Seconds and form of SymPy's formula for the last entry; None where it has none in time."""
    network = net.scope.network
    sizes = dict(affordable(network, 1)[0])
    put = entries(found.indices, sizes)[-1]
    of, by = (shift(x, put) for x in (found.goal.of, found.goal.by))
    assert isinstance(of, Ref)
    assert isinstance(by, Ref)
    start = time.process_time()
    try:
        with limited(LIMIT):
            theirs = sympy.diff(Unrolled(net, sizes, by.name).goal(of), to_sympy(by))
            took = time.process_time() - start
            here = {**sizes, **{n: int(v.value) for n, v in put.items() if isinstance(v, Num)}}
            book = to_sympy(written_out(read_expression(claim.right), here))
    except (Over, SymgradError, KeyError, AssertionError, TypeError, ValueError):
        return None
    return took, (1 + theirs.count_ops()) / (1 + book.count_ops())


# -- tensorgrad -----------------------------------------------------------------------------------


def with_tensorgrad() -> dict[str, tuple[Callable[[], int], str]]:
    """A few layers for tensorgrad; none where it is not installed."""
    try:
        import tensorgrad as tg
        import tensorgrad.functions as F
    except ImportError:
        return {}

    def counted(e: object) -> int:
        """Tensors, functions and deltas of a simplified formula."""
        said = str(e.full_simplify())  # type: ignore[attr-defined]
        return sum(said.count(word) for word in ("Variable(", "Function(", "Delta("))

    def dense() -> int:
        h, d = tg.symbols("h d")
        w, x, g = tg.Variable("W", h, d), tg.Variable("x", d), tg.Variable("g", h)
        return counted((g @ (w @ x)).grad(w))

    def softmax() -> int:
        n = tg.symbols("n")
        z, g = tg.Variable("z", n), tg.Variable("g", n)
        return counted(F.dot(g, F.softmax(z, dim="n"), dim="n").grad(z))

    def cross_entropy() -> int:
        k = tg.symbols("k")
        z, y = tg.Variable("z", k), tg.Variable("y", k)
        return counted(F.cross_entropy(z, y, dim="k").grad(z))

    return {
        "dense": (dense, grad("W_{ij}")),
        "softmax": (softmax, grad("z_j")),
        "cross-entropy": (cross_entropy, grad("z_k")),
    }


# -- the table ------------------------------------------------------------------------------------


def measured(made: Layer) -> list[Row]:
    """Every gradient of a layer, by symgrad and by SymPy."""
    rows = []
    for question in made.questions:
        net, found, took = derived(made, question)
        claims = [c for c in made.claims if c.left == question]
        claim = min(claims, key=lambda c: operations(read_expression(c.right)))
        form = operations(found.answer) / operations(read_expression(claim.right))
        theirs = beside(net, found, claim)
        rows.append(Row(made.name, question, took, form, *(theirs or (None, None))))
    return rows


def line(name: str, rows: list[Row]) -> str:
    """One line of the table."""
    ms = sorted(1000 * r.seconds for r in rows)
    forms = [r.form for r in rows]
    theirs = [r for r in rows if r.theirs is not None]
    same = sum(f <= TEXTBOOK for f in forms)
    out = f"{name:29}{len(rows):5}{median(ms):9.0f}{ms[-1]:8.0f}{same:6}{median(forms):7.1f}"
    if not theirs:
        return out
    other = sum(r.their_form is not None and r.their_form <= TEXTBOOK for r in theirs)
    long = median([r.their_form or 0 for r in theirs])
    ratio = sum(r.theirs or 0 for r in theirs) / sum(r.seconds for r in theirs)
    seconds = median([1000 * (r.theirs or 0) for r in theirs])
    return out + f"{len(theirs):8}{seconds:8.0f}{other:6}{long:7.1f}{ratio:7.2f}"


def values(made: Layer) -> float | None:
    """Seconds in which PyTorch gives the values of all gradients at one point."""
    try:
        import random

        from test_framework import differentiated, points
    except BaseException:  # pytest skips a module whose import fails by an exception of its own
        return None
    net = Network(*made.equations)
    goal = derived(made, made.questions[0])[1].goal.of
    assert isinstance(goal, Ref)
    sizes, leaves = next(points(net.scope, random.Random(0)))
    differentiated(net.scope.network, goal.name, sizes, leaves)
    start = time.process_time()
    differentiated(net.scope.network, goal.name, sizes, leaves)
    return time.process_time() - start


def main() -> None:
    """The tables."""
    derived(FAMILIES[0].layers[0], FAMILIES[0].layers[0].questions[0])  # warm
    print(f"{'':29}{'':5}{'symgrad, all sizes':^37}{'SymPy, one entry, one size':^32}")
    print(
        f"{'':29}{'':>5}{'median':>9}{'max ms':>8}{'same':>6}{'form':>7}"
        f"{'':>8}{'median':>8}{'same':>6}{'form':>7}{'ratio':>7}"
    )
    every: dict[str, list[Row]] = {}
    for family in FAMILIES:
        rows = [r for made in family.layers for r in measured(made)]
        every |= {made.name: [r for r in rows if r.layer == made.name] for made in family.layers}
        print(line(family.name, rows), flush=True)
    whole = [r for rows in every.values() for r in rows]
    print(line("all", whole))
    print()
    other = with_tensorgrad()
    for name in SHOWN:
        print(line(name, every[name]), end="")
        made = next(x for f in FAMILIES for x in f.layers if x.name == name)
        took = values(made)
        if took is not None:
            print(f"   PyTorch {1000 * took:.0f} ms, values", end="")
        print()
        if name in other:
            derive, question = other[name]
            own = parts(derived(made, question)[1].answer)
            start = time.process_time()
            with limited(4 * LIMIT):
                found = derive()
            took = 1000 * (time.process_time() - start)
            print(f"    tensorgrad {took:.0f} ms, all sizes: {found} tensors for our {own}")
    slow = [r for r in whole if r.seconds > 1]
    print(f"over 1 s: {', '.join(f'{r.layer} {r.question}' for r in slow) or 'none'}")


if __name__ == "__main__":
    main()
