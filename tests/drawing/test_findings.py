"""What a figure's numbers say, in a sentence: of each form, worked out by hand."""

import pandas as pd
import pytest

from latephase.drawing.findings import finding, metrics_in, value
from latephase.drawing.names import METRICS, plain_metric


def over_time(*rows, keys):
    columns = ["metric", "mark", *keys, "step", "mean"]
    return pd.DataFrame(rows, columns=columns).assign(low=0.0, high=0.0, n=3)


def test_a_line_ends_at_its_last_step_whatever_the_order_of_rows():
    df = over_time(
        ("nc0", "line", "sgd", 100, 0.25),
        ("nc0", "line", "sgd", 1, 2.0),
        ("nc0", "line", "adamw", 1, 2.0),
        ("nc0", "line", "adamw", 50, 4.0),
        ("nc0", "diverged", "adamw", 100, 9.0),
        keys=["optimizer.name"],
    )
    assert finding(df) == "NC0 ends at 0.250 (SGD) and 4 (AdamW)"


def test_of_many_lines_the_two_outermost_are_told():
    rows = [("accuracy_test", "line", decay, 9, 1 - decay) for decay in (0.1, 0.2, 0.3, 0.4)]
    df = over_time(*rows, keys=["optimizer.weight_decay"])
    told = "test accuracy ends between 60.0 % (weight decay 0.4) and 90.0 % (0.1)"
    assert finding(df) == told


def test_two_metrics_of_different_names_and_not_the_accuracy_of_the_fitted_set():
    metrics = ("nc2_equinorm", "nc2_equiangle", "accuracy_train", "rnc1", "cdnv")
    df = over_time(*((metric, "line", 1, 9, 0.5) for metric in metrics), keys=["seed"])
    assert finding(df) == "NC2 ends at 0.500, and RNC1 ends at 0.500"
    assert metrics_in(df) == list(metrics)


def test_lines_that_end_alike_are_told_once():
    rows = [("nc0", "line", name, 9, 1.0) for name in ("sgd", "adam")]
    assert finding(over_time(*rows, keys=["optimizer.name"])) == "NC0 ends at 1 everywhere"


def test_a_line_without_a_finite_value_says_nothing():
    df = over_time(("nc0", "line", 1, 9, float("nan")), keys=["seed"])
    assert finding(df) == ""


BEST = pd.DataFrame(
    [
        ("nc0", "trained", "adam", 0.0, 2.0),
        ("nc0", "trained", "adam", 0.1, 0.5),
        ("nc0", "trained", "adamw", 0.1, 3.0),
        ("nc0", "published", "adamw", 0.1, 0.001),
        ("accuracy_test", "trained", "adam", 0.0, 0.75),
        ("accuracy_test", "trained", "adam", 0.1, 0.5),
        ("accuracy_test", "trained", "adamw", 0.1, 0.25),
    ],
    columns=["metric", "source", "optimizer", "weight_decay", "mean"],
)


def test_the_best_of_each_optimizer_is_ours_and_of_a_share_the_highest():
    assert finding(BEST) == (
        "the lowest NC0 of each optimizer is 0.500 (Adam) and 3 (AdamW), "
        "and the highest test accuracy is 25.0 % (AdamW) and 75.0 % (Adam)"
    )


def test_the_optimizer_of_a_head_is_told_as_such():
    df = BEST[BEST["metric"] == "nc0"].replace({"optimizer": {"adamw": "muon, adam"}})
    told = "the lowest NC0 of each optimizer is 0.500 (Adam) and 3 (Muon, Adam on the head)"
    assert finding(df) == told


def test_a_figure_that_does_not_name_its_metric_is_told_it():
    df = BEST[BEST["metric"] == "nc0"].drop(columns=["metric"])
    df = df[df["source"] == "trained"].drop(columns="source")
    told = "the lowest NC0 of each optimizer is 0.500 (Adam) and 3 (AdamW)"
    assert finding(df, "nc0") == told
    assert finding(df) == ""
    assert metrics_in(df, "nc0") == ["nc0"]


