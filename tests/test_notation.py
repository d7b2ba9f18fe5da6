r"""The maths reader: every spelling of the notation, the round trip, and every refusal."""

# ruff: noqa: E741, SIM905 (tables of formulas and of whole messages)

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from symgrad.errors import NotationError, Place
from symgrad.expr import (
    Add,
    And,
    Bound,
    Call,
    Cases,
    Div,
    Expr,
    Iverson,
    Mul,
    Neg,
    Num,
    Partial,
    Pow,
    Reduce,
    Ref,
    Rel,
    children,
    num,
    rebuild,
)
from symgrad.latex import latex
from symgrad.notation import Data, Formula, Listing, Ranges, Shape, read, read_expression
from symgrad.reading import grammar
from symgrad.reading.scan import scan

a, b, c, d, i, j, k, l, m, n, p, s, t, w, x, y, z = (Ref(v) for v in "abcdijklmnpstwxyz")
L, N, W = Ref("L"), Ref("N"), Ref("W")
HALF = Div(num(1), num(2))


def at(name: str, *indices: Expr) -> Ref:
    return Ref(name, indices)


def f(fn: str, *args: Expr) -> Call:
    return Call(fn, args)


def total(op: str, bounds: Bound | tuple[Bound, ...], body: Expr) -> Reduce:
    return Reduce(op, bounds if isinstance(bounds, tuple) else (bounds,), body)


POSITIVE = Iverson(Rel(">", z, num(0)))

