r"""Slips: functions from a right formula to the wrong ones that people write.

One function each. A claim that a slip of the right formula equals is explained by it; and every
slip of every formula must be told apart from the formula, unless it happens to be equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

from symgrad.affine import affine
from symgrad.expr import (
    Add,
    Bound,
    Call,
    Div,
    Expr,
    Iverson,
    Mul,
    Neg,
    Num,
    Pow,
    Reduce,
    Ref,
    Rel,
    children,
    free_names,
    num,
    rebuild,
    substitute,
    walk,
)


@dataclass(frozen=True)
class Whole:
    """The formula in which a slip is made, sizes that may be taken for one another, and tensors
    of the network that may be taken for those of the formula."""

    formula: Expr
    sizes: tuple[str, ...] = ()
    tensors: tuple[Ref, ...] = ()


Slip = Callable[[Expr, Whole], Iterator[Expr]]
"""From a node, and the formula it is in, to what the slip makes of the node."""


def places(whole: Whole, slip: Slip) -> Iterator[Expr]:
    """The formula with the slip made at one place, for each place."""

    def inside(e: Expr) -> Iterator[Expr]:
        if isinstance(e, Ref | Bound) and slip in OF_VALUES:
            return
        if isinstance(e, Bound) and slip in OF_NAMES:
            return
        yield from slip(e, whole)
        kids = () if isinstance(e, Ref) and slip in OF_NAMES else children(e)
        for k, kid in enumerate(kids):
            for new in inside(kid):
                yield rebuild(e, (*kids[:k], new, *kids[k + 1 :]))

    return inside(whole.formula)


def upper_limit(e: Expr, whole: Whole) -> Iterator[Expr]:
    """Σ up to m, or to n ± 1, where n is meant."""
    if isinstance(e, Bound) and e.hi is not None:
        others = [Ref(n) for n in whole.sizes]
        for end in (*others, _moved(e.hi, 1), _moved(e.hi, -1)):
            if end != e.hi and end != Ref(e.name):
                yield Bound(e.name, e.lo, end, e.conds)


def lower_limit(e: Expr, whole: Whole) -> Iterator[Expr]:
    """Σ from 0 or 2 where 1 is meant."""
    if isinstance(e, Bound) and e.lo is not None:
        for by in (1, -1):
            yield Bound(e.name, _moved(e.lo, by), e.hi, e.conds)


def index_shifted(e: Expr, whole: Whole) -> Iterator[Expr]:
    """x_{i+1} where x_i is meant."""
    if isinstance(e, Ref):
        for k, i in enumerate(e.indices):
            for by in (1, -1):
                yield e.at((*e.indices[:k], _moved(i, by), *e.indices[k + 1 :]))


def kernel_not_flipped(e: Expr, whole: Whole) -> Iterator[Expr]:
    """x_{i+j-1} where x_{i-j+1} is meant, and the other way round."""
    if isinstance(e, Ref):
        for k, i in enumerate(e.indices):
            form = affine(i)
            if form is None or len(form.coefficients) < 2:
                continue
            names = [name for name, _ in form.coefficients]
            for some in (*([name] for name in names), names):
                turned = tuple((n, -v if n in some else v) for n, v in form.coefficients)
                for constant in (form.constant, -form.constant):
                    new = type(form)(constant, turned).expr()
                    yield e.at((*e.indices[:k], new, *e.indices[k + 1 :]))


def factor_forgotten(e: Expr, whole: Whole) -> Iterator[Expr]:
    """A factor of a product is missing: an upstream gradient, say."""
    if isinstance(e, Mul):
        for k, f in enumerate(e.factors):
            if not isinstance(f, Iverson | Num):
                yield _mul(e.factors[:k] + e.factors[k + 1 :])


def path_forgotten(e: Expr, whole: Whole) -> Iterator[Expr]:
    """A term of a sum is missing."""
    if isinstance(e, Add) and not _is_size(e, whole):
        for k in range(len(e.terms)):
            rest = e.terms[:k] + e.terms[k + 1 :]
            yield rest[0] if len(rest) == 1 else Add(rest)


def sign(e: Expr, whole: Whole) -> Iterator[Expr]:
    """A minus lost, or one too many."""
    if isinstance(e, Neg):
        yield e.arg
    if isinstance(e, Add) and not _is_size(e, whole):
        for k, t in enumerate(e.terms):
            turned = t.arg if isinstance(t, Neg) else Neg(t)
            yield Add((*e.terms[:k], turned, *e.terms[k + 1 :]))
    if e is whole.formula and not isinstance(e, Neg):
        yield Neg(e)


def number_forgotten(e: Expr, whole: Whole) -> Iterator[Expr]:
    """A factor ½, 2, N or 1/N too many or too few."""
    if isinstance(e, Mul):
        for k, f in enumerate(e.factors):
            if isinstance(f, Num):
                yield _mul(e.factors[:k] + e.factors[k + 1 :])
    if e is whole.formula:
        yield _mul((num(2), e))
        yield _mul((Num(Fraction(1, 2)), e))
        for n in whole.sizes:
            yield _mul((Ref(n), e))
            yield Div(e, Ref(n))
    if isinstance(e, Div) and (isinstance(e.den, Num) or e.den in [Ref(n) for n in whole.sizes]):
        yield e.num


def transposed(e: Expr, whole: Whole) -> Iterator[Expr]:
    """W_{ji} where W_{ij} is meant."""
    if isinstance(e, Ref) and len(e.indices) == 2 and e.indices[0] != e.indices[1]:
        yield e.at(e.indices[::-1])


def other_unit(e: Expr, whole: Whole) -> Iterator[Expr]:
    """δ_2 where δ_1 is meant: the entry of another factor of the formula."""
    if isinstance(e, Ref) and e.indices:
        found = {x.indices for x in walk(whole.formula) if isinstance(x, Ref)}
        for indices in sorted(found, key=str):
            if len(indices) == len(e.indices) and indices != e.indices:
                yield e.at(indices)


def wrong_variable(e: Expr, whole: Whole) -> Iterator[Expr]:
    """A parameter where an activation is meant: another tensor with as many indices."""
    if isinstance(e, Ref):
        inside = tuple(x for x in walk(whole.formula) if isinstance(x, Ref))
        for name in dict.fromkeys(
            r.name for r in (*inside, *whole.tensors) if len(r.indices) == len(e.indices)
        ):
            if name != e.name and name not in whole.sizes:
                yield Ref(name, e.indices)


def elementwise(e: Expr, whole: Whole) -> Iterator[Expr]:
    """W_{ij} x_i where Σ_j W_{ij} x_j is meant: the summand at one index."""
    if isinstance(e, Reduce) and e.op == "sum" and len(e.bounds) == 1:
        (bound,) = e.bounds
        outer = {
            i.name
            for x in walk(e.body)
            if isinstance(x, Ref)
            for i in x.indices
            if isinstance(i, Ref) and not i.indices and i.name != bound.name
        }
        for name in sorted(outer):
            yield substitute(e.body, {bound.name: Ref(name)})


def indicator_lost(e: Expr, whole: Whole) -> Iterator[Expr]:
    """A product without its indicator."""
    if isinstance(e, Mul):
        for k, f in enumerate(e.factors):
            if isinstance(f, Iverson):
                yield _mul(e.factors[:k] + e.factors[k + 1 :])


def indicator_reversed(e: Expr, whole: Whole) -> Iterator[Expr]:
    """[z < 0] where [z > 0] is meant."""
    turned = {">": "<", "<": ">", ">=": "<=", "<=": ">="}
    if isinstance(e, Rel) and e.op in turned:
        yield Rel(turned[e.op], e.lhs, e.rhs)


def square_forgotten(e: Expr, whole: Whole) -> Iterator[Expr]:
    """x where x² is meant."""
    if isinstance(e, Pow) and isinstance(e.exp, Num) and e.exp.value == 2:
        yield e.base


def sum_dropped(e: Expr, whole: Whole) -> Iterator[Expr]:
    """The summand without its Σ."""
    if isinstance(e, Reduce) and e.op == "sum":
        yield e.body


def bracket_lost(e: Expr, whole: Whole) -> Iterator[Expr]:
    """a b + c where a (b + c) is meant."""
    if isinstance(e, Mul):
        for k, f in enumerate(e.factors):
            if isinstance(f, Add) and len(e.factors) > 1:
                for at in (0, len(f.terms) - 1):
                    t = f.terms[at]
                    body = t.arg if isinstance(t, Neg) else t
                    inner = _mul((*e.factors[:k], body, *e.factors[k + 1 :]))
                    put = Neg(inner) if isinstance(t, Neg) else inner
                    yield Add((*f.terms[:at], put, *f.terms[at + 1 :]))


def extreme_exchanged(e: Expr, whole: Whole) -> Iterator[Expr]:
    """min where max is meant."""
    if isinstance(e, Call) and e.fn in ("max", "min"):
        yield Call("min" if e.fn == "max" else "max", e.args)


SLIPS: dict[str, Slip] = {
    "upper limit": upper_limit,
    "path forgotten": path_forgotten,
    "factor forgotten": factor_forgotten,
    "sign": sign,
    "indicator lost": indicator_lost,
    "number": number_forgotten,
    "indicator reversed": indicator_reversed,
    "square forgotten": square_forgotten,
    "sum dropped": sum_dropped,
    "bracket lost": bracket_lost,
    "transposed": transposed,
    "kernel not flipped": kernel_not_flipped,
    "index shifted": index_shifted,
    "lower limit": lower_limit,
    "elementwise": elementwise,
    "other unit": other_unit,
    "wrong variable": wrong_variable,
    "max and min exchanged": extreme_exchanged,
}
"""In the order in which they explain: what changes the meaning least comes late."""


OF_VALUES = (path_forgotten, factor_forgotten, sign, bracket_lost)
"""Slips that are not made in a subscript or a limit, where others have names of their own."""
OF_NAMES = (other_unit, wrong_variable)
"""Slips that exchange a whole quantity, not a letter of its subscripts."""


def slipped(
    e: Expr, sizes: tuple[str, ...] = (), tensors: tuple[Ref, ...] = ()
) -> Iterator[tuple[str, Expr]]:
    """Every slip of a formula, by name."""
    whole = Whole(e, sizes, tensors)
    for name, slip in SLIPS.items():
        for wrong in places(whole, slip):
            yield name, wrong


UNDONE = (
    "upper limit",
    "sign",
    "number",
    "indicator reversed",
    "transposed",
    "kernel not flipped",
    "index shifted",
    "lower limit",
    "other unit",
    "max and min exchanged",
)
"""Slips that a slip of the same name takes back."""
LOSSES = (
    "path forgotten",
    "factor forgotten",
    "indicator lost",
    "square forgotten",
    "sum dropped",
    "bracket lost",
    "elementwise",
)
"""Slips that lose something, which nothing brings back."""
MOST_LOSSES = 24
"""Places of a loss that are tried with a second loss."""


def twice(
    right: Expr, claim: Expr, sizes: tuple[str, ...], value: Callable[[Expr], object], most: int
) -> Iterator[tuple[str, Expr, Expr]]:
    """Two slips together, by their names, with two formulas that are equal if these turn `right`
    into `claim`: one made in `right`, one taken back in `claim`, or two losses in `right`. Only
    those of one `value` at a point come out; at most so many formulas are made on either side."""
    wanted = value(claim)
    made: dict[object, list[tuple[str, Expr]]] = {}
    first = [(n, e) for n, e in islice(slipped(right, sizes), most) if n != "wrong variable"]
    for name, wrong in first:
        if (v := value(wrong)) is not None:
            made.setdefault(v, []).append((name, wrong))
    for back, undone in islice(slipped(claim, sizes), most):
        if back in UNDONE and (v := value(undone)) is not None:
            for name, wrong in made.get(v, ()):
                yield " + ".join(dict.fromkeys((name, back))), wrong, undone
    losses = [(n, e) for n, e in first if n in LOSSES][:MOST_LOSSES]
    for name, wrong in losses:
        for other, both in slipped(wrong, sizes):
            if other in LOSSES and wanted is not None and value(both) == wanted:
                yield " + ".join(dict.fromkeys((name, other))), both, claim


def _is_size(e: Expr, whole: Whole) -> bool:
    """Is it made of sizes alone: n - 1?"""
    return free_names(e) <= set(whole.sizes)


def _moved(e: Expr, by: int) -> Expr:
    form = affine(e)
    if form is None:
        return Add((e, num(by)))
    return type(form)(form.constant + by, form.coefficients).expr()


def _mul(factors: tuple[Expr, ...]) -> Expr:
    return num(1) if not factors else factors[0] if len(factors) == 1 else Mul(factors)
