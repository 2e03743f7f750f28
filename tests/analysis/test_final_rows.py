"""The last rows of runs: which count, and which cell of an optimizer is best."""

import numpy as np
import pandas as pd
import pytest

from latephase.analysis import divergence, final_rows
from latephase.runs.columns import BETA1, DECAY, LR, MOMENTUM, OPTIMIZER


def history(run, optimizer, accuracy=1.0, diverged_at=np.nan, **columns):
    rows = {"run": run, "step": [0, 10, 20], "seed": 1, "diverged_at": diverged_at, LR: 0.1}
    rows |= {OPTIMIZER: optimizer, "accuracy_train": [0.1, 0.5, accuracy], "nc3": [3.0, 2.0, 1.0]}
    return pd.DataFrame(rows | columns)


TABLE = pd.concat(
    [
        history("a", "sgd", **{MOMENTUM: 0.9, DECAY: 0.1}),
        history("b", "adam", accuracy=0.9, **{BETA1: 0.8, DECAY: 0.2}),
        history("c", "mine"),
        history("d", "sgd", diverged_at=20.0, **{MOMENTUM: 0.5, DECAY: 0.1}),
    ],
    ignore_index=True,
)


def test_a_run_ends_at_its_last_step_or_before_it_diverged():
    last = final_rows.final_rows(TABLE.sample(frac=1, random_state=0)).set_index("run")
    assert last["step"].to_dict() == {"a": 20, "b": 20, "c": 20, "d": 10}
    assert last["momentum"].to_dict() == {"a": 0.9, "b": 0.8, "c": 0.0, "d": 0.5}
    assert last.loc["c", DECAY] == 0


@pytest.mark.parametrize(
    ("threshold", "runs", "told"),
    [
        (0.99, ["a", "c"], "2 of 4 runs reach 99% training accuracy, 2 are left out"),
        (0.5, ["a", "b", "c"], "3 of 4 runs reach 50% training accuracy, 1 are left out"),
        (0, ["a", "b", "c"], "3 of 4 runs, fitted or not; the others diverged"),
    ],
)
def test_runs_count_that_reach_the_accuracy_asked_for(threshold, runs, told):
    kept, counted = final_rows.fitted(TABLE, threshold)
    assert sorted(kept["run"]) == runs
    assert counted == told


def test_all_runs_count_where_none_diverged_and_none_must_fit():
    assert final_rows.fitted(TABLE[TABLE["run"] != "d"], 0)[1] == "all 3 runs, fitted or not"


def test_the_best_cell_has_the_smallest_mean_over_seeds():
    frames = [
        history(f"{decay}-{seed}", "sgd", **{MOMENTUM: 0.9, DECAY: decay, "seed": seed, "nc3": nc3})
        for decay, values in ((0.1, (0.4, 0.6)), (0.2, (0.0, 1.2)))
        for seed, nc3 in enumerate(values)
    ]
    last = final_rows.final_rows(pd.concat(frames, ignore_index=True))
    assert set(final_rows.best_cells(last, "nc3")[DECAY]) == {0.1}


def test_a_cross_stands_at_the_last_measured_row_of_a_run_that_diverged():
    table = TABLE.assign(nc3=TABLE["nc3"].where(TABLE["step"] != 10))
    measured = divergence.before_divergence(table)
    crosses = divergence.last_before(measured, "nc3")
    assert crosses["run"].tolist() == ["d"]
    assert crosses["step"].tolist() == [0]
