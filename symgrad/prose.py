r"""Equations that stand among words: ``so dL/dw = x * d because …``.

A line is cut into words and signs. Around each relation the signs that can be mathematics make a
span; it is a claim where a line, a mark of punctuation or a word that joins sentences stands on
either side, else it may be a piece of something larger and is only listed.
"""

# ruff: noqa: SIM905 (word lists read best as text)

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace

from symgrad.reading.signs import respelled
from symgrad.typed import KNOWN_WORDS, QUOTIENT, SCRIPT, SMALL, in_latex
from symgrad.work import EQUALS, Piece, label_end

LONGEST = 400
"""An equation in words has at most so many characters."""

SIGN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<gradient>" + QUOTIENT.pattern + ")"
    r"|(?P<macro>\\[A-Za-z]+)"
    r"|(?P<arrow>-+>|=>|<=>|<-+|=<|[→⇒⟹⇔←↦])"
    r"|(?P<relation>==|[<>!:]=|=[=><]|=|≤|≥|≠|≈|<|>)"
    r"|(?P<number>\d+(?:\.\d+)?)"
    rf"|(?P<word>[가-힣]+|[^\W\d_가-힣{SMALL}]+{SCRIPT})"
    r"|(?P<dots>\.\.\.|…)"
    r"|(?P<operator>\*\*|[-+*/^_'−–·×⊙∘√∑∏Σ∂∇|])"
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])"
    r"|(?P<comma>,)"
    rf"|(?P<script>[{SMALL}])"
    r"|(?P<other>.)",
    re.S,
)
CHUNK = re.compile(r"<[A-Za-z/!][^<>]*>|\S+")
ADDRESS = re.compile(r"://|@|[?&]\w+=|^<[A-Za-z/!]")
"""What addresses and markup have; their = says nothing."""
BASE = re.compile(rf"[^\W\d_{SMALL}]+")
DIFFERENTIAL = re.compile(rf"[d∂][A-Za-zα-ω]{SCRIPT}")
"""dw by itself: a gradient in the speech of programs, or a product."""
TIMES = re.compile(r"(?<=[\d)])\s{0,9}[xX](?=\s{0,9}[\d(])")
"""2 x 3 is a product of numbers."""
RANGE = re.compile(
    r",\s{0,9}(?:for\s)?\s{0,9}\w{1,3}\s{0,9}=\s{0,9}\w{1,3}\s{0,9},\s{0,9}"
    r"(?:\.\.\.|…)\s{0,9},\s{0,9}\w{1,3}"
)
"""The range of an index behind a formula: z_i = w x_i, i = 1, ..., n."""
KOREAN = re.compile(r"[가-힣]*(?:[고며면서니는은가이을를로데과와도다만즉]|때)")
"""A Korean word that a formula of its own may follow."""
MACROS = re.compile(
    r"\\(?:frac|[dt]frac|partial|nabla|sum|prod|hat|bar|tilde|sqrt|left|right|cdot|times|max|min|"
    r"exp|log|ln|tanh|sin|cos|le|ge|leq|geq|ne|approx|alpha|beta|gamma|delta|epsilon|varepsilon|"
    r"zeta|eta|theta|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|phi|varphi|chi|psi|omega|ell|mathbf|"
    r"mathrm|quad)"
)
BEFORE = frozenset(
    "so then hence thus therefore because since as and but or we get gets got have has obtain is "
    "are be gives give given find finds yields yield that where with if when for let set means "
    "implies here gradient derivative answer result formula rule equation which write compute "
    "finally first second also now it follows us need know using want show see note say namely "
    "daher damit und weil da ist gilt folgt donc alors car et est on si".split()
)
"""Words before an equation that is whole."""
AFTER = frozenset(
    "because since so and but by as where when if for with which that thus hence therefore then is "
    "from using in here or unless whenever while only at due too again follows holds instead weil "
    "und da wenn denn also car et donc si".split()
)
"""Words after an equation that is whole."""
PARTICLES = tuple(
    "이다 입니다 이고 이며 이므로 이 가 는 은 을 를 로 으로 와 과 된다 됩니다 "
    "여기서 때문에 따라서 그리고 임".split()
)
"""What a Korean word begins with that stands behind an equation that is whole."""
CONDITIONS = re.compile(
    r"\b(?:if|when|whenever|unless|otherwise|only|provided|assuming|while|except|falls|wenn|sonst|si)\b"
    r"|이면|일 때|경우|만약",
    re.I,
)
"""Words that make an equation hold under a condition."""
STATES = re.compile(rf"{CONDITIONS.pattern}|\b(?:in)?active\b|\bviolated\b", re.I)
"""Words that say, beside a formula, on which side of a maximum it holds."""
ENDS = ".;:!?\"'“”‘’„«»。、✓✔∎■□☑"
"""Where an equation ends; beside any other sign, ⊗ or †, it may go on."""
WORDS = re.compile(r"[^\W\d_]+")
DEFINES = re.compile(r"(?<![^\W\d_])([A-Za-z])\s*=")
"""A letter that a line says something of."""
STRESSED = re.compile(r"(?<!\S)\*\*(?=[^\s*])([^*]+(?:\*[^*]+)*?)(?<=[^\s*])\*\*(?![^\s.,;:])")
"""Words in bold print: **a = b**."""
LISTS = re.compile(r"θ|\\?theta")
LIST = re.compile(rf"(?:{LISTS.pattern})\s*=.*")
AND = re.compile(r"\band\b")
"""The parameters are listed: θ = w, b and v."""
LOOKS = re.compile(r"[d∂]\w+\s*/\s*[d∂]|\\frac|[_^+*/·×√∑Σ]|[₀-₉ᵢⱼ]")
"""What mathematics among words has, and a setting such as seed = 42 has not."""


