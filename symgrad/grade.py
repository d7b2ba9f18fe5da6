r"""A work held against an exam: every claim in it found, sorted and judged.

Parts of the work are matched with sections of the exam by their numbers and letters, else by the
names in their formulas. Words are ignored but for what they say beside a number or a list: which
layer is counted, that names are the parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from types import NoneType

from symgrad.answer import Answer, TableWork
from symgrad.assertion import Claim, conditions_behind, numbers_only
from symgrad.decide import BUDGET
from symgrad.denial import denied
from symgrad.display import Row, left_side, rows, unframed
from symgrad.errors import Place, SymgradError
from symgrad.exam import Exam
from symgrad.expr import Expr, Ref, walk
from symgrad.ground import Ground
from symgrad.guard import Lost, Piecewise, unguarded
from symgrad.judge import Judge
from symgrad.lexicon import applied, varies
from symgrad.mark import Graded, Report, begins, key_of, left_open, partly, same_question, worth
from symgrad.notation import Formula, Listing, Statement, read_expression, reread
from symgrad.parts import Parts
from symgrad.prose import LOOKS, Span, continued, equations
from symgrad.roster import complete, sets
from symgrad.scope import PARAMETER_NAMES
from symgrad.solve import Solution, Solved, called, solve
from symgrad.supposition import conditioned, special
from symgrad.tally import Tally, counting
from symgrad.typed import plainly_called
from symgrad.verdict import (
    Differs,
    Equal,
    Invalid,
    Missing,
    Undecided,
    Verdict,
)
from symgrad.work import SHORT, Part, Piece, Written, read_work, written


def check(
    work: Written | Path | str,
    exam: Exam | Solution | None = None,
    part: str = "",
    budget: float = BUDGET,
    piecewise: Piecewise[list[Claim]] = unguarded,
) -> Report:
    r"""Judge every claim of a work: a file, or its text. For many works solve the exam once, and
    give the solution. `piecewise` does one formula after the other, in this process if not told
    otherwise.

    >>> text = "(a) $\\frac{\\partial L}{\\partial w} = x$"
    >>> exam = Exam.parse("# (a)\n\n$$L = w x$$\n\n$$\\frac{\\partial L}{\\partial w} = ?$$\n")
    >>> [c.verdict.name for c in check(text, exam).claims]
    ['Equal']
    """
    for found, kinds, wanted in (
        (work, (Written, Path, str), "a path, or the text of a work"),
        (exam, (Exam, Solution, NoneType), "an Exam or its Solution"),
        (part, (str,), "a label such as '3.3 (b)'"),
    ):
        if not isinstance(found, kinds):
            raise TypeError(f"found {type(found).__name__}, expected {wanted}")
    solution = solve(exam) if isinstance(exam, Exam) else exam
    if isinstance(work, str) and FILE.fullmatch(work) and Path(work).is_file():
        work = Path(work)
    if isinstance(work, Path):
        work = read_work(work)
    elif isinstance(work, str):
        work = written(work)
    return Checker(work, Parts(solution, part, budget), piecewise).report()


FILE = re.compile(r"[^\n$]{1,300}\.(?:md|txt|tex)")
"""What looks like the name of a file, not like a text."""
PARAMETER = re.compile(r"parameter|parametre|parámetro|paramètre|파라미터|매개변수|参数|參數", re.I)
"""Words that say that the names beside them are parameters."""
NAMED = re.compile(rf"(?:{PARAMETER.pattern})[^$]*?\b[A-Za-z]\b\s*(?:,|and|und|et|y)", re.I)
"""A list of parameters in words: the parameters are W, b and v."""
NO_PARAMETER = re.compile(r"\bnot?\b|\bkein|n't|hyper|아니|非", re.I)


RELATED = re.compile(r"[=<>≤≥≈]|\\(?:le|ge|approx|equiv|to)(?![A-Za-z])")
"""Signs of an equation or a comparison."""
GRACE = 5.0
"""Seconds for a formula beside those for its links, where it is judged in a process of its own."""
MOST_LINKS = 20
"""Links of one formula that have seconds of their own."""


@dataclass
class Checker:
    """Walks the pieces of a work."""

    work: Written
    parts: Parts
    piecewise: Piecewise[list[Claim]] = unguarded
    claims: list[Claim] = field(default_factory=list)
    where: dict[tuple[int, int, str], Solved] = field(default_factory=dict)

    def report(self) -> Report:
        """Everything judged, in the order of the work."""
        self.tally = Tally()
        self.collect()
        last: Part | None = None
        for piece in continued(self.work.pieces):
            if piece.part != last:
                self.tally.leave()
                last = piece.part
            for claim in self.kept(piece):
                self.claims.append(replace(claim, at=self.sourced(claim.at)))
        claims = sorted(conditioned(self.claims, self.work.lines), key=begins)
        title = self.parts.solution.exam.title if self.parts.solution else ""
        return Report(self.work, tuple(claims), tuple(self.graded(claims)), title)

    def kept(self, piece: Piece) -> list[Claim]:
        """The claims of a piece; not judged where it takes more time or memory than it may."""
        if not RELATED.search(piece.text):
            return list(self.judged(piece))
        links = min(piece.text.count("="), MOST_LINKS) + 1
        seconds = GRACE + 4 * self.parts.budget * links
        found = self.piecewise(lambda: list(self.judged(piece)), seconds)
        if isinstance(found, Lost):
            lost = Undecided(f"not judged: {found.why}")
            return [Claim(piece.at, piece.text.strip()[:SHORT], "link", str(piece.part), lost)]
        return found

    def collect(self) -> None:
        """What the work defines, for formulas that stand before or in another part."""
        for piece in self.work.pieces:
            if not piece.maths or piece.fault is not None or "=" not in piece.text:
                continue
            if self.said_false(piece, piece.text):
                continue
            ground = self.parts.ground(self.section(piece))
            if not ground.of_exam:
                continue
            try:
                statements = self.read(piece, ground)
            except SymgradError:
                continue
            for s in statements:
                if not isinstance(s, Formula) or len(s.parts) < 2 or s.ops[0] != "=":
                    continue
                head, body = s.parts[0], ground.meant(s.parts[1])
                head = (isinstance(head, Ref) and ground.labelled_apart(head)) or head
                if not isinstance(head, Ref) or head.name in ground.theirs or head in walk(body):
                    continue
                self.parts.later.setdefault(head.name, []).append((head, body))

    # -- the questions of the exam ----------------------------------------------------------------

    def graded(self, claims: Sequence[Claim]) -> Iterator[Graded]:
        """Every question of the exam with what the work answers: the last claim about it."""
        if self.parts.solution is None:
            return
        for s in self.parts.solution.root.walk():
            number_, letter = next((p.number, p.letter) for p in self.parts.places if p.solved is s)
            part = str(Part(number_, letter))
            for k in sorted(s.works):
                work = s.works[k]
                for n, a in enumerate(work.answers):
                    key, count = a.question, ""
                    if isinstance(work, TableWork):
                        r, _ = sorted(work.cells)[n]
                        key, count = f"{work.layers[r]}: {a.question}", a.latex
                    why = left_open(claims, key, part, count, self.work.lines)
                    if a.listed and any(map(NAMED.search, self.work.lines)):
                        why = why or "found no list of parameters that could be read"
                    yield self.grade(a, part, self.last(claims, key, s), why)

    def last(self, claims: Sequence[Claim], question: str, s: Solved) -> Claim | None:
        """The last claim that answers a question of a section; what is said of a special case takes
        a right answer not back."""
        mine = [
            c
            for c in claims
            if any(same_question(q, question) for q in (c.question, *c.covers) if q)
        ]
        here = [c for c in mine if self.where.get(key_of(c), s) is s]
        general = [c for c in here if not c.special and not (c.verdict and c.verdict.when)]
        if general and general[-1].fine:
            return general[-1]
        exact = [c for c in here if same_question(c.question, question)]
        if exact and exact[-1].fine and isinstance(here[-1].verdict, Undecided):
            return exact[-1]  # of h_T; here[-1] is of every h_t
        return here[-1] if here else None

    def grade(self, a: Answer, part: str, claim: Claim | None, why: str) -> Graded:
        """Points: all for a right answer, half for one by a wrong step or with one slip, all for
        one that follows from an earlier mistake, none otherwise."""
        if claim is None and why:
            return Graded(a.question, part, a.at, a.points, None, Undecided(why))
        if claim is None or claim.verdict is None:
            verdict: Verdict = Missing("found no answer")
            none = None if a.points is None else Fraction(0)
            return Graded(a.question, part, a.at, a.points, none, verdict)
        if claim.fine and claim.verdict.when:
            return Graded(a.question, part, a.at, a.points, None, partly(claim.verdict), claim)
        share = worth(claim, self.ties)
        earned = None if a.points is None or share is None else a.points * share
        return Graded(a.question, part, a.at, a.points, earned, claim.verdict, claim)

    @property
    def ties(self) -> bool:
        """May an answer differ where values tie?"""
        return self.parts.solution is None or "ties" not in self.parts.solution.exam.options

    def section(self, piece: Piece) -> Solved | None:
        """The section of the exam that a piece belongs to."""
        return self.parts.section(piece.part, piece.text if piece.maths else "")

    # -- pieces -----------------------------------------------------------------------------------

    def judged(self, piece: Piece) -> Iterator[Claim]:
        """The claims of a piece."""
        if piece.fault is not None:
            at = piece.fault.at or piece.at
            fault = Invalid(told(piece.fault), place=at)
            yield Claim(at, piece.text.strip(), "unread", str(piece.part), fault)
            return
        if not piece.maths:
            yield from self.words(piece)
        elif self.said_false(piece, piece.text):
            yield self.denied(piece)
        else:
            yield from self.mathematics(piece)

    def said_false(self, piece: Piece, text: str) -> bool:
        """Do the words beside an equation say that it is false?"""
        return RELATED.search(text) is not None and denied(
            self.work.lines, piece.at.line, piece.at.column, text
        )

    def denied(self, piece: Piece) -> Claim:
        """What is said to be false is no claim of the person."""
        told = Undecided("not judged: the words beside it say that it is false")
        return Claim(piece.at, piece.text.strip(), "denied", str(piece.part), told)

    def mathematics(self, piece: Piece, last: bool = True) -> Iterator[Claim]:
        """A formula: all its statements, or each of its rows where not all can be read. Not its
        `last` piece: a chain goes on, and its last side is no answer."""
        if not piece.text.strip():
            return
        section = self.section(piece)
        ground = self.parts.ground(section)
        try:
            statements = self.read(piece, ground)
        except SymgradError as error:
            if not self.prose(piece):
                yield from self.unread(piece, error)
            return
        first = next((k for k, s in enumerate(statements) if lists(s)), 0)
        listed = self.listing(piece, statements[first:], ground)
        if listed is not None:
            yield listed
            statements = statements[:first]
        questions = () if section is None or not last else self.asked(section)
        for n, s in enumerate(statements):
            if section is not None and numbers_only(s):
                counted = self.tally.formula(s.latex, replace(piece, at=s.at), section)
                if counted is not None:
                    self.where[key_of(counted)] = counting(section)
                    yield counted
            judge = Judge(ground, conditions_behind(statements, n, piece.text))
            for claim in judge.statement(s, str(piece.part), questions):
                if section is not None:
                    self.where[key_of(claim)] = section
                yield claim

    def asked(self, section: Solved) -> tuple[Expr, ...]:
        """The questions of a section, those of its circuits among them."""
        found = [q.left for q in section.scope.questions]
        for answer in answers_of(section):
            try:
                found.append(read_expression(answer.question))
            except SymgradError:
                continue
        return tuple(dict.fromkeys(found))

    def prose(self, piece: Piece) -> bool:
        """Is a piece that cannot be read no formula but a sign, such as a lone +?"""
        return not re.search(r"[A-Za-z0-9]", piece.text) or not re.search(
            r"[=<>]|\\(?:frac|sum|le|ge|binom|prod|max)", piece.text
        )

    def unread(self, piece: Piece, error: SymgradError) -> Iterator[Claim]:
        """What cannot be read, with its place; rows of a display that can be are judged."""
        found = rows(piece.text)
        if len(found) > 1:
            yield from self.rowwise(piece, found)
            return
        at = error.at or piece.at
        fault = Invalid(told(error), place=at)
        yield Claim(at, piece.text.strip(), "unread", str(piece.part), fault)

    def rowwise(self, piece: Piece, found: Sequence[Row]) -> Iterator[Claim]:
        """The rows of a display of which some cannot be read: a chain goes on behind such a row
        with the left side that it had."""
        ground = self.parts.ground(self.section(piece))
        bare = unframed(piece.text)
        left, since, done = "", 0, 0
        chain: Piece | None = None
        for row in found:
            first = row.start + len(row.text) - len(row.text.lstrip(" \n\t&"))
            end = row.start + len(row.text)
            alone = replace(piece, text=bare[first:end], at=self.shifted(piece, first))
            if not row.goes_on:
                yield from self.mathematics(chain) if chain else ()
                chain, left, since = None, left_side(row.text), first
                longer = alone
            elif chain is not None:
                head = chain.text[: len(chain.text) - len(bare[since:done])]
                longer = replace(chain, text=head + bare[since:end])
            else:
                longer, since = replace(alone, text=f"{left} {alone.text}".strip()), first
            try:
                self.read(longer, ground)
            except SymgradError as error:
                yield from self.mathematics(chain, last=not row.goes_on) if chain else ()
                yield from self.unread(alone, error)
                chain = None
                continue
            chain, done = longer, end
        yield from self.mathematics(chain) if chain else ()

    def shifted(self, piece: Piece, offset: int) -> Place:
        """The place of a character of a piece."""
        before = piece.text[:offset]
        lines = before.count("\n")
        if not lines:
            return replace(piece.at, column=piece.at.column + offset)
        number = piece.at.line + lines
        column = offset - before.rfind("\n")
        source = self.work.lines[number - 1] if number <= len(self.work.lines) else ""
        return Place(piece.at.file, number, column, source)

    def read(self, piece: Piece, ground: Ground) -> tuple[Statement, ...]:
        """The statements of a piece, with the functions and names of its scope."""
        scope = ground.scope
        text = plainly_called(piece.text)
        known = frozenset(f for f, made in scope.functions.items() if varies(*made))
        known |= applied(text, scope.functions)
        taken = scope.variables | frozenset(ground.aliases) | (frozenset(scope.functions) - known)
        found = reread(text, piece.at, known, taken)
        heads = frozenset(called(found))
        if heads - known:
            found = reread(text, piece.at, known | heads, taken)
        return tuple(replace(ground.primeless(s), at=self.placed(s.at, piece)) for s in found)

    def sourced(self, at: Place) -> Place:
        """A place with its line of the document."""
        known = 0 < at.line <= len(self.work.lines)
        return replace(at, source=self.work.lines[at.line - 1]) if known else at

    def placed(self, at: Place, piece: Piece) -> Place:
        """A place counted in the lines of a piece, as one in the document."""
        if at.line == piece.at.line or at.line > len(self.work.lines):
            return at
        return replace(at, source=self.work.lines[at.line - 1])

    # -- lists of parameters ----------------------------------------------------------------------

    def listing(
        self, piece: Piece, statements: Sequence[Statement], ground: Ground
    ) -> Claim | None:
        """Names said to be the parameters: θ = {…}, or a list beside the word."""
        refs: list[Expr] = []
        named = False
        first = statements[0] if statements else None
        if isinstance(first, Formula) and len(first.parts) == 2 and len(statements) > 1:
            head, one = first.parts
            if isinstance(head, Ref) and head.name in PARAMETER_NAMES and isinstance(one, Ref):
                refs, named, statements = [one], True, statements[1:]
        for s in statements:
            if isinstance(s, Listing):
                refs += s.items
                named = True
            elif isinstance(s, Formula) and len(s.parts) == 1 and isinstance(s.parts[0], Ref):
                refs.append(s.parts[0])
            else:
                return None
        words = piece.words.replace(piece.text, " ")
        beside = PARAMETER.search(words) and not NO_PARAMETER.search(words)
        if not refs or not ground.of_exam or not (named or beside):
            return None
        if not named and beside and len(refs) == 1:
            refs = self.gathered(piece, refs)
        if not named and len(refs) < 2:
            return None
        found = [r for r in map(ground.meant, refs) if isinstance(r, Ref)]
        network = ground.scope.network.around(ground.scope.focus)
        missing, extra = sets(network, found)
        section = self.section(piece)
        asked = next((a for a in answers_of(section) if a.listed), None) if section else None
        kind = "parameters"
        if extra:
            verdict: Verdict = Differs(
                "; ".join(extra), extra=", ".join(e.split("$")[1] for e in extra)
            )
        elif missing and asked is not None and complete(network, found, named):
            verdict = Differs(f"lacks ${', '.join(missing)}$", missing=", ".join(missing))
        else:
            verdict = Equal("every one of them is a parameter", by="network")
        part = str(piece.part)
        whole = asked.question if asked and complete(network, found, named) else ""
        right = asked.latex if asked and isinstance(verdict, Differs) else ""
        return Claim(piece.at, piece.text.strip(), kind, part, verdict, whole, right)

    def gathered(self, piece: Piece, refs: list[Expr]) -> list[Expr]:
        """The names of a line that stand in dollars of their own, at the first of them."""
        mine = [p for p in self.work.pieces if p.maths and p.at.line == piece.at.line]
        ground = self.parts.ground(self.section(piece))
        found: list[Expr] = []
        for p in mine:
            try:
                (s,) = self.read(p, ground)
            except (SymgradError, ValueError):
                return refs
            if not isinstance(s, Formula) or len(s.parts) != 1 or not isinstance(s.parts[0], Ref):
                return refs
            found.append(s.parts[0])
        return found if mine and mine[0] == piece else refs

    def words(self, piece: Piece) -> Iterator[Claim]:
        """Plain equations, arithmetic and counts in a line of words."""
        rest = piece.text
        known = self.parts.ground(self.section(piece)).known
        for span in equations(piece.text, known):
            found = list(self.typed(piece, span))
            yield from found
            if found:
                end = span.start + len(span.text)
                gone = "\N{REPLACEMENT CHARACTER}" * len(span.text)
                rest = rest[: span.start] + gone + rest[end:]
        section = self.section(piece)
        for claim in self.tally.line(replace(piece, text=rest), section):
            if section is not None:
                self.where[key_of(claim)] = counting(section)
            yield claim

    def about(self, piece: Piece, text: str) -> bool:
        """Does a setting among words, y = 3 apples, speak of a name of its part?"""
        ground = self.parts.ground(self.section(piece))
        said = re.match(r"\s*([^\W\d]+)\s*=", text)
        return said is not None and said[1] in ground.theirs | ground.aliases.keys()

    def typed(self, piece: Piece, span: Span) -> Iterator[Claim]:
        """The claims of an equation among words; listed where it may be a piece of another."""
        at = replace(piece.at, column=span.start + 1)
        made = replace(piece, text=span.latex, at=at, maths=True)
        if self.said_false(made, span.text):
            yield self.denied(made)
        elif span.whole:
            section = self.section(made)
            claims = list(self.mathematics(made))
            if span.named and any(c.wrong for c in claims):
                named = list(self.mathematics(replace(made, text=span.named)))
                claims = claims if any(c.wrong for c in named) else named
            for found in claims:
                claim = replace(found, at=at, start=None)
                if span.conditional and isinstance(claim.verdict, Differs):
                    claim = special(claim)
                if section is not None:
                    self.where[key_of(claim)] = section
                yield claim
        elif LOOKS.search(span.text) or self.about(made, span.text):
            told = "found what may be a part of an equation among words"
            hint = "write it in a line of its own, or between dollars"
            fault = Invalid(f"{told}; {hint}", place=at)
            yield Claim(at, span.text, "unread", str(piece.part), fault)


def lists(s: Statement) -> bool:
    """Does a statement open a list of parameters, θ = w of θ = w, b?"""
    head = s.parts[0] if isinstance(s, Formula) and len(s.parts) == 2 else None
    return isinstance(head, Ref) and head.name in PARAMETER_NAMES


def told(error: SymgradError) -> str:
    """What was found and expected, and what to do, without the place."""
    return f"{error.message}; {error.hint}" if error.hint else error.message


def answers_of(s: Solved) -> Iterator[Answer]:
    """The answers of one section, in order."""
    for k in sorted(s.works):
        yield from s.works[k].answers
