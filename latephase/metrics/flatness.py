"""Relative flatness and curvature of the last layer, in closed form.

For logits z = W phi + b and a loss with Hessian A_i = d^2 loss / dz^2 at sample i, the block of the
Hessian between rows s and t of W is H_st = 1/N sum_i A_i[s, t] phi_i phi_i^T, hence

    kappa_Tr = sum_st <w_s, w_t> Tr H_st = 1/N sum_i |phi_i|^2 Tr(W W^T A_i)
    Tr H     = sum_s Tr H_ss             = 1/N sum_i |phi_i|^2 Tr A_i

No autograd, and exact. Small is flat.
"""

import torch
from torch import Tensor

ROWS_AT_ONCE = 512  # a float64 block of this many features stays in the processor's cache
LOSSES = ("cross_entropy", "mse")


def flatness_metrics(
    features: Tensor, logits: Tensor, weight: Tensor, loss: str
) -> dict[str, float]:
    """Relative flatness kappa_Tr, its bound, Tr H and |W|_F of the last layer, bias left out.

    Args: features phi [N, d], the last layer's input; logits [N, K]; weight [K, d]; loss, one of
        "cross_entropy": mean over samples of -log softmax(z)_y. A = diag(p) - p p^T is free of
            labels, so kappa_Tr = mean |phi|^2 Var_p(w), the variance of the rows of W under p;
        "mse": mean over samples of the sum over classes of (z_k - y_k)^2, so A = 2 I; both numbers
            are then mere norm products, whatever the network predicts.
    Pass logits computed in float64: at 20 nats of margin float32 logits are themselves off by 1e-6,
    and so is then every number here.

    Returns:
        relative_flatness: kappa_Tr (Petzka 2021; han2025 Def. 3.2). Free of the rescaling
            (phi, W) -> (phi/a, a W) and, for cross-entropy, of a vector added to all rows of W.
        relative_flatness_bound: |W|_F^2 Tr H >= kappa_Tr (han2025 Lemma A.2), which is what that
            paper plots as "relative flatness". It is not free of a vector added to all rows, so it
            mixes NC0 in; under exact collapse it is (K - 1) kappa_Tr.
        hessian_trace_last_layer: Tr H, squared feature units.
        weight_norm_last_layer: |W|_F.
    Raises ValueError for another loss.
    """
    weight = weight.to(torch.float64)
    squared_norm = weight.square().sum()
    feature_norms = _squared_norms(features)
    if loss == "cross_entropy":
        kappa_of_sample, trace_of_sample = _softmax_curvature(logits.to(torch.float64), weight)
        kappa = (feature_norms * kappa_of_sample).mean()
        trace = (feature_norms * trace_of_sample).mean()
    elif loss == "mse":
        kappa = 2 * squared_norm * feature_norms.mean()
        trace = 2 * weight.shape[0] * feature_norms.mean()
    else:
        raise ValueError(f"loss {loss!r} has no closed form here; allowed: {', '.join(LOSSES)}")
    return {
        "relative_flatness": float(kappa),
        "relative_flatness_bound": float(squared_norm * trace),
        "hessian_trace_last_layer": float(trace),
        "weight_norm_last_layer": float(squared_norm.sqrt()),
    }


def _squared_norms(features: Tensor) -> Tensor:
    """|phi_i|^2 [N] in float64, converted a block at a time so that it stays in the cache."""
    blocks = (block.to(torch.float64) for block in features.split(ROWS_AT_ONCE))
    return torch.cat([torch.linalg.vector_norm(block, dim=1).square() for block in blocks])


def _softmax_curvature(logits: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Tr(W W^T A) and Tr A of each sample [N], with A = diag(p) - p p^T.

    Both are sums over pairs of classes: Var_p(w) = 1/2 sum_st p_s p_t |w_s - w_t|^2 and
    1 - |p|^2 = sum_{s != t} p_s p_t. No term is negative, so nothing cancels when p saturates,
    where 1 - |p|^2 as written is all rounding from a loss of 1e-16 on (in float32 from 1e-7).
    """
    classes = weight.shape[0]
    probabilities = torch.log_softmax(logits, 1).exp()
    distances = torch.cdist(weight, weight, compute_mode="donot_use_mm_for_euclid_dist").square()
    others = 1 - torch.eye(classes, dtype=weight.dtype, device=weight.device)
    variance = ((probabilities @ distances) * probabilities).sum(1) / 2
    return variance, ((probabilities @ others) * probabilities).sum(1)
