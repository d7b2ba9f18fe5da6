r"""The vocabulary: what a formula is made of.

A formula is a tree of frozen records that keeps the author's order, grouping and spelling:
``-(y - \hat y)`` and ``\hat y - y`` are two formulas, and printing either gives it back.
Nothing here simplifies; `rules` does, one named identity at a time.

Binders (`Reduce`) make indices local. `substitute` is the one way to replace an index or a
name in a formula, and it never captures: bound names that would clash are renamed first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from itertools import groupby
from operator import is_
from typing import Any


@dataclass(frozen=True, slots=True)
class Expr:
    """A formula. Subclasses hold only other formulas, names and numbers."""


@dataclass(frozen=True, slots=True)
class Num(Expr):
    r"""A rational number; `text` is the author's spelling (``0.5``), kept for printing only."""

    value: Fraction
    text: str | None = field(default=None, compare=False)

    def __hash__(self) -> int:
        """Of numerator and denominator: the hash of a fraction takes a modular inverse."""
        return hash(self.value.as_integer_ratio())


@dataclass(frozen=True, slots=True)
class Ref(Expr):
    r"""A name, or a tensor read at indices: ``\hat y``, ``n``, ``i``, ``x_{i+j-1}``, ``w_1``.

    `name` is canonical LaTeX without the index subscript (``\hat y``, ``W^{(1)}``, ``z'``,
    ``x_{\text{in}}``); a subscript that is an index (letters, numbers, sums) is in `indices`.
    """

    name: str
    indices: tuple[Expr, ...] = ()
    commas: bool = field(default=False, compare=False, repr=False)
    """Are letters set apart, w_{i,j}? Kept for printing only."""

    def at(self, indices: tuple[Expr, ...]) -> Ref:
        """The same tensor read elsewhere."""
        return Ref(self.name, indices, self.commas)


@dataclass(frozen=True, slots=True)
class Add(Expr):
    """a + b + …, in the author's order; a subtracted term is a `Neg`."""

    terms: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Neg(Expr):
    """-a."""

    arg: Expr


@dataclass(frozen=True, slots=True)
class Mul(Expr):
    """a b …, in the author's order."""

    factors: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Div(Expr):
    """a / b, written as a fraction."""

    num: Expr
    den: Expr


@dataclass(frozen=True, slots=True)
class Pow(Expr):
    """a ^ b."""

    base: Expr
    exp: Expr


@dataclass(frozen=True, slots=True)
class Call(Expr):
    r"""A function of arguments: `fn` is its canonical name (exp, log, tanh, sigmoid, relu, max,
    min, sqrt, abs, floor, ceil, …), `spelling` the author's LaTeX for it (``\sigma``, ``\ln``,
    ``e^`` for an exponential written as a power), kept for printing only.
    """

    fn: str
    args: tuple[Expr, ...]
    spelling: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Rel(Expr):
    """A comparison; `op` is one of = ≠ < ≤ > ≥ written as ``=``, ``!=``, ``<``, ``<=``, ``>``,
    ``>=``."""

    op: str
    lhs: Expr
    rhs: Expr


@dataclass(frozen=True, slots=True)
class And(Expr):
    """All of the comparisons hold."""

    conds: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Iverson(Expr):
    """[P]: 1 if the condition P holds, else 0; an indicator."""

    cond: Expr


@dataclass(frozen=True, slots=True)
class Cases(Expr):
    """The value of the first branch whose condition holds; `None` as condition: otherwise."""

    branches: tuple[tuple[Expr, Expr | None], ...]


@dataclass(frozen=True, slots=True)
class Bound(Expr):
    r"""A bound index with its inclusive range; an end the author left out is `None`
    (``\sum_j``), and `conds` are side conditions (``j \ne i``)."""

    name: str
    lo: Expr | None = None
    hi: Expr | None = None
    conds: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Reduce(Expr):
    r"""Σ, Π, max or min of `body` over one or more bound indices; `op` is ``sum``, ``prod``,
    ``max`` or ``min``. A later bound may depend on an earlier index."""

    op: str
    bounds: tuple[Bound, ...]
    body: Expr


