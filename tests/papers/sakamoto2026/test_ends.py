"""Statistics of metrics at the end of runs."""

import math

import pytest

from latephase.papers.sakamoto2026 import ends
from tests.papers.sakamoto2026.courses_of_runs import study


def test_an_association_of_runs_at_their_end():
    table = study(
        decays=(0.3, 0.2, 0.1),
        rnc1=lambda step, decay, random: decay / step,
        more=lambda step, decay, random: decay * 2 - random.uniform(0, 0.01),
        less=lambda step, decay, random: -decay * step,
    )
    for other, sign in (("more", 1), ("less", -1)):
        result = ends.final_association(table, metric=other, other="rnc1", stay=3)
        assert result.estimate * sign > 0.8
        assert (result.n_seeds, result.n_cells) == (5, 15)


def test_the_spread_over_an_axis():
    table = study(accuracy_test=lambda step, decay, random: 0.5 + decay + 0 * step)
    result = ends.spread_over(
        table, metric="accuracy_test", column="optimizer.weight_decay", stay=3
    )
    assert result.estimate == result.low == result.high == pytest.approx(0.2)
    one = table[table["optimizer.weight_decay"] == 0.3]
    one = ends.spread_over(one, metric="accuracy_test", column="optimizer.weight_decay", stay=3)
    assert math.isnan(one.estimate)
