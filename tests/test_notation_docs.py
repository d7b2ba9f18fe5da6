"""docs/notation.md is true: each row of its tables is read, each of its commands is run."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from symgrad.api import Exam
from symgrad.cli import main
from symgrad.count import count, quantity, read_stack
from symgrad.errors import SymgradError
from symgrad.expr import Ref, names
from symgrad.latex import latex
from symgrad.matrix import shown
from symgrad.notation import read, read_expression
from symgrad.settle import read_scope

PAGE = (Path(__file__).parent.parent / "docs" / "notation.md").read_text(encoding="utf-8")
DECLARED = read_scope(
    [
        read(
            r"x, u \in \mathbb{R}^{n}, y \in \mathbb{R}^{m}, A, D \in \mathbb{R}^{n \times m}, "
            r"C \in \mathbb{R}^{n \times n}, h_t \in \mathbb{R}^{n}"
        )
    ]
).lowering


def rows(table: str) -> list[list[str]]:
    """The cells of a table of the page, without the marks of code."""
    text = PAGE.partition(f"<!-- table: {table} -->\n")[2].partition("\n\n")[0].strip()
    cut = [re.split(r"(?<!\\) \| | \|$", line.removeprefix("| ")) for line in text.split("\n")[2:]]
    return [[c.strip("`").replace(r"\|", "|") for c in line] for line in cut]


def entry(text: str) -> tuple[str, str]:
    """The shape and the entry of a formula."""
    e = read_expression(text)
    known = replace(DECLARED, taken=DECLARED.taken | names(e))
    array = known.array(e)
    return shown(array), latex(known.entry(array, [Ref(i.name) for i in known.letters(array)]))


def answers(text: str, asked: str) -> list[str]:
    """What an exam of these equations and this question says."""
    exam = Exam.parse(f"$$ {text} $$\n\n$$ {asked} = ? $$", "exam.md")
    return [a.latex for a in exam.solve().answers]


@pytest.mark.parametrize("row", rows("signs"), ids=lambda r: r[0])
def test_each_sign_says_what_the_page_says(row: list[str]) -> None:
    assert entry(row[0]) == (row[1], row[2])


@pytest.mark.parametrize("row", rows("habits"), ids=lambda r: r[0])
def test_each_habit_says_what_the_page_says(row: list[str]) -> None:
    assert answers(row[1], row[2]) == [row[3]]


@pytest.mark.parametrize("row", rows("items"), ids=lambda r: r[0])
def test_each_item_says_what_the_page_says(row: list[str]) -> None:
    assert answers(row[1], row[2]) == [row[3]]


@pytest.mark.parametrize("row", rows("unread"), ids=lambda r: r[0])
def test_each_item_that_is_refused_has_a_reason_and_a_way_to_write_it(row: list[str]) -> None:
    _, text, asked, reason, instead = row[:5]
    with pytest.raises(SymgradError) as caught:
        answers(text, asked)
    assert caught.value.headline().endswith(reason)
    better, _, question = instead.partition("` and `")
    assert answers(better, question or asked)


@pytest.mark.parametrize("row", rows("refused"), ids=lambda r: r[0])
def test_what_the_page_refuses_is_refused(row: list[str]) -> None:
    with pytest.raises(SymgradError) as caught:
        entry(row[0])
    assert caught.value.headline().endswith(row[1])


@pytest.mark.parametrize("row", rows("layers"), ids=lambda r: r[0])
def test_each_layer_comes_to_what_the_page_says(row: list[str]) -> None:
    asked = quantity(row[2])
    assert asked is not None
    assert count(read_stack(f"{row[1]}; {row[0]}")).rows[1].cell(asked).text == row[3]


@pytest.mark.parametrize("row", rows("no-layers"), ids=lambda r: r[0])
def test_layers_that_the_page_refuses_are_refused(row: list[str]) -> None:
    with pytest.raises(SymgradError) as caught:
        count(read_stack(f"{row[1]}; {row[0]}"))
    assert row[2] in caught.value.headline()


@pytest.mark.parametrize(
    "text", re.findall(r"^\| `([^`]*\\in [^`]*|[^`]* = [^`]*)` \|", PAGE, re.MULTILINE)
)
def test_declarations_are_read(text: str) -> None:
    known = r"W \in \mathbb{R}^{h \times d}, x \in \mathbb{R}^d, b, y \in \mathbb{R}^h, S \in \mathbb{R}^{d \times d}; "
    read_scope([read(text if r"\in" in text else known + text)])


@pytest.mark.parametrize("block", re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL))
def test_commands_say_what_the_page_says(block: str) -> None:
    for part in re.split(r"^(?=\$ )", block, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        result = CliRunner().invoke(main, shlex.split(command)[2:])
        assert result.output.rstrip() == expected.rstrip(), command
