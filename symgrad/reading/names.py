r"""Names and what they do: calls, products, indicators, functions, big operators.

Decides what is a call and what a product.
"""

from __future__ import annotations

from dataclasses import replace

from symgrad.reading.cursor import Head
from symgrad.reading.drawn import Drawn
from symgrad.reading.habits import BRACKETS, POLICY, SUPERSCRIPTS, declared_as, labelled
from symgrad.reading.scan import CALLS, FUNCTIONS, Fault

ONES = r"\mathbf{1}"
"""The name of the vector of ones, whatever font it is set in."""
INVERTED = r"-\top"
"""The sign of the transpose of an inverse."""
OPERANDS = ("name", "number", "macro", "function", "style", "word", "words")
"""Kinds of marks with which an argument begins that stands in no parentheses."""


class Names(Drawn):
    """The part of the token pass that begins at a name, a number or a function."""

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
        if self._barred(end):
            return self._conditional(n, name, scripts, end)
        if special := self._special(n, name, scripts, end):
            return special
        if self._averages(name, scripts, end):
            return self._expectation(n, name, scripts, end)
        if soft := self._softmax(n, scripts, end):
            return soft
        power, turned = self._turned(scripts.get("sup"))
        if power is not None and (example := self._example(*power)):
            label = self._label(power[0], example - 1)
            self._put("CALL", n, ("column", "column"))
            self._put("_OPEN_CALL", n)
            self._put("NAME", n, f"{name}^{label}")
            self._put("_COMMA", example)
            self._sequence(example, example + 1)
            self._put("_END", end)
            if turned:
                self._put("TRANSPOSE", end - 1, turned)
            return end
        above = self._above(name, power, scripts.get("sub"))
        if above:
            power = None
        if power is not None:
            label = self._label(*power)
            if label is not None:
                name, power = f"{name}^{label}", None
        labels, parts = self._below(name, scripts.get("sub"))
        name += labels
        name, power, factor = self._squared(n, name, power, end)
        parts = above + parts
        commas = "sub" in scripts and self._has("comma", *scripts["sub"])
        if inside := self._inside(end):
            above, parts, end = inside[0], parts + inside[0], inside[1]
            commas = commas or len(above) > 1
        prime = primes > 0 and not (parts or turned) and power is None
        prime = prime and name == bare + "'" * primes
        prime = prime and bool(self._names_of(bare) & self.functions)
        if prime and name not in self.variables and self._opens(end):
            return self._applied(n, end, (name, name), None)
        if power is None and not (parts or turned) and self._called(n, bare, name, end):
            return self._call(n, end, None)
        if not parts and (spelled := self._spelled(n, bare, end)):
            return spelled
        self._no_call(n, name, bare, end, power is not None and not parts)
        if not (parts or turned) and self._text(end) == "(":
            span = self.marks[end - 1].end, self.marks[self.partner[end]].end
            self.heads.append(Head(name, self.marks[n].pos, *span, self._plain(end)))
        self._put("NAME", n, name)
        if parts:
            self._put("SUB", n, commas)
            for k, part in enumerate(parts):
                if k:
                    self._put("_COMMA", part[0])
                self._sequence(*part)
            self._put("_END", end)
        if turned and power is not None:
            found = self.marks[power[0]]
            message = f"found {found.text} before the sign of a transpose, expected a label"
            raise Fault(found.pos, message, "write parentheses around what is transposed")
        self._power(power)
        if factor > 1:
            self._put("_POW", n)
            self._put("NUM", n, str(factor))
            self._put("_END", n)
        if turned:
            self._put("TRANSPOSE", end - 1, turned)
        return end

    def _example(self, a: int, b: int) -> int:
        r"""Where the letter of an example stands, ``Z^{[l](i)}``; 0 if there is none."""
        close = self.partner.get(a, b)
        n = close + 2
        behind = self._text(a) == "[" and self._text(close + 1) == "(" and n + 2 == b
        return n if behind and self._kind(n) == "name" else 0

    def _softmax(self, n: int, scripts: dict[str, tuple[int, int]], end: int) -> int:
        r"""``\operatorname{softmax}_j(s_{ij})`` is ``\frac{e^{s_{ij}}}{\sum_j e^{s_{ij}}}``: writes
        it and gives its end; 0 if it is none."""
        a, b = scripts.get("sub", (0, 0))
        one = b - a == 1 and self._kind(a) == "name" and "sup" not in scripts
        if not one or self._text(n).strip() != "softmax" or self._text(end) != "(":
            return 0
        close = self.partner[end]
        self._put("FRAC", n)
        for below in (False, True):
            if below:
                self._put("_SLOT", n)
                self._within("REDUCE", n, a, b, value="sum")
            self._put("CALL", n, ("exp", "e^"))
            self._within("_OPEN_CALL", end, end + 1, close)
        self._put("_END", close)
        return self._after(close + 1)

    def _above(
        self, name: str, power: tuple[int, int] | None, sub: tuple[int, int] | None
    ) -> list[tuple[int, int]]:
        r"""The indices in a superscript, where the document writes them there: those of
        ``A^{ij}``, of ``\delta^i_j``, or the label of ``\theta^{(j)}``."""
        if power is None:
            return []
        a, b = power
        if labelled(name) in self.variables and self._text(a) == "(" and self.partner[a] == b - 1:
            return [(a + 1, b - 1)]
        letters = all(self._kind(k) == "name" for k in range(a, b))
        both = sub is not None and all(self._kind(k) == "name" for k in range(*sub))
        if SUPERSCRIPTS in self.variables and letters and (b - a > 1 or both):
            return [(k, k + 1) for k in range(a, b)]
        return []

    def _below(self, name: str, span: tuple[int, int] | None) -> tuple[str, list[tuple[int, int]]]:
        """The label and the indices of a subscript; neither is what a function depends on."""
        if span is not None:
            text = "".join(self._text(k) for k in range(*span))
            if span[1] - span[0] == 1 and f"{name}_{text}" in self.variables:
                return "", []
            label = rf"_{{\text{{{text}}}}}"
            several = span[1] - span[0] > 1 and name + label in self.variables
            if several or declared_as(name, text) in self.variables:
                return label, []
        return self._indices(span)

    def _squared(
        self, n: int, name: str, power: tuple[int, int] | None, end: int
    ) -> tuple[str, tuple[int, int] | None, int]:
        r"""``\sigma^2`` where that is a name: the name, and the power it is raised to."""
        square = f"{name}^2"
        if square not in self.variables or name in self.variables:
            return name, power, 1
        if power is None and self._opens(end):
            return name, power, 1
        text = "".join(self._text(k) for k in range(*power)) if power else ""
        if text.isdigit() and len(text) < 3 and int(text) and int(text) % 2 == 0:
            return square, None, int(text) // 2
        message = f"found {name} beside {square}, which is a name here"
        raise Fault(self.marks[n].pos, message, rf"write \sqrt{{{square}}} for its root")

    def _inside(self, n: int) -> tuple[list[tuple[int, int]], int] | None:
        """The indices in square brackets at `n`, where the document writes them there, and where
        they end; what a function is applied to may stand between."""
        if BRACKETS not in self.variables:
            return None
        if self._text(n) == "(" and self._text(self.partner[n] + 1) == "[":
            n = self.partner[n] + 1 if self._plain(n) else n
        touches = self._text(n) == "[" and self.marks[n - 1].end == self.marks[n].pos
        if not touches or self._has("rel", n + 1, self.partner[n]):
            return None
        return self._split(("comma",), n + 1, self.partner[n]), self.partner[n] + 1

    def _spelled(self, n: int, name: str, end: int) -> int:
        r"""``\mathrm{log} x`` is ``\log x``: writes it and gives its end; 0 if it is no function
        before its argument."""
        word = self._text(n).strip()
        known = self._kind(n) in ("word", "words") and word in CALLS
        known = known and self._kind(end) in OPERANDS
        if not known or name in self.variables or self._names_of(name) & self.functions:
            return 0
        if word not in FUNCTIONS:
            hint = rf"write \mathrm{{{word}}}(x)"
            raise Fault(self.marks[n].pos, f"found {word} without parentheses", hint)
        self.marks[n] = replace(self.marks[n], kind="function", text=f"\\{word}")
        return self._function(n)

    def _power(self, span: tuple[int, int] | None) -> None:
        if span is not None:
            self._within("_POW", span[0], *span)

    def _turned(self, span: tuple[int, int] | None) -> tuple[tuple[int, int] | None, str]:
        r"""A superscript without the sign of a transpose at its end, and that sign: ``^{(1)\top}``.

        ``^T`` is one where T is no variable; what it stands on settles whether it can be.
        """
        if span is None:
            return None, ""
        first, last = span[0], span[1] - 1
        if self._kind(last) == "top":
            if self._text(first) == "-" and last == first + 1:
                return None, INVERTED
            return ((first, last) if first < last else None), r"\top"
        plain = last == first or (last == first + 1 and self._kind(first) == "style")
        inverted = self._text(first) == "-" and last == first + 1
        if inverted and self._text(last) == "T" and "T" not in self.variables:
            return None, INVERTED
        if self._text(last) == "T" and "T" not in self.variables and plain:
            return None, "T"
        return span, ""

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
        if name == r"\delta" and "sup" not in scripts and "sub" in scripts:
            a, b = scripts["sub"]
            if self._has("rel", a, b):  # Kronecker's delta of a condition
                self._within("IVERSON", n, a, b)
                return end
        if name == r"\pi" and self._is_number(scripts, end):
            self._put("PI", n)
            self._power(scripts.get("sup"))
            return self._after(end)
        if name in ("I", r"\mathbb I", r"\mathbf I", r"\mathbb{I}") and "sup" not in scripts:
            return self._indicator(n, self._symbol_end(n))
        return 0

    def _is_number(self, scripts: dict[str, tuple[int, int]], end: int) -> bool:
        r"""Is a bare \pi the number: is nothing here called so?"""
        if {r"\pi", POLICY} & self.variables or r"\pi" in self.functions:
            return False
        bracket = self._text(end) == "[" and self._has("rel", end + 1, self.partner[end])
        if self._opens(end) and not self.drawn and not bracket:
            message = r"found \pi before a parenthesis, a number or an undefined function"
            hint = r"write \pi \cdot (…) for a product, or define it, \pi(a) = …"
            raise Fault(self.marks[end].pos, message, hint)
        return "sub" not in scripts and not self.drawn

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

    def _symbol_end(self, n: int) -> int:
        symbol = self._symbol(n)
        assert symbol is not None
        return symbol[1]

    def _called(self, n: int, bare: str, name: str, end: int) -> bool:
        if not self._opens(end):
            return False
        if self.drawn or self._names_of(name) & self.functions:
            return True
        builtin = name == r"\sigma" or self._kind(n) in ("word", "words")
        known = name == r"\sigma" or bool(CALLS.get(self._text(n)))
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
        if name.endswith("'") and (name not in self.variables) and self._plain(end):
            message = f"found {name} before a parenthesis, a derivative or a product"
            hint = r"write \frac{\partial L}{\partial z} with names, or \cdot for a product"
            raise Fault(at, message, hint)
        if name.startswith(r"\mathbb"):
            raise Fault(
                at, f"found {name} before a bracket; expectations are not read", "give it a name"
            )
        touches = self.marks[end - 1].end == self.marks[end].pos
        if self._text(end) == "[" and touches and not self._has("rel", end + 1, self.partner[end]):
            hint = r"write indices as subscripts, x_{i}; a product with \cdot"
            raise Fault(self.marks[end].pos, "found [ directly after a name", hint)
        commas = self._has("comma", end + 1, self.partner[end])
        if self._kind(n) in ("word", "words") or (commas and self._text(end) == "("):
            message = f"found {name} before a parenthesis, but {name} is no declared function"
            raise Fault(at, message, rf"define it, {name}(x) = …, or write \cdot for a product")

    def _plain(self, n: int) -> bool:
        """Does the bracket at `n` hold names only?"""
        parts = self._split(("comma",), n + 1, self.partner[n])
        return all(a < b and self._extent(a) == b for a, b in parts)

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
            value = (CALLS[word], name[0])
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
                self.marks[n].pos,
                f"found {what}, expected it after a name",
                "give what stands before it a name",
            )
        power, turned = self._turned(scripts.get("sup"))
        if turned and power is not None:
            raise Fault(self.marks[power[0]].pos, "found a power of a transpose", "write brackets")
        if turned:
            self._put("TRANSPOSE", end - 1, turned)
        elif power is not None:
            a, b = power
            if b - a == 1 and self._kind(a) in ("op", "star"):
                raise Fault(
                    self.marks[a].pos, f"found ^{self._text(a)} after a bracket, expected a power"
                )
        self._power(power)
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
        value = (CALLS[word[1:]], word)
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
        self.below = True
        self._within("REDUCE", n, *scripts["sub"], value=word[1:])
        self.below = False
        if "sup" in scripts:
            self._within("_HIGH", scripts["sup"][0], *scripts["sup"])
        return end

    def _lettered(self, n: int, stop: int) -> int:
        if self._kind(n) == "style" and self._is_one(n):
            end = self._argument(n + 1, self._text(n))[2]
            return self._indicator(n, end) or self._ones(n, end)
        derivative = self._d(n) and self._inline(n, stop)
        return derivative or self._named(n)

    def _ones(self, n: int, end: int) -> int:
        r"""The vector of ones, ``\mathbf 1`` or ``\mathbf 1_n``."""
        scripts, primes, after = self._scripts(end)
        power, turned = self._turned(scripts.get("sup"))
        if self._opens(end) or primes or power is not None:
            message = f"found {self._text(n)} 1 without a condition"
            raise Fault(self.marks[n].pos, message, r"write \mathbf 1[z > 0]")
        self._put("NAME", n, ONES)
        if "sub" in scripts:
            self._within("SUB", n, *scripts["sub"])
        if turned:
            self._put("TRANSPOSE", after - 1, turned)
        return after

    def _numbered(self, n: int) -> int:
        if self._text(n) == "1" and (self._opens(n + 1) or self._kind(n + 1) == "sub"):
            found = self._indicator(n, n + 1)
            if found:
                return found
        self._touching(n)
        self._put("NUM", n, self._text(n))
        return self._after(n + 1)

    def _define(self) -> None:
        r"""``f(x, y) = …`` defines a function f of plain names."""
        symbol = self._symbol(0)
        if symbol is None or symbol[2] is not None:
            return
        name, start, _ = symbol
        if self._kind(start) == "sub" and f"{name}_{self._text(start + 1)}" in self.variables:
            start += 2
        bracket = self._text(start) == "[" and BRACKETS not in self.variables
        if self._text(start) != "(" and not bracket:
            return
        close = self.partner[start]
        if self._kind(close + 1) != "rel" or self._text(close + 1) != "=":
            return
        if self._plain(start) and name not in self.variables and name != r"\sigma":
            self.functions.update(self._names_of(name) - {""})

    def _inline(self, n: int, stop: int) -> int:
        r"""∂L/∂w written on one line: writes it and gives its end; 0 if it is none."""
        raise NotImplementedError

    def _d(self, n: int) -> int:
        r"""How many marks a differential sign at `n` has; 0 if there is none."""
        raise NotImplementedError
