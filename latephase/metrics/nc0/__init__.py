"""NC0: the norm of the classifier's row sum, which must vanish for collapse (zhao2026)."""

EVERY_RUN = True
"""Whether it is measured on every run, or only if a study names it under ``metrics``."""
COLUMNS = (
    "nc0",
    "nc0_literal",
    "nc0_alpha",
    "nc0_normalized",
    "weight_singular_value_min",
    "weight_singular_value_mean",
    "weight_singular_value_mean_others",
)
"""The columns of its data."""
