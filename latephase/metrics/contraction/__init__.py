"""Contraction within classes, and what it bounds (sakamoto2026, Theorems 3.2 and 4.1).

For features g(x) ∈ R^d with logits W g + b, class means μ_c and variances V_c = E‖g − μ_c‖² of the
samples of class c: a class that is narrow compared with its distance to the boundaries has few
errors, and a few samples are enough to know how narrow it is.
"""

EVERY_RUN = False
"""Whether it is measured on every run, or only if a study names it under ``metrics``."""
A_CLASS = (5, 10, 20, 40)
"""Samples a class of which the variance is estimated."""
COLUMNS = (
    "error_test",
    "error_bound_test",
    "error_bound_directional_test",
    *(f"variance_gap_{size}_a_class" for size in A_CLASS),
)
"""The columns of its data."""
