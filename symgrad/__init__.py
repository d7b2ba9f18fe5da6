"""symgrad fills in the question marks of a deep-learning exam, shows the work, and checks others'.

The public names are loaded when first used: ``symgrad --help`` and shell completion must not
wait for them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from symgrad.answer import Answer
    from symgrad.api import Exam, Network, Solution, count_layers
    from symgrad.bridge import from_sympy, to_sympy
    from symgrad.compare import equal
    from symgrad.count.table import Count
    from symgrad.errors import SymgradError
    from symgrad.grade import check
    from symgrad.mark import Report
    from symgrad.page import Sheet
    from symgrad.rewrite import Derivation, Step
    from symgrad.verdict import Verdict

__all__ = [
    "Answer",
    "Count",
    "Derivation",
    "Exam",
    "Network",
    "Report",
    "Sheet",
    "Solution",
    "Step",
    "SymgradError",
    "Verdict",
    "check",
    "count_layers",
    "equal",
    "from_sympy",
    "to_sympy",
]

_HOME = {
    "Answer": "solve",
    "Count": "count.table",
    "Derivation": "rewrite",
    "Exam": "api",
    "Network": "api",
    "Report": "mark",
    "Sheet": "page",
    "Solution": "api",
    "Step": "rewrite",
    "SymgradError": "errors",
    "Verdict": "verdict",
    "check": "grade",
    "count_layers": "api",
    "equal": "compare",
    "from_sympy": "bridge",
    "to_sympy": "bridge",
}
"""The module of each public name."""


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'symgrad' has no attribute {name!r}")
    return getattr(importlib.import_module(f"symgrad.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
