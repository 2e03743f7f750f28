"""Penalties and their gradients in float64, against loops and derivatives by hand."""

import math

import pytest
import torch
from torch import nn

from latephase.metrics.flatness.family import flatness_metrics
from latephase.parts.regularizers import flatness, flatness_bound, ncc


@pytest.fixture
def batch():
    """φ [11, 5], z [11, 4], one-hot targets of three of four classes, W [4, 5]; all leaves."""
    generator = torch.Generator().manual_seed(0)
    features, weight = (
        torch.randn(*shape, generator=generator, dtype=torch.float64) for shape in ((11, 5), (4, 5))
    )
    labels = torch.tensor([0, 1, 3, 0, 1, 3, 0, 1, 1, 0, 0])
    targets = nn.functional.one_hot(labels, 4).double()
    logits = features @ weight.T
    return (
        features.requires_grad_(),
        logits.detach().requires_grad_(),
        targets,
        weight.requires_grad_(),
    )


def ncc_of_loops(features, labels):
    means, variances = {}, {}
    for label in labels.unique().tolist():
        own = features[labels == label]
        means[label] = own.mean(0)
        variances[label] = (own - means[label]).square().sum(1).mean()
    pairs = [
        (variances[a] + variances[b]) / (2 * (means[a] - means[b]).square().sum())
        for a in means for b in means if a != b
    ]  # fmt: skip
    return sum(pairs) / len(pairs)


def test_ncc_is_the_mean_over_pairs_of_classes_in_the_batch(batch):
    features, logits, targets, weight = batch
    found = ncc.penalty(features, logits, targets, weight)
    expected = ncc_of_loops(features, targets.argmax(1))
    torch.testing.assert_close(found, expected)
    slopes = (torch.autograd.grad(value, features)[0] for value in (found, expected))
    torch.testing.assert_close(*slopes)


@pytest.mark.parametrize("change", [lambda x: 3 * x, lambda x: x + 7, lambda x: -x])
def test_ncc_knows_neither_scale_nor_place(batch, change):
    features, logits, targets, weight = batch
    found = ncc.penalty(change(features), logits, targets, weight)
    torch.testing.assert_close(found, ncc.penalty(features, logits, targets, weight))


@pytest.mark.parametrize("labels", [[2, 2, 2], [0, 1, 2]])
def test_ncc_of_one_class_or_of_one_sample_a_class_is_0_and_so_is_its_gradient(batch, labels):
    features = batch[0][:3]
    targets = nn.functional.one_hot(torch.tensor(labels), 4).double()
    found = ncc.penalty(features, batch[1][:3], targets, batch[3])
    assert found == 0
    assert torch.autograd.grad(found, batch[0])[0].abs().max() == 0


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_the_bound_and_its_gradient(batch, temperature):
    """∂R/∂W = 2 W mean U where logits are held; ∂U/∂z_j = −2 p_j (p_j − ‖p‖²)/τ (T6)."""
    features, logits, targets, weight = batch
    found = flatness_bound.penalty(features, logits, targets, weight, temperature)
    p = (logits / temperature).softmax(1)
    spread = 1 - (p**2).sum(1)
    torch.testing.assert_close(found, weight.norm() ** 2 * spread.mean())
    slopes = torch.autograd.grad(found, [weight, logits])
    torch.testing.assert_close(slopes[0], 2 * weight * spread.mean())
    inner = -2 * p * (p - (p**2).sum(1, keepdim=True)) / temperature
    torch.testing.assert_close(slopes[1], weight.norm() ** 2 * inner / len(logits))


def test_penalties_are_the_metrics_of_the_same_samples(batch):
    features, logits, targets, weight = (tensor.detach() for tensor in batch)
    columns = flatness_metrics(features, logits, weight, "cross_entropy")
    found = flatness.penalty(features, logits, targets, weight)
    assert found.item() == pytest.approx(columns["relative_flatness"], rel=1e-12)
    found = flatness_bound.penalty(features, logits, targets, weight, 1.0, False)
    assert found.item() == pytest.approx(columns["relative_flatness_bound"], rel=1e-12)


def test_the_gradient_of_relative_flatness_is_that_of_its_definition(batch):
    """Σ ⟨w_s, w_t⟩ Tr H_st, with p from the logits that are held."""
    features, logits, targets, weight = batch
    p = logits.softmax(1)
    hessians = torch.diag_embed(p) - p[:, :, None] * p[:, None]
    products = weight @ weight.T
    expected = (features.square().sum(1) * (hessians * products).sum((1, 2))).mean()
    found = flatness.penalty(features, logits, targets, weight)
    slopes = (torch.autograd.grad(value, [features, logits, weight]) for value in (found, expected))
    for ours, theirs in zip(*slopes, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=1e-9)


def test_a_regularised_plateau_cannot_pass_its_cap(batch):
    """T5: R ≤ B²(1 − 1/K) for ‖W‖_F ≤ B."""
    weight = batch[3] * (50 / batch[3].norm())
    highest = flatness_bound.penalty(batch[0], torch.zeros(11, 4).double(), batch[2], weight)
    assert highest.item() == pytest.approx(50**2 * (1 - 1 / 4))
    assert math.isfinite(highest.item())
    found = flatness_bound.penalty(batch[0], batch[1], batch[2], weight)
    assert found < highest
