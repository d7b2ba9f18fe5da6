r"""Circuit figures: one geometry, drawn in Typst and in TikZ.

A `Drawing` holds nothing but points and LaTeX strings, so every drawer shows the same picture.
Lengths are in points (1/72 inch), x to the right, y downwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

Role = Literal["value", "gradient", "blank", "name", "sign"]
Anchor = Literal["above", "below", "centre", "before", "after"]
Point = tuple[float, float]

LINE, DOT = 0.7, 1.6
COLOURS = {"value": (20, 110, 60), "gradient": (190, 30, 35), "blank": (120, 120, 120)}
BLACK = (0, 0, 0)
SHIFTS: dict[Anchor, tuple[float, float]] = {
    "above": (0.5, 1.0),
    "below": (0.5, 0.0),
    "centre": (0.5, 0.5),
    "before": (1.0, 0.5),
    "after": (0.0, 0.5),
}
"""The point of a text that stands at its (x, y), as parts of its width and height."""


@dataclass(frozen=True)
class Disc:
    """A gate's outline: a circle, stretched sideways to half width `half` for a long sign."""

    x: float
    y: float
    half: float
    radius: float

    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return self.x - self.half, self.y - self.radius, self.x + self.half, self.y + self.radius


@dataclass(frozen=True)
class Curve:
    """Cubic Bezier segments, end to end: 1 + 3k points."""

    points: tuple[Point, ...]

    def segments(self) -> Iterable[tuple[Point, Point, Point]]:
        """The two control points and the end of each segment."""
        rest = self.points[1:]
        return zip(rest[::3], rest[1::3], rest[2::3], strict=True)


@dataclass(frozen=True)
class Text:
    """LaTeX maths, or an empty box to fill in (role ``blank``), of estimated size `width` by
    `height`; `anchor` says where it stands as seen from (x, y)."""

    x: float
    y: float
    anchor: Anchor
    latex: str
    role: Role
    size: float
    width: float
    height: float

    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        across, down = SHIFTS[self.anchor]
        left, top = self.x - across * self.width, self.y - down * self.height
        return left, top, left + self.width, top + self.height


@dataclass(frozen=True)
class Drawing:
    r"""A figure's final geometry; `dots` mark where a wire forks, `line` is the line width.

    >>> print(Drawing(20, 10, curves=(Curve(((0, 5), (5, 5), (9, 5), (20, 5))),)).tikz())
    \begin{tikzpicture}[x=1bp, y=-1bp, line width=0.7bp]
      \useasboundingbox (0,0) rectangle (20,10);
      \draw (0,5) .. controls (5,5) and (9,5) .. (20,5);
    \end{tikzpicture}
    """

    width: float
    height: float
    discs: tuple[Disc, ...] = ()
    curves: tuple[Curve, ...] = ()
    texts: tuple[Text, ...] = ()
    dots: tuple[Point, ...] = ()
    line: float = LINE

    def scaled(self, factor: float) -> Drawing:
        """The same drawing, `factor` times as large, type included."""

        def by(x: float) -> float:
            return x * factor

        return Drawing(
            by(self.width),
            by(self.height),
            tuple(Disc(by(d.x), by(d.y), by(d.half), by(d.radius)) for d in self.discs),
            tuple(Curve(tuple((by(x), by(y)) for x, y in c.points)) for c in self.curves),
            tuple(_resized(t, factor) for t in self.texts),
            tuple((by(x), by(y)) for x, y in self.dots),
            by(self.line),
        ).rounded()

    def rounded(self) -> Drawing:
        """Every length to a tenth of a point, so that a drawing is the same text everywhere."""
        r = tenth
        return Drawing(
            r(self.width),
            r(self.height),
            tuple(Disc(r(d.x), r(d.y), r(d.half), r(d.radius)) for d in self.discs),
            tuple(Curve(tuple((r(x), r(y)) for x, y in c.points)) for c in self.curves),
            tuple(_resized(t, 1.0) for t in self.texts),
            tuple((r(x), r(y)) for x, y in self.dots),
            round(self.line, 2),
        )

    def typst(self, convert: Callable[[str], str]) -> str:
        """Typst markup: a box of fixed size that draws the figure. `convert` turns LaTeX maths
        into what Typst writes between dollar signs."""
        parts = [
            *(_typst_curve(c, self.line) for c in self.curves),
            *(_typst_dot(p, self._dot()) for p in self.dots),
            *(_typst_disc(d, self.line) for d in self.discs),
            *(_typst_text(t, convert) for t in self.texts),
        ]
        body = "\n".join(f"  {p}" for p in parts)
        return f"#box(width: {self.width}pt, height: {self.height}pt, {{\n{body}\n}})"

    def tikz(self) -> str:
        """A `tikzpicture`; needs the package tikz."""
        parts = [
            f"\\useasboundingbox (0,0) rectangle ({self.width},{self.height});",
            *(_tikz_curve(c) for c in self.curves),
            *(f"\\fill ({x},{y}) circle [radius={self._dot()}bp];" for x, y in self.dots),
            *(_tikz_disc(d) for d in self.discs),
            *(_tikz_text(t, self.line) for t in self.texts),
        ]
        body = "\n".join(f"  {p}" for p in parts)
        options = f"x=1bp, y=-1bp, line width={self.line}bp"
        return f"\\begin{{tikzpicture}}[{options}]\n{body}\n\\end{{tikzpicture}}"

    def _dot(self) -> float:
        return tenth(DOT * self.line / LINE)


