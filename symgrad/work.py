r"""What a person handed in, as pieces of mathematics and lines of words, with their places.

Reads Markdown, plain text and LaTeX alike, and strictly nothing of the mathematics. The text is a
stranger's: a formula that is never closed, a command that could do harm, a macro that grows
without end are pieces with a fault, and the rest is read on.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from symgrad.errors import ExamError, Place, SymgradError

LARGEST = 2_000_000
"""A work may have this many bytes."""
MOST_FORMULAS = 5_000
MOST_LINES = 20_000
"""A work may have so many formulas and lines."""
LABEL = 300
"""A label stands in so many characters at the start of a line."""
LONGEST_LINE = 4_000
"""A line of words that is longer is no sentence, and is left alone."""
LONGEST = 20_000
"""A piece of mathematics may have this many characters, its macros expanded."""
DEEPEST = 8
"""Macros that stand in macros."""

ENVIRONMENTS = (
    "equation|align|gather|alignat|displaymath|math|multline|eqnarray|flalign"  # of display
)
INSIDE = {"align": "aligned", "alignat": "aligned", "flalign": "aligned", "eqnarray": "aligned"}
INSIDE |= {"gather": "gathered", "multline": "gathered"}

OPENING = re.compile(
    r"\\begin\{(?P<env>" + ENVIRONMENTS + r")(?P<star>\*?)\}(?:\{\d+\})?"
    r"|(?P<verbatim>\\begin\{(?:verbatim|lstlisting|comment)\})"
    r"|(?P<escaped>\\[\\$%])"
    r"|(?P<bracket>\\\[)|(?P<paren>\\\()|(?P<double>\$\$)|(?P<single>\$)"
    r"|^(?P<fence>(?P<marks>```+|~~~+)[ \t]*(?P<info>[^\n`]*)\n)"
    r"|(?P<tick>`+)"
    r"|(?P<comment><!--)",
    re.M,
)

FORBIDDEN = re.compile(
    r"\\(def|edef|gdef|xdef|let|input|include|write|openout|openin|read|csname|catcode|immediate|"
    r"special|usepackage|RequirePackage|directlua|newwrite|loop|expandafter|futurelet)(?![A-Za-z])"
)
"""Commands of TeX that define, read, write or run; none has a meaning in an answer."""

NEW = re.compile(
    r"\\(?:re)?newcommand\*?\s*(?:\{\s*\\(?P<a>[A-Za-z]+)\s*\}|\\(?P<b>[A-Za-z]+))"
    r"(?:\[(?P<n>\d)\])?\s*(?=\{)"
    r"|\\DeclareMathOperator\*?\s*\{\s*\\(?P<op>[A-Za-z]+)\s*\}\s*(?=\{)"
)

NUMBERED = re.compile(
    r"^\s*(?:\#{1,6}\s*|\\(?:sub)*(?:section|paragraph)\*?\{|\\question|\*\*|\\textbf\{)?\s*"
    r"(?:question|problem|exercise|part|aufgabe|문제|q)?\s*\.?\s*"
    r"(?P<number>(?!\d\d\.\d\d\.)\d{1,2}(?:\.\d{1,2})+|\d{1,2}(?=[.):]\s|\s*$|\s*[:(]))(?=[\s.):}*]|$)"
    r"|^\s*\((?P<round>\d{1,2})\)(?=\s|$)",
    re.I,
)
LETTERED = re.compile(
    r"^\s*(?:\#{1,6}\s*|\\(?:sub)*(?:section|paragraph)\*?\{|[-*+]\s+|\*\*|\\textbf\{|\\item\s*\[?|\\part\s*)?\s*"
    r"(?:part\s+|teil\s+)?"
    r"(?:\((?P<a>[a-z]|[ivx]{2,4})\)|(?P<b>[a-z])\)|(?P<c>(?-i:[a-z]))[.:](?=\s))",
    re.I,
)
HEADING = re.compile(r"^\s*(?:\#{1,6}\s+|\\(?:sub)*(?:section|paragraph)\*?\{)(?P<title>[^}\n]*)")


@dataclass(frozen=True)
class Part:
    """Where in the work: the number of the question and the letter of its part, '' for none;
    the words of the last heading."""

    number: str = ""
    letter: str = ""
    title: str = ""

    def __str__(self) -> str:
        return " ".join(x for x in (self.number, f"({self.letter})" if self.letter else "") if x)


@dataclass(frozen=True)
class Piece:
    """A piece of mathematics (`maths`), or a line of words with the pieces in it blanked.

    `text` starts at `at`; `words` is the line of the document on which a piece stands; `fault`
    says why it cannot be read."""

    text: str
    at: Place
    part: Part
    maths: bool = True
    words: str = ""
    fault: SymgradError | None = None
    start: int = 0


@dataclass(frozen=True)
class Written:
    """A document, read into pieces in its own order."""

    pieces: tuple[Piece, ...]
    file: str = ""
    lines: tuple[str, ...] = ()


def read_work(path: str | Path) -> Written:
    """The work in a file; ExamError if there is none, it is too large, or no UTF-8."""
    file = Path(path)
    try:
        with file.open("rb") as opened:
            raw = opened.read(LARGEST + 1)
    except OSError as error:
        raise ExamError(
            f"found no readable file {file} ({error.strerror}), expected Markdown, text or LaTeX",
            hint="check the path",
        ) from None
    if len(raw) > LARGEST:
        raise ExamError(
            f"found more than {LARGEST} bytes in {file}, expected a written answer",
            hint="split it into several files",
        )
    return written(decoded(raw, str(file)), str(file))


def decoded(raw: bytes, file: str) -> str:
    """The bytes as text; the place of the first that is no UTF-8."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ExamError(
            f"found the byte 0x{raw[error.start]:02x}, expected text in UTF-8",
            at=Place(file, line),
            hint="save the file in UTF-8",
        ) from None


