"""The figure and the table of what interventions move, on arms in which it is known."""

import json

import pandas as pd
import pytest

from latephase.analysis import intervened
from latephase.storage import parquet
from scripts.figures import atlas_interventions as figure
from scripts.tables import atlas_interventions as table
from tests.analysis.test_intervened import COMPARISON, MEASURES, OPTIONS, study

TABLES = {"one": study(cdnv=1.0), "two": study(accuracy=0.8, rnc1=0.01)}
COMPARISONS = [COMPARISON, COMPARISON | {"name": "another", "study": "two"}]


@pytest.fixture(scope="module")
def df():
    return intervened.changes(TABLES, COMPARISONS, **OPTIONS)


def marks(ax):
    return [line for line in ax.lines if line.get_marker() in "^vo"]


def test_a_column_for_each_quantity_and_a_row_for_each_intervention(df):
    fig = figure.draw(df, "note")
    assert len(fig.axes) == 4 and fig.get_figwidth() <= 7
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == ["it", "another"]
    assert [ax.get_title() for ax in fig.axes[:3]] == ["test\naccuracy", "onset", "NCC"]


def test_a_mark_is_the_change_and_its_shape_the_verdict(df):
    accuracy, _, ncc, rnc1 = figure.draw(df).axes
    assert [m.get_marker() for m in marks(accuracy)] == ["o", "v"]
    assert [m.get_xdata()[0] for m in marks(accuracy)] == pytest.approx([0, -10])  # points
    assert [m.get_marker() for m in marks(ncc)] == ["^", "o"]
    assert [m.get_xdata()[0] for m in marks(rnc1)] == pytest.approx([0, -1])


def test_nothing_to_compare_is_said(df):
    past = (df["quantity"] == "onset") & (df["intervention"] == "it")
    without = df.assign(change=df["change"].mask(past), seeds=df["seeds"].mask(past, 0))
    texts = {text.get_text() for text in figure.draw(without).axes[1].texts}
    assert texts == {"before\nthe fork"}


def test_an_interval_without_an_end_stays_in_its_panel():
    late = intervened.changes({"one": study(at=1e9)}, [COMPARISON], **OPTIONS)
    onset = figure.draw(late).axes[1]
    assert marks(onset)[0].get_xdata()[0] == pytest.approx(1.3, abs=0.1)
    assert onset.get_xlim()[1] < 3


def test_both_are_made_from_files(tmp_path):
    for name, frame in TABLES.items():
        parquet.write(tmp_path / f"{name}.parquet", frame)
    one, two = (str(tmp_path / f"{name}.parquet") for name in TABLES)
    options = json.dumps({"measures": MEASURES, "comparisons": COMPARISONS})
    data = ["--data", one, "--beside", two, "--options", options]
    pictures = [f"--{kind}={tmp_path / f'figure.{kind}'}" for kind in ("pdf", "png", "csv")]
    figure.main([*data, "--title-note", "made up", *pictures])
    assert set(pd.read_csv(tmp_path / "figure.csv")["intervention"]) == {"it", "another"}
    files = [f"--{kind}={tmp_path / f'table.{kind}'}" for kind in ("html", "csv")]
    table.main([*data, "--title", "Moved", *files])
    made = pd.read_csv(tmp_path / "table.csv").set_index("intervention")
    assert made["conclusion"].to_dict() == {
        "it": "generalisation stays",
        "another": "generalisation moves",
    }
    page = (tmp_path / "table.html").read_text()
    assert "cdnv +1.00" in page and "nan" not in page
