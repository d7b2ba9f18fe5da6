r"""Reading mathematics: LaTeX as people write it becomes statements made of formulas.

One grammar (`notation.lark`) over the tokens of `lexis`. The reader is strict: every sign is
read or refused with its place, and what has two readings is refused with both. `latex` is its
inverse. Nothing is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast

from lark import Lark, Token, Transformer, UnexpectedToken, v_args
from lark.lexer import Lexer

from symgrad.errors import NotationError, Place
from symgrad.expr import (
    ONE,
    Add,
    And,
    Blank,
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
    free_names,
    names,
)
from symgrad.latex import latex
from symgrad.scan import Fault, Source, scan
from symgrad.lexis import Item, Pass, items


@dataclass(frozen=True)
class Formula:
    """A chain ``A = B = C``: `parts` and the relations between them; or a lone expression."""

    parts: tuple[Expr, ...]
    ops: tuple[str, ...]
    at: Place
    latex: str


@dataclass(frozen=True)
class Ranges:
    r"""Each index of `names` runs from `lo` to `hi`: ``i, j = 1, \dots, n``."""

    names: tuple[str, ...]
    lo: Expr
    hi: Expr
    at: Place
    latex: str


@dataclass(frozen=True)
class Data:
    r"""What is drawn from a distribution: ``(x, y) \sim \mathcal D``."""

    refs: tuple[Ref, ...]
    at: Place
    latex: str


@dataclass(frozen=True)
class Shape:
    r"""The sizes of a tensor: ``W \in \mathbb{R}^{h \times d}``; none for a scalar."""

    refs: tuple[Ref, ...]
    sizes: tuple[Expr, ...]
    at: Place
    latex: str


@dataclass(frozen=True)
class Listing:
    r"""A name for a list: ``\theta = \{k_1, k_2, b\}``."""

    ref: Expr
    items: tuple[Expr, ...]
    at: Place
    latex: str


Statement = Formula | Ranges | Data | Shape | Listing


def read(
    text: str,
    at: Place | None = None,
    functions: frozenset[str] = frozenset(),
    variables: frozenset[str] = frozenset(),
) -> tuple[Statement, ...]:
    r"""The statements of a piece of mathematics, in reading order.

    `at` is the place of its first character. `functions` are the names that call when a
    parenthesis follows; `variables` the names that look like functions of the notation and
    are not (σ as a deviation).

    >>> formula, ranges = read(r"z_i = w x_i + b, \quad i = 1, \dots, n")
    >>> formula.ops, ranges.names
    (('=',), ('i',))
    """
    source = Source(text, at or Place())
    try:
        known = set(functions)
        raw = [_parsed(item, source, known, variables) for item in items(scan(text))]
        return tuple(_statements(raw, source))
    except Fault as fault:
        raise source.error(fault) from None


def read_expression(
    text: str,
    at: Place | None = None,
    functions: frozenset[str] = frozenset(),
    variables: frozenset[str] = frozenset(),
) -> Expr:
    r"""The one expression that `text` is.

    >>> latex(read_expression(r"a + b - \tfrac12 \hat{y}_i"))
    'a + b - \\frac{1}{2}\\, \\hat y_i'
    """
    found = read(text, at, functions, variables)
    if len(found) == 1 and isinstance(found[0], Formula) and len(found[0].parts) == 1:
        return found[0].parts[0]
    place = found[0].at if found else Source(text, at or Place()).place(0)
    what = "nothing" if not found else "a statement" if len(found) == 1 else "several statements"
    raise NotationError(f"found {what}, expected one expression", at=place)


# Parsing one item


class _Given(Lexer):
    """Tokens that are there already."""

    def __init__(self, lexer_conf: object) -> None:
        del lexer_conf

    def lex(self, data: list[Token]) -> Iterator[Token]:  # type: ignore[override]
        yield from data


@cache
def _grammar() -> Lark:
    rules = Path(__file__).with_name("notation.lark").read_text(encoding="utf-8")
    bare = re.sub(r"//.*", "", rules)
    terminals = sorted(set(re.findall(r"\b_?[A-Z]{2,}(?:_[A-Z]+)*\b", bare)))
    rules += "\n%declare " + " ".join(terminals) + "\n"
    return Lark(rules, parser="lalr", lexer=_Given, start="item", transformer=_Build())


class _Parsed(NamedTuple):
    """An item as the grammar read it: the kind of statement and what it is made of."""

    item: Item
    kind: str
    values: tuple[Any, ...]


def _parsed(item: Item, source: Source, functions: set[str], variables: frozenset[str]) -> _Parsed:
    end = item.marks[-1].end
    tokens = Pass(list(item.marks), functions, variables, end).tokens()
    try:
        kind, *values = cast("tuple[Any, ...]", _grammar().parse(tokens))
    except UnexpectedToken as fault:
        raise _unexpected(fault, source, end) from None
    return _Parsed(item, str(kind), tuple(values))


def _unexpected(fault: UnexpectedToken, source: Source, end: int) -> Fault:
    at = end if fault.token.type == "$END" else int(fault.token.start_pos or 0)
    kind = fault.token.type
    operand = "NAME" in fault.expected
    wanted = "a term" if operand else "an operator, a relation or the end"
    if kind == "BLANK" or source.text[:at].rstrip().endswith("?"):
        return Fault(at, "found ? inside a formula", "a ? stands alone as one side of an equation")
    if kind == "DOTS":
        hint = r"write the sum with \sum, a range as i = 1, \dots, n"
        return Fault(at, f"found dots, expected {wanted}", hint)
    if at >= end:
        return Fault(end, f"found the end of the formula, expected {wanted}")
    shown = _word(source.text, at)
    if kind == "_END":
        return Fault(at, f"found {shown}, expected {wanted} before it")
    if kind in ("REL", "_COMMA") and not operand:
        wanted = "one formula"
    hint = "a condition stands in square brackets, [z > 0]" if kind == "REL" and not operand else ""
    return Fault(at, f"found {shown}, expected {wanted}", hint)


def _word(text: str, at: int) -> str:
    match = re.compile(r"\\[A-Za-z]+|\\.|[\d.]+|.", re.DOTALL).match(text, at)
    return match.group() if match else "the end"


# Statements out of items


def _statements(raw: list[_Parsed], source: Source) -> Iterator[Statement]:
    n = 0
    while n < len(raw):
        m = n
        while m < len(raw) and raw[m].item.group == raw[n].item.group and _lone(raw[m]) is not None:
            m += 1
        same = m < len(raw) and raw[m].item.group == raw[n].item.group
        last = _last(raw, m) if same else m
        if same and raw[m].kind in ("data", "shape", "member") or last > m:
            yield _joined(raw[n : last + 1], m - n, source)
            n = last + 1
            continue
        yield _single(raw[n], source)
        n += 1


def _lone(parsed: _Parsed) -> Ref | None:
    """The name that an item consists of, if it is one."""
    if parsed.kind == "chain" and not parsed.values[1] and isinstance(parsed.values[0][0], Ref):
        return parsed.values[0][0]
    return None


def _last(raw: list[_Parsed], m: int) -> int:
    """The last item of the range that the equation at `m` begins, `m` if it begins none."""
    parsed = raw[m]
    if parsed.kind != "chain" or parsed.values[1] != ("=",):
        return m
    end = m
    while end + 1 < len(raw) and raw[end + 1].item.group == parsed.item.group:
        more = raw[end + 1]
        if more.kind != "dots" and not (more.kind == "chain" and not more.values[1]):
            break
        end += 1
        if more.kind == "chain" and end > m + 1 and raw[end - 1].kind == "dots":
            break
    if any(p.kind == "dots" for p in raw[m : end + 1]):
        return end
    first = parsed.values[0][1]
    values = [p.values[0][0] for p in raw[m + 1 : end + 1]]
    numeric = _integer(first) is not None and any(_integer(v) is not None for v in values)
    return end if numeric else m


def _integer(e: object) -> int | None:
    if isinstance(e, Neg):
        inner = _integer(e.arg)
        return None if inner is None else -inner
    if isinstance(e, Num) and e.value.denominator == 1:
        return int(e.value)
    return None


def _joined(raw: list[_Parsed], m: int, source: Source) -> Statement:
    """One statement out of several items: lone names, then what is said of all of them."""
    refs = [r for r in map(_lone, raw[:m]) if r is not None]
    place = source.place(raw[0].item.marks[0].pos)
    text = source.text[raw[0].item.marks[0].pos : raw[-1].item.marks[-1].end]
    said = raw[m]
    if said.kind == "chain":
        refs.append(_index(said, said.values[0][0]))
        members = [said.values[0][1]]
        members += [None if p.kind == "dots" else p.values[0][0] for p in raw[m + 1 :]]
        lo, hi = _ends(members, said.item.marks[0].pos)
        return Ranges(tuple(_index(said, r).name for r in refs), lo, hi, place, text)
    refs += _refs(said)
    if said.kind == "data":
        return Data(tuple(refs), place, text)
    if said.kind == "shape":
        return Shape(tuple(refs), said.values[1], place, text)
    lo, hi = _ends(said.values[1], said.item.marks[0].pos)
    return Ranges(tuple(_index(said, r).name for r in refs), lo, hi, place, text)


def _index(said: _Parsed, e: Expr) -> Ref:
    if isinstance(e, Ref) and not e.indices:
        return e
    pos = said.item.marks[0].pos
    raise Fault(pos, "found a range of something that is no index", r"write i = 1, \dots, n")


def _refs(said: _Parsed) -> list[Ref]:
    side = said.values[0]
    found = side.items if isinstance(side, _List) else (side,)
    if not all(isinstance(r, Ref) for r in found):
        raise Fault(said.item.marks[0].pos, "found a formula before the sign, expected names")
    return list(found)


def _ends(members: list[Expr | None] | tuple[Expr | None, ...], pos: int) -> tuple[Expr, Expr]:
    r"""The ends of ``1, 2, 3`` or ``1, \dots, n``; `None` stands for the dots."""
    if members.count(None) > 1 or members[0] is None or members[-1] is None:
        raise Fault(pos, "found dots without an end", r"write i = 1, \dots, n")
    listed = members[: members.index(None)] if None in members else members
    numbers = [_integer(e) for e in listed]
    if len(listed) > 1 or None not in members:
        steps = zip(numbers, numbers[1:], strict=False)
        if None in numbers or any(b != a + 1 for a, b in steps if a is not None and b is not None):
            hint = r"write i = 1, 2, 3 or i = 1, \dots, n; a set is written \{a, b\}"
            raise Fault(pos, "found a list that does not count up by one", hint)
    if None in members and members.index(None) != len(members) - 2:
        raise Fault(pos, "found more after the dots than one end", r"write i = 1, \dots, n")
    return members[0], members[-1]


def _single(parsed: _Parsed, source: Source) -> Statement:
    pos = parsed.item.marks[0].pos
    place, text = source.place(pos), parsed.item.latex(source.text)
    if parsed.kind == "dots":
        raise Fault(pos, "found dots that continue nothing", r"write i = 1, \dots, n")
    if parsed.kind != "chain":
        return _joined([parsed], 0, source)
    parts, ops = parsed.values
    if any(isinstance(p, _List) for p in parts):
        return _listing(parsed, place, text)
    return Formula(parts, ops, place, text)


def _listing(parsed: _Parsed, place: Place, text: str) -> Statement:
    parts, ops = parsed.values
    if ops != ("=",) or isinstance(parts[0], _List):
        raise Fault(parsed.item.marks[0].pos, "found a list, expected one on the right of one =")
    members = parts[1].items
    if None in members:
        hint = r"name each entry, or give the tensor without its index"
        raise Fault(parsed.item.marks[0].pos, "found dots in a list", hint)
    if len(members) == 1 and not isinstance(members[0], Ref | Blank):
        return Formula((parts[0], members[0]), ops, place, text)
    return Listing(parts[0], members, place, text)


# Formulas out of tokens


class _List(NamedTuple):
    """A bracketed list of formulas; `None` stands for dots."""

    items: tuple[Any, ...]


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


class _Term(NamedTuple):
    """A term, the big operators that are open at its end, and where it stands."""

    e: Expr
    opened: tuple[Reduce, ...]
    pos: int


_Terms = tuple[tuple[_Term, bool], ...]


def _times(factors: tuple[Expr, ...]) -> Expr:
    return factors[0] if len(factors) == 1 else Mul(factors)


def _pos(token: Token) -> int:
    return int(token.start_pos or 0)


@v_args(inline=True)
class _Build(Transformer[Token, Any]):
    """The meaning of each rule of the grammar."""

    # Items

    def chain(self, *sides: Any) -> Any:
        return "chain", tuple(sides[::2]), tuple(str(op) for op in sides[1::2])

    def data(self, side: Any, _source: Any) -> Any:
        return "data", side

    def shape(self, side: Any, *sizes: Any) -> Any:
        return "shape", side, tuple(s for s in sizes if s is not None)

    def member(self, side: Any, members: _List) -> Any:
        return "member", side, members.items

    def dots(self, _dots: Token | None = None) -> Any:
        return ("dots",)

    def blank(self, _mark: Token) -> Expr:
        return Blank()

    def listed(self, _open: Token, *members: Any) -> _List:
        return _List(members)

    def braced(self, _open: Token, *members: Any) -> _List:
        return _List(tuple(None if m == ("dots",) else m for m in members))

    # Sums

    def first(self, term: _Term) -> _Terms:
        return ((term, False),)

    def negative(self, term: _Term) -> _Terms:
        return ((term, True),)

    def plus(self, terms: _Terms, term: _Term) -> _Terms:
        return (*terms, (term, False))

    def minus(self, terms: _Terms, term: _Term) -> _Terms:
        return (*terms, (term, True))

    def negated(self, term: _Term) -> _Term:
        return term._replace(e=Neg(term.e))

    def total(self, terms: _Terms) -> Expr:
        """a + b − c, unless a bound index of a Σ occurs again after it."""
        for n, (term, _) in enumerate(terms):
            for reduce in term.opened:
                for later, _ in terms[n + 1 :]:
                    self._no_escape(reduce, later)
        summed = tuple(Neg(t.e) if minus else t.e for t, minus in terms)
        return summed[0] if len(summed) == 1 else Add(summed)

    def _no_escape(self, reduce: Reduce, later: _Term) -> None:
        bound = {b.name for b in reduce.bounds} & free_names(later.e)
        if not bound:
            return
        name, body, rest = min(bound), latex(reduce.body), latex(later.e)
        sign = latex(replace(reduce, body=Ref("#"))).removesuffix("#").strip()
        hint = f"write ({sign} {body}) + {rest} or {sign} ({body} + {rest})"
        raise Fault(later.pos, f"found {name} after the {reduce.op} that binds it", hint)

    # Terms

    def closed_term(self, product: _Product) -> _Term:
        return _Term(_times(product.factors), (), product.pos)

    def open_term(self, *parts: Any) -> _Term:
        *before, opened = parts
        if not before:
            return opened  # type: ignore[no-any-return]
        product = before[0]
        if product.tail is not None and product.tail.kind != "NUM":
            raise self._slash(product.tail)
        return _Term(_times((*product.factors, opened.e)), opened.opened, product.pos)

    def open_term_negated(self, product: _Product, opened: _Term) -> _Term:
        return _Term(_times((*product.factors, Neg(opened.e))), opened.opened, product.pos)

    def reduction(self, op: Token, conds: Any, high: Expr | None, term: _Term) -> _Term:
        """Σ, Π, max or min over indices of the product that follows."""
        bounds = _bounds(conds, high, _pos(op))
        for name in names(term.e):
            label = re.search(r"\^\{[(\[](.*)[)\]]\}", name)
            for b in bounds:
                if label and b.name in re.findall(r"\\[a-z]+|[A-Za-z]", label.group(1)):
                    message = f"found the index {b.name} in the label of {name}"
                    raise Fault(_pos(op), message, "write it as a subscript")
        reduce = Reduce(str(op.value), bounds, term.e)
        return _Term(reduce, (reduce, *term.opened), _pos(op))

    def prefix(self, fn: Token, power: Expr | None, opened: _Term) -> _Term:
        call = self._call(fn, (opened.e,), power)
        return _Term(call, opened.opened, _pos(fn))

    # Products

    def factors(self, juxt: tuple[_Piece, ...]) -> _Product:
        return _Product(tuple(p.e for p in juxt), None, juxt[0].pos)

    def times(self, left: _Product, right: tuple[_Piece, ...]) -> _Product:
        return _Product(left.factors + tuple(p.e for p in right), None, left.pos)

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
        return _Piece(
            self._call(fn, (_times(tuple(p.e for p in pieces)),), power), "BARE", _pos(fn)
        )

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

    def tensor(self, name: Token, *indices: Expr) -> _Piece:
        return _Piece(Ref(str(name.value), indices), "NAME", _pos(name))

    def group(self, token: Token, e: Expr) -> _Piece:
        return _Piece(e, "OPEN", _pos(token))

    def fraction(self, token: Token, top: Expr, bottom: Expr) -> _Piece:
        return _Piece(Div(top, bottom), "FRAC", _pos(token))

    def partial(self, token: Token, of: Expr, by: Expr) -> _Piece:
        """∂of/∂by of two names."""
        if not isinstance(of, Ref) or not isinstance(by, Ref):
            hint = "give the formula a name and differentiate the name"
            raise Fault(_pos(token), "found a derivative of a formula, expected two names", hint)
        return _Piece(Partial(of, by, bool(token.value)), "FRAC", _pos(token))

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

    def within(self, side: Expr, members: _List) -> Any:
        return (side,), members


UNARY = {"e^", r"\sigma", *(rf"\{f}" for f in "exp log ln tanh sin cos sinh cosh".split())} | {
    rf"\mathrm{{{f}}}" for f in "ReLU relu sigmoid sign sgn".split()
}


def _condition(conds: Any, pos: int) -> Expr:
    """A conjunction of comparisons; ``0 < z < 1`` is two of them."""
    found: list[Expr] = []
    for sides, ops in conds:
        if isinstance(ops, _List) or not ops:
            raise Fault(pos, "found a condition that compares nothing", "write [z > 0]")
        found += [Rel(op, a, b) for op, a, b in zip(ops, sides, sides[1:], strict=False)]
    return found[0] if len(found) == 1 else And(tuple(found))


def _bounds(conds: Any, high: Expr | None, pos: int) -> tuple[Bound, ...]:
    r"""The indices below a Σ with their ranges: ``j=1``, ``i,j``, ``1 \le i \le n``, ``j \ne i``."""
    found: list[Bound] = []
    for sides, ops in conds:
        bound = _bound(sides, ops, found, pos)
        if isinstance(bound, Bound):
            found.append(bound)
        elif isinstance(bound, Expr):
            found[-1] = replace(found[-1], conds=(*found[-1].conds, bound))
        else:
            found += bound
    lows = [b.lo for b in found if b.lo is not None]
    if len(found) > 1 and len(lows) == 1 and found[-1].lo is not None and not found[-1].conds:
        found = [replace(b, lo=found[-1].lo, hi=b.hi or found[-1].hi) for b in found]
    if len({b.name for b in found}) < len(found):
        raise Fault(pos, "found one index twice below a sign")
    if high is not None:
        if any(b.hi is not None for b in found):
            raise Fault(pos, "found two upper ends of one index")
        found = [replace(b, hi=high) for b in found]
    return tuple(found)


def _bound(sides: Any, ops: Any, found: list[Bound], pos: int) -> Any:
    first = sides[0]
    if isinstance(ops, _List):
        lo, hi = _ends(ops.items, pos)
        return Bound(_index_name(first, pos), lo, hi)
    if not ops:
        if isinstance(first, Mul) and all(
            isinstance(f, Ref) and not f.indices for f in first.factors
        ):
            return [Bound(_index_name(f, pos)) for f in first.factors]
        return Bound(_index_name(first, pos))
    if len(sides) == 3:
        return _between(sides, ops, pos)
    if len(sides) > 3:
        raise Fault(pos, "found a chain below a sign", r"write 1 \le i \le n")
    if ops == ("=",):
        return Bound(_index_name(first, pos), sides[1])
    cond = Rel(ops[0], sides[0], sides[1])
    if found and {b.name for b in found} & free_names(cond):
        return cond
    return Bound(_index_name(first, pos), None, None, (cond,))


def _between(sides: Any, ops: Any, pos: int) -> Bound:
    lo, index, hi = sides
    if not set(ops) <= {"<", "<="}:
        raise Fault(pos, "found a range below a sign that does not ascend", r"write 1 \le i \le n")
    if ops[0] == "<":
        lo = Num(lo.value + 1) if isinstance(lo, Num) else Add((lo, ONE))
    if ops[1] == "<":
        hi = Num(hi.value - 1) if isinstance(hi, Num) else Add((hi, Neg(ONE)))
    return Bound(_index_name(index, pos), lo, hi)


def _index_name(e: Expr, pos: int) -> str:
    if isinstance(e, Ref) and not e.indices:
        return e.name
    raise Fault(pos, f"found {latex(e)} below a sign, expected an index", "write j = 1")
