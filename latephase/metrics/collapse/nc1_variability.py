"""NC1: how far samples are from the mean of their class, relative to one of several scales.

Notation: features h_i ∈ R^d with label y_i, i = 1..N; C of the K classes present in the labels,
with n_c samples, mean μ_c and V_c = 1/n_c Σ_{i in c} ‖h_i − μ_c‖².
Σ_W = 1/N Σ_i (h_i − μ_{y_i})(h_i − μ_{y_i})ᵀ is averaged over samples in every variant. If classes
are unbalanced, variants differ in the global mean and in Σ_B: μ_G = Σ_c n_c/N μ_c is the mean of
the samples, μ̄_G = 1/C Σ_c μ_c the mean of the class means. A class of one sample has V_c = 0 and
counts like any other; a class without samples is left out.
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
    """Means [K, d] (whatever stands in the row of a missing class) and counts [K].

    A thin SVD of the means, since a pseudo-inverse of Σ_B in its [d, d] form squares the condition
    and then has to guess which of d eigenvalues are rounding. Here rounding is that of centring
    the means, offset included; what does not exceed it is 0, and no direction.
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
    """Sums over the second pass through the samples."""

    def __init__(self, between: Between):
        zeros = between.means.new_zeros
        self.squared_deviations = zeros(between.classes)  # by class, of ‖h − μ_y‖²
        self.along = zeros(len(between.scales))  # of ⟨h − μ_y, direction⟩²
        self.tilted = zeros(())  # of ⟨h − μ_y, Σ_B⁺ (μ_G − μ̄_G)⟩²
        self.norms = zeros(())
        self.longest = zeros(())
        self.tilt = _tilt(between)

    def add(self, block: Block, along: Tensor) -> None:
        """Take in a block, and its deviations [B, r] along the directions."""
        squares = torch.linalg.vector_norm(block.deviations, dim=1).square()
        self.squared_deviations.index_add_(0, block.labels, squares)
        self.along += along.square().sum(0)
        self.tilted += (along @ self.tilt).square().sum()
        self.norms += block.norms.sum()
        self.longest = torch.maximum(self.longest, block.norms.max())


def _tilt(between: Between) -> Tensor:
    """Σ_B⁺ (μ_G − μ̄_G) along the directions [r]; 0 where classes are balanced."""
    offset = between.offset @ between.directions
    return len(between.counts) * offset / between.scales.square()


