"""Each loss against torch.nn.functional, its written gradient against autograd."""

import math

import pytest
import torch
from torch.nn import functional

from latephase.runs import declared, parts

REFERENCES = {
    "mse": lambda logits, targets: functional.mse_loss(logits, targets, reduction="none").sum(-1),
    "cross_entropy": lambda logits, targets: functional.cross_entropy(
        logits.flatten(0, -2), targets.flatten(0, -2).argmax(-1), reduction="none"
    ).unflatten(0, logits.shape[:-1]),
}


def batch(scale=3.0):
    torch.manual_seed(0)
    logits = scale * torch.randn(4, 6, 5, dtype=torch.float64)
    return logits, functional.one_hot(torch.randint(5, (4, 6)), 5).double()


def test_every_loss_has_a_reference():
    assert set(REFERENCES) == set(declared.names("loss"))


@pytest.mark.parametrize("name", REFERENCES)
def test_per_sample_equals_torch(name):
    logits, targets = batch()
    values = parts.load("loss", name).per_sample(logits, targets)
    torch.testing.assert_close(values, REFERENCES[name](logits, targets), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", REFERENCES)
def test_logit_gradient_equals_autograd(name):
    loss = parts.load("loss", name)
    logits, targets = batch()
    leaf = logits.clone().requires_grad_()
    (expected,) = torch.autograd.grad(loss.per_sample(leaf, targets).sum(), leaf)
    before = logits.clone(), targets.clone()
    found = loss.logit_gradient(logits, targets)
    torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-13)
    assert torch.equal(logits, before[0])  # neither is overwritten
    assert torch.equal(targets, before[1])


def test_cross_entropy_keeps_its_digits_where_the_margin_is_large():
    """log(1 + 9 e^-30) is 9 e^-30 to 13 digits; the probability itself rounds to 1 - 8e-13."""
    logits = torch.tensor([[30.0] + [0.0] * 9], dtype=torch.float64)
    targets = functional.one_hot(torch.tensor([0]), 10).double()
    value = parts.load("loss", "cross_entropy").per_sample(logits, targets).item()
    assert value == pytest.approx(9 * math.exp(-30), rel=1e-3)


@pytest.mark.parametrize("label", [0, 1])
def test_cross_entropy_is_finite_where_a_probability_is_not_a_float64(label):
    logits = torch.tensor([[1000.0, 0.0, -1000.0]], dtype=torch.float64)
    targets = functional.one_hot(torch.tensor([label]), 3).double()
    loss = parts.load("loss", "cross_entropy")
    assert loss.per_sample(logits, targets).item() == 1000.0 * label
    assert loss.logit_gradient(logits, targets).isfinite().all()
