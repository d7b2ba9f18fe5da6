r"""What a work is worth: its claims, the questions they answer, the points they earn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any

from symgrad.assertion import Claim
from symgrad.compare import example_record
from symgrad.errors import Place, SymgradError
from symgrad.latex import latex
from symgrad.notation import read_expression
from symgrad.numeral import plain
from symgrad.verdict import (
    Agrees,
    Counterexample,
    Differs,
    Equal,
    EqualExceptTies,
    Undecided,
    Verdict,
)
from symgrad.work import Written


@dataclass(frozen=True)
class Graded:
    """A question of the exam, and what the work answers."""

    question: str
    part: str
    at: Place | None
    points: Fraction | None
    earned: Fraction | None
    verdict: Verdict
    claim: Claim | None = None


@dataclass(frozen=True)
class Report:
    """Every claim of a work in its order, and every question of the exam."""

    work: Written
    claims: tuple[Claim, ...]
    answers: tuple[Graded, ...] = ()
    title: str = ""

    @property
    def wrong(self) -> tuple[Claim, ...]:
        """The claims that are wrong."""
        return tuple(c for c in self.claims if c.wrong)

    @property
    def summary(self) -> dict[str, Any]:
        """Counts: claims judged, right, wrong, undecided, not read; points."""
        judged = [c for c in self.claims if c.verdict is not None and c.kind != "unread"]
        out: dict[str, Any] = {
            "claims": len(judged),
            "right": sum(c.fine for c in judged),
            "wrong": len([c for c in judged if c.wrong]),
            "undecided": sum(isinstance(c.verdict, Undecided) for c in judged),
            "unread": sum(c.kind == "unread" for c in self.claims),
        }
        if self.answers:
            out["answers"] = len(self.answers)
            out["answered"] = sum(a.claim is not None for a in self.answers)
        if any(a.points is not None for a in self.answers):
            out["points"] = plain(sum((a.points or Fraction(0) for a in self.answers), Fraction(0)))
            out["earned"] = plain(sum((a.earned or Fraction(0) for a in self.answers), Fraction(0)))
        return out

    def json(self, answers: bool = True) -> dict[str, Any]:
        """For ``--json``; without the right formulas on request."""
        kept = [c if answers else without_answers(c) for c in self.claims]
        return {
            "claims": [claim_record(c) for c in kept],
            "answers": [answer_record(a) for a in self.answers],
            "summary": self.summary,
        }


def kept_back(message: str) -> str:
    """A sentence without what would give the answer away."""
    return re.sub(
        r"; (?:with \$|the right side (?:lacks|has)|expected|it has|\$?\S+\$? is its).*",
        "",
        message,
    )


def without_answers(c: Claim) -> Claim:
    """A claim without the right formula, and without the terms that lead to it."""
    v = c.verdict
    if isinstance(v, Differs):
        v = replace(v, message=kept_back(v.message), missing="", extra="", reading=())
    elif v is not None:
        v = replace(v, message=kept_back(v.message))
    return replace(c, right="", verdict=v)


def claim_record(c: Claim) -> dict[str, Any]:
    """A claim as plain data."""
    v = c.verdict
    example = getattr(v, "counterexample", None) or getattr(v, "at", None)
    return {
        "line": c.at.line,
        "column": c.at.column,
        "latex": c.latex,
        "kind": c.kind,
        "part": c.part or None,
        "question": c.question or None,
        "verdict": None if v is None else v.name,
        "by": getattr(v, "by", None) or None,
        "counterexample": example_record(example) if isinstance(example, Counterexample) else None,
        "ties": list(getattr(v, "ties", ())),
        "slip": getattr(v, "slip", "") or None,
        "right": c.right or None,
        "message": " ".join(filter(None, (v.message if v else "", *c.remarks))),
    }


def answer_record(a: Graded) -> dict[str, Any]:
    """An answer as plain data."""
    return {
        "question": a.question,
        "part": a.part,
        "line": a.claim.at.line if a.claim else None,
        "points": None if a.points is None else plain(a.points),
        "earned": None if a.earned is None else plain(a.earned),
        "verdict": a.verdict.name,
    }


HALF = Fraction(1, 2)


def worth(claim: Claim, ties: bool) -> Fraction | None:
    """The share of the points that a claim earns; None where it is not decided."""
    right = Fraction(1) if not any("a step" in r for r in claim.remarks) else HALF
    match claim.verdict:
        case Equal():
            return right
        case EqualExceptTies():
            return right if ties else HALF
        case Differs(slip=slip):
            one = bool(slip) and "+" not in slip
            return Fraction(1) if claim.follows else HALF if one else Fraction(0)
        case Agrees():
            return right
        case Undecided():
            return None
    return Fraction(0)


def partly(v: Verdict) -> Verdict:
    """What an answer is worth that is said for a part of the values only."""
    told = " and ".join(f"${c}$" for c in v.when)
    return Undecided(f"right where {told}; of the rest nothing is said")


def key_of(c: Claim) -> tuple[int, int, str]:
    """What tells a claim from the others."""
    return (c.at.line, c.at.column, f"{c.kind}: {c.latex}")


def begins(c: Claim) -> tuple[int, int, bool]:
    """The order of claims: where their formulas begin, an answer before its links."""
    at = c.start or c.at
    return (at.line, at.column, c.inner)


def same_question(a: str, b: str) -> bool:
    """Are two questions the same but for spelling?"""
    return squashed(a) == squashed(b) or squashed(printed(a)) == squashed(printed(b))


THOUSANDS = re.compile(r"(?<=\d)(?:\\,|[,\u202f\u00a0 ])(?=\d{3}(?!\d))")
UNREAD = "found no answer, but mathematics here that could not be read"
UNPLACED = "found no answer, but its number, beside no layer"


def left_open(
    claims: Sequence[Claim], question: str, part: str, count: str = "", lines: Sequence[str] = ()
) -> str:
    """Why a question may be answered by what could not be read: in its part, in one around it, or
    where no part is said; by what stands beside the question itself, ∂L/∂w is x; or by the `count`
    that it asks for, which stands beside no layer. Nothing if it may not."""

    def there(said: str) -> bool:
        return not said or f"{part} ".startswith(f"{said} ") or part.endswith(f" {said}")

    unread = any(
        (c.kind in ("unread", "denied") and there(c.part))
        or (c.kind == "unrelated" and same_question(c.latex, question))
        for c in claims
    )
    return UNREAD if unread else UNPLACED if stands(count, lines) else ""


def stands(count: str, lines: Sequence[str]) -> bool:
    r"""Does a count, ``16 \times 16 \times 8`` or a number of two digits and more, stand anywhere?

    >>> stands(r"9 \times 9 = 81", ["it has 81 weights"]), stands("81", ["CONV-81"])
    (True, False)
    """
    numbers = re.findall(r"\d+", count.split("=")[-1])
    if not numbers or (len(numbers) == 1 and len(numbers[0]) == 1):
        return False
    said = re.compile(r"(?<![\w.-])" + r"\s*[x×*·]\s*".join(numbers) + r"(?![\w]|\.\d)")
    return any(said.search(THOUSANDS.sub("", line).replace(r"\times", "×")) for line in lines)


@cache
def printed(question: str) -> str:
    r"""A question as it is printed: ``\nabla_w L`` is ∂L/∂w; what cannot be read stays as it is."""
    try:
        return latex(read_expression(question))
    except SymgradError:
        return question


def squashed(latex: str) -> str:
    """LaTeX without spaces, braces and the sign of a label, W_{hx} and W_{\\text{hx}}."""
    marks = r"[\s{}&]|\\[dt](?=frac)|\\text(?![A-Za-z])"
    return re.sub(marks, "", latex.replace(r"\mathrm{d}", "d"))
