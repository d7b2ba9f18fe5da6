r"""Expectations over a finite distribution, a vector of probabilities:

\mathbb{E}_{a \sim \pi}[r_a]         \sum_a \pi_a r_a
\operatorname{Var}_{a \sim \pi}(r_a)  the expectation of r_a^2, without the square of that of r_a
"""

from __future__ import annotations

from symgrad.reading.bars import Bars, Span
from symgrad.reading.scan import Fault

MEANS = frozenset((r"\mathbb{E}", r"\mathbb E", r"\mathrm{E}", "E"))
VARIANCES = frozenset((r"\mathrm{Var}",))


class Drawn(Bars):
    """The part of the token pass that reads expectations."""

    def _averages(self, name: str, scripts: dict[str, Span], end: int) -> bool:
        r"""Is it a mean or a variance over what is drawn, ``\mathbb{E}_{a \sim \pi}[…]``?"""
        drawn = "sub" in scripts and self._has("sim", *scripts["sub"])
        return name in MEANS | VARIANCES and drawn and self._text(end) in ("(", "[", r"\{")

    def _expectation(self, n: int, name: str, scripts: dict[str, Span], end: int) -> int:
        """Write the sum that the mean or the variance at `n` is; gives where it ends."""
        a, b = scripts["sub"]
        cut = next(k for k in self._top(a, b) if self._kind(k) == "sim")
        symbol = self._symbol(cut + 1) if cut + 1 < b else None
        below, primes, stop = self._scripts(symbol[1]) if symbol else ({}, 0, 0)
        known = symbol is not None and symbol[2] is None and not primes and stop == b
        if symbol is None or not known or "sup" in below or symbol[0].startswith(r"\math"):
            told = self._source(cut + 1, b) if cut + 1 < b else "nothing"
            raise Fault(
                self.marks[cut].pos,
                f"found an expectation over {told}, expected a vector of probabilities",
                r"write a mean over a sample, \frac{1}{N} \sum_{i=1}^{N}, or name the "
                r"probabilities, \pi \in \mathbb{R}^{K} and a \sim \pi",
            )
        if self._kind(a) != "name" or cut != a + 1:
            hint = r"write the sum over what is drawn, \sum_a \pi_a r_a"
            raise Fault(self.marks[a].pos, r"found more than a letter before \sim", hint)
        self._check_subscripts(self._text(a), end)
        if "sup" in scripts:
            hint = "write it behind the bracket"
            raise Fault(self.marks[scripts["sup"][0]].pos, f"found a superscript on {name}", hint)
        places = [*(self._indices(below["sub"])[1] if "sub" in below else []), (a, cut)]
        close = self.partner[end]

        def mean(square: bool) -> None:
            self._put("OPEN", n, "(")
            self._within("REDUCE", n, a, cut, value="sum")
            self._put("NAME", cut + 1, symbol[0])
            self._put("SUB", cut + 1, False)
            for k, place in enumerate(places):
                if k:
                    self._put("_COMMA", place[0])
                self._sequence(*place)
            self._put("_END", b)
            self._within("OPEN", end, end + 1, close, value="(")
            self._squaring(n, square)
            self._put("_END", close)

        if name in MEANS:
            mean(square=False)
        else:
            self._put("OPEN", n, "(")
            mean(square=True)
            self._put("_MINUS", n, "-")
            mean(square=False)
            self._squaring(n, True)
            self._put("_END", close)
        return self._after(close + 1)

    def _check_subscripts(self, letter: str, end: int) -> None:
        """What is drawn is an index, and has no value of its own."""
        close = self.partner[end]
        below: set[int] = set()
        for k in range(end + 1, close):
            if self._kind(k) == "sub":
                below |= set(range(*self._argument(k + 1, "_")[:2]))
        for k in range(end + 1, close):
            if self._text(k) == letter and self._kind(k) == "name" and k not in below:
                told = f"found {letter}, which is drawn, outside of a subscript"
                raise Fault(self.marks[k].pos, told, f"write its value as x_{letter}")

    def _squaring(self, n: int, wanted: bool) -> None:
        """A square, where one is wanted."""
        if wanted:
            self._put("_POW", n)
            self._put("NUM", n, "2")
            self._put("_END", n)

    def _after(self, n: int) -> int:
        """The scripts after a closing bracket."""
        raise NotImplementedError
