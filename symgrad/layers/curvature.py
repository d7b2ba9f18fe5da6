"""Second derivatives: of functions of one number, and Hessians of losses."""

from __future__ import annotations

from symgrad.layers.record import Claim, Family, Layer, claimed

BISHOP = "Bishop, Pattern Recognition and Machine Learning (2006), sections 4.3 and 5.4"
BOYD = "Boyd, Vandenberghe, Convex Optimization (2004), sections 3.1 and 9.1"
MURPHY = "Murphy, Machine Learning: A Probabilistic Perspective (2012), section 8.3"
SLOPES = "derivatives of the slopes of Bishop, Pattern Recognition (2006), sections 4.3, 5.1"
NELDER = "the Hessian of the log-linear model, McCullagh, Nelder, Generalized Linear Models (1989)"

SOFTMAX = r"p_i = \frac{e^{z_i}}{\sum_{k=1}^{n} e^{z_k}}, \quad i = 1, \dots, n"


def second(u: str, v: str) -> str:
    """∂²L/∂u∂v."""
    return rf"\frac{{\partial^2 L}}{{\partial {u}\, \partial {v}}}"


def twice(source: str, *triples: tuple[str, str, str]) -> tuple[Claim, ...]:
    """Claims on second derivatives, each by two names."""
    return tuple(Claim(second(u, v), right, source) for u, v, right in triples)


UNITS = (
    Layer(
        "sigmoid-curvature",
        "Curvature of the sigmoid",
        (r"L = \sigma(x)",),
        claimed(SLOPES, (r"\frac{d^2 L}{d x^2}", r"L (1 - L) (1 - 2 L)")),
    ),
    Layer(
        "tanh-curvature",
        "Curvature of the hyperbolic tangent",
        (r"L = \tanh x",),
        claimed(SLOPES, (r"\frac{d^2 L}{d x^2}", r"-2 L (1 - L^2)")),
    ),
    Layer(
        "log-sum-exp-curvature",
        "Curvature of log-sum-exp",
        (SOFTMAX, r"L = \log \sum_{k=1}^{n} e^{z_k}"),
        twice(BOYD, ("z_i", "z_j", r"p_i [i = j] - p_i p_j")),
    ),
)

LOSSES = (
    Layer(
        "least-squares-curvature",
        "Hessian of least squares",
        (r"L = \frac12 \sum_{q=1}^{N} \left(\sum_{j=1}^{d} X_{qj} w_j - y_q\right)^2",),
        twice(BOYD, ("w_i", "w_j", r"\sum_{q=1}^{N} X_{qi} X_{qj}")),
    ),
    Layer(
        "logistic-curvature",
        "Hessian of logistic regression",
        (
            r"p_q = \sigma\left(\sum_{j=1}^{d} X_{qj} w_j\right), \quad q = 1, \dots, N",
            r"L = -\sum_{q=1}^{N} \left(y_q \log p_q + (1 - y_q) \log(1 - p_q)\right)",
        ),
        twice(BISHOP, ("w_i", "w_j", r"\sum_{q=1}^{N} p_q (1 - p_q) X_{qi} X_{qj}")),
    ),
    Layer(
        "softmax-curvature",
        "Hessian of cross-entropy with softmax",
        (
            SOFTMAX,
            r"L = -\sum_{i=1}^{n} y_i \log p_i",
            r"\sum_{i=1}^{n} y_i = 1",
        ),
        twice(BISHOP, ("z_i", "z_j", r"p_i ([i = j] - p_j)")),
    ),
    Layer(
        "softmax-regression-curvature",
        "Hessian of softmax regression",
        (
            r"z_k = \sum_{j=1}^{d} W_{kj} x_j, \quad k = 1, \dots, K",
            r"p_k = \frac{e^{z_k}}{\sum_{r=1}^{K} e^{z_r}}",
            r"L = -\sum_{k=1}^{K} y_k \log p_k",
            r"\sum_{k=1}^{K} y_k = 1",
        ),
        twice(MURPHY, ("W_{ki}", "W_{lj}", r"p_k ([k = l] - p_l) x_i x_j")),
    ),
    Layer(
        "poisson-curvature",
        "Hessian of Poisson regression",
        (
            r"\eta_q = \sum_{j=1}^{d} X_{qj} w_j, \quad q = 1, \dots, N",
            r"L = \sum_{q=1}^{N} (e^{\eta_q} - y_q \eta_q)",
        ),
        twice(NELDER, ("w_i", "w_j", r"\sum_{q=1}^{N} e^{\eta_q} X_{qi} X_{qj}")),
    ),
)

CURVATURE = Family(
    "curvature",
    "Second derivatives",
    (("Functions", UNITS), ("Losses", LOSSES)),
    columns=2,
    paper="a4",
)
