r"""One summand of a normal form: a weight, a product of factors, and the points it runs over.

Σ_{i=1}^{n} δ_i x_{i+j-1} is the weight 1, the factors δ_{#0} and x_{#0 + j - 1}, the bound index
#0 and the conditions 1 ≤ #0 ≤ n: a bound index is called after the first subscript that it moves,
so renamed and shifted indices give the same term. An index that no factor reads is summed out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice, permutations, product
from math import gcd

from symgrad.affine import Affine, Condition
from symgrad.polynomial import Polynomial, polynomial

Key = tuple[str, str, int]
"""What a factor is: its kind, a name, the number of its template."""

MOST_ORDERS = 24
"""Orders of equal factors that are tried for the first one; more are left as they stand."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A tensor or an opaque quantity at affine integer places, to a whole power."""

    key: Key
    at: tuple[Affine, ...] = ()
    power: int = 1

    def put(self, values: Mapping[str, Affine]) -> Factor:
        """This factor with integer names replaced."""
        return Factor(self.key, tuple(put(a, values) for a in self.at), self.power)


@dataclass(frozen=True, slots=True)
class Term:
    """weight · Π factors, summed over the integer points of `bound` that satisfy `conds`."""

    weight: Polynomial
    factors: tuple[Factor, ...] = ()
    bound: tuple[str, ...] = ()
    conds: tuple[Condition, ...] = ()

    def put(self, values: Mapping[str, Affine]) -> Term:
        """This term with integer names replaced; bound ones only by other bound ones."""
        if not values:
            return self
        bound = tuple(values[b].coefficients[0][0] if b in values else b for b in self.bound)
        return Term(
            self.weight.put({n: polynomial(a) for n, a in values.items()}),
            tuple(f.put(values) for f in self.factors),
            bound,
            tuple(Condition(put(c.form, values), c.equality) for c in self.conds),
        )


Normal = tuple[Term, ...]


def straight(constant: int, coefficients: Mapping[str, int]) -> Affine:
    """The affine form with its names sorted: equal forms are equal records."""
    return Affine(constant, tuple(sorted((n, c) for n, c in coefficients.items() if c)))


def put(form: Affine, values: Mapping[str, Affine]) -> Affine:
    """`form` with names replaced, all at once."""
    if not any(n in values for n, _ in form.coefficients):
        return form
    total, by = form.constant, dict[str, int]()
    for name, c in form.coefficients:
        value = values.get(name)
        if value is None:
            by[name] = by.get(name, 0) + c
            continue
        total += c * value.constant
        for n, k in value.coefficients:
            by[n] = by.get(n, 0) + c * k
    return straight(total, by)


