"""One formula for every name of the macro table, and the engines that must accept them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from symgrad import macros

KATEX = Path(__file__).parent / "katex"

PHRASES = (
    r"\left.x^2\right|_{x=-1}",
    r"\sum_{\substack{a=1 \\ b=2}}^n x_{a,b}",
    r"\operatorname*{arg\,max}_x \operatorname{tr}(A)",
    r"\sqrt[3]{x} + \sqrt2 + \tfrac12 + \frac{\partial L}{\partial \hat y}",
    r"x'^2_i + f'' + {}^2 + a_{}",
    r"10{,}240 + 3.14 + x_12",
    r"\mathbf 1[z>0] + \mathbf{1} + \mathbb 1 + \mathbb R^{h \times d}",
    r"\begin{cases} z & \text{if } z > 0, \\ 0 & \text{otherwise} \end{cases}",
    r"[0, 1) \quad (0, 1] \quad n! \quad = ?",
    r"\text{한글} + x, \dots, y + \dots + z",
    r"{\displaystyle \sum_i x} + {\textstyle \sum\limits_i} + \sum\nolimits_i",
    r"a<b \| c \{ d \}",
    r"\left( \frac ab \middle| c \right) \not= d \not\in e \pmod{n} a \bmod b",
)


def every_formula() -> list[str]:
    """Each macro, character, delimiter and environment of the table, in use."""
    found = [rf"a \{name} b" for name in macros.SIMPLE]
    found += [rf"\{name}{{xy}} + \{name} x_1" for name in (*macros.ACCENTS, *macros.WRAPPERS)]
    found += [rf'\{name}{{if "x" and }} y' for name in macros.TEXT]
    found += [rf"\{name}12 \{name}{{a,b}}{{c;d}}" for name in ("frac", "tfrac", "dfrac", "binom")]
    found.append(r"\underbrace{x + y}_n \underbrace q \overbrace{x}^2")
    found.append(r"\underset{a}{x + y}^2 \overset{!}{=} \mathrm{ReLU}(x) \mathrm d x")
    for mark in macros.DELIMITERS:
        found.append(rf"\left{mark} \frac ab \right. + \Big{mark} x \left. c \right{mark}")
        found += [rf"\{size}{side}{mark} x" for size in macros.BIG_SIZES for side in "lrm"]
    for name in macros.ENVIRONMENTS:
        columns = "{c|c}" if name == "array" else ""
        mark = "" if name.startswith("gather") else "&"
        rows = rf"\begin{{{name}}}{columns} a {mark} = b, \\ c {mark} = \frac ab \end{{{name}}}"
        found += [rows, f"x + {rows}"]
    found += [f"a {c} b" for c in (*macros.CHARACTERS, *macros.UNICODE)]
    return [*found, *PHRASES]


def refused_by_engines(formulas: list[tuple[str, bool]]) -> list[list[str]]:
    """What KaTeX or MathJax refuses; the test is skipped where they are not installed."""
    home = Path(os.environ.get("SYMGRAD_NODE_MODULES", KATEX / "node_modules"))
    node = shutil.which("node")
    if node is None or not (home / "katex").is_dir() or not (home / "mathjax-full").is_dir():
        pytest.skip("node, katex and mathjax-full are not installed: npm install in tests/katex")
    run = subprocess.run(
        [node, str(KATEX / "check.cjs")],
        input=json.dumps(formulas),
        capture_output=True,
        text=True,
        check=True,
    )
    answer: list[list[str]] = json.loads(run.stdout)
    return answer
