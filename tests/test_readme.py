"""The README is true: its files, commands and outputs are run (its Python runs as a doctest)."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from symgrad.cli import main

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"(?:<!-- (?P<mark>[^>]*) -->\n)?```(?P<kind>\w+)\n(?P<body>.*?)```", re.DOTALL)
ROOT = Path(__file__).parent.parent
MIDTERM = ROOT / "solutions" / "cs231n-2017-midterm" / "solution.md"


def trimmed(text: str) -> list[str]:
    """Lines without spaces at their ends."""
    return [line.rstrip() for line in text.rstrip().split("\n")]


def test_files_commands_and_outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = 0
    for block in BLOCK.finditer(README):
        kind, _, about = (block["mark"] or "").partition(": ")
        if kind == "file":
            Path(about).write_text(block["body"], encoding="utf-8")
        elif block["kind"] == "math":
            assert block["body"].strip() in MIDTERM.read_text(encoding="utf-8")
        elif kind == "excerpt":
            assert block["body"] in Path(about).read_text(encoding="utf-8")
        elif block["kind"] == "console":
            command, _, expected = block["body"].partition("\n")
            words = shlex.split(command)
            assert words[:2] == ["$", "symgrad"]
            result = CliRunner().invoke(main, words[2:])
            assert trimmed(result.output) == trimmed(expected), command
            run += 1
    assert run >= 4


@pytest.mark.parametrize("name", ["run", "test"])
def test_each_command_of_the_set_up_stands_alone(name: str) -> None:
    found = [b for b in BLOCK.finditer(README) if b["mark"] == f"command: {name}"]
    assert len(found) == 1
    steps = found[0]["body"].strip().split(" && ")
    assert steps[0] == "python3 -m venv .venv"
    assert steps[1].startswith(".venv/bin/pip install")
    assert steps[-1].startswith(".venv/bin/")


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"(?<!`!)\[[^]]+\]\((?!#|https?:)([^)]+)\)", README)
    assert targets
    assert [t for t in targets if not (ROOT / t).exists()] == []


def test_front_matter_keys_are_those_that_exams_know() -> None:
    from symgrad.exam import OPTIONS

    row = next(line for line in README.split("\n") if line.startswith("| front matter"))
    assert set(re.findall(r"`(\w+)`", row)) == set(OPTIONS) - {"lang"}
