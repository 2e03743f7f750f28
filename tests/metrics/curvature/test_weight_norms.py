"""Norms of all parameters, in both of the senses that go by one name."""

import math

import pytest
import torch

from latephase.metrics.curvature.weight_norms import weight_norm_metrics


def test_by_hand():
    """Omnigrok's is the norm of the whole, collapse-dynamics' the sum of the tensors' norms."""
    named = {"weight": torch.tensor([[3.0, 0.0], [0.0, 4.0]]), "bias": torch.tensor([5.0, 12.0])}
    metrics = weight_norm_metrics(named)
    assert metrics == pytest.approx({"weight_norm": math.sqrt(25 + 169), "weight_norm_sum": 18.0})
    assert metrics["weight_norm"] <= metrics["weight_norm_sum"]
    assert metrics["weight_norm_sum"] <= math.sqrt(2) * metrics["weight_norm"]


def test_float32_is_summed_in_float64():
    named = {"weight": torch.tensor([3e4, *[1.0] * 50])}
    exact = math.sqrt(9e8 + 50)
    assert weight_norm_metrics(named)["weight_norm"] == pytest.approx(exact, rel=1e-15)
    nan = weight_norm_metrics({"weight": torch.tensor([1.0, math.nan])})
    assert all(math.isnan(value) for value in nan.values())
