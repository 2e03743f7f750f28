"""The positions of a network's parameters and buffers in a run's rows."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from latephase.errors import UserError


class Layout:
    """Names and shapes of a network's tensors, in their order within a row.

    Buffers are tensors that a network keeps in addition to its parameters, such as the running
    statistics of batch normalisation. No optimizer changes them, and no metric counts them as
    weights.
    """

    def __init__(self, model: nn.Module):
        self.shapes = {name: tensor.shape for name, tensor in model.named_parameters()}
        self.buffer_shapes = {name: tensor.shape for name, tensor in model.named_buffers()}
        for name, tensor in model.named_buffers():
            if not tensor.is_floating_point():
                raise UserError(f"model: buffer {name} is {tensor.dtype}; allowed: floating point")

    def views(self, rows: Tensor) -> dict[str, Tensor]:
        """The parameters by name, ``[*, P]`` to ``[*, *shape]`` each, without a copy."""
        return _views(rows, self.shapes)

    def buffer_views(self, rows: Tensor) -> dict[str, Tensor]:
        """The buffers by name, ``[*, B]`` to ``[*, *shape]`` each, without a copy."""
        return _views(rows, self.buffer_shapes)

    def weights(self) -> Tensor:
        """Which parameters belong to a tensor of two or more dimensions: ``[P]``, 1 or 0.

        The others are biases, and the scales and shifts of normalisations.
        """
        return torch.cat(
            [torch.full((math.prod(s),), float(len(s) > 1)) for s in self.shapes.values()]
        )


def _views(rows: Tensor, shapes: dict[str, torch.Size]) -> dict[str, Tensor]:
    pieces = rows.split([math.prod(shape) for shape in shapes.values()], dim=-1)
    return {
        name: piece.view(piece.shape[:-1] + shape)
        for (name, shape), piece in zip(shapes.items(), pieces, strict=True)
    }


def row_of(tensors: Iterable[Tensor], dtype: torch.dtype) -> Tensor:
    """Tensors as one row, in the given order; an empty row if there are none."""
    pieces = [tensor.detach().to(dtype).flatten() for tensor in tensors]
    return torch.cat([torch.empty(0, dtype=dtype), *pieces])
