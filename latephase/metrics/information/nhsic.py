"""Normalised HSIC of a representation with inputs and labels: as released, centred, and corrected.

For a batch of n samples and a Gram matrix G_A,

    nHSIC(A; B) = Tr(R_A R_B),   R = K (K + c I)⁻¹,   c = ε n,   K = G H,   H = I − 11ᵀ/n

This follows the released code of sakamoto2026: batches of 100 test samples, ε = 1e-5, Gaussian
kernels exp(−‖a_i − a_j‖² / (2·5²·d)), centred only on the right. The linear kernel of the one-hot
labels is not centred at all. Ma 2020 centres both sides, and the labels too: T = HGH (HGH + c I)⁻¹
in place of R. For two centred kernels this makes no difference (see below), but for the labels it
does.

Deterministic networks have infinite I(Z; X). nHSIC measures the geometry of kernels and has no
unit. T is nearly a projector. Tr T is the number of directions that its kernel resolves, and Tr(T_A
T_B) is the number of directions that two kernels share, by chance or not. For two unrelated
kernels, the exact mean over all n! pairings of their samples is

    E_π Tr(T_A Π T_B Πᵀ) = Tr T_A · Tr T_B / (n − 1)

because the mean of Π T Πᵀ commutes with every permutation and annihilates 1: it is Tr T/(n − 1) H.
So the null value needs no shuffles and no seed. It depends on n, and so do the columns as released.
The corrected columns have mean 0 for labels that are independent of the representation, for every
n.

The null of the labels permutes the labels. The same null for the inputs pairs each representation
with a random other input. There is no alternative: permuting the labels does not change nHSIC(Z;
X), and the difference of two numbers has mean 0 without dependence only if each loses its own null.
But if the kernel of the inputs resolves every sample, the null is nearly all of nHSIC(Z; X) (T_X =
H gives Tr T_Z for any Z, paired or not). What remains for X is agreement of geometry, not
information.

K is not symmetric, but the symmetric T contains all of it. With P = (H − T)/c, the push-through
identity gives R = G P = T + 11ᵀ/n G P. Since T 1 = P 1 = 0,

    Tr(R_Z R_X) = Tr(T_Z T_X)
    Tr(R_Z R_Y) = Tr(T_Z R_Y) + 1/n (G_Z 1)ᵀ P_Z (R_Y 1)

so a Cholesky factorisation of HGH + c I replaces a general solve.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from latephase.metrics.finite import all_finite
from latephase.metrics.information import columns

BATCH_SIZE = 100
SHUFFLES = 3
EPSILON = 1e-5
KERNEL_WIDTH = 5.0
NUMBERS_AT_ONCE = 2**15  # float64 features at a time; they and their matrices fit into the cache


@dataclass(frozen=True)
class NhsicBatches:
    """The parts that do not depend on the representation: B batches of n indices of samples.

    300 batches of 100 (10 000 samples) need 72 MB.
    """

    rows: Tensor  # [B, n], int64
    inputs: Tensor  # [B, n, n], T_X
    labels: Tensor  # [B, n, n], R_Y
    centred_labels: Tensor  # [B, n, n], T_Y


def nhsic(representation: Tensor, batches: NhsicBatches) -> dict[str, float]:
    """Means over all batches, for a representation [N, d] of the samples in `batches`.

    Invariant to rotations and shifts of the representation and of the inputs, and to the order of
    the samples in a batch, but not to their scale. All columns are NaN if the representation is not
    finite.

    Returns:
        nhsic_x: Tr(R_Z R_X), R = K (K + c I)⁻¹, K = G H
            The Gaussian kernels of representation and inputs are centred on the right, which is the
            same as on both sides. The column counts the directions of the representation's kernel
            that the inputs' kernel resolves. The width of the kernel is absolute: inputs in 0..255
            are not inputs in 0..1, and scaling the features changes the value. Compare only equal
            batch sizes.
            split: test
            bias: not used
            unit: 1
            range: [0, n − 1]
            good: small late in training, which is interpreted as compression
            source: sakamoto2026, Figures 4 and 14; the file nhsic.py of its code
            elsewhere: Ma 2020 (HSIC bottleneck) centres both sides, also for the labels
        nhsic_y: Tr(R_Z R_Y), R_Y = Y (YᵀY + c I)⁻¹ Yᵀ
            As released: the linear kernel of the one-hot labels Y is not centred. For labels that
            are independent of the representation, it is 4.8 at n = 50 and 0.6 at n = 500 instead of
            0. So if the signal is weak, it is a function of the batch size.
            split: test
            bias: not used
            unit: 1
            range: about [0, K]
            good: none by itself; near K − 1 if the classes are separated
            source: sakamoto2026, Figures 4 and 14; the file nhsic.py of its code
            elsewhere: `nhsic_centred_y` centres the labels
        nhsic_difference: nhsic_x − nhsic_y
            The redundant information of the paper, I(Z; X) − I(Z; Y), as its figures plot it.
            split: test
            bias: not used
            unit: 1
            range: about [−1, n − 1]
            good: small
            source: sakamoto2026, Figures 4 and 14
            elsewhere: `nhsic_centred_difference_corrected` is corrected for chance
        nhsic_centred_x: Tr(T_Z T_X), T = HGH (HGH + c I)⁻¹
            Both sides are centred. It equals `nhsic_x`, because centring on one side or on both is
            the same if both kernels are centred.
            split: test
            bias: not used
            unit: 1
            range: [0, n − 1]
            good: small late in training
            source: Ma 2020 (HSIC bottleneck), eq. 3
            elsewhere: `nhsic_x`
        nhsic_centred_x_null: Tr T_Z · Tr T_X / (n − 1)
            The mean of `nhsic_centred_x` over all pairings of the representations with the inputs
            of a batch, which is its value by chance. Tr T_Z is the number of directions of Z.
            split: test
            bias: not used
            unit: 1
            range: [0, n − 1]
            good: none: a size
            source: the permutation null of HSIC (Gretton 2005), its mean in closed form
            elsewhere: –
        nhsic_centred_x_corrected: nhsic_centred_x − nhsic_centred_x_null
            The mean is 0 without dependence. It is also 0 if the inputs' kernel resolves every
            sample, whatever the representation is. It measures agreement of geometry, not
            information.
            split: test
            bias: not used
            unit: 1
            range: [−(n − 1)/4, (n − 1)/4]
            good: none by itself
            source: latephase
            elsewhere: adjusted and debiased CKA correct for chance the same way
        nhsic_centred_y: Tr(T_Z T_Y), T = HGH (HGH + c I)⁻¹ with G_Y = Y Yᵀ
            Both sides are centred, also for the labels.
            split: test
            bias: not used
            unit: 1
            range: [0, K − 1]
            good: K − 1 under collapse
            source: Ma 2020 (HSIC bottleneck), eq. 3
            elsewhere: `nhsic_y` leaves the labels uncentred
        nhsic_centred_y_null: Tr T_Z · Tr T_Y / (n − 1)
            The exact mean of `nhsic_centred_y` over all permutations of the labels of a batch; no
            shuffles are drawn. It grows as the representation fills the batch's n − 1 directions.
            So a drop of `nhsic_y` late in training can be a drop of this column only.
            split: test
            bias: not used
            unit: 1
            range: [0, K − 1]
            good: none: a size
            source: the permutation null of HSIC (Gretton 2005), its mean in closed form
            elsewhere: –
        nhsic_centred_y_corrected: nhsic_centred_y − nhsic_centred_y_null
            The mean is 0 for labels that are independent of the representation, at every batch
            size. With dependence, it still depends on n.
            split: test
            bias: not used
            unit: 1
            range: about 0 to K − 1
            good: K − 1 − (K − 1)²/(n − 1) under collapse
            source: latephase
            elsewhere: adjusted and debiased CKA correct for chance the same way
        nhsic_centred_difference_corrected: nhsic_centred_x_corrected − nhsic_centred_y_corrected
            The redundant information, with both terms corrected for chance.
            split: test
            bias: not used
            unit: 1
            range: about [−n/4, n/4]
            good: small
            source: latephase
            elsewhere: `nhsic_difference` is what sakamoto2026 plots
    """
    if not all_finite(representation):
        return dict.fromkeys(columns.NHSIC, math.nan)
    totals = torch.zeros(5, dtype=torch.float64, device=representation.device)
    for part, gram in _gram_matrices(representation, batches.rows):
        totals += _totals(
            gram, batches.inputs[part], batches.labels[part], batches.centred_labels[part]
        )
    x, y, centred_y, x_null, y_null = (totals / len(batches.rows)).tolist()
    values = (x, y, x - y, x, x_null, x - x_null, centred_y, y_null, centred_y - y_null)
    difference = (x - x_null) - (centred_y - y_null)
    return dict(zip(columns.NHSIC, (*values, difference), strict=True))


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
    the CPU. The samples after the last full batch of a shuffle are left out, because the value
    depends on the batch size. Raises ValueError if there is no full batch.
    """
    samples = len(labels)
    if samples < batch_size:
        raise ValueError(f"nHSIC needs {batch_size} samples, a full batch; there are {samples}")
    full = samples // batch_size * batch_size
    orders = [torch.randperm(samples, generator=generator)[:full] for _ in range(shuffles)]
    rows = torch.cat(orders).view(-1, batch_size).to(inputs.device)
    projections = [_projection(gram) for _, gram in _gram_matrices(inputs.flatten(1), rows)]
    one_hot = torch.nn.functional.one_hot(labels, classes).to(torch.float64)[rows]
    return NhsicBatches(
        rows,
        torch.cat(projections),
        _label_matrices(one_hot),
        _projection(one_hot @ one_hot.mT),
    )


