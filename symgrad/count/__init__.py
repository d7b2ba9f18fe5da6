"""Counting architectures: layer strings in, sizes and costs out, as formulas and numbers.

Layers of this package, lowest first: `size` and `lexeme`; `spelling` and `layer`; `maps`; `stack`,
`convention`, `window`; `quantity`, `remark`; `table`.
"""

from symgrad.count.convention import read_conventions
from symgrad.count.layer import Convention, Layer, Options
from symgrad.count.quantity import Kind, Quantity, names_layers, quantity, unknown
from symgrad.count.remark import Remark
from symgrad.count.size import number, polynomial
from symgrad.count.stack import read_layer, read_stack
from symgrad.count.table import Cell, Count, Row, count

__all__ = [
    "Cell",
    "Convention",
    "Count",
    "Kind",
    "Layer",
    "Options",
    "Quantity",
    "Remark",
    "Row",
    "count",
    "names_layers",
    "number",
    "polynomial",
    "quantity",
    "read_conventions",
    "read_layer",
    "read_stack",
    "unknown",
]
