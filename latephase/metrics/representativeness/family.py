"""Every column of the family `representativeness`."""

import math
from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from latephase.metrics.finite import all_finite
from latephase.metrics.flatness.logit_hessian import logit_hessian
from latephase.metrics.representativeness import COLUMNS

DELTA = 0.02
DRAWS = 8
ROWS_AT_ONCE = 512  # a float64 block of this many features stays in the processor's cache
LOSSES = ("cross_entropy", "mse")

Samples = tuple[Tensor, Tensor, Tensor]
"""Features [N, d], logits [N, K] and labels [N]."""


@torch.no_grad()
def representativeness_metrics(
    train: Samples,
    test: Samples,
    weight: Tensor,
    loss: str,
    generator: Generator,
    delta: float = DELTA,
) -> dict[str, float]:
    """Representativeness by its definition and as in released code, and feature robustness.

    Args: train and test are (features φ [N, d], logits [N, K], labels [N]); weight [K, d]; loss,
    "cross_entropy" or "mse" (the sum over classes of (z_k − 1[k = y])²); generator, on the CPU, for
    the draws of ξ; delta, the width δ of the kernels in units of ‖φ_i‖, 0.02 in han2025.
    Pass logits computed in float64: late in training, float32 logits have large errors.

    The released kernels need N·M distances, which determine the cost of this family. The memory is
    limited.

    Returns:
        representativeness: 1/M Σ_j ℓ(z_j, y_j) − 1/N Σ_i E_ξ ℓ(z_i + Wξ, y_i)
            ξ ~ N(0, δ²‖φ_i‖²/d I), so its root mean square length is δ‖φ_i‖. The expectation is
            that of `feature_robustness`, with its standard error. Invariant to (φ, W) → (φ/a, aW),
            to rotations and, for cross-entropy, to a vector added to all rows of W. It is negative
            if the test set is easier than the kernels.
            split: train and test
            bias: in the logits
            unit: nats (cross-entropy), squared logits (mse)
            range: (−∞, ∞)
            good: 0
            source: Petzka 2021, the first term of its split of the generalisation gap, with
                Gaussian kernels; han2025, Appendix D, names it after that paper
            elsewhere: the released file computes `representativeness_released` under this name
        feature_robustness: 1/N Σ_i E_ξ [ℓ(z_i + Wξ, y_i) − ℓ(z_i, y_i)]
            ξ is the same. representativeness + feature_robustness is the generalisation gap. The
            second order, δ²/(2d) κ_Tr, is exact, and is the whole value for mse. The rest is the
            mean over eight antithetic pairs of draws for each sample. The invariances are those of
            representativeness.
            split: train
            bias: in the logits
            unit: nats (cross-entropy), squared logits (mse)
            range: [0, ∞)
            good: small
            source: Petzka 2021, the second term of the split
            elsewhere: the notebook beside the released file takes δ²/d times its κ_Tr
        feature_robustness_standard_error: (1/N² Σ_i s_i²/S)^½
            The error from the S = 8 pairs of draws, with s_i their standard deviation for sample i.
            It does not include the error from the number of samples. It is the same for
            `representativeness`.
            split: train
            bias: in the logits
            unit: nats (cross-entropy), squared logits (mse)
            range: [0, ∞)
            good: small compared with feature_robustness
            source: –
            elsewhere: –
        representativeness_released: 1/M Σ_j [ℓ(z_j, y_j) − 1/N Σ_i ω_i k_ij ℓ(z_i, y_j)]
            k_ij = exp(−‖φ_j − φ_i‖/2)/√(2π) and ω_i = ‖φ_i‖/Σ_m ‖φ_m‖. This is what
            interpolatingness.py of RelativeFlatnessAndGeneralization computes if S is the training
            set and T the test set. It changes with the scale of the features. NaN if all are 0.

            It has several peculiarities. The weights are meant to be δ‖φ_i‖, but its KDE package
            scales weights to a sum of 1, so δ cancels. The sum is divided by N once more, so the
            kernels subtract at most 0.4/N of the largest loss, and the number is the test loss
            (within 0.2 % at every checkpoint of a pack of digits). The kernel's argument is the
            square root of the distance, so the Gaussian of bandwidth 1 is an exponential,
            normalised for one dimension. ℓ(z_i, y_j) combines the training sample's logits with the
            test sample's label.
            split: train and test
            bias: in the logits
            unit: nats (cross-entropy), squared logits (mse)
            range: (−∞, ∞)
            good: 0
            source: released code of Petzka 2021; that han2025, Figure 20, uses it is an inference
                from the helpers in its own code
            elsewhere: the file splits one set into ten folds and refits a ridge classifier in each
                fold; here S and T are the training and the test set, and the network is the
                predictor
        representativeness_released_kernel: 1/M Σ_j 1/N Σ_i ω_i k_ij ℓ(z_i, y_j)
            The amount that `representativeness_released` subtracts from the test loss.
            split: train and test
            bias: in the logits
            unit: nats (cross-entropy), squared logits (mse)
            range: [0, max_ij ℓ(z_i, y_j) / (√(2π) N)]
            good: none: a size
            source: released code of Petzka 2021
            elsewhere: –
        representativeness_weighted: 1/M Σ_j [ℓ(z_j, y_j) − 1/N Σ_i δ‖φ_i‖ k_ij ℓ(z_i, y_j)]
            The released formula with the weights that it gives to its KDE package, before the
            package scales them. Under this reading, the weight factor 0.02 of the paper has an
            effect. If all features are one φ, it is (1 − δ‖φ‖/√(2π)) times the test loss, which is
            below 0 for long features. It changes with their scale.
            split: train and test
            bias: in the logits
            unit: nats (cross-entropy), squared logits (mse)
            range: (−∞, ∞)
            good: 0, as the paper interprets it
            source: han2025, Appendix D (bandwidth 1.0, weight factor 0.02), in one reading of its
                text
            elsewhere: –

    All are NaN if a feature, logit or weight is not finite, and for another loss. Raises ValueError
    for a set without samples.
    """
    if not (len(train[2]) and len(test[2])):
        raise ValueError("representativeness of no samples")
    finite = all(all_finite(tensor) for tensor in (*train[:2], *test[:2], weight))
    if not finite or loss not in LOSSES:
        return dict.fromkeys(COLUMNS, math.nan)
    test_loss, train_loss = _mean_loss(test, loss), _mean_loss(train, loss)
    robustness, standard_error = _robustness(train, weight, loss, generator, delta)
    norm_sum, kernel_loss = _kernel_loss(train, test, loss)
    return {
        "representativeness": float(test_loss - train_loss - robustness),
        "feature_robustness": float(robustness),
        "feature_robustness_standard_error": float(standard_error),
        "representativeness_released": float(test_loss - kernel_loss / norm_sum),
        "representativeness_released_kernel": float(kernel_loss / norm_sum),
        "representativeness_weighted": float(test_loss - delta * kernel_loss),
    }


