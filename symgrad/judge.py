r"""What a person wrote about a network, statement by statement: right, wrong, and why.

A `Ground` is what is known under one heading: the exam's network there, and what the work itself
defines. A chain A = B = C is judged link by link, and as a whole against what the network gives.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

from symgrad.affine import Condition, conditions, shift
from symgrad.compare import pair_of
from symgrad.consistency import check_entry
from symgrad.decide import BUDGET, decide, exact_text
from symgrad.derive import Sweep
from symgrad.dual import Number
from symgrad.equation import Upstream
from symgrad.errors import NetworkError, Place, SymgradError
from symgrad.evaluate import Point, Unrolled, exact
from symgrad.expr import (
    Blank,
    Bound,
    Call,
    Expr,
    Mul,
    Num,
    Partial,
    Ref,
    Rel,
    children,
    free,
    free_names,
    names,
    num,
    replace_refs,
    substitute,
    transform,
    walk,
)
from symgrad.latex import latex
from symgrad.network import Network
from symgrad.notation import Formula, Statement
from symgrad.numeral import shown
from symgrad.pair import Pair
from symgrad.scope import Scope
from symgrad.settle import read_scope
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

DEEPEST = 20
"""Names of a work that stand for formulas with names of the work."""
GIVEN_UP = 12
"""Names tried in the place of one that the scope does not have."""


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
    inner: bool = False
    """A link of a chain that is judged as a whole too."""
    follows: bool = False
    """A wrong answer that follows correctly from an earlier mistake."""

    @property
    def wrong(self) -> bool:
        """Is this a fault?"""
        return isinstance(self.verdict, Differs | Invalid | Missing)

    @property
    def fine(self) -> bool:
        """Is it right, as far as was found?"""
        return isinstance(self.verdict, Equal | EqualExceptTies | Agrees)


@dataclass
class Ground:
    """The scope of a part of the exam, and what the work defines in it."""

    outer: Scope
    of_exam: bool = False
    budget: float = BUDGET
    own: dict[str, tuple[Statement, ...]] = field(default_factory=dict)
    aliases: dict[str, tuple[Ref, Expr]] = field(default_factory=dict)
    """Names that the work defines beside the exam's network; put into what it says with them."""
    claimed: list[tuple[Partial, Expr]] = field(default_factory=list)
    """Gradients that the work has said, in its order, wrong ones among them."""
    _scope: Scope | None = None

    @property
    def scope(self) -> Scope:
        """The exam's scope with the work's own definitions."""
        if self._scope is None:
            self._scope = self.outer
            if self.own:
                self._scope = read_scope(list(self.own.values()), self.outer)
        return self._scope

    def define(self, name: str, statement: Statement) -> None:
        """Take a definition over; a second one of a name that the work defined replaces it."""
        before = dict(self.own)
        self.own.pop(name, None)
        self.own[name] = (statement,)
        self._scope = None
        try:
            _ = self.scope
        except SymgradError:
            self.own, self._scope = before, None
            raise

    # -- what is known ----------------------------------------------------------------------------

    def knows(self, name: str) -> bool:
        """Does the scope have a name?"""
        return name in self.known

    @property
    def known(self) -> set[str]:
        """Every name of the scope."""
        network = self.scope.network
        symbols = {n for u in network.upstream for e in (u.symbol, u.of, u.by) for n in names(e)}
        defined = set(self.scope.functions) | set(self.scope.letters) | set(network.labels)
        values = {r.name for r in self.scope.values}
        ends = {n for r in self.scope.letters.values() for e in (r.lo, r.hi) for n in names(e)}
        read = {n for eq in network.equations for n in names(eq.body) | names(eq.target)}
        return (
            set(self.aliases)
            | symbols
            | defined
            | values
            | ends
            | read
            | set(network.sizes)
            | set(network.data)
        )

    def meant(self, e: Expr) -> Expr:
        """A formula as it is meant: w_{11} of a matrix is w_{1,1}, L_w of a loss is ∂L/∂w."""
        network = self.scope.network

        def one(x: Expr) -> Expr:
            if not isinstance(x, Ref) or len(x.indices) != 1:
                return x
            ranks = network.ranks(x.name)
            (index,) = x.indices
            if ranks and 1 not in ranks:
                digits = latex(index) if isinstance(index, Num) else ""
                if digits.isdigit() and len(digits) in ranks:
                    return Ref(x.name, tuple(num(int(d)) for d in digits))
            scalar = not ranks or set(ranks) == {0}
            if scalar and isinstance(index, Ref) and network.knows(index.name):
                goal = Partial(Ref(x.name), index)
                if self.derivable(goal):
                    return goal
            return x

        return transform(e, one)

    def plainly(self, e: Expr, depth: int = 0) -> Expr:
        """A formula with the work's own names put in."""
        if not self.aliases or depth > DEEPEST:
            return e

        def one(r: Ref) -> Expr | None:
            found = self.aliases.get(r.name)
            if found is None or len(found[0].indices) != len(r.indices):
                return None
            put: dict[str, Expr] = {}
            for mine, there in zip(found[0].indices, r.indices, strict=True):
                if isinstance(mine, Ref) and not mine.indices:
                    put[mine.name] = there
                elif mine != there:
                    return None
            return self.plainly(shift(found[1], put), depth + 1)

        return replace_refs(e, one)

    def by_own_names(self, e: Expr) -> bool:
        """Does a formula differentiate what the work defines, or by it?"""
        return any(
            isinstance(x, Partial) and not self.aliases.keys().isdisjoint(names(x)) for x in walk(e)
        )

    @cached_property
    def beside(self) -> tuple[Ground, Ground]:
        """The exam's network with what the work defines, and the latter by itself."""
        return Ground(self.outer, False, self.budget), Ground(Scope(), False, self.budget)

    def about(self, e: Expr) -> bool:
        """Does a formula speak of what the network computes?"""
        by_name = self.scope.network.by_name
        return any(isinstance(x, Partial) or (isinstance(x, Ref) and x.name in by_name)
                   for x in walk(e))  # fmt: skip

    # -- claims -----------------------------------------------------------------------------------

    def link(self, left: Expr, right: Expr, at: Place, digits: int | None = None) -> Verdict:
        """left = right, in this scope; a decimal fraction of so many `digits` may be rounded."""
        if self.aliases and any(map(self.by_own_names, (left, right))):
            tried = [g.link(left, right, at, digits) for g in self.beside]
            return next((v for v in tried if not isinstance(v, Invalid)), tried[-1])
        try:
            left, right = self.plainly(left), self.plainly(right)
            if (apart := self.unconnected(left, right)) is not None:
                return apart
            if found := self.valued(left, right, digits):
                return found
            if self.of_exam and (self.about(left) or self.about(right)):
                fault = self.stranger((left, right), at)
                if fault is not None:
                    return self.replaced(fault, left, right)
            return self.decided(self.pair(left, right))
        except SymgradError as error:  # this reader's limit, not the person's fault
            return Undecided(f"not judged: {error.message}")

    def unconnected(self, left: Expr, right: Expr) -> Verdict | None:
        """Undecided where a gradient is by a name that its quantity does not read in the scope's
        equations: s = log σ², stated after a loss in σ, say. 0 is a claim that can be judged."""
        network = self.scope.network
        for x in (x for e in (left, right) for x in walk(e)):
            if not isinstance(x, Partial) or not isinstance(x.by, Ref) or not self.derivable(x):
                continue
            assert isinstance(x.of, Ref)
            defined = x.by.name in network.by_name and x.of.name in network.by_name
            if not defined or x.of.name == x.by.name or self.reads(x.of.name, x.by.name):
                continue
            if left == num(0) or right == num(0):
                continue
            told = f"in the equations that are stated ${latex(x.of)}$ does not depend on "
            return Undecided(f"{told}${latex(x.by)}$")
        return None

    def reads(self, of: str, by: str) -> bool:
        """Does one tensor reach another through what is read?"""
        network = self.scope.network
        seen, waiting = {of}, [of]
        while waiting:
            for eq in network.by_name.get(waiting.pop(), ()):
                new = {r.ref.name for r in eq.reads} - seen
                if by in new:
                    return True
                seen |= new
                waiting += new
        return False

    def valued(self, left: Expr, right: Expr, digits: int | None) -> Verdict | None:
        """The verdict where one side is a number and the exam gives values."""
        network = self.scope.network
        if not network.values or (names(left) and names(right)):
            return None
        point = Point({}, {r: v.value for r, v in network.values.items()})
        try:
            pair = self.pair(left, right)
            judge = Unrolled(network, point)
            a, b = judge.value(pair.left), judge.value(pair.right)
        except SymgradError:
            return None
        if a == b or rounds(b if not names(left) else a, a if not names(left) else b, digits):
            return Equal("holds at the values given", by="values")
        told = f"at the values given the left side is {number(a)}, the right side {number(b)}"
        return Differs(told, counterexample=Counterexample({}, {}, a, b))

    def pair(self, left: Expr, right: Expr) -> Pair:
        """The two sides with their gradients derived; the entries that are spoken of exist."""
        both = pair_of(left, right, self.scope)
        there = self.existing((left, right))
        return replace(both, known=(*both.known, *there)) if there else both

    def existing(self, sides: Sequence[Expr]) -> tuple[Condition, ...]:
        """2 ≤ m where somebody speaks of ∂L/∂w_2 and w has the indices 1, …, m."""
        network = self.scope.network
        found: list[Condition] = []
        for x in (x for e in sides for x in walk(e) if isinstance(x, Partial)):
            for ref in (x.of, x.by):
                axes = network.ranges(ref.name) if isinstance(ref, Ref) else None
                if not isinstance(ref, Ref) or axes is None or len(axes) != len(ref.indices):
                    continue
                for i, axis in zip(ref.indices, axes, strict=True):
                    if isinstance(i, Num):
                        found += conditions(Rel("<=", axis.lo, i)) or ()
                        found += conditions(Rel("<=", i, axis.hi)) or ()
        return tuple(c for c in found if c.form.coefficients)

    def decided(self, pair: Pair) -> Verdict:
        """The verdict, the formulas as they were read. A counterexample in the names that the
        formulas are written with is smaller than one in the inputs of the network."""
        found = decide(pair, self.budget)
        if isinstance(found, Differs) and pair.network.equations:
            by_itself = replace(pair, network=Network(facts=pair.network.facts))
            plainer = decide(by_itself, self.budget)
            if isinstance(plainer, Differs):
                found = replace(plainer, slip=plainer.slip or found.slip)
        reading = (latex(pair.left), latex(pair.right))
        return replace(found, message=worded(found), reading=reading)

    def stranger(self, sides: Sequence[Expr], at: Place) -> Stranger | None:
        """The first name of some formulas that the scope does not have, or entry it lacks."""
        known = self.known
        network = self.scope.network
        for e in sides:
            bound = {x.name for x in walk(e) if isinstance(x, Bound)}
            for x in _refs(e):
                if x.name.rstrip("'") != x.name and x.name.rstrip("'") in known:
                    raise NetworkError(
                        f"found ${latex(x)}$, the derivative of ${x.name.rstrip(chr(39))}$ by "
                        "something that is not said; write it as a fraction"
                    )
                if x.name not in known and x.name not in bound:
                    told = f"found ${latex(x)}$, which the exam does not have here"
                    return Stranger(x, told, at.find(latex(x)))
                entries = [x]
                for u in network.upstream:
                    if isinstance(u.symbol, Ref) and u.symbol.name == x.name:
                        if len(u.symbol.indices) != len(x.indices):
                            continue
                        entries = [] if entries == [x] else entries
                        entries.append(_entry(u, x))
                faults = []
                for entry in entries:
                    try:
                        check_entry(network, entry)
                    except NetworkError as error:
                        faults.append(error)
                if faults and len(faults) == len(entries):
                    fault = faults[0]
                    if entries == [x]:
                        return Stranger(x, fault.message, at.find(latex(x)))
                    told = f"found ${latex(x)}$, but there is no ${latex(entries[0])}$"
                    return Stranger(x, told, at.find(latex(x)))
        return None

    def replaced(self, fault: Stranger, left: Expr, right: Expr) -> Verdict:
        """Invalid, with the name that makes the claim right if there is one."""
        others = self.others(fault.ref)
        for other in others[:GIVEN_UP]:

            def put(r: Ref, other: Ref = other) -> Expr | None:
                return other if r == fault.ref else None

            try:
                found = decide(self.pair(replace_refs(left, put), replace_refs(right, put)), 0.5)
            except SymgradError:
                continue
            if isinstance(found, Equal | EqualExceptTies):
                told = f"{fault.told}; with ${latex(other)}$ in its place it is right"
                return Invalid(told, place=fault.at)
        listed = ", ".join(f"${latex(o)}$" for o in others[:6])
        told = f"{fault.told}; expected {'one of ' if len(others) > 1 else ''}{listed}"
        return Invalid(told if others else fault.told, place=fault.at)

    def others(self, ref: Ref) -> list[Ref]:
        """Names that may have been meant: entries of the same tensor, then others of its kind."""
        network = self.scope.network
        found: list[Ref] = []
        for u in network.upstream:
            if not isinstance(u.symbol, Ref) or len(u.symbol.indices) != len(ref.indices):
                continue
            axes = network.ranges(u.by.name) or ()
            sized = len(axes) == 1 and len(u.symbol.indices) == 1
            for v in axes[0].values() if sized and axes[0].size is not None else ():
                found.append(Ref(u.symbol.name, (num(v),)))
        plain = [*network.leaves, *(eq.target for eq in network.equations)]
        same = [r for r in plain if len(r.indices) == len(ref.indices)]
        near = [Ref(r.name, ref.indices) for r in same if r.name != ref.name]
        mine = [r for r in found if r.name == ref.name]
        rest = [r for r in found if r.name != ref.name]
        return [r for r in dict.fromkeys((*mine, *rest, *near)) if r != ref]

    def gradient(self, goal: Partial) -> Expr:
        """What the network gives for ∂of/∂by."""
        assert isinstance(goal.of, Ref) and isinstance(goal.by, Ref)
        return Sweep(self.scope.network, goal.of).gradient(goal.by).answer

    def derivable(self, goal: Expr) -> bool:
        """Is this a gradient that the network has?"""
        match goal:
            case Partial(of=Ref() as of, by=Ref() as by):
                network = self.scope.network
                known = of.name in network.by_name or any(u.of == of for u in network.upstream)
                return known and network.knows(by.name)
        return False

    def follow(self, goal: Partial, said: Expr) -> bool:
        """Does a wrong gradient follow from gradients the work said before?"""
        assert isinstance(goal.of, Ref) and isinstance(goal.by, Ref)
        network = self.scope.network
        symbols: dict[str, Expr] = {}
        ups: list[Upstream] = []
        for k, (before, value) in enumerate(self.claimed):
            if before == goal or before.of != goal.of or not isinstance(before.by, Ref):
                continue
            if any(isinstance(i, Ref) for i in before.by.indices) or not isinstance(goal.of, Ref):
                continue
            name = f"said_{k}"
            symbols[name] = value
            ups.append(Upstream(Ref(name), goal.of, before.by))
        if not ups:
            return False
        kept = tuple(u for u in network.upstream if all(u.of_entry(x.by) is None for x in ups))
        given = replace(network, upstream=(*kept, *ups))
        try:
            answer = substitute(Sweep(given, goal.of).gradient(goal.by).answer, symbols)
            if not free_names(answer) & set(symbols):
                found = decide(self.pair(answer, said), 1.0)
                return isinstance(found, Equal | EqualExceptTies)
        except SymgradError:
            return False
        return False

    # -- statements -------------------------------------------------------------------------------

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
        s = replace(s, parts=tuple(map(self.meant, s.parts)))
        yield from self.chain(s, part, questions)

    def declared(self, s: Statement, part: str) -> Iterator[Claim]:
        """Ranges, shapes, data, labels: taken over where they are new."""
        name = s.latex
        try:
            self.define(name, s)
        except SymgradError:
            yield Claim(s.at, s.latex, "condition", part)
            return
        yield Claim(s.at, s.latex, "definition", part)

    def condition(self, s: Formula, part: str) -> Claim:
        """An inequality between names is a condition; taken as a fact where it can be."""
        try:
            if not self.of_exam:
                self.define(s.latex, s)
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
        if not self.derivable(first):
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
        if name in self.outer.network.by_name:
            return None
        symbols = {n for u in self.outer.network.upstream for n in names(u.symbol)}
        return None if name in symbols else name

    def defined(self, name: str, s: Formula, part: str) -> Claim:
        """A definition, with its first two sides: beside the exam's network, or a network of its
        own where there is no exam."""
        head, body = s.parts[:2]
        if self.of_exam:
            if self.outer.network.knows(name) or name in self.outer.functions:
                return Claim(s.at, s.latex, "unrelated", part)
            if not isinstance(head, Ref) or name in names(body):
                told = f"found {latex(head)}, which the exam does not have here"
                return Claim(s.at, s.latex, "definition", part, Invalid(told, place=s.at))
            self.aliases[name] = (head, body)
            for beside in self.beside:
                with suppress(SymgradError):
                    beside.define(latex(head), replace(s, parts=s.parts[:2], ops=s.ops[:1]))
            return Claim(s.at, s.latex, "definition", part)
        try:
            self.define(latex(head), replace(s, parts=s.parts[:2], ops=s.ops[:1]))
        except SymgradError as error:
            fault = Invalid(error.message, place=error.at or s.at)
            return Claim(s.at, s.latex, "definition", part, fault)
        return Claim(s.at, s.latex, "definition", part)

    def links(self, s: Formula, part: str, start: int) -> Iterator[Claim]:
        """Each link of a chain."""
        written = sides(s)
        for k in range(start, len(s.parts) - 1):
            (at, left), (_, right) = written[k], written[k + 1]
            verdict = self.link(s.parts[k], s.parts[k + 1], s.at, decimals(right))
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
                self.claimed.append((goal, last))
                return
            (only,) = links
            yield self.whole(replace(only, kind=kind, question=question), goal, last, ())
        else:
            yield from (replace(c, inner=True) for c in links)
            verdict = self.link(goal, last, s.at, decimals(sides(s)[-1][1]))
            whole = Claim(s.at, s.latex, kind, part, verdict, question, self.corrected(verdict))
            yield self.whole(whole, goal, last, tuple(links))
        self.claimed.append((goal, last))

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
            if isinstance(claim.verdict, Differs) and self.follow(goal, last):
                remarks.append("follows correctly from an earlier mistake")
                return replace(claim, remarks=tuple(remarks), follows=True)
        return replace(claim, remarks=tuple(remarks))

    def unfinished_at(self, links: tuple[Claim, ...], k: int) -> bool:
        """Does the right side of a link hold derivatives?"""
        return r"\partial" in links[k].latex.split("=")[-1]

    def unfinished(self, last: Expr, goal: Partial) -> bool:
        """Are derivatives left in an answer that the network has formulas for?"""
        network = self.scope.network
        for x in walk(last):
            if isinstance(x, Partial) and self.derivable(x):
                by = x.by
                given = isinstance(by, Ref) and any(
                    u.of == x.of and u.of_entry(by) is not None for u in network.upstream
                )
                if not given:
                    return True
        return False


