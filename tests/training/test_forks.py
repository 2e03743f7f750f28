"""Runs that go on from a checkpoint of other runs."""

import pytest
import torch

from latephase.errors import UserError
from latephase.runs import grid, spec
from latephase.runs.packs import pack_of
from latephase.storage import checkpoints
from latephase.training import trainer
from latephase.training.trainer import Trainer
from tests.training import packs
from tests.training.resuming import content
from tests.training.together import Together

STATES = {"checkpoints": {"log": 4, "states": [5]}}
ADAM = packs.CNN | {"optimizer": {"name": "adamw", "lr": 1e-3, "weight_decay": 0.1}}


@pytest.fixture(scope="module", params=[{}, ADAM, packs.SGD], ids=["mlp", "cnn", "sgd"])
def parent(request, data, tmp_path_factory):
    """A pack of two runs, and the folder of its checkpoints."""
    pack = packs.pack({"seed": 1}, {"seed": 2}, **request.param, **STATES)
    folder, history, _ = trainer.train(pack, data, tmp_path_factory.mktemp("parent"))
    return pack, folder, history


def fork_of(pack, state="kept", **changes):
    """A pack whose runs go on from those of another at step 5."""
    runs = []
    for run in spec.runs_of(pack):
        fork = {"run": spec.run_id(run), "step": 5, "state": state}
        runs.append(run | changes | {"fork": fork})
    return pack_of(runs)


def test_a_fork_that_changes_nothing_is_its_parent_to_the_bit(parent, data, tmp_path):
    pack, folder, history = parent
    forked, rows, _ = trainer.train(fork_of(pack), data, tmp_path, parents=[folder])
    steps = [step for step, _ in checkpoints.steps_in(forked)]
    assert steps[0] == 5 and steps[-1] == 12
    for step in (5, 12):
        theirs, ours = (
            checkpoints.read(checkpoints.step_path(f, step))[0] for f in (folder, forked)
        )
        for name, tensor in theirs.items():
            assert torch.equal(tensor, ours[name]), name
    told = {(row["step"], row["loss_test"]) for row in history}
    assert {(row["step"], row["loss_test"]) for row in rows if row["step"] == 12} <= told
    assert {row["run"] for row in rows}.isdisjoint(row["run"] for row in history)


@pytest.mark.parametrize("kind", [Trainer, Together])
def test_a_reset_optimizer_begins_anew(parent, data, kind):
    """As a run that is initialised with the checkpoint's parameters, in the batches that follow."""
    pack, folder, _ = parent
    engine = kind(fork_of(pack, "reset"), data, "cpu", None, [folder])
    state = engine.initial()
    tensors, _ = checkpoints.read(checkpoints.step_path(folder, 5))
    for name, view in engine.layout.views(state.params).items():
        assert torch.equal(view, tensors[name])
    assert all(not rows.any() for rows in state.optimizer.values())
    before = state.params.clone()
    engine.advance(state, 6)
    moved = (state.params - before).abs().max()
    assert moved > 0
    if pack["common"]["optimizer"]["name"] == "adamw":
        # The first step of Adam is one of η in every direction, less the decay.
        decayed = before * (1 - 1e-3 * 0.1)
        sizes = (state.params - decayed).abs()
        assert sizes.max() == pytest.approx(1e-3, rel=1e-2)


def test_settings_of_a_fork_hold_from_its_step_on(parent, data):
    pack, folder, _ = parent
    cosine = {"name": "cosine", "warmup": 0.0, "initial": 0.0, "final": 0.0}
    forked = fork_of(pack, schedule=cosine)
    engine = Trainer(forked, data, parents=[folder])
    (stage,) = engine.stages[0]
    assert (stage.start, stage.scheduled) == (5, (5, 12))
    factor = trainer.learning_rate_factor(stage)
    assert (factor(5), factor(12)) == (1, 0)


def test_a_fork_that_is_broken_off_goes_on_to_the_same_bytes(
    parent, data, tmp_path, a_state_at_every_checkpoint
):
    pack, folder, _ = parent
    forked = fork_of(pack, regularizer={"name": "ncc", "strength": -0.01})
    whole, _, _ = trainer.train(forked, data, tmp_path / "whole", parents=[folder])
    asked = iter(range(1000))
    with pytest.raises(trainer.Stopped):
        trainer.train(
            forked, data, tmp_path / "cut", parents=[folder], halted=lambda: next(asked) > 5
        )
    again, _, _ = trainer.train(forked, data, tmp_path / "cut", parents=[folder])
    assert content(whole) == content(again)


def test_a_pack_without_the_run_is_told(parent, data, tmp_path):
    pack, folder, _ = parent
    other = pack_of([run | {"batch_size": 10} for run in spec.runs_of(pack)])
    with pytest.raises(UserError, match="no pack holds the run"):
        Trainer(fork_of(other), data, parents=[folder]).initial()
    with pytest.raises(UserError, match="no such file"):
        trainer.train(fork_of(pack), data, tmp_path, parents=[tmp_path])


def test_a_forks_id_holds_its_parents():
    run = packs.run()
    ids = {
        spec.run_id(grid.resolved(run | {"fork": {"parents": {"1": parent}, "step": 5}}))
        for parent in ("a", "b")
    }
    assert len(ids | {spec.run_id(run)}) == 3