def _totals(gram: Tensor, inputs: Tensor, labels: Tensor, centred_labels: Tensor) -> Tensor:
    """Sums over batches of nHSIC with x and with y, of centred y, and of the nulls of x and y: [5].

    Args: Gram matrices of the representation, T_X, R_Y and T_Y, each [b, n, n].
    """
    size = gram.shape[-1]
    projection = _projection(gram)
    x, y, centred_y = (
        torch.dot(projection.flatten(), other.flatten())
        for other in (inputs, labels, centred_labels)
    )
    row_sums, label_sums = gram.sum(-1), labels.sum(-1)
    # P 1 = 0, but T 1 = 0 holds only to 1e-12, and c is small. So the sums are centred.
    label_sums = label_sums - label_sums.mean(-1, keepdim=True)
    inner = label_sums - (projection @ label_sums[..., None])[..., 0]
    y = y + torch.dot(row_sums.flatten(), inner.flatten()) / (size * EPSILON * size)
    ranks, x_ranks, y_ranks = (
        matrices.diagonal(dim1=1, dim2=2).sum(-1)
        for matrices in (projection, inputs, centred_labels)
    )
    nulls = torch.dot(ranks, x_ranks) / (size - 1), torch.dot(ranks, y_ranks) / (size - 1)
    return torch.stack([x, y, centred_y, *nulls])


def _gram_matrices(samples: Tensor, rows: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Yield slices of the batches and their Gaussian Gram matrices [b, n, n], a part at a time."""
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
    """T = HGH (HGH + c I)⁻¹ = I − c (HGH + c I)⁻¹, [b, n, n], symmetric."""
    size = gram.shape[-1]
    shift = EPSILON * size
    means = gram.mean(-1, keepdim=True)
    shifted = (gram - means).sub_(means.mT - means.mean(-2, keepdim=True))
    shifted.diagonal(dim1=1, dim2=2).add_(shift)
    projection = torch.cholesky_inverse(torch.linalg.cholesky(shifted)).mul_(-shift)
    projection.diagonal(dim1=1, dim2=2).add_(1)
    return projection


def _label_matrices(one_hot: Tensor) -> Tensor:
    """R_Y = Y (YᵀY + c I)⁻¹ Yᵀ, [b, n, n], of the linear kernel of one-hot Y [b, n, K]."""
    shift = EPSILON * one_hot.shape[1]
    return (one_hot / (one_hot.sum(1, keepdim=True) + shift)) @ one_hot.mT
