r"""Conditional bars: ``P(y^{(i)} = k \mid x^{(i)}; \theta)`` is one name with the indices i and k.

What stands in the parentheses is part of the name; letters that run, and what a name is said to be
equal to, are its indices, in the place of ``#1``, ``#2``: p(y | x) has the index y if y is a label.
"""

from __future__ import annotations

from symgrad.reading.cursor import INDICES, Cursor
from symgrad.reading.habits import labelled, running
from symgrad.reading.scan import Fault

Span = tuple[int, int]
HINT = r"write names before and after the bar, p(y = k \mid x), or give the quantity a name"


class Bars(Cursor):
    """The part of the token pass that reads conditional bars."""

    def _barred(self, n: int) -> bool:
        """Does a parenthesis at `n` hold a conditional bar?"""
        return self._text(n) == "(" and self._has("given", n + 1, self.partner[n])

    def _conditional(self, n: int, name: str, scripts: dict[str, Span], end: int) -> int:
        """Write the name at `n` whose parenthesis opens at `end`; gives where it ends."""
        close = self.partner[end]
        for sign, script in (("_", "sub"), ("^", "sup")):
            if script in scripts:
                name += sign + "{" + self._source(*scripts[script]) + "}"
        found: list[Span] = []
        sides = []
        for a, b in self._split(("given",), end + 1, close):
            parts = self._split(("comma", "stop"), a, b)
            told = [self._event(x, y, found) for x, y in parts]
            signs = [self._text(y) + " " for _, y in parts[:-1]]
            sides.append("".join(t + e for t, e in zip(told, [*signs, ""], strict=True)))
        inside = r" \mid ".join(sides)
        self._put("NAME", n, f"{name}({inside})")
        if found:
            self._put("SUB", n, True)
            for k, span in enumerate(found):
                if k:
                    self._put("_COMMA", span[0])
                self._sequence(*span)
            self._put("_END", close)
        return self._after(close + 1)

    def _event(self, a: int, b: int, found: list[Span]) -> str:
        """What is said of one name, ``y^{(i)} = k``; its indices are added to those found."""
        cut = next((k for k in self._top(a, b) if self._kind(k) == "rel"), b)
        symbol = self._symbol(a) if a < b else None
        if symbol is None or symbol[2] is not None:
            raise self._strange(a)
        name = symbol[0]
        scripts, primes, end = self._scripts(symbol[1])
        told = name + "'" * primes
        if "sup" in scripts:
            x, y = scripts["sup"]
            label = self._text(x) == "(" and labelled(name) in self.variables
            inside = f"({self._place(x + 1, y - 1, found)})" if label else self._source(x, y)
            told += f"^{{{inside}}}"
        if "sub" in scripts:
            labels, parts = self._indices(scripts["sub"])
            told += labels
            if parts:
                told += "_{" + ",".join(self._place(*p, found) for p in parts) + "}"
        if cut == b and end == b:
            runs = name in INDICES or running(name) in self.variables
            return self._place(a, b, found) if runs and b - a == 1 else told
        if end != cut or self._text(cut) != "=":
            raise self._strange(end if end < b else a)
        number = self._kind(cut + 1) == "number" and cut + 2 == b
        if not number and self._extent(cut + 1) != b:
            raise self._strange(cut + 1)
        found.append((cut + 1, b))
        return f"{told} = #{len(found)}"

    def _place(self, a: int, b: int, found: list[Span]) -> str:
        """The place of an index; a letter that runs through the name has one place."""
        spelled = [self._source(*span) for span in found]
        if self._source(a, b) in spelled and self._kind(a) == "name":
            return f"#{spelled.index(self._source(a, b)) + 1}"
        found.append((a, b))
        return f"#{len(found)}"

    def _source(self, a: int, b: int) -> str:
        """The marks of a span as they are read."""
        return "".join(
            m.text + " " * (m.text.startswith("\\") and m.text[1:].isalpha())
            for m in self.marks[a:b]
        ).strip()

    def _strange(self, n: int) -> Fault:
        mark = self.marks[min(n, len(self.marks) - 1)]
        return Fault(mark.pos, f"found {mark.text} beside a conditional bar, expected a name", HINT)

    def _after(self, n: int) -> int:
        """The scripts after a closing bracket; gives where they end."""
        raise NotImplementedError
