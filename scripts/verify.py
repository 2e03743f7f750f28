"""Compare CSV files that were made here with those that come with the repository.

    python -m scripts.verify --made results/verified/paper/claims.csv \\
        --shipped shipped/paper/claims.csv --sha256 0c4a…

Text and missing values must be the same. Numbers may differ by one part in a million, because other
versions of the libraries and other processors add numbers in another order. Prose is not compared.
"""

import argparse
import hashlib
import io
from pathlib import Path

import numpy as np
import pandas as pd

from latephase.errors import UserError, reporting

RELATIVE = 1e-6
"""Two numbers count as equal if they differ by at most this share of the larger one."""
NOTHING = 1e-12
"""Numbers up to this size count as 0 with a rounding error."""
PROSE = ("sentence", "note", "controls", "moved")
"""Columns with sentences for readers, which hold rounded numbers."""


def read(path: Path, sha256: str) -> pd.DataFrame:
    """A shipped CSV file. Raises UserError if it has another checksum."""
    content = path.read_bytes()
    if (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise UserError(f"{path}: its sha256 is {found}; allowed: {sha256}, as in the manifest")
    return pd.read_csv(io.BytesIO(content))


def difference(made: pd.DataFrame, shipped: pd.DataFrame) -> tuple[float, str | None]:
    """The largest relative difference of the numbers, and the first difference in words.

    If nothing differs, the words are None.
    """
    if list(made) != list(shipped):
        return np.inf, f"its columns are {', '.join(made)}, and were {', '.join(shipped)}"
    if len(made) != len(shipped):
        return np.inf, f"it has {len(made)} rows, and had {len(shipped)}"
    largest = 0.0
    for column in (name for name in made if name not in PROSE):
        here, there = made[column], shipped[column]
        numbers = [pd.to_numeric(side, errors="coerce") for side in (here, there)]
        same = (here == there) | (here.isna() & there.isna())
        apart = relative(*(side.to_numpy(float) for side in numbers))
        apart[numbers[0].isna() & numbers[1].isna() & ~same] = np.inf  # two different texts
        largest = max(largest, apart.max(initial=0))
        if (apart > RELATIVE).any():
            row = int(np.argmax(apart > RELATIVE))
            told = f"{column} is {here.iloc[row]}, and was {there.iloc[row]}"
            return largest, f"in row {row + 1}, {told}"
    return largest, None


def relative(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """How far numbers [n] are apart, relative to the larger one.

    The distance is infinite if only one of the two is missing, or only one is infinite.
    """
    with np.errstate(invalid="ignore"):
        size = np.maximum(np.abs(here), np.abs(there))
        apart = np.abs(here - there) / size
    same = (here == there) | (np.isnan(here) & np.isnan(there)) | (size <= NOTHING)
    return np.where(same, 0.0, np.where(np.isfinite(apart), apart, np.inf))


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--made", nargs="*", type=Path, required=True)
    parser.add_argument("--shipped", nargs="*", type=Path, required=True)
    parser.add_argument("--sha256", nargs="*", required=True, help="of the shipped files")
    args = parser.parse_args(argv)
    if not args.made:
        raise UserError("shipped/manifest.json: it names no results, so there are none to verify")
    differing = []
    for made, shipped, sha256 in zip(args.made, args.shipped, args.sha256, strict=True):
        largest, told = difference(pd.read_csv(made), read(shipped, sha256))
        print(f"{'differs' if told else 'same':8}{shipped}   " + (told or f"within {largest:.0e}"))
        differing += [f"{made}: {told}"] if told else []
    if differing:
        more = f" (and {len(differing) - 1} more files differ)" * (len(differing) > 1)
        raise UserError(f"{differing[0]}{more}")
    print(f"All {len(args.made)} files are as they were shipped.")


if __name__ == "__main__":
    with reporting():
        main()
