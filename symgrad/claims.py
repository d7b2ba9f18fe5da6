r"""Textbook claims of the catalogue against what is derived: the proof of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from symgrad.api import Network
from symgrad.compare import pair_of
from symgrad.decide import BUDGET, decide
from symgrad.errors import NetworkError
from symgrad.layers import Claim, Layer
from symgrad.notation import read_expression
from symgrad.pair import Pair
from symgrad.rewrite import Derivation
from symgrad.verdict import Verdict


@dataclass(frozen=True)
class Judged:
    """A claim, the gradient that was derived, and the verdict on the two."""

    claim: Claim
    derivation: Derivation
    verdict: Verdict


@lru_cache(maxsize=512)
def derived(made: Layer, claim: Claim) -> tuple[Network, Derivation]:
    """The gradient that a claim is about, derived from the layer's equations."""
    net = Network(*made.equations)
    found = net.answered(net.question(f"{claim.left} = ?")).derivation
    if found is None:
        raise NetworkError(f"found {claim.left}, expected a gradient")
    return net, found


def pair(made: Layer, claim: Claim) -> tuple[Derivation, Pair]:
    """The derived gradient and the claim, the free indices in their ranges."""
    net, found = derived(made, claim)
    letters = {**net.scope.letters, **{i.name: i.range for i in found.indices}}
    scope = replace(net.scope, letters=letters)
    return found, pair_of(found.answer, read_expression(claim.right), scope)


def judged(made: Layer, budget: float = BUDGET) -> Iterator[Judged]:
    """The verdict on each claim of a layer.

    >>> from symgrad.layers import layer
    >>> [j.verdict.name for j in judged(layer("dense"))]
    ['Equal', 'Equal', 'Equal']
    """
    for claim in made.claims:
        found, both = pair(made, claim)
        yield Judged(claim, found, decide(both, budget))
