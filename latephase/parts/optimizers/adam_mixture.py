"""Adam with coupled and decoupled weight decay at once: ``AdamAdamW`` of zhao2026's code (Fig. 8).

    g ← g + λ_c w;  w ← w − η m̂ / (√v̂ + ε);  w ← (1 − η λ) w

m̂ and v̂ are as in :mod:`latephase.parts.optimizers.adam`. λ_c = ``coupled_weight_decay``, λ =
``weight_decay``. Here the decoupled decay comes after the step, and in torch's AdamW before it. So
λ = 0 is exactly Adam, and λ_c = 0 is AdamW except for this order.
"""

from torch import Tensor

from latephase.parts.optimizers import adam, rounded
from latephase.parts.parameter_rows import Layout

PARAMETERS = {
    "lr": {"type": "number", "exclusiveMinimum": 0},
    "weight_decay": {"type": "number", "minimum": 0, "default": 0.0},
    "coupled_weight_decay": {"type": "number", "minimum": 0, "default": 0.0},
    "beta1": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.9},
    "beta2": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.999},
    "eps": {"type": "number", "minimum": 0, "default": 1e-8},
}
STATE = ("exp_avg", "exp_avg_sq")


def update(
    params: Tensor, grads: Tensor, state: dict[str, Tensor], hyper: dict, step: int, layout: Layout
) -> None:
    """One step in place, for every row of ``params`` ``[R, P]``."""
    coupled = hyper | {"weight_decay": hyper["coupled_weight_decay"]}
    adam.update(params, grads, state, coupled, step, layout)
    params.mul_(rounded(1 - hyper["lr"] * hyper["weight_decay"], params))
