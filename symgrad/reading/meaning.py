r"""The meaning of each rule of the grammar: tokens become formulas.

Refuses what has two readings; evaluates nothing.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

from symgrad.expr import (
    MINUS_ONE,
    ONE,
    PI,
    Add,
    And,
    Blank,
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
    free_names,
    names,
)
from symgrad.latex import latex, product_reach
from symgrad.reading.below import Listed, bound_below
from symgrad.reading.cursor import Token
from symgrad.reading.ellipsis import series
from symgrad.reading.names import INVERTED
from symgrad.reading.scan import CALLS, FUNCTIONS, Fault


class _Piece(NamedTuple):
    """A factor, how it was written and where."""

    e: Expr
    kind: str
    pos: int


class _Product(NamedTuple):
    """Factors so far; `tail` is the divisor they end in, if they end in one."""

    factors: tuple[Expr, ...]
    tail: _Piece | None
    pos: int
    elementwise: bool = False
    """Is it a product of entries, a \\odot b, without parentheses around it?"""


class _Term(NamedTuple):
    """A term, the big operators that are open at its end, and where it stands."""

    e: Expr
    opened: tuple[Reduce, ...]
    pos: int
    factors: tuple[Expr, ...] = ()


_Terms = tuple[tuple[_Term, bool], ...]


def _times(factors: tuple[Expr, ...]) -> Expr:
    return factors[0] if len(factors) == 1 else Mul(factors)


def _pos(token: Token) -> int:
    return token.start_pos


class Build:
    """The meaning of each rule of the grammar."""

    # Items

    def chain(self, *sides: Any) -> Any:
        return "chain", tuple(sides[::2]), tuple(str(op) for op in sides[1::2])

    def data(self, side: Any, _source: Any) -> Any:
        return "data", side

    def maps(self, side: Any) -> Any:
        return "maps", side

    def shape(self, side: Any, *sizes: Any) -> Any:
        return "shape", side, tuple(s for s in sizes if s is not None)

    def member(self, side: Any, members: Listed) -> Any:
        return "member", side, members.items

    def dots(self, _dots: Token | None = None) -> Any:
        return ("dots",)

    def blank(self, _mark: Token) -> Expr:
        return Blank()

    def listed(self, _open: Token, *members: Any) -> Listed:
        return Listed(members)

    def braced(self, _open: Token, *members: Any) -> Listed:
        return Listed(tuple(None if m == ("dots",) else m for m in members))

    # Sums

    def first(self, term: _Term) -> _Terms:
        return ((term, False),)

    def negative(self, term: _Term) -> _Terms:
        return ((term, True),)

    def plus(self, terms: _Terms, term: _Term) -> _Terms:
        return (*terms, (term, False))

    def minus(self, terms: _Terms, term: _Term) -> _Terms:
        return (*terms, (term, True))

    def ellipsis(self, terms: _Terms, dots: Token, last: _Term) -> _Terms:
        """a_1 + a_2 + … + a_n."""
        run = 0
        while run < len(terms) and not terms[-run - 1][1]:
            run += 1
        before = [t.e for t, _ in terms[len(terms) - run :]]
        found = series(before, last.e) if before else None
        if found is None:
            hint = r"write the sum with \sum, or terms in fixed steps: x_1 + x_2 + \dots + x_n"
            raise Fault(_pos(dots), "found dots, expected terms that show how a sum goes on", hint)
        count, whole = found
        head = terms[: len(terms) - count]
        return (*head, (_Term(whole, (), terms[-count][0].pos), False))

    def negated(self, term: _Term) -> _Term:
        return term._replace(e=Neg(term.e))

    def total(self, terms: _Terms) -> Expr:
        """a + b - c, unless a bound index of a Σ occurs again after it."""
        for n, (term, _) in enumerate(terms):
            for reduce in term.opened:
                for later, minus in terms[n + 1 :]:
                    self._no_escape(reduce, later, "-" if minus else "+")
        summed = tuple(Neg(t.e) if minus else t.e for t, minus in terms)
        return summed[0] if len(summed) == 1 else Add(summed)

    def _no_escape(self, reduce: Reduce, later: _Term, op: str) -> None:
        bound = {b.name for b in reduce.bounds} & free_names(later.e)
        if not bound:
            return
        name, body, rest = min(bound), latex(reduce.body), latex(later.e)
        sign = latex(replace(reduce, body=Ref("#"))).removesuffix("#").strip()
        hint = f"write ({sign} {body}) {op} {rest} or {sign} ({body} {op} {rest})"
        raise Fault(later.pos, f"found {name} after the {reduce.op} that binds it", hint)

    # Terms

    def closed_term(self, product: _Product) -> _Term:
        return _Term(_times(product.factors), (), product.pos, product.factors)

    def open_term(self, *parts: Any) -> _Term:
        *before, opened = parts
        if not before:
            return opened  # type: ignore[no-any-return]
        product = before[0]
        if product.tail is not None and product.tail.kind != "NUM":
            raise self._slash(product.tail)
        last = opened.e.factors if isinstance(opened.e, Mul) else (opened.e,)
        factors = (*product.factors, *last)
        return _Term(_times(factors), opened.opened, product.pos, factors)

    def open_term_negated(self, product: _Product, opened: _Term) -> _Term:
        return _Term(_times((*product.factors, Neg(opened.e))), opened.opened, product.pos)

    def reduction(self, op: Token, conds: Any, such: Any, high: Expr | None, term: _Term) -> _Term:
        """Σ, Π, max or min over indices of the product that follows; conditions after a colon."""
        bounds = bound_below(conds, high, _pos(op))
        if such is not None:
            more = _condition(such, _pos(op))
            last = replace(bounds[-1], conds=(*bounds[-1].conds, more))
            bounds = (*bounds[:-1], last)
        for name in names(term.e):
            label = re.search(r"\^\{[(\[](.*)[)\]]\}", name)
            for b in bounds:
                if label and b.name in re.findall(r"\\[a-z]+|[A-Za-z]", label.group(1)):
                    message = f"found the index {b.name} in the label of {name}"
                    raise Fault(_pos(op), message, "write it as a subscript")
        reduce = Reduce(str(op.value), bounds, term.e)
        reach = product_reach(term.factors, {b.name for b in bounds})
        if reduce.op != "prod" or reach == len(term.factors):
            return _Term(reduce, (reduce, *term.opened), _pos(op))
        body, rest = term.factors[:reach], term.factors[reach:]
        reduce = replace(reduce, body=_times(body))
        if not all(isinstance(f, Reduce) for f in rest):
            within, beside = latex(replace(reduce, body=term.e)), latex(Mul((reduce, *rest)))
            message = (
                f"found {latex(rest[0])} after a product over {bounds[-1].name}, a factor of each "
                "or of the whole"
            )
            raise Fault(term.pos, message, f"write {within} or {beside}")
        return _Term(Mul((reduce, *rest)), (reduce, *term.opened), _pos(op))

    def prefix(self, fn: Token, power: Expr | None, opened: _Term) -> _Term:
        call = self._call(fn, (opened.e,), power)
        return _Term(call, opened.opened, _pos(fn))

    # Products

    def factors(self, juxt: tuple[_Piece, ...]) -> _Product:
        return _Product(tuple(p.e for p in juxt), None, juxt[0].pos)

    def times(self, left: _Product, right: tuple[_Piece, ...]) -> _Product:
        if left.elementwise:
            message = r"found a product sign after \odot, which may reach to either side"
            raise Fault(right[0].pos, message, "write parentheses")
        return _Product(left.factors + tuple(p.e for p in right), None, left.pos)

    def elementwise(self, left: _Product, right: tuple[_Piece, ...]) -> _Product:
        r"""``a \odot b``: products without a sign on either side come first."""
        first = left.factors[0]
        known = first.args if left.elementwise and isinstance(first, Call) else None
        args = (*(known or (_times(left.factors),)), _times(tuple(p.e for p in right)))
        return _Product((Call("hadamard", args, r"\odot"),), None, left.pos, True)

    def times_negated(self, left: _Product, right: tuple[_Piece, ...]) -> _Product:
        return self.times(left, (right[0]._replace(e=Neg(right[0].e)), *right[1:]))

    def over(self, left: _Product, slash: Token, right: tuple[_Piece, ...]) -> _Product:
        """a/b; what is juxtaposed after b is read only after a number."""
        divisor, *rest = right
        if rest and (divisor.kind != "NUM" or rest[0].kind not in ("OPEN", "CALL", "BARE")):
            raise self._slash(divisor)
        quotient = Div(_times(left.factors), divisor.e)
        tail = None if rest else divisor
        return _Product((quotient, *(p.e for p in rest)), tail, left.pos)

    def over_negated(self, left: _Product, slash: Token, right: tuple[_Piece, ...]) -> _Product:
        return self.over(left, slash, (right[0]._replace(e=Neg(right[0].e)), *right[1:]))

    def _slash(self, divisor: _Piece) -> Fault:
        b = latex(divisor.e)
        message = f"found a product after /{b}, which may stand above or below the fraction bar"
        return Fault(divisor.pos, message, rf"write \frac{{…}}{{{b}}} or parentheses")

    def closed(self, *pieces: Any) -> tuple[_Piece, ...]:
        *before, last = pieces
        return (*(before[0] if before else ()), last)

    applied = closed

    def apply(self, fn: Token, power: Expr | None, arg: Any) -> _Piece:
        """A bare function of the factors that follow."""
        pieces = (arg,) if isinstance(arg, _Piece) else arg
        for piece in pieces[1:]:
            if piece.kind == "OPEN":
                message = "found parentheses after the argument of a bare function"
                raise Fault(piece.pos, message, "write parentheses around its whole argument")
        if len(pieces) > 1 and pieces[0].kind != "NUM":
            raise self._reach(fn, pieces)
        return _Piece(
            self._call(fn, (_times(tuple(p.e for p in pieces)),), power), "BARE", _pos(fn)
        )

    def _reach(self, fn: Token, pieces: tuple[_Piece, ...]) -> Fault:
        r"""``\log p_i y_i`` is log(p_i y_i) or (log p_i) y_i; ``\log 2x`` is read as it is set."""
        word = fn.value[1]
        first, rest = latex(pieces[0].e), latex(_times(tuple(p.e for p in pieces[1:])))
        message = f"found a product after {word}, which may reach to its end or not"
        hint = rf"write {word}({first} {rest}) or {rest} {word} {first}"
        return Fault(pieces[1].pos, message, hint)

    run = closed

    def _call(self, fn: Token, args: tuple[Expr, ...], power: Expr | None) -> Expr:
        name, spelling = fn.value
        call = Call(name, args, spelling)
        return call if power is None else Pow(call, power)

    # Factors

    def power(self, piece: _Piece, exponent: Expr | None) -> _Piece:
        if exponent is None:
            return piece
        return piece._replace(e=Pow(piece.e, exponent))

    def transposed(self, piece: _Piece, sign: Token) -> _Piece:
        if sign.value == INVERTED:
            return piece._replace(e=Call("transpose", (Pow(piece.e, MINUS_ONE),), r"\top"))
        return piece._replace(e=Call("transpose", (piece.e,), str(sign.value)))

    def inner(self, _token: Token, a: Expr, b: Expr) -> _Piece:
        return _Piece(Call("inner", (a, b)), "FRAC", _pos(_token))

    def called(self, fn: Token, power: Expr | None, *args: Expr) -> _Piece:
        one = fn.value[0] not in ("max", "min") and fn.value[1] in UNARY
        if one and len(args) != 1:
            raise Fault(_pos(fn), f"found {len(args)} arguments, expected one of {fn.value[1]}")
        return _Piece(self._call(fn, args, power), "CALL", _pos(fn))

    def iverson(self, token: Token, conds: Any) -> _Piece:
        return _Piece(Iverson(_condition(conds, _pos(token))), "CALL", _pos(token))

    def number(self, token: Token) -> _Piece:
        text = str(token.value)
        digits = re.sub(r"\{,\}|\\,", "", text)
        plain = digits == text and "." not in text
        return _Piece(Num(Fraction(digits), None if plain else text), "NUM", _pos(token))

    def tensor(self, name: Token, below: Token | None = None, *indices: Expr) -> _Piece:
        commas = below is not None and bool(below.value)
        return _Piece(Ref(str(name.value), indices, commas), "NAME", _pos(name))

    def pi(self, token: Token) -> _Piece:
        return _Piece(PI, "NAME", _pos(token))

    def group(self, token: Token, e: Expr) -> _Piece:
        return _Piece(e, "OPEN", _pos(token))

    def fraction(self, token: Token, top: Expr, bottom: Expr) -> _Piece:
        return _Piece(Div(top, bottom), "FRAC", _pos(token))

    def partial(self, token: Token, of: Expr, by: Expr) -> _Piece:
        """∂of/∂by of a name, or of a formula, by a name."""
        if not isinstance(by, Ref):
            hint = "give the formula below the bar a name and differentiate by the name"
            raise Fault(_pos(token), "found a derivative by a formula, expected a name", hint)
        return _Piece(Partial(of, by, bool(token.value)), "FRAC", _pos(token))

    def higher(self, token: Token, of: Expr, *by: Expr) -> _Piece:
        """∂²of/∂u∂v = ∂/∂u (∂of/∂v), a gradient of a gradient."""
        for name in reversed(by):
            of = self.partial(token, of, name).e
        return _Piece(of, "FRAC", _pos(token))

    def root(self, token: Token, degree: Expr, e: Expr) -> _Piece:
        return _Piece(Pow(e, Div(ONE, degree)), "FRAC", _pos(token))

    def wrap(self, token: Token, e: Expr) -> _Piece:
        return _Piece(Call(str(token.value), (e,)), "FRAC", _pos(token))

    def cases(self, token: Token, *rows: Any) -> _Piece:
        """The branches; only the last may be without a condition."""
        if any(cond is None for _, cond in rows[:-1]):
            raise Fault(_pos(token), "found a branch after 'otherwise', expected it to be the last")
        branches = tuple((v, None if c is None else _condition(c, _pos(token))) for v, c in rows)
        return _Piece(Cases(branches), "FRAC", _pos(token))

    def row(self, value: Expr, conds: Any) -> Any:
        return value, conds

    def otherwise(self, value: Expr) -> Any:
        return value, None

    def conds(self, *conds: Any) -> Any:
        return conds

    def cond(self, *sides: Any) -> Any:
        return tuple(sides[::2]), tuple(str(op) for op in sides[1::2])

    def gap(self, _dots: Token) -> Any:
        return (None,), ()

    def within(self, side: Expr, members: Listed) -> Any:
        return (side,), members


UNARY = {"e^", r"\sigma", *(rf"\{f}" for f in FUNCTIONS)} | {
    rf"\mathrm{{{f}}}" for f in CALLS if f not in FUNCTIONS
}
"""Spellings of the functions of one argument (max and min apart)."""


def _condition(conds: Any, pos: int) -> Expr:
    """A conjunction of comparisons; ``0 < z < 1`` is two of them."""
    found: list[Expr] = []
    for sides, ops in conds:
        if isinstance(ops, Listed) or not ops or None in sides:
            raise Fault(pos, "found a condition that compares nothing", "write [z > 0]")
        if r"\approx" in ops:
            raise Fault(pos, r"found \approx in a condition", "write = or a comparison")
        found += [Rel(op, a, b) for op, a, b in zip(ops, sides, sides[1:], strict=False)]
    return found[0] if len(found) == 1 else And(tuple(found))