EXPRESSIONS: list[tuple[str, Expr]] = [
    # numbers
    ("3", num(3)),
    ("0.5", Num(Fraction(1, 2), "0.5")),
    ("290{,}400", num(290400)),
    (r"10\,240", num(10240)),
    (r"2\,x", Mul((num(2), x))),
    # names
    (r"\hat y", Ref(r"\hat y")),
    (r"\hat{y}", Ref(r"\hat y")),
    (r"\hat{y_i}", at(r"\hat y", i)),
    (r"\hat{y}_i", at(r"\hat y", i)),
    (r"\hat{\mathbf y}", Ref(r"\hat{\mathbf y}")),
    (r"\bar\theta", Ref(r"\bar \theta")),
    (r"\mathbf{w}", Ref(r"\mathbf w")),
    (r"\mathcal L", Ref(r"\mathcal L")),
    (r"\boldsymbol{\theta}_t", at(r"\boldsymbol \theta", t)),
    (r"\mathrm{loss}", Ref(r"\mathrm{loss}")),
    (r"\text{loss}", Ref(r"\mathrm{loss}")),
    (r"2 \cdot \text{loss}", Mul((num(2), Ref(r"\mathrm{loss}")))),
    (r"\operatorname{loss}", Ref(r"\mathrm{loss}")),
    (r"\ell", Ref(r"\ell")),
    ("z'", Ref("z'")),
    (r"z^{\prime}", Ref("z'")),
    ("z'_i", at("z'", i)),
    ("z_i'", at("z'", i)),
    ("α × β − γ", Add((Mul((Ref(r"\alpha"), Ref(r"\beta"))), Neg(Ref(r"\gamma"))))),
    ("e + e_i^2", Add((Ref("e"), Pow(at("e", i), num(2))))),
    # superscripts
    ("W^{(1)}", Ref("W^{(1)}")),
    ("W^{[l]}", Ref("W^{[l]}")),
    ("W^{(l-1)}", Ref("W^{(l-1)}")),
    (r"x^{\text{new}}", Ref(r"x^{\text{new}}")),
    (r"\theta^*", Ref(r"\theta^*")),
    ("x^+ + x^{+}", Add((Ref("x^+"), Ref("x^+")))),
    ("W^{(1)}_{ij}", at("W^{(1)}", i, j)),
    ("W_{ij}^{(1)}", at("W^{(1)}", i, j)),
    ("x_i^2", Pow(at("x", i), num(2))),
    ("x^2_i", Pow(at("x", i), num(2))),
    ("{W^{(1)}}^2", Pow(Ref("W^{(1)}"), num(2))),
    ("p^{(1-y)}", Pow(p, Add((num(1), Neg(y))))),
    ("9^{9^{9}}", Pow(num(9), Pow(num(9), num(9)))),
    # subscripts
    ("x_{i+j-1}", at("x", Add((i, j, Neg(num(1)))))),
    ("W_{ij}", at("W", i, j)),
    ("W_{i,j}", at("W", i, j)),
    ("W_{i j}", at("W", i, j)),
    ("W_{dij}", at("W", d, i, j)),
    ("W_{i1}", at("W", i, num(1))),
    ("W_{(i+a)(j+b)}", at("W", Add((i, a)), Add((j, b)))),
    ("x_{2j+k}", at("x", Add((Mul((num(2), j)), k)))),
    ("x_{2i}", at("x", Mul((num(2), i)))),
    ("x_{12}", at("x", num(12))),
    ("x_{-1}", at("x", Neg(num(1)))),
    (r"x_{i \cdot s}", at("x", Mul((i, s)))),
    ("x_{s(i-1)+j}", at("x", Add((Mul((s, Add((i, Neg(num(1)))))), j)))),
    (r"x_{\text{in}}", Ref(r"x_{\text{in}}")),
    (r"x_{\mathrm{in}}", Ref(r"x_{\text{in}}")),
    (r"x_{\text{in},i}", at(r"x_{\text{in}}", i)),
    ("x_{c_t}", at("x", at("c", t))),
    (r"x_{\min(i, n)}", at("x", f("min", i, n))),
    # fractions, roots, products
    (r"\frac12", HALF),
    (r"\tfrac12 x", Mul((HALF, x))),
    (r"\dfrac{a}{b}", Div(a, b)),
    (r"\frac1n", Div(num(1), n)),
    (r"\frac{1}23", Mul((HALF, num(3)))),
    ("a/b/c", Div(Div(a, b), c)),
    (r"a/b \cdot c", Mul((Div(a, b), c))),
    ("a b/c", Div(Mul((a, b)), c)),
    (r"1/2 (y-\hat y)^2", Mul((HALF, Pow(Add((y, Neg(Ref(r"\hat y")))), num(2))))),
    (r"1/2 \sum_i a_i", Mul((HALF, total("sum", Bound("i"), at("a", i))))),
    (r"\sqrt{x}", f("sqrt", x)),
    (r"\sqrt2", f("sqrt", num(2))),
    (r"\sqrt[3]{x}", Pow(x, Div(num(1), num(3)))),
    (r"a \times b * c", Mul((a, b, c))),
    (r"a \cdot -b", Mul((a, Neg(b)))),
    ("a - -b", Add((a, Neg(Neg(b))))),
    ("-a b", Neg(Mul((a, b)))),
    ("(a b) c", Mul((Mul((a, b)), c))),
    ("a + (b + c)", Add((a, Add((b, c))))),
    (r"\left[ a + b \right] c", Mul((Add((a, b)), c))),
    (r"\bigl( a + b \bigr) c", Mul((Add((a, b)), c))),
    (r"\{a + b\} c", Mul((Add((a, b)), c))),
    ("w(x + b)", Mul((w, Add((x, b))))),
    # derivatives
    (r"\frac{\partial L}{\partial k_j}", Partial(L, at("k", j))),
    (r"\partial L/\partial k_j", Partial(L, at("k", j))),
    (r"\frac{dL}{dw}", Partial(L, w)),
    (r"\frac{\mathrm d L}{\mathrm d w}", Partial(L, w)),
    (r"\frac{\mathrm{d}L}{\mathrm{d}w}", Partial(L, w)),
    ("dL/dw_1", Partial(L, at("w", num(1)))),
    (r"x \, dL/dw_1 \, y", Mul((x, Partial(L, at("w", num(1))), y))),
    (r"\nabla_{w} L", Partial(L, w)),
    (r"\frac{d x}{n}", Div(Mul((d, x)), n)),
    # sums
    (r"\sum_{j=1}^{m} k_j", total("sum", Bound("j", num(1), m), at("k", j))),
    (r"\sum^{n}_{i=1} x_i", total("sum", Bound("i", num(1), n), at("x", i))),
    (r"\sum\limits_{i=1}^n x_i", total("sum", Bound("i", num(1), n), at("x", i))),
    (r"\sum_j a_j b_j + c", Add((total("sum", Bound("j"), Mul((at("a", j), at("b", j)))), c))),
    (r"\sum_{i,j} W_{ij}", total("sum", (Bound("i"), Bound("j")), at("W", i, j))),
    (r"\sum_{ij} W_{ij}", total("sum", (Bound("i"), Bound("j")), at("W", i, j))),
    (
        r"\sum_{i,j=1}^n W_{ij}",
        total("sum", (Bound("i", num(1), n), Bound("j", num(1), n)), at("W", i, j)),
    ),
    (r"\sum_{1 \le i \le n} x_i", total("sum", Bound("i", num(1), n), at("x", i))),
    (r"\sum_{0 < i < n} x_i", total("sum", Bound("i", num(1), Add((n, Neg(num(1))))), at("x", i))),
    (r"\sum_{j \ne i} a_j", total("sum", Bound("j", None, None, (Rel("!=", j, i),)), at("a", j))),
    (
        r"\sum_{j=1, j \ne i}^n a_j",
        total("sum", Bound("j", num(1), n, (Rel("!=", j, i),)), at("a", j)),
    ),
    (r"\sum_{i \in \{1, \dots, n\}} x_i", total("sum", Bound("i", num(1), n), at("x", i))),
    (r"a \sum_i b_i", Mul((a, total("sum", Bound("i"), at("b", i))))),
    (r"\left(\sum_j a_j\right) b_j", Mul((total("sum", Bound("j"), at("a", j)), at("b", j)))),
    (
        r"\left(\sum_j a_j\right) + b_j",
        Add((total("sum", Bound("j"), at("a", j)), at("b", j))),
    ),
    (r"\sum_j -a_j", total("sum", Bound("j"), Neg(at("a", j)))),
    (r"\prod_{t=1}^T p_t", total("prod", Bound("t", num(1), Ref("T")), at("p", t))),
    (r"\max_{j} z_j", total("max", Bound("j"), at("z", j))),
    (r"\min_{1 \le j \le n} z_j", total("min", Bound("j", num(1), n), at("z", j))),
    # functions
    (r"\max(z_1, 0)", f("max", at("z", num(1)), num(0))),
    (r"\max\{a, b\}", f("max", a, b)),
    (r"\exp(x)", f("exp", x)),
    ("e^{-x}", f("exp", Neg(x))),
    ("e^x y", Mul((f("exp", x), y))),
    (r"\ln x", f("log", x)),
    (r"\log p_y", f("log", at("p", y))),
    (r"\log 2 q + 1", Add((f("log", Mul((num(2), Ref("q")))), num(1)))),
    (r"y \log p \cdot z", Mul((y, f("log", p), z))),
    (r"\log(p) q", Mul((f("log", p), Ref("q")))),
    (r"\log a \log b", Mul((f("log", a), f("log", b)))),
    (r"\log \log 2 y", f("log", f("log", Mul((num(2), y))))),
    (r"\log p \, \mathbf 1[z > 0]", Mul((f("log", p), POSITIVE))),
    (r"\log \sum_j a_j", f("log", total("sum", Bound("j"), at("a", j)))),
    (r"\log x / 2", Div(f("log", x), num(2))),
    (r"\tanh z_i", f("tanh", at("z", i))),
    (r"\tanh^2(z)", Pow(f("tanh", z), num(2))),
    (r"\sin^2 x", Pow(f("sin", x), num(2))),
    (r"\tanh(z)^2", Pow(f("tanh", z), num(2))),
    (r"\sigma(z)", f("sigmoid", z)),
    (r"\sigma(z)(1 - \sigma(z))", Mul((f("sigmoid", z), Add((num(1), Neg(f("sigmoid", z))))))),
    (r"\frac{x}{\sigma}", Div(x, Ref(r"\sigma"))),
    (r"\sigma_B^2 (x)", Mul((Pow(at(r"\sigma", Ref("B")), num(2)), x))),
    (r"\operatorname{ReLU}(x)", f("relu", x)),
    (r"\mathrm{relu}(x)", f("relu", x)),
    (r"\operatorname{sign}(x)", f("sign", x)),
    ("|x|", f("abs", x)),
    (r"\lvert x\rvert", f("abs", x)),
    (r"\left| \frac{a}{b} \right|", f("abs", Div(a, b))),
    ("|x||y| + |a - |b||", Add((Mul((f("abs", x), f("abs", y))), f("abs", Add((a, Neg(f("abs", b)))))))),
    (r"\lfloor x/2 \rfloor", f("floor", Div(x, num(2)))),
    (r"\left\lceil x \right\rceil", f("ceil", x)),
    # indicators
    *((text, POSITIVE) for text in (
        r"\mathbf 1[z>0]", r"\mathbf{1}_{z>0}", r"\mathbb{1}[z>0]", r"\mathbb 1_{\{z>0\}}",
        r"\mathbb{1}(z>0)", r"\mathbb{1}\{z>0\}", "1[z>0]", "1_{z>0}", r"1\{z>0\}", "I_{z>0}",
        "I(z>0)", "I[z > 0]", "[z > 0]", r"\left[ z > 0 \right]",
    )),
    (r"I_{z_1 \ge 0}", Iverson(Rel(">=", at("z", num(1)), num(0)))),
    (r"\mathbf{1}_{z>0}^2", Pow(POSITIVE, num(2))),
    ("[0 < z < 1]", Iverson(And((Rel("<", num(0), z), Rel("<", z, num(1)))))),
    (r"[z > 0, y \ne 1]", Iverson(And((Rel(">", z, num(0)), Rel("!=", y, num(1)))))),
    ("I_i", at("I", i)),
    # cases
    *((text, Cases(((a, Rel(">", z, num(0))), (b, None)))) for text in (
        r"\begin{cases} a & \text{if } z > 0 \\ b & \text{otherwise} \end{cases}",
        r"\begin{cases} a, & z > 0 \\ b, & \text{else} \end{cases}",
        r"\begin{cases} a & \text{for } z > 0, \\ b & \text{otherwise.} \\ \end{cases}",
    )),
    (
        r"\begin{cases} a & z > 0 \\ b & z \le 0 \end{cases}",
        Cases(((a, Rel(">", z, num(0))), (b, Rel("<=", z, num(0))))),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), EXPRESSIONS, ids=[e[0] for e in EXPRESSIONS])
