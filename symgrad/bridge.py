r"""Formulas to SymPy and back: the edge, for notebooks and for comparing with other work.

The only room that knows SymPy, which it loads on first use: that takes a third of a second, and
solving an exam needs none of it. No text is ever parsed here; SymPy gets objects.

SymPy sorts sums and products, so the author's order ends here. It also reads a sum whose upper
limit lies two or more below the lower one as minus a sum, where ours is empty.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

from symgrad.errors import SymgradError
from symgrad.expr import (
    ONE,
    PI,
    ZERO,
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
    free_names,
    fresh,
    names,
    num,
    substitute,
)
from symgrad.latex import latex

if TYPE_CHECKING:
    import sympy

ACCENTS = ("hat", "bar", "tilde", "ddot", "dot", "vec", "check", "breve", "acute", "grave")
"""Accents that SymPy writes behind a letter: ``\\hat y`` is the symbol yhat."""

GREEK = re.compile(
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|"
    "upsilon|phi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega"
)

LONGEST_POWER = 1000
"""Powers of numbers with a larger exponent are not worked out."""

FUNCTIONS: Mapping[str, str] = {
    "exp": "exp", "log": "log", "sqrt": "sqrt", "sin": "sin", "cos": "cos", "tan": "tan",
    "tanh": "tanh", "sinh": "sinh", "cosh": "cosh", "arctan": "atan", "max": "Max", "min": "Min",
    "erf": "erf", "abs": "Abs", "sign": "sign", "floor": "floor", "ceil": "ceiling",
}  # fmt: skip
"""Our name of a function, and SymPy's."""

RELATIONS: Mapping[str, str] = {
    "=": "Equality", "!=": "Unequality", "<": "StrictLessThan",
    "<=": "LessThan", ">": "StrictGreaterThan", ">=": "GreaterThan",
}  # fmt: skip


@cache
def _sympy() -> Any:
    """SymPy, loaded when first needed: importing it takes longer than solving an exam."""
    return importlib.import_module("sympy")


@cache
def _gradient() -> Any:
    """The class of an inert ∂of/∂by: SymPy's own derivative of a symbol is 0 at once."""
    sp = _sympy()

    def show(self: Any, printer: Any) -> str:
        of, by = (printer.doprint(a) for a in self.args)
        return rf"\frac{{\partial {of}}}{{\partial {by}}}"

    def spell(self: Any, printer: Any) -> str:
        return "Gradient({}, {})".format(*(printer.doprint(a) for a in self.args))

    return type("Gradient", (sp.Expr,), {"_latex": show, "_sympystr": spell})


# -- names ----------------------------------------------------------------------------------


def symbol_name(name: str) -> str:
    r"""The SymPy name that prints as `name`: yhat for ``\hat y``.

    >>> symbol_name(r"\hat y"), symbol_name(r"\alpha"), symbol_name("W^{(1)}")
    ('yhat', 'alpha', 'W^{(1)}')
    """
    for candidate in (_plain(name), name):
        if our_name(candidate) == name:
            return candidate
    return f"{{{name}}}"


def _plain(name: str) -> str:
    """Macros without their backslash, accents behind their letter."""
    accent, _, letter = name.removeprefix("\\").partition(" ")
    return letter.removeprefix("\\") + accent if accent in ACCENTS else name.removeprefix("\\")


def our_name(symbol: str) -> str:
    r"""The name that a SymPy symbol stands for.

    >>> our_name("yhat"), our_name("alpha"), our_name("w")
    ('\\hat y', '\\alpha', 'w')
    """
    if re.fullmatch(r"\{[A-Za-z]+\}", symbol):
        return symbol[1:-1]
    if GREEK.fullmatch(symbol):
        return f"\\{symbol}"
    for accent in ACCENTS:
        letter = symbol.removesuffix(accent)
        if letter != symbol and re.fullmatch("[A-Za-z]", letter):
            return rf"\{accent} {letter}"
        if letter != symbol and GREEK.fullmatch(letter):
            return rf"\{accent} \{letter}"
    return symbol


# -- to SymPy -------------------------------------------------------------------------------


def to_sympy(e: Expr) -> sympy.Basic:
    r"""`e` as a SymPy expression; names without indices are symbols, tensors are indexed.

    >>> to_sympy(Mul((Add((Ref(r"\hat y"), Neg(Ref("y")))), Ref("v", (ONE,)))))
    (-y + yhat)*v[1]
    """
    result: sympy.Basic = _out(e, frozenset())
    return result


