"""The judge of derivations: every formula of a derivation against the oracle, entry by entry.

A gradient of the quantity asked about is total: everything downstream moves. Any other ∂v/∂u is
local, as in a chain rule over named intermediates: in the equation of v, u alone moves. The
gradient at an entry that does not exist is 0, whatever stands beside it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import product

from oracle import entries_of, leaf_entries

from symgrad.derive import Sweep
from symgrad.dual import Dual, Number, constant, multiply, precision, to_decimal
from symgrad.errors import NetworkError, SymgradError
from symgrad.evaluate import Point, Unrolled, value
from symgrad.expr import Bound, Expr, Num, Partial, Ref, free, names, walk
from symgrad.interpret import Interpreter, Meanings, Product
from symgrad.latex import latex
from symgrad.network import Network
from symgrad.notation import read
from symgrad.rewrite import Derivation
from symgrad.settle import read_scope
from symgrad.subscript import Env

TOLERANCE = Decimal("1e-40")


def network(text: str, ties: str = "strict") -> Network:
    """The network that blocks of LaTeX, one a line, state."""
    blocks = [read(line) for line in text.strip().splitlines() if line.strip()]
    return read_scope(blocks, ties=ties).network  # type: ignore[arg-type]


def name(text: str) -> Ref:
    """x_i as an expression."""
    (statement,) = read(f"{text} = ?")
    found = statement.parts[0]  # type: ignore[union-attr]
    assert isinstance(found, Ref)
    return found


class Careful(Interpreter):
    """A product with a factor 0 is 0, whether or not its other factors exist: δ_0 [2 ≤ l] at
    l = 1."""

    def product(self, of: Product, env: Env) -> Dual:
        whole, missing = constant(1), None
        for f in of.every:
            try:
                found = f(self, env)
            except NetworkError as error:
                missing = error
                continue
            if found.value == 0:
                return constant(0)
            whole = multiply(whole, found)
        if missing is not None:
            raise missing
        return whole


class Judge(Unrolled):
    """The network at one point, with ∂v/∂u as worked solutions mean it."""

    def __init__(
        self, network: Network, point: Point, of: Ref, meanings: Meanings | None = None
    ) -> None:
        super().__init__(network, point, meanings=meanings)
        self.of = of
        self._formula = Careful(
            self._read, self._partial, sizes=point.sizes, meanings=self._meanings, pretend=True
        )
        self._slopes: dict[tuple[Ref, Ref], Dual] = {}

    def _leaf(self, ref: Ref) -> Dual:
        for u in self.network.upstream:
            env = self._letters(u.symbol, ref) if isinstance(u.symbol, Ref) else None
            if env is not None and not self.exists(self._concrete(u.by, env)):
                return constant(0)
        return super()._leaf(ref)

    def _partial(self, of: Expr, by: Ref, env: Env) -> Dual:
        assert isinstance(of, Ref)
        key = self._concrete(of, env), self._concrete(by, env)
        if key not in self._slopes:
            self._slopes[key] = self.slope(*key)
        return self._slopes[key]

    def slope(self, of: Ref, by: Ref) -> Dual:
        """∂of/∂by: total for the quantity asked about, else local."""
        if not all(map(self.exists, (of, by))):
            return constant(0)
        if self.asked(of):
            return self._gradient(of, by)
        return constant(self.local(of, by))

    def asked(self, of: Ref) -> bool:
        """Is this the quantity asked about, or one of its entries?"""
        if of.name != self.of.name or len(of.indices) != len(self.of.indices):
            return False
        sizes = self.point.sizes
        for a, b in zip(of.indices, self.of.indices, strict=True):
            general = isinstance(b, Ref) and b.name not in sizes
            last = isinstance(b, Ref) and isinstance(a, Num) and sizes.get(b.name) == a.value
            if a != b and not general and not last:
                return False
        return True

    def exists(self, ref: Ref) -> bool:
        """Is there such an entry at these sizes?"""
        ranges = self.network.ranges(ref.name)
        if not ref.indices or ranges is None or self._definition(ref) is not None:
            return True
        if ref.name in self.network.recurrent:
            return ref in leaf_entries(self.network, self.point.sizes)
        whole = self._formula.whole
        return all(
            whole(r.lo, {}) <= whole(i, {}) <= whole(r.hi, {})
            for i, r in zip(ref.indices, ranges, strict=True)
        )

    def entry(self, ref: Expr, at: Env) -> Ref:
        """The entry that `ref` means at these values of its indices."""
        assert isinstance(ref, Ref)
        return self._concrete(ref, at)

    def local(self, of: Ref, by: Ref) -> Number:
        """∂of/∂by in the one equation that defines `of`."""
        found = self._definition(of)
        if found is None:
            return Fraction(of == by)
        equation, env = found
        moved = {by: Dual(self.value(by), Fraction(1))}
        own = Network(), Point(self.point.sizes), self.value
        alone = Unrolled(*own, given=moved, meanings=self._meanings)
        return alone.dual(equation.body, env).tangent


def close(a: Number, b: Number) -> bool:
    """Equal if both are rational, else to forty digits."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a == b
    with precision(60):
        x, y = map(to_decimal, (a, b))
    return abs(x - y) <= TOLERANCE * max(1, abs(x), abs(y))


