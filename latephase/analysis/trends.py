"""How a quantity changes along an axis of a study: slopes, rank orders and regressions."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latephase.analysis.seeds import Interval, median_over_seeds, seed_interval

MIN_CELLS = 3
"""With fewer cells, an axis of a study has no slope and no rank order."""


def loglog_slope(x: ArrayLike, smallest: NDArray, largest: NDArray) -> tuple[NDArray, NDArray]:
    """The bounds of the least-squares slope of log10(median time over seeds) against log10(x).

    Args:
        x: ``[C]``, positive.
        smallest, largest: ``[..., S, C]`` steps, the bounds of each run's time.
    """
    log_x = np.log10(np.asarray(x, dtype=float))
    centred = log_x - log_x.mean()
    weights = centred / (centred @ centred)
    early, late = (np.log10(median_over_seeds(times)) for times in (smallest, largest))
    ends = (np.where(weights > 0, early, late), np.where(weights > 0, late, early))
    return tuple(np.where(weights == 0, 0.0, end * weights).sum(axis=-1) for end in ends)


def loglog_slope_interval(
    x: ArrayLike, smallest: NDArray, largest: NDArray
) -> tuple[Interval, int]:
    """:func:`loglog_slope` with its interval over seeds, and the number of cells that count.

    A cell counts if its median over seeds is known, even if the time of one seed is censored. If
    the median is unknown in a bootstrap draw, the slope lies between its bounds, and so does the
    end of the interval. The result is NaN if fewer than :data:`MIN_CELLS` distinct x are left.

    Args:
        x: ``[C]``.
        smallest, largest: ``[S, C]`` bounds of the times, NaN if there is no run.
    """
    x = np.asarray(x, dtype=float)
    known = median_over_seeds(smallest) == median_over_seeds(largest)
    cells = int(known.sum())
    if len(np.unique(x[known])) < MIN_CELLS:
        return Interval(np.nan, np.nan, np.nan), cells

    def slope(low: NDArray, high: NDArray) -> tuple[NDArray, NDArray]:
        return loglog_slope(x[known], low, high)

    return seed_interval(smallest[:, known], largest[:, known], slope), cells


def rank_association(x: ArrayLike, smallest: NDArray, largest: NDArray) -> NDArray:
    """Somers' D of censored values against x: the order of all pairs of runs that differ in x.

    A pair counts +1 if the run with the larger x certainly has the larger value, -1 if it certainly
    has the smaller value, and 0 if the values are equal or their bounds overlap. Censoring
    therefore moves D towards 0 and never away from it. D is NaN if no pair differs in x.

    Args:
        x: ``[C]``.
        smallest, largest: ``[..., S, C]`` bounds of each run's value, NaN if there is no run.
    """
    x = np.broadcast_to(np.asarray(x, dtype=float), smallest.shape)
    x, low, high = (values.reshape(*values.shape[:-2], -1) for values in (x, smallest, largest))
    known = ~np.isnan(low)
    right = x[..., :, None] > x[..., None, :]
    right = right & known[..., :, None] & known[..., None, :]
    above = (low[..., :, None] >= high[..., None, :]) & right
    below = (high[..., :, None] <= low[..., None, :]) & right
    with np.errstate(invalid="ignore"):
        return (above.sum((-1, -2)) - below.sum((-1, -2))) / right.sum((-1, -2))


def regression(x: ArrayLike, y: ArrayLike) -> tuple[float, float, float]:
    """Slope, intercept and R² of y on log10 x, over the pairs with x > 0.

    They are NaN if there are fewer than three pairs.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    x, y = np.log10(x[x > 0]), y[x > 0]
    if len(x) < 3 or np.ptp(x) == 0:
        return np.nan, np.nan, np.nan
    slope = (x - x.mean()) @ y / ((x - x.mean()) @ (x - x.mean()))
    return float(slope), float(y.mean() - slope * x.mean()), float(np.corrcoef(x, y)[0, 1] ** 2)


FLOORS = np.r_[0.0, np.geomspace(1e-3, 1e3, 601)]
"""The floors that are tried, as multiples of the geometric mean of the rates."""


def clock_with_floor(rates: NDArray, times: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Fit the clock with a floor, 1/τ = c r + 1/τ₀ with 1/τ₀ ≥ 0, to the logarithms of times.

    Args:
        rates: r ``[C]``, above 0.
        times: τ ``[..., C]``.

    Returns the root mean square of log10(τ/fit), c, and 1/τ₀.
    """
    floors = FLOORS * np.exp(np.log(rates).mean())
    # log τ = −log c − log(r + f), f = 1/(c τ₀). For each f, the best −log c is a mean.
    shape = -np.log(rates + floors[:, None])
    with np.errstate(invalid="ignore"):
        logs = np.log(times)[..., None, :]
        offset = (logs - shape).mean(-1, keepdims=True)
        rest = logs - shape - offset
        best = np.argmin(np.where(np.isnan(rest), np.inf, rest**2).sum(-1), axis=-1)
    rest = np.take_along_axis(rest, best[..., None, None], axis=-2).squeeze(-2)
    offset = np.take_along_axis(offset.squeeze(-1), best[..., None], axis=-1).squeeze(-1)
    c = np.exp(-offset)
    return np.sqrt((rest**2).mean(-1)) / np.log(10), c, c * floors[best]


def power_misfit(rates: NDArray, times: NDArray) -> NDArray:
    """The root mean square of log10(τ/fit) for the best power law τ = a r^b.

    Args:
        rates: r ``[C]``, above 0.
        times: τ ``[..., C]``.
    """
    x, y = np.log10(rates), np.log10(times)
    x = x - x.mean()
    rest = y - y.mean(-1, keepdims=True)
    rest = rest - (rest @ x / (x @ x))[..., None] * x
    return np.sqrt((rest**2).mean(-1))
