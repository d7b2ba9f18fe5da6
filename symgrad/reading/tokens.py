r"""Marks to the tokens of the grammar: the token pass of reading mathematics.

Decides what one symbol of look-ahead cannot; builds no formula.
"""

from __future__ import annotations

import re

from symgrad.reading.cursor import Token
from symgrad.reading.derivatives import Derivatives
from symgrad.reading.habits import INVERSES
from symgrad.reading.rows import CONDITIONAL, WHEN
from symgrad.reading.scan import Fault

OTHERWISE = {"otherwise", "else", "o.w.", "elsewhere"}
WRAPS = {r"\lvert": "abs", r"\lfloor": "floor", r"\lceil": "ceil"}
NORMS = {"": "norm", "1": "norm_1", "2": "norm_2", "F": "norm_F"}
"""The labels of norms, and what they are called."""
OPENING = {
    "SUB", "_POW", "_HIGH", "OPEN", "_OPEN_CALL", "SET", "FRAC", "DERIV", "DERIVS", "ROOT", "WRAP",
    "CASES", "IVERSON", "REDUCE", "INNER",
}  # fmt: skip


class Pass(Derivatives):
    """The token pass over one item."""

    def tokens(self) -> list[Token]:
        """The tokens of the whole item."""
        self._define()
        n = self._listed()
        if n is None:
            self._sequence(0, len(self.marks))
        self._prefixes()
        return self.out

    def _unit(self, n: int, stop: int) -> int:
        """Write the unit at `n`; gives where it ends."""
        mark = self.marks[n]
        if mark.kind == "words":
            said = mark.text.strip().lower()
            if said == "and":
                self._put("_COMMA", n)
                return n + 1
            self._refuse_words(n, said)
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
        if mark.kind == "given":
            hint = r"write it in parentheses behind a name, p(y \mid x)"
            raise Fault(mark.pos, "found a conditional bar, expected it in parentheses", hint)
        kinds = {
            "rel": "REL",
            "comma": "_COMMA",
            "and": "_COMMA",
            "dots": "DOTS",
            "blank": "BLANK",
            "sim": "_SIM",
        }
        ops = {"+": "_PLUS", "-": "_MINUS", "/": "SLASH", "*": "_TIMES", r"\odot": "_ODOT"}
        if mark.kind == "such" and self.below:
            self._put("_SUCH", n)
            return n + 1
        if mark.kind == "such" and any(self._kind(k) == "to" for k in range(n, stop)):
            return self._maps(n)
        if mark.kind == "to":
            raise Fault(
                mark.pos,
                r"found \to, which symgrad does not read",
                "limits and arrows are not read",
            )
        if mark.kind == "such":
            hint = r"write a range as i = 1, \dots, n"
            raise Fault(mark.pos, f"found {mark.text}, which symgrad does not read", hint)
        kind = ops.get(mark.text) if mark.kind == "op" else kinds.get(mark.kind)
        if kind is None:
            raise Fault(mark.pos, f"found {mark.text} inside a formula")
        self._put(kind, n, mark.text)
        self.drawn = self.drawn or mark.kind == "sim"
        return n + 1

    def _refuse_words(self, n: int, said: str) -> None:
        """Refuse words inside a formula that name nothing."""
        mark = self.marks[n]
        if said == "or":
            hint = "add brackets, [a] + [b] - [a] [b], or write cases"
            raise Fault(mark.pos, "found conditions joined by 'or', expected one or some and", hint)
        if mark.text != mark.text.strip() or said in CONDITIONAL | WHEN or not said:
            hint = r"words stand after a comma or \quad; a name is written \mathrm{loss}"
            raise Fault(mark.pos, f"found the words '{said}' inside a formula", hint)
        if len(said) == 1 and said.isascii():
            hint = rf"write {mark.text}, or \mathbf{{{mark.text}}} for another name"
            raise Fault(mark.pos, f"found the letter {mark.text} as text in a formula", hint)

    def _prefixes(self) -> None:
        """A bare function whose argument begins with Σ reaches as far as the Σ does."""
        follows: dict[int, int] = {}
        stack: list[tuple[int, bool]] = []
        for k, token in enumerate(self.out):
            if token.type == "BARE":
                nxt = k + 1
                follows[k] = nxt
            if (token.type.startswith("_") and token.type in OPENING) or token.type in OPENING:
                stack.append((k, token.type == "_POW" and k - 1 in follows))
            elif token.type == "_END" and stack:
                start, power = stack.pop()
                if power:
                    follows[start - 1] = k + 1
        for k in reversed(follows):
            after = self.out[follows[k]].type if follows[k] < len(self.out) else ""
            if after in ("REDUCE", "PREFIX"):
                old = self.out[k]
                self.out[k] = Token("PREFIX", old.value, old.start_pos)

    def _opened(self, n: int) -> int:
        close, word = self.partner[n], self._text(n)
        if INVERSES in self.variables and (end := self._inverse(n, close)):
            return end
        if word == "cases":
            self._cases(n, close)
        elif word in WRAPS:
            self._within("WRAP", n, n + 1, close, value=WRAPS[word])
        elif word == r"\lVert":
            return self._norm(n, close)
        elif word == r"\langle":
            self._within("INNER", n, n + 1, close)
        elif word == "{":
            return self._braced(n, close)
        elif word in ("(", "[") and (part := self._positive(close + 1)):
            self._within("WRAP", n, n + 1, close, value="relu")
            self._power(part[1])
            return part[0]
        elif word == "[" and self._has("rel", n + 1, close):
            self._within("IVERSON", n, n + 1, close)
        else:
            self._within("OPEN", n, n + 1, close, value=word)
        return self._after(close + 1)

    def _positive(self, n: int) -> tuple[int, tuple[int, int] | None] | None:
        r"""``[1 - y s]_+^2`` and ``(1 - y s)^+``: where the scripts behind the bracket end, and
        the power; None if no sign is among them."""
        scripts, primes, end = self._scripts(n)

        def sign(kind: str) -> bool:
            a, b = scripts.get(kind, (0, 0))
            return b - a == 1 and self._text(a) == "+"

        if primes or not (sign("sub") or (sign("sup") and "sub" not in scripts)):
            return None
        return end, scripts.get("sup") if sign("sub") else None

    def _inverse(self, n: int, close: int) -> int:
        r"""``(X^{-1})_{ij}``, ``(X^k)_{ij}``: writes the entry and gives its end; 0 if it is
        none."""
        end = close + 1
        if self._text(n) != "(" or self._kind(end) != "sub" or self._text(end + 1) == "+":
            return 0
        below, _, end = self._scripts(end)
        marks = " ".join(self._text(k) for k in range(n + 1, close))
        name = re.sub(r"(?<![A-Za-z]) | (?![A-Za-z])", "", marks)
        inverted = name.removesuffix("^{-1}")
        self._put("NAME", n, f"({name})" if inverted == name else f"{inverted}^{{-1}}")
        self._put("SUB", n, self._has("comma", *below["sub"]))
        for k, part in enumerate(self._indices(below["sub"])[1]):
            if k:
                self._put("_COMMA", part[0])
            self._sequence(*part)
        self._put("_END", end)
        return end

    def _norm(self, n: int, close: int) -> int:
        r"""``\|x\|_2^2``: a norm with the label below it and a power."""
        scripts, primes, end = self._scripts(close + 1)
        label = ""
        if "sub" in scripts:
            a, b = scripts["sub"]
            label = "".join(self._text(k).strip() for k in range(a, b) if self._kind(k) != "style")
        if primes or label not in NORMS:
            shown = rf"\|\cdot\|_{{{label}}}" if label not in NORMS else "a prime on a norm"
            hint = r"write \|x\|, \|x\|_1, \|x\|_2 or \|W\|_F"
            raise Fault(self.marks[n].pos, f"found {shown}, expected a norm symgrad reads", hint)
        self._within("WRAP", n, n + 1, close, value=NORMS[label])
        self._power(scripts.get("sup"))
        return end

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
                if self._kind(n + 1) == "sub":
                    return self._subscripted(n)
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

    def _maps(self, n: int) -> int:
        r"""``: \mathbb{R} \to \mathbb{R}``, all that is said of a function."""
        end, told = n, []
        for kind in ("such", "style", "to", "style"):
            if self._kind(end) != kind:
                break
            name, end, _ = self._style(end) if kind == "style" else ("", end + 1, None)
            told.append(name)
        numbers = [t for t in told if t]
        if len(told) < 4 or end < len(self.marks) or {*numbers} - {r"\mathbb R", r"\mathbb{R}"}:
            hint = r"write f: \mathbb{R} \to \mathbb{R}; of a vector it takes each entry by itself"
            raise Fault(self.marks[n].pos, "found a map, expected a function of one number", hint)
        self._put("_MAPS", n)
        return end

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