def tenth(x: float) -> float:
    """`x` to one decimal, without a negative zero.

    >>> tenth(-0.01)
    0.0
    """
    return round(x, 1) + 0.0


def _resized(t: Text, factor: float) -> Text:
    x, y, size, width, height = (tenth(v * factor) for v in (t.x, t.y, t.size, t.width, t.height))
    return replace(t, x=x, y=y, size=size, width=width, height=height)


def _typst_curve(c: Curve, line: float) -> str:
    start, *_ = c.points
    moves = [f"curve.move({_typst_point(start)})"]
    moves += [
        f"curve.cubic({', '.join(_typst_point(p) for p in segment)})" for segment in c.segments()
    ]
    return f"place(curve(stroke: {line}pt, {', '.join(moves)}))"


def _typst_point(p: Point) -> str:
    return f"({p[0]}pt, {p[1]}pt)"


def _typst_dot(p: Point, radius: float) -> str:
    dx, dy = tenth(p[0] - radius), tenth(p[1] - radius)
    return f"place(dx: {dx}pt, dy: {dy}pt, circle(radius: {radius}pt, fill: black))"


def _typst_disc(d: Disc, line: float) -> str:
    left, top, right, bottom = (tenth(v) for v in d.box())
    size = f"width: {tenth(right - left)}pt, height: {tenth(bottom - top)}pt"
    style = f"radius: {d.radius}pt, stroke: {line}pt, fill: white"
    return f"place(dx: {left}pt, dy: {top}pt, rect({size}, {style}))"


TYPST_ALIGNMENT: dict[Anchor, str] = {
    "above": "center + bottom",
    "below": "center + top",
    "centre": "center + horizon",
    "before": "right + horizon",
    "after": "left + horizon",
}
ROOM = 40.0


def _typst_text(t: Text, convert: Callable[[str], str]) -> str:
    red, green, blue = COLOURS.get(t.role, BLACK)
    paint = f"rgb({red}, {green}, {blue})"
    if t.role == "blank":
        left, top, _, _ = (tenth(v) for v in t.box())
        size = f"width: {t.width}pt, height: {t.height}pt"
        return f"place(dx: {left}pt, dy: {top}pt, rect({size}, stroke: 0.5pt + {paint}))"
    # A box of no height, wide enough never to break the line, puts the text's own edge or middle
    # on the point, whatever its true size.
    wide = tenth(t.width + ROOM)
    left = tenth(t.x - SHIFTS[t.anchor][0] * wide)
    # Above and below a wire it is the ink that keeps a distance, also of a fraction.
    ink = ', top-edge: "bounds", bottom-edge: "bounds"' if t.anchor in ("above", "below") else ""
    body = f"text(size: {t.size}pt, fill: {paint}{ink})[${convert(t.latex)}$]"
    placed = f"place({TYPST_ALIGNMENT[t.anchor]}, box({body}))"
    return f"place(dx: {left}pt, dy: {t.y}pt, box(width: {wide}pt, height: 0pt, {placed}))"


TIKZ_ANCHORS: dict[Anchor, str] = {
    "above": "south",
    "below": "north",
    "centre": "center",
    "before": "east",
    "after": "west",
}


TEN = 10 * 72 / 72.27
"""TeX's ten points."""


def _tikz_curve(c: Curve) -> str:
    path = f"({c.points[0][0]},{c.points[0][1]})"
    for (ax, ay), (bx, by), (x, y) in c.segments():
        path += f" .. controls ({ax},{ay}) and ({bx},{by}) .. ({x},{y})"
    return f"\\draw {path};"


