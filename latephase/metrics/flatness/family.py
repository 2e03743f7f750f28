"""Every column of the family `flatness`, in closed form."""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from latephase.metrics.finite import all_finite
from latephase.metrics.flatness.largest_eigenvalue import largest_eigenvalues, random_start
from latephase.metrics.flatness.logit_hessian import ConstantHessian, SoftmaxHessian, logit_hessian

ROWS_AT_ONCE = 512  # a float64 block of this many features stays in the processor's cache
LogitHessian = SoftmaxHessian | ConstantHessian


def flatness_metrics(
    features: Tensor,
    logits: Tensor,
    weight: Tensor,
    loss: str,
    *,
    bias: Tensor | None = None,
    temperature: float = 1.0,
    over_classes: str = "sum",
) -> dict[str, float]:
    """Relative flatness in its variants, and the Hessian of the last layer.

    Args:
        features: φ [N, d], the last layer's input.
        logits: [N, K], in float64. At a margin of 20 nats, float32 logits themselves have an error
            of 1e-6, and every number here would have it too.
        weight: [K, d].
        loss: "cross_entropy", the mean over samples of −log softmax(z)_y, or "mse", the mean over
            samples of the squared error. With any other loss, every column that needs the loss's
            Hessian is NaN.
        bias: [K], if it counts as part of the weights, φ → (φ, 1) and W → (W, b), in every column.
            By default the columns are those of W only, whether or not the layer has a bias.
        temperature: τ of a loss ℓ(z/τ), whose Hessian is A(z/τ)/τ².
        over_classes: what "mse" does with a sample's K squared errors: "sum" (A = 2I), "half" of
            the sum (A = I), or "mean" (A = 2I/K, torch's mse_loss).

    For cross-entropy, A = diag p − p pᵀ does not depend on the labels, and
    κ_Tr = 1/N Σ_i ‖φ_i‖² Var_{p_i}(w) with the variance of the rows of W under p_i. For squared
    error, A does not depend on the network's output, so every column is only a product of norms.
    All columns are NaN if features, logits or weights are not finite.

    Returns:
        relative_flatness: κ_Tr = Σ_st ⟨w_s, w_t⟩ Tr H_st = 1/N Σ_i ‖φ_i‖² Tr(W Wᵀ A_i)
            Invariant to (φ, W) → (φ/a, aW) and, for cross-entropy, to a vector added to all rows
            of W; not invariant to a scale for each unit. At most ½ ‖W‖_F² mean ‖φ‖² for
            cross-entropy.
            split: train
            bias: not used
            unit: loss
            range: [0, relative_flatness_bound]
            good: small
            source: Petzka 2021; han2025, Definition 3.2
            elsewhere: divided by d in FAM, the regularizer of the same authors; with α‖w_s‖²
                added for weight decay in their experiments; the figures of han2025 show
                `relative_flatness_bound` under the name of relative flatness
        relative_flatness_std: κ_Tr after φ_j → φ_j/σ_j, w_·j → σ_j w_·j, σ_j the std of unit j
            σ_j is the population std over the samples; features are not centred. This is the only
            variant with all three invariances: to (φ, W) → (φ/a, aW), to a scale for each unit,
            and, for cross-entropy, to a vector added to all rows of W. A unit that has a constant
            value c over the samples has no such scale. The network without it, with c w_·j moved
            into the bias, is the same function, and the column is that of this network. So a dead
            unit does not count, whatever its outgoing weights are. A unit that is nearly constant
            but not zero counts much, φ_j²/σ_j². NaN if every unit is constant.
            split: train
            bias: not used
            unit: loss
            range: [0, ∞)
            good: small
            source: Petzka 2021, released code (measure_comparison.py)
            elsewhere: that code zeroes the outgoing weights of a constant unit but keeps its φ_j²;
                the synthetic experiments of the same repository divide by the variance, which is
                not invariant to a scale for each unit and divides by zero for a dead unit
        relative_flatness_bound: ‖W‖_F² Tr H
            It is at least κ_Tr, and K − 1 times κ_Tr under exact collapse (for "mse" always K
            times). Invariant to (φ, W) → (φ/a, aW), but not to a vector added to all rows of W, so
            it depends on NC0.
            split: train
            bias: not used
            unit: loss
            range: [0, ∞)
            good: small
            source: han2025, Lemma A.2 and Appendix C.1
            elsewhere: "relative flatness" in the figures and the code (`sharpness2`) of han2025. As
                long as the regularizer of that paper is on, it has unit features and softmax(z/2),
                without the factor 1/τ² of its Hessian. Divided by K d in the code of Petzka 2020
        relative_flatness_bound_first_power: ‖W‖_F Tr H
            The same, but the norm is not squared. Not invariant to (φ, W) → (φ/a, aW).
            split: train
            bias: not used
            unit: loss × feature
            range: [0, ∞)
            good: small
            source: Adilova 2023 (FAM, `layerwise_trace`)
            elsewhere: `sharpness` in the code of han2025
        relative_flatness_max: κ_max = Σ_s ‖w_s‖² λ_max(H_ss)
            The largest eigenvalue of each row's own block, by Lanczos to a relative error below
            1e-9; NaN if it did not converge. Invariant only to (φ, W) → (φ/a, aW).
            split: train
            bias: not used
            unit: loss
            range: [0, relative_flatness_bound]
            good: small
            source: Petzka 2021, released code
            elsewhere: –
        hessian_trace_last_layer: Tr H = 1/N Σ_i ‖φ_i‖² Tr A_i
            For cross-entropy, Tr A = 1 − ‖p‖², so it is invariant to a vector added to all rows of
            W.
            split: train
            bias: not used
            unit: loss × feature²
            range: [0, ∞)
            good: small
            source: han2025, Appendix C.1
            elsewhere: –
        weight_norm_last_layer: ‖W‖_F
            It is the same for every loss.
            split: none
            bias: not used
            unit: weight
            range: [0, ∞)
            good: none: a size
            source: sakamoto2026, code (`last_layer_norm`)
            elsewhere: –
    """
    rows = _rows(weight, bias)
    hessian = logit_hessian(loss, logits.to(torch.float64), temperature, over_classes)
    squares = _squared_norms(features, bias is not None)
    kappa = (squares * hessian.trace_with(rows)).mean()
    trace = (squares * hessian.trace()).mean()
    norm = rows.norm()
    metrics = {
        "relative_flatness": kappa,
        "relative_flatness_std": _standardised(features, hessian, rows),
        "relative_flatness_bound": norm.square() * trace,
        "relative_flatness_bound_first_power": norm * trace,
        "relative_flatness_max": _kappa_max(features, hessian, rows),
        "hessian_trace_last_layer": trace,
        "weight_norm_last_layer": norm,
    }
    if not all(map(all_finite, (squares, logits, rows))):
        return dict.fromkeys(metrics, math.nan)
    return {name: float(value) for name, value in metrics.items()}


