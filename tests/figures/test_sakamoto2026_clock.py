"""The clock: times by rate, their curves, runs without decay, and studies side by side."""

import json

import numpy as np
import pytest

from latephase.errors import UserError
from latephase.storage import parquet
from scripts.figures import sakamoto2026_clock as program
from tests.papers.sakamoto2026.test_clock import clocked


@pytest.fixture(scope="module")
def tables():
    """A pure clock, and one with a floor that has runs without decay, too."""
    floor = clocked(lambda decay: 1 / (0.5e-3 * decay + 1e-3) / 3, decays=(1.5, 0.8, 0.4, 0.2, 0.0))
    return {"pure": clocked(lambda decay: 2000 / decay / 3), "floor": floor}


def test_the_times_are_those_of_the_runs(tables):
    df = program.data(tables)
    assert list(dict.fromkeys(df["study"])) == ["pure", "floor"]
    fell = df[(df["study"] == "pure") & (df["event"] == "rnc1")].set_index("rate")
    for decay in (1.5, 0.8, 0.4, 0.2):
        assert fell.loc[0.001 * decay, "median"] == pytest.approx(2000 / decay / 3, rel=0.15)
    assert set(fell["n"]) == {5}
    assert fell["floor"].iloc[0] < 1e-5
    memorised = df[df["event"] == "train"]
    assert memorised["median"].between(90, 110).all()
    assert memorised["c"].isna().all()
    with_floor = df[(df["study"] == "floor") & (df["event"] == "rnc1")]
    assert 0.0 in set(with_floor["rate"])
    assert 1 / with_floor["floor"].iloc[0] == pytest.approx(1000 / 3, rel=0.2)


def test_it_is_drawn_with_curves_and_a_place_for_no_decay(tables):
    df = program.data(tables)
    fig = program.draw(df, "a note")
    (ax,) = fig.axes
    assert ax.get_yscale() == "log"
    curves = [line for line in ax.lines if len(line.get_xdata()) == 50]
    assert len(curves) == 2
    for curve, study in zip(curves, tables, strict=True):
        row = df[(df["study"] == study) & (df["event"] == "rnc1")].iloc[0]
        rates = 10 ** np.asarray(curve.get_xdata())
        np.testing.assert_allclose(curve.get_ydata(), 1 / (row["c"] * rates + row["floor"]))
    assert "0" in [tick.get_text() for tick in ax.get_xticklabels()]
    legend = [text.get_text() for text in fig.legends[0].get_texts()]
    assert legend[0].startswith("pure\nc = ")


def test_runs_that_never_fall_have_no_time(tables):
    table = tables["pure"].assign(rnc1=1.0)
    df = program.data({"flat": table})
    assert df.loc[df["event"] == "rnc1", "median"].isna().all()
    assert df["c"].isna().all()
    program.draw(df)


def test_studies_beside_have_names_of_their_own(tables, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        parquet.write(tmp_path / folder / "one.parquet", tables["pure"])
    parquet.write(tmp_path / "a/two.parquet", tables["floor"])
    files = [f"--{kind}={tmp_path}/made.{kind}" for kind in ("pdf", "png", "csv")]
    files += [f"--data={tmp_path}/a/one.parquet", "--options", json.dumps({"factor": 2.0})]
    with pytest.raises(UserError, match="--beside: two files have one name"):
        program.main([*files, "--beside", str(tmp_path / "b/one.parquet")])
    program.main([*files, "--beside", str(tmp_path / "a/two.parquet")])
    assert (tmp_path / "made.csv").read_text().count("two,rnc1") == 5
