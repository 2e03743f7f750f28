"""Reduce a study's data to so few rows that a page can contain them and a browser can draw them."""

import numpy as np
import pandas as pd


def thinned(df: pd.DataFrame, most: int) -> pd.DataFrame:
    """Keep at most ``most`` rows of a study's data.

    Each run keeps its first and its last checkpoint, and as many of those between as fit, evenly
    spread over its rows. If even two rows for each run are too many, some runs are left out, evenly
    spread.

    Args:
        df: a study's data, with the rows of each run one after the other.
        most: at least 2.
    """
    if len(df) <= most:
        return df
    names = df["run"].drop_duplicates()
    if 2 * len(names) > most:
        kept = names.iloc[_spread(len(names), most // 2)]
        return thinned(df[df["run"].isin(kept)], most)
    lengths = df.groupby("run", sort=False)["step"].transform("size")
    places = df.groupby("run", sort=False).cumcount()
    each = most // len(names)
    while True:
        chosen = {n: {*_spread(n, max(min(n, each), 2))} for n in lengths.unique()}
        keep = [place in chosen[n] for place, n in zip(places, lengths, strict=True)]
        if sum(keep) <= most:
            return df[keep]
        each -= 1


def _spread(n: int, count: int) -> list[int]:
    """``count`` of the places 0 to n - 1, evenly spread, both ends included."""
    return np.unique(np.linspace(0, n - 1, min(n, count)).round().astype(int)).tolist()
