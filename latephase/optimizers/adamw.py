"""AdamW, Adam with decoupled weight decay: ``torch.optim.AdamW``.

w ← (1 − η λ) w;  m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;
w ← w − η m̂ / (√v̂ + ε), with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)
"""

import torch
from torch import Tensor

from latephase.layout import Layout

PARAMETERS = {
    "lr": {"type": "number", "exclusiveMinimum": 0},
    "weight_decay": {"type": "number", "minimum": 0, "default": 0.01},
    "beta1": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.9},
    "beta2": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.999},
    "eps": {"type": "number", "minimum": 0, "default": 1e-8},
}
STATE = ("exp_avg", "exp_avg_sq")


def update(
    params: Tensor,
    grads: Tensor,
    state: dict[str, Tensor],
    hyper: dict,
    step: int,
    layout: Layout | None = None,
) -> None:
    """One step in place, for every row of ``params`` ``[R, P]``."""
    if len(params) == 1:
        _fused(params, grads, state, hyper, step)
        return
    lr, beta1, beta2 = hyper["lr"], hyper["beta1"], hyper["beta2"]
    average, square = state["exp_avg"], state["exp_avg_sq"]
    params.mul_((1 - lr * hyper["weight_decay"]).to(params))
    average.add_((grads - average).mul_((1 - beta1).to(params)))
    square.mul_(beta2.to(params)).add_(grads.square().mul_((1 - beta2).to(params)))
    root = square.sqrt().div_((1 - beta2**step).sqrt().to(params)).add_(hyper["eps"].to(params))
    params.sub_((average / root).mul_((lr / (1 - beta1**step)).to(params)))


def _fused(params: Tensor, grads: Tensor, state: dict[str, Tensor], hyper: dict, step: int) -> None:
    """The same for a single row by the kernel behind ``torch.optim.AdamW(fused=True)``.

    One pass over memory instead of nine. Called directly, since the optimizer class spends
    more time on bookkeeping than the kernel on a small network.
    """
    decay = hyper["weight_decay"]
    if isinstance(decay, Tensor):  # the kernel knows one number
        params.mul_((1 - hyper["lr"] * decay).to(params))
        hyper = hyper | {"weight_decay": 0.0}
    torch._fused_adamw_(
        [params],
        [grads],
        [state["exp_avg"]],
        [state["exp_avg_sq"]],
        [],
        [torch.full((), step, dtype=torch.float32, device=params.device)],
        amsgrad=False,
        maximize=False,
        **hyper,
    )
