"""When a measure changes, without a level that anyone sets by hand.

:func:`latephase.analysis.events.fall` asks when a metric has lost a given factor, or half of its
fall. Both levels are a choice. Here the time is the one at which the history is best cut in two:
a single change in the mean, by least squares (Hinkley, *Inference about the change-point in a
sequence of random variables*, Biometrika 57, 1970).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

GRID = 200
"""Points, equally far apart in log(step), at which a history is read: logs are not."""
SHORTEST = 0.05
"""The least share of the axis that either part takes: a spike at an end is no change."""


class ChangePoint(NamedTuple):
    """A change in the mean of a history.

    ``step`` is its time, NaN where there is none; ``size`` is the later mean less the earlier one,
    in the units of the values (decades, if these are logarithms); ``shape`` is what describes the
    history best, "step", "line" or "flat".
    """

    step: float
    size: float
    shape: str


def change_point(steps: ArrayLike, values: ArrayLike, least: float) -> ChangePoint:
    """The step that cuts a history in two parts of different mean.

    Args:
        steps: ``[T]`` logged steps, increasing; those at 0 are left out.
        values: ``[T]``, on the scale on which the change is looked for: log10 of a metric that
            falls over decades, an accuracy as it is. NaN and infinity count as not logged.
        least: the smallest difference of the means that counts as a change. A history that stays
            within it is "flat", whatever its noise looks like.

    The history is read at :data:`GRID` points between its first and last log, linearly in
    log(step). Of all cuts the one with the smallest sum of squares about the two means is taken,
    so the answer is exact, and a history of two falls is cut at the larger one. Three accounts are
    compared: one mean, a straight line in log(step), and two means. If the line leaves a smaller
    sum of squares than the cut, the measure drifts, and no time is the time of its change: "line".
    A sigmoid is a "step" if its rise takes less than about half of the axis.

    Fewer than four logs: "flat".

    Raises ValueError where the steps do not increase.
    """
    steps = np.asarray(steps, dtype=float)
    values = np.asarray(values, dtype=float)
    if (np.diff(steps) <= 0).any():
        raise ValueError("the steps of a history must increase")
    known = np.isfinite(values) & (steps > 0)
    if known.sum() < 4:
        return ChangePoint(np.nan, np.nan, "flat")
    times = np.log10(steps[known])
    grid = np.linspace(times[0], times[-1], GRID)
    y = np.interp(grid, times, values[known])
    cut, left = _best_cut(y)
    size = float(y[cut:].mean() - y[:cut].mean())
    if abs(size) < least:
        return ChangePoint(np.nan, size, "flat")
    if _about_line(grid, y) < left:
        return ChangePoint(np.nan, size, "line")
    return ChangePoint(float(10 ** ((grid[cut - 1] + grid[cut]) / 2)), size, "step")


def _best_cut(y: NDArray) -> tuple[int, float]:
    """Where the second part begins, and the sum of squares about both means that is left."""
    n = len(y)
    cuts = np.arange(1, n)
    y = y - y.mean()
    before = np.cumsum(y)[:-1]
    explained = before**2 / cuts + before**2 / (n - cuts)  # since the rest sums to minus that
    shortest = int(np.ceil(SHORTEST * n))
    explained[(cuts < shortest) | (n - cuts < shortest)] = -np.inf
    best = int(explained.argmax())
    return int(cuts[best]), float((y**2).sum() - explained[best])


def _about_line(x: NDArray, y: NDArray) -> float:
    """The sum of squares about the straight line of least squares."""
    x, y = x - x.mean(), y - y.mean()
    return float((y**2).sum() - (x @ y) ** 2 / (x @ x))
