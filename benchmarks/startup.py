"""Whole cold `symgrad solve` of the midterm, over `import sympy`.

    python benchmarks/startup.py [RUNS]

Runs are interleaved, so that a busy machine is busy for all of them; medians and their ratios are
printed with the targets. Bytecode is kept, as it is for everyone who does not forbid it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

EXAM = Path(__file__).parent.parent / "solutions" / "cs231n-2017-midterm" / "exam.md"
BASE = "import sympy"
KEPT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
TARGETS = {"solve --to md": 2.5, "solve --to pdf": 3.5}


def seconds(command: Sequence[str]) -> float:
    """The time of one process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=KEPT)
    return time.perf_counter() - start


def main(runs: int) -> None:
    """Print the medians and the ratios."""
    with tempfile.TemporaryDirectory() as out:
        solve = [sys.executable, "-m", "symgrad", "solve", str(EXAM), "-o", out, "--to"]
        commands = {
            BASE: [sys.executable, "-c", "import sympy"],
            "solve --to md": [*solve, "md"],
            "solve --to pdf": [*solve, "pdf"],
            "--help": [sys.executable, "-m", "symgrad", "--help"],
        }
        for command in commands.values():  # compile bytecode, warm the disk
            seconds(command)
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(runs):
            for name, command in commands.items():
                times[name].append(seconds(command))
    base = statistics.median(times[BASE])
    print(f"{'process':<16} {'median':>8} {'ratio':>7}   target   ({runs} runs each, interleaved)")
    for name, found in times.items():
        middle = statistics.median(found)
        target = f"≤ {TARGETS[name]}" if name in TARGETS else ""
        print(f"{name:<16} {middle:>6.3f} s {middle / base:>6.2f}×   {target}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 11)
