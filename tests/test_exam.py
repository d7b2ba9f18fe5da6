r"""Reading exams: nothing of the Markdown is lost, no question is missed, nothing is obeyed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symgrad.errors import SymgradError
from symgrad.exam import Exam
from symgrad.page import Code, Display, Items, Paragraph, Quote, Rule
from symgrad.render import pdf, render
from symgrad.section import Grid, Item, Section
from symgrad.sheet import sheet
from symgrad.solve import Solution, solve
from symgrad.spelling import tokenize

ASK = r"\frac{\partial L}{\partial w} = ?"
HOUSE = "$$\nL = w x\n$$\n\n"


def solved(text: str, path: Path) -> Solution:
    """The exam in a file, solved."""
    file = path / "exam.md"
    file.write_text(text, encoding="utf-8")
    return solve(Exam.read(file))


def answers(text: str) -> list[str]:
    """The answers to an exam in order."""
    return [a.latex for a in solve(Exam.parse(text)).answers]


def sections(section: Section) -> Iterator[Section]:
    """A section and those below it."""
    yield section
    for child in section.children:
        yield from sections(child)


def headings(exam: Exam) -> list[tuple[int, str, str | None]]:
    """Level, title and points of every heading."""
    return [
        (s.level, "".join(span.content for span in s.title), s.points)
        for s in sections(exam.root)
        if s.title
    ]


# Nothing is lost


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A Markdown document, and the words that its reader must not lose."""
    number = itertools.count(1)
    kept: list[str] = []

    def word() -> str:
        kept.append(f"word{next(number)}x")
        return kept[-1]

    def inline() -> str:
        shapes: tuple[Callable[[], str], ...] = (
            lambda: word(),
            lambda: f"{word()} {word()}",
            lambda: f"*{word()} **{word()}***",
            lambda: f"**{word()} `{word()}`**",
            lambda: f"``{word()} ` {word()}``",
            lambda: f"[{word()} *{word()}* `{word()}`](https://example.org/{word()})",
            lambda: f"<https://example.org/{word()}>",
            lambda: f"{word()}[^1] {word()}",
            lambda: f"$a + \\mathrm{{{word()}}}$",
            lambda: f"[${{\\mathrm{{{word()}}}}}$ {word()}](https://example.org)",
            lambda: f"{word()}\n{word()}",
            lambda: f"{word()}  \n{word()}",
            lambda: f"{word()}\\\n{word()}",
            lambda: f"<b>{word()}</b> {word()} &amp; \\*{word()}\\*",
            lambda: f"{word()} <!-- gone --> {word()}",
            lambda: f"{word()} ${ASK}$ {word()}",
            lambda: f"${ASK}$ *{word()}*",
            lambda: f"costs \\${word()} and 5\\$ {word()}",
        )
        drawn = draw(st.lists(st.sampled_from(shapes), min_size=1, max_size=3))
        return " ".join(shape() for shape in drawn)

    def line() -> str:
        return re.sub(r"\s*\\?\n", " ", inline())

    def indented(text: str, by: str, first: str) -> str:
        lines = text.split("\n")
        return "\n".join([first + lines[0], *(by + rest if rest else "" for rest in lines[1:])])

    def blocks(depth: int) -> str:
        return "\n\n".join(block(depth) for _ in range(draw(st.integers(1, 3))))

    def table() -> str:
        rows = [f"| {line()} | {line()} |" for _ in range(draw(st.integers(1, 2)))]
        return "\n".join([f"| {line()} | {line()} |", "|:--|--:|", *rows])

    def block(depth: int) -> str:
        shapes: list[Callable[[], str]] = [
            inline,
            lambda: f"```python\n{word()} = {word()}\n\n  {word()}\n```",
            lambda: f"{word()}\n\n    {word()}\n    {word()}",
            lambda: f"<div>\n{word()}\n</div>",
            lambda: f"<!-- gone -->\n{word()}",
            lambda: f"$$\n\\mathrm{{{word()}}}\n$$",
            lambda: f"{word()}\n$$\n\\mathrm{{{word()}}}\n$$\n{word()}",
            lambda: f"$$\n\\text{{{word()} }} {ASK}\n$$",
            lambda: f"$${ASK}$$",
            lambda: f"[^1]: {word()} {word()}",
            lambda: "***",
            lambda: f"{word()}\n===",
        ]
        if depth:
            shapes += [
                lambda: indented(blocks(depth - 1), "> ", "> "),
                lambda: indented(blocks(depth - 1), "  ", "- "),
                lambda: indented(blocks(depth - 1), "   ", "7. "),
                lambda: f"- {line()}\n- {line()}\n  1) {line()}",
            ]
        if depth == 2:
            shapes += [table, lambda: f"## {line()} (2 points)", lambda: f"# {line()}"]
        return draw(st.sampled_from(shapes))()

    text = blocks(2) + "\n"
    return text, kept


