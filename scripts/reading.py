"""What programs that show a study's table read, and how."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

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


def read(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """A table, with UserError where it lacks a column or has no rows."""
    table = tables.read(path)
    missing = [column for column in columns if column not in table]
    if missing:
        raise UserError(f"{path}: no column {', '.join(missing)}; it has {', '.join(table)}")
    if table.empty:
        raise UserError(f"{path}: the table has no rows")
    return table
