"""What a network puts out on a whole set of samples, in evaluation mode."""

import torch
from torch import Tensor, nn
from torch.func import functional_call

from latephase import parts
from latephase.spec import Spec

CHUNK = 8192
"""Samples a forward pass takes at once: bounds the activations' memory."""


def build_model(spec: Spec, shape: list[int], classes: int) -> nn.Module:
    """The network of a spec, initialised from torch's global generator."""
    entry = spec["model"]
    return parts.load("model", entry["name"]).Model(shape, classes, **parts.arguments(entry))


class _Outputs(nn.Module):
    """Features and logits in one call, for ``functional_call``."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.model.features(x)
        return features, self.model.head(features)


@torch.no_grad()
def outputs(
    model: nn.Module, parameters: dict[str, Tensor], inputs: Tensor
) -> tuple[Tensor, Tensor]:
    """Penultimate features ``[N, d]`` and logits ``[N, K]`` of one run's parameters."""
    named = {f"model.{name}": tensor for name, tensor in parameters.items()}
    network = _Outputs(model).eval()
    chunks = [functional_call(network, named, (x,)) for x in inputs.split(CHUNK)]
    features, logits = zip(*chunks, strict=True)
    return torch.cat(features), torch.cat(logits)


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """Share of samples whose largest logit is their label's."""
    return (logits.argmax(-1) == labels).double().mean().item()
