"""Random formulas, sound rewritings of them, and an oracle that writes both sides out.

Everything is drawn from a `random.Random`; a seed is a case. `python tests/rewriting.py SEED COUNT`
judges COUNT cases and prints how many of each kind had which verdict; with `ties` behind it, cases
in which a comparison is relaxed.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from fractions import Fraction

import symgrad.decide as decide_room
from symgrad.affine import shift
from symgrad.clock import now
from symgrad.compare import pair_of
from symgrad.decide import Decision, decide
from symgrad.dual import Number
from symgrad.errors import SymgradError
from symgrad.evaluate import Point, value
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
    children,
    free_names,
    fresh,
    names,
    num,
    rebuild,
    substitute,
    walk,
)
from symgrad.latex import latex
from symgrad.pair import Pair
from symgrad.roles import roles
from symgrad.scope import Scope
from symgrad.slip import slipped
from symgrad.verdict import Verdict

N, M, T = Ref("n"), Ref("m"), Ref("t")
SCALARS = ("a", "b", "c")
LETTERS = ("i", "j", "k", "l")
INTEGERS = {"n", "m", "t"}
BUDGET = 2.0


def less(a: Expr, b: Expr | int) -> Expr:
    """a - b."""
    return Add((a, Neg(num(b) if isinstance(b, int) else b)))


def plus(a: Expr, b: Expr | int) -> Expr:
    """a + b."""
    return Add((a, num(b) if isinstance(b, int) else b))


# -- formulas -------------------------------------------------------------------------------------


@dataclass
class Maker:
    """Formulas over scalars, vectors x and y, a matrix w, sizes n and m, an index t."""

    rng: random.Random
    kinks: int = 2
    """Compared values left: cells grow fast."""
    smooth: int = 3
    """Functions left."""

    def subscript(self, bound: tuple[str, ...]) -> Expr:
        """An affine subscript."""
        rng = self.rng
        pool = [Ref(b) for b in bound] or [T]
        i, j = rng.choice(pool), rng.choice([*pool, T])
        choice = rng.randrange(10)
        if choice < 5:
            return i
        if choice == 5:
            return plus(i, rng.choice([1, 2])) if rng.random() < 0.5 else less(i, 1)
        if choice == 6 and i != j:
            return plus(less(i, 1), j)
        if choice == 7:
            return plus(less(rng.choice([N, M]), i), 1)
        if choice == 8:
            return Mul((num(2), i))
        return num(rng.randint(1, 3))

    def leaf(self, bound: tuple[str, ...]) -> Expr:
        """A number, a scalar, or an entry."""
        rng = self.rng
        choice = rng.random()
        if choice < 0.12:
            return num(rng.randint(2, 3))
        if choice < 0.35:
            return Ref(rng.choice(SCALARS))
        if choice < 0.85:
            return Ref(rng.choice("xy"), (self.subscript(bound),))
        return Ref("w", (self.subscript(bound), self.subscript(bound)))

    def limits(self, bound: tuple[str, ...]) -> tuple[Expr, Expr]:
        """The ends of a range."""
        rng = self.rng
        choice = rng.randrange(9)
        if choice < 5:
            return ONE, rng.choice([N, M])
        if choice == 5:
            return ONE, num(rng.randint(2, 3))
        if choice == 6:
            return ZERO, less(rng.choice([N, M]), 1)
        if choice == 7:
            return num(2), rng.choice([N, M])
        return ONE, Ref(rng.choice(bound)) if bound else N

    def sum(self, depth: int, bound: tuple[str, ...]) -> Expr:
        """Σ over a new index."""
        name = next((x for x in LETTERS if x not in bound), "")
        if not name:
            return self.leaf(bound)
        lo, hi = self.limits(bound)
        return Reduce("sum", (Bound(name, lo, hi),), self.formula(depth - 1, (*bound, name)))

    def bracket(self, bound: tuple[str, ...]) -> Expr:
        """[P] of indices or of values."""
        rng = self.rng
        if rng.random() < 0.5 or not self.kinks:
            op = rng.choice(["=", "<=", "<", "!=", ">="])
            return Iverson(Rel(op, self.subscript(bound), self.subscript(bound)))
        self.kinks -= 1
        op = rng.choice([">", ">", ">=", "<", "<="])
        first = Rel(op, self.leaf(bound), rng.choice([ZERO, self.leaf(bound)]))
        if rng.random() < 0.2 and self.kinks:
            self.kinks -= 1
            return Iverson(And((first, Rel(">", self.leaf(bound), ZERO))))
        return Iverson(first)

    def kinked(self, depth: int, bound: tuple[str, ...]) -> Expr:
        """max, min, |·|, ReLU, or a case distinction."""
        rng = self.rng
        self.kinks -= 1
        fn = rng.choice(["max", "min", "abs", "relu", "cases"])
        if fn == "cases":
            cond = Rel(rng.choice([">", ">="]), self.leaf(bound), ZERO)
            return Cases(((self.leaf(bound), cond), (self.leaf(bound), None)))
        if fn in ("max", "min"):
            several = 3 if self.kinks > 1 and rng.random() < 0.3 else 2
            self.kinks -= several - 2
            return Call(fn, tuple(self.leaf(bound) for _ in range(several)))
        return Call(fn, (self.leaf(bound) if depth < 2 else self.plain(bound),))

    def plain(self, bound: tuple[str, ...]) -> Expr:
        """Two leaves, added or multiplied."""
        two = (self.leaf(bound), self.leaf(bound))
        return Add(two) if self.rng.random() < 0.5 else Mul(two)

    def function(self, bound: tuple[str, ...]) -> Expr:
        """exp, σ, tanh, log of a sum of exponentials."""
        self.smooth -= 1
        inside = self.plain(bound) if self.rng.random() < 0.5 else self.leaf(bound)
        fn = self.rng.choice(["exp", "exp", "sigmoid", "tanh", "log"])
        if fn == "log":
            return Call("log", (plus(Call("exp", (inside,)), 1),))
        return Call(fn, (inside,))

    def formula(self, depth: int, bound: tuple[str, ...] = ()) -> Expr:
        """A formula of some depth."""
        rng = self.rng
        if depth <= 0:
            return self.leaf(bound)
        choice = rng.random()
        if choice < 0.24:
            return self.sum(depth, bound)
        if choice < 0.48:
            count = rng.choice([2, 2, 3])
            factors = [self.formula(depth - 1, bound) for _ in range(count - 1)]
            return Mul((*factors, self.bracket(bound) if rng.random() < 0.3 else self.leaf(bound)))
        if choice < 0.72:
            terms = [self.formula(depth - 1, bound) for _ in range(rng.choice([2, 2, 3]))]
            return Add(
                tuple(Neg(t) if k and rng.random() < 0.4 else t for k, t in enumerate(terms))
            )
        if choice < 0.78:
            bottom = (
                Ref(rng.choice(SCALARS)) if rng.random() < 0.6 else plus(Ref("c"), self.leaf(bound))
            )
            return Div(self.formula(depth - 1, bound), bottom)
        if choice < 0.86 and self.kinks:
            return self.kinked(depth, bound)
        if choice < 0.94 and self.smooth:
            return self.function(bound)
        if choice < 0.97:
            return Pow(self.plain(bound), num(2))
        return self.leaf(bound)


# -- sound rewritings -----------------------------------------------------------------------------

Rewriting = Callable[[Expr, random.Random], Expr | None]


def _sum_of(e: Expr) -> tuple[Bound, Expr] | None:
    """A sum over one index without side conditions."""
    if isinstance(e, Reduce) and e.op == "sum" and len(e.bounds) == 1 and not e.bounds[0].conds:
        b = e.bounds[0]
        if b.lo is not None and b.hi is not None:
            return b, e.body
    return None


def _sum(name: str, lo: Expr, hi: Expr, body: Expr) -> Expr:
    return Reduce("sum", (Bound(name, lo, hi),), body)


def renamed(e: Expr, rng: random.Random) -> Expr | None:
    """Another letter for a bound index."""
    if (found := _sum_of(e)) is None:
        return None
    b, body = found
    new = fresh(rng.choice("pqrs"), names(e) | INTEGERS | set(SCALARS))
    return _sum(new, b.lo, b.hi, substitute(body, {b.name: Ref(new)}))


def shifted(e: Expr, rng: random.Random) -> Expr | None:
    """Σ_{i=lo}^{hi} f(i) = Σ_{i=lo+c}^{hi+c} f(i-c)."""
    if (found := _sum_of(e)) is None:
        return None
    b, body = found
    if isinstance(b.hi, Call):
        return None
    by = rng.choice([1, 2, -1])
    return _sum(
        b.name, plus(b.lo, by), plus(b.hi, by), shift(body, {b.name: less(Ref(b.name), by)})
    )


def reversed_(e: Expr, rng: random.Random) -> Expr | None:
    """Σ f(i) = Σ f(lo + hi - i)."""
    if (found := _sum_of(e)) is None:
        return None
    b, body = found
    if isinstance(b.hi, Call):
        return None
    return _sum(b.name, b.lo, b.hi, shift(body, {b.name: less(plus(b.lo, b.hi), Ref(b.name))}))


def exchanged(e: Expr, rng: random.Random) -> Expr | None:
    """Σ_i Σ_j = Σ_j Σ_i where no limit depends on an index."""
    outer = _sum_of(e)
    inner = None if outer is None else _sum_of(outer[1])
    if outer is None or inner is None:
        return None
    a, b = outer[0], inner[0]
    if a.name in free_names(b) or a.name == b.name:
        return None
    return (
        Reduce("sum", (b, a), inner[1])
        if rng.random() < 0.5
        else _sum(b.name, b.lo, b.hi, Reduce("sum", (a,), inner[1]))
    )


def _never_empty(b: Bound) -> bool:
    if b.lo == ONE and b.hi in (N, M):
        return True
    return isinstance(b.lo, Num) and isinstance(b.hi, Num) and b.lo.value <= b.hi.value


def first_split(e: Expr, rng: random.Random) -> Expr | None:
    """The first or the last term by itself."""
    found = _sum_of(e)
    if found is None or not _never_empty(found[0]):
        return None
    b, body = found
    if rng.random() < 0.5:
        return Add((shift(body, {b.name: b.lo}), _sum(b.name, plus(b.lo, 1), b.hi, body)))
    return Add((_sum(b.name, b.lo, less(b.hi, 1), body), shift(body, {b.name: b.hi})))


def middle_split(e: Expr, rng: random.Random) -> Expr | None:
    """Σ_1^n = Σ_1^{min(n, m)} + Σ_{m+1}^n, or with brackets."""
    found = _sum_of(e)
    if found is None or found[0].lo != ONE:
        return None
    b, body = found
    other = M if b.hi == N else N
    if rng.random() < 0.5:
        low = _sum(b.name, b.lo, Call("min", (b.hi, other)), body)
        return Add((low, _sum(b.name, plus(other, 1), b.hi, body)))
    at = rng.choice([other, T, num(2)])
    if at == T and b.name == "t":
        return None
    parts = (Mul((Iverson(Rel(op, Ref(b.name), at)), body)) for op in ("<=", ">"))
    return Add(tuple(_sum(b.name, b.lo, b.hi, p) for p in parts))


def distributed(e: Expr, rng: random.Random) -> Expr | None:
    """(a + b) c = a c + b c."""
    if isinstance(e, Mul):
        for k, f in enumerate(e.factors):
            if isinstance(f, Add):
                return Add(tuple(Mul((*e.factors[:k], t, *e.factors[k + 1 :])) for t in f.terms))
    return None


def factored(e: Expr, rng: random.Random) -> Expr | None:
    """Σ c f = c Σ f."""
    found = _sum_of(e)
    if found is None or not isinstance(found[1], Mul):
        return None
    b, body = found
    out = [f for f in body.factors if b.name not in free_names(f)]
    stay = [f for f in body.factors if b.name in free_names(f)]
    return Mul((*out, _sum(b.name, b.lo, b.hi, Mul(tuple(stay)) if stay else ONE))) if out else None


def pushed_in(e: Expr, rng: random.Random) -> Expr | None:
    """c Σ f = Σ c f."""
    if not isinstance(e, Mul):
        return None
    for k, f in enumerate(e.factors):
        found = _sum_of(f)
        rest = e.factors[:k] + e.factors[k + 1 :]
        if found is not None and all(found[0].name not in free_names(r) for r in rest):
            b, body = found
            return _sum(b.name, b.lo, b.hi, Mul((*rest, body)))
    return None


def summed_apart(e: Expr, rng: random.Random) -> Expr | None:
    """Σ (f + g) = Σ f + Σ g."""
    found = _sum_of(e)
    if found is None or not isinstance(found[1], Add):
        return None
    return Add(tuple(_sum(found[0].name, found[0].lo, found[0].hi, t) for t in found[1].terms))


def commuted(e: Expr, rng: random.Random) -> Expr | None:
    """Terms or factors in another order."""
    if not isinstance(e, Add | Mul):
        return None
    kids = list(children(e))
    rng.shuffle(kids)
    return rebuild(e, kids)


def collected(e: Expr, rng: random.Random) -> Expr | None:
    """e = 3e - 2e, or halves."""
    if rng.random() < 0.5:
        return Add((Mul((num(3), e)), Neg(Mul((num(2), e)))))
    return Add((Mul((Num(Fraction(1, 2)), e)), Div(e, num(2))))


def kronecker(e: Expr, rng: random.Random) -> Expr | None:
    """Σ_i f(i) = Σ_i Σ_k [k = i] f(k)."""
    if (found := _sum_of(e)) is None:
        return None
    b, body = found
    new = fresh("p", names(e) | INTEGERS | set(SCALARS))
    meet = Iverson(Rel("=", Ref(new), Ref(b.name)))
    inner = _sum(new, b.lo, b.hi, Mul((meet, substitute(body, {b.name: Ref(new)}))))
    return _sum(b.name, b.lo, b.hi, inner)


def written_out(e: Expr, rng: random.Random) -> Expr | None:
    """A sum with limits that are numbers, term by term."""
    found = _sum_of(e)
    if found is None or not isinstance(found[0].lo, Num) or not isinstance(found[0].hi, Num):
        return None
    b, body = found
    at = range(int(b.lo.value), int(b.hi.value) + 1)
    return Add(tuple(shift(body, {b.name: num(k)}) for k in at))


def nothing_added(e: Expr, rng: random.Random) -> Expr | None:
    """e + f - f."""
    more = Maker(rng, kinks=0, smooth=0).formula(2)
    return Add((e, more, Neg(more)))


def extreme(e: Expr, rng: random.Random) -> Expr | None:
    """max reordered, nested, or as a min; ReLU and |·| as max."""
    match e:
        case Call(fn="relu", args=(x,)):
            return Call("max", (ZERO, x))
        case Call(fn="abs", args=(x,)):
            return Call("max", (x, Neg(x)))
        case Call(fn="max" | "min" as fn, args=args):
            turned = list(args)
            rng.shuffle(turned)
            if len(args) > 2 and rng.random() < 0.5:
                return Call(fn, (Call(fn, tuple(turned[:2])), *turned[2:]))
            if rng.random() < 0.5:
                return Neg(Call("min" if fn == "max" else "max", tuple(Neg(a) for a in turned)))
            return Call(fn, tuple(turned))
    return None


def bracket_split(e: Expr, rng: random.Random) -> Expr | None:
    """[P and Q] = [P][Q], [a > b] = 1 - [a ≤ b], [P] = [P]²."""
    other = {">": "<=", "<": ">=", ">=": "<", "<=": ">", "=": "!=", "!=": "="}
    match e:
        case Iverson(cond=And(conds=conds)):
            return Mul(tuple(Iverson(c) for c in conds))
        case Iverson(cond=Rel(op=op, lhs=a, rhs=b)):
            if rng.random() < 0.3:
                return Mul((e, e))
            if op in (">=", "<=") and rng.random() < 0.5:
                return Add((Iverson(Rel(op[0], a, b)), Iverson(Rel("=", a, b))))
            return less(ONE, Iverson(Rel(other[op], a, b)))
        case Cases(branches=((x, Rel() as p), (y, None))):
            return Add((Mul((Iverson(p), x)), Mul((less(ONE, Iverson(p)), y))))
    return None


def inverted(e: Expr, rng: random.Random) -> Expr | None:
    """a/b = a b^{-1}, or a fraction expanded."""
    if not isinstance(e, Div) or isinstance(e.den, Num):
        return None
    if rng.random() < 0.3:
        return Div(Mul((e.num, Ref("a"))), Mul((Ref("a"), e.den)))
    return Mul((e.num, Pow(e.den, Neg(ONE))))


def spelled_out(e: Expr, rng: random.Random) -> Expr | None:
    """exp of a sum as a product; σ, tanh and squares spelled out."""
    match e:
        case Call(fn="exp", args=(Add(terms=terms),)):
            return Mul(tuple(Call("exp", (t,)) for t in terms))
        case Call(fn="sigmoid", args=(x,)):
            return Div(ONE, plus(Call("exp", (Neg(x),)), 1))
        case Call(fn="tanh", args=(x,)):
            return less(Mul((num(2), Call("sigmoid", (Mul((num(2), x)),)))), 1)
        case Pow(base=b, exp=Num(value=v)) if v == 2:
            return Mul((b, b))
    return None


def averaged(e: Expr, rng: random.Random) -> Expr | None:
    """e = (1/n) Σ_{k=1}^n e."""
    size = rng.choice([N, M])
    new = fresh("p", names(e) | INTEGERS | set(SCALARS))
    return Div(_sum(new, ONE, size, e), size)


REWRITINGS: dict[str, Rewriting] = {
    f.__name__.strip("_"): f
    for f in (
        renamed, shifted, reversed_, exchanged, first_split, middle_split, distributed, factored,
        pushed_in, summed_apart, commuted, collected, kronecker, written_out, nothing_added,
        extreme, bracket_split, inverted, spelled_out, averaged,
    )
}  # fmt: skip


def inside(e: Expr, f: Callable[[Expr], Iterable[Expr]]) -> Iterator[Expr]:
    """`e` with one formula in it replaced, for each place that is no subscript, limit or side of
    a comparison."""
    yield from f(e)
    if isinstance(e, Ref | Rel | Bound | Iverson):
        return
    kids = children(e)
    for k, kid in enumerate(kids):
        if not isinstance(kid, Bound | Rel):
            for new in inside(kid, f):
                yield rebuild(e, (*kids[:k], new, *kids[k + 1 :]))


def rewritten(e: Expr, rng: random.Random) -> tuple[str, Expr] | None:
    """A sound rewriting at a random place."""
    kinds = list(REWRITINGS)
    rng.shuffle(kinds)
    for kind in kinds:
        seed = rng.randrange(1 << 30)

        def one(x: Expr, kind: str = kind, seed: int = seed) -> list[Expr]:
            new = REWRITINGS[kind](x, random.Random(seed))
            return [] if new is None or new == x else [new]

        found = list(inside(e, one))
        if found:
            return kind, rng.choice(found)
    return None


# -- the oracle -----------------------------------------------------------------------------------

PLACES = [
    {"n": n, "m": m, "t": t}
    for n, m, t in (
        (3, 2, 1), (2, 3, 2), (1, 2, 1), (1, 1, 2), (4, 1, 3), (2, 2, -1), (1, 4, 0), (3, 4, 5),
        (2, 1, 1), (5, 3, 2), (4, 5, 4),
    )
]  # fmt: skip


def drawn(rng: random.Random, ties: bool) -> Callable[[Ref], Number]:
    """Values for entries, in general position or small whole numbers that tie."""
    table: dict[Ref, Number] = {}

    def look(ref: Ref) -> Number:
        if ref not in table:
            if ties:
                table[ref] = Fraction(rng.randint(-1, 2))
            else:
                table[ref] = Fraction(rng.randint(-(10**7), 10**7), 3_000_017)
        return table[ref]

    return look


def far(a: Number, b: Number) -> bool:
    """Are two numbers not the same, in 30 of 50 digits?"""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a != b
    with localcontext() as context:
        context.prec = 50
        x, y = (
            Decimal(v.numerator) / Decimal(v.denominator) if isinstance(v, Fraction) else v
            for v in (a, b)
        )
        return abs(x - y) > Decimal("1e-30") * max(Decimal(1), abs(x), abs(y))


def difference(a: Expr, b: Expr, seed: int, ties: bool) -> str:
    """Where the two formulas differ, or the empty text."""
    rng = random.Random(seed)
    for at in PLACES:
        for _ in range(3):
            look = drawn(rng, ties)
            try:
                x, y = (value(e, Point(at), look) for e in (a, b))
            except SymgradError:
                continue
            if far(x, y):
                return f"{x} and {y} at {at}"
    return ""


# -- cases ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """Two formulas, how the second came about, and whether it is equal by construction."""

    kind: str
    left: Expr
    right: Expr
    sound: bool


def case(seed: int) -> Case:
    """The case of a seed: a rewriting, a slip, or a pair of formulas that are alike."""
    rng = random.Random(seed)
    made = Maker(rng).formula(rng.choice([2, 3, 3, 4]))
    kind = rng.random()
    if kind < 0.5:
        told, right = [], made
        for _ in range(rng.choice([1, 1, 2, 3])):
            step = rewritten(right, rng)
            if step is not None:
                told.append(step[0])
                right = step[1]
        return Case("+".join(told) or "same", made, right, True)
    if kind < 0.92:
        wrong = list(slipped(made, ("n", "m")))
        name, right = rng.choice(wrong) if wrong else ("none", made)
        if rng.random() < 0.4:
            step = rewritten(right, rng)
            right = right if step is None else step[1]
        return Case(f"slip: {name}", made, right, False)
    return Case("alike", made, Maker(random.Random(seed + 1)).formula(2), False)


RELAXED = {">": ">=", "<": "<=", ">=": ">", "<=": "<"}


def tied_case(seed: int) -> Case:
    """A comparison of values relaxed or tightened: other values at ties only, or everywhere."""
    rng = random.Random(seed)
    while True:
        maker = Maker(rng, kinks=3)
        made = Mul((maker.formula(rng.choice([1, 2])), maker.bracket(())))
        if rng.random() < 0.6:
            made = Add((made, maker.sum(2, ())))
        asked = [
            x
            for x in walk(made)
            if isinstance(x, Rel) and x.op in RELAXED and free_names(x) - INTEGERS - set(LETTERS)
        ]
        if asked:
            break
    old = rng.choice(asked)
    right = _put(made, old, Rel(RELAXED[old.op], old.lhs, old.rhs))
    step = rewritten(right, rng) if rng.random() < 0.5 else None
    return Case("relaxed", made, right if step is None else step[1], False)


def judged(a: Expr, b: Expr, budget: float = BUDGET) -> Verdict | None:
    """The verdict; None where the pair is refused before it is decided."""
    try:
        pair = pair_of(a, b, Scope())
    except SymgradError:
        return None
    known = roles((pair.left, pair.right), {}, frozenset({"n", "m"}))
    pair = replace(pair, roles=known)
    verdict = decide(pair, budget)
    if verdict.name == "Differs" and overproved(pair, budget):
        raise AssertionError("proved equal, and refuted")
    return verdict


def overproved(pair: Pair, budget: float) -> bool:
    """Would the proofs by themselves call a refuted pair equal?"""
    until = now() + budget
    _, proof, _ = Decision(pair, until).proof(pair.left, pair.right, until)
    return proof is not None and not proof.left and not proof.ties


def fault(c: Case, seed: int, verdict: Verdict | None) -> str:
    """What is wrong with a verdict, or the empty text."""
    name = "Invalid" if verdict is None else verdict.name
    if c.sound:
        if name == "Differs" or (name == "Invalid" and judged(c.left, c.left) is not None):
            return f"{name} though rewritten"
        if name == "EqualExceptTies" and not difference(c.left, c.right, seed, True):
            return "ties though rewritten"
        return ""
    if name == "Equal":
        told = difference(c.left, c.right, seed, False) or difference(c.left, c.right, seed, True)
        return f"Equal, but {told}" if told else ""
    if name == "EqualExceptTies":
        told = difference(c.left, c.right, seed, False)
        return f"EqualExceptTies, but {told}" if told else ""
    if name == "Agrees" and not verdict.ties:  # type: ignore[union-attr]
        told = difference(c.left, c.right, seed, False)
        return f"Agrees, but {told}" if told else ""
    if name == "Differs":
        found = verdict.counterexample  # type: ignore[union-attr]
        if found.left is None or found.right is None or not far(found.left, found.right):
            return "Differs without a counterexample"
    return ""


def faulty(c: Case, seed: int) -> str:
    """The fault of a case, crashes included."""
    try:
        return fault(c, seed, judged(c.left, c.right))
    except Exception as error:  # a crash is a fault like others
        return f"{type(error).__name__}: {error}"


def smaller(c: Case, seed: int, rounds: int = 60) -> Case:
    """A smaller case with the same kind of fault: a formula in both sides replaced."""
    kind = faulty(c, seed).split(",")[0][:12]
    for _ in range(rounds):
        parts = {x: None for x in walk(c.left) if not isinstance(x, Rel | Bound | And)}
        for old in parts:
            news = [ONE, Ref("c"), *(k for k in children(old) if not isinstance(k, Rel | Bound))]
            for new in (n for n in news if n != old and not isinstance(old, Num)):
                less_ = Case(c.kind, _put(c.left, old, new), _put(c.right, old, new), c.sound)
                size = len(latex(less_.left) + latex(less_.right))
                if size < len(latex(c.left) + latex(c.right)) and faulty(less_, seed)[:12] == kind:
                    c = less_
                    break
            else:
                continue
            break
        else:
            return c
    return c


def _put(e: Expr, old: Expr, new: Expr) -> Expr:
    if e == old:
        return new
    kids = children(e)
    made = rebuild(e, [_put(k, old, new) for k in kids]) if kids else e
    return made if not isinstance(made, Reduce) or made.bounds else e


def report(seed: int, c: Case, told: str) -> str:
    """A fault with its seed and its case."""
    return f"seed {seed}, {c.kind}: {told}\n  {latex(c.left)}\n  {latex(c.right)}"


def main(seed: int, count: int, make: Callable[[int], Case] = case) -> None:
    """Judge `count` cases from `seed` on."""
    decide_room.SLIP_BUDGET = 0.0  # naming slips is not what is tried here
    verdicts: dict[str, Counter[str]] = {}
    slow: list[tuple[float, int]] = []
    start = time.monotonic()
    for s in range(seed, seed + count):
        c = make(s)
        began = time.monotonic()
        try:
            verdict = judged(c.left, c.right)
            told = fault(c, s, verdict)
            name = "Invalid" if verdict is None else verdict.name
        except Exception as error:  # counted and shown, the run goes on
            told, name = f"{type(error).__name__}: {str(error)[:300]}", "crash"
        slow.append((time.monotonic() - began, s))
        if told:
            print(report(s, c, told), flush=True)
        for kind in c.kind.split("+"):
            verdicts.setdefault(kind, Counter())[name] += 1
        group = "all rewritings" if c.sound else "all others"
        verdicts.setdefault(group, Counter())[name] += 1
        if name not in ("Equal", "Invalid") and c.sound:
            print(f"unproved {report(s, c, name)}", flush=True)
    for kind, found in sorted(verdicts.items()):
        print(f"{kind:24}", dict(found))
    slow.sort()
    took = time.monotonic() - start
    print(
        f"{count} cases from {seed} in {took:.0f} s; median {1000 * slow[len(slow) // 2][0]:.1f} ms,"
    )
    print(f"slowest {[(round(t, 2), s) for t, s in slow[-5:]]}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), tied_case if "ties" in sys.argv[3:] else case)
