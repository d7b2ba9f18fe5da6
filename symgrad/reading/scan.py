r"""Characters to marks: the lexical half of reading mathematics.

Knows which macros exist, how brackets pair and how deep they may nest; knows nothing of what
a formula means. Every character is a mark, space, or a fault with its place.
"""

# ruff: noqa: SIM905 (look-alike signs are input here; word lists read best as text)

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace

from symgrad.dressing import undressed
from symgrad.errors import NotationError, Place
from symgrad.macros import MACROS, plain_blanks
from symgrad.reading.signs import respelled

MAX_TEXT, MAX_DEPTH, MAX_DIGITS = 20_000, 60, 30
"""Largest text, deepest nesting and longest number that are read."""


class Fault(Exception):
    """A fault at an offset of the text; `Source.error` gives it its place."""

    def __init__(self, offset: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.offset, self.message, self.hint = offset, message, hint


@dataclass(frozen=True)
class Source:
    """The text being read, and where its first character stands."""

    text: str
    at: Place

    def place(self, offset: int) -> Place:
        """The place of the character at `offset`."""
        at, lines = self.at, self.text.count("\n", 0, offset)
        start = self.text.rfind("\n", 0, offset) + 1
        line = self.text[start:].split("\n", 1)[0]
        if lines:
            return Place(at.file, at.line + lines, offset - start + 1, line)
        source = at.source or " " * (at.column - 1) + line
        return Place(at.file, at.line, at.column + offset, source)

    def error(self, fault: Fault) -> NotationError:
        """The fault as a person sees it."""
        return NotationError(fault.message, at=self.place(fault.offset), hint=fault.hint)


@dataclass(frozen=True, slots=True)
class Mark:
    r"""A lexical unit: its kind, its canonical text (``\le`` for ``≤``) and its span."""

    kind: str
    text: str
    pos: int
    end: int


GREEK = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi "
    "pi varpi rho varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta "
    "Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell hbar"
).split()
ACCENTS = "hat bar tilde vec dot ddot check breve overline widehat widetilde underline".split()
FONTS = (
    "mathbf mathcal mathrm boldsymbol mathbb bm mathit mathsf mathtt mathfrak mathscr mathds "
    "operatorname"
).split()
FONT_MACROS = frozenset("\\" + f for f in FONTS)
RELATIONS = {
    "=": "=", ":=": "=", "<": "<", ">": ">", r"\lt": "<", r"\gt": ">", r"\le": "<=", r"\leq": "<=",
    r"\leqslant": "<=", r"\ge": ">=", r"\geq": ">=", r"\geqslant": ">=", r"\ne": "!=",
    r"\neq": "!=", r"\equiv": "=", r"\triangleq": "=", r"\coloneqq": "=", r"\doteq": "=",
    r"\approx": r"\approx", r"\simeq": r"\approx",
}  # fmt: skip
FUNCTIONS = "exp log ln tanh sin cos sinh cosh arctan max min det".split()
CALLS = {
    "ReLU": "relu", "relu": "relu", "sigmoid": "sigmoid", "sign": "sign", "sgn": "sign",
    "floor": "floor", "ceil": "ceil", "abs": "abs", **{f: f for f in FUNCTIONS}, "ln": "log",
    "tr": "trace", "Tr": "trace", "trace": "trace", "diag": "diag", "softmax": "softmax",
    "erf": "erf",
}  # fmt: skip
"""Names that are functions before a parenthesis."""
SIZES = [b + s + m for b in ("big", "Big") for s in ("", "g") for m in ("", "l", "r", "m")]
LAYOUTS = (
    "aligned align align* alignedat gathered gather gather* split array equation equation*".split()
)
SPACES = [r"\,", r"\;", r"\:", r"\!", r"\ ", "~", r"\>"] + [
    "\\" + m
    for m in "displaystyle textstyle nonumber notag limits nolimits thinspace hfill".split() + SIZES
]
OPENERS = {
    "(": ")", "[": "]", "{": "}", r"\{": r"\}", r"\lbrace": r"\}", r"\lbrack": "]",
    r"\lfloor": r"\rfloor", r"\lceil": r"\rceil", r"\lvert": r"\rvert",
    r"\lVert": r"\rVert", r"\langle": r"\rangle",
}  # fmt: skip
CLOSERS = {
    ")": ")", "]": "]", "}": "}", r"\}": r"\}", r"\rbrace": r"\}", r"\rbrack": "]",
    r"\rfloor": r"\rfloor", r"\rceil": r"\rceil", r"\rvert": r"\rvert",
    r"\rVert": r"\rVert", r"\rangle": r"\rangle",
}  # fmt: skip
ARROWS = r"\Rightarrow \Longrightarrow \implies \iff \Leftrightarrow \therefore \because".split()
"""What stands between two statements as a word does."""
BARS = {
    "|": {"open": r"\lvert", "close": r"\rvert"},
    r"\|": {"open": r"\lVert", "close": r"\rVert"},
}
"""The bars of absolute values and norms as the brackets that they are."""

