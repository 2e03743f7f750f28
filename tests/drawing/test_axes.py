"""Axes: both ends of those with decades have a label, and labels have room."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from latephase.drawing import axes
from latephase.drawing.axes import zero_log_axis


def labels(axis):
    """The labels of an axis, by the places of their ticks."""
    ticks = axis.get_majorticklocs()
    return dict(zip(ticks, axis.get_major_formatter().format_ticks(ticks), strict=True))


def test_powers_of_ten_have_room():
    for decays, wide, expected in (
        ([0, 1e-4, 1], 6.0, 6),
        ([1e-5, 1], 6.0, 6),
        ([1e-5, 1], 2.0, 2),
        ([0, 1e-6, 1], 2.5, 5),
        ([0.01], 6.0, 3),
    ):
        ax = Figure(figsize=(wide, 2)).subplots()
        zero_log_axis(ax, decays)
        assert len(ax.get_xticklabels()) == expected, decays


@pytest.mark.parametrize("wide", [1.5, 3.0, 6.0])
def test_both_ends_of_an_axis_with_a_place_for_0_have_a_label(wide):
    for decays in ([0, 5e-6, 5], [1e-5, 1], [3e-7, 0.2], [0, 1e-4]):
        ax = Figure(figsize=(wide, 2)).subplots()
        place = zero_log_axis(ax, decays)
        at = labels(ax.xaxis)
        assert min(at) <= min(place(pd.Series(decays)))
        assert max(at) >= max(place(pd.Series(decays)))


def test_zero_has_a_place_on_a_logarithmic_axis():
    ax = Figure().subplots()
    place = zero_log_axis(ax, [0.0, 5e-4, 0.05])
    assert place(pd.Series([0.0, 5e-4, 0.05])).tolist() == [-5, np.log10(5e-4), np.log10(0.05)]
    assert [label.get_text() for label in ax.get_xticklabels()][-1] == "0"


def test_an_axis_of_steps_has_its_first_and_its_last_step():
    ax = Figure().subplots()
    axes.log_step_axis(ax, last=1500, first=1)
    assert labels(ax.xaxis) == {
        1: "$10^{0}$", 10: "$10^{1}$", 100: "$10^{2}$", 1500: "1,500",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ([0.03, 4.2], ("0.02", "5")),
        ([3e-9, 4.2], ("$10^{-9}$", "$10^{1}$")),
        ([3.2, 4.6], ("3", "5")),
        ([2e-7, 9e-6], (r"$2{\cdot}10^{-7}$", "$10^{-5}$")),
        ([1.5, 1.5], ("0.5", "5")),
        ([-1.0, -2.0], ("1", "10")),
    ],
)
def test_a_logarithmic_axis_ends_at_round_numbers_that_have_labels(values, ends):
    ax = Figure().subplots()
    ax.plot([1, 2], values)
    axes.log_value_axis(ax)
    at = labels(ax.yaxis)
    assert (at[min(at)], at[max(at)]) == ends
    room = (max(at) / min(at)) ** axes.MARK
    low, high = ax.get_ylim()
    assert low in (pytest.approx(min(at)), pytest.approx(min(at) / room))
    assert high in (pytest.approx(max(at)), pytest.approx(max(at) * room))


@pytest.mark.parametrize(
    ("values", "range_"),
    [
        ([0.03, 30], (0.02, 50)),
        ([0.02, 30], (0.02 / 2500**0.025, 50)),
        ([0.03, 49], (0.02, 50 * 2500**0.025)),
    ],
)
def test_a_mark_at_the_end_of_a_logarithmic_axis_is_not_cut(values, range_):
    ax = Figure().subplots()
    ax.plot([1, 2], values, "o")
    axes.log_value_axis(ax)
    assert ax.get_ylim() == pytest.approx(range_)
    assert {"0.02", "50"} <= {*labels(ax.yaxis).values()}


def test_labels_between_the_ends_do_not_touch():
    for wide in (1.0, 2.0, 4.0):
        ax = Figure(figsize=(wide, 2)).subplots()
        axes.log_step_axis(ax, last=300_000, first=1)
        places = np.log10(sorted(labels(ax.xaxis)))
        inches = np.diff(places) / np.log10(300_000) * wide * 0.775
        assert inches.min() > 0.25


def test_panels_that_share_an_axis_end_where_all_of_them_do():
    left, right = Figure().subplots(1, 2, sharey=True)
    left.plot([1, 2], [1, 3])
    right.plot([1, 2], [30, 4000])
    axes.log_value_axis(left)
    assert left.get_ylim() == right.get_ylim() == pytest.approx((1 / 5000**axes.MARK, 5000))


def test_a_linear_axis_of_steps_has_half_of_the_way_in_its_middle():
    ax = Figure(figsize=(5, 2)).subplots()
    ax.plot([100, 3000, 6000], [1, 2, 3])
    axes.linear_step_axis(ax, last=6000, first=100)
    assert ax.get_xscale() == "linear"
    assert ax.get_xlim() == (100, 6118)
    assert {"2,000", "4,000", "6,000"} <= set(labels(ax.xaxis).values())
    axes.linear_step_axis(ax, last=np.nan, first=np.nan)  # Nothing was measured.


@pytest.mark.parametrize(("lowest", "begins"), [(0.51, 0.5), (0.49, -0.03), (0.0, -0.03)])
def test_an_axis_of_accuracies_begins_at_a_half_if_all_lie_above(lowest, begins):
    one, other = Figure().subplots(1, 2, sharey=True)
    one.plot([1, 2], [0.9, 1.0])
    other.plot([1, 2], [lowest, 1.0])
    for ax in (one, other):
        axes.percent_axis(ax)
        assert ax.get_ylim() == (begins, 1.03)
