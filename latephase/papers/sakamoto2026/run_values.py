"""The values and times of runs on which the statistics of sakamoto2026's claims rest, and notes."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from latephase.analysis import events, seeds
from latephase.analysis.divergence import before_divergence
from latephase.analysis.events import Event
from latephase.papers.claim import Result
from latephase.runs.columns import CELL

MIN_LOGS = 5
"""Below this many logs after memorisation a run has no rank correlation of its metrics."""
SIZE = "data.train_size"
AXES = (SIZE, "model.init_scale")
"""Axes that studies of this paper may have beside :data:`latephase.runs.columns.CELL`."""


def rises_and_falls(
    table: pd.DataFrame, train_threshold: float, stay: int, min_rise: float, factor: float
) -> pd.DataFrame:
    """One row for each run: ``train``, ``rise``, ``rnc1``; ``usable`` if the first two are
    known.
    """

    def times(run: pd.DataFrame) -> dict[str, Event]:
        train = events.onset(run["step"], run["accuracy_train"], train_threshold, stay)
        rise = Event(np.nan, True)
        if not train.censored:
            rise = events.late_rise(
                run["step"], run["accuracy_test"], train.step, min_rise=min_rise, stay=stay
            )
        fall = events.fall(run["step"], run["rnc1"], stay=stay, min_factor=factor, factor=factor)
        return {"train": train, "rise": rise, "rnc1": fall}

    runs = events.run_events(table, times, cell_of(table))
    names = ["train", "rise", "rnc1"]
    runs[names] = runs[names].where(runs[names] > 0)
    return runs.assign(usable=~(runs["train_censored"] | runs["rise_censored"]))


def rise_note(runs: pd.DataFrame, factor: float) -> str:
    return note_of(
        runs,
        {
            "never memorise (left out)": runs["train_censored"],
            "show no late rise (left out)": runs["rise_censored"] & ~runs["train_censored"],
            f"rise, but RNC1 falls by less than a factor of {factor:g}": runs["usable"]
            & runs["rnc1_censored"],
        },
    )


def accuracy_onsets(
    table: pd.DataFrame, train_threshold: float, test_fraction: float, stay: int
) -> pd.DataFrame:
    """One row for each run, with ``train`` and ``test`` onsets.

    Runs with the same number of training samples share a level of test accuracy.
    """
    frames = []
    for _, own in table.groupby(SIZE) if SIZE in table else [((), table)]:
        level = events.generalisation_level(own, test_fraction, stay)

        def onsets(run: pd.DataFrame, level: float = level) -> dict[str, Event]:
            return {
                "train": events.onset(run["step"], run["accuracy_train"], train_threshold, stay),
                "test": events.onset(run["step"], run["accuracy_test"], level, stay),
            }

        frames.append(events.run_events(own, onsets, cell_of(table)))
    return pd.concat(frames, ignore_index=True)


def delays(runs: pd.DataFrame, cell: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """log10(t_test / t_train) by seed and cell: the smallest and the largest it may be."""
    delay = np.log10((runs["test"] / runs["train"]).where(~runs["train_censored"]))
    infinite = runs["test_censored"] & ~runs["train_censored"]
    runs = runs.assign(smallest=delay, largest=delay.mask(infinite, np.inf))
    smallest = well_covered(seeds.by_cell(runs, "smallest", cell))
    return smallest, seeds.by_cell(runs, "largest", cell)[smallest.columns]


def well_covered(values: pd.DataFrame) -> pd.DataFrame:
    """The cells in which at least half of the seeds have a value."""
    return values.loc[:, values.notna().mean() >= 0.5]


def seeds_counted(values: pd.DataFrame) -> int:
    """Seeds with a value in at least one cell."""
    return int(values.notna().any(axis=1).sum()) if values.shape[1] else 0


def onset_note(runs: pd.DataFrame) -> str:
    return note_of(
        runs,
        {
            "never memorise (left out)": runs["train_censored"],
            "memorise but never generalise (a lower bound)": runs["test_censored"]
            & ~runs["train_censored"],
        },
    )


def note_of(runs: pd.DataFrame, counts: dict[str, pd.Series]) -> str:
    """What happened to how many runs, in words."""
    parts = [f"{len(runs)} runs"]
    for text, mask in ({"diverged": runs["diverged"]} | counts).items():
        if mask.any():
            parts.append(f"{int(mask.sum())} {text}")
    return "; ".join(parts)


def rank_correlation(rows: pd.DataFrame, one: str, two: str) -> float:
    """Rank correlation over rows; NaN of fewer than :data:`MIN_LOGS`, or where one is constant."""
    known = rows[[one, two]].dropna()
    if len(known) < MIN_LOGS or (known.nunique() < 2).any():
        return np.nan
    ranks = known.rank()
    return float(np.corrcoef(ranks[one], ranks[two])[0, 1])


def values_of_runs(
    table: pd.DataFrame, value: Callable[[pd.DataFrame, float], float], **start
) -> pd.DataFrame:
    """One row for each run: seed, its cell, and a value of its history up to a divergence.

    ``start`` says how memorisation is timed; its step is given to the function, and is NaN without
    it.
    """
    rows = []
    for run, history in table.groupby("run", sort=True):
        history = before_divergence(history.sort_values("step"))
        row = {"run": run, "diverged": len(history) < (table["run"] == run).sum()}
        if not len(history):
            continue
        row |= {key: history[key].iloc[0] for key in ("seed", *cell_of(table))}
        train = Event(np.nan, False)
        if start:
            train = events.onset(history["step"], history["accuracy_train"], *start.values())
        row["forgets"] = train.censored
        row["value"] = np.nan if train.censored else value(history, train.step)
        rows.append(row)
    columns = ["run", "diverged", "seed", *cell_of(table), "forgets", "value"]
    return pd.DataFrame(rows, columns=columns)


def cell_of(table: pd.DataFrame) -> list[str]:
    """The columns that, with the seed, identify a run of a study."""
    return [*CELL, *(axis for axis in AXES if axis in table)]


def over_runs(
    table: pd.DataFrame, value: Callable[[pd.DataFrame, float], float], **start
) -> Result:
    """The mean over cells of the median over seeds of a value of each run."""
    runs = values_of_runs(table, value, **start)
    runs["value"] = runs["value"].where(np.isfinite(runs["value"]))
    cells = seeds.by_cell(runs, "value", cell_of(table))
    values = well_covered(cells).to_numpy()
    interval = seeds.seed_interval(values, values, seeds.mean_of_cells)
    note = note_of(runs, {"never memorise (left out)": runs["forgets"]})
    return Result(*interval, seeds_counted(cells), values.shape[1], note)


def after_memorisation(
    table: pd.DataFrame,
    value: Callable[[pd.DataFrame, float], float],
    train_threshold: float,
    stay: int,
) -> Result:
    """:func:`over_runs` of a value that is given the step of memorisation."""
    return over_runs(table, value, threshold=train_threshold, stay=stay)
