"""Statistics of the clock of contraction, learning rate × weight decay (Thm 4.3).

:mod:`latephase.papers.sakamoto2026.claims` defines the terms.
"""

import numpy as np
import pandas as pd

from latephase.analysis import events, seeds, trends
from latephase.papers.claim import Result
from latephase.papers.sakamoto2026 import run_values


def rnc1_clock(table: pd.DataFrame, *, train_threshold: float, stay: int, factor: float) -> Result:
    """Log–log slope of the time of RNC1's fall against learning rate × weight decay (Thm 4.3).

    The theorem bounds the time to RNC1 ≤ ε by (ηλ)⁻¹ log(1/ε), which is a slope of -1 at fixed ε.
    So the time of the fall is that of plateau / ``factor``
    (:func:`latephase.analysis.events.fall`), which does not depend on how far a run falls within
    its budget. The plateau is taken after memorisation, because in the theorem the loss becomes
    small first. If a run does not fall, it falls later than its last step. Cells whose median over
    seeds is therefore unknown are left out. With fewer than three cells the slope is NaN.
    """

    runs = events.fit_and_fall(table, "rnc1", train_threshold, stay, factor)
    earliest, latest = (seeds.by_cell(runs, name) for name in ("rnc1", "latest"))
    clock = np.array([lr * decay for lr, decay in earliest.columns])
    positive = clock > 0  # without decay there is no clock, and the theorem does not apply
    interval, n_cells = trends.loglog_slope_interval(
        clock[positive], earliest.to_numpy()[:, positive], latest.to_numpy()[:, positive]
    )
    note = run_values.note_of(
        runs,
        {
            "never memorise": runs["train_censored"],
            f"memorise but RNC1 falls by less than {factor:g} times": runs["rnc1_censored"]
            & ~runs["train_censored"],
        },
    )
    note += f"; slope over {n_cells} of {positive.sum()} cells, those whose median time is known"
    middle = earliest.median().where(earliest.median() == latest.median())
    medians = sorted(zip(clock, middle, strict=True))
    known = [f"{rate:.2g} {step:,.0f}" for rate, step in medians if step > 0]
    note += f"; median steps by η λ: {', '.join(known)}" if known else ""
    return Result(*interval, len(earliest), n_cells, note)


def rnc1_clock_with_floor(
    table: pd.DataFrame, *, train_threshold: float, stay: int, factor: float
) -> Result:
    """How much better a clock with a floor fits the times of RNC1's fall than a power (Thm 4.3).

    The statistic is log10 of the ratio of two misfits: that of τ = a (η λ)^b, and that of 1/τ = c η
    λ + 1/τ₀ with 1/τ₀ ≥ 0. Each form has two parameters. Its misfit is the root mean square of
    log10(τ/fit) over the cells. If the statistic is above 0, the form with the floor fits better.
    The times are those of :func:`rnc1_clock`: medians over seeds, in the cells in which they are
    known. With fewer than four cells the statistic is NaN.
    """
    runs = events.fit_and_fall(table, "rnc1", train_threshold, stay, factor)
    earliest, latest = (seeds.by_cell(runs, name) for name in ("rnc1", "latest"))
    rates = np.array([lr * decay for lr, decay in earliest.columns])
    known = (earliest.median() == latest.median()).to_numpy() & (rates > 0)
    if known.sum() < 4:
        return Result(np.nan, np.nan, np.nan, len(earliest), int(known.sum()), "too few cells")

    def advantage(smallest: np.ndarray, largest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        medians = seeds.median_over_seeds(smallest)
        unknown = (medians != seeds.median_over_seeds(largest)).any(axis=-1)
        floor = trends.clock_with_floor(rates[known], medians)[0]
        value = np.log10(trends.power_misfit(rates[known], medians) / floor)
        value = np.where(unknown, np.nan, value)
        return value, value

    times = earliest.to_numpy()[:, known]
    interval = seeds.seed_interval(times, latest.to_numpy()[:, known], advantage)
    misfit, c, floor = trends.clock_with_floor(rates[known], seeds.median_over_seeds(times))
    told = f"τ₀ = {1 / floor:,.0f}" if floor else "τ₀ = ∞"
    note = f"{len(runs)} runs; c = {c:.2g}, {told}, misfit {misfit:.3f} decades"
    return Result(*interval, len(earliest), int(known.sum()), note)
