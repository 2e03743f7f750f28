"""Contraction within classes, and its consequences (sakamoto2026, Theorems 3.2 and 4.1).

Features g(x) ∈ R^d have logits W g + b. The samples of class c have mean μ_c and variance V_c = E‖g
− μ_c‖². If a class is narrow compared with its distance to the boundaries, it has few errors, and a
few samples are enough to estimate its variance.
"""

EVERY_RUN = False
"""Whether it is measured on every run, or only if a study names it under ``metrics``."""
A_CLASS = (5, 10, 20, 40)
"""The numbers of samples per class from which the variance is estimated."""
COLUMNS = (
    "error_test",
    "error_bound_test",
    "error_bound_directional_test",
    *(f"variance_gap_{size}_a_class" for size in A_CLASS),
)
"""The columns of its data."""
