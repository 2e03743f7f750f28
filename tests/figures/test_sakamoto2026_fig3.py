"""Figure 3 of sakamoto2026: the CSV is what is drawn, gaps are marked."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from latephase.drawing.colours import ordered_palette
from latephase.errors import UserError
from latephase.runs.columns import DECAY
from latephase.storage import parquet
from scripts.figures import sakamoto2026_fig3
from tests.figures.lines import lines_of
from tests.papers.sakamoto2026 import synthetic


def test_fig3_draws_what_its_csv_holds(table):
    df = sakamoto2026_fig3.data(table)
    fig = sakamoto2026_fig3.draw(df)
    assert df["step"].min() >= sakamoto2026_fig3.FIRST_STEP
    accuracy, rnc1, nc2 = fig.axes
    palette = ordered_palette(df[DECAY])
    drawn = 0
    for ax, metrics in (
        (accuracy, ["accuracy_train", "accuracy_test"]),
        (rnc1, ["rnc1"]),
        (nc2, ["nc2_condition"]),
    ):
        for metric in metrics:
            for decay, rows in df[(df["metric"] == metric) & (df["mark"] == "line")].groupby(DECAY):
                matches = [
                    line
                    for line in lines_of(ax)
                    if to_hex(line.get_color()) == palette[decay]
                    and len(line.get_xdata()) == len(rows)
                    and np.array_equal(line.get_ydata(), rows["mean"])
                    and np.array_equal(line.get_xdata(), rows["step"])
                ]
                assert len(matches) == 1, (metric, decay)
                assert matches[0].is_dashed() == (metric == "accuracy_train")
                drawn += 1
    assert drawn == sum(len(lines_of(ax)) for ax in fig.axes)
    assert rnc1.get_yscale() == nc2.get_yscale() == accuracy.get_xscale() == "log"


def test_fig3_marks_diverged_runs_and_drops_them_from_the_mean(table):
    df = sakamoto2026_fig3.data(table)
    crosses = df[df["mark"] == "diverged"]
    assert list(crosses["metric"]) == list(sakamoto2026_fig3.METRICS)
    assert (crosses["step"] < 3000).all()
    late = df[(df["mark"] == "line") & (df[DECAY] == 0.1) & (df["step"] > 3000)]
    assert set(late["n"]) == {2}
    # Accuracy at chance after the divergence would show as a drop of the training mean.
    assert late[late["metric"] == "accuracy_train"]["mean"].min() > 0.99
    fig = sakamoto2026_fig3.draw(df)
    marked = [line for ax in fig.axes for line in ax.lines if line.get_marker() == "X"]
    assert len(marked) == 4
    assert "diverged" in [text.get_text() for text in fig.legends[0].get_texts()]
    plain = sakamoto2026_fig3.draw(sakamoto2026_fig3.data(synthetic.study_table()))
    assert "diverged" not in [text.get_text() for text in plain.legends[0].get_texts()]


def test_fig3_survives_a_metric_without_values_and_a_single_seed(table):
    lost = table[table["seed"] == 42].assign(nc2_condition=np.nan)
    df = sakamoto2026_fig3.data(lost)
    assert "nc2_condition" not in set(df["metric"])
    sakamoto2026_fig3.draw(df)


def test_missing_column_is_told(tmp_path, table):
    parquet.write(tmp_path / "t.parquet", table.drop(columns="rnc1"))
    outputs = ["--pdf", "f.pdf", "--png", "f.png", "--csv", "f.csv"]
    with pytest.raises(UserError, match="no column rnc1"):
        sakamoto2026_fig3.main(["--data", str(tmp_path / "t.parquet"), *outputs])