MOST_VALUES = 12
"""Values of a counterexample that are written out in its sentence."""


def worded(v: Verdict) -> str:
    """The sentence for a verdict on left = right; formulas stand between dollar signs."""
    match v:
        case Differs(counterexample=c):
            said = {**{n: str(k) for n, k in c.sizes.items()}}
            said |= {n: number(x) for n, x in c.values.items()}
            listed = ", ".join(f"${n} = {x}$" for n, x in list(said.items())[:MOST_VALUES])
            more = ", …" if len(said) > MOST_VALUES else ""
            at = f"at {listed}{more} " if listed else ""
            told = f"{at}the left side is {number(c.left)}, the right side {number(c.right)}"
            if v.missing:
                told += f"; the right side lacks the term ${v.missing}$"
            if v.extra:
                told += f"; the right side has the term ${v.extra}$ too many"
            return told
        case EqualExceptTies(ties=ties) if ties:
            return "right, except where " + " or ".join(f"${t}$" for t in ties)
    return v.message


def number(x: Number | None) -> str:
    """A number of a counterexample."""
    return "undefined" if x is None else exact_text(x)


@dataclass(frozen=True)
class Stranger:
    """A name that the scope does not have."""

    ref: Ref
    told: str
    at: Place


def _refs(e: Expr) -> Iterator[Ref]:
    """The names of a formula, those in subscripts left out."""
    match e:
        case Ref():
            yield e
        case Partial(of=of, by=by):
            yield from (*_refs(of), *_refs(by))
        case _:
            for kid in children(e):
                if not isinstance(kid, Bound):
                    yield from _refs(kid)


