r"""Exact sizes: integers and polynomials in size symbols, and how a count is written out.

Knows formulas made of numbers, names, + − × / powers, floor and ceil; every name stands for a
positive integer. Knows nothing of layers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from symgrad.expr import ONE, Add, Call, Div, Expr, Mul, Neg, Num, Pow, num, walk
from symgrad.latex import latex

Monomial = tuple[tuple[Expr, int], ...]
Polynomial = Mapping[Monomial, Fraction]
"""Coefficient of each product of powers; exponents may be negative, zeros are left out."""

ROUND = {"floor": math.floor, "ceil": math.ceil}


def number(e: Expr) -> Fraction | None:
    """The value of `e`, or None when it depends on a size symbol.

    >>> number(Div(num(9), num(2)))
    Fraction(9, 2)
    """
    return _constant(polynomial(e))


def equal(a: Expr, b: Expr) -> bool:
    """Are two sizes the same for all values of their symbols?"""
    return polynomial(a) == polynomial(b)


def divides(b: Expr, a: Expr) -> bool:
    """Is a / b a whole number, for all values of their symbols?"""
    quotient = polynomial(Div(a, b))
    return all(c.denominator == 1 and all(k > 0 for _, k in m) for m, c in quotient.items())


def tidy(e: Expr) -> Expr:
    r"""`e` expanded and collected: C(49C + 1) = 49C² + C.

    Highest degree first, names in the order in which `e` reads them.

    >>> from symgrad.expr import Ref
    >>> c = Ref("C")
    >>> latex(tidy(Mul((c, Add((Mul((num(7), num(7), c)), ONE))))))
    '49 C^2 + C'
    """
    return expression(polynomial(e), e)


def factored(e: Expr) -> Expr:
    """`e` collected but not multiplied out: sums stay factors, behind what is no sum.

    >>> from symgrad.expr import Ref
    >>> h, k = Ref("H"), Ref("K")
    >>> worked(factored(Mul((Add((h, ONE)), Mul((k, k)), Add((h, k))))), TIDY)
    'K²(H + 1)(H + K)'
    """
    if isinstance(e, Add):
        return _sum([t for x in e.terms for t in _terms_of(factored(x))])
    if not isinstance(e, Mul):
        return tidy(e)
    sums: list[Expr] = []
    rest: list[Expr] = []
    for factor in _flat(e):
        simple = tidy(factor)
        (sums if isinstance(simple, Add) else rest).append(simple)
    front = tidy(Mul(tuple(rest)))
    if front == num(0) or not sums:
        return front
    factors = (*(front.factors if isinstance(front, Mul) else (front,)), *sums)
    factors = factors[1:] if front == ONE else factors
    return factors[0] if len(factors) == 1 else Mul(factors)


def _flat(e: Mul) -> Iterable[Expr]:
    for factor in e.factors:
        yield from _flat(factor) if isinstance(factor, Mul) else (factor,)


def _terms_of(e: Expr) -> tuple[Expr, ...]:
    return e.terms if isinstance(e, Add) else (e,)


def short(e: Expr) -> Expr:
    """The shorter of the expanded and the factored form."""
    return min(tidy(e), factored(e), key=lambda f: len(worked(f, TIDY)))


def polynomial(e: Expr) -> Polynomial:
    """`e` as a polynomial; what is none (a floor, a quotient by a sum) is an atom of its own."""
    match e:
        case Num(value=v):
            return {(): v} if v else {}
        case Add(terms=terms):
            return _add(polynomial(t) for t in terms)
        case Neg(arg=arg):
            return _scale(polynomial(arg), Fraction(-1))
        case Mul(factors=factors):
            out: Polynomial = {(): Fraction(1)}
            for factor in factors:
                out = _multiply(out, polynomial(factor))
            return out
        case Div(num=a, den=b):
            return _divide(polynomial(a), polynomial(b), e)
        case Pow(base=base, exp=Num(value=v)) if v.denominator == 1 and v >= 0:
            return _power(polynomial(base), int(v), e)
        case Call(fn=fn, args=(arg,)) if fn in ROUND:
            return _rounded(fn, polynomial(arg))
    return {((e, 1),): Fraction(1)}


def _constant(p: Polynomial) -> Fraction | None:
    if any(p):
        return None
    return p.get((), Fraction(0))


def _add(parts: Iterable[Polynomial]) -> Polynomial:
    out: dict[Monomial, Fraction] = {}
    for part in parts:
        for monomial, c in part.items():
            out[monomial] = out.get(monomial, Fraction(0)) + c
    return {m: c for m, c in out.items() if c}


def _scale(p: Polynomial, by: Fraction) -> Polynomial:
    return {m: c * by for m, c in p.items()}


def _multiply(a: Polynomial, b: Polynomial) -> Polynomial:
    return _add({_join(m, n): c * d} for m, c in a.items() for n, d in b.items())


def _join(a: Monomial, b: Monomial) -> Monomial:
    powers: dict[Expr, int] = dict(a)
    for atom, power in b:
        powers[atom] = powers.get(atom, 0) + power
    return tuple(sorted(((x, k) for x, k in powers.items() if k), key=lambda f: latex(f[0])))


def _power(p: Polynomial, n: int, whole: Expr) -> Polynomial:
    """pⁿ; a high power of a sum stays as it is."""
    if len(p) == 1:
        [(monomial, c)] = p.items()
        return {tuple((x, k * n) for x, k in monomial if k * n): c**n}
    if n > 9:
        return {((whole, 1),): Fraction(1)}
    out: Polynomial = {(): Fraction(1)}
    for _ in range(n):
        out = _multiply(out, p)
    return out


def _divide(a: Polynomial, b: Polynomial, whole: Expr) -> Polynomial:
    if len(b) != 1:
        return {((whole, 1),): Fraction(1)}
    [(monomial, c)] = b.items()
    return _multiply(a, {tuple((x, -k) for x, k in monomial): 1 / c})


def _rounded(fn: str, p: Polynomial) -> Polynomial:
    """⌊p⌋ or ⌈p⌉. Integers come out of the bracket, ⌊(⌊x⌋ + c)/n⌋ is ⌊(x + c)/n⌋."""
    p = _unnested(fn, p)
    if all(c.denominator == 1 and all(k > 0 for _, k in m) for m, c in p.items()):
        return p
    whole = Fraction(ROUND[fn](p.get((), Fraction(0))))
    rest = _add((p, {(): -whole}))
    if not any(rest):
        return _add(({(): whole}, {(): Fraction(ROUND[fn](rest.get((), Fraction(0))))}))
    atom = Call(fn, (expression(rest, num(0)),))
    return _add(({((atom, 1),): Fraction(1)}, {(): whole}))


def _unnested(fn: str, p: Polynomial) -> Polynomial:
    variable = [m for m in p if m]
    if len(variable) != 1 or len(variable[0]) != 1:
        return p
    [(atom, power)] = variable[0]
    c = p[variable[0]]
    inside = isinstance(atom, Call) and atom.fn == fn and power == 1 and c.numerator == 1
    if not inside or (p.get((), Fraction(0)) / c).denominator != 1:
        return p
    assert isinstance(atom, Call)
    return _add((_scale(polynomial(atom.args[0]), c), {(): p.get((), Fraction(0))}))


def expression(p: Polynomial, order: Expr) -> Expr:
    """The polynomial as a formula; names come in the order in which `order` reads them."""
    seen = {x: n for n, x in reversed(list(enumerate(walk(order))))}
    rank = {x: (seen.get(x, len(seen)), latex(x)) for m in p for x, _ in m}
    groups: dict[tuple[Monomial, int], dict[Monomial, Fraction]] = {}
    for monomial, c in p.items():
        above = tuple(sorted(((x, k) for x, k in monomial if k > 0), key=lambda f: rank[f[0]]))
        below = tuple(sorted(((x, -k) for x, k in monomial if k < 0), key=lambda f: rank[f[0]]))
        groups.setdefault((below, 0 if below else c.denominator), {})[above] = c
    ordered = sorted(groups, key=lambda g: -_degree(groups[g]))
    parts = [_quotient(groups[g], g[0], rank) for g in ordered]
    return _sum([t for part in parts for t in _terms_of(part)])


def _degree(above: Mapping[Monomial, Fraction]) -> int:
    return max(sum(k for _, k in m) for m in above)


def _quotient(
    above: Mapping[Monomial, Fraction], below: Monomial, rank: Mapping[Expr, tuple[int, str]]
) -> Expr:
    common = math.lcm(*(c.denominator for c in above.values()))
    ordered = sorted(above, key=lambda m: (-sum(k for _, k in m), [(rank[x], -k) for x, k in m]))
    terms = [_term(above[m] * common, m) for m in ordered]
    den = _term(Fraction(common), below)
    if den == ONE:
        return _sum(terms)
    if len(terms) == 1 and isinstance(terms[0], Neg):
        return Neg(Div(terms[0].arg, den))
    return Div(_sum(terms), den)


def _term(c: Fraction, monomial: Monomial) -> Expr:
    factors: list[Expr] = [x if k == 1 else Pow(x, num(k)) for x, k in monomial]
    if abs(c) != 1 or not factors:
        factors.insert(0, Num(abs(c)))
    body = factors[0] if len(factors) == 1 else Mul(tuple(factors))
    return Neg(body) if c < 0 else body


def _sum(terms: list[Expr]) -> Expr:
    """The sum of the terms, a gain first where there is one: 2P - F + 1, not -F + 2P + 1."""
    if not terms:
        return num(0)
    lead = next((k for k, t in enumerate(terms) if not isinstance(t, Neg)), 0)
    terms = [terms[lead], *terms[:lead], *terms[lead + 1 :]]
    return terms[0] if len(terms) == 1 else Add(tuple(terms))


@dataclass(frozen=True)
class Style:
    """How a count is written: the signs of a dialect."""

    times: str
    left: Mapping[str, str]
    right: Mapping[str, str]
    plain: bool


TEX = Style(
    r" \times ",
    {"floor": r"\left\lfloor ", "ceil": r"\left\lceil "},
    {"floor": r" \right\rfloor", "ceil": r" \right\rceil"},
    False,
)
TEXT = Style(" × ", {"floor": "⌊", "ceil": "⌈"}, {"floor": "⌋", "ceil": "⌉"}, True)
TIDY = Style(" ", TEXT.left, TEXT.right, True)
"""Unicode without a sign for products: 49C² + C."""

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
SUM, PRODUCT, ATOM = 1, 2, 3


def worked(e: Expr, style: Style = TEX) -> str:
    r"""`e` as a person writes a count out, every product with its sign, quotients on one line.

    >>> e = Mul((num(10), Add((Mul((num(5), num(5), num(1))), ONE))))
    >>> worked(e), worked(e, TEXT)
    ('10 \\times (5 \\times 5 \\times 1 + 1)', '10 × (5 × 5 × 1 + 1)')
    """
    return _worked(e, style)[0]


def product(sizes: Iterable[Expr], style: Style = TEX) -> str:
    """The sizes of a shape, 32 × 32 × 10."""
    parts = tuple(sizes)
    return worked(parts[0] if len(parts) == 1 else Mul(parts), style)


def _worked(e: Expr, style: Style) -> tuple[str, int]:
    match e:
        case Num(value=v):
            text = str(v.numerator) if v.denominator == 1 else f"{v.numerator}/{v.denominator}"
            return text, SUM if v < 0 else ATOM if v.denominator == 1 else PRODUCT
        case Add(terms=terms):
            return _terms(terms, style), SUM
        case Neg(arg=arg):
            return "-" + _inside(arg, style, PRODUCT), SUM
        case Mul(factors=factors):
            return _factors(factors, style), PRODUCT
        case Div(num=a, den=b):
            return f"{_inside(a, style, PRODUCT)}/{_inside(b, style, ATOM)}", PRODUCT
        case Pow(base=base, exp=Num(value=v)):
            power = str(v).translate(SUPERSCRIPTS) if style.plain else f"^{{{v}}}"
            return _inside(base, style, ATOM) + power, ATOM
        case Call(fn=fn, args=(arg,)) if fn in style.left:
            return style.left[fn] + worked(arg, style) + style.right[fn], ATOM
    text = latex(e)
    if style.plain:
        text = re.sub(r"\\text|[{}]", "", text)
    return text, ATOM


def _inside(e: Expr, style: Style, level: int) -> str:
    text, own = _worked(e, style)
    return f"({text})" if own < level else text


def _terms(terms: tuple[Expr, ...], style: Style) -> str:
    out = worked(terms[0], style)
    for term in terms[1:]:
        sign, body = (" - ", term.arg) if isinstance(term, Neg) else (" + ", term)
        out += sign + _inside(body, style, PRODUCT)
    return out


def _factors(factors: tuple[Expr, ...], style: Style) -> str:
    texts = []
    for factor in factors:
        text, own = _worked(factor, style)
        texts.append(f"({text})" if own < PRODUCT or isinstance(factor, Mul) else text)
    if style is not TIDY:
        return style.times.join(texts)
    number_first = isinstance(factors[0], Num)
    front, rest = (texts[0], texts[1:]) if number_first else ("", texts)
    return front + (" " if any("_" in t for t in rest) else "").join(rest)
