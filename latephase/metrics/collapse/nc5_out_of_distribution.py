"""NC5: whether features of out-of-distribution data are orthogonal to the class means."""

import torch
from torch import Tensor

from latephase.metrics.collapse.nc2_frames import unit_rows


def out_of_distribution_metrics(means: Tensor, features: Tensor) -> dict[str, float]:
    """NC5 of the class means [C, d] and the features [M, d] of out-of-distribution samples.

    Raises ValueError if there are no features, or if they are not a matrix as wide as the means: a
    single vector, or a matrix of class means, would broadcast to a meaningless number.

    Returns:
        nc5: mean_c |cos(μ_c, μ_OOD)|
            μ_c is not centred, and μ_OOD is the mean of the out-of-distribution samples. It does
            not change with scale or rotation, but with a shift. It is computed only if such samples
            are given; the pipeline has no such column.
            split: means of train, and out-of-distribution samples
            bias: not used
            unit: 1
            range: [0, 1]
            good: 0
            source: Ammar 2024
            elsewhere: the neural-collapse package takes the mean of OOD *class* means, and computes
                its cosines by broadcasting one vector over the means
    """
    if features.dim() != 2 or features.shape[1] != means.shape[1] or len(features) == 0:
        shape = list(features.shape)
        raise ValueError(f"out-of-distribution features {shape}; allowed: [M, {means.shape[1]}]")
    foreign = sum(block.to(torch.float64).sum(0) for block in features.detach().split(512))
    return {"nc5": float((unit_rows(means) @ unit_rows(foreign[None]).T).abs().mean())}
