"""Bounds of the redundant information by the variance within classes (sakamoto2026, Thm 3.4).

For Z = g(X) + B E, E ~ N(0, σ² I), B = sup_x ‖g(x)‖:

    I(Z; X|Y)  ≤  ½ E_y ln det(Cov[g|y]/(B²σ²) + I)  ≤  1/(2σ²) E‖g − E[g|Y]‖²/B²

The noise grows with the features, so both bounds do not depend on their scale, unlike information
at a fixed noise. The first inequality is an equality if g is Gaussian in each class, the second one
in the limit of small variance. The left side itself is between `kt_lower_x_given_y_relative_…` and
`kt_upper_x_given_y_relative_…` (:mod:`latephase.metrics.information.kolchinsky_tracey`).
"""

import math

import torch
from torch import Tensor

from latephase.metrics.finite import all_finite
from latephase.metrics.information import columns

ROWS_AT_ONCE = 512  # a float64 block of this many features stays in the processor's cache


def redundancy_bounds(representation: Tensor, labels: Tensor) -> dict[str, float]:
    """Both bounds at each noise variance, in nats, with the samples as the population.

    Args: representation g [N, d]; labels [N]. B is the largest norm among the samples and the
    covariances divide by n_y. A class with one sample has covariance 0. All NaN if the
    representation is not finite, or 0. Invariant to rotations and scale, but not to shifts, because
    of B. <v> is σ², 0.01 or 0.1.

    Returns:
        redundancy_logdet_bound_relative_variance_<v>: ½ Σ_y n_y/N ln det(Cov[g|y]/(B²σ²) + I)
            The tighter bound of I(Z; X|Y). It is computed from eigenvalues by log1p, so it is exact
            at any variance.
            split: test
            bias: not used
            unit: nat
            range: [0, ∞)
            good: 0 under collapse
            source: sakamoto2026, Theorem 3.4, first inequality
            elsewhere: –
        redundancy_trace_bound_relative_variance_<v>: (1/N Σ_i ‖g_i − μ_{y_i}‖²) / (2 B² σ²)
            The looser bound: RNC1 with the largest norm of the given samples, divided by 2σ².
            split: test
            bias: not used
            unit: nat
            range: [0, 1/(2σ²)]
            good: 0 under collapse
            source: sakamoto2026, Theorem 3.4, second inequality
            elsewhere: the paper plots RNC1 with the mean norm, which is not a bound
    """
    if not all_finite(representation):
        return dict.fromkeys(columns.REDUNDANCY, math.nan)
    norms = [block.to(torch.float64).norm(dim=1).max() for block in _blocks(representation)]
    largest = float(torch.stack(norms).max()) ** 2
    if largest == 0:
        return dict.fromkeys(columns.REDUNDANCY, math.nan)
    logdets = dict.fromkeys(columns.RELATIVE_NOISE_VARIANCES, 0.0)
    within = 0.0
    for label in labels.unique():
        rows = (labels == label).nonzero()[:, 0]
        scatter = _scatter_or_products(representation, rows) / len(labels)  # n_y/N times Cov[g|y]
        within += scatter.trace()
        share = len(rows) / len(labels)
        eigenvalues = torch.linalg.eigvalsh(scatter) / share
        for variance in columns.RELATIVE_NOISE_VARIANCES:
            logdets[variance] += share / 2 * (eigenvalues / (variance * largest)).log1p().sum()
    metrics = {}
    for variance in columns.RELATIVE_NOISE_VARIANCES:
        name = f"bound_relative_variance_{variance:g}"
        metrics[f"redundancy_logdet_{name}"] = float(logdets[variance])
        metrics[f"redundancy_trace_{name}"] = float(within / (2 * variance * largest))
    return metrics


def _scatter_or_products(representation: Tensor, rows: Tensor) -> Tensor:
    """Σ_i (g_i − μ)(g_i − μ)ᵀ over n rows, with their mean μ: [d, d], in two passes.

    If there are fewer rows than dimensions, the result is the products ⟨g_i − μ, g_j − μ⟩ [n, n]
    instead. Their eigenvalues are the same except for zeros. This makes a thousand classes with two
    thousand units affordable.
    """
    dimension = representation.shape[1]
    total = representation.new_zeros(dimension, dtype=torch.float64)
    for part in _blocks(rows):
        total += representation[part].to(torch.float64).sum(0)
    mean = total / len(rows)
    if len(rows) < dimension:
        deviations = representation[rows].to(torch.float64) - mean
        return deviations @ deviations.T
    scatter = total.new_zeros(dimension, dimension)
    for part in _blocks(rows):
        deviations = representation[part].to(torch.float64) - mean
        scatter.addmm_(deviations.T, deviations)
    return scatter


def _blocks(samples: Tensor) -> tuple[Tensor, ...]:
    return samples.split(ROWS_AT_ONCE)
