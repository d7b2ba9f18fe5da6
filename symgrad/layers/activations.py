r"""Activations: of one number, of several, and softmax."""

from __future__ import annotations

from symgrad.layers.record import Claim, Family, Layer, given, said

GOODFELLOW = "Goodfellow, Bengio, Courville, Deep Learning (2016), chapter 6"
BISHOP = "Bishop, Pattern Recognition and Machine Learning (2006), sections 4.3 and 5.1"
MAAS = "the slope of the unit of Maas, Hannun, Ng, Rectifier nonlinearities (2013)"
HE = "He et al., Delving deep into rectifiers (2015), section 2"
CLEVERT = "Clevert, Unterthiner, Hochreiter, Exponential linear units (2016), section 3"
KLAMBAUER = "the slope of the unit of Klambauer et al., Self-normalizing networks (2017)"
SANDLER = "the slope of the unit of Sandler et al., MobileNetV2 (2018)"
DUGAS = "Dugas et al., Incorporating second-order functional knowledge (2001)"
RAMACHANDRAN = "Ramachandran, Zoph, Le, Searching for activation functions (2017), section 2"
MISRA = "the slope of the unit of Misra, Mish (2019)"
HENDRYCKS = "the slope of the unit of Hendrycks, Gimpel, Gaussian error linear units (2016)"
MAXOUT = "the slope of the unit of Goodfellow et al., Maxout networks (2013)"
DAUPHIN = "Dauphin et al., Language modeling with gated convolutional networks (2017)"
SHAZEER = "the slope of the unit of Shazeer, GLU variants improve transformer (2020)"

SOFTMAX = r"p_i = \frac{e^{z_i}}{\sum_{k=1}^{n} e^{z_k}}, \quad i = 1, \dots, n"


def unit(name: str, title: str, formula: str, slope: str, source: str) -> Layer:
    """An activation of one number, a_i = f(z_i), with its slope in front of δ_i."""
    equation = rf"a_i = {formula}, \quad i = 1, \dots, n"
    upstream = given(r"\delta_i", "a_i")
    return Layer(name, title, (equation, upstream), said(source, ("z_i", rf"\delta_i {slope}")))


SIGMOIDS = (
    unit("sigmoid", "Sigmoid", r"\frac{1}{1 + e^{-z_i}}", "a_i (1 - a_i)", BISHOP),
    unit("tanh", "Hyperbolic tangent", r"\tanh z_i", "(1 - a_i^2)", BISHOP),
    unit("softplus", "Softplus", r"\log(1 + e^{z_i})", r"\sigma(z_i)", DUGAS),
    unit(
        "hard-sigmoid",
        "Hard sigmoid",
        r"\max\left(0, \min\left(1, \frac{z_i + 3}{6}\right)\right)",
        r"\frac16 [z_i > -3] [z_i < 3]",
        SANDLER,
    ),
)

RECTIFIERS = (
    unit("relu", "ReLU", r"\max(0, z_i)", "[z_i > 0]", GOODFELLOW),
    unit(
        "leaky-relu",
        "Leaky ReLU",
        r"\begin{cases} z_i & z_i > 0 \\ \alpha z_i & \text{otherwise} \end{cases}",
        r"([z_i > 0] + \alpha [z_i \le 0])",
        MAAS,
    ),
    Layer(
        "prelu",
        "Parametric ReLU",
        (
            r"a_i = \max(0, z_i) + \alpha \min(0, z_i), \quad i = 1, \dots, n",
            given(r"\delta_i", "a_i"),
        ),
        said(
            HE,
            ("z_i", r"\delta_i ([z_i > 0] + \alpha [z_i < 0])"),
            (r"\alpha", r"\sum_{i=1}^{n} \delta_i z_i [z_i \le 0]"),
        ),
    ),
    unit(
        "elu",
        "ELU",
        r"\begin{cases} z_i & z_i > 0 \\ \alpha (e^{z_i} - 1) & \text{otherwise} \end{cases}",
        r"([z_i > 0] + [z_i \le 0] (a_i + \alpha))",
        CLEVERT,
    ),
    unit(
        "selu",
        "SELU",
        r"\lambda \begin{cases} z_i & z_i > 0 \\ \alpha (e^{z_i} - 1) & \text{otherwise} "
        r"\end{cases}",
        r"\lambda ([z_i > 0] + [z_i \le 0] \alpha e^{z_i})",
        KLAMBAUER,
    ),
    unit("relu6", "ReLU6", r"\min(\max(0, z_i), 6)", "[z_i > 0] [z_i < 6]", SANDLER),
    unit("abs", "Absolute value", "|z_i|", "([z_i > 0] - [z_i < 0])", GOODFELLOW),
)

