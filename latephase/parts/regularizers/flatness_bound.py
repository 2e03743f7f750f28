"""κ̂ of a batch: han2025 trains away from flatness by it, with a strength below 0 (Figs. 4, 8–12).

R = ‖W‖_F² · mean_i U(softmax(z_i/τ)) ‖φ_i‖², U(p) = 1 − ‖p‖², of features scaled to norm 1 if
``unit_features``, inside R alone. It is the bound of relative flatness of Lemma A.2, but for the
1/τ² that the Hessian of a loss with a temperature would have.
"""

from torch import Tensor

PARAMETERS = {
    "strength": {"type": "number"},
    "temperature": {"type": "number", "exclusiveMinimum": 0, "default": 2.0},
    "unit_features": {"type": "boolean", "default": True},
}


def penalty(
    features: Tensor,
    logits: Tensor,
    targets: Tensor,
    weight: Tensor,
    temperature: float = 2.0,
    unit_features: bool = True,
) -> Tensor:
    """Of features ``[B, d]``, logits ``[B, K]`` and the head's weight ``[K, d]``, a scalar."""
    spread = 1 - (logits / temperature).softmax(-1).square().sum(-1)
    if not unit_features:
        spread = spread * features.square().sum(-1)
    return weight.square().sum() * spread.mean()
