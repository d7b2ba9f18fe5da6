"""Whole numbers that formulas of indices and sizes are: subscripts, ends of ranges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

from symgrad.expr import Add, Expr, Mul, Neg, Num, Ref

Env = Mapping[str, int]
"""The values of the indices that are bound here."""

Whole = Callable[[Env, Env], int | None]
"""The value of a formula from bound indices and sizes."""


def integer(e: Expr) -> Whole | None:
    """The value of a sum or product of whole numbers, bound indices and sizes: nothing where a
    name is neither, None where it is never one."""
    match e:
        case Ref(name=name, indices=()):
            return lambda env, sizes: env[name] if name in env else sizes.get(name)
        case Num(value=v):
            k = v.numerator
            return (lambda env, sizes: k) if v.denominator == 1 else None
        case Neg(arg=arg):
            inner = integer(arg)
            return None if inner is None else _together((inner,), lambda found: -found[0])
        case Add(terms=parts) | Mul(factors=parts):
            found = [integer(p) for p in parts]
            whole = tuple(f for f in found if f is not None)
            if len(whole) == len(found):
                return _together(whole, sum if isinstance(e, Add) else prod)
    return None


def _together(parts: tuple[Whole, ...], combine: Callable[[list[int]], int]) -> Whole:
    """Of whole numbers, one whole number."""

    def found(env: Env, sizes: Env) -> int | None:
        every = []
        for p in parts:
            k = p(env, sizes)
            if k is None:
                return None
            every.append(k)
        return combine(every)

    return found


def plain(e: Expr, env: Env, sizes: Env) -> int | None:
    """The same of a formula that is asked about once."""
    match e:
        case Ref(name=name, indices=()):
            return env[name] if name in env else sizes.get(name)
        case Num(value=v):
            return v.numerator if v.denominator == 1 else None
        case Neg(arg=arg):
            inner = plain(arg, env, sizes)
            return None if inner is None else -inner
        case Add(terms=parts) | Mul(factors=parts):
            found = [plain(p, env, sizes) for p in parts]
            whole = [k for k in found if k is not None]
            if len(whole) == len(found):
                return sum(whole) if isinstance(e, Add) else prod(whole)
    return None
