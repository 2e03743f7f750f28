"""The loss of a sample with all the digits that its curvature needs, even at saturation.

At a loss of 1e-14 the softmax is 1 − 1e-14 at the true class. Autograd's derivative of log_softmax
subtracts it from 1, in the gradient and again in the Hessian. This leaves two digits in float64 and
none in float32.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from latephase.parts.losses import cross_entropy, mse

Loss = Callable[[Tensor, Tensor], Tensor]
"""Losses of samples, from logits and one-hot targets [N, K] to [N]: latephase/parts/losses."""


def precise(loss: Loss) -> Loss:
    """The same function, to be differentiated twice. Our own cross-entropy has no cancellation."""
    return _cross_entropy if loss is cross_entropy.per_sample else loss


def _cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """−Σ_k y_k log softmax(z)_k relative to the largest logit z_r.

        log(1 + Σ_{k≠r} e^{z_k − z_r}) − Σ_{k≠r} y_k (z_k − z_r)   for Σ_k y_k = 1

    Neither here nor in the derivatives is a number subtracted from another one close to it.
    """
    largest = logits.argmax(-1, keepdim=True)
    is_largest = torch.zeros_like(logits, dtype=torch.bool).scatter_(-1, largest, True)
    relative = (logits - logits.gather(-1, largest)).masked_fill(is_largest, 0)
    odds = relative.exp().masked_fill(is_largest, 0)
    return odds.sum(-1).log1p() - (targets * relative).sum(-1)


def roots(loss: Loss, logits: Tensor, targets: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Vectors u_k [N, K] and signs s_k [N], k = 1..K, with ∂²ℓ/∂z² = Σ_k s_k u_k u_kᵀ.

    - Cross-entropy: √p_k (e_k − p).
    - Squared error summed over the classes: √2 e_k.
    - Any other loss: the scaled eigenvectors of the Hessian that autograd computes. Only these may
      have negative signs. They have no more digits than the second derivatives of the loss.
    """
    positive = torch.ones_like(logits[:, 0])
    if loss is cross_entropy.per_sample:
        p = logits.softmax(1)
        for k in range(p.shape[1]):
            start = -p
            start[:, k] += 1  # cancels where p_k is near 1, but this vector is then the smallest
            yield p[:, k, None].sqrt() * start, positive
    elif loss is mse.per_sample:
        for k in range(logits.shape[1]):
            start = torch.zeros_like(logits)
            start[:, k] = 2**0.5
            yield start, positive
    else:
        values, vectors = torch.linalg.eigh(_hessian(loss, logits, targets))
        for value, vector in zip(values.unbind(1), vectors.unbind(2), strict=True):
            yield value.abs().sqrt()[:, None] * vector, value.sign()


@torch.enable_grad()
def _hessian(loss: Loss, logits: Tensor, targets: Tensor) -> Tensor:
    """∂²ℓ/∂z² of each sample, [N, K, K]."""
    z = logits.detach().requires_grad_()
    (slope,) = torch.autograd.grad(loss(z, targets).sum(), z, create_graph=True)
    if not slope.requires_grad:  # linear in the logits
        return z.new_zeros(*z.shape, z.shape[1])
    rows = [
        torch.autograd.grad(column.sum(), z, retain_graph=True, materialize_grads=True)[0]
        for column in slope.unbind(1)
    ]
    return torch.stack(rows, 1).detach()
