"""What people hand in: every claim found, right ones never called wrong, slips named, points given."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt

from symgrad.assertion import Claim
from symgrad.cli import main
from symgrad.errors import SymgradError
from symgrad.exam import Exam
from symgrad.grade import check
from symgrad.mark import Report
from symgrad.render import render
from symgrad.report import lines, sheet
from symgrad.solve import solve
from symgrad.verdict import Differs, Equal, EqualExceptTies, Invalid, Missing, Undecided
from symgrad.work import Part, labelled, read_work, written

HERE = Path(__file__).parent
WORKS = HERE / "works"
MIDTERM = HERE.parent / "solutions" / "cs231n-2017-midterm" / "exam.md"


def against_midterm(name: str) -> Report:
    return check(read_work(WORKS / name), Exam.read(MIDTERM))


def judged(text: str, exam: str = "", part: str = "") -> list[Claim]:
    report = check(written(text), Exam.parse(exam) if exam else None, part)
    return [c for c in report.claims if c.verdict is not None]


def words(claims: list[Claim]) -> list[str]:
    return [c.verdict.name for c in claims if c.verdict is not None]


LINEAR = r"""# (a) (2 points)

$$z_i = \sum_{j=1}^{m} w_{ij} x_j, \quad i = 1, \dots, n, \quad \delta_i = \frac{\partial L}{\partial z_i}$$

$$\frac{\partial L}{\partial w_{ij}} = ? \qquad \frac{\partial L}{\partial x_j} = ?$$

# (b) (2 points)

$$\hat y = w v + a, \quad v = \tanh(u), \quad u = q x, \quad L = \tfrac12 (y - \hat y)^2$$

$$\frac{\partial L}{\partial w} = ? \qquad \frac{\partial L}{\partial q} = ?$$
"""


# -- whole works ----------------------------------------------------------------------------------


def test_all_right_in_other_words() -> None:
    report = against_midterm("right.md")
    assert not report.wrong
    assert report.summary["unread"] == 0
    missing = [a for a in report.answers if a.claim is None]
    assert all(r"\partial (" in a.question for a in missing)  # wires without a name
    assert report.summary["earned"] == 20.5


def test_one_slip_in_each() -> None:
    report = against_midterm("slips.tex")
    found = {
        (c.at.line, c.question): getattr(c.verdict, "slip", "")
        for c in report.claims
        if c.wrong and c.kind == "answer"
    }
    assert found == {
        (5, r"\frac{\partial f}{\partial w_0}"): "",
        (15, r"\frac{\partial L}{\partial w_1}"): "sign",
        (17, r"\frac{\partial L}{\partial a}"): "number",
        (21, r"\frac{\partial L}{\partial z_1}"): "indicator lost",
        (22, r"\frac{\partial L}{\partial z_2}"): "path forgotten",
        (23, r"\frac{\partial L}{\partial z_3}"): "indicator reversed",
        (26, r"\frac{\partial L}{\partial k_1}"): "path forgotten",
        (26, r"\frac{\partial L}{\partial k_2}"): "",
        (29, r"\frac{\partial L}{\partial k_j}"): "upper limit",
        (30, r"\frac{\partial L}{\partial x_l}"): "kernel not flipped",
    }
    right = [a.question for a in report.answers if isinstance(a.verdict, Equal)]
    assert right == [
        r"\frac{\partial f}{\partial x_0}",
        r"\text{CONV5-10: Activation memory}",
        r"\frac{\partial L}{\partial w_2}",
    ]


def test_nonsense_earns_nothing() -> None:
    report = against_midterm("nonsense.txt")
    assert report.summary["earned"] == 0
    assert not any(c.fine for c in report.claims)


def test_counts_in_prose() -> None:
    report = against_midterm("prose.txt")
    counts = [(c.at.line, c.latex, c.verdict.name) for c in report.claims if c.verdict]
    assert counts == [
        (3, "(32 - 5 + 2*2)/1 + 1 = 32", "Equal"),
        (4, "32 x 32 x 10", "Equal"),
        (4, "10 x (5x5x1 + 1)", "Equal"),
        (5, "(32-2)/2+1 = 16", "Equal"),
        (5, "16x16x10", "Equal"),
        (6, "0", "Equal"),
        (7, "16x16x10", "Equal"),
        (8, "10x(5x5x1+1)", "Differs"),
        (9, "640", "Equal"),
        (10, "6410", "Equal"),
    ]
    wrong = report.wrong[0]
    assert "2510, not 260" in wrong.verdict.message if wrong.verdict else False


# -- claims ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "verdicts"),
    [
        (r"(a) $\frac{\partial L}{\partial w_{ij}} = \delta_i x_j$", ["Equal"]),
        (r"(a) $\frac{\partial L}{\partial w_{kl}} = \delta_k x_l$", ["Equal"]),
        (r"(a) $\frac{\partial L}{\partial x_j} = \sum_{k=1}^n w_{kj} \delta_k$", ["Equal"]),
        (r"(a) $\frac{\partial L}{\partial x_j} = \sum_{k=1}^n w_{jk} \delta_k$", ["Differs"]),
        (r"(a) $\frac{\partial L}{\partial x_j} = \sum_{k=1}^m w_{kj} \delta_k$", ["Differs"]),
        (r"(b) $dL/dw = (\hat y - y) v$", ["Equal"]),
        (r"(b) $\frac{dL}{dw} = (\hat y - y) \tanh(q x)$", ["Equal"]),
        (r"(b) $\frac{\partial L}{\partial q} = (\hat y - y) w (1 - v^2) x$", ["Equal"]),
        (r"(b) $\frac{\partial L}{\partial q} = (\hat y - y) w (1 - v^2)$", ["Differs"]),
        (r"(b) $\frac{\partial L}{\partial w} = ?$", ["Missing"]),
        ("(b) dL/dw = (y_hat - y) * v", ["Equal"]),
        ("- dL/dw = (y_hat - y) * w", ["Differs"]),
        (r"(b) $1 + 1 = 2$ and $2 \cdot 3 = 5$, $1/3 = 0.33$", ["Equal", "Differs", "Equal"]),
        (r"(b) $\hat y = w \tanh(q x) + a$ again", ["Equal"]),
        (r"(b) $e = \hat y - y$, then $\frac{\partial L}{\partial w} = e v$", ["Equal"]),
        (r"(b) $\frac{\partial \hat y}{\partial u} = w (1 - v^2)$", ["Equal"]),
    ],
)
def test_a_claim_about_the_exam(text: str, verdicts: list[str]) -> None:
    assert words(judged(text, LINEAR)) == verdicts


def test_a_name_that_is_not_there_is_told_with_the_one_that_is_meant() -> None:
    exam = r"""# (c)

