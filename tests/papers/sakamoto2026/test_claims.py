"""Claims on tables in which the effect is present, absent, reversed or lost in noise."""

import json
import math
from functools import partial

import numpy as np
import pandas as pd
import pytest

from latephase.errors import UserError
from latephase.papers.claim import (
    INCONCLUSIVE,
    NOT_REPRODUCED,
    REPRODUCED,
    Result,
    verdict,
)
from latephase.storage import parquet
from scripts import evaluate_claims
from tests.papers.catalog_claims import claims_of
from tests.papers.sakamoto2026 import synthetic
from tests.papers.sakamoto2026.synthetic import LR, constant, inverse

study_table = partial(synthetic.study_table, seeds=(42, 43, 44, 45, 46))

OF_DECAYS = ("delay", "delay-by-decay", "rnc1-with-test", "rnc1-follows-test", "clock")
CLAIMS = {
    f"sakamoto2026-{name}": claims_of("sakamoto2026")[f"sakamoto2026-{name}"] for name in OF_DECAYS
}
"""Those that compare weight decays; the others' statistics are in test_courses.py."""

COLUMNS = [
    *("claim", "paper", "where", "sentence", "study", "scale", "statistic"),
    *("estimate", "low", "high", "n_seeds", "n_cells", "threshold_low", "threshold_high"),
    *("verdict", "controls", "note"),
]


def between(decay: float) -> float:
    """Half-way, on a log axis, between the onset of training accuracy and the test's rise."""
    return math.sqrt(336 * synthetic.CONTRACTED(decay))


def evaluated(claim: str, table: pd.DataFrame) -> dict:
    return evaluate_claims.evaluate(CLAIMS[claim], table, "table.parquet", "quick")


CASES = [
    ("delay", {}, {REPRODUCED}),
    ("delay", {"test": constant(200)}, {NOT_REPRODUCED}),
    ("delay", {"train": constant(5000), "test": constant(500)}, {NOT_REPRODUCED}),
    ("delay", {"test": constant(230), "jitter": 0.4}, {INCONCLUSIVE}),
    ("delay-by-decay", {}, {REPRODUCED}),
    # Five seeds that scatter so much cannot exclude the effect, and ten can.
    ("delay-by-decay", {"test": constant(5000), "jitter": 0.1}, {INCONCLUSIVE}),
    (
        "delay-by-decay",
        {"test": constant(5000), "jitter": 0.1, "seeds": range(42, 52)},
        {NOT_REPRODUCED},
    ),
    # A decay that slows both alike is no association of the delay.
    (
        "delay-by-decay",
        {"train": inverse(0.01), "test": inverse(0.1), "jitter": 0.1},
        {NOT_REPRODUCED, INCONCLUSIVE},
    ),
    ("delay-by-decay", {"test": lambda decay: 30_000 * decay / 0.3 + 600}, {NOT_REPRODUCED}),
    ("delay-by-decay", {"jitter": 1.0, "test": inverse(0.1)}, {INCONCLUSIVE, NOT_REPRODUCED}),
    ("rnc1-with-test", {}, {REPRODUCED}),
    ("rnc1-with-test", {"rnc1": constant(200)}, {NOT_REPRODUCED}),
    ("rnc1-with-test", {"rnc1": constant(60)}, {NOT_REPRODUCED}),
    ("rnc1-with-test", {"rnc1": inverse(6)}, {NOT_REPRODUCED}),
    ("rnc1-with-test", {"rnc1": constant(20_000)}, {NOT_REPRODUCED}),
    ("rnc1-with-test", {"rnc1": between, "jitter": 0.15}, {INCONCLUSIVE, NOT_REPRODUCED}),
    ("rnc1-with-test", {"rnc1": constant(1e9)}, {NOT_REPRODUCED, INCONCLUSIVE}),
    ("rnc1-with-test", {"test": constant(200)}, {INCONCLUSIVE}),
    ("rnc1-follows-test", {}, {REPRODUCED}),
    ("rnc1-follows-test", {"rnc1": inverse(2)}, {REPRODUCED}),
    ("rnc1-follows-test", {"rnc1": constant(20_000)}, {NOT_REPRODUCED}),
    ("rnc1-follows-test", {"rnc1": lambda decay: 2e5 * decay}, {NOT_REPRODUCED}),
    ("rnc1-follows-test", {"rnc1": constant(1e9)}, {NOT_REPRODUCED}),
    ("rnc1-follows-test", {"test": constant(200)}, {INCONCLUSIVE}),
    ("clock", {}, {REPRODUCED}),
    ("clock", {"rnc1": constant(3000)}, {NOT_REPRODUCED}),
    ("clock", {"rnc1": lambda decay: 2e5 * decay}, {NOT_REPRODUCED}),
    (
        "clock",
        {"rnc1": lambda decay: 300 / decay**0.7, "jitter": 0.4},
        {INCONCLUSIVE, NOT_REPRODUCED},
    ),
    ("clock", {"rnc1": inverse(6)}, {INCONCLUSIVE}),
]


