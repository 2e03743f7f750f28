"""Singular values of the classifier and of the class means, and the ranks that follow from them."""

import torch
from torch import Tensor

from latephase.metrics.singular_values import singular_values

LONGEST_SPECTRUM = 128  # classes; with more, a list in every row would be too long


def spectrum_metrics(weight: Tensor, centred: Tensor) -> dict[str, float | list[float]]:
    """Spectra and ranks of W [K, d] and of the centred class means M̄ [C, d].

    Returns:
        weight_spectrum: σ_1 ≥ … ≥ σ_min(K,d) of W
            A list. There is no such column if K > 128; keep the checkpoints instead.
            split: none
            bias: not used
            unit: weight
            range: [0, ∞)
            good: K−1 equal values, then 0: a simplex frame
            source: zhao2026, Figures 7, 19 and 29 (smallest value, and mean of the others)
            elsewhere: the scalars drawn there have columns of their own, in the family nc0
        means_spectrum: σ_1 ≥ … ≥ σ_min(C,d) of M̄
            A list, for the C classes that are present. The rows of M̄ sum to 0, so for C ≤ d the
            last value is 0 up to rounding. There is no such column if K > 128.
            split: train
            bias: not used
            unit: feature
            range: [0, ∞)
            good: C−1 equal values, then 0: a simplex frame
            source: zhao2026, Figures 7, 19 and 29
            elsewhere: –
        weight_effective_rank: exp H(σ/Σσ) of W, H the entropy in nats
            It does not change with the scale of W. NaN if W is 0.
            split: none
            bias: not used
            unit: 1
            range: [1, min(K, d)]
            good: K−1, that of a simplex frame
            source: Roy and Vetterli 2007
            elsewhere: "effective rank" also names entropies of σ², and the stable rank below
        means_effective_rank: exp H(σ/Σσ) of M̄
            It does not change with scale or shift of the features. NaN if all class means coincide.
            split: train
            bias: not used
            unit: 1
            range: [1, min(C − 1, d)]
            good: C−1, that of a simplex frame
            source: Roy and Vetterli 2007
            elsewhere: –
        weight_stable_rank: ‖W‖²_F / σ_1²
            It does not change with the scale of W. NaN if W is 0.
            split: none
            bias: not used
            unit: 1
            range: [1, min(K, d)]
            good: K−1, that of a simplex frame
            source: Rudelson and Vershynin 2007
            elsewhere: "numerical rank" in some papers
        means_stable_rank: ‖M̄‖²_F / σ_1²
            It does not change with scale or shift of the features. NaN if all class means coincide.
            split: train
            bias: not used
            unit: 1
            range: [1, min(C − 1, d)]
            good: C−1, that of a simplex frame
            source: Rudelson and Vershynin 2007
            elsewhere: –
    """
    metrics: dict[str, float | list[float]] = {}
    for name, matrix in (("weight", weight), ("means", centred)):
        values = singular_values(matrix)
        metrics[f"{name}_effective_rank"] = float(
            torch.special.entr(values / values.sum()).sum().exp()
        )
        metrics[f"{name}_stable_rank"] = float((values / values[0]).square().sum())
        if len(weight) <= LONGEST_SPECTRUM:
            metrics[f"{name}_spectrum"] = values.tolist()
    return metrics
