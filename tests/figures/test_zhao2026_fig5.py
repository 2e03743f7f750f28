"""Figure 5 of zhao2026: heat maps of the recursion, of published and of trained values."""

from pathlib import Path

import numpy as np
import pandas as pd

from latephase.runs.columns import DECAY
from scripts.figures import zhao2026_fig5
from tests.papers.zhao2026 import sgd_runs

PUBLISHED = Path(__file__).parents[2] / "catalog/zhao2026/published/zhao2026_fig5.csv"


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
