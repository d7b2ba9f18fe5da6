r"""Lists of parameters: which names of a list are none, which are missing."""

from __future__ import annotations

from collections.abc import Sequence

from symgrad.expr import Num, Ref, num
from symgrad.latex import latex
from symgrad.network import Network


def complete(network: Network, said: Sequence[Ref], named: bool) -> bool:
    """Is a list meant as all the parameters: θ = …, or at least half as long?"""
    return named or 2 * len(said) > sum(len(entries_of(network, r)) for r in network.parameters)


def sets(network: Network, said: Sequence[Ref]) -> tuple[list[str], list[str]]:
    """Parameters that a list lacks, and names in it that are none."""

    mine: set[Ref] = set()
    for r in network.parameters:
        mine |= set(entries_of(network, r))
    families = {r.name for r in mine}

    def whole(r: Ref) -> bool:
        return r.name in families and r not in mine and not all_numbers(r)

    met = {r for r in said if r in mine}
    met |= {x for r in said if whole(r) for x in mine if x.name == r.name}
    extra = []
    for r in said:
        if r in mine or whole(r):
            continue
        if r.name in network.by_name:
            extra.append(f"${latex(r)}$ is computed by an equation, it is no parameter")
        elif r.name in network.data:
            extra.append(f"${latex(r)}$ is data, no parameter")
        elif not network.knows(r.name):
            extra.append(f"${latex(r)}$ does not occur in the network")
        else:
            extra.append(f"${latex(r)}$ is no parameter")
    return [latex(r) for r in sorted(mine - met, key=latex)], extra


def entries_of(network: Network, r: Ref) -> list[Ref]:
    """A tensor's entries where they are few numbers, else itself."""

    axes = network.ranges(r.name)
    if len(r.indices) == 1 and axes and axes[0].size is not None and not all_numbers(r):
        return [r.at((num(v),)) for v in axes[0].values()]
    return [r]


def all_numbers(r: Ref) -> bool:
    """Is every index a number?"""

    return bool(r.indices) and all(isinstance(i, Num) for i in r.indices)
