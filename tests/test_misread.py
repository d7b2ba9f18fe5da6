"""What looks readable and means something else: refused, or read as it is meant."""

from __future__ import annotations

import pytest

from symgrad.api import Exam, Network
from symgrad.errors import SymgradError


def refused(equations: str, question: str) -> str:
    """What is said of a question in the terminal."""
    with pytest.raises(SymgradError) as caught:
        Network(equations).answer(question)
    return caught.value.headline()


def refused_exam(text: str) -> str:
    """What is said of an exam."""
    with pytest.raises(SymgradError) as caught:
        Exam.parse(text, "exam.md").solve()
    return caught.value.headline()


def answers(text: str) -> list[str]:
    """The answers of an exam."""
    return [a.latex for a in Exam.parse(text, "exam.md").solve().answers]


# Indices in superscripts

LAYERS = [
    (
        r"z^{(l)}_j = \sum_i w^{(l)}_{ji} h^{(l-1)}_i, i = 1, \dots, n, j = 1, \dots, m",
        r"\partial z^{(l)}_j/\partial w^{(l)}_{ji}",
        "1:33: found - in the label of h^{(l-1)}_i; expected a label that is no index; "
        "write it as a subscript, h_{l-1,i}",
    ),
    (
        "h^{(1)} = w x, z^{(l)} = w h^{(l-1)}, E = z^{(2)}",
        r"\partial E/\partial w",
        "1:28: found - in the label of h^{(l-1)}; expected a label that is no index; "
        "write it as a subscript, h_{l-1}",
    ),
    (
        "h^{(l)} = w x, L = h^{(2)}",
        r"\partial L/\partial w",
        "1:1: found the letter l in the label of h^{(l)} beside h^{(2)}, which nothing defines; "
        "expected a label that is no index; write it as a subscript, h_l",
    ),
]


@pytest.mark.parametrize(("equations", "question", "message"), LAYERS)
def test_an_index_in_a_superscript_is_refused(equations: str, question: str, message: str) -> None:
    assert refused(equations, question) == f"<equations>:{message}"


def test_a_label_in_a_superscript_is_part_of_a_name() -> None:
    equations = "h^{(1)} = w^{(1)} x, h^{(2)} = w^{(2)} h^{(1)}, L = h^{(2)} + a^{(h)}"
    assert Network(equations).answer(r"\partial L/\partial w^{(1)}").latex == "w^{(2)} x"
    assert Network("z^{(l)} = w^{(l)} x").answer(r"\partial z^{(l)}/\partial w^{(l)}").latex == "x"
    assert Network("y^{(a)} = w y^{(0)}").answer(r"\partial y^{(a)}/\partial y^{(0)}").latex == "w"


# Question marks in boxes

BLANKS = [
    r"\text{?}",
    r"\boxed{?}",
    "{?}",
    r"\underline{?}",
    r"\fbox{?}",
    r"\boxed{\ \text{ ? }\,}",
]


@pytest.mark.parametrize("blank", BLANKS)
def test_a_question_mark_in_a_box_asks(blank: str) -> None:
    text = rf"$$u = x^2, \quad \frac{{\partial u}}{{\partial x}} = {blank}$$"
    assert answers(text) == ["2 x"]
    table = f"| Layer | Weights |\n|---|---|\n| INPUT 4 | 0 |\n| FC-2 | ${blank}$ |\n"
    assert len(answers(table)) == 1
    assert answers(rf"$u = x^2$ and $\frac{{\partial u}}{{\partial x}} = {blank}$.") == ["2 x"]


def test_a_question_mark_in_a_box_stands_alone() -> None:
    message = "1:11: found ? inside a formula; a ? stands alone as one side of an equation"
    assert refused_exam(r"$$u = x + \boxed{?}$$") == f"exam.md:{message}"


# Given gradients beside equations


def test_a_number_given_for_a_gradient_contradicts_the_equations() -> None:
    message = (
        r"found the given gradient \frac{\partial L}{\partial z} = 2 beside an equation of L, "
        r"expected one of them; give it a name, \delta = \frac{\partial L}{\partial z}, or drop "
        "the equation"
    )
    given = r"z = w x; L = z^2; \frac{\partial L}{\partial z} = 2"
    assert refused(given, r"\partial L/\partial w") == f"<equations>:1:19: {message}"
    below = "$$\\frac{\\partial L}{\\partial z} = 2, z = w x$$\n\n# A\n\n$L = z^2$"
    assert refused_exam(below).endswith(message)
    prose = r"$u = x^2$, $\frac{\partial u}{\partial x} = 7$. $L = 3u$, $\partial L/\partial x = ?$"
    assert "beside an equation of u" in refused_exam(prose)


