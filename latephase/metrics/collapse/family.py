"""Every column of the family `collapse`, in two passes over the samples."""

import math

import torch
from torch import Tensor

from latephase.metrics.collapse.class_means import class_counts, class_means, deviations
from latephase.metrics.collapse.gnc2_uniformity import uniformity_metrics
from latephase.metrics.collapse.nc1_variability import (
    Between,
    Within,
    between_classes,
    held_out_variability_metrics,
    variability_metrics,
)
from latephase.metrics.collapse.nc2_frames import frame_metrics
from latephase.metrics.collapse.nc3_duality import duality_metrics
from latephase.metrics.collapse.nc4_nearest_mean import (
    Decisions,
    global_mean_metrics,
    nearest_mean_metrics,
)
from latephase.metrics.collapse.nc5_out_of_distribution import out_of_distribution_metrics
from latephase.metrics.collapse.spectra import spectrum_metrics

Metrics = dict[str, float | list[float]]


def train_test_collapse_metrics(
    train: tuple[Tensor, Tensor],
    test: tuple[Tensor, Tensor],
    weight: Tensor,
    bias: Tensor | None = None,
) -> Metrics:
    """Every column of the family: collapse on the training set and on the test set.

    Args: train and test are (features [N, d], labels [N]); weight [K, d]; bias [K] or None.
    """
    between = _between(*train, len(weight))
    return {
        **_training_metrics(*train, weight, bias, between),
        **_held_out_metrics(*test, weight, bias, between),
    }


def collapse_metrics(
    features: Tensor,
    labels: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    ood_features: Tensor | None = None,
) -> Metrics:
    """The columns of a training set, and NC5 if out-of-distribution features are given.

    Args: features [N, d]; labels [N], integers below K; weight [K, d]; bias [K] or None (only NC4
    and the output at the global mean depend on it); ood_features [M, d].

    A class without samples is left out of the means, of the frame that they form, and of the rows
    of W with which they are compared. If a feature, a weight or the bias is not finite, every
    column is NaN. Raises ValueError if there are no samples, or a label is not below K.
    """
    between = _between(features, labels, len(weight))
    return _training_metrics(features, labels, weight, bias, between, ood_features)


def _between(features: Tensor, labels: Tensor, classes: int) -> Between:
    means = class_means(features, labels, classes)
    return between_classes(means, class_counts(labels, classes))


def _training_metrics(
    features: Tensor,
    labels: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    train: Between,
    ood_features: Tensor | None = None,
) -> Metrics:
    weight, bias = _head(weight, bias)
    within, decisions = _second_pass(features, labels, weight, bias, train, train)
    metrics = {
        **variability_metrics(train, within),
        **frame_metrics(train.means, train.centred, weight),
        **uniformity_metrics(train.centred),
        **duality_metrics(weight[train.present], train.centred),
        **nearest_mean_metrics(decisions.agreeing, len(labels), "train"),
        **global_mean_metrics(weight, bias, train),
        **spectrum_metrics(weight, train.centred),
    }
    if ood_features is not None:
        metrics |= out_of_distribution_metrics(train.means, ood_features)
    return metrics if _finite(train.means, weight, bias) else _undefined(metrics)


def _held_out_metrics(
    features: Tensor, labels: Tensor, weight: Tensor, bias: Tensor | None, train: Between
) -> Metrics:
    weight, bias = _head(weight, bias)
    own = _between(features, labels, len(weight))
    within, decisions = _second_pass(features, labels, weight, bias, own, train)
    metrics = {
        **held_out_variability_metrics(own, within, train),
        **nearest_mean_metrics(decisions.agreeing, len(labels), "test"),
    }
    finite = _finite(own.means, train.means, weight, bias)
    return metrics if finite else _undefined(metrics)


def _second_pass(
    features: Tensor,
    labels: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    own: Between,
    train: Between,
) -> tuple[Within, Decisions]:
    """One pass over deviations from the means `own` of these samples, along the training means."""
    means = own.means.new_zeros(len(weight), features.shape[1])
    means[own.present] = own.means
    within, decisions = Within(train), Decisions(weight, bias, means, train)
    projections = torch.cat([weight.T, train.directions], 1)
    for block in deviations(features, labels, means):
        products, along = (block.deviations @ projections).tensor_split([len(weight)], dim=1)
        within.add(block, along)
        decisions.add(block.labels, products, along)
    return within, decisions


def _head(weight: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor | None]:
    weight = weight.detach().to(torch.float64)
    return weight, None if bias is None else bias.detach().to(torch.float64)


def _finite(*tensors: Tensor | None) -> bool:
    """Whether all are finite. A feature that is not finite makes its class mean not finite."""
    return all(bool(tensor.isfinite().all()) for tensor in tensors if tensor is not None)


def _undefined(metrics: Metrics) -> Metrics:
    """The same columns for a run that diverged. All are NaN, even columns that have a value."""
    return {
        name: [math.nan] * len(value) if isinstance(value, list) else math.nan
        for name, value in metrics.items()
    }
