r"""Vectors and matrices against an oracle of nested lists, which shares nothing with the reader of
entries: each sign of the notation is a plain loop over numbers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from itertools import product
from typing import Any

import pytest

from symgrad.api import Network as Net
from symgrad.compare import equal
from symgrad.errors import NetworkError, SymgradError
from symgrad.evaluate import Point, value
from symgrad.exam import Exam
from symgrad.expr import (
    Add,
    Call,
    Expr,
    Iverson,
    Mul,
    Neg,
    Num,
    Pow,
    Ref,
    Rel,
    free_names,
    num,
    substitute,
    transform,
)
from symgrad.expr import Div as Over
from symgrad.grade import check
from symgrad.index import Facts, Index, Range
from symgrad.latex import latex
from symgrad.matrix import Declared, Lowering, shown
from symgrad.network import Network
from symgrad.notation import read, read_expression
from symgrad.settle import read_scope
from symgrad.whole import whole

SIZES = {"n": 2, "m": 3, "k": 4}
SHAPES = {
    "x": "n", "u": "n", "y": "m", "v": "m", "w": "k",
    "A": "nm", "B": "mk", "C": "nn", "D": "nm", "E": "kn",
}  # fmt: skip
SHAPED = ", ".join(
    name + r" \in \mathbb{R}^{" + r" \times ".join(shape) + "}" for name, shape in SHAPES.items()
)
DECLARED = {name: Declared(tuple(map(Ref, shape))) for name, shape in SHAPES.items()}
LOWERING = Lowering(DECLARED, frozenset({*SIZES, *SHAPES, "c"}))

Value = Any
"""A number, a list (a vector), or a list of lists; a transposed vector is a list of one list."""


ANY = "ones of any size"


def drawn(seed: int) -> dict[str, Value]:
    """Numbers for every name."""
    rng = random.Random(seed)

    def one() -> Fraction:
        return Fraction(rng.randint(-9, 9) or 5, rng.choice([1, 2, 3]))

    def filled(shape: str) -> Value:
        if not shape:
            return one()
        return [filled(shape[1:]) for _ in range(SIZES[shape[0]])]

    return {name: filled(shape) for name, shape in SHAPES.items()} | {"c": one()}


def rows(a: Value) -> list[list[Fraction]]:
    """A vector as a column."""
    return [x if isinstance(x, list) else [x] for x in a]


def plain(a: list[list[Fraction]], column: bool) -> Value:
    """A column as a vector, one number as a number."""
    if len(a) == 1 and len(a[0]) == 1:
        return a[0][0]
    return [r[0] for r in a] if column else a


def mapped(f: Any, *args: Value) -> Value:
    """A function of numbers on every entry; a number stands for each."""
    lead = next((a for a in args if isinstance(a, list)), None)
    if lead is None:
        return f(*args)
    return [
        mapped(f, *(a[i] if isinstance(a, list) else a for a in args)) for i in range(len(lead))
    ]


def times(a: Value, b: Value) -> Value:
    """The product of matrices, or of a number and anything."""
    if a == ANY or b == ANY:
        a = [[Fraction(1)] * len(rows(b))] if a == ANY else a
        b = [Fraction(1)] * len(rows(a)[0]) if b == ANY else b
    if not isinstance(a, list) or not isinstance(b, list):
        return mapped(lambda s, t: s * t, a, b)
    p, q = rows(a), rows(b)
    assert len(p[0]) == len(q)
    out = [
        [sum(p[i][j] * q[j][k] for j in range(len(q))) for k in range(len(q[0]))]
        for i in range(len(p))
    ]
    return plain(out, not isinstance(b[0], list))


def total(a: Value) -> Fraction:
    """The sum of all entries."""
    return sum(map(total, a), Fraction(0)) if isinstance(a, list) else a


def loops(e: Expr, at: dict[str, Value]) -> Value:
    """The value of a formula as it was read, by loops."""
    match e:
        case Num(value=v):
            return v
        case Ref(name=r"\mathbf{1}", indices=(Ref(name=n),)):
            return [Fraction(1)] * SIZES[n]
        case (
            Ref(name=r"\mathbf{1}", indices=()) | Call(args=(Ref(name=r"\mathbf{1}", indices=()),))
        ):
            return ANY
        case Ref(name=name, indices=()):
            return at[name]
        case Add(terms=terms):
            out = loops(terms[0], at)
            for t in terms[1:]:
                out = mapped(lambda a, b: a + b, out, loops(t, at))
            return out
        case Neg(arg=a):
            return mapped(lambda x: -x, loops(a, at))
        case Mul(factors=factors):
            values = [loops(f, at) for f in factors]
            out = Fraction(1)
            for v in values:
                out *= v if isinstance(v, Fraction) else 1
            arrays = [v for v in values if not isinstance(v, Fraction)]
            return mapped(lambda x: x * out, reduce(times, arrays)) if arrays else out
        case Over(num=a, den=b):
            return mapped(lambda x, y: x / y, loops(a, at), loops(b, at))
        case Pow(base=b, exp=Num(value=p)):
            return mapped(lambda x: x ** int(p), loops(b, at))
        case Iverson(cond=Rel(op=">", lhs=a, rhs=b)):
            return mapped(lambda x, y: Fraction(x > y), loops(a, at), loops(b, at))
        case Call(fn="hadamard", args=args):
            return mapped(lambda *xs: xs[0] * (xs[1] if len(xs) == 2 else xs[1] * xs[2]),
                          *(loops(a, at) for a in args))  # fmt: skip
        case Call(fn="transpose", args=(a,)):
            q = rows(loops(a, at))
            turned = [[q[i][j] for i in range(len(q))] for j in range(len(q[0]))]
            return [r[0] for r in turned] if len(q) == 1 else turned
        case Call(fn="inner", args=(a, b)):
            return total(mapped(lambda x, y: x * y, loops(a, at), loops(b, at)))
        case Call(fn="trace", args=(a,)):
            q = loops(a, at)
            return sum((q[i][i] for i in range(len(q))), Fraction(0))
        case Call(fn="diag", args=(a,)):
            q = loops(a, at)
            if isinstance(q[0], list):
                return [q[i][i] for i in range(len(q))]
            return [[q[i] if i == j else Fraction(0) for j in range(len(q))] for i in range(len(q))]
        case Call(fn="norm_1", args=(a,)):
            return total(mapped(abs, loops(a, at)))
        case Call(fn="relu", args=(a,)):
            return mapped(lambda x: max(x, Fraction(0)), loops(a, at))
    raise AssertionError(e)


def norms_squared(e: Expr) -> Expr:
    """‖a‖² is ⟨a, a⟩, which the loops know."""
    if (
        isinstance(e, Pow)
        and isinstance(e.base, Call)
        and e.base.fn in ("norm", "norm_2", "norm_F")
    ):
        return Call("inner", (e.base.args[0], e.base.args[0]))
    return e


def entries(text: str, lowering: Lowering = LOWERING) -> tuple[str, dict[tuple[int, ...], Expr]]:
    """A formula's shape, and every entry at the sizes of this file."""
    found = lowering.array(read_expression(text))
    letters = lowering.letters(found)
    e = lowering.entry(found, [Ref(i.name) for i in letters])
    spans = [range(1, SIZES[i.range.hi.name] + 1) for i in letters]  # type: ignore[attr-defined]
    return shown(found), {
        at: substitute(e, {i.name: num(k) for i, k in zip(letters, at, strict=True)})
        for at in product(*spans)
    }


