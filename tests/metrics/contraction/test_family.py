"""The bound of the error and the variance of few samples (sakamoto2026, Theorems 3.2 and 4.1)."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.metrics.contraction import A_CLASS, COLUMNS
from latephase.metrics.contraction.family import DRAWS, contraction_metrics, shares_drawn


def measured(features, labels, weight, bias=None, seed=0):
    drawn = shares_drawn(labels, torch.Generator().manual_seed(seed))
    return contraction_metrics(features, labels, weight, bias, drawn)


def samples(seed, spread=0.5, classes=4, dimension=5, size=200):
    torch.manual_seed(seed)
    labels = torch.arange(size) % classes
    means = 2 * torch.randn(classes, dimension, dtype=torch.float64)
    features = means[labels] + spread * torch.randn(size, dimension, dtype=torch.float64)
    weight = torch.randn(classes, dimension, dtype=torch.float64)
    return features, labels, weight, torch.randn(classes, dtype=torch.float64)


def brute_force(features, labels, weight, bias, directional):
    """Theorem 3.2 as printed, class by class; the bias moves the boundary."""
    g, y, w, b = (t.numpy() for t in (features, labels, weight, bias))
    total = 0.0
    for c in range(len(w)):
        own = g[y == c]
        mean = own.mean(0)
        for k in range(len(w)):
            if k == c:
                continue
            normal = (w[c] - w[k]) / np.linalg.norm(w[c] - w[k])
            margin = max(mean @ normal + (b[c] - b[k]) / np.linalg.norm(w[c] - w[k]), 0)
            if directional:
                variance = ((own - mean) @ normal).var()
            else:
                variance = np.square(np.linalg.norm(own - mean, axis=1)).mean()
            total += len(own) / len(g) / (1 + margin**2 / variance)
    return total


@pytest.mark.parametrize("seed", range(5))
def test_as_printed(seed):
    found = measured(*samples(seed))
    for column, directional in (
        ("error_bound_test", False),
        ("error_bound_directional_test", True),
    ):
        expected = brute_force(*samples(seed), directional)
        assert found[column] == pytest.approx(expected, rel=1e-10)
    assert list(found) == list(COLUMNS)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    spread=st.floats(1e-3, 30),
    classes=st.integers(2, 6),
    size=st.integers(12, 80),
)
def test_theorem_3_2_holds_on_every_sample(seed, spread, classes, size):
    """The error is at most the bound, taken along the boundaries or not, whatever W and b are."""
    found = measured(*samples(seed, spread, classes, 4, size))
    assert found["error_test"] <= found["error_bound_directional_test"] + 1e-12
    assert found["error_bound_directional_test"] <= found["error_bound_test"] + 1e-12
    assert found["error_bound_test"] <= classes - 1 + 1e-9


def test_the_bound_is_no_smaller_than_it_must_be():
    """Cantelli's inequality is an equality for two points: half of a class on the boundary."""
    weight = torch.tensor([[1.0, 0.0], [-1.0, 0.0]], dtype=torch.float64)
    right = torch.tensor([[2.0, 0.0], [0.0, 0.0]], dtype=torch.float64)
    left = torch.tensor([[-3.0, 0.0], [-3.0, 0.0]], dtype=torch.float64)
    found = measured(torch.cat([right, left]), torch.tensor([0, 0, 1, 1]), weight)
    # Class 0: mean 1, variance 1, so a half of it, and a quarter of all.
    for column in ("error_test", "error_bound_test", "error_bound_directional_test"):
        assert found[column] == pytest.approx(0.25)


def test_under_collapse_the_bound_is_0():
    features, labels, _, _ = samples(0, spread=0.0)
    means = torch.stack([features[labels == c].mean(0) for c in range(4)])
    centred = means - means.mean(0)
    weight = torch.linalg.pinv(centred.T)
    bias = -weight @ means.mean(0)
    found = measured(means[labels], labels, weight, bias)
    assert found["error_test"] == 0
    assert found["error_bound_test"] == pytest.approx(0, abs=1e-12)
    assert found["variance_gap_5_a_class"] == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("scale", [1e-3, 7.0])
def test_free_of_the_features_scale(scale):
    features, labels, weight, bias = samples(1)
    scaled = measured(features * scale, labels, weight, bias * scale)
    assert scaled == pytest.approx(measured(features, labels, weight, bias), rel=1e-9)


def test_two_classes_with_the_same_weights():
    """Their logits differ by the bias alone: one of them has every sample."""
    features, labels, weight, _ = samples(2, classes=2)
    weight[1] = weight[0]
    for bias, error in (([1.0, 0.0], 0.5), ([0.0, 0.0], 1.0)):
        found = measured(features, labels, weight, torch.tensor(bias, dtype=torch.float64))
        assert found["error_test"] == found["error_bound_test"] == pytest.approx(error)


@pytest.mark.parametrize(("classes", "dimension"), [(2, 3), (10, 32)])
def test_the_variance_of_few_samples_comes_at_the_root_of_their_number(classes, dimension):
    """Theorem 4.1: for fixed features the slope is −1/2 of n, within what the draws tell."""
    torch.manual_seed(0)
    labels = torch.arange(4_000 * classes) % classes
    features = torch.randn(len(labels), dimension, dtype=torch.float64) + 3 * labels[:, None]
    weight = torch.randn(classes, dimension, dtype=torch.float64)
    found = [measured(features, labels, weight, seed=seed) for seed in range(8)]
    gaps = [np.mean([row[f"variance_gap_{n}_a_class"] for row in found]) for n in A_CLASS]
    slope = np.polyfit(np.log(A_CLASS), np.log(gaps), 1)[0]
    assert -0.65 < slope < -0.4


def test_the_variance_of_a_draw_by_hand():
    features, labels, weight, bias = samples(5)
    drawn = shares_drawn(labels, torch.Generator().manual_seed(0))
    found = contraction_metrics(features, labels, weight, bias, drawn)
    longest = features.norm(dim=1).max().item() ** 2
    whole = np.mean([features[labels == c].var(0, correction=0).sum() for c in range(4)])
    for i, size in enumerate(A_CLASS):
        gaps = []
        for draw in range(DRAWS):
            variances = []
            for c, shares in enumerate(drawn):
                counts = (shares[i, draw] * size).round().long()
                assert counts.sum() == size
                some = features[labels == c].repeat_interleave(counts, 0)
                variances.append(some.var(0, correction=1).sum().item())
            gaps.append(abs(np.mean(variances) - whole) / longest)
        assert found[f"variance_gap_{size}_a_class"] == pytest.approx(np.mean(gaps), rel=1e-9)


def test_the_same_draws_give_the_same_numbers():
    assert measured(*samples(3)) == measured(*samples(3))
    assert measured(*samples(3)) != measured(*samples(3), seed=1)


def test_not_finite_is_nan():
    features, labels, weight, bias = samples(4)
    for spoilt in (
        (features * math.inf, labels, weight, bias),
        (features, labels, weight * math.nan, bias),
        (features, labels, weight, bias * math.nan),
    ):
        assert all(math.isnan(value) for value in measured(*spoilt).values())
