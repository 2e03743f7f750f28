"""When something happens in training, and how sure the seeds make us of it.

Everything here is a pure function over arrays or over a study's table (one row a run and
step). Times are optimizer steps; they are compared and interpolated as log10(step), because
late-phase events are spread over decades.

Censoring. An event that a run does not show is *censored*: its time is unknown, but not
before the last step at which the run could still be measured (the end of the budget, or the
divergence). A censored time is never dropped silently: :func:`seed_interval` takes the
smallest and the largest value that every run may have.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import median_filter

RESAMPLES = 2000
CONFIDENCE = 0.95
MIN_SEEDS = 3
"""Below this an interval over seeds is not given: it would be narrower for want of data."""
MIN_CELLS = 3
"""Below this a slope or a rank order along an axis of a study is not given."""
SMOOTHING = 5
"""Logs in the running median that guards a plateau against single spikes."""


class Event(NamedTuple):
    """A time in a run's history.

    ``step`` is the step of the event; where ``censored``, the last step at which the event
    had not yet happened (NaN where the run has no measured step at all).
    """

    step: float
    censored: bool


class Interval(NamedTuple):
    """An estimate and its bootstrap interval; NaN where it cannot be given."""

    estimate: float
    low: float
    high: float


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


def before_divergence(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table before its runs' ``diverged_at``: what comes after is no measurement."""
    diverged_at = table.groupby("run")["diverged_at"].transform("min")
    return table[~(table["step"] >= diverged_at)]


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
    table: pd.DataFrame, events: Callable[[pd.DataFrame], Mapping[str, Event]]
) -> pd.DataFrame:
    """Apply ``events`` to each run's history (by step, up to a divergence); one row a run.

    Columns: run, seed, optimizer.lr, optimizer.weight_decay, diverged (bool), then for every
    event its name (step) and ``<name>_censored``.
    """
    rows = []
    for run, history in table.groupby("run", sort=True):
        history = history.sort_values("step")
        row = {"run": run}
        row |= {key: history[key].iloc[0] for key in ("seed", *CELL)}
        row["diverged"] = bool(history["diverged_at"].notna().any())
        for name, event in events(before_divergence(history)).items():
            row |= {name: event.step, f"{name}_censored": event.censored}
        rows.append(row)
    return pd.DataFrame(rows)


CELL = ("optimizer.lr", "optimizer.weight_decay")
"""The columns that, with the seed, name a run of the studies analysed here."""


def by_cell(runs: pd.DataFrame, column: str, cell: Sequence[str] = CELL) -> pd.DataFrame:
    """Seeds down, cells (learning rate, weight decay) across; NaN where there is no run.

    Raises ValueError where two runs share seed and cell: the study has an axis that these
    statistics would mix up.
    """
    if runs.duplicated(["seed", *cell]).any():
        raise ValueError(f"two runs share seed, {', '.join(cell[:-1])} and {cell[-1]}")
    return runs.pivot(index="seed", columns=list(cell), values=column).astype(float)


def resampled_seeds(n_seeds: int, resamples: int = RESAMPLES, rng_seed: int = 0) -> NDArray:
    """Indices ``[resamples, n_seeds]`` drawn with replacement."""
    return np.random.default_rng(rng_seed).integers(n_seeds, size=(resamples, n_seeds))


Statistic = Callable[[NDArray, NDArray], tuple[NDArray, NDArray]]
"""Maps the bounds of values ``[..., S, C]`` to the bounds ``[...]`` of a statistic of them."""


def seed_interval(
    smallest: NDArray,
    largest: NDArray,
    statistic: Statistic,
    *,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    rng_seed: int = 0,
) -> Interval:
    """A percentile bootstrap over seeds of a statistic of partly censored values.

    Args:
        smallest, largest: ``[S, C]`` for S seeds and C cells, the bounds of what each run's
            value may be; equal where it was observed, NaN where there is none.
        statistic: maps them to the smallest and the largest value it may take.

    The estimate is the smallest value on all seeds; the interval goes from the lower quantile
    of the smallest to the upper quantile of the largest over the resamples. Whole seeds are
    drawn, the same for every cell: runs of one seed share initialisation and batch order.
    With three seeds the interval is in effect the range of the seeds. Fewer than
    :data:`MIN_SEEDS` seeds with a value: NaN.
    """
    some = ~np.isnan(smallest).all(axis=1)
    smallest, largest = smallest[some], largest[some]
    if not len(smallest):
        return Interval(np.nan, np.nan, np.nan)
    estimate = float(statistic(smallest, largest)[0])
    if len(smallest) < MIN_SEEDS or np.isnan(estimate):
        return Interval(estimate, np.nan, np.nan)
    draws = resampled_seeds(len(smallest), resamples, rng_seed)
    lows, highs = statistic(smallest[draws], largest[draws])
    # A draw without a value in any cell says nothing; inf (censored) must survive, hence an
    # order statistic and no interpolation between neighbours.
    said = ~(np.isnan(lows) | np.isnan(highs))
    tail = (1 - confidence) / 2
    low = np.quantile(lows[said], tail, method="inverted_cdf")
    high = np.quantile(highs[said], 1 - tail, method="inverted_cdf")
    return Interval(estimate, float(low), float(high))


