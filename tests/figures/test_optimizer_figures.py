"""The figures of zhao2026's optimizers draw what their CSV holds, and that is what the runs say."""

import argparse
import re

import numpy as np
import pandas as pd
import pytest

from latephase import tables
from latephase.errors import UserError
from latephase.plots import zero_log_axis
from scripts.figures import (
    zhao2026_by_decay,
    zhao2026_fig2,
    zhao2026_fig8,
    zhao2026_fig29,
    zhao2026_grid,
    zhao2026_modern,
    zhao2026_view,
)
from scripts.figures import zhao2026_over_time as over_time
from scripts.reading import read_published, share
from tests.optimizer_runs import runs


def coupled_falls(optimizer, rank, momentum):
    return -rank if optimizer == "adam" else 0.0


TABLE = runs(coupled_falls)


def test_by_decay_is_mean_and_deviation_of_the_runs_that_fit():
    table = TABLE.copy()
    table.loc[0, "accuracy_train"] = 0.9  # the first run of Adam without decay
    published = pd.DataFrame({"optimizer": ["adam", "sgd"], "weight_decay": 0.0, "nc0": 20.0})
    df, counted = zhao2026_by_decay.data(table, ["adam"], ["nc0", "nc3_duality"], published)
    row = df[(df["metric"] == "nc0") & (df["weight_decay"] == 0) & (df["source"] == "trained")]
    own = table[(table["optimizer.name"] == "adam") & (table["optimizer.weight_decay"] == 0)][1:]
    assert row["n"].item() == len(own) == 5
    assert row["mean"].item() == pytest.approx(own["nc0"].mean())
    assert row["sd"].item() == pytest.approx(own["nc0"].std())
    printed = df[df["source"] == "published"]
    assert printed["optimizer"].tolist() == ["adam"]
    assert "17 of 18 runs reach 99%" in counted

    left, right = zhao2026_by_decay.draw(df, ["adam"], ["nc0", "nc3_duality"]).axes
    trained = df[(df["metric"] == "nc0") & (df["source"] == "trained")]
    np.testing.assert_array_equal(left.lines[0].get_ydata(), trained["mean"])
    assert left.lines[1].get_ydata().tolist() == [20.0]
    assert left.get_yscale() == "log"
    assert right.get_yscale() == "linear"


def test_by_decay_has_a_line_a_length_the_longest_solid():
    table = pd.concat([TABLE.assign(steps=50, nc0=7.0), TABLE.assign(steps=100)])
    table["run"] += table["steps"].astype(str)
    df, _ = zhao2026_by_decay.data(table, ["adam"], ["nc0"])
    assert (df.loc[df["steps"] == 50, "mean"] == 7).all()
    assert (df.loc[df["steps"] == 100, "mean"] != 7).all()
    figure = zhao2026_by_decay.draw(df, ["adam"], ["nc0"])
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata())]
    assert [line.get_linestyle() for line in lines] == ["--", "-"]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["Adam", "50 steps", "100 steps", "± 1 sd of runs"]


def test_by_decay_refuses_an_optimizer_that_the_study_has_not():
    with pytest.raises(UserError, match="--optimizers sgd: not in the study; allowed: adam, adamw"):
        zhao2026_by_decay.data(TABLE, ["adam", "sgd"], ["nc0"])


def test_an_optimizer_and_a_metric_of_ones_own_are_called_by_their_names():
    table = TABLE.replace({"optimizer.name": {"adamw": "mine"}}).assign(sparsity=0.5)
    df, _ = zhao2026_by_decay.data(table, ["mine", "adam"], ["sparsity"])
    figure = zhao2026_by_decay.draw(df, ["mine", "adam"], ["sparsity"])
    assert figure.axes[0].get_ylabel() == "sparsity"
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend[:2] == ["Adam", "mine"]
    df, _ = zhao2026_view.data(table, "sparsity", 0.99)
    titles = [ax.get_title(loc="left") for ax in zhao2026_view.draw(df, "sparsity").axes]
    assert titles == ["Adam, η = 0.01", "mine, η = 0.01"]


def test_powers_of_ten_have_room():
    from matplotlib.figure import Figure

    for decays, labels in (([0, 1e-4, 1], 6), ([1e-5, 1], 3), ([0, 5e-6, 5], 5)):
        ax = Figure().subplots()
        zero_log_axis(ax, decays)
        assert len(ax.get_xticklabels()) == labels


