"""Which measure tells, before a run generalises, whether and when it will.

At each logged step before its onset, a run is asked two questions: does it generalise within a
decade of steps, and in which order do two runs generalise? A measure answers with its value at that
step alone (landmarking: van Houwelingen, *Dynamic prediction by landmarking in event history
analysis*, Scand. J. Statist. 34, 2007). What a value means is learnt from other runs by monotone
least squares (:class:`sklearn.isotonic.IsotonicRegression`), so that only the order of a measure's
values counts.

The regression has seen none of the runs that are compared. For every two held-out groups (two seeds
or two settings, or one of them for runs of the same group) it is fitted to the remaining groups: so
both runs of a pair are judged by one regression (leave-pair-out: Airola et al., Comput. Stat. Data
Anal. 55, 2011). Leaving out one group at a time and comparing across the regressions would not do:
the mean of the others is lower for a run that is late, so that a measure that says nothing seems to
say the opposite (Parker et al., BMC Bioinformatics 8, 2007).
"""

from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from latephase.analysis import events
from latephase.analysis.divergence import before_divergence
from latephase.analysis.lead_lag import FLOOR, MEASURES, Measure
from latephase.analysis.seeds import ENDS, MIN_SEEDS, distinct_draws, stacked
from latephase.errors import UserError

SOON = 1.0
"""Decades of steps: what is asked is whether a run generalises within so many."""
BASELINES = (Measure("step", "steps so far"), Measure("loss_train", "training loss"))
"""What a measure must beat: what everyone who trains a network has."""
REFERENCE = Measure("accuracy_test", "test accuracy", logarithmic=False)
"""Shown beside the measures: the onset is one of this column."""
GROUPS = {"seed": "seeds", "setting": "settings"}
"""What is held out, and the plural of it."""
SCORES = ("auroc", "order")


class Pairs(NamedTuple):
    """Of all pairs of runs: what their comparisons score in sum, and how many there are."""

    right: NDArray
    asked: NDArray

    def score(self) -> float:
        """The mean over all comparisons; NaN where there is none."""
        return float(self.right.sum() / self.asked.sum()) if self.asked.any() else np.nan

    def drawn(self, member: NDArray, times: NDArray) -> NDArray:
        """The score of draws in which each seed is there so many ``times`` [D, S].

        ``member`` [S, R] is 1 where a run is of a seed. A seed that is drawn w times brings its own
        comparisons w times, for its copies are not compared with each other. Comparisons of two
        seeds count as often as the product of their times. Those within a seed have the share of
        all that they have in the study. Otherwise it would depend on how many different seeds are
        drawn, and a score that is higher within a seed would be higher in every draw than in the
        study. NaN for a draw that lacks one of the two kinds.
        """
        right, asked = (member @ pairs @ member.T for pairs in self)  # [S, S]
        same = np.eye(len(member), dtype=bool)
        often = times[:, :, None] * np.where(same, 1, times[:, None, :])  # [D, S, S]
        score = np.full(len(times), 0.0 if asked.any() else np.nan)
        for kind in (same, ~same):
            if asked[kind].any():
                share = asked[kind].sum() / asked.sum()
                with np.errstate(invalid="ignore"):
                    score += share * (often[:, kind] @ right[kind]) / (often[:, kind] @ asked[kind])
        return score


def asked(
    table: pd.DataFrame, *, fraction: float, stay: int, settings: Sequence[str]
) -> pd.DataFrame:
    """The steps at which runs are asked: all logs after step 0 and before a run generalises.

    A run generalises at the onset of test accuracy at ``fraction`` of the study's best final one,
    for ``stay`` logs. Added columns: ``setting``, a number for each combination of the columns
    ``settings`` that the table has; ``onset``, NaN for a run that never generalises; ``left``, the
    decades of steps that are left until then; and ``soon``, 1 where that is at most :data:`SOON`, 0
    where it is more, NaN where a run has ended too early to tell.

    Raises UserError where two runs share seed and setting: then the study has another axis.
    """
    level = events.generalisation_level(table, fraction, stay)
    table = before_divergence(table).sort_values(["run", "step"])
    present = [name for name in settings if name in table]
    numbers = table.groupby(present, dropna=False).ngroup() if present else 0
    table = table.assign(setting=numbers)
    runs = table.drop_duplicates("run")
    if runs.duplicated(["seed", "setting"]).any():
        told = ", ".join(present) or "none"
        raise UserError(
            f"--options: settings: two runs share seed and {told}; allowed: all axes of the study"
        )
    onsets = {
        run: events.onset(history["step"], history["accuracy_test"], level, stay)
        for run, history in table.groupby("run")
    }
    never = table["run"].map({run: onset.censored for run, onset in onsets.items()})
    known_until = table["run"].map({run: onset.step for run, onset in onsets.items()})
    table = table.assign(onset=known_until.mask(never))
    table, known_until = (df[(table["step"] > 0) & ~(table["step"] >= table["onset"])]
                          for df in (table, known_until))  # fmt: skip
    left = np.log10(table["onset"] / table["step"])
    at_least = np.log10(known_until / table["step"])
    soon = (left <= SOON).astype(float).mask(left.isna() & (at_least < SOON))
    return table.assign(left=left, soon=soon).reset_index(drop=True)


