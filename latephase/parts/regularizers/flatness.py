"""κ_Tr of a batch, relative flatness itself (Petzka 2021). A strength above 0 decreases it.

    κ_Tr = mean_i ‖φ_i‖² [Σ_c p_ic ‖w_c‖² − ‖Σ_c p_ic w_c‖²]

This is the closed form for cross-entropy. The bracket is the variance of the head's rows under p.
han2025 does not train towards flatness.
"""

from torch import Tensor

PARAMETERS = {"strength": {"type": "number"}}


def penalty(features: Tensor, logits: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
    """A scalar from features ``[B, d]``, logits ``[B, K]`` and the head's weight ``[K, d]``."""
    probabilities = logits.softmax(-1)
    # The mean of the rows is subtracted, because a large common part would cost digits.
    rows = weight - weight.mean(0)
    variance = probabilities @ rows.square().sum(1) - (probabilities @ rows).square().sum(1)
    return (features.square().sum(1) * variance).mean()
