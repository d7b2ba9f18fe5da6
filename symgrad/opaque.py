r"""Gradients through a quantity that is known by its given gradients alone.

With δ = ∂S/∂z and J = S/m, where nothing defines S,  ∂J/∂w  =  ∂J/∂S · ∂S/∂w  beside the paths from
w to J that do not lead through S.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from symgrad.expr import ZERO, Add, Expr, Mul, Partial, Ref
from symgrad.network import Network
from symgrad.rewrite import Derivation, Step

RULE = "through-given"


def opaque(network: Network, of: Ref, by: Ref) -> Iterator[Ref]:
    """The quantities without an equation that `of` is computed from and gradients are given of."""
    if of.name not in network.by_name:
        return
    found: set[str] = set()
    waiting = [of.name]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += (r.ref.name for eq in network.by_name.get(name, ()) for r in eq.reads)
    for s in dict.fromkeys(u.of for u in network.upstream):
        if s.name in found and s.name not in network.by_name and s.name != by.name:
            yield s


def before(network: Network, of: Ref) -> Network:
    """The network without what is computed from a quantity that no equation defines: S does not
    flow through J = S/m."""
    if of.name in network.by_name:
        return network
    after = {of.name}
    while more := {
        eq.target.name
        for eq in network.equations
        if eq.target.name not in after and any(r.ref.name in after for r in eq.reads)
    }:
        after |= more
    if len(after) == 1:
        return network
    return replace(
        network, equations=tuple(eq for eq in network.equations if eq.target.name not in after)
    )


def through(
    d: Derivation, parts: Sequence[tuple[Derivation, Derivation]], neat: Callable[[Expr], Expr]
) -> Derivation:
    """A derivation with the paths through such quantities, ∂J/∂S and ∂S/∂w for each."""
    some = [(a, b) for a, b in parts if ZERO not in (a.answer, b.answer)]
    if not some:
        return d
    links: list[Expr] = [] if d.answer == ZERO else [d.answer]
    values: list[Expr] = list(links)
    links += [Mul((a.goal, b.goal)) for a, b in some]
    values += [Mul((a.answer, b.answer)) for a, b in some]
    using = tuple((x.goal, x.answer) for pair in some for x in pair)
    chain = Step("chain-rule", d.goal, summed(links))
    put = Step(RULE, chain.after, neat(summed(values)), using=using)
    return replace(d, steps=(chain, put), locals=(), upstream=d.upstream, note="")


def summed(terms: Sequence[Expr]) -> Expr:
    """The sum of some terms."""
    return terms[0] if len(terms) == 1 else Add(tuple(terms))


def parts_of(d: Derivation) -> tuple[Partial, ...]:
    """The gradients that a derivation through such quantities puts in; none for another one."""
    last = d.steps[-1]
    return tuple(a for a, _ in last.using if isinstance(a, Partial)) if last.rule == RULE else ()
