r"""The arithmetic of normal forms: sums, products, inverses, powers, guards.

Products of sums are written out; what cannot be is refused (`Outgrown`), never cut. A guard
[e > 0] is 1 or 0, so its powers are itself; [e > 0] [e = 0] = 0, and under [e = 0] the first
quantity that e is linear in is replaced by the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import isqrt

from symgrad.affine import Affine, Condition
from symgrad.clock import now
from symgrad.normal.atoms import Atoms, leading, scaled, weight_only
from symgrad.normal.term import (
    Factor,
    Key,
    Normal,
    Term,
    aligned,
    combined,
    number,
    order_of_term,
    put,
    settled,
    straight,
)
from symgrad.points import Hidden, possible
from symgrad.polynomial import Outside, Polynomial, constant, polynomial, variable

MOST_TERMS = 2_000
MOST_POWER = 12
MOST_DEPTH = 30
GUARDS = ("pos", "zero", "equal")


class Outgrown(Outside):
    """A normal form too large, or too slow, to write out."""


@dataclass
class Algebra:
    """Arithmetic over one set of templates, within a budget of time."""

    atoms: Atoms = field(default_factory=Atoms)
    until: float = float("inf")
    known: tuple[Condition, ...] = ()
    """Facts about sizes and indices."""
    apart: bool = False
    """Is e^x / (1 + e^x) written 1 - 1/(1 + e^x) outside sums too?"""
    depth: int = 0

    # -- sums and products ------------------------------------------------------------------

    def total(self, parts: Iterable[Normal]) -> Normal:
        """a + b + …"""
        return self._small(combined(t for p in parts for t in p))

    def minus(self, a: Normal, b: Normal) -> Normal:
        """a - b."""
        return self.total((a, scaled(b, Fraction(-1))))

    def product(self, *parts: Normal) -> Normal:
        """a b …, written out."""
        out = number(1)
        for p in parts:
            if not out or not p:
                return ()
            if p == _ONE:
                continue
            out = p if out == _ONE else self._product(out, p)
        return out

    def _product(self, a: Normal, b: Normal) -> Normal:
        if len(a) * len(b) > MOST_TERMS:
            raise Outgrown(f"found a product of {len(a) * len(b)} terms")
        return self._small(combined(t for x in a for y in b for t in self._times(x, y)))

    def _times(self, a: Term, b: Term) -> Normal:
        if now() > self.until:
            raise Outgrown("found a formula that takes too long to write out")
        if a.bound and b.bound:
            b = b.put(self.atoms.apart(b))
        joined = Term(
            a.weight.times(b.weight), a.factors + b.factors, a.bound + b.bound, a.conds + b.conds
        )
        met = (a.factors and b.factors) or (joined.factors and joined.weight.names)
        return self.cleaned(joined) if met else tuple(settled(joined))

    def _small(self, e: Normal) -> Normal:
        if len(e) > MOST_TERMS:
            raise Outgrown(f"found {len(e)} terms")
        return e

    def cleaned(self, t: Term) -> Normal:
        """The term with equal factors merged, roots squared, guards applied; settled."""
        if any(c.equality for c in t.conds):
            t = aligned(t)
        powers: dict[tuple[Key, tuple[Affine, ...]], int] = {}
        for f in t.factors:
            powers[f.key, f.at] = powers.get((f.key, f.at), 0) + f.power
        self._exponents(powers)
        self._fractions(powers)
        t = self._divided(t, powers)
        kept: list[Factor] = []
        more: list[Normal] = []
        below = [which for which, n in powers.items() if which[0][0] == "sum" and n < 0]
        for key, at in below if t.bound or self.apart else ():
            if split := self._logistic(key, at, powers):
                powers[key, at] += 1
                more.append(split)
        for (key, at), n in powers.items():
            kind = key[0]
            if kind in GUARDS:
                kept.append(Factor(key, at))
            elif kind == "root" and n not in (0, 1):
                whole, odd = divmod(n, 2)
                kept += [Factor(key, at)] * odd
                more.append(self.power(self.atoms.inside(Factor(key, at)), whole))
            elif kind == "sin" and n > 1:
                kept += [Factor(key, at)] * (n % 2)
                cosine = self.opaque("cos", self.atoms.inside(Factor(key, at)))
                square = self.minus(_ONE, self.product(cosine, cosine))
                more.append(self.power(square, n // 2))
            elif kind == "sum" and n > 0:
                more.append(self.power(self.atoms.inside(Factor(key, at)), n))
            elif n:
                kept.append(Factor(key, at, n))
        if any(f.key[0] == "zero" and Factor(("pos", "", f.key[2]), f.at) in kept for f in kept):
            return ()
        rest = Term(t.weight, tuple(kept), t.bound, t.conds)
        if more:
            head = () if rest.bound else tuple(settled(rest))
            return self._bound_product(rest, rest.factors, self.product(*more), head)
        pinned = self._pinned(rest)
        return tuple(settled(rest)) if pinned is None else pinned

    def _logistic(
        self, key: Key, at: tuple[Affine, ...], powers: dict[tuple[Key, tuple[Affine, ...]], int]
    ) -> Normal:
        """e^x / (1 + e^x) as 1 - 1/(1 + e^x), by taking e^x out of `powers`; () elsewhere."""
        template = self.atoms.template(key[2])
        if len(template) != 2 or any(t.bound or t.conds for t in template):
            return ()
        number_, grown_ = sorted(template, key=lambda t: len(t.factors))
        c, scale = number_.weight.number, grown_.weight.number
        if number_.factors or not c or not scale or c / scale < 0:
            return ()
        values = {f"?{k}": a for k, a in enumerate(at)}
        parts = [f.put(values) for f in grown_.factors]
        for f in parts:
            if f.key[0] != "exp" or f.power < 1 or powers.get((f.key, f.at), 0) < f.power:
                return ()
        for f in parts:
            powers[f.key, f.at] -= f.power
        below = (Term(constant(-c / scale), (Factor(key, at, -1),)),)
        return combined((*number(1 / scale), *below))

    def _divided(self, t: Term, powers: dict[tuple[Key, tuple[Affine, ...]], int]) -> Term:
        """n x / n as x, for a size n in the weight."""
        weight = t.weight
        for (key, at), n in list(powers.items()):
            if not weight.names:
                break
            if key[0] == "sum" and n < 0 and len(at) == 1 and self.atoms.template(key[2]) == _HOLE:
                name = at[0].coefficients[0][0] if len(at[0].coefficients) == 1 else ""
                plain = at[0] == Affine(0, ((name, 1),))
                times = min((dict(m).get(name, 0) for m, _ in weight.terms), default=0)
                times = min(times, -n) if plain else 0
                weight = weight.over(name, times)
                powers[key, at] = n + times
        return Term(weight, t.factors, t.bound, t.conds)

    def _exponents(self, powers: dict[tuple[Key, tuple[Affine, ...]], int]) -> None:
        """a^e a^f = a^{e+f} for integer exponents e, f that have names."""
        bases: dict[tuple[Key, tuple[Affine, ...]], Affine] = {}
        for key, at in list(powers):
            if key[0] == "power":
                n = powers.pop((key, at))
                old = bases.get((key, at[:-1]), Affine(0)).plus(at[-1], n)
                bases[key, at[:-1]] = straight(old.constant, old.by)
        for (key, at), exponent in bases.items():
            base: Key = ("ref", key[1], 0)
            exponent = exponent.plus(Affine(powers.pop((base, at), 0)))
            if exponent.coefficients:
                powers[key, (*at, straight(exponent.constant, exponent.by))] = 1
            elif exponent.constant:
                powers[base, at] = exponent.constant

    def _fractions(self, powers: dict[tuple[Key, tuple[Affine, ...]], int]) -> None:
        """e^{a/2} e^{a/2} = e^a, e^{a/2} e^a = (e^{a/2})³: one power of one e^{a/q} for each a."""
        found = [which for which, n in powers.items() if which[0][0] == "exp" and n]
        if all(self._scale(key).denominator == 1 for key, _ in found):
            return
        whole: dict[Factor, Fraction] = {}
        for key, at in found:
            unit = self._rescaled(key, at, 1 / self._scale(key))
            n = powers.pop((key, at)) * self._scale(key)
            whole[unit] = whole.get(unit, Fraction(0)) + n
        for unit, total in whole.items():
            f = self._rescaled(unit.key, unit.at, Fraction(1, total.denominator))
            powers[f.key, f.at] = total.numerator

    def _scale(self, key: Key) -> Fraction:
        """c of the template e^{c a} of one product a; one for a symbolic or a great c."""
        value = self.atoms.template(key[2])[0].weight.number
        return value if value is not None and abs(value.numerator) == 1 else Fraction(1)

    def _rescaled(self, key: Key, at: tuple[Affine, ...], by: Fraction) -> Factor:
        """e^{a} as the quantity e^{by · a}."""
        if by == 1:
            return Factor(key, at)
        f = self.atoms.factor("exp", scaled(self.atoms.template(key[2]), by))
        return f.put({f"?{k}": a for k, a in enumerate(at)})

    def _pinned(self, t: Term) -> Normal | None:
        """Under [e = 0] with e = c v + rest, v is -rest/c; but [e = 0] e/e has no value there."""
        if any(f.power < 0 and f.key[0] != "exp" for f in t.factors):
            return None
        for guard in t.factors:
            if guard.key[0] != "zero":
                continue
            if now() > self.until:
                raise Outgrown("found equations that take too long to put in")
            pivot = self.pivot(guard)
            if pivot is None:
                continue
            monomial, value = pivot
            left = _without(t.factors, monomial)
            if left is None:
                continue
            head = tuple(settled(Term(t.weight, left, t.bound, t.conds)))
            self.depth += 1
            if self.depth > MOST_DEPTH:
                raise Outgrown("found equations that lead to one another")
            try:
                return self._bound_product(t, left, value, head)
            finally:
                self.depth -= 1
        return None

    def _bound_product(
        self, t: Term, left: tuple[Factor, ...], value: Normal, head: Normal
    ) -> Normal:
        """weight · left · value under the bound indices of `t`, which `value` may mention."""
        if not t.bound:
            return self.product(head, value)
        out: list[Term] = []
        for x in value:
            y = x.put(self.atoms.apart(x))
            joined = Term(
                t.weight.times(y.weight), left + y.factors, t.bound + y.bound, t.conds + y.conds
            )
            out += self.cleaned(joined)
        return combined(out)

    def pivot(self, guard: Factor) -> tuple[tuple[Factor, ...], Normal] | None:
        """The product that a guard's equation is solved for, a single quantity if there is one,
        and its value."""
        inside = self.atoms.inside(guard)
        largest = sorted(inside, key=order_of_term, reverse=True)
        for t in sorted(largest, key=lambda t: sum(f.power for f in t.factors) > 1):
            value = t.weight.number
            plain = bool(t.factors) and not t.bound and not t.conds
            if value is None or not plain or any(f.power < 0 for f in t.factors):
                continue
            if any(f.key[0] in GUARDS for f in t.factors):
                continue
            rest = tuple(o for o in inside if o is not t)
            mine = {(f.key, f.at) for f in t.factors}
            if not any((f.key, f.at) in mine for o in rest for f in o.factors):
                return t.factors, scaled(rest, -1 / value)
        return None

    # -- powers -----------------------------------------------------------------------------

    def power(self, e: Normal, n: int) -> Normal:
        """e^n for a whole number n."""
        if n < 0:
            return self.power(self.inverse(e), -n)
        if n > MOST_POWER and len(e) > 1:
            raise Outgrown(f"found the power {n} of a sum")
        if len(e) == 1 and not e[0].bound and not e[0].conds and n:
            t = e[0]
            weight = t.weight.power(n) if n <= MOST_POWER else self._large(t.weight, n)
            factors = tuple(Factor(f.key, f.at, f.power * n) for f in t.factors)
            return self.cleaned(Term(weight, factors))
        out = number(1)
        for _ in range(n):
            out = self.product(out, e)
        return out

    def _large(self, weight: Polynomial, n: int) -> Polynomial:
        value = weight.number
        if value is None or (abs(value) != 1 and n > 64):
            raise Outgrown(f"found the power {n} of {weight}")
        return Polynomial((((), value**n),))

    def inverse(self, e: Normal) -> Normal:
        """1/e: factor by factor for a product, else opaque."""
        if not e:
            raise Outside("found a division by 0")
        t = e[0]
        value = t.weight.number
        if len(e) == 1 and not t.bound and not t.conds and value is not None:
            if any(f.key[0] in GUARDS for f in t.factors):
                raise Outside("found a division by an indicator")
            factors = tuple(Factor(f.key, f.at, -f.power) for f in t.factors)
            return self.cleaned(Term(Polynomial((((), 1 / value),)), factors))
        if len(e) == 1 and not t.bound and not t.conds:  # n x: the size apart from the tensor
            apart = self.inverse((Term(Polynomial((((), Fraction(1)),)), t.factors),))
            return self.product(apart, self._opaque_inverse((Term(t.weight),)))
        head, rest = grown(e)
        if head:
            return self.product(self.inverse((head[0],)), self._opaque_inverse(rest))
        return self._opaque_inverse(e)

    def _opaque_inverse(self, e: Normal) -> Normal:
        weight = weight_only(e)
        if weight is not None and len(weight.terms) == 1:
            monomial, c = weight.terms[0]
            parts = tuple(
                self.atoms.factor("sum", (Term(Polynomial((((((n, 1),)), Fraction(1)),))),), -k)
                for n, k in monomial
            )
            return tuple(settled(Term(Polynomial((((), 1 / c),)), parts)))
        first = leading(e) if weight is None else weight.terms[0][1]
        f = self.atoms.factor("sum", scaled(e, 1 / first), -1)
        return (Term(Polynomial((((), 1 / first),)), (f,)),)

    def raised(self, base: Normal, exponent: Affine) -> Normal:
        """base^exponent for an integer exponent that has names."""
        if len(base) == 1 and not base[0].bound and not base[0].conds:
            t = base[0]
            if t.weight.number == 1 and len(t.factors) == 1 and t.factors[0].key[0] == "ref":
                f = t.factors[0]
                up = straight(f.power * exponent.constant, exponent.scaled(f.power).by)
                key: Key = ("power", f.key[1], 0)
                return tuple(settled(Term(t.weight, (Factor(key, (*f.at, up)),))))
        raise Outside("found a power of a formula with a symbolic exponent")

    def root(self, e: Normal) -> Normal:
        """√e: a number's where it is whole, √(e^a) = e^{a/2}, else opaque."""
        weight = weight_only(e)
        value = None if weight is None else weight.number
        if value is not None and value >= 0:
            top, bottom = whole_root(value.numerator), whole_root(value.denominator)
            if top is not None and bottom is not None:
                return number(Fraction(top, bottom))
        t = e[0] if len(e) == 1 else Term(constant(0))
        plain = t.weight.number == 1 and not t.bound and not t.conds
        if t.factors and plain and all(f.key[0] == "exp" for f in t.factors):
            halves = [self._rescaled(f.key, f.at, Fraction(1, 2)) for f in t.factors]
            powered = [replace(h, power=f.power) for h, f in zip(halves, t.factors, strict=True)]
            return self.cleaned(Term(t.weight, tuple(powered)))
        return self.opaque("root", e)

    def opaque(self, kind: str, e: Normal) -> Normal:
        """A quantity known by its name and its argument."""
        return (Term(Polynomial((((), Fraction(1)),)), (self.atoms.factor(kind, e),)),)

    # -- conditions on integers ---------------------------------------------------------------

    def under(self, conds: Iterable[Condition]) -> Normal:
        """[all the conditions]."""
        return tuple(settled(Term(Polynomial((((), Fraction(1)),)), (), (), tuple(conds))))

    def summed(self, body: Normal, bound: tuple[str, ...], conds: tuple[Condition, ...]) -> Normal:
        """Σ over the integer points of `bound` with `conds`."""
        out: list[Term] = []
        for t in body:
            mine = Term(t.weight, t.factors, (*bound, *t.bound), (*conds, *t.conds))
            if t.bound:
                inner = self.atoms.apart(t)
                moved = t.put(inner)
                mine = Term(
                    moved.weight, moved.factors, (*bound, *moved.bound), (*conds, *moved.conds)
                )
            for done in settled(mine):
                if now() > self.until or len(out) > MOST_TERMS:
                    raise Outgrown("found sums that take too long to write out")
                # an equation between indices makes factors meet; a weight may be divided by
                met = bool(done.weight.names) or _twice(done.factors)
                below = met or any(f.key[0] == "sum" for f in done.factors)
                out += self.cleaned(done) if done.factors and below else (done,)
        return self._small(self.without_facts(out))

    def without_facts(self, e: Iterable[Term]) -> Normal:
        """`e` without the conditions on sizes that the facts imply."""
        return combined(
            Term(t.weight, t.factors, t.bound, tuple(c for c in t.conds if not self.implied(c, t)))
            for t in e
        )

    def implied(self, c: Condition, t: Term) -> bool:
        """Do the facts say so, without any bound index?"""
        if c.equality or set(t.bound) & set(c.form.by):
            return False
        facts = self.about(c.form.by)
        below = straight(-c.form.constant - 1, c.form.scaled(-1).by)
        return bool(facts) and not self.possible((*facts, Condition(below)))

    def about(self, names: Iterable[str]) -> tuple[Condition, ...]:
        """The facts that say something of the names."""
        wanted = set(names)
        return tuple(k for k in self.known if wanted & set(k.form.by))

    def possible(self, conds: tuple[Condition, ...]) -> bool:
        """Is there a point with these conditions, as far as can be told?"""
        try:
            return possible(conds)
        except Hidden:
            return True

    def at(self, e: Normal, values: dict[str, Affine]) -> Normal:
        """`e` with outer integers replaced."""
        out: list[Term] = []
        for t in e:
            weight = t.weight.put({n: polynomial(a) for n, a in values.items()})
            factors = tuple(f.put(values) for f in t.factors)
            conds = tuple(Condition(put(c.form, values), c.equality) for c in t.conds)
            out += self.cleaned(Term(weight, factors, t.bound, conds))
        return combined(out)


