"""Controls change what they say, and nothing else."""

import numpy as np
import pandas as pd
import pytest

from latephase.analysis import controls


@pytest.fixture
def table():
    """Two seeds of three decays and two optimizers, three steps each, the last run shorter."""
    rows = [
        {
            "run": f"{seed}-{name}-{decay}",
            "seed": seed,
            "step": step,
            "optimizer.name": name,
            "optimizer.weight_decay": decay,
            "steps": 100,
            "nc0": 100 * seed + 10 * decay + step + 0.5 * (name == "adam"),
            "rnc1": float(step),
        }
        for seed in (1, 2)
        for name in ("sgd", "adam")
        for decay in (0.0, 0.1, 0.3)
        for step in (0, 10, 100)
    ]
    return pd.DataFrame(rows[:-1])


def unchanged(before, after, *but):
    kept = [column for column in before if column not in but]
    pd.testing.assert_frame_equal(before[kept], after[kept])
    assert list(after) == list(before)


def test_labels_are_what_a_run_is(table):
    assert controls.labels_of(table) == ["optimizer.name", "optimizer.weight_decay", "steps"]


def test_shuffled_labels_are_those_of_another_run_of_the_seed(table):
    labels = controls.labels_of(table)
    after = controls.shuffled(table, labels, np.random.default_rng(0))
    unchanged(table, after, *labels)
    assert (after.groupby("run")[labels].nunique() == 1).all(axis=None)
    for frame in (table, after):
        runs = frame.groupby("run")[["seed", *labels]].first()
        assert sorted(map(tuple, runs.to_numpy())) == sorted(
            map(tuple, table.groupby("run")[["seed", *labels]].first().to_numpy())
        )
    assert not after[labels].equals(table[labels])


def test_a_shuffled_metric_is_the_course_of_another_run_of_the_seed(table):
    after = controls.shuffled(table, ["nc0"], np.random.default_rng(3))
    unchanged(table, after, "nc0")
    courses = {tuple(run["nc0"]) for _, run in table.groupby("run") if len(run) == 3}
    for _, run in after.groupby("run"):
        if len(run) == 3 and run["nc0"].notna().all():
            assert tuple(run["nc0"]) in courses
            assert run["nc0"].iloc[0] // 100 == run["seed"].iloc[0]
    # Aligned at the last rows: the shorter run's has no first.
    assert after["nc0"].isna().sum() <= 1


def test_reversed(table):
    after = controls.reversed_order(table, ["optimizer.weight_decay"])
    unchanged(table, after, "optimizer.weight_decay")
    pairs = set(zip(table["optimizer.weight_decay"], after["optimizer.weight_decay"], strict=True))
    assert pairs == {(0.0, 0.3), (0.1, 0.1), (0.3, 0.0)}
    twice = controls.reversed_order(after, ["optimizer.weight_decay"])
    pd.testing.assert_frame_equal(twice, table)


def test_exchanged(table):
    after = controls.exchanged(table, "optimizer.name", "sgd", "adam")
    unchanged(table, after, "optimizer.name")
    assert (after["optimizer.name"] != table["optimizer.name"]).all()


def test_flat_stays_at_the_first_step_of_each_run(table):
    after = controls.flat(table.sample(frac=1, random_state=0), ["nc0"]).sort_index()
    unchanged(table, after, "nc0")
    start = table[table["step"] == 0].set_index("run")["nc0"]
    assert (after["nc0"] == table["run"].map(start)).all()


def test_in_common_is_the_median_at_each_step(table):
    after = controls.in_common(table, ["nc0"])
    unchanged(table, after, "nc0")
    assert after.groupby("step")["nc0"].nunique().tolist() == [1, 1, 1]
    assert after["nc0"].iloc[0] == table.loc[table["step"] == 0, "nc0"].median()


def test_scaled_where_asked(table):
    after = controls.scaled(table, "nc0", 1.5, {"optimizer.name": "adam", "seed": 1})
    unchanged(table, after, "nc0")
    chosen = (table["optimizer.name"] == "adam") & (table["seed"] == 1)
    assert (after["nc0"] / table["nc0"])[chosen].eq(1.5).all()
    assert after["nc0"][~chosen].equals(table["nc0"][~chosen])
    assert controls.scaled(table, "nc0", -1, {})["nc0"].equals(-table["nc0"])


def test_put_all_at_once(table):
    after = controls.put(table, {"nc0": "rnc1", "rnc1": "nc0"})
    assert after["nc0"].equals(table["rnc1"].rename("nc0"))
    assert after["rnc1"].equals(table["nc0"].rename("rnc1"))


def test_lowered_goes_with_the_rank_at_each_step(table):
    after = controls.lowered(table, "rnc1", 0.6, "nc0")
    unchanged(table, after, "rnc1")
    less = (table["rnc1"] - after["rnc1"])[table["step"] == 0]
    order = table.loc[table["step"] == 0, "nc0"].argsort().to_numpy()
    assert less.to_numpy()[order] == pytest.approx(0.6 * np.arange(1, 13) / 12)
    unknown = controls.lowered(table.assign(nc0=np.nan), "rnc1", 0.6, "nc0")
    assert unknown["rnc1"].equals(table["rnc1"])


def test_delayed_moves_the_course_along_the_axis_of_steps():
    steps = np.r_[0, np.geomspace(1, 1000, 31)]
    table = pd.DataFrame({"run": "a", "step": steps, "rnc1": np.log10(steps.clip(min=0.1))})
    later = controls.delayed(table.sample(frac=1, random_state=0), "rnc1", 1.0).sort_index()
    unchanged(table, later, "rnc1")
    expected = np.r_[-1, (np.log10(steps[1:]) - 1).clip(min=0)]
    assert later["rnc1"].to_numpy() == pytest.approx(expected)
    earlier = controls.delayed(table, "rnc1", -1.0)["rnc1"]
    assert earlier.to_numpy()[1:] == pytest.approx((np.log10(steps[1:]) + 1).clip(max=3))
    assert controls.delayed(table.assign(rnc1=np.nan), "rnc1", 1.0)["rnc1"].isna().all()
