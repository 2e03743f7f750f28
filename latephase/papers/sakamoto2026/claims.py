"""Sakamoto & Sato (arXiv 2509.20829): grokking is timed by the contraction of RNC1.

Times of a run, in steps, as the claims use them:

- t_train: :func:`latephase.analysis.events.onset` of training accuracy at ``train_threshold``.
- t_test: onset of test accuracy at ``test_fraction`` of the highest final test accuracy in
  the study (:func:`latephase.analysis.events.generalisation_level`).
- a *cell* is a learning rate, a weight decay and, where a study has these axes, a number of
  training samples and an initial scale; its value is the median over seeds.
"""

import numpy as np
import pandas as pd

from latephase.analysis import events, seeds, trends
from latephase.analysis.divergence import before_divergence
from latephase.analysis.events import Event
from latephase.papers.claim import Column, Metric, Result
from latephase.papers.sakamoto2026 import run_values


def generalisation_delay(
    table: pd.DataFrame, *, train_threshold: float, test_fraction: float, stay: int
) -> Result:
    """Mean over cells of log10(t_test / t_train), in decades (Fig. 3, first row).

    A run that never generalises has a delay between log10(last step / t_train) and infinity:
    the estimate and the lower end take the former, the upper end the latter. A run that
    never memorises has no delay; a cell counts if at least half of its seeds have one.
    """
    runs = run_values.accuracy_onsets(table, train_threshold, test_fraction, stay)
    smallest, largest = run_values.delays(runs, run_values.cell_of(table))
    interval = seeds.seed_interval(smallest.to_numpy(), largest.to_numpy(), seeds.mean_of_cells)
    return Result(
        *interval,
        run_values.seeds_counted(smallest),
        smallest.shape[1],
        run_values.onset_note(runs),
    )


def delay_against_decay(
    table: pd.DataFrame, *, train_threshold: float, test_fraction: float, stay: int
) -> Result:
    """Rank association of weight decay with the delay t_test / t_train (Fig. 3, first row).

    Somers' D over pairs of runs of different weight decay
    (:func:`latephase.analysis.trends.rank_association`): -1 if the run with the smaller decay
    always has the longer delay. The delay, not t_test, so that a decay which slows memorisation and
    generalisation alike shows no association. A run that never generalises is later than
    whatever its budget excludes; pairs that it leaves undecided count as ties. Cells as in
    :func:`generalisation_delay`; fewer than three: NaN.
    """
    runs = run_values.accuracy_onsets(table, train_threshold, test_fraction, stay)
    smallest, largest = run_values.delays(runs, run_values.cell_of(table))
    decays = smallest.columns.get_level_values("optimizer.weight_decay").to_numpy(dtype=float)

    def association(low: np.ndarray, high: np.ndarray) -> tuple[float, float]:
        value = trends.rank_association(decays, low, high)
        return value, value

    if len(np.unique(decays)) < trends.MIN_CELLS:
        interval = seeds.Interval(np.nan, np.nan, np.nan)
    else:
        interval = seeds.seed_interval(smallest.to_numpy(), largest.to_numpy(), association)
    return Result(
        *interval,
        run_values.seeds_counted(smallest),
        smallest.shape[1],
        run_values.onset_note(runs),
    )


def rnc1_with_test(
    table: pd.DataFrame,
    *,
    train_threshold: float,
    stay: int,
    min_rise: float,
    factor: float,
    within: float,
) -> Result:
    """The share of runs whose RNC1 falls when test accuracy rises (Fig. 3).

    That is: nearer to the rise than to memorisation on a log axis, and at most ``within`` decades
    from the rise, before it or after it. t_rise is half-way in the rise of test accuracy after
    t_train (:func:`latephase.analysis.events.late_rise`): the onset used elsewhere marks the rise's
    end. RNC1's fall is timed at plateau / ``factor``
    (:func:`latephase.analysis.events.fall`), which does not move with the budget.

    Runs that do not memorise, or whose test accuracy gains less than ``min_rise`` afterwards,
    have nothing to tell apart and are left out. A run whose RNC1 has not fallen at its last step
    counts as one that falls elsewhere; in the interval's upper end, as one that falls with the
    rise if that step is less than ``within`` after it.
    """
    runs = run_values.rises_and_falls(table, train_threshold, stay, min_rise, factor)
    rising = runs[runs["usable"]]
    train, rise, rnc1 = (np.log10(rising[name]) for name in ("train", "rise", "rnc1"))
    fallen, lag = ~rising["rnc1_censored"], rnc1 - rise
    surely = fallen & (lag.abs() <= within) & (lag.abs() < (rnc1 - train).abs())
    maybe = surely | (~fallen & (lag <= within))
    measured = rnc1.notna()
    rising = rising.assign(
        surely=surely.astype(float).where(measured), maybe=maybe.astype(float).where(measured)
    )
    smallest, largest = (
        seeds.by_cell(rising, n, run_values.cell_of(table)) for n in ("surely", "maybe")
    )
    interval = seeds.seed_interval(smallest.to_numpy(), largest.to_numpy(), seeds.mean_of_runs)
    note = run_values.rise_note(runs, factor)
    if fallen.any():
        note += f"; RNC1 minus test, median: {lag[fallen].median():+.2f} decades"
    return Result(*interval, run_values.seeds_counted(smallest), smallest.shape[1], note)


