"""Tables: what is read is what was written, or one line says that it is not."""

import io

import numpy as np
import pandas as pd
import pytest

from latephase import sums, tables
from latephase.errors import UserError

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
    tables.write(path, table)
    plain = io.BytesIO()
    table.to_parquet(plain, index=False)
    found = tables.read(path)
    pd.testing.assert_frame_equal(found, pd.read_parquet(plain))
    pd.testing.assert_frame_equal(found, pd.read_parquet(path))
    if len(table):
        pd.testing.assert_frame_equal(found, table.reset_index(drop=True))


def test_the_same_table_gives_the_same_bytes(path, tmp_path):
    tables.write(path, KINDS)
    tables.write(tmp_path / "again", KINDS.copy())
    assert path.read_bytes() == (tmp_path / "again").read_bytes()


def refused(path):
    """Whether a table is refused in one line."""
    try:
        tables.read(path)
    except UserError as error:
        said = str(error)
        return said.endswith("; remove it and run again") and "\n" not in said
    return False


def test_an_altered_byte_is_refused_wherever_it_is(path):
    tables.write(path, KINDS)
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
    tables.write(path, TABLE)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content)) if isinstance(kept, float) else kept])
    assert refused(path)


@pytest.mark.parametrize("more", [b"\0", sums.SLOT.encode()])
def test_a_longer_table_is_refused(path, more):
    tables.write(path, TABLE)
    content = path.read_bytes()
    for longer in (content + more, more + content):
        path.write_bytes(longer)
        assert refused(path)


def test_a_table_without_a_sum_is_refused(path):
    TABLE.to_parquet(path)
    assert refused(path)


def test_a_missing_table_is_one_line(path):
    with pytest.raises(UserError, match="no such file"):
        tables.read(path)


def test_a_folder_is_one_line(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        tables.read(tmp_path)


def test_two_slots_are_not_filled():
    for content in (b"", 2 * sums.SLOT.encode()):
        with pytest.raises(ValueError, match="slots for a sum"):
            sums.filled(content)
