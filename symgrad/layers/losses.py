r"""Losses: of regression, of classification, of pairs, of probabilities, of adversaries."""

from __future__ import annotations

from symgrad.layers.record import Family, Layer, said

BISHOP = "Bishop, Pattern Recognition and Machine Learning (2006), sections 3.1 and 5.2"
GOODFELLOW = "Goodfellow, Bengio, Courville, Deep Learning (2016), chapters 6 and 7"
HUBER = "the slope of Huber, Robust estimation of a location parameter (1964)"
CHEN = "the slope of the loss of Chen, Chen, Zhang, Log hyperbolic cosine loss (2018)"
KOENKER = "the slope of the loss of Koenker, Bassett, Regression quantiles (1978)"
NIX = "Nix, Weigend, Estimating the mean and variance of the target distribution (1994)"
MCCULLAGH = "McCullagh, Nelder, Generalized Linear Models (1989), chapter 2"
CS231N = "Stanford CS231n, course notes on linear classification and optimization"
SHALEV = "Shalev-Shwartz, Singer, Srebro, Pegasos (2007)"
LIN = "Lin et al., Focal loss for dense object detection (2017), appendix B"
SZEGEDY = "Szegedy et al., Rethinking the Inception architecture (2016), section 7"
HINTON = "Hinton, Vinyals, Dean, Distilling the knowledge in a neural network (2015), equation 2"
MILLETARI = "Milletari, Navab, Ahmadi, V-Net (2016), section 3"
KINGMA = "the slope of Kingma, Welling, Auto-encoding variational Bayes (2013), appendix B"
SCHROFF = "the slope of the loss of Schroff, Kalenichenko, Philbin, FaceNet (2015)"
HADSELL = "Hadsell, Chopra, LeCun, Dimensionality reduction by an invariant mapping (2006)"
OORD = "the slope of the loss of van den Oord, Li, Vinyals, Contrastive predictive coding (2018)"
RONG = "Rong, word2vec parameter learning explained (2014), section 3"
BRADLEY = "the slope of the likelihood of Bradley, Terry, Rank analysis (1952)"
RAFAILOV = "Rafailov et al., Direct preference optimization (2023), section 4"
ADVERSARIAL = "the slope of the losses of Goodfellow et al., Generative adversarial nets (2014)"
MAO = "the slope of the loss of Mao et al., Least squares generative adversarial networks (2017)"

SOFTMAX = r"p_k = \frac{e^{z_k}}{\sum_{j=1}^{K} e^{z_j}}, \quad k = 1, \dots, K"

REGRESSION = (
    Layer(
        "sum-loss",
        "Sum of squared errors",
        (r"L = \sum_{i=1}^{n} (y_i - \hat y_i)^2",),
        said(BISHOP, (r"\hat y_i", r"2 (\hat y_i - y_i)")),
    ),
    Layer(
        "mean-loss",
        "Mean squared error of a linear model",
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
        "absolute",
        "Absolute error",
        (r"L = \sum_{i=1}^{n} |\hat y_i - y_i|",),
        said(GOODFELLOW, (r"\hat y_i", r"[\hat y_i > y_i] - [\hat y_i < y_i]")),
    ),
    Layer(
        "huber",
        "Huber loss",
        (
            r"r_i = \hat y_i - y_i, \quad i = 1, \dots, n",
            r"L = \sum_{i=1}^{n} \begin{cases} \frac12 r_i^2 & |r_i| \le \kappa \\ "
            r"\kappa (|r_i| - \frac12 \kappa) & \text{otherwise} \end{cases}",
            r"\kappa > 0",
        ),
        said(
            HUBER,
            (r"\hat y_i", r"\max(-\kappa, \min(\kappa, r_i))"),
            (r"\hat y_i", r"r_i [|r_i| \le \kappa] + \kappa ([r_i > \kappa] - [r_i < -\kappa])"),
        ),
    ),
    Layer(
        "log-cosh",
        "Log-cosh loss",
        (r"L = \sum_{i=1}^{n} \log \cosh(\hat y_i - y_i)",),
        said(CHEN, (r"\hat y_i", r"\tanh(\hat y_i - y_i)")),
    ),
    Layer(
        "quantile",
        "Quantile (pinball) loss",
        (
            r"L = \sum_{i=1}^{n} \max(\tau (y_i - \hat y_i), (\tau - 1) (y_i - \hat y_i))",
            r"0 < \tau < 1",
        ),
        said(KOENKER, (r"\hat y_i", r"(1 - \tau) [\hat y_i > y_i] - \tau [\hat y_i < y_i]")),
    ),
    Layer(
        "gaussian-nll",
        "Gaussian negative log-likelihood",
        (
            r"L = \sum_{i=1}^{n} \left(\frac{(y_i - \mu_i)^2}{2 \sigma_i^2} "
            r"+ \log \sigma_i\right)",
        ),
        said(
            NIX,
            (r"\mu_i", r"\frac{\mu_i - y_i}{\sigma_i^2}"),
            (r"\sigma_i", r"\frac{1}{\sigma_i} - \frac{(y_i - \mu_i)^2}{\sigma_i^3}"),
        ),
    ),
    Layer(
        "gaussian-nll-variance",
        "Gaussian negative log-likelihood, of variances, with its constant",
        (
            r"L = \sum_{i=1}^{n} \left(\frac12 \log(2 \pi v_i) "
            r"+ \frac{(y_i - \mu_i)^2}{2 v_i}\right)",
        ),
        said(
            NIX,
            (r"\mu_i", r"\frac{\mu_i - y_i}{v_i}"),
            ("v_i", r"\frac{1}{2 v_i} - \frac{(y_i - \mu_i)^2}{2 v_i^2}"),
        ),
    ),
    Layer(
        "poisson-nll",
        "Poisson negative log-likelihood, log link",
        (r"L = \sum_{i=1}^{n} (e^{z_i} - y_i z_i)",),
        said(MCCULLAGH, ("z_i", "e^{z_i} - y_i")),
    ),
    Layer(
        "l2-penalty",
        "Weight decay (L2 penalty)",
        (r"L = \frac{\lambda}{2} \sum_{j=1}^{d} w_j^2",),
        said(GOODFELLOW, ("w_j", r"\lambda w_j")),
    ),
    Layer(
        "l1-penalty",
        "L1 penalty",
        (r"L = \lambda \sum_{j=1}^{d} |w_j|",),
        said(GOODFELLOW, ("w_j", r"\lambda ([w_j > 0] - [w_j < 0])")),
    ),
)

