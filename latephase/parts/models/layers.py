"""Layers that the convolutional networks share."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from latephase.parts.models import backward


def block(channels: int, width: int, batch_norm: bool = True) -> list[nn.Module]:
    """A 3×3 convolution with bias, batch normalisation and ReLU."""
    norm = [nn.BatchNorm2d(width)] if batch_norm else []
    return [nn.Conv2d(channels, width, 3, padding=1), *norm, nn.ReLU(inplace=True)]


def convolution(channels: int, width: int, side: int, stride: int = 1) -> list[nn.Module]:
    """A convolution without bias, padded so that only its stride changes the sides, and a norm."""
    layer = nn.Conv2d(channels, width, side, stride, padding=side // 2, bias=False)
    return [layer, nn.BatchNorm2d(width)]


def pool(side: int) -> nn.MaxPool2d:
    """Max pooling of squares. Incomplete squares at the edge are pooled too."""
    return nn.MaxPool2d(side, ceil_mode=True)


class Convolutional(nn.Module):
    """A body whose output is maps, flattened to features, and a linear head as torch makes it."""

    def __init__(self, body: nn.Module, features: int, classes: int):
        super().__init__()
        self.body = body
        self.head = nn.Linear(features, classes)

    def features(self, x: Tensor) -> Tensor:
        """The maps of a sample as one row: ``[N, C, H, W]`` to ``[N, d]``."""
        return self.body(x).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``[N, K]``."""
        return self.head(self.features(x))


class Layered(Convolutional):
    """A body of consecutive layers whose backward passes are written out."""

    def gradient(
        self,
        params: list[Tensor],
        grads: list[Tensor],
        buffers: list[Tensor],
        logit_gradient: Callable[[Tensor, Tensor], Tensor],
    ) -> Callable[[Tensor, Tensor], None]:
        """Written-out backpropagation of one run, for the CPU, as in :meth:`mlp.Model.gradient`.

        ``buffers`` are views of the run's buffers, and change as in any forward pass in training
        mode. The kernels are those that autograd calls. Without a graph, a step of a small network
        takes half of the time (``benchmarks/networks.py``).
        """
        layers = backward.layers(self.body, params[:-2], grads[:-2], buffers)
        (weight, bias), (weight_grad, bias_grad) = params[-2:], grads[-2:]

        def fill(x: Tensor, targets: Tensor) -> None:
            for layer in layers:
                x = layer.forward(x)
            features = x.flatten(1)
            delta = logit_gradient(torch.addmm(bias, features, weight.T), targets)
            torch.mm(delta.T, features, out=weight_grad)
            torch.sum(delta, 0, out=bias_grad)
            delta = (delta @ weight).view(x.shape)
            for layer in reversed(layers):
                delta = layer.backward(delta)

        return fill


class Stacked(Layered):
    """Groups of blocks with the given widths. Pooling after each group halves the sides."""

    def __init__(
        self, shape: list[int], classes: int, groups: list[list[int]], batch_norm: bool = True
    ):
        channels, layers = shape[0], []
        for widths in groups:
            for width in widths:
                layers += block(channels, width, batch_norm)
                channels = width
            layers.append(pool(2))
        positions = math.prod(math.ceil(side / 2 ** len(groups)) for side in shape[1:])
        super().__init__(nn.Sequential(*layers), channels * positions, classes)