@pytest.mark.parametrize(("claim", "study", "allowed"), CASES)
def test_verdict_follows_the_effect(claim, study, allowed):
    row = evaluated(f"sakamoto2026-{claim}", study_table(**study))
    assert row["verdict"] in allowed, row


def test_clock_is_estimated_right_and_leaves_censored_cells_out():
    row = evaluated("sakamoto2026-clock", study_table(jitter=0, noise=0))
    assert row["estimate"] == pytest.approx(-1, abs=0.05)
    assert row["n_cells"] == 4
    row = evaluated("sakamoto2026-clock", study_table(decays=(*synthetic.DECAYS, 0.001)))
    assert row["n_cells"] == 4
    assert "slope over 4 of 5 cells" in row["note"]
    assert "5 memorise but RNC1 falls by less" in row["note"]


def test_delay_of_runs_that_never_generalise_is_a_lower_bound():
    table = study_table(decays=(0.3, 0.001), jitter=0, noise=0)
    row = evaluated("sakamoto2026-delay", table)
    assert row["high"] == math.inf
    assert "5 memorise but never generalise (a lower bound)" in row["note"]
    # Larger budget, larger bound: the estimate may only grow.
    longer = study_table(decays=(0.3, 0.001), jitter=0, noise=0, last=300_000)
    assert evaluated("sakamoto2026-delay", longer)["estimate"] > row["estimate"]


def test_never_generalising_cannot_refute_the_delay():
    table = study_table(test=constant(1e9), last=250)
    table.loc[(table["step"] >= 200), "accuracy_train"] = 1.0
    table.loc[(table["run"] == "0.3-42"), "accuracy_test"] += 0.6
    row = evaluated("sakamoto2026-delay", table)
    assert row["verdict"] != NOT_REPRODUCED


def test_censored_runs_do_not_hide_the_order():
    row = evaluated("sakamoto2026-delay-by-decay", study_table(decays=(0.3, 0.1, 0.03, 0.003)))
    assert row["verdict"] == REPRODUCED
    assert row["estimate"] < -0.9


def test_diverged_and_missing_runs_are_counted_and_not_fatal():
    table = synthetic.diverge(study_table(), "0.3-42", 400)
    table = synthetic.diverge(table, "0.01-44", 1)
    table = table[table["run"] != "0.1-43"]
    for claim in CLAIMS:
        row = evaluated(claim, table)
        assert "2 diverged" in row["note"]
        assert row["n_seeds"] == 5


@pytest.mark.parametrize("seeds", [(42,), (42, 43, 44, 45)])
def test_too_few_seeds_are_inconclusive(seeds):
    for claim in CLAIMS:
        assert evaluated(claim, study_table(seeds=seeds))["verdict"] == INCONCLUSIVE


