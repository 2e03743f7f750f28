"""Norm and spectral entropy of a representation, against NumPy and in known cases."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.metrics.information import spectrum
from latephase.metrics.information.spectrum import spread_metrics


def points(seed, samples=40, dimension=5):
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(samples, dimension, generator=generator, dtype=torch.float64)
    return drawn @ torch.randn(dimension, dimension, generator=generator, dtype=torch.float64) + 3


@pytest.mark.parametrize("samples", [40, 3])
def test_explicit_covariance(samples, monkeypatch):
    monkeypatch.setattr(spectrum, "ROWS_AT_ONCE", 7)
    z = points(0, samples)
    values = np.linalg.eigvalsh(np.cov(z.numpy().T, bias=True)).clip(1e-300)
    shares = values / values.sum()
    assert spread_metrics(z) == pytest.approx(
        {
            "representation_norm": math.sqrt(float(np.mean(np.sum(z.numpy() ** 2, axis=1)))),
            "spectral_entropy": float(-(shares * np.log(shares)).sum()),
        },
        rel=1e-9,
    )


@settings(max_examples=20)
@given(st.integers(0, 1000), st.floats(1e-3, 1e3))
def test_the_entropy_is_free_of_rotation_scale_and_shift(seed, scale):
    z = points(seed)
    rotation = torch.linalg.qr(points(7, 5)).Q
    moved = scale * z @ rotation + 5
    found, again = (spread_metrics(x)["spectral_entropy"] for x in (z, moved))
    assert again == pytest.approx(found, rel=1e-6)
    assert 0 <= found <= math.log(5)


def test_exact_collapse_to_a_simplex_frame():
    z = (torch.eye(4, dtype=torch.float64) - 0.25).repeat(3, 1)
    found = spread_metrics(z)
    assert found["spectral_entropy"] == pytest.approx(math.log(3))
    assert found["representation_norm"] == pytest.approx(math.sqrt(0.75))


def test_samples_that_coincide_have_no_entropy():
    found = spread_metrics(torch.full((6, 3), 0.1))
    assert math.isnan(found["spectral_entropy"])
    assert found["representation_norm"] == pytest.approx(0.1 * math.sqrt(3))


def test_what_is_not_finite_has_no_value():
    z = points(0)
    z[3, 1] = math.inf
    assert all(math.isnan(value) for value in spread_metrics(z).values())
