"""A fully connected network with a smooth activation, as sakamoto2026's Theorem 4.3 requires.

    σ(x) = γ x + (1 − γ) (softplus(β x) − ln 2)/β

Its slope γ + (1 − γ) sigmoid(β x) lies between γ and 1. There are no biases. The theorem's networks
are pyramidal, and the first layer is at least as wide as the number of samples (assumptions B.3 to
B.5).
"""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

PARAMETERS = {
    "widths": {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 1}},
    "slope": {"type": "number", "exclusiveMinimum": 0, "maximum": 1, "default": 0.1},
    "sharpness": {"type": "number", "exclusiveMinimum": 0, "default": 4.0},
    "init_scale": {"type": "number", "exclusiveMinimum": 0, "default": 1.0},
}


class Model(nn.Module):
    """Linear layers without biases, σ between them, and a linear head."""

    def __init__(
        self,
        shape: list[int],
        classes: int,
        widths: list[int],
        slope: float = 0.1,
        sharpness: float = 4.0,
        init_scale: float = 1.0,
    ):
        super().__init__()
        self.slope, self.sharpness = slope, sharpness
        sizes = [math.prod(shape), *widths]
        self.hidden = nn.ModuleList(nn.Linear(m, n, bias=False) for m, n in pairwise(sizes))
        self.head = nn.Linear(widths[-1], classes, bias=False)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.mul_(init_scale)

    def activation(self, x: Tensor) -> Tensor:
        """The activation σ."""
        curved = (softplus(x, self.sharpness) - math.log(2) / self.sharpness) * (1 - self.slope)
        return x * self.slope + curved

    def features(self, x: Tensor) -> Tensor:
        """The last hidden layer: ``[N, ...]`` to ``[N, d]``."""
        x = x.flatten(1)
        for layer in self.hidden:
            x = self.activation(layer(x))
        return x

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``[N, K]``."""
        return self.head(self.features(x))

    def gradient(
        self,
        params: list[Tensor],
        grads: list[Tensor],
        buffers: list[Tensor],
        logit_gradient: Callable[[Tensor, Tensor], Tensor],
    ) -> Callable[[Tensor, Tensor], None]:
        """Written-out backpropagation of one run, as in :meth:`mlp.Model.gradient`."""

        def fill(x: Tensor, targets: Tensor) -> None:
            inputs, slopes = [x.flatten(1)], []
            for weight in params[:-1]:
                before = inputs[-1] @ weight.T
                inputs.append(self.activation(before))
                slopes.append(torch.sigmoid(before * self.sharpness))
            delta = logit_gradient(inputs[-1] @ params[-1].T, targets)
            for i in range(len(params) - 1, -1, -1):
                torch.mm(delta.T, inputs[i], out=grads[i])
                if i > 0:
                    slope = slopes[i - 1].mul_(1 - self.slope).add_(self.slope)
                    delta = (delta @ params[i]).mul_(slope)

        return fill
