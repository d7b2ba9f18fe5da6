r"""Second derivatives: ∂²L/∂u∂v = ∂g/∂u of g = ∂L/∂v, which is one more equation of the network.

What is derived first is an equation like any other: its own gradient comes from the same sweep. A
gradient that is given, or a recursion, is no such equation, and is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations

from symgrad.affine import shift
from symgrad.coincide import unique
from symgrad.derive import Sweep
from symgrad.equation import Equation
from symgrad.errors import NetworkError
from symgrad.expr import (
    Expr,
    Partial,
    Ref,
    children,
    derivatives,
    free_names,
    names,
    rebuild,
    replace_refs,
    walk,
)
from symgrad.inverse import turned
from symgrad.latex import latex
from symgrad.network import Network
from symgrad.rewrite import Derivation, Step
from symgrad.rules.algebra import tidy
from symgrad.witness import Held, confirm_formula

MOST = 2_000
"""A gradient of at most this many nodes is differentiated once more."""


@dataclass(frozen=True)
class Curvature:
    """A derivative of a gradient: the network in which that gradient is `name`, and the derivation
    there, in its own names (`found`) and in those of the question (`told`); `held` are the entries
    at which the oracle says the same."""

    network: Network
    name: Ref
    found: Derivation
    told: Derivation
    held: Held = field(default_factory=Held)


def curvature(network: Network, goal: Partial, confirmed: bool = True) -> Curvature:
    r"""∂²of/∂u∂v, or of higher order, with its steps; each gradient is held against the oracle if
    it is to be `confirmed`.

    >>> from symgrad.expr import Pow, num
    >>> w, L = Ref("w"), Ref("L")
    >>> net = Network((Equation(L, (), Pow(w, num(3))),))
    >>> latex(curvature(net, Partial(Partial(L, w), w)).told.answer)
    '6 w'
    """
    root, by = derivatives(goal)
    if not isinstance(root, Ref) or not all(isinstance(b, Ref) for b in by):
        raise NetworkError(f"found {latex(goal)}, expected names above and below")
    network = _defined(network, root, goal)
    _apart(network, by, goal)
    leaves = {b.name for b in by if isinstance(b, Ref)} - network.by_name.keys()
    summed = {n for t in network.totals for n in names(t.sum)}
    free = len(leaves) == len({b.name for b in by if isinstance(b, Ref)}) and not leaves & summed
    for name in by:
        assert isinstance(name, Ref)
        network = turned(network, root, name)
    first, *rest = reversed(by)
    assert isinstance(first, Ref)
    told, held = _swept(network, root, first, confirmed, free)
    of: Ref = root
    found = told
    for name in rest:
        assert isinstance(name, Ref)
        whole = told.goal
        network, of = _with_gradient(network, found, told)
        found, held = _swept(network, of, name, confirmed, free)
        told = _told(found, of, whole, told)
    return Curvature(network, of, found, told, held)


def opened(e: Expr, network: Network) -> Expr:
    """A formula with each second derivative as its formula; gradients stay."""
    if isinstance(e, Partial) and isinstance(e.of, Partial):
        return curvature(network, e, confirmed=False).told.answer
    kids = children(e)
    return rebuild(e, [opened(k, network) for k in kids]) if kids else e


def _defined(network: Network, of: Ref, goal: Partial) -> Network:
    """The network without names for gradients of `of`, which equations define."""
    if of.name not in network.by_name:
        raise NetworkError(
            f"found {latex(goal)} of {latex(of)}, which nothing defines; a given gradient says "
            "nothing of its own derivatives",
            hint=f"define {latex(of)}",
        )
    return replace(network, upstream=tuple(u for u in network.upstream if u.of.name != of.name))


def _apart(network: Network, by: Sequence[Expr], goal: Expr) -> None:
    """None of the names is computed from another one: else what is held fixed is not said."""
    for a, b in permutations({b.name for b in by if isinstance(b, Ref)}, 2):
        if a in network.behind(b):
            raise NetworkError(
                f"found {latex(goal)}, in which {b} is computed from {a}; expected names of which "
                "none is computed from another",
                hint="differentiate by one of them, or by what both are computed from",
            )


def _swept(
    network: Network, of: Ref, by: Ref, confirmed: bool, identities: bool
) -> tuple[Derivation, Held]:
    """∂of/∂by, its letters those of both names, and where it was held against the oracle."""
    network = unique(network, of, by)
    sweep = Sweep(network, of, inline=MOST, identities=identities)
    found = sweep.gradient(by)
    letters = dict.fromkeys((*found.indices, *sweep.indices(of)))
    found = replace(found, indices=tuple(letters))
    return found, confirm_formula(network, found) if confirmed else Held()


def _with_gradient(network: Network, found: Derivation, told: Derivation) -> tuple[Network, Ref]:
    """The network with one more equation, that of a gradient, and the name of the gradient."""
    symbols = {n for u in network.upstream for n in free_names(u.symbol)}
    if any(isinstance(x, Partial) for x in walk(found.answer)):
        raise NetworkError(
            f"found a derivative of {latex(told.goal)}, which is a recursion; expected a gradient "
            "with a formula of its own",
            hint="give the number of steps as a number",
        )
    if symbols & free_names(found.answer):
        raise NetworkError(
            f"found a derivative of {latex(told.goal)}, in which a gradient is given; what that "
            "depends on is not said",
            hint="define the quantity that it is a gradient of",
        )
    of, by = derivatives(told.goal)
    name = Ref(
        rf"\nabla_{{{','.join(latex(b) for b in by)}}} {latex(of)}",
        tuple(Ref(i.name) for i in found.indices),
    )
    shapes = {r.name: s for r in network.leaves if (s := network.ranges(r.name)) is not None}
    more = Equation(name, found.indices, found.answer)
    equations = (*network.equations, more)
    return replace(network, equations=equations, shapes={**shapes, **network.shapes}), name


def _told(found: Derivation, name: Ref, goal: Partial, before: Derivation) -> Derivation:
    """The derivation with ∂L/∂v for the name that this gradient has in the network; a name that is
    left in the answer is put in."""
    letters = [i.name for i in name.indices if isinstance(i, Ref)]

    def gradient(e: Expr, as_formula: bool = False) -> Expr:
        def one(r: Ref) -> Expr | None:
            if r.name != name.name:
                return None
            put = dict(zip(letters, r.indices, strict=True))
            return shift(before.answer if as_formula else goal, put)

        return replace_refs(e, one)

    d = rewritten(found, gradient)
    if any(isinstance(x, Ref) and x.name == name.name for x in walk(found.answer)):
        after = tidy(gradient(found.answer, as_formula=True))
        steps = (*d.steps, Step("substitute", d.answer, after, ((goal, before.answer),)))
        d = replace(d, steps=steps)
    return replace(d, upstream=(before, *d.upstream))


def rewritten(d: Derivation, f: Callable[[Expr], Expr]) -> Derivation:
    """A derivation with every formula in it rewritten."""
    goal = f(d.goal)
    assert isinstance(goal, Partial)
    steps = tuple(
        replace(
            s,
            before=f(s.before),
            after=f(s.after),
            using=tuple((f(a), f(b)) for a, b in s.using),
        )
        for s in d.steps
    )
    general = d.general
    if general is not None:
        of = f(general[0])
        assert isinstance(of, Partial)
        general = of, f(general[1])
    return replace(
        d,
        goal=goal,
        steps=steps,
        locals=tuple(rewritten(x, f) for x in d.locals),
        upstream=tuple(rewritten(x, f) for x in d.upstream),
        general=general,
    )
