"""Theorems 3.3 and 3.4: sign descent on unconstrained features."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from latephase.papers.zhao2026 import theory
from tests.papers.zhao2026.training import alphas, simplex


def simplex_gradient(weight):
    """∇_W of the mean cross-entropy on a sample a class, at the simplex's corners, by autograd."""
    weight = weight.clone().requires_grad_()
    labels = torch.arange(len(weight))
    value = cross_entropy((weight @ simplex(len(weight))).T, labels)
    return torch.autograd.grad(value, weight)[0]


def sign_descent(lrs, decay, weight, coupled):
    """W_0 … W_T [T + 1, K, K]."""
    weights = [weight]
    for lr in lrs:
        gradient = simplex_gradient(weight)
        if coupled:
            weight = weight - lr * torch.sign(gradient + decay * weight)
        else:
            weight = (1 - lr * decay) * weight - lr * torch.sign(gradient)
        weights.append(weight)
    return torch.stack(weights).numpy()


def nothing(classes):
    return torch.zeros(classes, classes, dtype=torch.float64)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_decoupled_sign_descent(classes):
    """Thm 3.3, from W_0 = 0: every step, and the limit, which is that of 1/K ‖Wᵀ1‖²."""
    decay, lrs = 0.2, theory.learning_rates(0.05, 3000, [2500], 0.1)
    weights = sign_descent(lrs, decay, nothing(classes), coupled=False)
    alpha = alphas(weights)
    limit = theory.sign_decoupled_limit(decay, classes)
    expected = theory.sign_decoupled_alpha(lrs, decay, classes)
    np.testing.assert_allclose(alpha, expected, rtol=1e-12, atol=1e-24)
    assert alpha[-1] == pytest.approx(limit, rel=1e-10, abs=1e-24)
    assert limit == pytest.approx((classes - 2) ** 2 / 0.04)
    assert (np.diff(expected) >= 0).all()
    # The main text's ‖Wᵀ1‖², without 1/K, ends up K times as high.
    printed = (weights[-1].sum(0) ** 2).sum()
    assert printed == pytest.approx(classes * limit, rel=1e-10, abs=1e-24)


def test_decoupled_sign_descent_forgets_where_it_began():
    torch.manual_seed(0)
    decay, lrs = 0.2, np.full(4000, 0.02)
    weights = sign_descent(lrs, decay, torch.randn(6, 6).double(), coupled=False)
    limit = theory.sign_decoupled_limit(decay, 6)
    assert alphas(weights)[-1] == pytest.approx(limit, rel=1e-4)


def printed_sign_gradient(gap, classes, samples):
    """ψ as in the paper: 1/√(K − 1) pulled out of the exponent twice."""
    root = np.sqrt(classes - 1)
    return 1 / (samples * root) / (np.exp(gap / (classes - 1)) + classes - 1)


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize(("a", "b"), [(0.3, 0.1), (4.0, 0.5), (1.0, -0.2)])
def test_the_exponent_of_theorem_3_4(classes, a, b):
    weight = (a + b) * torch.eye(classes, dtype=torch.float64) - b
    gradient = simplex_gradient(weight).numpy()
    psi = theory.sign_gradient(a + b, classes, classes)
    expected = psi * (1 - classes * np.eye(classes))
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=1e-15)
    printed = printed_sign_gradient(a + b, classes, classes)
    if classes == 2:  # √(K − 1) is K − 1.
        assert printed == pytest.approx(psi, rel=1e-15)
    else:
        assert abs(printed / psi - 1) > 5e-3


def test_coupled_sign_descent_follows_a_and_b():
    """Thm 3.4: the recursion is the training, until signs hang on the last bits."""
    decay, classes, steps = 0.01, 10, 120
    lrs = np.full(steps, 3e-3)
    weights = sign_descent(lrs, decay, nothing(classes), coupled=True)
    a, b = theory.sign_coupled(lrs, decay, classes)
    expected = (a + b)[:, None, None] * np.eye(classes) - b[:, None, None]
    np.testing.assert_allclose(weights, expected, atol=1e-12)
    alpha = theory.sign_coupled_alpha(a, b, classes)
    np.testing.assert_allclose(alpha, alphas(weights), atol=1e-12)


STEADY = np.full(3000, 0.01)
DECAYED = theory.learning_rates(0.01, 3000, range(300, 3000, 300), 1 / 3)


@pytest.mark.parametrize("lrs", [STEADY, DECAYED], ids=["constant", "decayed"])
@pytest.mark.parametrize("coupled", [False, True])
def test_table_1_with_its_rows_the_right_way_round(coupled, lrs):
    """NC0 vanishes under coupled decay with a learning rate that is decayed, and else nowhere.

    Table 1 has "converges?" and "learning rate" of Thms 3.3 and 3.4 in each other's row.
    """
    classes, decay = 10, 0.05
    alpha = alphas(sign_descent(lrs, decay, nothing(classes), coupled))
    late = alpha[-500:].max()
    if coupled and lrs is DECAYED:
        assert late < 1e-5 * alpha.max()
    elif coupled:  # jumps of the order of ηK, for ever
        assert 0.1 < np.sqrt(late) / (0.01 * classes) < 1
    else:
        expected = theory.sign_decoupled_alpha(lrs, decay, classes)
        assert late == pytest.approx(expected[-1], rel=1e-10)
        assert late == alpha.max()


def test_where_coupled_sign_descent_ends():
    """a = (K − 1) b and λb = ψ; on the way α rises, then falls."""
    classes, decay = 10, 0.01
    lrs = theory.learning_rates(0.003, 40_000, range(4000, 40_000, 4000), 1 / 3)
    a, b = theory.sign_coupled(lrs, decay, classes)
    alpha = theory.sign_coupled_alpha(a, b, classes)
    peak = alpha.argmax()
    assert (np.diff(alpha[: peak + 1]) > 0).all() and alpha[peak] > 1
    assert alpha[-1] < 1e-10
    assert a[-1] == pytest.approx((classes - 1) * b[-1], abs=1e-5)
    psi = theory.sign_gradient(a[-1] + b[-1], classes, classes)
    assert decay * b[-1] == pytest.approx(psi, rel=1e-5)
