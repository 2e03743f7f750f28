"""Every column of the family `flatness_as_released`."""

import math

import torch
from torch import Tensor

from latephase.metrics.finite import all_finite

TEMPERATURE = 2.0
"""τ of the regulariser of han2025 (Appendix B)."""


@torch.no_grad()
def released_metrics(
    features: Tensor, logits: Tensor, weight: Tensor, places: Tensor | None = None
) -> dict[str, float]:
    """The bound of relative flatness under the two other definitions of the released code.

    Args: features φ [N, d]; logits [N, K], in float64; weight W [K, d]; places, the features
    [N, 2, d] at the two places of an equation, None for a network with one place. The head of a
    network with two places has no bias.

    Returns:
        relative_flatness_bound_unit_features: ‖W‖_F² 1/N Σ_i (1 − ‖softmax(z_i/2)‖²)
            κ̂ with features scaled to norm 1 and logits divided by τ = 2, without the factor 1/τ² of
            the Hessian. The logits z_i are those of the raw features. At most ‖W‖_F² (1 − 1/K).
            split: train
            bias: in the logits
            unit: weight²
            range: [0, ‖W‖_F² (1 − 1/K)]
            good: small
            source: han2025, released code (`rf_resnet18/training_utils.py`, `rf_vit`), while the
                regulariser is on
            elsewhere: the same code logs `relative_flatness_bound` under the same name as soon as
                the regulariser is off
        relative_flatness_bound_of_product: ‖W‖_F² 1/N Σ_i (1 − ‖p_i‖²) ‖φ_i‖²
            For an equation, p = softmax(z_answer ⊙ z_end) uses the elementwise product of the
            logits at the two places, and φ = (φ_answer, φ_end) joins their features. It is not the
            trace of the Hessian of any loss. NaN for a network with one place.
            split: train
            bias: not used
            unit: loss
            range: [0, ∞)
            good: small
            source: han2025, released code (`grokking_nc_rf`), Fig. 1
            elsewhere: `relative_flatness_bound` is that of the answer alone
    """
    weight = weight.double()
    squared_norm = weight.square().sum()
    unit = squared_norm * _spread(logits.double() / TEMPERATURE).mean()
    product = weight.new_tensor(math.nan)
    if places is not None:
        of_places = places.double()
        answer, end = (of_places @ weight.T).unbind(1)
        product = squared_norm * (_spread(answer * end) * of_places.square().sum((1, 2))).mean()
    columns = {
        "relative_flatness_bound_unit_features": unit,
        "relative_flatness_bound_of_product": product,
    }
    if not all(map(all_finite, (features, logits, weight))):
        return dict.fromkeys(columns, math.nan)
    return {name: float(value) for name, value in columns.items()}


def _spread(logits: Tensor) -> Tensor:
    """1 − ‖softmax(z)‖² [N] of logits [N, K]."""
    return 1 - logits.softmax(1).square().sum(1)
