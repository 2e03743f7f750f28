"""Tables on disk: parquet with a sum of the whole file, so that a damaged one is noticed."""

import io
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from latephase import sums
from latephase.errors import UserError
from latephase.writing import replacing


def write(path: Path, table: pd.DataFrame) -> None:
    """Write a table, whole or not at all; the same table gives the same bytes."""
    content = sums.filled(_parquet(pa.Table.from_pandas(table, preserve_index=False)))
    with replacing(path) as part:
        part.write_bytes(content)


def _parquet(table: pa.Table) -> bytes:
    """A file of the table, with a slot for its sum among the footer's keys."""
    file = io.BytesIO()
    with parquet.ParquetWriter(file, table.schema, write_page_checksum=True) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"latephase": sums.SLOT})
    return file.getvalue()


def read(path: Path) -> pd.DataFrame:
    """Read a table. Raises UserError where it is not what was written, or not there.

    The sum is checked first: no parser sees a damaged file.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    if not sums.holds(content):
        raise UserError(f"{path}: damaged (not what was written there); remove it and run again")
    return pd.read_parquet(io.BytesIO(content))
