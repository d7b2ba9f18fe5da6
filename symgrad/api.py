r"""What notebooks and scripts use: networks, exams and layers from text or from SymPy.

Joins the rooms below; holds no mathematics of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from symgrad import exam as exams
from symgrad import render, solve
from symgrad.answer import Answer
from symgrad.ask import Asker
from symgrad.bridge import from_sympy
from symgrad.count import Count, count, read_stack
from symgrad.errors import FontError, NetworkError, Place, SheetError
from symgrad.evidence import weighed
from symgrad.expr import Blank, Expr, Partial, Ref, Rel, transform, walk
from symgrad.latex import latex
from symgrad.limits import whole_numbers
from symgrad.network import Ties
from symgrad.notation import Formula, Ranges, Statement, read
from symgrad.page import Sheet
from symgrad.rewrite import Derivation
from symgrad.scope import Question, Scope
from symgrad.section import Formula as Displayed
from symgrad.settle import read_scope
from symgrad.sheet import sheet
from symgrad.unnamed import is_unnamed

if TYPE_CHECKING:
    import sympy

Kind = Literal["solution", "key", "paper"]
Dialect = Literal["dollar", "github"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Network:
    r"""A network, from the LaTeX that a paper would print.

    >>> conv = Network(
    ...     r"z_i = \sum_{j=1}^{m} k_j x_{i+j-1} + b, \quad i = 1, \dots, n",
    ...     r"\delta_i = \frac{\partial L}{\partial z_i}",
    ...     data="x",
    ... )
    >>> conv.gradient("L", "k_j").latex()
    '\\frac{\\partial L}{\\partial k_j} = \\sum_{i=1}^{n} \\delta_i x_{i+j-1}'
    >>> conv.parameters
    ('k_j', 'b')

    Data are said as in an exam, ``(x, y) \sim \mathcal D``, or by name: ``data=("x", "y")``.
    """

    def __init__(self, *equations: str, data: Iterable[str] = (), ties: Ties = "strict") -> None:
        formulas = [written(text) for text in equations]
        known = solve.accustomed({0: formulas}, Scope())
        blocks = solve.statements(formulas, known)
        self.scope = read_scope([*blocks, *_data(data)], known, ties)

    @classmethod
    def from_sympy(
        cls,
        equations: Iterable[sympy.Basic],
        ranges: Mapping[str, tuple[object, object]] | None = None,
        data: Iterable[str] = (),
        ties: Ties = "strict",
    ) -> Network:
        r"""A network from SymPy equations; `ranges` gives each index its first and last value.

        >>> from sympy import Eq, symbols, tanh
        >>> w, x, y, h, L = symbols("w x y h L")
        >>> net = Network.from_sympy([Eq(h, tanh(w * x)), Eq(L, (h - y) ** 2 / 2)], data="xy")
        >>> net.gradient(L, w).result
        x*(1 - h**2)*(h - y)
        """
        at = Place()
        statements: list[Statement] = []
        for equation in equations:
            e = from_sympy(equation)
            if not isinstance(e, Rel) or e.op != "=":
                raise NetworkError(f"found {latex(e)}, expected an equation Eq(target, formula)")
            statements.append(Formula((e.lhs, e.rhs), ("=",), at, latex(e)))
        for name, (first, last) in (ranges or {}).items():
            statements.append(Ranges((name,), _end(first), _end(last), at, name))
        net = cls()
        net.scope = read_scope([statements, *_data(data)], None, ties)
        return net

    @property
    def parameters(self) -> tuple[str, ...]:
        """What is learned: every name that is neither data nor defined, as LaTeX."""
        return tuple(latex(p) for p in self.scope.network.parameters)

    def gradient(self, of: str | sympy.Basic, by: str | sympy.Basic) -> Derivation:
        r"""∂of/∂by with its steps; both are LaTeX or SymPy names.

        >>> Network("L = (y - w x)^2").gradient("L", "w").latex()
        '\\frac{\\partial L}{\\partial w} = 2 (w x - y)\\, x'
        """
        of_, by_ = self.name(of), self.name(by)
        goal = Partial(of_, by_)
        found = self.answered(Question(goal, latex(goal), Place())).derivation
        assert found is not None
        return found

    def answer(self, question: str) -> Answer:
        r"""The answer to a question as an exam asks it, with or without ``= ?``.

        >>> Network(r"f = w x, \quad w = 2, \quad x = 3").answer("f").value
        Fraction(6, 1)
        """
        return self.answered(self.question(question))

    def question(self, text: str) -> Question:
        """A question in the words of an exam."""
        found = self._read(text)
        match found:
            case [Formula(parts=(left,)) | Formula(parts=(left, Blank()), ops=("=",)) as s]:
                left = transform(left, whole_numbers)
                if any(map(is_unnamed, walk(left))):  # ∂f(x)/∂x of a product f x?
                    solve.refuse_functions(found, self.scope)
                return Question(left, latex(left), s.at)
        raise NetworkError(
            f"found {len(found)} statements, expected one question"
            if len(found) > 1
            else "found no question, expected a name or a gradient",
            at=Place("<question>", 1, 1, text),
            hint=r"ask for one thing, such as \frac{\partial L}{\partial w}",
        )

    def name(self, name: str | sympy.Basic) -> Ref:
        """A name in LaTeX, or a SymPy symbol, as the network knows it."""
        if not isinstance(name, str):
            found: Expr = from_sympy(name)
        else:
            found = self.question(name).left
        if not isinstance(found, Ref):
            raise NetworkError(f"found {latex(found)}, expected a name such as w_1")
        return found

    def _read(self, text: str) -> Sequence[Statement]:
        at = Place("<question>", 1, 1, text)
        return read(text, at, frozenset(self.scope.functions), self.scope.variables)

    def answered(self, asked: Question) -> Answer:
        """The answer to a question that was read before."""
        return self._asker.answer(asked)

    @cached_property
    def _asker(self) -> Asker:
        return Asker(self.scope, "")

    def _repr_latex_(self) -> str:
        lines = [rf"{latex(e.target)} &= {latex(e.body)}" for e in self.scope.network.equations]
        return r"$\displaystyle \begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}$"


def written(text: str) -> Displayed:
    """A piece of mathematics given by itself; its place is a column of its own text."""
    first = text.split("\n", 1)[0]
    return Displayed(text, Place("<equations>", 1, 1, first), True)


def _data(names: Iterable[str]) -> list[tuple[Statement, ...]]:
    listed = ", ".join(names)
    return [read(rf"({listed}) \sim \mathcal D", Place())] if listed else []


def _end(value: object) -> Expr:
    """One end of a range: a number, LaTeX, or SymPy."""
    if isinstance(value, int | str):
        found = read(str(value), Place())
        if len(found) == 1 and isinstance(found[0], Formula) and len(found[0].parts) == 1:
            return found[0].parts[0]
        raise NetworkError(f"found the end {value!r} of a range, expected a number or a size")
    return from_sympy(value)


@dataclass(frozen=True)
class Solution(solve.Solution):
    """A solved exam, and its sheets."""

    @cached_property
    def proved(self) -> Solution:
        """The same, each gradient with its evidence: proved for all sizes, or what it was compared
        with."""
        return Solution(self.exam, weighed(self.root))

    def sheet(self, kind: Kind = "solution") -> Sheet:
        """The worked solution, the key or the question paper."""
        return sheet(self if kind == "paper" else self.proved, kind)

    def markdown(self, kind: Kind = "solution", dialect: Dialect = "dollar") -> str:
        """A sheet as Markdown."""
        return render.render(self.sheet(kind), "md", dialect)

    def write(
        self,
        directory: str | Path,
        sheets: Iterable[Kind] = ("solution",),
        to: Iterable[str] = ("md", "pdf"),
        dialect: Dialect = "dollar",
        fonts: Sequence[str] = (),
    ) -> list[Path]:
        """Write `solution.md`, `solution.pdf`, `key.md`, …: all of them, or none. `fonts` are
        families of this machine, for what the fonts of a PDF lack."""
        home = Path(directory)
        files: dict[Path, bytes] = {}
        targets = tuple(dict.fromkeys(to))
        for kind in dict.fromkeys(sheets):
            page = self.sheet(kind)
            try:
                files |= render.files(page, targets, home, kind, dialect, fonts)
            except FontError as error:
                raise (error.within(*self._text()) if self.exam.path else error) from None
        for path in files:
            if self.exam.path and path.resolve() == Path(self.exam.path).resolve():
                raise SheetError(
                    f"found the exam itself at {path}, expected a file that may be replaced",
                    hint="choose another directory with -o, or rename the exam",
                )
        render.save(files)
        return list(files)

    def _text(self) -> tuple[str, str]:
        """The text of the exam file, as far as it can be read once more, and its name."""
        try:
            return Path(self.exam.path).read_text(encoding="utf-8-sig"), self.exam.path
        except (OSError, UnicodeDecodeError):
            return "", self.exam.path


@dataclass(frozen=True)
class Exam(exams.Exam):
    r"""An exam in Markdown.

    >>> exam = Exam.parse("$$L = (y - w x)^2$$\n\n$$\\frac{\\partial L}{\\partial w} = ?$$\n")
    >>> [a.latex for a in exam.solve().answers]
    ['2 (w x - y)\\, x']
    """

    @classmethod
    def read(cls, path: str | Path) -> Exam:
        """The exam in a file."""
        return cls._of(exams.Exam.read(path))

    @classmethod
    def parse(cls, text: str, path: str = "") -> Exam:
        """The exam in a text."""
        return cls._of(exams.Exam.parse(text, path))

    @classmethod
    def _of(cls, found: exams.Exam) -> Exam:
        return cls(found.root, found.options, found.path)

    def solve(self) -> Solution:
        """Every question mark answered."""
        solved = solve.solve(self)
        return Solution(solved.exam, solved.root)


def count_layers(text: str) -> Count:
    """The layers of ``INPUT 32x32x1; CONV5-10; POOL2``, counted.

    >>> from symgrad.count import Kind
    >>> count_layers("INPUT 32x32x1; CONV5-10").totals[Kind.PARAMETERS].value
    260
    """
    return count(read_stack(text, Place("<layers>", 1, 1, text)))
