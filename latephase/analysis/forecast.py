"""Which measures predict, before a run generalises, whether and when it will generalise.

At each logged step before a run's onset, there are two questions. Does the run generalise within a
decade of steps? Which of two runs generalises later? A measure answers both with its value at that
step alone (landmarking: van Houwelingen, *Dynamic prediction by landmarking in event history
analysis*, Scand. J. Statist. 34, 2007). The meaning of a value is learnt from other runs by
monotone least squares (:class:`sklearn.isotonic.IsotonicRegression`), so only the order of a
measure's values counts.

The regression is never fitted to the runs that it judges. Two groups (two seeds or two settings)
are held out at a time, or one group to compare runs of the same group. The regression is fitted to
the remaining groups, so both runs of a pair are judged by one regression (leave-pair-out: Airola et
al., Comput. Stat. Data Anal. 55, 2011). It would be wrong to leave out one group at a time and to
compare runs across the regressions: if a run is late, the mean of the other runs is lower, so a
measure without information would seem to predict the opposite (Parker et al., BMC Bioinformatics 8,
2007).
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
from latephase.analysis.seeds import CONFIDENCE, MIN_SEEDS, distinct_draws, stacked
from latephase.errors import UserError

SOON = 1.0
"""The horizon, in decades of steps: a run that generalises within it generalises "soon"."""
BASELINES = (Measure("step", "steps so far"), Measure("loss_train", "training loss"))
"""A measure must predict better than these, which everyone who trains a network has."""
REFERENCE = Measure("accuracy_test", "test accuracy", logarithmic=False)
"""Shown beside the measures. The onset is defined by this column."""
GROUPS = {"seed": "seeds", "setting": "settings"}
"""What is held out, and its plural."""
SCORES = ("auroc", "order")
QUANTILES = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
"""The ends of an interval. With five seeds it is too short, as docs/atlas.md says."""


class Pairs(NamedTuple):
    """Comparisons of all pairs of R runs.

    ``points`` ``[R, R]`` is the sum of their scores, and ``number`` ``[R, R]`` how many there are.
    """

    points: NDArray
    number: NDArray

    def score(self) -> float:
        """The mean score of all comparisons; NaN if there are none."""
        return float(self.points.sum() / self.number.sum()) if self.number.any() else np.nan

    def drawn(self, member: NDArray, times: NDArray) -> NDArray:
        """The score in bootstrap draws of seeds.

        Args:
            member: ``[S, R]``, 1 where a run belongs to a seed.
            times: ``[D, S]``, how often each draw contains each seed.

        Returns the scores ``[D]``. The score of a draw is NaN if the draw lacks one of the two
        kinds of comparisons: within a seed, and between two seeds.

        A seed that is drawn w times contributes the comparisons within it w times, because its
        copies are not compared with each other. The comparisons of two seeds are weighted by the
        product of their times. The comparisons within seeds keep the share of all comparisons that
        they have in the study. Without this, their share would depend on the number of different
        seeds in the draw, and if the score is higher within seeds, it would be higher in every draw
        than in the study.
        """
        points, number = (member @ pairs @ member.T for pairs in self)  # [S, S]
        same = np.eye(len(member), dtype=bool)
        weight = times[:, :, None] * np.where(same, 1, times[:, None, :])  # [D, S, S]
        score = np.full(len(times), 0.0 if number.any() else np.nan)
        for kind in (same, ~same):
            if number[kind].any():
                share = number[kind].sum() / number.sum()
                with np.errstate(invalid="ignore"):
                    score += (
                        share * (weight[:, kind] @ points[kind]) / (weight[:, kind] @ number[kind])
                    )
        return score


def asked(
    table: pd.DataFrame, *, fraction: float, stay: int, settings: Sequence[str]
) -> pd.DataFrame:
    """The steps at which a forecast is made: all logged steps after 0 and before the run's onset.

    A run generalises at the onset of test accuracy at ``fraction`` of the best final test accuracy
    of runs with as many training samples, held for ``stay`` logs. These columns are added:

    - ``setting``: a number for each combination of values in those columns of ``settings`` that the
      table has.
    - ``onset``: the step of the onset; NaN for a run that never generalises.
    - ``left``: decades of steps from this step to the onset.
    - ``soon``: 1 if ``left`` is at most :data:`SOON`, 0 if it is more, NaN if the run ends too
      early to decide.

    Raises UserError if two runs have the same seed and setting: the study then has an axis that
    ``settings`` lacks.
    """
    levels = events.generalisation_levels(table, fraction, stay)
    table = before_divergence(table).sort_values(["run", "step"])
    present = [name for name in settings if name in table]
    numbers = table.groupby(present, dropna=False).ngroup() if present else 0
    table = table.assign(setting=numbers)
    runs = table.drop_duplicates("run")
    if runs.duplicated(["seed", "setting"]).any():
        axes = ", ".join(present) or "none"
        raise UserError(
            f"--options: settings: two runs share seed and {axes}; allowed: all axes of the study"
        )
    onsets = {
        run: events.onset(history["step"], history["accuracy_test"], levels[run], stay)
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
    """A measure's value in each row: log10 on a logarithmic scale; NaN if not finite."""
    numbers = rows[measure.column].to_numpy(float)
    if measure.logarithmic:
        numbers = np.log10(np.maximum(numbers, FLOOR))
    return np.where(np.isfinite(numbers), numbers, np.nan)