@dataclass(frozen=True, slots=True)
class Partial(Expr):
    """∂of/∂by, inert: a name for a gradient. `total` marks an upright or plain d."""

    of: Expr
    by: Expr
    total: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Blank(Expr):
    """The question mark an exam leaves for the answer."""


ZERO = Num(Fraction(0))
ONE = Num(Fraction(1))
MINUS_ONE = Num(Fraction(-1))
PI = Call("pi", (ONE,), r"\pi")
"""The number π: a function of one number, as every other that is known by its name alone."""


@lru_cache(maxsize=4096)
def num(value: int | Fraction) -> Num:
    """The rational number `value`."""
    return Num(Fraction(value))


def constant(e: Expr) -> Fraction | None:
    """The value of a number written as such, with a sign or as a fraction of numbers.

    >>> constant(Neg(Div(ONE, num(2))))
    Fraction(-1, 2)
    """
    match e:
        case Num(value=v):
            return v
        case Neg(arg=a):
            inner = constant(a)
            return None if inner is None else -inner
        case Div(num=a, den=b):
            top, bottom = constant(a), constant(b)
            return top / bottom if top is not None and bottom else None
    return None


KIDS: dict[type, Callable[[Any], tuple[Expr, ...]]] = {
    Num: lambda e: (),
    Blank: lambda e: (),
    Ref: lambda e: e.indices,
    Add: lambda e: e.terms,
    Mul: lambda e: e.factors,
    And: lambda e: e.conds,
    Call: lambda e: e.args,
    Neg: lambda e: (e.arg,),
    Iverson: lambda e: (e.cond,),
    Div: lambda e: (e.num, e.den),
    Pow: lambda e: (e.base, e.exp),
    Rel: lambda e: (e.lhs, e.rhs),
    Partial: lambda e: (e.of, e.by),
    Cases: lambda e: tuple(x for branch in e.branches for x in branch if x is not None),
    Bound: lambda e: (*(x for x in (e.lo, e.hi) if x is not None), *e.conds),
    Reduce: lambda e: (*e.bounds, e.body),
}
"""What stands directly inside each record: looked up, as every walk asks it of every formula."""


def children(e: Expr) -> tuple[Expr, ...]:
    """The formulas directly inside `e`, in reading order."""
    try:
        return KIDS[type(e)](e)
    except KeyError:
        raise TypeError(f"not a formula: {type(e).__name__}") from None


def rebuild(e: Expr, new: Iterable[Expr]) -> Expr:
    """`e` with its children replaced, in the order of `children`."""
    try:
        made = MADE[type(e)]
    except KeyError:
        raise TypeError(f"not a formula: {type(e).__name__}") from None
    return made(e, tuple(new))


def _of_branches(e: Cases, xs: tuple[Expr, ...]) -> Expr:
    rest = iter(xs)
    return Cases(tuple((next(rest), None if c is None else next(rest)) for _, c in e.branches))


def _of_ends(e: Bound, xs: tuple[Expr, ...]) -> Expr:
    rest = iter(xs)
    low = None if e.lo is None else next(rest)
    high = None if e.hi is None else next(rest)
    return Bound(e.name, low, high, tuple(rest))


MADE: dict[type, Callable[[Any, tuple[Expr, ...]], Expr]] = {
    Num: lambda e, xs: e,
    Blank: lambda e, xs: e,
    Ref: lambda e, xs: e.at(xs),
    Add: lambda e, xs: Add(xs),
    Mul: lambda e, xs: Mul(xs),
    And: lambda e, xs: And(xs),
    Call: lambda e, xs: Call(e.fn, xs, e.spelling),
    Neg: lambda e, xs: Neg(*xs),
    Iverson: lambda e, xs: Iverson(*xs),
    Div: lambda e, xs: Div(*xs),
    Pow: lambda e, xs: Pow(*xs),
    Rel: lambda e, xs: Rel(e.op, *xs),
    Partial: lambda e, xs: Partial(xs[0], xs[1], e.total),
    Cases: _of_branches,
    Bound: _of_ends,
    Reduce: lambda e, xs: Reduce(e.op, tuple(b for b in xs if isinstance(b, Bound)), xs[-1]),
}
"""Each record made of other parts."""


