r"""Where the parts of a circuit stand.

`layout` places the nodes of a computation graph in columns, inputs first, and routes its wires.
Every wire leaves its source horizontally for a stub: the value stands above the stub, the
gradient below it. Wires bend only between columns and cross a column only where nothing else
stands, so a number never touches a wire. Knows LaTeX strings, not formulas.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from symgrad.figure import Curve, Disc, Drawing, Point, Role, Text, extent
from symgrad.graph import (
    BLANK,
    BOX,
    LIFT,
    NAME,
    NEAR,
    NUMBER,
    PAD,
    RADIUS,
    SIGN,
    Graph,
    Label,
    Node,
    Spot,
    Wire,
    build,
)

TEXT_WIDTH = 453.5
"""Sixteen centimetres: the width of a sheet's text."""

SEPARATION = 7.0
PORT = math.radians(34)
STEEPEST = math.radians(62)
SWEEPS = 12
REACH = 0.42


@dataclass(frozen=True)
class _Spacing:
    """Widths: the shortest stub, and the room between columns as a part of how far its wires
    bend, within limits."""

    stub: float
    bend: float
    narrowest: float
    widest: float


LOOSENESS = (1.0, 0.8, 0.6, 0.4, 0.2, 0.0)
GENTLE = 0.86
"""A wide drawing is made this much smaller before its parts move closer together."""


def _spacing(looseness: float) -> _Spacing:
    return _Spacing(
        22.0 + 14.0 * looseness,
        0.30 + 0.25 * looseness,
        8.0 + 4.0 * looseness,
        26.0 + 18.0 * looseness,
    )


def layout(
    nodes: Sequence[Node],
    wires: Sequence[Wire],
    labels: Mapping[str, Label],
    width: float = TEXT_WIDTH,
) -> Drawing:
    """The drawing of a graph, no wider than `width`, or than a page where one is to write in it;
    nodes and wires in the author's order.

    >>> from symgrad.graph import Label, Node, Wire
    >>> nodes = [Node("x", "input", "x"), Node("g", "gate", "x^2"), Node("f", "output", "f")]
    >>> drawing = layout(nodes, [Wire("x", "g"), Wire("g", "f")], {"x": Label("3", "6")})
    >>> [t.latex for t in drawing.texts if t.role == "gradient"]
    ['6']
    """
    graph = build(nodes, wires, labels)
    columns = graph.ordered()
    drawing = _roomy(graph, columns, width)
    if width < LANDSCAPE and _has_blanks(graph) and drawing.width > MOST_SHRUNK * width:
        drawing = _roomy(graph, columns, width := LANDSCAPE)
    return drawing.scaled(width / drawing.width) if drawing.width > width else drawing.rounded()


LANDSCAPE = 560.0
"""The width of a drawing that is turned the page's way."""

MOST_SHRUNK = 1.4
"""A drawing to write in that is this much too wide is turned."""

MOST_GROWN = 2.0
"""Boxes grow this much at most against the rest, which would become too small to read."""

HAND = (23.0, 14.7)
"""The least room for a hand-written number, 8 by 5 millimetres and a little."""


def _roomy(graph: Graph, columns: list[list[int]], width: float) -> Drawing:
    """The drawing before it is scaled to `width`, with boxes that leave room to write then."""
    for _ in range(SWEEPS):
        drawing = _loose(graph, columns, width)
        shrunk = min(max(1.0, drawing.width / width), MOST_GROWN)
        wide, high = max(BOX[0], HAND[0] * shrunk), max(BOX[1], HAND[1] * shrunk)
        now = graph.spots[0].box
        if not _has_blanks(graph) or max(wide - now[0], high - now[1]) < 0.1:
            break
        for spot in graph.spots:
            spot.box = wide, high
    return drawing


def _has_blanks(graph: Graph) -> bool:
    return any(BLANK in (s.label.value, s.label.gradient) for s in graph.spots)


def _loose(graph: Graph, columns: list[list[int]], width: float) -> Drawing:
    """The drawing with its parts as far apart as it may be."""
    _stack(graph, columns)
    for looseness in LOOSENESS:
        _spread(graph, columns, _spacing(looseness))
        drawing = _drawing(graph)
        if drawing.width * GENTLE <= width:
            break
    return drawing


def fit(wanted: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """Positions nearest to the wanted ones, Σ (y_i - wanted_i)² least, with
    y_{i+1} - y_i ≥ gaps_i.

    >>> fit([0, 0, 9], [2, 2])
    [-1.0, 1.0, 9.0]
    """
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    blocks: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=False):
        mean, size = want - offset, 1
        while blocks and blocks[-1][0] > mean:
            before, count = blocks.pop()
            mean, size = (before * count + mean * size) / (count + size), count + size
        blocks.append((mean, size))
    means = [mean for mean, size in blocks for _ in range(size)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=False)]


def _stack(graph: Graph, columns: list[list[int]]) -> None:
    """Heights: each spot beside the middle of what it is joined to, neighbours apart."""
    spots = graph.spots
    gaps = [
        [spots[a].fall() + SEPARATION + spots[b].rise() for a, b in pairwise(column)]
        for column in columns
    ]
    for column, gap in zip(columns, gaps, strict=True):
        _settle(spots, column, gap, [0.0] * len(column))
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 1
        order = range(len(columns)) if forward else range(len(columns) - 1, -1, -1)
        for c in order:
            wanted = [_middle(spots, spots[n], forward) for n in columns[c]]
            _settle(spots, columns[c], gaps[c], wanted)
    top = min(s.y - s.rise() for s in spots)
    for spot in spots:
        spot.y -= top


def _settle(spots: list[Spot], column: list[int], gaps: list[float], want: list[float]) -> None:
    for n, y in zip(column, fit(want, gaps), strict=True):
        spots[n].y = y


