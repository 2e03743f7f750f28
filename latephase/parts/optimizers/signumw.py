"""SignumW, the sign of momentum with decoupled weight decay (zhao2026 §2).

    v ← μ v + g;  w ← (1 − η λ) w;  w ← w − η sign v

With μ = 0 it is SignSGDW.
"""

from torch import Tensor

from latephase.parts.optimizers import rounded, sign
from latephase.parts.parameter_rows import Layout

PARAMETERS = {
    "lr": {"type": "number", "exclusiveMinimum": 0},
    "momentum": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.9},
    "weight_decay": {"type": "number", "minimum": 0, "default": 0.0},
}
STATE = ("momentum_buffer",)


def update(
    params: Tensor, grads: Tensor, state: dict[str, Tensor], hyper: dict, step: int, layout: Layout
) -> None:
    """One step in place, for every row of ``params`` ``[R, P]``."""
    buffer = state["momentum_buffer"]
    buffer.mul_(rounded(hyper["momentum"], params)).add_(grads)
    params.mul_(rounded(1 - hyper["lr"] * hyper["weight_decay"], params))
    params.sub_(sign(buffer).mul_(rounded(hyper["lr"], params)))
