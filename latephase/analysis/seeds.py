"""Statistics over the seeds of a study, each with a bootstrap interval.

The bootstrap draws whole seeds, because the runs of one seed share initialisation and batch order.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from latephase.errors import UserError
from latephase.runs.columns import CELL

RESAMPLES = 2000
CONFIDENCE = 0.95
MIN_SEEDS = 5
"""With fewer seeds there is no interval. With three seeds the interval would be their range, which
contains the true value in 75 % of cases; with five seeds it contains it in 89 to 97 %
(``tests/analysis/test_coverage.py``)."""


class Interval(NamedTuple):
    """An estimate and its bootstrap interval; NaN if it cannot be given."""

    estimate: float
    low: float
    high: float


def by_cell(runs: pd.DataFrame, column: str, cell: Sequence[str] = CELL) -> pd.DataFrame:
    """Arrange a column with seeds as rows and cells (learning rate, weight decay) as columns.

    A value is NaN if there is no run. Raises ValueError if two runs share seed and cell: the study
    then has an axis that these statistics would mix up.
    """
    if runs.duplicated(["seed", *cell]).any():
        raise ValueError(f"two runs share seed, {', '.join(cell[:-1])} and {cell[-1]}")
    return runs.pivot(index="seed", columns=list(cell), values=column).astype(float)


def counted(values: pd.DataFrame) -> int:
    """How many seeds have a value in at least one cell of a frame made by :func:`by_cell`."""
    return int(values.notna().any(axis=1).sum())


def resampled_seeds(n_seeds: int, resamples: int = RESAMPLES) -> NDArray:
    """Indices ``[resamples, n_seeds]`` drawn with replacement. Every call returns the same ones."""
    return np.random.default_rng(0).integers(n_seeds, size=(resamples, n_seeds))


def distinct_draws(n_seeds: int, resamples: int = RESAMPLES) -> tuple[NDArray, NDArray]:
    """The different draws, and which of them each resample is.

    Returns the draws ``[D, n_seeds]``, and for each resample the index of its draw ``[resamples]``.
    The order within a draw does not matter: for five seeds there are 126 draws.
    """
    draws = np.sort(resampled_seeds(n_seeds, resamples), axis=1)
    distinct, which = np.unique(draws, axis=0, return_inverse=True)
    return distinct, which.ravel()


def ends(n_seeds: int) -> tuple[float, float]:
    """The quantiles of the resamples that are the ends of an interval over so many seeds.

    With few seeds, the 2.5 % and the 97.5 % of the resamples would be too close together: over five
    seeds, such an interval of a mean contains the true value in 84 % of cases. So the quantiles are
    farther out, as far as Student's t interval is wider than the bootstrap's (Hesterberg, What
    teachers should know about the bootstrap, 2015: the expanded percentile interval).
    """
    # Imported here, because programs that give no interval start faster without it.
    from scipy.special import ndtr, stdtrit

    wider = math.sqrt(n_seeds / (n_seeds - 1))
    outer = float(ndtr(wider * stdtrit(n_seeds - 1, (1 - CONFIDENCE) / 2)))
    return outer, 1 - outer


Statistic = Callable[[NDArray, NDArray], tuple[NDArray, NDArray]]
"""Maps the bounds of values ``[..., S, C]`` to the bounds ``[...]`` of a statistic of these
values."""


def seed_interval(
    smallest: NDArray,
    largest: NDArray,
    statistic: Statistic,
    *,
    resamples: int = RESAMPLES,
) -> Interval:
    """A percentile bootstrap over seeds of a statistic of partly censored values.

    Args:
        smallest, largest: ``[S, C]`` for S seeds and C cells, the bounds of each run's value. They
            are equal if the value was observed, and NaN if there is none.
        statistic: maps these bounds to the smallest and the largest value of the statistic.
        resamples: how many bootstrap resamples are drawn.

    The estimate is the smallest value on all seeds. The interval goes from the lower quantile of
    the smallest values to the upper quantile of the largest values over the resamples. The same
    seeds are drawn for every cell, because the runs of one seed share initialisation and batch
    order. The interval is NaN if fewer than :data:`MIN_SEEDS` seeds have a value.
    """
    some = ~np.isnan(smallest).all(axis=1)
    smallest, largest = smallest[some], largest[some]
    if not len(smallest):
        return Interval(np.nan, np.nan, np.nan)
    estimate = float(statistic(smallest, largest)[0])
    if len(smallest) < MIN_SEEDS or np.isnan(estimate):
        return Interval(estimate, np.nan, np.nan)
    draws, which = distinct_draws(len(smallest), resamples)
    lows, highs = (ends[which] for ends in statistic(smallest[draws], largest[draws]))
    # A draw without a value in any cell is left out. Infinity (censored) must survive, so the
    # quantile is an order statistic, without interpolation between neighbours.
    valid = ~(np.isnan(lows) | np.isnan(highs))
    lowest, highest = ends(len(smallest))
    low = np.quantile(lows[valid], lowest, method="inverted_cdf")
    high = np.quantile(highs[valid], highest, method="inverted_cdf")
    return Interval(estimate, float(low), float(high))


def pooled_interval(
    runs: pd.DataFrame, columns: Sequence[str], statistic: Callable[..., float]
) -> Interval:
    """A percentile bootstrap over seeds of a statistic of columns, over all runs together.

    Args:
        runs: a row for each run, with its seed.
        columns: the columns of the statistic. A run counts if it has a value in all of them.
        statistic: takes one array for each column, with one value for each run.

    Whole seeds are drawn, because the runs of one seed share initialisation and batch order. The
    interval is NaN if fewer than :data:`MIN_SEEDS` seeds have a run that counts.
    """
    known = runs[["seed", *dict.fromkeys(columns)]].dropna()
    by_seed = [group[list(columns)].to_numpy(dtype=float).T for _, group in known.groupby("seed")]
    estimate = statistic(*np.concatenate(by_seed, axis=1)) if by_seed else np.nan
    if len(by_seed) < MIN_SEEDS or np.isnan(estimate):
        return Interval(estimate, np.nan, np.nan)
    draws, which = distinct_draws(len(by_seed))
    drawn = [statistic(*np.concatenate([by_seed[i] for i in d], axis=1)) for d in draws]
    quantiles = np.nanquantile(np.array(drawn)[which], ends(len(by_seed)))
    return Interval(estimate, *map(float, quantiles))


def median_over_seeds(values: NDArray) -> NDArray:
    """The median over seeds, ``[..., S, C]`` to ``[..., C]``.

    NaN is ignored. The median is NaN for a cell without a value.
    """
    ordered = np.sort(values, axis=-2)  # NaN last
    count = (~np.isnan(values)).sum(axis=-2, keepdims=True)
    middle = [
        np.take_along_axis(ordered, np.maximum(index, 0), axis=-2)
        for index in ((count - 1) // 2, np.minimum(count // 2, values.shape[-2] - 1))
    ]
    return (0.5 * (middle[0] + middle[1])).squeeze(-2)


def mean_of_cells(smallest: NDArray, largest: NDArray) -> tuple[NDArray, NDArray]:
    """The mean over cells of the median over seeds, for both bounds: a :data:`Statistic`."""
    return tuple(_mean(median_over_seeds(bound)) for bound in (smallest, largest))


def mean_of_runs(smallest: NDArray, largest: NDArray) -> tuple[NDArray, NDArray]:
    """The mean over seeds and cells, for both bounds: a :data:`Statistic`."""
    return tuple(_mean(bound.reshape(*bound.shape[:-2], -1)) for bound in (smallest, largest))


def largest_of_cells(smallest: NDArray, largest: NDArray) -> tuple[NDArray, NDArray]:
    """The largest of the cells' medians over seeds, for both bounds: a :data:`Statistic`."""
    return tuple(_largest(median_over_seeds(bound)) for bound in (smallest, largest))


