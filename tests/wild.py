"""Random networks of every kind that the engine differentiates, drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from oracle import sized

from symgrad.affine import Affine
from symgrad.consistency import validated
from symgrad.equation import Equation, Upstream
from symgrad.expr import (
    ONE,
    Add,
    Bound,
    Call,
    Cases,
    Div,
    Expr,
    Iverson,
    Mul,
    Neg,
    Pow,
    Reduce,
    Ref,
    Rel,
    num,
)
from symgrad.index import Index, Range
from symgrad.network import Network, Ties


@dataclass
class Wild:
    """One random network, and what to ask of it."""

    rng: random.Random
    ties: Ties = "strict"
    exact: bool = False
    """No transcendental functions: every value is a fraction."""
    layers: list[Equation] = field(default_factory=list)

    def network(self) -> tuple[Network, Ref]:
        """A network of one to three tensors, and the quantity to differentiate."""
        rng = self.rng
        for tensor in rng.sample("zvh", rng.randint(1, 3)):
            self.layers += self.tensor(tensor)
        last = self.layers[-1].target
        upstream: tuple[Upstream, ...] = ()
        of = Ref("L")
        match rng.choice(["loss", "loss", "given", "itself"]):
            case "loss":
                self.layers.append(Equation(Ref("L"), (), self.body([], 3)))
                below = [t for t in self.beneath("L") if t != "L"]
                if below and rng.random() < 0.3:
                    upstream = (self.given(rng.choice(below)),)
            case "given":
                upstream = (self.given(last.name),)
            case _ if self.ranged(last.name):
                letters = [Ref("i"), Ref("t"), num(1)]
                of = Ref(last.name, tuple(rng.choice(letters) for _ in last.indices))
            case _:
                of = last
        net = validated(
            Network(tuple(self.layers), upstream=upstream, facts=sized("n", "m"), ties=self.ties)
        )
        return net, of

    def beneath(self, name: str) -> list[str]:
        """The tensors that a quantity depends on, itself first."""
        found = [name]
        for tensor in found:
            for eq in self.layers:
                if eq.target.name == tensor:
                    reads = {r.ref.name for r in eq.reads} & {e.target.name for e in self.layers}
                    found += sorted(reads - set(found))
        return found

    def given(self, tensor: str) -> Upstream:
        """δ with one letter for each index of the tensor."""
        rank = len(next(e for e in self.layers if e.target.name == tensor).target.indices)
        letters = tuple(Ref(x) for x in "st"[:rank])
        return Upstream(Ref(r"\delta", letters), Ref("L"), Ref(tensor, letters))

    def ranged(self, tensor: str) -> bool:
        return any(e.indices for e in self.layers if e.target.name == tensor)

    def tensor(self, name: str) -> list[Equation]:
        """Its equations: one for all entries, one for each of two, or a recurrence written out."""
        rng = self.rng
        match rng.choice(["range", "range", "range", "matrix", "entries", "recurrence"]):
            case "entries":
                return [Equation(Ref(name, (num(k),)), (), self.body([], 2)) for k in (1, 2)]
            case "recurrence":
                t = Index("t", Range(ONE, num(rng.randint(2, 3))))
                before = Ref(name, (Affine(-1, (("t", 1),)).expr(),))
                step = Mul((Ref("a"), before, self.leaf([t])))
                return [Equation(Ref(name, (Ref("t"),)), (t,), Add((step, self.leaf([t]))))]
            case "matrix":
                i, j = Index("i", self.span()), Index("j", self.span())
                return [Equation(Ref(name, (Ref("i"), Ref("j"))), (i, j), self.body([i, j], 2))]
        i = Index("i", self.span())
        return [Equation(Ref(name, (Ref("i"),)), (i,), self.body([i], 3))]

    def span(self) -> Range:
        return Range(ONE, self.rng.choice([Ref("n"), Ref("n"), Ref("m"), num(2), num(3), num(8)]))

    # -- bodies -----------------------------------------------------------------------------------

    def body(self, inside: Sequence[Index], depth: int) -> Expr:
        """A random formula in the indices given."""
        rng = self.rng
        if depth == 0:
            return self.read(inside)

        def inner(more: Sequence[Index] = ()) -> Expr:
            return self.body([*inside, *more], depth - 1)

        kinds = ["add", "mul", "mul", "sum", "sum", "sum", "div", "square", "neg", "kink", "kink"]
        kinds += ["prod", "extreme"] if rng.random() < 0.3 else []
        kinds += [] if self.exact else ["smooth", "smooth", "power"]
        match rng.choice(kinds):
            case "add":
                return Add((inner(), rng.choice([inner(), Neg(inner())])))
            case "mul":
                return Mul((inner(), inner()))
            case "neg":
                return Neg(inner())
            case "div":
                return Div(inner(), Add((num(3), Pow(self.read(inside), num(2)))))
            case "square":
                return Pow(Add((inner(), Neg(self.read(inside)))), num(rng.choice([2, 3])))
            case "power":
                exponent = rng.choice([Ref("a"), Div(ONE, num(2))])
                return Pow(Add((ONE, Pow(inner(), num(2)))), exponent)
            case "smooth":
                return self.smooth(inner())
            case "kink":
                return self.kink(inner(), self.read(inside))
        bound = self.bound(inside)
        index = Index(bound.name, Range(bound.lo or ONE, bound.hi or ONE))
        outer = [i for i in inside if i.name != bound.name]
        body = self.body([*outer, index], depth - 1)
        match rng.choice(kinds):
            case "prod":
                return Reduce("prod", (bound,), Add((num(2), Mul((num(1), body)))))
            case "extreme":
                return Reduce(rng.choice(["max", "min"]), (bound,), self.read([*outer, index]))
        if rng.random() < 0.2:
            body = Mul((Iverson(Rel(rng.choice(["!=", "<", ">="]), Ref(bound.name), num(2))), body))
        return Reduce("sum", (bound,), body)

    def bound(self, inside: Sequence[Index]) -> Bound:
        """A bound index, sometimes under a letter that stands outside too, or as far as one."""
        rng = self.rng
        free = [x for x in "jkl" if x not in {i.name for i in inside}]
        name = rng.choice("ijk") if rng.random() < 0.1 else rng.choice(free)
        others = [i for i in inside if i.name != name]
        if others and rng.random() < 0.25:
            return Bound(name, ONE, Ref(rng.choice(others).name))
        high = rng.choice([Ref("n"), Ref("m"), Ref("m"), num(2), num(4)])
        return Bound(name, ONE, high)

    def smooth(self, e: Expr) -> Expr:
        small = Div(e, Add((num(2), Pow(e, num(2)))))
        match self.rng.choice(["exp", "tanh", "sigmoid", "sin", "log", "sqrt"]):
            case "log" | "sqrt" as fn:
                return Call(fn, (Add((ONE, Pow(e, num(2)))),))
            case fn:
                return Call(fn, (small,))

    def kink(self, e: Expr, other: Expr) -> Expr:
        rng = self.rng
        match rng.choice(["relu", "abs", "max", "min", "cases", "bracket"]):
            case "relu" | "abs" as fn:
                return Call(fn, (Add((e, num(7))),))
            case "max" | "min" as fn:
                return Call(fn, (e, Add((other, ONE)), num(rng.choice([0, 50]))))
            case "cases":
                return Cases(((e, Rel(">", Ref("b"), num(2))), (other, None)))
            case _:
                return Mul((Iverson(Rel("<", Ref("a"), other)), e))

    # -- reads ------------------------------------------------------------------------------------

    def read(self, inside: Sequence[Index]) -> Expr:
        """A leaf or an entry of an earlier tensor."""
        if self.layers and self.rng.random() < 0.45:
            found = self.earlier(inside)
            if found is not None:
                return found
        return self.leaf(inside)

    def leaf(self, inside: Sequence[Index]) -> Expr:
        """A scalar, x or k at an affine subscript, W at two letters."""
        rng = self.rng
        letters = [i.name for i in inside]
        if not letters or rng.random() < 0.1:
            entry = rng.choice([num(rng.randint(1, 4)), Ref("n")])
            return rng.choice([Ref("a"), Ref("b"), Ref("x", (entry,))])
        one = rng.choice(letters)
        if rng.random() < 0.2:
            two = rng.choice([Ref(rng.choice(letters)), Ref(one), num(2)])
            return Ref("W", rng.choice([(Ref(one), two), (two, Ref(one))]))
        return Ref(rng.choice("xxk"), (self.subscript(one, letters),))

    def subscript(self, one: str, letters: Sequence[str]) -> Expr:
        rng = self.rng
        coefficients = {one: rng.choice([1, 1, 1, 1, 2, 3, -1])}
        if len(letters) > 1 and rng.random() < 0.5:
            other = rng.choice([x for x in letters if x != one] or [one])
            coefficients.setdefault(other, rng.choice([1, 1, -1, 2]))
        if rng.random() < 0.15:
            coefficients["n"] = 1
        shift = rng.choice([0, 0, 0, 1, -1, -2, 3])
        return Affine(shift, tuple(coefficients.items())).expr()

    def earlier(self, inside: Sequence[Index]) -> Expr | None:
        """An entry of an earlier tensor that surely exists."""
        rng = self.rng
        eq = rng.choice(self.layers)
        if not eq.indices:
            return eq.target
        subscripts = []
        for i in eq.indices:
            fitting = [x for x in inside if x.range == i.range]
            if fitting and rng.random() < 0.85:
                at: Expr = Ref(rng.choice(fitting).name)
                if rng.random() < 0.2:
                    at = Add((i.range.hi, Neg(at), ONE))
                subscripts.append(at)
            else:
                subscripts.append(ONE)
        return Ref(eq.target.name, tuple(subscripts))
