"""Zhao et al. (arXiv 2602.16642): the optimizer decides whether NC0 vanishes.

Except for the recursion, each statistic uses each run's last step, and only runs whose training
accuracy there is at least ``fitted``, as in the paper. The note counts the other runs. A *setting*
is a learning rate and a momentum (β₁ for Adam and its relatives). Its *best* run over weight decays
is that with the smallest value. Ratios are in decades, log10.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from latephase.analysis import events, final_rows, seeds, trends
from latephase.analysis.seeds import Interval
from latephase.analysis.trends import regression
from latephase.papers.claim import Column, Metric, Optimizer, Options, Result
from latephase.papers.zhao2026 import predictions
from latephase.runs.columns import COUPLED_DECAY, DECAY, LR, OPTIMIZER


def row_sum_recursion(table: pd.DataFrame, *, floor: float) -> Result:
    """The largest departure of NC0 from its recursion under SGD (Thm 3.2, Fig. 5).

    A run's departure is max |ln(NC0 / prediction)| over its logged steps after the first at which
    :func:`latephase.papers.zhao2026.predictions.sgd_nc0` is at least ``floor``. Below the floor
    only float32's rounding would be measured. A *cell* is a learning rate, a momentum and a weight
    decay. Its value is the median over seeds. The statistic is the largest value of all cells; NaN
    if there are none.
    """
    return _departure(table, predictions.sgd_nc0(table), floor, [*predictions.SGD])


def _departure(table: pd.DataFrame, predicted: pd.Series, floor: float, cell: list[str]) -> Result:
    """The largest departure over all cells of runs from a prediction for each row."""
    measured = events.before_divergence(table).assign(predicted=predicted)
    told = measured[(measured["step"] > 0) & (measured["predicted"] >= floor)]
    with np.errstate(divide="ignore"):
        departures = np.log(told["nc0"] / told["predicted"]).abs()
    runs = table.groupby("run")[["seed", *cell]].first()
    runs["departure"] = departures.groupby(told["run"]).max()
    values = seeds.by_cell(runs, "departure", cell).dropna(axis=1, how="all")
    interval = seeds.seed_interval(values.to_numpy(), values.to_numpy(), seeds.largest_of_cells)
    return Result(*interval, seeds.counted(values), values.shape[1], _note(table, runs, cell))


def _note(table: pd.DataFrame, runs: pd.DataFrame, cell: list[str]) -> str:
    parts = [f"{len(runs)} runs"]
    if diverged := table.loc[table["diverged_at"].notna(), "run"].nunique():
        parts.append(f"{diverged} diverged")
    if silent := int(runs["departure"].isna().sum()):
        parts.append(f"{silent} without a step above the floor (left out)")
    if runs["departure"].notna().any():
        worst = runs.loc[runs["departure"].idxmax()]
        where = ", ".join(
            worst[name] if name == OPTIMIZER else f"{_plain(name)} {worst[name]:g}" for name in cell
        )
        parts.append(
            f"the farthest run, {worst['departure']:.2g}: {where}, seed {worst['seed']:.0f}"
        )
    return "; ".join(parts)


def _plain(column: str) -> str:
    """The name of a column in plain words: optimizer.weight_decay is "weight decay"."""
    return column.rpartition(".")[2].replace("_", " ")


def fall_from_start(
    table: pd.DataFrame, *, optimizer: Optimizer, metric: Metric, fitted: float
) -> Result:
    """log10 of a metric at step 0 over an optimizer's best value at the end (Figs. 3 and 6).

    It is above 0 if the metric ends below its start. The best value and the means are as in
    :func:`coupling_contrast`. All runs of a seed start from the same initialisation.
    """
    own = table[table[OPTIMIZER] == optimizer]
    last, left_out = final_rows.fitted(own, fitted)
    best = _best(last, metric)
    start = own[own["step"] == 0].groupby("seed")[metric].median()
    falls = best.rsub(np.log10(start), axis="index").dropna(axis=1, how="all")
    values = falls.to_numpy()
    interval = seeds.seed_interval(values, values, seeds.mean_of_cells)
    note = f"{left_out}; {metric} at step 0, median: {start.median():.2g}"
    if falls.size:
        note += f"; best at the end: {10 ** float(np.nanmedian(best)):.2g}"
    return Result(*interval, seeds.counted(falls), falls.shape[1], note)


def coupling_contrast(
    table: pd.DataFrame, *, coupled: Optimizer, decoupled: Optimizer, metric: Metric, fitted: float
) -> Result:
    """log10 of the decoupled optimizer's best value over the coupled one's (Figs. 1 and 3).

    The weight decays of the two optimizers have different scales, so the best values are compared.
    The learning rates differ too, so the best value is taken over learning rates as well. The
    statistic is the mean over momenta of the median over seeds. It is NaN if the two optimizers
    have no momentum in common at which both have a fitted run.
    """
    last, left_out = final_rows.fitted(table, fitted)
    runs = {name: last[last[OPTIMIZER] == name] for name in (coupled, decoupled)}
    return _contrast(runs, coupled, decoupled, metric, left_out)


def decay_contrast(
    table: pd.DataFrame,
    *,
    optimizer: Optimizer,
    options: Options,
    metric: Metric,
    fitted: float,
) -> Result:
    """log10 of one optimizer's best value under decoupled decay over that under coupled decay.

    This is for optimizers that have both kinds of decay. Only runs with exactly one of them above 0
    count. ``options`` selects runs of an optimizer that has variants, as ``{"head": "muon"}``; an
    empty one selects all. The best value over decays and the median over seeds are as in
    :func:`coupling_contrast`.
    """
    last, left_out = final_rows.fitted(_chosen(table, optimizer, options), fitted)
    coupled, decoupled = last[COUPLED_DECAY] > 0, last[DECAY] > 0
    runs = {"coupled": last[coupled & ~decoupled], "decoupled": last[decoupled & ~coupled]}
    return _contrast(runs, "coupled", "decoupled", metric, left_out)


def _contrast(
    runs: Mapping[str, pd.DataFrame], coupled: str, decoupled: str, metric: Metric, left_out: str
) -> Result:
    """log10 of the best value of the decoupled runs over that of the coupled runs."""
    best = {name: _best(rows, metric) for name, rows in runs.items()}
    contrast = (best[decoupled] - best[coupled]).dropna(axis=1, how="all")
    values = contrast.to_numpy()
    interval = seeds.seed_interval(values, values, seeds.mean_of_cells)
    medians = {name: 10 ** float(np.nanmedian(frame)) for name, frame in best.items() if frame.size}
    told = ", ".join(f"{name} {value:.2g}" for name, value in medians.items())
    note = f"{left_out}; best {metric}, median: {told or 'none'}"
    return Result(*interval, seeds.counted(contrast), contrast.shape[1], note)


def decoupled_recursion(
    table: pd.DataFrame, *, optimizers: Sequence[Optimizer], options: Options, floor: float
) -> Result:
    """The largest departure of NC0 from Π(1 − ηλ) under decoupled decay alone (Thm 3.1, Lemma E.5).

    Only runs of the ``optimizers`` with a decoupled decay above 0 and no coupled decay count.
    ``options`` are those of :func:`decay_contrast`, for optimizers that have the option. The rest
    is as in :func:`row_sum_recursion`, but a cell is an optimizer and a decay.
    """
    table = pd.concat([_chosen(table, name, options) for name in optimizers])
    table = table[(table[DECAY] > 0) & (table[COUPLED_DECAY] == 0)].reset_index(drop=True)
    predicted = predictions.decoupled_nc0(table)
    return _departure(table, predicted, floor, [OPTIMIZER, DECAY])


def _chosen(table: pd.DataFrame, optimizer: str, options: Options) -> pd.DataFrame:
    """The runs of an optimizer that have the values of the options, or lack these options."""
    own = table[table[OPTIMIZER] == optimizer]
    for name, value in options.items():
        column = f"optimizer.{name}"
        if column in own:
            own = own[own[column].isna() | (own[column] == value)]
    return own


def momentum_beyond_loss(table: pd.DataFrame, *, fitted: float, loss_factor: float) -> Result:
    """log10 NC0(β) / NC0(β') for momenta β < β' that end at the same training loss (Fig. 4).

    The statistic is the mean over all pairs of runs with the same optimizer, learning rate, decay >
    0 and seed whose final training losses are within a factor ``loss_factor`` of each other. If it
    is positive, momentum reduces NC0 more than the loss explains.
    """
    last, left_out = final_rows.fitted(table, fitted)
    last = last[last[DECAY] > 0]
    keys = [OPTIMIZER, LR, DECAY]
    pairs = last.merge(last, on=[*keys, "seed"], suffixes=("", "_more"))
    pairs = pairs[pairs["momentum"] < pairs["momentum_more"]]
    equal = np.log(pairs["loss_train"] / pairs["loss_train_more"]).abs() <= np.log(loss_factor)
    pairs = pairs[equal]
    with np.errstate(divide="ignore"):
        gain = np.log10(pairs["nc0"] / pairs["nc0_more"])
    cells = [*keys, "momentum", "momentum_more"]
    gains = seeds.by_cell(pairs.assign(gain=gain), "gain", cells)
    values = gains.to_numpy()
    interval = seeds.seed_interval(values, values, seeds.mean_of_cells)
    note = f"{left_out}; {len(pairs)} pairs within a factor {loss_factor:g} in training loss"
    return Result(*interval, seeds.counted(gains), gains.shape[1], note)


def mixture_order(
    table: pd.DataFrame, *, share: Column, metrics: Sequence[Metric], fitted: float
) -> Result:
    """The weakest of the rank associations of a share with several metrics (Fig. 8).

    Each association is Somers' D of the coupled decay ``share`` with a metric, over all pairs of
    runs with different shares. The statistic is the largest of them. It is -1 if all metrics fall
    with every increase of the share.
    """
    last, left_out = final_rows.fitted(table, fitted)
    frames = [seeds.by_cell(last, metric, [share]) for metric in metrics]
    shares = frames[0].columns.to_numpy(dtype=float)
    order = np.stack([frame.to_numpy() for frame in frames], axis=-1)  # [S, C, metrics]

    def weakest(values: np.ndarray, _same: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        split = np.moveaxis(values.reshape(*values.shape[:-1], len(shares), len(frames)), -1, 0)
        found = np.max([trends.rank_association(shares, v, v) for v in split], axis=0)
        return found, found

    interval = Interval(np.nan, np.nan, np.nan)
    if len(shares) >= trends.MIN_CELLS:
        flat = order.reshape(len(order), -1)
        interval = seeds.seed_interval(flat, flat, weakest)
    return Result(*interval, seeds.counted(frames[0]), len(shares), left_out)


def regression_slope(table: pd.DataFrame, *, fitted: float) -> Result:
    """The slope of NC3 on log10 NC0 over all runs (Fig. 2, Table 6)."""
    return _over_runs(table, ["nc0", "nc3_duality"], fitted, lambda x, y: regression(x, y)[0])


def regression_r_squared(table: pd.DataFrame, *, fitted: float) -> Result:
    """The share of NC3's variance over all runs that log10 NC0 explains (Fig. 2, Table 6).

    It is negative if NC3 falls as NC0 rises.
    """

    def share(x: np.ndarray, y: np.ndarray) -> float:
        slope, _, r_squared = regression(x, y)
        return float(np.copysign(r_squared, slope))

    return _over_runs(table, ["nc0", "nc3_duality"], fitted, share)


def accuracy_association(table: pd.DataFrame, *, metric: Metric, fitted: float) -> Result:
    """Spearman's ρ over all runs of a metric with test accuracy (Appendix D)."""

    def rho(x: np.ndarray, y: np.ndarray) -> float:
        return float(np.corrcoef(rankdata(x), rankdata(y))[0, 1]) if len(x) > 2 else np.nan

    return _over_runs(table, [metric, "accuracy_test"], fitted, rho)


def agreement_where_least_collapsed(
    table: pd.DataFrame, *, metrics: Sequence[Metric], fitted: float
) -> Result:
    """The mean NC4 of the third of the runs that have collapsed least (Fig. 57, claim (v)).

    NC4 is the agreement on the test set, without the bias. Each of the ``metrics``, which are
    smaller after more collapse, selects its own third of the runs. The statistic is the smallest of
    these means. If NC4 does not need the other properties, it is as high in these thirds as
    elsewhere.
    """

    def smallest(agreement: np.ndarray, *collapse: np.ndarray) -> float:
        third = -(-len(agreement) // 3)
        return float(min(agreement[np.argsort(values)[-third:]].mean() for values in collapse))

    columns = ["nc4_agreement_test_without_bias", *metrics]
    return _over_runs(table, columns, fitted, smallest)


def _over_runs(table: pd.DataFrame, columns: Sequence[str], fitted: float, statistic) -> Result:
    """A statistic of columns over all fitted runs, with its interval over seeds."""
    last, left_out = final_rows.fitted(table, fitted)
    interval = seeds.pooled_interval(last, columns, statistic)
    return Result(*interval, last["seed"].nunique(), last["run"].nunique(), left_out)


def _best(last: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """log10 of the smallest value over decays and learning rates.

    Rows are seeds and columns are momenta.
    """
    with np.errstate(divide="ignore"):
        return np.log10(last.groupby(["seed", "momentum"])[metric].min().unstack("momentum"))
