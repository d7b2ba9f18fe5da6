r"""LaTeX maths as tokens, and what can be done on tokens alone.

Cuts a formula into macros, characters and words, respells it for a target, and finds where a long
line may break. Knows which macros exist; what they mean is for `typeset`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal, NoReturn

from symgrad import macros
from symgrad.errors import NotationError, Place

LONGEST = 20_000
"""Most characters of one formula."""

RAW_ARGUMENT = frozenset(macros.TEXT) | {"begin", "end"}
"""Macros whose argument is words, not mathematics."""

SILENT = ("nonumber", "notag")
"""Nothing here has an equation number."""

UNSEEN = re.compile(r"(?:\s|%[^\n]*\n|\\(?:tag|label)\*?\s*\{[^{}]*\})*")
"""Space, comments that end with their line, and the names of equations."""

Dialect = Literal["tex", "dollar", "github"]


@dataclass(frozen=True)
class Token:
    r"""A macro (``\frac``), a character, or the words of ``\text``; `at` is where it starts.

    `spaced` tells whether white space stood before it.
    """

    text: str
    at: int
    spaced: bool = False
    words: bool = False

    @property
    def macro(self) -> str:
        """The name of a macro, '' for anything else."""
        return self.text[1:] if self.text.startswith("\\") and not self.words else ""


def is_aligned(latex: str) -> bool:
    r"""Whether the formula is one aligned block and nothing beside it."""
    tokens = tokenize(latex)
    if len(tokens) < 4 or tokens[0].macro != "begin" or tokens[1].text not in macros.ALIGNED:
        return False
    depth = 0
    for n, token in enumerate(tokens):
        depth += (token.macro == "begin") - (token.macro == "end")
        if depth == 0:
            return n == len(tokens) - 2
    return False


def tokenize(latex: str, at: Place | None = None) -> list[Token]:
    r"""The tokens of a formula; a pasted sign becomes the macro it stands for.

    >>> [t.text for t in tokenize(r"2 \times \text{if } x")]
    ['2', '\\times', '\\text', 'if ', 'x']
    """
    if len(latex) > LONGEST:
        message = f"found a formula of {len(latex)} characters, expected at most {LONGEST}"
        raise NotationError(message, at=at, hint="split it")
    tokens: list[Token] = []
    pos = 0
    while True:
        start = UNSEEN.match(latex, pos).end()  # type: ignore[union-attr]
        if start == len(latex):
            return tokens
        spaced = start > pos
        token, pos = _token(latex, start, at)
        if token.macro in SILENT:
            continue
        tokens.append(replace(token, spaced=spaced))
        if token.macro in RAW_ARGUMENT:
            words, pos = _words(latex, pos, token, at)
            tokens.append(words)
            if token.macro == "begin" and words.text == "array":
                columns, pos = _words(latex, pos, token, at)
                tokens.append(columns)


def _token(latex: str, start: int, at: Place | None) -> tuple[Token, int]:
    c = latex[start]
    if c == "\\":
        found = re.compile(r"\\(operatorname\*|[A-Za-z]+|.)", re.DOTALL).match(latex, start)
        if found is None:
            refuse("a formula that ends in \\", "a macro", latex, start, at, "remove the \\")
        text = "\\ " if found[0][1].isspace() else found[0]
        return Token(text, start), found.end()
    if c in macros.UNICODE:
        name = macros.UNICODE[c]
        return Token(name if name == "-" else f"\\{name}", start), start + 1
    if c in "{}^_&'" or c in macros.CHARACTERS or (c.isascii() and c.isalnum()):
        return Token(c, start), start + 1
    refuse(repr(c), "mathematics", latex, start, at, _why_not(c))


def _why_not(c: str) -> str:
    match c:
        case "$":
            return "a formula cannot hold another; remove the $"
        case "%":
            return r"comments are not read here; a per cent sign is \%"
        case "#" | '"' | "`" | "@":
            return "remove it"
    return r"put words in \text{…}" if c.isalpha() else "write it as a macro"


def _words(latex: str, pos: int, owner: Token, at: Place | None) -> tuple[Token, int]:
    found = re.compile(r"\s*\{([^{}\\$%#&_^<>`]*)\}").match(latex, pos)
    if found is None:
        hint = "only plain words may stand there"
        refuse(f"{owner.text} without plain words", "words in braces", latex, owner.at, at, hint)
    content = re.sub(r"\s+", " ", found[1]).replace("~", " ")
    if not content.isprintable():
        refuse("an unprintable character", "words", latex, owner.at, at, "remove it")
    return Token(content, found.start(1), words=True), found.end()


def refuse(
    found: str, expected: str, latex: str, offset: int, at: Place | None, hint: str = ""
) -> NoReturn:
    message = f"found {found}, expected {expected}"
    raise NotationError(message, at=place(latex, offset, at), hint=hint)


def place(latex: str, offset: int, at: Place | None) -> Place:
    """The place of a character of a formula that itself starts at `at`."""
    before = latex[:offset]
    lines = before.count("\n")
    start = before.rfind("\n") + 1
    end = latex.find("\n", offset)
    line = latex[start : end if end >= 0 else len(latex)]
    if at is None:
        return Place(line=1 + lines, column=offset - start + 1, source=line)
    if not lines:
        return at.shifted(offset)
    return Place(at.file, at.line + lines, offset - start + 1, line)


INLINE_SPELLING = {
    "\\,": "\\thinspace",
    "\\;": "\\thinspace",
    "\\:": "\\thinspace",
    "\\>": "\\thinspace",
    "\\!": "\\negthinspace",
    "\\{": "\\lbrace",
    "\\}": "\\rbrace",
    "\\|": "\\Vert",
    "|": "\\vert",
    "*": "\\ast",
}
"""Markdown reads a backslash before punctuation, a pipe in a table and a star for itself."""

TEX_SPELLING = {"\\lt": "<", "\\gt": ">"}
"""KaTeX and MathJax know these names, plain LaTeX does not."""

ONE_NAME = {
    "align": "aligned",
    "align*": "aligned",
    "split": "aligned",
    "gather": "gathered",
    "gather*": "gathered",
}
"""Environments that may only stand alone, and those that may stand anywhere."""


def respell(latex: str, dialect: Dialect, inline: bool = True) -> str:
    r"""The formula in the spelling that is safe in a target; white space becomes single spaces.

    >>> respell(r"\operatorname{tr} A < b\,c", "github")
    '\\mathrm{tr} A < b\\thinspace c'
    """
    tokens = tokenize(latex)
    out = ""
    for n, token in enumerate(tokens):
        text = _spelled(tokens, n, dialect, inline)
        glued = re.search(r"\\[A-Za-z]+$", out) and text[:1].isalpha()
        angle = dialect != "tex" and out.endswith("<") and not token.spaced
        apart = token.spaced and out and token.text not in ("'", "^", "_")
        out += (" " if apart or glued or angle else "") + text
    return out


def _is_one(argument: list[Token]) -> bool:
    """Whether the argument is 1, with or without a brace: LaTeX has no blackboard 1."""
    return [t.text for t in argument if t.text != "{"][:1] == ["1"]


def _spelled(tokens: list[Token], n: int, dialect: Dialect, inline: bool) -> str:
    token = tokens[n]
    if token.words:
        named = tokens[n - 1].macro in ("begin", "end")
        return f"{{{ONE_NAME.get(token.text, token.text) if named else token.text}}}"
    if token.macro == "mathbb" and _is_one(tokens[n + 1 : n + 3]):
        return "\\mathbf"
    if dialect == "github" and token.macro in ("operatorname", "operatorname*"):
        return "\\mathrm"
    if dialect != "tex" and inline:
        return INLINE_SPELLING.get(token.text, token.text)
    return TEX_SPELLING.get(token.text, token.text) if dialect == "tex" else token.text


BREAKS = frozenset(("+", "-", "=", "<", ">")) | frozenset(
    f"\\{name}" for name in (*macros.RELATIONS, "cdot", "times", "pm", "mp", "odot")
)
LONG_PIECE = 120
"""A piece longer than this is cut between its factors too."""

NO_OPERAND = BREAKS | {"_", "^", ",", "&", "\\quad", "\\qquad", "\\not"}
"""After these a sign is no operator but belongs to what follows."""

DELIMITED = frozenset(("\\left", "\\right", "\\middle")) | frozenset(
    f"\\{size}{side}" for size in macros.BIG_SIZES for side in ("", "l", "r", "m")
)
"""What follows one of these is a delimiter, whatever it is elsewhere."""

GROUPS = {"{": 1, "}": -1, "\\left": 1, "\\right": -1, "\\begin": 1, "\\end": -1}
"""What opens and closes a part that only stands whole."""

FENCES = dict.fromkeys(("(", "[", "\\lfloor", "\\lceil", "\\lbrace", "\\{"), 1) | dict.fromkeys(
    (")", "]", "\\rfloor", "\\rceil", "\\rbrace", "\\}"), -1
)
"""Brackets; an author may leave one open, as in the interval ]0, 1[."""


def pieces(latex: str) -> list[str]:
    r"""The formula cut before its outermost relations, operators and wide spaces, where a line may
    break.

    >>> pieces(r"= a(b + c) - d")
    ['= a(b + c)', '- d']
    """
    cuts = _cuts(latex, BREAKS | {"\\quad", "\\qquad"})
    if max(b - a for a, b in zip(cuts, [*cuts[1:], len(latex)], strict=True)) > LONG_PIECE:
        cuts = _cuts(latex, BREAKS | {"\\quad", "\\qquad", "\\,"})
    cut = [latex[a:b].strip() for a, b in zip(cuts, [*cuts[1:], len(latex)], strict=True)]
    return _ranges_whole(cut)


SHORT_RANGE = 80
"""A range behind a wide space, i = 1, …, m, is at most this long."""


def _ranges_whole(cut: list[str]) -> list[str]:
    """The pieces, those of a range in one."""
    out: list[str] = []
    for piece in cut:
        last = out[-1] if out else ""
        whole = f"{last} {piece}"
        ends = r"\dots" in last and not piece.startswith("\\q")
        inside = last.startswith(("\\quad", "\\qquad")) and (ends or re.match(RELATION, piece))
        if inside and len(whole) <= SHORT_RANGE:
            out[-1] = whole
        else:
            out.append(piece)
    return out


RELATION = r"[=<>]|\\(?:le|ge|leq|geq|lt|gt|in|ne)(?![A-Za-z])"


def _cuts(latex: str, before_these: frozenset[str]) -> list[int]:
    """Where the pieces start: before outermost signs that stand between two terms, and gaps."""
    cuts, groups, fences = [0], 0, 0
    before = ""
    for token in tokenize(latex):
        groups += GROUPS.get(token.text, 0)
        if before not in DELIMITED:
            fences += FENCES.get(token.text, 0)
        gap = token.macro in macros.SPACES and before
        between = gap or (before and before not in NO_OPERAND and before not in DELIMITED)
        if token.text in before_these and between and groups <= 0 and fences <= 0:
            cuts.append(token.at)
        before = token.text
    return cuts


class Cursor:
    """A place among the tokens of a formula, moving on one by one."""

    def __init__(self, latex: str, at: Place | None) -> None:
        self.latex = latex
        self.at = at
        self.tokens = tokenize(latex, at)
        self.pos = 0

    def peek(self) -> Token | None:
        """The next token, left where it is."""
        return self.tokens[self.pos] if self.pos < len(self.tokens) else None

    def take(self) -> Token:
        """The next token."""
        token = self.peek()
        if token is None:
            self.fail("the end of the formula", "an argument", None, "add it in braces")
        self.pos += 1
        return token

    def close(self, text: str, opening: Token) -> None:
        """Take the partner of `opening`."""
        token = self.peek()
        if token is None or token.text != text:
            found = "the end of the formula" if token is None else token.text
            self.fail(found, text, token or opening, f"{opening.text} must be closed")
        self.take()

    def fail(self, found: str, expected: str, token: Token | None, hint: str = "") -> NoReturn:
        """Refuse the formula at `token`, or at its end."""
        offset = len(self.latex) if token is None else token.at
        refuse(found, expected, self.latex, offset, self.at, hint)