def comparisons(
    rows: pd.DataFrame, numbers: NDArray, held_out: str
) -> tuple[dict[str, Pairs], float]:
    """Compare runs of held-out groups by a measure's values.

    Two scores are computed. ``auroc`` compares a step from which a run generalises soon with a step
    from which a run does not; both may belong to the same run. A pair scores 1 if the former is
    judged more likely to generalise soon, and 1/2 if there is no difference. The mean score is the
    area under the ROC curve (Mann and Whitney, Ann. Math. Statist. 18, 1947). ``order`` compares
    two runs that both generalise, at the same step. A pair scores 1 if the run that is judged to be
    later is later, −1 if it is earlier, and 0 if there is no difference. The mean score is Somers'
    D, a rank correlation (Am. Sociol. Rev. 27, 1962).

    Args:
        rows: rows of :func:`asked`.
        numbers: the measure's value in each row.
        held_out: "seed" or "setting".

    Returns the :class:`Pairs` of each score, and the mean error of the predicted onset in decades.
    """
    run, group = (pd.factorize(rows[name])[0] for name in ("run", held_out))
    left, soon, step = (rows[name].to_numpy(float) for name in ("left", "soon", "step"))
    n = run.max() + 1
    pairs = {name: Pairs(np.zeros((n, n)), np.zeros((n, n))) for name in SCORES}
    errors = np.full(len(rows), np.nan)
    for one, other in combinations_with_replacement(range(group.max() + 1), 2):
        test = np.flatnonzero(np.isin(group, (one, other)) & np.isfinite(numbers))
        train = ~np.isin(group, (one, other)) & np.isfinite(numbers)
        across = group[test][:, None] != group[test] if one != other else np.True_
        member = np.eye(n)[run[test]]
        likely = monotone(numbers[train], soon[train], numbers[test])
        later = monotone(numbers[train], left[train], numbers[test])
        if one == other:
            errors[test] = np.abs(later - left[test])
        positive, negative = soon[test] == 1, soon[test] == 0
        of_areas = across & positive[:, None] & negative & np.isfinite(likely)
        above = np.sign(likely[:, None] - likely)
        onset = left[test] + np.log10(step[test])
        of_order = across & (step[test][:, None] == step[test]) & np.isfinite(later)
        of_order &= onset[:, None] - onset > 1e-9  # each pair once, with the later run first
        for name, compared, scored in (
            ("auroc", of_areas, (1 + above) / 2),
            ("order", of_order, np.sign(later[:, None] - later)),
        ):
            pairs[name].points[:] += member.T @ np.where(compared, scored, 0) @ member
            pairs[name].number[:] += member.T @ compared @ member
    known = errors[np.isfinite(errors)]
    return pairs, float(known.mean()) if len(known) else np.nan


