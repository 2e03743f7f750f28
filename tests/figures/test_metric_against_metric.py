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


def test_the_line_is_a_curve_on_a_logarithmic_axis_and_is_not_drawn_below_the_points():
    table = TABLE.assign(nc0=np.geomspace(0.001, 1, len(TABLE)))
    table = table.assign(nc1_pinv=np.where(table["nc0"] < 0.5, 0.01, 1.0))
    df, _ = metric_against_metric.data({"one": table}, "nc0", "nc1_pinv")
    fit = df[df["kind"] == "regression"].iloc[0]
    assert fit["intercept"] + fit["slope"] * np.log10(0.001) < 0
    (ax,) = metric_against_metric.draw(df, "nc0", "nc1_pinv").axes
    x, y = ax.lines[-1].get_data()
    expected = fit["intercept"] + fit["slope"] * np.log10(x)
    np.testing.assert_allclose(y, np.where(expected >= 0.01, expected, np.nan))
    assert 20 < np.isfinite(y).sum() < len(y)
    assert x[-1] == pytest.approx(1)