KINDS: dict[str, tuple[str, str]] = {
    **{"\\" + g: ("name", "\\" + g) for g in GREEK},
    **{"\\" + a: ("style", "\\" + a) for a in ACCENTS + FONTS},
    **{r: ("rel", op) for r, op in RELATIONS.items()},
    **{"\\" + f: ("function", "\\" + f) for f in FUNCTIONS},
    **{s: ("space", s) for s in SPACES},
    **{o: ("open", o) for o in OPENERS},
    **{c: ("close", c) for c in CLOSERS},
    **dict.fromkeys(
        (r"\dots", r"\ldots", r"\cdots", r"\dotsc", r"\dotsb", "..."), ("dots", r"\dots")
    ),
    **dict.fromkeys((r"\cdot", r"\times", "*", r"\ast"), ("op", "*")),
    **dict.fromkeys((r"\odot", r"\circ"), ("op", r"\odot")),
    **dict.fromkeys((r"\top", r"\intercal"), ("top", r"\top")),
    **dict.fromkeys((r"\|", r"\Vert"), ("bar", r"\|")),
    **{m: ("macro", m) for m in (r"\frac", r"\sqrt", r"\partial", r"\nabla", r"\prime")},
    **{m: ("function", m) for m in (r"\sum", r"\prod")},
    **{m: ("stop", m) for m in (".", ";")},
    **{q: ("quad", q) for q in (r"\quad", r"\qquad")},
    **{c: ("such", c) for c in (":", r"\colon")},
    r"\lbrace": ("open", r"\{"), r"\lbrack": ("open", "["),
    r"\rbrace": ("close", r"\}"), r"\rbrack": ("close", "]"),
    r"\tfrac": ("macro", r"\frac"), r"\dfrac": ("macro", r"\frac"), r"\cfrac": ("macro", r"\frac"),
    "+": ("op", "+"), "-": ("op", "-"), "/": ("op", "/"), r"\div": ("op", "/"),
    "_": ("sub", "_"), "^": ("sup", "^"), "'": ("prime", "'"), ",": ("comma", ","),
    "?": ("blank", "?"), "&": ("amp", "&"), r"\\": ("newline", r"\\"), r"\star": ("star", r"\star"),
    r"\to": ("to", r"\to"), r"\rightarrow": ("to", r"\to"),
    r"\in": ("in", r"\in"), r"\sim": ("sim", r"\sim"), r"\land": ("and", ","),
    r"\wedge": ("and", ","),
    "|": ("bar", "|"), r"\vert": ("bar", "|"), r"\mid": ("given", r"\mid"),
    r"\forall": ("words", "for all"),
    **{a: ("arrow", a) for a in ARROWS},
}  # fmt: skip

