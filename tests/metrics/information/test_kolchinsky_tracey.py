"""Kolchinsky and Tracey's bounds against two loops, against integrals, and where they saturate."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.metrics.information.columns import KOLCHINSKY_TRACEY
from latephase.metrics.information.kolchinsky_tracey import (
    SAMPLES,
    kt_bounds,
    kt_information,
    kt_samples,
)


def sample(seed=0, samples=60, dimension=5, classes=3):
    generator = torch.Generator().manual_seed(seed)
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)  # noqa: E731
    labels = torch.randint(classes, (samples,), generator=generator)
    return draw(classes, dimension)[labels] + 0.5 * draw(samples, dimension), labels


def information(points, variance):
    """One bound, a pair of samples at a time."""
    total = 0.0
    points = points.tolist()
    for a in points:
        squares = [sum((s - t) ** 2 for s, t in zip(a, b, strict=True)) for b in points]
        total -= math.log(sum(math.exp(-s / variance) for s in squares) / len(points))
    return total / len(points)


def brute_force(points, labels, variance):
    classes = [points[labels == label] for label in labels.unique()]
    upper, lower = (information(points, factor * variance) for factor in (2, 8))
    within_upper, within_lower = (
        sum(len(c) / len(points) * information(c, factor * variance) for c in classes)
        for factor in (2, 8)
    )
    return {
        "kt_upper_x": upper,
        "kt_lower_x": lower,
        "kt_upper_y": upper - within_lower,
        "kt_lower_y": lower - within_upper,
        "kt_upper_x_given_y": within_upper,
        "kt_lower_x_given_y": within_lower,
        "kt_y_from_upper": upper - within_upper,
        "kt_y_from_lower": lower - within_lower,
    }


@pytest.mark.parametrize("seed", [0, 1])
def test_two_loops(seed):
    points, labels = sample(seed)
    largest = float(points.square().sum(1).max())
    noises = {"variance_0.001": 1e-3, "variance_0.1": 0.1, "variance_1": 1.0}
    noises |= {f"relative_variance_{r:g}": r * largest for r in (0.01, 0.1)}
    expected = {"kt_log_n": math.log(60)}
    for suffix, variance in noises.items():
        values = brute_force(points, labels, variance)
        expected |= {f"{name}_{suffix}": value for name, value in values.items()}
    assert kt_information(points, labels) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert set(expected) == set(KOLCHINSKY_TRACEY)


def test_as_ibsgd_has_it():
    """Its entropies of the mixture minus that of the noise, with sums of logs and 4σ²."""
    points, labels = sample()
    variance, dimension = 0.1, points.shape[1]

    def kl_entropy(x, v):
        distances = torch.cdist(x, x).square()
        norm = dimension / 2 * math.log(2 * math.pi * v)
        inner = torch.logsumexp(-distances / (2 * v), 1) - math.log(len(x)) - norm
        return float(dimension / 2 - inner.mean())

    def bd_entropy(x, v):
        return kl_entropy(x, 4 * v) + math.log(0.25) * dimension / 2

    noise = dimension / 2 * (math.log(2 * math.pi * variance) + 1)
    (bounds,) = kt_bounds(points, labels, [variance])
    for entropy, name in ((kl_entropy, "upper"), (bd_entropy, "lower")):
        of_layer = entropy(points, variance)
        assert bounds[f"kt_{name}_x"] == pytest.approx(of_layer - noise, rel=1e-9)
        given = sum(
            float((labels == c).double().mean()) * entropy(points[labels == c], variance)
            for c in labels.unique()
        )
        ours = bounds[f"kt_y_from_{name}"]
        assert ours == pytest.approx(of_layer - given, rel=1e-9)
        assert bounds["kt_lower_y"] <= ours <= bounds["kt_upper_y"]


def mixture_information(points, variance):
    """I(X; T') of a mixture on a line, h(T') − h(noise), by the trapezoidal rule."""
    grid = torch.linspace(float(points.min()) - 9, float(points.max()) + 9, 40_001).double()
    kernels = torch.exp(-((grid[:, None] - points) ** 2) / (2 * variance))
    density = kernels.mean(1) / math.sqrt(2 * math.pi * variance)
    integrand = torch.where(density > 0, -density * density.log(), 0.0)
    return float(torch.trapezoid(integrand, grid)) - math.log(2 * math.pi * math.e * variance) / 2


@pytest.mark.parametrize("variance", [0.02, 0.1, 1.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_truth_lies_between(seed, variance):
    points, labels = sample(seed, samples=24, dimension=1)
    (bounds,) = kt_bounds(points, labels, [variance])
    points = points[:, 0]
    of_x = mixture_information(points, variance)
    given_y = sum(
        float((labels == c).double().mean()) * mixture_information(points[labels == c], variance)
        for c in labels.unique()
    )
    assert bounds["kt_lower_x"] <= of_x <= bounds["kt_upper_x"]
    assert bounds["kt_lower_x_given_y"] <= given_y <= bounds["kt_upper_x_given_y"]
    assert bounds["kt_lower_y"] <= of_x - given_y <= bounds["kt_upper_y"]


@pytest.mark.parametrize("dimension", [1, 2, 4, 8])
def test_gaussian_features_of_known_information(dimension):
    """I = d/2 ln(1 + 1/σ²), above what 1,000 samples show, which is above the lower bound."""
    points, _ = sample(dimension, samples=1000, dimension=dimension, classes=1)
    points = (points - points.mean(0)) * 2
    (bounds,) = kt_bounds(points, torch.zeros(1000, dtype=torch.int64), [1.0])
    truth = dimension / 2 * math.log(2)
    assert bounds["kt_lower_x"] < truth < bounds["kt_upper_x"] + 0.1
    assert bounds["kt_upper_x"] < 2 * truth + 0.1


def test_all_equal_two_clusters_and_far_apart():
    labels = torch.arange(40) % 2
    for points, total, within in (
        (torch.ones(40, 3), 0, 0),
        (1e4 * labels[:, None].float().expand(40, 3), math.log(2), 0),
        (1e4 * torch.eye(40), math.log(40), math.log(20)),
    ):
        for name, value in kt_information(points, labels).items():
            if "relative" in name or name == "kt_log_n":
                continue
            expected = within if "given" in name else total - within if "_y" in name else total
            assert value == pytest.approx(expected, rel=1e-12, abs=1e-12), name


def test_large_features_are_exactly_saturated():
    """The rounding of distances of 1e6 is that of a noise of 1e-2; a point is no distance away."""
    points, labels = sample()
    (bounds,) = kt_bounds(1e6 * points, labels, [1e-3])
    assert bounds["kt_upper_x"] == pytest.approx(math.log(60), rel=1e-12)
    assert bounds["kt_lower_x"] == pytest.approx(math.log(60), rel=1e-12)


def test_trap_saturation_at_log_n():
    """ibsgd shows 7.60 nats for 2,000 samples and calls it information; log N stands beside."""
    points, labels = sample(samples=500, dimension=20, classes=10)
    random = torch.randint(10, (500,), generator=torch.Generator().manual_seed(1))
    for y in (labels, random):
        metrics = kt_information(points, y)
        assert metrics["kt_log_n"] == math.log(500)
        assert metrics["kt_upper_x_variance_0.001"] == pytest.approx(math.log(500), rel=1e-9)
        assert metrics["kt_lower_x_variance_0.001"] == pytest.approx(math.log(500), rel=1e-9)
        # Saturated, it tells every labelling to be known, random ones too.
        shares = torch.bincount(y) / 500
        entropy = -float((shares * shares.log()).sum())
        assert metrics["kt_upper_y_variance_0.001"] == pytest.approx(entropy, rel=1e-6)
    assert metrics["kt_upper_x_variance_1"] < math.log(500)


def test_trap_scaling_the_features_moves_it():
    """The same function of the network with the next layer's weights divided by 10."""
    points, labels = sample()
    before, after = kt_information(points, labels), kt_information(10 * points, labels)
    assert after["kt_upper_x_variance_1"] > before["kt_upper_x_variance_1"] + 0.5
    (scaled,) = kt_bounds(10 * points, labels, [0.1])
    assert scaled["kt_upper_x"] == pytest.approx(before["kt_upper_x_variance_0.001"])
    for name in KOLCHINSKY_TRACEY:
        if "relative" in name:
            assert after[name] == pytest.approx(before[name], rel=1e-9)


