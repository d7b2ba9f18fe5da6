r"""From a formula to its normal form.

What is polynomial is written out; exp of a sum is a product, a quotient is a product with an
inverse, σ and tanh are quotients of exponentials, so that their textbook identities are
arithmetic. What is neither is an opaque quantity (`atoms`) or refused (`Outside`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count
from math import lcm

from symgrad.affine import Affine, Condition, affine
from symgrad.expr import (
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
)
from symgrad.latex import latex
from symgrad.normal.algebra import MOST_POWER, Algebra, grown
from symgrad.normal.atoms import scaled, weight_only
from symgrad.normal.denominators import Denominators
from symgrad.normal.guards import Guards, whole_form
from symgrad.normal.term import Factor, Normal, Term, combined, number, put, settled, straight
from symgrad.padding import Edge, Edges
from symgrad.polynomial import ONE as ONE_WEIGHT
from symgrad.polynomial import Outside, Polynomial, polynomial

ONE = number(1)
WRITTEN_OUT = 12
"""A product or maximum over at most this many numbers is written out."""

Env = Mapping[str, Affine]
Define = Callable[[Ref], Expr | None]


@dataclass
class Builder:
    """Normal forms of formulas whose integer names are `integers`; `define` says what a name
    stands for where it has a definition."""

    integers: frozenset[str]
    define: Define = lambda ref: None
    algebra: Algebra = field(default_factory=Algebra)
    given: Callable[[Partial], Expr | None] = lambda partial: None
    padded: Edges = field(default_factory=dict)
    """Tensors that are 0 beyond stated edges."""
    above_zero: frozenset[str] = frozenset()
    """Tensors whose entries are given to be positive."""

    def __post_init__(self) -> None:
        self.below = Denominators(self.algebra)
        self.guards = Guards(self.algebra)
        self._count = count()

    def normal(self, e: Expr, env: Env | None = None) -> Normal:
        """The normal form; bound letters around `e` stand in `env`."""
        env = env or {}
        match e:
            case Num(value=v):
                return number(v)
            case Ref():
                return self.name(e, env)
            case Neg(arg=a):
                return scaled(self.normal(a, env), Fraction(-1))
            case Add(terms=terms):
                return self.algebra.total([self.normal(t, env) for t in terms])
            case Mul(factors=factors):
                # inverses first: a bracket that hides one must not be used up before it is met
                parts = [self.normal(f, env) for f in factors]
                return self.algebra.product(*sorted(parts, key=_divides, reverse=True))
            case Div(num=a, den=b):
                bottom = self.algebra.inverse(self.normal(b, env))
                return self.algebra.product(self.normal(a, env), bottom)
            case Pow(base=a, exp=b):
                return self.power(a, b, env)
            case Call(fn=fn, args=args):
                return self.call(fn, [self.normal(a, env) for a in args], e)
            case Iverson(cond=cond):
                return self.bracket(cond, env)
            case Cases(branches=branches):
                return self.cases(branches, env)
            case Reduce():
                return self.reduction(e, env)
            case Partial(of=Ref() as of, by=Ref() as by):
                known = self.given(e)
                return self.partial(of, by, env) if known is None else self.normal(known, env)
        raise Outside(f"found {latex(e)}")

    # -- names ----------------------------------------------------------------------------------

    def name(self, e: Ref, env: Env) -> Normal:
        """An integer, a definition, or a tensor read at affine places."""
        if not e.indices and (e.name in env or e.name in self.integers):
            form = env.get(e.name, Affine(0, ((e.name, 1),)))
            return (Term(polynomial(form)),) if form.coefficients or form.constant else ()
        meant = self.define(e)
        if meant is not None:
            return self.normal(meant, env)
        return self.read(("ref", e.name, 0), e.indices, env)

    def partial(self, of: Ref, by: Ref, env: Env) -> Normal:
        """∂of/∂by as a tensor at the indices of both."""
        key = ("ref", f"{of.name}|{len(of.indices)}|{by.name}", 0)
        return self.read(key, (*of.indices, *by.indices), env)

    def read(self, key: tuple[str, str, int], indices: tuple[Expr, ...], env: Env) -> Normal:
        """A tensor at its places; an index that is data makes a tensor of its own."""
        at: list[Affine] = []
        name = key[1]
        for k, i in enumerate(indices):
            form = self.whole(i, env)
            if form is not None:
                at.append(form)
                continue
            inner = self.normal(i, env)
            opaque = self.algebra.atoms.factor("index", inner)
            name += f"|{k}:{opaque.key[2]}"
            at += opaque.at
        f = Factor((key[0], name, key[2]), tuple(at))
        edges = self.padded.get(key[1], {}) if len(at) == len(indices) else {}
        conds = [c for k, edge in edges.items() for c in self.inside(at[k], edge, env)]
        return tuple(settled(Term(ONE_WEIGHT, (f,), (), tuple(conds))))

    def inside(self, at: Affine, edge: Edge, env: Env) -> Iterator[Condition]:
        """lo ≤ at ≤ hi, as far as both are affine: elsewhere the entry is 0."""
        for end, sign in ((edge.lo, 1), (edge.hi, -1)):
            form = None if end is None else self.whole(end, env)
            if form is not None:
                gap = at.plus(form, -1).scaled(sign)
                yield Condition(straight(gap.constant, gap.by))

    def whole(self, e: Expr, env: Env) -> Affine | None:
        """An affine form of integers, bound letters by their own names; None if it is not one."""
        form = affine(e)
        if form is None:
            return None
        if any(n not in env and n not in self.integers for n, _ in form.coefficients):
            return None
        return straight(*_parts(put(form, env)))

    # -- powers and functions -------------------------------------------------------------------

    def power(self, base: Expr, exp: Expr, env: Env) -> Normal:
        """base^exp for whole numbers, halves, and integers with names."""
        inside = self.normal(base, env)
        exponent = self.normal(exp, env)
        weight = weight_only(exponent)
        value = None if weight is None else weight.number
        if value is not None and value.denominator == 1:
            return self.algebra.power(inside, int(value))
        if value is not None and value.denominator == 2:
            return self.algebra.power(self.algebra.root(inside), int(2 * value))
        form = whole_form(exponent)
        if form is not None and weight is not None and polynomial(form) == weight:
            return self.algebra.raised(inside, form)
        if form is not None:
            raise Outside(f"found {latex(Pow(base, exp))}")
        if self.positive(inside):
            return self.exp(self.algebra.product(exponent, self.log(inside)))
        return self.real_power(inside, exponent)

    def positive(self, e: Normal) -> bool:
        """Is a formula positive whatever the values are that satisfy what is given?"""
        product = len(e) == 1 and not e[0].bound and not e[0].conds
        value = e[0].weight.number if product else None
        if value is not None and value > 0 and all(self.is_positive(f) for f in e[0].factors):
            return True
        return self.below.positive(e)

    def real_power(self, base: Normal, exponent: Normal) -> Normal:
        """x^{γ + k} = x^γ x^k for a whole number k; of the rest nothing is known where x < 0:
        (x^2)^{1/2} is not x."""
        whole = [t for t in exponent if not t.factors and not t.bound and not t.conds]
        k = next((v for t in whole if (v := t.weight.number) is not None), Fraction(0))
        steps = k.numerator // k.denominator
        rest = self.algebra.minus(exponent, number(steps))
        marks = [(Term(ONE_WEIGHT, (Factor(("ref", name, 0)),)),) for name in ("^", "^^")]
        both = (self.algebra.product(base, marks[0]), self.algebra.product(rest, marks[1]))
        opaque = self.algebra.opaque("pow", self.algebra.total(both))
        return self.algebra.product(opaque, self.algebra.power(base, steps)) if steps else opaque

    def call(self, fn: str, args: list[Normal], e: Call) -> Normal:
        """A function of normal forms."""
        if fn in ("max", "min"):
            return self.guards.maximum(args, 1 if fn == "max" else -1) if args[1:] else args[0]
        if len(args) != 1:
            raise Outside(f"found {latex(e)}")
        x = args[0]
        match fn:
            case "exp":
                return self.exp(x)
            case "log":
                return self.log(x)
            case "sigmoid":
                grown = self.exp(x)
                return self.algebra.product(grown, self.algebra.inverse(self.plus_one(grown)))
            case "tanh":
                grown = self.exp(scaled(x, Fraction(2)))
                down = self.algebra.inverse(self.plus_one(grown))
                return self.algebra.product(self.algebra.minus(grown, ONE), down)
            case "sinh" | "cosh":
                back = self.exp(scaled(x, Fraction(-1)))
                both = (self.exp(x), scaled(back, Fraction(-1 if fn == "sinh" else 1)))
                return scaled(self.algebra.total(both), Fraction(1, 2))
            case "sqrt":
                return self.algebra.root(x)
            case "relu":
                return self.guards.relu(x)
            case "abs":
                return self.guards.absolute(x)
            case "sign":
                return self.guards.sign(x)
        return self.algebra.opaque(fn, x)

    def plus_one(self, x: Normal) -> Normal:
        """1 + x."""
        return self.algebra.total((ONE, x))

    def exp(self, x: Normal) -> Normal:
        """e^{a + b} = e^a e^b, e^{2a} = (e^a)², e^{2a/3} = (e^{a/3})², e^{2 log a} = a²."""
        parts: list[Normal] = []
        for t in x:
            weight = t.weight
            value = weight.number
            logs = [f for f in t.factors if f.key[0] == "log"]
            whole = value is not None and value.denominator == 1 and abs(value) <= MOST_POWER
            alone = len(logs) == len(t.factors) == 1 and logs[0].power == 1
            if value is not None and whole and alone and not t.bound and not t.conds:
                inside = self.algebra.atoms.inside(logs[0])
                parts.append(self.algebra.power(inside, int(value)))
                continue
            times = 1
            if value is not None and abs(value.numerator) <= MOST_POWER:
                times = value.numerator
            elif value is not None and value < 0:
                times = -1
            unit = Term(weight.scaled(Fraction(1, times)), t.factors, t.bound, t.conds)
            f = self.algebra.atoms.factor("exp", (unit,), times)
            parts.append((Term(Polynomial((((), Fraction(1)),)), (f,)),))
        return self.algebra.product(*parts)

    def log(self, x: Normal) -> Normal:
        """log of a product of positive quantities is a sum; of anything else opaque."""
        weight = weight_only(x)
        if x == ONE:
            return ()
        head, rest = grown(x)
        if head and len(x) > 1:
            return self.algebra.total((self.log(head), self.log(rest)))
        if weight is None and len(x) == 1 and not x[0].bound and not x[0].conds:
            t = x[0]
            value = t.weight.number
            others = [f for f in t.factors if not self.is_positive(f)]
            odd = len(others) == 1 and others[0].power % 2 == 1
            if value is not None and value > 0 and (odd or not others):
                parts = [self.log(number(value))] if value != 1 else []
                for f in t.factors:
                    parts.append(scaled(self._log_of(f), Fraction(f.power)))
                return self.algebra.total(parts)
        return self.algebra.opaque("log", x)

    def _log_of(self, f: Factor) -> Normal:
        if f.key[0] == "exp":
            return self.algebra.atoms.inside(f)
        if f.key[0] == "sum":
            inside = self.algebra.atoms.inside(f)
            return self.algebra.opaque("log", combined(s for t in inside for s in settled(t)))
        return self.algebra.opaque("log", (Term(ONE_WEIGHT, (Factor(f.key, f.at),)),))

    def is_positive(self, f: Factor) -> bool:
        """Is a quantity positive whatever the values are that satisfy what is given?"""
        if f.key[0] in ("ref", "power"):
            return f.key[1] in self.above_zero
        if f.key[0] == "sum":
            return self.below.positive(self.algebra.atoms.inside(f))
        return f.key[0] in ("exp", "pi")

    # -- conditions -----------------------------------------------------------------------------

    def bracket(self, cond: Expr, env: Env) -> Normal:
        """[P]."""
        match cond:
            case And(conds=conds):
                return self.algebra.product(*(self.bracket(c, env) for c in conds))
            case Rel(op=op, lhs=a, rhs=b):
                ends = self.whole(a, env), self.whole(b, env)
                if ends[0] is not None and ends[1] is not None:
                    gap = ends[0].plus(ends[1], -1)
                    return self.guards.whole(op, straight(gap.constant, gap.by))
                gap_ = self.algebra.minus(self.normal(a, env), self.normal(b, env))
                return self.guards.holds(op, gap_)
        raise Outside(f"found {latex(cond)}")

    def cases(self, branches: tuple[tuple[Expr, Expr | None], ...], env: Env) -> Normal:
        """The first branch whose condition holds."""
        parts: list[Normal] = []
        left = ONE
        for value, cond in branches:
            here = ONE if cond is None else self.bracket(cond, env)
            parts.append(self.algebra.product(self.normal(value, env), here, left))
            left = self.algebra.product(left, self.guards.denied(here))
        left = tuple(t for t in left if self.algebra.possible((*self.algebra.known, *t.conds)))
        if left and branches[-1][1] is not None:
            raise Outside("found cases that leave some values out")
        return self.algebra.total(parts)

    # -- reductions -----------------------------------------------------------------------------

    def reduction(self, e: Reduce, env: Env) -> Normal:
        """Σ, Π, max and min over an index, the outermost index first."""
        head, rest = e.bounds[0], e.bounds[1:]
        body: Expr = Reduce(e.op, rest, e.body) if rest else e.body
        if e.op == "sum":
            return self.sum(head, body, env)
        lo, hi = self._end(head.lo, env), self._end(head.hi, env)
        if lo is not None and hi is not None and not head.conds:
            length = hi.plus(lo, -1)
            if not length.coefficients and length.constant < WRITTEN_OUT:
                return self._written_out(e.op, head, body, (lo, length.constant + 1), env)
            if e.op == "prod" and head.name not in free_names(body):
                return self._constant_product(body, straight(*_parts(length)), env)
        return self.opaque_reduction(e.op, head, body, env)

    def _end(self, e: Expr | None, env: Env) -> Affine | None:
        return None if e is None else self.whole(e, env)

    def _written_out(
        self, op: str, head: Bound, body: Expr, where: tuple[Affine, int], env: Env
    ) -> Normal:
        lo, length = where
        found = [
            self.normal(body, {**env, head.name: straight(lo.constant + k, lo.by)})
            for k in range(length)
        ]
        if op == "prod":
            return self.algebra.product(*found) if found else ONE
        if not found:
            raise Outside("found a maximum over nothing")
        return self.guards.maximum(found, 1 if op == "max" else -1) if found[1:] else found[0]

    def _constant_product(self, body: Expr, length: Affine, env: Env) -> Normal:
        """a^{hi - lo + 1} where the range is not empty, else 1."""
        more = straight(length.constant + 1, length.by)
        some = self.algebra.under([Condition(more)])
        power = self.algebra.raised(self.normal(body, env), more)
        return self.algebra.total(
            (self.algebra.product(some, power), self.algebra.minus(ONE, some))
        )

    def opaque_reduction(self, op: str, head: Bound, body: Expr, env: Env) -> Normal:
        """A maximum or product of symbolic length, known by its body and its range."""
        points = self.sum(head, Call(f"body of {op}", (body,)), env)
        return self.algebra.opaque(op, points)

    def sum(self, head: Bound, body: Expr, env: Env) -> Normal:
        """Σ over one index."""
        name = f"~{next(self._count)}s"
        here = {**env, head.name: Affine(0, ((name, 1),))}
        if head.lo is None or head.hi is None:
            raise Outside(f"found a sum over {head.name} without limits")
        conds, more = [], []
        for end, side in ((head.lo, 1), (head.hi, -1)):
            forms, apart = self.ends(end, side, name, here)
            conds += forms
            more += apart
        inside = self.normal(body, here)
        for c in head.conds:
            inside = self.algebra.product(inside, self.bracket(c, here))
        for m in more:
            inside = self.algebra.product(inside, m)
        return self.algebra.summed(inside, (name,), tuple(conds))

    def ends(
        self, end: Expr, side: int, name: str, env: Env
    ) -> tuple[list[Condition], list[Normal]]:
        """Conditions that one end of a range puts on its index: side 1 below, -1 above."""
        both, either = ("max", "min") if side == 1 else ("min", "max")
        match spread(end):
            case Call(fn=fn, args=args) if fn == both:
                found = [self.ends(a, side, name, env) for a in args]
                return [c for cs, _ in found for c in cs], [m for _, ms in found for m in ms]
            case Call(fn=fn, args=args) if fn == either:
                off = ONE
                for a in args:
                    conds, more = self.ends(a, side, name, env)
                    holds = self.algebra.product(self.algebra.under(conds), *more)
                    off = self.algebra.product(off, self.algebra.minus(ONE, holds))
                return [], [self.algebra.minus(ONE, off)]
        return [self.limit(end, side, name, env)], []

    def limit(self, end: Expr, side: int, name: str, env: Env) -> Condition:
        """name ≥ end (side 1) or name ≤ end (side -1), for an end that may be rounded."""
        me = Affine(0, ((name, 1),))
        form, k, up = self.rounded(end, env)
        # k·name against form: ⌈form/k⌉ ≤ name is form ≤ k·name, ⌊form/k⌋ ≤ name gives k - 1 more
        gap = me.scaled(k).plus(form, -1).scaled(side)
        slack = k - 1 if (side == 1) != up and k > 1 else 0
        return Condition(straight(gap.constant + slack, gap.by))

    def rounded(self, end: Expr, env: Env) -> tuple[Affine, int, bool]:
        """An end as ⌊form/k⌋ or (`True`) ⌈form/k⌉."""
        whole = self.whole(end, env)
        if whole is not None:
            return whole, 1, True
        match end:
            case Call(fn="floor" | "ceil" as fn, args=(inner,)):
                form, k = self.fraction(inner, env)
                return form, k, fn == "ceil"
            case Neg(arg=a):
                form, k, up = self.rounded(a, env)
                return form.scaled(-1), k, not up
            case Add(terms=terms):
                parts = [self.rounded(t, env) for t in terms]
                uneven = [p for p in parts if p[1] != 1]
                if len(uneven) <= 1:
                    form, k, up = uneven[0] if uneven else (Affine(0), 1, True)
                    for other, one, _ in parts:
                        if one == 1:
                            form = form.plus(other, k)
                    return straight(form.constant, form.by), k, up
        raise Outside(f"found the end {latex(end)} of a range")

    def fraction(self, e: Expr, env: Env) -> tuple[Affine, int]:
        """form/k for an affine form and a positive whole number."""
        weight = weight_only(self.normal(e, env))
        if weight is not None:
            common = lcm(*(c.denominator for _, c in weight.terms))
            form = whole_form((Term(weight.scaled(Fraction(common))),))
            if weight.number is not None:
                return Affine(int(weight.number * common)), common
            if form is not None and polynomial(form) == weight.scaled(Fraction(common)):
                return form, common
        raise Outside(f"found {latex(e)} rounded")


def spread(end: Expr) -> Expr:
    """max(a, b) + c as max(a + c, b + c): an end as the larger or smaller of several."""
    if isinstance(end, Add):
        for k, t in enumerate(end.terms):
            if isinstance(t, Call) and t.fn in ("max", "min"):
                rest = (*end.terms[:k], *end.terms[k + 1 :])
                return Call(t.fn, tuple(Add((a, *rest)) for a in t.args))
    return end


def _divides(e: Normal) -> bool:
    return any(f.power < 0 and f.key[0] != "exp" for t in e for f in t.factors)


def _parts(form: Affine) -> tuple[int, dict[str, int]]:
    return form.constant, form.by
