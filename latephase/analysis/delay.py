"""How long after memorisation a run generalises: the delay that makes grokking."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from latephase.analysis import events
from latephase.analysis.seeds import by_cell, mean_of_cells, seed_interval
from latephase.runs.columns import DECAY, LR


def delays(
    table: pd.DataFrame, *, fitted: float, level: float, stay: int, cell: Sequence[str] = ()
) -> pd.DataFrame:
    """When each run memorises and generalises, and the decades of steps between the two.

    A row for each run, as :func:`latephase.analysis.events.run_events` has them. ``train`` is the
    onset of training accuracy at ``fitted``, ``test`` that of test accuracy at ``level``, both for
    ``stay`` logs. ``smallest`` and ``largest`` are the bounds of the delay log10(test/train): equal
    where both are seen. A run that memorises and never generalises has a delay of at least what its
    budget leaves, and infinity as its upper bound. A run that never memorises has none (NaN).
    """

    def times(run: pd.DataFrame) -> dict[str, events.Event]:
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
    """The delays of a study, a row for each learning rate and weight decay.

    Columns: the two; ``runs``; ``memorised`` and ``generalised``, how many do; ``train`` and
    ``test``, the median steps over the seeds that do (NaN for none); ``delay``, the median over the
    seeds that memorise in decades of steps, the smallest that it may be, with its interval
    ``delay_low`` to ``delay_high``, infinity where it may be so long that nobody has seen its end.
    Runs that neither memorise nor generalise say nothing about the delay, and are counted in
    ``runs`` alone.
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
                "train": group["train"][memorised].median(),
                "test": group["test"][generalised].median(),
                "delay": estimate,
                "delay_low": low,
                "delay_high": high,
            }
        )
    return pd.DataFrame(rows)
