"""What a figure says of the runs that it leaves out: how many, which, and why."""

import numpy as np
import pandas as pd
import pytest

from latephase.drawing import left_out


@pytest.fixture
def table():
    """Four learning rates, three seeds; two rows for each run."""
    rows = [
        {
            "run": f"{lr}-{seed}",
            "seed": seed,
            "optimizer.lr": lr,
            "step": step,
            "diverged_at": np.nan,
        }
        for lr in (0.001, 0.01, 0.1, 1.0)
        for seed in (1, 2, 3)
        for step in (0, 10)
    ]
    df = pd.DataFrame(rows)
    df.loc[(df["run"] == "1.0-1") & (df["step"] == 10), "diverged_at"] = 5.0
    return df


def test_nothing_is_left_out(table):
    assert left_out.sentence(table, {"diverged": []}) == "All 12 runs are drawn."
    assert left_out.sentence(table[:2], {}) == "The one run is drawn."


def test_runs_are_named_by_what_they_have_in_common(table):
    gone = {"never memorise": ["0.1-1", "0.1-2"]}
    assert left_out.sentence(table, gone) == (
        "2 of 12 runs are left out: 2 never memorise (learning rate 0.1: 2 of 3)."
    )
    gone = {"never memorise": [f"{lr}-3" for lr in (0.001, 0.01, 0.1)]}
    assert "(seed 3: 3 of 4)" in left_out.sentence(table, gone)


def test_values_that_are_left_out_whole_are_named_before_one_value_in_part(table):
    """Two of four arms. All of their runs have ten steps, and so has another arm."""
    table["arm"] = table["optimizer.lr"].map({0.001: "a", 0.01: "b", 0.1: "c", 1.0: "d"})
    table["steps"] = table["arm"].map({"a": 10, "b": 10, "c": 10, "d": 20})
    gone = [f"{lr}-{seed}" for lr in (0.001, 0.01) for seed in (1, 2, 3)]
    told = left_out.sentence(table, {"of arms that are not shown": gone})
    assert told.endswith("6 of arms that are not shown (a: 3 of 3, b: 3 of 3).")
    table["arm"] = table["seed"].astype(str)  # No column tells exactly which.
    told = left_out.sentence(table, {"of arms that are not shown": gone[:4]})
    assert told.endswith("(learning rate 0.001: 3 of 3, learning rate 0.01: 1 of 3).")


def test_runs_are_not_named_by_seeds_that_they_share_with_the_others(table):
    """All but one of the learning rates, which are more than the seeds."""
    more = table.assign(run=table["run"] + "w")
    more["optimizer.lr"] = more["optimizer.lr"].replace({1.0: 10.0})
    wide = pd.concat([table, more])
    gone = set(wide.loc[wide["optimizer.lr"] < 10, "run"])
    told = left_out.sentence(wide, {"with another learning rate": gone})
    assert told.startswith("21 of 24 runs are left out: 21 with another learning rate (learning")
    assert told.endswith("learning rate 0.1: 6 of 6, learning rate 1: 3 of 3).")


def test_of_many_values_the_first_are_named():
    runs = [f"r{n}" for n in range(9)]
    df = pd.DataFrame({"run": runs, "optimizer.weight_decay": range(9), "diverged_at": np.nan})
    told = left_out.sentence(df, {"diverged": runs[:6]})
    assert told.endswith(
        "(weight decay 0: 1 of 1, weight decay 1: 1 of 1, weight decay 2: 1 of 1, and 3 more)."
    )


def test_below_an_accuracy_or_diverged(table):
    kept = {*table["run"]} - {"1.0-1", "1.0-2"}
    assert left_out.below(table, kept, 0.99) == (
        "2 of 12 runs are left out: 1 below 99 % training accuracy at the end "
        "(learning rate 1: 1 of 3), 1 diverged (learning rate 1: 1 of 3)."
    )


def test_one_is_singular(table):
    told = left_out.but(table, {*table["run"]} - {"1.0-2"}, "with another arm")
    assert told == "1 of 12 runs is left out: 1 with another arm (learning rate 1: 1 of 3)."


def test_a_figure_of_one_run(table):
    assert left_out.all_but_one(table) == ("11 of 12 runs are left out: the figure shows one run.")
    assert left_out.all_but_one(table[:2]) == "The one run is drawn."


def test_studies_that_share_a_run_count_it_twice(table):
    both = left_out.together({"one": table, "two": table[:4]})
    assert len(both) == 14
    told = left_out.sentence(both, {"diverged": ["one 1.0-1"]})
    assert told == "1 of 14 runs is left out: 1 diverged (one: 1 of 12)."