def test_a_value_of_a_named_gradient_agrees_with_the_equations() -> None:
    given = r"z = w x; L = z^2; \delta = \frac{\partial L}{\partial z}; w = 1; x = 3; \delta = "
    assert Network(given + "6").answer(r"\partial L/\partial w").value == 18
    assert refused(given + "2", r"\partial L/\partial w") == (
        r"<question>:1:1: found \delta = 2 for \frac{\partial L}{\partial z}, expected 6, which "
        r"the equations make it; drop the value of \delta, or the equation of L"
    )


def test_a_gradient_that_is_given_and_no_more_is_used() -> None:
    given = r"z = w x; \frac{\partial L}{\partial z} = 2"
    assert Network(given).answer(r"\partial L/\partial w").latex == "2 x"
    named = r"z = w x; L = z^2; \delta = \frac{\partial L}{\partial z}"
    assert Network(named).answer(r"\partial L/\partial w").latex == r"\delta x"


# Slips


SLIPS = [
    (
        "z = w x, L = (z - y)^2",
        r"\partial z/\partial L",
        "<question>:1:1: found a gradient of z by L, which is computed from z; expected a gradient "
        "by what z is computed from; write the fraction the other way round, "
        r"\frac{\partial L}{\partial z}",
    ),
    (
        "L = 1.2.3 x",
        r"\partial L/\partial x",
        "<equations>:1:5: found 1.2.3, expected a number with one point; write 1.2 or 1.23",
    ),
    (
        "L = x3",
        r"\partial L/\partial x",
        "<equations>:1:5: found x3, a name with an index or a product; write x_3 or 3 x",
    ),
    (
        "L = w12 x",
        r"\partial L/\partial x",
        "<equations>:1:5: found w12, a name with an index or a product; write w_{12} or 12 w",
    ),
    (
        "L = (-1)^x",
        r"\partial L/\partial x",
        "<question>:1:1: found (-1)^x differentiated by its exponent, expected a positive base; "
        "correct the base",
    ),
    (
        "L = 0^x",
        r"\partial L/\partial x",
        "<question>:1:1: found 0^x differentiated by its exponent, expected a positive base; "
        "correct the base",
    ),
]


@pytest.mark.parametrize(("equations", "question", "message"), SLIPS)
def test_a_slip_is_refused(equations: str, question: str, message: str) -> None:
    assert refused(equations, question) == message


def test_what_only_looks_like_a_slip_is_read() -> None:
    answer = Network(r"L = \frac12 x 3 + \sum_{i=1}^n2y_i").answer(r"\partial L/\partial y_i")
    assert answer.latex == "2"
    assert Network("L = 2^x w_{12}").answer(r"\partial L/\partial w_{12}").latex == "2^x"


# Questions that would be lost


LOST = [
    (
        "$L = w x$. Find $\\partial L/\\partial w$ = ?",
        "1:41: found '= ?' among words, expected the question inside the formula; put = ? between "
        r"the dollar signs, $\frac{\partial L}{\partial w} = ?$",
    ),
    (
        "Let\n\\[ L = w x \\] and",
        r"2:1: found \[ among words, which Markdown prints as [; expected a formula between dollar "
        r"signs; write $$ … $$ for \[ … \]",
    ),
    (
        "Let\n\n\\[\nL = w x\n\\]",
        r"3:1: found \[ among words, which Markdown prints as [; expected a formula between dollar "
        r"signs; write $$ … $$ for \[ … \]",
    ),
    (
        "- Let `\\(a\\)` be\n- now \\(L = w x\\) it",
        r"2:7: found \( among words, which Markdown prints as (; expected a formula between dollar "
        r"signs; write $ … $ for \( … \)",
    ),
    (
        "- a\n\n      $L = ?$",
        "3:7: found a question in indented lines, which Markdown prints as code; expected it in a "
        "formula; indent it less, or put three backquotes around what is code",
    ),
    (
        "Pay $5. Then $x = 2$ and ask $x = ?$",
        r"1:5: found '$5. Then ', expected a formula between two $; write \$ for a dollar sign "
        "that opens no formula",
    ),
    (
        "Pay $5 and see that $x = 2$.",
        r"1:5: found '$5 and see that ', expected a formula between two $; write \$ for a dollar "
        "sign that opens no formula",
    ),
]


