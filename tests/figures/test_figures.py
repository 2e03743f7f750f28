"""Figures on synthetic tables: the CSV is what is drawn, files are stable, gaps are marked."""

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.colors import to_hex

from latephase import plots, tables
from latephase.errors import UserError
from scripts.figures import (
    atlas_overview,
    one_run,
    sakamoto2026_fig2,
    sakamoto2026_fig3,
    zhao2026_fig5,
)
from tests import sgd_runs, synthetic

DECAY = "optimizer.weight_decay"
ROOT = Path(__file__).parents[1]
PUBLISHED = ROOT / "catalog/published/zhao2026_fig5.csv"


@pytest.fixture(scope="module")
def table():
    return synthetic.diverge(synthetic.study_table(decays=(0.3, 0.1, 0.03)), "0.1-43", 3000)


@pytest.fixture(scope="module")
def margins(table):
    chosen = table[table[DECAY] == 0.1]
    return synthetic.margins_table(chosen, steps=(500, 100_000), pairs=((0, 1), (4, 5)))


@pytest.fixture(scope="module")
def files(tmp_path_factory, table, margins):
    folder = tmp_path_factory.mktemp("tables")
    tables.write(folder / "table.parquet", table)
    tables.write(folder / "margins.parquet", margins)
    tables.write(folder / "sgd.parquet", sgd_runs.study_table())
    return folder


def lines_of(ax):
    """Lines with more than one point, by colour and dash: the curves, without the axvlines."""
    return [line for line in ax.lines if len(line.get_xdata()) > 2]


def test_summarise_is_the_mean_and_a_bootstrap_interval():
    df = pd.DataFrame(
        {"x": [1, 1, 1, 2, 2, 2], "seed": [1, 2, 3] * 2, "y": [1, 2, 6, 4, np.nan, np.nan]}
    )
    first, second = plots.summarise(df, "x", "y").itertuples(index=False)
    assert first.mean == 3 and first.n == 3
    assert 1 <= first.low < 2 and 4 < first.high <= 6
    assert second.mean == 4 and second.n == 1
    assert np.isnan(second.low) and np.isnan(second.high)


def test_summarise_matches_scipy():
    from scipy.stats import bootstrap

    values = np.random.default_rng(0).normal(size=8)
    df = pd.DataFrame({"x": 1, "seed": range(8), "y": values})
    row = plots.summarise(df, "x", "y", resamples=20_000).iloc[0]
    expected = bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=0
    ).confidence_interval
    assert row["low"] == pytest.approx(expected.low, abs=0.03)
    assert row["high"] == pytest.approx(expected.high, abs=0.03)


def test_summarise_refuses_two_values_of_a_seed():
    df = pd.DataFrame({"x": [1, 1], "seed": [1, 1], "y": [1.0, 2.0]})
    with pytest.raises(UserError, match="a seed has several runs at one"):
        plots.summarise(df, "x", "y")


def test_ordered_palette_keeps_order_of_lightness():
    palette = plots.ordered_palette([0.3, 0.01, 0.1, 0.1])
    light = [sum(int(palette[v][i : i + 2], 16) for i in (1, 3, 5)) for v in (0.01, 0.1, 0.3)]
    assert light == sorted(light)
    assert len(plots.ordered_palette([1.0])) == 1


def test_fig3_draws_what_its_csv_holds(table):
    df = sakamoto2026_fig3.data(table)
    fig = sakamoto2026_fig3.draw(df)
    assert df["step"].min() >= plots.FIRST_STEP
    accuracy, rnc1, nc2 = fig.axes
    palette = plots.ordered_palette(df[DECAY])
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


