"""Controls: a study's data with an effect removed, reversed, reduced or replaced by another one.

A verdict counts only if the same statistic gives another verdict on its controls. Each function
takes the data, one row for each run and step, and returns changed data. The rows and the other
columns stay as they are.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

LABELS = ("optimizer.", "model.", "data.", "loss.", "schedule", "steps", "batch_size")
"""The prefixes of the columns that describe a run."""
SHUFFLES = 12


def labels_of(table: pd.DataFrame) -> list[str]:
    """The columns that describe a run, without its seed."""
    return [column for column in table if column.startswith(LABELS)]


def shuffled(table: pd.DataFrame, columns: Sequence[str], rng: np.random.Generator) -> pd.DataFrame:
    """Exchange columns at random between runs of the same seed.

    Each run gets the values of one run of its seed. If runs have different numbers of rows, their
    last rows are matched.
    """
    columns = list(columns)
    from_last = table.sort_values("step").groupby("run").cumcount(ascending=False)
    from_last = from_last.reindex(table.index)
    seeds = table.groupby("run")["seed"].first()
    other = pd.concat(
        pd.Series(rng.permutation(runs.index), index=runs.index) for _, runs in seeds.groupby(seeds)
    )
    # A value that is the same in all rows of a run, such as a label, is exchanged as one value.
    constant = [c for c in columns if (table.groupby("run")[c].nunique(dropna=False) <= 1).all()]
    whole = table.groupby("run")[constant].first()
    changed = {c: table["run"].map(other).map(whole[c]) for c in constant}
    columns = [column for column in columns if column not in constant]
    if not columns:
        return table.assign(**changed)
    keys = pd.MultiIndex.from_arrays([table["run"], from_last])
    wanted = pd.MultiIndex.from_arrays([table["run"].map(other), from_last])
    given = table[columns].set_axis(keys, axis=0).reindex(wanted).set_axis(table.index, axis=0)
    return table.assign(**changed, **{column: given[column] for column in columns})


def reversed_order(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Reverse the order of each column's values: the smallest becomes the largest, and so on."""
    changed = {}
    for column in columns:
        known = sorted(table[column].dropna().unique())
        changed[column] = table[column].map(dict(zip(known, known[::-1], strict=True)))
    return table.assign(**changed)


def exchanged(table: pd.DataFrame, column: str, first: Any, second: Any) -> pd.DataFrame:
    """Exchange two values of a column."""
    return table.assign(**{column: table[column].replace({first: second, second: first})})


def flat(table: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    """Keep each metric at its value at the run's first step."""
    first = table.sort_values("step").groupby("run")[list(metrics)].first()
    return table.assign(**{metric: table["run"].map(first[metric]) for metric in metrics})


def in_common(table: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    """Give each metric the same course in every run: at each step, the median over all runs.

    If a run was not measured at a step, its value there is interpolated on a logarithmic axis of
    steps. Beyond its last step, a run does not count.
    """
    made = {}
    for metric in metrics:
        wide = table.pivot(index="step", columns="run", values=metric).sort_index()
        at = np.log10(np.maximum(wide.index, 0.5))
        between = wide.set_axis(at).interpolate("index", limit_area="inside").set_axis(wide.index)
        # NaN in the data stays NaN.
        made[metric] = table["step"].map(between.median(axis=1)).where(table[metric].notna())
    return table.assign(**made)


def scaled(
    table: pd.DataFrame, metric: str, factor: float, where: Mapping[str, Any]
) -> pd.DataFrame:
    """Multiply a metric by a factor, in the runs that have the values ``where`` in its columns."""
    chosen = pd.Series(True, index=table.index)
    for column, value in where.items():
        chosen &= table[column] == value
    return table.assign(**{metric: table[metric].where(~chosen, table[metric] * factor)})


def delayed(table: pd.DataFrame, metric: str, by: float) -> pd.DataFrame:
    """Shift a metric's course in each run by ``by`` decades of steps.

    The course becomes later if ``by`` is positive, and earlier if it is negative. Between steps,
    the metric is interpolated on a logarithmic axis. Beyond the ends of a run it keeps the value at
    the end. At step 0 it keeps its own value.
    """
    later = table[metric].copy()
    for _, run in table[table["step"] > 0].sort_values("step").groupby("run"):
        known = run[run[metric].notna()]
        if len(known):
            at, logs = np.log10(run["step"]) - by, np.log10(known["step"])
            later[run.index] = np.interp(at, logs, known[metric])
    return table.assign(**{metric: later})


def lowered(table: pd.DataFrame, metric: str, by: float, other: str) -> pd.DataFrame:
    """Make a metric depend on another one.

    At each step, the run with the largest value of ``other`` loses ``by``. The other runs lose a
    part of ``by`` in proportion to their rank. This is the control of a claim that the metric does
    not depend on the other one.
    """
    rank = table.groupby("step")[other].rank(pct=True)
    return table.assign(**{metric: table[metric] - by * rank.fillna(0.0)})


def put(table: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Replace columns by others, all at once: ``{"accuracy_test": "accuracy_train"}``."""
    return table.assign(**{column: table[other] for column, other in columns.items()})


def _shuffled(table: pd.DataFrame, given: Any) -> list[pd.DataFrame]:
    columns = labels_of(table) if given == "labels" else given
    rng = np.random.default_rng(0)
    return [shuffled(table, columns, rng) for _ in range(SHUFFLES)]


CONTROLS: dict[str, Callable[[pd.DataFrame, Any], list[pd.DataFrame]]] = {
    "shuffle": _shuffled,
    "reverse": lambda table, columns: [reversed_order(table, columns)],
    "exchange": lambda table, given: [
        exchanged(table, column, *values) for column, values in given.items()
    ],
    "flat": lambda table, metrics: [flat(table, metrics)],
    "in_common": lambda table, metrics: [in_common(table, metrics)],
    "scale": lambda table, given: [
        scaled(table, given["metric"], given["by"], given.get("where", {}))
    ],
    "delay": lambda table, given: [delayed(table, given["metric"], given["by"])],
    "lower": lambda table, given: [lowered(table, given["metric"], given["by"], given["with"])],
    "put": lambda table, columns: [put(table, columns)],
}
"""The keys that a claim's ``controls`` may have, each with the function that makes its data."""
