r"""Sheets to Markdown, LaTeX, Typst, PDF and files; the only module that knows Jinja2.

Everything is made in memory first; files appear whole or not at all.
"""

from __future__ import annotations

import difflib
import os
import re
import tempfile
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from symgrad.errors import FontError, SheetError
from symgrad.figure import Drawing
from symgrad.page import Sheet
from symgrad.printing import Printer, Raw, drawn, figures
from symgrad.targets import LatexPrinter, MarkdownPrinter, TypstPrinter
from symgrad.typeset import quoted

if TYPE_CHECKING:
    import jinja2

Target = Literal["md", "tex", "typ"]
TARGETS = ("md", "tex", "typ", "pdf")
HERE = Path(__file__).parent
FONTS = HERE / "data" / "fonts"
TIMESTAMP = 946684800
"""The date written into every PDF, so that the same sheet is the same file."""

HANGUL = range(0x1100, 0x1200), range(0x3130, 0x3190), range(0xAC00, 0xD7A4)


def render(
    sheet: Sheet,
    to: Target,
    dialect: Literal["dollar", "github"] = "dollar",
    fonts: Sequence[str] = (),
) -> str:
    r"""The sheet as Markdown, LaTeX or Typst; `fonts` are families for what symgrad's lack.

    >>> from symgrad.page import Paragraph, Sheet, Span
    >>> words = Paragraph((Span("text", "The loss is "), Span("math", r"\tfrac12 y^2")))
    >>> print(render(Sheet("key", "A sheet", blocks=(words,)), "md"))
    # A sheet
    <BLANKLINE>
    The loss is $\tfrac12 y^2$
    <BLANKLINE>
    """
    environment = _environment()
    page = _printer(to, dialect).page(sheet)
    page["fonts"] = [Raw(quoted(font)) for font in fonts]
    page["hangul"] = any(ord(c) in block for c in page["body"] + page["title"] for block in HANGUL)
    text = environment.get_template(f"sheet.{to}.j2").render(page)
    return text.rstrip("\n") + "\n"


def pdf(sheet: Sheet, fonts: Sequence[str] = ()) -> bytes:
    """The sheet as PDF/A-2b: a missing glyph is an error, and the same sheet the same bytes.
    `fonts` are families of this machine, for characters that the fonts of symgrad lack."""
    return _compile(render(sheet, "typ", fonts=fonts), "pdf", fonts)


def svg(drawing: Drawing) -> str:
    """A drawing as SVG on white, its labels as outlines, so that it needs no font."""
    page = "#set page(width: auto, height: auto, margin: 6pt, fill: white)\n"
    font = '#show math.equation: set text(font: ("New Computer Modern Math", "NanumMyeongjo"))\n'
    return _compile(page + font + drawn(drawing), "svg").decode()


def write(
    sheet: Sheet,
    to: Sequence[str],
    directory: Path,
    stem: str,
    dialect: Literal["dollar", "github"] = "dollar",
    fonts: Sequence[str] = (),
) -> list[Path]:
    """Write the sheet as `stem.md`, `stem.tex`, …; figures of Markdown stand in `figures/`."""
    made = files(sheet, to, directory, stem, dialect, fonts)
    save(made)
    return list(made)


def files(
    sheet: Sheet,
    to: Sequence[str],
    directory: Path,
    stem: str,
    dialect: Literal["dollar", "github"] = "dollar",
    fonts: Sequence[str] = (),
) -> dict[Path, bytes]:
    """What `write` writes: the content of each file."""
    made: dict[Path, bytes] = {}
    for target in to:
        if target not in TARGETS:
            raise SheetError(f"found {target!r}, expected one of {', '.join(TARGETS)}")
        made[directory / f"{stem}.{target}"] = _content(sheet, target, dialect, fonts)
    if "md" in to:
        for name, drawing in figures(sheet.blocks).items():
            made[directory / "figures" / f"{name}.svg"] = svg(drawing).encode()
    return made


def template_directory() -> Path:
    """Beside the package in a wheel, at the top of a checkout."""
    for place in (HERE / "templates", HERE.parent / "templates"):
        if (place / "sheet.typ.j2").is_file():
            return place
    raise SheetError("found no templates, expected them beside symgrad", hint="reinstall symgrad")


