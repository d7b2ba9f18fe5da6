"""Three sheets of one exam, written by hand, to try every block of a page."""

from __future__ import annotations

from symgrad.figure import Curve, Disc, Drawing, Text
from symgrad.page import (
    Block,
    Cell,
    Display,
    Figure,
    Heading,
    Paragraph,
    Remark,
    Row,
    Rows,
    Sheet,
    Space,
    Span,
    Spans,
    Table,
)


def words(text: str) -> Spans:
    """Plain words with formulas between dollar signs."""
    parts = text.split("$")
    return tuple(Span("math" if n % 2 else "text", p) for n, p in enumerate(parts) if p)


def says(text: str) -> Paragraph:
    return Paragraph(words(text))


def d(of: str, by: str) -> str:
    return rf"\frac{{\partial {of}}}{{\partial {by}}}"


def circuit(filled: bool = True) -> Drawing:
    """q = x + y, f = q z."""

    def wire(x: float, y: float, x2: float, y2: float) -> Curve:
        return Curve(((x, y), (x + 60, y), (x2 - 40, y2), (x2, y2)))

    def numbers(x: float, y: float, value: str, gradient: str) -> tuple[Text, Text]:
        low = (
            Text(x, y + 3, "below", gradient, "gradient", 9, 14, 9)
            if filled
            else Text(x, y + 3, "below", "", "blank", 9, 22, 11)
        )
        return Text(x, y - 3, "above", value, "value", 9, 14, 9), low

    return Drawing(
        330,
        130,
        discs=(Disc(150, 40, 11, 11), Disc(260, 70, 11, 11)),
        curves=(
            wire(20, 20, 139, 36),
            wire(20, 60, 139, 44),
            wire(161, 40, 249, 66),
            wire(20, 110, 249, 74),
            Curve(((271, 70), (290, 70), (305, 70), (325, 70))),
        ),
        texts=(
            Text(14, 20, "before", "x", "name", 10, 8, 8),
            Text(14, 60, "before", "y", "name", 10, 8, 8),
            Text(14, 110, "before", "z", "name", 10, 8, 8),
            Text(150, 40, "centre", "+", "sign", 10, 8, 8),
            Text(260, 70, "centre", r"\times", "sign", 10, 8, 8),
            *numbers(45, 20, "-2", "-4"),
            *numbers(45, 60, "5", "-4"),
            *numbers(45, 110, "-4", "3"),
            *numbers(190, 42, "3", "-4"),
            *numbers(300, 70, "-12", "1"),
        ),
    )


def cells(*texts: str, role: str = "given") -> tuple[Cell, ...]:
    return tuple(Cell(words(t), role if n else "given") for n, t in enumerate(texts))


LAYERS = (
    ("INPUT 32×32×1", r"$32 \times 32 \times 1 = 1024$", "0"),
    (
        "CONV5-10",
        r"$32 \times 32 \times 10 = 10240$",
        r"$10 \times (5 \times 5 \times 1 + 1) = 260$",
    ),
    ("POOL2", r"$16 \times 16 \times 10 = 2560$", "0"),
    (
        "CONV5-10",
        r"$16 \times 16 \times 10 = 2560$",
        r"$10 \times (5 \times 5 \times 10 + 1) = 2510$",
    ),
    ("POOL2", r"$8 \times 8 \times 10 = 640$", "0"),
    ("FC-10", "10", r"$10 \times (640 + 1) = 6410$"),
)

YHAT = r"\hat y"

NETWORK = r"""
\begin{aligned}
z_i &= k_1 x_i + k_2 x_{i+1} + k_3 x_{i+2} + b, & i &= 1, 2, 3 \\
v_i &= \max(z_i, z_{i+1}, 0), & i &= 1, 2 \\
\hat y &= w_1 v_1 + w_2 v_2 + a \\
L &= \tfrac12 (y - \hat y)^2
\end{aligned}
\qquad (x, y) \sim \mathcal D
"""

GENERAL = r"""
z_i = \sum_{j=1}^{m} k_j x_{i+j-1} + b, \qquad i = 1, \dots, n
\qquad\qquad
\delta_i = \frac{\partial L}{\partial z_i}
"""

RELU_GRADIENTS = (
    Row(d("L", "z_1"), r"\delta_1\, \mathbf{1}[z_1 > z_2]\, \mathbf{1}[z_1 > 0]"),
    Row(
        d("L", "z_2"),
        r"\delta_1\, \mathbf{1}[z_2 > z_1]\, \mathbf{1}[z_2 > 0] "
        r"+ \delta_2\, \mathbf{1}[z_2 > z_3]\, \mathbf{1}[z_2 > 0]",
    ),
    Row(d("L", "z_3"), r"\delta_2\, \mathbf{1}[z_3 > z_2]\, \mathbf{1}[z_3 > 0]"),
)

OUTPUT_GRADIENTS = tuple(
    Row(d("L", p), d("L", YHAT) + r"\, " + d(YHAT, p) + f" = {end}", words(why))
    for p, end, why in (
        ("w_1", r"(\hat y - y)\, v_1", "$w_1$ multiplies $v_1$"),
        ("w_2", r"(\hat y - y)\, v_2", "$w_2$ multiplies $v_2$"),
        ("a", r"\hat y - y", "$a$ is added"),
    )
)

