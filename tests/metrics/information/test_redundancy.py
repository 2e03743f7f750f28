"""The bounds of sakamoto2026, Theorem 3.4, against explicit covariances and integrals."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.metrics.information.columns import REDUNDANCY
from latephase.metrics.information.kolchinsky_tracey import kt_bounds, kt_information
from latephase.metrics.information.redundancy import redundancy_bounds


def sample(seed=0, samples=200, dimension=6, classes=4, spread=0.5):
    generator = torch.Generator().manual_seed(seed)
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)  # noqa: E731
    labels = torch.randint(classes, (samples,), generator=generator)
    noise = draw(samples, dimension) @ draw(dimension, dimension)
    return draw(classes, dimension)[labels] + spread * noise, labels


def column(kind, variance):
    return f"redundancy_{kind}_bound_relative_variance_{variance:g}"


@pytest.mark.parametrize("classes", [4, 30, 90])
def test_explicit_covariances(classes):
    """Of more samples than dimensions in each class, of some such classes, and of fewer in all."""
    points, labels = sample(samples=200, classes=classes)
    least, most = (int(count) for count in labels.bincount().aminmax())
    assert {4: least > 6, 30: least < 6 < most, 90: most <= 6}[classes]
    radius = max(float(point.norm()) for point in points)
    scaled = points / radius
    expected = dict.fromkeys(REDUNDANCY, 0.0)
    for label in labels.unique():
        own = scaled[labels == label]
        share, covariance = len(own) / 200, torch.cov(own.T, correction=0)
        for variance in (0.01, 0.1):
            matrix = covariance / variance + torch.eye(6, dtype=torch.float64)
            expected[column("logdet", variance)] += share * float(torch.logdet(matrix)) / 2
            expected[column("trace", variance)] += share * float(covariance.trace()) / 2 / variance
    assert redundancy_bounds(points, labels) == pytest.approx(expected, rel=1e-9)


@settings(max_examples=10)
@given(seed=st.integers(0, 1000), scale=st.floats(1e-3, 1e3), spread=st.floats(1e-3, 10))
def test_the_chain_of_the_theorem_and_invariances(seed, scale, spread):
    """I(Z; X|Y), which is between two bounds itself, is below the first, that below the second."""
    points, labels = sample(seed, spread=spread)
    metrics = redundancy_bounds(points, labels) | kt_information(points, labels)
    for variance in (0.01, 0.1):
        lower = metrics[f"kt_lower_x_given_y_relative_variance_{variance:g}"]
        assert lower <= metrics[column("logdet", variance)] <= metrics[column("trace", variance)]
        assert metrics[column("trace", variance)] <= 1 / (2 * variance)
    rotation = torch.linalg.qr(sample(7)[0][:6]).Q
    after = redundancy_bounds(scale * points @ rotation, labels)
    for name, value in after.items():
        assert value == pytest.approx(metrics[name], rel=1e-9)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_truth_is_below(seed):
    """On a line, where I(Z; X|Y) of a mixture is an integral."""
    points, labels = sample(seed, samples=30, dimension=1)
    metrics = redundancy_bounds(points, labels)
    for variance in (0.01, 0.1):
        noise = variance * float(points.abs().max()) ** 2
        truth = 0.0
        for label in labels.unique():
            own = points[labels == label, 0]
            grid = torch.linspace(float(own.min()) - 20, float(own.max()) + 20, 40_001).double()
            kernels = torch.exp(-((grid[:, None] - own) ** 2) / (2 * noise))
            density = kernels.mean(1) / math.sqrt(2 * math.pi * noise)
            integrand = torch.where(density > 0, -density * density.log(), 0.0)
            entropy = float(torch.trapezoid(integrand, grid))
            truth += len(own) / 30 * (entropy - math.log(2 * math.pi * math.e * noise) / 2)
        assert 0 < truth < metrics[column("logdet", variance)]
        (bounds,) = kt_bounds(points, labels, [noise])
        assert bounds["kt_lower_x_given_y"] <= truth <= bounds["kt_upper_x_given_y"]


def test_equality_for_gaussian_classes():
    """The first inequality: quantiles of a Gaussian, many enough to be one."""
    quantiles = (torch.arange(4000).double() + 0.5) / 4000
    points = 0.5 * torch.special.ndtri(quantiles)[:, None]
    metrics = redundancy_bounds(points, torch.zeros(4000, dtype=torch.int64))
    noise = 0.1 * float(points.abs().max()) ** 2
    truth = math.log(1 + 0.25 / noise) / 2
    assert metrics[column("logdet", 0.1)] == pytest.approx(truth, rel=1e-3)


@pytest.mark.parametrize(
    ("collapse", "dtype"), [(1e-4, torch.float32), (1e-6, torch.float32), (1e-8, torch.float64)]
)
def test_saturation(simplex_frame, collapse, dtype):
    """NC1 of 1e-8 and 1e-12 from float32; of 1e-16, where ln(1 + x) in float64 has lost x."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(300) % 3
    noise = torch.randn(300, 8, generator=generator, dtype=torch.float64)
    points = (simplex_frame(3, 8)[labels] + collapse * noise).to(dtype)
    metrics = redundancy_bounds(points, labels)
    exact = points.double()
    means = torch.stack([exact[labels == label].mean(0) for label in range(3)])
    within = (exact - means[labels]).square().sum(1).mean()
    largest = exact.square().sum(1).max()
    for variance in (0.01, 0.1):
        trace = float(within / (2 * variance * largest))
        assert metrics[column("trace", variance)] == pytest.approx(trace, rel=1e-9, abs=0)
        # To first order they are one.
        assert metrics[column("logdet", variance)] == pytest.approx(trace, rel=1e-6, abs=0)
        assert 0 < trace < 1e-5


def test_exact_collapse_and_blocks(simplex_frame, monkeypatch):
    labels = torch.arange(30) % 3
    collapsed = redundancy_bounds(7 * simplex_frame(3, 5)[labels], labels)
    assert collapsed == pytest.approx(dict.fromkeys(REDUNDANCY, 0), abs=1e-15)
    points, labels = sample()
    before = redundancy_bounds(points, labels)
    monkeypatch.setattr("latephase.metrics.information.redundancy.ROWS_AT_ONCE", 7)
    assert redundancy_bounds(points, labels) == pytest.approx(before, rel=1e-12)


def test_a_class_of_one_and_a_class_of_none():
    points, labels = sample()
    expected = redundancy_bounds(points, labels)
    assert redundancy_bounds(points, 2 * labels) == pytest.approx(expected)
    points, labels = torch.cat([points, 0 * points[:1]]), torch.cat([labels, labels[:1] + 9])
    more = redundancy_bounds(points, labels)
    for name, value in more.items():
        assert value == pytest.approx(expected[name] * 200 / 201)


def test_undefined_is_nan():
    points, labels = sample()
    assert all(math.isnan(value) for value in redundancy_bounds(0 * points, labels).values())
    for value in (math.nan, math.inf):
        points[3, 1] = value
        metrics = redundancy_bounds(points, labels)
        assert list(metrics) == list(REDUNDANCY)
        assert all(math.isnan(value) for value in metrics.values())
