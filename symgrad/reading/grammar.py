"""The tables of the grammar (`notation.lark`), and the loop over them: tokens to what they mean."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any, NamedTuple

from lark import Lark
from lark.lexer import Lexer
from lark.parsers.lalr_analysis import Shift

from symgrad.reading.cursor import Token
from symgrad.reading.meaning import Build


class _Given(Lexer):
    """Tokens that are there already: Lark never reads a text."""

    def __init__(self, lexer_conf: object) -> None:
        del lexer_conf

    def lex(self, data: object) -> Iterator[Any]:  # type: ignore[override]
        return iter(())


@cache
def _grammar() -> Lark:
    rules = Path(__file__).parent.with_name("notation.lark").read_text(encoding="utf-8")
    bare = re.sub(r"//.*", "", rules)
    terminals = sorted(set(re.findall(r"\b_?[A-Z]{2,}(?:_[A-Z]+)*\b", bare)))
    rules += "\n%declare " + " ".join(terminals) + "\n"
    tables = _tables()
    return Lark(
        rules,
        parser="lalr",
        lexer=_Given,
        start="item",
        transformer=_Inline(),
        cache=tables or False,
    )


class _Inline:
    """The meanings of `Build` as functions of lists, which Lark calls without a wrapper."""

    def __init__(self) -> None:
        self._build = Build()

    def __getattr__(self, rule: str) -> Callable[[list[Any]], Any]:
        if rule.startswith("__"):
            raise AttributeError(rule)
        meaning: Callable[..., Any] = getattr(self._build, rule)
        return lambda parts: meaning(*parts)


class Unexpected(Exception):
    """A token, or None for the end, where the grammar expects others."""

    def __init__(self, kind: str, token: Token | None, expected: Collection[str]) -> None:
        super().__init__(kind)
        self.kind, self.token, self.expected = kind, token, expected


class _Reduction(NamedTuple):
    """A rule of the grammar that is done: how many symbols it is made of, what it is, and what it
    means."""

    size: int
    name: str
    meaning: Callable[[list[Any]], Any]


class Automaton(NamedTuple):
    """The tables that Lark makes of the grammar: what each state does at each token, a state to go
    to or a rule that is done, and where it goes after a rule."""

    start: int
    end: int
    steps: Mapping[int, Mapping[str, int | _Reduction]]
    after: Mapping[int, Mapping[str, int]]

    def parsed(self, tokens: Sequence[Token]) -> Any:
        """What the tokens mean: Lark's own loop does the same with more calls for each rule."""
        states, values = [self.start], list[Any]()
        for token in (*tokens, None):
            kind = "$END" if token is None else str(token.type)
            while True:
                state = states[-1]
                step = self.steps[state].get(kind)
                if step is None:
                    raise Unexpected(kind, token, self.steps[state].keys())
                if isinstance(step, int):
                    states.append(step)
                    values.append(token)
                    break
                size, name, meaning = step
                parts = values[-size:]
                del states[-size:], values[-size:]
                values.append(meaning(parts))
                states.append(self.after[states[-1]][name])
                if states[-1] == self.end and token is None:
                    return values[-1]


@cache
def automaton() -> Automaton:
    """The tables of the grammar, made once."""
    parser = _grammar().parser.parser.parser
    table, meanings = parser.parse_table, parser.callbacks
    steps: dict[int, dict[str, int | _Reduction]] = {}
    after: dict[int, dict[str, int]] = {}
    for state, found in table.states.items():
        steps[state], after[state] = {}, {}
        for name, (action, goal) in found.items():
            if action is not Shift:
                said = _Reduction(len(goal.expansion), str(goal.origin.name), meanings[goal])
                steps[state][str(name)] = said
            else:
                (steps if str(name).isupper() else after)[state][str(name)] = goal
    return Automaton(table.start_states["item"], table.end_states["item"], steps, after)


def _tables() -> str | None:
    """Where the tables of the grammar are kept: beside the bytecode, as trusted as it, and only
    where bytecode is kept. Lark makes them anew when the grammar or Lark is another."""
    if sys.dont_write_bytecode:
        return None
    kept = Path(cache_from_source(str(Path(__file__).parent.with_name("notation.lark"))))
    return str(kept.with_suffix(".tables")) if os.access(kept.parent, os.W_OK) else None