MEANT = {"name", "style", "rel", "function", "open", "close", "dots", "op", "macro", "in", "sim"}
"""Kinds of macros that a misspelled one may stand for."""

REFUSED = {
    r"\bmod": "remainders are not read; write two equations, one for the entries that wrap",
    r"\pmod": "remainders are not read; write two equations, one for the entries that wrap",
    r"\mod": "remainders are not read; write two equations, one for the entries that wrap",
    r"\substack": r"write the conditions in one line, \sum_{j=1, j \ne i}^{n}",
    r"\leftarrow": "updates are not read; write w' = w - \\eta g, or ask for the gradient",
    r"\gets": "updates are not read; write w' = w - \\eta g, or ask for the gradient",
    r"\pm": "a formula has one value; write the two formulas",
    r"\mp": "a formula has one value; write the two formulas",
    r"\binom": "it is the binomial coefficient: write its factors, or a vector entry by entry",
    r"\approx": "answers are exact; write =",
    r"\equiv": "write = for a definition or an equation",
    r"\propto": "answers are exact; write = and the factor",
    r"\mapsto": "write f(x) = …",
    r"\Rightarrow": "write the two statements apart, with \\quad between them",
    r"\implies": "write the two statements apart, with \\quad between them",
    r"\otimes": "tensor products are not read; write the entries with indices, a_i b_j",
    r"\int": "integrals are not read",
    r"\lim": "limits are not read",
    r"\infty": "infinity is not read; leave the end of the range out",
    r"\argmax": "arg max is not read",
    r"\arg": "arg max is not read",
    r"\mathbb{E}": "expectations are not read",
    "!": "factorials are not read",
    "..": "write a range as i = 1, \\dots, n",
    "%": "a percent sign starts a comment in LaTeX; leave it out",
    "$": "one formula ends where the next begins; leave the dollar sign out",
}
ALIKE = {"−": "-", "’": "'", "′": "'", r"\operatorname*": r"\operatorname"}
UNICODE = dict(
    zip(
        "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩϵϑϕ",
        (
            "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho "
            "sigma tau upsilon varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon "
            "Phi Psi Omega epsilon vartheta phi"
        ).split(),
        strict=True,
    )
)
UNICODE |= {"×": "times", "·": "cdot", "⋅": "cdot", "≤": "le", "≥": "ge", "≠": "ne", "∂": "partial"}
UNICODE |= {"∈": "in", "…": "dots", "∇": "nabla", "ℓ": "ell", "∼": "sim", "≈": "approx"}
UNICODE |= {
    "≡": "equiv",
    "⇒": "Rightarrow",
    "⟹": "implies",
    "⇔": "iff",
    "⟺": "iff",
    "≔": "coloneqq",
}
UNICODE |= {"∴": "therefore", "∵": "because", "√": "sqrt", "∑": "sum", "∏": "prod"}
UNICODE |= {"⊙": "odot", "∘": "circ", "⊤": "top", "‖": "Vert", "⟨": "langle", "⟩": "rangle"}

WORD = re.compile(r"\s*\{\s*([A-Za-z][A-Za-z0-9-]+)\s*\}")
WORDS = re.compile(r"\s*\{([^{}\\$%]*)\}")
LEXEME = re.compile(
    r"""(?P<unseen>%[^\n]*\n|\\(?:tag|label)\*?\s*\{[^{}]*\})
      | (?P<number>\d{1,3}(?:(?:\{,\}|\\,)\d{3})+(?!\d)|\d+\.\d+|\d+|\.\d+)
      | (?P<words>\\(?:text|mbox|textrm|textbf|textit|textsf)(?![A-Za-z]))
      | (?P<macro>\\operatorname\*|\\[A-Za-z]+|\\.)
      | (?P<other>\.\.\.?|:=|.)""",
    re.VERBOSE | re.DOTALL,
)
CALLED = re.compile(
    r"(exp|log|ln|tanh|sinh?|cosh?|arctan|max|min|sqrt|erf|det|relu|ReLU|sigmoid|softmax|sum|abs)\s*\("
)
POINTED = re.compile(r"(?:\.\d+)+")
JOINED = re.compile(r"[(\[A-Za-z]|\\(?:hat|left|frac|tanh|sigma|delta)(?![A-Za-z])")
ENDED = re.compile(r"(?<!\\left)(?<!\\right)(?<=[)\]}A-Za-z])\Z")
"""What stands right behind and before a point that may be a product: (h - y).(1 - h^2)."""
SCIENTIFIC = re.compile(r"[eE][-+]?\d")


