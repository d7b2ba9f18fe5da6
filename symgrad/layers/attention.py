r"""Attention: scaled dot products, masked, in several heads; additive."""

from __future__ import annotations

from symgrad.layers.record import Family, Layer, given, said

VASWANI = "the adjoint of the layer of Vaswani et al., Attention is all you need (2017)"
DAO = "Dao et al., FlashAttention (2022), appendix B"
BAHDANAU = "the adjoint of the layer of Bahdanau, Cho, Bengio, Jointly learning to align (2015)"

DOT_PRODUCT = (
    Layer(
        "attention-dot-product",
        "Scaled dot-product attention",
        (
            r"s_{ij} = \frac{1}{\sqrt{d}} \sum_{c=1}^{d} Q_{ic} K_{jc}, \quad "
            r"i = 1, \dots, n, \quad j = 1, \dots, m",
            r"a_{ij} = \frac{e^{s_{ij}}}{\sum_{l=1}^{m} e^{s_{il}}}",
            r"o_{ir} = \sum_{j=1}^{m} a_{ij} V_{jr}, \quad r = 1, \dots, v",
            given(r"\delta_{ir}", "o_{ir}"),
        ),
        said(
            DAO,
            ("V_{jr}", r"\sum_{i=1}^{n} a_{ij} \delta_{ir}"),
            ("a_{ij}", r"\sum_{r=1}^{v} \delta_{ir} V_{jr}"),
            (
                "s_{ij}",
                r"a_{ij} \left(\frac{\partial L}{\partial a_{ij}} "
                r"- \sum_{l=1}^{m} a_{il} \frac{\partial L}{\partial a_{il}}\right)",
            ),
            ("s_{ij}", r"a_{ij} \sum_{r=1}^{v} \delta_{ir} (V_{jr} - o_{ir})"),
            (
                "Q_{ic}",
                r"\frac{1}{\sqrt{d}} \sum_{j=1}^{m} \frac{\partial L}{\partial s_{ij}} K_{jc}",
            ),
            (
                "K_{jc}",
                r"\frac{1}{\sqrt{d}} \sum_{i=1}^{n} \frac{\partial L}{\partial s_{ij}} Q_{ic}",
            ),
        ),
    ),
    Layer(
        "attention-causal",
        "Scaled dot-product attention, causal",
        (
            r"s_{ij} = \frac{1}{\sqrt{d}} \sum_{c=1}^{d} Q_{ic} K_{jc}, \quad "
            r"i = 1, \dots, n, \quad j = 1, \dots, n",
            r"a_{ij} = \frac{e^{s_{ij}} [j \le i]}{\sum_{l=1}^{i} e^{s_{il}}}",
            r"o_{ir} = \sum_{j=1}^{i} a_{ij} V_{jr}, \quad r = 1, \dots, v",
            given(r"\delta_{ir}", "o_{ir}"),
        ),
        said(
            VASWANI,
            ("V_{jr}", r"\sum_{i=j}^{n} a_{ij} \delta_{ir}"),
            ("s_{ij}", r"a_{ij} \sum_{r=1}^{v} \delta_{ir} (V_{jr} - o_{ir})"),
        ),
    ),
    Layer(
        "attention-projections",
        "Queries from inputs",
        (
            r"q_{ic} = \sum_{k=1}^{D} W_{kc} x_{ik}, \quad i = 1, \dots, n, \quad c = 1, \dots, d",
            given(r"\delta_{ic}", "q_{ic}"),
        ),
        said(
            VASWANI,
            ("W_{kc}", r"\sum_{i=1}^{n} x_{ik} \delta_{ic}"),
            ("x_{ik}", r"\sum_{c=1}^{d} W_{kc} \delta_{ic}"),
        ),
    ),
    Layer(
        "attention-heads",
        "Several heads and their projection",
        (
            r"o_{hir} = \sum_{j=1}^{m} a_{hij} V_{hjr}, \quad h = 1, \dots, H, \quad "
            r"i = 1, \dots, n, \quad r = 1, \dots, v",
            r"y_{ik} = \sum_{h=1}^{H} \sum_{r=1}^{v} W_{khr} o_{hir}, \quad k = 1, \dots, D",
            given(r"\delta_{ik}", "y_{ik}"),
        ),
        said(
            VASWANI,
            ("W_{khr}", r"\sum_{i=1}^{n} \delta_{ik} o_{hir}"),
            ("o_{hir}", r"\sum_{k=1}^{D} \delta_{ik} W_{khr}"),
            ("V_{hjr}", r"\sum_{i=1}^{n} a_{hij} \sum_{k=1}^{D} \delta_{ik} W_{khr}"),
            ("a_{hij}", r"\sum_{r=1}^{v} \sum_{k=1}^{D} \delta_{ik} W_{khr} V_{hjr}"),
        ),
    ),
)

ADDITIVE = (
    Layer(
        "attention-additive",
        "Additive attention",
        (
            r"u_{jk} = \tanh\left(\sum_{c=1}^{d} W_{kc} h_{jc} + q_k\right), \quad "
            r"j = 1, \dots, m, \quad k = 1, \dots, n",
            r"s_j = \sum_{k=1}^{n} v_k u_{jk}",
            r"a_j = \frac{\exp(s_j)}{\sum_{l=1}^{m} \exp(s_l)}",
            r"o_c = \sum_{j=1}^{m} a_j h_{jc}, \quad c = 1, \dots, d",
            given(r"\delta_c", "o_c"),
        ),
        said(
            BAHDANAU,
            ("s_j", r"a_j \sum_{c=1}^{d} \delta_c (h_{jc} - o_c)"),
            ("v_k", r"\sum_{j=1}^{m} \frac{\partial L}{\partial s_j} u_{jk}"),
            ("u_{jk}", r"\frac{\partial L}{\partial s_j} v_k"),
            ("q_k", r"\sum_{j=1}^{m} \frac{\partial L}{\partial s_j} v_k (1 - u_{jk}^2)"),
        ),
    ),
)

ATTENTION = Family(
    "attention",
    "Gradients of attention",
    (("Dot products", DOT_PRODUCT), ("Additive", ADDITIVE)),
    columns=2,
)
