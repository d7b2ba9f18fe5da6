r"""Answers checked per second, reading included, beside Math-Verify and latex2sympy2_extended.

    pip install -e ".[bench]" && python benchmarks/check.py [ROUNDS]

The pairs are a right answer and what a student wrote, in notation that the others can read: no sums
of symbolic length, no indicators, no derivatives. For each: right and wrong verdicts, different
formulas accepted, pairs per second, and our rate over theirs on the pairs that each could read.
latex2sympy2_extended only reads; SymPy's `simplify(a - b) == 0` compares. Seconds of CPU; last
the whole cold process for one pair.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from symgrad.compare import equal

RIGHT = [
    (r"(\hat{y} - y) v_1", r"-(y - \hat{y}) v_1"),
    (r"2 w x^2 - 2 y x", r"2 x (w x - y)"),
    (r"\frac{x}{x^2 + y^2}", r"\frac{1}{x + \frac{y^2}{x}}"),
    (r"\delta_1 x_1 + \delta_2 x_2 + \delta_3 x_3", r"x_3 \delta_3 + x_1 \delta_1 + x_2 \delta_2"),
    (r"-\frac{1}{(w x + b)^2} x", r"\frac{-x}{(b + x w)^2}"),
    (r"\frac{e^{x}}{(1 + e^{x})^2}", r"\frac{1}{1 + e^{-x}} (1 - \frac{1}{1 + e^{-x}})"),
    (r"\frac{1}{2} (a + b)^2", r"\frac{a^2}{2} + a b + \frac{b^2}{2}"),
    (r"e^{a} e^{b}", r"e^{a + b}"),
    (r"\frac{1}{x} + \frac{1}{y}", r"\frac{x + y}{x y}"),
    (r"1 - \tanh(x)^2", r"(1 - \tanh(x))(1 + \tanh(x))"),
    (r"\sin(x)^2 + \cos(x)^2", r"1"),
    (r"\log(e^{x})", r"x"),
    (r"(p - y) x_1", r"p x_1 - y x_1"),
    (r"w_3 w_2 w_1", r"w_1 w_2 w_3"),
    (r"\frac{\mu - y}{\sigma^2}", r"-\frac{y - \mu}{\sigma^2}"),
    (r"\frac{a}{b} \frac{c}{d}", r"\frac{a c}{b d}"),
    (r"(a + b)^3", r"a^3 + 3 a^2 b + 3 a b^2 + b^3"),
    (r"\frac{x^2 - 1}{x - 1}", r"x + 1"),
    (r"\sqrt{x} \sqrt{x} y", r"x y"),
    (r"2 (x_1 - c_1) + 2 (x_2 - c_2)", r"2 (x_1 + x_2 - c_1 - c_2)"),
]

WRONG = [
    (r"(\hat{y} - y) v_1", r"(y - \hat{y}) v_1"),
    (r"2 w x^2 - 2 y x", r"x (w x - y)"),
    (r"\frac{x}{x^2 + y^2}", r"\frac{1}{x + y^2}"),
    (r"\delta_1 x_1 + \delta_2 x_2 + \delta_3 x_3", r"\delta_1 x_1 + \delta_2 x_2"),
    (r"-\frac{1}{(w x + b)^2} x", r"-\frac{1}{(w x + b)^2}"),
    (r"\frac{e^{x}}{(1 + e^{x})^2}", r"\frac{e^{x}}{1 + e^{x}}"),
    (r"\frac{1}{2} (a + b)^2", r"\frac{a^2}{2} + \frac{b^2}{2}"),
    (r"e^{a} e^{b}", r"e^{a b}"),
    (r"\frac{1}{x} + \frac{1}{y}", r"\frac{1}{x + y}"),
    (r"1 - \tanh(x)^2", r"1 - \tanh(x)"),
    (r"\sin(x)^2 - \cos(x)^2", r"1"),
    (r"\log(e^{x} + 1)", r"x"),
    (r"(p - y) x_1", r"(p - y) x_2"),
    (r"w_3 w_2 w_1", r"w_3 w_2"),
    (r"\frac{\mu - y}{\sigma^2}", r"\frac{\mu - y}{2 \sigma^2}"),
    (r"\frac{a}{b} \frac{c}{d}", r"\frac{a d}{b c}"),
    (r"(a + b)^3", r"a^3 + b^3"),
    (r"\frac{x^2 - 1}{x - 1}", r"x - 1"),
    (r"\sqrt{x} \sqrt{y}", r"x y"),
    (r"2 (x_1 - c_1) + 2 (x_2 - c_2)", r"2 (x_1 + x_2 - c_1 + c_2)"),
]

PAIRS = [(a, b, True) for a, b in RIGHT] + [(a, b, False) for a, b in WRONG]

Decider = Callable[[str, str], "bool | None"]
"""Equal, different, or None where a formula could not be read or nothing was decided."""


def symgrad(a: str, b: str) -> bool | None:
    """Ours."""
    verdict = equal(a, b).name
    return {"Equal": True, "Agrees": True, "Differs": False}.get(verdict)


def math_verify() -> Decider:
    """Math-Verify: parse both, verify."""
    from math_verify import parse, verify  # type: ignore[import-not-found]

    def decide(a: str, b: str) -> bool | None:
        gold, answer = parse(f"${a}$"), parse(f"${b}$")
        return verify(gold, answer) if gold and answer else None

    return decide


def latex2sympy() -> Decider:
    """latex2sympy2_extended and SymPy's simplify."""
    import sympy
    from latex2sympy2_extended import latex2sympy as read  # type: ignore[import-not-found]

    def decide(a: str, b: str) -> bool | None:
        try:
            return bool(sympy.simplify(read(a) - read(b)) == 0)
        except Exception:
            return None

    return decide


