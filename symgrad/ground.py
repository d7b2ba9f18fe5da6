r"""What is known under one heading: the exam's network there, and what the work itself defines.

Says of two formulas of a work whether they are equal in that scope, which names the scope does not
have, and whether a wrong gradient follows from one that was said before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from symgrad.affine import Condition, conditions, shift
from symgrad.assertion import number, rounds
from symgrad.compare import pair_of
from symgrad.consistency import check_entry
from symgrad.decide import BUDGET, decide
from symgrad.derive import Sweep
from symgrad.equation import Upstream
from symgrad.errors import NetworkError, Place, SymgradError
from symgrad.evaluate import Point, Unrolled
from symgrad.expr import (
    Bound,
    Expr,
    Num,
    Partial,
    Ref,
    Rel,
    children,
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
from symgrad.notation import Statement
from symgrad.pair import Pair
from symgrad.scope import Scope
from symgrad.settle import read_scope
from symgrad.verdict import (
    Counterexample,
    Differs,
    Equal,
    EqualExceptTies,
    Invalid,
    Undecided,
    Verdict,
)

DEEPEST = 20
"""Names of a work that stand for formulas with names of the work."""
GIVEN_UP = 12
"""Names tried in the place of one that the scope does not have."""


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
