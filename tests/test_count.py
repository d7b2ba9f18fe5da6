"""Counts against enumeration: windows, weights, products and reached inputs, one by one."""

from __future__ import annotations

from fractions import Fraction
from itertools import count as from_
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symgrad.count import (
    Kind,
    Quantity,
    Remark,
    count,
    names_layers,
    quantity,
    read_conventions,
    read_layer,
    read_stack,
    unknown,
)
from symgrad.count.size import equal, factored, number, polynomial, short, tidy
from symgrad.errors import CountError, Place
from symgrad.expr import Add, Call, Div, Expr, Mul, Neg, Num, Ref, num
from symgrad.latex import latex

MIDTERM = "INPUT 32×32×1; CONV5-10; POOL2; CONV5-10; POOL2; FC-10"
WORDS = (
    "Give the memory of the activations and the number of parameters of each layer.\n"
    "CONV5-N is a convolution with N filters of 5×5, padding 2 and stride 1; POOL2 is a\n"
    "2×2 max-pooling with stride 2; FC-N is fully connected with N neurons."
)


def counts(text, kind, prose=""):
    rows = count(read_stack(text, said=read_conventions(prose))).rows
    return [row.cells[kind].text for row in rows]


def values(text, kind):
    return [row.cells[kind].value for row in count(read_stack(text)).rows]


# --- enumeration -----------------------------------------------------------------------------


def starts(n, k, s, p, d, rounding):
    """Where windows begin on n entries, by trying them one after the other; None: refused."""
    end = n - 1 + p
    found = []
    for i in from_():
        begin = i * s - p
        if begin + d * (k - 1) > end:
            break
        found.append(begin)
    if not found:
        return None
    covered = found[-1] + d * (k - 1) == end
    if covered or rounding == "floor":
        return found
    if rounding is None or found[-1] + s >= n:
        return None
    return [*found, found[-1] + s]


class Oracle:
    """A stack of windows counted by enumeration; `refused` when a window does not fit."""

    def __init__(self, h, w, c):
        self.shape = (h, w, c)
        self.input = (h, w)
        self.trail = ([], [])
        self.seen = [[{i} for i in range(n)] for n in (h, w)]
        self.refused = False

    def window(self, k, s, p, d, rounding):
        begins = []
        for axis in range(2):
            found = starts(self.shape[axis], k[axis], s, p, d, rounding)
            if found is None:
                self.refused = True
                return None
            begins.append(found)
            self.trail[axis].append((k[axis], s, p, d))
            below = dict(enumerate(self.seen[axis]))
            self.seen[axis] = [
                set().union(*(below.get(b + d * t, set()) for t in range(k[axis]))) for b in found
            ]
        return begins

    def field(self, axis):
        """Reach of one entry, maps without borders."""

        def reached(level, i):
            if level == 0:
                return {i}
            k, s, p, d = self.trail[axis][level - 1]
            return set().union(*(reached(level - 1, i * s - p + d * t) for t in range(k)))

        found = reached(len(self.trail[axis]), 0)
        return max(found) - min(found) + 1

    def whole(self, axis):
        found = set().union(*self.seen[axis])
        return max(found) - min(found) + 1


def test_a_convolution_has_as_many_windows_weights_and_products_as_can_be_enumerated():
    choices = product((1, 4, 5), (1, 2, 3), (1, 2, 3), (0, 1), (1, 2), (2,), (1, 3))
    for n, k, s, p, d, c, f in choices:
        for rounding in (None, "floor", "ceil"):
            said = f"stride {s} pad {p} dilation {d} {rounding or ''}"
            text = f"INPUT {n}x{n}x{c}; CONV{k}-{f} {said}"
            begins = starts(n, k, s, p, d, rounding)
            if begins is None:
                with pytest.raises(CountError):
                    count(read_stack(text))
                continue
            row = count(read_stack(text)).rows[1]
            outputs = list(product(begins, begins, range(f)))
            taps = list(product(range(k), range(k), range(c)))
            assert [number(x) for x in row.after] == [len(begins), len(begins), f], text
            assert row.cells[Kind.MEMORY].value == len(outputs)
            assert row.cells[Kind.WEIGHTS].value == len(list(product(range(f), taps)))
            assert row.cells[Kind.PARAMETERS].value == f * len(taps) + f
            products = sum(1 for _ in product(outputs, taps))
            assert row.cells[Kind.MACS].value == products
            assert row.cells[Kind.FLOPS].value == 2 * products
            assert row.cells[Kind.CONNECTIONS].value == products + len(outputs)


LAYERS = st.lists(
    st.tuples(
        st.sampled_from(["CONV", "POOL", "DWCONV", "RELU"]),
        st.tuples(st.integers(1, 3), st.integers(1, 3)),
        st.integers(1, 3),
        st.integers(0, 1),
        st.integers(1, 2),
        st.sampled_from([None, "floor", "ceil"]),
        st.integers(1, 3),
        st.booleans(),
    ),
    max_size=5,
)


