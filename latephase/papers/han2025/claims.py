"""Han et al. (arXiv 2509.17738): what accompanies generalisation, and what it does not need.

Statistics are over seeds. Each seed has one run in each arm of a study, or one run in all.
"""

import numpy as np
import pandas as pd

from latephase.analysis import events, final_rows, seeds
from latephase.analysis.delay import delays
from latephase.analysis.divergence import before_divergence
from latephase.papers.claim import Metric, Result
from latephase.runs.columns import ARM


def delay(table: pd.DataFrame, *, fitted: float, level: float, stay: int) -> Result:
    """log10 of the step of generalisation over the step of memorisation (Fig. 1).

    The steps are the onsets of test accuracy at ``level`` and of training accuracy at ``fitted``,
    each for ``stay`` logs. If a run does not generalise, its delay lasts at least until its last
    step.
    """
    runs = delays(before_divergence(table), fitted=fitted, level=level, stay=stay)
    return _over_seeds(runs, runs["smallest"], runs["largest"], _note(runs))


def place_in_delay(
    table: pd.DataFrame,
    *,
    metric: Metric,
    fitted: float,
    level: float,
    stay: int,
    settled: int,
    factor: float,
) -> Result:
    """The place of a metric's fall in the delay: 0 at memorisation, 1 at generalisation (Fig. 1).

    The place is (log t − log t_train)/(log t_test − log t_train). t is the time at which the metric
    falls, for good, to its plateau / ``factor`` (:func:`latephase.analysis.events.fall`, whose
    final level is over ``settled`` logs). Runs that do not memorise or do not generalise have no
    delay and are left out. If a metric does not fall, it falls later than the last step. The note
    says how many decades of steps the fall comes after each onset.
    """
    runs = delays(before_divergence(table), fitted=fitted, level=level, stay=stay)
    falls = events.run_events(
        table,
        lambda run: {
            "fall": events.fall(
                run["step"], run[metric], stay=settled, min_factor=factor, factor=factor
            )
        },
        (),
    ).set_index("run")
    runs = runs.join(falls[["fall", "fall_censored"]], on="run")
    known = ~(runs["train_censored"] | runs["test_censored"])
    train, test, fall = (np.log10(runs[name].where(known)) for name in ("train", "test", "fall"))
    never = runs["fall_censored"] & known
    note = _note(runs) + f"; {never.sum()} whose {metric} does not fall by {factor:g}" * any(never)
    for onset, when in (("memorisation", train), ("generalisation", test)):
        lag = fall - when
        told = _decades(_over_seeds(runs, lag, lag.mask(never, np.inf), ""))
        note += f"; {told} decades after {onset}"
    place = (fall - train) / (test - train)
    return _over_seeds(runs, place, place.mask(never, np.inf), note)


def difference_of_arms(
    table: pd.DataFrame, *, metric: Metric, arm: str, other: str, stay: int, decades: bool
) -> Result:
    """The final value of a metric in one arm of a study minus that in another, by seed.

    The final value is the median of a run's last ``stay`` logs. With ``decades`` it is log10 of
    this median. Runs that diverged are left out, and so are seeds that lack a run in either arm;
    the note says how many.
    """
    finals = _finals(table, metric, stay)
    if decades:
        with np.errstate(divide="ignore", invalid="ignore"):
            finals["value"] = np.log10(finals["value"])
    frame = finals.pivot_table(index="seed", columns=ARM, values="value", dropna=False)
    for name in (arm, other):
        if name not in frame:
            raise ValueError(f"no arm is called {name!r}; allowed: {', '.join(frame)}")
    gap = (frame[arm] - frame[other]).dropna()
    medians = ", ".join(f"{name} {frame[name].median():.3g}" for name in (arm, other))
    left_out = f"; {len(frame) - len(gap)} seeds lack one" * (len(gap) < len(frame))
    note = f"medians{' of log10' if decades else ''}: {medians}{left_out}"
    values = gap.to_numpy()[:, None]
    interval = seeds.seed_interval(values, values, seeds.mean_of_cells)
    return Result(*interval, len(gap), 1, note)


def _finals(table: pd.DataFrame, metric: str, stay: int) -> pd.DataFrame:
    """One row for each run that did not diverge: arm, seed, and the final value of the metric."""
    runs = table.groupby("run").agg(**{ARM: (ARM, "first"), "seed": ("seed", "first")})
    return runs.join(final_rows.settled(table, [metric], stay)[metric].rename("value"), how="inner")


def _over_seeds(runs: pd.DataFrame, smallest: pd.Series, largest: pd.Series, note: str) -> Result:
    """The median over seeds, each with one run, of a value between two bounds."""
    low, high = smallest.to_numpy(dtype=float)[:, None], largest.to_numpy(dtype=float)[:, None]
    interval = seeds.seed_interval(low, high, seeds.mean_of_cells)
    return Result(*interval, int(np.isfinite(low).sum()), 1, note)


def _decades(result: Result) -> str:
    """An estimate and its interval, if there is one, with signs and two decimals."""
    estimate, low, high = (
        f"{number:+.2f}".replace("inf", "∞")
        for number in (result.estimate, result.low, result.high)
    )
    return estimate if np.isnan(result.low) else f"{estimate} [{low}, {high}]"


def _note(runs: pd.DataFrame) -> str:
    counts = {
        "diverged": runs["diverged"],
        "never memorise (left out)": runs["train_censored"],
        "memorise but never generalise": runs["test_censored"] & ~runs["train_censored"],
    }
    told = [f"{int(mask.sum())} {text}" for text, mask in counts.items() if mask.any()]
    return "; ".join([f"{len(runs)} runs", *told])
