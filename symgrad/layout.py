r"""Where the parts of a circuit stand.

`layout` places the nodes of a computation graph in columns, inputs first, and routes its wires.
Every wire leaves its source horizontally for a stub: the value stands above the stub, the
gradient below it. Wires bend only between columns and cross a column only where nothing else
stands, so a number never touches a wire. Knows LaTeX strings, not formulas.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import Literal

from symgrad.errors import SheetError
from symgrad.figure import Anchor, Curve, Disc, Drawing, Point, Role, Text, extent

Kind = Literal["input", "gate", "output"]

BLANK = "?"
"""A number that the reader is to fill in: drawn as an empty box."""

TEXT_WIDTH = 453.5
"""Sixteen centimetres: the width of a sheet's text."""

NUMBER, NAME, SIGN, SHARE = 9.5, 11.0, 10.0, 7.5
RADIUS, STUB, PAD, LIFT = 11.0, 36.0, 3.0, 2.8
BOX = (31.0, 15.0)
SEPARATION, NARROWEST, WIDEST = 7.0, 12.0, 40.0
PORT = math.radians(34)
STEEPEST = math.radians(62)
SWEEPS = 12


@dataclass(frozen=True)
class Node:
    r"""A leaf, a gate, or the place where the result comes out.

    `latex` is the name of an input or output and the sign of a gate; `name` stands above a gate
    that the author named; a gate that `commutes` may take its wires in any order.
    """

    id: str
    kind: Kind
    latex: str
    name: str = ""
    commutes: bool = False


@dataclass(frozen=True)
class Wire:
    """A wire; those into one target come in operand order. `share` is the part of the source's
    gradient that flows back through this wire, shown where a source forks."""

    source: str
    target: str
    share: str | None = None


@dataclass(frozen=True)
class Label:
    """The two numbers of a source, as LaTeX: None draws nothing, `BLANK` an empty box."""

    value: str | None = None
    gradient: str | None = None


def layout(
    nodes: Sequence[Node],
    wires: Sequence[Wire],
    labels: Mapping[str, Label],
    width: float = TEXT_WIDTH,
) -> Drawing:
    """The drawing of a graph, no wider than `width`; nodes and wires in the author's order.

    >>> nodes = [Node("x", "input", "x"), Node("g", "gate", "x^2"), Node("f", "output", "f")]
    >>> drawing = layout(nodes, [Wire("x", "g"), Wire("g", "f")], {"x": Label("3", "6")})
    >>> [t.latex for t in drawing.texts if t.role == "gradient"]
    ['6']
    """
    graph = _graph(nodes, wires, labels)
    columns = min((_ordered(graph, kept) for kept in _constraints(graph)), key=graph.crossings)
    _stack(graph, columns)
    _spread(graph, columns)
    drawing = _drawing(graph)
    return drawing.scaled(width / drawing.width) if drawing.width > width else drawing.rounded()


@dataclass
class _Spot:
    """A node, or a place where a long wire passes a column: what takes room there."""

    node: Node | None
    label: Label
    column: int = 0
    sources: list[int] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    share: str | None = None
    half: float = 0.0
    x: float = 0.0
    y: float = 0.0
    stub: float = 0.0
    end: float = 0.0

    def texts(self) -> list[Text]:
        """The numbers on the stub, as they stand around the origin."""
        if self.share is not None:
            return _number(self.share, "below", SHARE)
        above = _number(self.label.value, "above", NUMBER)
        return above + _number(self.label.gradient, "below", NUMBER, "gradient")

    def rise(self) -> float:
        """How far the spot reaches above its wire."""
        own = max((t.height + LIFT for t in self.texts() if t.anchor == "above"), default=1.0)
        if self.node is None:
            return own
        radius = RADIUS if self.node.kind == "gate" else 0.4 * NAME
        return max(own, radius + (NUMBER + LIFT if self.node.name else 0))

    def fall(self) -> float:
        """How far the spot reaches below its wire."""
        own = max((t.height + LIFT for t in self.texts() if t.anchor == "below"), default=1.0)
        radius = 0.0 if self.node is None else RADIUS if self.node.kind == "gate" else 0.4 * NAME
        return max(own, radius)