def tightened(c: Condition) -> Condition | bool:
    """The condition in lowest terms; True or False where it is decided."""
    coefficients = c.form.coefficients
    if not coefficients:
        return c.form.constant == 0 if c.equality else c.form.constant >= 0
    common = gcd(*(k for _, k in coefficients))
    sign = -1 if c.equality and min(coefficients)[1] < 0 else 1
    if c.equality and c.form.constant % common:
        return False
    constant = sign * c.form.constant // common
    by = {n: sign * k // common for n, k in coefficients}
    return Condition(straight(constant, by), c.equality)


def reduced(conds: Iterable[Condition]) -> tuple[Condition, ...] | None:
    """The conditions in lowest terms, the tightest of parallel ones; None if they contradict."""
    conds = tuple(conds)
    if not conds:
        return ()
    least: dict[tuple[tuple[str, int], ...], int] = {}
    equal: dict[Condition, None] = {}
    for c in conds:
        tight = tightened(c)
        if tight is True:
            continue
        if tight is False:
            return None
        assert isinstance(tight, Condition)
        if tight.equality:
            equal[tight] = None
            continue
        form = tight.form
        least[form.coefficients] = min(form.constant, least.get(form.coefficients, form.constant))
    kept: list[Condition] = []
    for coefficients, bound in least.items():
        opposite = tuple((n, -k) for n, k in coefficients)
        if opposite in least:
            room = bound + least[opposite]
            if room < 0:
                return None
            if room == 0:
                tight = tightened(Condition(Affine(bound, coefficients), equality=True))
                assert isinstance(tight, Condition)
                equal[tight] = None
                continue
        kept.append(Condition(Affine(bound, coefficients)))
    return tuple(sorted((*equal, *kept), key=order_of_condition))


def order_of_condition(c: Condition) -> tuple[object, ...]:
    """A total order of conditions."""
    return (not c.equality, c.form.coefficients, c.form.constant)


def order_of_factor(f: Factor) -> tuple[object, ...]:
    """A total order of factors."""
    return (f.key, f.power, tuple((a.coefficients, a.constant) for a in f.at))


def order_of_term(t: Term) -> tuple[object, ...]:
    """A total order of terms, whatever their weights."""
    return (
        tuple(order_of_factor(f) for f in t.factors),
        t.bound,
        tuple(order_of_condition(c) for c in t.conds),
    )


def combined(terms: Iterable[Term]) -> Normal:
    """The terms with like ones added, those of weight 0 dropped, in order."""
    found: dict[tuple[object, ...], Polynomial] = {}
    for t in terms:
        key = (t.factors, t.bound, t.conds)
        old = found.get(key)
        found[key] = t.weight if old is None else old.plus(t.weight)
    kept = [Term(w, *key) for key, w in found.items() if w]  # type: ignore[arg-type]
    if len(kept) < 2:
        return tuple(kept)
    return tuple(sorted(kept, key=order_of_term))


# -- bound indices ----------------------------------------------------------------------------


def settled(t: Term) -> Iterator[Term]:
    """The term in its normal form: equations solved, idle indices summed out, names given."""
    conds = reduced(t.conds)
    if conds is None or not t.weight:
        return
    if any(c.equality for c in conds):
        t = aligned(Term(t.weight, t.factors, t.bound, conds))
        conds = reduced(t.conds)
        if conds is None:
            return
    t = Term(t.weight, t.factors, t.bound, conds)
    if not t.bound:
        yield Term(t.weight, tuple(sorted(t.factors, key=order_of_factor)), (), conds)
        return
    solved = _without_equation(t)
    if solved is not None:
        yield from settled(solved)
        return
    t = min((_named(t, order) for order in _orders(t.factors)), key=order_of_term)
    idle = _idle(t)
    if idle is None:
        conds = reduced(t.conds)
        if conds is not None:
            yield Term(t.weight, t.factors, t.bound, conds)
        return
    for piece in _summed_out(t, idle):
        yield from settled(piece)


def aligned(t: Term) -> Term:
    """The term with equations between free integers put into everything but themselves:
    [i = j] x_i is [i = j] x_j."""
    done: list[Condition] = []
    while (c := next((c for c in t.conds if c.equality and c not in done), None)) is not None:
        done.append(c)
        if set(c.form.by) & set(t.bound):
            continue
        name = next((n for n, k in c.form.coefficients if abs(k) == 1), None)
        if name is None:
            continue
        k = c.form.by[name]
        rest = {n: -k * v for n, v in c.form.coefficients if n != name}
        value = {name: straight(-k * c.form.constant, rest)}
        t = Term(
            t.weight.put({name: polynomial(value[name])}),
            tuple(f.put(value) for f in t.factors),
            t.bound,
            tuple(o if o == c else Condition(put(o.form, value), o.equality) for o in t.conds),
        )
    return t


def _without_equation(t: Term) -> Term | None:
    """An equation solved for a bound index of coefficient ±1."""
    for c in t.conds:
        if not c.equality:
            break
        for name in t.bound:
            k = c.form.by.get(name, 0)
            if abs(k) == 1:
                rest = {n: -k * v for n, v in c.form.coefficients if n != name}
                value = {name: straight(-k * c.form.constant, rest)}
                return Term(
                    t.weight.put({name: polynomial(value[name])}),
                    tuple(f.put(value) for f in t.factors),
                    tuple(b for b in t.bound if b != name),
                    tuple(Condition(put(o.form, value), o.equality) for o in t.conds if o != c),
                )
    return None


def _orders(factors: Sequence[Factor]) -> Iterator[tuple[Factor, ...]]:
    """The factors sorted by what they are, in every order of those that are the same."""
    groups: dict[tuple[Key, int], list[Factor]] = {}
    for f in sorted(factors, key=order_of_factor):
        groups.setdefault((f.key, f.power), []).append(f)
    every = product(*(islice(permutations(g), MOST_ORDERS) for g in groups.values()))
    for choice in islice(every, MOST_ORDERS):
        yield tuple(chain.from_iterable(choice))


def _named(t: Term, factors: tuple[Factor, ...]) -> Term:
    """Each bound index called after the first subscript that it moves by one."""
    values: dict[str, Affine] = {}
    left = list(t.bound)
    count = 0
    for form in (a for f in factors for a in f.at):
        here = put(form, values)
        unit = [b for b in left if abs(here.by.get(b, 0)) == 1]
        if not unit:
            continue
        old, new = unit[-1], f"@{count}"
        count += 1
        k = here.by[old]
        rest = {n: -k * v for n, v in here.coefficients if n != old}
        value = straight(-k * here.constant, {**rest, new: k})
        values = {n: put(a, {old: value}) for n, a in values.items()} | {old: value}
        left.remove(old)
    for old in _by_appearance(left, factors, t.conds):
        value = Affine(0, ((f"@{count}", 1),))
        count += 1
        values = {n: put(a, {old: value}) for n, a in values.items()} | {old: value}
    final = {f"@{k}": Affine(0, ((f"#{k}", 1),)) for k in range(count)}
    values = {n: put(a, final) for n, a in values.items()}
    moved = tuple(f.put(values) for f in factors)
    conds = reduced(Condition(put(c.form, values), c.equality) for c in t.conds)
    weight = t.weight.put({n: polynomial(a) for n, a in values.items()})
    bound = tuple(f"#{k}" for k in range(count))
    if conds is None:
        conds = (Condition(Affine(-1)),)
    return Term(weight, tuple(sorted(moved, key=order_of_factor)), bound, conds)


def _by_appearance(
    left: Sequence[str], factors: Sequence[Factor], conds: Sequence[Condition]
) -> list[str]:
    """Bound indices in the order in which subscripts, then conditions mention them."""
    forms = [a for f in factors for a in f.at] + [c.form for c in conds]
    seen = dict.fromkeys(n for form in forms for n, _ in form.coefficients if n in left)
    return [*seen, *(n for n in left if n not in seen)]


def _idle(t: Term) -> str | None:
    """A bound index that no factor reads, and that conditions bound by whole steps."""
    read = {n for f in t.factors for a in f.at for n, _ in a.coefficients}
    for name in reversed(t.bound):
        if name in read:
            continue
        steps = [c.form.by[name] for c in t.conds if name in c.form.by]
        fixed = any(c.equality and name in c.form.by for c in t.conds)
        if not fixed and {1, -1} == set(steps):
            return name
    return None


def _summed_out(t: Term, name: str) -> Iterator[Term]:
    """Σ over an idle index: one term for each choice of its greatest lower and least upper end."""
    mine = [c.form for c in t.conds if name in c.form.by]
    others = tuple(c for c in t.conds if name not in c.form.by)
    lows = [_without(f, name, -1) for f in mine if f.by[name] == 1]
    highs = [_without(f, name, 1) for f in mine if f.by[name] == -1]
    bound = tuple(b for b in t.bound if b != name)
    for (a, lo), (b, hi) in product(enumerate(lows), enumerate(highs)):
        conds = [Condition(_gap(hi, lo, 1))]
        conds += [Condition(_gap(lo, o, -1 if k < a else 0)) for k, o in enumerate(lows) if k != a]
        conds += [Condition(_gap(o, hi, -1 if k < b else 0)) for k, o in enumerate(highs) if k != b]
        weight = t.weight.summed(name, polynomial(lo), polynomial(hi))
        yield Term(weight, t.factors, bound, (*others, *conds))


def _without(form: Affine, name: str, sign: int) -> Affine:
    """The end that a condition ±name + rest ≥ 0 states."""
    return straight(sign * form.constant, {n: sign * k for n, k in form.coefficients if n != name})


def _gap(a: Affine, b: Affine, more: int) -> Affine:
    """a - b + more, sorted."""
    form = a.plus(b, -1)
    return straight(form.constant + more, form.by)


def number(value: Fraction | int) -> Normal:
    """A number as a normal form."""
    weight = Polynomial((((), Fraction(value)),)) if value else Polynomial()
    return (Term(weight),) if value else ()
