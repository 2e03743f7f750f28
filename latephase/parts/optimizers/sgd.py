"""SGD with heavy-ball momentum and coupled weight decay: ``torch.optim.SGD``.

v ← μ v + (g + λ w);  w ← w − η v
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
    lr, momentum, decay = (rounded(hyper[name], params) for name in PARAMETERS)
    buffer = state["momentum_buffer"]
    buffer.mul_(momentum).add_(grads).add_(params * decay)
    params.sub_(buffer * lr)
