"""Values and times of runs, for the statistics of sakamoto2026's claims, and their notes."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from latephase.analysis import delay, events, seeds, trends
from latephase.analysis.divergence import before_divergence
from latephase.analysis.events import Event
from latephase.papers.claim import Result
from latephase.runs.columns import CELL

MIN_LOGS = 5
"""A run with fewer logs after memorisation has no rank correlation of its metrics."""
AXES = (events.SIZE, "model.init_scale")
"""Axes that studies of this paper may have in addition to :data:`latephase.runs.columns.CELL`."""


def rises_and_falls(
    table: pd.DataFrame, train_threshold: float, stay: int, min_rise: float, factor: float
) -> pd.DataFrame:
    """The times ``train``, ``rise`` and ``rnc1`` of each run, one row each.

    ``usable`` is true if the first two are known.
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


def delays(
    table: pd.DataFrame, train_threshold: float, test_fraction: float, stay: int
) -> pd.DataFrame:
    """The frame of :func:`latephase.analysis.delay.delays`.

    Runs with the same number of training samples share a level of test accuracy.
    """
    levels = events.generalisation_levels(table, test_fraction, stay)
    limits = {"fitted": train_threshold, "level": levels, "stay": stay}
    return delay.delays(table, **limits, cell=cell_of(table))


def delays_by_cell(runs: pd.DataFrame, cell: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bounds of log10(t_test / t_train), by seed and cell."""
    smallest = well_covered(seeds.by_cell(runs, "smallest", cell))
    return smallest, seeds.by_cell(runs, "largest", cell)[smallest.columns]


def well_covered(values: pd.DataFrame) -> pd.DataFrame:
    """The cells in which at least half of the seeds have a value."""
    return values.loc[:, values.notna().mean() >= 0.5]


def order_of(first: pd.DataFrame, smallest: pd.DataFrame, largest: pd.DataFrame) -> seeds.Interval:
    """Somers' D over pairs of runs of a bounded value against another value, ``first``.

    All three arguments are frames by seed and cell. NaN with fewer than three cells.
    """
    cells = first.shape[1]
    if cells < trends.MIN_CELLS:
        return seeds.Interval(np.nan, np.nan, np.nan)

    def association(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value = trends.rank_association(low[..., :cells], low[..., cells:], high[..., cells:])
        return value, value

    low, high = (np.hstack([first, bound]) for bound in (smallest, largest))
    return seeds.seed_interval(low, high, association)


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
    """The number of runs, and how many of them diverged or belong to another group, in words."""
    parts = [f"{len(runs)} runs"]
    for text, mask in ({"diverged": runs["diverged"]} | counts).items():
        if mask.any():
            parts.append(f"{int(mask.sum())} {text}")
    return "; ".join(parts)


def rank_correlation(rows: pd.DataFrame, one: str, two: str) -> float:
    """Rank correlation over rows; NaN for fewer than :data:`MIN_LOGS`, or if one is constant."""
    known = rows[[one, two]].dropna()
    if len(known) < MIN_LOGS or (known.nunique() < 2).any():
        return np.nan
    ranks = known.rank()
    return float(np.corrcoef(ranks[one], ranks[two])[0, 1])


def cell_of(table: pd.DataFrame) -> list[str]:
    """The columns that, with the seed, identify a run of a study."""
    return [*CELL, *(axis for axis in AXES if axis in table)]


def last_values(
    table: pd.DataFrame, labels: list[str], metrics: list[str], stay: int
) -> pd.DataFrame:
    """The labels and the last values of each run, one row each.

    A last value is the median of the last ``stay`` logs before a divergence.
    """
    rows = []
    for _, history in before_divergence(table).sort_values("step").groupby("run"):
        row = {label: history[label].iloc[0] for label in labels}
        rows.append({**row, **history.tail(stay)[metrics].median()})
    return pd.DataFrame(rows, columns=[*labels, *metrics])


def after_memorisation(
    table: pd.DataFrame,
    value: Callable[[pd.DataFrame, float], float],
    train_threshold: float,
    stay: int,
) -> Result:
    """The mean over cells of the median over seeds of a value of each run.

    ``value`` is a function of a run's history up to a divergence and of the step of its
    memorisation. A run that does not memorise, or whose value is not finite, has no value.
    """
    columns = ["seed", *cell_of(table), "diverged", "forgets", "value"]
    rows = []
    for _, whole in table.groupby("run", sort=True):
        history = before_divergence(whole.sort_values("step"))
        if not len(history):
            continue
        train = events.onset(history["step"], history["accuracy_train"], train_threshold, stay)
        row = {label: history[label].iloc[0] for label in ("seed", *cell_of(table))}
        row |= {"diverged": len(history) < len(whole), "forgets": train.censored}
        row["value"] = np.nan if train.censored else value(history, train.step)
        rows.append(row)
    runs = pd.DataFrame(rows, columns=columns)
    runs["value"] = runs["value"].where(np.isfinite(runs["value"]))
    cells = seeds.by_cell(runs, "value", cell_of(table))
    values = well_covered(cells).to_numpy()
    interval = seeds.seed_interval(values, values, seeds.mean_of_cells)
    note = note_of(runs, {"never memorise (left out)": runs["forgets"]})
    return Result(*interval, seeds.counted(cells), values.shape[1], note)
