r"""What became of a work, for people: lines of a terminal, and a sheet for Markdown, LaTeX, PDF.

Nothing of the work is pasted into a page: a formula that was read is checked against the closed
table of macros, one that was not is shown as code, and words are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from symgrad.assertion import Claim
from symgrad.dressing import undressed
from symgrad.errors import Place, SheetError, SymgradError, point
from symgrad.mark import Graded, Report, kept_back
from symgrad.page import Block, Cell, Heading, Paragraph, Remark, Sheet, Span, Spans, Table
from symgrad.terminal import plain
from symgrad.typeset import check as typesettable
from symgrad.verdict import (
    Agrees,
    Differs,
    Equal,
    EqualExceptTies,
    Invalid,
    Missing,
)
from symgrad.wording import label, say

MARKS = {"right": "✓", "ties": "✓", "wrong": "✗", "open": "?", "unread": "–"}
TARGETS = ("md", "tex", "pdf")
TIMES = re.compile(r"\s*[xX×*·]\s*")
LONGEST = 300
"""Most characters of a piece that was not read, in a report."""


def state(c: Claim) -> str:
    """The verdict of a claim in a word."""
    if c.kind == "unread":
        return "unread"
    match c.verdict:
        case Equal() | Agrees():
            return "right"
        case EqualExceptTies():
            return "ties"
        case Differs() | Invalid() | Missing():
            return "wrong"
    return "open"


def sentences(c: Claim, answers: bool = True, said: str = "") -> Iterator[Spans]:
    """What is to be said of a claim: why, which slip, what follows, the right formula; not again
    what was `said` of a link of the same chain."""
    v = c.verdict
    again = c.inner and v is not None and v.message == said
    if v is not None and not isinstance(v, Equal) and not again:
        message = v.message if answers else kept_back(v.message)
        yield (Span("text", message),) if c.kind == "unread" else spans(message)
    if isinstance(v, Differs) and v.slip and not again:
        for name in v.slip.split(" + "):
            yield say("slips", name.replace(" ", "-")) or spans(f"slip: {name}")
    if again and not isinstance(v, Equal):
        yield say("check", "again")
    for remark in c.remarks:
        yield spans(remark)
    if answers and c.right and c.wrong:
        yield (*say("check", "right-is"), Span("math", c.right))


def spans(message: str) -> Spans:
    """A sentence whose formulas stand between dollar signs."""
    pieces = re.split(r"\$([^$]+)\$", message)
    out = [Span("math" if k % 2 else "text", p) for k, p in enumerate(pieces) if p]
    return tuple(out)


# -- a terminal -----------------------------------------------------------------------------------


def lines(report: Report, answers: bool = True, every: bool = False) -> Iterator[tuple[str, str]]:
    """Lines with a style each: what is wrong, not read or remarked, then the answers."""
    said = ""
    for c in report.claims:
        how = state(c)
        quiet = how == "right" and not c.remarks
        if c.verdict is None or (quiet and (c.inner or not every)):
            continue
        where = f"{c.at.line}:{c.at.column}"
        part = f" [{c.part}]" if c.part else ""
        word = label(f"check-{how}")
        yield f"{MARKS[how]} {where}{part} {c.kind}: {word}", how
        if c.at.source:
            for text in point(c.at.source, c.at.column).split("\n"):
                yield text, "source"
        for sentence in sentences(c, answers, said):
            yield f"  {unicode_of(sentence)}", "told"
        said = c.verdict.message
    yield from (("", "told"), *((t, "told") for t in graded_lines(report)))
    yield summary(report), "told"


def graded_lines(report: Report) -> Iterator[str]:
    """One line for each question of the exam."""
    for a in report.answers:
        points = ""
        if a.points is not None:
            points = f"  {points_of(a.earned)}/{points_of(a.points)}"
        where = f" (line {a.claim.at.line})" if a.claim else ""
        yield f"{a.part or '-'} {unicode_math(a.question)}: {answer_word(a)}{where}{points}"


def points_of(x: Fraction | None) -> str:
    """Points as a decimal fraction of at most two digits, ? for what is not decided."""
    return "?" if x is None else f"{float(x):.2f}".rstrip("0").rstrip(".")


def answer_word(a: Graded) -> str:
    """The verdict on an answer in a word."""
    if a.claim is not None:
        word = state(a.claim)
        return label("check-follows" if a.claim.follows else f"check-{word}")
    return label("check-missing" if isinstance(a.verdict, Missing) else "check-open")


def summary(report: Report) -> str:
    """Counts in one line."""
    s = report.summary
    told = label("check-summary", **{k: str(s[k]) for k in ("claims", "right", "wrong")})
    for key in ("undecided", "unread"):
        if s[key]:
            told += label(f"check-summary-{key}", n=str(s[key]))
    if "points" in s:
        told += label(
            "check-summary-points", earned=str(round(s["earned"], 2)), points=str(s["points"])
        )
    return told


def unicode_of(sentence: Spans) -> str:
    """A sentence as Unicode."""
    return "".join(unicode_math(s.content) if s.kind == "math" else s.content for s in sentence)


def unicode_math(latex: str) -> str:
    """A formula as Unicode where that is possible."""
    told = re.fullmatch(r"\\text\{(.*)\}", latex)
    if told:
        return told[1]
    try:
        return plain(latex)
    except SymgradError:
        return latex


def targets(work: Path, output: Path | None, to: Sequence[str]) -> Iterator[tuple[str, Path, str]]:
    """The formats to write, each with a directory and a name: as the ending of `output` says, or
    beside the work."""
    ending = "" if output is None else output.suffix.lstrip(".")
    if output is not None and ending in TARGETS:
        if to and set(to) != {ending}:
            formats = ", ".join(sorted(set(to)))
            raise SheetError(
                f"found the formats {formats} for {output}, expected {ending} as its ending says",
                hint="leave --to out, or give a directory with -o",
            )
        for target in to or (ending,):
            yield target, output.parent, output.stem
        return
    if output is not None and ending and not output.is_dir():
        raise SheetError(
            f"found the ending .{ending} of {output}, expected .md, .tex or .pdf",
            hint="or give a directory, and the format with --to",
        )
    home = work.parent if output is None else output
    for target in to or ("md",):
        yield target, home, f"{work.stem}.report"


# -- a page ---------------------------------------------------------------------------------------


def sheet(report: Report, answers: bool = True) -> Sheet:
    """The report as a sheet: the person's formulas in their order, marked, the correction beside
    the wrong ones; then the questions with their points."""
    blocks: list[Block] = [Paragraph((Span("text", summary(report)),))]
    part = said = ""
    for c in report.claims:
        if c.verdict is None or (c.inner and state(c) == "right"):
            continue
        if c.part != part:
            part = c.part
            blocks.append(Heading(2, (Span("text", part),)))
        blocks += claim_blocks(c, answers, said)
        said = c.verdict.message
    if report.answers:
        blocks.append(Heading(2, (Span("text", label("check-answers")),)))
        blocks.append(table(report))
    title = label("check-title", exam=report.title) if report.title else label("check-report")
    return Sheet("solution", title, "en", tuple(blocks))


def claim_blocks(c: Claim, answers: bool, said: str) -> Iterator[Block]:
    """One claim: place and verdict, the formula, the sentences."""
    how = state(c)
    head = f"{MARKS[how]} {label('check-line', n=str(c.at.line))} {label(f'check-{how}')}"
    if how == "right" and not c.remarks:
        yield Paragraph((Span("text", f"{head}  "), *written(c)))
        return
    yield Paragraph((Span("strong", head), Span("text", "  "), *written(c)))
    for sentence in sentences(c, answers, said):
        yield Remark(tuple(safe(s) for s in sentence))


def written(c: Claim) -> Spans:
    """The claim as it was written: a formula if it can be set, else code."""
    if c.kind == "unread" or (c.kind in ("numeric", "count") and not settable(c.latex)):
        return (Span("code", " ".join(c.latex[:LONGEST].split())),)
    if c.kind == "count":
        return (Span("math", TIMES.sub(r" \\times ", c.latex)),)
    return (
        (safe(Span("math", c.latex.replace("&", " "))),)
        if "\\begin" not in c.latex
        else (safe(Span("math", c.latex)),)
    )


def safe(span: Span) -> Span:
    """A formula that cannot be set is shown without its boxes and braces, else as code."""
    if span.kind != "math" or settable(span.content):
        return span
    if settable(bare := undressed(span.content)):
        return Span("math", " ".join(bare.split()))
    return Span("code", " ".join(span.content[:LONGEST].split()))


def settable(latex: str) -> bool:
    """Is this a formula of the closed table of macros?"""
    try:
        typesettable(latex, Place())
    except SymgradError:
        return False
    return True


def table(report: Report) -> Table:
    """Question, line, verdict, points."""
    pointed = any(a.points is not None for a in report.answers)
    titles = ["part", "question", "column-line", "verdict", *(["points-of"] if pointed else [])]
    header = tuple(Cell((Span("text", label(f"check-{t}")),)) for t in titles)
    rows = []
    for a in report.answers:
        cells: list[Spans] = [
            (Span("text", a.part),),
            (safe(Span("math", a.question)),),
            (Span("text", str(a.claim.at.line) if a.claim else "–"),),
            (Span("text", answer_word(a)),),
        ]
        if pointed:
            of = "" if a.points is None else f"{points_of(a.earned)} / {points_of(a.points)}"
            cells.append((Span("text", of),))
        rows.append(tuple(Cell(c) for c in cells))
    return Table(header, tuple(rows), ("l", "l", "r", "l", "r")[: len(titles)])
