"""Slopes and rank orders against laws that are known and pairs counted by hand."""

import itertools
import math

import numpy as np
import pytest

from latephase.analysis import trends


def test_loglog_slope_recovers_a_power_law():
    x = np.array([1e-5, 1e-4, 1e-3, 1e-2])
    times = 3 * x**-1.0 * np.array([[0.9], [0.95], [1.0], [1.05], [1.1]])
    interval, n_cells = trends.loglog_slope_interval(x, times, times)
    assert interval == pytest.approx((-1, -1, -1))
    assert n_cells == 4


def test_a_median_is_known_though_a_seed_is_censored_above_it():
    """One of five late seeds: the estimate is what it was, the interval is open to one side."""
    x = np.array([1e-5, 1e-4, 1e-3, 1e-2])
    earliest = 3 * x**-1.0 * np.array([[0.9], [0.95], [1.0], [1.05], [1.1]])
    latest = earliest.copy()
    latest[4, 0] = np.inf  # of the smallest x: it can only be steeper
    interval, n_cells = trends.loglog_slope_interval(x, earliest, latest)
    assert n_cells == 4
    assert interval.estimate == pytest.approx(-1)
    assert interval.low == -np.inf
    assert interval.high == pytest.approx(-1, abs=0.02)
    # Of nine seeds a draw seldom has five of the one that is censored.
    many = np.repeat(earliest[2:3], 9, axis=0)
    latest = many.copy()
    latest[0, 0] = np.inf
    interval, _ = trends.loglog_slope_interval(x, many, latest)
    assert interval == pytest.approx((-1, -1, -1))


def test_a_cell_with_an_unknown_median_is_left_out():
    x = np.array([1e-5, 1e-4, 1e-3, 1e-2])
    earliest = 3 * x**-1.0 * np.array([[0.9], [0.95], [1.0], [1.05], [1.1]])
    latest = earliest.copy()
    earliest[1:, 0], latest[1:, 0] = 100.0, np.inf
    interval, n_cells = trends.loglog_slope_interval(x, earliest, latest)
    assert interval == pytest.approx((-1, -1, -1))
    assert n_cells == 3
    earliest[:, 1] = latest[:, 1] = np.nan
    interval, n_cells = trends.loglog_slope_interval(x, earliest, latest)
    assert n_cells == 2
    assert math.isnan(interval.estimate)


def test_rank_association_matches_pairs_counted_by_hand():
    x = [1.0, 2.0, 3.0]
    exact = np.array([[3.0, 2.0, 1.0], [6.0, 5.0, 4.0]])
    assert trends.rank_association(x, exact[:1], exact[:1]) == -1
    # 12 pairs differ in x; of those across rows (6, ..) every row-2 value is above row 1's.
    expected = 0
    for i, j in itertools.product(itertools.product(range(2), range(3)), repeat=2):
        if x[i[1]] > x[j[1]]:
            expected += np.sign(exact[i] - exact[j])
    assert trends.rank_association(x, exact, exact) == pytest.approx(expected / 12)


def test_rank_association_counts_undecided_pairs_as_ties():
    low = np.array([[5.0, 2.0, 1.0]])
    high = np.array([[np.inf, 2.0, 1.0]])
    assert trends.rank_association([1, 2, 3], low, high) == -1
    low = np.array([[1.5, 2.0, 1.0]])
    assert trends.rank_association([1, 2, 3], low, high) == pytest.approx(-2 / 3)
