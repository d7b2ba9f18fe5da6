r"""Local derivatives: one equation's body by one reference in it.

``reads_of(body, name)`` walks a body once and returns, for every place where the tensor is read,
the factor that multiplies a change there, so that

    ∂body/∂u_p  =  Σ over reads  Σ_J  factor(J) · [subscript(J) = p].

Indices J bound around the read come out free, under letters no one else uses. Nothing is
expanded: the factors keep the author's names and order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from symgrad.affine import Affine, affine
from symgrad.equation import WHOLES, det_name, index_of, inverse_name, read_whole
from symgrad.errors import NoRuleError
from symgrad.expr import (
    MINUS_ONE,
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
    Pow,
    Reduce,
    Ref,
    Rel,
    constant,
    free_names,
    fresh,
    names,
    num,
    substitute,
)
from symgrad.index import Index, Range
from symgrad.latex import latex
from symgrad.network import Ties
from symgrad.power import POWER, power
from symgrad.rules.plain import negate, product, total
from symgrad.rules.winners import extremal, flat, step, winning
from symgrad.unsaid import UNSPECIFIED, unspecified


@dataclass(frozen=True)
class Place:
    """One place where the tensor is read: opened indices, the reference, the factor there, and
    the ids of the rules that gave the factor."""

    inside: tuple[Index, ...]
    ref: Ref
    factor: Expr
    rules: tuple[str, ...] = ()

    def through(self, rule: str, factor: Expr) -> Place:
        """This place seen through one more operation, which makes the factor `factor`."""
        return replace(self, factor=factor, rules=(*self.rules, rule))


@dataclass(frozen=True)
class Context:
    """Which tensor is differentiated by, the tie policy, and letters that are taken."""

    name: str
    ties: Ties
    taken: frozenset[str]


def reads_of(
    body: Expr, name: str, ties: Ties = "strict", taken: frozenset[str] = frozenset()
) -> tuple[Place, ...]:
    r"""Every place where `body` reads the tensor `name`, with its factor.

    >>> y, v = Ref("y"), Ref(r"\hat y")
    >>> half_square = Mul((num(Fraction(1, 2)), Pow(Add((y, Neg(v))), num(2))))
    >>> [latex(p.factor) for p in reads_of(half_square, r"\hat y")]
    ['-(y - \\hat y)']
    """
    return tuple(_places(body, Context(name, ties, taken)))


def _places(e: Expr, c: Context) -> Iterator[Place]:
    if isinstance(e, Ref):
        if e.name == c.name:
            yield Place((), e, ONE)
        elif any(_mentions(i, c.name) for i in e.indices):
            raise NoRuleError(
                f"found {c.name} inside the subscript of {latex(e)}, expected a number"
            )
        return
    if not _mentions(e, c.name):
        return
    rule = DERIVATIVES.get(type(e))
    if rule is None:
        raise NoRuleError(
            f"found {latex(e)}, expected something with a derivative by {c.name}",
            hint="known: sums, products, quotients, powers, cases, max, min, elementary functions",
        )
    yield from rule(e, c)


def _mentions(e: Expr, name: str) -> bool:
    return name in names(e)


# -- one rule per node ----------------------------------------------------------------------------


def sum_rule(e: Expr, c: Context) -> Iterator[Place]:
    """(a + b)' = a' + b'."""
    assert isinstance(e, Add)
    for term in e.terms:
        yield from _places(term, c)


def sign_rule(e: Expr, c: Context) -> Iterator[Place]:
    """(-a)' = -a'."""
    assert isinstance(e, Neg)
    for p in _places(e.arg, c):
        yield p.through("sign-rule", negate(p.factor))


def product_rule(e: Expr, c: Context) -> Iterator[Place]:
    """(a b)' = a' b + a b', each factor kept in its place."""
    assert isinstance(e, Mul)
    for k, factor in enumerate(e.factors):
        before, after = e.factors[:k], e.factors[k + 1 :]
        for p in _places(factor, c):
            yield p.through("product-rule", scaled(*before, p.factor, *after))


