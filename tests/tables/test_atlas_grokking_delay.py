"""The table of the delay of grokking: counts, open intervals, blanks."""

import pandas as pd
import pytest

from latephase.storage import parquet
from scripts.tables import atlas_grokking_delay as program
from tests.analysis.grokking_runs import run, table

SEEDS = range(1, 6)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("delay")
    runs = [run(100, 3000 if seed < 4 else None, seed) for seed in SEEDS]
    runs += [run(None, None, seed, decay=0.1) for seed in SEEDS]
    parquet.write(folder / "study.parquet", table(*runs))
    files = [f"--csv={folder / 'table.csv'}", f"--html={folder / 'table.html'}"]
    program.main(["--data", str(folder / "study.parquet"), "--title", "Delays & all", *files])
    return pd.read_csv(folder / "table.csv"), (folder / "table.html").read_text()


def test_the_csv_has_a_row_for_each_rate_and_decay(made):
    df, _ = made
    assert list(df["optimizer.weight_decay"]) == [0.1, 1.0]
    assert list(df["memorised"]) == [0, 5] and list(df["generalised"]) == [0, 3]
    assert df["delay"].isna().tolist() == [True, False]


def test_the_page_says_what_is_open_and_leaves_blank_what_is_not_known(made):
    _, page = made
    assert "Delays &amp; all" in page
    assert ", ∞]" in page
    assert "<td></td>" in page
    assert "nan" not in page.lower().replace("domin", "")
