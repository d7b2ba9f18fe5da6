"""The oracle: formulas and whole networks at concrete sizes and values, exactly.

It writes the network out entry by entry and differentiates by dual numbers, forwards, so that
it shares no idea with the engine that derives formulas backwards, and no code.
Rational results are exact; transcendental functions give 50 significant digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product

from symgrad.affine import affine
from symgrad.dual import (
    DIGITS,
    Dual,
    Number,
    Ties,
    add,
    constant,
    multiply,
    precision,
)
from symgrad.equation import Equation
from symgrad.errors import NetworkError, SymgradError
from symgrad.expr import Expr, Iverson, Ref, free, num
from symgrad.interpret import Interpreter, Meanings
from symgrad.latex import latex
from symgrad.network import Network
from symgrad.subscript import Env, plain

__all__ = [
    "Dual", "Number", "Point", "Ties", "Unrolled",
    "derivative", "exact", "forward", "holds", "value",
]  # fmt: skip

MAX_NESTED = 8
"""Entries evaluated inside one another before the outer ones are put off: a chain of any length
stays below Python's recursion limit."""

Lookup = Callable[[Ref], Number]

NO_INDEX: Env = {}

Readers = dict[int, Ref]
"""The entries that read another one, by identity: a hash takes long."""


@dataclass(frozen=True)
class Point:
    """One instance: a whole number for every size, a value for every leaf entry.

    Entries are keyed by references at numbers: ``Ref("x", (num(3),))``.
    """

    sizes: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[Ref, Number] = field(default_factory=dict)


NOWHERE = Point()


def value(
    e: Expr, point: Point = NOWHERE, lookup: Lookup | None = None, network: Network | None = None
) -> Number:
    """The value of a formula at a point.

    A name is, in this order: a bound index, a size, an entry that `network` defines, what
    `lookup` or else the point says. A product with a bracket [P] that is 0 is 0, whatever the
    other factors are.

    >>> from symgrad.expr import Bound, Reduce
    >>> j = Reduce("sum", (Bound("j", num(1), Ref("n")),), Ref("j"))
    >>> value(j, Point({"n": 10}))
    Fraction(55, 1)
    """
    k = plain(e, NO_INDEX, point.sizes)
    return Unrolled(network or Network(), point, lookup).value(e) if k is None else Fraction(k)


def holds(
    cond: Expr, point: Point = NOWHERE, lookup: Lookup | None = None, network: Network | None = None
) -> bool:
    """Is the comparison true at a point?

    >>> from symgrad.expr import Rel
    >>> holds(Rel("<", num(1), Ref("n")), Point({"n": 2}))
    True
    """
    return bool(value(Iverson(cond), point, lookup, network))


def exact(e: Expr) -> Fraction | None:
    """The rational number that a formula of numbers stands for, or None.

    >>> from symgrad.expr import Add, Div
    >>> exact(Div(Add((num(1), num(2))), num(4)))
    Fraction(3, 4)
    """
    try:
        result = value(e)
    except SymgradError:
        return None
    return result if isinstance(result, Fraction) else None


def forward(network: Network, point: Point, ref: Ref) -> Number:
    """The value of an entry, from the definitions."""
    return Unrolled(network, point).value(ref)


def derivative(network: Network, of: Ref, by: Ref, point: Point) -> Number:
    r"""d `of` / d `by` at a point, where `by` alone moves.

    An entry with a definition is cut off from it: everything downstream follows, nothing
    upstream matters. Where nothing defines `of`, given gradients stand for the rest of the
    network: ∂L/∂x = Σ δ_i ∂z_i/∂x over the entries with δ_i = ∂L/∂z_i.

    >>> from symgrad.expr import Mul
    >>> z = Equation(Ref("z"), (), Mul((Ref("x"), Ref("x"))))
    >>> at = Point(values={Ref("x"): Fraction(3)})
    >>> derivative(Network((z,)), Ref("z"), Ref("x"), at)
    Fraction(6, 1)
    """
    return Unrolled(network, point).derivative(of, by)


class _Later(Exception):
    """An entry to evaluate first, from the ground up."""

    def __init__(self, ref: Ref) -> None:
        super().__init__(ref.name)
        self.ref = ref


