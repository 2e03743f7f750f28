"""Table 7 of zhao2026: SGD without weight decay beside its best run with it."""

import numpy as np
import pytest

from scripts.tables import zhao2026_table7
from tests.tables.grids import published, sgd, without_decay


def test_sgd_without_decay_is_a_row_a_momentum_and_length_and_its_best_run_with_decay():
    table = without_decay()
    table.loc[table["run"] == "0.9-100-2", "accuracy_train"] = 0.1
    df, counted = zhao2026_table7.data(table, sgd(), published("table7"))
    assert df["weight_decay"].tolist() == [0, 0, 0, 5e-3]
    assert df["momentum"].tolist() == [0, 0.9, 0.9, 0.9]
    assert df["steps"].tolist() == [10, 10, 100, 100]
    assert df["seeds"].tolist() == [3] * 4
    assert df["fitted"].tolist() == [3, 3, 2, 3]
    assert df["nc1_pinv"].tolist() == pytest.approx([10, 10.9, 100.9, 0.02])
    assert df["nc3_duality"].tolist() == pytest.approx([1, 1, 1, 0.45])
    # Of the paper there are two rows: the longest without decay, and the one with it.
    assert df["published_nc3"].fillna(-1).tolist() == [-1, -1, 0.7, 0.13]
    assert "12 of 12 runs reach 99%" in counted
    assert "2000 epochs" in counted


def test_a_dead_run_is_a_row_without_numbers():
    table = without_decay()
    table.loc[table["steps"] == 100, ["nc1_pinv", "nc2_etf", "nc3_duality"]] = np.nan
    df, _ = zhao2026_table7.data(table, sgd(), published("table7"))
    assert df["steps"].tolist() == [10, 10, 100, 100]
    assert df.loc[2, ["nc1_pinv", "nc2_etf", "nc3_duality"]].isna().all()
