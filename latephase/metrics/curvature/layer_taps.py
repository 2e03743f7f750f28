"""A layer's part of the Gauss–Newton matrix, recorded in a forward and a backward pass.

A sample has layer inputs a_t and derivatives δ_t with respect to the layer's outputs. t runs over
the positions of an image or a sequence; in a plain network there is one position. The derivative
with respect to the layer's matrix W is G = Σ_t δ_t a_tᵀ. Two squared norms are needed, computed
without G if that is cheaper:

    ‖WᵀG‖_F² = Σ_tt' ⟨a_t, a_t'⟩ ⟨Wᵀδ_t, Wᵀδ_t'⟩    and    ‖G‖_F² = Σ_tt' ⟨a_t, a_t'⟩ ⟨δ_t, δ_t'⟩

A convolution is the matrix of its unfolded kernels, with one row for each output channel, which
acts on the patch at each position. With g groups it is g such matrices.
"""

import torch
from torch import Tensor, nn

MATRIX_LAYERS = (nn.Linear, nn.Conv2d)


def matrices(module: nn.Module, weight: Tensor) -> Tensor:
    """A layer's weight as matrices of rows, [g, m/g, d/g] with g groups (1 for a linear layer)."""
    return weight.reshape(getattr(module, "groups", 1), -1, weight[0].numel())


class Tap:
    """One call of a layer. The deltas are derivatives with respect to `outputs`."""

    outputs: Tensor


class MatrixTap(Tap):
    """A call of a linear or convolutional layer."""

    def __init__(self, module: nn.Module, inputs: Tensor):
        self.module = module
        weight = matrices(module, module.weight)  # [g, m, d]
        _, rows, columns = weight.shape
        # ‖Wᵀδ‖ = ‖Rδ‖ with Wᵀ = QR. This is as accurate, and smaller if there are fewer rows.
        self.against = torch.linalg.qr(weight.mT).R.mT if rows < columns else weight
        inputs = _patches(module, inputs)  # [n, g, T, d]
        positions = inputs.shape[2]
        self.by_pairs = positions == 1 or positions * (rows + columns) <= rows * columns
        # Computed now, because a later layer may overwrite the inputs.
        self.inputs = inputs @ inputs.mT if self.by_pairs else inputs.clone()

    def kappa(self, delta: Tensor) -> Tensor:
        """‖WᵀG‖² [n] from δ, which has the shape of the layer's outputs."""
        spread = torch.einsum("ngtm,gmq->ngtq", self._at_positions(delta), self.against)
        return self._squared_norm(spread)

    def trace(self, delta: Tensor) -> Tensor:
        """The squared norm [n] of the derivative with respect to the layer's weight and bias."""
        delta = self._at_positions(delta)
        total = self._squared_norm(delta)
        if self.module.bias is not None:
            total = total + delta.sum(2).square().sum((1, 2))
        return total

    def _squared_norm(self, vectors: Tensor) -> Tensor:
        """‖Σ_t v_t a_tᵀ‖_F² [n] of vectors [n, g, T, q]."""
        if not self.by_pairs:
            return (vectors.mT @ self.inputs).square().sum((1, 2, 3))
        if vectors.shape[2] == 1:
            return (self.inputs[:, :, 0, 0] * vectors.square().sum((2, 3))).sum(1)
        return (self.inputs * (vectors @ vectors.mT)).sum((1, 2, 3))

    def _at_positions(self, outputs: Tensor) -> Tensor:
        """A tensor of the shape of the layer's outputs as [n, g, T, m]."""
        if isinstance(self.module, nn.Linear):
            return outputs.reshape(len(outputs), 1, -1, outputs.shape[-1])
        return outputs.reshape(len(outputs), self.module.groups, -1, outputs[0, 0].numel()).mT


class BatchNormTap(Tap):
    """A call of a batch normalisation in evaluation mode, γ x̂ + β."""

    def __init__(self, module: nn.Module, inputs: Tensor):
        shape = (1, -1) + (1,) * (inputs.dim() - 2)
        scale = (module.running_var + module.eps).sqrt()
        normalised = (inputs - module.running_mean.view(shape)) / scale.view(shape)
        self.normalised = normalised.flatten(2) if inputs.dim() > 2 else normalised[:, :, None]

    def trace(self, delta: Tensor) -> Tensor:
        """The squared norm [n] of the derivative with respect to γ and β."""
        delta = delta.reshape(self.normalised.shape)
        by_scale, by_shift = (delta * self.normalised).sum(2), delta.sum(2)
        return by_scale.square().sum(1) + by_shift.square().sum(1)


def _patches(module: nn.Module, inputs: Tensor) -> Tensor:
    """The inputs of each position of the outputs, [n, g, T, d]."""
    if isinstance(module, nn.Linear):
        return inputs.reshape(len(inputs), 1, -1, inputs.shape[-1])
    mode = "constant" if module.padding_mode == "zeros" else module.padding_mode
    padded = nn.functional.pad(inputs, module._reversed_padding_repeated_twice, mode=mode)
    columns = nn.functional.unfold(
        padded, module.kernel_size, dilation=module.dilation, stride=module.stride
    )
    return columns.reshape(len(inputs), module.groups, -1, columns.shape[-1]).mT


TAPS = {
    nn.Linear: MatrixTap,
    nn.Conv2d: MatrixTap,
    nn.BatchNorm1d: BatchNormTap,
    nn.BatchNorm2d: BatchNormTap,
}
