r"""Layer strings as the literature writes them: ``INPUT 32×32×1``, ``CONV5-10, pad 2``, ``FC-N``.

Knows the grammar of a layer; knows nothing of what it costs. Every word of a layer string is
consumed or refused with a caret; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NoReturn

from symgrad.count.layer import CONVOLUTIONS, POOLS, TAKES, Convention, Layer, Options, Pair
from symgrad.count.lexeme import Token, place, size_name, tokens
from symgrad.count.maps import INPUTS, MAPS, POOLED, SEEING, head_of
from symgrad.count.spelling import (
    ACTIVATIONS,
    ALIASES,
    ALIKE,
    COUNTED,
    DENIED,
    DENYING,
    FLAGS,
    JOINING,
    MODES,
    NOT,
    SIDES,
    VALUES,
    WINDOWS,
    first_words,
)
from symgrad.errors import CountError, Place, cited
from symgrad.expr import ONE, Expr, num

ENDING = (",", "(", ")", ".", "and", "with", "without", "but", "or", "throughout", "everywhere")
"""What may follow ``valid`` where it is a padding."""
LONGEST, DEEPEST, LARGEST = 300, 500, 10**9
"""Most characters of a layer string, most layers of a stack, largest size."""


def read_layer(text: str, at: Place | None = None, said: Sequence[Convention] = ()) -> Layer:
    """The layer a string names, with what the conventions say about it.

    >>> layer = read_layer("CONV5-10, stride 2, no bias")
    >>> layer.kind, layer.options.filters, layer.options.bias
    ('conv', Num(value=Fraction(10, 1), text=None), False)
    """
    reader = Reader(text, at)
    layer = reader.layer()
    for convention in sorted((c for c in said if c.names(layer)), key=Convention.rank)[::-1]:
        takes = TAKES.get(layer.kind, ())
        given = convention.bound(layer).given()
        usable = Options(**{k: v for k, v in given.items() if k in takes})  # type: ignore[arg-type]
        layer = replace(layer, options=layer.options.over(usable))
    return layer


def read_stack(
    text: str, at: Place | None = None, said: Sequence[Convention] = ()
) -> tuple[Layer, ...]:
    """The layers of ``INPUT 32x32x1; CONV5-10; POOL2``, split at ; newline or an arrow.

    >>> [layer.kind for layer in read_stack("INPUT 8x8x1 -> CONV3-4 -> POOL2")]
    ['input', 'conv', 'pool']
    """
    layers = []
    start = 0
    for end in [*re.finditer(r";|\n|->|→|\\(?:right)?arrow\b|\\to\b", text), None]:
        piece = text[start : end.start() if end else len(text)]
        if piece.strip():
            offset = start + len(piece) - len(piece.lstrip())
            layers.append(read_layer(piece.strip(), place(text, offset, at), said))
        start = end.end() if end else start
    return tuple(layers)


class Reader:
    """One layer string, or one clause of a convention (`prose`), read from left to right."""

    def __init__(self, text: str, at: Place | None, prose: bool = False) -> None:
        self.text, self.at, self.prose = text, at, prose
        self.end = len(text.rstrip())
        self.rest: list[Token] = []
        self.kind = ""
        self.said: dict[str, object] = {}

    def fail(self, expected: str, hint: str, token: Token | None = None) -> NoReturn:
        """Refuse the next word, or `token`."""
        token = token or self.peek()
        found = repr(token.text) if token else "the end of the layer"
        offset = token.start if token else self.end
        where = place(self.text, offset, self.at)
        raise CountError(f"found {found}, expected {expected}", at=where, hint=hint)

    def peek(self, ahead: int = 0) -> Token | None:
        """The next token but `ahead`, None at the end."""
        return self.rest[ahead] if ahead < len(self.rest) else None

    def phrase(self, *choices: str) -> Token | None:
        """Consume one of the phrases, hyphens allowed between words; its first token, or None."""
        for choice in choices:
            n = 0
            words = choice.split()
            for word in words:
                if n and (t := self.peek(n)) and t.text == "-" and word != "=":
                    n += 1
                token = self.peek(n)
                if token is None or token.text.lower() != word:
                    break
                n += 1
            else:
                first = self.rest[0]
                del self.rest[:n]
                return first
        return None

    def layer(self) -> Layer:
        """The whole string as a layer."""
        if len(self.text) > LONGEST:
            raise CountError(
                f"found a layer of {len(self.text)} characters, expected at most {LONGEST}",
                at=place(self.text, 0, self.at),
                hint="write one layer per row",
            )
        lead = re.match(r"[\s$`*]*(?:\\text\{)?", self.text)
        head, start, kind = head_of(self.text, lead.end() if lead else 0)
        if head is None and not kind:
            word = (re.findall(r"\S+", self.text) or ["nothing"])[0]
            known = "INPUT, CONV, DWCONV, TCONV, POOL, GLOBAL AVG POOL, FC, FLATTEN, BN, RELU, …"
            offset = len(self.text) - len(self.text.lstrip())
            raise CountError(
                f"found {cited(word)}, expected a layer",
                at=place(self.text, offset, self.at),
                hint=f"known layers: {known}",
            )
        self.kind = kind
        if head is not None:
            self.begin(head)
        self.rest = tokens(self.text, start, self.at)
        shape = self.shape() if self.kind == "input" else self.named()
        while self.rest:
            if self.peek_sign(",()[]+") or self.phrase(*JOINING, *ACTIVATIONS):
                continue
            if not shape and self.slides() and self.phrase("on all"):
                shape = (self.size(),)
                self.phrase(*INPUTS)
            elif self.phrase("on") and not shape:
                shape = self.dims()
            elif not self.option():
                self.fail(f"an option of {self.spelled()}", self.hint())
        return Layer(self.kind, self.text.strip(), Options(**self.said), shape, self.at)  # type: ignore[arg-type]

    def begin(self, head: re.Match[str]) -> None:
        """Note the kind and what its name alone says."""
        group = next(g for g, v in head.groupdict().items() if g[0] == "k" and v)
        self.kind = ALIASES[int(group[1:])][1]
        if self.kind == "pwconv":
            self.kind = "conv"
            self.said["kernel"] = (ONE, ONE)
        if head["high"]:
            self.said["kernel"] = (num(int(head["high"])), num(int(head["wide"])))

    def spelled(self) -> str:
        """The kind as people spell it."""
        return {"dwconv": "DWCONV", "fc": "FC", "batchnorm": "BN"}.get(self.kind, self.kind.upper())

    def hint(self) -> str:
        """How a layer of this kind is written."""
        if self.kind in CONVOLUTIONS:
            return "write it as CONV5-10, stride 1, pad 2 (also same, valid, floor, ceil, no bias)"
        if self.kind in POOLS:
            return "write it as POOL2 or POOL 3×3, stride 2 (also pad 1, floor, ceil)"
        return {"fc": "write it as FC-10 (also no bias)", "input": "write it as INPUT 32×32×3"}.get(
            self.kind, f"write {self.spelled()} alone"
        )

    def peek_sign(self, signs: str) -> bool:
        """Consume the next token if it is one of the signs."""
        token = self.peek()
        if token and token.kind == "sign" and token.text in signs:
            del self.rest[0]
            return True
        return False

    def shape(self) -> tuple[Expr, ...]:
        """The size of an input: height × width × channels, or one length."""
        self.phrase("image", "layer")
        self.peek_sign(":=-(")
        dims = self.dims()
        if len(dims) == 2 and self.phrase("rgb"):
            dims = (*dims, num(3))
        if len(dims) not in (1, 3):
            self.fail("height × width × channels", "write it as INPUT 32×32×3")
        return dims

    def dims(self) -> tuple[Expr, ...]:
        """Sizes joined by ×."""
        dims = [self.size()]
        while (t := self.peek()) and t.kind == "times":
            del self.rest[0]
            dims.append(self.size())
        return tuple(dims)

    def size(self, zero: bool = False) -> Expr:
        """One size: a whole number or a name."""
        token = self.peek()
        if token is None or token.kind not in ("number", "name"):
            self.fail("a size", self.hint())
        del self.rest[0]
        if token.kind == "name":
            return size_name(token.text)
        digits = token.text.replace("{,}", "")
        if len(digits) > LONGEST:
            self.fail(f"a size up to {LARGEST}", self.hint(), token)
        value = Fraction(digits)
        if value.denominator != 1 or digits != str(value):
            self.fail("a whole number", self.hint(), token)
        if not (0 if zero else 1) <= value <= LARGEST:
            self.fail(f"a size from {0 if zero else 1} to {LARGEST}", self.hint(), token)
        return num(value)

    def sized(self, ahead: int = 0) -> bool:
        """Is the next token but `ahead` a size?"""
        token = self.peek(ahead)
        return token is not None and token.kind in ("number", "name")

    def named(self) -> tuple[Expr, ...]:
        """The sizes in the name: CONV5-10, CONV5×5-10, POOL2, FC-10. Gives no shape."""
        token = self.peek()
        attached = token is not None and token.glued and token.kind in ("word", "name")
        if attached and token and (self.kind == "fc" or token.text not in ("F", "K", "f", "k")):
            self.fail("a space or a size", self.hint())
        if self.kind == "fc":
            self._neurons()
        elif self.kind in (*CONVOLUTIONS, *POOLS):
            self._window()
        elif self.kind == "dropout":
            self._rate()
        return ()

    def pattern(self) -> None:
        """The sizes in a name that a convention speaks of; CONV5-N, POOLk, FC-N."""
        token = self.peek()
        if self.kind in TAKES and token and (token.glued or token.kind == "number"):
            (self._neurons if self.kind == "fc" else self._window)()

    def _label(self) -> bool:
        """Drop a number that only tells layers apart: ``CONV1: 96 11×11 filters``."""
        token, after = self.peek(), self.peek(1)
        if token and token.kind == "number" and token.glued and after and after.text == ":":
            del self.rest[:2]
            return True
        return False

    def _neurons(self) -> None:
        token = None if self._label() else self.peek()
        if token and token.kind == "number" and token.glued:
            self.fail(
                "a hyphen or a space before the number of neurons",
                f"write FC-{token.text} for {token.text} neurons",
            )
        self.peek_sign("-:")
        self.peek_sign("(")
        after = self.peek(1)
        if self.sized() and not (after and after.text == "="):
            self.put("filters", self.size())
            self.phrase(*COUNTED)

    def _window(self) -> None:
        if self._label() or self.peek_sign(":"):
            return
        token, after = self.peek(), self.peek(1)
        count_follows = after is not None and (
            after.kind in ("word", "number") and after.text.lower() in first_words(COUNTED)
        )
        assigned = after is not None and (after.text == "=" or after.kind == "number")
        if self.sized() and not count_follows and not assigned:
            self.put("kernel", self.pair(), token)
        token = self.peek()
        if token and token.text in "-–—" and self.sized(1):
            del self.rest[0]
            name = "filters" if self.kind in CONVOLUTIONS else "kernel"
            self.put(name, self.size() if name == "filters" else self.pair(), token)

    def _rate(self) -> None:
        self.peek_sign("(")
        self.phrase("p =", "rate =", "rate")
        token = self.peek()
        if token and token.kind == "number":
            del self.rest[0]
            self.peek_sign("%")

    def pair(self, zero: bool = False) -> Pair:
        """A size for both directions, or height × width."""
        first = self.size(zero)
        token = self.peek()
        if token is None or token.kind != "times":
            return (first, first)
        del self.rest[0]
        second = self.size(zero)
        token = self.peek()
        if token and token.kind == "times" and not self.prose:
            self.fail("height × width", self.hint())
        return (first, second)

    def put(self, name: str, value: object, token: Token | None = None) -> None:
        """Note an option; refuse one the layer does not take, or a second one that differs."""
        if name not in TAKES.get(self.kind, ()):
            if self.prose and name in ("filters", "kernel"):
                return
            self.fail(f"no {name} for {self.spelled()}", self.hint(), token)
        if self.said.get(name, value) != value:
            self.fail(f"one {name}, it is given twice", f"keep one {name}", token)
        self.said[name] = value

    def option(self) -> bool:
        """Consume one option; False if the next words are none."""
        if self.prose and self.phrase("the same"):
            return True
        for phrases in (FLAGS | POOLED, VALUES):
            for phrase in sorted(phrases, key=lambda p: -len(p.split())):
                if self.prose and phrase in ("same", "valid", "size", "channels"):
                    continue
                if token := self.phrase(phrase):
                    if phrases is VALUES:
                        self._valued(VALUES[phrase], token)
                    else:
                        self.put(*(FLAGS | POOLED)[phrase], token)
                    return True
        return (
            self._linked()
            or self._mode()
            or self._filters_named_k()
            or self._short_stride()
            or self._counted()
        )

    def _linked(self) -> bool:
        """``6 maps see 3 inputs``: a row of a connection table; 9 see 4."""
        token, kept = self.peek(), list(self.rest)
        if token is None or not self.sized() or "links" not in TAKES.get(self.kind, ()):
            return False
        maps = self.size()
        self.phrase(*MAPS)
        if not self.phrase(*SEEING):
            self.rest = kept
            return False
        self.phrase("all", "only")
        row = (maps, self.size())
        self.phrase(*INPUTS)
        self.said["links"] = (*self.said.get("links", ()), row)  # type: ignore[misc]
        return True

    def _mode(self) -> bool:
        """``valid`` or ``same`` in a sentence, where it ends what is said or names convolutions."""
        token, after = self.peek(), self.peek(1)
        if token is None or token.text.lower() not in MODES or not self.slides():
            return False
        word = "" if after is None else after.text.lower()
        if after and word not in ENDING and not re.match(r"conv|mode", word):
            return False
        del self.rest[0]
        self.put(*FLAGS[token.text.lower()], token)
        return True

    def slides(self) -> bool:
        """Has the layer a padding?"""
        return "padding" in TAKES.get(self.kind, ())

    def alike(self) -> bool:
        """Is the next word plain English: the same number of filters?"""
        token, after = self.peek(), self.peek(1)
        same = token is not None and token.text.lower() == "same"
        return same and after is not None and after.text.lower() in ALIKE

    def denial(self) -> bool:
        """Consume ``not use padding``, ``never pad``, ``not have a bias``."""
        ahead = 0
        while (t := self.peek(ahead)) and (t.text.lower() in NOT or t.text == "'"):
            ahead += 1
        if not ahead or all(t.text == "'" for t in self.rest[:ahead]):
            return False
        while (t := self.peek(ahead)) and t.text.lower() in DENYING:
            ahead += 1
        kept, self.rest = self.rest, self.rest[ahead:]
        if not self._denied():
            self.rest = kept
            return False
        while self.phrase("or", "nor", "and no"):
            while self.phrase(*DENYING):
                pass
            if not self._denied():
                self.fail("padding or bias", "write: no padding, no bias")
        return True

    def _denied(self) -> bool:
        for phrase, option in DENIED.items():
            if token := self.phrase(phrase):
                if self.sized() or self.phrase("by", "of", "with", "=", "except", "unless", "if"):
                    self.fail("what the layer is, not what it is not", "write: padding 2", token)
                self.put(*option, token)
                return True
        return False

    def _filters_named_k(self) -> bool:
        token, after = self.peek(), self.peek(1)
        if not (token and after and token.text in ("K", "k", "N", "n") and after.text == "="):
            return False
        if token.text != "K":
            self.fail("F = … (kernel) or K = … (filters)", self.hint())
        del self.rest[:2]
        self.put("filters", self.size(), token)
        return True

    def _short_stride(self) -> bool:
        token, after = self.peek(), self.peek(1)
        if token is None or after is None:
            return False
        slash = token.text == "/"
        if slash and after.text.lower() == "s":
            del self.rest[0]
            token, after = after, self.peek(1)
        named = token.text in ("s", "S", "p", "P")
        if (named or slash) and after and after.kind == "number" and (after.glued or slash):
            del self.rest[0]
            name = "padding" if token.text in "pP" else "stride"
            self.put(name, self.pair(zero=name == "padding"), token)
            return True
        return False

    def _valued(self, name: str, token: Token) -> None:
        while self.phrase("=", ":", "of", "size", "is", "by", "zeros", "an", "a"):
            pass
        value: object
        if name == "padding" and self.phrase("same"):
            value = "same"
        elif name == "padding" and self.phrase("valid", "none"):
            value = (num(0), num(0))
        elif not self.sized():
            word = token.text.lower()
            self.fail(f"a number after {cited(word)}", f"write {word} 2, or {word} = 2")
        elif name == "filters" and token.text.lower() == "filters" and self._crossed(1):
            name, value = "kernel", self.pair()
        elif name in ("filters", "dilation", "groups"):
            value = self.size()
        elif name == "extra":
            value = self.size(zero=True)
        else:
            value = self.pair(zero=name == "padding")
        self.phrase(*SIDES)
        self._whole(token)
        self.put(name, value, token)

    def _whole(self, token: Token) -> None:
        """Refuse a value that goes on: a formula is not a size."""
        after = self.peek()
        if after and after.text in ("+", "/", "×", "(", "-") and self.sized(1) and after.glued:
            self.fail(f"a whole number or a name after {cited(token.text)}", self.hint())

    def _counted(self) -> bool:
        """``10 filters``, ``96 11×11 filters``, ``5×5``, ``5×5 filters``, ``3×3, 64``."""
        token = self.peek()
        if token is None or not self.sized():
            return False
        crossed = self._crossed(1)
        if self.prose and token.kind == "name" and not (crossed or self._noun_follows()):
            return False
        if crossed:
            dims = self.dims()
            if len(dims) == 2:
                self.phrase(*WINDOWS)
                self.put("kernel", (dims[0], dims[1]), token)
            elif not self.prose:
                self.fail("height × width", self.hint(), token)
            return True
        if self._noun_follows():
            self.put("filters", self.size(), token)
            self.phrase(*COUNTED)
            return True
        window_next = self.sized(1) and self._crossed(2)
        alone = not self.prose and "kernel" in self.said and "filters" not in self.said
        ends = (t := self.peek(1)) is None or t.text in ",()"
        if window_next or (alone and ends and self.kind in CONVOLUTIONS):
            self.put("filters", self.size(), token)
            return True
        return False

    def _crossed(self, ahead: int) -> bool:
        token = self.peek(ahead)
        return token is not None and token.kind == "times"

    def _noun_follows(self) -> bool:
        after = self.peek(1)
        return after is not None and after.text.lower() in first_words(COUNTED)
