r"""What a network must satisfy: an entry is defined once, with as many indices everywhere; every
read, and every entry that somebody asks for or gives, is in range.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from itertools import product
from math import prod

from symgrad.affine import Affine, Condition, affine, conditions, factors, shift
from symgrad.equation import Equation, Read, linear, powers_in
from symgrad.errors import NetworkError, Place
from symgrad.expr import Expr, Num, Ref, Rel, free, names, num
from symgrad.index import Range, negations, range_conditions, range_ends, rounded_subscript
from symgrad.latex import latex
from symgrad.network import Network, leaning, read_refs
from symgrad.padding import Edge


def validated(network: Network) -> Network:
    """The network, after checking it: single assignment, no cycle, every read in range."""
    check_single_assignment(network)
    check_ranks(network)
    network = network.acyclic()
    for eq in network.equations:
        check_reads(network, eq)
    return network


def check_single_assignment(network: Network) -> None:
    """No entry is defined twice."""
    for name, eqs in network.by_name.items():
        seen: dict[Ref, Equation] = {}
        ranged: list[Equation] = []
        for eq in eqs:
            twin = seen.get(eq.target) or next(
                (o for o in ranged if _overlap(network, o, eq)), None
            )
            if twin is None and eq.indices:
                twin = next((o for o in seen.values() if _overlap(network, eq, o)), None)
            if twin is not None:
                first = f" (first at {twin.at})" if twin.at else ""
                raise NetworkError(
                    f"found a second definition of {latex(eq.target)}{first}, "
                    "expected one in a scope",
                    at=eq.at,
                    hint=f"rename one of them, or put the new {name} under a heading of its own",
                )
            if eq.indices:
                ranged.append(eq)
            else:
                seen[eq.target] = eq


def _overlap(network: Network, a: Equation, b: Equation) -> bool:
    """Can an entry be a target of both?"""
    if len(a.target.indices) != len(b.target.indices):
        return False
    renamed = {i.name: Ref(f"{i.name}'") for i in b.indices}
    conds: list[Condition] = []
    for index in a.indices:
        conds += range_conditions(affine(Ref(index.name)), index.range)
    for index in b.indices:
        conds += range_conditions(affine(renamed[index.name]), index.range)
    for own, other in zip(a.target.indices, b.target.indices, strict=True):
        left, right = affine(own), affine(shift(other, renamed))
        if left is None or right is None:
            return False
        conds.append(Condition(left.plus(right, -1), equality=True))
    return network.facts.plus(conds).instance([Condition(Affine(0))]) is not None


def check_entry(network: Network, ref: Ref, at: Place | None = None) -> None:
    """An entry somebody asks for, or gives, exists: it has as many indices as the tensor, and
    each can lie in its range at some sizes."""
    ranks = network.ranks(ref.name)
    if not ranks or ref in network.leaves:
        return
    if len(ref.indices) not in ranks:
        known = ranks[min(ranks)]
        raise NetworkError(
            f"found {latex(ref)} with {_indices(len(ref.indices))}, expected "
            f"{len(known.indices) or 'none'} as in {latex(known)}",
            at=at,
            hint="write one entry, with as many indices as the equations use",
        )
    ranges = network.ranges(ref.name)
    if not ref.indices or ranges is None or len(ranges) != len(ref.indices):
        return
    for i, r in zip(ref.indices, ranges, strict=True):
        if affine(i) is not None and not network.inside(i, r):
            raise NetworkError(
                f"found {latex(ref)}, expected an index from {latex(r.lo)} to {latex(r.hi)}",
                at=at,
                hint=f"ask for an entry in range, or define more entries of {ref.name}",
            )
    _check_corner(network, ref, at)


def _check_corner(network: Network, ref: Ref, at: Place | None) -> None:
    """An entry of numbers lies in ranges that lean on one another: h_{12} is none of j ≤ i."""
    if ref.name not in network.leans or not all(isinstance(i, Num) for i in ref.indices):
        return
    defined = network.by_name[ref.name]
    if network.defining(ref) is not None and not any(_inside(network, e, ref) for e in defined):
        shown = next(e for e in defined if leaning(e))
        raise NetworkError(
            f"found {latex(ref)}, expected an entry of {latex(shown.target)} in its ranges",
            at=at,
            hint=f"ask for an entry in range, or define more entries of {ref.name}",
        )


def _inside(network: Network, eq: Equation, ref: Ref) -> bool:
    """Can `ref` be a target of `eq` at some sizes?"""
    pairs = zip(eq.target.indices, ref.indices, strict=True)
    conds = [
        Condition(a.plus(b, -1), equality=True)
        for mine, there in pairs
        if (a := affine(mine)) is not None and (b := affine(there)) is not None
    ]
    facts = network.facts.within(eq.indices).plus(conds)
    return facts.instance([Condition(Affine(0))]) is not None


def _indices(n: int) -> str:
    return "no index" if n == 0 else "1 index" if n == 1 else f"{n} indices"


def check_ranks(
    network: Network, new: Iterable[Equation] | None = None, apart: Container[str] = ()
) -> None:
    """A tensor has the same number of indices wherever the equations `new` (all) write it.

    One that is defined, or read, at a letter is never written without: w beside w_i is a slip;
    w beside w_0 (the bias) and x beside a stage x_1 = w_1 x are not, nor is the argument of a
    function, `apart`: f(x) = … beside f(x_i)."""
    own = network.equations if new is None else tuple(new)
    rank: dict[str, Ref] = {}
    bare = {eq.target.name for eq in network.equations if not eq.target.indices}
    ranged = {eq.target.name for eq in network.equations if eq.indices} - bare
    for ref in (*(eq.target for eq in network.equations), *read_refs(own)):
        if ref.name in ranged or any(not isinstance(i, Num) for i in ref.indices):
            rank.setdefault(ref.name, ref)
    indexed = dict(rank)
    for eq in own:
        for ref in (eq.target, *(r.ref for r in eq.reads)):
            if ref.name in apart:
                continue
            first = indexed.setdefault(ref.name, ref) if ref.indices else rank.get(ref.name)
            if first is not None and len(first.indices) != len(ref.indices):
                raise NetworkError(
                    f"found {latex(ref)} with {_indices(len(ref.indices))}, expected "
                    f"{len(first.indices)} as in {latex(first)}",
                    at=eq.at if ref == eq.target else eq.at and eq.at.find(latex(ref), "="),
                    hint="use one number of indices for one tensor, or another name",
                )


def check_edges(network: Network) -> None:
    """A tensor that has a range of its own is padded at the ends of it: no entry is without a
    value or has two."""
    for name, axes in network.padded.items():
        own = network.ranges(name) or ()
        for axis, edge in axes.items():
            if axis >= len(own):
                continue
            r = own[axis]
            for mine, stated in ((r.lo, edge.lo), (r.hi, edge.hi)):
                a, b = affine(mine), affine(stated) if stated else None
                if a is None or b is None or network.facts.imply(Condition(a.plus(b, -1), True)):
                    continue
                raise NetworkError(
                    f"found {name} zero outside {latex(edge.lo or r.lo)}, …, "
                    f"{latex(edge.hi or r.hi)}, expected the range it has, {latex(r.lo)}, …, "
                    f"{latex(r.hi)}",
                    hint="state one range, or how the sizes are related",
                )


def check_reads(network: Network, eq: Equation) -> None:
    """Every subscript is affine and stays within the range of what it reads."""
    for read in eq.reads:
        _check_shape(network, eq, read.ref)
        axes = network.ranges(read.ref.name)
        for position, i in enumerate(read.ref.indices):
            if isinstance(i, Ref) and i.indices and i.name in network.labels:
                _check_label(network, eq, read, position)
                continue
            end = rounded_subscript(i)
            if end is not None:
                _check_names(network, eq, read, end.top.plus(end.by).plus(end.plus))
                _check_rounded(network, eq, read, position)
                continue
            form = linear(i, read.inside)
            if form is None:
                label = isinstance(i, Ref)
                raise NetworkError(
                    f"found the subscript {latex(i)} of {latex(read.ref)}, expected one such as "
                    "s (i - 1) + j: indices and sizes added, an index times a number or a size",
                    at=eq.at and eq.at.find(latex(read.ref), after="="),
                    hint=rf"if it is a label, state its values: {latex(i)} \in \{{1, \dots, n\}}"
                    if label
                    else "",
                )
            _check_names(network, eq, read, form)
            stated = read.ref.name in network.shapes
            inside = axes is not None and position < len(axes) and read.ref.name in network.by_name
            if axes is None or not (inside or stated):
                continue
            _check_axis(network, eq, read, position, axes[position])
        _check_triangle(network, eq, read)
    _check_exponents(network, eq)


def _check_exponents(network: Network, eq: Equation) -> None:
    """No exponent of a matrix is below 0: its gradient is a sum over the factors."""
    for e, inside in powers_in(eq.body, eq.indices):
        exponent = e.args[2]
        facts = network.facts.within(inside)
        below = conditions(Rel("<=", exponent, num(-1)))
        bad = None if below is None else facts.instance(below)
        if bad is not None:
            where = ", ".join(f"{n} = {v}" for n, v in bad.items() if n in names(exponent))
            raise NetworkError(
                f"found the exponent {latex(exponent)}{f' (at {where})' if where else ''} of a "
                f"matrix in the definition of {latex(eq.target)}, expected 0 or more",
                at=eq.at and eq.at.find(latex(exponent), after="="),
                hint=f"state a fact, {latex(exponent)} \\ge 0",
            )


def _check_shape(network: Network, eq: Equation, ref: Ref) -> None:
    """A tensor with a shape is read with one index for each size."""
    shape = network.shapes.get(ref.name, ())
    if shape and ref.indices and len(shape) != len(ref.indices):
        raise NetworkError(
            f"found {latex(ref)} with {_indices(len(ref.indices))}, expected {len(shape)} as in "
            "its shape",
            at=eq.at and eq.at.find(latex(ref), after="="),
            hint="state one size for each index",
        )


def _check_label(network: Network, eq: Equation, read: Read, axis: int) -> None:
    """Every value of a label is an index of what it reads, where that has a range of its own."""
    ref = read.ref
    axes = network.ranges(ref.name)
    if axes is None or not (ref.name in network.by_name or ref.name in network.shapes):
        return
    label = ref.indices[axis]
    assert isinstance(label, Ref)
    values = network.labels[label.name]
    form = Affine(0, ((label.name, 1),))
    facts = network.facts.plus(range_conditions(form, values))
    if not all(map(facts.imply, range_conditions(form, axes[axis]))):
        raise NetworkError(
            f"found {latex(ref)} with {latex(label)} from {latex(values.lo)} to "
            f"{latex(values.hi)}, expected an index from {latex(axes[axis].lo)} to "
            f"{latex(axes[axis].hi)}",
            at=eq.at and eq.at.find(latex(ref), after="="),
            hint="state one range for the label and for the tensor that it looks up",
        )


def _check_names(network: Network, eq: Equation, read: Read, form: Affine) -> None:
    known = {i.name for i in read.inside} | network.sizes
    for name in sorted(form.names):
        if name not in known:
            label = ""
            if network.knows(name) and Ref(name) in read.ref.indices:
                rest = tuple(i for i in read.ref.indices if i != Ref(name))
                named = latex(Ref(rf"{read.ref.name}_{{\text{{{name}}}}}", rest))
                label = rf"if it is a part of the name, write {named}; of an index, "
            raise NetworkError(
                f"found the index {name} in {latex(read.ref)}, expected one with a range",
                at=eq.at and eq.at.find(latex(read.ref), after="="),
                hint=rf"{label}state its range: {name} = 1, \dots, n, or sum over it; of a label "
                rf"of the data, {name} \in \{{1, \dots, n\}}",
            )


def _check_rounded(network: Network, eq: Equation, read: Read, axis: int) -> None:
    """A rounded subscript of what has a range of its own stays in it."""
    ref = read.ref
    own = ref.name in network.shapes or ref.name in network.by_name
    axes, end = network.ranges(ref.name), rounded_subscript(ref.indices[axis])
    if not own or axes is None or axis >= len(axes) or end is None:
        return
    lo, hi = affine(axes[axis].lo), affine(axes[axis].hi)
    outside = []
    if lo is not None:
        outside.append(end.below(lo.plus(Affine(-1))))
    if hi is not None:
        outside.append(end.above(hi.plus(Affine(1))))
    if ref.name in network.padded or len(outside) < 2:
        raise NetworkError(
            f"found the rounded subscript of {latex(ref)} beside a range that is rounded or padded "
            "itself, expected plain sizes as its ends",
            at=eq.at and eq.at.find(latex(ref), after="="),
        )
    bad = network.facts.within(read.inside).instance(outside)
    if bad is not None:
        where = ", ".join(f"{n} = {v}" for n, v in bad.items())
        raise NetworkError(
            f"found {latex(ref)} (at {where}) in the definition of {latex(eq.target)}, expected an "
            f"index from {latex(axes[axis].lo)} to {latex(axes[axis].hi)}",
            at=eq.at and eq.at.find(latex(ref), after="="),
            hint=f"change the range of the indices, or define more entries of {ref.name}",
        )


def _check_axis(network: Network, eq: Equation, read: Read, axis: int, r: Range) -> None:
    form = affine(read.ref.indices[axis])
    assert form is not None
    edge = network.padded.get(read.ref.name, {}).get(axis, Edge())
    conds = range_conditions(form, r)
    lows = len(range_ends(r.lo, "max"))
    conds = (() if edge.lo else conds[:lows]) + (() if edge.hi else conds[lows:])
    if not conds or network.is_padding(read.ref):
        return
    if network.starts(read) and network.recurrent[read.ref.name].axis(read.ref.name) == axis:
        conds = _but_the_start(network, read, conds)
    if not form.coefficients and r.size is not None:
        bad: dict[str, int] | None = None if form.constant in r.values() else {}
    else:
        facts = network.facts.within(read.inside)
        outside = [
            Condition(Affine(-c.form.constant - 1, c.form.scaled(-1).coefficients)) for c in conds
        ]
        bad = facts.instance(outside)
    if bad is None:
        return
    defined = network.by_name.get(read.ref.name, ())
    entrywise = all(isinstance(e.target.indices[axis], Num) for e in defined) and bool(defined)
    below = conds[0].form if conds else form
    value = below.constant + sum(
        k * prod(bad.get(f, 0) for f in factors(n)) for n, k in below.coefficients
    )
    if entrywise and value < 0:
        return  # h_0 of h_1, h_2, …: the state before the first one is an input
    where = ", ".join(f"{n} = {v}" for n, v in bad.items() if n in form.names or n in network.sizes)
    raise NetworkError(
        f"found {latex(read.ref)}{f' (at {where})' if where else ''} in the definition of "
        f"{latex(eq.target)}, expected an index from {latex(r.lo)} to {latex(r.hi)}",
        at=eq.at and eq.at.find(latex(read.ref), after="="),
        hint=f"change the range of the indices, or define more entries of {read.ref.name}",
    )


def _but_the_start(
    network: Network, read: Read, conds: tuple[Condition, ...]
) -> tuple[Condition, ...]:
    """The conditions without the end at which states are inputs."""
    r = network.recurrent[read.ref.name]
    own = r.ranges(read.ref.name, network.facts)[r.axis(read.ref.name)]
    form = affine(read.ref.indices[r.axis(read.ref.name)])
    low, high = range_conditions(form, own)[:1], range_conditions(form, own)[-1:]
    return tuple(c for c in conds if c not in (low if r.sign > 0 else high))


MOST_COMBINATIONS = 2000
"""Ways in which a read may miss every equation of a tensor; more are not looked at."""


def _check_triangle(network: Network, eq: Equation, read: Read) -> None:
    """A read of a tensor whose ranges lean on one another meets one of its equations."""
    if read.ref.name not in network.leans:
        return
    defined = network.by_name[read.ref.name]
    misses = [_misses(e, read.ref) for e in defined]
    if any(m is None for m in misses) or prod(len(m or ()) for m in misses) > MOST_COMBINATIONS:
        return
    facts = network.facts.within(read.inside)
    for missed in product(*(m for m in misses if m is not None)):
        bad = facts.plus(missed).instance([Condition(Affine(0))])
        if bad is not None:
            shown = next(e for e in defined if leaning(e))
            where = ", ".join(f"{n} = {v}" for n, v in bad.items() if n in names_of(read))
            ranges = ", ".join(
                f"{i.name} from {latex(i.range.lo)} to {latex(i.range.hi)}" for i in shown.indices
            )
            raise NetworkError(
                f"found {latex(read.ref)}{f' (at {where})' if where else ''} in the definition of "
                f"{latex(eq.target)}, expected an entry of {latex(shown.target)} with {ranges}",
                at=eq.at and eq.at.find(latex(read.ref), after="="),
                hint=f"change the range of the indices, or define more entries of {read.ref.name}",
            )


def names_of(read: Read) -> set[str]:
    """The letters of a read's subscripts."""
    return {r.name for i in read.ref.indices for r in free(i)}


def _misses(eq: Equation, ref: Ref) -> list[Condition] | None:
    """The ways in which `ref` is no target of `eq`; None where that is not affine."""
    if len(eq.target.indices) != len(ref.indices):
        return None
    own = {i.name for i in eq.indices}
    put: dict[str, Expr] = {}
    wanted: list[Condition] = []
    for mine, there in zip(eq.target.indices, ref.indices, strict=True):
        form, other = affine(mine), affine(there)
        if form is None or other is None:
            return None
        if isinstance(mine, Ref) and mine.name in own:
            put[mine.name] = there
        else:
            wanted.append(Condition(form.plus(other, -1), equality=True))
    try:
        for i in eq.indices:
            r = Range(shift(i.range.lo, put), shift(i.range.hi, put))
            wanted += range_conditions(affine(put.get(i.name, Ref(i.name))), r)
    except NetworkError:  # an end that is rounded
        return None
    return [n for c in wanted for n in negations(c)]