@dataclass(frozen=True)
class Sign:
    """One sign or word of a line."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Span:
    """An equation in a line: its LaTeX, its text, where it starts. `whole`: the words beside it let
    it be a claim; `conditional`: they say that it holds under a condition."""

    latex: str
    text: str
    start: int
    whole: bool = True
    conditional: bool = False
    named: str = ""
    """Its LaTeX with x as a name, where that may be a sign of multiplication."""


def equations(line: str, known: Iterable[str] = ()) -> Iterator[Span]:
    r"""The equations in a line of words; letters of `known` names that stand together are products.

    >>> [(s.text, s.whole) for s in equations("so dL/dw = x * d because z > 0, but y = 3 apples")]
    [('dL/dw = x * d', True), ('z > 0', True), ('y = 3', False)]
    """
    start = label_end(line)
    start += len(line[start:]) - len(line[start:].lstrip("-*•> \t"))
    table = line.lstrip().startswith("|")
    line = line.replace("|", "\N{REPLACEMENT CHARACTER}") if table else line
    written = line
    line = STRESSED.sub(lambda m: "  " + m[1] + "  ", line)
    line = LIST.sub(lambda m: AND.sub(",  ", m[0]), line)
    blanked = CHUNK.sub(nothing_said, line)
    signs = [
        Sign(m.lastgroup or "", m.group(), m.start(), m.end())
        for m in SIGN.finditer(blanked, start)
    ]
    known = {*known, *DEFINES.findall(line)}
    signs = [replace(s, kind="product") if product(s, known) else s for s in signs]
    conditional = CONDITIONS.search(line) is not None
    at = 0
    ends = len(signs)
    while ends and (signs[ends - 1].kind in ("space", "comma") or signs[ends - 1].text in ".;"):
        ends -= 1
    if signs and all(mathematical(signs, k) for k in range(ends)):
        at, signs = -1, signs[:ends]
    for n, sign in enumerate(signs):
        if n < at or sign.kind != "relation" or sign.text == "==":
            continue
        first, last = (0, len(signs)) if at < 0 else reach(line, signs, n, at)
        at = last
        bare = last <= n + 1
        if first >= n or (bare and not any(s.kind == "gradient" for s in signs[first:n])):
            continue
        a, b = signs[first].start, signs[last - 1].end
        text = written[a:b]
        said = line[a:b]
        made = TIMES.sub(r" \\times ", said)
        if len(text) > LONGEST or not re.search(r"[^\W\d_]", made.replace(r"\times", "")):
            continue
        whole = joins(signs, first - 1, -1, BEFORE) and joins(signs, last, 1, AFTER)
        whole = whole and closed(signs[first:last])
        unclear = bare or any(DIFFERENTIAL.fullmatch(s.text) for s in signs[first:last])
        named = spelled(said) if made != said and "x" in known else ""
        yield Span(spelled(made), text, a, whole and not unclear, conditional, named)


def spelled(text: str) -> str:
    """Typed mathematics in LaTeX, with its signs as LaTeX spells them."""
    latex = in_latex(text)
    found = respelled(latex)
    return latex if found is None else found[0]


def continued(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The pieces, with a line of words that goes on with = or a sign of a product joined to the
    equation in the line before."""
    last: Piece | None = None
    lines = 0
    for piece in pieces:
        if last is not None:
            next_ = not piece.maths and piece.at.line == last.at.line + lines
            next_ = next_ and len(last.text) < LONGEST
            if next_ and last.fault is None is piece.fault and goes_on(last.text, piece.text):
                last = replace(last, text=f"{last.text.rstrip()} {piece.text.strip()}")
                lines += 1
                continue
            yield last
            last = None
        if piece.maths:
            yield piece
        else:
            last, lines = piece, 1
    if last is not None:
        yield last


