"""Han et al. (arXiv 2509.17738): relative flatness under exact collapse, in closed form.

Exact collapse means the following (Lemma A.1). There are k classes. Every feature of class c is at
its mean μ_c. The means form a simplex about μ_g: ‖μ_c − μ_g‖ = M, ⟨μ_j − μ_g, μ_c − μ_g⟩ = −M²/(k −
1). The rows of the head are w_j = λ(μ_j − μ_g). The biases are such that λ(μ_j − μ_g)ᵀμ_g + b_j is
the same for all j. Then

    e = exp(−λM² k/(k − 1)),   p_true = 1/(1 + (k − 1)e),   each other p = e/(1 + (k − 1)e)

s = λM² is the *logit scale*: the true logit is s k/(k − 1) above the others.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Flatness(NamedTuple):
    """Values of the last layer under cross-entropy: arrays of the arguments' broadcast shape."""

    relative_flatness: NDArray  # κ_Tr
    relative_flatness_bound: NDArray  # κ̂ = ‖W‖_F² Tr H
    hessian_trace: NDArray  # Tr H


def simplex(k: int, size: float, centre: ArrayLike, scale: float) -> tuple[NDArray, ...]:
    """Means [k, d], rows of the head [k, d] and biases [k] of exact collapse about ``centre`` [d].

    ``size`` is M and ``scale`` is λ. Raises ValueError if d is less than k.
    """
    centre = np.asarray(centre, float)
    if len(centre) < k:
        raise ValueError(f"a simplex of {k} points made so wants {k} dimensions, not {len(centre)}")
    directions = np.eye(k, len(centre))
    directions -= directions.mean(0)
    directions *= size / np.linalg.norm(directions[0])
    weight = scale * directions
    return centre + directions, weight, -weight @ centre


def probabilities(logit_scale: ArrayLike, k: int) -> tuple[NDArray, NDArray]:
    """p of the true class and of each other class, at a logit scale s = λM² (Prop. 5.3)."""
    e = _ratio(logit_scale, k)
    return 1 / (1 + (k - 1) * e), e / (1 + (k - 1) * e)


def flatness_at_collapse(
    logit_scale: ArrayLike, k: int, size: ArrayLike = 1.0, feature_norm: ArrayLike | None = None
) -> Flatness:
    """κ_Tr, κ̂ and Tr H under exact collapse (Prop. 5.3, sharpened: the values here are exact).

        Tr H = ‖φ‖² (k − 1)e(2 + (k − 2)e)/(1 + (k − 1)e)²
        κ_Tr = λ²M² Tr H · k/(k − 1)
        κ̂ = ‖W‖_F² Tr H = (k − 1) κ_Tr

    ``size`` is M. ``feature_norm`` is ‖φ‖ (None: M, for a centre at 0).

    As the logit scale grows, κ first rises with its square, and falls only when e outweighs this.
    So collapse alone is not flat, but collapse with growing logits is.
    """
    s, size = np.asarray(logit_scale, float), np.asarray(size, float)
    norm = size if feature_norm is None else np.asarray(feature_norm, float)
    e = _ratio(s, k)
    trace = norm**2 * (k - 1) * e * (2 + (k - 2) * e) / (1 + (k - 1) * e) ** 2
    rows = (s / size) ** 2  # λ²M², the squared norm of each row of W
    bound = k * rows * trace
    return Flatness(bound / (k - 1), bound, trace)


def flatness_bound(logit_scale: ArrayLike, k: int, size: ArrayLike = 1.0) -> NDArray:
    """λ²k³M⁴ e/(1 + (k − 1)e)², an upper bound of κ for ‖φ‖ ≤ M (Prop. 5.3 as printed)."""
    e = _ratio(logit_scale, k)
    return np.asarray(logit_scale, float) ** 2 * k**3 * e / (1 + (k - 1) * e) ** 2


def logit_scale_of(loss: ArrayLike, k: int) -> NDArray:
    """The logit scale at which exact collapse has this cross-entropy, ln(1 + (k − 1)e).

    It is NaN for a loss above ln k, which is the loss of logits that are all equal.
    """
    loss = np.asarray(loss, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = -(k - 1) / k * np.log(np.expm1(loss) / (k - 1))
    return np.where(loss <= np.log(k), scale, np.nan)


def _ratio(logit_scale: ArrayLike, k: int) -> NDArray:
    """e, the probability of each other class divided by that of the true class."""
    return np.exp(-np.asarray(logit_scale, float) * k / (k - 1))