KERNEL = (
    Row(
        d("L", "k_j"),
        rf"\sum_{{i=1}}^{{n}} {d('L', 'z_i')}\,{d('z_i', 'k_j')}",
        words("chain rule over all outputs"),
    ),
    Row("", r"\sum_{i=1}^{n} \delta_i\, x_{i+j-1}", words(f"${d('z_i', 'k_j')} = x_{{i+j-1}}$")),
)

INPUT = Row(
    d("L", "x_l"),
    r"\sum_{i=\max(1,\, l-m+1)}^{\min(n,\, l)} \delta_i\, k_{l-i+1} \qquad l = 1, \dots, n+m-1",
)

LONG = (
    Row(
        d("L", "b"),
        " + ".join(rf"\delta_{{{n}}}\, \mathbf{{1}}[z_{{{n}}} > 0]" for n in range(1, 12)),
        words("every output adds the same bias, so nothing but the upstream gradient remains"),
    ),
)


def heading(level: int, text: str, points: str | None = None) -> Heading:
    return Heading(level, words(text), points)


def table(kind: str) -> Table:
    role = "blank" if kind == "paper" else "answer"
    rows = tuple(
        cells(*(row if kind == "solution" or not n else _numbers(row)), role=role if n else "given")
        for n, row in enumerate(LAYERS)
    )
    total = cells("Total", "16010", "9180", role=role)
    header = cells("Layer", "Activation memory", "Parameters")
    return Table(header, (*rows, total), ("l", "r", "r"), foot=1)


def _numbers(row: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(cell.strip("$").split("= ")[-1] for cell in row)


def answers(
    kind: str, worked: tuple[Block, ...], lefts: tuple[str, ...], key: Rows
) -> tuple[Block, ...]:
    if kind == "paper":
        return tuple(Space(f"{left} =", 3) for left in lefts)
    return worked if kind == "solution" else (key,)


def sheet(kind: str) -> Sheet:
    """The solution, key or paper."""
    theta = Row(r"\theta", r"(k_1, k_2, k_3, b, w_1, w_2, a)")
    upstream = rf"\delta_i = {d('L', 'v_i')}"
    blocks: tuple[Block, ...] = (
        heading(1, "Short answer"),
        heading(2, "3.1 Backpropagation", "5 points"),
        says("Fill in the missing gradients underneath the forward pass activations."),
        Display(r"f = (x + y) z, \qquad x = -2, \quad y = 5, \quad z = -4"),
        Figure(
            circuit(kind != "paper"),
            "circuit" if kind != "paper" else "circuit-blank",
            words("Above each wire its value, below it the gradient of $f$."),
            "The circuit of f: x and y are added, the sum is multiplied by z.",
        ),
        heading(2, "3.2 Convolutional architectures", "6 points"),
        says(
            "Give the memory of the activations and the number of parameters of each layer. "
            "CONV5-N is a convolution with N filters of 5×5, padding 2 and stride 1; POOL2 is a "
            "2×2 max-pooling with stride 2; FC-N is fully connected with N neurons."
        ),
        table(kind),
        heading(2, "3.3 Simple ConvNet", "12 points"),
        says("All variables are scalars; $x$ is the input, $y$ the label."),
        Display(NETWORK),
        heading(3, "(a) List the parameters of this network.", "1 point"),
        *answers(kind, (Rows((theta,), True),), (r"\theta",), Rows((theta,), True)),
        heading(3, "(b) Determine the following.", "3 points"),
        *answers(
            kind,
            (
                says(r"The loss depends on $w_1, w_2, a$ only through $\hat y$."),
                Rows((Row(d("L", r"\hat y"), r"-(y - \hat y) = \hat y - y"),)),
                says("Each weight multiplies one unit of the second layer; the bias is added."),
                Rows(OUTPUT_GRADIENTS, True),
            ),
            tuple(d("L", p) for p in ("w_1", "w_2", "a")),
            Rows(tuple(Row(r.left, r.right.split("= ")[-1]) for r in OUTPUT_GRADIENTS), True),
        ),
        heading(
            3,
            "(c) Given the gradients of the loss with respect to the second layer, determine those "
            "of the first.",
            "3 points",
        ),
        Display(upstream),
        *answers(
            kind,
            (
                Remark(words("A maximum passes its gradient to the argument that wins.")),
                Rows(RELU_GRADIENTS, True),
            ),
            tuple(r.left for r in RELU_GRADIENTS),
            Rows(RELU_GRADIENTS, True),
        ),
        heading(3, "(e) Now a general 1-D convolution.", "2 points"),
        Display(GENERAL),
        *answers(
            kind,
            (
                says("The tap $k_j$ is used by every output, so its gradient sums over all $n$."),
                Rows(KERNEL, True),
                says(r"$x_l$ is read by $z_i$ through the tap $j = l - i + 1$."),
                Rows((INPUT,), True),
                Rows(LONG, True),
            ),
            (KERNEL[0].left, INPUT.left),
            Rows((Row(KERNEL[0].left, KERNEL[1].right), INPUT), True),
        ),
    )
    return Sheet(kind, "CS231n midterm 2017, short answer", "en", blocks, "23 points")
