"""Parquet files: what is read is what was written, or one line says that it is not."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest

from latephase.errors import UserError
from latephase.storage import checksum, parquet

TABLE = pd.DataFrame({"run": ["a", "b"] * 500, "value": np.arange(1000) / 7})
# As a history has them, and the lists of a spectrum.
KINDS = pd.DataFrame(
    {
        "run": ["a", "b", None],
        "step": [0, 1, 2],
        "loss": [0.5, np.nan, np.inf],
        "values": [np.array([0.1, np.nan]), np.array([]), np.array([2.0])],
    }
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "t.parquet"


@pytest.mark.parametrize("table", [TABLE, KINDS, KINDS[:0], KINDS[::-1]])
def test_round_trip(path, table):
    """As pandas' own file gives it back, but for the index."""
    parquet.write(path, table)
    plain = io.BytesIO()
    table.to_parquet(plain, index=False)
    found = parquet.read(path)
    pd.testing.assert_frame_equal(found, pd.read_parquet(plain))
    pd.testing.assert_frame_equal(found, pd.read_parquet(path))
    if len(table):
        pd.testing.assert_frame_equal(found, table.reset_index(drop=True))


def test_the_same_table_gives_the_same_bytes(path, tmp_path):
    parquet.write(path, KINDS)
    parquet.write(tmp_path / "again", KINDS.copy())
    assert path.read_bytes() == (tmp_path / "again").read_bytes()


def refused(path):
    """Whether a table is refused in one line."""
    try:
        parquet.read(path)
    except UserError as error:
        said = str(error)
        return said.endswith("; remove it and run again") and "\n" not in said
    return False


def test_an_altered_byte_is_refused_wherever_it_is(path):
    parquet.write(path, KINDS)
    content = path.read_bytes()
    taken = []
    # In place: to make it anew for each is slow.
    with path.open("r+b", buffering=0) as file:
        for at, byte in enumerate(content):
            for written in (byte ^ 1 << at % 8, byte):
                file.seek(at)
                file.write(bytes([written]))
                if refused(path) != (written != byte):
                    taken.append((at, written))
    assert taken == []


@pytest.mark.parametrize("kept", [0, 3, 0.5, -1])
def test_a_cut_table_is_refused(path, kept):
    parquet.write(path, TABLE)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content)) if isinstance(kept, float) else kept])
    assert refused(path)


@pytest.mark.parametrize("more", [b"\0", checksum.SLOT.encode()])
def test_a_longer_table_is_refused(path, more):
    parquet.write(path, TABLE)
    content = path.read_bytes()
    for longer in (content + more, more + content):
        path.write_bytes(longer)
        assert refused(path)


def test_a_table_without_a_checksum_is_refused(path):
    TABLE.to_parquet(path)
    assert refused(path)


def test_a_missing_table_is_one_line(path):
    with pytest.raises(UserError, match="no such file"):
        parquet.read(path)


def test_a_folder_is_one_line(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        parquet.read(tmp_path)


ROWS = [
    {"run": "b", "step": 0, "loss": np.float32(0.5), "spectrum": [1.0, np.nan], "count": 3},
    {"run": "a", "step": 10},
    {"run": "a", "step": 9, "loss": np.nan, "spectrum": np.array([0.1]), "late": np.inf},
    {"run": "b", "step": 1, "loss": None, "spectrum": np.nan, "late": -1},
]


def test_rows_are_read_like_a_dataframe(path, tmp_path):
    """Of the same rows, as the extractions made one."""
    parquet.write_rows(path, ROWS)
    whole = [row | ({"spectrum": None} if row["step"] == 1 else {}) for row in ROWS]
    df = pd.DataFrame(whole).sort_values(["run", "step"], ignore_index=True)
    floats = dict.fromkeys(["loss", "count", "late"], float)
    parquet.write(tmp_path / "df", df.astype(floats))
    found = parquet.read(path)
    pd.testing.assert_frame_equal(found, parquet.read(tmp_path / "df"))
    assert list(found) == ["run", "step", "loss", "spectrum", "count", "late"]
    assert found["step"].tolist() == [9, 10, 0, 1]
    assert found["loss"].isna().tolist() == [True, True, False, True]
    assert found["late"][0] == np.inf


def test_types_of_rows(path):
    parquet.write_rows(path, ROWS)
    types = {field.name: str(field.type) for field in pyarrow.parquet.read_schema(path)}
    assert types == {
        "run": "string",
        "step": "int64",
        "loss": "double",
        "spectrum": "list<element: double>",
        "count": "double",
        "late": "double",
    }


@pytest.mark.parametrize("row", [{"run": "a", "step": 1.5}, {"run": "a", "step": 0, "x": "1"}])
def test_rows_of_other_types_are_an_error(path, row):
    """Nothing is cut to fit, and nothing is written."""
    with pytest.raises((TypeError, ValueError)):
        parquet.write_rows(path, [row])
    assert not path.exists()


def test_the_same_rows_give_the_same_bytes_in_any_order(path, tmp_path):
    parquet.write_rows(path, ROWS, ["loss", "late"])
    parquet.write_rows(tmp_path / "again", reversed(ROWS), ["loss", "late"])
    assert path.read_bytes() == (tmp_path / "again").read_bytes()
    assert checksum.holds(path.read_bytes())


@pytest.mark.parametrize("rows", [ROWS, ROWS[1:2], []])
def test_the_columns_asked_for_are_there_and_no_others(path, rows):
    parquet.write_rows(path, rows, ["run", "step", "loss", "diverged_at"])
    found = parquet.read(path)
    assert {name: str(dtype) for name, dtype in found.dtypes.items()} == {
        "run": "str",
        "step": "int64",
        "loss": "float64",
        "diverged_at": "float64",
    }
    assert len(found) == len(rows)


def test_rows_are_written_without_pandas_and_torch(path):
    code = (
        "import sys; from pathlib import Path; "
        "from latephase.storage import atomic, checkpoints, checksum, lock, parquet; "
        f"parquet.write_rows(Path({str(path)!r}), [{{'run': 'a', 'step': 0, 'x': [1.0]}}]); "
        "print({'pandas', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"
    assert parquet.read(path)["x"][0].tolist() == [1.0]
