r"""The closed table of LaTeX maths: every macro and environment a sheet may contain.

Left the LaTeX name, right what prints it in Typst. A name that is not here is refused, so that
nothing an author types can reach TeX's programming layer. The names are those that LaTeX with
amsmath and amssymb, KaTeX and MathJax all know.
"""

# ruff: noqa: RUF001 -- the signs people paste look like letters

from __future__ import annotations

import re

_SAME = (
    "alpha beta gamma delta zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon "
    "chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega "
    "partial nabla forall exists emptyset prime "
)

LETTERS = {name: name for name in _SAME.split()} | {
    "epsilon": "epsilon.alt",
    "varepsilon": "epsilon",
    "phi": "phi.alt",
    "varphi": "phi",
    "vartheta": "theta.alt",
    "varkappa": "kappa.alt",
    "varpi": "pi.alt",
    "varrho": "rho.alt",
    "varsigma": "sigma.alt",
    "infty": "infinity",
    "ell": "ell",
    "hbar": "planck",
    "Re": "Re",
    "Im": "Im",
    "imath": "dotless.i",
    "jmath": "dotless.j",
    "varnothing": "nothing",
    "top": "top",
    "bot": "bot",
    "ldots": "dots.h",
    "dotsc": "dots.h",
    "cdots": "dots.h.c",
    "dotsb": "dots.h.c",
    "vdots": "dots.v",
    "ddots": "dots.down",
    "backslash": "backslash",
    "dagger": "dagger",
    "ddagger": "dagger.double",
    "vert": 'class("normal", bar.v)',
    "Vert": 'class("normal", bar.v.double)',
    "|": 'class("normal", bar.v.double)',
    "{": "\\{",
    "}": "\\}",
    "lbrace": "\\{",
    "rbrace": "\\}",
    "lbrack": "\\[",
    "rbrack": "\\]",
    "%": "%",
    "_": "\\_",
    "&": "\\&",
    "colon": 'class("punctuation", \\:)',
    "langle": "chevron.l",
    "rangle": "chevron.r",
    "lfloor": "floor.l",
    "rfloor": "floor.r",
    "lceil": "ceil.l",
    "rceil": "ceil.r",
    "lvert": 'class("opening", bar.v)',
    "rvert": 'class("closing", bar.v)',
    "lVert": 'class("opening", bar.v.double)',
    "rVert": 'class("closing", bar.v.double)',
}

RELATIONS = {
    "le": "lt.eq",
    "leq": "lt.eq",
    "leqslant": "lt.eq.slant",
    "ge": "gt.eq",
    "geq": "gt.eq",
    "geqslant": "gt.eq.slant",
    "lt": "lt",
    "gt": "gt",
    "ll": "lt.double",
    "gg": "gt.double",
    "ne": "eq.not",
    "neq": "eq.not",
    "equiv": "equiv",
    "approx": "approx",
    "cong": "tilde.equiv",
    "sim": "tilde.op",
    "simeq": "tilde.eq",
    "propto": "prop",
    "doteq": "eq.dot",
    "triangleq": "eq.delta",
    "in": "in",
    "notin": "in.not",
    "ni": "in.rev",
    "subset": "subset",
    "subseteq": "subset.eq",
    "supset": "supset",
    "supseteq": "supset.eq",
    "prec": "prec",
    "succ": "succ",
    "mid": "divides",
    "parallel": "parallel",
    "perp": "perp",
    "to": "arrow.r",
    "rightarrow": "arrow.r",
    "gets": "arrow.l",
    "leftarrow": "arrow.l",
    "leftrightarrow": "arrow.l.r",
    "longrightarrow": "arrow.r.long",
    "mapsto": "arrow.r.bar",
    "Rightarrow": "arrow.r.double",
    "Leftarrow": "arrow.l.double",
    "Leftrightarrow": "arrow.l.r.double",
    "implies": "arrow.r.double.long",
    "iff": "arrow.l.r.double.long",
    "uparrow": "arrow.t",
    "downarrow": "arrow.b",
}

OPERATORS = {
    "cdot": "dot.op",
    "times": "times",
    "div": "div",
    "pm": "plus.minus",
    "mp": "minus.plus",
    "ast": "ast.op",
    "star": "star.op",
    "circ": "compose",
    "bullet": "bullet.op",
    "odot": "dot.o",
    "otimes": "times.o",
    "oplus": "plus.o",
    "ominus": "minus.o",
    "oslash": "slash.o",
    "wedge": "and",
    "land": "and",
    "vee": "or",
    "lor": "or",
    "cap": "inter",
    "cup": "union",
    "setminus": "without",
}