def _largest(values: NDArray) -> NDArray:
    """The maximum over the last axis. NaN is ignored, unless there is nothing else."""
    known = ~np.isnan(values)
    largest = np.where(known, values, -np.inf).max(axis=-1, initial=-np.inf)
    return np.where(known.any(axis=-1), largest, np.nan)


def _mean(values: NDArray) -> NDArray:
    """The mean over the last axis. NaN is ignored, unless there is nothing else."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0).sum(axis=-1) / known.sum(axis=-1)


def summarise(
    df: pd.DataFrame,
    x: str,
    y: str,
    hue: Sequence[str] = (),
    *,
    resamples: int = RESAMPLES,
) -> pd.DataFrame:
    """The mean over seeds with a percentile bootstrap interval, for every x (and hue).

    Returns the columns ``*hue``, x, mean, low, high and n (the number of seeds with a value),
    sorted. A seed without a value at an x (NaN: diverged) is left out there. If fewer than two
    seeds are left, low and high are NaN; if none is left, the x has no row. The mean is arithmetic,
    also for metrics that are drawn on a log axis, as in the papers.

    Raises UserError if a seed has two runs at an x: the study then has an axis that x and hue do
    not name.
    """
    if df.duplicated([*hue, x, "seed"]).any():
        axes = ", ".join([*hue, x])
        raise UserError(f"a seed has several runs at one {axes}; allowed: a study with one")
    frames = []
    groups = df.groupby(list(hue), sort=True) if hue else [((), df)]
    for key, group in groups:
        values = group.pivot(index=x, columns="seed", values=y).dropna(how="all")
        if values.empty:
            continue
        low, high = _mean_interval(values.to_numpy(float), resamples)
        frame = pd.DataFrame(dict(zip(hue, key, strict=True)), index=values.index)
        frame = frame.assign(
            mean=values.mean(axis=1), low=low, high=high, n=values.notna().sum(axis=1)
        )
        frames.append(frame.reset_index())
    columns = [*hue, x, "mean", "low", "high", "n"]
    return pd.concat(frames)[columns].reset_index(drop=True) if frames else _empty(columns)


def interval_of(n: pd.Series) -> str:
    """The name of an interval over so many seeds. With fewer than five, "95 %" would be untrue."""
    most = int(n.max()) if n.notna().any() else 0
    return f"95 % interval, {most} seeds" if most >= MIN_SEEDS else f"bootstrap of {most} seeds"


def stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Stack frames with the same columns. Empty frames do not decide a column's type."""
    return pd.concat([f for f in frames if len(f)] or frames[:1], ignore_index=True)


def _mean_interval(values: NDArray, resamples: int) -> tuple[NDArray, NDArray]:
    """The interval of the mean over the second axis of ``[X, S]``; NaN is left out."""
    low, high = np.full((2, len(values)), np.nan)
    known = ~np.isnan(values)
    # Rows that lack the same seeds share their draws. Nearly always, all seeds have a value.
    for pattern in np.unique(known, axis=0):
        if pattern.sum() < 2:
            continue
        rows = (known == pattern).all(axis=1)
        present = values[rows][:, pattern]
        draws = resampled_seeds(present.shape[1], resamples)
        weights = np.stack([(draws == i).mean(axis=1) for i in range(present.shape[1])])
        low[rows], high[rows] = np.quantile(present @ weights, ends(present.shape[1]), axis=1)
    return low, high


def _empty(columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({column: pd.Series(dtype=float) for column in columns})
