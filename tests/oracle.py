"""Random formulas, random small networks, and points in general position, for every test.

Everything is drawn from a `random.Random`, so that a seed in a failure message is the case.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import product

from symgrad.affine import Affine
from symgrad.dual import constant, precision, to_decimal
from symgrad.equation import Equation
from symgrad.errors import SymgradError
from symgrad.evaluate import Number, Point, Unrolled, value
from symgrad.expr import (
    ONE,
    ZERO,
    Add,
    And,
    Bound,
    Call,
    Cases,
    Div,
    Expr,
    Iverson,
    Mul,
    Neg,
    Num,
    Pow,
    Reduce,
    Ref,
    Rel,
    num,
    substitute,
)
from symgrad.index import Facts, Index, Range
from symgrad.network import Network

SIZES = {"n": 3, "m": 2}
"""Sizes at which random formulas are evaluated; n ≠ m on purpose."""

REACH = range(-60, 61)
"""Subscripts that random formulas may reach: tensors have a value everywhere here."""


def ref(name: str, *at: int | Expr) -> Ref:
    """x_1 as ``ref("x", 1)``."""
    return Ref(name, tuple(num(i) if isinstance(i, int) else i for i in at))


def minus(a: Expr, b: Expr | int) -> Add:
    """a - b."""
    return Add((a, Neg(num(b) if isinstance(b, int) else b)))


def general(rng: random.Random, taken: set[Fraction]) -> Fraction:
    """A small rational that nobody has taken, in absolute value either: no 0, no ±1, no ties."""
    while True:
        drawn = Fraction(rng.randint(1, 40), rng.choice([2, 3, 5, 7])) * rng.choice([1, -1])
        if abs(drawn) not in taken | {Fraction(1)}:
            taken.add(abs(drawn))
            return drawn


def field(seed: int) -> Mapping[Ref, Number]:
    """Values of the names that random formulas use, tensors with one index at every subscript."""
    rng, taken = random.Random(seed), set[Fraction]()
    places = [ref(t) for t in "uvw"] + [ref(t, k) for t in "xy" for k in REACH]
    return {place: general(rng, taken) if place.indices == () else wide(rng) for place in places}


def wide(rng: random.Random) -> Fraction:
    """A rational that hardly ever ties with another draw."""
    return Fraction(rng.randint(2, 9999), rng.choice([7, 11, 13])) * rng.choice([1, -1])


# -- formulas -------------------------------------------------------------------------------


def subscript(rng: random.Random, indices: Sequence[str]) -> Expr:
    """An affine formula of one or two indices or sizes."""
    names = [*indices, *SIZES]
    picked = rng.sample(names, min(len(names), rng.randint(1, 2)))
    terms: list[Expr] = []
    for name in picked:
        term = Mul((num(rng.randint(2, 3)), Ref(name))) if rng.random() < 0.2 else Ref(name)
        terms.append(Neg(term) if rng.random() < 0.3 else term)
    if rng.random() < 0.6 or len(terms) == 1:
        terms.append(num(rng.randint(-2, 2)))
    return Add(tuple(terms))


def condition(rng: random.Random, indices: Sequence[str]) -> Expr:
    """A comparison of subscripts."""
    op = rng.choice(["=", "!=", "<", "<=", ">", ">="])
    one = Rel(op, subscript(rng, indices), subscript(rng, indices))
    return And((one, condition(rng, indices))) if rng.random() < 0.15 else one


def formula(rng: random.Random, depth: int = 3, indices: Sequence[str] = ()) -> Expr:
    """A random formula over scalars u v w, tensors x y, sizes n m, and the indices given.

    It has a value at every point of `field`: divisors and bases are squares plus 1.
    """
    if depth == 0 or rng.random() < 0.15:
        return _leaf(rng, indices)

    def inner() -> Expr:
        return formula(rng, depth - 1, indices)

    match rng.choice(["add", "add", "mul", "mul", "neg", "div", "pow", "sum", "sum", "more"]):
        case "add":
            return Add(tuple(inner() for _ in range(rng.randint(2, 3))))
        case "mul":
            return Mul(tuple(inner() for _ in range(rng.randint(2, 3))))
        case "neg":
            return Neg(inner())
        case "div":
            return Div(inner(), Add((ONE, Pow(_leaf(rng, indices), num(2)))))
        case "pow":
            return Pow(_leaf(rng, indices), num(rng.randint(0, 3)))
        case "sum":
            return reduction(rng, depth, indices)
        case _:
            return _more(rng, depth, indices)


def reduction(rng: random.Random, depth: int, indices: Sequence[str]) -> Reduce:
    """A sum, or a maximum that is not empty, over an index that may hide one outside."""
    op = rng.choice(["sum", "sum", "sum", "prod", "max", "min"])
    name = rng.choice("ijkl")
    low = Ref(indices[-1]) if indices and rng.random() < 0.2 and op == "sum" else num(1)
    high = Ref(rng.choice(list(SIZES)))
    conds = (condition(rng, [*indices, name]),) if op == "sum" and rng.random() < 0.2 else ()
    return Reduce(op, (Bound(name, low, high, conds),), formula(rng, depth - 1, [*indices, name]))


def _more(rng: random.Random, depth: int, indices: Sequence[str]) -> Expr:
    inside = [formula(rng, depth - 1, indices) for _ in range(2)]
    match rng.choice(["max", "relu", "iverson", "cases", "abs"]):
        case "max":
            return Call(rng.choice(["max", "min"]), tuple(inside))
        case "iverson":
            return Mul((Iverson(condition(rng, indices)), inside[0]))
        case "cases":
            return Cases(((inside[0], condition(rng, indices)), (inside[1], None)))
        case fn:
            return Call(fn, (inside[0],))


def _leaf(rng: random.Random, indices: Sequence[str]) -> Expr:
    match rng.choice(["num", "scalar", "tensor", "tensor", "index"]):
        case "num":
            return num(Fraction(rng.randint(-4, 4), rng.randint(1, 3)))
        case "scalar":
            return ref(rng.choice("uvw"))
        case "tensor":
            return Ref(rng.choice("xy"), (subscript(rng, indices),))
    return Ref(rng.choice([*indices, *SIZES]))


# -- networks -------------------------------------------------------------------------------


def sized(*names: str) -> Facts:
    """Facts in which these are sizes."""
    return Facts(sizes=frozenset(names))


def chained(rng: random.Random, length: int = 6, smooth: bool = False) -> Network:
    """Scalar equations, each of the ones before and of the leaves a, b, c; the last is L."""
    known: list[Expr] = [ref("a"), ref("b"), ref("c")]
    equations = []
    for k in range(1, length + 1):
        target = ref("L") if k == length else ref("z", k)
        one, two = rng.choice(known), known[-1] if k > 1 else ref("a")
        equations.append(Equation(target, (), _gate(rng, one, two, smooth)))
        known.append(target)
    return Network(tuple(equations))


def _gate(rng: random.Random, a: Expr, b: Expr, smooth: bool) -> Expr:
    gates = ["+", "*", "-", "/", "square"]
    gates += ["tanh", "sigmoid", "exp", "sin"] if smooth else ["max", "relu", "abs", "bracket"]
    match rng.choice(gates):
        case "+":
            return Add((a, b))
        case "*":
            return Mul((a, b))
        case "-":
            return minus(a, b)
        case "/":
            return Div(a, Add((num(3), Pow(b, num(2)))))
        case "square":
            return Pow(minus(a, Div(b, num(2))), num(2))
        case "max":
            return Add((Call("max", (a, b, num(0))), a))
        case "bracket":
            return Mul((Iverson(Rel(">", a, b)), a))
        case "relu" | "abs" as fn:
            return Mul((Call(fn, (a,)), b))
        case fn:
            return Mul((Call(fn, (Div(a, Add((num(2), Pow(a, num(2))))),)), b))


def convolution(stride: int = 1, nonlinear: str = "") -> Network:
    """z_i = Σ_j k_j x_{s(i-1)+j} + b for i = 1…n, then L = Σ_i a_i f(z_i)."""
    i, j = Ref("i"), Ref("j")
    inner: Expr = Affine(-stride, (("i", stride), ("j", 1))).expr()
    body = Add(
        (
            Reduce("sum", (Bound("j", ONE, Ref("m")),), Mul((Ref("k", (j,)), Ref("x", (inner,))))),
            ref("b"),
        )
    )
    out: Expr = Call(nonlinear, (Ref("z", (i,)),)) if nonlinear else Ref("z", (i,))
    loss = Reduce("sum", (Bound("i", ONE, Ref("n")),), Mul((Ref("a", (i,)), out)))
    span = Index("i", Range(ONE, Ref("n")))
    return Network(
        (Equation(Ref("z", (i,)), (span,), body), Equation(ref("L"), (), loss)),
        facts=sized("n", "m"),
    )


def dense() -> Network:
    """h_i = relu(Σ_j W_ij x_j + b_i), L = ½ Σ_i (h_i - y_i)²: two indices, two sizes."""
    i, j = Ref("i"), Ref("j")
    row = Reduce("sum", (Bound("j", ONE, Ref("m")),), Mul((Ref("W", (i, j)), Ref("x", (j,)))))
    gap = Pow(minus(Ref("h", (i,)), Ref("y", (i,))), num(2))
    loss = Mul((num(Fraction(1, 2)), Reduce("sum", (Bound("i", ONE, Ref("n")),), gap)))
    span = Index("i", Range(ONE, Ref("n")))
    hidden = Call("relu", (Add((row, Ref("b", (i,)))),))
    return Network(
        (Equation(Ref("h", (i,)), (span,), hidden), Equation(ref("L"), (), loss)),
        facts=sized("n", "m"),
    )


def midterm() -> Network:
    """Three taps, pairs of maxima, two weights and a squared error, on (x, y)."""
    i = Ref("i")
    taps = [
        Mul((ref("k", t), Ref("x", (i if t == 1 else Add((i, num(t - 1))),)))) for t in (1, 2, 3)
    ]
    z = Equation(Ref("z", (i,)), (Index("i", Range(ONE, num(3))),), Add((*taps, ref("b"))))
    pair = Call("max", (Ref("z", (i,)), Ref("z", (Add((i, ONE)),)), ZERO))
    v = Equation(Ref("v", (i,)), (Index("i", Range(ONE, num(2))),), pair)
    read = Add((Mul((ref("w", 1), ref("v", 1))), Mul((ref("w", 2), ref("v", 2))), ref("a")))
    guess = Equation(ref(r"\hat y"), (), read)
    half = num(Fraction(1, 2))
    loss = Equation(ref("L"), (), Mul((half, Pow(minus(ref("y"), ref(r"\hat y")), num(2)))))
    return Network((z, v, guess, loss), data=frozenset({"x", "y"}))


NETWORKS = {
    "convolution": (convolution(), {"n": 3, "m": 2}),
    "stride 2": (convolution(2), {"n": 2, "m": 3}),
    "stride 3, relu": (convolution(3, "relu"), {"n": 3, "m": 2}),
    "tanh": (convolution(1, "tanh"), {"n": 2, "m": 2}),
    "dense": (dense(), {"n": 2, "m": 3}),
    "midterm": (midterm(), {}),
}
"""Networks by name, each with an instance of its sizes."""


# -- points ---------------------------------------------------------------------------------


def entries_of(network: Network, name: str, sizes: Mapping[str, int]) -> Iterator[Ref]:
    """Every entry of a tensor at these sizes; the name itself when it has no index."""
    ranges = network.ranges(name)
    if not ranges:
        yield ref(name)
        return
    at = Point(sizes)
    axes = [range(int(value(r.lo, at)), int(value(r.hi, at)) + 1) for r in ranges]
    for k in product(*axes):
        yield ref(name, *k)


def starts(network: Network, leaf: Ref, sizes: Mapping[str, int]) -> Iterator[Ref]:
    """The entries of a state that no equation defines: h_{0,1} and h_{0,2} of h_{0,i}."""
    at = Point(sizes)
    axes = []
    for i, r in zip(leaf.indices, network.ranges(leaf.name) or (), strict=True):
        if isinstance(i, Ref) and i.name not in network.sizes:
            axes.append(range(int(value(r.lo, at)), int(value(r.hi, at)) + 1))
        else:
            axes.append(range(int(value(i, at)), int(value(i, at)) + 1))
    for k in product(*axes):
        yield ref(leaf.name, *k)


def leaf_entries(network: Network, sizes: Mapping[str, int]) -> tuple[Ref, ...]:
    """Every leaf of the network, entry by entry."""
    found: dict[Ref, None] = {}
    for leaf in network.leaves:
        if all(isinstance(i, Num) for i in leaf.indices):
            found.setdefault(leaf)
        elif leaf.name in network.recurrent:
            found.update(dict.fromkeys(starts(network, leaf, sizes)))
        else:
            found.update(dict.fromkeys(entries_of(network, leaf.name, sizes)))
    for u in network.upstream:
        for e in entries_of(network, u.by.name, sizes) if isinstance(u.symbol, Ref) else ():
            pairs = zip(u.by.indices, e.indices, strict=True)
            put = {a.name: b for a, b in pairs if isinstance(a, Ref) and a.name not in sizes}
            symbol = substitute(u.symbol, put)
            assert isinstance(symbol, Ref)
            found.setdefault(symbol)
    return tuple(found)


def random_point(network: Network, sizes: Mapping[str, int], seed: int) -> Point:
    """A point in general position: leaves are distinct small rationals, none 0 or ±1."""
    rng, taken = random.Random(seed), set[Fraction]()
    return Point(sizes, {leaf: general(rng, taken) for leaf in leaf_entries(network, sizes)})


def instances(names: Sequence[str], most: int, least: int = 1) -> Iterator[dict[str, int]]:
    """Every choice of sizes up to `most`, ascending."""
    for drawn in product(range(least, most + 1), repeat=len(names)):
        yield dict(zip(names, drawn, strict=True))


def outcome(e: Expr, point: Point) -> Number | str:
    """The value of a formula, or the kind of error: what two equal formulas share."""
    try:
        return value(e, point)
    except SymgradError as error:
        return type(error).__name__


def difference(network: Network, of: Ref, by: Ref, point: Point, digits: int = 40) -> Decimal:
    """(f(x + h) - f(x - h)) / 2h with h small enough for `digits` digits, at a smooth point."""
    plain = Unrolled(network, point)
    target, moved = plain.concrete(of), plain.concrete(by)
    with precision(2 * digits):
        centre, h = to_decimal(plain.value(moved)), Decimal(1).scaleb(-digits * 5 // 8)
        ends = [
            Unrolled(network, point, given={moved: constant(x)}, digits=2 * digits)
            for x in (centre + h, centre - h)
        ]
    high, low = (end.value(target) for end in ends)
    with precision(2 * digits):
        slope = (to_decimal(high) - to_decimal(low)) / (2 * h)
    with precision(digits):
        return +slope
