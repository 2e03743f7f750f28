"""The gradients of a step's batches, by written-out backpropagation or by autograd.

Each function prepares what does not change from step to step, and returns another function. That
function takes the indices ``[R, B]`` of the runs' batches and returns their gradients ``[R, P]``,
which are valid until its next call. It changes buffers, as any forward pass in training mode does.
The settings are those that hold at the step (:mod:`latephase.runs.interventions`), one for each
run. They differ only in numbers. ``augment`` changes inputs ``[n, ...]``, given the indices ``[R,
B]`` of their samples.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.func import vmap

from latephase.datasets.streamed import OneHot, Streamed
from latephase.parts.parameter_rows import Layout
from latephase.runs import parts
from latephase.runs.spec import Spec
from latephase.training.objective import objective

Gradient = Callable[[Tensor], Tensor]
Augment = Callable[[Tensor, Tensor], Tensor]
METHODS = ("gradient", "features", "forward", "both_features")
LARGE = 1_000_000
"""For a network with this many parameters or more, it does not pay to reorder the weights."""


def is_written(model: torch.nn.Module) -> bool:
    """Whether a model's written-out backpropagation computes the gradient of its forward pass.

    It does not for a subclass that has other features or another forward pass.
    """
    of = [next((c for c in type(model).__mro__ if n in vars(c)), None) for n in METHODS]
    return of[0] is not None and all(c is None or issubclass(of[0], c) for c in of[1:])


def written(
    model: torch.nn.Module,
    layout: Layout,
    settings: list[Spec],
    params: Tensor,
    buffers: Tensor,
    inputs: Tensor | Streamed,
    targets: Tensor | OneHot,
    augment: Augment = lambda x, _: x,
) -> Gradient:
    """The gradients of one run with a plain objective, by the model's own backpropagation."""
    loss = settings[0]["loss"]
    grads = torch.empty_like(params)
    last = channels_last(layout, params, inputs)
    fill = model.gradient(
        list(layout.views(params[0]).values()),
        list(layout.views(grads[0]).values()),
        list(layout.buffer_views(buffers[0]).values()),
        parts.load("loss", loss["name"]).logit_gradient,
    )
    x_rows, y_rows = rows_of(inputs), rows_of(targets)

    def gradient(index: Tensor) -> Tensor:
        x = augment(x_rows(index[0]), index)
        x = x.to(memory_format=torch.channels_last) if last else x
        y = y_rows(index[0])
        fill(x, y)
        # A sample with answers at several places has a loss at each of them.
        return grads.div_(y.shape[:-1].numel()) if loss["reduction"] == "mean" else grads

    return gradient


def rows_of(samples: Tensor | Streamed | OneHot) -> Callable[[Tensor], Tensor]:
    """A function that returns the rows of samples at indices ``[B]``, valid until its next call.

    NumPy copies short rows in a third of the time that torch needs.
    """
    if not isinstance(samples, Tensor):
        return lambda index: samples.index_select(0, index)
    stored, memory = samples.numpy(), {}

    def rows(index: Tensor) -> Tensor:
        size = len(index)
        if size not in memory:
            memory[size] = samples.new_empty(size, *samples.shape[1:])
        # "clip" writes into the memory directly. With another mode, NumPy copies once more.
        np.take(stored, index.numpy(), 0, out=memory[size].numpy(), mode="clip")
        return memory[size]

    return rows


def channels_last(layout: Layout, params: Tensor, inputs: Tensor | Streamed) -> bool:
    """Whether to store maps with their channels last.

    On a CPU, convolutions of such maps take a fifth less time. But the weights must be reordered,
    which in large networks costs more than that. A strided convolution of 1×1 with fewer than 16
    channels writes beyond its memory in this layout (oneDNN 3.12, its issue 6035).
    """
    alone = len(params) == 1 and params.device.type == "cpu"
    kernels = [shape for shape in layout.shapes.values() if len(shape) == 4]
    broken = any(shape[1] < 16 and tuple(shape[2:]) == (1, 1) for shape in kernels)
    small = params.numel() < LARGE
    return alone and bool(kernels) and not broken and inputs.ndim == 4 and small


def automatic(
    model: torch.nn.Module,
    layout: Layout,
    settings: list[Spec],
    params: Tensor,
    buffers: Tensor,
    inputs: Tensor | Streamed,
    targets: Tensor | OneHot,
    augment: Augment = lambda x, _: x,
) -> Gradient:
    """The gradients by autograd. Several runs are computed together, along a run axis.

    A single run is computed without vmap, which would turn a network's convolutions into slow
    grouped ones.
    """
    model.train()  # an evaluation leaves it in evaluation mode
    alone = len(params) == 1
    leaf = (params[0] if alone else params).detach().requires_grad_()
    kept = layout.buffer_views(buffers[0] if alone else buffers)
    last = channels_last(layout, params, inputs)
    of_batch = objective(model, settings[0])
    strengths = [run.get("regularizer", {}).get("strength", 0.0) for run in settings]

    def of_row(
        row: Tensor, kept: dict[str, Tensor], x: Tensor, y: Tensor, strength: float | Tensor
    ) -> Tensor:
        return of_batch(layout.views(row) | kept, x, y, strength)

    def one(index: Tensor) -> Tensor:
        x, y = (tensor.index_select(0, index[0]) for tensor in (inputs, targets))
        x = augment(x, index)
        x = x.to(memory_format=torch.channels_last) if last else x
        value = of_row(leaf, kept, x, y, strengths[0])
        return torch.autograd.grad(value, leaf)[0].unsqueeze(0)

    column = params.new_tensor(strengths)

    def several(index: Tensor) -> Tensor:
        x, y = (tensor.index_select(0, index.flatten()) for tensor in (inputs, targets))
        x, y = augment(x, index).unflatten(0, index.shape), y.unflatten(0, index.shape)
        # If a tensor is not contiguous, vmap's batch normalisation changes a copy of it.
        moving = {name: view.clone() for name, view in kept.items()}
        total = vmap(of_row)(leaf, moving, x, y, column).sum()
        for name, view in kept.items():
            view.copy_(moving[name])
        return torch.autograd.grad(total, leaf)[0]

    return one if alone else several