class Unrolled:
    """A network written out at one point, entry by entry and on demand; remembers the entries.

    `given` fixes entries and says how they move; reads of the entries that `still` names do not
    move; `rest` are entries whose values are known, and that do not move. Those that write the same
    formulas out share their `meanings`.
    """

    def __init__(
        self,
        network: Network,
        point: Point,
        lookup: Lookup | None = None,
        *,
        given: Mapping[Ref, Dual] | None = None,
        still: tuple[Ref, ...] = (),
        rest: Mapping[Ref, Dual] | None = None,
        digits: int = DIGITS,
        meanings: Meanings | None = None,
    ) -> None:
        self.network = network
        self.point = point
        self._lookup = lookup
        self._given = dict(given or {})
        self._still = still
        self._digits = digits
        self._entries: dict[Ref, Dual] = {**(rest or {}), **self._given}
        self._readers: dict[Ref, Readers] = {}
        self._twice: set[Ref] = set()
        self._seen: dict[tuple[str, tuple[int, ...]], tuple[Ref, Readers, Dual | None]] = {}
        self._targets: dict[str, tuple[dict[Ref, Equation], list[Equation]]] = {}
        self._gradients: dict[tuple[Expr, Ref], Number] = {}
        self._named: dict[tuple[Expr, Ref], Number] = {}
        self._plain: Unrolled | None = None
        self._active: dict[Ref, None] = {}
        self._nested = MAX_NESTED
        self._meanings: Meanings = {} if meanings is None else meanings
        own = self._read, self._partial, network.ties, point.sizes, self._meanings
        self._formula = Interpreter(*own, pretend=lookup is not None)

    # -- questions ----------------------------------------------------------------------------

    def value(self, e: Expr, at: Env = NO_INDEX) -> Number:
        """The value of a formula, at these values of its free indices."""
        return self.dual(e, at).value

    def dual(self, e: Expr, at: Env = NO_INDEX) -> Dual:
        """The value of a formula, and how it moves with what is given."""
        self._formula.work = 0
        self._nested = MAX_NESTED
        waiting: dict[Ref, None] = {}
        with precision(self._digits):
            while True:
                try:
                    if not waiting:
                        return self._formula.value(e, at)
                    self._entry(next(reversed(waiting)))
                    waiting.popitem()
                except _Later as later:
                    if later.ref in waiting:
                        raise _cycle(later.ref) from None
                    waiting[later.ref] = None
                except RecursionError:
                    if self._nested == 1:
                        raise SymgradError(
                            "found a formula nested too deeply, expected a flatter one",
                            hint="give its inner parts names",
                        ) from None
                    self._nested = 1
                finally:
                    self._active.clear()

    def concrete(self, ref: Ref) -> Ref:
        """The entry that `ref` means at these sizes: x_n is x_3."""
        with precision(self._digits):
            return self._concrete(ref, {})

    def derivative(self, of: Expr, by: Ref) -> Number:
        """d `of` / d `by`: see the function of that name."""
        moved = self.concrete(by)
        key = (of, moved)
        if key not in self._gradients:
            self._gradients[key] = self._derivative(of, moved)
        return self._gradients[key]

    def _derivative(self, of: Expr, moved: Ref) -> Number:
        if isinstance(of, Ref) and self._is_opaque(self.concrete(of)):
            return self._through_given(self.concrete(of), moved)
        ends = [self.concrete(of)] if isinstance(of, Ref) else []
        return self._moving(moved, (), ends).dual(of).tangent

    def _moving(self, moved: Ref, still: tuple[Ref, ...], ends: Iterable[Ref] = ()) -> Unrolled:
        """Where `moved` alone moves; what the `ends` need and does not read it stays as it is."""
        at = Dual(self.value(moved), Fraction(1))
        for end in ends:
            with suppress(SymgradError):
                self.value(end)
        moving = self._reached(moved)
        rest = {ref: constant(d.value) for ref, d in self._entries.items() if ref not in moving}
        own = self.network, self.point, self._lookup
        return Unrolled(
            *own, given={moved: at}, still=still, rest=rest,
            digits=self._digits, meanings=self._meanings,
        )  # fmt: skip

    def _reached(self, moved: Ref) -> set[Ref]:
        """The entries that `moved` leads to, and those that read a gradient: nothing is known."""
        found, waiting = {moved, *self._twice}, [moved, *self._twice]
        while waiting:
            new = set(self._readers.get(waiting.pop(), {}).values()) - found
            found |= new
            waiting += new
        return found

    # -- given gradients ----------------------------------------------------------------------

    def _is_opaque(self, of: Ref) -> bool:
        """Is nothing known of `of` but given gradients?"""
        return self._definition(of) is None and any(u.of == of for u in self.network.upstream)

    def _is_start(self, ref: Ref) -> bool:
        """Is `ref` a state that a recurrence starts from, which no equation defines: h_0?"""
        return ref.name in self.network.by_name and self._definition(ref) is None

    def _through_given(self, of: Ref, moved: Ref) -> Number:
        given = [u for u in self.network.upstream if u.of == of]
        for u in given:
            env = self._letters(u.by, moved)
            if env is not None and (u.by == moved or not self._is_start(moved)):
                return self.value(u.symbol, env)
        ends = [entry for u in given for entry in self._all_entries(u.by.name)]
        moving, total = self._moving(moved, tuple(u.by for u in given), ends), constant(0)
        with precision(self._digits):
            for u in given:
                for entry in self._all_entries(u.by.name):
                    env = self._letters(u.by, entry)
                    if env is not None and (tangent := moving.dual(entry).tangent):
                        step = multiply(constant(self.value(u.symbol, env)), constant(tangent))
                        total = add(total, step)
        return total.value

    def _letters(self, pattern: Ref, entry: Ref) -> Env | None:
        """The values of the letters at which `pattern` is `entry`: i = 3 for z_i and z_3."""
        if pattern.name != entry.name or len(pattern.indices) != len(entry.indices):
            return None
        fixed = self.network.sizes & set(self.point.sizes)
        letters = {r.name for r in free(pattern)} - {pattern.name} - fixed
        return self._matched(pattern, entry, letters)

    def _all_entries(self, name: str) -> Iterator[Ref]:
        """Every entry of a tensor, the last index fastest."""
        whole = self._formula.whole
        ranges = self.network.ranges(name) or ()
        axes = [range(whole(r.lo, {}), whole(r.hi, {}) + 1) for r in ranges]
        for at in product(*axes):
            yield Ref(name, tuple(num(k) for k in at))

    def _given_gradient(self, ref: Ref) -> Dual | None:
        """The value of δ_i from the definition of L, where L is defined and reads z."""
        for u in self.network.upstream:
            env = self._letters(u.symbol, ref) if isinstance(u.symbol, Ref) else None
            if env is None:
                continue
            by = self._concrete(u.by, env)
            self._check_range(by)
            if self._depends(u.of, by.name):
                return self._gradient(u.of, by)
        return None

    def _gradient(self, of: Expr, by: Ref) -> Dual:
        self._twice.update(self._active)
        if any(d.tangent for d in self._given.values()):
            raise SymgradError(
                f"found the derivative of a gradient by {latex(by)}, expected a first derivative",
                hint="ask for gradients of a quantity that holds none",
            )
        key = (of, by)
        if key not in self._named:
            if self._plain is None:
                own = self.network, self.point, self._lookup
                self._plain = Unrolled(*own, digits=self._digits, meanings=self._meanings)
            self._named[key] = self._plain.derivative(of, by)
        return constant(self._named[key])

    def _depends(self, of: Ref, name: str) -> bool:
        """Is `of` defined, and does its definition lead to the tensor `name`?"""
        if self._definition(self._concrete(of, {})) is None:
            return False
        seen, todo = {of.name}, [of.name]
        while todo:
            for eq in self.network.by_name.get(todo.pop(), ()):
                new = {r.ref.name for r in eq.reads} - seen
                seen |= new
                todo.extend(new)
        return name in seen

    # -- entries ------------------------------------------------------------------------------

    def _concrete(self, ref: Ref, env: Env) -> Ref:
        return ref.at(tuple(num(self._formula.whole(i, env)) for i in ref.indices))

    def _read(self, ref: Ref, at: tuple[int, ...]) -> Dual:
        key = ref.name, at
        known = self._seen.get(key)
        if known is None:
            entry = ref.at(tuple(map(num, at)))
            readers = self._readers.setdefault(entry, {})
            known = self._seen[key] = entry, readers, None
        entry, readers, found = known
        if self._active and not self._given:
            reader = next(reversed(self._active))
            readers[id(reader)] = reader
        if found is None:
            found = self._entry(entry)
            self._seen[key] = entry, readers, found
        moves = self._still and found.tangent and self._active and entry not in self._given
        return constant(found.value) if moves and self._is_still(entry) else found

    def _is_still(self, entry: Ref) -> bool:
        """Is the gradient by this entry given? Then what it brings is counted there."""
        same = (by for by in self._still if by.name == entry.name)
        return any(self._letters(by, entry) is not None for by in same)

    def _entry(self, ref: Ref) -> Dual:
        known = self._entries.get(ref)
        if known is not None:
            return known
        defined = self._definition(ref)
        if defined is None:
            found = self._leaf(ref)
        elif ref in self._active:
            raise _cycle(ref)
        elif len(self._active) >= self._nested:
            raise _Later(ref)
        else:
            equation, env = defined
            self._active[ref] = None
            found = self._formula.value(equation.body, env)
            del self._active[ref]
        self._entries[ref] = found
        return found

    def _definition(self, ref: Ref) -> tuple[Equation, Env] | None:
        """The equation whose target is `ref` at these sizes, and its indices there."""
        written, ranged = self._targets_of(ref.name)
        if ref in written:
            return written[ref], {}
        for eq in ranged:
            env = self._indices_at(eq, ref)
            if env is not None:
                return eq, env
        return None

    def _targets_of(self, name: str) -> tuple[dict[Ref, Equation], list[Equation]]:
        if name not in self._targets:
            written: dict[Ref, Equation] = {}
            ranged: list[Equation] = []
            for eq in self.network.by_name.get(name, ()):
                if eq.indices:
                    ranged.append(eq)
                else:
                    written[self._concrete(eq.target, {})] = eq
            self._targets[name] = written, ranged
        return self._targets[name]

    def _indices_at(self, eq: Equation, ref: Ref) -> Env | None:
        """The values of the indices at which the target of `eq` is `ref`, if in their ranges."""
        env = self._matched(eq.target, ref, {i.name for i in eq.indices})
        if env is None:
            return None
        whole = self._formula.whole
        inside = all(
            whole(i.range.lo, env) <= env[i.name] <= whole(i.range.hi, env) for i in eq.indices
        )
        return env if inside else None

    def _matched(self, pattern: Ref, entry: Ref, letters: set[str]) -> Env | None:
        """The values of the letters at which `pattern` is `entry`."""
        if pattern.name != entry.name or len(pattern.indices) != len(entry.indices):
            return None
        env: dict[str, int] = {}
        for subscript, at in zip(pattern.indices, entry.indices, strict=True):
            solved = self._solved(subscript, self._formula.whole(at, {}), letters - set(env), env)
            if solved is None:
                return None
            env.update(solved)
        return env

    def _solved(self, pattern: Expr, at: int, unknown: set[str], env: Env) -> Env | None:
        """The value of the one unknown index of a target's subscript, given the subscript's."""
        form = affine(pattern)
        names = [n for n in form.by if n in unknown] if form else []
        if form is None or not names:
            return {} if self._formula.whole(pattern, env) == at else None
        name = names[0]
        here = self._formula.whole(pattern, {**env, **dict.fromkeys(names, 0)})
        steps, left = divmod(at - here, form.by[name])
        return None if left or len(names) > 1 else {name: steps}

    def _padding(self, ref: Ref) -> bool:
        """Is the entry beyond an edge that the network states, where all is 0?"""
        whole = self._formula.whole
        for axis, edge in self.network.padded.get(ref.name, {}).items():
            at = whole(ref.indices[axis], {}) if axis < len(ref.indices) else None
            if at is None:
                continue
            if (edge.lo is not None and at < whole(edge.lo, {})) or (
                edge.hi is not None and at > whole(edge.hi, {})
            ):
                return True
        return False

    def _leaf(self, ref: Ref) -> Dual:
        if self._padding(ref):
            return constant(0)
        given = self._given_gradient(ref)
        if given is not None:
            return given
        if self._lookup is not None:
            return constant(self._lookup(ref))
        if ref.name not in self.network.by_name:
            self._check_range(ref)
        if ref in self.point.values:
            return constant(self.point.values[ref])
        if ref in self.network.values:
            return constant(self.network.values[ref].value)
        if ref.name in self.network.by_name:
            self._check_range(ref)
        raise SymgradError(
            f"found {latex(ref)} without a value, expected a number for it",
            hint=f"give a value: {latex(ref)} = 2",
        )

    def _check_range(self, ref: Ref) -> None:
        """Subscripts must lie in the ranges of their tensor."""
        ranges = self.network.ranges(ref.name)
        if ranges is None:
            return
        for i, r in zip(ref.indices, ranges, strict=False):
            lo, hi = self._formula.whole(r.lo, {}), self._formula.whole(r.hi, {})
            if not lo <= self._formula.whole(i, {}) <= hi:
                sizes = ", ".join(f"{n} = {v}" for n, v in self.point.sizes.items())
                raise NetworkError(
                    f"found {latex(ref)}{f' at {sizes}' if sizes else ''}, "
                    f"expected an index from {lo} to {hi}",
                    hint="change the ranges of the indices",
                )

    def _partial(self, of: Expr, by: Ref, env: Env) -> Dual:
        """∂of/∂by; only a name can be followed when indices are bound around it."""
        if isinstance(of, Ref):
            return self._gradient(self._concrete(of, env), self._concrete(by, env))
        if env:
            raise SymgradError(f"found a derivative of {latex(of)}, expected one of a name")
        return self._gradient(of, self._concrete(by, env))


def _cycle(ref: Ref) -> NetworkError:
    return NetworkError(
        f"found {latex(ref)} defined through itself, expected equations that build on one another",
        hint="break the cycle: an equation may read only what comes before it",
    )
