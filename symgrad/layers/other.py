r"""Layers of several families: masks, products of features, policies, shared weights."""

from __future__ import annotations

from symgrad.layers.record import Family, Layer, claimed, given, said

SRIVASTAVA = "the adjoint of Srivastava et al., Dropout (2014), section 4, inverted as is usual"
WAN = "the adjoint of Wan et al., Regularization of neural networks using DropConnect (2013)"
TENENBAUM = "the adjoint of Tenenbaum, Freeman, Separating style and content (2000), section 3"
RENDLE = "Rendle, Factorization machines (2010), equation 4"
KOREN = "Koren, Bell, Volinsky, Matrix factorization techniques (2009), stochastic gradient descent"
WILLIAMS = "Williams, REINFORCE algorithms (1992), section 4"
SUTTON = "Sutton, Barto, Reinforcement Learning (2018), sections 2.8 and 13.4"
HE = "He et al., Identity mappings in deep residual networks (2016), equation 5"
SRIVASTAVA_HIGHWAY = "the adjoint of Srivastava, Greff, Schmidhuber, Highway networks (2015)"
VINCENT = "the adjoint of Vincent et al., Stacked denoising autoencoders (2010), with tied weights"
COVER = "the slope of the entropy of Cover, Thomas, Elements of Information Theory (2006), 2.1"

POLICY = r"\pi_a = \frac{e^{z_a}}{\sum_{b=1}^{A} e^{z_b}}, \quad a = 1, \dots, A"

MASKS = (
    Layer(
        "dropout",
        "Inverted dropout",
        (
            r"a_i = \frac{m_i x_i}{1 - p}, \quad i = 1, \dots, n, \quad m_i \sim \mathcal{B}",
            given(r"\delta_i", "a_i"),
        ),
        said(SRIVASTAVA, ("x_i", r"\frac{m_i}{1 - p} \delta_i")),
    ),
    Layer(
        "drop-connect",
        "DropConnect",
        (
            r"z_i = \sum_{j=1}^{d} M_{ij} W_{ij} x_j, \quad i = 1, \dots, h, "
            r"\quad M_{ij} \sim \mathcal{B}",
            given(r"\delta_i", "z_i"),
        ),
        said(
            WAN,
            ("W_{ij}", r"\delta_i M_{ij} x_j"),
            ("x_j", r"\sum_{i=1}^{h} \delta_i M_{ij} W_{ij}"),
        ),
    ),
)

PRODUCTS = (
    Layer(
        "bilinear",
        "Bilinear form",
        (
            r"z = \sum_{i=1}^{n} \sum_{j=1}^{m} x_i W_{ij} y_j",
            given(r"\delta", "z"),
        ),
        said(
            TENENBAUM,
            ("W_{ij}", r"\delta x_i y_j"),
            ("x_i", r"\delta \sum_{j=1}^{m} W_{ij} y_j"),
            ("y_j", r"\delta \sum_{i=1}^{n} W_{ij} x_i"),
        ),
    ),
    Layer(
        "factorization-machine",
        "Factorization machine, over pairs",
        (
            r"z = b + \sum_{i=1}^{n} w_i x_i + \sum_{i=1}^{n} \sum_{j=i+1}^{n} "
            r"\sum_{f=1}^{k} V_{if} V_{jf} x_i x_j",
            given(r"\delta", "z"),
        ),
        said(
            RENDLE,
            ("b", r"\delta"),
            ("w_i", r"\delta x_i"),
            ("V_{if}", r"\delta \left(x_i \sum_{j=1}^{n} V_{jf} x_j - V_{if} x_i^2\right)"),
        ),
    ),
    Layer(
        "factorization-machine-linear",
        "Factorization machine, in linear time",
        (
            r"s_f = \sum_{i=1}^{n} V_{if} x_i, \quad f = 1, \dots, k",
            r"z = b + \sum_{i=1}^{n} w_i x_i + \frac12 \sum_{f=1}^{k} "
            r"\left(s_f^2 - \sum_{i=1}^{n} V_{if}^2 x_i^2\right)",
            given(r"\delta", "z"),
        ),
        said(
            RENDLE,
            ("b", r"\delta"),
            ("w_i", r"\delta x_i"),
            ("V_{if}", r"\delta (x_i s_f - V_{if} x_i^2)"),
        ),
    ),
    Layer(
        "matrix-factorization",
        "Matrix factorization with weight decay",
        (
            r"e_{ui} = r_{ui} - \sum_{f=1}^{k} p_{uf} q_{if}, "
            r"\quad u = 1, \dots, N, \quad i = 1, \dots, M",
            r"L = \frac12 \sum_{u=1}^{N} \sum_{i=1}^{M} e_{ui}^2 + \frac{\lambda}{2} "
            r"\left(\sum_{u=1}^{N} \sum_{f=1}^{k} p_{uf}^2 + \sum_{i=1}^{M} \sum_{f=1}^{k} "
            r"q_{if}^2\right)",
        ),
        said(
            KOREN,
            ("p_{uf}", r"\lambda p_{uf} - \sum_{i=1}^{M} e_{ui} q_{if}"),
            ("q_{if}", r"\lambda q_{if} - \sum_{u=1}^{N} e_{ui} p_{uf}"),
        ),
    ),
)

