"""Statistics of the clock of contraction, learning rate × weight decay (Thm 4.3).

:mod:`latephase.papers.sakamoto2026.claims` has the words.
"""

import numpy as np
import pandas as pd

from latephase.analysis import events, seeds, trends
from latephase.papers.claim import Result
from latephase.papers.sakamoto2026 import run_values


def rnc1_clock(table: pd.DataFrame, *, train_threshold: float, stay: int, factor: float) -> Result:
    """Log–log slope of the time of RNC1's fall against learning rate × weight decay (Thm 4.3).

    The theorem bounds the time to RNC1 ≤ ε by (ηλ)⁻¹ log(1/ε), a slope of -1 at fixed ε; so
    the fall is timed at plateau / ``factor`` (:func:`latephase.analysis.events.fall`), which does
    not depend on how far below it a run gets within its budget. The plateau is taken after
    memorisation, as in the theorem, where the loss is small first. A run that does not fall does so
    later than its last step. Cells whose median over seeds is thereby unknown are left out; fewer
    than three: NaN.
    """

    runs = events.fit_and_fall(table, "rnc1", train_threshold, stay, factor)
    earliest, latest = (seeds.by_cell(runs, name) for name in ("rnc1", "latest"))
    clock = np.array([lr * decay for lr, decay in earliest.columns])
    positive = clock > 0  # No decay, no clock: the theorem says nothing of that cell.
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
    """How much nearer the times of RNC1's fall are to a clock with a floor than to a pure power.

    Thm 4.3. log10 of the ratio of two misfits: that of τ = a (η λ)^b, and that of 1/τ = c η λ +
    1/τ₀ with 1/τ₀ ≥ 0. Each form has two numbers, and its misfit is the root mean square of
    log10(τ/fit) over the cells. Above 0 the form with the floor is nearer. The times are those of
    :func:`rnc1_clock`: medians over seeds, in the cells where they are known. With fewer than four
    cells it is NaN.
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
