"""Margins of the logits against numpy, and the scale that they are divided by."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.metrics.curvature.logit_margins import logit_margin_metrics


def test_by_hand():
    logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 5.0], [1.0, 1.0, 0.0], [0.0, 4.0, 0.5]])
    labels = torch.tensor([0, 1, 0, 1])  # margins 1, -2, 0, 3.5
    metrics = logit_margin_metrics(logits, labels, torch.tensor(4.0))
    plain = {"mean": 0.625, "smallest": -2.0, "quantile_10": -1.4}
    assert metrics == pytest.approx(
        {f"logit_margin_{name}": value for name, value in plain.items()}
        | {f"logit_margin_normalized_{name}": value / 4 for name, value in plain.items()}
    )


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), samples=st.integers(1, 40), classes=st.integers(2, 6))
def test_against_numpy(seed, samples, classes):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(samples, classes, generator=generator)
    labels = torch.randint(classes, (samples,), generator=generator)
    margins = [
        z[y] - max(z[k] for k in range(classes) if k != y)
        for z, y in zip(logits.double().tolist(), labels.tolist(), strict=True)
    ]
    metrics = logit_margin_metrics(logits, labels, torch.tensor(2.0))
    exact = (np.mean(margins), min(margins), np.quantile(margins, 0.1))
    assert list(metrics.values())[:3] == pytest.approx(exact)
    right = logits.argmax(1) == labels
    assert (metrics["logit_margin_smallest"] > 0) == bool(right.all())


def test_nan_stays_nan():
    logits = torch.tensor([[1.0, 0.0], [math.nan, 0.0]])
    metrics = logit_margin_metrics(logits, torch.tensor([0, 1]), torch.tensor(1.0))
    assert all(math.isnan(value) for value in metrics.values())
