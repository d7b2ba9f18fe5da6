r"""Counting a stack of layers: one row per layer, one cell per quantity, totals below.

Knows what each layer costs. Every count keeps the formula as a person writes it,
``10 × (5 × 5 × 1 + 1)``, beside its value; where sizes are names the value is a formula too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from symgrad.count.layer import CONVOLUTIONS, POOLS, Layer, Pair
from symgrad.count.maps import linked
from symgrad.count.quantity import Kind, Quantity
from symgrad.count.remark import Remark
from symgrad.count.size import (
    TEXT,
    TIDY,
    Style,
    divides,
    equal,
    number,
    product,
    short,
    tidy,
    worked,
)
from symgrad.count.stack import DEEPEST
from symgrad.count.window import View, lengths, padded
from symgrad.errors import CountError, cited
from symgrad.expr import ONE, ZERO, Add, Div, Expr, Mul, children, num
from symgrad.latex import latex

Shape = tuple[Expr, ...]
"""Height, width, channels of a volume, or the one length of a vector."""
Remarks = tuple[Remark, ...]

DEPTH = 60
"""Deepest nesting of floors in a symbolic size."""


@dataclass(frozen=True)
class Cell:
    r"""One count: the formula as it is worked out, what it comes to, and both as text.

    `working` is LaTeX, ``10 \times (5 \times 5 \times 1 + 1) = 260``; `text` the same in plain
    Unicode; `value` is None where the result is a shape or depends on a size symbol.
    """

    working: str
    text: str
    value: int | Fraction | None = None
    formula: Expr | None = None
    result: Expr | None = None
    remarks: Remarks = ()


@dataclass(frozen=True)
class Row:
    """What one layer makes of its input. `sizes` is the working of height and width (one cell
    where they are the same)."""

    layer: Layer
    before: Shape
    after: Shape
    cells: Mapping[Kind, Cell]
    sizes: tuple[Cell, ...] = ()
    remarks: Remarks = ()

    def cell(self, quantity: Quantity) -> Cell:
        """The count of `quantity`, in its unit."""
        if quantity.kind not in self.cells:
            raise CountError(
                f"found {cited(self.layer.text)}, expected a layer with a {quantity.kind.value}",
                at=self.layer.at,
                hint="leave the cell empty; after a transposed convolution, and where size "
                "symbols leave open which entries are read, there is no receptive field to count",
            )
        return _in_unit(self.cells[quantity.kind], quantity.unit)


@dataclass(frozen=True)
class Count:
    """A counted stack: its rows, and the sum of every quantity that adds up."""

    rows: tuple[Row, ...]
    totals: Mapping[Kind, Cell]
    remarks: Remarks = ()

    def total(self, quantity: Quantity) -> Cell | None:
        """The sum over all rows, None for what does not add up (a shape, a receptive field)."""
        total = self.totals.get(quantity.kind)
        return None if total is None else _in_unit(total, quantity.unit)


@dataclass(frozen=True)
class _State:
    """Where the count stands: the shape so far, the size of the input, what an entry sees, the
    last map of height × width × channels, whose entries a vector may list."""

    shape: Shape
    source: Shape
    view: View | None
    volume: Shape


@dataclass(frozen=True)
class _Cost:
    """What one layer brings: its output and its formulas."""

    after: Shape
    weights: Expr = ZERO
    biases: Expr = ZERO
    parameters: Expr = ZERO
    macs: Expr = ZERO
    connections: Expr = ZERO
    view: View | None = None
    field: Pair | None = None
    sizes: tuple[Cell, ...] = ()
    remarks: Remarks = ()
    padded: bool = False


def count(layers: Sequence[Layer]) -> Count:
    """Every quantity of every layer, and the totals.

    >>> from symgrad.count.stack import read_stack
    >>> rows = count(read_stack("INPUT 32x32x1; CONV5-10; POOL2; FC-10")).rows
    >>> rows[1].cells[Kind.PARAMETERS].text
    '10 × (5 × 5 × 1 + 1) = 260'
    """
    _check(layers)
    start = layers[0].shape
    state = _State(start, start, View() if len(start) == 3 else None, start)
    rows = []
    for layer in layers:
        cost = _cost(layer, state)
        rows.append(_row(layer, state.shape, cost))
        volume = cost.after if len(cost.after) == 3 else state.volume
        state = replace(state, shape=cost.after, view=cost.view, volume=volume)
    remarks = dict.fromkeys(r for row in rows for r in row.remarks)
    return Count(tuple(rows), _totals(rows), tuple(remarks))


def _check(layers: Sequence[Layer]) -> None:
    if not layers:
        raise CountError(
            "found no layer, expected the size of the input and the layers after it",
            hint="begin with INPUT 32×32×3",
        )
    if len(layers) > DEEPEST:
        raise CountError(
            f"found {len(layers)} layers, expected at most {DEEPEST}",
            at=layers[DEEPEST].at,
            hint="count the network in parts",
        )
    if not layers[0].shape:
        raise CountError(
            f"found {cited(layers[0].text)} first, expected the size of the input",
            at=layers[0].at,
            hint="begin with INPUT height×width×channels, for example INPUT 32×32×3",
        )
    for layer in layers[1:]:
        if layer.kind == "input":
            raise CountError(
                f"found a second input {cited(layer.text)}, expected a layer",
                at=layer.at,
                hint="give each network its own table",
            )


def _cost(layer: Layer, state: _State) -> _Cost:
    stands = state.shape[-len(layer.shape) :] if layer.kind in CONVOLUTIONS else state.shape
    agrees = len(layer.shape) == len(stands) and all(map(equal, layer.shape, stands))
    if layer.shape and not agrees:
        raise CountError(
            f"found {cited(layer.text)}, expected it on {product(state.shape, TEXT)}",
            at=layer.at,
            hint="leave the size out, or correct it",
        )
    if layer.kind in CONVOLUTIONS:
        return _convolution(layer, state)
    if layer.kind in POOLS:
        return _pooling(layer, state)
    match layer.kind:
        case "fc":
            return _connected(layer, state)
        case "globalpool":
            _volume(layer, state)
            after = (ONE, ONE, state.shape[2])
            return _Cost(after, connections=Mul(state.shape), view=_whole(state))
        case "flatten":
            return _Cost((tidy(Mul(state.shape)),), view=state.view)
        case "batchnorm":
            channels = state.shape[-1]
            both = Mul((num(2), channels))
            return _Cost(
                state.shape, channels, channels, both, view=state.view, remarks=(Remark.TRAINABLE,)
            )
    return _Cost(state.shape, view=state.view)


def _volume(layer: Layer, state: _State) -> None:
    if len(state.shape) != 3:
        raise CountError(
            f"found {cited(layer.text)} after a vector of {product(state.shape, TEXT)} values, "
            "expected a volume of height × width × channels",
            at=layer.at,
            hint="put it before the first FLATTEN or FC, or give the input three sizes",
        )


def _need(layer: Layer, value: Expr | Pair | None, what: str, hint: str) -> None:
    if value is None:
        raise CountError(f"found {cited(layer.text)}, expected its {what}", at=layer.at, hint=hint)


def _whole(state: _State) -> View | None:
    """What an entry sees that reads all entries before it; where they all see the same, that."""
    if state.view is None or state.view.jump == (ZERO, ZERO):
        return state.view
    return state.view.whole(state.volume, state.source)


def _convolution(layer: Layer, state: _State) -> _Cost:
    _volume(layer, state)
    channels, said = state.shape[2], layer.options
    _need(layer, said.kernel, "kernel size", "write CONV5-10 or CONV 5×5, 10 filters")
    assert said.kernel is not None
    filters = said.filters or (channels if layer.kind == "dwconv" else None)
    if filters is None and said.links:
        filters = tidy(Add(tuple(n for n, _ in said.links)))
    _need(layer, filters, "number of filters", "write CONV5-10 or CONV 5×5, 10 filters")
    assert filters is not None
    read, shared = _channels_read(layer, channels, filters)
    layer, kept = padded(layer)
    formulas, assumed = lengths(layer, state.shape)
    after: Shape = (*(_shallow(layer, tidy(f)) for f in formulas), filters)
    if said.links:
        return _sparse(
            layer, state, after, formulas, (*kept, *((Remark.DIVIDES,) if assumed else ()))
        )
    taps = (*said.kernel, read)
    macs = Mul((Mul(after), Mul(taps)))
    links: Expr = Mul((Mul(after), Add((Mul(taps), ONE))))
    view, seen = state.view.after(layer, state.shape) if state.view else (None, None)
    if layer.kind == "tconv":
        macs = Mul((Mul(state.shape), Mul((*said.kernel, filters))))
        links, view, seen = Add((macs, Mul(after))), None, None
    bias = said.bias is not False
    return _Cost(
        after,
        weights=Mul((filters, *taps)),
        biases=filters if bias else ZERO,
        parameters=Mul((filters, Add((Mul(taps), ONE)))) if bias else Mul((filters, *taps)),
        macs=macs,
        connections=links if bias else macs,
        view=view,
        field=seen,
        sizes=_sizes(formulas),
        remarks=(*kept, *((Remark.DIVIDES,) if assumed or shared else ())),
        padded=layer.options.padding != (ZERO, ZERO),
    )


def _sparse(layer: Layer, state: _State, after: Shape, formulas: Pair, remarks: Remarks) -> _Cost:
    """A convolution of which n maps see k inputs each: Σ n (F F k + 1) parameters."""
    said, (high, wide, filters) = layer.options, after
    assert said.kernel is not None
    assert said.links is not None
    if said.groups is not None:
        raise CountError(
            f"found {cited(layer.text)} with groups and a table of connections, expected one",
            at=layer.at,
            hint="leave the groups out",
        )
    linked(said.links, filters, state.shape[2], layer.text, layer.at)
    bias = said.bias is not False
    taps = [(n, Mul((*said.kernel, k))) for n, k in said.links]
    weights = _summed([Mul((n, *t.factors)) for n, t in taps])
    every = _summed([Mul((n, Add((t, ONE)))) for n, t in taps]) if bias else weights
    view, seen = state.view.after(layer, state.shape) if state.view else (None, None)
    return _Cost(
        after,
        weights=weights,
        biases=filters if bias else ZERO,
        parameters=every,
        macs=Mul((high, wide, weights)),
        connections=Mul((high, wide, every)),
        view=view,
        field=seen,
        sizes=_sizes(formulas),
        remarks=remarks,
        padded=said.padding != (ZERO, ZERO),
    )


def _summed(terms: Sequence[Expr]) -> Expr:
    return terms[0] if len(terms) == 1 else Add(tuple(terms))


def _channels_read(layer: Layer, channels: Expr, filters: Expr) -> tuple[Expr, bool]:
    """The channels each filter reads, C/g, and whether that is assumed whole."""
    groups = channels if layer.kind == "dwconv" else layer.options.groups or ONE
    assumed = False
    for total, what in ((channels, "input channels"), (filters, "filters")):
        if divides(groups, total):
            continue
        if number(Div(total, groups)) is not None:
            raise CountError(
                f"found {cited(layer.text)} with {worked(total, TEXT)} {what} in "
                f"{worked(groups, TEXT)} groups, expected groups of the same size",
                at=layer.at,
                hint=f"change the groups or the number of {what}",
            )
        assumed = True
    if groups == ONE:
        return channels, False
    return (ONE if equal(channels, groups) else Div(channels, groups)), assumed


def _shallow(layer: Layer, size: Expr) -> Expr:
    if _depth(size) > DEPTH:
        raise CountError(
            f"found {cited(layer.text)} on a size that nests too many divisions, expected fewer",
            at=layer.at,
            hint="give the input's height and width as numbers",
        )
    return size


def _depth(e: Expr) -> int:
    return 1 + max((_depth(c) for c in children(e)), default=0)


def _pooling(layer: Layer, state: _State) -> _Cost:
    _volume(layer, state)
    _need(layer, layer.options.kernel, "window", "write POOL2 or POOL 3×3, stride 2")
    assert layer.options.kernel is not None
    formulas, assumed = lengths(layer, state.shape)
    after: Shape = (*(_shallow(layer, tidy(f)) for f in formulas), state.shape[2])
    view, seen = state.view.after(layer, state.shape) if state.view else (None, None)
    stated = layer.options.stride is not None
    remarks = [] if stated else [Remark.WINDOW_STRIDE]
    window: Expr = Mul(layer.options.kernel)
    cost = _Cost(after)
    if layer.options.trainable:  # c · (sum of the window) + b: one product for each output
        channels = state.shape[2]
        both = Mul((channels, Add((ONE, ONE))))
        cost = _Cost(after, channels, channels, both, Mul(after))
        window = Add((window, ONE))
    return replace(
        cost,
        connections=Mul((Mul(after), window)),
        view=view,
        field=seen,
        sizes=_sizes(formulas),
        remarks=(*remarks, *((Remark.DIVIDES,) if assumed else ())),
    )


def _connected(layer: Layer, state: _State) -> _Cost:
    neurons, before = layer.options.filters, state.shape
    _need(layer, neurons, "number of neurons", "write FC-10")
    assert neurons is not None
    bias = layer.options.bias is not False
    weights = Mul((neurons, *before))
    inputs = Mul(before) if len(before) > 1 else before[0]
    every = Mul((neurons, Add((inputs, ONE)))) if bias else weights
    return _Cost(
        (neurons,),
        weights=weights,
        biases=neurons if bias else ZERO,
        parameters=every,
        macs=weights,
        connections=every,
        view=_whole(state),
        remarks=(Remark.FLATTENED,) if len(before) > 1 else (),
    )


def cell(formula: Expr, remarks: Remarks = ()) -> Cell:
    """The formula written out, and what it comes to where that says more.

    >>> cell(Mul((num(3), Add((num(4), ONE))))).text
    '3 × (4 + 1) = 15'
    """
    return _equated(formula, worked(formula), worked(formula, TEXT), TEXT, remarks)


def _equated(formula: Expr, tex: str, text: str, style: Style, remarks: Remarks) -> Cell:
    """The working as written in `style`, and its result: a number, or a shorter formula."""
    value = number(formula)
    result = short(formula)
    same_style = worked(result, style)
    if same_style != text and (value is not None or len(same_style) < len(text)):
        tex, text = f"{tex} = {latex(result)}", f"{text} = {worked(result, TIDY)}"
    whole = int(value) if value is not None and value.denominator == 1 else value
    return Cell(tex, text, whole, formula, result, remarks)


def _sizes(formulas: Pair) -> tuple[Cell, ...]:
    high, wide = map(cell, formulas)
    return (high,) if high == wide else (high, wide)


def _shape_cell(shape: Shape, remarks: Remarks = ()) -> Cell:
    if len(shape) == 1:
        return cell(shape[0], remarks)
    return Cell(product(shape), product(shape, TEXT), remarks=remarks)


def _field_cell(reach: Pair) -> Cell:
    high, wide = reach
    return cell(high) if equal(high, wide) else _shape_cell((tidy(high), tidy(wide)))


def _factors(e: Expr) -> tuple[Expr, ...]:
    return e.factors if isinstance(e, Mul) else (e,)


def _row(layer: Layer, before: Shape, cost: _Cost) -> Row:
    zeros = (Remark.PADDING_COUNTED,) if cost.padded else ()
    biased = (Remark.BIAS_CONNECTION,) if cost.biases != ZERO and cost.macs != ZERO else ()
    flops = ZERO if cost.macs == ZERO else Mul((num(2), *_factors(cost.macs)))
    learned = tuple(r for r in cost.remarks if r in (Remark.TRAINABLE, Remark.FLATTENED))
    placed = tuple(r for r in cost.remarks if r not in learned)
    cells = {
        Kind.OUTPUT: _shape_cell(cost.after, placed),
        Kind.MEMORY: cell(Mul(cost.after) if len(cost.after) > 1 else cost.after[0]),
        Kind.WEIGHTS: cell(cost.weights),
        Kind.BIASES: cell(cost.biases),
        Kind.PARAMETERS: cell(cost.parameters, learned),
        Kind.MACS: cell(cost.macs, zeros),
        Kind.FLOPS: cell(flops, (Remark.MAC_FLOPS, *zeros)),
        Kind.CONNECTIONS: cell(cost.connections, (*biased, *zeros)),
    }
    if cost.view is not None:
        cells[Kind.FIELD] = _field_cell(cost.field or cost.view.reach)
    return Row(layer, before, cost.after, cells, cost.sizes, cost.remarks)


def _totals(rows: Sequence[Row]) -> dict[Kind, Cell]:
    totals: dict[Kind, Cell] = {}
    for kind in Kind:
        if kind in (Kind.OUTPUT, Kind.FIELD):
            continue
        cells = [row.cells[kind] for row in rows]
        parts = [c.result for c in cells if c.result is not None and c.result != ZERO]
        terms = tuple(t for p in parts for t in (p.terms if isinstance(p, Add) else (p,)))
        formula = ZERO if not terms else terms[0] if len(terms) == 1 else Add(terms)
        remarks = dict.fromkeys(r for c in cells for r in c.remarks if r != Remark.FLATTENED)
        if kind == Kind.MEMORY and rows[0].layer.kind == "input":
            remarks[Remark.WITH_INPUT] = None
        if kind in (Kind.MACS, Kind.FLOPS):
            remarks[Remark.PRODUCTS] = None
        tex, text = latex(formula), worked(formula, TIDY)
        totals[kind] = _equated(formula, tex, text, TIDY, tuple(remarks))
    return totals


def _in_unit(counted: Cell, unit: str) -> Cell:
    """The count in bytes, four to a number; KB and MB are 1024 and 1024² bytes."""
    if not unit or counted.formula is None:
        return counted
    remarks = (*counted.remarks, Remark.FLOAT32)
    total = Mul((num(4), *_factors(counted.formula)))
    if unit == "B":
        return cell(total, remarks)
    formula = Div(total, num(1024 if unit == "KB" else 1024**2))
    exact = cell(formula, (*remarks, Remark.BINARY_UNITS))
    if not isinstance(exact.value, Fraction):
        return exact
    value = float(exact.value)
    rounded = f"{value:.1f}" if value >= 1000 else format(Decimal(f"{value:.4g}"), "f")
    sign, tex = ("=", "=") if Fraction(rounded) == exact.value else ("≈", r"\approx")
    return replace(
        exact,
        working=f"{worked(formula)} {tex} {rounded}",
        text=f"{worked(formula, TEXT)} {sign} {rounded}",
    )
