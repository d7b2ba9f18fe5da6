"""Conventions in words: ``POOL2 is a 2×2 max-pooling with stride 2``.

Reads the sentences that speak of layers and leaves the others alone; a setting it cannot read,
or cannot give to a layer, is an error, for a number would silently be wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from symgrad.count.layer import CONVOLUTIONS, POOLS, Convention, Options
from symgrad.count.lexeme import place, tokens
from symgrad.count.spelling import AUXILIARIES, GUARDED, HEAD, MODES, NOT, VERBS
from symgrad.count.stack import LONGEST, Reader
from symgrad.errors import CountError, Place

BREAK = re.compile(r";|[.?!](?=\s|$)|\n\s*(?:[-*•]|\d+[.)])\s|\n\s*\n|\Z")
"""Where a sentence, or a clause that stands like one, ends."""
SETTING = re.compile(
    r"\b(?:strides?|padding|pad|dilation)\s*(?:=|of|is|are|:)?\s*\d"
    r"|\b(?:no|zero|same|valid|without)[- ]+(?:zero[- ])?(?:padding|pad|bias|biases)\b"
    r"|\b(?:biases|bias|padding|stride)\s+(?:is|are)\b"
    r"|패딩|스트라이드|보폭|편향",
    re.IGNORECASE,
)
"""A setting, said of some layer."""
NEAR = re.compile(
    r"\b(?:strides?|padding|pad|pads|padded|unpadded|dilation|dilated)\b"
    r"|\b(?:valid|same)[-\s]+(?:[\d×x]+\s+)?(?:conv|pool|mode|border)\w*"
    r"|(?<=[(,:])\s*\b(?:valid|same)\b(?=\s*(?:[,)]|$))"
    r"|패딩|스트라이드|보폭",
    re.IGNORECASE,
)
"""What says something of a layer that the same sentence names."""
MODE = re.compile(r"\b(?:valid|same|unpadded|padded|strided|dilated)[-\s]+$", re.IGNORECASE)
"""A setting in front of a layer: valid convolutions."""
TASK = re.compile(
    r"\W*(?:\(?\w{1,3}[).]\s*)?(?:please\s+)?"
    r"(?:answer|calculate|choose|comment|compare|complete|compute|consider|count|derive|describe"
    r"|determine|discuss|draw|explain|fill|find|for which|give|how|justify|list|name|prove|report"
    r"|show|sketch|specify|state|suppose|what|when|which|why|write)\b",
    re.IGNORECASE,
)
"""How a sentence begins that asks for something; what it names need not be said of a layer."""
EXAMPLE = "write: All convolutions use stride 1 and no padding"
"""A sentence that says it."""
FRESH = (",", "and", "but", ";")
"""Where a 'not' ends."""
LEAD = 40
"""How far before a layer 'for all' may stand."""
ALL = re.compile(r"\b(?:for|in|by)\s+(?:all|every|each|the)\s+(?:the\s+)?$", re.IGNORECASE)


@dataclass(frozen=True)
class _Subject:
    """A layer pattern: where it stands, and where what is said of it begins (and, if that is
    not the end of the clause, ends)."""

    reader: Reader
    start: int
    end: int
    after: int
    until: int = 0


def read_conventions(prose: str, at: Place | None = None) -> tuple[Convention, ...]:
    """What a text says about the layers of its tables.

    >>> [c.text for c in read_conventions("CONV5-N has padding 2; pooling layers have stride 2.")]
    ['CONV5-N', 'pooling']
    """
    found: dict[str, Convention] = {}
    start = 0
    for end in BREAK.finditer(prose):
        for convention in _sentence(prose, start, end.start(), at, end.group() == "?"):
            known = found.setdefault(convention.text.lower(), convention)
            _agree(known, convention, place(prose, start, at))
            merged = convention.options.over(known.options)
            found[convention.text.lower()] = Convention(
                known.kind, known.text, known.kernel, known.filters, merged
            )
        start = end.end()
    return tuple(c for c in found.values() if c.options.given())


def _agree(known: Convention, new: Convention, at: Place) -> None:
    given = new.options.given()
    for name, value in known.options.given().items():
        if given.get(name, value) != value:
            raise CountError(
                f"found a second {name} of {new.text}, expected one {name}",
                at=at,
                hint=f"say once what {new.text} is",
            )


def _sentence(
    prose: str, start: int, end: int, at: Place | None, asks: bool
) -> Iterator[Convention]:
    subjects = list(_subjects(prose, start, end, at))
    suffix = _suffix(prose, start, end, at) if not subjects else None
    if suffix is not None:
        yield _clause(suffix, prose, at, suffix.until)
        return
    outside = prose[start : subjects[0].start if subjects else end]
    setting = SETTING.search(outside)
    if setting and not asks:
        raise CountError(
            f"found {setting.group()!r} without a layer, expected the layers it is said of",
            at=place(prose, start + setting.start(), at),
            hint=EXAMPLE,
        )
    if not asks:
        _nothing_passed_over(prose, start, end, [s.start for s in subjects], at)
    ends = [*(s.start for s in subjects[1:]), end] if subjects else []
    for subject, stop in zip(subjects, ends, strict=True):
        yield _clause(subject, prose, at, stop)


def _nothing_passed_over(
    text: str, start: int, end: int, subjects: list[int], at: Place | None
) -> None:
    """Refuse a setting that a sentence says of a layer where no clause reads it: in front of the
    layer, or without a verb."""
    stop = subjects[0] if subjects else end
    named = bool(subjects) or any(_slides(h) for h in HEAD.finditer(text, start, end))
    near = NEAR.search(text, start, stop) if named and not TASK.match(text, start, end) else None
    fronts = (MODE.search(text, start, s) for s in subjects)
    for found in (near, *fronts):
        if found:
            word = found.group().strip()
            raise CountError(
                f"found {word!r} beside a layer, expected 'is', 'has' or 'use' between the layer "
                "and its setting",
                at=place(text, found.end() - len(found.group().lstrip()), at),
                hint=EXAMPLE,
            )


def _slides(head: re.Match[str]) -> bool:
    """Does the word name a layer whose window slides?"""
    reader = Reader("", None)
    reader.begin(head)
    return reader.kind in (*CONVOLUTIONS, *POOLS)


def _subjects(text: str, start: int, end: int, at: Place | None) -> Iterator[_Subject]:
    """The layer patterns of a sentence that a verb follows."""
    for head in HEAD.finditer(text, start, end):
        plural = re.compile(r"s\b", re.IGNORECASE).match(text, head.end())
        begin = plural.end() if plural else head.end()
        reader = Reader(text, at, prose=True)
        reader.begin(head)
        near = min(end, begin + LONGEST)
        reader.rest = tokens(text, begin, at, prose=True, stop=near)
        if not plural:
            reader.pattern()
        said_from = reader.rest[0].start if reader.rest else near
        reader.phrase("layers", "layer")
        dash = reader.peek()
        apart = dash is not None and dash.text in "-–—" and not dash.glued and not plural
        denied = dash is not None and dash.text.lower() in AUXILIARIES
        if denied or reader.phrase(*VERBS) or reader.peek_sign(":=-–—" if apart else ":="):
            after = reader.rest[0].start if reader.rest else near
            yield _Subject(reader, head.start(), said_from, after)


def _suffix(text: str, start: int, end: int, at: Place | None) -> _Subject | None:
    """``Use stride 1 and no padding for all convolutions``: the subject comes last."""
    for head in HEAD.finditer(text, start, end):
        lead = ALL.search(text, max(start, head.start() - LEAD), head.start())
        tail = re.fullmatch(r"(?:al)?s?(?:\s+layers?)?\W*", text[head.end() : end])
        if lead and tail:
            reader = Reader(text, at, prose=True)
            reader.begin(head)
            return _Subject(reader, head.start(), head.end(), start, lead.start())
    return None


def _clause(subject: _Subject, text: str, at: Place | None, end: int) -> Convention:
    """What is said of one subject, up to `end`."""
    reader = subject.reader
    reader.end = end
    named = dict(reader.said)
    pattern = Convention(
        reader.kind,
        text[subject.start : subject.end].strip(" ,$`*:"),
        reader.said.get("kernel"),  # type: ignore[arg-type]
        reader.said.get("filters"),  # type: ignore[arg-type]
    )
    reader.rest = tokens(text, subject.after, at, prose=True, stop=end)
    other = _other(reader.kind, text, subject.after, end)
    denied = False
    while reader.rest:
        token = reader.rest[0]
        if reader.denial():
            continue
        if reader.option():
            if denied:
                reader.fail(
                    f"what {pattern.text} is, not what it is not",
                    "write: stride 1, padding 2, no bias",
                    token,
                )
            if token.start > other:
                reader.fail(
                    f"what is said of {pattern.text} before another layer is named",
                    "write one clause per layer, with ; between them",
                    token,
                )
            continue
        word = token.text.lower()
        if word in GUARDED or (word in MODES and reader.slides() and not reader.alike()):
            reader.fail("a setting that can be read", "write: stride 1, padding 2, no bias")
        denied = word in NOT or (denied and word not in FRESH)
        del reader.rest[0]
    said = {k: v for k, v in reader.said.items() if named.get(k) != v}
    options = Options(**said)  # type: ignore[arg-type]
    return Convention(pattern.kind, pattern.text, pattern.kernel, pattern.filters, options)


def _other(kind: str, text: str, start: int, end: int) -> int:
    """Where the clause begins to speak of a layer of another kind; its end, if nowhere."""
    for head in HEAD.finditer(text, start, end):
        reader = Reader(text, None)
        reader.begin(head)
        families = [f for f in (CONVOLUTIONS, POOLS, ("fc",)) if reader.kind in f]
        if families and kind not in families[0]:
            return head.start()
    return end
