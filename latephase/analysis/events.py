"""When something happens in a run, and whether it happens at all.

Every function here is pure. It takes arrays, or a study's data with one row for each run and step.
Times are optimizer steps. They are compared and interpolated as log10(step), because late-phase
events spread over decades.

Censoring: if a run does not show an event, the event is *censored*. Its time is unknown, but it is
not before the last step at which the run could be measured (the end of the budget, or the
divergence). A censored time is never dropped silently:
:func:`latephase.analysis.seeds.seed_interval` uses the smallest and the largest value that each run
may have.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.ndimage import median_filter

from latephase.analysis.divergence import before_divergence
from latephase.runs.columns import CELL

SMOOTHING = 5
"""Logs in the running median, which protects a plateau against single spikes."""
SIZE = "data.train_size"
"""The column with the number of training samples, which a study has if it is an axis."""


class Event(NamedTuple):
    """The time of an event in a run's history.

    ``step`` is the step of the event. If ``censored``, it is the last step at which the event had
    not yet happened (NaN if the run has no measured step at all).
    """

    step: float
    censored: bool


def onset(steps: ArrayLike, values: ArrayLike, threshold: float, stay: int) -> Event:
    """The first logged step from which ``stay`` logs in a row are at or above a threshold.

    Args:
        steps: ``[T]`` logged steps, increasing.
        values: ``[T]`` logged values; NaN counts as below the threshold.
        threshold: the level to reach.
        stay: how many logs in a row must be at or above the level, this one included. The last
            ``stay - 1`` logs of a history can therefore not be an onset.

    The crossing is interpolated linearly in log(step) between the log of the onset and the log
    before it, unless the log before is step 0 or NaN. If the level is held from the first log on,
    the result is the first positive step, which is an upper bound.

    This follows the "delay measures" for grokking, which have no standard form.

    Raises ValueError if the steps do not increase or ``stay`` is less than one.
    """
    steps = np.asarray(steps, dtype=float)
    values = np.asarray(values, dtype=float)
    if stay < 1:
        raise ValueError(f"stay must be at least 1, not {stay}")
    if (np.diff(steps) <= 0).any():
        raise ValueError("the steps of a history must increase")
    measured = np.isfinite(values)
    censored = Event(float(steps[measured][-1]) if measured.any() else np.nan, True)
    if len(values) < stay:
        return censored
    held = np.lib.stride_tricks.sliding_window_view(values >= threshold, stay).all(axis=1)
    if not held.any():
        return censored
    first = int(held.argmax())
    if steps[first] == 0:
        return Event(float(steps[1]), False) if len(steps) > 1 else censored
    if first == 0 or steps[first - 1] == 0 or not measured[first - 1]:
        return Event(float(steps[first]), False)
    below, above = values[first - 1], values[first]
    share = (threshold - below) / (above - below)
    before, after = np.log(steps[first - 1]), np.log(steps[first])
    return Event(float(np.exp(before + share * (after - before))), False)


def late_rise(
    steps: ArrayLike, values: ArrayLike, start: float, *, min_rise: float, stay: int
) -> Event:
    """The time at which a value has made half of its rise after ``start``.

    The rise is measured on a linear scale, which suits accuracies. It goes from the median of the
    first ``stay`` logs at or after ``start`` to the median of the last ``stay`` measured logs. The
    time is the :func:`onset` of the level half-way. It is censored if the rise is less than
    ``min_rise``.
    """
    steps = np.asarray(steps, dtype=float)
    values = np.asarray(values, dtype=float)
    late = np.isfinite(values) & (steps >= start)
    if not late.any():
        return onset(steps, values, np.inf, stay)
    steps, values = steps[late], values[late]
    low, high = np.median(values[:stay]), np.median(values[-stay:])
    if high - low < min_rise:
        return Event(float(steps[-1]), True)
    return onset(steps, values, (low + high) / 2, stay)


def fall(
    steps: ArrayLike,
    values: ArrayLike,
    *,
    stay: int,
    min_factor: float,
    factor: float | None = None,
    start: float = 0.0,
    floor: float = 1e-12,
) -> Event:
    """The time at which a positive metric has fallen from its plateau, on a log scale.

    The function takes log10(max(value, floor)) of the measured logs at or after ``start``, without
    step 0, and smooths it by a running median of :data:`SMOOTHING` logs. The *plateau* is the
    highest smoothed value, wherever it is. The *final level* is the median of the last ``stay``
    smoothed values. The time is that at which the smoothed value falls, for good, to or below one
    of these levels:

    - half-way between the plateau and the final level (``factor`` is None). This compares events
      within one run. It depends on the budget if the metric is still falling at the end.
    - plateau / ``factor``. This does not depend on the budget, so it compares runs.

    The time is interpolated in log(step) as in :func:`onset`. It is censored if plateau / final
    level is less than ``min_factor``, or if fewer than ``stay`` logs follow. A dip from which the
    metric recovers does not count as the fall. A spike after the fall delays the time only if it is
    longer than half of the running median.
    """
    steps = np.asarray(steps, dtype=float)
    values = np.asarray(values, dtype=float)
    measured = np.isfinite(values) & (steps > 0) & (steps >= start)
    if not measured.any():
        return onset(steps, values, np.inf, stay)
    steps = steps[measured]
    level = median_filter(
        np.log10(np.maximum(values[measured], floor)), size=SMOOTHING, mode="nearest"
    )
    plateau = level.max()
    depth = plateau - np.median(level[-stay:])
    if depth < np.log10(min_factor):
        return Event(float(steps[-1]), True)
    drop = depth / 2 if factor is None else np.log10(factor)
    target = plateau - drop
    above = np.flatnonzero(level > target)[-1]
    return onset(steps[above:], -level[above:], -target, stay)


def generalisation_level(table: pd.DataFrame, fraction: float, stay: int) -> float:
    """The test accuracy at which a run of a study counts as generalising.

    It is ``fraction`` of the highest final test accuracy in the table. A run's final accuracy is
    the median of its last ``stay`` measured logs. The table has one level. With a fraction of its
    *own* final accuracy, a run that never generalises would reach its level at once. A fixed
    accuracy would not suit both digits (final accuracy about 0.9) and the first 1000 images of
    MNIST (about 0.88).
    """
    measured = before_divergence(table).dropna(subset="accuracy_test").sort_values("step")
    finals = measured.groupby("run")["accuracy_test"].apply(lambda v: v.tail(stay).median())
    return fraction * float(finals.max()) if len(finals) else np.nan


def generalisation_levels(table: pd.DataFrame, fraction: float, stay: int) -> pd.Series:
    """The test accuracy at which each run counts as generalising, by run.

    Runs with the same number of training samples share a level, that of
    :func:`generalisation_level`. With few samples, even a run that generalises ends below the level
    of runs that have more.
    """
    levels = {}
    for _, own in table.groupby(SIZE, dropna=False) if SIZE in table else [((), table)]:
        level = generalisation_level(own, fraction, stay)
        levels |= dict.fromkeys(own["run"].unique(), level)
    return pd.Series(levels, dtype=float)


def run_events(
    table: pd.DataFrame,
    events: Callable[[pd.DataFrame], Mapping[str, Event]],
    cell: Sequence[str] = CELL,
) -> pd.DataFrame:
    """Apply ``events`` to each run's history, ordered by step and up to a divergence.

    Returns a row for each run. Its columns are run, seed, those of ``cell``, diverged (bool), and
    for each event its name (the step) and ``<name>_censored``.
    """
    rows = []
    for run, history in table.groupby("run", sort=True):
        history = history.sort_values("step")
        row = {"run": run}
        row |= {key: history[key].iloc[0] for key in ("seed", *cell)}
        row["diverged"] = bool(history["diverged_at"].notna().any())
        for name, event in events(before_divergence(history)).items():
            row |= {name: event.step, f"{name}_censored": event.censored}
        rows.append(row)
    return pd.DataFrame(rows)


def fit_and_fall(
    table: pd.DataFrame, metric: str, train_threshold: float, stay: int, factor: float
) -> pd.DataFrame:
    """When each run memorises, and when a metric has fallen by a factor after that.

    Returns the columns of :func:`run_events` for two events: ``train``, the :func:`onset` of
    training accuracy; and ``metric``, its :func:`fall` to plateau / ``factor``, where the plateau
    is taken after ``train``. The column ``latest`` is the time of the fall, or infinity if there is
    none.
    """

    def times(run: pd.DataFrame) -> dict[str, Event]:
        train = onset(run["step"], run["accuracy_train"], train_threshold, stay)
        fallen = Event(train.step, True)
        if not train.censored:
            limits = {"min_factor": factor, "factor": factor, "start": train.step}
            fallen = fall(run["step"], run[metric], stay=stay, **limits)
        return {"train": train, metric: fallen}

    runs = run_events(table, times)
    return runs.assign(latest=runs[metric].mask(runs[f"{metric}_censored"], np.inf))