@dataclass
class Run:
    """The verdicts of one decider, and its seconds for each pair."""

    name: str
    found: list[bool | None]
    seconds: list[float]

    def line(self, ours: Run) -> str:
        """Its row of the table."""
        right = sum(f == want for f, (_, _, want) in zip(self.found, PAIRS, strict=True))
        accepted = sum(f is True and not w for f, (_, _, w) in zip(self.found, PAIRS, strict=True))
        read = [k for k, f in enumerate(self.found) if f is not None]
        spent = sum(self.seconds[k] for k in read)
        mine = sum(ours.seconds[k] for k in read)
        rate = len(read) / spent if spent else 0.0
        ratio = "" if self is ours or not mine else f"{spent / mine:>7.0f}×"
        wrong = len(read) - right
        return (
            f"{self.name:<24} {len(read):>4} {right:>6} {wrong:>6} {accepted:>9} "
            f"{1000 * median(self.seconds):>8.1f} {rate:>8.1f} {ratio}"
        )


LETTERS = "abcpqrsuvwxyz"


def renamed(text: str, turn: int) -> str:
    """The same formula in other letters: every answer is a new one, as in a pile of answers."""

    def other(hit: re.Match[str]) -> str:
        return LETTERS[(LETTERS.index(hit[0]) + turn) % len(LETTERS)]

    return re.sub(rf"(?<![\\A-Za-z])[{LETTERS}](?![A-Za-z])", other, text)


def run(name: str, decide: Decider, rounds: int) -> Run:
    """Every pair, `rounds` times in other letters; the median of the seconds of CPU of each."""
    for a, b, _ in PAIRS[:2]:
        decide(renamed(a, rounds), renamed(b, rounds))  # grammars and caches that are made once
    found: list[bool | None] = []
    seconds: list[float] = []
    for a, b, _ in PAIRS:
        times = []
        for turn in range(rounds):
            left, right = renamed(a, turn), renamed(b, turn)
            start = time.process_time()
            verdict = decide(left, right)
            times.append(time.process_time() - start)
        found.append(verdict)
        seconds.append(median(times))
    return Run(name, found, seconds)


COLD = {
    "symgrad": "from symgrad import equal; equal({a!r}, {b!r})",
    "Math-Verify": "from math_verify import parse, verify; verify(parse({a!r}), parse({b!r}))",
    "latex2sympy2_extended": "from latex2sympy2_extended import latex2sympy as r; import sympy; "
    "sympy.simplify(r({a!r}) - r({b!r}))",
}


def cold(name: str) -> float:
    """Seconds of a whole process that checks one pair."""
    a, b, _ = PAIRS[1]
    math = name == "Math-Verify"
    code = COLD[name].format(a=f"${a}$" if math else a, b=f"${b}$" if math else b)
    times = []
    for _ in range(4):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return median(times[1:])


def main(rounds: int) -> None:
    """Print the table."""
    ours = run("symgrad", symgrad, rounds)
    runs = [ours]
    for name, made in (("Math-Verify", math_verify), ("latex2sympy2_extended", latex2sympy)):
        try:
            runs.append(run(name, made(), rounds))
        except ImportError:
            print(f"{name} is not installed: pip install -e '.[bench]'")
    print(f"{'':<24} read  right  wrong  accepted  ms/pair  pairs/s  ours/theirs")
    for r in runs:
        print(r.line(ours))
    print("\ncold process for one pair")
    base = cold("symgrad")
    for r in runs:
        took = cold(r.name)
        print(f"{r.name:<24} {took:>6.2f} s {took / base:>6.1f}×")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
