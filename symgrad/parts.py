r"""Which section of an exam a part of a work answers: by number and letter, else by its names."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from symgrad.decide import BUDGET
from symgrad.errors import ExamError, Place, SymgradError
from symgrad.expr import Expr, Partial, Ref, derivatives, names
from symgrad.ground import Ground
from symgrad.lexicon import Aliases
from symgrad.notation import Formula, reread
from symgrad.scope import Scope
from symgrad.solve import Solution, Solved
from symgrad.typed import plainly_called
from symgrad.work import Part, labelled


@dataclass(frozen=True)
class Labelled:
    """A section of the exam with the number and the letter of its heading."""

    solved: Solved
    number: str
    letter: str


@dataclass
class Parts:
    """The sections of an exam, and what is known in each; one ground for all without an exam."""

    solution: Solution | None
    forced: str = ""
    budget: float = BUDGET
    later: Aliases = field(default_factory=dict)
    """Names that the work defines somewhere: every ground knows them."""
    claimed: list[tuple[Partial, Expr]] = field(default_factory=list)
    """Gradients that the work has said, in all its parts."""
    _grounds: dict[int, Ground] = field(default_factory=dict)
    _sections: dict[tuple[Part, str], Solved | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        labels = [(p.number, p.letter) for p in self.places]
        if self.forced and label_of(self.forced) not in labels:
            if self.solution is None:
                raise ExamError(
                    f"found the part {self.forced!r} and no exam, expected an exam that has it",
                    hint="give the exam too",
                )
            there = ", ".join(str(Part(p.number, p.letter)) for p in self.places if p.number)
            raise ExamError(
                f"found no part {self.forced!r} in the exam, expected one of {there}",
                hint="give the number and the letter of its heading",
            )

    @cached_property
    def places(self) -> tuple[Labelled, ...]:
        """The sections of the exam that have labels, each with the number around it."""
        found: list[Labelled] = []

        def visit(s: Solved, number: str) -> None:
            title = "".join(x.content for x in s.section.title)
            n, letter = label_of(title)
            number = n or number
            found.append(Labelled(s, number, letter))
            for child in s.children:
                visit(child, number)

        if self.solution is not None:
            visit(self.solution.root, "")
        return tuple(found)

    def section(self, part: Part, text: str) -> Solved | None:
        """The section that a formula belongs to; '' for a line of words."""
        if self.solution is None:
            return None
        if (part, text) not in self._sections:
            self._sections[part, text] = self._section(part, text)
        return self._sections[part, text]

    def _section(self, part: Part, text: str) -> Solved:
        number, letter = label_of(self.forced) if self.forced else (part.number, part.letter)
        fits = [p for p in self.places if number and p.number == number and p.letter == letter]
        if not fits and letter:
            fits = [p for p in self.places if p.letter == letter and (not number or not p.number)]
        if not fits and number:
            fits = [p for p in self.places if p.number == number and not p.letter]
        if len(fits) == 1:
            return fits[0].solved
        pool = fits or list(self.places)
        return max(pool, key=lambda p: self.shared(p.solved, text)).solved

    def shared(self, s: Solved, text: str) -> tuple[int, int, int, bool]:
        """How well the names of a section fit: questions met, names met, the deeper first."""
        said = spoken(text, s.scope)
        asked = sum(1 for q in s.scope.questions if latex_key(q.left) in said)
        ground = self.ground(s)
        depth = len(s.path.split(" / "))
        return (asked, len(said & ground.known), depth, bool(s.scope.questions))

    def ground(self, s: Solved | None) -> Ground:
        """What is known in a section; one for the whole work without an exam."""
        key = -1 if s is None else id(s)
        if key not in self._grounds:
            scope = Scope() if s is None else s.scope
            self._grounds[key] = Ground(
                scope,
                later=self.later,
                of_exam=s is not None,
                budget=self.budget,
                elsewhere=self.claimed,
            )
        return self._grounds[key]


def label_of(title: str) -> tuple[str, str]:
    """The number and the letter that a heading, or ``--part``, begins with."""
    part = labelled(f"# {title.strip()}", Part())
    return part.number, part.letter


def spoken(text: str, scope: Scope) -> set[str]:
    """The names in a piece, as far as it can be read, and its gradients as keys."""
    found: set[str] = set()
    try:
        for s in reread(plainly_called(text), Place(), frozenset(scope.functions), scope.variables):
            if isinstance(s, Formula):
                for p in s.parts:
                    found |= names(p)
                if isinstance(s.parts[0], Partial):
                    found.add(latex_key(s.parts[0]))
    except SymgradError:
        pass
    return found


def latex_key(e: Expr) -> str:
    """A gradient by its names."""
    if not isinstance(e, Partial):
        return ""
    of, by = derivatives(e)
    names_ = sorted(b.name for b in by if isinstance(b, Ref))
    return f"d{of.name}/d{'d'.join(names_)}" if isinstance(of, Ref) else ""
