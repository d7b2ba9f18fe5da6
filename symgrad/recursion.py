r"""Backward recursions: the gradient of a state from that of the next one, and its closed form.

For h_t = c h_{t-1} + …, t = 1, …, T, with d_t what the loss makes of h_t directly,

    ∂L/∂h_T = d_T,    ∂L/∂h_t = d_t + c ∂L/∂h_{t+1}  for t < T,

and, where c reads no state, ∂L/∂h_t = Σ_{k=t}^{T} c^{k-t} d_k; for a coefficient c_t of its own
at every step the power is the product c_{t+1} ⋯ c_k. Of vectors, h_t = M h_{t-1} + …, it is
Σ_{k=t}^{T} (M^⊤)^{k-t} d_k.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from symgrad.affine import Affine, Condition, affine, conditions, shift
from symgrad.expr import (
    ONE,
    Add,
    Bound,
    Cases,
    Expr,
    Iverson,
    Mul,
    Neg,
    Partial,
    Pow,
    Reduce,
    Ref,
    Rel,
    free_names,
    fresh,
    names,
    transform,
    walk,
)
from symgrad.index import Facts, Index
from symgrad.power import power, powers_joined
from symgrad.rewrite import Derivation
from symgrad.rules.algebra import tidy
from symgrad.rules.forms import distinct_bounds, out_of_sums
from symgrad.rules.plain import product
from symgrad.rules.sums import conjuncts, sift

MOST_LAGS = 3
"""A recursion has at most this many last states with a case of their own."""


def is_general(node: Ref, sizes: frozenset[str]) -> bool:
    """Does a name stand for any entry: one letter for each index?"""
    letters = [i.name for i in node.indices if isinstance(i, Ref) and not i.indices]
    own = len(letters) == len(node.indices) == len(set(letters))
    return own and not sizes & set(letters)


# -- the ends of a recursion ----------------------------------------------------------------------


def by_ends(e: Expr, step: Index, sign: int, facts: Facts) -> Expr:
    r"""A recursion with brackets [t ≤ T - 1] as cases: the last state, then the others.

    The last ones by their own numbers: what follows them is never read.

    >>> from symgrad.index import Range
    >>> from symgrad.latex import latex
    >>> t, T = Ref("t"), Ref("T")
    >>> step = Index("t", Range(ONE, T))
    >>> facts = Facts(sizes=frozenset("T")).within([step])
    >>> following = Partial(Ref("L"), Ref("h", (Add((t, ONE)),)))
    >>> flow = Mul((Ref("a"), Iverson(Rel("<", t, T)), following))
    >>> for value, cond in by_ends(Add((Ref("d", (t,)), flow)), step, 1, facts).branches:
    ...     print(latex(value), "if", latex(cond))
    d_T if t = T
    d_t + a\, \frac{\partial L}{\partial h_{t+1}} if t < T
    """
    end = affine(step.range.hi if sign > 0 else step.range.lo)
    if end is None or not undecided(e, step.name, facts):
        return e
    here = Affine(0, ((step.name, 1),))
    for lags in range(1, MOST_LAGS + 1):
        rest = end.plus(Affine(-sign * lags))
        inner = facts.plus([Condition(rest.plus(here, -1).scaled(sign))])
        body = tidy(sift(e, inner))
        if not undecided(body, step.name, inner):
            ends = [end.plus(Affine(-sign * k)).expr() for k in range(lags)]
            cases = [(at_end(e, step.name, x, facts), Rel("=", Ref(step.name), x)) for x in ends]
            last = Rel("<" if sign > 0 else ">", Ref(step.name), ends[-1])
            return Cases((*cases, (body, last)))
    return e


def at_end(e: Expr, letter: str, at: Expr, facts: Facts) -> Expr:
    """The recursion at one of the last states."""
    form = affine(at)
    assert form is not None
    known = tuple(Condition(c.form.with_value(letter, form), c.equality) for c in facts.known)
    return tidy(sift(shift(e, {letter: at}), Facts(known, facts.sizes)))


def undecided(e: Expr, letter: str, facts: Facts) -> bool:
    """Has `e` a bracket on the step that keeps a later state out at some steps only?"""
    for x in walk(e):
        if isinstance(x, Mul) and any(isinstance(f, Partial) for f in walk(x)):
            for f in x.factors:
                for c in conjuncts(f) if isinstance(f, Iverson) else ():
                    known = conditions(c) if letter in names(c) else None
                    if known is not None and not all(map(facts.imply, known)):
                        return True
    return False


def before_the_end(local: Derivation, step: Index, sign: int, facts: Facts) -> Derivation:
    """∂h_{t+1}/∂h_t for the steps that have a next one, without the bracket that says so."""
    consumer = local.goal.of
    end = affine(step.range.hi if sign > 0 else step.range.lo)
    if end is None or not isinstance(consumer, Ref):
        return local
    forms = [f for i in consumer.indices if (f := affine(i)) is not None]
    ahead = max((f.constant * sign for f in forms if f.by == {step.name: 1}), default=0)
    last = end.plus(Affine(-sign * ahead))
    room = last.plus(Affine(0, ((step.name, 1),)), -1).scaled(sign)
    found = tidy(sift(local.answer, facts.plus([Condition(room)])))
    if ahead <= 0 or found == local.answer:
        return local
    lo, hi = (step.range.lo, last.expr()) if sign > 0 else (last.expr(), step.range.hi)
    return replace(
        local,
        steps=(replace(local.steps[0], after=found),),
        indices=tuple(i for i in local.indices if i.name != step.name),
        within=(*local.within, Bound(step.name, lo, hi)),
    )


# -- the closed form ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Closed:
    """The gradient of a state at its own letters, without any other state's gradient."""

    node: Ref
    formula: Expr

    def at(self, entry: Ref) -> Expr:
        """The formula at another entry."""
        letters = (i.name for i in self.node.indices if isinstance(i, Ref))
        return shift(self.formula, dict(zip(letters, entry.indices, strict=True)))


