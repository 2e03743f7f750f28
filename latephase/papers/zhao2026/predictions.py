"""What the theory predicts for each row of a study's data.

It uses the measured values only at step 0.
"""

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from latephase.papers.zhao2026 import theory
from latephase.runs.columns import DECAY, LR, MOMENTUM

SGD = (LR, MOMENTUM, DECAY)


def sgd_nc0(table: pd.DataFrame) -> pd.Series:
    """NC0 of every row under SGD with coupled decay: |r_step| × the run's NC0 at step 0.

    r is :func:`latephase.papers.zhao2026.theory.sgd_factor` of the run's learning rates. They
    follow the column ``schedule`` (JSON; a missing or empty one is constant).

    Raises ValueError if a run has no row of step 0, or if its schedule is not ``steps``.
    """
    return _nc0(table, theory.sgd_factor, [MOMENTUM, DECAY])


def decoupled_nc0(table: pd.DataFrame) -> pd.Series:
    """NC0 of every row if only decoupled decay moves the row sum: |Π(1 − ηλ)| × NC0 at step 0.

    This holds under SGDW (Thm 3.1), and under any update whose row sum is 0 as that of the gradient
    is (Lemma E.5). Raises ValueError as :func:`sgd_nc0` does.
    """
    return _nc0(table, theory.sgdw_factor, [DECAY])


def _nc0(table: pd.DataFrame, factor: Callable[..., NDArray], numbers: list[str]) -> pd.Series:
    """|r_step| × NC0 at step 0, with r from the learning rates and the columns ``numbers``."""
    start = table[table["step"] == 0].set_index("run")["nc0"]
    if missing := set(table["run"]) - set(start.index):
        raise ValueError(f"no row of step 0 for the runs {', '.join(sorted(missing))}")
    factors = pd.Series(np.nan, index=table.index)
    for (rate, schedule), rows in table.groupby([table[LR], _schedules(table)]):
        last = int(rows["step"].max())
        lrs = theory.learning_rates(rate, last, **_milestones(schedule))
        cells = rows.groupby(numbers).ngroup()
        first = rows.assign(cell=cells).drop_duplicates("cell").sort_values("cell")
        grid = factor(lrs[:, None], *(first[name].to_numpy() for name in numbers))
        factors[rows.index] = grid[rows["step"], cells]
    return factors.abs() * table["run"].map(start)


def _schedules(table: pd.DataFrame) -> pd.Series:
    if "schedule" not in table:
        return pd.Series("", index=table.index)
    return table["schedule"].fillna("")


def _milestones(schedule: str) -> dict:
    """The arguments of ``learning_rates`` that a run's schedule gives."""
    if not schedule:
        return {}
    content = json.loads(schedule)
    if content.pop("name") != "steps":
        raise ValueError(f"schedule {schedule} is not one of steps, of which the theory knows")
    return content