def scan(text: str) -> list[Mark]:
    r"""The marks of `text`, brackets paired, spaces gone.

    >>> [m.text for m in scan(r"\hat y ≤ 3")]
    ['\\hat', 'y', '<=', '3']
    """
    if len(text) > MAX_TEXT:
        raise Fault(0, f"found a formula of {len(text)} characters, expected at most {MAX_TEXT}")
    text = undressed(plain_blanks(text))
    found = respelled(text)
    if found is None:
        return _scanned(text)
    made, where = found
    try:
        return [replace(m, pos=where[m.pos], end=where[m.end - 1] + 1) for m in _scanned(made)]
    except Fault as fault:
        raise Fault(where[fault.offset], fault.message, fault.hint) from None


def _scanned(text: str) -> list[Mark]:
    marks: list[Mark] = []
    pos = 0
    while pos < len(text):
        match = LEXEME.match(text, pos)
        assert match is not None
        mark = _mark(text, match)
        if mark.kind != "space":
            marks.append(mark)
        pos = mark.end
    return _paired(_delimited(_given(marks)))


def _mark(text: str, match: re.Match[str]) -> Mark:
    kind, word, pos, end = match.lastgroup, match.group(), match.start(), match.end()
    if word.isspace() or kind == "unseen":
        return Mark("space", " ", pos, end)
    if kind == "number":
        return _number(text, word, pos, end)
    if kind == "words":
        inner = WORDS.match(text, end)
        if inner is None:
            raise Fault(pos, f"found {word}, expected plain words in braces after it")
        return Mark("words", inner.group(1), pos, inner.end())
    if word in UNICODE:
        word = "\\" + UNICODE[word]
    word = ALIKE.get(word, word)
    if word in (r"\begin", r"\end"):
        return _environment(text, word, pos, end)
    if word in FONT_MACROS and (inner := WORD.match(text, end)):
        upright = word in (r"\mathrm", r"\operatorname")
        name = inner.group(1) if upright else f"{word}{{{inner.group(1)}}}"
        return Mark("word", name, pos, inner.end())
    if word in (r"\left", r"\right"):
        return Mark("delimiter", word, pos, end)
    if word == "." and JOINED.match(text, end) and ENDED.search(text[max(0, pos - 6) : pos]):
        raise Fault(pos, "found . between factors, a product or an end", r"write \cdot, or a space")
    if word in KINDS:
        return Mark(*KINDS[word], pos, end)
    if word.isascii() and word.isalpha():
        if (called := CALLED.match(text, pos)) and not text[pos - 1 : pos].isalpha():
            name = called.group(1)
            macro = rf"\{name}" if name in FUNCTIONS else rf"\operatorname{{{name}}}"
            raise Fault(pos, f"found the letters {name} before a parenthesis", f"write {macro}")
        return Mark("name", word, pos, end)
    raise _unknown(word, pos)


def _number(text: str, word: str, pos: int, end: int) -> Mark:
    if sum(c.isdigit() for c in word) > MAX_DIGITS:
        raise Fault(pos, f"found a number of {len(word)} digits, expected at most {MAX_DIGITS}")
    if not word.isascii():
        raise Fault(pos, f"found {word}, expected the digits 0 to 9")
    if more := POINTED.match(text, end):
        shown = word + more.group()
        raise Fault(pos, f"found {shown}, expected a number with one point", "write 1.2 or 1.23")
    if SCIENTIFIC.match(text, end):
        raise Fault(pos, "found a number with an exponent", r"write 3 \cdot 10^{-2}")
    return Mark("number", word, pos, end)


