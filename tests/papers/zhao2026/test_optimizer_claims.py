"""The claims on the optimizers on tables with the effect, without it, and reversed."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from latephase.analysis.final_rows import fitted
from latephase.papers.claim import verdict
from latephase.papers.zhao2026 import claims
from tests.papers.zhao2026 import optimizer_runs

runs = partial(optimizer_runs.runs, seeds=(1, 2, 3, 4, 5))


def coupled_falls(optimizer, rank, momentum):
    return -rank if optimizer == "adam" else 0.0


CONTRAST = {"coupled": "adam", "decoupled": "adamw", "metric": "nc0", "fitted": 0.99}


def test_coupling_contrast_with_the_effect_without_and_reversed():
    with_it = claims.coupling_contrast(runs(coupled_falls), **CONTRAST)
    assert with_it.estimate == pytest.approx(2, abs=0.1)
    assert with_it.low > 1.8
    assert (with_it.n_seeds, with_it.n_cells) == (5, 2)
    without = claims.coupling_contrast(runs(lambda *_: 0.0), **CONTRAST)
    assert without.estimate == pytest.approx(0, abs=0.1)
    swapped = CONTRAST | {"coupled": "adamw", "decoupled": "adam"}
    reverse = claims.coupling_contrast(runs(coupled_falls), **swapped)
    assert reverse.estimate == pytest.approx(-2, abs=0.1)


def test_runs_that_do_not_fit_count_for_nothing_and_are_counted():
    table = runs(coupled_falls)
    worst = (table["optimizer.name"] == "adam") & (table["optimizer.weight_decay"] == 5e-3)
    table.loc[worst, "accuracy_train"] = 0.98
    result = claims.coupling_contrast(table, **CONTRAST)
    assert result.estimate == pytest.approx(1, abs=0.1)
    assert "50 of 60 runs reach 99% training accuracy, 10 are left out" in result.note
    kept, _ = fitted(table, 0.99)
    assert len(kept) == 50
    diverged = table.assign(diverged_at=50.0)
    assert np.isnan(claims.coupling_contrast(diverged, **CONTRAST).estimate)


def both_decays(decoupled_nc0, head="adam"):
    """Muon with each decay in turn: NC0 ends at 0.01 under the coupled one, else as told."""
    frames = []
    for coupled, decoupled, nc0 in ((5e-3, 0.0, 0.01), (0.0, 0.5, decoupled_nc0), (0.0, 0.0, 2.0)):
        table = runs(lambda *_: np.log10(nc0), ["muon"], (0.9,))  # noqa: B023
        table = table[table["optimizer.weight_decay"] == 0]
        names = {"optimizer.coupled_weight_decay": coupled, "optimizer.weight_decay": decoupled}
        run = table["run"] + f"{coupled}-{decoupled}-{head}"
        frames.append(table.assign(run=run, **names, **{"optimizer.head": head}))
    return pd.concat(frames, ignore_index=True)


MUON = {"optimizer": "muon", "metric": "nc0", "fitted": 0.99}


def test_decay_contrast_with_the_effect_without_and_reversed():
    for decoupled, expected in ((1.0, 2), (0.01, 0), (1e-4, -2)):
        table = both_decays(decoupled)
        result = claims.decay_contrast(table, **MUON, options={"head": "adam"})
        assert result.estimate == pytest.approx(expected, abs=0.1)
        assert (result.n_seeds, result.n_cells) == (5, 1)
    assert "best nc0, median: coupled 0.01, decoupled 0.0001" in result.note


def test_decay_contrast_takes_only_the_runs_of_its_option():
    table = pd.concat([both_decays(1.0), both_decays(1e-4, head="muon")])
    told = [claims.decay_contrast(table, **MUON, options={"head": h}) for h in ("adam", "muon")]
    assert [r.estimate for r in told] == pytest.approx([2, -2], abs=0.1)
    assert "15 of 15 runs" in told[0].note


def decoupled(rate):
    """Shampoo from NC0 2 at step 0 to 2 (1 - rate)^1000 at step 1,000, and coupled runs."""
    table = runs(lambda *_: 0.0, ["shampoo"], (0.9,), noise=0)
    table = table[table["optimizer.weight_decay"] == 5e-3].assign(
        **{"optimizer.coupled_weight_decay": 0.0, "optimizer.weight_decay": 0.05}
    )
    first, last = table.assign(step=0, nc0=2.0), table.assign(step=1000, nc0=2 * (1 - rate) ** 1000)
    coupled = pd.concat([first, last.assign(nc0=0.3)])
    coupled = coupled.assign(
        run=coupled["run"] + "c",
        **{"optimizer.coupled_weight_decay": 0.05, "optimizer.weight_decay": 0.0},
    )
    return pd.concat([first, last, coupled], ignore_index=True)


def test_decoupled_recursion():
    arguments = {"optimizers": ["shampoo"], "options": {"head": "muon"}, "floor": 0.02}
    exact = claims.decoupled_recursion(decoupled(0.01 * 0.05), **arguments)
    assert exact.estimate == pytest.approx(0, abs=1e-9)
    assert (exact.n_seeds, exact.n_cells) == (5, 1)
    assert "shampoo, weight decay 0.05, seed" in exact.note
    apart = claims.decoupled_recursion(decoupled(0.01 * 0.1), **arguments)
    assert apart.estimate == pytest.approx(0.5, abs=1e-3)


def faster(optimizer, rank, momentum):
    return -rank * momentum


def test_momentum_beyond_loss():
    arguments = {"fitted": 0.99, "loss_factor": 1.5}
    result = claims.momentum_beyond_loss(runs(faster, ["adam"]), **arguments)
    assert result.estimate == pytest.approx(1.35, abs=0.05)  # ranks 1 and 2, 0.9 each
    assert result.low > 0
    reverse = claims.momentum_beyond_loss(runs(lambda *a: -faster(*a), ["adam"]), **arguments)
    assert reverse.high < 0
    table = runs(faster, ["adam"])
    table.loc[table["optimizer.beta1"] > 0, "loss_train"] /= 2  # no pair of equal loss
    nothing = claims.momentum_beyond_loss(table, **arguments)
    assert np.isnan(nothing.estimate)
    assert "0 pairs" in nothing.note


def mixed(value):
    """Runs of Adam with a coupled share, NC0 and NC2 by functions of it."""
    frames = []
    for share in (0.0, 1e-4, 2e-4, 5e-4):
        table = runs(lambda *_: value(share), ["adam_mixture"], (0.9,))  # noqa: B023
        table = table[table["optimizer.weight_decay"] == 0]
        frames.append(
            table.assign(
                run=table["run"] + f"-{share}",
                **{"optimizer.coupled_weight_decay": share, "nc2_etf": 0.5 - 500 * share},
            )
        )
    return pd.concat(frames, ignore_index=True)


def test_mixture_order_is_that_of_the_weakest_metric():
    arguments = {
        "share": "optimizer.coupled_weight_decay",
        "metrics": ["nc0", "nc2_etf"],
        "fitted": 0.99,
    }
    falls = claims.mixture_order(mixed(lambda share: -2e3 * share), **arguments)
    assert falls.estimate == falls.high == -1
    rises = claims.mixture_order(mixed(lambda share: 2e3 * share), **arguments)
    assert rises.estimate == 1


def test_regression_by_hand():
    table = runs(coupled_falls, noise=0.3)
    slope = claims.regression_slope(table, fitted=0.99)
    x, y = np.log10(table["nc0"]), table["nc3_duality"]
    assert slope.estimate == pytest.approx(np.polyfit(x, y, 1)[0], rel=1e-9)
    assert slope.low < slope.estimate < slope.high
    r_squared = claims.regression_r_squared(table, fitted=0.99)
    assert r_squared.estimate == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2, rel=1e-9)
    shuffled = table.assign(nc3_duality=np.random.default_rng(1).permutation(y))
    assert claims.regression_r_squared(shuffled, fitted=0.99).estimate < 0.3
    reverse = claims.regression_slope(table.assign(nc3_duality=-y), fitted=0.99)
    assert reverse.estimate == pytest.approx(-slope.estimate)


def test_accuracy_association_by_hand():
    table = runs(coupled_falls, noise=0.3)
    expected = table["nc3_duality"].corr(table["accuracy_test"], method="spearman")
    result = claims.accuracy_association(table, metric="nc3_duality", fitted=0.99)
    assert result.estimate == pytest.approx(expected)
    tied = table.assign(accuracy_test=1 - table["nc3_duality"])
    assert claims.accuracy_association(
        tied, metric="nc3_duality", fitted=0.99
    ).high == pytest.approx(-1)


AGREEMENT = "nc4_agreement_test_without_bias"
COLLAPSE = {"metrics": ["nc1_pinv", "nc2_etf", "nc3_duality"], "fitted": 0.99}


def test_agreement_where_least_collapsed_by_hand():
    table = runs(coupled_falls)
    thirds = [table.nlargest(20, metric)[AGREEMENT].mean() for metric in COLLAPSE["metrics"]]
    result = claims.agreement_where_least_collapsed(table, **COLLAPSE)
    assert result.estimate == pytest.approx(min(thirds))
    assert 0.98 <= result.low <= result.high < 1


@pytest.mark.parametrize("metric", COLLAPSE["metrics"])
def test_agreement_that_needs_one_of_them_is_seen(metric):
    table = runs(coupled_falls)
    needy = table.assign(**{AGREEMENT: 1 - 0.12 * table[metric].rank(pct=True)})
    assert claims.agreement_where_least_collapsed(needy, **COLLAPSE).high < 0.93
    other_way = table.assign(**{AGREEMENT: 0.88 + 0.12 * table[metric].rank(pct=True)})
    assert claims.agreement_where_least_collapsed(other_way, **COLLAPSE).estimate > 0.9


@pytest.mark.parametrize(
    ("statistic", "arguments"),
    [
        (claims.regression_slope, {}),
        (claims.agreement_where_least_collapsed, {"metrics": ["nc1_pinv"]}),
        (claims.accuracy_association, {"metric": "nc0"}),
        (claims.momentum_beyond_loss, {"loss_factor": 1.5}),
    ],
)
def test_four_seeds_give_no_interval_and_no_run_gives_nothing(statistic, arguments):
    table = runs(faster)
    four = statistic(table[table["seed"] < 5], fitted=0.99, **arguments)
    assert np.isfinite(four.estimate)
    assert np.isnan(four.low)
    assert np.isnan(statistic(table.assign(accuracy_train=0.5), fitted=0.99, **arguments).estimate)


def test_a_metric_that_no_run_has_gives_nothing():
    table = runs(faster).assign(**{AGREEMENT: np.nan})
    result = claims.agreement_where_least_collapsed(table, **COLLAPSE)
    assert np.isnan([result.estimate, result.low, result.high]).all()
    table.loc[table["seed"] == 1, AGREEMENT] = 0.97
    result = claims.agreement_where_least_collapsed(table, **COLLAPSE)
    assert result.estimate == pytest.approx(0.97)
    assert np.isnan(result.low)


def from_start(table, start):
    return pd.concat([table.assign(step=0, nc0=start), table], ignore_index=True)


@pytest.mark.parametrize(("optimizer", "falls"), [("adam", True), ("adamw", False)])
def test_fall_from_start_is_of_the_best_over_decays(optimizer, falls):
    """Of Adam NC0 falls by a decade a decay; of AdamW it stays at 1, above a start of 0.5."""
    table = from_start(runs(coupled_falls, noise=0.0), 0.5)
    result = claims.fall_from_start(table, optimizer=optimizer, metric="nc0", fitted=0.99)
    expected = np.log10(0.5) + (2 if falls else 0)
    assert result.estimate == pytest.approx(expected)
    assert (result.n_seeds, result.n_cells) == (5, 2)
    threshold = (0.0, None) if falls else (None, 0.0)
    assert verdict(result, threshold) == "reproduced"
    swapped = table.replace({"optimizer.name": {"adam": "adamw", "adamw": "adam"}})
    turned = claims.fall_from_start(swapped, optimizer=optimizer, metric="nc0", fitted=0.99)
    assert verdict(turned, threshold) == "not reproduced"


def test_fall_from_start_of_no_fitted_run_is_nothing():
    table = from_start(runs(coupled_falls), 0.5).assign(accuracy_train=0.5)
    result = claims.fall_from_start(table, optimizer="adam", metric="nc0", fitted=0.99)
    assert np.isnan(result.estimate)
    assert "best" not in result.note
