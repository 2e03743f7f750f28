"""Zhao et al. (arXiv 2602.16642): the optimizer decides whether NC0 vanishes."""

import numpy as np
import pandas as pd

from latephase import analysis, predictions
from latephase.claims import Result


def row_sum_recursion(table: pd.DataFrame, *, floor: float) -> Result:
    """The largest departure of NC0 from its recursion under SGD (Thm 3.2, Fig. 5).

    A run's departure is max |ln(NC0 / prediction)| over its logged steps after the first at
    which :func:`latephase.predictions.sgd_nc0` is at least ``floor``: below, float32's rounding
    is all that is measured. A *cell* is a learning rate, a momentum and a weight decay; its value
    is the median over seeds, and the statistic the largest of all cells. NaN without any.
    """
    predicted = predictions.sgd_nc0(table)
    measured = analysis.before_divergence(table).assign(predicted=predicted)
    told = measured[(measured["step"] > 0) & (measured["predicted"] >= floor)]
    with np.errstate(divide="ignore"):
        departures = np.log(told["nc0"] / told["predicted"]).abs()
    runs = table.groupby("run")[["seed", *predictions.SGD]].first()
    runs["departure"] = departures.groupby(told["run"]).max()
    values = analysis.by_cell(runs, "departure", predictions.SGD).dropna(axis=1, how="all")
    interval = analysis.seed_interval(
        values.to_numpy(), values.to_numpy(), analysis.largest_of_cells
    )
    return Result(
        *interval, int(values.notna().any(axis=1).sum()), values.shape[1], _note(table, runs)
    )


def _note(table: pd.DataFrame, runs: pd.DataFrame) -> str:
    parts = [f"{len(runs)} runs"]
    if diverged := table.loc[table["diverged_at"].notna(), "run"].nunique():
        parts.append(f"{diverged} diverged")
    if silent := int(runs["departure"].isna().sum()):
        parts.append(f"{silent} without a step above the floor (left out)")
    if runs["departure"].notna().any():
        worst = runs.loc[runs["departure"].idxmax()]
        lr, momentum, decay = (f"{worst[name]:g}" for name in predictions.SGD)
        parts.append(
            f"the farthest run, {worst['departure']:.2g}: "
            f"lr {lr}, momentum {momentum}, weight decay {decay}, seed {worst['seed']:.0f}"
        )
    return "; ".join(parts)