def test_fig2_draws_the_samples_of_its_csv(table, margins):
    df = sakamoto2026_fig2.data(table, margins, pairs=[(4, 5)])
    steps = sorted(margins["step"].unique())
    assert sorted(df["step"].unique()) == steps
    expected = margins[
        (margins["class_a"] == 4) & (margins["seed"] == 42) & margins["step"].isin(steps)
    ]
    assert sorted(df["margin"]) == sorted(expected["margin"])
    assert set(df["split"]) == {"training", "unseen"}
    fig = sakamoto2026_fig2.draw(df, clip=0.9)
    assert len(fig.axes) == 2
    assert all(ax.get_xlim() == (-0.9, 0.9) for ax in fig.axes)
    assert "±0.9" in fig.get_supxlabel()
    outside = (df[df["step"] == steps[0]]["margin"].abs() > 0.9).mean()
    assert f"{outside:.1%}".replace("%", " %") in fig.axes[0].texts[0].get_text()
    # Two halves a class and split, so four bodies a panel.
    assert all(len(ax.collections) == 4 for ax in fig.axes)


def test_fig2_chooses_a_run_with_margins_and_the_nearest_steps(table, margins):
    df = sakamoto2026_fig2.data(table, margins, steps=[1, 10**6])
    assert set(df[DECAY]) == {0.1}
    assert sorted(df["step"].unique()) == sorted(margins["step"].unique())
    late = sakamoto2026_fig2.data(table, margins, seed=43)
    assert late["step"].max() < 3000  # The run that diverged has its early margins only.
    sakamoto2026_fig2.draw(late)
    for options, words in (
        ({"pairs": [(2, 3)]}, "0,1, 4,5"),
        ({"weight_decay": 0.3}, "allowed: 0.1"),
        ({"seed": 1}, "42, 43, 44"),
    ):
        with pytest.raises(UserError, match=words):
            sakamoto2026_fig2.data(table, margins, **options)


def test_fig2_draws_a_class_collapsed_to_a_point(table, margins):
    collapsed = margins.copy()
    collapsed.loc[collapsed["split"] == "train", "margin"] = 1.0
    sakamoto2026_fig2.draw(sakamoto2026_fig2.data(table, collapsed))


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
    entries = yaml.safe_load((ROOT / "catalog/claims.yaml").read_text())["claims"]
    (claim,) = [entry for entry in entries if entry["id"] == "sakamoto2026-delay"]
    parameters = inspect.signature(atlas_overview.data).parameters
    for name, value in claim["arguments"].items():
        assert parameters[name].default == value


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


def numbers_on(ax):
    """What stands in the cells of a heat map, from its lowest row on."""
    return [text.get_text() for text in ax.texts]


def test_heat_maps_draw_what_their_csv_holds():
    df = zhao2026_fig5.data(sgd_runs.study_table(), pd.read_csv(PUBLISHED))
    fig = zhao2026_fig5.draw(df)
    for ax, (setting, source) in zip(fig.axes, zhao2026_fig5.PANELS, strict=False):
        part = df[(df["setting"] == setting) & (df["source"] == source)]
        part = part.sort_values([sgd_runs.MOMENTUM, DECAY])
        assert numbers_on(ax) == [f"{value:.2f}" for value in part["nc0"]]
        (mesh,) = ax.collections
        drawn = mesh.norm(mesh.get_array().ravel())
        np.testing.assert_allclose(drawn, fig.axes[0].collections[0].norm(part["nc0"].to_numpy()))
        assert not ax.yaxis_inverted()
    labels = [label.get_text() for label in fig.axes[1].get_xticklabels()]
    assert labels[:3] == ["0", "2.5e-5", "5e-5"]


def test_heat_maps_of_the_paper_are_its_recursion_and_its_values():
    df = zhao2026_fig5.data(sgd_runs.study_table(noise=0), pd.read_csv(PUBLISHED))
    values = df.pivot(index=["setting", sgd_runs.MOMENTUM, DECAY], columns="source", values="nc0")
    paper, study = values.loc["paper"], values.loc["study"]
    assert len(paper) == 56
    assert (paper["recursion"] - paper["published"]).abs().max() < 0.0051
    np.testing.assert_allclose(study["trained"], study["recursion"], rtol=1e-12)
    fig = zhao2026_fig5.draw(df)
    assert "published (at most 0.0051 from it)" in fig.axes[1].get_title(loc="left")


