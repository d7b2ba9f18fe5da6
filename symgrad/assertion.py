r"""One thing that somebody wrote, as it is written: its sides, their places, its numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from symgrad.dressing import undressed
from symgrad.dual import Number, as_text
from symgrad.errors import Place, SymgradError
from symgrad.evaluate import Point, exact, value
from symgrad.expr import Expr, Neg, Num, Rel, names, walk
from symgrad.latex import latex
from symgrad.notation import Formula, Statement
from symgrad.numeral import shown
from symgrad.verdict import (
    Agrees,
    Counterexample,
    Differs,
    Equal,
    EqualExceptTies,
    Invalid,
    Missing,
    Undecided,
    Verdict,
)


@dataclass(frozen=True)
class Claim:
    """One thing that was said: where, in which words, and what became of it.

    `kind` is definition, answer, link, numeric, count, parameters, condition, unread or
    unrelated; the last two, and what only defines, have no verdict. `question` is the exam's, in
    LaTeX; `right` the right formula, in LaTeX, beside a wrong one."""

    at: Place
    latex: str
    kind: str
    part: str = ""
    verdict: Verdict | None = None
    question: str = ""
    right: str = ""
    remarks: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    """All the questions that a general answer answers, in LaTeX."""
    start: Place | None = None
    """Where its formula begins, if not there where the claim stands."""
    inner: bool = False
    """A link of a chain that is judged as a whole too."""
    follows: bool = False
    """A wrong answer that follows correctly from an earlier mistake."""
    special: bool = False
    """It is said of a special case, and not judged for that."""

    @property
    def wrong(self) -> bool:
        """Is this a fault?"""
        return isinstance(self.verdict, Differs | Invalid | Missing)

    @property
    def fine(self) -> bool:
        """Is it right, as far as was found?"""
        return isinstance(self.verdict, Equal | EqualExceptTies | Agrees)


APPROX = r"\approx"
ROUNDED = "holds nearly: some of the numbers may be rounded"
"""What is said of numbers that follow from rounded ones."""
LAYOUT = re.compile(r"\\\\(?:\[[^\]]{0,20}\])?|(?<!\\)&|\s+")
"""Rows and columns of a display."""


COMPARISONS = {"<", "<=", ">", ">=", "!="}
OTHERWISE = re.compile(
    r"\b(?:or|else|otherwise|unless|except|not|oder|sonst|ou|sinon)\b|또는|아니면|否则|或", re.I
)
"""Words by which a comparison is no condition of the formula before it, or not the only one."""


def conditions_behind(statements: Sequence[Statement], n: int, text: str) -> tuple[Expr, ...]:
    """The comparisons right behind a formula: ``2 (a - p) \\text{ for } L > 0``."""
    found: list[Expr] = []
    for s in statements[n + 1 :]:
        if not isinstance(s, Formula) or not s.ops or not set(s.ops) <= COMPARISONS:
            break
        found += [Rel(op, a, b) for op, a, b in zip(s.ops, s.parts, s.parts[1:], strict=False)]
    return () if OTHERWISE.search(text) else tuple(found)


def numbers_only(s: Statement) -> bool:
    """Is a statement made of numbers alone?"""
    return isinstance(s, Formula) and not any(names(p) for p in s.parts)


def shortened(s: Formula, links: int) -> Formula:
    """The first links of a chain, and no more of its text."""
    written = sides(s)[: links + 1]
    last = written[links][1]
    start = s.latex.find(last, len(written[0][1]))
    text = s.latex[: start + len(last)] if start >= 0 else s.latex
    return replace(
        s, parts=s.parts[: links + 1], ops=s.ops[:links], latex=text, written=tuple(written)
    )


def sides(s: Formula) -> list[tuple[Place, str]]:
    """The sides of a chain as they are written, with their places; as they were read where that
    cannot be told."""
    if len(s.written) != len(s.parts):
        return [(s.at, latex(p)) for p in s.parts]
    return [(at, LAYOUT.sub(" ", text).strip()) for at, text in s.written]


def decimals(text: str) -> int | None:
    """The digits behind the point of a number that is written as a decimal fraction."""
    hit = re.fullmatch(r"[-−\s{}]*\d+\.(\d+)[\s{}.]*", undressed(text))
    return len(hit[1]) if hit else None


def digits_of(text: str) -> int | None:
    """The digits that the number behind ≈ is rounded to: 2 of 0.33, -3 of 12000."""
    hit = re.fullmatch(r"[-−\s{}]*[1-9]\d*?(0*)[\s{}.]*", undressed(text))
    return -len(hit[1]) if hit else decimals(text)


def rounds(value: Number, said: Number, digits: int | None) -> bool:
    """Is `said`, a decimal fraction with so many digits, the rounded `value`?"""
    return digits is not None and abs(Fraction(value) - Fraction(said)) <= (
        Fraction(10) ** -digits / 2
    )


def numeric(left: Expr, op: str, right: Expr, digits: int | None = None) -> Verdict:
    """A relation between two numbers; = to a decimal fraction of so many `digits` also if it is
    the rounded value."""
    if op == APPROX:
        return softened(approximate(left, op, right, digits), left, digits)
    try:
        a, b = exact(left), exact(right)
    except (SymgradError, ArithmeticError) as error:
        return Invalid(str(error))
    if a is None or b is None:
        return approximate(left, op, right, digits)
    holds = {"=": a == b, "<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b, "!=": a != b}
    if op not in holds:
        return Undecided(f"found the relation {op} between numbers")
    if holds[op]:
        return Equal("holds exactly", by="arithmetic")
    if op == "=" and rounds(a, b, digits):
        return Equal("holds as a rounded value", by="arithmetic")
    if op == "=" and _near(a, b) and any(map(_decimal, (left, right))):
        return Undecided(ROUNDED)
    return Differs(
        f"the left side is {shown(a)[0]}, the right side {shown(b)[0]}",
        counterexample=Counterexample({}, {}, a, b),
    )


def approximate(left: Expr, op: str, right: Expr, digits: int | None) -> Verdict:
    """A relation between numbers of which one has no exact value: √2 = 1.41."""
    try:
        a, b = (value(e, Point({})) for e in (left, right))
    except (SymgradError, ArithmeticError) as error:
        return Undecided(f"not judged: {error}")
    if op in ("=", APPROX) and rounds(a, b, digits):
        return Equal("holds as a rounded value", by="arithmetic")
    far = abs(Fraction(a) - Fraction(b)) > Fraction(abs(Fraction(a)), 50)
    if (op == "=" and far) or (op == APPROX and digits is not None):
        told = f"the left side is {as_text(a)}, the right side {as_text(b)}"
        return Differs(told, counterexample=Counterexample({}, {}, a, b))
    return Undecided("found numbers that have no exact value")


def softened(v: Verdict, left: Expr, digits: int | None) -> Verdict:
    """The verdict on a ≈ b from that on a = b, whose right side is rounded to some digits: what
    is cut off, or follows from numbers that were rounded before, is near and not wrong."""
    if not isinstance(v, Differs):
        return v
    a, b = (Fraction(x or 0) for x in (v.counterexample.left, v.counterexample.right))
    cut = digits is not None and 0 <= abs(a) - abs(b) < Fraction(10) ** -digits and a * b >= 0
    if digits is None or (_near(a, b) and (cut or _decimal(left))):
        return Undecided(ROUNDED)
    to = f" to {digits} digit{'s' * (digits != 1)}" if digits > 0 else ""
    return replace(v, message=f"{v.message}; it is not the rounded value{to}")


def follows_roundly(a: Number, b: Number, said: Expr) -> bool:
    """Is `said` arithmetic with decimal fractions, 0.73 · 0.27, that comes near? Its numbers may be
    rounded; a fraction by itself has its digits."""
    bare = said.arg if isinstance(said, Neg) else said
    return not isinstance(bare, Num) and _decimal(said) and _near(Fraction(a), Fraction(b))


def _near(a: Fraction, b: Fraction) -> bool:
    return abs(a - b) <= max(abs(a), abs(b)) / 50


def _decimal(e: Expr) -> bool:
    """Does a formula hold a decimal fraction?"""
    return any(isinstance(x, Num) and x.text is not None and "." in x.text for x in walk(e))


MOST_VALUES = 12
"""Values of a counterexample that are written out in its sentence."""


def worded(v: Verdict) -> str:
    """The sentence for a verdict on left = right; formulas stand between dollar signs."""
    match v:
        case Differs(counterexample=c):
            said = {**{n: str(k) for n, k in c.sizes.items()}}
            said |= {n: as_text(x) for n, x in c.values.items()}
            listed = ", ".join(f"${n} = {x}$" for n, x in list(said.items())[:MOST_VALUES])
            more = ", …" if len(said) > MOST_VALUES else ""
            at = f"at {listed}{more} " if listed else ""
            told = f"{at}the left side is {as_text(c.left)}, the right side {as_text(c.right)}"
            if v.missing:
                told += f"; the right side lacks the term ${v.missing}$"
            if v.extra:
                told += f"; the right side has the term ${v.extra}$ too many"
            return told
        case EqualExceptTies(ties=ties) if ties:
            return "right, except where " + " or ".join(f"${t}$" for t in ties)
    return v.message