@settings(max_examples=150, deadline=None)
@given(h=st.integers(1, 12), w=st.integers(1, 12), c=st.integers(1, 3), layers=LAYERS)
def test_a_random_stack_agrees_with_enumeration(h, w, c, layers):
    oracle = Oracle(h, w, c)
    lines = [f"INPUT {h}×{w}×{c}"]
    expected = []
    for kind, k, s, p, d, rounding, f, bias in layers:
        ch = oracle.shape[2]
        if kind == "RELU":
            lines.append("RELU")
            expected.append((*oracle.shape, 0, 0, oracle.field(0), oracle.field(1)))
            continue
        named = f"{kind} {k[0]}×{k[1]}" + (f", {f} filters" if kind == "CONV" else "")
        tail = "" if bias or kind == "POOL" else ", no bias"
        lines.append(f"{named}, stride {s}, pad {p}, dilation {d} {rounding or ''}{tail}")
        begins = oracle.window(k, s, p, d, rounding)
        if begins is None:
            break
        out = f if kind == "CONV" else ch
        taps = [] if kind == "POOL" else list(product(range(k[0]), range(k[1])))
        if kind == "CONV":
            taps = list(product(taps, range(ch)))
        params = sum(len(taps) + bias for _ in range(out)) if kind != "POOL" else 0
        macs = sum(len(taps) for _ in product(*begins, range(out)))
        oracle.shape = (len(begins[0]), len(begins[1]), out)
        expected.append((*oracle.shape, params, macs, oracle.field(0), oracle.field(1)))
    text = "; ".join(lines)
    if oracle.refused:
        with pytest.raises(CountError):
            count(read_stack(text))
        return
    counted = count(read_stack(text + "; FC-4"))
    for row, (oh, ow, oc, params, macs, rh, rw) in zip(counted.rows[1:], expected, strict=False):
        assert [number(x) for x in row.after] == [oh, ow, oc], text
        assert row.cells[Kind.MEMORY].value == oh * ow * oc
        assert row.cells[Kind.PARAMETERS].value == params, text
        assert row.cells[Kind.MACS].value == macs, text
        field = row.cells[Kind.FIELD]
        assert (field.value, field.value) == (rh, rw) if rh == rw else field.text == f"{rh} × {rw}"
    assert counted.rows[-1].cells[Kind.WEIGHTS].value == sum(
        1 for _ in product(*map(range, oracle.shape), range(4))
    )
    if all(d == 1 and (s <= min(k) or not p) and p < min(k) for _, k, s, p, d, *_ in layers):
        whole = (oracle.whole(0), oracle.whole(1))
        field = counted.rows[-1].cells[Kind.FIELD]
        assert field.text == (str(whole[0]) if whole[0] == whole[1] else f"{whole[0]} × {whole[1]}")
    for kind, total in counted.totals.items():
        assert total.value == sum(row.cells[kind].value for row in counted.rows), kind


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 20), k=st.integers(1, 4), s=st.integers(1, 4), d=st.integers(1, 2))
def test_same_padding_makes_one_output_per_stride(n, k, s, d):
    row = count(read_stack(f"INPUT {n}×{n}×1; CONV{k}-1 same stride {s} dilation {d}")).rows[1]
    assert number(row.after[0]) == len(range(0, n, s))


def test_a_transposed_convolution_spreads_what_a_convolution_gathers():
    for n, k, s, p in product((1, 2, 5), (1, 2, 3, 4), (1, 2, 3), (0, 1)):
        touched = {i * s + t for i in range(n) for t in range(k)}
        length = max(touched) + 1 - 2 * p
        text = f"INPUT {n}×{n}×2; TCONV{k}-3 stride {s} pad {p}"
        if length < 1:
            with pytest.raises(CountError):
                count(read_stack(text))
            continue
        row = count(read_stack(text)).rows[1]
        assert number(row.after[0]) == length, text
        assert row.cells[Kind.PARAMETERS].value == 3 * (k * k * 2) + 3
        assert row.cells[Kind.MACS].value == n * n * 2 * k * k * 3


# --- published tables ------------------------------------------------------------------------


def test_the_midterm():
    memory = counts(MIDTERM, Kind.MEMORY, WORDS)
    assert memory[1:] == [
        "32 × 32 × 10 = 10240",
        "16 × 16 × 10 = 2560",
        "16 × 16 × 10 = 2560",
        "8 × 8 × 10 = 640",
        "10",
    ]
    assert counts(MIDTERM, Kind.PARAMETERS, WORDS) == [
        "0",
        "10 × (5 × 5 × 1 + 1) = 260",
        "0",
        "10 × (5 × 5 × 10 + 1) = 2510",
        "0",
        "10 × (8 × 8 × 10 + 1) = 6410",
    ]
    rows = count(read_stack(MIDTERM, said=read_conventions(WORDS))).rows
    assert rows[1].cells[Kind.PARAMETERS].working == r"10 \times (5 \times 5 \times 1 + 1) = 260"
    assert rows[1].sizes[0].working == r"(32 - 5 + 2 \times 2)/1 + 1 = 32"
    assert len(rows[1].sizes) == 1
    assert [row.remarks for row in rows] == [(), (), (), (), (), (Remark.FLATTENED,)]


def test_without_words_the_midterm_says_what_it_assumes():
    rows = count(read_stack(MIDTERM)).rows
    assert rows[1].remarks == (Remark.KEEPS_SIZE,)
    assert rows[2].remarks == (Remark.WINDOW_STRIDE,)


def test_alexnet_conv1():
    row = count(read_stack("INPUT 227x227x3; CONV: F=11, S=4, P=0, K=96")).rows[1]
    assert row.cells[Kind.OUTPUT].text == "55 × 55 × 96"
    assert row.cells[Kind.MEMORY].value == 290400
    assert row.cells[Kind.WEIGHTS].value == 34848
    assert row.cells[Kind.PARAMETERS].value == 34944
    with pytest.raises(CountError, match=r"= 54.25 is not a whole number"):
        count(read_stack("INPUT 224x224x3; CONV: F=11, S=4, P=0, K=96"))