def _out(e: Expr, bound: frozenset[str]) -> Any:
    sp = _sympy()
    match e:
        case Num(value=v):
            return sp.Rational(v.numerator, v.denominator)
        case Ref(name=name, indices=()):
            return sp.Symbol(symbol_name(name))
        case Ref(name=name, indices=indices):
            return sp.IndexedBase(symbol_name(name))[tuple(_out(i, bound) for i in indices)]
        case Add(terms=terms):
            return sp.Add(*(_out(t, bound) for t in terms))
        case Mul(factors=factors):
            return sp.Mul(*(_out(f, bound) for f in factors))
        case Neg(arg=arg):
            return -_out(arg, bound)
        case Div(num=a, den=b):
            return _out(a, bound) / _out(b, bound)
        case Pow(base=a, exp=b):
            base, exponent = _out(a, bound), _out(b, bound)
            large = exponent.is_number and abs(exponent) > LONGEST_POWER
            return sp.Pow(base, exponent, evaluate=not (large and base.is_number))
        case Call(fn=fn, args=args):
            return _function(fn, [_out(a, bound) for a in args])
        case Iverson(cond=cond):
            return sp.Piecewise((1, _out(cond, bound)), (0, True))
        case Rel(op=op, lhs=a, rhs=b):
            return getattr(sp, RELATIONS[op])(_out(a, bound), _out(b, bound))
        case And(conds=conds):
            return sp.And(*(_out(c, bound) for c in conds))
        case Cases(branches=branches):
            pairs = [(_out(v, bound), True if c is None else _out(c, bound)) for v, c in branches]
            return sp.Piecewise(*pairs)
        case Reduce():
            return _reduction(_apart(e, bound), bound)
        case Partial(of=of, by=by):
            return _gradient()(_out(of, bound), _out(by, bound))
    raise SymgradError(f"found {latex(e)}, expected a formula that SymPy has")


def _function(fn: str, args: list[Any]) -> Any:
    sp = _sympy()
    if fn == "relu":
        return _winner("max", [*args, sp.S.Zero])
    if fn in ("max", "min"):
        return _winner(fn, args)
    if fn == "pi":
        return sp.pi * args[0]
    if fn == "sigmoid":
        return 1 / (1 + sp.exp(-args[0]))
    return getattr(sp, FUNCTIONS[fn])(*args) if fn in FUNCTIONS else sp.Function(fn)(*args)


def _winner(fn: str, args: list[Any]) -> Any:
    """Max or Min; SymPy must not try to compare a sum of numbers that is not worked out."""
    known = all(a.is_comparable or not a.is_number for a in args)
    return getattr(_sympy(), FUNCTIONS[fn])(*args, evaluate=known)


def _apart(e: Reduce, outer: frozenset[str]) -> Reduce:
    """`e` with bound indices that no other binder around or beside them uses."""
    taken = set(outer) | names(e)
    seen = set(outer)
    bounds: list[Bound] = []
    rest, body = list(e.bounds), e.body
    while rest:
        b = rest.pop(0)
        ends = set().union(*(free_names(x) for x in (b.lo, b.hi) if x is not None))
        if b.name in seen | ends:
            new = fresh(b.name, taken)
            taken.add(new)
            inner = substitute(Reduce(e.op, tuple(rest), body), {b.name: Ref(new)})
            assert isinstance(inner, Reduce)
            conds = tuple(substitute(c, {b.name: Ref(new)}) for c in b.conds)
            b, rest, body = Bound(new, b.lo, b.hi, conds), list(inner.bounds), inner.body
        seen.add(b.name)
        bounds.append(b)
    return Reduce(e.op, tuple(bounds), body)


def _reduction(e: Reduce, outer: frozenset[str]) -> Any:
    """Σ or Π; SymPy's innermost limit comes first. Side conditions become a Piecewise."""
    sp = _sympy()
    if e.op not in ("sum", "prod"):
        return _extreme(e, outer)
    inside = outer | {b.name for b in e.bounds}
    body = _out(e.body, inside)
    conds = [_out(c, inside) for b in e.bounds for c in b.conds]
    if conds:
        body = sp.Piecewise((body, sp.And(*conds)), (0 if e.op == "sum" else 1, True))
    limits = []
    for b in reversed(e.bounds):
        if b.lo is None or b.hi is None:
            raise SymgradError(f"found a sum over {b.name} without a range, expected its limits")
        limits.append((sp.Symbol(symbol_name(b.name)), _out(b.lo, inside), _out(b.hi, inside)))
    return (sp.Sum if e.op == "sum" else sp.Product)(body, *limits)


def _extreme(e: Reduce, outer: frozenset[str]) -> Any:
    """max or min over numbers as limits, written out: SymPy has no other."""
    first, rest = e.bounds[0], e.bounds[1:]
    if not (isinstance(first.lo, Num) and isinstance(first.hi, Num)) or first.conds:
        raise SymgradError(
            f"found {latex(e)}, expected numbers as limits: SymPy has no {e.op} over a range",
            hint="choose sizes first",
        )
    items = []
    for k in range(int(first.lo.value), int(first.hi.value) + 1):
        inner = Reduce(e.op, rest, e.body) if rest else e.body
        items.append(_out(substitute(inner, {first.name: num(k)}), outer))
    return _winner(e.op, items)


# -- from SymPy -----------------------------------------------------------------------------


