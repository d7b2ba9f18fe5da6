r"""A computation graph in columns: what takes room where, and in which order from top to bottom.

Nodes stand in the column after the last of what they read; a wire that passes a column takes room
there, and so does the share of a gradient after a fork. Graphviz orders each column. Knows LaTeX
strings, not formulas, and no coordinates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

from symgrad.errors import SheetError
from symgrad.figure import Anchor, Role, Text, extent

Kind = Literal["input", "gate", "output"]

BLANK = "?"
"""A number that the reader is to fill in: drawn as an empty box."""

NUMBER, NAME, SIGN, SHARE = 9.5, 11.0, 10.0, 7.5
RADIUS, PAD, LIFT, NEAR = 11.0, 3.0, 2.8, 1.8
BOX = (31.0, 15.0)
MOST_SPOTS = 1000
MOST_COLUMNS = 24
"""In a longer graph the inputs stand beside the gates that read them, not all at the left."""


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


@dataclass
class Spot:
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
    box: tuple[float, float] = BOX

    def texts(self) -> list[Text]:
        """The numbers on the stub, as they stand around the origin."""
        if self.share is not None:
            return self._number(self.share, "below", SHARE, "gradient")
        above = self._number(self.label.value, "above", NUMBER, "value")
        return above + self._number(self.label.gradient, "below", NUMBER, "gradient")

    def _number(self, latex: str | None, anchor: Anchor, size: float, role: Role) -> list[Text]:
        if not latex:
            return []
        if latex == BLANK:
            return [Text(0, 0, anchor, "", "blank", size, *self.box)]
        return [Text(0, 0, anchor, latex, role, size, *extent(latex, size))]

    def is_gate(self) -> bool:
        """Is it drawn as a circle?"""
        return self.node is not None and self.node.kind == "gate"

    def rise(self) -> float:
        """How far the spot reaches above its wire."""
        own = max((LIFT + t.height for t in self.texts() if t.anchor == "above"), default=1.0)
        name = self.node.name if self.node else ""
        return max(own, self.radius() + (extent(name, NUMBER)[1] + NEAR if name else 0))

    def fall(self) -> float:
        """How far the spot reaches below its wire."""
        own = max((LIFT + t.height for t in self.texts() if t.anchor == "below"), default=1.0)
        return max(own, self.radius())

    def radius(self) -> float:
        """Half the height of what stands on the wire itself."""
        return 0.0 if self.node is None else RADIUS if self.is_gate() else 0.5 * NAME


@dataclass
class Graph:
    """Spots that know their neighbours; those in `forked` feed more than one wire."""

    spots: list[Spot]
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

    def ordered(self) -> list[list[int]]:
        """The spots of each column from top to bottom: fewest crossings, then the author's
        order."""
        orders = [order for kept in self._constraints() for order in self._arranged(kept)]
        return min(orders, key=lambda order: (self.crossings(order), _inversions(order[0])))

    def _constraints(self) -> Iterable[frozenset[int]]:
        """Sets of spots that must take their wires in operand order, strictest first. After a
        fork, operand order may be what makes wires cross, so it is given up there if that
        helps."""
        spots = self.spots
        gates = frozenset(n for n, s in enumerate(spots) if len(s.sources) > 1)
        fixed = frozenset(n for n in gates if (node := spots[n].node) and not node.commutes)
        after: set[int] = set()
        todo = list(self.forked)
        while todo:
            spot = todo.pop()
            fresh = [t for t in spots[spot].targets if t not in after]
            after.update(fresh)
            todo += fresh
        return dict.fromkeys([gates, (gates - after) | fixed, fixed])

    def _arranged(self, kept: frozenset[int]) -> Iterable[list[list[int]]]:
        """The spots of each column from top to bottom, as Graphviz orders them, and upside down."""
        try:
            # Loading Graphviz takes longer than reading an exam; most runs draw no circuit.
            from pygraphviz import AGraph
        except ImportError as error:
            raise SheetError(
                "found no pygraphviz, expected it for drawing circuits",
                hint="pip install 'pygraphviz>=2'",
            ) from error
        dot = AGraph(directed=True, strict=False, rankdir="LR", nodesep="0.2", ranksep="0.5")
        dot.node_attr.update(shape="box", fixedsize="true", label="", width="0.4", height="0.3")
        spots = self.spots
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
        return columns, [column[::-1] for column in columns]


def build(nodes: Sequence[Node], wires: Sequence[Wire], labels: Mapping[str, Label]) -> Graph:
    """The graph of the nodes in columns; nodes and wires in the author's order."""
    number = {node.id: n for n, node in enumerate(nodes)}
    spots = [Spot(node, labels.get(node.id, Label())) for node in nodes]
    fans: list[list[Wire]] = [[] for _ in nodes]
    for wire in wires:
        fans[number[wire.source]].append(wire)
    edges = [
        _Edge(number[w.source], number[w.target], _has_slot(w, fans[number[w.source]]), w.share)
        for w in wires
    ]
    _set_columns(spots, edges)
    for edge in edges:
        _route(spots, edge)
    _measure(spots)
    return Graph(spots, frozenset(n for n, fan in enumerate(fans) if len(fan) > 1))


