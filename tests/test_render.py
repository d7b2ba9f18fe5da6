"""Sheets in every target: nothing lost, nothing obeyed, nothing half-written."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Literal

import jinja2
import pytest
from formulas import every_formula, refused_by_engines
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from sheets import circuit, sheet, words

from symgrad import escape
from symgrad.errors import NotationError, SheetError
from symgrad.exam import Exam
from symgrad.page import (
    Block,
    Cell,
    Code,
    Display,
    Figure,
    Heading,
    Items,
    Paragraph,
    Quote,
    Remark,
    Row,
    Rows,
    Rule,
    Sheet,
    Span,
    Table,
)
from symgrad.render import pdf, render, svg, template_directory, write
from symgrad.sheet import sheet as exam_sheet
from symgrad.solve import solve
from symgrad.typeset import typst_body

NAME = re.compile(r"(?<!#)[A-Za-z][A-Za-z-]+")
"""A name in Typst maths."""

KINDS = ("solution", "key", "paper")

HOSTILE = (
    '#read("/etc/passwd")',
    "$x$ and $$y$$",
    r"\input{/etc/passwd} \write18{ls} \end{document}",
    "<script>alert(1)</script> <b>x</b> <!-- c -->",
    "[a](javascript:alert) ![i](x.png)",
    "`code` ``two`` ```",
    "a | b || c",
    "@ref <label> @mention",
    "// comment /* c */ % comment",
    "*em* _em_ **strong** ~~del~~ __x__",
    "# heading",
    "- item",
    "1. item",
    "> quote",
    "= heading",
    "--- ... -- ~ ^ & {x} }{",
    "&lt; &#35; &amp;",
    "]#panic() [x",
    "<< 7 >> <% for x in y %> {{ 7 }} {% x %}",
    "\\",
    "]",
    "“quotes” 'single' \"double\"",
)

ALL_BLOCKS: tuple[Block, ...] = (
    Paragraph(
        (Span("text", "See "), Span("link", "the notes", "https://a.b/c_d%20#e"), Span("em", "now"))
    ),
    Paragraph(
        (Span("text", "one"), Span("break", ""), Span("strong", "two"), Span("code", "a`b|$c$ #x"))
    ),
    Items(
        ((Paragraph(words("first $x$")), Paragraph(words("more"))), (Paragraph(words("second")),))
    ),
    Items(((Paragraph(words("third")),), (Paragraph(words("fourth")),)), start=3),
    Quote((Paragraph(words("A loss is a number.")), Paragraph(words("So is $L$.")))),
    Code("def f(x):\n    return x  # ```\n\\end{verbatim}", "python"),
    Rule(),
)


def one(block: Block, kind: Literal["solution", "key", "paper"] = "solution") -> Sheet:
    return Sheet(kind, "Title", blocks=(block,))


def says(text: str) -> Sheet:
    return one(Paragraph((Span("text", text),)))


def parser() -> MarkdownIt:
    commonmark = MarkdownIt("commonmark").enable("table").enable("strikethrough")
    return commonmark.use(dollarmath_plugin, allow_space=False)


def inline(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def formulas_of(markdown: str) -> list[tuple[str, bool]]:
    found = []
    for token in inline(parser().parse(markdown)):
        if token.type in ("math_inline", "math_block"):
            found.append((token.content.strip(), token.type == "math_block"))
    return found


def readable(document: bytes, directory: Path) -> str:
    """The words of a PDF."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    file = directory / "sheet.pdf"
    file.write_bytes(document)
    run = subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, check=True)
    return run.stdout.decode()


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


# Formulas of whole sheets


@pytest.mark.parametrize("kind", KINDS)
def test_markdown_reads_back_as_many_formulas_as_were_written(kind: str) -> None:
    dollar, github = render(sheet(kind), "md"), render(sheet(kind), "md", "github")
    found = formulas_of(dollar)
    assert len(found) == github.count("$`") + github.count("```math")
    assert len(found) > 10


@pytest.mark.parametrize("kind", KINDS)
def test_every_formula_of_a_sheet_parses_in_katex_and_mathjax(kind: str) -> None:
    github = render(sheet(kind), "md", "github")
    fenced = re.findall(r"```math\n(.*?)\n```", github, re.DOTALL)
    inner = re.findall(r"\$`(.*?)`\$", github)
    formulas = [*((f, True) for f in fenced), *((f, False) for f in inner)]
    assert refused_by_engines([*formulas_of(render(sheet(kind), "md")), *formulas]) == []