def _without(
    factors: tuple[Factor, ...], monomial: tuple[Factor, ...]
) -> tuple[Factor, ...] | None:
    """The factors divided by a monomial, None where it does not divide them."""
    powers = {(f.key, f.at): f.power for f in factors}
    for f in monomial:
        if powers.get((f.key, f.at), 0) < f.power:
            return None
        powers[f.key, f.at] -= f.power
    return tuple(Factor(key, at, n) for (key, at), n in powers.items() if n)


def _twice(factors: tuple[Factor, ...]) -> bool:
    """Does one quantity occur in two factors?"""
    return len({(f.key, f.at) for f in factors}) < len(factors)


def grown(e: Normal) -> tuple[Normal, Normal]:
    """e^{-x} + 1 as e^{-x} and 1 + e^x: exponentials of negative power in front; () without."""
    if any(t.bound or t.conds for t in e):
        return (), e
    least: dict[tuple[Key, tuple[Affine, ...]], int] = {}
    for f in (f for t in e for f in t.factors):
        if f.key[0] == "exp" and f.power < 0:
            least[f.key, f.at] = min(least.get((f.key, f.at), 0), f.power)
    if not least:
        return (), e
    out: list[Term] = []
    for t in e:
        powers = {(f.key, f.at): f.power for f in t.factors}
        for which, n in least.items():
            powers[which] = powers.get(which, 0) - n
        factors = tuple(Factor(k, a, n) for (k, a), n in powers.items() if n)
        out += settled(Term(t.weight, factors))
    head = tuple(Factor(k, a, n) for (k, a), n in least.items())
    return tuple(settled(Term(Polynomial((((), Fraction(1)),)), head))), combined(out)


def whole_root(n: int) -> int | None:
    """√n of a perfect square, else None."""
    root = isqrt(n)
    return root if root * root == n else None


_ONE = number(1)
_HOLE = (Term(variable("?0")),)
