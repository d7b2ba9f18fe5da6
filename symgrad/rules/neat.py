"""A formula as it is shown: tidied, factors in front of sums, letters apart."""

from __future__ import annotations

from symgrad.expr import Expr, Mul, free_names, transform
from symgrad.index import Facts
from symgrad.rules.algebra import tidy
from symgrad.rules.forms import distinct_bounds, gathered, out_of_sums
from symgrad.rules.plain import product
from symgrad.rules.sums import sift


def joined(e: Expr) -> Expr:
    """Products inside products written as one, without factors 1."""
    return transform(e, lambda x: product(*x.factors) if isinstance(x, Mul) else x)


def neaten(e: Expr, goal: Expr, taken: frozenset[str], facts: Facts) -> Expr:
    """Tidied, factors in front of sums, bound letters distinct from each other and from `taken`."""
    neat = out_of_sums(gathered(tidy(sift(tidy(e), facts))))
    return distinct_bounds(neat, taken | frozenset(free_names(goal)))
