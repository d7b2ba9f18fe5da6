r"""The names of a part of a work: the exam's, and those that the work defines, put in for what
they stand for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from symgrad.affine import shift
from symgrad.ask import reach
from symgrad.equation import Equation
from symgrad.errors import NetworkError, SymgradError
from symgrad.expr import (
    ONE,
    Bound,
    Call,
    Expr,
    Iverson,
    Num,
    Partial,
    Ref,
    Rel,
    children,
    derivatives,
    names,
    num,
    replace_refs,
    transform,
    walk,
)
from symgrad.latex import latex
from symgrad.matrix import Lowering
from symgrad.matrix.array import Declared
from symgrad.network import Network
from symgrad.notation import Formula, Statement
from symgrad.reading.cursor import INDICES
from symgrad.reading.habits import layer
from symgrad.scope import Functions, Scope, at_names
from symgrad.settle import inlined, read_scope
from symgrad.unnamed import is_unnamed, named

FONTS = re.compile(
    r"\\(?:mathbf|mathrm|mathcal|mathit|boldsymbol|bm|mathsf)\s*\{?\s*([A-Za-z])\s*\}?"
)
"""A letter in a font of its own."""
VARIANTS = {
    rf"\{a}": rf"\var{a}" for a in ("epsilon", "phi", "theta", "rho", "sigma", "pi", "kappa")
}
VARIANTS |= {b: a for a, b in VARIANTS.items()}
"""Two shapes of one Greek letter, which a keyboard does not tell apart."""
LAYERED = re.compile(r"\^(?:[A-Za-z]|\{[A-Za-z]\})$")
"""The layer that a name is of."""
DEEPEST = 20
"""Names of a work that stand for formulas with names of the work."""


Aliases = dict[str, list[tuple[Ref, Expr]]]
"""For each name the definitions of it, δ_z by itself and δ_t for every t, in their order."""


@dataclass
class Lexicon:
    """The exam's scope, and the names of a work."""

    outer: Scope
    own: dict[str, tuple[Statement, ...]] = field(default_factory=dict)
    """Statements of the work that are part of the scope."""
    aliases: Aliases = field(default_factory=dict)
    """Names that the work defines beside the exam's network; put into what it says with them."""
    later: Aliases = field(default_factory=dict)
    """Names that the work defines somewhere else, behind or in another part."""
    subscripts: set[str] = field(default_factory=set)
    """The letters in the subscripts of the formula at hand."""
    bound: set[str] = field(default_factory=set)
    """The letters that the formula at hand binds."""
    differentiated: list[Expr] = field(default_factory=list)
    """Derivatives of formulas without a name; the scope has an equation for each formula."""
    _scope: Scope | None = None

    @property
    def scope(self) -> Scope:
        """The exam's scope with the work's own definitions."""
        if self._scope is None:
            self._scope = self.outer
            if self.own:
                self._scope = read_scope(list(self.own.values()), self.outer)
            for e in self.differentiated:
                self._scope = named(self._scope, e).scope
        return self._scope

    def with_names(self, e: Expr) -> Expr:
        """A formula with names for the formulas that are differentiated in it, whose own names the
        scope has."""
        goals = [x for x in walk(e) if isinstance(x, Partial) and is_unnamed(x)]
        if not goals:
            return e
        try:
            bound = {b.name for x in goals for b in walk(x) if isinstance(b, Bound)}
            run = {n for x in goals for r in walk(x) for n in letters(r)}
            if any(names(self.plainly(x.of)) - self.theirs - bound - run for x in goals):
                return e
            found = named(self.scope, self.plainly(e))
        except SymgradError:  # it stays a derivative that is not judged
            return e
        self.differentiated.append(self.plainly(e))
        self._scope = found.scope
        return found.e

    @property
    def heads(self) -> dict[str, tuple[Expr, ...]]:
        """The functions of the scope with their own arguments."""
        own = {fn: tuple(map(Ref, letters)) for fn, (letters, _) in self.scope.functions.items()}
        return {**own, **self.scope.lowering.heads}

    def primeless(self, s: Statement) -> Statement:
        """A statement with f'(x) as the derivative that it is, where it is one."""
        if not isinstance(s, Formula):
            return s
        try:
            return replace(s, parts=tuple(at_names(p, self.heads) for p in s.parts))
        except NetworkError:
            return s

    @property
    def theirs(self) -> set[str]:
        """Every name of the scope."""
        network = self.scope.network
        symbols = {n for u in network.upstream for e in (u.symbol, u.of, u.by) for n in names(e)}
        defined = set(self.scope.functions) | set(self.scope.letters) | set(network.labels)
        values = {r.name for r in self.scope.values}
        ends = {n for r in self.scope.letters.values() for e in (r.lo, r.hi) for n in names(e)}
        read = {n for eq in network.equations for n in names(eq.body) | names(eq.target)}
        return symbols | defined | values | ends | read | set(network.sizes) | set(network.data)

    @property
    def known(self) -> set[str]:
        """Every name of the scope, and those of the work."""
        return self.theirs | set(self.aliases) | set(self.later)

    def meant(self, e: Expr) -> Expr:
        """A formula as it is meant: w_{11} of a matrix is w_{1,1}, L_w of a loss is ∂L/∂w, a bold
        or script letter the plain one that the exam has, a bare e the number, δ_{ij} Kronecker's
        where nothing else with two indices is called δ, y_j of a label y the entry j of its one-hot
        vector, [y = j]."""
        heads, defined = self.heads, self.scope.network.by_name

        def value(x: Expr) -> Expr:
            """f(x) of f(x) = … is f."""
            if isinstance(x, Call) and heads.get(x.fn) == x.args and x.fn in defined:
                return Ref(x.fn)
            return x

        whole = transform(at_names(e, heads), value)
        refs = [x for x in walk(whole) if isinstance(x, Ref)]
        self.subscripts = {n for x in refs for i in x.indices for n in names(i)}
        self.bound = {x.name for x in walk(whole) if isinstance(x, Bound)}
        meant = transform(inlined(whole, self.scope.functions), self._meant)
        return self.with_names(meant)

    def _meant(self, x: Expr) -> Expr:
        if not isinstance(x, Ref):
            return x
        network, known = self.scope.network, self.known
        if (apart := self.labelled_apart(x)) is not None:
            return apart
        ranks = network.ranks(x.name)
        if x.name not in known:
            other = VARIANTS.get(x.name)
            if other in known and other is not None:
                return Ref(other, x.indices)
            plain = FONTS.sub(r"\1", x.name)
            if plain != x.name and plain in known:
                return Ref(plain, x.indices)
            small = x.name.lower()
            if len(x.name) == 1 and x.name != small in known and set(network.ranks(small)) == {2}:
                return Ref(small, x.indices)  # W is the matrix of w_{ij}
            if x.name == r"\ell" and "L" in known:
                return Ref("L", x.indices)
            layers = [n for n in known if LAYERED.sub("", n) == x.name != n]
            if len(layers) == 1 and layer(layers[0].strip("}")[-1:]) in self.scope.habits:
                return Ref(layers[0], x.indices)
            if x == Ref("e") and "e" not in self.subscripts:
                return Call("exp", (num(1),))
        if x.name == r"\delta" and len(x.indices) == 2 and 2 not in ranks:
            given = (u.symbol for u in network.upstream if isinstance(u.symbol, Ref))
            two = any(g.name == x.name and len(g.indices) == 2 for g in given)
            if not two and r"\delta" not in self.aliases:
                return Iverson(Rel("=", *x.indices))
        if len(x.indices) != 1:
            return x
        (index,) = x.indices
        if x.name in network.labels and 1 not in ranks:
            return Iverson(Rel("=", Ref(x.name), index))
        if ranks and 1 not in ranks:
            digits = latex(index) if isinstance(index, Num) else ""
            if digits.isdigit() and len(digits) in ranks:
                return x.at(tuple(num(int(d)) for d in digits))
        scalar = not ranks or set(ranks) == {0}
        if scalar and isinstance(index, Ref) and network.knows(index.name):
            goal = Partial(Ref(x.name), index)
            if self.derivable(goal):
                return goal
        return x

    def labelled_apart(self, x: Ref) -> Ref | None:
        """δ_g beside δ_3 = ∂L/∂h, a name of its own where g has no range: the exam's δ are numbered
        gradients, and no entries."""
        index = x.indices[0] if x.indices else None
        if not isinstance(index, Ref) or index.indices:
            return None
        scope, network = self.scope, self.scope.network
        given = [u.symbol for u in network.upstream]
        mine = [s for s in given if isinstance(s, Ref) and s.name == x.name]
        if not mine or not all(s.indices and isinstance(s.indices[0], Num) for s in mine):
            return None
        runs = scope.letters.keys() | network.sizes | network.labels.keys() | INDICES | self.bound
        if index.name in runs or x.name in network.by_name or network.ranks(x.name):
            return None
        return Ref(rf"{x.name}_{{\text{{{index.name}}}}}", x.indices[1:])

    def meaning(self, r: Ref) -> Expr | None:
        """What the work says that a name of its own stands for."""
        tables = [table.get(r.name, ()) for table in (self.aliases, self.later)]
        for head, body in (d for found in tables for d in reversed(found)):
            if head == r and not _recursive(head, body):
                return body
        for head, body in (d for found in tables for d in reversed(found)):
            put = self.fits(head, body, r)
            if put is not None:
                return shift(body, put)
        return None

    def fits(self, head: Ref, body: Expr, r: Ref) -> dict[str, Expr] | None:
        """The indices under which r is what was defined: e_2 is e_i = ŷ_i - y_i at i = 2; δ_z is
        not δ_h = h - y, where h is a label, and nothing is a rule that reads its own name, such as
        δ_t = a δ_{t+1}."""
        if r in walk(body) or _recursive(head, body):
            return None
        if len(head.indices) != len(r.indices):
            return None
        running = {n for x in walk(body) for n in letters(x)} - set(self.scope.network.sizes)
        put: dict[str, Expr] = {}
        for mine, there in zip(head.indices, r.indices, strict=True):
            if mine == there:
                continue
            if not isinstance(mine, Ref) or mine.indices or mine.name not in running:
                return None
            put[mine.name] = there
        return put

    def plainly(self, e: Expr) -> Expr:
        """A formula with the work's own names put in; NetworkError if one has no meaning."""
        if not self.aliases and not self.later:
            return e
        theirs = self.theirs

        def one(r: Ref) -> Expr | None:
            return None if r.name in theirs else self.meaning(r)

        for _ in range(DEEPEST):
            new = replace_refs(e, one)
            if new == e:
                break
            e = new
        mine = (set(self.aliases) | set(self.later)) - theirs
        for x in walk(e):
            if isinstance(x, Ref) and x.name in mine:
                raise NetworkError(f"found ${latex(x)}$, which is defined nowhere")
        return e

    def indexed(self, name: str) -> bool:
        """Does the exam write a name with indices only?"""
        ranks = set(self.scope.network.ranks(name))
        for u in self.scope.network.upstream:
            if isinstance(u.symbol, Ref) and u.symbol.name == name:
                ranks.add(len(u.symbol.indices))
        return bool(ranks) and 0 not in ranks

    def widened(self, sides: Iterable[Expr]) -> Lowering | None:
        """What is known of vectors and matrices, with the tensors that some formulas name without
        the indices that the exam writes: X of X_{ij} is a matrix. None if there is no such name."""
        scope, found = self.scope, dict[str, Declared]()
        known = scope.lowering
        for x in (x for e in sides for x in walk(e) if isinstance(x, Ref) and not x.indices):
            if x.name in known.declared or not self.indexed(x.name):
                continue
            given = (u for u in scope.network.upstream if x.name in names(u.symbol))
            by = next((u.by.name for u in given), "")
            axes = scope.network.ranges(x.name) or scope.network.ranges(by) or ()
            sizes = tuple(r.hi for r in axes if r.lo == ONE)
            if axes and len(sizes) == len(axes) <= 2:
                found[x.name] = Declared(sizes)
        if not found:
            return None
        declared = {**known.declared, **found}
        return replace(known, declared=declared, numbers=known.numbers - found.keys())

    def derivable(self, goal: Expr) -> bool:
        """Is this a gradient that the network has?"""
        match goal:
            case Partial(of=Ref() as of, by=Ref() as by):
                network = self.scope.network
                known = of.name in network.by_name or any(u.of == of for u in network.upstream)
                return known and network.knows(by.name)
        return False

    def differentiable(self, goal: Expr) -> bool:
        """Is this a gradient that the network has, or a derivative of one?"""
        if not isinstance(goal, Partial) or not isinstance(goal.of, Partial):
            return self.derivable(goal)
        of, by = derivatives(goal)
        return all(isinstance(b, Ref) and self.derivable(Partial(of, b)) for b in by)


