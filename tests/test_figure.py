"""Figures: nothing overlaps, operands keep their order, every run draws the same."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from itertools import combinations, pairwise, product

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from symgrad.circuit import circuit, draw
from symgrad.errors import SheetError
from symgrad.expr import ONE, Add, Call, Div, Expr, Mul, Neg, Pow, Ref, num
from symgrad.figure import Curve, Disc, Drawing, Point, Text, extent
from symgrad.graph import BLANK, Label, Node, Wire, build
from symgrad.layout import LANDSCAPE, TEXT_WIDTH, fit, layout

F, Q, X, Y, Z, W = (Ref(name) for name in "fqxyzw")
W0, X0, W1, X1, W2 = (
    Ref(name, (num(index),)) for name, index in (("w", 0), ("x", 0), ("w", 1), ("x", 1), ("w", 2))
)
LINEAR = Add((Mul((W0, X0)), Mul((W1, X1)), W2))
MU, V, S, N = Ref(r"\mu"), Ref("v"), Ref("s"), Ref(r"\hat x")
XS = tuple(Ref("x", (num(n),)) for n in (1, 2, 3))

CIRCUITS: dict[str, dict[Ref, Expr]] = {
    "midterm": {F: Div(ONE, Add((*LINEAR.terms, ONE)))},
    "sigmoid": {F: Div(ONE, Add((ONE, Call("exp", (Neg(LINEAR),), "e^"))))},
    "max": {F: Mul((num(2), Add((Mul((X, Y)), Call("max", (Z, W))))))},
    "fork": {Q: Add((X, Y)), F: Mul((Q, X))},
    "square": {F: Add((Mul((X, X)), Call("max", (X, num(0))), Neg(Y)))},
    "norm": {
        MU: Div(Add(XS), num(3)),
        V: Div(Add(tuple(Pow(Add((x, Neg(MU))), num(2)) for x in XS)), num(3)),
        S: Call("sqrt", (Add((V, ONE)),)),
        N: Div(Add((XS[0], Neg(MU))), S),
        F: Add((Mul((Z, N)), W)),
    },
}


def drawing(name: str, gradient: str = "-0.25", *, shares: bool = False) -> Drawing:
    c = circuit(F, CIRCUITS[name])
    wires = [*c.inputs, *(g.output for g in c.gates)]
    reads = [(g.output, n, r) for g in c.gates for n, r in enumerate(g.operands())]
    count = {w: sum(r == w for _, _, r in reads) for w in wires}
    parts = {(g, n): "-0.13" for g, n, r in reads if count[r] > 1}
    return draw(c, {w: Label("-12.50", gradient) for w in wires}, parts if shares else None)


def family() -> list[Drawing]:
    return [
        drawing(name, gradient, shares=shares)
        for name in CIRCUITS
        for gradient, shares in (("-0.25", False), ("-0.25", True), (BLANK, False))
    ]


Box = tuple[float, float, float, float]
SLACK = 0.15
"""Lengths are rounded to a tenth of a point."""


def overlap(a: Box, b: Box) -> bool:
    return (
        a[0] < b[2] - SLACK and b[0] < a[2] - SLACK and a[1] < b[3] - SLACK and b[1] < a[3] - SLACK
    )


def along(curve: Curve) -> list[Point]:
    points = []
    start = curve.points[0]
    for a, b, end in curve.segments():
        for k in range(25):
            t = k / 24
            s = 1 - t
            p, q, r, u = s**3, 3 * s * s * t, 3 * s * t * t, t**3
            points.append(
                (
                    p * start[0] + q * a[0] + r * b[0] + u * end[0],
                    p * start[1] + q * a[1] + r * b[1] + u * end[1],
                )
            )
        start = end
    return points


def inside(p: Point, box: Box) -> bool:
    return box[0] + SLACK < p[0] < box[2] - SLACK and box[1] + SLACK < p[1] < box[3] - SLACK


def assert_clear(d: Drawing) -> None:
    """No text on another text, a gate or a wire; no gate on a gate; no wire through a gate."""
    outside = [t for t in d.texts if t.role != "sign"]
    for a, b in combinations(outside, 2):
        assert not overlap(a.box(), b.box()), (a, b)
    for one, other in combinations(d.discs, 2):
        assert not overlap(one.box(), other.box()), (one, other)
    for text in outside:
        for disc in d.discs:
            assert not overlap(text.box(), disc.box()), (text, disc)
    for curve in d.curves:
        for p in along(curve):
            for text in outside:
                assert not inside(p, text.box()), (curve, text)
            for disc in d.discs:
                assert not within(p, disc), (curve, disc)


def within(p: Point, disc: Disc) -> bool:
    """Is `p` inside the outline: nearer than the radius to the line between its two centres?"""
    reach = disc.half - disc.radius
    nearest = min(max(p[0], disc.x - reach), disc.x + reach)
    return (p[0] - nearest) ** 2 + (p[1] - disc.y) ** 2 < (disc.radius - 2 * SLACK) ** 2


@pytest.mark.parametrize("d", family())
def test_nothing_overlaps_and_all_is_inside(d: Drawing) -> None:
    assert_clear(d)
    to_write_in = any(t.role == "blank" for t in d.texts)
    assert d.width <= (LANDSCAPE if to_write_in else TEXT_WIDTH)
    boxes = [t.box() for t in d.texts] + [disc.box() for disc in d.discs]
    assert all(b[0] >= -0.2 and b[1] >= -0.2 for b in boxes)
    assert all(b[2] <= d.width + 0.2 and b[3] <= d.height + 0.2 for b in boxes)


@pytest.mark.parametrize("d", family())
def test_wires_leave_level_and_do_not_break(d: Drawing) -> None:
    for curve in d.curves:
        points = curve.points
        assert len(points) % 3 == 1
        assert points[0][1] == points[1][1]
        for a, joint, b in zip(points[2:-2:3], points[3:-1:3], points[4::3], strict=True):
            turn = (joint[0] - a[0]) * (b[1] - joint[1]) - (joint[1] - a[1]) * (b[0] - joint[0])
            assert abs(turn) <= 0.2 * (abs(b[0] - a[0]) + 1), curve


def inputs(d: Drawing) -> list[str]:
    names = [t for t in d.texts if t.role == "name" and t.x < 0.2 * d.width]
    return [t.latex for t in sorted(names, key=lambda t: t.y)]


def test_inputs_keep_the_authors_order() -> None:
    assert inputs(drawing("midterm")) == ["w_0", "x_0", "w_1", "x_1", "w_2"]
    assert inputs(drawing("sigmoid")) == ["w_0", "x_0", "w_1", "x_1", "w_2"]
    assert inputs(drawing("max")) == ["x", "y", "z", "w"]
    assert inputs(drawing("fork")) == ["x", "y"]


def crossings(name: str) -> int:
    """Wires of the drawing that meet away from their ends."""
    paths = [list(pairwise(along(c))) for c in drawing(name).curves]
    return sum(crosses(s, t) for a, b in combinations(paths, 2) for s, t in product(a, b))


def crosses(s: tuple[Point, Point], t: tuple[Point, Point]) -> bool:
    def side(a: Point, b: Point, c: Point) -> float:
        return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

    return side(*s, t[0]) * side(*s, t[1]) < 0 and side(*t, s[0]) * side(*t, s[1]) < 0


@pytest.mark.parametrize("name", ["midterm", "sigmoid", "max", "fork", "square"])
def test_exam_circuits_have_no_crossings(name: str) -> None:
    assert crossings(name) == 0


def test_operands_of_a_difference_stay_in_order() -> None:
    nodes = [
        Node("x", "input", "x"),
        Node("y", "input", "y"),
        Node("d", "gate", "-"),
        Node("e", "gate", "-"),
        Node("p", "gate", r"\times", commutes=True),
        Node("f", "output", "f"),
    ]
    pairs = [("x", "d"), ("y", "d"), ("y", "e"), ("x", "e"), ("d", "p"), ("e", "p"), ("p", "f")]
    d = layout(nodes, [Wire(a, b) for a, b in pairs], {})
    level = {t.latex: t.y for t in d.texts if t.role == "name"}
    for disc, first, second in zip(d.discs[:2], "xy", "yx", strict=True):
        arriving = [c.points for c in d.curves if touches(c.points[-1], disc)]
        top_first = sorted(arriving, key=lambda points: points[-1][1])
        assert [points[0][1] for points in top_first] == [level[first], level[second]]


def touches(p: Point, disc: Disc) -> bool:
    return abs((p[0] - disc.x) ** 2 + (p[1] - disc.y) ** 2 - disc.radius**2) < 10


def test_a_fork_shows_its_sum_once_and_each_share_on_its_branch() -> None:
    c = circuit(F, CIRCUITS["fork"])
    shares = {(Q, 0): "7", (F, 1): "8"}
    d = draw(c, {X: Label("1", "15"), Y: Label("2", "7"), Q: Label("3", "1")}, shares)
    gradients = [t.latex for t in d.texts if t.role == "gradient"]
    assert sorted(gradients) == ["1", "15", "7", "7", "8"]
    assert len(d.dots) == 1
    fork = d.dots[0]
    assert [t.x < fork[0] for t in d.texts if t.latex == "15"] == [True]
    assert [t.x > fork[0] for t in d.texts if t.latex == "8"] == [True]


def test_values_stand_above_their_wire_and_gradients_below() -> None:
    d = drawing("midterm")
    values = [t for t in d.texts if t.role == "value"]
    gradients = [t for t in d.texts if t.role == "gradient"]
    assert len(values) == len(gradients) == 11
    for v, g in zip(values, gradients, strict=True):
        assert v.x == g.x
        assert v.box()[3] < g.box()[1]


def test_blanks_are_boxes_to_write_in() -> None:
    blanks = [t for t in drawing("midterm", BLANK).texts if t.role == "blank"]
    assert len(blanks) == 11
    assert all(t.width >= 25 and t.height >= 12 for t in blanks)


@pytest.mark.parametrize("gates", range(1, 13))
def test_blanks_of_a_long_circuit_leave_room_to_write(gates: int) -> None:
    nodes = [Node("x", "input", "x"), *(Node(f"g{n}", "gate", "+1") for n in range(gates))]
    names = [n.id for n in nodes]
    wires = [Wire(a, b) for a, b in pairwise([*names, "f"])]
    labels = {n: Label("-0.25", BLANK) for n in names}
    d = layout([*nodes, Node("f", "output", "f")], wires, labels)
    turned = d.width > TEXT_WIDTH
    assert d.width <= (LANDSCAPE if turned else TEXT_WIDTH)
    millimetre = 72 / 25.4
    page = 1.0 if turned else 158 * millimetre / max(d.width, 158 * millimetre)
    for t in d.texts:
        if t.role == "blank":
            assert t.width * page >= 8 * millimetre
            assert t.height * page >= 5 * millimetre
    assert_clear(d)


def test_the_midterm_circuit_fills_the_text_at_full_size() -> None:
    d = drawing("midterm")
    assert 0.85 * TEXT_WIDTH <= d.width <= TEXT_WIDTH
    assert min(t.size for t in d.texts) >= 8


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Node], list[Wire]]:
    leaves = draw(st.integers(1, 4))
    gates = draw(st.integers(1, 7))
    nodes = [Node(str(n), "input", f"x_{n}") for n in range(leaves)]
    wires = []
    for n in range(leaves, leaves + gates):
        sources = draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=3))
        sign = draw(st.sampled_from(["+", r"\times(-1)", r"\max(x, 0)"]))
        name = draw(st.sampled_from(["", r"\mu"]))
        nodes.append(Node(str(n), "gate", sign, name, draw(st.booleans())))
        share = st.sampled_from([None, "-0.5"])
        wires += [Wire(str(s), str(n), draw(share)) for s in sources]
    nodes.append(Node("f", "output", "f"))
    return nodes, [*wires, Wire(str(leaves + gates - 1), "f")]


@settings(max_examples=60, deadline=None)
@given(graphs(), st.sampled_from(["-0.25", BLANK, r"-\frac{2}{15}"]))
def test_nothing_overlaps_in_any_graph(graph: tuple[list[Node], list[Wire]], text: str) -> None:
    nodes, wires = graph
    assert_clear(layout(nodes, wires, {node.id: Label("-12.5", text) for node in nodes[:-1]}))


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(0, 4)), min_size=1, max_size=6))
def test_fit_keeps_the_gaps_and_the_mean(rows: list[tuple[float, float]]) -> None:
    wanted, gaps = [w for w, _ in rows], [g for _, g in rows[1:]]
    placed = fit(wanted, gaps)
    assert all(b - a >= g - 1e-9 for (a, b), g in zip(pairwise(placed), gaps, strict=True))
    assert sum(placed) == pytest.approx(sum(wanted), abs=1e-6)


def test_long_circuits_stay_small() -> None:
    nodes = [Node("h0", "input", "h_0")]
    wires = []
    for n in range(1, 121):
        nodes += [Node(f"w{n}", "input", "w"), Node(f"h{n}", "gate", r"\times", "", True)]
        wires += [Wire(f"h{n - 1}", f"h{n}"), Wire(f"w{n}", f"h{n}")]
    nodes.append(Node("f", "output", "f"))
    wires.append(Wire("h120", "f"))
    assert len(build(nodes, wires, {}).spots) < 2 * len(nodes)
    assert_clear(layout(nodes, wires, {}, width=20000))


def test_a_tangle_is_refused() -> None:
    nodes = [Node("x", "input", "x"), Node("h0", "input", "h")]
    wires = []
    for n in range(1, 121):
        nodes.append(Node(f"h{n}", "gate", r"\times", "", True))
        wires += [Wire(f"h{n - 1}", f"h{n}"), Wire("x", f"h{n}")]
    with pytest.raises(SheetError, match="ask for the circuit of a smaller part"):
        layout(nodes, wires, {})


def test_a_circle_of_wires_is_refused() -> None:
    nodes = [Node("a", "gate", "+"), Node("b", "gate", "+")]
    with pytest.raises(SheetError, match="found a circle of wires"):
        layout(nodes, [Wire("a", "b"), Wire("b", "a")], {})


def test_a_missing_graphviz_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    with pytest.raises(SheetError, match="pip install 'pygraphviz>=2'"):
        drawing("midterm")


SCRIPT = """
import hashlib, runpy, sys
family = runpy.run_path(sys.argv[1])["family"]
text = "".join(d.typst(repr) + d.tikz() for d in family())
print(hashlib.sha256(text.encode()).hexdigest())
"""


def test_every_run_draws_the_same() -> None:
    text = "".join(d.typst(repr) + d.tikz() for d in family())
    here = hashlib.sha256(text.encode()).hexdigest()
    path = os.pathsep.join(sys.path)
    for seed in ("0", "1234"):
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT, __file__],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout.strip() == here


def test_typst_draws_every_figure() -> None:
    pages = "\n".join(d.typst(lambda latex: '"' + latex.replace("\\", "") + '"') for d in family())
    svg = typst.compile(f"#set page(height: auto)\n{pages}".encode(), format="svg")
    assert b"<svg" in svg


def test_a_scaled_drawing_is_the_same_picture() -> None:
    d = drawing("midterm")
    half = d.scaled(0.5)
    assert half.width == pytest.approx(d.width / 2, abs=0.06)
    assert [t.latex for t in half.texts] == [t.latex for t in d.texts]
    assert [t.size for t in half.texts] == pytest.approx([t.size / 2 for t in d.texts], abs=0.06)
    assert_clear(half)


MEASURED = {
    "-12.50": "-12.50",
    r"-\frac{2}{15}": "-frac(2, 15)",
    "x_{12}": "x_(12)",
    r"W^{(1)}_{ij}": "W^((1))_(i j)",
    r"\times(-1)": "times (-1)",
    r"\div 3": "div 3",
    "1/x": "1 slash x",
    "x^2": "x^2",
    r"\exp": "exp",
    r"\max(x, y, 0)": "max(x, y, 0)",
    r"\sqrt{x}": "sqrt(x)",
    r"-4.5 \times 10^{12}": "-4.5 times 10^12",
    r"\delta_1 w_{12}": "delta_1 w_(12)",
}


def test_estimates_cover_what_typst_draws() -> None:
    ink = '#set text(size: 10pt, top-edge: "bounds", bottom-edge: "bounds")\n'
    parts = (f"#context [#metadata(measure(${m}$)) <size>]" for m in MEASURED.values())
    sizes = json.loads(typst.query((ink + "\n".join(parts)).encode(), "<size>", field="value"))
    for latex, size in zip(MEASURED, sizes, strict=True):
        width, height = (float(size[key].removesuffix("pt")) for key in ("width", "height"))
        assert width <= extent(latex, 10)[0] + 0.2 <= 1.5 * width + 3, latex
        assert height <= extent(latex, 10)[1] + 0.6, latex


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [("1", "-1"), ("x", "x_1"), ("x^2", r"\exp"), (r"\frac{1}{3}", r"\frac{1}{3} + 1"), ("1", "m")],
)
def test_wider_formulas_take_more_room(narrow: str, wide: str) -> None:
    assert extent(narrow, 10)[0] < extent(wide, 10)[0]


def test_texts_stand_where_their_anchor_says() -> None:
    boxes = {
        anchor: Text(10, 10, anchor, "x", "name", 9, 4, 6).box()
        for anchor in ("above", "below", "centre", "before", "after")
    }
    assert boxes["above"] == (8, 4, 12, 10)
    assert boxes["below"] == (8, 10, 12, 16)
    assert boxes["centre"] == (8, 7, 12, 13)
    assert boxes["before"] == (6, 7, 10, 13)
    assert boxes["after"] == (10, 7, 14, 13)