def pooled_interval(
    runs: pd.DataFrame, columns: Sequence[str], statistic: Callable[..., float]
) -> Interval:
    """A percentile bootstrap over seeds of a statistic of columns over all runs together.

    ``statistic`` takes an array a column, a value a run. Whole seeds are drawn: a seed's runs
    share initialisation and batch order. A run counts that has all of the columns. Fewer than
    :data:`MIN_SEEDS` seeds with such a run: NaN.
    """
    known = runs[["seed", *dict.fromkeys(columns)]].dropna()
    by_seed = [group[list(columns)].to_numpy(dtype=float).T for _, group in known.groupby("seed")]
    estimate = statistic(*np.concatenate(by_seed, axis=1)) if by_seed else np.nan
    if len(by_seed) < MIN_SEEDS or np.isnan(estimate):
        return Interval(estimate, np.nan, np.nan)
    draws = resampled_seeds(len(by_seed))
    drawn = [statistic(*np.concatenate([by_seed[i] for i in d], axis=1)) for d in draws]
    tail = (1 - CONFIDENCE) / 2
    return Interval(estimate, *map(float, np.nanquantile(drawn, [tail, 1 - tail])))


def median_over_seeds(values: NDArray) -> NDArray:
    """``[..., S, C]`` to ``[..., C]``, NaN ignored; NaN for a cell without a value."""
    ordered = np.sort(values, axis=-2)  # NaN last
    count = (~np.isnan(values)).sum(axis=-2, keepdims=True)
    middle = [
        np.take_along_axis(ordered, np.maximum(index, 0), axis=-2)
        for index in ((count - 1) // 2, np.minimum(count // 2, values.shape[-2] - 1))
    ]
    return (0.5 * (middle[0] + middle[1])).squeeze(-2)


def mean_of_cells(smallest: NDArray, largest: NDArray) -> tuple[NDArray, NDArray]:
    """The mean over cells of the median over seeds, at both bounds: a :data:`Statistic`."""
    return tuple(_mean(median_over_seeds(bound)) for bound in (smallest, largest))


def largest_of_cells(smallest: NDArray, largest: NDArray) -> tuple[NDArray, NDArray]:
    """The largest over cells of the median over seeds, at both bounds: a :data:`Statistic`."""
    return tuple(_largest(median_over_seeds(bound)) for bound in (smallest, largest))


def _largest(values: NDArray) -> NDArray:
    """The maximum over the last axis, NaN ignored; NaN where there is nothing else."""
    known = ~np.isnan(values)
    largest = np.where(known, values, -np.inf).max(axis=-1, initial=-np.inf)
    return np.where(known.any(axis=-1), largest, np.nan)


def _mean(values: NDArray) -> NDArray:
    """The mean over the last axis, NaN ignored; NaN where there is nothing else."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0).sum(axis=-1) / known.sum(axis=-1)


def loglog_slope(x: ArrayLike, times: NDArray) -> NDArray:
    """The least-squares slope of log10(median time over seeds) against log10(x).

    Args:
        x: ``[C]`` positive.
        times: ``[..., S, C]`` steps.
    """
    log_x = np.log10(np.asarray(x, dtype=float))
    centred = log_x - log_x.mean()
    return np.log10(median_over_seeds(times)) @ centred / (centred @ centred)


def loglog_slope_interval(
    x: ArrayLike, times: NDArray, censored: NDArray, **bootstrap
) -> tuple[Interval, int]:
    """:func:`loglog_slope` with its interval over seeds, and the number of cells it rests on.

    A cell counts only if none of its seeds is censored: a median of lower bounds would
    flatten the slope. With fewer than :data:`MIN_CELLS` distinct x left, NaN.

    Args:
        x: ``[C]``; times, censored: ``[S, C]``, NaN and True where the event is not observed.
    """
    x = np.asarray(x, dtype=float)
    whole = ~(np.asarray(censored, dtype=bool) | np.isnan(times)).any(axis=0)
    if len(np.unique(x[whole])) < MIN_CELLS:
        return Interval(np.nan, np.nan, np.nan), int(whole.sum())
    times = times[:, whole]

    def slope(smallest: NDArray, _largest: NDArray) -> tuple[NDArray, NDArray]:
        value = loglog_slope(x[whole], smallest)
        return value, value

    return seed_interval(times, times, slope, **bootstrap), int(whole.sum())


def rank_association(x: ArrayLike, smallest: NDArray, largest: NDArray) -> NDArray:
    """Somers' D of censored values against x: the order of all pairs of runs that differ in x.

    A pair is +1 where the run with the larger x surely has the larger value, -1 where it
    surely has the smaller, 0 where they are equal or their bounds overlap, so that
    censoring draws D towards 0 and never away from it. NaN where no pair differs in x.

    Args:
        x: ``[C]``; smallest, largest: ``[..., S, C]`` bounds of each run's value, NaN for no
            run.
    """
    x = np.broadcast_to(np.asarray(x, dtype=float), smallest.shape)
    x, low, high = (values.reshape(*values.shape[:-2], -1) for values in (x, smallest, largest))
    known = ~np.isnan(low)
    right = x[..., :, None] > x[..., None, :]
    right = right & known[..., :, None] & known[..., None, :]
    above = (low[..., :, None] >= high[..., None, :]) & right
    below = (high[..., :, None] <= low[..., None, :]) & right
    with np.errstate(invalid="ignore"):
        return (above.sum((-1, -2)) - below.sum((-1, -2))) / right.sum((-1, -2))
