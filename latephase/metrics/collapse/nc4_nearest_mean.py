"""NC4: whether the network decides like the nearest class mean."""

import math

import torch
from torch import Tensor

from latephase.metrics.collapse.nc1_variability import Between


class Decisions:
    """Samples on which the linear classifier and the nearest training mean agree.

    The computation uses deviations from the means of the samples' own classes, in a few products
    with the rows of W and the directions of the training means. So an offset of the features and
    the norm of the means cost no digits, however deep the collapse is.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, own_means: Tensor, train: Between):
        """W [K, d]; b [K] or None; the means [K, d] from which the deviations are taken."""
        logits = own_means @ weight.T
        exact = "donot_use_mm_for_euclid_dist"
        squares = own_means.new_full(logits.shape, math.inf)  # a missing class is never nearest
        squares[:, train.present] = torch.cdist(own_means, train.means, 2.0, exact).square()
        # Scores of all classes at each class's own mean [K, 3, K]: Wμ + b, Wμ, −½‖μ − μ_c‖².
        self.at_means = torch.stack(
            [logits if bias is None else logits + bias, logits, -squares / 2], dim=1
        )
        # Away from this mean, −½‖h − μ_c‖² grows by ⟨h − μ, μ_c⟩ plus a term that is the same for
        # all c.
        self.towards = weight.new_zeros(len(train.scales), len(weight))
        self.towards[:, train.present] = (train.centred @ train.directions).T
        # If all means coincide, none is the nearest.
        start = math.nan if len(train.counts) > 1 and len(train.scales) == 0 else 0.0
        self.agreeing = own_means.new_full((2,), start)  # with the bias, and without

    def add(self, labels: Tensor, products: Tensor, along: Tensor) -> None:
        """Add a block: (h − μ_y) Wᵀ [B, K], and h − μ_y along the directions [B, r]."""
        scores = self.at_means.index_select(0, labels)
        scores[:, :2] += products[:, None]
        scores[:, 2] += along @ self.towards
        decisions = scores.max(2).indices
        self.agreeing += (decisions[:, :2] == decisions[:, 2:]).sum(0)


def nearest_mean_metrics(agreeing: Tensor, samples: int, split: str) -> dict[str, float]:
    """NC4 of a split, "train" or "test", from the number of agreeing samples with and without bias.

    The nearest mean is always that of a training class: argmin_c ‖h − μ_c‖. A class without
    training samples is never the nearest, so a sample that is classified as such is a disagreement.
    If several means are nearest, or several logits are largest, the class with the smallest number
    counts. If all means coincide, as in a network of dead units, the share is NaN.

    Returns:
        nc4_agreement_train, nc4_agreement_test: share of h with argmax(Wh + b) = argmin_c ‖h − μ_c‖
            The decision is the network's own, with its bias. It does not change if the features are
            shifted and b is adapted, nor with rotations or scale.
            split: the name's; means always of train
            bias: used
            unit: 1
            range: [0, 1]
            good: 1
            source: Papyan 2020 (as a mismatch, train)
            elsewhere: the neural-collapse package and zhao2026 leave out the bias and take test:
                `nc4_agreement_test_without_bias`; "NC4" of tding1 and jinxinzhou is ‖Wμ_G + b‖,
                here `output_at_global_mean`
        nc4_agreement_train_without_bias, nc4_agreement_test_without_bias: the same for argmax(Wh)
            If the network has a bias, this is not its decision. The value changes if the features
            are shifted.
            split: the name's; means always of train
            bias: left out
            unit: 1
            range: [0, 1]
            good: 1
            source: zhao2026, NC4 (test)
            elsewhere: "nc4_agree" of the neural-collapse package
        nc4_mismatch_train, nc4_mismatch_test: 1 − `nc4_agreement_train`, 1 − `nc4_agreement_test`
            split: the name's; means always of train
            bias: used
            unit: 1
            range: [0, 1]
            good: 0
            source: Papyan 2020, Figure 7 (train)
            elsewhere: called NC4, like its complement
        nc4_mismatch_train_without_bias, nc4_mismatch_test_without_bias: 1 − the agreement
            The agreement is `nc4_agreement_train_without_bias` or
            `nc4_agreement_test_without_bias`.
            split: the name's; means always of train
            bias: left out
            unit: 1
            range: [0, 1]
            good: 0
            source: –
            elsewhere: –
    """
    shares = (agreeing / samples).tolist()
    mismatches = ((samples - agreeing) / samples).tolist()
    return {
        f"nc4_agreement_{split}": shares[0],
        f"nc4_agreement_{split}_without_bias": shares[1],
        f"nc4_mismatch_{split}": mismatches[0],
        f"nc4_mismatch_{split}_without_bias": mismatches[1],
    }


def global_mean_metrics(weight: Tensor, bias: Tensor | None, between: Between) -> dict[str, float]:
    """The network's output at the mean of its training features.

    Returns:
        output_at_global_mean: ‖Wμ_G + b‖
            μ_G is the mean of the samples. ‖Wμ_G‖ without a bias.
            split: train
            bias: used
            unit: logit
            range: [0, ∞)
            good: 0 for cross-entropy; 1/√K for the squared loss to one-hot targets
            source: Zhu 2021 and Zhou 2022, who call it NC4
            elsewhere: despite this name, it does not measure the nearest-mean rule
    """
    output = weight @ (between.counts @ between.means / between.counts.sum())
    return {"output_at_global_mean": float((output if bias is None else output + bias).norm())}
