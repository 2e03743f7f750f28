"""Margins of the logits: the true class's logit minus the next largest one."""

import torch
from torch import Tensor

QUANTILE = 10  # per cent


def logit_margin_metrics(logits: Tensor, labels: Tensor, scale: Tensor) -> dict[str, float]:
    """Margins m_i = z_y − max_{k≠y} z_k over a set of samples, without and with normalisation.

    Args:
        logits: [N, K]; labels: [N].
        scale: the divisor of the normalised margins, Π_l ‖W_l‖_F.

    Margins between two given classes, in units of the features, are in
    :mod:`latephase.metrics.class_pair_margins`.

    Returns:
        logit_margin_mean: 1/N Σ_i m_i
            Negative margins, which are those of misclassified samples, are included.
            split: train
            bias: used
            unit: logit
            range: (−∞, ∞)
            good: large
            source: Bartlett 2017
            elsewhere: –
        logit_margin_smallest: min_i m_i
            Above 0 if and only if every sample is classified correctly.
            split: train
            bias: used
            unit: logit
            range: (−∞, ∞)
            good: large
            source: Lyu 2020
            elsewhere: –
        logit_margin_quantile_10: the value below which a tenth of the m_i lie
            It is interpolated linearly. Unlike the smallest margin, it does not depend on a single
            sample.
            split: train
            bias: used
            unit: logit
            range: (−∞, ∞)
            good: large
            source: Jiang 2020
            elsewhere: –
        logit_margin_normalized_mean: `logit_margin_mean` / Π_l ‖W_l‖_F
            The product is over the matrices of all linear and convolutional layers. Invariant to
            the scale of any layer in a network of these with ReLU and without biases.
            split: train
            bias: used in the margin, not in the norms
            unit: input
            range: (−∞, ∞)
            good: large
            source: Neyshabur 2017 (Frobenius)
            elsewhere: Bartlett 2017 divides by the product of the spectral norms, Lyu 2020 by
                ‖θ‖^L
        logit_margin_normalized_smallest: `logit_margin_smallest` / Π_l ‖W_l‖_F
            As `logit_margin_normalized_mean`.
            split: train
            bias: used in the margin, not in the norms
            unit: input
            range: (−∞, ∞)
            good: large
            source: Neyshabur 2017 (Frobenius)
            elsewhere: as `logit_margin_normalized_mean`
        logit_margin_normalized_quantile_10: `logit_margin_quantile_10` / Π_l ‖W_l‖_F
            As `logit_margin_normalized_mean`.
            split: train
            bias: used in the margin, not in the norms
            unit: input
            range: (−∞, ∞)
            good: large
            source: Neyshabur 2017 (Frobenius)
            elsewhere: as `logit_margin_normalized_mean`
    """
    logits = logits.to(torch.float64)
    true = logits.gather(1, labels[:, None])[:, 0]
    others = logits.scatter(1, labels[:, None], -torch.inf)
    margins = (true - others.amax(1)).sort().values  # NaN comes last
    margins = torch.where(margins.isfinite().all(), margins, torch.nan)
    # The same as NumPy's quantile. torch's own accepts at most 16 million numbers.
    place = QUANTILE / 100 * (len(margins) - 1)
    below, above = margins[int(place)], margins[min(int(place) + 1, len(margins) - 1)]
    values = {
        "mean": margins.mean(),
        "smallest": margins[0],
        f"quantile_{QUANTILE}": below + (place - int(place)) * (above - below),
    }
    plain = {f"logit_margin_{name}": float(value) for name, value in values.items()}
    return plain | {
        f"logit_margin_normalized_{name}": float(value / scale) for name, value in values.items()
    }
