"""Margins between two classes in the last layer's feature space."""

from torch import Tensor


def margin(logits: Tensor, weight: Tensor, a: int, b: int) -> Tensor:
    """Signed distance of features to the boundary of classes a and b: logits ``[N, K]`` to ``[N]``.

        (⟨w_a − w_b, g(x)⟩ + b_a − b_b) / ‖w_a − w_b‖ = (z_a − z_b) / ‖w_a − w_b‖

    It is in units of the features, and positive on the side of a (sakamoto2026, Figs. 2, 5, 8; the
    released notebook has the opposite sign of the bias).
    """
    weight = weight.double()
    return (logits[:, a] - logits[:, b]).double() / (weight[a] - weight[b]).norm()
