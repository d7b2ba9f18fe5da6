r"""What is known of each derived formula: proved for all sizes, or compared with the oracle.

A gradient is proved against the chain rule with its Kronecker deltas (`kronecker`), which shares no
contraction and no tidying with what is shown; the gradients it builds on are proved the same way. A
formula of whole vectors and matrices is proved to have the entries that were derived.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import product

from symgrad.answer import Answer, Evidence, Source, Whole
from symgrad.argue import Argument
from symgrad.clock import now
from symgrad.compare import pair_of
from symgrad.errors import SymgradError
from symgrad.expr import Expr, Partial, Ref, names, transform
from symgrad.index import Index, Range
from symgrad.induction import obligations
from symgrad.kronecker import unreduced
from symgrad.network import Network
from symgrad.pair import Pair
from symgrad.rewrite import Derivation
from symgrad.roles import STEPS
from symgrad.scope import Scope
from symgrad.solve import Solved
from symgrad.trial import fits

BUDGET = 6.0
"""Seconds for one proof: several times what the proofs of textbooks take, so that a slow machine
says the same."""
TOTAL = 60.0
"""Seconds for all the proofs of one exam; what is left then is not proved."""
MOST = 200
"""Gradients that one formula builds on, at most: more are not proved one by one."""
LEAF = ("given", "open")
"""Rules by which a gradient is what the exam says it is."""


@dataclass(frozen=True)
class Shown:
    """How something is proved: the kinds of the proofs, and the strides and dilations for which
    that was done value by value."""

    kinds: tuple[str, ...] = ("normal form",)
    steps: tuple[str, ...] = ()


@dataclass
class Prover:
    """Proofs of the answers of one exam; gradients that several build on are proved once."""

    _proofs: dict[tuple[int, Expr], Shown | None] = field(default_factory=dict)
    _networks: list[Network] = field(default_factory=list)
    until: float = field(default_factory=lambda: now() + TOTAL)

    def proved(self, answer: Answer, scope: Scope) -> Answer:
        """The answer with its evidence; what was compared with the oracle stays in it."""
        source = answer.source
        if source is None or answer.derivation is None:
            return answer
        own = letters_of(source.network, source.derivation.goal.of)
        own |= {i.name: i.range for i in source.derivation.indices}
        scope = replace(scope, network=source.network, letters={**scope.letters, **own})
        proof = self.proof(source, scope)
        proof = proof and joined((proof, self.as_shown(answer, source, scope)))
        told = ", ".join(proof.kinds) if proof else ""
        known = replace(answer.evidence or Evidence(), proof=told)
        return replace(answer, evidence=replace(known, steps=proof.steps if proof else ()))

    def proof(self, source: Source, scope: Scope) -> Shown | None:
        """How a gradient is proved, with all that it builds on; None if something is not."""
        waiting, found = [source.derivation], dict[Expr, Derivation]()
        while waiting:
            d = waiting.pop()
            if d.goal not in found:
                found[d.goal] = d
                waiting += d.upstream
        if len(found) > MOST or now() > self.until:
            return None
        self._networks.append(source.network)  # alive, so that its id stays its own
        proofs = []
        for d in found.values():
            key = (id(source.network), d.goal)
            if key not in self._proofs:
                self._proofs[key] = gradient(source.network, d, scope)
            proofs.append(self._proofs[key])
            if proofs[-1] is None:
                return None
        return joined(proofs)

    def as_shown(self, answer: Answer, source: Source, scope: Scope) -> Shown | None:
        """How the form that is shown is proved to be what was derived."""
        shown, d = answer.derivation, source.derivation
        assert shown is not None
        proofs: list[Shown | None] = [Shown()]
        if shown.goal == d.goal and not any(s.rule == "under" for s in shown.steps):
            proofs.append(identity(shown.answer, d.answer, d.indices, scope))
        if answer.whole is not None:
            proofs.append(as_entries(answer.whole, d, scope))
        return joined(proofs)


def letters_of(network: Network, of: Expr) -> dict[str, Range]:
    """The letters of what is differentiated, with their ranges: k of ∂p_k/∂z_j."""
    axes = network.ranges_at(of) if isinstance(of, Ref) else None
    if axes is None or not isinstance(of, Ref):
        return {}
    return {i.name: r for i, r in zip(of.indices, axes, strict=True) if isinstance(i, Ref)}


def weighed(root: Solved) -> Solved:
    """A solved section and those below it, each answer with its evidence."""
    prover = Prover()

    def section(s: Solved) -> Solved:
        works = {
            k: replace(w, answers=tuple(prover.proved(a, s.scope) for a in w.answers))
            for k, w in s.works.items()
        }
        return replace(s, works=works, children=tuple(map(section, s.children)))

    return section(root)


def as_entries(whole: Whole, d: Derivation, scope: Scope) -> Shown | None:
    """How a formula of vectors and matrices is proved to have the entries that were derived."""
    known = replace(scope.lowering, taken=scope.lowering.taken | names(whole.goal))
    try:
        at = [Ref(i.name) for i in known.letters(known.array(whole.goal))]
        array = known.array(whole.formula)
        if len(array.shape) != len(at):
            return None
        entry = known.entry(array, at)
    except SymgradError:
        return None
    return identity(entry, d.answer, d.indices, scope)


def gradient(network: Network, d: Derivation, scope: Scope) -> Shown | None:
    """How one derivation is proved, given the gradients it builds on."""
    last = d.steps[-1]
    if last.rule in LEAF:
        return Shown()
    try:
        if last.rule == "unroll":
            recursion = replace(d, steps=d.steps[:-1])
            pairs = [(o.left, o.right, o.indices) for o in obligations(network, d)]
            pairs.append((recursion.answer, unreduced(network, recursion), d.indices))
            return joined(identity(a, b, letters, scope) for a, b, letters in pairs)
        return identity(d.answer, unreduced(network, d), d.indices, scope)
    except SymgradError:
        return None


def identity(left: Expr, right: Expr, indices: Iterable[Index], scope: Scope) -> Shown | None:
    """How two formulas are proved equal for all sizes and values, their letters in ranges, None if
    they are not; gradients that both leave named are tensors."""
    if left == right:
        return Shown()
    letters = {**scope.letters, **{i.name: i.range for i in indices}}
    try:
        pair = pair_of(named(left), named(right), replace(scope, letters=letters))
        return proof_of(pair)
    except SymgradError:
        return None


def proof_of(pair: Pair) -> Shown | None:
    """How a pair is proved, a symbolic stride or dilation at each of a few values."""
    steps = pair.roles.steps[:2]
    until = now() + BUDGET
    proofs = []
    for values in product(STEPS, repeat=len(steps)):
        at = dict(zip(steps, values, strict=True))
        if not fits(at, pair.known):
            continue
        one = pair.put(at) if at else pair
        _, proof, _ = Argument(one).proof(one.left, one.right, until)
        if proof is None or proof.left or proof.ties:
            return None
        proofs.append(Shown((proof.by,), steps))
    return joined(proofs)


def named(e: Expr) -> Expr:
    r"""Each gradient that is left named as the entry of a tensor: ∂L/∂h_t as (∂L/∂h)_t."""

    def one(x: Expr) -> Expr:
        match x:
            case Partial(of=Ref() as of, by=Ref() as by):
                return Ref(rf"\partial {of.name}/\partial {by.name}", (*of.indices, *by.indices))
        return x

    return transform(e, one)


def joined(proofs: Iterable[Shown | None]) -> Shown | None:
    """Several proofs as one, each kind once; None if one of them failed."""
    every = list(proofs)
    found = [p for p in every if p is not None]
    if not found or len(found) < len(every):
        return None
    kinds = dict.fromkeys(k for p in found for k in p.kinds)
    steps = dict.fromkeys(n for p in found for n in p.steps)
    return Shown(tuple(kinds), tuple(sorted(steps)))
