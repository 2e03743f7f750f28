"""One metric against another: points and regressions, study by study."""

import numpy as np
import pytest

from scripts.figures import metric_against_metric
from tests.figures.grids import TABLE


def test_a_panel_for_each_study():
    df, counted = metric_against_metric.data(
        {"one": TABLE, "two": TABLE[:20]}, "nc0", "nc3_duality"
    )
    assert counted == "All 56 runs are drawn."
    fits = df[df["kind"] == "regression"].set_index("study")
    assert fits["n"].tolist() == [36, 20]
    axes = metric_against_metric.draw(df, "nc0", "nc3_duality").axes
    assert [ax.get_title(loc="left").splitlines()[0] for ax in axes] == ["one", "two"]


def test_any_metric_against_another():
    table = TABLE.assign(accuracy_test=0.5 + 0.1 * np.log10(TABLE["nc3_duality"]))
    df, _ = metric_against_metric.data({"one": table}, "nc3_duality", "accuracy_test")
    fit = df[df["kind"] == "regression"].iloc[0]
    assert [fit["slope"], fit["intercept"]] == pytest.approx([0.1, 0.5])
    (ax,) = metric_against_metric.draw(df, "nc3_duality", "accuracy_test").axes
    assert ax.get_ylabel() == "test accuracy"
    np.testing.assert_array_equal(
        np.sort(np.concatenate([line.get_xdata() for line in ax.lines[:2]])),
        np.sort(table["nc3_duality"]),
    )
