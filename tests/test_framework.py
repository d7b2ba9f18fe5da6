"""Every gradient of the catalogue against automatic differentiation of a real framework (PyTorch), at
random shapes and values: the framework runs the forward equations, and differentiates them itself."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from tensors import Tensors, np, real, torch

from symgrad.claims import derived
from symgrad.expr import And, Bound, Expr, Neg, Reduce, Ref, Rel, derivatives, walk
from symgrad.layers import CATALOGUE, Layer, layer
from symgrad.network import Network
from symgrad.rewrite import Derivation
from symgrad.scope import Scope

SHAPES = 2
"""Shapes drawn for each layer."""


def drawn_sizes(network: Network, rng: random.Random) -> dict[str, int]:
    """Sizes that satisfy the facts about them, few of them equal; labels without an index too."""
    names = sorted(network.facts.sizes)
    for _ in range(1000):
        most = 5 if len(names) <= 4 else 3
        at = {s: rng.randint(2, most) for s in names}
        if len(names) > 1 and len(set(at.values())) == 1:
            continue
        known = [c for c in network.facts.known if c.form.names <= set(at)]
        ends = [int(Tensors(network, at, {}).value(c.form.expr())) for c in known]
        if all(not x if c.equality else x >= 0 for c, x in zip(known, ends, strict=True)):
            break
    for name in sorted(network.sizes - set(names)):
        span = network.labels[name]
        t = Tensors(network, at, {})
        at[name] = rng.randint(int(t.value(span.lo)), int(t.value(span.hi)))
    return at


def drawn_leaves(
    network: Network, sizes: Mapping[str, int], rng: random.Random, positive: bool
) -> dict[str, Any]:
    """An array for every tensor that is read and for every gradient that is given."""
    frame = Tensors(network, sizes, {})
    shapes = {}
    for name in {r.ref.name for eq in network.equations for r in eq.reads} - set(sizes):
        shapes[name] = tuple(map(len, frame.spans(name)))
    for u in network.upstream:
        assert isinstance(u.symbol, Ref)
        shapes[u.symbol.name] = tuple(map(len, frame.spans(u.symbol.name)))
    out: dict[str, Any] = {}
    numbers = np.random.default_rng(rng.randrange(2**32))
    for name, shape in sorted(shapes.items()):
        if name in network.labels:
            span = network.labels[name]
            lo, hi = int(frame.value(span.lo)), int(frame.value(span.hi))
            out[name] = numbers.integers(lo, hi + 1, shape)
        elif positive:
            out[name] = real(numbers.uniform(0.1, 0.9, shape))
        else:
            out[name] = real(numbers.normal(0, 1.2, shape))
    return out


def satisfied(scope: Scope, leaves: dict[str, Any], sizes: Mapping[str, int]) -> bool:
    """Do the values satisfy what is stated of them, once sums that are known are put right?"""
    for rel in scope.rels:
        match rel:
            case Rel("=", Reduce("sum", (Bound(),), Ref(name=name)), total) if name in leaves:
                wanted = float(Tensors(scope.network, sizes, leaves).value(total))
                leaves[name] = leaves[name] * (wanted / leaves[name].sum())
    t = Tensors(scope.network, sizes, leaves)
    return all(
        bool(np.all(t.holds(rel, {}, 0)))
        for rel in scope.rels
        if isinstance(rel, Rel | And) and about_values(rel, leaves) and rel.op != "="  # type: ignore[union-attr]
    )


def about_values(rel: Expr, leaves: Mapping[str, Any]) -> bool:
    """Is a comparison about values without an index?"""
    refs = [x for x in walk(rel) if isinstance(x, Ref)]
    return all(not r.indices for r in refs) and any(r.name in leaves for r in refs)


def points(scope: Scope, rng: random.Random) -> Iterator[tuple[dict[str, int], dict[str, Any]]]:
    """Shapes and values; no value below 0 where the equations have none there."""
    network = scope.network
    for _ in range(SHAPES):
        sizes = drawn_sizes(network, rng)
        for positive in (False, False, True, True):
            leaves = drawn_leaves(network, sizes, rng, positive)
            if satisfied(scope, leaves, sizes) and finite(network, sizes, leaves):
                yield sizes, leaves
                break
        else:
            raise AssertionError("no point at which the equations have values")


def finite(network: Network, sizes: Mapping[str, int], leaves: Mapping[str, Any]) -> bool:
    t = Tensors(network, sizes, leaves)
    return all(bool(torch.isfinite(t.tensor(eq.target.name)).all()) for eq in network.equations)


def differentiated(
    network: Network, of: str, sizes: Mapping[str, int], leaves: Mapping[str, Any]
) -> dict[str, Any]:
    """∂of/∂x for every tensor, by the framework alone; every axis of `of` in front."""
    frame = Tensors(network, sizes, leaves)
    tensors = {eq.target.name for eq in network.equations} | set(leaves)
    given = {u.symbol.name for u in network.upstream if isinstance(u.symbol, Ref)}
    moved = {
        x: torch.zeros([*map(len, frame.spans(x))], dtype=torch.float64, requires_grad=True)
        for x in sorted(tensors - set(network.labels) - given - {of})
    }
    value = Tensors(network, sizes, leaves, moved).loss(of)
    rows = [
        torch.autograd.grad(x, list(moved.values()), retain_graph=True, allow_unused=True)
        for x in value.reshape(-1)
    ]
    return {
        name: torch.stack(
            [torch.zeros_like(z) if row[k] is None else row[k] for row in rows]
        ).reshape([*value.shape, *z.shape])
        for k, (name, z) in enumerate(moved.items())
    }


def differentiated_twice(
    network: Network,
    of: str,
    by: tuple[Expr, ...],
    sizes: Mapping[str, int],
    leaves: Mapping[str, Any],
) -> Any:
    """The second derivative of a number by two tensors, by the framework alone; the axes of the
    first tensor in front."""
    names = [b.name for b in by if isinstance(b, Ref)]
    frame = Tensors(network, sizes, leaves)
    moved = {
        x: torch.zeros([*map(len, frame.spans(x))], dtype=torch.float64, requires_grad=True)
        for x in names
    }
    value = Tensors(network, sizes, leaves, moved).loss(of)
    outer, inner = (moved[x] for x in names)
    (slopes,) = torch.autograd.grad(value, inner, create_graph=True)
    columns = [
        torch.autograd.grad(x, outer, retain_graph=True, allow_unused=True)[0]
        for x in slopes.reshape(-1)
    ]
    filled = [torch.zeros_like(outer) if c is None else c for c in columns]
    return torch.stack(filled, dim=-1).reshape([*outer.shape, *inner.shape])


def compared(
    scope: Scope,
    found: Derivation,
    formula: Expr,
    sizes: Mapping[str, int],
    leaves: Mapping[str, Any],
    gradients: Mapping[str, Any],
) -> tuple[Any, Any]:
    """A formula for a gradient and what the framework finds, entry by entry."""
    of, by = derivatives(found.goal)
    assert isinstance(of, Ref)
    t = Tensors(scope.network, sizes, leaves, gradients=gradients)
    names = by if len(by) > 1 else (of, *by)
    axes = [
        (i, s)
        for r in names
        if isinstance(r, Ref)
        for i, s in zip(r.indices, t.spans(r.name), strict=False)
    ]
    asked = {i.name: t.span(i.range) for i in found.indices}
    if len(by) > 1:
        theirs = differentiated_twice(scope.network, of.name, by, sizes, leaves)
    else:
        (name,) = (r.name for r in by if isinstance(r, Ref))
        theirs = gradients[name]
    env: dict[str, Any] = {}
    shape: list[int] = []
    for i, whole in reversed(axes):
        axis = theirs.ndim - len(shape) - 1
        if isinstance(i, Ref) and i.name not in sizes:
            span = asked.get(i.name, whole)  # h_1, …, h_T of h_0, …, h_T
            env[i.name] = np.arange(span.start, span.stop).reshape(-1, *[1] * len(shape))
            shape.insert(0, len(span))
            theirs = theirs.narrow(axis, span.start - whole.start, len(span))
        else:  # one entry: h_0
            theirs = theirs.select(axis, int(t.value(i)) - whole.start)
    return real(t.value(formula, env, len(shape))).expand(shape), theirs


def judged(made: Layer, spoilt: Callable[[Expr], Expr] = lambda e: e) -> list[object]:
    """The gradients of a layer that are not the framework's, each with its shape."""
    rng = random.Random(zlib.crc32(made.name.encode()))
    claims = [next(c for c in made.claims if c.left == q) for q in made.questions]
    pairs = [derived(made, c) for c in claims]
    out: list[object] = []
    scope, (of, _) = pairs[0][0].scope, derivatives(pairs[0][1].goal)
    assert isinstance(of, Ref)
    for sizes, leaves in points(scope, rng):
        gradients = differentiated(scope.network, of.name, sizes, leaves)
        for _, found in pairs:
            formula = spoilt(found.answer)
            ours, theirs = compared(scope, found, formula, sizes, leaves, gradients)
            if not torch.allclose(ours, theirs, rtol=1e-9, atol=1e-9):
                out.append((found.goal, sizes))
    return out


@pytest.mark.parametrize("made", CATALOGUE, ids=lambda x: x.name)
def test_each_gradient_is_what_a_framework_differentiates(made: Layer) -> None:
    assert judged(made) == []


@pytest.mark.parametrize(
    "name", ["conv1d", "softmax", "layer-norm", "linear-recurrence", "softmax-curvature"]
)
def test_a_wrong_gradient_is_found(name: str) -> None:
    assert len(judged(layer(name), Neg)) == SHAPES * len(layer(name).questions)