def _tikz_disc(d: Disc) -> str:
    left, top, right, bottom = (tenth(v) for v in d.box())
    # TikZ draws no rounded corner of the full radius unless the sides are a little longer.
    radius = tenth(d.radius - 0.1)
    corners = f"rounded corners={radius}bp"
    if d.half == d.radius:
        return f"\\draw[fill=white] ({d.x},{d.y}) circle [radius={d.radius}bp];"
    return f"\\draw[fill=white, {corners}] ({left},{top}) rectangle ({right},{bottom});"


def _tikz_text(t: Text, line: float) -> str:
    red, green, blue = COLOURS.get(t.role, BLACK)
    paint = f"{{rgb,255:red,{red};green,{green};blue,{blue}}}"
    if t.role == "blank":
        left, top, right, bottom = (tenth(v) for v in t.box())
        style = f"draw={paint}, line width={line}bp"
        return f"\\draw[{style}] ({left},{top}) rectangle ({right},{bottom});"
    # TeX has maths fonts of a few sizes only, so a node is set at 10 pt and then scaled.
    style = f"anchor={TIKZ_ANCHORS[t.anchor]}, inner sep=0pt, scale={round(t.size / TEN, 3)}"
    font = f"text={paint}, font=\\fontsize{{10}}{{12}}\\selectfont"
    return f"\\node[{style}, {font}] at ({t.x},{t.y}) {{${t.latex}$}};"


TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\S", re.DOTALL)
WIDTHS = {
    **dict.fromkeys("0123456789", 0.5),
    **dict.fromkeys("fijlrst", 0.47),
    **dict.fromkeys("mwM", 0.92),
    "W": 1.08,
    **dict.fromkeys("+-=<>", 0.8),
    **dict.fromkeys("()[]|/'", 0.45),
    **dict.fromkeys(".,;:!", 0.3),
    **dict.fromkeys((r"\times", r"\cdot", r"\div", r"\dots"), 1.05),
    **dict.fromkeys((r"\left", r"\right", r"\mathrm", r"\mathbf", r"\text", r"\operatorname"), 0.0),
    **dict.fromkeys((r"\,", r"\:", r"\;", r"\!", r"\hat", r"\bar", r"\tilde", r"\vec"), 0.2),
    **dict.fromkeys((r"\lvert", r"\rvert", r"\lfloor", r"\rfloor", r"\lceil", r"\rceil"), 0.45),
}
"""Widths of signs in em; a letter or an unknown macro is 0.62 em, a named function is spelt."""

HIGH = frozenset((*"()[]|/", r"\lvert", r"\rvert"))
DEEP = frozenset((*"gjpqy", r"\beta", r"\gamma", r"\zeta", r"\xi", r"\phi", r"\psi"))
SPELT = re.compile(r"\\(exp|log|ln|tanh|sinh|cosh|arctan|sin|cos|tan|max|min)$")
OPERATORS = frozenset((*"+-=<>", r"\times", r"\cdot", r"\div"))


def extent(latex: str, size: float) -> tuple[float, float]:
    r"""About how wide and high inline LaTeX maths is at a type size; rather too large than too
    small.

    >>> extent("12", 10) < extent("-12", 10) < extent(r"-\frac{12}{5}", 10)
    True
    """
    tokens = TOKEN.findall(latex)[::-1]
    width, height = _row(tokens)
    return width * size, height * size


def _row(tokens: list[str]) -> tuple[float, float]:
    """Width and height of the tokens (last first) up to a closing brace, which is taken."""
    width, height = 0.0, 0.72
    scripts = set()
    while tokens:
        token = tokens.pop()
        if token == "}":
            break
        if token in "^_":
            scripts.add(token)
        wide, high = _sign(token, tokens)
        width += wide + (0.45 if token in OPERATORS and width else 0)
        height = max(height, high)
    return width, height + (0.4 if len(scripts) > 1 else 0)


def _sign(token: str, rest: list[str]) -> tuple[float, float]:
    if token == "{":
        return _row(rest)
    if token in ("^", "_") and rest:
        wide, high = _sign(rest.pop(), rest)
        return 0.8 * wide, 0.72 * high + 0.45
    if token in (r"\frac", r"\tfrac", r"\dfrac") and len(rest) > 1:
        parts = [_sign(rest.pop(), rest) for _ in range(2)]
        return 0.72 * max(w for w, _ in parts) + 0.3, 0.72 * sum(h for _, h in parts) + 0.45
    if token == r"\sqrt" and rest:
        wide, high = _sign(rest.pop(), rest)
        return wide + 0.9, high + 0.35
    if spelt := SPELT.match(token):
        return sum(0.85 if letter == "m" else 0.53 for letter in spelt[1]), 0.95
    high = 1.0 if token in HIGH else 0.95 if token in DEEP else 0.72
    return WIDTHS.get(token, 0.78 if token.isupper() else 0.62), high
