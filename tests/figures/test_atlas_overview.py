"""The overview of one run: the CSV is what is drawn, what was not measured is said."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from latephase.catalog.columns import Data
from latephase.errors import UserError
from scripts.figures import atlas_overview, one_run
from tests.figures.lines import lines_of

ROOT = Path(__file__).parents[2]


def test_atlas_draws_what_its_csv_holds(table):
    df = atlas_overview.data(table, weight_decay=0.03)
    fig = atlas_overview.draw(df)
    lines = df[df["mark"] == "line"]
    drawn = [line for ax in fig.axes for line in lines_of(ax)]
    assert len(drawn) == lines["metric"].nunique() == 11
    for _, rows in lines.groupby("metric"):
        assert any(
            np.array_equal(line.get_ydata(), rows["value"])
            and np.array_equal(line.get_xdata(), rows["step"])
            for line in drawn
        )
    onsets = df[df["mark"] == "onset"].set_index("metric")["step"]
    assert onsets["memorisation"] == pytest.approx(330, rel=0.2)
    assert onsets["generalisation"] == pytest.approx(29_000, rel=0.2)
    for ax in fig.axes:
        assert {line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 2} == set(
            onsets
        )
    words = " ".join(text.get_text() for text in fig.axes[0].texts)
    assert "memorisation" in words and "generalisation" in words


def test_atlas_marks_onsets_as_the_claims_define_them():
    entries = yaml.safe_load((ROOT / "catalog/sakamoto2026/claims.yaml").read_text())["claims"]
    (claim,) = [entry for entry in entries if entry["id"] == "sakamoto2026-delay"]
    assert claim["arguments"] == {
        "train_threshold": atlas_overview.FITTED,
        "test_fraction": atlas_overview.FRACTION,
        "stay": atlas_overview.STAY,
    }


def test_atlas_of_a_diverged_run_with_unmeasured_families(table):
    lost = table.drop(columns=["nhsic_difference"]).assign(nc0=np.nan, nc0_normalized=np.nan)
    df = atlas_overview.data(lost, weight_decay=0.1, seed=43)
    assert set(df[df["mark"] == "onset"]["metric"]) == {"memorisation"}
    assert list(df[df["mark"] == "diverged"]["step"]) == [3000]
    assert df[df["mark"] == "line"]["step"].max() < 3000
    fig = atlas_overview.draw(df)
    said = [text.get_text() for ax in fig.axes for text in ax.texts]
    assert said.count("not measured") == 2
    assert any(text.startswith("diverged") for text in said)


def test_one_run_defaults_to_the_middle_decay(table):
    assert one_run(table, None, None) == "0.1-42"
    assert one_run(table, 0.3, 44) == "0.3-44"


def test_a_run_of_other_code_has_no_decay_to_choose_by(table):
    """Its column is empty, or is not there; beside runs with a decay, these are chosen from."""
    of_one = table[table["run"] == "0.1-42"]
    decay = "optimizer.weight_decay"
    for foreign in (of_one.drop(columns=[decay]), of_one.assign(**{decay: np.nan})):
        assert one_run(foreign, None, None) == "0.1-42"
        with pytest.raises(UserError, match=r"weight_decay is 0\.1, .*; allowed: none, for the st"):
            one_run(foreign, 0.1, None)
        assert atlas_overview.draw(atlas_overview.data(foreign)).axes
    mixed = table.assign(**{decay: table[decay].where(table[decay] < 0.2)})
    assert one_run(mixed, None, None) in set(table["run"][table[decay] < 0.2])


def test_onsets_without_a_line_are_nothing_to_draw(table):
    with pytest.raises(UserError, match="has no measurement from step 10000000 on"):
        atlas_overview.data(table, weight_decay=0.03, first_step=10_000_000)


def test_panels_are_of_metrics_that_every_run_has():
    """A misspelt one would be "not measured"."""
    every = Data({})
    names = [column for panel in atlas_overview.PANELS for column in panel.columns]
    assert [name for name in names if not every.has_metric(name)] == []
