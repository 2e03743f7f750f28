"""What the theory says of a study's runs, row by row of its table, before they are trained.

A column of the table at the first step is all that is taken from the runs themselves.
"""

import json

import numpy as np
import pandas as pd

from latephase.theory import zhao2026

SGD = ("optimizer.lr", "optimizer.momentum", "optimizer.weight_decay")


def sgd_nc0(table: pd.DataFrame) -> pd.Series:
    """NC0 of every row under SGD with coupled decay: |r_step| × the run's NC0 at step 0.

    r is :func:`latephase.theory.zhao2026.sgd_factor` of the run's learning rates, the column
    ``schedule`` (JSON; absent or empty: constant) included.

    Raises ValueError where a run has no row of step 0, or a schedule that is not ``steps``.
    """
    start = table[table["step"] == 0].set_index("run")["nc0"]
    if missing := set(table["run"]) - set(start.index):
        raise ValueError(f"no row of step 0 for the runs {', '.join(sorted(missing))}")
    factors = pd.Series(np.nan, index=table.index)
    lr, momentum, decay = SGD
    schedules = _schedules(table)
    for (rate, schedule), rows in table.groupby([table[lr], schedules]):
        last = int(rows["step"].max())
        lrs = zhao2026.learning_rates(rate, last, **_milestones(schedule))
        cells = rows.groupby([momentum, decay]).ngroup()
        first = rows.assign(cell=cells).drop_duplicates("cell").sort_values("cell")
        grid = zhao2026.sgd_factor(lrs, first[momentum].to_numpy(), first[decay].to_numpy())
        factors[rows.index] = grid[rows["step"], cells]
    return factors.abs() * table["run"].map(start)


def _schedules(table: pd.DataFrame) -> pd.Series:
    if "schedule" not in table:
        return pd.Series("", index=table.index)
    return table["schedule"].fillna("")


def _milestones(schedule: str) -> dict:
    """The arguments of ``learning_rates`` in a run's schedule."""
    if not schedule:
        return {}
    content = json.loads(schedule)
    if content.pop("name") != "steps":
        raise ValueError(f"schedule {schedule} is not one of steps, of which the theory knows")
    return content
