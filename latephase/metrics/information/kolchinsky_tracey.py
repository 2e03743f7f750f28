"""Kolchinsky and Tracey's bounds of information, for a representation to which noise is added.

Without noise, a deterministic network has I(X; T) = ∞. With T' = T + N(0, σ² I) and the N samples
as the whole population, T' is a mixture of N Gaussians, and pairwise distances bound I(X; T'):

    −1/N Σ_i ln 1/N Σ_j exp(−‖t_i − t_j‖²/(8σ²))  ≤  I(X; T')  ≤  the same with 2σ² for 8σ²

The bounds are between 0 and ln N and meet at both ends: they are 0 if all t_i are equal, and ln N
(saturation) if all are far apart in units of σ. So they mean nothing without ln N and without σ²,
which is in the name. Scaling the features by a is the same as dividing σ² by a², although a ReLU
network can undo it in its next layer. So a change of the number may come from the norm alone.
Columns with a relative variance have σ² in units of B², B = max_i ‖t_i‖, and do not change with the
scale.

Each class is a mixture of its own, I(X; T'|Y) = Σ_y n_y/N I_y, and I(Y; T') is the difference.

The kernel of the upper bound is that of the lower bound to the fourth power. The diagonal makes
every sum at least 1, so underflow has no effect. Distances are computed from products of the
centred features. The error of ‖t_i − t_j‖² is 1e-15 max ‖t − t̄‖², which must be small compared
with σ².
"""

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Generator, Tensor

from latephase.metrics.finite import all_finite
from latephase.metrics.information import columns

SAMPLES = 1000
"""From a larger set, this many samples are measured: the first of a seeded permutation. The cost is
N² d."""

ROWS_AT_ONCE = 128  # of the pairwise distances; the memory is two blocks of 128 N numbers

LEAST_EXPONENT = -170.0
"""e^-170 has no effect beside the 1 of the diagonal. Its fourth power is not denormal; denormal
numbers would be slow."""


def kt_samples(samples: int, generator: Generator) -> Tensor:
    """The samples that are measured: indices [n], n ≤ SAMPLES, in ascending order."""
    return torch.randperm(samples, generator=generator)[:SAMPLES].sort().values


def kt_information(
    representation: Tensor, labels: Tensor, rows: Tensor | None = None
) -> dict[str, float]:
    """Bounds of I(X; T'), I(Y; T') and I(X; T'|Y), in nats, at each noise variance.

    Args: representation T [N, d]; labels [N]; rows, the indices [n] of the samples to measure, as
    from :func:`kt_samples` (None: all). B is that of all N samples. The time is proportional to
    n² d, and the memory to n. Invariant to rotations; at a fixed variance also to shifts, and at a
    relative variance to scale. All columns are NaN if the representation is not finite. Those at a
    relative variance are NaN if it is 0.

    <noise> is variance_0.001, variance_0.1 or variance_1 (σ²), or relative_variance_0.01 or
    relative_variance_0.1 (σ²/B²).

    Returns:
        kt_upper_x_<noise>: −1/N Σ_i ln 1/N Σ_j exp(−‖t_i − t_j‖²/(2σ²))
            Upper bound of I(X; T') = I(T; T').
            split: test, 1,000 of it
            bias: not used
            unit: nat
            range: [0, kt_log_n]
            good: none by itself; it falls under compression, and is saturated at kt_log_n
            source: Kolchinsky & Tracey 2017, Section 4; as in the code ibsgd of Saxe 2018
            elsewhere: Saxe 2018 reports bits; its σ² is 1e-3 or 1e-1, often not stated
        kt_lower_x_<noise>: −1/N Σ_i ln 1/N Σ_j exp(−‖t_i − t_j‖²/(8σ²))
            Lower bound of I(X; T'), from the Bhattacharyya distances of the Gaussians.
            split: test, 1,000 of it
            bias: not used
            unit: nat
            range: [0, kt_log_n]
            good: none by itself
            source: Kolchinsky & Tracey 2017, Section 4; as in the code ibsgd of Saxe 2018
            elsewhere: –
        kt_upper_x_given_y_<noise>: Σ_y n_y/N · (kt_upper_x of the samples of class y)
            Upper bound of the redundant information I(X; T'|Y) = I(X; T') − I(Y; T').
            split: test, 1,000 of it
            bias: not used
            unit: nat
            range: [0, Σ_y n_y/N ln n_y]
            good: 0 under collapse
            source: Kolchinsky & Tracey 2017; at a relative variance the left side of
                sakamoto2026, Theorem 3.4
            elsewhere: –
        kt_lower_x_given_y_<noise>: Σ_y n_y/N · (kt_lower_x of the samples of class y)
            Lower bound of the redundant information I(X; T'|Y).
            split: test, 1,000 of it
            bias: not used
            unit: nat
            range: [0, Σ_y n_y/N ln n_y]
            good: 0 under collapse
            source: Kolchinsky & Tracey 2017; at a relative variance the left side of
                sakamoto2026, Theorem 3.4
            elsewhere: –
        kt_upper_y_<noise>: kt_upper_x − kt_lower_x_given_y
            Upper bound of I(Y; T'). It may exceed H(Y); then H(Y) is the better bound.
            split: test, 1,000 of it
            bias: not used
            unit: nat
            range: [0, kt_log_n]
            good: H(Y) under collapse
            source: Kolchinsky & Tracey 2017
            elsewhere: ibsgd's "upper" I(Y; T) is `kt_y_from_upper_<noise>`, which is not a bound
        kt_lower_y_<noise>: kt_lower_x − kt_upper_x_given_y
            Lower bound of I(Y; T'). It may be below 0; then 0 is the better bound.
            split: test, 1,000 of it
            bias: not used
            unit: nat
            range: [−ln N, H(Y)]
            good: H(Y) under collapse
            source: Kolchinsky & Tracey 2017
            elsewhere: ibsgd's "lower" I(Y; T) is `kt_y_from_lower_<noise>`, which is not a bound
        kt_y_from_upper_<noise>: kt_upper_x − kt_upper_x_given_y
            I(Y; T') as the difference of two upper bounds. It is not a bound itself, but it lies
            between `kt_lower_y` and `kt_upper_y`, which are often too far apart to be useful.
            split: test, 1,000 of it
            bias: not used
            unit: nat
            range: about [0, H(Y)]
            good: H(Y)
            source: Saxe 2018; the "upper" I(Y; T) of its code ibsgd
            elsewhere: often called an upper bound
        kt_y_from_lower_<noise>: kt_lower_x − kt_lower_x_given_y
            I(Y; T') as the difference of two lower bounds. It is not a bound itself.
            split: test, 1,000 of it
            bias: not used
            unit: nat
            range: about [0, H(Y)]
            good: H(Y)
            source: Saxe 2018; the "lower" I(Y; T) of its code ibsgd
            elsewhere: often called a lower bound
        kt_log_n: ln N, N the number of samples measured
            The value at which kt_upper_x and kt_lower_x saturate.
            split: test, 1,000 of it
            bias: not used
            unit: nat
            range: [0, ln 1000]
            good: none: a size
            source: –
            elsewhere: `binned_log_n` has another number of samples
    """
    if not all_finite(representation):
        return dict.fromkeys(columns.KOLCHINSKY_TRACEY, math.nan)
    blocks = representation.split(ROWS_AT_ONCE)
    norms = [block.to(torch.float64).square().sum(1).max() for block in blocks]
    largest = float(torch.stack(norms).max())
    if rows is not None:
        representation, labels = representation[rows], labels[rows]
    relative = [variance * largest for variance in columns.RELATIVE_NOISE_VARIANCES]
    bounds = kt_bounds(representation, labels, [*columns.NOISE_VARIANCES, *relative])
    metrics = {}
    for noise, found in zip(columns.NOISES, bounds, strict=True):
        metrics |= {f"{name}_{noise}": value for name, value in found.items()}
    return metrics | {"kt_log_n": math.log(len(labels))}


