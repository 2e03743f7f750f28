"""The largest eigenvalues of symmetric matrices that are given by their products, many at once."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

ERROR = 1e-10  # the relative error at which an eigenvalue is accepted
MOST_STEPS = 200
SEED = 0  # of the start, which is a fixed direction unrelated to symmetries of the data


def largest_eigenvalues(product: Callable[[Tensor], Tensor], start: Tensor) -> Tensor:
    """λ_max [B] of B positive semi-definite matrices M_b [n, n], by Lanczos.

    Args:
        product: maps vectors [B, n] to the products of each with its own matrix, [B, n].
        start: [B, n], see :func:`random_start`.

    All B recurrences advance together, so one pass over the data serves them all. Each is
    orthogonalised against all its earlier vectors. The result is NaN if the error bound is still
    above `ERROR` after `MOST_STEPS` steps, and all results are NaN if a product is not finite.
    """
    basis = [_unit(start)]
    diagonal, beside = [], []
    found = torch.full_like(start[:, 0], math.nan)
    for step in range(1, min(start.shape[1], MOST_STEPS) + 1):
        image = product(basis[-1])
        if not image.isfinite().all():
            return torch.full_like(found, math.nan)
        diagonal.append((image * basis[-1]).sum(1))
        earlier = torch.stack(basis, 1)  # [B, step, n]
        for _ in range(2):  # one pass leaves rounding times the components that it removed
            image = image - ((earlier @ image[:, :, None]) * earlier).sum(1)
        beside.append(torch.linalg.vector_norm(image, dim=1))
        values, errors = _ritz(diagonal, beside)
        accepted = (errors <= ERROR * values) | (step == start.shape[1])  # the whole space
        # The first acceptable value is kept: a recurrence that has reached its end continues with
        # rounding, as long as the others need.
        found = torch.where(found.isnan() & accepted, values, found)
        if not found.isnan().any():
            break
        basis.append(_unit(image))
    return found


def random_start(count: int, dimension: int, device: torch.device) -> Tensor:
    """Normal vectors [B, n] in float64, the same at every call."""
    generator = torch.Generator().manual_seed(SEED)
    return torch.randn(count, dimension, generator=generator, dtype=torch.float64).to(device)


def _unit(vectors: Tensor) -> Tensor:
    """Vectors [B, n] scaled to norm 1. A vector of 0, at the end of a recurrence, stays 0."""
    norms = torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
    return torch.where(norms > 0, vectors / norms, 0.0)


def _ritz(diagonal: list[Tensor], beside: list[Tensor]) -> tuple[Tensor, Tensor]:
    """The largest Ritz value θ [B] and a bound of its error [B].

    With the residual r = ‖Mv − θv‖, some eigenvalue lies within r of θ. It lies within r²/(θ − θ₂)
    if the rest of the spectrum is below the next Ritz value θ₂.
    """
    off = torch.stack(beside, 1)
    tridiagonal = torch.diag_embed(torch.stack(diagonal, 1))
    tridiagonal += torch.diag_embed(off[:, :-1], 1) + torch.diag_embed(off[:, :-1], -1)
    values, vectors = torch.linalg.eigh(tridiagonal)
    residual = off[:, -1] * vectors[:, -1, -1].abs()
    if values.shape[1] == 1:
        return values[:, 0], residual
    gap = values[:, -1] - values[:, -2]
    return values[:, -1], torch.minimum(residual, residual.square() / gap)