@given(documents())
@settings(max_examples=150, deadline=None)
def test_every_word_of_a_document_is_on_its_sheets(document: tuple[str, list[str]]) -> None:
    text, kept = document
    solution = solve(Exam.parse(HOUSE + text))
    assert len(solution.answers) == text.count("?")
    for kind in ("solution", "key", "paper"):
        shown = render(sheet(solution, kind), "md")
        lost = [word for word in kept if word not in shown]
        assert not lost, f"{kind} lost {lost} of\n{text}"


def kinds(exam: Exam) -> list[type]:
    """The kinds of blocks before the first heading."""
    return [type(item.block) if type(item) is Item else type(item) for item in exam.root.items]


def test_every_kind_of_block_is_read() -> None:
    exam = Exam.parse(
        "words $x$\n\n- a\n- b\n\n> quoted\n\n```py\ncode\n```\n\n---\n\n$$\nx\n$$\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    assert kinds(exam) == [Paragraph, Items, Quote, Code, Rule, Display, Grid]


# Headings and points


@pytest.mark.parametrize(
    ("heading", "title", "points"),
    [
        ("# A (3 points)", "A", "3"),
        ("# A (1 point)", "A", "1"),
        ("# A [2 pts]", "A", "2"),
        ("# A (2 pts.) ##", "A", "2"),
        ("# A (1.5 points)", "A", "1.5"),
        ("# A (3점)", "A", "3"),
        ("# A **(3 marks)**", "A", "3"),
        ("# A *b (3 Points)*", "A b", "3"),
        ("# (3 points)", "", "3"),
        ("# A (3 points) b", "A (3 points) b", None),
        ("# A (three points)", "A (three points)", None),
        ("# A 3 points", "A 3 points", None),
        ("A (4 points)\n============", "A", "4"),
        ("A\n(4 points)\n---", "A", "4"),
        ("# A of $f(2)$ (4 points)", "A of f(2)", "4"),
    ],
)
def test_points_stand_at_the_end_of_a_heading(heading: str, title: str, points: str | None) -> None:
    (section,) = Exam.parse(heading + "\n").root.children
    assert ("".join(s.content for s in section.title).strip(), section.points) == (title, points)


def test_points_are_shared_by_the_questions_of_a_heading() -> None:
    text = f"{HOUSE}# A (3 points)\n\n$${ASK}$$\n\n- and ${ASK}$\n\n# B\n\n$${ASK}$$\n"
    assert [a.points for a in solve(Exam.parse(text)).answers] == [1.5, 1.5, None]


def test_headings_nest_by_their_levels() -> None:
    exam = Exam.parse("# A\n\n### B\n\n## C\n\n# D\n\nE\n---\n\n> # not one\n")
    assert headings(exam) == [
        (1, "A", None), (3, "B", None), (2, "C", None), (1, "D", None), (2, "E", None),
    ]  # fmt: skip
    assert [len(s.children) for s in exam.root.children] == [2, 1]


@given(st.lists(st.integers(1, 6), max_size=12))
def test_headings_keep_their_order_at_any_levels(levels: list[int]) -> None:
    text = "".join(f"{'#' * level} H{k}\n\n" for k, level in enumerate(levels))
    found = [(level, title) for level, title, _ in headings(Exam.parse(text))]
    assert found == [(level, f"H{k}") for k, level in enumerate(levels)]
    for section in sections(Exam.parse(text).root):
        assert all(child.level > section.level for child in section.children)


# Front matter


def test_front_matter_is_read_and_unknown_keys_are_kept() -> None:
    text = "---\n# comment\ntitle: 'An exam: part 1'\n\nties: ge\nflavour: sweet\n---\n"
    exam = Exam.parse(text, "folder/exam.md")
    assert exam.options == {"title": "An exam: part 1", "ties": "ge", "flavour": "sweet"}
    assert exam.title == "An exam: part 1"


def test_a_title_is_never_missing() -> None:
    assert [Exam.parse("", path).title for path in ("folder/midterm.md", "")] == ["midterm", "Exam"]


def test_a_rule_at_the_start_is_no_front_matter() -> None:
    assert kinds(Exam.parse("---\n\nwords\n")) == [Rule, Paragraph]


# Questions, wherever they stand


@pytest.mark.parametrize(
    "text",
    [
        f"$${ASK}$$\n",
        f"$$\n{ASK}\n$$\n",
        f"Find ${ASK}$ now.\n",
        f"Find $${ASK}$$ now.\n",
        f"Find\n$$\n{ASK}\n$$\nnow.\n",
        f"**Find ${ASK}$** now.\n",
        f"[Find ${ASK}$](https://example.org)\n",
        f"- one\n- ${ASK}$\n",
        f"1. one\n\n   - two\n\n     $$\n     {ASK}\n     $$\n",
        f"> ${ASK}$\n",
        f"> $$\n> {ASK}\n> $$\n",
        f"```math\n{ASK}\n```\n",
        f"- a\n\n  ```math\n  {ASK}\n  ```\n",
        f"\\begin{{align}}\n{ASK}\n\\end{{align}}\n",
        f"\\begin{{equation*}}\n{ASK}\n\\end{{equation*}}\n",
        f"# Find ${ASK}$ (2 points)\n",
        f"Find ${ASK}$\n====\n",
        f"- # Find ${ASK}$\n",
        f"| a | b |\n|---|---|\n| 1 | ${ASK}$ |\n",
        f"| ${ASK}$ |\n|---|\n",
        f"$${ASK}$$ (eq1)\n",
    ],
)
def test_a_question_is_found_wherever_it_stands(text: str) -> None:
    solution = solve(Exam.parse(HOUSE + text))
    assert [a.latex for a in solution.answers] == ["x"]
    for kind in ("solution", "key"):
        assert re.search(r"partial w\}\$? *&?(=|&=|\|) *x|= x", render(sheet(solution, kind), "md"))


def test_questions_are_answered_in_order() -> None:
    a, b = (rf"\frac{{\partial L}}{{\partial {name}}} = ?" for name in "wx")
    text = (
        f"# One ${a}$\n\n$L = w x$ and ${b}$, ${a}$\n\n$${b} \\qquad {a}$$\n\n"
        f"| ${a}$ | ${b}$ |\n|---|---|\n| ${b}$ | 1 |\n\n- ${a}$\n  - ${b}$\n"
    )
    assert "".join(answers(text)) == "xwxwxxwwxw"


def test_definitions_and_questions_share_a_display() -> None:
    text = r"""
\begin{aligned}
z &= w x & \frac{\partial L}{\partial z} &= ? \\
L &= z^2 & \frac{\partial L}{\partial w} &= ?
\end{aligned}
"""
    assert answers(f"$${text}$$\n") == ["2 z", "2 z x"]


def test_a_question_mark_in_words_is_no_question() -> None:
    assert answers(HOUSE + "Why? Is `w = ?` or \\$5 = ? a question?\n\n    w = ?\n") == []


@pytest.mark.parametrize("mark", ["?", "$?$", "**?**", "$$?$$", " ? "])
def test_a_cell_asks_by_a_question_mark_alone(mark: str) -> None:
    text = f"| Layer | Weights |\n|---|---|\n| INPUT 3x3x1 | why? |\n| FC-2 | {mark} |\n"
    assert [a.value for a in solve(Exam.parse(text)).answers] == [18]


def test_cells_may_state_values() -> None:
    text = HOUSE + "| $w = 2$ | $x = 3$ |\n|---|---|\n| 1 | 2 |\n\n$$\nL = ?\n$$\n"
    assert answers(text) == ["6"]


# Untrusted text


PROSE = """---
title: '#read("/etc/passwd") \\input{x} <script>'
---

# #read("/etc/passwd") <script>alert(1)</script> @x `code` (2 points)

#read("/etc/passwd") #eval("1") \\input{/etc/passwd} \\write18{ls}
] [ @x 5\\$ `a$b` 100% & _ ^ ~ {} <x>
// comment /* c */ \\end{document} #sys.inputs $L = w x$

<script>alert(2)</script>

> quote @y #z

- #read("x") | pipe
- [js](javascript:alert) [a](https://example.org/#read("x"))

| a \\| b | #c |
|---|---|
| `x\\|y` | <b>@q</b> |

```python
#read("/etc/passwd") \\end{verbatim} ```
```

$$
\\frac{\\partial L}{\\partial w} = ?
$$
"""


@pytest.mark.parametrize("kind", ["solution", "key", "paper"])
def test_words_are_shown_and_never_obeyed(kind: str, tmp_path: Path) -> None:
    made = sheet(solved(PROSE, tmp_path), kind)  # type: ignore[arg-type]
    assert pdf(made).startswith(b"%PDF")
    md, tex, typ = (render(made, to) for to in ("md", "tex", "typ"))
    assert not re.search(r"(?<!\\)<script", md)
    body = tex.split(r"\begin{document}", 1)[1]
    assert not re.search(r"\\(input|write|read|verbatim)(?![a-z])", body)
    assert body.count(r"\end{document}") == 1
    words = typ.rsplit("#show: sheet.with", 1)[1]
    code = re.sub(r'"(\\.|[^"\\])*"|\\.', "", words)
    assert not re.search(r"#(read|eval|sys|include|import)", code)
    for shown in (md, body, words):
        assert shown.count("alert(") == PROSE.count("alert(")


@pytest.mark.parametrize("display", [True, False], ids=["display", "inline"])
@pytest.mark.parametrize(
    "formula",
    [
        r"\input{/etc/passwd}",
        r"\write18{ls}",
        r"\immediate\write18{ls}",
        r"\csname input\endcsname",
        r"\def\x{y}",
        r"\let\a\b",
        r"\catcode`\#=0",
        r"\href{javascript:x}{y}",
        r"\require{html}",
        r"\text{\input{x}}",
        r"\text{#read}",
        r"\text{$x$}",
        r"\mathrm{#read}",
        r"\operatorname{read('x')}",
        "#read",
        "a % b",
        'a " b',
        "^^5cinput",
        "<script>",
    ],
)
def test_mathematics_that_is_no_mathematics_is_refused(formula: str, display: bool) -> None:
    for body in (formula, f"L = w + {formula}"):
        text = f"$$\n{body}\n$$\n" if display else f"Let ${body}$ be.\n"
        with pytest.raises(SymgradError) as caught:
            solve(Exam.parse(text, "exam.md"))
        assert caught.value.at is not None
        assert caught.value.at.line == (2 if display else 1)


# Exams made to hang a reader: an answer, or a refusal in words


LARGE = {
    "one long line": "word " * 90_000,
    "formulas without end": "$x$ " * 20_000,
    "equations without end": "".join(f"$a_{{{k}}} = {k}$ " for k in range(1, 1500)),
    "brackets": "[" * 40_000,
    "pictures never closed": "![" * 20_000,
    "emphasis": "*a " * 40_000,
    "code never closed": "`a" * 40_000,
    "quotations": ">" * 40_000,
    "dollars": "$" * 40_000,
    "lists": "- " * 4_000 + "a",
    "headings": "".join(f"# H{k}\n\n$L = w x$\n\n" for k in range(700)),
    "headings one below the other": HOUSE
    + "".join(f"{'#' * (k % 6 + 1)} H\n" for k in range(5000)),
    "questions": HOUSE + f"$${ASK}$$\n\n" * 500,
    "a wide table": "|" + "a|" * 1000 + "\n|" + "-|" * 1000 + "\n|" + "b|" * 1000 + "\n",
    "a tower": "$$\nL = w + 9^{9^{9}}\n$$\n\n" + f"$${ASK}$$\n",
    "a tower of values": "$f = 9^{w^w}$, $w = 9$, $f = ?$\n",
    "a sum without end": r"$L = \sum_{i=1}^{1000000000} w_i x_i$, $\theta = ?$",
    "a long range": r"$z_i = w x_i, i = 1, \dots, 1000000000$, $L = z_1$" + f", ${ASK}$",
    "a recurrence without end": r"$z_i = w z_{i-1}, i = 1, \dots, 1000000000$, $L = z_9$",
    "braces": "$$\nL = " + "{" * 9_000 + "x" + "}" * 9_000 + "\n$$\n",
    "fractions": "$$\nL = " + r"\frac{1}{" * 1_900 + "x" + "}" * 1_900 + "\n$$\n",
    "a long formula": "$$\nL = " + "x + " * 100_000 + "x\n$$\n",
    "a long name": "$$\nL = \\mathrm{" + "a" * 15_000 + "} w\n$$\n\n" + f"$${ASK}$$\n",
    "many layers": "| Layer | Weights |\n|---|---|\n| INPUT 9x9x9 | 0 |\n"
    + "| CONV3-9 same | ? |\n" * 3_000,
    "functions that explode": "$f(x) = " + "x" + " x" * 11 + "$, $L = f(f(f(f(f(f(w))))))$",
}


@pytest.mark.parametrize("name", LARGE)
def test_no_exam_keeps_its_reader_busy_for_long(name: str) -> None:
    said = outcome(LARGE[name])
    assert re.match(r"(# )?exam|exam.md:\d+:\d+: found ", said)


def outcome(text: str) -> str:
    """The paper of an exam, or what is said against it."""
    try:
        return render(sheet(solve(Exam.parse(text, "exam.md")), "paper"), "md")
    except SymgradError as error:
        return error.headline()


@pytest.mark.parametrize(
    "name", ["align", "align*", "alignat", "gather", "gather*", "equation", "equation*"]
)
def test_environments_without_dollars_are_displays_of_every_printer(name: str) -> None:
    count = "{2}" * (name == "alignat")
    text = f"\\begin{{{name}}}{count}\nL = w x\n\\end{{{name}}}\n\n$${ASK}$$\n"
    solution = solve(Exam.parse(text))
    (display, _) = (item.block for item in solution.exam.root.items)
    assert isinstance(display, Display)
    inside = {"a": "aligned", "g": "gathered"}.get(name[0])
    wrapped = f"\\begin{{{inside}}}\nL = w x\n\\end{{{inside}}}" if inside else "L = w x"
    assert (display.latex, [a.latex for a in solution.answers]) == (wrapped, ["x"])
    assert pdf(sheet(solution, "solution")).startswith(b"%PDF")


NUMBERED = r"""$$
\begin{aligned}
z &= w x + b \tag{1} \\ % the unit
% L = nothing
L &= (z - y)^2 \label{eq:loss}
\end{aligned}
$$

$$
\frac{\partial L}{\partial w} = ? \tag{2}
$$
"""


def test_numbers_of_equations_and_comments_are_no_mathematics() -> None:
    (answer,) = solve(Exam.parse(NUMBERED)).answers
    assert answer.latex == r"2 (z - y)\, x"
    assert answer.question == r"\frac{\partial L}{\partial w}"
    assert all(t.macro not in ("tag", "label") for t in tokenize(NUMBERED.replace("$", "")))


@pytest.mark.parametrize(
    ("outer", "own", "a", "b", "points"),
    [
        (" (4 points)", False, " (1 point)", " (3 points)", [1, 3]),
        (" (4 points)", True, " (1 point)", " (2 points)", [1, 1, 2]),
        (" (4 points)", False, " (1 point)", "", [1, 3]),
        (" (4 points)", False, "", "", [2, 2]),
        (" (1 point)", True, " (2 points)", " (2 points)", [1, 2, 2]),
        ("", True, " (2 points)", "", [None, 2, None]),
    ],
)
def test_points_of_a_heading_hold_those_of_the_headings_in_it(
    outer: str, own: bool, a: str, b: str, points: list[int | None]
) -> None:
    asked = f"\n\n$${ASK}$$\n\n"
    text = f"{HOUSE}# A{outer}{asked if own else chr(10) * 2}## (a){a}{asked}## (b){b}{asked}"
    assert [x.points for x in solve(Exam.parse(text)).answers] == points