def test_an_expression_reads_as_what_it_says(text: str, expected: Expr) -> None:
    assert read_expression(text) == expected


@pytest.mark.parametrize(("text", "expected"), EXPRESSIONS, ids=[e[0] for e in EXPRESSIONS])
def test_reading_what_is_printed_gives_the_formula_back(text: str, expected: Expr) -> None:
    assert flat(read_expression(latex(expected), variables=frozenset("T"))) == flat(expected)


@pytest.mark.parametrize(
    ("dotted", "written"),
    [
        (r"x_1 + x_2 + \dots + x_n", r"\sum_{j=1}^{n} x_j"),
        (r"x_1 + \cdots + x_n + y", r"\sum_{j=1}^{n} x_j + y"),
        (
            r"k_1 x_i + k_2 x_{i+1} + ... + k_m x_{m+i-1} + b",
            r"\sum_{j=1}^{m} k_j x_{i+j-1} + b",
        ),
        (r"a^0 + a^1 + \dots + a^{n-1}", r"\sum_{j=0}^{n-1} a^j"),
        (r"1 + 2 + \dots + n", r"\sum_{j=1}^{n} j"),
        (r"x_1 + x_3 + \dots + x_{2n-1}", r"\sum_{j=1}^{n} x_{2j-1}"),
        (r"x_1 y_n + x_2 y_{n-1} + \dots + x_n y_1", r"\sum_{j=1}^{n} x_j y_{n-j+1}"),
        (r"e^{x_1} + \dots + e^{x_9}", r"\sum_{j=1}^{9} e^{x_j}"),
    ],
)
def test_a_sum_with_dots_is_the_sum(dotted: str, written: str) -> None:
    assert latex(read_expression(dotted)) == latex(read_expression(written))


@pytest.mark.parametrize(
    "text",
    [
        r"x_1 + y_2 - \dots + x_n",
        r"x_1 + x_3 + \dots + x_n",
        r"x_1 - x_2 + \dots + x_n",
        r"x_n + \dots + x_1",
        r"a + b + \dots + z",
        r"x_1 + x_2 + \dots",
        r"x_1 + x_1 + \dots + x_1",
        r"x_1 y_1 + x_2 y_3 + \dots + x_n y_n",
    ],
)
def test_dots_that_do_not_show_how_a_sum_goes_on_are_refused(text: str) -> None:
    with pytest.raises(NotationError, match=r"found dots|found the end"):
        read_expression(text)


@pytest.mark.parametrize("kept", [None, b"", b"no tables", b"0" * 64 + b"\n\x80\x04"])
def test_kept_tables_of_the_grammar_are_used_or_made_anew(
    kept: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = tmp_path / "notation.tables"
    if kept is not None:
        tables.write_bytes(kept)
    monkeypatch.setattr(grammar, "_tables", lambda: str(tables))
    for _ in range(2):
        grammar._grammar.cache_clear()
        grammar.automaton.cache_clear()
        assert read_expression("x + 1") == Add((Ref("x"), num(1)))
    assert tables.read_bytes() != kept
    grammar._grammar.cache_clear()
    grammar.automaton.cache_clear()


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (r"\frac1d \hat x", r"\frac{1}{d}\, \hat x"),
        (r"\frac{1}{d} \hat x", r"\frac{1}{(d)} \hat x"),
        (r"\frac a d \bar{x}_i", r"\frac{a}{(d)}\, \bar x_i"),
        (r"x^d \bar x", r"x^{d} \cdot \bar x"),
        (r"\sum_{i=1}^d \hat x_i", r"\sum_{i=1}^{(d)} \hat x_i"),
        (r"\frac{d}{d \hat x} L", r"\frac{\mathrm d L}{\mathrm d \hat x}"),
    ],
)
def test_a_lone_d_is_a_name_whatever_stands_behind_its_group(text: str, same: str) -> None:
    assert read_expression(text) == read_expression(same)


def test_declared_functions_are_called_and_declared_variables_are_not() -> None:
    assert read_expression("f(x, y)", functions=frozenset("f")) == Call("f", (x, y))
    assert read_expression(r"\phi(x)", functions=frozenset([r"\phi"])) == Call(r"\phi", (x,))
    softmax = read_expression(r"\operatorname{softmax}(z)", functions=frozenset(["softmax"]))
    assert softmax == Call("softmax", (z,))
    sigma = read_expression(r"\sigma(z)", variables=frozenset([r"\sigma"]))
    assert sigma == Mul((Ref(r"\sigma"), z))
    assert read_expression("e^x", variables=frozenset("e")) == Pow(Ref("e"), x)
    assert read_expression(r"\gamma^T", variables=frozenset("T")) == Pow(Ref(r"\gamma"), Ref("T"))


def test_a_left_side_with_plain_arguments_defines_a_function() -> None:
    formula, use = read(r"f(w, x) = w x, \quad g = f(2, 3) + w(2)")
    assert isinstance(formula, Formula)
    assert isinstance(use, Formula)
    assert formula.parts == (Call("f", (w, x)), Mul((w, x)))
    assert use.parts[1] == Add((Call("f", (num(2), num(3))), Mul((w, num(2)))))


# Statements


