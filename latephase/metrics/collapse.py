"""Neural collapse of the last-layer features, NC1 to NC4, each variant under its own name.

Notation: features h_i in R^d with label y_i, i = 1..N; a classifier W [K, d] with bias b [K]; C of
the K classes present in the labels, with n_c samples and mean mu_c; mu_G the global mean and
M [C, d] the class means minus mu_G. Features must come from evaluation mode.

Two passes, first the means and then the deviations from them: the one-pass form
sum |h|^2 - n |mu|^2 loses every digit once the within-class variance is below 1e-6 of the norm.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

ROWS_AT_ONCE = 512  # a float64 block of this many features stays in the processor's cache


def collapse_metrics(
    features: Tensor, labels: Tensor, weight: Tensor, bias: Tensor | None = None
) -> dict[str, float]:
    """NC1, NC2, NC3 and NC4 of one set of samples.

    Args: features [N, d]; labels [N], integers below K; weight [K, d]; bias [K] or None (only NC4
    depends on it). A class without samples is left out of the means, of the frame they form and of
    the rows of W they are compared with; K in `nc1_pinv` stays the classifier's.

    Returns:
        within_class_variance: Tr Sigma_W = 1/N sum_i |h_i - mu_{y_i}|^2, squared feature units.
        between_class_variance: Tr Sigma_B = sum_c n_c/N |mu_c - mu_G|^2 with mu_G the mean of the
            samples, so that within + between is the total variance (sakamoto2026).
        nc1_trace_ratio: within / between (Tirer 2023; the "NC1" of sakamoto2026, whose code adds
            1e-8 to the denominator; nothing is added here).
        nc1_pinv: Tr(Sigma_W Sigma_B^+) / K with Sigma_B = 1/C M^T M and mu_G the mean of
            the class means (Papyan 2020, whose notebook leaves out 1/K; zhao2026 App. B). The
            C - 1 directions of M are kept, but those that vanish to float64 rounding; NaN if none
            is left.
        rnc1: within / (1/N sum_i |h_i|)^2, the mean norm, as plotted by sakamoto2026. Moves when
            the features are shifted, and may exceed 1.
        rnc1_max: within / (max_i |h_i|)^2, as printed in sakamoto2026; at most 1.
        cdnv: mean over pairs c < c' of (V_c + V_c') / (2 |mu_c - mu_c'|^2), V_c the mean of
            |h - mu_c|^2 in class c (Galanti 2022). It is the "NCC" of the code of han2025, whose
            paper prints a sum over ordered pairs with V_c a sum.
        nc2_etf: |M M^T / |M M^T|_F - E_C|_F, E_C = (I - J/C) / sqrt(C - 1), in [0, sqrt 2]
            (Kothapalli 2023; zhao2026 prints a factor 1/K^2 and plots without).
        nc2_condition: condition number of the uncentred class means [C, d] (the "NC2" of
            sakamoto2026): 1 for an orthogonal frame, infinite for a centred simplex or if C > d.
        nc3_duality: |W/|W|_F - M/|M|_F|_F, in [0, 2], about sqrt 2 when W and M are unrelated
            (zhao2026 eq. 10 without its factor 1/(K d); Papyan 2020 plots the square).
        nc3_product: |W M^T / |W M^T|_F - E_C|_F (Zhu 2021; the "self-duality error" of the
            neural-collapse package, "NC2M" of zhao2026). 0 does not imply that M is a simplex.
        nc4_agreement: see :func:`nc4_agreement`, on these samples and with these means.
    All but the two variances and NC4 are free of the scale of the features. Raises ValueError if
    there are no samples, or a label is not below K.
    """
    if len(labels) == 0:
        raise ValueError("collapse of no samples")
    classes = weight.shape[0]
    all_means = class_means(features, labels, classes)
    present = torch.bincount(labels, minlength=classes) > 0
    means = all_means[present]
    count = means.shape[0]
    centred = means - means.mean(0)
    singular_values, directions = _directions(centred, means)
    spread = _spread(features, labels, all_means, directions)

    within = spread.squared_deviations.sum() / spread.counts.sum()
    share = (spread.counts / spread.counts.sum())[present]
    between = share @ (means - share @ means).square().sum(1)

    variances = (spread.squared_deviations / spread.counts)[present]
    first, second = torch.triu_indices(count, count, 1, device=features.device)
    distances = torch.nn.functional.pdist(centred).square()  # in the order of the pairs
    pairs = (variances[first] + variances[second]) / (2 * distances)

    along = spread.along_directions / spread.counts.sum()
    pinv = (along * count / singular_values.square()).sum() / classes
    rows = weight.to(torch.float64)[present]
    return {
        "nc1_pinv": float(pinv) if len(singular_values) else math.nan,
        "nc1_trace_ratio": float(within / between),
        "rnc1": float(within / spread.mean_norm**2),
        "rnc1_max": float(within / spread.max_norm**2),
        "cdnv": float(pairs.mean()),
        "within_class_variance": float(within),
        "between_class_variance": float(between),
        "nc2_etf": _etf_distance(centred @ centred.T),
        "nc2_condition": _condition_number(means),
        "nc3_duality": float((_unit(rows) - _unit(centred)).norm()),
        "nc3_product": _etf_distance(rows @ centred.T),
        "nc4_agreement": nc4_agreement(features, weight, bias, all_means),
    }


def train_test_collapse_metrics(
    train: tuple[Tensor, Tensor],
    test: tuple[Tensor, Tensor],
    weight: Tensor,
    bias: Tensor | None = None,
) -> dict[str, float]:
    """Every column of the family: collapse on the training set, and what its test set adds.

    Args: train and test are (features [N, d], labels [N]); weight [K, d]; bias [K] or None.

    Returns: :func:`collapse_metrics` of the training set, its NC4 under `nc4_agreement_train`, and
        nc4_agreement_test: NC4 on the test features with the training means (zhao2026 plots this
            one, but without the bias).
        rnc1_test: RNC1 on the test features around the test means, an estimate of the population
            quantity in sakamoto2026 Def. 3.1.
    """
    metrics = collapse_metrics(*train, weight, bias)
    metrics["nc4_agreement_train"] = metrics.pop("nc4_agreement")
    means = class_means(*train, weight.shape[0])
    metrics["nc4_agreement_test"] = nc4_agreement(test[0], weight, bias, means)
    metrics["rnc1_test"] = rnc1_on(*test, weight.shape[0])
    return metrics


def class_means(features: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Means [K, d] of the features [N, d] by class, float64; NaN in the row of a missing class."""
    sums = features.new_zeros(classes, features.shape[1], dtype=torch.float64)
    for label, block in _class_blocks(features, labels, classes):
        sums[label] += block.sum(0)
    return sums / torch.bincount(labels, minlength=classes)[:, None]


def rnc1_on(features: Tensor, labels: Tensor, classes: int) -> float:
    """RNC1 = Tr Sigma_W / (mean |h|)^2 of features [N, d] around their own class means."""
    means = class_means(features, labels, classes)
    spread = _spread(features, labels, means, directions=means.new_zeros(features.shape[1], 0))
    return float(spread.squared_deviations.sum() / spread.counts.sum() / spread.mean_norm**2)


def nc4_agreement(features: Tensor, weight: Tensor, bias: Tensor | None, means: Tensor) -> float:
    """Share of features with argmax_k (W h + b)_k = argmin_k |h - mu_k|; 1 under collapse.

    Args: features [N, d]; weight [K, d]; bias [K] or None; means [K, d], NaN for a missing class,
    which is then never the nearest (so a sample classified as such is a disagreement). NaN if no
    mean is known, or if any feature, logit or distance is not finite.

    Papyan 2020 plots 1 minus this. The neural-collapse package and zhao2026 leave out the bias; the
    network decides with it, so it belongs here.
    """
    means = means.to(torch.float64)
    known = ~means.isnan().all(1)
    centre = means[known].mean(0)
    # |h - mu|^2 / 2 up to a term without mu; mu is centred so that an offset of h costs no digits.
    towards = torch.where(known[:, None], means - centre, 0.0)
    thresholds = towards.square().sum(1) / 2 + towards @ centre
    intercept = torch.zeros_like(thresholds) if bias is None else bias.to(torch.float64)
    both_weights = torch.cat([weight.to(torch.float64), -towards]).T.contiguous()
    both_offsets = torch.cat([intercept, thresholds])
    agreements = features.new_zeros((), dtype=torch.float64)
    for block in features.split(ROWS_AT_ONCE):
        scores = torch.addmm(both_offsets, block.to(torch.float64), both_weights)
        logits, distances = scores.tensor_split(2, dim=1)
        agree = logits.argmax(1) == distances.masked_fill(~known, math.inf).argmin(1)
        agreements += torch.where(scores.isfinite().all(), agree.sum(), math.nan)
    return float(agreements / features.shape[0])


class _Spread(NamedTuple):
    counts: Tensor  # [K]
    squared_deviations: Tensor  # [K], sum over the class of |h - mu_c|^2
    along_directions: Tensor  # [r], sum over all samples of <h - mu_y, v_j>^2
    mean_norm: Tensor
    max_norm: Tensor


def _spread(features: Tensor, labels: Tensor, means: Tensor, directions: Tensor) -> _Spread:
    """Second pass: deviations from means [K, d], in all and along directions [d, r]."""
    classes = means.shape[0]
    counts = torch.bincount(labels, minlength=classes).to(torch.float64)
    squared_deviations = means.new_zeros(classes)
    along = means.new_zeros(directions.shape[1])
    norm_sum, max_norm = means.new_zeros(()), means.new_zeros(())
    for label, block in _class_blocks(features, labels, classes):
        norms = torch.linalg.vector_norm(block, dim=1)
        norm_sum += norms.sum()
        max_norm = torch.maximum(max_norm, norms.max())
        block -= means[label]
        squared_deviations[label] += torch.linalg.vector_norm(block).square()
        along += (block @ directions).square().sum(0)
    return _Spread(counts, squared_deviations, along, norm_sum / counts.sum(), max_norm)


def _class_blocks(features: Tensor, labels: Tensor, classes: int) -> Iterator[tuple[int, Tensor]]:
    """Yield (label, some features of that class as a float64 copy) until all were seen once."""
    order = torch.argsort(labels, stable=True)
    counts = torch.bincount(labels, minlength=classes).tolist()
    if len(counts) > classes:
        raise ValueError(f"label {len(counts) - 1} is not below the {classes} classes")
    for label, rows in enumerate(order.split(counts)):
        for part in rows.split(ROWS_AT_ONCE) if len(rows) else ():
            yield label, features.index_select(0, part).to(torch.float64)


def _directions(centred: Tensor, means: Tensor) -> tuple[Tensor, Tensor]:
    """Singular values [r] and directions [d, r] of the centred means [C, d], r <= C - 1.

    A thin SVD of the means, since a pseudo-inverse of Sigma_B in its [d, d] form squares the
    condition and then has to guess which of d eigenvalues are rounding. Here the rounding is that
    of centring the means [C, d], offset included.
    """
    if not centred.isfinite().all():
        return centred.new_full((1,), math.nan), centred.new_full((centred.shape[1], 1), math.nan)
    _, values, rows = torch.linalg.svd(centred, full_matrices=False)
    rounding = max(means.shape) * torch.finfo(torch.float64).eps * means.norm()
    values, rows = values[: len(centred) - 1], rows[: len(centred) - 1]
    keep = values > rounding
    return values[keep], rows[keep].T


def _condition_number(matrix: Tensor) -> float:
    """Largest over smallest singular value of a wide matrix; infinite if it is tall."""
    if not matrix.isfinite().all():
        return math.nan
    if matrix.shape[0] > matrix.shape[1]:
        return math.inf
    values = torch.linalg.svdvals(matrix)
    return float(values[0] / values[-1])


def _etf_distance(gram: Tensor) -> float:
    """Frobenius distance of gram [C, C], scaled to norm 1, to the Gram matrix of a simplex."""
    count = gram.shape[0]
    simplex = torch.eye(count, dtype=gram.dtype, device=gram.device) - 1 / count
    return float((_unit(gram) - _unit(simplex)).norm())


def _unit(matrix: Tensor) -> Tensor:
    return matrix / matrix.norm()
