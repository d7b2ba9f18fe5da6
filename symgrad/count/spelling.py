"""How layers and their options are spelled in the literature: tables of words, no grammar."""

from __future__ import annotations

import re

from symgrad.expr import num

KINDS: dict[str, tuple[str, ...]] = {
    "input": ("input image", "input layer", "input", "image"),
    "dwconv": (
        "depthwise convolution",
        "depthwise conv2d",
        "depthwise conv",
        "depthwise",
        "dw conv",
    ),
    "pwconv": ("pointwise convolution", "pointwise conv", "pw conv"),
    "tconv": (
        "transposed convolution",
        "transposed conv",
        "conv2d transpose",
        "conv transpose",
        "deconvolution",
        "deconv",
        "tconv",
    ),
    "conv": ("convolutional", "convolution", "conv2d", "conv"),
    "globalpool": (
        "global average pooling",
        "global average pool",
        "global avg pooling",
        "global avg pool",
        "global max pooling",
        "global max pool",
        "gap",
    ),
    "maxpool": ("max pooling", "max pool2d", "max pool"),
    "avgpool": (
        "average pooling",
        "average pool",
        "avg pooling",
        "avg pool2d",
        "avg pool",
        "mean pooling",
    ),
    "pool": ("pooling", "pool", "sub sampling"),
    "fc": ("fully connected", "linear", "dense", "affine", "fc"),
    "flatten": ("flatten",),
    "batchnorm": (
        "batch normalization",
        "batch normalisation",
        "batch norm2d",
        "batch norm",
        "bn",
    ),
    "dropout": ("dropout",),
    "softmax": ("log softmax", "softmax"),
    "activation": (
        "leaky relu",
        "relu",
        "sigmoid",
        "tanh",
        "gelu",
        "elu",
        "selu",
        "silu",
        "swish",
        "softplus",
    ),
    "normalization": ("local response normalization", "local response normalisation", "lrn"),
}
"""Every layer this reader knows, with its spellings; a space may also be a hyphen or nothing."""

ACTIVATIONS = KINDS["activation"]
"""Named after a convolution or FC, these change no count."""


def _spelled(alias: str) -> str:
    return r"[-\s]*".join(alias.split())


ALIASES = sorted(((a, k) for k, names in KINDS.items() for a in names), key=lambda p: -len(p[0]))
HEAD = re.compile(
    r"(?<![A-Za-z_\\0-9])(?:(?P<high>[1-9]\d{0,8})[\s$]*(?:×|x|\\times|\*)[\s$]*(?P<wide>[1-9]\d{0,8})[\s$]+)?"
    + "(?:"
    + "|".join(f"(?P<k{n}>{_spelled(a)})" for n, (a, _) in enumerate(ALIASES))
    + ")",
    re.IGNORECASE,
)
"""The word that names a layer, perhaps after its kernel: CONV, 3×3 conv, max-pooling."""

FLAGS: dict[str, tuple[str, object]] = {
    "no zero padding": ("padding", (num(0), num(0))),
    "no padding": ("padding", (num(0), num(0))),
    "no pad": ("padding", (num(0), num(0))),
    "without zero padding": ("padding", (num(0), num(0))),
    "without padding": ("padding", (num(0), num(0))),
    "unpadded": ("padding", (num(0), num(0))),
    "valid padding": ("padding", (num(0), num(0))),
    "valid convolution": ("padding", (num(0), num(0))),
    "valid": ("padding", (num(0), num(0))),
    "same padding": ("padding", "same"),
    "same convolution": ("padding", "same"),
    "same": ("padding", "same"),
    "no bias": ("bias", False),
    "no biases": ("bias", False),
    "no bias term": ("bias", False),
    "no bias terms": ("bias", False),
    "without bias": ("bias", False),
    "without biases": ("bias", False),
    "without a bias": ("bias", False),
    "bias free": ("bias", False),
    "bias = false": ("bias", False),
    "bias = true": ("bias", True),
    "with bias": ("bias", True),
    "with biases": ("bias", True),
    "with a bias": ("bias", True),
    "have biases": ("bias", True),
    "have a bias": ("bias", True),
    "has a bias": ("bias", True),
    "ignore biases": ("bias", False),
    "ignore the biases": ("bias", False),
    "biases are ignored": ("bias", False),
    "floor": ("rounding", "floor"),
    "rounded down": ("rounding", "floor"),
    "round down": ("rounding", "floor"),
    "ceil": ("rounding", "ceil"),
    "ceiling": ("rounding", "ceil"),
    "rounded up": ("rounding", "ceil"),
    "round up": ("rounding", "ceil"),
}
"""Options that are said in full."""

