"""An exactly collapsed network, shared by the families."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor


@pytest.fixture
def simplex_frame() -> Callable[[int, int], Tensor]:
    """Function of (K, d), K <= d: K float64 vertices [K, d] of norm 1 that sum to 0."""

    def build(classes: int, dimension: int) -> Tensor:
        generator = torch.Generator().manual_seed(classes)
        random = torch.randn(dimension, classes, generator=generator, dtype=torch.float64)
        orthonormal = torch.linalg.qr(random).Q
        centring = torch.eye(classes, dtype=torch.float64) - 1 / classes
        return math.sqrt(classes / (classes - 1)) * (orthonormal @ centring).T

    return build
