"""ResNet-50 as in torchvision (v1.5), zhao2026's network on ImageNet.

He, Zhang, Ren, Sun, arXiv 1512.03385, Table 1. In v1.5 the 3×3 convolution of a block halves the
sides, not the first one. The initialisation is torchvision's: convolutions by He's rule for their
outputs.
"""

from torch import Tensor, nn

from latephase.parts.models.layers import Convolutional, convolution

PARAMETERS = {}
BATCH_NORM = True
STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))
"""Width of the 3×3 convolutions, number of blocks, and stride of the first block."""
EXPANSION = 4


class Bottleneck(nn.Module):
    """ReLU(f(x) + x), where f is 1×1, 3×3 and 1×1. If sizes differ, x goes through a 1×1."""

    def __init__(self, channels: int, width: int, stride: int):
        super().__init__()
        out = width * EXPANSION
        self.blocks = nn.Sequential(
            *(*convolution(channels, width, 1), nn.ReLU(inplace=True)),
            *(*convolution(width, width, 3, stride), nn.ReLU(inplace=True)),
            *convolution(width, out, 1),
        )
        same = channels == out and stride == 1
        self.shortcut = nn.Sequential(*([] if same else convolution(channels, out, 1, stride)))

    def forward(self, x: Tensor) -> Tensor:
        return (self.blocks(x) + self.shortcut(x)).relu()


class Model(Convolutional):
    """7×7 with stride 2, pooling, bottlenecks 3-4-6-3, and the mean over the map: 2048 features."""

    def __init__(self, shape: list[int], classes: int):
        channels = 64
        body = [*convolution(shape[0], 64, 7, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
        for width, blocks, first in STAGES:
            for i in range(blocks):
                body.append(Bottleneck(channels, width, 1 if i else first))
                channels = width * EXPANSION
        super().__init__(nn.Sequential(*body, nn.AdaptiveAvgPool2d(1)), channels, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
