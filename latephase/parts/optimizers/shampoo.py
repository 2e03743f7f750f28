"""Shampoo (Gupta et al. 2018) with Adam's step sizes (Anil et al. 2021, Shi et al. 2023).

    g ← g + λ_c w

m, v and the move A = η m̂ / (√v̂ + ε) are as in :mod:`latephase.parts.optimizers.adam`. For a
matrix,

    L ← β₂ L + (1 − β₂) g gᵀ;  R ← β₂ R + (1 − β₂) gᵀg;  U = L^(−1/4) m R^(−1/4)
    w ← (1 − η λ) w − (‖A‖ / ‖U‖) U

and for the rest w ← (1 − η λ) w − A.

λ = ``weight_decay``, λ_c = ``coupled_weight_decay``. Matrices are the weights of linear layers,
including the head, and the kernels of convolutions, [out, in · height · width]. A side longer than
1024 has no factor. If a matrix has a single factor, its power is −1/2. 10⁻⁶ of the largest
eigenvalue is added to all eigenvalues. The roots are computed at each of the first ten steps, and
then at every tenth step.

The eigenvectors of L are those of g gᵀ, so U keeps a zero class sum 1ᵀg = 0, as Muon does.
"""

import math

import torch
from torch import Tensor

from latephase.parts.optimizers import rounded
from latephase.parts.optimizers.adam import move
from latephase.parts.parameter_rows import Layout

PARAMETERS = {
    "lr": {"type": "number", "exclusiveMinimum": 0},
    "weight_decay": {"type": "number", "minimum": 0, "default": 0.0},
    "coupled_weight_decay": {"type": "number", "minimum": 0, "default": 0.0},
    "beta1": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.9},
    "beta2": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.999},
    "eps": {"type": "number", "minimum": 0, "default": 1e-8},
}
STATE = ("exp_avg", "exp_avg_sq", "factors", "roots")
LONGEST, RIDGE, INTERVAL = 1024, 1e-6, 10


def factored(layout: Layout) -> dict[str, list[int]]:
    """The lengths of each matrix's sides, with 0 for a side that has no factor."""
    return {
        name: [n if n <= LONGEST else 0 for n in (shape[0], math.prod(shape[1:]))]
        for name, shape in layout.shapes.items()
        if len(shape) in (2, 4)
    }


def state_shapes(layout: Layout) -> dict[str, tuple[int]]:
    """The shapes of a row of the factors L, R of all matrices, and of a row of their roots."""
    numbers = sum(n * n for sides in factored(layout).values() for n in sides)
    return {"factors": (numbers,), "roots": (numbers,)}


def update(
    params: Tensor, grads: Tensor, state: dict[str, Tensor], hyper: dict, step: int, layout: Layout
) -> None:
    """One step in place, for every row of ``params`` ``[R, P]``."""
    grads.add_(params * rounded(hyper["coupled_weight_decay"], params))
    moves = move(grads, state, hyper, step)
    beta2, rest = (rounded(value, params) for value in (hyper["beta2"], 1 - hyper["beta2"]))
    tiny = torch.finfo(params.dtype).tiny
    fresh = step <= INTERVAL or step % INTERVAL == 0
    views = [layout.views(rows) for rows in (grads, state["exp_avg"], moves)]
    begin = 0
    for name, sides in factored(layout).items():
        grad, turned, adam = (view[name].flatten(2) for view in views)
        for n in sides:
            if n:
                span = slice(begin, begin + n * n)
                factor, root = state["factors"][:, span], state["roots"][:, span]
                factor.mul_(beta2).add_((grad @ grad.mT).flatten(1).mul_(rest))
                if fresh:
                    power = -0.25 if all(sides) else -0.5
                    root.copy_(power_of(factor.unflatten(1, (n, n)), power).flatten(1))
                turned = root.unflatten(1, (n, n)) @ turned
                begin += n * n
            grad, turned = grad.mT, turned.mT  # to the other side, and back
        length, wanted = (x.norm(dim=(1, 2), keepdim=True) for x in (turned, adam))
        adam.copy_(turned * (wanted / length.clamp(min=tiny)))
    params.mul_(rounded(1 - hyper["lr"] * hyper["weight_decay"], params)).sub_(moves)


def power_of(factors: Tensor, power: float) -> Tensor:
    """A negative power of symmetric matrices, ``[R, n, n]``.

    Values that are not finite are replaced by 0, because eigh raises an error if one matrix is not
    finite, and a run that has diverged must not stop the others.
    """
    values, vectors = torch.linalg.eigh(factors.nan_to_num(0.0, 0.0, 0.0))
    values = values.clamp(min=0) + RIDGE * values[:, -1:]
    values = values.clamp(min=torch.finfo(factors.dtype).tiny) ** power
    return vectors * values.unsqueeze(1) @ vectors.mT
