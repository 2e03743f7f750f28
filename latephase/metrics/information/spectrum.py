"""The size of a representation, and over how many directions it spreads."""

import math

import torch
from torch import Tensor

from latephase.metrics.finite import all_finite
from latephase.metrics.information import columns

ROWS_AT_ONCE = 512  # a float64 block of this many features stays in the processor's cache


def spread_metrics(representation: Tensor) -> dict[str, float]:
    """The norm of a representation [N, d], and the entropy of its covariance's eigenvalues.

    Both are NaN if the representation is not finite.

    Returns:
        representation_norm: (1/N Σ_i ‖z_i‖²)^½
            split: test
            bias: not used
            unit: feature
            range: [0, ∞)
            good: none: a size
            source: –
            elsewhere: –
        spectral_entropy: H(λ/Σλ) of the eigenvalues λ of Cov[z]
            It is the logarithm of an effective rank. Under exact collapse to a simplex frame it is
            ln(K−1) for classes of equal size. Invariant to rotations, scale and shifts. NaN if all
            samples coincide.
            split: test
            bias: not used
            unit: nat
            range: [0, ln min(N − 1, d)]
            good: ln(K−1), that of a simplex frame
            source: Roy and Vetterli 2007, with singular values
            elsewhere: with the uncentred second moment, or with σ in place of λ = σ²
    """
    if not all_finite(representation):
        return dict.fromkeys(columns.SPECTRUM, math.nan)
    samples, dimension = representation.shape
    blocks = representation.split(ROWS_AT_ONCE)
    # Relative to the first sample, so samples that coincide have a covariance of exactly 0.
    first = representation[0].to(torch.float64)
    shift, squares = torch.zeros_like(first), first.new_zeros(())
    for block in blocks:
        block = block.to(torch.float64)
        shift += (block - first).sum(0)
        squares += block.square().sum()
    mean = first + shift / samples
    scatter = first.new_zeros(dimension, dimension)
    for block in blocks:
        deviations = block.to(torch.float64) - mean
        scatter.addmm_(deviations.T, deviations)
    shares = torch.linalg.eigvalsh(scatter).clamp(min=0)
    shares = shares / shares.sum()
    return {
        "representation_norm": float((squares / samples).sqrt()),
        "spectral_entropy": float(torch.special.entr(shares).sum()),
    }