def coefficient(local: Expr, step: Index, sign: int, facts: Facts) -> Expr | None:
    """The factor ∂h_{t+1}/∂h_t where h_{t+1} exists; None where more brackets depend on t."""
    end = affine(step.range.hi if sign > 0 else step.range.lo)
    if end is None:
        return None
    room = end.plus(Affine(-sign)).plus(Affine(0, ((step.name, 1),)), -1).scaled(sign)
    found = tidy(sift(local, facts.plus([Condition(room)])))
    brackets = (x for x in walk(found) if isinstance(x, Iverson))
    return None if any(step.name in names(b) for b in brackets) else found


@dataclass(frozen=True)
class Transition:
    """c M, the derivative of the entry p of a state by the entry i of the state before it: M_{pi}
    is an entry of a matrix of this size, c a number, and neither depends on the step."""

    number: Expr
    entry: Ref
    row: Bound
    column: str

    def power(self, exponent: Expr, direct: Expr) -> Expr:
        """Σ_p c^k (M^k)_{pi} d_p."""
        number = self.number if self.number == ONE else Pow(self.number, exponent)
        assert self.row.hi is not None
        matrix = power(self.entry, self.row.hi, exponent)
        return Reduce("sum", (self.row,), product(number, matrix, direct))


def transition(
    factor: Expr,
    consumer: Ref,
    bounds: tuple[Bound, ...],
    node: Ref,
    indices: Sequence[Index],
    step: Index,
    sign: int,
) -> Expr | Transition | None:
    """What a state is multiplied by for the next one: a number, or a matrix that is the same at
    every step; None where it is neither."""
    following = shift(node, {step.name: Affine(sign, ((step.name, 1),)).expr()})
    if consumer == following and not bounds:
        return factor
    assert isinstance(following, Ref)
    moved = [(a, b) for a, b in zip(consumer.indices, following.indices, strict=True) if a != b]
    if consumer.name != following.name or len(bounds) != 1 or len(moved) != 1:
        return None
    (row,), ((p, i),) = bounds, moved
    factors = factor.factors if isinstance(factor, Mul) else (factor,)
    entries = [f for f in factors if isinstance(f, Ref) and {p, i} == {*f.indices[-2:]}]
    own = next((x for x in indices if i == Ref(x.name)), None)
    if p != Ref(row.name) or row.conds or own is None or len(entries) != 1:
        return None
    rest = product(*(f for f in factors if f is not entries[0]))
    beside = names(rest).union(*map(names, entries[0].indices[:-2]))
    fixed = step.name not in names(factor)
    square = own.range.lo == ONE == row.lo and row.hi == own.range.hi
    if not square or not fixed or {row.name, own.name} & beside:
        return None
    return Transition(rest, entries[0], row, own.name)


