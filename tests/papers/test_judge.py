"""A claim that its controls pass says little."""

import numpy as np
import pandas as pd
import pytest

from latephase.papers.claim import INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED, SAYS_LITTLE, Result
from latephase.papers.judge import judge

AT_LEAST_HALF = (0.5, None)


@pytest.fixture
def table():
    """Eight runs of two seeds; the metric falls with the decay."""
    decays = [0.0, 0.1, 0.2, 0.3]
    return pd.DataFrame(
        {
            "run": [f"{seed}-{decay}" for seed in (1, 2) for decay in decays],
            "seed": np.repeat([1, 2], 4),
            "step": 10,
            "optimizer.weight_decay": decays * 2,
            "nc0": [4.0, 3.0, 2.0, 1.0] * 2,
        }
    )


def correlation(table):
    value = -float(table["nc0"].corr(table["optimizer.weight_decay"]))
    return Result(value, value, value, 2, 4)


def size(table):
    value = float(table["nc0"].abs().mean())
    return Result(value, value, value, 2, 4)


def refusing(table):
    if (table["nc0"] < 0).any():
        raise ValueError("below 0")
    return size(table)


REVERSED = {"reverse": ["optimizer.weight_decay"]}


def test_controls_that_fail_leave_the_verdict(table):
    judged = judge(table, correlation, AT_LEAST_HALF, [REVERSED, {"in_common": ["nc0"]}])
    assert judged.verdict == REPRODUCED
    assert judged.result.estimate == pytest.approx(1)
    assert judged.controls == "weight decay reversed: fails; nc0 the same in all runs: has no value"


def test_one_that_passes_takes_it(table):
    judged = judge(table, size, AT_LEAST_HALF, [REVERSED, {"scale": {"metric": "nc0", "by": 0.1}}])
    assert judged.verdict == SAYS_LITTLE
    assert judged.controls == "weight decay reversed: passes; nc0 × 0.1: fails"


def test_nothing_else_becomes_little(table):
    assert judge(table, size, (None, 0.5), [REVERSED]).verdict == NOT_REPRODUCED
    nothing = Result(np.nan, np.nan, np.nan, 0, 0)
    assert judge(table, lambda _: nothing, AT_LEAST_HALF, [REVERSED]).verdict == INCONCLUSIVE


def test_a_control_without_a_value_neither_passes_nor_shows_anything(table):
    without, failing = ({"scale": {"metric": "nc0", "by": by}} for by in (-1, 0.1))
    judged = judge(table, refusing, AT_LEAST_HALF, [without])
    assert (judged.verdict, judged.controls) == (SAYS_LITTLE, "nc0 × -1: has no value")
    judged = judge(table, refusing, AT_LEAST_HALF, [without, failing])
    assert judged.verdict == REPRODUCED
    assert judged.controls == "nc0 × -1: has no value; nc0 × 0.1: fails"
    with pytest.raises(ValueError, match="below 0"):
        judge(table.assign(nc0=-1.0), refusing, AT_LEAST_HALF)


def test_of_twelve_shuffles_one_may_pass(table):
    judged = judge(table, correlation, (0.95, None), [{"shuffle": "labels"}])
    failed = int(judged.controls.removeprefix("runs shuffled: ").partition(" ")[0])
    assert judged.controls.endswith("of 12 fail")
    assert (judged.verdict == REPRODUCED) == (failed >= 11)
    assert judge(table, size, AT_LEAST_HALF, [{"shuffle": ["nc0"]}]).controls == (
        "nc0 shuffled: 0 of 12 fail"
    )


@pytest.mark.parametrize(
    ("control", "called"),
    [
        ({"exchange": {"optimizer.weight_decay": [0.0, 0.3]}}, "0.0 and 0.3 exchanged: "),
        ({"in_common": ["nc0"]}, "nc0 the same in all runs: "),
        (
            {"scale": {"metric": "nc0", "by": 1.5, "where": {"optimizer.weight_decay": 0.1}}},
            "nc0 × 1.5 of weight decay 0.1: ",
        ),
        (
            {"lower": {"metric": "nc0", "by": 0.1, "with": "optimizer.weight_decay"}},
            "nc0 less by 0.1 with weight decay: ",
        ),
        ({"delay": {"metric": "nc0", "by": -0.5}}, "nc0 0.5 decades earlier: "),
        ({"put": {"nc0": "optimizer.weight_decay"}}, "weight decay for nc0: "),
    ],
)
def test_controls_have_names(table, control, called):
    assert judge(table, correlation, AT_LEAST_HALF, [control]).controls.startswith(called)
