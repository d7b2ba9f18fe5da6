r"""LaTeX maths to Typst, over a closed list of macros.

One dialect of mathematics inside (LaTeX), Typst made at the edge. Everything is read token by
token; what is not in the table of `macros` is an error with its place, never a guess. The same
reading decides whether an author's formula may stand in a LaTeX or Markdown sheet.
"""

from __future__ import annotations

import re
from typing import NoReturn

from symgrad import macros
from symgrad.errors import Place
from symgrad.spelling import Cursor, Token, is_aligned

DEEPEST = 60
"""Most braces, brackets and arguments inside one another."""

EMPTY = '""'
"""Typst's empty atom."""

SCRIPT_NAMES = {"_": "subscripts", "^": "superscripts"}


def typst_math(latex: str, display: bool, at: Place | None = None) -> str:
    r"""A LaTeX formula as a Typst equation.

    >>> typst_math(r"\frac{\partial L}{\partial k_j}", display=False)
    '$frac(partial L, partial k_(j))$'
    """
    body = typst_body(latex, at)
    return f"$ {body} $" if display else f"${body}$"


def typst_body(latex: str, at: Place | None = None) -> str:
    r"""What stands between the dollar signs of a Typst equation.

    >>> typst_body(r"\hat y - y")
    'hat(y) minus y'
    """
    return _Converter(latex, at).formula()


def check(latex: str, at: Place | None = None) -> None:
    r"""Refuse what is outside the table, unbalanced, too long or too deep.

    >>> check(r"\frac 1 \tow")
    Traceback (most recent call last):
    ...
    symgrad.errors.NotationError: <text>:1:9: found \tow, expected a known macro; did you mean \to?
      \frac 1 \tow
              ^
    """
    typst_body(latex, at)


def settled(latex: str, at: Place | None = None) -> str:
    r"""The formula, checked, with braces around every argument that needs them.

    >>> settled(r"x^\mathrm T")
    'x^{\\mathrm T}'
    """
    reader = _Converter(latex, at)
    reader.formula()
    marks = [(start, "{") for start, _ in reader.bare] + [(end, "}") for _, end in reader.bare]
    # From the end, so that offsets stay true; at one place the closing brace comes to stand first.
    for offset, mark in sorted(marks, key=lambda m: (-m[0], m[1])):
        latex = latex[:offset] + mark + latex[offset:]
    return latex


