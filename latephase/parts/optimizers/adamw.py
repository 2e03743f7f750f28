"""AdamW, Adam with decoupled weight decay: ``torch.optim.AdamW``.

    w ← (1 − η λ) w;  m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²
    w ← w − η m̂ / (√v̂ + ε), with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)

With β₁ = β₂ = 0 and ε = 0 this is SignSGDW. Then only the decay moves a parameter whose moments are
0.
"""

import torch
from torch import Tensor

from latephase.parts.optimizers import rounded
from latephase.parts.optimizers.adam import descend
from latephase.parts.parameter_rows import Layout

PARAMETERS = {
    "lr": {"type": "number", "exclusiveMinimum": 0},
    "weight_decay": {"type": "number", "minimum": 0, "default": 0.01},
    "beta1": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.9},
    "beta2": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.999},
    "eps": {"type": "number", "minimum": 0, "default": 1e-8},
}
STATE = ("exp_avg", "exp_avg_sq")


def update(
    params: Tensor, grads: Tensor, state: dict[str, Tensor], hyper: dict, step: int, layout: Layout
) -> None:
    """One step in place, for every row of ``params`` ``[R, P]``."""
    decay = hyper["weight_decay"]
    if isinstance(decay, Tensor) or hyper["eps"] == 0:
        params.mul_(rounded(1 - hyper["lr"] * decay, params))
        decay = 0.0
    descend(params, grads, state, hyper, step, torch._fused_adamw_, decay)