def rnc1_follows_test(
    table: pd.DataFrame, *, train_threshold: float, stay: int, min_rise: float, factor: float
) -> Result:
    """Rank association over runs of the rise of test accuracy with RNC1's fall (Fig. 3).

    Somers' D (:func:`latephase.analysis.trends.rank_association`) over pairs of runs, with the
    times and the runs of :func:`rnc1_with_test`: 1 if of any two the one that generalises later
    contracts later. Pairs that runs whose RNC1 does not fall leave undecided count as ties, that
    is against the claim. Fewer than three cells: NaN.
    """
    runs = run_values.rises_and_falls(table, train_threshold, stay, min_rise, factor)
    rising = runs[runs["usable"]]
    rising = rising.assign(latest=rising["rnc1"].mask(rising["rnc1_censored"], np.inf))
    rise, earliest, latest = (
        seeds.by_cell(rising, name, run_values.cell_of(table))
        for name in ("rise", "rnc1", "latest")
    )
    cells = rise.shape[1]

    def association(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value = trends.rank_association(low[..., :cells], low[..., cells:], high[..., cells:])
        return value, value

    interval = seeds.Interval(np.nan, np.nan, np.nan)
    if cells >= trends.MIN_CELLS:
        low, high = (np.hstack([rise, bound]) for bound in (earliest, latest))
        interval = seeds.seed_interval(low, high, association)
    return Result(
        *interval, run_values.seeds_counted(earliest), cells, run_values.rise_note(runs, factor)
    )


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


def falls_by(table: pd.DataFrame, *, metric: Metric, train_threshold: float, stay: int) -> Result:
    """Decades by which a metric falls after memorisation, a mean over cells (Figs. 7, 9).

    The fall is from the median of its first ``stay`` logs at or after t_train to the median of its
    last ones. A run that does not memorise, or that lacks a value above 0, is left out.
    """

    def fall(run: pd.DataFrame, start: float) -> float:
        late = run.loc[run["step"] >= start, metric].to_numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.log10(np.median(late[:stay]) / np.median(late[-stay:])))

    return run_values.after_memorisation(table, fall, train_threshold, stay)


def peaks(table: pd.DataFrame, *, metric: Metric, train_threshold: float, stay: int) -> Result:
    """Decades by which a metric rises until memorisation, or falls afterwards if that is less.

    Its peak is the highest median of ``stay`` logs in a row between half of t_train and twice
    t_train. The rise is from its lowest such median before the peak, the fall to the median of its
    last logs (Figs. 10 to 12). The statistic is the mean over cells of the median over seeds. A run
    that does not memorise, or that has values which are not above 0, is left out.
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

    Somers' D (:func:`latephase.analysis.trends.rank_association`): 1 if of any two runs the one in
    which ``other`` falls later is the one in which ``metric`` does. ``other`` falls by ``factor``
    (:func:`latephase.analysis.events.fall`); ``metric``, which may be negative, has fallen where it
    is half-way, on a linear scale, from memorisation to its end, if by at least ``min_share`` of
    what it was. What has not fallen does so later than the last step; pairs that this leaves open
    count as ties. Fewer than three cells: NaN.
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
    cells = early.shape[1]
    interval = seeds.Interval(np.nan, np.nan, np.nan)
    if cells >= trends.MIN_CELLS:

        def association(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            # The later bound where neither is known: such a pair is a tie.
            value = trends.rank_association(low[..., :cells], low[..., cells:], high[..., cells:])
            return value, value

        known = early.where(early == early_latest)
        low, high = np.hstack([known, late]), np.hstack([known, late_latest])
        interval = seeds.seed_interval(low, high, association)
    note = run_values.note_of(
        runs,
        {
            f"without a fall of {other}": runs["other_censored"],
            f"without a fall of {metric}": runs["metric_censored"],
        },
    )
    return Result(*interval, run_values.seeds_counted(early), cells, note)


def goes_with(
    table: pd.DataFrame, *, metric: Metric, other: Metric, train_threshold: float, stay: int
) -> Result:
    """Rank correlation of two metrics over a run's logs after memorisation.

    It is 1 if one falls whenever the other does (Fig. 14). The statistic is the mean over cells of
    the median over seeds.
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


