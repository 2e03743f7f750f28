"""Times of events against curves whose events are known."""

import math

import numpy as np
import pandas as pd
import pytest

from latephase.analysis import events
from tests.papers.sakamoto2026 import synthetic

STEPS = synthetic.logged_steps()


def test_onset_is_interpolated_in_log_step():
    steps = [1, 10, 100, 1000, 10_000]
    event = events.onset(steps, [0.0, 0.5, 1.0, 1.0, 1.0], threshold=0.75, stay=3)
    assert event == (pytest.approx(10**1.5), False)


def test_onset_needs_the_level_to_be_held():
    steps = np.arange(1, 9)
    values = np.array([0, 1, 0, 1, 1, 1, 1, 1.0])
    assert events.onset(steps, values, 1.0, stay=1).step == 2
    assert events.onset(steps, values, 1.0, stay=3).step == 4
    assert events.onset(steps, values, 1.0, stay=6) == (8, True)


def test_onset_not_reached_is_censored_at_the_last_measured_step():
    assert events.onset([0, 1, 10, 100], [0, 0.1, 0.2, np.nan], 0.9, stay=1) == (10, True)
    nothing = events.onset([0, 1], [np.nan, np.nan], 0.9, stay=1)
    assert math.isnan(nothing.step) and nothing.censored


def test_onset_too_late_to_be_confirmed_is_censored():
    assert events.onset([1, 2, 3, 4], [0, 0, 1, 1], 1.0, stay=3).censored


@pytest.mark.parametrize(
    ("values", "step"), [([1, 1, 1, 1], 5), ([0, 1, 1, 1], 5), ([np.nan, np.nan, 1, 1], 50)]
)
def test_onset_does_not_interpolate_from_step_zero_or_from_nan(values, step):
    assert events.onset([0, 5, 50, 500], values, 0.5, stay=2) == (step, False)


def test_onset_refuses_steps_out_of_order():
    with pytest.raises(ValueError, match="increase"):
        events.onset([1, 1], [0, 1], 0.5, stay=1)


@pytest.mark.parametrize("time", [50, 700, 20_000])
def test_fall_is_half_way_on_the_log_scale(time):
    values = 0.3 * 10 ** (-2 * synthetic.sigmoid(STEPS, time, 0.05))
    event = events.fall(STEPS, values, stay=3, min_factor=3)
    assert not event.censored
    assert math.log10(event.step / time) == pytest.approx(0, abs=0.03)


def test_fall_by_a_factor_does_not_move_with_the_budget():
    values = STEPS[1:] ** -1.0
    times = {
        last: events.fall(STEPS[1:last], values[: last - 1], stay=1, min_factor=3, factor=3).step
        for last in (40, 60, 80)
    }
    halves = {
        last: events.fall(STEPS[1:last], values[: last - 1], stay=1, min_factor=3).step
        for last in (40, 60, 80)
    }
    assert len(set(times.values())) == 1
    assert len(set(halves.values())) == 3


def test_fall_ignores_a_dip_that_recovers_and_a_spike_after_the_fall():
    values = 0.3 * 10 ** (-2 * synthetic.sigmoid(STEPS, 5000, 0.05))
    clean = events.fall(STEPS, values, stay=3, min_factor=3).step
    values[20:30] = 0.01
    values[-6] = 0.5
    values[60] = 3.0
    values[55:65] *= 1.01
    assert events.fall(STEPS, values, stay=3, min_factor=3).step == pytest.approx(clean, rel=0.2)


def test_fall_too_small_or_rising_is_censored():
    last = float(STEPS[-1])
    shallow = 0.3 * 2 ** -synthetic.sigmoid(STEPS, 5000, 0.05)
    assert events.fall(STEPS, shallow, stay=3, min_factor=3) == (last, True)
    assert events.fall(STEPS, 1 / shallow, stay=3, min_factor=3) == (last, True)


def test_fall_to_exact_zero_is_a_fall():
    values = np.where(STEPS < 1000, 1.0, 0.0)
    event = events.fall(STEPS, values, stay=3, min_factor=3)
    assert not event.censored
    assert 700 < event.step <= 1200


def test_fall_starts_its_plateau_where_told():
    values = 100.0 * 10 ** (-2 * synthetic.sigmoid(STEPS, 100, 0.05))
    values *= 10 ** (-1 * synthetic.sigmoid(STEPS, 10_000, 0.05))
    whole = events.fall(STEPS, values, stay=3, min_factor=3)
    late = events.fall(STEPS, values, stay=3, min_factor=3, start=1000)
    assert whole.step < 300
    assert late.step == pytest.approx(10_000, rel=0.1)


def test_late_rise_counts_from_the_start_only():
    values = 0.1 + 0.4 * synthetic.sigmoid(STEPS, 50, 0.05)
    values = values + 0.4 * synthetic.sigmoid(STEPS, 5000, 0.05)
    event = events.late_rise(STEPS, values, 200, min_rise=0.1, stay=3)
    assert event.step == pytest.approx(5000, rel=0.05)
    assert events.late_rise(STEPS, values, 200, min_rise=0.5, stay=3).censored
    assert events.late_rise(STEPS, values, np.inf, min_rise=0.1, stay=3).censored


def test_generalisation_level_is_one_for_the_study_and_ignores_what_follows_divergence():
    table = synthetic.study_table(noise=0)
    level = events.generalisation_level(table, 0.95, 3)
    assert level == pytest.approx(0.95 * 0.88, abs=1e-3)
    lost = synthetic.diverge(table, "0.3-42", 5000)
    lost.loc[(lost["run"] == "0.3-42") & (lost["step"] >= 5000), "accuracy_test"] = 1.0
    assert events.generalisation_level(lost, 0.95, 3) == pytest.approx(level, abs=1e-3)


def test_runs_with_as_many_samples_share_a_level():
    few, many = synthetic.study_table(noise=0), synthetic.study_table(noise=0)
    few["accuracy_test"] *= 0.8
    few["run"] += "-few"
    table = pd.concat([few.assign(**{events.SIZE: 100}), many.assign(**{events.SIZE: 1000})])
    levels = events.generalisation_levels(table, 0.95, 3)
    assert set(levels.index) == set(table["run"])
    for run, level in levels.items():
        expected = 0.95 * 0.88 * (0.8 if run.endswith("-few") else 1.0)
        assert level == pytest.approx(expected, abs=1e-3)
    # Runs without such a number, as of another grid of the study, have a level of their own.
    other = synthetic.study_table(noise=0)
    other["accuracy_test"] *= 0.5
    other["run"] += "-other"
    three = events.generalisation_levels(pd.concat([table, other]), 0.95, 3)
    assert three["0.3-42-other"] == pytest.approx(0.95 * 0.88 * 0.5, abs=1e-3)
    # Without the column there is one level. The few samples never reach it.
    alone = events.generalisation_levels(table.drop(columns=events.SIZE), 0.95, 3)
    assert alone.nunique() == 1
    assert alone.iloc[0] > few["accuracy_test"].max()
