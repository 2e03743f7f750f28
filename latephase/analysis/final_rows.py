"""A study's runs at their last step, and which of them count as trained."""

from collections.abc import Sequence

import pandas as pd

from latephase.analysis.divergence import before_divergence
from latephase.runs.columns import BETA1, DECAY, MOMENTUM, OPTIMIZER, OPTIMIZER_CELL


def final_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The last row of each run, or the last before it diverged, with a column ``momentum``.

    Momentum is heavy-ball's μ, or β₁ of Adam and its relatives. It is 0 for an optimizer that has
    neither. Weight decay is 0 for an optimizer that has none.
    """
    last = before_divergence(table).sort_values("step").groupby("run", sort=False).tail(1)
    momentum = pd.Series(float("nan"), index=last.index)
    for column in (MOMENTUM, BETA1):
        if column in last:
            momentum = momentum.fillna(last[column])
    if DECAY in last:
        last = last.assign(**{DECAY: last[DECAY].fillna(0.0)})
    return last.assign(momentum=momentum.fillna(0.0))


def settled(table: pd.DataFrame, columns: Sequence[str], stay: int) -> pd.DataFrame:
    """The final values of the runs that did not diverge: a row for each run, indexed by run.

    Each value is the median of the last ``stay`` logs of that column.
    """
    gone = table.loc[table["diverged_at"].notna(), "run"]
    whole = table[~table["run"].isin(gone)].sort_values("step")
    runs = whole.groupby("run")
    return pd.DataFrame(
        {
            column: runs[column].apply(lambda values: values.dropna().tail(stay).median())
            for column in columns
        }
    ).astype(float)


def fitted(table: pd.DataFrame, threshold: float) -> tuple[pd.DataFrame, str]:
    """The final rows of the runs that did not diverge and reach a training accuracy.

    Returns these rows, and a text that says how many runs are left out.
    """
    last = final_rows(table)
    kept = last[last["diverged_at"].isna() & (last["accuracy_train"] >= threshold)]
    runs = table["run"].nunique()
    if threshold == 0:
        some = f"{len(kept)} of {runs} runs, fitted or not; the others diverged"
        return kept, some if len(kept) < runs else f"all {runs} runs, fitted or not"
    return kept, (
        f"{len(kept)} of {runs} runs reach {threshold:.0%} training accuracy, "
        f"{runs - len(kept)} are left out"
    )


def best_cells(last: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The final rows of each optimizer's best cell, by the smallest mean of a metric over seeds.

    A cell is a learning rate, a momentum and a weight decay.
    """
    cell = list(OPTIMIZER_CELL)
    means = last.groupby(cell)[metric].mean().dropna()
    best = means.groupby(OPTIMIZER).idxmin()
    cells = pd.MultiIndex.from_frame(last[cell])
    return last[cells.isin(list(best))]
