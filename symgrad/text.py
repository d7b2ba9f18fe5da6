r"""Formulas as one line of Unicode, for a terminal: ``∂L/∂kⱼ = Σ_{i=1}^{n} δᵢ xᵢ₊ⱼ₋₁``.

For reading only: what has no raised or lowered letter keeps the braces of LaTeX (``y_c``,
``x_{i,c}``), and every grouping that a fraction bar shows is written with parentheses.
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from itertools import pairwise

from symgrad.expr import (
    Add,
    And,
    Blank,
    Bound,
    Call,
    Cases,
    Div,
    Expr,
    Iverson,
    Mul,
    Neg,
    Num,
    Partial,
    Pow,
    Reduce,
    Ref,
    Rel,
    constant,
    counted,
    derivatives,
    free_names,
)
from symgrad.latex import CIRCULAR, outreaches, placed
from symgrad.unsaid import UNSPECIFIED

SUM, ENTRIES, PRODUCT, POWER, ATOM = range(1, 6)
"""How tightly a formula holds together: a looser one inside a tighter one gets parentheses."""

LOWERED = dict(
    zip(
        "0123456789+−=()aehijklmnoprstuvxβγρφχ",
        "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ",
        strict=True,
    )
)
RAISED = dict(
    zip(
        "0123456789+−=()abcdefghijklmnoprstuvwxyzT",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀ",
        strict=True,
    )
)
RELATIONS = {"=": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥"}
REDUCTIONS = {"sum": "Σ", "prod": "Π", "max": "max", "min": "min"}
FUNCTIONS = {"sigmoid": "σ", "relu": "ReLU", "Phi": "Φ", "trace": "tr"}
NORMS = {"norm": "", "norm_1": "₁", "norm_2": "₂", "norm_F": "_F"}
FRACTIONS = {
    Fraction(1, 2): "½", Fraction(1, 3): "⅓", Fraction(2, 3): "⅔",
    Fraction(1, 4): "¼", Fraction(3, 4): "¾",
}  # fmt: skip

LETTERS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε",
    "zeta": "ζ", "eta": "η", "theta": "θ", "vartheta": "ϑ", "iota": "ι", "kappa": "κ",
    "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "upsilon": "υ", "phi": "ϕ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
    "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ",
    "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "ell": "ℓ", "nabla": "∇",
    "partial": "∂", "infty": "∞", "dots": "…", "ldots": "…", "cdots": "⋯", "cdot": "·",
    "times": "×", "odot": "⊙",
}  # fmt: skip
OPERATORS = frozenset(
    ("exp", "log", "ln", "max", "min", "sin", "cos", "tan", "tanh", "cosh", "sinh", "arctan", "det")
)
"""Macros that print their own name; any other that is not listed here prints nothing."""

ACCENTS = {
    "hat": "\u0302", "widehat": "\u0302", "bar": "\u0304", "overline": "\u0304",
    "tilde": "\u0303", "widetilde": "\u0303", "dot": "\u0307", "ddot": "\u0308",
    "vec": "\u20d7", "check": "\u030c", "breve": "\u0306", "acute": "\u0301", "grave": "\u0300",
}  # fmt: skip
"""Combining characters that stand above the letter before them."""

MARK = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)


def text(e: Expr) -> str:
    r"""`e` in one line.

    >>> from symgrad.expr import ONE
    >>> y = Add((Ref(r"\hat y"), Neg(Ref("y"))))
    >>> print(text(Mul((y, Ref("v", (ONE,))))))
    (ŷ − y) v₁
    """
    return unicodedata.normalize("NFC", _show(e)[0])


def _show(e: Expr) -> tuple[str, int]:
    match e:
        case Num():
            return _number(e)
        case Ref():
            return _reference(e), ATOM
        case Add(terms=terms):
            return _sum(terms), SUM
        case Neg(arg=arg):
            return "−" + _inside(arg, ENTRIES), SUM
        case Mul(factors=factors):
            return _product(factors), PRODUCT
        case Div(num=a, den=b):
            return _quotient(a, b)
        case Pow(base=Call(fn=fn, args=args), exp=Num(value=v)) if fn in CIRCULAR and v > 1:
            inner = ", ".join(map(text, args))
            return f"{_power(FUNCTIONS.get(fn) or name(fn), text(e.exp))}({inner})", ATOM
        case Pow(base=a, exp=b):
            return _power(_inside(a, ATOM), text(b)), POWER
        case Call(fn="column", args=(Ref(name=batch), Ref(name=at))):
            return name(f"{batch[:-1]}({at})}}"), ATOM
        case Call():
            return _call(e)
        case Iverson(cond=cond):
            return f"[{text(cond)}]", ATOM
        case Rel(op=op, lhs=a, rhs=b):
            return f"{text(a)} {RELATIONS[op]} {text(b)}", 0
        case And(conds=conds):
            return _conditions(conds), 0
        case Cases():
            return _cases(e), ATOM
        case Reduce():
            return _reduce(e), PRODUCT
        case Partial():
            return _derivative(e), ATOM
        case Blank():
            return "?", ATOM
    raise TypeError(f"no text for {type(e).__name__}")


def _derivative(e: Partial) -> str:
    of, by = derivatives(e)
    d = "d" if e.total else "∂"
    if len(by) == 1:
        return f"{d}{_inside(of, ATOM)}/{d}{_inside(by[0], ATOM)}"
    below = [
        f"{d}{_inside(name, ATOM)}" + (_power("", str(times)) if times > 1 else "")
        for name, times in counted(by)
    ]
    return f"{_power(d, str(len(by)))}{_inside(of, ATOM)}/{' '.join(below)}"


def _inside(e: Expr, level: int) -> str:
    shown, own = _show(e)
    return f"({shown})" if own < level else shown


def _number(e: Num) -> tuple[str, int]:
    sign = "−" if e.value < 0 else ""
    level = SUM if sign else ATOM
    size = abs(e.value)
    if e.text is not None:
        return e.text.replace("{,}", ",").replace("-", "−"), level
    if size.denominator == 1:
        return f"{sign}{size}", level
    if size in FRACTIONS:
        return sign + FRACTIONS[size], level
    return f"{sign}{size.numerator}/{size.denominator}", SUM if sign else PRODUCT


# -- names --------------------------------------------------------------------------------------


def name(latex: str) -> str:
    r"""A name without its macros.

    >>> name(r"\hat y"), name(r"W^{(1)}"), name(r"x_{\text{in}}"), name(r"\mathbf w")
    ('ŷ', 'W⁽¹⁾', 'xᵢₙ', 'w')
    """
    return unicodedata.normalize("NFC", _plain(MARK.findall(latex)))


def _plain(marks: list[str]) -> str:
    out = ""
    while marks:
        mark = marks.pop(0)
        if mark == "{":
            out += _plain(_group(marks))
        elif mark in "_^" and marks:
            inner = _plain(_argument(marks))
            out = _power(out, inner) if mark == "^" else _lowered(out, inner)
        elif mark.startswith("\\") and mark[1:] in ACCENTS:
            out += _accented(_plain(_argument(marks)), ACCENTS[mark[1:]])
        elif mark == "'":
            out += "′"
        elif mark.startswith("\\"):
            out += LETTERS.get(mark[1:], mark[1:] if mark[1:] in OPERATORS else "")
        elif not mark.isspace() or (marks and out and not out.endswith(" ")):
            out += mark
    return out.strip().replace("′′′", "‴").replace("′′", "″")


def _accented(letters: str, accent: str) -> str:
    return letters[:1] + accent + letters[1:]


def _argument(marks: list[str]) -> list[str]:
    """The marks of a macro's argument: a group, or one mark."""
    while marks and marks[0].isspace():
        marks.pop(0)
    if not marks:
        return []
    mark = marks.pop(0)
    if mark == "{":
        return _group(marks)
    return (
        [mark, *_argument(marks)] if mark.startswith("\\") and mark[1:] not in LETTERS else [mark]
    )


