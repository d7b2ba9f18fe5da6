"""Which quantity a table header names, and in which unit.

Knows header words only; `count` knows what they count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from symgrad.errors import CountError, Place, cited


class Kind(StrEnum):
    """A countable quantity; the value names it in messages."""

    OUTPUT = "output size"
    MEMORY = "activation memory"
    WEIGHTS = "weights"
    BIASES = "biases"
    PARAMETERS = "parameters"
    MACS = "multiply-adds"
    FLOPS = "FLOPs"
    FIELD = "receptive field"
    CONNECTIONS = "connections"


@dataclass(frozen=True)
class Quantity:
    """A countable quantity and its unit: numbers (''), B, KB or MB."""

    kind: Kind
    unit: str = ""


WORDS: dict[Kind, str] = {
    Kind.OUTPUT: "output size|output shape|output volume|output dimensions|output dimension|"
    "output dim|output dims|output|size|shape|dimensions|dimension|volume|volume size|"
    "activation shape|activation volume|activation dimensions|size of output|"
    "size of the output|shape of output|shape of the output|tensor shape|volume dimensions",
    Kind.MEMORY: "activation memory|memory|activations|activation size|neurons|units|"
    "memory of activations|memory of the activations|activations memory|activation units|"
    "activation count|output memory|output values|output neurons|size of activations",
    Kind.WEIGHTS: "weights|weight|weight count|parameters without biases|"
    "parameters without bias|parameters excluding biases",
    Kind.BIASES: "biases|bias|bias count|bias terms|bias parameters",
    Kind.PARAMETERS: "parameters|parameter|params|param|trainable parameters|trainable params|"
    "learnable parameters|learnable params|trainable|learnable|parameter count|"
    "parameters with biases|parameters with bias|parameters including biases|"
    "weights and biases|weights + biases|free parameters|learned parameters",
    Kind.MACS: "macs|mac|multiply adds|multiply add|multiply accumulates|"
    "multiply accumulate operations|multiplications|multiplies|mult adds|mult add|madds|"
    "mac operations|mac count",
    Kind.FLOPS: "flops|flop|flop count|floating point operations",
    Kind.FIELD: "receptive field|receptive field size|size of receptive field|rf|"
    "receptive fields|receptive",
    Kind.CONNECTIONS: "connections|connection",
}
"""The headers of each quantity, lower case, without 'number of', '#', hyphens and units."""

KINDS = {word: kind for kind, words in WORDS.items() for word in words.split("|")}
LAYER_WORDS = (
    "",
    "layer",
    "layers",
    "name",
    "layer name",
    "operation",
    "op",
    "type",
    "layer type",
    "layer (type)",
    "block",
    "module",
    "stage",
    "architecture",
    "network",
)
BYTES = {
    "bytes": "B",
    "byte": "B",
    "b": "B",
    "kb": "KB",
    "kib": "KB",
    "kilobytes": "KB",
    "mb": "MB",
    "mib": "MB",
    "megabytes": "MB",
}
NUMBERS = ("numbers", "values", "floats", "count", "number", "entries", "per layer", "elements")
SHAPES = re.compile(r"(?:[hwcdn]|height|width|depth|channels)(?:\s*[x×*]\s*\w+)+")
LEAD = re.compile(
    r"(?:the |total )*(?:(?:number|count|no\.?|num\.?|nr\.?|#) of |#)?\s*(?:the |total )*"
)
LONGEST = 200
"""Most characters of a header that can name a quantity."""
SCALABLE = (Kind.MEMORY, Kind.WEIGHTS, Kind.BIASES, Kind.PARAMETERS)


def quantity(header: str) -> Quantity | None:
    """The quantity a header names, None when it names none this reader knows.

    >>> quantity("# of Parameters"), quantity("Memory (KB)").unit, quantity("Layer")
    (Quantity(kind=<Kind.PARAMETERS: 'parameters'>, unit=''), 'KB', None)
    """
    if len(header) > LONGEST:
        return None
    text = re.sub(r"[$`*_~\\]|text|mathrm", " ", header).lower()
    text, note = _note(" ".join(text.replace("-", " ").split()))
    text = LEAD.sub("", text, count=1).strip(" :.?")
    kind = KINDS.get(f"{text} {note}" if note.startswith(("with", "incl", "excl")) else text)
    if kind is None:
        return None
    if note in BYTES:
        return Quantity(kind, BYTES[note]) if kind in SCALABLE else None
    fits = not note or note in NUMBERS or note.startswith(("with", "incl", "excl"))
    shaped = kind == Kind.OUTPUT and SHAPES.fullmatch(note) is not None
    return Quantity(kind) if fits or shaped else None


def _note(text: str) -> tuple[str, str]:
    """The header, and what it says in brackets or after 'in'."""
    match = re.fullmatch(r"(.*?)\s*[(\[](?:in )?(.*?)[)\]]|(.*\S) in (\w+)", text)
    if match is None:
        return text, ""
    return (match[1] or match[3] or "").strip(), (match[2] or match[4] or "").strip()


def names_layers(header: str) -> bool:
    """Is this the header of the column that holds the layers?"""
    return " ".join(re.sub(r"[$`*_:]", " ", header).lower().split()) in LAYER_WORDS


def unknown(header: str, at: Place | None = None) -> CountError:
    """The error for a header with a `?` in its column that names no quantity."""
    known = ", ".join(kind.value for kind in Kind)
    return CountError(
        f"found the header {cited(header.strip())}, expected a quantity that can be counted",
        at=at,
        hint=f"use one of: {known} (memory also in bytes, KB, MB)",
    )
