"""Change points of made-up curves whose answer is known."""

import math

import numpy as np
import pytest

from latephase.analysis.change_point import GRID, MOST, history

STEPS = np.unique(np.round(10 ** np.linspace(0, 5, 120)))
TIMES = np.log10(STEPS)


def sigmoid(at, width, depth=-3.0):
    return depth / (1 + np.exp(-(TIMES - at) / width))


def of(values, least=0.1, steps=STEPS):
    """The shape, and the time and size of the largest change."""
    found = history(steps, values, least)
    change = found.largest()
    return (found.shape, math.log10(change.step), change.size) if change else (found.shape,)


@pytest.mark.parametrize("at", [0.7, 1.5, 2.5, 3.3, 4.4])
@pytest.mark.parametrize("width", [0.01, 0.1, 0.2])
@pytest.mark.parametrize("depth", [-3.0, 1.0])
def test_a_sigmoid_changes_in_its_middle(at, width, depth):
    shape, time, size = of(sigmoid(at, width, depth))
    assert shape == "step"
    assert time == pytest.approx(at, abs=0.1)
    assert np.sign(size) == np.sign(depth)


@pytest.mark.parametrize("seed", range(10))
def test_noise_moves_it_little(seed):
    noise = np.random.default_rng(seed).normal(0, 0.3, len(STEPS))
    _, time, _ = of(sigmoid(3.0, 0.1) + noise)
    assert time == pytest.approx(3.0, abs=0.15)


@pytest.mark.parametrize(("small", "large"), [(1.5, 3.5), (3.5, 1.5)])
def test_of_two_falls_it_is_the_larger_one(small, large):
    shape, time, _ = of(sigmoid(small, 0.05, -0.5) + sigmoid(large, 0.05, -2.0))
    assert shape == "step" and time == pytest.approx(large, abs=0.1)


@pytest.mark.parametrize(("rise", "fall"), [(2.0, -1.0), (1.0, -2.0), (1.0, -1.0)])
def test_what_rises_and_falls_has_both_changes(rise, fall):
    found = history(STEPS, sigmoid(1.5, 0.1, rise) + sigmoid(3.5, 0.1, fall), 0.1)
    assert found.shape == "bump"
    assert [math.log10(c.step) for c in found.changes] == pytest.approx([1.5, 3.5], abs=0.1)
    assert [c.size for c in found.changes] == pytest.approx([rise, fall], rel=0.2)
    assert found.largest(falls=True) == found.changes[1]


def test_what_falls_early_and_late_with_a_rise_between_has_three_changes():
    values = sigmoid(1.0, 0.05, -0.5) + sigmoid(2.5, 0.05, 1.0) + sigmoid(4.0, 0.05, -1.5)
    found = history(STEPS, values, 0.1)
    assert found.shape == "wave"
    assert [math.log10(c.step) for c in found.changes] == pytest.approx([1, 2.5, 4], abs=0.1)
    assert found.largest(falls=True) == found.changes[2]


@pytest.mark.parametrize("slope", [-1.0, 0.5])
def test_what_drifts_has_no_change(slope):
    assert of(slope * TIMES) == ("line",)


def test_what_stays_is_flat():
    assert of(np.full(len(STEPS), 2.0)) == ("flat",)


@pytest.mark.parametrize("deviation", [0.05, 0.1, 0.2, 0.4])
def test_noise_alone_is_flat(deviation):
    """Of 60 histories of noise, three at most show a change."""
    steps = 10 ** np.linspace(0, 4, 60)
    rng = np.random.default_rng(0)
    shapes = [history(steps, rng.normal(0, deviation, 60), 0.1).shape for _ in range(60)]
    assert shapes.count("flat") + shapes.count("line") >= 57


def test_a_rise_is_no_fall():
    assert history(STEPS, sigmoid(2.0, 0.1, 1.0), 0.1).largest(falls=True) is None


def left(*parts):
    return sum(part.var() * len(part) for part in parts)


def test_against_every_cut_one_by_one():
    """Brute force on the same grid."""
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(12):
        values = np.cumsum(rng.normal(size=len(STEPS)))
        grid = np.linspace(TIMES[0], TIMES[-1], GRID)
        y = np.interp(grid, TIMES, values)
        short = int(0.05 * GRID)
        ones = {c: left(y[:c], y[c:]) for c in range(short, GRID - short + 1)}
        twos = {
            (c, d): left(y[:c], y[c:d], y[d:])
            for c in range(short, GRID, 4)
            for d in range(c + short, GRID - short + 1, 4)
        }
        line = ((y - np.polyval(np.polyfit(grid, y, 1), grid)) ** 2).sum()
        found = history(STEPS, values, 0.0)
        seen.add(found.shape)
        cuts = [np.searchsorted(grid, math.log10(c.step)) for c in found.changes]
        assert len(cuts) < MOST
        if found.shape in ("bump", "wave"):
            assert left(*np.split(y, cuts)) <= min(*twos.values(), line) * (1 + 1e-9)
        elif found.shape == "step":
            assert left(*np.split(y, cuts)) == pytest.approx(min(ones.values()))
            assert min(ones.values()) <= line * (1 + 1e-9)
        else:
            assert line <= min(ones.values())
    assert len(seen) >= 2


def test_it_moves_with_the_clock_and_does_not_see_units():
    values = sigmoid(2.0, 0.1)
    _, time, size = of(values)
    assert of(values, steps=STEPS * 7)[1] == pytest.approx(time + math.log10(7))
    assert of(5 + 2 * values)[1:] == pytest.approx((time, 2 * size))


def test_logs_that_lie_closer_do_not_count_for_more():
    """The first decade logged ten times as often: the change is where it was."""
    dense = np.unique(np.r_[np.linspace(1, 10, 300), STEPS])
    curve = lambda steps: -3 / (1 + np.exp(-(np.log10(steps) - 3) / 0.1))  # noqa: E731
    thin, thick = (of(curve(s), steps=s)[1] for s in (STEPS, dense))
    assert thick == pytest.approx(thin, abs=0.02)


def test_what_is_not_logged_is_left_out():
    values = sigmoid(3.0, 0.1)
    values[10:20] = np.nan
    assert of(values)[1] == pytest.approx(3.0, abs=0.1)
    assert of(values[:3], steps=STEPS[:3]) == ("flat",)
    assert of([1e9, *values], steps=[0, *STEPS])[1] == pytest.approx(3.0, abs=0.1)


def test_steps_must_increase():
    with pytest.raises(ValueError, match="must increase"):
        history([1, 1, 2], [0, 0, 0], 0.1)
