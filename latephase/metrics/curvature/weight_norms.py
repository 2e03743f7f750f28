"""Norms of all weights."""

import torch
from torch import Tensor


def weight_norm_metrics(parameters: dict[str, Tensor]) -> dict[str, float]:
    """Norms of a network's parameters by name, biases included.

    Returns:
        weight_norm: √(Σ_j θ_j²) over all parameters
            The norm of all parameters as one vector.
            split: none
            bias: used
            unit: weight
            range: [0, ∞)
            good: none: a size
            source: Liu 2023 (Omnigrok)
            elsewhere: under this name, collapse-dynamics, the code of sakamoto2026, logs
                `weight_norm_sum`
        weight_norm_sum: Σ_tensors ‖θ_tensor‖
            The sum of the norms of all parameter tensors. It is between `weight_norm` and √n times
            `weight_norm` for n tensors.
            split: none
            bias: used
            unit: weight
            range: [0, ∞)
            good: none: a size
            source: sakamoto2026, code (`weight_norm`)
            elsewhere: –
    """
    norms = torch.stack([tensor.to(torch.float64).norm() for tensor in parameters.values()])
    return {"weight_norm": float(norms.norm()), "weight_norm_sum": float(norms.sum())}