POLICIES = (
    Layer(
        "policy-gradient",
        "Expected reward of a softmax policy",
        (POLICY, r"J = \sum_{a=1}^{A} \pi_a r_a"),
        claimed(
            SUTTON,
            (
                r"\frac{\partial J}{\partial z_a}",
                r"\pi_a \left(r_a - \sum_{b=1}^{A} \pi_b r_b\right)",
            ),
        ),
    ),
    Layer(
        "policy-gradient-baseline",
        "The same, with a baseline",
        (POLICY, r"J = \sum_{a=1}^{A} \pi_a (r_a - \beta)"),
        claimed(
            WILLIAMS,
            (
                r"\frac{\partial J}{\partial z_a}",
                r"\pi_a \left(r_a - \sum_{b=1}^{A} \pi_b r_b\right)",
            ),
        ),
    ),
    Layer(
        "score-function",
        "Score of a softmax policy",
        (POLICY, r"s_a = \log \pi_a, \quad a = 1, \dots, A"),
        claimed(SUTTON, (r"\frac{\partial s_a}{\partial z_b}", r"[a = b] - \pi_b")),
    ),
    Layer(
        "policy-gradient-linear",
        "Expected reward of a linear softmax policy",
        (
            r"z_a = \sum_{j=1}^{d} \theta_{aj} x_j",
            POLICY,
            r"J = \sum_{a=1}^{A} \pi_a r_a",
        ),
        claimed(
            SUTTON,
            (
                r"\frac{\partial J}{\partial \theta_{aj}}",
                r"\pi_a \left(r_a - \sum_{b=1}^{A} \pi_b r_b\right) x_j",
            ),
        ),
    ),
    Layer(
        "reinforce",
        "REINFORCE over a batch",
        (
            r"\pi_{ta} = \frac{e^{z_{ta}}}{\sum_{b=1}^{A} e^{z_{tb}}}, "
            r"\quad t = 1, \dots, T, \quad a = 1, \dots, A",
            r"c_t \in \{1, \dots, A\}",
            r"L = -\sum_{t=1}^{T} G_t \log \pi_{t,c_t}",
        ),
        said(WILLIAMS, ("z_{ta}", r"G_t (\pi_{ta} - [c_t = a])")),
    ),
    Layer(
        "entropy-bonus",
        "Entropy of a softmax policy",
        (POLICY, r"H = -\sum_{a=1}^{A} \pi_a \log \pi_a"),
        claimed(COVER, (r"\frac{\partial H}{\partial z_a}", r"-\pi_a (\log \pi_a + H)")),
    ),
)

SHARING = (
    Layer(
        "skip",
        "Skip connection",
        (
            r"h_i = \tanh\left(\sum_{j=1}^{n} W_{ij} x_j\right), \quad i = 1, \dots, n",
            r"y_i = x_i + h_i, \quad i = 1, \dots, n",
            given(r"\delta_i", "y_i"),
        ),
        said(
            HE,
            ("x_j", r"\delta_j + \sum_{i=1}^{n} \delta_i (1 - h_i^2) W_{ij}"),
            ("W_{ij}", r"\delta_i (1 - h_i^2) x_j"),
        ),
    ),
    Layer(
        "highway",
        "Highway layer",
        (
            r"y_i = t_i h_i + (1 - t_i) x_i, \quad i = 1, \dots, n",
            given(r"\delta_i", "y_i"),
        ),
        said(
            SRIVASTAVA_HIGHWAY,
            ("h_i", r"\delta_i t_i"),
            ("t_i", r"\delta_i (h_i - x_i)"),
            ("x_i", r"\delta_i (1 - t_i)"),
        ),
    ),
    Layer(
        "tied-autoencoder",
        "Autoencoder with tied weights",
        (
            r"h_i = \sigma\left(\sum_{j=1}^{d} W_{ij} x_j\right), \quad i = 1, \dots, m",
            r"r_j = \sum_{i=1}^{m} W_{ij} h_i, \quad j = 1, \dots, d",
            r"L = \frac12 \sum_{j=1}^{d} (r_j - x_j)^2",
        ),
        said(
            VINCENT,
            (
                "W_{ij}",
                r"h_i (r_j - x_j) + h_i (1 - h_i) x_j \sum_{l=1}^{d} W_{il} (r_l - x_l)",
            ),
        ),
    ),
)

OTHER = Family(
    "other",
    "Masks, products, policies, shared weights",
    (
        ("Masks", MASKS),
        ("Products of features", PRODUCTS),
        ("Policies", POLICIES),
        ("Paths and shared weights", SHARING),
    ),
)
