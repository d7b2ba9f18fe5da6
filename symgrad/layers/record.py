r"""What an entry of the catalogue is: forward equations, and textbook gradients as claims."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    r"""``left = right``, as a book says: left is ∂L/∂x in LaTeX."""

    left: str
    right: str
    source: str


@dataclass(frozen=True)
class Layer:
    """A layer under the name its users say: its equations, and what is said of its gradients."""

    name: str
    title: str
    equations: tuple[str, ...]
    claims: tuple[Claim, ...]

    @property
    def text(self) -> str:
        """All equations as one piece of LaTeX."""
        return r", \quad ".join(self.equations)

    @property
    def questions(self) -> tuple[str, ...]:
        """What is claimed, each left side once."""
        return tuple(dict.fromkeys(c.left for c in self.claims))


@dataclass(frozen=True)
class Family:
    """Layers that stand on one sheet, in groups under headings."""

    name: str
    title: str
    groups: tuple[tuple[str, tuple[Layer, ...]], ...]
    columns: int = 3
    paper: str = "a3"

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All layers, in the order of the sheet."""
        return tuple(x for _, group in self.groups for x in group)

    @property
    def exam(self) -> str:
        r"""An exam that asks for every gradient of the family."""
        lines = ["---", f"title: {self.title}", f"paper: {self.paper}"]
        lines += [f"columns: {self.columns}", "---"]
        for heading, group in self.groups:
            lines += ["", f"# {heading}"]
            for x in group:
                lines += ["", f"## {x.title}", "", "$$", *_broken(x.equations), "$$"]
                lines += ["", "$$", *_broken([f"{q} = ?" for q in x.questions]), "$$"]
        return "\n".join(lines) + "\n"


def _broken(formulas: tuple[str, ...] | list[str]) -> list[str]:
    r"""One formula a line, ``\qquad`` between them."""
    return [*(rf"{f} \qquad" for f in formulas[:-1]), formulas[-1]]


def grad(by: str) -> str:
    """∂L/∂by."""
    return rf"\frac{{\partial L}}{{\partial {by}}}"


def given(symbol: str, by: str) -> str:
    """symbol = ∂L/∂by: the upstream gradient has a name."""
    return f"{symbol} = {grad(by)}"


def claimed(source: str, *pairs: tuple[str, str]) -> tuple[Claim, ...]:
    """Claims from one source, each with its whole left side."""
    return tuple(Claim(left, right, source) for left, right in pairs)


def said(source: str, *pairs: tuple[str, str]) -> tuple[Claim, ...]:
    """Claims from one source."""
    return claimed(source, *((grad(by), right) for by, right in pairs))