def brief(text: str) -> list[object]:
    """The statements of `text` without places, formulas as printed."""
    out: list[object] = []
    for found in read(text):
        match found:
            case Formula(parts=parts, ops=ops):
                out.append(
                    (
                        *(
                            v
                            for pair in zip(map(latex, parts), (*ops, ""), strict=True)
                            for v in pair
                            if v
                        ),
                    )
                )
            case Ranges(names=names, lo=lo, hi=hi):
                out.append(("range", *names, latex(lo), latex(hi)))
            case Data(refs=refs):
                out.append(("data", *map(latex, refs)))
            case Shape(refs=refs, sizes=sizes):
                out.append(("shape", *map(latex, refs), *map(latex, sizes)))
            case Listing(ref=ref, items=items):
                out.append(("list", latex(ref), *map(latex, items)))
    return out


def tight(found: list[object]) -> str:
    """Without the white space that a printer may choose."""
    return str(found).replace(r"\\,", "").replace(" ", "")


def d_of(of: str, by: str) -> str:
    return rf"\frac{{\partial {of}}}{{\partial {by}}}"


MIDTERM: list[tuple[str, list[object]]] = [
    (r"f = \frac{1}{w_0 x_0 + w_1 x_1 + w_2 + 1}", [("f", "=", r"\frac{1}{w_0 x_0 + w_1 x_1 + w_2 + 1}")]),
    (
        r"w_0 = 1, \quad x_0 = 3, \quad w_1 = 2, \quad x_1 = -2, \quad w_2 = -1",
        [("w_0", "=", "1"), ("x_0", "=", "3"), ("w_1", "=", "2"), ("x_1", "=", "-2"), ("w_2", "=", "-1")],
    ),
    (
        r"""
\begin{aligned}
z_i &= k_1 x_i + k_2 x_{i+1} + k_3 x_{i+2} + b, & i &= 1, 2, 3 \\
v_i &= \max(z_i, z_{i+1}, 0), & i &= 1, 2 \\
\hat y &= w_1 v_1 + w_2 v_2 + a \\
L &= \tfrac12 (y - \hat y)^2
\end{aligned}
\qquad (x, y) \sim \mathcal D
""",
        [
            ("z_i", "=", "k_1 x_i + k_2 x_{i + 1} + k_3 x_{i + 2} + b"), ("range", "i", "1", "3"),
            ("v_i", "=", r"\max(z_i, z_{i + 1}, 0)"), ("range", "i", "1", "2"),
            (r"\hat y", "=", "w_1 v_1 + w_2 v_2 + a"),
            ("L", "=", r"\frac{1}{2}\, (y - \hat y)^2"),
            ("data", "x", "y"),
        ],
    ),
    (r"\theta = ?", [(r"\theta", "=", "?")]),
    (
        r"""
\frac{\partial L}{\partial w_1} = ? \qquad
\frac{\partial L}{\partial w_2} = ? \qquad
\frac{\partial L}{\partial a} = ?
""",
        [(d_of("L", v), "=", "?") for v in ("w_1", "w_2", "a")],
    ),
    (r"\delta_i = \frac{\partial L}{\partial v_i}", [(r"\delta_i", "=", d_of("L", "v_i"))]),
    (
        r"""
z_i = \sum_{j=1}^{m} k_j x_{i+j-1} + b, \qquad i = 1, \dots, n
\qquad\qquad
\delta_i = \frac{\partial L}{\partial z_i}
""",
        [
            ("z_i", "=", r"\sum_{j=1}^{m} k_j x_{i + j - 1} + b"),
            ("range", "i", "1", "n"),
            (r"\delta_i", "=", d_of("L", "z_i")),
        ],
    ),
]  # fmt: skip

STATEMENTS: list[tuple[str, list[object]]] = [
    *MIDTERM,
    ("i = 1, 2, 3", [("range", "i", "1", "3")]),
    (r"i = 1, 2, \dots, n", [("range", "i", "1", "n")]),
    (r"i, j = 1, \dots, N", [("range", "i", "j", "1", "N")]),
    (r"i \in \{1,\dots,n\}", [("range", "i", "1", "n")]),
    (r"z = x, \quad i, j = 1, \ldots, n-1", [("z", "=", "x"), ("range", "i", "j", "1", "n - 1")]),
    (r"1 \le i \le n", [("1", "<=", "i", "<=", "n")]),
    (r"W \in \mathbb{R}^{h \times d}, b \in \mathbb R", [("shape", "W", "h", "d"), ("shape", "b")]),
    (r"W, V \in \mathbb R^{2n × (m+1)}", [("shape", "W", "V", "2 n", "m + 1")]),
    (r"(x, y) \sim \mathcal N(0, 1)", [("data", "x", "y")]),
    (r"x \sim p", [("data", "x")]),
    (r"\theta = \{k_1, k_2, b\}", [("list", r"\theta", "k_1", "k_2", "b")]),
    (r"\theta = (a, b)", [("list", r"\theta", "a", "b")]),
    (r"\theta = \{ ? \}", [("list", r"\theta", "?")]),
    (r"A &= B \\ &= C + a \\ &\quad + b", [("A", "=", "B", "=", "C + a + b")]),
    (
        r"\begin{align*} A &= B && \text{by the chain rule} \\ &= C && b = c \\ &= D \end{align*}",
        [("A", "=", "B", "=", "C", "=", "D"), ("b", "=", "c")],
    ),
    (r"z = a \text{ for } i = 1, 2", [("z", "=", "a"), ("range", "i", "1", "2")]),
    (r"z = x \quad (i = 1, \dots, n)", [("z", "=", "x"), ("range", "i", "1", "n")]),
    (r"a = b \text{ where } b = c.", [("a", "=", "b"), ("b", "=", "c")]),
    (r"a := b; \; c = d.", [("a", "=", "b"), ("c", "=", "d")]),
    (r"x = 1 \\ y = 2", [("x", "=", "1"), ("y", "=", "2")]),
    (r"\text{loss} = a", [(r"\mathrm{loss}", "=", "a")]),
    (r"(16-2)/1+1 = 15", [(r"\frac{16 - 2}{1} + 1", "=", "15")]),
    ("", []),
]


@pytest.mark.parametrize(("text", "expected"), STATEMENTS, ids=[e[0].strip() for e in STATEMENTS])
def test_statements(text: str, expected: list[object]) -> None:
    assert tight(brief(text)) == tight(expected)


def test_a_statement_knows_its_place_and_its_source() -> None:
    text = "a &= b \\\\\nc &= d, & i &= 1, 2 \\\\\n  &= f"
    first, second, ranges = read(text, Place("exam.md", 10, 1, "a &= b \\\\"))
    assert (first.latex, second.latex, ranges.latex) == ("a &= b", "c &= d = f", "i &= 1, 2")
    assert [str(v.at) for v in (first, second, ranges)] == [
        "exam.md:10:1",
        "exam.md:11:1",
        "exam.md:11:11",
    ]
    assert second.at.source == "c &= d, & i &= 1, 2 \\\\"


# The round trip


