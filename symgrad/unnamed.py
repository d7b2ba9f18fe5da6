r"""Derivatives of formulas that have no name: ∂(log p_k)/∂z_j is ∂ℓ_k/∂z_j of ℓ_k = log p_k.

The formula becomes one more equation of the network, under a name that is spelled as the formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from symgrad.consistency import check_reads
from symgrad.equation import Equation
from symgrad.errors import NetworkError
from symgrad.expr import (
    Add,
    Expr,
    Mul,
    Neg,
    Partial,
    Reduce,
    Ref,
    free,
    names,
    replace_refs,
    substitute,
    transform,
)
from symgrad.index import Index, Range
from symgrad.latex import latex
from symgrad.limits import Limits
from symgrad.scope import Scope
from symgrad.settle import inlined


@dataclass(frozen=True)
class Named:
    """A formula `e` with names for what is differentiated in it, the scope in which equations
    define those names, and what was written for each, with its letters."""

    scope: Scope
    e: Expr
    written: Mapping[str, tuple[tuple[str, ...], Expr]] = field(default_factory=dict)

    def again(self, e: Expr) -> Expr:
        """A formula with what was written for the names."""

        def one(r: Ref) -> Expr | None:
            if r.name not in self.written:
                return None
            letters, formula = self.written[r.name]
            return substitute(formula, dict(zip(letters, r.indices, strict=True)))

        return replace_refs(e, one)


def is_unnamed(e: Expr) -> bool:
    """Is it a derivative of a formula, not of a name or of a gradient?"""
    return isinstance(e, Partial) and not isinstance(e.of, Ref | Partial)


def named(scope: Scope, e: Expr) -> Named:
    r"""A formula with a name for each formula that is differentiated in it.

    >>> from symgrad.notation import read, read_expression
    >>> from symgrad.settle import read_scope
    >>> scope = read_scope([read("p = w x")])
    >>> found = named(scope, read_expression(r"\frac{\partial \log p}{\partial w}"))
    >>> [latex(eq.target) for eq in found.scope.network.equations]
    ['p', '\\log(p)']
    """
    written: dict[str, tuple[tuple[str, ...], Expr]] = {}

    def one(x: Expr) -> Expr:
        nonlocal scope
        if not isinstance(x, Partial) or not is_unnamed(x) or not isinstance(x.by, Ref):
            return x
        scope, name = _with_equation(scope, x.of)
        written[name.name] = tuple(i.name for i in name.indices if isinstance(i, Ref)), x.of
        if x.by.name not in scope.network.behind(name.name):
            raise NetworkError(
                f"found {latex(x)} of a formula that does not depend on {latex(x.by)}, expected "
                "one that does",
                hint=f"state the equations that {latex(x.of)} is made of",
            )
        return Partial(name, x.by, x.total)

    found = transform(e, one)
    return Named(scope, found, written)


def _with_equation(scope: Scope, written: Expr) -> tuple[Scope, Ref]:
    """The scope with an equation for a formula, and the name that it defines."""
    network, known = scope.network, scope.lowering
    formula = written
    if known.speaks(formula):
        array = known.array(formula)
        if array.shape:
            raise NetworkError(
                f"found a derivative of {latex(written)}, a vector or matrix without a name, "
                "expected one of a name or of a number",
                hint="give the formula a name and differentiate the name",
            )
        formula = known.entry(array, ())
    axes = {d.target.name: d for d in scope.equations}
    formula = Limits(scope.letters, network.shapes, axes).fill(inlined(formula, scope.functions))
    indices = _indices(scope, formula)
    put: dict[str, Expr] = {i.name: Ref(f"%{k}") for k, i in enumerate(indices, 1)}
    grouped = isinstance(written, Add | Neg | Mul | Reduce)
    spelled = latex(substitute(written, put)).replace("%", "#")
    spelled = f"({spelled})" if grouped else spelled
    name = Ref(spelled, tuple(Ref(i.name) for i in indices))
    if spelled in network.by_name:
        return scope, name
    equation = Equation(name, indices, formula)
    network = replace(network, equations=(*network.equations, equation))
    check_reads(network, equation)
    return replace(scope, network=network), name


def _indices(scope: Scope, formula: Expr) -> tuple[Index, ...]:
    """The letters that are free in the subscripts of a formula, each with its range."""
    network = scope.network
    apart = network.sizes | network.labels.keys()
    found: dict[str, Range | None] = {}
    for x in free(formula):
        axes = network.ranges(x.name) or ()
        for k, i in enumerate(x.indices):
            for letter in (r.name for r in free(formula) if not r.indices and r.name in names(i)):
                if letter not in apart:
                    own = axes[k] if i == Ref(letter) and k < len(axes) else None
                    found[letter] = found.get(letter) or own or scope.letters.get(letter)
    for letter, r in found.items():
        if r is None:
            raise NetworkError(
                f"found the index {letter} in {latex(formula)} without a range, expected one",
                hint=rf"add {letter} = 1, \dots, n",
            )
    return tuple(Index(letter, r) for letter, r in found.items() if r is not None)
