"""The figures of zhao2026's optimizers draw what their CSV holds, and that is what the runs say."""

import numpy as np
import pandas as pd
import pytest

from latephase.errors import UserError
from latephase.plots import zero_log_axis
from scripts.figures import zhao2026_by_decay, zhao2026_fig2, zhao2026_fig8, zhao2026_grid
from scripts.figures import zhao2026_over_time as over_time
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

    left, right = zhao2026_by_decay.draw(df).axes
    trained = df[(df["metric"] == "nc0") & (df["source"] == "trained")]
    np.testing.assert_array_equal(left.lines[0].get_ydata(), trained["mean"])
    assert left.lines[1].get_ydata().tolist() == [20.0]
    assert left.get_yscale() == "log"
    assert right.get_yscale() == "linear"


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
    df, counted = zhao2026_grid.data({"one": TABLE, "two": TABLE[:20]})
    assert "56 of 56" in counted
    fits = df[df["kind"] == "regression"].set_index("study")
    assert fits["n"].tolist() == [36, 20]
    axes = zhao2026_grid.draw(df).axes
    assert [ax.get_title(loc="left").splitlines()[0] for ax in axes] == ["one", "two"]


def over_steps(table):
    frames = [table.assign(step=step, nc0=table["nc0"] / step) for step in (1, 10, 100)]
    return pd.concat([table.assign(step=0, nc0=5.0), *frames], ignore_index=True)


def test_over_time_is_the_mean_over_seeds():
    table = over_steps(runs(coupled_falls, momenta=(0.9,)).query("`optimizer.weight_decay` == 0"))
    df = over_time.data(table, "optimizer.name", ["nc0"])
    assert sorted(df["step"].unique()) == [1, 10, 100]
    line = df[(df["optimizer.name"] == "adam") & (df["step"] == 10)]
    own = table[(table["optimizer.name"] == "adam") & (table["step"] == 10)]
    assert line["mean"].item() == pytest.approx(own["nc0"].mean())
    assert line["n"].item() == 3
    (ax,) = over_time.draw(df, "optimizer.name").axes
    assert len(ax.lines) == 2
    assert ax.get_yscale() == "log"


def test_over_time_refuses_what_does_not_tell_runs_apart():
    with pytest.raises(UserError, match=r"--by optimizer\.name: a seed has several runs"):
        over_time.data(over_steps(TABLE), "optimizer.name", ["nc0"])


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
