r"""Mathematics typed between backticks, `dL/dw = (h - y) x`, told from programs."""

from __future__ import annotations

import re

EQUATION = re.compile(r"(?<![=<>!:+*/-])=(?!=)")
PLAIN = ("", "text", "txt", "plain", "plaintext")
"""What stands behind the marks of a block that is no program."""
PROGRAM = re.compile(
    r"^[ \t]{0,99}(?:import|from|def|class|for|while|return|print|if|else|elif|with|#include)\b"
    r"|^[ \t]{0,99}(?://|>>>|\$ |#!)|;[ \t]{0,9}$|\bself\.|\b(?:np|torch|tf|jnp)\."
    r"|\w\(\w{1,30}=|==|[+*/-]=|\*\*",
    re.M,
)
"""What only programs write."""
LONGEST = 4_000


def typed(inner: str, info: str = "") -> bool:
    """Is what stands between marks an equation that a person typed, or lines of them?

    >>> typed("dL/dw = x"), typed("model.fit()"), typed("loss = np.mean(x)")
    (True, False, False)
    """
    short = len(inner) <= LONGEST and info.strip().lower() in PLAIN
    return short and EQUATION.search(inner) is not None and PROGRAM.search(inner) is None
