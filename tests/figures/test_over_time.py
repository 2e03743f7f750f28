"""Metrics over time: means over seeds, lines by columns of the data, some runs only."""

import numpy as np
import pandas as pd
import pytest

from latephase.errors import UserError
from scripts.figures import over_time
from tests.figures.grids import TABLE, coupled_falls
from tests.papers.zhao2026.optimizer_runs import runs


def over_steps(table):
    frames = [table.assign(step=step, nc0=table["nc0"] / step) for step in (1, 10, 100)]
    return pd.concat([table.assign(step=0, nc0=5.0), *frames], ignore_index=True)


def test_over_time_is_the_mean_over_seeds():
    table = over_steps(runs(coupled_falls, momenta=(0.9,)).query("`optimizer.weight_decay` == 0"))
    df = over_time.data(table, ["optimizer.name"], ["nc0"])
    assert sorted(df["step"].unique()) == [1, 10, 100]
    line = df[(df["optimizer.name"] == "adam") & (df["step"] == 10)]
    own = table[(table["optimizer.name"] == "adam") & (table["step"] == 10)]
    assert line["mean"].item() == pytest.approx(own["nc0"].mean())
    assert line["n"].item() == 3
    (ax,) = over_time.draw(df, ["optimizer.name"], ["nc0"]).axes
    assert len(ax.lines) == 2
    assert ax.get_yscale() == "log"


def test_over_time_refuses_what_does_not_tell_runs_apart():
    with pytest.raises(
        UserError, match=r"options\.by names optimizer\.name: a seed has several runs"
    ):
        over_time.data(over_steps(TABLE), ["optimizer.name"], ["nc0"])


def test_over_time_by_two_columns_across_a_third():
    table = over_steps(TABLE)
    by = ["optimizer.weight_decay", "optimizer.beta1"]
    table = table[table["optimizer.weight_decay"] < 0.05]
    df = over_time.data(table, by, ["nc0", "loss_train"], "optimizer.name")
    figure = over_time.draw(df, by, ["nc0", "loss_train"], "optimizer.name")
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["Adam", "AdamW", "", ""]
    assert [len(ax.lines) for ax in figure.axes] == [6, 2, 6, 2]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend[:2] == ["0, 0", "0, 0.9"]
    adam = df[(df["optimizer.name"] == "adam") & (df["metric"] == "nc0")]
    first = adam[(adam[by[0]] == 0) & (adam[by[1]] == 0)]
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), first["mean"])


def test_over_time_of_some_runs_only():
    kept = over_time.chosen(TABLE, {"optimizer.weight_decay": [0.005], "optimizer.beta1": [0, 0.9]})
    assert set(kept["optimizer.weight_decay"]) == {0.005}
    assert len(kept) == 6
    with pytest.raises(
        UserError, match=r"options\.only\.optimizer\.beta1 names 0\.5; allowed: 0, 0\.9"
    ):
        over_time.chosen(TABLE, {"optimizer.beta1": [0.5]})
    by_name = over_time.chosen(TABLE, {"optimizer.name": ["adam"]})
    assert set(by_name["optimizer.name"]) == {"adam"}
    for value in ("sgd", "0.005"):
        with pytest.raises(UserError, match=r"optimizer\.name names .*; allowed: adam, adamw"):
            over_time.chosen(TABLE, {"optimizer.name": [value]})