def test_heat_maps_tell_what_was_trained_from_what_was_predicted():
    still = sgd_runs.study_table(law=sgd_runs.nothing)
    means = still[still["step"] == 1000].groupby([sgd_runs.MOMENTUM, DECAY])["nc0"].mean()
    df = zhao2026_fig5.data(still, pd.read_csv(PUBLISHED))
    trained = df[df["source"] == "trained"].set_index([sgd_runs.MOMENTUM, DECAY])["nc0"]
    np.testing.assert_allclose(trained, means[trained.index], rtol=1e-12)
    recursion = df[(df["source"] == "recursion") & (df["setting"] == "study")]["nc0"]
    assert recursion.min() < 0.01 < trained.min()


def test_heat_maps_say_what_diverged_and_what_did_not_fit():
    table = sgd_runs.study_table()
    for seed in (1, 2, 3):
        table = sgd_runs.diverge(table, f"0.9-0.01-{seed}", 100)
    table = sgd_runs.diverge(table, "0.98-0-3", 500)
    table = table.fillna({"nc0": 99.0, "accuracy_train": 0.1})  # no measurements
    table.loc[(table["run"] == "0-0-1") & (table["step"] == 1000), "accuracy_train"] = 0.9
    df = zhao2026_fig5.data(table, pd.read_csv(PUBLISHED))
    trained = df[df["source"] == "trained"].set_index([sgd_runs.MOMENTUM, DECAY])
    assert trained.loc[(0.9, 0.01), "n"] == 0
    assert np.isnan(trained.loc[(0.9, 0.01), "nc0"])
    assert trained.loc[(0.98, 0.0), "n"] == 2
    assert trained.loc[(0.0, 0.0), "accuracy_train"] == 0.9
    fig = zhao2026_fig5.draw(df, "a note")
    assert len(numbers_on(fig.axes[3])) == 8
    note = "a note; lowest training accuracy 90.0 %; blank: diverged"
    assert note in [text.get_text() for text in fig.texts]


ARGUMENTS = {
    "sakamoto2026_fig2": ["--margins", "margins.parquet", "--pairs", "0,1 4,5"],
    "sakamoto2026_fig3": [],
    "atlas_overview": ["--weight-decay", "0.03", "--seed", "44"],
    "zhao2026_fig5": ["--table", "sgd.parquet", "--published", str(PUBLISHED)],
}
MODULES = {
    module.__name__.rpartition(".")[2]: module
    for module in (sakamoto2026_fig2, sakamoto2026_fig3, atlas_overview, zhao2026_fig5)
}


ALL_FIGURES = """
import importlib, json, sys
for name, arguments in json.loads(sys.argv[1]).items():
    importlib.import_module(f"scripts.figures.{name}").main(arguments)
"""


def test_programs_write_the_same_bytes_twice(files, monkeypatch, tmp_path):
    monkeypatch.chdir(files)
    calls = {}
    for name, special in ARGUMENTS.items():
        calls[name] = ["--table", "table.parquet", "--title-note", "a note", *special]
        for kind in ("pdf", "png", "csv"):
            calls[name] += [f"--{kind}", str(tmp_path / "deep" / f"{name}.{kind}")]
        MODULES[name].main(calls[name])
    first = {path.name: path.read_bytes() for path in (tmp_path / "deep").iterdir()}
    assert sorted(first) == sorted(
        f"{n}.{kind}" for n in ARGUMENTS for kind in ("csv", "pdf", "png")
    )
    assert all(b"CreationDate" not in content for content in first.values())
    # A process of its own, with another hash seed and backend: nothing may hang on them.
    root = Path(__file__).parents[1]
    subprocess.run(
        [sys.executable, "-c", ALL_FIGURES, json.dumps(calls)],
        check=True,
        env=os.environ | {"PYTHONHASHSEED": "7", "PYTHONPATH": str(root), "MPLBACKEND": "svg"},
    )
    second = {path.name: path.read_bytes() for path in (tmp_path / "deep").iterdir()}
    assert second == first


def test_missing_column_is_told(files, tmp_path, table):
    tables.write(tmp_path / "t.parquet", table.drop(columns="rnc1"))
    outputs = ["--pdf", "f.pdf", "--png", "f.png", "--csv", "f.csv"]
    with pytest.raises(UserError, match="no column rnc1"):
        sakamoto2026_fig3.main(["--table", str(tmp_path / "t.parquet"), *outputs])
