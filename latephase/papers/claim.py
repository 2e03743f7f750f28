"""Claims: a sentence of a paper becomes a statistic of a study's data, a threshold and a verdict.

``latephase/papers/<paper>/claims.py`` has a paper's statistics: functions ``(table, **arguments) ->
Result``. Their arguments are in ``catalog/<paper>/claims.yaml``, beside the threshold, which was
written down before the statistic was computed on the study's runs. When the catalog is loaded, the
arguments are checked against their annotations: plain types, and the names below.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

Metric = str
"""The name of a metric of the study's data."""
Column = str
"""The name of any column of the study's data."""
Optimizer = str
"""One of the optimizers that the study compares."""
Options = Mapping[str, str]
"""Values on other axes of the study's optimizers: ``{"head": "muon"}``."""

REPRODUCED = "reproduced"
SAYS_LITTLE = "says little"
"""The result is as predicted, but it would be so without the effect too, because a control
passes."""
NOT_REPRODUCED = "not reproduced"
INCONCLUSIVE = "inconclusive"
VERDICTS = (REPRODUCED, SAYS_LITTLE, NOT_REPRODUCED, INCONCLUSIVE)


@dataclass(frozen=True)
class Result:
    """A statistic with its 95 % interval over seeds.

    ``estimate``, ``low`` and ``high`` are NaN if the data cannot give them. ``high`` may be
    infinite if runs are censored. ``n_seeds`` and ``n_cells`` are the numbers of seeds and cells
    behind the statistic. ``note`` says what was left out, censored or diverged.
    """

    estimate: float
    low: float
    high: float
    n_seeds: int
    n_cells: int
    note: str = ""


def verdict(result: Result, threshold: tuple[float | None, float | None]) -> str:
    """Compare an interval with the range ``(low, high)`` that the claim predicts.

    The verdict is "reproduced" if the interval lies wholly inside the range, bounds included. It is
    "not reproduced" if the interval lies wholly outside. Otherwise, or if there is no interval, it
    is "inconclusive". None leaves a side of the range open.
    """
    low = -math.inf if threshold[0] is None else threshold[0]
    high = math.inf if threshold[1] is None else threshold[1]
    if any(math.isnan(value) for value in (result.estimate, result.low, result.high)):
        return INCONCLUSIVE
    if low <= result.low and result.high <= high:
        return REPRODUCED
    if result.high < low or result.low > high:
        return NOT_REPRODUCED
    return INCONCLUSIVE
