r"""Bad input: what a person sees, word for word, with the caret under the fault.

Each exam stands in a file and is read and solved as the command line does it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symgrad.errors import ExamError, Place, SymgradError, point
from symgrad.exam import LARGEST, Exam
from symgrad.solve import solve

ASK = r"\frac{\partial L}{\partial w} = ?"
LAYERS = "| Layer | {} |\n|---|---|\n| INPUT 32×32×1 | 0 |\n| {} | ? |\n"


def part(*formulas: str) -> str:
    """A heading and displays: their lines are 4, 8, 12, …"""
    return "# Part\n\n" + "".join(f"$$\n{f}\n$$\n\n" for f in formulas)


def refused(text: str | bytes, path: str = "exam.md") -> SymgradError:
    """What is said of an exam in a file of the working directory."""
    Path(path).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SymgradError) as caught:
        solve(Exam.read(path))
    return caught.value


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# Every kind of bad input: the exam, then the message line by line

FAULTS: dict[str, tuple[str, ...]] = {
    "unknown macro": (
        part(r"L = \foo{w} x", ASK),
        r"exam.md:4:5: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"  L = \foo{w} x",
        "      ^",
    ),
    "brace nothing opens": (
        part(r"L = w x}", ASK),
        "exam.md:4:8: found }, which nothing opens",
        "  L = w x}",
        "         ^",
    ),
    "brace nothing closes": (
        part(r"L = \frac{w}{x", ASK),
        "exam.md:4:13: found {, which is never closed",
        r"  L = \frac{w}{x",
        "              ^",
    ),
    "unknown environment": (
        part(r"\begin{tikzpicture} L = w \end{tikzpicture}", ASK),
        "exam.md:4:1: found the environment tikzpicture, expected aligned, cases or the "
        "like; write the entries of a matrix with indices",
        r"  \begin{tikzpicture} L = w \end{tikzpicture}",
        "  ^",
    ),
    "gradient of an undefined name": (
        part(r"L = w x", r"\frac{\partial J}{\partial w} = ?"),
        "exam.md:8:16: found a gradient of J, which nothing defines; expected a defined "
        r"name; define J, or give an upstream gradient such as \delta_i = \frac{\partial "
        r"J}{\partial z_i}",
        r"  \frac{\partial J}{\partial w} = ?",
        "                 ^",
    ),
    "gradient by a name that occurs nowhere": (
        part(r"L = w x", r"\frac{\partial L}{\partial u} = ?"),
        "exam.md:8:28: found a gradient by u, which occurs in no equation; expected a "
        "name of the network; the names it reads are w, x",
        r"  \frac{\partial L}{\partial u} = ?",
        "                             ^",
    ),
    "value of a name that occurs nowhere": (
        part(r"L = w x", r"u = ?"),
        "exam.md:8:1: found a question about u, which nothing defines; expected a "
        r"defined name; define it, or ask for the parameters with \theta = ?",
        "  u = ?",
        "  ^",
    ),
    "index out of range": (
        part(r"v_i = w_i x, \quad i = 1, 2", r"L = v_1 + v_2 + v_3", ASK),
        "exam.md:8:17: found v_3 in the definition of L, expected an index from 1 to 2; "
        "change the range of the indices, or define more entries of v",
        "  L = v_1 + v_2 + v_3",
        "                  ^",
    ),
    "index out of a symbolic range": (
        part(r"z_i = w x_i, \quad i = 1, \dots, n", r"L = \sum_{i=1}^n z_{i+1}", ASK),
        "exam.md:8:18: found z_{i+1} (at i = 1, n = 1) in the definition of L, expected "
        "an index from 1 to n; change the range of the indices, or define more entries "
        "of z",
        r"  L = \sum_{i=1}^n z_{i+1}",
        "                   ^",
    ),
    "question out of range": (
        part(r"L = w_1 x_1 + w_2 x_2", r"\frac{\partial L}{\partial w_3} = ?"),
        "exam.md:8:28: found w_3, expected an index from 1 to 2; ask for an entry in "
        "range, or define more entries of w",
        r"  \frac{\partial L}{\partial w_3} = ?",
        "                             ^",
    ),
    "question below a symbolic range": (
        part(r"L = \sum_{i=1}^n w_i x_i", r"\frac{\partial L}{\partial w_0} = ?"),
        "exam.md:8:28: found w_0, expected an index from 1 to n; ask for an entry in "
        "range, or define more entries of w",
        r"  \frac{\partial L}{\partial w_0} = ?",
        "                             ^",
    ),
    "question above a symbolic range": (
        part(r"L = \sum_{i=1}^n w_i x_i", r"\frac{\partial L}{\partial w_{n+1}} = ?"),
        "exam.md:8:28: found w_{n+1}, expected an index from 1 to n; ask for an entry in "
        "range, or define more entries of w",
        r"  \frac{\partial L}{\partial w_{n+1}} = ?",
        "                             ^",
    ),
    "question without the index": (
        part(r"L = \sum_{i=1}^2 w_i x_i", r"\frac{\partial L}{\partial w} = ?"),
        "exam.md:8:28: found w with no index, expected 1 as in w_i; write one entry, "
        "with as many indices as the equations use",
        r"  \frac{\partial L}{\partial w} = ?",
        "                             ^",
    ),
    "question with an index too many": (
        part(r"L = w x", r"\frac{\partial L}{\partial w_1} = ?"),
        "exam.md:8:28: found w_1 with 1 index, expected none as in w; write one entry, "
        "with as many indices as the equations use",
        r"  \frac{\partial L}{\partial w_1} = ?",
        "                             ^",
    ),
    "value question out of range": (
        part(r"v_i = w x_i, \quad i = 1, 2", "w = 2, x_1 = 1, x_2 = 1", "v_3 = ?"),
        "exam.md:12:1: found v_3, expected an index from 1 to 2; ask for an entry in "
        "range, or define more entries of v",
        "  v_3 = ?",
        "  ^",
    ),
    "defined through itself": (
        part(r"z = w z + x", r"L = z^2", ASK),
        "exam.md:4:7: found z defined through itself (z -> z), expected equations that "
        "build on one another; break the cycle: an equation may read only what comes "
        "before it",
        "  z = w z + x",
        "        ^",
    ),
    "defined through another": (
        part(r"z = w a + x", r"a = z + 1", r"L = z^2", ASK),
        "exam.md:4:7: found z defined through itself (z -> a -> z), expected equations "
        "that build on one another; break the cycle: an equation may read only what "
        "comes before it",
        "  z = w a + x",
        "        ^",
    ),
    "every entry through itself": (
        part(r"z_i = w z_i + x_i, \quad i = 1, \dots, n", r"L = \sum_{i=1}^n z_i", ASK),
        "exam.md:4:9: found z_i defined through itself (z_i -> z_i), expected equations "
        "that build on one another; break the cycle: an equation may read only what "
        "comes before it",
        r"  z_i = w z_i + x_i, \quad i = 1, \dots, n",
        "          ^",
    ),
    "recurrence both ways": (
        part(r"h_t = w h_{t-1} + v h_{t+1}, \quad t = 1, \dots, n", r"L = h_n", ASK),
        "exam.md:4:9: found h_t defined through itself (h_t -> h_t), expected equations "
        "that build on one another; a recurrence reads earlier states only, such as "
        "h_{t-1}, or later ones only",
        r"  h_t = w h_{t-1} + v h_{t+1}, \quad t = 1, \dots, n",
        "          ^",
    ),
    "recurrence too long": (
        part(r"z_i = w z_{i-1}, \quad i = 1, \dots, 1000000000", r"L = z_5", ASK),
        "exam.md:4:1: found 1000000000 entries of z_i to write out, expected at most "
        "10000; use smaller sizes",
        r"  z_i = w z_{i-1}, \quad i = 1, \dots, 1000000000",
        "  ^",
    ),
    "function through itself": (
        part(r"f(x) = f(x - 1) w", r"L = f(2)", ASK),
        "exam.md:4:1: found f defined through itself (f -> f), expected functions that "
        "build on one another; write a recurrence with an index, h_t = …, t = 1, 2, 3",
        "  f(x) = f(x - 1) w",
        "  ^",
    ),
    "functions through one another": (
        part(r"f(x) = g(x) w", r"g(x) = f(x)", r"L = f(2)", ASK),
        "exam.md:4:1: found f defined through itself (f -> g -> f), expected functions "
        "that build on one another; write a recurrence with an index, h_t = …, t = 1, 2, "
        "3",
        "  f(x) = g(x) w",
        "  ^",
    ),
    "function with other arguments": (
        part(r"f(x) = w x", r"L = f(2, 3)", ASK),
        "exam.md:8:1: found 2 arguments of f, expected 1",
        "  L = f(2, 3)",
        "  ^",
    ),
    "functions that explode": (
        part("f(x) = " + "x " * 12, r"L = f(f(f(f(f(w)))))", ASK),
        "exam.md:8:1: found calls of f that make a formula of more than 50000 parts, "
        "expected a shorter one; give intermediate results names",
        "  L = f(f(f(f(f(w)))))",
        "  ^",
    ),
    "two definitions": (
        part(r"z = w x", r"z = w + x", r"L = z^2", ASK),
        "exam.md:8:1: found a second definition of z (first at exam.md:4:1), expected "
        "one in a scope; rename one of them, or put the new z under a heading of its own",
        "  z = w + x",
        "  ^",
    ),
    "two definitions in one display": (
        part(r"\begin{aligned} z &= w x \\ z &= w + x \\ L &= z^2 \end{aligned}", ASK),
        "exam.md:4:29: found a second definition of z (first at exam.md:4:17), expected "
        "one in a scope; rename one of them, or put the new z under a heading of its own",
        r"  \begin{aligned} z &= w x \\ z &= w + x \\ L &= z^2 \end{aligned}",
        "                              ^",
    ),
    "overlapping ranges": (
        part(
            r"z_i = w x_i, \quad i = 1, \dots, 3",
            r"z_i = w + x_i, \quad i = 3, \dots, 5",
            r"L = z_1",
            ASK,
        ),
        "exam.md:8:1: found a second definition of z_i (first at exam.md:4:1), expected "
        "one in a scope; rename one of them, or put the new z under a heading of its own",
        r"  z_i = w + x_i, \quad i = 3, \dots, 5",
        "  ^",
    ),
    "an entry of a range again": (
        part(r"z_i = w x_i, \quad i = 1, \dots, 3", r"z_2 = w", r"L = z_1", ASK),
        "exam.md:8:1: found a second definition of z_2 (first at exam.md:4:1), expected "
        "one in a scope; rename one of them, or put the new z under a heading of its own",
        "  z_2 = w",
        "  ^",
    ),
    "ranges that overlap at some sizes": (
        part(
            r"z_i = w x_i, \quad i = 1, \dots, n",
            r"z_i = w, \quad i = n, \dots, m",
            r"L = z_1",
            ASK,
        ),
        "exam.md:8:1: found a second definition of z_i (first at exam.md:4:1), expected "
        "one in a scope; rename one of them, or put the new z under a heading of its own",
        r"  z_i = w, \quad i = n, \dots, m",
        "  ^",
    ),
    "two values": (
        part(r"L = w x, \quad w = 1, \quad w = 2", ASK),
        "exam.md:4:29: found a second value of w, expected one in a scope; put the other "
        "value under a heading of its own",
        r"  L = w x, \quad w = 1, \quad w = 2",
        "                              ^",
    ),
    "a value and an equation": (
        part(r"w = a b", r"w = 2", r"L = w x", ASK),
        "exam.md:8:1: found a value and an equation for w, expected one of them; drop "
        "one, or put the value under a heading of its own",
        "  w = 2",
        "  ^",
    ),
    "two numbers of indices": (
        part(r"z_i = w x_i, \quad i = 1, 2", r"L = z_{1,2} + z_1", ASK),
        "exam.md:8:5: found z_{1,2} with 2 indices, expected 1 as in z_i; use one number "
        "of indices for one tensor, or another name",
        "  L = z_{1,2} + z_1",
        "      ^",
    ),
    "entries and the whole": (
        part(r"z_i = w x_i, \quad i = 1, 2", r"L = z", ASK),
        "exam.md:8:5: found z with no index, expected 1 as in z_i; use one number of "
        "indices for one tensor, or another name",
        "  L = z",
        "      ^",
    ),
    "value of an entry out of range": (
        part(
            r"L = w_1 x_1 + w_2", r"w_1 = 2, \quad w_9 = 1", r"\frac{\partial L}{\partial w_1} = ?"
        ),
        "exam.md:8:16: found w_9, expected an index from 1 to 2; ask for an entry in "
        "range, or define more entries of w",
        r"  w_1 = 2, \quad w_9 = 1",
        "                 ^",
    ),
    "size zero": (
        part(r"L = \sum_{i=1}^n w x_i", r"n = 0", ASK),
        "exam.md:8:1: found the size n = 0, expected a positive whole number",
        "  n = 0",
        "  ^",
    ),
    "size that is no whole number": (
        part(r"L = \sum_{i=1}^n w x_i", r"n = 1.5", ASK),
        "exam.md:8:1: found the size n = 1.5, expected a positive whole number",
        "  n = 1.5",
        "  ^",
    ),
    "index without a range": (
        part(r"z_i = w x_i", r"L = z_1", ASK),
        "exam.md:4:1: found the index i of z_i without a range, expected one; add i = 1, "
        r"\dots, n after the equation",
        "  z_i = w x_i",
        "  ^",
    ),
    "index that is only read": (
        part(r"L = w x_i", ASK),
        "exam.md:4:7: found the index i in x_i, expected one with a range; state its "
        r"range: i = 1, \dots, n, or sum over it; of a label of the data, i \in \{1, \dots, n\}",
        "  L = w x_i",
        "        ^",
    ),
    "sum without limits": (
        part(r"L = \sum_i w x_i", ASK),
        "exam.md:4:1: found a sum over i without a range, expected its limits; write "
        r"\sum_{i=1}^{n}, or state the range: i = 1, \dots, n",
        r"  L = \sum_i w x_i",
        "  ^",
    ),
    "empty range": (
        part(r"z_i = w x_i, \quad i = 3, \dots, 1", r"L = z_1", ASK),
        "exam.md:4:1: found the empty range i = 3, …, 1, expected a last index that is "
        "not below the first",
        r"  z_i = w x_i, \quad i = 3, \dots, 1",
        "  ^",
    ),
    "bound that is no sum of sizes": (
        part(r"L = \sum_{i=1}^{9^{9^9}} w x_i", ASK),
        "exam.md:4:1: found the bound 9^{9^9}, expected an affine one such as n - m + 1; "
        "write the bound as a sum of sizes and integers",
        r"  L = \sum_{i=1}^{9^{9^9}} w x_i",
        "  ^",
    ),
    "contradictory facts": (
        part(r"L = \sum_{i=1}^n w x_i", r"n \le 2, \quad n \ge 3", ASK),
        r"exam.md:8:16: found the facts n \le 2, n \ge 3, expected some positive sizes "
        "that satisfy them; drop one of them",
        r"  n \le 2, \quad n \ge 3",
        "                 ^",
    ),
    "contradictory comparison of sizes": (
        part(r"L = \sum_{i=1}^n w x_i", r"n < m, \quad m < n", ASK),
        "exam.md:8:14: found the facts n < m, m < n, expected some positive sizes that "
        "satisfy them; drop one of them",
        r"  n < m, \quad m < n",
        "               ^",
    ),
    "a size that is no integer": (
        part(r"L = \sum_{i=1}^n w x_i", r"n > 0.5", ASK),
        "exam.md:8:1: found n > 0.5, expected a comparison of sums of sizes; write it as "
        r"m \le n, or n = 4",
        "  n > 0.5",
        "  ^",
    ),
    "equation and comparison in one": (
        part(r"L = w x > 0", ASK),
        "exam.md:4:1: found = and a comparison in one chain, expected one of them; write "
        "the equation and the fact apart",
        "  L = w x > 0",
        "  ^",
    ),
    "wrong arithmetic": (
        part(r"3 = 4"),
        "exam.md:4:1: found 3 = 4, expected an equation that holds; correct one side, or "
        "write the name that is defined on the left",
        "  3 = 4",
        "  ^",
    ),
    "index beyond the shape": (
        part(r"W \in \mathbb{R}^{2 \times 3}", r"L = W_{1,4} w", ASK),
        "exam.md:8:5: found W_{1,4} in the definition of L, expected an index from 1 to "
        "3; change the range of the indices, or define more entries of W",
        "  L = W_{1,4} w",
        "      ^",
    ),
    "two shapes": (
        part(r"W \in \mathbb{R}^{2}", r"W \in \mathbb{R}^{3}", r"L = \sum_i W_i w", ASK),
        "exam.md:8:1: found a second shape of W, expected one in a scope; drop one, or "
        "give the other tensor another name",
        r"  W \in \mathbb{R}^{3}",
        "  ^",
    ),
    "shape without entries": (
        part(r"W \in \mathbb{R}^{0}", r"L = w", ASK),
        "exam.md:4:1: found the size 0, expected a positive one",
        r"  W \in \mathbb{R}^{0}",
        "  ^",
    ),
    "value of every entry": (
        part(r"z_i = w x_i, \quad i = 1, 2", "w = 2, x_1 = 3, x_2 = 4", r"z_i = ?"),
        "exam.md:12:1: found a question about the value of z_i, expected one entry; ask "
        "for entries by their numbers, such as z_1 = ?",
        "  z_i = ?",
        "  ^",
    ),
    "given gradient of a whole tensor": (
        part(r"z_i = w x_i, \quad i = 1, 2", r"\delta = \frac{\partial L}{\partial z}", ASK),
        "exam.md:8:37: found z with no index, expected 1 as in z_i; write one entry, "
        "with as many indices as the equations use",
        r"  \delta = \frac{\partial L}{\partial z}",
        "                                      ^",
    ),
    "given gradient out of range": (
        part(r"z_i = w x_i, \quad i = 1, 2", r"\delta = \frac{\partial L}{\partial z_3}", ASK),
        "exam.md:8:37: found z_3, expected an index from 1 to 2; ask for an entry in "
        "range, or define more entries of z",
        r"  \delta = \frac{\partial L}{\partial z_3}",
        "                                      ^",
    ),
    "matrices that do not fit": (
        part(r"W \in \mathbb{R}^{h \times d}, \quad x \in \mathbb{R}^h", r"z = W x", r"L = z", ASK),
        "exam.md:8:1: found W x with W of shape h × d and x of shape h, expected as many columns "
        "on the left as rows on the right; transpose one of them, or correct a declaration",
        "  z = W x",
        "  ^",
    ),
    "a vector that nothing declares": (
        part(r"W \in \mathbb{R}^{h \times d}, \quad x \in \mathbb{R}^d", r"z = W x + b", ASK),
        "exam.md:8:1: found the number b added to W x of shape h, expected terms of one shape; "
        r"declare its shape, or write b \mathbf{1} to add it to each entry",
        "  z = W x + b",
        "  ^",
    ),
    "a transpose of a number": (
        part(r"L = w^T x", ASK),
        "exam.md:4:1: found ^T on w, a transpose or the power T; declare a vector or matrix, "
        r"w \in \mathbb{R}^{n}, and write \top for its transpose",
        "  L = w^T x",
        "  ^",
    ),
    "a norm of a number": (
        part(r"L = \|w\|^2", ASK),
        r"exam.md:4:1: found \left\lVert w \right\rVert with w of shape a number, expected a vector; "
        r"declare it, w \in \mathbb{R}^{n}",
        r"  L = \|w\|^2",
        "  ^",
    ),
    "bold matrices": (
        part(r"\mathbf{z} = \mathbf{W} \mathbf{x}", r"L = \mathbf{z}", ASK),
        r"exam.md:4:1: found \mathbf W without indices, expected it entry by entry; declare its "
        r"shape, such as x \in \mathbb{R}^{n}, or write indices",
        r"  \mathbf{z} = \mathbf{W} \mathbf{x}",
        "  ^",
    ),
    "question mark inside a formula": (
        part(r"L = w ? + x", ASK),
        "exam.md:4:7: found ? inside a formula; a ? stands alone as one side of an equation",
        "  L = w ? + x",
        "        ^",
    ),
    "question mark at its end": (
        part(r"L = w x + ?", ASK),
        "exam.md:4:11: found ? inside a formula; a ? stands alone as one side of an equation",
        "  L = w x + ?",
        "            ^",
    ),
    "question mark on the left": (
        part(r"? = w x"),
        "exam.md:4:1: found ? on the left of =, expected a name such as z_i; write the "
        "name that is defined on the left",
        "  ? = w x",
        "  ^",
    ),
    "question mark alone": (
        part(r"?"),
        "exam.md:4:1: found ? alone, expected a left side and = ?; write what is asked "
        r"for, such as \frac{\partial L}{\partial w} = ?",
        "  ?",
        "  ^",
    ),
    "question mark after a chain": (
        part(r"A = B = ?"),
        "exam.md:4:1: found a chain that ends in ?, expected one left side and = ?; "
        "state the definition in a line of its own",
        "  A = B = ?",
        "  ^",
    ),
    "definition in a chain": (
        part(r"L = w x = u", ASK),
        "exam.md:4:1: found 3 sides in one chain of equations, expected a definition "
        "with two; state one definition, or one given value, at a time",
        "  L = w x = u",
        "  ^",
    ),
    "question about a sum": (
        part(r"L = w x", r"w + x = ?"),
        "exam.md:8:1: found the question w + x = ?, expected a gradient, a defined name "
        r"or \theta; ask for \frac{\partial L}{\partial w}, for a value, or for \theta",
        "  w + x = ?",
        "  ^",
    ),
    "second derivative": (
        part(r"L = w^2 x", r"\frac{\partial^2 L}{\partial w} = ?"),
        "exam.md:8:1: found a derivative whose order differs above and below, or has no number; write "
        r"\frac{\partial^2 L}{\partial w_i\, \partial w_j} or \frac{\partial^2 L}{\partial w^2}",
        r"  \frac{\partial^2 L}{\partial w} = ?",
        "  ^",
    ),
    "derivative by a formula": (
        part(r"L = w^2 x", r"\frac{\partial L}{\partial (w x)} = ?"),
        "exam.md:8:1: found a derivative by a formula, expected a name; give the formula below "
        "the bar a name and differentiate by the name",
        r"  \frac{\partial L}{\partial (w x)} = ?",
        "  ^",
    ),
    "given gradient by nothing": (
        part(r"L = w x", r"\delta = \frac{\partial L}{\partial u}", ASK),
        "exam.md:8:37: found a given gradient by u, which occurs in no equation; "
        "expected a name of the network; state the equation of u, or correct the name",
        r"  \delta = \frac{\partial L}{\partial u}",
        "                                      ^",
    ),
    "one name for two given gradients": (
        part(
            r"z = w x",
            r"\delta = \frac{\partial L}{\partial z}",
            r"\delta = \frac{\partial L}{\partial x}",
            ASK,
        ),
        r"exam.md:12:1: found a second given gradient \delta = \frac{\partial L}{\partial "
        r"x} beside \delta = \frac{\partial L}{\partial z}, expected one in a scope; "
        "rename it, or put it under a heading of its own",
        r"  \delta = \frac{\partial L}{\partial x}",
        "  ^",
    ),
    "two names for one given gradient": (
        part(
            r"z = w x",
            r"\delta = \frac{\partial L}{\partial z}",
            r"\epsilon = \frac{\partial L}{\partial z}",
            ASK,
        ),
        r"exam.md:12:1: found a second given gradient \epsilon = \frac{\partial "
        r"L}{\partial z} beside \delta = \frac{\partial L}{\partial z}, expected one in a "
        "scope; rename it, or put it under a heading of its own",
        r"  \epsilon = \frac{\partial L}{\partial z}",
        "  ^",
    ),
    "values missing for a number": (
        part("f = w x", "w = 2", "f = ?"),
        "exam.md:12:1: found a question about the value of f, expected values for x; "
        "give them as x = 2",
        "  f = ?",
        "  ^",
    ),
    "value beyond all numbers": (
        part(r"f = \exp(\exp(\exp(\exp(x))))", "x = 9", "f = ?"),
        "exam.md:12:1: found exp of a number beyond 1000000, expected a smaller "
        "argument; use smaller values",
        "  f = ?",
        "  ^",
    ),
    "logarithm of a negative number": (
        part(r"f = \log(x)", "x = -1", "f = ?"),
        "exam.md:12:1: found log of a number that is not positive, expected a positive one",
        "  f = ?",
        "  ^",
    ),
    "unreadable inline": (
        "Let $\\foo = 3$ be.\n",
        r"exam.md:1:6: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"  Let $\foo = 3$ be.",
        "       ^",
    ),
    "script inline": (
        "Let $L = \\input{/etc/passwd} w$ be.\n",
        r"exam.md:1:10: found \input, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"  Let $L = \input{/etc/passwd} w$ be.",
        "           ^",
    ),
    "sizes that do not divide": (
        LAYERS.format("Parameters", "CONV5-10 stride 2 pad 0"),
        "exam.md:4:3: found 'CONV5-10 stride 2 pad 0': (32 - 5)/2 + 1 = 14.5 is not a "
        "whole number, expected windows that cover the input exactly; add floor or ceil "
        "to the layer, or change stride or padding",
        "  | CONV5-10 stride 2 pad 0 | ? |",
        "    ^",
    ),
    "header nobody can place": (
        LAYERS.format("Colour", "FC-10"),
        "exam.md:1:11: found the header 'Colour', expected a quantity that can be "
        "counted; use one of: output size, activation memory, weights, biases, "
        "parameters, multiply-adds, FLOPs, receptive field, connections (memory also in "
        "bytes, KB, MB)",
        "  | Layer | Colour |",
        "            ^",
    ),
    "layer nobody can read": (
        LAYERS.format("Parameters", "CONVX-10"),
        "exam.md:4:7: found 'X', expected an option of CONV; write it as CONV5-10, "
        "stride 1, pad 2 (also same, valid, floor, ceil, no bias)",
        "  | CONVX-10 | ? |",
        "        ^",
    ),
    "layers without an input": (
        "| Layer | Parameters |\n|---|---|\n| CONV5-10 | ? |\n",
        "exam.md:3:3: found 'CONV5-10' first, expected the size of the input; begin with "
        "INPUT height×width×channels, for example INPUT 32×32×3",
        "  | CONV5-10 | ? |",
        "    ^",
    ),
    "question mark for a layer": (
        LAYERS.format("Parameters", "?"),
        "exam.md:4:3: found '?', expected a layer; known layers: INPUT, CONV, DWCONV, "
        "TCONV, POOL, GLOBAL AVG POOL, FC, FLATTEN, BN, RELU, …",
        "  | ? | ? |",
        "    ^",
    ),
    "table of something else": (
        "| Name | Age |\n|---|---|\n| Ada | ? |\n",
        "exam.md:1:10: found the header 'Age', expected a quantity that can be counted; "
        "use one of: output size, activation memory, weights, biases, parameters, "
        "multiply-adds, FLOPs, receptive field, connections (memory also in bytes, KB, "
        "MB)",
        "  | Name | Age |",
        "           ^",
    ),
    "row longer than the header": (
        "| Layer | Parameters |\n|---|---|\n| INPUT 3×3×1 | 0 | ? |\n",
        "exam.md:3:21: found 3 cells, expected 2 as in the header; a bar inside a cell "
        r"is written \|",
        "  | INPUT 3×3×1 | 0 | ? |",
        "                      ^",
    ),
    "table without its dashes": (
        "| Layer | Parameters |\n| INPUT 3×3×1 | 0 |\n| FC-3 | ? |\n",
        "exam.md:3:8: found '| ? |' among words, expected a table with a row of dashes "
        "below its header; add the row |---|---|",
        "  | FC-3 | ? |",
        "         ^",
    ),
    "table in a list": (
        "- one\n\n  | Layer | Parameters |\n  |---|---|\n  | FC-3 | ? |\n",
        "exam.md:3:3: found a table here, expected it at the left margin; move it out of "
        "the list or quotation",
        "    | Layer | Parameters |",
        "    ^",
    ),
    "two kinds of questions in a table": (
        "$L = w x$\n\n| Layer | Parameters | $\\frac{\\partial L}{\\partial w} = ?$ |\n"
        "|---|---|---|\n| INPUT 3×3×1 | ? | 1 |\n",
        "exam.md:3:1: found cells to fill and questions in formulas in one table, "
        "expected one kind; ask the questions below the table",
        r"  | Layer | Parameters | $\frac{\partial L}{\partial w} = ?$ |",
        "  ^",
    ),
    "circuit of an undefined name": (
        part("f = x y") + "![circuit](g)\n",
        "exam.md:7:1: found a circuit of g, which no equation defines; expected a name "
        "with an equation; write an equation g = … before the figure",
        "  ![circuit](g)",
        "  ^",
    ),
    "circuit with a value missing": (
        part("f = x y", "x = 2") + "![circuit](f)\n",
        "exam.md:11:1: found values for 1 of the 2 inputs of the circuit, expected one "
        "for each; missing: y; give them as y = 1",
        "  ![circuit](f)",
        "  ^",
    ),
    "circuit of a formula": (
        part("f = x y") + "![circuit](x+y)\n",
        "exam.md:7:1: found ![circuit](x+y), expected the name of a defined quantity such as f",
        "  ![circuit](x+y)",
        "  ^",
    ),
    "circuit of nothing": (
        part("f = x y") + "![circuit]()\n",
        "exam.md:7:1: found ![circuit](), expected the name of a defined quantity such as f",
        "  ![circuit]()",
        "  ^",
    ),
    "circuit of an input": (
        part("f = x y") + "![circuit](x)\n",
        "exam.md:7:1: found a circuit of x, which no equation defines; expected a name "
        "with an equation; write an equation x = … before the figure",
        "  ![circuit](x)",
        "  ^",
    ),
    "circuit of a whole tensor": (
        part(r"f_i = x_i y, \quad i = 1, 2") + "![circuit](f)\n",
        "exam.md:7:1: found a circuit of f, which no equation defines; expected a name "
        "with an equation; write an equation f = … before the figure",
        "  ![circuit](f)",
        "  ^",
    ),
    "circuit of symbolic size": (
        part(r"f = \sum_{i=1}^n w_i x_i") + "![circuit](f)\n",
        r"exam.md:7:1: found \sum_{i=1}^{n} w_i x_i with ends that are no whole numbers, "
        "expected 1 to 12 terms that can be drawn; give the sizes numbers, or ask for "
        "the circuit of a part without it",
        "  ![circuit](f)",
        "  ^",
    ),
    "circuit too large": (
        part(r"f = \sum_{i=1}^{1000000000} x_i") + "![circuit](f)\n",
        r"exam.md:7:1: found \sum_{i=1}^{1000000000} x_i with 1000000000 terms, expected "
        "1 to 12 terms that can be drawn; give the sizes numbers, or ask for the circuit "
        "of a part without it",
        "  ![circuit](f)",
        "  ^",
    ),
    "circuit of too many entries": (
        part(r"z_i = x_i y, \quad i = 1, \dots, 1000000000", r"f = z_1") + "![circuit](f)\n",
        "exam.md:4:1: found 1000000000 entries of z_i to write out, expected at most "
        "10000; use smaller sizes",
        r"  z_i = x_i y, \quad i = 1, \dots, 1000000000",
        "  ^",
    ),
    "circuit that divides by zero": (
        part(r"f = \frac{1}{x}", "x = 0") + "![circuit](f)\n",
        "exam.md:11:1: found a division by 0, expected a denominator other than 0",
        "  ![circuit](f)",
        "  ^",
    ),
    "circuit with a power too large": (
        part(r"f = x^{99999999}", "x = 3") + "![circuit](f)\n",
        "exam.md:11:1: found a power of a number beyond 1000000, expected a smaller "
        "argument; use smaller values",
        "  ![circuit](f)",
        "  ^",
    ),
    "circuit among words": (
        part("f = x y") + "See ![circuit](f) here.\n",
        "exam.md:7:1: found words beside ![circuit](…), expected it in a paragraph of its own",
        "  See ![circuit](f) here.",
        "  ^",
    ),
    "circuit with a space": (
        part(r"\hat y = x y") + "![circuit](\\hat y)\n",
        "exam.md:7:1: found '![circuit](' among words, expected ![circuit](f) with a "
        r"name without spaces; write the name in angle brackets, ![circuit](<\hat y>)",
        r"  ![circuit](\hat y)",
        "  ^",
    ),
    "picture that is no circuit": (
        "![a cat](cat.png)\n",
        "exam.md:1:1: found the picture 'a cat', expected ![circuit](f); pictures from "
        "files are not taken over into sheets; remove it",
        "  ![a cat](cat.png)",
        "  ^",
    ),
    "picture in a heading": (
        "# Look ![a cat](cat.png)\n",
        "exam.md:1:8: found the picture 'a cat' among words, expected ![circuit](f) in a "
        "paragraph of its own",
        "  # Look ![a cat](cat.png)",
        "         ^",
    ),
    "formula that is never closed": (
        "Let\n\n$$\nL = w x\n\nbe.\n",
        "exam.md:3:1: found '$$' among words, expected a formula between two $$; close "
        r"it with $$, or write \$ for a dollar sign",
        "  $$",
        "  ^",
    ),
    "question that is never closed": (
        "Find $L = ? now.\n",
        "exam.md:1:6: found '$L = ?' among words, expected a formula between two $; "
        "close it with $; a line of a formula in a sentence must not begin with + or -",
        "  Find $L = ? now.",
        "       ^",
    ),
    "formula in HTML": (
        "<div>$L = ?$</div>\n",
        "exam.md:1:1: found mathematics inside HTML, expected it in Markdown; put a "
        "blank line between the tag and the formula",
        "  <div>$L = ?$</div>",
        "  ^",
    ),
    "lists too deep": (
        "".join("  " * k + "- a\n" for k in range(40)),
        "exam.md:29:57: found lists or quotations nested more than 30 deep, expected fewer",
        "                                                          - a",
        "                                                          ^",
    ),
    "braces too deep": (
        part("L = " + "{" * 9000 + "x" + "}" * 9000),
        "exam.md:4:65: found a formula nested more than 60 deep; give its parts names",
        "  "
        "…{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{"
        "{{{{{{{{{{{{{{{{{{{{{…",
        "                                                     ^",
    ),
    "formula too long": (
        part("L = " + "x + " * 250_00 + "x"),
        "exam.md:4:1: found a formula of 100005 characters, expected at most 20000",
        "  L = x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x + x "
        "+ x + x + x + x + x + …",
        "  ^",
    ),
    "number too long": (
        part("L = w + " + "9" * 5000),
        "exam.md:4:9: found a number of 5000 digits, expected at most 30",
        "  L = w + "
        "99999999999999999999999999999999999999999999999999999999999999999999999999999999"
        "999999999999…",
        "          ^",
    ),
    "value of a name unknown to a nested heading": (
        "$$\nL = w x\n$$\n\n# A\n\n## B\n\n$$\nu = ?\n$$\n",
        "exam.md:10:1: found a question about u, which nothing defines; expected a "
        r"defined name; define it, or ask for the parameters with \theta = ?",
        "  u = ?",
        "  ^",
    ),
    "front matter value": (
        "---\ntitle: A\nties: nope\n---\n\n$L = w x$\n",
        "exam.md:3:1: found ties: 'nope', expected one of strict, ge, first, split",
        "  ties: nope",
        "  ^",
    ),
    "front matter key": (
        "---\ntitel: A\n---\n",
        "exam.md:2:1: found the key 'titel', expected 'title'",
        "  titel: A",
        "  ^",
    ),
    "front matter line": (
        "---\ntitle\n---\n",
        "exam.md:2:1: found 'title', expected key: value",
        "  title",
        "  ^",
    ),
    "front matter key twice": (
        "---\nties: ge\nties: strict\n---\n",
        "exam.md:3:1: found a second 'ties', expected one; drop one",
        "  ties: strict",
        "  ^",
    ),
    "front matter never closed": (
        "---\nties: ge\n\n$L = w x$\n",
        "exam.md:1:1: found front matter that is never closed, expected a second line "
        "---; write --- below the last key",
        "  ---",
        "  ^",
    ),
    "language": (
        "---\nlang: de\n---\n",
        "exam.md:2:1: found lang: 'de', expected one of en",
        "  lang: de",
        "  ^",
    ),
    "empty file": (
        "",
        "exam.md:1:1: found an empty file, expected an exam in Markdown; write equations "
        r"and questions such as $\frac{\partial L}{\partial w} = ?$",
    ),
    "blank file": (
        " \n\t\n",
        "exam.md:1:1: found an empty file, expected an exam in Markdown; write equations "
        r"and questions such as $\frac{\partial L}{\partial w} = ?$",
    ),
}

PLACES: dict[str, tuple[str, ...]] = {
    "aligned rows": (
        "$$\n\\begin{aligned}\nL &= w x \\\\\n  z &= 3 + \\foo\n\\end{aligned}\n$$\n",
        r"exam.md:4:12: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"    z &= 3 + \foo",
        "             ^",
    ),
    "aligned rows, a reference": (
        "$$\n\\begin{aligned}\nv_i &= w x_i, & i &= 1, 2 \\\\\n"
        "  L &= v_1 + v_3\n\\end{aligned}\n$$\n",
        "exam.md:4:14: found v_3 in the definition of L, expected an index from 1 to 2; "
        "change the range of the indices, or define more entries of v",
        "    L &= v_1 + v_3",
        "               ^",
    ),
    "inline, after Korean": (
        "Some 한글 words and $L = \\foo$.\n",
        r"exam.md:1:24: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"  Some 한글 words and $L = \foo$.",
        "                         ^",
    ),
    "inline, second line": (
        "Let $x = 2$ be and\nlet $L = \\foo$ be.\n",
        r"exam.md:2:10: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"  let $L = \foo$ be.",
        "           ^",
    ),
    "inline, after the same": (
        "Code `L = \\foo` and $L = \\foo$.\n",
        r"exam.md:1:26: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"  Code `L = \foo` and $L = \foo$.",
        "                           ^",
    ),
    "inline, spaces inside": (
        "Let $  L = \\foo $ be.\n",
        r"exam.md:1:12: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"  Let $  L = \foo $ be.",
        "             ^",
    ),
    "inline, two dollars": (
        "Let $$L = \\foo$$ be.\n",
        r"exam.md:1:11: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"  Let $$L = \foo$$ be.",
        "            ^",
    ),
    "inline, emphasis": (
        "**Let $L = \\foo$ be**.\n",
        r"exam.md:1:12: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"  **Let $L = \foo$ be**.",
        "             ^",
    ),
    "inline, a link": (
        "[Let $L = \\foo$](https://example.org)\n",
        r"exam.md:1:11: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"  [Let $L = \foo$](https://example.org)",
        "            ^",
    ),
    "display on one line": (
        "   $$L = \\foo$$\n",
        r"exam.md:1:10: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"     $$L = \foo$$",
        "           ^",
    ),
    "display behind tabs": (
        "$$\n\tL = w +\n\t\t\\foo\n$$\n",
        r"exam.md:3:3: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"    \foo",
        "    ^",
    ),
    "display in a paragraph": (
        "Let\n$$\nL = w\n+ \\foo\n$$\nbe.\n",
        r"exam.md:4:3: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"  + \foo",
        "    ^",
    ),
    "amsmath": (
        "\\begin{align}\nL &= w \\\\\nz &= \\foo\n\\end{align}\n",
        r"exam.md:3:6: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"  z &= \foo",
        "       ^",
    ),
    "fence": (
        "Let\n\n```math\nL = w\n + \\foo\n```\n",
        r"exam.md:5:4: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"   + \foo",
        "     ^",
    ),
    "list": (
        "- one\n- two $L = \\foo$\n",
        r"exam.md:2:12: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"  - two $L = \foo$",
        "             ^",
    ),
    "list, display": (
        "1. L = w x +\n\n   $$\n   L = w x +\n     \\foo\n   $$\n",
        r"exam.md:5:6: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"       \foo",
        "       ^",
    ),
    "list, nested": (
        "- a\n  - b\n    - c $L = \\foo$\n",
        r"exam.md:3:14: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"      - c $L = \foo$",
        "               ^",
    ),
    "quotation": (
        "> Let\n> $$\n> L = w\n> + \\foo\n> $$\n",
        r"exam.md:4:5: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"  > + \foo",
        "      ^",
    ),
    "heading": (
        "# A $L = \\foo$ (2 points)\n",
        r"exam.md:1:10: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"  # A $L = \foo$ (2 points)",
        "           ^",
    ),
    "heading, underlined": (
        "A\n$L = \\foo$ (2 points)\n=====\n",
        r"exam.md:2:6: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"  $L = \foo$ (2 points)",
        "       ^",
    ),
    "table, header": (
        "| Qü | Layer | Foo |\n|---|---|---|\n| 1 | INPUT 3×3×1 | ? |\n",
        "exam.md:1:16: found the header 'Foo', expected a quantity that can be counted; "
        "use one of: output size, activation memory, weights, biases, parameters, "
        "multiply-adds, FLOPs, receptive field, connections (memory also in bytes, KB, "
        "MB)",
        "  | Qü | Layer | Foo |",
        "                 ^",
    ),
    "table, equal cells": (
        "| Parameters | Layer | Parameters |\n|---|---|---|\n"
        "| 9 | INPUT 3×3×1 | 9 |\n| 9 | FC-5 foo | ? |\n",
        "exam.md:4:12: found 'foo', expected an option of FC; write it as FC-10 (also no bias)",
        "  | 9 | FC-5 foo | ? |",
        "             ^",
    ),
    "table, formula": (
        "| a \\| b | c |\n|---|---|\n| 1 | **$L = \\foo$** |\n",
        r"exam.md:3:14: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"  | 1 | **$L = \foo$** |",
        "               ^",
    ),
    "CRLF": (
        "# A\r\n\r\n$$\r\nL = w +\r\n \\foo\r\n$$\r\n",
        r"exam.md:5:2: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"   \foo",
        "   ^",
    ),
    "CR": (
        "# A\r\r$$\rL = w +\r \\foo\r$$\r",
        r"exam.md:5:2: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"   \foo",
        "   ^",
    ),
    "byte order mark": (
        "\ufeff$L = \\foo$\n",
        r"exam.md:1:6: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"  $L = \foo$",
        "       ^",
    ),
    "byte order mark, front matter": (
        "\ufeff---\ntitle: A\nties: bad\n---\n",
        "exam.md:3:1: found ties: 'bad', expected one of strict, ge, first, split",
        "  ties: bad",
        "  ^",
    ),
    "line separator": (
        "a\u2028b\x0bc $L = \\foo$\n",
        r"exam.md:1:12: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"  a b c $L = \foo$",
        "             ^",
    ),
    "emoji": (
        "😀😀 $L = \\foo$\n",
        r"exam.md:1:9: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"  😀😀 $L = \foo$",
        "          ^",
    ),
    "long line": (
        "word " * 500 + "$L = \\foo$\n",
        r"exam.md:1:2506: found \foo, expected a macro symgrad reads; write it with the "
        "macros of the notation",
        r"  …word word word word word word word word word $L = \foo$",
        "                                                     ^",
    ),
    "second definition on the same line": (
        "$L = w$ and $L = w$\n",
        "exam.md:1:14: found a second definition of L (first at exam.md:1:2), expected "
        "one in a scope; rename one of them, or put the new L under a heading of its own",
        "  $L = w$ and $L = w$",
        "               ^",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_bad_input_is_refused_in_words(name: str) -> None:
    exam, *lines = FAULTS[name]
    assert str(refused(exam)) == "\n".join(lines)


@pytest.mark.parametrize("name", PLACES)
def test_the_caret_stands_under_the_fault(name: str) -> None:
    exam, *lines = PLACES[name]
    error = refused(exam)
    assert str(error) == "\n".join(lines)
    assert error.at is not None
    text = exam.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    assert text.split("\n")[error.at.line - 1] == error.at.source


def test_a_fault_of_the_file_itself() -> None:
    Path("folder").mkdir()
    for path, why in (("none.md", "No such file or directory"), ("folder", "Is a directory")):
        with pytest.raises(ExamError) as caught:
            Exam.read(path)
        assert str(caught.value) == (
            f"found no readable file {path} ({why}), expected an exam in Markdown; check the path"
        )


@pytest.mark.parametrize("path", ["/dev/zero", "large.md"])
def test_a_file_too_large_is_not_read_whole(path: str) -> None:
    if path == "/dev/zero" and not Path(path).exists():
        pytest.skip("no endless file here")
    Path("large.md").write_bytes(b"a" * (LARGEST + 1))
    with pytest.raises(ExamError) as caught:
        Exam.read(path)
    assert str(caught.value) == (
        f"found more than {LARGEST} bytes in {path}, expected an exam in Markdown; "
        "split the exam into several files"
    )


@pytest.mark.parametrize(
    ("raw", "byte", "line", "column", "shown"),
    [
        (b"# A\nabc\xe9 def\n", "0xe9", 2, 4, "abc� def"),
        ("# 가나\n한글 ".encode() + b"\xff abc\n", "0xff", 2, 4, "한글 � abc"),
        (b"# A\r\nab\xff\r\n", "0xff", 2, 3, "ab� "),
        ("# A\n".encode("utf-16"), "0xff", 1, 1, "��#   A "),
    ],
)
def test_a_file_that_is_no_utf_8(raw: bytes, byte: str, line: int, column: int, shown: str) -> None:
    assert str(refused(raw)) == (
        f"exam.md:{line}:{column}: found the byte {byte}, expected text in UTF-8; "
        f"save the file in UTF-8\n  {shown}\n  {' ' * (column - 1)}^"
    )


def test_a_bad_file_leaves_no_trace_of_another_exception() -> None:
    Path("exam.md").write_bytes(b"\xff")
    with pytest.raises(ExamError) as caught:
        Exam.read("exam.md")
    assert caught.value.__suppress_context__


# Places and carets


def test_an_error_without_a_place_takes_the_first_it_gets() -> None:
    error = SymgradError("found this", hint="do that")
    assert (str(error), error.caret()) == ("found this; do that", "")
    assert error.located(Place("a.md", 2, 3)).located(Place("b.md", 4, 5)).at == Place("a.md", 2, 3)
    assert str(error) == "a.md:2:3: found this; do that"


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1), st.data())
def test_a_caret_points_at_its_sign_in_any_line(line: str, data: st.DataObject) -> None:
    column = data.draw(st.integers(1, len(line)))
    shown, caret = point(line, column).split("\n")
    assert caret.strip() == "^"
    at = shown[len(caret) - 1]
    assert at == (line[column - 1] if line[column - 1].isprintable() else " ")


@given(st.integers(1, 3000))
def test_a_caret_in_a_long_line_stays_near(column: int) -> None:
    shown, caret = point("x" * (column - 1) + "!" + "x" * 3000, column).split("\n")
    assert (shown[len(caret) - 1], len(shown) <= 104) == ("!", True)


@pytest.mark.parametrize(
    ("source", "piece", "after", "column"),
    [
        (r"z = w z_{ 3 } + x", "z_3", "=", 7),
        (r"\frac{\partial L}{\partial a} = ?", "a", "", 28),
        (r"\hat{y} = \hat{y} + 1", r"\hat y", "=", 11),
        (r"x_{12} + x_1", "x_1", "", 10),
        (r"v_{i+1} = v_{i} + v_{i + 1}", "v_{i+1}", "=", 19),
        (r"z = w x", "u", "=", 1),
        (r"w x", "x", "=", 3),
        ("", "x", "", 1),
        ("x", "", "", 1),
    ],
)
def test_a_reference_is_found_in_its_line(source: str, piece: str, after: str, column: int) -> None:
    assert Place("exam.md", 1, 1, source).find(piece, after).column == column
