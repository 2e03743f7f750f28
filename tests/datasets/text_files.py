"""Small files of texts, and the data sets that are prepared from them."""

import csv
import gzip
from pathlib import Path

from latephase.datasets.kinds import text
from latephase.datasets.prepare import prepare

PIECES = [
    "[PAD]",
    "[unused0]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "good",
    "bad",
    "film",
    "##s",
    "a",
    ",",
    "é",
]
TRAIN = [(1, "A good film"), (0, "bad films, a film"), (1, "good good")]
TEST = [(0, "Bad é"), (1, "a strange film")]


def write(path: Path, rows, header=("label", "text")):
    """A .csv as Python writes it, or a .tsv without quotes."""
    opened = gzip.open if path.name.endswith(".gz") else open
    with opened(path, "wt", encoding="utf-8", newline="") as file:
        if ".tsv" in path.name:
            file.writelines("\t".join(map(str, row)) + "\n" for row in [header, *rows] if row)
        else:
            csv.writer(file).writerows(row for row in [header, *rows] if row)
    return str(path)


def prepared(given, **changes):
    given = given | changes
    return prepare("mine", text.entry_of(given), texts=given)