def _unknown(word: str, pos: int) -> Fault:
    if word in REFUSED:
        return Fault(pos, f"found {word}, which symgrad does not read", REFUSED[word])
    if len(word) > 1 and word[1:].isalpha():
        known = [w for w, (kind, _) in KINDS.items() if w[1:] in MACROS and kind in MEANT]
        known += [r"\text", r"\left", r"\right", r"\begin", r"\end"]
        right = word[1:] in MACROS  # spelled as it should be
        near = [] if right else difflib.get_close_matches(word[:20], known, n=1, cutoff=0.75)
        hint = f"did you mean {near[0]}?" if near else "write it with the macros of the notation"
        return Fault(pos, f"found {word[:40]}, expected a macro symgrad reads", hint)
    shown = word if word.isprintable() else f"U+{ord(word[-1]):04X}"
    return Fault(pos, f"found {shown}, which is no sign of the notation")


def _environment(text: str, word: str, pos: int, end: int) -> Mark:
    name = re.compile(r"\s*\{([A-Za-z]+\*?)\}").match(text, end)
    if name is None:
        raise Fault(pos, f"found {word}, expected the name of an environment after it")
    if name.group(1) == "cases":
        return Mark("open" if word == r"\begin" else "close", r"cases", pos, name.end())
    if name.group(1) not in LAYOUTS:
        message = f"found the environment {name.group(1)}, expected aligned, cases or the like"
        raise Fault(pos, message, "write the entries of a matrix with indices")
    end = name.end()
    if word == r"\begin" and (columns := re.compile(r"\s*\{[lcr|\s\d]*\}").match(text, end)):
        end = columns.end()
    return Mark("begin" if word == r"\begin" else "end", name.group(1), pos, end)


def _given(marks: list[Mark]) -> list[Mark]:
    """The marks, a lone bar in parentheses as the conditional one that it is: p(y | x)."""
    out = list(marks)
    stack: list[list[int]] = [[]]
    for n, mark in enumerate(marks):
        if mark.kind == "open":
            stack.append([])
        elif mark.kind == "close" and len(stack) > 1:
            inside = stack.pop()
            if mark.text == ")" and len(inside) == 1:
                out[inside[0]] = replace(marks[inside[0]], kind="given", text=r"\mid")
        elif mark.text == "|" and (n == 0 or marks[n - 1].kind != "delimiter"):
            stack[-1].append(n)
    return out


def _delimited(marks: list[Mark]) -> list[Mark]:
    r"""``\left`` and ``\right`` joined with their delimiters, bars told apart."""
    out: list[Mark] = []
    bars: list[int] = []  # the open brackets: where a bar stands, -1 for the others
    n = 0
    while n < len(marks):
        mark = marks[n]
        is_bar = mark.kind == "bar"
        if mark.kind == "delimiter":
            n += 1
            mark = _sized(mark, marks[n] if n < len(marks) else None)
        elif is_bar:
            mark = _bar(mark, out[-1] if out else None, bars)
        after = marks[n + 1] if n + 1 < len(marks) else mark
        if is_bar and mark.text == r"\lvert" and after.text == "|" and after.pos == mark.end:
            raise Fault(mark.pos, "found || before a formula", r"write a norm as \|x\|")
        if mark.kind in ("open", "open!") and mark.pos not in bars:
            bars.append(-1)
        elif mark.kind in ("close", "close!") and bars and not is_bar:
            bars.pop()
        out.append(mark)
        n += 1
    return out


