"""Which rows of a run that diverged are measurements."""

import pandas as pd


def before_divergence(table: pd.DataFrame) -> pd.DataFrame:
    """The rows before each run's ``diverged_at``. Later rows are not measurements."""
    diverged_at = table.groupby("run")["diverged_at"].transform("min")
    return table[~(table["step"] >= diverged_at)]


def last_before(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The last row in which a metric was measured, for each run that diverged."""
    diverged = table[table["diverged_at"].notna()].dropna(subset=metric).sort_values("step")
    return diverged.groupby("run", sort=True).tail(1)
