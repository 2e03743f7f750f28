"""The claims on zhao2026 on tables that follow the recursion, do not, or do the reverse."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from latephase.errors import UserError
from latephase.papers.claim import INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED
from latephase.papers.zhao2026 import predictions, theory
from scripts import evaluate_claims
from tests.papers.catalog_claims import claims_of
from tests.papers.zhao2026 import sgd_runs
from tests.papers.zhao2026.sgd_runs import (
    DECAY,
    LR,
    MOMENTUM,
    SCHEDULE,
    diverge,
    nothing,
    reverse,
)

study_table = partial(sgd_runs.study_table, seeds=(1, 2, 3, 4, 5))

CLAIM = claims_of("zhao2026")["zhao2026-recursion"]


def evaluated(table):
    return evaluate_claims.evaluate(CLAIM, table, "t.parquet", "quick")


CASES = [
    ({}, REPRODUCED),
    ({"noise": 0}, REPRODUCED),
    ({"schedule": SCHEDULE}, REPRODUCED),
    ({"law": nothing}, NOT_REPRODUCED),
    ({"law": reverse}, NOT_REPRODUCED),
    ({"law": nothing, "schedule": SCHEDULE}, NOT_REPRODUCED),
    ({"noise": 0.05}, NOT_REPRODUCED),
    ({"noise": 0, "offset": {1: 0.02, 2: 0.02, 3: 0.009, 4: 0.008, 5: 0.008}}, INCONCLUSIVE),
    ({"seeds": (1, 2, 3, 4)}, INCONCLUSIVE),
]


@pytest.mark.parametrize(("study", "expected"), CASES)
def test_verdict_follows_the_effect(study, expected):
    row = evaluated(study_table(**study))
    assert row["verdict"] == expected, row


def test_the_estimate_is_the_largest_cell_s_median():
    row = evaluated(
        study_table(noise=0, offset={1: 0.002, 2: 0.002, 3: 0.004, 4: -0.006, 5: -0.006})
    )
    assert row["estimate"] == pytest.approx(0.004)
    assert (row["low"], row["high"]) == pytest.approx((0.002, 0.006))
    assert (row["n_seeds"], row["n_cells"]) == (5, 9)
    assert row["note"].startswith("45 runs; the farthest run, 0.006: lr 0.03, momentum")


def test_one_cell_at_one_step_is_enough():
    table = study_table(noise=0)
    cell = table[MOMENTUM].eq(0.9) & table[DECAY].eq(1e-3)
    table.loc[cell & table["step"].eq(100), "nc0"] *= np.exp(0.05)
    row = evaluated(table)
    assert row["estimate"] == pytest.approx(0.05)
    assert row["verdict"] == NOT_REPRODUCED


def test_an_oscillating_factor_predicts_its_size():
    table = study_table(noise=0, momenta=(0.9,), decays=(2.0,))
    factor = theory.sgd_factor(theory.learning_rates(0.03, 1000), 0.9, 2.0)
    assert factor[10] < -0.02
    np.testing.assert_allclose(predictions.sgd_nc0(table), table["nc0"], rtol=1e-9)


def test_the_schedule_is_followed():
    scheduled = study_table(schedule=SCHEDULE)
    assert evaluated(scheduled.drop(columns="schedule"))["verdict"] == NOT_REPRODUCED
    with pytest.raises(ValueError, match="not one of steps"):
        predictions.sgd_nc0(scheduled.assign(schedule='{"name":"cosine"}'))


def test_below_the_floor_nothing_is_compared():
    """Rounding, here as large as the paper's, is not what the theorem is about."""
    table = study_table(decays=(0.0, 1e-2, 5e-2))
    table["nc0"] = np.hypot(table["nc0"], 2e-4)
    assert table["nc0"].min() < 3e-4
    assert evaluated(table)["verdict"] == REPRODUCED
    late = table[table["step"].isin([0, 1000]) & table[MOMENTUM].eq(0.98) & table[DECAY].gt(0)]
    row = evaluated(late)
    assert row["verdict"] == INCONCLUSIVE
    assert "10 without a step above the floor (left out)" in row["note"]


def test_other_learning_rates_are_other_cells():
    slower = study_table(lr=0.01).assign(run=lambda table: table["run"] + "b")
    both = pd.concat([study_table(), slower], ignore_index=True)
    row = evaluated(both)
    assert row["verdict"] == REPRODUCED
    assert row["n_cells"] == 18
    mixed = both.assign(**{LR: 0.03})
    with pytest.raises(UserError, match=r"two runs share seed, optimizer\.lr, optimizer\.momentum"):
        evaluated(mixed)


def test_what_follows_a_divergence_is_not_measured():
    table = diverge(study_table(), "0.9-0.001-2", 500)
    expected = evaluated(table)
    assert expected["verdict"] == REPRODUCED
    assert "45 runs; 1 diverged" in expected["note"]
    table["nc0"] = table["nc0"].fillna(1e9)
    assert evaluated(table.sample(frac=1, random_state=0)) == expected


def test_a_run_without_its_start_is_told():
    table = study_table()
    with pytest.raises(ValueError, match=r"no row of step 0 for the runs 0-0-1"):
        predictions.sgd_nc0(table[(table["step"] > 0) | (table["run"] != "0-0-1")])
