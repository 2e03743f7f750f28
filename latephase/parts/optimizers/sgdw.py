"""SGD with heavy-ball momentum and decoupled weight decay (Loshchilov & Hutter 2019, Alg. 1).

    w ← (1 − η λ) w;  v ← μ v + g;  w ← w − η v

As in zhao2026, the decay is multiplied by η, and not only by the schedule's factor.
"""

from torch import Tensor

from latephase.parts.optimizers import rounded
from latephase.parts.parameter_rows import Layout

PARAMETERS = {
    "lr": {"type": "number", "exclusiveMinimum": 0},
    "momentum": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.0},
    "weight_decay": {"type": "number", "minimum": 0, "default": 0.0},
}
STATE = ("momentum_buffer",)


def update(
    params: Tensor, grads: Tensor, state: dict[str, Tensor], hyper: dict, step: int, layout: Layout
) -> None:
    """One step in place, for every row of ``params`` ``[R, P]``."""
    params.mul_(rounded(1 - hyper["lr"] * hyper["weight_decay"], params))
    buffer = state["momentum_buffer"]
    buffer.mul_(rounded(hyper["momentum"], params)).add_(grads)
    params.sub_(buffer * rounded(hyper["lr"], params))
