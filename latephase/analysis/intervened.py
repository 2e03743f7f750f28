"""How an intervention changes the measures and generalisation, against a control of the same seeds.

Measures that change together do not show which is the cause. Here an arm of a study and its control
differ in one thing that was done to the training. They share seed, initialisation and batches, so
the difference at the end is the effect of that one thing.

A margin, stated beforehand, decides whether a quantity was moved, as in an equivalence test. The
quantity was moved if its whole interval lies beyond the margin. It stayed if its whole interval
lies within the margin (two one-sided tests: Schuirmann, J. Pharmacokinet. Biopharm. 15, 1987).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from latephase.analysis import events
from latephase.analysis.final_rows import settled
from latephase.analysis.lead_lag import FLOOR, MEASURES, NO_DELAY
from latephase.analysis.seeds import mean_of_cells, seed_interval
from latephase.errors import UserError
from latephase.runs.columns import ARM

ACCURACY, ONSET = "accuracy_test", "onset"
GENERALISATION = {ACCURACY: "test accuracy", ONSET: "onset"}
"""The quantities that represent generalisation, and their names."""
LABELS = {measure.column: measure.label for measure in MEASURES if measure.logarithmic}
"""The measures whose change can be given in decades."""
MARGINS = {ACCURACY: 0.02, ONSET: NO_DELAY}
"""Two points of accuracy, as in the claims han2025-suppressed-accuracy and
han2025-encouraged-accuracy; and the distance in decades below which
:mod:`latephase.analysis.lead_lag` does not distinguish two onsets."""
MARGIN = 0.5
"""The margin of a measure in decades: a factor of about 3, as in the claim
han2025-suppressed-works."""


BEFORE_FORK = "before the fork"
"""The verdict if all onsets lie before the fork, in the part that a run and its control share."""


class Quantity(NamedTuple):
    """Bounds of a value for each seed. The two are equal if the value was observed."""

    smallest: pd.Series
    largest: pd.Series


def changes(
    tables: Mapping[str, pd.DataFrame],
    comparisons: Sequence[Mapping[str, Any]],
    measures: Sequence[str],
    *,
    fraction: float,
    stay: int,
) -> pd.DataFrame:
    """The change of each quantity in each comparison, one row each (:data:`COLUMNS`).

    Args:
        tables: the data of each study, by the study's name.
        comparisons: each has a ``name`` that says what was done, the ``study`` and ``arm`` with the
            intervention, and the ``control_study`` (by default the same study) and ``control``, an
            arm without it.
        measures: columns of :data:`LABELS`, compared in addition to generalisation.
        fraction: a run generalises at the onset of test accuracy at this share of the control's
            best final test accuracy.
        stay: how many logs an onset must hold, and over how many logs the median is a final value.

    ``change`` is the median over seeds of arm minus control. Accuracy is compared as it is, every
    other quantity as log10, including the step of the onset. ``seeds`` is the number of seeds with
    a value in both arms. Runs that diverged have no value and no onset. If a run shows no onset,
    its onset is later than its last step, so a change or an end of its interval may be infinite. If
    an onset lies in the past that a fork and its control share, it is left out, because it contains
    no information about the intervention.

    Raises UserError if a study or an arm does not exist.
    """
    rows = []
    for comparison in comparisons:
        arm, control = (_runs_of(tables, comparison, role) for role in ("arm", "control"))
        level = events.generalisation_level(control, fraction, stay)
        mine, other = (_quantities(t, measures, level, stay) for t in (arm, control))
        shared = _shared_past(arm, control)
        for name in (*GENERALISATION, *measures):
            row = _change(mine[name], other[name], shared if name == ONSET else 0.0)
            margin = MARGINS.get(name, MARGIN)
            row |= {"intervention": comparison["name"], "quantity": name, "margin": margin}
            rows.append(row | {"verdict": verdict(row, margin)})
    return pd.DataFrame(rows)[list(COLUMNS)]


COLUMNS = ("intervention", "quantity", "seeds", "change", "low", "high", "margin", "verdict")
"""The columns of :func:`changes`."""


def _runs_of(
    tables: Mapping[str, pd.DataFrame], comparison: Mapping[str, Any], role: str
) -> pd.DataFrame:
    """The rows of one side of a comparison, without runs that diverged."""
    study = comparison["study"]
    if role == "control":
        study = comparison.get("control_study", study)
    if study not in tables:
        raise UserError(
            f"--options: comparisons: {comparison['name']!r} names the study {study!r}; "
            f"allowed: {', '.join(tables)}"
        )
    table, arm = tables[study], comparison[role]
    arms = table[ARM].dropna().unique() if ARM in table else []
    if arm not in arms:
        raise UserError(
            f"--options: comparisons: {comparison['name']!r} names the {role} {arm!r}; "
            f"allowed: {', '.join(arms) or 'none, for the study has no arms'}"
        )
    rows = table[table[ARM] == arm]
    if rows.drop_duplicates("run").duplicated("seed").any():
        raise UserError(
            f"--options: comparisons: the {role} {arm!r} has two runs of a seed; "
            "allowed: an arm with one run of each"
        )
    return rows[rows.groupby("run")["diverged_at"].transform("count") == 0]


def _quantities(
    table: pd.DataFrame, measures: Sequence[str], level: float, stay: int
) -> dict[str, Quantity]:
    """The quantities of an arm that are compared, by seed."""
    seeds = table.groupby("run")["seed"].first()
    last = settled(table, [ACCURACY, *measures], stay)
    last[list(measures)] = np.log10(last[list(measures)].clip(lower=FLOOR))
    last.index = seeds[last.index]
    observed = {name: Quantity(last[name], last[name]) for name in last}
    onsets = {
        seeds[run]: events.onset(history["step"], history[ACCURACY], level, stay)
        for run, history in table.groupby("run")
    }
    steps = np.log10(pd.Series({seed: onset.step for seed, onset in onsets.items()}, dtype=float))
    never = pd.Series({seed: onset.censored for seed, onset in onsets.items()}, dtype=bool)
    return observed | {ONSET: Quantity(steps, steps.mask(never, np.inf))}


def _shared_past(arm: pd.DataFrame, control: pd.DataFrame) -> float:
    """The last step up to which arm and control have the same history at every seed.

    It is 0 if they share only their beginning. Runs that fork from one run have identical
    accuracies and losses before the fork.
    """
    keys, compared = ["seed", "step"], ["accuracy_train", "loss_train", ACCURACY]
    both = arm[keys + compared].merge(control[keys + compared], on=keys, suffixes=("", "_control"))
    same = np.all([both[name] == both[f"{name}_control"] for name in compared], axis=0)
    first = both.loc[~same, "step"].min()
    before = both.loc[both["step"] < first if first == first else slice(None), "step"]
    return float(before.max()) if len(before) else 0.0


def _change(mine: Quantity, other: Quantity, shared: float) -> dict[str, float]:
    """The median over seeds of a difference, with its interval."""
    smallest, largest = mine.smallest - other.largest, mine.largest - other.smallest
    until = np.log10(shared) if shared > 0 else -np.inf
    past = (mine.largest <= until) & (other.largest <= until)
    smallest, largest = smallest.mask(past), largest.mask(past)
    known = (smallest.notna() & largest.notna()).to_numpy()
    bounds = [end.to_numpy(float)[known][:, None] for end in (smallest, largest)]
    interval = seed_interval(*bounds, mean_of_cells)
    return {
        "seeds": int(known.sum()),
        "past": int(past.sum()),
        "change": interval.estimate,
        "low": interval.low,
        "high": interval.high,
    }


def verdict(row: Mapping[str, Any], margin: float) -> str:
    """Decide whether a quantity was moved: "up", "down", "stays" or "undecided".

    "stays" means that the whole interval lies within the margin. If no seed has a value in both
    arms, the verdict is :data:`BEFORE_FORK` if there are onsets in the shared past, otherwise
    "nothing to compare".
    """
    if not row["seeds"]:
        return BEFORE_FORK if row["past"] else "nothing to compare"
    low, high = row["low"], row["high"]
    if low > margin:
        return "up"
    if high < -margin:
        return "down"
    return "stays" if low > -margin and high < margin else "undecided"


def verdicts(changes: pd.DataFrame) -> pd.DataFrame:
    """Summarise :func:`changes`: a row for each intervention (:data:`VERDICTS`).

    ``moved``, ``stays`` and ``undecided`` are lists of measures. Each moved measure is listed with
    its change in decades. For test accuracy and for the onset there are the change, its interval
    and its verdict. ``conclusion`` is the result of :func:`conclusion`.
    """
    rows = []
    for name, own in changes.groupby("intervention", sort=False):
        own = own.set_index("quantity")
        measures = own.drop(index=list(GENERALISATION))
        moved = measures[measures["verdict"].isin(("up", "down"))]
        row = {
            "intervention": name,
            "moved": _listed(f"{m} {change:+.2f}" for m, change in moved["change"].items()),
        }
        for word in ("stays", "undecided"):
            row[word] = _listed(measures.index[measures["verdict"] == word])
        for name in GENERALISATION:
            row |= {name: own.loc[name, "change"], f"{name}_verdict": own.loc[name, "verdict"]}
            row |= {f"{name}_{end}": own.loc[name, end] for end in ("low", "high")}
        rows.append(row | {"conclusion": conclusion(row)})
    return pd.DataFrame(rows, columns=VERDICTS)


VERDICTS = (
    *("intervention", "moved", "stays", "undecided"),
    *(f"{name}{end}" for name in GENERALISATION for end in ("", "_low", "_high", "_verdict")),
    "conclusion",
)
"""The columns of :func:`verdicts`."""


def conclusion(row: Mapping[str, str]) -> str:
    """What an intervention shows: whether generalisation moved together with the measures.

    The conclusion is "generalisation moves" if test accuracy or the onset is up or down. It is
    "generalisation stays" if the accuracy stays, and the onset too if there is one to compare.
    Otherwise it is "undecided".

    If no measure moved, the conclusion begins with "no measure moves" if all measures with a
    verdict stay, because the intervention then tested nothing. Otherwise it begins with "undecided
    whether a measure moves", unless the conclusion is "undecided" anyway.
    """
    outcomes = {row[f"{name}_verdict"] for name in GENERALISATION}
    if outcomes & {"up", "down"}:
        outcome = "generalisation moves"
    elif row[f"{ACCURACY}_verdict"] == "stays" and "undecided" not in outcomes:
        outcome = "generalisation stays"
    else:
        outcome = "undecided"
    if row["moved"] != NONE:
        return outcome
    if row["undecided"] == NONE and row["stays"] != NONE:
        return f"no measure moves; {outcome}"
    return outcome if outcome == "undecided" else f"undecided whether a measure moves; {outcome}"


NONE = "none"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words) or NONE
