"""What a layer is, and what a convention in words says about layers."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Literal

from symgrad.errors import Place
from symgrad.expr import Expr, Num, Ref, substitute

CONVOLUTIONS = ("conv", "dwconv", "tconv")
POOLS = ("pool", "maxpool", "avgpool")
TAKES: dict[str, tuple[str, ...]] = {
    "conv": (
        "kernel",
        "filters",
        "stride",
        "padding",
        "rounding",
        "bias",
        "dilation",
        "groups",
        "links",
    ),
    "dwconv": ("kernel", "filters", "stride", "padding", "rounding", "bias", "dilation"),
    "tconv": ("kernel", "filters", "stride", "padding", "bias", "dilation", "extra"),
    **dict.fromkeys(POOLS, ("kernel", "stride", "padding", "rounding", "dilation", "trainable")),
    "fc": ("filters", "bias"),
}
"""The options that mean something to a layer; a layer not named here takes none."""

Pair = tuple[Expr, Expr]
Padding = Pair | Literal["same"]


@dataclass(frozen=True)
class Options:
    """What is said about a layer; None where nothing is said.

    `filters` is also the number of neurons of a fully connected layer; `extra` is the output
    padding of a transposed convolution; a `trainable` pooling has a weight and a bias for each
    map; `links` say how many maps see how many inputs.
    """

    kernel: Pair | None = None
    filters: Expr | None = None
    stride: Pair | None = None
    padding: Padding | None = None
    rounding: Literal["floor", "ceil"] | None = None
    bias: bool | None = None
    dilation: Expr | None = None
    groups: Expr | None = None
    extra: Expr | None = None
    trainable: bool | None = None
    links: tuple[Pair, ...] | None = None

    def given(self) -> dict[str, object]:
        """The options that are said."""
        pairs = ((f.name, getattr(self, f.name)) for f in fields(self))
        return {name: value for name, value in pairs if value is not None}

    def over(self, weaker: Options) -> Options:
        """These options, with those of `weaker` where these say nothing."""
        return Options(**{**weaker.given(), **self.given()})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Layer:
    """One layer: what it is, how its author spells it, what is said about it.

    `shape` is the size of an input (height, width, channels, or one length), or what a layer is
    said to stand `on`.
    """

    kind: str
    text: str
    options: Options = Options()
    shape: tuple[Expr, ...] = ()
    at: Place | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Convention:
    """Options in words for every layer that a pattern names.

    A number in the pattern is meant literally, a name stands for any size: CONV5-N is every
    5×5 convolution. A bare pattern (no kernel, no filters) is every layer of the kind.
    """

    kind: str
    text: str
    kernel: Pair | None = None
    filters: Expr | None = None
    options: Options = Options()

    def names(self, layer: Layer) -> bool:
        """Does this convention speak of `layer`?"""
        return self._kind(layer.kind) and self._sizes(layer.options)

    def _kind(self, kind: str) -> bool:
        wide = {"conv": CONVOLUTIONS, "pool": POOLS} if self.bare() else {"pool": POOLS}
        return kind in wide.get(self.kind, (self.kind,))

    def _sizes(self, said: Options) -> bool:
        if self.bare():
            return True
        if self.kernel is None or said.kernel is None:
            kernels = self.kernel is said.kernel
        else:
            kernels = all(map(_fits, self.kernel, said.kernel))
        return kernels and (self.filters is None or _fits(self.filters, said.filters))

    def bare(self) -> bool:
        """Does it name a kind of layer and no sizes?"""
        return self.kernel is None and self.filters is None

    def rank(self) -> int:
        """How narrowly it names layers: a narrow convention beats a wide one."""
        sizes = (*(self.kernel or ()), self.filters)
        return (not self.bare()) + 2 * sum(isinstance(s, Num) for s in sizes)

    def bound(self, layer: Layer) -> Options:
        """The options, with the pattern's names replaced by the sizes of `layer`."""
        said = layer.options
        by: dict[str, Expr] = {}
        for mine, its in (
            *zip(self.kernel or (), said.kernel or (), strict=False),
            (self.filters, said.filters),
        ):
            if isinstance(mine, Ref) and its is not None and not mine.indices:
                by[mine.name] = its
        return _replaced(self.options, by)


def _fits(pattern: Expr, size: Expr | None) -> bool:
    return size is not None and (isinstance(pattern, Ref) or pattern == size)


def _replaced(options: Options, by: dict[str, Expr]) -> Options:
    def one(value: object) -> object:
        if isinstance(value, tuple):
            return tuple(map(one, value))
        return substitute(value, by) if isinstance(value, Expr) else value

    return Options(**{k: one(v) for k, v in options.given().items()})  # type: ignore[arg-type]
