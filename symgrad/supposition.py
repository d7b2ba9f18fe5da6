r"""What a work says of a special case: if $x = 0$ then …, setting …, at a minimum ….

A formula that is supposed is no claim, and one that is said under a supposition is not called
wrong, for it need not hold elsewhere. Words are trusted to take a formula out of what is judged,
never to make it right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from symgrad.assertion import Claim
from symgrad.denial import sentence
from symgrad.prose import STATES
from symgrad.verdict import Differs, Undecided

CONDITION = re.compile(
    r"\b(?:if|when|whenever|where|otherwise|else|unless|falls|wenn|sonst|si|sinon|cuando)\b|"
    r"이면|일 때|otherwise|\\quad|\(\s*\$|for\s+\$?[^$]{0,80}[<>≠]|for \$[^$]{0,80}\\(?:l|g|n)e?q?",
    re.I,
)
"""Words that make what stands beside them a condition."""
STRONG = (
    r"if|when|whenever|in\s+case|provided|as\s+long\s+as|suppos(?:e|ing)|assum(?:e|ing)|"
    r"setting(?!\s*,)|equating|wenn|falls|angenommen|si|supposons|cuando"
)
WEAK = STRONG + r"|for|at|e\.g\.|für|bei|pour"
FILLING = r"(?:\s+(?:that|example|instance|the|case|now|we|set|have|all)|[\s,:]){0,6}$"
SUPPOSED = re.compile(rf"\b(?:{STRONG}){FILLING}", re.I)
"""Words right before a formula that suppose it."""
PLACED = re.compile(
    rf"\b(?:{WEAK}){FILLING}|"
    r"\b(?:for\s+(?:example|instance)|e\.g\.|zum\s+Beispiel|z\.\s?B\.|par\s+exemple)[^.$]{0,20}"
    r"\bwith\s*$",
    re.I,
)
"""Words that suppose what stands behind them, if it is no gradient."""
BESIDE = re.compile(r"^[\s,;)]*(?:(?:exactly|only|just)\s+)?(?:" + WEAK + r")\b[^$.]{0,20}$", re.I)
"""Words between a formula and what it is said to need: = 0 if x = 0."""
AROUND = re.compile(
    r"[$\s,)\]]*(?:is\s+)?(?:outside|elsewhere|otherwise|beyond|out\s+of\s+(?:range|bounds))\b",
    re.I,
)
"""Words behind what holds beyond an edge only: δ_i = 0 outside 1, …, n."""
SETTING = re.compile(r"\\?[^\W\d_]+(?:[_^](?:\w|\{[^{}=]*\}))?'?\s*=\s*[-−]?\s*\d+(?:\.\d+)?")
"""A name that is set to a number."""
VANISHES = re.compile(r"=\s*0\s*$")
EXTREME = re.compile(
    r"\b(?:at|im)\s+(?:an?|the|any|every|its|each)?\s*(?:\w+\s+)?"
    r"(?:(?:minim|maxim|optim|extrem)(?:um|a)|(?:stationary|critical|saddle)\s+points?|"
    r"convergence)\b(?!\s+likelihood)",
    re.I,
)
"""Words by which a gradient is 0."""
ANOTHER = re.compile(r"\$[^$]{1,80}\$(?:\s|,|and|und|et|or|&)*$")
"""A formula before, in one list with the next: if $x = 1$ and $y = 2$."""
STOP = re.compile(r"[.!?;。](?=\s|$)|\n\s*\n|\n\s*(?:[-*+•]|\d+[.)]|\([a-z]+\))\s")
"""The end of a sentence, or the beginning of an item of a list."""
SPECIAL = "not judged: a condition stands beside it"


def conditioned(claims: Sequence[Claim], lines: Sequence[str]) -> list[Claim]:
    """The claims, where a formula with a condition beside it, $x$ if $z > 0$, is not judged wrong
    without it."""
    found = supposing(claims, lines)
    here: dict[int, list[Claim]] = {}
    for c in claims:
        here.setdefault(c.at.line, []).append(c)
    for n, c in enumerate(found):
        if not isinstance(c.verdict, Differs) or c.kind not in ("answer", "link"):
            continue
        words = lines[c.at.line - 1] if c.at.line <= len(lines) else ""
        beside = any(o.kind == "condition" for o in here[c.at.line])
        switches = r"\mathbf{1}" in c.right or r"\begin{cases}" in c.right
        stated = (switches or VANISHES.search(c.latex)) and STATES.search(
            sentence(lines, c.at.line, c.at.column)
        )
        if stated or (beside and CONDITION.search(words) and not c.verdict.when):
            found[n] = special(c)
    return found


def special(c: Claim) -> Claim:
    """A claim that is said of a special case only."""
    return replace(c, verdict=Undecided(SPECIAL), right="", remarks=(), special=True)


NEAR = 400
"""Characters around a formula that are looked at."""


def supposing(claims: Sequence[Claim], lines: Sequence[str]) -> list[Claim]:
    """The claims with those that are supposed as conditions, and those that are said under one of
    them, or at a minimum, not judged."""
    text = "\n".join(lines)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    where = [_offset(c, starts) for c in claims]
    supposed = [
        k
        for k, c in enumerate(claims)
        if _open(c) and (_setting(c) or _supposed(text, where[k], c) or _around(text, where[k], c))
    ]
    found = list(claims)
    for k, c in enumerate(claims):
        if k in supposed and c.kind == "answer":
            found[k] = special(c)
        elif k in supposed:
            bare = replace(c, kind="condition", verdict=None, question="", covers=())
            found[k] = replace(bare, right="", remarks=())
        elif isinstance(c.verdict, Differs) and c.kind in ("answer", "link"):
            near = (s for s in supposed if abs(where[s] - where[k]) < NEAR)
            if EXTREME.search(_said(text, where[k])) or any(
                _under(text, where[s], claims[s], where[k], c) for s in near
            ):
                found[k] = special(c)
    return found


def _open(c: Claim) -> bool:
    """May a claim be a supposition? It has a relation, and is not true anyway."""
    relates = re.search(r"=|\\(?:ne|le|ge|lt|gt)|[<>≠≤≥]", c.latex) is not None
    wrong = isinstance(c.verdict, Differs) and c.kind in ("answer", "link")
    bare = c.verdict is None and c.kind in ("unrelated", "condition")
    return relates and (wrong or bare)


def _setting(c: Claim) -> bool:
    """Is a name set to a number, h = 1, that has no value of its own?"""
    at = c.verdict.counterexample if isinstance(c.verdict, Differs) else None
    fixed = at is not None and not at.values and not at.sizes
    return c.kind != "answer" and not fixed and SETTING.fullmatch(c.latex.strip()) is not None


def _offset(c: Claim, starts: Sequence[int]) -> int:
    """Where the formula of a claim begins."""
    at = c.start or c.at
    return starts[min(at.line, len(starts)) - 1] + at.column - 1 if at.line else 0


def _said(text: str, at: int) -> str:
    """The sentence before a place, as far as it is near."""
    before = text[max(0, at - NEAR) : at]
    return before[max((m.end() for m in STOP.finditer(before)), default=0) :]


def _supposed(text: str, at: int, c: Claim) -> bool:
    """Do the words before a formula suppose it?"""
    gradient = c.kind == "answer" or r"\partial" in c.latex or r"\nabla" in c.latex
    words = SUPPOSED if gradient else PLACED
    said = _said(text, at).rstrip("$ ([\\")
    for _ in range(6):
        if words.search(said):
            return True
        hit = ANOTHER.search(said)
        if hit is None:
            return False
        said = said[: hit.start()].rstrip("$ (")
    return False


def _around(text: str, at: int, c: Claim) -> bool:
    """Do the words behind a formula say that it holds beyond an edge?"""
    end = at + len(c.latex)
    return c.kind != "answer" and AROUND.match(text[end : end + NEAR]) is not None


def _under(text: str, at: int, supposed: Claim, there: int, c: Claim) -> bool:
    """Is a claim said in the sentence of a supposition, behind it, or right before it?"""
    if at < there:
        return STOP.search(text[at + len(supposed.latex) : there]) is None
    between = text[there + len(c.latex) : at].strip("$ ([\\")
    return BESIDE.match(between) is not None