@dataclass
class _Graph:
    spots: list[_Spot]
    forked: frozenset[int]

    def crossings(self, columns: list[list[int]]) -> int:
        """How many pairs of wires cross between neighbouring columns."""
        place = {s: n for column in columns for n, s in enumerate(column)}
        count = 0
        for column in columns:
            ends = [
                (place[s], place[t], port)
                for t in column
                for port, s in enumerate(self.arrivals(t, place))
            ]
            count += sum(
                (a[0] - b[0]) * (a[1] - b[1]) < 0
                or (a[1] == b[1] and (a[0] - b[0]) * (a[2] - b[2]) < 0)
                for a, b in combinations(ends, 2)
            )
        return count

    def arrivals(self, target: int, place: Mapping[int, float]) -> list[int]:
        """The sources of a spot from its top port to its bottom port."""
        spot = self.spots[target]
        if spot.node is None or not spot.node.commutes:
            return spot.sources
        return sorted(spot.sources, key=lambda s: place[s])


def _number(latex: str | None, anchor: Anchor, size: float, role: Role = "value") -> list[Text]:
    if not latex:
        return []
    if size == SHARE:
        role = "gradient"
    if latex == BLANK:
        return [Text(0, 0, anchor, "", "blank", size, *BOX)]
    return [Text(0, 0, anchor, latex, role, size, *extent(latex, size))]


def _graph(nodes: Sequence[Node], wires: Sequence[Wire], labels: Mapping[str, Label]) -> _Graph:
    number = {node.id: n for n, node in enumerate(nodes)}
    spots = [_Spot(node, labels.get(node.id, Label())) for node in nodes]
    fans = {n: [w for w in wires if number[w.source] == n] for n in range(len(nodes))}
    slots = [w.share is not None or _is_parallel(w, fans[number[w.source]]) for w in wires]
    for n in _topological(len(nodes), [(number[w.source], number[w.target]) for w in wires]):
        spots[n].column = max(
            (
                spots[number[w.source]].column + 1 + slot
                for w, slot in zip(wires, slots, strict=True)
                if number[w.target] == n
            ),
            default=0,
        )
    for wire, slot in zip(wires, slots, strict=True):
        last, target = number[wire.source], number[wire.target]
        for column in range(spots[last].column + 1, spots[target].column):
            spots.append(_Spot(None, Label(), column))
            _join(spots, last, len(spots) - 1)
            last = len(spots) - 1
            if slot and column == spots[number[wire.source]].column + 1:
                spots[last].share = wire.share or ""
        _join(spots, last, target)
    _measure(spots)
    return _Graph(spots, frozenset(n for n, fan in fans.items() if len(fan) > 1))


def _is_parallel(wire: Wire, fan: list[Wire]) -> bool:
    return sum(w.target == wire.target for w in fan) > 1


def _join(spots: list[_Spot], source: int, target: int) -> None:
    spots[source].targets.append(target)
    spots[target].sources.append(source)


def _topological(count: int, edges: list[tuple[int, int]]) -> list[int]:
    sources: list[set[int]] = [set() for _ in range(count)]
    for s, t in edges:
        sources[t].add(s)
    order: list[int] = []
    done: set[int] = set()
    while len(order) < count:
        ready = [n for n in range(count) if n not in done and sources[n] <= done]
        if not ready:
            raise SheetError("found a circle of wires, expected a graph that ends")
        order += ready
        done.update(ready)
    return order


def _measure(spots: list[_Spot]) -> None:
    for spot in spots:
        if spot.node is None:
            continue
        if spot.node.kind == "gate":
            spot.half = max(RADIUS, extent(spot.node.latex, SIGN)[0] / 2 + 2.6)
        else:
            spot.half = extent(spot.node.latex, NAME)[0] / 2 + PAD / 2


