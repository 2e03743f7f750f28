"""Every column of the family `curvature`."""

import math

import torch
from torch import Generator, Tensor, nn

from latephase.metrics.curvature import COLUMNS
from latephase.metrics.curvature.fisher_rao import fisher_rao_metrics
from latephase.metrics.curvature.hessian_eigenvalues import eigenvalue_metrics
from latephase.metrics.curvature.hessian_traces import matrix_layers, trace_metrics
from latephase.metrics.curvature.logit_margins import logit_margin_metrics
from latephase.metrics.curvature.mean_loss import Objective
from latephase.metrics.curvature.precise_loss import Loss
from latephase.metrics.curvature.sharpness import sharpness_metrics
from latephase.metrics.curvature.weight_norms import weight_norm_metrics
from latephase.metrics.finite import all_finite

OF_EVERY_NETWORK = tuple(c for c in COLUMNS if "<" not in c and c != "curvature_samples")
"""The columns that every network has."""


def curvature_metrics(
    model: nn.Module,
    parameters: dict[str, Tensor],
    inputs: Tensor,
    labels: Tensor,
    loss: Loss,
    generator: Generator,
) -> dict[str, float]:
    """Every column of the family, in float64 and evaluation mode.

    Args:
        model: maps inputs to logits. If there are logits at several places, the first one counts,
            which is an equation's answer, as in the other families.
        parameters: those of the model, by name (and its buffers, if they are not in the module).
        inputs, labels: [N, ...] and [N].
        loss: maps logits and one-hot targets [N, K] to the samples' losses [N]. The objective is
            their mean over the samples, whatever the training's reduction is.
        generator: for the starting vector and the random directions.

    Returns:
        curvature_samples: N
            The number of training samples on which the family was measured.
            split: train
            bias: –
            unit: samples
            range: [1, ∞)
            good: none: a size
            source: –
            elsewhere: –

    and the columns of :func:`latephase.metrics.curvature.hessian_traces.trace_metrics`,
    :func:`latephase.metrics.curvature.hessian_eigenvalues.eigenvalue_metrics`,
    :func:`latephase.metrics.curvature.sharpness.sharpness_metrics`,
    :func:`latephase.metrics.curvature.fisher_rao.fisher_rao_metrics`,
    :func:`latephase.metrics.curvature.weight_norms.weight_norm_metrics` and
    :func:`latephase.metrics.curvature.logit_margins.logit_margin_metrics`. All but the number of
    samples are NaN if a weight or a logit is not finite.
    """
    objective = Objective(model, parameters, inputs, labels, loss)
    logits = objective.logits()
    if not all(map(all_finite, (logits, *objective.parameters.values()))):
        return dict.fromkeys(columns(model), math.nan) | {"curvature_samples": float(len(inputs))}
    layers = (f"{name}.weight" for name in matrix_layers(model))
    norms = [objective.parameters[name].norm() for name in layers if name in objective.parameters]
    return {
        "curvature_samples": float(len(inputs)),
        **trace_metrics(objective, generator),
        **eigenvalue_metrics(objective, generator),
        **sharpness_metrics(objective, generator),
        **fisher_rao_metrics(objective),
        **weight_norm_metrics(objective.parameters),
        **logit_margin_metrics(logits, labels, torch.stack(norms).prod()),
    }


def columns(model: nn.Module) -> list[str]:
    """The family's columns for a network."""
    layers = [f"relative_flatness_layer_{name}" for name in matrix_layers(model)]
    return [
        "curvature_samples",
        *(f"{c}{end}" for c in layers for end in ("", "_error")),
        *OF_EVERY_NETWORK,
    ]
