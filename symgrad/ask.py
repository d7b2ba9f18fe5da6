r"""Questions about a network: gradients, parameters and values, each answered in its scope."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from symgrad.affine import shift
from symgrad.answer import NEXT, Answer, Evidence, Source, Whole
from symgrad.chosen import under
from symgrad.coincide import unique
from symgrad.consistency import check_entry
from symgrad.curvature import curvature, rewritten
from symgrad.derive import Sweep
from symgrad.dual import Number, Undefined
from symgrad.equation import Upstream
from symgrad.errors import NetworkError, Place, SymgradError
from symgrad.evaluate import Point, Unrolled
from symgrad.expr import (
    Bound,
    Expr,
    Num,
    Partial,
    Ref,
    constant,
    derivatives,
    free_names,
    names,
    num,
    substitute,
    walk,
)
from symgrad.inverse import turned
from symgrad.latex import latex
from symgrad.network import Network
from symgrad.numeral import shown
from symgrad.opaque import parts_of
from symgrad.rewrite import Derivation, Step, before, left_named
from symgrad.rules.algebra import tidy
from symgrad.rules.forms import as_cases
from symgrad.scope import PARAMETER_NAMES, Question, Scope
from symgrad.unnamed import Named, named
from symgrad.whole import as_row, whole
from symgrad.witness import Held, confirm, confirm_formula


def first_entry(ref: Ref) -> Ref:
    """The entry with 1 for every letter."""
    return ref.at(tuple(i if isinstance(i, Num) else num(1) for i in ref.indices))


class Asker:
    """Answers questions in one scope; shares one sweep per loss."""

    def __init__(self, scope: Scope, where: str, cases: bool = False) -> None:
        self.scope = scope
        self.cases = cases
        self.network = scope.network
        self.where = where
        self.sweeps: dict[Ref, Sweep] = {}

    def answer(self, q: Question) -> Answer:
        """The answer to one question, its faults placed."""
        try:
            if isinstance(q.left, Partial):
                found = named(self.scope, q.left)
                assert isinstance(found.e, Partial)
                if not found.written:
                    return self.gradient(q, q.left)
                asker = Asker(found.scope, self.where, self.cases)
                return spelled(asker.gradient(q, found.e), found)
            if isinstance(q.left, Ref):
                return self.name(q, q.left)
            raise NetworkError(
                f"found the question {q.latex} = ?, expected a gradient, a defined name or \\theta",
                hint=r"ask for \frac{\partial L}{\partial w}, for a value, or for \theta",
            )
        except SymgradError as error:
            raise error.located(q.at) from None

    def gradient(self, q: Question, goal: Partial) -> Answer:
        """∂of/∂by."""
        if self.scope.lowering.speaks(goal):
            return self.entire(q, goal)
        of, by = goal.of, goal.by
        if isinstance(of, Partial):
            return self.curved(q, goal)
        if not isinstance(of, Ref) or not isinstance(by, Ref):
            raise NetworkError(f"found {latex(goal)}, expected names above and below")
        network = stated(self.scope, by)
        check_goal(network, of, by, q.at)
        other = unique(turned(network, of, by), of, by)
        ties = other.ties if other.ties != network.ties else None
        if other is not network:
            asker = Asker(replace(self.scope, network=other), self.where, self.cases)
            answer = asker.gradient(q, goal)
            return replace(answer, ties=ties) if ties else answer
        sweep = Sweep(network, of, inline=WHOLE)
        if network is self.network:
            sweep = self.sweeps.setdefault(of, sweep)
        derivation = sweep.gradient(by)
        letters = dict.fromkeys((*sweep.indices(of), *derivation.indices))
        derivation = replace(derivation, indices=tuple(letters))
        held = Held()
        if not parts_of(derivation):  # the oracle knows no gradient through what is only given
            held = confirm_formula(network, derivation)
        source = Source(network, derivation)
        derivation = under(derivation, q.when, tidy)
        value = self.slope(of, by, derivation.answer)
        if value is not None:
            confirm(self.network, of, by, value, self.point())
            self.check_names(q)
        if self.cases:
            derivation = spelled_as_cases(derivation)
        answer = Answer(
            self.where,
            q.latex,
            whole_latex(derivation),
            value,
            q.at,
            derivation=derivation,
            source=source,
            evidence=Evidence(entries=held.entries, sizes=held.sizes),
        )
        return self.scalar(answer, goal, derivation)

    def curved(self, q: Question, goal: Partial) -> Answer:
        """∂²of/∂u∂v, and derivatives of higher order."""
        root, names_ = derivatives(goal)
        scope = self.scope
        for name in names_:
            if not isinstance(root, Ref) or not isinstance(name, Ref):
                raise NetworkError(f"found {latex(goal)}, expected names above and below")
            scope = replace(scope, network=stated(scope, name))
            check_goal(scope.network, root, name, q.at)
        found = curvature(scope.network, goal)
        d = found.told
        asker = Asker(replace(scope, network=found.network), self.where, self.cases)
        by = found.found.goal.by
        assert isinstance(by, Ref)
        value = asker.slope(found.name, by, found.found.answer)
        if value is not None:
            confirm(found.network, found.name, by, value, self.point())
        if self.cases:
            d = spelled_as_cases(d)
        answer = Answer(
            self.where,
            q.latex,
            whole_latex(d),
            value,
            q.at,
            derivation=d,
            source=Source(found.network, found.found),
            evidence=Evidence(entries=found.held.entries, sizes=found.held.sizes),
        )
        return self.scalar(answer, goal, d)

    def scalar(self, answer: Answer, goal: Partial, d: Derivation) -> Answer:
        """A number made of vectors and matrices, put with them where the exam writes such."""
        known = self.scope.lowering
        if d.indices or self.cases or not known.bare & free_names(d.answer):
            return answer
        formula = whole(d.answer, (), known, self.network)
        if formula is None or not known.speaks(formula):
            return answer
        named = tuple(map(self.told, left_named(d)))
        told = NEXT.join([latex(formula), *(n.latex() for n in named)])
        return replace(answer, latex=told, whole=Whole(goal, formula, (), named))

    def entire(self, q: Question, goal: Partial) -> Answer:
        """∂of/∂by of vectors or matrices: one entry is derived, and put as one formula of all."""
        known = self.scope.lowering
        known = replace(known, taken=known.taken | names(goal))
        array = known.array(goal)
        letters = known.letters(array)
        entry = known.entry(array, [Ref(i.name) for i in letters])
        assert isinstance(entry, Partial)
        answer = self.gradient(q, entry)
        d = answer.derivation
        assert d is not None
        forms = (whole(e, letters, known, self.network, d.indices) for e in (*before(d), d.answer))
        found_ = [e for e in forms if e is not None]
        formula = found_[-1] if found_ else None
        if formula is not None and array.row:
            formula, found_ = as_row(formula, known, letters[0], self.network), []
        if formula is None:
            return replace(answer, question=latex(entry))
        named = tuple(map(self.told, left_named(d)))
        found = Whole(goal, formula, (), named, tuple(found_[:-1]))
        told = NEXT.join([found.right(), *(n.latex() for n in named)])
        return replace(answer, latex=told, whole=found)

    def told(self, d: Derivation) -> Whole:
        """A gradient that an answer leaves named, all its entries at once where they are arrays."""
        known, by = self.scope.lowering, d.goal.by
        declared = known.declared.get(by.name) if isinstance(by, Ref) else None
        if isinstance(by, Ref) and declared is not None and not known.numerator:
            lead, last = by.indices[: declared.lead], by.indices[declared.lead :]
            axes = [i for x in last for i in d.indices if x == Ref(i.name)]
            formula = None
            if len(axes) == len(last):
                formula = whole(d.answer, axes, known, self.network, d.indices)
            if formula is not None:
                rest = tuple(i for i in d.indices if i not in axes)
                return Whole(Partial(d.goal.of, Ref(by.name, lead), d.goal.total), formula, rest)
        return Whole(d.goal, d.answer, d.indices)

    def slope(self, of: Ref, by: Ref, answer: Expr) -> Number | None:
        """The number of a gradient; at values where the gradient or `of` has none, an error."""
        try:
            value = self.value(answer)
            if self.network.values:
                self.value(of)
        except Undefined as fault:
            raise NetworkError(
                f"found {latex(Partial(of, by))} without a value at the given values: "
                f"{fault.message.removeprefix('found ')}",
                hint="change the values, or drop them",
            ) from None
        return value

    def named(self, ref: Ref) -> tuple[Upstream, Partial] | None:
        """The gradient that a name stands for: ∂L/∂z_1 for δ_1 of δ_i = ∂L/∂z_i."""
        for u in self.network.upstream:
            if isinstance(u.symbol, Ref) and u.symbol.name == ref.name:
                put: dict[str, Expr] = {}
                for own, asked in zip(u.symbol.indices, ref.indices, strict=False):
                    if isinstance(own, Ref):
                        put[own.name] = asked
                if shift(u.symbol, put) == ref:
                    by = shift(u.by, put)
                    assert isinstance(by, Ref)
                    return u, Partial(u.of, by)
        return None

    def named_gradient(self, q: Question, u: Upstream, goal: Partial) -> Answer:
        """The gradient that a name stands for, derived as if it had no name."""
        self.check_derivable(q, u, goal)
        rest = tuple(o for o in self.network.upstream if o != u)
        network = replace(self.network, upstream=rest)
        asker = Asker(replace(self.scope, network=network), self.where, self.cases)
        return asker.gradient(q, goal)

    def entries_named(self, ref: Ref) -> tuple[Upstream, Partial] | None:
        """The gradient that a vector or matrix stands for: ∂L/∂W for dW = ∂L/∂W."""
        known = self.scope.lowering
        if not known.speaks(ref):
            return None
        for u in self.network.upstream:
            own = u.symbol
            array = known.declared.get(u.by.name)
            n = len(ref.indices)
            if not isinstance(own, Ref) or own.name != ref.name or own.indices[:n] != ref.indices:
                continue
            if array is None or len(own.indices) - n != len(u.by.indices) - array.lead:
                continue
            return u, Partial(u.of, Ref(u.by.name, u.by.indices[: array.lead]))
        return None

    def check_derivable(self, q: Question, u: Upstream, goal: Partial) -> None:
        """A gradient that is asked for by its name follows from equations, or another gradient."""
        if not follows(u, self.network):
            raise NetworkError(
                f"found a question about {q.latex}, which is given as {latex(goal)}; "
                f"expected an equation of {latex(goal.of)}",
                hint=f"define {latex(goal.of)}, or ask for another gradient",
            )

    def check_names(self, q: Question) -> None:
        """The value given for the name of a gradient is the one that the equations make it."""
        for ref, given in self.network.values.items():
            named = None if self.network.knows(ref.name) else self.named(ref)
            if named is None or named[0].of.name not in self.network.by_name:
                continue
            goal = named[1]
            found = self.named_gradient(q, *named).value
            if isinstance(found, Fraction) and found != given.value:
                raise NetworkError(
                    f"found {latex(ref)} = {latex(given)} for {latex(goal)}, expected "
                    f"{shown(found)[0]}, which the equations make it",
                    hint=f"drop the value of {latex(ref)}, or the equation of {latex(goal.of)}",
                )

    def name(self, q: Question, ref: Ref) -> Answer:
        """The parameters, or the value of a defined name."""
        if not self.network.knows(ref.name):
            named = self.entries_named(ref) or self.named(ref)
            if named is not None:
                return self.named_gradient(q, *named)
            if ref.name not in PARAMETER_NAMES:
                raise NetworkError(
                    f"found a question about {latex(ref)}, which nothing defines; "
                    "expected a defined name",
                    hint=r"define it, or ask for the parameters with \theta = ?",
                )
            network = self.network.around(self.scope.focus)
            listed = network.parameters
            if not listed:
                raise NetworkError(
                    f"found a question about {latex(ref)}, but no network here has parameters; "
                    "expected equations that read some name",
                    hint="state the network under this heading or one around it",
                )
            bare = self.scope.lowering.bare
            shown_ = ", ".join(r.name if r.name in bare else family(network, r) for r in listed)
            return Answer(self.where, q.latex, shown_, None, q.at, listed=listed)
        check_entry(self.network, ref, q.at.find(latex(ref)))
        if not all(isinstance(i, Num) for i in ref.indices):
            raise NetworkError(
                f"found a question about the value of {latex(ref)}, expected one entry",
                hint=f"ask for entries by their numbers, such as {latex(first_entry(ref))} = ?",
            )
        try:
            value = self.unrolled().value(ref)
        except SymgradError as fault:
            missing = [latex(r) for r in self.network.leaves if r not in self.network.values]
            if not missing:
                raise fault.located(q.at) from None
            raise NetworkError(
                f"found a question about the value of {latex(ref)}, expected values for "
                f"{', '.join(missing)}",
                hint=f"give them as {missing[0]} = 2",
            ) from None
        return Answer(self.where, q.latex, shown(value)[0], value, q.at)

    def value(self, e: Expr) -> Number | None:
        """The number that the given values make of a formula, or None if some are missing."""
        if not self.network.values and constant(e) is None:
            return None
        try:
            return self.unrolled().value(e)
        except Undefined:
            raise
        except SymgradError:
            return None

    def unrolled(self) -> Unrolled:
        """The network at the given values."""
        return Unrolled(self.network, self.point())

    def point(self) -> Point:
        """The given values."""
        return Point({}, {r: v.value for r, v in self.network.values.items()})


def stated(scope: Scope, by: Ref) -> Network:
    r"""The network, with the range that is stated for the letters of a leaf: x_l for
    l = 1, \dots, N, where that holds all that is read."""
    network = scope.network
    axes = network.ranges(by.name) or ()
    if by.name in network.by_name or by.name in network.shapes or len(axes) != len(by.indices):
        return network
    used = {i.name for eq in network.equations for i in eq.indices}
    used |= {x.name for eq in network.equations for x in walk(eq.body) if isinstance(x, Bound)}
    found = []
    for i, r in zip(by.indices, axes, strict=True):
        own = scope.letters.get(i.name) if isinstance(i, Ref) and i.name not in used else None
        found.append(own if own and network.facts.hold(r, own) else r)
    if tuple(found) == axes:
        return network
    return replace(network, shapes={**network.shapes, by.name: tuple(found)})


def check_goal(network: Network, of: Ref, by: Ref, at: Place) -> None:
    """Both names of a gradient that is asked for are known, their indices in range."""
    given = any(u.of == of for u in network.upstream)
    if of.name not in network.by_name and not given:
        raise NetworkError(
            f"found a gradient of {latex(of)}, which nothing defines; expected a defined name",
            at=at.find(latex(of)),
            hint=f"define {latex(of)}, or give an upstream gradient such as "
            rf"\delta_i = \frac{{\partial {latex(of)}}}{{\partial z_i}}",
        )
    for ref in (of, by):
        if is_size(network, ref):
            raise NetworkError(
                f"found a gradient with {latex(ref)}, which is a size; expected a quantity "
                "that varies continuously",
                at=at.find(latex(ref)),
                hint="ask for the gradient by a name that the formulas compute with",
            )
    if not network.knows(by.name):
        known = ", ".join(latex(r) for r in network.leaves[:12])
        raise NetworkError(
            f"found a gradient by {latex(by)}, which occurs in no equation; "
            f"expected a name of the network",
            at=at.find(latex(by)),
            hint=r"a bare \pi is the number; declare the name, \pi \in \mathbb{R}"
            if by.name == r"\pi"
            else f"the names it reads are {known}"
            if known
            else "state its equations first",
        )
    for ref in (of, by):
        check_entry(network, ref, at.find(latex(ref)))
    if of.name in reach(network, by) and by.name not in reach(network, of):
        raise NetworkError(
            f"found a gradient of {latex(of)} by {latex(by)}, which is computed from "
            f"{latex(of)}; expected a gradient by what {latex(of)} is computed from",
            at=at,
            hint=f"write the fraction the other way round, {latex(Partial(by, of))}",
        )


def is_size(network: Network, ref: Ref) -> bool:
    """Is it a whole number: the limit of a sum, a stride, or one whose equation is a number?"""
    defined = network.by_name.get(ref.name, ())
    counted = any(not e.target.indices and isinstance(e.body, Num) for e in defined)
    return not ref.indices and (counted or ref.name in network.sizes)


def reach(network: Network, ref: Ref) -> set[str]:
    """The names that `ref` is computed from, by equations or given gradients, and its own."""
    found: set[str] = set()
    waiting = [ref.name]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += (r.ref.name for eq in network.by_name.get(name, ()) for r in eq.reads)
            waiting += (u.by.name for u in network.upstream if u.of.name == name)
    return found


def entry_named(u: Upstream, ref: Expr) -> Partial | None:
    """The gradient that a name stands for, of one entry or of all: ∂L/∂z_2 for δ_2, ∂L/∂z for δ."""
    own = u.symbol
    if not isinstance(own, Ref) or not isinstance(ref, Ref) or own.name != ref.name:
        return None
    if len(ref.indices) > len(own.indices):
        return None
    put: dict[str, Expr] = {}
    for mine, there in zip(own.indices, ref.indices, strict=False):
        if isinstance(mine, Ref) and not mine.indices:
            put[mine.name] = there
        elif mine != there:
            return None
    by = u.by.at(tuple(substitute(i, put) for i in u.by.indices))
    rest = len(own.indices) - len(ref.indices)
    return Partial(u.of, by.at(by.indices[: len(by.indices) - rest]))


def follows(u: Upstream, network: Network) -> bool:
    """Does a given gradient follow from another, of what its name is read by?"""
    return u.of.name in network.by_name or any(
        o.by.name != u.by.name and o.of == u.of and u.by.name in reach(network, o.by)
        for o in network.upstream
    )


WHOLE = 400
"""An upstream gradient of at most this many nodes is written into an answer; a larger one keeps
its name, and the answer says what it stands for."""

MOST_LISTED = 4
"""A tensor of at most this many entries is listed in full among the parameters."""


def whole_latex(d: Derivation) -> str:
    """The answer; after it what the upstream gradients stand for that it leaves named."""
    first = " = ".join(latex(e) for e in (*before(d), d.answer))
    return NEXT.join([first, *(u.latex() for u in left_named(d))])


def spelled(answer: Answer, found: Named) -> Answer:
    """An answer with the formulas that were differentiated as they were written."""
    d, w = answer.derivation, answer.whole
    if d is not None:
        answer = replace(answer, derivation=rewritten(d, found.again))
    if w is not None:
        goal = found.again(w.goal)
        assert isinstance(goal, Partial)
        answer = replace(answer, whole=replace(w, goal=goal))
    return answer


def spelled_as_cases(d: Derivation) -> Derivation:
    """The derivation with its brackets written as cases in a last step."""
    after = as_cases(d.answer)
    if after == d.answer:
        return d
    return replace(d, steps=(*d.steps, Step("as-cases", d.answer, after)))


def family(network: Network, ref: Ref) -> str:
    r"""A tensor as a list of its entries: k_1, \dots, k_m."""
    ranges = network.ranges(ref.name)
    if len(ref.indices) != 1 or isinstance(ref.indices[0], Num) or not ranges:
        return latex(ref)
    known = ranges[0].size
    if known is not None and known <= MOST_LISTED:
        return ", ".join(latex(ref.at((num(v),))) for v in ranges[0].values())
    first, last = latex(ref.at((ranges[0].lo,))), latex(ref.at((ranges[0].hi,)))
    return rf"{first}, \dots, {last}"