def scaled(*factors: Expr) -> Expr:
    """The product with its numbers multiplied: ½ · 2 (y - a) = y - a."""
    weight = Fraction(1)
    rest: list[Expr] = []
    for f in factors:
        sign, body = (-1, f.arg) if isinstance(f, Neg) else (1, f)
        parts = body.factors if isinstance(body, Mul) else (body,)
        weight *= sign
        for part in parts:
            value = constant(part)
            if value is None:
                rest.append(part)
            else:
                weight *= value
    if abs(weight) != 1:
        rest.insert(0, Num(abs(weight)))
    out = product(*rest)
    return negate(out) if weight < 0 else out


def quotient_rule(e: Expr, c: Context) -> Iterator[Place]:
    """(a/b)' = a'/b - a b'/b²."""
    assert isinstance(e, Div)
    for p in _places(e.num, c):
        yield p.through("quotient-rule", Div(p.factor, e.den))
    for p in _places(e.den, c):
        square = Pow(e.den, num(2))
        yield p.through("quotient-rule", negate(Div(scaled(e.num, p.factor), square)))


def power_rule(e: Expr, c: Context) -> Iterator[Place]:
    """(a^n)' = n a^(n-1) a'; (a^b)' = a^b (b' log a + b a'/a)."""
    assert isinstance(e, Pow)
    both = _mentions(e.exp, c.name)
    for p in _places(e.base, c):
        outer = (e, Div(e.exp, e.base)) if both else (e.exp, lowered(e))
        yield p.through("power-rule", scaled(*outer, p.factor))
    for p in _places(e.exp, c):
        base = constant(e.base)
        if base is not None and base <= 0:
            raise NoRuleError(
                f"found {latex(e)} differentiated by its exponent, expected a positive base",
                hint="correct the base",
            )
        log = Call("log", (e.base,), r"\log")
        yield p.through("power-rule", scaled(e, log, p.factor))


def lowered(e: Pow) -> Expr:
    """a^(n-1)."""
    if isinstance(e.exp, Num):
        n = e.exp.value - 1
        return ONE if n == 0 else e.base if n == 1 else Pow(e.base, Num(n))
    return Pow(e.base, Add((e.exp, MINUS_ONE)))


def function_rule(e: Expr, c: Context) -> Iterator[Place]:
    """f(a)' = f'(a) a', with f' from the table; a maximum passes to the argument that wins."""
    assert isinstance(e, Call)
    if e.fn in ("max", "min"):
        yield from extreme_rule(e, c)
        return
    if e.fn.startswith(UNSPECIFIED) and len(e.args) == 1:
        slope = unspecified(e.fn.removeprefix(UNSPECIFIED) + "'", e.args[0])
        for p in _places(e.args[0], c):
            yield p.through("function-rule", scaled(slope, p.factor))
        return
    if e.fn in (*WHOLES, POWER):
        yield from whole_rule(e, c)
        return
    if e.fn not in FUNCTIONS or len(e.args) != 1:
        raise NoRuleError(
            f"found the function {latex(e)}, expected one with a known derivative",
            hint="known: " + ", ".join(sorted(FUNCTIONS)) + ", max, min",
        )
    inside, scale = rooted(e)
    for p in _places(inside, c):
        outer = _bell(inside, scale) if scale != 1 else FUNCTIONS[e.fn](e, c.ties)
        yield p.through(f"{e.fn}-rule", scaled(outer, p.factor))


def whole_rule(e: Call, c: Context) -> Iterator[Place]:
    """∂(X^{-1})_{ij}/∂X_{kl} = -(X^{-1})_{ik} (X^{-1})_{lj},
    ∂det X/∂X_{kl} = det X (X^{-1})_{lk}."""
    matrix = e.args[0]
    if not isinstance(matrix, Ref) or matrix.name != c.name:
        return
    if e.fn == POWER:
        yield power_of_matrix(e, matrix, c)
        return
    read = read_whole(e, tuple(Index(n, Range(ONE, e.args[1])) for n in sorted(c.taken)))
    k, l = (Ref(i.name) for i in read.inside[-2:])  # noqa: E741

    def inverse(i: Expr, j: Expr) -> Ref:
        return Ref(inverse_name(matrix.name), (i, j))

    factor: Expr
    if e.fn == "inverse":
        factor = Neg(Mul((inverse(e.args[2], k), inverse(l, e.args[3]))))
    else:
        factor = Mul((Ref(det_name(matrix.name)), inverse(l, k)))
    yield Place(read.inside[-2:], read.ref, factor, (f"{e.fn}-rule",))


