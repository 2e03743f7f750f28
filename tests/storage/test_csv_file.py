"""CSV files are whole or absent."""

import pandas as pd
import pytest

from latephase.storage import csv_file

TABLE = pd.DataFrame({"run": ["a", "b"], "value": [0.1, 2.0]})


def test_a_csv_is_whole_or_absent(tmp_path):
    """It stands beside the old one until it is whole."""
    csv_file.write(tmp_path / "t.csv", TABLE)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "t.csv"), TABLE)

    class Failing:
        def to_csv(self, part, index):
            part.write_text("run,val")
            raise OSError("disk full")

    before = (tmp_path / "t.csv").read_bytes()
    with pytest.raises(OSError, match="disk full"):
        csv_file.write(tmp_path / "t.csv", Failing())
    assert (tmp_path / "t.csv").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["t.csv"]
