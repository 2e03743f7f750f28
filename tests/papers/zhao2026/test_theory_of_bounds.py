"""Proposition 2.1: what NC3 says of NC0, and what it does not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.papers.zhao2026 import theory
from tests.papers.zhao2026.training import simplex, sizes


def nc3(weight, means):
    """‖W/‖W‖_F − Mᵀ/‖M‖_F‖_F with M [d, K] the class means less their mean."""
    means = means - means.mean(1, keepdims=True)
    return np.linalg.norm(weight / np.linalg.norm(weight) - means.T / np.linalg.norm(means))


@settings(max_examples=50)
@given(seed=st.integers(0, 1000), classes=st.integers(2, 9), noise=st.floats(0, 2))
def test_nc3_bounds_the_normalised_nc0(seed, classes, noise):
    random = np.random.default_rng(seed)
    means = random.normal(size=(7, classes))
    centred = means - means.mean(1, keepdims=True)
    weight = centred.T + noise * random.normal(size=(classes, 7))
    bound = theory.normalized_nc0_bound(nc3(weight, means), classes)
    assert sizes(weight) <= bound + 1e-12


def test_the_bound_is_reached_to_first_order():
    """By equal rows added to a simplex: nothing smaller would hold."""
    weight = simplex(6).numpy() + 1e-4
    bound = theory.normalized_nc0_bound(nc3(weight, simplex(6).numpy()), 6)
    assert sizes(weight) == pytest.approx(bound, rel=1e-3)


def test_collapse_does_not_bound_nc0_of_weights_that_grow():
    """W = s M* + √s c: NC2 and NC3 → 0 and ‖Wᵀ1‖/‖W‖_F → 0, but ‖Wᵀ1‖ → ∞."""
    rows = []
    for scale in (1e2, 1e4, 1e6):
        weight = scale * simplex(6).numpy() + np.sqrt(scale)
        rows.append((nc3(weight, simplex(6).numpy()), sizes(weight), np.linalg.norm(weight.sum(0))))
    collapse, normalised, plain = np.diff(np.log10(rows), axis=0).T
    np.testing.assert_allclose(collapse, -1, atol=0.1)
    np.testing.assert_allclose(normalised, -1, atol=0.1)
    np.testing.assert_allclose(plain, 1, atol=1e-9)
