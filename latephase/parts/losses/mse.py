"""Squared error to the one-hot target, summed over the classes.

``reduction`` says how the losses of a batch become the objective: ``sum`` (sakamoto2026's code) or
``mean``. The reported loss is always the mean over samples.
"""

from torch import Tensor

PARAMETERS = {"reduction": {"enum": ["sum", "mean"], "default": "mean"}}


def per_sample(logits: Tensor, targets: Tensor) -> Tensor:
    """Σ_k (z_k − y_k)² of each sample: logits, targets ``[..., K]`` to ``[...]``."""
    return (logits - targets).square().sum(-1)


def logit_gradient(logits: Tensor, targets: Tensor) -> Tensor:
    """∂/∂z of :func:`per_sample`: ``[..., K]``."""
    return (logits - targets).mul_(2)
