"""What an intervention moves: each measure and generalisation, against a control at the same seeds.

Measures that move together say nothing of cause. Here an arm of a study and its control differ in
one thing that was done to the training, and share seed, start and batches. So what differs at the
end is the effect of that one thing.

Whether a quantity was moved is decided by a margin that was stated beforehand, as an equivalence
test decides it: it was moved if the whole interval lies beyond the margin, and it stayed if the
whole interval lies within (two one-sided tests: Schuirmann, J. Pharmacokinet. Biopharm. 15, 1987).
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
"""What stands for generalisation, and its name."""
LABELS = {measure.column: measure.label for measure in MEASURES if measure.logarithmic}
"""The measures whose change can be told in decades."""
MARGINS = {ACCURACY: 0.02, ONSET: NO_DELAY}
"""Two points of accuracy, as in the claims han2025-suppressed-accuracy and
han2025-encouraged-accuracy; and the decades between two onsets below which
:mod:`latephase.analysis.lead_lag` does not tell them apart."""
MARGIN = 0.5
"""Decades of a measure: a factor 3, as in the claim han2025-suppressed-works."""


BEFORE_FORK = "before the fork"
"""The verdict where all onsets lie in the past that a fork and its control share."""


class Quantity(NamedTuple):
    """A value for each seed, between two bounds: equal where it was seen."""

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
    """A row for each comparison and quantity (:data:`COLUMNS`).

    Args:
        tables: studies' data by the studies' names.
        comparisons: what was done (``name``), and two arms: ``study`` and ``arm``, and those of the
            control, ``control_study`` (by default the same) and ``control``.
        measures: columns of :data:`LABELS`, in addition to generalisation.
        fraction: a run generalises at the onset of test accuracy at that share of the best final
            one of the control.
        stay: the logs that an onset takes, and over which a last value is the median.

    ``change`` is the median over seeds of arm minus control: of accuracy as it is, of log10 of
    everything else, the onset's step included. ``seeds`` have a value in both; runs that diverged
    have none, and no onset either. An onset that a run does not show is later than its last step,
    so that a change or an end of its interval may be infinite. An onset that lies in the past which
    a fork and its control share says nothing, and is left out.

    Raises UserError where a study or an arm is not there.
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
"""Of :func:`changes`."""


def _runs_of(
    tables: Mapping[str, pd.DataFrame], comparison: Mapping[str, Any], role: str
) -> pd.DataFrame:
    """The rows of one side of a comparison, without the runs that diverged."""
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
    found = table[table[ARM] == arm]
    if found.drop_duplicates("run").duplicated("seed").any():
        raise UserError(
            f"--options: comparisons: the {role} {arm!r} has two runs of a seed; "
            "allowed: an arm with one run of each"
        )
    return found[found.groupby("run")["diverged_at"].transform("count") == 0]


def _quantities(
    table: pd.DataFrame, measures: Sequence[str], level: float, stay: int
) -> dict[str, Quantity]:
    """What is compared of an arm, by seed."""
    seeds = table.groupby("run")["seed"].first()
    last = settled(table, [ACCURACY, *measures], stay)
    last[list(measures)] = np.log10(last[list(measures)].clip(lower=FLOOR))
    last.index = seeds[last.index]
    found = {name: Quantity(last[name], last[name]) for name in last}
    onsets = {
        seeds[run]: events.onset(history["step"], history[ACCURACY], level, stay)
        for run, history in table.groupby("run")
    }
    steps = np.log10(pd.Series({seed: onset.step for seed, onset in onsets.items()}, dtype=float))
    never = pd.Series({seed: onset.censored for seed, onset in onsets.items()}, dtype=bool)
    return found | {ONSET: Quantity(steps, steps.mask(never, np.inf))}


def _shared_past(arm: pd.DataFrame, control: pd.DataFrame) -> float:
    """The last step at which all seeds' histories are the same in both; 0 if they only begin alike.

    Of runs that fork from one run the accuracies before are the same numbers.
    """
    keys, told = ["seed", "step"], ["accuracy_train", "loss_train", ACCURACY]
    both = arm[keys + told].merge(control[keys + told], on=keys, suffixes=("", "_control"))
    same = np.all([both[name] == both[f"{name}_control"] for name in told], axis=0)
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
    found = seed_interval(*bounds, mean_of_cells)
    return {
        "seeds": int(known.sum()),
        "past": int(past.sum()),
        "change": found.estimate,
        "low": found.low,
        "high": found.high,
    }


def verdict(row: Mapping[str, Any], margin: float) -> str:
    """Whether a quantity was moved: "up", "down", "stays" within the margin, or "undecided".

    Where no seed has a value in both arms: :data:`BEFORE_FORK` if there are onsets that lie in the
    past that both share, otherwise "nothing to compare".
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
    """Over the quantities of :func:`changes`: a row for each intervention (:data:`VERDICTS`).

    ``moved``, ``stays`` and ``undecided`` are lists of measures, the moved ones with their change
    in decades. Test accuracy and the onset have their change, interval and verdict.
    ``conclusion`` is that of :func:`conclusion`.
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
"""Of :func:`verdicts`."""


def conclusion(row: Mapping[str, str]) -> str:
    """What an intervention says: whether generalisation moved with the measures that it moved.

    "generalisation moves" if test accuracy or the onset is up or down; "generalisation stays" if
    accuracy stays, and the onset too where there is one to compare; otherwise "undecided". In any
    case "no measure moves" is said where all that are known stay, because then nothing was tried,
    and "undecided whether a measure moves" where that is so.
    """
    found = {row[f"{name}_verdict"] for name in GENERALISATION}
    if found & {"up", "down"}:
        told = "generalisation moves"
    elif row[f"{ACCURACY}_verdict"] == "stays" and "undecided" not in found:
        told = "generalisation stays"
    else:
        told = "undecided"
    if row["moved"] != NONE:
        return told
    if row["undecided"] == NONE and row["stays"] != NONE:
        return f"no measure moves; {told}"
    return told if told == "undecided" else f"undecided whether a measure moves; {told}"


NONE = "none"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words) or NONE
