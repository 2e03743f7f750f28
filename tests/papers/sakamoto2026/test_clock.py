"""Statistics of the clock, on falls at known times."""

import math

import numpy as np
import pytest

from latephase.analysis import trends
from latephase.papers.sakamoto2026 import clock
from tests.papers.sakamoto2026.courses_of_runs import study

CLOCK = {"train_threshold": 0.99, "stay": 3, "factor": 3.0}


def clocked(time, decays=(1.5, 0.8, 0.4, 0.2)):
    """RNC1 that falls by two decades, by a factor of three at a time that depends on the decay."""

    def rnc1(step, decay, random):
        return 10 ** -np.clip(2 * np.log10(step / time(decay)) + np.log10(3), 0, 3)

    return study(decays=decays, rnc1=rnc1)


@pytest.mark.parametrize(("c", "floor"), [(0.5, 0.0), (0.5, 1 / 3000), (1.0, 1 / 1000)])
def test_a_clock_with_a_floor_is_found(c, floor):
    table = clocked(lambda decay: 1 / (c * 0.001 * decay + floor) / 3)
    result = clock.rnc1_clock_with_floor(table, **CLOCK)
    assert result.n_cells == 4
    told = result.note.partition("τ₀ = ")[2].partition(", misfit")[0]
    if floor:
        assert result.estimate > -0.3
        assert float(told.replace(",", "")) == pytest.approx(1 / floor / 3, rel=0.2)
    slope = clock.rnc1_clock(table, **CLOCK).estimate
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
    assert math.isnan(clock.rnc1_clock_with_floor(table, **CLOCK).estimate)
