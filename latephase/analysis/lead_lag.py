"""What moves when: every measure's change, against memorisation and generalisation."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from latephase.analysis import events
from latephase.analysis.change_point import history
from latephase.analysis.delay import delays
from latephase.analysis.divergence import before_divergence
from latephase.analysis.seeds import pooled_interval, stacked
from latephase.errors import UserError

NO_DELAY = 0.3
"""Decades: in a study whose median delay is shorter, the two onsets are not told apart."""
FLOOR = 1e-12
"""What stands for 0 on a scale of logarithms."""


class Measure(NamedTuple):
    """A column, its name in the figure, whether it is seen on a logarithmic scale, and whether only
    a fall counts as its change."""

    column: str
    label: str
    logarithmic: bool = True
    falls: bool = True


MEASURES = (
    Measure("cdnv", "NCC"),
    Measure("nc1_pinv", r"NC1, $\Sigma_B^+$"),
    Measure("nc1_trace_ratio", "NC1, trace ratio"),
    Measure("rnc1", "RNC1, training set"),
    Measure("rnc1_test", "RNC1, test set"),
    Measure("rnc1_test_around_train", "RNC1, test around training means"),
    Measure("nc2_etf", "NC2"),
    Measure("nc3_duality", "NC3"),
    Measure("nc4_mismatch_train", "NC4, training set", logarithmic=False),
    Measure("nc4_mismatch_test", "NC4, test set", logarithmic=False),
    Measure("nc0_normalized", r"NC0 / $\Vert W \Vert_F$"),
    Measure("relative_flatness", r"$\kappa_{Tr}$"),
    Measure("relative_flatness_std", r"$\kappa_{Tr}$, standardised"),
    Measure("relative_flatness_bound", r"$\hat\kappa$"),
    Measure("hessian_trace_last_layer", "Tr H of the last layer"),
    Measure("hessian_eigenvalue_1", "largest eigenvalue of H"),
    Measure("sam_sharpness_0.05", "sharpness (SAM)"),
    Measure("weight_norm_last_layer", r"$\Vert W \Vert_F$ of the last layer"),
    Measure("weight_norm", "norm of all weights"),
    Measure("logit_margin_mean", "mean margin of the logits", falls=False),
    Measure("representation_norm", "norm of the features", falls=False),
    Measure("means_effective_rank", "rank of the class means", falls=False),
    Measure("spectral_entropy", "spectral entropy of the features", logarithmic=False, falls=False),
    Measure("representativeness", "representativeness", logarithmic=False),
    Measure("nhsic_difference", "nHSIC(Z;X) − nHSIC(Z;Y)", logarithmic=False),
    Measure("mi_entropies_difference", r"$\hat I$(Z;X) − $\hat I$(Z;Y)", logarithmic=False),
)
"""In the order of the figure: collapse, flatness and curvature, norms and spectra,
representativeness and information."""
LEAST = 0.1
"""The smallest change that counts: decades of a logarithm, or the units of the column."""
APART = 0.1
"""Decades between a change and half of the fall from which the two times are said to disagree."""
UNPLACED = {"flat": "does not change", "line": "drifts", "": "does not fall"}
"""What a measure does that has no change to place, by the shape of its history; "" is any other."""


def leads(
    table: pd.DataFrame,
    *,
    fitted: float,
    fraction: float,
    stay: int,
    measures: Sequence[Measure] = MEASURES,
) -> pd.DataFrame:
    """When each measure changes in each run that memorises and generalises.

    A row for each run and measured column, with :data:`COLUMNS`. ``train`` and ``test`` are the
    steps of memorisation and generalisation: training accuracy at ``fitted``, and test accuracy at
    ``fraction`` of the study's best final one, each for ``stay`` logs; ``delay`` is
    log10(test/train). ``shape`` is that of :func:`latephase.analysis.change_point.history`, and
    ``change`` the step of the measure's largest change, or of its largest fall where that is what
    is asked for. ``half`` is the step at which it has made half of its fall
    (:func:`latephase.analysis.events.fall`). ``to_train`` and ``to_test`` are the decades from the
    two onsets to the change, above 0 if the measure comes later; ``place`` is where in the delay it
    comes, 0 at memorisation and 1 at generalisation. NaN where there is no change.
    """
    level = events.generalisation_level(table, fraction, stay)
    onsets = delays(table, fitted=fitted, level=level, stay=stay)
    onsets = onsets[~(onsets["train_censored"] | onsets["test_censored"])].set_index("run")
    whole = before_divergence(table)
    present = [m for m in measures if m.column in table and table[m.column].notna().any()]
    rows = []
    for run, of_run in whole.groupby("run", sort=True):
        if run not in onsets.index:
            continue
        onset, of_run = onsets.loc[run], of_run.sort_values("step")
        for measure in present:
            rows.append(
                {
                    "run": run,
                    "seed": onset["seed"],
                    "measure": measure.column,
                    "train": onset["train"],
                    "test": onset["test"],
                    "delay": onset["smallest"],
                }
                | _change(of_run, measure, stay)
            )
    df = pd.DataFrame(rows, columns=COLUMNS[:9])
    df["to_train"], df["to_test"] = (
        np.log10(df["change"] / df[name]) for name in ("train", "test")
    )
    return df.assign(place=df["to_train"] / df["delay"].where(df["delay"] > 0))


COLUMNS = (
    *("run", "seed", "measure", "train", "test", "delay", "shape", "change", "half"),
    *("to_train", "to_test", "place"),
)
"""Of :func:`leads`."""


def _change(run: pd.DataFrame, measure: Measure, stay: int) -> dict[str, object]:
    """The shape of a measure's history, and the steps of its change and of half of its fall."""
    steps, values = run["step"].to_numpy(float), run[measure.column].to_numpy(float)
    if measure.logarithmic:
        values = np.log10(np.maximum(values, FLOOR))
    found = history(steps, values, LEAST)
    largest = found.largest(falls=measure.falls)
    half = events.Event(np.nan, True)
    if measure.logarithmic and measure.falls:
        half = events.fall(steps, 10**values, stay=stay, min_factor=10**LEAST)
    return {
        "shape": found.shape,
        "change": np.nan if largest is None else largest.step,
        "half": np.nan if half.censored else half.step,
    }