@dataclass(frozen=True)
class _Edge:
    """A wire between spots; with a `slot` it passes one column at least."""

    source: int
    target: int
    slot: bool
    share: str | None

    def length(self) -> int:
        """The fewest columns from source to target."""
        return 1 + self.slot


def _has_slot(wire: Wire, fan: list[Wire]) -> bool:
    """Is there something to show on this branch alone, or a twin to keep it apart from?"""
    return wire.share is not None or sum(w.target == wire.target for w in fan) > 1


def _set_columns(spots: list[Spot], edges: list[_Edge]) -> None:
    into: list[list[_Edge]] = [[] for _ in spots]
    out: list[list[_Edge]] = [[] for _ in spots]
    for edge in edges:
        into[edge.target].append(edge)
        out[edge.source].append(edge)
    for n in _topological(into):
        spots[n].column = max((spots[e.source].column + e.length() for e in into[n]), default=0)
    if max(s.column for s in spots) < MOST_COLUMNS:
        return
    for n, spot in enumerate(spots):
        if not into[n] and out[n]:
            spot.column = min(spots[e.target].column - e.length() for e in out[n])


def _route(spots: list[Spot], edge: _Edge) -> None:
    """A spot for every column that the wire passes; the first of them holds its share."""
    last = edge.source
    for column in range(spots[edge.source].column + 1, spots[edge.target].column):
        first = edge.slot and last == edge.source
        spots.append(Spot(None, Label(), column, share=(edge.share or "") if first else None))
        _join(spots, last, len(spots) - 1)
        last = len(spots) - 1
        if len(spots) > MOST_SPOTS:
            raise SheetError(
                f"found a circuit whose wires pass more than {MOST_SPOTS} places, expected one "
                "that can be drawn",
                hint="ask for the circuit of a smaller part",
            )
    _join(spots, last, edge.target)


def _topological(into: list[list[_Edge]]) -> list[int]:
    waiting = [len(edges) for edges in into]
    readers: list[list[int]] = [[] for _ in into]
    for edges in into:
        for edge in edges:
            readers[edge.source].append(edge.target)
    order = [n for n, count in enumerate(waiting) if not count]
    for n in order:
        for reader in readers[n]:
            waiting[reader] -= 1
            if not waiting[reader]:
                order.append(reader)
    if len(order) < len(into):
        raise SheetError("found a circle of wires, expected a graph that ends")
    return order


def _join(spots: list[Spot], source: int, target: int) -> None:
    spots[source].targets.append(target)
    spots[target].sources.append(source)


def _measure(spots: list[Spot]) -> None:
    for spot in spots:
        if spot.node is None:
            continue
        if spot.node.kind == "gate":
            spot.half = max(RADIUS, extent(spot.node.latex, SIGN)[0] / 2 + PAD)
        else:
            spot.half = extent(spot.node.latex, NAME)[0] / 2 + PAD


def _inversions(column: list[int]) -> int:
    """How many pairs stand in another order than the author's."""
    return sum(a > b for a, b in combinations(column, 2))


def _reading_order(spots: list[Spot]) -> list[int]:
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
