"""Flatness of the last layer against the full autograd Hessian, its bounds, and at saturation."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.metrics.flatness import flatness_metrics


def sample(seed=0, samples=6, dimension=3, classes=4, weight_scale=1.0):
    generator = torch.Generator().manual_seed(seed)
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)  # noqa: E731
    features, weight, bias = draw(samples, dimension), draw(classes, dimension), draw(classes)
    weight = weight_scale * weight
    labels = torch.randint(classes, (samples,), generator=generator)
    return features, features @ weight.T + bias, weight, bias, labels


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
@pytest.mark.parametrize("seed", [0, 1])
def test_full_hessian(loss, seed):
    features, logits, weight, bias, labels = sample(seed)

    def objective(w):
        z = features @ w.T + bias
        if loss == "cross_entropy":
            return torch.nn.functional.cross_entropy(z, labels)
        return (z - torch.nn.functional.one_hot(labels, 4)).square().sum(1).mean()

    hessian = torch.autograd.functional.hessian(objective, weight)  # [K, d, K, d]
    blocks = torch.einsum("sitj,ij->st", hessian, torch.eye(3, dtype=torch.float64))
    kappa = ((weight @ weight.T) * blocks).sum()
    metrics = flatness_metrics(features, logits, weight, loss)
    norm = weight.norm()
    assert metrics == pytest.approx(
        {
            "relative_flatness": float(kappa),
            "relative_flatness_bound": float(norm**2 * blocks.trace()),
            "hessian_trace_last_layer": float(blocks.trace()),
            "weight_norm_last_layer": float(norm),
        },
        rel=1e-12,
    )


@pytest.mark.parametrize("margin", [12.0, 21.0, 33.0, 300.0])  # loss 1e-5, 1e-9, 1e-14, 1e-130
def test_saturation_from_float32(margin):
    generator = torch.Generator().manual_seed(3)
    features = torch.randn(50, 8, generator=generator)
    weight = torch.randn(10, 8, generator=generator)
    labels = torch.randint(10, (50,), generator=generator)
    logits = torch.rand(50, 10, generator=generator)
    logits[torch.arange(50), labels] += margin
    metrics = flatness_metrics(features, logits, weight, "cross_entropy")

    # Everything relative to the true class: odds against it, and rows of W less the true one.
    z, w = logits.double(), weight.double()
    odds = (z - z[torch.arange(50), labels][:, None]).exp()
    odds[torch.arange(50), labels] = 0
    others = odds / (1 + odds.sum(1, keepdim=True))
    wrong = others.sum(1)
    assert wrong.mean() == pytest.approx(math.exp(-margin) * 9, rel=0.6)
    rows = w - w[labels][:, None, :]
    mean = (others[..., None] * rows).sum(1)
    variance = (others * rows.square().sum(2)).sum(1) - mean.square().sum(1)
    norms = features.double().square().sum(1)
    trace = (norms * (2 * wrong - wrong**2 - others.square().sum(1))).mean()
    assert metrics["relative_flatness"] == pytest.approx(
        float((norms * variance).mean()), rel=1e-6, abs=0
    )
    assert metrics["hessian_trace_last_layer"] == pytest.approx(float(trace), rel=1e-6, abs=0)


def test_exact_collapse(simplex_frame):
    """han2025 Prop. 5.3 made exact: kappa in closed form, and its bound is K - 1 times it."""
    classes, radius, scale = 5, 1.7, 1.3
    frame = simplex_frame(classes, 9)
    labels = torch.arange(classes).repeat(3)
    features, weight = radius * frame[labels], scale * radius * frame
    metrics = flatness_metrics(features, features @ weight.T, weight, "cross_entropy")
    e = math.exp(-scale * radius**2 * classes / (classes - 1))
    spread = e * (2 + (classes - 2) * e) / (1 + (classes - 1) * e) ** 2
    kappa = scale**2 * radius**4 * classes * spread
    assert metrics["relative_flatness"] == pytest.approx(kappa)
    assert metrics["relative_flatness_bound"] == pytest.approx((classes - 1) * kappa)
    assert metrics["hessian_trace_last_layer"] == pytest.approx(radius**2 * (classes - 1) * spread)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), scale=st.floats(1e-2, 1e2))
def test_bounds_and_invariances(seed, scale):
    features, logits, weight, *_ = sample(seed, weight_scale=2.0)
    before = flatness_metrics(features, logits, weight, "cross_entropy")
    assert 0 < before["relative_flatness"] <= before["relative_flatness_bound"]
    largest = weight.square().sum() * features.square().sum(1).mean() / 2
    assert before["relative_flatness"] <= largest

    after = flatness_metrics(features / scale, logits, scale * weight, "cross_entropy")
    for name in ("relative_flatness", "relative_flatness_bound"):
        assert after[name] == pytest.approx(before[name])

    # Softmax does not see a vector v added to all rows (the logits move by <v, phi>); only kappa
    # keeps to that.
    common = scale * torch.ones(3, dtype=torch.float64)
    moved = logits + (features @ common)[:, None]
    after = flatness_metrics(features, moved, weight + common, "cross_entropy")
    assert after["relative_flatness"] == pytest.approx(before["relative_flatness"], rel=1e-9)
    assert after["hessian_trace_last_layer"] == pytest.approx(before["hessian_trace_last_layer"])
    assert after["relative_flatness_bound"] != pytest.approx(before["relative_flatness_bound"])


def test_mse_sees_norms_only():
    features, logits, weight, *_ = sample()
    metrics = flatness_metrics(features, logits, weight, "mse")
    assert metrics == flatness_metrics(features, 100 * logits, weight, "mse")
    assert metrics["relative_flatness_bound"] == pytest.approx(4 * metrics["relative_flatness"])


def test_nan_stays_nan_and_unknown_losses_are_named():
    features, logits, weight, *_ = sample()
    logits[2, 1] = math.nan
    metrics = flatness_metrics(features, logits, weight, "cross_entropy")
    assert math.isnan(metrics["relative_flatness"])
    assert math.isnan(metrics["hessian_trace_last_layer"])
    with pytest.raises(ValueError, match=r"'hinge'.*cross_entropy, mse"):
        flatness_metrics(features, logits, weight, "hinge")
