"""Sakamoto & Sato (arXiv 2509.20829): grokking is timed by the contraction of RNC1.

Times of a run, in steps, as the claims use them:

- t_train: :func:`latephase.analysis.events.onset` of training accuracy at ``train_threshold``.
- t_test: onset of test accuracy at ``test_fraction`` of the highest final test accuracy in
  the study (:func:`latephase.analysis.events.generalisation_level`).
- a *cell* is a learning rate and a weight decay; its value is the median over seeds.
"""

import numpy as np
import pandas as pd

from latephase.analysis import events, seeds, trends
from latephase.analysis.events import Event
from latephase.papers.claim import Result


def generalisation_delay(
    table: pd.DataFrame, *, train_threshold: float, test_fraction: float, stay: int
) -> Result:
    """Mean over cells of log10(t_test / t_train), in decades (Fig. 3, first row).

    A run that never generalises has a delay between log10(last step / t_train) and infinity:
    the estimate and the lower end take the former, the upper end the latter. A run that
    never memorises has no delay; a cell counts if at least half of its seeds have one.
    """
    runs = _accuracy_onsets(table, train_threshold, test_fraction, stay)
    smallest, largest = _delays(runs)
    interval = seeds.seed_interval(smallest.to_numpy(), largest.to_numpy(), seeds.mean_of_cells)
    return Result(*interval, _seeds(smallest), smallest.shape[1], _onset_note(runs))


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
    runs = _accuracy_onsets(table, train_threshold, test_fraction, stay)
    smallest, largest = _delays(runs)
    decays = smallest.columns.get_level_values("optimizer.weight_decay").to_numpy(dtype=float)

    def association(low: np.ndarray, high: np.ndarray) -> tuple[float, float]:
        value = trends.rank_association(decays, low, high)
        return value, value

    if len(np.unique(decays)) < trends.MIN_CELLS:
        interval = seeds.Interval(np.nan, np.nan, np.nan)
    else:
        interval = seeds.seed_interval(smallest.to_numpy(), largest.to_numpy(), association)
    return Result(*interval, _seeds(smallest), smallest.shape[1], _onset_note(runs))


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
    runs = _rises_and_falls(table, train_threshold, stay, min_rise, factor)
    rising = runs[runs["usable"]]
    train, rise, rnc1 = (np.log10(rising[name]) for name in ("train", "rise", "rnc1"))
    fallen, lag = ~rising["rnc1_censored"], rnc1 - rise
    surely = fallen & (lag.abs() <= within) & (lag.abs() < (rnc1 - train).abs())
    maybe = surely | (~fallen & (lag <= within))
    measured = rnc1.notna()
    rising = rising.assign(
        surely=surely.astype(float).where(measured), maybe=maybe.astype(float).where(measured)
    )
    smallest, largest = (seeds.by_cell(rising, name) for name in ("surely", "maybe"))
    interval = seeds.seed_interval(smallest.to_numpy(), largest.to_numpy(), seeds.mean_of_runs)
    note = _rise_note(runs, factor)
    if fallen.any():
        note += f"; RNC1 minus test, median: {lag[fallen].median():+.2f} decades"
    return Result(*interval, _seeds(smallest), smallest.shape[1], note)


