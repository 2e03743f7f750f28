"""The figure and the table of what moves when, on runs in which it is known."""

import numpy as np
import pandas as pd
import pytest

from latephase.analysis import lead_lag
from latephase.errors import UserError
from latephase.storage import parquet
from scripts.figures import atlas_lead_lag as figure
from scripts.tables import atlas_lead_lag as table
from tests.analysis.grokking_runs import run
from tests.analysis.test_lead_lag import LIMITS, study

TABLES = {"one": study(cdnv=100, rnc1=3162), "other_one": study(cdnv=3162, nc2_etf=None)}


@pytest.fixture(scope="module")
def df():
    return lead_lag.of_studies(TABLES, **LIMITS)


def test_a_panel_for_each_study_and_a_row_for_each_measure(df):
    fig = figure.draw(df, "note")
    one, other = fig.axes
    assert [ax.get_title() for ax in fig.axes] == ["one", "other one"]
    assert [label.get_text() for label in one.get_yticklabels()] == [
        *("NCC", "RNC1, training set", "NC2"),
    ]
    assert "does not change" in {text.get_text() for text in other.texts}
    assert "note" in {text.get_text() for text in fig.texts}


def test_dots_stand_where_the_changes_are_in_the_colour_of_what_they_go_with(df):
    one = figure.draw(df).axes[0]
    dots = [line for line in one.lines if line.get_markersize() == 5]
    assert [float(dot.get_xdata()[0]) for dot in dots] == pytest.approx([-1.5, 0], abs=0.15)
    colours = [figure.PALETTE[word] for word in ("memorisation", "generalisation")]
    assert [dot.get_color() for dot in dots] == colours
    assert [dot.get_marker() for dot in dots] == ["s", "o"]


def test_the_table_has_the_verdicts_side_by_side():
    made = table.data(TABLES, **LIMITS).set_index("measure")
    assert made["one"].to_dict() == {
        "cdnv": "memorisation",
        "rnc1": "generalisation",
        "nc2_etf": "not measured",
    }
    assert made["other_one"]["nc2_etf"] == "does not change"
    assert made["one_place"]["rnc1"] == pytest.approx(1, abs=0.1)


def test_the_table_says_where_the_two_times_disagree():
    """A measure that falls, rises again and falls by less: its change is early, its half late."""
    one = study(cdnv=100, rnc1=100)
    again = (one["step"] >= 500) & (one["step"] < 3162)
    one.loc[again, "rnc1"] *= 50
    made = table.data({"one": one}, **LIMITS).set_index("measure")["one_half"]
    long = lead_lag.of_studies({"one": one}, **LIMITS).set_index("measure")["half_apart"]
    assert abs(long["cdnv"]) < lead_lag.APART and np.isnan(made["cdnv"])
    assert made["rnc1"] == long["rnc1"] and made["rnc1"] == pytest.approx(1.5, abs=0.1)


def test_no_run_to_tell_by_is_one_line():
    with pytest.raises(UserError, match="no run memorises and generalises"):
        lead_lag.of_studies({"one": run(None, None).assign(cdnv=1.0)}, **LIMITS)


def test_both_are_made_from_files(tmp_path):
    for name, frame in TABLES.items():
        parquet.write(tmp_path / f"{name}.parquet", frame)
    paths = [str(tmp_path / f"{name}.parquet") for name in TABLES]
    data = ["--data", paths[0], "--beside", paths[1]]
    pictures = [f"--{kind}={tmp_path / f'figure.{kind}'}" for kind in ("pdf", "png", "csv")]
    figure.main([*data, "--title-note", "made up", *pictures])
    assert set(pd.read_csv(tmp_path / "figure.csv")["study"]) == set(TABLES)
    files = [f"--{kind}={tmp_path / f'table.{kind}'}" for kind in ("html", "csv")]
    table.main([*data, "--title", "Verdicts", *files])
    page = (tmp_path / "table.html").read_text()
    assert "NCC" in page and "cdnv" not in page
    assert "han2025: memorisation" in page
    assert "memorisation" in page and "not measured" in page and "nan" not in page


def test_arms_have_panels_and_the_others_are_said_to_be_left_out(tmp_path):
    whole = study(cdnv=100)
    whole["arm"] = whole["seed"].map({1: "one", 2: "one", 3: "two", 4: "three", 5: "three"})
    parquet.write(tmp_path / "a.parquet", whole)
    files = [f"--{kind}={tmp_path / f'figure.{kind}'}" for kind in ("pdf", "png", "csv")]
    options = ["--options", '{"arms": {"a": ["one", "two"]}}']
    figure.main(["--data", str(tmp_path / "a.parquet"), *options, "--title-note", "x", *files])
    assert set(pd.read_csv(tmp_path / "figure.csv")["study"]) == {"a: one", "a: two"}
    said = figure.left_out_of({"a": whole}, {"a": ["one", "two"]}, **LIMITS)
    assert said.startswith("2 of 5 runs are left out: 2 of arms that are not shown")


def test_what_the_papers_say_stands_beside_what_the_runs_do():
    made = table.with_claims(table.data(TABLES, **LIMITS), [*TABLES]).set_index("measure")
    assert made.loc["cdnv", "agreement"] == "as said: one; not as said: other_one"
    assert made.loc["rnc1", "agreement"] == "as said: one; undecided: other_one"
    assert made.loc["cdnv", "definition"] == "another: one; undecided: other_one"
    assert made.loc["nc2_etf", "said"] == ""
