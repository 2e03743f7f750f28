"""Table 2 of zhao2026: the ends of six optimizers, as means over seeds."""

import numpy as np
import pandas as pd
import pytest

from latephase.errors import UserError
from latephase.storage import parquet
from scripts.tables import Quantity, over_seeds, zhao2026_table2
from tests.tables.grids import PUBLISHED, ends, published


def test_the_ends_of_six_optimizers_are_means_over_the_seeds_that_did_not_diverge():
    table = ends().query("`optimizer.weight_decay` == 0 and `optimizer.beta1` == 0.9")
    table = pd.concat([table.assign(step=50, nc0=99.0), table], ignore_index=True)
    table["nc0"] = np.where(table["step"] == 100, table["seed"].astype(float), table["nc0"])
    table.loc[(table["optimizer.name"] == "adamw") & (table["seed"] == 3), "diverged_at"] = 60.0
    df = zhao2026_table2.data(table, published("table2"))
    names = ["sgd", "sgdw", "adam", "adamw", "signum", "signumw"]
    assert df["optimizer"].tolist() == names
    rows = df.set_index("optimizer")
    assert rows.loc["adam", ["seeds", "nc0", "published_nc0"]].tolist() == [3, 2.0, 0.34]
    assert rows.loc["adamw", ["seeds", "nc0", "published_nc0"]].tolist() == [2, 1.5, 5.33]
    assert rows.loc["adam", ["nc0_low", "nc0_high"]].tolist() == [1.0, 3.0]
    assert np.isnan(rows.loc["sgd", "nc0"])
    assert rows.loc["signumw", "published_nc0"] == 3185.69


def test_one_seed_has_no_interval():
    table = pd.DataFrame({"seed": 1, "k": ["a", "b"], "x": [1.0, 2.0]})
    df = over_seeds(table, ["k"], [Quantity("x", "X", "x")])
    assert df["x"].tolist() == [1.0, 2.0]
    assert df[["x_low", "x_high"]].isna().all(axis=None)


def test_a_column_that_is_missing_is_one_line(tmp_path):
    parquet.write(tmp_path / "study.parquet", ends().drop(columns="nc2_etf"))
    arguments = [f"--data={tmp_path / 'study.parquet'}", "--title=t", "--csv=c", "--html=h"]
    arguments += [f"--published={PUBLISHED / 'zhao2026_table2.csv'}"]
    with pytest.raises(UserError, match="no column nc2_etf"):
        zhao2026_table2.main(arguments)
