"""Controls: a study's data with an effect removed, reversed, made smaller, or replaced by another.

A verdict counts if the same statistic gives another verdict on its controls. Each function takes
the data, one row for each run and step, and returns changed data. The rows and the other columns
stay as they are.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

LABELS = ("optimizer.", "model.", "data.", "loss.", "schedule", "steps", "batch_size")
"""The beginnings of the names of columns that say what a run is."""
SHUFFLES = 12


def labels_of(table: pd.DataFrame) -> list[str]:
    """The columns that say what a run is, without its seed."""
    return [column for column in table if column.startswith(LABELS)]


def shuffled(table: pd.DataFrame, columns: Sequence[str], rng: np.random.Generator) -> pd.DataFrame:
    """Exchange columns between runs of the same seed, each run with one other run at random.

    If runs have different numbers of rows, their last rows are matched.
    """
    columns = list(columns)
    from_last = table.sort_values("step").groupby("run").cumcount(ascending=False)
    from_last = from_last.reindex(table.index)
    seeds = table.groupby("run")["seed"].first()
    other = pd.concat(
        pd.Series(rng.permutation(runs.index), index=runs.index) for _, runs in seeds.groupby(seeds)
    )
    # A value that is the same in all rows of a run, such as its labels, belongs to no row.
    constant = [c for c in columns if (table.groupby("run")[c].nunique(dropna=False) <= 1).all()]
    whole = table.groupby("run")[constant].first()
    found = {c: table["run"].map(other).map(whole[c]) for c in constant}
    columns = [column for column in columns if column not in constant]
    if not columns:
        return table.assign(**found)
    keys = pd.MultiIndex.from_arrays([table["run"], from_last])
    wanted = pd.MultiIndex.from_arrays([table["run"].map(other), from_last])
    given = table[columns].set_axis(keys, axis=0).reindex(wanted).set_axis(table.index, axis=0)
    return table.assign(**found, **{column: given[column] for column in columns})


def reversed_order(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The values of each column in the opposite order: the smallest instead of the largest, etc."""
    changed = {}
    for column in columns:
        known = sorted(table[column].dropna().unique())
        changed[column] = table[column].map(dict(zip(known, known[::-1], strict=True)))
    return table.assign(**changed)


def exchanged(table: pd.DataFrame, column: str, first: Any, second: Any) -> pd.DataFrame:
    """Two values of a column exchanged."""
    return table.assign(**{column: table[column].replace({first: second, second: first})})


def flat(table: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    """Metrics that keep the value of each run's first step."""
    first = table.sort_values("step").groupby("run")[list(metrics)].first()
    return table.assign(**{metric: table["run"].map(first[metric]) for metric in metrics})


def in_common(table: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    """Metrics with the same course in every run: at each step the median of all runs.

    If a run was not measured at a step, the value between its neighbours there counts, interpolated
    on a logarithmic axis of steps. Beyond its last step it does not count.
    """
    made = {}
    for metric in metrics:
        wide = table.pivot(index="step", columns="run", values=metric).sort_index()
        at = np.log10(np.maximum(wide.index, 0.5))
        between = wide.set_axis(at).interpolate("index", limit_area="inside").set_axis(wide.index)
        # A run that was measured there, but has no number, keeps NaN.
        made[metric] = table["step"].map(between.median(axis=1)).where(table[metric].notna())
    return table.assign(**made)


def scaled(
    table: pd.DataFrame, metric: str, factor: float, where: Mapping[str, Any]
) -> pd.DataFrame:
    """A metric times a factor, in the runs that have these values in these columns."""
    chosen = pd.Series(True, index=table.index)
    for column, value in where.items():
        chosen &= table[column] == value
    return table.assign(**{metric: table[metric].where(~chosen, table[metric] * factor)})


def delayed(table: pd.DataFrame, metric: str, by: float) -> pd.DataFrame:
    """A metric whose course in each run is later by this many decades of steps; earlier if below 0.

    Between steps it is interpolated on a logarithmic axis. Beyond the ends of a run it keeps the
    value at the end, and at step 0 its own value.
    """
    later = table[metric].copy()
    for _, run in table[table["step"] > 0].sort_values("step").groupby("run"):
        known = run[run[metric].notna()]
        if len(known):
            at, logs = np.log10(run["step"]) - by, np.log10(known["step"])
            later[run.index] = np.interp(at, logs, known[metric])
    return table.assign(**{metric: later})


def lowered(table: pd.DataFrame, metric: str, by: float, other: str) -> pd.DataFrame:
    """A metric that is made to depend on another: at each step, the run with the largest value of
    the other one loses ``by``, and the others lose a part of it according to their rank.

    This is the control of a claim that the metric does not depend on the other.
    """
    rank = table.groupby("step")[other].rank(pct=True)
    return table.assign(**{metric: table[metric] - by * rank.fillna(0.0)})


def put(table: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Columns replaced by others, all at once: ``{"accuracy_test": "accuracy_train"}``."""
    return table.assign(**{column: table[other] for column, other in columns.items()})


def _shuffled(table: pd.DataFrame, asked: Any) -> list[pd.DataFrame]:
    columns = labels_of(table) if asked == "labels" else asked
    rng = np.random.default_rng(0)
    return [shuffled(table, columns, rng) for _ in range(SHUFFLES)]


CONTROLS: dict[str, Callable[[pd.DataFrame, Any], list[pd.DataFrame]]] = {
    "shuffle": _shuffled,
    "reverse": lambda table, columns: [reversed_order(table, columns)],
    "exchange": lambda table, asked: [
        exchanged(table, column, *values) for column, values in asked.items()
    ],
    "flat": lambda table, metrics: [flat(table, metrics)],
    "in_common": lambda table, metrics: [in_common(table, metrics)],
    "scale": lambda table, asked: [
        scaled(table, asked["metric"], asked["by"], asked.get("where", {}))
    ],
    "delay": lambda table, asked: [delayed(table, asked["metric"], asked["by"])],
    "lower": lambda table, asked: [lowered(table, asked["metric"], asked["by"], asked["with"])],
    "put": lambda table, columns: [put(table, columns)],
}
"""What a claim's ``controls`` may name, each with the function that makes its data."""
