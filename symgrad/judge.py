r"""What a person wrote about a network, statement by statement: which claims it makes, and what
each is worth.

A chain A = B = C is judged link by link, and as a whole against what the network gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from symgrad.affine import shift
from symgrad.ask import entry_named, follows, reach
from symgrad.assertion import (
    APPROX,
    Claim,
    decimals,
    digits_of,
    numeric,
    shortened,
    sides,
    softened,
)
from symgrad.errors import Place, SymgradError
from symgrad.expr import (
    And,
    Blank,
    Call,
    Expr,
    Iverson,
    Mul,
    Partial,
    Ref,
    derivatives,
    free,
    names,
    substitute,
    walk,
)
from symgrad.ground import Ground
from symgrad.latex import latex
from symgrad.lexicon import letters
from symgrad.network import Network
from symgrad.notation import Formula, Statement, reread
from symgrad.question import asks
from symgrad.verdict import (
    Agrees,
    Differs,
    Equal,
    EqualExceptTies,
    Invalid,
    Missing,
    Undecided,
    Verdict,
)
from symgrad.whole import as_row


@dataclass(frozen=True)
class Judge:
    """Judges the statements of one part."""

    ground: Ground
    when: tuple[Expr, ...] = ()
    """Comparisons beside the formula: where it is said to hold."""
    asked: tuple[Expr, ...] = ()
    """Comparisons beside the question: where it asks."""

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
        equal = next((k for k in range(len(ops)) if not self.equates(s, k)), len(ops))
        if equal < len(ops):  # A = B > 0 says A = B, and a condition
            yield self.compared(s, equal, part)
        if not equal:
            return
        if equal < len(ops):
            s = shortened(s, equal)
        s = replace(s, parts=tuple(map(self.ground.meant, s.parts)))
        yield from self.chain(s, part, tuple(map(self.ground.with_names, questions)))

    def equates(self, s: Formula, k: int) -> bool:
        """Does a relation of a chain say that two sides are equal? ≈ before a number does, if what
        stands before it has a value."""
        if s.ops[k] != APPROX or names(s.parts[k + 1]):
            return s.ops[k] == "="
        return not names(s.parts[k]) or bool(self.ground.scope.network.values)

    def compared(self, s: Formula, k: int, part: str) -> Claim:
        """What a relation of a chain says that is no equality: that two formulas differ, that they
        are near, or a condition."""
        left, right = s.parts[k], s.parts[k + 1]
        if s.ops[k] == APPROX and isinstance(left, Ref) and not names(right):
            return self.condition(s, part)  # if g ≈ 1
        if s.ops[k] == APPROX:
            near = Undecided("found ≈ between formulas; it is judged between numbers")
            return Claim(s.at, s.latex, "link", part, near)
        if s.ops[k] != "!=" or not any(
            isinstance(x, Partial) for e in (left, right) for x in walk(e)
        ):
            return self.condition(s, part)
        found = self.ground.link(self.ground.meant(left), self.ground.meant(right), s.at)
        verdict: Verdict = Undecided(f"not judged: {found.message}")
        if isinstance(found, Differs):
            verdict = Equal(f"they differ: {found.message}", by="counterexample")
        elif isinstance(found, Equal):
            verdict = Invalid("the two sides are equal", place=s.at)
        return Claim(s.at, s.latex, "link", part, verdict)

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
            digits = digits_of(right) if op == APPROX else decimals(right)
            verdict = numeric(s.parts[k], op, s.parts[k + 1], digits)
            if op == APPROX and not isinstance(verdict, Equal):  # 1000 ≈ 1024 rounds the other way
                turned = numeric(s.parts[k + 1], op, s.parts[k], digits_of(left))
                verdict = turned if isinstance(turned, Equal) else verdict
            text = s.latex if len(s.parts) == 2 else f"{left} {op} {right}"
            yield Claim(at, text, "numeric", part, verdict)

    def chain(self, s: Formula, part: str, questions: Sequence[Expr]) -> Iterator[Claim]:
        """A = B = C: its links, and the answer that its last side is."""
        first, last = s.parts[0], s.parts[-1]
        if isinstance(first, Mul) and any(a.at == s.at for a in s.applied):
            told = "found a function of an indexed name on the left, expected a name"
            yield Claim(s.at, s.latex, "unread", part, Invalid(told, place=s.at))
            return
        if self.differential(first):
            told = f"found ${latex(first)}$, a gradient without its quantity or a product"
            yield Claim(s.at, s.latex, "unread", part, Invalid(told, place=s.at))
            return
        goal = self.goal(s, questions)
        if goal is None and (named := self.called(first, s.parts[1])) is not None:
            covers = tuple(q for q in questions if asks(q, named, self.running(named)))
            yield from self.answered(s, named, last, part, covers)
            return
        if goal is not None:
            at = s.parts.index(goal)
            answer = last if at < len(s.parts) - 1 else s.parts[at - 1]
            covers = tuple(q for q in questions if asks(q, goal, self.running(goal)))
            self = replace(self, asked=self.restriction(goal, covers))
            if at and (name := self.new_name(first)) is not None:
                yield self.defined(name, replace(s, parts=(first, answer), ops=("=",)), part)
            yield from self.answered(s, goal, answer, part, covers)
            return
        given = self.ground.outer.network.upstream
        upstream = any(entry_named(u, first) is not None for u in given)
        if isinstance(first, Ref) and first in questions and (upstream or not names(last)):
            yield from self.value(s, first, part)
            return
        new = self.new_name(first)
        if new is not None and s.ops[0] == APPROX:  # what is only near defines nothing
            if isinstance(first, Ref) and self.ground.stands(first):
                yield from self.links(s, part, 0)
            else:
                yield Claim(s.at, s.latex, "unrelated", part)
            return
        if new is None or self.repeated(first, s.parts[1], s.at):
            yield from self.links(s, part, 0)
            return
        yield self.defined(new, s, part)
        if len(s.parts) > 2:
            yield from self.links(s, part, 1)

    def differential(self, e: Expr) -> bool:
        """Is a side dw, where nothing is called d?"""
        match e:
            case Mul(factors=(Ref(name="d", indices=()), Ref())):
                return "d" not in self.ground.known
        return False

    def goal(self, s: Formula, questions: Sequence[Expr]) -> Partial | None:
        """The gradient that a chain is about: its first side, or one that a question asks for."""
        found = [p for p in s.parts if isinstance(p, Partial) and self.ground.differentiable(p)]
        asked = [p for p in found if any(asks(q, p, self.running(p)) for q in questions)]
        if len(s.parts) == 2 and self.new_name(s.parts[0]) is not None:
            return None  # δ = ∂L/∂z gives a name
        if found and found[0] == s.parts[0]:
            return found[0]
        return asked[0] if asked else None

    def called(self, name: Expr, said: Expr) -> Partial | None:
        """The gradient that the work called by a name, and says now: g = h - y of g = ∂L/∂h."""
        if not isinstance(name, Ref) or isinstance(said, Partial) or name.name in names(said):
            return None  # δ_t = a δ_{t+1} is a rule, and ends somewhere
        for head, body in self.ground.aliases.get(name.name, ()):
            put = {} if head == name else self.ground.fits(head, body, name)
            goal = None if put is None else shift(body, put)
            if isinstance(goal, Partial) and self.ground.differentiable(goal):
                return goal
        return None

    def running(self, goal: Partial) -> bool:
        """Do the letters of a gradient run over all entries? h_T is one state, p_y one class."""
        network = self.ground.outer.network
        letters_ = [i for b in derivatives(goal)[1] if isinstance(b, Ref) for i in b.indices]
        return not any(
            isinstance(i, Ref) and (i.name in network.sizes or i.name in network.labels)
            for i in letters_
        )

    def value(self, s: Formula, name: Ref, part: str) -> Iterator[Claim]:
        """The value of a name that a question asks for, or the gradient that it stands for."""
        links = list(self.links(s, part, 0))
        yield from (replace(c, inner=True) for c in links if len(links) > 1)
        verdict = self.linked(s, len(s.ops) - 1, name, sides(s)[-1][1])
        place = sides(s)[-1][0]
        asked = [q.latex for q in self.ground.outer.questions if q.left == name] or [latex(name)]
        whole = Claim(place, s.latex, "answer", part, verdict, asked[0], covers=tuple(asked))
        yield replace(whole, start=s.at)

    def repeated(self, left: Expr, right: Expr, at: Place) -> bool:
        """Is a name that the work has defined said once more, rightly?"""
        if not isinstance(left, Ref) or self.ground.meaning(left) is None:
            return False
        if not any(left.name == n for n in self.ground.aliases):
            return False
        return isinstance(self.ground.link(left, right, at), Equal | EqualExceptTies | Agrees)

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
            outer = self.ground.outer
            integers = set(outer.letters) | set(outer.network.labels) | set(outer.network.sizes)
            asked = (q.left for q in outer.questions)
            bodies = (*(e.body for e in outer.equations), *asked)
            read = {n for e in bodies for x in walk(e) for n in letters(x)}
            if name in integers | read and isinstance(head, Ref) and not head.indices:
                return Claim(s.at, s.latex, "condition", part)
            if outer.network.knows(name) or name in outer.functions:
                return Claim(s.at, s.latex, "unrelated", part)
            if not isinstance(head, Ref) or head in walk(body):
                told = f"not judged: found ${latex(head)}$, which the exam does not have here"
                return Claim(s.at, s.latex, "definition", part, Undecided(told))
            self.ground.aliases.setdefault(name, []).append((head, body))
            for beside in self.ground.beside:
                with suppress(SymgradError):
                    beside.define(latex(head), replace(s, parts=s.parts[:2], ops=s.ops[:1]))
            return Claim(s.at, s.latex, "definition", part)
        try:
            self.ground.define(latex(head), replace(s, parts=s.parts[:2], ops=s.ops[:1]))
        except SymgradError as error:
            open_ = Undecided(f"not judged: {error.message}")
            return Claim(s.at, s.latex, "definition", part, open_)
        return Claim(s.at, s.latex, "definition", part)

    def links(self, s: Formula, part: str, start: int) -> Iterator[Claim]:
        """Each link of a chain."""
        written = sides(s)
        for k in range(start, len(s.parts) - 1):
            (at, left), (_, right) = written[k], written[k + 1]
            verdict = self.linked(s, k, s.parts[k], right)
            text = s.latex if len(s.parts) == 2 else f"{left} {s.ops[k]} {right}"
            right_is = self.corrected(verdict)
            yield Claim(at, text, "link", part, verdict, right=right_is)

    def linked(self, s: Formula, k: int, left: Expr, written: str) -> Verdict:
        """left = the side behind the relation k of a chain, which is `written` so."""
        near = s.ops[k] == APPROX
        digits = digits_of(written) if near else decimals(written)
        verdict = self.held(left, s.parts[k + 1], s.at, digits)
        return softened(verdict, left, digits) if near else verdict

    def held(self, left: Expr, right: Expr, at: Place, digits: int | None = None) -> Verdict:
        """left = right; if not everywhere, then where it is asked, or said to hold: [P] left =
        [P] right."""
        found = self.ground.link(left, right, at, digits)
        if isinstance(found, Differs):
            found = self.unnamed(left, right, at) or found
        for conds, told in ((self.asked, ()), ((*self.asked, *self.when), self.when)):
            if not conds or not isinstance(found, Differs | Undecided):
                continue
            bracket = Iverson(conds[0] if len(conds) == 1 else And(conds))
            there = self.ground.link(Mul((bracket, left)), Mul((bracket, right)), at)
            if not isinstance(there, Undecided | Invalid):
                found = replace(there, when=tuple(map(latex, told)))
        return self.laid_out(found, left)

    def laid_out(self, verdict: Verdict, left: Expr) -> Verdict:
        """A verdict with the right formula as a row, where numerator layout makes the gradient
        one; without it where it is not shown to be that row."""
        known, network = self.ground.scope.lowering, self.ground.scope.network
        if not isinstance(verdict, Differs) or not verdict.reading or not known.numerator:
            return verdict
        try:
            array = known.array(left)
            (formula,) = reread(verdict.reading[0], variables=self.ground.scope.variables)
            column = formula.parts[0] if isinstance(formula, Formula) else None
            if not array.row or column is None or known.array(column).row:
                return verdict
            row = as_row(column, known, known.letters(array)[0], network)
        except SymgradError:
            row = None
        right = "" if row is None else latex(row)
        return replace(verdict, reading=(right, verdict.reading[1]))

    def unnamed(self, left: Expr, right: Expr, at: Place) -> Verdict | None:
        """The verdict without the given gradients that follow from others and that the right side
        does not use: δ_1 = ∂L/∂z is what h makes of δ_2 = ∂L/∂h, it may not have any value."""
        outer = self.ground.outer
        given = outer.network.upstream
        goal = next((g for u in given if (g := entry_named(u, left)) is not None), None)
        if goal is None and not isinstance(left, Partial):
            return None
        used = [x for x in walk(right) if isinstance(x, Ref)]
        kept = tuple(
            u
            for u in given
            if entry_named(u, left) is None
            and (any(entry_named(u, x) for x in used) or not follows(u, outer.network))
        )
        if len(kept) == len(given):
            return None
        scope = replace(outer, network=replace(outer.network, upstream=kept))
        ground = Ground(scope, of_exam=self.ground.of_exam, budget=self.ground.budget)
        ground.aliases, ground.later = self.ground.aliases, self.ground.later
        found = ground.link(goal or left, right, at)
        return None if isinstance(found, Undecided | Invalid) else found

    def restriction(self, goal: Partial, covers: Sequence[Expr]) -> tuple[Expr, ...]:
        """Where the questions ask that a gradient answers, in its own letters: j ≠ y."""
        asked = [q for q in self.ground.outer.questions if q.left in covers]
        if not asked or not all(q.when for q in asked) or not isinstance(goal.by, Ref):
            return ()
        found: list[Expr] = []
        for q in asked:
            assert isinstance(q.left, Partial)
            assert isinstance(q.left.by, Ref)
            pairs = zip(q.left.by.indices, goal.by.indices, strict=False)
            put = {a.name: b for a, b in pairs if isinstance(a, Ref) and not a.indices}
            found += [substitute(c, put) for c in q.when]
        return tuple(dict.fromkeys(found))

    def corrected(self, verdict: Verdict) -> str:
        """The formula that should stand beside a wrong one."""
        return verdict.reading[0] if isinstance(verdict, Differs) and verdict.reading else ""

    def answered(
        self, s: Formula, goal: Partial, last: Expr, part: str, covers: tuple[Expr, ...]
    ) -> Iterator[Claim]:
        """A gradient: its links, and what its last side is worth."""
        links = list(self.links(s, part, 0))
        if not covers:
            yield from links
        else:
            spelled = [q.latex for q in self.ground.outer.questions if q.left in covers]  # f'(x)
            asked = tuple(dict.fromkeys((*map(latex, covers), *spelled)))
            exact = next((latex(e) for e in covers if e == goal), asked[0])
            place = sides(s)[s.parts.index(last)][0]
            if len(links) == 1:
                whole = replace(links[0], kind="answer", question=exact, covers=asked)
                whole = replace(whole, at=place, start=s.at)
            else:
                yield from (replace(c, inner=True) for c in links)
                k = s.parts.index(last) - 1
                verdict = (
                    self.linked(s, k, goal, sides(s)[-1][1])
                    if k == len(s.ops) - 1
                    else self.held(goal, last, s.at)
                )
                right = self.corrected(verdict)
                whole = Claim(place, s.latex, "answer", part, verdict, exact, right, covers=asked)
                whole = replace(whole, start=s.at)
            yield self.whole(whole, goal, last, tuple(links) if len(links) > 1 else ())
        self.ground.claimed.append((goal, last))
        self.ground.elsewhere.append((goal, last))

    def whole(self, claim: Claim, goal: Partial, last: Expr, links: tuple[Claim, ...]) -> Claim:
        """The answer as a whole: unfinished, right by a wrong step, following from a mistake."""
        remarks: list[str] = []
        if claim.fine and self.circular(last, goal):
            told = "the gradient is said to be itself, under another name"
            return replace(claim, verdict=Missing(told))
        if claim.fine and self.unfinished(last, goal, claim.at):
            told = "the chain rule is right, but it is not worked out: derivatives are left"
            return replace(claim, verdict=Missing(told))
        if claim.fine and any(c.wrong for c in links):
            remarks.append("the result is right, but a step on the way is not")
        if claim.wrong:
            reached = [k for k, c in enumerate(links[:-1]) if all(x.fine for x in links[: k + 1])]
            if reached and not self.unfinished_at(links, reached[-1]):
                remarks.append("a side further left is right; the last side is judged")
            first = isinstance(goal.of, Ref)
            if first and isinstance(claim.verdict, Differs) and self.ground.follow(goal, last):
                remarks.append("follows correctly from an earlier mistake")
                return replace(claim, remarks=tuple(remarks), follows=True)
        return replace(claim, remarks=tuple(remarks))

    def circular(self, last: Expr, goal: Partial) -> bool:
        """Is the answer the gradient itself, by the work's own name?"""
        try:
            return goal in walk(self.ground.plainly(last))
        except SymgradError:
            return False

    def unfinished_at(self, links: tuple[Claim, ...], k: int) -> bool:
        """Does the right side of a link hold derivatives?"""
        return r"\partial" in links[k].latex.split("=")[-1]

    def unfinished(self, last: Expr, goal: Partial, at: Place) -> bool:
        """Are derivatives left in an answer that the network has formulas for?"""
        network = self.ground.scope.network
        said = [before for before, _ in self.ground.claimed if before != goal]
        for x in walk(last):
            if isinstance(x, Partial) and self.ground.differentiable(x) and x not in said:
                by = x.by
                given = isinstance(by, Ref) and any(
                    u.of == x.of and (u.of_entry(by) is not None or named(u.by, by))
                    for u in network.upstream
                )
                recursion = x.of == goal.of and recurring(network, by)
                if not given and not recursion and not self.ground.worked_out(x, at):
                    return True
        return False


def _plain_call(e: Call) -> bool:
    return all(isinstance(a, Ref) for a in e.args)


def named(given: Ref, by: Ref) -> bool:
    """Is a gradient that is given for each entry said of the whole?"""
    return given.name == by.name and len(by.indices) < len(given.indices)


def recurring(network: Network, by: Expr) -> bool:
    """Is a name computed from itself, some steps before? Its gradient is a recursion."""
    if not isinstance(by, Ref):
        return False
    eqs = network.by_name.get(by.name, ())
    return any(by.name in reach(network, r.ref) for eq in eqs for r in eq.reads)
