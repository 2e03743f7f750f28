"""Lemmas E.5 and E.6: the row sum of a gradient, and of what an update makes of it."""

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, one_hot

from latephase.papers.zhao2026 import theory
from tests.papers.zhao2026.training import (
    BACKBONES,
    CLASSES,
    SAMPLES,
    Training,
    alphas,
    sizes,
    squared,
)


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("bias", [True, False])
def test_the_gradients_of_a_classifier_s_rows_sum_to_zero(backbone, bias):
    for seed in range(5):
        assert sizes(Training(backbone, seed=seed, bias=bias).head_gradient()) < 1e-14


def weighted(logits, labels):
    return cross_entropy(logits, labels, weight=torch.arange(1.0, CLASSES + 1).to(logits))


def soft(logits, labels):
    """Targets of any sum: −Σ_k y_k log softmax(z)_k."""
    return cross_entropy(logits, one_hot(labels, CLASSES) * (1.0 + labels[:, None]) + 0.1)


def smoothed(logits, labels):
    return cross_entropy(logits, labels, label_smoothing=0.2)


def focal(logits, labels):
    chosen = logits.log_softmax(-1).gather(1, labels[:, None])
    return -((1 - chosen.exp()) ** 2 * chosen).mean()


@pytest.mark.parametrize("loss", [weighted, soft, smoothed, focal])
def test_whatever_does_not_see_a_shift_of_the_logits_keeps_the_lemma(loss):
    """Weights of classes, and targets that do not sum to 1, among them."""
    assert sizes(Training(loss=loss).head_gradient()) < 1e-14


def logistic(logits, labels):
    return binary_cross_entropy_with_logits(logits, one_hot(labels, CLASSES).to(logits))


def scaled_logits(logits, labels):
    """Class-wise factors on the logits."""
    return cross_entropy(logits * torch.linspace(0.5, 2, CLASSES).to(logits), labels)


@pytest.mark.parametrize("loss", [squared, logistic, scaled_logits])
def test_other_losses_break_the_lemma(loss):
    assert sizes(Training(loss=loss).head_gradient()) > 1e-2


def test_softmax_less_target_is_a_gradient_for_targets_that_sum_to_one_only():
    """Written s − y, cross-entropy with label weights breaks the lemma; its gradient does not."""
    torch.manual_seed(0)
    logits = torch.randn(8, CLASSES, dtype=torch.float64, requires_grad=True)
    features = torch.randn(8, 3).double().numpy()
    targets = torch.rand(8, CLASSES).double()
    (exact,) = torch.autograd.grad(-(targets * logits.log_softmax(-1)).sum(), logits)
    written = logits.detach().softmax(-1) - targets
    assert abs(theory.row_sum_of_gradient(exact, features)).max() < 1e-15
    assert abs(theory.row_sum_of_gradient(written, features)).max() > 1e-2


@pytest.mark.parametrize("loss", [cross_entropy, squared, logistic])
def test_the_row_sum_of_a_gradient_is_what_autograd_says(loss):
    training = Training(loss=loss)
    features = training.model[0](training.inputs).detach()
    logits = training.head(features).detach().requires_grad_()
    (per_logit,) = torch.autograd.grad(loss(logits, training.labels) * SAMPLES, logits)
    value = loss(training.head(features), training.labels)
    (gradient,) = torch.autograd.grad(value, training.head.weight)
    np.testing.assert_allclose(
        theory.row_sum_of_gradient(per_logit, features), gradient.sum(0), atol=1e-15
    )


def adam(gradient):
    """Adam's first step: m̂ / √v̂."""
    return gradient / (abs(gradient) + 1e-8)


def clipped(gradient):
    return np.clip(gradient, -np.quantile(abs(gradient), 0.5), np.quantile(abs(gradient), 0.5))


@pytest.mark.parametrize("update", [adam, np.sign, clipped])
def test_what_treats_coordinates_apart_moves_the_row_sum(update):
    """Adam, sign descent, clipping by coordinate: their steps do not sum to 0, gradients do."""
    gradient = Training().head_gradient()
    assert sizes(gradient) < 1e-14
    assert sizes(update(gradient)) > 1e-2


@pytest.mark.parametrize("loss", [cross_entropy, squared])
@pytest.mark.parametrize("backbone", BACKBONES)
def test_the_rate_of_alpha_in_its_parts(backbone, loss):
    """Whatever G: with cross-entropy, of which γ = 0, and with the squared loss."""
    lr, momentum, decay = 0.05, 0.9, 0.03
    training = Training(backbone, loss)
    weight, velocity = training.head.weight.detach().numpy(), np.zeros((CLASSES, 12))
    for _ in range(20):
        gradient = training.head_gradient()
        before = theory.row_sum_product(weight, weight)
        rate = theory.alpha_rate(weight, velocity, gradient, lr=lr, momentum=momentum, decay=decay)
        velocity = momentum * velocity + gradient + decay * weight
        weight -= lr * velocity  # in place: the training's own
        after = theory.row_sum_product(weight, weight)
        assert sum(rate) == pytest.approx((after - before) / lr, abs=1e-12)
        assert (abs(rate.gradient) < 1e-14) == (loss is cross_entropy)
    assert after == pytest.approx(alphas(weight[None])[0], rel=1e-14)
