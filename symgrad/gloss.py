r"""How an exam was read: for each sign that has several meanings, which one it has under which
heading, and why: a declaration, the heading's scope, or what holds where nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from symgrad.expr import Call, Expr, Iverson, Pow, Ref, walk
from symgrad.latex import latex
from symgrad.reading.habits import BRACKETS, SUPERSCRIPTS
from symgrad.reading.scan import Fault, Mark, scan
from symgrad.scope import Scope
from symgrad.solve import Solution, Solved
from symgrad.text import text

DECLARED, SCOPE, DEFAULT = "declaration", "scope", "default"
"""Why a sign was read as it was: something under this heading says so, something under a heading
around it does, or nothing does and the usual meaning holds."""


@dataclass(frozen=True)
class Reading:
    """What a sign means under a heading: the sign as it is written, its meaning, and why."""

    where: str
    sign: str
    meaning: str
    why: str
    reason: str

    def line(self) -> str:
        """One line of the terminal."""
        return f"{self.sign:12} {self.meaning}   ({self.why}: {self.reason})"


def readings(solution: Solution) -> tuple[Reading, ...]:
    r"""How every sign of several meanings was read, heading by heading.

    >>> from symgrad.api import Exam
    >>> exam = Exam.parse("$$L = \\log \\sigma(w)$$\n\n$$\\frac{\\partial L}{\\partial w} = ?$$\n")
    >>> [(r.sign, r.meaning, r.why) for r in readings(exam.solve())]
    [('σ(…)', 'the logistic function', 'default')]
    """
    found: list[Reading] = []
    outer: dict[str, Scope] = {}
    for solved in solution.root.walk():
        around = outer.get(solved.path.rpartition(" / ")[0], Scope())
        outer[solved.path] = solved.scope
        found += dict.fromkeys(Glossary(solved, around).all())
    return tuple(found)


def listed(found: tuple[Reading, ...]) -> Iterator[str]:
    """The lines of the terminal: each heading, and below it its signs."""
    where: str | None = None
    for r in found:
        if r.where != where:
            where = r.where
            yield where or "(before the first heading)"
        yield f"  {r.line()}"
    if not found:
        yield "No sign of this exam has several meanings."


@dataclass(frozen=True)
class Glossary:
    """The signs of one section."""

    solved: Solved
    around: Scope

    @property
    def scope(self) -> Scope:
        """What is known under the heading."""
        return self.solved.scope

    def all(self) -> Iterator[Reading]:
        """Every sign of several meanings, in the order in which they are looked for."""
        for name in self.names():
            yield from self.delta(name)
            yield from self.sigma(name)
            yield from self.constant(name)
            yield from self.dressed(name)
        yield from self.functions()
        yield from self.habits()
        yield from self.signs()

    # -- what is written ------------------------------------------------------------------------

    def latexes(self) -> list[str]:
        """The formulas of the section as they are written."""
        section = self.solved.section
        inside = (f for item in section.items for f in item.formulas)
        return [f.latex for f in (*section.formulas, *inside)]

    def marks(self) -> Iterator[list[Mark]]:
        """The marks of each formula of the section."""
        for written in self.latexes():
            try:
                yield scan(written)
            except Fault:  # words that are no mathematics
                continue

    def written(self) -> set[str]:
        """The canonical texts of all marks."""
        return {m.text for marks in self.marks() for m in marks}

    def formulas(self) -> Iterator[Expr]:
        """The right sides and left sides that are known here."""
        for eq in self.scope.network.equations:
            yield from (eq.target, eq.body)
        for u in self.scope.network.upstream:
            yield from (u.symbol, u.by)
        for q in self.scope.questions:
            yield q.left

    def names(self) -> list[str]:
        """The names of the scope whose letters are written in this section."""
        written = self.written()
        found = [x.name for e in self.formulas() for x in walk(e) if isinstance(x, Ref)]
        return [n for n in dict.fromkeys(found) if set(letters(n)) <= written]

    def why(self, known: bool, before: bool) -> str:
        """Said here, said around, or not said."""
        return SCOPE if before else DECLARED if known else DEFAULT

    def reading(self, sign: str, meaning: str, why: str, reason: str) -> Reading:
        """A reading under this heading."""
        return Reading(self.solved.path, sign, meaning, why, reason)

    # -- one sign after the other -----------------------------------------------------------------

    def defined(self, name: str) -> tuple[str, str] | None:
        """Why a name is a quantity, and what says so; None where nothing does."""
        network = self.scope.network
        for u in network.upstream:
            if isinstance(u.symbol, Ref) and u.symbol.name == name:
                why = self.why(True, u in self.around.network.upstream)
                return why, f"{text(u.symbol)} = {self.given(name)} is given"
        if name in network.by_name:
            eq = network.by_name[name][0]
            why = self.why(True, name in self.around.network.by_name)
            place = f", line {eq.at.line}" if eq.at is not None else ""
            return why, f"{text(eq.target)} = … defines it{place}"
        return None

    def given(self, name: str) -> str:
        """∂L/∂z, where a name stands for that."""
        for u in self.scope.network.upstream:
            if isinstance(u.symbol, Ref) and u.symbol.name == name:
                return f"∂{text(u.of)}/∂{text(u.by)}"
        return ""

    def delta(self, name: str) -> Iterator[Reading]:
        """δ: a given gradient, a quantity, or a parameter."""
        if not name.startswith(r"\delta"):
            return
        known, given = self.defined(name), self.given(name)
        if known is None:
            reason = "nothing defines it"
            yield self.reading(text(Ref(name)), "a parameter or data", DEFAULT, reason)
            return
        meaning = f"the gradient {given}" if given else "a quantity"
        yield self.reading(text(Ref(name)), meaning, *known)

    def sigma(self, name: str) -> Iterator[Reading]:
        """σ as a name: a quantity."""
        if name.startswith(r"\sigma") and not name.endswith("^2"):
            why, reason = self.defined(name) or (DEFAULT, "no parenthesis follows it")
            yield self.reading(text(Ref(name)), "a quantity", why, reason)

    def constant(self, name: str) -> Iterator[Reading]:
        """π, e and d as names."""
        if name in (r"\pi", "e", "d"):
            size = name in self.scope.network.sizes
            meaning = "a size" if size else "a quantity"
            said = "it is the end of a range or of a shape" if size else "it stands alone"
            why, reason = self.defined(name) or (DECLARED if size else DEFAULT, said)
            yield self.reading(text(Ref(name)), meaning, why, reason)

    def dressed(self, name: str) -> Iterator[Reading]:
        """Primes, bars and labels that are parts of names."""
        shown = text(Ref(name))
        given = self.given(name)
        known = self.defined(name)
        if name.startswith(r"\bar"):
            meaning = f"the gradient {given}" if given else "a name of its own, no operation"
            yield self.reading(shown, meaning, *(known or (DEFAULT, "nothing defines a bar")))
        elif name.endswith("'"):
            reason = "a prime behind a name that is no function"
            yield self.reading(
                shown, "a name of its own, no derivative", *(known or (DEFAULT, reason))
            )
        elif re.search(r"\^\{?[(\[]", name):
            reason = "parentheses in a superscript"
            yield self.reading(shown, "a name with a label, no power", DEFAULT, reason)

    def functions(self) -> Iterator[Reading]:
        """σ and f' before a parenthesis, e^z."""
        written, own = self.written(), self.scope.functions
        calls = {x for e in self.formulas() for x in walk(e) if isinstance(x, Call)}
        if r"\sigma" in written and "sigmoid" in own:
            why = self.why(True, "sigmoid" in self.around.functions)
            yield self.reading("σ(…)", "the function that is defined", why, "σ(…) = … defines it")
        elif r"\sigma" in written and any(x.fn == "sigmoid" for x in calls):
            reason = "before a parenthesis, and nothing defines σ"
            yield self.reading("σ(…)", "the logistic function", DEFAULT, reason)
        if "e" in written and any(x.fn == "exp" and x.spelling == "e^" for x in calls):
            reason = "a power of e, which nothing defines"
            yield self.reading("e^…", "the exponential function", DEFAULT, reason)
        for name in sorted(own):
            if not name.endswith("'") and "'" in written and name in written:
                why = self.why(True, name in self.around.functions)
                reason = f"{name}(…) = … defines {name}"
                yield self.reading(f"{name}'", f"the derivative of {name}", why, reason)

    def habits(self) -> Iterator[Reading]:
        """What scripts and brackets are, where the left sides say so."""
        for habit in sorted(self.scope.habits):
            why = self.why(True, habit in self.around.habits)
            if habit == SUPERSCRIPTS:
                yield self.reading("A^{ij}", "indices", why, "a left side has them above")
            elif habit == BRACKETS:
                yield self.reading("x[i]", "an index", why, "a left side has it in brackets")
            elif habit.endswith("^2"):
                if not any(habit in re.sub(r"[\s{}]", "", t) for t in self.latexes()):
                    continue
                name = text(Ref(habit.removesuffix("^2")))
                reason = f"{name}² = …, or a derivative by it"
                yield self.reading(f"{name}²", "one name, no square", why, reason)
            elif habit.startswith("^{"):
                letter = habit[2:-1]
                reason = f"a left side has it, and {letter} has no range"
                yield self.reading(f"^{letter}", "part of the name, no power", why, reason)
            elif habit.endswith(r"^{(\cdot)}"):
                name = text(Ref(habit.removesuffix(r"^{(\cdot)}")))
                yield self.reading(f"{name}^(j)", "an index", why, "the letter has a range")

    def signs(self) -> Iterator[Reading]:
        """The star, and letters in superscripts that are powers or transposes."""
        latexes = self.latexes()
        if any(re.search(r"(?<![\^_{])\*(?![}\w]*\})", t) for t in latexes):
            arrays = bool(self.scope.lowering.declared)
            meaning = "a product, of matrices where both sides are" if arrays else "a product"
            yield self.reading("*", meaning, DEFAULT, "no sign of another product")
        powers = {
            latex(x.exp)
            for e in self.formulas()
            for x in walk(e)
            if isinstance(x, Pow) and isinstance(x.exp, Ref)
        }
        for exponent in sorted(powers & self.written()):
            reason = f"no name with the label {exponent} is defined"
            yield self.reading(f"^{exponent}", "a power", DEFAULT, reason)
        turned = any(re.search(r"\^\{?T\b", t) for t in latexes)
        if turned:
            size = "T" in self.scope.network.sizes
            meaning = "a power" if size else "the transpose"
            reason = "T is a size" if size else "T is no size"
            yield self.reading("^T", meaning, DECLARED if size else DEFAULT, reason)
        if any(re.search(r"\\delta_\{?[^}]*=", t) for t in latexes) and any(
            isinstance(x, Iverson) for e in self.formulas() for x in walk(e)
        ):
            yield self.reading("δ_{a=b}", "Kronecker's delta", DEFAULT, "a condition below it")


def letters(name: str) -> list[str]:
    """The marks that a name is written with, without those that dress it.

    >>> letters(r"\\bar x"), letters("W^{(1)}")
    (['x'], ['W'])
    """
    bare = re.sub(r"[\^_].*|'", "", name)
    bare = re.sub(r"\\(bar|hat|tilde|vec|dot|mathbf|boldsymbol|mathrm|mathcal|text)\b", "", bare)
    found = re.findall(r"\\[A-Za-z]+|[A-Za-z]", bare)
    return found if len(found) == 1 else []