@pytest.mark.parametrize(("text", "message"), LOST)
def test_a_question_is_not_lost(text: str, message: str) -> None:
    assert refused_exam(text) == f"exam.md:{message}"


def test_brackets_of_prose_are_prose() -> None:
    text = "It gives \\[2 points\\] for $\\frac{a}{b}$, `\\[x = 1\\]` and [a\\[0\\]](http://x.org)."
    assert answers(text) == []


# Names of gradients


def test_a_name_of_a_gradient_is_asked_for() -> None:
    given = r"$z = w x, L = z^2, \delta = \frac{\partial L}{\partial z}$. "
    assert answers(given + r"$\delta = ?$ $\partial L/\partial w = ?$") == ["2 z", r"\delta x"]
    many = (
        r"$z_i = w_i x_i, i = 1, \dots, n, L = \sum_i z_i^2$, "
        r"$\delta_i = \frac{\partial L}{\partial z_i}$. "
    )
    assert answers(many + r"$\delta_1 = ?$ $\delta_i = ?$") == ["2 z_1", "2 z_i"]


def test_a_gradient_that_is_given_has_no_answer() -> None:
    assert refused(r"z = w x, \delta = \frac{\partial L}{\partial z}", r"\delta") == (
        r"<question>:1:1: found a question about \delta, which is given as "
        r"\frac{\partial L}{\partial z}; expected an equation of L; define L, or ask for another "
        "gradient"
    )


# Prose


def test_an_interval_in_prose_is_prose() -> None:
    text = r"For $x \in [0, 1)$ and $k \in \mathbb N$: $L = w x, \partial L/\partial w = ?$"
    assert answers(text) == ["x"]


@pytest.mark.parametrize("formula", [r"(x, y) \in \mathcal D", r"W \in [0, 1]^n", r"i \in [n]"])
def test_what_may_declare_something_is_no_prose(formula: str) -> None:
    assert "found" in refused_exam(f"Here ${formula}$.")


def test_an_interval_of_an_index_is_no_prose() -> None:
    assert "found" in refused_exam("$i = 1, \\dots, n$\n\n# A\n\nHere $i \\in [1, m]$.")


def test_two_displays_in_one_line_are_read() -> None:
    assert answers("$$a = 1$$ $$b = a + 2$$\n\n$b = ?$") == ["3"]
    assert answers("- $$a = 1$$ $$b = a + 2$$\n\n  $b = ?$") == ["3"]


# Messages


TABLE = "\n\n| Layer | Parameters |\n|---|---|\n| INPUT 32×32×1 | 0 |\n| CONV5-10 | ? |\n"


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("Small. Here it is.\n\nThere are no biases.", "5:11"),
        ("The net of $x$ is small.\nThere are no biases. And", "4:11"),
        ("Small.\n\n- one\n- There are no biases", "6:13"),
    ],
)
def test_a_sentence_has_its_place(words: str, place: str) -> None:
    assert refused_exam(f"# A\n\n{words}{TABLE}").startswith(f"exam.md:{place}: found 'no biases'")


def test_a_header_is_quoted_as_it_stands() -> None:
    text = (
        "| Layer | $\\partial L/\\partial w$ |\n|---|---|\n| INPUT 32×32×1 | 0 |\n| FC-10 | ? |\n"
    )
    assert r"found the header '$\partial L/\partial w$'," in refused_exam(text)


@pytest.mark.parametrize(
    ("formula", "hint"),
    [
        (r"L = \bm{w}", r"write \boldsymbol"),
        (r"L = w \bmod 2", "write two equations, one for the entries that wrap"),
        (r"L \ll w", "write it with the macros of the notation"),
        (r"L = \overset{a}{w}", "write it with the macros of the notation"),
        (r"L = \color{red} w", "write it with the macros of the notation"),
        (r"L = \thta", r"did you mean \theta?"),
    ],
)
def test_only_what_is_read_is_suggested(formula: str, hint: str) -> None:
    assert refused_exam(f"$${formula}$$").endswith(f"; {hint}")


def test_no_far_macro_is_suggested_in_prose() -> None:
    hint = "; remove it or write it another way"
    assert refused_exam(r"Say ${\color{red} x}$ now.").endswith(hint)


def test_an_index_that_names_a_tensor_may_be_a_label() -> None:
    equations = r"f_t = \tanh(w_f x_t), t = 1, \dots, T"
    assert r"if it is a part of the name, write w_{\text{f}}; of an index, state" in refused(
        equations, "f_1"
    )
