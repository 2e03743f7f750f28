"""NC5: whether features of foreign data are orthogonal to the class means."""

import torch
from torch import Tensor

from latephase.metrics.collapse.nc2_frames import unit_rows


def out_of_distribution_metrics(means: Tensor, features: Tensor) -> dict[str, float]:
    """NC5 of the class means [C, d] and the features [M, d] of out-of-distribution samples.

    Raises ValueError if the features are none, or not a matrix as wide as the means: a single
    vector, or a matrix of class means, would broadcast to a number without meaning.

    Returns:
        nc5: mean_c |cos(μ_c, μ_OOD)|
            μ_c uncentred, μ_OOD the mean of the out-of-distribution samples. Free of scale and
            rotation, not of a shift. Computed only if such samples are given; the pipeline has no
            such column.
            split: means of train, out-of-distribution samples
            bias: not used
            unit: 1
            range: [0, 1]
            good: 0
            source: Ammar 2024
            elsewhere: the neural-collapse package takes the mean of OOD *class* means, and
                gets its cosines by broadcasting one vector over the means
    """
    if features.dim() != 2 or features.shape[1] != means.shape[1] or len(features) == 0:
        shape = list(features.shape)
        raise ValueError(f"out-of-distribution features {shape}; allowed: [M, {means.shape[1]}]")
    foreign = sum(block.to(torch.float64).sum(0) for block in features.detach().split(512))
    return {"nc5": float((unit_rows(means) @ unit_rows(foreign[None]).T).abs().mean())}
