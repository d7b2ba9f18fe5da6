r"""Words of a person, made harmless in each target.

Escaping is total: whatever the words are, the target prints them and obeys none of them.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

TYPST = str.maketrans({c: "\\" + c for c in "\\#$*_`<>@[]~'\"/=-+"})
LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "%": r"\%",
        "_": r"\_",
        "^": r"\^{}",
        "~": r"\~{}",
        "`": r"\textasciigrave{}",
        "'": r"\textquotesingle{}",
        '"': r"\textquotedbl{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "-": "{-}",
        "≤": r"\(\le\)",
        "≥": r"\(\ge\)",
        "→": r"\(\to\)",
        "−": r"\(-\)",
        "∂": r"\(\partial\)",
    }
)
MARKDOWN = re.compile(r"[\\`*\[\]<$|]|~(?=~)|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|!(?=\[)")


def typst(words: str) -> str:
    r"""
    >>> typst('#read("x")')
    '\\#read(\\"x\\")'
    """
    escaped = _apostrophes(one_line(words)).translate(TYPST)
    return re.sub(r"^(\d+)\.", r"\1\\.", escaped)


def latex(words: str) -> str:
    r"""
    >>> latex(r"\input{x} 50%")
    '\\textbackslash{}input\\{x\\} 50\\%'
    """
    plain = _apostrophes(one_line(words))
    return re.sub(r"(?<!-)\{-\}(?!\{-\})", "-", plain.translate(LATEX))


def markdown(words: str) -> str:
    r"""Only what Markdown would obey is escaped: prose stays readable.

    >>> print(markdown("a_b costs $5, see [x](y) and _z_ - done."))
    a_b costs \$5, see \[x\](y) and \_z\_ - done.
    """
    return MARKDOWN.sub(lambda m: "\\" + m[0], one_line(words))


def markdown_block(text: str) -> str:
    r"""A Markdown paragraph whose first characters start no heading, list or quotation.

    >>> markdown_block("1. no list")
    '1\\. no list'
    """
    if re.match(r"\d+[.)]", text):
        return re.sub(r"^(\d+)", r"\1\\", text)
    return "\\" + text if re.match(r"[-+=>#~:]", text) else text


def emphasis(mark: str, body: str, before: str, touching: str, after: str) -> str:
    r"""Emphasised words in Markdown. `before` and `after` are the signs beside them, `touching`
    the last mark of an emphasis that ends right there: marks that touch are of two kinds. Where
    neither kind is a mark, an empty comment stands between.

    >>> emphasis("**", "bold", " ", "", "$"), emphasis("*", "b", "*", "*", "")
    ('**bold**', '_b_')
    """
    for sign in "*_":
        if sign != touching and _opens(sign, before, body[0]) and _closes(sign, body[-1], after):
            marks = sign * len(mark)
            return f"{marks}{body}{marks}"
    apart = "<!-- -->"
    return f"{apart if before.strip() else ''}{mark}{body}{mark}{apart if after.strip() else ''}"


def _opens(sign: str, before: str, first: str) -> bool:
    """Whether a mark between two signs opens emphasis (CommonMark's left-flanking)."""
    left = not _mark(first) or not before.strip() or _mark(before)
    return left and (sign == "*" or not before.strip() or _mark(before))


def _closes(sign: str, last: str, after: str) -> bool:
    """Whether a mark between two signs closes emphasis (CommonMark's right-flanking)."""
    return _opens(sign, after, last)


def _mark(sign: str) -> bool:
    """Punctuation, for CommonMark."""
    return unicodedata.category(sign)[0] in "PS"


def code_span(text: str) -> str:
    """Markdown code with a fence longer than any inside."""
    plain = one_line(text)
    fence = "`" * (longest_run(plain) + 1)
    gap = " " if plain[:1] == "`" or plain[-1:] == "`" else ""
    return f"{fence}{gap}{plain}{gap}{fence}"


def longest_run(text: str) -> int:
    """The length of the longest run of backticks."""
    return max((len(run) for run in re.findall("`+", text)), default=0)


SAFE_ADDRESS = re.compile(r"(?:https?://|mailto:)\S+|[\w./-]+(?:#[\w-]*)?|#[\w-]+", re.IGNORECASE)


def address(target: str) -> str:
    """The address with everything unusual percent-encoded; '' for a scheme that could run code.

    >>> address("javascript:alert(1)"), address("https://a.b/c d(e)")
    ('', 'https://a.b/c%20d%28e%29')
    """
    plain = target.strip()
    encoded = quote(plain, safe=":/?#=&.~%+,@-_")
    return encoded if SAFE_ADDRESS.fullmatch(encoded) else ""


def words_in_maths(words: str) -> str:
    r"""Words as a piece of a LaTeX formula; signs that words cannot hold stand beside them.

    >>> words_in_maths("50% of a")
    '\\text{50}\\%\\text{ of a}'
    """
    parts = re.split(r"([\\{}$%#&_^<>~`])", one_line(words))
    return "".join(IN_MATHS.get(p, rf"\text{{{p}}}") for p in parts if p)


IN_MATHS = {
    "\\": r"\backslash ",
    "{": r"\lbrace ",
    "}": r"\rbrace ",
    "$": r"\$",
    "%": r"\%",
    "#": r"\#",
    "&": r"\&",
    "_": r"\_",
    "^": r"\wedge ",
    "<": r"\lt ",
    ">": r"\gt ",
    "~": r"\sim ",
    "`": r"\text{’}",
}


def _apostrophes(words: str) -> str:
    return re.sub(r"(?<=\w)'(?=\w)", "’", words)


def one_line(words: str) -> str:
    """White space as single spaces; control characters and text direction marks are dropped."""
    spaced = re.sub(r"\s+", " ", words)
    return "".join(c for c in spaced if c.isprintable())