def flat(e: Expr) -> Expr:
    """`e` with the groupings that printing does not show taken out."""
    e = rebuild(e, [flat(x) for x in children(e)]) if children(e) else e
    if isinstance(e, Mul):
        first = e.factors[0]
        return Mul((*first.factors, *e.factors[1:])) if isinstance(first, Mul) else e
    if isinstance(e, Reduce) and isinstance(e.body, Reduce) and e.body.op == e.op:
        return Reduce(e.op, e.bounds + e.body.bounds, e.body.body)
    return e


LETTERS = st.sampled_from(["i", "j", "n", r"\alpha"]).map(Ref)
NAMES = st.sampled_from(
    [
        "x",
        "y",
        "L",
        r"\theta",
        r"\hat y",
        "W^{(1)}",
        "z'",
        r"x_{\text{in}}",
        r"\mathbf w",
        "d",
        "I",
        r"\mathrm{loss}",
        r"\sigma",
        r"\theta^*",
        r"\ell",
    ]
)
NUMBERS = st.integers(0, 12).map(num) | st.just(Num(Fraction(1, 2), "0.5"))
INDEX = st.recursive(
    LETTERS | st.integers(0, 12).map(num),
    lambda e: st.one_of(
        st.builds(lambda u, v: Add((u, v)), e, e | e.map(Neg)),
        st.builds(lambda u, v: Mul((u, v)), e, e),
        st.builds(lambda u: Ref("c", (u,)), e),
    ),
    max_leaves=3,
)
REFS = st.builds(lambda name, xs: Ref(name, tuple(xs)), NAMES, st.lists(INDEX, max_size=2))
UNARY = ["exp", "log", "tanh", "sigmoid", "relu", "sqrt", "abs", "floor", "ceil", "sign", "cosh"]


def _compound(e: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    several = st.lists(e, min_size=2, max_size=3).map(tuple)
    rel = st.builds(Rel, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), e, e)
    cond = rel | st.lists(rel, min_size=2, max_size=2).map(lambda v: And(tuple(v)))
    side = st.builds(
        lambda op, name, v: Rel(op, Ref(name), v),
        st.sampled_from(["!=", "<"]),
        st.just("i"),
        LETTERS,
    )
    bound = st.builds(
        lambda name, lo, hi, conds: Bound(name, lo, hi, tuple(conds) if name == "i" else ()),
        st.sampled_from(["i", "j"]), st.none() | e, st.none() | e, st.lists(side, max_size=1),
    )  # fmt: skip
    return st.one_of(
        several.map(Add),
        several.map(Mul),
        e.map(Neg),
        st.builds(Div, e, e),
        st.builds(Pow, e, e),
        st.builds(lambda fn, v: Call(fn, (v,)), st.sampled_from(UNARY), e),
        st.builds(lambda fn, v: Call(fn, v), st.sampled_from(["max", "min"]), several),
        cond.map(Iverson),
        st.builds(lambda v, c, w: Cases(((v, c), (w, None))), e, cond, e),
        st.builds(
            lambda op, bd, v: Reduce(op, (bd,), v),
            st.sampled_from(["sum", "prod", "max", "min"]),
            bound,
            e,
        ),
        st.builds(Partial, REFS, REFS),
    )


FORMULAS = st.recursive(REFS | NUMBERS, _compound, max_leaves=8)


@settings(max_examples=300, deadline=None)
@given(FORMULAS)
def test_reading_inverts_printing(e: Expr) -> None:
    assert flat(read_expression(latex(e))) == flat(e), latex(e)


# Refusals

