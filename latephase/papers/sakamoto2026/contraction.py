"""Statistics of the time at which RNC1 contracts, compared with the time of generalisation.

:mod:`latephase.papers.sakamoto2026.claims` defines the terms.
"""

import numpy as np
import pandas as pd

from latephase.analysis import seeds
from latephase.papers.claim import Result
from latephase.papers.sakamoto2026 import run_values


def rnc1_with_test(
    table: pd.DataFrame,
    *,
    train_threshold: float,
    stay: int,
    min_rise: float,
    factor: float,
    within: float,
) -> Result:
    """The share of runs whose RNC1 falls when test accuracy rises (Fig. 3).

    This means that the fall is nearer to the rise than to memorisation on a log axis, and at most
    ``within`` decades before or after the rise. t_rise is half-way in the rise of test accuracy
    after t_train (:func:`latephase.analysis.events.late_rise`); the onset that is used elsewhere
    marks the end of the rise. The time of RNC1's fall is that of plateau / ``factor``
    (:func:`latephase.analysis.events.fall`), which does not depend on the budget.

    Runs that do not memorise, or whose test accuracy then gains less than ``min_rise``, do not
    separate the two times and are left out. If RNC1 has not fallen at a run's last step, the run
    counts as one that falls elsewhere. In the upper end of the interval, it counts as one that
    falls with the rise if its last step is at most ``within`` decades after the rise.
    """
    runs = run_values.rises_and_falls(table, train_threshold, stay, min_rise, factor)
    rising = runs[runs["usable"]]
    train, rise, rnc1 = (np.log10(rising[name]) for name in ("train", "rise", "rnc1"))
    fallen, lag = ~rising["rnc1_censored"], rnc1 - rise
    surely = fallen & (lag.abs() <= within) & (lag.abs() < (rnc1 - train).abs())
    maybe = surely | (~fallen & (lag <= within))
    measured = rnc1.notna()
    rising = rising.assign(
        surely=surely.astype(float).where(measured), maybe=maybe.astype(float).where(measured)
    )
    smallest, largest = (
        seeds.by_cell(rising, n, run_values.cell_of(table)) for n in ("surely", "maybe")
    )
    interval = seeds.seed_interval(smallest.to_numpy(), largest.to_numpy(), seeds.mean_of_runs)
    note = run_values.rise_note(runs, factor)
    if fallen.any():
        note += f"; RNC1 minus test, median: {lag[fallen].median():+.2f} decades"
    return Result(*interval, seeds.counted(smallest), smallest.shape[1], note)


def rnc1_follows_test(
    table: pd.DataFrame, *, train_threshold: float, stay: int, min_rise: float, factor: float
) -> Result:
    """Rank association over runs of the rise of test accuracy with RNC1's fall (Fig. 3).

    The statistic is Somers' D (:func:`latephase.analysis.trends.rank_association`) over pairs of
    runs, with the times and the runs of :func:`rnc1_with_test`. It is 1 if in every pair the run
    that generalises later also contracts later. If a run's RNC1 does not fall, its order in a pair
    may be undecided. Such pairs count as ties, which is against the claim. With fewer than three
    cells it is NaN.
    """
    runs = run_values.rises_and_falls(table, train_threshold, stay, min_rise, factor)
    rising = runs[runs["usable"]]
    rising = rising.assign(latest=rising["rnc1"].mask(rising["rnc1_censored"], np.inf))
    rise, earliest, latest = (
        seeds.by_cell(rising, name, run_values.cell_of(table))
        for name in ("rise", "rnc1", "latest")
    )
    interval = run_values.order_of(rise, earliest, latest)
    note = run_values.rise_note(runs, factor)
    return Result(*interval, seeds.counted(earliest), rise.shape[1], note)