@pytest.mark.parametrize("target", ["md", "tex", "typ"])
def test_an_unknown_macro_stops_every_target(target: Literal["md", "tex", "typ"]) -> None:
    with pytest.raises(NotationError, match=r"\\input"):
        render(one(Display(r"\input{x}")), target)
    with pytest.raises(NotationError, match=r"\\write"):
        render(one(Rows((Row("x", r"\write18{ls}"),))), target)


@pytest.mark.parametrize("target", ["tex", "typ"])
def test_an_unknown_macro_in_a_figure_stops_the_sheet(target: Literal["tex", "typ"]) -> None:
    drawing = circuit()
    bad = replace(drawing, texts=(replace(drawing.texts[0], latex=r"\input{x}"),))
    with pytest.raises(NotationError, match=r"\\input"):
        render(one(Figure(bad, "f")), target)


def test_github_spells_no_operatorname() -> None:
    assert r"\mathrm{tr}" in render(one(Display(r"\operatorname{tr} A")), "md", "github")


# Words are words


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_text_in_markdown(text: str) -> None:
    tokens = parser().parse(render(says(text), "md"))
    assert [t.type for t in tokens[3:]] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[4].children or []
    assert {t.type for t in children} <= {"text", "text_special"}
    assert "".join(t.content for t in children) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_text_in_a_markdown_table(text: str) -> None:
    cell = Cell((Span("text", text),))
    tokens = parser().parse(render(one(Table((cell, cell), ((cell, cell),), ("l", "r"))), "md"))
    cells = [t for t in tokens if t.type == "inline"][1:]
    assert len(cells) == 4
    for token in cells:
        assert "".join(t.content for t in token.children or []) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_text_in_pdf(text: str, tmp_path: Path) -> None:
    shown = squeezed(readable(pdf(says(f"x{text}x")), tmp_path))
    straight = shown.replace("…", "...")
    assert f"x{squeezed(text)}x" in straight


@given(st.text(alphabet=st.sampled_from("ab1 #$\\_*[]<>{}`~^&%@/=-+.:'\"|!()"), max_size=20))
@settings(max_examples=60, deadline=None)
def test_any_words_are_text_in_markdown_and_compile_in_typst(text: str) -> None:
    page = says("x" + text + "x")
    inner = parser().parse(render(page, "md"))[4].children or []
    assert {t.type for t in inner} <= {"text", "text_special"}
    assert "".join(t.content for t in inner) == re.sub(r"\s+", " ", "x" + text + "x")
    assert pdf(page).startswith(b"%PDF")


@given(st.text(alphabet=st.sampled_from("ab #$\\_*[]<>{}`~^&%@/=-.'\"|"), max_size=20))
def test_no_active_character_of_latex_survives(text: str) -> None:
    left = re.sub(
        r"\\[#$%&_{}]|\\[\^~]\{\}|\\text[a-z]+\{\}|\\\(\\[a-z]+\\\)|\{-\}", "", escape.latex(text)
    )
    assert not set(left) & set("\\#$%&_^~{}")


def test_a_link_that_could_run_code_is_words() -> None:
    for target in ("javascript:x", "data:text/html,x", "JaVaScRiPt:x", "file:///etc", "x:y"):
        page = one(Paragraph((Span("link", "a", target),)))
        assert render(page, "md").endswith("\na\n")
        assert target not in render(page, "typ") + render(page, "tex")


def test_every_kind_of_block_is_printed_in_every_target(tmp_path: Path) -> None:
    page = Sheet("solution", "Blocks", blocks=ALL_BLOCKS)
    shown = squeezed(readable(pdf(page), tmp_path))
    read = html.unescape(re.sub(r"<[^>]+>", "", parser().render(render(page, "md"))))
    for part in ("the notes", "one", "two", "first", "more", "second", "third", "fourth", "So is"):
        assert squeezed(part) in shown
        assert part in read
        assert part in render(page, "tex")
    for code in ("a`b|$c$ #x", "return x  # ```", "\\end{verbatim}"):
        assert squeezed(code) in shown
        assert code in read
    assert r"\end{verbatim}" not in render(page, "tex")
    assert "~~~~return~x" in render(page, "tex")
    assert '<ol start="3">' in parser().render(render(page, "md"))


