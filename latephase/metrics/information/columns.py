"""The columns of the family, and the parameters in their names.

This module does not import torch, because planning reads it.
"""

NHSIC = (
    "nhsic_x",
    "nhsic_y",
    "nhsic_difference",
    "nhsic_centred_x",
    "nhsic_centred_x_null",
    "nhsic_centred_x_corrected",
    "nhsic_centred_y",
    "nhsic_centred_y_null",
    "nhsic_centred_y_corrected",
    "nhsic_centred_difference_corrected",
)

NOISE_VARIANCES = (1e-3, 1e-1, 1.0)
"""σ². Saxe 2018 has 1e-3 for small tanh networks and 1e-1 for ReLU networks."""

RELATIVE_NOISE_VARIANCES = (1e-2, 1e-1)
"""σ²/B², where B is the largest norm of a sample: the noise of sakamoto2026, Theorem 3.4."""

KOLCHINSKY_TRACEY_BOUNDS = (
    "kt_upper_x",
    "kt_lower_x",
    "kt_upper_y",
    "kt_lower_y",
    "kt_upper_x_given_y",
    "kt_lower_x_given_y",
    "kt_y_from_upper",
    "kt_y_from_lower",
)
NOISES = (
    *(f"variance_{variance:g}" for variance in NOISE_VARIANCES),
    *(f"relative_variance_{variance:g}" for variance in RELATIVE_NOISE_VARIANCES),
)
KOLCHINSKY_TRACEY = (
    *(f"{bound}_{noise}" for noise in NOISES for bound in KOLCHINSKY_TRACEY_BOUNDS),
    "kt_log_n",
)

BIN_WIDTHS = (0.5, 0.07)
"""Saxe 2018 has 0.5 for ReLU networks and 0.07 for small networks."""

BINNING = (
    *(f"binned_{side}_width_{width:g}" for width in BIN_WIDTHS for side in "xy"),
    "binned_log_n",
)

REDUNDANCY = tuple(
    f"redundancy_{bound}_bound_relative_variance_{variance:g}"
    for variance in RELATIVE_NOISE_VARIANCES
    for bound in ("logdet", "trace")
)

SPECTRUM = ("representation_norm", "spectral_entropy")
