"""Intervals over seeds against a brute force, and the tables that figures draw of them."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from latephase.analysis import events, seeds
from latephase.errors import UserError
from tests.papers.sakamoto2026 import synthetic


def test_mixed_axes_are_refused():
    table = synthetic.study_table(decays=(0.1,), seeds=(42,))
    twin = table.assign(run="another")
    runs = events.run_events(
        pd.concat([table, twin]),
        lambda run: {"train": events.onset(run["step"], run["accuracy_train"], 0.99, 3)},
    )
    with pytest.raises(ValueError, match="two runs"):
        seeds.by_cell(runs, "train")


def test_seed_interval_matches_all_resamples():
    values = np.array([[1.0], [2.0], [4.0], [8.0], [16.0]])

    def mean(low, high):
        return low.mean(axis=(-1, -2)), high.mean(axis=(-1, -2))

    every = [
        np.mean([values[i, 0] for i in draw]) for draw in itertools.product(range(5), repeat=5)
    ]
    interval = seeds.seed_interval(values, values, mean, resamples=20_000)
    assert interval.estimate == 6.2
    lowest, highest = np.quantile(every, seeds.ends(5), method="inverted_cdf")
    assert interval.low == pytest.approx(lowest, abs=0.41)
    assert interval.high == pytest.approx(highest, abs=0.41)
    assert interval == seeds.seed_interval(values, values, mean, resamples=20_000)


def test_the_ends_are_as_far_out_as_student_s_t():
    """The bootstrap of a mean deviates by sd √((n − 1)/n) / √n, and Student's t is from sd / √n."""
    from scipy.stats import norm, t

    for n in (3, 5, 10, 100):
        bootstrap = -norm.ppf(seeds.ends(n)[0]) * math.sqrt((n - 1) / n)
        assert bootstrap == pytest.approx(t.ppf(0.975, n - 1), rel=1e-6)
    assert seeds.ends(10**6) == pytest.approx((0.025, 0.975), abs=1e-5)


def test_seed_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(150):
        values = rng.normal(size=(12, 1))
        interval = seeds.seed_interval(values, values, seeds.mean_of_cells, resamples=300)
        hits += interval.low <= 0 <= interval.high
    assert 0.83 <= hits / 150 <= 0.99


def test_seed_interval_is_open_above_where_censoring_reaches_the_median():
    few = np.array([[1.0], [1.1], [1.2], [1.3], [1.4], [1.5], [1.6]])
    open_few = few.copy()
    open_few[-1] = np.inf
    assert math.isfinite(seeds.seed_interval(few, open_few, seeds.mean_of_cells).estimate)
    open_most = np.where(few > 1.15, np.inf, few)
    interval = seeds.seed_interval(few, open_most, seeds.mean_of_cells)
    assert interval.high == math.inf
    assert interval.low == few.min()  # only the highest ends are open


def test_seed_interval_is_not_given_for_four_seeds_with_values():
    values = np.array([[1.0], [1.0], [2.0], [2.0], [np.nan]])
    interval = seeds.seed_interval(values, values, seeds.mean_of_cells)
    assert interval.estimate == 1.5
    assert math.isnan(interval.low) and math.isnan(interval.high)


def test_summarise_is_the_mean_and_a_bootstrap_interval():
    df = pd.DataFrame(
        {"x": [1, 1, 1, 2, 2, 2], "seed": [1, 2, 3] * 2, "y": [1, 2, 6, 4, np.nan, np.nan]}
    )
    first, second = seeds.summarise(df, "x", "y").itertuples(index=False)
    assert first.mean == 3 and first.n == 3
    assert 1 <= first.low < 2 and 4 < first.high <= 6
    assert second.mean == 4 and second.n == 1
    assert np.isnan(second.low) and np.isnan(second.high)


def test_summarise_matches_scipy():
    from scipy.stats import bootstrap

    values = np.random.default_rng(0).normal(size=8)
    df = pd.DataFrame({"x": 1, "seed": range(8), "y": values})
    row = seeds.summarise(df, "x", "y", resamples=20_000).iloc[0]
    lowest, highest = seeds.ends(8)
    assert lowest == pytest.approx(1 - highest)
    expected = bootstrap(
        (values,),
        np.mean,
        n_resamples=20_000,
        confidence_level=highest - lowest,
        method="percentile",
        rng=0,
    ).confidence_interval
    assert row["low"] == pytest.approx(expected.low, abs=0.03)
    assert row["high"] == pytest.approx(expected.high, abs=0.03)


def test_summarise_refuses_two_values_of_a_seed():
    df = pd.DataFrame({"x": [1, 1], "seed": [1, 1], "y": [1.0, 2.0]})
    with pytest.raises(UserError, match="a seed has several runs at one"):
        seeds.summarise(df, "x", "y")
