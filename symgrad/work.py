r"""What a person handed in, as pieces of mathematics and lines of words, with their places.

Reads Markdown, plain text and LaTeX alike, and strictly nothing of the mathematics. The text is a
stranger's: a formula that is never closed, a command that could do harm, a macro that grows
without end are pieces with a fault, and the rest is read on.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from symgrad.errors import ExamError, Place, SymgradError
from symgrad.file import text_of
from symgrad.newcommand import LONGEST, Macros, braced
from symgrad.ticks import typed

LARGEST = 2_000_000
"""A work may have this many bytes."""
MOST_FORMULAS = 5_000
"""A work may have this many formulas; signs of equality in words count as one each."""
MOST_LINES = 20_000
"""A work may have this many lines."""
LABEL = 300
"""A label stands in so many characters at the start of a line."""
LONGEST_LINE = 4_000
"""A line may have this many characters of words."""
SHORT = 80
"""Characters shown of what cannot be read."""
CROWD = 100
"""Formulas on one line, up to which the words beside them speak about each."""

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
    r"|^(?P<fence>(?P<marks>`{3,}(?!`)|~{3,}(?!~))[ \t]{0,99}(?P<info>[^\n`]{0,200})\n)"
    r"|(?P<struck>\\(?:sout|st|[bx]?cancel)\{|(?<!~)~~(?=[^\s~])|<(?:s|del|strike)>)"
    r"|(?P<tick>`+)"
    r"|(?P<comment><!--)",
    re.M,
)

FORBIDDEN = re.compile(
    r"\\(def|edef|gdef|xdef|let|input|include|write|openout|openin|read|csname|catcode|immediate|"
    r"special|usepackage|RequirePackage|directlua|newwrite|loop|expandafter|futurelet)(?![A-Za-z])"
)
"""Commands of TeX that define, read, write or run; none has a meaning in an answer."""

LEAD = (
    r"\s{0,20}(?:\#{1,6}\s{0,4}|\\(?:sub){0,2}(?:section|paragraph|chapter)\*?\{|\\question|[-*+]\s{1,4}|"
    r"\*\*|__|\\(?:textbf|underline|emph)\{|\\item\s?\[?|\\part\s?)?\s{0,4}"
)
WORD = (
    r"(?:question|problem|exercise|task|part|aufgabe|übung|frage|teil|ejercicio|pregunta|problema|"
    r"exercice|esercizio|문제|问题|問題|題|题|q|ex)\s?\.?\s?(?:nr\.?|no\.?|\#)?\s?"
)
NO_SUM = r"(?!\s{0,4}(?:[+/=×·<>^]|\*(?!\*)|[-−–]\s{0,4}[\d(]))"
"""What follows a label is no sign: (3) * 5 is a product."""
NUMBERED = re.compile(
    LEAD + r"(?P<word>" + WORD + r")?"
    r"(?:(?P<number>(?!\d\d\.\d\d\.)\d{1,2}(?:\.\d{1,2}){1,4}|\d{1,2}(?![.,]?\d))"
    r"(?P<letter>[a-h](?=[.):]|\s{0,4}$|\s{1,4}(?:\$|\\[(\[]|[d∂]\w{1,4}/)))?"
    r"(?(word)(?![\w.]*\w)|(?(letter)|(?:(?<=\d\.\d)|(?<=\d\.\d\d)|"
    r"(?=[.):](?:[\s*}_]|$)|\s{0,4}(?:$|[:(}])))))(?=[\s.):}*(_]|$)"
    r"|\((?P<round>\d{1,2})\)(?=\s|$))" + NO_SUM,
    re.I,
)
"""A line that opens a question: 3.3, Question 2, 1b), (2)."""
LETTERED = re.compile(
    LEAD + r"(?:part\s{1,4}|teil\s{1,4})?"
    r"(?:\((?P<a>[a-z]|[ivx]{2,4})\)|(?P<b>[a-z])\)|(?P<c>(?-i:[a-z]))[.:](?=\s))" + NO_SUM,
    re.I,
)
"""A line that opens a part of a question: (b), b)."""
EQUALS = re.compile(r"(?<![=<>!])=(?!=)")
HEADING = re.compile(
    r"\s{0,20}(?:\#{1,6}\s{1,9}|\\(?:sub){0,2}(?:section|paragraph)\*?\{)(?P<title>[^}\n]*)"
)
COUNTED = re.compile(r"(\d{1,2})\s{1,4}(?=[^\W\d_])(?![a-z])")
"""A heading that begins with its number: 2 Average pooling."""


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
    return written(text_of(path, LARGEST, "a work in Markdown, text or LaTeX"), str(path))


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
    macros: Macros = field(default_factory=Macros)
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Marks that were looked for: from where, and where the next one stands."""

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
        self.text = self.macros.taken_from(self.text, self.place)
        self.breaks = [m.start() for m in re.finditer(r"\n(?=[ \t]{0,200}\n)", self.text)]
        taken = list(self.spans())
        crowd = Counter(self.place(first).line for first, *_ in taken)
        self.crowded = {line for line, n in crowd.items() if n > CROWD}
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

    # -- pieces -----------------------------------------------------------------------------------

    def spans(self) -> Iterator[tuple[int, int, int, int, str]]:
        """Start and end of a formula with its marks, start and end without, and its environment;
        the end is -1 if it is never closed."""
        at = count = 0
        while hit := OPENING.search(self.text, at):
            at = hit.end()
            if hit["escaped"]:
                continue
            count += 1
            if count > MOST_FORMULAS and not hit["tick"]:
                raise ExamError(
                    f"found more than {MOST_FORMULAS} formulas, expected a written answer",
                    at=self.place(hit.start()),
                    hint="split the work into several files",
                )
            if hit["verbatim"]:
                end = self.next(hit["verbatim"].replace("begin", "end"), at)
                at = len(self.text) if end < 0 else end
                yield (hit.start(), at, -1, -1, "code")
            elif hit["comment"]:
                end = self.next("-->", at)
                at = len(self.text) if end < 0 else end + 3
                yield (hit.start(), at, -1, -1, "code")
            elif hit["struck"]:
                end = self.struck(hit)
                if end >= 0:
                    at = end
                    yield (hit.start(), at, -1, -1, "code")
            elif hit["fence"]:
                close = re.compile(rf"^[ \t]*{re.escape(hit['marks'])}", re.M).search(self.text, at)
                end = close.start() if close else len(self.text)
                maths = hit["info"].strip() == "math"
                after = close.end() if close else end
                if typed(self.text[at:end], hit["info"]):
                    yield (hit.start(), at, -1, -1, "mark")
                    yield (end, after, -1, -1, "mark")
                else:
                    inner = (at, end) if maths else (-1, -1)
                    yield (hit.start(), after, *inner, "" if maths else "code")
                at = after
            elif hit["tick"]:
                n = bisect_right(self.starts, at)
                line = self.starts[n] - 1 if n < len(self.starts) else len(self.text)
                end = self.text.find(hit["tick"], at, line)
                if end >= 0:
                    inside, at = at, end + len(hit["tick"])
                    if typed(self.text[inside:end]) and not self.tex:
                        yield (hit.start(), inside, -1, -1, "mark")
                        yield (end, at, -1, -1, "mark")
                    else:
                        yield (hit.start(), at, -1, -1, "code")
            else:
                end, close_ = self.closing(hit)
                if end < 0:
                    yield (hit.start(), -1, at, -1, hit.group())
                    continue
                yield (hit.start(), close_, at, end, hit["env"] or "")
                at = close_

    def next(self, mark: str, at: int) -> int:
        """Where a mark stands next, -1 if nowhere; every stretch is searched once."""
        since, found = self.seen.get(mark, (0, 0))
        if since <= at and (found < 0 or at <= found):
            return found
        found = self.text.find(mark, at)
        self.seen[mark] = (at, found)
        return found

    def paragraph(self, at: int) -> int:
        """Where the paragraph around a character ends."""
        n = bisect_left(self.breaks, at)
        return self.breaks[n] if n < len(self.breaks) else len(self.text)

    def struck(self, hit: re.Match[str]) -> int:
        """Where what is struck out ends; -1 if nowhere in the paragraph."""
        mark = hit["struck"]
        if mark[0] == "\\":
            inner = braced(self.text, hit.end() - 1, LONGEST_LINE)
            return -1 if inner is None else hit.end() + len(inner) + 1
        if mark == "~~" and self.tex:
            return -1
        close = mark if mark == "~~" else mark.replace("<", "</")
        end = self.next(close, hit.end())
        return end + len(close) if 0 <= end < self.paragraph(hit.end()) else -1

    def closing(self, hit: re.Match[str]) -> tuple[int, int]:
        """Where the formula that opens here ends, without and with its mark; -1 if nowhere."""
        if hit["env"]:
            mark = rf"\end{{{hit['env']}{hit['star']}}}"
            end = self.next(mark, hit.end())
            return (end, end + len(mark)) if end >= 0 else (-1, -1)
        marks = {"bracket": r"\]", "paren": r"\)", "double": "$$", "single": "$"}
        mark = next(m for kind, m in marks.items() if hit[kind])
        limit = len(self.text) if hit["double"] else self.paragraph(hit.end())
        at = hit.end()
        while (end := self.next(mark, at)) >= 0:
            back = end
            while mark[0] == "$" and back > at and self.text[back - 1] == "\\":
                back -= 1
            if (end - back) % 2 == 0:
                break
            at = end + 1
        if end < 0 or end + len(mark) > limit or (hit["single"] and end == hit.end()):
            return -1, -1
        return end, end + len(mark)

    def piece(
        self, first: int, last: int, start: int, end: int, env: str, parts: list[Part]
    ) -> Piece:
        """One formula."""
        at = self.place(max(start, first))
        part = parts[at.line - 1]
        words = "" if at.line in self.crowded else self.lines[at.line - 1]
        if env in ("code", "mark"):
            return Piece("", at, part, maths=False, start=first)
        text = self.text[start:end]
        fault = self.forbidden(text, start)
        if env in INSIDE:
            text = rf"\begin{{{INSIDE[env]}}}{text}\end{{{INSIDE[env]}}}"
            at = replace(at, column=at.column - len(rf"\begin{{{INSIDE[env]}}}"))
        if fault is None:
            try:
                text = self.macros.expanded(text)
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
                rest = self.lines[at.line - 1][at.column - 1 :][:SHORT]
                yield Piece(rest, at, parts[at.line - 1], True, at.source, fault, start)

    def plain(
        self, taken: list[tuple[int, int, int, int, str]], parts: list[Part]
    ) -> Iterator[Piece]:
        """Every line with its formulas blanked."""
        blanked = self.text
        out: list[str] = []
        at = 0
        for first, last, _, _, env in taken:
            if last < 0 or first < at:
                continue
            blank = " " if env == "mark" else "\N{REPLACEMENT CHARACTER}"
            out.append(blanked[at:first])
            out.append(re.sub(r"[^\n]", blank, blanked[first:last]))
            at = last
        out.append(blanked[at:])
        equations = sum(1 for _ in taken)
        for n, line in enumerate("".join(out).split("\n")):
            equations += sum(1 for _ in EQUALS.finditer(line))
            if equations > MOST_FORMULAS:
                raise ExamError(
                    f"found more than {MOST_FORMULAS} formulas, expected a written answer",
                    at=Place(self.file, n + 1, 1, self.lines[n][:SHORT]),
                    hint="split the work into several files",
                )
            said = len(line) - line.count("\N{REPLACEMENT CHARACTER}")
            if said > LONGEST_LINE:
                if EQUALS.search(line):
                    at_ = Place(self.file, n + 1, 1, self.lines[n])
                    wide = ExamError(
                        f"found a line of {said} characters, expected at most {LONGEST_LINE}",
                        at=at_,
                        hint="break it into several lines",
                    )
                    text = line[:SHORT]
                    yield Piece(text, at_, parts[n], False, "", wide, self.starts[n])
                continue
            if line.strip(" \t\N{REPLACEMENT CHARACTER}"):
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
            if n not in inside:
                now = labelled(line, now)
            found.append(now)
        return found