class _Converter(Cursor):
    """Recursive descent over the tokens of one formula; every method returns Typst."""

    def __init__(self, latex: str, at: Place | None) -> None:
        super().__init__(latex, at)
        self.depth = 0
        self.bare: list[tuple[int, int]] = []
        """Where macros stand as arguments without braces around them."""

    # Sequences

    def formula(self) -> str:
        """The whole formula; one aligned block alone keeps its rows free to break over pages."""
        if is_aligned(self.latex):
            self.take()
            return self.aligned(self.take(), native=True)
        body = self.sequence(())
        if (extra := self.peek()) is not None:
            hint = (
                "each must have its partner"
                if extra.text in ("}", "\\right", "\\end")
                else (r"it belongs in \begin{aligned} … \end{aligned}")
            )
            self.fail(extra.text, "the end of the formula", extra, hint)
        return body

    def sequence(self, stops: tuple[str, ...]) -> str:
        """Atoms up to one of `stops`, which is left unread."""
        out: list[str] = []
        while (token := self.peek()) is not None and token.text not in stops:
            if token.text in ("}", "&", "\\\\", "\\right", "\\end"):
                break
            if token.macro in macros.STYLES:
                self.take()
                out.append(f"{macros.STYLES[token.macro]}({self.sequence(stops) or EMPTY})")
                break
            out.append(self.scripted())
        return join(out)

    def scripted(self) -> str:
        """One atom with its primes, subscript and superscript."""
        token, start = self.peek(), self.pos
        base = "" if token and token.text in ("^", "_", "'") else self.atom()
        base = self.limits(base, start)
        full = _STACKED.get(token.macro, "") if token else ""
        primes, scripts = 0, {"_": "", "^": ""}
        while (token := self.peek()) is not None and token.text in ("^", "_", "'"):
            self.take()
            if token.text == "'":
                if scripts["^"]:
                    self.fail("a prime after a superscript", "the prime first", token, "write x'^2")
                primes += 1
                continue
            if scripts[token.text] or token.text == full:
                hint = f"group them: x{token.text}{{a{token.text}b}}"
                self.fail(f"two {SCRIPT_NAMES[token.text]}", "one", token, hint)
            scripts[token.text] = self.argument()
        up = join(["prime"] * primes + ([scripts["^"]] if scripts["^"] else []))
        return _attach(base, scripts["_"], up)

    def limits(self, base: str, start: int) -> str:
        while (token := self.peek()) is not None and token.macro in ("limits", "nolimits"):
            operator = self.tokens[start]
            if operator.macro not in (*macros.BIG, *macros.WORDS):
                self.fail(token.text, "an operator before it", token, r"as in \sum\limits")
            self.take()
            base = f"{'limits' if token.macro == 'limits' else 'scripts'}({base})"
        return base

    def argument(self) -> str:
        r"""One token, or a group in braces: ``\frac12`` is one half."""
        token = self.peek()
        if token is None or token.text in _NO_ARGUMENT:
            found = "the end of the formula" if token is None else token.text
            self.fail(found, "an argument", token, "add it in braces")
        if token.text.isdigit():
            return self.take().text
        if token.text == "{":
            return self.group()
        body = self.atom()
        if token.macro and token.macro not in _PLAIN:
            following = self.peek()
            self.bare.append((token.at, following.at if following else len(self.latex)))
        return body

    def group(self) -> str:
        opening = self.take()
        body = self.sequence(("}",))
        self.close("}", opening)
        return body or EMPTY

    # Atoms

    def atom(self) -> str:
        """One token with its arguments."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"more than {DEEPEST} levels", "a flatter formula", self.peek(), "split it")
        atom = self.shallow_atom()
        self.depth -= 1
        return atom

    def shallow_atom(self) -> str:
        token = self.take()
        if token.macro:
            return self.macro(token)
        if token.text == "{":
            self.pos -= 1
            return self.braced()
        if token.text.isdigit():
            return self.number(token)
        if token.text.isalpha():
            return token.text
        return macros.CHARACTERS[token.text]

    def braced(self) -> str:
        """A group is one ordinary atom; `{,}` is the comma of 10{,}240."""
        body = self.group()
        simple = re.fullmatch(r"[\w.]+(\(\w+\))?", body) and body not in _OPERATOR_NAMES
        return body if simple else f'class("normal", {body})'

    def number(self, first: Token) -> str:
        """Digits in a row are one number."""
        text = first.text
        while (token := self.peek()) is not None and not token.spaced:
            after = self.tokens[self.pos + 1] if self.pos + 1 < len(self.tokens) else None
            digit_after = after is not None and after.text.isdigit() and not after.spaced
            if not (token.text.isdigit() or (token.text == "." != text[-1:] and digit_after)):
                break
            text += self.take().text
        return text

    def macro(self, token: Token) -> str:
        name = token.macro
        if name in macros.SIMPLE:
            return macros.SIMPLE[name]
        if name in macros.ACCENTS:
            return f"{macros.ACCENTS[name]}({self.argument()})"
        if name in macros.TEXT:
            return macros.TEXT[name].format(quoted(self.take().text))
        if name in macros.WRAPPERS:
            return self.wrapped(name)
        if name in _SPECIAL:
            return _SPECIAL[name](self, token)
        self.unknown(token)

    def unknown(self, token: Token) -> NoReturn:
        if token.macro in macros.SPECIAL or token.text == "\\\\":
            self.fail(f"a stray {token.text}", "a formula", token, "remove it")
        from difflib import get_close_matches  # only an error needs it

        name = token.macro
        known = sorted(macros.MACROS - {"colon", "vert", "Vert", "bmod", "pmod"})
        near = [
            w for w in get_close_matches(name, known, cutoff=0.75) if abs(len(w) - len(name)) < 2
        ]
        hint = f"did you mean \\{near[0]}?" if near else "remove it or write it another way"
        if name in macros.INSTEAD:
            hint = f"write \\{macros.INSTEAD[name]}"
        self.fail(token.text, "a known macro", token, hint)

    def wrapped(self, name: str) -> str:
        body = self.argument()
        return "bb(1)" if name == "mathbb" and body == "1" else f"{macros.WRAPPERS[name]}({body})"

    def fraction(self, token: Token) -> str:
        over, under = self.argument(), self.argument()
        fraction = f"frac({over}, {under})"
        match token.macro:
            case "tfrac":
                return f"inline({fraction})"
            case "dfrac":
                return f"display({fraction})"
            case "binom":
                return f"binom({over}, {under})"
        return fraction

    def root(self, token: Token) -> str:
        following = self.peek()
        if following is None or following.text != "[":
            return f"sqrt({self.argument()})"
        self.take()
        degree = self.sequence(("]",))
        self.close("]", following)
        return f"root({degree or EMPTY}, {self.argument()})"

    def bold(self, token: Token) -> str:
        """Bold upright; a bold 1 is the indicator."""
        body = self.argument()
        return "bb(1)" if body == "1" else f"upright(bold({body}))"

    def upright(self, token: Token) -> str:
        start = self.pos
        body = self.argument()
        word = "".join(t.text for t in self.tokens[start : self.pos] if t.text not in "{}")
        if len(word) > 1 and word.isalnum():
            return quoted(word)
        return f"upright({body})"

    def operator(self, token: Token) -> str:
        opening = self.take()
        if opening.text != "{":
            self.fail(opening.text, "a name in braces", opening)
        name = ""
        while (part := self.take()).text != "}":
            if not (part.text.isalnum() or part.text in ("-", "\\,", "\\ ", "~")):
                self.fail(part.text, "the letters of a name", part)
            space = part.text in ("\\,", "\\ ", "~")
            name += "\N{THIN SPACE}" if space else part.text
        return f"op({quoted(name)}{', limits: #true' if token.text.endswith('*') else ''})"

    def fence(self, token: Token) -> str:
        opening = self.delimiter()
        body: list[str] = [opening]
        while True:
            body.append(self.sequence(("\\right", "\\middle")))
            following = self.peek()
            if following is None or following.macro not in ("right", "middle"):
                found = following.text if following else "the end of the formula"
                self.fail(found, r"\right", following or token, r"\left must be closed")
            self.take()
            if following.macro == "right":
                break
            mark = self.delimiter()
            body.append(f"mid({mark})" if mark else "")
        body.append(self.delimiter())
        return f"lr({join(body) or EMPTY})"

    def delimiter(self) -> str:
        token = self.take()
        if token.text not in macros.DELIMITERS:
            self.fail(token.text, "a delimiter", token, r"as in \left( … \right)")
        return macros.DELIMITERS[token.text]

    def sized(self, token: Token) -> str:
        name, kind = token.macro, "normal"
        if name[-1] in "lrm":
            kind = {"l": "opening", "r": "closing", "m": "relation"}[name[-1]]
            name = name[:-1]
        mark = self.delimiter() or EMPTY
        return f'class("{kind}", stretch({mark}, size: #{macros.BIG_SIZES[name]}))'

    def brace(self, token: Token) -> str:
        """``\\underbrace{x}_{y}``: what follows as a script is the brace's annotation."""
        body, mark = self.argument(), "_" if token.macro == "underbrace" else "^"
        note = self.peek()
        if note is not None and note.text == mark:
            self.take()
            return f"{token.macro}({body}, {self.argument()})"
        return f"{token.macro}({body})"

    def stacked(self, token: Token) -> str:
        mark, base = self.argument(), self.argument()
        return f"attach(limits({base}), {'t' if token.macro == 'overset' else 'b'}: {mark})"

    def substack(self, token: Token) -> str:
        opening = self.take()
        if opening.text != "{":
            self.fail(opening.text, "lines in braces", opening)
        lines = [self.sequence(("}",))]
        while (following := self.peek()) is not None and following.text == "\\\\":
            self.take()
            lines.append(self.sequence(("}",)))
        self.close("}", opening)
        return " \\ ".join(lines)

    def negated(self, token: Token) -> str:
        of = self.take()
        name = {"=": "eq.not", "\\in": "in.not", "\\equiv": "equiv.not"}.get(of.text)
        if name is None:
            self.fail(f"\\not{of.text}", r"\not= or \not\in", of, r"write \ne or \notin")
        return name

    def modulo(self, token: Token) -> str:
        return "mod" if token.macro == "bmod" else f'quad \\( op("mod") {self.argument()} \\)'

    def dots(self, token: Token) -> str:
        """Centred between operators, low between commas, as LaTeX does."""
        following = self.peek()
        text = following.text if following else ""
        centred = text in ("+", "-", "=", "<", ">") or text[1:] in macros.RELATIONS
        return "dots.h.c" if centred or text[1:] in macros.OPERATORS else "dots.h"

    # Environments

    def environment(self, token: Token) -> str:
        name = self.take()
        if name.text not in macros.ENVIRONMENTS:
            from difflib import get_close_matches  # only an error needs it

            near = get_close_matches(name.text, macros.ENVIRONMENTS, n=1)
            hint = f"did you mean {near[0]}?" if near else "use aligned, cases or bmatrix"
            self.fail(rf"\begin{{{name.text}}}", "a known environment", token, hint)
        if name.text in macros.ALIGNED:
            return self.aligned(name, native=False)
        most = self.columns() if name.text == "array" else 2 if name.text == "cases" else None
        rows = self.table(name)
        self.bounded(name, rows, most)
        full = [[cell or EMPTY for cell in row] for row in rows]
        if name.text == "cases":
            return f"cases({', '.join(' quad & '.join(row) for row in full)})"
        cells = "; ".join(", ".join(row) for row in full)
        return f"mat(delim: {macros.MATRICES[name.text]}, {cells})"

    def columns(self) -> int:
        sides = self.take()
        if not sides.words or not re.fullmatch(r"[lcr|]+", sides.text):
            hint = r"as in \begin{array}{cc}"
            self.fail(repr(sides.text), "columns l, c, r and bars", sides, hint)
        return len(sides.text.replace("|", ""))

    def bounded(self, name: Token, rows: list[list[str]], most: int | None) -> None:
        """LaTeX stops at a row with more cells than its environment has columns."""
        longest = max(len(row) for row in rows)
        if most is not None and longest > most:
            self.fail(f"{longest} cells in a row of {name.text}", f"at most {most}", name)

    def table(self, name: Token) -> list[list[str]]:
        """Rows of cells up to the matching end, which is read."""
        rows: list[list[str]] = [[]]
        while True:
            rows[-1].append(self.sequence(()))
            token = self.peek()
            if token is None or token.text not in ("&", "\\\\", "\\end"):
                found = token.text if token else "the end of the formula"
                hint = rf"\begin{{{name.text}}} must be closed"
                self.fail(found, rf"\end{{{name.text}}}", token or name, hint)
            self.take()
            if token.text == "\\\\":
                self.no_length()
                rows.append([])
            if token.text == "\\end":
                self.end(name)
                return rows[:-1] if len(rows) > 1 and rows[-1] == [""] else rows

    def no_length(self) -> None:
        token = self.peek()
        if token is not None and token.text == "[" and not token.spaced:
            self.fail(r"a length after \\", "a new row", token, r"remove it, or write \\ [ … ]")

    def end(self, name: Token) -> None:
        token = self.take()
        if token.text != name.text:
            found, expected = rf"\end{{{token.text}}}", rf"\end{{{name.text}}}"
            self.fail(found, expected, self.tokens[self.pos - 2])

    def aligned(self, name: Token, native: bool) -> str:
        """Rows aligned at &; `native` ones are rows of the equation itself."""
        rows = self.table(name)
        if name.text.startswith("gather"):
            self.bounded(name, rows, 1)
        if native:
            return " \\\n  ".join(_points(row) for row in rows)
        shown = [_points([f"display({cell})" if cell else "" for cell in row]) for row in rows]
        align = "center" if name.text.startswith("gather") else "left"
        gaps = "row-gap: #0.8em, column-gap: #0pt"
        return f"mat(delim: #none, align: #{align}, {gaps}, {'; '.join(shown)})"