def goes_on(line: str, after: str) -> bool:
    """Is a line the rest of the equation in the line before?"""
    if line.lstrip().startswith("|") or not (EQUALS.search(line) or QUOTIENT.search(line)):
        return False
    if re.match(r"\s*(?:=(?![=>])|≈)", after):
        return True
    bare = EQUALS.search(after) is None and all(map(is_name, WORDS.findall(after)))
    opened = re.match(r"\s*[*·×/+]\s*[\w(\\]", after) is not None
    return bare and (opened or re.search(r"[-−+*/·×=]\s*$", line) is not None)


def nothing_said(hit: re.Match[str]) -> str:
    """An address or markup blanked; anything else as it is."""
    text = hit.group()
    return "\N{REPLACEMENT CHARACTER}" * len(text) if ADDRESS.search(text) else text


def reach(line: str, signs: list[Sign], n: int, least: int) -> tuple[int, int]:
    """The first sign of the span around a relation, and the one after its last."""
    first, last = n, n + 1
    depth = 0
    while first > least and mathematical(signs, first - 1):
        sign = signs[first - 1]
        depth += (sign.kind == "close") - (sign.kind == "open")
        if depth < 0 or (sign.kind == "comma" and not depth):
            break
        first -= 1
    depth = 0
    listed = LISTS.fullmatch("".join(s.text for s in signs[first:n]).strip()) is not None
    while last < len(signs) and mathematical(signs, last):
        sign = signs[last]
        if sign.kind == "comma" and not depth and (hit := RANGE.match(line, sign.start)):
            last = next(
                (k for k in range(last, len(signs)) if signs[k].start >= hit.end()), len(signs)
            )
            continue
        depth += (sign.kind == "open") - (sign.kind == "close")
        if depth < 0 or (sign.kind == "comma" and not depth and not listed):
            break
        last += 1
    last = aside(signs, n, last)
    while first < n and signs[first].kind in ("space", "comma"):
        first += 1
    while last > n + 1 and signs[last - 1].kind in ("space", "comma"):
        last -= 1
    return first, last


def aside(signs: list[Sign], n: int, last: int) -> int:
    """The end of a span without the parenthesis of words that it runs into: x (chain rule)."""
    if last >= len(signs) or signs[last].kind != "word":
        return last
    k = last - 1
    while k > n + 1 and signs[k].kind == "space":
        k -= 1
    return k if k > n + 1 and signs[k].kind == "open" and signs[k - 1].kind == "space" else last


def closed(signs: list[Sign]) -> bool:
    """Does every parenthesis of a span end in it?"""
    depth = 0
    for sign in signs:
        depth += (sign.kind == "open") - (sign.kind == "close")
    return depth == 0


def product(sign: Sign, known: Container[str]) -> bool:
    """Are the letters of a word names, each of them: w x of wx?"""
    text = sign.text
    if sign.kind != "word" or not re.fullmatch(r"[a-zA-Z]{2,3}", text):
        return False
    return text.lower() not in BEFORE | AFTER and all(c in known for c in text)


def mathematical(signs: list[Sign], n: int) -> bool:
    """Can a sign be a part of a formula?"""
    sign = signs[n]
    match sign.kind:
        case "other" | "arrow":
            return False
        case "macro":
            return MACROS.fullmatch(sign.text) is not None
        case "word":
            return is_name(sign.text) or DIFFERENTIAL.fullmatch(sign.text) is not None
        case "relation":
            return sign.text != "=="
    return True


def is_name(text: str) -> bool:
    """A letter, a letter with indices, y_hat, or a word such as delta and max."""
    base = BASE.match(text)
    if base is None:
        return False
    word = base.group()
    if word in KNOWN_WORDS or re.fullmatch(r"(?!that|what|chat)[A-Za-z]hat", word):
        return True
    return len(word) == 1 and not "가" <= word <= "힣" and not "\u3040" <= word <= "\u9fff"


def joins(signs: list[Sign], n: int, step: int, words: frozenset[str]) -> bool:
    """Does a line end at a sign, or a word stand there that joins sentences?"""
    spaced = False
    while 0 <= n < len(signs) and signs[n].kind == "space":
        n, spaced = n + step, True
    if not 0 <= n < len(signs):
        return True
    sign = signs[n]
    if sign.kind == "word":
        if not "가" <= sign.text[0] <= "힣":
            return spaced and sign.text.lower() in words
        if step < 0:
            return KOREAN.fullmatch(sign.text) is not None
        return sign.text.startswith(PARTICLES)
    if sign.text == "." and step > 0 and n + 1 < len(signs):
        return signs[n + 1].kind not in ("open", "word", "number", "gradient", "product")
    if sign.kind == "other":
        return sign.text in ENDS
    return sign.kind in ("arrow", "comma", "open", "close")