def transform(e: Expr, f: Callable[[Expr], Expr]) -> Expr:
    """`f` applied to every formula inside `e`, innermost first. `f` must not bind indices."""
    kids = children(e)
    if kids:
        new = [transform(k, f) for k in kids]
        if not all(map(is_, kids, new)):
            e = rebuild(e, new)
    return f(e)


def walk(e: Expr) -> Iterator[Expr]:
    """`e` and everything inside it, outermost first, in reading order."""
    known = WALKED.get(id(e))
    if known is not None and known[0] is e:
        return iter(known)
    found: list[Expr] = []
    stack = [e]
    while stack:
        top = stack.pop()
        found.append(top)
        kids = children(top)
        if kids:
            stack.extend(kids[::-1])
    if len(found) <= MOST_WALKED:
        if len(WALKED) >= MOST_WALKED:
            WALKED.clear()
        WALKED[id(e)] = tuple(found)
    return iter(found)


WALKED: dict[int, tuple[Expr, ...]] = {}
"""What small formulas are made of, by identity, as one formula is walked many times in a row."""
MOST_WALKED = 256


def nodes(e: Expr) -> int:
    """How many formulas stand in `e`, itself among them."""
    return sum(1 for _ in walk(e))


def names(e: Expr) -> set[str]:
    """Every name that occurs in `e`, bound ones included."""
    found: set[str] = set()
    for x in walk(e):
        if isinstance(x, Ref | Bound):
            found.add(x.name)
    return found


def free(e: Expr) -> dict[Ref, None]:
    r"""The references of `e` that no binder binds, in reading order, tensors at their indices.

    An insertion-ordered set. ``\sum_j k_j x_{i+j-1}`` gives k_j, x_{i+j-1}, i: the indices of a
    tensor are references too, without those that are bound.

    >>> [r.name for r in free(Reduce("sum", (Bound("j"),), Ref("k", (Ref("j"),))))]
    ['k']
    """
    found: dict[Ref, None] = {}

    def visit(x: Expr, bound: frozenset[str]) -> None:
        if isinstance(x, Ref) and not (not x.indices and x.name in bound):
            found.setdefault(x)
        if isinstance(x, Reduce):
            for b in x.bounds:
                for part in (b.lo, b.hi):
                    if part is not None:
                        visit(part, bound)
                bound = bound | {b.name}
                for cond in b.conds:
                    visit(cond, bound)
            visit(x.body, bound)
            return
        for child in children(x):
            visit(child, bound)

    visit(e, frozenset())
    return found


def free_names(e: Expr) -> set[str]:
    """The names of the free references of `e`: tensors, sizes and free indices alike."""
    found: set[str] = set()
    inside: list[tuple[Expr, frozenset[str]]] = [(e, frozenset())]
    while inside:
        x, bound = inside.pop()
        if isinstance(x, Reduce):
            for b in x.bounds:
                inside += [(end, bound) for end in (b.lo, b.hi) if end is not None]
                bound |= {b.name}
                inside += [(cond, bound) for cond in b.conds]
            inside.append((x.body, bound))
            continue
        if isinstance(x, Ref) and (x.indices or x.name not in bound):
            found.add(x.name)
        inside += [(kid, bound) for kid in children(x)]
    return found


LETTERS = list("ijklpqrstuabcdefghmnovwxyz")


def fresh(wanted: str, taken: Iterable[str]) -> str:
    """`wanted` if no one has taken it, else the next free index letter, else a numbered one.

    >>> fresh("i", {"i", "j"})
    'k'
    """
    used = set(taken)
    if wanted not in used:
        return wanted
    for letter in LETTERS:
        if letter not in used:
            return letter
    count = 1
    while f"{wanted}_{{{count}}}" in used:
        count += 1
    return f"{wanted}_{{{count}}}"


