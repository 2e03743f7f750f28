"""NC2: whether the class means, or the rows of the classifier, form a simplex frame.

A frame is a matrix [n, d] of row vectors: the C class means minus their mean μ̄_G, or the K rows of
W. A simplex frame has equal norms and all cosines −1/(n − 1); it needs n ≤ d + 1.
"""

import math

import torch
from torch import Tensor

from latephase.metrics.singular_values import singular_values


def frame_metrics(means: Tensor, centred: Tensor, weight: Tensor) -> dict[str, float]:
    """NC2 of the class means [C, d], centred or not, and of the classifier W [K, d].

    Standard deviations are those of a population (divided by the number of norms, or of pairs). The
    columns do not change with scale or rotation. Those of the centred means do not change with a
    shift either. A column that needs directions is NaN if a vector is 0.

    Returns:
        nc2_etf: ‖M̄M̄ᵀ/‖M̄M̄ᵀ‖_F − E_C‖_F, E_C = (I − J/C)/√(C − 1)
            M̄ [C, d] are the centred class means. NaN if all class means coincide.
            split: train
            bias: not used
            unit: 1
            range: [0, √2]
            good: 0
            source: Kothapalli 2023; zhao2026, App. B, NC2 as plotted
            elsewhere: zhao2026 prints a factor 1/K²; `simplex_etf_error` in the neural-collapse
                package; other codes compute it for W and not for the means, here `nc2_etf_weight`
        nc2_etf_weight: ‖WWᵀ/‖WWᵀ‖_F − E_K‖_F
            The rows of W are not centred, so a row sum that is not 0 (NC0) counts as an error.
            split: none
            bias: not used
            unit: 1
            range: [0, √2]
            good: 0
            source: Zhu 2021, "NC2" (code of tding1)
            elsewhere: zhao2026's NC2W, printed as WᵀW and with 1/K²
        nc2_etf_weight_centred: the same for the rows of W minus their mean
            It does not depend on NC0: the part of W that does not change the softmax is removed.
            split: none
            bias: not used
            unit: 1
            range: [0, √2]
            good: 0
            source: Zhou 2022, "NC2" (code of jinxinzhou)
            elsewhere: plotted there under the name of `nc2_etf_weight`
        nc2_equinorm: std_c ‖μ_c − μ̄_G‖ / mean_c ‖μ_c − μ̄_G‖
            split: train
            bias: not used
            unit: 1
            range: [0, √(C − 1)]
            good: 0
            source: Papyan 2020, Figure 2
            elsewhere: his code and zhao2026's NC2n take the sample's standard deviation, larger by
                √(C/(C − 1))
        nc2_equinorm_weight: std_k ‖w_k‖ / mean_k ‖w_k‖
            split: none
            bias: not used
            unit: 1
            range: [0, √(K − 1)]
            good: 0
            source: Papyan 2020, Figure 2
            elsewhere: as `nc2_equinorm`; zhao2026's code stores its NC2W under the name NC2Wn
        nc2_equiangle: std over c < c' of cos(μ_c − μ̄_G, μ_c' − μ̄_G)
            split: train
            bias: not used
            unit: 1
            range: [0, 1]
            good: 0
            source: Papyan 2020, Figure 3
            elsewhere: –
        nc2_equiangle_weight: std over k < k' of cos(w_k, w_k')
            split: none
            bias: not used
            unit: 1
            range: [0, 1]
            good: 0
            source: Papyan 2020, Figure 3
            elsewhere: –
        nc2_max_angle: mean over c < c' of |cos(μ_c − μ̄_G, μ_c' − μ̄_G) + 1/(C − 1)|
            split: train
            bias: not used
            unit: 1
            range: [0, 2]
            good: 0
            source: Papyan 2020, Figure 4
            elsewhere: zhao2026 prints NC2a without the absolute value, its code has it
        nc2_max_angle_weight: mean over k < k' of |cos(w_k, w_k') + 1/(K − 1)|
            split: none
            bias: not used
            unit: 1
            range: [0, 2]
            good: 0
            source: Papyan 2020, Figure 4
            elsewhere: zhao2026's NC2Wa
        nc2_condition: σ_max/σ_min of the uncentred class means [C, d]
            It is 1 for an orthogonal frame, which the squared loss with ReLU features approaches.
            It is ∞ for C > d. A centred simplex has a finite value only because of rounding, since
            its means sum to 0. The value changes if the features are shifted.
            split: train
            bias: not used
            unit: 1
            range: [1, ∞]
            good: 1
            source: sakamoto2026, "NC2", Figure 3
            elsewhere: it does not measure a simplex; the paper's code takes the root of the
                condition number of the Gram matrix in float32, which is wrong from about 1000 on,
                and refuses C > d
        means_cosine_min, means_cosine_max: min and max over c < c' of cos(μ_c − μ̄_G, μ_c' − μ̄_G)
            The cosines come from :func:`pairwise_cosines`.
            split: train
            bias: not used
            unit: 1
            range: [−1, 1]
            good: −1/(C − 1)
            source: the extremes of Papyan 2020, Figures 3 and 4
            elsewhere: –
        weight_cosine_min, weight_cosine_max: min and max over k < k' of cos(w_k, w_k')
            split: none
            bias: not used
            unit: 1
            range: [−1, 1]
            good: −1/(K − 1)
            source: the extremes of Papyan 2020, Figures 3 and 4
            elsewhere: –
        means_angle_mean: mean over c < c' of the angle between μ_c − μ̄_G and μ_c' − μ̄_G
            split: train
            bias: not used
            unit: degree
            range: [0, 180]
            good: arccos(−1/(C − 1)), 96.38 at C = 10
            source: han2025, Figure 3 (that the means are centred is inferred)
            elsewhere: –
    """
    row_sum_free = weight - weight.mean(0)
    means_cosines, weight_cosines = pairwise_cosines(centred), pairwise_cosines(weight)
    return {
        "nc2_etf": etf_distance(centred @ centred.T),
        "nc2_etf_weight": etf_distance(weight @ weight.T),
        "nc2_etf_weight_centred": etf_distance(row_sum_free @ row_sum_free.T),
        "nc2_equinorm": _equinorm(centred),
        "nc2_equinorm_weight": _equinorm(weight),
        "nc2_equiangle": float(variance(means_cosines).sqrt()),
        "nc2_equiangle_weight": float(variance(weight_cosines).sqrt()),
        "nc2_max_angle": _max_angle(means_cosines, len(centred)),
        "nc2_max_angle_weight": _max_angle(weight_cosines, len(weight)),
        "nc2_condition": _condition_number(means),
        "means_cosine_min": _extreme(means_cosines, torch.amin),
        "means_cosine_max": _extreme(means_cosines, torch.amax),
        "weight_cosine_min": _extreme(weight_cosines, torch.amin),
        "weight_cosine_max": _extreme(weight_cosines, torch.amax),
        "means_angle_mean": float(torch.rad2deg(_angles(centred)).mean()),
    }


