"""Axes for steps, fractions, values over decades, and values with a place for 0."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, PercentFormatter

LOGARITHMIC = (
    *("loss", "nc0", "nc1", "rnc1", "nc2_condition", "weight_singular_value_min"),
    *("cdnv", "relative_flatness"),
)
"""The beginnings of the names of metrics that are drawn on a logarithmic axis."""
MOST_DECADES = 5
"""How many powers of ten fit beside each other below a narrow panel."""


def log_step_axis(ax: Axes, last: float, first: float) -> Axes:
    """A logarithmic axis of steps from ``first`` on, with a tick for each decade if there are
    several.

    Both are NaN if nothing was measured.
    """
    first = first if np.isfinite(first) else 1.0
    last = np.nanmax([last, 2 * first]) * 1.05
    ax.set_xscale("log")
    ax.set_xlim(first, last)
    ax.xaxis.set_minor_locator(LogLocator(base=10, subs=range(2, 10), numticks=200))
    _decades(ax.xaxis, first, last, most=20)
    return ax


def percent_axis(ax: Axes) -> Axes:
    """A vertical axis of fractions from 0 to 1, shown in per cent."""
    ax.set_ylim(-0.03, 1.03)
    ax.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    return ax


def log_value_axis(ax: Axes, which: str = "y") -> Axes:
    """A logarithmic axis, vertical or ``x``, without too many labels on its minor ticks.

    Values that differ by less than a tenth do not fill the axis, because that may be rounding.
    """
    ax.set(**{f"{which}scale": "log"})
    axis = {"x": ax.xaxis, "y": ax.yaxis}[which]
    low, high = axis.get_view_interval()
    if not (low > 0 and np.isfinite(high)):
        # Nothing is drawn that has a logarithm; with limits like these it cannot be saved.
        low, high = 1.0, 10.0
        ax.set(**{f"{which}lim": (low, high)})
    if high / low < 1.1:
        middle = (low * high) ** 0.5
        low, high = middle / 2, middle * 2
        ax.set(**{f"{which}lim": (low, high)})
    _decades(axis, low, high, most=7)
    return ax


def _decades(axis: Axis, low: float, high: float, most: int) -> None:
    """Ticks of a logarithmic axis: at powers of ten, ``most`` of them.

    If there would be too few, the ticks are plain numbers: at 1, 2 and 5 within two decades, or at
    equally spaced round numbers if these are also too few.
    """
    if high / low > 100:
        axis.set_major_locator(LogLocator(base=10, numticks=most))
    else:
        few = high / low < 5
        axis.set_major_locator(
            MaxNLocator(4) if few else LogLocator(base=10, subs=(1, 2, 5), numticks=10)
        )
        axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_formatter(NullFormatter())


def is_logarithmic(metric: str) -> bool:
    """Whether a metric is drawn on a logarithmic axis because it falls over decades."""
    return metric.startswith(LOGARITHMIC)


def zero_log_axis(ax: Axes, values: Sequence[float]) -> Callable[[pd.Series], np.ndarray]:
    """A horizontal axis of values that is logarithmic and has a place for 0 at its left end.

    Returns the positions of the values: log10, and for 0 one decade below the smallest other.
    """
    known = sorted({float(value) for value in values})
    logs = [np.log10(value) for value in known if value > 0]
    zero = np.floor(min(logs, default=0.0)) - 1
    places = {value: np.log10(value) if value > 0 else zero for value in known}
    decades = range(int(zero) + 1, int(np.ceil(max(logs, default=zero + 1))) + 1)
    decades = decades[:: 1 if len(decades) <= MOST_DECADES else 2]
    ticks = {float(d): f"$10^{{{d}}}$" for d in decades} | ({zero: "0"} if 0 in places else {})
    ax.set_xticks(list(ticks), list(ticks.values()))
    held = [*ticks, *places.values()]
    margin = 0.05 * max(max(held) - min(held), 1.0)
    ax.set_xlim(min(held) - margin, max(held) + margin)
    return lambda column: np.array([places[float(value)] for value in column])