def relative_flatness(
    features: Tensor,
    logits: Tensor,
    weight: Tensor,
    loss: str,
    *,
    bias: Tensor | None = None,
    temperature: float = 1.0,
    over_classes: str = "sum",
) -> float:
    """κ_Tr alone, in one pass over the features. Arguments as in :func:`flatness_metrics`."""
    hessian = logit_hessian(loss, logits.to(torch.float64), temperature, over_classes)
    squares = _squared_norms(features, bias is not None)
    return float((squares * hessian.trace_with(_rows(weight, bias))).mean())


def _rows(weight: Tensor, bias: Tensor | None) -> Tensor:
    """W [K, d], or (W, b) [K, d + 1], in float64."""
    columns = [weight] if bias is None else [weight, bias[:, None]]
    return torch.cat([column.to(torch.float64) for column in columns], 1)


def _squared_norms(features: Tensor, with_one: bool) -> Tensor:
    """‖φ_i‖² [N], or ‖(φ_i, 1)‖²."""
    return (
        _of_each(features, lambda block: torch.linalg.vector_norm(block, dim=1).square()) + with_one
    )


def _of_each(features: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
    """A number for each sample [N], computed from a block of features.

    The numbers are written to one tensor. Small tensors that outlive their blocks would lie between
    the blocks, and the memory of the blocks could not be used again.
    """
    numbers = features.new_empty(len(features), dtype=torch.float64)
    for samples, block in _blocks(features):
        numbers[samples] = function(block)
    return numbers


def _mean_and_std(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and std of each unit [d] over the population of samples, in two passes."""
    # Relative to the first sample, so a constant unit's mean has no rounding, and its std is 0.
    first = features[0].to(torch.float64)
    shift, squares = torch.zeros_like(first), torch.zeros_like(first)
    for _, block in _blocks(features):
        shift += (block - first).sum(0)
    mean = first + shift / len(features)
    for _, block in _blocks(features):
        squares += (block - mean).square().sum(0)
    return mean, (squares / len(features)).sqrt()


def _standardised(features: Tensor, hessian: LogitHessian, rows: Tensor) -> Tensor:
    """κ_Tr of the features divided by their std, with constant units moved into the bias."""
    units = features.shape[1]
    mean, std = _mean_and_std(features)
    varies = std > 0
    if not varies.any():
        return std.new_tensor(math.nan)
    inverse = torch.where(varies, 1 / std, 0.0).square()
    squares = _of_each(features, lambda block: block.square() @ inverse)
    weight, bias = rows[:, :units], rows[:, units:]  # the bias [K, 1], or nothing [K, 0]
    bias = bias + (weight @ torch.where(varies, 0.0, mean))[:, None]
    scaled = torch.cat([weight * std, bias], 1)
    return ((squares + bias.shape[1]) * hessian.trace_with(scaled)).mean()


def _kappa_max(features: Tensor, hessian: LogitHessian, rows: Tensor) -> Tensor:
    """Σ_s ‖w_s‖² λ_max(H_ss), H_ss = 1/N Σ_i A_i[s, s] φ_i φ_iᵀ."""
    peaks = [hessian.diagonal(samples).amax(0) for samples in _slices(len(features))]
    peak = torch.stack(peaks).amax(0)  # [K], or [1] if all rows share one
    peak = peak.clamp(min=torch.finfo(torch.float64).tiny)  # squares would underflow
    with_one = rows.shape[1] > features.shape[1]

    def product(vectors: Tensor) -> Tensor:
        total = torch.zeros_like(vectors)
        for samples, block in _blocks(features, with_one):
            weights = hessian.diagonal(samples) / peak
            total += (weights * (block @ vectors.T)).T @ block
        return total / len(features)

    start = random_start(len(peak), rows.shape[1], rows.device)
    return (rows.square().sum(1) * peak * largest_eigenvalues(product, start)).sum()


def _slices(samples: int) -> Iterator[slice]:
    for start in range(0, samples, ROWS_AT_ONCE):
        yield slice(start, start + ROWS_AT_ONCE)


def _blocks(features: Tensor, with_one: bool = False) -> Iterator[tuple[slice, Tensor]]:
    """Yield slices of the samples, with their features φ in float64, or (φ, 1) if ``with_one``."""
    for samples in _slices(len(features)):
        block = features[samples].to(torch.float64)
        yield samples, torch.nn.functional.pad(block, (0, 1), value=1.0) if with_one else block