def values(rows: pd.DataFrame, measure: Measure) -> NDArray:
    """A measure's value at each step that is asked, as log10 where that is its scale; or NaN."""
    found = rows[measure.column].to_numpy(float)
    if measure.logarithmic:
        found = np.log10(np.maximum(found, FLOOR))
    return np.where(np.isfinite(found), found, np.nan)


def comparisons(
    rows: pd.DataFrame, found: NDArray, held_out: str
) -> tuple[dict[str, Pairs], float]:
    """What a measure's values tell about runs of groups that are held out.

    ``auroc``: pairs of a step from which a run generalises soon and one from which it does not, of
    the same run or of two. A pair scores 1 where the former is judged the likelier, 1/2 where there
    is no difference: their mean is the area under the ROC curve (Mann and Whitney, Ann. Math.
    Statist. 18, 1947). ``order``: pairs of runs that both generalise, asked at the same step. A
    pair scores 1 where the run that is judged to be the later one is later, −1 where it is the
    earlier, 0 where there is no difference: their mean is Somers' D, a rank correlation (Am.
    Sociol. Rev. 27, 1962). The number beside them is the mean error of the predicted onset,
    in decades.
    """
    run, group = (pd.factorize(rows[name])[0] for name in ("run", held_out))
    left, soon, step = (rows[name].to_numpy(float) for name in ("left", "soon", "step"))
    n = run.max() + 1
    pairs = {name: Pairs(np.zeros((n, n)), np.zeros((n, n))) for name in SCORES}
    errors = np.full(len(rows), np.nan)
    for one, other in combinations_with_replacement(range(group.max() + 1), 2):
        test = np.flatnonzero(np.isin(group, (one, other)) & np.isfinite(found))
        train = ~np.isin(group, (one, other)) & np.isfinite(found)
        across = group[test][:, None] != group[test] if one != other else np.True_
        member = np.eye(n)[run[test]]
        likely = monotone(found[train], soon[train], found[test])
        later = monotone(found[train], left[train], found[test])
        if one == other:
            errors[test] = np.abs(later - left[test])
        positive, negative = soon[test] == 1, soon[test] == 0
        of_areas = across & positive[:, None] & negative & np.isfinite(likely)
        above = np.sign(likely[:, None] - likely)
        onset = left[test] + np.log10(step[test])
        of_order = across & (step[test][:, None] == step[test]) & np.isfinite(later)
        of_order &= onset[:, None] - onset > 1e-9  # each pair once, the later one first
        for name, these, right in (
            ("auroc", of_areas, (1 + above) / 2),
            ("order", of_order, np.sign(later[:, None] - later)),
        ):
            pairs[name].right[:] += member.T @ np.where(these, right, 0) @ member
            pairs[name].asked[:] += member.T @ these @ member
    known = errors[np.isfinite(errors)]
    return pairs, float(known.mean()) if len(known) else np.nan


def monotone(x: NDArray, y: NDArray, at: NDArray) -> NDArray:
    """What y is at other x by the monotone function nearest to the pairs, rising or falling.

    Outside the x that are known it is constant. NaN where no y is known.
    """
    known = np.isfinite(y)
    if not known.any():
        return np.full(len(at), np.nan)
    x, y = x[known], y[known]
    fits = [
        IsotonicRegression(increasing=rising, out_of_bounds="clip").fit(x, y)
        for rising in (True, False)
    ]
    nearest = min(fits, key=lambda fit: ((fit.predict(x) - y) ** 2).sum())
    return nearest.predict(at)


def forecasts(
    table: pd.DataFrame,
    *,
    fraction: float,
    stay: int,
    settings: Sequence[str],
    measures: Sequence[Measure] = MEASURES,
) -> pd.DataFrame:
    """A row for each measure and each kind of group that is held out (:data:`COLUMNS`).

    ``held_out`` is seed or setting, and ``groups`` how many of them there are; with a single one
    there is no row. ``runs`` are asked, of which ``never`` generalise in their budget. They have no
    onset, so that only ``auroc`` counts them. Both scores have an interval (whole seeds drawn; NaN
    with fewer than five). ``<score>_gain`` is how much more it is than that of the better baseline
    at the same steps, and ``<score>_verdict`` is that of :func:`verdict`. ``error`` is the mean
    distance of the predicted onset in decades, ``baseline_error`` the smaller of the baselines'.
    """
    rows = asked(table, fraction=fraction, stay=stay, settings=settings)
    known = (*BASELINES, REFERENCE, *measures)
    present = {m: values(rows, m) for m in known if m.column in rows}
    present = {m: found for m, found in present.items() if np.isfinite(found).any()}
    told = []
    for held_out in GROUPS:
        if rows[held_out].nunique() < 2:
            continue
        trivial = _Trivial(rows, present, held_out)
        told += [_forecast(rows, m, found, trivial) for m, found in present.items()]
    return pd.DataFrame(told, columns=COLUMNS)


