"""NC0: the classifier's row sum, which must vanish for collapse (zhao2026)."""

from torch import Tensor, float64


def nc0_metrics(weight: Tensor) -> dict[str, float]:
    """Norm of the sum of the rows of W [K, d], the bias left out, in its three scalings.

    Returns:
        nc0: |W^T 1|_2, in units of W. This is what zhao2026 plots; its eq. 12 prints a factor 1/d.
            At torch's default initialisation sqrt(K/3) on average, for every d.
        nc0_normalized: |W^T 1|_2 / |W|_F, in [0, sqrt K], scale free (zhao2026 eq. 14 without its
            1/d). Prop. 2.1 there (collapse implies NC0) holds for this one.
        nc0_alpha: 1/K |W^T 1|_2^2, the alpha of the theorems of zhao2026; units of W squared.

    Float32 weights carry the rounding of their training: nc0 has a floor of 1e-6 to 1e-4 that
    exact arithmetic has not.
    """
    weight = weight.to(float64)
    row_sum = weight.sum(0).norm()
    return {
        "nc0": float(row_sum),
        "nc0_normalized": float(row_sum / weight.norm()),
        "nc0_alpha": float(row_sum**2 / weight.shape[0]),
    }
