"""Layers with written-out backward passes, which call the same kernels as autograd.

A layer keeps what its backward pass needs from its last forward pass, and fills the gradients of
its parameters.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

aten = torch.ops.aten
CONTIGUOUS = torch.contiguous_format
CACHED = 1 << 18
"""How many numbers of a matrix fit into the cache of a core."""


class Convolution:
    """A 3 × 3 convolution, as in :func:`latephase.parts.models.layers.block`.

    The first convolution of a network computes no gradient of its input. For few and small maps,
    the convolution is a product of matrices with one row for each position and its neighbours. This
    takes a third of the kernel's time.
    """

    GEOMETRY = ((1, 1), (1, 1), (1, 1), False, (0, 0), 1)
    """Stride, padding, dilation; not transposed, so without padding of the output; one group."""

    def __init__(self, weight: Tensor, bias: Tensor, grads: Sequence[Tensor], first: bool):
        self.weight, self.bias, self.grads, self.first = weight, bias, grads, first
        self.below, self.above = Neighbours(), Neighbours()

    def forward(self, x: Tensor) -> Tensor:
        self.input, most = x, 9 * max(self.weight.shape[:2])
        self.small = most * x.numel() // x.shape[1] <= CACHED
        if not self.small:
            return torch.conv2d(x, self.weight, self.bias, padding=1)
        kernel = self.weight.permute(2, 3, 1, 0).reshape(-1, len(self.bias))
        out = torch.addmm(self.bias, self.below.rows(x), kernel)
        return out.view(len(x), *x.shape[2:], -1).permute(0, 3, 1, 2)

    def backward(self, above: Tensor) -> Tensor | None:
        if not self.small:
            wanted = (not self.first, True, True)
            below, *grads = aten.convolution_backward(
                above, self.input, self.weight, [len(self.bias)], *self.GEOMETRY, wanted
            )
            for kept, grad in zip(self.grads, grads, strict=True):
                kept.copy_(grad)
            return below
        flat = above.permute(0, 2, 3, 1).reshape(-1, len(self.bias))
        weight_grad, bias_grad = self.grads
        product = torch.mm(flat.T, self.below.last)
        weight_grad.copy_(product.view(-1, 3, 3, self.weight.shape[1]).permute(0, 3, 1, 2))
        torch.sum(flat, 0, out=bias_grad)
        if self.first:
            return None
        turned = self.weight.flip(2, 3).permute(2, 3, 0, 1).reshape(-1, self.weight.shape[1])
        below = torch.mm(self.above.rows(above), turned)
        return below.view(len(above), *above.shape[2:], -1).permute(0, 3, 1, 2)


class Neighbours:
    """A matrix with a row for every position of maps: its values and those of its eight neighbours.

    Beyond the edge the values are 0. The memory is kept from step to step, for each shape of the
    maps.
    """

    def __init__(self):
        self.memory: dict[torch.Size, tuple[Tensor, Tensor, Tensor]] = {}

    def rows(self, maps: Tensor) -> Tensor:
        """``[B, C, H, W]`` to ``[B·H·W, 3·3·C]``, which is also kept as ``last``."""
        if maps.shape not in self.memory:
            count, channels, height, width = maps.shape
            framed = maps.new_zeros(count, height + 2, width + 2, channels)
            image, row, place, _ = framed.stride()
            # The three neighbours in a line of the map are next to each other.
            shape = (count, height, width, 3, 3 * channels)
            seen = framed.as_strided(shape, (image, row, place, row, 1))
            inner = framed[:, 1:-1, 1:-1].permute(0, 3, 1, 2)
            self.memory[maps.shape] = inner, seen, torch.empty_like(seen, memory_format=CONTIGUOUS)
        inner, seen, copied = self.memory[maps.shape]
        inner.copy_(maps)
        self.last = copied.copy_(seen).view(-1, copied.shape[-2] * copied.shape[-1])
        return self.last


class BatchNorm:
    """Batch normalisation in training mode, which updates the running statistics."""

    def __init__(
        self, module: nn.BatchNorm2d, weight: Tensor, bias: Tensor, grads: Sequence[Tensor],
        running: Sequence[Tensor],
    ):  # fmt: skip
        self.weight, self.bias, self.grads, self.running = weight, bias, grads, running
        self.momentum, self.eps = module.momentum, module.eps

    def forward(self, x: Tensor) -> Tensor:
        self.input = x
        out, *self.batch = torch.native_batch_norm(
            x, self.weight, self.bias, *self.running, True, self.momentum, self.eps
        )
        return out

    def backward(self, above: Tensor) -> Tensor:
        below, *grads = aten.native_batch_norm_backward(
            above, self.input, self.weight, *self.running, *self.batch, True, self.eps, [True] * 3
        )
        for kept, grad in zip(self.grads, grads, strict=True):
            kept.copy_(grad)
        return below


class ReLU:
    """ReLU in place. This is possible because no layer before it needs its own output."""

    def forward(self, x: Tensor) -> Tensor:
        self.output = x.relu_()
        return self.output

    def backward(self, above: Tensor) -> Tensor:
        return aten.threshold_backward(above, self.output, 0)


class MaxPool:
    """Max pooling of squares. Those at the edge may be incomplete."""

    def __init__(self, module: nn.MaxPool2d):
        side = [module.kernel_size] * 2
        self.geometry = (side, side, [0, 0], [1, 1], module.ceil_mode)

    def forward(self, x: Tensor) -> Tensor:
        self.input = x
        out, self.indices = aten.max_pool2d_with_indices(x, *self.geometry)
        return out

    def backward(self, above: Tensor) -> Tensor:
        return aten.max_pool2d_with_indices_backward(
            above, self.input, *self.geometry, self.indices
        )


class Flatten:
    """The maps of a sample as one row."""

    def forward(self, x: Tensor) -> Tensor:
        self.shape = x.shape
        return x.flatten(1)

    def backward(self, above: Tensor) -> Tensor:
        return above.view(self.shape)


class Linear:
    """A fully connected layer that is not the first layer."""

    def __init__(self, weight: Tensor, bias: Tensor, grads: Sequence[Tensor]):
        self.weight, self.bias, self.grads = weight, bias, grads

    def forward(self, x: Tensor) -> Tensor:
        self.input = x
        return torch.addmm(self.bias, x, self.weight.T)

    def backward(self, above: Tensor) -> Tensor:
        weight_grad, bias_grad = self.grads
        torch.mm(above.T, self.input, out=weight_grad)
        torch.sum(above, 0, out=bias_grad)
        return above @ self.weight


Layer = Convolution | BatchNorm | ReLU | MaxPool | Flatten | Linear


def layers(
    body: nn.Sequential, params: list[Tensor], grads: list[Tensor], buffers: list[Tensor]
) -> list[Layer]:
    """The layers of a network's body, with a run's parameters, gradients and buffers in order."""
    pairs = list(zip(params[0::2], params[1::2], strict=True))
    given = iter(zip(pairs, zip(grads[0::2], grads[1::2], strict=True), strict=True))
    running = iter(zip(buffers[0::2], buffers[1::2], strict=True))
    found = list(_layers(body, given, running))
    if next(given, None) is not None:
        raise TypeError("the network has parameters beside those of its layers")
    return found


def _layers(body: nn.Sequential, given: Iterator, running: Iterator) -> Iterator[Layer]:
    first = True
    for module in body:
        match module:
            case nn.Conv2d():
                pair, grads = next(given)
                yield Convolution(*pair, grads, first)
                first = False
            case nn.BatchNorm2d():
                pair, grads = next(given)
                yield BatchNorm(module, *pair, grads, next(running))
            case nn.ReLU():
                yield ReLU()
            case nn.MaxPool2d():
                yield MaxPool(module)
            case nn.Flatten():
                yield Flatten()
            case nn.Linear():
                pair, grads = next(given)
                yield Linear(*pair, grads)
            case _:
                raise TypeError(f"no backward pass of {module} is written out")
