"""What made-up interventions move, where it is known."""

import math

import numpy as np
import pandas as pd
import pytest

from latephase.analysis import intervened
from latephase.errors import UserError

STEPS = np.array([0, *np.unique(np.geomspace(1, 10_000, 60).round())])
MEASURES = ["cdnv", "rnc1"]
OPTIONS = {"measures": MEASURES, "fraction": 0.95, "stay": 3}
COMPARISON = {"name": "it", "study": "one", "arm": "arm", "control": "control"}


def run(arm, seed, at=500.0, accuracy=0.9, cdnv=0.1, rnc1=0.1, diverged_at=math.nan):
    """A run whose test accuracy jumps at a step, with measures that are what they are at once."""
    bump = 1 + 0.01 * seed
    return pd.DataFrame(
        {
            "run": f"{arm}-{seed}",
            "seed": seed,
            "arm": arm,
            "step": STEPS,
            "diverged_at": diverged_at,
            "loss_train": 1.0 / (1 + STEPS) + hash_of(arm) * (STEPS > 0),
            "accuracy_train": 1.0,
            "accuracy_test": np.where(at <= STEPS, accuracy, 0.1) + 0.001 * seed,
            "cdnv": cdnv * bump,
            "rnc1": rnc1 * bump,
        }
    )


def hash_of(arm):
    return {"control": 0.0, "arm": 0.01}[arm]


def study(seeds=range(5), **changed):
    return pd.concat(
        [run("control", s) for s in seeds] + [run("arm", s, **changed) for s in seeds],
        ignore_index=True,
    )


def found(table, **options):
    df = intervened.changes({"one": table}, [COMPARISON], **OPTIONS | options)
    return df.set_index("quantity")


def test_what_is_moved_moves_and_the_rest_stays():
    df = found(study(cdnv=1.0))
    assert df["verdict"].to_dict() == {
        "accuracy_test": "stays",
        "onset": "stays",
        "cdnv": "up",
        "rnc1": "stays",
    }
    assert df.loc["cdnv", ["change", "low", "high"]].tolist() == pytest.approx([1, 1, 1])


@pytest.mark.parametrize(
    ("changed", "quantity", "change", "word"),
    [
        ({"accuracy": 0.85}, "accuracy_test", -0.05, "down"),
        ({"accuracy": 0.95}, "accuracy_test", 0.05, "up"),
        ({"accuracy": 0.89}, "accuracy_test", -0.01, "stays"),
        ({"at": 5000.0}, "onset", 1.0, "up"),
        ({"at": 50.0}, "onset", -1.0, "down"),
        ({"rnc1": 0.01}, "rnc1", -1.0, "down"),
    ],
)
def test_generalisation_moves_where_it_was_made_to(changed, quantity, change, word):
    row = found(study(**changed)).loc[quantity]
    assert row["change"] == pytest.approx(change, abs=0.08)
    assert row["verdict"] == word


def test_a_change_at_the_margin_is_undecided():
    table = study()
    rows = (table["arm"] == "arm") & table["seed"].isin((0, 1))
    table.loc[rows, "cdnv"] *= 10
    assert found(table).loc["cdnv", "verdict"] == "undecided"


def test_it_is_seed_by_seed_that_arms_are_compared():
    """Seeds differ by decades, the arms by a little: without pairs nothing would be known."""
    table = study(cdnv=0.5)
    table["cdnv"] *= 10.0 ** table["seed"]
    row = found(table).loc["cdnv"]
    assert row["verdict"] == "up" and row["change"] == pytest.approx(np.log10(5))


def test_a_run_that_never_generalises_is_later_than_all():
    row = found(study(at=1e9)).loc["onset"]
    assert row["change"] == pytest.approx(1.3, abs=0.1)
    assert row["high"] == math.inf and row["verdict"] == "up"


def test_the_past_that_a_fork_shares_with_its_control_says_nothing():
    table = study(at=500.0)
    table["loss_train"] = 1 / (1 + table["step"]) + 0.01 * (
        (table["step"] > 1000) & (table["arm"] == "arm")
    )
    row = found(table).loc["onset"]
    assert (row["seeds"], row["verdict"]) == (0, "before the fork")
    table.loc[table["arm"] == "arm", "loss_train"] += 1e-9  # two runs that were never one
    assert found(table).loc["onset", "verdict"] == "stays"


