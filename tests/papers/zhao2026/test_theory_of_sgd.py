"""Theorems 3.1 and 3.2, against training: SGD with coupled and with decoupled weight decay."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.papers.zhao2026 import theory
from tests.papers.zhao2026.training import BACKBONES, CLASSES, Training, largest_error, squared

SCHEDULES = {
    "constant": theory.learning_rates(0.05, 300),
    "steps": theory.learning_rates(0.05, 300, [100, 200], 0.1),
}


def test_learning_rates():
    lrs = theory.learning_rates(2.0, 6, [4, 1], 0.5)
    assert list(lrs) == [2, 1, 1, 1, 0.5, 0.5]
    assert list(theory.learning_rates(0.1, 3)) == [0.1] * 3


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("backbone", BACKBONES)
def test_decoupled_decay(backbone, momentum, schedule):
    """Thm 3.1: momentum has no part in it."""
    lrs = SCHEDULES[schedule]
    sums = Training(backbone).row_sums(lrs, momentum, 0.3, coupled=False)
    assert largest_error(sums, theory.sgdw_factor(lrs, 0.3)) < 1e-12
    if schedule == "constant":
        alpha = (sums**2).sum(1) / CLASSES
        expected = alpha[0] * (1 - 0.05 * 0.3) ** (2 * np.arange(301))
        np.testing.assert_allclose(alpha, expected, rtol=1e-11)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9, 0.98])
@pytest.mark.parametrize("backbone", BACKBONES)
def test_coupled_decay(backbone, momentum, schedule):
    """Thm 3.2, with schedules; at momentum 0.98 the roots are complex."""
    lrs = SCHEDULES[schedule]
    sums = Training(backbone).row_sums(lrs, momentum, 0.03, coupled=True)
    assert largest_error(sums, theory.sgd_factor(lrs, momentum, 0.03)) < 1e-12


def test_squared_loss_breaks_both():
    for coupled, factor in (
        (False, theory.sgdw_factor(SCHEDULES["constant"], 0.03)),
        (True, theory.sgd_factor(SCHEDULES["constant"], 0.9, 0.03)),
    ):
        training = Training(loss=squared)
        sums = training.row_sums(SCHEDULES["constant"], 0.9, 0.03, coupled)
        assert largest_error(sums, factor) > 0.1


@pytest.mark.parametrize("backbone", BACKBONES)
def test_without_decay_nothing_moves(backbone):
    """T7: NC0 is constant to rounding, and the factor exactly."""
    lrs = SCHEDULES["constant"]
    sums = Training(backbone).row_sums(lrs, 0.9, 0.0, coupled=True)
    assert largest_error(sums, np.ones(301)) < 1e-12
    assert (theory.sgd_factor(lrs, 0.9, 0.0) == 1).all()
    assert (theory.sgdw_factor(lrs, 0.0) == 1).all()


@settings(max_examples=50)
@given(product=st.floats(1e-4, 5), momentum=st.floats(0, 0.99))
def test_factor_is_the_sum_of_the_roots_powers(product, momentum):
    factors = theory.sgd_factor(np.ones(40), momentum, product)
    first, second = theory.sgd_roots(1.0, momentum, product)
    powers = np.arange(41)
    if abs(first - second) > 1e-2:
        share = (factors[1] - second) / (first - second)
        closed = share * first**powers + (1 - share) * second**powers
        scale = np.maximum(1, theory.sgd_spectral_radius(1.0, momentum, product) ** powers)
        np.testing.assert_allclose(factors / scale, closed.real / scale, atol=1e-9)
    assert first * second == pytest.approx(momentum)
    assert first + second == pytest.approx(1 + momentum - product)
    stable = theory.sgd_spectral_radius(1.0, momentum, product) < 1
    if abs(product - 2 * (1 + momentum)) > 1e-9:
        assert stable == (product < 2 * (1 + momentum))
    if theory.oscillates(1.0, momentum, product):
        assert theory.sgd_spectral_radius(1.0, momentum, product) == pytest.approx(
            np.sqrt(momentum)
        )


def test_factors_broadcast():
    momentum, decay = np.array([[0.0], [0.9]]), np.array([0.0, 0.1, 0.2])
    grid = theory.sgd_factor(SCHEDULES["steps"], momentum, decay)
    assert grid.shape == (301, 2, 3)
    one = theory.sgd_factor(SCHEDULES["steps"], 0.9, 0.2)
    np.testing.assert_array_equal(grid[:, 1, 2], one)


def test_small_decay_is_a_clock():
    """m_T ≈ m_0 exp(−λ Ση/(1 − β)) in the paper's heat map."""
    lrs = theory.learning_rates(0.001, 93_800, [30_954, 62_377], 0.1)
    for momentum, decay in ((0.0, 5e-3), (0.9, 1e-3), (0.98, 5e-5)):
        exact = theory.sgd_factor(lrs, momentum, decay)[-1]
        short = theory.sgd_factor_for_small_decay(lrs, momentum, decay)
        assert short == pytest.approx(exact, rel=2e-3)


@pytest.mark.parametrize("share", [0.5, 1.2, 10])
def test_complex_roots_make_nc0_oscillate(share):
    """Not in the paper: for ηλ > (1 − √β)² NC0 swings through 0, shrinking as √β a step."""
    lr, momentum = 0.05, 0.9
    decay = share * (1 - np.sqrt(momentum)) ** 2 / lr
    training = Training()
    sums = training.row_sums(np.full(400, lr), momentum, decay, coupled=True)
    along = sums @ sums[0] / (sums[0] @ sums[0])
    # From where rounding, of gradients about 1, is all there is.
    along = along[: np.flatnonzero(abs(along) > 1e-10)[-1]]
    turns = np.count_nonzero(np.diff(np.sign(along)))
    radius = theory.sgd_spectral_radius(lr, momentum, decay)
    assert theory.oscillates(lr, momentum, decay) == (share > 1) == (turns > 1)
    if share > 1:
        assert radius == pytest.approx(np.sqrt(momentum), rel=1e-12)
        first = theory.sgd_roots(lr, momentum, decay)[0]
        assert turns == pytest.approx(len(along) * abs(np.angle(first)) / np.pi, abs=2)
    else:
        assert radius > np.sqrt(momentum)
    envelope = np.log(np.maximum.accumulate(abs(along)[::-1])[::-1])
    slope = np.polyfit(np.arange(len(along)), envelope, 1)[0]
    assert slope == pytest.approx(np.log(radius), rel=0.05)
