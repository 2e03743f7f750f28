"""A network's mean loss as a function of its parameters: value, gradient and curvature."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel

from latephase.metrics.curvature.precise_loss import Loss, precise

Parameters = dict[str, Tensor]
NUMBERS_AT_ONCE = 2**23  # of a block of samples; a Hessian keeps about ten times as many


class Objective:
    """L(θ) = 1/N Σ_i ℓ(f_θ(x_i), y_i), with the network in evaluation mode.

    Args:
        model: maps inputs [N, ...] to logits [N, K], or [N, P, K] at several places. Then the first
            place counts, which is the answer of an equation.
        parameters: θ by name, and buffers that are not the module's own.
        inputs, labels: the N samples; labels [N] are integers below K.
        loss: ℓ, which maps logits and one-hot targets to the samples' losses, a `per_sample` of
            :mod:`latephase.parts.losses`.
        dtype: the type of all computations.

    Samples are processed in blocks, so the memory does not grow with N. A sum over a block is
    divided by N, not by the block's size, because the mean losses of blocks do not add up to the
    mean.
    """

    def __init__(
        self,
        model: nn.Module,
        parameters: Parameters,
        inputs: Tensor,
        labels: Tensor,
        loss: Loss,
        dtype: torch.dtype = torch.float64,
    ):
        self.model, self.dtype = model.eval(), dtype
        self.inputs, self.labels = inputs, labels
        self.loss, self.per_sample = loss, precise(loss)
        named = {n: self._cast(t) for n, t in (dict(model.named_buffers()) | parameters).items()}
        self.parameters = {name: named.pop(name) for name, _ in model.named_parameters()}
        self.buffers = named
        numbers, self.classes = self._probe()
        self.samples_at_once = max(1, NUMBERS_AT_ONCE // numbers)

    def outputs(self, parameters: Parameters, inputs: Tensor) -> Tensor:
        """The logits f_θ(x) [n, K]."""
        with sdpa_kernel(SDPBackend.MATH):  # the only attention that can be differentiated twice
            logits = functional_call(self.model, self.buffers | parameters, (inputs,))
        return logits if logits.ndim == 2 else logits[:, 0]

    def blocks(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Inputs [n, ...] and one-hot targets [n, K] of all samples, a limited part at a time."""
        size = self.samples_at_once
        for inputs, labels in zip(self.inputs.split(size), self.labels.split(size), strict=True):
            targets = nn.functional.one_hot(labels, self.classes).to(self.dtype)
            yield self._cast(inputs), targets

    @torch.no_grad()
    def logits(self) -> Tensor:
        """f_θ(x) [N, K] for all samples."""
        return torch.cat([self.outputs(self.parameters, inputs) for inputs, _ in self.blocks()])

    @torch.no_grad()
    def value(self, parameters: Parameters) -> Tensor:
        """L at other parameters."""
        total = 0
        for inputs, targets in self.blocks():
            total = total + self.per_sample(self.outputs(parameters, inputs), targets).sum()
        return total / len(self.inputs)

    def gradient(self) -> Parameters:
        """∂L/∂θ."""
        total = {name: torch.zeros_like(tensor) for name, tensor in self.parameters.items()}
        for block in self.blocks():
            _, slopes = self._slopes(*block, create_graph=False)
            for name, slope in slopes.items():
                total[name] += slope
        return total

    def hessian_product(self) -> Callable[[Parameters], Parameters]:
        """A function v ↦ H v for vectors of some parameters, and their part of H.

        The graph of the gradient is made once and kept, if all samples fit into one block.
        """
        kept = None
        if len(self.inputs) <= self.samples_at_once:
            kept = self._slopes(*next(self.blocks()), create_graph=True)

        def product(vectors: Parameters) -> Parameters:
            total = {name: torch.zeros_like(vector) for name, vector in vectors.items()}
            blocks = self.blocks() if kept is None else [None]
            for block in blocks:
                leaves, slopes = kept or self._slopes(*block, create_graph=True)
                linear = [name for name in vectors if slopes[name].requires_grad]
                images = torch.autograd.grad(
                    [slopes[name] for name in linear],
                    [leaves[name] for name in vectors],
                    [vectors[name] for name in linear],
                    retain_graph=kept is not None,
                    materialize_grads=True,
                )
                for name, image in zip(vectors, images, strict=True):
                    total[name] += image
            return total

        return product

    @torch.enable_grad()
    def _slopes(
        self, inputs: Tensor, targets: Tensor, create_graph: bool
    ) -> tuple[Parameters, Parameters]:
        """The parameters as leaves, and a block's part of the gradient with respect to them."""
        leaves = {n: t.clone().requires_grad_() for n, t in self.parameters.items()}
        losses = self.per_sample(self.outputs(leaves, inputs), targets)
        slopes = torch.autograd.grad(
            losses.sum() / len(self.inputs),
            list(leaves.values()),
            create_graph=create_graph,
            materialize_grads=True,
        )
        return leaves, dict(zip(leaves, slopes, strict=True))

    def _cast(self, tensor: Tensor) -> Tensor:
        """Convert to the dtype of the computation. Tokens and counters stay integers."""
        return tensor.detach().to(self.dtype) if tensor.is_floating_point() else tensor.detach()

    @torch.no_grad()
    def _probe(self) -> tuple[int, int]:
        """How many numbers a sample produces on its way through the network, and K."""
        numbers = self.inputs[:1].numel()

        def count(module: nn.Module, args: tuple, output: Tensor) -> None:
            nonlocal numbers
            numbers += output.numel() if isinstance(output, Tensor) else 0
            if isinstance(module, nn.Conv2d):  # its patches, see hessian_traces
                numbers += output[0, 0].numel() * module.weight[0].numel() + module.weight.numel()

        hooks = [module.register_forward_hook(count) for module in self.model.modules()]
        try:
            logits = self.outputs(self.parameters, self._cast(self.inputs[:1]))
        finally:
            for hook in hooks:
                hook.remove()
        return numbers, logits.shape[1]
