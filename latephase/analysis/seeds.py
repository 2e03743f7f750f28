"""Statistics over the seeds of a study, each with its bootstrap interval.

Whole seeds are drawn, because the runs of one seed share initialisation and batch order.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from latephase.errors import UserError
from latephase.runs.columns import CELL

RESAMPLES = 2000
CONFIDENCE = 0.95
ENDS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
"""The quantiles of the resamples between which an interval lies."""
MIN_SEEDS = 5
"""With fewer seeds no interval is given. Of three seeds the interval is their range, and
contains the true value in 75 % of cases; of five seeds, in 94 %
(``tests/analysis/test_coverage.py``).
"""


class Interval(NamedTuple):
    """An estimate and its bootstrap interval; NaN if it cannot be given."""

    estimate: float
    low: float
    high: float


def by_cell(runs: pd.DataFrame, column: str, cell: Sequence[str] = CELL) -> pd.DataFrame:
    """Seeds down, cells (learning rate, weight decay) across; NaN if there is no run.

    Raises ValueError if two runs share seed and cell: then the study has an axis that these
    statistics would mix up.
    """
    if runs.duplicated(["seed", *cell]).any():
        raise ValueError(f"two runs share seed, {', '.join(cell[:-1])} and {cell[-1]}")
    return runs.pivot(index="seed", columns=list(cell), values=column).astype(float)


def counted(values: pd.DataFrame) -> int:
    """How many seeds have a value in at least one cell, of a frame as :func:`by_cell` makes it."""
    return int(values.notna().any(axis=1).sum())


def resampled_seeds(n_seeds: int, resamples: int = RESAMPLES) -> NDArray:
    """Indices ``[resamples, n_seeds]`` drawn with replacement, the same whenever it is called."""
    return np.random.default_rng(0).integers(n_seeds, size=(resamples, n_seeds))


def distinct_draws(n_seeds: int, resamples: int = RESAMPLES) -> tuple[NDArray, NDArray]:
    """The different draws, ``[D, n_seeds]``, and the number of the draw of each resample,
    ``[resamples]``.

    The order in a draw does not matter: for five seeds there are 126 draws.
    """
    draws = np.sort(resampled_seeds(n_seeds, resamples), axis=1)
    distinct, which = np.unique(draws, axis=0, return_inverse=True)
    return distinct, which.ravel()


Statistic = Callable[[NDArray, NDArray], tuple[NDArray, NDArray]]
"""Maps the bounds of values ``[..., S, C]`` to the bounds ``[...]`` of a statistic of them."""


def seed_interval(
    smallest: NDArray,
    largest: NDArray,
    statistic: Statistic,
    *,
    resamples: int = RESAMPLES,
) -> Interval:
    """A percentile bootstrap over seeds of a statistic of partly censored values.

    Args:
        smallest, largest: ``[S, C]`` for S seeds and C cells, the bounds of what each run's
            value may be; equal where it was observed, NaN where there is none.
        statistic: maps them to the smallest and the largest value it may take.

    The estimate is the smallest value on all seeds; the interval goes from the lower quantile
    of the smallest to the upper quantile of the largest over the resamples. Whole seeds are
    drawn, the same for every cell: runs of one seed share initialisation and batch order.
    Fewer than :data:`MIN_SEEDS` seeds with a value: NaN.
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
    # A draw without a value in any cell says nothing; inf (censored) must survive, hence an
    # order statistic and no interpolation between neighbours.
    said = ~(np.isnan(lows) | np.isnan(highs))
    low = np.quantile(lows[said], ENDS[0], method="inverted_cdf")
    high = np.quantile(highs[said], ENDS[1], method="inverted_cdf")
    return Interval(estimate, float(low), float(high))


def pooled_interval(
    runs: pd.DataFrame, columns: Sequence[str], statistic: Callable[..., float]
) -> Interval:
    """A percentile bootstrap over seeds of a statistic of columns over all runs together.

    ``statistic`` takes an array for each column, with a value for each run. Whole seeds are drawn:
    a seed's runs share initialisation and batch order. A run counts that has all of the columns.
    Fewer than :data:`MIN_SEEDS` seeds with such a run: NaN.
    """
    known = runs[["seed", *dict.fromkeys(columns)]].dropna()
    by_seed = [group[list(columns)].to_numpy(dtype=float).T for _, group in known.groupby("seed")]
    estimate = statistic(*np.concatenate(by_seed, axis=1)) if by_seed else np.nan
    if len(by_seed) < MIN_SEEDS or np.isnan(estimate):
        return Interval(estimate, np.nan, np.nan)
    draws, which = distinct_draws(len(by_seed))
    drawn = [statistic(*np.concatenate([by_seed[i] for i in d], axis=1)) for d in draws]
    return Interval(estimate, *map(float, np.nanquantile(np.array(drawn)[which], ENDS)))


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


def mean_of_runs(smallest: NDArray, largest: NDArray) -> tuple[NDArray, NDArray]:
    """The mean over seeds and cells, at both bounds: a :data:`Statistic`."""
    return tuple(_mean(bound.reshape(*bound.shape[:-2], -1)) for bound in (smallest, largest))


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


def summarise(
    df: pd.DataFrame,
    x: str,
    y: str,
    hue: Sequence[str] = (),
    *,
    resamples: int = RESAMPLES,
) -> pd.DataFrame:
    """Mean over seeds with a percentile bootstrap interval, for every x (and hue).

    Returns columns ``*hue``, x, mean, low, high, n (seeds with a value), sorted. Seeds
    without a value at an x (NaN: diverged) are left out there; low and high are NaN where
    fewer than two are left, and an x where none is left has no row. Arithmetic mean, also of
    metrics drawn on a log axis, as in the papers.

    Raises UserError where a seed has two runs at an x: the study has an axis that x and hue do
    not name.
    """
    if df.duplicated([*hue, x, "seed"]).any():
        told = ", ".join([*hue, x])
        raise UserError(f"a seed has several runs at one {told}; allowed: a study with one")
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
    """The name of an interval over so many seeds. For fewer than five, 95 % would be untrue."""
    most = int(n.max()) if n.notna().any() else 0
    return f"95 % interval, {most} seeds" if most >= MIN_SEEDS else f"bootstrap of {most} seeds"


def stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Frames of the same columns stacked. Frames without a row do not decide a column's type."""
    return pd.concat([f for f in frames if len(f)] or frames[:1], ignore_index=True)


def _mean_interval(values: NDArray, resamples: int) -> tuple[NDArray, NDArray]:
    """The interval of the mean over the second axis of ``[X, S]``, NaN left out."""
    low, high = np.full((2, len(values)), np.nan)
    known = ~np.isnan(values)
    # Rows that lack the same seeds share their draws. Nearly always all seeds have a value.
    for pattern in np.unique(known, axis=0):
        if pattern.sum() < 2:
            continue
        rows = (known == pattern).all(axis=1)
        present = values[rows][:, pattern]
        draws = resampled_seeds(present.shape[1], resamples)
        weights = np.stack([(draws == i).mean(axis=1) for i in range(present.shape[1])])
        low[rows], high[rows] = np.quantile(present @ weights, ENDS, axis=1)
    return low, high


def _empty(columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({column: pd.Series(dtype=float) for column in columns})
