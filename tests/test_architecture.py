"""What no room may do, read off the syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "symgrad"
FILES = sorted(PACKAGE.rglob("*.py"))

EVALUATORS = {"eval", "exec", "compile", "sympify", "parse_expr", "parse_latex", "__import__"}
"""Text of an exam reaches none of these."""
CAPTURING = {"subs", "xreplace", "doit", "simplify", "diff"}
"""SymPy's methods that capture bound indices or reorder; `expr.substitute` does not."""
LAZY = {
    "cli": None,
    "doctor": None,
    "graph": {"pygraphviz"},
    "render": {"jinja2", "typst"},
    "terminal": {"rich"},
    "typeset": {"difflib"},
}
"""Rooms with imports inside functions, and what they may load late; None: anything."""


def name(file: Path) -> str:
    """The room a file belongs to."""
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call, bool]]:
    """The last name of everything called, and whether it is a method."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id, node, False
            elif isinstance(node.func, ast.Attribute):
                yield node.func.attr, node, True


def parsed(file: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_no_text_is_evaluated(file: Path) -> None:
    found = [
        (n, call.lineno)
        for n, call, method in calls(parsed(file))
        if n in EVALUATORS and not (method and n == "compile")
    ]
    assert not found


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_nothing_captures_bound_indices(file: Path) -> None:
    found = [
        (n, call.lineno) for n, call, method in calls(parsed(file)) if method and n in CAPTURING
    ]
    assert not found


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_imports_stand_at_the_top_or_save_start_up_time(file: Path) -> None:
    late = [
        module
        for function in ast.walk(parsed(file))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for module in (
            [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
        )
    ]
    allowed = LAZY.get(name(file), set())
    assert allowed is None or {str(m).partition(".")[0] for m in late} <= allowed


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_modules_say_what_they_know(file: Path) -> None:
    assert ast.get_docstring(parsed(file))


def test_only_the_bridge_and_the_face_load_modules_by_name() -> None:
    found = {name(f) for f in FILES if any(n == "import_module" for n, _, _ in calls(parsed(f)))}
    assert found == {"__init__", "bridge"}


def rooms_on_the_map() -> list[str]:
    """The rooms of docs/rooms.md from top to bottom."""
    text = (ROOT / "docs" / "rooms.md").read_text(encoding="utf-8")
    table = text.partition("| room |")[2].partition("\n\n")[0]
    return [line.split("`")[1] for line in table.splitlines() if line.startswith("| `")]


def test_every_room_is_on_the_map() -> None:
    rooms = {name(f) for f in FILES} - {"__init__", "__main__"}
    assert sorted(rooms_on_the_map()) == sorted(rooms)


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_imports_point_down_the_map(file: Path) -> None:
    floors = {room: n for n, room in enumerate(rooms_on_the_map())}
    here = name(file)
    modules = [
        node.module.split(".")[1]
        for node in parsed(file).body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("symgrad.")
        if node.module is not None
    ]
    up = [m for m in modules if m != here and floors[m] <= floors.get(here, -1)]
    assert up == []