$$v_i = \max(z_i, 0), \quad i = 1, 2, \quad \delta_i = \frac{\partial L}{\partial v_i}$$

$$\frac{\partial L}{\partial z_2} = ?$$
"""
    (claim,) = judged(r"(c) $\frac{\partial L}{\partial z_2} = \delta_3 [z_2 > 0]$", exam)
    assert isinstance(claim.verdict, Invalid)
    assert r"$\delta_3$" in claim.verdict.message
    assert r"with $\delta_2$ in its place it is right" in claim.verdict.message
    (claim,) = judged(r"(c) $\frac{\partial L}{\partial z_2} = \gamma [z_2 > 0]$", exam)
    assert isinstance(claim.verdict, Undecided)
    assert r"found $\gamma$" in claim.verdict.message
    assert "it has $v$, $z_i$" in claim.verdict.message


def test_a_chain_is_judged_link_by_link_and_by_its_last_side() -> None:
    text = r"(b) $\frac{\partial L}{\partial w} = (y - \hat y) v = (\hat y - y) v$"
    claims = judged(text, LINEAR)
    assert [(c.kind, c.inner) for c in claims] == [
        ("answer", False),
        ("link", True),
        ("link", True),
    ]
    assert words(claims) == ["Equal", "Differs", "Differs"]
    assert "a step on the way is not" in claims[0].remarks[0]


def test_derivatives_left_are_no_answer() -> None:
    text = r"(b) $\frac{\partial L}{\partial w} = \frac{\partial L}{\partial \hat y} \frac{\partial \hat y}{\partial w}$"
    (claim,) = judged(text, LINEAR)
    assert isinstance(claim.verdict, Missing)


def test_an_answer_that_follows_from_an_earlier_mistake() -> None:
    text = r"""(b) $\frac{\partial L}{\partial \hat y} = y - \hat y$, hence
$\frac{\partial L}{\partial w} = (y - \hat y) v$."""
    report = check(written(text), Exam.parse(LINEAR))
    first, second = (c for c in report.claims if c.verdict)
    assert isinstance(first.verdict, Differs)
    assert not first.follows
    assert isinstance(second.verdict, Differs)
    assert second.follows
    graded = next(a for a in report.answers if a.claim is second)
    assert graded.earned == graded.points == 1


def test_ties_cost_points_where_the_exam_says_what_holds_there() -> None:
    exam = r"""# 1 (2 points)

$$v = \max(z, 0), \quad \frac{\partial v}{\partial z} = ?$$
"""
    work = written(r"1. $\frac{\partial v}{\partial z} = [z \ge 0]$")
    plain = check(work, Exam.parse(exam)).answers[0]
    assert isinstance(plain.verdict, EqualExceptTies)
    assert plain.earned == 2
    told = check(work, Exam.parse(f"---\nties: strict\n---\n{exam}")).answers[0]
    assert isinstance(told.verdict, EqualExceptTies)
    assert told.earned == 1


def test_a_gradient_by_another_writing_of_a_name_is_judged() -> None:
    text = r"$L = \frac12 (\log \sigma^2 + 1/\sigma^2)$, $s = \log \sigma^2$, $\frac{\partial L}{\partial s} = \frac12 (1 - e^{-s})$"
    assert isinstance(judged(text)[-1].verdict, Equal)
    assert isinstance(judged(text.replace("1 - e", "1 - 2 e"))[-1].verdict, Differs)


def test_a_work_without_an_exam_defines_its_own_network() -> None:
    text = r"""Let $q = x + y$ and $f = q z$, with $x = -2$, $y = 5$, $z = -4$.
