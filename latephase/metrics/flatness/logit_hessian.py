"""A_i = ∂²ℓ/∂z², the Hessian of a sample's loss with respect to its K logits, in closed form.

It keeps all its digits when the classifier saturates. 1 − ‖p‖² and p_k(1 − p_k), computed as
written, are pure rounding from a loss of 1e-16 on (in float32 from 1e-7). So they are computed as
sums of positive terms here.
"""

from collections.abc import Callable

import torch
from torch import Tensor

ROWS_AT_ONCE = 512  # with a thousand classes, the K numbers of a sample need as much as features


def logit_hessian(
    loss: str, logits: Tensor, temperature: float = 1.0, over_classes: str = "sum"
) -> "SoftmaxHessian | ConstantHessian":
    """A of ℓ(z/τ) for logits z [N, K], float64; all NaN for a loss without a closed form here.

    `over_classes` says what "mse" does with the K squared errors of a sample: their "sum", "half"
    of their sum, or their "mean".
    """
    if loss == "cross_entropy":
        return SoftmaxHessian(logits, temperature)
    constants = {"sum": 2.0, "half": 1.0, "mean": 2 / logits.shape[1]}
    constant = constants[over_classes] if loss == "mse" else float("nan")
    return ConstantHessian(logits.new_tensor(constant / temperature**2), logits.shape[1])


class SoftmaxHessian:
    """A_i = (diag p_i − p_i p_iᵀ)/τ² with p = softmax(z/τ)."""

    def __init__(self, logits: Tensor, temperature: float):
        self.p = logits / temperature
        for block in self.p.split(ROWS_AT_ONCE):
            block.copy_(block.softmax(1))
        self.factor = 1 / temperature**2
        self._other = 1 - torch.eye(logits.shape[1], dtype=logits.dtype, device=logits.device)

    def trace_with(self, weight: Tensor) -> Tensor:
        """Tr(W Wᵀ A_i) [N] for W [K, d]: Var_p(w) = ½ Σ_st p_s p_t ‖w_s − w_t‖²."""
        distances = torch.cdist(weight, weight, compute_mode="donot_use_mm_for_euclid_dist")
        squares = distances.square()
        return self.factor / 2 * self._of_each(lambda p: ((p @ squares) * p).sum(1))

    def trace(self) -> Tensor:
        """Tr A_i [N]: 1 − ‖p‖² = Σ_{s≠t} p_s p_t."""
        return self.factor * self._of_each(lambda p: (p * (p @ self._other)).sum(1))

    def diagonal(self, samples: slice) -> Tensor:
        """A_i[s, s] [n, K] for some samples: p_s (1 − p_s) = p_s Σ_{t≠s} p_t."""
        p = self.p[samples]
        return self.factor * p * (p @ self._other)

    def _of_each(self, function: Callable[[Tensor], Tensor]) -> Tensor:
        """A number for each sample [N], computed from a block of p."""
        numbers = self.p.new_empty(len(self.p))
        for block, own in zip(self.p.split(ROWS_AT_ONCE), numbers.split(ROWS_AT_ONCE), strict=True):
            own.copy_(function(block))
        return numbers


class ConstantHessian:
    """A_i = c I, the same for every sample."""

    def __init__(self, constant: Tensor, classes: int):
        self.constant, self.classes = constant, classes

    def trace_with(self, weight: Tensor) -> Tensor:
        """Tr(W Wᵀ A): c ‖W‖_F²."""
        return self.constant * weight.square().sum()

    def trace(self) -> Tensor:
        """Tr A = c K."""
        return self.constant * self.classes

    def diagonal(self, samples: slice) -> Tensor:
        """A[s, s], the same for all samples and rows: [1, 1]."""
        return self.constant.view(1, 1)