def _constraints(graph: _Graph) -> Iterable[frozenset[int]]:
    """Sets of spots that must take their wires in operand order, strictest first. Below a fork
    operand order may be what makes wires cross, so it is given up there if that helps."""
    spots = graph.spots
    gates = frozenset(n for n, s in enumerate(spots) if len(s.sources) > 1)
    fixed = frozenset(n for n in gates if (node := spots[n].node) and not node.commutes)
    below: set[int] = set()
    todo = list(graph.forked)
    while todo:
        spot = todo.pop()
        fresh = [t for t in spots[spot].targets if t not in below]
        below.update(fresh)
        todo += fresh
    return dict.fromkeys([gates, (gates - below) | fixed, fixed])


def _ordered(graph: _Graph, kept: frozenset[int]) -> list[list[int]]:
    """The spots of each column from top to bottom, as Graphviz orders them."""
    try:
        # Loading Graphviz takes longer than reading an exam; most runs draw no circuit.
        from pygraphviz import AGraph  # type: ignore[import-untyped]  # it ships no types
    except ImportError as error:
        raise SheetError(
            "found no pygraphviz, expected it for drawing circuits",
            hint="pip install 'pygraphviz>=2'",
        ) from error
    dot = AGraph(directed=True, strict=False, rankdir="LR", nodesep="0.2", ranksep="0.5")
    dot.node_attr.update(shape="box", fixedsize="true", label="", width="0.4", height="0.3")
    spots = graph.spots
    for n in _reading_order(spots):
        dot.add_node(n, **({"ordering": "in"} if n in kept else {}))
    for n, spot in enumerate(spots):
        for source in spot.sources:
            dot.add_edge(source, n)
    dot.add_subgraph([n for n, s in enumerate(spots) if not s.column], rank="source")
    dot.layout(prog="dot")
    height = {n: -float(dot.get_node(n).attr["pos"].split(",")[1]) for n in range(len(spots))}
    columns: list[list[int]] = [[] for _ in range(1 + max(s.column for s in spots))]
    for n in sorted(height, key=lambda n: (height[n], n)):
        columns[spots[n].column].append(n)
    return columns


def _reading_order(spots: list[_Spot]) -> list[int]:
    """Operands before what uses them, first operands first."""
    order: dict[int, None] = {}
    todo = [n for n, s in reversed(list(enumerate(spots))) if not s.targets]
    while todo:
        waiting = [s for s in spots[todo[-1]].sources if s not in order]
        if waiting:
            todo.append(waiting[0])
        else:
            order.setdefault(todo.pop())
    return list(order)


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


def _stack(graph: _Graph, columns: list[list[int]]) -> None:
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


def _settle(spots: list[_Spot], column: list[int], gaps: list[float], want: list[float]) -> None:
    for n, y in zip(column, fit(want, gaps), strict=True):
        spots[n].y = y


def _middle(spots: list[_Spot], spot: _Spot, forward: bool) -> float:
    near = spot.sources if forward else spot.targets
    return sum(spots[n].y for n in near) / len(near) if near else spot.y


def _spread(graph: _Graph, columns: list[list[int]]) -> None:
    """Columns from left to right: a node's own width, its stub, then room for wires to bend."""
    spots = graph.spots
    x = 0.0
    for column in columns:
        here = [spots[n] for n in column]
        half = max(s.half for s in here)
        stub = max(_stub(s) for s in here)
        for spot in here:
            gate = spot.node is not None and spot.node.kind == "gate"
            output = spot.node is not None and spot.node.kind == "output"
            spot.x = x + half if gate else x + (spot.half if output else 2 * half - spot.half)
            spot.stub = x + 2 * half
            spot.end = spot.stub + stub
        bends = [abs(spots[t].y - s.y) for s in here for t in s.targets]
        x += 2 * half + stub + min(max(0.42 * max(bends, default=0.0), NARROWEST), WIDEST)


