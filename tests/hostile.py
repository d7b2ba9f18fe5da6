"""Works that mean no good, or were never meant as mathematics: random texts, and the formulas of
real works with pieces cut, doubled and exchanged. `python tests/hostile.py SEED COUNT` checks COUNT
of them and prints the slowest; a crash prints its seed and its text.
"""

from __future__ import annotations

import random
import sys
import time
import traceback
from pathlib import Path

from symgrad.errors import ExamError
from symgrad.exam import Exam
from symgrad.grade import check
from symgrad.solve import Solution, solve
from symgrad.work import written

WORKS = Path(__file__).parent / "works"
EXAM = r"""# 1 (2 points)

$$z_i = \sum_{j=1}^{m} k_j x_{i+j-1} + b, \quad i = 1, \dots, n, \quad \delta_i = \frac{\partial L}{\partial z_i}$$

$$\frac{\partial L}{\partial k_j} = ? \qquad \frac{\partial L}{\partial b} = ?$$

# 2

| Layer | Parameters |
| --- | --- |
| INPUT 8x8x1 | 0 |
| CONV3-4 | ? |

# 3

$$v = \max(w u, 0), \quad u = \tanh(q), \quad L = \tfrac12 (v - y)^2, \quad \theta = ?$$

$$\frac{\partial L}{\partial w} = ?$$
"""

HOSTILE = [
    "$9^{9^{9^{9}}} = 1$",
    "$x^{9999999999} = x$",
    "$\\sum_{i=1}^{1000000000} i = 3$",
    "$\\sum_{i=1}^{10^9} \\sum_{j=1}^{10^9} x_{ij} = 3$",
    "$" + "{" * 10_000 + "}" * 10_000 + " = 1$",
    "$" + "(" * 3_000 + "x" + ")" * 3_000 + " = x$",
    "$" + "\\frac{1}{" * 500 + "x" + "}" * 500 + " = 1$",
    "$x" + "^{x" * 300 + "}" * 300 + " = 1$",
    "$" + "x + " * 6_000 + "x = y$",
    "x = " * 20_000,
    "$" * 5_001,
    "$$" * 2_001 + "x = 1",
    "\\begin{align}" * 500,
    "\\begin{aligned} & \\\\ " * 400,
    "1 + " * 30_000 + "1 = 2",
    "(" * 20_000 + "1 = 1",
    "1*" * 5_000 + "1 = 1",
    "2^" * 500 + "2 = 4",
    "\\newcommand{\\a}{\\a\\a\\a}" + "$\\a = 1$",
    "".join(f"\\newcommand{{\\{chr(97 + k)}}}{{\\{chr(98 + k)}\\{chr(98 + k)}}}" for k in range(20))
    + "$\\a = 1$",
    "$\\frac{\\partial L}{\\partial k_j} = \\sum_{i=1}^{n} \\sum_{a=1}^{n} \\sum_{c=1}^{n} "
    "\\sum_{d=1}^{n} \\sum_{e=1}^{n} \\delta_{i} x_{a+c+d+e}$",
    "$\\max(" + ", ".join(f"x_{{{k}}}" for k in range(60)) + ") = 0$",
    "$" + "\\max(x, " * 60 + "y" + ")" * 60 + " = 0$",
    "\x00\x01\x02\ufffe $x\u202e = 1$ \ud7ff",
    "| CONV3-4 | " + "9" * 5_000 + " |",
    "CONV3-4 has 3" + "x3" * 4_000 + " parameters",
    "# 1\n$\\frac{\\partial L}{\\partial k_{j_{j_{j}}}} = x_{x_{x_{x}}}$",
    "```math\n$x$\n",
    "`" * 3_000 + "$x = 1$",
    "<!-- $x = 1$",
    "a" * 100_000 + " = b",
    "[" * 20_000,
    (" " * 3_900 + "x\n") * 20,
    "$" * 9_001,
    "> " * 20_000,
    ("(1" * 1_900 + "\n") * 5,
    "$e^{e^{e^{x}}} = e^{e^{e^{e^{x}}}}$",
    "[" * 20_000,
    "[" * 3_900 + " = 1",
    "*" * 200_000,
    "~" * 200_000,
    "> " * 50_000,
    ("- " * 20_000 + "\n") * 4,
    "$" * 500_000,
    "$a+1$ " * 80_000,
    "x = 1 + 2\n" * 100_000,
    "\\[" * 100_000,
    "`a`" * 100_000,
    "\\st{" * 20_000,
    " " * 20_000 + "x = 1",
    "$1/0 = 1/0$ and $0^0 = 1$ and $\\log 0 = 0$",
]