def monotone(x: NDArray, y: NDArray, at: NDArray) -> NDArray:
    """Predict y at other x by the monotone function, rising or falling, with the least squares.

    Beyond the known x the prediction is constant. It is NaN if no y is known.
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
    """How well each measure predicts: a row for each measure and each kind of held-out group.

    Returns the columns :data:`COLUMNS`:

    - ``held_out``: "seed" or "setting". ``groups``: how many of them there are. With a single group
      there is no row.
    - ``runs``: the number of runs; ``never``: how many of them do not generalise within their
      budget. Those have no onset, so only ``auroc`` counts them.
    - both scores, with an interval over seeds (NaN with fewer than five seeds). ``<score>_gain`` is
      the score minus that of the better baseline at the same steps, and ``<score>_verdict`` is the
      result of :func:`verdict`.
    - ``error``: the mean distance in decades between the predicted and the true onset.
      ``baseline_error``: the smaller of the baselines' errors.
    """
    rows = asked(table, fraction=fraction, stay=stay, settings=settings)
    known = (*BASELINES, REFERENCE, *measures)
    present = {m: values(rows, m) for m in known if m.column in rows}
    present = {m: numbers for m, numbers in present.items() if np.isfinite(numbers).any()}
    forecast_rows = []
    for held_out in GROUPS:
        if rows[held_out].nunique() < 2:
            continue
        trivial = _Trivial(rows, present, held_out)
        forecast_rows += [_forecast(rows, m, numbers, trivial) for m, numbers in present.items()]
    return pd.DataFrame(forecast_rows, columns=COLUMNS)


COLUMNS = (
    *("held_out", "groups", "measure", "runs", "never"),
    *(f"{score}{end}" for score in SCORES for end in
      ("", "_low", "_high", "_gain", "_gain_low", "_gain_high", "_verdict")),
    *("error", "baseline_error"),
)  # fmt: skip
"""The columns of :func:`forecasts`."""


def of_studies(tables: dict[str, pd.DataFrame], **options) -> pd.DataFrame:
    """The forecasts of several studies, stacked, with the column study first.

    ``options`` are those of :func:`forecasts`. Raises UserError if no study has two groups.
    """
    frames = [forecasts(table, **options).assign(study=name) for name, table in tables.items()]
    df = stacked(frames)[["study", *COLUMNS]]
    if df.empty:
        raise UserError("--data: no study has two seeds or settings; allowed: a study that has")
    return df


class _Trivial:
    """The baselines' comparisons at a subset of the steps.

    They are stored for each subset, because most measures have a value at every step.
    """

    def __init__(self, rows: pd.DataFrame, present: dict[Measure, NDArray], held_out: str):
        self.rows, self.held_out = rows, held_out
        self.baselines = [present[measure] for measure in BASELINES if measure in present]
        self.known = {}

    def at(self, kept: NDArray) -> list[tuple[dict[str, Pairs], float]]:
        key = kept.tobytes()
        if key not in self.known:
            self.known[key] = [
                comparisons(self.rows[kept], values[kept], self.held_out)
                for values in self.baselines
            ]
        return self.known[key]


def _forecast(
    rows: pd.DataFrame, measure: Measure, numbers: NDArray, trivial: _Trivial
) -> dict[str, object]:
    """One row of :func:`forecasts`."""
    kept = np.isfinite(numbers)
    baselines, rows = trivial.at(kept), rows[kept]
    runs = rows.drop_duplicates("run")
    pairs, error = comparisons(rows, numbers[kept], trivial.held_out)
    row = {
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
            row |= {name: estimate, f"{name}_low": low, f"{name}_high": high}
        row[f"{score}_verdict"] = verdict(row, score)
    return row


def _drawn(own: Pairs, baseline: Pairs, seeds: NDArray) -> list[tuple[float, float, float]]:
    """A score and its distance from a baseline's score, each with its interval over seeds."""
    estimates = own.score(), own.score() - baseline.score()
    counted = (own.number + own.number.T).sum(0) > 0
    names = np.unique(seeds[counted])
    if len(names) < MIN_SEEDS:
        return [(estimate, np.nan, np.nan) for estimate in estimates]
    draws, which = distinct_draws(len(names))
    times = (draws[:, :, None] == np.arange(len(names))).sum(axis=1)  # [D, S]
    scores, others = (pairs.drawn(names[:, None] == seeds, times) for pairs in (own, baseline))
    return [
        (estimate, *map(float, np.nanquantile(values[which], QUANTILES)))
        for estimate, values in zip(estimates, (scores, scores - others), strict=True)
    ]


def verdict(row: dict[str, object], score: str) -> str:
    """Compare a measure's score with that of the better baseline, by the interval of its gain.

    "better" if the whole interval is above 0, "worse" if it is below 0, otherwise "no better". "not
    known" if there is no score, "undecided" if there is no interval, and "baseline" for a baseline.
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
