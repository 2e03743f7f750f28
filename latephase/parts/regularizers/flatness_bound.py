"""κ̂ of a batch, with which han2025 trains away from flatness (strength below 0; Figs. 4, 8–12).

    R = ‖W‖_F² · mean_i U(softmax(z_i/τ)) ‖φ_i‖²,   U(p) = 1 − ‖p‖²

With ``unit_features``, the features are scaled to norm 1, but only inside R. R is the bound of
relative flatness of Lemma A.2, without the factor 1/τ² that the Hessian of a loss with a
temperature would have.
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
    """A scalar from features ``[B, d]``, logits ``[B, K]`` and the head's weight ``[K, d]``."""
    spread = 1 - (logits / temperature).softmax(-1).square().sum(-1)
    if not unit_features:
        spread = spread * features.square().sum(-1)
    return weight.square().sum() * spread.mean()
