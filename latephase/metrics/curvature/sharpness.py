"""Sharpness: how much the training loss rises near the weights."""

import torch
from torch import Generator, Tensor

from latephase.metrics.curvature.mean_loss import Objective, Parameters

SAM_RADIUS = 0.05
ADAPTIVE_RADIUS = 0.5
NOISE = 0.01
RELATIVE_NOISE = 0.1
PAIRS = 10


def sharpness_metrics(
    objective: Objective, generator: Generator, pairs: int = PAIRS
) -> dict[str, float]:
    """The rise of the training loss along the gradient and in random directions.

    Args:
        objective: the mean loss L(θ) of a network over all parameters θ, biases included.
        generator: for the random directions.
        pairs: the number of pairs of random directions ±ξ. Both ends of a direction are used, so
            the slope averages out and adds nothing to the error.

    Returns:
        sam_sharpness_0.05: L(θ + ε) − L(θ), ε = 0.05 g/‖g‖, g = ∂L/∂θ
            The rise at the end of one ascent step of that length, not the maximum in the ball. NaN
            if the gradient is 0. Not invariant to any rescaling.
            split: train
            bias: used
            unit: loss
            range: (−∞, ∞)
            good: small
            source: Foret 2021
            elsewhere: in training it is computed on one minibatch, here on the whole training set
        adaptive_sam_sharpness_0.5: L(θ + ε) − L(θ), ε = 0.5 T²g/‖Tg‖, T = diag |θ|
            Invariant to every rescaling of weights that keeps the function: of a layer, or of a
            unit's weights against the next layer's. NaN if Tg is 0.
            split: train
            bias: used
            unit: loss
            range: (−∞, ∞)
            good: small
            source: Kwon 2021 (ASAM)
            elsewhere: the released code adds 0.01 to |θ| and leaves biases unscaled (T = 1),
                and each of these breaks the invariance a little
        random_sharpness_0.01: E L(θ + 0.01 ξ) − L(θ), ξ standard normal
            About ½ 0.01² Tr H if the loss is quadratic. Not invariant to any rescaling.
            split: train
            bias: used
            unit: loss
            range: (−∞, ∞)
            good: small
            source: Neyshabur 2017
            elsewhere: –
        random_sharpness_0.01_error: standard error of `random_sharpness_0.01`
            Over the pairs of directions.
            split: train
            bias: used
            unit: loss
            range: [0, ∞)
            good: small
            source: –
            elsewhere: –
        random_sharpness_relative_0.1: E L(θ + 0.1 |θ| ξ) − L(θ), ξ standard normal
            Each weight moves in proportion to itself. The distribution is invariant to every
            rescaling of weights that keeps the function.
            split: train
            bias: used
            unit: loss
            range: (−∞, ∞)
            good: small
            source: Jiang 2020 (magnitude-aware)
            elsewhere: –
        random_sharpness_relative_0.1_error: standard error of `random_sharpness_relative_0.1`
            Over the pairs of directions.
            split: train
            bias: used
            unit: loss
            range: [0, ∞)
            good: small
            source: –
            elsewhere: –
    """
    unscaled = {name: torch.ones_like(t) for name, t in objective.parameters.items()}
    magnitude = {name: t.abs() for name, t in objective.parameters.items()}
    metrics = {
        f"sam_sharpness_{SAM_RADIUS}": ascent_sharpness(objective, SAM_RADIUS, unscaled),
        f"adaptive_sam_sharpness_{ADAPTIVE_RADIUS}": ascent_sharpness(
            objective, ADAPTIVE_RADIUS, magnitude
        ),
    }
    for name, size, scales in (
        (f"random_sharpness_{NOISE}", NOISE, unscaled),
        (f"random_sharpness_relative_{RELATIVE_NOISE}", RELATIVE_NOISE, magnitude),
    ):
        mean, error = random_sharpness(objective, size, scales, generator, pairs)
        metrics |= {name: mean, f"{name}_error": error}
    return {name: float(value) for name, value in metrics.items()}


def ascent_sharpness(objective: Objective, radius: float, scales: Parameters) -> Tensor:
    """L(θ + ε) − L(θ) with ε = ρ T²g/‖Tg‖ for a diagonal T, given for each parameter."""
    slopes = {name: scales[name] * slope for name, slope in objective.gradient().items()}
    norm = torch.stack([slope.norm() for slope in slopes.values()]).norm()
    step = {name: scales[name] * slope / norm for name, slope in slopes.items()}
    return _moved(objective, step, radius) - objective.value(objective.parameters)


def random_sharpness(
    objective: Objective, size: float, scales: Parameters, generator: Generator, pairs: int
) -> tuple[Tensor, Tensor]:
    """E L(θ + σ T ξ) − L(θ) over standard normal ξ, and the standard error of the estimate."""
    here, rises = objective.value(objective.parameters), []
    for _ in range(pairs):
        step = {name: t * _normal(t, generator) for name, t in scales.items()}
        ends = _moved(objective, step, size) + _moved(objective, step, -size)
        rises.append(ends / 2 - here)
    rises = torch.stack(rises)
    return rises.mean(), rises.std() / pairs**0.5


def _moved(objective: Objective, step: Parameters, size: float) -> Tensor:
    """L(θ + size · step)."""
    moved = {name: t + size * step[name] for name, t in objective.parameters.items()}
    return objective.value(moved)


def _normal(like: Tensor, generator: Generator) -> Tensor:
    draw = torch.randn(like.shape, generator=generator, device=generator.device, dtype=like.dtype)
    return draw.to(like.device)
