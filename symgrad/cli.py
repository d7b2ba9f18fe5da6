r"""The command ``symgrad``: solve, derive, equal, check, count, layers, doctor.

Every command imports what it needs when it runs: help and shell completion start this program at
each keystroke, and must not wait for the mathematics (a tenth of a second for the grammar and isl
alone) or for the page setting.
"""

from __future__ import annotations

import io
import os
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from symgrad import __version__
from symgrad.errors import SymgradError

if TYPE_CHECKING:
    from symgrad.answer import Answer
    from symgrad.assertion import Claim
    from symgrad.guard import Piecewise
    from symgrad.mark import Report

BAD_INPUT = 2
BUG = 70
"""Exit codes; 70 is EX_SOFTWARE of sysexits."""

TO = ("md", "tex", "pdf")
SHEETS = ("solution", "key", "paper")
DIALECTS = ("dollar", "github")


class Formulas(click.Command):
    """A command whose arguments are formulas: -x^2 is one, and no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Options first, then what is no option."""
        if ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        known = [p for p in self.get_params(ctx) if isinstance(p, click.Option)]
        alone = {name for p in known if p.is_flag for name in p.opts}
        valued = {name for p in known if not p.is_flag for name in p.opts}
        options: list[str] = []
        formulas: list[str] = []
        rest = iter(args)
        for arg in rest:
            if arg == "--":
                formulas += rest
            elif arg in valued:
                options += [arg, *islice(rest, 1)]
            elif arg in alone or arg.startswith("--"):
                options.append(arg)
            else:
                formulas.append(arg)
        return super().parse_args(ctx, [*options, "--", *formulas])


def seconds(ctx: click.Context, param: click.Parameter, value: float) -> float:
    """A budget: a positive number."""
    if not 0 < value < float("inf"):
        raise click.BadParameter(f"found {value:g}, expected seconds above 0, such as 2")
    return value


