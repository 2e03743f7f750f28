"""Tables of texts with labels: .csv, .tsv or .parquet."""

import csv
import gzip
import os
import re
from collections.abc import Iterable, Iterator
from typing import Any

from latephase.datasets.texts.reading import ENDINGS, check_file, reading
from latephase.errors import UserError

LARGEST = 4 << 30
"""The largest number of characters of an unpacked file."""
LONGEST = 1 << 20
"""The largest number of characters of a field."""
AT_ONCE = 4096
"""How many rows of a .parquet are read at a time."""


def examples(path: str | os.PathLike, entry: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Every text of a file with its class, in the order of the file.

    A .csv has fields as in RFC 4180. In a .tsv nothing is quoted, as in the files of GLUE. Both are
    UTF-8. Their first line names the columns unless the entry does. Raises UserError for a file
    that is missing or in another format, for a missing column, and for a label that is not a class.
    """
    check_file(path)
    columns = [entry["text"]] if isinstance(entry["text"], str) else entry["text"]
    classes = {name: i for i, name in enumerate(entry.get("labels", ()))}
    read = _parquet if str(path).endswith(".parquet") else _separated
    for row, (label, *texts) in enumerate(read(path, [entry["label"], *columns], entry), 1):
        where = f"{path}: row {row}: {entry['label']} is"
        if classes:
            if label not in classes:
                names = ", ".join(map(repr, entry["labels"][:8]))
                raise UserError(f"{where} {label[:60]!r}; allowed: {names}")
            yield " ".join(texts), classes[label]
        else:
            if not (re.fullmatch("[0-9]{1,9}", label) and int(label) < entry["classes"]):
                most = entry["classes"] - 1
                raise UserError(f"{where} {label[:60]!r}; allowed: 0 to {most}, or names in labels")
            yield " ".join(texts), int(label)


def _separated(
    path: str | os.PathLike, wanted: list[str], entry: dict[str, Any]
) -> Iterator[list[str]]:
    """The wanted columns of a .csv or .tsv, row by row."""
    name = str(path)
    if not name.endswith(ENDINGS):
        raise UserError(f"{path}: is not a file of texts; allowed: {', '.join(ENDINGS)}")
    packed = name.endswith(".gz")
    tabs = name.removesuffix(".gz").endswith(".tsv")
    form = {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if tabs else {"strict": True}
    csv.field_size_limit(LONGEST)
    with reading(path):
        opened = gzip.open if packed else open
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(_limited(file, path), **form)
            header = entry.get("columns") or next(rows, [])
            places = [_place(path, header, column) for column in wanted]
            for number, row in enumerate(rows, 1):
                if len(row) != len(header):
                    raise UserError(
                        f"{path}: row {number} has {len(row)} fields; allowed: {len(header)}, one "
                        f"for each of the columns {_listed(header)}"
                    )
                yield [row[place] for place in places]


def _limited(lines: Iterable[str], path: str | os.PathLike) -> Iterator[str]:
    """The lines of a file. Raises UserError if it unpacks to more than is allowed."""
    size = 0
    for line in lines:
        size += len(line)
        if size > LARGEST:
            raise UserError(
                f"{path}: holds more than {LARGEST} characters; allowed: at most as many"
            )
        yield line


def _place(path: str | os.PathLike, header: list[str], column: str) -> int:
    if column not in header:
        raise UserError(f"{path}: no column {column}; it has {_listed(header)}")
    if (count := header.count(column)) > 1:
        raise UserError(f"{path}: has {count} columns {column}; allowed: one")
    return header.index(column)


def _listed(names: list[str]) -> str:
    more = ", …" * (len(names) > 8)
    return ", ".join(ascii(name[:40])[1:-1] for name in names[:8]) + more or "none"


def _parquet(
    path: str | os.PathLike, wanted: list[str], entry: dict[str, Any]
) -> Iterator[list[str]]:
    """The wanted columns of a .parquet, row by row."""
    import pyarrow
    import pyarrow.parquet

    with reading(path):
        try:
            with pyarrow.parquet.ParquetFile(path) as file:
                for column in wanted:
                    _place(path, file.schema_arrow.names, column)
                yield from _rows(path, file.iter_batches(AT_ONCE, columns=wanted), wanted)
        except pyarrow.ArrowException as error:
            text = " ".join(str(error).split())[:200]
            raise UserError(f"{path}: not a readable .parquet file ({text})") from None


def _rows(
    path: str | os.PathLike, batches: Iterable[Any], wanted: list[str]
) -> Iterator[list[str]]:
    """The values of a .parquet as texts, row by row."""
    number = 0
    for batch in batches:
        for row in zip(*(batch[column].to_pylist() for column in wanted), strict=True):
            number += 1
            for column, value in zip(wanted, row, strict=True):
                if not isinstance(value, str | int) or isinstance(value, bool):
                    raise UserError(
                        f"{path}: row {number}: {column} is {str(value)[:60]!r}; allowed: text, "
                        "or a whole number for a label"
                    )
            yield [str(value) for value in row]
