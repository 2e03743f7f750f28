"""Normalised HSIC of a representation with inputs and labels: redundant information (sakamoto2026).

For a batch of n samples and a Gram matrix G_A,

    nHSIC(A; B) = Tr(R_A R_B),   R = K (K + c I)^{-1},   c = eps n,   K = G H,   H = I - 11^T/n

after the released code of sakamoto2026: batches of 100 test samples, eps = 1e-5, Gaussian kernels
exp(-|a_i - a_j|^2 / (2 5^2 d)), centred on the right only; the linear kernel of the one-hot labels
is not centred at all. Ma 2020 centres both sides and the labels too. The number depends on
the batch size: for labels that are independent of the representation it is 4.8 at n = 50 and 0.6 at
n = 500, so compare only equal sizes. Deterministic networks have infinite I(Z; X); this is a
measure of kernel geometry, in no unit.

K is not symmetric, but the symmetric T = HGH (HGH + c I)^{-1} holds all of it. With P = (H - T)/c,
push-through gives R = G P = T + 11^T/n G P, and since T 1 = P 1 = 0

    Tr(R_Z R_X) = Tr(T_Z T_X)
    Tr(R_Z R_Y) = Tr(T_Z R_Y) + 1/n (G_Z 1)^T P_Z (R_Y 1)

so a Cholesky factorisation of HGH + c I replaces a general solve.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

COLUMNS = ("nhsic_x", "nhsic_y", "nhsic_difference")
BATCH_SIZE = 100
SHUFFLES = 3
EPSILON = 1e-5
KERNEL_WIDTH = 5.0
NUMBERS_AT_ONCE = 2**18  # float64 features gathered at a time; 2 MB stay in the cache


@dataclass(frozen=True)
class NhsicBatches:
    """What does not depend on the representation: B batches of n of the samples' indices.

    300 batches of 100 (10 000 samples) hold 48 MB.
    """

    rows: Tensor  # [B, n], int64
    inputs: Tensor  # [B, n, n], T_X
    labels: Tensor  # [B, n, n], R_Y


def information_metrics(
    representation: Tensor, inputs: Tensor, labels: Tensor, classes: int, generator: Generator
) -> dict[str, float]:
    """nHSIC in one step; for several representations of the same inputs see :func:`nhsic`.

    Args: representation [N, d]; inputs [N, ...], as the network sees them (the kernel width is
    absolute: 0..255 is not 0..1); labels [N]; classes K; generator, on the CPU, of the shuffles.
    """
    return nhsic(representation, nhsic_batches(inputs, labels, classes, generator))


def nhsic(representation: Tensor, batches: NhsicBatches) -> dict[str, float]:
    """Means over all batches, for a representation [N, d] of the samples of `batches`.

    Returns:
        nhsic_x: nHSIC(Z; X), in [0, n - 1].
        nhsic_y: nHSIC(Z; Y), at most about K.
        nhsic_difference: nhsic_x - nhsic_y, the redundant information (sakamoto2026 Fig. 4, 14).
    All NaN if the representation is not finite.
    """
    smallest, largest = representation.aminmax()  # NaN if any is; cheaper than isfinite().all()
    if not (smallest.isfinite() and largest.isfinite()):
        return dict.fromkeys(COLUMNS, math.nan)
    total_x = total_y = 0.0
    for part, gram in _gram_matrices(representation, batches.rows):
        size = gram.shape[-1]
        projection = _projection(gram)
        labels = batches.labels[part]
        total_x += torch.dot(projection.flatten(), batches.inputs[part].flatten())
        total_y += torch.dot(projection.flatten(), labels.flatten())
        row_sums, label_sums = gram.sum(-1), labels.sum(-1)
        # P 1 = 0, but T 1 = 0 holds to 1e-12 only and c is small: centre rather than rely on it.
        label_sums = label_sums - label_sums.mean(-1, keepdim=True)
        inner = label_sums - (projection @ label_sums[..., None])[..., 0]
        total_y += torch.dot(row_sums.flatten(), inner.flatten()) / (size * EPSILON * size)
    x, y = float(total_x) / len(batches.rows), float(total_y) / len(batches.rows)
    return {"nhsic_x": x, "nhsic_y": y, "nhsic_difference": x - y}


def nhsic_batches(
    inputs: Tensor,
    labels: Tensor,
    classes: int,
    generator: Generator,
    batch_size: int = BATCH_SIZE,
    shuffles: int = SHUFFLES,
) -> NhsicBatches:
    """Shuffle the samples `shuffles` times, cut into full batches, and prepare inputs and labels.

    Args: inputs [N, ...], flattened to [N, m]; labels [N], integers below `classes`; generator, on
    the CPU. The samples after the last full batch of a shuffle are left out of it, since the value
    depends on the batch size. Raises ValueError if there is no full batch.
    """
    samples = len(labels)
    if samples < batch_size:
        raise ValueError(f"nHSIC needs {batch_size} samples, a full batch; there are {samples}")
    full = samples // batch_size * batch_size
    orders = [torch.randperm(samples, generator=generator)[:full] for _ in range(shuffles)]
    rows = torch.cat(orders).view(-1, batch_size).to(inputs.device)
    projections = [_projection(gram) for _, gram in _gram_matrices(inputs.flatten(1), rows)]
    one_hot = torch.nn.functional.one_hot(labels, classes).to(torch.float64)
    return NhsicBatches(rows, torch.cat(projections), _label_matrices(one_hot[rows]))


def _gram_matrices(samples: Tensor, rows: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Yield (slice of the batches, Gaussian Gram matrices [b, n, n]), a bounded part at a time."""
    dimension = samples.shape[1]
    step = max(1, NUMBERS_AT_ONCE // (rows.shape[1] * dimension))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        block = samples.index_select(0, rows[part].flatten()).to(torch.float64)
        block = block.view(-1, rows.shape[1], dimension)
        block -= block.mean(1, keepdim=True)  # a common offset would cost digits below
        products = block @ block.mT
        squares = products.diagonal(dim1=1, dim2=2)
        distances = squares[:, :, None] + squares[:, None, :] - 2 * products
        yield part, distances.clamp_(min=0).div_(-2 * KERNEL_WIDTH**2 * dimension).exp_()


def _projection(gram: Tensor) -> Tensor:
    """T = HGH (HGH + c I)^{-1} = I - c (HGH + c I)^{-1}, [b, n, n], symmetric."""
    size = gram.shape[-1]
    shift = EPSILON * size
    means = gram.mean(-1, keepdim=True)
    shifted = (gram - means).sub_(means.mT - means.mean(-2, keepdim=True))
    shifted.diagonal(dim1=1, dim2=2).add_(shift)
    projection = torch.cholesky_inverse(torch.linalg.cholesky(shifted)).mul_(-shift)
    projection.diagonal(dim1=1, dim2=2).add_(1)
    return projection


def _label_matrices(one_hot: Tensor) -> Tensor:
    """R_Y = Y (Y^T Y + c I)^{-1} Y^T, [b, n, n], of the linear kernel of one-hot Y [b, n, K]."""
    shift = EPSILON * one_hot.shape[1]
    return (one_hot / (one_hot.sum(1, keepdim=True) + shift)) @ one_hot.mT
