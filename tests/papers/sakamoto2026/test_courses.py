"""Statistics of how metrics run after memorisation, on courses of known answer."""

import math

import numpy as np
import pandas as pd
import pytest

from latephase.analysis import trends
from latephase.papers.sakamoto2026 import claims

STEPS = np.unique(np.geomspace(1, 10_000, 60).round()).astype(int)
FITTED = {"train_threshold": 0.99, "stay": 3}


def study(decays=(0.3, 0.1), seeds=(1, 2, 3, 4, 5), **courses):
    """A row a run and step; each course is a function of the steps, the decay and a generator.

    Training accuracy reaches 1 at step 100.
    """
    frames, random = [], np.random.default_rng(0)
    for decay in decays:
        for seed in seeds:
            frame = pd.DataFrame({"run": f"{decay}-{seed}", "step": STEPS, "seed": seed})
            frame["optimizer.lr"], frame["optimizer.weight_decay"] = 0.001, decay
            frame["diverged_at"] = np.nan
            frame["accuracy_train"] = np.where(STEPS >= 100, 1.0, 0.5)
            for name, course in courses.items():
                frame[name] = course(STEPS.astype(float), decay, random)
            frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def test_a_fall_in_decades():
    """Of a power law from step 100 to 10,000: two decades, less what the ends' logs take."""
    table = study(rnc1=lambda step, decay, random: 1 / step)
    result = claims.falls_by(table, metric="rnc1", **FITTED)
    late = STEPS[STEPS >= 100]
    assert result.estimate == pytest.approx(math.log10(late[-2] / late[1]))
    assert (result.n_seeds, result.n_cells) == (5, 2)
    rising = study(rnc1=lambda step, decay, random: step)
    assert claims.falls_by(rising, metric="rnc1", **FITTED).estimate < -1.5


def test_runs_that_never_memorise_have_no_fall():
    table = study(rnc1=lambda step, decay, random: 1 / step)
    table.loc[table["optimizer.weight_decay"] == 0.3, "accuracy_train"] = 0.9
    result = claims.falls_by(table, metric="rnc1", **FITTED)
    assert (result.n_seeds, result.n_cells) == (5, 1)
    assert "5 never memorise (left out)" in result.note
    nothing = claims.falls_by(table.assign(accuracy_train=0.1), metric="rnc1", **FITTED)
    assert math.isnan(nothing.estimate)


def hill(rise, fall):
    """Up by ``rise`` decades to step 100, then down by ``fall``."""
    at = np.log10(STEPS) / 2
    return 10 ** np.where(at < 1, rise * at, rise - fall * (at - 1))


@pytest.mark.parametrize(("rise", "fall"), [(1.0, 2.0), (2.0, 0.5), (0.0, 2.0), (1.5, 0.0)])
def test_a_peak_is_as_high_as_its_lower_side(rise, fall):
    """Where it is at memorisation."""
    table = study(rnc1=lambda step, decay, random: hill(rise, fall))
    result = claims.peaks(table, metric="rnc1", **FITTED)
    assert result.estimate == pytest.approx(min(rise, fall), abs=0.2)


def test_a_peak_elsewhere_is_none():
    """Long before memorisation, and where there is none."""
    early = study(rnc1=lambda step, decay, random: np.where(step < 4, step, 16 / step))
    assert claims.peaks(early, metric="rnc1", **FITTED).estimate < 0.1
    never = study(rnc1=lambda step, decay, random: hill(1, 2)).assign(accuracy_train=0.5)
    assert math.isnan(claims.peaks(never, metric="rnc1", **FITTED).estimate)


def test_a_peak_needs_values_above_0():
    table = study(rnc1=lambda step, decay, random: step - 1)
    assert math.isnan(claims.peaks(table.assign(rnc1=0.0), metric="rnc1", **FITTED).estimate)


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
    courses = {"rnc1": falling(lambda decay: 500 / decay), "nhsic": falling(time)}
    table = study(decays=(0.6, 0.3, 0.15), **courses)
    result = claims.falls_follow(table, **FALLS)
    # Not quite 1: of two runs with one decay chance says which comes first.
    assert result.estimate == pytest.approx(expected, abs=0.45)
    assert (result.n_seeds, result.n_cells) == (5, 3)


def test_what_does_not_fall_by_its_share_has_no_time():
    table = study(
        decays=(0.6, 0.3, 0.15),
        rnc1=falling(lambda decay: 500 / decay),
        nhsic=lambda step, decay, random: 10 - step / 10_000,
    )
    result = claims.falls_follow(table, **FALLS)
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
        other: claims.goes_with(table, metric=other, other="rnc1", **FITTED).estimate
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
    result = claims.goes_with(table, metric="other", other="rnc1", **FITTED)
    assert result.estimate == pytest.approx(1)


def test_which_of_two_an_outcome_goes_against():
    table = study(
        accuracy_test=lambda step, decay, random: step,
        nc1_trace_ratio=lambda step, decay, random: 1 / step,
        rnc1=lambda step, decay, random: step,
    )
    arguments = {"outcome": "accuracy_test", **FITTED}
    first = claims.goes_with_more(table, metric="nc1_trace_ratio", other="rnc1", **arguments)
    assert first.estimate == pytest.approx(2)
    second = claims.goes_with_more(table, metric="rnc1", other="nc1_trace_ratio", **arguments)
    assert second.estimate == pytest.approx(-2)
    same = claims.goes_with_more(table, metric="rnc1", other="rnc1", **arguments)
    assert same.estimate == 0