def from_sympy(s: sympy.Basic) -> Expr:
    """A SymPy expression as a formula, in SymPy's printing order.

    >>> import sympy
    >>> x, y = sympy.symbols("x y")
    >>> latex(from_sympy((x - y) ** 2 / 2))
    '\\\\frac{(x - y)^2}{2}'
    """
    sp = _sympy()
    for kind, convert in _conversions():
        if isinstance(s, kind):
            return convert(s)
    name = type(s).__name__
    if isinstance(s, sp.core.function.AppliedUndef):
        return Call(name, tuple(from_sympy(a) for a in s.args))
    ours = {theirs: fn for fn, theirs in FUNCTIONS.items()}
    if name in ours:
        return Call(ours[name], tuple(from_sympy(a) for a in _sorted(s.args)))
    raise SymgradError(
        f"found {name} in a SymPy expression, expected sums, products, powers, indexed names, "
        "exp, log, tanh, Max, Min, Sum, Product, Piecewise or comparisons",
        hint="rewrite it with these",
    )


@cache
def _conversions() -> tuple[tuple[Any, Callable[[Any], Expr]], ...]:
    sp = _sympy()
    return (
        (sp.Float, _refuse_float),
        (sp.Rational, lambda s: num(Fraction(int(s.p), int(s.q)))),
        (sp.Symbol, lambda s: Ref(our_name(s.name))),
        (sp.Indexed, _indexed),
        (sp.Add, lambda s: Add(tuple(from_sympy(t) for t in s.as_ordered_terms()))),
        (sp.Mul, _product),
        (sp.Pow, _power),
        (type(sp.E), lambda _: Call("exp", (ONE,))),
        (type(sp.pi), lambda _: PI),
        (sp.Sum, lambda s: _bound("sum", s)),
        (sp.Product, lambda s: _bound("prod", s)),
        (sp.Piecewise, _piecewise),
        (sp.And, lambda s: And(tuple(from_sympy(a) for a in _sorted(s.args)))),
        (sp.core.relational.Relational, _relation),
        (sp.KroneckerDelta, lambda s: Iverson(Rel("=", *(from_sympy(a) for a in s.args[:2])))),
        (sp.Derivative, _derivative),
        (_gradient(), lambda s: Partial(from_sympy(s.args[0]), from_sympy(s.args[1]))),
    )


def _sorted(args: Any) -> list[Any]:
    """Arguments that SymPy holds as a set, in an order that does not change from run to run."""
    return sorted(args, key=_sympy().default_sort_key)


def _refuse_float(s: Any) -> Expr:
    raise SymgradError(
        f"found the float {s}, expected a rational number",
        hint=f"write Rational({str(Fraction(str(s)).limit_denominator(1000)).replace('/', ', ')})",
    )


def _indexed(s: Any) -> Expr:
    return Ref(our_name(str(s.base.label)), tuple(from_sympy(i) for i in s.indices))


def _product(s: Any) -> Expr:
    """A fraction where SymPy has negative powers; a negative coefficient is a minus sign."""
    above, below = _sympy().fraction(s, exact=True)
    if below != 1:
        top, bottom = from_sympy(above), from_sympy(below)
        return Neg(Div(top.arg, bottom)) if isinstance(top, Neg) else Div(top, bottom)
    if above.is_Mul and above.args[0].is_Rational and above.args[0] < 0:
        return Neg(from_sympy(-above))
    if above.is_Mul:
        return Mul(tuple(from_sympy(f) for f in above.as_ordered_factors()))
    return from_sympy(above)


def _power(s: Any) -> Expr:
    sp = _sympy()
    if s.base == sp.E:
        return Call("exp", (from_sympy(s.exp),))
    if s.exp == sp.Rational(1, 2):
        return Call("sqrt", (from_sympy(s.base),))
    if s.exp.is_Rational and s.exp < 0:
        return Div(ONE, from_sympy(sp.Pow(s.base, -s.exp)))
    return Pow(from_sympy(s.base), from_sympy(s.exp))


def _bound(op: str, s: Any) -> Expr:
    bounds = tuple(
        Bound(our_name(index.name), from_sympy(lo), from_sympy(hi))
        for index, lo, hi in reversed(s.limits)
    )
    return Reduce(op, bounds, from_sympy(s.function))


def _piecewise(s: Any) -> Expr:
    """Branches; 1 where a condition holds and 0 elsewhere is a bracket."""
    branches = tuple(
        (from_sympy(v), None if c == True else from_sympy(c))  # noqa: E712 - SymPy's own true
        for v, c in s.args
    )
    match branches:
        case ((a, Rel() | And() as cond), (b, None)) if a == ONE and b == ZERO:
            return Iverson(cond)
    return Cases(branches)


def _relation(s: Any) -> Expr:
    ours = {theirs: op for op, theirs in RELATIONS.items()}
    return Rel(ours[type(s).__name__], from_sympy(s.lhs), from_sympy(s.rhs))


def _derivative(s: Any) -> Expr:
    if s.derivative_count != 1:
        raise SymgradError(f"found the derivative {s}, expected one of first order")
    return Partial(from_sympy(s.expr), from_sympy(s.variables[0]))