@pytest.mark.parametrize("samples", [400, 2000])
def test_trap_a_constant_representation_has_no_information(samples):
    """collapse-dynamics, mi_estimation.py: a sum over 400 is divided by 2,000, and reads 1.609."""
    labels = torch.arange(samples) % 10
    rows = kt_samples(samples, torch.Generator())
    metrics = kt_information(torch.full((samples, 3), 0.7), labels, rows)
    assert metrics.pop("kt_log_n") == math.log(min(samples, SAMPLES))
    assert metrics == pytest.approx(dict.fromkeys(metrics, 0), abs=1e-12)


@settings(max_examples=10)
@given(seed=st.integers(0, 1000), shift=st.floats(-1e5, 1e5), variance=st.floats(0.01, 10))
def test_invariances_and_order(seed, shift, variance):
    points, labels = sample(seed)
    first, second = kt_bounds(points, labels, [variance, 2 * variance])
    for side in ("x", "x_given_y"):
        assert 0 <= first[f"kt_lower_{side}"] <= first[f"kt_upper_{side}"] <= math.log(60) + 1e-12
        for bound in ("lower", "upper"):
            assert second[f"kt_{bound}_{side}"] <= first[f"kt_{bound}_{side}"]
    rotation = torch.linalg.qr(sample(7)[0][:5]).Q
    order = torch.randperm(60, generator=torch.Generator().manual_seed(seed))
    moved = (points @ rotation + shift)[order]
    (after,) = kt_bounds(moved, labels[order], [variance])
    assert after == pytest.approx(first, rel=1e-6, abs=1e-8)


