"""Softmax cross-entropy with the one-hot target.

``reduction`` says how the losses of a batch become the objective: ``mean`` or ``sum``. The reported
loss is always the mean over samples.
"""

from torch import Tensor

PARAMETERS = {"reduction": {"enum": ["sum", "mean"], "default": "mean"}}


def per_sample(logits: Tensor, targets: Tensor) -> Tensor:
    """−Σ_k y_k log softmax(z)_k of each sample: logits, targets ``[..., K]`` to ``[...]``."""
    return -(targets * logits.log_softmax(-1)).sum(-1)


def logit_gradient(logits: Tensor, targets: Tensor) -> Tensor:
    """∂/∂z of :func:`per_sample`, softmax(z) − y: ``[..., K]``."""
    return logits.softmax(-1).sub_(targets)
