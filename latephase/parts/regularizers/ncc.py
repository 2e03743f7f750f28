"""NCC of a batch. A strength above 0 encourages collapse, below 0 it suppresses collapse.

    NCC = mean over pairs c ≠ c' of (V_c + V_c')/(2 ‖μ_c − μ_c'‖²)

The classes are those in the batch. V_c is the mean of ‖φ − μ_c‖² over the class, as in the paper's
code (han2025, Figs. 2–7). This is the class-distance normalised variance of Galanti 2022. A class
with one sample has V_c = 0.
"""

import torch
from torch import Tensor

PARAMETERS = {"strength": {"type": "number"}}


def penalty(features: Tensor, logits: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
    """A scalar from features ``[B, d]`` and one-hot targets ``[B, K]``.

    It is 0 for fewer than two classes. Pairs are weighted by whether both classes are present. So
    the shapes do not depend on the batch, and the penalty can be computed for many runs at once.
    """
    counts = targets.sum(0)  # [K]
    there = (counts > 0).to(features.dtype)
    shares = targets / counts.clamp(min=1)
    means = shares.T @ features  # [K, d]
    deviations = (features - targets @ means).square().sum(1)
    variances = shares.T @ deviations  # [K]
    distances = (means[:, None] - means[None]).square().sum(2)
    pairs = there[:, None] * there[None] * (1 - torch.eye(len(there), device=there.device))
    # Other distances become 1, because the gradient of a quotient by 0 would be NaN.
    distances = distances.where(pairs > 0, torch.ones_like(distances))
    terms = (variances[:, None] + variances[None]) / (2 * distances)
    return (terms * pairs).sum() / pairs.sum().clamp(min=1)
