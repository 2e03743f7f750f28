"""The statistics of han2025 on histories whose answers are known."""

import re

import numpy as np
import pandas as pd
import pytest

from latephase.papers.han2025 import claims

STEPS = np.unique(np.geomspace(1, 10_000, 60).round()).astype(int)
TIMES = {"fitted": 0.99, "level": 0.9, "stay": 3}


def history(seed, train=100, test=1000, fall=None, final=0.95, arm="baseline"):
    """One run: training accuracy jumps at ``train``, test accuracy at ``test``, NCC at ``fall``."""
    fall = test if fall is None else fall
    return pd.DataFrame(
        {
            "run": f"{arm}-{seed}",
            "arm": arm,
            "seed": seed,
            "step": STEPS,
            "diverged_at": np.nan,
            "accuracy_train": np.where(train <= STEPS, 1.0, 0.2),
            "accuracy_test": np.where(test <= STEPS, final, 0.1),
            "cdnv": np.where(fall <= STEPS, 0.1, 10.0),
        }
    )


def study(*runs):
    return pd.concat(runs, ignore_index=True)


def test_the_delay_is_the_ratio_of_the_onsets():
    result = claims.delay(study(*(history(seed) for seed in range(5))), **TIMES)
    assert result.estimate == pytest.approx(1.0, abs=0.1)
    assert result.low == pytest.approx(result.high)
    assert result.n_seeds == 5


def test_a_run_that_never_generalises_bounds_the_delay_from_below():
    runs = [history(seed) for seed in range(4)] + [history(4, test=10**6)]
    result = claims.delay(study(*runs), **TIMES)
    assert result.high == np.inf
    assert "1 memorise but never generalise" in result.note


@pytest.mark.parametrize(("fall", "place"), [(100, 0.0), (316, 0.5), (1000, 1.0), (3162, 1.5)])
def test_the_place_of_a_fall_in_the_delay(fall, place):
    table = study(*(history(seed, fall=fall) for seed in range(5)))
    result = claims.place_in_delay(table, metric="cdnv", factor=3.0, settled=3, **TIMES)
    assert result.estimate == pytest.approx(place, abs=0.12)
    after_train, after_test = (
        float(re.search(rf"([+-][\d.]+) \[[^;]*decades after {onset}", result.note)[1])
        for onset in ("memorisation", "generalisation")
    )
    assert (after_train, after_test) == pytest.approx((place, place - 1), abs=0.12)


def test_a_metric_that_does_not_fall_is_later_than_all():
    table = study(*(history(seed, fall=10**6) for seed in range(5)))
    result = claims.place_in_delay(table, metric="cdnv", factor=3.0, settled=3, **TIMES)
    assert result.low == pytest.approx(2.0, abs=0.1)
    assert result.high == np.inf
    assert "+∞] decades after memorisation" in result.note


def test_differences_of_arms_are_by_seed():
    table = study(
        *(history(seed, final=0.9 + seed / 100) for seed in range(5)),
        *(history(seed, final=0.8 + seed / 100, arm="away") for seed in range(5)),
    )
    given = {"metric": "accuracy_test", "arm": "away", "other": "baseline", "stay": 3}
    result = claims.difference_of_arms(table, **given, decades=False)
    assert (result.estimate, result.low, result.high) == pytest.approx((-0.1, -0.1, -0.1))
    with pytest.raises(ValueError, match="no arm is called 'nothing'; allowed: away, baseline"):
        claims.difference_of_arms(table, **given | {"arm": "nothing"}, decades=False)


def test_decades_and_seeds_that_lack_an_arm():
    table = study(
        *(history(seed, fall=10**6) for seed in range(6)),
        *(history(seed, fall=10, arm="away") for seed in range(5)),
    )
    given = {"metric": "cdnv", "arm": "away", "other": "baseline", "stay": 3}
    result = claims.difference_of_arms(table, **given, decades=True)
    assert result.estimate == pytest.approx(-2)
    assert "1 seeds lack one" in result.note
    assert result.n_seeds == 5


def test_a_run_that_diverged_is_left_out():
    broken = history(0, arm="away").assign(diverged_at=50.0)
    table = study(*(history(seed) for seed in range(5)),
                  *(history(seed, arm="away") for seed in range(1, 6)), broken)  # fmt: skip
    given = {"metric": "accuracy_test", "arm": "away", "other": "baseline", "stay": 3}
    assert claims.difference_of_arms(table, **given, decades=False).n_seeds == 4