EMPHASISED = (
    "A **bold $x$ word**, *it $y$* and **$L$ is the loss**; **Loss: $L$**.",
    "***all** of* it, **a*b*c**, x*b*y, **(*a*)** and **a *b* c**",
    "**1.** no list, *(a)* **$x$**, __under $x$ line__ and _so_",
    "# **Bold $x$ head** *and*",
    "**one\\\ntwo** and *three*  \nfour\\\n\\- five\\\n1\\. six\\\n\\# seven",
    "- in **a $k$ list**\\\n  and on",
    "> quoted *w $k$*\\\n> and on",
    "a line\\\n$x$ and\\\n`code`",
)
"""Emphasis and hard breaks, as an author writes them."""


def told(markdown: str) -> list[tuple[str, str, str]]:
    """What a Markdown text says: its blocks, each run of words with the emphasis that stands
    innermost around it, its formulas and breaks. Spaces belong to no emphasis."""
    found: list[tuple[str, str, str]] = []
    block, around = "", [""]
    for token in inline(parser().parse(markdown)):
        if token.nesting == 1 and token.block:
            block = token.type
        elif token.type in ("em_open", "strong_open"):
            around.append(token.type)
        elif token.type in ("em_close", "strong_close"):
            around.pop()
        elif token.type in ("math_inline", "hardbreak", "code_inline"):
            found.append((block, token.type, token.content))
        elif token.type == "text":
            for word in re.findall(r"\S+", token.content):
                found.append((block, around[-1], word))
    return found


@pytest.mark.parametrize("text", EMPHASISED)
@pytest.mark.parametrize("dialect", ["dollar", "github"])
def test_markdown_keeps_emphasis_and_line_breaks(
    text: str, dialect: Literal["dollar", "github"]
) -> None:
    blocks = exam_sheet(solve(Exam.parse(text)), "paper").blocks
    printed = render(Sheet("key", "T", blocks=blocks), "md", dialect).removeprefix("# T\n\n")
    assert told(re.sub(r"\$`(.*?)`\$", r"$\1$", printed)) == told(text)


@given(
    st.lists(
        st.builds(
            Span,
            st.sampled_from(["text", "em", "strong"]),
            st.text("a(.* _", min_size=1, max_size=3),
        )
        | st.just(Span("math", "x")),
        max_size=6,
    )
)
@settings(max_examples=200, deadline=None)
def test_any_emphasis_reads_back(spans: list[Span]) -> None:
    wanted = [(s.kind, c) for s in spans for c in s.content if s.kind != "math" and not c.isspace()]
    block = Paragraph((Span("text", "x "), *spans))
    found = told(render(one(block), "md").removeprefix("# Title\n\n"))
    kinds = {"": "text", "em_open": "em", "strong_open": "strong"}
    read = [(kinds[around], c) for _, around, word in found if around in kinds for c in word]
    assert read == [("text", "x"), *wanted]


def test_a_line_break_is_set_in_every_target(tmp_path: Path) -> None:
    block = Paragraph((Span("text", "one"), Span("break", ""), Span("text", "[2] two")))
    assert "one\n[2] two" in readable(pdf(one(block)), tmp_path)
    assert r"\newline{}[2] two" in render(one(block), "tex")
    assert "one\\\n\\[2\\] two" in render(one(block), "md")


# Pages

NAMES_IN_BOLD = (
    r"\mathbf{W}",
    r"\mathbf x_i",
    r"\hat{\mathbf y}",
    r"\mathbf{0}",
    r"\mathbf{Wx}+\mathbf b",
    r"\textbf{x}",
    r"\boldsymbol{\theta}",
    r"\sum_i \mathbf{w}_i x_i",
)


def test_every_name_of_the_table_is_set_on_a_page_in_every_position() -> None:
    formulas = (*every_formula(), *NAMES_IN_BOLD)
    shapes = (r"%s", r"{%s}_i^2", r"\hat{%s}", r"\frac{%s}{1 + x}", r"x_{%s}")
    blocks = [
        block
        for shape in shapes
        for f in formulas
        for block in (Paragraph((Span("math", shape % f),)), Display(shape % f))
    ]
    assert pdf(Sheet("key", "Every name", blocks=tuple(blocks)))


