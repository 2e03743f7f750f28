"""ResNet-18 with either of two stems: four stages of two basic blocks, and the mean over the map.

The small stem is that of github.com/kuangliu/pytorch-cifar: a 3×3 convolution without pooling, for
images of 32×32. It is sakamoto2026's network on CIFAR-10 (Fig. 14), and han2025's with augmentation
(Fig. 7). The large stem is torchvision's: 7×7 with stride 2 and max pooling, with torchvision's
initialisation. han2025's other experiments use it with images of 32×32 (Figs. 2 to 12).
sakamoto2026's code multiplies fully connected layers, here only the head, by its ``init_scale``,
which is 1 in the paper's experiment.
"""

import torch
from torch import Tensor, nn

from latephase.parts.models.layers import Convolutional, convolution

PARAMETERS = {
    # The width of the first stage. Each further stage doubles it.
    "width": {"type": "integer", "minimum": 1, "default": 64},
    "init_scale": {"type": "number", "exclusiveMinimum": 0, "default": 1.0},
    "stem": {"enum": ["small", "large"], "default": "small"},
}
BATCH_NORM = True
STRIDES = (1, 2, 2, 2)
"""The stride of the first block of each stage."""


class Basic(nn.Module):
    """ReLU(f(x) + x), where f is two 3×3 convolutions. If sizes differ, x goes through a 1×1."""

    def __init__(self, channels: int, width: int, stride: int):
        super().__init__()
        self.blocks = nn.Sequential(
            *(*convolution(channels, width, 3, stride), nn.ReLU(inplace=True)),
            *convolution(width, width, 3),
        )
        same = channels == width and stride == 1
        self.shortcut = nn.Sequential(*([] if same else convolution(channels, width, 1, stride)))

    def forward(self, x: Tensor) -> Tensor:
        return (self.blocks(x) + self.shortcut(x)).relu()


class Model(Convolutional):
    """A stem, basic blocks 2-2-2-2, and the mean over the map: 8 · ``width`` features."""

    def __init__(
        self,
        shape: list[int],
        classes: int,
        width: int = 64,
        init_scale: float = 1.0,
        stem: str = "small",
    ):
        side, stride = (3, 1) if stem == "small" else (7, 2)
        body = [*convolution(shape[0], width, side, stride), nn.ReLU(inplace=True)]
        body += [] if stem == "small" else [nn.MaxPool2d(3, 2, padding=1)]
        channels = width
        for stage, stride in enumerate(STRIDES):
            above = width * 2**stage
            body += [Basic(channels, above, stride), Basic(above, above, 1)]
            channels = above
        super().__init__(nn.Sequential(*body, nn.AdaptiveAvgPool2d(1)), channels, classes)
        if stem == "large":
            for module in self.modules():
                if isinstance(module, nn.Conv2d):
                    nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        with torch.no_grad():
            for parameter in self.head.parameters():
                parameter.mul_(init_scale)
