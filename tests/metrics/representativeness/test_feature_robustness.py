"""Feature robustness against quadrature, draws, the full Hessian and long doubles."""

import math

import numpy as np
import pytest
import torch

from tests.metrics.representativeness.samples import (
    KERNEL,
    LOSSES,
    brute_force,
    draw,
    measure,
    sample,
)


def two_classes(features, weight, bias, labels, delta):
    """Feature robustness of two classes: the margin is normal, and its softplus by quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / weights.sum()
    rises = []
    for x, y in zip(features.numpy(), labels.tolist(), strict=True):
        w = (weight[y] - weight[1 - y]).numpy()
        margin = w @ x + float(bias[y] - bias[1 - y])
        sigma = delta * math.sqrt((x**2).sum() / len(x)) * math.sqrt((w**2).sum())
        rises.append(weights @ np.logaddexp(0, -margin - sigma * nodes) - np.logaddexp(0, -margin))
    return np.mean(rises)


@pytest.mark.parametrize("delta", [0.02, 0.3, 1.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_two_classes_by_quadrature(delta, seed):
    train, test, weight, bias = sample(seed, classes=2, sizes=(200, 10))
    metrics = measure(train, test, weight, delta=delta, seed=seed)
    expected = two_classes(train[0], weight, bias, train[2], delta)
    error = metrics["feature_robustness_standard_error"]
    assert metrics["feature_robustness"] == pytest.approx(expected, abs=4 * error)
    assert error < 0.04 * expected


def test_many_classes_by_draws_in_feature_space():
    """Straight from the definition, with xi drawn in R^d."""
    delta, repeats = 0.5, 4000
    train, test, weight, bias = sample(3, sizes=(30, 5))
    features, logits, labels = train
    noise = draw(torch.Generator().manual_seed(1), repeats, *features.shape)
    sigma = delta * features.norm(dim=1, keepdim=True) / math.sqrt(6)
    spread = (features + sigma * noise) @ weight.T + bias
    losses = torch.nn.functional.cross_entropy(
        spread.flatten(0, 1), labels.repeat(repeats), reduction="none"
    ).view(repeats, 30)
    rises = losses.mean(1) - torch.nn.functional.cross_entropy(logits, labels)
    metrics = measure(train, test, weight, delta=delta)
    error = math.hypot(
        metrics["feature_robustness_standard_error"], rises.std() / math.sqrt(repeats)
    )
    assert metrics["feature_robustness"] == pytest.approx(float(rises.mean()), abs=4 * error)
    assert error < 0.04 * rises.mean()


def test_the_standard_error_is_that_of_the_draws():
    train, test, weight, _ = sample(sizes=(20, 5))
    found = [measure(train, test, weight, delta=1.0, seed=seed) for seed in range(60)]
    values = [metrics["feature_robustness"] for metrics in found]
    errors = [metrics["feature_robustness_standard_error"] for metrics in found]
    assert 0.75 < np.std(values, ddof=1) / np.sqrt(np.mean(np.square(errors))) < 1.33


def kappa_trace(features, weight, bias, labels, loss):
    """kappa_Tr from the full Hessian of the loss by W."""

    def objective(w):
        z = features @ w.T + bias
        if loss == "cross_entropy":
            return torch.nn.functional.cross_entropy(z, labels)
        return (z - torch.nn.functional.one_hot(labels, 4)).square().sum(1).mean()

    hessian = torch.autograd.functional.hessian(objective, weight)
    return float(torch.einsum("sk,tk,sjtj->", weight, weight, hessian))


@pytest.mark.parametrize("loss", LOSSES)
def test_feature_robustness_is_relative_flatness_to_second_order(loss):
    delta = 1e-3
    train, test, weight, bias = sample(sizes=(12, 5))
    kappa = kappa_trace(train[0], weight, bias, train[2], loss)
    found = measure(train, test, weight, loss, delta)["feature_robustness"]
    assert found == pytest.approx(delta**2 / (2 * 6) * kappa, rel=1e-5, abs=0)


@pytest.mark.parametrize("delta", [0.02, 3.0])
def test_squared_error_is_second_order_whatever_the_width(delta):
    train, test, weight, bias = sample(sizes=(12, 5))
    kappa = kappa_trace(train[0], weight, bias, train[2], "mse")
    metrics = measure(train, test, weight, "mse", delta)
    expected = delta**2 / (2 * 6) * kappa
    assert metrics["feature_robustness"] == pytest.approx(expected, rel=1e-9, abs=0)
    assert metrics["feature_robustness_standard_error"] < 1e-12 * expected + 1e-14


def odds_of(features, weight, labels):
    """exp(z_k - z_y) [N, K] without bias in long doubles, 0 at the label."""
    logits = features.numpy().astype(np.longdouble) @ weight.numpy().astype(np.longdouble).T
    rows = np.arange(len(labels))
    odds = np.exp(logits - logits[rows, labels][:, None])
    odds[rows, labels] = 0
    return odds


@pytest.mark.parametrize("loss", [1e-5, 1e-9, 1e-14, 1e-20])
def test_saturation(simplex_frame, loss):
    """Float32 features and weights at a small mean loss, against long doubles. There the rise of
    the loss is that of the odds, whose logarithms are normal, up to a term of the loss squared."""
    classes, dimension, delta = 5, 8, 0.02
    frame = simplex_frame(classes, dimension)
    weight = (math.log((classes - 1) / loss) * (classes - 1) / classes * frame).float()
    generator = torch.Generator().manual_seed(1)
    sets = []
    for size in (80, 50):
        labels = torch.arange(size) % classes
        features = (frame[labels] + 0.01 * draw(generator, size, dimension)).float()
        sets.append((features, features.double() @ weight.double().T, labels))
    metrics = measure(*sets, weight, delta=delta)

    odds = [odds_of(features, weight, labels) for features, _, labels in sets]
    train_loss, test_loss = (np.log1p(each.sum(1)).mean() for each in odds)
    assert loss / 4 < train_loss < 4 * loss
    gap = metrics["representativeness"] + metrics["feature_robustness"]
    assert gap == pytest.approx(float(test_loss - train_loss), rel=1e-6, abs=0)

    rows, labels = weight.numpy().astype(np.longdouble), sets[0][2].numpy()
    widths = ((rows[:, None] - rows[None]) ** 2).sum(2)[labels]
    lengths = (sets[0][0].numpy().astype(np.longdouble) ** 2).sum(1)[:, None]
    rise = (odds[0] * np.expm1(delta**2 / dimension * lengths * widths / 2)).sum(1).mean()
    error = metrics["feature_robustness_standard_error"]
    assert error < 0.02 * rise
    assert metrics["feature_robustness"] == pytest.approx(
        float(rise), rel=1e-6 + 10 * loss, abs=4 * error
    )
    share = metrics["representativeness_released_kernel"]
    expected = brute_force(*sets, "cross_entropy", 0)[KERNEL]
    assert share == pytest.approx(expected, rel=1e-9, abs=0)