def _blocks(samples: Samples, rows: int = ROWS_AT_ONCE) -> Iterator[Samples]:
    """Yield blocks of samples, with features and logits in float64."""
    for features, logits, labels in zip(*(t.split(rows) for t in samples), strict=True):
        yield features.to(torch.float64), logits.to(torch.float64), labels


def _mean_loss(samples: Samples, loss: str) -> Tensor:
    """The mean of ℓ(z_i, y_i)."""
    sums = [_loss(logits, labels[:, None], loss).sum() for _, logits, labels in _blocks(samples)]
    return torch.stack(sums).sum() / len(samples[2])


def _loss(logits: Tensor, at: Tensor, loss: str) -> Tensor:
    """ℓ(z, y) [...] of logits [..., K] at labels [..., 1].

    It is computed as log(1 + Σ_{k≠y} exp(z_k − z_y)), which has all digits where −log p_y is pure
    rounding (from 1e-16 on).
    """
    if loss == "mse":
        one_hot = torch.zeros_like(logits).scatter_(-1, at, 1.0)
        return (logits - one_hot).square().sum(-1)
    margins = (logits - logits.gather(-1, at)).scatter_(-1, at, -math.inf)
    others = margins.logsumexp(-1)
    return torch.logaddexp(others, torch.zeros_like(others))


def _losses(logits: Tensor, loss: str) -> Tensor:
    """ℓ(z, c) for every class c, [N, K], of logits [N, K]; −log p_c as −log(1 − Σ_{k≠c} p_k)."""
    classes = logits.shape[1]
    others = 1 - torch.eye(classes, dtype=logits.dtype, device=logits.device)
    if loss == "mse":
        return (logits - 1).square() + logits.square() @ others
    log_p = logits.log_softmax(1)
    missing = log_p.exp() @ others
    return torch.where(missing < 0.5, -torch.log1p(-missing.clamp(max=0.5)), -log_p)