def _sized(size: Mark, mark: Mark | None) -> Mark:
    side = "open" if size.text == r"\left" else "close"
    if mark is None or mark.kind not in ("open", "close", "bar", "stop"):
        raise Fault(size.pos, f"found {size.text}, expected a bracket after it")
    if mark.kind == "stop":
        hint = r"write cases, or the value at a point with indices"
        raise Fault(size.pos, f"found {size.text}., which symgrad does not read", hint)
    text = BARS[mark.text][side] if mark.kind == "bar" else mark.text
    if (mark.kind == "bar" or mark.kind == side) and mark.text not in ("{", "}"):
        return Mark(f"{side}!", text, size.pos, mark.end)
    raise Fault(size.pos, f"found {size.text} before {mark.text}, expected a bracket that {side}s")


def _bar(mark: Mark, before: Mark | None, bars: list[int]) -> Mark:
    ends = before is not None and before.kind in (
        "number", "name", "word", "close", "close!", "prime", "words", "star", "blank", "top",
    )  # fmt: skip
    if ends and bars and bars[-1] >= 0:
        bars.pop()
        return replace(mark, kind="close", text=BARS[mark.text]["close"])
    bars.append(mark.pos)
    return replace(mark, kind="open", text=BARS[mark.text]["open"])


def _paired(marks: list[Mark]) -> list[Mark]:
    """The marks, if brackets pair and nothing nests too deep; the fault otherwise."""
    stack: list[Mark] = []
    levels = [0]
    envs: list[Mark] = []
    for mark in marks:
        side, sized = mark.kind.rstrip("!"), mark.kind.endswith("!")
        if mark.kind == "begin":
            envs.append(mark)
        elif mark.kind == "end":
            if not envs or envs.pop().text != mark.text:
                raise Fault(mark.pos, rf"found \end{{{mark.text}}} without its \begin")
        elif side == "open":
            stack.append(mark)
            levels.append(0)
        elif side == "close":
            _close(mark, sized, stack)
            levels.pop()
        elif mark.kind == "function" or mark.text in ("/", r"\nabla"):
            levels[-1] += 1
        elif mark.kind in ("comma", "rel", "amp", "newline") or mark.text in ("+", "-"):
            levels[-1] = 0
        if sum(levels) + len(stack) > MAX_DEPTH:
            message = f"found a formula nested more than {MAX_DEPTH} deep"
            raise Fault(mark.pos, message, "give its parts names")
    if stack or envs:
        mark = (stack or envs)[-1]
        raise Fault(mark.pos, f"found {_shown(mark)}, which is never closed")
    return [
        replace(m, kind=m.kind.rstrip("!")) if m.kind in ("open!", "close!") else m for m in marks
    ]


def _close(mark: Mark, sized: bool, stack: list[Mark]) -> None:
    if not stack:
        raise Fault(mark.pos, f"found {_shown(mark)}, which nothing opens")
    top = stack.pop()
    wanted = {**OPENERS, "cases": "cases"}[top.text]
    if wanted != mark.text or sized != top.kind.endswith("!"):
        message = f"found {_shown(top)}, which is not closed before {_shown(mark)}"
        raise Fault(top.pos, message)


def _shown(mark: Mark) -> str:
    side = mark.kind.rstrip("!")
    if mark.text == "cases":
        return r"\begin{cases}" if side == "open" else r"\end{cases}"
    if side in ("begin", "end"):
        return rf"\{side}{{{mark.text}}}"
    bars = {text: bar for bar, sides in BARS.items() for text in sides.values()}
    text = bars.get(mark.text, mark.text)
    sizes = {"open": r"\left", "close": r"\right"}
    return sizes[side] + text if mark.kind.endswith("!") else text


def partners(marks: list[Mark]) -> dict[int, int]:
    """For each opening bracket of balanced marks, the position of the one that closes it."""
    found: dict[int, int] = {}
    stack: list[int] = []
    for n, mark in enumerate(marks):
        if mark.kind == "open":
            stack.append(n)
        elif mark.kind == "close":
            found[stack.pop()] = n
    return found