def test_other_published_counts():
    assert values("INPUT 32x32x1; CONV5-3, stride 1, no padding", Kind.PARAMETERS)[1] == 78
    lenet = "INPUT 32x32x1; CONV5-6 valid; POOL2; CONV5-16 valid; POOL2; CONV5-120 valid; FC-84"
    assert values(lenet, Kind.PARAMETERS)[1::2] == [156, 2416, 48120]
    assert values(lenet, Kind.CONNECTIONS)[1] == 122304
    assert values(lenet, Kind.CONNECTIONS)[5:] == [48120, 10164]
    vgg = "INPUT 224x224x3; conv3-64; conv3-64; POOL2; conv3-128"
    assert values(vgg, Kind.PARAMETERS) == [0, 1792, 36928, 0, 73856]
    assert values(vgg, Kind.MEMORY) == [150528, 3211264, 3211264, 802816, 1605632]


def test_an_odd_map_needs_floor():
    text = "INPUT 224x224x3; CONV3-20 no pad stride 1; POOL2; CONV3-90 no pad stride 1; POOL2"
    with pytest.raises(CountError, match=r"\(109 - 2\)/2 \+ 1 = 54.5 is not a whole number"):
        count(read_stack(text))
    rows = count(read_stack(text + " floor; FLATTEN")).rows
    assert [row.cells[Kind.OUTPUT].text for row in rows[1:]] == [
        "222 × 222 × 20",
        "111 × 111 × 20",
        "109 × 109 × 90",
        "54 × 54 × 90",
        "262440",
    ]
    assert rows[4].sizes[0].text == "⌊(109 - 2)/2⌋ + 1 = 54"
    assert rows[4].sizes[0].working == r"\left\lfloor (109 - 2)/2 \right\rfloor + 1 = 54"
    assert values(text + " floor", Kind.PARAMETERS) == [0, 560, 0, 16290, 0]


# --- sizes that are names --------------------------------------------------------------------


def test_seven_by_seven_on_c_channels():
    cell = count(read_stack("INPUT H×W×C; CONV7-C")).rows[1].cells[Kind.PARAMETERS]
    assert cell.working == r"C \times (7 \times 7 \times C + 1) = 49 C^2 + C"
    assert cell.text == "C × (7 × 7 × C + 1) = 49C² + C"
    assert cell.value is None
    assert latex(cell.result) == "49 C^2 + C"


def test_three_small_kernels_see_as_much_as_a_large_one_with_fewer_weights():
    small = count(read_stack("INPUT HxWxC; CONV3-C no bias; CONV3-C no bias; CONV3-C no bias"))
    assert latex(small.totals[Kind.PARAMETERS].result) == "27 C^2"
    assert small.rows[-1].cells[Kind.FIELD].value == 7
    assert small.totals[Kind.PARAMETERS].text == "9C² + 9C² + 9C² = 27C²"


def test_depthwise_separable_products():
    rows = count(read_stack("INPUT D_FxD_FxM; DWCONV D_K same; CONV1-N")).rows
    d, f, m, n = (Ref("D", (Ref("K"),)), Ref("D", (Ref("F"),)), Ref("M"), Ref("N"))
    assert equal(rows[1].cells[Kind.MACS].result, Mul((d, d, m, f, f)))
    assert equal(rows[2].cells[Kind.MACS].result, Mul((m, n, f, f)))
    full = count(read_stack("INPUT D_F×D_F×M; CONV D_K-N same")).rows[1].cells[Kind.MACS]
    assert equal(full.result, Mul((d, d, m, n, f, f)))


def test_a_sum_begins_with_a_gain_where_it_has_one():
    rows = count(
        read_stack("INPUT HxWxC; CONV F-K, stride S, pad P; CONV F-K, stride S, pad P")
    ).rows
    assert "(2 × P - F + 1)/S" in rows[2].cells[Kind.OUTPUT].text
    assert "(-" not in rows[2].cells[Kind.OUTPUT].text


def test_the_output_size_formula_of_the_notes():
    row = count(read_stack("CONV F-K, stride S, pad P on W×W×D")).rows[0]
    assert row.sizes[0].text == "(W - F + 2 × P)/S + 1"
    assert row.remarks == (Remark.DIVIDES,)
    assert row.cells[Kind.PARAMETERS].text == "K × (F × F × D + 1) = KF²D + K"


VALUATIONS = st.fixed_dictionaries({n: st.integers(4, 12) for n in "HWCK"})
SYMBOLIC = [
    "INPUT HxWxC; CONV3-K; POOL2 floor; CONV5-4 valid stride 2 ceil; FC-C",
    "INPUT HxWxC; POOL3 stride 2 floor; POOL2 floor; DWCONV3; BN; GLOBAL AVGPOOL; FC-K",
    "INPUT HxHxC; CONV3-K same stride 2; CONV1-C no bias; FLATTEN; FC-7",
]


@settings(max_examples=60, deadline=None)
@given(text=st.sampled_from(SYMBOLIC), sizes=VALUATIONS)
def test_formulas_hold_at_every_size(text, sizes):
    symbolic = count(read_stack(text))
    concrete = text
    for name, value in sizes.items():
        head, *rest = concrete.split("; ")
        spelled = [r.replace(f"-{name}", f"-{value}") for r in rest]
        dims = head.removeprefix("INPUT ").split("x")
        dims = [str(value) if d == name else d for d in dims]
        concrete = "; ".join([f"INPUT {'x'.join(dims)}", *spelled])
    try:
        counted = count(read_stack(concrete))
    except CountError:
        return
    for kind, cell in counted.totals.items():
        assert at(symbolic.totals[kind].result, sizes) == cell.value, (kind, concrete)
        assert at(symbolic.totals[kind].formula, sizes) == cell.value, (kind, concrete)


