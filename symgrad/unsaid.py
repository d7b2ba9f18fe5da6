r"""Functions of which nothing is said but that they are there: ``f: \mathbb{R} \to \mathbb{R}``."""

from __future__ import annotations

from symgrad.expr import Call, Expr, walk

UNSPECIFIED = "@"
"""In front of the name of a function of which nothing is said."""
MOST_PRIMES = 3


def derivatives_of(name: str) -> tuple[str, ...]:
    """f, f', f'', …: the names that a function and its derivatives have."""
    return tuple(name + "'" * k for k in range(MOST_PRIMES + 1))


def unspecified(name: str, arg: Expr) -> Call:
    """f(a) of a function of which nothing is said."""
    return Call(UNSPECIFIED + name, (arg,), name)


def unsaid(e: Expr) -> set[str]:
    """The functions in a formula of which nothing is said."""
    calls = (x.fn for x in walk(e) if isinstance(x, Call))
    return {fn.removeprefix(UNSPECIFIED) for fn in calls if fn.startswith(UNSPECIFIED)}
