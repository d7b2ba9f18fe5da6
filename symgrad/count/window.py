"""Windows that slide over a map: the length they leave, and what their entries see.

One axis at a time. A window of kernel k, stride s, padding p and dilation d over n entries
stops at (n − d(k − 1) − 1 + 2p)/s + 1 places.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from symgrad.count.layer import POOLS, Layer, Pair
from symgrad.count.remark import Remark
from symgrad.count.size import TEXT, number, polynomial, tidy, worked
from symgrad.errors import CountError, cited
from symgrad.expr import ONE, ZERO, Add, Call, Div, Expr, Mul, Neg, Num, Ref, num


@dataclass(frozen=True)
class Window:
    """A window on one axis; `pad` is None for padding `same`."""

    kernel: Expr
    stride: Expr
    pad: Expr | None
    dilation: Expr
    rounding: str | None
    extra: Expr = ZERO

    def reach(self) -> tuple[Expr, ...]:
        """d(k − 1) + 1, what the dilated kernel spans, as terms; k without dilation."""
        if self.dilation == ONE:
            return (self.kernel,)
        return (Mul((self.dilation, Add((self.kernel, Neg(ONE))))), ONE)

    def length(self, n: Expr) -> Expr:
        """The number of places on `n` entries; ⌈n/s⌉ with padding `same`."""
        if self.pad is None:
            return n if self.stride == ONE else Call("ceil", (Div(n, self.stride),))
        terms = [n, *(Neg(t) for t in self.reach())]
        if self.pad != ZERO:
            terms.append(Mul((num(2), self.pad)))
        quotient = Div(Add(tuple(terms)), self.stride)
        return Add((Call(self.rounding, (quotient,)) if self.rounding else quotient, ONE))

    def spread(self, n: Expr) -> Expr:
        """The length a transposed convolution makes of `n`: (n − 1)s − 2p + d(k − 1) + 1."""
        if self.pad is None:
            return Mul((n, self.stride))
        terms: list[Expr] = [Mul((Add((n, Neg(ONE))), self.stride))]
        if self.pad != ZERO:
            terms.append(Neg(Mul((num(2), self.pad))))
        terms += self.reach()
        if self.extra != ZERO:
            terms.append(self.extra)
        return Add(tuple(terms))

    def before(self, n: Expr) -> Expr:
        """The padding before the first entry; `same` needs (⌈n/s⌉ − 1)s + k − n, half of it
        before, the smaller half if odd."""
        if self.pad is not None:
            return self.pad
        last = Mul((Add((Call("ceil", (Div(n, self.stride),)), Neg(ONE))), self.stride))
        total: Expr = Add((last, *self.reach(), Neg(n)))
        value = number(total)
        total = total if value is None else num(max(value, Fraction(0)))
        return Call("floor", (Div(total, num(2)),))


def windows(layer: Layer) -> tuple[Window, Window]:
    """The windows of a layer, down and across."""
    said = layer.options
    assert said.kernel is not None
    stride = said.stride or (said.kernel if layer.kind in POOLS else (ONE, ONE))
    pads: tuple[Expr | None, Expr | None]
    pads = (None, None) if said.padding == "same" else said.padding or (ZERO, ZERO)
    high, wide = (
        Window(k, s, p, said.dilation or ONE, said.rounding, said.extra or ZERO)
        for k, s, p in zip(said.kernel, stride, pads, strict=True)
    )
    return high, wide


def padded(layer: Layer) -> tuple[Layer, tuple[Remark, ...]]:
    """The layer with the padding it states, or else with (k − 1)/2, which keeps the size.

    Only an odd kernel with stride 1 has such a padding; any other convolution must state one.
    """
    said = layer.options
    if said.padding is not None:
        return layer, ()
    assert said.kernel is not None
    odd = all(isinstance(k, Num) and k.value % 2 == 1 for k in said.kernel)
    slow = (said.stride or (ONE, ONE)) == (ONE, ONE)
    if layer.kind == "tconv" or not odd or not slow:
        raise CountError(
            f"found {cited(layer.text)}, expected its padding",
            at=layer.at,
            hint="state pad P, same or valid; only a convolution with an odd kernel and stride 1 "
            "is taken to keep its size",
        )
    dilation = said.dilation or ONE
    high, wide = (tidy(Div(Mul((dilation, Add((k, Neg(ONE))))), num(2))) for k in said.kernel)
    remarks = () if high == wide == ZERO else (Remark.KEEPS_SIZE,)
    return replace(layer, options=replace(said, padding=(high, wide))), remarks


def lengths(layer: Layer, shape: tuple[Expr, ...]) -> tuple[Pair, bool]:
    """Height and width after the layer as worked, and whether a division is assumed whole."""
    worked_out = []
    assumed = False
    for n, window in zip(shape[:2], windows(layer), strict=True):
        transposed = layer.kind == "tconv"
        formula = window.spread(n) if transposed else window.length(n)
        value = number(formula)
        if value is not None:
            _sound(layer, n, window, formula, value)
        elif not transposed and window.pad is not None and window.rounding is None:
            assumed = assumed or window.stride != ONE
        worked_out.append(formula)
    return (worked_out[0], worked_out[1]), assumed


def _sound(layer: Layer, n: Expr, window: Window, formula: Expr, value: Fraction) -> None:
    """Refuse a size that is no positive whole number, and a window that does not fit."""
    shown = worked(formula, TEXT)
    if value.denominator != 1:
        raise CountError(
            f"found {cited(layer.text)}: {shown} = {decimal(value)} is not a whole number, "
            "expected windows that cover the input exactly",
            at=layer.at,
            hint="add floor or ceil to the layer, or change stride or padding",
        )
    slides = layer.kind != "tconv" and window.pad is not None
    room = number(Add((n, Mul((num(2), window.pad or ZERO)))))
    span = number(Add(window.reach()))
    fits = not slides or room is None or span is None or span <= room
    if value < 1 or not fits:
        raise CountError(
            f"found {cited(layer.text)} on {worked(n, TEXT)} entries: {shown} = {value}, "
            "expected a window that fits",
            at=layer.at,
            hint="use a smaller kernel or more padding",
        )
    if slides and window.rounding == "ceil":
        _last_window(layer, n, window, value)


def _last_window(layer: Layer, n: Expr, window: Window, value: Fraction) -> None:
    """Refuse a window that `ceil` adds and that begins behind the input."""
    begin = number(Add((Mul((num(value - 1), window.stride)), Neg(window.pad or ZERO))))
    end = number(n)
    exact = number(replace(window, rounding=None).length(n)) == value
    if not exact and begin is not None and end is not None and begin >= end:
        raise CountError(
            f"found {cited(layer.text)}: with ceil the last window begins outside the input, "
            "expected every window to begin on it",
            at=layer.at,
            hint="write floor, or change stride or padding",
        )


def decimal(value: Fraction) -> str:
    """14.5 where that is exact, 43/3 where it is not.

    >>> decimal(Fraction(29, 2)), decimal(Fraction(43, 3))
    ('14.5', '43/3')
    """
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return str(float(value)) if rest == 1 else str(value)


@dataclass(frozen=True)
class View:
    """What an entry of a map sees of the input: `reach` values per axis, `jump` further for the
    next entry. `trail` holds the windows so far, each with the length it slid over."""

    reach: Pair = (ONE, ONE)
    jump: Pair = (ONE, ONE)
    trail: tuple[tuple[tuple[Window, Expr], ...], ...] = ((), ())

    def after(self, layer: Layer, shape: tuple[Expr, ...]) -> tuple[View, Pair]:
        """What entries see after a window slid over a map of `shape`, and reach as worked:
        r + (k − 1) j, and the jump is multiplied by the stride."""
        formulas, jumps, trail = [], [], []
        for axis, window in enumerate(windows(layer)):
            jump = self.jump[axis]
            step = Add((window.kernel, Neg(ONE)))
            spaced = (step, jump) if window.dilation == ONE else (window.dilation, step, jump)
            formulas.append(Add((self.reach[axis], Mul(spaced))))
            jumps.append(tidy(Mul((jump, window.stride))))
            trail.append((*self.trail[axis], (window, shape[axis])))
        high, wide = formulas
        reach = (tidy(high), tidy(wide))
        return View(reach, (jumps[0], jumps[1]), tuple(trail)), (high, wide)

    def whole(self, shape: tuple[Expr, ...], source: tuple[Expr, ...]) -> View | None:
        """What all entries of a map of `shape` see together of an input of size `source`: the
        interval they read, traced back window by window and cut to each map; None where size
        symbols leave open whether it is cut."""
        high, wide = (
            self._traced(self.trail[axis], shape[axis]) if self.trail[axis] else source[axis]
            for axis in range(2)
        )
        return None if high is None or wide is None else View((high, wide), (ZERO, ZERO))

    def _traced(self, trail: tuple[tuple[Window, Expr], ...], n: Expr) -> Expr | None:
        first: Expr = ZERO
        last = tidy(Add((n, Neg(ONE))))
        for window, length in reversed(trail):
            before = Neg(window.before(length))
            begin = Add((Mul((first, window.stride)), before))
            end = Add((Mul((last, window.stride)), before, *window.reach(), Neg(ONE)))
            edge = Add((length, Neg(ONE)))
            outside, inside = _below(begin, ZERO), _below(end, edge)
            if outside is None or inside is None:
                return None
            first = ZERO if outside else tidy(begin)
            last = tidy(end if inside else edge)
        return tidy(Add((last, Neg(first), ONE)))


def _below(a: Expr, b: Expr) -> bool | None:
    """Is a ≤ b? None if that depends on the size symbols, which stand for positive integers."""
    if _never_positive(Add((a, Neg(b)))):
        return True
    return False if _never_positive(Add((b, Neg(a)))) else None


def _never_positive(e: Expr) -> bool:
    """Is e ≤ 0 for all sizes, as far as signs tell? ⌊x⌋ ≤ x ≤ ⌈x⌉, and a product of sizes is at
    least 1."""
    terms: list[Expr] = []
    for monomial, c in polynomial(e).items():
        factors: list[Expr] = [Num(c)]
        for atom, power in monomial:
            loose = isinstance(atom, Call) and len(monomial) == power == 1
            if isinstance(atom, Call) and loose and atom.fn == ("floor" if c > 0 else "ceil"):
                factors.append(atom.args[0])
            elif isinstance(atom, Ref) and power > 0:
                factors += [atom] * power
            else:
                return False
        terms.append(Mul(tuple(factors)))
    found = polynomial(Add(tuple(terms))) if terms else {}
    signs = all(c <= 0 for monomial, c in found.items() if monomial)
    plain = all(isinstance(x, Ref) and k > 0 for monomial in found for x, k in monomial)
    return signs and plain and sum(found.values()) <= 0
