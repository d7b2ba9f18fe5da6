r"""A network: ordered equations over tensors, and what is known of them.

Equations are single assignment: an entry of a tensor is defined once. A network with numbers as
sizes is the same type as one with symbols. Nothing here differentiates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from math import prod
from typing import Literal

from symgrad.affine import Affine, Condition, affine, conditions, factors, shift
from symgrad.equation import Equation, Read, Upstream, check_length, entries, linear, read_extent
from symgrad.errors import NetworkError, Place
from symgrad.expr import Expr, Num, Ref, free, fresh, names
from symgrad.index import (
    Facts,
    Index,
    Range,
    extent,
    hull,
    negations,
    range_conditions,
    range_ends,
)
from symgrad.latex import latex
from symgrad.padding import Edge, Edges
from symgrad.recurrence import (
    Feed,
    Recurrence,
    circles,
    find_cycle,
    looping,
    may_be,
    recurrence,
)

Ties = Literal["strict", "ge", "first", "split"]
"""What the derivative of a maximum is where arguments tie: nobody's (`strict`), everybody's
(`ge`), the first one's, or shared."""


@dataclass(frozen=True)
class Network:
    """Equations in order, data, given values and gradients, and the facts about sizes."""

    equations: tuple[Equation, ...] = ()
    data: frozenset[str] = frozenset()
    values: Mapping[Ref, Num] = field(default_factory=dict)
    upstream: tuple[Upstream, ...] = ()
    facts: Facts = field(default_factory=Facts)
    shapes: Mapping[str, tuple[Range, ...]] = field(default_factory=dict)
    ties: Ties = "strict"
    padded: Edges = field(default_factory=dict)
    labels: Mapping[str, Range] = field(default_factory=dict)
    """Data that are whole numbers: c_t of E_{c_t}, y of p_y; each with the range of its values."""

    # -- who defines, who reads ---------------------------------------------------------------

    @cached_property
    def by_name(self) -> Mapping[str, tuple[Equation, ...]]:
        """The equations that define each tensor."""
        found: dict[str, list[Equation]] = {}
        for eq in self.equations:
            found.setdefault(eq.target.name, []).append(eq)
        return {name: tuple(eqs) for name, eqs in found.items()}

    @cached_property
    def _entries(self) -> Mapping[Ref, Equation]:
        return {eq.target: eq for eq in self.equations if not eq.indices}

    def defining(self, ref: Ref) -> tuple[Equation, dict[str, Expr]] | None:
        """The equation that defines `ref`, and the values its indices take there."""
        if ref in self._entries:
            return self._entries[ref], {}
        for eq in self.by_name.get(ref.name, ()):
            values = self._match(eq, ref)
            if values is not None:
                return eq, values
        return None

    def _match(self, eq: Equation, ref: Ref) -> dict[str, Expr] | None:
        if len(eq.target.indices) != len(ref.indices):
            return None
        values: dict[str, Expr] = {}
        ranges = {i.name: i.range for i in eq.indices}
        for own, actual in zip(eq.target.indices, ref.indices, strict=True):
            if isinstance(own, Ref) and own.name in ranges:
                if isinstance(actual, Num) and not self.inside(actual, ranges[own.name]):
                    return None
                values[own.name] = actual
            elif (isinstance(actual, Num) and own != actual) or own != actual:
                return None
        return values

    def inside(self, value: Expr, r: Range) -> bool:
        """Can `value` lie in the range at some sizes?"""
        if r.size is not None and isinstance(value, Num):
            return value.value in r.values()
        conds = range_conditions(affine(value), r)
        return self.facts.plus(conds[1:]).instance(conds[:1]) is not None

    @cached_property
    def _readers(
        self,
    ) -> tuple[Mapping[Ref, tuple[Equation, ...]], Mapping[str, tuple[Equation, ...]]]:
        exact: dict[Ref, dict[Equation, None]] = {}
        general: dict[str, dict[Equation, None]] = {}
        for eq in self.equations:
            for read in eq.reads:
                if all(isinstance(i, Num) for i in read.ref.indices):
                    exact.setdefault(read.ref, {})[eq] = None
                else:
                    general.setdefault(read.ref.name, {})[eq] = None
        return (
            {ref: tuple(eqs) for ref, eqs in exact.items()},
            {name: tuple(eqs) for name, eqs in general.items()},
        )

    def readers(self, ref: Ref) -> tuple[Equation, ...]:
        """The equations that may read `ref`, in order."""
        exact, general = self._readers
        found = list(general.get(ref.name, ()))
        if all(isinstance(i, Num) for i in ref.indices):
            found += exact.get(ref, ())
        else:
            found += [eq for r, eqs in exact.items() if r.name == ref.name for eq in eqs]
        return tuple(sorted(dict.fromkeys(found), key=self._position.__getitem__))

    @cached_property
    def _position(self) -> Mapping[Equation, int]:
        return {eq: k for k, eq in enumerate(self.equations)}

    # -- ranges -------------------------------------------------------------------------------

    def ranges(self, name: str) -> tuple[Range, ...] | None:
        """The range of each index of a tensor: declared, defined, or found from its reads."""
        return self._ranges.get(name)

    def ranges_at(self, ref: Ref) -> tuple[Range, ...] | None:
        """The ranges of a tensor's indices at `ref`, whose letters stand in them: j = 1, …, i where
        its one equation says so."""
        plain = self.ranges(ref.name)
        eqs = self.by_name.get(ref.name, ())
        if len(eqs) != 1 or not leaning(eqs[0]) or ref.name in self.shapes:
            return plain
        own = {i.name: i.range for i in eqs[0].indices}
        put: dict[str, Expr] = {}
        for mine, asked in zip(eqs[0].target.indices, ref.indices, strict=False):
            if not isinstance(mine, Ref) or mine.name not in own:
                return plain
            put[mine.name] = asked
        at = [own[name] for name in put]
        return tuple(Range(shift(r.lo, put), shift(r.hi, put)) for r in at)

    @cached_property
    def _ranges(self) -> Mapping[str, tuple[Range, ...]]:
        found: dict[str, list[tuple[Range, ...]]] = {}
        for eq in self.equations:
            targets = tuple(_axis(i, eq.indices) for i in eq.target.indices)
            found.setdefault(eq.target.name, []).append(targets)
        defined = set(found) | set(self.shapes)
        for eq in self.equations:
            for read in eq.reads:
                if read.ref.indices and read.ref.name not in defined:
                    try:
                        axes = read_extent(read, self.facts, self.labels)
                    except NetworkError as error:
                        raise error.located(eq.at) from None
                    if axes is not None:
                        found.setdefault(read.ref.name, []).append(axes)
        merged = {name: self._hull(axes) for name, axes in found.items()} | dict(self.shapes)
        for name in (self.padded.keys() & merged.keys()) - defined:
            edges = self.padded[name]
            merged[name] = tuple(
                edges[k].within(r) if k in edges else r for k, r in enumerate(merged[name])
            )
        return merged

    def _hull(self, axes: Sequence[tuple[Range, ...]]) -> tuple[Range, ...]:
        rank = min(len(a) for a in axes)
        columns = [list(dict.fromkeys(a[k] for a in axes)) for k in range(rank)]
        return tuple(
            _numeric_hull(c) or (c[0] if len(c) == 1 else hull(c, self.facts)) for c in columns
        )

    # -- names --------------------------------------------------------------------------------

    @cached_property
    def sizes(self) -> frozenset[str]:
        """The names of whole numbers: sizes, and labels without an index."""
        return self.facts.sizes | (set(self.labels) - self._indexed_labels)

    @cached_property
    def _indexed_labels(self) -> frozenset[str]:
        reads = (read.ref for eq in self.equations for read in eq.reads)
        return frozenset(r.name for r in reads if r.indices and r.name in self.labels)

    @cached_property
    def leaves(self) -> tuple[Ref, ...]:
        """What the equations read and nobody defines, in order of first use.

        Entries where the indices are numbers, else the whole tensor at its own letters.
        """
        found: dict[Ref, None] = {}
        symbolic: dict[str, Ref] = {}
        for eq in self.equations:
            for read in eq.reads:
                ref = read.ref
                found |= dict.fromkeys(self.starts(read))
                known = ref.name in self.sizes or self.defining(ref) is not None
                if known or self.is_padding(ref):
                    continue
                if any(not isinstance(i, Num) for i in ref.indices):
                    ref = symbolic.setdefault(ref.name, self._at_letters(ref))
                found.setdefault(ref)
        return tuple(r for r in found if r.name not in symbolic or symbolic[r.name] == r)

    def is_padding(self, ref: Ref) -> bool:
        """Is this entry beyond a stated edge, at numbers?"""
        for axis, edge in self.padded.get(ref.name, {}).items():
            at = ref.indices[axis] if axis < len(ref.indices) else None
            if isinstance(at, Num):
                below = isinstance(edge.lo, Num) and at.value < edge.lo.value
                if below or (isinstance(edge.hi, Num) and at.value > edge.hi.value):
                    return True
        return False

    def _at_letters(self, ref: Ref) -> Ref:
        """A tensor that a label looks up, at a letter: E_v for E_{c_t}."""
        taken = names(ref) | self.sizes
        found: list[Expr] = []
        for i in ref.indices:
            label = isinstance(i, Ref) and i.name in self.labels
            found.append(Ref(fresh("v", taken)) if label else i)
            taken |= names(found[-1])
        return Ref(ref.name, tuple(found))

    def starts(self, read: Read) -> tuple[Ref, ...]:
        """The states before the first step that a read of a recurrence takes: h_0 of h_{t-1}."""
        r = self.recurrent.get(read.ref.name)
        if r is None or len(read.ref.indices) <= r.axis(read.ref.name):
            return ()
        axis = r.axis(read.ref.name)
        return tuple(
            ref
            for ref in r.beyond(read, self.facts)
            if not isinstance(ref.indices[axis], Num) or self.defining(ref) is None
        )

    @cached_property
    def parameters(self) -> tuple[Ref, ...]:
        """The leaves that are not data: what is learned. The state before the first one, such as
        h_0 = 0, is not when its value is given."""
        symbols = {u.symbol.name for u in self.upstream if isinstance(u.symbol, Ref)}
        start = {r for r in self.values if r.name in self.by_name}
        known = self.data | symbols | set(self.labels)
        return tuple(r for r in self.leaves if r.name not in known and r not in start)

    def around(self, names: frozenset[str]) -> Network:
        """The equations connected with those that define `names`, through what they define."""
        known = set(names)
        kept: set[Equation] = set()
        grown = True
        while grown:
            grown = False
            for eq in self.equations:
                uses = {eq.target.name} | {
                    r.ref.name for r in eq.reads if r.ref.name in self.by_name
                }
                if eq not in kept and uses & known:
                    kept.add(eq)
                    known |= uses
                    grown = True
        return replace(self, equations=tuple(eq for eq in self.equations if eq in kept))

    @cached_property
    def _ranks(self) -> Mapping[str, Mapping[int, Ref]]:
        found: dict[str, dict[int, Ref]] = {}
        for ref in (*(eq.target for eq in self.equations), *_read_refs(self.equations)):
            found.setdefault(ref.name, {}).setdefault(len(ref.indices), ref)
        return found

    def ranks(self, name: str) -> Mapping[int, Ref]:
        """The numbers of indices a name is written with, an example for each."""
        return self._ranks.get(name, {})

    def knows(self, name: str) -> bool:
        """Does `name` occur in any equation?"""
        return name in self._ranks

    # -- validation ---------------------------------------------------------------------------

    def validated(self) -> Network:
        """This network, after checking it: single assignment, no cycle, every read in range."""
        check_single_assignment(self)
        check_ranks(self)
        network = self.acyclic()
        for eq in network.equations:
            check_reads(network, eq)
        return network

    def acyclic(self) -> Network:
        """This network with recurrences of known length written out; those of symbolic length
        stay, any other cycle is refused."""
        if not find_cycle(self.equations, self._depends):
            return self
        looped = self.equations_in_circles()
        expanded: list[Equation] = []
        for eq in self.equations:
            steps = tuple(i.name for i in eq.indices if i.range.size)
            if eq in looped and steps:
                check_length(eq)
                expanded.extend(entries(eq, steps))
            else:
                expanded.append(eq)
        unrolled = replace(self, equations=tuple(expanded))
        bad = unrolled.equations_in_circles()
        if bad:
            ring = [eq for eq in unrolled.equations if eq in bad]
            raise looping(find_cycle(ring, lambda eq: bad.intersection(unrolled._depends(eq))))
        return unrolled

    def equations_in_circles(self) -> frozenset[Equation]:
        """The equations in circles that are no recurrence of symbolic length."""
        endless = {eq for r in self.recurrences for eq in r.equations}
        found = circles(self.equations, self._depends)
        return frozenset(eq for circle in found for eq in circle if eq not in endless)

    def _depends(self, eq: Equation) -> Iterator[Equation]:
        return dependencies(self, eq)

    @cached_property
    def recurrences(self) -> tuple[Recurrence, ...]:
        """The recurrences whose number of steps is a symbol."""
        if all(i.range.size is not None for eq in self.equations for i in eq.indices):
            return ()
        found = circles(self.equations, self._depends)
        each = (recurrence(c, self.facts, lambda eq: edges(self, eq)) for c in found)
        return tuple(r for r in each if r is not None and r.endless)

    @cached_property
    def recurrent(self) -> Mapping[str, Recurrence]:
        """The recurrence of symbolic length that a tensor belongs to."""
        return {name: r for r in self.recurrences for name in r.names}