def test_an_association_of_runs_at_their_end():
    table = study(
        decays=(0.3, 0.2, 0.1),
        rnc1=lambda step, decay, random: decay / step,
        more=lambda step, decay, random: decay * 2 - random.uniform(0, 0.01),
        less=lambda step, decay, random: -decay * step,
    )
    for other, sign in (("more", 1), ("less", -1)):
        result = claims.final_association(table, metric=other, other="rnc1", stay=3)
        assert result.estimate * sign > 0.8
        assert (result.n_seeds, result.n_cells) == (5, 15)


def test_the_spread_over_an_axis():
    table = study(accuracy_test=lambda step, decay, random: 0.5 + decay + 0 * step)
    result = claims.spread_over(
        table, metric="accuracy_test", column="optimizer.weight_decay", stay=3
    )
    assert result.estimate == result.low == result.high == pytest.approx(0.2)
    one = table[table["optimizer.weight_decay"] == 0.3]
    one = claims.spread_over(one, metric="accuracy_test", column="optimizer.weight_decay", stay=3)
    assert math.isnan(one.estimate)


def sizes(few, many):
    """Test accuracy that rises at one step with 100 samples, and at another with 200."""
    frames = []
    for size, at in ((100, few), (200, many)):
        table = study(
            accuracy_test=lambda step, decay, random, at=at: np.where(step >= at, 0.9, 0.1)
        )
        frames.append(table.assign(**{"data.train_size": size, "run": table["run"] + f"-{size}"}))
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize(("few", "many"), [(1000, 100), (100, 1000), (500, 500)])
def test_how_much_earlier(few, many):
    result = claims.earlier_with(
        sizes(few, many), column="data.train_size", test_fraction=0.95, stay=3
    )
    assert result.estimate == pytest.approx(math.log10(few / many), abs=0.06)
    assert (result.n_seeds, result.n_cells) == (5, 2)


def test_earlier_than_a_run_that_never_generalises():
    """At least by what its last step says; by how much more is open."""
    table = sizes(1000, 100)
    late = (table["data.train_size"] == 100) & (table["optimizer.weight_decay"] == 0.3)
    table.loc[late, "accuracy_test"] = 0.1
    result = claims.earlier_with(table, column="data.train_size", test_fraction=0.95, stay=3)
    assert result.estimate == pytest.approx((1 + 2) / 2, abs=0.06)
    assert math.isinf(result.high)


def test_later_than_a_run_that_generalises():
    """The other way round: what never generalises with more samples is evidence against it."""
    table = sizes(100, 1000)
    late = (table["data.train_size"] == 200) & (table["optimizer.weight_decay"] == 0.3)
    table.loc[late, "accuracy_test"] = 0.1
    result = claims.earlier_with(table, column="data.train_size", test_fraction=0.95, stay=3)
    assert result.estimate == result.low == -math.inf
    assert result.high < 0


def test_delays_of_runs_with_more_samples_have_a_level_of_their_own():
    """With 100 samples no run comes to 95 % of what 200 give; none of them is censored."""
    table = sizes(1000, 1000)
    few = table["data.train_size"] == 100
    table.loc[few, "accuracy_test"] *= 0.5
    result = claims.generalisation_delay(table, train_threshold=0.99, test_fraction=0.95, stay=3)
    assert result.estimate == pytest.approx(1, abs=0.06)
    assert (result.n_seeds, result.n_cells) == (5, 4)
    assert math.isfinite(result.high)


CLOCK = {"train_threshold": 0.99, "stay": 3, "factor": 3.0}


def clocked(time, decays=(1.5, 0.8, 0.4, 0.2)):
    """RNC1 that falls by two decades, by a factor of three at a time that depends on the decay."""

    def rnc1(step, decay, random):
        return 10 ** -np.clip(2 * np.log10(step / time(decay)) + np.log10(3), 0, 3)

    return study(decays=decays, rnc1=rnc1)


@pytest.mark.parametrize(("c", "floor"), [(0.5, 0.0), (0.5, 1 / 3000), (1.0, 1 / 1000)])
def test_a_clock_with_a_floor_is_found(c, floor):
    table = clocked(lambda decay: 1 / (c * 0.001 * decay + floor) / 3)
    result = claims.rnc1_clock_with_floor(table, **CLOCK)
    assert result.n_cells == 4
    told = result.note.partition("τ₀ = ")[2].partition(", misfit")[0]
    if floor:
        assert result.estimate > -0.3
        assert float(told.replace(",", "")) == pytest.approx(1 / floor / 3, rel=0.2)
    slope = claims.rnc1_clock(table, **CLOCK).estimate
    assert (slope == pytest.approx(-1, abs=0.05)) == (floor == 0)


def test_the_floor_is_nearer_to_a_floor_and_the_power_to_a_power():
    """Exactly, without runs: over a decade and a half of rates."""
    rates = np.array([5e-5, 1.5e-4, 5e-4, 1.5e-3])
    for times, nearer in ((1 / (0.5 * rates + 2e-4), "floor"), (rates**-0.5, "power")):
        misfit, c, floor = trends.clock_with_floor(rates, times)
        power = trends.power_misfit(rates, times)
        assert (misfit < power / 10) == (nearer == "floor")
        assert (power < misfit / 10) == (nearer == "power")
        if nearer == "floor":
            assert (c, floor) == (pytest.approx(0.5, rel=0.02), pytest.approx(2e-4, rel=0.05))
    misfit, _, floor = trends.clock_with_floor(rates, 3 / rates)
    assert misfit == pytest.approx(0, abs=1e-9)
    assert floor == 0


def test_of_three_decays_no_floor_is_told():
    table = clocked(lambda decay: 600 / decay, decays=(1.5, 0.8, 0.4))
    assert math.isnan(claims.rnc1_clock_with_floor(table, **CLOCK).estimate)
