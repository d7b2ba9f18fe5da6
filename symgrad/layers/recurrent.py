r"""Recurrent networks: linear, with tanh, steps of LSTM and GRU cells, gated states over time."""

from __future__ import annotations

from symgrad.layers.record import Family, Layer, given, said

WERBOS = "Werbos, Backpropagation through time (1990)"
GOODFELLOW = "Goodfellow, Bengio, Courville, Deep Learning (2016), section 10.2.2"
GREFF = "Greff et al., LSTM: a search space odyssey (2017), appendix A"
CHO = "the adjoint of the unit of Cho et al., Phrase representations (2014)"

PLAIN = (
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
    Layer(
        "rnn-step",
        "One step of a recurrent network",
        (
            r"a_i = \sum_{j=1}^{n} W_{ij} h_j + \sum_{k=1}^{d} U_{ik} x_k + b_i, \quad "
            r"i = 1, \dots, n",
            r"h'_i = \tanh a_i",
            given(r"\delta_i", "h'_i"),
        ),
        said(
            GOODFELLOW,
            ("a_i", r"\delta_i (1 - (h'_i)^2)"),
            ("W_{ij}", r"\delta_i (1 - (h'_i)^2) h_j"),
            ("U_{ik}", r"\delta_i (1 - (h'_i)^2) x_k"),
            ("b_i", r"\delta_i (1 - (h'_i)^2)"),
            ("h_j", r"\sum_{i=1}^{n} W_{ij} \delta_i (1 - (h'_i)^2)"),
        ),
    ),
    Layer(
        "rnn",
        "Recurrent network over time",
        (
            r"a_{ti} = \sum_{j=1}^{n} W_{ij} h_{t-1,j} + \sum_{k=1}^{d} U_{ik} x_{tk} + b_i, "
            r"\quad t = 1, \dots, T, \quad i = 1, \dots, n",
            r"h_{ti} = \tanh a_{ti}",
            given(r"\delta_{ti}", "a_{ti}"),
        ),
        said(
            GOODFELLOW,
            ("W_{ij}", r"\sum_{t=1}^{T} \delta_{ti} h_{t-1,j}"),
            ("U_{ik}", r"\sum_{t=1}^{T} \delta_{ti} x_{tk}"),
            ("b_i", r"\sum_{t=1}^{T} \delta_{ti}"),
            ("x_{tk}", r"\sum_{i=1}^{n} U_{ik} \delta_{ti}"),
        ),
    ),
)

GATED = (
    Layer(
        "lstm",
        "One step of an LSTM cell",
        (
            r"i_k = \sigma(a_k), \quad f_k = \sigma(b_k), \quad o_k = \sigma(p_k), \quad "
            r"g_k = \tanh q_k, \quad k = 1, \dots, n",
            r"c'_k = f_k c_k + i_k g_k",
            r"h_k = o_k \tanh c'_k",
            given(r"\delta_k", "h_k"),
        ),
        said(
            GREFF,
            ("o_k", r"\delta_k \tanh c'_k"),
            ("c'_k", r"\delta_k o_k (1 - \tanh(c'_k)^2)"),
            ("c_k", r"\frac{\partial L}{\partial c'_k} f_k"),
            ("a_k", r"\frac{\partial L}{\partial c'_k} g_k i_k (1 - i_k)"),
            ("b_k", r"\frac{\partial L}{\partial c'_k} c_k f_k (1 - f_k)"),
            ("p_k", r"\frac{\partial L}{\partial o_k} o_k (1 - o_k)"),
            ("q_k", r"\frac{\partial L}{\partial c'_k} i_k (1 - g_k^2)"),
        ),
    ),
    Layer(
        "lstm-gate",
        "The weights of a gate",
        (
            r"a_k = \sum_{j=1}^{n} W_{kj} h_j + \sum_{l=1}^{d} U_{kl} x_l + b_k, \quad "
            r"k = 1, \dots, n",
            r"i_k = \sigma(a_k)",
            given(r"\delta_k", "i_k"),
        ),
        said(
            GREFF,
            ("W_{kj}", r"\delta_k i_k (1 - i_k) h_j"),
            ("U_{kl}", r"\delta_k i_k (1 - i_k) x_l"),
            ("b_k", r"\delta_k i_k (1 - i_k)"),
            ("x_l", r"\sum_{k=1}^{n} U_{kl} \delta_k i_k (1 - i_k)"),
        ),
    ),
    Layer(
        "gru",
        "One step of a GRU",
        (
            r"z_k = \sigma(a_k), \quad r_k = \sigma(b_k), \quad k = 1, \dots, n",
            r"u_k = \sum_{j=1}^{n} W_{kj} r_j h_j + q_k, \quad g_k = \tanh u_k",
            r"h'_k = (1 - z_k) h_k + z_k g_k",
            given(r"\delta_k", "h'_k"),
        ),
        said(
            CHO,
            ("a_k", r"\delta_k (g_k - h_k) z_k (1 - z_k)"),
            ("u_k", r"\delta_k z_k (1 - g_k^2)"),
            ("W_{kj}", r"\frac{\partial L}{\partial u_k} r_j h_j"),
            ("r_j", r"\sum_{k=1}^{n} \frac{\partial L}{\partial u_k} W_{kj} h_j"),
            (
                "h_j",
                r"\delta_j (1 - z_j) + \sum_{k=1}^{n} \frac{\partial L}{\partial u_k} W_{kj} r_j",
            ),
        ),
    ),
    Layer(
        "lstm-state",
        "The state of an LSTM over time",
        (
            r"c_t = f_t c_{t-1} + i_t g_t, \quad t = 1, \dots, T",
            r"h_t = o_t \tanh c_t",
            given(r"\delta_t", "h_t"),
        ),
        said(
            GREFF,
            (
                "c_t",
                r"\sum_{k=t}^{T} \delta_k o_k (1 - \tanh(c_k)^2) \prod_{s=t+1}^{k} f_s",
            ),
            ("f_t", r"\frac{\partial L}{\partial c_t} c_{t-1}"),
            ("i_t", r"\frac{\partial L}{\partial c_t} g_t"),
            ("o_t", r"\delta_t \tanh c_t"),
        ),
    ),
    Layer(
        "gru-state",
        "The state of a GRU over time",
        (
            r"h_t = (1 - z_t) h_{t-1} + z_t g_t, \quad t = 1, \dots, T",
            given(r"\delta", "h_T"),
        ),
        said(
            CHO,
            ("h_t", r"\delta \prod_{k=t+1}^{T} (1 - z_k)"),
            ("g_t", r"\delta z_t \prod_{k=t+1}^{T} (1 - z_k)"),
        ),
    ),
)

RECURRENT = Family(
    "recurrent",
    "Gradients of recurrent networks",
    (("Plain", PLAIN), ("Gated", GATED)),
)