def unrolled(
    direct: Expr,
    factor: Expr | Transition,
    step: Index,
    sign: int,
    facts: Facts,
    avoid: frozenset[str],
) -> Expr:
    r"""Σ_k c^{k-t} d_k over the states from t on; of vectors Σ_k Σ_p (M^{k-t})_{pi} d_{kp}.

    >>> from symgrad.index import Range
    >>> from symgrad.latex import latex
    >>> step = Index("t", Range(ONE, Ref("T")))
    >>> facts = Facts(sizes=frozenset("T")).within([step])
    >>> d = Ref("d", (Ref("t"),))
    >>> latex(unrolled(d, Ref("a"), step, 1, facts, frozenset("adT")))
    '\\sum_{k=t}^{T} a^{k - t} d_k'
    >>> latex(unrolled(d, Ref("a", (Add((Ref("t"), ONE)),)), step, 1, facts, frozenset("adT")))
    '\\sum_{k=t}^{T} \\left(\\prod_{s=t+1}^{k} a_s\\right)\\, d_k'
    """
    t = step.name
    read = names(factor.power(ONE, ONE) if isinstance(factor, Transition) else factor)
    taken = avoid | names(direct) | read | {t}
    k = fresh("k", taken)
    s = fresh("s", taken | {k})
    gap = Affine(0, ((k, sign), (t, -sign)))
    span = Bound(k, Ref(t), step.range.hi) if sign > 0 else Bound(k, step.range.lo, Ref(t))
    there = shift(direct, {t: Ref(k)})
    if isinstance(factor, Transition):
        at = shift(there, {factor.column: Ref(factor.row.name)})
        body = factor.power(gap.expr(), at)
        return settle(Reduce("sum", (span,), body), facts, avoid | {t})
    if t in free_names(factor):
        low = Affine(1, ((t, 1),)).expr() if sign > 0 else Ref(k)
        high = Ref(k) if sign > 0 else Affine(-1, ((t, 1),)).expr()
        each = shift(factor, {t: Affine(-sign, ((s, 1),)).expr()})
        weight: Expr = Reduce("prod", (Bound(s, low, high),), each)
    else:
        weight = ONE if factor == ONE else Pow(factor, gap.expr())
    body = product(weight, there)
    return settle(Reduce("sum", (span,), body), facts, avoid | {t})


def put_closed(
    e: Expr, found: Callable[[Partial], Expr | None], facts: Facts, taken: frozenset[str]
) -> Expr:
    """`e` with the gradients of states in their closed form, one sum around all factors."""

    def one(x: Expr) -> Expr:
        new = found(x) if isinstance(x, Partial) else None
        return x if new is None else new

    return settle(transform(distinct_bounds(e, taken), one), facts, taken)


def settle(e: Expr, facts: Facts, taken: frozenset[str]) -> Expr:
    """Tidied, with sums around their factors, brackets solved, equal bases as one power."""
    opened = transform(distinct_bounds(tidy(e), taken), lambda x: into_sum(one_term(x)))
    inside = distinct_bounds(opened, taken)
    neat = powers_joined(tidy(sift(tidy(transform(inside, join_powers)), facts)))
    return distinct_bounds(out_of_sums(neat), taken)


def gradients_last(e: Expr) -> Expr:
    """∂L/∂h a = a ∂L/∂h in every summand that is a product: the coefficient first."""
    match e:
        case Add(terms=terms):
            return Add(tuple(map(gradients_last, terms)))
        case Neg(arg=a):
            return Neg(gradients_last(a))
        case Mul(factors=(Partial() as first, *rest)):
            return Mul((*rest, first))
    return e


def one_term(e: Expr) -> Expr:
    """Σ_{k=a}^{a} f(k) = f(a)."""
    match e:
        case Reduce(op="sum", bounds=(Bound(name=k, lo=lo, hi=hi, conds=()),)) if lo and lo == hi:
            return shift(e.body, {k: lo})
    return e


def into_sum(e: Expr) -> Expr:
    """a (Σ_k b_k) c = Σ_k a b_k c, the letter of the sum kept apart from a and c."""
    if not isinstance(e, Mul):
        return e
    sums = [f for f in e.factors if isinstance(f, Reduce) and f.op == "sum"]
    if len(sums) != 1:
        return e
    at = e.factors.index(sums[0])
    before, after = e.factors[:at], e.factors[at + 1 :]
    others = frozenset[str]().union(*(names(f) for f in (*before, *after)))
    inner = distinct_bounds(sums[0], others)
    assert isinstance(inner, Reduce)
    return Reduce("sum", inner.bounds, product(*before, inner.body, *after))


def join_powers(e: Expr) -> Expr:
    """a a^{k-1} = a^k."""
    if not isinstance(e, Mul):
        return e
    exponents: dict[Expr, Affine] = {}
    for f in e.factors:
        base, exp = (f.base, affine(f.exp)) if isinstance(f, Pow) else (f, Affine(1))
        if exp is not None:
            exponents[base] = exponents.get(base, Affine(0)).plus(exp)
    out: list[Expr] = []
    for f in e.factors:
        base = f.base if isinstance(f, Pow) else f
        total = exponents.get(base)
        if total is None or not total.coefficients:
            out.append(f)
        elif f == next(g for g in e.factors if (g.base if isinstance(g, Pow) else g) == base):
            out.append(Pow(base, total.expr()) if total != Affine(1) else base)
    return product(*out)