def summary(leads: pd.DataFrame) -> pd.DataFrame:
    """Over the runs of a study: a row for each measure, and what it goes with.

    Columns: measure; ``runs`` that memorise and generalise; ``changed``, in how many of them the
    measure changes; ``delay``, their median; ``otherwise``, what it does in most of the other runs
    (:data:`UNPLACED`); of ``to_train``, ``to_test`` and ``place`` the median
    over the runs that change and its interval (whole seeds drawn; NaN with fewer than five), the
    place NaN where there is no delay;
    ``half_apart``, the median of the decades between the change and half of the fall; and
    ``goes_with``, of :func:`verdict`.
    """
    rows = []
    for measure, own in leads.groupby("measure", sort=False):
        row = {
            "measure": measure,
            "runs": len(own),
            "changed": int(own["change"].notna().sum()),
            "delay": float(own["delay"].median()),
            "otherwise": _otherwise(own),
        }
        for name in ("to_train", "to_test", "place"):
            found = pooled_interval(own.replace([np.inf, -np.inf], np.nan), [name], np.median)
            row |= {name: found.estimate, f"{name}_low": found.low, f"{name}_high": found.high}
        row["half_apart"] = float(np.log10(own["half"] / own["change"]).median())
        row["goes_with"] = verdict(row)
        if row["goes_with"] in ("no delay", *UNPLACED.values()):  # a place in nothing
            row |= dict.fromkeys(("place", "place_low", "place_high"), np.nan)
        rows.append(row)
    return pd.DataFrame(rows)


SUMMARY = (
    *("measure", "runs", "changed", "delay", "to_train", "to_train_low", "to_train_high"),
    *("to_test", "to_test_low", "to_test_high", "place", "place_low", "place_high"),
    *("half_apart", "goes_with"),
)
"""What is drawn and tabulated of :func:`summary`."""


def by_arm(
    tables: Mapping[str, pd.DataFrame], arms: Mapping[str, Sequence[str]]
) -> dict[str, pd.DataFrame]:
    """The tables of studies, of which some are cut into arms, each called "<study>: <arm>".

    Args:
        arms: by study, those that are looked at. A study that is not named stays whole.

    Raises UserError for a study or an arm that there is not.
    """
    if unknown := set(arms) - set(tables):
        allowed = ", ".join(tables)
        raise UserError(f"options.arms names the study {min(unknown)!r}; allowed: {allowed}")
    cut = {}
    for study, table in tables.items():
        if study not in arms:
            cut[study] = table
            continue
        known = sorted(set(table["arm"].dropna())) if "arm" in table else []
        for arm in arms[study]:
            if arm not in known:
                allowed = ", ".join(known) or "none, as the study has no arms"
                raise UserError(f"options.arms.{study} names {arm!r}; allowed: {allowed}")
            cut[f"{study}: {arm}"] = table[table["arm"] == arm]
    return cut


def of_studies(tables: dict[str, pd.DataFrame], **limits: float) -> pd.DataFrame:
    """The summary for each of several studies, below each other, with the column study first.

    ``limits`` are those of :func:`leads`. Raises UserError where no run of any study memorises and
    generalises.
    """
    frames = []
    for study, table in tables.items():
        frame = summary(leads(table, **limits))
        frames.append(frame.reindex(columns=SUMMARY).assign(study=study))
    df = stacked(frames)[["study", *SUMMARY]]
    if df.empty:
        raise UserError("--data: no run memorises and generalises; allowed: a study with some")
    return df


def _otherwise(leads: pd.DataFrame) -> str:
    """What a measure does in most of the runs in which it has no change to place."""
    shapes = leads.loc[leads["change"].isna(), "shape"]
    words = [UNPLACED.get(shape, UNPLACED[""]) for shape in shapes]
    return max(dict.fromkeys(words), key=words.count, default="")


def verdict(row: dict[str, float | str]) -> str:
    """Which of the two onsets a measure's change goes with.

    If it has a change to place in less than half of the runs, what it does otherwise: it "does not
    change", "drifts" along a straight line, or "does not fall" but rises. "no delay" where the two
    onsets lie closer than :data:`NO_DELAY`. Otherwise the interval of its place in the delay
    decides: "memorisation" if all of it lies between -0.5 and 0.5, nearer to that than to the
    other, "generalisation" between 0.5 and 1.5, "before both" below and "after both" above.
    "undecided" if the interval lies across a limit, or is not known.
    """
    if row["changed"] < row["runs"] / 2:
        return row["otherwise"]
    if not row["delay"] >= NO_DELAY:
        return "no delay"
    low, high = row["place_low"], row["place_high"]
    if high < -0.5:
        return "before both"
    if low > 1.5:
        return "after both"
    if low > -0.5 and high < 0.5:
        return "memorisation"
    if low > 0.5 and high < 1.5:
        return "generalisation"
    return "undecided"