def evaluated(e: Expr, at: dict[str, Value]) -> Fraction:
    """An entry by symgrad's evaluator."""

    def leaf(ref: Ref) -> Fraction:
        found = at[ref.name]
        for i in ref.indices:
            assert isinstance(i, Num)
            found = found[int(i.value) - 1]
        return found  # type: ignore[no-any-return]

    return value(e, Point(SIZES), leaf)  # type: ignore[return-value]


def agrees(text: str, seed: int = 1) -> str:
    """Each entry that is read is what the loops say; gives the shape."""
    at = drawn(seed)
    shape, found = entries(text)
    expected = loops(transform(read_expression(text), norms_squared), at)
    if shape.startswith("1 × "):
        expected = expected[0]
    for place, e in found.items():
        want = expected
        for k in place:
            want = want[k - 1]
        assert evaluated(e, at) == want, (text, place)
    return shape


READINGS = [
    ("x", "n"),
    (r"A y + x", "n"),
    (r"A^\top x", "m"),
    (r"A^T x", "m"),
    (r"A^{\intercal} x", "m"),
    (r"x^\top A", "1 × m"),
    (r"x^\top A y", "a number"),
    (r"x y^\top", "n × m"),
    (r"2 c x y^\top B", "n × k"),
    (r"(A B)^\top", "k × n"),
    (r"A B E", "n × n"),
    (r"x^\top u\, A", "n × m"),
    (r"A \odot D", "n × m"),
    (r"x \odot u \odot A y", "n"),
    (r"A \circ D - 2 D", "n × m"),
    (r"\|x - A y\|_2^2", "a number"),
    (r"\tfrac12 \|x\|^2 + \|A\|_F^2", "a number"),
    (r"\lVert x \rVert_1", "a number"),
    (r"\langle x, A y \rangle", "a number"),
    (r"\langle A, D \rangle", "a number"),
    (r"\operatorname{tr}(A^\top D)", "a number"),
    (r"\mathrm{tr}(C)", "a number"),
    (r"\operatorname{diag}(x) A", "n × m"),
    (r"\operatorname{diag}(C)", "n"),
    (r"\mathbf{1}_n^\top x", "a number"),
    (r"x \mathbf 1_k^\top", "n × k"),
    (r"\mathbf{1}_n x^\top C", "n × n"),
    (r"x \odot (1 - x)", "n"),
    (r"1 - x^2", "n"),
    (r"\frac{x}{\|u\|^2}", "n"),
    (r"\frac{x}{u}", "n"),
    (r"\mathbf 1[x > 0] \odot u", "n"),
    (r"\mathrm{ReLU}(A y)", "n"),
    (r"(x + u)(y - v)^\top", "n × m"),
    (r"x x^\top x u^\top u", "n"),
    (r"-(A y)^\top", "1 × n"),
]


