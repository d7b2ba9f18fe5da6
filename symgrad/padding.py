r"""Padding: a tensor that is zero outside a range, x_l = 0 for l < 1 or l > N.

A read beyond a stated edge is 0. What is not stated stays an error: nothing is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from symgrad.affine import Affine, affine, shift
from symgrad.errors import NetworkError, Place
from symgrad.expr import Expr, Ref, Rel
from symgrad.index import Range
from symgrad.latex import latex

Edges = Mapping[str, Mapping[int, "Edge"]]
"""For each padded tensor, the edges of its padded axes."""


@dataclass(frozen=True)
class Edge:
    """The first and the last index that are not padding; None where none is stated."""

    lo: Expr | None = None
    hi: Expr | None = None

    def within(self, r: Range) -> Range:
        """The range, cut at the stated edges."""
        return Range(self.lo or r.lo, self.hi or r.hi)

    def put(self, values: Mapping[str, Expr]) -> Edge:
        """The edge at given sizes."""
        lo, hi = (e and shift(e, values) for e in (self.lo, self.hi))
        return Edge(lo and _tidied(lo), hi and _tidied(hi))


def _tidied(e: Expr) -> Expr:
    form = affine(e)
    return e if form is None else form.expr()


@dataclass(frozen=True)
class Zero:
    """x_l = 0 as it was stated, and where l lies."""

    ref: Ref
    at: Place
    edges: Mapping[str, Edge] = field(default_factory=dict)
    otherwise: bool = False

    def letters(self) -> Iterator[str]:
        """The letters among the indices."""
        for i in self.ref.indices:
            if isinstance(i, Ref) and not i.indices:
                yield i.name

    def beyond(self, rel: Rel) -> Zero | None:
        r"""With one more comparison: l < 1, l > N, l \le 0, N < l; None if it is no edge of a
        letter.

        >>> zero = Zero(Ref("x", (Ref("l"),)), Place())
        >>> found = zero.beyond(Rel(">", Ref("l"), Ref("N")))
        >>> found.edges["l"].hi
        Ref(name='N', indices=())
        """
        op, letter, end = rel.op, rel.lhs, rel.rhs
        if not (isinstance(letter, Ref) and letter.name in set(self.letters())):
            flipped = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
            op, letter, end = flipped.get(op, op), rel.rhs, rel.lhs
        form = affine(end)
        mine = isinstance(letter, Ref) and letter.name in set(self.letters())
        if not mine or form is None or op not in ("<", "<=", ">", ">="):
            return None
        assert isinstance(letter, Ref)
        step = {"<=": 1, ">=": -1}.get(op, 0)
        at = form.plus(Affine(step)).expr() if step else end
        before = self.edges.get(letter.name, Edge())
        edge = replace(before, lo=at) if op in ("<", "<=") else replace(before, hi=at)
        return replace(self, edges={**self.edges, letter.name: edge})


def edges_of(zero: Zero, known: Mapping[str, Range], shape: tuple[Range, ...]) -> dict[int, Edge]:
    """The padded axes that a statement names; of x_l = 0 otherwise, those of stated range."""
    found: dict[int, Edge] = {}
    for axis, i in enumerate(zero.ref.indices):
        if not isinstance(i, Ref):
            continue
        if zero.otherwise and i.name not in zero.edges:
            r = shape[axis] if axis < len(shape) else known.get(i.name)
            if r is None:
                raise NetworkError(
                    f"found {latex(zero.ref)} = 0 otherwise, expected the range that "
                    f"{i.name} has elsewhere",
                    at=zero.at,
                    hint=rf"write {latex(zero.ref)} = 0 for {i.name} < 1 or {i.name} > N",
                )
            found[axis] = Edge(r.lo, r.hi)
        elif i.name in zero.edges:
            found[axis] = zero.edges[i.name]
    return found