def _entry(u: Upstream, x: Ref) -> Ref:
    """The entry by which δ_3 is a gradient: v_3 where δ_i = ∂L/∂v_i."""
    assert isinstance(u.symbol, Ref)
    put = {
        i.name: at
        for i, at in zip(u.symbol.indices, x.indices, strict=True)
        if isinstance(i, Ref) and not i.indices
    }
    found = substitute(u.by, put)
    assert isinstance(found, Ref)
    return found


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


RELATIONS = frozenset(
    [
        "=",
        "<",
        ">",
        "≤",
        "≥",
        "≠",
        "\\le",
        "\\ge",
        "\\leq",
        "\\geq",
        "\\ne",
        "\\neq",
        "\\lt",
        "\\gt",
    ]
)


def shortened(s: Formula, links: int) -> Formula:
    """The first links of a chain, and no more of its text."""
    written = sides(s)
    text = s.latex
    if written[links][1] in s.latex:
        start = s.latex.find(written[links][1], len(written[0][1]))
        text = s.latex[: start + len(written[links][1])] if start >= 0 else text
    return replace(s, parts=s.parts[: links + 1], ops=s.ops[:links], latex=text)


def sides(s: Formula) -> list[tuple[Place, str]]:
    """The sides of a chain as they are written, with their places; as they were read where that
    cannot be told."""
    cuts, starts = [0], []
    depth = 0
    for hit in re.finditer(r"\\[A-Za-z]+|\\.|[{}=<>≤≥≠]", s.latex):
        match hit.group():
            case "{" | r"\begin":
                depth += 1
            case "}" | r"\end":
                depth -= 1
            case sign if depth == 0 and sign in RELATIONS:
                cuts.append(hit.end())
                starts.append(hit.start())
    if len(cuts) != len(s.parts):
        return [(s.at, latex(p)) for p in s.parts]
    ends = [*starts, len(s.latex)]
    found = []
    for first, last in zip(cuts, ends, strict=True):
        text = s.latex[first:last]
        inner = text.strip(" \n\t&")
        start = first + text.find(inner)
        lines = s.latex[:start].count("\n")
        column = start - s.latex[:start].rfind("\n") if lines else s.at.column + start
        at = Place(s.at.file, s.at.line + lines, column, "" if lines else s.at.source)
        found.append((at, inner))
    return found


