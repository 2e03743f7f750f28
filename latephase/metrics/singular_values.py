"""Singular values without an error if a run has diverged."""

import math

import torch
from torch import Tensor


def singular_values(matrix: Tensor) -> Tensor:
    """Singular values of a matrix, largest first; NaN if it is not finite.

    LAPACK raises an error for such a matrix.
    """
    if not matrix.isfinite().all():
        return matrix.new_full((min(matrix.shape),), math.nan)
    return torch.linalg.svdvals(matrix)