def power_of_matrix(e: Call, entry: Ref, c: Context) -> Place:
    """∂(A^n)_{ij}/∂A_{kl} = Σ_{r=0}^{n-1} (A^r)_{ik} (A^{n-1-r})_{lj}."""
    _, size, exponent = e.args
    *lead, i, j = entry.indices
    read = read_whole(e, tuple(Index(n, Range(ONE, size)) for n in sorted(c.taken)))
    k, l = (Ref(x.name) for x in read.inside[-2:])  # noqa: E741
    times = affine(exponent)
    assert times is not None
    last = times.plus(Affine(-1))
    r = Index(fresh("r", names(e) | c.taken | {k.name, l.name}), Range(ZERO, last.expr()))
    rest = last.plus(Affine(0, ((r.name, -1),)))
    before = power(entry.at((*lead, i, k)), size, Ref(r.name))
    behind = power(entry.at((*lead, l, j)), size, rest.expr())
    return Place((r, *read.inside[-2:]), read.ref, Mul((before, behind)), ("power-rule",))


def extreme_rule(e: Call, c: Context) -> Iterator[Place]:
    r"""∂ max(a, b, …)/∂a = [a > b] [a > …], by the tie policy; an argument written twice is one."""
    e = flat(e)
    for k, arg in enumerate(e.args):
        for p in _places(arg, c):
            wins = winning(e, k, c.ties)
            yield p.through("max-rule", scaled(wins, p.factor))


def reduction_rule(e: Expr, c: Context) -> Iterator[Place]:
    """Σ: each term's derivative, the index opened; Π: the other factors; max: who wins."""
    assert isinstance(e, Reduce)
    if e.op in ("max", "min") and not any(x.conds for x in e.bounds):
        used = free_names(e.body) & {x.name for x in e.bounds}
        if not used:  # the greatest of one quantity, as often as it is there
            yield from _places(e.body, c)
            return
    opened, body, taken = open_bounds(e, c.taken)
    inner = Context(c.name, c.ties, taken)
    for p in _places(body, inner):
        seen = Place((*opened, *p.inside), p.ref, p.factor, p.rules)
        if e.op == "sum":
            yield seen.through("sum-rule", p.factor)
        elif e.op == "prod":
            yield seen.through("product-rule", scaled(others(e, opened, taken), p.factor))
        else:
            yield seen.through("max-rule", scaled(extremal(e, opened, c.ties, taken), p.factor))


def open_bounds(e: Reduce, taken: frozenset[str]) -> tuple[tuple[Index, ...], Expr, frozenset[str]]:
    """The bound indices as free ones under letters nobody uses, and the body in them."""
    opened: list[Index] = []
    body, bounds = e.body, list(e.bounds)
    for k, b in enumerate(bounds):
        name = b.name
        if name in taken:
            name = fresh(name, taken | names(e))
        taken = taken | {name}
        put: dict[str, Expr] = {b.name: Ref(name)}
        if b.conds:
            body = Mul((Iverson(b.conds[0] if len(b.conds) == 1 else And(b.conds)), body))
        body = substitute(body, put)
        for later in range(k + 1, len(bounds)):
            rest = substitute(Reduce("sum", (bounds[later],), ZERO), put)
            assert isinstance(rest, Reduce)
            bounds[later] = rest.bounds[0]
        opened.append(index_of(Bound(name, b.lo, b.hi)))
    return tuple(opened), body, taken