def test_published_values_that_are_not_there_are_told(tmp_path):
    (tmp_path / "empty.csv").touch()
    for name in ("none.csv", "empty.csv"):
        with pytest.raises(UserError, match=f"--published .*{name}: cannot be read .*a CSV"):
            read_published(tmp_path / name, ["nc0"])
    (tmp_path / "other.csv").write_text("nc1,nc2\n1,2\n")
    with pytest.raises(UserError, match=r"--published .*other\.csv: no column nc0"):
        read_published(tmp_path / "other.csv", ["nc0", "nc1"])


def test_published_values_stand_beside_the_papers_form_of_a_metric_alone():
    table = TABLE.assign(nc0_normalized=TABLE["nc0"])
    published = pd.DataFrame({"optimizer": ["adam"], "weight_decay": 0.0, "nc0": 20.0})
    df, _ = zhao2026_by_decay.data(table, ["adam"], ["nc0", "nc0_normalized"], published)
    assert df.loc[df["source"] == "published", "metric"].tolist() == ["nc0"]


def test_an_optimizer_without_weight_decay_stands_at_none():
    mine = TABLE[TABLE["optimizer.weight_decay"] == 0].replace({"optimizer.name": {"adam": "mine"}})
    table = pd.concat(
        [TABLE, mine.assign(**{"optimizer.weight_decay": np.nan}, run=mine["run"] + "m")]
    )
    df, _ = zhao2026_by_decay.data(table, ["mine"], ["nc0"])
    assert df["weight_decay"].tolist() == [0.0]
    assert df["n"].item() == 6
    views, _ = zhao2026_view.data(table, "nc0", 0.99)
    assert set(views.loc[views["optimizer"] == "mine", "weight_decay"]) == {0.0}


MISTAKES = [
    (zhao2026_grid, "--x nc0 --y nc0", "--y nc0: stands on the other axis"),
    (zhao2026_grid, "--beside {table}", "--beside: two tables have one name"),
    (zhao2026_grid, "--x spectrum", "spectrum is not a number a row"),
    (zhao2026_view, "--metric spectrum", "spectrum is not a number a row"),
    (zhao2026_view, "--metric optimizer.name", "optimizer.name is not a number a row"),
    (zhao2026_by_decay, "--optimizers adam --metrics run", "run is not a number a row"),
    (over_time, "--by seed --across seed --metrics nc0", "--across seed: stands under --by"),
    (over_time, "--by spectrum --metrics nc0", "spectrum is not of every run"),
    (over_time, "--by sometimes --metrics nc0", "sometimes is not of every run"),
    (
        over_time,
        "--by optimizer.name --metrics nc0 --only optimizer.name=adam;optimizer.weight_decay=0.05",
        "no run has all of it",
    ),
    (zhao2026_fig8, "", "a seed has several runs at one share"),
]


@pytest.mark.parametrize(("program", "options", "told"), MISTAKES)
def test_what_cannot_be_drawn_is_told_in_a_line(program, options, told, tmp_path):
    table = TABLE.assign(sometimes=TABLE["seed"].where(TABLE["optimizer.name"] == "adam"))
    table["spectrum"] = [np.array([1.0, 2.0])] * len(table)
    table = table.assign(nc2_etf=0.5, **{"optimizer.coupled_weight_decay": 1.0})
    path = tmp_path / "table.parquet"
    tables.write(path, table)
    files = [f"--{kind}={tmp_path}/made.{kind}" for kind in ("pdf", "png", "csv")]
    with pytest.raises(UserError, match=re.escape(told)) as caught:
        program.main([f"--table={path}", *files, *options.format(table=path).split()])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fitted", ["2", "-1", "nan"])
def test_a_share_is_from_0_to_1(fitted):
    with pytest.raises(argparse.ArgumentTypeError, match="allowed: 0 to 1"):
        share(fitted)


def test_zero_has_a_place_on_a_logarithmic_axis():
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    place = zero_log_axis(ax, [0.0, 5e-4, 0.05])
    assert place(pd.Series([0.0, 5e-4, 0.05])).tolist() == [-5, np.log10(5e-4), np.log10(0.05)]
    assert [label.get_text() for label in ax.get_xticklabels()][-1] == "0"


