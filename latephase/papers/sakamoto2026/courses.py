"""Statistics of the course of metrics after memorisation: collapse, information, accuracy.

:mod:`latephase.papers.sakamoto2026.claims` defines the terms.
"""

import numpy as np
import pandas as pd

from latephase.analysis import events, seeds
from latephase.analysis.events import Event
from latephase.papers.claim import Metric, Result
from latephase.papers.sakamoto2026 import run_values


def falls_by(table: pd.DataFrame, *, metric: Metric, train_threshold: float, stay: int) -> Result:
    """Decades by which a metric falls after memorisation, as a mean over cells (Figs. 7, 9).

    The fall is from the median of its first ``stay`` logs at or after t_train to the median of its
    last ``stay`` logs. A run that does not memorise, or that has no value above 0, is left out.
    """

    def fall(run: pd.DataFrame, start: float) -> float:
        late = run.loc[run["step"] >= start, metric].to_numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.log10(np.median(late[:stay]) / np.median(late[-stay:])))

    return run_values.after_memorisation(table, fall, train_threshold, stay)


def peaks(table: pd.DataFrame, *, metric: Metric, train_threshold: float, stay: int) -> Result:
    """Decades by which a metric rises until memorisation, or falls afterwards if that is less.

    The peak is the highest median of ``stay`` logs in a row between half of t_train and twice
    t_train. The rise is from the lowest such median before the peak. The fall is to the median of
    the last logs (Figs. 10 to 12). The statistic is the mean over cells of the median over seeds. A
    run that does not memorise, or that has values that are not above 0, is left out.
    """

    def peak(run: pd.DataFrame, start: float) -> float:
        known = run[run["step"] > 0].dropna(subset=metric)
        values = known[metric].to_numpy()
        if len(values) < 2 * stay or (values <= 0).any():
            return np.nan
        level = np.median(np.lib.stride_tricks.sliding_window_view(values, stay), axis=1)
        steps = known["step"].to_numpy()[stay // 2 :][: len(level)]
        around = np.flatnonzero((steps >= start / 2) & (steps <= 2 * start))
        if not len(around):
            return np.nan
        top = around[level[around].argmax()]
        return float(np.log10(level[top] / max(level[: top + 1].min(), level[-1])))

    return run_values.after_memorisation(table, peak, train_threshold, stay)


def falls_follow(
    table: pd.DataFrame,
    *,
    metric: Metric,
    other: Metric,
    train_threshold: float,
    stay: int,
    factor: float,
    min_share: float,
) -> Result:
    """Rank association over runs of when two metrics fall after memorisation (Fig. 4).

    The statistic is Somers' D (:func:`latephase.analysis.trends.rank_association`). It is 1 if in
    every pair of runs the run in which ``other`` falls later is also the run in which ``metric``
    falls later. ``other`` falls by ``factor`` (:func:`latephase.analysis.events.fall`). ``metric``
    may be negative, so its fall is measured on a linear scale: it has fallen when it is half-way
    from memorisation to its end, if the whole fall is at least ``min_share`` of its value at
    memorisation.

    A run in which ``other`` does not fall is in no pair. If ``metric`` does not fall, it falls
    later than the last step, and pairs that remain undecided count as ties. With fewer than three
    cells D is NaN.
    """

    def times(run: pd.DataFrame) -> dict[str, Event]:
        train = events.onset(run["step"], run["accuracy_train"], train_threshold, stay)
        if train.censored:
            return {"train": train, "other": train, "metric": train}
        limits = {"min_factor": factor, "factor": factor, "start": train.step}
        late = run.loc[run["step"] >= train.step, metric]
        least = min_share * abs(late.head(stay).median())
        return {
            "train": train,
            "other": events.fall(run["step"], run[other], stay=stay, **limits),
            "metric": events.late_rise(
                run["step"], -run[metric], train.step, min_rise=least, stay=stay
            ),
        }

    runs = events.run_events(table, times, run_values.cell_of(table))
    runs = runs[~runs["train_censored"]]
    bounds = []
    for name in ("other", "metric"):
        runs[f"{name}_latest"] = runs[name].mask(runs[f"{name}_censored"], np.inf)
        bounds.append(
            [seeds.by_cell(runs, n, run_values.cell_of(table)) for n in (name, f"{name}_latest")]
        )
    (early, early_latest), (late, late_latest) = bounds
    # NaN if ``other`` has not fallen: such a run is in no pair.
    known = early.where(early == early_latest)
    interval = run_values.order_of(known, late, late_latest)
    note = run_values.note_of(
        runs,
        {
            f"without a fall of {other}": runs["other_censored"],
            f"without a fall of {metric}": runs["metric_censored"],
        },
    )
    return Result(*interval, seeds.counted(early), early.shape[1], note)


def goes_with(
    table: pd.DataFrame, *, metric: Metric, other: Metric, train_threshold: float, stay: int
) -> Result:
    """Rank correlation of two metrics over a run's logs after memorisation.

    It is 1 if one metric falls whenever the other does (Fig. 14). The statistic is the mean over
    cells of the median over seeds.
    """

    def correlation(run: pd.DataFrame, start: float) -> float:
        return run_values.rank_correlation(run[run["step"] >= start], metric, other)

    return run_values.after_memorisation(table, correlation, train_threshold, stay)


def goes_with_more(
    table: pd.DataFrame,
    *,
    outcome: Metric,
    metric: Metric,
    other: Metric,
    train_threshold: float,
    stay: int,
) -> Result:
    """By how much more an outcome goes against one metric than against another (Fig. 9).

    The difference of their rank correlations with the outcome over a run's logs after memorisation:
    above 0 if the outcome rises as ``metric`` falls, and less so as ``other`` falls. The statistic
    is the mean over cells of the median over seeds.
    """

    def difference(run: pd.DataFrame, start: float) -> float:
        late = run[run["step"] >= start]
        return run_values.rank_correlation(late, other, outcome) - run_values.rank_correlation(
            late, metric, outcome
        )

    return run_values.after_memorisation(table, difference, train_threshold, stay)
