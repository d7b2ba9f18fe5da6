r"""The catalogue of layers: forward equations, and textbook gradients as claims.

Nothing here is used to derive anything. A claim is a formula that a person has published; the tests
derive the gradient and decide that the two are equal for all sizes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symgrad.errors import NetworkError

MIKOLOV = "the adjoint of the look-up of Mikolov et al., word representations (2013)"
WERBOS = "Werbos, Backpropagation through time (1990)"
LECUN = "the adjoint of the layer of LeCun et al., Gradient-based learning (1998)"
GOODFELLOW = "Goodfellow, Bengio, Courville, Deep Learning (2016), chapters 6 and 9"
DUMOULIN = "the adjoint of the layer of Dumoulin, Visin, A guide to convolution arithmetic (2016)"
BISHOP = "Bishop, Pattern Recognition and Machine Learning (2006), sections 3.1 and 5.3"
PRINCE = "Prince, Understanding Deep Learning (2023), chapters 7 and 10"
HOWARD = "the adjoint of the layer of Howard et al., MobileNets (2017), equation 3"
MAAS = "the slope of the unit of Maas, Hannun, Ng, Rectifier nonlinearities (2013)"


@dataclass(frozen=True)
class Claim:
    r"""``left = right``, as a book says: left is ∂L/∂x in LaTeX."""

    left: str
    right: str
    source: str


@dataclass(frozen=True)
class Layer:
    """A layer under the name its users say: its equations, and what is said of its gradients."""

    name: str
    title: str
    equations: tuple[str, ...]
    claims: tuple[Claim, ...]

    @property
    def text(self) -> str:
        """All equations as one piece of LaTeX."""
        return r", \quad ".join(self.equations)


def grad(by: str) -> str:
    """∂L/∂by."""
    return rf"\frac{{\partial L}}{{\partial {by}}}"


def given(symbol: str, by: str) -> str:
    """symbol = ∂L/∂by: the upstream gradient has a name."""
    return f"{symbol} = {grad(by)}"


def said(source: str, *pairs: tuple[str, str]) -> tuple[Claim, ...]:
    """Claims from one source."""
    return tuple(Claim(grad(by), right, source) for by, right in pairs)


CATALOGUE: tuple[Layer, ...] = (
    Layer(
        "conv1d",
        "1-D convolution (cross-correlation)",
        (
            r"z_i = \sum_{j=1}^{m} k_j x_{i+j-1} + b, \quad i = 1, \dots, n",
            given(r"\delta_i", "z_i"),
        ),
        said(
            GOODFELLOW,
            ("k_j", r"\sum_{i=1}^{n} \delta_i x_{i+j-1}"),
            ("b", r"\sum_{i=1}^{n} \delta_i"),
            ("x_l", r"\sum_{i=\max(1, l-m+1)}^{\min(n, l)} \delta_i k_{l-i+1}"),
        ),
    ),
    Layer(
        "conv1d-flipped",
        "1-D convolution, kernel flipped",
        (
            r"z_i = \sum_{j=1}^{m} k_j x_{i-j+m}, \quad i = 1, \dots, n",
            given(r"\delta_i", "z_i"),
        ),
        said(
            GOODFELLOW,
            ("k_j", r"\sum_{i=1}^{n} \delta_i x_{i-j+m}"),
            ("x_l", r"\sum_{i=\max(1, l-m+1)}^{\min(n, l)} \delta_i k_{i-l+m}"),
        ),
    ),
    Layer(
        "conv1d-strided",
        "1-D convolution with stride",
        (
            r"z_i = \sum_{j=1}^{m} k_j x_{s(i-1)+j}, \quad i = 1, \dots, n",
            given(r"\delta_i", "z_i"),
        ),
        said(
            DUMOULIN,
            ("k_j", r"\sum_{i=1}^{n} \delta_i x_{s(i-1)+j}"),
            ("x_l", r"\sum_{i=1}^{n} \sum_{j=1}^{m} \delta_i k_j [l = s(i-1)+j]"),
        ),
    ),
    Layer(
        "conv1d-dilated",
        "1-D convolution with dilation",
        (
            r"z_i = \sum_{j=1}^{m} k_j x_{i+d(j-1)}, \quad i = 1, \dots, n",
            given(r"\delta_i", "z_i"),
        ),
        said(
            DUMOULIN,
            ("k_j", r"\sum_{i=1}^{n} \delta_i x_{i+d(j-1)}"),
            ("x_l", r"\sum_{i=1}^{n} \sum_{j=1}^{m} \delta_i k_j [l = i+d(j-1)]"),
        ),
    ),
    Layer(
        "conv1d-strided-dilated",
        "1-D convolution with stride and dilation",
        (
            r"z_i = \sum_{j=1}^{m} k_j x_{s(i-1)+d(j-1)+1}, \quad i = 1, \dots, n",
            given(r"\delta_i", "z_i"),
        ),
        said(
            DUMOULIN,
            ("k_j", r"\sum_{i=1}^{n} \delta_i x_{s(i-1)+d(j-1)+1}"),
            ("x_l", r"\sum_{i=1}^{n} \sum_{j=1}^{m} \delta_i k_j [l = s(i-1)+d(j-1)+1]"),
        ),
    ),
    Layer(
        "conv1d-padded",
        "1-D convolution with zero padding",
        (
            r"z_i = \sum_{j=1}^{m} k_j x_{i+j-1-p}, \quad i = 1, \dots, n",
            r"x_l = 0 \text{ for } l < 1 \text{ or } l > N",
            given(r"\delta_i", "z_i"),
        ),
        said(
            DUMOULIN,
            ("k_j", r"\sum_{i=1}^{n} \delta_i x_{i+j-1-p}"),
            ("x_l", r"\sum_{i=\max(1, l+p-m+1)}^{\min(n, l+p)} \delta_i k_{l+p-i+1}"),
        ),
    ),
    Layer(
        "conv2d",
        "2-D convolution with channels, over a batch",
        (
            r"z_{q,f,r,c} = \sum_{e=1}^{C} \sum_{a=1}^{A} \sum_{b=1}^{B} "
            r"K_{f,e,a,b} x_{q,e,r+a-1,c+b-1} + \beta_f",
            r"q = 1, \dots, N, \quad f = 1, \dots, F, \quad r = 1, \dots, R, \quad c = 1, \dots, S",
            given(r"\delta_{q,f,r,c}", "z_{q,f,r,c}"),
        ),
        said(
            GOODFELLOW,
            (
                "K_{f,e,a,b}",
                r"\sum_{q=1}^{N} \sum_{r=1}^{R} \sum_{c=1}^{S} "
                r"\delta_{q,f,r,c} x_{q,e,r+a-1,c+b-1}",
            ),
            (r"\beta_f", r"\sum_{q=1}^{N} \sum_{r=1}^{R} \sum_{c=1}^{S} \delta_{q,f,r,c}"),
            (
                "x_{q,e,u,v}",
                r"\sum_{f=1}^{F} \sum_{r=\max(1, u-A+1)}^{\min(R, u)} "
                r"\sum_{c=\max(1, v-B+1)}^{\min(S, v)} "
                r"\delta_{q,f,r,c} K_{f,e,u-r+1,v-c+1}",
            ),
        ),
    ),
    Layer(
        "conv3d",
        "3-D convolution",
        (
            r"z_{i,r,c} = \sum_{g=1}^{G} \sum_{a=1}^{A} \sum_{b=1}^{B} "
            r"K_{g,a,b} x_{i+g-1,r+a-1,c+b-1}",
            r"i = 1, \dots, D, \quad r = 1, \dots, R, \quad c = 1, \dots, S",
            given(r"\delta_{i,r,c}", "z_{i,r,c}"),
        ),
        said(
            GOODFELLOW,
            (
                "K_{g,a,b}",
                r"\sum_{i=1}^{D} \sum_{r=1}^{R} \sum_{c=1}^{S} "
                r"\delta_{i,r,c} x_{i+g-1,r+a-1,c+b-1}",
            ),
            (
                "x_{t,u,v}",
                r"\sum_{i=\max(1, t-G+1)}^{\min(D, t)} \sum_{r=\max(1, u-A+1)}^{\min(R, u)} "
                r"\sum_{c=\max(1, v-B+1)}^{\min(S, v)} "
                r"\delta_{i,r,c} K_{t-i+1,u-r+1,v-c+1}",
            ),
        ),
    ),
    Layer(
        "conv1d-grouped",
        "1-D convolution in groups",
        (
            r"z_{g,f,i} = \sum_{e=1}^{E} \sum_{j=1}^{m} k_{g,f,e,j} x_{g,e,i+j-1}",
            r"g = 1, \dots, G, \quad f = 1, \dots, F, \quad i = 1, \dots, n",
            given(r"\delta_{g,f,i}", "z_{g,f,i}"),
        ),
        said(
            DUMOULIN,
            ("k_{g,f,e,j}", r"\sum_{i=1}^{n} \delta_{g,f,i} x_{g,e,i+j-1}"),
            (
                "x_{g,e,l}",
                r"\sum_{f=1}^{F} \sum_{i=\max(1, l-m+1)}^{\min(n, l)} "
                r"\delta_{g,f,i} k_{g,f,e,l-i+1}",
            ),
        ),
    ),
    Layer(
        "depthwise",
        "Depthwise convolution",
        (
            r"z_{c,i} = \sum_{j=1}^{m} k_{c,j} x_{c,i+j-1}",
            r"c = 1, \dots, C, \quad i = 1, \dots, n",
            given(r"\delta_{c,i}", "z_{c,i}"),
        ),
        said(
            HOWARD,
            ("k_{c,j}", r"\sum_{i=1}^{n} \delta_{c,i} x_{c,i+j-1}"),
            ("x_{c,l}", r"\sum_{i=\max(1, l-m+1)}^{\min(n, l)} \delta_{c,i} k_{c,l-i+1}"),
        ),
    ),
    Layer(
        "conv1d-transposed",
        "Transposed convolution",
        (
            r"z_l = \sum_{i=1}^{n} \sum_{j=1}^{m} x_i k_j [l = s(i-1)+j]",
            r"l = 1, \dots, N",
            given(r"\delta_l", "z_l"),
        ),
        said(
            DUMOULIN,
            ("x_i", r"\sum_{l=1}^{N} \sum_{j=1}^{m} \delta_l k_j [l = s(i-1)+j]"),
            ("k_j", r"\sum_{l=1}^{N} \sum_{i=1}^{n} \delta_l x_i [l = s(i-1)+j]"),
        ),
    ),
    Layer(
        "dense",
        "Fully connected layer",
        (
            r"z_i = \sum_{j=1}^{d} W_{ij} x_j + b_i, \quad i = 1, \dots, h",
            given(r"\delta_i", "z_i"),
        ),
        said(
            BISHOP,
            ("W_{ij}", r"\delta_i x_j"),
            ("b_i", r"\delta_i"),
            ("x_j", r"\sum_{i=1}^{h} W_{ij} \delta_i"),
        ),
    ),
    Layer(
        "dense-batched",
        "Fully connected layer, over a batch",
        (
            r"z_{qi} = \sum_{j=1}^{d} W_{ij} x_{qj} + b_i",
            r"q = 1, \dots, N, \quad i = 1, \dots, h",
            given(r"\delta_{qi}", "z_{qi}"),
        ),
        said(
            BISHOP,
            ("W_{ij}", r"\sum_{q=1}^{N} \delta_{qi} x_{qj}"),
            ("b_i", r"\sum_{q=1}^{N} \delta_{qi}"),
            ("x_{qj}", r"\sum_{i=1}^{h} \delta_{qi} W_{ij}"),
        ),
    ),
    Layer(
        "embedding",
        "Embedding look-up",
        (
            r"e_{t,r} = E_{c_t,r}, \quad t = 1, \dots, T, \quad r = 1, \dots, D",
            r"c_t \in \{1, \dots, V\}",
            given(r"\delta_{t,r}", "e_{t,r}"),
        ),
        said(MIKOLOV, ("E_{v,r}", r"\sum_{t=1}^{T} \delta_{t,r} [c_t = v]")),
    ),
    Layer(
        "maxpool",
        "Max-pooling, overlapping",
        (
            r"z_i = \max_{1 \le j \le m} x_{i+j-1}, \quad i = 1, \dots, n",
            given(r"\delta_i", "z_i"),
        ),
        said(
            PRINCE,
            ("x_l", r"\sum_{i=\max(1, l-m+1)}^{\min(n, l)} \delta_i [x_l = z_i]"),
        ),
    ),
    Layer(
        "maxpool-strided",
        "Max-pooling with stride",
        (
            r"z_i = \max_{1 \le j \le m} x_{s(i-1)+j}, \quad i = 1, \dots, n",
            given(r"\delta_i", "z_i"),
        ),
        said(
            LECUN,
            ("x_l", r"\sum_{i=1}^{n} \sum_{j=1}^{m} \delta_i [x_l = z_i] [l = s(i-1)+j]"),
        ),
    ),
    Layer(
        "avgpool",
        "Average pooling",
        (
            r"z_i = \frac{1}{m} \sum_{j=1}^{m} x_{s(i-1)+j}, \quad i = 1, \dots, n",
            given(r"\delta_i", "z_i"),
        ),
        said(
            LECUN,
            ("x_l", r"\frac{1}{m} \sum_{i=1}^{n} \sum_{j=1}^{m} \delta_i [l = s(i-1)+j]"),
        ),
    ),
    Layer(
        "global-avgpool",
        "Global average pooling",
        (
            r"z_c = \frac{1}{H W} \sum_{r=1}^{H} \sum_{q=1}^{W} x_{c,r,q}, "
            r"\quad c = 1, \dots, C",
            given(r"\delta_c", "z_c"),
        ),
        said(PRINCE, ("x_{c,r,q}", r"\frac{\delta_c}{H W}")),
    ),
    Layer(
        "relu",
        "ReLU",
        (r"a_i = \max(0, z_i), \quad i = 1, \dots, n", given(r"\delta_i", "a_i")),
        said(GOODFELLOW, ("z_i", r"\delta_i [z_i > 0]")),
    ),
    Layer(
        "leaky-relu",
        "Leaky ReLU",
        (
            r"a_i = \begin{cases} z_i & z_i > 0 \\ \alpha z_i & \text{otherwise} \end{cases}, "
            r"\quad i = 1, \dots, n",
            given(r"\delta_i", "a_i"),
        ),
        said(MAAS, ("z_i", r"\delta_i ([z_i > 0] + \alpha [z_i \le 0])")),
    ),
    Layer(
        "abs",
        "Absolute value",
        (r"a_i = |z_i|, \quad i = 1, \dots, n", given(r"\delta_i", "a_i")),
        said(GOODFELLOW, ("z_i", r"\delta_i ([z_i > 0] - [z_i < 0])")),
    ),
    Layer(
        "sum-loss",
        "Sum of losses",
        (r"L = \sum_{i=1}^{n} (y_i - \hat y_i)^2",),
        said(BISHOP, (r"\hat y_i", r"2 (\hat y_i - y_i)")),
    ),
    Layer(
        "mean-loss",
        "Mean squared error",
        (
            r"\hat y_i = \sum_{j=1}^{d} w_j x_{ij} + b, \quad i = 1, \dots, n",
            r"L = \frac{1}{n} \sum_{i=1}^{n} (y_i - \hat y_i)^2",
        ),
        said(
            BISHOP,
            (r"\hat y_i", r"\frac{2}{n} (\hat y_i - y_i)"),
            ("w_j", r"\frac{2}{n} \sum_{i=1}^{n} (\hat y_i - y_i) x_{ij}"),
            ("b", r"\frac{2}{n} \sum_{i=1}^{n} (\hat y_i - y_i)"),
        ),
    ),
    Layer(
        "linear-recurrence",
        "Linear recurrence",
        (
            r"h_t = a h_{t-1} + b x_t, \quad t = 1, \dots, T",
            r"L = \sum_{t=1}^{T} (h_t - y_t)^2",
        ),
        said(
            WERBOS,
            ("h_t", r"\sum_{k=t}^{T} 2 a^{k-t} (h_k - y_k)"),
            ("a", r"\sum_{t=1}^{T} \sum_{k=t}^{T} 2 a^{k-t} (h_k - y_k) h_{t-1}"),
            ("b", r"\sum_{t=1}^{T} \sum_{k=t}^{T} 2 a^{k-t} (h_k - y_k) x_t"),
            ("x_t", r"\sum_{k=t}^{T} 2 b a^{k-t} (h_k - y_k)"),
            ("h_0", r"\sum_{k=1}^{T} 2 a^k (h_k - y_k)"),
        ),
    ),
)
"""The layers, in the order of a reference card."""


def layer(name: str) -> Layer:
    """The layer of a name.

    >>> layer("dense").claims[0].right
    '\\\\delta_i x_j'
    """
    found = {x.name: x for x in CATALOGUE}
    if name not in found:
        raise NetworkError(
            f"found the layer {name}, expected one of {', '.join(found)}",
            hint="symgrad layers lists them",
        )
    return found[name]


def every_claim() -> Iterator[tuple[Layer, Claim]]:
    """Each claim with its layer."""
    return ((x, c) for x in CATALOGUE for c in x.claims)
