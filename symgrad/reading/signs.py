r"""Signs that plain text has in the place of scripts and accents: ᵢ₊₁, x², ŷ.

Each becomes the marks that LaTeX has for it, all at the place of the sign.
"""

from __future__ import annotations

import unicodedata

SUBSCRIPTS = dict(
    zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-=()aehijklmnoprstuvx", strict=True)
)
SUBSCRIPTS |= {"ᵦ": r"\beta", "ᵧ": r"\gamma", "ᵨ": r"\rho", "ᵩ": r"\varphi", "ᵪ": r"\chi"}
SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵀ", "0123456789+-=()niT", strict=True))
FRACTIONS = {"½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅛": (1, 8)}
ACCENTS = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde", "\u0307": "dot", "\u20d7": "vec"}
"""Marks of Unicode that stand on the letter before them."""


def respelled(text: str) -> tuple[str, list[int]] | None:
    r"""The text in LaTeX's own signs, and for each character the place of its sign; None where
    there is nothing to respell.

    >>> respelled("xᵢ₊₁ = ŷ²")[0]
    'x_{i+1} = \\hat{y}^{2}'
    """
    if text.isascii():
        return None
    out: list[tuple[str, int]] = []
    n = 0
    changed = False
    while n < len(text):
        table, sign = (SUBSCRIPTS, "_") if text[n] in SUBSCRIPTS else (SUPERSCRIPTS, "^")
        if text[n] in table:
            end = n
            while end < len(text) and text[end] in table:
                end += 1
            out += [(sign, n), ("{", n)]
            out += [(c, k) for k in range(n, end) for c in table[text[k]]]
            out.append(("}", end - 1))
            n, changed = end, True
            continue
        if text[n] in FRACTIONS:
            top, bottom = FRACTIONS[text[n]]
            out += [(c, n) for c in rf"\frac{{{top}}}{{{bottom}}}"]
            n, changed = n + 1, True
            continue
        letter, accent = accented(text, n)
        if accent:
            out += [(c, n) for c in rf"\{accent}{{{letter}}}"]
            n += 1 if len(unicodedata.normalize("NFD", text[n])) == 2 else 2
            changed = True
            continue
        out.append((text[n], n))
        n += 1
    if not changed:
        return None
    return "".join(c for c, _ in out), [k for _, k in out] + [len(text)]


def accented(text: str, n: int) -> tuple[str, str]:
    """The letter at a place and the accent on it; '' for none."""
    pair = unicodedata.normalize("NFD", text[n : n + 2])[:2]
    if len(pair) == 2 and pair[0].isalpha() and pair[1] in ACCENTS:
        return pair[0], ACCENTS[pair[1]]
    return text[n], ""
