"""Parquet files with a checksum of the whole file, so that damage is noticed.

pandas takes half a second to import. Only functions that take or return a DataFrame import it.
"""

import io
import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from latephase.errors import UserError
from latephase.storage import checksum
from latephase.storage.atomic import replacing

if TYPE_CHECKING:
    import pandas as pd

KEYS = ("run", "step")
"""The columns that identify rows: text and whole numbers."""


def write(path: Path, df: "pd.DataFrame") -> None:
    """Write a DataFrame without its index, completely or not at all.

    The same DataFrame gives the same bytes.
    """
    _write(path, pa.Table.from_pandas(df, preserve_index=False))


def write_rows(
    path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str] | None = None
) -> None:
    """Write one row for each run and step, sorted by both, completely or not at all.

    This does not need pandas. Column ``run`` is text and ``step`` is int64. Any other column is
    float64, or a list of float64 if a row has a list, a tuple or an array there. A missing value
    and None become NaN; in a column of lists, these and NaN become null. ``columns`` are the
    columns to write in addition to ``run`` and ``step``; by default they are all columns of the
    rows, in the order in which they appear. The same rows give the same bytes.
    """
    rows = list(rows)
    if columns is None:
        columns = [name for row in rows for name in row]
    names = list(dict.fromkeys([*KEYS, *columns]))
    rows.sort(key=lambda row: tuple(row[key] for key in KEYS))
    arrays = [_column(name, [row.get(name) for row in rows]) for name in names]
    _write(path, pa.Table.from_arrays(arrays, names))


# Columns are made from buffers, because pa.array imports pandas.
def _column(name: str, values: list[Any]) -> pa.Array:
    if name == "run":
        texts = [value.encode() for value in values]
        buffers = [None, _offsets(texts), pa.py_buffer(b"".join(texts))]
        return pa.Array.from_buffers(pa.string(), len(values), buffers)
    if name == "step":
        return _numbers(values, pa.int64(), "q")
    if not any(map(_is_list, values)):
        return _floats(values)
    there = np.array([_is_list(value) for value in values])
    lists = [value if _is_list(value) else () for value in values]
    return pa.Array.from_buffers(
        pa.list_(pa.float64()),
        len(values),
        [pa.py_buffer(np.packbits(there, bitorder="little")), _offsets(lists)],
        children=[_floats([number for found in lists for number in found])],
    )


def _floats(values: list[Any]) -> pa.Array:
    return _numbers([math.nan if value is None else value for value in values], pa.float64(), "d")


def _numbers(values: list[Any], type_: pa.DataType, code: str) -> pa.Array:
    """Numbers of a type for which Python's arrays have a code. The array refuses other values."""
    buffers = [None, pa.py_buffer(array(code, values))]
    return pa.Array.from_buffers(type_, len(values), buffers)


def _offsets(items: Sequence[Sequence]) -> pa.Buffer:
    """The position of each item when all are joined, and the end of the last one."""
    return pa.py_buffer(array("i", accumulate(map(len, items), initial=0)))


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple) or getattr(value, "ndim", 0) > 0


def _write(path: Path, table: pa.Table) -> None:
    content = checksum.filled(_parquet(table))
    with replacing(path) as part:
        part.write_bytes(content)


def _parquet(table: pa.Table) -> bytes:
    """The bytes of a file, with a slot for its checksum among the footer's keys."""
    file = io.BytesIO()
    with parquet.ParquetWriter(file, table.schema, write_page_checksum=True) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"latephase": checksum.SLOT})
    return file.getvalue()


def read(path: Path) -> "pd.DataFrame":
    """The DataFrame that :func:`write` or :func:`write_rows` wrote.

    Raises UserError if the file is missing or damaged. The checksum is checked first, so no parser
    reads a damaged file.
    """
    import pandas as pd

    return pd.read_parquet(io.BytesIO(_content(path)))


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    if not checksum.holds(content):
        raise UserError(f"{path}: damaged (not what was written there); remove it and run again")
    return content
