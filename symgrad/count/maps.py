"""Maps of a layer as LeNet's paper writes them: which inputs each sees, what each learns; names.

    C3: 16 maps 5×5 (6 maps see 3 inputs, 9 see 4, 1 sees 6)

C counts convolutions, S subsamplings, F fully connected layers; a name followed by a layer of its
own, `conv1: CONV5-6`, is a name alone.
"""

from __future__ import annotations

import re

from symgrad.count.layer import Pair
from symgrad.count.lexeme import place
from symgrad.count.size import equal, number, worked
from symgrad.count.spelling import HEAD
from symgrad.errors import CountError, Place, cited
from symgrad.expr import Add, Expr, Neg

LABEL = re.compile(r"(?P<name>[A-Za-z][\w-]{0,20})\s*:(?!:)")
SERIES = {"C": "conv", "S": "pool", "F": "fc"}
"""What LeNet's letters say where no word does."""

SEEING = ("see", "sees", "read", "reads", "are connected to", "is connected to", "connected to")
MAPS = ("feature maps", "filters", "filter", "kernels", "maps", "map")
INPUTS = (
    "input feature maps",
    "input channels",
    "input channel",
    "input maps",
    "input map",
    "inputs",
    "input",
    "channels",
    "channel",
    "maps",
    "map",
)

POOLED: dict[str, tuple[str, object]] = {
    f"{one} {weight} and {two} bias per {each}": ("trainable", True)
    for one, two in (("one", "one"), ("a", "a"), ("a trainable", "a"), ("one trainable", "one"))
    for weight in ("weight", "coefficient")
    for each in ("map", "feature map", "channel")
}
POOLED |= {k.removeprefix("a "): v for k, v in POOLED.items() if k.startswith("a ")}
"""What makes a pooling trainable: c · (sum of the window) + b, for each map."""


def head_of(text: str, start: int) -> tuple[re.Match[str] | None, int, str]:
    """The word that names the layer at `start`, where what follows begins, and the kind that a
    name of LeNet's series says by itself.

    >>> head_of("S2: 2×2 subsampling", 0)[1:], head_of("F6: 84 units", 0)[1:]
    ((19, ''), (3, 'fc'))
    """
    label = LABEL.match(text, start)
    rest = start if label is None else label.end()
    begins = rest + len(text[rest:]) - len(text[rest:].lstrip())
    head = HEAD.match(text, begins) or HEAD.match(text, start)
    if head is not None:
        return head, head.end(), ""
    series = None if label is None else re.fullmatch(r"([CSF])\d+", label["name"])
    return None, rest, SERIES[series[1]] if series else ""


def linked(
    links: tuple[Pair, ...], filters: Expr, channels: Expr, text: str, at: Place | None
) -> None:
    """Refuse a connection table that leaves maps out, or maps that see more than there is."""
    maps = Add(tuple(n for n, _ in links))
    if not equal(maps, filters):
        raise CountError(
            f"found {cited(text)} with a table of {worked(maps)} maps, "
            f"expected one of {worked(filters)}",
            at=place(text, 0, at),
            hint="say of every map how many inputs it sees: 6 maps see 3 inputs, 10 see 4",
        )
    for _, seen in links:
        if (more := number(Add((seen, Neg(channels))))) is not None and more > 0:
            raise CountError(
                f"found a map that sees {worked(seen)} inputs in {cited(text)}, "
                f"expected at most {worked(channels)}",
                at=place(text, 0, at),
                hint="correct the table, or the layer before it",
            )
