r"""The catalogue of layers: forward equations, and textbook gradients as claims.

Nothing here is used to derive anything. A claim is a formula that a person has published; the tests
derive the gradient and decide that the two are equal for all sizes. One file holds each family.
"""

from __future__ import annotations

from collections.abc import Iterator

from symgrad.errors import NetworkError
from symgrad.layers.activations import ACTIVATIONS
from symgrad.layers.attention import ATTENTION
from symgrad.layers.convolution import CONVOLUTIONS
from symgrad.layers.curvature import CURVATURE
from symgrad.layers.dense import DENSE
from symgrad.layers.losses import LOSSES
from symgrad.layers.normalisation import NORMALISATION
from symgrad.layers.other import OTHER
from symgrad.layers.pooling import POOLING
from symgrad.layers.record import Claim, Family, Layer
from symgrad.layers.recurrent import RECURRENT

__all__ = ["CATALOGUE", "FAMILIES", "Claim", "Family", "Layer", "every_claim", "family", "layer"]

LAYERS = Family(
    "layers",
    "Gradients of layers",
    (("Convolutions", CONVOLUTIONS), ("Fully connected layers", DENSE), ("Pooling", POOLING)),
)

FAMILIES: tuple[Family, ...] = (
    LAYERS,
    ACTIVATIONS,
    LOSSES,
    NORMALISATION,
    ATTENTION,
    RECURRENT,
    OTHER,
    CURVATURE,
)
"""The families, each with a sheet of its name in ``solutions/``."""

CATALOGUE: tuple[Layer, ...] = tuple(x for f in FAMILIES for x in f.layers)
"""The layers, in the order of the sheets."""


def layer(name: str) -> Layer:
    """The layer of a name.

    >>> layer("dense").claims[0].right
    '\\\\delta_i x_j'
    """
    found = {x.name: x for x in CATALOGUE}
    if name not in found:
        raise NetworkError(
            f"found the layer {name}, expected one of {', '.join(found)}",
            hint="symgrad layers lists them",
        )
    return found[name]


def family(name: str) -> Family | None:
    """The family of a name, if there is one."""
    return next((f for f in FAMILIES if f.name == name), None)


def every_claim() -> Iterator[tuple[Layer, Claim]]:
    """Each claim with its layer."""
    return ((x, c) for x in CATALOGUE for c in x.claims)