@pytest.mark.parametrize(
    ("interval", "threshold", "expected"),
    [
        ((0, 1), (0, 1), REPRODUCED),
        ((0.1, 0.9), (0.0, None), REPRODUCED),
        ((0.1, math.inf), (0.0, None), REPRODUCED),
        ((-0.1, 0.9), (0.0, None), INCONCLUSIVE),
        ((-0.9, -0.1), (0.0, None), NOT_REPRODUCED),
        ((0.2, 0.4), (None, 0.1), NOT_REPRODUCED),
        ((-2, 2), (-1, 1), INCONCLUSIVE),
        ((math.nan, math.nan), (None, 0.1), INCONCLUSIVE),
    ],
)
def test_verdict(interval, threshold, expected):
    assert verdict(Result(float(np.mean(interval)), *interval, 3, 4), threshold) == expected


def test_program_writes_csv_and_page(tmp_path):
    table = tmp_path / "study.parquet"
    parquet.write(table, study_table())
    csv, page, told = (tmp_path / f"out/claims.{kind}" for kind in ("csv", "html", "json"))
    arguments = ["--claims", json.dumps(list(CLAIMS.values())), "--studies", "weight_decay_mlp"]
    arguments += ["--data", str(table), "--csv", str(csv), "--html", str(page), "--json", str(told)]
    evaluate_claims.main([*arguments, "--scale", "quick"])
    rows = pd.read_csv(csv)
    assert list(rows.columns) == COLUMNS
    assert list(rows["verdict"]) == [REPRODUCED] * len(CLAIMS)
    assert rows["threshold_high"].iloc[0] == math.inf
    text = page.read_text()
    assert text.count(f"</span>{REPRODUCED}</span>") == len(CLAIMS)
    assert [claim["claim"] for claim in json.loads(told.read_text())["claims"]] == [*CLAIMS]
    assert not list(tmp_path.rglob("*.part"))


def test_no_claim_at_a_scale_is_a_table_without_rows(tmp_path):
    csv, page, told = (tmp_path / f"claims.{kind}" for kind in ("csv", "html", "json"))
    arguments = ["--claims", "[]", "--studies", "--data", "--scale", "paper"]
    files = ["--csv", str(csv), "--html", str(page), "--json", str(told)]
    evaluate_claims.main([*arguments, *files])
    assert json.loads(told.read_text())["claims"] == []
    assert list(pd.read_csv(csv).columns) == COLUMNS
    assert "0 reproduced" in page.read_text()


def test_a_claim_without_its_table_is_told_in_one_line():
    with pytest.raises(UserError, match="needs the study weight_decay_mlp; given: none") as caught:
        evaluate_claims.evaluate_all([CLAIMS["sakamoto2026-delay"]], {}, "quick")
    assert "\n" not in str(caught.value)


def test_missing_column_is_told():
    with pytest.raises(UserError, match="rnc1"):
        evaluated("sakamoto2026-clock", study_table().drop(columns="rnc1"))


def test_synthetic_table_has_the_onsets_it_promises():
    table = study_table(jitter=0, noise=0)
    for decay, run in table.groupby("optimizer.weight_decay"):
        first = run[run["seed"] == 42].set_index("step")["accuracy_test"]
        half = first[first >= 0.15 + 0.73 / 2].index[0]
        assert half == pytest.approx(0.6 / (LR * decay), rel=0.2)


def test_clock_is_of_the_contraction_after_memorisation():
    table = study_table(jitter=0, noise=0)
    table["rnc1"] *= 100 ** (1 - synthetic.sigmoid(table["step"].to_numpy(), 100, 0.03))
    row = evaluated("sakamoto2026-clock", table)
    assert row["estimate"] == pytest.approx(-1, abs=0.05)


@pytest.mark.parametrize("claim", CLAIMS)
def test_order_of_rows_and_what_follows_a_divergence_do_not_matter(claim):
    table = synthetic.diverge(study_table(), "0.1-42", 300)
    expected = evaluated(claim, table)
    lost = (table["run"] == "0.1-42") & (table["step"] >= 300)
    table.loc[lost, ["accuracy_train", "accuracy_test"]] = 1.0
    table.loc[lost, "rnc1"] = 1e-9
    assert evaluated(claim, table.sample(frac=1, random_state=0)) == expected
