"""A linear warm-up, then half a cosine down: torch's ``LinearLR`` and ``CosineAnnealingLR``.

For its ViT at a learning rate of 1e-3, zhao2026 has warm-up 0.05, initial 1e-4 and final 1e-2.
"""

import math

PARAMETERS = {
    "warmup": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.0},
    "initial": {"type": "number", "minimum": 0, "default": 0.0},
    "final": {"type": "number", "minimum": 0, "default": 0.0},
}


def factor(
    step: int, steps: int, warmup: float = 0.0, initial: float = 0.0, final: float = 0.0
) -> float:
    """From ``initial`` to 1 in the first ``warmup`` share of the steps, then towards ``final``."""
    rising = round(warmup * steps)
    if step < rising:
        return initial + (1 - initial) * step / rising
    falling = (step - rising) / (steps - rising)
    return final + (1 - final) * (1 + math.cos(math.pi * falling)) / 2