CLASSIFICATION = (
    Layer(
        "cross-entropy",
        "Softmax cross-entropy, label vector",
        (SOFTMAX, r"\sum_{k=1}^{K} y_k = 1", r"L = -\sum_{k=1}^{K} y_k \log p_k"),
        said(BISHOP, ("p_k", r"-\frac{y_k}{p_k}"), ("z_k", "p_k - y_k")),
    ),
    Layer(
        "cross-entropy-class",
        "Softmax cross-entropy, class index",
        (SOFTMAX, r"L = -\log p_y", r"y \in \{1, \dots, K\}"),
        said(CS231N, ("z_k", "p_k - [k = y]")),
    ),
    Layer(
        "cross-entropy-logits",
        "Cross-entropy of logits",
        (r"L = -z_y + \log \sum_{j=1}^{K} e^{z_j}", r"y \in \{1, \dots, K\}"),
        said(CS231N, ("z_k", r"\frac{e^{z_k}}{\sum_{j=1}^{K} e^{z_j}} - [k = y]")),
    ),
    Layer(
        "binary-cross-entropy",
        "Binary cross-entropy",
        (
            r"p_i = \sigma(z_i), \quad i = 1, \dots, n",
            r"L = -\sum_{i=1}^{n} (y_i \log p_i + (1 - y_i) \log(1 - p_i))",
        ),
        said(
            BISHOP,
            ("p_i", r"\frac{p_i - y_i}{p_i (1 - p_i)}"),
            ("z_i", "p_i - y_i"),
        ),
    ),
    Layer(
        "binary-cross-entropy-logits",
        "Binary cross-entropy of logits",
        (r"L = \sum_{i=1}^{n} (\log(1 + e^{z_i}) - y_i z_i)",),
        said(BISHOP, ("z_i", r"\sigma(z_i) - y_i")),
    ),
    Layer(
        "label-smoothing",
        "Label smoothing",
        (
            SOFTMAX,
            r"\sum_{k=1}^{K} y_k = 1",
            r"q_k = (1 - \epsilon) y_k + \frac{\epsilon}{K}",
            r"L = -\sum_{k=1}^{K} q_k \log p_k",
        ),
        said(
            SZEGEDY,
            ("z_k", "p_k - q_k"),
            ("z_k", r"p_k - (1 - \epsilon) y_k - \frac{\epsilon}{K}"),
        ),
    ),
    Layer(
        "focal",
        "Focal loss",
        (
            r"p_i = \sigma(z_i), \quad i = 1, \dots, n",
            r"L = -\sum_{i=1}^{n} (1 - p_i)^\gamma \log p_i",
        ),
        said(
            LIN,
            (
                "p_i",
                r"\gamma (1 - p_i)^{\gamma - 1} \log p_i - \frac{(1 - p_i)^\gamma}{p_i}",
            ),
            ("z_i", r"(1 - p_i)^\gamma (\gamma p_i \log p_i + p_i - 1)"),
        ),
    ),
    Layer(
        "hinge",
        "Hinge loss of a linear model",
        (
            r"s_i = \sum_{j=1}^{d} w_j x_{ij} + b, \quad i = 1, \dots, n",
            r"L = \sum_{i=1}^{n} \max(0, 1 - y_i s_i)",
        ),
        said(
            SHALEV,
            ("s_i", "-y_i [y_i s_i < 1]"),
            ("w_j", r"-\sum_{i=1}^{n} y_i x_{ij} [y_i s_i < 1]"),
            ("b", r"-\sum_{i=1}^{n} y_i [y_i s_i < 1]"),
        ),
    ),
    Layer(
        "multiclass-svm",
        "Multiclass SVM loss",
        (
            r"L = \sum_{j=1, j \ne y}^{K} \max(0, s_j - s_y + \Delta)",
            r"y \in \{1, \dots, K\}",
        ),
        said(
            CS231N,
            (
                "s_k",
                r"[k \ne y] [s_k - s_y + \Delta > 0] "
                r"- [k = y] \sum_{j=1, j \ne y}^{K} [s_j - s_y + \Delta > 0]",
            ),
        ),
    ),
    Layer(
        "dice",
        "Dice loss",
        (
            r"I = \sum_{i=1}^{n} p_i g_i, \quad U = \sum_{i=1}^{n} p_i^2 + \sum_{i=1}^{n} g_i^2",
            r"L = 1 - \frac{2 I}{U}",
        ),
        said(MILLETARI, ("p_i", r"-2 \frac{g_i U - 2 p_i I}{U^2}")),
    ),
)