def substitute(e: Expr, by: Mapping[str, Expr]) -> Expr:
    r"""`e` with each free name replaced, capture-free.

    Only names without indices are replaced: indices, sizes, scalars. Bound indices that would
    capture a free index of a replacement are renamed first.

    >>> inner = Reduce("sum", (Bound("j", ONE, Ref("m")),), Ref("x", (Add((Ref("i"), Ref("j"))),)))
    >>> out = substitute(inner, {"i": Ref("j")})
    >>> out.bounds[0].name != "j"
    True
    """
    if not by:
        return e
    if isinstance(e, Reduce):
        return _substitute_under(e, by)
    kids = children(e)
    if not kids:
        return by.get(e.name, e) if isinstance(e, Ref) else e
    new = [substitute(k, by) for k in kids]
    return e if all(map(is_, kids, new)) else rebuild(e, new)


def _substitute_under(e: Reduce, by: Mapping[str, Expr]) -> Expr:
    inner = dict(by)
    incoming = set().union(*(free_names(v) for v in by.values()))
    taken = incoming | names(e) | set(by)
    bounds = []
    for b in e.bounds:
        lo = None if b.lo is None else substitute(b.lo, inner)
        hi = None if b.hi is None else substitute(b.hi, inner)
        inner.pop(b.name, None)
        name = b.name
        if name in incoming and inner:
            name = fresh(name, taken)
            taken.add(name)
            inner[b.name] = Ref(name)
        bounds.append(Bound(name, lo, hi, tuple(substitute(c, inner) for c in b.conds)))
    return Reduce(e.op, tuple(bounds), substitute(e.body, inner))


def replace_refs(e: Expr, by: Callable[[Ref], Expr | None]) -> Expr:
    """`e` with each tensor reference replaced by what `by` gives for it (`None`: kept).

    Replacements must have no free index that a binder of `e` binds, unless it is meant to be
    bound there (an index of the reference itself).
    """

    def one(x: Expr) -> Expr:
        if isinstance(x, Ref):
            new = by(x)
            return x if new is None else new
        return x

    return transform(e, one)


def derivatives(e: Partial) -> tuple[Expr, tuple[Expr, ...]]:
    """What is differentiated, and the names it is by, the last derivative first.

    >>> [r.name for r in derivatives(Partial(Partial(Ref("L"), Ref("b")), Ref("w")))[1]]
    ['w', 'b']
    """
    by: tuple[Expr, ...] = (e.by,)
    of = e.of
    while isinstance(of, Partial):
        by, of = (*by, of.by), of.of
    return of, by


def counted(items: Sequence[Expr]) -> list[tuple[Expr, int]]:
    """Each run of equal items with its length."""
    return [(item, len(list(run))) for item, run in groupby(items)]


def same(a: Expr, b: Expr) -> bool:
    """Are `a` and `b` the same formula up to the names of bound indices?

    >>> j = Reduce("sum", (Bound("j"),), Ref("x", (Ref("j"),)))
    >>> i = Reduce("sum", (Bound("i"),), Ref("x", (Ref("i"),)))
    >>> same(i, j)
    True
    """
    return canonical(a) == canonical(b)


def canonical(e: Expr, depth: int = 0) -> Expr:
    """`e` with bound indices renamed by their depth: equal for alpha-equivalent formulas."""
    if isinstance(e, Reduce):
        renamed: dict[str, Expr] = {}
        bounds = []
        for n, b in enumerate(e.bounds):
            lo = None if b.lo is None else canonical(substitute(b.lo, renamed), depth)
            hi = None if b.hi is None else canonical(substitute(b.hi, renamed), depth)
            name = f"#{depth + n}"
            renamed[b.name] = Ref(name)
            conds = tuple(canonical(substitute(c, renamed), depth) for c in b.conds)
            bounds.append(Bound(name, lo, hi, conds))
        body = canonical(substitute(e.body, renamed), depth + len(bounds))
        return Reduce(e.op, tuple(bounds), body)
    kids = children(e)
    if not kids:
        return e
    new = [canonical(k, depth) for k in kids]
    return e if all(map(is_, kids, new)) else rebuild(e, new)
