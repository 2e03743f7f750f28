"""How often an interval over seeds holds what many seeds would give. The docs say these numbers."""

import numpy as np
import pytest

from latephase.analysis import seeds

ROUNDS = 200


def coverage(n_seeds, n_cells, shared=0.0):
    """The share of intervals that hold the statistic's true value, which is 0.

    Values are normal; ``shared`` is the part of their deviation that a seed's cells have in common.
    """
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(ROUNDS):
        common = rng.normal(size=(n_seeds, 1)) * shared
        values = common + rng.normal(size=(n_seeds, n_cells)) * (1 - shared**2) ** 0.5
        interval = seeds.seed_interval(values, values, seeds.mean_of_cells, resamples=200)
        held += interval.low <= 0 <= interval.high
    return held / ROUNDS


@pytest.mark.parametrize(("n_seeds", "expected"), [(3, 0.75), (5, 0.94), (10, 0.92)])
def test_of_one_cell_it_is_that_of_order_statistics(n_seeds, expected, monkeypatch):
    """Of three seeds it is their range, which misses the median in 2 · (1/2)³ of the cases."""
    monkeypatch.setattr(seeds, "MIN_SEEDS", 3)  # of so few none is given
    assert coverage(n_seeds, 1) == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize("n_seeds", [5, 10])
def test_of_several_cells_it_is_no_less_than_nine_in_ten(n_seeds):
    assert coverage(n_seeds, 4) > 0.88
    assert coverage(n_seeds, 4, shared=0.9) > 0.88
