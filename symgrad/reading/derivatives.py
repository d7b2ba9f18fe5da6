r"""Fractions and the signs of derivatives: ∂L/∂w in a fraction, before a name, on one line; ∇_w L;
of second and higher order.

Decides what is a derivative and what a quotient; builds no formula.
"""

from __future__ import annotations

from symgrad.reading.names import Names
from symgrad.reading.scan import FUNCTIONS, Fault


class Derivatives(Names):
    """The part of the token pass that begins at a fraction or at the sign of a derivative."""

    def _fraction(self, n: int) -> int:
        a, b, middle = self._argument(n + 1, r"\frac")
        x, y, end = self._argument(middle, r"\frac")
        kind = "FRAC"
        top, bottom = self._d(a), self._d(x)
        if top and bottom and (found := self._higher(n, (a, b), (x, y), end)):
            return found
        if top and a + top == b and (found := self._operator(n, (x, y), (top, bottom), end)):
            return found
        if top and bottom:
            below = self._differential(n, x, y, bottom)
            above = self._differential(n, a, b, top)
            partial = [self._text(k) == r"\partial" for k in (a, x)]
            if below and (not above or partial[0] != partial[1]):
                message = "found a derivative sign below, and no name with the same sign above"
                raise Fault(self.marks[n].pos, message, r"write \frac{dL}{dw}")
            if below:
                kind, a, x = "DERIV", a + top, x + bottom
        elif r"\partial" in (self._text(a), self._text(x)):
            raise Fault(self.marks[n].pos, r"found \partial on one side of a fraction only")
        self._derivative(n, (a, b), (x, y), kind, total=self._text(a - 1) != r"\partial")
        return self._after(end)

    def _operator(self, n: int, by: tuple[int, int], sizes: tuple[int, int], end: int) -> int:
        r"""``\frac{d}{dw} L``: writes it and gives its end; 0 if it is none."""
        (top, bottom), (x, y) = sizes, by
        a = self._argument(n + 1, r"\frac")[0]
        if not bottom or self._text(a) != self._text(x) or top != bottom:
            return 0
        stop = self._slope(end) or self._applied_to(end) or self._extent(end)
        if self._extent(x + bottom) != y or not stop:
            return 0
        total = self._text(a) != r"\partial"
        self._alone(n, stop)
        self._derivative(n, (end, stop), (x + bottom, y), "DERIV", total)
        return stop

    def _applied_to(self, n: int) -> int:
        r"""Where ``\log p_k``, ``\log \sigma(z)``, ``(w x - y)^2`` that begins at `n` ends; 0 if it
        is none of these."""
        if self._kind(n) == "open" and self._text(n) in ("(", "["):
            return self._scripts(self.partner[n] + 1)[2]
        if self._kind(n) == "function" and self._text(n)[1:] in FUNCTIONS:
            start = self._scripts(n + 1)[2]
            return self._applied_to(start) or self._extent(start)
        name = self._symbol(n) if n < self.limit and self._kind(n) != "function" else None
        known = name and (name[0] == r"\sigma" or self._names_of(name[0]) & self.functions)
        if name is not None and known and self._opens(name[1]):
            return self._scripts(self.partner[name[1]] + 1)[2]
        return 0

    def _alone(self, n: int, end: int) -> None:
        """Refuse a derivative sign before a product: how far it reaches is not said."""
        follows = self._extent(end) or self._kind(end) == "function"
        if follows or self._text(end) in ("(", "[", r"\frac"):
            hint = r"write \frac{\partial L}{\partial w}, or \cdot before the next factor"
            raise Fault(self.marks[n].pos, "found a product after a derivative sign", hint)

    def _derivative(
        self, n: int, of: tuple[int, int], by: tuple[int, int], kind: str, total: bool
    ) -> None:
        self._put(kind, n, total)
        self._filled(n, *of)
        self._put("_SLOT", by[0])
        self._filled(n, *by)
        self._put("_END", by[1])

    def _d(self, n: int) -> int:
        r"""How many marks a differential sign at `n` has: ∂, d or ``\mathrm d``; 0 if none."""
        if self._text(n) == r"\partial":
            return 1
        if "d" in self.variables:
            return 0
        if self._text(n) == r"\mathrm" and self._text(n + 1) == "d":
            return 2
        if self._text(n) == r"\mathrm" and [self._text(k) for k in (n + 1, n + 2, n + 3)] == [
            "{",
            "d",
            "}",
        ]:
            return 4
        return int(self._kind(n) == "name" and self._text(n) == "d")

    def _differential(self, n: int, a: int, b: int, size: int) -> int:
        """The size of the sign if a:b is one differential, 0 if it is an ordinary product."""
        partial = self._text(a) == r"\partial"
        at = self.marks[n].pos
        if self._kind(a + size) == "sup" and (partial or self._argument(a + size + 1, "^")[2] < b):
            raise self._unmatched(n)
        if a + size >= b:
            if partial or size > 1:
                hint = r"write \frac{\partial L}{\partial w}"
                raise Fault(
                    at, "found a derivative of nothing, expected a name after the sign", hint
                )
            return 0
        if self._slope(a + size) == b:
            return size
        if partial and any(self._text(k) == r"\partial" for k in range(a + 1, b)):
            raise self._unmatched(n)
        end = self._extent(a + size)
        if partial:
            return size
        return size if end == b else 0

    def _slope(self, n: int) -> int:
        r"""Where the fraction ends that is a derivative, ``\frac{\partial L}{\partial w}``; 0 if
        none begins at `n`."""
        if self._text(n) != r"\frac":
            return 0
        a, _, middle = self._argument(n + 1, r"\frac")
        x, _, end = self._argument(middle, r"\frac")
        return end if self._d(a) and self._d(x) and self._text(a) == self._text(x) else 0

    def _unmatched(self, n: int) -> Fault:
        """A derivative of higher order whose two halves do not say one order."""
        two = (
            r"\frac{\partial^2 L}{\partial w_i\, \partial w_j} or \frac{\partial^2 L}{\partial w^2}"
        )
        message = "found a derivative whose order differs above and below, or has no number"
        return Fault(self.marks[n].pos, message, f"write {two}")

    def _higher(self, n: int, of: tuple[int, int], by: tuple[int, int], end: int) -> int:
        r"""``\frac{\partial^2 L}{\partial w_i \partial w_j}``, also before what is differentiated:
        writes it and gives its end; 0 if it is of first order."""
        (a, b), size = of, self._d(of[0])
        if self._kind(a + size) != "sup":
            return 0
        c, d, start = self._argument(a + size + 1, "^")
        order = self._order(c, d)
        names = self._names_below(by) if order > 1 and self._text(a) == self._text(by[0]) else []
        if not names or len(names) != order:
            if self._text(a) == r"\partial" or (names and start < b):
                raise self._unmatched(n)
            return 0
        stop = b
        if start == b:  # before what is differentiated
            start, stop = end, self._extent(end)
            if not stop:
                return 0
            self._alone(n, stop)
            end = stop
        self._put("DERIVS", n, self._text(a) != r"\partial")
        self._filled(n, start, stop)
        for x, y in names:
            self._put("_SLOT", x)
            self._filled(n, x, y)
        self._put("_END", stop)
        return self._after(end)

    def _order(self, a: int, b: int) -> int:
        """The order that a superscript says; 0 if it says none."""
        text = self._text(a)
        return int(text) if b - a == 1 and text.isdigit() and len(text) == 1 else 0

    def _names_below(self, by: tuple[int, int]) -> list[tuple[int, int]]:
        r"""The names that ``\partial w_i \partial w_j`` or ``\partial w^2`` is by, each as often as
        it counts; a transpose on one of them says which are the columns. None if it is no such."""
        n, stop = by
        found: list[tuple[int, int]] = []
        sign = self._text(n)
        while n < stop:
            size = self._d(n) if self._text(n) == sign else 0
            symbol = self._symbol(n + size) if size and n + size < stop else None
            if symbol is None:
                return []
            scripts, _, end = self._scripts(symbol[1])
            times, last = 1, end
            if "sup" in scripts:
                a, b = scripts["sup"]
                turned = self._text(b - 1) in ("T", r"\top") and b - a == 1
                times = self._order(a, b) or 1
                ends = b >= end - 1
                if (turned or times > 1) and ends:
                    last = a - 1 if self._kind(a - 1) == "sup" else a - 2
            found += [(n + size, last)] * times
            n = end
            while self._kind(n) == "quad":
                n += 1
        return found if n == stop else []

    def _inline(self, n: int, stop: int) -> int:
        r"""∂L/∂w written on one line: writes it and gives its end; 0 if it is none."""
        size = self._d(n)
        slash = self._extent(n + size)
        if not slash or self._text(slash) != "/" or self._text(slash + 1) != self._text(n):
            return 0
        other = self._d(slash + 1)
        end = self._extent(slash + 1 + other) if other else 0
        if not end or end > stop:
            return 0
        total = self._text(n) != r"\partial"
        of, by = (n + size, slash), (slash + 1 + other, end)
        self._derivative(n, of, by, "DERIV", total)
        return end

    def _subscripted(self, n: int) -> int:
        r"""``\partial_w L``."""
        end = self._nabla(n)
        self._alone(n, end)
        return end

    def _nabla(self, n: int) -> int:
        scripts, primes, start = self._scripts(n + 1)
        function = self._kind(start) == "function"
        end = self._applied_to(start) if function else self._extent(start)
        if function and end:
            self._alone(n, end)
        order = self._order(*scripts["sup"]) if "sup" in scripts else 1
        if "sub" not in scripts or not end or not order or primes:
            sign = self._text(n)
            hint = rf"write {sign}_{{w}} L with one name below and one after"
            raise Fault(self.marks[n].pos, f"found {sign}, expected a gradient of a name", hint)
        name = self._symbol(start)
        applied = name and name[1] == end and self._names_of(name[0]) & self.functions
        if applied and self._opens(end) and self._plain(end):
            end = self.partner[end] + 1
        if order > 1:
            self._put("DERIVS", n, False)
            self._filled(n, start, end)
            for _ in range(order):
                self._put("_SLOT", n)
                self._filled(n, *scripts["sub"])
            self._put("_END", end)
            return end
        self._derivative(n, (start, end), scripts["sub"], "DERIV", total=False)
        return end
