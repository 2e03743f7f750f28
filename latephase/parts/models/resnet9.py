"""zhao2026's ResNet9: eight convolutions, two residual sums, 512 features for 32×32 images."""

import math

from torch import Tensor, nn

from latephase.parts.models.layers import Convolutional, block, pool

PARAMETERS = {}
BATCH_NORM = True


class Residual(nn.Module):
    """x + f(x), where f is two blocks of the same width."""

    def __init__(self, width: int):
        super().__init__()
        self.blocks = nn.Sequential(*block(width, width), *block(width, width))

    def forward(self, x: Tensor) -> Tensor:
        return self.blocks(x) + x


class Model(Convolutional):
    """64, 128-M, residual 128, 256-M, 512-M, residual 512, pooling of 4×4, and a linear head."""

    def __init__(self, shape: list[int], classes: int):
        body = nn.Sequential(
            *block(shape[0], 64),
            *(*block(64, 128), pool(2), Residual(128)),
            *(*block(128, 256), pool(2)),
            *(*block(256, 512), pool(2), Residual(512), pool(4)),
        )
        super().__init__(body, 512 * math.prod(math.ceil(s / 32) for s in shape[1:]), classes)