def decimals(text: str) -> int | None:
    """The digits behind the point of a number that is written as a decimal fraction."""
    hit = re.fullmatch(r"[-−\s{}]*\d+\.(\d+)[\s{}.]*", text)
    return len(hit[1]) if hit else None


def rounds(value: Number, said: Number, digits: int | None) -> bool:
    """Is `said`, a decimal fraction with so many digits, the rounded `value`?"""
    return digits is not None and abs(Fraction(value) - Fraction(said)) <= Fraction(
        1, 2 * 10**digits
    )


def numeric(left: Expr, op: str, right: Expr, digits: int | None = None) -> Verdict:
    """A relation between two numbers; = to a decimal fraction of so many `digits` also if it is
    the rounded value."""
    try:
        a, b = exact(left), exact(right)
    except (SymgradError, ArithmeticError) as error:
        return Invalid(str(error))
    if a is None or b is None:
        return Undecided("found numbers that have no exact value")
    holds = {"=": a == b, "<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b, "!=": a != b}
    if op not in holds:
        return Undecided(f"found the relation {op} between numbers")
    if holds[op]:
        return Equal("holds exactly", by="arithmetic")
    if op == "=" and rounds(a, b, digits):
        return Equal("holds as a rounded value", by="arithmetic")
    return Differs(
        f"the left side is {shown(a)[0]}, the right side {shown(b)[0]}",
        counterexample=Counterexample({}, {}, a, b),
    )
