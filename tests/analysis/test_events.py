"""Times of events against curves whose events are known; intervals against a brute force."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from latephase import analysis
from tests import synthetic

STEPS = synthetic.logged_steps()


def test_onset_is_interpolated_in_log_step():
    steps = [1, 10, 100, 1000, 10_000]
    event = analysis.onset(steps, [0.0, 0.5, 1.0, 1.0, 1.0], threshold=0.75, stay=3)
    assert event == (pytest.approx(10**1.5), False)


def test_onset_needs_the_level_to_be_held():
    steps = np.arange(1, 9)
    values = np.array([0, 1, 0, 1, 1, 1, 1, 1.0])
    assert analysis.onset(steps, values, 1.0, stay=1).step == 2
    assert analysis.onset(steps, values, 1.0, stay=3).step == 4
    assert analysis.onset(steps, values, 1.0, stay=6) == (8, True)


def test_onset_not_reached_is_censored_at_the_last_measured_step():
    assert analysis.onset([0, 1, 10, 100], [0, 0.1, 0.2, np.nan], 0.9, stay=1) == (10, True)
    nothing = analysis.onset([0, 1], [np.nan, np.nan], 0.9, stay=1)
    assert math.isnan(nothing.step) and nothing.censored


def test_onset_too_late_to_be_confirmed_is_censored():
    assert analysis.onset([1, 2, 3, 4], [0, 0, 1, 1], 1.0, stay=3).censored


@pytest.mark.parametrize(
    ("values", "step"), [([1, 1, 1, 1], 5), ([0, 1, 1, 1], 5), ([np.nan, np.nan, 1, 1], 50)]
)
def test_onset_does_not_interpolate_from_step_zero_or_from_nan(values, step):
    assert analysis.onset([0, 5, 50, 500], values, 0.5, stay=2) == (step, False)


def test_onset_refuses_steps_out_of_order():
    with pytest.raises(ValueError, match="increase"):
        analysis.onset([1, 1], [0, 1], 0.5, stay=1)


@pytest.mark.parametrize("time", [50, 700, 20_000])
def test_fall_is_half_way_on_the_log_scale(time):
    values = 0.3 * 10 ** (-2 * synthetic.sigmoid(STEPS, time, 0.05))
    event = analysis.fall(STEPS, values, stay=3, min_factor=3)
    assert not event.censored
    assert math.log10(event.step / time) == pytest.approx(0, abs=0.03)


def test_fall_by_a_factor_does_not_move_with_the_budget():
    values = STEPS[1:] ** -1.0
    times = {
        last: analysis.fall(STEPS[1:last], values[: last - 1], stay=1, min_factor=3, factor=3).step
        for last in (40, 60, 80)
    }
    halves = {
        last: analysis.fall(STEPS[1:last], values[: last - 1], stay=1, min_factor=3).step
        for last in (40, 60, 80)
    }
    assert len(set(times.values())) == 1
    assert len(set(halves.values())) == 3


def test_fall_ignores_a_dip_that_recovers_and_a_spike_after_the_fall():
    values = 0.3 * 10 ** (-2 * synthetic.sigmoid(STEPS, 5000, 0.05))
    clean = analysis.fall(STEPS, values, stay=3, min_factor=3).step
    values[20:30] = 0.01
    values[-6] = 0.5
    values[60] = 3.0
    values[55:65] *= 1.01
    assert analysis.fall(STEPS, values, stay=3, min_factor=3).step == pytest.approx(clean, rel=0.2)


def test_fall_too_small_or_rising_is_censored():
    last = float(STEPS[-1])
    shallow = 0.3 * 2 ** -synthetic.sigmoid(STEPS, 5000, 0.05)
    assert analysis.fall(STEPS, shallow, stay=3, min_factor=3) == (last, True)
    assert analysis.fall(STEPS, 1 / shallow, stay=3, min_factor=3) == (last, True)


def test_fall_to_exact_zero_is_a_fall():
    values = np.where(STEPS < 1000, 1.0, 0.0)
    event = analysis.fall(STEPS, values, stay=3, min_factor=3)
    assert not event.censored
    assert 700 < event.step <= 1200


def test_fall_starts_its_plateau_where_told():
    values = 100.0 * 10 ** (-2 * synthetic.sigmoid(STEPS, 100, 0.05))
    values *= 10 ** (-1 * synthetic.sigmoid(STEPS, 10_000, 0.05))
    whole = analysis.fall(STEPS, values, stay=3, min_factor=3)
    late = analysis.fall(STEPS, values, stay=3, min_factor=3, start=1000)
    assert whole.step < 300
    assert late.step == pytest.approx(10_000, rel=0.1)


def test_late_rise_counts_from_the_start_only():
    values = 0.1 + 0.4 * synthetic.sigmoid(STEPS, 50, 0.05)
    values = values + 0.4 * synthetic.sigmoid(STEPS, 5000, 0.05)
    event = analysis.late_rise(STEPS, values, 200, min_rise=0.1, stay=3)
    assert event.step == pytest.approx(5000, rel=0.05)
    assert analysis.late_rise(STEPS, values, 200, min_rise=0.5, stay=3).censored
    assert analysis.late_rise(STEPS, values, np.inf, min_rise=0.1, stay=3).censored


def test_generalisation_level_is_one_for_the_study_and_ignores_what_follows_divergence():
    table = synthetic.study_table(noise=0)
    level = analysis.generalisation_level(table, 0.95, 3)
    assert level == pytest.approx(0.95 * 0.88, abs=1e-3)
    lost = synthetic.diverge(table, "0.3-42", 5000)
    lost.loc[(lost["run"] == "0.3-42") & (lost["step"] >= 5000), "accuracy_test"] = 1.0
    assert analysis.generalisation_level(lost, 0.95, 3) == pytest.approx(level, abs=1e-3)


def test_mixed_axes_are_refused():
    table = synthetic.study_table(decays=(0.1,), seeds=(42,))
    twin = table.assign(run="another")
    runs = analysis.run_events(
        pd.concat([table, twin]),
        lambda run: {"train": analysis.onset(run["step"], run["accuracy_train"], 0.99, 3)},
    )
    with pytest.raises(ValueError, match="two runs"):
        analysis.by_cell(runs, "train")


def test_seed_interval_matches_all_resamples():
    values = np.array([[1.0], [2.0], [4.0], [8.0]])

    def mean(low, high):
        return low.mean(axis=(-1, -2)), high.mean(axis=(-1, -2))

    every = [
        np.mean([values[i, 0] for i in draw]) for draw in itertools.product(range(4), repeat=4)
    ]
    interval = analysis.seed_interval(values, values, mean, resamples=20_000)
    assert interval.estimate == 3.75
    assert interval.low == pytest.approx(np.quantile(every, 0.025, method="inverted_cdf"), abs=0.26)
    assert interval.high == pytest.approx(
        np.quantile(every, 0.975, method="inverted_cdf"), abs=0.26
    )
    assert interval == analysis.seed_interval(values, values, mean, resamples=20_000)


def test_seed_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(150):
        values = rng.normal(size=(12, 1))
        interval = analysis.seed_interval(values, values, analysis.mean_of_cells, resamples=300)
        hits += interval.low <= 0 <= interval.high
    assert 0.83 <= hits / 150 <= 0.99


def test_seed_interval_is_open_above_where_censoring_reaches_the_median():
    few = np.array([[1.0], [1.1], [1.2], [1.3], [1.4], [1.5], [1.6]])
    open_few = few.copy()
    open_few[-1] = np.inf
    assert math.isfinite(analysis.seed_interval(few, open_few, analysis.mean_of_cells).estimate)
    open_most = np.where(few > 1.15, np.inf, few)
    interval = analysis.seed_interval(few, open_most, analysis.mean_of_cells)
    assert interval.high == math.inf
    assert interval.low == pytest.approx(1.1, abs=0.1)


def test_seed_interval_is_not_given_for_two_seeds_with_values():
    values = np.array([[1.0], [2.0], [np.nan]])
    interval = analysis.seed_interval(values, values, analysis.mean_of_cells)
    assert interval.estimate == 1.5
    assert math.isnan(interval.low) and math.isnan(interval.high)


def test_loglog_slope_recovers_a_power_law_and_leaves_censored_cells_out():
    x = np.array([1e-5, 1e-4, 1e-3, 1e-2])
    times = 3 * x**-1.0 * np.array([[0.9], [1.0], [1.1]])
    censored = np.zeros((3, 4), dtype=bool)
    interval, n_cells = analysis.loglog_slope_interval(x, times, censored)
    assert interval == pytest.approx((-1, -1, -1))
    assert n_cells == 4
    times[1, 0], censored[1, 0] = 100.0, True
    interval, n_cells = analysis.loglog_slope_interval(x, times, censored)
    assert interval == pytest.approx((-1, -1, -1))
    assert n_cells == 3
    censored[2, 1] = True
    interval, n_cells = analysis.loglog_slope_interval(x, times, censored)
    assert n_cells == 2
    assert math.isnan(interval.estimate)


def test_rank_association_matches_pairs_counted_by_hand():
    x = [1.0, 2.0, 3.0]
    exact = np.array([[3.0, 2.0, 1.0], [6.0, 5.0, 4.0]])
    assert analysis.rank_association(x, exact[:1], exact[:1]) == -1
    # 12 pairs differ in x; of those across rows (6, ..) every row-2 value is above row 1's.
    expected = 0
    for i, j in itertools.product(itertools.product(range(2), range(3)), repeat=2):
        if x[i[1]] > x[j[1]]:
            expected += np.sign(exact[i] - exact[j])
    assert analysis.rank_association(x, exact, exact) == pytest.approx(expected / 12)


def test_rank_association_counts_undecided_pairs_as_ties():
    low = np.array([[5.0, 2.0, 1.0]])
    high = np.array([[np.inf, 2.0, 1.0]])
    assert analysis.rank_association([1, 2, 3], low, high) == -1
    low = np.array([[1.5, 2.0, 1.0]])
    assert analysis.rank_association([1, 2, 3], low, high) == pytest.approx(-2 / 3)
