r"""Which names are vectors and matrices: those that are declared, W \in \mathbb{R}^{h \times d},
and those that a formula with such names defines, z = W x + b."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from symgrad.errors import NetworkError, Place, SymgradError
from symgrad.expr import (
    Blank,
    Bound,
    Call,
    Expr,
    Num,
    Partial,
    Ref,
    children,
    free_names,
    names,
    walk,
)
from symgrad.latex import latex
from symgrad.matrix import SIGNS, Declared, Lowering, inverted, with_inverses
from symgrad.notation import Data, Formula, Labels, Listing, Maps, Ranges, Shape, Statement
from symgrad.unsaid import derivatives_of


@dataclass(frozen=True)
class Definition:
    """What an equation defines, `head` its arguments if it is written f(x) = …"""

    target: Ref
    body: Expr
    at: Place
    head: tuple[Expr, ...] = ()


def lowering(
    statements: Sequence[Statement],
    outer: Lowering,
    taken: Iterable[str],
    sizes: Iterable[str],
    functions: Iterable[str],
) -> Lowering:
    """What a scope says of its vectors and matrices; `taken`, `sizes` and `functions` are the names
    of the scope around it."""
    found = {d.target.name: d for d in map(definition, statements) if d is not None}
    declared = {n: d for n, d in outer.declared.items() if not (d.inferred and n in found)}
    declared |= shaped(statements)
    plain = {r.name for s in statements if isinstance(s, Shape) and not s.sizes for r in s.refs}
    values = {
        n: d.body for n, d in found.items() if not d.target.indices and isinstance(d.body, Num)
    }
    called = {n for n, d in found.items() if d.head}
    called |= {
        n for s in statements if isinstance(s, Maps) for r in s.refs for n in derivatives_of(r.name)
    }
    heads = {n: args for n, args in outer.heads.items() if n not in found}
    result = Lowering(
        declared,
        outer.taken.union(taken, *map(_names, statements), *map(_counting, statements)),
        outer.sizes.union(sizes, *map(_sizes, statements)),
        {**outer.values, **values},
        frozenset(called.union(functions) - heads.keys()),
        heads,
        numbers=outer.numbers | plain | found.keys(),
        numerator=outer.numerator,
    )
    asked = list(inverted(p for s in statements if isinstance(s, Formula) for p in s.parts))
    result = replace(
        result,
        inverted=outer.inverted.union(n for n, _ in asked),
        measured=outer.measured.union(n for n, det in asked if det),
    )
    for name in found:
        result = _inferred(name, found, result, frozenset())
    square = {n for n in result.inverted if is_square(n, result)}
    result = replace(
        result,
        inverted=frozenset(square),
        measured=result.measured & square,
        declared=with_inverses(result.declared, square),
    )
    for s in statements:
        d = definition(s)
        both = {r.name for r in s.refs} if isinstance(s, Shape) else {d.target.name} if d else set()
        both &= result.declared.keys() & result.sizes
        if both:
            raise NetworkError(
                f"found {min(both)} as a size and as a vector or matrix, expected one of them",
                at=s.at,
                hint="give the size, or the array, another letter",
            )
    defined = {n for n in found if n not in result.declared}
    numbers = (outer.numbers - found.keys()) | plain | defined
    written = (x for s in statements if isinstance(s, Formula) for p in s.parts for x in walk(p))
    bare = {x.name for x in written if isinstance(x, Ref) and result.speaks(Ref(x.name, x.indices))}
    return replace(result, bare=outer.bare | bare, numbers=numbers)


def is_square(name: str, known: Lowering) -> bool:
    """Is a name that of one square matrix?"""
    d = known.declared.get(name)
    return d is not None and d.lead == 0 and len(d.shape) == 2 and known.same(*d.shape)


def shaped(statements: Sequence[Statement]) -> dict[str, Declared]:
    """The arrays that are declared; x_1 and x_2 are entries of one x, and of one shape."""
    found: dict[str, tuple[Declared, Ref]] = {}
    for s in statements:
        for r in s.refs if isinstance(s, Shape) and s.sizes else ():
            assert isinstance(s, Shape)
            new = Declared(s.sizes, len(r.indices))
            old, first = found.setdefault(r.name, (new, r))
            if old.shape != new.shape and first != r:
                told = " × ".join(map(latex, s.sizes))
                raise NetworkError(
                    f"found {latex(r)} of another shape ({told}) than {latex(first)}, of which it "
                    "is a sibling; expected one shape for both",
                    at=s.at,
                    hint=f"write them with labels, {r.name}^{{(1)}} and {r.name}^{{(2)}}",
                )
    return {name: d for name, (d, _) in found.items()}


def definition(s: Statement) -> Definition | None:
    """What a statement defines, if it is one equation: the left side, or the name of a gradient."""
    if not isinstance(s, Formula) or s.ops != ("=",):
        return None
    left, right = s.parts
    match left, right:
        case _, Blank():
            return None
        case Ref(), _:
            return Definition(left, right, s.at)
        case Call(fn=fn, args=args), _ if fn not in SIGNS:
            return Definition(Ref(fn), right, s.at, args)
        case Partial(), Ref():
            return Definition(right, left, s.at)
    return None


def _inferred(
    name: str, found: Mapping[str, Definition], known: Lowering, inside: frozenset[str]
) -> Lowering:
    """What is known once a definition, and before it those that it reads, are looked at."""
    if name in known.declared or name in known.heads or name in inside:
        return known
    d = found[name]
    for other in _read(d.body):
        if other in found:
            known = _inferred(other, found, known, inside | {name})
    arrays = any(known.speaks(a) for a in d.head)
    if not arrays and not known.speaks(d.body):
        return known
    try:
        array = known.array(d.body)
        shape = array.shape
    except SymgradError as error:
        raise error.located(d.at) from None
    if shape:
        row = array.row and isinstance(d.body, Partial)
        new = Declared(shape, len(d.target.indices), row, inferred=True)
        known = replace(known, declared={**known.declared, name: new})
    if d.head and (arrays or shape):
        heads = {**known.heads, name: d.head}
        known = replace(known, heads=heads, functions=known.functions - {name})
    return known


def _read(e: Expr) -> Iterator[str]:
    """The names of what a formula reads and calls."""
    for x in walk(e):
        if isinstance(x, Ref):
            yield x.name
        elif isinstance(x, Call):
            yield x.fn


def _formulas(s: Statement) -> Iterator[Expr]:
    match s:
        case Formula(parts=parts):
            yield from parts
        case Listing(ref=ref, items=items):
            yield from (ref, *items)
        case Data(refs=refs):
            yield from refs
        case Shape(refs=refs, sizes=sizes):
            yield from (*refs, *sizes)
        case Labels(refs=refs, lo=lo, hi=hi):
            yield from (*refs, lo, hi)
        case Ranges(lo=lo, hi=hi):
            yield from (lo, hi)


def _names(s: Statement) -> set[str]:
    """Every name of a statement; the letters of what a question asks for stay free."""
    own = set(s.names) if isinstance(s, Ranges) else set()
    if isinstance(s, Formula) and isinstance(s.parts[-1], Blank):
        return own.union(*({x.name} for x in _outer(s.parts[0])))
    return own.union(*(names(e) for e in _formulas(s)))


LAYER = re.compile(r"\^\{[(\[]([A-Za-z])")


def _counting(s: Statement) -> set[str]:
    """The letters in the labels of names, l of W^{[l]}: no index is called so."""
    named = (n for e in _formulas(s) for n in names(e)) if isinstance(s, Formula) else ()
    return {found[1] for n in named if (found := LAYER.search(n))}


def _outer(e: Expr) -> Iterator[Ref]:
    """The references of a formula that stand in no subscript."""
    if isinstance(e, Ref):
        yield e
    else:
        yield from (r for k in children(e) for r in _outer(k))


def _sizes(s: Statement) -> set[str]:
    """The names in sizes and in the ends of ranges."""
    match s:
        case Shape(sizes=sizes):
            ends = list(sizes)
        case Labels(lo=lo, hi=hi) | Ranges(lo=lo, hi=hi):
            ends = [lo, hi]
        case _:
            bounds = [x for e in _formulas(s) for x in walk(e) if isinstance(x, Bound)]
            ends = [e for b in bounds for e in (b.lo, b.hi) if e is not None]
    return {n for e in ends for n in free_names(e)}