def formulas(d: Derivation) -> Iterator[tuple[str, Expr]]:
    """Every formula that a derivation claims to equal its goal."""
    for k, step in enumerate(d.steps):
        yield f"after step {k} ({step.rule})", step.after


def family(d: Derivation) -> Iterator[Derivation]:
    """A derivation, its local ones, and those it builds on, each once."""
    seen: set[int] = set()
    stack = [d]
    while stack:
        top = stack.pop()
        if id(top) not in seen:
            seen.add(id(top))
            yield top
            stack += [*top.locals, *top.upstream]


def entries(net: Network, goal: Partial, sizes: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Every choice of the free indices of a goal at which both of its entries exist."""
    letters: dict[str, list[range]] = {}
    at = Point(sizes)
    for ref in (goal.of, goal.by):
        assert isinstance(ref, Ref)
        for i, r in zip(ref.indices, net.ranges(ref.name) or (), strict=False):
            span = range(int(value(r.lo, at)), int(value(r.hi, at)) + 1)
            for x in walk(i):
                if isinstance(x, Ref) and x.name not in net.sizes:
                    wide = range(span.start - 5, span.stop + 5) if i != x else span
                    letters.setdefault(x.name, []).append(wide)
    for drawn in product(*(sorted(set.intersection(*map(set, v))) for v in letters.values())):
        yield dict(zip(letters, drawn, strict=True))


def faults(net: Network, of: Ref, by: Ref, sizes: Mapping[str, int], seed: int = 0) -> list[str]:
    """What is wrong with the gradient of `of` by `by` at these sizes, in every formula of its
    derivation; nothing if all is well."""
    return verdict(sweep_of(net, of), [by], sizes, seed)


def judged(
    net: Network,
    of: Ref,
    sizes: Mapping[str, int],
    seed: int = 0,
    tamed: Callable[[Number], Number] = lambda x: x,
) -> list[str]:
    """The faults of the gradients by every tensor; every number at the point is `tamed`, labels
    kept."""
    return verdict(sweep_of(net, of), questions(net, sizes, of), sizes, seed, tamed)


SWEPT: list[tuple[Sweep, Meanings]] = []
"""The last sweep that was judged, with what its formulas mean: what is derived for all sizes is
derived once, and judged at each."""


def sweep_of(net: Network, of: Ref) -> Sweep:
    """The gradients of a quantity of a network."""
    for sweep, _ in SWEPT:
        if sweep.network is net and sweep.of == of:
            return sweep
    return Sweep(net, of)


def meanings_of(sweep: Sweep) -> Meanings:
    """What the formulas of a sweep mean, whatever the sizes."""
    if not SWEPT or SWEPT[0][0] is not sweep:
        SWEPT[:] = [(sweep, {})]
    return SWEPT[0][1]


def verdict(
    sweep: Sweep,
    asked: Iterable[Ref],
    sizes: Mapping[str, int],
    seed: int,
    tamed: Callable[[Number], Number] = lambda x: x,
) -> list[str]:
    """What is wrong with some gradients, each derivation judged once."""
    net, of = sweep.network, sweep.of
    drawn = point_of(net, sizes, seed).values
    point = Point(sizes, {r: x if r.name in net.labels else tamed(x) for r, x in drawn.items()})
    judge = Judge(net, point, of, meanings_of(sweep))
    derivations = [(by, sweep.gradient(by)) for by in asked]
    once = {id(one): one for _, d in derivations for one in family(d)}
    out = [f for one in once.values() for f in misfits(one, judge)]
    out += [f for by, d in derivations for f in range_faults(d, by, net, sizes)]
    return [f"{f}; seed {seed}" for f in out]


def point_of(net: Network, sizes: Mapping[str, int], seed: int) -> Point:
    """A point in general position, given gradients of single entries included."""
    rng = random.Random(seed)
    wanted = list(leaf_entries(net, sizes))
    single = {u.symbol for u in net.upstream if isinstance(u.symbol, Ref)}
    wanted += [s for s in sorted(single, key=latex) if not names(s) - {s.name}]
    for tensor in sorted({r.ref.name for eq in net.equations for r in eq.reads} - net.sizes):
        wanted += entries_of(net, tensor, sizes)
    reads = (r.ref for eq in net.equations for r in eq.reads)
    wanted += [r for r in reads if r.indices and all(isinstance(i, Num) for i in r.indices)]
    return Point(sizes, {r: leaf(net, sizes, r, rng) for r in dict.fromkeys(wanted)})


def leaf(net: Network, sizes: Mapping[str, int], ref: Ref, rng: random.Random) -> Fraction:
    """A number for a leaf; for a label one of its values."""
    values = net.labels.get(ref.name)
    if values is None:
        return drawn(rng)
    lo, hi = (int(value(e, Point(sizes))) for e in (values.lo, values.hi))
    return Fraction(rng.randint(lo, hi))


def drawn(rng: random.Random) -> Fraction:
    """A number that hardly ever ties with another draw."""
    return Fraction(rng.randint(2, 400), rng.choice([17, 19, 23, 29])) * rng.choice([1, -1])


def inside(bounds: Sequence[Bound], judge: Judge, at: Env) -> bool:
    """Does a local gradient claim to hold at these entries?"""
    return all(
        judge.value(b.lo, at) <= at[b.name] <= judge.value(b.hi, at)
        for b in bounds
        if b.name in at and b.lo is not None and b.hi is not None
    )


def misfits(d: Derivation, judge: Judge) -> list[str]:
    """The formulas of one derivation that differ from its goal."""
    net, sizes = judge.network, judge.point.sizes
    out = [] if d.consistent() else [f"{latex(d.goal)}: steps do not meet"]
    out += [
        f"{latex(d.goal)}: {latex(x)} is no name of the network"
        for x in free(d.answer) if stranger(x, d, net)
    ]  # fmt: skip
    assert isinstance(d.goal.of, Ref)
    local = not judge.asked(d.goal.of)
    claims = [(d.goal, *c) for c in formulas(d)]
    if d.general is not None:
        claims.append((d.general[0], "general", d.general[1]))
    for goal, where, formula in claims:
        for at in entries(net, goal, sizes):
            if local and not inside(d.within, judge, at):
                continue
            wanted = judge.value(goal, at)
            if where == "general" and not judge.exists(judge.entry(goal.of, at)):
                continue
            try:
                got = judge.value(formula, at)
            except NetworkError as error:
                if local and wanted == 0 and "expected an index from" in error.message:
                    continue  # read only where the chain rule sums it
                got = error  # type: ignore[assignment]
            except SymgradError as error:
                got = error  # type: ignore[assignment]
            if isinstance(got, Exception) or not close(got, wanted):
                out.append(
                    f"{latex(goal)} {where}: {latex(formula)} is {got} at {at}, "
                    f"sizes {dict(sizes)}, expected {wanted}"
                )
                break
    return out


def stranger(x: Ref, d: Derivation, net: Network) -> bool:
    """Is a free name of an answer neither the network's, nor δ, nor a size or index asked for?"""
    allowed = {eq.target.name for eq in net.equations} | net.sizes | names(d.goal)
    allowed |= {r.ref.name for eq in net.equations for r in eq.reads}
    allowed |= {n for u in net.upstream for n in names(u.symbol)}
    return x.name not in allowed


def range_faults(d: Derivation, by: Ref, net: Network, sizes: Mapping[str, int]) -> list[str]:
    """The stated ranges of free indices cover exactly the entries of the tensor."""
    at = Point(sizes)
    stated = {i.name: (value(i.range.lo, at), value(i.range.hi, at)) for i in d.indices}
    there = list(entries_of(net, by.name, sizes)) if by.indices else []
    out = []
    for k, i in enumerate(by.indices):
        if isinstance(i, Ref) and i.name not in net.sizes and there:
            column = [e.indices[k].value for e in there if isinstance(e.indices[k], Num)]
            if stated.get(i.name) != (min(column), max(column)):
                there_ = f"{min(column)}…{max(column)}"
                out.append(f"{latex(d.goal)}: {i.name} in {stated.get(i.name)}, expected {there_}")
    return out


def questions(net: Network, sizes: Mapping[str, int], of: Ref) -> Iterator[Ref]:
    """Every tensor at letters of its own, at an equation's letters, at its first and last entry."""
    tensors: dict[str, None] = {eq.target.name: None for eq in net.equations}
    tensors |= {r.ref.name: None for eq in net.equations for r in eq.reads}
    for tensor in tensors:
        if tensor in net.sizes or tensor in net.labels or tensor == of.name:
            continue
        there = list(entries_of(net, tensor, sizes))
        yield from dict.fromkeys((*there[:1], *there[-1:]))
        rank = len(there[0].indices) if there else 0
        for letters in letter_choices(rank):
            yield Ref(tensor, tuple(map(Ref, letters)))


def letter_choices(rank: int) -> Sequence[str]:
    """Letters that meet those of equations and binders, and letters that do not."""
    few = {0: (), 1: ("l", "i", "j"), 2: ("pq", "ij", "ji"), 3: ("pqr", "kji")}
    return few.get(rank, ("pqrstuvw"[:rank],))
