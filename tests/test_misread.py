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
        r"x^{(l)} = w^{(l)} x^{(l-1)}, l = 1, \dots, N, L = x^{(N)}",
        r"\partial L/\partial w^{(l)}",
        "1:1: found the index l in the label of x^{(l)}; expected a label that is no index; "
        "write it as a subscript, x_l",
    ),
    (
        r"z^{(l)}_j = \sum_i w^{(l)}_{ji} h^{(l-1)}_i, i = 1, \dots, n, j = 1, \dots, m",
        r"\partial z^{(l)}_j/\partial w^{(l)}_{ji}",
        "1:33: found - in the label of h^{(l-1)}_i; expected a label that is no index; "
        "write it as a subscript, h_{l-1,i}",
    ),
    (
        "h^{[l]} = w^{[l]} h^{[l-1]}",
        r"\partial h^{[l]}/\partial w^{[l]}",
        "1:19: found - in the label of h^{[l-1]}; expected a label that is no index; "
        "write it as a subscript, h_{l-1}",
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
