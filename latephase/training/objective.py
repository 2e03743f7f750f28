"""What a step minimises: a batch's loss at a temperature, plus a regulariser's penalty."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call

from latephase.runs import parts
from latephase.runs.spec import Spec

Objective = Callable[[dict[str, Tensor], Tensor, Tensor, "float | Tensor"], Tensor]
"""A function of tensors by name, inputs ``[B, ...]``, targets ``[B, K]`` and the strength."""


def is_plain(settings: Spec) -> bool:
    """Whether the objective is only the loss of the unchanged logits."""
    return "regularizer" not in settings and settings.get("temperature", 1.0) == 1.0


def objective(model: nn.Module, settings: Spec) -> Objective:
    """The objective of a network in given settings (:mod:`latephase.runs.interventions`)."""
    loss, temperature = settings["loss"], settings.get("temperature", 1.0)
    per_sample = parts.load("loss", loss["name"]).per_sample
    reduce = torch.mean if loss["reduction"] == "mean" else torch.sum

    def of_logits(logits: Tensor, targets: Tensor) -> Tensor:
        scaled = logits if temperature == 1.0 else logits / temperature
        return reduce(per_sample(scaled, targets))

    if "regularizer" not in settings:
        return lambda tensors, x, y, _: of_logits(functional_call(model, tensors, (x,)), y)

    entry = settings["regularizer"]
    penalty = parts.load("regularizer", entry["name"]).penalty
    arguments = {key: value for key, value in parts.arguments(entry).items() if key != "strength"}

    def regularised(
        tensors: dict[str, Tensor], x: Tensor, y: Tensor, strength: float | Tensor
    ) -> Tensor:
        logits, features = _with_features(model, tensors, x)
        value = of_logits(logits, y)
        if logits.ndim > 2:  # the first of several places has the answer
            logits, features, y = logits[:, 0], features[:, 0], y[:, 0]
        return value + strength * penalty(features, logits, y, tensors["head.weight"], **arguments)

    return regularised


def _with_features(
    model: nn.Module, tensors: dict[str, Tensor], x: Tensor
) -> tuple[Tensor, Tensor]:
    """Logits, and the head's inputs, from a single forward pass.

    Batch normalisation therefore sees a batch only once.
    """
    seen = []
    handle = model.head.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    try:
        logits = functional_call(model, tensors, (x,))
    finally:
        handle.remove()
    return logits, seen[-1]
