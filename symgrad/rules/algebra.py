r"""Tidying: the identities that leave a formula as a person would write it.

Each rule looks at one node whose parts are tidy already and gives a simpler equal formula, or
None. The author's order is kept; nothing is expanded; like terms and equal factors are
collected, signs go into differences: ``-(y - \hat y)`` becomes ``\hat y - y``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from operator import is_

from symgrad.affine import shift
from symgrad.expr import (
    ONE,
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
    canonical,
    children,
    constant,
    num,
    rebuild,
)
from symgrad.rules.plain import negate, product, total
from symgrad.rules.quotients import (
    MOST_POWER,
    base_and_exponent,
    fraction_after_factor,
    number_into_fraction,
    tidy_quotient,
)

Rewrite = Callable[[Expr], Expr | None]


def tidy(e: Expr) -> Expr:
    r"""`e` after every rule, innermost first.

    >>> from symgrad.expr import Ref
    >>> from symgrad.latex import latex
    >>> latex(tidy(Neg(Add((Ref("y"), Neg(Ref(r"\hat y")))))))
    '\\hat y - y'
    """
    if isinstance(e, Ref):
        return e  # subscripts have their own form, see `index.tidy_indices`
    if TIDY.get(id(e)) is e:
        return e
    if isinstance(e, Bound):
        return Bound(e.name, _end(e.lo), _end(e.hi), tuple(tidy(c) for c in e.conds))
    kids = children(e)
    if kids:
        new = [tidy(k) for k in kids]
        if not all(map(is_, kids, new)):
            e = rebuild(e, new)
    for rule in RULES.get(type(e), ()):
        better = rule(e)
        if better is not None and better != e:
            return tidy(better)
    if len(TIDY) >= MOST_TIDY:
        TIDY.clear()
    TIDY[id(e)] = e
    return e


TIDY: dict[int, Expr] = {}
"""Formulas that are known to be tidy, by identity: most parts of what is tidied next are."""
MOST_TIDY = 20_000


def _end(e: Expr | None) -> Expr | None:
    """An end of a range: max(1, 3) worked out; a negative number stays a number."""
    out = e if e is None else tidy(e)
    return Num(-out.arg.value) if isinstance(out, Neg) and isinstance(out.arg, Num) else out


def flatten_sum(e: Expr) -> Expr | None:
    """a + (b + c) = a + b + c; -(b - c) inside a sum gives its terms with signs turned."""
    assert isinstance(e, Add)
    out: list[Expr] = []
    for term in e.terms:
        inner = term.arg if isinstance(term, Neg) else term
        if isinstance(inner, Add):
            out += [negate(t) for t in inner.terms] if isinstance(term, Neg) else inner.terms
        else:
            out.append(term)
    return None if len(out) == len(e.terms) else Add(tuple(out))


def collect_terms(e: Expr) -> Expr | None:
    """a + a = 2a, x y + y x = 2 x y, a - a = 0, numbers added; a term keeps its first place."""
    assert isinstance(e, Add)
    weights: dict[object, Fraction] = {}
    bodies: dict[object, Expr] = {}
    for term in e.terms:
        weight, body = coefficient(term)
        key = unordered(canonical(body))
        weights[key] = weights.get(key, Fraction(0)) + weight
        bodies.setdefault(key, body)
    if len(weights) == len(e.terms) and all(weights.values()):
        return e.terms[0] if len(e.terms) == 1 else None
    terms = [scale(w, bodies[k]) for k, w in weights.items() if w]
    if not terms:
        return ZERO
    return terms[0] if len(terms) == 1 else Add(tuple(terms))


def unordered(e: Expr) -> object:
    """What a product is whatever the order of its factors: x y and y x are like terms."""
    if isinstance(e, Reduce):
        return e.op, e.bounds, unordered(e.body)
    return frozenset(Counter(e.factors).items()) if isinstance(e, Mul) else e


def join_cases(e: Expr) -> Expr | None:
    """Cases over the same conditions are added branch by branch."""
    assert isinstance(e, Add)
    whole = [t for t in e.terms if isinstance(t, Cases)]
    for k, a in enumerate(whole):
        conds = [c for _, c in a.branches]
        for b in whole[k + 1 :]:
            if [c for _, c in b.branches] == conds:
                pairs = zip(a.branches, b.branches, strict=True)
                joined = Cases(tuple((total(x, y), c) for (x, c), (y, _) in pairs))
                rest = [joined if t is a else t for t in e.terms if t is not b]
                return rest[0] if len(rest) == 1 else Add(tuple(rest))
    return None


def coefficient(e: Expr) -> tuple[Fraction, Expr]:
    """The rational factor of a term, and the rest."""
    match e:
        case Num(value=v):
            return v, ONE
        case Neg(arg=a):
            w, body = coefficient(a)
            return -w, body
        case Mul(factors=(Num(value=v), *rest)):
            return v, rest[0] if len(rest) == 1 else Mul(tuple(rest))
    return Fraction(1), e


def scale(weight: Fraction, body: Expr) -> Expr:
    """weight · body, sign outside."""
    if isinstance(body, Num):
        return signed(Num(weight * body.value))
    size = abs(weight)
    if size == 1:
        out: Expr = body
    else:
        factors = body.factors if isinstance(body, Mul) else (body,)
        out = Mul((num(size), *factors))
    return Neg(out) if weight < 0 else out


def signed(e: Expr) -> Expr:
    """A negative number is minus a positive one: one spelling for each number."""
    assert isinstance(e, Num)
    return Neg(Num(-e.value)) if e.value < 0 else e


def leading_gain(e: Expr) -> Expr | None:
    r"""-y + \hat y = \hat y - y: a sum starts with a gain when it has one."""
    assert isinstance(e, Add)
    if not isinstance(e.terms[0], Neg):
        return None
    gains = [t for t in e.terms if not _is_loss(t)]
    losses = [t for t in e.terms if _is_loss(t)]
    return Add((*gains, *losses)) if gains and losses else None


def _is_loss(e: Expr) -> bool:
    return isinstance(e, Neg) or (isinstance(e, Num) and e.value < 0)


def sign_into_difference(e: Expr) -> Expr | None:
    """-(a - b) = b - a, also for a difference that is a factor; 1 - a² stays as it is written."""
    assert isinstance(e, Neg)
    match e.arg:
        case Neg(arg=a):
            return a
        case Num(value=v) if v <= 0:
            return Num(-v)
        case Add():
            return _turned(e.arg)
        case Mul(factors=fs):
            for k, f in enumerate(fs):
                known = isinstance(f, Add) and not isinstance(f.terms[0], Num)
                turned = _turned(f) if isinstance(f, Add) and known else None
                if turned is not None:
                    return Mul((*fs[:k], turned, *fs[k + 1 :]))
    return None


def _turned(e: Add) -> Expr | None:
    if not any(isinstance(t, Neg) for t in e.terms):
        return None
    terms = [negate(t) for t in e.terms]
    gains = [t for t in terms if not _is_loss(t)]
    return Add((*gains, *(t for t in terms if _is_loss(t)))) if gains else None


def flatten_product(e: Expr) -> Expr | None:
    """a (b c) = a b c, with numbers multiplied in front and signs outside."""
    assert isinstance(e, Mul)
    weight = Fraction(1)
    rest: list[Expr] = []
    for f in e.factors:
        w, body = coefficient(f)
        weight *= w
        rest += body.factors if isinstance(body, Mul) else () if body == ONE else (body,)
    if not weight:
        return ZERO
    return scale(weight, Mul(tuple(rest)) if len(rest) > 1 else rest[0] if rest else ONE)


def collect_factors(e: Expr) -> Expr | None:
    """x x = x²; a bracket times itself is the bracket."""
    assert isinstance(e, Mul)
    powers: dict[Expr, int] = {}
    for f in e.factors:
        base, exp = base_and_exponent(f)
        powers[base] = 1 if isinstance(base, Iverson) else powers.get(base, 0) + exp
    if len(powers) == len(e.factors):
        return _raised(e.factors)
    factors = tuple(b if n == 1 else Pow(b, num(n)) for b, n in powers.items() if n)
    return factors[0] if len(factors) == 1 else Mul(factors) if factors else ONE


def _raised(factors: tuple[Expr, ...]) -> Expr | None:
    """x x^{n-1} = x^n, where a name stands in the exponent."""
    for k, f in enumerate(factors):
        if not isinstance(f, Pow) or isinstance(f.exp, Num):
            continue
        for m, g in enumerate(factors):
            base, n = base_and_exponent(g)
            if m != k and base == f.base and not isinstance(base, Num | Iverson):
                at, gone = min(k, m), max(k, m)
                power = Pow(base, tidy(total(f.exp, num(n))))
                return product(*factors[:at], power, *factors[at + 1 : gone], *factors[gone + 1 :])
    return None


def logistic_identity(e: Expr) -> Expr | None:
    r"""(\frac{1-y}{1-p} - \frac yp) p (1 - p) = p - y: cross-entropy after a sigmoid."""
    assert isinstance(e, Mul)
    for k, f in enumerate(e.factors):
        match f:
            case Add(terms=(Div(num=a, den=b), Neg(arg=Div(num=c, den=d)))):
                others = list(e.factors[:k] + e.factors[k + 1 :])
                if b not in others or d not in others:
                    continue
                others.remove(b)
                others.remove(d)
                if (a, b) == (one_minus(c), one_minus(d)):
                    return product(Add((d, Neg(c))), *others)
                if (c, d) == (one_minus(a), one_minus(b)):
                    return product(Add((a, Neg(b))), *others)
    return None


def one_minus(e: Expr) -> Expr:
    """1 - e."""
    return Add((ONE, Neg(e)))


def tidy_power(e: Expr) -> Expr | None:
    """x^1 = x, x^0 = 1, √x² = x, (x²)³ = x⁶, whole powers of numbers worked out."""
    assert isinstance(e, Pow)
    if not isinstance(e.exp, Num) or e.exp.value.denominator != 1:
        return None
    n = int(e.exp.value)
    if n == 1:
        return e.base
    match e.base:
        case Call(fn="sqrt", args=(x,)) if n % 2 == 0:
            return Pow(x, num(n // 2))
        case Pow() if n > 0 and base_and_exponent(e.base)[1] > 1:
            base, inner = base_and_exponent(e.base)
            return Pow(base, num(inner * n))
    if n == 0:
        return ONE
    if isinstance(e.base, Num) and e.base.value and abs(n) <= MOST_POWER:
        return Num(e.base.value**n)
    return None


def sum_of_nothing(e: Expr) -> Expr | None:
    """Σ 0 = 0, Σ over no index = body."""
    assert isinstance(e, Reduce)
    if e.op != "sum":
        return None
    if not e.bounds:
        return e.body
    return ZERO if e.body == ZERO else None


def short_range(e: Expr) -> Expr | None:
    """Σ_{i=a}^{a} f(i) = f(a), alike for Π, max and min; Σ over no number is 0, Π is 1."""
    assert isinstance(e, Reduce)
    for k, b in enumerate(e.bounds):
        if b.lo is None or b.hi is None or b.conds:
            continue
        low, high = constant(b.lo), constant(b.hi)
        if e.op in EMPTY and low is not None and high is not None and high < low:
            return EMPTY[e.op]
        if b.lo == b.hi:
            before, after = e.bounds[:k], e.bounds[k + 1 :]
            inner = shift(Reduce(e.op, after, e.body) if after else e.body, {b.name: b.lo})
            return Reduce(e.op, before, inner) if before else inner
    return None


EMPTY: dict[str, Expr] = {"sum": ZERO, "prod": ONE}
"""What is left of nothing."""


def number_out_of_sum(e: Expr) -> Expr | None:
    """Σ 2x = 2 Σ x, Σ -x = -Σ x."""
    assert isinstance(e, Reduce)
    weight, body = coefficient(e.body)
    if e.op != "sum" or weight == 1 or body == ONE:
        return None
    return scale(weight, Reduce("sum", e.bounds, body))


def nest_sums(e: Expr) -> Expr | None:
    """Σ_i Σ_j x is one sum over i and j."""
    assert isinstance(e, Reduce)
    match e.body:
        case Reduce(op=op, bounds=inner, body=body) if op == e.op and op in ("sum", "max", "min"):
            taken = {b.name for b in e.bounds}
            if not any(b.name in taken for b in inner):
                return Reduce(op, e.bounds + inner, body)
    return None


def decide_bracket(e: Expr) -> Expr | None:
    """[2 > 1] = 1; conditions that hold are dropped."""
    assert isinstance(e, Iverson)
    conds = e.cond.conds if isinstance(e.cond, And) else (e.cond,)
    left = []
    for c in conds:
        truth = decided(c)
        if truth is False:
            return ZERO
        if truth is None:
            left.append(c)
    if not left:
        return ONE
    return (
        None
        if len(left) == len(conds)
        else Iverson(left[0] if len(left) == 1 else And(tuple(left)))
    )


def decided(cond: Expr) -> bool | None:
    """The truth of a comparison of two numbers, or of a thing with itself; else None."""
    if not isinstance(cond, Rel):
        return None
    a, b = cond.lhs, cond.rhs
    if a == b:
        return cond.op in ("=", "<=", ">=")
    x, y = constant(a), constant(b)
    if x is None or y is None:
        return None
    return {"=": x == y, "!=": x != y, "<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[cond.op]


def empty_cases(e: Expr) -> Expr | None:
    """Cases that all have one value are that value."""
    assert isinstance(e, Cases)
    values = {value for value, _ in e.branches}
    covered = e.branches[-1][1] is None
    return e.branches[0][0] if len(values) == 1 and covered else None


def extreme_of_numbers(e: Expr) -> Expr | None:
    """max(1, 3) = 3, ⌊5/2⌋ = 2; max(1, 3, x) = max(3, x)."""
    assert isinstance(e, Call)
    if e.fn in ("floor", "ceil") and isinstance(e.args[0], Num):
        v = e.args[0].value
        return num(v.__floor__() if e.fn == "floor" else v.__ceil__())
    if e.fn not in ("max", "min"):
        return None
    numbers = [a for a in e.args if isinstance(a, Num)]
    if len(numbers) < 2 and len(e.args) > 1:
        return None
    if len(e.args) == 1:
        return e.args[0]
    best = (max if e.fn == "max" else min)(numbers, key=lambda a: a.value)
    rest = tuple(dict.fromkeys(best if isinstance(a, Num) else a for a in e.args))
    return rest[0] if len(rest) == 1 else Call(e.fn, rest, e.spelling)


RULES: dict[type[Expr], tuple[Rewrite, ...]] = {
    Num: (signed,),
    Add: (flatten_sum, collect_terms, join_cases, leading_gain),
    Neg: (sign_into_difference,),
    Mul: (
        flatten_product,
        collect_factors,
        number_into_fraction,
        logistic_identity,
        fraction_after_factor,
    ),
    Div: (tidy_quotient,),
    Pow: (tidy_power,),
    Reduce: (sum_of_nothing, short_range, number_out_of_sum, nest_sums),
    Iverson: (decide_bracket,),
    Cases: (empty_cases,),
    Call: (extreme_of_numbers,),
}
"""Which rules look at which node, in order."""
