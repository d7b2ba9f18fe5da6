"""The public names, and what notebooks do with them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sympy
from sympy import Eq, IndexedBase, Piecewise, Sum, symbols, tanh

import symgrad
from symgrad import Exam, Network, SymgradError, count_layers
from symgrad.count import Kind

CONV = (
    r"z_i = \sum_{j=1}^{m} k_j x_{i+j-1} + b, \quad i = 1, \dots, n",
    r"\delta_i = \frac{\partial L}{\partial z_i}",
)
QUIZ = "# Part (2 points)\n\n$$L = (y - w x)^2$$\n\n$$\\frac{\\partial L}{\\partial w} = ?$$\n"


def test_every_public_name_is_there_and_documented() -> None:
    for name in symgrad.__all__:
        assert getattr(symgrad, name).__doc__, name
    assert set(symgrad.__all__) <= set(dir(symgrad))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'gradient'"):
        _ = symgrad.gradient  # type: ignore[attr-defined]


def test_importing_the_package_loads_no_mathematics() -> None:
    code = (
        "import sys, symgrad; "
        "print(sorted({'sympy', 'islpy', 'lark', 'typst', 'symgrad.expr'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_solving_an_exam_loads_no_sympy() -> None:
    code = (
        "import sys; from symgrad import Exam; "
        f"Exam.parse({QUIZ!r}).solve().markdown(); print('sympy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_gradient_as_sympy_as_latex_and_as_steps() -> None:
    found = Network(*CONV, data="x").gradient("L", "k_j")
    i, j, n = symbols("i j n")
    delta, x = IndexedBase("delta"), IndexedBase("x")
    assert found.result == Sum(delta[i] * x[i + j - 1], (i, 1, n))
    assert found.latex().startswith(r"\frac{\partial L}{\partial k_j} = ")
    assert found._repr_latex_() == rf"$\displaystyle {found.latex()}$"
    assert [s.rule for s in found.steps] == ["chain-rule", "substitute"]


def test_parameters_are_names_one_can_ask_for() -> None:
    net = Network("z = w_1 x + b", "L = (y - z)^2", r"(x, y) \sim \mathcal D")
    assert net.parameters == ("w_1", "b")
    for name in net.parameters:
        assert net.gradient("L", name).answer is not None


def test_text_and_sympy_give_the_same_gradients() -> None:
    w, x, y, b, h, L = symbols("w x y b h L")
    from_text = Network(r"h = \tanh(w x + b)", r"L = \frac12 (h - y)^2")
    from_sympy = Network.from_sympy([Eq(h, tanh(w * x + b)), Eq(L, (h - y) ** 2 / 2)])
    for name in (w, x, b):
        same = from_text.gradient("L", str(name)).result - from_sympy.gradient(L, name).result
        assert sympy.expand(same) == 0


def test_sympy_equations_with_indices() -> None:
    i, j, n, m, L = symbols("i j n m L")
    z, k, x, c = (IndexedBase(s) for s in "zkxc")
    net = Network.from_sympy(
        [Eq(z[i], Sum(k[j] * x[i + j - 1], (j, 1, m))), Eq(L, Sum(c[i] * z[i], (i, 1, n)))],
        ranges={"i": (1, "n")},
    )
    found = net.gradient(L, k[j]).result
    sizes = {n: 3, m: 2}
    for at in (1, 2):
        expected = sum(c[t] * x[t + at - 1] for t in (1, 2, 3))
        assert sympy.expand(found.subs(sizes).subs(j, at).doit() - expected) == 0


def test_a_maximum_is_a_bracket_and_a_bracket_a_piecewise() -> None:
    z = symbols("z")
    found = Network(r"h = \max(0, z)").gradient("h", "z").result
    assert found == Piecewise((1, z > 0), (0, True))


def test_values_make_numbers() -> None:
    net = Network(r"f = w x, \quad w = 2, \quad x = 3")
    assert net.answer("f = ?").value == 6
    assert net.answer(r"\frac{\partial f}{\partial w}").value == 3


def test_parameters_are_a_question_too() -> None:
    assert Network(*CONV, data="x").answer(r"\theta = ?").latex == r"k_1, \dots, k_m, b"


@pytest.mark.parametrize(
    ("of", "by", "message"),
    [
        (
            "L",
            "q",
            r"<question>:1:1: found a gradient by q, which occurs in no equation; expected a name",
        ),
        ("M", "w", "found a gradient of M, which nothing defines; expected a defined name"),
        ("L", "2 w", "found 2 w, expected a name such as w_1"),
        ("L", "w, x", "<question>:1:1: found 2 statements, expected one question; ask for one"),
        ("L", r"\hta", r"<question>:1:1: found \hta, expected a macro symgrad reads"),
    ],
)
def test_questions_that_make_no_sense(of: str, by: str, message: str) -> None:
    with pytest.raises(SymgradError) as caught:
        Network("L = (y - w x)^2").gradient(of, by)
    assert message.removeprefix("<question>:1:1: ") in str(caught.value)


def test_sympy_that_is_no_equation() -> None:
    with pytest.raises(
        SymgradError, match=r"found w x, expected an equation Eq\(target, formula\)"
    ):
        Network.from_sympy([symbols("w") * symbols("x")])


def test_an_exam_from_file_to_sheets(tmp_path: Path) -> None:
    file = tmp_path / "exam.md"
    file.write_text(QUIZ, encoding="utf-8")
    solution = Exam.read(file).solve()
    assert [a.latex for a in solution.answers] == [r"2 (w x - y)\, x"]
    assert solution.answers[0].points == 2
    written = solution.write(tmp_path / "out", ("key", "paper"), ("md", "tex"))
    assert sorted(p.name for p in written) == ["key.md", "key.tex", "paper.md", "paper.tex"]
    assert all(p.read_text(encoding="utf-8") for p in written)
    assert solution.markdown("key") == (tmp_path / "out" / "key.md").read_text(encoding="utf-8")
    assert solution.sheet("paper").kind == "paper"


def test_layers_are_counted() -> None:
    found = count_layers("INPUT 32x32x1; CONV5-10; POOL2")
    assert [r.cells[Kind.MEMORY].value for r in found.rows] == [1024, 10240, 2560]
    with pytest.raises(SymgradError, match="<layers>:1:16: found 'CONF'"):
        count_layers("INPUT 32x32x1; CONF")


def test_a_network_shows_its_equations_in_a_notebook() -> None:
    assert r"L &= (y - w x)^2" in Network("L = (y - w x)^2")._repr_latex_()
