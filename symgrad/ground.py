r"""What is known under one heading: the exam's network there, and what the work itself defines.

Says of two formulas of a work whether they are equal in that scope, which names the scope does not
have, and whether a wrong gradient follows from one that was said before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product

from symgrad.affine import Condition, conditions
from symgrad.ask import reach
from symgrad.assertion import ROUNDED, follows_roundly, rounds, worded
from symgrad.compare import derived, pair_of
from symgrad.consistency import check_entry
from symgrad.decide import BUDGET, decide
from symgrad.derive import Sweep
from symgrad.dual import as_text
from symgrad.equation import Upstream
from symgrad.errors import NetworkError, Place, SymgradError, UnreadError
from symgrad.evaluate import Point, Unrolled
from symgrad.expr import (
    Bound,
    Call,
    Expr,
    Num,
    Partial,
    Ref,
    Rel,
    free_names,
    names,
    num,
    replace_refs,
    substitute,
    transform,
    walk,
)
from symgrad.facing import entrywise
from symgrad.index import Index, Range
from symgrad.inverse import turned
from symgrad.latex import latex
from symgrad.lexicon import FONTS, Lexicon, between, letters, spoken
from symgrad.matrix import ONES, Lowering
from symgrad.network import Network
from symgrad.notation import Statement
from symgrad.pair import Pair
from symgrad.scope import Scope
from symgrad.trial import apart
from symgrad.verdict import (
    Agrees,
    Counterexample,
    Differs,
    Equal,
    EqualExceptTies,
    Invalid,
    Undecided,
    Verdict,
)
from symgrad.whole import whole

GIVEN_UP = 12
"""Names tried in the place of one that the scope does not have."""


@dataclass
class Ground(Lexicon):
    """The scope of a part of the exam, and what the work defines in it."""

    of_exam: bool = False
    budget: float = BUDGET
    claimed: list[tuple[Partial, Expr]] = field(default_factory=list)
    """Gradients that the work has said, in its order, wrong ones among them."""
    elsewhere: list[tuple[Partial, Expr]] = field(default_factory=list)
    """Those of all its parts."""

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

    def by_own_names(self, e: Expr) -> bool:
        """Does a formula differentiate what the work defines, or by it?"""
        return any(
            isinstance(x, Partial) and not self.aliases.keys().isdisjoint(names(x)) for x in walk(e)
        )

    @cached_property
    def beside(self) -> tuple[Ground, Ground]:
        """The exam's network with what the work defines, and the latter by itself."""
        return Ground(self.outer, budget=self.budget), Ground(Scope(), budget=self.budget)

    def stands(self, r: Ref) -> bool:
        """Does a name stand for a formula or a value?"""
        return r.name in self.scope.network.by_name or self.meaning(r) is not None

    def about(self, e: Expr) -> bool:
        """Does a formula speak of what the network computes?"""
        by_name = self.scope.network.by_name
        return any(isinstance(x, Partial) or (isinstance(x, Ref) and x.name in by_name)
                   for x in walk(e))  # fmt: skip

    def meant(self, e: Expr) -> Expr:
        """A formula as it is meant; ∂f(x_i)/∂w is ∂f/∂w at x = x_i."""
        heads, network = self.heads, self.scope.network

        def moved(x: Expr) -> Expr:
            match x:
                case Partial(of=Call(fn=fn, args=args), by=Ref() as by) if fn in heads:
                    pairs = zip(heads[fn], args, strict=len(args) == len(heads[fn]))
                    put = {a.name: b for a, b in pairs if isinstance(a, Ref) and a != b}
                    same = len(args) == len(heads[fn]) and fn in network.by_name
                    if put and same and by.name not in put:
                        return substitute(derived(Partial(Ref(fn), by), network), put)
            return x

        return super().meant(transform(e, moved))

    # -- claims -----------------------------------------------------------------------------------

    def link(self, left: Expr, right: Expr, at: Place, digits: int | None = None) -> Verdict:
        """left = right, in this scope; a decimal fraction of so many `digits` may be rounded."""
        if self.aliases and any(map(self.by_own_names, (left, right))):
            tried = [g.link(left, right, at, digits) for g in self.beside]
            return next((v for v in tried if not isinstance(v, Invalid)), tried[-1])
        try:
            left, right = self.plainly(left), self.plainly(right)
            if wide := self.widened((left, right)):
                return self.unshaped(wide, left, right, at)
            if any(map(self.scope.lowering.speaks, (left, right))):
                return self.entire(left, right, at, digits)
            if found_ := self.spelled_out(left, right):
                told = [self.link(a, b, at, digits) for a, b in found_]
                fine = (v for v in told if isinstance(v, Equal | EqualExceptTies | Agrees))
                open_ = (v for v in told if isinstance(v, Undecided))
                return next(fine, next(open_, told[0]))
            if (apart := self.unconnected(left, right)) is not None:
                return apart
            if found := self.valued(left, right, digits):
                return found
            if self.of_exam and (self.about(left) or self.about(right)):
                fault = self.stranger((left, right), at)
                if fault is not None:
                    return self.replaced(fault, left, right)
            found = self.decided(self.pair(left, right))
            if isinstance(found, Differs) and self.at_values(left, right):
                return Undecided("equal at the values that are given, not as formulas")
            return self.unsettled(left, right, at) or found if found.name == "Differs" else found
        except SymgradError as error:  # this reader's limit, not the person's fault
            return Undecided(f"not judged: {error.message}")

    def unsettled(self, left: Expr, right: Expr, at: Place) -> Verdict | None:
        """Undecided where one side speaks of names that nobody has and the other does not: a square
        σ^2 = e^λ says what σ is."""
        if not self.of_exam:
            return None
        a, b = (self.unheard((e,), at) for e in (left, right))
        fault = a if b is None else b if a is None else None
        return None if fault is None else self.replaced(fault, left, right)

    def unshaped(self, wide: Lowering, left: Expr, right: Expr, at: Place) -> Verdict:
        """left = right of tensors that the exam writes with indices only: right where their entries
        in the order of the indices are; else nothing is said, the shapes are not the exam's."""
        ground = Ground(self.outer, self.own, budget=self.budget, of_exam=self.of_exam)
        ground._scope = replace(self.scope, lowering=wide)
        found = ground.entire(left, right, at, None)
        fault = self.stranger((left, right), at) if self.of_exam else None
        if fault is None or isinstance(found, Equal | EqualExceptTies | Agrees):
            return found
        return self.replaced(fault, left, right)

    def entire(self, left: Expr, right: Expr, at: Place, digits: int | None) -> Verdict:
        """left = right of vectors or matrices: of their entries. What is right beside a wrong
        gradient is a formula of vectors and matrices where there is one."""
        known, scope = self.scope.lowering, self.scope
        try:
            a, b, ranges = entrywise(left, right, known)
        except UnreadError as error:
            return Undecided(f"not judged: {error.message}")
        except NetworkError as error:
            fault = self.unheard((left, right), at) if self.of_exam else None
            return self.replaced(fault, left, right) if fault else Invalid(error.message, place=at)
        inner = replace(scope, letters={**ranges, **scope.letters})
        ground = Ground(inner, of_exam=self.of_exam, budget=self.budget)
        found = ground.link(a, b, at, digits)
        if isinstance(found, Differs) and found.reading and known.speaks(left):
            axes = [Index(n, r) for n, r in ranges.items()]
            form = whole(derived(a, scope.network), axes, known, scope.network)
            if form is not None:
                found = replace(found, reading=(latex(form), found.reading[1]))
        return found

    def spelled_out(self, left: Expr, right: Expr) -> list[tuple[Expr, Expr]]:
        """The pair with ranges for Σ_i without limits: that of the letter, and those of what it
        reads; Σ_{i ≠ j} keeps its condition. None if no such sum has a range."""
        network, scope = self.scope.network, self.scope
        loose = {
            x.name
            for e in (left, right)
            for x in walk(e)
            if isinstance(x, Bound) and x.lo is None and x.hi is None
        }
        choices: dict[str, list[Range]] = {}
        for name in loose:
            found = [scope.letters[name]] if name in scope.letters else []
            for x in (x for e in (left, right) for x in walk(e) if isinstance(x, Ref)):
                axes = [network.ranges(x.name) or ()]
                for u in network.upstream:
                    if isinstance(u.symbol, Ref) and u.symbol.name == x.name:
                        axes.append(network.ranges(u.by.name) or ())
                for axis in axes:
                    if len(axis) == len(x.indices):
                        found += [r for i, r in zip(x.indices, axis, strict=True) if i == Ref(name)]
            choices[name] = list(dict.fromkeys(found))[:3]
        if not any(choices.values()):
            return []
        out = []
        some = {n: c for n, c in choices.items() if c}
        for picked in product(*some.values()):
            ranges = dict(zip(some, picked, strict=True))

            def put(x: Expr, ranges: dict[str, Range] = ranges) -> Expr:
                if isinstance(x, Bound) and x.lo is None and x.name in ranges:
                    return Bound(x.name, ranges[x.name].lo, ranges[x.name].hi, x.conds)
                return x

            out.append((transform(left, put), transform(right, put)))
        return out[:6]

    def unconnected(self, left: Expr, right: Expr) -> Verdict | None:
        """Undecided where a gradient is by a name that its quantity does not read in the scope's
        equations: s = log σ², stated after a loss in σ, say. 0 is a claim that can be judged."""
        network = self.scope.network
        for x in (x for e in (left, right) for x in walk(e)):
            if not isinstance(x, Partial) or not isinstance(x.by, Ref) or not self.derivable(x):
                continue
            assert isinstance(x.of, Ref)
            defined = x.by.name in network.by_name and x.of.name in network.by_name
            if not defined or x.of.name == x.by.name or x.by.name in reach(network, x.of):
                continue
            if turned(network, x.of, x.by) is not network:
                continue
            if left == num(0) or right == num(0):
                continue
            told = f"in the equations that are stated ${latex(x.of)}$ does not depend on "
            return Undecided(f"{told}${latex(x.by)}$")
        return None

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
        if not apart(a, b) or rounds(
            b if not names(left) else a, a if not names(left) else b, digits
        ):
            return Equal("holds at the values given", by="values")
        if follows_roundly(a, b, right if names(left) else left):
            return Undecided(ROUNDED)
        told = f"at the values given the left side is {as_text(a)}, the right side {as_text(b)}"
        return Differs(told, counterexample=Counterexample({}, {}, a, b))

    def at_values(self, left: Expr, right: Expr) -> bool:
        """Are two formulas equal at the values that the exam gives?"""
        network = self.scope.network
        if not network.values:
            return False
        point = Point({}, {r: v.value for r, v in network.values.items()})
        try:
            pair = pair_of(left, right, self.scope)
            judge = Unrolled(network, point)
            return not apart(judge.value(pair.left), judge.value(pair.right))
        except SymgradError:
            return False

    def pair(self, left: Expr, right: Expr) -> Pair:
        """The two sides with their gradients derived; the entries that are spoken of exist. A
        formula with names is no formula of the values that the exam gives."""
        scope = self.scope
        if scope.network.values and names(left) and names(right):
            scope = replace(scope, network=replace(scope.network, values={}), values={})
        both = pair_of(left, right, scope)
        there = self.existing((left, right))
        return replace(both, known=(*both.known, *there)) if there else both

    def existing(self, sides: Sequence[Expr]) -> tuple[Condition, ...]:
        """2 ≤ m where somebody speaks of ∂L/∂w_2 and w has the indices 1, …, m; 1 ≤ i ≤ n where
        of a_i, whose letter no sum binds."""
        network = self.scope.network
        bound = {x.name for e in sides for x in walk(e) if isinstance(x, Bound)}
        found: list[Condition] = []
        for ref in (x for e in sides for x in walk(e) if isinstance(x, Ref)):
            axes = network.ranges(ref.name)
            if axes is None or len(axes) != len(ref.indices):
                continue
            for i, axis in zip(ref.indices, axes, strict=True):
                letter = isinstance(i, Ref) and not i.indices and i.name not in bound
                if isinstance(i, Num) or (letter and i != axis.hi):
                    found += conditions(Rel("<=", axis.lo, i)) or ()
                    found += conditions(Rel("<=", i, axis.hi)) or ()
        return tuple(dict.fromkeys(c for c in found if c.form.coefficients))

    def decided(self, pair: Pair) -> Verdict:
        """The verdict, the formulas as they were read. A counterexample in the names that the
        formulas are written with is smaller than one in the inputs of the network; what one of
        these names makes of the others holds in it."""
        found = decide(pair, self.budget, two=not pair.network.equations)
        if isinstance(found, Invalid):
            return Undecided(f"not judged: {found.message}")
        if isinstance(found, Differs) and pair.network.equations:
            tied = between(pair.network, names(pair.left) | names(pair.right))
            facts, labels = pair.network.facts, pair.network.labels
            by_itself = replace(pair, network=Network(tied, facts=facts, labels=labels))
            plainer = decide(by_itself, self.budget, two=not tied)
            if isinstance(plainer, Differs):
                found = replace(plainer, slip=plainer.slip or found.slip)
        if isinstance(found, Differs) and names(pair.left) and not names(pair.right):
            found = replace(found, slip="")  # 0 is y - y, but nobody comes to it by that slip
        reading = (latex(pair.left), latex(pair.right))
        return replace(found, message=worded(found), reading=reading)

    def stranger(self, sides: Sequence[Expr], at: Place) -> Stranger | None:
        """The first name of some formulas that the scope does not have, or entry it lacks."""
        known = self.known
        network = self.scope.network
        for e in sides:
            bound = {x.name for x in walk(e) if isinstance(x, Bound)}
            bound |= {n for side in sides for x in walk(side) for n in letters(x)}
            for x in spoken(e):
                if x.name not in known and x.name.rstrip("'") in known:
                    raise NetworkError(
                        f"found ${latex(x)}$, the derivative of ${x.name.rstrip(chr(39))}$ by "
                        "something that is not said; write it as a fraction"
                    )
                if x.name not in known and x.name not in bound:
                    told = f"found ${latex(x)}$, which the exam does not have here"
                    return Stranger(x, told, at.find(latex(x)), entry=False)
                if not x.indices and self.indexed(x.name):
                    told = f"found ${latex(x)}$ as a whole, which is not read; write its entries"
                    return Stranger(x, told, at.find(latex(x)), entry=False)
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

    def unheard(self, sides: Sequence[Expr], at: Place) -> Stranger | None:
        """The first name of some formulas that neither the exam nor the work has."""
        inside = [x for e in sides for x in walk(e)]
        bound = {x.name for x in inside if isinstance(x, Bound)}
        equal = (x for x in inside if isinstance(x, Rel) and x.op in ("=", "!="))
        bound |= {n for x in equal for n in names(x)}  # d of [k = d - b] is an index
        for x in (x for e in sides for x in spoken(e)):
            if x.name not in self.known | bound | self.scope.lowering.declared.keys() | {ONES}:
                told = f"found ${latex(x)}$, which the exam does not have here"
                return Stranger(x, told, at.find(latex(x)), entry=False)
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
        if not others:
            there = ", ".join(f"${n}$" for n in sorted(self.scope.network.by_name)[:4])
            leaves = ", ".join(f"${latex(r)}$" for r in self.scope.network.leaves[:8])
            told = f"{fault.told}; it has {', '.join(filter(None, (there, leaves)))}"
        return Invalid(told, place=fault.at) if fault.entry else Undecided(f"not judged: {told}")

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
        alike = [r for r in same if _bare(r.name) == _bare(ref.name)]
        near = [Ref(r.name, ref.indices) for r in alike if r.name != ref.name]
        mine = [r for r in found if r.name == ref.name]
        rest = [r for r in found if r.name != ref.name]
        return [r for r in dict.fromkeys((*mine, *rest, *near)) if r != ref]

    def worked_out(self, goal: Partial, at: Place) -> bool:
        """Has the work said this gradient in another part, rightly for this one?"""
        return any(
            isinstance(self.link(goal, value, at), Equal | EqualExceptTies | Agrees)
            for before, value in self.elsewhere
            if before == goal and not any(isinstance(x, Partial) for x in walk(value))
        )

    def follow(self, goal: Partial, said: Expr) -> bool:
        """Does a wrong gradient follow from gradients the work said before?"""
        assert isinstance(goal.of, Ref) and isinstance(goal.by, Ref)
        if any(map(self.scope.lowering.speaks, (goal, said))):
            return False
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


@dataclass(frozen=True)
class Stranger:
    """A name that the scope does not have."""

    ref: Ref
    told: str
    at: Place
    entry: bool = True
    """It is an entry that a tensor of the scope does not have."""


def _bare(name: str) -> str:
    """The letters of a name, without font and case."""
    return re.sub(r"[^A-Za-z]", "", FONTS.sub(r"\1", name)).lower()


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
