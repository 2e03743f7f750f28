"""Signum, the sign of momentum (Bernstein et al. 2018), with coupled weight decay.

    v ← μ v + (g + λ w);  w ← w − η sign v

It is often written with (1 − μ) g, which does not change the sign. With μ = 0 it is SignSGD.
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
    lr, momentum, decay = (rounded(hyper[name], params) for name in PARAMETERS)
    buffer = state["momentum_buffer"]
    buffer.mul_(momentum).add_(grads).add_(params * decay)
    params.sub_(sign(buffer).mul_(lr))
