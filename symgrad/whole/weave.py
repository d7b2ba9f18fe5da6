r"""Formulas with indices woven into products of vectors and matrices."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from symgrad.expr import (
    ONE,
    Add,
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
    free_names,
    fresh,
    names,
    rebuild,
    same,
    substitute,
    walk,
)
from symgrad.latex import CIRCULAR
from symgrad.matrix import ONES, Lowering, entrywise
from symgrad.reading.ellipsis import series
from symgrad.whole.web import (
    Axes,
    Web,
    alike,
    entries,
    first,
    hadamard,
    inner,
    of_entries,
    powers,
    root,
    spread,
    symmetric,
    times,
    turned,
)


class Formless(Exception):
    """There is no form with vectors and matrices that is looked for."""


@dataclass
class Weaver:
    """Writes formulas as arrays; `sizes` are the last values of the letters in sight."""

    lowering: Lowering
    sizes: dict[str, Expr]

    def array(self, e: Expr, axes: Axes) -> Expr:
        """A formula as an array whose axes are these letters."""
        used = self.used(e, axes)
        if not axes:
            return self.scalar(e)
        if len(used) < len(axes):
            return self.product(e, axes)
        match e:
            case Ref():
                return self.named(e, axes)
            case Partial(of=of, by=Ref() as by) if not self.used(of, axes):
                inner = self.named(by, axes)
                if isinstance(inner, Ref):
                    return Partial(of, inner, e.total)
                if isinstance(inner, Call) and isinstance(inner.args[0], Ref):
                    return turned(Partial(of, inner.args[0], e.total))
            case Neg(arg=arg):
                return Neg(self.array(arg, axes))
            case Add(terms=terms):
                return self.sum(terms, axes)
            case Pow(base=base, exp=Num() as exp):
                return self.power(base, exp, axes)
            case Call(fn="matrixpower", args=(Ref() as entry, _, exponent)) if len(axes) == 2:
                return self.of_matrix(entry, exponent, axes)
            case Call(fn=fn, args=args) if entrywise(fn):
                return Call(fn, tuple(self.beside(a, axes) for a in args), e.spelling)
            case Iverson(cond=Rel(op="=", lhs=Ref() as a, rhs=Ref() as b)) if {
                a.name,
                b.name,
            } == set(axes):
                return self.identity(axes[0])
            case Iverson(cond=Rel(op=op, lhs=a, rhs=b)):
                return Iverson(Rel(op, self.beside(a, axes), self.beside(b, axes)))
            case Div(num=Call(fn="exp", args=(x,)), den=b) if is_softmax(x, b, axes[-1]):
                return Call("softmax", (self.array(x, axes),))
            case Div(num=a, den=b) if self.used(b, axes):
                return Div(self.beside(a, axes), self.array(b, axes))
            case Cases(branches=branches):
                return self.cases(branches, axes)
            case Mul() | Div() | Reduce(op="sum"):
                return self.product(e, axes)
        raise Formless

    def used(self, e: Expr, letters: Sequence[str]) -> Axes:
        """Which of the letters a formula has, in their order."""
        own = free_names(e)
        return tuple(a for a in letters if a in own)

    def scalar(self, e: Expr) -> Expr:
        """A number; what has no form with matrices stays as it is."""
        try:
            match e:
                case Mul() | Reduce(op="sum"):
                    return self.product(e, ())
                case Call(fn="sqrt", args=(arg,)):
                    return root(e, self.scalar(arg))
                case Add(terms=terms) if folded(terms, set(self.sizes)) is not None:
                    return self.sum(terms, ())
                case Add() | Neg() | Div() | Pow() | Call():
                    return rebuild(e, [self.scalar(k) for k in children(e)])
        except Formless:
            pass
        return e

    def named(self, e: Ref, axes: Axes) -> Expr:
        """W_{ij} is W, W_{ji} its transpose, W_{ii} its diagonal."""
        known = self.lowering.declared.get(e.name)
        if known is None or len(e.indices) != known.lead + len(known.shape):
            raise Formless
        lead, last = e.indices[: known.lead], e.indices[known.lead :]
        letters = tuple(i.name if isinstance(i, Ref) and not i.indices else "" for i in last)
        if any(self.used(i, axes) for i in lead) or set(letters) != set(axes):
            raise Formless
        for letter, size in zip(letters, known.shape, strict=True):
            if not self.lowering.same(self.sizes[letter], size):
                raise Formless
        found = Ref(e.name, lead)
        if known.row:
            return turned(found)
        if letters == axes:
            return found
        return Call("diag", (found,)) if len(axes) == 1 else turned(found)

    def sum(self, terms: Sequence[Expr], axes: Axes) -> Expr:
        """A sum of arrays; terms that a short sum was written out to are that sum."""
        found = folded(terms, set(self.sizes))
        if found is not None:
            with suppress(Formless):
                return self.product(found, axes)
        return symmetric(alike([self.term(t, axes) for t in terms]))

    def term(self, e: Expr, axes: Axes) -> Expr:
        """A term of a sum; a numeral beside a vector stands for itself."""
        sign, inner = (True, e.arg) if isinstance(e, Neg) else (False, e)
        if len(axes) == 1 and constant(inner) is not None:
            return e
        found = self.array(inner, axes)
        return Neg(found) if sign else found

    def cases(self, branches: Sequence[tuple[Expr, Expr | None]], axes: Axes) -> Expr:
        """Arrays by conditions that hold for all entries or for none."""
        if any(c is not None and self.used(c, axes) for _, c in branches):
            raise Formless
        return Cases(
            tuple((v if constant(v) == 0 else self.array(v, axes), c) for v, c in branches)
        )

    def beside(self, e: Expr, axes: Axes) -> Expr:
        """An argument: a number, or an array with all the axes."""
        used = self.used(e, axes)
        if used and used != axes:
            raise Formless
        return self.array(e, used)

    def power(self, base: Expr, exp: Num, axes: Axes) -> Expr:
        found = self.array(base, axes)
        if exp.value == 2 and not (
            len(axes) == 1 and isinstance(found, Call) and found.fn in CIRCULAR
        ):
            return of_entries([*spread(found), *spread(found)])
        if len(axes) > 1:
            raise Formless
        return Pow(found, exp)

    def of_matrix(self, entry: Ref, exponent: Expr, axes: Axes) -> Expr:
        """(A^k)_{ij} is A^k, (A^k)_{ji} a power of the transpose."""
        if self.used(exponent, axes):
            raise Formless
        return Pow(self.named(entry, axes), exponent)

    def identity(self, a: str) -> Expr:
        """diag(1) with its size."""
        return Call("diag", (self.ones(a),))

    def ones(self, a: str) -> Expr:
        """The vector of ones along a letter."""
        return Ref(ONES, (self.sizes[a],))

    # -- products -----------------------------------------------------------------------------

    def product(self, e: Expr, axes: Axes) -> Expr:
        """Σ of a product as products of matrices."""
        inside = {*axes, *(x.name for x in walk(e) if isinstance(x, Bound))}
        factors, bounds, negative = parted(e, inside)
        if factors == [e] and self.used(e, axes) == axes:
            raise Formless
        factors = self.met(factors, bounds)
        outside = [b for b in bounds if not self.is_axis(b, factors)]
        letters = [b.name for b in bounds if b not in outside]
        sizes = {b.name: b.hi for b in bounds if b.name in letters and b.hi is not None}
        inner = Weaver(self.lowering, {**self.sizes, **sizes})
        woven = inner.woven(factors, axes, letters)
        found = Reduce("sum", tuple(outside), woven) if outside else woven
        return Neg(found) if negative else found

    def is_axis(self, b: Bound, factors: Sequence[Expr]) -> bool:
        """Does a bound letter run along axes of arrays and stand in brackets [i = k] only?"""
        if b.lo != ONE or b.hi is None or b.conds:
            return False
        parts = [x for f in factors for x in walk(f)]
        read = [x for x in parts if isinstance(x, Ref)]
        met = [x.cond for x in parts if isinstance(x, Iverson)]
        along = sum(children(c).count(Ref(b.name)) for c in met if isinstance(c, Rel))
        for x in read:
            known = self.lowering.declared.get(x.name)
            if known is not None and len(x.indices) == known.lead + len(known.shape):
                along += x.indices[known.lead :].count(Ref(b.name))
        return along == sum(x.name == b.name for x in read)

    def woven(self, factors: Sequence[Expr], axes: Axes, bound: list[str]) -> Expr:
        """The product of the factors, summed over the bound letters."""
        web = Web()
        below: list[Expr] = []
        letters = [*axes, *bound]
        for place, f in enumerate(factors):
            if isinstance(f, Div) and not self.used(f.den, letters) and f.num == ONE:
                below.append(self.scalar(f.den))
                continue
            own = in_order(f, self.used(f, letters))
            if len(own) > 2:
                raise Formless
            found = self.array(f, own)
            if not own:
                web.scalars.append((place, found))
            elif len(own) == 1:
                web.vector(own[0], place, found)
            else:
                web.matrix((own[0], own[1]), place, found)
        while bound:
            index = min(bound, key=lambda k: self.cost(web, k))
            bound.remove(index)
            self.contract(web, index, bound)
        core = self.rest(web, axes)
        ordered = sorted(web.scalars, key=lambda s: (constant(s[1]) is None, s[0]))
        scalars = [s for _, s in ordered if s != ONE]
        if core is not None:
            scalars = [Mul((s,)) if isinstance(s, Mul) else s for s in scalars]  # (g^⊤ u) u
        found = times(*scalars, *([] if core is None else [core])) if scalars or core else ONE
        return Div(found, powers(below)) if below else found

    def met(self, factors: list[Expr], bounds: list[Bound]) -> list[Expr]:
        """The factors with each bound letter that a bracket [i = k] settles put in, and without
        the bracket and the sum."""
        sizes = self.sizes | {b.name: b.hi for b in bounds if b.lo == ONE and b.hi is not None}
        own = {b.name: b for b in bounds}
        for f in factors:
            match f:
                case Iverson(cond=Rel(op="=", lhs=Ref(name=a, indices=()), rhs=Ref(name=b))):
                    old, new = (a, b) if a in own else (b, a)
                    fits = old in own and {old, new} <= sizes.keys()
                    if fits and self.lowering.same(sizes[old], sizes[new]):
                        bounds.remove(own[old])
                        rest = [substitute(g, {old: Ref(new)}) for g in factors if g is not f]
                        return self.met(rest, bounds) or [ONE]
        return factors

    def cost(self, web: Web, index: str) -> tuple[int, int]:
        """How many matrices an index joins, and how many it joins at their rows."""
        keys = web.at(index)
        return len(keys), sum(web.matrices[k][0][0] == index for k in keys)

    def contract(self, web: Web, index: str, bound: list[str]) -> None:
        """Sum over an index: the arrays that share it become one."""
        keys = web.at(index)
        beside = web.vectors.pop(index, [])
        if not keys:
            web.scalars.append((first(beside), inner(beside)))
            return
        if len(keys) > 2:
            raise Formless
        if web.matrices[keys[0]][0][0] == index:
            keys = keys[::-1]
        rows = [min(k - {index}) for k in keys]
        if len(keys) == 1:
            (key,), (row,) = keys, rows
            alone = row in bound and web.at(row) == [key] and row not in web.vectors
            if alone and not beside:
                bound.remove(row)
                parts = web.matrices.pop(key)[1]
                web.scalars.append((first(parts), entries(parts)))
                return
            place, matrix = web.oriented(key, (row, index))
            vector = hadamard(beside) if beside else Ref(ONES)
            web.vector(row, min(place, first(beside)) if beside else place, times(matrix, vector))
            return
        (m, left), (n, right) = (
            web.oriented(keys[0], (rows[0], index)),
            web.oriented(keys[1], (index, rows[1])),
        )
        between = [Call("diag", (hadamard(beside),))] if beside else []
        web.matrix((rows[0], rows[1]), min(m, n), times(left, *between, right))

    def rest(self, web: Web, axes: Axes) -> Expr | None:
        """What is left when every sum is done; None of a number."""
        if not axes:
            return None
        if len(axes) == 1:
            parts = web.vectors.get(axes[0])
            return hadamard(parts) if parts else self.ones(axes[0])
        i, j = axes
        left, right = (web.vectors.get(a, []) for a in axes)
        if not web.matrices:
            u = hadamard(left) if left else self.ones(i)
            return times(u, turned(hadamard(right) if right else self.ones(j)))
        order = web.matrices[frozenset(axes)][0]
        _, matrix = web.oriented(frozenset(axes), axes)
        if matrix == self.identity(order[0]):
            return Call("diag", (hadamard(left + right),)) if left or right else matrix
        before = [Call("diag", (hadamard(left),))] if left else []
        after = [Call("diag", (hadamard(right),))] if right else []
        return times(*before, matrix, *after)


def is_softmax(x: Expr, below: Expr, along: str) -> bool:
    """Is `below` the sum of exp(x) over a letter?"""
    match below:
        case Reduce(op="sum", bounds=(k,), body=Call(fn="exp", args=(y,))):
            return same(y, substitute(x, {along: Ref(k.name)})) and along in free_names(x)
    return False


Parts = tuple[list[Expr], list[Bound], bool]
"""The factors of a product under its sums, the bounds of these, and whether it is negative."""


def parted(e: Expr, inside: set[str]) -> Parts:
    """A formula as a product; a quotient by a formula with letters from `inside` is one factor."""
    match e:
        case Neg(arg=arg):
            factors, bounds, negative = parted(arg, inside)
            return factors, bounds, not negative
        case Reduce(op="sum", bounds=own, body=body):
            factors, bounds, negative = parted(body, inside)
            if {b.name for b in own} & {b.name for b in bounds}:
                return [e], [], False
            return factors, [*own, *bounds], negative
        case Mul(factors=written):
            return _joined([parted(f, inside) for f in written], written)
        case Div(num=a, den=b) if constant(e) is None and a != ONE and not inside & free_names(b):
            factors, bounds, negative = parted(a, inside)
            return [*factors, Div(ONE, b)], bounds, negative
    return [e], [], False


def _joined(parts: Sequence[Parts], written: Sequence[Expr]) -> Parts:
    """The factors of all parts; a sum whose letters stand in another part stays by itself."""
    factors: list[Expr] = []
    bounds: list[Bound] = []
    negative = False
    for k, (own, bound, minus) in enumerate(parts):
        others = {n for m, f in enumerate(written) if m != k for n in names(f)}
        if {b.name for b in bound} & others:
            own, bound, minus = [written[k]], [], False
        factors += own
        bounds += bound
        negative ^= minus
    return factors, bounds, negative


def folded(terms: Sequence[Expr], taken: set[str]) -> Expr | None:
    """The sum over an index that the terms are, in order, written out: x_1 y_1 + x_2 y_2."""
    negative = all(isinstance(t, Neg) for t in terms)
    bare = [t.arg if negative and isinstance(t, Neg) else t for t in terms]
    found = series(bare[:-1], bare[-1])
    if found is None or found[0] != len(terms) - 1:
        return None
    (b,) = found[1].bounds
    letter = fresh(b.name, taken | names(found[1]) - {b.name})
    body = substitute(found[1].body, {b.name: Ref(letter)})
    whole_sum = Reduce("sum", (Bound(letter, b.lo, b.hi),), body)
    return Neg(whole_sum) if negative else whole_sum


def in_order(e: Expr, letters: Sequence[str]) -> Axes:
    """The letters as they come in a formula."""
    read = [x.name for x in walk(e) if isinstance(x, Ref)]
    return tuple(sorted(letters, key=read.index))
