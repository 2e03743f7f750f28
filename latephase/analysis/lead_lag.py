"""When each measure changes, compared with the onsets of memorisation and of generalisation."""

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
"""Decades. If a study's median delay is shorter, we do not distinguish its two onsets."""
FLOOR = 1e-12
"""Replaces smaller values, such as 0, on a logarithmic scale."""


class Measure(NamedTuple):
    """A column of a study's data, as the analyses of the atlas read it.

    ``label`` is its name in figures. ``logarithmic`` says whether it is analysed as log10.
    ``falls`` says whether only a fall counts as its change.
    """

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
"""In the order of the figure: collapse; flatness and curvature; norms and spectra;
representativeness and information."""
LEAST = 0.1
"""The smallest change that counts: in decades for a logarithmic scale, otherwise in the units of
the column."""
APART = 0.1
"""Decades. If the time of the change and the time of half of the fall differ by this or more,
figures and tables say so."""
UNPLACED = {"flat": "does not change", "line": "drifts", "": "does not fall"}
"""What a measure does in a run in which no change can be placed, by the shape of its history. ""
stands for every other shape."""


def leads(
    table: pd.DataFrame,
    *,
    fitted: float,
    fraction: float,
    stay: int,
    measures: Sequence[Measure] = MEASURES,
) -> pd.DataFrame:
    """When each measure changes, in each run that memorises and generalises.

    Returns a row for each run and measured column, with the columns :data:`COLUMNS`:

    - ``train``, ``test``: the steps of memorisation and of generalisation: the onset of training
      accuracy at ``fitted``, and of test accuracy at ``fraction`` of the best final test accuracy
      of runs with as many training samples, each held for ``stay`` logs.
    - ``delay``: log10(test/train).
    - ``shape``: that of :func:`latephase.analysis.change_point.history`.
    - ``change``: the step of the measure's largest change, or of its largest fall if only a fall
      counts for this measure.
    - ``half``: the step at which the measure has made half of its fall
      (:func:`latephase.analysis.events.fall`).
    - ``to_train``, ``to_test``: decades from each onset to the change, positive if the change comes
      later.
    - ``place``: the change's place in the delay: 0 at memorisation, 1 at generalisation.

    A value is NaN if there is no change.
    """
    level = events.generalisation_levels(table, fraction, stay)
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
"""The columns of :func:`leads`."""


def _change(run: pd.DataFrame, measure: Measure, stay: int) -> dict[str, object]:
    """The shape of a measure's history, and the steps of its change and of half of its fall."""
    steps, values = run["step"].to_numpy(float), run[measure.column].to_numpy(float)
    if measure.logarithmic:
        values = np.log10(np.maximum(values, FLOOR))
    course = history(steps, values, LEAST)
    largest = course.largest(falls=measure.falls)
    half = events.Event(np.nan, True)
    if measure.logarithmic and measure.falls:
        half = events.fall(steps, 10**values, stay=stay, min_factor=10**LEAST)
    return {
        "shape": course.shape,
        "change": np.nan if largest is None else largest.step,
        "half": np.nan if half.censored else half.step,
    }


def summary(leads: pd.DataFrame) -> pd.DataFrame:
    """Summarise :func:`leads` over the runs of a study: a row for each measure.

    Returns these columns:

    - ``measure``.
    - ``runs``: how many runs memorise and generalise; ``changed``: in how many of them the measure
      changes.
    - ``delay``: the median delay of these runs.
    - ``otherwise``: what the measure does in most of the other runs (:data:`UNPLACED`).
    - ``to_train``, ``to_test``, ``place``: the median over the runs in which the measure changes,
      with an interval over seeds (NaN with fewer than five seeds). ``place`` is NaN if there is no
      delay.
    - ``half_apart``: the median of the decades from the change to half of the fall.
    - ``goes_with``: the result of :func:`verdict`.
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
            pooled = pooled_interval(own.replace([np.inf, -np.inf], np.nan), [name], np.median)
            row |= {name: pooled.estimate, f"{name}_low": pooled.low, f"{name}_high": pooled.high}
        row["half_apart"] = float(np.log10(own["half"] / own["change"]).median())
        row["goes_with"] = verdict(row)
        # Without a delay or a change there is nothing in which a change could have a place.
        if row["goes_with"] in ("no delay", *UNPLACED.values()):
            row |= dict.fromkeys(("place", "place_low", "place_high"), np.nan)
        rows.append(row)
    return pd.DataFrame(rows)


SUMMARY = (
    *("measure", "runs", "changed", "delay", "to_train", "to_train_low", "to_train_high"),
    *("to_test", "to_test_low", "to_test_high", "place", "place_low", "place_high"),
    *("half_apart", "goes_with"),
)
"""The columns of :func:`summary` that are drawn and tabulated."""


def by_arm(
    tables: Mapping[str, pd.DataFrame], arms: Mapping[str, Sequence[str]]
) -> dict[str, pd.DataFrame]:
    """Split studies into their arms: a table for each arm, named "<study>: <arm>".

    Args:
        tables: the data of each study.
        arms: for each study that is split, the arms to keep. Other studies stay whole.

    Raises UserError if a study or an arm does not exist.
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
    """The summaries of several studies, stacked, with the column study first.

    ``limits`` are those of :func:`leads`. Raises UserError if no run of any study memorises and
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
    """What a measure does in most of the runs in which no change can be placed."""
    shapes = leads.loc[leads["change"].isna(), "shape"]
    words = [UNPLACED.get(shape, UNPLACED[""]) for shape in shapes]
    return max(dict.fromkeys(words), key=words.count, default="")


def verdict(row: dict[str, float | str]) -> str:
    """The onset that a measure's change goes with.

    If the measure changes in less than half of the runs, the verdict is what it does otherwise: it
    "does not change", "drifts" along a straight line, or "does not fall" but rises. If the median
    delay is shorter than :data:`NO_DELAY`, the verdict is "no delay".

    Otherwise the interval of ``place`` decides. The verdict is "memorisation" if the whole interval
    lies between -0.5 and 0.5, "generalisation" if it lies between 0.5 and 1.5, "before both" if it
    lies below -0.5, and "after both" if it lies above 1.5. It is "undecided" if the interval
    contains one of these limits or is not known.
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