def _middle(spots: list[Spot], spot: Spot, forward: bool) -> float:
    near = spot.sources if forward else spot.targets
    return sum(spots[n].y for n in near) / len(near) if near else spot.y


def _spread(graph: Graph, columns: list[list[int]], spacing: _Spacing) -> None:
    """Columns from left to right: a node's own width, its stub, then room for wires to bend."""
    spots = graph.spots
    x = 0.0
    for column in columns:
        here = [spots[n] for n in column]
        half = max(s.half for s in here)
        stub = max(_stub(s, spacing) for s in here)
        for spot in here:
            # Gates begin where their column begins: wires are done bending there.
            spot.x = x + (spot.half if spot.is_gate() else 2 * half - spot.half)
            spot.stub = x + (2 * half if spot.node else 0)
            spot.end = x + 2 * half + stub
        bends = [abs(spots[t].y - s.y) for s in here for t in s.targets]
        room = min(max(spacing.bend * max(bends, default=0.0), spacing.narrowest), spacing.widest)
        bending = any(spots[t].node is None or spots[t].is_gate() for s in here for t in s.targets)
        x += 2 * half + stub + (room if bending else 0.0)


def _stub(spot: Spot, spacing: _Spacing) -> float:
    least = spacing.stub if spot.node and spot.targets else 0.0
    return max([least, *(t.width + 2 * PAD for t in spot.texts())])


def _drawing(graph: Graph) -> Drawing:
    spots = graph.spots
    texts = [t for s in spots for t in _placed(s)]
    discs = [Disc(s.x, s.y, s.half, RADIUS) for s in spots if s.is_gate()]
    dots = [(spots[n].end, spots[n].y) for n in sorted(graph.forked)]
    width = max(s.end if s.targets else s.x + s.half for s in spots)
    height = max(s.y + s.fall() for s in spots)
    return Drawing(width, height, tuple(discs), tuple(_curves(graph)), tuple(texts), tuple(dots))


def _curves(graph: Graph) -> Iterable[Curve]:
    """One curve per wire; where wires fork, one for their common stub and one per branch."""
    spots = graph.spots
    heights = {n: s.y for n, s in enumerate(spots)}
    angles: dict[tuple[int, int], float] = {}
    for n, spot in enumerate(spots):
        arriving = graph.arrivals(n, heights)
        for source, angle in zip(arriving, _ports(spots, arriving, spot), strict=True):
            angles[source, n] = angle
    for n, spot in enumerate(spots):
        if spot.node is None or not spot.targets:
            continue
        stub = _level((spot.x + spot.half, spot.y), spot.end)
        if n in graph.forked:
            yield Curve(stub)
            stub = stub[-1:]
        for target in spot.targets:
            yield Curve(stub + _course(spots, angles, n, target))


def _course(
    spots: list[Spot], angles: dict[tuple[int, int], float], source: int, target: int
) -> tuple[Point, ...]:
    """The points of a wire after its stub, through the columns it passes, to its gate."""
    points: tuple[Point, ...] = ()
    while True:
        start = (spots[source].end, spots[source].y)
        points += _bend(start, spots[target], angles[source, target])
        if spots[target].node is not None:
            return points
        points += _level(points[-1], spots[target].end)[1:]
        source, target = target, spots[target].targets[0]


def _level(start: Point, end: float) -> tuple[Point, ...]:
    """A horizontal line as a cubic, from a point to an x."""
    x, y = start
    third = (end - x) / 3
    return (start, (x + third, y), (end - third, y), (end, y))


def _ports(spots: list[Spot], arriving: list[int], spot: Spot) -> list[float]:
    """The angles at which wires meet a gate, from top to bottom: facing their sources, apart."""
    if not spot.is_gate():
        return [0.0] * len(arriving)
    facing = [
        max(-STEEPEST, min(STEEPEST, math.atan2(spots[s].y - spot.y, spot.x - spots[s].end)))
        for s in arriving
    ]
    apart = min(PORT, 2 * STEEPEST / max(1, len(arriving) - 1))
    angles = fit(facing, [apart] * (len(arriving) - 1))
    shift = min(0.0, STEEPEST - angles[-1]) + max(0.0, -STEEPEST - angles[0]) if angles else 0.0
    return [a + shift for a in angles]


def _bend(start: Point, spot: Spot, angle: float) -> tuple[Point, ...]:
    """From the end of a stub to a port: level at the start, towards the centre at the end."""
    if spot.node is None:
        end = (spot.stub, spot.y)
    elif spot.is_gate():
        x = spot.x - spot.half + RADIUS
        end = (x - RADIUS * math.cos(angle), spot.y + RADIUS * math.sin(angle))
    else:
        end = (spot.x - spot.half, spot.y)
    reach = REACH * (end[0] - start[0])
    out = (end[0] - reach * math.cos(angle), end[1] + reach * math.sin(angle))
    return ((start[0] + reach, start[1]), out, end)


def _placed(spot: Spot) -> Iterable[Text]:
    """The texts of a spot where they stand."""
    middle = (spot.stub + spot.end) / 2
    for t in spot.texts():
        y = spot.y - LIFT if t.anchor == "above" else spot.y + LIFT
        yield Text(middle, y, t.anchor, t.latex, t.role, t.size, t.width, t.height)
    if spot.node is None:
        return
    role: Role = "sign" if spot.is_gate() else "name"
    size = SIGN if role == "sign" else NAME
    latex = spot.node.latex
    yield Text(spot.x, spot.y, "centre", latex, role, size, *extent(latex, size))
    if spot.node.name:
        name = spot.node.name
        y = spot.y - RADIUS - NEAR
        yield Text(spot.x, y, "above", name, "name", NUMBER, *extent(name, NUMBER))
