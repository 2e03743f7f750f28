"""NC3: whether the classifier's rows equal the centred class means, up to one scale."""

import math

from torch import Tensor

from latephase.metrics.collapse.nc2_frames import etf_distance


def duality_metrics(weight: Tensor, centred: Tensor) -> dict[str, float]:
    """NC3 of the rows of W and the centred class means M̄, both [C, d], of the classes present.

    The mean of the class means is subtracted in M̄; nothing is subtracted from W. The columns do not
    change if the features are shifted, or if features and W are rotated together. All except `unc3`
    do not change with the scale of the features or of W.

    Returns:
        nc3_duality: ‖W/‖W‖_F − M̄/‖M̄‖_F‖_F
            About √2 if W and M̄ are unrelated, as at initialisation. NaN if W is 0, or if all class
            means coincide.
            split: train
            bias: not used
            unit: 1
            range: [0, 2]
            good: 0
            source: zhao2026, eq. 10, without its factor 1/(Kd), as plotted
            elsewhere: Papyan 2020 plots the square; "NC3" of the neural-collapse package and of
                tding1 is `nc3_product`
        nc3_product: ‖WM̄ᵀ/‖WM̄ᵀ‖_F − E_C‖_F, E_C = (I − J/C)/√(C − 1)
            0 does not imply that M̄ or W is a simplex.
            split: train
            bias: not used
            unit: 1
            range: [0, 2]
            good: 0
            source: Zhu 2021; zhao2026, NC2M, without its factor 1/K²
            elsewhere: `self_duality_error` in the neural-collapse package; tding1 centres M̄ at the
                mean of the samples
        nc3_product_centred: the same, for the rows of W minus their mean
            It does not depend on NC0, like `nc2_etf_weight_centred`.
            split: train
            bias: not used
            unit: 1
            range: [0, 2]
            good: 0
            source: Zhou 2022, "NC3" (code of jinxinzhou)
            elsewhere: plotted there under the name of `nc3_product`
        nc3_cosine: mean_c cos(w_c, μ_c − μ̄_G)
            Every class has its own scale. NaN if a row is 0.
            split: train
            bias: not used
            unit: 1
            range: [−1, 1]
            good: 1
            source: Wu and Papyan 2024 (mean of `similarities(…, cos=True)` in the neural-collapse
                package)
            elsewhere: kongwanbianjinyu logs mean(1 − cos)
        unc3: var_c ⟨w_c, μ_c − μ̄_G⟩
            Uniform duality: the sample variance (divided by C − 1) of the products. They are not
            normalised, so it changes with the square of the scale of W, and of the features.
            split: train
            bias: not used
            unit: logit²
            range: [0, ∞)
            good: 0
            source: Wu and Papyan 2024, "UNC3"
            elsewhere: `similarities(…).var()` in the neural-collapse package, the same; with
                `cos=True` it is the variance of cosines
    """
    products = (weight * centred).sum(1)
    return {
        "nc3_duality": float((weight / weight.norm() - centred / centred.norm()).norm()),
        "nc3_product": etf_distance(weight @ centred.T),
        "nc3_product_centred": etf_distance((weight - weight.mean(0)) @ centred.T),
        "nc3_cosine": float((products / (weight.norm(dim=1) * centred.norm(dim=1))).mean()),
        "unc3": float(products.var()) if len(products) > 1 else math.nan,
    }
