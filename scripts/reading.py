"""What programs that show a study's table read, and how."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from pandas.api.types import is_numeric_dtype

from latephase import tables
from latephase.errors import UserError


def several(text: str) -> list[str]:
    """The words of an option that takes several, separated by commas."""
    return [word.strip() for word in text.split(",")]


def read_published(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """The values of a paper, with UserError where there is no CSV with these columns."""
    try:
        published = pd.read_csv(path)
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        told = " ".join(str(error).split())
        raise UserError(f"--published {path}: cannot be read ({told}); allowed: a CSV") from None
    missing = [column for column in columns if column not in published]
    if missing:
        raise UserError(f"--published {path}: no column {', '.join(missing)}")
    return published


def share(text: str) -> float:
    """The number of an option that takes one from 0 to 1."""
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text}; allowed: 0 to 1")
    return number


def read(path: Path, columns: Sequence[str], metrics: Sequence[str] = ()) -> pd.DataFrame:
    """A table, with UserError where it lacks a column or a metric, or has no rows.

    A metric is a column that has a number in each row.
    """
    table = tables.read(path)
    missing = [column for column in (*columns, *metrics) if column not in table]
    if missing:
        raise UserError(f"{path}: no column {', '.join(missing)}; it has {', '.join(table)}")
    if table.empty:
        raise UserError(f"{path}: the table has no rows")
    for metric in metrics:
        if not is_numeric_dtype(table[metric]):
            raise UserError(f"{path}: {metric} is not a number a row; allowed: a metric that is")
    return table