def _content(
    sheet: Sheet, target: str, dialect: Literal["dollar", "github"], fonts: Sequence[str]
) -> bytes:
    match target:
        case "md" | "tex" | "typ":
            return render(sheet, target, dialect).encode()
    return pdf(sheet, fonts)


def _printer(to: Target, dialect: Literal["dollar", "github"]) -> Printer:
    module: Any = _environment().get_template(f"blocks.{to}.j2").module

    def macros(name: str, /, **parts: Any) -> Raw:
        return Raw(getattr(module, name)(**parts).strip("\n"))

    match to:
        case "md":
            return MarkdownPrinter(macros, dialect)
        case "tex":
            return LatexPrinter(macros)
        case "typ":
            return TypstPrinter(macros)
    raise SheetError(f"found {to!r}, expected md, tex or typ")


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    import jinja2  # a command that prints no sheet need not wait for it

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_directory()),
        undefined=jinja2.StrictUndefined,
        finalize=_only_printed,
        autoescape=False,
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )


def _only_printed(value: object) -> object:
    """Templates may print only what a printer made: no unescaped word slips through."""
    if isinstance(value, Raw) or value == "":
        return value
    raise SheetError(f"found the unescaped {value!r} in a template, expected printed text")


def _compile(source: str, form: Literal["pdf", "svg"], fonts: Sequence[str] = ()) -> bytes:
    try:
        import typst  # 80 MB on disk; only PDF and figures need it
    except ImportError as error:
        message = "found no typst, expected the package typst"
        raise SheetError(message, hint="pip install 'typst>=0.15.2,<0.16'") from error
    known = typst.Fonts(include_system_fonts=bool(fonts), font_paths=[str(FONTS)])
    _all_known(fonts, known.families() if fonts else ())
    try:
        made = typst.compile(
            source.encode(),
            format=form,
            font_paths=known,
            pdf_standards=["a-2b"] if form == "pdf" else [],
            timestamp=TIMESTAMP,
        )
    except typst.TypstError as error:
        report = getattr(error, "diagnostic", "") or str(error)
        if missing := "".join(dict.fromkeys("".join(UNDISPLAYED.findall(report)))):
            raise _fontless(missing, source, fonts) from None
        raise SheetError(f"the page cannot be typeset:\n{report}") from error
    if not isinstance(made, bytes):
        raise SheetError("found several pages or none, expected one drawing")
    return made


UNDISPLAYED = re.compile(r'the text `"(.+?)"` could not be displayed')
AROUND = 20
"""So many signs before and after a missing character are shown."""


def _fontless(missing: str, source: str, fonts: Sequence[str]) -> FontError:
    """The characters that no font has, and the words around the first."""
    line = next((x for x in source.split("\n") if missing[0] in x), "")
    plain = re.sub(r"\\(?=\W)", "", re.sub(r"^#\w+\[|[\]\[]", "", line))
    at = max(plain.find(missing[0]), 0)
    around = plain[max(0, at - AROUND) : at + AROUND].strip()
    hint = "write --to md, or --to tex with a font of yours"
    which = "another font of this machine that has them" if fonts else "a font that has them"
    return FontError(missing, around, f"name {which} with --font, or {hint}")


def _all_known(fonts: Sequence[str], families: Collection[str]) -> None:
    """Refuse a family that is not on this machine."""
    for font in fonts:
        if font not in families:
            near = difflib.get_close_matches(font, families, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "install it, or write --to md"
            message = f"found no font {font!r}, expected a family of this machine"
            raise SheetError(message, hint=hint)


def save(files: dict[Path, bytes]) -> None:
    """All files or none: each goes to a temporary file beside it, then all are renamed."""
    ready: list[tuple[Path, Path]] = []
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            ready.append((Path(name), path))
            with os.fdopen(handle, "wb") as file:
                file.write(content)
        for temporary, path in ready:
            temporary.chmod(0o644)
            temporary.replace(path)
    except OSError as error:
        message = f"cannot write {error.filename}: {error.strerror}"
        raise SheetError(message, hint="choose another directory with -o") from error
    finally:
        for temporary, _ in ready:
            temporary.unlink(missing_ok=True)
