r"""What can be said of two formulas, what shows it, and both as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from symgrad.dual import Number, exact_text
from symgrad.errors import Place


@dataclass(frozen=True)
class Counterexample:
    """The smallest instance at which two formulas differ: sizes, indices, the values read, and
    what each formula is there (`None`: it has no value)."""

    sizes: Mapping[str, int]
    values: Mapping[str, Number]
    left: Number | None
    right: Number | None


@dataclass(frozen=True)
class Verdict:
    """`message` is one sentence for a person; `reading` the two formulas as they were read, in
    LaTeX; `when` the conditions beside them under which alone it is said, in LaTeX."""

    message: str = ""
    reading: tuple[str, ...] = field(default=(), kw_only=True)
    when: tuple[str, ...] = field(default=(), kw_only=True)
    functions: tuple[str, ...] = field(default=(), kw_only=True)
    """The functions in them of which nothing is said."""

    @property
    def name(self) -> str:
        """Equal, EqualExceptTies, Agrees, Differs, Invalid or Undecided."""
        return type(self).__name__


@dataclass(frozen=True)
class Equal(Verdict):
    """Proved for all sizes and all values; `by` says how."""

    by: str = "normal form"


@dataclass(frozen=True)
class EqualExceptTies(Verdict):
    """Equal wherever the compared values differ; `ties` are the equations where they do not,
    in LaTeX."""

    ties: tuple[str, ...] = ()
    by: str = "cells"
    at: Counterexample | None = None


@dataclass(frozen=True)
class Agrees(Verdict):
    """Not proved; the two were equal at `trials` instances in general position. `ties` are
    comparisons, in LaTeX, at a tie of which they were not, and `at` is such a point."""

    trials: int = 0
    sizes: tuple[Mapping[str, int], ...] = ()
    ties: tuple[str, ...] = ()
    at: Counterexample | None = None


@dataclass(frozen=True)
class Differs(Verdict):
    """A counterexample; `missing` and `extra` are terms of the first formula that the second
    lacks, and the other way round, in LaTeX; `slip` names what turns the first into the second."""

    counterexample: Counterexample = field(
        default_factory=lambda: Counterexample({}, {}, None, None)
    )
    missing: str = ""
    extra: str = ""
    slip: str = ""


@dataclass(frozen=True)
class Invalid(Verdict):
    """Not understood, or not comparable."""

    place: Place | None = None


@dataclass(frozen=True)
class Undecided(Verdict):
    """The budget ended."""


@dataclass(frozen=True)
class Missing(Verdict):
    """No answer: a question mark left standing, or derivatives that are not worked out."""


def record(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON: verdict, by, counterexample, ties, message."""
    example: Counterexample | None = None
    by = ""
    ties: tuple[str, ...] = ()
    more: dict[str, Any] = {}
    match verdict:
        case Equal(by=by):
            pass
        case EqualExceptTies(by=by, ties=ties, at=example):
            pass
        case Agrees(trials=trials, ties=ties, at=example):
            by = f"{trials} points"
        case Differs(counterexample=example, missing=missing, extra=extra, slip=slip):
            more = {"missing": missing, "extra": extra, "slip": slip}
    return {
        "verdict": verdict.name,
        "by": by or None,
        "counterexample": None if example is None else example_record(example),
        "ties": list(ties),
        "message": verdict.message,
        "reading": list(verdict.reading),
        **more,
    }


def example_record(c: Counterexample) -> dict[str, Any]:
    """Sizes, values and both results, exact numbers as text."""
    return {
        "sizes": dict(c.sizes),
        "values": {name: _number(v) for name, v in c.values.items()},
        "a": _number(c.left),
        "b": _number(c.right),
    }


def _number(v: Number | None) -> str | None:
    return None if v is None else exact_text(v)
