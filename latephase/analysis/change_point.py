"""When a measure changes, without a level that anyone sets by hand.

:func:`latephase.analysis.events.fall` asks when a metric has lost a given factor, or half of its
fall. Both levels are a choice. Here a history is cut where that explains it best, by the least
squares of a change in the mean (Hinkley, *Inference about the change-point in a sequence of random
variables*, Biometrika 57, 1970).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

GRID = 200
"""Points, equally far apart in log(step), at which a history is read: logs are not."""
SHORTEST = 0.05
"""The least share of the axis that a part takes: a spike is no change."""
MOST = 4
"""Parts that a history is cut into at most."""
NOISE = 3.0
"""Changes below so many standard deviations of the noise of a log do not count: the best cuts of
noise alone differ by less (``tests/analysis/test_change_point.py``)."""


class Change(NamedTuple):
    """A change in the mean: its step, and by how much the mean is larger afterwards."""

    step: float
    size: float


class History(NamedTuple):
    """How a measure goes, and its changes in order of time.

    ``shape`` is "flat" or "line", without a change; "step", with one; "bump", with two of opposite
    directions; or "wave", with more, each in the direction opposite to the one before.
    """

    shape: str
    changes: tuple[Change, ...] = ()

    def largest(self, *, falls: bool = False) -> Change | None:
        """The largest change, or the largest fall; None where there is none."""
        of_interest = [c for c in self.changes if c.size < 0 or not falls]
        return max(of_interest, key=lambda change: abs(change.size), default=None)


def history(steps: ArrayLike, values: ArrayLike, least: float) -> History:
    """How a measure goes over log(step), and when it changes.

    Args:
        steps: ``[T]`` logged steps, increasing; those at 0 are left out.
        values: ``[T]``, on the scale on which changes are looked for: log10 of a metric that falls
            over decades, an accuracy as it is. NaN and infinity count as not logged.
        least: the smallest difference of means that counts as a change, if the noise of the logs
            (:data:`NOISE`) does not ask for more. It decides whether there is one, not when.

    The history is read at :data:`GRID` points between its first and last log, linearly in
    log(step). For each number of parts, from two to :data:`MOST`, the cuts are those that leave the
    smallest sum of squares about the means of the parts: exact, by dynamic programming. Of these
    the largest number is taken whose changes alternate, up and down, and are no smaller than
    ``least``. So a measure that rises and falls has two changes. One that only falls has one, since
    a second cut would divide its slope, and if it falls twice that one is the larger fall.

    If a straight line in log(step) leaves a smaller sum of squares than the cut in two, the measure
    drifts, and no time is that of its change. A sigmoid is a step if its rise takes less than about
    half of the axis. Fewer than four logs are flat.

    Raises ValueError where the steps do not increase.
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
    """The standard deviation of the noise of a log, from the differences of neighbours."""
    steps = np.diff(values)
    return float(1.4826 * np.median(np.abs(steps - np.median(steps))) / np.sqrt(2))


def _sums_of_squares(y: NDArray) -> NDArray:
    """Of y[i:j] about its mean, ``[n + 1, n + 1]``; infinity for parts that are too short."""
    n = len(y)
    y = y - y.mean()
    sums, squares = (np.r_[0.0, np.cumsum(v)] for v in (y, y**2))
    begin, end = np.ogrid[: n + 1, : n + 1]
    length = end - begin
    with np.errstate(divide="ignore", invalid="ignore"):
        found = squares - squares[:, None] - (sums - sums[:, None]) ** 2 / length
    return np.where(length >= np.ceil(SHORTEST * n), found, np.inf)


def _best_cuts(squares: NDArray) -> list[tuple[list[int], float]]:
    """For 2 to :data:`MOST` parts, where each but the first begins, and what squares are left."""
    left, before, found = squares[0], [], []
    for _ in range(MOST - 1):
        total = left[:, None] + squares  # the parts so far end at the row, one more at the column
        before.append(total.argmin(axis=0))
        left = total.min(axis=0)
        cuts = [len(left) - 1]
        for last in reversed(before):
            cuts.insert(0, int(last[cuts[0]]))
        found.append((cuts[:-1], float(left[-1])))
    return found


def _changes(grid: NDArray, y: NDArray, cuts: list[int]) -> tuple[Change, ...]:
    """The changes between the parts that begin at ``cuts``."""
    means = [part.mean() for part in np.split(y, cuts)]
    return tuple(
        Change(float(10 ** ((grid[cut - 1] + grid[cut]) / 2)), float(later - earlier))
        for cut, earlier, later in zip(cuts, means, means[1:], strict=False)
    )


def _about_line(x: NDArray, y: NDArray) -> float:
    """The sum of squares about the straight line of least squares."""
    x, y = x - x.mean(), y - y.mean()
    return float((y**2).sum() - (x @ y) ** 2 / (x @ x))
