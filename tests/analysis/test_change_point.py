"""Change points of made-up curves whose answer is known."""

import math

import numpy as np
import pytest

from latephase.analysis.change_point import GRID, change_point

STEPS = np.unique(np.round(10 ** np.linspace(0, 5, 120)))
TIMES = np.log10(STEPS)


def sigmoid(at, width, depth=-3.0):
    return depth / (1 + np.exp(-(TIMES - at) / width))


@pytest.mark.parametrize("at", [0.7, 1.5, 2.5, 3.3, 4.4])
@pytest.mark.parametrize("width", [0.01, 0.1, 0.2])
@pytest.mark.parametrize("depth", [-3.0, 1.0])
def test_a_sigmoid_changes_in_its_middle(at, width, depth):
    found = change_point(STEPS, sigmoid(at, width, depth), 0.1)
    assert found.shape == "step"
    assert math.log10(found.step) == pytest.approx(at, abs=0.1)
    assert np.sign(found.size) == np.sign(depth)


@pytest.mark.parametrize("seed", range(10))
def test_noise_moves_it_little(seed):
    noise = np.random.default_rng(seed).normal(0, 0.3, len(STEPS))
    found = change_point(STEPS, sigmoid(3.0, 0.1) + noise, 0.1)
    assert found.shape == "step" and math.log10(found.step) == pytest.approx(3.0, abs=0.15)


def test_of_two_falls_it_is_the_larger_one():
    found = change_point(STEPS, sigmoid(1.5, 0.05, -0.5) + sigmoid(3.5, 0.05, -2.0), 0.1)
    assert math.log10(found.step) == pytest.approx(3.5, abs=0.1)
    found = change_point(STEPS, sigmoid(1.5, 0.05, -2.0) + sigmoid(3.5, 0.05, -0.5), 0.1)
    assert math.log10(found.step) == pytest.approx(1.5, abs=0.1)


@pytest.mark.parametrize("slope", [-1.0, 0.5])
def test_what_drifts_has_no_change_point(slope):
    found = change_point(STEPS, slope * TIMES, 0.1)
    assert found.shape == "line" and math.isnan(found.step)
    assert found.size == pytest.approx(slope * 2.5, rel=0.02)  # half of the axis


@pytest.mark.parametrize("seed", range(5))
def test_what_stays_is_flat_with_noise_and_without(seed):
    assert change_point(STEPS, np.full(len(STEPS), 2.0), 0.1).shape == "flat"
    noise = np.random.default_rng(seed).normal(0, 0.05, len(STEPS))
    assert change_point(STEPS, noise, 0.1).shape == "flat"


def test_against_every_cut_one_by_one():
    """Brute force on the same grid."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        values = np.cumsum(rng.normal(size=len(STEPS)))
        grid = np.linspace(TIMES[0], TIMES[-1], GRID)
        y = np.interp(grid, TIMES, values)
        cuts = range(int(0.05 * GRID), GRID - int(0.05 * GRID) + 1)
        left = {c: y[:c].var() * c + y[c:].var() * (GRID - c) for c in cuts}
        best = min(left, key=left.get)
        line = np.polyval(np.polyfit(grid, y, 1), grid)
        found = change_point(STEPS, values, 0.0)
        if ((y - line) ** 2).sum() < left[best]:
            assert found.shape == "line"
        else:
            assert math.log10(found.step) == pytest.approx((grid[best - 1] + grid[best]) / 2)


def test_it_moves_with_the_clock_and_does_not_see_units():
    values = sigmoid(2.0, 0.1)
    found = change_point(STEPS, values, 0.1)
    later = change_point(STEPS * 7, values, 0.1)
    scaled = change_point(STEPS, 5 + 2 * values, 0.1)
    assert later.step == pytest.approx(7 * found.step)
    assert scaled.step == found.step and scaled.size == pytest.approx(2 * found.size)


def test_logs_that_lie_closer_do_not_count_for_more():
    """The first decade logged ten times as often: the change is where it was."""
    dense = np.unique(np.r_[np.linspace(1, 10, 300), STEPS])
    curve = lambda steps: -3 / (1 + np.exp(-(np.log10(steps) - 3) / 0.1))  # noqa: E731
    thin, thick = (change_point(s, curve(s), 0.1).step for s in (STEPS, dense))
    assert thick == pytest.approx(thin, rel=0.05)


def test_what_is_not_logged_is_left_out():
    values = sigmoid(3.0, 0.1)
    values[10:20] = np.nan
    assert math.log10(change_point(STEPS, values, 0.1).step) == pytest.approx(3.0, abs=0.1)
    assert change_point(STEPS[:3], values[:3], 0.1).shape == "flat"
    assert change_point([0, *STEPS], [1e9, *values], 0.1).step < 1100


def test_steps_must_increase():
    with pytest.raises(ValueError, match="must increase"):
        change_point([1, 1, 2], [0, 0, 0], 0.1)
