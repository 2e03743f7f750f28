"""Lion (Chen et al. 2023) with decoupled weight decay, coupled decay, or both.

    g ← g + λ_c w;  u = sign(β₁ m + (1 − β₁) g);  m ← β₂ m + (1 − β₂) g;  w ← (1 − η λ) w − η u

λ = ``weight_decay`` (as in the paper), λ_c = ``coupled_weight_decay``. With β₁ = β₂ this is Signum
or SignumW.
"""

from torch import Tensor

from latephase.parts.optimizers import rounded, sign
from latephase.parts.parameter_rows import Layout

PARAMETERS = {
    "lr": {"type": "number", "exclusiveMinimum": 0},
    "weight_decay": {"type": "number", "minimum": 0, "default": 0.0},
    "coupled_weight_decay": {"type": "number", "minimum": 0, "default": 0.0},
    "beta1": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.9},
    "beta2": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.99},
}
STATE = ("exp_avg",)


def update(
    params: Tensor, grads: Tensor, state: dict[str, Tensor], hyper: dict, step: int, layout: Layout
) -> None:
    """One step in place, for every row of ``params`` ``[R, P]``."""
    average = state["exp_avg"]
    grads.add_(params * rounded(hyper["coupled_weight_decay"], params))
    params.mul_(rounded(1 - hyper["lr"] * hyper["weight_decay"], params))
    ahead = average.lerp(grads, rounded(1 - hyper["beta1"], params))
    average.lerp_(grads, rounded(1 - hyper["beta2"], params))
    params.sub_(sign(ahead).mul_(rounded(hyper["lr"], params)))