Then $\frac{\partial f}{\partial q} = z = -4$ and $\frac{\partial f}{\partial z} = q = 4$."""
    assert words(judged(text)) == ["Equal", "Equal", "Equal", "Differs"]


def test_what_cannot_be_read_is_listed_and_does_not_stop_the_rest() -> None:
    text = r"""(b) $\frac{\partial L}{\partial w} = \frobnicate{x$ and $\frac{\partial L}{\partial w = 3$,
\[ \begin{aligned} \frac{\partial L}{\partial w} &= (\hat y - y) v \\ y &= \blah \end{aligned} \]
$\frac{\partial L}{\partial q}$ $=$ $\left( x = y$"""
    claims = judged(text, LINEAR)
    assert "Equal" in words(claims)
    unread = [c for c in claims if c.kind == "unread"]
    assert len(unread) >= 3
    assert all(c.at.line in (1, 2, 3) for c in unread)


def test_macros_of_the_document_are_put_in_and_bounded() -> None:
    text = r"""\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}}\newcommand\yh{\hat y}
(b) $\pd{L}{w} = (\yh - y) v$"""
    assert words(judged(text, LINEAR)) == ["Equal"]
    deep = "".join(
        rf"\newcommand{{\{a}}}{{\{b}\{b}}}"
        for a, b in zip("abcdefghijk", "bcdefghijkl", strict=False)
    )
    claims = judged(deep + "\n$\\a = 1$")
    assert [c.kind for c in claims] == ["unread"]
    assert "nested more than" in claims[0].verdict.message if claims[0].verdict else False
    loop = judged("\\newcommand{\\a}{\\a \\a}\n$\\a = 1$")
    assert [c.kind for c in loop] == ["unread"]


@pytest.mark.parametrize("command", [r"\def\x{1}", r"\input{a}", r"\write18{ls}", r"\csname x\endcsname", r"\catcode`\$=11"])  # fmt: skip
def test_commands_that_could_do_harm_are_refused_where_they_stand(command: str) -> None:
    (claim,) = judged(f"ok $x = {command} 1$")
    assert claim.kind == "unread"
    assert (claim.at.line, claim.at.column) == (1, 9)
    assert "expected mathematics" in claim.verdict.message if claim.verdict else False


# -- parts and plain text -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("## 3.1 Backpropagation", ("3.1", "")),
        ("3.3 (b) answer", ("3.3", "b")),
        ("(c) the rest", ("2", "c")),
        ("c) the rest", ("2", "c")),
        (r"\section*{3.2 Counting}", ("3.2", "")),
        (r"\paragraph{(a)} text", ("2", "a")),
        ("Question 4", ("4", "")),
        ("**(d)** so", ("2", "d")),
        ("Words about 3.1 things", ("2", "")),
        ("21.05.27 a date", ("2", "")),
        ("a = b", ("2", "")),
        ("I. Introduction", ("2", "")),
    ],
)
def test_labels_of_parts(line: str, part: tuple[str, str]) -> None:
    found = labelled(line, Part("2"))
    assert (found.number, found.letter) == part


# -- reports --------------------------------------------------------------------------------------


def test_json_names_every_claim_and_every_question(tmp_path: Path) -> None:
    out = CliRunner().invoke(
        main, ["check", str(WORKS / "slips.tex"), "--against", str(MIDTERM), "--json"]
    )
    assert out.exit_code == 1
    told = json.loads(out.output)
    assert set(told) == {"claims", "answers", "summary"}
    keys = {"line", "column", "latex", "kind", "question", "verdict", "by", "counterexample"}
    assert all(keys | {"ties", "slip", "message"} <= set(c) for c in told["claims"])
    assert all(
        set(a) == {"question", "part", "line", "points", "earned", "verdict"}
        for a in told["answers"]
    )
    hidden = CliRunner().invoke(
        main,
        ["check", str(WORKS / "slips.tex"), "--against", str(MIDTERM), "--json", "--no-answers"],
    )
    assert not any(c["right"] for c in json.loads(hidden.output)["claims"])


def test_exit_codes(tmp_path: Path) -> None:
    work = tmp_path / "work.md"
    work.write_text("$1 + 1 = 2$\n")
    assert CliRunner().invoke(main, ["check", str(work)]).exit_code == 0
    work.write_text("$1 + 1 = 3$\n")
    assert CliRunner().invoke(main, ["check", str(work)]).exit_code == 1
    assert CliRunner().invoke(main, ["check", str(tmp_path / "none.md")]).exit_code == 2
    work.write_bytes(b"\xff\xfe")
    assert CliRunner().invoke(main, ["check", str(work)]).exit_code == 2


HOSTILE = r"""<script>alert(1)</script> # no heading
(b) $\frac{\partial L}{\partial w} = <img src=x> \href{javascript:x}{y} #eval("1")$
`$x = 1$` $\text{</div><b>} x = 1$ $\mathrm{\#set page()} = 2$ | a | b |
$[x](http://x) = \text{$\write18{}$}$
"""


def test_nothing_of_a_work_is_injected_into_a_report() -> None:
    report = check(written(HOSTILE), Exam.parse(LINEAR))
    page = sheet(report)
    for target in ("md", "tex", "typ"):
        text = render(page, target)  # type: ignore[arg-type]
        assert "<script>" not in text
        if target == "md":
            tokens = MarkdownIt("commonmark").enable("table").parse(text)
            inline = [t for block in tokens for t in (block, *(block.children or ()))]
            assert not [t for t in inline if t.type in ("html_block", "html_inline", "link_open")]
        if target == "typ":
            assert "#eval" not in re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
        if target == "tex":
            assert not re.search(r"(?<!\\string)\\(write|href|input)(?![A-Za-z])", text)
    assert any("not read" in text for text, _ in lines(report))


def test_reports_are_typeset(tmp_path: Path) -> None:
    for name in ("right.md", "slips.tex", "nonsense.txt"):
        made = CliRunner().invoke(
            main,
            ["check", str(WORKS / name), "--against", str(MIDTERM), "--to", "pdf", "--to", "md",
             "--to", "tex", "-o", str(tmp_path)],
        )  # fmt: skip
        assert made.exit_code in (0, 1), made.output
    assert len(list(tmp_path.glob("*.report.pdf"))) == 3


def test_a_work_that_is_too_large_is_refused(tmp_path: Path) -> None:
    work = tmp_path / "work.md"
    work.write_bytes(b"x" * 2_000_001)
    with pytest.raises(SymgradError, match="split it"):
        read_work(work)


# -- as people write ------------------------------------------------------------------------------

MLP = r"""# 1

$$a_j = \sum_{i=1}^n W_{ji} x_i + b_j, \quad h_j = \max(0, a_j), \quad j = 1, \dots, m$$

$$o = \sum_{j=1}^m v_j h_j + c, \quad L = \tfrac12 (o - y)^2, \quad (x, y) \sim \mathcal D$$

## 1.1

$\theta = ?$

## 1.2

$\frac{\partial L}{\partial o} = ?$ $\frac{\partial L}{\partial v_j} = ?$

## 1.3

$\frac{\partial L}{\partial h_j} = ?$ $\frac{\partial L}{\partial a_j} = ?$
$\frac{\partial L}{\partial W_{ji}} = ?$ $\frac{\partial L}{\partial b_j} = ?$
"""

SOFTMAX = r"""# 2

$$s_k = \sum_{d=1}^D W_{kd} x_d, \quad k = 1, \dots, K, \quad p_k = \frac{e^{s_k}}{\sum_{c=1}^K e^{s_c}}$$

$$L = -\log p_y, \quad y \in \{1, \dots, K\}$$

$\frac{\partial L}{\partial s_k} = ?$ $\frac{\partial L}{\partial W_{kd}} = ?$
"""

CIRCUIT = r"""# 1

$$f = (x + y) z, \quad x = -2, \quad y = 5, \quad z = -4$$

$f = ?$

![circuit](f)
"""


@pytest.mark.parametrize(
    ("exam", "text", "answered"),
    [
        (MLP, "1.2 $\\delta_o = o-y$.\n\n1.3 $\\delta_j = \\delta_o v_j [a_j>0]$, "
         r"$\frac{\partial L}{\partial W_{ji}}=\delta_j x_i$, $\frac{\partial L}{\partial b_j}=\delta_j$", 2),
        (MLP, r"1.3 $\frac{\partial L}{\partial h_j} = e v_j$, where $e = o - y$", 1),
        (MLP, r"1.3 $\frac{\partial L}{\partial a_j}=(o-y)v_j[a_j>0]$, "
         r"$\frac{\partial L}{\partial b_j}=\frac{\partial L}{\partial a_j}$", 2),
        (MLP, r"1.3 $\delta_j = \frac{\partial L}{\partial a_j} = (o-y)v_j\mathbf 1_{a_j>0}$", 1),
        (MLP, r"1.3 $(o-y)v_j=\frac{\partial L}{\partial h_j}$", 1),
        (MLP, r"1.1 $\theta=\{\mathbf W,\mathbf b,\mathbf v,c\}$", 1),
        (MLP, r"1.1 $\theta = W, b, v, c$", 1),
        (MLP, r"1.1 The parameters are $W$, $b$, $v$, and $c$.", 1),
        (MLP, r"1.2 $\partial\mathcal L/\partial o = o - y$, $\frac{\partial \ell}{\partial v_j} = (o-y) h_j$", 2),
        (SOFTMAX, r"2 $\frac{\partial L}{\partial s_j} = p_j - [j=y]$", 1),
        (SOFTMAX, r"2 $\frac{\partial L}{\partial W_{kd}}=(p_k-\delta_{ky})x_d$", 1),
        (CIRCUIT, r"1 $\frac{\partial f}{\partial y} = z = -4$, $f=-12$", 2),
    ],
)  # fmt: skip
def test_right_answers_as_people_write_them(exam: str, text: str, answered: int) -> None:
    report = check(text, Exam.parse(exam))
    assert not report.wrong
    got = [a for a in report.answers if a.claim is not None]
    assert [type(a.verdict).__name__ for a in got] == ["Equal"] * answered


@pytest.mark.parametrize(
    "line",
    [
        "(3) 5 + 3 = 8",
        "a) 2 x 3 = 6",
        "(b) 5 x 5 x 2 = 50",
        "1. 5 + 3 = 8",
        "so 24x24x8 = 4608",
        "2 x 3 = 6",
        "Q1 (a) 2 * 4 = 8",
        "(3) * 5 = 15",
    ],
)
def test_a_label_before_arithmetic_is_no_factor(line: str) -> None:
    assert words(judged(line)) == ["Equal"]
    wrong = re.sub(r"\d+$", "7", line)
    assert words(judged(wrong)) == ["Differs"]


def test_a_recursion_of_the_works_own_is_no_definition_to_put_in() -> None:
    exam = r"""# 1

$$h_t = a h_{t-1} + b x_t, \quad t = 1, \dots, T, \quad h_0 = 0, \quad L = \tfrac12 (h_T - y)^2$$

$\frac{\partial L}{\partial a} = ?$
"""
    text = r"""1 $\delta_t=\frac{\partial L}{\partial h_t}$, $\delta_T=h_T-y$, $\delta_t=a\delta_{t+1}$;
$\frac{\partial L}{\partial a}=\sum_{t=1}^T\delta_t h_{t-1}$"""
    report = check(text, Exam.parse(exam))
    assert not report.wrong
    assert isinstance(report.answers[0].verdict, Equal)


@pytest.mark.parametrize(
    ("exam", "text"),
    [
        (MLP, r"1.3 $\frac{\partial L}{\partial a_j} = (o-y)v_j$ if $a_j>0$, $0$ otherwise"),
        (MLP, r"1.3 Let $G_{ji}=\frac{\partial L}{\partial W_{ji}}$, $\frac{\partial L}{\partial W_{ji}}=G_{ji}$"),
        (SOFTMAX, r"2 $\frac{\partial L}{\partial s_y}=p_y-1$"),
        (CIRCUIT, r"1 $\frac{\partial f}{\partial x} = y^2 - 29$"),
    ],
)  # fmt: skip
def test_what_is_no_answer_earns_nothing_and_is_not_called_wrong(exam: str, text: str) -> None:
    report = check(text, Exam.parse(exam))
    assert not any(isinstance(c.verdict, Differs) for c in report.claims)
    assert not any(isinstance(a.verdict, Equal) for a in report.answers)


def test_the_work_and_the_exam_are_never_written_over(tmp_path: Path) -> None:
    work, exam = tmp_path / "w.md", tmp_path / "exam.md"
    work.write_text("$1 + 1 = 2$\n")
    exam.write_text(CIRCUIT)
    for target in (work, exam):
        before = target.read_text()
        made = CliRunner().invoke(
            main, ["check", str(work), "--against", str(exam), "-o", str(target)]
        )
        assert made.exit_code == 2
        assert target.read_text() == before


def test_no_answers_gives_nothing_away() -> None:
    text = r"1.2 $\frac{\partial L}{\partial o} = y - o$"
    report = check(text, Exam.parse(MLP))
    told = "\n".join(line for line, _ in lines(report, answers=False))
    assert "lacks" not in told
    assert "Right is" not in told
    assert not report.json(answers=False)["claims"][0]["right"]


# -- displays and words beside formulas -----------------------------------------------------------


def display(*rows: str) -> str:
    return "(b) so\n\n\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}\n"


GRADIENT = r"\frac{\partial L}{\partial w}"


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([rf"{GRADIENT} &= \frac{{\partial L}}{{\partial \hat y}} v", r"&= \blah", r"&= (\hat y - y) v"],
         [(4, "link", "Equal"), (5, "unread", "Invalid"), (6, "answer", "Equal")]),
        ([rf"{GRADIENT} &= \blah", r"&= (\hat y - y)", r"&\quad \cdot v"],
         [(4, "unread", "Invalid"), (5, "answer", "Equal")]),
        ([rf"{GRADIENT} &= \blah", r"&= (\hat y - y) w"],
         [(4, "unread", "Invalid"), (5, "answer", "Differs")]),
        ([rf"{GRADIENT} &= (\hat y - y) +", r"&\quad \blah v"],
         [(5, "unread", "Invalid")]),
        ([rf"{GRADIENT} &= (y - \hat y) v", r"&= \blah"],
         [(4, "link", "Differs"), (5, "unread", "Invalid")]),
        ([r"\blah &= 3", r"&= 4", rf"{GRADIENT} &= (\hat y - y) v"],
         [(4, "unread", "Invalid"), (5, "unread", "Invalid"), (6, "answer", "Equal")]),
    ],
)  # fmt: skip
def test_a_chain_goes_on_behind_a_row_that_is_not_read(
    rows: list[str], found: list[tuple[int, str, str]]
) -> None:
    claims = judged(display(*rows), LINEAR)
    assert [(c.at.line, c.kind, c.verdict.name) for c in claims if c.verdict] == found


WRONG = rf"${GRADIENT} = (y - \hat y) v$"
RIGHT = rf"${GRADIENT} = (\hat y - y) v$"


@pytest.mark.parametrize(
    "text",
    [
        f"It is false that {WRONG}.",
        f"Wrong: {WRONG}",
        f"{WRONG} is wrong.",
        f"{WRONG} would be incorrect, since",
        f"A common mistake is {WRONG}",
        f"A common mistake is to write\n\n$${WRONG[1:-1]}$$",
        f"Instead of {WRONG} we have {RIGHT}.",
        f"It is not true that {WRONG}, so {RIGHT}.",
        f"{WRONG} 는 틀렸다. 따라서 {RIGHT}",
        f"흔히 하는 실수는 {WRONG} 이다. 그러므로 {RIGHT}",
        "it is wrong that dL/dw = (y - y_hat) v",
    ],
)
def test_what_is_said_to_be_false_is_no_claim(text: str) -> None:
    claims = judged(f"(b) {text}", LINEAR)
    assert claims[0].kind == "denied"
    assert not any(c.wrong for c in claims)
    assert words(claims[1:]) == ["Equal"] * text.count(RIGHT)


@pytest.mark.parametrize(
    "text",
    [
        f"The squared error is large, {WRONG}",
        f"We do not need the bias, so {WRONG}",
        f"Not that wrong. Now {WRONG}",
        f"It is wrong to stop here, but {WRONG}",
        f"The gradient is not zero: {WRONG}",
    ],
)
def test_other_words_take_nothing_back(text: str) -> None:
    assert words(judged(f"(b) {text}", LINEAR)) == ["Differs"]


def test_only_a_formula_that_was_taken_back_leaves_the_points_open() -> None:
    report = check(f"(b) I corrected my mistake: {RIGHT}", Exam.parse(LINEAR))
    first = next(a for a in report.answers if a.part == "(b)")
    assert first.earned is None


@pytest.mark.parametrize(
    "text",
    [
        "When the unit is active, $C$.",
        "$C$ if the unit fires.",
        "If $a_j$ is positive,\n$C$.",
        "$C$, provided that the unit is on",
        "유닛이 활성인 경우 $C$",
    ],
)
def test_a_formula_under_a_condition_in_words_is_not_called_wrong(text: str) -> None:
    for claim in (r"\frac{\partial L}{\partial a_j} = (o - y) v_j", r"\frac{\partial h_j}{\partial a_j} = 1"):  # fmt: skip
        (found,) = judged(f"1.3 {text.replace('C', claim)}", MLP)
        assert isinstance(found.verdict, Undecided)
        (found,) = judged(f"1.3 If so, good. We know that ${claim}$", MLP)
        assert isinstance(found.verdict, Differs)


# -- sums without limits --------------------------------------------------------------------------

INNER = r"""# 1

$$q = \sum_{i=1}^n a_i b_i, \quad L = \tfrac12 q^2$$

$\frac{\partial L}{\partial a_i} = ?$
"""


@pytest.mark.parametrize(
    ("exam", "formula", "verdict"),
    [
        (INNER, r"\frac{\partial L}{\partial a_j} = b_j \sum_i a_i b_i", "Equal"),
        (INNER, r"\frac{\partial L}{\partial a_j} = b_j^2 a_j + b_j \sum_{i \ne j} a_i b_i", "Equal"),
        (INNER, r"\frac{\partial L}{\partial a_j} = b_j \sum_{i \ne j} a_i b_i", "Differs"),
        (INNER, r"\sum_{k \neq i} a_k b_k = q - a_i b_i", "Equal"),
        (INNER, r"\sum_{k=1}^{n} [k \ne i] a_k b_k = q - a_i b_i", "Equal"),
        (INNER, r"\sum_{k \neq i} a_k b_k = q", "Differs"),
        (INNER, r"\sum_{k \in S} a_k = 1", "Invalid"),
        (SOFTMAX, r"\sum_{j \ne k} p_j = 1 - p_k", "Equal"),
        (SOFTMAX, r"\sum_k \sum_{j \ne k} p_j = K - 1", "Equal"),
        (LINEAR, r"\frac{\partial L}{\partial x_j} = \sum_k w_{kj} \delta_k", "Equal"),
        (LINEAR, r"\frac{\partial L}{\partial x_j} = \sum_k w_{jk} \delta_k", "Differs"),
        (LINEAR, r"\sum_k x_{2k} = 1", "Undecided"),
    ],
)  # fmt: skip
def test_a_sum_without_limits_runs_over_what_it_reads(
    exam: str, formula: str, verdict: str
) -> None:
    (claim,) = judged(f"${formula}$", exam)
    assert claim.verdict is not None
    assert claim.verdict.name == verdict or (verdict == "Equal" and claim.fine)
    assert (verdict == "Invalid") == (claim.kind == "unread")


# -- counts ---------------------------------------------------------------------------------------

STACK = """# 1

| Layer | Output size | Parameters |
| --- | --- | --- |
| INPUT 28×28×1 | | |
| CONV5-8 valid | ? | ? |
| POOL2 | ? | ? |
| CONV3-16 same | ? | ? |
| FC-10 | ? | ? |
"""


@pytest.mark.parametrize(
    ("text", "verdicts"),
    [
        ("CONV5-8 has 208 parameters. POOL2 has 0 parameters.", ["Equal", "Equal"]),
        ("CONV5-8 has 208 parameters, POOL2 has none, CONV3-16 has 1168 and FC-10 has 23 050 parameters.", ["Equal"] * 4),
        ("The parameters: CONV5-8: 208, POOL2: 0, CONV3-16: 1,168, FC-10: 23,050", ["Equal"] * 4),
        ("CONV5-8 has $208$ parameters, POOL2 has $0$ parameters.", ["Equal", "Equal"]),
        ("The output of CONV5-8 is 24x24x8 and that of POOL2 is 12x12x8.", ["Equal", "Equal"]),
        ("CONV5-8 has 200 parameters. POOL2 has 3 parameters.", ["Differs", "Differs"]),
        ("CONV5-8 has $5 \\times 5 \\times 8 + 8 = 208$ parameters.", ["Equal", "Equal"]),
        ("CONV5-8 has 208 parameters since its filters are 5x5.", ["Equal"]),
        ("CONV5-8 and POOL2 have 208 and 0 parameters.", ["Equal"]),
        ("POOL2 has no parameters, but CONV5-8 has 8 filters of 5x5.", ["Equal"]),
        ("| CONV5-8 | 24 x 24 x 8 | 208 |\n| POOL2 | 12×12×8 = 1152 | 0 (no weights) |\n| FC-10 | 10 | 23\u202f050 |", ["Equal"] * 6),
        ("| Layer | Parameters |\n| --- | --- |\n| CONV5-8 | 208 |\n| CONV3-16 (same) | 1.168 |\n| FC-10 | 10 |", ["Equal", "Equal", "Differs"]),
    ],
)  # fmt: skip
def test_counts_of_several_layers(text: str, verdicts: list[str]) -> None:
    report = check(f"1.\n\n{text}\n", Exam.parse(STACK))
    counts = [c for c in report.claims if c.verdict is not None]
    assert words(counts) == verdicts
    answered = [a for a in report.answers if a.claim is not None]
    assert len(answered) == len([c for c in counts if c.kind == "count"])


# -- places ---------------------------------------------------------------------------------------


def test_links_and_answers_stand_at_their_sides() -> None:
    text = display(rf"{GRADIENT} &= \frac{{\partial L}}{{\partial \hat y}} v", r"&= (y - \hat y) v", r"&= (\hat y - y) v")  # fmt: skip
    claims = judged(text, LINEAR)
    assert [(c.at.line, c.at.column, c.kind) for c in claims] == [
        (6, 4, "answer"),
        (4, 1, "link"),
        (4, 34, "link"),
        (5, 4, "link"),
    ]
    (claim,) = judged(r"(b) $\frac{\partial L}{\partial w} = (\hat y - y) v$", LINEAR)
    assert claim.at.column == 1 + claim.at.source.index("(", 5)


@pytest.mark.parametrize("ending", ["pdf", "md", "tex"])
def test_a_format_and_an_ending_that_differ_are_an_error(tmp_path: Path, ending: str) -> None:
    work = tmp_path / "work.md"
    work.write_text("$1 + 1 = 2$\n")
    for to in {"md", "tex", "pdf"} - {ending}:
        out = tmp_path / f"x.{ending}"
        made = CliRunner().invoke(main, ["check", str(work), "--to", to, "-o", str(out)])
        assert made.exit_code == 2
        assert not out.exists()


# -- two slips together ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exam", "claim", "slips"),
    [
        (LINEAR, r"\frac{\partial L}{\partial w} = -2 (\hat y - y) v", {"number", "sign"}),
        (LINEAR, r"\frac{\partial L}{\partial x_j} = -\sum_{i=1}^m w_{ij} \delta_i", {"sign", "upper limit"}),
        (LINEAR, r"\frac{\partial L}{\partial x_j} = \sum_{i=1}^m w_{ji} \delta_i", {"transposed", "upper limit"}),
        (MLP, r"\frac{\partial L}{\partial a_j} = (y - o) v_j", {"indicator lost", "sign"}),
        (MLP, r"\frac{\partial L}{\partial W_{ji}} = (o - y) v_j", {"factor forgotten", "indicator lost"}),
        (MLP, r"\frac{\partial L}{\partial o} = y - o", {"sign"}),
        (MLP, r"\frac{\partial L}{\partial o} = 7 y^3", set()),
    ],
)  # fmt: skip
def test_one_or_two_slips_explain_a_wrong_answer(exam: str, claim: str, slips: set[str]) -> None:
    report = check(f"${claim}$", Exam.parse(exam))
    (found,) = (c for c in report.claims if c.verdict is not None)
    assert isinstance(found.verdict, Differs)
    assert set(found.verdict.slip.split(" + ")) - {""} == slips
    told = [line for line, _ in lines(report)]
    assert sum("slip" in line for line in told) == 0


# -- as people write, once more -------------------------------------------------------------------

RESIDUAL = r"""# 1 A gated unit

$$a = u x + c, \quad g = \sigma(a), \quad m = v x, \quad o = g m, \quad L = \tfrac12 (o - t)^2, \quad (x, t) \sim \mathcal D$$

with $\sigma(z) = \frac{1}{1 + e^{-z}}$.

$$\frac{\partial L}{\partial v} = ?$$

# 2 Average pooling

$$y_i = \tfrac12 (x_{2i-1} + x_{2i}), \quad i = 1, \dots, n, \quad \epsilon_i = \frac{\partial L}{\partial y_i}$$

$$\frac{\partial L}{\partial x_{2i}} = ?$$

# 3 A layer

$$s_j = \max(0, h_j), \quad h_j = \sum_{i=1}^{d} A_{ji} r_i, \quad j = 1, \dots, p, \quad \varphi_j = \frac{\partial L}{\partial s_j}$$

$$\frac{\partial L}{\partial r_i} = ?$$
"""


@pytest.mark.parametrize(
    ("text", "verdicts"),
    [
        ("## 1\n" r"$\frac{\partial L}{\partial v} = (o - t) g x$. If $g \approx 1$ it is large.", ["Equal"]),
        ("Question 2\n∂L/∂x_{2i} = ½ εᵢ", ["Equal"]),
        ("Question 2\n∂L/∂x_{2i-1} = εᵢ/2", ["Equal"]),
        ("Question 2\n∂L/∂x_{2i} = εᵢ", ["Differs"]),
        ("Question 3\n∂L/∂rᵢ = Σⱼ Aⱼᵢ [hⱼ > 0] ϕⱼ", ["Equal"]),
        ("Question 3\n∂L/∂rᵢ = Σⱼ Aⱼᵢ [hⱼ ≥ 0] ϕⱼ", ["EqualExceptTies"]),
        (r"\newcommand{\ind}[1]{\mathbf{1}[#1]}" "\nQuestion 3\n"
         r"$\frac{\partial L}{\partial r_i} = \sum_j A_{ji} \ind{h_j > 0} \varphi_j$", ["Equal"]),
    ],
)  # fmt: skip
def test_signs_of_a_keyboard_and_macros_of_a_document(text: str, verdicts: list[str]) -> None:
    assert words(judged(text, RESIDUAL)) == verdicts


def test_the_number_at_the_start_of_a_heading_is_its_label() -> None:
    report = check(written("Question 3\n\n$1 = 1$"), Exam.parse(RESIDUAL))
    assert {a.part for a in report.answers} == {"1", "2", "3"}
    assert labelled("## 2 Average pooling", Part()).number == "2"
    assert labelled("2 layers are there", Part("9")).number == "9"
    assert labelled("# 3d convolution", Part()).number == ""


@pytest.mark.parametrize(
    "text",
    [
        r"$db^{[l]} = \frac1m \sum_{i=1}^m Z_i$",
        r"$dw = x d$",
        r"$t_i = \sum_k \frac{\partial E}{\partial Y_k} Y_k$",
        r"$y_i = w x_i$, $y_i = w^2 x_i + y_i$",
    ],
)
def test_a_formula_that_says_too_little_is_not_called_wrong(text: str) -> None:
    assert not any(c.wrong for c in judged(text) if c.kind != "unread")


# -- conditions beside formulas and questions -----------------------------------------------------

RAMP = r"""# 1 (4 points)

$$q = u v - c, \qquad L = \max(0, q)^2 + 3 u$$

$$\frac{\partial L}{\partial u} = ?$$
"""
CLASSES = r"""# 1 (4 points)

$$a_k, b_k \in \mathbb{R}, \quad t \in \{1, \dots, K\}, \quad k = 1, \dots, K$$

$$L = \sum_{k \ne t} (a_k b_k - a_t)^2$$

$$\frac{\partial L}{\partial a_k} = ? \quad k \ne t$$
"""


@pytest.mark.parametrize(
    ("exam", "text", "found"),
    [
        (RAMP, r"\frac{\partial L}{\partial u} = 2 q v + 3 \text{ for } q > 0", ["Equal"]),
        (RAMP, r"\frac{\partial L}{\partial u} = 2 q v + 3, \quad q > 0", ["Equal"]),
        (RAMP, r"\frac{\partial L}{\partial u} = 3 \text{ for } q < 0", ["Equal"]),
        (RAMP, r"\frac{\partial L}{\partial u} = 2 q v \text{ for } q > 0", ["Differs"]),
        (RAMP, r"\frac{\partial L}{\partial u} = 2 q v + 3 \text{ for } q < 0", ["Differs"]),
        (RAMP, r"\frac{\partial L}{\partial u} = 2 q v + 3 \text{ for } q > 0 \text{ or } q > 5", []),
        (CLASSES, r"\frac{\partial L}{\partial a_k} = 2 (a_k b_k - a_t) b_k", ["Equal"]),
        (CLASSES, r"\frac{\partial L}{\partial a_j} = 2 (a_j b_j - a_t) b_j, \quad j \ne t", ["Equal"]),
        (CLASSES, r"\frac{\partial L}{\partial a_k} = 2 (a_k b_k - a_t)", ["Differs"]),
    ],
)  # fmt: skip
def test_a_formula_is_judged_where_it_is_said_to_hold(
    exam: str, text: str, found: list[str]
) -> None:
    claims = judged(f"$${text}$$", exam)
    assert [c.verdict.name for c in claims if c.kind == "answer" and c.verdict] == found


def test_an_answer_for_some_values_leaves_its_points_open_where_all_are_asked_for() -> None:
    (some,) = check(
        r"$$\frac{\partial L}{\partial u} = 3 \text{ for } q < 0$$", Exam.parse(RAMP)
    ).answers
    assert some.earned is None
    (asked,) = check(
        r"$$\frac{\partial L}{\partial a_k} = 2 (a_k b_k - a_t) b_k$$", Exam.parse(CLASSES)
    ).answers
    assert asked.earned == 4


def test_where_a_question_asks_its_brackets_have_values() -> None:
    (answer,) = solve(Exam.parse(CLASSES)).answers
    assert answer.latex == r"2 (a_k b_k - a_t)\, b_k"


BEYOND = r"""# 1

$$z_i = \sum_{j=1}^{m} k_j x_{i+j-1}, \quad i = 1, \dots, n$$

$$\delta_i = \frac{\partial L}{\partial z_i}, \qquad \delta_i = 0 \text{ for } i < 1 \text{ or } i > n$$

$$\frac{\partial L}{\partial x_l} = ? \qquad \frac{\partial L}{\partial k_j} = ?$$
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"\frac{\partial L}{\partial x_l} = \sum_{j=1}^{m} \delta_{l-j+1} k_j", "Equal"),
        (r"\frac{\partial L}{\partial x_l} = \sum_{j=1}^{m} \frac{\partial L}{\partial z_{l-j+1}} k_j", "Equal"),
        (r"\frac{\partial L}{\partial x_l} = \sum_{j=1}^{m} \delta_{l-j} k_j", "Differs"),
        (r"\frac{\partial L}{\partial x_l} = \sum_{j=1}^{m} \delta_{l+j-1} k_j", "Differs"),
        (r"\frac{\partial L}{\partial k_j} = \sum_{i=1}^{n} \delta_i x_{i+j-1}", "Equal"),
    ],
)  # fmt: skip
def test_given_gradients_may_be_zero_beyond_their_range(text: str, found: str) -> None:
    (claim,) = judged(f"$${text}$$", BEYOND)
    assert words([claim]) == [found]


def test_an_index_that_only_a_bracket_has_is_no_unknown_name() -> None:
    exam = (
        r"$$p_k = \frac{e^{z_k}}{\sum_{l=1}^{K} e^{z_l}}, \quad k = 1, \dots, K$$"
        "\n\n"
        r"$$\frac{\partial p_k}{\partial z_j} = ?$$"
    )
    wrong = r"$$\frac{\partial p_k}{\partial z_j} = p_k ([k = j] - p_k)$$"
    assert words(judged(wrong, exam)) == ["Differs"]
