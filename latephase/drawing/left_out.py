"""The line of a figure that says which runs it leaves out, and why."""

from collections.abc import Collection, Mapping

import pandas as pd

from latephase.drawing import names
from latephase.runs.columns import BETA1, COUPLED_DECAY, DECAY, LR, MOMENTUM, OPTIMIZER

DESCRIBED = (
    *("study", OPTIMIZER, "arm", "data.train_size", LR, MOMENTUM, BETA1, DECAY, COUPLED_DECAY),
    *("regularizer.strength", "max_head_norm", "model.init_scale", "steps", "seed"),
)
"""The columns by whose values runs are named."""
NAMED = 3
"""How many values are named; of more, it is said how many others there are."""


def sentence(table: pd.DataFrame, reasons: Mapping[str, Collection[str]]) -> str:
    """Which runs of a table are left out, by the reason: "diverged" and the runs that did.

    Runs are named by a column whose values tell exactly which ones are gone, such as arms that are
    left out whole, or else by the column in which they have the fewest values.
    """
    runs = table.sort_values("diverged_at").drop_duplicates("run")
    gone = {why: runs[runs["run"].isin(list(some))] for why, some in reasons.items()}
    gone = {why: some for why, some in gone.items() if len(some)}
    count = sum(map(len, gone.values()))
    if not count:
        return "The one run is drawn." if len(runs) == 1 else f"All {len(runs)} runs are drawn."
    told = ", ".join(f"{len(some)} {why} ({_named(some, runs)})" for why, some in gone.items())
    return f"{count} of {len(runs)} runs {_are(count)} left out: {told}."


def all_but_one(table: pd.DataFrame) -> str:
    """What a figure of one run says of the other runs."""
    others = table["run"].nunique() - 1
    if not others:
        return sentence(table, {})
    return f"{others} of {others + 1} runs {_are(others)} left out: the figure shows one run."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def together(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The runs of several studies, a row each. Two studies may share a run, so names are longer."""
    runs = [
        table.sort_values("diverged_at").drop_duplicates("run").assign(study=study)
        for study, table in tables.items()
    ]
    df = pd.concat(runs, ignore_index=True)
    return df.assign(run=df["study"] + " " + df["run"])


def below(table: pd.DataFrame, kept: Collection[str], accuracy: float) -> str:
    """Which runs are left out if the others, ``kept``, end at or above a training accuracy."""
    gone = table[~table["run"].isin(list(kept))]
    diverged = {*gone.loc[gone["diverged_at"].notna(), "run"]}
    short = f"below {100 * accuracy:g} % training accuracy at the end"
    return sentence(table, {short: {*gone["run"]} - diverged, "diverged": diverged})


def but(table: pd.DataFrame, kept: Collection[str], why: str) -> str:
    """Which runs are left out if ``kept`` are drawn, for one reason."""
    return sentence(table, {why: {*table["run"]} - {*kept}})


def _exact(some: pd.DataFrame, runs: pd.DataFrame, column: str) -> bool:
    """Whether a few values of a column are those of these runs, and of no other run."""
    others = runs[~runs["run"].isin(some["run"])]
    values = set(some[column].astype(object).fillna("none"))
    return len(values) <= NAMED and not values & set(others[column].astype(object).fillna("none"))


def _named(some: pd.DataFrame, runs: pd.DataFrame) -> str:
    """The values of some runs in one column, each with how many of its runs these are."""
    apart = [c for c in DESCRIBED if c in runs and runs[c].nunique() > 1] or ["run"]
    exact = [name for name in apart if _exact(some, runs, name)]
    column = min(exact or apart, key=lambda name: some[name].nunique(dropna=False))
    told = []
    for value, own in some.groupby(column, dropna=False):
        every = runs[column].isna() if pd.isna(value) else runs[column] == value
        word = (
            f"no {names.AXES.get(column, column)}"
            if pd.isna(value)
            else names.titled(column, value)
        )
        told.append(f"{word}: {len(own)} of {every.sum()}")
    more = [f"and {len(told) - NAMED} more"] if len(told) > NAMED + 1 else []
    return ", ".join((told[:NAMED] + more) if more else told)
