r"""Mathematics that is typed without LaTeX: ``dL/dw_1 = (y_hat - y) * v_1``, ``max(x, 0)``."""

from __future__ import annotations

import re

from symgrad.work import label_end


def plainly_called(text: str) -> str:
    r"""max( of a person in a hurry is \max(."""
    return FUNCTION.sub(lambda m: "\\" + m[0], text)


FUNCTION = re.compile(r"(?<![\\A-Za-z{])(?:max|min|exp|log|ln|tanh|sinh|cosh|sin|cos)(?=\s*[({_^])")


PLAIN = re.compile(r"[\w\s\\^{}()\[\]+\-*/=.,<>|'∂δσθ·×−]+")
WORDS = re.compile(r"(?<![\\\w{])[^\W\d_]{2,}")
KNOWN_WORDS = frozenset(
    [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "eta",
        "theta",
        "lambda",
        "mu",
        "nu",
        "pi",
        "rho",
        "sigma",
        "tau",
        "phi",
        "chi",
        "psi",
        "omega",
        "exp",
        "log",
        "ln",
        "max",
        "min",
        "tanh",
        "sigmoid",
        "relu",
        "sum",
        "sin",
        "cos",
        "hat",
        "sqrt",
    ]
)


TIMES = re.compile(r"(?<=[\d)\s])[xX](?=[\d(\s])")
"""2 x 3 is a product of numbers."""
NAMELIKE = re.compile(r"[d∂][A-Za-z]\w*|[A-Za-z]{1,2}_\w+|[A-Za-z]|[a-z]hat")
"""Words of an equation in plain text: dL, w_1, yhat, x; other words are words."""


def plain_equation(line: str) -> tuple[str, str] | None:
    """A line of plain text that reads as an equation, in LaTeX, and as it stands."""
    body = line[label_end(line) :].lstrip("-*•> \t").rstrip(" .,;")
    if "=" not in body or len(body) > 400 or not PLAIN.fullmatch(body):
        return None
    if body.startswith("=") or body.endswith("=") or "==" in body:
        return None
    for word in WORDS.findall(body):
        base = word.split("_")[0]
        if base not in KNOWN_WORDS and not NAMELIKE.fullmatch(word):
            return None
    if not re.search(r"[A-Za-z]", TIMES.sub("", body)):
        return None
    return in_latex(body), body


def in_latex(text: str) -> str:
    r"""dL/dw_1 = (y_hat - y) * v_1 in LaTeX.

    >>> in_latex("dL/dw_1 = (y_hat - y) * v_1")
    '\\frac{\\partial L}{\\partial w_1} = (\\hat{y} - y) * v_1'
    """
    text = re.sub(r"[d∂]([A-Za-z]\w*)\s*/\s*[d∂]([A-Za-z]\w*)", _fraction, text)
    text = re.sub(r"(?<![A-Za-z\\])([A-Za-z])_?hat\b", r"\\hat{\1}", text)
    text = text.replace("**", "^").replace("−", "-")
    text = re.sub(
        r"(?<![\\A-Za-z{])(" + "|".join(KNOWN_WORDS - {"hat"}) + r")(?![A-Za-z])", r"\\\1", text
    )
    text = text.replace(r"\sigmoid", r"\sigma").replace(r"\relu", r"\mathrm{ReLU}")
    return re.sub(r"_(\w{2,})", lambda m: "_{" + m[1] + "}", text)


def _fraction(hit: re.Match[str]) -> str:
    return rf"\frac{{\partial {hit[1]}}}{{\partial {hit[2]}}}"
