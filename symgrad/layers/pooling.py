r"""Pooling: maxima and means of windows."""

from __future__ import annotations

from symgrad.layers.record import Layer, given, said

LECUN = "the adjoint of the layer of LeCun et al., Gradient-based learning (1998)"
PRINCE = "Prince, Understanding Deep Learning (2023), chapters 7 and 10"

POOLING: tuple[Layer, ...] = (
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
)
