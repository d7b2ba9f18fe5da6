r"""What the statements of a scope mean: equations, ranges, data, given values and gradients.

A heading of an exam opens a scope. An equation in an inner scope shadows the one of the same name
outside; everything else of the outer scope stays visible. A statement is sorted by its form alone:

    z_i = …, i = 1, …, n      equation with its range
    w_0 = 1                   given value
    δ_i = ∂L/∂z_i             given upstream gradient
    (x, y) ∼ 𝒟                data
    c_t ∈ {1, …, V}           label: data that stands in subscripts
    W ∈ ℝ^{h×d}               shape
    m ≤ n                     fact about sizes
    ∂L/∂k_j = ?               question
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from symgrad.affine import Affine, Condition, affine, conditions
from symgrad.consistency import (
    check_edges,
    check_entry,
    check_ranks,
    check_reads,
    check_single_assignment,
)
from symgrad.equation import Equation, Upstream, index_of
from symgrad.errors import NetworkError, Place, SymgradError
from symgrad.expr import (
    ONE,
    Blank,
    Bound,
    Call,
    Div,
    Expr,
    Num,
    Partial,
    Ref,
    Rel,
    constant,
    free,
    names,
    num,
    substitute,
    transform,
    walk,
)
from symgrad.index import Facts, Index, Range
from symgrad.labels import plain_labels, values_of
from symgrad.latex import latex
from symgrad.limits import (
    Defined,
    Limits,
    _letters,
    _put_range,
    _shifted,
    _whole,
    bound_names,
    bounded,
    factor_names,
    range_names,
    scalars,
    size_conditions,
    subscript_names,
    whole_numbers,
)
from symgrad.network import Network, Ties
from symgrad.notation import Data, Formula, Labels, Listing, Ranges, Shape, Statement
from symgrad.padding import Edges, Zero, edges_of
from symgrad.scalars import rational

PARAMETER_NAMES = {r"\theta", r"\Theta", r"\vartheta", r"\phi", r"\Phi"}
"""A question about one of these, when no equation uses it, asks for the list of parameters."""


@dataclass(frozen=True)
class Question:
    """A left side and ``= ?``."""

    left: Expr
    latex: str
    at: Place


@dataclass(frozen=True)
class Scope:
    """What is known under one heading."""

    network: Network = field(default_factory=Network)
    questions: tuple[Question, ...] = ()
    equations: tuple[Defined, ...] = ()
    letters: Mapping[str, Range] = field(default_factory=dict)
    functions: Mapping[str, tuple[tuple[str, ...], Expr]] = field(default_factory=dict)
    values: Mapping[Ref, Num] = field(default_factory=dict)
    rels: tuple[Expr, ...] = ()
    focus: frozenset[str] = frozenset()
    """What the nearest heading with equations of its own defines: the network in question."""
    members: frozenset[str] = frozenset()
    """The letters whose values are said as a set: indices, or labels."""

    @property
    def variables(self) -> frozenset[str]:
        """The names that equations and values define: σ among them is no function."""
        return frozenset(d.target.name for d in self.equations) | {r.name for r in self.values}


def read_scope(
    statements: Sequence[Sequence[Statement]], outer: Scope | None = None, ties: Ties = "strict"
) -> Scope:
    r"""The scope that the statements open inside `outer`; one inner list is one formula block.

    >>> from symgrad.notation import read
    >>> scope = read_scope([read(r"L = w x, \quad \frac{\partial L}{\partial w} = ?")])
    >>> [latex(q.left) for q in scope.questions]
    ['\\frac{\\partial L}{\\partial w}']
    """
    return Builder(outer or Scope(), ties).build(statements)


class Builder:
    """Collects the statements of one scope, then settles ranges and builds the network."""

    def __init__(self, outer: Scope, ties: Ties) -> None:
        self.outer = outer
        self.ties = ties
        self.equations: list[Defined] = []
        self.questions: list[Question] = []
        self.letters: dict[str, Range] = dict(outer.letters)
        self.functions = dict(outer.functions)
        self.values: dict[Ref, Num] = {}
        self.upstream: list[tuple[Upstream, Place]] = []
        self.data: set[str] = set(outer.network.data)
        self.shapes: dict[str, tuple[Range, ...]] = dict(outer.network.shapes)
        self.shaped: dict[str, tuple[Range, ...]] = {}
        self.rels: list[Expr] = list(outer.rels)
        self.rel_places: dict[Expr, Place] = {}
        self.value_places: dict[Ref, Place] = {}
        self.subscripts: set[str] = set()
        self.zeros: list[Zero] = []
        self.padded: Edges = dict(outer.network.padded)
        self.labels: dict[str, Range] = dict(outer.network.labels)
        self.members: set[str] = set(outer.members)

    def build(self, blocks: Sequence[Sequence[Statement]]) -> Scope:
        """The finished scope."""
        self.subscripts = {n for block in blocks for s in block for n in subscript_names(s)}
        for block in blocks:
            self.block(block)
        self.pad()
        self.digits_apart()
        self.data |= self.arguments()
        equations = self.arranged(self.with_letters())
        plain = plain_labels(equations, self.letters, self.members | self.data)
        self.labels |= plain
        self.data |= set(self.labels)
        equations, values = self.put_sizes(equations)
        indices = frozenset(n for d in equations for n in d.ranges) | bound_names(equations)
        facts = self.facts(equations, indices)
        facts = facts.plus(values_of(self.labels, plain))
        settled = self.settle(equations, facts)
        network = Network(
            tuple(eq for eq, _ in settled),
            frozenset(self.data),
            values,
            self.given_gradients(),
            facts,
            self.shapes,
            self.ties,
            self.padded,
            self.labels,
        )
        self.check_matrices(network)
        network = self.validated(network, {eq for eq, new in settled if new})
        own = tuple(d for d in equations)
        return Scope(
            network,
            tuple(self.questions),
            own,
            self.letters,
            self.functions,
            values,
            tuple(self.rels),
            frozenset(d.target.name for d in self.equations) or self.outer.focus,
            frozenset(self.members),
        )

    def digits_apart(self) -> None:
        """W_{12} of a tensor with two indices is W_{1,2}."""
        ranks: dict[str, int] = {}
        defined = [*self.outer.equations, *self.equations]
        for x in (x for d in defined for e in (d.target, d.body) for x in walk(e)):
            if isinstance(x, Ref) and any(not isinstance(i, Num) for i in x.indices):
                ranks.setdefault(x.name, len(x.indices))
        ranks |= {name: len(axes) for name, axes in self.shapes.items()}

        def apart(e: Expr) -> Expr:
            match e:
                case Ref(name=name, indices=(Num(value=v),)) if ranks.get(name, 1) > 1:
                    digits = str(v)
                    if len(digits) == ranks[name] and digits.isdigit():
                        return Ref(name, tuple(num(int(c)) for c in digits))
            return e

        def of(e: Expr) -> Expr:
            return transform(e, apart)

        def name(r: Ref) -> Ref:
            found = of(r)
            assert isinstance(found, Ref)
            return found

        self.equations = [
            Defined(name(d.target), of(d.body), d.at, d.ranges) for d in self.equations
        ]
        self.questions = [Question(of(q.left), q.latex, q.at) for q in self.questions]
        self.values = {name(r): v for r, v in self.values.items()}
        self.value_places = {name(r): p for r, p in self.value_places.items()}
        self.upstream = [
            (Upstream(of(u.symbol), name(u.of), name(u.by)), at) for u, at in self.upstream
        ]

    def validated(self, network: Network, new: set[Equation]) -> Network:
        """The network with cycles and double definitions refused everywhere, reads out of range
        refused in this scope's own equations (outer ones may read what is shadowed here)."""
        check_single_assignment(network)
        check_ranks(network, [eq for eq in network.equations if eq in new])
        network = network.acyclic()
        self.check_given(network)
        try:
            check_edges(network)
        except SymgradError as error:
            raise error.located(self.zeros[-1].at if self.zeros else None) from None
        for eq in network.equations:
            if eq in new or not self.outer.equations:
                check_reads(network, eq)
        return network

    def check_given(self, network: Network) -> None:
        """This scope's given values and gradients are of things that exist, one of each."""
        own = {d.target for d in self.equations}
        for ref in self.values:
            at = self.value_places[ref]
            if ref in own:
                raise NetworkError(
                    f"found a value and an equation for {latex(ref)}, expected one of them",
                    at=at,
                    hint="drop one, or put the value under a heading of its own",
                )
            if ref.indices:
                check_entry(network, ref, at)
        seen: dict[Expr, Upstream] = {}
        goals: dict[tuple[Ref, Ref], Upstream] = {}
        for u, at in self.upstream:
            if not network.knows(u.by.name):
                raise NetworkError(
                    f"found a given gradient by {latex(u.by)}, which occurs in no equation; "
                    "expected a name of the network",
                    at=at.find(latex(u.by)),
                    hint=f"state the equation of {latex(u.by)}, or correct the name",
                )
            check_entry(network, u.by, at.find(latex(u.by)))
            twin = seen.get(u.symbol) if isinstance(u.symbol, Ref) else None
            twin = twin or goals.get((u.of, u.by))
            if twin not in (None, u):
                assert twin is not None
                raise NetworkError(
                    f"found a second given gradient {told(u)} beside {told(twin)}, "
                    "expected one in a scope",
                    at=at,
                    hint="rename it, or put it under a heading of its own",
                )
            seen[u.symbol] = goals[u.of, u.by] = u

    # -- sorting ---------------------------------------------------------------------------------

    def block(self, statements: Sequence[Statement]) -> None:
        """One formula block: ranges belong to the equations before them in it."""
        start = len(self.equations)
        for statement in statements:
            try:
                self.statement(statement, start)
            except SymgradError as error:
                raise error.located(statement.at) from None

    def statement(self, s: Statement, start: int) -> None:
        """Sort one statement."""
        match s:
            case Labels(refs=refs, lo=lo, hi=hi):
                self.labels |= {r.name: Range(_whole(lo), _whole(hi)) for r in refs}
            case Ranges(names=letters, lo=lo, hi=hi, member=member):
                self.members |= set(letters) if member else set()
                for letter in letters:
                    self.range(letter, Range(_whole(lo), _whole(hi)), start)
            case Data(refs=refs):
                self.data |= {r.name for r in refs}
            case Shape(refs=refs, sizes=sizes):
                self.shape([r for r in refs if not r.indices], sizes, s.at)
            case Formula(parts=(Blank(),), ops=()):
                raise NetworkError(
                    "found ? alone, expected a left side and = ?",
                    hint=r"write what is asked for, such as \frac{\partial L}{\partial w} = ?",
                )
            case Formula(ops=()):
                pass  # a lone expression in prose, such as the input $x$
            case Formula(parts=parts, ops=ops):
                parts = tuple(transform(p, whole_numbers) for p in parts)
                if self.padding(parts, s):
                    return
                if all(op == "=" for op in ops):
                    self.equality(parts, s)
                else:
                    self.comparison(parts, ops, start, s.at)
            case Listing(ref=ref, items=items):
                self.listing(ref, items, s)

    def padding(self, parts: Sequence[Expr], s: Formula) -> bool:
        """x_l = 0, or after it a comparison that says for which l."""
        if s.ops == ("=",) and constant(parts[1]) == 0 and isinstance(parts[0], Ref):
            self.zeros.append(Zero(parts[0], s.at, otherwise=s.otherwise))
        elif self.zeros and len(s.ops) == 1 and s.ops != ("=",):
            rel = Rel(s.ops[0], parts[0], parts[1])
            more = self.zeros[-1].beyond(rel)
            self.zeros[-1] = more or self.zeros[-1]
            return more is not None
        return False

    def pad(self) -> None:
        """Each x_l = 0 beyond an edge is padding, no equation."""
        for zero in self.zeros:
            edges = edges_of(zero, self.letters, self.shapes.get(zero.ref.name, ()))
            if edges:
                name = zero.ref.name
                self.padded = {**self.padded, name: {**self.padded.get(name, {}), **edges}}
                self.equations = [
                    d for d in self.equations if d.at != zero.at or d.target != zero.ref
                ]

    def beyond(self) -> list[tuple[Range, ...]]:
        """The ends of what is not padding."""
        edges = [edge for axes in self.padded.values() for edge in axes.values()]
        return [(Range(e.lo or ONE, e.hi or ONE),) for e in edges]

    def shape(self, refs: Sequence[Ref], sizes: Sequence[Expr], at: Place) -> None:
        """The sizes of some tensors; one shape each in a scope."""
        for e in sizes:
            if isinstance(e, Num) and e.value < 1:
                raise NetworkError(f"found the size {latex(e)}, expected a positive one", at=at)
        axes = tuple(Range(ONE, e) for e in sizes)
        for r in refs:
            if self.shaped.setdefault(r.name, axes) != axes:
                raise NetworkError(
                    f"found a second shape of {latex(r)}, expected one in a scope",
                    at=at,
                    hint="drop one, or give the other tensor another name",
                )
            self.shapes[r.name] = axes

    def listing(self, ref: Expr, items: Sequence[Expr], s: Listing) -> None:
        """θ = {?} asks for the parameters."""
        if any(isinstance(i, Blank) for i in items):
            self.questions.append(Question(ref, latex(ref), s.at))

    def range(self, letter: str, r: Range, start: int) -> None:
        """A range belongs to the equations of its block that use the letter and have none yet;
        it is remembered for the equations after it."""
        using = [
            k
            for k in range(start, len(self.equations))
            if letter in _letters(self.equations[k].target)
        ]
        for k in using:
            d = self.equations[k]
            if letter not in d.ranges:
                known = None if k == using[-1] else self.read_along(d, letter)
                ranges = {**d.ranges, letter: known or r}
                self.equations[k] = Defined(d.target, d.body, d.at, ranges)
        self.letters[letter] = r

    def read_along(self, d: Defined, letter: str) -> Range | None:
        """The range of an equation that reads another entry by entry: a_i = max(0, z_i)."""
        stated = {e.target.name: e for e in self.equations if e.ranges}
        return Limits({}, self.shapes, stated).from_reads(letter, d.body)

    def comparison(self, parts: Sequence[Expr], ops: Sequence[str], start: int, at: Place) -> None:
        """``1 ≤ i ≤ n`` is the range of i; a comparison of sizes is a fact, any other a remark."""
        if "=" in ops:
            raise NetworkError(
                "found = and a comparison in one chain, expected one of them",
                hint="write the equation and the fact apart",
            )
        rels = [Rel(op, a, b) for op, a, b in zip(ops, parts, parts[1:], strict=False)]
        if len(parts) == 3 and set(ops) <= {"<=", "<"} and isinstance(parts[1], Ref):
            letter = parts[1]
            if self.is_letter(letter.name):
                lo = parts[0] if ops[0] == "<=" else _shifted(parts[0], 1)
                hi = parts[2] if ops[1] == "<=" else _shifted(parts[2], -1)
                if letter.indices:
                    self.labels[letter.name] = Range(lo, hi)
                else:
                    self.range(letter.name, Range(lo, hi), start)
                return
        self.rels += rels
        self.rel_places |= dict.fromkeys(rels, at)

    def is_letter(self, name: str) -> bool:
        """Is the name used as an index of some target, or in a subscript of this scope or an
        outer one?"""
        return name in self.subscripts or any(
            isinstance(x, Ref) and any(name in names(i) for i in x.indices)
            for d in self.outer.equations
            for x in (*walk(d.body), d.target)
        )

    def equality(self, parts: Sequence[Expr], s: Formula) -> None:
        """A question, a given gradient, a given value, a function or an equation."""
        left = parts[0]
        if isinstance(parts[-1], Blank):
            if len(parts) != 2:
                raise NetworkError(
                    "found a chain that ends in ?, expected one left side and = ?",
                    hint="state the definition in a line of its own",
                )
            shown = s.latex[: s.latex.rindex("=")].rstrip(" &") if "=" in s.latex else latex(left)
            self.questions.append(Question(left, shown.strip(), s.at))
            return
        if len(parts) != 2:
            raise NetworkError(
                f"found {len(parts)} sides in one chain of equations, "
                "expected a definition with two",
                hint="state one definition, or one given value, at a time",
            )
        right = parts[1]
        if not free(left) and not free(right) and not isinstance(left, Call | Partial | Blank):
            self.arithmetic(left, right)
        elif isinstance(left, Partial) != isinstance(right, Partial):
            self.gradient(left, right, s.at)
        elif isinstance(left, Call):
            self.function(left, right, s.at)
        elif isinstance(left, Ref):
            self.definition(left, right, s.at)
        else:
            raise NetworkError(
                f"found {latex(left)} on the left of =, expected a name such as z_i",
                hint="write the name that is defined on the left",
            )

    def arithmetic(self, left: Expr, right: Expr) -> None:
        """``5 · 5 = 25`` says nothing of a network; ``3 = 4`` is a slip."""
        sides = constant(left), constant(right)
        if None not in sides and sides[0] != sides[1]:
            raise NetworkError(
                f"found {latex(left)} = {latex(right)}, expected an equation that holds",
                hint="correct one side, or write the name that is defined on the left",
            )

    def gradient(self, a: Expr, b: Expr, at: Place) -> None:
        """δ_i = ∂L/∂z_i, in either order."""
        partial, symbol = (a, b) if isinstance(a, Partial) else (b, a)
        assert isinstance(partial, Partial)
        of, by = partial.of, partial.by
        plain = isinstance(symbol, Ref) or constant(symbol) is not None
        if not plain or not isinstance(of, Ref) or not isinstance(by, Ref):
            raise NetworkError(
                f"found {latex(symbol)} for a given gradient, expected a name such as \\delta_i "
                "or a number",
                hint="to ask for it, write = ?",
            )
        self.upstream.append((Upstream(symbol, of, by), at))

    def function(self, head: Call, body: Expr, at: Place) -> None:
        """f(x) = …: a function if it is called elsewhere, else a name that depends on x."""
        args = tuple(a.name for a in head.args if isinstance(a, Ref))
        self.functions[head.fn] = (args, body)
        self.equations.append(Defined(Ref(head.fn), body, at))

    def definition(self, left: Ref, right: Expr, at: Place) -> None:
        """An equation, or a given value."""
        value = constant(right)
        if value is not None and not _letters(left):
            if left in self.values:
                raise NetworkError(
                    f"found a second value of {latex(left)}, expected one in a scope",
                    at=at,
                    hint="put the other value under a heading of its own",
                )
            self.values[left] = right if isinstance(right, Num) else Num(value)
            self.value_places[left] = at
            return
        self.equations.append(Defined(left, right, at))

    # -- settling --------------------------------------------------------------------------------

    def arranged(self, own: Sequence[Defined]) -> list[Defined]:
        """The outer equations, those defined anew in the place of the old ones, then the rest."""
        given = {r.name for r in self.values}
        rest = list(own)
        out: list[Defined] = []
        for d in self.outer.equations:
            anew = [n for n in rest if n.target.name == d.target.name]
            if anew:
                out += anew
                rest = [n for n in rest if n.target.name != d.target.name]
            elif d.target.name not in given | {n.target.name for n in own}:
                out.append(d)
        return out + rest

    def with_letters(self) -> list[Defined]:
        """This scope's equations, calls of its functions written out, with every letter of a
        target given its range."""
        out = []
        for d in self.equations:
            try:
                own = (d.target.name,) if d.target.name in self.functions else ()
                body = self.inlined(d.body, own)
            except SymgradError as error:
                raise error.located(d.at) from None
            ranges = dict(d.ranges)
            for letter in _letters(d.target):
                if letter not in ranges and letter in self.letters:
                    ranges[letter] = self.letters[letter]
            out.append(Defined(d.target, body, d.at, ranges))
        return out

    def inlined(self, e: Expr, inside: tuple[str, ...] = ()) -> Expr:
        """`e` with calls of the exam's own functions replaced by their bodies."""

        def call(x: Expr) -> Expr:
            if not isinstance(x, Call) or x.fn not in self.functions:
                return x
            letters, body = self.functions[x.fn]
            if len(letters) != len(x.args):
                raise NetworkError(
                    f"found {len(x.args)} arguments of {x.fn}, expected {len(letters)}"
                )
            if x.fn in inside:
                path = " -> ".join((*inside[inside.index(x.fn) :], x.fn))
                raise NetworkError(
                    f"found {x.fn} defined through itself ({path}), "
                    "expected functions that build on one another",
                    hint="write a recurrence with an index, h_t = …, t = 1, 2, 3",
                )
            body = self.inlined(body, (*inside, x.fn))
            return bounded(substitute(body, dict(zip(letters, x.args, strict=True))), x.fn)

        return transform(e, call)

    def arguments(self) -> set[str]:
        """The letters of functions that are called: x of f(x) = …, beside f(2), is no parameter
        unless another equation reads it."""
        used = {x.fn for d in self.equations for x in walk(d.body) if isinstance(x, Call)}
        own = {fn: letters for fn, (letters, _) in self.functions.items() if fn in used}
        read = {r.name for d in self.equations if d.target.name not in own for r in free(d.body)}
        return {letter for letters in own.values() for letter in letters} - read

    def put_sizes(self, equations: list[Defined]) -> tuple[list[Defined], dict[Ref, Num]]:
        """Sizes with a given number are put in; other values stay values."""
        values = {**self.outer.values, **self.values}
        ends = (*self.letters.values(), *self.labels.values())
        axes = (*self.shapes.values(), *self.beyond())
        sizes = range_names(equations, ends, axes)
        put: dict[str, Expr] = {
            r.name: v for r, v in values.items() if not r.indices and r.name in sizes
        }
        zero = factor_names(equations)[1]
        for r, v in values.items():
            if r.name in put and (v.value < (r.name not in zero) or v.value.denominator != 1):
                raise NetworkError(
                    f"found the size {latex(r)} = {latex(v)}, expected a positive whole number",
                    at=self.value_places.get(r),
                )
        if not put:
            return equations, values
        self.letters = {k: _put_range(r, put) for k, r in self.letters.items()}
        self.labels = {k: _put_range(r, put) for k, r in self.labels.items()}
        self.shapes = {
            k: tuple(_put_range(r, put) for r in axes) for k, axes in self.shapes.items()
        }
        self.padded = {
            name: {k: edge.put(put) for k, edge in axes.items()}
            for name, axes in self.padded.items()
        }
        self.rels = [substitute(r, put) for r in self.rels]
        done = []
        for d in equations:
            target = substitute(d.target, put)
            assert isinstance(target, Ref)
            ranges = {k: _put_range(r, put) for k, r in d.ranges.items()}
            done.append(Defined(target, substitute(d.body, put), d.at, ranges))
        return done, {r: v for r, v in values.items() if r.name not in put}

    def facts(self, equations: Sequence[Defined], indices: frozenset[str]) -> Facts:
        """Sizes are positive integers; comparisons say more."""
        ends = (*self.letters.values(), *self.labels.values())
        axes = (*self.shapes.values(), *self.beyond())
        sizes = range_names(equations, ends, axes) - indices
        counted = sizes | (self.subscripts - indices - set(self.letters))
        rels = [rel for rel in self.rels if counted & scalars(rel)]
        for rel in rels:
            if conditions(rel) is None:
                raise NetworkError(
                    f"found {latex(rel)}, expected a comparison of sums of sizes",
                    at=self.rel_places.get(rel),
                    hint=r"write it as m \le n, or n = 4",
                )
        sizes |= {name for rel in rels for name in scalars(rel)}
        known = [c for rel in rels for c in conditions(rel) or ()]
        plain = range_names([], self.letters.values(), axes)
        known += [
            Condition(Affine(0, ((p, 1),))) for p in sorted(factor_names(equations)[1] - plain)
        ]
        known += [c for d in equations for c in size_conditions(d, sizes)]
        facts = Facts(tuple(known), frozenset(sizes))
        if facts.contradictory():
            shown = ", ".join(latex(r) for r in rels)
            raise NetworkError(
                f"found the facts {shown}, expected some positive sizes that satisfy them",
                at=next((self.rel_places[r] for r in reversed(rels) if r in self.rel_places), None),
                hint="drop one of them",
            )
        return facts

    def settle(self, equations: Sequence[Defined], facts: Facts) -> list[tuple[Equation, bool]]:
        """Equations with all ranges known; with each, whether it is this scope's own."""
        own = {d.target for d in self.equations}
        axes = {d.target.name: d for d in equations}
        out = []
        for d in equations:
            try:
                body = Limits(self.letters, self.shapes, axes).fill(d.body)
                out.append((self.equation(d, body, facts), d.target in own))
            except SymgradError as error:
                raise error.located(d.at) from None
        return out

    def equation(self, d: Defined, body: Expr, facts: Facts) -> Equation:
        """One equation; every free letter of its body is an index of its target or a size."""
        for x in walk(body):
            if isinstance(x, Bound):
                index_of(x)
            if isinstance(x, Div) and rational(x.den) == 0:
                raise NetworkError(
                    f"found a division by 0 in {latex(x)}, expected a divisor that is not 0",
                    hint="correct the formula",
                )
        indices = []
        for letter in _letters(d.target):
            if letter in facts.sizes:
                continue
            if letter not in d.ranges:
                raise NetworkError(
                    f"found the index {letter} of {latex(d.target)} without a range, expected one",
                    hint=rf"add {letter} = 1, \dots, n after the equation",
                )
            indices.append(Index(letter, d.ranges[letter]))
        for i in indices:
            if i.range.size == 0:
                raise NetworkError(
                    f"found the empty range {i.name} = {latex(i.range.lo)}, …, "
                    f"{latex(i.range.hi)}, expected a last index that is not below the first"
                )
        for index in d.target.indices:
            if affine(index) is None or not isinstance(index, Ref | Num):
                raise NetworkError(
                    f"found {latex(d.target)} on the left of =, expected plain indices such as z_i"
                )
        return Equation(d.target, tuple(indices), body, d.at)

    def given_gradients(self) -> tuple[Upstream, ...]:
        """This scope's given gradients, then the outer ones that they do not replace."""
        own = [u for u, _ in self.upstream]
        symbols = {u.symbol.name for u in own if isinstance(u.symbol, Ref)}
        kept = [
            u
            for u in self.outer.network.upstream
            if not (isinstance(u.symbol, Ref) and u.symbol.name in symbols)
            and (u.of, u.by.name) not in {(o.of, o.by.name) for o in own}
        ]
        return (*own, *kept)

    def check_matrices(self, network: Network) -> None:
        """A tensor with a shape is read with its indices: products of matrices are not numbers."""
        for eq in network.equations:
            for read in eq.reads:
                ref = read.ref
                shaped = self.shapes.get(ref.name, ())
                bold = ref.name.startswith((r"\mathbf", r"\boldsymbol", r"\vec"))
                if not ref.indices and (shaped or bold):
                    raise NetworkError(
                        f"found {latex(ref)} without indices, expected it entry by entry",
                        at=eq.at,
                        hint=r"write the equation with indices, such as z_i = \sum_j W_{ij} x_j",
                    )


def told(u: Upstream) -> str:
    """δ_i = ∂L/∂z_i."""
    return f"{latex(u.symbol)} = {latex(Partial(u.of, u.by))}"
