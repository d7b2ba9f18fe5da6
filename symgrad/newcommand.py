r"""A document's own macros, ``\newcommand`` and its kin, bounded in number, depth and length."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from symgrad.errors import ExamError, Place

LONGEST = 20_000
"""A piece of mathematics may have this many characters, its macros expanded."""
DEEPEST = 8
"""Macros that stand in macros."""
MOST_MACROS = 500
"""A work may define this many macros."""

NEW = re.compile(
    r"\\(?:re)?newcommand\*?\s*(?:\{\s*\\(?P<a>[A-Za-z]+)\s*\}|\\(?P<b>[A-Za-z]+))"
    r"(?:\[(?P<n>\d)\])?\s*(?=\{)"
    r"|\\DeclareMathOperator\*?\s*\{\s*\\(?P<op>[A-Za-z]+)\s*\}\s*(?=\{)"
)


@dataclass
class Macros:
    """The macros of one document: for each name the number of its arguments, and its text."""

    known: dict[str, tuple[int, str]] = field(default_factory=dict)

    def taken_from(self, text: str, place: Callable[[int], Place]) -> str:
        r"""The text with its own ``\newcommand`` blanked; `place` says where a character stands."""
        out: list[str] = []
        at = 0
        for n, hit in enumerate(NEW.finditer(text)):
            if n >= MOST_MACROS:
                raise ExamError(
                    f"found more than {MOST_MACROS} definitions of macros",
                    at=place(hit.start()),
                    hint="leave out those that the work does not use",
                )
            body = braced(text, hit.end())
            if body is None:
                continue
            end = hit.end() + len(body) + 2
            name = hit["a"] or hit["b"] or hit["op"]
            made = rf"\operatorname{{{body}}}" if hit["op"] else body
            self.known[name] = (int(hit["n"] or 0), made)
            if end > at:
                start = max(at, hit.start())
                gone = re.sub(r"[^\n]", " ", text[start:end])
                out += [text[at:start], gone]
                at = end
        if self.known:
            names = "|".join(sorted(self.known, key=len, reverse=True))
            self.calls = re.compile(rf"\\({names})(?![A-Za-z])")
        return "".join((*out, text[at:]))

    def expanded(self, latex: str, depth: int = 0) -> str:
        """The mathematics with the document's own macros put in; bounded in depth and length."""
        if not self.known or len(latex) > LONGEST:
            return latex
        out: list[str] = []
        at = length = 0
        while hit := self.calls.search(latex, at):
            if depth >= DEEPEST:
                raise ExamError(
                    f"found \\{hit[1]}, whose definition leads to itself or is nested more than "
                    f"{DEEPEST} deep",
                    hint="write it out",
                )
            count, body = self.known[hit[1]]
            out.append(latex[at : hit.start()])
            at = hit.end()
            for k in range(count):
                given, at = argument(latex, at)
                body = body.replace(f"#{k + 1}", given)
            inner = self.expanded(body, depth + 1)
            bare = re.fullmatch(r"\\?\w+", inner) if count == 0 else None
            out.append(f"{{{inner}}}" if not bare and is_argument("".join(out)[-400:]) else inner)
            if out[-1][-1].isalpha() and latex[at : at + 1].isalpha():
                out.append(" ")
            length += len(inner) + 2
            if length > LONGEST:
                raise ExamError(
                    f"found a formula of more than {LONGEST} characters once its macros are put in",
                    hint="write it out",
                )
        return "".join((*out, latex[at:]))


ARGUMENT = re.compile(r"(?:[_^]|(?<!\\)\\[A-Za-z]+)\s*$")
SECOND = re.compile(r"\\(?:[dt]?frac|binom|stackrel|overset|underset)\s*$")


def is_argument(before: str) -> bool:
    r"""Does what follows stand for one argument: x_\a, \hat\a, \frac{1}\a? Elsewhere a macro is
    put in as it is, without braces."""
    if ARGUMENT.search(before):
        return True
    if not before.endswith("}"):
        return False
    depth = 0
    for k in range(len(before) - 1, max(-1, len(before) - 200), -1):
        depth += (before[k] == "}") - (before[k] == "{")
        if depth == 0:
            return SECOND.search(before[:k][-20:]) is not None
    return False


def braced(text: str, at: int, limit: int = LONGEST) -> str | None:
    """What stands between the brace at `at` and the one that closes it."""
    if text[at : at + 1] != "{":
        return None
    depth = 0
    for k in range(at, min(len(text), at + limit)):
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
