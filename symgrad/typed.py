r"""Mathematics that is typed without LaTeX: ``dL/dw_1 = (y_hat - y) * v_1``, ``max(x, 0)``."""

from __future__ import annotations

import re


def plainly_called(text: str) -> str:
    r"""max( of a person in a hurry is \max(."""
    return FUNCTION.sub(lambda m: "\\" + m[0], text)


FUNCTION = re.compile(r"(?<![\\A-Za-z{])(?:max|min|exp|log|ln|tanh|sinh|cosh|sin|cos)(?=\s*[({_^])")


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
        "sign",
        "sgn",
        "sinh",
        "cosh",
    ]
)


SMALL = "₀-₉ₐ-ₜᵢ-ᵪⱼ₊₋₌₍₎⁰-⁹⁺⁻⁼⁽⁾ⁿⁱᵀ¹²³"
"""Small signs below and above the line, as they stand in a class of a pattern."""
SCRIPT = rf"(?:[_^](?:\{{[^{{}}]{{0,40}}\}}|\w+)|['\u0302-\u0304{SMALL}]){{0,9}}"
"""What may stand on a letter: indices, powers, primes, accents."""
NAME = (
    r"(?:(?!that|what|chat)[^\W\d_]_?hat(?![A-Za-z])|"
    rf"(?:alpha|beta|gamma|delta|theta|sigma|phi|mu|[^\W\d_])){SCRIPT}"
)
QUOTIENT = re.compile(rf"(?<![^\W\d_\\])[d∂]({NAME})\s*/\s*[d∂]({NAME})(?![^\W\d_])")
"""dL/dw, the gradient."""
WORD = re.compile(r"(?<![\\A-Za-z{])(" + "|".join(sorted(KNOWN_WORDS - {"hat"})) + r")(?![A-Za-z])")
SET = re.compile(r"=\s*\{((?:[^{}]|\{[^{}]*\})*)\}\s*$")
"""A list in braces: θ = {w, b}."""
BRACKET = re.compile(r"(?<![A-Za-z\d_^{}\\.])1\s*\{([^{}]*[=<>≤≥≠][^{}]*)\}")
"""An indicator in braces: 1{k = y}."""
SUM = re.compile(rf"[Σ∑](?=\s{{0,9}}[_^{SMALL}])|∑")
PRODUCT = re.compile(rf"[Π∏](?=\s{{0,9}}[_^{SMALL}])|∏")


def in_latex(text: str) -> str:
    r"""dL/dw_1 = (y_hat - y) * v_1 in LaTeX.

    >>> in_latex("dL/dw_1 = (y_hat - y) * v_1")
    '\\frac{\\partial L}{\\partial w_1} = (\\hat{y} - y) * v_1'
    """
    text = QUOTIENT.sub(_fraction, text)
    text = re.sub(
        r"(?<![A-Za-z\\])(?!that|what|chat)([A-Za-z])_?hat(?![A-Za-z])", r"\\hat{\1}", text
    )
    text = text.replace("⊙", r"\odot ").replace("∘", r"\circ ")
    text = text.replace("**", "^").replace("−", "-").replace("–", "-")
    text = BRACKET.sub(r"\\mathbf{1}[\1]", SET.sub(r"= \\{\1\\}", text))
    text = PRODUCT.sub(r"\\prod", SUM.sub(r"\\sum", text))
    text = re.sub(r"√\s*(?=\()", r"\\sqrt", text)
    for sign in (r"\sqrt", "^", "_"):
        text = grouped(text, sign)
    text = WORD.sub(r"\\\1", text)
    text = re.sub(r"\\(sign|sgn)(?![A-Za-z])", r"\\operatorname{\1}", text)
    text = text.replace(r"\sigmoid", r"\sigma").replace(r"\relu", r"\mathrm{ReLU}")
    for word, sign in (("<=", r"\le "), (">=", r"\ge "), ("!=", r"\ne ")):
        text = text.replace(word, sign)
    return re.sub(r"_(\w{2,})", lambda m: "_{" + m[1] + "}", text)


def grouped(text: str, sign: str) -> str:
    r"""The parentheses behind a sign as braces: x^(n-1) is x^{n-1}.

    >>> grouped("x^(n-1) (a)", "^")
    'x^{n-1} (a)'
    """
    at = 0
    while (at := text.find(sign + "(", at)) >= 0:
        first = at + len(sign)
        depth = 0
        for k in range(first, len(text)):
            depth += (text[k] == "(") - (text[k] == ")")
            if depth == 0:
                text = f"{text[:first]}{{{text[first + 1 : k]}}}{text[k + 1 :]}"
                break
        at = first
    return text


def _fraction(hit: re.Match[str]) -> str:
    return rf"\frac{{\partial {hit[1]}}}{{\partial {hit[2]}}}"