PUBLISHED = pd.DataFrame({"lr": ["0.01", "all"], "n": [5, 9], "slope": 0.2, "r_squared": 0.7})


def test_fig2_has_a_line_a_learning_rate_and_one_of_all():
    table = TABLE.assign(**{"optimizer.lr": np.where(np.arange(len(TABLE)) % 2, 0.01, 0.1)})
    df, _ = zhao2026_fig2.data(table, PUBLISHED)
    lines = df[df["kind"] == "regression"].set_index("lr")
    assert lines["n"].tolist() == [18, 18, 36]
    expected = np.polyfit(np.log10(table["nc0"]), table["nc3_duality"], 1)
    np.testing.assert_allclose(lines.loc[np.nan, ["slope", "intercept"]].astype(float), expected)
    assert lines["published_n"].tolist()[0] == 5
    assert np.isnan(lines["published_n"].tolist()[1])
    assert lines["published_n"].tolist()[2] == 9
    ax, text = zhao2026_fig2.draw(df).axes
    adam = df[df["optimizer"] == "adam"]
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), adam["nc0"])
    assert "0.200" in text.texts[0].get_text()


def test_the_grid_has_a_panel_a_study():
    df, counted = zhao2026_grid.data({"one": TABLE, "two": TABLE[:20]}, "nc0", "nc3_duality")
    assert "56 of 56" in counted
    fits = df[df["kind"] == "regression"].set_index("study")
    assert fits["n"].tolist() == [36, 20]
    axes = zhao2026_grid.draw(df, "nc0", "nc3_duality").axes
    assert [ax.get_title(loc="left").splitlines()[0] for ax in axes] == ["one", "two"]


def test_the_grid_sets_any_metric_against_another():
    table = TABLE.assign(accuracy_test=0.5 + 0.1 * np.log10(TABLE["nc3_duality"]))
    df, _ = zhao2026_grid.data({"one": table}, "nc3_duality", "accuracy_test")
    fit = df[df["kind"] == "regression"].iloc[0]
    assert [fit["slope"], fit["intercept"]] == pytest.approx([0.1, 0.5])
    (ax,) = zhao2026_grid.draw(df, "nc3_duality", "accuracy_test").axes
    assert ax.get_ylabel() == "test accuracy"
    np.testing.assert_array_equal(
        np.sort(np.concatenate([line.get_xdata() for line in ax.lines[:2]])),
        np.sort(table["nc3_duality"]),
    )


def test_a_view_has_a_panel_an_optimizer_and_learning_rate_and_a_line_a_momentum():
    table = TABLE.copy()
    adam = (table["optimizer.name"] == "adam").to_numpy()
    half = adam & (np.arange(len(table)) % 2 == 0)
    table.loc[half, "optimizer.lr"] = 0.1
    table.loc[table.index[-1], "accuracy_train"] = 0.9
    df, counted = zhao2026_view.data(table, "nc0", 0.99)
    assert "35 of 36" in counted
    cell = df[(df["optimizer"] == "adam") & (df["lr"] == 0.1) & (df["momentum"] == 0.9)].iloc[-1]
    own = table[half & (table["optimizer.beta1"] == 0.9)]
    own = own[own["optimizer.weight_decay"] == cell["weight_decay"]]
    assert cell["mean"] == pytest.approx(own["nc0"].mean())
    assert cell["n"] == len(own)
    axes = zhao2026_view.draw(df, "nc0").axes
    titles = [ax.get_title(loc="left") for ax in axes if ax.axison]
    assert titles == ["Adam, η = 0.01", "AdamW, η = 0.01", "Adam, η = 0.1"]
    assert [len(ax.lines) for ax in axes if ax.axison] == [2, 2, 2]


def test_fig29_is_of_every_singular_value_but_the_last_of_the_means():
    spectrum = [np.array([3.0, 2.0, 1.0]) * seed for seed in (1, 2, 3)]
    table = runs(coupled_falls, ["adam"], (0.9,)).query("`optimizer.weight_decay` == 0")
    table = table.assign(weight_spectrum=spectrum, means_spectrum=spectrum)
    df = zhao2026_fig29.data(pd.concat([table.assign(step=step) for step in (0, 1, 10)]))
    assert sorted(df["step"].unique()) == [1, 10]
    last = df[df["step"] == 10].set_index(["matrix", "rank"])["mean"]
    assert last["weight_spectrum"].tolist() == [6.0, 4.0, 2.0]
    assert last["means_spectrum"].tolist() == [6.0, 4.0]
    above, below = zhao2026_fig29.draw(df).axes
    assert [line.get_ydata()[-1] for line in above.lines] == [6.0, 4.0, 2.0]
    assert len(below.lines) == 2


