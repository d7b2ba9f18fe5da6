"""The functions of vectors and matrices, and those of numbers that take each entry by itself."""

from __future__ import annotations

from symgrad.unsaid import UNSPECIFIED

NORMS = frozenset(("norm", "norm_1", "norm_2", "norm_F"))
SIGNS = NORMS | {"transpose", "hadamard", "inner", "column"}
"""What signs that no exam defines make of vectors and matrices."""
MATRIX = SIGNS | {"trace", "diag", "softmax", "det"}
"""Functions whose arguments are vectors and matrices, unless an exam defines its own."""

ELEMENTWISE = frozenset({"exp", "log", "tanh", "sigmoid", "relu", "sign", "sqrt", "max", "min"}) | {
    "sin",
    "cos",
    "sinh",
    "cosh",
    "arctan",
    "erf",
    "floor",
    "ceil",
}
"""Functions of numbers that take each entry of a vector or matrix by itself."""


def entrywise(fn: str) -> bool:
    """Does a function of numbers take each entry of an array by itself?"""
    return fn in ELEMENTWISE or fn.startswith(UNSPECIFIED)
