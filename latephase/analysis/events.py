"""When something happens in training, and how sure the seeds make us of it.

Everything here is a pure function over arrays or over a study's table (one row for each run and
step). Times are optimizer steps; they are compared and interpolated as log10(step), because
late-phase events are spread over decades.

Censoring. An event that a run does not show is *censored*: its time is unknown, but not
before the last step at which the run could still be measured (the end of the budget, or the
divergence). A censored time is never dropped silently:
:func:`latephase.analysis.seeds.seed_interval` takes the smallest and the largest value that every
run may have.
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
"""Logs in the running median that guards a plateau against single spikes."""


class Event(NamedTuple):
    """A time in a run's history.

    ``step`` is the step of the event; where ``censored``, the last step at which the event
    had not yet happened (NaN where the run has no measured step at all).
    """

    step: float
    censored: bool


def onset(steps: ArrayLike, values: ArrayLike, threshold: float, stay: int) -> Event:
    """The first logged step from which ``stay`` logs in a row are at or above a threshold.

    Args:
        steps: ``[T]`` logged steps, increasing.
        values: ``[T]`` what was logged; NaN counts as below.
        threshold: level to reach.
        stay: logs, this one included, that must hold the level. The last ``stay - 1`` logs
            of a history can therefore not be an onset.

    The crossing is interpolated linearly in log(step) between the onset's log and the one
    before, unless that one is step 0 or NaN. A level held from the first log on gives the
    first positive step, an upper bound.

    Definition after "delay measures" for grokking, which have no standard form.

    Raises ValueError where the steps do not increase or ``stay`` is below one.
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

    The rise goes from the median of the first ``stay`` logs at or after ``start`` to the
    median of the last ``stay`` measured logs, on a linear scale (accuracies); the time is
    the :func:`onset` of the level half-way. Censored where the rise is below ``min_rise``.
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

    log10(max(value, floor)) of the measured logs at or after ``start`` (step 0 left out) is
    smoothed by a running median of :data:`SMOOTHING` logs. The *plateau* is its highest value,
    wherever that is; the *final level* the median of its last ``stay`` logs. The time is where
    it comes, for good, to or below

    - half-way between plateau and final level (``factor`` None). It compares events within
      one run; it moves with the budget if the metric is still falling at its end.
    - plateau / ``factor``. It does not move with the budget, so it compares runs.

    by interpolation in log(step) as in :func:`onset`. Censored where plateau / final level is
    below ``min_factor``, or where fewer than ``stay`` logs follow. A dip from which the metric
    recovers does not count as the fall; a spike after the fall delays it only if it is
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
    """The test accuracy from which a run of a study counts as generalising.

    ``fraction`` of the highest final test accuracy in the study, a run's final accuracy being
    the median of its last ``stay`` measured logs. One level for the whole study: against a
    fraction of its *own* final accuracy a run that never generalises would do so at once, and
    a fixed accuracy would not fit both digits (final accuracy about 0.9) and the first 1000 of
    MNIST (about 0.88).
    """
    measured = before_divergence(table).dropna(subset="accuracy_test").sort_values("step")
    finals = measured.groupby("run")["accuracy_test"].apply(lambda v: v.tail(stay).median())
    return fraction * float(finals.max()) if len(finals) else np.nan


def run_events(
    table: pd.DataFrame,
    events: Callable[[pd.DataFrame], Mapping[str, Event]],
    cell: Sequence[str] = CELL,
) -> pd.DataFrame:
    """Apply ``events`` to each run's history (by step, up to a divergence): a row for each run.

    Columns: run, seed, those of ``cell``, diverged (bool), then for every event its name (step) and
    ``<name>_censored``.
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
    """When each run memorises, and when a metric has fallen by a factor afterwards.

    Columns of :func:`run_events` for the events ``train``, the :func:`onset` of training accuracy,
    and ``metric``, its :func:`fall` to plateau / ``factor`` with the plateau taken after that; and
    ``latest``, the time of the fall or infinity where there is none.
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