COLUMNS = (
    *("held_out", "groups", "measure", "runs", "never"),
    *(f"{score}{end}" for score in SCORES for end in
      ("", "_low", "_high", "_gain", "_gain_low", "_gain_high", "_verdict")),
    *("error", "baseline_error"),
)  # fmt: skip
"""Of :func:`forecasts`."""


def of_studies(tables: dict[str, pd.DataFrame], **options) -> pd.DataFrame:
    """The forecasts of several studies, below each other, with the column study first.

    ``options`` are those of :func:`forecasts`. Raises UserError where no study has two groups.
    """
    frames = [forecasts(table, **options).assign(study=name) for name, table in tables.items()]
    df = stacked(frames)[["study", *COLUMNS]]
    if df.empty:
        raise UserError("--data: no study has two seeds or settings; allowed: a study that has")
    return df


class _Trivial:
    """What the baselines tell at some of the steps that are asked; most measures have them all."""

    def __init__(self, rows: pd.DataFrame, present: dict[Measure, NDArray], held_out: str):
        self.rows, self.held_out = rows, held_out
        self.found = [present[measure] for measure in BASELINES if measure in present]
        self.told = {}

    def at(self, kept: NDArray) -> list[tuple[dict[str, Pairs], float]]:
        key = kept.tobytes()
        if key not in self.told:
            self.told[key] = [
                comparisons(self.rows[kept], found[kept], self.held_out) for found in self.found
            ]
        return self.told[key]


def _forecast(
    rows: pd.DataFrame, measure: Measure, found: NDArray, trivial: _Trivial
) -> dict[str, object]:
    """One row of :func:`forecasts`."""
    kept = np.isfinite(found)
    baselines, rows = trivial.at(kept), rows[kept]
    runs = rows.drop_duplicates("run")
    pairs, error = comparisons(rows, found[kept], trivial.held_out)
    told = {
        "held_out": trivial.held_out,
        "groups": int(rows[trivial.held_out].nunique()),
        "measure": measure.column,
        "runs": len(runs),
        "never": int(runs["onset"].isna().sum()),
        "error": error,
        "baseline_error": min(other for _, other in baselines),
    }
    for score in SCORES:
        own, others = pairs[score], [other[score] for other, _ in baselines]
        better = max(others, key=lambda other: np.nan_to_num(other.score()))
        drawn = _drawn(own, better, runs["seed"].to_numpy())
        for name, (estimate, low, high) in zip((score, f"{score}_gain"), drawn, strict=True):
            told |= {name: estimate, f"{name}_low": low, f"{name}_high": high}
        told[f"{score}_verdict"] = verdict(told, score)
    return told


def _drawn(own: Pairs, baseline: Pairs, seeds: NDArray) -> list[tuple[float, float, float]]:
    """A score and its distance from a baseline's, each with its interval over seeds."""
    estimates = own.score(), own.score() - baseline.score()
    counted = (own.asked + own.asked.T).sum(0) > 0
    names = np.unique(seeds[counted])
    if len(names) < MIN_SEEDS:
        return [(estimate, np.nan, np.nan) for estimate in estimates]
    draws, which = distinct_draws(len(names))
    times = (draws[:, :, None] == np.arange(len(names))).sum(axis=1)  # [D, S]
    scores, others = (pairs.drawn(names[:, None] == seeds, times) for pairs in (own, baseline))
    return [
        (estimate, *map(float, np.nanquantile(values[which], ENDS)))
        for estimate, values in zip(estimates, (scores, scores - others), strict=True)
    ]


def verdict(row: dict[str, object], score: str) -> str:
    """What a measure's score is beside that of the better baseline, by the interval of its gain.

    "better" if all of it lies above 0, "worse" if below, else "no better"; "not known" without a
    score; "undecided" without an interval.
    """
    low, high = (row[f"{score}_gain_{end}"] for end in ("low", "high"))
    if row["measure"] in {m.column for m in BASELINES}:
        return "baseline"
    if np.isnan(row[score]):
        return "not known"
    if np.isnan(low):
        return "undecided"
    if low > 0:
        return "better"
    return "worse" if high < 0 else "no better"
