"""Statistics of grokking: how long after memorisation a network generalises.

:mod:`latephase.papers.sakamoto2026.claims` defines the terms.
"""

import numpy as np
import pandas as pd

from latephase.analysis import events, seeds, trends
from latephase.analysis.events import Event
from latephase.papers.claim import Column, Result
from latephase.papers.sakamoto2026 import run_values


def generalisation_delay(
    table: pd.DataFrame, *, train_threshold: float, test_fraction: float, stay: int
) -> Result:
    """Mean over cells of log10(t_test / t_train), in decades (Fig. 3, first row).

    If a run never generalises, its delay is between log10(last step / t_train) and infinity. The
    estimate and the lower end of the interval use the first, and the upper end uses infinity. A run
    that never memorises has no delay. A cell counts if at least half of its seeds have a delay.
    """
    runs = run_values.delays(table, train_threshold, test_fraction, stay)
    smallest, largest = run_values.delays_by_cell(runs, run_values.cell_of(table))
    interval = seeds.seed_interval(smallest.to_numpy(), largest.to_numpy(), seeds.mean_of_cells)
    return Result(
        *interval,
        seeds.counted(smallest),
        smallest.shape[1],
        run_values.onset_note(runs),
    )


def delay_against_decay(
    table: pd.DataFrame, *, train_threshold: float, test_fraction: float, stay: int
) -> Result:
    """Rank association of weight decay with the delay t_test / t_train (Fig. 3, first row).

    The statistic is Somers' D over pairs of runs with different weight decays
    (:func:`latephase.analysis.trends.rank_association`). It is -1 if the run with the smaller decay
    always has the longer delay. The delay is used and not t_test, so a decay that slows
    memorisation and generalisation alike shows no association. If a run never generalises, it
    generalises later than its budget. Pairs that remain undecided count as ties. Cells count as in
    :func:`generalisation_delay`. With fewer than three weight decays it is NaN.
    """
    runs = run_values.delays(table, train_threshold, test_fraction, stay)
    smallest, largest = run_values.delays_by_cell(runs, run_values.cell_of(table))
    decays = smallest.columns.get_level_values("optimizer.weight_decay").to_numpy(dtype=float)

    def association(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value = trends.rank_association(decays, low, high)
        return value, value

    if len(np.unique(decays)) < trends.MIN_CELLS:
        interval = seeds.Interval(np.nan, np.nan, np.nan)
    else:
        interval = seeds.seed_interval(smallest.to_numpy(), largest.to_numpy(), association)
    return Result(
        *interval,
        seeds.counted(smallest),
        smallest.shape[1],
        run_values.onset_note(runs),
    )


def earlier_with(table: pd.DataFrame, *, column: Column, test_fraction: float, stay: int) -> Result:
    """Decades by which test accuracy rises earlier at the largest value of a column (Fig. 6).

    The statistic is log10 of t_test at the smallest value over t_test at the largest value, for
    runs of the same seed and cell, as a mean over cells. The level of test accuracy is relative to
    the best accuracy at each value. If a run never generalises, it does so later than its last
    step.
    """
    ends = sorted(table[column].unique())[:: max(table[column].nunique() - 1, 1)]
    times = []
    for value in ends:
        own = table[table[column] == value]
        level = events.generalisation_level(own, test_fraction, stay)

        def onset(run: pd.DataFrame, level: float = level) -> dict[str, Event]:
            return {"test": events.onset(run["step"], run["accuracy_test"], level, stay)}

        runs = events.run_events(own, onset)
        runs["latest"] = runs["test"].mask(runs["test_censored"], np.inf)
        times.append([np.log10(seeds.by_cell(runs, name)) for name in ("test", "latest")])
    if len(times) < 2:
        return Result(np.nan, np.nan, np.nan, 0, 0, f"one value of {column}")
    (few, few_latest), (many, many_latest) = times
    smallest, largest = few - many_latest, few_latest - many
    interval = seeds.seed_interval(smallest.to_numpy(), largest.to_numpy(), seeds.mean_of_cells)
    note = f"{column} {ends[0]} against {ends[-1]}; {2 * smallest.size} runs"
    return Result(*interval, seeds.counted(smallest), smallest.shape[1], note)
