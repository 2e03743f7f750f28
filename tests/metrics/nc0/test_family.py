"""NC0 against numbers worked out by hand, a simplex and the softmax shift it measures."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.metrics.nc0.family import nc0_metrics
from tests.metrics.class_samples import rotation, sample

ROW_SUMS = ("nc0", "nc0_literal", "nc0_alpha", "nc0_normalized")
SINGULAR_VALUES = tuple(f"weight_singular_value_{name}" for name in ("min", "mean", "mean_others"))


def test_by_hand():
    metrics = nc0_metrics(torch.tensor([[1.0, 2.0, 0.0], [2.0, 2.0, 0.0]]))
    root = math.sqrt(153)  # the singular values are the roots of (13 ± √153)/2
    largest, smallest = math.sqrt((13 + root) / 2), math.sqrt((13 - root) / 2)
    assert metrics == pytest.approx(
        {
            "nc0": 5.0,
            "nc0_literal": 5 / 3,
            "nc0_alpha": 12.5,
            "nc0_normalized": 5 / math.sqrt(13),
            "weight_singular_value_min": smallest,
            "weight_singular_value_mean": (largest + smallest) / 2,
            "weight_singular_value_mean_others": largest,
        },
        rel=1e-12,
    )


@pytest.mark.parametrize("shape", [(10, 64), (7, 7), (12, 3)], ids=str)
def test_brute_force(shape):
    weight = sample(3, counts=(shape[0],), dimension=shape[1])[0].float()
    rows = weight.double().numpy()
    total = [sum(row[j] for row in rows) for j in range(shape[1])]
    norm = math.sqrt(sum(value**2 for value in total))
    sigma = np.linalg.svd(rows, compute_uv=False)
    assert nc0_metrics(weight) == pytest.approx(
        {
            "nc0": norm,
            "nc0_literal": norm / shape[1],
            "nc0_alpha": norm**2 / shape[0],
            "nc0_normalized": norm / np.linalg.norm(rows),
            "weight_singular_value_min": min(sigma),
            "weight_singular_value_mean": np.mean(sigma),
            "weight_singular_value_mean_others": np.mean(sorted(sigma)[1:]),
        },
        rel=1e-9,
    )


def test_vanishes_on_a_simplex_and_is_sqrt_k_for_equal_rows(simplex_frame):
    metrics = nc0_metrics(3 * simplex_frame(7, 12))
    for name in (*ROW_SUMS, "weight_singular_value_min"):
        assert metrics[name] == pytest.approx(0, abs=1e-13), name
    expected = 3 * math.sqrt(7 / 6)
    assert metrics["weight_singular_value_mean_others"] == pytest.approx(expected)
    assert metrics["weight_singular_value_mean"] == pytest.approx(expected * 6 / 7)
    assert nc0_metrics(torch.ones(7, 12))["nc0_normalized"] == pytest.approx(math.sqrt(7))


def test_scalings(simplex_frame):
    weight = simplex_frame(5, 6) + 0.25  # the common offset is all that remains of the row sum
    metrics = nc0_metrics(weight)
    assert metrics["nc0"] == pytest.approx(5 * 0.25 * math.sqrt(6))
    assert metrics["nc0_literal"] == pytest.approx(metrics["nc0"] / 6)
    scaled = nc0_metrics(10 * weight)
    assert scaled["nc0"] == pytest.approx(10 * metrics["nc0"])
    assert scaled["nc0_normalized"] == pytest.approx(metrics["nc0_normalized"])
    assert scaled["nc0_alpha"] == pytest.approx(scaled["nc0"] ** 2 / 5)
    for name in SINGULAR_VALUES:
        assert scaled[name] == pytest.approx(10 * metrics[name])


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), classes=st.integers(2, 9), dimension=st.integers(1, 9))
def test_ranges_and_rotations(seed, classes, dimension):
    weight = sample(seed, counts=(classes,), dimension=dimension)[0]
    metrics = nc0_metrics(weight)
    assert 0 <= metrics["nc0_normalized"] <= math.sqrt(classes) * (1 + 1e-12)
    if classes <= dimension:
        least = metrics["nc0"] / math.sqrt(classes)
        assert metrics["weight_singular_value_min"] <= least * (1 + 1e-9)
    rotated = nc0_metrics(weight @ rotation(dimension, seed))
    assert rotated == pytest.approx(metrics, rel=1e-7, abs=1e-10, nan_ok=True)


def test_at_initialisation():
    """√(K/3) on average for torch's default linear layer, whatever its width (zhao2026)."""
    torch.manual_seed(0)
    for dimension in (20, 512):
        values = [nc0_metrics(torch.nn.Linear(dimension, 10).weight)["nc0"] for _ in range(60)]
        assert math.sqrt(np.mean(np.square(values))) == pytest.approx(math.sqrt(10 / 3), rel=0.1)


def test_float32_weights_are_summed_in_float64():
    weight = torch.tensor([[1e8], [1.0], [-1e8]])
    assert nc0_metrics(weight)["nc0"] == 1  # in float32 the 1 is lost


def test_zero_and_nan_weights():
    zero = nc0_metrics(torch.zeros(3, 2))
    assert zero["nc0"] == zero["weight_singular_value_mean"] == 0
    assert math.isnan(zero["nc0_normalized"])
    for bad in (math.nan, math.inf):
        weight = torch.ones(3, 2)
        weight[1, 1] = bad
        assert all(math.isnan(value) for value in nc0_metrics(weight).values())


def test_a_single_singular_value_has_no_others():
    assert math.isnan(nc0_metrics(torch.ones(3, 1))["weight_singular_value_mean_others"])