def others(e: Reduce, opened: tuple[Index, ...], taken: frozenset[str]) -> Expr:
    r"""The factors of a product but one: Π_{k ≠ j} x_k."""
    if len(e.bounds) != 1:
        raise NoRuleError(f"found {latex(e)}, expected a product over one index")
    b = e.bounds[0]
    name = fresh(b.name, taken | names(e.body))
    put: dict[str, Expr] = {b.name: Ref(name)}
    differs = Rel("!=", Ref(name), Ref(opened[0].name))
    conds = (*(substitute(x, put) for x in b.conds), differs)
    return Reduce("prod", (Bound(name, b.lo, b.hi, conds),), substitute(e.body, put))


def cases_rule(e: Expr, c: Context) -> Iterator[Place]:
    """Each branch's derivative on its own region; branches that read one entry are one case
    distinction."""
    assert isinstance(e, Cases)
    found: dict[tuple[tuple[Index, ...], Ref], list[tuple[int, Place]]] = {}
    for k, (value, _) in enumerate(e.branches):
        for p in _places(value, c):
            found.setdefault((p.inside, p.ref), []).append((k, p))
    for (inside, ref), places in found.items():
        rules = dict.fromkeys(rule for _, p in places for rule in p.rules)
        yield Place(inside, ref, by_branch(e, places), (*rules, "cases-rule"))


def by_branch(e: Cases, places: Sequence[tuple[int, Place]]) -> Expr:
    """What the places of each region add up to; zero where there is none."""
    factors = (total(*(p.factor for n, p in places if n == k)) for k in range(len(e.branches)))
    return Cases(tuple((f, cond) for f, (_, cond) in zip(factors, e.branches, strict=True)))


def bracket_rule(e: Expr, c: Context) -> Iterator[Place]:
    """An indicator is flat wherever it has a derivative."""
    return iter(())


DERIVATIVES: dict[type[Expr], Callable[[Expr, Context], Iterator[Place]]] = {
    Add: sum_rule,
    Neg: sign_rule,
    Mul: product_rule,
    Div: quotient_rule,
    Pow: power_rule,
    Call: function_rule,
    Reduce: reduction_rule,
    Cases: cases_rule,
    Iverson: bracket_rule,
}
"""The rule of each kind of node."""


# -- elementary functions -------------------------------------------------------------------------


def one_minus(e: Expr) -> Expr:
    return Add((ONE, Neg(e)))


def rooted(e: Call) -> tuple[Expr, Fraction]:
    """The u and c of erf(u/√c); of any other function its argument and 1."""
    match e:
        case Call(fn="erf", args=(Div(num=u, den=Call(fn="sqrt", args=(Num(value=c),))),)) if c > 0:
            return u, c
    return e.args[0], Fraction(1)


def _bell(u: Expr, c: Fraction = Fraction(1)) -> Expr:
    """erf(u/√c)' = 2/√(c π) e^{-u²/c}."""
    square: Expr = Pow(u, num(2))
    below: Expr = PI
    if c != 1:
        square, below = Div(square, Num(c)), Mul((Num(c), PI))
    bell = Call("exp", (Neg(square),), "e^")
    return Mul((num(2), Div(ONE, Call("sqrt", (below,))), bell))


FUNCTIONS: dict[str, Callable[[Call, Ties], Expr]] = {
    "exp": lambda e, _: e,
    "log": lambda e, _: Div(ONE, e.args[0]),
    "tanh": lambda e, _: one_minus(Pow(e, num(2))),
    "sigmoid": lambda e, _: Mul((e, one_minus(e))),
    "sqrt": lambda e, _: Div(ONE, Mul((num(2), e))),
    "sin": lambda e, _: Call("cos", e.args),
    "cos": lambda e, _: Neg(Call("sin", e.args)),
    "sinh": lambda e, _: Call("cosh", e.args),
    "cosh": lambda e, _: Call("sinh", e.args),
    "arctan": lambda e, _: Div(ONE, Add((ONE, Pow(e.args[0], num(2))))),
    "erf": lambda e, _: _bell(e.args[0]),
    "abs": lambda e, _: Call("sign", e.args),
    "relu": step,
    "sign": lambda e, _: ZERO,
    "floor": lambda e, _: ZERO,
    "ceil": lambda e, _: ZERO,
}
"""f' of each elementary function, in terms of the call itself where textbooks do so:
σ' = σ(1 - σ), tanh' = 1 - tanh²."""