def test_a_page_names_nothing_that_a_formula_names() -> None:
    style = (template_directory() / "style.typ").read_text()
    own = set(re.findall(r"^#let ([\w-]+)", style, re.MULTILINE))
    named = {n for f in (*every_formula(), *NAMES_IN_BOLD) for n in NAME.findall(typst_body(f))}
    assert not own & named


@pytest.mark.parametrize("kind", KINDS)
def test_pdf_is_the_same_every_time_and_archival(kind: str) -> None:
    first = pdf(sheet(kind))
    assert first == pdf(sheet(kind))
    assert b"pdfaid" in first


def test_korean_is_printed(tmp_path: Path) -> None:
    blocks = (
        Heading(2, words("합성곱 $z_i$"), "3점"),
        Remark(words(r"최댓값이 유일한 곳에서 $\text{손실}$")),
    )
    page = Sheet("paper", "중간고사", "ko", blocks)
    shown = squeezed(readable(pdf(page), tmp_path))
    for part in ("중간고사", "합성곱", "3점", "최댓값이유일한곳에서", "손실", "이름"):
        assert part in shown
    assert "hangulclass" in render(page, "tex")
    assert "hangulclass" not in render(sheet("key"), "tex")


def test_a_glyph_no_font_has_is_an_error_that_names_it() -> None:
    with pytest.raises(SheetError, match="font"):
        pdf(says("\N{TIBETAN LETTER KA}"))


def test_long_lines_stay_on_the_page(tmp_path: Path) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    sums = " + ".join(rf"a_{{{n}}} b_{{{n}}} c_{{{n}}}" for n in range(60))
    product = "".join(rf"w_{{{n}}} " for n in range(80))
    long = (
        Rows((Row("L", sums, words("a reason " * 20)), Row("", product, words("why")))),
        Display(rf"L = {sums}"),
        Display(rf"\begin{{aligned}} L &= {sums} \end{{aligned}}"),
        Table(
            tuple(Cell(words(f"a long header number {n}")) for n in range(8)),
            (
                tuple(
                    Cell(words(r"$10 \times (5 \times 5 \times 10 + 1) = 2510$")) for _ in range(8)
                ),
            ),
            ("r",) * 8,
        ),
        Figure(circuit().scaled(4), "wide"),
    )
    file = tmp_path / "long.pdf"
    file.write_bytes(pdf(Sheet("solution", "Long", blocks=long)))
    run = subprocess.run(["pdftotext", "-bbox", str(file), "-"], capture_output=True, check=True)
    text = run.stdout.decode()
    width = float(re.findall(r'page width="([\d.]+)', text)[0])
    edges = [float(x) for x in re.findall(r'xMax="([\d.]+)', text)]
    assert max(edges) < width - 60
    assert len(edges) > 200


@pytest.mark.parametrize("columns", [3, 6, 9])
@pytest.mark.parametrize("text", [r"$(28 \times 28 \times 6) \times (5 \times 5) = 117600$", None])
def test_a_table_stays_in_the_text_and_its_words_apart(
    columns: int, text: str | None, tmp_path: Path
) -> None:
    cell = Cell((), "blank") if text is None else Cell(words(text), "answer")
    header = tuple(Cell(words(f"Receptive{n} field")) for n in range(columns))
    rows = tuple((Cell(words(f"CONV{n} valid")), *(cell,) * (columns - 1)) for n in range(12))
    page = one(Table(header, rows, ("l",) + ("r",) * (columns - 1)))
    readable(pdf(page), tmp_path)
    run = subprocess.run(
        ["pdftotext", "-bbox", str(tmp_path / "sheet.pdf"), "-"], capture_output=True, check=True
    )
    edges = re.compile(r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)"')
    for one_page in run.stdout.decode().split("<page ")[1:]:
        boxes = [tuple(map(float, box)) for box in edges.findall(one_page)]
        assert min(left for left, _, _ in boxes) > 70
        assert max(right for _, _, right in boxes) < 525
        ends = {(y, left): right for left, y, right in boxes}
        line = sorted(ends.items())
        for ((y, _), right), ((below, left), _) in pairwise(line):
            assert y != below or left > right - 1