def rnc1_follows_test(
    table: pd.DataFrame, *, train_threshold: float, stay: int, min_rise: float, factor: float
) -> Result:
    """Rank association over runs of the rise of test accuracy with RNC1's fall (Fig. 3).

    Somers' D (:func:`latephase.analysis.trends.rank_association`) over pairs of runs, with the
    times and the runs of :func:`rnc1_with_test`: 1 if of any two the one that generalises later
    contracts later. Pairs that runs whose RNC1 does not fall leave undecided count as ties, that
    is against the claim. Fewer than three cells: NaN.
    """
    runs = _rises_and_falls(table, train_threshold, stay, min_rise, factor)
    rising = runs[runs["usable"]]
    rising = rising.assign(latest=rising["rnc1"].mask(rising["rnc1_censored"], np.inf))
    rise, earliest, latest = (seeds.by_cell(rising, name) for name in ("rise", "rnc1", "latest"))
    cells = rise.shape[1]

    def association(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value = trends.rank_association(low[..., :cells], low[..., cells:], high[..., cells:])
        return value, value

    interval = seeds.Interval(np.nan, np.nan, np.nan)
    if cells >= trends.MIN_CELLS:
        low, high = (np.hstack([rise, bound]) for bound in (earliest, latest))
        interval = seeds.seed_interval(low, high, association)
    return Result(*interval, _seeds(earliest), cells, _rise_note(runs, factor))


def _rises_and_falls(
    table: pd.DataFrame, train_threshold: float, stay: int, min_rise: float, factor: float
) -> pd.DataFrame:
    """One row a run: ``train``, ``rise``, ``rnc1``; ``usable`` where the first two are known."""

    def times(run: pd.DataFrame) -> dict[str, Event]:
        train = events.onset(run["step"], run["accuracy_train"], train_threshold, stay)
        rise = Event(np.nan, True)
        if not train.censored:
            rise = events.late_rise(
                run["step"], run["accuracy_test"], train.step, min_rise=min_rise, stay=stay
            )
        fall = events.fall(run["step"], run["rnc1"], stay=stay, min_factor=factor, factor=factor)
        return {"train": train, "rise": rise, "rnc1": fall}

    runs = events.run_events(table, times)
    names = ["train", "rise", "rnc1"]
    runs[names] = runs[names].where(runs[names] > 0)
    return runs.assign(usable=~(runs["train_censored"] | runs["rise_censored"]))


def _rise_note(runs: pd.DataFrame, factor: float) -> str:
    return _note(
        runs,
        {
            "never memorise (left out)": runs["train_censored"],
            "show no late rise (left out)": runs["rise_censored"] & ~runs["train_censored"],
            f"rise, but RNC1 falls by less than a factor of {factor:g}": runs["usable"]
            & runs["rnc1_censored"],
        },
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

    def times(run: pd.DataFrame) -> dict[str, Event]:
        train = events.onset(run["step"], run["accuracy_train"], train_threshold, stay)
        rnc1 = Event(train.step, True)
        if not train.censored:
            rnc1 = events.fall(
                run["step"],
                run["rnc1"],
                stay=stay,
                min_factor=factor,
                factor=factor,
                start=train.step,
            )
        return {"train": train, "rnc1": rnc1}

    runs = events.run_events(table, times)
    runs["latest"] = runs["rnc1"].mask(runs["rnc1_censored"], np.inf)
    earliest, latest = (seeds.by_cell(runs, name) for name in ("rnc1", "latest"))
    clock = np.array([lr * decay for lr, decay in earliest.columns])
    positive = clock > 0  # No decay, no clock: the theorem says nothing of that cell.
    interval, n_cells = trends.loglog_slope_interval(
        clock[positive], earliest.to_numpy()[:, positive], latest.to_numpy()[:, positive]
    )
    note = _note(
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


def _accuracy_onsets(
    table: pd.DataFrame, train_threshold: float, test_fraction: float, stay: int
) -> pd.DataFrame:
    """One row a run, with ``train`` and ``test`` onsets."""
    level = events.generalisation_level(table, test_fraction, stay)
    return events.run_events(
        table,
        lambda run: {
            "train": events.onset(run["step"], run["accuracy_train"], train_threshold, stay),
            "test": events.onset(run["step"], run["accuracy_test"], level, stay),
        },
    )


def _delays(runs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """log10(t_test / t_train) by seed and cell: the smallest and the largest it may be."""
    delay = np.log10((runs["test"] / runs["train"]).where(~runs["train_censored"]))
    infinite = runs["test_censored"] & ~runs["train_censored"]
    runs = runs.assign(smallest=delay, largest=delay.mask(infinite, np.inf))
    smallest = _well_covered(seeds.by_cell(runs, "smallest"))
    return smallest, seeds.by_cell(runs, "largest")[smallest.columns]


def _well_covered(values: pd.DataFrame) -> pd.DataFrame:
    """The cells in which at least half of the seeds have a value."""
    return values.loc[:, values.notna().mean() >= 0.5]


def _seeds(values: pd.DataFrame) -> int:
    """Seeds with a value in at least one cell."""
    return int(values.notna().any(axis=1).sum()) if values.shape[1] else 0


def _onset_note(runs: pd.DataFrame) -> str:
    return _note(
        runs,
        {
            "never memorise (left out)": runs["train_censored"],
            "memorise but never generalise (a lower bound)": runs["test_censored"]
            & ~runs["train_censored"],
        },
    )


def _note(runs: pd.DataFrame, counts: dict[str, pd.Series]) -> str:
    """What happened to how many runs, in words."""
    parts = [f"{len(runs)} runs"]
    for text, mask in ({"diverged": runs["diverged"]} | counts).items():
        if mask.any():
            parts.append(f"{int(mask.sum())} {text}")
    return "; ".join(parts)
