"""Formulas as tensors of a real framework: forward equations and answers, entry by entry at once.

A bound index is an axis in front of those there are; its values are whole numbers of NumPy, what is
read at them are arrays of the framework, so that automatic differentiation goes through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, reduce
from itertools import product
from operator import add, mul, truediv
from typing import Any

import pytest
from oracle import leaf_entries

from symgrad.equation import Equation
from symgrad.expr import (
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
    Partial,
    Pow,
    Reduce,
    Ref,
    Rel,
    num,
)
from symgrad.index import Range
from symgrad.latex import latex
from symgrad.network import Network

WHY = 'no framework: pip install -e ".[framework]"'
torch = pytest.importorskip("torch", reason=WHY)
np = pytest.importorskip("numpy", reason=WHY)

Tensor: Any = torch.Tensor
Array = Any
"""Whole numbers of NumPy, which nobody differentiates by, or numbers of the framework."""
Env = Mapping[str, Any]
"""The values of the indices that are bound here: whole numbers, with an axis for each."""


def real(x: Array) -> Tensor:
    """As numbers of the framework."""
    return x if isinstance(x, Tensor) else torch.as_tensor(np.asarray(x), dtype=torch.float64)


def plain(x: Array) -> Any:
    """As numbers of NumPy, cut off from what they depend on."""
    return x.detach().numpy() if isinstance(x, Tensor) else x


def joined(op: Callable[[Any, Any], Any], a: Array, b: Array) -> Array:
    """a op b, of the framework where either is."""
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        return op(real(a), real(b))
    return op(a, b)


def chosen(mask: Any, a: Array, b: Array) -> Tensor:
    """a where the mask is true, else b."""
    return torch.where(torch.as_tensor(np.asarray(mask)), real(a), real(b))


FUNCTIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "exp": torch.exp, "log": torch.log, "sqrt": torch.sqrt, "tanh": torch.tanh,
    "sinh": torch.sinh, "cosh": torch.cosh, "sin": torch.sin, "cos": torch.cos, "tan": torch.tan,
    "arctan": torch.arctan, "sigmoid": torch.sigmoid, "relu": torch.relu, "abs": torch.abs,
    "sign": torch.sign, "erf": torch.erf, "pi": lambda x: np.pi * x,
}  # fmt: skip
EXTREMES: Mapping[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "max": (np.maximum, torch.maximum),
    "min": (np.minimum, torch.minimum),
}
COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
NEUTRAL = {"sum": 0.0, "prod": 1.0, "max": -np.inf, "min": np.inf}


def folded(op: str, x: Tensor, axes: int) -> Tensor:
    """The first axes summed, multiplied, or their extreme."""
    for _ in range(axes):
        match op:
            case "sum":
                x = x.sum(0)
            case "prod":
                x = x.prod(0)
            case _:
                x = x.amax(0) if op == "max" else x.amin(0)
    return x


def placed(x: Array, at: list[Any], spans: tuple[range, ...]) -> Array:
    """x at subscripts, 0 where it does not exist."""
    places = [np.clip(k - s.start, 0, len(s) - 1) for k, s in zip(at, spans, strict=True)]
    if not isinstance(x, Tensor):
        return x[tuple(places)]
    found = x[tuple(torch.as_tensor(np.asarray(k)) for k in places)]
    inside = [(k >= s.start) & (k < s.stop) for k, s in zip(at, spans, strict=True)]
    return chosen(reduce(np.logical_and, inside), found, 0.0)


class Tensors:
    """A network at sizes and values: every tensor is its leaf or its equations, plus what `moved`
    adds to it, by which one differentiates."""

    def __init__(
        self,
        network: Network,
        sizes: Mapping[str, int],
        leaves: Mapping[str, Any],
        moved: Mapping[str, Array] | None = None,
        gradients: Mapping[str, Array] | None = None,
    ) -> None:
        self.network, self.sizes, self.leaves = network, sizes, leaves
        self.moved, self.gradients = moved or {}, gradients or {}
        self.cut = {u.by.name for u in network.upstream if not self._fixed(u.by)}
        self.last = {
            (u.by.name, tuple(int(self.value(i)) for i in u.by.indices))
            for u in network.upstream
            if self._fixed(u.by)
        }
        self._whole: dict[str, Array] = {}
        self._entries: dict[tuple[str, tuple[int, ...]], Array] = {}

    def _fixed(self, by: Ref) -> bool:
        """Is it one entry of a tensor, h_T?"""
        ends = [
            isinstance(i, Num) or (isinstance(i, Ref) and i.name in self.sizes) for i in by.indices
        ]
        return bool(ends) and all(ends)

    # -- tensors ------------------------------------------------------------------------------

    def spans(self, name: str) -> tuple[range, ...]:
        """The values of each index of a tensor, or of a given gradient."""
        for u in self.network.upstream:
            if isinstance(u.symbol, Ref) and u.symbol.name == name:
                of = dict(zip(u.by.indices, self.spans(u.by.name), strict=True))
                return tuple(of[i] for i in u.symbol.indices)
        spans = [self.span(r) for r in self.network.ranges(name) or ()]
        if name in self.network.recurrent:  # h_0 of h_1, …, h_T
            for start in leaf_entries(self.network, self.sizes):
                if start.name == name:
                    ends = map(int, map(self.value, start.indices))
                    spans = [
                        range(min(s.start, k), max(s.stop, k + 1))
                        for s, k in zip(spans, ends, strict=True)
                    ]
        return tuple(spans)

    def span(self, r: Range) -> range:
        """The values of an index."""
        return range(int(self.value(r.lo)), int(self.value(r.hi)) + 1)

    def tensor(self, name: str) -> Array:
        """A tensor whole, its axes those of `spans`."""
        if name not in self._whole:
            self._whole[name] = self._made(name)
        return self._whole[name]

    def _made(self, name: str) -> Array:
        spans = self.spans(name)
        shape = tuple(map(len, spans))
        equations = self.network.by_name.get(name, ())
        if name not in self.network.recurrent and len(equations) == 1:
            found = real(self._body(equations[0])).expand(shape)
            return found + self.moved[name] if name in self.moved else found
        if equations:
            entries = [self.entry(name, at) for at in product(*spans)]
            return torch.stack(entries).reshape(shape)
        leaf = self.leaves[name]
        return leaf + self.moved[name] if name in self.moved else leaf

    def _body(self, eq: Equation) -> Array:
        """The body of an equation at all of its indices, the last one on the last axis."""
        env: dict[str, Any] = {}
        for k, i in enumerate(reversed(eq.indices)):
            span = self.span(i.range)
            env[i.name] = np.arange(span.start, span.stop).reshape(-1, *[1] * k)
        found = self.value(eq.body, env, len(eq.indices))
        order = [str(x.name) for x in eq.target.indices if isinstance(x, Ref)]
        names = [i.name for i in eq.indices]
        found = real(found).expand([len(env[n].ravel()) for n in names])
        return found.permute([names.index(n) for n in order])

    def entry(self, name: str, at: tuple[int, ...]) -> Array:
        """One entry, of a tensor whose entries read one another or have equations of their own."""
        if (name, at) not in self._entries:
            place = tuple(k - s.start for k, s in zip(at, self.spans(name), strict=True))
            found = self.network.defining(Ref(name, tuple(map(num, at))))
            inside = found and self._inside(*found)
            if found is None or not inside:
                value = self.leaves[name][place]
            else:
                put = {k: int(self.value(v)) for k, v in found[1].items()}
                value = real(self.value(found[0].body, put))
            if name in self.moved:
                value = value + self.moved[name][place]
            self._entries[name, at] = value
        return self._entries[name, at]

    def _inside(self, eq: Equation, put: Mapping[str, Expr]) -> bool:
        """Is an entry among those that its equation defines? h_0 is none of h_1, …, h_T."""
        return all(int(self.value(put[i.name])) in self.span(i.range) for i in eq.indices)

    def read(self, ref: Ref, env: Env) -> Array:
        """x at its subscripts; 0 beyond the edges of a padded one."""
        name = ref.name
        if not ref.indices:
            if name in env:
                return env[name]
            if name in self.sizes:
                return self.sizes[name]
        at = [self.value(i, env) for i in ref.indices]
        if name in self.network.recurrent and ref.indices:
            return self._gathered(name, np.broadcast_arrays(*at))
        found = self.tensor(name)
        if name in self.cut:
            found = found.detach()
        if not ref.indices:
            return found
        return placed(found, at, self.spans(name))

    def _gathered(self, name: str, at: list[np.ndarray]) -> Array:
        """Entries of a state at some places; those that do not exist stand beside a 0."""
        spans = self.spans(name)
        found = []
        for place in zip(*(k.ravel().tolist() for k in at), strict=True):
            inside = all(k in s for k, s in zip(place, spans, strict=True))
            value = self.entry(name, place) if inside else real(0.0)
            cut = name in self.cut or (name, place) in self.last
            found.append(value.detach() if cut else value)
        return torch.stack(found).reshape(at[0].shape)

    # -- formulas -----------------------------------------------------------------------------

    def value(self, e: Expr, env: Env = {}, depth: int = 0) -> Any:  # noqa: B006
        """A formula under `depth` axes."""
        match e:
            case Num(value=v):
                return int(v) if v.denominator == 1 else float(v)
            case Ref():
                return self.read(e, env)
            case Add(terms=terms):
                return reduce(partial(joined, add), (self.value(t, env, depth) for t in terms))
            case Neg(arg=arg):
                return -self.value(arg, env, depth)
            case Mul(factors=factors):
                return reduce(partial(joined, mul), (self.value(f, env, depth) for f in factors))
            case Div(num=a, den=b):
                return joined(truediv, self.value(a, env, depth), self.value(b, env, depth))
            case Pow(base=a, exp=b):
                x, n = self.value(a, env, depth), self.value(b, env, depth)
                return x**n if isinstance(n, int) and n >= 0 else torch.pow(real(x), real(n))
            case Call(fn=fn, args=args):
                return self._call(fn, [self.value(a, env, depth) for a in args])
            case Iverson(cond=cond):
                return chosen(self.holds(cond, env, depth), 1.0, 0.0)
            case Cases(branches=branches):
                found: Array = 0.0
                for branch, cond in reversed(branches):
                    x = self.value(branch, env, depth)
                    found = x if cond is None else chosen(self.holds(cond, env, depth), x, found)
                return found
            case Reduce():
                return self._reduce(e, env, depth)
            case Partial(by=Ref(name=name, indices=indices)):
                return self._gradient(name, [self.value(i, env, depth) for i in indices])
        raise AssertionError(f"no tensor of {latex(e)}")

    def _call(self, fn: str, args: list[Any]) -> Any:
        if fn in EXTREMES:
            ours, theirs = EXTREMES[fn]
            framed = any(isinstance(x, Tensor) for x in args)
            return reduce(theirs, map(real, args)) if framed else reduce(ours, args)
        (x,) = args
        if fn in ("floor", "ceil"):  # in limits and subscripts
            return np.asarray(getattr(np, fn)(x), dtype=int)
        return FUNCTIONS[fn](real(x))

    def _gradient(self, name: str, at: list[Any]) -> Array:
        """∂L/∂x at subscripts, by automatic differentiation; one that does not exist is 0."""
        return placed(self.gradients[name], at, self.spans(name)) if at else self.gradients[name]

    def holds(self, cond: Expr, env: Env, depth: int) -> Any:
        """Where a comparison is true."""
        match cond:
            case And(conds=conds):
                found: Any = True
                for c in conds:
                    found = found & self.holds(c, env, depth)
                return found
            case Rel(op=op, lhs=a, rhs=b):
                return COMPARISONS[op](*(plain(self.value(x, env, depth)) for x in (a, b)))
        raise AssertionError(f"no comparison: {latex(cond)}")

    def _reduce(self, e: Reduce, env: Env, depth: int) -> Array:
        at, mask = dict(env), np.asarray(True)
        for b in e.bounds:
            at, inside = self._bound(b, at, depth)
            mask, depth = mask & inside, depth + 1
        found = chosen(mask, self.value(e.body, at, depth), NEUTRAL[e.op])
        axes = len(e.bounds)
        found = found.reshape((1,) * (depth - found.ndim) + found.shape)
        shape = [len(at[b.name].ravel()) for b in reversed(e.bounds)] + list(found.shape[axes:])
        return folded(e.op, found.expand(shape), axes)

    def _bound(self, b: Bound, env: dict[str, Any], depth: int) -> tuple[dict[str, Any], Any]:
        """A bound index as one more axis in front, and where it is in its range."""
        assert b.lo is not None
        assert b.hi is not None
        lo, hi = self.value(b.lo, env, depth), self.value(b.hi, env, depth)
        first, last = int(np.min(lo)), max(int(np.max(hi)), int(np.min(lo)))
        new = np.arange(first, last + 1).reshape(-1, *[1] * depth)
        inside = (new >= lo) & (new <= hi)
        env = {**env, b.name: new}
        for c in b.conds:
            inside = inside & np.asarray(self.holds(c, env, depth + 1))
        return env, inside

    # -- gradients ----------------------------------------------------------------------------

    def loss(self, of: str) -> Array:
        """What is differentiated: L by its equation, else Σ δ z over the gradients given of it."""
        if of in self.network.by_name:
            return self.tensor(of)
        total: Any = 0.0
        for u in self.network.upstream:
            assert isinstance(u.symbol, Ref)
            name = u.by.name
            if self._fixed(u.by):
                at = tuple(int(self.value(i)) for i in u.by.indices)
                total = total + self.leaves[u.symbol.name] * self.entry(name, at)
                continue
            z = self.tensor(name)
            order = [u.by.indices.index(i) for i in u.symbol.indices]
            total = total + (self.leaves[u.symbol.name] * z.permute(order)).sum()
        return total
