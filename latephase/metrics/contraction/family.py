"""Every column of the family `contraction`."""

import math

import torch
from torch import Generator, Tensor

from latephase.metrics.contraction import A_CLASS, COLUMNS
from latephase.metrics.finite import all_finite

DRAWS = 50


def contraction_metrics(
    features: Tensor, labels: Tensor, weight: Tensor, bias: Tensor | None, generator: Generator
) -> dict[str, float]:
    """The error, its bound by variances, and how well a few samples tell these.

    Args: features g [N, d] and labels [N] of the test set, taken as the population; weight [K, d]
    and bias [K] of the last layer; generator, on the CPU, of the draws. All NaN if a number is not
    finite. Free of a common scale of features and bias.

    Returns:
        error_test: share of samples whose largest logit is not their label's
            A tie counts as an error.
            split: test
            bias: used
            unit: 1
            range: [0, 1]
            good: 0
            source: –
            elsewhere: 1 − `accuracy_test`, but for ties
        error_bound_test: Σ_c n_c/N Σ_{k≠c} (1 + max(m_ck, 0)²/V_c)⁻¹
            m_ck = (⟨μ_c, w_c − w_k⟩ + b_c − b_k)/‖w_c − w_k‖, the mean's distance to the boundary;
            V_c = 1/n_c Σ ‖g_i − μ_c‖². Cantelli's inequality and the union of the other classes.
            split: test
            bias: used
            unit: 1
            range: [0, K − 1]
            good: 0 under collapse; above 1 it says nothing
            source: sakamoto2026, Theorem 3.2, with a bias
            elsewhere: printed for g/sup‖g‖, whose scale cancels
        error_bound_directional_test: the same with the variance along w_c − w_k for V_c
            What Cantelli's inequality gives before that variance is bounded by V_c.
            split: test
            bias: used
            unit: 1
            range: [0, `error_bound_test`]
            good: 0 under collapse
            source: sakamoto2026, proof of Theorem 3.2
            elsewhere: –
        variance_gap_<n>_a_class: mean of |Σ_c V̂_c/K − Σ_c V_c/K| / sup‖g‖²
            V̂_c is of n samples of class c about their own mean, drawn with replacement, 50 times.
            split: test
            bias: not used
            unit: 1
            range: [0, 1]
            good: 0; it falls as 1/√n for fixed features
            source: sakamoto2026, Theorem 4.1
            elsewhere: –
    """
    of_head = [tensor for tensor in (weight, bias) if tensor is not None]
    if not all(all_finite(tensor) for tensor in (features, *of_head)):
        return dict.fromkeys(COLUMNS, math.nan)
    g, w = features.double(), weight.double()
    b = w.new_zeros(len(w)) if bias is None else bias.double()
    logits = g @ w.T + b
    own = logits.gather(1, labels[:, None])
    wrong = (logits >= own).sum(1) > 1
    metrics = {"error_test": wrong.double().mean().item()}
    total, along_total = 0.0, 0.0
    present = labels.unique().tolist()
    for c in present:
        of_class = g[labels == c]
        mean, share = of_class.mean(0), len(of_class) / len(g)
        deviations = of_class - mean
        between = w[c] - w[torch.arange(len(w)) != c]
        gap = between @ mean + b[c] - b[torch.arange(len(w)) != c]
        length = between.norm(dim=1)
        # Both times the square of the length, which is 0 where two rows of W are the same.
        spread = deviations.square().sum(1).mean() * length.square()
        along = (deviations @ between.T).square().mean(0)
        total += share * _cantelli(gap, spread)
        along_total += share * _cantelli(gap, along)
    metrics["error_bound_test"], metrics["error_bound_directional_test"] = total, along_total
    return metrics | _variance_gaps(g, labels, present, generator)


def _cantelli(gap: Tensor, variance: Tensor) -> float:
    """Σ_k of bounds of P(X ≤ 0) for X of these means and variances: v/(v + max(m, 0)²)."""
    square = gap.clamp(min=0).square()
    return torch.where(gap > 0, variance / (variance + square), 1.0).sum().item()


def _variance_gaps(
    g: Tensor, labels: Tensor, present: list[int], generator: Generator
) -> dict[str, float]:
    classes = [g[labels == c] for c in present]
    longest = g.square().sum(1).max()
    if longest == 0:
        return {f"variance_gap_{size}_a_class": math.nan for size in A_CLASS}
    whole = sum(_variance(of_class) for of_class in classes) / len(classes)
    gaps = {}
    for size in A_CLASS:
        found = []
        for _ in range(DRAWS):
            drawn = [
                of_class[torch.randint(len(of_class), (size,), generator=generator).to(g.device)]
                for of_class in classes
            ]
            estimate = sum(map(_variance, drawn)) / len(classes)
            found.append(((estimate - whole) / longest).abs())
        gaps[f"variance_gap_{size}_a_class"] = torch.stack(found).mean().item()
    return gaps


def _variance(samples: Tensor) -> Tensor:
    return (samples - samples.mean(0)).square().sum(1).mean()