class Commands(click.Group):
    """Says what is wrong with the input in one message; a bug is reported as ours."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; faults become messages and exit codes."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # a terminal without ∂ shows ? in its place
                stream.reconfigure(errors="replace")
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except SymgradError as error:
            click.echo(str(error), err=True)
            ctx.exit(BAD_INPUT)
        except OSError as error:
            click.echo(f"could not write: {error.strerror or error}", err=True)
            ctx.exit(BAD_INPUT)
        except Exception as error:
            if os.environ.get("SYMGRAD_DEBUG"):
                raise
            click.echo(
                f"symgrad {__version__} failed on its own account: "
                f"{type(error).__name__}: {error}\n"
                "This is a bug, not a fault of your file. Please report it with the command you "
                "ran and its input;\nSYMGRAD_DEBUG=1 shows where it happened.",
                err=True,
            )
            ctx.exit(BUG)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="symgrad %(version)s")
def main() -> None:
    """Fill in the question marks of a deep-learning exam, and show the work."""


@main.command()
@click.argument("exam", type=click.Path(path_type=Path))
@click.option(
    "--sheet", "sheets", multiple=True, type=click.Choice(SHEETS), default=("solution",),
    show_default=True, help="Which sheet to write; may be repeated.",
)  # fmt: skip
@click.option(
    "--to", multiple=True, type=click.Choice(TO),
    help="Which format to write; may be repeated. Default: md and pdf.",
)  # fmt: skip
@click.option(
    "--dialect", type=click.Choice(DIALECTS),
    help="Markdown with dollar signs (Jupyter, pandoc, editors) or for GitHub. "
    "Default: what the exam says, else dollar.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
    help="Where to write. Default: beside the exam.",
)  # fmt: skip
@click.option(
    "--font", "fonts", multiple=True, metavar="FAMILY",
    help="A font of this machine for what the fonts of a PDF lack (they have Latin, Greek, "
    "Hangul): --font 'Noto Serif CJK SC'; may be repeated.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the answers and tables as JSON.")
@click.option(
    "--explain-reading", is_flag=True,
    help="Print how δ, σ, *, primes, bars, superscripts, π, e and d were read, and why.",
)  # fmt: skip
def solve(
    exam: Path,
    sheets: tuple[Any, ...],
    to: tuple[str, ...],
    dialect: Any,
    output: Path | None,
    fonts: tuple[str, ...],
    as_json: bool,
    explain_reading: bool,
) -> None:
    """Answer every question mark of EXAM and write the sheets.

    Writes solution.md, key.pdf, … and prints their paths. With --json or --explain-reading and
    no --to, writes nothing.
    """
    from symgrad.api import Exam

    solution = Exam.read(exam).solve()
    targets = to or (() if as_json or explain_reading else ("md", "pdf"))
    chosen: Any = dialect or solution.exam.options.get("dialect", "dollar")
    if targets:
        home = exam.parent if output is None else output
        for path in solution.write(home, sheets, targets, chosen, fonts):
            click.echo(str(path), err=as_json)
    if explain_reading:
        from symgrad.gloss import listed, readings

        for line in listed(readings(solution)):
            click.echo(line, err=as_json)
    if as_json:
        import json

        click.echo(json.dumps(solution.proved.json(), ensure_ascii=False, indent=2))


@main.command(cls=Formulas)
@click.argument("equations")
@click.argument("question")
@click.option("--latex", "as_latex", is_flag=True, help="Print LaTeX.")
@click.option("--steps", is_flag=True, help="Show every step with its reason.")
def derive(equations: str, question: str, as_latex: bool, steps: bool) -> None:
    """Answer one QUESTION about EQUATIONS, both in LaTeX.

    \b
    symgrad derive 'z = w x + b, L = (y - z)^2' '\\partial L/\\partial w'
    """
    from symgrad.api import Network
    from symgrad.expr import PI, walk

    network = Network(equations)
    asked = network.question(question)
    answer = network.answered(asked)
    show = shown_latex if as_latex else shown_unicode
    for line in show(answer, steps):
        click.echo(line)
    if not as_latex and answer.derivation and PI in walk(answer.derivation.answer):
        click.echo("π is the number 3.14159…")


def shown_unicode(answer: Answer, steps: bool) -> list[str]:
    """An answer as lines of Unicode; below it what the gradients stand for that it leaves named."""
    from symgrad.rewrite import left_named
    from symgrad.terminal import in_unicode, plainly, ranges, stated
    from symgrad.terminal import steps as leading

    d = answer.derivation
    end = plainly(answer)
    if d is None:
        return [end]
    where = "" if answer.whole is not None else ranges(d.indices)
    end += f"   ({where})" if where else ""
    if steps:
        return [*in_unicode(leading(d)), "", end]
    if answer.whole is not None:
        return [end, *map(stated, answer.whole.named)]
    return [end, *map(stated, left_named(d) if answer.value is None else ())]


def shown_latex(answer: Answer, steps: bool) -> list[str]:
    """An answer as LaTeX; below it what the gradients stand for that it leaves named."""
    from symgrad.latex import latex
    from symgrad.rewrite import left_named
    from symgrad.terminal import in_latex
    from symgrad.terminal import steps as leading

    d = answer.derivation
    if d is None:
        return [f"{answer.question} = {answer.latex}"]
    if steps:
        return [in_latex(leading(d))]
    if answer.whole is not None:
        return [f"{latex(answer.whole.goal)} = {answer.latex}"]
    return [d.latex(), *(u.latex() for u in left_named(d))]


@main.command(cls=Formulas)
@click.argument("a", required=False)
@click.argument("b", required=False)
@click.option("--given", default="", metavar="LATEX", help="Equations, ranges and facts.")
@click.option("--batch", type=click.Path(path_type=Path), help="A file with a pair in each line.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
@click.option(
    "--budget", default=2.0, show_default=True, callback=seconds, help="Seconds for one pair."
)
@click.pass_context
def equal(
    ctx: click.Context,
    a: str | None,
    b: str | None,
    given: str,
    batch: Path | None,
    as_json: bool,
    budget: float,
) -> None:
    """Decide whether the formulas A and B are equal, for all sizes and all values.

    \b
    symgrad equal '\\sum_{i=1}^n x_i' '\\sum_{j=0}^{n-1} x_{j+1}'

    With --batch, each line of the file is {"id", "a", "b", "given"} in JSON, and each line of
    the output the verdict on it. Exit code 0: equal (also but for ties); 1: not shown to be
    equal; 2: not understood. With --batch: 2 if no line was understood, else 0.
    """
    if batch is not None:
        if a is not None:
            raise click.UsageError("found formulas beside --batch, expected one or the other")
        ctx.exit(pairs_of(batch, budget))
    if a is None or b is None:
        raise click.UsageError("found no two formulas, expected A and B, or --batch FILE")
    from symgrad.compare import equal as decided
    from symgrad.terminal import verdict_lines
    from symgrad.verdict import record

    verdict = decided(a, b, given, budget)
    if as_json:
        import json

        click.echo(json.dumps(record(verdict), ensure_ascii=False, indent=2))
    else:
        for text in verdict_lines(verdict):
            click.echo(text)
    codes = {"Equal": 0, "EqualExceptTies": 0, "Invalid": BAD_INPUT}
    ctx.exit(codes.get(verdict.name, 1))


def pairs_of(batch: Path, budget: float) -> int:
    """The verdict on every line of a file, in order; gives the exit code."""
    import json
    from codecs import BOM_UTF8

    from rich.console import Console
    from rich.progress import track

    from symgrad.compare import line

    try:
        whole = batch.read_bytes().removeprefix(BOM_UTF8)
    except OSError as error:
        raise SymgradError(
            f"found no readable file {batch} ({error.strerror}), expected a pair in each line",
            hint="check the path",
        ) from None
    lines = [t for t in whole.splitlines() if t.strip()]
    console = Console(stderr=True)
    understood = not lines
    bar = track(lines, console=console, description="", disable=not console.is_terminal)
    for raw in bar:
        found = line(raw, budget)
        understood = understood or found["verdict"] != "Invalid"
        click.echo(json.dumps(found, ensure_ascii=False))
    return 0 if understood else BAD_INPUT


@main.command()
@click.argument("work", type=click.Path(path_type=Path))
@click.option(
    "--against", type=click.Path(path_type=Path), metavar="EXAM", help="The exam that WORK answers."
)
@click.option(
    "--part",
    default="",
    metavar="LABEL",
    help="The part of EXAM that all of WORK answers, such as 3.3 (b).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option(
    "--to",
    multiple=True,
    type=click.Choice(TO),
    help="Write the report in this format; may be repeated.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="REPORT",
    help="Where to write it: a file, or a directory. Default: beside WORK.",
)
@click.option("--no-answers", is_flag=True, help="Do not show the right formulas.")
@click.option("--all", "every", is_flag=True, help="Show what is right as well.")
@click.option("--budget", default=2.0, show_default=True, help="Seconds for one formula.")
@click.pass_context
def check(
    ctx: click.Context,
    work: Path,
    against: Path | None,
    part: str,
    as_json: bool,
    to: tuple[str, ...],
    output: Path | None,
    no_answers: bool,
    every: bool,
    budget: float,
) -> None:
    """Check every formula that a person wrote in WORK (Markdown, plain text or LaTeX).

    \b
    symgrad check answers.md --against exam.md

    Exit code 0: nothing is wrong; 1: something is; 2: it could not run.
    """
    from rich.console import Console

    from symgrad.exam import Exam
    from symgrad.grade import check as checked
    from symgrad.guard import guarded
    from symgrad.report import lines, sheet, targets
    from symgrad.solve import solve
    from symgrad.work import read_work

    wanted = list(targets(work, output, to)) if to or output is not None else []
    for target, home, stem in wanted:
        for own in filter(None, (work, against)):
            if (home / f"{stem}.{target}").resolve() == own.resolve():
                raise SymgradError(
                    f"found {own} itself as the report, expected a file that may be replaced",
                    hint="choose another name with -o",
                )
    if part and against is None:
        raise click.UsageError("found --part without --against, expected an exam whose part it is")
    exam = None if against is None else Exam.read(against)
    read = read_work(work)
    solution = None if exam is None else solve(exam)

    def judged(piecewise: Piecewise[list[Claim]]) -> Report:
        return checked(read, solution, part, budget, piecewise)

    report = guarded(judged)
    if as_json:
        import json

        click.echo(json.dumps(report.json(answers=not no_answers), ensure_ascii=False, indent=2))
    else:
        console = Console(highlight=False, soft_wrap=True)
        styles = {
            "wrong": "bold red",
            "ties": "yellow",
            "unread": "yellow",
            "open": "yellow",
            "source": "dim",
        }
        for text, how in lines(report, not no_answers, every):
            console.print(text, style=styles.get(how), markup=False)
    if wanted:
        from symgrad import render

        files: dict[Path, bytes] = {}
        for target, home, stem in wanted:
            files |= render.files(sheet(report, not no_answers), (target,), home, stem)
        render.save(files)
        for path in files:
            click.echo(str(path), err=True)
    ctx.exit(1 if report.wrong else 0)


@main.command()
@click.argument("layers")
@click.option(
    "-q", "--quantity", "asked", multiple=True, metavar="WORDS",
    help="What to count, as a table of an exam would head it: 'FLOPs', 'receptive field', "
    "'weights', 'memory (KB)'; may be repeated.",
)  # fmt: skip
def count(layers: str, asked: tuple[str, ...]) -> None:
    """Count sizes, parameters and costs of LAYERS.

    \b
    symgrad count 'INPUT 32x32x1; CONV5-10; POOL2; FC-10'
    """
    from rich.console import Console

    from symgrad.api import count_layers
    from symgrad.count import Quantity, quantity, unknown
    from symgrad.errors import Place
    from symgrad.terminal import COLUMNS, counted, remarks

    columns = [Quantity(k) for k in COLUMNS]
    if asked:
        columns = []
        for words in asked:
            found = quantity(words)
            if found is None:
                raise unknown(words, Place("<quantity>", 1, 1, words))
            columns.append(found)
    result = count_layers(layers)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, WIDE)
    console.print(counted(result, columns))
    for remark in remarks(result):
        console.print(remark, style="dim", markup=False)


WIDE = 200
"""Columns of a table that goes to a file or a pipe: nothing is wrapped there."""


@main.command()
@click.argument("name", required=False)
@click.option("--exam", is_flag=True, help="An exam that asks for every gradient of a family.")
def layers(name: str | None, exam: bool) -> None:
    """List the catalogue of layers, or a family of it (losses, …), or show one NAME: its equations,
    its gradients, and how each was proved equal to the formula of a textbook."""
    from symgrad.errors import NetworkError
    from symgrad.layers import CATALOGUE, FAMILIES, family, layer

    of = None if name is None else family(name)
    if exam:
        if of is None:
            names = ", ".join(f.name for f in FAMILIES)
            raise NetworkError(f"found {name or 'no name'} for --exam, expected one of {names}")
        click.echo(of.exam, nl=False)
        return
    if name is None or of is not None:
        width = max(len(x.name) for x in CATALOGUE)
        for f in FAMILIES if of is None else (of,):
            click.echo(f"{f.title} ({f.name})")
            for x in f.layers:
                click.echo(f"  {x.name:<{width}}  {x.title}")
        return
    from symgrad.claims import judged
    from symgrad.terminal import claim_lines, plain_statement

    made = layer(name)
    click.echo(made.title)
    for equation in made.equations:
        click.echo(f"  {plain_statement(equation)}")
    for found in judged(made):
        for text in claim_lines(found.derivation, found.verdict, found.claim.source):
            click.echo(text)


@main.command()
def doctor() -> None:
    """Say which engines and fonts are found, and what a missing one costs."""
    from symgrad.doctor import findings

    found = findings()
    width = max(len(f.name) for f in found)
    for f in found:
        mark = "ok " if not f.missing else "!! " if f.needed else "-- "
        click.echo(f"{mark} {f.name:<{width}}  {f.version or 'not found: ' + f.cost}")
    if any(f.missing and f.needed for f in found):
        click.echo("Something symgrad needs is missing: install it again with pip.", err=True)
        raise click.exceptions.Exit(1)
