"""The value of a formula at numbers, and how it moves: one line per kind of formula.

Knows what sums, brackets, cases and functions mean; what a name stands for is asked of the
caller. Knows nothing of networks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from math import prod

from symgrad.dual import (
    Convention,
    Dual,
    Number,
    Undefined,
    add,
    compare,
    constant,
    divide,
    extreme,
    multiply,
    negate,
    order,
    raise_to,
    rounded,
    times,
)
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
    num,
)
from symgrad.latex import latex
from symgrad.special import FUNCTIONS

MAX_WORK = 1_000_000
"""Most terms that one value may add, multiply or compare."""

Env = Mapping[str, int]
"""The values of the indices that are bound here."""

COMPARISONS: Mapping[str, Callable[[int], bool]] = {
    "=": lambda sign: sign == 0,
    "!=": lambda sign: sign != 0,
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
}
KINKED = ("abs", "ceil", "floor", "max", "min", "relu", "sign")


class Interpreter:
    """Evaluates formulas; `read` gives what a name stands for, `partial` what ∂of/∂by is; `ties`
    says how an extreme of equals moves; `sizes` are names of whole numbers."""

    def __init__(
        self,
        read: Callable[[Ref, Env], Dual],
        partial: Callable[[Expr, Ref, Env], Dual],
        ties: Convention = "strict",
        sizes: Mapping[str, int] | None = None,
    ) -> None:
        self._sizes = sizes or {}
        self._read = read
        self._partial = partial
        self._ties = ties
        self.work = 0

    def value(self, e: Expr, env: Env) -> Dual:
        """The value of `e`, and how it moves with what the names stand for."""
        match e:
            case Num(value=number):
                return constant(number)
            case Ref():
                return self._read(e, env)
            case Add(terms=terms):
                self._count(len(terms))
                return _fold("sum", (self.value(t, env) for t in terms), e)
            case Mul(factors=factors):
                return self._product(factors, env, e)
            case Neg(arg=arg):
                return negate(self.value(arg, env))
            case Div(num=a, den=b):
                return divide(self.value(a, env), self.value(b, env))
            case Pow(base=a, exp=b):
                return raise_to(self.value(a, env), self.value(b, env))
            case Call():
                return self._call(e, env)
            case Reduce(op=op, bounds=bounds, body=body):
                values = (self.value(body, at) for at in self._points(bounds, env))
                return _fold(op, values, e, self._ties)
            case Iverson(cond=cond):
                return constant(int(self.holds(cond, env)))
            case Cases():
                return self._cases(e, env)
            case Partial(of=of, by=Ref() as by):
                return self._partial(of, by, env)
        raise SymgradError(f"found {latex(e)}, expected a formula with a value")

    def whole(self, e: Expr, env: Env) -> int:
        """The value of `e`, which must be a whole number: a subscript, the end of a range."""
        plain = _plain(e, env, self._sizes)
        if plain is not None:
            return plain
        at = self.value(e, env).value
        if not isinstance(at, Fraction) or at.denominator != 1:
            raise SymgradError(f"found {latex(e)} = {at}, expected a whole number")
        return at.numerator

    def holds(self, cond: Expr, env: Env) -> bool:
        """Is the comparison true? Of several, those after the first false one are not read."""
        match cond:
            case And(conds=conds):
                return all(self.holds(c, env) for c in conds)
            case Rel(op=op, lhs=a, rhs=b):
                return COMPARISONS[op](order(self.value(a, env), self.value(b, env)))
        raise SymgradError(f"found {latex(cond)}, expected a comparison")

    def _product(self, factors: tuple[Expr, ...], env: Env, e: Expr) -> Dual:
        """The brackets first: where one is 0 the other factors need not have a value."""
        for f in factors:
            if isinstance(f, Iverson) and not self.holds(f.cond, env):
                return constant(0)
        rest = (self.value(f, env) for f in factors if not isinstance(f, Iverson))
        return _fold("prod", rest, e)

    def _points(self, bounds: tuple[Bound, ...], env: Env) -> Iterator[Env]:
        """The values of the bound indices, the last one fastest; side conditions respected."""
        if not bounds:
            yield env
            return
        first = bounds[0]
        if first.lo is None or first.hi is None:
            raise SymgradError(
                f"found a sum over {first.name} without a range, expected its limits"
            )
        for k in range(self.whole(first.lo, env), self.whole(first.hi, env) + 1):
            self._count(1)
            at = {**env, first.name: k}
            if all(self.holds(c, at) for c in first.conds):
                yield from self._points(bounds[1:], at)

    def _count(self, more: int) -> None:
        self.work += more
        if self.work > MAX_WORK:
            raise SymgradError(
                f"found a value of more than {MAX_WORK} terms, expected fewer",
                hint="use smaller sizes",
            )

    def _of_matrix(self, e: Call, env: Env) -> Dual:
        """The determinant of a matrix, or an entry of its inverse."""
        matrix, size, *at = e.args
        assert isinstance(matrix, Ref)
        n = self.whole(size, env)
        self._count(n**3)
        span = range(1, n + 1)
        rows = [[self._read(matrix.at((num(k), num(j))), env) for j in span] for k in span]
        if e.fn == "det":
            return eliminated(rows)
        row, column = (self.whole(x, env) for x in at)
        beside = [[*r, constant(int(k == column))] for k, r in zip(span, rows, strict=True)]
        if not eliminated(beside).value:
            raise Undefined(
                f"found the inverse of {matrix.name}, whose determinant is 0, expected another"
            )
        return beside[row - 1][-1]

    def _cases(self, e: Cases, env: Env) -> Dual:
        for branch, cond in e.branches:
            if cond is None or self.holds(cond, env):
                return self.value(branch, env)
        raise Undefined(f"found no branch that holds in {latex(e)}, expected one")

    def _call(self, e: Call, env: Env) -> Dual:
        if e.fn in ("max", "min"):  # an argument that is written twice is one
            once = (self.value(a, env) for a in dict.fromkeys(e.args))
            return _fold(e.fn, once, e, self._ties)
        if e.fn in ("inverse", "det"):
            return self._of_matrix(e, env)
        args = [self.value(a, env) for a in e.args]
        if e.fn not in FUNCTIONS and e.fn not in KINKED:
            known = ", ".join(sorted({*FUNCTIONS, *KINKED} - {"pi"}))
            raise SymgradError(f"found the function {e.fn}, expected one of {known}")
        if len(args) != 1:
            raise SymgradError(f"found {latex(e)} with {len(args)} arguments, expected one")
        return smooth(e.fn, args[0]) if e.fn in FUNCTIONS else _kinked(e.fn, args[0], self._ties)


def size(x: Dual) -> Number:
    """|x|."""
    return x.value if x.value >= 0 else -x.value


def eliminated(rows: list[list[Dual]]) -> Dual:
    """The determinant of the square in front of some rows; what stands beside it is multiplied by
    the inverse of that square, in place."""
    found = constant(1)
    n = len(rows)
    for k in range(n):
        best = k
        for r in range(k + 1, n):
            if compare(size(rows[r][k]), size(rows[best][k])) > 0:
                best = r
        if best != k:
            rows[k], rows[best], found = rows[best], rows[k], negate(found)
        pivot = rows[k][k]
        found = multiply(found, pivot)
        if not pivot.value:
            return found
        rows[k] = [divide(x, pivot) for x in rows[k]]
        for r in range(n):
            if r != k:
                times_ = rows[r][k]
                pairs = zip(rows[r], rows[k], strict=True)
                rows[r] = [add(x, negate(multiply(times_, y))) for x, y in pairs]
    return found


def _plain(e: Expr, env: Env, sizes: Env) -> int | None:
    """The value of a sum or product of whole numbers, bound indices and sizes; None of others."""
    match e:
        case Ref(name=name, indices=()):
            return env[name] if name in env else sizes.get(name)
        case Num(value=v):
            return v.numerator if v.denominator == 1 else None
        case Neg(arg=arg):
            inner = _plain(arg, env, sizes)
            return None if inner is None else -inner
        case Add(terms=parts) | Mul(factors=parts):
            found = [_plain(p, env, sizes) for p in parts]
            whole = [k for k in found if k is not None]
            if len(whole) == len(found):
                return sum(whole) if isinstance(e, Add) else prod(whole)
    return None


def smooth(fn: str, x: Dual) -> Dual:
    """f(x)' = f'(x) x'."""
    f = FUNCTIONS[fn]
    value = f.value(x.value)
    return Dual(value, times(f.slope(x.value), x.tangent) if x.tangent else Fraction(0))


def _kinked(fn: str, x: Dual, ties: Convention) -> Dual:
    match fn:
        case "relu":
            return extreme([x, constant(0)], 1, ties)
        case "abs":  # every convention takes sign 0 = 0
            return extreme([x, negate(x)], 1, "strict" if ties == "strict" else "split")
        case "sign":
            return constant(order(x, constant(0)))
    return rounded(x, up=fn == "ceil")


def _fold(op: str, items: Iterator[Dual], e: Expr, ties: Convention = "strict") -> Dual:
    if op in ("sum", "prod"):
        total, combine = (constant(0), add) if op == "sum" else (constant(1), multiply)
        for item in items:
            total = combine(total, item)
        return total
    found = list(items)
    if not found:
        raise Undefined(f"found {latex(e)} over no index at all, expected one or more")
    return extreme(found, 1 if op == "max" else -1, ties)