_PLAIN = frozenset(macros.SIMPLE) - {*macros.BIG, *macros.WORDS, *macros.SPACES, "colon"}
"""Macros that every engine takes as an argument without braces."""

_NO_ARGUMENT = ("}", "&", "\\\\", "^", "_", "'", "\\right", "\\end")

_STACKED = {"underset": "_", "overset": "^"}
"""What is stacked takes the place of this script."""

_SPECIAL = {
    "frac": _Converter.fraction,
    "tfrac": _Converter.fraction,
    "dfrac": _Converter.fraction,
    "binom": _Converter.fraction,
    "sqrt": _Converter.root,
    "mathbf": _Converter.bold,
    "mathrm": _Converter.upright,
    "operatorname": _Converter.operator,
    "operatorname*": _Converter.operator,
    "left": _Converter.fence,
    "underbrace": _Converter.brace,
    "overbrace": _Converter.brace,
    "overset": _Converter.stacked,
    "underset": _Converter.stacked,
    "substack": _Converter.substack,
    "not": _Converter.negated,
    "pmod": _Converter.modulo,
    "bmod": _Converter.modulo,
    "dots": _Converter.dots,
    "begin": _Converter.environment,
} | {name + side: _Converter.sized for name in macros.BIG_SIZES for side in ("", "l", "r", "m")}

