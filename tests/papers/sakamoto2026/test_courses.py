"""Statistics of how metrics run after memorisation, on courses of known answer."""

import math

import numpy as np
import pytest

from latephase.papers.sakamoto2026 import courses
from tests.papers.sakamoto2026.courses_of_runs import FITTED, STEPS, study


def test_a_fall_in_decades():
    """Of a power law from step 100 to 10,000: two decades, less what the ends' logs take."""
    table = study(rnc1=lambda step, decay, random: 1 / step)
    result = courses.falls_by(table, metric="rnc1", **FITTED)
    late = STEPS[STEPS >= 100]
    assert result.estimate == pytest.approx(math.log10(late[-2] / late[1]))
    assert (result.n_seeds, result.n_cells) == (5, 2)
    rising = study(rnc1=lambda step, decay, random: step)
    assert courses.falls_by(rising, metric="rnc1", **FITTED).estimate < -1.5


def test_runs_that_never_memorise_have_no_fall():
    table = study(rnc1=lambda step, decay, random: 1 / step)
    table.loc[table["optimizer.weight_decay"] == 0.3, "accuracy_train"] = 0.9
    result = courses.falls_by(table, metric="rnc1", **FITTED)
    assert (result.n_seeds, result.n_cells) == (5, 1)
    assert "5 never memorise (left out)" in result.note
    nothing = courses.falls_by(table.assign(accuracy_train=0.1), metric="rnc1", **FITTED)
    assert math.isnan(nothing.estimate)


def hill(rise, fall):
    """Up by ``rise`` decades to step 100, then down by ``fall``."""
    at = np.log10(STEPS) / 2
    return 10 ** np.where(at < 1, rise * at, rise - fall * (at - 1))


@pytest.mark.parametrize(("rise", "fall"), [(1.0, 2.0), (2.0, 0.5), (0.0, 2.0), (1.5, 0.0)])
def test_a_peak_is_as_high_as_its_lower_side(rise, fall):
    """Where it is at memorisation."""
    table = study(rnc1=lambda step, decay, random: hill(rise, fall))
    result = courses.peaks(table, metric="rnc1", **FITTED)
    assert result.estimate == pytest.approx(min(rise, fall), abs=0.2)


def test_a_peak_elsewhere_is_none():
    """Long before memorisation, and where there is none."""
    early = study(rnc1=lambda step, decay, random: np.where(step < 4, step, 16 / step))
    assert courses.peaks(early, metric="rnc1", **FITTED).estimate < 0.1
    never = study(rnc1=lambda step, decay, random: hill(1, 2)).assign(accuracy_train=0.5)
    assert math.isnan(courses.peaks(never, metric="rnc1", **FITTED).estimate)


def test_a_peak_needs_values_above_0():
    table = study(rnc1=lambda step, decay, random: step - 1)
    assert math.isnan(courses.peaks(table.assign(rnc1=0.0), metric="rnc1", **FITTED).estimate)


FALLS = {"metric": "nhsic", "other": "rnc1", "factor": 3.0, "min_share": 0.25, **FITTED}


def falling(time):
    """nHSIC that falls from 30 to 2 at a time, within a quarter of a decade."""

    def nhsic(step, decay, random):
        at = np.log10(step / time(decay) / random.uniform(0.95, 1.05)) * 20
        return 2 + 28 / (1 + np.exp(np.clip(at, -50, 50)))

    return nhsic


@pytest.mark.parametrize(
    ("time", "expected"), [(lambda d: 600 / d, 1), (lambda d: 6000 * d, -1), (lambda d: 1500, 0)]
)
def test_falls_that_follow_each_other(time, expected):
    metrics = {"rnc1": falling(lambda decay: 500 / decay), "nhsic": falling(time)}
    table = study(decays=(0.6, 0.3, 0.15), **metrics)
    result = courses.falls_follow(table, **FALLS)
    # Not quite 1: of two runs with one decay chance says which comes first.
    assert result.estimate == pytest.approx(expected, abs=0.45)
    assert (result.n_seeds, result.n_cells) == (5, 3)


def test_what_does_not_fall_by_its_share_has_no_time():
    table = study(
        decays=(0.6, 0.3, 0.15),
        rnc1=falling(lambda decay: 500 / decay),
        nhsic=lambda step, decay, random: 10 - step / 10_000,
    )
    result = courses.falls_follow(table, **FALLS)
    assert result.estimate == 0
    assert "15 without a fall of nhsic" in result.note


def test_what_goes_with_what():
    table = study(
        rnc1=lambda step, decay, random: 1 / step,
        same=lambda step, decay, random: 3 - np.log(step),
        opposite=lambda step, decay, random: step**2,
        noise=lambda step, decay, random: random.normal(size=len(step)),
        constant=lambda step, decay, random: 0 * step,
    )
    found = {
        other: courses.goes_with(table, metric=other, other="rnc1", **FITTED).estimate
        for other in ("same", "opposite", "noise", "constant")
    }
    assert found["same"] == pytest.approx(1)
    assert found["opposite"] == pytest.approx(-1)
    assert abs(found["noise"]) < 0.3
    assert math.isnan(found["constant"])


def test_what_goes_with_what_is_of_the_time_after_memorisation():
    """Before step 100 they go apart."""
    table = study(
        rnc1=lambda step, decay, random: np.where(step < 100, step, 1 / step),
        other=lambda step, decay, random: 1 / step,
    )
    result = courses.goes_with(table, metric="other", other="rnc1", **FITTED)
    assert result.estimate == pytest.approx(1)


def test_which_of_two_an_outcome_goes_against():
    table = study(
        accuracy_test=lambda step, decay, random: step,
        nc1_trace_ratio=lambda step, decay, random: 1 / step,
        rnc1=lambda step, decay, random: step,
    )
    arguments = {"outcome": "accuracy_test", **FITTED}
    first = courses.goes_with_more(table, metric="nc1_trace_ratio", other="rnc1", **arguments)
    assert first.estimate == pytest.approx(2)
    second = courses.goes_with_more(table, metric="rnc1", other="nc1_trace_ratio", **arguments)
    assert second.estimate == pytest.approx(-2)
    same = courses.goes_with_more(table, metric="rnc1", other="rnc1", **arguments)
    assert same.estimate == 0