PIECES = [
    *[r"\frac{\partial", r"L}{\partial", r"k_j}", r"\sum_{i=1}^{n}", r"\delta_i", r"x_{i+j-1}", r"=", r"?", r"$", r"$$", r"\[", r"\]", r"\(", r"\)", r"{", r"}", r"(", r")", r"_", r"^", r"&", r"\\"],
    r"\begin{cases}", r"\end{cases}", r"\mathbf{1}[z > 0]", r"\max", r"\text{", "k_", "^{", "_{", "1", "0.5",
    "-", "+", "*", "/", "=", "<", r"\le", r"\partial", r"\hat y", "\n", "\n\n", "(a) ", "# 1", "|", "...", r"\dots",
    r"\binom", r"\left(", r"\right)", "'", '"', "#", "%", "~", r"\,", "é", "합", "∂", "Σ", "²",
]  # fmt: skip


def sources() -> list[str]:
    """The lines of the works beside this file."""
    return [
        line
        for f in sorted(WORKS.iterdir())
        for line in f.read_text(encoding="utf-8").split("\n")
        if line.strip()
    ]


LINES = sources()


def text_of(seed: int) -> str:
    """The text of a seed."""
    rng = random.Random(seed)
    if rng.random() < 0.25:
        return "".join(
            rng.choice(PIECES) + rng.choice(["", " "]) for _ in range(rng.randint(1, 40))
        )
    text = "\n".join(rng.choice(LINES) for _ in range(rng.randint(1, 3)))
    for _ in range(rng.randint(1, 6)):
        a, b = sorted(rng.randint(0, len(text)) for _ in range(2))
        match rng.randint(0, 4):
            case 0:
                text = text[:a] + text[min(b, a + 6) :]
            case 1:
                text = text[:a] + text[a:b][:40] * 2 + text[b:]
            case 2:
                text = text[:a] + rng.choice(PIECES) + text[a:]
            case 3:
                text = text[:a] + chr(rng.choice([*range(32, 127), 0x2202, 0xD569])) + text[a + 1 :]
            case _:
                text = text[:a] + text[b:] + text[a:b]
    return text


def judged(text: str, exam: Solution | None, budget: float = 0.1) -> float:
    """Seconds that a check takes; it ends with a report, or a refusal, whatever the text is."""
    start = time.monotonic()
    try:
        work = written(text)
    except ExamError:
        return time.monotonic() - start
    report = check(work, exam, budget=budget)
    report.json()
    return time.monotonic() - start


def main(seed: int, count: int) -> int:
    """Check `count` texts."""
    exam = solve(Exam.parse(EXAM))
    slow: list[tuple[float, int]] = []
    faults = 0
    for k in range(seed, seed + count):
        try:
            took = judged(text_of(k), exam if k % 3 else None)
        except Exception:
            faults += 1
            print(f"seed {k}: {text_of(k)!r}")
            traceback.print_exc()
            continue
        slow = sorted([*slow, (round(took, 2), k)], reverse=True)[:5]
    print(f"{count} texts from {seed}: {faults} faults; slowest {slow}")
    return faults


if __name__ == "__main__":
    sys.exit(min(1, main(int(sys.argv[1]), int(sys.argv[2]))))