@pytest.mark.parametrize("at", [100.0, 2000.0])
@pytest.mark.parametrize("run", ["arm-0", "control-0"])
def test_runs_that_diverged_have_neither_a_last_value_nor_an_onset(run, at):
    """Neither before their onset nor after it."""
    table = study()
    table.loc[table["run"] == run, "diverged_at"] = at
    df = found(table)
    assert set(df["seeds"]) == {4} and set(df["verdict"]) == {"undecided"}
    assert df.loc["onset", "change"] == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("arm", ["arm", "control"])
def test_arms_that_all_diverged_have_nothing_to_compare(arm):
    table = study()
    table.loc[table["arm"] == arm, "diverged_at"] = 2000.0
    df = found(table)
    assert set(df["seeds"]) == {0} and set(df["verdict"]) == {"nothing to compare"}
    assert intervened.verdicts(df.reset_index())["conclusion"].tolist() == ["undecided"]


def without_onset(arm="control"):
    """Runs that still rise at the end: below the level until the last logs."""
    table = study()
    rising = table["arm"] == arm
    return table.assign(
        accuracy_test=table["accuracy_test"].mask(rising, 0.2 * table["step"] / STEPS[-1])
    )


def test_an_arm_is_earlier_than_a_control_that_never_generalises():
    row = found(without_onset()).loc["onset"]
    assert (row["seeds"], row["change"], row["low"]) == (5, -math.inf, -math.inf)
    assert row["high"] == pytest.approx(-1.3, abs=0.1) and row["verdict"] == "down"


def test_the_control_may_be_of_another_study():
    table = study(cdnv=1.0)
    tables = {name: table[table["arm"] == name] for name in ("arm", "control")}
    comparison = COMPARISON | {"study": "arm", "control_study": "control"}
    df = intervened.changes(tables, [comparison], **OPTIONS).set_index("quantity")
    assert df.loc["cdnv", "verdict"] == "up"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"study": "two"}, "names the study 'two'; allowed: one"),
        ({"arm": "none"}, "names the arm 'none'; allowed: control, arm"),
        ({"control": "none"}, "names the control 'none'; allowed: control, arm"),
    ],
)
def test_what_is_not_there_is_one_line(changed, words):
    with pytest.raises(UserError, match=words):
        intervened.changes({"one": study()}, [COMPARISON | changed], **OPTIONS)


@pytest.mark.parametrize(
    ("changed", "moved", "conclusion"),
    [
        ({"cdnv": 1.0}, "cdnv +1.00", "generalisation stays"),
        ({"cdnv": 1.0, "accuracy": 0.8}, "cdnv +1.00", "generalisation moves"),
        ({"cdnv": 1.0, "at": 5000.0}, "cdnv +1.00", "generalisation moves"),
        ({"cdnv": 0.01, "rnc1": 1.0}, "cdnv -1.00, rnc1 +1.00", "generalisation stays"),
        ({}, "none", "no measure moves; generalisation stays"),
    ],
)  # fmt: skip
def test_a_conclusion_for_each_intervention(changed, moved, conclusion):
    df = intervened.changes({"one": study(**changed)}, [COMPARISON], **OPTIONS)
    (row,) = intervened.verdicts(df).to_dict("records")
    assert (row["intervention"], row["moved"]) == ("it", moved)
    assert row["conclusion"] == conclusion


def test_below_five_seeds_there_is_no_verdict():
    df = found(study(seeds=range(3), cdnv=1.0))
    assert set(df["verdict"]) == {"undecided"}
    assert intervened.verdicts(df.reset_index())["conclusion"].tolist() == ["undecided"]


def test_it_is_not_said_that_nothing_moves_while_a_measure_is_undecided():
    table = study()
    table.loc[(table["arm"] == "arm") & table["seed"].isin((0, 1)), "cdnv"] *= 10
    (row,) = intervened.verdicts(found(table).reset_index()).to_dict("records")
    assert (row["moved"], row["stays"], row["undecided"]) == ("none", "rnc1", "cdnv")
    assert row["conclusion"] == "undecided whether a measure moves; generalisation stays"
