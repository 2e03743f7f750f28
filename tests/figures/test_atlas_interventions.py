"""The figure and the table of what interventions move, on arms in which it is known."""

import json
import math

import pandas as pd
import pytest
from matplotlib.markers import CARETLEFT, CARETRIGHT

from latephase.analysis import intervened
from latephase.storage import parquet
from scripts.figures import atlas_interventions as figure
from scripts.tables import atlas_interventions as table
from tests.analysis.test_intervened import COMPARISON, MEASURES, OPTIONS, study, without_onset

TABLES = {"one": study(cdnv=1.0), "two": study(accuracy=0.8, rnc1=0.01)}
COMPARISONS = [COMPARISON, COMPARISON | {"name": "another", "study": "two"}]


@pytest.fixture(scope="module")
def df():
    return intervened.changes(TABLES, COMPARISONS, **OPTIONS)


def changes(table):
    return intervened.changes({"one": table}, [COMPARISON], **OPTIONS)


def marks(ax):
    return [line for line in ax.lines if line.get_marker() in {*"^vo"}]


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


@pytest.mark.parametrize(
    ("verdict", "words"),
    [(intervened.BEFORE_FORK, "before\nthe fork"), ("nothing to compare", "no value")],
)
def test_nothing_to_compare_is_said(df, verdict, words):
    past = (df["quantity"] == "onset") & (df["intervention"] == "it")
    without = df.assign(
        change=df["change"].mask(past),
        seeds=df["seeds"].mask(past, 0),
        verdict=df["verdict"].mask(past, verdict),
    )
    texts = {text.get_text() for text in figure.draw(without).axes[1].texts}
    assert texts == {words}


@pytest.mark.parametrize(
    ("never", "head", "shape", "at"),
    [("control", CARETLEFT, "v", -1.3), ("arm", CARETRIGHT, "^", 1.3)],
)
def test_an_onset_that_is_never_seen_is_an_arrow(never, head, shape, at):
    """Five seeds whose control or whose arm never generalises."""
    table = study(at=1e9) if never == "arm" else without_onset()
    onset = figure.draw(changes(table)).axes[1]
    assert not onset.texts
    (arrow,) = (line for line in onset.lines if line.get_marker() in figure.ARROWS)
    assert arrow.get_marker() == head
    assert arrow.get_xdata()[0] == onset.get_xlim()[head == CARETRIGHT]
    (mark,) = marks(onset)
    assert mark.get_marker() == shape
    assert mark.get_xdata()[0] == pytest.approx(at, abs=0.1)


def test_where_neither_ever_generalises_the_line_has_two_arrows():
    table = without_onset()
    table["accuracy_test"] = without_onset("arm")["accuracy_test"].where(
        table["arm"] == "arm", table["accuracy_test"]
    )
    df = changes(table)
    onset = figure.draw(df).axes[1]
    heads = {line.get_marker() for line in onset.lines} & {*figure.ARROWS}
    assert heads == {*figure.ARROWS}
    assert all(math.isnan(mark.get_xdata()[0]) for mark in marks(onset))


def test_arrows_are_explained_where_there_are_some():
    words = "runs without an onset"
    assert words in [mark.get_label() for mark in figure.legend(changes(without_onset()))]
    assert words not in [mark.get_label() for mark in figure.legend(changes(study()))]


def test_an_interval_without_an_end_stays_in_its_panel():
    onset = figure.draw(changes(study(at=1e9))).axes[1]
    assert marks(onset)[0].get_xdata()[0] == pytest.approx(1.3, abs=0.1)
    assert onset.get_xlim()[1] < 3


def test_it_is_said_which_runs_are_left_out():
    table = study()
    table.loc[table["run"] == "arm-0", "diverged_at"] = 2000.0
    other = study(seeds=[9]).assign(arm=lambda df: df["arm"].replace("arm", "more"))
    told = figure.left_out_of({"one": table, "two": other}, [COMPARISON])
    assert told.startswith("3 of 12 runs are left out: 2 of arms that are not compared")
    assert ", 1 diverged (" in told


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