def _read_refs(equations: Iterable[Equation]) -> Iterator[Ref]:
    return (read.ref for eq in equations for read in eq.reads)


def leaning(eq: Equation) -> bool:
    """Does the range of an index depend on another index: j = 1, …, i?"""
    own = {i.name for i in eq.indices}
    return any(x.name in own for i in eq.indices for e in (i.range.lo, i.range.hi) for x in free(e))


def _axis(i: Expr, indices: Sequence[Index]) -> Range:
    """The values of a target's subscript; for ranges that lean on one another, all of them."""
    own = {x.name: x.range for x in indices}
    if isinstance(i, Ref) and i.name in own:
        r = own[i.name]
        if not any(x.name in own for end in (r.lo, r.hi) for x in free(end)):
            return r
    form = affine(i)
    return Range(i, i) if form is None or isinstance(i, Num) else extent(form, indices)


def _numeric_hull(ranges: Sequence[Range]) -> Range | None:
    if any(r.size is None for r in ranges):
        return None
    lows = [r.lo.value for r in ranges if isinstance(r.lo, Num)]
    highs = [r.hi.value for r in ranges if isinstance(r.hi, Num)]
    return Range(Num(min(lows)), Num(max(highs)))


def edges(network: Network, eq: Equation) -> Iterator[Feed]:
    """The reads of `eq`, each with the equations that may define what is read."""
    for read in eq.reads:
        if all(isinstance(i, Num) for i in read.ref.indices):
            found = network.defining(read.ref)
            if found is not None:
                yield read, found[0]
        else:
            for other in network.by_name.get(read.ref.name, ()):
                if may_be(other.target, read.ref):
                    yield read, other