@pytest.mark.parametrize(("text", "shape"), READINGS, ids=[r[0] for r in READINGS])
def test_each_entry_is_what_loops_say(text: str, shape: str) -> None:
    assert {agrees(text, seed) for seed in range(3)} == {shape}


def formula(rng: random.Random, shape: str, depth: int) -> str:
    """A random formula of a shape: "" a number, "n" a vector, "nm" a matrix."""
    if depth == 0:
        names = [name for name, s in SHAPES.items() if s == shape] or (
            ["c", "2"] if not shape else []
        )
        turned = [rf"{name}^\top" for name, s in SHAPES.items() if len(s) == 2 and s[::-1] == shape]
        known = names + turned
        if known:
            return rng.choice(known)
        return "(" + " ".join(rf"{formula(rng, s, 0)}" + (r"^\top" if k else "") for k, s in enumerate(shape)) + ")"  # fmt: skip

    def inner(s: str) -> str:
        return f"({formula(rng, s, depth - 1)})"

    size = rng.choice("nmk")
    common = [
        lambda: f"{inner(shape)} + {inner(shape)}",
        lambda: f"{inner(shape)} - {inner(shape)}",
        lambda: f"{inner('')} {inner(shape)}",
    ]
    more = {
        0: [
            lambda: rf"{inner(size)}^\top {inner(size)}",
            lambda: rf"\|{inner(size)}\|^2",
            lambda: rf"\mathrm{{tr}}({formula(rng, size + size, depth - 1)})",
            lambda: rf"\langle {inner(size)}, {inner(size)} \rangle",
            lambda: rf"\mathbf{{1}}_{size}^\top {inner(size)}",
        ],
        1: [
            lambda: f"{inner(shape + size)} {inner(size)}",
            lambda: rf"{inner(shape)} \odot {inner(shape)}",
            lambda: rf"\operatorname{{diag}}({formula(rng, shape, depth - 1)}) {inner(shape)}",
        ],
        2: [
            lambda: f"{inner(shape[:1] + size)} {inner(size + shape[1:])}",
            lambda: rf"{inner(shape[:1])} {inner(shape[1:])}^\top",
            lambda: rf"{inner(shape[::-1])}^\top",
            lambda: rf"{inner(shape)} \odot {inner(shape)}",
        ],
    }[len(shape)]
    return rng.choice([*common, *more])()


@pytest.mark.parametrize("seed", range(60))
def test_random_formulas_are_what_loops_say(seed: int) -> None:
    rng = random.Random(seed)
    shape = rng.choice(["", "n", "m", "nm", "nn", "kn", "mk"])
    found = agrees(formula(rng, shape, 2), seed)
    assert found == (" × ".join(shape) or "a number")


MISFITS = [
    (r"A x", "A of shape n × m and x of shape n"),
    (r"A y + v", "A y of shape n and v of shape m"),
    (r"x u", "x of shape n and u of shape n"),
    (r"x \odot y", "x of shape n and y of shape m"),
    (r"A + C", "A of shape n × m and C of shape n × n"),
    (r"\langle x, y \rangle", "x of shape n and y of shape m"),
    (r"x^\top + x", r"x^\top of shape 1 × n and x of shape n"),
    (r"x + c", "the number c added to x of shape n"),
    (r"C + 1", "the number 1 added to C of shape n × n"),
    (r"A^2", "a matrix of shape n × m, expected a square matrix"),
    (r"C^{1/2}", "expected a whole number as its exponent"),
    (r"(C + C)^k", "a power of a formula"),
    (r"C^{-1} x", "C^{-1}, which the equations here do not have"),
    (r"e^{C}", "of an array of shape n × n"),
    (r"|x|", "of an array of shape n"),
    (r"\|C\|_2", "C of shape n × n"),
    (r"\operatorname{tr}(A)", "A of shape n × m"),
    (r"c^\top x", "the transpose of c, which is a number"),
    (r"\mathbf 1^\top \mathbf 1", "of a size that nothing says"),
    (r"c \odot c", "with the number c"),
    (r"x \odot c", "with the number c"),
    (r"\begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}", "x of shape n"),
    (r"\begin{cases} x & \text{if } c > 0 \\ 1 & \text{otherwise} \end{cases}", "shape n"),
    (r"A q", "q, which nothing declares"),
]


