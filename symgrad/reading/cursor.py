r"""Looking ahead in marks: arguments, scripts, names, labels and indices.

Decides which subscripts are labels and which are indices; writes tokens, knows no call.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from symgrad.reading.scan import Fault, Mark, partners

INDICES = frozenset("ijkl")
"""Letters that are indices wherever they stand: ``ij+1`` is no product, ``si+1`` is one."""


def _digits(marks: list[Mark]) -> list[Mark]:
    r"""The marks with ``\frac12`` cut into its digits."""
    out: list[Mark] = []
    pair = partners(marks)
    arguments: dict[int, int] = {}  # where arguments of one symbol may begin, and how many
    for n, mark in enumerate(marks):
        wanted = arguments.pop(n, 0)
        if mark.text in (r"\frac", r"\sqrt"):
            arguments[n + 1] = 2 if mark.text == r"\frac" else 1
        if wanted and mark.kind == "number" and mark.text.isdigit():
            digits = mark.text[: min(wanted, len(mark.text) - 1)]
            for k, digit in enumerate(digits):
                out.append(Mark("number", digit, mark.pos + k, mark.pos + k + 1))
            k = len(digits)
            out.append(Mark("number", mark.text[k:], mark.pos + k, mark.end))
            wanted -= k
        else:
            out.append(mark)
        if wanted > 1:
            arguments[pair.get(n, n) + 1] = 1
    return out


class Token(NamedTuple):
    """A symbol of the grammar, what it stands for, and where."""

    type: str
    value: Any
    start_pos: int

    def __str__(self) -> str:
        return str(self.value)


class Head(NamedTuple):
    r"""A name right before a parenthesis that is no declared function: ``\phi(z)``, ``k(a + b)``.
    The parenthesis stands from `start` to `end`; `plain`: it holds a name and no more."""

    name: str
    pos: int
    start: int
    end: int
    plain: bool


class Cursor:
    """The marks of one item, and the tokens written so far."""

    def __init__(
        self, marks: list[Mark], functions: set[str], variables: frozenset[str], end: int
    ) -> None:
        self.marks = _digits(marks)
        self.partner, self.end, self.limit = partners(self.marks), end, len(self.marks)
        self.functions, self.variables = functions, variables
        self.out: list[Token] = []
        self.heads: list[Head] = []
        self.below = False  # below Σ, where conditions follow a colon
        self.drawn = False  # after a tilde stands a distribution, and its parenthesis is a call

    def _put(self, kind: str, at: int, value: object = "") -> None:
        pos = self.marks[at].pos if at < len(self.marks) else self.end
        self.out.append(Token(kind, value, pos))

    def _within(self, kind: str, at: int, a: int, b: int, value: object = "") -> None:
        """A token, the span a:b, and the end of it."""
        self._put(kind, at, value)
        self._filled(at, a, b)
        self._put("_END", b)

    def _filled(self, at: int, a: int, b: int) -> None:
        if a >= b:
            raise Fault(self.marks[at].pos, "found an empty group, expected a formula in it")
        self._sequence(a, b)

    def _sequence(self, a: int, b: int) -> None:
        n = a
        outer, self.limit = self.limit, b
        while n < b:
            n = self._unit(n, b)
        self.limit = outer

    @contextmanager
    def _limited(self, b: int) -> Iterator[None]:
        """Nothing at `b` and after is seen."""
        outer, self.limit = self.limit, b
        yield
        self.limit = outer

    def _unit(self, n: int, stop: int) -> int:
        """Write the unit at `n`; gives where it ends."""
        raise NotImplementedError

    def _kind(self, n: int) -> str:
        return self.marks[n].kind if n < self.limit else ""

    def _text(self, n: int) -> str:
        return self.marks[n].text if n < self.limit else ""

    def _top(self, a: int, b: int) -> Iterator[int]:
        """The marks of a span that stand in no bracket of it."""
        n = a
        while n < b:
            yield n
            n = self.partner.get(n, n) + 1

    def _has(self, kind: str, a: int, b: int) -> bool:
        return any(self._kind(n) == kind for n in self._top(a, b))

    def _split(self, kinds: tuple[str, ...], a: int, b: int) -> list[tuple[int, int]]:
        cuts = [n for n in self._top(a, b) if self._kind(n) in kinds]
        return list(zip([a, *(c + 1 for c in cuts)], [*cuts, b], strict=True))

    def _argument(self, n: int, what: str) -> tuple[int, int, int]:
        """The span of a macro's argument at `n`, and where it ends."""
        if self._kind(n) in ("", "close", "amp", "newline", "sub", "sup"):
            pos = self.marks[n].pos if n < len(self.marks) else self.end
            raise Fault(pos, f"found nothing after {what}, expected a symbol or braces")
        if self._text(n) == "{":
            close = self.partner[n]
            if close == n + 1:
                raise Fault(self.marks[n].pos, f"found an empty group after {what}")
            return n + 1, close, close + 1
        mark = self.marks[n]
        signed = mark.text in ("+", "-") and self._kind(n + 1) in ("number", "name")
        if signed and self.marks[n + 1].pos == mark.end:
            message = f"found {what} before {mark.text}, which LaTeX cuts there"
            raise Fault(mark.pos, message, "write braces")
        if mark.kind == "number" and len(mark.text) > 1:
            message = f"found {what} before {mark.text}, which LaTeX cuts after the first digit"
            raise Fault(mark.pos, message, "write braces")
        if mark.kind == "style":
            if self._kind(n - 1) == "style":
                raise Fault(mark.pos, f"found {mark.text} after {what}", "write braces")
            end = self._style(n)[1]
            return n, end, end
        if mark.kind in ("function", "macro", "open") and mark.text not in (
            r"\prime",
            r"\max",
            r"\min",
        ):
            raise Fault(mark.pos, f"found {mark.text} after {what}", "write braces")
        return n, n + 1, n + 1

    def _scripts(self, n: int) -> tuple[dict[str, tuple[int, int]], int, int]:
        """Sub- and superscript spans and primes from `n` on, and where they end."""
        found: dict[str, tuple[int, int]] = {}
        primes = 0
        while self._kind(n) in ("sub", "sup", "prime"):
            kind, at = self._kind(n), n
            if kind == "prime":
                primes, n = primes + 1, n + 1
                continue
            a, b, n = self._argument(n + 1, self._text(n))
            if kind == "sup" and all(self._text(k) == r"\prime" for k in range(a, b)):
                primes += b - a
                continue
            if kind in found:
                word = {"sub": "subscript", "sup": "superscript"}[kind]
                hint = "write one, or braces around the first"
                raise Fault(self.marks[at].pos, f"found a second {word}", hint)
            found[kind] = (a, b)
        return found, primes, n

    def _extent(self, n: int) -> int:
        """Where the name at `n` with its scripts ends; 0 if no name stands there."""
        if n >= self.limit:
            return 0
        symbol = self._symbol(n)
        return self._scripts(symbol[1])[2] if symbol else 0

    def _style(self, n: int) -> tuple[str, int, tuple[int, int] | None]:
        r"""An accent or font with what it stands on: its name, its end, and a subscript that
        was written inside (``\hat{y_i}``)."""
        macro = self._text(n)
        a, b, end = self._argument(n + 1, macro)
        inner = self._symbol(a)
        if inner is None:
            raise Fault(self.marks[a].pos, f"found {self._text(a)} under {macro}, expected a name")
        name, stop, sub = inner
        if stop < b and self._kind(stop) == "sub" and sub is None:
            scripts, primes, stop = self._scripts(stop)
            sub = scripts["sub"]
            if primes or "sup" in scripts:
                stop = -1
        if stop != b:
            raise Fault(self.marks[a].pos, f"found more than a name under {macro}")
        single = b - a == 1 or (self._kind(a) == "name" and stop == b and sub is not None)
        return (f"{macro} {name}" if single else f"{macro}{{{name}}}"), end, sub

    def _symbol(self, n: int) -> tuple[str, int, tuple[int, int] | None] | None:
        """The name at `n` without its scripts, or None if there is none."""
        mark = self.marks[n]
        if mark.text == "d" and self._kind(n + 1) in ("name", "style"):
            inner = self._symbol(n + 1)
            if inner is not None and f"d{inner[0]}" in self.variables:
                return f"d{inner[0]}", inner[1], inner[2]
        if mark.kind == "name":
            return mark.text, n + 1, None
        if mark.kind == "word":
            text = mark.text
            return (text if text.startswith("\\") else rf"\mathrm{{{text}}}"), n + 1, None
        if mark.kind == "words" and mark.text.strip():
            text = mark.text.strip()
            plain = text.isascii() and text.isalpha()
            return (rf"\mathrm{{{text}}}" if plain else rf"\text{{{text}}}"), n + 1, None
        if mark.kind == "style" and not self._is_one(n):
            return self._style(n)
        return None

    def _is_one(self, n: int) -> bool:
        r"""Is this the 1 of an indicator, ``\mathbf 1`` or ``\mathbb{1}``?"""
        a, b, _ = self._argument(n + 1, self._text(n))
        return b - a == 1 and self._text(a) == "1"

    def _label(self, a: int, b: int) -> str | None:
        """The label that a superscript span is, if it is one."""
        mark = self.marks[a]
        if b - a == 1 and mark.text in ("*", "+", "-", r"\star"):
            return mark.text
        if b - a == 1 and mark.kind in ("words", "word"):
            return rf"{{\text{{{mark.text.strip()}}}}}"
        if rf"^{{{mark.text}}}" in self.variables and self._counts(a, b):
            text = "".join(m.text for m in self.marks[a:b])
            return text if len(text) == 1 else f"{{{text}}}"
        if mark.text in ("(", "[") and self.partner[a] == b - 1:
            inner = self.marks[a + 1 : b - 1]
            kinds = "".join({"number": "n", "name": "a", "op": "o"}.get(m.kind, "?") for m in inner)
            if kinds in ("n", "a", "aon") and all(m.text in "+-" for m in inner if m.kind == "op"):
                return (
                    "{" + mark.text + "".join(m.text for m in inner) + self.marks[b - 1].text + "}"
                )
            if mark.text == "[":
                raise Fault(
                    mark.pos, "found brackets in a superscript, expected a label", "write ^{[1]}"
                )
        return None

    def _counts(self, a: int, b: int) -> bool:
        """Is the span a letter, or a letter and a number: ``l``, ``l-1``?"""
        kinds = [self._kind(k) for k in range(a, b)]
        return kinds == ["name"] or (
            kinds == ["name", "op", "number"] and self._text(a + 1) in ("+", "-")
        )

    def _indices(self, span: tuple[int, int] | None) -> tuple[str, list[tuple[int, int]]]:
        """The label of a subscript, and the spans of its indices."""
        if span is None:
            return "", []
        labels: list[str] = []
        found: list[tuple[int, int]] = []
        for a, b in self._split(("comma",), *span):
            if a == b:
                raise Fault(self.marks[span[0] - 1].pos, "found an empty index")
            while a < b and (label := self._index_label(a, b)):
                labels.append(label)
                a += 2 if self._kind(a) == "style" else 1
            found += self._juxtaposed(a, b) if a < b else []
        if len(labels) > 1:
            raise Fault(self.marks[span[0]].pos, "found two labels in one subscript")
        return "".join(f"_{{{label}}}" for label in labels), found

    def _index_label(self, a: int, b: int) -> str:
        mark = self.marks[a]
        if mark.kind in ("word", "words") and not mark.text.startswith("\\"):
            return rf"\text{{{mark.text.strip()}}}"
        if mark.text in (r"\max", r"\min") and b - a == 1:
            return mark.text
        if (
            mark.text in (r"\mathrm", r"\operatorname")
            and b - a > 1
            and self._kind(a + 1) == "name"
        ):
            return rf"\text{{{self._text(a + 1)}}}"
        return ""

    def _juxtaposed(self, a: int, b: int) -> list[tuple[int, int]]:
        r"""The indices of one part of a subscript: ``ij`` is two, ``2i+j`` and ``i+j-1`` one."""
        if self._has("macro", a, b) or self._has("function", a, b):
            return [(a, b)]
        units = self._units(a, b)
        if all(u is not None for u in units):
            spans = [u for u in units if u is not None]
            number = self._kind(spans[0][0]) == "number"
            if number and len(spans) > 1:
                self._coefficient(spans)
                return [(a, b)]
            for u in spans[1:]:
                if self._kind(u[0]) == "number" and len(self._text(u[0])) > 1:
                    raise Fault(
                        self.marks[u[0]].pos, "found several digits after an index", "write commas"
                    )
            return spans
        run: list[tuple[int, int]] = []
        for unit in [*units, None]:
            if unit is not None:
                run.append(unit)
                continue
            if len(run) > 1:
                self._coefficient(run)
            run = []
        return [(a, b)]

    def _coefficient(self, units: list[tuple[int, int]]) -> None:
        """Refuse a juxtaposition that is a product or two indices, whichever one likes."""
        first = self.marks[units[0][0]]
        times_group = self._text(units[1][0]) in ("(", "[")
        if len(units) == 2:
            if first.kind == "number" and (first.text not in ("0", "1") or times_group):
                return
            second = self.marks[units[1][0]]
            if first.kind == "name" and times_group:
                return
            named = second.kind == "name" and (first.text == "(" or first.kind == "name")
            if named and not {first.text, second.text} <= INDICES:
                return
        hint = r"write x_{i,j} for two indices, x_{i \cdot j} for a product"
        raise Fault(first.pos, "found a subscript that may be a product or several indices", hint)

    def _units(self, a: int, b: int) -> list[tuple[int, int] | None]:
        """The operands of a span, None for each operator between them."""
        found: list[tuple[int, int] | None] = []
        with self._limited(b):
            n = a
            while n < b:
                start, n = n, self._unit_end(n)
                found.append(None if self._kind(start) in ("op", "rel") else (start, n))
        return found

    def _unit_end(self, n: int) -> int:
        kind = self._kind(n)
        if kind in ("op", "rel"):
            return n + 1
        if kind == "style":
            n = self._argument(n + 1, self._text(n))[2]
        elif self._text(n) == r"\frac":
            n = self._argument(self._argument(n + 1, r"\frac")[2], r"\frac")[2]
        else:
            n = self.partner.get(n, n) + 1
        return self._scripts(n)[2]

    def _touching(self, n: int) -> None:
        """Refuse a number right behind a letter: x3 is x_3 or 3 x."""
        mark, before = self.marks[n], self.marks[n - 1] if n else None
        if before is None or before.kind != "name" or before.end != mark.pos:
            return
        if self.out and self.out[-1].type == "NAME":
            name, number = before.text, mark.text
            hint = (
                f"write {name}_{number if len(number) == 1 else f'{{{number}}}'} or {number} {name}"
            )
            message = f"found {name}{number}, a name with an index or a product"
            raise Fault(before.pos, message, hint)
