"""A sentence on the result that a figure's numbers show.

A figure's program writes the numbers that it draws as CSV. The programs share a few forms of CSV,
which are recognised by their columns. For an unknown form the sentence is empty.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from latephase.drawing import names
from latephase.drawing.comparison_page import number
from latephase.drawing.names import listed

SHARES = ("accuracy", "nc4")
"""Prefixes of the names of metrics that are shares, and better if larger."""
DEFINITE = ("angle", "bound", "determinant", "mean", "smallest", "trace")
"""Prefixes of the names that need an article."""
FEW = 3
"""The largest number of lines of a figure whose values are all listed."""
SMALL = 0.02
"""The smallest NC0 of a recursion that is compared. Below it, rounding matters more than
training."""
ONSETS = ("memorisation", "generalisation")
"""The verdicts on a measure that goes with one of the two onsets."""
MOVED = {"up": "rises", "down": "falls", "stays": "stays", "undecided": "is undecided"}
"""What an intervention does to a quantity, by the verdict on it."""
NOT_KEYS = {"metric", "mark", "source", "step", "mean", "low", "high", "sd", "n", "weight_decay"}


def finding(df: pd.DataFrame, metric: str | None = None) -> str:
    """The result that a figure's numbers show, as a clause without a full stop; "" if unknown.

    ``metric`` is the metric of the column ``mean``, for figures without a column ``metric``.
    """
    for needed, describe in FORMS:
        if {*needed} <= {*df}:
            return describe(df)
    if metric and {"optimizer", "weight_decay", "mean"} <= {*df}:
        return _best(df.assign(metric=metric)[["metric", "optimizer", "weight_decay", "mean"]])
    return ""


def value(metric: str, x: float) -> str:
    """A value of a metric with three digits, or as a percentage if the metric is a share."""
    if metric.startswith(SHARES):
        return f"{100 * x:.1f} %"
    return number(x)


def metrics_in(df: pd.DataFrame, metric: str | None = None) -> list[str]:
    """The metrics that a figure shows, from the columns of its numbers."""
    if "metric" in df:
        shown = df[df["mark"] == "line"] if "mark" in df else df
        return list(dict.fromkeys(shown["metric"]))
    return [column for column in df if column in names.METRICS] or ([metric] if metric else [])


def _over_time(df: pd.DataFrame) -> str:
    """The values at which the lines of two metrics end."""
    lines = df[(df["mark"] == "line") & np.isfinite(df["mean"])].sort_values("step")
    keys = [column for column in lines if column not in NOT_KEYS]
    clauses = []
    for metric in _first_two(metrics_in(df)):
        rows = lines[lines["metric"] == metric]
        ends = rows.groupby(keys, sort=False).tail(1) if keys else rows.tail(1)
        if not ends.empty:
            clauses.append(f"{_the(metric)} ends {_spread(metric, ends, keys)}")
    return ", and ".join(clauses)


def _best(df: pd.DataFrame) -> str:
    """The best mean of each optimizer over weight decays and every other varied value."""
    ours = df[df["source"] == "trained"] if "source" in df else df
    ours = ours[np.isfinite(ours["mean"])]
    keys = [key for key in ("optimizer", "coupling") if key in ours]
    clauses = []
    for metric in _first_two(metrics_in(df)):
        groups = ours[ours["metric"] == metric].groupby(keys, sort=False)["mean"]
        largest = metric.startswith(SHARES)
        best = (groups.max() if largest else groups.min()).reset_index()
        if not best.empty:
            which = "highest" if largest else "lowest"
            of = "" if clauses else " of each optimizer"
            spread = _spread(metric, best, keys).removeprefix("at ")
            clauses.append(f"the {which} {names.plain_metric(metric)}{of} is {spread}")
    return ", and ".join(clauses)


def _first_two(metrics: Sequence[str]) -> list[str]:
    """The first two metrics with different names. Training accuracy is left out."""
    by_name = {names.plain_metric(m): m for m in reversed(metrics) if m != "accuracy_train"}
    return [m for m in metrics if by_name.get(names.plain_metric(m)) == m][:2]


def _the(metric: str) -> str:
    name = names.plain_metric(metric)
    if metric.startswith("nc4_agreement"):
        return f"the agreement of {name}"  # the atlas gives NC4 as a mismatch
    return f"the {name}" if name.startswith(DEFINITE) else name


def _spread(metric: str, rows: pd.DataFrame, keys: Sequence[str]) -> str:
    """The values of a metric, each with its keys.

    Of many values, only the smallest and the largest are given.
    """
    ordered = rows.sort_values("mean", kind="stable")
    values = [value(metric, mean) for mean in ordered["mean"]]
    if len({*values}) == 1:
        return f"at {values[0]}{' everywhere' if len(values) > 1 else ''}"
    many = len(values) > FEW
    chosen = [0, -1] if many else range(len(values))
    called = [_keys_in_words(ordered.iloc[i], keys, in_full=not j) for j, i in enumerate(chosen)]
    parts = [f"{values[i]} ({name})" for i, name in zip(chosen, called, strict=True)]
    return f"{'between' if many else 'at'} {listed(parts)}"


def _keys_in_words(row: pd.Series, keys: Sequence[str], in_full: bool) -> str:
    """The keys of a value: ``weight decay 0.1``, or only ``0.1`` if the axis was named before."""
    parts = []
    for key in keys:
        if isinstance(row[key], str):
            name, *head = map(names.value, row[key].split(", "))
            parts.append(", ".join([name, *(f"{other} on the head" for other in head)]))
        else:
            named = in_full or len(keys) > 1
            text = names.titled(key, row[key]) if named else names.value(row[key])
            parts.append(text.replace("-", "−"))
    return ", ".join(parts)


def _regression(df: pd.DataFrame) -> str:
    """How much of the variance of y the logarithm of x explains, over all runs of each panel."""
    x, y = [column for column in df if column in names.METRICS][:2]
    fits = df[(df["kind"] == "regression") & df["r_squared"].notna()]
    if "lr" in fits:
        fits = fits[fits["lr"].isna()]
    if fits.empty:
        return ""
    shares = [
        f"{100 * fit['r_squared']:.0f} % ({int(fit['n'])} runs)" for _, fit in fits.iterrows()
    ]
    x, y = names.plain_metric(x), names.plain_metric(y)
    return f"a line in log {x} explains {' and '.join(shares)} of the variance of {y}"


def _margins(df: pd.DataFrame) -> str:
    """Test accuracy, and the share of unseen samples on the wrong side, first and last."""
    unseen = df[df["split"] != "training"] if "split" in df else df
    clauses = []
    for step, rows in unseen.groupby("step", sort=True):
        wrong = (
            np.sign(rows["margin"]) != np.where(rows["label"] == rows["class_a"], 1, -1)
        ).mean()
        clauses.append(
            f"{value('accuracy', rows['accuracy_test'].iloc[0])} at step {step:,}, where "
            f"{100 * wrong:.0f} % of the unseen samples are on the wrong side"
        )
    ends = [clauses[0], clauses[-1]] if len(clauses) > 1 else clauses
    return f"test accuracy is {', and '.join(ends)}"


def _shares(df: pd.DataFrame) -> str:
    """Two metrics at the ends of the axis of coupled shares."""
    clauses = []
    for metric in [m for m in metrics_in(df) if not m.startswith(SHARES)][:2]:
        means = df[df["metric"] == metric].groupby("share")["mean"].mean()
        first, last = value(metric, means.iloc[0]), value(metric, means.iloc[-1])
        clauses.append(f"{_the(metric)} goes from {first} to {last}")
    low, high = df["share"].min(), df["share"].max()
    return f"as the coupled share goes from {low:g} to {high:g}, {' and '.join(clauses)}"


def _samples(df: pd.DataFrame) -> str:
    """The error of the variance with the fewest and with the most samples."""
    means = df.groupby("samples")["mean"].mean()
    few, many = means.index[0], means.index[-1]
    return (
        f"the variance is off by {number(means.iloc[0])} with {few} samples a class, "
        f"and by {number(means.iloc[-1])} with {many}"
    )


def _spectrum(df: pd.DataFrame) -> str:
    """For each optimizer, the smallest singular value of the classifier divided by the largest."""
    last = df[(df["step"] == df["step"].max()) & (df["matrix"] == df["matrix"].iloc[0])]
    by_rank = last.pivot(index="optimizer", columns="rank", values="mean")
    share = (by_rank.iloc[:, -1] / by_rank.iloc[:, 0]).rename("mean").reset_index()
    spread = _spread("", share, ["optimizer"])
    return f"the smallest singular value of W over the largest ends {spread}"


def _onsets(df: pd.DataFrame) -> str:
    """The steps of the marked onsets."""
    onsets = df[df["mark"] == "onset"].dropna(subset=["step"]).sort_values("step")
    clauses = [
        f"{row['metric']} sets in at step {row['step']:,.0f}" for _, row in onsets.iterrows()
    ]
    return " and ".join(clauses)


def _recursion(df: pd.DataFrame) -> str:
    """The largest relative difference between trained NC0 and the recursion's.

    Cells whose NC0 is below :data:`SMALL` are left out.
    """
    axes = ["optimizer.momentum", "optimizer.weight_decay"]
    ours = df[df["setting"] == "study"].pivot(index=axes, columns="source", values="nc0")
    ours = ours[ours["recursion"] > SMALL]
    off = np.log(ours["trained"] / ours["recursion"]).abs().max()
    cells = f"{len(ours)} cell{'s' * (len(ours) != 1)}"
    return f"trained NC0 is off the recursion by at most {number(100 * off)} % in {cells}"


def _logit_scale(df: pd.DataFrame) -> str:
    """The logit scale at which relative flatness is largest, at exact collapse and in training."""
    tops = df.loc[df.groupby("kind", sort=False)["kappa"].idxmax()].set_index("kind")
    words = {"collapse": "at exact collapse", "run": "in training"}
    clauses = [
        f"{words[kind]} at a logit scale of {number(row['scale'])}"
        for kind, row in tops.iterrows()
        if kind in words
    ]
    return f"relative flatness is largest {' and '.join(clauses)}" if clauses else ""


def _places(df: pd.DataFrame) -> str:
    """How many measures go with each onset, for each study or arm."""
    counts = df.groupby("study", sort=False)["goes_with"].value_counts().unstack(fill_value=0)
    counts = counts.reindex(index=df["study"].unique(), columns=ONSETS, fill_value=0)
    placed = counts[counts.any(axis=1)]
    if placed.empty:
        return "no measure goes with one of memorisation and generalisation and not with the other"
    clauses = [f"in {study} {early} and {late}" for study, early, late in placed.itertuples()]
    study, early, late = next(placed.itertuples())
    clauses[0] = f"in {study} {early} measures go with memorisation and {late} with generalisation"
    if others := len(counts) - len(placed):
        clauses.append(f"in the other {f'{others} panels' if others > 1 else 'panel'} none")
    return listed(clauses)


def _forecasts(df: pd.DataFrame) -> str:
    """How many forecasts are better than both baselines, for unseen seeds and unseen settings."""
    clauses = []
    for held_out, rows in df[df["auroc_verdict"] != "baseline"].groupby("held_out", sort=False):
        soon, first = (
            f"{(rows[f'{score}_verdict'] == 'better').sum()} of {len(rows)}"
            for score in ("auroc", "order")
        )
        told = (
            f"{soon} and {first}"
            if clauses
            else f"{soon} forecasts of whether a run generalises within a decade are better than "
            f"both baselines, and {first} forecasts of which run generalises first"
        )
        clauses.append(f"for unseen {held_out}s, {told}")
    return ", and ".join(clauses)


def _interventions(df: pd.DataFrame) -> str:
    """Which interventions move test accuracy."""
    by_verdict = df[df["quantity"] == "accuracy_test"].groupby("verdict")["intervention"]
    clauses = [
        f"{words} ({'; '.join(by_verdict.get_group(verdict))})"
        for verdict, words in MOVED.items()
        if verdict in by_verdict.groups
    ]
    return f"test accuracy {listed(clauses)}"


def _delays(df: pd.DataFrame) -> str:
    """How many runs memorise and generalise, and the shortest and the longest known delay."""
    runs, memorised, generalised = (df[key].sum() for key in ("runs", "memorised", "generalised"))
    counted = f"of {runs} runs, {memorised} memorise and {generalised} generalise"
    known = df[np.isfinite(df["delay"]) & (df["generalised"] == df["memorised"])]
    if known.empty:
        return counted
    keys = ["optimizer.lr", "optimizer.weight_decay"]
    spread = _spread("delay", known.assign(mean=known["delay"]), keys).removeprefix("at ")
    return f"{counted}, and where all that memorise generalise, the delay in decades is {spread}"


FORMS: Sequence[tuple[Sequence[str], Callable[[pd.DataFrame], str]]] = (
    (("metric", "mark", "step", "mean"), _over_time),
    (("metric", "optimizer", "weight_decay", "mean"), _best),
    (("kind", "n", "r_squared"), _regression),
    (("margin", "label", "class_a", "step", "accuracy_test"), _margins),
    (("metric", "share", "mean"), _shares),
    (("samples", "mean"), _samples),
    (("matrix", "rank", "step", "mean"), _spectrum),
    (("setting", "source", "nc0"), _recursion),
    (("mark", "metric", "step", "value"), _onsets),
    (("kind", "scale", "kappa"), _logit_scale),
    (("study", "measure", "goes_with"), _places),
    (("memorised", "generalised", "delay"), _delays),
    (("held_out", "measure", "auroc_verdict", "order_verdict"), _forecasts),
    (("intervention", "quantity", "verdict"), _interventions),
)
"""The columns that identify a form, and the function that describes it. The first match counts."""
