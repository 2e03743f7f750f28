"""NC0 against numbers worked out by hand, a simplex and the softmax shift it measures."""

import math

import pytest
import torch

from latephase.metrics.nc0 import nc0_metrics


def test_by_hand():
    metrics = nc0_metrics(torch.tensor([[1.0, 2.0], [2.0, 2.0]]))
    assert metrics == pytest.approx(
        {"nc0": 5.0, "nc0_normalized": 5 / math.sqrt(13), "nc0_alpha": 12.5}
    )


def test_vanishes_on_a_simplex_and_is_sqrt_k_for_equal_rows(simplex_frame):
    for value in nc0_metrics(3 * simplex_frame(7, 12)).values():
        assert value == pytest.approx(0, abs=1e-14)
    assert nc0_metrics(torch.ones(7, 12))["nc0_normalized"] == pytest.approx(math.sqrt(7))


def test_scalings(simplex_frame):
    weight = simplex_frame(5, 6) + 0.25  # the common offset is all that remains of the row sum
    metrics = nc0_metrics(weight)
    assert metrics["nc0"] == pytest.approx(5 * 0.25 * math.sqrt(6))
    scaled = nc0_metrics(10 * weight)
    assert scaled["nc0"] == pytest.approx(10 * metrics["nc0"])
    assert scaled["nc0_normalized"] == pytest.approx(metrics["nc0_normalized"])
    assert scaled["nc0_alpha"] == pytest.approx(scaled["nc0"] ** 2 / 5)


def test_float32_weights_are_summed_in_float64():
    weight = torch.tensor([[1e8], [1.0], [-1e8]])
    assert nc0_metrics(weight)["nc0"] == 1  # in float32 the 1 is lost


def test_zero_and_nan_weights():
    zero = nc0_metrics(torch.zeros(3, 2))
    assert zero["nc0"] == 0
    assert math.isnan(zero["nc0_normalized"])
    assert all(math.isnan(v) for v in nc0_metrics(torch.full((3, 2), math.nan)).values())
