r"""Inverses and determinants: read, valued, differentiated, put back in matrix form, claimed."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations, product
from math import prod

import pytest
from judge import judged, network

from symgrad.api import Exam, Network
from symgrad.compare import equal
from symgrad.dual import Undefined
from symgrad.errors import SymgradError
from symgrad.evaluate import Point, Unrolled
from symgrad.expr import Num, Partial, Ref, num
from symgrad.notation import read_expression
from symgrad.witness import drawn

SQUARE = r"X, A, B \in \mathbb{R}^{n \times n}, a, b \in \mathbb{R}^n; "

GRADIENTS = {
    r"L = \log\det X": r"X^{-\top}",
    r"L = \det X": r"\det(X)\, X^{-\top}",
    r"L = \log(\det(X)^2)": r"2 X^{-\top}",
    r"L = \operatorname{tr}(X^{-1})": r"-X^{-\top} X^{-\top}",
    r"L = \operatorname{tr}(A X^{-1})": r"-X^{-\top} A^\top X^{-\top}",
    r"L = \operatorname{tr}(A X^{-1} B)": r"-X^{-\top} A^\top B^\top X^{-\top}",
    r"L = a^\top X^{-1} b": r"-X^{-\top} a b^\top X^{-\top}",
    r"L = a^\top X^{-\top} b": r"-X^{-\top} b a^\top X^{-\top}",
    r"L = \operatorname{tr}((X^\top)^{-1} A)": r"-X^{-\top} A X^{-\top}",
}


def entry(name: str, *at: int) -> Ref:
    return Ref(name, tuple(map(num, at)))


def matrix(n: int) -> list[list[Fraction]]:
    """What the oracle draws for X."""
    return [[Fraction(drawn(entry("X", i, j))) for j in range(1, n + 1)] for i in range(1, n + 1)]


def leibniz(m: list[list[Fraction]]) -> Fraction:
    """The determinant by its definition."""
    n = len(m)
    signs = {
        p: (-1) ** sum(p[i] > p[j] for j in range(n) for i in range(j))
        for p in permutations(range(n))
    }
    return sum((s * prod(m[i][p[i]] for i in range(n)) for p, s in signs.items()), Fraction(0))


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_the_oracle_knows_determinants_and_inverses(n: int) -> None:
    net = network(SQUARE + r"L = \det X, K = X^{-1}")
    judge = Unrolled(net, Point({"n": n}), drawn)
    m = matrix(n)
    assert judge.value(Ref("L")) == leibniz(m)
    inverse = [[judge.value(entry("K", i, j)) for j in range(1, n + 1)] for i in range(1, n + 1)]
    for i, j in product(range(n), repeat=2):
        assert sum(inverse[i][k] * m[k][j] for k in range(n)) == (i == j)


def sums(ref: Ref) -> Fraction:
    """A singular matrix, X_{ij} = i + j - 2."""
    return sum((k.value - 1 for k in ref.indices if isinstance(k, Num)), Fraction(0))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_determinant_moves_where_it_is_0(n: int) -> None:
    """Each cofactor of a singular matrix is the derivative of its determinant."""
    judge = Unrolled(network(SQUARE + r"L = \det X"), Point({"n": n}), sums)
    m = [[Fraction(i + j) for j in range(n)] for i in range(n)]
    for i, j in product(range(n), repeat=2):
        moved = [[x + ((r, c) == (i, j)) for c, x in enumerate(row)] for r, row in enumerate(m)]
        slope = judge.derivative(Ref("L"), entry("X", i + 1, j + 1))
        assert slope == leibniz(moved) - leibniz(m)


def test_a_singular_matrix_has_no_inverse() -> None:
    net = network(SQUARE + r"L = \det X, K = X^{-1}")
    judge = Unrolled(net, Point({"n": 2}), lambda ref: Fraction(1))
    assert judge.value(Ref("L")) == 0
    with pytest.raises(Undefined, match="whose determinant is 0"):
        judge.value(entry("K", 1, 1))


@pytest.mark.parametrize(("text", "expected"), GRADIENTS.items(), ids=GRADIENTS)
def test_gradients_in_matrix_form(text: str, expected: str) -> None:
    net = Network(SQUARE + text)
    answer = net.answer(r"\nabla_X L")
    assert answer.latex.replace(r"\, ", " ") == expected.replace(r"\, ", " ")
    found = equal(r"\nabla_X L", answer.latex, SQUARE + text)
    assert found.name == "Equal"
    wrong = equal(r"\nabla_X L", f"2 {answer.latex.lstrip('-')}", SQUARE + text)
    assert wrong.name == "Differs"


@pytest.mark.parametrize("text", GRADIENTS)
@pytest.mark.parametrize("n", [1, 2])
def test_each_entry_is_what_elimination_says(text: str, n: int) -> None:
    net = network(SQUARE + text.replace(r"\log\det X", r"\log (\det(X)^2)"))
    assert judged(net, Ref("L"), {"n": n}) == []


def test_matrices_that_equations_define() -> None:
    net = Network(r"B, J \in \mathbb{R}^{n \times n}; M = B B^\top + \lambda J, L = \log\det M")
    assert net.answer(r"\nabla_B L").latex == r"(M^{-\top} + M^{-1})\, B"
    net = Network(r"A \in \mathbb{R}^{n \times n}, b \in \mathbb{R}^n; x = A^{-1} b, L = \|x\|^2")
    assert net.answer(r"\nabla_b L").latex == r"2 A^{-\top} x"
    assert net.answer(r"\nabla_A L").latex == r"-2 A^{-\top} x b^\top A^{-\top}"


def test_one_entry_of_numbers() -> None:
    net = Network(r"X \in \mathbb{R}^{3 \times 3}; L = \det X")
    (answer,) = [net.answer(r"\frac{\partial L}{\partial X_{1,2}}")]
    assert answer.latex == r"\det(X)\, (X^{-1})_{2,1}"


def test_second_derivatives_go_through() -> None:
    net = Network(r"X \in \mathbb{R}^{n \times n}; L = \log\det X")
    answer = net.answer(r"\frac{\partial^2 L}{\partial X_{ij} \partial X_{kl}}")
    assert answer.latex == r"-(X^{-1})_{li}\, (X^{-1})_{jk}"


CLAIMS = [
    (r"\nabla_X L", r"-X^{-\top} A^\top X^{-\top}", "Equal"),
    (r"\nabla_X L", r"-(X^{-1} A X^{-1})^\top", "Equal"),
    (r"\nabla_X L", r"-X^{-1} A X^{-1}", "Differs"),
    (r"\nabla_X D", r"(X^\top)^{-1}", "Equal"),
    (r"\nabla_X D", r"X^{-1}", "Differs"),
    (r"X^{-1} X", r"\operatorname{diag}(\mathbf{1}_n)", "Agrees"),
    (r"X^{-1} X", r"2 \operatorname{diag}(\mathbf{1}_n)", "Differs"),
    (r"\det(X^\top)", r"\det(X)", "Equal"),
    (r"\det X", r"\operatorname{tr}(X)", "Differs"),
    (r"K", r"X^{-1}", "Equal"),
]
GIVEN = (
    r"X, A \in \mathbb{R}^{n \times n}; K = X^{-1}; L = \operatorname{tr}(A X^{-1}); "
    r"D = \log \det X"
)


@pytest.mark.parametrize(("a", "b", "verdict"), CLAIMS)
def test_claims(a: str, b: str, verdict: str) -> None:
    assert equal(a, b, GIVEN).name == verdict


def test_an_inverse_is_no_free_matrix() -> None:
    """What nothing links to X is refused: drawn by itself it would refute what is right."""
    found = equal(r"X^{-1} X", r"X X^{-1}", r"X \in \mathbb{R}^{n \times n}")
    assert found.name == "Invalid"
    assert "which the equations here do not have" in found.message


def test_a_symmetric_matrix_has_a_symmetric_inverse() -> None:
    assert equal(r"\nabla_X D", r"X^{-1}", GIVEN + r"; X = X^\top").name == "Agrees"


def test_numbers_keep_their_powers() -> None:
    assert read_expression(r"c^{-1}") == read_expression("c^{-1}")
    net = Network(r"L = c^{-1} x")
    assert net.answer(r"\frac{\partial L}{\partial x}").latex == "c^{-1}"


REFUSED = {
    r"X \in \mathbb{R}^{n \times m}; L = \log\det X": "expected a square matrix",
    r"A, B \in \mathbb{R}^{n \times n}; L = \det(A B)": "give the matrix a name, M = A B",
    r"A, B \in \mathbb{R}^{n \times n}; L = \operatorname{tr}((A + B)^{-1})": "give the matrix a name",
    r"a \in \mathbb{R}^{n}; L = \det a": "expected a square matrix",
    r"A \in \mathbb{R}^{n \times n}; L = \operatorname{tr}(A^{-2})": "the power A^{-2} of a matrix",
}


@pytest.mark.parametrize(("text", "because"), REFUSED.items(), ids=REFUSED)
def test_what_is_refused(text: str, because: str) -> None:
    with pytest.raises(SymgradError) as caught:
        Network(text)
    assert because in caught.value.headline()


def test_an_exam_asks_and_a_heading_shadows() -> None:
    text = (
        "$$X \\in \\mathbb{R}^{n \\times n}, f = \\log\\det X$$\n\n# A\n\n"
        "$$\\nabla_X f = ?$$\n\n# B\n\n$$g = \\operatorname{tr}(X^{-1})$$\n\n$$\\nabla_X g = ?$$\n"
    )
    found = [a.latex for a in Exam.parse(text, "exam.md").solve().answers]
    assert found == [r"X^{-\top}", r"-X^{-\top} X^{-\top}"]


def test_the_gaussian() -> None:
    net = Network(
        r"S \in \mathbb{R}^{n \times n}, x, \mu \in \mathbb{R}^n; u = x - \mu, "
        r"L = \frac12 \log\det S + \frac12 u^\top S^{-1} u"
    )
    goal = net.answer(r"\nabla_S L")
    assert isinstance(goal.whole and goal.whole.goal, Partial)
    assert goal.latex == r"\frac{1}{2} S^{-\top} - \frac{1}{2} S^{-\top} u u^\top S^{-\top}"