PREFIXES = {"neg": "not", "lnot": "not"}

BIG = {
    "sum": "sum",
    "prod": "product",
    "coprod": "product.co",
    "int": "integral",
    "iint": "integral.double",
    "oint": "integral.cont",
    "bigcup": "union.big",
    "bigcap": "inter.big",
    "bigoplus": "plus.o.big",
    "bigotimes": "times.o.big",
    "bigodot": "dot.o.big",
    "bigvee": "or.big",
    "bigwedge": "and.big",
}

WORDS = {
    name: name
    for name in [
        "arccos",
        "arcsin",
        "arctan",
        "arg",
        "cos",
        "cosh",
        "cot",
        "coth",
        "csc",
        "deg",
        "det",
        "dim",
        "exp",
        "gcd",
        "inf",
        "ker",
        "lim",
        "ln",
        "log",
        "max",
        "min",
        "sec",
        "sin",
        "sinh",
        "sup",
        "tan",
        "tanh",
        "Pr",
    ]
} | {
    "liminf": "liminf",
    "limsup": "limsup",
}

SPACES = {
    ",": "thin",
    "thinspace": "thin",
    ":": "med",
    ">": "med",
    ";": "thick",
    "!": "#h(-0.1667em)",
    "negthinspace": "#h(-0.1667em)",
    " ": "space",
    "enspace": "space.en",
    "quad": "quad",
    "qquad": "wide",
}

SIMPLE = LETTERS | RELATIONS | OPERATORS | PREFIXES | BIG | WORDS | SPACES
"""Macros without an argument, and the Typst symbol each is."""

ACCENTS = {
    "hat": "hat",
    "widehat": "hat",
    "tilde": "tilde",
    "widetilde": "tilde",
    "bar": "macron",
    "vec": "arrow",
    "dot": "dot",
    "ddot": "dot.double",
    "check": "caron",
    "breve": "breve",
    "acute": "acute",
    "grave": "grave",
    "mathring": "circle",
}

WRAPPERS = {
    "overline": "overline",
    "underline": "underline",
    "boldsymbol": "bold",
    "mathcal": "cal",
    "mathfrak": "frak",
    "mathit": "italic",
    "mathsf": "sans",
    "mathtt": "mono",
    "mathbb": "bb",
}
"""One argument, one Typst function around it. `mathbf`, `mathrm` and the braces are special."""

SPECIAL = [
    "frac",
    "tfrac",
    "dfrac",
    "binom",
    "sqrt",
    "mathbf",
    "mathrm",
    "operatorname",
    "operatorname*",
    "left",
    "right",
    "middle",
    "big",
    "Big",
    "bigg",
    "Bigg",
    "bigl",
    "Bigl",
    "biggl",
    "Biggl",
    "bigr",
    "Bigr",
    "biggr",
    "Biggr",
    "bigm",
    "Bigm",
    "biggm",
    "Biggm",
    "underbrace",
    "overbrace",
    "overset",
    "underset",
    "substack",
    "not",
    "begin",
    "end",
    "limits",
    "nolimits",
    "displaystyle",
    "textstyle",
    "scriptstyle",
    "pmod",
    "bmod",
    "dots",
]

TEXT = {"text": "{}", "textrm": "{}", "textbf": "bold({})", "textit": "italic({})"}

BIG_SIZES = {"big": "1.2em", "Big": "1.8em", "bigg": "2.4em", "Bigg": "3em"}

STYLES = {"displaystyle": "display", "textstyle": "inline", "scriptstyle": "script"}

DELIMITERS = {
    "(": "\\(",
    ")": "\\)",
    "[": "\\[",
    "]": "\\]",
    "|": "bar.v",
    "/": "\\/",
    "<": "chevron.l",
    ">": "chevron.r",
    ".": "",
    "\\lvert": "bar.v",
    "\\rvert": "bar.v",
    "\\lVert": "bar.v.double",
    "\\rVert": "bar.v.double",
    "\\vert": "bar.v",
    "\\Vert": "bar.v.double",
    "\\|": "bar.v.double",
} | {
    f"\\{name}": LETTERS[name]
    for name in [
        "{",
        "}",
        "lbrace",
        "rbrace",
        "lbrack",
        "rbrack",
        "langle",
        "rangle",
        "lfloor",
        "rfloor",
        "lceil",
        "rceil",
        "backslash",
    ]
}

