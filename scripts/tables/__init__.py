"""Tables of a paper: a program each, with ``data(table, published, ...) -> DataFrame``.

The CSV beside a page holds exactly what the page shows. For each quantity, a row has our value
(``<quantity>``), its interval over seeds (``<quantity>_low``, ``<quantity>_high``) and the paper's
value (``published_<name in its file>``). A program declares in its file what it takes, like the
program of a figure: ``OPTIONS``, ``COLUMNS``, ``METRICS``, ``BESIDE``, ``PUBLISHED``.
"""

import argparse
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from latephase.analysis import seeds
from latephase.drawing import names, own_values_page
from latephase.drawing.comparison_page import page
from latephase.storage import csv_file
from latephase.storage.atomic import replacing
from scripts import reading


class Quantity(NamedTuple):
    """What a table compares: our column, its heading, and the column of the published file."""

    column: str
    heading: str
    printed: str


COMPARED = {
    metric: Quantity(metric, printed.upper(), printed)
    for metric, printed in reading.PRINTED.items()
}
"""The metrics that several tables compare."""
MEANS = "ours are means over seeds"
"""A remark on the result of :func:`over_seeds`."""


def parser(description: str, declared: Mapping[str, dict[str, Any]]) -> argparse.ArgumentParser:
    """The arguments that every table takes. ``declared`` is the program's ``OPTIONS``."""
    result = reading.parser(description, declared)
    result.add_argument("--published", type=Path, help="the paper's values, of a table with them")
    result.add_argument("--title", required=True)
    result.add_argument("--note", default="", help="what the data are, in a few words")
    result.add_argument("--csv", required=True, type=Path)
    result.add_argument("--html", required=True, type=Path)
    return result


def over_seeds(
    rows: pd.DataFrame, keys: Sequence[str], quantities: Sequence[Quantity]
) -> pd.DataFrame:
    """The mean over seeds and its bootstrap interval, a row for each value of the keys.

    Columns: the keys, seeds, and for each quantity its name, ``_low`` and ``_high``. With a single
    seed, the last two are NaN.
    """
    first, *others = keys
    frames = [rows.groupby(list(keys), as_index=False).agg(seeds=("seed", "nunique"))]
    for name, *_ in quantities:
        summary = seeds.summarise(rows, first, name, others).drop(columns="n")
        summary = summary.astype(rows.dtypes[list(keys)])  # Without rows, its types are others.
        frames.append(
            summary.rename(columns={"mean": name, "low": f"{name}_low", "high": f"{name}_high"})
        )
    return reduce(lambda left, right: left.merge(right, on=list(keys), how="left"), frames)


def with_published(ours: pd.DataFrame, published: pd.DataFrame, key: str) -> pd.DataFrame:
    """Our rows and the paper's, joined on a key. A row that only one of them has is kept."""
    printed = published.rename(columns={n: f"published_{n}" for n in published if n != key})
    return ours.merge(printed, on=key, how="outer")


def by_optimizer(df: pd.DataFrame) -> pd.DataFrame:
    """The rows in the order in which optimizers are listed everywhere."""
    places = {name: place for place, name in enumerate(names.ordered(df["optimizer"]))}
    return df.sort_values("optimizer", key=lambda column: column.map(places), ignore_index=True)


def write(
    df: pd.DataFrame,
    keys: dict[str, str],
    quantities: Sequence[Quantity],
    args: argparse.Namespace,
    *remarks: str,
) -> None:
    """Write a table as CSV and as a page, to the files in the arguments.

    ``keys`` are the columns that identify a row, with their headings. In the caption, ``remarks``
    come after what was run.
    """
    columns = [*keys]
    for name, _, printed in quantities:
        bounds = [column for column in (f"{name}_low", f"{name}_high") if column in df]
        columns += [name, *bounds, f"published_{printed}"]
    df = df[columns]
    csv_file.write(args.csv, df)
    _write_page(args, page(df, args.title, keys, quantities, _caption(args, remarks)))


def write_own(
    df: pd.DataFrame, headings: Mapping[str, str], args: argparse.Namespace, *remarks: str
) -> None:
    """Write a table with only our values, as CSV and as a page. Each column has a heading."""
    csv_file.write(args.csv, df)
    _write_page(args, own_values_page.page(df, args.title, headings, _caption(args, remarks)))


def _caption(args: argparse.Namespace, remarks: Sequence[str]) -> str:
    return "; ".join(filter(None, [args.note, *remarks]))


def _write_page(args: argparse.Namespace, text: str) -> None:
    with replacing(args.html) as part:
        part.write_text(text, encoding="utf-8")