@pytest.mark.parametrize(("text", "said"), MISFITS, ids=[m[0] for m in MISFITS])
def test_what_does_not_fit_is_refused_with_its_shapes(text: str, said: str) -> None:
    with pytest.raises(NetworkError) as caught:
        entries(text)
    assert said in f"{caught.value.headline()}"


def test_letters_of_sums_capture_nothing() -> None:
    taken = Lowering(DECLARED, LOWERING.taken | {"i", "j"})
    found = taken.array(read_expression("A y"))
    letters = taken.letters(found)
    assert {i.name for i in letters}.isdisjoint({"i", "j"})
    e = taken.entry(found, [Ref("j")])
    assert "j" in free_names(e)
    assert (
        evaluated(substitute(e, {"j": num(1)}), drawn(1))
        == loops(read_expression("A y"), drawn(1))[0]
    )


def test_names_that_nothing_declares_stay_numbers() -> None:
    scope = read_scope([read(r"z = W x + b, L = z^2")])
    assert [(eq.target, eq.indices) for eq in scope.network.equations] == [
        (Ref("z"), ()),
        (Ref("L"), ()),
    ]


NETWORK = r"""x \in \mathbb{R}^{d}, \quad W \in \mathbb{R}^{h \times d}, \quad b, y \in \mathbb R^h \\
L = \tfrac12 \|a - y\|_2^2, \quad a = \sigma(z), \quad z = W x + b"""


def test_shapes_are_inferred_in_any_order() -> None:
    scope = read_scope([read(NETWORK)])
    known = {n: d.shape for n, d in scope.lowering.declared.items()}
    assert known["a"] == known["z"] == (Ref("h"),)
    assert {eq.target.name: len(eq.target.indices) for eq in scope.network.equations} == {
        "L": 0,
        "a": 1,
        "z": 1,
    }


def test_a_step_in_time_leads_the_indices() -> None:
    text = (
        r"h_t \in \mathbb{R}^n, x_t \in \mathbb{R}^m, W \in \mathbb{R}^{n \times n}, U \in "
        r"\mathbb{R}^{n \times m}; h_t = \tanh(W h_{t-1} + U x_t), \quad t = 1, \dots, T"
    )
    (eq,) = read_scope([read(text)]).network.equations
    assert [len(r.ref.indices) for r in eq.reads] == [2, 2, 2, 2]
    assert [i.name for i in eq.indices] == ["t", "i"]


def test_an_inner_scope_infers_anew_what_it_defines_anew() -> None:
    outer = read_scope([read(NETWORK)])
    inner = read_scope([read(r"z = x^\top x, \quad a = z^2")], outer)
    assert "z" not in inner.lowering.declared


@pytest.mark.parametrize(
    "text",
    [
        r"x \in \mathbb{R}^{n}; \quad L = x",
        r"x \in \mathbb{R}^{n}; \quad L = x^\top x, \quad x = 0",
        r"A \in \mathbb{R}^{n \times n}, x \in \mathbb{R}^{n}; f(x) = x^\top A x, L = f(x)",
        r"\operatorname{softmax}(z) = e^z, \quad L = \operatorname{softmax}(w x)",
    ],
)
def test_these_are_read(text: str) -> None:
    read_scope([read(text)])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (r"x \in \mathbb{R}^{n}; f(x) = x^\top x, L = f(2 x)", "f is defined for x alone"),
        (r"x \in \mathbb{R}^{n}; \|x\| = 1", "on the left of ="),
        (r"x, z \in \mathbb{R}^{n}; z = x^\top x", "z of shape n"),
        (r"x \in \mathbb{R}^{T}; L = (x^T x)^2", "a transpose or the power T"),
        (
            r"W \in \mathbb{R}^{h \times d}, x \in \mathbb{R}^d; h = W x",
            "h as a size and as a vector",
        ),
    ],
)
def test_these_are_refused(text: str, said: str) -> None:
    with pytest.raises(SymgradError, match=None) as caught:
        read_scope([read(text)])
    assert said in caught.value.headline()


# -- back to vectors and matrices ---------------------------------------------------------------


