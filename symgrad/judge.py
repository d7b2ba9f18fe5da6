r"""What a person wrote about a network, statement by statement: which claims it makes, and what
each is worth.

A chain A = B = C is judged link by link, and as a whole against what the network gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from symgrad.assertion import Claim, decimals, numeric, shortened, sides
from symgrad.errors import SymgradError
from symgrad.expr import (
    Blank,
    Call,
    Expr,
    Mul,
    Num,
    Partial,
    Ref,
    free,
    names,
    walk,
)
from symgrad.ground import Ground
from symgrad.latex import latex
from symgrad.notation import Formula, Statement
from symgrad.verdict import (
    Differs,
    Invalid,
    Missing,
    Verdict,
)


@dataclass(frozen=True)
class Judge:
    """Judges the statements of one part."""

    ground: Ground

    def statement(self, s: Statement, part: str, questions: Sequence[Expr]) -> Iterator[Claim]:
        """The claims that a statement makes."""
        if not isinstance(s, Formula):
            yield from self.declared(s, part)
            return
        parts, ops = s.parts, s.ops
        if isinstance(parts[-1], Blank):
            told = "found ?, expected an answer"
            yield Claim(s.at, s.latex, "answer", part, Missing(told), latex(parts[0]))
            return
        if len(parts) == 1:
            yield Claim(s.at, s.latex, "unrelated", part)
            return
        if all(not free(p) and not names(p) for p in parts):
            yield from self.numeric(s, part)
            return
        equal = next((k for k, op in enumerate(ops) if op != "="), len(ops))
        if not equal:
            yield self.condition(s, part)
            return
        if equal < len(ops):  # A = B > 0 says A = B, and a condition
            yield self.condition(s, part)
            s = shortened(s, equal)
        s = replace(s, parts=tuple(map(self.ground.meant, s.parts)))
        yield from self.chain(s, part, questions)

    def declared(self, s: Statement, part: str) -> Iterator[Claim]:
        """Ranges, shapes, data, labels: taken over where they are new."""
        name = s.latex
        try:
            self.ground.define(name, s)
        except SymgradError:
            yield Claim(s.at, s.latex, "condition", part)
            return
        yield Claim(s.at, s.latex, "definition", part)

    def condition(self, s: Formula, part: str) -> Claim:
        """An inequality between names is a condition; taken as a fact where it can be."""
        try:
            if not self.ground.of_exam:
                self.ground.define(s.latex, s)
        except SymgradError:
            pass
        return Claim(s.at, s.latex, "condition", part)

    def numeric(self, s: Formula, part: str) -> Iterator[Claim]:
        """Each relation between numbers."""
        written = sides(s)
        for k, op in enumerate(s.ops):
            (at, left), (_, right) = written[k], written[k + 1]
            verdict = numeric(s.parts[k], op, s.parts[k + 1], decimals(right))
            text = s.latex if len(s.parts) == 2 else f"{left} {op} {right}"
            yield Claim(at, text, "numeric", part, verdict)

    def chain(self, s: Formula, part: str, questions: Sequence[Expr]) -> Iterator[Claim]:
        """A = B = C: its links, and the answer that its last side is."""
        first, last = s.parts[0], s.parts[-1]
        if isinstance(first, Mul) and any(a.at == s.at for a in s.applied):
            told = "found a function of an indexed name on the left, expected a name"
            yield Claim(s.at, s.latex, "unread", part, Invalid(told, place=s.at))
            return
        new = self.new_name(first)
        if new is not None:
            yield self.defined(new, s, part)
            if len(s.parts) > 2:
                yield from self.links(s, part, 1)
            return
        if not self.ground.derivable(first):
            yield from self.links(s, part, 0)
            return
        assert isinstance(first, Partial)
        asked = next((q for q in questions if asks(q, first)), None)
        yield from self.answered(s, first, last, part, asked)

    def new_name(self, left: Expr) -> str | None:
        """The name that a statement defines: one that the exam does not have, or an input."""
        name = left.name if isinstance(left, Ref) else left.fn if isinstance(left, Call) else None
        if name is None or (isinstance(left, Call) and not _plain_call(left)):
            return None
        if name in self.ground.outer.network.by_name:
            return None
        symbols = {n for u in self.ground.outer.network.upstream for n in names(u.symbol)}
        return None if name in symbols else name

    def defined(self, name: str, s: Formula, part: str) -> Claim:
        """A definition, with its first two sides: beside the exam's network, or a network of its
        own where there is no exam."""
        head, body = s.parts[:2]
        if self.ground.of_exam:
            if self.ground.outer.network.knows(name) or name in self.ground.outer.functions:
                return Claim(s.at, s.latex, "unrelated", part)
            if not isinstance(head, Ref) or name in names(body):
                told = f"found {latex(head)}, which the exam does not have here"
                return Claim(s.at, s.latex, "definition", part, Invalid(told, place=s.at))
            self.ground.aliases[name] = (head, body)
            for beside in self.ground.beside:
                with suppress(SymgradError):
                    beside.define(latex(head), replace(s, parts=s.parts[:2], ops=s.ops[:1]))
            return Claim(s.at, s.latex, "definition", part)
        try:
            self.ground.define(latex(head), replace(s, parts=s.parts[:2], ops=s.ops[:1]))
        except SymgradError as error:
            fault = Invalid(error.message, place=error.at or s.at)
            return Claim(s.at, s.latex, "definition", part, fault)
        return Claim(s.at, s.latex, "definition", part)

    def links(self, s: Formula, part: str, start: int) -> Iterator[Claim]:
        """Each link of a chain."""
        written = sides(s)
        for k in range(start, len(s.parts) - 1):
            (at, left), (_, right) = written[k], written[k + 1]
            verdict = self.ground.link(s.parts[k], s.parts[k + 1], s.at, decimals(right))
            text = s.latex if len(s.parts) == 2 else f"{left} {s.ops[k]} {right}"
            right_is = self.corrected(verdict)
            yield Claim(at, text, "link", part, verdict, right=right_is)

    def corrected(self, verdict: Verdict) -> str:
        """The formula that should stand beside a wrong one."""
        return verdict.reading[0] if isinstance(verdict, Differs) and verdict.reading else ""

    def answered(
        self, s: Formula, goal: Partial, last: Expr, part: str, asked: Expr | None
    ) -> Iterator[Claim]:
        """A gradient: its links, and what its last side is worth."""
        links = list(self.links(s, part, 0))
        kind = "answer" if asked is not None else "link"
        question = "" if asked is None else latex(asked)
        if len(s.parts) == 2 or asked is None:
            if asked is None:
                yield from links
                self.ground.claimed.append((goal, last))
                return
            (only,) = links
            yield self.whole(replace(only, kind=kind, question=question), goal, last, ())
        else:
            yield from (replace(c, inner=True) for c in links)
            verdict = self.ground.link(goal, last, s.at, decimals(sides(s)[-1][1]))
            whole = Claim(s.at, s.latex, kind, part, verdict, question, self.corrected(verdict))
            yield self.whole(whole, goal, last, tuple(links))
        self.ground.claimed.append((goal, last))

    def whole(self, claim: Claim, goal: Partial, last: Expr, links: tuple[Claim, ...]) -> Claim:
        """The answer as a whole: unfinished, right by a wrong step, following from a mistake."""
        remarks: list[str] = []
        if claim.fine and self.unfinished(last, goal):
            told = "the chain rule is right, but it is not worked out: derivatives are left"
            return replace(claim, verdict=Missing(told))
        if claim.fine and any(c.wrong for c in links):
            remarks.append("the result is right, but a step on the way is not")
        if claim.wrong:
            reached = [k for k, c in enumerate(links[:-1]) if all(x.fine for x in links[: k + 1])]
            if reached and not self.unfinished_at(links, reached[-1]):
                remarks.append("a side further left is right; the last side is judged")
            if isinstance(claim.verdict, Differs) and self.ground.follow(goal, last):
                remarks.append("follows correctly from an earlier mistake")
                return replace(claim, remarks=tuple(remarks), follows=True)
        return replace(claim, remarks=tuple(remarks))

    def unfinished_at(self, links: tuple[Claim, ...], k: int) -> bool:
        """Does the right side of a link hold derivatives?"""
        return r"\partial" in links[k].latex.split("=")[-1]

    def unfinished(self, last: Expr, goal: Partial) -> bool:
        """Are derivatives left in an answer that the network has formulas for?"""
        network = self.ground.scope.network
        for x in walk(last):
            if isinstance(x, Partial) and self.ground.derivable(x):
                by = x.by
                given = isinstance(by, Ref) and any(
                    u.of == x.of and u.of_entry(by) is not None for u in network.upstream
                )
                if not given:
                    return True
        return False


def _plain_call(e: Call) -> bool:
    return all(isinstance(a, Ref) for a in e.args)


def asks(question: Expr, goal: Partial) -> bool:
    """Is a gradient what a question asks for, under other letters maybe?"""
    match question:
        case Partial(of=Ref() as of, by=Ref() as by):
            pass
        case _:
            return False
    assert isinstance(goal.of, Ref) and isinstance(goal.by, Ref)
    if of.name != goal.of.name or by.name != goal.by.name:
        return False
    if len(by.indices) != len(goal.by.indices):
        return False
    for mine, there in zip(by.indices, goal.by.indices, strict=True):
        if (isinstance(mine, Num) or isinstance(there, Num)) and mine != there:
            return False
    return True