def dependencies(network: Network, eq: Equation) -> Iterator[Equation]:
    """The equations whose targets `eq` may read."""
    return (to for _, to in edges(network, eq))


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
    defined = network.by_name.get(ref.name, ())
    if not any(map(leaning, defined)) or not all(isinstance(i, Num) for i in ref.indices):
        return
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


def check_ranks(network: Network, new: Iterable[Equation] | None = None) -> None:
    """A tensor has the same number of indices wherever the equations `new` (all) write it.

    One that is defined, or read, at a letter is never written without: w beside w_i is a slip;
    w beside w_0 (the bias) and x beside a stage x_1 = w_1 x are not."""
    own = network.equations if new is None else tuple(new)
    rank: dict[str, Ref] = {}
    bare = {eq.target.name for eq in network.equations if not eq.target.indices}
    for ref in (*(eq.target for eq in network.equations), *_read_refs(own)):
        general = any(eq.indices for eq in network.by_name.get(ref.name, ()))
        if (general and ref.name not in bare) or any(not isinstance(i, Num) for i in ref.indices):
            rank.setdefault(ref.name, ref)
    indexed = dict(rank)
    for eq in own:
        for ref in (eq.target, *(r.ref for r in eq.reads)):
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
            raise NetworkError(
                f"found the index {name} in {latex(read.ref)}, expected one with a range",
                at=eq.at and eq.at.find(latex(read.ref), after="="),
                hint=rf"state its range: {name} = 1, \dots, n, or sum over it; of a label of the "
                rf"data, {name} \in \{{1, \dots, n\}}",
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
    defined = network.by_name.get(read.ref.name, ())
    if not any(map(leaning, defined)):
        return
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


def facts_of(rels: Sequence[Expr], sizes: frozenset[str]) -> Facts:
    """The facts that comparisons between sizes state."""
    known: tuple[Condition, ...] = ()
    for rel in rels:
        conds = conditions(rel)
        if conds is None:
            raise NetworkError(
                f"found the fact {latex(rel)}, expected a comparison of sums of sizes",
                hint=r"write it as m \le n, or n = 4",
            )
        known += conds
    return Facts(known, sizes)