def back(text: str) -> Expr | None:
    """A formula written entry by entry, and put as one formula again."""
    found = LOWERING.array(read_expression(text))
    letters = LOWERING.letters(found)
    e = LOWERING.entry(found, [Ref(i.name) for i in letters])
    return whole(e, letters, LOWERING, NETWORK_OF_SIZES)


NETWORK_OF_SIZES = Network(facts=Facts(sizes=frozenset(SIZES)))


@pytest.mark.parametrize("seed", range(80))
def test_random_formulas_come_back(seed: int) -> None:
    rng = random.Random(1000 + seed)
    shape = rng.choice(["", "n", "m", "nm", "nn", "kn", "mk"])
    text = formula(rng, shape, 2)
    found = back(text)
    assert found is not None, text
    at = drawn(seed)
    known = [transform(e, norms_squared) for e in (read_expression(text), found)]
    first, second = (loops(e, at) for e in known)
    assert first == second, (text, latex(found))
    assert LOWERING.array(read_expression(latex(found))).shape == tuple(map(Ref, shape))


FORMS = [
    (r"A^\top x", r"A^\top x"),
    (r"(x^\top A)^\top", r"A^\top x"),
    (r"x y^\top", r"x y^\top"),
    (r"A B", "A B"),
    (r"(B^\top A^\top)^\top", "A B"),
    (r"x \odot u \odot (1 - x)", r"x \odot u \odot (1 - x)"),
    (r"\operatorname{diag}(x) u", r"x \odot u"),
    (r"\sigma(A y)", r"\sigma(A y)"),
    (r"x^\top C x", r"x^\top C x"),
    (r"\operatorname{tr}(A^\top A)", r"\left\lVert A \right\rVert_F^2"),
    (r"\operatorname{tr}(A D^\top)", r"\langle A, D \rangle"),
    (r"x^\top x", r"\left\lVert x \right\rVert^2"),
    (r"\frac{x}{\|x\|}", r"\frac{x}{\left\lVert x \right\rVert}"),
    (r"\operatorname{softmax}(A y)", r"\operatorname{softmax}(A y)"),
    (r"c x", "c x"),
    (r"\mathbf{1}_n y^\top", r"\mathbf{1}_n y^\top"),
    (r"\operatorname{diag}(x)", r"\operatorname{diag}(x)"),
    (r"\mathbf{1}[x > 0] \odot u", r"\mathbf{1}[x > 0] \odot u"),
]


@pytest.mark.parametrize(("text", "form"), FORMS, ids=[f[0] for f in FORMS])
def test_forms(text: str, form: str) -> None:
    found = back(text)
    assert found is not None
    assert latex(found) == form


@pytest.mark.parametrize(
    "text",
    [
        r"\sum_{j=1}^{m-1} A_{ij} y_j",  # not the whole range
        r"\sum_{j=2}^{m} A_{i,j} y_{j-1}",  # shifted
        r"\sum_{j=1}^{m} A_{ij} y_j j",  # an index as a number
        r"z_i x_i",  # nothing declares z
    ],
)
def test_no_form_is_made_up(text: str) -> None:
    index = Index("i", Range(num(1), Ref("n")))
    assert whole(read_expression(text), [index], LOWERING, NETWORK_OF_SIZES) is None


# -- gradients ----------------------------------------------------------------------------------


def gradient(network: str, question: str) -> str:
    """The answer to a question about a gradient, as LaTeX."""
    return Net(network).answer(question).latex


