r"""Normalisation: in stages, with the gradient on one line where a textbook has one."""

from __future__ import annotations

from symgrad.layers.record import Family, Layer, given, said

IOFFE = "Ioffe, Szegedy, Batch normalization (2015), section 3"
CS231N = "Stanford CS231n, assignment 2, the one-line gradient"
BA = "the adjoint of the layer of Ba, Kiros, Hinton, Layer normalization (2016)"
XU = "Xu et al., Understanding and improving layer normalization (2019), section 3"
ZHANG = "the adjoint of the layer of Zhang, Sennrich, RMS layer normalization (2019)"
WANG = "Wang et al., NormFace (2017), section 3"
SALIMANS = "Salimans, Kingma, Weight normalization (2016), equation 3"
ULYANOV = "the adjoint of the layer of Ulyanov, Vedaldi, Lempitsky, Instance normalization (2016)"
WU = "the adjoint of the layer of Wu, He, Group normalization (2018)"

BATCH = (
    Layer(
        "batch-norm",
        "Batch normalisation",
        (
            r"\mu = \frac1N \sum_{i=1}^{N} x_i",
            r"v = \frac1N \sum_{i=1}^{N} (x_i - \mu)^2",
            r"\hat x_i = \frac{x_i - \mu}{\sqrt{v + \epsilon}}, \quad i = 1, \dots, N",
            r"y_i = \gamma \hat x_i + \beta",
            given(r"\delta_i", "y_i"),
        ),
        said(
            IOFFE,
            (r"\gamma", r"\sum_{i=1}^{N} \delta_i \hat x_i"),
            (r"\beta", r"\sum_{i=1}^{N} \delta_i"),
            (r"\hat x_i", r"\delta_i \gamma"),
            ("v", r"-\frac12 (v + \epsilon)^{-3/2} \sum_{i=1}^{N} \gamma \delta_i (x_i - \mu)"),
            (r"\mu", r"-\frac{1}{\sqrt{v + \epsilon}} \sum_{i=1}^{N} \gamma \delta_i"),
        )
        + said(
            CS231N,
            (
                "x_i",
                r"\frac{\gamma}{N \sqrt{v + \epsilon}} \left(N \delta_i - \sum_{k=1}^{N} \delta_k "
                r"- \hat x_i \sum_{k=1}^{N} \delta_k \hat x_k\right)",
            ),
        ),
    ),
    Layer(
        "batch-norm-features",
        "Batch normalisation of each feature",
        (
            r"\mu_j = \frac1N \sum_{i=1}^{N} x_{ij}, \quad j = 1, \dots, d",
            r"v_j = \frac1N \sum_{i=1}^{N} (x_{ij} - \mu_j)^2",
            r"\hat x_{ij} = \frac{x_{ij} - \mu_j}{\sqrt{v_j + \epsilon}}, \quad i = 1, \dots, N",
            r"y_{ij} = \gamma_j \hat x_{ij} + \beta_j",
            given(r"\delta_{ij}", "y_{ij}"),
        ),
        said(
            CS231N,
            (r"\gamma_j", r"\sum_{i=1}^{N} \delta_{ij} \hat x_{ij}"),
            (r"\beta_j", r"\sum_{i=1}^{N} \delta_{ij}"),
            (
                "x_{ij}",
                r"\frac{\gamma_j}{N \sqrt{v_j + \epsilon}} \left(N \delta_{ij} "
                r"- \sum_{k=1}^{N} \delta_{kj} "
                r"- \hat x_{ij} \sum_{k=1}^{N} \delta_{kj} \hat x_{kj}\right)",
            ),
        ),
    ),
)

LAYER = (
    Layer(
        "layer-norm",
        "Layer normalisation",
        (
            r"\mu = \frac1d \sum_{j=1}^{d} x_j",
            r"v = \frac1d \sum_{j=1}^{d} (x_j - \mu)^2",
            r"\hat x_j = \frac{x_j - \mu}{\sqrt{v + \epsilon}}, \quad j = 1, \dots, d",
            r"y_j = \gamma_j \hat x_j + \beta_j",
            given(r"\delta_j", "y_j"),
        ),
        said(BA, (r"\gamma_j", r"\delta_j \hat x_j"), (r"\beta_j", r"\delta_j"))
        + said(
            XU,
            (
                "x_j",
                r"\frac{1}{d \sqrt{v + \epsilon}} \left(d \gamma_j \delta_j "
                r"- \sum_{k=1}^{d} \gamma_k \delta_k "
                r"- \hat x_j \sum_{k=1}^{d} \gamma_k \delta_k \hat x_k\right)",
            ),
        ),
    ),
    Layer(
        "layer-norm-batched",
        "Layer normalisation, over a batch",
        (
            r"\mu_i = \frac1d \sum_{j=1}^{d} x_{ij}, \quad i = 1, \dots, N",
            r"v_i = \frac1d \sum_{j=1}^{d} (x_{ij} - \mu_i)^2",
            r"\hat x_{ij} = \frac{x_{ij} - \mu_i}{\sqrt{v_i + \epsilon}}, \quad j = 1, \dots, d",
            r"y_{ij} = \gamma_j \hat x_{ij} + \beta_j",
            given(r"\delta_{ij}", "y_{ij}"),
        ),
        said(
            XU,
            (r"\gamma_j", r"\sum_{i=1}^{N} \delta_{ij} \hat x_{ij}"),
            (r"\beta_j", r"\sum_{i=1}^{N} \delta_{ij}"),
            (
                "x_{ij}",
                r"\frac{1}{d \sqrt{v_i + \epsilon}} \left(d \gamma_j \delta_{ij} "
                r"- \sum_{k=1}^{d} \gamma_k \delta_{ik} "
                r"- \hat x_{ij} \sum_{k=1}^{d} \gamma_k \delta_{ik} \hat x_{ik}\right)",
            ),
        ),
    ),
    Layer(
        "rms-norm",
        "RMS normalisation",
        (
            r"r = \sqrt{\frac1d \sum_{j=1}^{d} x_j^2 + \epsilon}",
            r"\hat x_j = \frac{x_j}{r}, \quad j = 1, \dots, d",
            r"y_j = \gamma_j \hat x_j",
            given(r"\delta_j", "y_j"),
        ),
        said(
            ZHANG,
            (r"\gamma_j", r"\delta_j \hat x_j"),
            (
                "x_j",
                r"\frac1r \left(\gamma_j \delta_j "
                r"- \frac{\hat x_j}{d} \sum_{k=1}^{d} \gamma_k \delta_k \hat x_k\right)",
            ),
        ),
    ),
)