def at(e: Expr, sizes):
    """The value of a formula, by recursion on its form."""
    match e:
        case Num(value=v):
            return v
        case Ref(name=n):
            return Fraction(sizes[n])
        case Add(terms=xs):
            return sum(at(x, sizes) for x in xs)
        case Neg(arg=x):
            return -at(x, sizes)
        case Mul(factors=xs):
            out = Fraction(1)
            for x in xs:
                out *= at(x, sizes)
            return out
        case Div(num=a, den=b):
            return at(a, sizes) / at(b, sizes)
        case Call(fn="floor", args=(x,)):
            return Fraction(at(x, sizes).__floor__())
        case Call(fn="ceil", args=(x,)):
            return Fraction(at(x, sizes).__ceil__())
    return at(e.base, sizes) ** int(e.exp.value)


POLYNOMIALS = st.recursive(
    st.one_of(st.integers(0, 4).map(num), st.sampled_from([Ref("H"), Ref("W")])),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda xs: Add(tuple(xs))),
        st.lists(inner, min_size=2, max_size=3).map(lambda xs: Mul(tuple(xs))),
        inner.map(Neg),
        st.tuples(inner, st.integers(1, 4)).map(lambda p: Div(p[0], num(p[1]))),
        inner.map(lambda x: Call("floor", (Div(x, num(2)),))),
        inner.map(lambda x: Call("ceil", (Div(x, num(3)),))),
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(e=POLYNOMIALS, h=st.integers(1, 9), w=st.integers(1, 9))
def test_tidying_keeps_the_value(e, h, w):
    sizes = {"H": h, "W": w}
    for form in (tidy, factored, short):
        assert at(form(e), sizes) == at(e, sizes)
    assert polynomial(tidy(e)) == polynomial(e)


def test_a_high_power_of_a_name_is_one_factor():
    row = count(read_stack("INPUT H×H×C" + "; CONV3-C pad 1 stride S" * 12)).rows[-1]
    assert row.cells[Kind.OUTPUT].text == "((H - 1)/S¹² + 1) × ((H - 1)/S¹² + 1) × C"


# --- spelling --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spelled", "plain"),
    [
        ("INPUT 227x227x3", "INPUT 227×227×3"),
        ("INPUT: 32 x 32 x 3", "INPUT 32×32×3"),
        (r"INPUT $32 \times 32 \times 3$", "INPUT 32×32×3"),
        ("input HxWxC", "INPUT H×W×C"),
        ("conv3-64", "CONV3-64"),
        ("CONV 3×3, 64 filters", "CONV3-64"),
        ("CONV 3×3, 64", "CONV3-64"),
        ("3x3 conv, 64", "CONV3-64"),
        ("CONV3-64 (same)", "CONV3-64 same padding"),
        ("CONV3x3-64", "CONV3-64"),
        ("CONV: 64 3×3 filters", "CONV3-64"),
        ("CONV1: 64 3×3 filters", "CONV3-64"),
        ("CONV 64 filters of size 3×3", "CONV3-64"),
        ("CONV kernel 3, filters 64", "CONV3-64"),
        ("CONV3-64 + ReLU", "CONV3-64"),
        ("CONV F=11, S=4, P=0, K=96", "CONV11-96, stride 4, no padding"),
        ("7×7 conv, 64, /2", "CONV7-64 stride 2"),
        ("CONV7-64 s2", "CONV7-64 stride of 2"),
        ("CONV5-10, zero-padding of 1", "CONV5-10 pad 1"),
        ("CONV5-10 (stride 1, no padding)", "CONV5-10 valid, stride = 1"),
        ("CONV5-10 without bias", "CONV5-10, no bias"),
        ("CONV5-10, groups = 2", "CONV5-10 groups 2"),
        ("POOL 2×2", "POOL2"),
        ("pooling 3×3 with stride 2", "POOL3, stride 2"),
        ("FC 10", "FC-10"),
        ("Dense(10)", "FC-10"),
        ("fully-connected, 10 neurons", "FC-10"),
        ("FC6: 4096 neurons", "FC-4096"),
        ("FC-4{,}096", "FC-4096"),
        ("DWCONV 3×3", "depthwise conv 3×3"),
        ("1×1 conv-8", "CONV1-8"),
    ],
)
def test_spellings_of_one_layer(spelled, plain):
    a, b = read_layer(spelled), read_layer(plain)
    assert (a.kind, a.options, a.shape) == (b.kind, b.options, b.shape)


