"""The numbers that a figure or a table shows, as CSV."""

from pathlib import Path

import pandas as pd

from latephase.storage.atomic import replacing


def write(path: Path, df: pd.DataFrame) -> None:
    """Write a DataFrame without its index, completely or not at all."""
    with replacing(path) as part:
        df.to_csv(part, index=False)
