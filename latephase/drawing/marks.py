"""Marks that show data on an axis: means with intervals or deviations, points, and crosses."""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from latephase.drawing.series import Look
from latephase.drawing.style import NOTE_COLOUR, SMALL


def mean_and_interval(
    ax: Axes, summary: pd.DataFrame, x: str, hue: str, looks: Mapping[Hashable, Look], **line
) -> None:
    """Draw a line for the mean and a translucent band for the interval, for each value of ``hue``.

    ``summary`` comes from :func:`latephase.analysis.seeds.summarise`.
    """
    order = list(looks)
    for value, group in summary.groupby(hue, sort=True):
        look = looks[value]
        stroke = look.sparse(np.log10(group[x]), order.index(value), len(order))
        ax.plot(group[x], group["mean"], **(stroke | line))
        ax.fill_between(
            group[x], group["low"], group["high"], color=look.colour, alpha=0.18, linewidth=0
        )


def mean_and_deviation(
    ax: Axes, x: Sequence[float], summary: pd.DataFrame, look: Look, dashes: str = "-"
) -> None:
    """Draw a line through the means, with a band of one standard deviation on either side.

    ``summary`` has the columns mean and sd (NaN: none). The band ends at a tenth of the mean,
    because a logarithmic axis cannot show values down to 0.
    """
    mean, spread = summary["mean"], summary["sd"].fillna(0)
    ax.plot(x, mean, dashes, **look.line)
    low = (mean - spread).clip(lower=mean / 10)
    ax.fill_between(x, low, mean + spread, color=look.colour, alpha=0.15, lw=0)


def divergences(
    ax: Axes, crosses: pd.DataFrame, x: str, y: str, hue: str, looks: Mapping[Hashable, Look]
) -> None:
    """Draw a cross where a run was last measured before it diverged."""
    for value, group in crosses.groupby(hue, sort=True):
        ax.plot(
            group[x],
            group[y],
            linestyle="none",
            marker="X",
            markersize=7,
            markeredgecolor="black",
            markeredgewidth=0.7,
            color=looks[value].colour,
            zorder=5,
        )


def dots(ax: Axes, x: Sequence[float], y: Sequence[float], look: Look) -> None:
    """Draw a mark for each pair."""
    ax.plot(x, y, markersize=3.5, alpha=0.7, **look.points)


def say_if_empty(ax: Axes, values: pd.Series, logarithmic: bool, why: str) -> None:
    """Write into a panel why it is empty, if it is empty.

    The reason is ``why`` if there are no values. Only finite values can be shown, and on a
    logarithmic axis only positive ones.
    """
    # The columns of a table without rows may have any type.
    known = values.dropna().astype(float)
    finite = known[np.isfinite(known)]
    if known.empty:
        reason = why
    elif finite.empty:
        reason = "no finite value"
    elif logarithmic and not (finite > 0).any():
        reason = "no value above 0"
    else:
        return
    at = {"transform": ax.transAxes, "ha": "center", "va": "center", "fontsize": SMALL}
    ax.text(0.5, 0.5, reason, color=NOTE_COLOUR, wrap=True, **at)


def legend_of_divergence() -> Line2D:
    """A cross for a legend."""
    cross = {"linestyle": "none", "marker": "X", "markersize": 7}
    return Line2D([], [], color="0.3", label="diverged", **cross)


def legend_of_band(label: str) -> Line2D:
    """A piece of a band for a legend."""
    return Line2D([], [], color="0.3", alpha=0.25, linewidth=7, label=label)
