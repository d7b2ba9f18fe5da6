r"""Sheets of one exam: what the solution, the key and the paper each show, and what they hide."""

from __future__ import annotations

from pathlib import Path

import pytest

from symgrad.errors import ExamError
from symgrad.exam import Exam
from symgrad.page import Block, Cell, Display, Figure, Heading, Paragraph, Rows, Sheet, Space, Table
from symgrad.render import pdf, render, write
from symgrad.sheet import Kind, sheet
from symgrad.solve import solve

KINDS: tuple[Kind, ...] = ("solution", "key", "paper")
ASK = r"\frac{\partial L}{\partial w}"
NETWORK = "$$\nz = w x, \\quad L = (z - y)^2\n$$\n\n"
LAYERS = "| Layer | Weights |\n|---|---|\n| INPUT 3x3x1 | 0 |\n| FC-2 | ? |\n"


def made(text: str, kind: Kind = "solution", tmp: Path | None = None) -> Sheet:
    """The sheet of an exam that stands in a file."""
    if tmp is None:
        return sheet(solve(Exam.parse(text, "exam.md")), kind)
    file = tmp / "exam.md"
    file.write_text(text, encoding="utf-8")
    return sheet(solve(Exam.read(file)), kind)


def shown(text: str, kind: Kind = "solution") -> str:
    """The sheet as Markdown."""
    return render(made(text, kind), "md")


def kinds(blocks: tuple[Block, ...]) -> list[str]:
    """The names of the blocks."""
    return [type(b).__name__ for b in blocks]


# Gradients that are zero


INDEPENDENT = {
    "another branch": ("$$\nz = w x, \\quad L = (y - a)^2\n$$", "w"),
    "another entry": ("$$\nz_i = w_i x, \\quad i = 1, 2\n$$\n\n$$\nL = (y - z_1)^2\n$$", "w_2"),
}


@pytest.mark.parametrize("name", INDEPENDENT)
def test_what_the_loss_does_not_depend_on_has_gradient_zero_and_the_reason(
    name: str, tmp_path: Path
) -> None:
    network, by = INDEPENDENT[name]
    gradient = rf"\frac{{\partial L}}{{\partial {by}}}"
    text = f"{network}\n\n$$\n{gradient} = ?\n$$\n"
    said = render(made(text, "solution", tmp_path), "md")
    assert f"{gradient} &= 0 && L\\text{{ does not depend on }}{by}" in said
    assert f"{gradient} = 0" in render(made(text, "key", tmp_path), "md")
    assert "= 0" not in render(made(text, "paper", tmp_path), "md")


# What each audience sees


def test_the_paper_asks_and_never_answers() -> None:
    text = (
        f"{NETWORK}# A (2 points)\n\nFind ${ASK} = ?$ and more.\n\n$$\n{ASK} = ?\n$$\n\n"
        f"$$\n\\theta = ?\n$$\n\n{LAYERS}"
    )
    paper = made(text, "paper")
    assert kinds(paper.blocks) == [
        "Display", "Heading", "Paragraph", "Space", "Space", "Space", "Table",
    ]  # fmt: skip
    asked = [b.left for b in paper.blocks if isinstance(b, Space)]
    assert asked == [f"{ASK} =", f"{ASK} =", r"\theta ="]
    for answer in ("z - y", "18", "w, x"):
        assert answer in shown(text)
        assert answer not in shown(text, "paper").replace("(z - y)^2", "")


def test_the_key_answers_without_a_word() -> None:
    text = f"{NETWORK}# A\n\n$$\n{ASK} = ?, \\quad \\theta = ?\n$$\n"
    (rows,) = (b for b in made(text, "key").blocks if isinstance(b, Rows))
    assert [(r.left, r.right, r.reason) for r in rows.rows] == [
        (ASK, r"2 (z - y)\, x", ()), (r"\theta", "w, x, y", ()),
    ]  # fmt: skip


def test_the_solution_says_why() -> None:
    (rows,) = (b for b in made(f"{NETWORK}$$\n\\theta = ?\n$$\n").blocks if isinstance(b, Rows))
    assert "neither data nor defined" in "".join(s.content for s in rows.rows[0].reason)
    assert r"\text{power rule}" in shown(f"$$\nL = w^3\n$$\n\n$$\n{ASK} = ?\n$$\n")


