r"""What the terms of a sum have in common, in front of it: p d - p Σ_k q_k = p (d - Σ_k q_k).

A term is a number, factors above a fraction bar and powers of factors below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from symgrad.expr import (
    ONE,
    Add,
    And,
    Call,
    Div,
    Expr,
    Iverson,
    Mul,
    Neg,
    Num,
    Pow,
    Reduce,
    Ref,
    canonical,
    names,
    nodes,
    num,
    substitute,
)
from symgrad.rules.algebra import tidy
from symgrad.rules.forms import out_of_sums
from symgrad.rules.plain import negate, product, total
from symgrad.rules.quotients import HALF, base_and_exponent, raised

Powers = tuple[tuple[Expr, Fraction], ...]
"""Factors and how often they occur, each once, in the order of the formula."""


@dataclass(frozen=True)
class Parts:
    """weight · above / below."""

    weight: Fraction
    above: Powers
    below: Powers

    @property
    def bar(self) -> list[Expr]:
        """The factors below the bar, names before roots and sums."""
        ordered = sorted(self.below, key=lambda p: not isinstance(p[0], Ref) or p[1] < 1)
        return [raised(b, n) for b, n in ordered]

    @property
    def formula(self) -> Expr:
        """The product: short factors stand above the bar, sums and brackets behind it."""
        above, below = [raised(b, n) for b, n in self.above], self.bar
        size = abs(self.weight)
        if size.denominator != 1 and below:
            below.insert(0, num(size.denominator))
            size = Fraction(size.numerator)
        if below:
            short = [f for f in above if isinstance(f, Ref | Pow | Call)]
            long = [f for f in above if not isinstance(f, Ref | Pow | Call)]
            front = [num(size)] if size != 1 else []
            found = product(Div(product(*front, *short), product(*below)), *long)
        else:
            found = product(num(size), *above) if size != 1 or not above else product(*above)
        return negate(found) if self.weight < 0 else found


def parts(e: Expr) -> Parts:
    r"""The parts of a product.

    >>> from symgrad.latex import latex
    >>> root = Call("sqrt", (Ref("v"),))
    >>> found = parts(Mul((num(2), Div(Ref("x"), root))))
    >>> found.weight, [latex(b) for b, _ in found.above], found.below
    (Fraction(2, 1), ['x'], ((Ref(name='v', indices=()), Fraction(1, 2)),))
    """
    match e:
        case Num(value=v):
            return Parts(v, (), ())
        case Neg(arg=a):
            inner = parts(a)
            return Parts(-inner.weight, inner.above, inner.below)
        case Mul(factors=factors):
            found = Parts(Fraction(1), (), ())
            for f in factors:
                more = parts(f)
                below = gathered((*found.below, *more.below))
                found = Parts(found.weight * more.weight, (*found.above, *more.above), below)
            return Parts(found.weight, gathered(found.above), found.below)
        case Div(num=a, den=b):
            over, under = parts(a), parts(b)
            if under.weight and not under.below:
                roots = tuple(_rooted(x, n) for x, n in under.above)
                below = gathered((*over.below, *roots))
                return Parts(over.weight / under.weight, over.above, below)
        case Iverson(cond=And(conds=conds)):
            return Parts(Fraction(1), tuple((Iverson(c), Fraction(1)) for c in conds), ())
    base, n = base_and_exponent(e)
    if n > 1 and isinstance(base, Div | Mul):
        inner = parts(base)
        above, below = (tuple((b, n * m) for b, m in p) for p in (inner.above, inner.below))
        return Parts(inner.weight**n, above, below)
    return Parts(Fraction(1), ((base, Fraction(n)),), ())


def _rooted(base: Expr, n: Fraction) -> tuple[Expr, Fraction]:
    """√x below the bar is x to the power ½."""
    match base:
        case Call(fn="sqrt", args=(x,)):
            return x, n * HALF
    return base, n


def gathered(powers: Iterable[tuple[Expr, Fraction]]) -> Powers:
    """Equal factors once, with their exponents added; brackets are their own powers."""
    found: dict[Expr, tuple[Expr, Fraction]] = {}
    for base, n in powers:
        key = canonical(base)
        more = found.get(key, (base, Fraction(0)))[1]
        found[key] = (found.get(key, (base, n))[0], n if isinstance(base, Iverson) else more + n)
    return tuple(found.values())


def without(powers: Powers, taken: Powers) -> Powers | None:
    """The powers that are left when some are taken out; None where they are not all there."""
    left = {canonical(b): (b, n) for b, n in powers}
    for base, n in taken:
        key = canonical(base)
        if key not in left or left[key][1] < n:
            return None
        rest = left[key][1] - n
        if rest and not isinstance(base, Iverson):
            left[key] = (left[key][0], rest)
        else:
            del left[key]
    return tuple(left.values())


def common(terms: Sequence[Powers]) -> Powers:
    """The powers that all terms have."""
    first, *others = terms
    tables = [{canonical(b): n for b, n in powers} for powers in others]
    shared: list[tuple[Expr, Fraction]] = []
    for base, n in first:
        least = min([n, *(t.get(canonical(base), Fraction(0)) for t in tables)])
        if least > 0:
            shared.append((base, least))
    return tuple(shared)


def shared(e: Expr) -> Expr:
    r"""`e` with what the terms of its outermost sums have in common in front of them.

    >>> from symgrad.latex import latex
    >>> p, q, d = Ref("p"), Ref("q"), Ref(r"\delta")
    >>> latex(shared(Add((Mul((d, p)), Neg(Mul((p, q)))))))
    'p\\, (\\delta - q)'
    """
    match e:
        case Neg(arg=a):
            return tidy(Neg(shared(a)))
        case Reduce(op="sum", bounds=bounds, body=body):
            inner = shared(body)
            return e if inner == body else out_of_sums(tidy(Reduce("sum", bounds, inner)))
        case Mul(factors=factors):
            inside = [shared(f) if _of_sums(f) else f for f in factors]
            return e if tuple(inside) == factors else tidy(product(*inside))
        case Add(terms=terms):
            apart = [_undivided(out_of_sums(t)) for t in terms]
            once = _sums_joined(apart)
            whole = tidy(total(*once)) if len(once) < len(apart) else None
            if whole is not None and not isinstance(whole, Add):
                return shared(whole)
            return _in_front(once) or whole or e
    return e


def _in_front(terms: Sequence[Expr]) -> Expr | None:
    """The sum as a product, if its terms have anything in common."""
    split = [parts(t) for t in terms]
    above, below = common([p.above for p in split]), common([p.below for p in split])
    most = _of_most(split, below)
    number = _content([p.weight for p in split])
    plain = not below and not most and number == 1
    if plain and all(isinstance(b, Iverson) for b, _ in above):
        return None  # nothing in common, or brackets alone
    inner: list[Expr] = []
    for p in split:
        rest = without(p.below, below)
        assert rest is not None
        lacking = without(rest, most)
        over = p.above if lacking is not None else gathered((*most, *p.above))
        own = without(over, above)
        assert own is not None
        inner.append(Parts(p.weight / number, own, rest if lacking is None else lacking).formula)
    inner.sort(key=lambda t: (isinstance(t, Neg), nodes(t)))
    front = Parts(number, above, gathered((*most, *below)))
    divided = sum(1 for p in split if without(p.below, below))
    if not above and not most and (divided > 1 or (divided and not below)):
        return None
    if below and not above and not most and any(t in (ONE, Neg(ONE)) for t in inner):
        return None  # 1/s - x²/s³ stays
    if front.below and not above and number == 1 and all(map(_is_name, inner)):
        return tidy(Div(total(*inner), product(*front.bar)))
    return tidy(product(front.formula, total(*inner)))


def _is_name(e: Expr) -> bool:
    return isinstance(e.arg if isinstance(e, Neg) else e, Ref)


def _undivided(e: Expr) -> Expr:
    """Σ_i a_i/s as (1/s) Σ_i a_i, so that s is seen."""
    match e:
        case Neg(arg=a):
            return Neg(_undivided(a))
        case Mul(factors=factors):
            return product(*(_undivided(f) if isinstance(f, Reduce) else f for f in factors))
        case Reduce(op="sum", bounds=bounds, body=Div(num=a, den=b)):
            if a != ONE and not {x.name for x in bounds} & names(b):
                return product(Div(ONE, b), Reduce("sum", bounds, a))
    return e


def _of_sums(e: Expr) -> bool:
    """A sum over an index, or several of them: no formula of the author's."""
    terms = e.terms if isinstance(e, Add) else (e,)
    return all(isinstance(t.arg if isinstance(t, Neg) else t, Reduce) for t in terms)


