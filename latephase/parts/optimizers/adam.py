"""Adam with coupled weight decay: ``torch.optim.Adam``.

    g ← g + λ w;  m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²
    w ← w − η m̂ / (√v̂ + ε), with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)

With β₁ = β₂ = 0 and ε = 0 this is SignSGD. With ε = 0, a parameter whose moments are 0 does not
move, because the sign of 0 is 0; torch gives NaN there.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from latephase.parts.optimizers import rounded
from latephase.parts.parameter_rows import Layout

PARAMETERS = {
    "lr": {"type": "number", "exclusiveMinimum": 0},
    "weight_decay": {"type": "number", "minimum": 0, "default": 0.0},
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
        grads.add_(params * rounded(decay, params))
        decay = 0.0
    descend(params, grads, state, hyper, step, torch._fused_adam_, decay)


def descend(
    params: Tensor,
    grads: Tensor,
    state: dict[str, Tensor],
    hyper: dict,
    step: int,
    kernel: Callable = torch._fused_adam_,
    weight_decay: float = 0.0,
) -> None:
    """Adam's step. For a single row, a kernel of torch's fused optimizers takes it, with the decay.

    The kernel passes over memory once instead of nine times. It is called directly, because on a
    small network the optimizer class spends more time on bookkeeping than the kernel needs. If
    ``eps`` is 0, the kernel would divide 0 by 0. So it is not used then, and the caller must apply
    the decay.
    """
    if len(params) > 1 or hyper["eps"] == 0:
        params.sub_(move(grads, state, hyper, step))
        return
    kernel(
        [params],
        [grads],
        [state["exp_avg"]],
        [state["exp_avg_sq"]],
        [],
        [torch.full((), step, dtype=torch.float32, device=params.device)],
        amsgrad=False,
        maximize=False,
        weight_decay=weight_decay,
        **{name: hyper[name] for name in ("lr", "beta1", "beta2", "eps")},
    )


def move(grads: Tensor, state: dict[str, Tensor], hyper: dict, step: int) -> Tensor:
    """η m̂ / (√v̂ + ε), ``[R, P]``, after the moments were updated."""
    beta1, beta2 = hyper["beta1"], hyper["beta2"]
    average, square = state["exp_avg"], state["exp_avg_sq"]
    average.lerp_(grads, rounded(1 - beta1, grads))
    square.mul_(rounded(beta2, grads)).add_(grads.square().mul_(rounded(1 - beta2, grads)))
    root = square.sqrt().div_(rounded((1 - beta2**step) ** 0.5, grads))
    root.add_(rounded(hyper["eps"], grads))
    if isinstance(hyper["eps"], Tensor) or hyper["eps"] == 0:
        root.masked_fill_(root == 0, math.inf)
    return (average / root).mul_(rounded(hyper["lr"] / (1 - beta1**step), grads))
