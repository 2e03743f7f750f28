"""GNC2: how evenly the directions of the class means fill the sphere, for any number of classes.

A simplex frame needs K ≤ d + 1. With more classes, the means can still repel each other as far as
the sphere allows. The variance of a repulsion energy over pairs is 0 for a simplex frame. It is
small if all pairs are about equally far apart.
"""

import torch
from torch import Tensor

from latephase.metrics.collapse.nc2_frames import unit_rows, variance


def uniformity_metrics(centred: Tensor) -> dict[str, float]:
    """GNC2 of the centred class means [C, d], with u_c = (μ_c − μ̄_G)/‖μ_c − μ̄_G‖.

    Mean and population variance are over pairs c < c'. They do not change with scale, shift or
    rotation. They are NaN with a single class, or if a class mean is the global mean.

    Returns:
        gnc2_log_mean: mean over c < c' of log(1/‖u_c − u_c'‖)
            ∞ if two directions coincide.
            split: train
            bias: not used
            unit: 1
            range: [−½ log(2C/(C − 1)), ∞]
            good: its lowest: −½ log(2C/(C − 1)) for a simplex frame, larger if C > d + 1
            source: Liu 2023 (hyperspherical uniformity)
            elsewhere: first value of `kernel_stats` with `log_kernel` in the neural-collapse
                package, which keeps the energies in float32 whatever the means are
        gnc2_log_variance: var over c < c' of log(1/‖u_c − u_c'‖)
            NaN if two directions coincide.
            split: train
            bias: not used
            unit: 1
            range: [0, ∞)
            good: 0, reached for C ≤ d + 1 only
            source: Liu 2023 (hyperspherical uniformity); Wu and Papyan 2024, "GNC2"
            elsewhere: second value of `kernel_stats`, which the package's README logs
        gnc2_riesz1_mean: mean over c < c' of 1/‖u_c − u_c'‖
            The Riesz kernel ‖·‖⁻ˢ with s = 1. ∞ if two directions coincide.
            split: train
            bias: not used
            unit: 1
            range: [√((C − 1)/(2C)), ∞]
            good: its lowest: √((C − 1)/(2C)) for a simplex frame, larger if C > d + 1
            source: Liu 2023 (hyperspherical uniformity)
            elsewhere: the neural-collapse package has s = d − 2: at d = 512 every pair's energy is
                below 1e-76, which is 0 in float32, so any means look perfectly uniform
        gnc2_riesz1_variance: var over c < c' of 1/‖u_c − u_c'‖
            NaN if two directions coincide.
            split: train
            bias: not used
            unit: 1
            range: [0, ∞)
            good: 0, reached for C ≤ d + 1 only
            source: Liu 2023 (hyperspherical uniformity)
            elsewhere: as `gnc2_riesz1_mean`
    """
    distances = torch.nn.functional.pdist(unit_rows(centred))
    metrics = {}
    for name, energies in (("log", -distances.log()), ("riesz1", 1 / distances)):
        metrics[f"gnc2_{name}_mean"] = float(energies.mean())
        metrics[f"gnc2_{name}_variance"] = float(variance(energies))
    return metrics
