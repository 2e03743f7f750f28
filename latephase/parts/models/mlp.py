"""A fully connected ReLU network whose initial parameters are multiplied by ``init_scale``.

sakamoto2026 G1: [784, 200, 200, 200, 10], biases, torch's default initialisation times 8 (after
Omnigrok, where large initial weights delay generalisation).
"""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

PARAMETERS = {
    "widths": {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 1}},
    "init_scale": {"type": "number", "exclusiveMinimum": 0, "default": 1.0},
}


class Model(nn.Module):
    """Linear layers of the given hidden widths with ReLU between, and a linear head."""

    def __init__(self, shape: list[int], classes: int, widths: list[int], init_scale: float = 1.0):
        super().__init__()
        sizes = [math.prod(shape), *widths]
        self.hidden = nn.ModuleList(nn.Linear(m, n) for m, n in pairwise(sizes))
        self.head = nn.Linear(widths[-1], classes)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.mul_(init_scale)

    def features(self, x: Tensor) -> Tensor:
        """The last hidden layer after its ReLU: ``[N, ...]`` to ``[N, d]``."""
        x = x.flatten(1)
        for layer in self.hidden:
            x = layer(x).relu()
        return x

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``[N, K]``."""
        return self.head(self.features(x))

    @staticmethod
    def gradient(
        params: list[Tensor],
        grads: list[Tensor],
        buffers: list[Tensor],
        logit_gradient: Callable[[Tensor, Tensor], Tensor],
    ) -> Callable[[Tensor, Tensor], None]:
        """Written-out backpropagation of one run, for the CPU.

        ``params`` and ``grads`` are views of the run's parameters and gradients: weight and bias of
        each layer in turn. There are no ``buffers``. Returns a function of a batch ``x [B, ...]``
        and its targets ``[B, K]`` that fills ``grads`` with the gradient of the summed loss.
        Without a graph, and with memory for the activations that is kept from step to step, it
        takes about two thirds of autograd's time (``benchmarks/training.py``).
        """
        weights, biases = params[0::2], params[1::2]
        weight_grads, bias_grads = grads[0::2], grads[1::2]
        transposed = [weight.T for weight in weights]
        last = len(weights) - 1
        threshold_backward = torch.ops.aten.threshold_backward.grad_input  # ReLU's derivative
        memory: dict[int, list[list[Tensor]]] = {}

        def fill(x: Tensor, targets: Tensor) -> None:
            size = x.shape[0]
            if size not in memory:
                memory[size] = [[x.new_empty(size, len(w)) for w in weights] for _ in range(2)]
            outputs, deltas = memory[size]
            inputs = [x.flatten(1), *outputs[:-1]]
            for i in range(last + 1):
                torch.addmm(biases[i], inputs[i], transposed[i], out=outputs[i])
                if i < last:
                    outputs[i].relu_()
            delta = logit_gradient(outputs[last], targets)
            for i in range(last, -1, -1):
                above = delta
                torch.mm(above.T, inputs[i], out=weight_grads[i])
                torch.sum(above, 0, out=bias_grads[i])
                if i > 0:
                    delta = deltas[i - 1]
                    torch.mm(above, weights[i], out=delta)
                    threshold_backward(delta, inputs[i], 0, grad_input=delta)

        return fill
