"""The figure and the table of forecasts, on runs of which it is known what tells their onsets."""

import json

import pandas as pd
import pytest

from latephase.analysis import forecast
from latephase.analysis.lead_lag import MEASURES
from latephase.runs.columns import DECAY
from latephase.storage import parquet
from scripts.figures import atlas_forecast as figure
from scripts.tables import atlas_forecast as table
from tests.analysis.test_forecast import DECAYS, ONSETS, study

TABLES = {
    name: study(onsets).rename(columns={"exact": "cdnv", "noise": "rnc1"})
    for name, onsets in (
        ("one", ONSETS),
        ("other_one", {key: onset for key, onset in ONSETS.items() if key[0] == DECAYS[0]}),
    )
}
OPTIONS = {"fraction": 0.95, "stay": 1, "settings": [DECAY]}
ROWS = ["steps so far", "training loss", "test accuracy", "NCC", "RNC1, training set"]


@pytest.fixture(scope="module")
def df():
    return forecast.of_studies(TABLES, **OPTIONS)


def test_two_panels_for_each_study_and_a_row_for_each_measure(df):
    fig = figure.draw(df, "note")
    assert len(fig.axes) == 4 and fig.get_figwidth() <= 7
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == ROWS
    titles = [ax.get_title() for ax in fig.axes[:2]]
    told = "{} runs, 0 never\ngeneralise".format
    assert titles == [f"one\n{told(15)}", f"other one\n{told(5)}"]


def test_a_mark_for_each_kind_of_group_filled_where_it_is_better(df):
    one = figure.draw(df).axes[0]
    marks = [line for line in one.lines if line.get_marker() in "os<>"]
    seeds = {"o": "o", "<": "o", "s": "s", ">": "s"}
    places = {(seeds[line.get_marker()], round(float(line.get_ydata()[0]))): line for line in marks}
    assert set(places) == {(shape, row) for shape in "os" for row in range(len(ROWS))}
    better, _, _ = figure.LOOKS["better"]
    assert places["o", 3].get_xdata()[0] == pytest.approx(1, abs=0.01)
    assert places["o", 3].get_markerfacecolor() == better
    assert places["o", 4].get_markerfacecolor() != better


def test_both_are_made_from_files(tmp_path):
    for name, frame in TABLES.items():
        parquet.write(tmp_path / f"{name}.parquet", frame)
    one, other = (str(tmp_path / f"{name}.parquet") for name in TABLES)
    data = ["--data", one, "--beside", other, "--options", json.dumps({"settings": [DECAY]})]
    pictures = [f"--{kind}={tmp_path / f'figure.{kind}'}" for kind in ("pdf", "png", "csv")]
    figure.main([*data, "--title-note", "made up", *pictures])
    assert set(pd.read_csv(tmp_path / "figure.csv")["study"]) == set(TABLES)
    files = [f"--{kind}={tmp_path / f'table.{kind}'}" for kind in ("html", "csv")]
    table.main([*data, "--title", "Forecasts", *files])
    made = pd.read_csv(tmp_path / "table.csv")
    assert list(made["study"].unique()) == list(TABLES)
    first = made[(made["study"] == "one") & (made["held_out"] == "seed")].iloc[0]
    assert (first["measure"], first["auroc_verdict"]) == ("cdnv", "better")
    assert "nan" not in (tmp_path / "table.html").read_text()


def test_every_measure_of_the_atlas_is_asked():
    assert forecast.MEASURES is MEASURES