PROBABILITIES = (
    Layer(
        "kl",
        "Kullback-Leibler divergence from a softmax",
        (SOFTMAX, r"\sum_{k=1}^{K} q_k = 1", r"L = \sum_{k=1}^{K} q_k \log \frac{q_k}{p_k}"),
        said(SZEGEDY, ("p_k", r"-\frac{q_k}{p_k}"), ("z_k", "p_k - q_k")),
    ),
    Layer(
        "distillation",
        "Distillation with temperature",
        (
            r"q_k = \frac{e^{v_k / T}}{\sum_{j=1}^{K} e^{v_j / T}}, \quad "
            r"p_k = \frac{e^{z_k / T}}{\sum_{j=1}^{K} e^{z_j / T}}, \quad k = 1, \dots, K",
            r"L = -\sum_{k=1}^{K} q_k \log p_k",
        ),
        said(HINTON, ("z_k", r"\frac{1}{T} (p_k - q_k)")),
    ),
    Layer(
        "gaussian-kl",
        "Gaussian KL divergence of a variational autoencoder",
        (r"L = \frac12 \sum_{i=1}^{n} (\mu_i^2 + \sigma_i^2 - 1 - \log \sigma_i^2)",),
        said(
            KINGMA,
            (r"\mu_i", r"\mu_i"),
            (r"\sigma_i", r"\sigma_i - \frac{1}{\sigma_i}"),
        ),
    ),
    Layer(
        "gaussian-kl-log",
        "The same, of log-variances",
        (r"L = -\frac12 \sum_{i=1}^{n} (1 + s_i - \mu_i^2 - e^{s_i})",),
        said(KINGMA, (r"\mu_i", r"\mu_i"), ("s_i", r"\frac12 (e^{s_i} - 1)")),
    ),
)

