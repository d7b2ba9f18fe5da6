"""The command line: what is printed, what is written, and what is said when something is wrong."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from symgrad import __version__, api, doctor
from symgrad.cli import BAD_INPUT, BUG, main
from symgrad.compare import equal

HEAVY = {"sympy", "islpy", "lark", "jinja2", "typst", "rich", "markdown_it", "symgrad.expr"}

EXAM = r"""# Part (3 points)

$$
z = w x + b, \qquad L = \tfrac12 (z - y)^2, \qquad (x, y) \sim \mathcal D
$$

$$
\frac{\partial L}{\partial w} = ? \qquad \frac{\partial L}{\partial b} = ?
$$

| Layer         | Parameters |
| ------------- | ---------- |
| INPUT 8×8×1   | 0          |
| CONV3-2       | ?          |
"""
CONV = (
    r"z_i = \sum_{j=1}^{m} k_j x_{i+j-1}, i = 1, \dots, n; "
    r"\delta_i = \frac{\partial L}{\partial z_i}"
)


def run(*words: str, **env: str) -> Result:
    return CliRunner(env=env).invoke(main, list(words))


@pytest.fixture
def exam(tmp_path: Path) -> Path:
    file = tmp_path / "exam.md"
    file.write_text(EXAM, encoding="utf-8")
    return file


def names(directory: Path) -> set[str]:
    return {p.name for p in directory.iterdir()}


# -- start-up -------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["--help"], ["solve", "--help"], ["--version"], []])
def test_help_waits_for_no_mathematics(words: list[str]) -> None:
    code = (
        "import sys; from symgrad.cli import main\n"
        f"try: main({words!r})\n"
        "except SystemExit: pass\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_there(shell: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from symgrad.cli import main; main(prog_name='symgrad')"],
        env={**os.environ, "_SYMGRAD_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
    )
    assert "_SYMGRAD_COMPLETE" in done.stdout or "symgrad" in done.stderr


def test_completion_knows_the_commands_and_loads_no_mathematics() -> None:
    code = (
        "import sys; from symgrad.cli import main\n"
        "try: main(prog_name='symgrad')\n"
        "except SystemExit: pass\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            "_SYMGRAD_COMPLETE": "zsh_complete",
            "COMP_WORDS": "symgrad ",
            "COMP_CWORD": "1",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    for command in ("solve", "derive", "count", "doctor"):
        assert command in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_version() -> None:
    assert run("--version").output == f"symgrad {__version__}\n"


def test_the_module_runs_as_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "symgrad", "derive", "L = w x", "dL/dw"],
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout == "∂L/∂w = x\n"


def test_a_terminal_without_unicode_still_shows_a_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "symgrad", "derive", "L = w x", r"\partial L/\partial w"],
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=True,
    )
    assert done.stdout.splitlines() == [b"?L/?w = x"]


# -- solve ----------------------------------------------------------------------------------------


def test_without_options_markdown_and_pdf_stand_beside_the_exam(exam: Path) -> None:
    result = run("solve", str(exam))
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [
        str(exam.parent / "solution.md"),
        str(exam.parent / "solution.pdf"),
    ]
    assert (exam.parent / "solution.pdf").read_bytes().startswith(b"%PDF-")
    assert names(exam.parent) == {"exam.md", "solution.md", "solution.pdf"}


def test_sheets_formats_and_directory_are_chosen(exam: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    words = ["--sheet", "key", "--sheet", "paper", "--to", "md", "--to", "tex", "--to", "md"]
    result = run("solve", str(exam), *words, "-o", str(out))
    assert result.exit_code == 0, result.output
    assert names(out) == {"key.md", "key.tex", "paper.md", "paper.tex"}
    assert names(exam.parent) == {"exam.md", "new"}


def test_json_has_one_entry_for_each_question_mark(exam: Path) -> None:
    result = run("solve", str(exam), "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert names(exam.parent) == {"exam.md"}
    answers = found["answers"]
    assert [a["latex"] for a in answers[:2]] == [r"(z - y)\, x", "z - y"]
    assert answers[0]["question"] == r"\frac{\partial L}{\partial w}"
    assert [a["value"] for a in answers] == [None, None, 20]
    assert [a["points"] for a in answers] == [1, 1, 1]
    assert {a["scope"] for a in answers} == {"Part"}
    keys = {"scope", "question", "latex", "value", "points", "evidence"}
    assert all(set(a) == keys for a in answers)
    assert [a["evidence"] and a["evidence"]["kind"] for a in answers] == ["proved", "proved", None]
    assert found["tables"][0]["rows"][1][0] == "CONV3-2"


def test_json_beside_files_is_alone_on_standard_output(exam: Path, tmp_path: Path) -> None:
    result = run("solve", str(exam), "--json", "--to", "md", "-o", str(tmp_path / "out"))
    assert json.loads(result.stdout)["answers"]
    assert result.stderr.splitlines() == [str(tmp_path / "out" / "solution.md")]


def test_the_dialect_is_the_command_s_then_the_exam_s(exam: Path) -> None:
    exam.write_text("---\ndialect: github\n---\n" + EXAM, encoding="utf-8")
    file = exam.parent / "solution.md"
    run("solve", str(exam), "--to", "md")
    assert "```math" in file.read_text(encoding="utf-8")
    run("solve", str(exam), "--to", "md", "--dialect", "dollar")
    assert "```math" not in file.read_text(encoding="utf-8")


def test_a_second_run_writes_the_same_bytes(exam: Path) -> None:
    run("solve", str(exam))
    first = {p: p.read_bytes() for p in exam.parent.iterdir()}
    run("solve", str(exam))
    assert {p: p.read_bytes() for p in exam.parent.iterdir()} == first


def test_the_exam_itself_is_never_written_over(tmp_path: Path) -> None:
    file = tmp_path / "solution.md"
    file.write_text(EXAM, encoding="utf-8")
    result = run("solve", str(file))
    assert result.exit_code == BAD_INPUT
    assert result.stderr == (
        f"found the exam itself at {file}, expected a file that may be replaced; "
        "choose another directory with -o, or rename the exam\n"
    )
    assert file.read_text(encoding="utf-8") == EXAM
    assert names(tmp_path) == {"solution.md"}


# -- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            r"\tfrac12 (z - y)^2",
            r"\tfrac12 (z - \hta)^2",
            "{file}:4:39: found \\hta, expected a macro symgrad reads; did you mean \\theta?\n"
            "  z = w x + b, \\qquad L = \\tfrac12 (z - \\hta)^2, \\qquad (x, y) \\sim \\mathcal D\n"
            "  " + 38 * " " + "^\n",
        ),
        (
            r"\partial b} = ?",
            r"\partial q} = ?",
            "{file}:8:69: found a gradient by q, which occurs in no equation; expected a name "
            "of the network; the names it reads are w, x, b, y\n"
            "  \\frac{{\\partial L}}{{\\partial w}} = ? \\qquad "
            "\\frac{{\\partial L}}{{\\partial q}} = ?\n"
            "  " + 68 * " " + "^\n",
        ),
    ],
    ids=["macro", "name"],
)
def test_bad_input_is_one_message_and_writes_nothing(
    exam: Path, old: str, new: str, message: str
) -> None:
    exam.write_text(EXAM.replace(old, new), encoding="utf-8")
    result = run("solve", str(exam), "--sheet", "key", "--to", "md", "--to", "pdf")
    assert result.exit_code == BAD_INPUT
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.stderr == message.format(file=exam)
    assert names(exam.parent) == {"exam.md"}


def test_a_missing_file(tmp_path: Path) -> None:
    file = tmp_path / "nowhere.md"
    result = run("solve", str(file))
    assert result.exit_code == BAD_INPUT
    assert result.stderr == (
        f"found no readable file {file} (No such file or directory), expected an exam in Markdown; "
        "check the path\n"
    )


def test_a_file_that_is_no_utf8(exam: Path) -> None:
    exam.write_bytes("# Über\n".encode("latin-1"))
    result = run("solve", str(exam))
    assert result.exit_code == BAD_INPUT
    assert result.stderr.startswith(f"{exam}:1:3: found the byte 0xdc, expected text in UTF-8; ")
    assert names(exam.parent) == {"exam.md"}


def test_a_sheet_that_cannot_be_made_leaves_the_others_unwritten(
    exam: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from symgrad import render
    from symgrad.errors import SheetError
    from symgrad.page import Sheet

    def fail(sheet: Sheet, fonts: tuple[str, ...] = ()) -> bytes:
        raise SheetError("the page cannot be typeset")

    monkeypatch.setattr(render, "pdf", fail)
    result = run(
        "solve", str(exam), "--sheet", "key", "--sheet", "paper", "--to", "md", "--to", "pdf"
    )
    assert result.exit_code == BAD_INPUT
    assert result.stderr == "the page cannot be typeset\n"
    assert names(exam.parent) == {"exam.md"}


def test_a_character_that_no_font_has_is_placed_in_the_exam(exam: Path) -> None:
    exam.write_text("# Quiz\n\nLook: 日本語, 😀 and 日.\n", encoding="utf-8")
    result = run("solve", str(exam), "--to", "pdf")
    assert result.exit_code == BAD_INPUT
    assert result.stderr == (
        f"{exam}:3:7: found the characters 日 本 語 😀, expected characters that the fonts of a PDF "
        "have (Latin, Greek, Hangul); name a font that has them with --font, or write --to md, or "
        "--to tex with a font of yours\n  Look: 日本語, 😀 and 日.\n        ^\n"
    )
    assert names(exam.parent) == {"exam.md"}
    assert run("solve", str(exam), "--to", "md", "--to", "tex").exit_code == 0


def test_a_font_that_is_not_there_is_refused_and_one_that_is_there_is_used(exam: Path) -> None:
    exam.write_text("# Quiz\n\nOne word.\n", encoding="utf-8")
    result = run("solve", str(exam), "--to", "pdf", "--font", "DejaVu Sans Mon")
    assert result.stderr == (
        "found no font 'DejaVu Sans Mon', expected a family of this machine; "
        "did you mean 'DejaVu Sans Mono'?\n"
    )
    assert run("solve", str(exam), "--to", "pdf", "--font", "DejaVu Sans Mono").exit_code == 0


def test_a_directory_that_is_a_file(exam: Path, tmp_path: Path) -> None:
    result = run("solve", str(exam), "--to", "md", "-o", str(exam / "out"))
    assert result.exit_code == BAD_INPUT
    assert "cannot write" in result.stderr
    assert names(tmp_path) == {"exam.md"}


@pytest.mark.parametrize("words", [["solve"], ["solve", "x.md", "--to", "docx"], ["solv", "x"]])
def test_a_command_that_does_not_exist_is_a_usage_error(words: list[str]) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert "Usage: " in result.stderr


def fail(*_: Any) -> Any:
    raise ZeroDivisionError("one over nothing")


def test_a_bug_is_reported_as_ours(exam: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.Exam, "read", fail)
    result = run("solve", str(exam))
    assert result.exit_code == BUG
    assert "ZeroDivisionError: one over nothing" in result.stderr
    assert "This is a bug" in result.stderr
    assert "Traceback" not in result.output


def test_debugging_shows_the_traceback(exam: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.Exam, "read", fail)
    result = run("solve", str(exam), SYMGRAD_DEBUG="1")
    assert isinstance(result.exception, ZeroDivisionError)


# -- derive ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "question", [r"\frac{\partial L}{\partial k_j}", r"\partial L/\partial k_j = ?"]
)
def test_one_gradient(question: str) -> None:
    assert (
        run("derive", CONV, question).output == "∂L/∂kⱼ = Σ_{i=1}^{n} δᵢ xᵢ₊ⱼ₋₁   (j = 1, …, m)\n"
    )


RECURRENCE = r"h_t = \tanh(a h_{t-1} + x_t), \quad t = 1, \dots, T; L = h_T"


def test_a_gradient_that_stays_named_is_said_below() -> None:
    assert run("derive", RECURRENCE, r"\frac{\partial L}{\partial a}").output == (
        "∂L/∂a = Σ_{t=1}^{T} ∂L/∂hₜ · (1 − hₜ²) hₜ₋₁\n"
        "∂L/∂hₜ = {1 if t = T; (1 − hₜ₊₁²) a · ∂L/∂hₜ₊₁ if t < T}   (t = 1, …, T)\n"
    )
    first, second = run(
        "derive", RECURRENCE, r"\frac{\partial L}{\partial a}", "--latex"
    ).output.splitlines()
    assert first.startswith(r"\frac{\partial L}{\partial a} = ")
    assert second.startswith(r"\frac{\partial L}{\partial h_t} = \begin{cases} 1 & ")


def test_one_gradient_in_latex() -> None:
    assert run("derive", CONV, r"\frac{\partial L}{\partial k_j}", "--latex").output == (
        r"\frac{\partial L}{\partial k_j} = \sum_{i=1}^{n} \delta_i x_{i+j-1}" + "\n"
    )


def test_steps_in_unicode() -> None:
    equations = "z = w x, L = (y - z)^2"
    assert run("derive", equations, r"\frac{\partial L}{\partial w}", "--steps").output == (
        "∂L/∂z = −2 (y − z)      power rule\n"
        "      = 2 (z − y)       collected\n"
        "∂z/∂w = x\n"
        "∂L/∂w = ∂L/∂z · ∂z/∂w   chain rule\n"
        "      = 2 (z − y) x\n"
        "\n"
        "∂L/∂w = 2 (z − y) x\n"
    )


def test_steps_in_latex_parse_as_one_formula() -> None:
    found = run(
        "derive", "z = w x, L = z^2", r"\frac{\partial L}{\partial w}", "--steps", "--latex"
    )
    assert found.output == (
        "\\begin{aligned}\n"
        "\\frac{\\partial L}{\\partial z} &= 2 z \\\\\n"
        "\\frac{\\partial z}{\\partial w} &= x \\\\\n"
        "\\frac{\\partial L}{\\partial w} &= "
        "\\frac{\\partial L}{\\partial z}\\, \\frac{\\partial z}{\\partial w} \\\\\n"
        " &= 2 z x\n"
        "\\end{aligned}\n"
    )


@pytest.mark.parametrize(
    ("equations", "question", "shown"),
    [
        (r"f = \frac{w x}{6}, w = 2, x = 7", "f", "f = 7/3"),
        (r"f = w x^2, w = 2, x = -3", r"\frac{\partial f}{\partial w}", "∂f/∂w = x² = 9"),
        (
            r"f = \tanh(w), w = 1",
            r"\frac{\partial f}{\partial w} = ?",
            "∂f/∂w = 1 − f² ≈ 0.4200",
        ),
        (r"f = w x + b, (x) \sim \mathcal D", r"\theta", "θ = w, b"),
        (r"f = w x", r"\frac{\partial f}{\partial w}", "∂f/∂w = x"),
        (r"f = w x, w = 2, x = -3", r"\frac{\partial f}{\partial w}", "∂f/∂w = x = −3"),
        (r"z = w x, L = y^2 + 0 z", r"\frac{\partial L}{\partial w}", "∂L/∂w = 0"),
    ],
)
def test_answers_as_formulas_and_numbers(equations: str, question: str, shown: str) -> None:
    assert run("derive", equations, question).output == shown + "\n"


@pytest.mark.parametrize(
    ("equations", "question", "message"),
    [
        ("z = w x + ", "z", "<equations>:1:10: found the end of the formula, expected a term"),
        (
            "z = w x",
            "q",
            "<question>:1:1: found a question about q, which nothing defines; expected a",
        ),
        ("z = w x", "z, w", "<question>:1:1: found 2 statements, expected one question"),
        ("z = w x", "z = 3", "<question>:1:1: found no question, expected a name or a gradient"),
        ("z = w z", "z", "found z defined through itself (z -> z)"),
        (
            r"W \in \mathbb{R}^{2 \times 3}, z_i = \sum_{j=1}^{3} \sum_{k=1}^{2} W_{ijk} x_j, i = 1, 2",
            r"\frac{\partial z_1}{\partial x_1}",
            "<equations>:1:68: found W_{ijk} with 3 indices, expected 2 as in its shape; state one",
        ),
    ],
)
def test_equations_and_questions_that_make_no_sense(
    equations: str, question: str, message: str
) -> None:
    result = run("derive", equations, question)
    assert result.exit_code == BAD_INPUT
    assert result.stdout == ""
    assert message in result.stderr


# -- count, doctor --------------------------------------------------------------------------------


def test_layers_with_their_working_and_totals() -> None:
    result = run("count", "INPUT 32x32x1; CONV5-10; POOL2; FC-10")
    assert result.exit_code == 0
    lines = [line.rstrip() for line in result.output.splitlines()]
    assert lines[0].split("  ")[0] == "layer"
    for words in ("10 × (5 × 5 × 1 + 1) = 260", "32 × 32 × 10 = 10240", "16 × 16 × 10"):
        assert sum(words in line for line in lines) >= 1, words
    total = next(line for line in lines if line.startswith("total"))
    assert total.split() == ["total", "13834", "25870", "281600"]
    assert "The stride of a pooling is its window where none is stated." in lines


def test_quantities_are_asked_for_in_the_words_of_a_table() -> None:
    result = run("count", "INPUT 32x32x1; CONV5-10", "-q", "FLOPs", "-q", "memory (KB)")
    head = result.output.splitlines()[0]
    assert "FLOPs" in head
    assert "memory (KB)" in head
    assert "parameters" not in head


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["INPUT 32x32x1; BLOB"], "<layers>:1:16: found 'BLOB', expected a layer"),
        (["CONV5-10"], "<layers>:1:1: found"),
        (["INPUT 8x8x1", "-q", "colour"], "<quantity>:1:1: found the header 'colour'"),
    ],
)
def test_layers_that_cannot_be_counted(words: list[str], message: str) -> None:
    result = run("count", *words)
    assert result.exit_code == BAD_INPUT
    assert result.stderr.startswith(message)


def test_the_doctor_lists_engines_and_fonts() -> None:
    result = run("doctor")
    assert result.exit_code == 0
    for name in ("Python", "typst", "islpy", "lark", "pygraphviz", "Nanum", "xelatex", "latexmk"):
        assert name in result.output


def test_the_doctor_says_what_a_missing_engine_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "package", lambda name: None if name == "typst" else "1.0")
    monkeypatch.setattr(doctor, "program", lambda _: None)
    result = run("doctor")
    assert result.exit_code == 1
    assert "!!  typst" in result.output
    assert "not found: no PDF, and no figures in Markdown" in result.output
    assert "-- xelatex" in " ".join(result.output.split())


def test_a_table_without_sums_has_no_total() -> None:
    assert "total" in run("count", "INPUT 32x32x3; AVGPOOL2", "-q", "parameters").output
    assert "total" not in run("count", "INPUT 32x32x3; AVGPOOL2", "-q", "output size").output


def test_a_range_names_what_the_line_says() -> None:
    rows = r"z_{fi} = \sum_{j=1}^3 k_{fj} x_{i+j-1}, i = 1, \dots, 5, f = 1, 2"
    loss = r"L = \sum_{f=1}^2 \sum_{i=1}^5 z_{fi}^2"
    lines = run("derive", f"{rows}; {loss}", r"\partial L/\partial k_{fj}", "--steps").output
    assert "(f = 1, 2; j = 1, 2, 3)" in lines
    assert "i = 1" not in lines


def test_an_empty_range_is_not_printed() -> None:
    found = run("derive", r"L = b + \sum_{i=1}^{0} x_i", r"\partial L/\partial x_i").output
    assert found.strip() == "∂L/∂xᵢ = 0"


def test_a_formula_may_begin_with_a_minus() -> None:
    run = CliRunner().invoke(main, ["equal", "-x^2", "--given", "-1 < x", "-x x"])
    assert run.exit_code == 0
    assert "Equal" in run.output
    run = CliRunner().invoke(main, ["equal", "x^2", "-x^2", "--json"])
    assert run.exit_code == 1
    run = CliRunner().invoke(main, ["equal", "x", "x", "--bugdet", "1"])
    assert run.exit_code == 2
    assert "No such option" in run.output


@pytest.mark.parametrize("budget", ["-1", "0", "nan", "inf"])
def test_a_budget_is_positive(budget: str) -> None:
    run = CliRunner().invoke(main, ["equal", "x", "x", "--budget", budget])
    assert run.exit_code == 2
    assert "expected seconds above 0" in run.output


def test_a_batch_without_an_understood_line_exits_with_2(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_bytes(
        b'\xef\xbb\xbf{"id": 1, "a": "x", "b": "x"}\n{"id": NaN, "a": "x", "b": "x"}\n'
    )
    run = CliRunner().invoke(main, ["equal", "--batch", str(file)])
    first, second = map(json.loads, run.output.splitlines())
    assert (run.exit_code, first["verdict"], second["verdict"]) == (0, "Equal", "Invalid")
    assert "NaN is no number of JSON" in second["message"]
    file.write_text('{"a": "x +", "b": "x"}\n', encoding="utf-8")
    assert CliRunner().invoke(main, ["equal", "--batch", str(file)]).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"a": 1, "b": 2}, "found a = 1, expected a text"),
        ({"a": "x", "b": "x", "given": ["x > 0"]}, "parted by ;"),
        ({"a": "x", "b": "x", "budget": "a"}, "found budget = 'a', expected a number"),
    ],
)
def test_arguments_of_the_wrong_type_are_named(arguments: dict[str, Any], error: str) -> None:
    with pytest.raises(TypeError, match=re.escape(error)):
        equal(**arguments)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("conv1d-padded", "xₗ = 0, l < 1, l > N"),
        ("embedding", "cₜ ∈ {1, …, V}"),
        ("maxpool", "where the maximum is unique"),
    ],
)
def test_a_layer_of_the_catalogue_is_printed_in_unicode(name: str, line: str) -> None:
    run = CliRunner().invoke(main, ["layers", name])
    assert run.exit_code == 0
    assert line in run.output
