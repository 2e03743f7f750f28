import itertools
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.runs import grid, spec
from latephase.runs.packs import BATCHABLE, cut_packs, pack_of
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
    }
    run = packs.run(**others.get(path, {}))
    changed = spec.replaced(run, {path: spec.lookup(run, path) / 2})
    assert spec.run_id(changed) != spec.run_id(run)


def test_dotted_names():
    run = {"optimizer": {"lr": 1.0}, "seed": 3}
    assert spec.lookup(run, "optimizer.lr") == 1.0
    assert spec.has(run, "seed")
    assert not spec.has(run, "optimizer.beta1")
    assert not spec.has(run, "seed.nothing")
    assert spec.replaced(run, {"optimizer.lr": 2.0}) == {"optimizer": {"lr": 2.0}, "seed": 3}
    assert run["optimizer"]["lr"] == 1.0  # the original stays


def test_grid_points_last_axis_fastest():
    points = list(spec.grid_points({"optimizer.lr": [1, 2], "seed": [7, 8, 9]}))
    assert points[:4] == [
        ((0, 0), {"optimizer.lr": 1, "seed": 7}),
        ((0, 1), {"optimizer.lr": 1, "seed": 8}),
        ((0, 2), {"optimizer.lr": 1, "seed": 9}),
        ((1, 0), {"optimizer.lr": 2, "seed": 7}),
    ]
    assert len(points) == 6
    assert list(spec.grid_points({})) == [((), {})]


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


def test_pack_gives_its_runs_back_whatever_the_order_they_were_listed_in():
    specs = [packs.run(values) for values in packs.SEVERAL]
    pack = pack_of(specs)
    assert sorted(map(spec.run_id, spec.runs_of(pack))) == sorted(map(spec.run_id, specs))
    assert not any(spec.has(pack["common"], path) for path in BATCHABLE)
    for seed in range(5):
        shuffled = random.Random(seed).sample(specs, len(specs))
        assert spec.pack_id(pack_of(shuffled)) == spec.pack_id(pack)


def test_pack_refuses_a_run_twice():
    with pytest.raises(ValueError, match="twice"):
        pack_of([packs.run({"seed": 1}), packs.run({"seed": 2}), packs.run({"seed": 1})])


def test_pack_refuses_runs_that_differ_in_more_than_numbers():
    with pytest.raises(ValueError, match="differ"):
        pack_of([packs.run(), packs.run({"model.widths": [12]})])


AXES = ("optimizer.weight_decay", "seed", "model.widths", "optimizer.lr", "batch_size")


@st.composite
def grids(draw):
    names = draw(st.lists(st.sampled_from(AXES), min_size=1, max_size=3, unique=True))
    axes = {name: list(range(draw(st.integers(1, 5)))) for name in names}
    block = draw(st.dictionaries(st.sampled_from(AXES), st.integers(1, 4)))
    return axes, block, draw(st.sampled_from(names))


def frozen(pack):
    return tuple(tuple(cell.items()) for cell in pack)


@settings(deadline=None)
@given(grids())
def test_packs_partition_the_grid_and_appending_keeps_those_that_were_full(grid):
    axes, block, longer = grid
    before = cut_packs(axes, block)
    cells = [cell for pack in before for cell in pack]
    assert len(cells) == math.prod(map(len, axes.values()))
    assert set(frozen(cells)) == set(frozen(values for _, values in spec.grid_points(axes)))

    after = cut_packs(axes | {longer: [*axes[longer], -1]}, block)
    kept = set(map(frozen, after))
    side = block.get(longer, 1) if longer in BATCHABLE else 1
    for pack in before:
        if len({cell[longer] for cell in pack}) == side:
            assert frozen(pack) in kept
    assert sum(map(len, after)) == len(cells) // len(axes[longer]) * (len(axes[longer]) + 1)


def test_packs_cut_only_along_batchable_axes():
    axes = {"model.widths": [[1], [2]], "seed": [1, 2, 3]}
    cut = cut_packs(axes, {"model.widths": 9, "seed": 2})
    assert [len(pack) for pack in cut] == [2, 1, 2, 1]
