r"""Formulas as LaTeX, in the author's order.

The inverse of `notation`: reading what `latex` prints gives the formula back. Only macros that
LaTeX, KaTeX, MathJax and the Typst converter all know are used.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from symgrad.expr import (
    PI,
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
    counted,
    derivatives,
    free,
    free_names,
)

SUM, ENTRIES, PRODUCT, POWER, ATOM = range(1, 6)
"""How tightly a formula holds together: a looser one inside a tighter one gets parentheses."""

RELATIONS = {"=": "=", "!=": r"\ne", "<": "<", "<=": r"\le", ">": ">", ">=": r"\ge"}
REDUCTIONS = {"sum": r"\sum", "prod": r"\prod", "max": r"\max", "min": r"\min"}
FUNCTIONS = {
    "exp": r"\exp",
    "log": r"\log",
    "tanh": r"\tanh",
    "sin": r"\sin",
    "cos": r"\cos",
    "sinh": r"\sinh",
    "cosh": r"\cosh",
    "arctan": r"\arctan",
    "sigmoid": r"\sigma",
    "max": r"\max",
    "min": r"\min",
    "relu": r"\mathrm{ReLU}",
    "sign": r"\mathrm{sign}",
    "erf": r"\operatorname{erf}",
    "trace": r"\operatorname{tr}",
    "diag": r"\operatorname{diag}",
    "softmax": r"\operatorname{softmax}",
}
WORD = re.compile(r"\\(?:mathrm|text|mathit)\{[^{}]*\}'*")
r"""What above an e reads as its label: e^{\mathrm{new}}."""
CIRCULAR = ("tanh", "sinh", "cosh", "sin", "cos", "tan")
"""Functions whose powers are written at their names."""
NORMS = {"norm": "", "norm_1": "_1", "norm_2": "_2", "norm_F": "_F"}


def product_reach(factors: Sequence[Expr], bound: set[str]) -> int:
    r"""How many of the factors after a \prod over the `bound` names are surely its own: up to the
    last that mentions one of them, or the first.

    >>> i = Ref("i")
    >>> product_reach((Ref("a"), Ref("x", (i,)), Ref("c")), {"i"})
    2
    """
    own = [k for k, f in enumerate(factors) if bound & free_names(f)]
    return min(len(factors), max(own, default=0) + 1)


def outreaches(e: Reduce) -> bool:
    """Does a product have factors at its end that would be read as standing beside it?"""
    if e.op != "prod" or not isinstance(e.body, Mul):
        return False
    factors = e.body.factors
    return product_reach(factors, {b.name for b in e.bounds}) < len(factors)


def latex(e: Expr) -> str:
    r"""`e` as LaTeX.

    >>> from symgrad.expr import *
    >>> latex(Mul((Add((Ref(r"\hat y"), Neg(Ref("y")))), Ref("v", (ONE,)))))
    '(\\hat y - y)\\, v_1'
    """
    return _show(e)[0]


def chain(parts: list[Expr], op: str = "=") -> str:
    """The formulas joined by a relation."""
    return f" {RELATIONS[op]} ".join(latex(p) for p in parts)


def bounds(b: Bound) -> tuple[str, str]:
    """What stands below and above the sign that binds `b`."""
    low = b.name
    if b.lo is not None:
        low = f"{b.name}={tight(latex(b.lo))}"
    if b.conds:
        conds = ", ".join(latex(c) for c in b.conds)
        leads = next(iter(free(b.conds[0])), None) == Ref(b.name)
        low = conds if b.lo is None and leads else f"{low}, {conds}"
    return low, "" if b.hi is None else tight(latex(b.hi))


def tight(text: str) -> str:
    """Sums in small print, without room around their signs: x_{i+j-1}."""
    return text.replace(" + ", "+").replace(" - ", "-")


def _show(e: Expr) -> tuple[str, int]:
    match e:
        case Num():
            return _number(e)
        case Ref():
            return _reference(e), ATOM
        case Add(terms=terms):
            return _sum(terms), SUM
        case Neg(arg=arg):
            return "-" + _inside(arg, ENTRIES), SUM
        case Mul(factors=factors):
            return _product(factors), PRODUCT
        case Div(num=a, den=b):
            return rf"\frac{{{latex(a)}}}{{{latex(b)}}}", PRODUCT
        case Pow(base=Call(fn=fn) as base, exp=Num(value=value)) if (
            fn in CIRCULAR and value > 1 and value.denominator == 1
        ):
            return _call_to_a_power(base, latex(e.exp)), ATOM
        case Pow(base=base, exp=exp):
            return _power(base, latex(exp)), POWER
        case Call(fn="column", args=(Ref(name=name), Ref(name=at))):
            return f"{name[:-1]}({at})}}", ATOM
        case Call():
            return _call(e)
        case Iverson(cond=cond):
            return rf"\mathbf{{1}}[{latex(cond)}]", ATOM
        case Rel(op=op, lhs=a, rhs=b):
            return f"{latex(a)} {RELATIONS[op]} {latex(b)}", 0
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
    raise TypeError(f"no LaTeX for {type(e).__name__}")


def _derivative(e: Partial) -> str:
    """∂of/∂by, or of a gradient ∂²of/∂u∂v, a name that stands twice as a square."""
    of, by = derivatives(e)
    d = "d" if e.total else r"\partial "
    if len(by) == 1:
        return rf"\frac{{{d}{_inside(of, POWER)}}}{{{d}{latex(by[0])}}}"
    below = []
    for name, times in counted(by):
        shown = latex(name)
        if times > 1 and not re.search(r"[\^']", shown):
            below.append(f"{d}{shown}^{times}")
        else:
            below += [f"{d}{shown}"] * times
    sign = "d" if e.total else r"\partial"
    bottom = r"\, ".join(below)
    return rf"\frac{{{sign}^{len(by)} {_inside(of, POWER)}}}{{{bottom}}}"


def _number(e: Num) -> tuple[str, int]:
    value = e.value
    if e.text is not None:
        return e.text, SUM if value < 0 else ATOM
    if value.denominator == 1:
        return str(value.numerator), SUM if value < 0 else ATOM
    sign = "-" if value < 0 else ""
    text = rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"
    return text, SUM if value < 0 else PRODUCT


def placed(name: str, parts: Sequence[str]) -> str:
    r"""A name with its indices inside: P(y = #1 \mid x) of 2 is P(y = 2 \mid x)."""
    at = dict(enumerate(parts, 1))
    return re.sub(r"#(\d+)", lambda m: at.get(int(m[1]), r"\cdot"), name)


def _reference(e: Ref) -> str:
    if "#" in e.name:
        return placed(e.name, [_index(i) for i in e.indices])
    if not e.indices:
        return e.name
    parts = [_index(i) for i in e.indices]
    letters = all(re.fullmatch(r"[A-Za-z]|\\[a-z]+", p) for p in parts)
    between = "," if e.commas or not letters else " " if any("\\" in p for p in parts) else ""
    index = tight(between.join(parts))
    if e.name.endswith("^{-1}"):
        return f"({e.name})_{{{index}}}"
    if e.name.endswith("}") and "_{" in e.name:
        head, _, label = e.name.rpartition("_{")
        return f"{head}_{{{label[:-1]},{index}}}"
    return f"{e.name}_{index}" if len(index) == 1 else f"{e.name}_{{{index}}}"


def _index(e: Expr) -> str:
    r"""An index; letters side by side would read as several, so products get ``\cdot``."""
    match e:
        case Mul(factors=(Num(value=value), Ref() as name)) if value > 1:
            return f"{latex(Num(value))} {latex(name)}"
        case Mul(factors=factors):
            rest = [
                paren(latex(f)) if isinstance(f, Mul) else _inside(f, PRODUCT) for f in factors[1:]
            ]
            head = factors[0]
            start = _index(head) if isinstance(head, Mul) else _inside(head, PRODUCT)
            return r" \cdot ".join([start, *rest])
        case Neg(arg=Mul() as arg):
            return "-" + _index(arg)
        case Add(terms=(first, *rest)):
            out = paren(latex(first)) if isinstance(first, Add) else _index_term(first)
            for term in rest:
                sign, body = ("-", term.arg) if isinstance(term, Neg) else ("+", term)
                text = _index_term(body) if isinstance(body, Mul) else _inside(body, PRODUCT)
                out += f" {sign} {text}"
            return out
    return latex(e)


def _index_term(e: Expr) -> str:
    """A term of an index that is a sum, where s(i-1) is a product and nothing else."""
    match e:
        case Mul(factors=(Ref(indices=()) as name, Add() as group)) if not _calls(name.name):
            return f"{latex(name)}({latex(group)})"
    return _index(e)


def _inside(e: Expr, level: int) -> str:
    text, own = _show(e)
    return paren(text) if own < level else text


def paren(text: str) -> str:
    """`text` in parentheses that are as tall as it is."""
    if re.search(r"\\(frac|sum|prod|begin|max_|min_|left)", text):
        return rf"\left({text}\right)"
    return f"({text})"


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


def _sum(terms: tuple[Expr, ...]) -> str:
    out = ""
    for n, term in enumerate(terms):
        sign, body = ("-", term.arg) if isinstance(term, Neg) else ("+", term)
        if isinstance(body, Num) and body.value < 0 and sign == "+":
            text = _number(body)[0]
            sign, text = "-", text.removeprefix("-")
        else:
            text = _inside(body, ENTRIES if n or sign == "-" else SUM + (isinstance(body, Add)))
            bound = _open(body)
            if bound and any(bound & free_names(later) for later in terms[n + 1 :]):
                text = paren(text)
        if n == 0:
            out = text if sign == "+" else f"-{text}"
        else:
            out += f" {sign} {text}"
    return out


def _entry_of_power(e: Call) -> str:
    """(A^k)_{ij}."""
    entry, _, exponent = e.args
    assert isinstance(entry, Ref)
    whole = Pow(entry.at(entry.indices[:-2]), exponent)
    return latex(Ref(paren(latex(whole)), entry.indices[-2:]))


def _product(factors: tuple[Expr, ...]) -> str:
    out = ""
    last = len(factors) - 1
    for n, factor in enumerate(factors):
        text, own = _show(factor)
        open_ended = isinstance(factor, Reduce) and n < last
        apart = isinstance(factor, Mul) and (n or any(map(_is_transpose, factor.factors)))
        if own < PRODUCT or apart or open_ended:
            text = paren(text)
        if n == 0:
            out = text
        else:
            out += _times(factors[n - 1], out, factor, text) + text
    return out


def _times(before: Expr, left: str, after: Expr, right: str) -> str:
    if right[0].isdigit() or (isinstance(before, Num) and isinstance(after, Num | Div | Iverson)):
        return r" \cdot "
    if isinstance(after, Num) or (before == PI and right.startswith(("(", r"\left("))):
        return r" \cdot "
    if PI in (before, after):
        return r"\, " if isinstance(after, Call | Reduce | Partial) and after != PI else " "
    call_like = isinstance(before, Ref) and right.startswith(("(", r"\left("))
    if isinstance(before, Ref) and (before.name == "d" or (call_like and _calls(before.name))):
        return r" \cdot "
    if call_like:
        return r"\, "
    tall = isinstance(before, Div | Partial | Iverson | Call | Reduce | Cases)
    tall = tall and not _is_transpose(before)
    tall = tall or isinstance(after, Partial | Iverson | Reduce | Cases)
    tall = tall or (isinstance(after, Call) and not _is_transpose(after))
    if isinstance(before, Num):
        return r"\, " if isinstance(after, Reduce | Partial) else " "
    return r"\, " if tall or left.endswith(")") or right.startswith(("(", r"\left(")) else " "


def _is_transpose(e: Expr) -> bool:
    """Is it one letter or group with the sign of a transpose?"""
    return isinstance(e, Call) and e.fn == "transpose"


def _calls(name: str) -> bool:
    """Does a parenthesis after this name read as its argument?"""
    return name == r"\sigma" or name.startswith((r"\mathrm{", r"\text{"))


def _power(base: Expr, exp: str) -> str:
    text, own = _show(base)
    if own < ATOM or isinstance(base, Div | Partial | Cases):
        text = paren(text)
    elif isinstance(base, Ref) and text.endswith("^2") and exp.isdigit():
        exp = str(2 * int(exp))
        text = text.removesuffix("^2")
    elif isinstance(base, Ref) and ("^" in text or "'" in text or _calls(exp)):
        text = f"{{{text}}}"
    elif isinstance(base, Call) and base.fn in NORMS:
        pass
    elif isinstance(base, Iverson | Call) and base != PI:
        text = paren(text)
    return f"{text}^{exp}" if len(exp) == 1 else f"{text}^{{{exp}}}"


def _call(e: Call) -> tuple[str, int]:
    inner = ", ".join(latex(a) for a in e.args)
    match e.fn:
        case "matrixpower":
            return _entry_of_power(e), ATOM
        case "exp" if e.spelling in ("", "e^") and not WORD.fullmatch(inner):
            return f"e^{{{inner}}}", POWER
        case "sqrt":
            return rf"\sqrt{{{inner}}}", ATOM
        case "pi":
            return r"\pi", ATOM
        case "abs":
            return rf"\left\lvert {inner} \right\rvert", ATOM
        case "floor" | "ceil":
            return rf"\left\l{e.fn} {inner} \right\r{e.fn}", ATOM
        case "hadamard":
            parts = (paren(latex(a)) if isinstance(a, Mul) else _inside(a, PRODUCT) for a in e.args)
            return r" \odot ".join(parts), ENTRIES
        case "transpose" if latex(e.args[0]).endswith("^{-1}") and isinstance(e.args[0], Ref | Pow):
            return latex(e.args[0]).removesuffix("1}") + r"\top}", POWER
        case "transpose":
            return _power(e.args[0], "T").removesuffix("T") + r"\top", POWER
        case "inner":
            return rf"\langle {inner} \rangle", ATOM
        case fn if fn in NORMS:
            return rf"\left\lVert {inner} \right\rVert{NORMS[fn]}", ATOM
    name = e.spelling.removesuffix("e^") or FUNCTIONS.get(e.fn) or e.fn
    return name + paren(inner), ATOM


def _call_to_a_power(e: Call, exp: str) -> str:
    r"""\tanh^2(x) for (\tanh(x))^2, as every table has it."""
    name = e.spelling or FUNCTIONS.get(e.fn) or e.fn
    raised = exp if len(exp) == 1 else f"{{{exp}}}"
    return f"{name}^{raised}{paren(latex(e.args[0]))}"


def _conditions(conds: tuple[Expr, ...]) -> str:
    """a ≤ b and b ≤ c as a ≤ b ≤ c; others apart."""
    out = latex(conds[0])
    for before, after in pairwise(conds):
        if isinstance(before, Rel) and isinstance(after, Rel) and before.rhs == after.lhs:
            out += f" {RELATIONS[after.op]} {latex(after.rhs)}"
        else:
            out += ", " + latex(after)
    return out


def _cases(e: Cases) -> str:
    rows = []
    for value, cond in e.branches:
        when = r"\text{otherwise}" if cond is None else rf"\text{{if }} {latex(cond)}"
        rows.append(f"{latex(value)} & {when}")
    return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"


def _reduce(e: Reduce) -> str:
    signs = ""
    for b in e.bounds:
        low, high = bounds(b)
        signs += f"{REDUCTIONS[e.op]}_{{{low}}}" + (f"^{{{high}}}" if high else "") + " "
    if e.op in ("max", "min"):
        signs = ""
        for b in e.bounds:
            if b.lo is not None and b.hi is not None and not b.conds:
                low = rf"{latex(b.lo)} \le {b.name} \le {latex(b.hi)}"
            else:
                low, high = bounds(b)
                low += f"}}^{{{high}" if high else ""
            signs += rf"{REDUCTIONS[e.op]}_{{{low}}} "
    nested = isinstance(e.body, Reduce) and e.body.op == e.op
    text, own = _show(e.body)
    if own < PRODUCT or (isinstance(e.body, Reduce) and not nested) or outreaches(e):
        text = paren(text)
    return signs + text