def test_the_names_on_an_exam_are_printed_everywhere(tmp_path: Path) -> None:
    page = replace(says("x"), byline="CS 7 · A. Ng", author="A. Ng")
    assert "CS 7 · A. Ng" in render(page, "md")
    assert "A. Ng" in render(page, "tex")
    assert "CS7·A.Ng" in squeezed(readable(pdf(page), tmp_path))
    assert b"A. Ng" in pdf(page)


def test_the_address_of_a_link_is_printed(tmp_path: Path) -> None:
    page = one(Paragraph((Span("link", "notes", "https://a.b/c_d"),)))
    assert "https://a.b/c_d" in squeezed(readable(pdf(page), tmp_path))


def test_a_table_longer_than_a_page_goes_on(tmp_path: Path) -> None:
    cell = Cell(words("1"))
    rows = tuple((Cell(words(f"row{n}")), cell) for n in range(120))
    page = one(Table((Cell(words("Layer")), cell), rows, ("l", "r")))
    shown = readable(pdf(page), tmp_path)
    assert "row0" in shown
    assert "row119" in shown
    assert shown.count("Layer") > 1


@pytest.mark.parametrize("kind", KINDS)
def test_latex_compiles(kind: str, tmp_path: Path) -> None:
    if shutil.which("xelatex") is None:
        pytest.skip("xelatex is not installed")
    page = sheet(kind)
    blocks = (*page.blocks, *ALL_BLOCKS, *(Paragraph((Span("text", t),)) for t in HOSTILE))
    (path,) = write(replace(page, blocks=blocks), ("tex",), tmp_path, "sheet")
    run = subprocess.run(
        ["xelatex", "-interaction=nonstopmode", "-halt-on-error", path.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-2000:]
    assert "Overfull \\hbox" not in run.stdout
    shown = squeezed(readable((tmp_path / "sheet.pdf").read_bytes(), tmp_path))
    for text in HOSTILE:
        if text.isascii():
            assert squeezed(text) in shown.replace("’", "'")


def through_xelatex(page: Sheet, directory: Path) -> tuple[str, str]:
    """What xelatex says, and the words of its page with their places."""
    if shutil.which("xelatex") is None or shutil.which("pdftotext") is None:
        pytest.skip("xelatex or pdftotext is not installed")
    (path,) = write(page, ("tex",), directory, "sheet")
    command = ["xelatex", "-interaction=nonstopmode", "-halt-on-error", path.name]
    for _ in range(2):
        run = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-2000:]
    boxes = subprocess.run(
        ["pdftotext", "-bbox", "sheet.pdf", "-"], cwd=directory, capture_output=True, check=True
    )
    return run.stdout, boxes.stdout.decode()


WORKING = r"$4 \times 224 \times 224 \times 64 / 1048576 \approx 12.25 = 4 \times 224 \times 224$"


def test_names_in_a_latex_table_stand_beside_their_quantities(tmp_path: Path) -> None:
    header = ("Layer", "Output size", "Activation memory (MB)", *(f"head {n}" for n in range(4)))
    row = (Cell(words("CONV")), *(Cell(words(WORKING)),) * 6)
    table = Table(tuple(Cell(words(h)) for h in header), (row,) * 3, ("l", *"rrrrrr"))
    said, boxes = through_xelatex(one(table), tmp_path)
    assert "Overfull" not in said
    found = re.findall(r'xMin="([\d.]+)".* yMin="([\d.]+)" xMax="([\d.]+)".*>(.*)</word>', boxes)
    names = [(float(right), float(y)) for _, y, right, word in found if word == "(MB)"]
    assert len(names) == 3
    for right, y in names:
        fours = [float(x) for x, top, _, w in found if w == "4" and abs(float(top) - y) < 4]
        assert min(fours) > right


def test_a_long_latex_table_with_wide_cells_goes_on(tmp_path: Path) -> None:
    local = r"$\frac{1}{1 + e^{-d}} = 0.6225 \approx 0.6225 = 0.6225 \approx 0.6225$"
    rows = tuple(
        (Cell(words(f"row{n}")), Cell(words(local)), Cell(words(local)), Cell(words("1")))
        for n in range(40)
    )
    table = Table(
        tuple(Cell(words(h)) for h in ("Gate", "In", "Out", "Gradient")), rows, (*"lllr",)
    )
    said, boxes = through_xelatex(one(table), tmp_path)
    assert "Overfull" not in said
    pages = boxes.split("<page ")[1:]
    assert len(pages) > 1
    assert all(">Gradient<" in page for page in pages)
    assert ">row0<" in pages[0]
    assert ">row39<" in pages[-1]
    bottoms = [float(y) for y in re.findall(r'yMax="([\d.]+)">row', boxes)]
    assert max(bottoms) < 780


