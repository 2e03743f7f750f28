"""The theorems of sakamoto2026, each on data of known answer (its reference numbers T1 to T7)."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn import functional

from latephase.metrics.collapse.family import collapse_metrics
from latephase.papers.sakamoto2026.theory import balancedness_factor
from latephase.parts.models import smooth_mlp


def entropy(table):
    known = table[table > 0]
    return -(known * np.log(known)).sum()


@pytest.mark.parametrize("seed", range(20))
def test_t2_what_is_known_of_the_labels_is_known_of_the_inputs(seed):
    """I(Z;X) ≥ I(Z;Y) for Z = f(X): where the second must grow, the first must."""
    random = np.random.default_rng(seed)
    joint = random.dirichlet(np.full(24, 0.3)).reshape(12, 2)  # of X and Y
    code = random.integers(4, size=12)
    of_z_and_y = np.stack([joint[code == z].sum(0) for z in range(4)])
    of_z = of_z_and_y.sum(1)
    known_of_y = entropy(of_z) + entropy(joint.sum(0)) - entropy(of_z_and_y)
    assert -1e-12 <= known_of_y <= entropy(of_z) + 1e-12


def descent(decay, lr, steps, seed=0):
    """Gradient descent on ½‖f(X) − Y‖² + λ/2 Σ‖W‖² of a linear network with three layers."""
    torch.manual_seed(seed)
    model = smooth_mlp.Model([6], 3, [8, 5], slope=1.0).double()
    x, y = torch.randn(20, 6).double(), torch.randn(20, 3).double()
    weights, course = list(model.parameters()), []
    for _ in range(steps + 1):
        course.append([(b.T @ b - a @ a.T).detach() for a, b in pairwise(weights)])
        loss = 0.5 * (model(x) - y).square().sum()
        slopes = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            for weight, slope in zip(weights, slopes, strict=True):
                weight.sub_(lr * (slope + decay * weight))
    return course


@pytest.mark.parametrize("decay", [0.0, 0.3, 2.0])
def test_t5_layers_become_balanced_on_the_clock_of_decay(decay):
    """D(t) = (1 − ηλ)^2t D(0), up to the order of η."""
    errors = []
    for lr in (1e-3, 1e-4):
        steps = round(0.3 / lr)
        course = descent(decay, lr, steps)
        factor = balancedness_factor(lr, decay, steps)
        assert factor == pytest.approx(math.exp(-2 * decay * 0.3), rel=5 * lr)
        errors.append(
            max(
                ((last - factor * first).norm() / first.norm()).item()
                for first, last in zip(course[0], course[-1], strict=True)
            )
        )
    assert errors[0] < 0.05
    assert errors[1] < errors[0] / 5


def measured(features, labels):
    weight = torch.randn(3, features.shape[1], dtype=features.dtype)
    return collapse_metrics(features, labels, weight, None)


@pytest.mark.parametrize("seed", range(3))
def test_t6_what_leaves_the_scores_as_they_are(seed):
    torch.manual_seed(seed)
    labels = torch.arange(60) % 3
    features = torch.randn(60, 7).double() + functional.one_hot(labels, 7)
    before = measured(features, labels)
    turned = measured(3.0 * features @ torch.linalg.qr(torch.randn(7, 7).double())[0], labels)
    shifted = measured(features + 2.0, labels)
    for column in ("rnc1", "rnc1_max", "nc1_trace_ratio", "nc2_condition"):
        assert turned[column] == pytest.approx(before[column], rel=1e-9)
    assert shifted["nc1_trace_ratio"] == pytest.approx(before["nc1_trace_ratio"], rel=1e-9)
    for column in ("rnc1", "rnc1_max", "nc2_condition"):
        assert shifted[column] != pytest.approx(before[column], rel=1e-2)
    total = (features - features.mean(0)).square().sum(1).mean().item()
    within = before["rnc1"] * features.norm(dim=1).mean().item() ** 2
    assert within * (1 + 1 / before["nc1_trace_ratio"]) == pytest.approx(total, rel=1e-6)


def test_t7_the_largest_norm_bounds_rnc1_and_the_mean_does_not():
    labels = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1])
    features = torch.zeros(8, 4).double()
    features[0, 0], features[1, 0], features[4:, 1] = 9.0, -9.0, 0.1
    found = measured(features, labels)
    assert found["rnc1"] > 1
    assert 0 <= found["rnc1_max"] <= 1