def test_blocks_do_not_change_the_value(monkeypatch):
    points, labels = sample()
    before = kt_information(points, labels)
    monkeypatch.setattr("latephase.metrics.information.kolchinsky_tracey.ROWS_AT_ONCE", 7)
    assert kt_information(points, labels) == pytest.approx(before, rel=1e-12)


def test_a_fixed_subset_of_many_samples():
    rows = kt_samples(2500, torch.Generator().manual_seed(3))
    assert torch.equal(rows, kt_samples(2500, torch.Generator().manual_seed(3)))
    assert not torch.equal(rows, kt_samples(2500, torch.Generator().manual_seed(4)))
    assert rows.shape == (SAMPLES,)
    assert (rows.diff() > 0).all()
    assert torch.equal(kt_samples(50, torch.Generator()), torch.arange(50))
    points, labels = sample(samples=2500)
    points[rows[0] - 1 if rows[0] else 2499] = 0  # not needed for B, nor measured
    metrics = kt_information(points, labels, rows)
    fixed = {name: value for name, value in metrics.items() if "relative" not in name}
    alone = kt_information(points[rows], labels[rows])
    assert fixed == pytest.approx({name: alone[name] for name in fixed}, rel=1e-12)
    # B is that of all samples.
    outside = next(i for i in range(2500) if i not in rows)
    points[outside] = 100.0
    moved = kt_information(points, labels, rows)
    assert {name: moved[name] for name in fixed} == fixed
    name = "kt_upper_x_relative_variance_0.01"
    assert moved[name] < metrics[name]


def test_not_finite_is_nan_in_every_column():
    points, labels = sample()
    for value in (math.nan, math.inf, -math.inf):
        points[3, 1] = value
        metrics = kt_information(points, labels, torch.arange(10, 60))
        assert list(metrics) == list(KOLCHINSKY_TRACEY)
        assert all(math.isnan(v) for v in metrics.values())


def test_no_noise_relative_to_nothing():
    metrics = kt_information(torch.zeros(30, 2), torch.arange(30) % 3)
    for name, value in metrics.items():
        assert math.isnan(value) == ("relative" in name), name