def test_modern_optimizers_have_a_line_a_coupling_that_begins_without_decay():
    table = runs(lambda *_: 0.0, ["adam"], (0.9,)).assign(
        **{"optimizer.name": "muon", "optimizer.head": "adam"}
    )
    other = table.assign(
        **{"optimizer.coupled_weight_decay": table["optimizer.weight_decay"], "nc0": 1e-3}
    ).drop(columns="optimizer.weight_decay")
    other = other[other["optimizer.coupled_weight_decay"] > 0]
    other["run"] += "-coupled"
    df, counted = zhao2026_modern.data(pd.concat([table, other], ignore_index=True))
    assert counted.startswith("15 of 15")
    nc0 = df[df["metric"] == "nc0"].set_index("coupling")
    assert nc0.loc["coupled", "weight_decay"].tolist() == [0.0, 5e-4, 5e-3]
    assert nc0.loc["coupled", "mean"].tolist()[1:] == pytest.approx([1e-3, 1e-3])
    assert nc0.loc["decoupled", "weight_decay"].tolist() == [0.0, 5e-4, 5e-3]
    assert nc0["mean"].iloc[0] == nc0.loc["decoupled", "mean"].iloc[0] > 0.5
    assert set(df["optimizer"]) == {"muon, adam"}
    assert len(zhao2026_modern.draw(df).axes) == 2
    axes = zhao2026_modern.draw(pd.concat([df, df.assign(optimizer="mine")])).axes
    assert [ax.get_title(loc="left") for ax in axes[:2]] == ["Muon, Adam on the head", "mine"]


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
    with pytest.raises(UserError, match=r"--by optimizer\.name: a seed has several runs"):
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
    only = over_time.conditions("optimizer.weight_decay=0.005;optimizer.beta1=0,0.9")
    assert only == {"optimizer.weight_decay": ["0.005"], "optimizer.beta1": ["0", "0.9"]}
    kept = over_time.chosen(TABLE, only)
    assert set(kept["optimizer.weight_decay"]) == {0.005}
    assert len(kept) == 6
    with pytest.raises(UserError, match=r"--only optimizer\.beta1 is 0\.5; allowed: 0, 0\.9"):
        over_time.chosen(TABLE, {"optimizer.beta1": ["0.5"]})
    as_written = over_time.chosen(TABLE, {"optimizer.weight_decay": ["5e-3"]})
    pd.testing.assert_frame_equal(as_written, TABLE[TABLE["optimizer.weight_decay"] == 0.005])
    for name in ("adam", "Adam"):
        by_name = over_time.chosen(TABLE, {"optimizer.name": [name]})
        assert set(by_name["optimizer.name"]) == {"adam"}
    with pytest.raises(UserError, match=r"optimizer\.name is sgd; allowed: adam, adamw"):
        over_time.chosen(TABLE, {"optimizer.name": ["sgd"]})
    with pytest.raises(argparse.ArgumentTypeError, match=r"allowed: column=value"):
        over_time.conditions("optimizer.beta1")


def test_fig8_is_by_the_coupled_share():
    table = runs(lambda *_: 0.0, ["adam"], (0.9,))
    shares = table["optimizer.weight_decay"].map({0.0: 1.0, 5e-4: 0.5, 5e-3: 0.0})
    table["optimizer.coupled_weight_decay"] = 0.01 * shares
    table["optimizer.weight_decay"] = 0.01 * (1 - shares)
    df = zhao2026_fig8.data(table.assign(nc2_etf=shares))
    nc2 = df[df["metric"] == "nc2_etf"]
    assert nc2["share"].tolist() == nc2["mean"].tolist() == [0.0, 0.5, 1.0]
    axes = zhao2026_fig8.draw(df).axes
    assert [ax.get_yscale() for ax in axes] == ["linear", "log", "linear", "linear"]