def _sums_joined(terms: Sequence[Expr]) -> list[Expr]:
    """Σ_i a_i x_i - Σ_i b_i x_i = Σ_i (a_i - b_i) x_i."""
    found: list[Expr] = []
    for t in terms:
        for k, before in enumerate(found):
            both = _one_sum(parts(before), parts(t))
            if both is not None:
                found[k] = both
                break
        else:
            found.append(t)
    return found


def _one_sum(a: Parts, b: Parts) -> Expr | None:
    """Two sums over one range as one, where their terms share a factor."""
    sums = [[x for x, n in p.above if isinstance(x, Reduce) and n == 1] for p in (a, b)]
    if any(len(own) != 1 or own[0].op != "sum" for own in sums) or abs(a.weight) != abs(b.weight):
        return None
    (first,), (second,) = sums
    outside = [tuple(x for x in p.above if not isinstance(x[0], Reduce)) for p in (a, b)]
    if without(outside[0], outside[1]) != () or without(a.below, b.below) != ():
        return None
    letters: dict[str, Expr] = {
        y.name: Ref(x.name) for x, y in zip(first.bounds, second.bounds, strict=False)
    }
    moved = substitute(Reduce("sum", (), second.body), letters)
    bounds = Reduce("sum", first.bounds, ONE), Reduce("sum", second.bounds, ONE)
    if canonical(bounds[0]) != canonical(bounds[1]) or not isinstance(moved, Reduce):
        return None
    bodies = parts(first.body).above, parts(moved.body).above
    bound = {x.name for x in first.bounds}
    if not any(bound & names(x) for x, _ in common(bodies)):
        return None
    sign = a.weight / b.weight
    inner = shared(tidy(Add((first.body, moved.body if sign > 0 else negate(moved.body)))))
    above = (*outside[0], (tidy(Reduce("sum", first.bounds, inner)), Fraction(1)))
    return tidy(Parts(a.weight, above, a.below).formula)


def _of_most(split: Sequence[Parts], below: Powers) -> Powers:
    """The sizes that more than half of three or more terms are divided by: N a - b - c over N."""
    if len(split) < 3:
        return ()
    rest = [without(p.below, below) or () for p in split]
    found: dict[Expr, int] = {}
    for powers in rest:
        for base, n in powers:
            if isinstance(base, Ref) and not base.indices and n == 1:
                found[base] = found.get(base, 0) + 1
    return tuple(
        (base, Fraction(1)) for base, times in found.items() if 2 * times > len(split) > times
    )


def _content(weights: Sequence[Fraction]) -> Fraction:
    """The number that all terms share: 2 of 2 a - 4 b, ½ of ½ a + ½ b."""
    if len({w.denominator for w in weights}) > 1:
        return Fraction(1)
    sign = -1 if all(w < 0 for w in weights) else 1
    return Fraction(sign * gcd(*(w.numerator for w in weights)), lcm(weights[0].denominator))
