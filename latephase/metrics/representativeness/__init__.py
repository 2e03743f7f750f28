"""Representativeness: how well the loss near the training features represents the test loss.

Features φ_i ∈ R^d have logits z_i = W φ_i + b, labels y_i and loss ℓ(z, y). i runs over the N
training samples, j over the M test samples. Petzka et al. 2021 split the generalisation gap in two,

    test loss − training loss = representativeness + feature robustness

by spreading every training feature to a kernel of width δ‖φ_i‖ in which the label stays the same.
Representativeness is the test loss minus the loss under this kernel density. Feature robustness is
the increase of the training loss by the spreading: to second order δ²/(2d) κ_Tr, with the relative
flatness κ_Tr. han2025 (Figure 20) plots a representativeness that falls to 0 as test accuracy
rises.

The code of that figure is not released. The two released relatives of it (the synthetic experiments
of RelativeFlatnessAndGeneralization and the unused helpers of grokking_flatness) do not compute
this definition. So what they compute has names of its own; see `representativeness_released`.
"""

EVERY_RUN = False
"""Whether it is measured on every run, or only if a study names it under ``metrics``."""
COLUMNS = (
    "representativeness",
    "feature_robustness",
    "feature_robustness_standard_error",
    "representativeness_released",
    "representativeness_released_kernel",
    "representativeness_weighted",
)
"""The columns of its data."""