SMOOTH = (
    unit(
        "swish",
        "Swish",
        r"z_i \sigma(\beta z_i)",
        r"(\beta a_i + \sigma(\beta z_i) (1 - \beta a_i))",
        RAMACHANDRAN,
    ),
    unit("silu", "SiLU", r"z_i \sigma(z_i)", r"(a_i + \sigma(z_i) (1 - a_i))", RAMACHANDRAN),
    unit(
        "gelu",
        "GELU",
        r"\frac12 z_i \left(1 + \operatorname{erf}\left(\frac{z_i}{\sqrt 2}\right)\right)",
        r"\left(\frac12 \left(1 + \operatorname{erf}\left(\frac{z_i}{\sqrt 2}\right)\right) "
        r"+ \frac{z_i}{\sqrt{2 \pi}} e^{-z_i^2/2}\right)",
        HENDRYCKS,
    ),
    Layer(
        "gelu-pi",
        "GELU, with tanh and its constants",
        (
            r"u_i = \sqrt{\frac{2}{\pi}} (z_i + 0.044715 z_i^3), \quad t_i = \tanh u_i, \quad "
            r"a_i = \frac12 z_i (1 + t_i), \quad i = 1, \dots, n",
            given(r"\delta_i", "a_i"),
        ),
        said(
            HENDRYCKS,
            (
                "z_i",
                r"\frac12 \delta_i \left(1 + t_i + z_i (1 - t_i^2) \sqrt{\frac{2}{\pi}} "
                r"(1 + 0.134145 z_i^2)\right)",
            ),
        ),
    ),
    Layer(
        "gelu-tanh",
        "GELU, with tanh",
        (
            r"u_i = c (z_i + k z_i^3), \quad t_i = \tanh u_i, \quad "
            r"a_i = \frac12 z_i (1 + t_i), \quad i = 1, \dots, n",
            given(r"\delta_i", "a_i"),
        ),
        said(
            HENDRYCKS,
            (
                "z_i",
                r"\frac12 \delta_i \left(1 + t_i + z_i (1 - t_i^2) c (1 + 3 k z_i^2)\right)",
            ),
        ),
    ),
    Layer(
        "mish",
        "Mish",
        (
            r"s_i = \log(1 + e^{z_i}), \quad t_i = \tanh s_i, \quad "
            r"a_i = z_i t_i, \quad i = 1, \dots, n",
            given(r"\delta_i", "a_i"),
        ),
        said(MISRA, ("z_i", r"\delta_i (t_i + z_i (1 - t_i^2) \sigma(z_i))")),
    ),
)

SEVERAL = (
    Layer(
        "maxout",
        "Maxout",
        (
            r"z_{ij} = \sum_{k=1}^{d} W_{ijk} x_k + b_{ij}, \quad j = 1, \dots, m",
            r"a_i = \max_{1 \le j \le m} z_{ij}, \quad i = 1, \dots, h",
            given(r"\delta_i", "a_i"),
        ),
        said(
            MAXOUT,
            ("z_{ij}", r"\delta_i [z_{ij} = a_i]"),
            ("W_{ijk}", r"\delta_i [z_{ij} = a_i] x_k"),
            ("x_k", r"\sum_{i=1}^{h} \sum_{j=1}^{m} \delta_i [z_{ij} = a_i] W_{ijk}"),
        ),
    ),
    Layer(
        "glu",
        "Gated linear unit",
        (r"a_i = u_i \sigma(v_i), \quad i = 1, \dots, n", given(r"\delta_i", "a_i")),
        said(
            DAUPHIN,
            ("u_i", r"\delta_i \sigma(v_i)"),
            ("v_i", r"\delta_i u_i \sigma(v_i) (1 - \sigma(v_i))"),
        ),
    ),
    Layer(
        "swiglu",
        "SwiGLU",
        (
            r"g_i = u_i \sigma(u_i), \quad a_i = g_i v_i, \quad i = 1, \dots, n",
            given(r"\delta_i", "a_i"),
        ),
        said(
            SHAZEER,
            ("u_i", r"\delta_i v_i (g_i + \sigma(u_i) (1 - g_i))"),
            ("v_i", r"\delta_i g_i"),
        ),
    ),
    Layer(
        "softmax-jacobian",
        "Softmax, its Jacobian",
        (SOFTMAX,),
        (Claim(r"\frac{\partial p_i}{\partial z_j}", "p_i ([i = j] - p_j)", BISHOP),),
    ),
    Layer(
        "softmax",
        "Softmax",
        (SOFTMAX, given(r"\delta_i", "p_i")),
        said(BISHOP, ("z_j", r"p_j \left(\delta_j - \sum_{i=1}^{n} \delta_i p_i\right)")),
    ),
    Layer(
        "softmax-temperature",
        "Softmax with temperature",
        (
            r"p_i = \frac{e^{z_i / T}}{\sum_{k=1}^{n} e^{z_k / T}}, \quad i = 1, \dots, n",
            given(r"\delta_i", "p_i"),
        ),
        said(
            BISHOP,
            ("z_j", r"\frac{p_j}{T} \left(\delta_j - \sum_{i=1}^{n} \delta_i p_i\right)"),
        ),
    ),
    Layer(
        "log-softmax",
        "Log-softmax",
        (
            rf"{SOFTMAX[: SOFTMAX.index(', ')]}, \quad \ell_i = \log p_i, "
            r"\quad i = 1, \dots, n",
            given(r"\delta_i", r"\ell_i"),
        ),
        said(BISHOP, ("z_j", r"\delta_j - p_j \sum_{i=1}^{n} \delta_i")),
    ),
)

ACTIVATIONS = Family(
    "activations",
    "Gradients of activations",
    (
        ("Sigmoids", SIGMOIDS),
        ("Rectifiers", RECTIFIERS),
        ("Smooth rectifiers", SMOOTH),
        ("Units of several numbers", SEVERAL),
    ),
    columns=4,
)
