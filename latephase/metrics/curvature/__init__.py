"""Curvature of the training loss in all weights, and related quantities."""

EVERY_RUN = False
"""Whether it is measured on every run, or only if a study names it under ``metrics``."""
COLUMNS = (
    "curvature_samples",
    "relative_flatness_layer_<layer>",
    "relative_flatness_layer_<layer>_error",
    "hessian_trace",
    "hessian_trace_error",
    "hessian_eigenvalue_1",
    "hessian_eigenvalue_1_residual",
    "sam_sharpness_0.05",
    "adaptive_sam_sharpness_0.5",
    "random_sharpness_0.01",
    "random_sharpness_0.01_error",
    "random_sharpness_relative_0.1",
    "random_sharpness_relative_0.1_error",
    "fisher_rao_norm",
    "fisher_rao_norm_empirical",
    "weight_norm",
    "weight_norm_sum",
    "logit_margin_mean",
    "logit_margin_smallest",
    "logit_margin_quantile_10",
    "logit_margin_normalized_mean",
    "logit_margin_normalized_smallest",
    "logit_margin_normalized_quantile_10",
)
"""The columns of its data; ``<layer>`` stands for the name of a layer."""
