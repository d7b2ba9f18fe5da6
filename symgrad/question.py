"""Which gradient answers which question: under other letters, for all entries, in either order."""

from __future__ import annotations

from collections.abc import Sequence

from symgrad.expr import Expr, Num, Partial, Ref, derivatives


def entries_of(indices: Sequence[Expr]) -> bool:
    """Are these the letters of any entry?"""
    plain = all(isinstance(i, Ref) and not i.indices for i in indices)
    return plain and len(set(indices)) == len(indices)


def asks(question: Expr, goal: Partial, running: bool = True) -> bool:
    """Is a gradient what a question asks for, under other letters maybe, or for all entries where
    the question asks for one? ∂L/∂h_T by itself (not `running`) is no answer for every h_t."""
    match question:
        case Partial(of=Partial()):
            return asks_again(question, goal, running)
        case Partial(of=Ref() as of, by=Ref() as by):
            pass
        case _:
            return False
    if not isinstance(goal.of, Ref) or not isinstance(goal.by, Ref):
        return False
    if of.name != goal.of.name or by.name != goal.by.name:
        return False
    if on_diagonal((*goal.of.indices, *goal.by.indices)) and not on_diagonal(
        (*of.indices, *by.indices)
    ):
        return False  # ∂p_i/∂z_i is no answer for every ∂p_i/∂z_j
    if len(by.indices) != len(goal.by.indices):
        some = by.indices or goal.by.indices  # ∂L/∂W of all entries, ∂L/∂W_{ij} of one
        return not (by.indices and goal.by.indices) and entries_of(some)
    if question == goal:
        return True
    if any(isinstance(i, Ref) and i.indices for i in by.indices):
        return False  # w_{y_i} is one entry
    numbers = any(isinstance(i, Num) for i in goal.by.indices)
    return running and not numbers


def on_diagonal(indices: Sequence[Expr]) -> bool:
    """Does a letter occur twice among the indices?"""
    letters = [i.name for i in indices if isinstance(i, Ref) and not i.indices]
    return len(set(letters)) < len(letters)


def asks_again(question: Partial, goal: Partial, running: bool) -> bool:
    """Is a second derivative what a question asks for, in either order, under other letters maybe,
    or for all entries? One on the diagonal, ∂²L/∂w_i², is no answer for every entry."""
    if question == goal:
        return True
    pairs = (derivatives(question), derivatives(goal))
    asked, said = ([r for r in by if isinstance(r, Ref)] for _, by in pairs)
    if pairs[0][0] != pairs[1][0] or sorted(r.name for r in asked) != sorted(r.name for r in said):
        return False
    theirs, mine = ([i for r in side for i in r.indices] for side in (asked, said))
    if not theirs or not mine:
        return entries_of(theirs or mine)
    return running and (entries_of(mine) or not entries_of(theirs)) and len(theirs) == len(mine)
