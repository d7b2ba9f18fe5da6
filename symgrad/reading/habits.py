r"""How a document writes: which scripts and brackets are parts of names, and which are indices.

    \sigma^2 = …                        σ² is a name, of a variance
    Z^l = …, with no range of l         ^l and ^{l-1} are parts of names, of layers
    \sum_j … \theta^{(j)} …             the label of θ is an index
    A^{ij} = …                          indices stand in superscripts
    y[i] = …, i = 1, \dots, n           indices stand in square brackets
    f_w(x) = …                          f depends on w
    D_{KL} = …                          KL is a label
    W_{hx} \in …, W_r \in …             hx and r are labels, of matrices; of r no range is known
    W_1 \in …, W_2 \in … of two shapes   1 and 2 are labels
    a \cdot b = a \odot b                a dot is the product of entries
    dy_j = \frac{\partial L}{\partial y_j}  dy is the name of the gradient by y

A habit shows on the left of an equation, where nothing else is meant, or in what a derivative is
taken by. It holds for every formula of the scope. Habits are spelled like names, so that they are
handed on with the names that are taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from symgrad.reading.cursor import Cursor
from symgrad.reading.rows import Item, items
from symgrad.reading.scan import Fault, Mark, scan

SUPERSCRIPTS, BRACKETS = r"^{\cdot\cdot}", r"[\cdot]"
"""The habits of indices in superscripts, and in square brackets."""
ENTRIES = r"\cdot = \odot"
"""The habit of a dot that is the product of entries."""
CONVENTION = re.compile(
    r"(?P<a>[A-Za-z])\s*\\cdot\s*(?P<b>[A-Za-z])\s*=\s*(?P=a)\s*\\(?:odot|circ)\s*(?P=b)(?![A-Za-z_^])"
)
"""``a \\cdot b = a \\odot b``: what a dot means here."""
DOT = re.compile(r"\\cdot(?![A-Za-z])")


def by_entries(text: str) -> str:
    r"""A text whose dots are products of entries, each sign in its place.

    >>> by_entries(r"h \cdot r + 1")
    'h \\odot r + 1'
    """
    silent = CONVENTION.sub(lambda m: m["a"].ljust(len(m[0])), text)
    return DOT.sub(r"\\odot", silent)


INVERSES = r"(\cdot^{-1})"
"""The habit of entries of inverses and of powers, (X^{-1})_{ij}, in what symgrad itself writes."""
POLICY = r"\pi(\cdot)"
r"""The habit of \pi as a name, of a policy or of weights; else it is the number."""


def layer(letter: str) -> str:
    """The habit of a letter that counts layers."""
    return rf"^{{{letter}}}"


def labelled(name: str) -> str:
    r"""The habit of a name whose label is an index, ``\theta^{(j)}``."""
    return rf"{name}^{{(\cdot)}}"


def declared_as(name: str, label: str) -> str:
    r"""The habit of a label of one letter, ``W_r \in …``, or of a step, ``h_{t-1} \in …``."""
    return rf"{name}_{{{label}}}\in"


def running(letter: str) -> str:
    """The habit of a letter that runs, where conditional bars stand around such."""
    return f"#{letter}"


def habits(
    texts: Iterable[str], taken: frozenset[str] = frozenset(), ranged: Iterable[str] = ()
) -> frozenset[str]:
    r"""The habits of some formulas; `taken` are the names that are defined around them, `ranged`
    the letters that have ranges there.

    >>> sorted(habits([r"\sigma^2 = \frac1n \sum_i x_i^2, \quad D_{KL} = \log \sigma^2"]))
    ['D_{\\text{KL}}', '\\sigma^2']
    """
    texts = list(texts)
    looks = [look for text in texts for look in _looks(text)]
    counted = {name for look in looks for name in look.counted()}.union(ranged)
    found: set[str] = {ENTRIES} if any(map(CONVENTION.search, texts)) else set()
    waiting: list[_Look] = []  # the names before the last of a list: W_r, W_z \in …
    shapes: dict[str, dict[str, set[str]]] = {}
    for look in looks:
        found |= look.left(counted)
        waiting = [*waiting, look] if look.alone_in_item() else waiting
        if any(m.kind == "in" for m in look.marks):
            for name in waiting:
                found |= name.labelled(counted)
            for name in (*waiting, look):
                for base, number in name.numbered():
                    shapes.setdefault(base, {}).setdefault(number, set()).add(look.shape())
        if not look.alone_in_item():
            waiting = []
        found |= {labelled(name) for name, letter in look.labels() if letter in counted}
        found |= set(look.squares())
        found |= look.policy()
    for base, told in shapes.items():  # W_1 and W_2 of two shapes are no entries of one W
        if len(set().union(*told.values())) > 1:
            found |= {declared_as(base, number) for number in told}
            found |= {h for look in looks for h in look.layered()} - entries(looks)
    if any(m.kind == "given" for look in looks for m in look.marks):
        found |= {running(letter) for letter in counted.union(*(k.classes() for k in looks))}
    capitals = {name for look in looks for name in look.capitals()}
    found -= {
        f"{name}_{{\\text{{{label}}}}}" for name, label in _subscripts(found)
        if set(label) & (capitals | counted)
    }  # fmt: skip
    alone = {name for look in looks for name in look.alone()} | taken
    return frozenset(h for h in found if not (h.endswith("^2") and h.removesuffix("^2") in alone))


def entries(looks: Iterable[_Look]) -> set[str]:
    """The habits that names with indices do not have: z_1 is an entry where z_i is one, or z is
    declared."""
    found = set[str]()
    for look in looks:
        found |= {
            declared_as(name, number)
            for name in look.indexed()
            for other in looks
            for base, number in other.numbers()
            if base == name
        }
    return found


def policies(texts: Iterable[str]) -> frozenset[str]:
    r"""The habit of \pi as a name, where some of the texts show it."""
    looks = [look for text in texts if r"\pi" in text or "π" in text for look in _looks(text)]
    return frozenset(h for look in looks for h in look.policy())


def counted(texts: Iterable[str]) -> frozenset[str]:
    """The letters that some formulas state ranges of."""
    return frozenset(n for text in texts for look in _looks(text) for n in look.counted())


def defined(texts: Iterable[str], known: frozenset[str]) -> frozenset[str]:
    r"""The functions that are defined with square brackets: ``f[x] = …``."""
    looks = [look for text in texts for look in _looks(text)]
    return frozenset() if BRACKETS in known else frozenset(n for k in looks for n in k.bracketed())


def _subscripts(found: set[str]) -> Iterator[tuple[str, str]]:
    for h in found:
        name, mark, label = h.partition(r"_{\text{")
        if mark:
            yield name, label.rstrip("}")


def _looks(text: str) -> Iterator[_Look]:
    try:
        found = items(scan(text))
    except Fault:
        return
    for k, item in enumerate(found):
        if item.marks:
            yield _Look(item, found[k + 1 : k + 2])


def complements(marks: list[Mark], functions: Iterable[str]) -> list[Mark]:
    """The marks, with the dot that z(1 - z) leaves out where dots are products of entries."""
    out: list[Mark] = []
    for n, mark in enumerate(marks):
        before = marks[n - 1] if n else None
        follows = [m.text for m in marks[n : n + 3]] == ["(", "1", "-"]
        if follows and before is not None and (before.kind == "name" or before.text == "}"):
            called = before.text == r"\sigma" or before.text in functions
            if not called:
                out.append(Mark("op", r"\odot", mark.pos, mark.pos))
        out.append(mark)
    return out


class _Look(Cursor):
    """One statement, looked at for habits."""

    def __init__(self, item: Item, after: list[Item]) -> None:
        super().__init__(list(item.marks), set(), frozenset(), item.marks[-1].end)
        self.after = after

    def counted(self) -> Iterator[str]:
        """The letters that a range, or a Σ, is stated of."""
        for n, mark in enumerate(self.marks):
            if mark.text in (r"\sum", r"\prod") and self._kind(n + 1) == "sub":
                a = n + 3 if self._text(n + 2) == "{" else n + 2
                yield from self._letters(a)
        end = next((n for n in self._top(0, len(self.marks)) if self._kind(n) == "rel"), 0)
        follows = self.after[0].marks if self.after else []
        dots = any(m.kind == "dots" for m in (*self.marks, *follows[:1]))
        small = end and self._kind(end + 1) == "number"
        if end and (dots or (small and follows and follows[0].kind == "number")):
            yield from self._letters(0)
        if self._kind(end) == "rel" and self._text(end) in ("<", "<=") and end:
            yield from self._letters(end + 1)

    def classes(self) -> set[str]:
        r"""The letters that are said to be labels: ``y \in \{1, \dots, K\}``."""
        end = next((n for n in self._top(0, len(self.marks)) if self._kind(n) == "in"), 0)
        return set(self._letters(0)) if end and self._text(end + 1) == r"\{" else set()

    def _letters(self, n: int) -> Iterator[str]:
        while self._kind(n) == "name":
            yield self._text(n)
            n += 2 if self._kind(n + 1) == "comma" else 1

    def named(self, n: int) -> tuple[str, dict[str, tuple[int, int]], int] | None:
        """The name at `n` without its scripts, the spans of its scripts and its end."""
        try:
            symbol = self._symbol(n) if n < len(self.marks) else None
            if symbol is None:
                return None
            scripts, primes, end = self._scripts(symbol[1])
        except Fault:
            return None
        return None if primes else (symbol[0], scripts, end)

    def head(self) -> tuple[str, dict[str, tuple[int, int]], int] | None:
        """The name on the left of an equation, its scripts and where it ends."""
        found = self.named(0)
        end = found[2] if found else 0
        while self._text(end) in ("(", "["):
            end = self.partner[end] + 1
        return found if found and self._text(end) == "=" else None

    def left(self, counted: set[str]) -> set[str]:
        """The habits of the left side."""
        head = self.head()
        if head is None:
            return self.declared(counted) or self.differential()
        name, scripts, end = head
        a, b = scripts.get("sup", (0, 0))
        c, d = scripts.get("sub", (0, 0))
        above, below = self.marks[a:b], self.marks[c:d]
        letters = {m.text for m in above if m.kind == "name"}
        found: set[str] = set()
        if [m.text for m in above] == ["2"] and self._formula(end):
            found.add(f"{name}^2")
        elif len(above) == 1 and letters and not letters & (counted | {"T", "t"}):
            found.add(layer(above[0].text))
        elif len(above) > 1 and all(m.kind == "name" for m in above) and letters <= counted:
            found.add(SUPERSCRIPTS)
        stop = self.partner[end] + 1 if self._text(end) == "(" else end
        if self._text(stop) == "[" and self._touches(stop) and self._subscript(stop, counted):
            found.add(BRACKETS)
        applied = stop > end or self._text(end) == "["
        if applied and len(below) == 1 and below[0].kind == "name":
            found |= {f"{name}_{below[0].text}"} if below[0].text not in counted else set()
        label = "".join(m.text for m in below)
        if len(below) > 1 and label.isalpha() and label.isupper() and _plain(below):
            found.add(rf"{name}_{{\text{{{label}}}}}")
        return found

    def declared(self, counted: set[str]) -> set[str]:
        r"""``W_{hx} \in \mathbb{R}^{h \times d}``: two letters without ranges are a label."""
        found = self.named(0)
        if found is None or self._kind(found[2]) != "in" or self._text(found[2] + 1) == r"\{":
            return set()
        return self.labelled(counted)

    def alone_in_item(self) -> bool:
        """Is it a name and no more: one of a list?"""
        found = self.named(0)
        return found is not None and found[2] == len(self.marks)

    def labelled(self, counted: set[str]) -> set[str]:
        """The label of a name that is declared: letters without ranges, or one and a number."""
        found = self.named(0)
        if found is None or "sub" not in found[1]:
            return set()
        below = self.marks[slice(*found[1]["sub"])]
        if {m.text for m in below} & counted:
            return set()
        a, b = found[1]["sub"]
        text = "".join(m.text for m in below)
        if len(below) > 1 and _plain(below):
            return {rf"{found[0]}_{{\text{{{text}}}}}"}
        return {declared_as(found[0], text)} if self._counts(a, b) else set()

    def numbered(self) -> Iterator[tuple[str, str]]:
        r"""The name and the number of ``W_1 \in \mathbb{R}^{h \times d}``."""
        found = self.named(0)
        if found is not None and "sub" in found[1] and self._kind(found[2]) in ("in", ""):
            a, b = found[1]["sub"]
            if b - a == 1 and self._kind(a) == "number":
                yield found[0], self._text(a)

    def layered(self) -> Iterator[str]:
        r"""The habit of the left side of ``h_1 = \tanh(W_1 x)``."""
        head = self.head()
        if head is not None and "sub" in head[1] and self._formula(head[2]):
            a, b = head[1]["sub"]
            if b - a == 1 and self._kind(a) == "number":
                yield declared_as(head[0], self._text(a))

    def numbers(self) -> Iterator[tuple[str, str]]:
        """Names with a number below, and the number."""
        for name, (a, b) in self.subscripted():
            if b - a == 1 and self._kind(a) == "number":
                yield name, self._text(a)

    def indexed(self) -> Iterator[str]:
        """Names with letters below, and those that are declared without anything below."""
        for name, (a, b) in self.subscripted():
            if any(self._kind(k) == "name" for k in range(a, b)):
                yield name
        found = self.named(0)
        if found is not None and "sub" not in found[1] and self._kind(found[2]) == "in":
            yield found[0]

    def subscripted(self) -> Iterator[tuple[str, tuple[int, int]]]:
        """Names with something below, and its span."""
        for n, mark in enumerate(self.marks):
            found = self.named(n) if mark.kind in ("name", "style", "word") else None
            if found is not None and "sub" in found[1]:
                yield found[0], found[1]["sub"]

    def shape(self) -> str:
        r"""What stands behind ``\in``."""
        at = next((n for n, m in enumerate(self.marks) if m.kind == "in"), len(self.marks))
        return "".join(m.text for m in self.marks[at:])

    def differential(self) -> set[str]:
        r"""``dy_j = \frac{\partial L}{\partial y_j}``: dy is the name of the gradient."""
        found = self.named(1) if self._text(0) == "d" else None
        if found is None or [self._text(found[2] + k) for k in (0, 1)] != ["=", r"\frac"]:
            return set()
        signs = [n for n, mark in enumerate(self.marks) if mark.text == r"\partial"]
        below = self.named(signs[-1] + 1) if len(signs) == 2 else None
        return {f"d{found[0]}"} if below and below[0] == found[0] else set()

    def _formula(self, n: int) -> bool:
        """Does a formula with names stand behind `n`, not a number?"""
        return any(m.kind in ("name", "word", "style", "function") for m in self.marks[n:])

    def _touches(self, n: int) -> bool:
        return self.marks[n - 1].end == self.marks[n].pos

    def _subscript(self, n: int, counted: set[str]) -> bool:
        """Do the brackets at `n` hold letters that run?"""
        inside = self.marks[n + 1 : self.partner[n]]
        return {m.text for m in inside if m.kind == "name"} <= counted

    def bracketed(self) -> Iterator[str]:
        """The function that the left side defines with brackets."""
        head = self.head()
        if head is None or self._text(head[2]) != "[" or head[1].keys() - {"sub"}:
            return
        inside = self._split(("comma",), head[2] + 1, self.partner[head[2]])
        if all(a < b and self._extent(a) == b for a, b in inside):
            yield head[0]

    def labels(self) -> Iterator[tuple[str, str]]:
        r"""Names with a letter as their label, ``\theta^{(j)}``, and the letter."""
        for n, mark in enumerate(self.marks):
            found = self.named(n) if mark.kind in ("name", "style", "word") else None
            if found is None or "sup" not in found[1]:
                continue
            a = found[1]["sup"][0]
            if self._text(a) == "(" and self.partner[a] == a + 2 and self._kind(a + 1) == "name":
                yield found[0], self._text(a + 1)

    def policy(self) -> set[str]:
        r"""Is \pi a name: has it an index, a label, an argument; is it defined, declared or what a
        derivative is taken by?"""
        alone = len(self.marks) == 1
        for n, mark in enumerate(self.marks):
            found = self.named(n) if mark.text == r"\pi" else None
            if mark.text == r"\pi" and (found is None or alone):
                return {POLICY}
            if found is None:
                continue
            _, scripts, end = found
            a, b = scripts.get("sup", (0, 0))
            labelled_ = b - a == 1 and self._kind(a) != "number"
            labelled_ = labelled_ or (b > a and self._text(a) in ("(", "["))
            declared = self._kind(end) in ("in", "sim") or (n == 0 and self.head() is not None)
            before = {self._text(n - 1), self._text(n - 2) if self._text(n - 1) == "{" else ""}
            below = bool(before & {r"\partial", r"\nabla", "_", r"\sim"}) if n else False
            if "sub" in scripts or labelled_ or declared or below:
                return {POLICY}
        return set()

    def squares(self) -> Iterator[str]:
        r"""Squares that a derivative is taken by: ``\partial \sigma^2``."""
        higher = self.higher()
        for n, mark in enumerate(self.marks):
            below = self._kind(n + 1) == "sub"
            if n in higher:
                continue
            braced = below and self._text(n + 2) == "{"  # \nabla_w^2 is a second derivative
            if mark.text != r"\partial" and not (mark.text == r"\nabla" and braced):
                continue
            found = self.named(n + 1 + below + braced)
            if found and "sup" in found[1]:
                a, b = found[1]["sup"]
                if [m.text for m in self.marks[a:b]] == ["2"]:
                    yield f"{found[0]}^2"

    def higher(self) -> set[int]:
        r"""The marks below the bar of ``\frac{\partial^2 L}{\partial w^2}``, where a square counts
        derivatives."""
        found: set[int] = set()
        for n, mark in enumerate(self.marks):
            if mark.text == r"\frac" and self._kind(n + 1) == "open":
                middle = self.partner[n + 1] + 1
                top = self.marks[n + 2 : n + 4]
                if [m.text for m in top] == [r"\partial", "^"] and self._kind(middle) == "open":
                    found |= set(range(middle, self.partner[middle]))
        return found

    def capitals(self) -> Iterator[str]:
        """Capital letters that stand for themselves: alone in a subscript, or outside of any."""
        run: list[Mark] = []
        for n, mark in enumerate([*self.marks, Mark("", "", 0, 0)]):
            if mark.kind == "name" and len(mark.text) == 1 and mark.text.isupper():
                run.append(mark)
                continue
            inside = len(run) > 1 and n > len(run) and self._below(n - len(run))
            if run and not inside:
                yield from (m.text for m in run)
            run = []

    def _below(self, n: int) -> bool:
        return self._text(n - 1) == "{" and self._kind(n - 2) == "sub"

    def alone(self) -> Iterator[str]:
        """The names that this statement defines, or differentiates by, without a power."""
        head = self.head()
        if head and "sup" not in head[1]:
            yield head[0]
        for n, mark in enumerate(self.marks):
            found = self.named(n + 1) if mark.text == r"\partial" else None
            if found and "sup" not in found[1]:
                yield found[0]


def _plain(marks: list[Mark]) -> bool:
    return all(m.kind == "name" and len(m.text) == 1 for m in marks)