def _group(marks: list[str]) -> list[str]:
    """The marks up to the brace that closes, which is dropped."""
    depth, inside = 1, []
    while marks:
        mark = marks.pop(0)
        depth += {"{": 1, "}": -1}.get(mark, 0)
        if not depth:
            break
        inside.append(mark)
    return inside


def _reference(e: Ref) -> str:
    if "#" in e.name:
        return name(placed(e.name, [text(i) for i in e.indices]).replace(r"\mid", "|"))
    shown = "𝟏" if e.name == r"\mathbf{1}" else name(e.name)
    if e.name.endswith("^{-1}"):
        shown = name(e.name.removesuffix("^{-1}")) + "⁻¹"
        shown = f"({shown})" if e.indices else shown
    if not e.indices:
        return shown
    parts = [text(i).replace(" ", "") for i in e.indices]
    joined = ("" if all(len(p) == 1 and p.isalpha() for p in parts) else ",").join(parts)
    return _lowered(shown, joined)


def _entry_of_power(e: Call) -> str:
    """(Aᵏ)ᵢⱼ."""
    entry, _, exponent = e.args
    assert isinstance(entry, Ref)
    whole = text(Pow(entry.at(entry.indices[:-2]), exponent))
    return f"({whole})" + _reference(Ref("", entry.indices[-2:]))


def _lowered(base: str, index: str) -> str:
    if index and all(c in LOWERED for c in index) and not base.endswith("}"):
        return base + "".join(LOWERED[c] for c in index)
    return f"{base}_{index}" if index.isalpha() else f"{base}_{{{index}}}"


# -- sums, products, powers -----------------------------------------------------------------------


def _sum(terms: tuple[Expr, ...]) -> str:
    out = ""
    for n, term in enumerate(terms):
        sign, body = ("−", term.arg) if isinstance(term, Neg) else ("+", term)
        shown = _inside(body, ENTRIES)
        bound = _open(body)
        if bound and any(bound & free_names(later) for later in terms[n + 1 :]):
            shown = f"({shown})"
        if sign == "+" and isinstance(body, Num) and body.value < 0:
            sign, shown = "−", _number(Num(-body.value))[0]
        if n:
            out += f" {sign} {shown}"
        else:
            out = shown if sign == "+" else f"−{shown}"
    return out