@pytest.mark.parametrize("kind", KINDS)
def test_a_display_that_only_asks_gives_way_to_what_it_asks(kind: Kind) -> None:
    alone = made(f"{NETWORK}$$\n{ASK} = ?\n$$\n", kind)
    assert len([b for b in alone.blocks if isinstance(b, Display)]) == 1
    with_words = made(f"{NETWORK}Find ${ASK} = ?$ now.\n", kind)
    (words,) = (b for b in with_words.blocks if isinstance(b, Paragraph) and len(b.spans) == 3)
    assert [s.content for s in words.spans] == ["Find ", f"{ASK} = ?", " now."]


def test_words_below_a_name_are_no_words_of_a_display() -> None:
    text = "$$\nL = w_{\\text{out}}^2\n$$\n\n$$\n\\frac{\\partial L}{\\partial w_{\\text{out}}} = ?\n$$\n"
    assert "= ?" not in shown(text, "key")


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_in_a_table_is_answered_below_it(kind: Kind) -> None:
    text = f"{NETWORK}| a | b |\n|---|---|\n| 1 | ${ASK} = ?$ |\n"
    blocks = made(text, kind).blocks
    assert isinstance(blocks[1], Table)
    assert isinstance(blocks[-1], Space if kind == "paper" else Rows)


@pytest.mark.parametrize("kind", KINDS)
def test_cells_are_filled_or_left_blank(kind: Kind) -> None:
    (table,) = (b for b in made(LAYERS, kind).blocks if isinstance(b, Table))
    cell: Cell = table.rows[1][1]
    assert (cell.role, bool(cell.spans)) == (
        ("blank", False) if kind == "paper" else ("answer", True)
    )
    assert table.rows[0][1].role == "given"


@pytest.mark.parametrize("kind", KINDS)
def test_a_circuit_is_drawn_for_everybody(kind: Kind) -> None:
    text = "$$\nf = x y, \\quad x = 2, \\quad y = 3\n$$\n\n![circuit](f)\n\n![circuit](f)\n"
    figures = [b for b in made(text, kind).blocks if isinstance(b, Figure)]
    suffix = "-paper" if kind == "paper" else ""
    assert [f.name for f in figures] == [f"circuit-1{suffix}", f"circuit-2{suffix}"]


CIRCUIT = """
$$
q = x + y, \\quad f = q \\min(x, y)^3, \\quad g = f
$$

Let $x = 2$, $y = 3$.

![circuit](f)
"""


@pytest.mark.parametrize(
    ("asked", "hidden"),
    [
        ("f = ?", {"40"}),
        ("g = ?", {"40"}),
        ("q = ?", {"5"}),
        ("f = ?\n$$\n\n## Part\n\n$$\nq = ?", {"5", "40"}),
        (r"\frac{\partial f}{\partial x} = ?", set()),
    ],
)
def test_the_figure_of_a_paper_keeps_the_values_that_are_asked_for(
    asked: str, hidden: set[str]
) -> None:
    text = f"# A\n{CIRCUIT}\n$$\n{asked}\n$$\n"
    figure = next(b for b in made(text, "paper").blocks if isinstance(b, Figure))
    values = {t.latex for t in figure.drawing.texts if t.role == "value"}
    assert values == {"2", "3", "5", "8", "40"} - hidden
    words = "".join(s.content for s in figure.caption)
    assert ("Fill in the boxes" in words) == bool(hidden)
    for kind in ("key", "solution"):
        filled = next(b for b in made(text, kind).blocks if isinstance(b, Figure))
        assert not [t for t in filled.drawing.texts if t.role == "blank"]


def test_a_value_asked_for_elsewhere_stays_in_the_figure() -> None:
    text = f"# A\n{CIRCUIT}\n# B\n\n$$\nf = x + 1, x = 2\n$$\n\n$$\nf = ?\n$$\n"
    figure = next(b for b in made(text, "paper").blocks if isinstance(b, Figure))
    assert "40" in {t.latex for t in figure.drawing.texts}


def test_a_gate_without_a_name_is_called_the_same_on_its_sign_and_in_the_table() -> None:
    text = f"# A\n{CIRCUIT}"
    blocks = made(text, "solution").blocks
    figure = next(b for b in blocks if isinstance(b, Figure))
    table = next(b for b in blocks if isinstance(b, Table))
    assert "z^3" in {t.latex for t in figure.drawing.texts}
    local = next(row[2].spans[0].content for row in table.rows if row[0].spans[0].content == "z^3")
    assert local == "3 z^2 = 12"


