r"""Convolutions: valid, flipped, strided, dilated, padded; over channels, in groups, transposed."""

from __future__ import annotations

from symgrad.layers.record import Layer, given, said

GOODFELLOW = "Goodfellow, Bengio, Courville, Deep Learning (2016), chapters 6 and 9"
DUMOULIN = "the adjoint of the layer of Dumoulin, Visin, A guide to convolution arithmetic (2016)"
HOWARD = "the adjoint of the layer of Howard et al., MobileNets (2017), equation 3"

CONVOLUTIONS: tuple[Layer, ...] = (
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
)
