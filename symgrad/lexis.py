r"""Marks to the tokens of the grammar: the token pass of reading mathematics.

Decides what one symbol of look-ahead cannot: where statements end, which subscripts are labels
and which are indices, what is a call and what a product, what is an indicator. Knows the
notation, builds no formula.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lark import Token

from symgrad.scan import FUNCTIONS, Fault, Mark, partners

CONDITIONAL = {
    "if",
    "otherwise",
    "else",
    "when",
    "unless",
    "or",
    "not",
    "iff",
    "only if",
    "if and only if",
}
WHEN, OTHERWISE = (
    {"if", "for", "when", "where", "whenever"},
    {"otherwise", "else", "o.w.", "elsewhere"},
)
BUILTIN = {
    "ReLU": "relu", "relu": "relu", "sigmoid": "sigmoid", "sign": "sign", "sgn": "sign",
    "floor": "floor", "ceil": "ceil", "abs": "abs", "sech": "", **{f: f for f in FUNCTIONS}, "ln": "log",
}  # fmt: skip
WRAPS = {r"\lvert": "abs", r"\lfloor": "floor", r"\lceil": "ceil"}
LAYOUT = ("comma", "stop", "amp", "newline", "quad", "words", "begin", "end", "and")


@dataclass
class Item:
    """The marks between two separators; `group` counts the hard separators before it."""

    group: int
    marks: list[Mark] = field(default_factory=list)
    jumps: list[int] = field(default_factory=list)

    def latex(self, text: str) -> str:
        """The source of the item, without what stands between its pieces."""
        edges = [0, *self.jumps, len(self.marks)]
        pairs = zip(edges, edges[1:], strict=False)
        return " ".join(text[self.marks[a].pos : self.marks[b - 1].end] for a, b in pairs)


def items(marks: list[Mark]) -> list[Item]:
    """The statements of a text, each without the layout around it."""
    found: list[Item] = []
    row = current = Item(0)
    depth = n = 0
    while n < len(marks):
        mark = marks[n]
        if depth or mark.kind not in LAYOUT or _is_name(marks, n):
            if not current.marks:
                found.append(current)
            current.marks.append(mark)
            depth += (mark.kind == "open") - (mark.kind == "close")
            n += 1
            continue
        run = _run(marks, n)
        n += len(run)
        after = marks[n] if n < len(marks) else None
        step = _step(run, current.marks[-1] if current.marks else None, after)
        if step == "continue":
            current = row
            current.jumps.append(len(current.marks))
        elif step in ("next", "row", "soft"):
            current = Item(current.group + (step != "soft"))
            row = current if step == "row" else row
        if not row.marks and step == "":
            row = current
    return found


def _run(marks: list[Mark], n: int) -> list[Mark]:
    end = n
    while end < len(marks) and marks[end].kind in LAYOUT and not _is_name(marks, end):
        end += 1
    run = marks[n:end]
    for mark in run:
        if mark.kind == "words" and mark.text.strip().lower() in CONDITIONAL:
            hint = r"write the branches with \begin{cases}"
            raise Fault(mark.pos, f"found the word '{mark.text.strip()}' outside cases", hint)
    return run


def _is_name(marks: list[Mark], n: int) -> bool:
    r"""Is the ``\text{…}`` at `n` a name in a formula, not words between two?"""
    mark = marks[n]
    if mark.kind != "words" or not mark.text.strip():
        return False
    before = marks[n - 1].kind if n else "begin"
    after = marks[n + 1].kind if n + 1 < len(marks) else "end"
    if mark.text != mark.text.strip():
        return False
    if before in ("rel", "op", "sub", "sup", "style", "function", "in", "sim"):
        return True
    if after in ("sub", "sup", "prime", "rel", "op", "in", "sim"):
        return True
    apart = before in LAYOUT or after in LAYOUT
    return (n == 0 and len(marks) == 1) or not (apart or " " in mark.text or mark.text in WHEN)


def _step(run: list[Mark], before: Mark | None, after: Mark | None) -> str:
    """What a run of layout does: "continue" a row, go to the "next" statement or "row", a
    "soft" comma, or nothing."""
    kinds = [m.kind for m in run]
    commas = kinds.count("comma") + kinds.count("stop")
    if (
        commas
        and (before is None or commas > 1)
        and "words" not in kinds
        and "newline" not in kinds
    ):
        mark = next(m for m in run if m.kind in ("comma", "stop"))
        raise Fault(mark.pos, f"found '{mark.text}', expected a formula before it")
    if before is None or after is None:
        return ""
    joins = before.kind in ("rel", "op", "in", "sim") or after.kind in ("rel", "op", "in", "sim")
    if "newline" in kinds:
        plain = not commas and "words" not in kinds
        if after.kind == "rel" or (after.kind == "op" and plain):
            return "continue"
        return "" if before.kind in ("rel", "op") and plain else "row"
    if "words" in kinds or "stop" in kinds:
        return "next"
    if "amp" in kinds:
        return "" if joins and not commas and kinds.count("amp") == 1 else "next"
    if commas:
        return "soft"
    return "" if joins else "next"


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


class Pass:
    """The token pass over one item."""

    def __init__(
        self, marks: list[Mark], functions: set[str], variables: frozenset[str], end: int
    ) -> None:
        self.marks = _digits(marks)
        self.partner, self.end, self.limit = partners(self.marks), end, len(self.marks)
        self.functions, self.variables = functions, variables
        self.out: list[Token] = []
        self.drawn = False  # after ∼ stands a distribution, and its parenthesis is a call

    def tokens(self) -> list[Token]:
        """The tokens of the whole item."""
        self._define()
        n = self._listed()
        if n is None:
            self._sequence(0, len(self.marks))
        self._prefixes()
        return self.out

    # What is written

    def _put(self, kind: str, at: int, value: object = "") -> None:
        pos = self.marks[at].pos if at < len(self.marks) else self.end
        self.out.append(Token(kind, value, start_pos=pos))  # type: ignore[arg-type]

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
        with self._limited(b):
            while n < b:
                n = self._unit(n, b)

    @contextmanager
    def _limited(self, b: int) -> Iterator[None]:
        """Nothing at `b` and after is seen."""
        outer, self.limit = self.limit, b
        yield
        self.limit = outer

    # Looking ahead

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
        if mark.kind == "number" and len(mark.text) > 1:
            message = f"found {what} before {mark.text}, which LaTeX cuts after the first digit"
            raise Fault(mark.pos, message, "write braces")
        if mark.kind == "style":
            return n, self._style(n)[1], self._style(n)[1]
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

    # Names

    def _style(self, n: int) -> tuple[str, int, tuple[int, int] | None]:
        r"""An accent or font with what it stands on: its name, its end, and a subscript that
        was written inside (``\hat{y_i}``)."""
        macro = self._text(n)
        a, b, end = self._argument(n + 1, macro)
        if self._kind(a) == "style" and self._text(n + 1) != "{":
            raise Fault(self.marks[a].pos, f"found {self._text(a)} after {macro}", "write braces")
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

    def _named(self, n: int) -> int:
        """A name with its scripts, and a call if it is one; gives where it ends."""
        symbol = self._symbol(n)
        assert symbol is not None
        name, end, inner = symbol
        scripts, primes, end = self._scripts(end)
        bare = name
        if inner is not None:
            if "sub" in scripts:
                raise Fault(self.marks[n].pos, "found a second subscript")
            scripts["sub"] = inner
        name += "'" * primes
        if special := self._special(n, name, scripts, end):
            return special
        power = scripts.get("sup")
        if power is not None:
            self._transpose(power)
            label = self._label(*power)
            if label is not None:
                name, power = f"{name}^{label}", None
        labels, parts = self._indices(scripts.get("sub"))
        name += labels
        if power is None and not parts and self._called(n, bare, name, end):
            return self._call(n, end, None)
        self._no_call(n, name, bare, end, power is not None and not parts)
        self._put("NAME", n, name)
        if parts:
            self._put("_SUB", n)
            for k, part in enumerate(parts):
                if k:
                    self._put("_COMMA", part[0])
                self._sequence(*part)
            self._put("_END", end)
        self._power(power)
        return end

    def _power(self, span: tuple[int, int] | None) -> None:
        if span is not None:
            self._within("_POW", span[0], *span)

    def _transpose(self, span: tuple[int, int]) -> None:
        mark = self.marks[span[0]]
        last = span[1] - 1
        if (
            self._text(last) == "T"
            and "T" not in self.variables
            and last - span[0] <= 1
            and (last == span[0] or mark.kind == "style")
        ):
            hint = "write a transposed matrix with indices, W_{ji}"
            raise Fault(mark.pos, "found ^T, a transpose or the power T", hint)

    def _special(self, n: int, name: str, scripts: dict[str, tuple[int, int]], end: int) -> int:
        r"""Exponentials and indicators that begin with a name; 0 if it is neither."""
        if name in ("e", r"\mathrm e") and "sup" in scripts and "sub" not in scripts:
            if "e" in self.variables or name in self.variables:
                return 0
            a, b = scripts["sup"]
            label = self._label(a, b)
            if label is not None and label.startswith("{"):
                raise Fault(
                    self.marks[a].pos, "found e with a label or in parentheses", "write \\exp(…)"
                )
            if label is not None:
                return 0
            self._put("CALL", n, ("exp", "e^"))
            self._put("_OPEN_CALL", a)
            self._filled(n, a, b)
            self._put("_END", b)
            return end
        if name in ("I", r"\mathbb I", r"\mathbf I", r"\mathbb{I}") and "sup" not in scripts:
            return self._indicator(n, self._symbol_end(n))
        return 0

    # Indices

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
            if first.kind == "name" and times_group:
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

    # Calls

    def _called(self, n: int, bare: str, name: str, end: int) -> bool:
        if not self._opens(end):
            return False
        if self.drawn or self._names_of(name) & self.functions:
            return True
        builtin = name == r"\sigma" or self._kind(n) in ("word", "words")
        known = name == r"\sigma" or bool(BUILTIN.get(self._text(n)))
        return builtin and known and name == bare and name not in self.variables

    @staticmethod
    def _names_of(name: str) -> set[str]:
        word = name.removeprefix(r"\mathrm{").removesuffix("}")
        return {name, word}

    def _opens(self, n: int) -> bool:
        return self._kind(n) == "open" and self._text(n) in ("(", "[", r"\{")

    def _no_call(self, n: int, name: str, bare: str, end: int, raised: bool) -> None:
        """Refuse what looks like a call and is none."""
        if not self._opens(end):
            return
        at, function = self.marks[n].pos, bool(self._names_of(bare) & self.functions)
        if function:
            message = f"found {bare} with an index, a prime or a power before a parenthesis"
            raise Fault(at, message, "give that function its own name, or write the power last")
        if name == r"\sigma" and name not in self.variables and raised:
            message = r"found a power of \sigma before a parenthesis"
            raise Fault(
                at, message, r"write \sigma(z)^2 for the function, \sigma^2 \cdot (…) for a number"
            )
        commas = self._has("comma", end + 1, self.partner[end])
        if self._kind(n) in ("word", "words") or (commas and self._text(end) == "("):
            message = f"found {name} before a parenthesis, but {name} is no declared function"
            raise Fault(at, message, rf"define it, {name}(x) = …, or write \cdot for a product")

    def _call(self, n: int, end: int, power: tuple[int, int] | None) -> int:
        name = self._symbol(n)
        assert name is not None
        declared = self._names_of(name[0]) & self.functions
        word = self._text(n)
        if name[0] == r"\sigma" and not declared:
            value = ("sigmoid", name[0])
        elif declared or self.drawn:
            value = (min(declared or {name[0]}, key=len), name[0])
        else:
            value = (BUILTIN[word], name[0])
        return self._applied(n, end, value, power)

    def _applied(
        self, n: int, end: int, value: tuple[str, str], power: tuple[int, int] | None
    ) -> int:
        """A function with its arguments in brackets at `end`, and a power after them."""
        close = self.partner[end]
        self._put("CALL", n, value)
        self._power(power)
        self._within("_OPEN_CALL", end, end + 1, close)
        return self._after(close + 1)

    def _after(self, n: int) -> int:
        """The scripts after a closing bracket: a power, nothing else."""
        scripts, primes, end = self._scripts(n)
        if "sub" in scripts or primes:
            what = "a subscript" if "sub" in scripts else "a prime"
            raise Fault(
                self.marks[n].pos, f"found {what} after a bracket", "give the bracket a name"
            )
        if "sup" in scripts:
            self._transpose(scripts["sup"])
            a, b = scripts["sup"]
            if b - a == 1 and self._kind(a) in ("op", "star"):
                raise Fault(
                    self.marks[a].pos, f"found ^{self._text(a)} after a bracket, expected a power"
                )
        self._power(scripts.get("sup"))
        return end

    def _function(self, n: int) -> int:
        """A function macro: a call, a bare function, or Σ, Π, max, min over indices."""
        word = self._text(n)
        scripts, primes, end = self._scripts(n + 1)
        if primes:
            raise Fault(
                self.marks[n].pos, f"found a prime after {word}", r"write \frac{d}{d…} with a name"
            )
        if word in (r"\sum", r"\prod") or (word in (r"\max", r"\min") and "sub" in scripts):
            return self._reduction(n, scripts, end)
        if "sub" in scripts:
            message = f"found a subscript on {word}"
            raise Fault(self.marks[n].pos, message, r"write \frac{\log x}{\log 2} for another base")
        power = scripts.get("sup")
        if power is not None and self._text(power[0]) == "-":
            raise Fault(
                self.marks[n].pos,
                f"found {word}^{{-1}}, an inverse or a reciprocal",
                r"write \frac",
            )
        value = (BUILTIN[word[1:]], word)
        if self._opens(end):
            return self._applied(n, end, value, power)
        if word in (r"\max", r"\min"):
            raise Fault(
                self.marks[n].pos, f"found {word} without arguments", rf"write {word}(a, b)"
            )
        self._put("BARE", n, value)
        self._power(power)
        if end >= len(self.marks):
            raise Fault(self.end, f"found nothing after {word}, expected its argument")
        return end

    def _reduction(self, n: int, scripts: dict[str, tuple[int, int]], end: int) -> int:
        word = self._text(n)
        if "sub" not in scripts:
            message = f"found {word} without an index"
            raise Fault(self.marks[n].pos, message, rf"write {word}_{{i=1}}^{{n}}")
        self._within("REDUCE", n, *scripts["sub"], value=word[1:])
        if "sup" in scripts:
            self._within("_HIGH", scripts["sup"][0], *scripts["sup"])
        return end

    def _prefixes(self) -> None:
        """A bare function whose argument begins with Σ reaches as far as the Σ does."""
        follows: dict[int, int] = {}
        stack: list[tuple[int, bool]] = []
        for k, token in enumerate(self.out):
            if token.type == "BARE":
                nxt = k + 1
                follows[k] = nxt
            if token.type.startswith("_") and token.type in OPENING or token.type in OPENING:
                stack.append((k, token.type == "_POW" and k - 1 in follows))
            elif token.type == "_END" and stack:
                start, power = stack.pop()
                if power:
                    follows[start - 1] = k + 1
        for k in reversed(follows):
            after = self.out[follows[k]].type if follows[k] < len(self.out) else ""
            if after in ("REDUCE", "PREFIX"):
                old = self.out[k]
                self.out[k] = Token("PREFIX", old.value, start_pos=old.start_pos)

    # Everything else

    def _unit(self, n: int, stop: int) -> int:
        """Write the unit at `n`; gives where it ends."""
        mark = self.marks[n]
        if mark.kind in ("name", "word", "words", "style"):
            return self._lettered(n, stop)
        match mark.kind:
            case "number":
                return self._numbered(n)
            case "open":
                return self._opened(n)
            case "function":
                return self._function(n)
            case "macro":
                return self._macro(n)
            case "in":
                return self._member(n, stop)
            case "quad":
                return n + 1
            case "sub" | "sup" | "prime":
                raise Fault(mark.pos, f"found {mark.text}, expected a name before it")
        kinds = {
            "rel": "REL",
            "comma": "_COMMA",
            "and": "_COMMA",
            "dots": "DOTS",
            "blank": "BLANK",
            "sim": "_SIM",
        }
        ops = {"+": "_PLUS", "-": "_MINUS", "/": "SLASH", "*": "_TIMES"}
        kind = ops.get(mark.text) if mark.kind == "op" else kinds.get(mark.kind)
        if kind is None:
            raise Fault(mark.pos, f"found {mark.text} inside a formula")
        self._put(kind, n, mark.text)
        self.drawn = self.drawn or mark.kind == "sim"
        return n + 1

    def _lettered(self, n: int, stop: int) -> int:
        if self._kind(n) == "style" and self._is_one(n):
            end = self._argument(n + 1, self._text(n))[2]
            found = self._indicator(n, end)
            if found:
                return found
            message = f"found {self._text(n)} 1 without a condition"
            raise Fault(self.marks[n].pos, message, r"write \mathbf 1[z > 0]")
        derivative = self._d(n) and self._inline(n, stop)
        return derivative or self._named(n)

    def _numbered(self, n: int) -> int:
        if self._text(n) == "1" and (self._opens(n + 1) or self._kind(n + 1) == "sub"):
            found = self._indicator(n, n + 1)
            if found:
                return found
        self._put("NUM", n, self._text(n))
        return self._after(n + 1)

    def _symbol_end(self, n: int) -> int:
        symbol = self._symbol(n)
        assert symbol is not None
        return symbol[1]

    def _indicator(self, n: int, end: int) -> int:
        """An indicator whose condition is a subscript or stands in brackets at `end`, with its
        power; 0 if it is none."""
        scripts, primes, after = self._scripts(end)
        power = scripts.get("sup")
        if "sub" in scripts:
            a, b = scripts["sub"]
        elif self._opens(end):
            a, b, after = end + 1, self.partner[end], self.partner[end] + 1
        else:
            return 0
        if self._opens(a) and self.partner[a] == b - 1:
            a, b = a + 1, b - 1
        if not self._has("rel", a, b):
            return 0
        if primes:
            raise Fault(self.marks[n].pos, "found a prime on an indicator")
        self._within("IVERSON", n, a, b)
        if power is not None:
            self._power(power)
            return after
        return self._after(after)

    def _opened(self, n: int) -> int:
        close, word = self.partner[n], self._text(n)
        if word == "cases":
            self._cases(n, close)
        elif word in WRAPS:
            self._within("WRAP", n, n + 1, close, value=WRAPS[word])
        elif word == "{":
            return self._braced(n, close)
        elif word == "[" and self._has("rel", n + 1, close):
            self._within("IVERSON", n, n + 1, close)
        else:
            self._index_call(n, word)
            self._within("OPEN", n, n + 1, close, value=word)
        return self._after(close + 1)

    def _index_call(self, n: int, word: str) -> None:
        if word == "[" and self.marks[n - 1].kind in ("name", "word", "words") and n:
            if self.marks[n - 1].end == self.marks[n].pos:
                hint = "write indices as subscripts, x_{i}; a product with a space or \\cdot"
                raise Fault(self.marks[n].pos, "found [ directly after a name", hint)

    def _braced(self, n: int, close: int) -> int:
        units = self._units(n + 1, close)
        scripts = self._scripts(close + 1)[0]
        if len(units) != 1 or units[0] is None:
            hint = "write parentheses, braces do not print"
            raise Fault(self.marks[n].pos, "found braces around more than one symbol", hint)
        if scripts:
            self._within("OPEN", n, n + 1, close, value="{")
            return self._after(close + 1)
        self._sequence(n + 1, close)
        return close + 1

    def _macro(self, n: int) -> int:
        match self._text(n):
            case r"\frac":
                return self._fraction(n)
            case r"\sqrt":
                return self._root(n)
            case r"\partial":
                end = self._inline(n, len(self.marks))
                if not end:
                    hint = r"write \frac{\partial L}{\partial w}"
                    raise Fault(self.marks[n].pos, r"found \partial outside a derivative", hint)
                return end
            case r"\nabla":
                return self._nabla(n)
        raise Fault(self.marks[n].pos, f"found {self._text(n)}, expected a name before it")

    def _root(self, n: int) -> int:
        a = n + 1
        if self._text(a) == "[":
            close = self.partner[a]
            x, y, end = self._argument(close + 1, r"\sqrt")
            self._put("ROOT", n)
            self._filled(a, a + 1, close)
            self._put("_SLOT", close)
            self._filled(close, x, y)
            self._put("_END", y)
        else:
            x, y, end = self._argument(a, r"\sqrt")
            self._within("WRAP", n, x, y, value="sqrt")
        return self._after(end)

    def _fraction(self, n: int) -> int:
        a, b, middle = self._argument(n + 1, r"\frac")
        x, y, end = self._argument(middle, r"\frac")
        kind = "FRAC"
        top, bottom = self._d(a), self._d(x)
        if top and bottom:
            top, bottom = self._differential(n, a, b, top), self._differential(n, x, y, bottom)
            if top and bottom:
                kind, a, x = "DERIV", a + top, x + bottom
        elif r"\partial" in (self._text(a), self._text(x)):
            raise Fault(self.marks[n].pos, r"found \partial on one side of a fraction only")
        self._derivative(n, (a, b), (x, y), kind, total=self._text(a - 1) != r"\partial")
        return self._after(end)

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
            raise Fault(
                at, "found a second derivative", "differentiate once and give the result a name"
            )
        if a + size >= b:
            if partial or size > 1:
                hint = r"write \frac{\partial L}{\partial w}"
                raise Fault(
                    at, "found a derivative of nothing, expected a name after the sign", hint
                )
            return 0
        if partial and any(self._text(k) == r"\partial" for k in range(a + 1, b)):
            raise Fault(
                at, "found a second derivative", "differentiate once and give the result a name"
            )
        end = self._extent(a + size)
        if partial:
            return size
        return size if end == b else 0

    def _extent(self, n: int) -> int:
        """Where the name at `n` with its scripts ends; 0 if no name stands there."""
        if n >= len(self.marks):
            return 0
        symbol = self._symbol(n)
        return self._scripts(symbol[1])[2] if symbol else 0

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

    def _nabla(self, n: int) -> int:
        scripts, primes, start = self._scripts(n + 1)
        end = self._extent(start)
        if "sub" not in scripts or not end or "sup" in scripts or primes:
            hint = r"write \nabla_{w} L with one name below and one after"
            raise Fault(self.marks[n].pos, r"found \nabla, expected a gradient of a name", hint)
        self._derivative(n, (start, end), scripts["sub"], "DERIV", total=False)
        return end

    def _cases(self, n: int, close: int) -> None:
        rows = [r for r in self._split(("newline",), n + 1, close) if r[0] < r[1]]
        if not rows:
            raise Fault(self.marks[n].pos, "found cases without a branch")
        for k, row in enumerate(rows):
            self._put("_NEXT" if k else "CASES", row[0])
            self._branch(*row)
        self._put("_END", close)

    def _branch(self, a: int, b: int) -> None:
        tops = list(self._top(a, b))
        words = [k for k in tops if self._kind(k) in ("words", "word") and self._condition(k)]
        amps = [k for k in tops if self._kind(k) == "amp"]
        cut = min([*amps[:1], *words[:1]], default=None)
        if cut is None or len(amps) > 1:
            message = "found a branch of cases, expected one & between value and condition"
            raise Fault(self.marks[a].pos, message, r"write 0 & \text{otherwise}")
        end = cut
        while end > a and self._kind(end - 1) in ("comma", "quad"):
            end -= 1
        self._filled(a, a, end)
        start = cut
        while start < b and (self._kind(start) in ("amp", "quad", "comma") or start in words):
            start += 1
        while b > start and self._kind(b - 1) in ("comma", "stop", "quad"):
            b -= 1
        said = {self._text(k).strip().lower().rstrip(",.") for k in words}
        if said & OTHERWISE and start >= b:
            self._put("_OTHERWISE", cut)
            return
        if said & OTHERWISE:
            raise Fault(self.marks[start].pos, "found a condition after 'otherwise'")
        self._put("_WHEN", cut)
        for k, part in enumerate(self._conditions(start, b)):
            if k:
                self._put("_COMMA", part[0])
            self._filled(cut, *part)

    def _condition(self, n: int) -> bool:
        said = self._text(n).strip().lower().rstrip(",.")
        return said in WHEN or said in OTHERWISE

    def _conditions(self, a: int, b: int) -> list[tuple[int, int]]:
        cuts = [
            k for k in self._top(a, b)
            if self._kind(k) in ("comma", "and") or self._text(k).strip() == "and"
        ]  # fmt: skip
        return list(zip([a, *(c + 1 for c in cuts)], [*cuts, b], strict=True))

    def _member(self, n: int, stop: int) -> int:
        r"""``\in``: a space of real numbers or a set of indices."""
        self._put("_IN", n)
        a = n + 1
        if self._kind(a) == "style" and self._text(a) == r"\mathbb":
            name, end, _ = self._style(a)
            scripts, primes, end = self._scripts(end)
            if name in (r"\mathbb R", r"\mathbb{R}") and "sub" not in scripts and not primes:
                self._space(a, scripts.get("sup"))
                return end
        if self._text(a) == r"\{":
            self._set(a)
            return self.partner[a] + 1
        pos = self.marks[a].pos if a < len(self.marks) else self.end
        raise Fault(pos, r"found \in, expected \mathbb{R}^{n \times m} or \{1, \dots, n\} after it")

    def _space(self, n: int, sizes: tuple[int, int] | None) -> None:
        self._put("_REALS", n)
        if sizes is None:
            return
        cuts = [k for k in self._top(*sizes) if self._is_times(k)]
        for k, (a, b) in enumerate(
            zip([sizes[0], *(c + 1 for c in cuts)], [*cuts, sizes[1]], strict=True)
        ):
            if k:
                self._put("_BY", a)
            self._filled(n, a, b)
        self._put("_END", sizes[1])

    def _is_times(self, n: int) -> bool:
        return (
            self._kind(n) == "op"
            and self._text(n) == "*"
            and self.marks[n].end - self.marks[n].pos != 5
        )

    def _set(self, n: int) -> None:
        self._within("SET", n, n + 1, self.partner[n])

    # The left side

    def _define(self) -> None:
        r"""``f(x, y) = …`` defines a function f of plain names."""
        symbol = self._symbol(0)
        if symbol is None or symbol[2] is not None or self._text(symbol[1]) != "(":
            return
        name, start, _ = symbol
        close = self.partner[start]
        if self._kind(close + 1) != "rel" or self._text(close + 1) != "=":
            return
        parts = self._split(("comma",), start + 1, close)
        names = all(a < b and self._extent(a) == b for a, b in parts)
        if names and name not in self.variables and name != r"\sigma":
            self.functions.update(self._names_of(name) - {""})

    def _listed(self) -> int | None:
        r"""``\theta = \{a, b\}``: a set as the whole right side."""
        equals = next((n for n in self._top(0, len(self.marks)) if self._kind(n) == "rel"), None)
        if equals is None or self._text(equals + 1) != r"\{":
            return None
        if self.partner[equals + 1] != len(self.marks) - 1:
            return None
        self._sequence(0, equals + 1)
        self._set(equals + 1)
        return len(self.marks)


OPENING = {
    "_SUB", "_POW", "_HIGH", "OPEN", "_OPEN_CALL", "SET", "FRAC", "DERIV", "ROOT", "WRAP", "CASES",
    "IVERSON", "REDUCE",
}  # fmt: skip