REFUSALS: list[tuple[str, int, str]] = [
    (
        r"\foo + 1",
        1,
        r"found \foo, expected a macro symgrad reads; write it with the macros of the notation",
    ),
    (r"\fracc{1}{2}", 1, r"found \fracc, expected a macro symgrad reads; did you mean \frac?"),
    (
        r"\input{secrets}",
        1,
        r"found \input, expected a macro symgrad reads; write it with the macros of the notation",
    ),
    (
        r"x + \write18",
        5,
        r"found \write, expected a macro symgrad reads; write it with the macros of the notation",
    ),
    (
        r"a = \newpage",
        5,
        r"found \newpage, expected a macro symgrad reads; write it with the macros of the notation",
    ),
    (
        r"\href{a}{b}",
        1,
        r"found \href, expected a macro symgrad reads; write it with the macros of the notation",
    ),
    (
        r"\unicode{x41}",
        1,
        r"found \unicode, expected a macro symgrad reads; write it with the macros of the notation",
    ),
    (
        r"x_{\csname}",
        4,
        r"found \csname, expected a macro symgrad reads; write it with the macros of the notation",
    ),
    ("a + (b", 5, "found (, which is never closed"),
    ("a + {b", 5, "found {, which is never closed"),
    (r"a + \left( b", 5, r"found \left(, which is never closed"),
    (r"\left( a ]", 1, r"found \left(, which is not closed before ]"),
    ("a) + b", 2, "found ), which nothing opens"),
    ("(a + b]", 1, "found (, which is not closed before ]"),
    (r"\begin{cases} a & z>0", 1, r"found \begin{cases}, which is never closed"),
    (r"\end{aligned}", 1, r"found \end{aligned} without its \begin"),
    (
        r"\begin{bmatrix} a \end{bmatrix}",
        1,
        "found the environment bmatrix, expected aligned, cases or the like; write the entries of a matrix with indices",
    ),
    ("|x", 1, "found |, which is never closed"),
    (
        "p(2 y|x)",
        3,
        "found 2 beside a conditional bar, expected a name; write names before and after the bar, p(y = k \\mid x), or give the quantity a name",
    ),
    (
        "||x||",
        1,
        r"found || before a formula; write a norm as \|x\|",
    ),
    (
        r"\|x\|_p",
        1,
        r"found \|\cdot\|_{p}, expected a norm symgrad reads; write \|x\|, \|x\|_1, \|x\|_2 or \|W\|_F",
    ),
    (r"\|x|", 1, r"found \|, which is not closed before |"),
    (
        r"a \odot b \cdot c",
        17,
        r"found a product sign after \odot, which may reach to either side; write parentheses",
    ),
    ("a +", 4, "found the end of the formula, expected a term"),
    ("a = = b", 5, "found =, expected a term"),
    ("a b = * c", 7, "found *, expected a term"),
    ("+", 2, "found the end of the formula, expected a term"),
    ("= b", 1, "found =, expected a term"),
    ("a + * b", 5, "found *, expected a term"),
    ("()", 1, "found an empty group, expected a formula in it"),
    ("x_{}", 3, "found an empty group after _"),
    (r"\frac{}{2}", 6, r"found an empty group after \frac"),
    (r"\frac12 +", 10, "found the end of the formula, expected a term"),
    (r"\frac1", 7, r"found nothing after \frac, expected a symbol or braces"),
    (r"\sqrt", 6, r"found nothing after \sqrt, expected a symbol or braces"),
    ("x^", 3, "found nothing after ^, expected a symbol or braces"),
    ("_i", 1, "found _, expected a name before it"),
    ("x_i_j", 4, "found a second subscript; write one, or braces around the first"),
    ("x^2^3", 4, "found a second superscript; write one, or braces around the first"),
    ("x^{-1}^*", 7, "found a second superscript; write one, or braces around the first"),
    ("x^12", 3, "found ^ before 12, which LaTeX cuts after the first digit; write braces"),
    ("x^-1", 3, "found ^ before -, which LaTeX cuts there; write braces"),
    (
        "{a+b} c",
        1,
        "found braces around more than one symbol; write parentheses, braces do not print",
    ),
    (r"\hat{a+b}", 6, r"found more than a name under \hat"),
    (r"\hat\bar x", 5, r"found \bar after \hat; write braces"),
    (
        "(y_i)_j",
        6,
        "found a subscript, expected it after a name; give what stands before it a name",
    ),
    (
        "x[i]",
        2,
        r"found [ directly after a name; write indices as subscripts, x_{i}; a product with \cdot",
    ),
    ("x = ? + 1", 7, "found ? inside a formula; a ? stands alone as one side of an equation"),
    ("x = a ?", 7, "found ? inside a formula; a ? stands alone as one side of an equation"),
    ("f(?)", 3, "found ? inside a formula; a ? stands alone as one side of an equation"),
    (
        r"a \pm b",
        3,
        r"found \pm, which symgrad does not read; a formula has one value; write the two formulas",
    ),
    (
        r"\binom{n}{k}",
        1,
        r"found \binom, which symgrad does not read; "
        "it is the binomial coefficient: write its factors, or a vector entry by entry",
    ),
    (
        r"[a \approx b]",
        1,
        r"found \approx in a condition; write = or a comparison",
    ),
    (r"x \mapsto y", 3, r"found \mapsto, which symgrad does not read; write f(x) = …"),
    (r"\top x", 1, r"found \top inside a formula"),
    ("n!", 2, "found !, which symgrad does not read; factorials are not read"),
    (
        "a % b",
        3,
        "found %, which symgrad does not read; a percent sign starts a comment in LaTeX; leave it out",
    ),
    (
        r"a > 0 \Rightarrow b = a",
        7,
        r"found a condition before \Rightarrow; write the branches with \begin{cases}",
    ),
    (
        r"\frac{\partial^2 L}{\partial w}",
        1,
        "found a derivative whose order differs above and below, or has no number; write "
        r"\frac{\partial^2 L}{\partial w_i\, \partial w_j} or \frac{\partial^2 L}{\partial w^2}",
    ),
    (
        r"\frac{\partial L}{\partial a \partial b}",
        1,
        "found a derivative whose order differs above and below, or has no number; write "
        r"\frac{\partial^2 L}{\partial w_i\, \partial w_j} or \frac{\partial^2 L}{\partial w^2}",
    ),
    (
        r"\frac{\partial}{\partial w} (a + b) c",
        1,
        r"found a product after a derivative sign; write \frac{\partial L}{\partial w}, or \cdot before the next factor",
    ),
    (
        r"\frac{\partial}{\partial w} \log p \exp(q)",
        1,
        r"found a product after a derivative sign; write \frac{\partial L}{\partial w}, or \cdot before the next factor",
    ),
    (
        r"\nabla_w \log p x",
        1,
        r"found a product after a derivative sign; write \frac{\partial L}{\partial w}, or \cdot before the next factor",
    ),
    (
        r"\frac{\partial}{\partial w} L x",
        1,
        r"found a product after a derivative sign; write \frac{\partial L}{\partial w}, or \cdot before the next factor",
    ),
    (
        r"\frac{d}{\mathrm d w} L",
        1,
        r"found a derivative sign below, and no name with the same sign above; write \frac{dL}{dw}",
    ),
    (
        r"\frac{\partial L}{\partial (w x)}",
        1,
        "found a derivative by a formula, expected a name; give the formula below the bar a name and differentiate by the name",
    ),
    (
        r"\frac{\partial L}{d w}",
        1,
        r"found a derivative sign below, and no name with the same sign above; write \frac{dL}{dw}",
    ),
    (r"\partial L", 1, r"found \partial outside a derivative; write \frac{\partial L}{\partial w}"),
    (
        r"\nabla L",
        1,
        r"found \nabla, expected a gradient of a name; write \nabla_{w} L with one name below and one after",
    ),
    (r"\frac{\partial L}{w}", 1, r"found \partial on one side of a fraction only"),
    (
        "a/b c",
        3,
        r"found a product after /b, which may stand above or below the fraction bar; write \frac{…}{b} or parentheses",
    ),
    (
        r"1/N \sum_i x_i",
        3,
        r"found a product after /N, which may stand above or below the fraction bar; write \frac{…}{N} or parentheses",
    ),
    (
        "1/2 x",
        3,
        r"found a product after /2, which may stand above or below the fraction bar; write \frac{…}{2} or parentheses",
    ),
    (
        "a / b (c + d)",
        5,
        r"found a product after /b, which may stand above or below the fraction bar; write \frac{…}{b} or parentheses",
    ),
    (r"\sum x", 1, r"found \sum without an index; write \sum_{i=1}^{n}"),
    (
        r"\sum_j a_j + b_j",
        14,
        r"found j after the sum that binds it; write (\sum_{j} a_j) + b_j or \sum_{j} (a_j + b_j)",
    ),
    (
        r"\sum_{i=1}^n x^{(i)}",
        1,
        "found the index i in the label of x^{(i)}; write it as a subscript",
    ),
    (r"\sum_{i<j<k} a", 1, "found a chain of indices below a sign; write one sign for each index"),
    (r"\sum_{i,i} a", 1, "found one index twice below a sign"),
    (r"\sum_{2} a", 1, "found 2 below a sign, expected an index; write j = 1"),
    (r"\log_2 x", 1, r"found a subscript on \log; write \frac{\log x}{\log 2} for another base"),
    (
        r"\log p (1 - q)",
        8,
        "found parentheses after the argument of a bare function; write parentheses around its whole argument",
    ),
    (r"\tanh^{-1} x", 1, r"found \tanh^{-1}, an inverse or a reciprocal; write \frac"),
    (r"\max a", 1, r"found \max without arguments; write \max(a, b)"),
    (r"\exp", 5, r"found nothing after \exp, expected its argument"),
    ("exp(x)", 1, r"found the letters exp before a parenthesis; write \exp"),
    (r"\exp(a, b)", 1, r"found 2 arguments, expected one of \exp"),
    (
        "f(x, y) + 1",
        1,
        r"found f before a parenthesis, but f is no declared function; define it, f(x) = …, or write \cdot for a product",
    ),
    (
        r"\operatorname{swish}(z)",
        1,
        r"found \mathrm{swish} before a parenthesis, but \mathrm{swish} is no declared function; define it, \mathrm{swish}(x) = …, or write \cdot for a product",
    ),
    (
        r"\sigma^2(x)",
        1,
        r"found a power of \sigma before a parenthesis; write \sigma(z)^2 for the function, \sigma^2 \cdot (…) for a number",
    ),
    (
        r"\sigma'(z)",
        1,
        r"found \sigma' before a parenthesis, a derivative or a product; write \frac{\partial L}{\partial z} with names, or \cdot for a product",
    ),
    ("e^{(t)}", 4, r"found e with a label or in parentheses; write \exp(…)"),
    (r"\mathbf 1(x)", 1, r"found \mathbf 1 without a condition; write \mathbf 1[z > 0]"),
    (r"\mathbf{1}[z]", 1, r"found \mathbf 1 without a condition; write \mathbf 1[z > 0]"),
    (
        "(z > 0) x",
        4,
        "found >, expected one formula; a condition stands in square brackets, [z > 0]",
    ),
    (
        r"\begin{cases} a \\ b \end{cases}",
        15,
        r"found a branch of cases, expected one & between value and condition; write 0 & \text{otherwise}",
    ),
    (
        r"\begin{cases} a & \text{otherwise} \\ b & z > 0 \end{cases}",
        15,
        "found a branch after 'otherwise', expected it to be the last",
    ),
    (
        r"z = a \text{ if } b > 0",
        7,
        r"found the word 'if' outside cases; write the branches with \begin{cases}",
    ),
    (
        r"\left. x \right|_{x=1}",
        1,
        r"found \left., which symgrad does not read; write cases, or the value at a point with indices",
    ),
    (
        "x_{ij+1}",
        4,
        r"found a subscript that may be a product or several indices; write x_{i,j} for two indices, x_{i \cdot j} for a product",
    ),
    (
        "W_{1i}",
        4,
        r"found a subscript that may be a product or several indices; write x_{i,j} for two indices, x_{i \cdot j} for a product",
    ),
    ("x_{i12}", 5, "found several digits after an index; write commas"),
    (
        "i = 1, 3, 5",
        1,
        r"found a list that does not count up by one; write i = 1, 2, 3 or i = 1, \dots, n; a set is written \{a, b\}",
    ),
    (r"i = 1, \dots", 1, r"found dots without an end; write i = 1, \dots, n"),
    (r"1, \dots, n", 4, r"found dots that continue nothing; write i = 1, \dots, n"),
    (
        r"\lambda + n + \dots + m",
        15,
        r"found dots, expected terms that show how a sum goes on; write the sum with \sum, or terms in fixed steps: x_1 + x_2 + \dots + x_n",
    ),
    (
        r"a + \cdots + b",
        5,
        r"found dots, expected terms that show how a sum goes on; write the sum with \sum, or terms "
        r"in fixed steps: x_1 + x_2 + \dots + x_n",
    ),
    (
        r"x \in [0, 1]",
        7,
        r"found \in, expected \mathbb{R}^{n \times m} or \{1, \dots, n\} after it",
    ),
    (
        r"n \in \mathbb{N}",
        7,
        r"found \in, expected \mathbb{R}^{n \times m} or \{1, \dots, n\} after it",
    ),
    (
        r"\theta = \{w_1, \dots, w_n\}",
        1,
        "found dots in a list; name each entry, or give the tensor without its index",
    ),
    ("x_i = 1, 2, 3", 1, r"found a range of something that is no index; write i = 1, \dots, n"),
    ("a = b,, c", 6, "found ',', expected a formula before it"),
    (", a", 1, "found ',', expected a formula before it"),
    ("1e-3", 1, r"found a number with an exponent; write 3 \cdot 10^{-2}"),
    ("i = 1..n", 6, r"found .., which symgrad does not read; write a range as i = 1, \dots, n"),
    ("x : y", 3, r"found :, which symgrad does not read; write a range as i = 1, \dots, n"),
    (
        "x $ y",
        3,
        "found $, which symgrad does not read; one formula ends where the next begins; leave the dollar sign out",
    ),
    ("a → b", 3, "found →, which is no sign of the notation"),
    (
        r"a & b \text{ or } c",
        7,
        r"found the word 'or' outside cases; write the branches with \begin{cases}",
    ),
    ("2,5 +", 6, "found the end of the formula, expected a term"),
    ("x - (a + b", 5, "found (, which is never closed"),
    (
        r"d(x)/dx + \frac{d(x)}{dx}",
        11,
        r"found a derivative sign below, and no name with the same sign above; write \frac{dL}{dw}",
    ),
    (
        r"\mathbb{E}[x]",
        1,
        r"found \mathbb E before a bracket; expectations are not read; give it a name",
    ),
    ("x'^2_i''^3", 9, "found a second superscript; write one, or braces around the first"),
    (
        "{x^2}_i",
        6,
        "found a subscript, expected it after a name; give what stands before it a name",
    ),
    (
        r"\sum_{j \in S} a",
        13,
        r"found \in, expected \mathbb{R}^{n \times m} or \{1, \dots, n\} after it",
    ),
    ("2_i", 2, "found a subscript, expected it after a name; give what stands before it a name"),
    (r"\sqrt[3]{}", 9, r"found an empty group after \sqrt"),
    (r"a \limits^{2} + \sum\limits x", 17, r"found \sum without an index; write \sum_{i=1}^{n}"),
]


