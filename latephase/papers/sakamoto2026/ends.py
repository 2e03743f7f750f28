"""Statistics of the values of metrics at the end of runs.

:mod:`latephase.papers.sakamoto2026.claims` defines the terms.
"""

import numpy as np
import pandas as pd

from latephase.analysis import seeds
from latephase.papers.claim import Column, Metric, Result
from latephase.papers.sakamoto2026 import run_values


def final_association(table: pd.DataFrame, *, metric: Metric, other: Metric, stay: int) -> Result:
    """Rank correlation over runs of two metrics' values at the end (Figs. 4, 13, 14).

    The values are medians of the last ``stay`` logs. The correlation is 1 if a run with more of one
    metric always has more of the other.
    """
    runs = run_values.last_values(table, ["seed"], [*dict.fromkeys([metric, other])], stay)

    def correlation(one: np.ndarray, two: np.ndarray) -> float:
        return run_values.rank_correlation(pd.DataFrame({"one": one, "two": two}), "one", "two")

    interval = seeds.pooled_interval(runs, [metric, other], correlation)
    counted = runs.dropna()
    return Result(*interval, counted["seed"].nunique(), len(counted), f"{len(counted)} runs")


def spread_over(table: pd.DataFrame, *, metric: Metric, column: Column, stay: int) -> Result:
    """Largest minus smallest value of a metric at the end, over the values of a column (Fig. 12).

    For each value of the column, the metric is the median over seeds of the median of the last
    ``stay`` logs.
    """
    runs = run_values.last_values(table, ["seed", column], [metric], stay)
    cells = seeds.by_cell(runs, metric, [column])

    def spread(smallest: np.ndarray, largest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        medians = seeds.median_over_seeds(smallest)
        value = medians.max(axis=-1) - medians.min(axis=-1)
        return value, value

    values = cells.to_numpy()
    if values.shape[1] < 2:
        nothing = (np.nan, np.nan, np.nan)
        return Result(*nothing, seeds.counted(cells), values.shape[1], f"one {column}")
    interval = seeds.seed_interval(values, values, spread)
    return Result(*interval, seeds.counted(cells), cells.shape[1], f"{len(runs)} runs")
