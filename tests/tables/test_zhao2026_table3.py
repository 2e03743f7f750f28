"""Tables 3 and 5 of zhao2026: the best cell of each optimizer, and its hyperparameters."""

import re

import pandas as pd
import pytest

from latephase.storage import parquet
from scripts.tables import zhao2026_table3, zhao2026_table5
from tests.drawing.rows import Rows
from tests.tables.grids import PUBLISHED, ends, published


def test_the_best_cell_is_by_the_mean_over_seeds_of_runs_that_fit():
    """A single lucky seed does not make a cell the best, nor one that does not fit."""
    table = ends()
    lucky = (table["optimizer.weight_decay"] == 0) & (table["optimizer.beta1"] == 0.0)
    table.loc[lucky & (table["seed"] == 1), "nc3_duality"] = 0.05
    unfit = (table["optimizer.weight_decay"] == 5e-4) & (table["optimizer.name"] == "adam")
    table.loc[unfit, ["nc3_duality", "accuracy_train"]] = [0.0, 0.98]
    df, counted = zhao2026_table3.data(table, published("table3"))
    rows = df.set_index("optimizer")
    assert "30 of 36 runs reach 99%" in counted
    assert rows.loc["adam", ["seeds", "nc3_duality", "published_nc3"]].tolist() == pytest.approx(
        [3, 0.1, 0.17]
    )
    assert rows.loc["adamw", "nc3_duality"] == pytest.approx(0.4)
    found = zhao2026_table5.data(table, published("table5"))[0].set_index("optimizer")
    ours = ["lr", "momentum", "weight_decay"]
    assert found.loc["adam", ours].tolist() == [0.01, 0.9, 5e-3]
    assert found.loc["adamw", ours].tolist() == [0.01, 0.0, 0.05]
    assert found.loc["adamw", [f"published_{name}" for name in ours]].tolist() == [0.005, 0.95, 5]
    assert found.loc["signumw", "published_weight_decay"] == 10
    assert found.loc["signumw", ours].isna().all()


@pytest.mark.parametrize("program", [zhao2026_table3, zhao2026_table5])
def test_without_a_run_that_fits_the_paper_s_values_are_left(program):
    table = ends().assign(accuracy_train=0.5)
    df, counted = program.data(table, published("table5"))
    assert "0 of 36 runs" in counted
    assert len(df) == 6
    assert (
        df.drop(columns=[c for c in df if c.startswith("published_")])
        .iloc[:, 1:]
        .isna()
        .all(axis=None)
    )


def test_a_program_writes_what_it_shows(tmp_path):
    """As many rows and numbers in the page as in the CSV, ours and the paper's side by side."""
    parquet.write(tmp_path / "study.parquet", ends())
    files = {kind: tmp_path / f"made/table.{kind}" for kind in ("csv", "html")}
    arguments = [f"--data={tmp_path / 'study.parquet'}", "--title=Six < seven", "--note=digits"]
    arguments += [f"--published={PUBLISHED / 'zhao2026_table3.csv'}"]
    zhao2026_table3.main([*arguments, *(f"--{kind}={path}" for kind, path in files.items())])
    df = pd.read_csv(files["csv"])
    assert list(df)[:3] == ["optimizer", "seeds", "nc0"]
    assert list(df)[-4:] == ["nc3_duality", "nc3_duality_low", "nc3_duality_high", "published_nc3"]
    text = files["html"].read_text()
    heads, pairs, *rows = Rows(text).rows
    assert heads == ["Optimizer", "Seeds", "NC0", "NC1", "NC2", "NC3"]
    assert pairs == ["ours", "paper"] * 4
    assert len(rows) == len(df) == 4
    adam = next(row for row in rows if row[0] == "Adam")
    assert adam[-2:] == ["0.100[0.0900, 0.110]", "0.17"]
    shown = sum(bool(cell) for row in rows for cell in row)
    intervals = df.filter(regex="_(low|high)$")
    assert shown == df.notna().sum().sum() - intervals.notna().sum().sum()
    assert "digits; ours are means over seeds; 36 of 36 runs reach 99% training accuracy" in text
    assert "<h1>Six &lt; seven</h1>" in text
    assert not re.search(r"(src|href)=", text)
    assert not list(tmp_path.rglob("*.part"))
