"""Muon (Jordan et al. 2024), orthogonalised momentum: ``torch.optim.Muon``; AdamW for the rest.

    g ← g + λ_c w;  w ← (1 − η λ) w

and for a matrix w of shape [a, b], where O maps U S Vᵀ to U Vᵀ:

    m ← μ m + (1 − μ) g;  w ← w − 0.2 √max(a, b) η O(μ m + (1 − μ) g)

λ = ``weight_decay`` (as published), λ_c = ``coupled_weight_decay``. The factor 0.2 √max(a, b) gives
the update the size of AdamW's, so one η serves both (Liu et al. 2025; ``match_rms_adamw`` in
torch). Matrices are the weights of linear layers and the kernels of convolutions, [out, in · height
· width]. Biases, norms and embeddings take Adam's step, and so does the head unless ``head`` is
"muon".

The choice for the head matters here. O is a polynomial in g gᵀ times g, so it keeps the gradient's
zero class sum 1ᵀg = 0, as SGD does. Adam does not (zhao2026, Lemma E.5).
"""

import math

import torch
from torch import Tensor

from latephase.parts.optimizers import rounded
from latephase.parts.optimizers.adam import descend
from latephase.parts.parameter_rows import Layout

PARAMETERS = {
    "lr": {"type": "number", "exclusiveMinimum": 0},
    "momentum": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.95},
    "weight_decay": {"type": "number", "minimum": 0, "default": 0.0},
    "coupled_weight_decay": {"type": "number", "minimum": 0, "default": 0.0},
    "head": {"enum": ["adam", "muon"], "default": "adam"},
    "beta1": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.9},
    "beta2": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.95},
    "eps": {"type": "number", "exclusiveMinimum": 0, "default": 1e-8},
}
STATE = ("momentum_buffer", "exp_avg", "exp_avg_sq")
COEFFICIENTS, ITERATIONS = (3.4445, -4.7750, 2.0315), 5


def update(
    params: Tensor, grads: Tensor, state: dict[str, Tensor], hyper: dict, step: int, layout: Layout
) -> None:
    """One step in place, for every row of ``params`` ``[R, P]``."""
    lr, share = (rounded(value, params) for value in (hyper["lr"], 1 - hyper["momentum"]))
    grads.add_(params * rounded(hyper["coupled_weight_decay"], params))
    params.mul_(rounded(1 - hyper["lr"] * hyper["weight_decay"], params))
    views = [layout.views(rows) for rows in (params, grads, state["momentum_buffer"])]
    for name, shape in layout.shapes.items():
        if len(shape) in (2, 4) and (name != "head.weight" or hyper["head"] == "muon"):
            weight, grad, buffer = (view[name].flatten(1) for view in views)
            ahead = buffer.lerp_(grad, share).lerp(grad, share)  # Nesterov's
            matrix = orthogonal(ahead.unflatten(1, (shape[0], -1)))
            size = 0.2 * math.sqrt(max(matrix.shape[1:]))
            weight.sub_(matrix.flatten(1).mul_(lr).mul_(size))
            # Adam does not move a parameter whose gradient was always 0.
            grad.zero_()
    descend(params, grads, state, hyper, step)


def orthogonal(matrices: Tensor) -> Tensor:
    """Bring singular values close to one by Newton–Schulz iterations, ``[R, a, b]``.

        x ← 3.4445 x − 4.7750 (x xᵀ) x + 2.0315 (x xᵀ)² x

    This is repeated five times, from x / ‖x‖_F. The slope at 0 is as large as possible; in return,
    the singular values end between 0.7 and 1.2.
    """
    a, b, c = COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x
