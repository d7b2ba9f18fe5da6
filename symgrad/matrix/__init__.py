r"""Vectors and matrices: z = W x + b is z_i = Σ_k W_{ik} x_k + b_i, entry by entry.

Knows the shape of a formula and what each sign says of one entry; knows nothing of networks.
"""

from symgrad.matrix.array import Array, Declared, shown
from symgrad.matrix.inverse import inverted, with_inverses
from symgrad.matrix.lowering import Lowering
from symgrad.matrix.signs import SIGNS, entrywise
from symgrad.reading.names import ONES

__all__ = [
    "ONES",
    "SIGNS",
    "Array",
    "Declared",
    "Lowering",
    "entrywise",
    "inverted",
    "shown",
    "with_inverses",
]