ALIGNED = ("aligned", "align", "align*", "split", "gathered", "gather", "gather*")
MATRICES = {
    "matrix": "#none",
    "smallmatrix": "#none",
    "pmatrix": '"("',
    "bmatrix": '"["',
    "Bmatrix": '"{"',
    "vmatrix": '"|"',
    "Vmatrix": '"‖"',
    "array": "#none",
}
ENVIRONMENTS = (*ALIGNED, *MATRICES, "cases")

CHARACTERS = {
    "+": "plus",
    "-": "minus",
    "*": "ast.op",
    "/": "\\/",
    "=": "=",
    "<": "lt",
    ">": "gt",
    "(": "\\(",
    ")": "\\)",
    "[": "\\[",
    "]": "\\]",
    "|": 'class("normal", bar.v)',
    ",": "\\,",
    ";": "\\;",
    ":": "\\:",
    ".": "\\.",
    "!": "\\!",
    "?": "\\?",
    "~": "space",
}

MACROS = (
    frozenset(SIMPLE)
    | frozenset(ACCENTS)
    | frozenset(WRAPPERS)
    | frozenset(SPECIAL)
    | frozenset(TEXT)
)

INSTEAD = {
    "bm": "boldsymbol",
    "mathds": "mathbb",
    "mathscr": "mathcal",
    "cfrac": "dfrac",
    "mbox": "text",
    "textsf": "text",
    "argmax": "operatorname{argmax}",
    "argmin": "operatorname{argmin}",
}
"""Macros of packages, and what the table has in their place."""

UNICODE = {
    "×": "times",
    "·": "cdot",
    "⋅": "cdot",
    "÷": "div",
    "±": "pm",
    "∓": "mp",
    "≤": "le",
    "≥": "ge",
    "≠": "ne",
    "≈": "approx",
    "≡": "equiv",
    "∼": "sim",
    "∝": "propto",
    "∈": "in",
    "∉": "notin",
    "⊂": "subset",
    "⊆": "subseteq",
    "∪": "cup",
    "∩": "cap",
    "∅": "emptyset",
    "∞": "infty",
    "∂": "partial",
    "∇": "nabla",
    "∑": "sum",
    "∏": "prod",
    "→": "to",
    "←": "gets",
    "↦": "mapsto",
    "⇒": "Rightarrow",
    "⇔": "Leftrightarrow",
    "…": "ldots",
    "⋯": "cdots",
    "⊙": "odot",
    "⊗": "otimes",
    "⊕": "oplus",
    "∘": "circ",
    "∗": "ast",
    "⊤": "top",
    "ℓ": "ell",
    "⟨": "langle",
    "⟩": "rangle",
    "⌊": "lfloor",
    "⌋": "rfloor",
    "⌈": "lceil",
    "⌉": "rceil",
    "‖": "Vert",
    "−": "-",
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "varepsilon",
    "ϵ": "epsilon",
    "ζ": "zeta",
    "η": "eta",
    "θ": "theta",
    "ι": "iota",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "mu",
    "ν": "nu",
    "ξ": "xi",
    "π": "pi",
    "ρ": "rho",
    "σ": "sigma",
    "τ": "tau",
    "υ": "upsilon",
    "φ": "varphi",
    "ϕ": "phi",
    "χ": "chi",
    "ψ": "psi",
    "ω": "omega",
    "Γ": "Gamma",
    "Δ": "Delta",
    "Θ": "Theta",
    "Λ": "Lambda",
    "Ξ": "Xi",
    "Π": "Pi",
    "Σ": "Sigma",
    "Φ": "Phi",
    "Ψ": "Psi",
    "Ω": "Omega",
}
"""Signs people paste, and the macro each stands for ('-' is the character)."""

_SPACE = r"(?:\s|~|\\[ ,;:!])*"
BOXED = re.compile(
    r"(?:(?<![\\A-Za-z])|\\(?:text|textbf|textrm|mbox|mathrm|mathbf|boxed|fbox|underline|boldsymbol)\s*)"
    rf"\{{{_SPACE}\?{_SPACE}\}}"
)


def plain_blanks(text: str) -> str:
    r"""LaTeX with every question mark in braces or in a box as a bare one, each sign in its place.

    >>> plain_blanks(r"x = \boxed{\text{?}}, y = ?")
    'x = ?               , y = ?'
    """
    while (after := BOXED.sub(lambda m: "?".ljust(len(m[0])), text)) != text:
        text = after
    return text