def _robustness(
    train: Samples, weight: Tensor, loss: str, generator: Generator, delta: float
) -> tuple[Tensor, Tensor]:
    """Mean over samples of E ℓ(z + Wξ, y) − ℓ(z, y), and its standard error.

    Wξ is drawn directly in the space of the logits. The first order in Wξ cancels in a pair of
    draws ±Wξ, and the expectation of the second order is known. So the draws average only the
    remainder after the second order.
    """
    weight = weight.to(torch.float64)
    factor = _factor(weight - weight.mean(0) if loss == "cross_entropy" else weight)
    total, variance = weight.new_zeros(()), weight.new_zeros(())
    for features, logits, labels in _blocks(train, ROWS_AT_ONCE // DRAWS):
        rows, dimension = features.shape
        sigma = delta / dimension**0.5 * features.norm(dim=1)
        draws = torch.randn(rows, DRAWS, len(factor), generator=generator, dtype=torch.float64)
        shifts = draws.to(weight.device) @ factor * sigma[:, None, None]
        middle, at = logits[:, None], labels[:, None, None].expand(-1, DRAWS, 1)
        ends = _loss(middle + shifts, at, loss) + _loss(middle - shifts, at, loss)
        rises = ends / 2 - _loss(middle, at[:, :1], loss)
        left = rises - _second_order(middle, shifts, at, loss)
        total += (sigma.square() * logit_hessian(loss, logits).trace_with(weight) / 2).sum()
        total += left.mean(1).sum()
        variance += left.var(1).sum() / DRAWS
    samples = len(train[2])
    return total / samples, variance.sqrt() / samples


def _factor(weight: Tensor) -> Tensor:
    """R [r, K] with R^T R = W W^T: R^T g is distributed as Wξ for standard normal g and ξ.

    With a positive diagonal, R is unique. So a rotated network has the same draws. If the mean of
    the rows was subtracted, a network with a vector added to all rows has the same draws too.
    """
    factor = torch.linalg.qr(weight.T).R
    return torch.where(factor.diagonal() < 0, -1.0, 1.0).to(factor)[:, None] * factor


def _second_order(logits: Tensor, shifts: Tensor, at: Tensor, loss: str) -> Tensor:
    """½ v^T A v [B, S] for shifts v [B, S, K] of logits [B, 1, K] with labels at [B, S, 1].

    A is the Hessian of the loss. For cross-entropy, v^T A v is the variance of v under p. v is
    measured from its value at the label, so no terms cancel except for rounding if p is 1 there.
    """
    if loss == "mse":
        return shifts.square().sum(-1)
    p = logits.log_softmax(-1).exp()
    shifts = shifts - shifts.gather(2, at)
    return ((p * shifts.square()).sum(-1) - (p * shifts).sum(-1).square()) / 2


def _kernel_loss(train: Samples, test: Samples, loss: str) -> tuple[Tensor, Tensor]:
    """Σ_i ‖φ_i‖ and the mean over j of 1/N Σ_i ‖φ_i‖ k_ij ℓ(z_i, y_j)."""
    norm_sum, total = (train[0].new_zeros((), dtype=torch.float64) for _ in range(2))
    for features, logits, _ in _blocks(train):
        norms = features.norm(dim=1)
        norm_sum += norms.sum()
        weighted = (norms[:, None] * _losses(logits, loss)).T.contiguous()
        # Distances are computed relative to this mean, because an offset would cost digits.
        centre = features.mean(0)
        keys = features - centre
        for queries, _, at in _blocks(test):
            kernels = _kernels(queries - centre, keys)
            total += torch.dot(kernels.flatten(), weighted.index_select(0, at).flatten())
    return norm_sum, total / len(train[2]) / len(test[2])


def _kernels(first: Tensor, second: Tensor) -> Tensor:
    """exp(−‖a − b‖/2)/√(2π) [n, m] for the rows of [n, d] and [m, d].

    The distance of rows that coincide has an error of 1e-8 ‖a‖, because the difference of their
    squares is pure rounding.
    """
    squares = first.square().sum(1)[:, None] + second.square().sum(1)
    distances = torch.addmm(squares, first, second.T, alpha=-2).clamp_(min=0).sqrt_()
    return distances.div_(-2).exp_().div_(math.sqrt(2 * math.pi))
