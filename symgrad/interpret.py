"""The value of a formula at numbers, and how it moves: one line per kind of formula.

Knows what sums, brackets, cases and functions mean; what a name stands for is asked of the
caller. A formula is taken apart once, into functions of the point; those are called at every
point and at every value of a bound index. Knows nothing of networks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from symgrad.dual import (
    Convention,
    Dual,
    Undefined,
    add,
    constant,
    divide,
    extreme,
    kinked,
    multiply,
    negate,
    order,
    raise_to,
)
from symgrad.elimination import determinant, powered
from symgrad.errors import SymgradError
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
from symgrad.power import POWER
from symgrad.special import FUNCTIONS, apply, function
from symgrad.subscript import Env, integer, plain
from symgrad.unsaid import UNSPECIFIED

MAX_WORK = 1_000_000
"""Most terms that one value may add, multiply or compare."""

COMPARISONS: Mapping[str, Callable[[int], bool]] = {
    "=": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
}
KINKED = ("abs", "ceil", "floor", "max", "min", "relu", "sign")

NOTHING, ONE = constant(0), constant(1)


class Interpreter:
    """Evaluates formulas; `read` gives what a name stands for at its subscripts, `partial` what
    ∂of/∂by is; `ties` says how an extreme of equals moves; `sizes` are names of whole numbers.
    Interpreters of the same formulas may share their `meanings`."""

    def __init__(
        self,
        read: Callable[[Ref, tuple[int, ...]], Dual],
        partial: Callable[[Expr, Ref, Env], Dual],
        ties: Convention = "strict",
        sizes: Mapping[str, int] | None = None,
        meanings: Meanings | None = None,
        pretend: bool = False,
    ) -> None:
        self.sizes = sizes or {}
        self.read = read
        self.partial = partial
        self.ties = ties
        self.work = 0
        self.pretend = pretend
        """May another function stand for one of which nothing is said?"""
        self._meanings: Meanings = {} if meanings is None else meanings

    def value(self, e: Expr, env: Env) -> Dual:
        """The value of `e`, and how it moves with what the names stand for."""
        known = self._meanings.get(id(e))
        if known is None:
            known = self._meanings[id(e)] = e, meaning(e)
        return known[1](self, env)

    def whole(self, e: Expr, env: Env) -> int:
        """The value of `e`, which must be a whole number: a subscript, the end of a range."""
        k = plain(e, env, self.sizes)
        return _whole(e, self.value(e, env)) if k is None else k

    def count(self, more: int) -> None:
        """So many terms more."""
        self.work += more
        if self.work > MAX_WORK:
            raise SymgradError(
                f"found a value of more than {MAX_WORK} terms, expected fewer",
                hint="use smaller sizes",
            )

    # -- for those who watch ------------------------------------------------------------------

    def compared(
        self, e: Expr, names: frozenset[str], env: Env, a: Dual, b: Dual = NOTHING
    ) -> None:
        """Two numbers are compared in `e`, which holds these names."""

    def contended(
        self, e: Call | Reduce, names: frozenset[str], env: Env, found: list[Dual]
    ) -> None:
        """The greatest or least of several numbers is looked for, of arguments or over an
        index."""

    def added(self, total: Dual) -> None:
        """A term was added."""

    # -- products -----------------------------------------------------------------------------

    def product(self, of: Product, env: Env) -> Dual:
        """The brackets first: where one is 0 the other factors need not have a value."""
        for holds in of.brackets:
            if not holds(self, env):
                return NOTHING
        total = ONE
        for factor in of.others:
            total = multiply(total, factor(self, env))
        return total


Meaning = Callable[[Interpreter, Env], Dual]
"""The value of a formula, asked of one who knows the names."""

Meanings = dict[int, tuple[Expr, Meaning]]
"""Meanings by the identity of their formulas, which they keep alive."""

Test = Callable[[Interpreter, Env], bool]


class Product(NamedTuple):
    """The factors of a product: the brackets, the others, all of them in their order."""

    brackets: tuple[Test, ...]
    others: tuple[Meaning, ...]
    every: tuple[Meaning, ...]


def meaning(e: Expr) -> Meaning:
    """What a formula is at a point; an error there, not here, where it is nothing."""
    return KINDS.get(type(e), _nothing)(e)


def _nothing(e: Expr) -> Meaning:
    def refused(run: Interpreter, env: Env) -> Dual:
        raise SymgradError(f"found {latex(e)}, expected a formula with a value")

    return refused


def _number(e: Num) -> Meaning:
    found = constant(e.value)
    return lambda run, env: found


def _name(e: Ref) -> Meaning:
    """A bound index or a size, which stand alone, or an entry."""
    if e.indices:
        indices = tuple(map(_subscript, e.indices))
        return lambda run, env: run.read(e, tuple([i(run, env) for i in indices]))
    name = e.name

    def found(run: Interpreter, env: Env) -> Dual:
        k = env.get(name)
        if k is None:
            k = run.sizes.get(name)
        return run.read(e, ()) if k is None else constant(k)

    return found


def _subscript(e: Expr) -> Callable[[Interpreter, Env], int]:
    """The whole number that a formula is."""
    quick = integer(e)
    if quick is None:
        other = meaning(e)
        return lambda run, env: _whole(e, other(run, env))
    if isinstance(e, Ref):
        name = e.name

        def alone(run: Interpreter, env: Env) -> int:
            k = env.get(name)
            if k is None:
                k = run.sizes.get(name)
            return _whole(e, run.value(e, env)) if k is None else k

        return alone

    def at(run: Interpreter, env: Env) -> int:
        k = quick(env, run.sizes)
        return _whole(e, run.value(e, env)) if k is None else k

    return at


def _whole(e: Expr, found: Dual) -> int:
    at = found.value
    if not isinstance(at, Fraction) or at.denominator != 1:
        raise SymgradError(f"found {latex(e)} = {at}, expected a whole number")
    return at.numerator


def _sum(e: Add) -> Meaning:
    terms = tuple(map(meaning, e.terms))

    def total(run: Interpreter, env: Env) -> Dual:
        run.count(len(terms))
        found = NOTHING
        for term in terms:
            found = add(found, term(run, env))
            run.added(found)
        return found

    return total


def _product(e: Mul) -> Meaning:
    brackets, others, every = [], [], []
    for f in e.factors:
        if isinstance(f, Iverson):
            brackets.append(test(f.cond))
            every.append(_bit(brackets[-1]))
        else:
            others.append(meaning(f))
            every.append(others[-1])
    of = Product(tuple(brackets), tuple(others), tuple(every))
    return lambda run, env: run.product(of, env)


def _negated(e: Neg) -> Meaning:
    of = meaning(e.arg)
    return lambda run, env: negate(of(run, env))


def _quotient(e: Div) -> Meaning:
    a, b = meaning(e.num), meaning(e.den)
    return lambda run, env: divide(a(run, env), b(run, env))


def _power(e: Pow) -> Meaning:
    a, b = meaning(e.base), meaning(e.exp)
    return lambda run, env: raise_to(a(run, env), b(run, env))


def _bracket(e: Iverson) -> Meaning:
    return _bit(test(e.cond))


def _bit(holds: Test) -> Meaning:
    """1 where it holds, else 0."""
    return lambda run, env: ONE if holds(run, env) else NOTHING


def _cases(e: Cases) -> Meaning:
    branches = [(None if c is None else test(c), meaning(b)) for b, c in e.branches]

    def found(run: Interpreter, env: Env) -> Dual:
        for holds, branch in branches:
            if holds is None or holds(run, env):
                return branch(run, env)
        raise Undefined(f"found no branch that holds in {latex(e)}, expected one")

    return found


def _partial(e: Partial) -> Meaning:
    by = e.by
    return (lambda run, env: run.partial(e.of, by, env)) if isinstance(by, Ref) else _nothing(e)


# -- functions ------------------------------------------------------------------------------------


def _call(e: Call) -> Meaning:
    if e.fn in ("max", "min"):
        return _extreme(e)
    if e.fn in ("inverse", "det", POWER):
        return _of_matrix(e)
    args = tuple(map(meaning, e.args))
    if function(e.fn) is None and e.fn not in KINKED:
        known = ", ".join(sorted({*FUNCTIONS, *KINKED} - {"pi"}))
        return _refused(e, args, f"found the function {e.fn}, expected one of {known}")
    if len(args) != 1:
        return _refused(e, args, f"found {latex(e)} with {len(args)} arguments, expected one")
    arg, fn, names = args[0], e.fn, frozenset(free_names(e))
    if fn.startswith(UNSPECIFIED):
        return lambda run, env: apply(fn, arg(run, env)) if run.pretend else _unknown(e)
    if fn not in KINKED:
        return lambda run, env: apply(fn, arg(run, env))

    def bent(run: Interpreter, env: Env) -> Dual:
        x = arg(run, env)
        if fn in ("relu", "abs", "sign"):
            run.compared(e, names, env, x)
        return kinked(fn, x, run.ties)

    return bent


def _of_matrix(e: Call) -> Meaning:
    """The determinant of a matrix, or an entry of its inverse or of a power of it: det(X, n),
    inverse(X, n, i, j), matrixpower(X_{ij}, n, k)."""
    matrix, size, *rest = e.args
    assert isinstance(matrix, Ref)
    places = tuple(map(_subscript, matrix.indices if e.fn == POWER else rest))

    def found(run: Interpreter, env: Env) -> Dual:
        n, span = run.whole(size, env), range(1, run.whole(size, env) + 1)
        *lead, i, j = [x(run, env) for x in places] or (0, 0)
        times = run.whole(rest[0], env) if e.fn == POWER else -1
        if e.fn == POWER and not (i in span and j in span):
            raise Undefined(f"found {latex(e)} at {i}, {j}, expected entries from 1 to {n}")
        run.count((abs(times) + n) * n**2)
        rows = [[run.read(matrix, (*lead, k, m)) for m in span] for k in span]
        if e.fn == "det":
            return determinant(rows)
        entry = powered(rows, i - 1, j - 1, times)
        if entry is None:
            raise Undefined(
                f"found the inverse of {matrix.name}, whose determinant is 0, expected another"
            )
        return entry

    return found


def _unknown(e: Call) -> Dual:
    raise SymgradError(
        f"found {latex(e)}, of which nothing is said, expected a function with values",
        hint=f"define it, {e.spelling}(z) = …",
    )


def _refused(e: Call, args: tuple[Meaning, ...], message: str) -> Meaning:
    """A function that is none, once its arguments are seen to have values."""

    def refused(run: Interpreter, env: Env) -> Dual:
        for a in args:
            a(run, env)
        raise SymgradError(message)

    return refused


def _extreme(e: Call) -> Meaning:
    """An argument that is written twice is one."""
    args, names = tuple(map(meaning, dict.fromkeys(e.args))), frozenset(free_names(e))
    sign = 1 if e.fn == "max" else -1

    def found(run: Interpreter, env: Env) -> Dual:
        every = [a(run, env) for a in args]
        if not every:
            raise _empty(e)
        run.contended(e, names, env, every)
        return extreme(every, sign, run.ties)

    return found


def _empty(e: Expr) -> Undefined:
    return Undefined(f"found {latex(e)} over no index at all, expected one or more")


# -- ranges ---------------------------------------------------------------------------------------

Points = Callable[[Interpreter, Env], Iterator[Env]]


def _reduction(e: Reduce) -> Meaning:
    body, points = meaning(e.body), _points(e.bounds)
    if e.op == "sum":

        def total(run: Interpreter, env: Env) -> Dual:
            found = NOTHING
            for at in points(run, env):
                found = add(found, body(run, at))
                run.added(found)
            return found

        return total
    if e.op == "prod":

        def times(run: Interpreter, env: Env) -> Dual:
            found = ONE
            for at in points(run, env):
                found = multiply(found, body(run, at))
            return found

        return times
    sign, names = 1 if e.op == "max" else -1, frozenset(free_names(e))

    def best(run: Interpreter, env: Env) -> Dual:
        every = [body(run, at) for at in points(run, env)]
        if not every:
            raise _empty(e)
        run.contended(e, names, env, every)
        return extreme(every, sign, run.ties)

    return best


def _points(bounds: tuple[Bound, ...]) -> Points:
    """The values of the bound indices, the last one fastest; side conditions respected."""
    if not bounds:
        return lambda run, env: iter((env,))
    first, rest = bounds[0], _points(bounds[1:])
    name, more = first.name, len(bounds) > 1
    if first.lo is None or first.hi is None:

        def refused(run: Interpreter, env: Env) -> Iterator[Env]:
            raise SymgradError(f"found a sum over {name} without a range, expected its limits")

        return refused
    lo, hi, conds = _subscript(first.lo), _subscript(first.hi), tuple(map(test, first.conds))

    def points(run: Interpreter, env: Env) -> Iterator[Env]:
        for k in range(lo(run, env), hi(run, env) + 1):
            run.count(1)
            at = {**env, name: k}
            if not conds or all(holds(run, at) for holds in conds):
                if more:
                    yield from rest(run, at)
                else:
                    yield at

    return points


# -- comparisons ----------------------------------------------------------------------------------


def test(cond: Expr) -> Test:
    """Is a comparison true? Of several, those after the first false one are not read."""
    match cond:
        case And(conds=conds):
            return _all(tuple(map(test, conds)))
        case Rel():
            return _compared(cond)

    def refused(run: Interpreter, env: Env) -> bool:
        raise SymgradError(f"found {latex(cond)}, expected a comparison")

    return refused


def _all(tests: tuple[Test, ...]) -> Test:
    return lambda run, env: all(t(run, env) for t in tests)


def _compared(cond: Rel) -> Test:
    """Whole numbers as they are; others are watched."""
    says, names = COMPARISONS[cond.op], frozenset(free_names(cond))
    a, b = meaning(cond.lhs), meaning(cond.rhs)
    k, m = integer(cond.lhs), integer(cond.rhs)

    def holds(run: Interpreter, env: Env) -> bool:
        if k is not None and m is not None:
            i, j = k(env, run.sizes), m(env, run.sizes)
            if i is not None and j is not None:
                return says((i > j) - (i < j))
        x, y = a(run, env), b(run, env)
        run.compared(cond, names, env, x, y)
        return says(order(x, y))

    return holds


KINDS: Mapping[type[Expr], Callable[..., Meaning]] = {
    Num: _number,
    Ref: _name,
    Add: _sum,
    Mul: _product,
    Neg: _negated,
    Div: _quotient,
    Pow: _power,
    Call: _call,
    Reduce: _reduction,
    Iverson: _bracket,
    Cases: _cases,
    Partial: _partial,
}
