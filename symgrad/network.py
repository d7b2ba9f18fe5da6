r"""A network: ordered equations over tensors, and what is known of them.

Equations are single assignment: an entry of a tensor is defined once. A network with numbers as
sizes is the same type as one with symbols. Nothing here differentiates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from symgrad.affine import Condition, affine, conditions, shift
from symgrad.equation import Equation, Read, Total, Upstream, check_length, entries, read_extent
from symgrad.errors import NetworkError
from symgrad.expr import Expr, Num, Ref, free, fresh, names
from symgrad.index import Facts, Index, Range, extent, hull, range_conditions
from symgrad.latex import latex
from symgrad.padding import Edges
from symgrad.recurrence import Feed, Recurrence, circles, find_cycle, looping, may_be, recurrence

Ties = Literal["strict", "ge", "first", "split", "once", "alike"]
"""What the derivative of a maximum is where arguments tie: nobody's (`strict`), everybody's
(`ge`), the first one's, or shared; nobody's, but what is always the same counts `once`: entries by
their indices, or else values that are `alike`."""


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
    totals: tuple[Total, ...] = ()
    """What sums of leaves are given to be: Σ_k y_{nk} = 1 for every n."""

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

    def behind(self, name: str) -> frozenset[str]:
        """The names that a quantity is computed from by equations; of one that none defines, those
        by which its gradient is given."""
        found, waiting = set[str](), [name]
        while waiting:
            at = waiting.pop()
            reads = {r.ref.name for e in self.by_name.get(at, ()) for r in e.reads}
            if at not in self.by_name:
                reads = {u.by.name for u in self.upstream if u.of.name == at}
            waiting += reads - found
            found |= reads
        return frozenset(found)

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

    @cached_property
    def leans(self) -> frozenset[str]:
        """The tensors with an equation in which the range of an index depends on another."""
        return frozenset(eq.target.name for eq in self.equations if leaning(eq))

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
        return ref.at(tuple(found))

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
        for ref in (*(eq.target for eq in self.equations), *read_refs(self.equations)):
            found.setdefault(ref.name, {}).setdefault(len(ref.indices), ref)
        return found

    def ranks(self, name: str) -> Mapping[int, Ref]:
        """The numbers of indices a name is written with, an example for each."""
        return self._ranks.get(name, {})

    def knows(self, name: str) -> bool:
        """Does `name` occur in any equation?"""
        return name in self._ranks

    # -- circles ------------------------------------------------------------------------------

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


def read_refs(equations: Iterable[Equation]) -> Iterator[Ref]:
    """What some equations read, in order."""
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