FORMS = [
    (
        {"optimizer": ["sgd", None], "nc0": [1.0, None], "nc3_duality": [1.0, None]}
        | {"kind": ["run", "regression"], "n": [None, 180], "r_squared": [None, 0.75]},
        "a line in log NC0 explains 75 % (180 runs) of the variance of NC3",
    ),
    (
        {"metric": ["nc0", "nc0"], "share": [0.0, 1.0], "mean": [2.0, 0.5]},
        "as the coupled share goes from 0 to 1, NC0 goes from 2 to 0.500",
    ),
    (
        {"samples": [5, 40], "mean": [0.5, 0.125]},
        "the variance is off by 0.500 with 5 samples a class, and by 0.125 with 40",
    ),
    (
        {"mark": ["onset", "line"], "metric": ["memorisation", "nc0"]}
        | {"step": [1234.4, 1.0], "value": [0.9, 1.0]},
        "memorisation sets in at step 1,234",
    ),
    (
        {"kind": ["collapse", "collapse", "run"], "scale": [1.0, 3.0, 4.0], "kappa": [1, 2, 3]},
        "relative flatness is largest at exact collapse at a logit scale of 3 and in training at "
        "a logit scale of 4",
    ),
    (
        {"matrix": ["w"] * 4, "optimizer": ["sgd", "sgd", "adam", "adam"]}
        | {"rank": [1, 2, 1, 2], "step": [9] * 4, "mean": [2.0, 1.0, 4.0, 1.0]},
        "the smallest singular value of W over the largest ends at 0.250 (Adam) and 0.500 (SGD)",
    ),
    (
        {"setting": ["study"] * 2, "source": ["recursion", "trained"], "nc0": [1.0, 1.0]}
        | {"optimizer.momentum": [0.9] * 2, "optimizer.weight_decay": [0.1] * 2},
        "trained NC0 is off the recursion by at most 0 % in 1 cell",
    ),
    (
        {"study": ["a", "a", "a", "b", "b", "c"], "measure": ["rnc1", "nc0", "cdnv"] * 2}
        | {"goes_with": ["memorisation"] * 2 + ["generalisation"] * 2 + ["drifts", "undecided"]},
        "in a 2 measures go with memorisation and 1 with generalisation, in b 0 and 1 and "
        "in the other panel none",
    ),
    (
        {"study": ["a"], "measure": ["nc0"], "goes_with": ["no delay"]},
        "no measure goes with one of memorisation and generalisation and not with the other",
    ),
    (
        {
            "held_out": ["seed"] * 3 + ["setting"] * 2,
            "measure": ["step", "nc0", "rnc1"] + ["nc0"] * 2,
        }
        | {"auroc_verdict": ["baseline", "worse", "worse", "better", "better"]}
        | {"order_verdict": ["baseline", "better", "undecided", "no better", "better"]},
        "for unseen seeds, 0 of 2 forecasts of whether a run generalises within a decade are "
        "better than both baselines, and 1 of 2 forecasts of which run generalises first, and "
        "for unseen settings, 2 of 2 and 1 of 2",
    ),
    (
        {"intervention": ["x", "y", "z", "x"], "quantity": ["accuracy_test"] * 3 + ["rnc1"]}
        | {"verdict": ["down", "stays", "stays", "up"]},
        "test accuracy falls (x) and stays (y; z)",
    ),
    (
        {"optimizer.lr": [0.1, 0.1, 1.0], "optimizer.weight_decay": [0.3, 0.1, 0.3]}
        | {"runs": [5] * 3, "memorised": [5, 5, 0], "generalised": [5, 3, 0]}
        | {"delay": [0.5, 1.5, None]},
        "of 15 runs, 10 memorise and 8 generalise, and where all that memorise generalise, "
        "the delay in decades is 0.500",
    ),
    (
        {"metric": ["nc4_agreement_test_without_bias"], "mark": "line", "step": 9, "mean": 0.5},
        "the agreement of NC4 ends at 50.0 %",
    ),
]


@pytest.mark.parametrize(("columns", "told"), FORMS)
def test_each_form(columns, told):
    assert finding(pd.DataFrame(columns)) == told


def test_margins_are_of_unseen_samples():
    df = pd.DataFrame(
        {
            "step": [1, 1, 9, 9, 9],
            "class_a": [0] * 5,
            "label": [0, 1, 0, 1, 1],
            "split": ["unseen"] * 4 + ["training"],
            "margin": [-1.0, -1.0, 1.0, -1.0, 1.0],
            "accuracy_test": [0.5, 0.5, 1.0, 1.0, 1.0],
        }
    )
    assert finding(df) == (
        "test accuracy is 50.0 % at step 1, where 50 % of the unseen samples are on the wrong "
        "side, and 100.0 % at step 9, where 0 % of the unseen samples are on the wrong side"
    )


def test_of_an_unknown_form_nothing_is_said():
    assert finding(pd.DataFrame({"a": [1], "b": [2]})) == ""


def test_names_in_sentences_hold_no_tex():
    assert not [name for name in METRICS if "$" in plain_metric(name)]


@pytest.mark.parametrize(
    ("metric", "x", "told"), [("accuracy_test", 0.976, "97.6 %"), ("nc0", 1234.5, "1230")]
)
def test_shares_are_percentages(metric, x, told):
    assert value(metric, x) == told
