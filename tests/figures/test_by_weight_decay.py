"""Metrics by weight decay: means and deviations of the runs that fit, and published values."""

import numpy as np
import pandas as pd
import pytest

from latephase.errors import UserError
from scripts.figures import by_all_hyperparameters, by_weight_decay
from tests.figures.grids import TABLE


def test_by_decay_is_mean_and_deviation_of_the_runs_that_fit():
    table = TABLE.copy()
    table.loc[0, "accuracy_train"] = 0.9  # the first run of Adam without decay
    published = pd.DataFrame({"optimizer": ["adam", "sgd"], "weight_decay": 0.0, "nc0": 20.0})
    df, counted = by_weight_decay.data(table, ["adam"], ["nc0", "nc3_duality"], published)
    row = df[(df["metric"] == "nc0") & (df["weight_decay"] == 0) & (df["source"] == "trained")]
    own = table[(table["optimizer.name"] == "adam") & (table["optimizer.weight_decay"] == 0)][1:]
    assert row["n"].item() == len(own) == 5
    assert row["mean"].item() == pytest.approx(own["nc0"].mean())
    assert row["sd"].item() == pytest.approx(own["nc0"].std())
    printed = df[df["source"] == "published"]
    assert printed["optimizer"].tolist() == ["adam"]
    assert counted.startswith("1 of 18 runs is left out: 1 below 99 % training accuracy")

    left, right = by_weight_decay.draw(df, ["adam"], ["nc0", "nc3_duality"]).axes
    trained = df[(df["metric"] == "nc0") & (df["source"] == "trained")]
    np.testing.assert_array_equal(left.lines[0].get_ydata(), trained["mean"])
    assert left.lines[1].get_ydata().tolist() == [20.0]
    assert left.get_yscale() == "log"
    assert right.get_yscale() == "linear"


def test_by_decay_has_a_line_a_length_the_longest_solid():
    table = pd.concat([TABLE.assign(steps=50, nc0=7.0), TABLE.assign(steps=100)])
    table["run"] += table["steps"].astype(str)
    df, _ = by_weight_decay.data(table, ["adam"], ["nc0"])
    assert (df.loc[df["steps"] == 50, "mean"] == 7).all()
    assert (df.loc[df["steps"] == 100, "mean"] != 7).all()
    figure = by_weight_decay.draw(df, ["adam"], ["nc0"])
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata())]
    assert [line.get_linestyle() for line in lines] == ["--", "-"]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["Adam", "50 steps", "100 steps", "± 1 sd of runs"]


def test_the_legend_has_a_band_only_if_one_is_drawn():
    one = TABLE.drop_duplicates(["optimizer.name", "optimizer.weight_decay"])
    df, _ = by_weight_decay.data(one, ["adam"], ["nc0"])
    assert df["n"].max() == 1
    legend = by_weight_decay.draw(df, ["adam"], ["nc0"]).legends[0].get_texts()
    assert [text.get_text() for text in legend] == ["Adam"]


def test_by_decay_refuses_an_optimizer_that_the_study_has_not():
    with pytest.raises(UserError, match=r"options\.optimizers names 'sgd', .*allowed: adam, adamw"):
        by_weight_decay.data(TABLE, ["adam", "sgd"], ["nc0"])


def test_an_optimizer_and_a_metric_of_ones_own_are_called_by_their_names():
    table = TABLE.replace({"optimizer.name": {"adamw": "mine"}}).assign(sparsity=0.5)
    df, _ = by_weight_decay.data(table, ["mine", "adam"], ["sparsity"])
    figure = by_weight_decay.draw(df, ["mine", "adam"], ["sparsity"])
    assert figure.axes[0].get_ylabel() == "sparsity"
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend[:2] == ["Adam", "mine"]
    df, _ = by_all_hyperparameters.data(table, "sparsity", 0.99)
    titles = [ax.get_title(loc="left") for ax in by_all_hyperparameters.draw(df, "sparsity").axes]
    assert titles == ["Adam, η = 0.01", "mine, η = 0.01"]


def test_published_values_stand_beside_the_papers_form_of_a_metric_alone():
    table = TABLE.assign(nc0_normalized=TABLE["nc0"])
    published = pd.DataFrame({"optimizer": ["adam"], "weight_decay": 0.0, "nc0": 20.0})
    df, _ = by_weight_decay.data(table, ["adam"], ["nc0", "nc0_normalized"], published)
    assert df.loc[df["source"] == "published", "metric"].tolist() == ["nc0"]


def test_an_optimizer_without_weight_decay_stands_at_none():
    mine = TABLE[TABLE["optimizer.weight_decay"] == 0].replace({"optimizer.name": {"adam": "mine"}})
    table = pd.concat(
        [TABLE, mine.assign(**{"optimizer.weight_decay": np.nan}, run=mine["run"] + "m")]
    )
    df, _ = by_weight_decay.data(table, ["mine"], ["nc0"])
    assert df["weight_decay"].tolist() == [0.0]
    assert df["n"].item() == 6
    views, _ = by_all_hyperparameters.data(table, "nc0", 0.99)
    assert set(views.loc[views["optimizer"] == "mine", "weight_decay"]) == {0.0}
