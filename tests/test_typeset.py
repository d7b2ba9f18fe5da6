"""The LaTeX-to-Typst converter: closed, total on its table, and harmless."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest
import typst
from formulas import every_formula, refused_by_engines
from hypothesis import given, settings
from hypothesis import strategies as st

from symgrad.errors import NotationError, Place
from symgrad.render import FONTS
from symgrad.spelling import LONGEST, pieces, respell, tokenize
from symgrad.typeset import check, settled, typst_body, typst_math

FONT = '#show math.equation: set text(font: ("New Computer Modern Math", "NanumMyeongjo"))\n'


def compiled(formulas: list[str]) -> list[str]:
    """Compile as PDF/A, where a missing glyph is an error; return the warnings."""
    _, warnings = typst.compile_with_warnings(
        (FONT + "\n\n".join(formulas)).encode(),
        format="pdf",
        ignore_system_fonts=True,
        font_paths=[str(FONTS)],
        pdf_standards=["a-2b"],
    )
    return [str(w) for w in warnings]


def test_every_name_of_the_table_compiles_in_typst() -> None:
    shown = [typst_math(f, display) for f in every_formula() for display in (True, False)]
    assert compiled(shown) == []


@pytest.mark.parametrize("dialect", ["dollar", "github"])
def test_every_name_of_the_table_parses_in_katex_and_mathjax(dialect: str) -> None:
    spelled = [
        (respell(f, dialect, inline), not inline)  # type: ignore[arg-type]
        for f in every_formula()
        for inline in (True, False)
        if not (inline and "align" in f)
    ]
    assert refused_by_engines(spelled) == []


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\tfrac12 (y - \hat y)^2", r"inline(frac(1, 2)) \( y minus hat(y) attach(\), t: 2)"),
        (r"x_12", "x_(1) 2"),
        (r"x_{12}", "x_(12)"),
        (r"12x", "12 x"),
        (r"\mathbf 1[z>0]", r"bb(1) \[ z gt 0 \]"),
        (r"\text{if }z", '"if "z'),
        (r"-1", "minus 1"),
        (r"x'_i", "x_(i)^(prime)"),
        (r"\underbrace{a+b}_{n}", "underbrace(a plus b, n)"),
        (r"\varepsilon \epsilon \phi \varphi", "epsilon epsilon.alt phi.alt phi"),
        (r"\displaystyle a + b", "display(a plus b)"),
        (r"a \cdot |z|", 'a dot.op class("normal", bar.v) z class("normal", bar.v)'),
        (r"\left| z \right|", "lr(bar.v z bar.v)"),
    ],
)
def test_conversion(latex: str, expected: str) -> None:
    assert typst_body(latex) == expected


def test_an_aligned_block_alone_keeps_its_rows() -> None:
    block = r"\begin{aligned} a &= b \\ c &= d && e \end{aligned}"
    assert typst_body(block) == "a & = b \\\n  c & = d quad &  & e"
    assert typst_body(block + r"\quad x").startswith("mat(")


@pytest.mark.parametrize(
    ("latex", "column", "found", "hint"),
    [
        (r"a + \fraq{1}{2}", 5, r"\fraq", r"did you mean \frac?"),
        (r"\input{x}", 1, r"\input", ""),
        (r"x \write18{ls}", 3, r"\write", ""),
        (r"\def\x{y}", 1, r"\def", ""),
        (r"\csname x\endcsname", 1, r"\csname", ""),
        (r"\catcode 36", 1, r"\catcode", ""),
        (r"\href{javascript:x}{y}", 1, r"\href", ""),
        (r"\color{red} x", 1, r"\color", ""),
        (r"\begin{tabular} x \end{tabular}", 1, "tabular", ""),
        (r"\begin{alined} x \end{alined}", 1, "alined", "aligned"),
        (r"\begin{cases} x \end{matrix}", 17, r"\end{matrix}", ""),
        (r"\begin{cases} x", 8, "end of the formula", "closed"),
        (r"{a + b", 1, "end of the formula", "closed"),
        (r"a + b}", 6, "}", ""),
        (r"\left( a", 1, "end of the formula", r"\left"),
        (r"a \right)", 3, r"\right", ""),
        (r"\frac{1}", 9, "end of the formula", ""),
        (r"x_a_b", 4, "two subscripts", "group"),
        (r"x^a^b", 4, "two superscripts", "group"),
        (r"a & b", 3, "&", "aligned"),
        (r"a \\ b", 3, r"\\", "aligned"),
        ("x % y", 3, "'%'", "comments"),
        ("$x$", 1, "'$'", "remove"),
        ("x # y", 3, "'#'", ""),
        ("손실", 1, "'손'", r"\text"),
        (r"\text{a $b$}", 1, r"\text", "plain words"),
        (r"\text{a {b}}", 1, r"\text", "plain words"),
        (r"\begin{gathered} a & b \end{gathered}", 8, "2 cells", ""),
        (r"x\limits_a", 2, r"\limits", ""),
        ("x\\", 2, "\\", ""),
    ],
)
def test_refusals_point_at_the_fault(latex: str, column: int, found: str, hint: str) -> None:
    at = Place("exam.md", 7, 1, latex)
    with pytest.raises(NotationError) as caught:
        check(latex, at)
    error = caught.value
    assert error.at is not None
    assert (error.at.file, error.at.line, error.at.column) == ("exam.md", 7, column)
    assert found in error.message
    assert hint in error.hint
    assert "^" in error.caret()


def test_a_fault_on_a_later_line_is_placed_there() -> None:
    with pytest.raises(NotationError) as caught:
        check("a\n+ \\foo", Place("exam.md", 7, 4, "$ a"))
    assert str(caught.value.at) == "exam.md:8:3"


@pytest.mark.parametrize("latex", ["{" * 10_000, "x" * (LONGEST + 1), "\\frac" * 3000, "x^" * 900])
def test_size_and_depth_are_bounded(latex: str) -> None:
    with pytest.raises(NotationError):
        check(latex)


WORDS = [
    *"ab12{}_^&'()[]|,.;:+-=<>#",
    r"\frac",
    r"\sum",
    r"\left",
    r"\right",
    r"\\",
    r"\hat",
    r"\max",
    r"\displaystyle",
    r"\mathbf",
    r"\big",
    r"\operatorname",
    r"\sqrt",
    r"\not",
    r"\limits",
    r"\underbrace",
    r"\overset",
    r"\mathrm",
    r"\binom",
    r"\dots",
    r"\substack{a\\b}",
    r"\nonumber",
    r"\begin{cases}",
    r"\end{cases}",
    r"\begin{aligned}",
    r"\end{aligned}",
    r"\operatorname{tr}",
    r"\text{if }",
]
ALPHABET = st.sampled_from(WORDS)


@settings(max_examples=300, deadline=None)
@given(st.lists(ALPHABET, max_size=12).map(" ".join))
def test_any_text_is_converted_or_refused_with_a_place(latex: str) -> None:
    try:
        body = typst_body(latex)
    except NotationError as error:
        if error.at is None:
            raise
        return
    assert compiled([f"$ {body} $", f"${body}$"]) == []


@settings(max_examples=200, deadline=None)
@given(st.lists(ALPHABET, max_size=12).map(" ".join))
def test_a_respelled_formula_means_the_same(latex: str) -> None:
    try:
        body = typst_body(latex)
    except NotationError:
        return
    assert typst_body(respell(latex, "tex")) == body


def accepted(count: int) -> list[str]:
    """Random formulas that the reader accepts."""
    random, found = Random(2017), set[str]()
    while len(found) < count:
        latex = " ".join(random.choices(WORDS, k=random.randint(1, 8)))
        try:
            found.add(settled(latex))
        except NotationError:
            continue
    return sorted(found)


@pytest.mark.parametrize("dialect", ["dollar", "github"])
def test_what_is_accepted_parses_in_katex_and_mathjax(dialect: str) -> None:
    spelled = [(respell(f, dialect), False) for f in accepted(800)]  # type: ignore[arg-type]
    assert refused_by_engines(spelled) == []


@given(st.text(max_size=30))
@settings(max_examples=300, deadline=None)
def test_no_text_crashes_the_reader(latex: str) -> None:
    with suppress(NotationError):
        check(latex)


def test_pieces_join_to_the_formula_and_each_stands_alone() -> None:
    latex = r"= \frac{a + b}{2} - f(x + y) + \left[ a - b \right] \qquad -x \cdot -y"
    cut = pieces(latex)
    assert cut == [
        "= \\frac{a + b}{2}",
        "- f(x + y)",
        r"+ \left[ a - b \right]",
        r"\qquad -x",
        r"\cdot -y",
    ]
    assert [t.text for p in cut for t in tokenize(p)] == [t.text for t in tokenize(latex)]


def test_a_range_is_one_piece() -> None:
    latex = r"= a + b \qquad t = 1, \dots, T - 1 \qquad i \ne j \qquad c = " + "d + " * 20 + "e"
    cut = pieces(latex)
    assert cut[:4] == ["= a", "+ b", r"\qquad t = 1, \dots, T - 1", r"\qquad i \ne j"]
    assert cut[4:6] == [r"\qquad c = d", "+ d"]


@pytest.mark.parametrize("formula", every_formula())
def test_no_piece_parts_a_macro_from_its_delimiter(formula: str) -> None:
    for wrapped in (formula, rf"\hat{{{formula}}}", rf"\frac{{{formula}}}{{{formula}}}_i"):
        for piece in pieces(wrapped + " + x + a - b"):
            check(piece)


@pytest.mark.parametrize(
    ("latex", "dialect", "expected"),
    [
        (r"\operatorname{tr} A", "github", r"\mathrm{tr} A"),
        (r"\operatorname*{arg\,max}_x", "github", r"\mathrm{arg\thinspace max}_x"),
        (r"a<b", "dollar", r"a< b"),
        (r"a\,b", "dollar", r"a\thinspace b"),
        (r"|x|", "dollar", r"\vert x\vert"),
        (r"\mathbb{1}[x]", "tex", r"\mathbf{1}[x]"),
        (r"\begin{align*} a \end{align*}", "tex", r"\begin{aligned} a \end{aligned}"),
        ("α × x", "tex", r"\alpha \times x"),
    ],
)
def test_spelling(latex: str, dialect: str, expected: str) -> None:
    assert respell(latex, dialect) == expected  # type: ignore[arg-type]
