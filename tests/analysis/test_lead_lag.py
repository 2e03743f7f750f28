"""What moves when, on made-up runs in which it is known."""

import math

import numpy as np
import pandas as pd
import pytest

from latephase.analysis.events import SIZE
from latephase.analysis.lead_lag import MEASURES, by_arm, leads, summary, verdict
from latephase.errors import UserError
from tests.analysis.grokking_runs import run

LIMITS = {"fitted": 0.99, "fraction": 0.95, "stay": 1}
TRAIN, TEST = 100, 3162  # a delay of a decade and a half


def study(**changes):
    """Five runs that memorise and generalise, each named column falling at its step."""
    runs = []
    for seed in range(1, 6):
        of_seed = run(TRAIN, TEST, seed)
        for column, at in changes.items():
            end = at or np.inf
            fallen = of_seed["step"].lt(end).map({True: 1.0, False: 0.01})
            of_seed[column] = fallen * (1 + 0.01 * seed)
        runs.append(of_seed)
    return pd.concat(runs, ignore_index=True)


def gone_with(table):
    return summary(leads(table, **LIMITS)).set_index("measure")["goes_with"].to_dict()


def test_each_measure_goes_with_what_it_was_made_to_go_with():
    table = study(cdnv=100, rnc1=3162, nc0_normalized=None)
    assert gone_with(table) == {
        "cdnv": "memorisation",
        "rnc1": "generalisation",
        "nc0_normalized": "does not change",
    }


def test_the_order_of_the_onsets_exchanged():
    """Reversed: the network generalises before it memorises, and no measure goes with anything."""
    table = study(cdnv=100)
    table[["accuracy_train", "accuracy_test"]] = table[["accuracy_test", "accuracy_train"]]
    assert gone_with(table) == {"cdnv": "no delay"}
    assert summary(leads(table, **LIMITS))["place"].isna().all()


@pytest.mark.parametrize(
    ("values", "word"),
    [
        (lambda steps: np.ones(len(steps)), "does not change"),
        (lambda steps: 1 / steps, "drifts"),
        (lambda steps: np.where(steps < 1000, 1.0, 100.0), "does not fall"),
    ],
)
def test_a_measure_without_a_fall_to_place_says_why(values, word):
    table = study(cdnv=100)
    table["cdnv"] = values(table["step"].clip(lower=1).to_numpy(float))
    assert gone_with(table) == {"cdnv": word}


def test_leads_are_decades_from_the_onsets():
    df = leads(study(cdnv=1000), **LIMITS)
    assert df["to_train"].median() == pytest.approx(1.0, abs=0.1)
    assert df["to_test"].median() == pytest.approx(-0.5, abs=0.1)
    assert df["place"].median() == pytest.approx(2 / 3, abs=0.07)
    assert np.log10(df["half"] / df["change"]).abs().max() < 0.1


def test_a_measure_that_rises_before_it_falls_is_placed_at_its_fall():
    table = study(relative_flatness_bound=3162)
    early = (table["step"] >= 100) & (table["step"] < 3162)
    table.loc[early, "relative_flatness_bound"] *= 10
    df = leads(table, **LIMITS)
    assert set(df["shape"]) == {"bump"}
    assert gone_with(table) == {"relative_flatness_bound": "generalisation"}


def test_runs_that_never_generalise_are_left_out_and_the_count_says_so():
    table = pd.concat([study(cdnv=100), run(100, None, 9).assign(cdnv=1.0)], ignore_index=True)
    (row,) = summary(leads(table, **LIMITS)).to_dict("records")
    assert row["runs"] == 5


def test_a_column_that_nobody_measured_has_no_row():
    assert list(summary(leads(study(cdnv=100), **LIMITS))["measure"]) == ["cdnv"]
    assert summary(leads(study(), **LIMITS)).empty


ROW = {"runs": 5, "changed": 5, "delay": 1.0, "place_low": -0.1, "place_high": 0.2}


@pytest.mark.parametrize(
    ("place", "word"),
    [
        ((-0.1, 0.2), "memorisation"),
        ((0.7, 1.2), "generalisation"),
        ((-2.0, -0.8), "before both"),
        ((1.6, 3.0), "after both"),
        ((0.4, 0.6), "undecided"),
        ((-0.7, 0.2), "undecided"),
        ((math.nan, math.nan), "undecided"),
    ],
)
def test_verdicts(place, word):
    assert verdict(ROW | dict(zip(("place_low", "place_high"), place, strict=True))) == word


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ({"changed": 2, "otherwise": "does not change"}, "does not change"),
        ({"changed": 2, "otherwise": "drifts"}, "drifts"),
        ({"delay": 0.2}, "no delay"),
        ({"delay": math.nan}, "no delay"),
    ],
)
def test_verdicts_that_need_no_place(row, word):
    assert verdict(ROW | row) == word


def test_measures_have_names_of_their_own():
    for field in ("column", "label"):
        values = [getattr(measure, field) for measure in MEASURES]
        assert len(set(values)) == len(values)


def test_a_study_is_cut_into_the_arms_that_are_named():
    whole, plain = study(cdnv=100), study(cdnv=3162)
    whole["arm"] = whole["seed"].map(lambda seed: "one" if seed < 3 else "other")
    tables = {"a": whole, "b": plain}
    cut = by_arm(tables, {"a": ["other"]})
    assert list(cut) == ["a: other", "b"]
    assert set(cut["a: other"]["seed"]) == {3, 4, 5}
    assert cut["b"] is plain
    for arms, said in (
        ({"c": ["one"]}, r"options\.arms names the study 'c'; allowed: a, b"),
        ({"a": ["none"]}, r"options\.arms\.a names 'none'; allowed: one, other"),
        ({"b": ["one"]}, r"options\.arms\.b names 'one'; allowed: none, as the study has no arms"),
    ):
        with pytest.raises(UserError, match=said):
            by_arm(tables, arms)


def test_runs_with_fewer_samples_generalise_at_a_level_of_their_own():
    few = study(rnc1=TEST).assign(**{SIZE: 100})
    few["accuracy_test"] *= 0.8
    few["run"] += "-few"
    both = pd.concat([study(rnc1=TEST).assign(**{SIZE: 1000}), few])
    assert set(leads(both, **LIMITS)["run"]) == set(both["run"])
    together = leads(both.drop(columns=SIZE), **LIMITS)
    assert not together["run"].str.endswith("-few").any()