def kt_bounds(
    representation: Tensor, labels: Tensor, variances: Sequence[float]
) -> list[dict[str, float]]:
    """The eight bounds for each noise variance σ², one dict each; all NaN for a variance of 0."""
    variances = [variance or math.nan for variance in variances]
    everything, within = _entropies(representation, labels, variances)
    bounds = []
    for (lower_x, upper_x), (lower_within, upper_within) in zip(
        everything.tolist(), within.tolist(), strict=True
    ):
        values = (
            upper_x,
            lower_x,
            upper_x - lower_within,
            lower_x - upper_within,
            upper_within,
            lower_within,
            upper_x - upper_within,
            lower_x - lower_within,
        )
        bounds.append(dict(zip(columns.KOLCHINSKY_TRACEY_BOUNDS, values, strict=True)))
    return bounds


def _entropies(
    representation: Tensor, labels: Tensor, variances: Sequence[float]
) -> tuple[Tensor, Tensor]:
    """−1/N Σ_i ln 1/N Σ_j exp(−‖t_i − t_j‖²/(8σ²)), and with 2σ²: [variances, 2], twice.

    The first result is over all samples. The second is within the classes: j runs only over the
    class of i, with 1/n_y before the sum.
    """
    order = labels.argsort(stable=True)
    points = representation[order] - representation.mean(0, dtype=torch.float64)
    squares = points.square().sum(1)
    sums = squares.new_zeros(2, len(variances), 2, len(points))
    sizes = labels.unique(return_counts=True)[1].tolist()
    # The memory is reused, because new memory for each block costs more than the computation.
    rows = min(ROWS_AT_ONCE, max(sizes))
    memory = squares.new_empty(2, rows * len(points)).unbind()
    for start, stop, end in _blocks(sizes):
        block, shape = points[start:stop], (stop - start, len(points) - start)
        # The kernel is symmetric, so only one of the two pairs across its diagonal is computed.
        squared, kernel = (numbers[: math.prod(shape)].view(shape) for numbers in memory)
        torch.addmm(squares[start:], block, points[start:].T, alpha=-2, out=squared)
        squared.add_(squares[start:stop, None]).clamp_(min=0).diagonal().zero_()
        for i, variance in enumerate(variances):
            torch.mul(squared, -1 / (8 * variance), out=kernel).clamp_(min=LEAST_EXPONENT).exp_()
            for j in range(2):
                _add(sums[0, i, j], kernel, start)
                _add(sums[1, i, j], kernel[:, : end - start], start)
                if j == 0:
                    kernel.square_().square_()
    everything, within = -sums.log().mean(-1)
    share = sum(size * math.log(size) for size in sizes) / len(points)
    return everything + math.log(len(points)), within + share


def _blocks(sizes: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Blocks of rows of consecutive classes with these sizes.

    Yields the start and the end of a block, and the end of its class.
    """
    start = 0
    for size in sizes:
        end = start + size
        while start < end:
            stop = min(start + ROWS_AT_ONCE, end)
            yield start, stop, end
            start = stop


def _add(sums: Tensor, kernel: Tensor, start: int) -> None:
    """Add rows of a symmetric kernel, which begin at ``start``, from column ``start`` on."""
    stop, end = (start + length for length in kernel.shape)
    sums[start:stop] += kernel.sum(1)
    if stop < end:
        sums[stop:end] += kernel[:, stop - start :].sum(0)