def _stub(spot: _Spot) -> float:
    least = 0.0 if spot.node is None or spot.node.kind == "output" else STUB
    return max([least, *(t.width + 2 * PAD for t in spot.texts())])


def _drawing(graph: _Graph) -> Drawing:
    spots = graph.spots
    heights = {n: s.y for n, s in enumerate(spots)}
    discs = [Disc(s.x, s.y, s.half, RADIUS) for s in spots if s.node and s.node.kind == "gate"]
    curves = [_stub_curve(s) for s in spots if s.targets]
    for n, spot in enumerate(spots):
        arriving = graph.arrivals(n, heights)
        curves += [
            _bend((spots[s].end, spots[s].y), spot, angle)
            for s, angle in zip(arriving, _ports(spots, arriving, spot), strict=True)
        ]
    texts = [t for s in spots for t in _placed(s)]
    dots = [(spots[n].end, spots[n].y) for n in sorted(graph.forked)]
    width = max(s.x + s.half if not s.targets else s.end for s in spots)
    height = max(s.y + s.fall() for s in spots)
    return Drawing(width, height, tuple(discs), tuple(curves), tuple(texts), tuple(dots))


def _stub_curve(spot: _Spot) -> Curve:
    start = spot.x + spot.half if spot.node else spot.stub
    third = (spot.end - start) / 3
    y = spot.y
    return Curve(((start, y), (start + third, y), (spot.end - third, y), (spot.end, y)))


def _ports(spots: list[_Spot], arriving: list[int], spot: _Spot) -> list[float]:
    """The angles at which wires meet a gate, from top to bottom: facing their sources, apart."""
    if spot.node is None or spot.node.kind != "gate":
        return [0.0] * len(arriving)
    facing = [
        max(-STEEPEST, min(STEEPEST, math.atan2(spots[s].y - spot.y, spot.x - spots[s].end)))
        for s in arriving
    ]
    apart = min(PORT, 2 * STEEPEST / max(1, len(arriving) - 1))
    angles = fit(facing, [apart] * (len(arriving) - 1))
    shift = min(0.0, STEEPEST - angles[-1]) + max(0.0, -STEEPEST - angles[0]) if angles else 0.0
    return [a + shift for a in angles]


def _bend(start: Point, spot: _Spot, angle: float) -> Curve:
    """From the end of a stub to a port: level at the start, towards the centre at the end."""
    if spot.node is None:
        end = (spot.stub, spot.y)
    elif spot.node.kind == "gate":
        x = spot.x - spot.half + RADIUS
        end = (x - RADIUS * math.cos(angle), spot.y + RADIUS * math.sin(angle))
    else:
        end = (spot.x - spot.half, spot.y)
    reach = 0.42 * (end[0] - start[0])
    out = (end[0] - reach * math.cos(angle), end[1] + reach * math.sin(angle))
    return Curve((start, (start[0] + reach, start[1]), out, end))


def _placed(spot: _Spot) -> Iterable[Text]:
    """The texts of a spot where they stand."""
    middle = (spot.stub + spot.end) / 2
    for t in spot.texts():
        y = spot.y - LIFT if t.anchor == "above" else spot.y + LIFT
        yield Text(middle, y, t.anchor, t.latex, t.role, t.size, t.width, t.height)
    if spot.node is None:
        return
    role: Role = "sign" if spot.node.kind == "gate" else "name"
    size = SIGN if role == "sign" else NAME
    latex = spot.node.latex
    yield Text(spot.x, spot.y, "centre", latex, role, size, *extent(latex, size))
    if spot.node.name:
        name, y = spot.node.name, spot.y - RADIUS - LIFT / 2
        yield Text(spot.x, y, "above", name, "name", NUMBER, *extent(name, NUMBER))