_OPERATOR_NAMES = frozenset(
    name
    for table in (macros.RELATIONS, macros.OPERATORS, macros.BIG, macros.WORDS)
    for name in table.values()
)


def quoted(words: str) -> str:
    """Words as a Typst string."""
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"') + '"'


def join(parts: list[str]) -> str:
    """Atoms side by side; a space beside a string would be printed, so none stands there."""
    out = ""
    for part in parts:
        tight = not out or not part or out.endswith('"') or part.startswith('"')
        out += part if tight else f" {part}"
    return out


def _attach(base: str, sub: str, sup: str) -> str:
    if not sub and not sup:
        return base
    if re.fullmatch(r"[A-Za-z]|[a-zA-Z]+(\.[a-z]+)*|\d+", base):
        return base + (f"_({sub})" if sub else "") + (f"^({sup})" if sup else "")
    low = f", b: {sub}" if sub else ""
    high = f", t: {sup}" if sup else ""
    return f"attach({base or EMPTY}{low}{high})"


def _points(cells: list[str]) -> str:
    """Cells with alignment points; a new pair of columns starts after a gap."""
    out = cells[0]
    for n, cell in enumerate(cells[1:], start=1):
        out += f" quad & {cell}" if n % 2 == 0 else f" & {cell}"
    return out
