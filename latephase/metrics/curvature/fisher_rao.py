"""The Fisher–Rao norm: the length of the parameters in the metric of the network's predictions."""

import torch
from torch import Tensor

from latephase.metrics.curvature.mean_loss import Objective
from latephase.metrics.curvature.precise_loss import roots


def fisher_rao_metrics(objective: Objective) -> dict[str, float]:
    """The Fisher–Rao norm, with the model's labels and with the data's.

    With v_i = J_i θ, the derivative of the logits of sample i along θ, both are sums over samples.
    No matrix is formed, and nothing is assumed about the network, such as the absence of biases.

    Returns:
        fisher_rao_norm: √⟨θ, Fθ⟩ = √(1/N Σ_i v_iᵀ A_i v_i), A_i = ∂²ℓ/∂z²
            F is the Fisher matrix of the network's own label distribution. For cross-entropy
            v_iᵀ A_i v_i = Var_{p_i}(v_i). For squared error the distribution is normal with
            variance ½. For any other loss F is its Gauss–Newton matrix. Invariant to every
            rescaling of weights that keeps the function. In a network of L layers with ReLU and
            without biases, v = Lz.
            split: train
            bias: used
            unit: √loss
            range: [0, ∞)
            good: small
            source: Liang 2019, the form averaged over the model's labels
            elsewhere: most code computes L √(E Var_p(z)), which is the same only without biases
        fisher_rao_norm_empirical: √(1/N Σ_i ⟨θ, ∂ℓ_i/∂θ⟩²) = √(1/N Σ_i ⟨v_i, ∂ℓ_i/∂z⟩²)
            With the data's labels, the matrix is the second moment of the samples' gradients, so it
            vanishes with them. The invariances are the same.
            split: train
            bias: used
            unit: loss
            range: [0, ∞)
            good: small
            source: Liang 2019, the empirical form
            elsewhere: in the comparison of Petzka 2021 it is 6 √(E (⟨p, z⟩ − z_y)²), as if LeNet
                had no biases
    """
    by_model = by_data = 0
    for inputs, targets in objective.blocks():
        logits, along = _logits_along_parameters(objective, inputs)
        for root, signs in roots(objective.loss, logits, targets):
            by_model = by_model + signs @ (root * along).sum(1).square()
        by_data = by_data + (_slopes(objective, logits, targets) * along).sum(1).square().sum()
    samples = len(objective.inputs)
    return {
        "fisher_rao_norm": float((by_model / samples).sqrt()),
        "fisher_rao_norm_empirical": float((by_data / samples).sqrt()),
    }


@torch.enable_grad()
def _logits_along_parameters(objective: Objective, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """The logits z [n, K] and their derivative Jθ [n, K] along the parameters.

    uᵀJ is linear in u, and Jθ is the derivative of (uᵀJ)θ with respect to u. These are two backward
    passes, which every operation supports, whereas some operations lack the forward mode.
    """
    leaves = {
        name: tensor.clone().requires_grad_() for name, tensor in objective.parameters.items()
    }
    logits = objective.outputs(leaves, inputs)
    start = torch.zeros_like(logits, requires_grad=True)
    slopes = torch.autograd.grad(
        logits, list(leaves.values()), start, create_graph=True, materialize_grads=True
    )
    along = sum((s * t).sum() for s, t in zip(slopes, objective.parameters.values(), strict=True))
    return logits.detach(), torch.autograd.grad(along, start)[0]


@torch.enable_grad()
def _slopes(objective: Objective, logits: Tensor, targets: Tensor) -> Tensor:
    """∂ℓ_i/∂z [n, K]."""
    logits = logits.detach().requires_grad_()
    losses = objective.per_sample(logits, targets)
    return torch.autograd.grad(losses.sum(), logits)[0]
