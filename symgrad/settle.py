r"""What the statements of a scope mean together: every range known, sizes put in, facts collected,
and the network that comes of it, checked.

A heading of an exam opens a scope. An equation in an inner scope shadows the one of the same name
outside; everything else of the outer scope stays visible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symgrad.affine import Affine, Condition, affine, conditions
from symgrad.consistency import (
    check_edges,
    check_entry,
    check_follows,
    check_ranks,
    check_reads,
    check_single_assignment,
    follows,
)
from symgrad.equation import Equation, Total, Upstream, index_of, total_of
from symgrad.errors import NetworkError, Place, SymgradError
from symgrad.expr import (
    ONE,
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
    num,
    substitute,
    transform,
    walk,
)
from symgrad.index import Facts, Index, Range
from symgrad.labels import check_superscripts, plain_labels, values_of
from symgrad.latex import latex
from symgrad.limits import (
    Defined,
    Limits,
    _letters,
    _put_range,
    bound_names,
    bounded,
    factor_names,
    made_of,
    range_names,
    scalars,
    size_conditions,
    subscript_names,
    with_made_of,
)
from symgrad.network import Network, Ties
from symgrad.notation import Statement
from symgrad.padding import edges_of
from symgrad.scalars import rational
from symgrad.scope import Functions, Scope, Sorter


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


def inlined(e: Expr, functions: Functions, inside: tuple[str, ...] = ()) -> Expr:
    """`e` with calls of defined functions replaced by their bodies."""

    def call(x: Expr) -> Expr:
        if not isinstance(x, Call) or x.fn not in functions:
            return x
        letters, body = functions[x.fn]
        if len(letters) != len(x.args):
            raise NetworkError(f"found {len(x.args)} arguments of {x.fn}, expected {len(letters)}")
        if x.fn in inside:
            path = " -> ".join((*inside[inside.index(x.fn) :], x.fn))
            raise NetworkError(
                f"found {x.fn} defined through itself ({path}), "
                "expected functions that build on one another",
                hint="write a recurrence with an index, h_t = …, t = 1, 2, 3",
            )
        body = inlined(body, functions, (*inside, x.fn))
        return bounded(substitute(body, dict(zip(letters, x.args, strict=True))), x.fn)

    return transform(e, call) if functions else e


class Builder(Sorter):
    """Settles the ranges of what the statements of one scope say, and builds the network."""

    def __init__(self, outer: Scope, ties: Ties) -> None:
        super().__init__(outer)
        self.ties = ties

    def build(self, blocks: Sequence[Sequence[Statement]]) -> Scope:
        """The finished scope."""
        self.subscripts = {n for block in blocks for s in block for n in subscript_names(s)}
        self.declare(blocks)
        for block in blocks:
            self.block(block)
        self.pad()
        self.digits_apart()
        self.data |= self.arguments()
        self.check_superscripts()
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
        own = {u for u, _ in self.upstream}  # L of an inner scope is not that of an outer one
        kept = (u for u in network.upstream if u in own or follows(network, u))
        network = replace(network, upstream=tuple(kept))
        self.check_matrices(network)
        network = self.validated(network, {eq for eq, new in settled if new})
        network = replace(network, totals=self.totals(network, equations))
        return Scope(
            network,
            tuple(self.questions),
            tuple(equations),
            self.letters,
            self.functions,
            values,
            tuple(self.rels),
            frozenset(d.target.name for d in self.equations) or self.outer.focus,
            frozenset(self.members),
            self.lowering,
            self.outer.habits,
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
        self.questions = [replace(q, left=of(q.left)) for q in self.questions]
        self.values = {name(r): v for r, v in self.values.items()}
        self.value_places = {name(r): p for r, p in self.value_places.items()}
        self.upstream = [
            (Upstream(of(u.symbol), name(u.of), name(u.by)), at) for u, at in self.upstream
        ]

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
        return inlined(e, self.functions, inside)

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
        sizes = with_made_of(range_names(equations, ends, axes), equations)
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
        put |= dict(made_of(put, sizes, equations))
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
            if d.target.name in put:
                done.append(Defined(d.target, put[d.target.name], d.at, d.ranges))
                continue
            target = substitute(d.target, put)
            assert isinstance(target, Ref)
            ranges = {k: _put_range(r, put) for k, r in d.ranges.items()}
            done.append(Defined(target, substitute(d.body, put), d.at, ranges))
        return done, {r: v for r, v in values.items() if r.name not in put}

    def facts(self, equations: Sequence[Defined], indices: frozenset[str]) -> Facts:
        """Sizes are positive integers; comparisons say more."""
        ends = (*self.letters.values(), *self.labels.values())
        axes = (*self.shapes.values(), *self.beyond())
        sizes = with_made_of(range_names(equations, ends, axes) - indices, equations)
        counted = sizes | (self.subscripts - indices - set(self.letters))
        about_sizes = (rel for rel in self.rels if not any(r.indices for r in free(rel)))
        rels = [rel for rel in about_sizes if counted & scalars(rel)]
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

    def totals(self, network: Network, equations: Sequence[Defined]) -> tuple[Total, ...]:
        r"""What is given of sums of leaves: \sum_k y_k = 1, with the limits left out filled in. A
        sum of what is defined follows from the definitions."""
        axes = {d.target.name: d for d in equations}
        found = []
        for rel in self.rels:
            if not isinstance(rel, Rel) or rel.op != "=":
                continue
            tensors = {r.name: network.ranges(r.name) for r in free(rel) if r.indices}
            if None not in tensors.values() and not tensors.keys() & network.by_name.keys():
                shapes = {n: r for n, r in tensors.items() if r}
                filled = Limits(self.letters, shapes, axes).fill(rel)
                assert isinstance(filled, Rel)
                found.append(total_of(filled, shapes, self.letters, network.sizes))
        return tuple(t for t in found if t is not None)

    def check_superscripts(self) -> None:
        """No superscript label of what is written here or read from outside is an index."""
        equations = self.arranged(self.equations)
        indices = set(self.letters) | set(self.labels) | bound_names(equations)
        indices |= {n for d in equations for n in _letters(d.target)}
        written: list[tuple[Expr, Place]] = [
            (e, d.at) for d in equations for e in (d.target, d.body)
        ]
        written += [(q.left, q.at) for q in self.questions]
        written += [(r, self.value_places[r]) for r in self.values]
        written += [(e, at) for u, at in self.upstream for e in (u.symbol, u.of, u.by)]
        check_superscripts(written, equations, indices)

    def validated(self, network: Network, new: set[Equation]) -> Network:
        """The network with cycles and double definitions refused everywhere, reads out of range
        refused in this scope's own equations (outer ones may read what is shadowed here)."""
        check_single_assignment(network)
        own = [eq for eq in network.equations if eq in new]
        check_ranks(network, own, {x for letters, _ in self.functions.values() for x in letters})
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
            check_follows(network, u, at)
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
        places = dict(self.upstream)
        for u in network.upstream:
            self.check_number(network, u, places.get(u))

    def check_number(self, network: Network, u: Upstream, at: Place | None) -> None:
        """A gradient given as a number is of a quantity that no equation defines; ∂L/∂L = 1 says
        nothing new."""
        value, defining = constant(u.symbol), network.by_name.get(u.of.name)
        if value is None or defining is None or (u.of == u.by and value == 1):
            return
        raise NetworkError(
            f"found the given gradient {latex(Partial(u.of, u.by))} = {latex(u.symbol)} beside an "
            f"equation of {latex(u.of)}, expected one of them",
            at=at or defining[0].at,
            hint=rf"give it a name, \delta = {latex(Partial(u.of, u.by))}, or drop the equation",
        )

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
                        hint=r"declare its shape, such as x \in \mathbb{R}^{n}, or write indices",
                    )


def told(u: Upstream) -> str:
    """δ_i = ∂L/∂z_i."""
    return f"{latex(u.symbol)} = {latex(Partial(u.of, u.by))}"