LAYER = (
    r"x \in \mathbb{R}^{d}, W \in \mathbb{R}^{h \times d}, b, y \in \mathbb{R}^h; "
    r"z = W x + b, a = \sigma(z), L = \tfrac12 \|a - y\|_2^2"
)
BATCH = (
    r"X \in \mathbb{R}^{N \times d}, W \in \mathbb{R}^{d \times k}, b \in \mathbb{R}^k, Y \in "
    r"\mathbb{R}^{N \times k}; Z = X W + \mathbf{1} b^\top, L = \frac{1}{2N} \|Z - Y\|_F^2"
)
PRODUCT = r"D = W X, W \in \mathbb{R}^{5 \times 10}, X \in \mathbb{R}^{10 \times 3}, G = \frac{\partial L}{\partial D}"
FORM = r"x \in \mathbb{R}^{n}, A \in \mathbb{R}^{n \times n}; f(x) = x^\top A x"
STEPS = (
    r"h_t \in \mathbb{R}^n, x_t \in \mathbb{R}^m, W \in \mathbb{R}^{n \times n}, U \in "
    r"\mathbb{R}^{n \times m}; a_t = W h_{t-1} + U x_t, h_t = \tanh(a_t), \quad t = 1, \dots, T; "
    r"\delta_t = \frac{\partial L}{\partial a_t}"
)
STATES = (
    r"h_t \in \mathbb{R}^n, x_t \in \mathbb{R}^d, o_t \in \mathbb{R}^q, U \in \mathbb{R}^{n \times d}, "
    r"W \in \mathbb{R}^{n \times n}, V \in \mathbb{R}^{q \times n}; h_t = U x_t + W h_{t-1}, o_t = V h_t, "
    r"\quad t = 1, \dots, T; \delta_t = \frac{\partial L}{\partial o_t}"
)
STATE = (
    r"\begin{cases} V^\top \delta_T & \text{if } t = T \\ "
    r"V^\top \delta_t + W^\top\, \frac{\partial L}{\partial h_{t+1}} & \text{if } t < T \end{cases}"
    r" = \sum_{k=t}^{T} (W^\top)^{k - t} V^\top \delta_k"
)
ATTENTION = (
    r"Q \in \mathbb{R}^{n \times d}, K \in \mathbb{R}^{m \times d}, V \in \mathbb{R}^{m \times v}; "
    r"S = \frac{Q K^\top}{\sqrt{d}}, A = \operatorname{softmax}(S), O = A V; G = \frac{\partial L}{\partial O}"
)
SHIFTED = (
    r"A, I \in \mathbb{R}^{n \times n}, x \in \mathbb{R}^n; I = \operatorname{diag}(\mathbf{1}), "
    r"L = x^\top (A - \lambda I) x"
)
GRADIENTS = [
    (LAYER, r"\frac{\partial L}{\partial W}", r"((a - y) \odot a \odot (1 - a))\, x^\top"),
    (LAYER, r"\nabla_x L", r"W^\top\, ((a - y) \odot a \odot (1 - a))"),
    (LAYER, r"\nabla_{b} L", r"(a - y) \odot a \odot (1 - a)"),
    (LAYER, r"\frac{\partial z}{\partial x}", "W"),
    (LAYER, r"\frac{\partial a}{\partial z}", r"\operatorname{diag}(a \odot (1 - a))"),
    (LAYER, r"\frac{\partial L}{\partial W_{ij}}", r"(a_i - y_i)\, a_i\, (1 - a_i)\, x_j"),
    (BATCH, r"\nabla_W L", r"\frac{X^\top\, (Z - Y)}{N}"),
    (BATCH, r"\nabla_b L", r"\frac{(Z - Y)^\top \mathbf{1}}{N}"),
    (PRODUCT, r"\frac{\partial L}{\partial W}", r"G X^\top"),
    (PRODUCT, r"\frac{\partial L}{\partial X}", r"W^\top G"),
    (FORM, r"\frac{\partial f}{\partial x}", r"(A + A^\top)\, x"),
    (FORM, r"\frac{\partial f}{\partial A}", r"x x^\top"),
    (
        STATES,
        r"\nabla_W L",
        r"\sum_{t=1}^{T} \frac{\partial L}{\partial h_t}\, h_{t-1}^\top"
        r" = \sum_{t=1}^{T} \sum_{k=t}^{T} (W^\top)^{k - t} V^\top \delta_k h_{t-1}^\top",
    ),
    (STATES, r"\frac{\partial L}{\partial h_t}", STATE),
    (SHIFTED, r"\frac{\partial L}{\partial \lambda}", r"-x^\top I x"),
    (STEPS, r"\nabla_W L", r"\sum_{t=1}^{T} \delta_t h_{t-1}^\top"),
    (ATTENTION, r"\nabla_V L", r"A^\top G"),
    (ATTENTION, r"\nabla_A L", r"G V^\top"),
    (STEPS, r"\nabla_U L", r"\sum_{t=1}^{T} \delta_t x_t^\top"),
]


@pytest.mark.parametrize(("network", "question", "answer"), GRADIENTS)
def test_gradients_by_whole_arrays(network: str, question: str, answer: str) -> None:
    assert gradient(network, question) == answer


STENCIL = {1: Fraction(4, 5), 2: Fraction(-1, 5), 3: Fraction(4, 105), 4: Fraction(-1, 280)}
"""Central differences that are exact for polynomials up to the eighth degree."""


def moved(at: dict[str, Value], name: str, place: Sequence[int], by: Fraction) -> dict[str, Value]:
    """The numbers with one entry moved."""

    def put(a: Value, rest: Sequence[int]) -> Value:
        if not rest:
            return a + by
        return [put(x, rest[1:]) if k == rest[0] else x for k, x in enumerate(a)]

    return {**at, name: put(at[name], place)}


