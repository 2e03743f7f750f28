"""Read what programs of figures and tables need: options, studies' data, published values."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

from latephase.catalog.check_schema import check
from latephase.errors import UserError
from latephase.storage import parquet
from scripts import given

PRINTED = {"nc0": "nc0", "nc1_pinv": "nc1", "nc2_etf": "nc2", "nc3_duality": "nc3"}
"""The names of our metrics in files of published values."""


def parser(description: str, declared: Mapping[str, dict[str, Any]]) -> argparse.ArgumentParser:
    """The arguments that all these programs take. ``declared`` is the program's ``OPTIONS``."""
    result = argparse.ArgumentParser(description=description.splitlines()[0])
    result.add_argument("--data", required=True, type=Path, help="data of the study")
    result.add_argument(
        "--options",
        type=lambda text: options(text, declared),
        default="{}",
        metavar="JSON",
        help=f"an object; its keys: {', '.join(declared) or 'none'}",
    )
    return result


def parse_with_others(
    arguments: argparse.ArgumentParser, argv: list[str] | None
) -> argparse.Namespace:
    """The arguments of a program that also takes ``--beside``, the data of other studies."""
    told = "data of other studies"
    arguments.add_argument("--beside", nargs="*", default=[], type=Path, help=told)
    return arguments.parse_args(argv)


def options(text: str, declared: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The options in a JSON object. Options that it does not name have their defaults.

    Args:
        declared: a JSON schema for each option. An option without a ``default`` must be given.

    Raises UserError if the text is not such an object.
    """
    chosen = given.json_object("--options", text)
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": dict(declared),
        "required": [name for name, rule in declared.items() if "default" not in rule],
    }
    check(chosen, schema, "--options", "options")
    return {name: chosen.get(name, rule.get("default")) for name, rule in declared.items()}


def read(path: Path, columns: Sequence[str], metrics: Sequence[str] = ()) -> pd.DataFrame:
    """A study's data. A metric is a column that has a number in each row.

    Raises UserError if the data lack a column or a metric, or have no rows.
    """
    table = parquet.read(path)
    missing = [column for column in (*columns, *metrics) if column not in table]
    if missing:
        lacking = ", ".join(missing[:3]) + ", …" * (len(missing) > 3)
        raise UserError(f"{path}: no column {lacking}; allowed: data that have it")
    if table.empty:
        raise UserError(f"{path}: the table has no rows")
    for metric in metrics:
        if not is_numeric_dtype(table[metric]):
            raise UserError(
                f"{path}: {metric} is not one number per row; allowed: a metric that is"
            )
    return table


def read_several(
    args: argparse.Namespace, columns: Sequence[str], metrics: Sequence[str] = ()
) -> dict[str, pd.DataFrame]:
    """The data of a study and of the studies beside it, by the studies' names.

    Raises UserError as :func:`read` does, and if two files have the same name.
    """
    paths = [args.data, *args.beside]
    if len({path.stem for path in paths}) < len(paths):
        raise UserError("--beside: two files have one name; allowed: one file of each study")
    return {path.stem: read(path, columns, metrics) for path in paths}


def read_published(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """A paper's published values. Raises UserError if the file is not a CSV with these columns."""
    try:
        published = pd.read_csv(path)
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        told = " ".join(str(error).split())
        raise UserError(f"--published {path}: cannot be read ({told}); allowed: a CSV") from None
    missing = [column for column in columns if column not in published]
    if missing:
        raise UserError(f"--published {path}: no column {', '.join(missing)}")
    return published
