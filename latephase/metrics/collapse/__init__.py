"""Neural collapse of the last-layer features, NC1 to NC5. Each variant has its own name.

The definitions are where they are computed: NC1 in `nc1_variability`, NC2 in `nc2_frames`, its
generalisation in `gnc2_uniformity`, NC3 in `nc3_duality`, NC4 in `nc4_nearest_mean`, NC5 in
`nc5_out_of_distribution`, and singular values in `spectra`. `family` gathers them in two passes
over the samples. Features must come from evaluation mode and may have any float dtype. The caller's
tensors are not changed.
"""

EVERY_RUN = True
"""Whether it is measured on every run, or only if a study names it under ``metrics``."""
COLUMNS = (
    "nc1_pinv",
    "nc1_pinv_weighted",
    "nc1_trace_ratio",
    "nc1_trace_ratio_unweighted",
    "rnc1",
    "rnc1_max",
    "cdnv",
    "cdnv_sum",
    "within_class_variance",
    "between_class_variance",
    "nc2_etf",
    "nc2_etf_weight",
    "nc2_etf_weight_centred",
    "nc2_equinorm",
    "nc2_equinorm_weight",
    "nc2_equiangle",
    "nc2_equiangle_weight",
    "nc2_max_angle",
    "nc2_max_angle_weight",
    "nc2_condition",
    "means_cosine_min",
    "means_cosine_max",
    "weight_cosine_min",
    "weight_cosine_max",
    "means_angle_mean",
    "gnc2_log_mean",
    "gnc2_log_variance",
    "gnc2_riesz1_mean",
    "gnc2_riesz1_variance",
    "nc3_duality",
    "nc3_product",
    "nc3_product_centred",
    "nc3_cosine",
    "unc3",
    "nc4_agreement_train",
    "nc4_agreement_train_without_bias",
    "nc4_mismatch_train",
    "nc4_mismatch_train_without_bias",
    "output_at_global_mean",
    "weight_effective_rank",
    "weight_stable_rank",
    "weight_spectrum",
    "means_effective_rank",
    "means_stable_rank",
    "means_spectrum",
    "rnc1_test",
    "rnc1_test_around_train",
    "within_class_variance_test",
    "between_class_variance_test",
    "nc4_agreement_test",
    "nc4_agreement_test_without_bias",
    "nc4_mismatch_test",
    "nc4_mismatch_test_without_bias",
)
"""The columns of its data."""
LISTS = ("weight_spectrum", "means_spectrum")
"""The columns that have a list of numbers in each row."""
