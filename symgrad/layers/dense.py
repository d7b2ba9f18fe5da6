r"""Fully connected layers and look-ups."""

from __future__ import annotations

from symgrad.layers.record import Layer, given, said

MIKOLOV = "the adjoint of the look-up of Mikolov et al., word representations (2013)"
BISHOP = "Bishop, Pattern Recognition and Machine Learning (2006), sections 3.1 and 5.3"

DENSE: tuple[Layer, ...] = (
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
)
