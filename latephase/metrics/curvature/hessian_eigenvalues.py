"""The largest eigenvalues of the whole Hessian, by Lanczos on Hessian-vector products."""

import math
from collections.abc import Callable

import numpy as np
import torch
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh
from torch import Generator

from latephase.metrics.curvature.mean_loss import Objective

TOLERANCE = 1e-6
MOST_RESTARTS = 30  # each takes about twenty products


def eigenvalue_metrics(
    objective: Objective, generator: Generator, count: int = 1, tolerance: float = TOLERANCE
) -> dict[str, float]:
    """The algebraically largest eigenvalues of the Hessian by all parameters, biases included.

    Args:
        objective: the mean loss of a network, see
            :class:`latephase.metrics.curvature.mean_loss.Objective`. In float32 the products
            allow a tolerance of about 1e-4. Once the loss is below 1e-6, they have no correct
            digits.
        generator: for the vector from which the iteration starts.
        count: how many eigenvalues.
        tolerance: the largest allowed residual, relative to the largest eigenvalue.

    This takes about twenty-five products, and memory for as many vectors of all parameters.

    Returns:
        hessian_eigenvalue_<i>: λ_i of the Hessian of L by all parameters, λ_1 ≥ λ_2 ≥ …
            Some eigenvalue of the Hessian lies within `hessian_eigenvalue_<i>_residual` of it. This
            residual is checked to be below 1e-6 of the largest magnitude of the computed
            eigenvalues. If one of them did not converge so far, all are NaN. Not invariant to any
            rescaling.
            split: train
            bias: used
            unit: loss / parameter²
            range: (−∞, ∞)
            good: small
            source: Lehoucq 1998 (ARPACK, through scipy)
            elsewhere: PyHessian's power iteration stops once the estimate changes by less than 1e-3
                of itself, and finds the largest magnitude, with either sign; hessian-eigenthings
                takes 2k steps of Lanczos by default, 2 for k = 1, and returns its estimate then
        hessian_eigenvalue_<i>_residual: ‖Hv_i − λ_i v_i‖ of the eigenvector v_i of norm 1
            NaN if the eigenvalue is NaN.
            split: train
            bias: used
            unit: loss / parameter²
            range: [0, ∞)
            good: small
            source: –
            elsewhere: –
    """
    pairs = top_eigenvalues(objective, generator, count, tolerance)
    metrics = {}
    for i in range(count):
        value, residual = pairs[i] if i < len(pairs) else (math.nan, math.nan)
        metrics[f"hessian_eigenvalue_{i + 1}"] = value
        metrics[f"hessian_eigenvalue_{i + 1}_residual"] = residual
    return metrics


def top_eigenvalues(
    objective: Objective, generator: Generator, count: int, tolerance: float
) -> list[tuple[float, float]]:
    """The largest eigenvalues and the norms of their residuals; empty unless all converged."""
    product, size = _flat_product(objective)
    start = torch.randn(size, generator=generator, device=generator.device).double()
    start = start.numpy(force=True)
    # ARPACK treats every value below eps^(2/3) = 4e-11 as converged. At a loss of 1e-14 this is the
    # whole spectrum. So the matrix is scaled to order 1.
    start = product(start / np.linalg.norm(start))
    scale = float(np.linalg.norm(start))
    if scale == 0:
        return [(0.0, 0.0)] * count  # a random vector is mapped to 0, so the matrix is 0
    if not math.isfinite(scale):
        return []
    scaled = LinearOperator((size, size), lambda v: product(v) / scale, dtype=np.float64)
    try:
        values, vectors = eigsh(
            scaled, count, which="LA", v0=start, tol=tolerance / 2, maxiter=MOST_RESTARTS
        )
    except ArpackNoConvergence:
        return []
    pairs = []
    for value, vector in sorted(zip(values, vectors.T, strict=True), key=lambda pair: -pair[0]):
        residual = float(np.linalg.norm(scaled @ vector - value * vector))
        if not residual <= tolerance * np.abs(values).max():
            return []
        pairs.append((scale * float(value), scale * residual))
    return pairs


def _flat_product(objective: Objective) -> tuple[Callable[[np.ndarray], np.ndarray], int]:
    """v ↦ Hv for all parameters in one row, and the number of parameters."""
    product, parameters = objective.hessian_product(), objective.parameters
    sizes = [tensor.numel() for tensor in parameters.values()]

    def flat(vector: np.ndarray) -> np.ndarray:
        pieces = torch.from_numpy(np.ravel(vector)).split(sizes)
        named = zip(parameters.items(), pieces, strict=True)
        images = product({n: piece.view(t.shape).to(t) for (n, t), piece in named})
        return torch.cat([image.flatten() for image in images.values()]).double().numpy(force=True)

    return flat, sum(sizes)