def in_preamble(command: str) -> bool:
    """Packages and let of a preamble, which is never run here, are no harm."""
    return command in ("usepackage", "RequirePackage", "let")


def labelled(line: str, now: Part) -> Part:
    """The part that a line opens, or the one it stands in."""
    line = " ".join(line[:LONGEST_LINE].split())[:LABEL]
    title = HEADING.match(line)
    heading = title["title"].strip() if title else ""
    number = NUMBERED.match(line)
    if number and number["round"]:
        return Part(number["round"], "", heading or line)
    brief = len(re.sub(r"\$[^$]*\$", "", line)) < 60
    if number and (title or number["word"] or "." in number["number"] or brief):
        letter = LETTERED.match(line[number.end() :].lstrip(" .):"))
        said = number["letter"] or _letter(letter)
        return Part(number["number"], said.lower(), heading or line)
    if heading and (hit := COUNTED.match(heading)):
        return Part(hit[1], "", heading)
    letter = LETTERED.match(line)
    if letter:
        return replace(now, letter=_letter(letter), title=heading or line)
    if title:
        return Part("", "", heading)
    return now


def label_end(line: str) -> int:
    """Where the label at the start of a line ends: of 1. 5 + 3 = 8 the sum begins at 3."""
    at = 0
    for pattern in (NUMBERED, LETTERED):
        hit = pattern.match(line[at : at + 200])
        if hit:
            at += hit.end()
            rest = re.match(r"[.):*_}\s]*", line[at:])
            at += rest.end() if rest else 0
    return at


def _letter(hit: re.Match[str] | None) -> str:
    return next((x.lower() for x in hit.groups() if x), "") if hit else ""
