r"""What is known under a heading, and what each statement there says.

A statement is sorted by its form alone:

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

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from symgrad.equation import Upstream, det_name, inverse_name
from symgrad.errors import NetworkError, Place, SymgradError
from symgrad.expr import (
    ONE,
    ZERO,
    Add,
    Blank,
    Call,
    Expr,
    Mul,
    Neg,
    Num,
    Partial,
    Pow,
    Reduce,
    Ref,
    Rel,
    constant,
    free,
    names,
    transform,
    walk,
)
from symgrad.index import Range
from symgrad.latex import latex
from symgrad.limits import Defined, Limits, _letters, _shifted, _whole, whole_numbers
from symgrad.matrix import Lowering
from symgrad.network import Network
from symgrad.notation import Data, Formula, Labels, Listing, Maps, Ranges, Shape, Statement
from symgrad.padding import Edges, Zero
from symgrad.reading.habits import ENTRIES, POLICY
from symgrad.reading.scan import CALLS
from symgrad.shapes import lowering
from symgrad.unsaid import derivatives_of, unspecified

PARAMETER_NAMES = {r"\theta", r"\Theta", r"\vartheta", r"\phi", r"\Phi"}
"""A question about one of these, when no equation uses it, asks for the list of parameters."""


Functions = Mapping[str, tuple[tuple[str, ...], Expr]]
"""Functions that are defined: their arguments and their bodies."""


@dataclass(frozen=True)
class Question:
    """A left side and ``= ?``; `when` says of its letters for which entries, j ≠ y."""

    left: Expr
    latex: str
    at: Place
    when: tuple[Expr, ...] = ()

    @property
    def letters(self) -> set[str]:
        """The letters of its indices."""
        refs = (r for r in walk(self.left) if isinstance(r, Ref))
        return {i.name for r in refs for i in r.indices if isinstance(i, Ref) and not i.indices}


@dataclass(frozen=True)
class Scope:
    """What is known under one heading."""

    network: Network = field(default_factory=Network)
    questions: tuple[Question, ...] = ()
    equations: tuple[Defined, ...] = ()
    letters: Mapping[str, Range] = field(default_factory=dict)
    functions: Functions = field(default_factory=dict)
    values: Mapping[Ref, Num] = field(default_factory=dict)
    rels: tuple[Expr, ...] = ()
    focus: frozenset[str] = frozenset()
    """What the nearest heading with equations of its own defines: the network in question."""
    members: frozenset[str] = frozenset()
    """The letters whose values are said as a set: indices, or labels."""
    lowering: Lowering = field(default_factory=Lowering)
    """What is known of vectors and matrices."""

    habits: frozenset[str] = frozenset()
    """How names and indices are written here."""

    @property
    def variables(self) -> frozenset[str]:
        """The names that equations and values define, σ among them is no function; and how names
        are written."""
        named = frozenset(d.target.name for d in self.equations) | {r.name for r in self.values}
        declared = self.lowering.declared.keys() | self.letters.keys() | self.network.data
        own = r"\pi" in declared or self.network.knows(r"\pi")
        return named | self.habits | (frozenset({POLICY}) if own else frozenset())


class Sorter:
    """Collects the statements of one scope, each by its form."""

    def __init__(self, outer: Scope) -> None:
        self.outer = outer
        self.equations: list[Defined] = []
        self.questions: list[Question] = []
        self.asked_before = 0
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
        self.lowering = outer.lowering

    def declare(self, blocks: Sequence[Sequence[Statement]]) -> None:
        """Which names are vectors and matrices, before any formula with them is sorted."""
        outer = self.outer
        bodies = (e for d in outer.equations for e in (d.target, d.body))
        taken = set(outer.letters).union(*(names(e) for e in bodies))
        flat = [s for block in blocks for s in block]
        found = lowering(flat, outer.lowering, taken, outer.network.sizes, outer.functions)
        self.lowering = replace(found, dotted=ENTRIES in outer.habits)
        for name in sorted(self.lowering.inverted):
            self.equations += self.of_matrix(name)

    def of_matrix(self, name: str) -> Iterator[Defined]:
        """The equations of the inverse of a matrix, and of its determinant, where they are new."""
        known, outer = self.lowering, self.outer.lowering
        matrix = Ref(name)
        array = known.array(matrix)
        same = outer.declared.get(name) == known.declared[name]
        i, j = known.letters(array)
        at = (Ref(i.name), Ref(j.name))
        if not (same and name in outer.inverted):
            body = Call("inverse", (matrix, i.range.hi, *at))
            ranges = {i.name: i.range, j.name: j.range}
            yield Defined(Ref(inverse_name(name), at), body, Place(), ranges)
        if name in known.measured and not (same and name in outer.measured):
            yield Defined(Ref(det_name(name)), Call("det", (matrix, i.range.hi)), Place())

    def block(self, statements: Sequence[Statement]) -> None:
        """One formula block: ranges belong to the equations before them in it."""
        start, self.asked_before = len(self.equations), len(self.questions)
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
            case Data(refs=refs, values=values):
                for r in refs:
                    if values and r.name in self.subscripts:
                        raise NetworkError(
                            f"found {s.latex}, of {latex(r)}, which stands in a subscript; "
                            "expected numbers that count up by one",
                            hint=rf"write {latex(r)} \in \{{1, \dots, n\}}",
                        )
                    if values:
                        off = Mul(tuple(Add((r, Neg(v))) for v in values))
                        self.rels.append(Rel("=", off, ZERO))
                self.data |= {r.name for r in refs}
            case Shape(refs=refs, sizes=sizes):
                self.shape([r for r in refs if not r.indices], sizes, s.at)
            case Maps(refs=refs):
                for fn in (n for r in refs for n in derivatives_of(r.name)):
                    self.functions[fn] = ("z",), unspecified(fn, Ref("z"))
            case Formula(parts=(Blank(),), ops=()):
                raise NetworkError(
                    "found ? alone, expected a left side and = ?",
                    hint=r"write what is asked for, such as \frac{\partial L}{\partial w} = ?",
                )
            case Formula(ops=()):
                pass  # a lone expression in prose, such as the input $x$
            case Formula(parts=parts, ops=ops):
                parts = tuple(transform(self.at_names(p), whole_numbers) for p in parts)
                check_named(parts)
                if self.padding(parts, s):
                    return
                if all(op == "=" for op in ops):
                    self.entrywise(parts, s)
                else:
                    self.comparison(parts, ops, start, s.at)
            case Listing(ref=ref, items=items):
                self.listing(ref, items, s)

    def at_names(self, e: Expr) -> Expr:
        """`e` with the derivatives of functions at their own names."""
        own = {fn: tuple(Ref(x) for x in letters) for fn, (letters, _) in self.functions.items()}
        return at_names(e, {**own, **self.lowering.heads})

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
        if r"\approx" in ops:
            raise NetworkError(
                r"found \approx, which symgrad does not read here",
                hint="answers are exact; write =",
            )
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
        asked = self.questions[self.asked_before :]
        if asked and any(asked[-1].letters & names(rel) for rel in rels):
            self.questions[-1] = replace(asked[-1], when=(*asked[-1].when, *rels))
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

    def equality(
        self, parts: Sequence[Expr], s: Formula, ranges: Mapping[str, Range] | None = None
    ) -> None:
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
        elif is_fact(left, right):
            rel = Rel("=", left, right)
            self.rels.append(rel)
            self.rel_places[rel] = s.at
        elif isinstance(left, Ref):
            self.definition(left, right, s.at, ranges or {})
        else:
            raise NetworkError(
                f"found {latex(left)} on the left of =, expected a name such as z_i",
                hint="write the name that is defined on the left",
            )

    def entrywise(self, parts: Sequence[Expr], s: Formula) -> None:
        """An equation of vectors or matrices is one of their entries: z_i = Σ_k W_{ik} x_k."""
        known = self.lowering
        if len(parts) != 2 or isinstance(parts[1], Blank) or not any(map(known.speaks, parts)):
            self.equality(parts, s)
            return
        left = parts[0]
        if isinstance(left, Call) and left.fn in known.heads:
            left = Ref(left.fn)
        own = isinstance(left, Call) and left.fn in known.functions
        sides = known.equated(left, parts[1])
        letters = known.letters(sides[0])
        at = [Ref(i.name) for i in letters]
        a, b = (known.entry(side, at) for side in sides)
        if not own and not isinstance(a, Ref | Partial) and not is_fact(a, b):
            raise NetworkError(
                f"found {latex(left)} on the left of =, expected a name such as z",
                hint=r"a fact about a norm is written with its square, \|u\|^2 = 1",
            )
        self.equality((a, b), s, {i.name: i.range for i in letters})

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

    def definition(self, left: Ref, right: Expr, at: Place, ranges: Mapping[str, Range]) -> None:
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
        self.equations.append(Defined(left, right, at, ranges))


def check_named(parts: Sequence[Expr]) -> None:
    """A derivative of a formula without a name is asked for, and stands in no equation."""
    asked = len(parts) == 2 and isinstance(parts[1], Blank)
    for x in (x for p in parts for x in walk(p)):
        if isinstance(x, Partial) and not isinstance(x.of, Ref | Partial) and not asked:
            raise NetworkError(
                f"found {latex(x)}, a derivative of a formula, expected one of a name",
                hint="give the formula a name and differentiate the name",
            )


def at_names(e: Expr, heads: Mapping[str, tuple[Expr, ...]]) -> Expr:
    r"""``f'(x)`` and ``\frac{\partial f(x)}{\partial x}`` of f(x) = … are ∂f/∂x.

    >>> x = Ref("x")
    >>> print(latex(at_names(Call("f'", (x,)), {"f": (x,)})))
    \frac{\partial f}{\partial x}
    """

    def one(x: Expr) -> Expr:
        match x:
            case Partial(of=Call(fn=fn, args=args), by=by) if heads.get(fn) == args:
                return Partial(Ref(fn), by, x.total)
            case Partial(of=Call(fn=fn)) if fn not in CALLS.values():
                told = ", ".join(map(latex, heads[fn])) if fn in heads else ""
                raise NetworkError(
                    f"found {latex(x)}, a derivative of a function at other arguments",
                    hint=f"differentiate {fn}({told}), or give the value a name",
                )
            case Call(fn=fn) if fn in heads:
                return x
            case Call(fn=fn, args=args) if fn.endswith("'") and fn.rstrip("'") in heads:
                name, own = fn.rstrip("'"), heads[fn.rstrip("'")]
                if own == args and len(args) == 1:
                    found: Expr = Ref(name)
                    for _ in range(len(fn) - len(name)):
                        found = Partial(found, args[0])
                    return found
                raise NetworkError(
                    f"found {latex(x)}, expected the derivative at "
                    f"{', '.join(map(latex, own))}, of one argument",
                    hint="name what the function is applied to, and differentiate by that name",
                )
        return x

    return transform(e, one)


def is_fact(left: Expr, right: Expr) -> bool:
    r"""Does an equation say something of values and define no name: Σ_c y_c = 1, p_{ij} = p_{ji}?

    >>> p = Ref("p", (Ref("i"), Ref("j")))
    >>> is_fact(p, Ref("p", (Ref("j"), Ref("i")))), is_fact(p, Ref("q", (Ref("j"), Ref("i"))))
    (True, False)
    """
    other = right.arg if isinstance(right, Neg) else right
    if isinstance(left, Ref) and isinstance(other, Ref):
        plain = all(isinstance(i, Ref) and not i.indices for i in left.indices)
        turned = set(left.indices) == set(other.indices) and left.indices != other.indices
        return left.name == other.name and plain and turned
    if isinstance(left, Reduce):
        return left.op == "sum"
    return isinstance(left, Add | Mul | Pow) and constant(right) is not None
