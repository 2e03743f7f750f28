"""When a measure changes, found without a level that someone chooses.

:func:`latephase.analysis.events.fall` finds the step at which a metric has fallen by a given
factor, or by half of its fall. Both levels are a choice. This module cuts a history at the places
that leave the least squares about the means of its parts (change in the mean: Hinkley, *Inference
about the change-point in a sequence of random variables*, Biometrika 57, 1970).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

GRID = 200
"""Points at which a history is read. They are equally spaced in log(step); the logs are not."""
SHORTEST = 0.05
"""The shortest part, as a share of the axis. A spike is shorter, so it is not a change."""
MOST = 4
"""The largest number of parts into which a history is cut."""
NOISE = 3.0
"""A change counts only if it is at least this many standard deviations of the noise of a log. The
best cuts of pure noise differ by less (``tests/analysis/test_change_point.py``)."""


class Change(NamedTuple):
    """A change in the mean.

    ``step`` is its step, and ``size`` the mean after it minus the mean before it.
    """

    step: float
    size: float


class History(NamedTuple):
    """The shape of a measure's history, and its changes in order of time.

    ``shape`` is "flat" or "line" if there is no change; "step" if there is one; "bump" if there are
    two in opposite directions; and "wave" if there are more, each opposite to the one before.
    """

    shape: str
    changes: tuple[Change, ...] = ()

    def largest(self, *, falls: bool = False) -> Change | None:
        """The largest change, or the largest fall; None if there is none."""
        of_interest = [c for c in self.changes if c.size < 0 or not falls]
        return max(of_interest, key=lambda change: abs(change.size), default=None)


def history(steps: ArrayLike, values: ArrayLike, least: float) -> History:
    """Find the shape of a measure over log(step), and the steps at which it changes.

    Args:
        steps: ``[T]`` logged steps, increasing. Step 0 is left out.
        values: ``[T]``, on the scale on which changes are sought: log10 of a metric that falls over
            decades; an accuracy as it is. NaN and infinity count as not logged.
        least: the smallest difference of means that counts as a change, unless the noise of the
            logs requires more (:data:`NOISE`). It decides whether there is a change, not when.

    The history is interpolated linearly in log(step) at :data:`GRID` points between its first and
    its last log. For each number of parts from two to :data:`MOST`, dynamic programming finds the
    cuts that leave the smallest sum of squares about the means of the parts; this is exact. The
    result has the largest number of parts whose changes alternate between up and down and are all
    at least ``least``. A measure that rises and then falls therefore has two changes. A measure
    that only falls has one, because a second cut would divide its slope. If it falls twice, the
    change is the larger fall.

    If a straight line in log(step) leaves a smaller sum of squares than two parts, the measure
    drifts, and its change has no time. A sigmoid counts as a step if its rise takes less than about
    half of the axis. A history with fewer than four logs is flat.

    Raises ValueError if the steps do not increase.
    """
    steps = np.asarray(steps, dtype=float)
    values = np.asarray(values, dtype=float)
    if (np.diff(steps) <= 0).any():
        raise ValueError("the steps of a history must increase")
    known = np.isfinite(values) & (steps > 0)
    if known.sum() < 4:
        return History("flat")
    times = np.log10(steps[known])
    grid = np.linspace(times[0], times[-1], GRID)
    y = np.interp(grid, times, values[known])
    least = max(least, NOISE * _noise(values[known]))
    line = _about_line(grid, y)
    ways = _best_cuts(_sums_of_squares(y))
    for cuts, left in reversed(ways[1:]):
        changes = _changes(grid, y, cuts)
        sizes = np.array([change.size for change in changes])
        alternate = (sizes[1:] * sizes[:-1] < 0).all() and (np.abs(sizes) >= least).all()
        if alternate and left < line:
            return History("bump" if len(changes) == 2 else "wave", changes)
    cuts, left = ways[0]
    (change,) = _changes(grid, y, cuts)
    if abs(change.size) < least:
        return History("flat")
    if line < left:
        return History("line")
    return History("step", (change,))


def _noise(values: NDArray) -> float:
    """The standard deviation of the noise of a log, from the differences between neighbours."""
    steps = np.diff(values)
    return float(1.4826 * np.median(np.abs(steps - np.median(steps))) / np.sqrt(2))


def _sums_of_squares(y: NDArray) -> NDArray:
    """The sum of squares of each part y[i:j] about its mean.

    Returns ``[n + 1, n + 1]``, with infinity for parts that are too short.
    """
    n = len(y)
    y = y - y.mean()
    sums, squares = (np.r_[0.0, np.cumsum(v)] for v in (y, y**2))
    begin, end = np.ogrid[: n + 1, : n + 1]
    length = end - begin
    with np.errstate(divide="ignore", invalid="ignore"):
        about_mean = squares - squares[:, None] - (sums - sums[:, None]) ** 2 / length
    return np.where(length >= np.ceil(SHORTEST * n), about_mean, np.inf)


def _best_cuts(squares: NDArray) -> list[tuple[list[int], float]]:
    """The best cuts into 2 to :data:`MOST` parts.

    Returns, for each number of parts, where each part but the first begins, and the sum of squares
    that is left.
    """
    left, before, best = squares[0], [], []
    for _ in range(MOST - 1):
        # The parts so far end at the row's index. One more part ends at the column's index.
        total = left[:, None] + squares
        before.append(total.argmin(axis=0))
        left = total.min(axis=0)
        cuts = [len(left) - 1]
        for last in reversed(before):
            cuts.insert(0, int(last[cuts[0]]))
        best.append((cuts[:-1], float(left[-1])))
    return best


def _changes(grid: NDArray, y: NDArray, cuts: list[int]) -> tuple[Change, ...]:
    """The changes between the parts that begin at ``cuts``."""
    means = [part.mean() for part in np.split(y, cuts)]
    return tuple(
        Change(float(10 ** ((grid[cut - 1] + grid[cut]) / 2)), float(later - earlier))
        for cut, earlier, later in zip(cuts, means, means[1:], strict=False)
    )


def _about_line(x: NDArray, y: NDArray) -> float:
    """The sum of squares about the least-squares line."""
    x, y = x - x.mean(), y - y.mean()
    return float((y**2).sum() - (x @ y) ** 2 / (x @ x))