@pytest.mark.parametrize(("text", "column", "message"), REFUSALS, ids=[e[0] for e in REFUSALS])
def test_what_is_not_understood_is_refused_at_its_place(
    text: str, column: int, message: str
) -> None:
    with pytest.raises(NotationError) as caught:
        read(text, Place("exam.md", 7, 1, text))
    line = f"exam.md:7:{column}: {message}"
    assert str(caught.value) == f"{line}\n  {text}\n  {' ' * (column - 1)}^"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x" * 20_001, "found a formula of 20001 characters, expected at most 20000"),
        ("9" * 31, "found a number of 31 digits, expected at most 30"),
        ("(" * 70 + "x" + ")" * 70, "found a formula nested more than 60 deep"),
        ("x^{" * 4000 + "x" + "}" * 4000, "found a formula nested more than 60 deep"),
        ("x/" * 5000 + "x", "found a formula nested more than 60 deep"),
        (r"\log " * 2000 + "x", "found a formula nested more than 60 deep"),
        (r"\sum_i " * 2000 + "x", "found a formula nested more than 60 deep"),
        (r"\hat " * 3000 + "x", r"found \hat after \hat"),
    ],
    ids=lambda v: v[:12],
)
def test_bounds_of_what_is_read(text: str, message: str) -> None:
    with pytest.raises(NotationError) as caught:
        read(text)
    assert caught.value.message == message