def test_kinds():
    lines = {
        "MAXPOOL 2×2": "maxpool",
        "AVGPOOL2": "avgpool",
        "GLOBAL AVGPOOL": "globalpool",
        "FLATTEN": "flatten",
        "RELU": "activation",
        "SOFTMAX": "softmax",
        "DROPOUT 0.5": "dropout",
        "DROPOUT (p = 0.5)": "dropout",
        "BN": "batchnorm",
        "Batch Normalization": "batchnorm",
        "DECONV4-8": "tconv",
        "transposed convolution 4×4, 8 filters": "tconv",
        "LRN": "normalization",
    }
    assert {text: read_layer(text).kind for text in lines} == lines


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "LSTM 5",
            "found 'LSTM', expected a layer; known layers: INPUT, CONV, DWCONV, TCONV, "
            "POOL, GLOBAL AVG POOL, FC, FLATTEN, BN, RELU, …\n  LSTM 5\n  ^",
        ),
        (
            "POOL2 no bias",
            "found 'no', expected no bias for POOL; write it as POOL2 or "
            "POOL 3×3, stride 2 (also pad 1, floor, ceil)\n"
            "  POOL2 no bias\n        ^",
        ),
        (
            "FC6",
            "found '6', expected a hyphen or a space before the number of neurons; "
            "write FC-6 for 6 neurons\n  FC6\n    ^",
        ),
        (
            "FC-10 pad 2",
            "found 'pad', expected no padding for FC; write it as FC-10 "
            "(also no bias)\n  FC-10 pad 2\n        ^",
        ),
        (
            "INPUT 32×32",
            "found the end of the layer, expected height × width × channels; write "
            "it as INPUT 32×32×3\n  INPUT 32×32\n             ^",
        ),
    ],
)
def test_a_layer_that_cannot_be_read(text, message):
    with pytest.raises(CountError) as caught:
        read_layer(text)
    assert str(caught.value).split(": ", 1)[1] == message


@pytest.mark.parametrize(
    ("text", "found", "column"),
    [
        ("CONV5-10 foo", "found 'foo', expected an option of CONV", 10),
        ("CONV5-10 pad", "found the end of the layer, expected a number after 'pad'", 13),
        ("CONV5-10 stride fast", "found 'fast', expected a number after 'stride'", 17),
        ("CONV5-10 stride 2 stride 3", "expected one stride, it is given twice", 19),
        ("CONV5-10 stride 1.5", "found '1.5', expected a whole number", 17),
        ("CONV0-10", "found '0', expected a size from 1 to 1000000000", 5),
        ("CONV5-9999999999", "found '9999999999', expected a size from 1 to 1000000000", 7),
        ("CONV5-10 k=3", "found 'k', expected F = … (kernel) or K = … (filters)", 10),
        ("CONV3-128 pad (k-1)/2", "found '(', expected a number after 'pad'", 15),
        ("CONV3-128 pad k-1", "found '-', expected a whole number or a name after 'pad'", 16),
        ("CONV3-64 × 2", "found '×', expected an option of CONV", 10),
        ("CONV5-10 §", "found '§' in a layer", 10),
        ("CONVS-10", "found 'S', expected a space or a size", 5),
        ("RELU stride 2", "expected no stride for ACTIVATION", 6),
        ("INPUT 032×32×3", "found '032', expected a whole number", 7),
        ("INPUT 3×3×3×3", "expected height × width × channels", 14),
        ("FC-10 20", "found '20', expected an option of FC", 7),
        ("FLATTEN 3", "found '3', expected an option of FLATTEN", 9),
        ("CONV" + "5" * 400, "found a layer of 404 characters, expected at most 300", 1),
    ],
)
def test_every_word_is_read_or_refused_where_it_stands(text, found, column):
    with pytest.raises(CountError) as caught:
        read_layer(text, Place("exam.md", 7, 11, "| x      | " + text + " |"))
    error = caught.value
    assert found in error.message
    assert error.hint
    assert error.at is not None
    assert (error.at.file, error.at.line, error.at.column) == ("exam.md", 7, 10 + column)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="CONVPOLFUTINX ×x*=-(),/.0123456789dibasepnokf§$", max_size=40))
def test_any_text_is_read_or_refused(text):
    found = None
    try:
        count(read_stack("INPUT 9×9×2; " + text))
    except CountError as error:
        found = error
    assert found is None or found.at is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "CONV5-10",
            "found 'CONV5-10' first, expected the size of the input; begin with INPUT "
            "height×width×channels, for example INPUT 32×32×3",
        ),
        (
            "INPUT 8×8×1; CONV2-3",
            "found 'CONV2-3', expected its padding; state pad P, same or "
            "valid; only a convolution with an odd kernel and stride 1 is taken to keep its size",
        ),
        (
            "INPUT 8×8×1; CONV3-3 stride 2",
            "found 'CONV3-3 stride 2', expected its padding; state "
            "pad P, same or valid; only a convolution with an odd kernel and stride 1 is taken to "
            "keep its size",
        ),
        (
            "INPUT 32×32×1; CONV5-3 stride 2 valid",
            "found 'CONV5-3 stride 2 valid': (32 - 5)/2 + 1 "
            "= 14.5 is not a whole number, expected windows that cover the input exactly; add floor "
            "or ceil to the layer, or change stride or padding",
        ),
        (
            "INPUT 4×4×1; CONV5-3 valid",
            "found 'CONV5-3 valid' on 4 entries: (4 - 5)/1 + 1 = 0, "
            "expected a window that fits; use a smaller kernel or more padding",
        ),
        (
            "INPUT 4×4×1; FC-3; CONV3-3",
            "found 'CONV3-3' after a vector of 3 values, expected a "
            "volume of height × width × channels; put it before the first FLATTEN or FC, or give "
            "the input three sizes",
        ),
        (
            "INPUT 4×4×1; INPUT 4×4×1",
            "found a second input 'INPUT 4×4×1', expected a layer; give each network its own table",
        ),
        (
            "INPUT 4×4×3; CONV3-4 groups 2",
            "found 'CONV3-4 groups 2' with 3 input channels in 2 "
            "groups, expected groups of the same size; change the groups or the number of input "
            "channels",
        ),
        (
            "INPUT 4×4×3; CONV: stride 1",
            "found 'CONV: stride 1', expected its kernel size; write "
            "CONV5-10 or CONV 5×5, 10 filters",
        ),
        (
            "INPUT 4×4×3; CONV3",
            "found 'CONV3', expected its number of filters; write CONV5-10 or CONV 5×5, 10 filters",
        ),
        (
            "INPUT 4×4×3; POOL",
            "found 'POOL', expected its window; write POOL2 or POOL 3×3, stride 2",
        ),
        ("INPUT 4×4×3; FC", "found 'FC', expected its number of neurons; write FC-10"),
        (
            "INPUT 5×5×1; POOL1 stride 3 ceil",
            "found 'POOL1 stride 3 ceil': with ceil the last "
            "window begins outside the input, expected every window to begin on it; write floor, or "
            "change stride or padding",
        ),
        (
            "INPUT 4×4×3; CONV3-2 on 5×5×3",
            "found 'CONV3-2 on 5×5×3', expected it on 4 × 4 × 3; leave the size out, or correct it",
        ),
    ],
)
def test_a_stack_that_cannot_be_counted(text, message):
    with pytest.raises(CountError) as caught:
        count(read_stack(text))
    error = caught.value
    assert f"{error.message}; {error.hint}" == message
    assert error.at is not None
    assert error.at.column == 1 + text.rfind(error.message.split("'")[1])