def _open(e: Expr) -> set[str]:
    """The indices that are bound up to the very end of `e` as it is printed."""
    match e:
        case Reduce(bounds=bounds, body=body):
            return {b.name for b in bounds} | _open(body)
        case Mul(factors=factors):
            return _open(factors[-1])
        case Neg(arg=arg):
            return _open(arg)
    return set()


def _product(factors: tuple[Expr, ...]) -> str:
    out = ""
    last = len(factors) - 1
    for n, factor in enumerate(factors):
        shown, own = _show(factor)
        slashed = isinstance(factor, Div) and "/" in shown
        if own < PRODUCT or slashed or isinstance(factor, Mul) or (n < last and _open(factor)):
            shown = f"({shown})"
        if not n:
            out = shown
            continue
        dotted = (
            shown[0].isdigit() or isinstance(factor, Partial) or isinstance(factors[n - 1], Partial)
        )
        out += (" · " if dotted else " ") + shown
    return out


def _quotient(a: Expr, b: Expr) -> tuple[str, int]:
    match a, b:
        case Num(value=x), Num(value=y) if y and x / y in FRACTIONS and x < y:
            return FRACTIONS[x / y], ATOM
    above = text(a) if isinstance(a, Mul) and "/" not in text(a) else _inside(a, POWER)
    below = _inside(b, POWER)
    over = f"({above})" if "/" in above and not above.startswith("(") else above
    under = f"({below})" if "/" in below and not below.startswith("(") else below
    return f"{over}/{under}", PRODUCT


def _power(base: str, exponent: str) -> str:
    squeezed = exponent.replace(" ", "").replace("-", "−")
    if all(c in RAISED for c in squeezed):
        return base + "".join(RAISED[c] for c in squeezed)
    return f"{base}^({exponent})"


# -- functions, sums over an index, conditions ----------------------------------------------------


def _call(e: Call) -> tuple[str, int]:
    inner = ", ".join(text(a) for a in e.args)
    match e.fn:
        case "matrixpower":
            return _entry_of_power(e), ATOM
        case "exp" if e.spelling in ("", "e^") and all(c in RAISED for c in inner.replace(" ", "")):
            return _power("e", inner), POWER
        case "pi":
            return "π", ATOM
        case "sqrt":
            return "√" + _inside(e.args[0], ATOM), ATOM
        case "abs":
            return f"|{inner}|", ATOM
        case "floor":
            return f"⌊{inner}⌋", ATOM
        case "ceil":
            return f"⌈{inner}⌉", ATOM
        case "hadamard":
            return " ⊙ ".join(_inside(a, POWER) for a in e.args), ENTRIES
        case "transpose" if _inverts(e.args[0]):
            return inner.removesuffix("¹") + "ᵀ", POWER
        case "transpose":
            return _inside(e.args[0], ATOM) + "ᵀ", POWER
        case "inner":
            return f"⟨{inner}⟩", ATOM
        case fn if fn in NORMS:
            return f"‖{inner}‖{NORMS[fn]}", ATOM
    shown = FUNCTIONS.get(e.fn) or name(e.fn.removeprefix(UNSPECIFIED))
    return f"{shown}({inner})", ATOM


def _inverts(e: Expr) -> bool:
    """Is it an inverse, X⁻¹?"""
    if isinstance(e, Pow):
        return constant(e.exp) == -1
    return isinstance(e, Ref) and e.name.endswith("^{-1}") and not e.indices


def _conditions(conds: tuple[Expr, ...]) -> str:
    """a ≤ b and b ≤ c as a ≤ b ≤ c; others apart."""
    out = text(conds[0])
    for before, after in pairwise(conds):
        if isinstance(before, Rel) and isinstance(after, Rel) and before.rhs == after.lhs:
            out += f" {RELATIONS[after.op]} {text(after.rhs)}"
        else:
            out += " and " + text(after)
    return out


def _cases(e: Cases) -> str:
    branches = (
        f"{text(value)} otherwise" if cond is None else f"{text(value)} if {text(cond)}"
        for value, cond in e.branches
    )
    return "{" + "; ".join(branches) + "}"


def _reduce(e: Reduce) -> str:
    signs = "".join(f"{REDUCTIONS[e.op]}{_limits(b)} " for b in e.bounds)
    return signs + (f"({text(e.body)})" if outreaches(e) else _inside(e.body, PRODUCT))


def _limits(b: Bound) -> str:
    low = b.name if b.lo is None else f"{name(b.name)}={text(b.lo)}"
    if b.conds:
        low = ", ".join([*([] if b.lo is None else [low]), *(text(c) for c in b.conds)])
    high = "" if b.hi is None else f"^{{{text(b.hi)}}}"
    return f"_{{{low}}}{high}"
