"""The delay from memorisation to generalisation, which defines grokking."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from latephase.analysis import events
from latephase.analysis.seeds import by_cell, mean_of_cells, seed_interval
from latephase.runs.columns import DECAY, LR


def delays(
    table: pd.DataFrame,
    *,
    fitted: float,
    level: float | pd.Series,
    stay: int,
    cell: Sequence[str] = (),
) -> pd.DataFrame:
    """When each run memorises and generalises, and the decades of steps between the two.

    Returns a row for each run, as :func:`latephase.analysis.events.run_events` does, with these
    columns:

    - ``train``: the onset of training accuracy at ``fitted``, for ``stay`` logs.
    - ``test``: the onset of test accuracy at ``level``, for ``stay`` logs. Each run may have a
      level of its own (:func:`latephase.analysis.events.generalisation_levels`).
    - ``smallest``, ``largest``: bounds of the delay log10(test/train). They are equal if both
      onsets are observed. If a run memorises and never generalises, the lower bound is the
      delay to its last step, and the upper bound is infinity. If a run never memorises, both are
      NaN.
    """
    levels = level if isinstance(level, pd.Series) else pd.Series(level, table["run"].unique())

    def times(run: pd.DataFrame) -> dict[str, events.Event]:
        # A run that diverged at its first log has no rows here, and NaN as its level.
        level = run["run"].map(levels).max()
        return {
            "train": events.onset(run["step"], run["accuracy_train"], fitted, stay),
            "test": events.onset(run["step"], run["accuracy_test"], level, stay),
        }

    runs = events.run_events(table, times, cell)
    memorised = ~runs["train_censored"]
    smallest = np.log10((runs["test"] / runs["train"]).where(memorised))
    largest = smallest.mask(runs["test_censored"] & memorised, np.inf)
    return runs.assign(smallest=smallest, largest=largest)


def by_rate_and_decay(
    table: pd.DataFrame, *, fitted: float, level: float, stay: int
) -> pd.DataFrame:
    """The delays of a study: a row for each learning rate and weight decay.

    Besides these two, the columns are:

    - ``runs``: how many runs there are; ``memorised`` and ``generalised``: how many of them do so.
    - ``train``, ``test``: the median step of memorisation and of generalisation. A run without the
      event counts as later than all others. So the median is not known, NaN, if half of the runs or
      more have not shown it.
    - ``steps``: the last step of the runs.
    - ``delay``: the median over the seeds that memorise, in decades of steps. It is the smallest
      value that the delay may have.
    - ``delay_low``, ``delay_high``: its interval. The end is infinity if no run shows how long the
      delay may be.

    Runs that neither memorise nor generalise count only in ``runs``: they give no information about
    the delay.
    """
    cell = [LR, DECAY]
    runs = delays(table, fitted=fitted, level=level, stay=stay, cell=cell)
    rows = []
    for key, group in runs.groupby(cell, sort=True):
        bounds = [by_cell(group, name, cell).to_numpy() for name in ("smallest", "largest")]
        estimate, low, high = seed_interval(*bounds, mean_of_cells)
        memorised, generalised = ~group["train_censored"], ~group["test_censored"]
        rows.append(
            dict(zip(cell, key, strict=True))
            | {
                "runs": len(group),
                "memorised": int(memorised.sum()),
                "generalised": int(generalised.sum()),
                "train": median_step(group["train"], memorised),
                "test": median_step(group["test"], generalised),
                "steps": table.loc[table["run"].isin(group["run"]), "step"].max(),
                "delay": estimate,
                "delay_low": low,
                "delay_high": high,
            }
        )
    return pd.DataFrame(rows)


def median_step(steps: pd.Series, shown: pd.Series) -> float:
    """The median of ``steps``, if runs that have not ``shown`` the event come after all others.

    NaN if half of the runs or more have not.
    """
    median = steps.where(shown, np.inf).median()
    return median if np.isfinite(median) else np.nan
