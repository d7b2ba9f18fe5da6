r"""Gradients by a name that is another writing of one that the quantity reads.

With s = g(v), v = g⁻¹(s), and L made of v,

    ∂L/∂s  =  ∂L/∂v · ∂v/∂s.

The network is turned around: s becomes free, and v what the inverse makes of it.
"""

from __future__ import annotations

from dataclasses import replace

from symgrad.equation import Equation
from symgrad.expr import Add, Call, Div, Expr, Mul, Neg, Num, Pow, Ref, free, num
from symgrad.network import Network


def turned(network: Network, of: Ref, by: Ref) -> Network:
    """The network with `by` free, if `of` does not read it, `by` is made of one leaf alone and
    `of` reads that; the same network otherwise."""
    own = network.by_name.get(by.name, ())
    if len(own) != 1 or of.name not in network.by_name or by.name in _reach(network, of.name):
        return network
    eq = own[0]
    read = {r for r in free(eq.body) if r.name not in network.sizes and not _index(eq, r)}
    if len(read) != 1 or not all(isinstance(i, Ref) for i in eq.target.indices):
        return network
    (leaf,) = read
    plain = leaf.indices == eq.target.indices and leaf.name not in network.by_name
    taken = leaf.name in network.data or leaf in network.values
    if not plain or taken or leaf.name not in _reach(network, of.name):
        return network
    body = inverse(eq.body, leaf, eq.target)
    if body is None:
        return network
    back = Equation(leaf, eq.indices, body, eq.at)
    others = (e for e in network.equations if e is not eq)
    return replace(network, equations=(back, *others)).acyclic()


def _index(eq: Equation, r: Ref) -> bool:
    return any(r == Ref(i.name) for i in eq.indices)


def _reach(network: Network, name: str) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += (r.ref.name for eq in network.by_name.get(name, ()) for r in eq.reads)
    return found


def inverse(e: Expr, v: Ref, t: Expr) -> Expr | None:
    r"""The x with e = t at v = x, where there is one formula for it; of a square root the positive
    one.

    >>> from symgrad.latex import latex
    >>> v = Ref("v")
    >>> latex(inverse(Call("log", (Pow(v, num(2)),)), v, Ref("s")))
    'e^{\\frac{s}{2}}'
    """
    match e:
        case Ref():
            return t if e == v else None
        case Neg(arg=a):
            return inverse(a, v, Neg(t))
        case Call(fn="log", args=(a,)):
            return inverse(a, v, Call("exp", (t,)))
        case Call(fn="exp", args=(a,)):
            return inverse(a, v, Call("log", (t,)))
        case Call(fn="sqrt", args=(a,)):
            return inverse(a, v, Pow(t, num(2)))
        case Pow(base=a, exp=Num(value=n) as k) if n:
            root = Call("exp", (Div(t.args[0], k),)) if _is_exp(t) else Pow(t, Div(num(1), k))  # type: ignore[attr-defined]
            return inverse(a, v, root)
        case Div(num=a, den=b) if v not in free(b):
            return inverse(a, v, Mul((b, t)))
        case Div(num=a, den=b) if v not in free(a):
            return inverse(b, v, Div(a, t))
        case Add(terms=parts) | Mul(factors=parts):
            return _apart(e, parts, v, t)
    return None


def _is_exp(t: Expr) -> bool:
    return isinstance(t, Call) and t.fn == "exp"


def _apart(e: Expr, parts: tuple[Expr, ...], v: Ref, t: Expr) -> Expr | None:
    """One summand, or factor, has v; the others go to the other side."""
    mine = [p for p in parts if v in free(p)]
    if len(mine) != 1:
        return None
    rest = [p for p in parts if p is not mine[0]]
    if isinstance(e, Add):
        return inverse(mine[0], v, Add((t, *map(Neg, rest))))
    return inverse(mine[0], v, Div(t, rest[0] if len(rest) == 1 else Mul(tuple(rest))))
