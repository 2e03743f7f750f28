"""Axes with ticks that have room, and with a place for 0."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from latephase.drawing.axes import zero_log_axis


def test_powers_of_ten_have_room():
    for decays, labels in (([0, 1e-4, 1], 6), ([1e-5, 1], 3), ([0, 5e-6, 5], 5)):
        ax = Figure().subplots()
        zero_log_axis(ax, decays)
        assert len(ax.get_xticklabels()) == labels


def test_zero_has_a_place_on_a_logarithmic_axis():
    ax = Figure().subplots()
    place = zero_log_axis(ax, [0.0, 5e-4, 0.05])
    assert place(pd.Series([0.0, 5e-4, 0.05])).tolist() == [-5, np.log10(5e-4), np.log10(0.05)]
    assert [label.get_text() for label in ax.get_xticklabels()][-1] == "0"
