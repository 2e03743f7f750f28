"""Features in float64, a block at a time: first the class means, then the deviations from them.

Two passes are needed. The one-pass form Σ‖h‖² − n‖μ‖² loses every digit once the within-class
variance is below 1e-6 of the squared norm in float32, or 1e-15 in float64, and then it may be
negative. A block is converted once in each pass. It stays in the processor's cache while it is
used, so the memory does not grow with the number of samples.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

NUMBERS_AT_ONCE = 2**18  # two megabytes of float64: few calls, and they fit into the cache


class Block(NamedTuple):
    """Some samples in the second pass. The next block overwrites them."""

    labels: Tensor  # [B]
    norms: Tensor  # [B], ‖h‖
    deviations: Tensor  # [B, d], h − μ_y


def class_counts(labels: Tensor, classes: int) -> Tensor:
    """Samples [K] of each class. Raises ValueError if there are none, or a label is not below K."""
    if len(labels) == 0:
        raise ValueError("collapse of no samples")
    counts = torch.bincount(labels, minlength=classes)
    if len(counts) > classes:
        raise ValueError(f"label {len(counts) - 1} is not below the {classes} classes")
    return counts


def class_means(features: Tensor, labels: Tensor, classes: int) -> Tensor:
    """First pass: means [K, d] of features [N, d] by class; NaN in the row of a missing class."""
    counts = class_counts(labels, classes)
    sums = features.new_zeros(classes, features.shape[1], dtype=torch.float64)
    for block, own in _blocks(features, labels, classes):
        sums.index_add_(0, own, block)
    return sums / counts[:, None]


def deviations(features: Tensor, labels: Tensor, means: Tensor) -> Iterator[Block]:
    """Second pass: the deviations of features [N, d] from the means [K, d] of their classes.

    The row of a missing class must be finite, because every row is multiplied by 0 in a product.
    """
    one_hot = torch.eye(len(means), dtype=torch.float64, device=means.device)
    for block, own in _blocks(features, labels, len(means)):
        norms = torch.linalg.vector_norm(block, dim=1)
        # h − μ_y, rounded once, because the other terms of the product are 0. This is faster than
        # gathering rows.
        yield Block(own, norms, block.addmm_(one_hot.index_select(0, own), means, alpha=-1))


def _blocks(features: Tensor, labels: Tensor, classes: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Features in float64 with their labels, always in the same memory, never the caller's."""
    rows = max(1, NUMBERS_AT_ONCE // (features.shape[1] + 3 * classes))
    memory = features.new_empty(min(rows, len(features)), features.shape[1], dtype=torch.float64)
    for block, own in zip(features.detach().split(rows), labels.split(rows), strict=True):
        yield memory[: len(block)].copy_(block), own.to(torch.int64)  # uint8 would be a mask
