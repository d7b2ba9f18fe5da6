r"""The words of the sheets: ids and formulas in, sentences out.

The engine knows ids only; the sentences of each language stand in `data/<language>.toml`.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from symgrad.page import Span, Spans

PART = re.compile(r"\{(?P<name>\w+)(?P<plain>:text)?\}|\$(?P<maths>[^$]*)\$")


@cache
def catalogue(language: str) -> dict[str, Any]:
    """The sentences of a language."""
    path = Path(__file__).parent / "data" / f"{language}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def say(section: str, key: str, language: str = "en", **formulas: str) -> Spans:
    r"""The sentence `key` with its formulas in place; '' where the language says nothing.

    >>> [s.content for s in say("reasons", "no-path", of="L", by="u")]
    ['L', ' does not depend on ', 'u']
    """
    text = str(catalogue(language)[section].get(key, ""))
    spans: list[Span] = []
    at = 0
    for hit in PART.finditer(text):
        if text[at : hit.start()]:
            spans.append(Span("text", text[at : hit.start()]))
        at = hit.end()
        name = hit["name"]
        if name:
            kind: Any = "text" if hit["plain"] else "math"
            spans.append(Span(kind, formulas[name]))
        else:
            spans.append(Span("math", hit["maths"]))
    if text[at:]:
        spans.append(Span("text", text[at:]))
    return tuple(spans)


def label(key: str, language: str = "en", **formulas: str) -> str:
    """A label as plain words."""
    return "".join(s.content for s in say("labels", key, language, **formulas))


def listed(items: list[Spans], language: str = "en") -> Spans:
    """a, b and c.

    >>> [s.content for s in listed([(Span("math", "a"),), (Span("math", "b"),)])]
    ['a', ' and ', 'b']
    """
    last = Span("text", str(catalogue(language)["sentences"]["and"]))
    out: list[Span] = []
    for n, item in enumerate(items):
        if n:
            out.append(last if n == len(items) - 1 else Span("text", ", "))
        out += item
    return tuple(out)
