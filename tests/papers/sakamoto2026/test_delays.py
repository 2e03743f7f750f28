"""Statistics of grokking, on accuracies that rise at known steps."""

import math

import numpy as np
import pandas as pd
import pytest

from latephase.papers.sakamoto2026 import delays
from tests.papers.sakamoto2026.courses_of_runs import study


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
    result = delays.earlier_with(
        sizes(few, many), column="data.train_size", test_fraction=0.95, stay=3
    )
    assert result.estimate == pytest.approx(math.log10(few / many), abs=0.06)
    assert (result.n_seeds, result.n_cells) == (5, 2)


def test_earlier_than_a_run_that_never_generalises():
    """At least by what its last step says; by how much more is open."""
    table = sizes(1000, 100)
    late = (table["data.train_size"] == 100) & (table["optimizer.weight_decay"] == 0.3)
    table.loc[late, "accuracy_test"] = 0.1
    result = delays.earlier_with(table, column="data.train_size", test_fraction=0.95, stay=3)
    assert result.estimate == pytest.approx((1 + 2) / 2, abs=0.06)
    assert math.isinf(result.high)


def test_later_than_a_run_that_generalises():
    """The other way round: what never generalises with more samples is evidence against it."""
    table = sizes(100, 1000)
    late = (table["data.train_size"] == 200) & (table["optimizer.weight_decay"] == 0.3)
    table.loc[late, "accuracy_test"] = 0.1
    result = delays.earlier_with(table, column="data.train_size", test_fraction=0.95, stay=3)
    assert result.estimate == result.low == -math.inf
    assert result.high < 0


def test_delays_of_runs_with_more_samples_have_a_level_of_their_own():
    """With 100 samples no run comes to 95 % of what 200 give; none of them is censored."""
    table = sizes(1000, 1000)
    few = table["data.train_size"] == 100
    table.loc[few, "accuracy_test"] *= 0.5
    result = delays.generalisation_delay(table, train_threshold=0.99, test_fraction=0.95, stay=3)
    assert result.estimate == pytest.approx(1, abs=0.06)
    assert (result.n_seeds, result.n_cells) == (5, 4)
    assert math.isfinite(result.high)
