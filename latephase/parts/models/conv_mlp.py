"""sakamoto2026's CNN (Figs. 7, 8): convolutions, one pooling, one fully connected layer, a head.

The paper has 3×3 convolutions with 16 and 32 maps, pooling of 2×2, 128 features, and ``init_scale``
8.
"""

import math
from itertools import pairwise

import torch
from torch import nn

from latephase.parts.models.layers import Layered, block, pool

PARAMETERS = {
    "channels": {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 1}},
    "width": {"type": "integer", "minimum": 1, "default": 128},
    "init_scale": {"type": "number", "exclusiveMinimum": 0, "default": 1.0},
    # linear: init_scale multiplies both fully connected layers. zero_last_layer: it multiplies
    # every parameter, and the head is 0.
    "init": {"enum": ["linear", "zero_last_layer"], "default": "linear"},
}


class Model(Layered):
    """3×3 convolutions with ReLU, max pooling, and a fully connected ReLU layer: ``[N, width]``."""

    def __init__(
        self,
        shape: list[int],
        classes: int,
        channels: list[int],
        width: int = 128,
        init_scale: float = 1.0,
        init: str = "linear",
    ):
        body = []
        for below, above in pairwise([shape[0], *channels]):
            body += block(below, above, batch_norm=False)
        positions = math.prod(math.ceil(side / 2) for side in shape[1:])
        body += [pool(2), nn.Flatten(), nn.Linear(channels[-1] * positions, width), nn.ReLU()]
        super().__init__(nn.Sequential(*body), width, classes)
        every = init == "zero_last_layer"
        with torch.no_grad():
            for module in self.modules():
                if isinstance(module, nn.Linear) or (every and isinstance(module, nn.Conv2d)):
                    for parameter in module.parameters():
                        parameter.mul_(init_scale)
            if every:
                for parameter in self.head.parameters():
                    parameter.zero_()
