"""Which engines and fonts are there, and what a missing one costs."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from symgrad import __version__

FONTS = Path(__file__).parent / "data" / "fonts"

PACKAGES = {
    "markdown-it-py": "exams cannot be read",
    "lark": "mathematics cannot be read",
    "islpy": "index ranges cannot be decided: nothing with a sum is derived",
    "sympy": "no SymPy results in notebooks; sheets are not affected",
    "jinja2": "no sheet can be written",
    "typst": "no PDF, and no figures in Markdown",
    "pygraphviz": "no circuit can be drawn",
    "rich": "no tables in the terminal",
}
"""What symgrad needs, and what its absence costs."""

PROGRAMS = {
    "xelatex": "solution.tex cannot be compiled here; PDF needs no TeX",
    "latexmk": "compile solution.tex with xelatex, twice",
}
"""Programs that symgrad itself never calls."""


@dataclass(frozen=True)
class Finding:
    """One thing looked for. `needed`: symgrad does not work fully without it."""

    name: str
    version: str | None
    cost: str = ""
    needed: bool = True

    @property
    def missing(self) -> bool:
        """Was it not found?"""
        return self.version is None


def findings() -> list[Finding]:
    """Everything symgrad works with.

    >>> [f.name for f in findings()][:2]
    ['symgrad', 'Python']
    """
    python = f"{platform.python_version()} ({sys.executable})"
    out = [Finding("symgrad", __version__), Finding("Python", python)]
    out += [Finding(p, package(p), cost) for p, cost in PACKAGES.items()]
    out.append(Finding("Nanum Myeongjo (font)", fonts(), "Hangul cannot be typeset in PDF"))
    out += [Finding(p, program(p), cost, needed=False) for p, cost in PROGRAMS.items()]
    return out


def package(name: str) -> str | None:
    """The version of an installed package; islpy has a package of its own on Windows."""
    for candidate in (name, f"{name}-windows"):
        try:
            return importlib.metadata.version(candidate)
        except importlib.metadata.PackageNotFoundError:
            continue
    return None


def fonts() -> str | None:
    """The fonts that come with symgrad."""
    found = sorted(f.stem.rpartition("-")[2] for f in FONTS.glob("*.ttf"))
    return ", ".join(found) or None


def program(name: str) -> str | None:
    """The first line of what a program says of its version."""
    path = shutil.which(name)
    if path is None:
        return None
    try:
        said = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return f"found at {path}, does not answer"
    return next((line for line in said.stdout.splitlines() if line.strip()), path)
