"""The delay of grokking on made-up runs whose delay is known."""

import math

import numpy as np
import pytest

from latephase.analysis.delay import by_rate_and_decay, delays
from latephase.runs.columns import DECAY, LR
from tests.analysis.grokking_runs import LIMITS, run, table


@pytest.mark.parametrize("decades", [0.0, 0.5, 1.0, -0.5])
def test_a_known_delay(decades):
    (row,) = delays(table(run(100, 100 * 10**decades)), **LIMITS).to_dict("records")
    # A jump lies somewhere between two logs, which are a tenth of a decade apart.
    assert row["smallest"] == row["largest"] == pytest.approx(decades, abs=0.1)


def test_what_never_generalises_has_a_delay_without_an_end():
    (row,) = delays(table(run(100, None)), **LIMITS).to_dict("records")
    assert row["test_censored"] and row["largest"] == math.inf
    assert row["smallest"] == pytest.approx(2, abs=0.05)  # 100 to 10,000, the last log


def test_what_never_memorises_has_none():
    (row,) = delays(table(run(None, None)), **LIMITS).to_dict("records")
    assert math.isnan(row["smallest"]) and math.isnan(row["largest"])


def test_a_run_that_diverged_at_its_first_log_has_none():
    lost, other = run(100, 1000, 1), run(100, 1000, 2)
    lost["diverged_at"] = lost["step"].min()
    first, second = delays(table(lost, other), **LIMITS).sort_values("seed").to_dict("records")
    assert first["diverged"] and first["train_censored"] and first["test_censored"]
    assert math.isnan(first["smallest"]) and math.isnan(first["largest"])
    assert second["smallest"] == pytest.approx(1, abs=0.1)


def test_by_rate_and_decay():
    """Five seeds in one cell, of another cell three that generalise and two that do not."""
    seeds = range(1, 6)
    fast = [run(100, 1000, seed) for seed in seeds]
    slow = [run(100, 3000 if seed < 4 else None, seed, decay=0.1) for seed in seeds]
    blank = [run(None, None, seed, lr=1.0) for seed in seeds]
    frame = by_rate_and_decay(table(*fast, *slow, *blank), **LIMITS)
    assert list(zip(frame[LR], frame[DECAY], strict=True)) == [(1e-3, 0.1), (1e-3, 1.0), (1.0, 1.0)]
    assert list(frame["runs"]) == [5, 5, 5]
    assert list(frame["memorised"]) == [5, 5, 0]
    assert list(frame["generalised"]) == [3, 5, 0]
    slow, fast, blank = frame.to_dict("records")
    assert fast["delay"] == fast["delay_low"] == fast["delay_high"] == pytest.approx(1, abs=0.02)
    assert fast["train"] == pytest.approx(100, rel=0.15)
    assert slow["delay"] == pytest.approx(np.log10(30), abs=0.05)
    assert slow["delay_high"] == math.inf  # two of five have no end in sight
    assert slow["test"] == pytest.approx(3000, rel=0.15)  # the third of five is known
    assert slow["steps"] == 10_000
    assert math.isnan(blank["delay"]) and math.isnan(blank["test"])


@pytest.mark.parametrize(
    ("at", "median"), [([1000, 2000, None], 2000), ([1000, None, None], None), ([1000, None], None)]
)
def test_the_median_step_is_known_if_more_than_half_of_the_runs_show_it(at, median):
    runs = table(*(run(100, step, seed) for seed, step in enumerate(at)))
    (row,) = by_rate_and_decay(runs, **LIMITS).to_dict("records")
    expected = pytest.approx(math.nan if median is None else median, rel=0.25, nan_ok=True)
    assert row["test"] == expected


def test_runs_of_one_cell_and_seed_are_refused():
    with pytest.raises(ValueError, match="share seed"):
        by_rate_and_decay(table(run(100, 1000), run(10, 20).assign(run="other")), **LIMITS)
