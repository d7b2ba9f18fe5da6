r"""Answers, and the work of an item of an exam: formulas and numbers, no words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from symgrad.circuit import Circuit, Gate
from symgrad.count import Cell as Counted
from symgrad.count import (
    Count,
    Quantity,
)
from symgrad.dual import Number
from symgrad.errors import Place
from symgrad.expr import Expr, Partial, Ref
from symgrad.index import Index
from symgrad.latex import latex
from symgrad.network import Network, Ties
from symgrad.numeral import plain
from symgrad.rewrite import Derivation

NEXT = r",\quad "
"""Between an answer and what the gradients that it leaves named stand for."""


@dataclass(frozen=True)
class Whole:
    """A gradient by a whole vector or matrix, as one formula of them; `indices` are letters that
    it is stated for, `named` the gradients that it leaves named, `earlier` the formula before
    recursions in it are unrolled."""

    goal: Partial
    formula: Expr
    indices: tuple[Index, ...] = ()
    named: tuple[Whole, ...] = ()
    earlier: tuple[Expr, ...] = ()

    def latex(self) -> str:
        """goal = formula."""
        return f"{latex(self.goal)} = {self.right()}"

    def right(self) -> str:
        """The formula, what it was before it was unrolled in front of it."""
        return " = ".join(map(latex, (*self.earlier, self.formula)))


@dataclass(frozen=True)
class Evidence:
    """What is known of a formula: `proof` says how it is proved for all sizes and values, "" if it
    is not, None if no proof was tried; `steps` are the strides and dilations for which it is so for
    a few values only; at so many `entries` the network written out says the same, at these
    `sizes`."""

    proof: str | None = None
    steps: tuple[str, ...] = ()
    entries: int = 0
    sizes: tuple[Mapping[str, int], ...] = ()

    @property
    def kind(self) -> Literal["proved", "compared", "derived"]:
        """Proved; else held against the network written out; else derived by rules alone."""
        return "proved" if self.proof else "compared" if self.entries else "derived"

    def json(self) -> dict[str, Any]:
        """For ``--json``."""
        sizes = [dict(s) for s in self.sizes]
        proof = {"kind": self.kind, "by": self.proof, "steps": list(self.steps)}
        return {**proof, "entries": self.entries, "sizes": sizes}


@dataclass(frozen=True)
class Source:
    """A derivation in the names of the network that it was made in."""

    network: Network
    derivation: Derivation


@dataclass(frozen=True)
class Answer:
    """One filled question mark. `value` is a number where the answer has one; `exact` says
    whether the digits shown are the whole number."""

    scope: str
    question: str
    latex: str
    value: Number | None
    at: Place | None
    points: Fraction | None = None
    derivation: Derivation | None = None
    listed: tuple[Ref, ...] = ()
    whole: Whole | None = None
    ties: Ties | None = None
    """The convention of maxima, where it is another than that of the exam."""
    source: Source | None = field(default=None, repr=False, compare=False)
    evidence: Evidence | None = None

    def json(self) -> dict[str, Any]:
        """For ``--json``."""
        points = None if self.points is None else plain(self.points)
        return {
            "scope": self.scope,
            "question": self.question,
            "latex": self.latex,
            "value": plain(self.value),
            "points": points,
            "evidence": None if self.evidence is None else self.evidence.json(),
        }


@dataclass(frozen=True)
class Work:
    """The answers that one item of a section asks for. `alone`: the item asks and says no more."""

    answers: tuple[Answer, ...]
    alone: bool = False


@dataclass(frozen=True)
class Flow:
    """What flows back through one operand of a gate: upstream · local = product."""

    gate: Gate
    operand: Ref
    place: int
    local: Expr
    upstream: Number | None
    slope: Number | None
    product: Number | None


@dataclass(frozen=True)
class CircuitWork(Work):
    """A circuit with the value and the gradient of every wire."""

    circuit: Circuit = field(default_factory=lambda: Circuit((), (), Ref("f")))
    values: Mapping[Ref, Number] = field(default_factory=dict)
    gradients: Mapping[Ref, Number] = field(default_factory=dict)
    flows: tuple[Flow, ...] = ()
    formulas: Mapping[Ref, Expr] = field(default_factory=dict)

    def spelled(self, wire: Ref) -> Expr:
        """What the author writes for a wire."""
        for gate in self.circuit.gates:
            if gate.output == wire:
                return gate.expression
        return wire


@dataclass(frozen=True)
class TableWork(Work):
    """A table of layers, counted. `cells` holds the count of each cell that was a question."""

    count: Count = field(default_factory=lambda: Count((), {}))
    columns: tuple[Quantity | None, ...] = ()
    cells: Mapping[tuple[int, int], Counted] = field(default_factory=dict)
    layers: tuple[int | None, ...] = ()
    """For each row of the table, the row of the count it shows; None for a total."""
    differing: tuple[tuple[str, str, str], ...] = ()
    """Layers where the exam gives another number than is counted: its text, given, counted."""
