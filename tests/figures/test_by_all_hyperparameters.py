"""One metric over a grid: a panel for each optimizer and learning rate."""

import numpy as np
import pytest

from scripts.figures import by_all_hyperparameters
from tests.figures.grids import TABLE


def test_a_panel_for_each_optimizer_and_learning_rate_and_a_line_for_each_momentum():
    table = TABLE.copy()
    adam = (table["optimizer.name"] == "adam").to_numpy()
    half = adam & (np.arange(len(table)) % 2 == 0)
    table.loc[half, "optimizer.lr"] = 0.1
    table.loc[table.index[-1], "accuracy_train"] = 0.9
    df, counted = by_all_hyperparameters.data(table, "nc0", 0.99)
    assert "1 of 36" in counted
    cell = df[(df["optimizer"] == "adam") & (df["lr"] == 0.1) & (df["momentum"] == 0.9)].iloc[-1]
    own = table[half & (table["optimizer.beta1"] == 0.9)]
    own = own[own["optimizer.weight_decay"] == cell["weight_decay"]]
    assert cell["mean"] == pytest.approx(own["nc0"].mean())
    assert cell["n"] == len(own)
    axes = by_all_hyperparameters.draw(df, "nc0").axes
    titles = [ax.get_title(loc="left") for ax in axes if ax.axison]
    assert titles == ["Adam, η = 0.01", "AdamW, η = 0.01", "Adam, η = 0.1"]
    assert [len(ax.lines) for ax in axes if ax.axison] == [2, 2, 2]
