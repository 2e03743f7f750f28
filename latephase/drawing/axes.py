"""Axes for steps, for fractions, for values over decades, and for values with a place for 0.

A logarithmic axis has a label at both ends, so that a reader sees its range.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import (
    FixedLocator,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    PercentFormatter,
    StrMethodFormatter,
)

LOGARITHMIC = (
    *("loss", "nc0", "nc1", "rnc1", "nc2_condition", "weight_singular_value_min"),
    *("cdnv", "relative_flatness"),
)
"""Prefixes of the names of metrics that are drawn on a logarithmic axis."""
LETTER = 0.085
"""The width in inches of a letter of a label, with its share of the space beside the label."""
MARK = 0.025
"""The share of a logarithmic axis that half a mark needs, so that the end of the axis does not cut
it."""
LINE = 0.27
"""The distance in inches between labels of a vertical axis, before titles and legends shorten the
axis."""


def log_step_axis(ax: Axes, last: float, first: float) -> Axes:
    """Make a logarithmic axis of steps from ``first`` to ``last``, with a label at each end.

    Both are NaN if nothing was measured.
    """
    first = first if np.isfinite(first) else 1.0
    last = np.nanmax([last, 2 * first])
    ax.set_xscale("log")
    ax.set_xlim(first, last * (last / first) ** 0.02)
    ends = [first, last]
    _label(ax, "x", ends, _decades(first, last), lambda value: f"{value:,.0f}")
    return ax


def linear_step_axis(ax: Axes, last: float, first: float) -> Axes:
    """Make a linear axis of steps from ``first`` to ``last``.

    A change half-way through training has more room on it than on a logarithmic axis. Both are NaN
    if nothing was measured.
    """
    if np.isfinite([first, last]).all() and first < last:
        ax.set_xlim(first, last + 0.02 * (last - first))
    ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 3, 5, 10], integer=True))
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    return ax


def percent_axis(ax: Axes) -> Axes:
    """Make a vertical axis of fractions up to 1, shown in per cent.

    It begins at 0, or at a half if everything drawn on the panels that share the axis is above a
    half.
    """
    drawn = [panel.dataLim for panel in _sharing(ax, "y")]
    above = all(0.5 < limits.y0 < np.inf for limits in drawn)
    ax.set_ylim(0.5 if above else -0.03, 1.03)
    ax.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    return ax


def log_value_axis(ax: Axes, which: str = "y") -> Axes:
    """Make a logarithmic axis, vertical or ``x``, between two round numbers.

    Its range contains everything that was drawn before this call, on all panels that share the
    axis. It goes a little beyond a round number if a mark there would be cut. Values that differ by
    less than a tenth do not fill the axis, because the difference may be rounding.
    """
    ax.set(**{f"{which}scale": "log"})
    drawn = [panel.dataLim for panel in _sharing(ax, which)]
    low = min(limits.minpos["xy".index(which)] for limits in drawn)
    high = max(getattr(limits, f"{which}1") for limits in drawn)
    if not (0 < low <= high < np.inf):
        # Nothing that is drawn has a logarithm. A figure with such limits cannot be saved.
        low, high = 1.0, 10.0
    if high / low < 1.1:
        middle = (low * high) ** 0.5
        low, high = middle / 2, middle * 2
    if high / low < 3:
        ticks = MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        between = ticks[1:-1]
    else:
        ticks = rounded(low, high)
        between = _decades(*ticks) if high / low > 30 else multiples(*ticks)
    room = (ticks[-1] / ticks[0]) ** MARK
    ends = (
        ticks[0] / room if low < ticks[0] * room else ticks[0],
        ticks[-1] * room if high > ticks[-1] / room else ticks[-1],
    )
    ax.set(**{f"{which}lim": ends})
    _label(ax, which, [ticks[0], ticks[-1]], between, lambda value: f"{value:,g}")
    return ax


def _sharing(ax: Axes, which: str) -> list[Axes]:
    """The panels that share an axis with a panel, including itself."""
    groups = {"x": ax.get_shared_x_axes(), "y": ax.get_shared_y_axes()}[which]
    return groups.get_siblings(ax)


def rounded(low: float, high: float) -> tuple[float, float]:
    """Round two values outwards to 1, 2 or 5 times 10ᵏ.

    The result is the range of an axis or of a scale of colours. Over many decades, the ends are
    powers of ten.
    """
    steps = (1,) if high / low > 1e4 else (1, 2, 5)
    below = [m * 10.0**p for p in (_power(low) - 1, _power(low)) for m in steps]
    above = [m * 10.0**p for p in (_power(high), _power(high) + 1) for m in steps]
    return (
        max(end for end in below if end <= low * (1 + 1e-9)),
        min(end for end in above if end >= high * (1 - 1e-9)),
    )


def _power(value: float) -> int:
    """The exponent of the power of ten at or below a value."""
    return int(np.floor(np.log10(value) + 1e-9))


def _decades(low: float, high: float) -> list[float]:
    """The powers of ten between two values."""
    return [10.0**power for power in range(_power(low), _power(high) + 1)]


def multiples(low: float, high: float) -> list[float]:
    """1, 2 and 5 times the powers of ten, from one such value to another."""
    every = [m * decade for decade in _decades(low, high) for m in (1, 2, 5)]
    return [value for value in every if low * 0.999 <= value <= high * 1.001]


def _label(
    ax: Axes,
    which: str,
    ends: Sequence[float],
    between: Iterable[float],
    written: Callable[[float], str],
) -> None:
    """Label both ends of a logarithmic axis, and as many values between them as have room.

    Among powers of ten, every one has a label, or every second, or every third, and so on.
    """
    low, high = ends
    inside = [value for value in between if low * 1.0001 < value < high * 0.9999]
    texts = {value: _text(value, high / low, written) for value in [*ends, *inside]}
    inches = _inches(ax, which) / np.log10(high / low)

    def apart(one: float, other: float) -> bool:
        room = LETTER * (_letters(texts[one]) + _letters(texts[other])) / 2
        return abs(np.log10(one / other)) * inches >= (room if which == "x" else LINE)

    inside = [value for value in inside if apart(value, low) and apart(value, high)]
    for stride in range(1, len(inside) + 1):
        # Strides count from 10⁰, so that neighbouring panels have labels at the same values.
        kept = [v for v in inside if not _is_power(v) or _power(v) % stride == 0]
        if not all(_is_power(v) for v in inside):
            kept = inside[(stride - 1) // 2 :: stride]
        if all(apart(*pair) for pair in pairwise(kept)):
            break
    else:
        kept = []
    axis = {"x": ax.xaxis, "y": ax.yaxis}[which]
    axis.set_major_locator(FixedLocator(sorted([low, *kept, high])))
    axis.set_major_formatter(lambda value, _: _text(value, high / low, written))
    axis.set_minor_locator(LogLocator(base=10, subs=range(1, 10), numticks=200))
    axis.set_minor_formatter(NullFormatter())


def _text(value: float, span: float, written: Callable[[float], str]) -> str:
    """The label of a value. Over many decades, a power of ten is written as such."""
    text = written(value)
    if _is_power(value) and (span > 100 or "e" in text):
        return f"$10^{{{_power(value)}}}$"
    if "e" not in text:
        return text
    digits, power = text.split("e")
    return rf"${digits}{{\cdot}}10^{{{int(power)}}}$"


def _letters(text: str) -> float:
    """The approximate width of a label, in letters."""
    shown = text.replace("$", "").replace("{", "").replace("}", "").replace(r"\cdot", "·")
    base, _, exponent = shown.partition("^")
    return len(base) + 0.7 * len(exponent) + 0.5


def _is_power(value: float) -> bool:
    """Whether a value is a power of ten."""
    return bool(np.isclose(value, 10.0 ** round(np.log10(value)), rtol=1e-6))


def _inches(ax: Axes, which: str) -> float:
    """The approximate length of an axis, before the layout is known."""
    fig = ax.figure
    box, size = ax.get_position(), {"x": fig.get_figwidth(), "y": fig.get_figheight()}[which]
    return {"x": box.width, "y": box.height}[which] * size


def is_logarithmic(metric: str) -> bool:
    """Whether a metric is drawn on a logarithmic axis because it falls over decades."""
    return metric.startswith(LOGARITHMIC)


def zero_log_axis(ax: Axes, values: Iterable[float]) -> Callable[[pd.Series], np.ndarray]:
    """Make a horizontal logarithmic axis of values, with a place for 0 at its left end.

    Returns a function from values to their positions: log10 of a value, and for 0 one decade below
    the smallest other value.
    """
    known = sorted({float(value) for value in values})
    logs = [np.log10(value) for value in known if value > 0]
    zero = np.floor(min(logs, default=0.0) + 1e-9) - 1
    places = {value: np.log10(value) if value > 0 else zero for value in known}
    first, last = int(zero) + 1, int(np.ceil(max(logs, default=zero + 1) - 1e-9))
    if len(places) == 1 and first == last and 0 not in places:
        first, last = first - 1, last + 1  # the only value is in the middle
    occupied = [first, last, *places.values()]
    span = max(max(occupied) - min(occupied), 1.0)
    decade = _inches(ax, "x") / span
    ticks = {d: _text(10.0**d, np.inf, str) for d in _spread(first, last, decade, 0 in places)}
    if 0 in places:
        ticks[zero] = "0"
    ax.set_xticks(list(ticks), list(ticks.values()))
    ax.set_xlim(min(occupied) - 0.05 * span, max(occupied) + 0.05 * span)
    return lambda column: np.array([places[float(value)] for value in column])


def _spread(first: int, last: int, decade: float, zero: bool) -> list[int]:
    """The exponents of the powers of ten that have a label.

    ``decade`` is the distance in inches between two powers. The last one always has a label, and
    the first one too if there is no 0 beside it.
    """
    room = LETTER * _letters("10^-4")
    for stride in range(1, last - first + 1):
        if stride * decade >= room and (zero or (last - first) % stride == 0):
            return list(range(last, first - 1, -stride))[::-1]
    return [last] if zero else sorted({first, last})
