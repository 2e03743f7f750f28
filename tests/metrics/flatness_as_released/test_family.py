"""κ̂ as released: against numpy, against the family `flatness` where the two agree, at its bound."""

import math

import numpy as np
import pytest
import torch

from latephase.metrics.flatness.family import flatness_metrics
from latephase.metrics.flatness_as_released import COLUMNS
from latephase.metrics.flatness_as_released.family import released_metrics

UNIT, PRODUCT = COLUMNS


def sample(seed=0, samples=7, width=3, classes=5):
    generator = torch.Generator().manual_seed(seed)
    places = torch.randn(samples, 2, width, generator=generator, dtype=torch.float64)
    weight = torch.randn(classes, width, generator=generator, dtype=torch.float64)
    return places, weight


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@pytest.mark.parametrize("seed", range(5))
def test_against_numpy_sample_by_sample(seed):
    places, weight = sample(seed)
    answer = places[:, 0]
    measured = released_metrics(answer, answer @ weight.T, weight, places)
    w = weight.numpy()
    unit, product = [], []
    for at_equals, at_answer in places.numpy():
        p = softmax(w @ at_equals / 2)
        unit.append((w**2).sum() * (1 - p @ p))
        p = softmax((w @ at_equals) * (w @ at_answer))
        squares = at_equals @ at_equals + at_answer @ at_answer
        product.append((w**2).sum() * (1 - p @ p) * squares)
    assert measured == pytest.approx({UNIT: np.mean(unit), PRODUCT: np.mean(product)}, rel=1e-12)


def test_of_unit_features_it_is_the_bound_of_the_softened_loss():
    """κ̂ of ℓ(z/2), whose Hessian has a factor 1/τ² = 1/4 that the code leaves out."""
    places, weight = sample(1)
    features = torch.nn.functional.normalize(places[:, 0], dim=1)
    logits = features @ weight.T
    bound = flatness_metrics(features, logits, weight, "cross_entropy", temperature=2.0)
    measured = released_metrics(features, logits, weight)
    assert measured[UNIT] == pytest.approx(4 * bound["relative_flatness_bound"], rel=1e-12)


def test_of_a_product_with_ones_it_is_the_bound_of_both_features():
    """Where all logits of the end are 1 the product is the answer's logits."""
    places, weight = sample(2, width=4, classes=3)
    places[:, 1] = torch.linalg.lstsq(weight, torch.ones(3, dtype=weight.dtype)[:, None]).solution.T
    logits = places[:, 0] @ weight.T
    padded = torch.cat([weight, torch.zeros_like(weight)], 1)  # a head of both features
    bound = flatness_metrics(places.flatten(1), logits, padded, "cross_entropy")
    measured = released_metrics(places[:, 0], logits, weight, places)
    assert measured[PRODUCT] == pytest.approx(bound["relative_flatness_bound"], rel=1e-9)


def test_it_saturates_at_the_norm_and_no_higher():
    """Where p is uniform: what the paper reads as 2,209.94 is at most 50² × 0.9."""
    features = torch.randn(20, 6, dtype=torch.float64)
    weight = torch.randn(10, 6, dtype=torch.float64)
    weight *= 50 / weight.norm()
    uniform = released_metrics(features, torch.zeros(20, 10, dtype=torch.float64), weight)
    assert uniform[UNIT] == pytest.approx(2250, rel=1e-12)
    assert released_metrics(features, features @ weight.T, weight)[UNIT] < 2250


def test_one_place_has_no_product_and_what_is_not_finite_has_nothing():
    places, weight = sample()
    answer = places[:, 0]
    assert math.isnan(released_metrics(answer, answer @ weight.T, weight)[PRODUCT])
    answer = answer.clone()
    answer[0, 0] = math.inf
    assert all(math.isnan(v) for v in released_metrics(answer, answer @ weight.T, weight).values())
