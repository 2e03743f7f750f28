"""ResNet-18 with either stem: four stages of two basic blocks, and the mean over the map.

The small stem is that of github.com/kuangliu/pytorch-cifar, a convolution 3×3 without pooling, for
images of 32×32: sakamoto2026's network on CIFAR-10 (Fig. 14), and that of han2025 with augmentation
(Fig. 7). The large one is torchvision's, 7×7 of stride 2 and max pooling, with its initialisation:
han2025's other experiments feed images of 32×32 to it (Figs. 2 to 12). sakamoto2026's code
multiplies fully connected layers, of which there is only the head, by its ``init_scale``: 1 in the
paper's experiment.
"""

import torch
from torch import Tensor, nn

from latephase.parts.models.layers import Convolutional, convolution

PARAMETERS = {
    # Of the first stage; each further stage doubles it.
    "width": {"type": "integer", "minimum": 1, "default": 64},
    "init_scale": {"type": "number", "exclusiveMinimum": 0, "default": 1.0},
    "stem": {"enum": ["small", "large"], "default": "small"},
}
BATCH_NORM = True
STRIDES = (1, 2, 2, 2)
"""Of the first block of each stage."""


class Basic(nn.Module):
    """ReLU(f(x) + x), f two convolutions 3×3; x goes through a 1×1 where sizes differ."""

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
    """A stem, basic blocks 2-2-2-2, the mean over the map: 8 · ``width`` features."""

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