def test_long_but_shallow_formulas_are_read() -> None:
    terms = read_expression(" + ".join(["x_i y"] * 1500))
    assert isinstance(terms, Add)
    assert len(terms.terms) == 1500


def test_a_fault_in_a_later_line_shows_that_line() -> None:
    with pytest.raises(NotationError) as caught:
        read("a &= b \\\\\n  c &= \\foo", Place("exam.md", 3, 1, "a &= b \\\\"))
    assert str(caught.value).splitlines() == [
        r"exam.md:4:8: found \foo, expected a macro symgrad reads; write it with the macros of the notation",
        r"    c &= \foo",
        "         ^",
    ]


def test_a_fault_inside_a_line_of_prose_points_into_that_line() -> None:
    with pytest.raises(NotationError) as caught:
        read("x +", Place("exam.md", 3, 10, "Here is $x +$ again"))
    assert str(caught.value).splitlines()[1:] == ["  Here is $x +$ again", " " * 14 + "^"]


NEUTRAL = {"style", "comma", "quad", "amp", "newline", "words", "begin", "end"}


@pytest.mark.parametrize(("text", "expected"), EXPRESSIONS, ids=[e[0] for e in EXPRESSIONS])
def test_no_sign_is_dropped(text: str, expected: Expr) -> None:
    """Without any one of its signs a text is refused or reads as something else."""
    for mark in scan(text):
        bare = text[mark.pos : mark.pos + 2] in ("1[", "I[")
        if mark.kind in NEUTRAL or mark.text == "*" or bare:
            continue
        less = text[: mark.pos] + " " + text[mark.end :]
        try:
            found = read_expression(less)
        except NotationError:
            continue
        assert found != expected, less


@pytest.mark.parametrize("text", ["", "x = 1", "x, y", r"i = 1, \dots, n"])
def test_one_expression_is_exactly_one(text: str) -> None:
    with pytest.raises(NotationError, match="expected one expression"):
        read_expression(text)


PIECES = (
    "x y i 3 0.5 12 + - / * = < > , . ; ? & ' ^ _ { } ( ) [ ] | ~ 1 e d I T"
    r" \\ \{ \} \, \quad \le \ne \in \sim \dots \cdot \frac \tfrac \sqrt \partial \nabla \sum \prod"
    r" \max \log \exp \tanh \sigma \hat \mathbf \mathbb \mathcal \mathrm \text{if} \text{for}"
    r" \text{in} \mathbb{R} \mathbf{1} \left( \right) \left[ \right] \begin{cases} \end{cases}"
    r" \begin{aligned} \end{aligned} \text{otherwise} \prime \lfloor \rfloor {ij} ^2 _i _{ij} \theta"
    r" \operatorname{ReLU} \input é"
).split()


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_any_text_is_read_or_refused(pieces: list[str]) -> None:
    text = " ".join(pieces)
    try:
        found = read(text)
    except NotationError as error:
        assert error.message
        assert error.at is not None
    else:
        assert all(v.latex for v in found)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40))
@example("\\")
@example("²")
@example("x\n\n_")
def test_any_characters_are_read_or_refused(text: str) -> None:
    try:
        read(text)
    except NotationError as error:
        assert error.at is not None


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (r"\text{ReLU}(x)", r"\mathrm{ReLU}(x)"),
        (r"y \text{ReLU}(x)", r"y \mathrm{ReLU}(x)"),
        (r"\text{log} x", r"\log x"),
        (r"\mathrm{log} x", r"\log x"),
        (r"\operatorname{log}^2 x", r"\log^2 x"),
        (r"[x > 0 \text{ and } y > 0]", r"[x > 0, y > 0]"),
        (r"x_{\text{log}} y", r"x_{\mathrm{log}} y"),
    ],
)
def test_words_that_are_functions_or_join_conditions(text: str, same: str) -> None:
    assert read_expression(text) == read_expression(same)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (r"\text{softplus}(x)", "no declared function"),
        (r"\mbox{foo}(x) + 1", "no declared function"),
        (r"\mathrm{ReLU} x", "found ReLU without parentheses"),
        (r"x \textbf{y}", "found the letter y as text in a formula"),
        (r"2 \text{loss}", "found the word 'loss' beside a formula, a factor or a remark"),
        (r"\text{MSE} x", "found the word 'MSE' beside a formula, a factor or a remark"),
        (r"[x > 0 \text{ or } y > 0]", "found conditions joined by 'or'"),
        (r"x (\text{since } x)", "found the words 'since' inside a formula"),
    ],
)
def test_words_inside_a_formula_are_refused(text: str, message: str) -> None:
    with pytest.raises(NotationError, match=re.escape(message)):
        read(text)


@pytest.mark.parametrize("text", [r"x \text{ is good}", r"x, \text{good}", r"x \quad \text{good}"])
def test_remarks_after_a_formula_are_left_out(text: str) -> None:
    assert read_expression(text) == read_expression("x")


def test_a_product_ends_before_the_next_big_operator() -> None:
    found = read_expression(r"\prod_{i=1}^{n} x_i \prod_{j=1}^{m} y_j")
    assert found == read_expression(
        r"\left(\prod_{i=1}^{n} x_i\right) \left(\prod_{j=1}^{m} y_j\right)"
    )
    nested = read_expression(r"\prod_{i=1}^{n} 2 x_i \sum_{j=1}^{m} y_{ij}")
    assert isinstance(nested, Reduce)
    for e in (found, nested):
        assert read_expression(latex(e)) == e


@pytest.mark.parametrize("text", [r"\prod_{i=1}^n x_i \cdot x_{n+1}", r"\prod_{i=1}^n a b"])
def test_a_factor_after_a_product_that_may_be_inside_or_beside_is_refused(text: str) -> None:
    with pytest.raises(NotationError, match="after a product over i, a factor of each or of"):
        read(text)


@pytest.mark.parametrize(
    "text", [r"\prod_{i=1}^{n} \left(x_i c\right)", r"\left(\prod_{i=1}^{n} x_i\right) c"]
)
def test_a_product_is_printed_with_its_reach(text: str) -> None:
    e = read_expression(text)
    assert read_expression(latex(e)) == e


def test_a_sum_with_dots_does_not_take_one_name_for_another() -> None:
    e = read_expression(r"\lambda x_1 + \mu x_2 + \dots + \mu x_n")
    assert latex(e) == r"\lambda x_1 + \sum_{j=2}^{n} \mu x_j"