def letters(x: Expr) -> set[str]:
    """The letters in the subscripts of a name, and those that a bracket compares."""
    if isinstance(x, Ref):
        return {n for i in x.indices for n in names(i)}
    if isinstance(x, Rel):
        return {y.name for y in (x.lhs, x.rhs) if isinstance(y, Ref) and not y.indices}
    return set()


def spoken(e: Expr) -> Iterator[Ref]:
    """The names of a formula, those in subscripts left out."""
    match e:
        case Ref():
            yield e
        case Partial(of=of, by=by):
            yield from (*spoken(of), *spoken(by))
        case _:
            for kid in children(e):
                if not isinstance(kid, Bound):
                    yield from spoken(kid)


def between(network: Network, said: set[str]) -> tuple[Equation, ...]:
    """The equations by which some names determine others of them: h = max(0, z) of z and h."""
    there = set(said)
    found: list[Equation] = []
    for eq in network.equations:
        if {r.ref.name for r in eq.reads} <= there:
            there.add(eq.target.name)
            found.append(eq)
    made = Network(tuple(found))
    needed = {n for name in said if name in made.by_name for n in reach(made, Ref(name))}
    return tuple(eq for eq in found if eq.target.name in needed)


def _recursive(head: Ref, body: Expr) -> bool:
    """Does a rule read its own name at indices made of its letters?"""
    mine = letters(head)
    return any(
        isinstance(x, Ref) and x.name == head.name and (not mine or mine & letters(x))
        for x in walk(body)
    )


def varies(args: tuple[str, ...], body: Expr) -> bool:
    """Does a function read its arguments? f(w, x) = w_0 x_0 only says of what f is made."""
    return any(isinstance(x, Ref) and x.name in args and not x.indices for x in walk(body))


def applied(text: str, functions: Functions) -> frozenset[str]:
    r"""The functions that a text applies to their own arguments, J(\theta) of J(\theta) = …."""
    squeezed = re.sub(r"\s", "", text)
    heads = {f: f"{f}({','.join(args)})" for f, (args, _) in functions.items()}
    return frozenset(f for f, head in heads.items() if head in squeezed)
