"""How often an interval over seeds holds what many seeds would give. The docs say these numbers."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from latephase.analysis import seeds, trends

ROUNDS = 200
SLOPE = 0.15


def drawn(rng, n_seeds, n_cells, shared):
    """Normal values; ``shared`` is the part of their deviation that a seed's cells share."""
    common = rng.normal(size=(n_seeds, 1)) * shared
    return common + rng.normal(size=(n_seeds, n_cells)) * (1 - shared**2) ** 0.5


def of_cells(statistic, rng, n_seeds, n_cells, shared):
    """Whether a statistic of cells, whose true value is 0, is in its interval."""
    values = drawn(rng, n_seeds, n_cells, shared)
    interval = seeds.seed_interval(values, values, statistic, resamples=500)
    return interval.low <= 0 <= interval.high


def coverage(held, n_seeds, n_cells, shared=0.0):
    """The share of intervals that hold the true value."""
    rng = np.random.default_rng(0)
    return np.mean([held(rng, n_seeds, n_cells, shared) for _ in range(ROUNDS)])


def order(smallest, largest):
    """Somers' D against the cells, which have no order: 0."""
    value = trends.rank_association(np.arange(smallest.shape[-1]), smallest, largest)
    return value, value


KINDS = {
    "medians": partial(of_cells, seeds.mean_of_cells),
    "means": partial(of_cells, seeds.mean_of_runs),
    "orders": partial(of_cells, order),
}


@pytest.mark.parametrize(("n_seeds", "expected"), [(3, 0.75), (5, 0.94), (10, 0.98)])
def test_of_one_cell_it_is_that_of_order_statistics(n_seeds, expected, monkeypatch):
    """Of three seeds it is their range, which misses the median in 2 · (1/2)³ of the cases."""
    monkeypatch.setattr(seeds, "MIN_SEEDS", 3)  # of so few none is given
    assert coverage(KINDS["medians"], n_seeds, 1) == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize(
    ("n_seeds", "kind"), [*((5, kind) for kind in KINDS), (10, "medians"), (10, "means")]
)
def test_of_several_cells_it_is_about_nine_in_ten_or_more(n_seeds, kind):
    """The 2.5 % and 97.5 % of the resamples, for five seeds, would give 0.81 for means."""
    assert coverage(KINDS[kind], n_seeds, 4) > 0.88
    assert coverage(KINDS[kind], n_seeds, 4, shared=0.9) > 0.88


def test_of_a_regression_over_all_runs_too():
    """Its slopes differ between seeds. The 2.5 % and 97.5 % of the resamples would give 0.83."""
    rng, held, x = np.random.default_rng(0), 0, np.tile(np.linspace(-2, 1, 10), (5, 1))
    for _ in range(ROUNDS):
        y = (SLOPE + 0.05 * rng.normal(size=(5, 1))) * x + 0.05 * rng.normal(size=x.shape)
        names = np.repeat(np.arange(5), 10)
        runs = pd.DataFrame({"seed": names, "x": x.ravel(), "y": y.ravel()})
        interval = seeds.pooled_interval(runs, ["x", "y"], slope)
        held += interval.low <= SLOPE <= interval.high
    assert held / ROUNDS > 0.88


@pytest.mark.parametrize("n_seeds", [5, 10])
def test_of_a_band_in_a_figure_too(n_seeds):
    """The band of each x is that of other values."""
    values = np.random.default_rng(0).normal(size=ROUNDS * n_seeds)
    at, names = np.divmod(np.arange(len(values)), n_seeds)
    band = seeds.summarise(pd.DataFrame({"x": at, "seed": names, "y": values}), "x", "y")
    assert ((band["low"] <= 0) & (band["high"] >= 0)).mean() > 0.88


def slope(x, y):
    centred = x - x.mean()
    return centred @ y / (centred @ centred)