def written(text: str, file: str = "") -> Written:
    r"""The pieces of a text.

    >>> [p.text for p in written("(a) So $x = 1$,\n\\[ y = 2 \\]\n").pieces if p.maths]
    ['x = 1', ' y = 2 ']
    """
    return Scanner(text.replace("\r\n", "\n").replace("\r", "\n"), file).document()


@dataclass
class Scanner:
    """Walks a text once, from opening to opening."""

    text: str
    file: str
    macros: dict[str, tuple[int, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tex = self.file.endswith(".tex")
        self.text = self.text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
        if self.tex:
            self.text = re.sub(r"(?<!\\)%.*", lambda m: " " * len(m[0]), self.text)
        self.lines = self.text.split("\n")
        self.starts = [0]
        for line in self.lines[:-1]:
            self.starts.append(self.starts[-1] + len(line) + 1)

    def document(self) -> Written:
        """The whole document."""
        if len(self.lines) > MOST_LINES:
            raise ExamError(
                f"found {len(self.lines)} lines, expected at most {MOST_LINES}",
                at=Place(self.file, MOST_LINES),
                hint="split the work into several files",
            )
        self.define()
        taken: list[tuple[int, int, int, int, str]] = []
        for span in self.spans():
            taken.append(span)
            if len(taken) > MOST_FORMULAS:
                raise ExamError(
                    f"found more than {MOST_FORMULAS} formulas, expected fewer",
                    at=self.place(span[0]),
                    hint="split the work into several files",
                )
        parts = self.parts(taken)
        pieces = [self.piece(a, b, c, d, env, parts) for a, b, c, d, env in taken if b >= 0]
        pieces += self.unclosed(taken, parts)
        pieces += self.plain(taken, parts)
        pieces.sort(key=lambda p: (p.at.line, p.at.column))
        return Written(tuple(pieces), self.file, tuple(self.lines))

    # -- places -----------------------------------------------------------------------------------

    def place(self, offset: int) -> Place:
        """The place of a character."""
        n = bisect_right(self.starts, offset) - 1
        return Place(self.file, n + 1, offset - self.starts[n] + 1, self.lines[n])

    # -- macros -----------------------------------------------------------------------------------

    def define(self) -> None:
        r"""The document's own ``\newcommand``; their text is blanked."""
        out = self.text
        for hit in NEW.finditer(self.text):
            body = braced(self.text, hit.end())
            if body is None:
                continue
            end = hit.end() + len(body) + 2
            name = hit["a"] or hit["b"] or hit["op"]
            made = rf"\operatorname{{{body}}}" if hit["op"] else body
            self.macros[name] = (int(hit["n"] or 0), made)
            gone = re.sub(r"[^\n]", " ", self.text[hit.start() : end])
            out = out[: hit.start()] + gone + out[end:]
        self.text = out

    def expanded(self, latex: str, depth: int = 0) -> str:
        """The mathematics with the document's own macros put in; bounded in depth and length."""
        if not self.macros or len(latex) > LONGEST:
            return latex
        names = "|".join(sorted(self.macros, key=len, reverse=True))
        pattern = re.compile(rf"\\({names})(?![A-Za-z])")
        out: list[str] = []
        at = 0
        while hit := pattern.search(latex, at):
            if depth >= DEEPEST:
                raise ExamError(
                    f"found \\{hit[1]}, whose definition leads to itself or is nested more than "
                    f"{DEEPEST} deep",
                    hint="write it out",
                )
            count, body = self.macros[hit[1]]
            out.append(latex[at : hit.start()])
            at = hit.end()
            for k in range(count):
                given, at = argument(latex, at)
                body = body.replace(f"#{k + 1}", given)
            inner = self.expanded(body, depth + 1)
            out.append(inner if count == 0 and re.fullmatch(r"\\?\w+", inner) else f"{{{inner}}}")
            if out[-1][-1].isalpha() and latex[at : at + 1].isalpha():
                out.append(" ")
            if sum(map(len, out)) > LONGEST:
                raise ExamError(
                    f"found a formula of more than {LONGEST} characters once its macros are put in",
                    hint="write it out",
                )
        return "".join((*out, latex[at:]))

    # -- pieces -----------------------------------------------------------------------------------

    def spans(self) -> Iterator[tuple[int, int, int, int, str]]:
        """Start and end of a formula with its marks, start and end without, and its environment;
        the end is -1 if it is never closed."""
        at = 0
        while hit := OPENING.search(self.text, at):
            at = hit.end()
            if hit["escaped"]:
                continue
            if hit["verbatim"]:
                end = self.text.find(hit["verbatim"].replace("begin", "end"), at)
                at = len(self.text) if end < 0 else end
                yield (hit.start(), at, -1, -1, "code")
            elif hit["comment"]:
                end = self.text.find("-->", at)
                at = len(self.text) if end < 0 else end + 3
                yield (hit.start(), at, -1, -1, "code")
            elif hit["fence"]:
                close = re.compile(rf"^[ \t]*{re.escape(hit['marks'])}", re.M).search(self.text, at)
                end = close.start() if close else len(self.text)
                maths = hit["info"].strip() == "math"
                inner = (at, end) if maths else (-1, -1)
                yield (hit.start(), close.end() if close else end, *inner, "" if maths else "code")
                at = close.end() if close else end
            elif hit["tick"]:
                line = self.text.find("\n", at)
                end = self.text.find(hit["tick"], at, line if line >= 0 else len(self.text))
                if end >= 0:
                    at = end + len(hit["tick"])
                    yield (hit.start(), at, -1, -1, "code")
            else:
                end, close_ = self.closing(hit)
                if end < 0:
                    yield (hit.start(), -1, at, -1, hit.group())
                    continue
                yield (hit.start(), close_, at, end, hit["env"] or "")
                at = close_

    def closing(self, hit: re.Match[str]) -> tuple[int, int]:
        """Where the formula that opens here ends, without and with its mark; -1 if nowhere."""
        if hit["env"]:
            mark = rf"\end{{{hit['env']}{hit['star']}}}"
            end = self.text.find(mark, hit.end())
            return (end, end + len(mark)) if end >= 0 else (-1, -1)
        marks = {"bracket": r"\]", "paren": r"\)", "double": "$$", "single": "$"}
        mark = next(m for kind, m in marks.items() if hit[kind])
        stop = re.compile(r"\n[ \t]*\n").search(self.text, hit.end())
        limit = len(self.text) if stop is None or hit["double"] else stop.start()
        at = hit.end()
        while (end := self.text.find(mark, at, limit)) >= 0:
            back = len(self.text[:end]) - len(self.text[:end].rstrip("\\")) if mark[0] == "$" else 0
            if back % 2 == 0:
                break
            at = end + 1
        if end < 0 or (hit["single"] and end == hit.end()):
            return -1, -1
        return end, end + len(mark)

    def piece(
        self, first: int, last: int, start: int, end: int, env: str, parts: list[Part]
    ) -> Piece:
        """One formula."""
        at = self.place(max(start, first))
        part = parts[at.line - 1]
        words = self.lines[at.line - 1]
        if env == "code":
            return Piece("", at, part, maths=False, start=first)
        text = self.text[start:end]
        fault = self.forbidden(text, start)
        if env in INSIDE:
            text = rf"\begin{{{INSIDE[env]}}}{text}\end{{{INSIDE[env]}}}"
            at = replace(at, column=at.column - len(rf"\begin{{{INSIDE[env]}}}"))
        if fault is None:
            try:
                text = self.expanded(text)
            except SymgradError as error:
                fault = error.located(at)
        if fault is None and len(text) > LONGEST:
            fault = ExamError(
                f"found a formula of {len(text)} characters, expected at most {LONGEST}", at=at
            )
        return Piece(text, at, part, True, words, fault, start)

    def forbidden(self, text: str, start: int) -> SymgradError | None:
        """What a stranger's mathematics may not hold."""
        hit = FORBIDDEN.search(text)
        if hit is None:
            return None
        return ExamError(
            f"found {hit.group()}, which defines, reads or writes; expected mathematics",
            at=self.place(start + hit.start()),
            hint="write the formula out",
        )

    def unclosed(
        self, taken: list[tuple[int, int, int, int, str]], parts: list[Part]
    ) -> Iterator[Piece]:
        """Openings without an end."""
        for first, last, start, _, mark in taken:
            if last < 0:
                at = self.place(first)
                fault = ExamError(
                    f"found {mark}, which is never closed, expected its end in the same paragraph",
                    at=at,
                    hint="close the formula",
                )
                rest = self.lines[at.line - 1][at.column - 1 :]
                yield Piece(rest, at, parts[at.line - 1], True, at.source, fault, start)

    def plain(
        self, taken: list[tuple[int, int, int, int, str]], parts: list[Part]
    ) -> Iterator[Piece]:
        """Every line with its formulas blanked."""
        blanked = self.text
        out: list[str] = []
        at = 0
        for first, last, _, _, _ in taken:
            if last < 0 or first < at:
                continue
            out.append(blanked[at:first])
            out.append(re.sub(r"[^\n]", "\N{REPLACEMENT CHARACTER}", blanked[first:last]))
            at = last
        out.append(blanked[at:])
        for n, line in enumerate("".join(out).split("\n")):
            if len(line) <= LONGEST_LINE and line.strip(" \t\N{REPLACEMENT CHARACTER}"):
                fault = None
                if self.tex and (hit := FORBIDDEN.search(line)) and not in_preamble(hit.group(1)):
                    fault = self.forbidden(line, self.starts[n])
                at_ = Place(self.file, n + 1, 1, self.lines[n])
                yield Piece(line, at_, parts[n], False, self.lines[n], fault, self.starts[n])

    def parts(self, taken: list[tuple[int, int, int, int, str]]) -> list[Part]:
        """The part of each line."""
        inside = {
            n
            for first, last, _, _, _ in taken
            if last >= 0
            for n in range(self.place(first).line + 1, self.place(last).line + 1)
        }
        found: list[Part] = []
        now = Part()
        for n, line in enumerate(self.lines, 1):
            if n not in inside and len(line) <= LONGEST_LINE:
                now = labelled(line, now)
            found.append(now)
        return found


def in_preamble(command: str) -> bool:
    """Packages and let of a preamble, which is never run here, are no harm."""
    return command in ("usepackage", "RequirePackage", "let")


def labelled(line: str, now: Part) -> Part:
    """The part that a line opens, or the one it stands in."""
    line = " ".join(line.split())[:LABEL]
    title = HEADING.match(line)
    heading = title["title"].strip() if title else ""
    number = NUMBERED.match(line)
    if number and number["round"]:
        return Part(number["round"], "", heading or line.strip())
    if number and (title or "." in number["number"] or len(line.strip()) < 60):
        rest = line[number.end() :]
        letter = LETTERED.match(rest.lstrip(" .):"))
        return Part(number["number"], _letter(letter), heading or line.strip())
    letter = LETTERED.match(line)
    if letter:
        return replace(now, letter=_letter(letter), title=heading or line.strip())
    if title:
        return Part("", "", heading)
    return now


def _letter(hit: re.Match[str] | None) -> str:
    return next((x.lower() for x in hit.groups() if x), "") if hit else ""


def braced(text: str, at: int) -> str | None:
    """What stands between the brace at `at` and the one that closes it."""
    if text[at : at + 1] != "{":
        return None
    depth = 0
    for k in range(at, min(len(text), at + LONGEST)):
        if text[k] == "\\":
            continue
        if text[k] == "{" and text[k - 1] != "\\":
            depth += 1
        elif text[k] == "}" and text[k - 1] != "\\":
            depth -= 1
            if depth == 0:
                return text[at + 1 : k]
    return None


def argument(text: str, at: int) -> tuple[str, int]:
    """The argument of a macro at `at`, and where it ends."""
    while text[at : at + 1].isspace():
        at += 1
    inner = braced(text, at)
    if inner is not None:
        return inner, at + len(inner) + 2
    command = re.compile(r"\\[A-Za-z]+|\\.|.", re.S).match(text, at)
    return (command.group(), command.end()) if command else ("", at)