def test_too_many_layers_and_none():
    with pytest.raises(CountError, match="found 501 layers, expected at most 500"):
        count(read_stack("INPUT 4×4×1" + "; RELU" * 500))
    with pytest.raises(CountError, match="found no layer"):
        count(())
    deep = "INPUT H×H×1" + "; POOL2 stride S floor" * 200
    with pytest.raises(CountError, match="nests too many divisions"):
        count(read_stack(deep))


# --- conventions in words --------------------------------------------------------------------


def words(prose):
    found = {c.text: c.options.given() for c in read_conventions(prose)}
    return {k: {n: readable(v) for n, v in o.items()} for k, o in found.items()}


def readable(value):
    if isinstance(value, tuple):
        return tuple(map(readable, value))
    return latex(value) if isinstance(value, Expr) else value


ONE, TWO, NONE = ("1", "1"), ("2", "2"), ("0", "0")


@pytest.mark.parametrize(
    ("prose", "expected"),
    [
        (WORDS, {"CONV5-N": {"stride": ONE, "padding": TWO}, "POOL2": {"stride": TWO}}),
        (
            "All convolutions use stride 1 and no padding. Convolutions have no bias.",
            {"convolutions": {"stride": ONE, "padding": NONE, "bias": False}},
        ),
        (
            "Use stride 1 and no padding for all convolutions.",
            {"convolution": {"stride": ONE, "padding": NONE}},
        ),
        (
            "- `CONV3-N`: stride 1, pad 1\n- POOL2 uses floor\n- FC layers have no bias",
            {
                "CONV3-N": {"stride": ONE, "padding": ONE},
                "POOL2": {"rounding": "floor"},
                "FC": {"bias": False},
            },
        ),
        (
            r"CONV3-N is a $3 \times 3$ convolution with $N$ filters, zero-padding of 1 and a stride "
            r"of 2. The image is $\alpha$.",
            {"CONV3-N": {"stride": TWO, "padding": ONE}},
        ),
        (
            "CONV-N stands for N filters of 3×3, same padding.",
            {"CONV-N": {"kernel": ("3", "3"), "padding": "same"}},
        ),
        ("Why does stride 2 halve the map?", {}),
        ("A network has CONV5-10 and FC-10 layers. Which x is largest?", {}),
        ("The convolution is followed by a ReLU.", {}),
        ("The convolutions CONV5-N do not use padding.", {"CONV5-N": {"padding": NONE}}),
        ("Convolutions are valid.", {"Convolutions": {"padding": NONE}}),
        ("Each convolution is same.", {"convolution": {"padding": "same"}}),
        ("CONV5-N: stride 1, valid.", {"CONV5-N": {"stride": ONE, "padding": NONE}}),
        ("CONV5-N has stride 2 and is valid.", {"CONV5-N": {"stride": TWO, "padding": NONE}}),
        ("CONV5-N - valid", {"CONV5-N": {"padding": NONE}}),
        ("CONV5-N uses same convolutions.", {"CONV5-N": {"padding": "same"}}),
        ("Convolutions don't use any padding.", {"Convolutions": {"padding": NONE}}),
        ("Convolutions never pad.", {"Convolutions": {"padding": NONE}}),
        ("CONV5-N isn’t padded.", {"CONV5-N": {"padding": NONE}}),
        (
            "Convolution layers do not use padding or biases.",
            {"Convolution": {"padding": NONE, "bias": False}},
        ),
        (
            "The pooling layers do not overlap and have stride 2.",
            {"pooling": {"stride": TWO}},
        ),
        ("Convolutions keep the same size. Convolutions are not linear.", {}),
        ("Compute the padding of each convolution.", {}),
    ],
)
def test_what_words_say(prose, expected):
    assert words(prose) == expected