def variability_metrics(between: Between, within: Within) -> dict[str, float]:
    """NC1 in all its variants.

    All but the two variances are free of the scale of the features, and of rotations; `rnc1` and
    `rnc1_max` move when the features are shifted, the others do not.

    Returns:
        nc1_pinv: 1/K Tr(Σ_W Σ_B⁺), Σ_B = 1/C Σ_c (μ_c − μ̄_G)(μ_c − μ̄_G)ᵀ
            As Σ_j u_jᵀ Σ_W u_j · C/σ_j² over the singular directions u_j, values σ_j of the centred
            class means; no pseudo-inverse, and no cutoff except float64 rounding. NaN if no
            direction is left. K is the number of the classifier's classes, even if a class has no
            samples.
            split: train
            bias: not used
            unit: 1
            range: [0, ∞)
            good: 0
            source: Papyan 2020; zhao2026, App. B
            elsewhere: Papyan's notebook leaves out 1/K (larger by K); the neural-collapse package
                inverts in float32, where directions below √(dε), 0.8 % of the largest at d = 512,
                are dropped, and counts a missing class as a mean of 0
        nc1_pinv_weighted: 1/K Tr(Σ_W Σ_B⁺), Σ_B = 1/C Σ_c (μ_c − μ_G)(μ_c − μ_G)ᵀ
            Each class mean counts once, but is seen from the mean of the samples. That adds to Σ_B
            the square of the offset μ_G − μ̄_G, whose part of the trace is taken off here
            (Sherman and Morrison). Equal to `nc1_pinv` where classes are balanced, never larger.
            split: train
            bias: not used
            unit: 1
            range: [0, ∞)
            good: 0
            source: Zhu 2021 (code of tding1); Zhou 2022 (jinxinzhou)
            elsewhere: these codes divide by class sizes typed in as constants
        nc1_trace_ratio: Tr Σ_W / Σ_c n_c/N ‖μ_c − μ_G‖²
            `within_class_variance` over `between_class_variance`. ∞ if all class means coincide
            and the samples do not, NaN if these do too.
            split: train
            bias: not used
            unit: 1
            range: [0, ∞]
            good: 0
            source: sakamoto2026, "NC1"
            elsewhere: its code adds 1e-8 to the denominator; nothing is added here
        nc1_trace_ratio_unweighted: Tr Σ_W / (1/C Σ_c ‖μ_c − μ̄_G‖²)
            The same with every class mean counted once. Equal where classes are balanced.
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
            Depends on a single feature, the longest. NaN if all features are 0.
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
            elsewhere: han2025 prints a sum, here `cdnv_sum`; its code averages it over an epoch
                while the weights change
        cdnv_sum: Σ over ordered c ≠ c' of (n_c V_c + n_c' V_c') / (2 ‖μ_c − μ_c'‖²)
            Grows with the number of samples; equal to C(C − 1) n · `cdnv` with n samples in each
            class.
            split: train
            bias: not used
            unit: 1
            range: [0, ∞]
            good: 0
            source: han2025, Def. 3.1, as printed
            elsewhere: the figures of the same paper show `cdnv`
        within_class_variance: Tr Σ_W = 1/N Σ_i ‖h_i − μ_{y_i}‖²
            Summed over the d coordinates, not averaged. The population form, divided by N.
            split: train
            bias: not used
            unit: feature²
            range: [0, ∞)
            good: none: a size
            source: sakamoto2026
            elsewhere: its code takes Σ‖h‖² − n‖μ‖² in float32: of either sign below 1e-7 ‖μ‖²
        between_class_variance: Σ_c n_c/N ‖μ_c − μ_G‖²
            With the within-class variance it adds up to the total, 1/N Σ_i ‖h_i − μ_G‖².
            split: train
            bias: not used
            unit: feature²
            range: [0, ∞)
            good: none: a size
            source: sakamoto2026
            elsewhere: with every class mean counted once in the neural-collapse package
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
    """The variances on held-out samples, around the means of these samples, and RNC1 around others.

    The population's within-class variance is around the population's means, and the test means are
    the estimate of those: the network was fitted to the training samples. Around training means
    ‖μ_test − μ_train‖² adds to it, and within + between are no longer the total.

    Returns:
        rnc1_test: Tr Σ_W / (1/N Σ_i ‖h_i‖)²
            Of the test samples around the test means.
            split: test
            bias: not used
            unit: 1
            range: [0, ∞)
            good: 0
            source: sakamoto2026, Def. 3.1 with the mean norm of Figure 3 for the supremum
            elsewhere: the paper plots the training set's, here `rnc1`
        rnc1_test_around_train: 1/N Σ_i ‖h_i − μ_{y_i}‖² / (1/N Σ_i ‖h_i‖)²
            Of the test samples around the training means: `rnc1_test` and, in its units,
            Σ_c n_c/N ‖μ_c,test − μ_c,train‖². It asks whether test samples collapse where training
            samples do. Test samples of a class that the training set lacks are left out above.
            split: both
            bias: not used
            unit: 1
            range: [0, ∞)
            good: 0
            source: ours; Hui 2022 asks whether test samples collapse as training samples do
            elsewhere: –
        within_class_variance_test: Tr Σ_W = 1/N Σ_i ‖h_i − μ_{y_i}‖²
            Of the test samples around the test means: with N/C samples in each class the
            population's, times 1 − C/N on average.
            split: test
            bias: not used
            unit: feature²
            range: [0, ∞)
            good: none: a size
            source: sakamoto2026, Def. 3.1 before dividing by the norm
            elsewhere: around the training means in the code of Zhou 2022 (jinxinzhou), as the norm
                of the matrix
        between_class_variance_test: Σ_c n_c/N ‖μ_c − μ_G‖²
            Of the test means around the mean of the test samples.
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
    """1/N Σ_i ‖h_i − μ_{y_i}‖² of test samples around the training means, classes of both sets."""
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
    """(V_c + V_c') / (2 ‖μ_c − μ_c'‖²) of all pairs c < c'."""
    first, second = torch.triu_indices(len(variances), len(variances), 1, device=variances.device)
    return (variances[first] + variances[second]) / (2 * distances)
