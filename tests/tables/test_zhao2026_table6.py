"""Table 6 of zhao2026: regressions, with intervals of whole seeds."""

import numpy as np
import pytest

from latephase.analysis import seeds
from scripts.tables import zhao2026_table6
from tests.papers.zhao2026.optimizer_runs import runs
from tests.tables.grids import published


def test_regressions_are_by_learning_rate_and_of_all_with_intervals_of_whole_seeds(monkeypatch):
    monkeypatch.setattr(seeds, "MIN_SEEDS", 3)
    table = runs(lambda _, rank, momentum: rank + momentum)
    table["optimizer.lr"] = np.where(table["optimizer.name"] == "adam", 0.001, 0.05)
    slopes = {1: 0.1, 2: 0.2, 3: 0.3}
    table["nc3_duality"] = np.log10(table["nc0"]) * table["seed"].map(slopes)
    df, _ = zhao2026_table6.data(table, published("table6"))
    assert df["lr"].tolist() == ["0.001", "0.005", "0.01", "0.05", "0.0679", "all"]
    rows = df.set_index("lr")
    assert rows.loc[["0.001", "0.05", "all"], "n"].tolist() == [18, 18, 36]
    x, y = np.log10(table["nc0"]), table["nc3_duality"]
    assert rows.loc["all", "slope"] == pytest.approx(np.polyfit(x, y, 1)[0])
    assert rows.loc["all", "r_squared"] == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2)
    # A draw of one seed three times has its slope.
    low, high = rows.loc["all", ["slope_low", "slope_high"]]
    assert low == pytest.approx(0.1, abs=1e-3)
    assert high == pytest.approx(0.3, abs=1e-3)
    assert rows.loc["0.001", ["published_n", "published_slope"]].tolist() == [170, 0.19]
    assert rows.loc["all", "published_n"] == 399
    assert np.isnan(rows.loc["0.05", "published_n"])
    assert np.isnan(rows.loc["0.0679", "n"])
