"""Every column of the family `contraction`."""

import math

import torch
from torch import Generator, Tensor

from latephase.metrics.contraction import A_CLASS, COLUMNS
from latephase.metrics.finite import all_finite

DRAWS = 200


def contraction_metrics(
    features: Tensor, labels: Tensor, weight: Tensor, bias: Tensor | None, drawn: list[Tensor]
) -> dict[str, float]:
    """The error, its bound by variances, and how well a few samples estimate these variances.

    Args: features g [N, d] and labels [N] of the test set, taken as the population; weight [K, d]
    and bias [K] of the last layer; drawn, the result of :func:`shares_drawn` for these labels. All
    columns are NaN if a number is not finite. They do not change with a common scale of features
    and bias.

    Returns:
        error_test: share of samples whose largest logit is not their label's
            A tie counts as an error.
            split: test
            bias: used
            unit: 1
            range: [0, 1]
            good: 0
            source: –
            elsewhere: 1 − `accuracy_test`, except for ties
        error_bound_test: Σ_c n_c/N Σ_{k≠c} (1 + max(m_ck, 0)²/V_c)⁻¹
            m_ck = (⟨μ_c, w_c − w_k⟩ + b_c − b_k)/‖w_c − w_k‖ is the mean's distance to the
            boundary, and V_c = 1/n_c Σ ‖g_i − μ_c‖². The bound follows from Cantelli's inequality
            and a union bound over the other classes.
            split: test
            bias: used
            unit: 1
            range: [0, K − 1]
            good: 0 under collapse; a value above 1 bounds nothing
            source: sakamoto2026, Theorem 3.2, with a bias
            elsewhere: printed for g/sup‖g‖, whose scale cancels
        error_bound_directional_test: the same with the variance along w_c − w_k in place of V_c
            This is the result of Cantelli's inequality before that variance is bounded by V_c.
            split: test
            bias: used
            unit: 1
            range: [0, `error_bound_test`]
            good: 0 under collapse
            source: sakamoto2026, proof of Theorem 3.2
            elsewhere: –
        variance_gap_<n>_a_class: mean of |Σ_c V̂_c/K − Σ_c V_c/K| / sup‖g‖²
            V̂_c is n/(n − 1) times the variance of n samples of class c about their own mean. The
            samples are drawn with replacement, 200 times.
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
    within = []
    for c in labels.unique().tolist():
        of_class = g[labels == c]
        mean, share = of_class.mean(0), len(of_class) / len(g)
        within.append(deviations := of_class - mean)
        between = w[c] - w[torch.arange(len(w)) != c]
        gap = between @ mean + b[c] - b[torch.arange(len(w)) != c]
        length = between.norm(dim=1)
        # Both variances are times the square of the length, which is 0 if two rows of W are equal.
        spread = deviations.square().sum(1).mean() * length.square()
        along = (deviations @ between.T).square().mean(0)
        total += share * _cantelli(gap, spread)
        along_total += share * _cantelli(gap, along)
    metrics["error_bound_test"], metrics["error_bound_directional_test"] = total, along_total
    return metrics | _variance_gaps(within, g.square().sum(1).max(), drawn)


def _cantelli(gap: Tensor, variance: Tensor) -> float:
    """Σ_k of bounds of P(X ≤ 0) for X with these means and variances: v/(v + max(m, 0)²)."""
    square = gap.clamp(min=0).square()
    return torch.where(gap > 0, variance / (variance + square), 1.0).sum().item()


def shares_drawn(labels: Tensor, generator: Generator) -> list[Tensor]:
    """Draws of samples, for :func:`contraction_metrics`: ``[S, D, n_c]`` for each class.

    There are D draws for each of S sizes. A draw is the share that each of the class's n_c samples
    has in it, when the samples are drawn with replacement. Classes without samples are left out.
    ``generator`` is on the CPU.
    """
    drawn = []
    for label in labels.unique().tolist():
        count = int((labels == label).sum())
        shares = torch.zeros(len(A_CLASS), DRAWS, count, dtype=torch.float64)
        for row, size in zip(shares, A_CLASS, strict=True):
            index = torch.randint(count, (DRAWS, size), generator=generator)
            row.scatter_add_(1, index, torch.full_like(index, 1 / size, dtype=row.dtype))
        drawn.append(shares.to(labels.device))
    return drawn


def _variance_gaps(classes: list[Tensor], longest: Tensor, drawn: list[Tensor]) -> dict[str, float]:
    """The gaps of the variance, from the deviations of each class from its mean, ``[n_c, d]``."""
    names = [f"variance_gap_{size}_a_class" for size in A_CLASS]
    if longest == 0:
        return dict.fromkeys(names, math.nan)
    whole = sum(deviations.square().sum(1).mean() for deviations in classes) / len(classes)
    estimates = sum(
        shares @ deviations.square().sum(1) - (shares @ deviations).square().sum(-1)
        for deviations, shares in zip(classes, drawn, strict=True)
    )
    # n/(n − 1), because samples vary less about their own mean. This would outweigh chance.
    sizes = estimates.new_tensor(A_CLASS).unsqueeze(1)
    estimates = estimates / len(classes) * (sizes / (sizes - 1))
    gaps = ((estimates - whole) / longest).abs().mean(1)
    return dict(zip(names, gaps.tolist(), strict=True))
