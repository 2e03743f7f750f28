"""Runs that diverged: what was measured before, and where it ends."""

import pandas as pd


def before_divergence(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table before its runs' ``diverged_at``. Later rows are no measurements."""
    diverged_at = table.groupby("run")["diverged_at"].transform("min")
    return table[~(table["step"] >= diverged_at)]


def last_before(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """For each run that diverged, the last row in which a metric was measured."""
    diverged = table[table["diverged_at"].notna()].dropna(subset=metric).sort_values("step")
    return diverged.groupby("run", sort=True).tail(1)