def pairwise_cosines(frame: Tensor) -> Tensor:
    """Cosines of all pairs c < c' of rows of a frame [n, d], in the order (0, 1), (0, 2), …"""
    directions = unit_rows(frame)
    first, second = torch.triu_indices(len(frame), len(frame), 1, device=frame.device)
    return (directions @ directions.T)[first, second]


def unit_rows(frame: Tensor) -> Tensor:
    """The rows scaled to norm 1; NaN for a row of norm 0."""
    return frame / frame.norm(dim=1, keepdim=True)


def variance(values: Tensor) -> Tensor:
    """The population variance; NaN, without a warning, if there are no values."""
    return (values - values.mean()).square().mean()


def etf_distance(gram: Tensor) -> float:
    """Frobenius distance between gram [n, n] and the Gram matrix of a simplex, both of norm 1."""
    count = len(gram)
    simplex = torch.eye(count, dtype=gram.dtype, device=gram.device) - 1 / count
    return float((gram / gram.norm() - simplex / simplex.norm()).norm())


def _angles(frame: Tensor) -> Tensor:
    """Angles of all pairs in radians.

    They are computed as 2 atan(‖u − v‖/‖u + v‖). arccos would lose half of the digits near 0 and π,
    and is NaN if rounding makes a cosine exceed 1.
    """
    directions = unit_rows(frame)
    first, second = torch.triu_indices(len(frame), len(frame), 1, device=frame.device)
    sums = torch.cdist(directions, -directions, compute_mode="donot_use_mm_for_euclid_dist")
    return 2 * torch.atan2(torch.nn.functional.pdist(directions), sums[first, second])


def _equinorm(frame: Tensor) -> float:
    norms = frame.norm(dim=1)
    return float(variance(norms).sqrt() / norms.mean())


def _max_angle(cosines: Tensor, count: int) -> float:
    return float((cosines + 1 / (count - 1)).abs().mean()) if count > 1 else math.nan


def _extreme(cosines: Tensor, extreme) -> float:
    return float(extreme(cosines)) if len(cosines) else math.nan


def _condition_number(matrix: Tensor) -> float:
    """Largest over smallest singular value of a wide matrix; infinite if the matrix is tall."""
    if matrix.shape[0] > matrix.shape[1] and matrix.isfinite().all():
        return math.inf
    values = singular_values(matrix)
    return float(values[0] / values[-1])