PAIRS = (
    Layer(
        "triplet",
        "Triplet loss",
        (
            r"u = \sum_{i=1}^{d} (a_i - p_i)^2, \quad v = \sum_{i=1}^{d} (a_i - n_i)^2",
            r"L = \max(0, u - v + m)",
        ),
        said(
            SCHROFF,
            ("a_i", "2 (n_i - p_i) [u - v + m > 0]"),
            ("p_i", "2 (p_i - a_i) [u - v + m > 0]"),
            ("n_i", "2 (a_i - n_i) [u - v + m > 0]"),
        ),
    ),
    Layer(
        "contrastive",
        "Contrastive loss of a pair",
        (
            r"D = \sqrt{\sum_{i=1}^{d} (a_i - b_i)^2}",
            r"L = \frac12 y D^2 + \frac12 (1 - y) \max(0, m - D)^2",
        ),
        said(
            HADSELL,
            ("D", r"y D - (1 - y) \max(0, m - D)"),
            ("a_i", r"\left(y - (1 - y) \frac{\max(0, m - D)}{D}\right) (a_i - b_i)"),
        ),
    ),
    Layer(
        "info-nce",
        "InfoNCE",
        (
            r"s_j = \sum_{c=1}^{d} q_c k_{jc}, \quad "
            r"p_j = \frac{e^{s_j / \tau}}{\sum_{i=1}^{N} e^{s_i / \tau}}, \quad j = 1, \dots, N",
            r"L = -\log p_y",
            r"y \in \{1, \dots, N\}",
        ),
        said(
            OORD,
            ("s_j", r"\frac{1}{\tau} (p_j - [j = y])"),
            ("q_c", r"\frac{1}{\tau} \left(\sum_{j=1}^{N} p_j k_{jc} - k_{yc}\right)"),
            ("k_{jc}", r"\frac{1}{\tau} (p_j - [j = y]) q_c"),
        ),
    ),
    Layer(
        "negative-sampling",
        "Skip-gram with negative sampling",
        (
            r"s = \sum_{c=1}^{d} u_c v_c, \quad t_k = \sum_{c=1}^{d} w_{kc} v_c, \quad "
            r"k = 1, \dots, K",
            r"L = -\log \sigma(s) - \sum_{k=1}^{K} \log \sigma(-t_k)",
        ),
        said(
            RONG,
            ("u_c", r"(\sigma(s) - 1) v_c"),
            ("w_{kc}", r"\sigma(t_k) v_c"),
            ("v_c", r"(\sigma(s) - 1) u_c + \sum_{k=1}^{K} \sigma(t_k) w_{kc}"),
        ),
    ),
    Layer(
        "bradley-terry",
        "Reward model (Bradley-Terry)",
        (r"L = -\log \sigma(r_{\text{w}} - r_{\text{l}})",),
        said(
            BRADLEY,
            (r"r_{\text{w}}", r"-\sigma(r_{\text{l}} - r_{\text{w}})"),
            (r"r_{\text{l}}", r"\sigma(r_{\text{l}} - r_{\text{w}})"),
        ),
    ),
    Layer(
        "dpo",
        "Direct preference optimization",
        (
            r"r_{\text{w}} = \beta (\ell_{\text{w}} - \rho_{\text{w}}), \quad "
            r"r_{\text{l}} = \beta (\ell_{\text{l}} - \rho_{\text{l}})",
            r"L = -\log \sigma(r_{\text{w}} - r_{\text{l}})",
        ),
        said(
            RAFAILOV,
            (r"\ell_{\text{w}}", r"-\beta \sigma(r_{\text{l}} - r_{\text{w}})"),
            (r"\ell_{\text{l}}", r"\beta \sigma(r_{\text{l}} - r_{\text{w}})"),
        ),
    ),
)

ADVERSARIES = (
    Layer(
        "gan-discriminator",
        "GAN, discriminator",
        (
            r"p_i = \sigma(a_i), \quad q_i = \sigma(b_i), \quad i = 1, \dots, n",
            r"L = -\frac1n \sum_{i=1}^{n} (\log p_i + \log(1 - q_i))",
        ),
        said(ADVERSARIAL, ("a_i", r"\frac1n (p_i - 1)"), ("b_i", r"\frac1n q_i")),
    ),
    Layer(
        "gan-generator",
        "GAN, generator",
        (
            r"q_i = \sigma(b_i), \quad i = 1, \dots, n",
            r"L = \frac1n \sum_{i=1}^{n} \log(1 - q_i)",
        ),
        said(ADVERSARIAL, ("b_i", r"-\frac1n q_i")),
    ),
    Layer(
        "gan-non-saturating",
        "GAN, non-saturating generator",
        (
            r"q_i = \sigma(b_i), \quad i = 1, \dots, n",
            r"L = -\frac1n \sum_{i=1}^{n} \log q_i",
        ),
        said(ADVERSARIAL, ("b_i", r"\frac1n (q_i - 1)")),
    ),
    Layer(
        "gan-least-squares",
        "Least-squares GAN, discriminator",
        (r"L = \frac{1}{2n} \sum_{i=1}^{n} ((a_i - 1)^2 + b_i^2)",),
        said(MAO, ("a_i", r"\frac1n (a_i - 1)"), ("b_i", r"\frac1n b_i")),
    ),
)

LOSSES = Family(
    "losses",
    "Gradients of losses",
    (
        ("Regression", REGRESSION),
        ("Classification", CLASSIFICATION),
        ("Distributions", PROBABILITIES),
        ("Pairs and preferences", PAIRS),
        ("Adversaries", ADVERSARIES),
    ),
)