def test_a_pattern_reaches_the_layers_it_names():
    said = read_conventions(
        "All convolutions use stride 1 and no padding. CONV3-N has padding 1. "
        "POOLk is max-pooling with stride k."
    )
    stack = read_stack("INPUT 8x8x1; CONV3-4; CONV5-4; CONV3-4 valid; MAXPOOL2; DWCONV3", said=said)
    pads = [readable(layer.options.padding) for layer in stack]
    assert pads == [None, ONE, NONE, NONE, None, NONE]
    assert readable(stack[4].options.stride) == TWO
    assert stack[5].options.stride is not None
    assert readable(read_layer("POOL3", said=said).options.stride) == ("3", "3")


def test_words_change_the_count():
    stack = "INPUT 32×32×1; CONV5-10; POOL2; FC-10"
    assert counts(stack, Kind.OUTPUT)[1] == "32 × 32 × 10"
    said = "CONV5-N is a convolution with N filters of 5×5 and no padding, without bias."
    assert counts(stack, Kind.OUTPUT, said)[1] == "28 × 28 × 10"
    assert counts(stack, Kind.PARAMETERS, said)[1] == "10 × 5 × 5 × 1 = 250"


@pytest.mark.parametrize(
    ("prose", "message"),
    [
        (
            "Assume padding 2.",
            "<text>:1:8: found 'padding 2' without a layer, expected the layers "
            "it is said of; write: All convolutions use stride 1 and no padding\n"
            "  Assume padding 2.\n         ^",
        ),
        (
            "Look.\nCONV5-N has padding as usual.",
            "<text>:2:21: found 'as', expected a number "
            "after 'padding'; write padding 2, or padding = 2\n"
            "  CONV5-N has padding as usual.\n                      ^",
        ),
        (
            "CONV5-N has padding 2. CONV5-N has padding 1.",
            "<text>:1:23: found a second padding of "
            "CONV5-N, expected one padding; say once what CONV5-N is\n"
            "  CONV5-N has padding 2. CONV5-N has padding 1.\n                        ^",
        ),
        (
            "CONV5-N is followed by POOL2 with stride 2.",
            "<text>:1:35: found 'stride', expected "
            "what is said of CONV5-N before another layer is named; write one clause per layer, "
            "with ; between them\n  CONV5-N is followed by POOL2 with stride 2.\n"
            "                                    ^",
        ),
        (
            "CONV5-N is padded.",
            "<text>:1:12: found 'padded', expected a setting that can be read; "
            "write: stride 1, padding 2, no bias\n  CONV5-N is padded.\n             ^",
        ),
    ],
)
def test_a_setting_is_never_passed_over(prose, message):
    with pytest.raises(CountError) as caught:
        read_conventions(prose)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("prose", "found"),
    [
        ("We use valid convolutions.", "valid convolutions"),
        ("The stride of each convolution is 2.", "stride"),
        ("Valid convolutions are used throughout.", "Valid"),
        ("POOL2 has stride 2 and valid convolutions have stride 1.", "valid"),
        ("CONV5-N (valid)", "valid"),
    ],
)
def test_a_setting_beside_a_layer_is_read_or_refused_where_it_stands(prose, found):
    with pytest.raises(CountError, match=f"found '{found}' beside a layer") as caught:
        read_conventions(prose)
    assert caught.value.at.column == prose.index(found) + 1
    assert "All convolutions use stride 1 and no padding" in str(caught.value)


@pytest.mark.parametrize(
    "prose",
    [
        "Convolutions do not have stride 2.",
        "Convolutions are not padded by 2.",
        "CONV5-N is valid where it fits.",
        "Convolutions do not use padding, except CONV3-N with padding 1.",
    ],
)
def test_what_a_layer_is_not_says_nothing_of_what_it_is(prose):
    with pytest.raises(CountError, match="expected"):
        read_conventions(prose)


@pytest.mark.parametrize("between", ["", "BN; ", "RELU; ", "POOL2; ", "BN; RELU; POOL2; "])
def test_a_flattened_map_sees_what_its_entries_see(between):
    rows = count(read_stack(f"INPUT 32x32x3; CONV3-8; {between}FLATTEN; DROPOUT 0.5; FC-10")).rows
    seen = [row.cells[Kind.FIELD].value for row in rows]
    assert seen[-3:] == [seen[-4], seen[-4], 32]


def test_what_is_averaged_over_all_entries_sees_no_more_further_on():
    rows = count(read_stack("INPUT 10x10x3; POOL3 floor; GAP; FLATTEN; FC-10; FC-2")).rows
    assert [row.cells[Kind.FIELD].value for row in rows] == [1, 3, 9, 9, 9, 9]


def test_long_prose_takes_no_long_time_and_no_huge_number():
    assert read_conventions("1" * 20000 + "×1 convolution is big. " * 2) == ()
    assert read_conventions("the conv and the pool, " * 2000) == ()
    with pytest.raises(CountError, match="expected a size up to"):
        read_conventions("CONV5-N has stride " + "7" * 5000)
    assert quantity("(" * 5000 + "memory") is None


