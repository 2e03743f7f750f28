"""The unconstrained features model: the features of every training sample are parameters.

zhao2026, Fig. 16: 512 features, 10,000 samples. It is used with data of kind free_features, whose
inputs are the numbers of the samples.
"""

import torch
from torch import Tensor, nn

PARAMETERS = {
    "samples": {"type": "integer", "minimum": 1},
    "width": {"type": "integer", "minimum": 1, "default": 512},
    "bias": {"type": "boolean", "default": False},
    "init_scale": {"type": "number", "exclusiveMinimum": 0, "default": 1.0},
}
SIDE = {"const": 1}
"""The allowed side of the inputs."""


class Model(nn.Module):
    """Features H ``[N, p]`` and head W ``[K, p]``, both ``init_scale`` times standard normal."""

    def __init__(
        self,
        shape: list[int],
        classes: int,
        samples: int,
        width: int = 512,
        bias: bool = False,
        init_scale: float = 1.0,
    ):
        super().__init__()
        self.free = nn.Parameter(init_scale * torch.randn(samples, width))
        self.head = nn.Linear(width, classes, bias)
        nn.init.normal_(self.head.weight, std=init_scale)
        if bias:
            nn.init.zeros_(self.head.bias)

    def features(self, x: Tensor) -> Tensor:
        """The features of the samples with these numbers, ``[N, 1, 1, 1]`` to ``[N, p]``."""
        return nn.functional.embedding(x.flatten().long(), self.free)

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``[N, K]``."""
        return self.head(self.features(x))
