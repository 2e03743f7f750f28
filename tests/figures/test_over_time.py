"""Metrics over time: means over seeds, lines by columns of the data, some runs only."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from latephase.drawing.colours import ordered_palette
from latephase.errors import UserError
from latephase.runs.columns import DECAY
from latephase.storage import parquet
from scripts.figures import over_time
from tests.figures.grids import TABLE, coupled_falls
from tests.figures.lines import lines_of
from tests.papers.sakamoto2026 import synthetic
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


DASHED = {"accuracy_test": "accuracy_train"}
STACKED = ["accuracy_test", "rnc1", "nc2_condition"]


def stacked(table, first_step=10, **more):
    """What sakamoto2026's Fig. 3 shows: its data and its picture."""
    df = over_time.data(table, [DECAY], [*STACKED, "accuracy_train"], None, first_step)
    look = {"dashed": DASHED, "stacked": True, "first_step": first_step, **more}
    return df, over_time.draw(df, [DECAY], STACKED, **look)


def test_another_metric_in_dashes(table):
    """Each line once, with the values of the CSV: solid what the panel is of, dashed the other."""
    df, fig = stacked(table)
    assert df["step"].min() >= 10
    palette, drawn = ordered_palette(df[DECAY]), 0
    for ax, shown in zip(
        fig.axes, (["accuracy_train", "accuracy_test"], *STACKED[1:]), strict=True
    ):
        for metric in [shown] if isinstance(shown, str) else shown:
            for decay, rows in df[(df["metric"] == metric) & (df["mark"] == "line")].groupby(DECAY):
                matches = [
                    line
                    for line in lines_of(ax)
                    if to_hex(line.get_color()) == palette[decay]
                    and np.array_equal(line.get_ydata(), rows["mean"])
                    and np.array_equal(line.get_xdata(), rows["step"])
                ]
                assert len(matches) == 1, (metric, decay)
                assert matches[0].is_dashed() == (metric == "accuracy_train")
                drawn += 1
    assert drawn == sum(len(lines_of(ax)) for ax in fig.axes)
    accuracy, rnc1, nc2 = fig.axes
    assert rnc1.get_yscale() == nc2.get_yscale() == accuracy.get_xscale() == "log"
    assert len({ax.get_position().x0 for ax in fig.axes}) == 1  # below each other
    legend = [text.get_text() for text in fig.legends[0].get_texts()]
    assert {"test accuracy", "training accuracy", "diverged"} <= {*legend}


def test_diverged_runs_are_marked_and_leave_the_mean(table):
    df, fig = stacked(table)
    crosses = df[df["mark"] == "diverged"]
    assert list(crosses["metric"]) == [*STACKED, "accuracy_train"]
    assert (crosses["step"] < 3000).all()
    late = df[(df["mark"] == "line") & (df[DECAY] == 0.1) & (df["step"] > 3000)]
    assert set(late["n"]) == {2}
    # Accuracy at chance after the divergence would show as a drop of the training mean.
    assert late[late["metric"] == "accuracy_train"]["mean"].min() > 0.99
    assert len([line for ax in fig.axes for line in ax.lines if line.get_marker() == "X"]) == 4
    _, plain = stacked(synthetic.study_table())
    assert "diverged" not in [text.get_text() for text in plain.legends[0].get_texts()]


def test_a_metric_without_values_and_a_single_seed(table):
    df, fig = stacked(table[table["seed"] == 42].assign(nc2_condition=np.nan))
    assert "nc2_condition" not in set(df["metric"])
    assert [text.get_text() for text in fig.axes[2].texts] == ["not measured"]


def test_missing_column_is_told(tmp_path, table):
    parquet.write(tmp_path / "t.parquet", table.drop(columns="rnc1"))
    options = '{"by": ["optimizer.weight_decay"], "metrics": ["rnc1"]}'
    outputs = ["--pdf", "f.pdf", "--png", "f.png", "--csv", "f.csv", "--options", options]
    with pytest.raises(UserError, match="no column rnc1"):
        over_time.main(["--data", str(tmp_path / "t.parquet"), *outputs])


def test_steps_on_a_linear_axis(table):
    _, fig = stacked(table, linear=True)
    accuracy, rnc1, _ = fig.axes
    assert accuracy.get_xscale() == "linear"
    assert rnc1.get_yscale() == "log"


def test_the_legend_says_that_a_line_of_one_seed_has_no_band(table):
    def band(rows):
        _, fig = stacked(rows)
        return [text.get_text() for text in fig.legends[0].get_texts()][-1]

    assert "one seed" not in band(table)
    alone = table[(table[DECAY] != 0.1) | (table["seed"] == 42)]
    assert band(alone).endswith("seeds (one seed: no band)")


def test_solid_lines_have_one_entry_in_the_legend(table):
    dashed = {"rnc1": "accuracy_train", "nc2_condition": "accuracy_train"}
    _, fig = stacked(table, dashed=dashed)
    legend = [text.get_text() for text in fig.legends[0].get_texts()]
    assert "RNC1,\nNC2" in legend and legend.count("training accuracy") == 1
