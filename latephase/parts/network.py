"""The outputs of a network on a whole set of samples, in evaluation mode."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.func import functional_call

from latephase.datasets.streamed import Streamed
from latephase.runs import parts
from latephase.runs.spec import Spec

CHUNK = 8192
"""Samples in one forward pass. This limits the memory for the activations."""
CHUNK_OF_MAPS = 512
"""The same for a network with convolutions or positions, whose layers have maps as outputs."""


def build_model(spec: Spec, header: dict) -> nn.Module:
    """The network of a spec, initialised from torch's global generator.

    ``header`` is the header of the data (:func:`latephase.datasets.prepare.prepare`). Its shape and
    classes are used, and for integers also vocabulary and padding, if it has them.
    """
    entry = spec["model"]
    given = parts.arguments(entry)
    if len(header["shape"]) == 1:
        given |= {key: header.get(key) for key in parts.OF_INTEGERS}
    model = parts.load("model", entry["name"]).Model(header["shape"], header["classes"], **given)
    for module in model.modules():
        if getattr(module, "momentum", None) is not None:
            module.num_batches_tracked = None  # a counter that batch normalisation does not use
    return model


class _Calling(nn.Module):
    """A network whose given method is its forward pass, for ``functional_call``."""

    def __init__(self, model: nn.Module, method: str):
        super().__init__()
        self.model, self.method = model, method

    def forward(self, x: Tensor) -> Tensor:
        return getattr(self.model, self.method)(x)


@torch.no_grad()
def outputs(
    model: nn.Module, tensors: dict[str, Tensor], inputs: Tensor | Streamed, method: str
) -> Tensor:
    """The output of a method of the network for all samples.

    ``tensors`` are one run's parameters and buffers.
    """
    named = {f"model.{name}": tensor for name, tensor in tensors.items()}
    network = _Calling(model, method).eval()
    maps = any(parameter.ndim > 2 for parameter in model.parameters())
    chunks = inputs.split(CHUNK_OF_MAPS if maps else CHUNK)
    return gathered((functional_call(network, named, (x,)) for x in chunks), len(inputs))


def gathered(chunks: Iterable[Tensor], rows: int) -> Tensor:
    """Chunks joined along their rows. There are ``rows`` in all, at least one.

    At most two chunks are in memory in addition to the result. The features of ImageNet are 10 GB,
    and they fit into memory only once.
    """
    chunks = iter(chunks)
    chunk = next(chunks)
    whole, at = chunk.new_empty(rows, *chunk.shape[1:]), 0
    while chunk is not None:
        whole[at : at + len(chunk)] = chunk
        at, chunk = at + len(chunk), next(chunks, None)
    return whole


def features(model: nn.Module, tensors: dict[str, Tensor], inputs: Tensor | Streamed) -> Tensor:
    """Penultimate features ``[N, d]``, with one run's parameters and buffers."""
    return outputs(model, tensors, inputs, "features")


def logits(model: nn.Module, tensors: dict[str, Tensor], inputs: Tensor | Streamed) -> Tensor:
    """Logits ``[N, K]``, or ``[N, P, K]`` at several positions, with one run's tensors.

    ``tensors`` are the run's parameters and buffers.
    """
    return outputs(model, tensors, inputs, "forward")


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """The share of samples whose largest logit is that of their label: ``[N, K]``, ``[N]``.

    With several positions, ``[N, P, K]`` and ``[N, P]``, this must hold at each of them.
    """
    right = (logits.argmax(-1) == labels).view(len(labels), -1).all(1)
    return right.double().mean().item()