def final_association(table: pd.DataFrame, *, metric: Metric, other: Metric, stay: int) -> Result:
    """Rank correlation over runs of two metrics' values at the end (Figs. 4, 13, 14).

    The values are medians of the last ``stay`` logs. It is 1 if the run with more of one always has
    more of the other.
    """
    rows = []
    for run, history in before_divergence(table).sort_values("step").groupby("run"):
        last = history.tail(stay)[list({metric, other})].median()
        rows.append({"run": run, "seed": history["seed"].iloc[0], **last})
    runs = pd.DataFrame(rows)

    def correlation(one: np.ndarray, two: np.ndarray) -> float:
        return run_values.rank_correlation(pd.DataFrame({"one": one, "two": two}), "one", "two")

    interval = seeds.pooled_interval(runs, [metric, other], correlation)
    counted = runs.dropna()
    return Result(*interval, counted["seed"].nunique(), len(counted), f"{len(counted)} runs")


def spread_over(table: pd.DataFrame, *, metric: Metric, column: Column, stay: int) -> Result:
    """Largest minus smallest value of a metric at the end, over the values of a column (Fig. 12).

    For each value of the column, it takes the median over seeds of the median of the last ``stay``
    logs.
    """

    def last(run: pd.DataFrame, start: float) -> float:
        return float(run[metric].tail(stay).median())

    runs = run_values.values_of_runs(table, last)
    cells = seeds.by_cell(runs, "value", [column])

    def spread(smallest: np.ndarray, largest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        medians = seeds.median_over_seeds(smallest)
        value = medians.max(axis=-1) - medians.min(axis=-1)
        return value, value

    values = cells.to_numpy()
    if values.shape[1] < 2:
        return Result(
            np.nan,
            np.nan,
            np.nan,
            run_values.seeds_counted(cells),
            values.shape[1],
            f"one {column}",
        )
    interval = seeds.seed_interval(values, values, spread)
    return Result(*interval, run_values.seeds_counted(cells), cells.shape[1], f"{len(runs)} runs")


def earlier_with(table: pd.DataFrame, *, column: Column, test_fraction: float, stay: int) -> Result:
    """Decades by which test accuracy rises earlier at the largest value of a column (Fig. 6).

    log10 of t_test at the smallest value over t_test at the largest, for runs of the same seed and
    cell. The level is relative to the best accuracy of each value. The statistic is a mean over
    cells. A run that never generalises is later than its last step.
    """
    ends = sorted(table[column].unique())[:: max(table[column].nunique() - 1, 1)]
    times = []
    for value in ends:
        own = table[table[column] == value]
        level = events.generalisation_level(own, test_fraction, stay)

        def onset(run: pd.DataFrame, level: float = level) -> dict[str, Event]:
            return {"test": events.onset(run["step"], run["accuracy_test"], level, stay)}

        runs = events.run_events(own, onset)
        runs["latest"] = runs["test"].mask(runs["test_censored"], np.inf)
        times.append([np.log10(seeds.by_cell(runs, name)) for name in ("test", "latest")])
    if len(times) < 2:
        return Result(np.nan, np.nan, np.nan, 0, 0, f"one value of {column}")
    (few, few_latest), (many, many_latest) = times
    smallest, largest = few - many_latest, few_latest - many
    interval = seeds.seed_interval(smallest.to_numpy(), largest.to_numpy(), seeds.mean_of_cells)
    note = f"{column} {ends[0]} against {ends[-1]}; {2 * smallest.size} runs"
    return Result(*interval, run_values.seeds_counted(smallest), smallest.shape[1], note)


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