VALUES: dict[str, str] = {
    "zero padding": "padding",
    "zero pad": "padding",
    "padding": "padding",
    "padded by": "padding",
    "padded with": "padding",
    "pad": "padding",
    "p =": "padding",
    "output padding": "extra",
    "stride": "stride",
    "strides": "stride",
    "s =": "stride",
    "dilation rate": "dilation",
    "dilation factor": "dilation",
    "dilation": "dilation",
    "groups": "groups",
    "kernel size": "kernel",
    "filter size": "kernel",
    "window size": "kernel",
    "kernel": "kernel",
    "window": "kernel",
    "size": "kernel",
    "f =": "kernel",
    "filters": "filters",
    "filters =": "filters",
    "channels": "filters",
    "output channels": "filters",
    "units": "filters",
    "neurons": "filters",
}
"""Options that are followed by their value. F, S, P, K are those of CS231n's notes."""

COUNTED = (
    "output channels",
    "feature maps",
    "hidden units",
    "filters",
    "filter",
    "kernels",
    "maps",
    "channels",
    "neurons",
    "neuron",
    "units",
    "nodes",
    "outputs",
    "classes",
)
WINDOWS = ("filters", "filter", "kernels", "kernel", "window", "windows", "convolution", "conv")
JOINING = (
    "with",
    "and",
    "of",
    "at",
    "a",
    "an",
    "the",
    "using",
    "use",
    "uses",
    "has",
    "have",
    "layer",
    "layers",
)
SIDES = ("on each side", "on all sides", "on every side", "pixels", "pixel", "px")
GUARDED = (
    "stride",
    "strides",
    "pad",
    "padding",
    "paddings",
    "padded",
    "dilation",
    "dilated",
    "bias",
    "biases",
    "groups",
    "floor",
    "ceil",
    "ceiling",
    "round",
    "rounded",
)
"""Words that never pass unread in a convention."""
MODES = ("valid", "same")
"""Paddings by name; in a sentence the words may be plain English."""
ALIKE = (
    "amount",
    "as",
    "channels",
    "depth",
    "filter",
    "filters",
    "for",
    "height",
    "input",
    "kernel",
    "kernels",
    "kind",
    "number",
    "output",
    "resolution",
    "shape",
    "size",
    "sizes",
    "spatial",
    "type",
    "way",
    "weights",
    "width",
)
"""Words that make 'same' before them plain English."""
NOT = ("not", "never", "t", "cannot", "neither", "nor")
AUXILIARIES = ("do", "does", "don", "doesn", "did", "never", "don't", "doesn't", "aren", "isn")
"""What may stand between a layer and its negated verb; `don` is what an apostrophe leaves."""
DENIED: dict[str, tuple[str, object]] = {
    "zero padding": ("padding", (num(0), num(0))),
    "paddings": ("padding", (num(0), num(0))),
    "padding": ("padding", (num(0), num(0))),
    "padded": ("padding", (num(0), num(0))),
    "pad": ("padding", (num(0), num(0))),
    "biases": ("bias", False),
    "bias terms": ("bias", False),
    "bias term": ("bias", False),
    "bias": ("bias", False),
}
"""What 'not' denies."""
DENYING = (
    "use",
    "have",
    "apply",
    "add",
    "need",
    "contain",
    "include",
    "involve",
    "employ",
    "any",
    "a",
    "zero",
    "are",
    "be",
)
"""Words between 'not' and what it denies."""
VERBS = (
    "is",
    "are",
    "denotes",
    "denote",
    "means",
    "mean",
    "stands for",
    "stand for",
    "refers to",
    "represents",
    "represent",
    "uses",
    "use",
    "has",
    "have",
)


def first_words(phrases: tuple[str, ...]) -> set[str]:
    """The words the phrases begin with."""
    return {p.split()[0] for p in phrases}