# --- headers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Output size", Kind.OUTPUT),
        ("Output Shape", Kind.OUTPUT),
        ("Size", Kind.OUTPUT),
        ("Output size (H×W×C)", Kind.OUTPUT),
        ("Activation shape", Kind.OUTPUT),
        ("Activation memory", Kind.MEMORY),
        ("Memory", Kind.MEMORY),
        ("# Neurons", Kind.MEMORY),
        ("Activation size", Kind.MEMORY),
        ("Number of activations", Kind.MEMORY),
        ("Weights", Kind.WEIGHTS),
        ("Biases", Kind.BIASES),
        ("# of weights", Kind.WEIGHTS),
        ("Parameters", Kind.PARAMETERS),
        ("#params", Kind.PARAMETERS),
        ("Number of parameters", Kind.PARAMETERS),
        ("No. of params", Kind.PARAMETERS),
        ("**Trainable parameters**", Kind.PARAMETERS),
        ("Total parameters", Kind.PARAMETERS),
        ("Parameters (without biases)", Kind.WEIGHTS),
        ("Learnable parameters", Kind.PARAMETERS),
        ("MACs", Kind.MACS),
        ("Multiply-adds", Kind.MACS),
        ("Multiplications", Kind.MACS),
        ("FLOPs", Kind.FLOPS),
        ("Receptive field", Kind.FIELD),
        ("Connections", Kind.CONNECTIONS),
    ],
)
def test_headers(header, kind):
    assert quantity(header) == Quantity(kind)


def test_units_of_headers():
    assert quantity("Memory (KB)") == Quantity(Kind.MEMORY, "KB")
    assert quantity("Memory in bytes") == Quantity(Kind.MEMORY, "B")
    assert quantity("Parameters [MB]") == Quantity(Kind.PARAMETERS, "MB")
    for header in ("Memory (in thousands)", "FLOPs (MB)", "Points", "Parameters (M)", "Layer"):
        assert quantity(header) is None, header
    assert names_layers("**Layer**")
    assert not names_layers("Parameters")
    error = unknown("Flavour", Place("exam.md", 3, 5, "| Flavour |"))
    assert str(error) == (
        "exam.md:3:5: found the header 'Flavour', expected a quantity that can be counted; use one "
        "of: output size, activation memory, weights, biases, parameters, multiply-adds, FLOPs, "
        "receptive field, connections (memory also in bytes, KB, MB)\n  | Flavour |\n      ^"
    )


def test_bytes_take_four_to_a_number():
    counted = count(read_stack("INPUT 32×32×1; CONV5-10; FC-10"))
    row, last = counted.rows[1:]
    memory = row.cell(Quantity(Kind.MEMORY, "B"))
    assert memory.text == "4 × 32 × 32 × 10 = 40960"
    assert memory.remarks == (Remark.FLOAT32,)
    assert row.cell(Quantity(Kind.MEMORY, "KB")).text == "4 × 32 × 32 × 10/1024 = 40"
    assert last.cell(Quantity(Kind.MEMORY, "KB")).text == "4 × 10/1024 ≈ 0.03906"
    assert last.cell(Quantity(Kind.MEMORY, "KB")).value == Fraction(40, 1024)
    total = counted.total(Quantity(Kind.MEMORY, "B"))
    assert total is not None
    assert total.value == 4 * (1024 + 10240 + 10)
    assert counted.total(Quantity(Kind.OUTPUT)) is None


def test_batch_normalization_trains_a_scale_and_a_shift():
    row = count(read_stack("INPUT 8x8x6; BN")).rows[1]
    assert row.cells[Kind.PARAMETERS].text == "2 × 6 = 12"
    assert row.cells[Kind.PARAMETERS].remarks == (Remark.TRAINABLE,)


def test_flops_say_what_they_count():
    row = count(read_stack("INPUT 8x8x6; FC-3")).rows[1]
    assert row.cells[Kind.FLOPS].text == "2 × 3 × 8 × 8 × 6 = 2304"
    assert row.cells[Kind.FLOPS].remarks == (Remark.MAC_FLOPS,)


def test_a_receptive_field_ends_at_a_transposed_convolution():
    row = count(read_stack("INPUT 8x8x6; TCONV2-4 stride 2 pad 0")).rows[1]
    with pytest.raises(CountError, match="expected a layer with a receptive field"):
        row.cell(Quantity(Kind.FIELD))


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 7)), min_size=1, max_size=4),
    st.integers(1, 3),
    st.sampled_from(["", ", no bias"]),
)
def test_a_connection_table_counts_every_map_by_itself(
    table: list[tuple[int, int]], kernel: int, bias: str
) -> None:
    """Σ over the maps of (F F k + 1), and per output entry as many connections."""
    said = ", ".join(f"{n} maps see {k} inputs" for n, k in table)
    maps = sum(n for n, _ in table)
    row = count(read_stack(f"INPUT 9×9×7; CONV{kernel}-{maps}, valid{bias}, {said}")).rows[1]
    learned = sum(kernel * kernel * k + (not bias) for n, k in table for _ in range(n))
    assert row.cells[Kind.PARAMETERS].value == learned
    assert row.cells[Kind.CONNECTIONS].value == (10 - kernel) ** 2 * learned
    full = count(read_stack(f"INPUT 9×9×7; CONV{kernel}-{maps}, valid{bias}")).rows[1]
    every = count(
        read_stack(f"INPUT 9×9×7; CONV{kernel}-{maps}, valid{bias}, {maps} maps see all 7")
    ).rows[1]
    for kind, cell in full.cells.items():
        assert every.cells[kind].value == cell.value


@pytest.mark.parametrize("said", ["one weight and one bias per map", "a weight and a bias per map"])
def test_a_pooling_may_learn_a_weight_and_a_bias_per_map(said: str) -> None:
    row = count(read_stack(f"INPUT 8×8×5; S2: 2×2 subsampling with {said}")).rows[1]
    assert row.cells[Kind.PARAMETERS].value == 10
    assert row.cells[Kind.CONNECTIONS].value == 4 * 4 * 5 * (2 * 2 + 1)
    assert count(read_stack("INPUT 8×8×5; POOL2")).rows[1].cells[Kind.PARAMETERS].value == 0
