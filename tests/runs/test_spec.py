"""What a run is: ids, dotted names, the steps of its checkpoints."""

import itertools
import math

import pytest

from latephase.runs import grid, spec
from latephase.runs.packs import BATCHABLE
from tests.training import packs


def test_ids_are_pinned():
    """A change of these retrains everything that anyone has."""
    assert spec.run_id(packs.run()) == "6ceb02f1713b"
    assert spec.pack_id(packs.pack(*packs.SEVERAL)) == "digits-mlp-adamw-881392d1cfa4"


def test_digest_refuses_nan():
    with pytest.raises(ValueError):
        spec.digest({"lr": math.nan})


def test_id_does_not_depend_on_key_order_number_type_or_spelt_out_defaults():
    resolved = packs.run()
    backwards = {
        key: dict(reversed(value.items())) if isinstance(value, dict) else value
        for key, value in reversed(packs.RUN.items())
    }
    assert spec.run_id(grid.resolved(backwards)) == spec.run_id(resolved)
    whole = {"model.init_scale": 2, "data.mean": 0, "optimizer.beta1": 0}
    floats = {path: float(value) for path, value in whole.items()}
    ids = [
        spec.run_id(grid.resolved(spec.replaced(packs.RUN, values))) for values in (whole, floats)
    ]
    assert ids[0] == ids[1] != spec.run_id(resolved)
    channels = [
        spec.run_id(grid.resolved(spec.replaced(packs.RUN, {"data.mean": mean})))
        for mean in ([0, 1], [0.0, 1.0])
    ]
    assert channels[0] == channels[1]
    assert spec.run_id(packs.run({"optimizer.beta1": 0.9})) == spec.run_id(resolved)


@pytest.mark.parametrize("path", [*BATCHABLE, "batch_size", "steps", "data.train_size"])
def test_id_depends_on_every_number(path):
    others = {
        "optimizer.momentum": packs.SGD,
        "optimizer.coupled_weight_decay": packs.MIXTURE,
        "regularizer.strength": {"regularizer": {"name": "ncc", "strength": 0.1}},
        "fork.run": {"fork": {"parents": {"1": "1f"}, "step": 5}},
    }
    run = packs.run(**others.get(path, {}))
    value = spec.lookup(run, path)
    changed = spec.replaced(run, {path: "2f" if path == "fork.run" else value / 2})
    assert spec.run_id(changed) != spec.run_id(run)


def test_dotted_names():
    run = {"optimizer": {"lr": 1.0}, "seed": 3}
    assert spec.lookup(run, "optimizer.lr") == 1.0
    assert spec.replaced(run, {"optimizer.lr": 2.0}) == {"optimizer": {"lr": 2.0}, "seed": 3}
    assert run["optimizer"]["lr"] == 1.0  # the original stays


def test_log_checkpoints():
    assert spec.checkpoint_steps(10_000, {"log": 5}) == [0, 1, 10, 100, 1000, 10_000]
    steps = spec.checkpoint_steps(20_000, {"log": 80})
    assert len(steps) > 60
    ratios = [b / a for a, b in itertools.pairwise(steps) if a > 100]
    assert max(ratios) / min(ratios) < 1.02


def test_checkpoints_of_sakamotos_code():
    steps = 100_000
    theirs = [
        step
        for step in range(steps)
        if step < 30 or (step < 150 and step % 10 == 0) or step % (steps // 150) == 0
    ]
    every = {"every": [[30, 1], [150, 10], [steps, steps // 150]]}
    assert spec.checkpoint_steps(steps, every) == [*theirs, steps]


@pytest.mark.parametrize("steps", [1, 2, 7, 1000])
@pytest.mark.parametrize("rule", [{"log": 1}, {"log": 50}, {"every": [[5, 2], [10**6, 300]]}])
def test_checkpoints_hold_the_first_and_last_step_and_none_beyond(steps, rule):
    saved = spec.checkpoint_steps(steps, rule)
    assert (saved[0], saved[-1]) == (0, steps)
    assert saved == sorted(set(saved))
