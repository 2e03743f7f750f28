"""NC1: how far samples are from the mean of their class, relative to one of several scales.

Notation: features h_i ∈ R^d with label y_i, i = 1..N; C of the K classes are present in the labels,
with n_c samples, mean μ_c and V_c = 1/n_c Σ_{i in c} ‖h_i − μ_c‖². Σ_W = 1/N Σ_i (h_i −
μ_{y_i})(h_i − μ_{y_i})ᵀ is averaged over samples in every variant. If classes are unbalanced,
variants differ in the global mean and in Σ_B: μ_G = Σ_c n_c/N μ_c is the mean of the samples, and
μ̄_G = 1/C Σ_c μ_c is the mean of the class means. A class with one sample has V_c = 0 and counts
like any other. A class without samples is left out.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from latephase.metrics.collapse.class_means import Block


class Between(NamedTuple):
    """The means of the classes present, and the directions that Σ_B spans."""

    classes: int  # K
    present: Tensor  # [K], whether the class has samples
    counts: Tensor  # [C]
    means: Tensor  # [C, d]
    centred: Tensor  # [C, d], μ_c − μ̄_G
    offset: Tensor  # [d], μ_G − μ̄_G
    directions: Tensor  # [d, r], r ≤ C − 1: right singular vectors of `centred`
    scales: Tensor  # [r], singular values of `centred`


def between_classes(means: Tensor, counts: Tensor) -> Between:
    """The means of the classes present, from means [K, d] and counts [K].

    The row of a missing class may have any values.

    The directions come from a thin SVD of the means. A pseudo-inverse of Σ_B in its [d, d] form
    would square the condition number and would have to guess which of d eigenvalues are rounding.
    Here the only rounding is that of centring the means, offset included. A value that does not
    exceed this rounding is 0, and gives no direction.
    """
    present = counts > 0
    known, samples = means[present], counts[present].to(torch.float64)
    rounding = max(known.shape) * torch.finfo(torch.float64).eps * known.norm()
    centred = known - known.mean(0)
    centred = torch.where(centred.norm(dim=1, keepdim=True) <= rounding, 0.0, centred)
    offset = samples @ centred / samples.sum()
    scales, directions = _right_singular(centred, len(known) - 1)
    keep = scales > rounding
    return Between(
        *(len(means), present, samples, known, centred, offset),
        *(directions[:, keep], scales[keep]),
    )


def _right_singular(matrix: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """The first singular values [r] and right singular vectors [n, r]; none if not finite."""
    if not matrix.isfinite().all():
        rank = 0
        matrix = torch.zeros_like(matrix)
    _, values, rows = torch.linalg.svd(matrix, full_matrices=False)
    return values[:rank], rows[:rank].T


class Within:
    """Sums over the samples in the second pass."""

    def __init__(self, between: Between):
        zeros = between.means.new_zeros
        self.squared_deviations = zeros(between.classes)  # by class, of ‖h − μ_y‖²
        self.along = zeros(len(between.scales))  # of ⟨h − μ_y, direction⟩²
        self.tilted = zeros(())  # of ⟨h − μ_y, Σ_B⁺ (μ_G − μ̄_G)⟩²
        self.norms = zeros(())
        self.longest = zeros(())
        self.tilt = _tilt(between)

    def add(self, block: Block, along: Tensor) -> None:
        """Add a block, and its deviations [B, r] along the directions."""
        squares = torch.linalg.vector_norm(block.deviations, dim=1).square()
        self.squared_deviations.index_add_(0, block.labels, squares)
        self.along += along.square().sum(0)
        self.tilted += (along @ self.tilt).square().sum()
        self.norms += block.norms.sum()
        self.longest = torch.maximum(self.longest, block.norms.max())


def _tilt(between: Between) -> Tensor:
    """Σ_B⁺ (μ_G − μ̄_G) along the directions [r]; 0 if classes are balanced."""
    offset = between.offset @ between.directions
    return len(between.counts) * offset / between.scales.square()


def variability_metrics(between: Between, within: Within) -> dict[str, float]:
    """NC1 in all its variants.

    All columns except the two variances do not change with the scale of the features. None changes
    with rotations. `rnc1` and `rnc1_max` change if the features are shifted; the others do not.

    Returns:
        nc1_pinv: 1/K Tr(Σ_W Σ_B⁺), Σ_B = 1/C Σ_c (μ_c − μ̄_G)(μ_c − μ̄_G)ᵀ
            It is computed as Σ_j u_jᵀ Σ_W u_j · C/σ_j² over the singular directions u_j and values
            σ_j of the centred class means, without a pseudo-inverse and without a cutoff except
            float64 rounding. NaN if no direction is left. K is the number of the classifier's
            classes, even if a class has no samples.
            split: train
            bias: not used
            unit: 1
            range: [0, ∞)
            good: 0
            source: Papyan 2020; zhao2026, App. B
            elsewhere: Papyan's notebook leaves out 1/K (larger by K); the neural-collapse package
                inverts in float32, drops directions below √(dε) (0.8 % of the largest at d = 512),
                and counts a missing class as a mean of 0
        nc1_pinv_weighted: 1/K Tr(Σ_W Σ_B⁺), Σ_B = 1/C Σ_c (μ_c − μ_G)(μ_c − μ_G)ᵀ
            Each class mean counts once, relative to the mean of the samples. This adds to Σ_B the
            square of the offset μ_G − μ̄_G. Its part of the trace is subtracted here (Sherman and
            Morrison). Equal to `nc1_pinv` if classes are balanced, and never larger.
            split: train
            bias: not used
            unit: 1
            range: [0, ∞)
            good: 0
            source: Zhu 2021 (code of tding1); Zhou 2022 (jinxinzhou)
            elsewhere: these codes divide by class sizes typed in as constants
        nc1_trace_ratio: Tr Σ_W / Σ_c n_c/N ‖μ_c − μ_G‖²
            `within_class_variance` over `between_class_variance`. ∞ if all class means coincide
            but the samples do not; NaN if the samples coincide too.
            split: train
            bias: not used
            unit: 1
            range: [0, ∞]
            good: 0
            source: sakamoto2026, "NC1"
            elsewhere: its code adds 1e-8 to the denominator; nothing is added here
        nc1_trace_ratio_unweighted: Tr Σ_W / (1/C Σ_c ‖μ_c − μ̄_G‖²)
            The same, but every class mean counts once. Equal if classes are balanced.
            split: train
            bias: not used
            unit: 1
            range: [0, ∞]
            good: 0
            source: Tirer 2023
            elsewhere: "quotient" in the neural-collapse package
        rnc1: Tr Σ_W / (1/N Σ_i ‖h_i‖)²
            The within-class variance in units of the mean norm. It can exceed 1, because the mean
            of squares exceeds the square of the mean. NaN if all features are 0.
            split: train
            bias: not used
            unit: 1
            range: [0, ∞)
            good: 0
            source: sakamoto2026, Figure 3, as plotted
            elsewhere: printed with max ‖h‖ in the same paper, here `rnc1_max`
        rnc1_max: Tr Σ_W / (max_i ‖h_i‖)²
            It depends on a single feature, the longest. NaN if all features are 0.
            split: train
            bias: not used
            unit: 1
            range: [0, 1]
            good: 0
            source: sakamoto2026, as printed (a supremum, here over the sample)
            elsewhere: the figures of the same paper show `rnc1`
        cdnv: mean over c ≠ c' of (V_c + V_c') / (2 ‖μ_c − μ_c'‖²)
            ∞ if two class means coincide. On a simplex frame with equal classes it is
            `nc1_trace_ratio` · (K − 1)/(2K).
            split: train
            bias: not used
            unit: 1
            range: [0, ∞]
            good: 0
            source: Galanti 2022; han2025, "NCC", as computed
            elsewhere: han2025 prints a sum, here `cdnv_sum`; its code averages `cdnv` over an epoch
                while the weights change
        cdnv_sum: Σ over ordered c ≠ c' of (n_c V_c + n_c' V_c') / (2 ‖μ_c − μ_c'‖²)
            It grows with the number of samples. It equals C(C − 1) n · `cdnv` with n samples in
            each class.
            split: train
            bias: not used
            unit: 1
            range: [0, ∞]
            good: 0
            source: han2025, Def. 3.1, as printed
            elsewhere: the figures of the same paper show `cdnv`
        within_class_variance: Tr Σ_W = 1/N Σ_i ‖h_i − μ_{y_i}‖²
            Summed over the d coordinates, not averaged. This is the population form, divided by N.
            split: train
            bias: not used
            unit: feature²
            range: [0, ∞)
            good: none: a size
            source: sakamoto2026
            elsewhere: its code takes Σ‖h‖² − n‖μ‖² in float32, which may be negative if the
                variance is below 1e-7 ‖μ‖²
        between_class_variance: Σ_c n_c/N ‖μ_c − μ_G‖²
            It and the within-class variance add up to the total, 1/N Σ_i ‖h_i − μ_G‖².
            split: train
            bias: not used
            unit: feature²
            range: [0, ∞)
            good: none: a size
            source: sakamoto2026
            elsewhere: in the neural-collapse package, every class mean counts once
    """
    counts, classes = between.counts, len(between.counts)
    summed = within.squared_deviations[between.present]
    within_variance = summed.sum() / counts.sum()
    between_variance = _between_variance(between)
    between_unweighted = between.centred.square().sum(1).mean()
    pinv = classes * (within.along / between.scales.square()).sum() / counts.sum()
    reach = 1 + between.offset @ between.directions @ _tilt(between)
    pinv_weighted = pinv - within.tilted / counts.sum() / reach
    spanned = len(between.scales) > 0
    distances = torch.nn.functional.pdist(between.centred).square()  # c < c', by c, then c'
    return {
        "nc1_pinv": float(pinv / between.classes) if spanned else math.nan,
        "nc1_pinv_weighted": float(pinv_weighted / between.classes) if spanned else math.nan,
        "nc1_trace_ratio": float(within_variance / between_variance),
        "nc1_trace_ratio_unweighted": float(within_variance / between_unweighted),
        "rnc1": float(within_variance / (within.norms / counts.sum()).square()),
        "rnc1_max": float(within_variance / within.longest.square()),
        "cdnv": float(_over_pairs(summed / counts, distances).mean()),
        "cdnv_sum": float(2 * _over_pairs(summed, distances).sum()) if classes > 1 else math.nan,
        "within_class_variance": float(within_variance),
        "between_class_variance": float(between_variance),
    }


def held_out_variability_metrics(
    between: Between, within: Within, train: Between
) -> dict[str, float]:
    """The variances of held-out samples around their own means, and RNC1 around training means.

    The within-class variance of the population is around the population's means. The test means
    estimate these means, because the network was fitted to the training samples. Around the
    training means, ‖μ_test − μ_train‖² is added, and within + between are no longer the total.

    Returns:
        rnc1_test: Tr Σ_W / (1/N Σ_i ‖h_i‖)²
            The test samples are compared with the test means.
            split: test
            bias: not used
            unit: 1
            range: [0, ∞)
            good: 0
            source: sakamoto2026, Def. 3.1 with the mean norm of Figure 3 in place of the supremum
            elsewhere: the paper plots the training set's, here `rnc1`
        rnc1_test_around_train: 1/N Σ_i ‖h_i − μ_{y_i}‖² / (1/N Σ_i ‖h_i‖)²
            The test samples are compared with the training means. The column is the sum of
            `rnc1_test` and, in the same units, Σ_c n_c/N ‖μ_c,test − μ_c,train‖². It shows whether
            test samples collapse to the same points as training samples. The numerator leaves out
            test samples of a class that the training set lacks.
            split: both
            bias: not used
            unit: 1
            range: [0, ∞)
            good: 0
            source: ours; Hui 2022 asks whether test samples collapse as training samples do
            elsewhere: –
        within_class_variance_test: Tr Σ_W = 1/N Σ_i ‖h_i − μ_{y_i}‖²
            The test samples are compared with the test means. With N/C samples in each class, it is
            on average 1 − C/N times the variance of the population.
            split: test
            bias: not used
            unit: feature²
            range: [0, ∞)
            good: none: a size
            source: sakamoto2026, Def. 3.1 before dividing by the norm
            elsewhere: the code of Zhou 2022 (jinxinzhou) takes it around the training means, as the
                norm of the matrix
        between_class_variance_test: Σ_c n_c/N ‖μ_c − μ_G‖²
            The test means are compared with the mean of the test samples.
            split: test
            bias: not used
            unit: feature²
            range: [0, ∞)
            good: none: a size
            source: sakamoto2026
            elsewhere: –
    """
    samples = between.counts.sum()
    within_variance = within.squared_deviations.sum() / samples
    squared_norm = (within.norms / samples).square()
    return {
        "rnc1_test": float(within_variance / squared_norm),
        "rnc1_test_around_train": float(_around_train(between, within, train) / squared_norm),
        "within_class_variance_test": float(within_variance),
        "between_class_variance_test": float(_between_variance(between)),
    }


def _around_train(test: Between, within: Within, train: Between) -> Tensor:
    """1/N Σ_i ‖h_i − μ_{y_i}‖² of test samples around training means, over classes in both sets."""
    both = test.present & train.present
    mine, other = both[test.present], both[train.present]
    shifts = (test.means[mine] - train.means[other]).square().sum(1)
    squares = within.squared_deviations[both].sum() + test.counts[mine] @ shifts
    return squares / test.counts[mine].sum()


def _between_variance(between: Between) -> Tensor:
    return (
        between.counts @ (between.centred - between.offset).square().sum(1) / between.counts.sum()
    )


def _over_pairs(variances: Tensor, distances: Tensor) -> Tensor:
    """(V_c + V_c') / (2 ‖μ_c − μ_c'‖²) for all pairs c < c'."""
    first, second = torch.triu_indices(len(variances), len(variances), 1, device=variances.device)
    return (variances[first] + variances[second]) / (2 * distances)
