r"""What each sign of the notation of vectors and matrices says of one entry.

A shape that does not fit is refused with both shapes. What is declared as no vector or matrix is a
number and stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from symgrad.affine import affine
from symgrad.errors import NetworkError, UnreadError
from symgrad.expr import (
    ONE,
    Add,
    And,
    Bound,
    Call,
    Cases,
    Div,
    Expr,
    Iverson,
    Mul,
    Neg,
    Num,
    Partial,
    Pow,
    Reduce,
    Ref,
    Rel,
    children,
    constant,
    fresh,
    names,
    num,
    rebuild,
    walk,
)
from symgrad.index import Index, Range
from symgrad.latex import latex
from symgrad.matrix.array import (
    OPEN,
    UNNAMED,
    Array,
    Declared,
    Shape,
    example,
    flat,
    halves,
    laid_out,
    lettered,
    misplaced,
    number,
    shown,
    sizeless,
    spread,
)
from symgrad.matrix.chain import divided, elsewhere, link, repeated, stranger, times, transposed
from symgrad.matrix.inverse import determinant, inverse, is_minus_one
from symgrad.matrix.signs import MATRIX, NORMS, entrywise
from symgrad.reading.names import ONES


@dataclass(frozen=True)
class Lowering:
    """Formulas entry by entry, in a scope: what is declared, the names that are taken, the sizes
    with their numbers, the functions that are defined."""

    declared: Mapping[str, Declared] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()
    sizes: frozenset[str] = frozenset()
    values: Mapping[str, Num] = field(default_factory=dict)
    functions: frozenset[str] = frozenset()
    heads: Mapping[str, tuple[Expr, ...]] = field(default_factory=dict)
    """The functions of vectors that equations define, with their arguments: f(x) = …"""
    numbers: frozenset[str] = frozenset()
    """The names that are declared or defined as numbers."""
    inverted: frozenset[str] = frozenset()
    """The matrices whose inverses have equations here."""
    measured: frozenset[str] = frozenset()
    """The matrices whose determinants have equations here."""
    numerator: bool = False
    """Has the gradient of a number the shape of the transpose?"""
    bare: frozenset[str] = frozenset()
    """The names that formulas write without the indices of their entries."""
    ends: Mapping[str, Expr] = field(default_factory=dict)
    dotted: bool = False
    """`ends`: where the sums around a formula end; `dotted`: dots are products of entries."""
    _count: Iterator[int] = field(default_factory=count, compare=False, repr=False)

    def speaks(self, e: Expr) -> bool:
        """Does the formula use the notation of vectors and matrices?"""
        return any(self._whole(x) for x in walk(e))

    def _whole(self, x: Expr) -> bool:
        match x:
            case Ref(name=name, indices=indices):
                known = self.declared.get(name)
                return name == ONES or (known is not None and known.lead == len(indices))
            case Call(fn=fn):
                return fn not in self.functions and (fn in MATRIX or fn in self.heads)
        return False

    def letters(self, a: Array) -> tuple[Index, ...]:
        """An index for each axis of an array, none of which has another meaning."""
        found: list[Index] = []
        for size in a.shape:
            if size == OPEN:
                raise sizeless(a.e)
            letter = fresh("i", self.taken | {i.name for i in found})
            found.append(Index(letter, Range(ONE, size)))
        return tuple(found)

    def entry(self, a: Array, at: Sequence[Expr]) -> Expr:
        """An entry of an array, with letters for the indices of its sums."""
        return lettered(a.entry(tuple(at)), self.taken.union(*(names(i) for i in at)))

    def shape(self, e: Expr) -> Shape:
        """The shape of a formula."""
        return self.array(e).shape

    def equated(self, left: Expr, right: Expr) -> tuple[Array, Array]:
        """The sides of an equation, of one shape; 0 is one of any."""
        a, b = self.array(left), self.array(right)
        if (a.shape or b.shape) and not (b.shape and a.shape) and constant(b.e) != 0:
            raise NetworkError(
                f"found {latex(left)} = {latex(right)} with {latex(left)} of shape {shown(a)} and "
                f"{latex(right)} of shape {shown(b)}, expected one shape",
                hint="correct a declaration, or write the entries with indices",
            )
        a, b = self._fitted([a, b], Rel("=", left, right))
        return (a, replace(b, entry=lambda at: right)) if a.shape and not b.shape else (a, b)

    # -- formulas -----------------------------------------------------------------------------

    def array(self, e: Expr) -> Array:
        """A formula as an array."""
        if not self.speaks(e):
            return number(e)
        match e:
            case Ref():
                return self._name(e)
            case Add(terms=terms):
                parts = self._together([self.array(t) for t in terms], e)
                return self._map(e, parts, lambda xs: Add(tuple(xs)))
            case Neg(arg=arg):
                return self._map(e, [self.array(arg)], lambda xs: Neg(xs[0]))
            case Mul(factors=factors):
                return self._product(factors)
            case Div(num=a, den=b):
                return self._quotient(e, self.array(a), self.array(b))
            case Pow(base=base, exp=exp):
                return self._power(e, base, exp)
            case Call():
                return self._call(e)
            case Iverson(cond=cond):
                return self._bracket(e, cond)
            case Reduce():
                return self._reduce(e)
            case Partial(of=of, by=Ref() as by):
                return laid_out(self._partial(e, of, by), self.numerator and not self.shape(of))
            case Cases(branches=branches):
                return self._cases(e, branches)
        raise NetworkError(f"found {latex(e)} with vectors or matrices, expected their entries")

    def _cases(self, e: Cases, branches: Sequence[tuple[Expr, Expr | None]]) -> Array:
        """Arrays of one shape, or 0, by conditions that are numbers."""
        conds = [None if c is None else self._plain(c) for _, c in branches]
        parts = self._fitted([self.array(v) for v, _ in branches], e)
        lone = next((p for p in parts if not p.shape and constant(p.e) != 0), None)
        if lone is not None and any(p.shape for p in parts):
            raise misplaced(e, next(p for p in parts if p.shape))
        return self._map(e, parts, lambda xs: Cases(tuple(zip(xs, conds, strict=True))))

    def _plain(self, e: Expr) -> Expr:
        """A part of cases or of a condition: a number, or a comparison of numbers."""
        if isinstance(e, Rel | And):
            return rebuild(e, [self._plain(k) for k in children(e)])
        if not self.speaks(e):
            return e
        found = self.array(e)
        if found.shape:
            raise misplaced(e, found)
        return found.entry(())

    def _name(self, e: Ref) -> Array:
        if e.name == ONES and (e.indices or ONES not in self.declared):
            if len(e.indices) > 1:
                raise NetworkError(f"found {latex(e)}, expected one size of a vector of ones")
            return Array(e, e.indices or (OPEN,), lambda _: ONE)
        if e.name == ONES:
            return Array(e, self.declared[ONES].shape, lambda _: ONE)
        known = self.declared.get(e.name)
        if known is None:
            arrays = (x for i in e.indices for x in walk(i) if self.speaks(x))
            array = next((x for x in arrays if isinstance(x, Ref)), e)
            raise NetworkError(
                f"found the array {latex(array)} as an index of {latex(e)}, expected a number",
                hint=rf"write a label as {e.name}_{{\text{{{array.name}}}}}",
            )
        return Array(e, known.shape, lambda at: Ref(e.name, (*e.indices, *at)), known.row)

    def _map(self, e: Expr, parts: Sequence[Array], f: Callable[[list[Expr]], Expr]) -> Array:
        """An operation on the entries of arrays of one shape, or numbers beside them."""
        lead = next((p for p in parts if p.shape), None)
        if lead is None:
            return number(f([p.entry(()) for p in parts]), e)

        def entry(at: Shape) -> Expr:
            return f([p.entry(at if p.shape else ()) for p in parts])

        return Array(e, lead.shape, entry, lead.row)

    def _together(self, parts: Sequence[Array], whole: Expr) -> list[Array]:
        """The terms of a sum, all of one shape; a number beside a vector is added to each entry,
        and a number that is no numeral is refused, as is one beside a square matrix."""
        found = self._fitted(spread(parts, whole, self.same), whole)
        lead = next((p for p in found if p.shape), None)
        for p in found:
            if lead is not None and not p.shape:
                square = len(lead.shape) == 2 and self.same(lead.shape[0], lead.shape[1])
                if constant(p.e) is None or square:
                    at = r"\mathbf{1} \mathbf{1}^\top" if square else r"\mathbf{1}"
                    raise NetworkError(
                        f"found the number {latex(p.e)} added to {latex(lead.e)} of shape "
                        f"{shown(lead)}, expected terms of one shape",
                        hint=f"declare its shape, or write {latex(Mul((p.e, Ref(at))))} "
                        "to add it to each entry",
                    )
        return found

    def _fitted(self, parts: Sequence[Array], whole: Expr) -> list[Array]:
        """Arrays of one shape, the sizes of ones settled; numbers stay numbers."""
        lead = next((p for p in parts if p.shape and OPEN not in p.shape), None)
        lead = lead or next((p for p in parts if p.shape), None)
        if lead is None:
            return list(parts)
        out = []
        for p in parts:
            fits = len(p.shape) == len(lead.shape) and p.row == lead.row
            fits = fits and all(
                OPEN in (a, b) or self.same(a, b) for a, b in zip(p.shape, lead.shape, strict=True)
            )
            if p.shape and not fits:
                raise NetworkError(
                    f"found {latex(whole)} with {latex(lead.e)} of shape {shown(lead)} and "
                    f"{latex(p.e)} of shape {shown(p)}, expected one shape",
                    hint="transpose one of them, or correct a declaration",
                )
            out.append(replace(p, shape=lead.shape) if p.shape else p)
        return out

    def same(self, a: Expr, b: Expr) -> bool:
        """Are two sizes the same?"""
        x, y = (self._size(s) for s in (a, b))
        return x == y or (affine(x) is not None and affine(x) == affine(y))

    def _size(self, e: Expr) -> Expr:
        return self.values.get(e.name, e) if isinstance(e, Ref) and not e.indices else e

    def _product(self, factors: Sequence[Expr]) -> Array:
        for f in factors:
            if isinstance(f, Ref):
                self._no_transpose(f)
        chain = link(self.array(factors[0]))
        for f in factors[1:]:
            strange = isinstance(f, Ref) and not (self.speaks(f) or f.indices or self.says(f.name))
            if chain.rows is not None and strange:  # numbers stand in front of arrays
                raise stranger(chain.array(), f)
            chain = times(chain, link(self.array(f)), self.same, self._bound)
        return chain.array()

    def _no_transpose(self, f: Ref) -> None:
        """Refuse x' beside x where nothing says what it is: a transpose, or another name."""
        bare = f.name.rstrip("'")
        if bare != f.name and bare in self.declared and not self.says(f.name):
            raise transposed(f, bare)

    def says(self, name: str) -> bool:
        """Is a name declared or defined, as an array or as a number?"""
        return name in self.declared or name in self.numbers | self.sizes | self.values.keys()

    def _bound(self, size: Expr, e: Expr) -> Bound:
        if size == OPEN:
            raise sizeless(e)
        return Bound(f"{UNNAMED}{next(self._count)}", ONE, size)

    def _sum(self, a: Array, f: Callable[[Expr], Expr]) -> Expr:
        """Σ of f over all entries of an array."""
        bounds = tuple(self._bound(s, a.e) for s in a.shape)
        return Reduce("sum", bounds, f(a.entry(tuple(Ref(b.name) for b in bounds))))

    def _quotient(self, e: Div, a: Array, b: Array) -> Array:
        if len(b.shape) > 1 and self.same(b.shape[0], b.shape[1]):
            raise divided(e, b)
        return self._map(e, self._fitted([a, b], e), lambda xs: Div(*xs))

    def _power(self, e: Pow, base: Expr, exp: Expr) -> Array:
        power = self._plain(exp)
        if isinstance(base, Call) and base.fn in NORMS and power == num(2):
            return number(self._norm(base, squared=True), e)
        a = self.array(base)
        if len(a.shape) > 1 and is_minus_one(power):
            return inverse(e, a, self.inverted, self.same)
        entries = self.dotted and flat(a, self.same) and (constant(power) or 0) > 0
        if len(a.shape) > 1 and not entries:
            return repeated(e, a, power, self.same, self._product)
        if a.shape and constant(power) is None:
            raise UnreadError(
                f"found the power {latex(e)} of a vector, expected a number as its exponent",
                hint="write the entries with indices",
            )
        return self._map(e, [a], lambda xs: Pow(xs[0], power))

    # -- functions ----------------------------------------------------------------------------

    def _call(self, e: Call) -> Array:
        if e.fn in self.functions:
            return self._entrywise(e)
        if e.fn in self.heads:
            if e.args != self.heads[e.fn]:
                raise elsewhere(e, self.heads[e.fn][0])
            return self.array(Ref(e.fn))
        if e.fn in NORMS:
            return number(self._norm(e), e)
        rules: dict[str, Callable[[Call], Array]] = {
            "transpose": self._transpose,
            "hadamard": self._hadamard,
            "inner": self._inner,
            "trace": self._trace,
            "diag": self._diag,
            "softmax": self._softmax,
            "det": lambda x: determinant(x, self.array(x.args[0]), self.measured, self.same),
            "column": self._column,
        }
        return rules.get(e.fn, self._entrywise)(e)

    def _entrywise(self, e: Call) -> Array:
        parts = [self.array(a) for a in e.args]
        square = any(len(p.shape) == 2 for p in parts)
        if (e.fn == "exp" and e.spelling == "e^" and square) or (
            not (entrywise(e.fn) or e.fn in self.functions) and any(p.shape for p in parts)
        ):
            raise UnreadError(
                f"found {latex(e)} of an array of shape {shown(parts[0])}, expected a number",
                hint="write the entries with indices, a norm as \\|x\\|, or \\exp of entries",
            )
        if len(parts) == 1 and e.fn in ("max", "min") and parts[0].shape:
            raise UnreadError(
                f"found {latex(e)} of a vector, expected numbers to compare",
                hint=rf"write \{e.fn}_i with the entries",
            )
        parts = self._fitted(parts, e)
        return self._map(e, parts, lambda xs: Call(e.fn, tuple(xs), e.spelling))

    def _transpose(self, e: Call) -> Array:
        a = self.array(e.args[0])
        sign = "T" if e.spelling == "T" else r"\top"
        if not a.shape or (sign == "T" and "T" in self.sizes):
            raise NetworkError(
                f"found ^{sign} on {latex(a.e)}, a transpose or the power T"
                if sign == "T"
                else rf"found the transpose of {latex(a.e)}, which is a number",
                hint=rf"declare a vector or matrix, {latex(a.e)} \in \mathbb{{R}}^{{n}}, "
                r"and write \top for its transpose",
            )
        if len(a.shape) == 1:
            return replace(a, e=e, row=not a.row)
        return Array(e, a.shape[::-1], lambda at: a.entry(at[::-1]))

    def _hadamard(self, e: Call) -> Array:
        parts = self._fitted([self.array(a) for a in e.args], e)
        if not self.dotted and not all(p.shape for p in parts):
            lone = next(p for p in parts if not p.shape)
            raise NetworkError(
                f"found {latex(e)}, a product of entries, with the number {latex(lone.e)}; "
                "expected vectors or matrices",
                hint=r"declare their shapes, x \in \mathbb{R}^{n}, or write \cdot",
            )
        return self._map(e, parts, lambda xs: Mul(tuple(xs)))

    def _inner(self, e: Call) -> Array:
        a, b = self._fitted([self.array(x) for x in e.args], e)
        if not a.shape or not b.shape:
            raise NetworkError(
                f"found {latex(e)} with {latex(a.e)} of shape {shown(a)} and {latex(b.e)} of shape "
                f"{shown(b)}, expected two vectors or two matrices",
            )
        bounds = tuple(self._bound(s, e) for s in a.shape)
        at = tuple(Ref(x.name) for x in bounds)
        return number(Reduce("sum", bounds, Mul((a.entry(at), b.entry(at)))), e)

    def _trace(self, e: Call) -> Array:
        a = self.array(e.args[0])
        if len(a.shape) != 2 or not self.same(*a.shape):
            raise NetworkError(
                f"found {latex(e)} with {latex(a.e)} of shape {shown(a)}, expected a square matrix"
            )
        k = self._bound(a.shape[0], e)
        body = a.entry((Ref(k.name), Ref(k.name)))
        if isinstance(body, Reduce) and body.op == "sum":
            return number(Reduce("sum", (k, *body.bounds), body.body), e)
        return number(Reduce("sum", (k,), body), e)

    def _diag(self, e: Call) -> Array:
        """diag(x)_{ij} = x_i [i = j]; of a matrix, its diagonal as a vector."""
        a = self.array(e.args[0])
        if len(a.shape) == 2 and self.same(*a.shape):
            return Array(e, a.shape[:1], lambda at: a.entry((at[0], at[0])))
        if len(a.shape) != 1:
            raise NetworkError(
                f"found {latex(e)} with {latex(a.e)} of shape {shown(a)}, expected a vector or a "
                "square matrix"
            )

        def entry(at: Shape) -> Expr:
            bracket = Iverson(Rel("=", at[0], at[1]))
            value = a.entry(at[:1])
            return bracket if value == ONE else Mul((value, bracket))

        return Array(e, (a.shape[0], a.shape[0]), entry)

    def _column(self, e: Call) -> Array:
        end = next((self.ends[n] for n in names(e.args[1]) if n in self.ends), None)
        return example(e, self.array(e.args[0]), e.args[1], end, self.same)

    def _softmax(self, e: Call) -> Array:
        """exp(z_i) / Σ_k exp(z_k), along the rows of a matrix."""
        a = self.array(e.args[0])
        if not a.shape:
            raise NetworkError(
                f"found {latex(e)} of the number {latex(a.e)}, expected a vector",
                hint=rf"declare it, {latex(a.e)} \in \mathbb{{R}}^{{n}}, or write its definition",
            )

        def entry(at: Shape) -> Expr:
            k = self._bound(a.shape[-1], e)
            below = Call("exp", (a.entry((*at[:-1], Ref(k.name))),), "e^")
            return Div(Call("exp", (a.entry(at),), "e^"), Reduce("sum", (k,), below))

        return Array(e, a.shape, entry, a.row)

    def _norm(self, e: Call, squared: bool = False) -> Expr:
        a = self.array(e.args[0])
        fits = a.shape and (len(a.shape) == 1 or e.fn == "norm_F")
        if not fits:
            raise NetworkError(
                f"found {latex(e)} with {latex(a.e)} of shape {shown(a)}, expected a vector"
                + ("" if not a.shape else r", or the norm \|·\|_F of a matrix"),
                hint="" if a.shape else rf"declare it, {latex(a.e)} \in \mathbb{{R}}^{{n}}",
            )
        if e.fn == "norm_1":
            whole = self._sum(a, lambda x: Call("abs", (x,)))
            return Pow(whole, num(2)) if squared else whole
        whole = self._sum(a, lambda x: Pow(x, num(2)))
        return whole if squared else Call("sqrt", (whole,))

    # -- conditions, sums, gradients ----------------------------------------------------------

    def _bracket(self, e: Expr, cond: Expr) -> Array:
        rels = cond.conds if isinstance(cond, And) else (cond,)
        if not all(isinstance(r, Rel) for r in rels):
            raise NetworkError(f"found {latex(e)}, expected comparisons of entries")
        sides = [self.array(s) for r in rels for s in children(r)]
        ops = [r.op for r in rels if isinstance(r, Rel)]

        def made(xs: list[Expr]) -> Expr:
            pairs = zip(ops, xs[::2], xs[1::2], strict=True)
            found = tuple(Rel(op, a, b) for op, a, b in pairs)
            return Iverson(found[0] if len(found) == 1 else And(found))

        return self._map(e, self._fitted(sides, e), made)

    def _reduce(self, e: Reduce) -> Array:
        if any(self.speaks(b) for b in e.bounds):
            raise NetworkError(f"found vectors or matrices in the limits of {latex(e)}")
        ends = {b.name: b.hi for b in e.bounds if b.lo == ONE and b.hi is not None}
        a = replace(self, ends={**self.ends, **ends}).array(e.body)
        if a.shape and e.op != "sum":
            raise UnreadError(
                f"found {latex(e)} of an array of shape {shown(a)}, expected numbers",
                hint="write the entries with indices",
            )
        return Array(e, a.shape, lambda at: Reduce(e.op, e.bounds, a.entry(at)), a.row)

    def _partial(self, e: Partial, of: Expr, by: Ref) -> Array:
        """∂L/∂W has the shape of W; ∂z/∂x of two vectors has a row for each entry of z, and
        ∂²L/∂u∂v, the derivative of ∂L/∂v, one for each entry of u."""
        a = self._partial(of, *halves(of)) if isinstance(of, Partial) else self.array(of)
        b = self.array(by)
        first, last = (b, a) if isinstance(of, Partial) else (a, b)
        n = len(first.shape)
        if n + len(last.shape) > 2:
            raise UnreadError(
                f"found {latex(e)}, an array with {n + len(last.shape)} indices, expected at most "
                "two",
                hint="write the entries with indices",
            )

        def entry(at: Shape) -> Expr:
            x, y = first.entry(at[:n]), last.entry(at[n:])
            return Partial(y, x, e.total) if isinstance(of, Partial) else Partial(x, y, e.total)

        return Array(e, (*first.shape, *last.shape), entry)
