"""Time per gate of all leaf gradients with their steps, as networks grow.

    python benchmarks/growth.py [LARGEST]

Two families: a chain h_i = tanh(w_i h_{i-1} + b_i), and a tanh network three wide. A gate is one
operation of the scalar circuit: a product, a sum of two, a tanh. Beside it, in the same run, a
small reverse tape that asks SymPy for every local derivative (up to TAPE gates), and `sympy.diff`
for every leaf (up to DIFF gates).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

import sympy

from symgrad.consistency import validated
from symgrad.derive import Sweep
from symgrad.equation import Equation
from symgrad.expr import Add, Call, Expr, Mul, Ref, num
from symgrad.network import Network

SIZES = (10, 30, 100, 300, 1000, 3000, 10_000)
TAPE = 1000
DIFF = 30
WIDTH = 3


def entry(name: str, *at: int) -> Ref:
    """name_{at}."""
    return Ref(name, tuple(num(i) for i in at))


def gates(e: Expr) -> int:
    """How many operations of two operands, or functions, a formula has."""
    match e:
        case Add(terms=xs) | Mul(factors=xs):
            return len(xs) - 1 + sum(map(gates, xs))
        case Call(args=xs):
            return 1 + sum(map(gates, xs))
    return 0


def chain() -> Iterator[tuple[Ref, Expr]]:
    """h_i = tanh(w_i h_{i-1} + b_i)."""
    i = 0
    while True:
        i += 1
        body = Add((Mul((entry("w", i), entry("h", i - 1))), entry("b", i)))
        yield entry("h", i), Call("tanh", (body,))


def wide() -> Iterator[tuple[Ref, Expr]]:
    """h_{l,i} = tanh(Σ_j w_{l,i,j} h_{l-1,j} + b_{l,i}), three wide, sums written out."""
    layer = 0
    while True:
        layer += 1
        for i in range(1, WIDTH + 1):
            products = (
                Mul((entry("w", layer, i, j), entry("h", layer - 1, j)))
                for j in range(1, WIDTH + 1)
            )
            yield entry("h", layer, i), Call("tanh", (Add((*products, entry("b", layer, i))),))


FAMILIES: dict[str, Callable[[], Iterator[tuple[Ref, Expr]]]] = {"chain": chain, "3 wide": wide}


def network(family: str, size: int) -> tuple[Network, Ref, int]:
    """A network of at least `size` gates, its output, and its number of gates."""
    equations: list[Equation] = []
    total = 0
    for target, body in FAMILIES[family]():
        equations.append(Equation(target, (), body))
        total += gates(body)
        if total >= size and (family == "chain" or target.indices[-1] == num(WIDTH)):
            return validated(Network(tuple(equations))), target, total
    raise AssertionError("families have no end")


def ours(net: Network, of: Ref) -> int:
    """Every leaf gradient with its steps; the number of steps."""
    sweep = Sweep(net, of)
    return sum(len(sweep.gradient(leaf).steps) for leaf in net.leaves)


# -- a reverse tape -------------------------------------------------------------------------------


def tape(net: Network, of: Ref) -> int:
    """Adjoints of all leaves; SymPy gives the local derivative of every equation."""
    symbols: dict[Ref, sympy.Symbol] = {}

    def symbol(ref: Ref) -> sympy.Symbol:
        return symbols.setdefault(ref, sympy.Symbol(f"{ref.name}{len(symbols)}"))

    def body(e: Expr) -> sympy.Expr:
        match e:
            case Ref():
                return symbol(e)
            case Add(terms=xs):
                return sympy.Add(*map(body, xs))
            case Mul(factors=xs):
                return sympy.Mul(*map(body, xs))
            case Call(fn="tanh", args=(x,)):
                return sympy.tanh(body(x))
        raise AssertionError(e)

    adjoint: dict[Ref, list[sympy.Expr]] = {of: [sympy.Integer(1)]}
    total: dict[Ref, sympy.Symbol] = {}
    for eq in reversed(net.equations):
        if eq.target not in adjoint:
            continue
        upstream = total[eq.target] = sympy.Symbol(f"adjoint{len(total)}")  # shared, not expanded
        formula = body(eq.body)
        for ref in dict.fromkeys(r.ref for r in eq.reads):
            adjoint.setdefault(ref, []).append(upstream * formula.diff(symbol(ref)))
    return sum(len(sympy.Add(*adjoint.get(leaf, ())).args) for leaf in net.leaves)


def diff(net: Network, of: Ref) -> int:
    """sympy.diff of the whole formula by every leaf."""
    values: dict[Ref, sympy.Expr] = {}

    def body(e: Expr) -> sympy.Expr:
        match e:
            case Ref():
                return values.setdefault(e, sympy.Symbol(f"{e.name}{len(values)}"))
            case Add(terms=xs):
                return sympy.Add(*map(body, xs))
            case Mul(factors=xs):
                return sympy.Mul(*map(body, xs))
            case Call(fn="tanh", args=(x,)):
                return sympy.tanh(body(x))
        raise AssertionError(e)

    for eq in net.equations:
        values[eq.target] = body(eq.body)
    return sum(len(values[of].diff(values[leaf]).args) for leaf in net.leaves)


def timed(run: Callable[[Network, Ref], int], net: Network, of: Ref) -> float:
    """The seconds of one run; small networks best of three, cold caches for SymPy."""
    best = float("inf")
    for _ in range(3):
        sympy.core.cache.clear_cache()
        start = time.perf_counter()
        run(net, of)
        best = min(best, time.perf_counter() - start)
        if best > 1:
            break
    return best


def main(largest: int) -> None:
    """Print one table for each family."""
    for family in FAMILIES:
        print(f"\n{family}: seconds, and microseconds per gate")
        print(f"{'gates':>7} {'symgrad':>20} {'tape + SymPy':>20} {'sympy.diff':>20}   ours/tape")
        for size in SIZES:
            if size > largest:
                break
            net, of, count = network(family, size)
            found = [timed(ours, net, of)]
            found += [timed(tape, net, of)] if count <= TAPE * 1.1 else []
            found += [timed(diff, net, of)] if count <= DIFF * 1.1 else []
            shown = "".join(f" {s:>9.4f} {1e6 * s / count:>10.0f}" for s in found)
            shown += " " * (21 * (3 - len(found)))
            ratio = f"{found[0] / found[1]:>8.2f}" if len(found) > 1 else ""
            print(f"{count:>7}{shown}   {ratio}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else max(SIZES))