CHANNELS = (
    Layer(
        "instance-norm",
        "Instance normalisation",
        (
            r"\mu_{qc} = \frac1m \sum_{i=1}^{m} x_{qci}, \quad q = 1, \dots, N, \quad "
            r"c = 1, \dots, C",
            r"v_{qc} = \frac1m \sum_{i=1}^{m} (x_{qci} - \mu_{qc})^2",
            r"\hat x_{qci} = \frac{x_{qci} - \mu_{qc}}{\sqrt{v_{qc} + \epsilon}}, \quad "
            r"i = 1, \dots, m",
            r"y_{qci} = \gamma_c \hat x_{qci} + \beta_c",
            given(r"\delta_{qci}", "y_{qci}"),
        ),
        said(
            ULYANOV,
            (r"\gamma_c", r"\sum_{q=1}^{N} \sum_{i=1}^{m} \delta_{qci} \hat x_{qci}"),
            (
                "x_{qci}",
                r"\frac{\gamma_c}{m \sqrt{v_{qc} + \epsilon}} \left(m \delta_{qci} "
                r"- \sum_{k=1}^{m} \delta_{qck} "
                r"- \hat x_{qci} \sum_{k=1}^{m} \delta_{qck} \hat x_{qck}\right)",
            ),
        ),
    ),
    Layer(
        "group-norm",
        "Group normalisation, one group",
        (
            r"\mu = \frac{1}{C m} \sum_{c=1}^{C} \sum_{i=1}^{m} x_{ci}",
            r"v = \frac{1}{C m} \sum_{c=1}^{C} \sum_{i=1}^{m} (x_{ci} - \mu)^2",
            r"\hat x_{ci} = \frac{x_{ci} - \mu}{\sqrt{v + \epsilon}}, \quad "
            r"c = 1, \dots, C, \quad i = 1, \dots, m",
            r"y_{ci} = \gamma_c \hat x_{ci} + \beta_c",
            given(r"\delta_{ci}", "y_{ci}"),
        ),
        said(
            WU,
            (r"\gamma_c", r"\sum_{i=1}^{m} \delta_{ci} \hat x_{ci}"),
            (
                "x_{ci}",
                r"\frac{1}{C m \sqrt{v + \epsilon}} \left(C m \gamma_c \delta_{ci} "
                r"- \sum_{a=1}^{C} \sum_{k=1}^{m} \gamma_a \delta_{ak} "
                r"- \hat x_{ci} \sum_{a=1}^{C} \sum_{k=1}^{m} \gamma_a \delta_{ak} "
                r"\hat x_{ak}\right)",
            ),
        ),
    ),
)

VECTORS = (
    Layer(
        "l2-norm",
        "L2 normalisation",
        (
            r"r = \sqrt{\sum_{j=1}^{d} x_j^2}",
            r"y_j = \frac{x_j}{r}, \quad j = 1, \dots, d",
            given(r"\delta_j", "y_j"),
        ),
        said(WANG, ("x_j", r"\frac1r \left(\delta_j - y_j \sum_{k=1}^{d} \delta_k y_k\right)")),
    ),
    Layer(
        "weight-norm",
        "Weight normalisation",
        (
            r"r = \sqrt{\sum_{j=1}^{d} v_j^2}",
            r"w_j = \frac{g}{r} v_j, \quad j = 1, \dots, d",
            given(r"\delta_j", "w_j"),
        ),
        said(
            SALIMANS,
            ("g", r"\frac1r \sum_{j=1}^{d} \delta_j v_j"),
            ("v_j", r"\frac{g}{r} \delta_j - \frac{g}{r^2} \frac{\partial L}{\partial g} v_j"),
        ),
    ),
)

NORMALISATION = Family(
    "normalisation",
    "Gradients of normalisation",
    (
        ("Over a batch", BATCH),
        ("Over a layer", LAYER),
        ("Over channels", CHANNELS),
        ("Of a vector", VECTORS),
    ),
    columns=2,
)
