"""The line in a figure that says which runs the figure leaves out, and why."""

from collections.abc import Collection, Mapping

import pandas as pd

from latephase.drawing import names
from latephase.runs.columns import BETA1, COUPLED_DECAY, DECAY, LR, MOMENTUM, OPTIMIZER

DESCRIBED = (
    *("study", OPTIMIZER, "arm", "data.train_size", LR, MOMENTUM, BETA1, DECAY, COUPLED_DECAY),
    *("regularizer.strength", "max_head_norm", "model.init_scale", "steps", "seed"),
)
"""The columns whose values can name runs."""
NAMED = 3
"""How many values are listed if there are at least two more. Of the others, only the number is
given."""


def sentence(table: pd.DataFrame, reasons: Mapping[str, Collection[str]]) -> str:
    """A sentence that says which runs of a table are left out, and why.

    Args:
        table: the data of a study, or several (:func:`together`).
        reasons: the runs that are left out, by the reason, such as "diverged".

    The runs are named by the column whose values separate them best from the others, such as an arm
    that is left out as a whole. Of columns that separate them equally well, one in which they have
    few values is taken, and then the first of :data:`DESCRIBED`, in which the seed is the last.
    """
    runs = table.sort_values("diverged_at").drop_duplicates("run")
    gone = {why: runs[runs["run"].isin(list(some))] for why, some in reasons.items()}
    gone = {why: some for why, some in gone.items() if len(some)}
    count = sum(map(len, gone.values()))
    if not count:
        return "The one run is drawn." if len(runs) == 1 else f"All {len(runs)} runs are drawn."
    parts = ", ".join(f"{len(some)} {why} ({_named(some, runs)})" for why, some in gone.items())
    return f"{count} of {len(runs)} runs {_are(count)} left out: {parts}."


def all_but_one(table: pd.DataFrame) -> str:
    """The sentence for a figure of one run, about the other runs."""
    others = table["run"].nunique() - 1
    if not others:
        return sentence(table, {})
    return f"{others} of {others + 1} runs {_are(others)} left out: the figure shows one run."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def together(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The runs of several studies, one row each.

    Studies may share a run, so the name of the study is put before the name of the run.
    """
    runs = [
        table.sort_values("diverged_at").drop_duplicates("run").assign(study=study)
        for study, table in tables.items()
    ]
    df = pd.concat(runs, ignore_index=True)
    return df.assign(run=df["study"] + " " + df["run"])


def below(table: pd.DataFrame, kept: Collection[str], accuracy: float) -> str:
    """The sentence if the runs ``kept`` reach a training accuracy and the others are left out.

    The training accuracy is that at the end of a run.
    """
    gone = table[~table["run"].isin(list(kept))]
    diverged = {*gone.loc[gone["diverged_at"].notna(), "run"]}
    short = f"below {100 * accuracy:g} % training accuracy at the end"
    return sentence(table, {short: {*gone["run"]} - diverged, "diverged": diverged})


def but(table: pd.DataFrame, kept: Collection[str], why: str) -> str:
    """The sentence if only the runs ``kept`` are drawn, for one reason."""
    return sentence(table, {why: {*table["run"]} - {*kept}})


def _mixed(some: pd.DataFrame, runs: pd.DataFrame, column: str) -> int:
    """How many runs would be taken for the wrong kind if only their value in a column were known.

    The two kinds are these runs and all others. The number is 0 if the values separate them.
    """
    gone = runs["run"].isin(some["run"])
    kinds = gone.groupby(runs[column], dropna=False).agg(["sum", "count"])
    return int(kinds["sum"].combine(kinds["count"] - kinds["sum"], min).sum())


def _named(some: pd.DataFrame, runs: pd.DataFrame) -> str:
    """The values of some runs in one column, each with how many of its runs are among them."""
    apart = [c for c in DESCRIBED if c in runs and runs[c].nunique() > 1] or ["run"]
    column = min(
        apart,
        key=lambda name: (_mixed(some, runs, name), some[name].nunique(dropna=False) > NAMED),
    )
    words = []
    for value, own in some.groupby(column, dropna=False):
        every = runs[column].isna() if pd.isna(value) else runs[column] == value
        word = (
            f"no {names.AXES.get(column, column)}"
            if pd.isna(value)
            else names.titled(column, value)
        )
        words.append(f"{word}: {len(own)} of {every.sum()}")
    more = [f"and {len(words) - NAMED} more"] if len(words) > NAMED + 1 else []
    return ", ".join((words[:NAMED] + more) if more else words)