def test_numbers_of_a_figure_are_rounded_as_its_caption_says() -> None:
    text = "# A\n\n$$f = (a + b) e^{-c}, a = 0.031, b = 0.06, c = %s$$\n\n![circuit](f)\n"
    figure = next(b for b in made(text % "1", "solution").blocks if isinstance(b, Figure))
    numbers = {t.latex for t in figure.drawing.texts if t.role in ("value", "gradient")}
    assert {"0.03", "0.06", "-0.03"} <= numbers
    assert not [n for n in numbers if "cdot" in n]
    assert figure.caption[-1].content.endswith(" Numbers are rounded to two decimals.")
    figure = next(b for b in made(text % "4", "solution").blocks if isinstance(b, Figure))
    assert r"1.7 \cdot 10^{-3}" in {t.latex for t in figure.drawing.texts}
    assert figure.caption[-1].content.endswith("decimals, those below 0.005 to two digits.")


# Headings, points, files


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("# A (2 points)\n\n# B (1.5 points)\n", "3.5 points"),
        ("# A (1 point)\n\n## B (5 points)\n", "1 point"),
        ("# A\n\n## B (5 points)\n\n## C (2 points)\n", "7 points"),
        ("# A\n", None),
    ],
)
def test_points_of_the_topmost_headings_add_up(text: str, total: str | None) -> None:
    assert made(text).points == total


def test_headings_keep_their_levels_and_points() -> None:
    blocks = made("# A\n\n### B (3점)\n\nC\n---\n", "key").blocks
    assert [(b.level, b.points) for b in blocks if isinstance(b, Heading)] == [
        (1, None), (3, "3 points"), (2, None),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_exam_gives_the_same_files(kind: Kind, tmp_path: Path) -> None:
    text = f"{NETWORK}# A (2 points)\n\n$$\n{ASK} = ?\n$$\n\n{LAYERS}"
    first, second = (
        write(made(text, kind, tmp_path), ["md", "tex", "typ", "pdf"], tmp_path / name, kind)
        for name in ("a", "b")
    )
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_a_refused_exam_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "exam.md").write_text("$$\nL = \\foo\n$$\n", encoding="utf-8")
    with pytest.raises(Exception, match="foo"):
        made((tmp_path / "exam.md").read_text(encoding="utf-8"), "solution", tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["exam.md"]


# Pages


def test_the_front_matter_says_the_paper_and_the_columns_of_the_key() -> None:
    text = "---\npaper: letter\ncolumns: 2\n---\n\n$$\nL = w x\n$$\n\n$$\n\\frac{dL}{dw} = ?\n$$\n"
    key, solution = made(text, "key"), made(text, "solution")
    assert (key.paper, key.columns, solution.paper, solution.columns) == ("letter", 2, "letter", 1)
    typst, latex = render(key, "typ"), render(key, "tex")
    assert 'size: "letter", columns: 2' in typst
    assert r"\begin{multicols*}{2}" in latex
    assert "letterpaper,landscape" in latex
    assert pdf(key)
    assert r"\begin{multicols}" not in render(solution, "tex")


@pytest.mark.parametrize("line", ["paper: foolscap", "columns: 0", "columns: two"])
def test_paper_and_columns_are_of_a_few_kinds(line: str) -> None:
    with pytest.raises(ExamError, match="expected one of"):
        Exam.parse(f"---\n{line}\n---\n\n$$\nL = w x\n$$\n")


def test_letters_set_apart_in_the_exam_are_set_apart_in_the_answers() -> None:
    text = (
        "$$\nz_{i,j} = \\sum_{k=1}^{d} W_{ik} x_{k,j}, \\quad i = 1, \\dots, h, \\quad j = 1, \\dots, N"
        " \\qquad \\delta_{i,j} = \\frac{\\partial L}{\\partial z_{i,j}}\n$$\n\n"
        "$$\n\\frac{\\partial L}{\\partial W_{ik}} = ?\n$$\n"
    )
    said = render(made(text, "key"), "md")
    assert r"\frac{\partial L}{\partial W_{ik}} = \sum_{j=1}^{N} \delta_{i,j} x_{k,j}" in said


def test_what_a_gradient_stands_for_has_a_row_of_its_own() -> None:
    text = (
        "$$\nh_t = \\tanh(w h_{t-1} + x_t), \\quad t = 1, \\dots, T, \\quad L = (h_T - y)^2\n$$\n\n"
        "$$\n\\frac{\\partial L}{\\partial w} = ?\n$$\n"
    )
    (rows,) = (b for b in made(text, "key").blocks if isinstance(b, Rows))
    lefts = [r.left for r in rows.rows]
    assert lefts == [r"\frac{\partial L}{\partial w}", r"\frac{\partial L}{\partial h_t}"]
    assert all(r"\quad \frac" not in r.right for r in rows.rows)
