"""Every column of the family `nc0`."""

import torch
from torch import Tensor

from latephase.metrics.singular_values import singular_values


def nc0_metrics(weight: Tensor) -> dict[str, float]:
    """Norm of the sum of the rows of W [K, d] in its scalings, and the singular values of W.

    The bias is left out. Float32 weights contain the rounding of their training, so `nc0` has a
    floor of 1e-6 to 1e-4, which exact arithmetic would not have. If a weight is not finite, every
    column is NaN.

    Returns:
        nc0: ‖Wᵀ1‖₂ = ‖Σ_k w_k‖₂
            At torch's default initialisation it is √(K/3) on average, for every d.
            split: none
            bias: left out
            unit: weight
            range: [0, ∞)
            good: 0
            source: zhao2026, Figures 1 to 8, as plotted and as its code computes it
            elsewhere: the same paper prints it with 1/d (eq. 12), here `nc0_literal`
        nc0_literal: 1/d ‖Wᵀ1‖₂
            d is the feature dimension, the paper's p.
            split: none
            bias: left out
            unit: weight
            range: [0, ∞)
            good: 0
            source: zhao2026, eq. 12; possibly Figure 9, judging by its size
            elsewhere: –
        nc0_alpha: 1/K ‖Wᵀ1‖₂²
            This is the quantity in the theorems. Under SGD with decoupled decay λ it is multiplied
            by (1 − ηλ)² in each step. Under sign descent with this decay it tends to (K − 2)²/λ²
            (unconstrained features).
            split: none
            bias: left out
            unit: weight²
            range: [0, ∞)
            good: 0
            source: zhao2026, Thms 3.1 to 3.4
            elsewhere: the main text of the paper drops 1/K; the limits belong to the form with it
        nc0_normalized: ‖Wᵀ1‖₂ / ‖W‖_F
            It does not change with the scale of W. Prop. 2.1, by which collapse (NC2 and NC3)
            implies NC0, holds for this column however W grows. It is √K if all rows are equal. NaN
            if W is 0.
            split: none
            bias: left out
            unit: 1
            range: [0, √K]
            good: 0
            source: zhao2026, eq. 14 without its 1/d
            elsewhere: –
        weight_singular_value_min: σ_min(K,d) of W
            For K ≤ d it is at most `nc0`/√K, so it is 0 if the rows sum to 0, as in a simplex.
            split: none
            bias: left out
            unit: weight
            range: [0, ∞)
            good: 0
            source: zhao2026, Figure 7
            elsewhere: –
        weight_singular_value_mean: 1/min(K,d) Σ_j σ_j of W
            split: none
            bias: left out
            unit: weight
            range: [0, ∞)
            good: none: a size
            source: –
            elsewhere: zhao2026 leaves out the smallest one, here
                `weight_singular_value_mean_others`
        weight_singular_value_mean_others: mean of all σ_j of W except the smallest
            NaN if there is no other one.
            split: none
            bias: left out
            unit: weight
            range: [0, ∞)
            good: none: a size
            source: zhao2026, Figure 7, as plotted
            elsewhere: –
    """
    weight = weight.detach().to(torch.float64)
    classes, dimension = weight.shape
    row_sum = weight.sum(0).norm()
    values = singular_values(weight)
    metrics = {
        "nc0": row_sum,
        "nc0_literal": row_sum / dimension,
        "nc0_alpha": row_sum.square() / classes,
        "nc0_normalized": row_sum / weight.norm(),
        "weight_singular_value_min": values[-1],
        "weight_singular_value_mean": values.mean(),
        "weight_singular_value_mean_others": values[:-1].mean(),
    }
    finite = bool(weight.isfinite().all())
    return {name: float(value) if finite else torch.nan for name, value in metrics.items()}