def test_long_words_and_sizes_stay_in_the_lines_of_a_list(tmp_path: Path) -> None:
    size = r"$\left\lfloor (224 - 7 + 2 \times 3)/2 \right\rfloor + 1 = 112$"
    item = "CONV(in=3,out=64,kernel_size=(7,5),stride=(2,2),padding=(3,2),dilation=1,ceil=no): "
    entry = (Paragraph(words(f"{item}{size}, {size}, {size}")),)
    said, _ = through_xelatex(one(Items((entry, entry))), tmp_path)
    assert "Overfull" not in said


@pytest.mark.parametrize("target", ["tex", "typ"])
def test_a_range_stays_on_a_line(target: Literal["tex", "typ"]) -> None:
    block = Paragraph(words(r"for $i = 1, \dots, m$ the sum $x_1 + \dots + x_n$"))
    shown = render(one(block), target)
    assert (r"\mbox{$i = 1, \dots, m$}" in shown) == (target == "tex")
    assert ("#box($i = 1 \\, dots.h \\, m$);" in shown) == (target == "typ")
    assert "sum $x_" in shown


# Files


def test_files_and_figures_are_written(tmp_path: Path) -> None:
    paths = write(sheet("solution"), ("md", "tex", "pdf"), tmp_path / "new", "solution")
    names = sorted(str(p.relative_to(tmp_path / "new")) for p in paths)
    assert names == ["figures/circuit.svg", "solution.md", "solution.pdf", "solution.tex"]
    assert sorted(p for p in (tmp_path / "new").rglob("*") if p.is_file()) == sorted(paths)
    assert "(figures/circuit.svg)" in (tmp_path / "new/solution.md").read_text()


def test_a_drawing_is_svg_on_white_without_fonts() -> None:
    drawn = svg(circuit())
    assert drawn.startswith("<svg")
    assert 'fill="#ffffff"' in drawn
    assert "<text" not in drawn


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    bad = replace(sheet("key"), blocks=(*sheet("key").blocks, Display(r"\foo")))
    (tmp_path / "key.md").write_text("old")
    with pytest.raises(NotationError):
        write(bad, ("tex", "pdf", "md"), tmp_path, "key")
    with pytest.raises(SheetError, match="expected one of"):
        write(sheet("key"), ("md", "docx"), tmp_path, "key")
    assert [p.name for p in tmp_path.iterdir()] == ["key.md"]
    assert (tmp_path / "key.md").read_text() == "old"


def test_a_file_in_the_way_is_an_error_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "figures").write_text("not a directory")
    with pytest.raises(SheetError, match="cannot write"):
        write(sheet("key"), ("md", "tex"), tmp_path, "key")
    assert [p.name for p in tmp_path.iterdir()] == ["figures"]


def test_a_figure_name_cannot_leave_its_directory(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match="figure name"):
        write(one(Figure(circuit(), "../x")), ("md",), tmp_path, "key")


# Templates

ALLOWED = (
    jinja2.nodes.Template,
    jinja2.nodes.Output,
    jinja2.nodes.TemplateData,
    jinja2.nodes.Name,
    jinja2.nodes.Getattr,
    jinja2.nodes.For,
    jinja2.nodes.If,
    jinja2.nodes.Include,
    jinja2.nodes.Macro,
    jinja2.nodes.Const,
)


@pytest.mark.parametrize("path", sorted(template_directory().glob("*.j2")), ids=lambda p: p.name)
def test_templates_hold_no_logic(path: Path) -> None:
    environment = jinja2.Environment(
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
    )
    tree = environment.parse(path.read_text())
    assert [n for n in tree.find_all(jinja2.nodes.Node) if not isinstance(n, ALLOWED)] == []
    assert any(isinstance(n, jinja2.nodes.Name) for n in tree.find_all(jinja2.nodes.Name))