def slope(e: Expr, at: dict[str, Value], name: str, place: Sequence[int]) -> Fraction:
    """The derivative of a polynomial by one entry, by differences of its values."""
    return sum(
        (c * (loops(e, moved(at, name, place, k * s)) * s)
         for k, c in STENCIL.items() for s in (Fraction(1), Fraction(-1))),
        Fraction(0),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_gradients_are_what_differences_say(seed: int) -> None:
    rng = random.Random(2000 + seed)
    text = formula(rng, "", 2)
    net = Net(rf"{SHAPED}; L = {text}")
    e = transform(read_expression(text), norms_squared)
    at = drawn(seed)
    read_ = sorted(free_names(e) & SHAPES.keys())
    for name in read_:
        answer = net.answer(rf"\nabla_{{{name}}} L")
        assert answer.whole is not None, (text, answer.latex)
        found = loops(transform(answer.whole.formula, norms_squared), at)
        for place in product(*(range(SIZES[n]) for n in SHAPES[name])):
            there = reduce(lambda a, k: a[k], place, found)
            assert there == slope(e, at, name, place), (text, answer.latex, place)


def test_the_letters_of_a_question_are_not_taken_for_axes() -> None:
    net = Net(r"x_i, w_j \in \mathbb{R}^d, L_i = \sum_{j=1}^{K} (w_j^\top x_i)^2, i = 1, \dots, N")
    answer = net.answer(r"\nabla_{w_k} L_i")
    assert answer.latex == r"2 (w_k^\top x_i)\, x_i"


def test_an_array_with_three_indices_is_refused() -> None:
    with pytest.raises(NetworkError) as caught:
        gradient(LAYER, r"\frac{\partial z}{\partial W}")
    assert "an array with 3 indices" in caught.value.headline()


def test_parameters_are_named_as_they_are_written() -> None:
    net = Net(LAYER, data="xy")
    assert net.answer(r"\theta").latex == "W, b"


# -- claims -------------------------------------------------------------------------------------

GIVEN = (
    r"W \in \mathbb{R}^{h \times d}, x \in \mathbb{R}^d, \delta \in \mathbb{R}^h, "
    r"A \in \mathbb{R}^{n \times n}, u, v \in \mathbb{R}^n"
)
LOSS = r"W \in \mathbb{R}^{h \times d}, x \in \mathbb{R}^d, y \in \mathbb{R}^h; z = W x; L = \tfrac12 \|z - y\|^2"
PAIRS = [
    (r"W^\top \delta", r"(\delta^\top W)^\top", GIVEN, "Equal"),
    (r"\delta x^\top", r"\delta_i x_j", GIVEN, "Equal"),
    (r"\delta_k x_l", r"\delta x^\top", GIVEN, "Equal"),
    (r"W^\top \delta", r"\sum_{i=1}^{h} \delta_i W_{ij}", GIVEN, "Equal"),
    (r"\delta x^\top", r"x \delta^\top", GIVEN, "Invalid"),
    (r"W^\top \delta", r"W \delta", GIVEN, "Invalid"),
    (r"u v^\top", r"u_i v_j", GIVEN, "Invalid"),  # which letter is the row?
    (r"(A + A^\top) u", r"2 A u", GIVEN, "Differs"),
    (r"u^\top A v", r"v^\top A^\top u", GIVEN, "Equal"),
    (r"u^\top A v", r"v^\top A u", GIVEN, "Differs"),
    (r"\|u - v\|^2", r"\|u\|^2 - 2 u^\top v + \|v\|^2", GIVEN, "Equal"),
    (r"\operatorname{tr}(u v^\top)", r"\langle u, v \rangle", GIVEN, "Equal"),
    (r"A \odot A^\top", r"A A^\top", GIVEN, "Differs"),
    (r"\operatorname{diag}(u) v", r"u \odot v", GIVEN, "Equal"),
    (r"\frac{\partial L}{\partial W}", r"(z - y) x^\top", LOSS, "Equal"),
    (r"\frac{\partial L}{\partial W_{ij}}", r"(z - y) x^\top", LOSS, "Equal"),
    (r"\nabla_W L", r"(z_i - y_i) x_j", LOSS, "Equal"),
    (r"\nabla_x L", r"W^\top (z - y)", LOSS, "Equal"),
    (r"\nabla_x L", r"W^\top z", LOSS, "Differs"),
    (r"\nabla_x L", r"W (z - y)", LOSS, "Invalid"),
    (r"p \mathbf{1}^\top y - y", "p - y", r"y, p \in \mathbb{R}^n; \mathbf{1}^\top y = 1", "Equal"),
    (
        r"S u",
        r"S^\top u",
        r"S \in \mathbb{R}^{n \times n}, u \in \mathbb{R}^n; S = S^\top",
        "Equal",
    ),
]


@pytest.mark.parametrize(("a", "b", "given", "verdict"), PAIRS)
def test_formulas_are_compared_entry_by_entry(a: str, b: str, given: str, verdict: str) -> None:
    assert equal(a, b, given).name == verdict


EXAM = r"""
## 1. A layer (6 points)

$$x \in \mathbb{R}^{d}, \quad W \in \mathbb{R}^{h \times d}, \quad b, y \in \mathbb{R}^h, \quad (x, y) \sim \mathcal D$$

$$z = W x + b, \quad a = \sigma(z), \quad L = \tfrac12 \|a - y\|^2$$

$$\theta = ? \qquad \frac{\partial L}{\partial W} = ? \qquad \nabla_x L = ? \qquad \frac{\partial z}{\partial x} = ?$$
"""


@pytest.mark.parametrize(
    ("text", "verdicts"),
    [
        (r"$\frac{\partial L}{\partial W} = ((a - y) \odot a \odot (1 - a)) x^\top$", ["Equal"]),
        (r"$\frac{\partial L}{\partial W_{ij}} = (a_i - y_i) a_i (1 - a_i) x_j$", ["Equal"]),
        (r"$\frac{\partial L}{\partial W} = x ((a - y) \odot a \odot (1 - a))^\top$", ["Invalid"]),
        (r"$\frac{\partial L}{\partial W} = (a - y) x^\top$", ["Differs"]),
        (r"$\nabla_x L = W^T ((a - y) \odot a \odot (1 - a))$", ["Equal"]),
        (r"$\frac{\partial z}{\partial x} = W$", ["Equal"]),
        (
            r"$\delta = (a - y) \odot a \odot (1 - a)$, $\nabla_x L = W^\top \delta$",
            [None, "Equal"],
        ),
    ],
)
def test_answers_of_a_work(text: str, verdicts: list[str | None]) -> None:
    report = check(text, Exam.parse(EXAM))
    assert [c.verdict and c.verdict.name for c in report.claims] == verdicts


def test_what_is_right_is_said_with_matrices() -> None:
    text = r"$\frac{\partial L}{\partial W} = (a - y) x^\top$"
    (claim,) = check(text, Exam.parse(EXAM)).claims
    assert claim.right == r"((a - y) \odot a \odot (1 - a))\, x^\top"


def test_a_gradient_asked_with_nabla_is_answered() -> None:
    report = check(r"$\nabla_x L = W^\top ((a - y) \odot a \odot (1 - a))$", Exam.parse(EXAM))
    earned = {g.question: g.earned for g in report.answers}
    assert earned[r"\nabla_x L"] == Fraction(3, 2)


LAYERS = (
    r"x \in \mathbb{R}^d, W_1 \in \mathbb{R}^{h \times d}, b_1 \in \mathbb{R}^h, "
    r"W_2 \in \mathbb{R}^{k \times h}, b_2, y \in \mathbb{R}^k, z_1 = W_1 x + b_1, "
    r"h_1 = \tanh(z_1), z_2 = W_2 h_1 + b_2, L = \tfrac12 \|z_2 - y\|^2"
)


@pytest.mark.parametrize(
    ("question", "right"),
    [
        (r"\nabla_{W_2} L", r"(z_{\text{2}} - y)\, h_{\text{1}}^\top"),
        (r"\frac{\partial L}{\partial b_2}", r"z_{\text{2}} - y"),
        (
            r"\nabla_{W_1} L",
            r"((W_{\text{2}}^\top\, (z_{\text{2}} - y)) \odot (1 - h_{\text{1}} \odot h_{\text{1}}))\, x^\top",
        ),
    ],
)
def test_numbers_of_layers_with_two_shapes_are_labels(question: str, right: str) -> None:
    assert Net(LAYERS).answer(question).latex == right


def test_numbers_of_one_shape_or_beside_indices_count_entries() -> None:
    alike = Net(r"x \in \mathbb{R}^d, W_1, W_2 \in \mathbb{R}^{d \times d}, L = \|W_2 W_1 x\|^2")
    assert alike.answer(r"\nabla_{W_2} L").latex == r"2 W_2 W_1 x x^\top W_1^\top"
    entries = Net(
        r"x \in \mathbb{R}^4, W_1 \in \mathbb{R}^{3 \times 4}, W_2 \in \mathbb{R}^{2 \times 3}, "
        r"c_1 = x_1 x_2, c_2 = x_1^2, L = \|W_2 W_1 x\|^2 + \sum_{i=1}^2 c_i"
    )
    assert entries.answer(r"\frac{\partial L}{\partial c_1}").latex == "1"
