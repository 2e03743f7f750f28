"""Sharpness along the gradient and in random directions, by hand and where it is known."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator, nn

from latephase.metrics.curvature.sharpness import (
    ascent_sharpness,
    random_sharpness,
    sharpness_metrics,
)
from latephase.parts.losses import mse
from tests.metrics.curvature.networks import (
    Residual,
    full_hessian,
    in_blocks,
    mlp,
    moved,
    objective,
    saturated,
    tanh_mlp,
)

SAM, ADAPTIVE = "sam_sharpness_0.05", "adaptive_sam_sharpness_0.5"
RANDOM, RELATIVE = "random_sharpness_0.01", "random_sharpness_relative_0.1"


def measured(of, seed=0, **options):
    return sharpness_metrics(of, Generator().manual_seed(seed), **options)


@pytest.mark.parametrize("make", [mlp, tanh_mlp, Residual])
def test_by_hand(make):
    of = objective(make)
    targets = nn.functional.one_hot(of.labels, 3).double()

    def loss(named):
        return of.loss(of.outputs(named, of.inputs.double()), targets).mean()

    leaves = {n: t.clone().requires_grad_() for n, t in of.parameters.items()}
    here = loss(leaves)
    slopes = dict(zip(leaves, torch.autograd.grad(here, list(leaves.values())), strict=True))
    norm = sum(g.square().sum() for g in slopes.values()).sqrt()
    scaled = sum((leaves[n] * g).square().sum() for n, g in slopes.items()).sqrt()
    up = {n: t + 0.05 * slopes[n] / norm for n, t in leaves.items()}
    adaptive = {n: t + 0.5 * t**2 * slopes[n] / scaled for n, t in leaves.items()}
    metrics = measured(of)
    assert metrics[SAM] == pytest.approx((loss(up) - here).item(), rel=1e-10)
    assert metrics[ADAPTIVE] == pytest.approx((loss(adaptive) - here).item(), rel=1e-10)
    assert measured(in_blocks(objective(make), 3)) == pytest.approx(metrics, rel=1e-9)


def test_a_quadratic():
    """½ σ² Tr H in all directions, whatever the slope; along the gradient by its definition."""
    of = objective(lambda: nn.Linear(4, 3), mse.per_sample)
    trace = float(full_hessian(of)[0].trace())
    metrics = measured(of, pairs=400)
    assert metrics[f"{RANDOM}_error"] < 0.05 * metrics[RANDOM]
    assert metrics[RANDOM] == pytest.approx(0.01**2 * trace / 2, abs=4 * metrics[f"{RANDOM}_error"])
    row = torch.cat([t.flatten() for t in of.parameters.values()])
    diagonal = full_hessian(of)[0].diagonal()
    relative = 0.1**2 * float((row.square() * diagonal).sum()) / 2
    assert metrics[RELATIVE] == pytest.approx(relative, abs=4 * metrics[f"{RELATIVE}_error"])
    slope = torch.cat([g.flatten() for g in of.gradient().values()])
    along = slope @ full_hessian(of)[0] @ slope / slope.norm() ** 2
    exact = 0.05 * slope.norm() + 0.05**2 / 2 * along
    assert metrics[SAM] == pytest.approx(float(exact), rel=1e-9)


def test_the_stated_error_is_the_error():
    of = objective(tanh_mlp)
    ones = {n: torch.ones_like(t) for n, t in of.parameters.items()}
    runs = [random_sharpness(of, 0.1, ones, Generator().manual_seed(s), 8) for s in range(60)]
    means, errors = (torch.stack(column) for column in zip(*runs, strict=True))
    assert means.std() == pytest.approx(float(errors.square().mean().sqrt()), rel=0.4)


@settings(max_examples=8)
@given(seed=st.integers(0, 1000), factor=st.floats(0.1, 10), unit=st.integers(0, 4))
def test_invariances(seed, factor, unit):
    """A hidden unit's weights against the next layer's: what is relative to the weights keeps."""
    of = objective(mlp, seed=seed)
    scales = torch.ones(5, dtype=torch.float64)
    scales[unit] = factor
    named = of.parameters
    rows = {"2.weight": named["2.weight"] * scales[:, None], "2.bias": named["2.bias"] * scales}
    other = moved(of, **rows, **{"4.weight": named["4.weight"] / scales})
    before, after = measured(of), measured(other)
    assert after[ADAPTIVE] == pytest.approx(before[ADAPTIVE], rel=1e-7, abs=1e-12)
    for name in (RELATIVE, f"{RELATIVE}_error"):
        assert after[name] == pytest.approx(before[name], rel=1e-7, abs=1e-12)
    slope = (of.gradient()["4.weight"][:, unit]).norm()
    if not 0.8 < factor < 1.2 and slope > 1e-3:
        assert after[SAM] != pytest.approx(before[SAM], rel=1e-6)


@pytest.mark.parametrize("target", [1e-5, 1e-9, 1e-14])
def test_saturation_from_float32(target):
    """The rise of a loss of 1e-14, from the odds; log_softmax as it comes has rounding of 1e-16 in
    the loss, and in the direction."""
    of = saturated(target)
    labels = of.labels

    def losses(named):
        logits = of.outputs(named, of.inputs.double())
        others = logits - logits.gather(1, labels[:, None])
        return others.exp().scatter(1, labels[:, None], 0).sum(1).log1p()

    leaves = {n: t.clone().requires_grad_() for n, t in of.parameters.items()}
    here = losses(leaves).mean()
    slopes = dict(zip(leaves, torch.autograd.grad(here, list(leaves.values())), strict=True))
    norm = sum((g / target).square().sum() for g in slopes.values()).sqrt() * target
    up = losses({n: t + 0.05 * slopes[n] / norm for n, t in leaves.items()}).mean()
    assert measured(of)[SAM] == pytest.approx((up - here).item(), rel=1e-6, abs=0)


def test_no_slope_is_nan():
    of = objective(mlp, lambda z, y: 0 * z.sum(-1))
    metrics = measured(of)
    assert math.isnan(metrics[SAM])
    assert math.isnan(metrics[ADAPTIVE])
    assert metrics[RANDOM] == 0


def test_generators():
    of = objective(mlp)
    assert measured(of, 3) == measured(of, 3)
    assert measured(of, 3)[RANDOM] != measured(of, 4)[RANDOM]
    assert measured(of, 3)[SAM] == measured(of, 4)[SAM]


def test_the_radius_is_a_length():
    of = objective(mlp)
    ones = {n: torch.ones_like(t) for n, t in of.parameters.items()}
    small = float(ascent_sharpness(of, 1e-6, ones))
    slope = torch.stack([g.norm() for g in of.gradient().values()]).norm()
    assert small == pytest.approx(1e-6 * float(slope), rel=1e-4)
