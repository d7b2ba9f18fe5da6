r"""Are two formulas equal, for all sizes and all values?

The ladder: a proof by normal forms, by weighted sets of integer points, by cells of the order of
the compared values; else exact evaluation at ascending sizes, which finds the smallest
counterexample or says at how many points the two agree. A few points with unequal sizes come before
the proof: what differs there needs none, and no proof outweighs them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import islice, product

from symgrad.affine import shift
from symgrad.argue import Argument
from symgrad.clock import now
from symgrad.draw import Draw
from symgrad.dual import Number, as_text
from symgrad.errors import SymgradError
from symgrad.expr import (
    Call,
    Div,
    Expr,
    Num,
    Pow,
    Ref,
    Rel,
    free_names,
    fresh,
    names,
    num,
    walk,
)
from symgrad.latex import latex
from symgrad.normal.given import BY
from symgrad.normal.prove import Proof, Prover
from symgrad.normal.speak import equation, factor, formula, spelled, tensor
from symgrad.normal.term import Factor, Key, Normal, Term
from symgrad.normal.weights import orders, piece, with_powers
from symgrad.pair import Pair
from symgrad.points import Hidden, extremes
from symgrad.polynomial import Outside
from symgrad.roles import STEPS
from symgrad.slip import slipped, twice
from symgrad.special import stand_ins
from symgrad.trial import Judge, Outcome, Trial, apart, fits, instances, look_at_ties
from symgrad.unsaid import unsaid
from symgrad.verdict import (
    Agrees,
    Differs,
    Equal,
    EqualExceptTies,
    Invalid,
    Undecided,
    Verdict,
)

BUDGET = 2.0
"""Seconds for one pair."""
INDICES = (1, 2, 0, -1, 3)
"""Values of an index that multiplies another one, and that may be any integer."""
MOST_PLAIN = 1000
"""A counterexample with larger numbers, or fractions, is looked for again with small integers."""
PLAIN = (2, 1, 4, 11)
"""Where such integers begin: one of them may tie with a number that a formula states."""
MOST_SLIPS = 400
MOST_TWICE = 200
"""Formulas with one slip, of which two are put together."""
MOST_PROOFS = 30
"""Two slips together that are tried to prove."""
SLIP_BUDGET = 1.5
"""Seconds to look for the slip that explains a difference."""
FEWEST = 12
"""Points in general position that must agree before two formulas are said to."""


def decide(pair: Pair, budget: float = BUDGET, two: bool = False) -> Verdict:
    r"""The verdict on a pair, within `budget` seconds; a difference may be explained by
    `two` slips together.

    >>> from symgrad.expr import Add
    >>> from symgrad.roles import Roles
    >>> a, b = Ref("a"), Ref("b")
    >>> decide(Pair(Add((a, b)), Add((b, a)), Roles())).name
    'Equal'
    """
    until = now() + budget
    if pair.roles.steps:
        return stepwise(pair, until)
    return Decision(pair, until, two).verdict()


def stepwise(pair: Pair, until: float) -> Verdict:
    """A verdict for each value of the strides and dilations, as one."""
    steps = pair.roles.steps[:2]
    doubtful = [n for n in steps if n not in pair.roles.sizes]
    tried = [INDICES if n in doubtful else STEPS for n in steps]
    told = ", ".join(f"{n} = {', '.join(map(str, vs))}" for n, vs in zip(steps, tried, strict=True))
    ties: dict[str, None] = {}
    by, last = "normal form", None
    unproved: Verdict | None = None
    every = [v for v in product(*tried) if fits(dict(zip(steps, v, strict=True)), pair.known)]
    for k, values in enumerate(every):
        at = dict(zip(steps, values, strict=True))
        share = (until - now()) / (len(every) - k)
        found = decide(pair.put(at), max(0.05, 2 * share))
        if isinstance(found, Differs):
            return _at_step(found, at)
        if not isinstance(found, Equal | EqualExceptTies):
            unproved = unproved or found
            continue
        by = max(by, found.by, key=_strength)
        if isinstance(found, EqualExceptTies):
            ties |= dict.fromkeys(found.ties)
            last = found
    for at in larger(pair, [n for n in steps if n not in doubtful]):
        one = Decision(pair.put({**dict.fromkeys(doubtful, 1), **at}), until)
        for outcome in islice(one.trial.outcomes(), 16):
            if outcome.usable and outcome.differ:
                return _at_step(one.differs(outcome, None, ()), at)
    if unproved is not None:
        return unproved
    if doubtful:
        names_ = " and ".join(doubtful)
        return Undecided(
            f"equal for {told} and all other sizes, neither proved nor refuted for every {names_}; "
            "state the range of an index"
        )
    by = f"{by}, for {told}"
    if last is not None:
        return replace(last, ties=tuple(ties), by=by)
    return Equal(f"equal for all sizes, proved by {by}", by=by)


def _strength(by: str) -> tuple[bool, int]:
    """The kinds of proofs, the simplest first."""
    kind = by.removesuffix(f" and {BY}")
    return kind != by, ("normal form", "cells", "index sets").index(kind)


def _at_step(found: Differs, at: Mapping[str, int]) -> Differs:
    """A difference at some strides."""
    there = replace(found.counterexample, sizes={**at, **found.counterexample.sizes})
    said = ", ".join(f"{n} = {v}" for n, v in at.items())
    return replace(found, counterexample=there, message=f"at {said}: {found.message}")


def larger(pair: Pair, steps: Sequence[str]) -> Iterator[dict[str, int]]:
    """Strides that are tried at points after the proofs: a few, and beside every number there is,
    of all together and of each beside small ones."""
    seen = {
        int(x.value) + k
        for e in (pair.left, pair.right)
        for x in walk(e)
        if isinstance(x, Num) and x.value.denominator == 1 and STEPS[-1] <= x.value < 100
        for k in (0, 1)
    }
    for v in sorted(v for v in {5, 6, 7} | seen if v > STEPS[-1])[:8] if steps else ():
        yield dict.fromkeys(steps, v)
        if len(steps) > 1:
            yield from ({**dict.fromkeys(steps, 1), n: v} for n in steps)


@dataclass
class Decision:
    """One pair, worked on until a verdict."""

    pair: Pair
    until: float
    two: bool = False

    @cached_property
    def trial(self) -> Trial:
        """The same pair at numbers."""
        p = self.pair
        return Trial(p.left, p.right, p.roles, p.network, p.facts, self.until, p.asked)

    @cached_property
    def argument(self) -> Argument:
        """Proofs about the pair."""
        return Argument(self.pair)

    def proof(
        self, left: Expr, right: Expr, until: float
    ) -> tuple[Prover | None, Proof | None, Normal]:
        """A proof that two formulas of the pair's names are equal, as far as it goes."""
        return self.argument.proof(left, right, until)

    def verdict(self) -> Verdict:
        """Refuted at a point with unequal sizes, or proved, or refuted by the smallest
        counterexample, or neither."""
        start = now()
        share = (self.until - start) * 0.5
        seen = self.trial.spot()
        if seen is not None:
            return self.differs(
                self.trial.difference()[0] or seen, *self.argument.gap(start + share)
            )
        prover, proof, gap = self.proof(self.pair.left, self.pair.right, start + share)
        if proof is not None and not proof.left and not proof.ties:
            where = ", wherever both have values" if self.partly else ""
            told = f"equal for all sizes and values{where}, proved by {proof.by}"
            return Equal(told, by=proof.by)
        outcome, usable = self.trial.difference()
        if outcome is None and prover is not None:
            outcome = self.at_equations(prover, gap)
        if outcome is not None:
            return self.differs(outcome, prover, gap)
        if proof is not None and not proof.left and prover is not None and usable:
            return self.ties(prover, proof) or self.agreement(usable, prover)
        return self.agreement(usable, prover)

    @property
    def partly(self) -> bool:
        """May a formula have no value somewhere: a quotient, a logarithm, a root?"""
        parts = [x for e in (self.pair.left, self.pair.right) for x in walk(e)]
        return any(
            (isinstance(x, Div) and not isinstance(x.den, Num))
            or (isinstance(x, Pow) and not _is_natural(x.exp))
            or (isinstance(x, Call) and x.fn in ("log", "sqrt"))
            for x in parts
        )

    # -- differences -----------------------------------------------------------------------------

    def differs(self, outcome: Outcome, prover: Prover | None, gap: Normal) -> Differs:
        """The counterexample, the term that is missing, the slip that explains it."""
        outcome = self.plain(outcome)
        missing, extra = self.missing(outcome, prover, gap) if prover is not None else ("", "")
        extra = extra if names(self.pair.right) else ""  # 0 has no term too many
        slip = self.slip(outcome)
        at = ", ".join(f"{n} = {v}" for n, v in outcome.sizes.items())
        told = [
            f"the first formula is {as_text(outcome.left)}, the second {as_text(outcome.right)}"
        ]
        if missing:
            told.append(f"the second lacks the term {missing}")
        if extra:
            told.append(f"the second has the term {extra} too many")
        if slip:
            told.append(f"slip: {slip}")
        told += stand_ins((self.pair.left, self.pair.right))
        where = f"at {at}" if at else "at the values shown"
        return Differs(f"{where} {'; '.join(told)}", outcome.example, missing, extra, slip)

    def plain(self, outcome: Outcome) -> Outcome:
        """The same difference with small numbers, where those of a point are large: the values in
        their order."""
        drawn = {
            r: v
            for r, v in outcome.values.items()
            if isinstance(v, Fraction) and r.name not in self.pair.roles.labels
        }
        if all(v.denominator == 1 and abs(v) <= MOST_PLAIN for v in drawn.values()):
            return outcome
        above = sorted({v for v in drawn.values() if v > 0})
        below = sorted({v for v in drawn.values() if v < 0}, reverse=True)
        for least in PLAIN:
            ranks = {v: Fraction(k + least) for k, v in enumerate(above)}
            ranks |= {v: Fraction(-k - least) for k, v in enumerate(below)}
            fixed = {r: ranks.get(v, v) for r, v in drawn.items()}

            def fix(judge: Judge, draw: Draw, fixed: Mapping[Ref, Fraction] = fixed) -> None:
                draw.fixed |= fixed

            found = self.trial.at(outcome.sizes, 1, fix)
            signs = [{m: (g > 0) - (g < 0) for m, g in o.met.items()} for o in (outcome, found)]
            if found.differ and signs[0] == signs[1]:
                return found
        return outcome

    def missing(self, outcome: Outcome, prover: Prover, gap: Normal) -> tuple[str, str]:
        """A term that one formula has and the other lacks, at the sizes of the counterexample."""
        if any(f.power < 0 or f.key[0] != "ref" for t in gap for f in t.factors):
            return "", ""
        fixed = {n: v for n, v in outcome.sizes.items() if n in self.pair.roles.sizes}
        found = ["", ""]
        members: dict[tuple[Key, ...], list[tuple[Term, tuple[Factor, ...]]]] = {}
        for t, factors in with_powers(gap):
            flat = tuple(sorted(factors, key=lambda f: f.key))
            members.setdefault(tuple(f.key for f in flat), []).append((t, flat))
        for mine in members.values():
            flat = mine[0][1]
            if not flat:
                continue
            try:
                pieces = [piece(t, fs) for t, fs in mine]
                same = orders(tuple((f.key, 1) for f in flat), flat)
                hit = extremes(pieces, self.pair.facts, same, fixed)
            except (Hidden, Outside):
                continue
            if hit is None:
                continue
            forms, sign = hit
            said = spelled(flat, forms)
            if said and not found[0 if sign > 0 else 1]:
                found[0 if sign > 0 else 1] = said
        return found[0], found[1]

    def slip(self, outcome: Outcome) -> str:
        """The slip that turns the first formula into the second."""
        until = min(self.until, now() + SLIP_BUDGET)
        network = self.pair.network
        tensors = (*network.leaves, *(eq.target for eq in network.equations))
        every = slipped(self.pair.left, self.pair.roles.sizes, tensors)
        for name, wrong in islice(every, MOST_SLIPS):
            if now() > until:
                return ""
            if wrong == self.pair.right:
                return name
            again = self.trial.value(wrong, outcome)
            if again is None or outcome.right is None or apart(again, outcome.right):
                continue
            _, proof, _ = self.proof(wrong, self.pair.right, until)
            if proof is not None and not proof.left and not proof.ties:
                return name
        return self.slips(outcome, until) if self.two else ""

    def slips(self, outcome: Outcome, until: float) -> str:
        """Two slips that together turn the first formula into the second."""

        def value(e: Expr) -> Number | None:
            if now() > until:
                return None
            with suppress(SymgradError):
                return self.trial.value(e, outcome)
            return None

        sizes = self.pair.roles.sizes
        found = twice(self.pair.left, self.pair.right, sizes, value, MOST_TWICE)
        for name, a, b in islice(found, MOST_PROOFS):
            if now() > until:
                return ""
            _, proof, _ = self.proof(a, b, until)
            if proof is not None and not proof.left and not proof.ties:
                return name
        return ""

    # -- ties ------------------------------------------------------------------------------------

    def at_equations(self, prover: Prover, gap: Normal) -> Outcome | None:
        """A difference where an equation that a formula asks for holds: [a = b] is no tie."""
        asked = [
            (Factor(("zero", "", f.key[2]), f.at), t.conds)
            for t in gap
            for f in t.factors
            if f.key[0] == "zero"
        ]
        for guard, domain in dict.fromkeys(asked):
            if not prover.is_tie(guard, domain):
                hit = self.tied(prover, guard)
                if hit is not None:
                    return hit
        return None

    def ties(self, prover: Prover, proof: Proof) -> EqualExceptTies | None:
        """Equal but where compared values are equal; None if every comparison was looked at where
        it ties and the two are equal there too."""
        letters = self.letters()
        said, shown_at = [], None
        for guard in proof.ties:
            pair = equation(guard, prover.algebra.atoms, letters)
            if pair is not None:
                said.append(f"{latex(pair[0])} = {latex(pair[1])}")
            if shown_at is None:
                shown_at = self.tied(prover, guard)
        if shown_at is None:
            looked = look_at_ties(self.trial)
            if looked.ties and not looked.unseen and looked.apart is None:
                return None
        told = " or ".join(dict.fromkeys(said)) or "compared values are equal"
        message = f"equal except where {told}"
        if shown_at is not None:
            message += (
                f"; there the first formula is {as_text(shown_at.left)}, "
                f"the second {as_text(shown_at.right)}"
            )
        at = None if shown_at is None else shown_at.example
        return EqualExceptTies(message, tuple(dict.fromkeys(said)), proof.by, at)

    def letters(self) -> dict[str, str]:
        """Letters for the indices that a sum has bound."""
        taken = free_names(self.pair.left) | free_names(self.pair.right)
        out: dict[str, str] = {}
        for k in range(4):
            letter = fresh("i", taken)
            taken.add(letter)
            out[f"!{k}"] = out[f"#{k}"] = letter
        return out

    def tied(self, prover: Prover, guard: Factor) -> Outcome | None:
        """A point at which the equation holds and the two formulas differ."""
        pivot = prover.algebra.pivot(guard)
        said = equation(guard, prover.algebra.atoms, {})
        if pivot is None or said is None:
            return None
        first, *others = pivot[0]
        target = tensor(first) if first.key[0] == "ref" and first.power == 1 else None
        if not isinstance(target, Ref):
            return None
        value = formula(pivot[1], prover.algebra.atoms)
        if value is None:
            return None
        for f in others:
            below = factor(f, prover.algebra.atoms)
            if below is None:
                return None
            value = Div(value, below)
        for sizes in self.tie_places(target, value):
            outer = {n: v for n, v in sizes.items() if not n.startswith(("!", "#"))}
            put: dict[str, Expr] = {n: num(v) for n, v in sizes.items()}
            entry, at = shift(target, put), shift(value, put)
            assert isinstance(entry, Ref)
            for pool in (0, 1):

                def fix(judge: Judge, draw: Draw, entry: Ref = entry, at: Expr = at) -> None:
                    found = judge.look(at)
                    if found is not None:
                        draw.fixed[entry] = found

                outcome = self.trial.at(outer, pool, fix)
                if outcome.differ:
                    return outcome
        return None

    def tie_places(self, target: Expr, value: Expr) -> Iterator[dict[str, int]]:
        """Instances, with values of the indices that sums bind."""
        inner = sorted(n for n in names(target) | names(value) if n.startswith(("!", "#")))
        for sizes in islice(instances(self.pair.roles, self.pair.facts), 24):
            for at in product((1, 2, 0), repeat=len(inner)):
                if now() > self.until:
                    return
                yield {**sizes, **dict(zip(inner, at, strict=True))}

    # -- neither ---------------------------------------------------------------------------------

    def agreement(self, usable: list[Outcome], prover: Prover | None) -> Verdict:
        """Held at so many points, ties among them, or nothing to say."""
        looked = look_at_ties(self.trial)
        if looked.beyond is not None:
            return self.differs(looked.beyond, prover, ())
        if fns := sorted(unsaid(self.pair.left) | unsaid(self.pair.right)):
            told = f"neither proved nor refuted; of {', '.join(fns)} nothing is said"
            return Undecided(f"{told}, and values of one such function prove nothing of others")
        if looked.apart is not None:
            where, outcome = looked.apart
            if isinstance(where, Rel) and where.op in ("=", "!=") and not _has_extreme(where):
                return self.differs(outcome, prover, ())
        if self.trial.outside is not None:
            return self.beyond(self.trial.outside)
        if len(usable) < FEWEST:
            had = "satisfied what is given and had values" if self.pair.asked else "had values"
            return Undecided(
                f"neither proved nor refuted: {len(usable)} points in general position {had}, "
                f"expected at least {FEWEST}"
            )
        sizes = tuple({tuple(o.sizes.items()): o.sizes for o in usable}.values())
        told = f"not proved; equal at {len(usable)} points in general position"
        if looked.apart is not None:
            where, outcome = looked.apart
            told += (
                f", but not at a tie of {latex(where)}: there the first formula is "
                f"{as_text(outcome.left)}, the second {as_text(outcome.right)}"
            )
            return Agrees(told, len(usable), sizes, (latex(where),), outcome.example)
        if looked.ties:
            told += f" and at {looked.ties} ties"
        if looked.unseen:
            told += f"; no tie was looked at of {', '.join(latex(e) for e in looked.unseen)}"
        return Agrees(told, len(usable), sizes)

    def beyond(self, there: Outcome) -> Invalid:
        """A formula reads an entry that does not exist at some sizes."""
        ref = there.outside
        assert ref is not None
        at = ", ".join(f"{n} = {v}" for n, v in there.sizes.items())
        which = "first" if there.left is None else "second"
        name = latex(Ref(ref.name))
        told = "narrow the sum or the range of the index"
        if ref.name not in self.pair.network.by_name:
            told += rf", or state the zeros: {name}_i = 0 \text{{ for }} i < 1 \text{{ or }} i > n"
        return Invalid(
            f"found {latex(ref)} in the {which} formula{f' at {at}' if at else ''}, which does not "
            f"exist; expected entries in the ranges that are given; {told}"
        )


def _has_extreme(e: Expr) -> bool:
    """Is a maximum compared: [x_i = max(x_1, x_2)] holds for one i, but at ties?"""
    return any(getattr(x, "fn", getattr(x, "op", "")) in ("max", "min") for x in walk(e))


def _is_natural(e: Expr) -> bool:
    return isinstance(e, Num) and e.value >= 0 and e.value.denominator == 1
