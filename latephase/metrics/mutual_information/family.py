"""Every column of the family `mutual_information`."""

import math

from numpy.typing import NDArray
from torch import Tensor

from latephase.metrics.finite import all_finite
from latephase.metrics.information.binning import row_groups
from latephase.metrics.mutual_information import COLUMNS
from latephase.metrics.mutual_information.encoders import whitened_components
from latephase.metrics.mutual_information.nearest_neighbours import (
    information_of_labels,
    information_of_points,
    kraskov_information,
    kraskov_information_of_labels,
)


def mutual_information_metrics(
    representation: Tensor, inputs_encoding: Tensor, labels: Tensor
) -> dict[str, float]:
    """I(Z; X) and I(Z; Y) of a representation [N, d], in nats, with standard errors.

    Args: inputs_encoding [N, m], for the same samples in the same order, each number with variance
    1 (as from :func:`~latephase.metrics.mutual_information.encoders.learned_encoding`); labels [N].
    Invariant to rotations, shifts and the scale of the representation, and to the order of the
    samples. All columns are NaN if the representation is not finite.

    Returns:
        mi_entropies_x: h(Z) + h(X) − h(Z, X), Z and X compressed
            Entropies by 5 neighbours with weights that cancel the bias. It may be negative. It
            tends to −∞ as the classes contract, whatever Z contains. NaN if two samples have the
            same encoding.
            split: test
            bias: not used
            unit: nat
            range: (−∞, ∞)
            good: small late in training, which is interpreted as compression
            source: sakamoto2026, Figures 4 and 14, after Butakov 2024; the file
                kl_estimator.py of its code
            elsewhere: that code puts a floor of 1e-12 under r^d, so samples closer than 1e-3 of a
                standard deviation (d = 4) or 0.03 (d = 8) count as that far apart, and since
                September 2025 it pairs each Z with the X of another sample
        mi_entropies_x_standard_error: standard error of mi_entropies_x
            The error of the mean over samples, which are assumed to be independent.
            split: test
            bias: not used
            unit: nat
            range: [0, ∞)
            good: none: a size
            source: latephase
            elsewhere: –
        mi_entropies_y: h(Z) − Σ_y n_y/N h(Z|Y = y), Z compressed
            Entropies by the first neighbour. NaN if two samples have the same encoding, or if
            a class has a single sample.
            split: test
            bias: not used
            unit: nat
            range: about [0, H(Y)]
            good: H(Y)
            source: sakamoto2026, Figures 4 and 14, after Butakov 2024
            elsewhere: as for mi_entropies_x
        mi_entropies_y_standard_error: standard error of mi_entropies_y
            The error of the mean over samples, which are assumed to be independent.
            split: test
            bias: not used
            unit: nat
            range: [0, ∞)
            good: none: a size
            source: latephase
            elsewhere: –
        mi_entropies_difference: mi_entropies_x − mi_entropies_y
            The redundant information I(Z; X|Y), as the paper's figures plot it.
            split: test
            bias: not used
            unit: nat
            range: (−∞, ∞)
            good: 0
            source: sakamoto2026, Figures 4 and 14
            elsewhere: `mi_ksg_difference`
        mi_ksg_x: ψ(5) + ψ(N) − ⟨ψ(n_Z) + ψ(n_X)⟩, Z and X compressed
            n_Z and n_X count samples within the distance of the 5th neighbour in (Z, X), in the
            maximum norm. For samples that coincide, their number replaces 5.
            split: test
            bias: not used
            unit: nat
            range: about [0, ln N]
            good: H(Y) under collapse
            source: Kraskov 2004, eq. 8; Gao 2017 for samples that coincide
            elsewhere: –
        mi_ksg_x_standard_error: standard error of mi_ksg_x
            The error of the mean over samples, which are assumed to be independent. It does not
            include the bias.
            split: test
            bias: not used
            unit: nat
            range: [0, ∞)
            good: none: a size
            source: latephase
            elsewhere: –
        mi_ksg_y: ⟨ψ(5) − ψ(n_Z)⟩ + ψ(N) − ⟨ψ(n_y)⟩, Z compressed
            n_Z counts samples within the distance of the 5th neighbour of the same class. NaN if a
            class has no more than 5.
            split: test
            bias: not used
            unit: nat
            range: about [0, H(Y)]
            good: H(Y)
            source: Ross 2014; Gao 2017 for samples that coincide
            elsewhere: scikit-learn's mutual_info_classif takes one feature, and adds noise to it
        mi_ksg_y_standard_error: standard error of mi_ksg_y
            The error of the mean over samples, which are assumed to be independent. It does not
            include the bias.
            split: test
            bias: not used
            unit: nat
            range: [0, ∞)
            good: none: a size
            source: latephase
            elsewhere: –
        mi_ksg_difference: mi_ksg_x − mi_ksg_y
            The redundant information I(Z; X|Y).
            split: test
            bias: not used
            unit: nat
            range: about [−1, ln N]
            good: 0 under collapse
            source: latephase
            elsewhere: `mi_entropies_difference` is what sakamoto2026 plots
        mi_components: r, the number of principal components to which Z is compressed
            4 unless Z lies in fewer dimensions; 0 if it is constant.
            split: test
            bias: not used
            unit: 1
            range: 0, 1, 2, 3, 4
            good: none: a size
            source: latephase
            elsewhere: the code of sakamoto2026 always takes 4, and adds 1e-6 to their variances,
                which is most of the variance for features smaller than 1e-3
        mi_coincident: share of the samples whose representation another sample has too
            The two are exactly equal in every feature. If it is above 0, mi_entropies are NaN.
            split: test
            bias: not used
            unit: 1
            range: [0, 1]
            good: none by itself; 1 under exact collapse
            source: latephase
            elsewhere: –
    """
    if not all_finite(representation):
        return dict.fromkeys(COLUMNS, math.nan)
    encoding, classes = whitened_components(representation), labels.cpu().numpy()
    z, x = (tensor.cpu().numpy() for tensor in (encoding, inputs_encoding))
    metrics = {}
    for name, of_points, of_labels in (
        ("entropies", information_of_points, information_of_labels),
        ("ksg", kraskov_information, kraskov_information_of_labels),
    ):
        from_x, from_y = _or_zero(of_points, z, x), _or_zero(of_labels, z, classes)
        metrics[f"mi_{name}_x"], metrics[f"mi_{name}_x_standard_error"] = from_x
        metrics[f"mi_{name}_y"], metrics[f"mi_{name}_y_standard_error"] = from_y
        metrics[f"mi_{name}_difference"] = from_x[0] - from_y[0]
    group_sizes = row_groups(representation).bincount()
    alone = int((group_sizes == 1).sum())
    metrics["mi_components"] = float(encoding.shape[1])
    metrics["mi_coincident"] = 1 - alone / len(encoding)
    return metrics


def _or_zero(estimate, encoding: NDArray, other: NDArray) -> tuple[float, float]:
    """An estimate and its error; 0 for a constant, whose encoding has no numbers."""
    return estimate(encoding, other) if encoding.size and other.size else (0.0, 0.0)
