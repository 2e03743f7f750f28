"""Tables of a paper: one program each, ``data(table, published, ...) -> DataFrame``.

The CSV beside a page holds exactly what stands in it: a row, for each quantity our value
(``<quantity>``), its interval over seeds (``<quantity>_low``, ``<quantity>_high``) and the paper's
value (``published_<as its file calls it>``).
"""

import argparse
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from latephase import labels, plots
from latephase.writing import replacing
from scripts.tables.page import page


class Quantity(NamedTuple):
    """What a table compares: our column, its heading, and the published file's column."""

    column: str
    heading: str
    printed: str


NC0 = Quantity("nc0", "NC0", "nc0")
COLLAPSE = (
    Quantity("nc1_pinv", "NC1", "nc1"),
    Quantity("nc2_etf", "NC2", "nc2"),
    Quantity("nc3_duality", "NC3", "nc3"),
)
ENDS = ("run", "step", "seed", "diverged_at", "optimizer.name")
"""Columns that the ends of runs are taken by."""
MEANS = "ours are means over seeds"
"""A remark on what :func:`over_seeds` makes."""
CELL = ("optimizer.lr", "optimizer.weight_decay", "accuracy_train")
"""More of them, where the best of an optimizer's cells is."""


def parser(description: str) -> argparse.ArgumentParser:
    """The arguments that every table takes."""
    result = argparse.ArgumentParser(description=description.splitlines()[0])
    result.add_argument("--table", required=True, type=Path, help="table of the study")
    result.add_argument("--published", required=True, type=Path, help="the paper's values")
    result.add_argument("--title", required=True)
    result.add_argument("--note", default="", help="what the data are, in a few words")
    result.add_argument("--csv", required=True, type=Path)
    result.add_argument("--html", required=True, type=Path)
    return result


def over_seeds(
    rows: pd.DataFrame, keys: Sequence[str], quantities: Sequence[Quantity]
) -> pd.DataFrame:
    """Mean over seeds and its bootstrap interval; a row a value of the keys.

    Columns: the keys, seeds, and of each quantity its name, ``_low`` and ``_high`` (NaN of a
    single seed).
    """
    first, *others = keys
    frames = [rows.groupby(list(keys), as_index=False).agg(seeds=("seed", "nunique"))]
    for name, *_ in quantities:
        summary = plots.summarise(rows, first, name, others).drop(columns="n")
        summary = summary.astype(rows.dtypes[list(keys)])  # Without a row it is of any.
        frames.append(
            summary.rename(columns={"mean": name, "low": f"{name}_low", "high": f"{name}_high"})
        )
    return reduce(lambda left, right: left.merge(right, on=list(keys), how="left"), frames)


def with_published(ours: pd.DataFrame, published: pd.DataFrame, key: str) -> pd.DataFrame:
    """Our rows and the paper's of the same key; a row that only one has is there too."""
    printed = published.rename(columns={n: f"published_{n}" for n in published if n != key})
    return ours.merge(printed, on=key, how="outer")


def by_optimizer(df: pd.DataFrame) -> pd.DataFrame:
    """Its rows in the order in which optimizers are listed everywhere."""
    places = {name: i for i, name in enumerate(labels.OPTIMIZERS)}
    return df.sort_values("optimizer", key=lambda names: names.map(places), ignore_index=True)


def write(
    df: pd.DataFrame,
    keys: dict[str, str],
    quantities: Sequence[Quantity],
    args: argparse.Namespace,
    *remarks: str,
) -> None:
    """Write a table as CSV and as a page where the arguments say.

    ``keys`` are the columns that name a row, with their headings; ``remarks`` stand in the
    caption, after what was run.
    """
    columns = [*keys]
    for name, _, printed in quantities:
        bounds = [column for column in (f"{name}_low", f"{name}_high") if column in df]
        columns += [name, *bounds, f"published_{printed}"]
    df = df[columns]
    plots.write_csv(df, args.csv)
    text = page(df, args.title, keys, quantities, "; ".join(filter(None, [args.note, *remarks])))
    with replacing(args.html) as part:
        part.write_text(text, encoding="utf-8")
