"""Losses to be differentiated twice: the same function, with all its digits at saturation."""

import pytest
import torch
from torch.nn.functional import one_hot

from latephase.metrics.curvature.precise_loss import precise, roots
from latephase.parts.losses import cross_entropy, mse


def some_loss(logits, targets):
    """Of nobody's; its Hessian has eigenvalues of both signs."""
    return (logits - targets).sin().sum(-1) + logits[..., 0] * logits[..., 1]


def sample(margin=0.0, classes=4, samples=6):
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(samples, classes, generator=generator, dtype=torch.float64)
    labels = torch.randint(classes, (samples,), generator=generator)
    logits[torch.arange(samples), labels] += margin
    return logits, one_hot(labels, classes).double()


def rebuilt(loss, logits, targets):
    """Σ_k s_k u_k u_kᵀ of each sample."""
    return sum(
        sign[:, None, None] * root[:, :, None] * root[:, None, :]
        for root, sign in roots(loss, logits, targets)
    )


def hessians(loss, logits, targets):
    pairs = zip(logits, targets, strict=True)
    return torch.stack(
        [torch.autograd.functional.hessian(lambda z, y=y: loss(z, y), z) for z, y in pairs]
    )


@pytest.mark.parametrize("loss", [cross_entropy.per_sample, mse.per_sample, some_loss])
def test_it_is_the_same_function(loss):
    for margin in (-30.0, 0.0, 5.0):
        logits, targets = sample(margin)
        same = precise(loss)(logits, targets)
        assert same.tolist() == pytest.approx(loss(logits, targets).tolist(), rel=1e-13)


@pytest.mark.parametrize("loss", [cross_entropy.per_sample, mse.per_sample, some_loss])
def test_roots_make_the_hessian(loss):
    logits, targets = sample()
    hessian = hessians(loss, logits, targets)
    torch.testing.assert_close(rebuilt(loss, logits, targets), hessian, rtol=1e-12, atol=1e-14)
    exact = hessians(precise(loss), logits, targets)
    torch.testing.assert_close(exact, hessian, rtol=1e-12, atol=1e-14)


def test_a_loss_linear_in_the_logits_has_no_curvature():
    logits, targets = sample()
    assert not rebuilt(lambda z, y: (z * y).sum(-1), logits, targets).any()


@pytest.mark.parametrize("margin", [-33.0, 33.0, 300.0])
def test_derivatives_at_saturation(margin):
    """log_softmax, differentiated, subtracts 1 − 1e-14 from 1: two digits left, or none."""
    logits, targets = sample(margin)
    if margin < 0:  # sure of a wrong class
        logits[:, 0] += 40
    largest = logits.argmax(1)
    odds = (logits - logits.gather(1, largest[:, None])).exp()
    odds[torch.arange(6), largest] = 0
    small = odds / (1 + odds.sum(1, keepdim=True))  # p, but for the likeliest class
    p = small.clone()
    p[torch.arange(6), largest] = 1 / (1 + odds.sum(1))
    rest = small.clone()  # 1 − p
    rest = torch.where(one_hot(largest, 4).bool(), small.sum(1, keepdim=True), 1 - small)
    hessian = torch.where(torch.eye(4).bool(), (p * rest)[:, :, None], -p[:, :, None] * p[:, None])

    for found in (
        hessians(precise(cross_entropy.per_sample), logits, targets),
        rebuilt(cross_entropy.per_sample, logits, targets),
    ):
        torch.testing.assert_close(found, hessian, rtol=1e-12, atol=0)
    slope = torch.where(targets.bool(), -rest, p)
    z = logits.clone().requires_grad_()
    losses = precise(cross_entropy.per_sample)(z, targets)
    (found,) = torch.autograd.grad(losses.sum(), z)
    torch.testing.assert_close(found, slope, rtol=1e-12, atol=0)

    plain = hessians(cross_entropy.per_sample, logits, targets)
    assert not torch.allclose(plain, hessian, rtol=1e-4, atol=0)
