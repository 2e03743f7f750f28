"""Largest eigenvalues against the full autograd Hessian, and what happens when none is found."""

import math

import pytest
import torch
from torch import Generator, nn

from latephase.metrics.curvature import hessian_eigenvalues
from latephase.metrics.curvature.hessian_eigenvalues import eigenvalue_metrics, top_eigenvalues
from latephase.metrics.curvature.mean_loss import Objective
from latephase.parts.losses import cross_entropy, mse
from tests.metrics.curvature.networks import (
    Attention,
    Residual,
    full_hessian,
    in_blocks,
    mlp,
    moved,
    objective,
    saturated,
    tanh_mlp,
)


def measured(of, count=1, seed=0, **options):
    return eigenvalue_metrics(of, Generator().manual_seed(seed), count, **options)


def values(metrics):
    return [v for name, v in metrics.items() if not name.endswith("residual")]


@pytest.mark.parametrize("loss", [cross_entropy.per_sample, mse.per_sample])
@pytest.mark.parametrize("make", [mlp, tanh_mlp, Residual, Attention])
def test_full_hessian(make, loss):
    of = objective(make, loss)
    exact = torch.linalg.eigvalsh(full_hessian(of)[0]).flip(0)
    metrics = measured(of, count=3)
    assert values(metrics) == pytest.approx(exact[:3].tolist(), rel=1e-9)
    assert list(metrics)[:2] == ["hessian_eigenvalue_1", "hessian_eigenvalue_1_residual"]
    for name, value in metrics.items():
        if name.endswith("residual"):
            assert 0 <= value <= 1e-6 * exact[0]


def test_largest_means_algebraically():
    """PyHessian's power iteration finds the largest magnitude; this loss has it below 0."""
    of = objective(mlp, lambda z, y: -(z - y).square().sum(-1))
    exact = torch.linalg.eigvalsh(full_hessian(of)[0])
    assert exact[0].abs() > exact[-1].abs()
    assert values(measured(of)) == pytest.approx([float(exact[-1])], rel=1e-9)


def test_blocks_do_not_matter():
    whole = measured(objective(Residual))
    blocks = measured(in_blocks(objective(Residual), 3))
    assert values(blocks) == pytest.approx(values(whole), rel=1e-9)


def test_the_start_does_not_matter():
    first, second = (values(measured(objective(mlp), 2, seed)) for seed in (1, 2))
    assert first == pytest.approx(second, rel=1e-9)


LARGEST = 2 / 60 * (1 + 1e-4 * 59) ** 2


def nearly_equal(loss):
    """The eigenvalues are 2/60 (1 + i/10000)², i = 0..59, each of them three times."""
    model = nn.Linear(60, 3, bias=False)
    inputs = torch.diag(1 + 1e-4 * torch.arange(60))
    return Objective(model, {"weight": model.weight}, inputs, torch.arange(60) % 3, loss)


def test_not_converged_is_said(monkeypatch):
    """hessian-eigenthings takes 2k steps of Lanczos, two for k = 1, and returns a value that is
    61 % too small.
    """
    of = nearly_equal(mse.per_sample)
    assert values(measured(of)) == pytest.approx([LARGEST], rel=1e-6)
    monkeypatch.setattr(hessian_eigenvalues, "MOST_RESTARTS", 1)
    nan = measured(of, count=2, tolerance=1e-10)
    assert len(nan) == 4
    assert all(math.isnan(value) for value in nan.values())


def test_a_residual_that_is_too_large_is_not_converged(monkeypatch):
    """Whatever ARPACK thinks of it."""
    monkeypatch.setattr(
        hessian_eigenvalues,
        "eigsh",
        lambda a, k, **_: ([1.0], torch.eye(a.shape[0])[:, :1].numpy()),
    )
    assert all(math.isnan(value) for value in measured(objective(mlp)).values())


@pytest.mark.parametrize("target", [1e-5, 1e-9, 1e-14])
def test_saturation_from_float32(target):
    """Against Σ_i Jᵀ A_i J + Σ_k (p − y)_k ∂²z_k, with p and 1 − p from the odds.

    Autograd's log_softmax leaves two digits at 1e-14; and ARPACK takes whatever is below 4e-11
    for converged, with one digit or two.
    """
    of = saturated(target)
    labels = of.labels
    logits = of.logits()
    odds = (logits - logits.gather(1, labels[:, None])).exp()
    p = odds / odds.sum(1, keepdim=True)
    wrong = p.scatter(1, labels[:, None], 0)
    slopes = wrong.scatter(1, labels[:, None], -wrong.sum(1, keepdim=True))

    def weighed(z, targets, pairs=p[:, :, None] * p[:, None, :], at=logits, slopes=slopes):
        """A quadratic in the logits with the loss's gradient and Hessian where we are."""
        step = z - at
        squares = (step[:, :, None] - step[:, None, :]).square()
        return (slopes * step).sum(1) + (pairs * squares).sum((1, 2)) / 4

    quadratic = moved(of)
    quadratic.loss = weighed
    exact = float(torch.linalg.eigvalsh(full_hessian(quadratic)[0])[-1])
    metrics = measured(of)
    assert metrics["hessian_eigenvalue_1"] == pytest.approx(exact, rel=1e-6, abs=0)
    assert metrics["hessian_eigenvalue_1_residual"] <= 1e-6 * exact


def test_both_columns_are_in_the_units_of_the_loss():
    """And with a loose tolerance the residual still bounds the error."""
    small = measured(nearly_equal(mse.per_sample), tolerance=0.1)
    scaled = nearly_equal(lambda z, y: 1e6 * mse.per_sample(z, y))
    large = measured(scaled, tolerance=0.1)
    assert large == pytest.approx({name: 1e6 * value for name, value in small.items()}, rel=1e-3)
    value, residual = small.values()
    assert 1e-9 * value < abs(value - LARGEST) <= residual


def test_no_curvature_at_all_is_zero():
    of = objective(mlp)
    of = moved(of, **{name: torch.zeros_like(t) for name, t in of.parameters.items()})
    of.per_sample = lambda z, y: 0 * z.sum(-1)
    assert measured(of) == {"hessian_eigenvalue_1": 0.0, "hessian_eigenvalue_1_residual": 0.0}


def test_not_finite_is_nan():
    of = objective(mlp)
    of.parameters["0.bias"][0] = math.nan
    assert all(math.isnan(value) for value in measured(of).values())


def test_float32_on_request():
    double = measured(objective(mlp))
    single = measured(objective(mlp, dtype=torch.float32), tolerance=1e-4)
    assert values(single) == pytest.approx(values(double), rel=1e-5)
    assert values(single) != values(double)


def test_no_more_products_than_needed():
    of = objective(Residual)
    product, calls = of.hessian_product(), []
    of.hessian_product = lambda: lambda vectors: calls.append(1) or product(vectors)
    top_eigenvalues(of, Generator().manual_seed(0), 1, 1e-6)
    assert len(calls) < 60
